//! Findings in plain words: what is wrong, how that is known, what to do.
//!
//! A title and a line of evidence fit 72 columns, so that `smarty: ` or `  hint: ` before them stays within
//! 80; a hint may have several such lines. A key never shows, not even one digit of it.

use crate::p1::ciphering::SystemTitle;
use crate::p1::count::count;
use crate::p1::diagnosis::sums::{Sum, SumRange};
use crate::p1::diagnosis::{Finding, Measure, Verdict};

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
        Hdlc => "this is another port of the meter: HDLC, not P1",
        MBus => "this is another port of the meter: M-Bus, not P1",
        Sml => "this is the optical port of a meter: SML, not P1",
        OtherMeter => "a Polish meter: its way to encrypt is not supported",
        Telnet => "a telnet connection changes the bytes",
        Utf8 => "a program in between takes the bytes for text",
        Icrnl => "the serial port turns each CR (0D) into LF (0A)",
        Ixon => "the serial port swallows the bytes 11 and 13",
        Cooked => "the serial port edits what it reads, as for a keyboard",
        LineEnds => "an editor or git has changed the line ends",
        LostBytes => "bytes are missing inside the frames",
        InsertedBytes => "bytes that were not sent stand inside the frames",
        BufferLimit => "frames end at a size limit of a device in between",
        CutShort => "frames end early",
        DamagedHeader => "the head of a frame was damaged on the way",
        Unsupported => "the frames are protected in a way that is not supported",
        Downgrade => "a frame without proof of origin, though others have one",
        NoKey => "the frames are encrypted, and there is no key",
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
        DamagedFrame => "a frame was damaged on the way",
        WrongCrc => "the check sum (CRC) is wrong, the text looks whole",
        OtherCrc => "the check sum (CRC) is of another kind than the standard's",
        ShortCrc => "the check sum (CRC) is sent without its leading zeros",
        WrongAuthKey => "the authentication key is not the one of this meter",
        DamagedTag => "the end of a frame (its tag) was damaged on the way",
        NoTelegram => "the frames open, but hold no telegram",
        Missed => "frames were sent that never arrived",
        CounterReset => "the frame counter of the meter went back",
        RepeatedNonce => "the meter used one frame counter twice",
        TwoMeters => "more than one meter sends here",
        KeyChanged => "the key fits no longer: it was changed",
        PeriodLong => "telegrams come too seldom",
        PeriodShort => "telegrams come too often",
        ClockOff => "the clock of the meter is wrong",
        ValueFormat => "some lines are not as the standard has them",
    }
}

