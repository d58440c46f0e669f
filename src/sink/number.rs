//! Values as data formats write them: exact digits, never a double.

use crate::p1::layout::{Form, Item};
use crate::p1::telegram::Telegram;
use crate::p1::value::{Number, text, write_octet_text};

/// A number as it is written, where that is a part of the text.
#[inline]
pub fn part_of<'a>(text: &'a [u8], item: &Item, shift: i8) -> Option<&'a [u8]> {
    match item.form {
        Form::Number if shift == 0 => Number::at(item.value.of(text)).part(),
        _ => None,
    }
}

/// Writes a value as JSON: number, string or null.
#[inline]
pub fn write_json(out: &mut Vec<u8>, telegram: &Telegram<'_>, item: &Item, shift: i8) {
    let sent = item.value.of(telegram.text());
    match item.form {
        Form::Number => Number::at(sent).write_scaled(shift, out),
        Form::Empty => out.extend_from_slice(b"null"),
        Form::Time => match telegram.time(item) {
            Some(time) => {
                out.push(b'"');
                time.write(out);
                out.push(b'"');
            }
            None => out.extend_from_slice(b"null"),
        },
        Form::Octets => write_json_octets(out, sent, true),
        Form::Message => write_json_octets(out, sent, false),
        Form::Code | Form::Text => write_json_bytes(out, sent),
    }
}

/// Writes bytes of the telegram as a JSON string.
#[inline]
pub fn write_json_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    if is_clean(bytes) {
        out.push(b'"');
        out.extend_from_slice(bytes);
        out.push(b'"');
    } else {
        write_json_text(out, &text(bytes));
    }
}

/// Writes an octet string as the text that it holds, else as its digits.
fn write_json_octets(out: &mut Vec<u8>, sent: &[u8], id: bool) {
    let start = out.len();
    out.push(b'"');
    if !write_octet_text(sent, id, out) {
        out.truncate(start);
        return write_json_bytes(out, sent);
    }
    if is_clean(out.get(start + 1..).unwrap_or_default()) {
        out.push(b'"');
    } else {
        let decoded =
            String::from_utf8_lossy(out.get(start + 1..).unwrap_or_default()).into_owned();
        out.truncate(start);
        write_json_text(out, &decoded);
    }
}

/// Tells whether bytes can stand in a JSON string as they are.
#[inline]
pub fn is_clean(bytes: &[u8]) -> bool {
    let odd = |&byte: &u8| !matches!(byte, b' '..=b'~') | (byte == b'"') | (byte == b'\\');
    !bytes.iter().fold(false, |seen, byte| seen | odd(byte))
}

/// Writes a JSON string.
pub fn write_json_text(out: &mut Vec<u8>, text: &str) {
    // Writing a string into memory cannot fail.
    let _ = serde_json::to_writer(out, text);
}

/// Writes a value as plain text: a CSV cell, an MQTT value. A time that does not exist is empty.
pub fn write_plain(out: &mut Vec<u8>, telegram: &Telegram<'_>, item: &Item, shift: i8) {
    let sent = item.value.of(telegram.text());
    match item.form {
        Form::Number => Number::at(sent).write_scaled(shift, out),
        Form::Empty => {}
        Form::Time => {
            if let Some(time) = telegram.time(item) {
                time.write(out);
            }
        }
        Form::Octets | Form::Message => {
            if !write_octet_text(sent, item.form == Form::Octets, out) {
                out.extend_from_slice(sent);
            }
        }
        Form::Code | Form::Text => out.extend_from_slice(text(sent).as_bytes()),
    }
}
