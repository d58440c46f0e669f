//! Receivers of other makes: what each makes of a line that it reads with the wrong setting.
//!
//! [`crate::p1::line`] models one receiver. To recognise a wrong setting whatever the adapter, the bytes are
//! compared with those of several: some check the start bit in its middle, some take a low stop bit for the
//! next start at once, some drop characters with a low stop bit or give 00 for them; and no two clocks are
//! the same.

use crate::p1::line::{ErrorBytes, Rng};

/// A receiver and what it listens to.
#[derive(Clone, Copy, Debug)]
pub struct Receiver {
    /// Length of a bit as read, in 1/1000 of a bit as sent.
    pub bit: u64,
    /// What it makes of starts and stops.
    pub make: Make,
    /// What comes of characters with a low stop bit.
    pub errors: ErrorBytes,
}

/// What a receiver makes of starts and stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Make {
    /// Any fall is a start; a low stop bit is waited out.
    Simple,
    /// A start bit is checked in its middle.
    Checking,
    /// The same, and a low stop bit is a start.
    Hasty,
}

/// All that can come of characters with a low stop bit.
pub const ERRORS: [ErrorBytes; 3] = [ErrorBytes::AsRead, ErrorBytes::AsZero, ErrorBytes::Dropped];

/// All makes.
pub const MAKES: [Make; 3] = [Make::Simple, Make::Checking, Make::Hasty];

/// Idle bits between characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gap {
    /// Always so many.
    Fixed(usize),
    /// Up to so many, by chance.
    UpTo(usize),
}

/// The levels of a burst of 8N1, with idle bits between characters.
pub fn levels(bytes: &[u8], gap: Gap, inverted: bool) -> Vec<bool> {
    let mut rng = Rng::new(7);
    let mut levels = Vec::with_capacity(bytes.len() * 13 + 2 * IDLE);
    levels.resize(IDLE, true);
    for &byte in bytes {
        levels.push(false);
        levels.extend((0..8).map(|bit| byte >> bit & 1 == 1));
        let idle = match gap {
            Gap::Fixed(bits) => bits,
            Gap::UpTo(most) => rng.below(most + 1),
        };
        levels.resize(levels.len() + 1 + idle, true);
    }
    levels.resize(levels.len() + IDLE, true);
    if inverted {
        for level in &mut levels {
            *level = !*level;
        }
    }
    levels
}

impl Receiver {
    /// What it reads.
    pub fn read(&self, levels: &[bool]) -> Vec<u8> {
        let mut read = Vec::with_capacity(levels.len() / 10);
        let mut at = 1;
        while let Some(fall) = fall(levels, at) {
            // In 1/1000 of a bit.
            let mut start = fall as u64 * 1000;
            loop {
                let index = |n: u64| ((start + self.bit * n + self.bit / 2) / 1000) as usize;
                let level = |n: u64| levels.get(index(n)).copied().unwrap_or(true);
                if self.make != Make::Simple && level(0) {
                    at = (start / 1000) as usize + 1;
                    break;
                }
                let value = (0..8).fold(0, |value, n| value | u8::from(level(n + 1)) << n);
                let stop = level(9);
                match self.errors {
                    _ if stop => read.push(value),
                    ErrorBytes::AsRead => read.push(value),
                    ErrorBytes::AsZero => read.push(0),
                    ErrorBytes::Dropped => {}
                }
                at = index(9);
                if stop || self.make != Make::Hasty || at >= levels.len() {
                    at += 1;
                    break;
                }
                start += self.bit * 9;
            }
        }
        read
    }
}

/// First fall from `from` on.
fn fall(levels: &[bool], from: usize) -> Option<usize> {
    let pairs = levels.get(from.checked_sub(1)?..)?;
    pairs
        .windows(2)
        .position(|pair| matches!(pair, [true, false]))
        .map(|at| from + at)
}

/// Idle bits around a burst.
const IDLE: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_settings_read_what_was_sent() {
        let bytes: Vec<u8> = (0..=255).collect();
        for make in MAKES {
            for gap in [Gap::Fixed(0), Gap::Fixed(2), Gap::UpTo(3)] {
                let receiver = Receiver {
                    bit: 1000,
                    make,
                    errors: ErrorBytes::AsRead,
                };
                assert_eq!(receiver.read(&levels(&bytes, gap, false)), bytes);
            }
        }
    }
}
