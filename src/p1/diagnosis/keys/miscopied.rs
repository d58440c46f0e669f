//! Miscopied keys: what people make of a right one when they copy it.
//!
//! One AES block tells whether a key opens a frame: the first sixteen characters then read like the start of
//! a telegram, which a wrong key gives once in a billion. The start of a push proves less: it is one of many that
//! the whole of it has to prove.

use aes_gcm::KeyInit;
use aes_gcm::aes::Aes128Enc;
use aes_gcm::aes::cipher::BlockCipherEncrypt;

use crate::p1::cipher::{Keys, MeterKeys};
use crate::p1::ciphering::{GeneralGloCiphering, SystemTitle};
use crate::p1::diagnosis::finding::Verdict;
use crate::p1::diagnosis::text;

/// A key that opens a frame, and how it differs from the one that was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MiscopiedKey {
    /// What happened to the key.
    pub verdict: Verdict,
    /// Wrong digits, from 1.
    pub digits: [Option<u8>; 2],
    /// The meter whose key fits, where it is another's.
    pub other: Option<SystemTitle>,
    /// The key that fits.
    bytes: [u8; 16],
}

/// The first block of a frame, for trying keys on it.
#[derive(Clone, Copy, Debug)]
pub struct FirstBlock {
    counter_block: [u8; 16],
    cipher: [u8; 16],
    length: usize,
}

impl FirstBlock {
    /// Takes the first block of ciphertext behind a header.
    pub fn of(header: &GeneralGloCiphering, frame: &[u8]) -> Option<Self> {
        let body = frame.get(header.header_length..)?;
        let length = body.len().min(header.text_length()).min(16);
        let mut cipher = [0; 16];
        cipher
            .get_mut(..length)?
            .copy_from_slice(body.get(..length)?);
        let mut counter_block = [0; 16];
        counter_block[..8].copy_from_slice(&header.title.0);
        counter_block[8..12].copy_from_slice(&header.counter.0.to_be_bytes());
        counter_block[15] = 2;
        Some(Self {
            counter_block,
            cipher,
            length,
        })
    }

    /// The same block under another title and counter.
    pub fn under(mut self, title: SystemTitle, counter: u32) -> Self {
        self.counter_block[..8].copy_from_slice(&title.0);
        self.counter_block[8..12].copy_from_slice(&counter.to_be_bytes());
        self
    }

    /// Tells whether a key makes the start of a telegram of it.
    pub fn opens(&self, key: &[u8; 16]) -> bool {
        let text = self.text_under(key);
        self.length >= 8 && text::begins(text.get(..self.length).unwrap_or_default())
    }

    /// Tells whether a key makes what could be the start of a telegram or push of it: the rest must prove it.
    pub fn may_open(&self, key: &[u8; 16]) -> bool {
        let text = self.text_under(key);
        let text = text.get(..self.length).unwrap_or_default();
        match text {
            // A data-notification with its date-time, or a body alone (IEC 62056-5-3).
            [0x0F, _, _, _, _, 0x00 | 0x09 | 0x0C, ..] => true,
            [0x01 | 0x02, count, ..] => *count > 0,
            text => text::begins(text),
        }
    }

    fn text_under(&self, key: &[u8; 16]) -> [u8; 16] {
        let mut block = self.counter_block.into();
        Aes128Enc::new(key.into()).encrypt_block(&mut block);
        let mut text = [0; 16];
        for ((text, key), cipher) in text.iter_mut().zip(block).zip(self.cipher) {
            *text = key ^ cipher;
        }
        text
    }
}

impl MiscopiedKey {
    /// The keys of a meter with this one in place, for a look at the whole text.
    pub fn keys(&self, given: &MeterKeys) -> MeterKeys {
        MeterKeys::new(
            crate::p1::cipher::Key::new(self.bytes),
            given.authentication().clone(),
        )
    }

    /// The key of another meter.
    pub(super) fn of_other(other: SystemTitle, keys: &MeterKeys) -> Self {
        Self {
            verdict: Verdict::KeyOfOtherMeter,
            digits: [None; 2],
            other: Some(other),
            bytes: *keys.key().bytes(),
        }
    }

