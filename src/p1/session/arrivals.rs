//! When bytes were received.

use std::collections::VecDeque;

use jiff::Timestamp;

/// Times at which the bytes of a stream were received.
#[derive(Clone, Debug, Default)]
pub struct Arrivals {
    /// Offset of the first byte of each piece, and its time; both grow.
    times: VecDeque<(u64, Timestamp)>,
    /// Offset of the next byte.
    offset: u64,
}

impl Arrivals {
    /// Takes note of bytes, received at a time if that is known.
    pub fn push(&mut self, count: usize, at: Option<Timestamp>) {
        if let Some(at) = at {
            self.times.push_back((self.offset, at));
        }
        self.offset += count as u64;
    }

    /// When the byte at an offset was received, as far as that is known and not forgotten.
    pub fn at(&self, offset: u64) -> Option<Timestamp> {
        let after = self.times.partition_point(|(start, _)| *start <= offset);
        let (_, at) = self.times.get(after.checked_sub(1)?)?;
        Some(*at)
    }

    /// Forgets the times of all bytes before an offset.
    pub fn forget(&mut self, offset: u64) {
        while self.times.get(1).is_some_and(|(next, _)| *next <= offset) {
            self.times.pop_front();
        }
    }

    /// Bytes received.
    pub fn total(&self) -> u64 {
        self.offset
    }
}
