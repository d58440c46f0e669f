//! A small seeded generator (splitmix64) and exact rates: chance without a clock and without floats.

use std::fmt;
use std::str::FromStr;

/// A deterministic stream of numbers: splitmix64, named by its seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rng {
    state: u64,
}

impl Rng {
    /// Starts the stream of this seed.
    pub fn new(seed: u64) -> Rng {
        Rng { state: seed }
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// The next byte.
    pub fn next_byte(&mut self) -> u8 {
        (self.next_u64() >> 56) as u8
    }

    /// A number below `bound`; 0 for a bound of 0.
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next_u64()) * bound as u128) >> 64) as usize
    }

    /// Whether an event of this rate happens now.
    pub fn chance(&mut self, rate: Rate) -> bool {
        self.below(BILLION as usize) < rate.0 as usize
    }
}

/// A share of 1 in billionths, written as a decimal: `0.001`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate(u32);

impl Rate {
    /// A rate of so many billionths, at most one.
    pub const fn billionths(count: u32) -> Rate {
        Rate(if count > BILLION { BILLION } else { count })
    }
}

impl FromStr for Rate {
    type Err = ();

    fn from_str(text: &str) -> Result<Rate, ()> {
        let (whole, digits) = text.split_once('.').unwrap_or((text, "0"));
        let whole: u32 = match whole {
            "" | "0" => 0,
            "1" => 1,
            _ => return Err(()),
        };
        if text.is_empty()
            || digits.is_empty()
            || digits.len() > 9
            || !digits.bytes().all(|digit| digit.is_ascii_digit())
        {
            return Err(());
        }
        let scale = 10_u32.pow(9 - digits.len() as u32);
        let fraction = digits.parse::<u32>().map_err(|_| ())? * scale;
        match whole * BILLION + fraction {
            billionths @ 0..=BILLION => Ok(Rate(billionths)),
            _ => Err(()),
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:09}", self.0 % BILLION);
        let digits = digits.trim_end_matches('0');
        match digits {
            "" => write!(f, "{}", self.0 / BILLION),
            _ => write!(f, "0.{digits}"),
        }
    }
}

const BILLION: u32 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_splitmix64() {
        let mut rng = Rng::new(1_234_567);
        assert_eq!(rng.next_u64(), 6_457_827_717_110_365_317);
        assert_eq!(rng.next_u64(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn numbers_stay_below_their_bound() {
        let mut rng = Rng::new(1);
        assert!((0..1000).all(|_| rng.below(7) < 7));
        assert_eq!(rng.below(0), 0);
    }

    #[test]
    fn a_rate_is_an_exact_decimal_up_to_one() {
        for text in ["0", "1", "0.5", "0.002", "0.000000001"] {
            assert_eq!(text.parse::<Rate>().unwrap().to_string(), text);
        }
        assert_eq!(".25".parse(), Ok(Rate::billionths(250_000_000)));
        for text in [
            "",
            "2",
            "1.5",
            "-0.1",
            "0.0000000001",
            "1e-3",
            "0,1",
            "+0.1",
            "0.",
        ] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }

    #[test]
    fn chance_keeps_to_its_rate() {
        let mut rng = Rng::new(5);
        let rate: Rate = "0.25".parse().unwrap();
        let hits = (0..10_000).filter(|_| rng.chance(rate)).count();
        assert!((2350..2650).contains(&hits), "{hits}");
        assert!(!(0..1000).any(|_| rng.chance(Rate::billionths(0))));
        assert!((0..1000).all(|_| rng.chance(Rate::billionths(BILLION))));
    }
}
