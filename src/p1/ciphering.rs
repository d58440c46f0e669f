//! The header of a general-glo-ciphering or general-ded-ciphering frame (DLMS Green Book; Luxembourg P1 1.1.3 section 3.2.5).
//!
//! ```text
//! DB 08 <system title 8> <length, BER> <security control 1> <frame counter 4> <ciphertext n> <tag 12>
//!                                      |<------------------ length ----------------------->|
//! ```
//! Suites 0 and 1 protect alike. Not supported: suite 2, compression, the broadcast key set; they are recognised and named.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::{Hash, Hasher};

use foldhash::quality::RandomState;

/// First two bytes of a frame: the tag of general-glo-ciphering and the length of the title.
pub const START: [u8; 2] = [0xDB, 0x08];
/// Tag of general-glo-ciphering.
pub const GLOBAL: u8 = 0xDB;
/// Tag of general-ded-ciphering, which is protected alike.
pub const DEDICATED: u8 = 0xDC;
/// Length of the GCM tag in bytes (security suite 0).
pub const TAG_LENGTH: usize = 12;
/// Smallest value of the length field: security control, counter and tag around nothing.
pub const LENGTH_MIN: u32 = 17;
/// Largest value of the length field that is followed, in bytes (16 MiB).
pub const LENGTH_MAX: u32 = 16 << 20;

/// Eight bytes that name the meter: three letters, type, function and serial number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SystemTitle(pub [u8; 8]);

/// What is known of meters by their titles. There may be those of a country, looked up with each frame: the hash is a
/// fast one, seeded so that nobody on the line can choose titles that collide.
pub type TitleMap<V> = HashMap<SystemTitle, V, RandomState>;
/// Titles of meters, as in a [`TitleMap`].
pub type TitleSet = HashSet<SystemTitle, RandomState>;

impl Hash for SystemTitle {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(u64::from_ne_bytes(self.0));
    }
}

/// Security control byte: suite in bits 0 to 3, then authentication, encryption, key set, compression.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecurityControl(pub u8);

/// The frame counter (DLMS: invocation counter), one higher with each frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FrameCounter(pub u32);

/// The fields before the ciphertext.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GeneralGloCiphering {
    /// Who sent the frame.
    pub title: SystemTitle,
    /// Value of the length field: bytes that follow it.
    pub length: u32,
    /// How the text is protected.
    pub control: SecurityControl,
    /// Counts the frames under one key.
    pub counter: FrameCounter,
    /// Bytes from `DB` to the first byte of ciphertext.
    pub header_length: usize,
}

/// What the bytes at a possible start say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    /// A whole, legal header.
    Legal(GeneralGloCiphering),
    /// `DB 08` and a title of letters, but a length that no frame can have.
    BadLength {
        /// The title before the length.
        title: SystemTitle,
        /// The length as claimed, in bytes.
        length: u64,
        /// Bytes up to the end of the length field.
        header_length: usize,
    },
    /// No header.
    Not,
    /// Too few bytes to say.
    More,
}

/// A way of protecting a frame that this decoder does not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unsupported {
    /// Security suite other than 0 and 1.
    Suite(u8),
    /// The text is compressed before it is encrypted.
    Compression,
    /// Encrypted with the broadcast key set.
    BroadcastKey,
}

impl SystemTitle {
    /// What stands in the nonce where the title is left out.
    pub const NONE: Self = Self([0; 8]);

    /// Three letters of the manufacturer (FLAG id), where the title begins with such.
    pub fn has_letters(&self) -> bool {
        matches!(self.0, [a, b, c, ..] if [a, b, c].iter().all(u8::is_ascii_uppercase))
    }

    /// The logical device name by the rule of IDIS package 2, as printed on the meter.
    ///
    /// `53 41 47 67 70 01 BD 54` is SAG, type 103, function 07, serial number 00114004.
    pub fn device_id(&self) -> Option<String> {
        let [a, b, c, kind, function, s1, s2, s3] = self.0;
        let serial = u32::from_be_bytes([function & 0x0F, s1, s2, s3]);
        (self.has_letters() && serial <= SERIAL_MAX).then(|| {
            format!(
                "{}{}{}{kind:03}{:02}{serial:08}",
                a as char,
                b as char,
                c as char,
                function >> 4
            )
        })
    }

