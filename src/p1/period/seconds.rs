//! The seconds of a quarter of an hour at which something was heard.

/// Seconds of a quarter of an hour, a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seconds([u64; 15]);

impl Seconds {
    /// Adds a second, from 0 to 899.
    pub fn set(&mut self, second: u16) {
        if let Some(word) = self.0.get_mut(usize::from(second / 60)) {
            *word |= 1 << (second % 60);
        }
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.0.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// All of them, in order.
    pub fn iter(self) -> impl Iterator<Item = u16> {
        let of_word = |(minute, word): (u16, u64)| {
            let set = (0..60).filter(move |second| word >> second & 1 == 1);
            set.map(move |second| minute * 60 + second)
        };
        (0..).zip(self.0).flat_map(of_word)
    }

    /// The first and the last.
    pub fn ends(self) -> Option<(u16, u16)> {
        let mut words = (0u16..).zip(self.0).filter(|(_, word)| *word != 0);
        let first = words.next()?;
        let last = words.last().unwrap_or(first);
        let (first, last) = (
            first.0 * 60 + first.1.trailing_zeros() as u16,
            last.0 * 60 + last.1.ilog2() as u16,
        );
        Some((first, last))
    }

    /// Writes them in as few bytes as their rhythm allows: a rhythm of ten seconds takes three, none takes more than 120.
    ///
    /// ```text
    /// run   seconds since the end of the run before, seconds between its members, its members: LEB128 each
    /// ```
    /// What would take 120 bytes or more as runs is written as bits, the lowest first.
    pub fn encode(self) -> Vec<u8> {
        let all: Vec<u16> = self.iter().collect();
        let mut out = Vec::new();
        let (mut at, mut before) = (0, 0);
        while let Some(&first) = all.get(at) {
            let step = all.get(at + 1).map_or(0, |next| next - first);
            let rest = all.get(at..).unwrap_or_default();
            let steady = rest.windows(2).take_while(|pair| match pair {
                [one, next] => next - one == step,
                _ => false,
            });
            let count = 1 + steady.count();
            write_number(&mut out, first - before);
            write_number(&mut out, step);
            write_number(&mut out, count as u16);
            before = first + step * (count as u16 - 1);
            at += count;
        }
        if out.len() < BITS {
            return out;
        }
        self.0.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    /// Reads what [`Seconds::encode`] wrote; none where it did not.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut seconds = Self::default();
        if bytes.len() == BITS {
            for (word, bytes) in seconds.0.iter_mut().zip(bytes.chunks_exact(8)) {
                *word = u64::from_le_bytes(bytes.try_into().ok()?);
            }
            // A minute has no more bits than seconds.
            let is_minute = |word: &u64| word >> 60 == 0;
            return seconds.0.iter().all(is_minute).then_some(seconds);
        }
        let (mut rest, mut at) = (bytes, 0u16);
        while !rest.is_empty() {
            at = at.checked_add(read_number(&mut rest)?)?;
            let (step, count) = (read_number(&mut rest)?, read_number(&mut rest)?);
            for index in 0..count {
                at = at.checked_add(if index > 0 { step } else { 0 })?;
                if at >= 900 {
                    return None;
                }
                seconds.set(at);
            }
        }
        Some(seconds)
    }
}

fn write_number(out: &mut Vec<u8>, number: u16) {
    let mut rest = number;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

fn read_number(bytes: &mut &[u8]) -> Option<u16> {
    let mut number = 0u32;
    for shift in [0, 7, 14] {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u32::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return u16::try_from(number).ok();
        }
    }
    None
}

/// Bytes of all bits.
const BITS: usize = 120;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(all: impl IntoIterator<Item = u16>) -> Seconds {
        let mut seconds = Seconds::default();
        all.into_iter().for_each(|second| seconds.set(second));
        seconds
    }

    #[test]
    fn a_rhythm_is_short() {
        for (seconds, length) in [
            (of((3..900).step_by(10)), 3),
            (of(0..900), 4),
            (of([]), 0),
            (of([7]), 3),
            // One that is missing.
            (of((0..900).step_by(10).filter(|at| *at != 450)), 6),
            (
                of((0..900).filter(|at| u32::from(*at).pow(2) % 7 < 3)),
                BITS,
            ),
        ] {
            let bytes = seconds.encode();
            assert_eq!(bytes.len(), length, "{bytes:?}");
            assert_eq!(Seconds::decode(&bytes), Some(seconds));
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(all in proptest::collection::vec(0u16..900, 0..300)) {
            let seconds = of(all);
            prop_assert_eq!(Seconds::decode(&seconds.encode()), Some(seconds));
        }

        #[test]
        fn what_was_not_written_does_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..130)) {
            if let Some(seconds) = Seconds::decode(&bytes) {
                prop_assert!(seconds.count() <= 900);
            }
        }
    }
}
