//! How a verdict is known: the numbers, in a line.

use super::text::{Argument, text};
use crate::p1::ciphering::SystemTitle;
use crate::p1::diagnosis::sums::{self, SumRange};
use crate::p1::diagnosis::{Finding, Measure, Verdict};

/// How much of the evidence is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// What a person can use.
    Plain,
    /// Places in the stream as well.
    Full,
}

/// How that is known: the numbers, in a line; none where they are places in the stream alone.
pub fn evidence(finding: &Finding, depth: Depth) -> String {
    let full = depth == Depth::Full;
    let mut said = match known(finding, full) {
        Some(Known(id, numbers)) => {
            let id = match id.strip_prefix('.') {
                Some(part) => format!("{}.{part}", finding.verdict.code()),
                None => id.to_owned(),
            };
            text(&id, &numbers).unwrap_or_default()
        }
        None if full => {
            let span = [("span", finding.span.to_string().into())];
            text("bytes-at", &span).unwrap_or_default()
        }
        None => String::new(),
    };
    if let Some(title) = finding.evidence.title {
        match said.chars().count() {
            0 => {
                let meter = [("meter", name(title).into())];
                said = text("about-meter", &meter).unwrap_or_default();
            }
            1..48 => said.push_str(&format!(" ({})", name(title))),
            _ => {}
        }
    }
    said
}

/// A text, of the verdict where it begins with a point, and the numbers in it.
struct Known(&'static str, Vec<(&'static str, Argument)>);

impl Known {
    fn of(id: &'static str) -> Self {
        Self(id, Vec::new())
    }

    fn with(mut self, name: &'static str, value: impl Into<Argument>) -> Self {
        self.1.push((name, value.into()));
        self
    }
}

