//! The faults by name, and what each makes of a burst.

use std::fmt;
use std::str::FromStr;

use crate::p1::nearest::nearest;

use super::{ErrorBytes, Framing, Parity, Rate, Rng, Tty, TtyMode, Wire, layer};

/// One thing that is wrong between a meter and us, or in the meter.
///
/// Written as `KIND` or `KIND=AMOUNT`; [`Fault::KINDS`] lists them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The levels are swapped: no inverter between the open collector and the UART.
    InvertedLine,
    /// The receiver reads 8N1 at another speed, bits a second.
    WrongSpeed(u32),
    /// The meter sends 9600 7E1, the receiver reads 9600 8N1.
    SevenEven,
    /// The receiver expects 8E1; Linux gives 00 for each character whose parity or stop bit does not fit.
    Parity,
    /// So many bytes are missing, from an offset or from a place by chance.
    LostBytes {
        /// How many bytes.
        count: usize,
        /// The offset in the burst; by chance where `None`.
        at: Option<usize>,
    },
    /// Data bits flip both ways.
    BitFlips(Rate),
    /// Data bits fall from 1 to 0.
    WeakPullUp(Rate),
    /// Characters are sampled one bit late.
    Late(Rate),
    /// Up to so many random bytes before and behind each burst.
    Noise(usize),
    /// Each burst ends early, at a place by chance.
    CutFrames,
    /// Each burst ends after so many bytes.
    BufferLimit(usize),
    /// One of the link frames of each push is lost, where it has several.
    PartLost,
    /// Bit 7 is cleared: 7 data bits, ISTRIP, an ASCII layer.
    StrippedBit7,
    /// The tty is in cooked mode, as the system leaves it (ICRNL and IXON too).
    Icanon,
    /// The tty turns CR into LF.
    Icrnl,
    /// The tty eats 11 and 13.
    Ixon,
    /// A telnet server is in between and doubles FF.
    Telnet,
    /// A UTF-8 layer replaces what it does not know.
    Utf8,
    /// A Latin-1 to UTF-8 layer widens what is 80 or more.
    Latin1,
    /// An editor turned CR LF into LF.
    LineEnds,
    /// The meter seals with another encryption key than its key ring says.
    WrongKey,
    /// The meter seals with another authentication key than its key ring says.
    WrongAuthKey,
    /// The meter uses each frame counter twice.
    CounterRepeat,
    /// The meter starts its frame counter again at 0.
    CounterReset,
    /// The meter's CRC is wrong.
    BadCrc,
    /// Nothing is sent.
    Silence,
}

/// A fault that is not known, or an amount that does not suit it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// No fault has this name.
    #[error("no fault is called `{0}`")]
    Unknown(String),
    /// The amount is missing, too much, or of another form.
    #[error("`{kind}` takes {expected}, but found `{found}`")]
    Amount {
        /// The fault.
        kind: &'static str,
        /// What it takes.
        expected: &'static str,
        /// What was given.
        found: String,
    },
}

impl FaultError {
    /// The fault that was meant, where its name is nearly what was given.
    pub fn nearest(&self) -> Option<&'static str> {
        match self {
            Self::Unknown(name) => {
                nearest(name, Fault::KINDS.iter().map(|(kind, _)| name_of(kind)))
            }
            Self::Amount { .. } => None,
        }
    }
}

