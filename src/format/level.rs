//! A reading of a level sensor in the formats of telegrams.

use std::io::Write;

use crate::format::clean::clean;
use crate::format::influx::write_tag;
use crate::format::json::{begin, write_instant, write_source, write_text_or_null};
use crate::observe::context::Context;
use crate::source::maxsonar::{Level, encode};

/// Key of the reading in `values` and CSV columns.
pub const KEY: &str = "level_cm";

/// Appends a reading as a JSON object and a line end.
pub fn json(out: &mut Vec<u8>, context: &Context<'_>, level: &Level) {
    begin(out, "level", context.seq);
    out.extend_from_slice(b",\"received_at\":");
    write_instant(out, context);
    out.extend_from_slice(b",\"measured_at\":null");
    write_source(out, context, level.span.start, level.span.len());
    // Writing into memory cannot fail.
    drop(writeln!(
        out,
        ",\"values\":{{\"{KEY}\":{}}}}}",
        level.centimetres
    ));
}

/// Appends a reading as a flat JSON object and a line end.
pub fn flat_json(out: &mut Vec<u8>, context: &Context<'_>, level: &Level) {
    out.extend_from_slice(b"{\"meter\":");
    write_text_or_null(out, context.source.label);
    // Writing into memory cannot fail.
    drop(writeln!(
        out,
        ",\"measured_at\":null,\"{KEY}\":{}}}",
        level.centimetres
    ));
}

/// Appends a reading in InfluxDB line protocol.
pub fn influx(out: &mut Vec<u8>, context: &Context<'_>, level: &Level) {
    out.extend_from_slice(b"level");
    if let Some(label) = context.source.label {
        out.extend_from_slice(b",label=");
        write_tag(out, label);
    }
    drop(write!(out, " {KEY}={}", level.centimetres));
    if let Some(at) = context.received_at {
        drop(write!(out, " {}", at.as_nanosecond()));
    }
    out.push(b'\n');
}

/// Appends a reading as a line for people.
pub fn table(out: &mut Vec<u8>, context: &Context<'_>, level: &Level) {
    let source = clean(context.source.label.unwrap_or(context.source.name));
    drop(write!(out, "{source}  level  {} cm", level.centimetres));
    if let Some(at) = context.received_at {
        drop(write!(out, "  {at:.0}"));
    }
    out.push(b'\n');
}

/// Appends a reading as it was sent.
pub fn raw(out: &mut Vec<u8>, level: &Level) {
    out.extend_from_slice(&encode(level.centimetres));
}
