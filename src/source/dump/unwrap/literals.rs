//! What stands in quotes or in a list of numbers: strings of JSON, Python, JavaScript, Go and C, arrays of bytes.
//!
//! ```text
//! {"time":"12:00:01","telegram":"/Lux5\\253694471_M\r\n\r\n1-0:1.8.0(…"}       one key of several
//! [12:00:01][D][uart_debug:158]: <<< "/Lux5\\253694471_M\r\n"                  a piece in each line of a log
//! [b'/Lux5\\253694471_M\r\n', b'\r\n1-0:1.8.0(…']                              pieces in a list
//! {"type":"Buffer","data":[219, 8, 83]}                                        numbers, left as they stand
//! |----- slot ----------| |-- text --|
//! ```
//! A literal belongs to a slot: the key before it, else the word before it, else that of the literal it follows on.
//! Data stand in one slot; all others are passed over.

use super::super::lines::LONGEST_LINE;
use super::prefix::Joint;

/// Where a literal stands among others; equal for those that follow on one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot(u64);

/// How literals are read, where they can be read in more than one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    /// A line end stands behind each literal, though none is written in it.
    pub by_line: bool,
    /// All of the text is one literal, without quotes.
    pub bare: bool,
    /// A letter up to U+00FF stands for a byte, as where bytes were taken for Latin-1.
    pub latin: bool,
}

/// The literals of one slot, back to the text or the bytes they stand for.
pub(super) struct Literals {
    scanner: Scanner,
    slot: Slot,
    glue: Glue,
}

/// Finds literals and undoes their escapes.
pub(super) struct Scanner {
    latin: bool,
    state: State,
    /// What stood since the last literal, its end at least.
    gap: Vec<u8>,
    gap_cut: bool,
    /// The key that the next literal may belong to.
    key: Option<Slot>,
    slot: Slot,
    /// What was read of a literal and is not given yet: it may turn out to be a key, or a list that is none.
    held: Vec<u8>,
    /// The literal is too long for a key: it is given as it comes.
    sure: bool,
    /// A piece of the literal was given.
    begun: bool,
    /// The last bytes of the literal.
    recent: Tail,
    /// The first half of a character beyond U+FFFF.
    high: Option<u32>,
    /// The first byte of a letter up to U+00FF.
    lead: Option<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Outside,
    /// Behind the quote that opens; it may be the first of three.
    Opened(Quote),
    Inside(Quote),
    /// So many quotes were seen that may close it: of one that stands three times, or at its begin.
    Closing(Quote, u8),
    Backslash(Quote),
    Escape(Quote, Escape),
    /// Behind a literal, where a colon makes it a key.
    Closed,
    /// Between brackets of this closing one.
    List(u8),
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Quote {
    mark: u8,
    /// It stands three times at each end.
    triple: bool,
    /// A backslash is a backslash.
    raw: bool,
}

/// An escape with digits.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Escape {
    /// The letter behind the backslash: `x`, `u`, `U`, `{` for `\u{…}`, `0` for octal digits.
    letter: u8,
    value: u32,
    digits: u8,
}

/// What literals come out as.
pub(super) trait Literal {
    /// A piece of a literal, the first or a later one.
    fn part(&mut self, slot: Slot, bytes: &[u8], first: bool);
    /// The end of a literal.
    fn end(&mut self, slot: Slot);
}

/// The last bytes given: telegrams that were cut from each other get their line end back.
#[derive(Default)]
pub(super) struct Tail(Vec<u8>);

impl Tail {
    /// True if a telegram has just ended without its line end.
    pub(super) fn ends_telegram(&self) -> bool {
        let mark = self.0.iter().rposition(|byte| *byte == b'!');
        mark.is_some_and(|mark| {
            let crc = self.0.get(mark + 1..).unwrap_or_default();
            let crc = crc.strip_suffix(b"\r").unwrap_or(crc);
            (mark == 0 || self.0.get(mark - 1) == Some(&b'\n'))
                && (crc.is_empty() || crc.len() == 4)
                && crc.iter().all(u8::is_ascii_hexdigit)
        })
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        let last = bytes.get(bytes.len().saturating_sub(TAIL)..);
        self.0.extend_from_slice(last.unwrap_or_default());
        let over = self.0.len().saturating_sub(TAIL);
        self.0.drain(..over);
    }
}

/// Puts the literals of a slot together.
struct Glue {
    tail: Tail,
    /// Each literal is a line, or a piece of one, and here is the one under way.
    lines: Option<(Joint, Vec<u8>)>,
}

