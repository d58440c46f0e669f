//! Keys, and what they do to a frame: open, seal, and the view without trust.
//!
//! AES-128-GCM with a tag of 96 bits. Nonce = system title || frame counter;
//! AAD = security control || authentication key (Luxembourg P1 1.1.3 section 3.2.5; DLMS Green Book, suite 0).
//! Authentication only (`10`): AAD = security control || authentication key || text, nothing encrypted.
//!
//! A ring can hold the keys of a country: [`MeterKeys`] are 32 bytes, and the key schedule is an [`Opener`] that
//! the decoder keeps while frames of one meter follow each other.

mod opener;

use std::collections::HashMap;
use std::fmt;

use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::aes::cipher::consts::U12;
use aes_gcm::aes::cipher::{BlockCipherEncrypt, KeyIvInit, StreamCipher};
use aes_gcm::aes::{Aes128, Aes128Enc};
use aes_gcm::{AesGcm, Nonce};
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::ciphering::{FrameCounter, GeneralGloCiphering, SecurityControl, SystemTitle};

pub use opener::Opener;

/// Encryption key (EK) of one meter, 16 bytes; wiped when dropped, never printed.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Key([u8; 16]);

/// Authentication key (AK), 16 bytes; in Luxembourg the same published constant for every meter.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct AuthenticationKey([u8; 16]);

/// What is wrong with the text of a key; never holds its digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
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
    #[error("character {position} of the key is no hexadecimal digit (0-9, A-F)")]
    Letter {
        /// Place in the text as typed, from 1.
        position: usize,
    },
    /// The published authentication key was given as encryption key.
    #[error("this is the public authentication key (0011…EEFF), not the key of a meter")]
    AuthenticationKey,
}

/// The keys of all meters that can be opened.
#[derive(Clone, Default)]
pub struct Keys {
    meters: HashMap<SystemTitle, MeterKeys>,
    default: Option<MeterKeys>,
}

/// Encryption and authentication key of one meter.
#[derive(Clone)]
pub struct MeterKeys {
    key: Key,
    authentication: AuthenticationKey,
}

/// Why a frame stays closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenError {
    /// The tag does not fit key, header and ciphertext.
    TagMismatch,
    /// The frame ends before its tag.
    Truncated,
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

    /// First three bytes of AES(key, zeros): tells keys apart without telling the key.
    pub fn check_value(&self) -> [u8; 3] {
        let mut block = Default::default();
        Aes128::new(&self.0.into()).encrypt_block(&mut block);
        [block[0], block[1], block[2]]
    }

    /// The sixteen bytes, for trying relatives of a key.
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

    /// Takes sixteen raw bytes.
    pub fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
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

impl fmt::Debug for MeterKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MeterKeys(…)")
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({} meters)", self.meters.len())
    }
}

impl Keys {
    /// Adds the key of one meter; a later one replaces it.
    pub fn insert(&mut self, title: SystemTitle, keys: MeterKeys) {
        self.meters.insert(title, keys);
    }

