//! Refused encrypted frames, counted by what happened to each.

use super::context::Context;
use super::finding::Verdict;
use super::relatives::{FirstBlock, Relative};
use super::repair;
use super::text;
use super::trouble::{Piece, PieceKind, Stretch};
use super::view::{Cause, Extent};
use crate::p1::ciphering::{GeneralGloCiphering, SystemTitle};
use crate::p1::event::Reason;
use crate::p1::span::Span;

/// What happened to the encrypted frames among the trouble.
#[derive(Default)]
pub struct Tally {
    /// Frames looked at.
    pub frames: usize,
    /// Frames that the key makes readable.
    pub readable: usize,
    pub(super) keys: Vec<(Relative, Note)>,
    pub(super) tag_only: Vec<(bool, Note)>,
    pub(super) cut: Vec<Length>,
    pub(super) shifted: Vec<Shift>,
    pub(super) damaged: Vec<Damaged>,
    /// Bytes of the frames, and some kinds of them.
    pub wire: Wire,
    pub(super) headers: Vec<(GeneralGloCiphering, Note)>,
    pub(super) random: Vec<Note>,
    pub(super) no_key: Vec<Note>,
    pub(super) short: Vec<Length>,
    pub(super) long: Vec<Length>,
    pub(super) other: Vec<(Verdict, Note)>,
}

/// A frame.
#[derive(Clone, Copy)]
pub(super) struct Note {
    pub(super) span: Span,
    pub(super) title: Option<SystemTitle>,
    pub(super) counter: u32,
}

/// A readable frame with damaged bytes.
pub(super) struct Damaged {
    pub(super) note: Note,
    pub(super) start: u64,
    pub(super) text: Vec<u8>,
    pub(super) wire: Vec<u8>,
}

/// How often the bytes came that a tty changes or eats.
#[derive(Clone, Copy, Default)]
pub struct Wire {
    /// All bytes of refused frames.
    pub bytes: usize,
    /// CR.
    pub cr: usize,
    /// LF.
    pub lf: usize,
    /// XON and XOFF.
    pub flow: usize,
    /// Bytes that frames are short of.
    pub short: usize,
    /// Frames in which the key stream had to be shifted by more than a few bytes at once.
    pub gaps: usize,
    /// Frames in which it had to be shifted at all.
    pub shifted: usize,
    /// Frames that a tty setting explains, by the tag.
    pub proven: usize,
}

/// A frame that is not as long as it says.
#[derive(Clone, Copy)]
pub(super) struct Length {
    pub(super) note: Note,
    pub(super) have: u64,
    pub(super) need: u64,
}

/// A frame in which bytes are missing or too many.
pub(super) struct Shift {
    pub(super) note: Note,
    pub(super) place: u64,
    pub(super) lost: i64,
    pub(super) places: usize,
}

