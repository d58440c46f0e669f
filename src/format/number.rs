//! Values as data formats write them: exact digits, never a double.

use std::io::Write;

use crate::format::clean::steers;
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

/// Writes a JSON string; what would steer a terminal is escaped, whether JSON asks for that or not.
pub fn write_json_text(out: &mut Vec<u8>, text: &str) {
    let start = out.len();
    // Writing a string into memory cannot fail.
    let _ = serde_json::to_writer(&mut *out, text);
    if text.bytes().all(|byte| byte < 0x7F) || !text.contains(steers) {
        return;
    }
    let written = out.split_off(start);
    for letter in String::from_utf8_lossy(&written).chars() {
        match steers(letter) {
            true => {
                let mut units = [0; 2];
                for unit in letter.encode_utf16(&mut units) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            false => out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_string_steers_nothing_and_reads_as_it_was() {
        let odd = "a\x1b[2J\x07\x7f\u{9b}31m\u{61c}\u{202e}\u{2028}\u{2067}\u{feff}\r\n\t\"\\ Zähler 電 😀";
        for write in [
            |out: &mut Vec<u8>, text: &str| write_json_text(out, text),
            |out: &mut Vec<u8>, text: &str| write_json_bytes(out, text.as_bytes()),
        ] {
            let mut out = Vec::new();
            write(&mut out, odd);
            let written = String::from_utf8(out).unwrap();
            assert!(!written.contains(steers), "{written}");
            assert!(
                written.contains(r"\u001b[2J\u0007\u007f\u009b31m\u061c\u202e\u2028\u2067\ufeff")
            );
            assert!(written.ends_with(" Zähler 電 😀\""));
            assert_eq!(serde_json::from_str::<String>(&written).unwrap(), odd);
        }
        let mut out = Vec::new();
        write_json_bytes(&mut out, b"\x9b2J");
        assert_eq!(out, br#""\u009b2J""#);
    }
}
