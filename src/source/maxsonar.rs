//! The level sensor MaxBotix MB7060: `R`, three digits of centimetres, CR, some ten times a second at 9600 8N1.
//!
//! ```text
//! R 1 2 3 CR  R 1 2 4 CR  x y  R 1 2 R 1 2 3 CR
//! |- level -| |- level -| |wrong  ----| |- level -|
//! ```
//! Four digits are read as well. Readings are given as they are sent: nothing is smoothed, nothing is left out.

use jiff::Timestamp;

use crate::p1::event::Junk;
use crate::p1::span::Span;

/// Finds readings in the bytes of the sensor, however they were cut.
#[derive(Clone, Debug, Default)]
pub struct Maxsonar {
    held: Vec<u8>,
    held_at: Option<Timestamp>,
    offset: u64,
}

/// One stretch of the stream: each byte is in exactly one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard<'a> {
    /// A reading.
    Level(Level),
    /// Bytes that belong to no reading.
    Wrong(Junk<'a>),
}

/// One reading of a level sensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// Place in the stream.
    pub span: Span,
    /// Distance from the sensor to the surface, centimetres as sent.
    pub centimetres: u16,
    /// When its first byte was received.
    pub received_at: Option<Timestamp>,
}

impl Maxsonar {
    /// Takes the next bytes of the stream, received at a time if that is known.
    pub fn push(&mut self, bytes: &[u8], at: Option<Timestamp>, mut sink: impl FnMut(Heard<'_>)) {
        for &byte in bytes {
            let length = self.held.len();
            if byte == b'R' {
                self.drop_held(&mut sink);
                self.held_at = at;
            }
            self.held.push(byte);
            match (byte, length) {
                (b'R', _) | (b'0'..=b'9', 1..=DIGITS_MAX) => {}
                (b'\r', 4..) => {
                    let digits = self.held.get(1..length).unwrap_or_default();
                    let fold = |value: u16, digit: &u8| value * 10 + u16::from(digit - b'0');
                    let level = Level {
                        span: Span::new(self.offset, length + 1),
                        centimetres: digits.iter().fold(0, fold),
                        received_at: self.held_at,
                    };
                    self.offset = level.span.end;
                    self.held.clear();
                    sink(Heard::Level(level));
                }
                _ => self.drop_held(&mut sink),
            }
        }
    }

    /// Takes a silence: half a reading is none.
    pub fn quiet(&mut self, mut sink: impl FnMut(Heard<'_>)) {
        self.drop_held(&mut sink);
    }

    /// Offset of the first byte that is in no stretch yet.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    fn drop_held(&mut self, sink: &mut impl FnMut(Heard<'_>)) {
        if self.held.is_empty() {
            return;
        }
        let span = Span::new(self.offset, self.held.len());
        self.offset = span.end;
        sink(Heard::Wrong(Junk {
            span,
            bytes: &self.held,
            again: false,
        }));
        self.held.clear();
    }
}

/// A reading as the sensor sends it.
pub fn encode(centimetres: u16) -> Vec<u8> {
    format!("R{centimetres:03}\r").into_bytes()
}

/// Digits of a reading, at the most.
const DIGITS_MAX: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(pieces: &[&[u8]]) -> (Vec<(u64, u16)>, usize) {
        let mut sensor = Maxsonar::default();
        let (mut levels, mut wrong) = (Vec::new(), 0);
        let mut hear = |heard: Heard<'_>| match heard {
            Heard::Level(level) => levels.push((level.span.start, level.centimetres)),
            Heard::Wrong(junk) => wrong += junk.bytes.len(),
        };
        for piece in pieces {
            sensor.push(piece, None, &mut hear);
        }
        sensor.quiet(&mut hear);
        (levels, wrong)
    }

    #[test]
    fn readings_are_found_however_they_are_cut() {
        let sent = [encode(123), encode(20), encode(1068)].concat();
        let expected = vec![(0, 123), (5, 20), (10, 1068)];
        assert_eq!(levels(&[&sent]), (expected.clone(), 0));
        let single: Vec<&[u8]> = sent.chunks(1).collect();
        assert_eq!(levels(&single), (expected, 0));
    }

    #[test]
    fn wrong_bytes_are_counted_and_cost_no_other_reading() {
        assert_eq!(levels(&[b"23\rR123\r"]), (vec![(3, 123)], 3));
        assert_eq!(levels(&[b"R12R124\r"]), (vec![(3, 124)], 3));
        assert_eq!(
            levels(&[b"R12x\rR124\r\nR12\r"]),
            (vec![(5, 124)], 5 + 1 + 4)
        );
        assert_eq!(levels(&[b"R12345\rR001\r"]), (vec![(7, 1)], 7));
    }
}
