//! Values as they stand in a telegram: numbers, times and texts, exact and without copies.
//!
//! Formats Fn(x,y), In, Sn, TST and octet-string of the P1 standards (DSMR P1 5.0.2 section 6.4).

mod number;
mod time;

use std::borrow::Cow;

pub use self::number::{Decimal, NoDecimal, Number};
pub use self::time::{Timestamp, Zone};

/// The text of an octet string (two hexadecimal digits a byte), where every character of it is printable.
pub fn octet_text(digits: &[u8]) -> Option<String> {
    let mut out = Vec::with_capacity(digits.len() / 2);
    write_octet_text(digits, &mut out).then_some(())?;
    String::from_utf8(out).ok()
}

/// Appends the text of an octet string; gives `false` and appends nothing where it holds no printable text.
pub fn write_octet_text(digits: &[u8], out: &mut Vec<u8>) -> bool {
    let start = out.len();
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
    let good = plain && filled > 0 && (ascii || printable());
    if !good {
        out.truncate(start);
    }
    good
}

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
        assert_eq!(octet_text(b"53414731").as_deref(), Some("SAG1"));
        assert_eq!(octet_text(b"00FF"), None);
        assert_eq!(octet_text(b""), None);
        assert_eq!(octet_text(b"5"), None);
        assert_eq!(octet_text(b"0102"), None);
    }
}
