//! OBIS codes, and the table of their names.
//!
//! ```text
//! 1-0:1.8.0*255
//! A-B:C.D.E*F    A medium, B channel, C quantity, D processing, E tariff, F billing period
//! ```
//!
//! IEC 62056-6-1; as text IEC 62056-21. Older meters send short codes: without A and B, without E where it is 0,
//! and with a letter for some numbers: `F.F` is 97.97.0, the error register, and `C.1.0` is 96.1.0, the device id.

mod table;

use std::fmt;
use std::str::FromStr;

pub use table::{Canonical, Entry, Kind, Section, by_name, entries, lookup};

/// The name of a COSEM object, `A-B:C.D.E[*F]`, in as many groups as were sent (IEC 62056-6-1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Obis {
    /// Medium: 0 abstract, 1 electricity, 7 gas, 8 water; 5 and 6 are cold and heat in the
    /// standard, heat and cold in DSMR 2.x.
    pub a: Option<u8>,
    /// Channel; the M-Bus channel where A is 0.
    pub b: Option<u8>,
    /// Physical quantity.
    pub c: u8,
    /// Processing: 7 instantaneous, 8 time integral.
    pub d: u8,
    /// Tariff, or a further classification; 0 where it was not sent.
    pub e: u8,
    /// Billing period; 255 for the current one.
    pub f: Option<u8>,
}

impl Obis {
    /// Builds the code of five groups that most lines have.
    pub const fn new(a: u8, b: u8, c: u8, d: u8, e: u8) -> Obis {
        Obis {
            a: Some(a),
            b: Some(b),
            c,
            d,
            e,
            f: None,
        }
    }

    /// Reads a code that fills the whole input; each group has 1 to 3 digits, at most 255, or is a letter.
    pub fn parse(text: &[u8]) -> Option<Obis> {
        let (mut a, mut b, mut f) = (None, None, None);
        let mut rest = text;
        if let Some((value, [b'-', tail @ ..])) = group(rest) {
            (a, rest) = (Some(value), tail);
        }
        if let Some((value, [b':', tail @ ..])) = group(rest) {
            (b, rest) = (Some(value), tail);
        }
        let (c, rest) = group_or_letter(rest)?;
        let long = a.is_some() && b.is_some();
        let rest = match rest {
            [b'.', tail @ ..] => tail,
            // 1-0:72:32.0, as a standard has it in print and some meters therefore send it.
            [b':', tail @ ..] if long => tail,
            _ => return None,
        };
        let (d, rest) = group_or_letter(rest)?;
        let (e, mut rest) = match rest {
            [b'.', tail @ ..] => group(tail)?,
            _ if a.is_none() && b.is_none() => (0, rest),
            _ => return None,
        };
        // Behind a point it is the form of the same print: 1-0:31.7.0.255.
        let behind = match rest {
            [b'*', tail @ ..] => Some(tail),
            [b'.', tail @ ..] if long => Some(tail),
            _ => None,
        };
        if let Some(tail) = behind {
            let (period, tail) = group(tail)?;
            f = Some(period);
            rest = tail;
        }
        rest.is_empty().then_some(Obis { a, b, c, d, e, f })
    }

    /// Gives group B, 0 where it was not sent.
    pub fn channel(&self) -> u8 {
        self.b.unwrap_or(0)
    }
}

impl fmt::Display for Obis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(a) = self.a {
            write!(f, "{a}-")?;
        }
        if let Some(b) = self.b {
            write!(f, "{b}:")?;
        }
        write!(f, "{}.{}.{}", self.c, self.d, self.e)?;
        match self.f {
            Some(period) => write!(f, "*{period}"),
            None => Ok(()),
        }
    }
}

impl FromStr for Obis {
    type Err = NotAnObis;

    fn from_str(text: &str) -> Result<Obis, NotAnObis> {
        Obis::parse(text.as_bytes()).ok_or(NotAnObis)
    }
}

/// The text is not an OBIS code.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("expected an OBIS code such as 1-0:1.8.0")]
pub struct NotAnObis;

/// As [`group`]; some numbers of C and D may be a letter (IEC 62056-21).
fn group_or_letter(text: &[u8]) -> Option<(u8, &[u8])> {
    let (first, rest) = text.split_first()?;
    let value = match first {
        b'C' => 96,
        b'F' => 97,
        b'L' => 98,
        b'P' => 99,
        _ => return group(text),
    };
    Some((value, rest))
}

