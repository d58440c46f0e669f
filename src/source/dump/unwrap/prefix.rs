//! What a log puts before each line or each message, learnt from a line in which a telegram or a frame begins.
//!
//! ```text
//! Jan 15 18:30:00 pi meter[77]: 1-0:1.8.0(000025.653*kWh)          a line of the meter in each line of the log
//! 2026-01-15 18:30:00,123 DEBUG (MainThread) [p1] got: /Lux5\1_M     a message may go on in lines of its own
//!
//! 1-0:1.8.0(000025.653*kWh)
//! |-------- prefix -----------|
//! ```
//! Other lines have the same prefix when it has the same words and marks; numbers, and words with digits in them,
//! may differ. Lines of other prefixes are passed over.

use super::super::lines::LONGEST_LINE;
use super::super::{DumpError, text};
use super::literals::Tail;

/// The shape of a prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape(Vec<Token>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// So many blanks; as many as there are, except at the end.
    Blanks(usize),
    Digits,
    /// Letters, the same in each line.
    Letters(Vec<u8>),
    /// Letters and digits: the letters the same in each line, none where they may be hex digits.
    Word(Vec<u8>),
    /// A month or a day of the week.
    Calendar,
    /// A letter alone: how serious a message is, or whether a line is whole.
    Letter,
    Mark(u8),
}

/// What is done with lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// Each line has the prefix and holds digits of a dump.
    Digits,
    /// Each line has the prefix and holds a line of a telegram, or a piece of one.
    Lines,
    /// Each message has the prefix; what it holds may run over several lines.
    Messages,
}

/// Takes prefixes off.
pub(super) struct Prefix {
    shape: Shape,
    layout: Layout,
    line: Vec<u8>,
    number: u64,
    joint: Joint,
}

impl Shape {
    /// The shape of what stands before the data of a line.
    pub(super) fn of(prefix: &[u8]) -> Self {
        let mut tokens = Vec::new();
        let mut at = 0;
        while let Some(&byte) = prefix.get(at) {
            let length = run(prefix, at);
            let found = prefix.get(at..at + length).unwrap_or_default();
            tokens.push(match byte {
                b' ' | b'\t' => Token::Blanks(length),
                _ if !is_word(byte) => Token::Mark(byte),
                _ if found.iter().all(u8::is_ascii_digit) => Token::Digits,
                _ if is_calendar(found) => Token::Calendar,
                _ if found.len() == 1 && byte.is_ascii_uppercase() => Token::Letter,
                _ if found.iter().any(u8::is_ascii_digit) => Token::Word(letters(found)),
                _ => Token::Letters(found.to_vec()),
            });
            at += length;
        }
        Self(tokens)
    }

    /// Tokens of the shape that a line begins with, and the bytes they take.
    fn matching(&self, line: &[u8]) -> (usize, usize) {
        let mut at = 0;
        for (index, token) in self.0.iter().enumerate() {
            let length = line.get(at).map_or(0, |_| run(line, at));
            let found = line.get(at..at + length).unwrap_or_default();
            let first = found.first().copied();
            let (fits, length) = match token {
                Token::Blanks(width) => {
                    let blanks = matches!(first, Some(b' ' | b'\t'));
                    let length = if blanks { length } else { 0 };
                    let last = index + 1 == self.0.len();
                    (true, if last { length.min(*width) } else { length })
                }
                Token::Digits => (length > 0 && found.iter().all(u8::is_ascii_digit), length),
                Token::Letters(letters) => (found == letters.as_slice(), length),
                Token::Word(same) => {
                    let digits = found.iter().any(u8::is_ascii_digit) || same.is_empty();
                    (
                        first.is_some_and(is_word) && digits && letters(found) == *same,
                        length,
                    )
                }
                Token::Calendar => (is_calendar(found), length),
                Token::Letter => (
                    length == 1 && first.is_some_and(|byte| byte.is_ascii_uppercase()),
                    length,
                ),
                Token::Mark(mark) => (first == Some(*mark), length),
            };
            if !fits {
                return (index, at);
            }
            at += length;
        }
        (self.0.len(), at)
    }

    /// Bytes of the prefix of a line, if it has this shape.
    pub(super) fn length(&self, line: &[u8]) -> Option<usize> {
        let (tokens, length) = self.matching(line);
        (tokens == self.0.len()).then_some(length)
    }

