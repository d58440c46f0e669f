//! Which value of a telegram goes into which column, and which line into the map; worked out once for a shape.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use parquet::data_type::ByteArray;

use super::columns::{Columns, DIGITS_MAX, Kind, MEASURED_AT, SCALE};
use super::rows::Rows;
use crate::format::number::write_plain;
use crate::observe::fields::Fields;
use crate::p1::layout::{Form, Item, Line, TextRange};
use crate::p1::telegram::{Shape, Telegram};
use crate::p1::value::{self, Decimal};

/// The way of all telegrams of a shape.
///
/// Most of a telegram is as it was in the last one: of that, what was read then is taken again.
#[derive(Debug)]
pub(super) struct Plan {
    changes: Changes,
    /// The line of the clock among the `spare` ones.
    clock: Option<usize>,
    numbers: Vec<Number>,
    texts: Vec<Text>,
    /// Lines that go into the map.
    lines: Vec<Entry>,
    /// Lines that go there when their columns do not hold what was sent.
    spare: Vec<Entry>,
    /// Which of these do, in this row.
    needed: Vec<usize>,
    scratch: Vec<u8>,
}

/// Which blocks of the text are not as they were in the last one.
#[derive(Debug, Default)]
struct Changes {
    shown: Vec<u8>,
    blocks: Vec<bool>,
}

/// A number and its column.
#[derive(Debug)]
struct Number {
    place: usize,
    item: Item,
    shift: i8,
    digits: Option<i64>,
    /// Its line among the `spare` ones; none where it is in the map anyway.
    spare: Option<usize>,
}

/// A text and its column.
#[derive(Debug)]
struct Text {
    place: usize,
    item: Item,
    text: ByteArray,
}

/// A line of the map.
#[derive(Debug)]
struct Entry {
    key: ByteArray,
    place: TextRange,
    items: Range<u32>,
    text: ByteArray,
}

