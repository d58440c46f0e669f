//! Periods that are written to: what they hold in memory, and their rows.

use std::collections::BTreeMap;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension};

use crate::p1::value::Decimal;
use crate::source::database::{AT, PeriodRow, Quantity, period_id, period_row, select};

/// A period of one meter.
#[derive(Clone, Debug, Default)]
pub struct Slot {
    row: PeriodRow,
    /// It differs from what is written.
    pub is_dirty: bool,
}

impl Slot {
    /// The period as it is written; an empty one where it is not.
    ///
    /// # Errors
    /// Those of SQLite.
    pub fn load(
        connection: &Connection,
        quantities: &[Quantity],
        start: i64,
        meter: i64,
    ) -> rusqlite::Result<Self> {
        let sql = format!("{} WHERE id = ?1", select(quantities));
        let mut statement = connection.prepare_cached(&sql)?;
        let read = statement.query_row([period_id(start, meter)], |row| {
            period_row(row, start, quantities)
        });
        // What is damaged begins anew.
        let row = read.optional()?.flatten().unwrap_or_default();
        Ok(Self {
            row,
            is_dirty: false,
        })
    }

    /// Takes that a telegram was measured at a second of the period.
    pub fn hear(&mut self, second: u16) {
        let before = self.row.heard;
        self.row.heard.set(second);
        self.is_dirty |= self.row.heard != before;
    }

    /// Takes a value of a counter: a place among the quantities, a second since 1970, digits at the scale of the
    /// quantity.
    pub fn count(&mut self, place: usize, quantity: &Quantity, second: i64, digits: i64) {
        let point = (second, digits);
        let known = self.row.counted.entry(place);
        let ends = known.or_insert_with(|| {
            self.is_dirty = true;
            [point; 2]
        });
        let [first, last] = ends;
        if second > last.0 {
            if digits < last.1 && self.row.falls.len() < FALLS_MAX {
                let value = |digits| Decimal::new(digits, quantity.scale);
                let fall = [(last.0, value(last.1)), (second, value(digits))];
                self.row.falls.push((quantity.key.clone(), fall));
            }
            *last = point;
            self.is_dirty = true;
        } else if second < first.0 {
            *first = point;
            self.is_dirty = true;
        }
    }

    /// Takes a value that is measured.
    pub fn measure(&mut self, place: usize, digits: i64) {
        let known = self.row.measured.entry(place);
        let (low, high) = known.or_insert_with(|| {
            self.is_dirty = true;
            (digits, digits)
        });
        self.is_dirty |= digits < *low || digits > *high;
        *low = digits.min(*low);
        *high = digits.max(*high);
    }

    /// Gives a quantity more digits behind the point; what has no room for them is forgotten.
    pub fn scale(&mut self, place: usize, factor: i64) {
        if let Some([first, last]) = self.row.counted.get_mut(&place) {
            match (first.1.checked_mul(factor), last.1.checked_mul(factor)) {
                (Some(one), Some(two)) => (first.1, last.1) = (one, two),
                _ => drop(self.row.counted.remove(&place)),
            }
        }
        if let Some((low, high)) = self.row.measured.get_mut(&place) {
            match (low.checked_mul(factor), high.checked_mul(factor)) {
                (Some(one), Some(two)) => (*low, *high) = (one, two),
                _ => drop(self.row.measured.remove(&place)),
            }
        }
    }

    /// Writes its row.
    ///
    /// # Errors
    /// Those of SQLite.
    pub fn save(
        &mut self,
        connection: &Connection,
        quantities: &[Quantity],
        start: i64,
        meter: i64,
    ) -> rusqlite::Result<()> {
        let row = &self.row;
        let integer = |number: Option<i64>| number.map_or(Value::Null, Value::Integer);
        let falls = row.falls.iter().map(|(key, [before, after])| {
            format!("{key} {} {} {} {}\n", before.0, before.1, after.0, after.1)
        });
        let mut columns = "id, heard, falls".to_owned();
        let mut values = vec![
            Value::Integer(period_id(start, meter)),
            match row.heard.count() {
                0 => Value::Null,
                _ => Value::Blob(row.heard.encode()),
            },
            match row.falls.is_empty() {
                true => Value::Null,
                false => Value::Text(falls.collect()),
            },
        ];
        let second = |within: u16| start + i64::from(within);
        let ends = row.heard.ends().map(|(a, b)| (second(a), second(b)));
        let mut name = |quantity: &Quantity| {
            for column in quantity.columns() {
                columns.push_str(&format!(", \"{column}\""));
            }
        };
        for (place, quantity) in quantities.iter().enumerate() {
            if let Some([first, last]) = row.counted.get(&place) {
                let at = match ends == Some((first.0, last.0)) {
                    true => None,
                    false => Some((first.0 - start) * AT + (last.0 - start)),
                };
                let risen = last.1.checked_sub(first.1);
                let all = [risen.map(|_| last.1), risen, at];
                values.extend(all.map(integer));
                name(quantity);
            } else if let Some((low, high)) = row.measured.get(&place) {
                values.extend([*low, *high].map(Value::Integer));
                name(quantity);
            }
        }
        let marks = vec!["?"; values.len()].join(", ");
        let sql = format!("INSERT OR REPLACE INTO period ({columns}) VALUES ({marks})");
        let mut statement = connection.prepare_cached(&sql)?;
        statement.execute(rusqlite::params_from_iter(values))?;
        Ok(())
    }
}

/// Periods of one meter, by their begin.
pub type Slots = BTreeMap<i64, Slot>;

/// Falls that a period remembers.
const FALLS_MAX: usize = 256;
