//! Refused encrypted frames, counted by what happened to each.

use super::damage::{Damage, consensus, weigh};
use super::finding::{Evidence, Finding, Measure, Verdict};
use super::judge::Context;
use super::relatives::{FirstBlock, Relative, is_hex_of_hex};
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
    keys: Vec<(Relative, Note)>,
    tag_only: Vec<(bool, Note)>,
    cut: Vec<Length>,
    shifted: Vec<Shift>,
    damaged: Vec<Damaged>,
    /// Bytes of the frames, and some kinds of them.
    pub wire: Wire,
    headers: Vec<(GeneralGloCiphering, Note)>,
    random: Vec<Note>,
    no_key: Vec<Note>,
    short: Vec<Length>,
    long: Vec<Length>,
    other: Vec<(Verdict, Note)>,
}

/// A frame.
#[derive(Clone, Copy)]
struct Note {
    span: Span,
    title: Option<SystemTitle>,
    counter: u32,
}

/// A readable frame with damaged bytes.
struct Damaged {
    note: Note,
    start: u64,
    text: Vec<u8>,
    wire: Vec<u8>,
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
struct Length {
    note: Note,
    have: u64,
    need: u64,
}

/// A frame in which bytes are missing or too many.
struct Shift {
    note: Note,
    place: u64,
    lost: i64,
    places: usize,
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

    /// The findings, likeliest first.
    pub fn findings(&self, context: &Context<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        self.lengths(&mut findings);
        self.about_keys(context, &mut findings);
        self.about_damage(context, &mut findings);
        self.about_rest(&mut findings);
        findings
    }

    fn lengths(&self, findings: &mut Vec<Finding>) {
        let lost: Vec<_> = self
            .shifted
            .iter()
            .filter(|shift| shift.lost >= 0)
            .collect();
        if let Some(first) = lost.first() {
            let evidence = evidence(&first.note)
                .with(Measure::Place, first.place)
                .with(Measure::Lost, first.lost.unsigned_abs())
                .with(Measure::Seen, first.places as u64);
            findings.push(finding(
                Verdict::LostBytes,
                &first.note,
                lost.len(),
                evidence,
            ));
        }
        let more: Vec<_> = self.shifted.iter().filter(|shift| shift.lost < 0).collect();
        if let Some(first) = more.first() {
            let evidence = evidence(&first.note)
                .with(Measure::Place, first.place)
                .with(Measure::Inserted, first.lost.unsigned_abs());
            findings.push(finding(
                Verdict::InsertedBytes,
                &first.note,
                more.len(),
                evidence,
            ));
        }
        let cut = if self.cut.is_empty() {
            &self.short
        } else {
            &self.cut
        };
        if let Some(first) = cut.first() {
            let same = cut
                .iter()
                .filter(|length| length.have == first.have)
                .count();
            let limit = LIMITS.contains(&first.have) || (same >= 3 && same * 3 >= cut.len() * 2);
            let evidence = evidence(&first.note)
                .with(Measure::Have, first.have)
                .with(Measure::Need, first.need);
            let known = !self.cut.is_empty();
            let found = match limit {
                true => finding(Verdict::BufferLimit, &first.note, cut.len(), evidence)
                    .or(&[Verdict::CutShort]),
                false if known => finding(Verdict::CutShort, &first.note, cut.len(), evidence),
                false => finding(Verdict::LostBytes, &first.note, cut.len(), evidence)
                    .or(&[Verdict::CutShort]),
            };
            findings.push(found);
        }
    }

