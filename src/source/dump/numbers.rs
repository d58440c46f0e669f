//! Bytes as numbers between separators: in decimal, or in hex without a zero before a single digit.
//!
//! ```text
//! 219, 8, 83, 65, 71      219 8 83 65 71      [219 8 83 65 71]
//! DB 8 53 41 47                               as Arduino's print(x, HEX) leaves them
//! ```
//! A line is data if nothing but numbers stands in it; lines of words are passed over.

use super::hex::is_separator;
use super::paste_cleaner::{Characters, PasteCleaner};
use super::{DumpError, Piece, Place};

/// Turns numbers to bytes.
pub(super) struct Numbers {
    paste_cleaner: PasteCleaner,
    reader: Reader,
    bytes: Vec<u8>,
}

struct Reader {
    radix: u32,
    number: Option<Number>,
    /// Numbers of the line, while it is not certain that they are data.
    line: Vec<u8>,
    /// The line is data: there are many numbers in it.
    sure: bool,
    /// The line is no data.
    foreign: bool,
    /// Characters of the line.
    length: usize,
    passed_over: usize,
    /// Numbers in decimal, or hex digits that stand alone.
    marks: usize,
}

/// The number under way.
struct Number {
    place: Place,
    value: u32,
    digits: u32,
    zero: bool,
}

impl Numbers {
    pub(super) fn new(radix: u32) -> Self {
        let reader = Reader {
            radix,
            number: None,
            line: Vec::new(),
            sure: false,
            foreign: false,
            length: 0,
            passed_over: 0,
            marks: 0,
        };
        Self {
            paste_cleaner: PasteCleaner::new(),
            reader,
            bytes: Vec::new(),
        }
    }

    pub(super) fn push(
        &mut self,
        input: &[u8],
        out: &mut dyn FnMut(Piece<'_>),
    ) -> Result<(), DumpError> {
        let Self {
            paste_cleaner,
            reader,
            bytes,
        } = self;
        let result = paste_cleaner.push(input, &mut Taker { reader, bytes });
        if !bytes.is_empty() {
            out(Piece::Bytes(bytes));
            bytes.clear();
        }
        result
    }

    pub(super) fn finish(&mut self, out: &mut dyn FnMut(Piece<'_>)) -> Result<(), DumpError> {
        let place = self.paste_cleaner.place();
        let result = self.reader.character('\n', place, &mut self.bytes);
        if !self.bytes.is_empty() {
            out(Piece::Bytes(&self.bytes));
            self.bytes.clear();
        }
        result
    }

    /// Numbers that belong to this form only, and characters of lines without numbers.
    pub(super) fn tally(&self) -> (usize, usize) {
        (self.reader.marks, self.reader.passed_over)
    }
}

struct Taker<'a> {
    reader: &'a mut Reader,
    bytes: &'a mut Vec<u8>,
}

impl Characters for Taker<'_> {
    fn character(&mut self, found: char, place: Place) -> Result<(), DumpError> {
        self.reader.character(found, place, self.bytes)
    }
}

impl Reader {
    fn character(
        &mut self,
        found: char,
        place: Place,
        bytes: &mut Vec<u8>,
    ) -> Result<(), DumpError> {
        if found == '\n' {
            return self.end_line(bytes);
        }
        self.length += 1;
        if self.foreign {
            return Ok(());
        }
        if let Some(digit) = found.to_digit(self.radix) {
            let number = self.number.get_or_insert(Number {
                place,
                value: 0,
                digits: 0,
                zero: digit == 0,
            });
            number.value = number
                .value
                .saturating_mul(self.radix)
                .saturating_add(digit);
            number.digits = number.digits.saturating_add(1);
            return Ok(());
        }
        self.end_number(bytes)?;
        let between = is_separator(found) || matches!(found, '[' | ']' | '(' | ')' | '{' | '}');
        // A full stop or a colon makes a fraction or a time of decimal numbers.
        if between && (self.radix > 10 || !matches!(found, '.' | ':' | '-')) || self.foreign {
            return Ok(());
        }
        self.refuse(|expected| DumpError::Character {
            place,
            found,
            expected,
        })
    }

