//! Findings in plain words: what is wrong, how that is known, what to do.
//!
//! A title and a line of evidence fit 72 columns, so that `smarty: ` or `  hint: ` before them stays within
//! 80; a hint may have several such lines. A key never shows, not even one digit of it.

mod country;
mod evidence;
mod hint;
mod maker;
mod text;

pub use self::country::{country, country_of_title};
pub use self::evidence::{Depth, evidence};
pub use self::hint::{hint, tell_apart};
pub use self::maker::keys_of;
pub use self::text::Language;
use self::text::text;

use crate::observe::context::Source;
use crate::p1::count::count;
use crate::p1::diagnosis::{Finding, Verdict};
use crate::p1::event::Tag;
use crate::p1::replay::METERS_MAX;

/// What to do about a finding of a source: a virtual meter has no pins.
pub fn hint_of(finding: &Finding, source: Source<'_>) -> String {
    match (finding.verdict, source.kind) {
        (Verdict::Silence, "sim") => SILENT_BY_WISH.to_owned(),
        _ => hint(finding),
    }
}

/// Why nothing comes of a virtual meter.
pub const SILENT_BY_WISH: &str =
    "a virtual meter is silent with fault=silence, and between telegrams of\na long period";

/// What is said of a telegram without an end line.
pub const NO_END: &str =
    "the telegram stops without an end line, so that nothing shows whether it is whole";

/// What is said of bytes that stand behind the telegram in its frame.
pub fn behind(bytes: usize) -> String {
    count(bytes as u64, "byte")
        .verb("stands", "stand")
        .to_string()
        + " behind a telegram, in what was encrypted with it"
}

/// What a tag is, or lacks, that does not prove the origin of its frame.
pub fn unproven(tag: Tag) -> &'static str {
    match tag {
        Tag::Valid => "tag valid",
        Tag::Invalid => "tag invalid",
        Tag::Skipped => "tag not checked",
        Tag::None => "no tag",
    }
}

/// Tells whether a finding says no more than the message about the frame, the input or the silent line itself.
pub fn is_said_elsewhere(finding: &Finding, source: Source<'_>) -> bool {
    match finding.verdict {
        Verdict::NoKey
        | Verdict::Unsupported
        | Verdict::Downgrade
        | Verdict::Replayed
        | Verdict::Silence => true,
        Verdict::UnknownBytes => matches!(source.kind, "file" | "stdin"),
        _ => false,
    }
}

/// What is said where there are too many meters to remember the counters of all, and what to do.
pub fn forgets(source: Source<'_>) -> (String, String) {
    let most = count(METERS_MAX as u64, "meter");
    (
        format!(
            "{}: more than {most}: what is sent again of the others is not told apart",
            source.said()
        ),
        "--shard leaves some of them to another process".to_owned(),
    )
}

/// What is wrong, in a line.
pub fn title(finding: &Finding) -> String {
    let what = verdict_title(finding.verdict);
    match finding.count {
        0 | 1 => what,
        times => {
            let numbers = [("what", what.into()), ("times", (times as u64).into())];
            text("times", &numbers).unwrap_or_default()
        }
    }
}

/// The title of a verdict on its own, as it stands among alternatives.
pub fn verdict_title(verdict: Verdict) -> String {
    text(verdict.code(), &[]).unwrap_or_else(|| verdict.code().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::p1::ciphering::SystemTitle;
    use crate::p1::diagnosis::{Evidence, Measure};
    use crate::p1::span::Span;

    #[test]
    fn every_verdict_fits_a_screen_of_80_columns() {
        for &verdict in Verdict::ALL {
            let mut evidence_of =
                Evidence::default().of(Some(SystemTitle(*b"SMY\x67\x70\x00\x00\x01")));
            for &measure in Measure::ALL {
                evidence_of = evidence_of.with(measure, 123_456);
            }
            evidence_of.other = Some(SystemTitle(*b"SMY\x67\x70\x00\x00\x02"));
            let mut finding = Finding::new(verdict, Span::new(123_456, 789_012), 100, evidence_of);
            finding = finding.or(&[Verdict::CutShort]);
            let known = [Depth::Plain, Depth::Full].map(|depth| evidence(&finding, depth));
            let [plain, full] = known;
            for text in [title(&finding), plain, full, hint(&finding)] {
                for line in text.lines() {
                    assert!(
                        line.chars().count() <= 72,
                        "{verdict}: {} {line}",
                        line.len()
                    );
                    assert!(!line.is_empty());
                }
            }
        }
    }

    #[test]
    fn the_manual_says_of_every_verdict_what_to_touch() {
        let manual = include_str!("../cli/help/faults.md");
        for &verdict in Verdict::ALL {
            let row = format!("\n| {} | ", verdict_title(verdict));
            assert!(manual.contains(&row), "{}", verdict_title(verdict));
        }
    }

    #[test]
    fn a_count_is_said() {
        let finding = Finding::new(Verdict::WrongKey, Span::default(), 100, Evidence::default());
        assert_eq!(
            title(&finding),
            "the key does not fit this meter (100 times)"
        );
    }
}