    fn about_keys(&self, context: &Context<'_>, findings: &mut Vec<Finding>) {
        if let Some((relative, note)) = self.keys.first() {
            let mut evidence = evidence(note).with(Measure::Frames, self.keys.len() as u64);
            evidence.other = relative.other;
            let digits = relative.digits.into_iter().flatten();
            for (measure, digit) in [Measure::Digit, Measure::SecondDigit]
                .into_iter()
                .zip(digits)
            {
                evidence = evidence.with(measure, u64::from(digit));
            }
            findings.push(finding(relative.verdict, note, self.keys.len(), evidence));
        }
        if let Some(first) = self.no_key.first() {
            let evidence = evidence(first).with(Measure::Counter, u64::from(first.counter));
            findings.push(finding(Verdict::NoKey, first, self.no_key.len(), evidence));
        }
        let Some(first) = self.random.first() else {
            return;
        };
        let growing = self
            .random
            .windows(2)
            .filter(|pair| matches!(pair, [a, b] if b.counter.wrapping_sub(a.counter) == 1))
            .count();
        let opened = first.title.is_some_and(|title| context.stream.knows(title))
            || self.readable > 0
            || !self.keys.is_empty();
        let evidence = evidence(first)
            .with(Measure::Frames, self.random.len() as u64)
            .with(Measure::Counter, u64::from(first.counter))
            .with(Measure::Seen, growing as u64);
        let count = self.random.len();
        let hex_of_hex = first
            .title
            .and_then(|title| context.keys.of(title))
            .is_some_and(|keys| is_hex_of_hex(keys.key().bytes()));
        match opened {
            false if hex_of_hex => {
                findings.push(finding(Verdict::KeyHexOfHex, first, count, evidence));
            }
            false if growing > 0 => {
                findings.push(finding(Verdict::WrongKey, first, count, evidence));
            }
            false => findings.push(
                finding(Verdict::WrongKey, first, count, evidence).or(&[Verdict::DamagedHeader]),
            ),
            true if growing >= 2 && growing + 1 >= count => {
                findings.push(finding(Verdict::KeyChanged, first, count, evidence));
            }
            true => findings.push(finding(Verdict::DamagedHeader, first, count, evidence)),
        }
    }

    fn about_damage(&self, context: &Context<'_>, findings: &mut Vec<Finding>) {
        if let Some((public_fits, note)) = self.tag_only.first() {
            let count = self.tag_only.len();
            let evidence = evidence(note).with(Measure::PublicFits, u64::from(*public_fits));
            let opened = note.title.is_some_and(|title| context.stream.knows(title));
            let found = match (opened, count) {
                (true, _) => finding(Verdict::DamagedTag, note, count, evidence),
                (false, 1) if !public_fits => {
                    finding(Verdict::WrongAuthKey, note, count, evidence).or(&[Verdict::DamagedTag])
                }
                _ => finding(Verdict::WrongAuthKey, note, count, evidence),
            };
            findings.push(found);
        }
        if let Some(first) = self.damaged.first() {
            let mut damage = Damage::default();
            let texts: Vec<&[u8]> = self.damaged.iter().map(|d| d.text.as_slice()).collect();
            let known = first
                .note
                .title
                .and_then(|title| context.stream.text(title));
            let agreed = known.map(<[u8]>::to_vec).or_else(|| consensus(&texts));
            let mut offsets = Vec::new();
            for frame in &self.damaged {
                let places = weigh(&mut damage, &frame.text, &frame.wire, agreed.as_deref());
                offsets.extend(places.iter().map(|&at| frame.start + at as u64));
            }
            let found = damage.finding(first.note.span, self.damaged.len(), offsets);
            findings.push(Finding {
                evidence: found.evidence.clone().of(first.note.title),
                ..found
            });
        }
        if let Some((right, note)) = self.headers.first() {
            let evidence = evidence(note)
                .with(Measure::Counter, u64::from(note.counter))
                .with(Measure::RightCounter, u64::from(right.counter.0));
            let count = self.headers.len();
            findings.push(finding(Verdict::DamagedHeader, note, count, evidence));
        }
    }

    fn about_rest(&self, findings: &mut Vec<Finding>) {
        for (verdict, note) in &self.other {
            match findings.iter_mut().find(|known| known.verdict == *verdict) {
                Some(known) => known.count += 1,
                None => findings.push(finding(*verdict, note, 1, evidence(note))),
            }
        }
    }
}

fn evidence(note: &Note) -> Evidence {
    Evidence::default().of(note.title)
}

fn finding(verdict: Verdict, note: &Note, count: usize, evidence: Evidence) -> Finding {
    Finding::new(verdict, note.span, count, evidence)
}

/// Lengths at which buffers of dongles and programs end, in bytes.
const LIMITS: [u64; 9] = [256, 512, 1000, 1024, 1460, 1500, 1800, 2000, 2048];
/// Frames without a readable one after which only their first block is looked at.
const HOPELESS: usize = 6;
/// Frames in which a mended CR is looked for.
const PROOFS: usize = 3;
