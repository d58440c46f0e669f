//! What somebody has given in place of a key, by its form alone.
//!
//! Said before anything is decoded, and without a digit of it.

use crate::p1::ciphering::SystemTitle;

/// What the text is instead of 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySlip {
    /// The digits of a key, turned into hexadecimal digits once more.
    HexOfHex,
    /// The same key twice.
    Twice,
    /// Sixteen characters that may be the bytes of the key.
    Text,
    /// Base64 of sixteen bytes.
    Base64,
    /// The device id or system title of a meter.
    DeviceId,
    /// Digits are missing.
    Missing {
        /// Digits found.
        digits: usize,
    },
    /// Digits too many.
    TooMany {
        /// Digits found.
        digits: usize,
    },
}

/// Says what a text is that is no key; `None` for one that may be a key.
pub fn slip(text: &str) -> Option<KeySlip> {
    let text = text.trim().trim_matches(['"', '\'']);
    let digits: Vec<u8> = text
        .replace("0x", "")
        .bytes()
        .filter(u8::is_ascii_hexdigit)
        .collect();
    let only_digits = text
        .bytes()
        .all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b' ' | b':' | b'-' | b',' | b'x'));
    let decoded = hex::decode(&digits).unwrap_or_default();
    let half = digits.len() / 2;
    match digits.len() {
        32 if only_digits => None,
        64 if only_digits && decoded.iter().all(u8::is_ascii_hexdigit) => Some(KeySlip::HexOfHex),
        64 if only_digits && digits.get(..half) == digits.get(half..) => Some(KeySlip::Twice),
        _ if SystemTitle::parse(text).is_some() => Some(KeySlip::DeviceId),
        _ if text.len() == 24 && text.ends_with("==") && text.bytes().all(is_base64) => {
            Some(KeySlip::Base64)
        }
        _ if text.len() == 16 && text.is_ascii() && !only_digits => Some(KeySlip::Text),
        count @ 0..32 if only_digits => Some(KeySlip::Missing { digits: count }),
        count if only_digits => Some(KeySlip::TooMany { digits: count }),
        _ => None,
    }
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_slip_is_known_by_its_form() {
        let key = "0A1B2C3D4E5F60718293A4B5C6D7E8F9";
        let cases = [
            (key.to_owned(), None),
            (hex::encode(key), Some(KeySlip::HexOfHex)),
            (format!("{key}{key}"), Some(KeySlip::Twice)),
            ("SAG1030700114004".to_owned(), Some(KeySlip::DeviceId)),
            ("534147677001BD54".to_owned(), Some(KeySlip::DeviceId)),
            ("ChssPU5fYHGCk6S1xtfo+Q==".to_owned(), Some(KeySlip::Base64)),
            ("my key is secret".to_owned(), Some(KeySlip::Text)),
            (key[1..].to_owned(), Some(KeySlip::Missing { digits: 31 })),
            (format!("{key}0"), Some(KeySlip::TooMany { digits: 33 })),
        ];
        for (text, expected) in cases {
            assert_eq!(slip(&text), expected, "{text}");
        }
    }
}