    fn end_number(&mut self, bytes: &mut Vec<u8>) -> Result<(), DumpError> {
        let Some(number) = self.number.take() else {
            return Ok(());
        };
        let most = if self.radix > 10 { 2 } else { 3 };
        let padded = self.radix > 10 && number.zero && number.digits == 2;
        match u8::try_from(number.value) {
            Ok(byte) if number.digits <= most && !padded => {
                self.marks += usize::from(self.radix == 10 || number.digits == 1);
                self.line.push(byte);
                if self.line.len() >= SURE {
                    self.sure = true;
                    bytes.append(&mut self.line);
                }
                Ok(())
            }
            _ => self.refuse(|expected| DumpError::Number {
                place: number.place,
                expected,
            }),
        }
    }

    /// A line with something else in it: of words, or a mistake.
    fn refuse(&mut self, error: impl Fn(&'static str) -> DumpError) -> Result<(), DumpError> {
        if self.sure || self.line.len() >= MANY {
            return Err(error(match self.radix {
                16 => "a byte in hex of one digit, or two that do not begin with 0",
                _ => "a number up to 255",
            }));
        }
        self.foreign = true;
        Ok(())
    }

    fn end_line(&mut self, bytes: &mut Vec<u8>) -> Result<(), DumpError> {
        let result = self.end_number(bytes);
        if self.foreign {
            self.passed_over += self.length;
        } else if self.sure || !self.line.is_empty() {
            bytes.append(&mut self.line);
        }
        self.line.clear();
        self.sure = false;
        self.foreign = false;
        self.length = 0;
        result
    }
}

/// A line with so many numbers is data.
const SURE: usize = 64;
/// In a line with so many numbers all else is a mistake.
const MANY: usize = 8;

#[cfg(test)]
mod tests {
    use super::super::tests::{decoded, error};
    use super::super::{DumpError, Form, Place};

    #[test]
    fn numbers_are_bytes_whatever_stands_between_them() {
        for text in [
            "219 8 83 0",
            "219, 8, 83, 0\n",
            "[219, 8, 83, 0]",
            "219,8,\n83,0",
            "meter 1 says:\n{219; 008; 083\t0}\n\nbye 8\n2026\n",
        ] {
            assert_eq!(
                decoded(Form::Decimal, text.as_bytes()),
                b"\xDB\x08S\0",
                "{text}"
            );
        }
        for text in ["DB 8 53 0", "db:8:53:0\n", "DB, 8,\r\n53, 0,\r\n"] {
            assert_eq!(
                decoded(Form::Unpadded, text.as_bytes()),
                b"\xDB\x08S\0",
                "{text}"
            );
        }
    }

    #[test]
    fn a_mistake_among_many_numbers_is_refused_where_it_stands() {
        let place = Place {
            line: 1,
            column: 20,
        };
        let text = b"1, 2, 3, 4, 5, 6, 7 \n1, 2, 3, 4, 5, 6, 7, 8, 256\n";
        let place_two = Place {
            line: 2,
            column: 25,
        };
        let expected = "a number up to 255";
        assert_eq!(
            error(Form::Decimal, text),
            DumpError::Number {
                place: place_two,
                expected
            }
        );
        let text = b"1 2 3 4 5 6 7 8 9 1x2";
        assert_eq!(
            error(Form::Decimal, text),
            DumpError::Character {
                place,
                found: 'x',
                expected
            }
        );
        let place = Place {
            line: 1,
            column: 17,
        };
        assert!(matches!(
            error(Form::Unpadded, b"1 2 3 4 5 6 7 8 09"),
            DumpError::Number { place: found, .. } if found == place
        ));
    }
}