/// Reads the digits at the start, and gives what follows them.
fn group(text: &[u8]) -> Option<(u8, &[u8])> {
    let (mut value, mut rest) = digit(text)?;
    for _ in 0..2 {
        let Some((next, tail)) = digit(rest) else {
            return Some((value, rest));
        };
        value = value.checked_mul(10)?.checked_add(next)?;
        rest = tail;
    }
    Some((value, rest))
}

fn digit(text: &[u8]) -> Option<(u8, &[u8])> {
    let (first, rest) = text.split_first()?;
    let value = first.wrapping_sub(b'0');
    (value <= 9).then_some((value, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_code_is_read_with_the_groups_it_has() {
        assert_eq!(Obis::parse(b"1-0:1.8.0"), Some(Obis::new(1, 0, 1, 8, 0)));
        let bare = Obis {
            a: None,
            b: None,
            ..Obis::new(1, 0, 1, 8, 0)
        };
        assert_eq!(Obis::parse(b"1.8.0"), Some(bare));
        let current = Obis {
            f: Some(255),
            ..Obis::new(1, 0, 1, 8, 0)
        };
        assert_eq!(Obis::parse(b"1-0:1.8.0*255"), Some(current));
    }

    #[test]
    fn short_codes_of_older_meters_are_what_they_stand_for() {
        for (short, long) in [
            ("F.F", "97.97.0"),
            ("C.1.0", "96.1.0"),
            ("C.1", "96.1.0"),
            ("L.1.0*04", "98.1.0*4"),
            ("P.01", "99.1.0"),
            ("0.9.1", "0.9.1"),
            ("1.8", "1.8.0"),
            ("1-0:F.F.0", "1-0:97.97.0"),
        ] {
            let code = Obis::parse(short.as_bytes());
            assert_eq!(code.map(|code| code.to_string()).as_deref(), Some(long));
            assert_eq!(code, Obis::parse(long.as_bytes()));
        }
        let name = |short: &str| {
            Obis::parse(short.as_bytes())
                .and_then(lookup)
                .map(|e| e.name)
        };
        assert_eq!(name("F.F"), Some("error_register"));
        assert_eq!(name("C.1.0"), Some("device_id_1"));
        assert_eq!(name("1.8"), Some("active_energy_import"));
    }

    #[test]
    fn a_code_is_read_with_the_points_and_colons_of_the_printed_standard() {
        for (printed, meant) in [
            ("1-0:31.7.0.255", "1-0:31.7.0*255"),
            ("0-0:96.1.0.255", "0-0:96.1.0*255"),
            ("1-0:72:32.0", "1-0:72.32.0"),
        ] {
            assert_eq!(
                Obis::parse(printed.as_bytes()),
                Obis::parse(meant.as_bytes())
            );
        }
        assert_eq!(Obis::parse(b"31.7.0.255"), None);
    }

    #[test]
    fn what_is_not_wholly_a_code_is_refused() {
        for text in [
            "",
            "1",
            "F",
            "1-0:1.8",
            "0:1.8",
            "F-0:1.8.0",
            "1-F:1.8.0",
            "1.8.F",
            "FF.F",
            "f.f",
            "A.1.0",
            "1-0:1.8.",
            "1-0:1.8.0 ",
            " 1-0:1.8.0",
            "1-0:1.8.0*",
            "1-0:256.8.0",
            "1-0:1.8.0001",
            "1-0:1.8.-1",
            "1:0-1.8.0",
            "1-0.1.8.0",
            "1-0:1.8.0(",
            "١.8.0",
        ] {
            assert_eq!(Obis::parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn the_channel_is_group_b() {
        assert_eq!(Obis::new(0, 4, 24, 2, 1).channel(), 4);
        assert_eq!("1.8.0".parse::<Obis>().unwrap().channel(), 0);
    }

    #[test]
    fn a_bad_code_is_named_with_an_example() {
        let error = "gas".parse::<Obis>().unwrap_err();
        assert_eq!(error.to_string(), "expected an OBIS code such as 1-0:1.8.0");
    }

    proptest! {
        #[test]
        fn a_code_is_read_back_from_its_text(
            a: Option<u8>, b: Option<u8>, c: u8, d: u8, e: u8, f: Option<u8>,
        ) {
            let code = Obis { a, b, c, d, e, f };
            prop_assert_eq!(Obis::parse(code.to_string().as_bytes()), Some(code));
        }

        #[test]
        fn any_bytes_are_refused_or_read(bytes: Vec<u8>) {
            if let Some(code) = Obis::parse(&bytes) {
                prop_assert_eq!(Obis::parse(code.to_string().as_bytes()), Some(code));
            }
        }
    }
}
