//! CSV (RFC 4180): a row a telegram.
//!
//! The columns are fixed by the first telegram and the fields asked for, so that a file can grow for years. Where a
//! meter sends several lists that are put together, the first telegrams fix them: their rows wait for the header.

use std::collections::BTreeSet;
use std::io::Write;

use crate::format::clean::steers;
use crate::format::incremental::{Rendering, Template};
use crate::format::level;
use crate::format::number::{part_of, write_plain};
use crate::observe::context::{Context, Senders};
use crate::observe::fields::{Fields, TAG};
use crate::p1::derive::{Extent, is_known};
use crate::p1::event::Decoded;
use crate::p1::layout::{Form, Item, TextRange};
use crate::p1::push::Push;
use crate::p1::telegram::{ByShape, Shape, Telegram, Value};
use crate::p1::value::text;
use crate::source::maxsonar::Level;

/// Writes CSV rows, the header before the first.
#[derive(Clone, Debug, Default)]
pub struct Csv {
    fields: Option<Fields>,
    columns: Option<Vec<String>>,
    headed: bool,
    rows: ByShape<Vec<Stretch>>,
    /// Those of which it is known what has no column.
    watched: ByShape<()>,
    senders: Senders,
    continued: bool,
    sources: Sources,
    extent: Extent,
    formulas: bool,
    /// Tags may not fit: there is a column for them whatever comes first.
    marks: bool,
    /// The header waits, and there may be more columns yet.
    growing: bool,
    /// Values of pushes that have no column.
    left_out: BTreeSet<String>,
    told: BTreeSet<String>,
}

/// A cell that follows the telegram.
#[derive(Clone, Copy, Debug)]
enum Cell {
    /// A value, times a power of ten.
    Value(Item, i8),
    /// All values of the items of a line.
    Line(u32),
}

/// Columns that stand side by side.
#[derive(Clone, Debug)]
enum Stretch {
    /// Those of the telegram.
    Sent(Template<Cell>),
    /// One that was computed, by its key.
    Computed(String),
    /// The verdict on the tag.
    Tag,
    /// The age of the oldest value.
    Oldest,
}

/// What sends rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sources {
    /// Meters.
    #[default]
    Meters,
    /// Meters and level sensors: a column more.
    Both,
    /// Level sensors.
    Levels,
}

impl Csv {
    /// Writes all values, or those of the fields given.
    pub fn new(fields: Option<Fields>) -> Self {
        Self {
            fields,
            ..Self::default()
        }
    }

    /// Makes a column for what level sensors say, where there are such.
    pub fn expect(&mut self, sources: Sources) {
        self.sources = sources;
    }

    /// Makes columns for what is computed.
    pub fn derive(&mut self, extent: Extent) {
        self.extent = extent;
    }

    /// Makes a column for the verdicts on tags.
    pub fn mark_tags(&mut self) {
        self.marks = true;
    }

    /// Keeps texts as they are that a spreadsheet would take for formulas, rather than marking them as texts.
    pub fn keep_formulas(&mut self) {
        self.formulas = true;
    }