impl Tally {
    /// Looks at one frame and the junk behind it.
    pub fn look(
        &mut self,
        stretch: &Stretch<'_>,
        (from, to): (usize, usize),
        piece: &Piece,
        context: &Context<'_>,
    ) {
        let PieceKind::Frame { header, reason } = piece.kind else {
            return;
        };
        let note = Note {
            span: piece.span,
            title: header.map(|header| header.title),
            counter: header.map_or(0, |header| header.counter.0),
        };
        let Some(header) = header else {
            if matches!(reason, Reason::BadLength { .. }) {
                self.frames += 1;
                self.other.push((Verdict::DamagedHeader, note));
            }
            return;
        };
        self.frames += 1;
        let bytes = stretch.between(from, to);
        let count = |is: fn(&u8) -> bool| bytes.iter().filter(|byte| is(byte)).count();
        self.wire.bytes += bytes.len();
        self.wire.cr += count(|byte| *byte == b'\r');
        self.wire.lf += count(|byte| *byte == b'\n');
        self.wire.flow += count(|byte| matches!(byte, 0x11 | 0x13));
        self.wire.short += header.frame_length().saturating_sub(bytes.len());
        match reason {
            Reason::Unsupported(_) => return self.other.push((Verdict::Unsupported, note)),
            Reason::Downgrade => return self.other.push((Verdict::Downgrade, note)),
            Reason::CrcMismatch(_) => return self.other.push((Verdict::WrongCrc, note)),
            Reason::NoEnd => return self.other.push((Verdict::NoTelegram, note)),
            _ => {}
        }
        let length = Length {
            note,
            have: bytes.len() as u64,
            need: header.frame_length() as u64,
        };
        let Some(keys) = context.keys.of(header.title) else {
            self.no_key.push(note);
            if length.have < length.need {
                self.short.push(length);
            } else if length.have > length.need {
                self.long.push(length);
            }
            return;
        };
        let usual = context.stream.known().length.or(context.usual_length);
        let mended = usual.filter(|&usual| {
            let right = GeneralGloCiphering {
                length: usual,
                ..header
            };
            usual != header.length && right.frame_length() == bytes.len()
        });
        if let Some(length) = mended {
            // As long as all others: the length field is what was damaged.
            let right = GeneralGloCiphering { length, ..header };
            let extent = Extent {
                header: right,
                bytes,
            };
            let cause = extent.under(keys);
            if cause != Cause::Random {
                self.readable += 1;
                self.headers.push((right, note));
                if let Cause::Damaged { text, .. } = cause {
                    self.damaged_text(note, piece.span.start, &right, bytes, text);
                }
                return;
            }
        }
        if let Some(block) = FirstBlock::of(&header, bytes) {
            // A wrong key stays wrong: what was found out once need not be searched for again.
            if let Some(known) = self.keys.first().map(|(known, _)| *known)
                && known.opens(&block)
            {
                return self.keys.push((known, note));
            }
            let hopeless = self.random.len() >= HOPELESS && self.readable == 0;
            if hopeless && !block.opens(keys.key().bytes()) {
                return self.random.push(note);
            }
        }
        let extent = Extent { header, bytes };
        let patient = context.patient && self.random.is_empty();
        let cause = extent.examine(keys, context.keys, &piece.known, patient);
        if self.wire.cr == 0 && self.wire.proven < PROOFS && bytes.len() >= extent.need() {
            let mended = repair::icrnl(bytes, keys);
            self.wire.proven += usize::from(mended.is_some());
        }
        self.readable += usize::from(!matches!(cause, Cause::Random | Cause::Key(_)));
        match cause {
            Cause::Good => {}
            Cause::TagOnly { public_fits } => self.tag_only.push((public_fits, note)),
            Cause::Cut => self.cut.push(length),
            Cause::Header(right) => {
                self.headers.push((right, note));
                // Where the header was damaged, the text often was as well.
                let extent = Extent {
                    header: right,
                    bytes,
                };
                if let Cause::Damaged { text, .. } = extent.under(keys) {
                    self.damaged_text(note, piece.span.start, &right, bytes, text);
                }
            }
            Cause::Key(relative) => self.keys.push((relative, note)),
            Cause::Random => {
                self.random.push(note);
                if length.have < length.need {
                    self.short.push(length);
                }
            }
            Cause::Shifted { changes } => {
                let (place, lost) = changes.first().copied().unwrap_or_default();
                self.wire.shifted += 1;
                self.wire.gaps +=
                    usize::from(changes.iter().any(|(_, lost)| !(0..=3).contains(lost)));
                self.shifted.push(Shift {
                    note,
                    place: piece.span.start + place as u64,
                    lost,
                    places: changes.len(),
                });
            }
            Cause::Damaged { text, .. } => {
                self.damaged_text(note, piece.span.start, &header, bytes, text);
            }
        }
    }

    fn damaged_text(
        &mut self,
        note: Note,
        offset: u64,
        header: &GeneralGloCiphering,
        bytes: &[u8],
        text: Vec<u8>,
    ) {
        let start = header.header_length;
        // More than that is no damage that single bytes could tell of.
        if text::oddities(&text).len() * 4 > text.len() {
            return;
        }
        self.damaged.push(Damaged {
            note,
            start: offset + start as u64,
            text,
            wire: bytes.get(start..).unwrap_or_default().to_vec(),
        });
    }
}

/// Frames without a readable one after which only their first block is looked at.
const HOPELESS: usize = 6;
/// Frames in which a mended CR is looked for.
const PROOFS: usize = 3;