    /// Tells something of all lines that have the prefix, given each line and the length of its prefix.
    pub(super) fn all(&self, text: &[u8], holds: impl Fn(&str, usize) -> bool) -> bool {
        let lines = text.split(|byte| *byte == b'\n');
        let mut lines = lines.filter_map(|line| {
            let line = str::from_utf8(line).ok()?.trim_end();
            self.length(line.as_bytes()).map(|length| (line, length))
        });
        lines.all(|(line, length)| holds(line, length))
    }

    /// The lines of a text that have another prefix or none.
    pub(super) fn others(&self, text: &[u8]) -> Vec<u8> {
        let lines = text.split_inclusive(|byte| *byte == b'\n');
        let others = lines.filter(|line| self.length(line.trim_ascii_end()).is_none());
        others.flatten().copied().collect()
    }

    /// True unless it may be an indentation, or numbers in a row that are data themselves.
    fn is_prefix(&self) -> bool {
        let words =
            |token: &&Token| matches!(token, Token::Letters(_) | Token::Word(_) | Token::Calendar);
        let digits = self
            .0
            .iter()
            .filter(|token| **token == Token::Digits)
            .count();
        let marks =
            |token: &&Token| matches!(token, Token::Mark(mark) if !b",;-[({".contains(mark));
        let named = self.0.iter().any(|token| words(&token) || marks(&token));
        named || digits == 1
    }

    /// True if the number of a prefix that has no more than that goes up from line to line.
    pub(super) fn counts(&self, text: &[u8]) -> bool {
        let alone =
            |token: &Token| matches!(token, Token::Digits | Token::Blanks(_) | Token::Mark(_));
        let digits = self
            .0
            .iter()
            .filter(|token| **token == Token::Digits)
            .count();
        if digits != 1 || !self.0.iter().all(alone) {
            return true;
        }
        let lines = text.split(|byte| *byte == b'\n');
        let number = |line: &[u8]| {
            let begin = line.iter().position(u8::is_ascii_digit)?;
            let digits = line
                .get(begin..)?
                .iter()
                .take_while(|byte| byte.is_ascii_digit())
                .count();
            let digits = str::from_utf8(line.get(begin..begin + digits)?).ok()?;
            digits.parse::<u64>().ok()
        };
        let numbers: Vec<u64> = lines
            .filter(|line| self.length(line).is_some())
            .map_while(number)
            .take(3)
            .collect();
        numbers.len() >= 2 && numbers.is_sorted()
    }

    /// True for a line that begins as the prefix does and goes on in another way.
    fn resembles(&self, line: &[u8]) -> bool {
        self.matching(line).0 >= self.0.len().min(LIKENESS)
    }
}

