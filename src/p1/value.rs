//! Values as they stand in a telegram: numbers, times and texts, exact and without copies.
//!
//! Formats Fn(x,y), In, Sn, TST and octet-string of the P1 standards (DSMR P1 5.0.2 section 6.4).

mod number;
mod time;

use std::borrow::Cow;

pub use self::number::{Decimal, NoDecimal, Number};
pub use self::time::{Timestamp, Zone};

/// The text of an octet string (two hexadecimal digits a byte), where every character of it is printable.
///
/// `id`: the text names a device. Then it has no blanks around it, and decimal digits alone stand for themselves
/// where what they would decode to looks like no name: 22222222 is a number on a plate, not four quotation marks.
pub fn octet_text(digits: &[u8], id: bool) -> Option<String> {
    let mut out = Vec::with_capacity(digits.len() / 2);
    write_octet_text(digits, id, &mut out).then_some(())?;
    String::from_utf8(out).ok()
}

/// Appends the text of an octet string; gives `false` and appends nothing where it holds no printable text.
pub fn write_octet_text(digits: &[u8], id: bool, out: &mut Vec<u8>) -> bool {
    let start = out.len();
    // A long value may run over line ends.
    let joined: Vec<u8>;
    let digits = if digits.iter().any(|b| matches!(b, b'\r' | b'\n')) {
        let whole = digits.iter().copied();
        joined = whole.filter(|b| !matches!(b, b'\r' | b'\n')).collect();
        &joined
    } else {
        digits
    };
    out.resize(start + digits.len() / 2, 0);
    let decoded = out.get_mut(start..).unwrap_or_default();
    let plain = hex::decode_to_slice(digits, decoded).is_ok();
    let filled = decoded
        .iter()
        .rposition(|&byte| byte != 0)
        .map_or(0, |last| last + 1);
    out.truncate(start + filled);
    let text = out.get(start..).unwrap_or_default();
    let ascii = text
        .iter()
        .fold(true, |all, byte| all & matches!(byte, b' '..=b'~'));
    let printable =
        || std::str::from_utf8(text).is_ok_and(|text| !text.chars().any(char::is_control));
    let named = || !id || !digits.iter().all(u8::is_ascii_digit) || is_name(text);
    let good = plain && filled > 0 && (ascii || printable()) && named();
    if !good {
        out.truncate(start);
        return false;
    }
    if id {
        let blanks = text.iter().take_while(|&&byte| byte == b' ').count();
        let behind = text.iter().rposition(|&byte| byte != b' ');
        // Blanks alone are what was sent.
        if let Some(last) = behind {
            out.truncate(start + last + 1);
            out.drain(start..start + blanks);
        }
    }
    true
}

/// Tells whether text that came as decimal digits looks like the name of a device: letters and digits, and not a few
/// letters alone.
fn is_name(text: &[u8]) -> bool {
    let known = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'-' | b'.');
    text.iter().all(known)
        && (text.iter().any(u8::is_ascii_digit) || text.len() >= LETTERS_OF_A_NAME)
}

/// Letters that stand in a row by chance too seldom to be doubted.
const LETTERS_OF_A_NAME: usize = 5;

/// Bytes as text; those that are no UTF-8 are taken as Latin-1, so that none is lost.
pub fn text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().map(|&byte| char::from(byte)).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octet_strings_become_text_only_where_printable() {
        for id in [true, false] {
            assert_eq!(octet_text(b"53414731", id).as_deref(), Some("SAG1"));
            assert_eq!(octet_text(b"3231313130", id).as_deref(), Some("21110"));
            assert_eq!(octet_text(b"53\r\n414731", id).as_deref(), Some("SAG1"));
            assert_eq!(octet_text(b"00FF", id), None);
            assert_eq!(octet_text(b"", id), None);
            assert_eq!(octet_text(b"5", id), None);
            assert_eq!(octet_text(b"0102", id), None);
        }
    }

    #[test]
    fn digits_that_decode_to_no_name_name_a_device_themselves() {
        assert_eq!(octet_text(b"22222222", true), None);
        assert_eq!(octet_text(b"63555750", true), None);
        assert_eq!(octet_text(b"22222222", false).as_deref(), Some("\"\"\"\""));
        assert_eq!(octet_text(b"205A41423120", true).as_deref(), Some("ZAB1"));
        assert_eq!(octet_text(b"205A41", false).as_deref(), Some(" ZA"));
    }
}
