//! Refused encrypted frames, counted by what happened to each.

mod align;
mod findings;
pub(super) mod flow;
pub(super) mod host;
pub(super) mod untrusted_frame;

use crate::p1::cipher::Keys;
use crate::p1::ciphering::{GeneralGloCiphering, SystemTitle};
use crate::p1::diagnosis::anomalies::{Anomaly, AnomalyKind, Stretch};
use crate::p1::diagnosis::context::Context;
use crate::p1::diagnosis::encrypted::untrusted_frame::{Cause, LastGood, UntrustedFrame};
use crate::p1::diagnosis::finding::Verdict;
use crate::p1::diagnosis::keys::miscopied::{FirstBlock, MiscopiedKey};
use crate::p1::diagnosis::keys::sealed::{AuthKeyFault, Proof, Sealed};
use crate::p1::diagnosis::repair;
use crate::p1::diagnosis::text;
use crate::p1::event::Reason;
use crate::p1::push::transcode::Transcoder;
use crate::p1::span::Span;

/// What happened to the encrypted frames among the trouble.
#[derive(Default)]
pub struct EncryptedFrames {
    /// Frames looked at.
    pub frames: usize,
    /// Frames that the key makes readable.
    pub readable: usize,
    /// Meters whose key is right.
    pub(super) opened: Vec<SystemTitle>,
    pub(super) keys: Vec<(MiscopiedKey, Note)>,
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
    /// Genuine frames whose text has a wrong CRC.
    pub(super) crc: Vec<(Note, Vec<u8>)>,
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
#[derive(Clone, Default)]
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
    /// The first of those, and the bytes in it that were changed.
    pub changed: Option<(Span, Vec<u64>)>,
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

impl EncryptedFrames {
    /// Looks at one frame and the junk behind it.
    pub fn look(
        &mut self,
        stretch: &Stretch<'_>,
        (from, to): (usize, usize),
        piece: &Anomaly,
        context: &Context<'_>,
    ) {
        let AnomalyKind::Frame { header, reason } = piece.kind else {
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
            Reason::CrcMismatch(_) => {
                let text = context.keys.of(header.title).and_then(|keys| {
                    let mut text = vec![0; header.text_length()];
                    keys.view(&header, bytes, &mut text).ok()?;
                    Some(text)
                });
                return self.crc.push((note, text.unwrap_or_default()));
            }
            Reason::NoEnd => return self.other.push((Verdict::NoTelegram, note)),
            _ => {}
        }
        let length = Length {
            note,
            have: bytes.len() as u64,
            need: header.frame_length() as u64,
        };
        if let Some(title) = near_title(header.title, context)
            && self.under_title(title, &header, bytes, note, context)
        {
            return;
        }
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
            let extent = UntrustedFrame {
                header: right,
                bytes,
            };
            let cause = extent.under(keys);
            if cause != Cause::Random {
                self.opened(note);
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
        let extent = UntrustedFrame { header, bytes };
        let patient = context.patient && self.random.is_empty();
        let cause = extent.examine(keys, context.keys, &piece.known, patient);
        if self.wire.cr == 0
            && self.wire.proven < PROOFS
            && bytes.len() >= extent.need()
            && let Some(mended) = repair::icrnl(bytes, |_| Some(keys))
        {
            self.wire.proven += 1;
            let pairs = (piece.span.start..).zip(mended.iter().zip(bytes));
            let changed = pairs.filter(|(_, (sent, seen))| sent != seen);
            let places = changed.map(|(place, _)| place).collect();
            self.wire.changed.get_or_insert((piece.span, places));
        }
        if !matches!(cause, Cause::Random | Cause::Key(_)) {
            self.opened(note);
        }
        match cause {
            Cause::Good => {}
            Cause::TagOnly { public_fits } => self.tag_only.push((public_fits, note)),
            Cause::Cut => self.cut.push(length),
            Cause::Header(right) => {
                self.headers.push((right, note));
                // Where the header was damaged, the text often was as well.
                let extent = UntrustedFrame {
                    header: right,
                    bytes,
                };
                if let Cause::Damaged { text, .. } = extent.under(keys) {
                    self.damaged_text(note, piece.span.start, &right, bytes, text);
                }
            }
            Cause::Key(miscopied) => self.keys.push((miscopied, note)),
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

    /// Looks at a push that the keys do not fit; its link frames are whole.
    pub(super) fn push(&mut self, span: Span, sealed: &Sealed, context: &Context<'_>) {
        let mut transcoder = Transcoder::default();
        self.frames += 1;
        let note = Note {
            span,
            title: Some(sealed.header.title),
            counter: sealed.header.counter.0,
        };
        let Some(keys) = context.keys.of(sealed.header.title) else {
            return self.no_key.push(note);
        };
        match sealed.under(keys, &mut transcoder) {
            Some(Proof::TextOnly) => {
                self.opened(note);
                let fault = sealed.auth_key_fault(keys, &mut transcoder);
                self.tag_only
                    .push((fault == Some(AuthKeyFault::Public), note));
            }
            Some(_) => self.opened(note),
            None => {
                let known = self.keys.first().map(|(known, _)| *known);
                let known = known.filter(|known| {
                    let keys = known.keys(keys);
                    sealed.under(&keys, &mut transcoder).is_some()
                });
                // A wrong key stays wrong.
                let patient = context.patient && self.random.is_empty();
                let miscopied = known.or_else(|| match self.random.len() {
                    0..HOPELESS => sealed.miscopied(keys, context.keys, patient, &mut transcoder),
                    _ => None,
                });
                match miscopied {
                    Some(miscopied) => self.keys.push((miscopied, note)),
                    None => self.random.push(note),
                }
            }
        }
    }

    /// Looks at a frame whose title has a few wrong bits; false where that is not what happened.
    fn under_title(
        &mut self,
        title: SystemTitle,
        header: &GeneralGloCiphering,
        bytes: &[u8],
        note: Note,
        context: &Context<'_>,
    ) -> bool {
        let right = GeneralGloCiphering { title, ..*header };
        let extent = UntrustedFrame {
            header: right,
            bytes,
        };
        let Some(keys) = context.keys.of(title) else {
            return false;
        };
        let known = LastGood::default();
        let note = Note {
            title: Some(title),
            ..note
        };
        let right = match extent.examine(keys, &Keys::default(), &known, false) {
            Cause::Random | Cause::Key(_) => return false,
            Cause::Header(right) => right,
            _ => right,
        };
        self.opened(note);
        self.headers.push((right, note));
        let extent = UntrustedFrame {
            header: right,
            bytes,
        };
        if let Cause::Damaged { text, .. } = extent.under(keys) {
            self.damaged_text(note, note.span.start, &right, bytes, text);
        }
        true
    }

    /// Takes note that the key of a meter is right.
    fn opened(&mut self, note: Note) {
        self.readable += 1;
        if let Some(title) = note.title.filter(|title| !self.opened.contains(title)) {
            self.opened.push(title);
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

/// A meter with a key from whose title a few bits make this one, which is nobody's.
fn near_title(title: SystemTitle, context: &Context<'_>) -> Option<SystemTitle> {
    if context.keys.has(title) || context.stream.knows(title) {
        return None;
    }
    let number = |title: SystemTitle| u64::from_be_bytes(title.0);
    let ring = context.keys.meters().map(|(title, _)| title);
    ring.chain(context.stream.titles())
        .map(|known| ((number(known) ^ number(title)).count_ones(), known))
        .filter(|(bits, _)| *bits <= TITLE_BITS)
        .min()
        .map(|(_, known)| known)
}

/// Bits of a title that damage turns, at the most: meters of one series differ in as few.
const TITLE_BITS: u32 = 8;
/// Frames without a readable one after which only their first block is looked at.
const HOPELESS: usize = 6;
/// Frames in which a mended CR is looked for.
const PROOFS: usize = 3;