/// Bytes of the token at an index.
fn run(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let same = |is: fn(u8) -> bool| rest.iter().take_while(|byte| is(**byte)).count();
    match rest.first() {
        Some(b' ' | b'\t') => same(|byte| matches!(byte, b' ' | b'\t')),
        Some(byte) if is_word(*byte) => same(is_word),
        Some(_) => 1,
        None => 0,
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte > 0x7F
}

/// The letters of a word with digits in it; none if all of them may be hex digits.
fn letters(word: &[u8]) -> Vec<u8> {
    let letters = word.iter().copied().filter(|byte| !byte.is_ascii_digit());
    match word.iter().all(u8::is_ascii_hexdigit) {
        true => Vec::new(),
        false => letters.collect(),
    }
}

fn is_calendar(word: &[u8]) -> bool {
    let word = word.to_ascii_lowercase();
    CALENDAR.contains(&word.as_slice())
}

/// What each line of a text that may be the first with data begins with, the places in a line from left to right.
pub(super) fn shapes(text: &[u8], begins: impl Fn(&[u8]) -> bool) -> Vec<Shape> {
    let mut shapes: Vec<Shape> = Vec::new();
    for line in text.split(|byte| *byte == b'\n') {
        let mut last = 0;
        for (index, byte) in line.iter().enumerate().take(LONGEST_PREFIX) {
            let before = std::mem::replace(&mut last, *byte);
            if index == 0 || is_word(before) || byte.is_ascii_whitespace() {
                continue;
            }
            let Some((prefix, rest)) = line.split_at_checked(index) else {
                continue;
            };
            // Inside of a row of bytes nothing begins, whatever it looks like.
            if !begins(rest) || ends_in_bytes(prefix) {
                continue;
            }
            let shape = Shape::of(prefix);
            if !shape.is_prefix() {
                continue;
            }
            if !shapes.contains(&shape) {
                shapes.push(shape);
            }
            if shapes.len() == MOST_SHAPES {
                return shapes;
            }
        }
    }
    shapes
}

/// True for a prefix that ends in so many bytes, two digits each, with the same mark between any two of them; times
/// and dates do as well, but are below 60.
fn ends_in_bytes(prefix: &[u8]) -> bool {
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric();
    let (mut rest, mut mark, mut bytes, mut only_times) = (prefix, None, 0, true);
    loop {
        let end = rest.iter().rposition(is_digit).map_or(0, |last| last + 1);
        let (words, behind) = rest.split_at(end);
        let begin = words.iter().rposition(|byte| !is_digit(byte));
        let (before, word) = words.split_at(begin.map_or(0, |last| last + 1));
        if word.len() != 2 || !word.iter().all(u8::is_ascii_hexdigit) {
            return false;
        }
        // What stands behind the last byte is not between two of them.
        if bytes > 0 && *mark.get_or_insert(behind.trim_ascii()) != behind.trim_ascii() {
            return false;
        }
        only_times &= matches!(word, [b'0'..=b'5', b'0'..=b'9']);
        bytes += 1;
        if bytes == BYTES {
            return !only_times;
        }
        rest = before;
    }
}

/// The layouts that a text whose lines or messages hold telegrams may have, likeliest first.
pub(super) fn layouts(text: &[u8], shape: &Shape) -> &'static [Layout] {
    let mut lines = text.split(|byte| *byte == b'\n');
    match lines.any(|line| shape.length(line).is_none() && text::is_object(line)) {
        true => &[Layout::Messages],
        false => &[Layout::Lines, Layout::Messages],
    }
}

impl Prefix {
    pub(super) fn new(shape: Shape, layout: Layout) -> Self {
        Self {
            shape,
            layout,
            line: Vec::new(),
            number: 1,
            joint: Joint::new(layout == Layout::Messages),
        }
    }

    /// # Errors
    /// A line that is too long.
    pub(super) fn push(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<(), DumpError> {
        for part in input.split_inclusive(|byte| *byte == b'\n') {
            if self.line.len() + part.len() > LONGEST_LINE {
                let (line, limit) = (self.number, LONGEST_LINE);
                return Err(DumpError::LongLine { line, limit });
            }
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") {
                self.take(out);
                self.number += 1;
            }
        }
        Ok(())
    }

    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        if !self.line.is_empty() {
            self.take(out);
        }
        self.joint.end(out);
    }

    fn take(&mut self, out: &mut Vec<u8>) {
        let Self {
            shape,
            layout,
            line,
            joint,
            ..
        } = self;
        let whole = line.strip_suffix(b"\n").unwrap_or(line);
        match (shape.length(whole), *layout) {
            (Some(length), layout) => {
                let data = whole.get(length..).unwrap_or_default();
                match layout {
                    Layout::Digits => {
                        out.extend_from_slice(data);
                        out.push(b'\n');
                    }
                    Layout::Lines | Layout::Messages => joint.begin(data, out),
                }
            }
            (None, Layout::Digits) => {}
            (None, Layout::Lines) => {
                if text::is_named(whole.get(1..).unwrap_or_default()) && text::is_header(whole) {
                    joint.begin(whole, out);
                }
            }
            (None, Layout::Messages) => {
                let data = match whole.first() {
                    None | Some(b'\r' | b'(' | b'!' | b'/' | b'0'..=b'9') => {
                        !shape.resembles(whole)
                    }
                    Some(_) => false,
                };
                if data {
                    joint.go_on(whole, out);
                }
            }
        }
        line.clear();
    }
}

/// Puts lines and pieces of lines together to those of a telegram.
pub(super) struct Joint {
    /// A line end between two messages is the log's.
    messages: bool,
    /// The line so far, its begin and its end at least.
    last: Vec<u8>,
    /// Brackets that are open in it.
    open: i32,
    /// It waits for its end.
    waits: bool,
    /// Lines keep their CR.
    returns: bool,
    tail: Tail,
    /// The line before began a telegram.
    headed: bool,
    /// A telegram has begun and not ended.
    inside: bool,
}

