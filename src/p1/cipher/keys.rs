//! Keys as people write them, and those of all meters.

use std::fmt;
use std::str::FromStr;

use aes_gcm::aead::KeyInit;
use aes_gcm::aes::Aes128;
use aes_gcm::aes::cipher::BlockCipherEncrypt;
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::MeterKeys;
use crate::p1::ciphering::{SystemTitle, TitleMap, TitleSet};

/// Encryption key (EK) of one meter, 16 bytes; wiped when dropped, never printed.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Key([u8; 16]);

/// Authentication key (AK), 16 bytes; in Luxembourg the same published constant for every meter.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct AuthenticationKey([u8; 16]);

/// What is wrong with the text of a key; never holds its digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// No digit at all.
    #[error("the key is empty")]
    Empty,
    /// Too few or too many digits.
    #[error("the key has {digits} hexadecimal digits, 32 are needed")]
    Length {
        /// Digits found.
        digits: usize,
    },
    /// The digits were written as hexadecimal once more.
    #[error("the key has 64 digits: it was turned into hexadecimal twice")]
    Twice,
    /// The letter O where a zero must be.
    #[error("character {position} of the key is the letter O; a zero is meant")]
    LetterO {
        /// Place in the text as typed, from 1.
        position: usize,
    },
    /// The letter l or I where a one must be.
    #[error("character {position} of the key is the letter {letter}; a one is meant")]
    LetterL {
        /// Place in the text as typed, from 1.
        position: usize,
        /// `l` or `I`.
        letter: char,
    },
    /// Something that is no hexadecimal digit and no separator.
    #[error("character {position} of the key is {}, no hexadecimal digit (0-9, A-F)", name_of(*letter))]
    Letter {
        /// Place in the text as typed, from 1.
        position: usize,
        /// What stands there.
        letter: char,
    },
    /// Several keys where one is needed.
    #[error("there are {count} keys, one is needed")]
    Several {
        /// Keys found.
        count: usize,
    },
    /// The published authentication key was given as encryption key.
    #[error("this is the public authentication key (0011…EEFF), not the key of a meter")]
    AuthenticationKey,
}

/// The keys of all meters that can be opened.
#[derive(Clone, Default)]
pub struct Keys {
    meters: TitleMap<MeterKeys>,
    default: Option<MeterKeys>,
    /// Meters that may send in clear though they have a key.
    plain: TitleSet,
}

impl Key {
    /// Takes sixteen raw bytes.
    pub fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Reads 32 hexadecimal digits in the spellings of letters and firmware:
    /// any case, with spaces, `:`, `-`, `,`, `0x`, `\x` or braces.
    ///
    /// # Errors
    /// [`KeyError`], with counts and places but no digit of the key.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let key = Self(parse_digits(text)?);
        if key.0 == AuthenticationKey::LUXEMBOURG {
            return Err(KeyError::AuthenticationKey);
        }
        Ok(key)
    }

    /// Reads a key in a text that says a little more: a byte order mark, a label as `GUEK:` or `key =`, quotes, and
    /// comments behind `#`.
    ///
    /// # Errors
    /// As [`Self::parse`], with places in the key itself; [`KeyError::Several`] where there is more than one.
    pub fn in_text(text: &str) -> Result<Self, KeyError> {
        let text = text.trim_start_matches('\u{feff}');
        let lines: Vec<&str> = text
            .lines()
            .map(without_comment)
            .map(without_label)
            .filter(|line| !line.is_empty())
            .collect();
        let whole = |line: &&&str| parse_digits(line).is_ok();
        let count = lines.iter().filter(whole).count();
        match lines.as_slice() {
            // Digits may be spread over lines, of which none is a key then.
            lines if count > 1 => Err(KeyError::Several {
                count: lines.iter().filter(whole).count(),
            }),
            [line] => Self::parse(line),
            lines => Self::parse(&lines.join("\n")),
        }
    }

    /// Reads all keys of a text, one a line, as [`Self::in_text`] reads one: a letter may have an encryption key (GUEK,
    /// GPK60) and an authentication key (GAK, GPK61).
    pub fn all_in_text(text: &str) -> Vec<Self> {
        let lines = text.trim_start_matches('\u{feff}').lines();
        let keys = lines.map(without_comment).map(without_label);
        keys.filter_map(|line| parse_digits(line).ok().map(Self))
            .collect()
    }

    /// First three bytes of AES(key, zeros): tells keys apart without telling the key.
    pub fn check_value(&self) -> [u8; 3] {
        let mut block = Default::default();
        Aes128::new(&self.0.into()).encrypt_block(&mut block);
        [block[0], block[1], block[2]]
    }

    /// The sixteen bytes, for trying what it may be a bad copy of.
    pub fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl AuthenticationKey {
    /// The constant that the Luxembourg specification publishes.
    pub const LUXEMBOURG: [u8; 16] = [
        0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE,
        0xFF,
    ];

    /// What Netz Burgenland has handed out to its customers.
    pub const BURGENLAND: [u8; 16] = [
        0xC0, 0xC1, 0xC2, 0xC3, 0xC4, 0xC5, 0xC6, 0xC7, 0xC8, 0xC9, 0xCA, 0xCB, 0xCC, 0xCD, 0xCE,
        0xCF,
    ];

    /// Takes sixteen raw bytes.
    pub fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// First three bytes of AES(key, zeros), as for [`Key::check_value`].
    pub fn check_value(&self) -> [u8; 3] {
        Key(self.0).check_value()
    }

    /// The sixteen bytes, for trying them in another place.
    pub fn bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Reads 32 hexadecimal digits, spelled as for [`Key::parse`].
    ///
    /// # Errors
    /// [`KeyError`], with counts and places but no digit of the key.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        parse_digits(text).map(Self)
    }
}

