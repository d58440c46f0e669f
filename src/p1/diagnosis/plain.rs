//! Refused plain telegrams, counted by what happened to each.
//!
//! The CRC says only that something is wrong. A good telegram of the same meter, or what most of several bad
//! ones agree on, says what; with neither, the grammar of the lines must do.

mod blotted;
mod crc_hints;
mod damage_kinds;
mod missing_lines;

use crate::p1::diagnosis::anomalies::{AnomalyKind, Stretch};
use crate::p1::diagnosis::context::Context;
use crate::p1::diagnosis::damage::{consensus, rebuilt};
use crate::p1::diagnosis::finding::{Evidence, Finding, Measure, Verdict};
use crate::p1::diagnosis::plain::crc_hints::first_bad_line;
use crate::p1::diagnosis::plain::damage_kinds::{Found, Text};
use crate::p1::diagnosis::repair;
use crate::p1::diagnosis::sums::{self, Sum};
use crate::p1::diagnosis::text;
use crate::p1::event::Reason;
use crate::p1::span::Span;

/// The plain telegrams among the trouble.
#[derive(Default)]
pub struct PlainFrames<'a> {
    texts: Vec<Text<'a>>,
}

impl<'a> PlainFrames<'a> {
    /// Takes the plain telegrams of a stretch.
    pub fn look(&mut self, stretch: &Stretch<'a>, lead: bool) {
        for (index, piece) in stretch.pieces.iter().enumerate() {
            let bytes = stretch.between(index, index + 1);
            let (crc, ended) = match piece.kind {
                AnomalyKind::Frame {
                    header: None,
                    reason: Reason::CrcMismatch(crc),
                } => (Some(crc), true),
                AnomalyKind::Frame {
                    header: None,
                    reason: Reason::NoEnd,
                } => (None, bytes.trim_ascii_end().ends_with(b"!")),
                AnomalyKind::Frame {
                    header: None,
                    reason: Reason::NoStart,
                } => (None, true),
                AnomalyKind::Junk if !lead && is_telegram_without_start(bytes) => (None, true),
                _ => continue,
            };
            self.texts.push(Text {
                span: piece.span,
                bytes,
                crc,
                ended,
            });
        }
    }

    /// Telegrams looked at.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// The findings, likeliest first.
    pub fn findings(&self, context: &Context<'_>) -> Vec<Finding> {
        if self.texts.is_empty() {
            return Vec::new();
        }
        if let Some(found) = self.line_ends() {
            return vec![found];
        }
        let ended = self.texts.iter().filter(|text| text.crc.is_some());
        let texts: Vec<&[u8]> = ended.map(|text| text.bytes).collect();
        let known = context.stream.plain_text().map(<[u8]>::to_vec);
        // Texts that lost as many bytes each, but elsewhere, agree on nothing that is a telegram.
        let agreed = || consensus(&texts).filter(|text| first_bad_line(text).is_none());
        let reference = known.or_else(agreed).or_else(|| rebuilt(&texts));
        let others = context.stream.plain_text().into_iter();
        let others: Vec<&[u8]> = others
            .chain(texts.iter().copied())
            .take(OTHERS_MAX)
            .collect();
        let mut found = Found::default();
        let sum = sums::common(&texts).map(|(sum, _)| sum);
        for text in &self.texts {
            if sum.is_some_and(|sum| sum.fits(text.bytes)) {
                found.summed.push(text);
            } else if !found.has_extra(text) {
                found.look(text, reference.as_deref(), &others);
            }
        }
        let mut findings = found.findings(context);
        if let (Some(sum), Some(first)) = (sum, found.summed.first()) {
            let finding = other_crc(sum, first.span, found.summed.len());
            findings.insert(0, finding);
        }
        findings
    }

    /// No CR at all: a tty, an editor or git.
    fn line_ends(&self) -> Option<Finding> {
        let count = |byte| {
            self.texts
                .iter()
                .map(|text| memchr::memchr_iter(byte, text.bytes).count())
                .sum::<usize>()
        };
        let (cr, lf) = (count(b'\r'), count(b'\n'));
        if cr > 0 || lf < 3 {
            return None;
        }
        let pairs = |text: &Text<'_>| memchr::memmem::find_iter(text.bytes, b"\n\n").count();
        let doubled: usize = self.texts.iter().map(pairs).sum();
        let verdict = match doubled * 2 * 10 >= lf * 8 {
            true => Verdict::Icrnl,
            false => Verdict::LineEnds,
        };
        let proven = self
            .texts
            .iter()
            .filter(|text| repair::plain(text.bytes).is_some())
            .count();
        let evidence = Evidence::default()
            .with(Measure::Seen, lf as u64)
            .with(Measure::Expected, (lf - doubled) as u64)
            .with(Measure::Proven, u64::from(proven > 0));
        let span = self.texts.first()?.span;
        let finding = Finding::new(verdict, span, self.texts.len(), evidence);
        Some(match verdict {
            Verdict::Icrnl => finding.or(&[Verdict::Cooked]),
            _ => finding,
        })
    }
}

/// The finding about a CRC of another kind.
pub fn other_crc(sum: Sum, span: Span, count: usize) -> Finding {
    let evidence = Evidence::default().with(Measure::Sum, sum.number());
    Finding::new(Verdict::OtherCrc, span, count, evidence)
}

/// Junk that is the rest of a telegram: lines, and an end.
fn is_telegram_without_start(bytes: &[u8]) -> bool {
    bytes.len() >= 60
        && text::readable_permille(bytes) >= 800
        && memchr::memmem::find_iter(bytes, b")\r\n").count() >= 2
}

/// Telegrams that each is held against.
const OTHERS_MAX: usize = 12;
