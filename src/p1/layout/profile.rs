//! Lists: which quantity each value is.
//!
//! ```text
//! 0-1:24.3.0(time)(00)(60)(1)(0-1:24.2.1)(m3)          DSMR 2.2 and 3.0: status, minutes between two values, how many
//! (00024.123)                                          quantities, and code and unit of each
//! 0-0:98.1.0(2)(1-0:1.6.0)(1-0:1.6.0)(time)(time)(04.329*kW)(time)(time)(04.529*kW)    Belgium: the codes are sent
//! 0-0:98.1.0(time)(003600.793*kWh)(001032.452*kWh) ...                                 Hungary: the order is fixed
//! ```

use std::ops::Range;

use super::{Form, Item, Layout, Line};
use crate::p1::obis::{self, Entry, Kind, Obis};

/// What a value of a list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// The name in data: `active_energy_import`.
    pub name: &'static str,
    /// The name for people: `energy imported`.
    pub words: &'static str,
}

impl From<&Entry> for Column {
    fn from(entry: &Entry) -> Self {
        Self {
            name: entry.name,
            words: entry.words,
        }
    }
}

impl Layout {
    /// What each value of a list is, in order; empty for lines that are none.
    ///
    /// Counts, codes and times of histories are `None`.
    pub fn columns(&self, line: &Line, text: &[u8]) -> Vec<Option<Column>> {
        if let Some(heads) = self.heads(line) {
            return self.intervals(line, &heads, text);
        }
        let columns = self.history(line, text).into_iter();
        columns.map(|entry| entry.map(Column::from)).collect()
    }

    /// The items of a reading of DSMR 2.2 and 3.0 that say what its values are: codes, each with its unit behind it.
    pub fn heads(&self, line: &Line) -> Option<Range<u32>> {
        if (line.code.c, line.code.d) != OLD_READING {
            return None;
        }
        let items = self.items_in(&line.items);
        let first = items.iter().position(|item| item.form == Form::Code)?;
        let (pairs, _) = items.get(first..)?.as_chunks();
        let is_head =
            |[code, unit]: &&[Item; 2]| code.form == Form::Code && unit.form == Form::Text;
        let count = pairs.iter().take_while(is_head).count();
        let start = line.items.start + first as u32;
        (count > 0).then(|| start..start + 2 * count as u32)
    }

    fn intervals(&self, line: &Line, heads: &Range<u32>, text: &[u8]) -> Vec<Option<Column>> {
        let codes: Vec<Option<Column>> = (self.items_in(heads).iter().step_by(2))
            .map(|head| {
                let code = Obis::parse(head.value.of(text));
                let entry = code.and_then(obis::lookup).or(line.entry);
                entry.map(Column::from)
            })
            .collect();
        let items = (line.items.start..).zip(self.items_in(&line.items));
        let standard = heads.start - line.items.start == INTERVAL.len() as u32;
        let mut values = codes.iter().cycle();
        let column = items.map(|(index, item)| match item.form {
            Form::Number if index >= heads.end => values.next().copied().flatten(),
            _ if index < heads.start && standard => {
                let place = (index - line.items.start) as usize;
                INTERVAL.get(place).copied().flatten()
            }
            _ => None,
        });
        column.collect()
    }

    fn history(&self, line: &Line, text: &[u8]) -> Vec<Option<&'static Entry>> {
        if line.entry.is_none_or(|entry| entry.kind != Kind::Log) {
            return Vec::new();
        }
        let items = self.items_in(&line.items);
        let mut codes: Vec<Obis> = Vec::new();
        for item in items.iter().filter(|item| item.form == Form::Code) {
            let code = Obis::parse(item.value.of(text));
            codes.extend(code.filter(|code| !codes.contains(code)));
        }
        let is_number = |form| form == Form::Number;
        if codes.is_empty() {
            let [first, rest @ ..] = items else {
                return Vec::new();
            };
            let fits = first.form == Form::Time
                && rest.len() == HUNGARY.len()
                && rest.iter().zip(HUNGARY).all(|(item, code)| {
                    let entry = obis::lookup(code);
                    is_number(item.form)
                        && entry.is_some_and(|e| e.canonical(item.unit.of(text)).is_some())
                });
            if !fits {
                return Vec::new();
            }
            let known = HUNGARY.map(obis::lookup);
            return std::iter::once(None).chain(known).collect();
        }
        let mut listed = false;
        let mut place = 0;
        let column = items.iter().map(|item| match item.form {
            Form::Code => {
                listed = true;
                None
            }
            Form::Number if listed => {
                let code = codes.get(place % codes.len().max(1));
                place += 1;
                obis::lookup(*code?)
            }
            Form::Time => {
                place = 0;
                None
            }
            _ => None,
        });
        column.collect()
    }
}

/// What stands before the codes of a reading of DSMR 2.2 and 3.0.
const INTERVAL: [Option<Column>; 4] = [
    None,
    Some(Column {
        name: "profile_status",
        words: "status of the values",
    }),
    Some(Column {
        name: "recording_period_minutes",
        words: "minutes between values",
    }),
    Some(Column {
        name: "value_count",
        words: "values at a time",
    }),
];
/// C and D of the line of DSMR 2.2 and 3.0 that has its reading on a line of its own, and its unit in a group.
pub const OLD_READING: (u8, u8) = (24, 3);
/// What the monthly profile of Hungarian meters holds behind its time.
const HUNGARY: [Obis; 19] = [
    Obis::new(1, 0, 1, 8, 0),
    Obis::new(1, 0, 1, 8, 1),
    Obis::new(1, 0, 1, 8, 2),
    Obis::new(1, 0, 1, 8, 3),
    Obis::new(1, 0, 1, 8, 4),
    Obis::new(1, 0, 2, 8, 0),
    Obis::new(1, 0, 2, 8, 1),
    Obis::new(1, 0, 2, 8, 2),
    Obis::new(1, 0, 2, 8, 3),
    Obis::new(1, 0, 2, 8, 4),
    Obis::new(1, 0, 15, 8, 0),
    Obis::new(1, 0, 3, 8, 0),
    Obis::new(1, 0, 4, 8, 0),
    Obis::new(1, 0, 5, 8, 0),
    Obis::new(1, 0, 6, 8, 0),
    Obis::new(1, 0, 7, 8, 0),
    Obis::new(1, 0, 8, 8, 0),
    Obis::new(1, 0, 1, 6, 0),
    Obis::new(1, 0, 2, 6, 0),
];