    /// Tells whether a line is the header of such a table.
    pub fn is_header(line: &str) -> bool {
        line.trim_end()
            .strip_prefix(&FIXED.join(","))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(','))
    }

    /// Goes on below a header that is there already.
    pub fn continue_below(&mut self, header: &str) {
        let columns = header.trim_end().split(',').skip(FIXED.len());
        self.columns = Some(
            columns
                .map(|column| column.trim_matches('"').to_owned())
                .collect(),
        );
        (self.headed, self.continued) = (true, true);
    }

    /// Fixes the columns by the first telegram, and appends the header where it is due.
    pub fn begin(&mut self, out: &mut Vec<u8>, decoded: &Decoded<'_>) {
        if self.columns.is_none() {
            let mut columns = columns_of(&decoded.telegram, self.fields.as_ref(), self.extent);
            if self.sources == Sources::Both {
                columns.push(level::KEY.to_owned());
            }
            if self.fields.is_none() && (self.marks || decoded.unproven().is_some()) {
                columns.push(TAG.to_owned());
            }
            if self.growing {
                columns.insert(0, OLDEST.to_owned());
            }
            self.columns = Some(columns);
        }
        if self.growing {
            return self.add_columns(decoded);
        }
        if decoded.push.is_some() && self.fields.is_none() {
            self.watch(&decoded.telegram);
        }
        self.header(out);
    }

    /// Takes note of values that have no column.
    fn watch(&mut self, telegram: &Telegram<'_>) {
        let columns = self.columns.as_deref().unwrap_or_default();
        let left_out = &mut self.left_out;
        self.watched.of(telegram.shape(), || {
            if left_out.len() < COLUMNS_MAX {
                let values = telegram.shape().meaning.values.iter();
                let keys = values.map(|value| value.key.to_string());
                left_out.extend(keys.filter(|key| !columns.contains(key)));
            }
        });
    }

    /// Lets the header wait, so that the next telegrams can add columns; only before the first.
    pub fn grow(&mut self) {
        if self.columns.is_none() {
            self.growing = self.fields.is_none();
        }
    }

    /// Whether the header waits.
    pub fn is_growing(&self) -> bool {
        self.growing
    }

    /// Writes the header; `expected` columns are there even if nothing for them has come.
    pub fn settle(&mut self, out: &mut Vec<u8>, expected: &[&str]) {
        self.growing = false;
        for key in expected {
            let columns = self.columns.get_or_insert_default();
            if !columns.iter().any(|column| column == key) {
                columns.push((*key).to_owned());
            }
        }
        self.rows = ByShape::default();
        self.header(out);
    }

    /// Makes a row that was written while columns were added as wide as the header.
    pub fn widen(&self, row: &mut Vec<u8>) {
        let all = FIXED.len() + self.columns.as_ref().map_or(0, Vec::len);
        let mut quoted = false;
        let mut cells = 1;
        for byte in row.iter() {
            quoted ^= *byte == b'"';
            cells += usize::from(!quoted && *byte == b',');
        }
        if let Some(missing) = all.checked_sub(cells).filter(|missing| *missing > 0) {
            let end = row.len() - if row.ends_with(b"\r\n") { 2 } else { 0 };
            row.truncate(end);
            row.resize(end + missing, b',');
            row.extend_from_slice(b"\r\n");
        }
    }

    /// Values of pushes that have no column, those that were not told before.
    pub fn left_out(&mut self) -> Vec<String> {
        let fresh: Vec<_> = self.left_out.difference(&self.told).cloned().collect();
        self.told.extend(fresh.iter().cloned());
        fresh
    }

    fn add_columns(&mut self, decoded: &Decoded<'_>) {
        let columns = self.columns.get_or_insert_default();
        let before = columns.len();
        for value in &decoded.telegram.shape().meaning.values {
            if columns.len() < COLUMNS_MAX && !columns.iter().any(|column| **column == *value.key) {
                columns.push(value.key.to_string());
            }
        }
        if columns.len() > before {
            self.rows = ByShape::default();
        }
    }

    /// Tells whether the header is written and the columns are fixed.
    pub fn is_headed(&self) -> bool {
        self.headed && self.columns.is_some()
    }

    /// As `begin`, for a level sensor; false where the columns wait for the telegram of a meter.
    pub fn begin_level(&mut self, out: &mut Vec<u8>) -> bool {
        if self.growing {
            return false;
        }
        if self.columns.is_none() && self.sources == Sources::Levels {
            self.columns = Some(vec![level::KEY.to_owned()]);
        }
        if self.columns.is_some() {
            self.header(out);
        }
        self.columns.is_some()
    }

    /// Appends a reading of a level sensor as a row.
    pub fn level(&mut self, out: &mut Vec<u8>, context: &Context<'_>, level: &Level) {
        out.push(b',');
        if let Some(at) = context.received_at {
            drop(write!(out, "{at:.6}"));
        }
        out.extend_from_slice(b",,");
        self.text(out, context.source.label.unwrap_or_default());
        for column in self.columns.iter().flatten() {
            out.push(b',');
            if column == level::KEY {
                drop(write!(out, "{}", level.centimetres));
            }
        }
        out.extend_from_slice(b"\r\n");
    }

    /// The header.
    pub fn header_line(&self) -> Vec<u8> {
        let mut line = Vec::new();
        line.extend_from_slice(FIXED.join(",").as_bytes());
        for column in self.columns.iter().flatten() {
            line.push(b',');
            self.text(&mut line, column);
        }
        line.extend_from_slice(b"\r\n");
        line
    }

    /// Appends the header where it is due.
    pub fn header(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.headed, true) {
            return;
        }
        out.extend_from_slice(&self.header_line());
    }

    /// Appends a text as a cell.
    fn text(&self, out: &mut Vec<u8>, text: &str) {
        let start = out.len();
        out.extend_from_slice(text.as_bytes());
        quote(out, start, self.formulas);
    }

    /// Appends a telegram as a row.
    pub fn telegram(&mut self, out: &mut Vec<u8>, context: &Context<'_>, decoded: &Decoded<'_>) {
        let telegram = &decoded.telegram;
        self.begin(out, decoded);
        if let Some(time) = telegram.measured_at() {
            time.write(out);
        }
        out.push(b',');
        if let Some(at) = context.received_at {
            drop(write!(out, "{at:.6}"));
        }
        out.push(b',');
        let start = out.len();
        out.extend_from_slice(self.senders.name(decoded).as_bytes());
        quote(out, start, self.formulas);
        out.push(b',');
        self.text(out, context.source.label.unwrap_or_default());
        let columns = self.columns.as_deref().unwrap_or_default();
        let formulas = self.formulas;
        let make = || stretches(telegram, columns, formulas);
        let row = self.rows.of(telegram.shape(), make);
        for stretch in row {
            match stretch {
                Stretch::Sent(cells) => {
                    let text = telegram.text();
                    let shown = cells.show(
                        text,
                        |cell| cell.part(text),
                        |out, cell| cell.write(out, telegram, formulas),
                    );
                    out.extend_from_slice(shown);
                }
                Stretch::Tag => {
                    out.push(b',');
                    let tag = decoded.security.map(|security| security.tag.word());
                    out.extend_from_slice(tag.unwrap_or_default().as_bytes());
                }
                Stretch::Oldest => {
                    out.push(b',');
                    let push = decoded.push.as_ref();
                    let age = match push.and_then(Push::oldest) {
                        None => Some(0),
                        Some((_, seconds)) => seconds,
                    };
                    if let Some(age) = age {
                        drop(write!(out, "{age}"));
                    }
                }
                Stretch::Computed(key) => {
                    out.push(b',');
                    if let Some(derived) = context
                        .derived
                        .iter()
                        .find(|known| known.key == key.as_str())
                    {
                        derived.value.write(out);
                    }
                }
            }
        }
        out.extend_from_slice(b"\r\n");
    }
}