impl Plan {
    /// Plans for all telegrams that have the shape of this one.
    pub(super) fn new(telegram: &Telegram<'_>, columns: &Columns, fields: Option<&Fields>) -> Self {
        let Shape { layout, meaning } = &**telegram.shape();
        let item = |index: u32| layout.items.get(index as usize).copied();
        let mut covered = HashSet::new();
        let (mut numbers, mut texts) = (Vec::new(), Vec::new());
        for value in &meaning.values {
            let column = columns
                .place(&value.key)
                .and_then(|place| Some((place, columns.kind(place)?)));
            let (Some((place, kind)), Some(item)) = (column, item(value.item)) else {
                continue;
            };
            match (kind, item.form) {
                (Kind::Number, Form::Number) => numbers.push(Number {
                    place,
                    item,
                    shift: value.shift,
                    digits: None,
                    spare: Some(value.line as usize),
                }),
                // A number among texts, or a text among numbers, has no column.
                (Kind::Number, _) | (_, Form::Number) => continue,
                _ => texts.push(Text {
                    place,
                    item,
                    text: ByteArray::from(Vec::new()),
                }),
            }
            covered.insert(value.item);
        }
        covered.extend(meaning.clock);
        let (mut lines, mut spare) = (Vec::new(), Vec::new());
        let mut places = HashMap::new();
        let mut codes = HashMap::new();
        for ((index, line), reading) in layout.lines.iter().enumerate().zip(telegram.readings()) {
            let code = reading.obis();
            let count = codes.entry(code.clone()).or_insert(0);
            *count += 1;
            let key = match *count {
                1 => code.into_owned(),
                repeated => format!("{code}#{repeated}"),
            };
            let entry = Entry {
                key: ByteArray::from(key.into_bytes()),
                place: TextRange {
                    start: line.place.start,
                    end: (line.groups.end.checked_sub(1))
                        .and_then(|last| layout.groups.get(last as usize))
                        .map_or(line.place.end, |group| group.place.end),
                },
                items: line.items.clone(),
                text: ByteArray::from(Vec::new()),
            };
            let value = meaning.values.iter().find(|v| v.line as usize == index);
            let wanted = |fields: &Fields| fields.wants(line, value.map(|value| &*value.key));
            if fields.is_none_or(wanted)
                && !is_covered(line, &covered, layout.items_in(&line.items))
            {
                lines.push(entry);
            } else {
                places.insert(index, spare.len());
                spare.push(entry);
            }
        }
        for number in &mut numbers {
            number.spare = number.spare.and_then(|line| places.get(&line).copied());
        }
        let line_of = |item: u32| layout.lines.partition_point(|line| line.items.end <= item);
        Self {
            changes: Changes::default(),
            clock: (meaning.clock).and_then(|clock| places.get(&line_of(clock)).copied()),
            numbers,
            texts,
            lines,
            spare,
            needed: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// Puts a telegram of its shape into the row.
    pub(super) fn write(&mut self, rows: &mut Rows, telegram: &Telegram<'_>) {
        let sent = telegram.text();
        self.changes.look(sent);
        let changed = |place: &TextRange| self.changes.touch(place);
        self.needed.clear();
        match telegram.measured_at().and_then(|time| time.instant()) {
            Some(at) => rows.integer(MEASURED_AT, at.as_microsecond()),
            None => self.needed.extend(self.clock),
        }
        for number in &mut self.numbers {
            if changed(&number.item.value) {
                let decimal = decimal(number.item.value.of(sent), number.shift);
                number.digits = decimal.map(|(digits, _)| digits);
                if let Some((_, scale)) = decimal {
                    rows.sent(number.place, scale);
                }
            }
            match (number.digits, number.spare) {
                (Some(digits), _) => rows.integer(number.place, digits),
                (None, Some(spare)) if !self.needed.contains(&spare) => self.needed.push(spare),
                (None, _) => {}
            }
        }
        for Text { place, item, text } in &mut self.texts {
            if changed(&item.value) {
                self.scratch.clear();
                write_plain(&mut self.scratch, telegram, item, 0);
                rows.texts().renew(text, &self.scratch);
            }
            rows.share(*place, text);
        }
        for line in self.needed.iter().filter_map(|line| self.spare.get(*line)) {
            // Not kept: others may have come since it was needed last.
            line.write(telegram, &mut self.scratch);
            let text = rows.texts().text(&self.scratch);
            rows.other(&line.key, &text);
        }
        for line in &mut self.lines {
            if changed(&line.place) {
                line.write(telegram, &mut self.scratch);
                rows.texts().renew(&mut line.text, &self.scratch);
            }
            rows.other(&line.key, &line.text);
        }
    }
}

impl Changes {
    /// Compares a text with the last one.
    fn look(&mut self, sent: &[u8]) {
        let ((new, _), (old, _)) = (sent.as_chunks::<BLOCK>(), self.shown.as_chunks());
        self.blocks.clear();
        self.blocks
            .extend(new.iter().zip(old).map(|(new, old)| new != old));
        // What is no whole block, and what lies behind the end of the last text.
        self.blocks.resize(sent.len() / BLOCK + 1, true);
        self.shown.clear();
        self.shown.extend_from_slice(sent);
    }

    /// Tells whether a place may hold something else than before.
    #[inline]
    fn touch(&self, place: &TextRange) -> bool {
        let blocks = place.start as usize / BLOCK..(place.end as usize).div_ceil(BLOCK);
        let blocks = self.blocks.get(blocks);
        blocks.is_none_or(|blocks| blocks.contains(&true))
    }
}

impl Entry {
    /// Writes a line for the map: its values as in all outputs, units behind them, blanks between.
    fn write(&self, telegram: &Telegram<'_>, out: &mut Vec<u8>) {
        out.clear();
        for item in telegram.shape().layout.items_in(&self.items) {
            let before = out.len();
            if before > 0 {
                out.push(b' ');
            }
            let start = out.len();
            write_plain(out, telegram, item, 0);
            if out.len() == start {
                // A time that does not exist stands as it was sent.
                let sent = item.value.of(telegram.text());
                out.extend_from_slice(value::text(sent).as_bytes());
            }
            if out.len() == start {
                out.truncate(before);
            }
            let unit = item.unit.of(telegram.text());
            if !unit.is_empty() {
                out.push(b' ');
                out.extend_from_slice(value::text(unit).as_bytes());
            }
        }
    }
}

/// All that the line says stands in columns, or it says nothing.
fn is_covered(line: &Line, covered: &HashSet<u32>, items: &[Item]) -> bool {
    (line.items.start..)
        .zip(items)
        .all(|(index, item)| item.form == Form::Empty || covered.contains(&index))
}

/// The digits of a number in its column, and how many were sent behind the point; none where it does not fit exactly.
fn decimal(sent: &[u8], shift: i8) -> Option<(i64, u8)> {
    let number = value::Number::at(sent).decimal()?.shifted(shift)?;
    let Decimal { digits, .. } = number.rescale(SCALE)?;
    (digits.unsigned_abs() < DIGITS_MAX).then_some((digits, number.scale))
}

/// Bytes that are compared at once.
const BLOCK: usize = 16;
