//! What happens to pushes on their way: parts that are lost, check sums that do not fit, buffers that are too small.

use super::finding::{Evidence, Finding, Measure, Verdict};
use crate::p1::event::{Reason, Refused};
use crate::p1::span::Span;

/// Pushes that were refused, by what was wrong with them.
#[derive(Clone, Debug, Default)]
pub struct Links {
    lost: Seen,
    sums: Seen,
    opened: Seen,
    cut: Seen,
    /// Lengths at which pushes were cut, and how often.
    lengths: Vec<(u64, usize)>,
}

/// How often, and where first.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    count: usize,
    span: Span,
}

impl Seen {
    fn note(&mut self, span: Span) {
        if self.count == 0 {
            self.span = span;
        }
        self.count += 1;
    }
}

impl Links {
    /// Takes a push that was refused; false where that has nothing to do with its way.
    pub fn take(&mut self, refused: &Refused<'_>) -> bool {
        let seen = match refused.reason {
            Reason::SegmentMissing | Reason::BlockMissing => &mut self.lost,
            Reason::ChecksumMismatch => &mut self.sums,
            Reason::OpenedInPlace => &mut self.opened,
            Reason::Truncated { .. } => {
                let have = refused.span.len();
                let full = self.lengths.len() >= LENGTHS_MAX;
                match self.lengths.iter_mut().find(|(length, _)| *length == have) {
                    Some((_, times)) => *times += 1,
                    None if full => {}
                    None => self.lengths.push((have, 1)),
                }
                &mut self.cut
            }
            _ => return false,
        };
        seen.note(refused.span);
        true
    }

    /// What it shows, beside so many good pushes; `ended` says that nothing follows.
    pub fn findings(&self, good: u64, ended: bool) -> Vec<Finding> {
        let refused = self.lost.count + self.sums.count + self.cut.count;
        let all = good + refused as u64;
        let mut findings = Vec::new();
        let mut find = |verdict: Verdict, seen: Seen, evidence: Evidence| {
            let evidence = evidence
                .with(Measure::Seen, seen.count as u64)
                .with(Measure::Frames, all);
            findings.push(Finding::new(verdict, seen.span, seen.count, evidence));
        };
        if self.opened.count > 0 {
            find(Verdict::OpenedInPlace, self.opened, Evidence::default());
        }
        let usual = self.lengths.iter().max_by_key(|(_, times)| *times);
        match usual {
            // Buffers have round sizes.
            Some((length, times))
                if *times >= 2 && *times * 2 > refused && length % BUFFER_STEP == 0 =>
            {
                let evidence = Evidence::default().with(Measure::Have, *length);
                find(Verdict::BufferLimit, self.cut, evidence);
            }
            // The last one of a recording is seldom whole.
            Some((length, _)) if self.cut.count > usize::from(ended && good > 0) => {
                let evidence = Evidence::default().with(Measure::Have, *length);
                find(Verdict::CutShort, self.cut, evidence);
            }
            _ => {}
        }
        if self.lost.count > 0 {
            find(Verdict::PartsLost, self.lost, Evidence::default());
        }
        if self.sums.count > 0 {
            find(Verdict::LinkDamaged, self.sums, Evidence::default());
        }
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.count));
        findings
    }
}

/// Sizes of buffers are multiples of so many bytes.
const BUFFER_STEP: u64 = 32;

/// Lengths that are told apart.
const LENGTHS_MAX: usize = 16;