impl Cell {
    /// What is written, where it is a part of the text.
    fn part<'t>(&self, text: &'t [u8]) -> Option<&'t [u8]> {
        match self {
            Self::Value(item, shift) => part_of(text, item, *shift),
            Self::Line(_) => None,
        }
    }

    fn write(&self, out: &mut Vec<u8>, telegram: &Telegram<'_>, formulas: bool) {
        let start = out.len();
        match self {
            Self::Value(item, shift) => {
                write_plain(out, telegram, item, *shift);
                if item.form != Form::Number {
                    quote(out, start, formulas);
                }
            }
            Self::Line(line) => {
                write_line(out, telegram, *line);
                quote(out, start, formulas);
            }
        }
    }
}

/// The columns, each behind its comma, for telegrams of the shape of this one.
fn stretches(telegram: &Telegram<'_>, columns: &[String], formulas: bool) -> Vec<Stretch> {
    columns
        .chunk_by(|a, b| !stands_alone(a) && !stands_alone(b))
        .map(|side_by_side| match side_by_side {
            [key] if key == TAG => Stretch::Tag,
            [key] if key == OLDEST => Stretch::Oldest,
            [key] if is_known(key) => Stretch::Computed(key.clone()),
            columns => Stretch::Sent(template(telegram, columns, formulas)),
        })
        .collect()
}

/// Tells whether a column does not come from the lines of the telegram.
fn stands_alone(column: &str) -> bool {
    column == TAG || column == OLDEST || is_known(column)
}