/// What is known beside places in the stream, if anything is.
fn known(finding: &Finding, full: bool) -> Option<Known> {
    use Measure::*;
    use Verdict::{
        Bit7Stripped, BlottedOut, BufferLimit, ClockOff, Cooked, CutShort, DamagedFrame,
        DamagedHeader, DamagedTag, Icrnl, InsertedBytes, InvertedEncrypted, InvertedPlain, Ixon,
        KeyAsciiForHex, KeyChanged, KeyDigitsReversed, KeyDigitsSwapped, KeyHexOfHex, KeyIsAuthKey,
        KeyNibblesSwapped, KeyOfOtherMeter, KeyReversed, KeyTwoTypos, KeyTypo, LineEnds,
        LinkDamaged, LostBytes, MbusSearching, Missed, NoEndLine, Noise, OnlyZeros, OpenedInPlace,
        OtherCrc, PartsLost, PeriodLong, PeriodShort, PulsesDisagree, Replayed, SampledLate,
        ScaleUnknown, SevenEven, ShortCrc, Silence, Telnet, TwoMeters, ValueFormat, WeakPullUp,
        WrongAuthKey, WrongCrc, WrongKey, WrongSpeed,
    };
    let evidence = &finding.evidence;
    let number = |measure| evidence.get(measure);
    let or_zero = |measure| number(measure).unwrap_or(0);
    let proven = or_zero(Proven) == 1;
    let place = |known: Known| known.with("place", format!("0x{:x}", or_zero(Place)));
    let known = Known::of;
    Some(match finding.verdict {
        Silence => match number(Milliseconds) {
            Some(ms @ 1..) => known(".known-time").with("seconds", ms / 1000),
            _ => known(".known"),
        },
        InvertedPlain if or_zero(Proven) == 0 => known(".known-part"),
        WrongSpeed | OnlyZeros => known("speed-known")
            .with("sent", or_zero(Sent))
            .with("read", or_zero(Read)),
        InvertedPlain | InvertedEncrypted | SevenEven | Bit7Stripped | Cooked | OpenedInPlace
        | WrongAuthKey | DamagedTag | NoEndLine | ShortCrc | KeyChanged => known(".known"),
        WeakPullUp | Noise | DamagedFrame if or_zero(Damaged) > 0 => {
            let bytes = or_zero(Damaged);
            match or_zero(Fallen) + or_zero(Risen) {
                0 => known("bytes-changed").with("bytes", bytes),
                _ => known("bits-changed")
                    .with("bytes", bytes)
                    .with("fallen", or_zero(Fallen))
                    .with("risen", or_zero(Risen)),
            }
        }
        SampledLate => known(".known")
            .with("shifted", or_zero(Shifted))
            .with("damaged", or_zero(Damaged)),
        Telnet | MbusSearching => known(".known").with("seen", or_zero(Seen)),
        Icrnl if proven => known(".known-proven"),
        Icrnl => known(".known"),
        Ixon => match number(Lost) {
            None => known(".known-none").with("expected", or_zero(Expected)),
            Some(lost) => known(".known")
                .with("lost", lost)
                .with("expected", or_zero(Expected)),
        },
        LineEnds => match or_zero(Inserted) {
            0 => known(".known"),
            inserted => known(".known-doubled").with("inserted", inserted),
        },
        LostBytes => return lost(finding, full),
        InsertedBytes => {
            let part = match (proven, full) {
                (true, false) => ".known-proven",
                (false, false) => ".known",
                (true, true) => ".known-proven-place",
                (false, true) => ".known-place",
            };
            let known = known(part).with("inserted", or_zero(Inserted));
            if full { place(known) } else { known }
        }
        PartsLost | LinkDamaged => {
            let (seen, all) = (or_zero(Seen), or_zero(Frames).max(1));
            let known = match number(PerHour) {
                Some(often) => known(".known-hour").with("often", often),
                None => known(".known"),
            };
            known
                .with("seen", seen)
                .with("frames", all)
                .with("share", seen * 100 / all)
        }
        PulsesDisagree => known(".known")
            .with("pulses", or_zero(PulseEnergy))
            .with("counter", or_zero(CounterEnergy)),
        ScaleUnknown => {
            let known = match evidence.code {
                Some(code) => known(".known-line").with("line", code.to_string()),
                None => known(".known"),
            };
            known
                .with("seen", or_zero(Seen))
                .with("expected", or_zero(Expected))
        }
        BufferLimit | CutShort => match (number(Frames), number(Need)) {
            (Some(frames), _) => known("end-early")
                .with("seen", or_zero(Seen))
                .with("frames", frames)
                .with("have", or_zero(Have)),
            (None, Some(need)) => known("came-of")
                .with("have", or_zero(Have))
                .with("need", need),
            (None, None) => known("came-no-end").with("have", or_zero(Have)),
        },
        WrongKey if or_zero(Seen) > 0 => known(".known-numbered"),
        WrongKey => known(".known"),
        KeyReversed | KeyDigitsReversed | KeyNibblesSwapped | KeyAsciiForHex | KeyHexOfHex
        | KeyIsAuthKey => known("key-opens"),
        KeyTypo => known(".known").with("digit", or_zero(Digit)),
        KeyTwoTypos | KeyDigitsSwapped => known("two-digits")
            .with("first", or_zero(Digit))
            .with("second", or_zero(SecondDigit)),
        KeyOfOtherMeter => match evidence.other {
            Some(other) => known(".known-other").with("meter", name(other)),
            None => known(".known"),
        },
        DamagedHeader if number(RightCounter).is_some() => known(".known-counter"),
        BlottedOut => match (evidence.code, or_zero(Seen)) {
            (Some(code), 0 | 1) => known(".known").with("line", code.to_string()),
            (None, 0 | 1) => known(".known-first"),
            (Some(code), seen) => known(".known-more")
                .with("line", code.to_string())
                .with("more", seen - 1),
            (None, seen) => known(".known-first-more").with("more", seen - 1),
        },
        WrongCrc => match (number(CrcSent), number(CrcComputed)) {
            (Some(sent), Some(computed)) => known(".known-sums")
                .with("sent", format!("{sent:04X}"))
                .with("computed", format!("{computed:04X}")),
            _ => known(".known"),
        },
        OtherCrc => known(".known").with(
            "sum",
            sum_words(number(Measure::Sum).and_then(sums::Sum::of_number)?),
        ),
        Missed => known(".known").with("lost", or_zero(Lost)),
        TwoMeters => match (evidence.title, evidence.other) {
            (Some(one), Some(two)) => known(".known-names")
                .with("one", name(one))
                .with("two", name(two)),
            _ => known(".known"),
        },
        Replayed => match (number(Counter), number(RightCounter)) {
            (Some(sent), Some(next)) if full => known(".known-counters")
                .with("sent", sent)
                .with("next", next),
            _ if full => known(".known-stands"),
            _ => known(".known"),
        },
        PeriodLong | PeriodShort => known(".known").with("seconds", or_zero(Seconds)),
        ClockOff => known(".known").with("time", duration(or_zero(Seconds))),
        ValueFormat => match full {
            false => known(".known").with("seen", or_zero(Seen)),
            true => place(known(".known-place").with("seen", or_zero(Seen))),
        },
        _ => return None,
    })
}

