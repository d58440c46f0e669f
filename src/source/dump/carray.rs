//! C arrays (`0xDB, 0x8`), also in other languages, and strings with escapes (`"\xdb\x08SAG"`, `b'...'`).
//!
//! The first `0x` or `\x` tells which of the two it is. In an array everything but the numbers is passed over;
//! in strings every character between the quotes counts. Decimal and octal arrays are not supported.

use super::hex::Run;
use super::paste_cleaner::PasteCleaner;
use super::{DumpError, Piece, Place};

/// Turns numbers and escapes to bytes.
pub(super) struct CArray {
    paste_cleaner: PasteCleaner,
    reader: Reader,
    bytes: Vec<u8>,
}

struct Reader {
    state: State,
    /// The digits of the number or escape under way.
    run: Run,
    /// What stood before this character.
    before: char,
    /// A `0` at the begin of a word stood before this character.
    zero: bool,
    /// Strings are being read: an escape has been seen.
    strings: bool,
    /// The characters of a string in which no escape has been seen yet.
    pending: Vec<u8>,
    /// The quote the string under way ends with: a line end where it has no quotes.
    quote: Option<char>,
    passed_over: usize,
    tokens: usize,
}

enum State {
    Outside,
    Comment {
        line: bool,
    },
    /// After `0x`.
    Number,
    /// After a backslash.
    Backslash,
    /// After `\x`.
    Escape,
}

impl CArray {
    pub(super) fn new() -> Self {
        let reader = Reader {
            state: State::Outside,
            run: Run::default(),
            before: '\n',
            zero: false,
            strings: false,
            pending: Vec::new(),
            quote: None,
            passed_over: 0,
            tokens: 0,
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
        let result = paste_cleaner.push(input, &mut |found, place| {
            let result = reader.character(found, place, bytes);
            reader.before = found;
            result
        });
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
        }
        result
    }

    /// Numbers and escapes read, and characters that were neither.
    pub(super) fn tally(&self) -> (usize, usize) {
        (self.reader.tokens, self.reader.passed_over)
    }
}

impl Reader {
    fn character(
        &mut self,
        found: char,
        place: Place,
        bytes: &mut Vec<u8>,
    ) -> Result<(), DumpError> {
        match self.state {
            State::Comment { line: true } if found == '\n' => self.state = State::Outside,
            State::Comment { line: false } if found == '/' && self.before == '*' => {
                self.state = State::Outside
            }
            State::Comment { .. } => {}
            State::Number => return self.number(found, place, bytes),
            State::Backslash => self.backslash(found, bytes),
            State::Escape => return self.escape(found, place, bytes),
            State::Outside if found == '\\' => self.state = State::Backslash,
            State::Outside if self.quote.is_some() && self.strings => self.inside(found, bytes),
            State::Outside => self.outside(found),
        }
        Ok(())
    }

    /// Between numbers, or between strings, or in a string that may yet turn out to be one of ours.
    fn outside(&mut self, found: char) {
        let begins = !self.before.is_alphanumeric() && self.before != '_';
        let zero = std::mem::replace(&mut self.zero, found == '0' && begins);
        match found {
            'x' | 'X' if zero && !self.strings => {
                self.state = State::Number;
                self.quote = None;
                return;
            }
            '/' if self.before == '/' && self.quote.is_none() => {
                self.state = State::Comment { line: true }
            }
            '*' if self.before == '/' && self.quote.is_none() => {
                self.state = State::Comment { line: false }
            }
            '"' | '\'' if self.quote.is_none() => {
                self.quote = Some(found);
                self.pending.clear();
            }
            _ if self.quote == Some(found) || found == '\n' => {
                self.quote = None;
                self.pending.clear();
            }
            _ if self.quote.is_some() && self.pending.len() < LONGEST_PENDING => {
                push_char(&mut self.pending, found);
            }
            _ => {}
        }
        if !(found.is_whitespace()
            || matches!(
                found,
                ',' | '{' | '}' | '[' | ']' | '(' | ')' | ';' | '"' | '\'' | '0'
            ))
        {
            self.passed_over += 1;
        }
    }