/// The cells of columns of the telegram, each behind its comma.
fn template(telegram: &Telegram<'_>, columns: &[String], formulas: bool) -> Template<Cell> {
    let Shape { layout, meaning } = &**telegram.shape();
    let mut row = Rendering::new(telegram.text());
    for column in columns {
        row.constant().push(b',');
        let value = meaning.values.iter().find(|at| at.key == *column);
        let item = value.and_then(|at| layout.items.get(at.item as usize));
        if let (Some(at), Some(item)) = (value, item) {
            let cell = Cell::Value(*item, at.shift);
            row.step(item.value, cell, |out, cell| {
                cell.write(out, telegram, formulas)
            });
            continue;
        }
        let found = telegram.readings().position(|reading| {
            reading
                .entry()
                .is_some_and(|entry| entry.name == column || entry.key == column)
                || reading.obis() == column.as_str()
        });
        if let Some((index, line)) = found.and_then(|at| Some((at, layout.lines.get(at)?))) {
            let end = layout.groups_of(line).last().map(|group| group.place.end);
            let place = TextRange {
                start: line.place.start,
                end: end.unwrap_or(line.place.end),
            };
            let cell = Cell::Line(index as u32);
            row.step(place, cell, |out, cell| cell.write(out, telegram, formulas));
        }
    }
    row.finish()
}

fn columns_of(telegram: &Telegram<'_>, fields: Option<&Fields>, extent: Extent) -> Vec<String> {
    let values = &telegram.shape().meaning.values;
    let computed = || extent.quantities().iter().map(|quantity| quantity.key);
    let Some(fields) = fields else {
        let values = values.iter().map(|value| value.key.to_string());
        return values.chain(computed().map(str::to_owned)).collect();
    };
    let mut columns = Vec::new();
    for field in fields.iter() {
        let before = columns.len();
        for value in values {
            let line = telegram.shape().layout.lines.get(value.line as usize);
            if line.is_some_and(|line| field.is(line, Some(&value.key))) {
                columns.push(value.key.to_string());
            }
        }
        let asked = computed().filter(|key| field.is_derived(key));
        columns.extend(asked.map(str::to_owned));
        if columns.len() == before {
            columns.push(field.title());
        }
    }
    columns
}

/// All values of a line, a blank between them.
fn write_line(out: &mut Vec<u8>, telegram: &Telegram<'_>, line: u32) {
    let found = telegram.readings().nth(line as usize);
    for (index, value) in found
        .iter()
        .flat_map(|reading| reading.values())
        .enumerate()
    {
        if index > 0 {
            out.push(b' ');
        }
        match value {
            Value::Number(number) => number.write(out),
            Value::Time(time) => time.write(out),
            Value::Text(text) => out.extend_from_slice(text.as_bytes()),
            Value::Empty | Value::NoTime => {}
        }
    }
}

/// The column for the age of the oldest value of a row, in seconds, where pushes are put together.
const OLDEST: &str = "oldest_s";
/// Columns that come to the first ones, at the most.
const COLUMNS_MAX: usize = 512;
/// Appends a cell with a text, as [`Csv`] writes them.
pub(super) fn write_text(out: &mut Vec<u8>, text: &str) {
    let start = out.len();
    out.extend_from_slice(text.as_bytes());
    quote(out, start, false);
}

/// Makes a cell of the text that begins at `start`: in quotes where it needs them, without what steers a terminal, and
/// with an apostrophe before what a spreadsheet would compute, unless `formulas` are kept.
fn quote(out: &mut Vec<u8>, start: usize, formulas: bool) {
    let cell = out.get(start..).unwrap_or_default();
    let needs = |byte: &u8| !matches!(byte, b' '..=b'~') || matches!(byte, b',' | b'"');
    if !cell.iter().any(needs) && !begins_formula(cell) {
        return;
    }
    let cell = out.split_off(start);
    let marked = !formulas && begins_formula(&cell) && !is_number(&cell);
    let text = text(&cell);
    let quoted = marked || text.contains([',', '"', '\r', '\n']);
    out.extend_from_slice(if quoted { b"\"" } else { b"" });
    out.extend_from_slice(if marked { b"'" } else { b"" });
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let shown = match letter {
            '\n' | '\t' => letter,
            // Alone it would take what follows to the begin of the line.
            '\r' if letters.peek() == Some(&'\n') => letter,
            letter if steers(letter) => char::REPLACEMENT_CHARACTER,
            letter => letter,
        };
        out.extend_from_slice(if shown == '"' { b"\"" } else { b"" });
        out.extend_from_slice(shown.encode_utf8(&mut [0; 4]).as_bytes());
    }
    out.extend_from_slice(if quoted { b"\"" } else { b"" });
}

