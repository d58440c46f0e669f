//! What happened to each of the refused plain telegrams, and the findings from all of them.

use crate::p1::diagnosis::context::Context;
use crate::p1::diagnosis::damage::{Damage, same_kind, weigh};
use crate::p1::diagnosis::finding::{Evidence, Finding, Measure, Verdict};
use crate::p1::diagnosis::plain::blotted::{Blotted, blotted};
use crate::p1::diagnosis::plain::crc_hints::{ends_like_one, first_bad_line, one_bit};
use crate::p1::diagnosis::plain::missing_lines;
use crate::p1::diagnosis::repair;
use crate::p1::diagnosis::text;
use crate::p1::readout::{Crc, SentCrc};
use crate::p1::span::Span;

/// A refused plain telegram.
pub(super) struct Text<'a> {
    pub(super) span: Span,
    pub(super) bytes: &'a [u8],
    pub(super) crc: Option<Crc>,
    /// It is known to end where it should.
    pub(super) ended: bool,
}

/// What was found out about all of them.
#[derive(Default)]
pub(super) struct Found<'a> {
    damage: Damage,
    offsets: Vec<u64>,
    damaged: Vec<Span>,
    lost: Vec<(Span, u64, Option<u64>)>,
    inserted: Vec<(Span, u64, u64)>,
    /// Those from which something has to be taken out: what was done to them, where it begins, and how much.
    extra: Vec<(Verdict, Span, u64, u64)>,
    cut: Vec<&'a Text<'a>>,
    crc: Vec<&'a Text<'a>>,
    /// Those with something blotted out by hand.
    blotted: Vec<(Span, Blotted)>,
    /// Those whose CRC is one of another kind.
    pub(super) summed: Vec<&'a Text<'a>>,
}

impl<'a> Found<'a> {
    /// Looks at a telegram: held against one that is as it should be, and against the others.
    pub(super) fn look(&mut self, text: &'a Text<'a>, reference: Option<&[u8]>, others: &[&[u8]]) {
        let bytes = text.bytes;
        if text.crc.is_some()
            && let Some(found) = blotted(bytes)
        {
            return self.blotted.push((text.span, found));
        }
        let is_whole = text.crc.is_some() && first_bad_line(bytes).is_none();
        if is_whole && let Some(lost) = missing_lines::missing(bytes, others) {
            let place = text.span.start + lost.place as u64;
            return self.lost.push((text.span, place, Some(lost.bytes as u64)));
        }
        if let Some(reference) = reference
            && self.compare(text, reference)
        {
            return;
        }
        if !text.ended && !ends_like_one(bytes) {
            return self.cut.push(text);
        }
        if let Some((at, sent)) = one_bit(bytes) {
            self.damage.exact(sent, bytes.get(at).copied().unwrap_or(0));
            self.offsets.push(text.span.start + at as u64);
            return self.damaged.push(text.span);
        }
        let odd = text::oddities(bytes);
        let joint = matches!((odd.first(), odd.last()), (Some(a), Some(b)) if b - a <= 2)
            && odd
                .iter()
                .all(|&at| bytes.get(at).is_some_and(|&b| text::is_readable(b)));
        let fault = first_bad_line(bytes);
        if joint || (odd.is_empty() && fault.is_some()) {
            let place = odd.first().copied().or(fault).unwrap_or(0);
            return self
                .lost
                .push((text.span, text.span.start + place as u64, None));
        }
        if odd.is_empty() {
            return self.crc.push(text);
        }
        for at in odd {
            self.damage
                .look(bytes, at, bytes.get(at).copied().unwrap_or(0));
            self.offsets.push(text.span.start + at as u64);
        }
        self.damaged.push(text.span);
    }

    /// Takes a telegram that is right once NULs, or a second CR at the line ends, are taken out; false for others.
    pub(super) fn has_extra(&mut self, text: &Text<'_>) -> bool {
        let Some(right) = repair::undone(text.bytes) else {
            return false;
        };
        let Some(more @ 1..) = text.bytes.len().checked_sub(right.frame.len()) else {
            return false;
        };
        let same = text
            .bytes
            .iter()
            .zip(&right.frame)
            .take_while(|(a, b)| a == b);
        let place = text.span.start + same.count() as u64;
        self.extra
            .push((right.verdict, text.span, place, more as u64));
        true
    }

    /// Holds a telegram against one that is as it should be; false where they are too different.
    fn compare(&mut self, text: &'a Text<'a>, reference: &[u8]) -> bool {
        let bytes = text.bytes;
        let same = |(a, b): &(&u8, &u8)| same_kind(**a, **b);
        let front = bytes.iter().zip(reference).take_while(same).count();
        let back = bytes
            .iter()
            .rev()
            .zip(reference.iter().rev())
            .take_while(same)
            .count();
        let missing = reference.len() as i64 - bytes.len() as i64;
        if missing == 0 {
            let alike = bytes.iter().zip(reference).filter(same).count();
            if alike * 3 < bytes.len() * 2 {
                return false;
            }
            let places = weigh(&mut self.damage, bytes, bytes, Some(reference));
            if places.is_empty() {
                match one_bit(bytes) {
                    Some((at, sent)) => {
                        self.damage.exact(sent, bytes.get(at).copied().unwrap_or(0))
                    }
                    None => {
                        self.crc.push(text);
                        return true;
                    }
                }
            }
            self.offsets
                .extend(places.iter().map(|&at| text.span.start + at as u64));
            self.damaged.push(text.span);
            return true;
        }
        if missing > 0 && front == bytes.len() || (!text.ended && front + MARGIN >= bytes.len()) {
            self.cut.push(text);
            return true;
        }
        if front + back + MARGIN < bytes.len().min(reference.len()) {
            return false;
        }
        let place = text.span.start + front as u64;
        match missing > 0 {
            true => self.lost.push((text.span, place, Some(missing as u64))),
            false => self
                .inserted
                .push((text.span, place, missing.unsigned_abs())),
        }
        true
    }

