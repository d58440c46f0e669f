//! Damaged characters: which way their bits went.
//!
//! A weak pull-up lets bits fall from 1 to 0, noise turns them both ways, and a receiver that samples late
//! reads `(c >> 1) | 80`. Where the text says what a character should have been, the bit is known.

use super::finding::Verdict;
use super::text;

/// Counts over damaged characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Damage {
    /// Bytes that cannot be right.
    pub bytes: usize,
    /// Bits that fell from 1 to 0 on the line.
    pub fallen: usize,
    /// Bits that rose from 0 to 1.
    pub risen: usize,
    /// Bytes that are a plausible character shifted by one bit.
    pub shifted: usize,
    /// Bytes in which one bit explains it.
    pub single: usize,
}

impl Damage {
    /// Looks at one damaged character: `seen` as the text shows it, `wire` as the line brought it.
    ///
    /// They differ by the key stream of an encrypted frame, and are the same in plain text.
    pub fn look(&mut self, text: &[u8], at: usize, wire: u8) {
        let Some(&seen) = text.get(at) else {
            return;
        };
        self.bytes += 1;
        let key = seen ^ wire;
        let sent = |byte: u8| text::plausible(text, at, byte ^ key);
        if wire >= 0x80 && [0, 1].iter().any(|low| sent(wire << 1 | low)) {
            self.shifted += 1;
        }
        let bits = || (0..8).filter(|bit| sent(wire ^ 1 << bit));
        let fell = bits().any(|bit| wire >> bit & 1 == 0);
        let rose = bits().any(|bit| wire >> bit & 1 == 1);
        match (fell, rose) {
            (true, false) => self.fallen += 1,
            (false, true) => self.risen += 1,
            (true, true) => self.single += 1,
            (false, false) => {
                // Two bits in one character: rare, and still one way or both.
                let pairs = |up: bool| {
                    (0..8).any(|a| {
                        (0..a).any(|b| {
                            let mask = 1 << a | 1 << b;
                            let all = if up { mask } else { 0 };
                            wire & mask == all && sent(wire ^ mask)
                        })
                    })
                };
                match (pairs(false), pairs(true)) {
                    (true, false) => self.fallen += 2,
                    (false, true) => self.risen += 2,
                    _ => {}
                }
                return;
            }
        }
        if fell != rose {
            self.single += 1;
        }
    }

    /// Counts a byte whose right value is known.
    pub fn exact(&mut self, sent: u8, wire: u8) {
        self.bytes += 1;
        self.fallen += (sent & !wire).count_ones() as usize;
        self.risen += (wire & !sent).count_ones() as usize;
        if wire == sent >> 1 | 0x80 {
            self.shifted += 1;
        }
        if (sent ^ wire).count_ones() == 1 {
            self.single += 1;
        }
    }

    /// Adds what was counted elsewhere.
    pub fn add(&mut self, other: &Self) {
        self.bytes += other.bytes;
        self.fallen += other.fallen;
        self.risen += other.risen;
        self.shifted += other.shifted;
        self.single += other.single;
    }
}

impl Damage {
    /// What the directions say, and what else they leave open.
    pub fn verdict(&self) -> (Verdict, &'static [Verdict]) {
        use Verdict::{DamagedFrame, Noise, SampledLate, WeakPullUp};
        let (fallen, risen) = (self.fallen, self.risen);
        if self.shifted >= 2 && self.shifted * 10 >= self.bytes * 7 {
            return (SampledLate, &[]);
        }
        match (fallen, risen) {
            (6.., 0) => (WeakPullUp, &[]),
            (3.., 0) => (WeakPullUp, &[Noise]),
            _ if fallen >= 10 && fallen >= 9 * risen => (WeakPullUp, &[]),
            (_, 1..) if fallen + risen >= 2 => (Noise, &[]),
            (2, 0) => (DamagedFrame, &[WeakPullUp, Noise]),
            _ => (DamagedFrame, &[Noise]),
        }
    }
}