impl Glue {
    fn new(by_line: bool) -> Self {
        Self {
            tail: Tail::default(),
            lines: by_line.then(|| (Joint::new(false), Vec::new())),
        }
    }

    fn part(&mut self, bytes: &[u8], first: bool, out: &mut Vec<u8>) {
        if let Some((_, line)) = &mut self.lines {
            let room = LONGEST_LINE.saturating_sub(line.len());
            line.extend(bytes.iter().take(room));
            return;
        }
        if first && bytes.first() == Some(&b'/') && self.tail.ends_telegram() {
            out.extend_from_slice(b"\r\n");
        }
        self.tail.push(bytes);
        out.extend_from_slice(bytes);
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        if let Some((joint, line)) = &mut self.lines {
            joint.begin(line, out);
            line.clear();
        }
    }
}

/// Keeps the literals of one slot.
struct Chosen<'a> {
    slot: Slot,
    glue: &'a mut Glue,
    out: &'a mut Vec<u8>,
}

impl Literal for Chosen<'_> {
    fn part(&mut self, slot: Slot, bytes: &[u8], first: bool) {
        if slot == self.slot && !bytes.is_empty() {
            self.glue.part(bytes, first, self.out);
        }
    }

    fn end(&mut self, slot: Slot) {
        if slot == self.slot {
            self.glue.end(self.out);
        }
    }
}

impl Literals {
    pub(super) fn new(slot: Slot, reading: Reading) -> Self {
        Self {
            scanner: Scanner::new(reading),
            slot,
            glue: Glue::new(reading.by_line),
        }
    }

    pub(super) fn push(&mut self, input: &[u8], out: &mut Vec<u8>) {
        let Self {
            scanner,
            slot,
            glue,
        } = self;
        let slot = *slot;
        scanner.push(input, &mut Chosen { slot, glue, out });
    }

    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        let Self {
            scanner,
            slot,
            glue,
        } = self;
        let slot = *slot;
        match scanner.state {
            State::Inside(quote) if quote.mark == b'\0' => {
                scanner.settle();
                scanner.give(&mut Chosen { slot, glue, out });
            }
            _ => scanner.push(b"\n", &mut Chosen { slot, glue, out }),
        }
        if let Some((joint, _)) = &mut self.glue.lines {
            joint.end(out);
        }
    }
}

/// All literals of a text by their slots, in the order in which the slots come.
pub(super) fn collect(text: &[u8], reading: Reading) -> Vec<(Slot, Vec<u8>)> {
    let mut all = All {
        slots: Vec::new(),
        by_line: reading.by_line,
    };
    let mut scanner = Scanner::new(reading);
    scanner.push(text, &mut all);
    // One that goes on is looked at as far as it is there.
    if matches!(scanner.state, State::Inside(_)) {
        scanner.give(&mut all);
    }
    for (_, text, glue) in &mut all.slots {
        if let Some((joint, _)) = &mut glue.lines {
            joint.end(text);
        }
    }
    let slots = all.slots.into_iter();
    slots.map(|(slot, text, _)| (slot, text)).collect()
}

struct All {
    slots: Vec<(Slot, Vec<u8>, Glue)>,
    by_line: bool,
}

impl All {
    fn of(&mut self, slot: Slot) -> Option<(&mut Vec<u8>, &mut Glue)> {
        let known = self.slots.iter().position(|(known, ..)| *known == slot);
        let index = known.unwrap_or(self.slots.len());
        if index == self.slots.len() {
            if index == MOST_SLOTS {
                return None;
            }
            self.slots.push((slot, Vec::new(), Glue::new(self.by_line)));
        }
        let (_, out, glue) = self.slots.get_mut(index)?;
        Some((out, glue))
    }
}

impl Literal for All {
    fn part(&mut self, slot: Slot, bytes: &[u8], first: bool) {
        if let Some((out, glue)) = self.of(slot).filter(|_| !bytes.is_empty()) {
            glue.part(bytes, first, out);
        }
    }

    fn end(&mut self, slot: Slot) {
        if let Some((out, glue)) = self.of(slot) {
            glue.end(out);
        }
    }
}

impl Slot {
    fn of(name: &[u8]) -> Self {
        let fold =
            |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3);
        Self(name.iter().fold(0xCBF2_9CE4_8422_2325, fold) & !BYTES)
    }
}

