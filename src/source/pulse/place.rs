//! `pulse:` and what stands behind it.
//!
//! ```text
//! pulse:gpiochip0/17?per_kwh=1000     line 17 of a GPIO chip
//! pulse:/dev/ttyUSB0/cts              a modem line of a serial port: cts, dsr, dcd, ri
//! pulse:tcp://HOST:PORT, pulse:-      a stream with a byte or a line a pulse; also a FIFO or a file
//! ```

use std::fmt;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use crate::source::address::{Address, AddressError, Place};

/// Where pulses come from, and what they mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pulses {
    /// Where.
    pub place: PulsePlace,
    /// How many are a kilowatt hour; the meter has it on its front, imp/kWh.
    pub per_kwh: NonZeroU32,
    /// The shortest that counts; shorter ones are bounces.
    pub shortest: Duration,
    /// A line is low while the LED shines.
    pub active_low: bool,
    /// What the meter shows at the beginning, Wh.
    pub start_wh: u64,
}

/// Where pulses come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PulsePlace {
    /// A line of a GPIO chip.
    Gpio {
        /// The device of the chip.
        chip: PathBuf,
        /// Number of the line.
        line: u32,
    },
    /// A modem line of a serial port.
    Modem {
        /// The port.
        port: PathBuf,
        /// Which line.
        signal: Signal,
    },
    /// A stream: standard input, a server, a FIFO.
    Stream(Box<Address>),
}

/// A line of a serial port that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Clear to send.
    Cts,
    /// Data set ready.
    Dsr,
    /// Data carrier detect.
    Dcd,
    /// Ring indicator.
    Ri,
}

impl Pulses {
    /// Reads what stands behind `pulse:`; `whole` is all that was typed.
    ///
    /// # Errors
    /// Where it names nothing that gives pulses.
    pub fn parse(whole: &str, rest: &str) -> Result<Self, AddressError> {
        let (place, options) = match rest.split_once('?') {
            Some((place, options)) => (place, options),
            None => (rest, ""),
        };
        let mut pulses = Self {
            place: PulsePlace::parse(whole, place)?,
            per_kwh: PER_KWH,
            shortest: Duration::ZERO,
            active_low: false,
            start_wh: 0,
        };
        if !matches!(pulses.place, PulsePlace::Stream(_)) {
            pulses.shortest = SHORTEST;
        }
        for option in options.split('&').filter(|option| !option.is_empty()) {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            let wrong = |expected: &'static str| AddressError::PulseOption {
                name: name.to_owned(),
                expected,
            };
            match name {
                "per_kwh" => {
                    let number = value.parse().ok();
                    pulses.per_kwh = number.ok_or_else(|| wrong(OF_PER_KWH))?;
                }
                "shortest" => {
                    let number = value.strip_suffix("ms").unwrap_or(value).parse().ok();
                    let number = number.filter(|number| *number <= SHORTEST_MAX);
                    pulses.shortest =
                        Duration::from_millis(number.ok_or_else(|| wrong(OF_SHORTEST))?);
                }
                "active" => {
                    pulses.active_low = match value {
                        "low" => true,
                        "high" => false,
                        _ => return Err(wrong("low or high")),
                    };
                }
                "start" => {
                    pulses.start_wh = watt_hours(value).ok_or_else(|| wrong(OF_START))?;
                }
                _ => return Err(AddressError::UnknownPulseOption(name.to_owned())),
            }
        }
        Ok(pulses)
    }
}

impl PulsePlace {
    fn parse(whole: &str, text: &str) -> Result<Self, AddressError> {
        let bad = || AddressError::BadPulse(whole.to_owned());
        if let Some((device, line)) = text.rsplit_once('/') {
            let name = device.strip_prefix("/dev/").unwrap_or(device);
            if name.starts_with("gpiochip") {
                return Ok(Self::Gpio {
                    chip: PathBuf::from(format!("/dev/{name}")),
                    line: line.parse().map_err(|_| bad())?,
                });
            }
            let signal = match line {
                "cts" => Some(Signal::Cts),
                "dsr" => Some(Signal::Dsr),
                "dcd" | "cd" => Some(Signal::Dcd),
                "ri" => Some(Signal::Ri),
                _ => None,
            };
            if let Some(signal) = signal {
                return Ok(Self::Modem {
                    port: PathBuf::from(device),
                    signal,
                });
            }
        }
        if text.is_empty() || text.starts_with("gpiochip") {
            return Err(bad());
        }
        let address: Address = text.parse()?;
        match address.place {
            Place::Stdin | Place::Path(_) | Place::Tcp { .. } if address.label.is_none() => {
                Ok(Self::Stream(Box::new(address)))
            }
            _ => Err(bad()),
        }
    }
}

