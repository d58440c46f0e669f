//! Logs: our own capture log, or the lines that ESPHome and terminal programs print.
//!
//! ```text
//! [12:34:56][D][uart_debug:114]: <<< DB:08:53:41          the hex run behind brackets, times and words
//! 12:34:56.789 -> DB 08 53 41
//! [12:34:57][V][dsmr:201]: telegram DB.08.53.41 (647)
//! ```

use super::capture::Capture;
use super::hex::{decode_pairs, is_separator};
use super::lines::{Line, Lines};
use super::{DumpError, Piece};

/// Turns the lines of a log to bytes.
pub(super) struct Log {
    lines: Lines,
    kind: Kind,
}

enum Kind {
    /// Nothing but empty lines yet.
    Unknown,
    Capture(Capture),
    Terminal(Terminal),
}

#[derive(Default)]
struct Terminal {
    /// A line with data was seen: a short run may be the end of a frame.
    data: bool,
    /// Lines with data and something before it.
    framed: usize,
    passed_over: usize,
    /// Bytes that are not given yet: what takes them is asked once for many lines.
    bytes: Vec<u8>,
}

/// The longest run of hex digits of a line.
#[derive(Default)]
struct Run {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Log {
    pub(super) fn new() -> Self {
        Self {
            lines: Lines::new(),
            kind: Kind::Unknown,
        }
    }

