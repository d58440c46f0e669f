//! What diagnosis says: a verdict, its evidence in numbers, and where.

use std::fmt;

use crate::p1::ciphering::SystemTitle;
use crate::p1::obis::Obis;
use crate::p1::span::Span;

/// One cause of trouble, with what shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What is wrong.
    pub verdict: Verdict,
    /// The numbers that show it.
    pub evidence: Evidence,
    /// Bytes that the finding is about.
    pub span: Span,
    /// Frames, bursts or values that show the same.
    pub count: usize,
    /// Other causes that fit this evidence as well, likelier ones first.
    pub alternatives: Vec<Verdict>,
}

/// Numbers behind a verdict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    numbers: Vec<(Measure, u64)>,
    /// The meter it is about.
    pub title: Option<SystemTitle>,
    /// Another meter that plays a part.
    pub other: Option<SystemTitle>,
    /// The line it is about.
    pub code: Option<Obis>,
    /// Offsets of damaged bytes in the stream, the first of them.
    pub damaged: Vec<u64>,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$item_doc:meta])* $item:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$item_doc])* $item,)* }

        impl $name {
            /// All of them, in the order of the examination.
            pub const ALL: &'static [Self] = &[$(Self::$item,)*];

            /// The word for it in every output.
            pub fn code(self) -> &'static str {
                match self { $(Self::$item => $word,)* }
            }
        }
    };
}

words! {
    /// What can be wrong, in the order of the examination.
    Verdict {
        /// Nothing arrives.
        Silence = "silence",
        /// The line is not inverted, the text could be recovered.
        InvertedPlain = "inverted_plain",
        /// The line is not inverted, and the frames are encrypted.
        InvertedEncrypted = "inverted_encrypted",
        /// Read at another speed than sent.
        WrongSpeed = "wrong_speed",
        /// Only zeros: read much faster than sent.
        OnlyZeros = "only_zeros",
        /// 7E1 read as 8N1.
        SevenEven = "seven_even",
        /// 8N1 read with parity.
        WrongParity = "wrong_parity",
        /// Bit 7 of each byte was cleared.
        Bit7Stripped = "bit7_stripped",
        /// Characters read one bit late.
        SampledLate = "sampled_late",
        /// Bits fall from 1 to 0.
        WeakPullUp = "weak_pull_up",
        /// Bits flip both ways.
        Noise = "noise",
        /// Bytes that are nothing known.
        UnknownBytes = "unknown_bytes",
        /// An M-Bus master that looks for meters, and none that pushes.
        MbusSearching = "mbus_searching",
        /// Radio frames of the wireless M-Bus.
        WirelessMbus = "wireless_mbus",
        /// A port that answers requests (IEC 62056-21, mode C).
        RequestPort = "request_port",
        /// The optical port of a meter that speaks SML.
        Sml = "sml",
        /// Telnet in between.
        Telnet = "telnet",
        /// A text layer in between.
        Utf8 = "utf8",
        /// The tty turns CR into LF.
        Icrnl = "icrnl",
        /// The tty eats 11 and 13.
        Ixon = "ixon",
        /// The tty edits lines.
        Cooked = "cooked",
        /// CR LF became LF.
        LineEnds = "line_ends",
        /// Frames were decrypted before they were logged.
        OpenedInPlace = "opened_in_place",
        /// Segments or blocks of pushes are missing.
        PartsLost = "parts_lost",
        /// Check sums of the link frames of pushes do not fit.
        LinkDamaged = "link_damaged",
        /// Bytes are missing inside a frame.
        LostBytes = "lost_bytes",
        /// Bytes too many inside a frame.
        InsertedBytes = "inserted_bytes",
        /// Frames end early, always after as many bytes.
        BufferLimit = "buffer_limit",
        /// Frames end early.
        CutShort = "cut_short",
        /// Title, counter or length of a frame was damaged.
        DamagedHeader = "damaged_header",
        /// Protected in a way that is not read.
        Unsupported = "unsupported",
        /// A frame without a tag from a meter that sends tags.
        Downgrade = "downgrade",
        /// A frame whose counter does not grow, of a live source.
        Replayed = "replayed",
        /// There is no key for the meter.
        NoKey = "no_key",
        /// The key does not open the frames, and it is no bad copy of one that does.
        WrongKey = "wrong_key",
        /// The key is that of another meter.
        KeyOfOtherMeter = "key_of_other_meter",
        /// The bytes of the key are in reverse order.
        KeyReversed = "key_reversed",
        /// The digits of the key are in reverse order.
        KeyDigitsReversed = "key_digits_reversed",
        /// The two digits of each byte are swapped.
        KeyNibblesSwapped = "key_nibbles_swapped",
        /// The digits of the key are its bytes as text.
        KeyAsciiForHex = "key_ascii_for_hex",
        /// The key is the hexadecimal form of hexadecimal digits.
        KeyHexOfHex = "key_hex_of_hex",
        /// Encryption and authentication key are exchanged.
        KeyIsAuthKey = "key_is_auth_key",
        /// One digit of the key is wrong.
        KeyTypo = "key_typo",
        /// Two digits of the key are exchanged.
        KeyDigitsSwapped = "key_digits_swapped",
        /// Two digits of the key are wrong.
        KeyTwoTypos = "key_two_typos",
        /// The key is right, bytes were damaged.
        DamagedFrame = "damaged_frame",
        /// Something was blotted out by hand, so that the CRC cannot fit.
        BlottedOut = "blotted_out",
        /// The CRC does not fit, and nothing else is wrong.
        WrongCrc = "wrong_crc",
        /// The CRC is one of another kind, and fits as such.
        OtherCrc = "other_crc",
        /// Telegrams come without an end line, and are used all the same.
        NoEndLine = "no_end_line",
        /// The CRC fits, and lacks the zeros that it should begin with.
        ShortCrc = "short_crc",
        /// The authentication key is not the meter's.
        WrongAuthKey = "wrong_auth_key",
        /// The tag of one frame was damaged.
        DamagedTag = "damaged_tag",
        /// The text opens, and is no telegram.
        NoTelegram = "no_telegram",
        /// Frames are missing between others.
        Missed = "missed",
        /// The frame counter fell.
        CounterReset = "counter_reset",
        /// The frame counter stood still: a nonce is used twice.
        RepeatedNonce = "repeated_nonce",
        /// More than one meter sends.
        TwoMeters = "two_meters",
        /// The key of the meter changed in the stream.
        KeyChanged = "key_changed",
        /// Telegrams come too seldom.
        PeriodLong = "period_long",
        /// Telegrams come too often.
        PeriodShort = "period_short",
        /// The clock of the meter is wrong.
        ClockOff = "clock_off",
        /// Values are not as the standard has them.
        ValueFormat = "value_format",
        /// Values of a list have no scale: none is sent, and none follows from anything else.
        ScaleUnknown = "scale_unknown",
        /// The counter of a meter and its pulses do not add up to the same.
        PulsesDisagree = "pulses_disagree",
    }
}