/// Reads kilowatt hours with up to three decimals.
fn watt_hours(text: &str) -> Option<u64> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || decimals.len() > 3 || !is_number(whole) || !is_number(decimals) {
        return None;
    }
    let whole: u64 = whole.parse().ok()?;
    let decimals: u64 = format!("{decimals:0<3}").parse().ok()?;
    whole
        .checked_mul(1000)?
        .checked_add(decimals)
        .filter(|wh| *wh <= WH_MAX)
}

impl fmt::Display for Pulses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("pulse:")?;
        match &self.place {
            PulsePlace::Gpio { chip, line } => {
                let chip = chip.strip_prefix("/dev").unwrap_or(chip);
                write!(f, "{}/{line}", chip.display())
            }
            PulsePlace::Modem { port, signal } => {
                let signal = match signal {
                    Signal::Cts => "cts",
                    Signal::Dsr => "dsr",
                    Signal::Dcd => "dcd",
                    Signal::Ri => "ri",
                };
                write!(f, "{}/{signal}", port.display())
            }
            PulsePlace::Stream(address) => write!(f, "{address}"),
        }
    }
}

const OF_PER_KWH: &str = "a number from 1, as 1000: the meter has it on its front, imp/kWh";
const OF_SHORTEST: &str = "milliseconds up to 10000, as 30ms";
const OF_START: &str = "kilowatt hours with up to three decimals, as 12345.678";
/// What most meters have.
const PER_KWH: NonZeroU32 = NonZeroU32::MIN.saturating_add(999);
/// LEDs shine for 2 ms and more, contacts bounce for less.
const SHORTEST: Duration = Duration::from_millis(2);
const SHORTEST_MAX: u64 = 10_000;
/// What a counter of six digits shows at the most, and some more, Wh.
const WH_MAX: u64 = 10_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn pulses(text: &str) -> Result<Pulses, String> {
        Pulses::parse(text, text.strip_prefix("pulse:").unwrap()).map_err(|e| e.to_string())
    }

    #[test]
    fn each_kind_of_place_is_told_by_its_text() {
        let gpio = pulses("pulse:gpiochip0/17?per_kwh=800&shortest=30ms&active=low").unwrap();
        let line = PulsePlace::Gpio {
            chip: "/dev/gpiochip0".into(),
            line: 17,
        };
        assert_eq!((gpio.place.clone(), gpio.per_kwh.get()), (line, 800));
        assert_eq!(gpio.shortest, Duration::from_millis(30));
        assert!(gpio.active_low);
        assert_eq!(gpio.to_string(), "pulse:gpiochip0/17");
        let modem = pulses("pulse:/dev/ttyUSB0/cts").unwrap();
        assert_eq!((modem.per_kwh.get(), modem.shortest), (1000, SHORTEST));
        assert_eq!(modem.to_string(), "pulse:/dev/ttyUSB0/cts");
        for text in ["pulse:-", "pulse:tcp://10.0.0.7:2001", "pulse:/tmp/fifo"] {
            let stream = pulses(text).unwrap();
            assert!(matches!(stream.place, PulsePlace::Stream(_)), "{text}");
            assert_eq!(stream.to_string(), text);
            assert_eq!(stream.shortest, Duration::ZERO);
        }
        assert_eq!(pulses("pulse:-?start=12.3").unwrap().start_wh, 12_300);
    }

    #[test]
    fn what_gives_no_pulses_is_refused_with_what_would() {
        for (text, words) in [
            ("pulse:", "pulse:gpiochip0/17"),
            ("pulse:gpiochip0", "pulse:gpiochip0/17"),
            ("pulse:gpiochip0/x", "pulse:gpiochip0/17"),
            ("pulse:auto", "pulse:gpiochip0/17"),
            ("pulse:mqtt://h/t", "pulse:gpiochip0/17"),
            ("pulse:-?per_kwh=0", "`per_kwh` takes"),
            ("pulse:-?shortest=1s", "`shortest` takes"),
            ("pulse:-?start=1,5", "`start` takes"),
            ("pulse:-?perkwh=1", "`perkwh` is unknown"),
        ] {
            let error = pulses(text).unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
