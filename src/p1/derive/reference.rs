//! The reference power of a tariff.
//!
//! Luxembourg's grid tariff for low voltage since 2025 (regulation ILR/E23/49 of 15 November 2023) gives each
//! household a reference power of 3, 7, 12, 17 or 27 kW and more. The operator takes the value of each quarter hour
//! of the clock; what was imported in it beyond the reference power times a quarter of an hour is summed up over the
//! month, and each kilowatt-hour of that sum costs more. Nothing is netted between quarters, and what goes out to
//! the grid changes nothing. Any power is taken here, so that other rules of the kind can be computed too.

use std::fmt;
use std::str::FromStr;

use crate::p1::unit::Unit;
use crate::p1::value::{Decimal, Number};

/// A reference power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReferencePower {
    /// What may be imported on the mean of a quarter, kW.
    kilowatts: Decimal,
    /// What may be imported in a quarter, kWh.
    energy: Decimal,
}

impl ReferencePower {
    /// Takes a power in kW above 0 and below a gigawatt, to the milliwatt at most.
    pub fn new(kilowatts: Decimal) -> Option<Self> {
        let fine = kilowatts.rescale(SCALE_MAX)?;
        if !(1..MOST).contains(&fine.digits) {
            return None;
        }
        // A quarter of it: 25 hundredths.
        let digits = fine.digits.checked_mul(25)?;
        Some(Self {
            // 3000 W is 3 kW.
            kilowatts: fine.trimmed(0),
            energy: Decimal::new(digits, SCALE_MAX + 2).trimmed(0),
        })
    }

    /// The power, kW.
    pub fn kilowatts(&self) -> Decimal {
        self.kilowatts
    }

    /// What may be imported in a quarter of an hour, kWh.
    pub fn energy(&self) -> Decimal {
        self.energy
    }
}

/// Reads `3kW`, `3.5 kW`, `3500W`, in small and capital letters.
impl FromStr for ReferencePower {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.find(|c: char| c.is_ascii_alphabetic());
        let (number, unit) = text.split_at(digits.unwrap_or(text.len()));
        let number = Number::parse(number.trim_end().as_bytes()).ok_or(ReferenceError::Form)?;
        let unit = match unit {
            "" => return Err(ReferenceError::NoUnit),
            // A milliwatt is not meant by anybody, nor is a megawatt by `mw`.
            "kw" | "KW" | "Kw" => "kW",
            "w" => "W",
            unit => unit,
        };
        let Some((Unit::Kilowatt, shift)) = Unit::of_sent(unit.as_bytes()) else {
            return Err(ReferenceError::Form);
        };
        number
            .decimal()
            .and_then(|decimal| Self::new(decimal.shifted(shift)?))
            .ok_or(ReferenceError::Form)
    }
}

impl fmt::Display for ReferencePower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} kW", self.kilowatts)
    }
}

/// A text that is no reference power.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// A number alone: whether kilowatts or watts are meant is not known.
    #[error("the unit is missing: kW or W, as in 7kW")]
    NoUnit,
    /// Anything else.
    #[error("expected a power such as 7kW, 3.5kW or 3500W")]
    Form,
}

/// Digits of a power behind the point, kW.
const SCALE_MAX: u8 = 6;
/// A gigawatt, mW.
const MOST: i64 = 1_000_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn energy(text: &str) -> Result<String, ReferenceError> {
        text.parse()
            .map(|power: ReferencePower| power.energy().to_string())
    }

    #[test]
    fn a_quarter_of_a_power_is_exact() {
        assert_eq!(energy("3kW"), Ok("0.75".to_owned()));
        assert_eq!(energy("7 kW"), Ok("1.75".to_owned()));
        assert_eq!(energy("3.5kW"), Ok("0.875".to_owned()));
        assert_eq!(energy("3500W"), Ok("0.875".to_owned()));
        assert_eq!(energy("0.1kW"), Ok("0.025".to_owned()));
        for text in ["3kw", "3KW", "3 Kw", "3000w"] {
            assert_eq!(energy(text), Ok("0.75".to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_no_power_is_refused() {
        for text in [
            "",
            "kW",
            "0kW",
            "-3kW",
            "3,5kW",
            "3kWh",
            "3kVA",
            "3 k W",
            "1e3kW",
            "0.0000001kW",
            "99999999999kW",
            "9999999999999999999999kW",
            "7kW ",
            "é",
        ] {
            assert_eq!(energy(text), Err(ReferenceError::Form), "{text}");
        }
        for text in ["7", "7.5", "3500"] {
            assert_eq!(energy(text), Err(ReferenceError::NoUnit), "{text}");
        }
    }
}
