//! Lines of a pasted text, each with its place.

use super::paste_cleaner::{Characters, PasteCleaner, printable};
use super::{DumpError, Place};

/// Turns bytes to lines.
pub(super) struct Lines {
    paste_cleaner: PasteCleaner,
    begun: Begun,
}

/// The line under way.
struct Begun {
    text: String,
    start: Option<Place>,
    line: u64,
}

/// The line under way, and what takes it when it is whole.
struct Gather<'a, F> {
    begun: &'a mut Begun,
    each: &'a mut F,
}

/// A line, without its end.
pub(super) struct Line<'a> {
    pub text: &'a str,
    pub number: u64,
    /// Column of the first character.
    shift: u64,
}

impl Lines {
    pub(super) fn new() -> Self {
        Self {
            paste_cleaner: PasteCleaner::new(),
            begun: Begun {
                text: String::new(),
                start: None,
                line: 1,
            },
        }
    }

    /// Lines with every character left as it is.
    pub(super) fn verbatim() -> Self {
        Self {
            paste_cleaner: PasteCleaner::verbatim(),
            ..Self::new()
        }
    }

    pub(super) fn push<F>(&mut self, input: &[u8], each: &mut F) -> Result<(), DumpError>
    where
        F: FnMut(Line<'_>) -> Result<(), DumpError>,
    {
        let Self {
            paste_cleaner,
            begun,
        } = self;
        let mut rest = input;
        while !rest.is_empty() {
            // A line that is all there and has nothing to be scrubbed off needs no copy.
            let place = paste_cleaner.place();
            let plain = paste_cleaner
                .plain_line(rest)
                .filter(|line| line.len() <= LONGEST_LINE);
            if let Some(line) = plain {
                each(Line::new(line, place.line, Some(place)))?;
                paste_cleaner.pass_line();
                rest = rest.get(line.len() + 1..).unwrap_or_default();
                continue;
            }
            let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
            let (part, behind) = rest.split_at_checked(end).unwrap_or((rest, &[]));
            let begun = &mut *begun;
            paste_cleaner.push(part, &mut Gather { begun, each })?;
            rest = behind;
        }
        Ok(())
    }

    /// Gives the last line, if it had no end.
    pub(super) fn finish<F>(&mut self, each: &mut F) -> Result<(), DumpError>
    where
        F: FnMut(Line<'_>) -> Result<(), DumpError>,
    {
        let Begun { text, start, line } = &mut self.begun;
        if text.is_empty() {
            return Ok(());
        }
        let text = std::mem::take(text);
        each(Line::new(&text, *line, start.take()))
    }
}

impl Begun {
    /// Adds characters of a line, the first at a place.
    fn add(&mut self, found: &str, place: Place) -> Result<(), DumpError> {
        if self.text.len() + found.len() > LONGEST_LINE {
            return Err(DumpError::LongLine {
                line: place.line,
                limit: LONGEST_LINE,
            });
        }
        self.start.get_or_insert(place);
        self.text.push_str(found);
        Ok(())
    }
}

impl<F: FnMut(Line<'_>) -> Result<(), DumpError>> Characters for Gather<'_, F> {
    fn character(&mut self, found: char, place: Place) -> Result<(), DumpError> {
        let Self { begun, each } = self;
        begun.line = place.line;
        if found != '\n' {
            return begun.add(found.encode_utf8(&mut [0; 4]), place);
        }
        let result = each(Line::new(&begun.text, place.line, begun.start));
        begun.text.clear();
        begun.start = None;
        result
    }

    fn run(&mut self, input: &[u8], first: Place) -> Result<usize, DumpError> {
        let run = input.get(..printable(input)).unwrap_or_default();
        self.begun.line = first.line;
        match str::from_utf8(run) {
            Ok("") | Err(_) => Ok(0),
            Ok(run) => self.begun.add(run, first).map(|()| run.len()),
        }
    }
}

impl<'a> Line<'a> {
    fn new(text: &'a str, number: u64, start: Option<Place>) -> Self {
        let text = text.strip_suffix('\r').unwrap_or(text);
        Self {
            text,
            number,
            shift: start.map_or(1, |place| place.column),
        }
    }

    /// The same line with another text, character for character.
    pub(super) fn reading<'b>(&self, text: &'b str) -> Line<'b> {
        Line {
            text,
            number: self.number,
            shift: self.shift,
        }
    }

    /// The place of the character at a byte index of the text.
    pub(super) fn place(&self, index: usize) -> Place {
        let before = self.text.get(..index).unwrap_or(self.text).chars().count();
        Place {
            line: self.number,
            column: self.shift.saturating_add(before as u64),
        }
    }
}

/// Longest line of a form that is read line by line, bytes.
pub(super) const LONGEST_LINE: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(input: &[u8], cut: usize) -> Vec<(String, u64, u64)> {
        let mut lines = Lines::new();
        let mut found = Vec::new();
        let mut each = |line: Line<'_>| {
            let place = line.place(0);
            found.push((line.text.to_owned(), place.line, place.column));
            Ok(())
        };
        for part in input.chunks(cut) {
            lines.push(part, &mut each).unwrap();
        }
        lines.finish(&mut each).unwrap();
        found
    }

    #[test]
    fn marks_of_a_paste_are_taken_off_and_columns_stay() {
        let input =
            "> ```\r\n> > DB\u{A0}08\r\n\u{1B}[0;36m[D]\u{1B}[0m \u{200B}x\n``two\n".as_bytes();
        for cut in [1, 2, 3, 100] {
            let found = lines(input, cut);
            let texts: Vec<&str> = found.iter().map(|(text, ..)| text.trim()).collect();
            assert_eq!(texts, ["", "DB 08", "[D] x", "``two"]);
            assert_eq!(found[1], ("  DB 08".to_owned(), 2, 2));
        }
    }

    #[test]
    fn bytes_that_are_no_utf8_are_replaced_one_by_one() {
        for cut in [1, 2, 9] {
            assert_eq!(lines(b"a\xC3\xC3b\xE2\x82", cut)[0].0, "a\u{FFFD}\u{FFFD}b");
        }
    }

    #[test]
    fn a_line_without_end_is_refused_when_it_grows_too_long() {
        let mut lines = Lines::new();
        let mut each = |_: Line<'_>| Ok(());
        lines.push(&vec![b'a'; LONGEST_LINE], &mut each).unwrap();
        let error = lines.push(b"a", &mut each).unwrap_err();
        assert_eq!(
            error,
            DumpError::LongLine {
                line: 1,
                limit: LONGEST_LINE
            }
        );
    }
}
