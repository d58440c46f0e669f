//! A half-open range of bytes in the stream as it was received.

use std::fmt;

/// Bytes `start..end` of the stream, counted from its first byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u64,
    /// Offset behind the last byte.
    pub end: u64,
}

impl Span {
    /// Makes the span of `length` bytes from `start`.
    pub fn new(start: u64, length: usize) -> Self {
        Self {
            start,
            end: start + length as u64,
        }
    }

    /// Number of bytes in the span.
    pub fn len(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// Tells whether the span holds no byte.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:x}..0x{:x}", self.start, self.end)
    }
}