impl FromStr for Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl FromStr for AuthenticationKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl Default for AuthenticationKey {
    fn default() -> Self {
        Self(Self::LUXEMBOURG)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

impl fmt::Debug for AuthenticationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthenticationKey(…)")
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({} meters)", self.meters.len())
    }
}

/// One encryption key for every meter, with the authentication key of Luxembourg.
impl FromStr for Keys {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut keys = Self::default();
        keys.set_default(MeterKeys::new(text.parse()?, AuthenticationKey::default()));
        Ok(keys)
    }
}

impl Keys {
    /// Makes room for those of so many meters.
    pub fn reserve(&mut self, meters: usize) {
        self.meters.reserve(meters);
    }

    /// Adds the key of one meter; a later one replaces it.
    pub fn insert(&mut self, title: SystemTitle, keys: MeterKeys) {
        self.meters.insert(title, keys);
    }

    /// Sets the key for meters that have none of their own.
    pub fn set_default(&mut self, keys: MeterKeys) {
        self.default = Some(keys);
    }

    /// Lets a meter send in clear though it has a key.
    pub fn allow_plain(&mut self, title: SystemTitle) {
        self.plain.insert(title);
    }

    /// Tells whether a meter may send in clear though it has a key.
    pub fn allows_plain(&self, title: SystemTitle) -> bool {
        self.plain.contains(&title)
    }

    /// The keys to be used for a meter.
    pub fn of(&self, title: SystemTitle) -> Option<&MeterKeys> {
        self.meters.get(&title).or(self.default.as_ref())
    }

    /// Tells whether a meter has a key of its own.
    pub fn has(&self, title: SystemTitle) -> bool {
        self.meters.contains_key(&title)
    }

    /// Meters with a key of their own.
    pub fn meters(&self) -> impl Iterator<Item = (SystemTitle, &MeterKeys)> {
        self.meters.iter().map(|(title, keys)| (*title, keys))
    }

    /// The key for meters that have none of their own.
    pub fn fallback(&self) -> Option<&MeterKeys> {
        self.default.as_ref()
    }

    /// Tells whether there is no key at all.
    pub fn is_empty(&self) -> bool {
        self.meters.is_empty() && self.default.is_none()
    }
}

/// The line up to a `#`.
fn without_comment(line: &str) -> &str {
    line.split('#').next().unwrap_or_default().trim()
}

