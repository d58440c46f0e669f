//! What is kept of the trouble: refused frames and junk, with their bytes, bounded.

use std::ops::Range;

use crate::p1::ciphering::GeneralGloCiphering;
use crate::p1::diagnosis::encrypted::untrusted_frame::LastGood;
use crate::p1::event::Reason;
use crate::p1::span::Span;

/// The troubled stretches of a stream.
#[derive(Clone, Debug, Default)]
pub struct Anomalies {
    bytes: Vec<u8>,
    pieces: Vec<Anomaly>,
}

/// A refused frame, or junk.
#[derive(Clone, Debug)]
pub struct Anomaly {
    /// Place in the stream.
    pub span: Span,
    /// What it was taken for.
    pub kind: AnomalyKind,
    /// What was known from good frames then.
    pub known: LastGood,
    /// The burst, or the input, ended behind it.
    pub last: bool,
    at: Range<usize>,
}

/// What a piece was taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnomalyKind {
    /// Bytes outside of frames.
    Junk,
    /// A refused frame.
    Frame {
        /// Its header, where it was legal.
        header: Option<GeneralGloCiphering>,
        /// Why it was refused.
        reason: Reason,
    },
}

/// Pieces that lie side by side in the stream.
#[derive(Clone, Copy, Debug)]
pub struct Stretch<'a> {
    /// The pieces, in order.
    pub pieces: &'a [Anomaly],
    trouble: &'a Anomalies,
}

impl Anomalies {
    /// Keeps a piece; the oldest are forgotten when it gets too much.
    pub fn push(&mut self, span: Span, kind: AnomalyKind, bytes: &[u8], known: LastGood) {
        if self.bytes.len() + bytes.len() > BYTES_MAX || self.pieces.len() >= PIECES_MAX {
            self.forget();
        }
        let kept = bytes.get(..BYTES_MAX / 4).unwrap_or(bytes);
        let start = self.bytes.len();
        self.bytes.extend_from_slice(kept);
        self.pieces.push(Anomaly {
            span,
            kind,
            known,
            last: false,
            at: start..self.bytes.len(),
        });
    }

    /// Marks the end of a burst.
    pub fn end_burst(&mut self, offset: u64) {
        if let Some(last) = self.pieces.last_mut()
            && last.span.end == offset
        {
            last.last = true;
        }
    }

    /// Forgets the older half.
    fn forget(&mut self) {
        let half = self.bytes.len() / 2;
        let keep = self
            .pieces
            .iter()
            .position(|piece| piece.at.start >= half)
            .unwrap_or(self.pieces.len());
        let start = self
            .pieces
            .get(keep)
            .map_or(self.bytes.len(), |piece| piece.at.start);
        self.pieces.drain(..keep.max(1).min(self.pieces.len()));
        let start = self.pieces.first().map_or(start, |piece| piece.at.start);
        self.bytes.drain(..start);
        for piece in &mut self.pieces {
            piece.at = piece.at.start - start..piece.at.end - start;
        }
    }

    /// Tells whether there is none.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Stretches of pieces that lie side by side.
    pub fn stretches(&self) -> impl Iterator<Item = Stretch<'_>> {
        self.pieces
            .chunk_by(|a, b| a.span.end == b.span.start)
            .map(|pieces| Stretch {
                pieces,
                trouble: self,
            })
    }
}

impl<'a> Stretch<'a> {
    /// Place in the stream.
    pub fn span(&self) -> Span {
        let start = self.pieces.first().map_or(0, |piece| piece.span.start);
        let end = self.pieces.last().map_or(0, |piece| piece.span.end);
        Span { start, end }
    }

    /// All bytes of the stretch.
    pub fn bytes(&self) -> &'a [u8] {
        self.between(0, self.pieces.len())
    }

    /// The bytes of a run of pieces.
    pub fn between(&self, from: usize, to: usize) -> &'a [u8] {
        let pieces = self.pieces.get(from..to).unwrap_or_default();
        match (pieces.first(), pieces.last()) {
            (Some(first), Some(last)) => self
                .trouble
                .bytes
                .get(first.at.start..last.at.end)
                .unwrap_or_default(),
            _ => &[],
        }
    }

    /// Frames with what follows them up to the next frame: index of the piece, index behind, the piece.
    pub fn frames(&self) -> impl Iterator<Item = (usize, usize, &'a Anomaly)> + use<'a> {
        let pieces = self.pieces;
        let frames = pieces.iter().enumerate();
        frames
            .filter(|(_, piece)| piece.kind != AnomalyKind::Junk)
            .map(move |(index, piece)| {
                let rest = pieces.get(index + 1..).unwrap_or_default();
                let junk = rest
                    .iter()
                    .take_while(|piece| piece.kind == AnomalyKind::Junk)
                    .count();
                (index, index + 1 + junk, piece)
            })
    }
}

/// Bytes kept of the trouble.
const BYTES_MAX: usize = 128 << 10;
/// Pieces kept.
const PIECES_MAX: usize = 512;
