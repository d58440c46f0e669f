//! What to do about a finding, the most likely first, and what would tell two causes apart.

use super::{keys_of, verdict_title};
use crate::p1::diagnosis::{Finding, Measure, Verdict};

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
        WrongSpeed => {
            "use --baud auto, which finds it; or set --baud 115200 --mode 8N1 (meters\nbefore DSMR 4: 9600 7E1; DLMS pushes: 2400 8E1)"
        }
        OnlyZeros => {
            "an old meter (DSMR 2.2, 3.0): use --baud 9600 --mode 7E1;\nelse the data line is held low: check ground and pull-up"
        }
        SevenEven if or_zero(Measure::Readable) < 900 => {
            "encrypted telegrams need all 8 bits: set the adapter or converter in\nbetween to 8N1; what is stored cannot be mended"
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
        MbusSearching => {
            "ask the operator to switch the customer port on; a meter that wants an\nanswer first (OMS, mode 5) cannot be read"
        }
        WirelessMbus => {
            "use a program for wireless M-Bus, such as wmbusmeters; the customer\nport of the meter is a socket"
        }
        RequestPort => {
            "use a program for IEC 62056-21 with an optical head; smarty reads ports\nthat send by themselves"
        }
        Sml => "use a program for SML; smarty reads the P1 port, RJ12, only",
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
        OpenedInPlace => {
            "record the bytes as they came, with smarty capture; or read the lines\nof the log that show it before it was decrypted"
        }
        PartsLost => {
            "read without gaps: one program at the port, no timeout between parts,\nand a buffer of 1024 bytes or more in what stands in between"
        }
        LinkDamaged => {
            "check the speed and the parity (2400 8E1 or 8N1 on the M-Bus), the\ncable, and whether the adapter gets enough current"
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
        DamagedHeader => "one telegram now and then is nothing; else check cable and pull-up",
        Unsupported => "ask the operator for \"security suite 0\" with a key of the meter",
        Downgrade => "somebody else may have written it; it is not used",
        Replayed => {
            "somebody may play back what was recorded: such telegrams are not used;\na recording is read from its file"
        }
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
            "one telegram now and then is nothing; else check cable and pull-up"
        }
        WrongCrc if finding.evidence.get(Measure::Proven) == Some(1) => {
            "it is genuine: the meter itself sends this sum. Tell the operator;\n--ignore-crc prints the telegrams all the same"
        }
        BlottedOut => {
            "nothing is wrong with the line: --ignore-crc prints the telegram all\nthe same, marked"
        }
        OtherCrc if or_zero(Measure::Proven) == 1 => "nothing to do: the telegrams are used",
        OtherCrc => "nothing was damaged: --ignore-crc prints the telegrams all the same",
        NoEndLine => "nothing to do: the telegrams are used; no check sum shows damage",
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
        PulsesDisagree => {
            "compare per_kwh with the front of the meter (imp/kWh); shade the sensor\nfrom other light; shortest= filters bounces, and pulses with them"
        }
        ValueFormat => "the other lines are used; --explain shows the ones that are not",
        ScaleUnknown => {
            "they are shown as sent, without a unit: compare them with the display of\nthe meter, and ask its operator what the list is scaled by"
        }
    };
    let mut hint = hint.to_owned();
    if let (NoKey, Some(keys)) = (finding.verdict, finding.evidence.title.and_then(keys_of)) {
        hint = format!("{keys}\n{hint}");
    }
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
        (WrongKey, DamagedHeader) => "a second telegram tells: record for 20 s",
        (WrongAuthKey, DamagedTag) => "a second telegram tells: record for 20 s",
        (LostBytes, CutShort) => "the key of the meter would show the place",
        (BufferLimit, CutShort) => "more telegrams tell: a limit is always the same",
        (Icrnl, Cooked) => "an encrypted telegram would tell; the remedy is the same",
        (WeakPullUp | DamagedFrame, Noise) | (DamagedFrame, WeakPullUp) => {
            "more damaged telegrams tell: record for some minutes"
        }
        (WrongCrc, LostBytes) | (LostBytes, WrongCrc) => "more telegrams tell: record for a minute",
        (Ixon, LostBytes) => "more telegrams tell: record for a minute",
        _ => return None,
    })
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
