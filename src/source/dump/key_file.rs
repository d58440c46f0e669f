//! Files of keys that were given in the place of a dump, known by what stands in them.
//!
//! Asked only where nothing in the input can be the start of a frame or a telegram.

use std::collections::HashSet;
use std::fmt;

use crate::p1::cipher::{Key, KeyError};

/// A file that holds keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFile {
    /// The 16 bytes of a key or its 32 digits, and nothing else.
    Key,
    /// A key ring.
    Ring,
    /// A text with a key in it: a letter, settings of another program.
    Mention,
}

impl KeyFile {
    /// What a whole input that holds no start of a frame shows itself to be, if it is one of these.
    pub(super) fn of(input: &[u8]) -> Option<Self> {
        if is_raw_key(input) {
            return Some(Self::Key);
        }
        let text = str::from_utf8(input).ok()?;
        if is_key(text.trim()) {
            return Some(Self::Key);
        }
        text.lines().find(|line| mentions_key(line))?;
        let is_section = |line: &str| line.starts_with('[') && line.ends_with(']');
        let names_key = |line: &str| line.starts_with("key") || line.starts_with("default");
        let lines = || text.lines().map(str::trim);
        match lines().any(names_key) && (lines().any(is_section) || lines().all(is_ring_line)) {
            true => Some(Self::Ring),
            false => Some(Self::Mention),
        }
    }
}

impl fmt::Display for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Key => "these 16 bytes look like a key, not like a dump of a P1 port",
            Self::Ring => "this is a key ring, not a dump of a P1 port",
            Self::Mention => "this text has a key in it, and nothing of a P1 port",
        })
    }
}

/// True for bytes of the length of a key that are no text and, unlike a line that is stuck, not all alike.
fn is_raw_key(input: &[u8]) -> bool {
    let shown = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    let kinds: HashSet<_> = input.iter().take(KEY_LENGTH).collect();
    input.len() == KEY_LENGTH && !input.iter().all(shown) && kinds.len() >= KEY_LENGTH / 2
}

/// True for the text of a key alone, spelled in any way.
fn is_key(text: &str) -> bool {
    matches!(
        Key::parse(text),
        Ok(_) | Err(KeyError::AuthenticationKey | KeyError::Twice)
    )
}

/// True for a line with a key-shaped word behind a name for it. A digit more or less is a key all the same.
fn mentions_key(line: &str) -> bool {
    let is_separator = |letter: char| !letter.is_ascii_alphanumeric();
    let mut named = false;
    for word in line.split(is_separator) {
        let digits = word.strip_prefix("0x").unwrap_or(word);
        if named
            && KEY_DIGITS.contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        {
            return true;
        }
        let word = word.to_ascii_lowercase();
        named |= NAMES.iter().any(|name| word.contains(name));
    }
    let value = line.split_once([':', '=']).map(|(_, value)| value.trim());
    named && value.is_some_and(|value| is_key(value.trim_matches(['"', '\''])))
}

/// True for a line that a key ring may have outside of its sections.
fn is_ring_line(line: &str) -> bool {
    line.is_empty() || line.starts_with('#') || line.starts_with("default")
}

/// Bytes of a key.
pub(super) const KEY_LENGTH: usize = 16;
/// Digits of a key, some lost or doubled by whoever copied it.
const KEY_DIGITS: std::ops::RangeInclusive<usize> = 30..=34;
/// What keys are called.
const NAMES: [&str; 3] = ["key", "default", "secret"];

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "5F0BE3AAC07D9812B64E0195CC3347D1";

    #[test]
    fn a_key_alone_is_known_in_every_spelling() {
        let spaced: Vec<_> = KEY
            .as_bytes()
            .chunks(2)
            .map(|pair| str::from_utf8(pair).unwrap())
            .collect();
        let array = format!("{{0x{}}}", spaced.join(", 0x"));
        let public = "00112233445566778899aabbccddeeff";
        for text in [
            KEY,
            &format!("{KEY}\r\n"),
            &spaced.join(" "),
            &spaced.join(":"),
            &array,
            public,
        ] {
            assert_eq!(KeyFile::of(text.as_bytes()), Some(KeyFile::Key), "{text}");
        }
        assert_eq!(
            KeyFile::of(b"\x5F\x0B\xE3\xAA\xC0\x7D\x98\x12\xB6\x4E\x01\x95\xCC\x33\x47\xD1"),
            Some(KeyFile::Key)
        );
    }

    #[test]
    fn a_key_ring_is_known() {
        let default = format!("# mine\ndefault = \"{KEY}\"\n");
        let meters = format!("[SAG1030700114004]\nkey = \"{KEY}\"\nname = \"house\"\n");
        let lost = meters.replace("D1\"", "D\"");
        for text in [&default, &meters, &lost, &(default.clone() + &meters)] {
            assert_eq!(KeyFile::of(text.as_bytes()), Some(KeyFile::Ring), "{text}");
        }
    }

    #[test]
    fn a_text_that_names_a_key_is_known() {
        for text in [
            format!("p1_decryption_key: \"{KEY}\"\nwifi: hello\n"),
            format!("SMARTY_KEY={KEY}"),
            format!("Dear customer,\nyour key is {KEY}.\n"),
            format!("{{\"key\": \"{KEY}\"}}"),
            "key: 5F 0B E3 AA C0 7D 98 12 B6 4E 01 95 CC 33 47 D1".to_owned(),
        ] {
            assert_eq!(
                KeyFile::of(text.as_bytes()),
                Some(KeyFile::Mention),
                "{text}"
            );
        }
    }

    #[test]
    fn dumps_and_other_texts_are_no_keys() {
        for text in [
            &KEY[..30],
            &format!("{KEY}\n{KEY}\n"),
            &format!("00000000: {KEY}\n"),
            &format!("[12:00:01] rx: {KEY}\n"),
            "no key was given",
            "[[source]]\nplace = \"tcp://host:1\"\nkey_file = \"key.txt\"\n",
            "",
        ] {
            assert_eq!(KeyFile::of(text.as_bytes()), None, "{text}");
        }
        assert_eq!(KeyFile::of(&[0; 16]), None);
        assert_eq!(
            KeyFile::of(b"\x5F\x0B\xE3\xAA\xC0\x7D\x98\x12\xB6\x4E\x01\x95\xCC\x33\x47"),
            None
        );
    }
}
