//! Base64 of the standard and the URL alphabet, with or without padding, blanks and line ends anywhere.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose};

use super::paste_cleaner::{Characters, PasteCleaner};
use super::{DumpError, Piece, Place};

/// Turns groups of four characters to bytes.
pub(super) struct Base64 {
    paste_cleaner: PasteCleaner,
    groups: Groups,
}

struct Groups {
    /// Characters that are not decoded yet, of the standard alphabet.
    text: Vec<u8>,
    last: Place,
    /// Padding was seen: the next character begins a text of its own.
    padded: bool,
    bytes: Vec<u8>,
}

impl Base64 {
    pub(super) fn new() -> Self {
        let last = Place { line: 1, column: 1 };
        let groups = Groups {
            text: Vec::new(),
            last,
            padded: false,
            bytes: Vec::new(),
        };
        Self {
            paste_cleaner: PasteCleaner::new(),
            groups,
        }
    }

    pub(super) fn push(
        &mut self,
        input: &[u8],
        out: &mut dyn FnMut(Piece<'_>),
    ) -> Result<(), DumpError> {
        let Self {
            paste_cleaner,
            groups,
        } = self;
        let result = paste_cleaner.push(input, groups);
        groups.decode_whole();
        groups.flush(out);
        result
    }

    pub(super) fn finish(&mut self, out: &mut dyn FnMut(Piece<'_>)) -> Result<(), DumpError> {
        let result = self.groups.end();
        self.groups.flush(out);
        result
    }
}

impl Characters for Groups {
    fn character(&mut self, found: char, place: Place) -> Result<(), DumpError> {
        let letter = match found {
            'A'..='Z' | 'a'..='z' | '0'..='9' | '+' | '/' => u8::try_from(found).unwrap_or(b'A'),
            '-' => b'+',
            '_' => b'/',
            '=' => {
                self.padded = true;
                return Ok(());
            }
            ' ' | '\t' | '\r' | '\n' | '`' | '"' | '\'' => return Ok(()),
            _ => {
                return Err(DumpError::Character {
                    place,
                    found,
                    expected: "a base64 character",
                });
            }
        };
        if self.padded {
            self.end()?;
        }
        self.text.push(letter);
        self.last = place;
        Ok(())
    }

    fn run(&mut self, input: &[u8], first: Place) -> Result<usize, DumpError> {
        if self.padded {
            return Ok(0);
        }
        let is_letter = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
        let count = input.iter().take_while(is_letter).count();
        if let Some(before) = count.checked_sub(1) {
            self.text.extend(input.get(..count).unwrap_or_default());
            self.last = Place {
                column: first.column + before as u64,
                ..first
            };
        }
        Ok(count)
    }
}

impl Groups {
    /// Decodes all whole groups.
    fn decode_whole(&mut self) {
        let whole = self.text.len() - self.text.len() % 4;
        let groups: Vec<u8> = self.text.drain(..whole).collect();
        // The alphabet was checked and the groups are whole: there is nothing left to refuse.
        let _ = LENIENT.decode_vec(groups, &mut self.bytes);
    }

    /// Decodes all that is held, the last group short or not.
    fn end(&mut self) -> Result<(), DumpError> {
        self.padded = false;
        self.decode_whole();
        let rest = std::mem::take(&mut self.text);
        match LENIENT.decode_vec(rest, &mut self.bytes) {
            Ok(()) => Ok(()),
            Err(_) => Err(DumpError::HalfGroup { place: self.last }),
        }
    }

    fn flush(&mut self, out: &mut dyn FnMut(Piece<'_>)) {
        if !self.bytes.is_empty() {
            out(Piece::Bytes(&self.bytes));
            self.bytes.clear();
        }
    }
}

/// Formats bytes as base64, 76 characters a line as `base64` does.
pub fn encode_base64(bytes: &[u8]) -> String {
    let lines = bytes
        .chunks(57)
        .map(|row| general_purpose::STANDARD.encode(row) + "\n");
    lines.collect()
}

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

#[cfg(test)]
mod tests {
    use super::super::tests::{decoded, error};
    use super::super::{DumpError, Form, Place};
    use super::*;

    #[test]
    fn alphabets_padding_and_line_ends_do_not_matter() {
        for text in [
            "2whT/0E=",
            "2whT_0E",
            "2w hT\r\n/0\n\nE=\n",
            "> ```\n> 2whT/0E=\n> ```",
            "2wg=U/9B",
        ] {
            assert_eq!(
                decoded(Form::Base64, text.as_bytes()),
                b"\xDB\x08S\xFFA",
                "{text}"
            );
        }
    }

    #[test]
    fn a_cut_and_a_wrong_character_are_refused_where_they_stand() {
        let place = Place { line: 2, column: 3 };
        assert_eq!(
            error(Form::Base64, b"2whT\n  /\n"),
            DumpError::HalfGroup { place }
        );
        let expected = DumpError::Character {
            place,
            found: '.',
            expected: "a base64 character",
        };
        assert_eq!(error(Form::Base64, b"2whT\n/0."), expected);
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(
            decoded(Form::Base64, encode_base64(&bytes).as_bytes()),
            bytes
        );
    }
}
