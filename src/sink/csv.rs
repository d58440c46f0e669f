//! CSV (RFC 4180) and InfluxDB line protocol: a row a telegram.
//!
//! The columns are fixed by the first telegram and the fields asked for, so that a file can grow for years.

use std::io::Write;

use super::context::Context;
use super::fields::Fields;
use super::number::write_plain;
use crate::p1::event::Decoded;
use crate::p1::layout::Form;
use crate::p1::telegram::Telegram;

/// Writes CSV rows, the header before the first.
#[derive(Clone, Debug, Default)]
pub struct Csv {
    fields: Option<Fields>,
    columns: Option<Vec<String>>,
    headed: bool,
    cell: Vec<u8>,
}

impl Csv {
    /// Writes all values, or those of the fields given.
    pub fn new(fields: Option<Fields>) -> Self {
        Self {
            fields,
            ..Self::default()
        }
    }

    /// Goes on below a header that is there already.
    pub fn continue_below(&mut self, header: &str) {
        let columns = header.trim_end().split(',').skip(FIXED.len());
        self.columns = Some(
            columns
                .map(|column| column.trim_matches('"').to_owned())
                .collect(),
        );
        self.headed = true;
    }

    /// Appends the header where it is due.
    pub fn header(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.headed, true) {
            return;
        }
        out.extend_from_slice(FIXED.join(",").as_bytes());
        for column in self.columns.iter().flatten() {
            out.push(b',');
            write_cell(out, column.as_bytes());
        }
        out.extend_from_slice(b"\r\n");
    }

    /// Appends a telegram as a row.
    pub fn telegram(&mut self, out: &mut Vec<u8>, context: &Context<'_>, decoded: &Decoded<'_>) {
        let telegram = &decoded.telegram;
        if self.columns.is_none() {
            self.columns = Some(columns_of(telegram, self.fields.as_ref()));
        }
        self.header(out);
        if let Some(time) = telegram.measured_at() {
            time.write(out);
        }
        out.push(b',');
        if let Some(at) = context.received_at {
            drop(write!(out, "{at:.6}"));
        }
        out.push(b',');
        write_cell(out, meter(decoded).as_bytes());
        out.push(b',');
        write_cell(out, context.source.label.unwrap_or_default().as_bytes());
        let columns = self.columns.as_deref().unwrap_or_default();
        let values = &telegram.shape().meaning.values;
        for (index, column) in columns.iter().enumerate() {
            out.push(b',');
            // Columns mostly stand in the order of the values.
            let at = match values.get(index) {
                Some(value) if value.key == *column => Some(value),
                _ => values.iter().find(|value| value.key == *column),
            };
            self.cell.clear();
            match at.and_then(|at| {
                telegram
                    .shape()
                    .layout
                    .items
                    .get(at.item as usize)
                    .map(|i| (at, i))
            }) {
                Some((at, item)) if item.form == Form::Number => {
                    write_plain(out, telegram, item, at.shift);
                }
                Some((at, item)) => {
                    write_plain(&mut self.cell, telegram, item, at.shift);
                    write_cell(out, &self.cell);
                }
                None => {
                    reading(&mut self.cell, telegram, column);
                    write_cell(out, &self.cell);
                }
            }
        }
        out.extend_from_slice(b"\r\n");
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
        ("meter", meter(decoded).as_str()),
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

/// Who sent a telegram: device id or title, else what the text says.
pub fn meter(decoded: &Decoded<'_>) -> String {
    match &decoded.security {
        Some(security) => {
            let title = security.title();
            title.device_id().unwrap_or_else(|| title.to_string())
        }
        None => decoded.telegram.meter_id().unwrap_or_default().into_owned(),
    }
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

/// A column that is no value: the groups of the line with that code or name.
fn reading(out: &mut Vec<u8>, telegram: &Telegram<'_>, column: &str) {
    let found = telegram.readings().find(|reading| {
        reading
            .entry()
            .is_some_and(|entry| entry.name == column || entry.key == column)
            || reading.obis() == column
    });
    for (index, raw) in found.iter().flat_map(|reading| reading.raw()).enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(raw.as_bytes());
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

fn write_tag(out: &mut Vec<u8>, value: &str) {
    for byte in value.bytes() {
        if matches!(byte, b',' | b'=' | b' ' | b'\\') {
            out.push(b'\\');
        }
        out.push(byte);
    }
}

const FIXED: [&str; 4] = ["measured_at", "received_at", "meter", "label"];