/// How that is known: the numbers, in a line.
pub fn evidence(finding: &Finding) -> String {
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
        WeakPullUp | Noise | DamagedFrame if number(Measure::Damaged).is_some() => format!(
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
            "no byte 0D; put back, the frame is genuine".to_owned()
        }
        Icrnl => "no byte 0D at all, and twice as many 0A as there should be".to_owned(),
        Ixon if number(Measure::Lost).is_none() => format!(
            "no 11 and no 13, where {} should be",
            or_zero(Measure::Expected)
        ),
        Ixon => format!(
            "no 11 and no 13; the frames are {} short, {} expected",
            count(or_zero(Measure::Lost), "byte"),
            or_zero(Measure::Expected)
        ),
        Cooked => "none of the bytes that a terminal acts on, like 03, 04, 7F".to_owned(),
        LineEnds if or_zero(Measure::Inserted) > 0 => format!(
            "lines end in CR CR LF: {} too many in a telegram",
            count(or_zero(Measure::Inserted), "byte")
        ),
        LineEnds => "no line ends in CR LF as meters send it".to_owned(),
        LostBytes => lost(finding),
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
        BufferLimit | CutShort => match number(Measure::Need) {
            Some(need) => {
                let need = count(need, "byte");
                format!("{} of {need} came", or_zero(Measure::Have))
            }
            None => format!("{} came, and no end", count(or_zero(Measure::Have), "byte")),
        },
        WrongKey if or_zero(Measure::Seen) > 0 => {
            "all text is noise; the counter grows by one: line and meter are fine".to_owned()
        }
        WrongKey => "the text is noise from its first character".to_owned(),
        KeyReversed | KeyDigitsReversed | KeyNibblesSwapped | KeyAsciiForHex | KeyHexOfHex
        | KeyIsAuthKey => "put right, it opens the frames".to_owned(),
        KeyTypo => format!(
            "it is digit {}; mended, the frame opens",
            or_zero(Measure::Digit)
        ),
        KeyTwoTypos | KeyDigitsSwapped => format!(
            "it is digits {} and {}; mended, the frame opens",
            or_zero(Measure::Digit),
            or_zero(Measure::SecondDigit)
        ),
        KeyOfOtherMeter => match finding.evidence.other {
            Some(other) => format!("the key of {} in the key ring opens it", name(other)),
            None => "the default key of the key ring opens it".to_owned(),
        },
        WrongAuthKey => "text and CRC are right, only the tag does not fit".to_owned(),
        DamagedTag => "the text is right, other frames of this meter are good".to_owned(),
        DamagedHeader if number(Measure::RightCounter).is_some() => {
            "with another head that is nearly the same it opens".to_owned()
        }
        WrongCrc => match (number(Measure::CrcSent), number(Measure::CrcComputed)) {
            (Some(sent), Some(computed)) => format!("sent {sent:04X}, computed {computed:04X}"),
            _ => "each line is as it should be, only the sum is not".to_owned(),
        },
        OtherCrc => number(Measure::Sum)
            .and_then(Sum::of_number)
            .map_or_else(String::new, |sum| format!("it fits as {}", sum_words(sum))),
        ShortCrc => "the number fits, but has fewer than four digits".to_owned(),
        Missed if or_zero(Measure::Lost) == 1 => "the counter jumped over one frame".to_owned(),
        Missed => format!("the counter jumped over {} frames", or_zero(Measure::Lost)),
        TwoMeters => match (finding.evidence.title, finding.evidence.other) {
            (Some(one), Some(two)) => format!("{} and {}", name(one), name(two)),
            _ => "the telegrams name themselves differently".to_owned(),
        },
        KeyChanged => "frames opened before; now the text is noise".to_owned(),
        PeriodLong => format!(
            "one telegram in {} s; it should be one in 10 s, or each second",
            or_zero(Measure::Seconds)
        ),
        PeriodShort => format!(
            "one telegram in {} s; meters of this version send every 10 s",
            or_zero(Measure::Seconds)
        ),
        ClockOff => format!("it is off by {}", duration(or_zero(Measure::Seconds))),
        ValueFormat if or_zero(Measure::Seen) == 1 => {
            format!("one line, at 0x{:x}", or_zero(Measure::Place))
        }
        ValueFormat => format!(
            "{} lines, the first at 0x{:x}",
            or_zero(Measure::Seen),
            or_zero(Measure::Place)
        ),
        _ => format!("bytes {}", finding.span),
    };
    if let Some(title) = finding.evidence.title
        && said.len() < 48
    {
        said.push_str(&format!(" ({})", name(title)));
    }
    said
}