/// `CRC-16/XMODEM, from / to before the !`.
fn sum_words(sum: sums::Sum) -> String {
    let range = match sum.range {
        SumRange::Whole => "sum-whole",
        SumRange::NoMark => "sum-no-mark",
        SumRange::NoSlash => "sum-no-slash",
        SumRange::Inner => "sum-inner",
    };
    let what = text(range, &[("sum", sum.name().to_string().into())]).unwrap_or_default();
    match sum.swapped {
        true => text("sum-swapped", &[("what", what.into())]).unwrap_or_default(),
        false => what,
    }
}

/// A time span as people say it: seconds up to some minutes, then hours and days.
fn duration(seconds: u64) -> String {
    let known = match seconds {
        0..600 => Known::of("span-seconds").with("seconds", seconds),
        600..5400 => Known::of("span-minutes").with("minutes", (seconds + 30) / 60),
        5400..172_800 => Known::of("span-hours")
            .with("hours", seconds / 3600)
            .with("minutes", seconds % 3600 / 60),
        _ => Known::of("span-days").with("days", (seconds + 43_200) / 86_400),
    };
    text(known.0, &known.1).unwrap_or_default()
}

fn lost(finding: &Finding, full: bool) -> Option<Known> {
    let number = |measure| finding.evidence.get(measure);
    let (lost, place) = (number(Measure::Lost), number(Measure::Place));
    let known = match (lost, place) {
        (Some(lost @ 1..), Some(_)) if !full => Known::of(".known").with("lost", lost),
        (_, Some(_)) if !full => Known::of(""),
        (Some(lost @ 1..), Some(place)) => Known::of(".known-place")
            .with("lost", lost)
            .with("place", format!("0x{place:x}")),
        (_, Some(place)) => Known::of(".known-some").with("place", format!("0x{place:x}")),
        _ => Known::of("came-of")
            .with("have", number(Measure::Have)?)
            .with("need", number(Measure::Need)?),
    };
    Some(known)
}

/// The device id, or the title as digits.
fn name(title: SystemTitle) -> String {
    title.device_id().unwrap_or_else(|| title.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::p1::diagnosis::Evidence;
    use crate::p1::span::Span;

    #[test]
    fn what_is_one_is_said_as_one() {
        for &verdict in Verdict::ALL {
            let measured = |evidence: Evidence, &measure| evidence.with(measure, 1);
            let ones = Measure::ALL.iter().fold(Evidence::default(), measured);
            let finding = Finding::new(verdict, Span::new(0, 1), 1, ones);
            let said = [Depth::Plain, Depth::Full].map(|depth| evidence(&finding, depth));
            let said = said.join(" / ");
            let words: Vec<_> = said.split_whitespace().collect();
            let wrong =
                |pair: &&[&str]| pair[0] == "1" && pair[1].len() > 2 && pair[1].ends_with('s');
            assert_eq!(words.windows(2).find(wrong), None, "{said}");
        }
    }

    #[test]
    fn a_damaged_frame_is_not_said_to_have_no_byte_changed() {
        for verdict in [Verdict::DamagedFrame, Verdict::Noise, Verdict::WeakPullUp] {
            let none = Evidence::default().with(Measure::Damaged, 0);
            let said = evidence(
                &Finding::new(verdict, Span::new(0, 16), 1, none),
                Depth::Full,
            );
            assert_eq!(said, "bytes 0x0..0x10");
        }
    }

    #[test]
    fn plain_words_name_no_place_and_no_part_of_the_protocol() {
        for &verdict in Verdict::ALL {
            let mut measured = Evidence::default();
            for &measure in Measure::ALL {
                let mut finding = Finding::new(verdict, Span::new(16, 99), 2, measured.clone());
                finding.alternatives = Verdict::ALL.to_vec();
                let said = [
                    super::super::title(&finding),
                    evidence(&finding, Depth::Plain),
                    super::super::hint(&finding),
                ];
                for text in said {
                    let words: Vec<_> = text.split(|c: char| !c.is_alphanumeric()).collect();
                    for word in [
                        "frame", "frames", "tag", "tags", "counter", "offset", "0x10",
                    ] {
                        let option = text.contains("--tag");
                        assert!(option || !words.contains(&word), "{verdict}: {text}");
                    }
                }
                measured = measured.with(measure, 1);
            }
        }
    }

    #[test]
    fn a_clock_is_off_by_what_people_say() {
        let said = [201, 3600, 3599, 6000, 259_191].map(duration);
        assert_eq!(
            said,
            ["201 s", "60 minutes", "60 minutes", "1 h 40 min", "3 days"]
        );
    }
}
