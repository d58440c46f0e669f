//! Judges the trouble of a stream as a whole, in the order of the examination.

use crate::p1::diagnosis::anomalies::{Anomalies, AnomalyKind, Stretch};
use crate::p1::diagnosis::context::Context;
use crate::p1::diagnosis::encrypted::EncryptedFrames;
use crate::p1::diagnosis::finding::{Evidence, Finding, Measure, Verdict};
use crate::p1::diagnosis::keys::sealed::Sealed;
use crate::p1::diagnosis::plain::PlainFrames;
use crate::p1::diagnosis::receiver::Bytes;
use crate::p1::event::Reason;
use crate::p1::span::Span;

/// The findings about the trouble, the first one first.
pub fn conclude(trouble: &Anomalies, context: &Context<'_>) -> Vec<Finding> {
    let all: Vec<Stretch<'_>> = trouble.stretches().collect();
    if let Some(found) = gather(&all, context).wrapper() {
        return vec![found];
    }
    let stretches: Vec<Stretch<'_>> = all
        .into_iter()
        .filter(|stretch| !is_normal(stretch, context))
        .collect();
    if stretches.is_empty() {
        return Vec::new();
    }
    let bytes = gather(&stretches, context);
    let span = bytes.span;
    let mut findings: Vec<Finding> = bytes.verdict().into_iter().collect();
    let line_is_wrong = !findings.is_empty();

    let context = &Context {
        usual_length: usual_length(&stretches),
        ..*context
    };
    let mut tally = EncryptedFrames::default();
    let mut plains = PlainFrames::default();
    for stretch in &stretches {
        for (from, to, piece) in stretch.frames() {
            tally.look(stretch, (from, to), piece, context);
        }
        plains.look(stretch, stretch.span().start == 0 && context.good > 0);
    }
    if !line_is_wrong {
        findings.extend(tally.wire.verdict(tally.frames, span));
    }
    let host_is_wrong = !findings.is_empty();
    let mut rest = tally.findings(context);
    rest.extend(plains.findings(context));
    // A head that was damaged is part of the damage that has a name.
    let named = rest.iter().any(|finding| is_named_damage(finding.verdict));
    let part = |verdict: Verdict| named && verdict.is_damage() && !is_named_damage(verdict);
    rest.sort_by_key(|finding| (part(finding.verdict), std::cmp::Reverse(finding.count)));
    // What a wrong line makes of frames says nothing of their keys and lengths.
    rest.retain(|finding| !host_is_wrong || finding.verdict == Verdict::NoKey && !line_is_wrong);
    findings.extend(rest);
    if findings.is_empty() && tally.frames + plains.len() == 0 {
        findings.extend(between_frames(&stretches, span, context));
    }
    if findings.is_empty() && context.good == 0 && context.ended {
        let evidence = Evidence::default().with(Measure::Bytes, bytes.all.len() as u64);
        findings.push(Finding::new(Verdict::UnknownBytes, span, 1, evidence));
    }
    findings
}

/// The findings about pushes that the keys do not fit.
pub fn pushes(pushes: &[(Span, Sealed)], context: &Context<'_>) -> Vec<Finding> {
    let mut tally = EncryptedFrames::default();
    for (span, sealed) in pushes {
        tally.push(*span, sealed, context);
    }
    tally.findings(context)
}

fn is_named_damage(verdict: Verdict) -> bool {
    matches!(
        verdict,
        Verdict::WeakPullUp | Verdict::Noise | Verdict::SampledLate
    )
}

/// The bytes of some stretches, and what they were taken for.
fn gather<'a>(stretches: &[Stretch<'a>], context: &Context<'_>) -> Bytes<'a> {
    let span = Span {
        start: stretches.first().map_or(0, |stretch| stretch.span().start),
        end: stretches.last().map_or(0, |stretch| stretch.span().end),
    };
    let pieces = || stretches.iter().flat_map(|stretch| stretch.pieces);
    let headed = |kind: &AnomalyKind| {
        matches!(
            kind,
            AnomalyKind::Frame {
                header: Some(_),
                ..
            }
        )
    };
    Bytes {
        stretches: stretches.iter().map(Stretch::bytes).collect(),
        all: stretches
            .iter()
            .flat_map(|stretch| stretch.bytes())
            .copied()
            .collect(),
        span,
        frames: pieces().filter(|piece| headed(&piece.kind)).count(),
        plain: pieces()
            .filter(|piece| !headed(&piece.kind) && piece.kind != AnomalyKind::Junk)
            .count(),
        good: context.good,
    }
}

/// Bytes between good frames that are none of theirs.
fn between_frames(stretches: &[Stretch<'_>], span: Span, context: &Context<'_>) -> Option<Finding> {
    let junk: u64 = stretches.iter().map(|stretch| stretch.span().len()).sum();
    let enough = stretches.len() >= 2 || junk > SHORT_JUNK;
    (context.good > 0 && enough).then(|| {
        let evidence = Evidence::default().with(Measure::Bytes, junk);
        let whole = stretches
            .iter()
            .any(|stretch| stretch.span().len() >= FRAME_MIN);
        let verdict = if whole {
            Verdict::DamagedHeader
        } else {
            Verdict::Noise
        };
        Finding::new(verdict, span, stretches.len(), evidence)
    })
}

/// The end of a frame at the start of a capture, and a cut one at its end, are nothing.
fn is_normal(stretch: &Stretch<'_>, context: &Context<'_>) -> bool {
    if context.good == 0 {
        return false;
    }
    let span = stretch.span();
    let longest = (context.stream.length() as u64).max(LEAD_MAX);
    let partial = |kind: &AnomalyKind| {
        matches!(
            kind,
            AnomalyKind::Junk
                | AnomalyKind::Frame {
                    reason: Reason::NoEnd | Reason::Truncated { .. },
                    ..
                }
        )
    };
    let lead = span.start == 0
        && stretch
            .pieces
            .iter()
            .all(|piece| piece.kind == AnomalyKind::Junk);
    let tail = context.ended
        && span.end == context.end
        && stretch.pieces.len() == 1
        && stretch.pieces.iter().all(|piece| partial(&piece.kind))
        && !holds_gap(stretch, context);
    (lead || tail) && span.len() <= longest
}

/// The length that at least two refused frames, and most, claim.
fn usual_length(stretches: &[Stretch<'_>]) -> Option<u32> {
    let pieces = stretches.iter().flat_map(|stretch| stretch.pieces);
    let lengths: Vec<u32> = pieces
        .filter_map(|piece| match piece.kind {
            AnomalyKind::Frame { header, .. } => header.map(|header| header.length),
            AnomalyKind::Junk => None,
        })
        .collect();
    let count = |length: u32| lengths.iter().filter(|&&other| other == length).count();
    let usual = lengths
        .iter()
        .copied()
        .max_by_key(|&length| count(length))?;
    (count(usual) >= 2).then_some(usual)
}

/// Tells whether the key shows that bytes are missing inside the last frame.
fn holds_gap(stretch: &Stretch<'_>, context: &Context<'_>) -> bool {
    let mut tally = EncryptedFrames::default();
    for (from, to, piece) in stretch.frames() {
        tally.look(stretch, (from, to), piece, context);
    }
    tally.wire.shifted > 0
}

/// Longest partial frame at the start of a capture, in bytes.
const LEAD_MAX: u64 = 2048;
/// Bytes between frames that are too few for a finding when they come once.
const SHORT_JUNK: u64 = 16;
/// Junk of at least so many bytes was a frame once.
const FRAME_MIN: u64 = 100;
