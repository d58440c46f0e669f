//! Findings in plain words: what is wrong, how that is known, what to do.
//!
//! A title and a line of evidence fit 72 columns, so that `smarty: ` or `  hint: ` before them stays within
//! 80; a hint may have several such lines. A key never shows, not even one digit of it.

mod country;
mod evidence;
mod hint;
mod maker;

pub use self::country::{country, country_of_title};
pub use self::evidence::{Depth, evidence};
pub use self::hint::{hint, tell_apart};
pub use self::maker::keys_of;

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
        0 | 1 => what.to_owned(),
        times => format!("{what} ({})", count(times as u64, "time")),
    }
}

/// The title of a verdict on its own, as it stands among alternatives.
pub fn verdict_title(verdict: Verdict) -> &'static str {
    use Verdict::*;
    match verdict {
        Silence => "nothing arrives from the meter",
        InvertedPlain => "the line is upside down: it must be inverted",
        InvertedEncrypted => "the line is upside down: it must be inverted",
        WrongSpeed => "the port is read at the wrong speed",
        OnlyZeros => "only zeros arrive: the port is read much too fast",
        SevenEven => "the meter sends 7E1, the port reads 8N1",
        WrongParity => "the port expects a parity bit that is not sent",
        Bit7Stripped => "the highest bit of each byte was cut off",
        SampledLate => "some characters are read a moment too late",
        WeakPullUp => "the signal is too weak: bits fall from 1 to 0",
        Noise => "the line is noisy: bits are changed on the way",
        UnknownBytes => "bytes arrive that look like no meter",
        MbusSearching => "an M-Bus master looks for meters, and none sends",
        WirelessMbus => "this is radio of meters: wireless M-Bus, no customer port",
        RequestPort => "this port answers requests: it is no customer port",
        Sml => "this is the optical port of a meter: SML, not P1",
        Telnet => "a telnet connection changes the bytes",
        Utf8 => "a program in between takes the bytes for text",
        Icrnl => "the serial port turns each CR (0D) into LF (0A)",
        Ixon => "the serial port swallows the bytes 11 and 13",
        Cooked => "the serial port edits what it reads, as for a keyboard",
        LineEnds => "an editor or git has changed the line ends",
        OpenedInPlace => "pushes were decrypted where they lay, and logged then",
        PartsLost => "pushes come without some of their parts",
        LinkDamaged => "pushes are damaged on the way: their check sums do not fit",
        LostBytes => "bytes are missing inside the telegrams",
        InsertedBytes => "bytes that were not sent stand inside the telegrams",
        BufferLimit => "telegrams end at a size limit of a device in between",
        CutShort => "telegrams end early",
        DamagedHeader => "the head of a telegram was damaged on the way",
        Unsupported => "the telegrams are protected in a way that is not supported",
        Downgrade => "a telegram without the proof of origin that its meter gives",
        Replayed => "a telegram that was sent before is sent once more",
        NoKey => "the telegrams are encrypted, and there is no key",
        WrongKey => "the key does not fit this meter",
        KeyOfOtherMeter => "the key of another meter is used",
        KeyReversed => "the bytes of the key are in the wrong order",
        KeyDigitsReversed => "the key is written backwards",
        KeyNibblesSwapped => "the two digits of each byte of the key are swapped",
        KeyAsciiForHex => "the key is text, and was taken for hexadecimal digits",
        KeyHexOfHex => "the key was turned into hexadecimal digits twice",
        KeyIsAuthKey => "encryption and authentication key are exchanged",
        KeyTypo => "one digit of the key is wrong",
        KeyDigitsSwapped => "two digits of the key are exchanged",
        KeyTwoTypos => "two digits of the key are wrong",
        DamagedFrame => "a telegram was damaged on the way",
        BlottedOut => "something was blotted out, like a serial number",
        WrongCrc => "the check sum (CRC) is wrong, the text looks whole",
        OtherCrc => "the check sum (CRC) is of another kind than the standard's",
        NoEndLine => "telegrams stop without an end line, the one with !",
        ShortCrc => "the check sum (CRC) is sent without its leading zeros",
        WrongAuthKey => "the authentication key is not the one of this meter",
        DamagedTag => "the end of a telegram was damaged on the way",
        NoTelegram => "the key opens what comes, but it is no telegram",
        Missed => "telegrams were sent that never arrived",
        CounterReset => "the meter numbers its telegrams anew",
        RepeatedNonce => "the meter gave two telegrams the same number",
        TwoMeters => "more than one meter sends here",
        KeyChanged => "the key fits no longer: it was changed",
        PeriodLong => "telegrams come too seldom",
        PeriodShort => "telegrams come too often",
        ClockOff => "the clock of the meter is wrong",
        ValueFormat => "some lines are not as the standard has them",
        ScaleUnknown => "values come without a scale, and nothing tells it",
        PulsesDisagree => "what the meter counts and its pulses disagree",
    }
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
