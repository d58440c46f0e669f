//! Characters of a pasted text, with the marks of the paste taken off: quote marks and code fences
//! at the line start, colours of a terminal, blanks that are not the blank.
//!
//! ```text
//! > ```                      dropped
//! > DB 08 53<U+00A0>41  ->   DB 08 53 41      with line and column as they stood
//! ```

use super::{DumpError, Place};

/// Turns bytes to characters with their places; a character may be cut between two pushes.
pub(super) struct PasteCleaner {
    /// Where the next character stands.
    next: Place,
    margin: Margin,
    escape: Escape,
    /// The bytes of a character that is not whole yet.
    held: [u8; 4],
    held_len: usize,
    verbatim: bool,
}

enum Margin {
    /// Only blanks and quote marks so far.
    Start,
    /// So many backticks.
    Ticks(u64),
    Fence,
    Inside,
}

enum Escape {
    None,
    Begun,
    Control,
}

/// What takes characters.
pub(super) trait Characters {
    /// Takes a character at a place.
    fn character(&mut self, found: char, place: Place) -> Result<(), DumpError>;

    /// Takes printable ASCII that the input begins with in one go, the first character at a place; gives its length.
    fn run(&mut self, _input: &[u8], _first: Place) -> Result<usize, DumpError> {
        Ok(0)
    }
}

impl<F: FnMut(char, Place) -> Result<(), DumpError>> Characters for F {
    fn character(&mut self, found: char, place: Place) -> Result<(), DumpError> {
        self(found, place)
    }
}

/// Bytes of printable ASCII that an input begins with.
pub(super) fn printable(input: &[u8]) -> usize {
    let is = |byte: &u8| matches!(byte, b' '..=b'~');
    // Pieces without a branch in them: a line may be long.
    let pieces = input.chunks_exact(PIECE);
    let pieces = pieces.take_while(|piece| piece.iter().fold(true, |all, byte| all & is(byte)));
    let whole = pieces.count() * PIECE;
    let rest = input.get(whole..).unwrap_or_default();
    whole + rest.iter().take_while(|byte| is(byte)).count()
}

impl PasteCleaner {
    pub(super) fn new() -> Self {
        Self {
            next: Place { line: 1, column: 1 },
            margin: Margin::Start,
            escape: Escape::None,
            held: [0; 4],
            held_len: 0,
            verbatim: false,
        }
    }

    /// Leaves every character as it is.
    pub(super) fn verbatim() -> Self {
        Self {
            verbatim: true,
            ..Self::new()
        }
    }

    /// Where the next character stands.
    pub(super) fn place(&self) -> Place {
        self.next
    }

