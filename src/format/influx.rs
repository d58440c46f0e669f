//! InfluxDB line protocol: a line a telegram.

use std::io::Write;

use crate::format::clean::{clean, steers};
use crate::format::number::write_plain;
use crate::observe::context::{Context, Senders};
use crate::observe::fields::Fields;
use crate::p1::event::{Decoded, Tag};
use crate::p1::layout::Form;
use crate::p1::value::text;

/// Appends a telegram in InfluxDB line protocol; its time is that of the meter, in nanoseconds.
pub fn telegram(
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
        ("tag", decoded.unproven().map_or("", Tag::word)),
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
        write_string(out, &text(&cell));
        out.push(b'"');
    }
    for derived in context.derived {
        if fields.is_none_or(|fields| fields.wants_derived(derived.key)) {
            out.push(separator);
            separator = b',';
            out.extend_from_slice(derived.key.as_bytes());
            out.push(b'=');
            derived.value.write(out);
        }
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

/// Appends what stands between the quotes of a text; who reads the protocol line by line must not find two.
fn write_string(out: &mut Vec<u8>, text: &str) {
    for byte in clean(text).bytes() {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(byte);
    }
}

/// Appends the value of a tag of line protocol. A backslash at its end would take the comma behind it along, and a
/// line end cannot be written at all.
pub(super) fn write_tag(out: &mut Vec<u8>, value: &str) {
    let value = match value.trim_end_matches('\\') {
        "" => "_",
        value => value,
    };
    for char in value.chars() {
        if steers(char) {
            out.push(b'_');
            continue;
        }
        if matches!(char, ',' | '=' | ' ') {
            out.push(b'\\');
        }
        out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

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
            (r"\\", "_"),
            ("Küche\n\t", "Küche__"),
            ("\x1b[2J\u{9b}\u{7f}\u{61c}\u{202e}", "_[2J____"),
            ("\"quoted\"", "\"quoted\""),
        ] {
            let mut out = Vec::new();
            write_tag(&mut out, value);
            assert_eq!(String::from_utf8(out).unwrap(), written);
        }
    }
    #[test]
    fn a_text_of_line_protocol_is_on_one_line_and_steers_nothing() {
        for (value, written) in [
            ("Küche, 2=two", "Küche, 2=two"),
            (r#"a "b" \"#, r#"a \"b\" \\"#),
            (
                "a\r\nb\u{1b}[2J\u{9b}\u{7f}\u{202e}",
                "a\u{FFFD}\u{FFFD}b\u{FFFD}[2J\u{FFFD}\u{FFFD}\u{FFFD}",
            ),
        ] {
            let mut out = Vec::new();
            write_string(&mut out, value);
            assert_eq!(String::from_utf8(out).unwrap(), written);
        }
    }
}
