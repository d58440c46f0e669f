//! Which value of a telegram goes into which column, and which line into the map; worked out once for a shape.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::columns::{Columns, Kind, MEASURED_AT, SCALE};
use super::rows::Rows;
use crate::p1::layout::{Form, Item, Line};
use crate::p1::telegram::{Shape, Telegram};
use crate::p1::value::{Decimal, Number, text};
use crate::sink::fields::Fields;
use crate::sink::number::write_plain;

/// The way of all telegrams of a shape.
#[derive(Debug)]
pub(super) struct Plan {
    shape: Arc<Shape>,
    clock: Option<(Item, Option<Entry>)>,
    values: Vec<Step>,
    others: Vec<Entry>,
}

/// A value and its column.
#[derive(Debug)]
struct Step {
    place: usize,
    item: Item,
    shift: i8,
    /// Where it goes when it does not fit the column; none where its line is in the map anyway.
    otherwise: Option<Entry>,
}

/// A line that goes into the map.
#[derive(Clone, Copy, Debug)]
struct Entry {
    key: u32,
    line: usize,
}

impl Plan {
    /// Plans for all telegrams that have the shape of this one.
    pub(super) fn new(
        telegram: &Telegram<'_>,
        columns: &Columns,
        fields: Option<&Fields>,
        rows: &mut Rows,
    ) -> Self {
        let shape = telegram.shape();
        let Shape { layout, meaning } = &**shape;
        let mut keys = HashMap::new();
        let mut covered = HashSet::new();
        let mut entries: Vec<Entry> = Vec::new();
        for (line, reading) in telegram.readings().enumerate() {
            let code = reading.obis();
            let count = keys.entry(code.clone()).or_insert(0);
            *count += 1;
            let key = match *count {
                1 => rows.key(&code),
                repeated => rows.key(&format!("{code}#{repeated}")),
            };
            entries.push(Entry { key, line });
        }
        let item = |index: u32| layout.items.get(index as usize).copied();
        let mut values = Vec::new();
        for value in &meaning.values {
            let column = columns
                .place(&value.key)
                .and_then(|place| Some((place, columns.kind(place)?)));
            let (Some((place, kind)), Some(item)) = (column, item(value.item)) else {
                continue;
            };
            // A number among texts, or a text among numbers, has no column.
            if (kind == Kind::Number) != (item.form == Form::Number) {
                continue;
            }
            covered.insert(value.item);
            values.push((value.line as usize, place, item, value.shift));
        }
        covered.extend(meaning.clock);
        let others: Vec<_> = entries
            .iter()
            .copied()
            .filter(|entry| {
                let line = layout.lines.get(entry.line);
                line.is_some_and(|line| {
                    let key = meaning
                        .values
                        .iter()
                        .find(|v| v.line as usize == entry.line);
                    let wanted = |fields: &Fields| fields.wants(line, key.map(|key| &*key.key));
                    fields.is_none_or(wanted)
                        && !is_covered(line, &covered, layout.items_in(&line.items))
                })
            })
            .collect();
        let otherwise = |line: usize| {
            let known = others.iter().any(|entry| entry.line == line);
            entries.get(line).copied().filter(|_| !known)
        };
        let line_of = |item: u32| layout.lines.partition_point(|line| line.items.end <= item);
        Self {
            clock: meaning
                .clock
                .and_then(|clock| Some((item(clock)?, otherwise(line_of(clock))))),
            values: values
                .into_iter()
                .map(|(line, place, item, shift)| Step {
                    place,
                    item,
                    shift,
                    otherwise: otherwise(line),
                })
                .collect(),
            others,
            shape: Arc::clone(shape),
        }
    }

    /// The shape it was made for.
    pub(super) fn shape(&self) -> &Arc<Shape> {
        &self.shape
    }

    /// Puts a telegram of its shape into the row; `scratch` is emptied.
    pub(super) fn write(&self, rows: &mut Rows, telegram: &Telegram<'_>, scratch: &mut Vec<u8>) {
        if let Some((clock, otherwise)) = &self.clock {
            match telegram.time(clock).and_then(|time| time.instant()) {
                Some(at) => rows.integer(MEASURED_AT, at.as_microsecond()),
                None => self.other(*otherwise, rows, telegram, scratch),
            }
        }
        for step in &self.values {
            if step.item.form != Form::Number {
                scratch.clear();
                write_plain(scratch, telegram, &step.item, step.shift);
                rows.text(step.place, scratch);
                continue;
            }
            match decimal(step.item.value.of(telegram.text()), step.shift) {
                Some(number) => rows.integer(step.place, number),
                None => self.other(step.otherwise, rows, telegram, scratch),
            }
        }
        for entry in &self.others {
            self.other(Some(*entry), rows, telegram, scratch);
        }
    }

    /// Puts a line into the map: its values as in all outputs, units behind them, blanks between.
    fn other(
        &self,
        entry: Option<Entry>,
        rows: &mut Rows,
        telegram: &Telegram<'_>,
        scratch: &mut Vec<u8>,
    ) {
        let Some(entry) = entry else { return };
        let Some(line) = self.shape.layout.lines.get(entry.line) else {
            return;
        };
        scratch.clear();
        for item in self.shape.layout.items_in(&line.items) {
            let before = scratch.len();
            if before > 0 {
                scratch.push(b' ');
            }
            let start = scratch.len();
            write_plain(scratch, telegram, item, 0);
            if scratch.len() == start {
                // A time that does not exist stands as it was sent.
                scratch.extend_from_slice(text(item.value.of(telegram.text())).as_bytes());
            }
            if scratch.len() == start {
                scratch.truncate(before);
            }
            let unit = item.unit.of(telegram.text());
            if !unit.is_empty() {
                scratch.push(b' ');
                scratch.extend_from_slice(text(unit).as_bytes());
            }
        }
        rows.other(entry.key, scratch);
    }
}

/// All that the line says stands in columns, or it says nothing.
fn is_covered(line: &Line, covered: &HashSet<u32>, items: &[Item]) -> bool {
    (line.items.start..)
        .zip(items)
        .all(|(index, item)| item.form == Form::Empty || covered.contains(&index))
}

/// The digits of a number in its column; none where it does not fit exactly.
fn decimal(sent: &[u8], shift: i8) -> Option<i64> {
    let number = Number::at(sent).decimal()?.shifted(shift)?;
    let Decimal { digits, .. } = number.rescale(SCALE)?;
    (digits.unsigned_abs() < DIGITS_MAX).then_some(digits)
}

/// Ten to the power of [`super::columns::PRECISION`].
const DIGITS_MAX: u64 = 1_000_000_000_000_000_000;