/// The name of a kind without its amount.
fn name_of(kind: &'static str) -> &'static str {
    kind.split_once('=').map_or(kind, |(name, _)| name)
}

impl Fault {
    /// Each kind with its amount (the default one, where it has one) and what it does.
    pub const KINDS: [(&str, &str); 26] = [
        ("inverted", "inverted line"),
        ("speed=9600", "read 8N1 at this speed"),
        ("7e1", "9600 7E1 read as 9600 8N1"),
        ("parity", "read as 8E1, or 8E1 as 8N1"),
        ("lost=62", "so many bytes lost; lost=62@700: at offset 700"),
        ("flips=0.001", "data bits flip at this rate"),
        ("weak=0.002", "data bits fall from 1 to 0 at this rate"),
        ("late=0.01", "characters sampled a bit late at this rate"),
        ("noise=16", "up to so many random bytes around a frame"),
        ("cut", "frames end early"),
        ("limit=1024", "frames end after so many bytes"),
        ("part-lost", "a segment or block of each push is lost"),
        ("strip", "bit 7 stripped"),
        ("icanon", "tty in cooked mode"),
        ("icrnl", "tty turns CR into LF"),
        ("ixon", "tty eats 11 and 13"),
        ("telnet", "FF doubled"),
        ("utf8", "UTF-8 layer that replaces"),
        ("latin1", "Latin-1 to UTF-8 layer"),
        ("lf", "CR LF turned into LF"),
        ("wrong-key", "sealed with another encryption key"),
        ("wrong-auth-key", "sealed with another authentication key"),
        ("counter-repeat", "each frame counter used twice"),
        ("counter-reset", "frame counter starts again at 0"),
        ("bad-crc", "wrong CRC"),
        ("silence", "nothing is sent"),
    ];

    /// Whether the meter itself has this fault: [`Fault::apply`] then changes nothing.
    pub fn is_of_meter(&self) -> bool {
        use Fault::*;
        matches!(
            self,
            WrongKey | WrongAuthKey | CounterRepeat | CounterReset | BadCrc
        )
    }

    /// What arrives of a burst that a meter sends at 115200 8N1.
    pub fn apply(&self, burst: &[u8], rng: &mut Rng) -> Vec<u8> {
        self.apply_to(burst, Framing::P1, rng)
    }

    /// What arrives of a burst that a meter sends with this framing.
    pub fn apply_to(&self, burst: &[u8], sent: Framing, rng: &mut Rng) -> Vec<u8> {
        let wire = |sent| Wire::transmit(burst, sent);
        let tty = |mode| {
            let mut tty = Tty::new(mode);
            let mut read = Vec::with_capacity(burst.len());
            tty.feed(burst, &mut read);
            tty.finish(&mut read);
            read
        };
        match *self {
            Fault::InvertedLine => wire(sent).inverted().receive(sent, ErrorBytes::AsRead),
            Fault::WrongSpeed(baud) => wire(sent).receive(Framing::n81(baud), ErrorBytes::AsRead),
            Fault::SevenEven => {
                wire(Framing::DSMR2).receive(Framing::n81(9600), ErrorBytes::AsRead)
            }
            Fault::Parity => wire(sent).receive(
                Framing {
                    parity: match sent.parity {
                        Parity::None => Parity::Even,
                        Parity::Even | Parity::Odd => Parity::None,
                    },
                    ..Framing::n81(sent.baud)
                },
                ErrorBytes::AsZero,
            ),
            Fault::LostBytes { count, at } => {
                let places = burst.len().saturating_sub(count) + 1;
                layer::lose(burst, at.unwrap_or_else(|| rng.below(places)), count)
            }
            Fault::BitFlips(rate) => layer::flips(burst, rate, rng),
            Fault::WeakPullUp(rate) => layer::falls(burst, rate, rng),
            Fault::Late(rate) => layer::late(burst, rate, rng),
            Fault::Noise(most) => layer::noise(burst, most, rng),
            Fault::CutFrames => burst[..rng.below(burst.len())].to_vec(),
            Fault::BufferLimit(limit) => burst[..burst.len().min(limit)].to_vec(),
            Fault::PartLost => layer::lose_part(burst, rng),
            Fault::StrippedBit7 => tty(TtyMode {
                istrip: true,
                ..TtyMode::RAW
            }),
            Fault::Icanon => tty(TtyMode::COOKED),
            Fault::Icrnl => tty(TtyMode {
                icrnl: true,
                ..TtyMode::RAW
            }),
            Fault::Ixon => tty(TtyMode {
                ixon: true,
                ..TtyMode::RAW
            }),
            Fault::Telnet => layer::telnet(burst),
            Fault::Utf8 => layer::utf8(burst),
            Fault::Latin1 => layer::latin1(burst),
            Fault::LineEnds => layer::line_ends(burst),
            Fault::Silence => Vec::new(),
            Fault::WrongKey
            | Fault::WrongAuthKey
            | Fault::CounterRepeat
            | Fault::CounterReset
            | Fault::BadCrc => burst.to_vec(),
        }
    }
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Fault, FaultError> {
        let (name, amount) = match text.split_once('=') {
            Some((name, amount)) => (name, Some(amount)),
            None => (text, None),
        };
        let standard = Fault::KINDS
            .iter()
            .map(|(kind, _)| kind.split_once('=').unwrap_or((kind, "")));
        let Some((kind, standard)) = standard.into_iter().find(|(kind, _)| *kind == name) else {
            return Err(FaultError::Unknown(name.to_owned()));
        };
        let amount = amount.unwrap_or(standard);
        let refuse = |expected| FaultError::Amount {
            kind,
            expected,
            found: amount.to_owned(),
        };
        let rate = || {
            amount
                .parse::<Rate>()
                .map_err(|()| refuse("a rate from 0 to 1, like 0.001"))
        };
        let count = || positive(amount).ok_or_else(|| refuse("a number of bytes"));
        let fault = match kind {
            "speed" => {
                let baud = positive(amount).and_then(|baud| u32::try_from(baud).ok());
                Fault::WrongSpeed(baud.ok_or_else(|| refuse("a speed in bits a second"))?)
            }
            "lost" => lost(amount).ok_or_else(|| refuse("a number of bytes, like 62 or 62@700"))?,
            "flips" => Fault::BitFlips(rate()?),
            "weak" => Fault::WeakPullUp(rate()?),
            "late" => Fault::Late(rate()?),
            "noise" => Fault::Noise(count()?),
            "limit" => Fault::BufferLimit(count()?),
            _ if !amount.is_empty() || text.ends_with('=') => return Err(refuse("no amount")),
            "inverted" => Fault::InvertedLine,
            "7e1" => Fault::SevenEven,
            "parity" => Fault::Parity,
            "cut" => Fault::CutFrames,
            "part-lost" => Fault::PartLost,
            "strip" => Fault::StrippedBit7,
            "icanon" => Fault::Icanon,
            "icrnl" => Fault::Icrnl,
            "ixon" => Fault::Ixon,
            "telnet" => Fault::Telnet,
            "utf8" => Fault::Utf8,
            "latin1" => Fault::Latin1,
            "lf" => Fault::LineEnds,
            "wrong-key" => Fault::WrongKey,
            "wrong-auth-key" => Fault::WrongAuthKey,
            "counter-repeat" => Fault::CounterRepeat,
            "counter-reset" => Fault::CounterReset,
            "bad-crc" => Fault::BadCrc,
            "silence" => Fault::Silence,
            _ => return Err(FaultError::Unknown(name.to_owned())),
        };
        Ok(fault)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::InvertedLine => f.write_str("inverted"),
            Fault::WrongSpeed(baud) => write!(f, "speed={baud}"),
            Fault::SevenEven => f.write_str("7e1"),
            Fault::Parity => f.write_str("parity"),
            Fault::LostBytes { count, at: None } => write!(f, "lost={count}"),
            Fault::LostBytes {
                count,
                at: Some(at),
            } => write!(f, "lost={count}@{at}"),
            Fault::BitFlips(rate) => write!(f, "flips={rate}"),
            Fault::WeakPullUp(rate) => write!(f, "weak={rate}"),
            Fault::Late(rate) => write!(f, "late={rate}"),
            Fault::Noise(most) => write!(f, "noise={most}"),
            Fault::CutFrames => f.write_str("cut"),
            Fault::PartLost => f.write_str("part-lost"),
            Fault::BufferLimit(limit) => write!(f, "limit={limit}"),
            Fault::StrippedBit7 => f.write_str("strip"),
            Fault::Icanon => f.write_str("icanon"),
            Fault::Icrnl => f.write_str("icrnl"),
            Fault::Ixon => f.write_str("ixon"),
            Fault::Telnet => f.write_str("telnet"),
            Fault::Utf8 => f.write_str("utf8"),
            Fault::Latin1 => f.write_str("latin1"),
            Fault::LineEnds => f.write_str("lf"),
            Fault::WrongKey => f.write_str("wrong-key"),
            Fault::WrongAuthKey => f.write_str("wrong-auth-key"),
            Fault::CounterRepeat => f.write_str("counter-repeat"),
            Fault::CounterReset => f.write_str("counter-reset"),
            Fault::BadCrc => f.write_str("bad-crc"),
            Fault::Silence => f.write_str("silence"),
        }
    }
}

fn lost(amount: &str) -> Option<Fault> {
    match amount.split_once('@') {
        None => Some(Fault::LostBytes {
            count: positive(amount)?,
            at: None,
        }),
        Some((count, at)) => {
            let at = at
                .bytes()
                .all(|digit| digit.is_ascii_digit())
                .then(|| at.parse().ok())?;
            Some(Fault::LostBytes {
                count: positive(count)?,
                at: Some(at?),
            })
        }
    }
}

fn positive(amount: &str) -> Option<usize> {
    let digits = amount.bytes().all(|digit| digit.is_ascii_digit());
    digits
        .then(|| amount.parse().ok())?
        .filter(|&number| number > 0)
}
