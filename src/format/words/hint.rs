//! What to do about a finding, the most likely first, and what would tell two causes apart.

use super::text::text;
use super::{keys_of, verdict_title};
use crate::p1::diagnosis::{Finding, Measure, Verdict};

/// What to do: lines of at most 72 columns, the most likely first.
pub fn hint(finding: &Finding) -> String {
    use Verdict::*;
    let number = |measure| finding.evidence.get(measure);
    let proven = number(Measure::Proven) == Some(1);
    let part = match finding.verdict {
        InvertedPlain | InsertedBytes | WrongCrc | OtherCrc if proven => "hint-proven",
        SevenEven if number(Measure::Readable).unwrap_or(0) < 900 => "hint-encrypted",
        WrongAuthKey if number(Measure::PublicFits) == Some(1) => "hint-public",
        LostBytes => lost_hint(finding),
        _ => "hint",
    };
    let id = format!("{}.{part}", finding.verdict.code());
    let mut hint = text(&id, &[]).unwrap_or_default();
    if let (NoKey, Some(keys)) = (finding.verdict, finding.evidence.title.and_then(keys_of)) {
        hint = format!("{keys}\n{hint}");
    }
    for other in finding.alternatives.iter().take(2) {
        let numbers = [("what", verdict_title(*other).into())];
        hint.push('\n');
        hint.push_str(&text("or-else", &numbers).unwrap_or_default());
        if let Some(how) = tell_apart(finding.verdict, *other) {
            hint.push_str(&format!("\n{how}"));
        }
    }
    hint
}

/// What would tell two causes apart that fit the same evidence.
pub fn tell_apart(said: Verdict, other: Verdict) -> Option<String> {
    use Verdict::*;
    let id = match (said, other) {
        (WrongKey, DamagedHeader) | (WrongAuthKey, DamagedTag) => "apart-second",
        (LostBytes, CutShort) => "apart-key",
        (BufferLimit, CutShort) => "apart-limit",
        (Icrnl, Cooked) => "apart-encrypted",
        (WeakPullUp | DamagedFrame, Noise) | (DamagedFrame, WeakPullUp) => "apart-minutes",
        (WrongCrc, LostBytes) | (LostBytes, WrongCrc) | (Ixon, LostBytes) => "apart-minute",
        _ => return None,
    };
    text(id, &[])
}

/// By what the number of lost bytes tells of the place where they were lost.
fn lost_hint(finding: &Finding) -> &'static str {
    let missing = || {
        let evidence = &finding.evidence;
        let short = evidence
            .get(Measure::Need)?
            .checked_sub(evidence.get(Measure::Have)?);
        short.filter(|_| evidence.get(Measure::Lost).is_none())
    };
    match finding.evidence.get(Measure::Lost).or_else(missing) {
        Some(62 | 124 | 186 | 248) => "hint-packet",
        Some(16 | 32 | 48 | 64 | 128 | 256) => "hint-fifo",
        _ => "hint",
    }
}