    /// Reads a device id (`SAG1030700114004`) or a title as 16 hexadecimal digits, in capitals or not.
    pub fn parse(text: &str) -> Option<Self> {
        let mut title = [0; 8];
        if hex::decode_to_slice(text, &mut title).is_ok() {
            return Some(Self(title));
        }
        let bytes = text.as_bytes();
        let (letters, digits) = bytes.split_at_checked(3)?;
        if !letters.iter().all(u8::is_ascii_alphabetic)
            || digits.len() != 13
            || !digits.iter().all(u8::is_ascii_digit)
        {
            return None;
        }
        let kind: u8 = text.get(3..6)?.parse().ok()?;
        let function: u8 = text.get(6..8)?.parse().ok()?;
        let serial: u32 = text.get(8..)?.parse().ok()?;
        if function > 0x0F {
            return None;
        }
        let [high, s1, s2, s3] = serial.to_be_bytes();
        let [a, b, c] = <[u8; 3]>::try_from(letters)
            .ok()?
            .map(|letter| letter.to_ascii_uppercase());
        Some(Self([a, b, c, kind, function << 4 | high, s1, s2, s3]))
    }
}

impl fmt::Display for SystemTitle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

impl fmt::Debug for SystemTitle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SystemTitle({self})")
    }
}

impl SecurityControl {
    /// Authenticated and encrypted, suite 0: what Luxembourg's meters send.
    pub const AUTHENTICATED_ENCRYPTION: Self = Self(0x30);

    /// The frame ends with a tag.
    pub fn authenticated(self) -> bool {
        self.0 & 0x10 != 0
    }

    /// The text is encrypted.
    pub fn encrypted(self) -> bool {
        self.0 & 0x20 != 0
    }

    /// Bytes of tag at the end of the frame.
    pub fn tag_length(self) -> usize {
        if self.authenticated() { TAG_LENGTH } else { 0 }
    }

    /// Tells why frames of this kind are not decoded, where that is so.
    pub fn unsupported(self) -> Option<Unsupported> {
        match self.0 {
            c if c & 0x0F > 1 => Some(Unsupported::Suite(c & 0x0F)),
            c if c & 0x80 != 0 => Some(Unsupported::Compression),
            c if c & 0x40 != 0 => Some(Unsupported::BroadcastKey),
            _ => None,
        }
    }

    /// Suites 0 to 2 with authentication, encryption or both.
    fn exists(self) -> bool {
        self.0 & 0x0F <= 2 && (self.authenticated() || self.encrypted())
    }
}

impl fmt::Display for SecurityControl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02X}", self.0)
    }
}

impl fmt::Debug for SecurityControl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecurityControl({self})")
    }
}

impl fmt::Display for FrameCounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Suite(suite) => write!(f, "security suite {suite}"),
            Self::Compression => write!(f, "compression"),
            Self::BroadcastKey => write!(f, "the broadcast key set"),
        }
    }
}

