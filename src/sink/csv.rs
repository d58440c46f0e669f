//! CSV (RFC 4180) and InfluxDB line protocol: a row a telegram.
//!
//! The columns are fixed by the first telegram and the fields asked for, so that a file can grow for years.

use std::io::Write;
use std::sync::Arc;

use super::context::{Context, Senders};
use super::fields::Fields;
use super::level;
use super::number::write_plain;
use crate::p1::event::Decoded;
use crate::p1::layout::Form;
use crate::p1::telegram::{Shape, Telegram, Value};
use crate::source::maxsonar::Level;

/// Writes CSV rows, the header before the first.
#[derive(Clone, Debug, Default)]
pub struct Csv {
    fields: Option<Fields>,
    columns: Option<Vec<String>>,
    headed: bool,
    places: Option<(Arc<Shape>, Vec<Option<usize>>)>,
    senders: Senders,
    continued: bool,
    sources: Sources,
    cell: Vec<u8>,
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
        }
    }

    /// Fixes the columns by the first telegram, and appends the header where it is due.
    pub fn begin(&mut self, out: &mut Vec<u8>, decoded: &Decoded<'_>) {
        if self.columns.is_none() {
            let mut columns = columns_of(&decoded.telegram, self.fields.as_ref());
            if self.sources == Sources::Both {
                columns.push(level::KEY.to_owned());
            }
            self.columns = Some(columns);
        }
        self.header(out);
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
        self.find_places(telegram);
        let columns = self.columns.as_deref().unwrap_or_default();
        let places = self.places.as_ref().map_or(&[][..], |(_, places)| places);
        let Shape { layout, meaning } = &**telegram.shape();
        for (column, place) in columns.iter().zip(places) {
            out.push(b',');
            let at = place.and_then(|place| meaning.values.get(place));
            self.cell.clear();
            match at.and_then(|at| layout.items.get(at.item as usize).map(|item| (at, item))) {
                Some((at, item)) if item.form == Form::Number => {
                    write_plain(out, telegram, item, at.shift);
                    continue;
                }
                Some((at, item)) => write_plain(&mut self.cell, telegram, item, at.shift),
                None => reading(&mut self.cell, telegram, column),
            }
            write_cell(out, &self.cell);
        }
        out.extend_from_slice(b"\r\n");
    }

    /// Finds the value of each column in a telegram of another shape than the last.
    fn find_places(&mut self, telegram: &Telegram<'_>) {
        let shape = telegram.shape();
        if self
            .places
            .as_ref()
            .is_some_and(|(known, _)| Arc::ptr_eq(known, shape))
        {
            return;
        }
        let place = |column: &String| shape.meaning.values.iter().position(|at| at.key == *column);
        let places = self.columns.iter().flatten().map(place).collect();
        self.places = Some((Arc::clone(shape), places));
    }
}

/// Appends a telegram in InfluxDB line protocol; its time is that of the meter, in nanoseconds.
pub fn influx(
    out: &mut Vec<u8>,
    fields: Option<&Fields>,
    context: &Context<'_>,
    decoded: &Decoded<'_>,
) {
    let telegram = &decoded.telegram;
    let start = out.len();
    out.extend_from_slice(b"p1");
    for (tag, value) in [
        ("meter", &*Senders::default().name(decoded)),
        ("label", context.source.label.unwrap_or_default()),
    ] {
        if !value.is_empty() {
            out.extend_from_slice(format!(",{tag}=").as_bytes());
            write_tag(out, value);
        }
    }
    let mut separator = b' ';
    let mut cell = Vec::new();
    for at in &telegram.shape().meaning.values {
        let Some(line) = telegram.shape().layout.lines.get(at.line as usize) else {
            continue;
        };
        let Some(item) = telegram.shape().layout.items.get(at.item as usize) else {
            continue;
        };
        if item.form == Form::Empty || fields.is_some_and(|f| !f.wants(line, Some(&at.key))) {
            continue;
        }
        out.push(separator);
        separator = b',';
        out.extend_from_slice(at.key.as_bytes());
        out.push(b'=');
        if item.form == Form::Number {
            write_plain(out, telegram, item, at.shift);
            continue;
        }
        cell.clear();
        write_plain(&mut cell, telegram, item, at.shift);
        out.push(b'"');
        for &byte in &cell {
            if matches!(byte, b'"' | b'\\') {
                out.push(b'\\');
            }
            out.push(byte);
        }
        out.push(b'"');
    }
    if separator == b' ' {
        out.truncate(start);
        return;
    }
    let instant = telegram
        .measured_at()
        .and_then(|time| time.instant())
        .or(context.received_at);
    if let Some(instant) = instant {
        drop(write!(out, " {}", instant.as_nanosecond()));
    }
    out.push(b'\n');
}

fn columns_of(telegram: &Telegram<'_>, fields: Option<&Fields>) -> Vec<String> {
    let values = &telegram.shape().meaning.values;
    let Some(fields) = fields else {
        return values.iter().map(|value| value.key.to_string()).collect();
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
        if columns.len() == before {
            columns.push(field.title());
        }
    }
    columns
}

/// A column that is no value: all values of the line with that code or name, a blank between them.
fn reading(out: &mut Vec<u8>, telegram: &Telegram<'_>, column: &str) {
    let found = telegram.readings().find(|reading| {
        reading
            .entry()
            .is_some_and(|entry| entry.name == column || entry.key == column)
            || reading.obis() == column
    });
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
    if cell
        .iter()
        .any(|byte| matches!(byte, b',' | b'"' | b'\r' | b'\n'))
    {
        out.push(b'"');
        for &byte in cell {
            if byte == b'"' {
                out.push(b'"');
            }
            out.push(byte);
        }
        out.push(b'"');
    } else {
        out.extend_from_slice(cell);
    }
}

/// Appends the value of a tag of line protocol. A backslash at its end would take the comma behind it along, and a
/// line end cannot be written at all.
pub(super) fn write_tag(out: &mut Vec<u8>, value: &str) {
    for char in value.trim_end_matches('\\').chars() {
        if char.is_control() {
            out.push(b'_');
            continue;
        }
        if matches!(char, ',' | '=' | ' ') {
            out.push(b'\\');
        }
        out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

const FIXED: [&str; 4] = ["measured_at", "received_at", "meter", "label"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_of_line_protocol_is_one_word_whatever_it_holds() {
        for (value, written) in [
            ("house", "house"),
            ("my house, 2=two", r"my\ house\,\ 2\=two"),
            (r"C:\meter\\", r"C:\meter"),
            (r"a\,b", r"a\\,b"),
            ("Küche\n\t", "Küche__"),
            ("\"quoted\"", "\"quoted\""),
        ] {
            let mut out = Vec::new();
            write_tag(&mut out, value);
            assert_eq!(String::from_utf8(out).unwrap(), written);
        }
    }
}
