//! Text layers between the port and us: programs that take bytes for something else.

use super::{Rate, Rng};
use crate::p1::push::hdlc::{self, Link};
use crate::p1::push::mbus;

/// Telnet (RFC 854): each FF is doubled.
pub fn telnet(bytes: &[u8]) -> Vec<u8> {
    let mut sent = Vec::with_capacity(bytes.len() + 16);
    for &byte in bytes {
        sent.push(byte);
        if byte == IAC {
            sent.push(byte);
        }
    }
    sent
}

/// A UTF-8 layer: each sequence that is no UTF-8 becomes EF BF BD.
pub fn utf8(bytes: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(bytes).into_owned().into_bytes()
}

/// A layer that takes bytes for Latin-1 and writes UTF-8: 80 and more become pairs with C2 or C3.
pub fn latin1(bytes: &[u8]) -> Vec<u8> {
    bytes
        .iter()
        .map(|&byte| char::from(byte))
        .collect::<String>()
        .into_bytes()
}

/// An editor or git: CR LF becomes LF.
pub fn line_ends(bytes: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(bytes.len());
    for (at, &byte) in bytes.iter().enumerate() {
        if byte != b'\r' || bytes.get(at + 1) != Some(&b'\n') {
            kept.push(byte);
        }
    }
    kept
}

/// Loses one of the link frames of a push, or one of its blocks; a burst in one piece stays whole.
pub fn lose_part(burst: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut parts = Vec::new();
    let mut at = 0;
    while let Some(rest) = burst.get(at..).filter(|rest| !rest.is_empty()) {
        let read = match rest.first() {
            Some(&hdlc::FLAG) => hdlc::read(rest, true),
            _ => mbus::read(rest, true),
        };
        let Link::Frame(frame) = read else { break };
        parts.push(at..at + frame.length);
        at += frame.length;
    }
    match parts.len() {
        0 | 1 => burst.to_vec(),
        count => {
            let lost = parts.swap_remove(rng.below(count));
            lose(burst, lost.start, lost.len())
        }
    }
}

/// A buffer that overran: `count` bytes are missing from `at` on.
pub fn lose(bytes: &[u8], at: usize, count: usize) -> Vec<u8> {
    let at = at.min(bytes.len());
    let behind = at.saturating_add(count).min(bytes.len());
    [&bytes[..at], &bytes[behind..]].concat()
}

/// Data bits that flip both ways, each with this rate.
pub fn flips(bytes: &[u8], rate: Rate, rng: &mut Rng) -> Vec<u8> {
    bytes
        .iter()
        .map(|&byte| byte ^ chosen_bits(rate, rng))
        .collect()
}

/// Data bits that fall from 1 to 0, each 1 with this rate: a pull-up that is too weak.
pub fn falls(bytes: &[u8], rate: Rate, rng: &mut Rng) -> Vec<u8> {
    bytes
        .iter()
        .map(|&byte| byte & !chosen_bits(rate, rng))
        .collect()
}

/// Characters sampled one bit late, each with this rate: `(c >> 1) | 80`.
pub fn late(bytes: &[u8], rate: Rate, rng: &mut Rng) -> Vec<u8> {
    bytes
        .iter()
        .map(|&byte| {
            if rng.chance(rate) {
                byte >> 1 | 0x80
            } else {
                byte
            }
        })
        .collect()
}

/// One to `most` random bytes on both sides of a burst.
pub fn noise(bytes: &[u8], most: usize, rng: &mut Rng) -> Vec<u8> {
    let mut heard = Vec::with_capacity(bytes.len() + 2 * most);
    let mut hum = |heard: &mut Vec<u8>| {
        let count = rng.below(most) + usize::from(most > 0);
        heard.extend((0..count).map(|_| rng.next_byte()));
    };
    hum(&mut heard);
    heard.extend_from_slice(bytes);
    hum(&mut heard);
    heard
}

/// What a telnet server offers when a connection opens: `FF FB 01 FF FB 03 FF FD 00`.
pub const TELNET_GREETING: [u8; 9] = [IAC, 0xFB, 0x01, IAC, 0xFB, 0x03, IAC, 0xFD, 0x00];

fn chosen_bits(rate: Rate, rng: &mut Rng) -> u8 {
    (0..8).fold(0, |bits, bit| bits | u8::from(rng.chance(rate)) << bit)
}

const IAC: u8 = 0xFF;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telnet_doubles_ff() {
        assert_eq!(
            telnet(b"\xDB\x08\xFFa\xFF\xFF"),
            b"\xDB\x08\xFF\xFFa\xFF\xFF\xFF\xFF"
        );
    }

    #[test]
    fn a_utf8_layer_leaves_triplets_and_latin1_leaves_pairs() {
        assert_eq!(utf8(b"\xDB\x08S\xFF"), b"\xEF\xBF\xBD\x08S\xEF\xBF\xBD");
        assert_eq!(latin1(b"\xDB\x08S\x9F"), b"\xC3\x9B\x08S\xC2\x9F");
    }

    #[test]
    fn only_cr_before_lf_goes() {
        assert_eq!(line_ends(b"a\r\n\r\nb\rc\r"), b"a\n\nb\rc\r");
    }

    #[test]
    fn bytes_are_lost_where_they_are() {
        assert_eq!(lose(b"abcdef", 2, 3), b"abf");
        assert_eq!(lose(b"abcdef", 4, 99), b"abcd");
        assert_eq!(lose(b"abcdef", 99, usize::MAX), b"abcdef");
    }

    #[test]
    fn a_weak_pull_up_only_clears_bits() {
        let mut rng = Rng::new(3);
        let rate = Rate::billionths(100_000_000);
        let fallen = falls(&[b'-'; 1000], rate, &mut rng);
        assert!(fallen.iter().all(|&byte| byte & !b'-' == 0));
        assert!(fallen.contains(&b',') && fallen.contains(&b')'));
        let bits: u32 = fallen.iter().map(|&byte| (byte ^ b'-').count_ones()).sum();
        assert!(
            (330..470).contains(&bits),
            "a tenth of the 4000 ones, not {bits}"
        );
        let flipped = flips(&[0x0F; 1000], rate, &mut rng);
        assert!(
            flipped.iter().any(|&byte| byte & 0xF0 != 0)
                && flipped.iter().any(|&byte| byte & 0x0F != 0x0F)
        );
    }

    #[test]
    fn a_late_sample_shifts_single_characters() {
        let all = Rate::billionths(u32::MAX);
        assert_eq!(late(b".2", all, &mut Rng::new(0)), [0x97, 0x99]);
    }

    #[test]
    fn noise_stays_outside() {
        let heard = noise(b"burst", 8, &mut Rng::new(9));
        assert!(heard.windows(5).any(|window| window == b"burst"));
        assert!((7..=21).contains(&heard.len()));
        assert_eq!(noise(b"burst", 0, &mut Rng::new(9)), b"burst");
    }
}
