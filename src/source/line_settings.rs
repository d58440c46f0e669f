//! Speed and frame of a serial line, as people write them: `115200`, `8N1`, `7E1`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

use crate::p1::line::{DataBits, Parity};

/// Speed and character frame of a serial line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineSettings {
    /// Speed in baud.
    pub baud: u32,
    /// Character frame.
    pub mode: Mode,
}

/// A character on the line: data bits, parity, stop bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode {
    /// Bits of a character.
    pub data: DataBits,
    /// What the parity bit makes of them.
    pub parity: Parity,
    /// Stop bits at the end.
    pub stop: StopBits,
}

/// Stop bits of a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopBits {
    /// 1
    One,
    /// 2
    Two,
}

/// A speed as it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Baud {
    /// It is found out, with the mode.
    Auto,
    /// In baud.
    At(u32),
}

/// A speed that was not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a speed: auto, or a number in baud such as 9600")]
pub struct BaudError(String);

/// A mode that was not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no line mode: 7 or 8 data bits, N, E or O for the parity, 1 or 2 stop bits, as 8N1 or 7E1"
)]
pub struct ModeError(String);

impl LineSettings {
    /// DSMR 4 and 5 and Luxembourg: 115200 8N1 (LU §3.1).
    pub const P1: Self = Self {
        baud: 115_200,
        mode: Mode::EIGHT_N_ONE,
    };

    /// The level sensor MaxBotix MB7060 and its family: 9600 8N1.
    pub const MAXSONAR: Self = Self {
        baud: 9_600,
        mode: Mode::EIGHT_N_ONE,
    };

    /// What meters send at, the likeliest first: DSMR 4 and 5, DSMR 2 and 3, the M-Bus of Austria and Norway and of
    /// Kamstrup, infrared heads, Slovenia. With a mode that is given, each speed once.
    pub fn candidates(mode: Option<Mode>) -> Vec<Self> {
        let mut lines: Vec<Self> = Vec::new();
        for (baud, usual) in [
            (115_200, Mode::EIGHT_N_ONE),
            (9_600, Mode::SEVEN_E_ONE),
            (2_400, Mode::EIGHT_E_ONE),
            (2_400, Mode::EIGHT_N_ONE),
            (9_600, Mode::EIGHT_N_ONE),
            (38_400, Mode::EIGHT_N_ONE),
        ] {
            let mode = mode.unwrap_or(usual);
            let line = Self { baud, mode };
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        lines
    }

    /// How long so many characters take.
    pub fn time_of(&self, characters: u32) -> Duration {
        // A start bit, and a parity bit where there is one.
        let data = match self.mode.data {
            DataBits::Seven => 7,
            DataBits::Eight => 8,
        };
        let parity = u32::from(self.mode.parity != Parity::None);
        let stop = match self.mode.stop {
            StopBits::One => 1,
            StopBits::Two => 2,
        };
        Duration::from_secs(1) * characters * (1 + data + parity + stop) / self.baud.max(1)
    }
}

impl Mode {
    /// Seven data bits, even parity, one stop bit.
    pub const SEVEN_E_ONE: Self = Self {
        data: DataBits::Seven,
        parity: Parity::Even,
        stop: StopBits::One,
    };

    /// Eight data bits, even parity, one stop bit.
    pub const EIGHT_E_ONE: Self = Self {
        data: DataBits::Eight,
        parity: Parity::Even,
        stop: StopBits::One,
    };

    /// Eight data bits, no parity, one stop bit.
    pub const EIGHT_N_ONE: Self = Self {
        data: DataBits::Eight,
        parity: Parity::None,
        stop: StopBits::One,
    };
}

impl FromStr for Mode {
    type Err = ModeError;

    fn from_str(text: &str) -> Result<Self, ModeError> {
        let wrong = || ModeError(text.to_owned());
        let [data, parity, stop] = text.as_bytes() else {
            return Err(wrong());
        };
        Ok(Self {
            data: match data {
                b'7' => DataBits::Seven,
                b'8' => DataBits::Eight,
                _ => return Err(wrong()),
            },
            parity: match parity.to_ascii_uppercase() {
                b'N' => Parity::None,
                b'E' => Parity::Even,
                b'O' => Parity::Odd,
                _ => return Err(wrong()),
            },
            stop: match stop {
                b'1' => StopBits::One,
                b'2' => StopBits::Two,
                _ => return Err(wrong()),
            },
        })
    }
}

impl FromStr for Baud {
    type Err = BaudError;

    fn from_str(text: &str) -> Result<Self, BaudError> {
        match text {
            "auto" => Ok(Self::Auto),
            _ => match text.parse() {
                Ok(baud @ 1..) => Ok(Self::At(baud)),
                _ => Err(BaudError(text.to_owned())),
            },
        }
    }
}

/// A number, or `auto`.
impl<'de> Deserialize<'de> for Baud {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Speed;
        impl Visitor<'_> for Speed {
            type Value = Baud;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of baud, or \"auto\"")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Baud, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Baud, E> {
                match u32::try_from(number) {
                    Ok(baud @ 1..) => Ok(Baud::At(baud)),
                    _ => Err(E::custom(BaudError(number.to_string()))),
                }
            }
        }
        deserializer.deserialize_any(Speed)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let data = match self.data {
            DataBits::Seven => '7',
            DataBits::Eight => '8',
        };
        let parity = match self.parity {
            Parity::None => 'N',
            Parity::Even => 'E',
            Parity::Odd => 'O',
        };
        let stop = match self.stop {
            StopBits::One => '1',
            StopBits::Two => '2',
        };
        write!(f, "{data}{parity}{stop}")
    }
}

impl fmt::Display for LineSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.baud, self.mode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mode_comes_back_as_it_was_written() {
        for text in [
            "8N1", "8E1", "8O1", "7E1", "7O1", "7N2", "8N2", "7N1", "7E2",
        ] {
            assert_eq!(text.parse::<Mode>().unwrap().to_string(), text);
        }
        assert_eq!("7e1".parse::<Mode>().unwrap().to_string(), "7E1");
        assert_eq!(LineSettings::P1.to_string(), "115200 8N1");
    }

    #[test]
    fn a_push_of_491_bytes_takes_more_than_two_seconds_at_2400_baud() {
        let line = LineSettings {
            baud: 2_400,
            mode: Mode::EIGHT_E_ONE,
        };
        assert_eq!(line.time_of(491).as_millis(), 2250);
        assert_eq!(LineSettings::P1.time_of(1152).as_millis(), 100);
    }

    #[test]
    fn a_speed_is_a_number_or_auto() {
        assert_eq!("9600".parse(), Ok(Baud::At(9600)));
        assert_eq!("auto".parse(), Ok(Baud::Auto));
        for text in ["", "0", "-1", "fast", "9600 8N1", "99999999999"] {
            assert!(text.parse::<Baud>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_no_mode_is_named_with_what_is() {
        for text in ["", "8N", "8N1 ", "9N1", "8X1", "8N3", "8-N-1", "N81"] {
            let error = text.parse::<Mode>().unwrap_err().to_string();
            assert!(
                error.contains("8N1 or 7E1") && error.contains(text),
                "{error}"
            );
        }
    }
}
