//! The readout: the bytes of a telegram from `/` to its CRC, and CRC-16/ARC over them.
//!
//! ```text
//! /Lux5\253694471_M CR LF CR LF  data lines  ! 8B52 CR LF
//! |<------------ CRC over these ------------>| |  |
//! |<---------------- readout ------------------->|
//! ```
//! (IEC 62056-21 mode D; DSMR P1 5.0.2 section 6.2)

use crc_fast::{CrcAlgorithm, checksum};
use memchr::memrchr;

/// Where the parts of a readout lie in its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Readout {
    /// Offset of the `!` that ends the data lines.
    pub mark: usize,
    /// Offset behind the CRC digits; the line end, if any, follows.
    pub end: usize,
    /// The CRC that was sent.
    pub crc: SentCrc,
}

/// The CRC field behind `!`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SentCrc {
    /// Nothing: DSMR 2.2 and 3.0 send no CRC.
    Absent,
    /// Nothing, and no `!` either: the telegram stops behind its last line.
    NoEnd,
    /// Hexadecimal digits; four by the standard, fewer from meters that drop leading zeros.
    Digits(u16),
    /// Something that is no hexadecimal number.
    Malformed,
}

/// The CRC of a telegram as sent and as computed (DSMR P1 5.0.2 section 5.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crc {
    /// The field as it was sent.
    pub received: SentCrc,
    /// Check sum over the bytes from `/` to `!`.
    pub computed: u16,
    /// How it was computed.
    pub algorithm: Algorithm,
    /// Another kind of check sum that fits, where the computed one does not.
    pub fits: Option<Algorithm>,
}

/// A kind of check sum: the one of the standard, and those that makers took in its place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Algorithm {
    /// CRC-16/ARC, the one of the standard.
    #[default]
    Arc,
    /// CRC-16/X-25, the check sum of HDLC.
    X25,
    /// CRC-16/MODBUS.
    Modbus,
    /// CRC-16/KERMIT.
    Kermit,
    /// CRC-16/XMODEM.
    Xmodem,
    /// CRC-16/IBM-3740, known as CCITT-FALSE.
    Ibm3740,
}

impl Algorithm {
    /// All but the one of the standard.
    pub(crate) const OTHERS: [Self; 5] = [
        Self::X25,
        Self::Modbus,
        Self::Kermit,
        Self::Xmodem,
        Self::Ibm3740,
    ];

    /// The name it has in catalogues.
    pub fn name(self) -> &'static str {
        match self {
            Self::Arc => "CRC-16/ARC",
            Self::X25 => "CRC-16/X-25",
            Self::Modbus => "CRC-16/MODBUS",
            Self::Kermit => "CRC-16/KERMIT",
            Self::Xmodem => "CRC-16/XMODEM",
            Self::Ibm3740 => "CRC-16/IBM-3740",
        }
    }

    /// Computes it.
    pub fn of(self, bytes: &[u8]) -> u16 {
        let algorithm = match self {
            Self::Arc => CrcAlgorithm::Crc16Arc,
            Self::X25 => CrcAlgorithm::Crc16IbmSdlc,
            Self::Modbus => CrcAlgorithm::Crc16Modbus,
            Self::Kermit => CrcAlgorithm::Crc16Kermit,
            Self::Xmodem => CrcAlgorithm::Crc16Xmodem,
            Self::Ibm3740 => CrcAlgorithm::Crc16Ibm3740,
        };
        checksum(algorithm, bytes) as u16
    }
}

impl Crc {
    /// Tells whether the CRC fits; `None` where the telegram has none.
    pub fn valid(&self) -> Option<bool> {
        match self.received {
            SentCrc::Absent | SentCrc::NoEnd => None,
            SentCrc::Digits(sent) => Some(sent == self.computed),
            SentCrc::Malformed => Some(false),
        }
    }
}

impl Readout {
    /// Finds the end of the readout in a text that begins with `/`.
    ///
    /// The last `!` that can end a telegram counts; `None` when there is none.
    pub fn find(text: &[u8]) -> Option<Self> {
        let mut before = text.len();
        while let Some(mark) = memrchr(b'!', text.get(..before)?) {
            if let End::Here(readout) = Self::at(text, mark, true) {
                return Some(readout);
            }
            before = mark;
        }
        None
    }

