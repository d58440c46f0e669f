//! How a verdict is known: the numbers, in a line.

use crate::p1::ciphering::SystemTitle;
use crate::p1::count::count;
use crate::p1::diagnosis::sums::{Sum, SumRange};
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
    let number = |measure| finding.evidence.get(measure);
    let or_zero = |measure| number(measure).unwrap_or(0);
    use Verdict::*;
    let mut said = match finding.verdict {
        Silence => match number(Measure::Milliseconds) {
            Some(ms @ 1..) => format!("no byte for {} s; a meter sends every 10 s", ms / 1000),
            _ => "no byte at all".to_owned(),
        },
        InvertedPlain if or_zero(Measure::Proven) == 0 => {
            "turned over they read as a telegram, but not its first characters".to_owned()
        }
        InvertedPlain => "the bytes read as a telegram once they are turned over".to_owned(),
        InvertedEncrypted => "the bytes are of the kind that such a line makes".to_owned(),
        WrongSpeed | OnlyZeros => format!(
            "the bytes are as if sent at {} and read at {} baud",
            or_zero(Measure::Sent),
            or_zero(Measure::Read)
        ),
        SevenEven => "bit 7 makes the number of ones even in each byte".to_owned(),
        Bit7Stripped => "no byte of 80 or more, where half of them should be".to_owned(),
        WeakPullUp | Noise | DamagedFrame
            if or_zero(Measure::Damaged) > 0
                && or_zero(Measure::Fallen) + or_zero(Measure::Risen) == 0 =>
        {
            format!("{} changed", count(or_zero(Measure::Damaged), "byte"))
        }
        WeakPullUp | Noise | DamagedFrame if or_zero(Measure::Damaged) > 0 => format!(
            "{} changed: {} went from 1 to 0, {} from 0 to 1",
            count(or_zero(Measure::Damaged), "byte"),
            count(or_zero(Measure::Fallen), "bit"),
            or_zero(Measure::Risen)
        ),
        SampledLate => format!(
            "{} of {} wrong characters are right ones shifted by one bit",
            or_zero(Measure::Shifted),
            or_zero(Measure::Damaged)
        ),
        Telnet => format!(
            "each byte FF comes twice, {}",
            count(or_zero(Measure::Seen), "time")
        ),
        Icrnl if or_zero(Measure::Proven) == 1 => {
            "no byte 0D; put back, the telegram is genuine".to_owned()
        }
        Icrnl => "no byte 0D at all, and twice as many 0A as there should be".to_owned(),
        Ixon if number(Measure::Lost).is_none() => format!(
            "no 11 and no 13, where {} should be",
            or_zero(Measure::Expected)
        ),
        Ixon => format!(
            "no 11 and no 13; the telegrams are {} short, {} expected",
            count(or_zero(Measure::Lost), "byte"),
            or_zero(Measure::Expected)
        ),
        Cooked => "none of the bytes that a terminal acts on, like 03, 04, 7F".to_owned(),
        LineEnds if or_zero(Measure::Inserted) > 0 => format!(
            "lines end in CR CR LF: {} too many in a telegram",
            count(or_zero(Measure::Inserted), "byte")
        ),
        LineEnds => "no line ends in CR LF as meters send it".to_owned(),
        LostBytes => lost(finding, full),
        InsertedBytes if !full && or_zero(Measure::Proven) == 1 => format!(
            "{} 00 in a telegram; the rest is right",
            count(or_zero(Measure::Inserted), "byte")
        ),
        InsertedBytes if !full => {
            format!("{} too many", count(or_zero(Measure::Inserted), "byte"))
        }
        InsertedBytes if or_zero(Measure::Proven) == 1 => format!(
            "{} 00 in a telegram, the first at 0x{:x}; the rest is right",
            count(or_zero(Measure::Inserted), "byte"),
            or_zero(Measure::Place)
        ),
        InsertedBytes => format!(
            "{} too many from offset 0x{:x} on",
            count(or_zero(Measure::Inserted), "byte"),
            or_zero(Measure::Place)
        ),
        PartsLost | LinkDamaged => {
            let (seen, all) = (or_zero(Measure::Seen), or_zero(Measure::Frames).max(1));
            let often = number(Measure::PerHour).map(|times| format!(", {times} an hour"));
            let parts = match (finding.verdict, &often) {
                (PartsLost, None) => "lack a segment or a block",
                (PartsLost, Some(_)) => "lack a part",
                _ => "have a wrong check sum",
            };
            format!(
                "{seen} of {} {parts}, {} %{}",
                count(all, "telegram"),
                seen * 100 / all,
                often.unwrap_or_default()
            )
        }
        OpenedInPlace => "text in clear stands where it should be encrypted".to_owned(),
        MbusSearching => format!(
            "nothing but {} of an M-Bus master",
            count(or_zero(Measure::Seen), "call")
        ),
        BufferLimit | CutShort if number(Measure::Frames).is_some() => format!(
            "{} of {} end early, at {}",
            or_zero(Measure::Seen),
            count(or_zero(Measure::Frames), "telegram"),
            count(or_zero(Measure::Have), "byte")
        ),
        BufferLimit | CutShort => match number(Measure::Need) {
            Some(need) => {
                let need = count(need, "byte");
                format!("{} of {need} came", or_zero(Measure::Have))
            }
            None => format!("{} came, and no end", count(or_zero(Measure::Have), "byte")),
        },
        WrongKey if or_zero(Measure::Seen) > 0 => {
            "all text is noise, yet the numbering is right: line and meter are fine".to_owned()
        }
        WrongKey => "the text is noise from its first character".to_owned(),
        KeyReversed | KeyDigitsReversed | KeyNibblesSwapped | KeyAsciiForHex | KeyHexOfHex
        | KeyIsAuthKey => "put right, it opens the telegrams".to_owned(),
        KeyTypo => format!(
            "it is digit {}; mended, the telegram opens",
            or_zero(Measure::Digit)
        ),
        KeyTwoTypos | KeyDigitsSwapped => format!(
            "it is digits {} and {}; mended, the telegram opens",
            or_zero(Measure::Digit),
            or_zero(Measure::SecondDigit)
        ),
        KeyOfOtherMeter => match finding.evidence.other {
            Some(other) => format!("the key of {} in the key ring opens it", name(other)),
            None => "the default key of the key ring opens it".to_owned(),
        },
        WrongAuthKey => {
            "text and check sum (CRC) are right, only the proof of origin is not".to_owned()
        }
        DamagedTag => "the text is right, other telegrams of this meter are good".to_owned(),
        DamagedHeader if number(Measure::RightCounter).is_some() => {
            "with another head that is nearly the same it opens".to_owned()
        }
        BlottedOut => {
            let line = match finding.evidence.code {
                Some(code) => format!("line {code}"),
                None => "the first line".to_owned(),
            };
            match or_zero(Measure::Seen) {
                0 | 1 => format!("{line} is not as it was sent: the check sum cannot fit"),
                seen => format!("{line}, and {} more: the check sum cannot fit", seen - 1),
            }
        }
        WrongCrc => match (number(Measure::CrcSent), number(Measure::CrcComputed)) {
            (Some(sent), Some(computed)) => format!("sent {sent:04X}, computed {computed:04X}"),
            _ => "each line is as it should be, only the sum is not".to_owned(),
        },
        OtherCrc => number(Measure::Sum)
            .and_then(Sum::of_number)
            .map_or_else(String::new, |sum| format!("it fits as {}", sum_words(sum))),
        NoEndLine => "they stop behind their last line".to_owned(),
        ShortCrc => "the number fits, but has fewer than four digits".to_owned(),
        Missed if or_zero(Measure::Lost) == 1 => "by their numbers one is missing".to_owned(),
        Missed => format!("by their numbers {} are missing", or_zero(Measure::Lost)),
        TwoMeters => match (finding.evidence.title, finding.evidence.other) {
            (Some(one), Some(two)) => format!("{} and {}", name(one), name(two)),
            _ => "the telegrams name themselves differently".to_owned(),
        },
        Replayed => match (number(Measure::Counter), number(Measure::RightCounter)) {
            (Some(sent), Some(next)) if full => {
                format!("its counter is {sent}, {next} or more is due")
            }
            _ if full => "its counter does not grow".to_owned(),
            _ => "it is not numbered higher than the one before".to_owned(),
        },
        KeyChanged => "telegrams opened before; now the text is noise".to_owned(),
        PeriodLong => format!(
            "one telegram in {} s; it should be one in 10 s, or each second",
            or_zero(Measure::Seconds)
        ),
        PeriodShort => format!(
            "one telegram in {} s; meters of this version send every 10 s",
            or_zero(Measure::Seconds)
        ),
        ClockOff => format!("it is off by {}", duration(or_zero(Measure::Seconds))),
        PulsesDisagree => format!(
            "{} Wh by pulses, {} Wh by the meter",
            or_zero(Measure::PulseEnergy),
            or_zero(Measure::CounterEnergy)
        ),
        ValueFormat if !full => count(or_zero(Measure::Seen), "line").to_string(),
        ValueFormat if or_zero(Measure::Seen) == 1 => {
            format!("one line, at 0x{:x}", or_zero(Measure::Place))
        }
        ValueFormat => format!(
            "{} lines, the first at 0x{:x}",
            or_zero(Measure::Seen),
            or_zero(Measure::Place)
        ),
        ScaleUnknown => {
            let line = finding
                .evidence
                .code
                .map_or(String::new(), |code| format!("{code}, "));
            let seen = count(or_zero(Measure::Seen), "value");
            format!("{line}{seen} of a list of {}", or_zero(Measure::Expected))
        }
        _ if !full => String::new(),
        _ => format!("bytes {}", finding.span),
    };
    if let Some(title) = finding.evidence.title {
        match said.len() {
            0 => said = format!("of {}", name(title)),
            1..48 => said.push_str(&format!(" ({})", name(title))),
            _ => {}
        }
    }
    said
}