    pub(super) fn push(
        &mut self,
        input: &[u8],
        out: &mut dyn FnMut(Piece<'_>),
    ) -> Result<(), DumpError> {
        let Self { lines, kind } = self;
        let result = lines.push(input, &mut |line| kind.line(&line, out));
        kind.flush(out);
        result
    }

    pub(super) fn finish(&mut self, out: &mut dyn FnMut(Piece<'_>)) -> Result<(), DumpError> {
        let Self { lines, kind } = self;
        let result = lines.finish(&mut |line| kind.line(&line, out));
        kind.flush(out);
        if let Kind::Capture(capture) = kind
            && result.is_ok()
        {
            capture.finish(out);
        }
        result
    }

    /// Lines with data that is marked as such, and characters of lines without data.
    pub(super) fn tally(&self) -> (usize, usize) {
        match &self.kind {
            Kind::Unknown => (0, 0),
            Kind::Capture(capture) => (capture.records(), 0),
            Kind::Terminal(terminal) => (terminal.framed, terminal.passed_over),
        }
    }
}

impl Kind {
    fn line(&mut self, line: &Line<'_>, out: &mut dyn FnMut(Piece<'_>)) -> Result<(), DumpError> {
        match self {
            Self::Unknown if line.text.trim().is_empty() => Ok(()),
            Self::Unknown => {
                *self = if Capture::begins(line) {
                    Self::Capture(Capture::default())
                } else {
                    Self::Terminal(Terminal::default())
                };
                self.line(line, out)
            }
            Self::Capture(capture) => capture.line(line, out),
            Self::Terminal(terminal) => terminal.line(line),
        }
    }

    /// Gives what has gathered.
    fn flush(&mut self, out: &mut dyn FnMut(Piece<'_>)) {
        if let Self::Terminal(Terminal { bytes, .. }) = self
            && !bytes.is_empty()
        {
            out(Piece::Bytes(bytes));
            bytes.clear();
        }
    }
}

impl Terminal {
    fn line(&mut self, line: &Line<'_>) -> Result<(), DumpError> {
        let text = line.text.trim_end();
        let begin = before_data(text);
        let run = longest_run(line, text, begin)?;
        let rest = text.get(run.end..).unwrap_or_default().trim_start();
        // `(647)`: how many bytes there are, as ESPHome says it.
        // `|..SAGgp..|`: the characters of a row.
        let alone = run.start == begin && (rest.is_empty() || rest.starts_with(['(', '|']));
        if run.bytes.len() >= SURE_RUN || (self.data && alone && !run.bytes.is_empty()) {
            self.data = true;
            self.framed +=
                usize::from(begin > 0 || is_word(text.get(..run.start).unwrap_or_default()));
            self.bytes.extend_from_slice(&run.bytes);
        } else {
            self.passed_over += text.len();
        }
        Ok(())
    }
}

/// The index behind the brackets, times, directions and words with a colon that a line begins with.
pub(super) fn before_data(text: &str) -> usize {
    let (mut at, mut timed) = (0, false);
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let word = rest.trim_start_matches([' ', '\t', ':', '|', ',', '-', '>', '<', '=']);
        let begin = at + (rest.len() - word.len());
        let close = match word.chars().next() {
            Some('[') => word.find(']'),
            Some('(') => word.find(')'),
            _ => None,
        };
        let length = word.find([' ', '\t']).unwrap_or(word.len());
        let first = word.get(..length).unwrap_or_default();
        let length = match close {
            Some(close) if holds_data(word.get(..close).unwrap_or_default()) => return begin,
            Some(close) => close + 1,
            None if is_date(first) || (!timed && is_clock(first)) => length,
            None if is_address(first) || is_level(word) => length,
            None if length < word.len() && first.ends_with(':') && !is_pair(first) => length,
            None => return begin,
        };
        // A second clock is three bytes with colons between them.
        timed |= close.is_some() || !is_date(first);
        at = begin + length;
    }
}

/// True for brackets around the data itself.
fn holds_data(bracket: &str) -> bool {
    bracket.bytes().filter(u8::is_ascii_hexdigit).count() >= 2 * SURE_RUN
        && bracket
            .chars()
            .skip(1)
            .all(|found| found.is_ascii_hexdigit() || is_separator(found) || found == ']')
}

/// True for `2026-11-23`.
fn is_date(word: &str) -> bool {
    shape(word) == "0-0-0" && word.bytes().take_while(u8::is_ascii_digit).count() == 4
}

/// True for `12:34:56`, `12:34:56.789`, also with a date before it as in `2026-11-23T08:15:04Z`.
fn is_clock(word: &str) -> bool {
    let clock = match word.split_once(['T', '_']) {
        Some((date, clock)) if is_date(date) => clock.split('+').next().unwrap_or_default(),
        _ => word,
    };
    matches!(shape(clock).as_str(), "0:0:0" | "0:0:0.0" | "0:0:0,0")
}

/// The word with each number made one `0`, less what may end a time.
fn shape(word: &str) -> String {
    let mut shape = String::new();
    for found in word.trim_end_matches([':', ',', 'Z']).chars() {
        let class = if found.is_ascii_digit() { '0' } else { found };
        if class != '0' || !shape.ends_with('0') {
            shape.push(class);
        }
    }
    shape
}

/// True for words before the data, and not digits of it that were mistyped.
fn is_word(text: &str) -> bool {
    text.chars()
        .filter(|found| found.is_alphabetic() && !found.is_ascii_hexdigit())
        .count()
        >= 2
}

/// True for `0x3ffb4280`, where a program had the bytes that follow.
fn is_address(word: &str) -> bool {
    let digits = word.trim_end_matches(':').strip_prefix("0x");
    digits.is_some_and(|digits| (4..=16).contains(&digits.len()) && all_digits(digits))
}

/// True for the level that a line of ESP-IDF begins with: `I (307) main:`.
fn is_level(words: &str) -> bool {
    let mut letters = words.chars();
    matches!(letters.next(), Some('I' | 'W' | 'E' | 'D' | 'V'))
        && letters.as_str().starts_with(" (")
}

/// True for `DB:`, a byte and its separator.
fn is_pair(word: &str) -> bool {
    word.len() == 3 && word.bytes().take(2).all(|byte| byte.is_ascii_hexdigit())
}

/// The longest run of hex digits in pairs from an index on, the first of several.
///
/// # Errors
/// A long run of an odd number of digits: a line of data that was cut, or has a digit too many; a letter in the
/// place of a digit.
fn longest_run(line: &Line<'_>, text: &str, begin: usize) -> Result<Run, DumpError> {
    let (mut longest, mut run) = (Run::default(), Run::default());
    let (mut at, mut width) = (begin, 0);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let between = rest.len()
            - rest
                .trim_start_matches(|found: char| !found.is_alphanumeric())
                .len();
        let gap = rest.get(..between).unwrap_or_default();
        let word = rest.get(between..).unwrap_or_default();
        let length = word
            .find(|found: char| !found.is_alphanumeric())
            .unwrap_or(word.len());
        let word = word.get(..length).unwrap_or_default();
        let start = at + between;
        at = start + length;
        if !gap.chars().all(is_separator) || gap.contains('\t') || gap.contains("   ") {
            longest = longest.or_longer(std::mem::take(&mut run));
        }
        let before = run.bytes.len();
        let digits = 2 * decode_pairs(word.as_bytes(), &mut run.bytes);
        match word.len() {
            1.. if digits == word.len() => {
                if before == 0 {
                    run.start = start;
                }
                run.end = at;
                width = length;
            }
            length if length >= 2 * SURE_RUN && length % 2 == 1 && all_digits(word) => {
                return Err(DumpError::OddRun {
                    place: line.place(start),
                    digits: length as u64,
                });
            }
            _ => {
                run.bytes.truncate(before);
                let long = word.len() >= 2 * SURE_RUN || (run.bytes.len() >= 2 && length == width);
                if let Some((index, found)) = look_alike(word).filter(|_| long) {
                    let place = line.place(start + index);
                    return Err(DumpError::Character {
                        place,
                        found,
                        expected: "a hex digit",
                    });
                }
                longest = longest.or_longer(std::mem::take(&mut run));
            }
        }
    }
    Ok(longest.or_longer(run))
}

/// The first letter that is easily taken for a digit, in a word of digits and such letters.
fn look_alike(word: &str) -> Option<(usize, char)> {
    let is = |found: char| matches!(found, 'O' | 'o' | 'l' | 'I');
    let all = word
        .chars()
        .all(|found| found.is_ascii_hexdigit() || is(found));
    word.char_indices().find(|(_, found)| all && is(*found))
}

fn all_digits(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl Run {
    fn or_longer(self, other: Self) -> Self {
        if other.bytes.len() > self.bytes.len() {
            other
        } else {
            self
        }
    }
}

/// A run of so many bytes is data and no word or number of a log.
const SURE_RUN: usize = 8;

#[cfg(test)]
mod tests {
    use super::super::tests::{decoded, error};
    use super::super::{DumpError, Form, Place};

    #[test]
    fn the_hex_run_of_a_line_is_its_data() {
        for text in [
            "[12:34:56][D][dsmr:123]: DB08534147677001BD\n[12:34:56][D][dsmr:123]: 5482",
            "[12:34:56][D][uart_debug:114]: <<< DB:08:53:41:47:67:70:01:BD\n[12:34:57][D][uart_debug:114]: <<< 54:82\n",
            "[12:34:56][V][dsmr:201]: Telegram: DB.08.53.41.47.67.70.01.BD.54.82 (11)",
            "12:34:56.789 -> DB 08 53 41 47 67 70 01 BD\n12:34:56.790 -> 54 82",
            "2026-11-23 12:34:56,123 DB 08 53 41 47 67 70 01 BD 54 82",
            "2026-11-23T12:34:56.123456+01:00 RX: db-08-53-41-47-67-70-01-bd-54-82",
            "I (307) main: 0x3ffb4280   db 08 53 41 47 67 70 01  bd 54 82   |..SAGgp..T.|",
            "I (307) main: 0x3ffb4280   db 08 53 41 47 67 70 01  |..SAGgp.|\nI (307) main: 0x3ffb4288   bd 54 82   |.T.|",
            "Nov 23 12:34:56 host meter[123]: db0853414767 7001bd5482 end",
            "\u{1B}[0;36m[12:34:56][D][dsmr:123]: DB08534147677001BD5482\u{1B}[0m",
            "connected\n[12:34:56][I][wifi:1]: BSSID: 12:34:56:78:9A:BC\n> [12:34:56] [DB 08 53 41 47 67 70 01 BD 54 82]\n",
            "RX DB 08 53 41 47 67 70 01 BD\n54 82\nbye\n",
        ] {
            assert_eq!(
                decoded(Form::Log, text.as_bytes()),
                b"\xDB\x08SAGgp\x01\xBDT\x82",
                "{text}"
            );
        }
    }

    #[test]
    fn a_letter_in_the_place_of_a_digit_is_refused() {
        for (line, column) in [
            ("[12:34:56] DB 08 53 O1 47 67 70", 21),
            ("[12:34:56] DB0853414767700lBD5482", 27),
        ] {
            let place = Place { line: 1, column };
            assert!(
                matches!(error(Form::Log, line.as_bytes()), DumpError::Character { place: found, .. } if found == place),
                "{line}"
            );
        }
    }

    #[test]
    fn a_long_run_of_odd_length_is_refused() {
        let place = Place {
            line: 1,
            column: 12,
        };
        assert_eq!(
            error(Form::Log, b"[12:34:56] DB08534147677001BD5"),
            DumpError::OddRun { place, digits: 19 }
        );
    }
}
