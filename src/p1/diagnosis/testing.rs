//! What the tests of mending have in common: a telegram, a key, frames.

use super::finding::Verdict;
use crate::p1::cipher::{AuthenticationKey, Key, Keys, MeterKeys};
use crate::p1::ciphering::{FrameCounter, SecurityControl, SystemTitle};
use crate::p1::readout::crc16;

/// The title of most frames.
pub(super) const TITLE: SystemTitle = SystemTitle(*b"SMY\x67\x70\x00\x00\x01");

/// A telegram of so many lines.
pub(super) fn text(lines: usize) -> Vec<u8> {
    let mut text = b"/Lux5\\253694471_M\r\n\r\n".to_vec();
    for n in 0..lines {
        text.extend(format!("1-0:{}.7.0(00.{:03}*kW)\r\n", n + 21, n * 37 % 1000).bytes());
    }
    text.push(b'!');
    let crc = crc16(&text);
    text.extend(format!("{crc:04X}\r\n").bytes());
    text
}

/// One key for all meters.
pub(super) fn keys() -> Keys {
    let mut keys = Keys::default();
    keys.set_default(MeterKeys::new(
        Key::new([7; 16]),
        AuthenticationKey::default(),
    ));
    keys
}

/// A key that people copy.
pub(super) const KEY: [u8; 16] =
    *b"\xD4\x91\x47\x0F\x47\x12\x63\x32\xB0\x7D\x19\x23\xB3\x50\x41\x88";

/// Bad copies of it: what was made of it, and the digits that are wrong.
pub(super) fn miscopied() -> [([u8; 16], Verdict, [Option<u8>; 2]); 4] {
    let mut reversed = KEY;
    reversed.reverse();
    let mut typo = KEY;
    typo[3] ^= 0x05;
    let mut two = KEY;
    two[3] ^= 0x50;
    two[15] ^= 0x0A;
    let mut swapped = KEY;
    swapped[0] = swapped[0].rotate_left(4);
    [
        (reversed, Verdict::KeyReversed, [None; 2]),
        (typo, Verdict::KeyTypo, [Some(8), None]),
        (two, Verdict::KeyTwoTypos, [Some(7), Some(32)]),
        (swapped, Verdict::KeyDigitsSwapped, [Some(1), Some(2)]),
    ]
}

/// A text, sealed with that key.
pub(super) fn frame(title: SystemTitle, counter: u32, text: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    keys().of(title).unwrap().seal(
        title,
        SecurityControl(0x30),
        FrameCounter(counter),
        text,
        &mut frame,
    );
    frame
}
