//! An attempt to read the begin of an input in one form.

use super::decoder::{Decoder, Tally};
use super::{DumpError, Form, Piece};

/// How much of the input is there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// More can be waited for.
    Begin,
    /// The window is full.
    Window,
    /// The input has ended.
    All,
}

/// What came of an attempt with one form.
pub(super) struct Probe {
    pub bytes: Vec<u8>,
    pub error: Option<DumpError>,
    noted: bool,
    pub tally: Tally,
}

impl Probe {
    pub(super) fn new(form: Form, input: &[u8], extent: Extent) -> Self {
        let (mut bytes, mut noted) = (Vec::new(), false);
        let mut out = |piece: Piece<'_>| match piece {
            // A row repeated a million times tells no more than once.
            Piece::Bytes(part) if bytes.len() < MOST_BYTES => bytes.extend_from_slice(part),
            Piece::Note(_) => noted = true,
            _ => {}
        };
        let mut decoder = Decoder::new(form);
        let mut result = decoder.push(input, &mut out);
        if extent == Extent::All && result.is_ok() {
            result = decoder.finish(&mut out);
        }
        Self {
            bytes,
            error: result.err(),
            noted,
            tally: decoder.tally(),
        }
    }

    /// True if all of a text of so many bytes is of this form.
    pub(super) fn fits(&self, length: usize) -> bool {
        self.error.is_none()
            && !self.noted
            && self.bytes.len() >= 8
            && self.tally.passed_over * 4 <= length
    }
}

/// So many decoded bytes are enough to tell.
const MOST_BYTES: usize = 128 << 10;