    /// In a string: every character counts.
    fn inside(&mut self, found: char, bytes: &mut Vec<u8>) {
        if self.quote == Some(found) || found == '\n' {
            self.quote = None;
        } else if (self.quote, found) != (Some('\n'), '\r') {
            push_char(bytes, found);
        }
    }

    fn number(&mut self, found: char, place: Place, bytes: &mut Vec<u8>) -> Result<(), DumpError> {
        if let Some(digit) = found.to_digit(16) {
            bytes.extend(self.run.digit(digit, place));
            return Ok(());
        }
        let suffix = matches!(found, 'u' | 'U');
        if self.run.digits() == 0 || (found.is_alphanumeric() && !suffix) {
            return Err(DumpError::Character {
                place,
                found,
                expected: "a hex digit",
            });
        }
        bytes.extend(self.run.end_short()?);
        self.tokens += 1;
        self.state = State::Outside;
        self.outside(found);
        Ok(())
    }

    /// After a backslash; an escape outside quotes begins a string that ends with its line.
    fn backslash(&mut self, found: char, bytes: &mut Vec<u8>) {
        self.state = State::Outside;
        if matches!(found, 'x' | 'X') && (self.strings || self.tokens == 0) {
            self.state = State::Escape;
            self.strings = true;
            self.quote.get_or_insert('\n');
            bytes.append(&mut self.pending);
            return;
        }
        let stands_for = match found {
            // A line that goes on; in a string it stands for nothing, outside it is what glues strings.
            '\n' => {
                self.quote = self.quote.filter(|quote| *quote != '\n');
                return;
            }
            '\r' => {
                self.state = State::Backslash;
                return;
            }
            'n' => b'\n',
            'r' => b'\r',
            't' => b'\t',
            '0' => 0,
            'a' => 7,
            'b' => 8,
            'v' => 11,
            'f' => 12,
            other => u8::try_from(other).unwrap_or(b'?'),
        };
        match (self.quote, self.strings) {
            (Some(_), true) => bytes.push(stands_for),
            (Some(_), false) if self.pending.len() < LONGEST_PENDING => {
                self.pending.push(stands_for)
            }
            _ => self.passed_over += 1,
        }
    }

    fn escape(&mut self, found: char, place: Place, bytes: &mut Vec<u8>) -> Result<(), DumpError> {
        match found.to_digit(16) {
            Some(digit) => {
                let byte = self.run.digit(digit, place);
                bytes.extend(byte);
                if byte.is_some() {
                    self.tokens += 1;
                    self.state = State::Outside;
                    return self.run.end();
                }
                Ok(())
            }
            None if self.run.digits() == 0 => Err(DumpError::Character {
                place,
                found,
                expected: "a hex digit",
            }),
            None => {
                bytes.extend(self.run.end_short()?);
                self.tokens += 1;
                self.state = State::Outside;
                self.character(found, place, bytes)
            }
        }
    }
}

/// Formats bytes as `xxd -i` does.
pub fn encode_carray(bytes: &[u8]) -> String {
    let rows = bytes.chunks(12).map(|row| {
        let numbers: Vec<String> = row.iter().map(|byte| format!("0x{byte:02x}")).collect();
        format!("  {}", numbers.join(", "))
    });
    let rows: Vec<String> = rows.collect();
    format!(
        "unsigned char dump[] = {{\n{}\n}};\nunsigned int dump_len = {};\n",
        rows.join(",\n"),
        bytes.len()
    )
}

fn push_char(bytes: &mut Vec<u8>, found: char) {
    bytes.extend_from_slice(found.encode_utf8(&mut [0; 4]).as_bytes());
}

/// So much of a string is kept until its first escape shows that it is one of ours.
const LONGEST_PENDING: usize = 4096;

#[cfg(test)]
mod tests;