impl Scanner {
    pub(super) fn new(reading: Reading) -> Self {
        let bare = Quote {
            mark: b'\0',
            triple: true,
            raw: false,
        };
        Self {
            latin: reading.latin,
            state: match reading.bare {
                true => State::Inside(bare),
                false => State::Outside,
            },
            gap: vec![b'\n'],
            gap_cut: false,
            key: None,
            slot: Slot(0),
            held: Vec::new(),
            sure: false,
            begun: false,
            recent: Tail::default(),
            high: None,
            lead: None,
        }
    }

    pub(super) fn push(&mut self, input: &[u8], to: &mut impl Literal) {
        for &byte in input {
            self.byte(byte, to);
        }
        // A long literal is given as far as it has come.
        if self.sure {
            self.give(to);
        }
    }

    fn byte(&mut self, byte: u8, to: &mut impl Literal) {
        match self.state {
            State::Outside => self.outside(byte),
            State::Opened(quote) if byte == quote.mark => self.state = State::Closing(quote, 1),
            State::Opened(quote) => {
                self.state = State::Inside(quote);
                self.byte(byte, to);
            }
            State::Inside(quote) if byte == quote.mark && quote.triple => {
                self.state = State::Closing(quote, 1);
            }
            State::Inside(quote) if byte == quote.mark => self.state = State::Closed,
            State::Inside(quote) if byte == b'\\' && !quote.raw => {
                self.state = State::Backslash(quote);
            }
            State::Inside(quote) if byte == b'\n' && !quote.triple && quote.mark != b'`' => {
                self.broken(to);
            }
            State::Inside(_) => self.character(byte),
            State::Closing(quote, seen) => self.closing(quote, seen, byte, to),
            State::Backslash(quote) => self.backslash(quote, byte, to),
            State::Escape(quote, escape) => self.escape(quote, escape, byte, to),
            State::Closed if matches!(byte, b' ' | b'\t') => {}
            State::Closed => self.closed(byte, to),
            State::List(close) => self.list(close, byte, to),
        }
    }

    /// Between literals.
    fn outside(&mut self, byte: u8) {
        let close = match byte {
            b'[' => b']',
            b'{' => b'}',
            b'(' => b')',
            b'"' | b'\'' | b'`' => {
                let letters = self.letters();
                let kind = self.gap.get(self.gap.len() - letters..).unwrap_or_default();
                let kind = kind.to_ascii_lowercase();
                let known = KINDS.contains(&kind.as_slice());
                // An apostrophe stands behind a letter.
                if !known && byte != b'"' {
                    return self.note(byte);
                }
                let has = |letter| known && kind.contains(&letter);
                self.open(if known { letters } else { 0 }, has(b'b'));
                let quote = Quote {
                    mark: byte,
                    triple: false,
                    raw: has(b'r'),
                };
                return self.state = State::Opened(quote);
            }
            _ => return self.note(byte),
        };
        self.state = State::List(close);
    }

    /// Keeps what stands between literals.
    fn note(&mut self, byte: u8) {
        if self.gap.len() >= LONGEST_GAP {
            self.gap.drain(..LONGEST_GAP / 2);
            self.gap_cut = true;
        }
        self.gap.push(byte);
    }

    /// Letters that stand directly before a quote.
    fn letters(&self) -> usize {
        let is_letter =
            |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_' || **byte > 0x7F;
        self.gap.iter().rev().take_while(is_letter).count()
    }

    /// Begins a literal: its slot is decided by what stands before it and before its letters.
    fn open(&mut self, letters: usize, bytes: bool) {
        let before = self.gap.len() - letters.min(self.gap.len());
        let gap = self.gap.get(..before).unwrap_or_default();
        let glue = |byte: &u8| byte.is_ascii_whitespace() || GLUE.contains(byte);
        let slot = match self.key.take() {
            Some(key) if gap.iter().all(|byte| glue(byte) || *byte == b':') => key,
            _ if gap.iter().all(glue) && !self.gap_cut => Slot(self.slot.0 & !BYTES),
            _ => {
                let line = gap.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
                let mut words = line.split(u8::is_ascii_whitespace);
                let word = words.rfind(|word| !word.is_empty()).unwrap_or_default();
                let kept = |byte: &u8| !byte.is_ascii_digit();
                Slot::of(&word.iter().copied().filter(kept).collect::<Vec<u8>>())
            }
        };
        self.slot = Slot(slot.0 | if bytes { BYTES } else { 0 });
        self.gap.clear();
        self.gap_cut = false;
        self.begun = false;
        self.recent = Tail::default();
        self.high = None;
    }

