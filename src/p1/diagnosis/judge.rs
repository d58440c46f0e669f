//! Judges the trouble of a stream as a whole, in the order of the examination.

use super::finding::Finding;
use super::frames::Tally;
use super::stream::Stream;
use super::trouble::{PieceKind, Stretch, Trouble};
use crate::p1::cipher::Keys;
use crate::p1::event::Reason;

/// What the judgement may know beside the trouble.
pub struct Context<'a> {
    /// Keys of the meters.
    pub keys: &'a Keys,
    /// Memory over the good frames.
    pub stream: &'a Stream,
    /// Good telegrams.
    pub good: u64,
    /// The input has ended.
    pub ended: bool,
    /// Offset behind the last byte.
    pub end: u64,
    /// Take the time for the long searches.
    pub patient: bool,
}

/// The findings about the trouble, the first one first.
pub fn judge(trouble: &Trouble, context: &Context<'_>) -> Vec<Finding> {
    let stretches: Vec<Stretch<'_>> = trouble
        .stretches()
        .filter(|stretch| !is_normal(stretch, context))
        .collect();
    let mut tally = Tally::default();
    for stretch in &stretches {
        for (from, to, piece) in stretch.frames() {
            tally.look(stretch, (from, to), piece, context);
        }
    }
    let mut findings = tally.findings(context);
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.count));
    findings
}

/// The end of a frame at the start of a capture, and a cut one at its end, are nothing.
fn is_normal(stretch: &Stretch<'_>, context: &Context<'_>) -> bool {
    if context.good == 0 {
        return false;
    }
    let span = stretch.span();
    let longest = (context.stream.length() as u64).max(LEAD_MAX);
    let partial = |kind: &PieceKind| {
        matches!(
            kind,
            PieceKind::Junk
                | PieceKind::Frame {
                    reason: Reason::NoEnd | Reason::Truncated { .. },
                    ..
                }
        )
    };
    let lead = span.start == 0
        && stretch
            .pieces
            .iter()
            .all(|piece| piece.kind == PieceKind::Junk);
    let tail = context.ended
        && span.end == context.end
        && stretch.pieces.len() == 1
        && stretch.pieces.iter().all(|piece| partial(&piece.kind));
    (lead || tail) && span.len() <= longest
}

/// Longest partial frame at the start of a capture, in bytes.
const LEAD_MAX: u64 = 2048;
