//! CRCs of other kinds: which algorithm, over which bytes, gives the number that was sent.
//!
//! The standard has CRC-16/ARC from `/` to `!`, both included (DSMR P1 5.0.2 section 6.2). A wrong CRC fits
//! one of these by chance once in several hundred telegrams, and two telegrams the same one never.

use crc_fast::{CrcAlgorithm, checksum};

use crate::p1::readout::{Algorithm, Crc, Readout, SentCrc};

/// A way to make a CRC of a telegram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sum {
    algorithm: usize,
    /// Over which bytes.
    pub range: SumRange,
    /// The two bytes stand in the other order.
    pub swapped: bool,
}

/// The bytes that a CRC is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SumRange {
    /// From `/` to `!`, as the standard has it.
    Whole,
    /// Without the `!`.
    NoMark,
    /// Without the `/`.
    NoSlash,
    /// Without either.
    Inner,
}

impl Sum {
    /// Name of the algorithm.
    pub fn name(self) -> &'static str {
        ALGORITHMS.get(self.algorithm).map_or("", |(name, _)| name)
    }

    /// The sum that telegrams were checked with, where it is not that of the standard.
    pub fn other(kind: Algorithm) -> Option<Self> {
        let name = match kind {
            Algorithm::Arc => return None,
            Algorithm::Ibm3740 => "CRC-16/CCITT-FALSE",
            other => other.name(),
        };
        let algorithm = ALGORITHMS.iter().position(|(known, _)| *known == name)?;
        Some(Self {
            algorithm,
            range: SumRange::Whole,
            swapped: false,
        })
    }

    /// The sum as a number, for evidence.
    pub fn number(self) -> u64 {
        let range = RANGES.iter().position(|range| *range == self.range);
        (self.algorithm * 8 + range.unwrap_or(0) * 2 + usize::from(self.swapped)) as u64
    }

    /// The sum of a number.
    pub fn of_number(number: u64) -> Option<Self> {
        let number = usize::try_from(number).ok()?;
        ALGORITHMS.get(number / 8)?;
        Some(Self {
            algorithm: number / 8,
            range: *RANGES.get(number / 2 % 4)?,
            swapped: number % 2 == 1,
        })
    }

    /// Every sum, the likelier ones first; that of the standard is not among them.
    pub fn all() -> impl Iterator<Item = Self> {
        let pairs = || (0..RANGES.len()).flat_map(|range| [(range, false), (range, true)]);
        let all = (0..ALGORITHMS.len()).flat_map(move |algorithm| {
            pairs().map(move |(range, swapped)| (algorithm, range, swapped))
        });
        all.skip(1).filter_map(|(algorithm, range, swapped)| {
            let range = *RANGES.get(range)?;
            Some(Self {
                algorithm,
                range,
                swapped,
            })
        })
    }

    /// Tells whether it gives the CRC that a telegram ends with.
    pub fn fits(self, text: &[u8]) -> bool {
        let Some(readout) = Readout::find(text) else {
            return false;
        };
        let SentCrc::Digits(sent) = readout.crc else {
            return false;
        };
        self.over(text, readout.mark) == Some(sent)
    }

    fn over(self, text: &[u8], mark: usize) -> Option<u16> {
        let bytes = match self.range {
            SumRange::Whole => text.get(..=mark),
            SumRange::NoMark => text.get(..mark),
            SumRange::NoSlash => text.get(1..=mark),
            SumRange::Inner => text.get(1..mark),
        };
        let (_, algorithm) = ALGORITHMS.get(self.algorithm)?;
        let sum = checksum(*algorithm, bytes?) as u16;
        Some(match self.swapped {
            true => sum.swap_bytes(),
            false => sum,
        })
    }
}

/// The sum that fits most of some telegrams, and how many.
pub fn common(texts: &[&[u8]]) -> Option<(Sum, usize)> {
    let some = texts.get(..TEXTS_MAX).unwrap_or(texts);
    Sum::all().find_map(|sum| {
        let fitting = some.iter().filter(|text| sum.fits(text)).count();
        (fitting > 0 && fitting * 3 >= some.len() * 2).then_some((sum, fitting))
    })
}

/// Tells whether a CRC fits, and lacks the zeros that it should begin with.
pub fn lacks_zeros(text: &[u8], crc: Crc) -> bool {
    if crc.computed >= 0x1000 {
        return false;
    }
    let Some(readout) = Readout::find(text) else {
        return false;
    };
    let digits = text.get(readout.mark + 1..readout.end).unwrap_or_default();
    let number = std::str::from_utf8(digits)
        .ok()
        .and_then(|digits| u16::from_str_radix(digits, 16).ok());
    (1..4).contains(&digits.len()) && number == Some(crc.computed)
}