    /// The key that fits.
    pub(super) fn bytes(&self) -> &[u8; 16] {
        &self.bytes
    }

    /// Tells whether the key opens another frame as well.
    pub fn opens(&self, block: &FirstBlock) -> bool {
        block.opens(&self.bytes)
    }

    /// Looks for the key that opens a frame among what the given one may be a bad copy of.
    ///
    /// `patient` tries two wrong digits as well, about a hundred thousand keys.
    pub fn find(
        block: &FirstBlock,
        title: SystemTitle,
        given: &MeterKeys,
        ring: &Keys,
        patient: bool,
    ) -> Option<Self> {
        Self::find_by(|key| block.opens(key), title, given, ring, patient)
    }

    /// As [`Self::find`], for any proof that a key is the right one.
    pub fn find_by(
        mut opens: impl FnMut(&[u8; 16]) -> bool,
        title: SystemTitle,
        given: &MeterKeys,
        ring: &Keys,
        patient: bool,
    ) -> Option<Self> {
        let key = given.key().bytes();
        let known = |verdict, bytes| Self {
            verdict,
            digits: [None; 2],
            other: None,
            bytes,
        };
        let simple = transformed(key)
            .map(|(verdict, bytes)| known(verdict, bytes))
            .chain([known(
                Verdict::KeyIsAuthKey,
                *given.authentication().bytes(),
            )]);
        let others = ring.meters().filter(|(other, _)| *other != title);
        let others = others
            .map(|(other, keys)| Self {
                other: Some(other),
                ..known(Verdict::KeyOfOtherMeter, *keys.key().bytes())
            })
            .chain(
                ring.fallback()
                    .map(|keys| known(Verdict::KeyOfOtherMeter, *keys.key().bytes())),
            );
        let typos = typos(key).map(|(digit, bytes)| Self {
            digits: [Some(digit), None],
            ..known(Verdict::KeyTypo, bytes)
        });
        let swapped = swapped(key).map(|(first, second, bytes)| Self {
            digits: [Some(first), Some(second)],
            ..known(Verdict::KeyDigitsSwapped, bytes)
        });
        let found = simple
            .chain(others)
            .chain(typos)
            .chain(swapped)
            .find(|miscopied| miscopied.bytes != *key && opens(&miscopied.bytes));
        if found.is_some() || !patient {
            return found;
        }
        typos_of_typos(key)
            .find(|(_, _, bytes)| opens(bytes))
            .map(|(first, second, bytes)| Self {
                digits: [Some(first), Some(second)],
                ..known(Verdict::KeyTwoTypos, bytes)
            })
    }
}

/// Tells whether all bytes of a key are letters for hexadecimal digits.
pub fn is_hex_of_hex(key: &[u8; 16]) -> bool {
    key.iter().all(u8::is_ascii_hexdigit)
}

/// The key as it would be if it had been copied in another way.
fn transformed(key: &[u8; 16]) -> impl Iterator<Item = (Verdict, [u8; 16])> {
    let mut reversed = *key;
    reversed.reverse();
    let nibbles = key.map(|byte| byte.rotate_left(4));
    let digits = reversed.map(|byte| byte.rotate_left(4));
    let words = |size: usize| {
        let mut turned = *key;
        for word in turned.chunks_mut(size) {
            word.reverse();
        }
        turned
    };
    let lower = hex::encode(key).into_bytes();
    let upper = hex::encode_upper(key).into_bytes();
    let half = |text: &[u8], from: usize| text.get(from..).and_then(|t| t.first_chunk().copied());
    let ascii = [
        half(&lower, 0),
        half(&upper, 0),
        half(&lower, 16),
        half(&upper, 16),
    ];
    [
        (Verdict::KeyReversed, reversed),
        (Verdict::KeyNibblesSwapped, nibbles),
        (Verdict::KeyDigitsReversed, digits),
        (Verdict::KeyReversed, words(2)),
        (Verdict::KeyReversed, words(4)),
        (Verdict::KeyReversed, words(8)),
    ]
    .into_iter()
    .chain(
        ascii
            .into_iter()
            .flatten()
            .map(|bytes| (Verdict::KeyAsciiForHex, bytes)),
    )
}

