//! Hex digits with separators between them, lines of any length.
//!
//! ```text
//! DB 08 53      DB0853      DB:08:53      0DBh, 08h, 53h      $DB,$08,$53      as assemblers and Pascal write them
//! ```

use super::paste_cleaner::{Characters, PasteCleaner};
use super::{DumpError, Piece, Place};

/// Turns hex digits to bytes.
pub(super) struct Hex {
    paste_cleaner: PasteCleaner,
    digits: Digits,
}

#[derive(Default)]
struct Digits {
    run: Run,
    /// The first byte of the run, which an `h` behind it may change.
    first: Option<u8>,
    bytes: Vec<u8>,
}

/// Hex digits that stand in a row.
#[derive(Default)]
pub(super) struct Run {
    start: Option<Place>,
    digits: u64,
    high: u8,
}

impl Hex {
    pub(super) fn new() -> Self {
        Self {
            paste_cleaner: PasteCleaner::new(),
            digits: Digits::default(),
        }
    }

    pub(super) fn push(
        &mut self,
        input: &[u8],
        out: &mut dyn FnMut(Piece<'_>),
    ) -> Result<(), DumpError> {
        let Self {
            paste_cleaner,
            digits,
        } = self;
        let result = paste_cleaner.push(input, digits);
        if !digits.bytes.is_empty() {
            out(Piece::Bytes(&digits.bytes));
            digits.bytes.clear();
        }
        result
    }

    pub(super) fn finish(&mut self, out: &mut dyn FnMut(Piece<'_>)) -> Result<(), DumpError> {
        if let Some(byte) = self.digits.first.take() {
            out(Piece::Bytes(&[byte]));
        }
        self.digits.run.end()
    }
}

impl Characters for Digits {
    fn character(&mut self, found: char, place: Place) -> Result<(), DumpError> {
        let Self { run, first, bytes } = self;
        match found.to_digit(16) {
            Some(digit) => {
                let byte = run.digit(digit, place);
                if run.digits() == 2 {
                    *first = byte;
                } else if byte.is_some() {
                    bytes.extend(first.take());
                    bytes.extend(byte);
                }
                Ok(())
            }
            None if is_separator(found) => {
                bytes.extend(first.take());
                run.end()
            }
            None if found == '$' && run.digits() == 0 => Ok(()),
            None if matches!(found, 'h' | 'H') && run.digits() == 2 => {
                bytes.extend(first.take());
                run.end()
            }
            // A number that begins with a letter has a zero before it.
            None if matches!(found, 'h' | 'H') && run.digits() == 3 && *first < Some(16) => {
                bytes.extend(first.take().map(|high| high << 4 | run.end_half()));
                Ok(())
            }
            None => {
                bytes.extend(first.take());
                Err(DumpError::Character {
                    place,
                    found,
                    expected: "a hex digit",
                })
            }
        }
    }

    fn run(&mut self, input: &[u8], _: Place) -> Result<usize, DumpError> {
        // In the middle of a long run pairs of digits are bytes, and nothing else is.
        if self.first.is_some() || !self.run.is_long() {
            return Ok(0);
        }
        let digits = 2 * decode_pairs(input, &mut self.bytes);
        self.run.digits += digits as u64;
        Ok(digits)
    }
}

impl Run {
    /// Takes a digit; gives a byte at each second one.
    pub(super) fn digit(&mut self, digit: u32, place: Place) -> Option<u8> {
        let digit = u8::try_from(digit).unwrap_or(0) & 0x0F;
        self.start.get_or_insert(place);
        self.digits += 1;
        if self.digits % 2 == 1 {
            self.high = digit << 4;
            return None;
        }
        Some(self.high | digit)
    }

    /// Ends the run, which must have an even number of digits.
    pub(super) fn end(&mut self) -> Result<(), DumpError> {
        let Self { start, digits, .. } = std::mem::take(self);
        match start {
            Some(place) if digits % 2 == 1 => Err(DumpError::OddRun { place, digits }),
            _ => Ok(()),
        }
    }

    /// Ends the run; a single digit is a byte of its own.
    pub(super) fn end_short(&mut self) -> Result<Option<u8>, DumpError> {
        if self.digits == 1 {
            return Ok(Some(std::mem::take(self).high >> 4));
        }
        self.end().map(|()| None)
    }

    /// Ends the run; gives the digit that no second one followed.
    fn end_half(&mut self) -> u8 {
        std::mem::take(self).high >> 4
    }

    /// Tells whether more than one byte is whole, and no half one waits.
    fn is_long(&self) -> bool {
        self.digits > 2 && self.digits.is_multiple_of(2)
    }

    /// Number of digits so far.
    pub(super) fn digits(&self) -> u64 {
        self.digits
    }
}

/// Appends the bytes of the pairs of hex digits that a text begins with; gives their number.
pub(super) fn decode_pairs(text: &[u8], bytes: &mut Vec<u8>) -> usize {
    let before = bytes.len();
    let (pairs, _) = text.as_chunks::<2>();
    if pairs.len() <= FEW {
        let byte = |[high, low]: &[u8; 2]| {
            let (high, low) = (value_of(*high), value_of(*low));
            ((high | low) < 16).then_some(high << 4 | low)
        };
        bytes.extend(pairs.iter().map_while(byte));
        return bytes.len() - before;
    }
    for pairs in pairs.chunks(AT_ONCE) {
        // Which digits they are, is foreseen by no one: many in one step, without a branch for each.
        let mut values = [0; 2 * AT_ONCE];
        let mut digits = 0;
        for (value, digit) in values.iter_mut().zip(pairs.as_flattened()) {
            *value = computed_value_of(*digit);
            digits |= *value;
        }
        let mut decoded = [0; AT_ONCE];
        for (byte, pair) in decoded.iter_mut().zip(values.as_chunks::<2>().0) {
            let pair = u16::from_le_bytes(*pair);
            *byte = (pair << 4 | pair >> 8) as u8;
        }
        let is_digit = |digit: &u8| value_of(*digit) < 16;
        let whole = match digits < 16 {
            true => pairs.len(),
            false => pairs
                .iter()
                .take_while(|pair| pair.iter().all(is_digit))
                .count(),
        };
        bytes.extend_from_slice(decoded.get(..whole).unwrap_or_default());
        if whole < pairs.len() {
            break;
        }
    }
    bytes.len() - before
}

/// The value of a hex digit; 0xFF for any other byte.
pub(super) fn value_of(digit: u8) -> u8 {
    VALUES.get(usize::from(digit)).copied().unwrap_or(NO_DIGIT)
}

/// The same as [`value_of`], of which many are computed faster than they are looked up.
fn computed_value_of(digit: u8) -> u8 {
    let decimal = digit.wrapping_sub(b'0');
    let letter = (digit | 0x20).wrapping_sub(b'a');
    match (decimal, letter) {
        (0..=9, _) => decimal,
        (_, 0..=5) => letter + 10,
        _ => NO_DIGIT,
    }
}

/// So few pairs of digits are decoded one by one.
const FEW: usize = 8;
/// Pairs of digits that are decoded in one go.
const AT_ONCE: usize = 64;
/// What a byte that is no hex digit counts as.
const NO_DIGIT: u8 = 0xFF;
/// The value of each byte as a hex digit.
const VALUES: [u8; 256] = {
    let mut values = [NO_DIGIT; 256];
    let mut value = 0;
    while value < 16 {
        values[b"0123456789ABCDEF"[value] as usize] = value as u8;
        values[b"0123456789abcdef"[value] as usize] = value as u8;
        value += 1;
    }
    values
};

/// Formats bytes as hex digits, 32 bytes a line.
pub fn encode_hex(bytes: &[u8]) -> String {
    let lines = bytes.chunks(32).map(|row| hex::encode_upper(row) + "\n");
    lines.collect()
}

/// True for what may stand between two hex digits.
pub(super) fn is_separator(found: char) -> bool {
    matches!(
        found,
        ' ' | '\t'
            | '\r'
            | '\n'
            | '\u{B}'
            | '\u{C}'
            | ','
            | ';'
            | ':'
            | '-'
            | '.'
            | '"'
            | '\''
            | '`'
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::{decoded, error};
    use super::super::{DumpError, Form, Place};
    use super::*;

    #[test]
    fn separators_and_case_do_not_matter() {
        for text in [
            "DB08 5341",
            "db 08 53 41\n",
            "DB:08:53:41",
            "DB-08-53-41",
            "dB, 08; 53\t41\r\n",
            "\"DB085341\"",
            "DB.08.53.41",
            "\n\n> DB 08\u{A0}53 41\n",
            "```\nDB085341\n```\n",
            "```text\nDB08\n5341\n```",
            "`DB085341`",
        ] {
            assert_eq!(
                decoded(Form::Hex, text.as_bytes()),
                b"\xDB\x08SA",
                "{text:?}"
            );
        }
    }

    #[test]
    fn an_odd_run_is_refused_where_it_begins() {
        let place = Place { line: 2, column: 4 };
        assert_eq!(
            error(Form::Hex, b"DB 08\n53 414 7\n"),
            DumpError::OddRun { place, digits: 3 }
        );
        assert_eq!(
            error(Form::Hex, b"DB 08\n53 414"),
            DumpError::OddRun { place, digits: 3 }
        );
    }

    #[test]
    fn a_wrong_letter_is_refused_where_it_stands() {
        let place = Place { line: 2, column: 3 };
        for found in ['O', 'l', 'g', '|', 'ä'] {
            let expected = DumpError::Character {
                place,
                found,
                expected: "a hex digit",
            };
            assert_eq!(
                error(Form::Hex, format!("DB 08\n53{found}1").as_bytes()),
                expected
            );
        }
    }

    #[test]
    fn the_value_of_a_digit_is_computed_as_it_is_looked_up() {
        for digit in 0..=u8::MAX {
            assert_eq!(computed_value_of(digit), value_of(digit), "{digit:02X}");
        }
    }

    #[test]
    fn long_runs_are_read_as_short_ones_are() {
        let bytes: Vec<u8> = (0..=255).cycle().take(700).collect();
        let digits = hex::encode(&bytes);
        for length in [1, 2, 3, 63, 64, 65, 128, 129, 700] {
            let text = digits.get(..2 * length).unwrap();
            assert_eq!(decoded(Form::Hex, text.as_bytes()), &bytes[..length]);
            let place = |column| Place { line: 1, column };
            let digits = 2 * length as u64 + 1;
            let odd = DumpError::OddRun {
                place: place(1),
                digits,
            };
            assert_eq!(error(Form::Hex, format!("{text}a").as_bytes()), odd);
            let wrong = DumpError::Character {
                place: place(digits),
                found: 'x',
                expected: "a hex digit",
            };
            assert_eq!(error(Form::Hex, format!("{text}xDB").as_bytes()), wrong);
        }
    }

    #[test]
    fn quote_marks_count_as_columns() {
        let place = Place { line: 1, column: 6 };
        let expected = DumpError::Character {
            place,
            found: 'x',
            expected: "a hex digit",
        };
        assert_eq!(error(Form::Hex, b"> DB x"), expected);
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(decoded(Form::Hex, encode_hex(&bytes).as_bytes()), bytes);
    }
}