/// Tells whether a spreadsheet takes a cell for a formula; some take the wide signs of Japanese writing as well.
fn begins_formula(cell: &[u8]) -> bool {
    let wide = ["\u{FF1D}", "\u{FF0B}", "\u{FF0D}", "\u{FF20}"];
    matches!(
        cell,
        [b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r' | b'\n', ..]
    ) || wide.iter().any(|sign| cell.starts_with(sign.as_bytes()))
}

/// Tells whether a cell is one plain number.
fn is_number(cell: &[u8]) -> bool {
    let digits = cell.strip_prefix(b"-").or(cell.strip_prefix(b"+"));
    let digits = digits.unwrap_or(cell);
    let is_part = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    let mut parts = digits.splitn(2, |&byte| byte == b'.');
    parts.all(is_part)
}

const FIXED: [&str; 4] = ["measured_at", "received_at", "meter", "label"];

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(text: &[u8], formulas: bool) -> String {
        let mut out = b"before,".to_vec();
        let start = out.len();
        out.extend_from_slice(text);
        quote(&mut out, start, formulas);
        String::from_utf8(out.split_off(start)).unwrap()
    }

    #[test]
    fn a_cell_is_what_it_was_and_harmless() {
        for (text, shown) in [
            ("", ""),
            ("plain text", "plain text"),
            ("a,b", "\"a,b\""),
            ("say \"a\"", "\"say \"\"a\"\"\""),
            ("two\r\nlines\tand\nmore", "\"two\r\nlines\tand\nmore\""),
            ("two\rlines", "\"two\u{FFFD}lines\""),
            ("\x1b[2J\x07\x7f", "\u{FFFD}[2J\u{FFFD}\u{FFFD}"),
            (
                "a\u{9b}31m\u{202e}b\u{61c}",
                "a\u{FFFD}31m\u{FFFD}b\u{FFFD}",
            ),
            ("Küche", "Küche"),
        ] {
            assert_eq!(cell(text.as_bytes(), true), shown);
            assert_eq!(cell(text.as_bytes(), false), shown);
        }
        // No UTF-8: C1 as one byte.
        assert_eq!(cell(b"a\x9b2J\xe4", false), "a\u{FFFD}2Jä");
    }

    #[test]
    fn what_a_spreadsheet_would_compute_is_marked_as_text_and_numbers_stay_numbers() {
        for text in [
            "=1+1",
            "=cmd|' /C calc'!A0",
            "+SUM(A1)",
            "-2+3",
            "-63 100",
            "- 5",
            "-",
            "+",
            "-1e5",
            "-1.",
            "-.5",
            "--1",
            "-1.2.3",
            "@SUM(A1)",
            "\t=1",
            "\n=1",
            "\u{FF1D}1",
            "\u{FF20}A",
        ] {
            assert_eq!(cell(text.as_bytes(), false), format!("\"'{text}\""));
            let kept = cell(text.as_bytes(), true);
            assert_eq!(kept.trim_matches('"'), text);
        }
        assert_eq!(cell(b"\r=1", false), "\"'\u{FFFD}=1\"");
        assert_eq!(cell(b"=\"a\"", false), "\"'=\"\"a\"\"\"");
        assert_eq!(cell("＋\u{1b}".as_bytes(), false), "\"'＋\u{FFFD}\"");
        for number in [
            "-063",
            "+5",
            "-0.040",
            "+12.5",
            "100 -63",
            "1-0:1.8.0",
            "a=b",
        ] {
            assert_eq!(cell(number.as_bytes(), false), number);
        }
    }
}