/// `CRC-16/XMODEM, from / to before the !`.
fn sum_words(sum: Sum) -> String {
    let range = match sum.range {
        SumRange::Whole => "from / to !",
        SumRange::NoMark => "without the !",
        SumRange::NoSlash => "without the /",
        SumRange::Inner => "without / and !",
    };
    let order = if sum.swapped { ", bytes swapped" } else { "" };
    format!("{}, {range}{order}", sum.name())
}

/// A time span as people say it: seconds up to some minutes, then hours and days.
fn duration(seconds: u64) -> String {
    match seconds {
        0..600 => format!("{seconds} s"),
        600..5400 => format!("{} minutes", (seconds + 30) / 60),
        5400..172_800 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} days", (seconds + 43_200) / 86_400),
    }
}

fn lost(finding: &Finding, full: bool) -> String {
    let number = |measure| finding.evidence.get(measure);
    match (number(Measure::Lost), number(Measure::Place)) {
        (Some(1), Some(_)) if !full => "one byte is missing".to_owned(),
        (Some(lost @ 2..), Some(_)) if !full => format!("{lost} bytes are missing"),
        (_, Some(_)) if !full => String::new(),
        (Some(1), Some(place)) => format!("one byte is missing at offset 0x{place:x}"),
        (Some(lost @ 2..), Some(place)) => {
            format!("{lost} bytes are missing at offset 0x{place:x}")
        }
        (_, Some(place)) => format!("something is missing at offset 0x{place:x}"),
        _ => match (number(Measure::Have), number(Measure::Need)) {
            (Some(have), Some(need)) => format!("{have} of {} came", count(need, "byte")),
            _ if !full => String::new(),
            _ => format!("bytes {}", finding.span),
        },
    }
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