/// What to do: lines of at most 72 columns, the most likely first.
pub fn hint(finding: &Finding) -> String {
    use Verdict::*;
    let or_zero = |measure| finding.evidence.get(measure).unwrap_or(0);
    let hint = match finding.verdict {
        Silence => {
            "check that pin 2 (data request) has 5 V, or is joined to pin 1;\nthat data (pin 5) and ground (pin 3) are connected;\nthat the operator has opened the port; that it is the right device"
        }
        InvertedPlain if finding.evidence.get(Measure::Proven) == Some(1) => {
            "the telegrams are decoded all the same. Use a cable that inverts\n(\"for smart meter\"), or its inverter (FT_PROG: invert RXD)"
        }
        InvertedPlain | InvertedEncrypted => {
            "use a cable that inverts the data line (\"for smart meter\"),\nor switch on the inverter of the adapter (FT_PROG: invert RXD)"
        }
        WrongSpeed => "set --baud 115200 --mode 8N1 (meters before DSMR 4: 9600 7E1)",
        OnlyZeros => {
            "an old meter (DSMR 2.2, 3.0): use --baud 9600 --mode 7E1;\nelse the data line is held low: check ground and pull-up"
        }
        SevenEven if or_zero(Measure::Readable) < 900 => {
            "encrypted frames need all 8 bits: set the adapter or converter in\nbetween to 8N1; what is stored cannot be mended"
        }
        SevenEven => "use --mode 7E1",
        WrongParity => "use --mode 8N1",
        Bit7Stripped => {
            "use --mode 8N1; switch off ISTRIP (stty -istrip) and any\n\"7 bit\" or \"ASCII\" setting of programs and network adapters"
        }
        SampledLate => {
            "the speeds of meter and adapter differ: use another adapter;\na slow edge does it too: use a stronger pull-up, 1 kOhm to 5 V"
        }
        WeakPullUp => {
            "put a stronger pull-up on the data line (1 kOhm to 5 V, or 1 kOhm to\n3.3 V for a 3.3 V board), and keep the cable short"
        }
        Noise => {
            "check plugs and ground (pin 3), keep the cable short and away from\nmains cables; use twisted pairs, data with ground"
        }
        UnknownBytes => "check that the cable goes to the P1 port, and the speed: 115200 8N1",
        Hdlc | MBus => {
            "plug into the P1 port (RJ12, for the customer), not into the optical,\nthe M-Bus or the operator's port"
        }
        Sml => "use a program for SML; smarty reads the P1 port, RJ12, only",
        OtherMeter => "ask the operator to switch the encryption of the port off",
        Telnet => {
            "switch the network adapter to \"raw TCP\", or use its raw port;\nthe bytes can be mended with --repair"
        }
        Utf8 => {
            "read the port as bytes, not as text: no terminal program, no decode(),\nno MQTT as string; smarty capture does it right"
        }
        Icrnl => {
            "run: stty -F PORT raw -echo   or read the port with smarty capture;\nwhat is already stored can be mended with --repair"
        }
        Ixon => {
            "run: stty -F PORT raw -echo   and switch software flow control off;\nwhat is already stored can be mended with --repair, given the key"
        }
        Cooked => "run: stty -F PORT raw -echo   or read the port with smarty capture",
        LineEnds => {
            "use the file as it was recorded (git: *.txt -text); --repair puts\nthe line ends back where the check sum proves it"
        }
        LostBytes => lost_hint(finding),
        InsertedBytes if finding.evidence.get(Measure::Proven) == Some(1) => {
            "the line is held low for a moment, or a program puts them in; what is\nalready stored can be mended with --repair"
        }
        InsertedBytes => "check that only one program reads the port, and what stands in between",
        BufferLimit => {
            "raise the buffer of the dongle or bridge to 4096 bytes\n(Tasmota, ESPHome: rx_buffer_size), or use another firmware"
        }
        CutShort => {
            "record for some seconds longer; if it is always so, the reading program\nstops too early or the 5 V of the port break down"
        }
        DamagedHeader => "one frame now and then is nothing; else check cable and pull-up",
        Unsupported => "ask the operator for \"security suite 0\" with a key of the meter",
        Downgrade => "somebody else may have written this frame; it is not used",
        NoKey => {
            "the network operator hands the key to the owner, 32 digits:\ngive it with --key, --key-file FILE, SMARTY_KEY or --keyring FILE"
        }
        WrongKey => {
            "compare the number on the meter with the one in the operator's letter;\nask the operator for the key of this meter"
        }
        KeyOfOtherMeter => "give this meter its own line in the key ring",
        KeyReversed | KeyDigitsReversed | KeyNibblesSwapped => {
            "write the key as it stands in the operator's letter, from left to right"
        }
        KeyAsciiForHex => "give the key as 32 digits 0-9, A-F, two for each letter",
        KeyHexOfHex => "give the key as in the letter: 32 digits, and do not convert it",
        KeyIsAuthKey => "exchange --key (encryption key) and --auth-key (authentication key)",
        KeyTypo | KeyTwoTypos | KeyDigitsSwapped => {
            "compare the key with the operator's letter at this place"
        }
        DamagedFrame | DamagedTag => {
            "one frame now and then is nothing; else check cable and pull-up"
        }
        WrongCrc if finding.evidence.get(Measure::Proven) == Some(1) => {
            "the frame is genuine: the meter itself sends this sum. Tell the operator;\n--ignore-crc prints the telegrams all the same"
        }
        OtherCrc => "nothing was damaged: --ignore-crc prints the telegrams all the same",
        ShortCrc => "nothing to do: the telegrams are used",
        WrongCrc => {
            "if all telegrams have it, the text was changed after it was sent;\n--ignore-crc prints them all the same"
        }
        WrongAuthKey if finding.evidence.get(Measure::PublicFits) == Some(1) => {
            "leave --auth-key away: the public one fits"
        }
        WrongAuthKey => {
            "ask the operator for the authentication key and give it with --auth-key;\nuntil then --tag warn lets the telegrams through, marked"
        }
        NoTelegram => "the port is set to another format; ask the operator for DSMR P1",
        Missed => "the reading program was away or too slow; one gap is nothing",
        CounterReset => "normal when the key was changed, or when files were joined",
        RepeatedNonce => "tell the operator: this weakens the encryption",
        TwoMeters => "if only one is wanted, name it with --meter",
        KeyChanged => "ask the operator for the new key of this meter",
        PeriodLong | PeriodShort => "check with the operator how the port is set up",
        ClockOff => "tell the operator; times of readings are the meter's own",
        ValueFormat => "the other lines are used; --explain shows the ones that are not",
    };
    let mut hint = hint.to_owned();
    for other in finding.alternatives.iter().take(2) {
        hint.push_str(&format!("\nor: {}", verdict_title(*other)));
        if let Some(how) = tell_apart(finding.verdict, *other) {
            hint.push_str(&format!("\n{how}"));
        }
    }
    hint
}