    /// The findings, likeliest first.
    pub(super) fn findings(&mut self, context: &Context<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        if self.damaged.len() > self.lost.len() {
            // A line that breaks off may have been damaged, as others were.
            let (sure, unsure): (Vec<_>, Vec<_>) =
                self.lost.drain(..).partition(|(_, _, lost)| lost.is_some());
            self.lost = sure;
            self.damaged
                .extend(unsure.into_iter().map(|(span, _, _)| span));
        }
        if let Some(&(span, found)) = self.blotted.first() {
            let mut evidence = Evidence::default()
                .with(Measure::Place, span.start + found.place as u64)
                .with(Measure::Seen, found.lines as u64);
            evidence.code = found.code;
            let count = self.blotted.len();
            findings.push(Finding::new(Verdict::BlottedOut, span, count, evidence));
        }
        let guessed = self.lost.first().is_some_and(|(_, _, lost)| lost.is_none());
        if guessed && self.damaged.len() < self.lost.len() {
            // A break in the middle of a number looks like a wrong character, or like none.
            let crc = self.crc.drain(..).map(|text| text.span);
            let rest = self.damaged.drain(..).chain(crc);
            self.lost.extend(rest.map(|span| (span, span.start, None)));
        }
        if let Some(&(span, place, lost)) = self.lost.first() {
            let mut evidence = Evidence::default().with(Measure::Place, place);
            if let Some(lost) = lost {
                evidence = evidence.with(Measure::Lost, lost);
            }
            let finding = Finding::new(Verdict::LostBytes, span, self.lost.len(), evidence);
            findings.push(match lost {
                Some(_) => finding,
                None => finding.or(&[Verdict::DamagedFrame]),
            });
        }
        for verdict in [Verdict::LineEnds, Verdict::InsertedBytes] {
            let alike = || self.extra.iter().filter(|(done, ..)| *done == verdict);
            if let Some(&(_, span, place, more)) = alike().next() {
                let evidence = Evidence::default()
                    .with(Measure::Place, place)
                    .with(Measure::Inserted, more)
                    .with(Measure::Proven, 1);
                findings.push(Finding::new(verdict, span, alike().count(), evidence));
            }
        }
        if let Some(&(span, place, more)) = self.inserted.first() {
            let evidence = Evidence::default()
                .with(Measure::Place, place)
                .with(Measure::Inserted, more);
            findings.push(Finding::new(
                Verdict::InsertedBytes,
                span,
                self.inserted.len(),
                evidence,
            ));
        }
        if let Some(first) = self.cut.first() {
            let length = first.bytes.len() as u64;
            let same = self
                .cut
                .iter()
                .filter(|text| text.bytes.len() as u64 == length)
                .count();
            let most = same * 3 >= self.cut.len() * 2;
            let limit = most && (LIMITS.contains(&length) || same >= 3);
            let verdict = if limit {
                Verdict::BufferLimit
            } else {
                Verdict::CutShort
            };
            let mut evidence = Evidence::default().with(Measure::Have, length);
            if let Some(text) = context.stream.plain_text() {
                evidence = evidence.with(Measure::Need, text.len() as u64);
            }
            findings.push(Finding::new(verdict, first.span, self.cut.len(), evidence));
        }
        if let Some(&span) = self.damaged.first() {
            findings.push(
                self.damage
                    .finding(span, self.damaged.len(), self.offsets.clone()),
            );
        }
        if let Some(first) = self.crc.first() {
            let sent = match first.crc.map(|crc| crc.received) {
                Some(SentCrc::Digits(sent)) => u64::from(sent),
                _ => 0,
            };
            let computed = first.crc.map_or(0, |crc| u64::from(crc.computed));
            let evidence = Evidence::default()
                .with(Measure::CrcSent, sent)
                .with(Measure::CrcComputed, computed);
            let others: usize = findings.iter().map(|finding| finding.count).sum();
            let alone = context.good == 0 && self.crc.len() > 4 * others;
            let verdict = if alone {
                Verdict::WrongCrc
            } else {
                Verdict::DamagedFrame
            };
            let found = Finding::new(verdict, first.span, self.crc.len(), evidence);
            match findings
                .iter_mut()
                .find(|known| known.verdict.is_damage() && !alone)
            {
                Some(known) => known.count += found.count,
                None if self.crc.len() == 1 && alone => findings.push(lone(found, first)),
                None => findings.push(found),
            }
        }
        findings
    }
}

/// One telegram whose CRC is wrong, and nothing to hold it against.
fn lone(found: Finding, text: &Text<'_>) -> Finding {
    let Some(place) = missing_lines::lacks_sibling(text.bytes) else {
        return found.or(&[Verdict::DamagedFrame, Verdict::LostBytes]);
    };
    let evidence = Evidence::default().with(Measure::Place, text.span.start + place as u64);
    Finding::new(Verdict::LostBytes, text.span, 1, evidence).or(&[Verdict::WrongCrc])
}

/// Lengths at which buffers of dongles and programs end, in bytes.
const LIMITS: [u64; 9] = [256, 512, 1000, 1024, 1460, 1500, 1800, 2000, 2048];
/// Characters around a break that can agree by chance, less.
const MARGIN: usize = 8;