/// Every key that differs in one digit; digits count from 1.
fn typos(key: &[u8; 16]) -> impl Iterator<Item = (u8, [u8; 16])> {
    let key = *key;
    (0..DIGITS).flat_map(move |digit| {
        (1..16).map(move |change| (digit + 1, with_digit(key, digit, change)))
    })
}

fn typos_of_typos(key: &[u8; 16]) -> impl Iterator<Item = (u8, u8, [u8; 16])> {
    let key = *key;
    (0..DIGITS).flat_map(move |first| {
        (first + 1..DIGITS).flat_map(move |second| {
            (1..16).flat_map(move |one| {
                let once = with_digit(key, first, one);
                (1..16).map(move |two| (first + 1, second + 1, with_digit(once, second, two)))
            })
        })
    })
}

/// Every key in which two digits have changed places.
fn swapped(key: &[u8; 16]) -> impl Iterator<Item = (u8, u8, [u8; 16])> {
    let key = *key;
    (0..DIGITS).flat_map(move |first| {
        (first + 1..DIGITS).map(move |second| {
            let change = digit(&key, first) ^ digit(&key, second);
            let once = with_digit(key, first, change);
            (first + 1, second + 1, with_digit(once, second, change))
        })
    })
}

fn digit(key: &[u8; 16], at: u8) -> u8 {
    let byte = key.get(usize::from(at / 2)).copied().unwrap_or(0);
    if at.is_multiple_of(2) {
        byte >> 4
    } else {
        byte & 0x0F
    }
}

fn with_digit(mut key: [u8; 16], at: u8, change: u8) -> [u8; 16] {
    if let Some(byte) = key.get_mut(usize::from(at / 2)) {
        *byte ^= if at.is_multiple_of(2) {
            change << 4
        } else {
            change
        };
    }
    key
}

/// Hexadecimal digits of a key.
const DIGITS: u8 = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::p1::cipher::{AuthenticationKey, Key};
    use crate::p1::ciphering::{FrameCounter, Header, SecurityControl};
    use crate::p1::diagnosis::testing::{KEY, miscopied};

    const TITLE: SystemTitle = SystemTitle(*b"SMY\x67\x70\x00\x00\x01");

    fn keys(bytes: [u8; 16]) -> MeterKeys {
        MeterKeys::new(Key::new(bytes), AuthenticationKey::default())
    }

    fn block() -> FirstBlock {
        let mut frame = Vec::new();
        keys(KEY).seal(
            TITLE,
            SecurityControl(0x30),
            FrameCounter(5),
            b"/Lux5\\253694471_M\r\n\r\n",
            &mut frame,
        );
        let Header::Legal(header) = GeneralGloCiphering::decode(&frame) else {
            panic!("a sealed frame has a header");
        };
        FirstBlock::of(&header, &frame).unwrap()
    }

    fn find(given: [u8; 16], ring: &Keys) -> Option<MiscopiedKey> {
        MiscopiedKey::find(&block(), TITLE, &keys(given), ring, true)
    }

    #[test]
    fn each_way_to_miscopy_a_key_is_found() {
        let swapped = KEY.map(|byte| byte.rotate_left(4));
        let nibbles = (swapped, Verdict::KeyNibblesSwapped, [None; 2]);
        for (given, verdict, digits) in miscopied().into_iter().chain([nibbles]) {
            let found = find(given, &Keys::default()).unwrap();
            assert_eq!((found.verdict, found.digits), (verdict, digits));
        }
    }

    #[test]
    fn the_key_of_another_meter_names_it() {
        let other = SystemTitle(*b"SMY\x67\x70\x00\x00\x02");
        let mut ring = Keys::default();
        ring.insert(other, keys(KEY));
        let found = find([9; 16], &ring).unwrap();
        assert_eq!(
            (found.verdict, found.other),
            (Verdict::KeyOfOtherMeter, Some(other))
        );
    }

    #[test]
    fn a_strange_key_is_no_bad_copy() {
        assert_eq!(find([9; 16], &Keys::default()), None);
    }
}
