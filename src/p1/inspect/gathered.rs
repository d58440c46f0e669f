//! Bytes of one layer put together, each with its place in the stream.

use std::ops::Range;

/// Bytes that came in pieces.
#[derive(Clone, Debug, Default)]
pub(super) struct Gathered {
    /// All of them, one piece behind the other.
    pub bytes: Vec<u8>,
    /// Whether they were encrypted on the wire.
    pub decrypted: bool,
    /// Where each piece begins among the bytes, and in the stream.
    pieces: Vec<(usize, u64)>,
}

impl Gathered {
    /// Bytes in one piece.
    pub fn of(bytes: &[u8], at: u64) -> Self {
        let mut gathered = Self::default();
        gathered.add(bytes, at);
        gathered
    }

    /// Adds a piece.
    pub fn add(&mut self, bytes: &[u8], at: u64) {
        if self.bytes.is_empty() {
            self.pieces.clear();
        }
        self.pieces.push((self.bytes.len(), at));
        self.bytes.extend_from_slice(bytes);
    }

    /// Adds a part of other ones.
    pub fn add_part(&mut self, other: &Self, range: Range<usize>) {
        for (piece, at) in other.pieces(range) {
            self.add(other.bytes.get(piece).unwrap_or_default(), at);
        }
    }

    /// A part of them.
    pub fn part(&self, range: Range<usize>) -> Self {
        let mut part = Self {
            decrypted: self.decrypted,
            ..Self::default()
        };
        if range.is_empty() {
            part.pieces.push((0, self.at(range.start)));
        }
        part.add_part(self, range);
        part
    }

    /// Place in the stream of a byte, or behind the last one.
    pub fn at(&self, index: usize) -> u64 {
        let index = index.min(self.bytes.len());
        // What stands at a border belongs behind the bytes before it, unless a byte follows.
        let piece = self.pieces.iter().rfind(|(begin, _)| {
            *begin < index || *begin == index && index < self.bytes.len() || *begin == 0
        });
        piece.map_or(0, |(begin, at)| at + (index - begin) as u64)
    }

    /// The pieces that a range lies in, each with its place in the stream.
    pub fn pieces(&self, range: Range<usize>) -> impl Iterator<Item = (Range<usize>, u64)> + '_ {
        let ends = self.pieces.iter().skip(1).map(|(begin, _)| *begin);
        let ends = ends.chain([self.bytes.len()]);
        self.pieces
            .iter()
            .zip(ends)
            .filter_map(move |(&(begin, at), end)| {
                let piece = range.start.max(begin)..range.end.min(end);
                let at = at + piece.start.checked_sub(begin)? as u64;
                (!piece.is_empty()).then_some((piece, at))
            })
    }
}