/// The line behind its label, as `GUEK: `, `Key (house) = ` or `my key `, and without quotes: a label is made of
/// words, one of them of three letters or more that are no hexadecimal digits, and stands before the first group.
fn without_label(line: &str) -> &str {
    let mut end = 0;
    for word in line.split(|c: char| !c.is_alphanumeric()) {
        let letters = word.chars().count();
        let is_hex = word.chars().all(|c| c.is_ascii_hexdigit());
        if letters >= 4 && is_hex && word.contains(|c: char| c.is_ascii_digit()) {
            break;
        }
        // As GPK60.
        let numbered = letters <= 8 && word.chars().take(3).filter(is_no_digit).count() == 3;
        if letters >= 3 && !is_hex && (numbered || word.chars().all(char::is_alphabetic)) {
            // Where in the line the word ends.
            end = word.as_ptr() as usize - line.as_ptr() as usize + word.len();
        }
    }
    let rest = line.get(end..).unwrap_or(line);
    let rest = match end {
        0 => rest,
        _ => rest.trim_start_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '\\' | '{')),
    };
    rest.trim_matches(['"', '\'', ' ', '\t'])
}

/// Tells whether a letter is no hexadecimal digit, nor one that people take for such.
fn is_no_digit(letter: &char) -> bool {
    letter.is_alphabetic()
        && !letter.is_ascii_hexdigit()
        && !matches!(letter, 'O' | 'o' | 'l' | 'I')
}

/// A character in words: as it is, or by its number.
fn name_of(letter: char) -> String {
    match letter {
        '\u{21}'..='\u{7e}' => format!("`{letter}`"),
        _ if letter.is_alphanumeric() || matches!(letter, '\u{2010}'..='\u{2027}') => {
            format!("`{letter}` (U+{:04X})", u32::from(letter))
        }
        _ => format!("U+{:04X}", u32::from(letter)),
    }
}

/// Tells whether each two digits are the code of a digit.
fn is_hex_of_hex(text: &str) -> bool {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let bytes = hex::decode(digits).unwrap_or_default();
    !bytes.is_empty() && bytes.iter().all(u8::is_ascii_hexdigit)
}