    fn closing(&mut self, quote: Quote, seen: u8, byte: u8, to: &mut impl Literal) {
        match (quote.triple, byte == quote.mark) {
            // Three backticks are a fence, not a literal.
            (false, true) if quote.mark == b'`' => {
                self.state = State::Outside;
                self.note(byte);
            }
            (false, true) => {
                let triple = true;
                self.state = State::Inside(Quote { triple, ..quote });
            }
            (false, false) => {
                self.state = State::Closed;
                self.byte(byte, to);
            }
            (true, true) if seen == 2 => self.state = State::Closed,
            (true, true) => self.state = State::Closing(quote, seen + 1),
            (true, false) => {
                self.state = State::Inside(quote);
                for _ in 0..seen {
                    self.character(quote.mark);
                }
                self.byte(byte, to);
            }
        }
    }

    /// Behind a literal and the blanks behind it.
    fn closed(&mut self, byte: u8, to: &mut impl Literal) {
        self.state = State::Outside;
        self.settle();
        if byte == b':' && !self.sure {
            self.key = Some(Slot::of(&self.held));
            self.held.clear();
        } else {
            self.end(to);
        }
        self.outside(byte);
    }

    /// A line ends in the middle of a literal: it is none, or it was cut.
    fn broken(&mut self, to: &mut impl Literal) {
        self.state = State::Outside;
        match self.sure {
            true => self.end(to),
            false => self.held.clear(),
        }
        self.gap_cut = true;
        self.note(b'\n');
    }

    fn list(&mut self, close: u8, byte: u8, to: &mut impl Literal) {
        let fits = byte.is_ascii_hexdigit() || byte.is_ascii_whitespace() || byte == b',';
        if fits {
            if !self.sure && self.held.len() == LONGEST_KEY {
                self.open(0, false);
            }
            return self.character(byte);
        }
        self.state = State::Outside;
        // A number in brackets behind a word is a size or an index.
        let several = |byte: &u8| !byte.is_ascii_hexdigit();
        let index = self.letters() > 0 && !self.held.iter().any(several);
        if byte == close && !self.held.is_empty() && !index || self.sure {
            if !self.sure {
                self.open(0, false);
            }
            self.held.push(b'\n');
            self.end(to);
            // What follows may be a list of the same.
            if byte == close {
                return;
            }
        } else {
            self.note(opening(close));
            for byte in std::mem::take(&mut self.held) {
                self.note(byte);
            }
        }
        self.outside(byte);
    }

    fn backslash(&mut self, quote: Quote, byte: u8, to: &mut impl Literal) {
        self.state = State::Inside(quote);
        let stands_for = match byte {
            // The backslash of a first line that was put into quotes without a thought.
            b'0'..=b'9' if self.behind_maker() => {
                self.push_byte(b'\\');
                return self.character(byte);
            }
            b'x' | b'u' | b'U' | b'0'..=b'7' => {
                let octal = byte.is_ascii_digit();
                let escape = Escape {
                    letter: if octal { b'0' } else { byte },
                    value: if octal { u32::from(byte - b'0') } else { 0 },
                    digits: u8::from(octal),
                };
                return self.state = State::Escape(quote, escape);
            }
            // A line that goes on.
            b'\n' => return,
            b'\r' => return self.state = State::Backslash(quote),
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'a' => 7,
            b'b' => 8,
            b'v' => 11,
            b'f' => 12,
            b'e' => 27,
            b'\\' | b'"' | b'\'' | b'`' | b'/' => byte,
            // Python leaves both as they are.
            _ => {
                self.push_byte(b'\\');
                return self.byte(byte, to);
            }
        };
        self.push_byte(stands_for);
    }

    /// True behind a `/`, the three letters of a maker and a digit.
    fn behind_maker(&self) -> bool {
        match self.recent.0.get(self.recent.0.len().saturating_sub(5)..) {
            Some([b'/', a, b, c, digit]) => {
                [a, b, c].iter().all(|letter| letter.is_ascii_alphabetic())
                    && digit.is_ascii_digit()
            }
            _ => false,
        }
    }