    /// Sets the key for meters that have none of their own.
    pub fn set_default(&mut self, keys: MeterKeys) {
        self.default = Some(keys);
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

impl MeterKeys {
    /// Takes the keys of a meter.
    pub fn new(key: Key, authentication: AuthenticationKey) -> Self {
        Self {
            key,
            authentication,
        }
    }

    /// The encryption key.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The authentication key.
    pub fn authentication(&self) -> &AuthenticationKey {
        &self.authentication
    }

    /// Verifies a whole frame and writes its text to `text`, which is exactly as long as the ciphertext.
    ///
    /// A frame without a tag is decrypted and nothing more.
    ///
    /// # Errors
    /// [`OpenError`]; `text` then holds nothing of use.
    pub fn open(
        &self,
        header: &GeneralGloCiphering,
        frame: &[u8],
        text: &mut [u8],
    ) -> Result<(), OpenError> {
        Opener::new(self).open(header, frame, text)
    }

    /// Decrypts without looking at the tag: evidence for diagnosis, never data.
    ///
    /// # Errors
    /// [`OpenError::Truncated`] when the frame is shorter than its header says.
    pub fn view(
        &self,
        header: &GeneralGloCiphering,
        frame: &[u8],
        text: &mut [u8],
    ) -> Result<(), OpenError> {
        let (body, _) = split(header, frame)?;
        text.copy_from_slice(body);
        if header.control.encrypted() {
            self.apply_key_stream(header.title, header.counter, text);
        }
        Ok(())
    }

    /// XORs the key stream of a frame onto bytes that begin at its first byte of ciphertext.
    pub fn apply_key_stream(&self, title: SystemTitle, counter: FrameCounter, bytes: &mut [u8]) {
        let mut block = [0; 16];
        block[..8].copy_from_slice(&title.0);
        block[8..12].copy_from_slice(&counter.0.to_be_bytes());
        block[15] = 2;
        Ctr::new(&self.key.0.into(), &block.into()).apply_keystream(bytes);
    }

    /// Encrypts a text and appends the whole frame to `out`.
    pub fn seal(
        &self,
        title: SystemTitle,
        control: SecurityControl,
        counter: FrameCounter,
        text: &[u8],
        out: &mut Vec<u8>,
    ) {
        let header = GeneralGloCiphering::around(title, control, counter, text.len());
        header.encode(out);
        let start = out.len();
        out.extend(text);
        let body = out.get_mut(start..).unwrap_or_default();
        let mut aad = self.aad(control).to_vec();
        let gcm = Gcm::new(&self.key.0.into());
        let nonce = Nonce::from(nonce(&header));
        let sealed = match (control.authenticated(), control.encrypted()) {
            (true, true) => gcm.encrypt_inout_detached(&nonce, &aad, body.into()),
            (true, false) => {
                aad.extend(&*body);
                gcm.encrypt_inout_detached(&nonce, &aad, InOutBuf::from(&mut [][..]))
            }
            (false, _) => {
                self.apply_key_stream(title, counter, body);
                return;
            }
        };
        // GCM refuses only texts of more than 64 GB.
        if let Ok(tag) = sealed {
            out.extend(tag);
        }
    }

    fn aad(&self, control: SecurityControl) -> [u8; 17] {
        let mut aad = [control.0; 17];
        aad[1..].copy_from_slice(&self.authentication.0);
        aad
    }
}

type Gcm = AesGcm<Aes128Enc, U12, U12>;
type Ctr = ctr::Ctr32BE<Aes128Enc>;

/// Ciphertext and tag of a frame.
fn split<'a>(
    header: &GeneralGloCiphering,
    frame: &'a [u8],
) -> Result<(&'a [u8], &'a [u8]), OpenError> {
    frame
        .get(header.header_length..header.frame_length())
        .and_then(|rest| rest.split_at_checked(header.text_length()))
        .ok_or(OpenError::Truncated)
}

fn nonce(header: &GeneralGloCiphering) -> [u8; 12] {
    let mut nonce = [0; 12];
    nonce[..8].copy_from_slice(&header.title.0);
    nonce[8..].copy_from_slice(&header.counter.0.to_be_bytes());
    nonce
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
            ' ' | '\t' | '\r' | '\n' | ':' | '-' | ',' | ';' | '{' | '}' | '\u{a0}' => {}
            'O' | 'o' => return Err(KeyError::LetterO { position }),
            'l' | 'I' => return Err(KeyError::LetterL { position, letter }),
            _ => {
                let value = letter.to_digit(16).ok_or(KeyError::Letter { position })? as u8;
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
    use crate::p1::ciphering::Header;

    const TITLE: SystemTitle = SystemTitle(*b"SMY\x67\x70\x00\x00\x01");

    fn keys() -> MeterKeys {
        MeterKeys::new(Key::new([7; 16]), AuthenticationKey::default())
    }

    fn seal(control: u8, text: &[u8]) -> (GeneralGloCiphering, Vec<u8>) {
        let mut frame = Vec::new();
        keys().seal(
            TITLE,
            SecurityControl(control),
            FrameCounter(9),
            text,
            &mut frame,
        );
        let Header::Legal(header) = GeneralGloCiphering::decode(&frame) else {
            panic!("a sealed frame has a header");
        };
        (header, frame)
    }

    #[test]
    fn a_published_gcm_vector_is_met() {
        // NIST SP 800-38D test case 4 with the tag cut to 96 bits; its AAD is longer than ours, so GCM is asked directly.
        let bytes = |text: &str| hex::decode(text).unwrap();
        let key: [u8; 16] = bytes("feffe9928665731c6d6a8f9467308308")
            .try_into()
            .unwrap();
        let nonce: [u8; 12] = bytes("cafebabefacedbaddecaf888").try_into().unwrap();
        let mut text = bytes(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
        );
        let aad = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let tag = Gcm::new(&key.into())
            .encrypt_inout_detached(&nonce.into(), &aad, text.as_mut_slice().into())
            .unwrap();
        assert_eq!(hex::encode(tag), "5bc94fbc3221a5db94fae95a");
        assert!(hex::encode(text).starts_with("42831ec2217774244b7221b784d0d49c"));
    }

    #[test]
    fn what_was_sealed_opens_in_each_kind_of_protection() {
        for control in [0x30, 0x20, 0x10] {
            let (header, frame) = seal(control, b"/ABC5 text\r\n");
            let mut text = vec![0; header.text_length()];
            assert_eq!(keys().open(&header, &frame, &mut text), Ok(()));
            assert_eq!(text, b"/ABC5 text\r\n", "{control:02X}");
        }
    }

    #[test]
    fn texts_of_any_length_open() {
        let text: Vec<u8> = (0..5000u32).map(|i| (i * i) as u8).collect();
        for length in (0..70).chain(1000..1060).chain([4096, 5000]) {
            let text = &text[..length];
            for control in [0x30, 0x10] {
                let (header, mut frame) = seal(control, text);
                let mut opened = vec![0; length];
                assert_eq!(keys().open(&header, &frame, &mut opened), Ok(()));
                assert_eq!(opened, text, "{length}");
                frame[header.header_length + length / 2] ^= 1;
                let opened = keys().open(&header, &frame, &mut opened);
                assert_eq!(opened, Err(OpenError::TagMismatch), "{length}");
            }
        }
    }

    #[test]
    fn each_flipped_bit_is_noticed() {
        for control in [0x30, 0x10] {
            let (header, frame) = seal(control, b"/ABC5 text\r\n");
            for bit in 8 * header.header_length..8 * frame.len() {
                let mut damaged = frame.clone();
                damaged[bit / 8] ^= 1 << (bit % 8);
                let mut text = vec![0; header.text_length()];
                let opened = keys().open(&header, &damaged, &mut text);
                assert_eq!(opened, Err(OpenError::TagMismatch), "bit {bit}");
            }
        }
    }

    #[test]
    fn the_view_shows_the_text_whatever_the_tag() {
        let (header, mut frame) = seal(0x30, b"/ABC5 text\r\n");
        *frame.last_mut().unwrap() ^= 1;
        let mut text = vec![0; header.text_length()];
        assert_eq!(keys().view(&header, &frame, &mut text), Ok(()));
        assert_eq!(text, b"/ABC5 text\r\n");
    }

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
            ("0A1G", KeyError::Letter { position: 4 }),
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
