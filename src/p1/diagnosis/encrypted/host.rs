//! What a tty of the host does to encrypted frames: ICRNL turns CR to LF, IXON eats 11 and 13.

use memchr::{memchr_iter, memmem};

use crate::p1::diagnosis::encrypted::Wire;
use crate::p1::diagnosis::finding::{Evidence, Finding, Measure, Verdict};
use crate::p1::span::Span;

impl Wire {
    /// The tty setting that the bytes of refused frames show, if any.
    pub fn verdict(&self, frames: usize, span: Span) -> Option<Finding> {
        let expected = (self.bytes / 256) as u64;
        if self.cr == 0 {
            let many = self.bytes >= SURE && self.lf * 256 >= self.bytes * 3 / 2;
            if self.proven > 0 || (many && self.short == 0) {
                let evidence = Evidence::default()
                    .with(Measure::Bytes, self.bytes as u64)
                    .with(Measure::Seen, self.lf as u64)
                    .with(Measure::Expected, expected)
                    .with(Measure::Proven, u64::from(self.proven > 0));
                let (span, damaged) = self.changed.clone().unwrap_or((span, Vec::new()));
                let mut found = Finding::new(Verdict::Icrnl, span, frames, evidence);
                found.evidence.damaged = damaged;
                return Some(found);
            }
        }
        let missing = self.bytes / 128;
        let fits = self.short > 0 && self.short <= 3 * missing + 4 && 4 * self.short >= missing;
        if self.flow == 0 && fits && self.gaps * 2 <= self.shifted && missing >= 2 {
            let evidence = Evidence::default()
                .with(Measure::Bytes, self.bytes as u64)
                .with(Measure::Lost, self.short as u64)
                .with(Measure::Expected, missing as u64);
            let finding = Finding::new(Verdict::Ixon, span, frames, evidence);
            return Some(match missing {
                0..4 => finding.or(&[Verdict::LostBytes]),
                _ => finding,
            });
        }
        None
    }
}

/// What has changed the line ends of a text without a CR: LF LF is what a tty makes, LF what an editor makes.
pub fn line_ends(text: &[u8]) -> Option<Verdict> {
    let ends = memchr_iter(b'\n', text).count();
    if ends < ENDS_MIN || memchr::memchr(b'\r', text).is_some() {
        return None;
    }
    let pairs = memmem::find_iter(text, b"\n\n").count();
    Some(match 2 * pairs * 10 >= ends * 8 {
        true => Verdict::Icrnl,
        false => Verdict::LineEnds,
    })
}

/// Line ends among which a CR cannot be missing by chance.
const ENDS_MIN: usize = 3;
/// Bytes among which a CR cannot be missing by chance.
const SURE: usize = 1000;