    /// Tells whether the `!` at `mark` ends a telegram.
    ///
    /// A weak line can turn a digit into `!`, so the rest of the line must look like a CRC.
    /// `closed` says that no byte follows the text.
    pub fn at(text: &[u8], mark: usize, closed: bool) -> End {
        match text.get(mark) {
            Some(b'!') => {}
            None if !closed => return End::More,
            _ => return End::Not,
        }
        let rest = text.get(mark + 1..).unwrap_or_default();
        let window = rest.get(..CRC_FIELD_MAX + 1).unwrap_or(rest);
        let digits = window.iter().take_while(|b| b.is_ascii_hexdigit()).count();
        // A NUL behind the CRC ends it as well: some meters send their string with its end.
        let line_end = window.iter().position(|b| matches!(b, b'\r' | b'\n' | 0));
        let at_line_start = mark
            .checked_sub(1)
            .and_then(|i| text.get(i))
            .is_none_or(|b| matches!(b, b'\r' | b'\n'));
        let length = match line_end {
            Some(n) if n <= CRC_FIELD_MAX => n,
            _ if rest.len() <= CRC_FIELD_MAX && !closed => return End::More,
            _ if rest.len() <= CRC_FIELD_MAX => rest.len(),
            _ if (3..=4).contains(&digits) => digits,
            _ => return End::Not,
        };
        let field = rest.get(..length).unwrap_or_default();
        let crc = match (length, digits) {
            (0, _) => SentCrc::Absent,
            (1..=4, n) if n == length => SentCrc::Digits(hex_value(field)),
            _ if field.iter().any(|b| matches!(b, b':' | b'(' | b'-')) => return End::Not,
            _ => SentCrc::Malformed,
        };
        // Some meters end their last data line with it.
        let behind_group = mark.checked_sub(1).and_then(|i| text.get(i)) == Some(&b')')
            && matches!(crc, SentCrc::Absent | SentCrc::Digits(_));
        if !at_line_start && !behind_group && !matches!((crc, length), (SentCrc::Digits(_), 4)) {
            return End::Not;
        }
        End::Here(Self {
            mark,
            end: mark + 1 + length,
            crc,
        })
    }

    /// Offset behind the line end that follows the CRC; `None` while it may still come.
    pub fn behind_line_end(&self, text: &[u8], closed: bool) -> Option<usize> {
        match text.get(self.end..self.end + 2) {
            Some([b'\r', b'\n']) => Some(self.end + 2),
            Some([b'\r' | b'\n', _]) => Some(self.end + 1),
            Some(_) => Some(self.end),
            None => match text.get(self.end) {
                Some(b'\n') => Some(self.end + 1),
                Some(b'\r') if closed => Some(self.end + 1),
                _ if closed => Some(self.end),
                _ => None,
            },
        }
    }

    /// Compares the CRC that was sent with the bytes.
    pub fn check(&self, text: &[u8]) -> Crc {
        let bytes = text.get(..=self.mark).unwrap_or(text);
        let computed = crc16(bytes);
        let fits = match self.crc {
            SentCrc::Digits(sent) if sent != computed => {
                let mut others = Algorithm::OTHERS.into_iter();
                others.find(|other| other.of(bytes) == sent)
            }
            _ => None,
        };
        Crc {
            received: self.crc,
            computed,
            algorithm: Algorithm::Arc,
            fits,
        }
    }
}

/// Answer to "does the telegram end at this `!`".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It does.
    Here(Readout),
    /// It does not: the `!` is part of a line.
    Not,
    /// That depends on bytes still to come.
    More,
}

/// CRC-16/ARC: polynomial 8005 reflected, initial value 0, no final XOR.
pub fn crc16(bytes: &[u8]) -> u16 {
    Algorithm::Arc.of(bytes)
}

fn hex_value(digits: &[u8]) -> u16 {
    digits.iter().fold(0, |value, &digit| {
        let nibble = char::from(digit).to_digit(16).unwrap_or(0) as u16;
        value << 4 | nibble
    })
}

/// Longest field behind `!` that still counts as a damaged CRC, in bytes.
const CRC_FIELD_MAX: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    fn crc_of(text: &[u8]) -> Option<Crc> {
        Readout::find(text).map(|readout| readout.check(text))
    }

    #[test]
    fn the_check_value_of_the_algorithm_holds() {
        assert_eq!(crc16(b"123456789"), 0xBB3D);
        let others = Algorithm::OTHERS.map(|other| other.of(b"123456789"));
        assert_eq!(others, [0x906E, 0x4B37, 0x2189, 0x31C3, 0x29B1]);
    }

    #[test]
    fn a_telegram_of_the_old_standard_has_no_crc() {
        let crc = crc_of(b"/ABC5x\r\n\r\n0-0:1.0.0(1)\r\n!\r\n").unwrap();
        assert_eq!((crc.received, crc.valid()), (SentCrc::Absent, None));
    }

    #[test]
    fn three_digits_are_a_crc_without_its_leading_zero() {
        let crc = crc_of(b"/ABC5\r\n!8b5\r\n").unwrap();
        assert_eq!(crc.received, SentCrc::Digits(0x08B5));
    }

    #[test]
    fn letters_that_are_no_digits_are_malformed() {
        let crc = crc_of(b"/ABC5\r\n!8G52\r\n").unwrap();
        assert_eq!(
            (crc.received, crc.valid()),
            (SentCrc::Malformed, Some(false))
        );
    }

    #[test]
    fn a_mark_in_a_damaged_line_is_not_the_end() {
        let text = b"/ABC5\r\n!-0:1.8.0(1)\r\n!8B52\r\n";
        assert_eq!(Readout::at(text, 7, false), End::Not);
        assert_eq!(Readout::find(text).map(|r| r.mark), Some(21));
    }

    #[test]
    fn the_line_end_is_waited_for() {
        let text = b"/ABC5\r\n!8B52";
        assert_eq!(Readout::at(text, 7, false), End::More);
        let End::Here(readout) = Readout::at(text, 7, true) else {
            panic!("ends here");
        };
        assert_eq!(readout.behind_line_end(text, false), None);
        assert_eq!(readout.behind_line_end(text, true), Some(12));
        assert_eq!(
            readout.behind_line_end(b"/ABC5\r\n!8B52\r\n/", false),
            Some(14)
        );
    }
}
