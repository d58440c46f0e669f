//! What happens to pushes on their way: parts that are lost, check sums that do not fit, buffers that are too small.

use crate::p1::diagnosis::finding::{Evidence, Finding, Measure, Verdict};
use crate::p1::diagnosis::stream::clock_of;
use crate::p1::event::{Decoded, Reason, Refused};
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
    /// When the first push came, and the last one, in seconds since 1970.
    time: Option<(i64, i64)>,
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
    /// Takes the time of a good push.
    pub fn good(&mut self, decoded: &Decoded<'_>, host: Option<i64>) {
        // Before anything was refused, the first one says all.
        let trouble = self.lost.count + self.sums.count > 0;
        if (trouble || self.time.is_none())
            && let Some(now) = host.or_else(|| clock_of(decoded))
        {
            let (first, _) = self.time.unwrap_or((now, now));
            self.time = Some((first, now));
        }
    }

    /// How many come in an hour, where the time is long enough to say so.
    fn per_hour(&self, count: usize) -> Option<u64> {
        let (first, last) = self.time?;
        let seconds = u64::try_from(last.checked_sub(first)?).ok()?;
        (seconds >= SECONDS_MIN).then(|| (count as u64 * 3600).div_ceil(seconds))
    }

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
            let mut evidence = evidence
                .with(Measure::Seen, seen.count as u64)
                .with(Measure::Frames, all);
            if let (Verdict::PartsLost | Verdict::LinkDamaged, Some(times)) =
                (verdict, self.per_hour(seen.count))
            {
                evidence = evidence.with(Measure::PerHour, times);
            }
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

/// Seconds from which on it is said how many come in an hour.
const SECONDS_MIN: u64 = 600;

/// Lengths that are told apart.
const LENGTHS_MAX: usize = 16;