impl GeneralGloCiphering {
    /// Reads the header at the beginning of `bytes`.
    pub fn decode(bytes: &[u8]) -> Header {
        match bytes {
            [] | [GLOBAL | DEDICATED] | [GLOBAL | DEDICATED, 8, ..] => {}
            _ => return Header::Not,
        }
        let Some(title) = bytes.get(2..10).and_then(|t| t.try_into().ok()) else {
            return Header::More;
        };
        let title = SystemTitle(title);
        let Some(&first) = bytes.get(10) else {
            return Header::More;
        };
        let (length, length_end) = match first {
            0..=0x7F => (u64::from(first), 11),
            0x81..=0x84 => {
                let width = usize::from(first & 0x7F);
                let Some(field) = bytes.get(11..11 + width) else {
                    return Header::More;
                };
                let value = field.iter().fold(0, |v, &b| v << 8 | u64::from(b));
                (value, 11 + width)
            }
            _ => return Header::Not,
        };
        let Some(control) = bytes.get(length_end).copied().map(SecurityControl) else {
            return Header::More;
        };
        if !control.exists() {
            return Header::Not;
        }
        if !(u64::from(LENGTH_MIN)..=u64::from(LENGTH_MAX)).contains(&length) {
            return match title.has_letters() {
                true => Header::BadLength {
                    title,
                    length,
                    header_length: length_end,
                },
                false => Header::Not,
            };
        }
        let Some(counter) = bytes.get(length_end + 1..length_end + 5) else {
            return Header::More;
        };
        Header::Legal(Self {
            title,
            length: length as u32,
            control,
            counter: FrameCounter(counter.iter().fold(0, |v, &b| v << 8 | u32::from(b))),
            header_length: length_end + 5,
        })
    }

    /// Reads the header of a frame whose title is left out; the nonce then begins with zeros.
    pub fn decode_untitled(bytes: &[u8]) -> Header {
        let [GLOBAL | DEDICATED, 0, rest @ ..] = bytes else {
            return match bytes {
                [] | [GLOBAL | DEDICATED] => Header::More,
                _ => Header::Not,
            };
        };
        Self::behind_title(rest, 2)
    }

    /// Reads what follows the length of a title that is left out; `before` bytes stand before it.
    pub fn behind_title(rest: &[u8], before: usize) -> Header {
        let width = match rest.first() {
            None => return Header::More,
            Some(first @ 0x81..=0x84) => usize::from(first & 0x7F),
            Some(0..=0x7F) => 0,
            Some(_) => return Header::Not,
        };
        let Some([control, counter @ ..]) = rest.get(1 + width..) else {
            return Header::More;
        };
        let (control, length) = (SecurityControl(*control), length(rest));
        let length = length.map(|(length, _)| length);
        match length.filter(|length| (LENGTH_MIN as usize..=UNTITLED_MAX).contains(length)) {
            Some(length) if control.exists() => match counter.first_chunk::<4>() {
                Some(counter) => Header::Legal(Self {
                    title: SystemTitle::NONE,
                    length: length as u32,
                    control,
                    counter: FrameCounter(u32::from_be_bytes(*counter)),
                    header_length: before + 1 + width + 5,
                }),
                None => Header::More,
            },
            _ => Header::Not,
        }
    }

    /// Writes the header as meters do: the shortest length field, `82` from 128 on.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend(START);
        out.extend(self.title.0);
        match self.length {
            0..=0x7F => out.push(self.length as u8),
            0x80..=0xFFFF => {
                out.push(0x82);
                out.extend((self.length as u16).to_be_bytes());
            }
            _ => {
                out.push(0x84);
                out.extend(self.length.to_be_bytes());
            }
        }
        out.push(self.control.0);
        out.extend(self.counter.0.to_be_bytes());
    }

    /// Describes a frame around `text_length` bytes of text.
    pub fn around(
        title: SystemTitle,
        control: SecurityControl,
        counter: FrameCounter,
        text_length: usize,
    ) -> Self {
        let length = (5 + text_length + control.tag_length()) as u32;
        let length_field = match length {
            0..=0x7F => 1,
            0x80..=0xFFFF => 3,
            _ => 5,
        };
        Self {
            title,
            length,
            control,
            counter,
            header_length: 10 + length_field + 5,
        }
    }

    /// Bytes of the whole frame, from `DB` to the end of the tag.
    pub fn frame_length(&self) -> usize {
        self.header_length - 5 + self.length as usize
    }

    /// Bytes of ciphertext.
    pub fn text_length(&self) -> usize {
        (self.length as usize).saturating_sub(5 + self.control.tag_length())
    }
}

/// Reads a BER length, which need not be the shortest; gives it with what follows.
pub fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    if first < 0x80 {
        return Some((usize::from(first), rest));
    }
    let width = usize::from(first & 0x7F);
    if !(1..=4).contains(&width) {
        return None;
    }
    let (field, rest) = rest.split_at_checked(width)?;
    let value = field
        .iter()
        .fold(0u64, |value, &byte| value << 8 | u64::from(byte));
    Some((usize::try_from(value).ok()?, rest))
}