/// What would tell two causes apart that fit the same evidence.
pub fn tell_apart(said: Verdict, other: Verdict) -> Option<&'static str> {
    use Verdict::*;
    Some(match (said, other) {
        (WrongKey, DamagedHeader) => "a second frame tells: record for 20 s",
        (WrongAuthKey, DamagedTag) => "a second frame tells: record for 20 s",
        (LostBytes, CutShort) => "the key of the meter would show the place",
        (BufferLimit, CutShort) => "more frames tell: a limit is always the same",
        (Icrnl, Cooked) => "an encrypted frame would tell; the remedy is the same",
        (WeakPullUp | DamagedFrame, Noise) | (DamagedFrame, WeakPullUp) => {
            "more damaged frames tell: record for some minutes"
        }
        (WrongCrc, LostBytes) | (LostBytes, WrongCrc) => "more telegrams tell: record for a minute",
        (Ixon, LostBytes) => "more frames tell: record for a minute",
        _ => return None,
    })
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

fn lost(finding: &Finding) -> String {
    let number = |measure| finding.evidence.get(measure);
    match (number(Measure::Lost), number(Measure::Place)) {
        (Some(1), Some(place)) => format!("one byte is missing at offset 0x{place:x}"),
        (Some(lost @ 2..), Some(place)) => {
            format!("{lost} bytes are missing at offset 0x{place:x}")
        }
        (_, Some(place)) => format!("something is missing at offset 0x{place:x}"),
        _ => match (number(Measure::Have), number(Measure::Need)) {
            (Some(have), Some(need)) => format!("{have} of {} came", count(need, "byte")),
            _ => format!("bytes {}", finding.span),
        },
    }
}

fn lost_hint(finding: &Finding) -> &'static str {
    let missing = || {
        let evidence = &finding.evidence;
        let short = evidence
            .get(Measure::Need)?
            .checked_sub(evidence.get(Measure::Have)?);
        short.filter(|_| evidence.get(Measure::Lost).is_none())
    };
    match finding.evidence.get(Measure::Lost).or_else(missing) {
        Some(62 | 124 | 186 | 248) => {
            "62 bytes are one USB packet of an FTDI adapter: use another USB port\nor a shorter cable, and check that the computer is not too busy"
        }
        Some(16 | 32 | 48 | 64 | 128 | 256) => {
            "that is the buffer (FIFO) of a serial chip: the computer is too slow\nto empty it; use a USB adapter, or raise the buffer (rx_buffer_size)"
        }
        _ => {
            "the computer or bridge is too slow: raise its buffer, close other\nprograms that read the port, use another adapter"
        }
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
            for text in [title(&finding), evidence(&finding), hint(&finding)] {
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
    fn what_is_one_is_said_as_one() {
        for &verdict in Verdict::ALL {
            let measured = |evidence: Evidence, &measure| evidence.with(measure, 1);
            let ones = Measure::ALL.iter().fold(Evidence::default(), measured);
            let said = evidence(&Finding::new(verdict, Span::new(0, 1), 1, ones));
            let words: Vec<_> = said.split_whitespace().collect();
            let wrong =
                |pair: &&[&str]| pair[0] == "1" && pair[1].len() > 2 && pair[1].ends_with('s');
            assert_eq!(words.windows(2).find(wrong), None, "{said}");
        }
    }

    #[test]
    fn the_readme_says_of_every_verdict_what_to_touch() {
        let readme = include_str!("../../README.md");
        for &verdict in Verdict::ALL {
            let row = format!("\n| {} | ", verdict_title(verdict));
            assert!(readme.contains(&row), "{}", verdict_title(verdict));
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

    #[test]
    fn a_count_is_said() {
        let finding = Finding::new(Verdict::WrongKey, Span::default(), 100, Evidence::default());
        assert_eq!(
            title(&finding),
            "the key does not fit this meter (100 times)"
        );
    }
}
