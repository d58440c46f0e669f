//! Byte order marks: UTF-16 and UTF-8 with a mark become plain UTF-8 (PowerShell's `>` writes both).

use super::Encoding;

/// Takes the byte order mark off an input, and decodes what it stands for.
pub(super) struct TextDecoder {
    state: State,
    /// The first bytes, while they may still be a mark.
    head: Vec<u8>,
}

enum State {
    Head,
    Plain,
    Wide(Wide),
}

/// What an input holds behind or in place of its mark.
pub(super) enum Taken<'a> {
    Mark(Encoding),
    Bytes(&'a [u8]),
}

/// UTF-16 in the middle of a unit or of a surrogate pair.
struct Wide {
    encoding: Encoding,
    odd: Option<u8>,
    high: Option<u16>,
}

impl TextDecoder {
    /// Looks for a mark.
    pub(super) fn new() -> Self {
        Self {
            state: State::Head,
            head: Vec::new(),
        }
    }

    /// Looks for nothing and passes all.
    pub(super) fn plain() -> Self {
        Self {
            state: State::Plain,
            head: Vec::new(),
        }
    }

    /// Tells whether all is passed on as it is from now on.
    pub(super) fn is_passing(&self) -> bool {
        matches!(self.state, State::Plain)
    }

    /// Passes a mark and the decoded bytes on.
    pub(super) fn push<E>(
        &mut self,
        input: &[u8],
        each: &mut dyn FnMut(Taken<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        match &mut self.state {
            State::Plain => each(Taken::Bytes(input)),
            State::Wide(wide) => each(Taken::Bytes(&wide.decode(input))),
            State::Head => {
                // A live source is not delayed: most inputs are decided by their first byte.
                if self.head.is_empty() && !input.first().is_none_or(|first| MARKS.contains(first))
                {
                    self.state = State::Plain;
                    return each(Taken::Bytes(input));
                }
                let (head, rest) = input.split_at(input.len().min(4 - self.head.len().min(4)));
                self.head.extend_from_slice(head);
                if self.head.len() < 4 {
                    return Ok(());
                }
                self.decide(each)?;
                self.push(rest, each)
            }
        }
    }

    /// Passes on what was held; half a UTF-16 character at the end becomes the replacement character.
    pub(super) fn finish<E>(
        &mut self,
        each: &mut dyn FnMut(Taken<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        if matches!(self.state, State::Head) {
            self.decide(each)?;
        }
        match &self.state {
            State::Wide(Wide {
                odd: None,
                high: None,
                ..
            })
            | State::Plain
            | State::Head => Ok(()),
            State::Wide(_) => {
                let mut replacement = [0; 4];
                each(Taken::Bytes(
                    char::REPLACEMENT_CHARACTER
                        .encode_utf8(&mut replacement)
                        .as_bytes(),
                ))
            }
        }
    }

    fn decide<E>(&mut self, each: &mut dyn FnMut(Taken<'_>) -> Result<(), E>) -> Result<(), E> {
        let head = std::mem::take(&mut self.head);
        // `FF FE` also begins a telnet negotiation: the first character must be an ASCII one.
        let (encoding, rest) = match *head.as_slice() {
            [0xEF, 0xBB, 0xBF, ref rest @ ..] => (Encoding::Utf8, rest),
            [0xFF, 0xFE] | [0xFF, 0xFE, 9..0x7F, 0] => {
                (Encoding::Utf16Le, head.get(2..).unwrap_or_default())
            }
            [0xFE, 0xFF] | [0xFE, 0xFF, 0, 9..0x7F] => {
                (Encoding::Utf16Be, head.get(2..).unwrap_or_default())
            }
            _ => {
                self.state = State::Plain;
                return each(Taken::Bytes(&head));
            }
        };
        each(Taken::Mark(encoding))?;
        self.state = match encoding {
            Encoding::Utf8 => State::Plain,
            _ => State::Wide(Wide {
                encoding,
                odd: None,
                high: None,
            }),
        };
        self.push(rest, each)
    }
}

impl Wide {
    fn decode(&mut self, input: &[u8]) -> Vec<u8> {
        let mut text = String::with_capacity(input.len() / 2 + 4);
        for &byte in input {
            let Some(first) = self.odd.take() else {
                self.odd = Some(byte);
                continue;
            };
            let unit = match self.encoding {
                Encoding::Utf16Be => u16::from_be_bytes([first, byte]),
                _ => u16::from_le_bytes([first, byte]),
            };
            let pair = [self.high.take(), Some(unit)];
            if pair == [None, Some(unit)] && (0xD800..0xDC00).contains(&unit) {
                self.high = Some(unit);
                continue;
            }
            let units = pair.into_iter().flatten();
            text.extend(
                char::decode_utf16(units).map(|found| found.unwrap_or(char::REPLACEMENT_CHARACTER)),
            );
        }
        text.into_bytes()
    }
}

/// First bytes of the byte order marks.
const MARKS: [u8; 3] = [0xEF, 0xFE, 0xFF];

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(input: &[u8], cut: usize) -> (Vec<u8>, Option<Encoding>) {
        let (mut bytes, mut mark) = (Vec::new(), None);
        let mut intake = TextDecoder::new();
        let mut each = |taken: Taken<'_>| -> Result<(), ()> {
            match taken {
                Taken::Mark(found) => mark = Some(found),
                Taken::Bytes(part) => bytes.extend_from_slice(part),
            }
            Ok(())
        };
        for part in input.chunks(cut) {
            intake.push(part, &mut each).unwrap();
        }
        intake.finish(&mut each).unwrap();
        (bytes, mark)
    }

    #[test]
    fn marks_are_taken_off_and_utf16_becomes_utf8() {
        let text = "DB 08 \u{A0}\u{1F600}\r\n";
        let le: Vec<u8> = "\u{FEFF}"
            .chars()
            .chain(text.chars())
            .collect::<String>()
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let be: Vec<u8> = "\u{FEFF}"
            .chars()
            .chain(text.chars())
            .collect::<String>()
            .encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect();
        for cut in [1, 2, 3, 5, 100] {
            assert_eq!(
                taken(&le, cut),
                (text.as_bytes().to_vec(), Some(Encoding::Utf16Le))
            );
            assert_eq!(
                taken(&be, cut),
                (text.as_bytes().to_vec(), Some(Encoding::Utf16Be))
            );
            assert_eq!(
                taken(b"\xEF\xBB\xBFDB", cut),
                (b"DB".to_vec(), Some(Encoding::Utf8))
            );
        }
    }

    #[test]
    fn a_telnet_negotiation_is_no_mark() {
        for bytes in [
            &b"\xFF\xFE\x01\xDB\x08"[..],
            b"\xFF\xFD\x03",
            b"\xEF\xBF\xBD",
            b"\xDB\x08",
            b"",
            b"\xFF",
        ] {
            for cut in [1, 9] {
                assert_eq!(taken(bytes, cut), (bytes.to_vec(), None));
            }
        }
    }

    #[test]
    fn half_a_character_at_the_end_is_replaced() {
        assert_eq!(taken(b"\xFF\xFEA\0\x3D\xD8", 1).0, "A\u{FFFD}".as_bytes());
        assert_eq!(taken(b"\xFF\xFEA\0B", 9).0, "A\u{FFFD}".as_bytes());
    }
}