/// Largest value of the length field behind a title that is left out: little shows that it is one.
const UNTITLED_MAX: usize = 8 << 10;
/// Largest serial number that the eight digits of a device id can show.
const SERIAL_MAX: u32 = 99_999_999;

#[cfg(test)]
mod tests {
    use super::*;

    const TITLE: SystemTitle = SystemTitle([0x53, 0x41, 0x47, 0x67, 0x70, 0x01, 0xBD, 0x54]);

    fn decode(hex_text: &str) -> Header {
        GeneralGloCiphering::decode(&hex::decode(hex_text.replace(' ', "")).unwrap())
    }

    #[test]
    fn the_title_of_a_real_meter_gives_the_number_printed_on_it() {
        assert_eq!(TITLE.device_id().unwrap(), "SAG1030700114004");
        assert_eq!(SystemTitle::parse("SAG1030700114004"), Some(TITLE));
        assert_eq!(SystemTitle::parse("534147677001bd54"), Some(TITLE));
    }

    #[test]
    fn a_title_that_does_not_fit_the_rule_has_no_device_id() {
        assert_eq!(SystemTitle([1, 2, 3, 4, 5, 6, 7, 8]).device_id(), None);
        assert_eq!(SystemTitle(*b"ABC\xFF\xFF\xFF\xFF\xFF").device_id(), None);
    }

    #[test]
    fn each_legal_length_is_read() {
        for (field, length, header_length) in [
            ("11", 17, 16),
            ("7F", 127, 16),
            ("81 F0", 240, 17),
            ("82 05 DD", 1501, 18),
            ("83 01 00 00", 65536, 19),
            ("84 00 00 05 DD", 1501, 20),
        ] {
            let header = decode(&format!("DB 08 53414767 7001BD54 {field} 30 00000001"));
            let Header::Legal(header) = header else {
                panic!("{field}: {header:?}");
            };
            assert_eq!(
                (header.length, header.header_length),
                (length, header_length)
            );
        }
    }

    #[test]
    fn lengths_that_no_frame_has_are_named() {
        for (field, length) in [("10", 16), ("84 FF FF FF FF", 0xFFFF_FFFF), ("82 00 05", 5)] {
            let header = decode(&format!("DB 08 53414767 7001BD54 {field} 30 00000001"));
            assert!(matches!(header, Header::BadLength { length: l, .. } if l == length));
        }
    }

    #[test]
    fn a_header_is_waited_for_byte_by_byte() {
        let whole = hex::decode("DB08534147677001BD548205DD3000000001").unwrap();
        for n in 0..whole.len() {
            assert_eq!(
                GeneralGloCiphering::decode(&whole[..n]),
                Header::More,
                "{n}"
            );
        }
        assert!(matches!(
            GeneralGloCiphering::decode(&whole),
            Header::Legal(_)
        ));
    }

    #[test]
    fn encoding_and_decoding_agree() {
        for text_length in [0, 100, 115, 116, 1489, 70_000] {
            let control = SecurityControl::AUTHENTICATED_ENCRYPTION;
            let header = GeneralGloCiphering::around(TITLE, control, FrameCounter(7), text_length);
            let mut bytes = Vec::new();
            header.encode(&mut bytes);
            assert_eq!(GeneralGloCiphering::decode(&bytes), Header::Legal(header));
            assert_eq!(header.text_length(), text_length);
        }
    }

    #[test]
    fn what_is_not_supported_is_named() {
        for (control, expected) in [
            (0x30, None),
            (0x20, None),
            (0x10, None),
            (0x31, None),
            (0x32, Some(Unsupported::Suite(2))),
            (0xB0, Some(Unsupported::Compression)),
            (0x70, Some(Unsupported::BroadcastKey)),
        ] {
            assert_eq!(SecurityControl(control).unsupported(), expected);
        }
    }
}
