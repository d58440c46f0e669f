//! CSV (RFC 4180): a row a telegram.
//!
//! The columns are fixed by the first telegram and the fields asked for, so that a file can grow for years.

use std::io::Write;

use super::context::{Context, Senders};
use super::fields::Fields;
use super::level;
use super::number::{part_of, write_plain};
use super::template::{ByShape, Draft, Template};
use crate::p1::derive::{Extent, is_known};
use crate::p1::event::Decoded;
use crate::p1::layout::{Form, Item, Place};
use crate::p1::telegram::{Shape, Telegram, Value};
use crate::source::maxsonar::Level;

/// Writes CSV rows, the header before the first.
#[derive(Clone, Debug, Default)]
pub struct Csv {
    fields: Option<Fields>,
    columns: Option<Vec<String>>,
    headed: bool,
    rows: ByShape<Vec<Stretch>>,
    senders: Senders,
    continued: bool,
    sources: Sources,
    extent: Extent,
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

    /// Begins anew: what was written so far is dropped.
    pub fn restart(&mut self) {
        if !self.continued {
            (self.headed, self.columns) = (false, None);
            self.rows.clear();
        }
    }

    /// Fixes the columns by the first telegram, and appends the header where it is due.
    pub fn begin(&mut self, out: &mut Vec<u8>, decoded: &Decoded<'_>) {
        if self.columns.is_none() {
            let mut columns = columns_of(&decoded.telegram, self.fields.as_ref(), self.extent);
            if self.sources == Sources::Both {
                columns.push(level::KEY.to_owned());
            }
            self.columns = Some(columns);
        }
        self.header(out);
    }

    /// Tells whether the header is written and the columns are fixed.
    pub fn is_headed(&self) -> bool {
        self.headed && self.columns.is_some()
    }

    /// As `begin`, for a level sensor; false where the columns wait for the telegram of a meter.
    pub fn begin_level(&mut self, out: &mut Vec<u8>) -> bool {
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
        write_cell(out, context.source.label.unwrap_or_default().as_bytes());
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
            write_cell(&mut line, column.as_bytes());
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
        write_cell(out, self.senders.name(decoded).as_bytes());
        out.push(b',');
        write_cell(out, context.source.label.unwrap_or_default().as_bytes());
        let columns = self.columns.as_deref().unwrap_or_default();
        let row = self
            .rows
            .of(telegram.shape(), || stretches(telegram, columns));
        for stretch in row {
            match stretch {
                Stretch::Sent(cells) => {
                    let text = telegram.text();
                    let shown = cells.show(
                        text,
                        |cell| cell.part(text),
                        |out, cell| cell.write(out, telegram),
                    );
                    out.extend_from_slice(shown);
                }
                Stretch::Computed(key) => {
                    out.push(b',');
                    if let Some(derived) = context.derived.iter().find(|known| known.key == *key) {
                        // Writing into memory cannot fail.
                        drop(write!(out, "{}", derived.value));
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

    fn write(&self, out: &mut Vec<u8>, telegram: &Telegram<'_>) {
        let start = out.len();
        match self {
            Self::Value(item, shift) => {
                write_plain(out, telegram, item, *shift);
                if item.form != Form::Number {
                    quote(out, start);
                }
            }
            Self::Line(line) => {
                write_line(out, telegram, *line);
                quote(out, start);
            }
        }
    }
}

/// The columns, each behind its comma, for telegrams of the shape of this one.
fn stretches(telegram: &Telegram<'_>, columns: &[String]) -> Vec<Stretch> {
    columns
        .chunk_by(|a, b| !is_known(a) && !is_known(b))
        .map(|side_by_side| match side_by_side {
            [key] if is_known(key) => Stretch::Computed(key.clone()),
            columns => Stretch::Sent(template(telegram, columns)),
        })
        .collect()
}

/// The cells of columns of the telegram, each behind its comma.
fn template(telegram: &Telegram<'_>, columns: &[String]) -> Template<Cell> {
    let Shape { layout, meaning } = &**telegram.shape();
    let mut row = Draft::new(telegram.text());
    for column in columns {
        row.constant().push(b',');
        let value = meaning.values.iter().find(|at| at.key == *column);
        let item = value.and_then(|at| layout.items.get(at.item as usize));
        if let (Some(at), Some(item)) = (value, item) {
            let cell = Cell::Value(*item, at.shift);
            row.step(item.value, cell, |out, cell| cell.write(out, telegram));
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
            let place = Place {
                start: line.place.start,
                end: end.unwrap_or(line.place.end),
            };
            let cell = Cell::Line(index as u32);
            row.step(place, cell, |out, cell| cell.write(out, telegram));
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

fn write_cell(out: &mut Vec<u8>, cell: &[u8]) {
    let start = out.len();
    out.extend_from_slice(cell);
    quote(out, start);
}

/// Puts the cell that begins at `start` in quotes, where it needs them.
fn quote(out: &mut Vec<u8>, start: usize) {
    let cell = out.get(start..).unwrap_or_default();
    let needs = |byte: &u8| matches!(byte, b',' | b'"' | b'\r' | b'\n');
    if !cell.iter().any(needs) {
        return;
    }
    let cell = out.split_off(start);
    out.push(b'"');
    for byte in cell {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

const FIXED: [&str; 4] = ["measured_at", "received_at", "meter", "label"];