words! {
    /// What a number of the evidence counts.
    Measure {
        /// Bytes looked at.
        Bytes = "bytes",
        /// Frames looked at.
        Frames = "frames",
        /// Milliseconds.
        Milliseconds = "milliseconds",
        /// Thousandths of the characters that a telegram can hold.
        Readable = "readable_permille",
        /// Speed at which it was sent, in baud.
        Sent = "sent_baud",
        /// Speed at which it was read, in baud.
        Read = "read_baud",
        /// Offset in the stream.
        Place = "place",
        /// Bytes missing.
        Lost = "lost",
        /// Bytes too many.
        Inserted = "inserted",
        /// Bytes that came.
        Have = "have",
        /// Bytes that the length field claims.
        Need = "need",
        /// Bytes damaged.
        Damaged = "damaged",
        /// Bits that fell from 1 to 0.
        Fallen = "fallen",
        /// Bits that rose from 0 to 1.
        Risen = "risen",
        /// Characters that are others shifted by a bit.
        Shifted = "shifted",
        /// Bytes of the kind that shows it.
        Seen = "seen",
        /// Bytes of the kind that would be there otherwise.
        Expected = "expected",
        /// Frame counter in the header.
        Counter = "counter",
        /// Frame counter that fits.
        RightCounter = "right_counter",
        /// First wrong digit of the key, from 1.
        Digit = "digit",
        /// Second wrong digit of the key, from 1.
        SecondDigit = "second_digit",
        /// 1 where a CRC or tag proves it.
        Proven = "proven",
        /// CRC as sent.
        CrcSent = "crc_sent",
        /// CRC as computed.
        CrcComputed = "crc_computed",
        /// Number of the kind of CRC that fits.
        Sum = "sum",
        /// Seconds from one telegram to the next.
        Seconds = "seconds",
        /// Bytes outside of frames.
        Junk = "junk",
        /// Good telegrams.
        Good = "good",
        /// How many come in an hour.
        PerHour = "per_hour",
        /// 1 where the public authentication key fits.
        PublicFits = "public_fits",
        /// Energy by pulses, Wh.
        PulseEnergy = "pulses_wh",
        /// Energy by the counter, Wh.
        CounterEnergy = "counter_wh",
    }
}

impl Evidence {
    /// Adds a number.
    pub fn with(mut self, measure: Measure, number: u64) -> Self {
        self.numbers.push((measure, number));
        self
    }

    /// Names the meter.
    pub fn of(mut self, title: Option<SystemTitle>) -> Self {
        self.title = title;
        self
    }

    /// A number, where it was found.
    pub fn get(&self, measure: Measure) -> Option<u64> {
        let found = self.numbers.iter().find(|(known, _)| *known == measure);
        found.map(|(_, number)| *number)
    }

    /// Changes a number, where it was found.
    pub fn change(&mut self, measure: Measure, change: impl Fn(u64) -> u64) {
        for (_, number) in self
            .numbers
            .iter_mut()
            .filter(|(known, _)| *known == measure)
        {
            *number = change(*number);
        }
    }

    /// All numbers, in the order they were found.
    pub fn numbers(&self) -> impl Iterator<Item = (Measure, u64)> + '_ {
        self.numbers.iter().copied()
    }
}

impl Finding {
    /// A finding about one place, without alternatives.
    pub fn new(verdict: Verdict, span: Span, count: usize, evidence: Evidence) -> Self {
        Self {
            verdict,
            evidence,
            span,
            count,
            alternatives: Vec::new(),
        }
    }

    /// Names other causes that fit as well.
    pub fn or(mut self, alternatives: &[Verdict]) -> Self {
        self.alternatives.extend_from_slice(alternatives);
        self
    }
}

impl Verdict {
    /// Tells whether it is why frames are refused, and not something beside that.
    pub fn explains_refusals(self) -> bool {
        !matches!(
            self,
            Self::Silence
                | Self::Missed
                | Self::CounterReset
                | Self::RepeatedNonce
                | Self::TwoMeters
                | Self::PeriodLong
                | Self::PeriodShort
                | Self::ClockOff
                | Self::ValueFormat
                | Self::ScaleUnknown
                | Self::PulsesDisagree
        )
    }

    /// Tells whether it says only that bits of frames were damaged.
    pub fn is_damage(self) -> bool {
        matches!(
            self,
            Self::SampledLate
                | Self::WeakPullUp
                | Self::Noise
                | Self::DamagedFrame
                | Self::DamagedHeader
                | Self::DamagedTag
        )
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