fn parse_digits(text: &str) -> Result<[u8; 16], KeyError> {
    let mut key = [0u8; 16];
    let mut digits = 0;
    let mut letters = text.chars().enumerate().peekable();
    while let Some((index, letter)) = letters.next() {
        let position = index + 1;
        let marks_hex = matches!(letters.peek(), Some((_, 'x' | 'X')));
        match letter {
            '0' | '\\' if marks_hex => {
                letters.next();
            }
            ' ' | '\t' | '\r' | '\n' | ':' | '-' | ',' | ';' | '{' | '}' => {}
            // Blanks and dashes of typesetters, and what cannot be seen.
            '\u{a0}' | '\u{2000}'..='\u{2015}' | '\u{202f}' | '\u{2060}' | '\u{feff}' => {}
            'O' | 'o' => return Err(KeyError::LetterO { position }),
            'l' | 'I' => return Err(KeyError::LetterL { position, letter }),
            _ => {
                let value = letter
                    .to_digit(16)
                    .ok_or(KeyError::Letter { position, letter })?
                    as u8;
                if let Some(byte) = key.get_mut(digits / 2) {
                    *byte = *byte << 4 | value;
                }
                digits += 1;
            }
        }
    }
    match digits {
        32 => Ok(key),
        0 => Err(KeyError::Empty),
        64 if is_hex_of_hex(text) => Err(KeyError::Twice),
        _ => Err(KeyError::Length { digits }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_people_write_them() {
        let expected =
            Key::new(*b"\x0A\x1b\x2C\x3d\x4E\x5f\x60\x71\x82\x93\xA4\xB5\xC6\xD7\xE8\xF9");
        for text in [
            "0A1B2C3D4E5F60718293A4B5C6D7E8F9",
            "0a1b2c3d4e5f60718293a4b5c6d7e8f9\n",
            "0A 1B 2C 3D 4E 5F 60 71 82 93 A4 B5 C6 D7 E8 F9",
            "0A:1B:2C:3D:4E:5F:60:71:82:93:A4:B5:C6:D7:E8:F9",
            "0x0A1B2C3D4E5F60718293A4B5C6D7E8F9",
            "{0x0A, 0x1B, 0x2C, 0x3D, 0x4E, 0x5F, 0x60, 0x71, 0x82, 0x93, 0xA4, 0xB5, 0xC6, 0xD7, 0xE8, 0xF9}",
            r"\x0A\x1B\x2C\x3D\x4E\x5F\x60\x71\x82\x93\xA4\xB5\xC6\xD7\xE8\xF9",
            "0A1B2C3D-4E5F6071-8293A4B5-C6D7E8F9",
        ] {
            assert!(Key::parse(text) == Ok(expected.clone()), "{text}");
        }
    }

    #[test]
    fn a_key_is_found_in_a_text_that_says_a_little_more() {
        const DIGITS: &str = "0A1B2C3D4E5F60718293A4B5C6D7E8F9";
        let expected = Key::parse(DIGITS).unwrap();
        let pairs: Vec<&str> = (0..16).map(|at| &DIGITS[2 * at..2 * at + 2]).collect();
        for text in [
            format!("\u{feff}{DIGITS}\r\n"),
            format!("GUEK: {DIGITS}\r\n"),
            format!("GUEK:{DIGITS}"),
            format!("GUEK {DIGITS}"),
            format!("GPK60: {DIGITS}"),
            format!("Schlüssel = {DIGITS}"),
            format!("AES-128 key (house): {}", pairs.join(":")),
            format!("my key: {}", pairs.join(" ")),
            format!("key = \"{DIGITS}\"  # of the house"),
            format!("# the key of\n# the house\n\nGUEK:\n{}\n", pairs.join(" ")),
            format!("{}\n{}\n", &DIGITS[..16], &DIGITS[16..]),
            format!("uint8_t key[] = {{0x{}}};", pairs.join(", 0x")),
            format!("{}\u{2013}{}", &DIGITS[..16], &DIGITS[16..]),
        ] {
            assert!(Key::in_text(&text) == Ok(expected.clone()), "{text}");
        }
        let two = format!("GUEK: {DIGITS}\nGAK: {}\n", DIGITS.replace('0', "1"));
        assert_eq!(
            Key::in_text(&two).unwrap_err(),
            KeyError::Several { count: 2 }
        );
        let other = Key::parse(&DIGITS.replace('0', "1")).unwrap();
        assert!(Key::all_in_text(&two) == [expected, other]);
        for (text, error) in [
            ("GUEK: 0A1B2CO", KeyError::LetterO { position: 7 }),
            ("GUEK: 0A1B", KeyError::Length { digits: 4 }),
            ("# nothing", KeyError::Empty),
            ("", KeyError::Empty),
        ] {
            assert_eq!(Key::in_text(text).unwrap_err(), error, "{text}");
        }
        let named = |text: &str| Key::in_text(text).unwrap_err().to_string();
        assert!(named("0A1BG").contains("character 5 of the key is `G`, no hex"));
        assert!(named("GUEK: 0A1B…").contains("character 5 of the key is `…` (U+2026)"));
        assert!(named("0A\u{7}").contains("character 3 of the key is U+0007"));
    }

    #[test]
    fn a_bad_key_is_named_without_its_digits() {
        let cases = [
            ("", KeyError::Empty),
            (
                "0A1B2C3D4E5F60718293A4B5C6D7E8F",
                KeyError::Length { digits: 31 },
            ),
            (&"30".repeat(32), KeyError::Twice),
            ("0A1B2CO", KeyError::LetterO { position: 7 }),
            (
                "l",
                KeyError::LetterL {
                    position: 1,
                    letter: 'l',
                },
            ),
            (
                "0A1G",
                KeyError::Letter {
                    position: 4,
                    letter: 'G',
                },
            ),
            (
                "00112233445566778899AABBCCDDEEFF",
                KeyError::AuthenticationKey,
            ),
        ];
        for (text, error) in cases {
            assert_eq!(Key::parse(text), Err(error), "{text}");
        }
        assert_eq!(format!("{:?}", Key::new([1; 16])), "Key(…)");
    }

    #[test]
    fn the_check_value_is_the_usual_one() {
        assert_eq!(Key::new([0; 16]).check_value(), [0x66, 0xE9, 0x4B]);
    }
}