    fn escape(&mut self, quote: Quote, escape: Escape, byte: u8, to: &mut impl Literal) {
        let Escape {
            letter,
            value,
            digits,
        } = escape;
        let (radix, most) = match letter {
            b'0' => (8, 3),
            b'x' => (16, 2),
            b'u' => (16, 4),
            _ => (16, 8),
        };
        let digit = char::from(byte).to_digit(radix);
        if let Some(digit) = digit.filter(|_| digits < most) {
            let value = value.wrapping_mul(radix).wrapping_add(digit);
            let digits = digits + 1;
            self.state = State::Escape(
                quote,
                Escape {
                    letter,
                    value,
                    digits,
                },
            );
            if digits == most && letter != b'{' {
                self.state = State::Inside(quote);
                self.escaped(letter, value);
            }
            return;
        }
        if letter == b'u' && digits == 0 && byte == b'{' {
            let letter = b'{';
            return self.state = State::Escape(
                quote,
                Escape {
                    letter,
                    value,
                    digits,
                },
            );
        }
        self.state = State::Inside(quote);
        match digits {
            0 => {
                self.push_byte(b'\\');
                self.push_byte(letter);
            }
            _ => self.escaped(letter, value),
        }
        if letter != b'{' || byte != b'}' {
            self.byte(byte, to);
        }
    }

    fn escaped(&mut self, letter: u8, value: u32) {
        if matches!(letter, b'x' | b'0') {
            // Octal digits go up to 0o777.
            return self.push_byte(u8::try_from(value & 0xFF).unwrap_or_default());
        }
        let high = self.high.take();
        if (0xD800..0xDC00).contains(&value) {
            self.settle_with(high);
            self.high = Some(value);
            return;
        }
        let point = match high {
            Some(high) if (0xDC00..0xE000).contains(&value) => {
                0x1_0000 + ((high - 0xD800) << 10) + (value - 0xDC00)
            }
            other => {
                self.settle_with(other);
                value
            }
        };
        match u8::try_from(point) {
            Ok(byte) if self.latin => self.push_byte(byte),
            _ => {
                let found = char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER);
                self.push_char(found);
            }
        }
    }

    /// Half a character without its other half is none.
    fn settle_with(&mut self, high: Option<u32>) {
        if high.is_some() {
            self.push_char(char::REPLACEMENT_CHARACTER);
        }
    }

    fn settle(&mut self) {
        let high = self.high.take();
        self.settle_with(high);
        if let Some(lead) = self.lead.take() {
            self.keep(lead);
        }
    }

    /// A byte of the literal as it stands there.
    fn character(&mut self, byte: u8) {
        if !self.latin {
            return self.push_byte(byte);
        }
        match (self.lead.take(), byte) {
            (Some(lead), 0x80..=0xBF) => self.push_byte((lead & 3) << 6 | byte & 0x3F),
            (lead, _) => {
                if let Some(lead) = lead {
                    self.push_byte(lead);
                }
                match byte {
                    0xC2 | 0xC3 => self.lead = Some(byte),
                    _ => self.push_byte(byte),
                }
            }
        }
    }

    fn push_char(&mut self, found: char) {
        for byte in found.encode_utf8(&mut [0; 4]).bytes() {
            self.keep(byte);
        }
    }

    fn push_byte(&mut self, byte: u8) {
        if self.high.is_some() || self.lead.is_some() {
            self.settle();
        }
        self.keep(byte);
    }

    fn keep(&mut self, byte: u8) {
        self.held.push(byte);
        self.recent.push(&[byte]);
        self.sure |= self.held.len() > LONGEST_KEY;
    }

    fn give(&mut self, to: &mut impl Literal) {
        if !self.held.is_empty() {
            to.part(self.slot, &self.held, !self.begun);
            self.begun = true;
            self.held.clear();
        }
    }

    fn end(&mut self, to: &mut impl Literal) {
        self.give(to);
        to.end(self.slot);
        self.sure = false;
    }
}

fn opening(close: u8) -> u8 {
    match close {
        b']' => b'[',
        b'}' => b'{',
        _ => b'(',
    }
}

/// Marks the slots of literals that are called bytes: `b'…'`.
const BYTES: u64 = 1 << 63;
/// Letters before a quote that say what kind of literal it is.
const KINDS: [&[u8]; 9] = [b"", b"b", b"r", b"u", b"f", b"l", b"br", b"rb", b"u8"];
/// What stands between literals that follow on one another, beside blanks.
const GLUE: &[u8] = b",+()[]{}\\;";
/// No key is longer than this, in bytes.
const LONGEST_KEY: usize = 64;
/// So much is kept of what stands between literals, in bytes.
const LONGEST_GAP: usize = 128;
/// More than the last line of a telegram, in bytes.
const TAIL: usize = 8;
/// No text has more slots than this that hold data.
const MOST_SLOTS: usize = 32;