    /// The line that comes next, without its end, if all of it stays as it is.
    pub(super) fn plain_line<'a>(&self, input: &'a [u8]) -> Option<&'a str> {
        let begins = self.next.column == 1
            && self.held_len == 0
            && matches!((&self.margin, &self.escape), (Margin::Start, Escape::None))
            && !matches!(input.first(), None | Some(b'>' | b' ' | b'`'));
        let (line, behind) = input.split_at_checked(if begins { printable(input) } else { 0 })?;
        let ends = !line.is_empty() && behind.first() == Some(&b'\n');
        str::from_utf8(line).ok().filter(|_| ends)
    }

    /// Passes over a line that was taken as it is.
    pub(super) fn pass_line(&mut self) {
        self.next = Place {
            line: self.next.line + 1,
            column: 1,
        };
    }

    /// Tells whether printable ASCII that comes next stays as it is, up to the end of the line.
    fn is_plain(&self) -> bool {
        let inside = matches!(self.margin, Margin::Inside) && matches!(self.escape, Escape::None);
        self.held_len == 0 && (self.verbatim || inside)
    }

    pub(super) fn push(
        &mut self,
        input: &[u8],
        taker: &mut impl Characters,
    ) -> Result<(), DumpError> {
        let mut rest = input;
        while let Some((&byte, behind)) = rest.split_first() {
            let taken = match self.is_plain() {
                true => taker.run(rest, self.next)?,
                false => 0,
            };
            if taken > 0 {
                self.next.column += taken as u64;
                rest = rest.get(taken..).unwrap_or_default();
                continue;
            }
            rest = behind;
            if byte.is_ascii() && self.held_len == 0 {
                self.character(char::from(byte), taker)?;
            } else {
                self.wide(byte, taker)?;
            }
        }
        Ok(())
    }

    /// One byte of a character of several; what is no UTF-8 becomes the replacement character.
    fn wide(&mut self, byte: u8, taker: &mut impl Characters) -> Result<(), DumpError> {
        if let Some(slot) = self.held.get_mut(self.held_len) {
            *slot = byte;
            self.held_len += 1;
        }
        let held = self.held.get(..self.held_len).unwrap_or_default();
        match str::from_utf8(held) {
            Ok(text) => {
                let found = text.chars().next().unwrap_or(char::REPLACEMENT_CHARACTER);
                self.held_len = 0;
                self.character(found, taker)
            }
            Err(error) if error.error_len().is_none() => Ok(()),
            Err(_) => {
                let alone = self.held_len == 1;
                self.held_len = 0;
                self.character(char::REPLACEMENT_CHARACTER, taker)?;
                // The byte that broke the character may begin one itself.
                if alone {
                    Ok(())
                } else {
                    self.push(&[byte], taker)
                }
            }
        }
    }

    fn character(&mut self, found: char, taker: &mut impl Characters) -> Result<(), DumpError> {
        let place = self.next;
        if found == '\n' {
            self.next = Place {
                line: place.line + 1,
                column: 1,
            };
        } else {
            self.next.column += 1;
        }
        if self.verbatim {
            return taker.character(found, place);
        }
        match self.escape {
            Escape::None if found == '\u{1B}' => {
                self.escape = Escape::Begun;
                return Ok(());
            }
            Escape::None => {}
            _ if found == '\n' => self.escape = Escape::None,
            Escape::Begun => {
                self.escape = if found == '[' {
                    Escape::Control
                } else {
                    Escape::None
                };
                return Ok(());
            }
            Escape::Control => {
                if ('@'..='~').contains(&found) {
                    self.escape = Escape::None;
                }
                return Ok(());
            }
        }
        let found = match found {
            '\u{A0}' | '\u{2007}' | '\u{202F}' => ' ',
            '\u{200B}' | '\u{2060}' | '\u{FEFF}' => return Ok(()),
            other => other,
        };
        self.beyond_margin(found, place, taker)
    }

    fn beyond_margin(
        &mut self,
        found: char,
        place: Place,
        taker: &mut impl Characters,
    ) -> Result<(), DumpError> {
        match (&self.margin, found) {
            (Margin::Inside, '\n') => self.margin = Margin::Start,
            (Margin::Inside, _) => {}
            (Margin::Start, '>') => return Ok(()),
            (Margin::Start, ' ' | '\t' | '\r' | '\n') => {}
            (Margin::Start, '`') => {
                self.margin = Margin::Ticks(1);
                return Ok(());
            }
            (Margin::Start, _) => self.margin = Margin::Inside,
            (Margin::Ticks(2), '`') => {
                self.margin = Margin::Fence;
                return Ok(());
            }
            (Margin::Ticks(count), '`') => {
                self.margin = Margin::Ticks(count + 1);
                return Ok(());
            }
            (&Margin::Ticks(count), _) => {
                self.margin = if found == '\n' {
                    Margin::Start
                } else {
                    Margin::Inside
                };
                for back in (1..=count).rev() {
                    taker.character(
                        '`',
                        Place {
                            line: place.line,
                            column: place.column.saturating_sub(back),
                        },
                    )?;
                }
            }
            (Margin::Fence, '\n') => self.margin = Margin::Start,
            (Margin::Fence, _) => return Ok(()),
        }
        taker.character(found, place)
    }
}

/// Bytes that are looked at in one go.
const PIECE: usize = 32;