/// By how often they are taken for the right one; MAXIM is the right one with each bit turned over.
const ALGORITHMS: [(&str, CrcAlgorithm); 14] = [
    ("CRC-16/ARC", CrcAlgorithm::Crc16Arc),
    ("CRC-16/XMODEM", CrcAlgorithm::Crc16Xmodem),
    ("CRC-16/CCITT-FALSE", CrcAlgorithm::Crc16Ibm3740),
    ("CRC-16/MODBUS", CrcAlgorithm::Crc16Modbus),
    ("CRC-16/KERMIT", CrcAlgorithm::Crc16Kermit),
    ("CRC-16/X-25", CrcAlgorithm::Crc16IbmSdlc),
    ("CRC-16/MCRF4XX", CrcAlgorithm::Crc16Mcrf4xx),
    ("CRC-16/USB", CrcAlgorithm::Crc16Usb),
    ("CRC-16/MAXIM (inverted)", CrcAlgorithm::Crc16MaximDow),
    ("CRC-16/EN-13757", CrcAlgorithm::Crc16En13757),
    ("CRC-16/DNP", CrcAlgorithm::Crc16Dnp),
    ("CRC-16/BUYPASS", CrcAlgorithm::Crc16Umts),
    ("CRC-16/GENIBUS", CrcAlgorithm::Crc16Genibus),
    ("CRC-16/AUG-CCITT", CrcAlgorithm::Crc16SpiFujitsu),
];
const RANGES: [SumRange; 4] = [
    SumRange::Whole,
    SumRange::NoMark,
    SumRange::NoSlash,
    SumRange::Inner,
];
/// Telegrams that are tried.
const TEXTS_MAX: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "/ABC5x\r\n\r\n1-0:1.8.0(000025.653*kWh)\r\n1-0:1.7.0(00.005*kW)\r\n!";

    #[test]
    fn each_sum_is_told_from_the_others() {
        for sum in Sum::all() {
            let texts = [BODY, &BODY.replace('5', "6")].map(|body| {
                let sent = sum.over(body.as_bytes(), body.len() - 1).unwrap();
                format!("{body}{sent:04X}\r\n")
            });
            let found = common(&[texts[0].as_bytes(), texts[1].as_bytes()]);
            assert_eq!(found, Some((sum, 2)));
            assert_eq!(Sum::of_number(sum.number()), Some(sum));
        }
    }

    #[test]
    fn what_telegrams_are_checked_with_has_a_number() {
        assert_eq!(Sum::other(Algorithm::Arc), None);
        for kind in Algorithm::OTHERS {
            let sum = Sum::other(kind).unwrap();
            let body = BODY.as_bytes();
            assert_eq!(sum.over(body, body.len() - 1), Some(kind.of(body)));
        }
    }

    #[test]
    fn a_wrong_crc_is_no_other_sum() {
        let text = format!("{BODY}1234\r\n");
        assert_eq!(common(&[text.as_bytes()]), None);
    }

    #[test]
    fn the_right_sum_turned_over_is_told() {
        let sent = !crate::p1::readout::crc16(BODY.as_bytes());
        let text = format!("{BODY}{sent:04X}\r\n");
        let (sum, _) = common(&[text.as_bytes()]).unwrap();
        assert_eq!(
            (sum.name(), sum.range),
            ("CRC-16/MAXIM (inverted)", SumRange::Whole)
        );
    }

    #[test]
    fn published_check_values_come_out() {
        for (name, check) in [
            ("CRC-16/ARC", 0xBB3D),
            ("CRC-16/XMODEM", 0x31C3),
            ("CRC-16/CCITT-FALSE", 0x29B1),
            ("CRC-16/MODBUS", 0x4B37),
            ("CRC-16/KERMIT", 0x2189),
            ("CRC-16/X-25", 0x906E),
            ("CRC-16/MAXIM (inverted)", 0x44C2),
        ] {
            let sum = Sum::all().find(|sum| sum.name() == name && !sum.swapped);
            let sum = Sum {
                range: SumRange::NoMark,
                ..sum.unwrap()
            };
            assert_eq!(sum.over(b"123456789!", 9), Some(check), "{name}");
        }
    }
}