impl Joint {
    pub(super) fn new(messages: bool) -> Self {
        Self {
            messages,
            last: Vec::new(),
            open: 0,
            waits: false,
            returns: false,
            tail: Tail::default(),
            headed: false,
            inside: false,
        }
    }

    /// A line of the log begins with this.
    pub(super) fn begin(&mut self, data: &[u8], out: &mut Vec<u8>) {
        if self.waits && (!self.joins(data) || self.tail.ends_telegram() && data.starts_with(b"/"))
        {
            self.end_line(out);
        }
        self.add(data, out);
    }

    /// A line that belongs to the line of the log before it.
    fn go_on(&mut self, data: &[u8], out: &mut Vec<u8>) {
        if self.waits {
            self.end_line(out);
        }
        self.add(data, out);
    }

    /// The text ends.
    pub(super) fn end(&mut self, out: &mut Vec<u8>) {
        if self.waits {
            self.end_line(out);
        }
    }

    fn add(&mut self, data: &[u8], out: &mut Vec<u8>) {
        if self.last.is_empty() && std::mem::take(&mut self.headed) && text::is_object(data) {
            // Loggers leave empty lines out.
            out.extend_from_slice(if self.returns { b"\r\n" } else { b"\n" });
        }
        out.extend_from_slice(data);
        self.tail.push(data);
        let room = LONGEST_BEGIN.saturating_sub(self.last.len());
        self.last.extend(data.iter().take(room));
        for byte in data {
            self.open += i32::from(*byte == b'(') - i32::from(*byte == b')');
        }
        self.returns |= data.ends_with(b"\r");
        self.waits = true;
        // The end of a telegram is not held back.
        if !self.messages && self.last.len() >= 5 && self.tail.ends_telegram() {
            self.end_line(out);
        }
    }

    fn end_line(&mut self, out: &mut Vec<u8>) {
        out.push(b'\n');
        self.tail.push(b"\n");
        self.headed = self.is_header();
        self.inside = self.headed || self.inside && self.last.first() != Some(&b'!');
        self.last.clear();
        self.open = 0;
        self.waits = false;
    }

    fn is_header(&self) -> bool {
        text::is_named(self.last.get(1..).unwrap_or_default()) && text::is_header(&self.last)
    }

    /// Tells whether a line goes on in the next one of the log, where that begins with this.
    fn joins(&self, next: &[u8]) -> bool {
        let next_begins =
            next.first() == Some(&b'/') || next.first() == Some(&b'!') || text::is_object(next);
        let last = self.last.strip_suffix(b"\r").unwrap_or(&self.last);
        if self.last.ends_with(b"\r") && !self.messages {
            return false;
        }
        let blank = next.is_empty() || next == b"\r";
        match last.first() {
            _ if self.messages && last.is_empty() => true,
            None => false,
            Some(b'/') if self.messages => !next_begins,
            Some(b'/') => {
                !blank && !next_begins && text::is_named(last.get(1..).unwrap_or_default())
            }
            Some(_) if !self.inside => self.messages && !next_begins,
            Some(b'!') => {
                let left = 5_usize.saturating_sub(last.len());
                let digits = next.strip_suffix(b"\r").unwrap_or(next);
                (1..=left).contains(&digits.len()) && digits.iter().all(u8::is_ascii_hexdigit)
                    || self.messages && blank
            }
            Some(b'0'..=b'9' | b'(') => {
                let whole = self.open == 0 && self.last.contains(&b'(');
                let gas = last.windows(6).any(|code| code == b":24.3.");
                match whole {
                    true if self.messages => !next_begins,
                    true => next.starts_with(b"(") && !gas && !self.returns,
                    false if self.messages => true,
                    false => !blank && !text::is_object(next),
                }
            }
            Some(_) => self.messages && !next_begins,
        }
    }
}

/// A line with so many tokens of a prefix begins another message.
const LIKENESS: usize = 5;
/// Bytes in a row that are data.
const BYTES: usize = 8;
/// No prefix is longer than this, in bytes.
const LONGEST_PREFIX: usize = 200;
/// So many shapes are tried.
const MOST_SHAPES: usize = 12;
/// So much of the begin of a line is looked at.
const LONGEST_BEGIN: usize = 1 << 10;
/// Words that differ from line to line though no digit is in them.
const CALENDAR: [&[u8]; 21] = [
    b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec",
    b"mon", b"tue", b"wed", b"thu", b"fri", b"sat", b"sun", b"am", b"pm",
];
