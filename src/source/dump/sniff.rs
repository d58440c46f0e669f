//! Finds out the form of an input by looking at its first 64 KiB.
//!
//! Each form in turn decodes what is there; the first whose bytes hold the start of a frame or of a telegram wins.
//! Where none wins, what may stand around a form is taken off and looked at in the same way.
//! It is tried at fixed places, at powers of two and behind each of the first lines, so that a live source is not
//! delayed and the way it is cut into pieces changes nothing.

use super::capture::MARK;
use super::key_file::{KEY_LENGTH, KeyFile};
use super::probe::{Extent, Probe};
use super::unwrap::{Found, Search, Wraps};
use super::{DumpError, Form, magic, ndjson, text};
use crate::p1::ciphering::{GeneralGloCiphering, Header};
use crate::p1::framer::bare_begins;
use crate::p1::push::hdlc::{self, FLAG, Link};
use crate::p1::push::mbus;

/// Holds the begin of an input until its form is known.
pub(super) struct Sniffer {
    held: Vec<u8>,
    /// The next length to look at that is a power of two.
    power: usize,
    /// Where the next line is looked for.
    line: usize,
    lines_seen: usize,
    /// The form is said to be text; only what stands around it is looked for.
    text: bool,
}

impl Sniffer {
    pub(super) fn new() -> Self {
        Self {
            held: Vec::new(),
            power: SHORTEST,
            line: 0,
            lines_seen: 0,
            text: false,
        }
    }

    /// Looks for what may stand around telegrams as text, and for no other form.
    pub(super) fn of_text() -> Self {
        Self {
            text: true,
            ..Self::new()
        }
    }

    /// Takes of the input what it needs; gives the form, once it is certain, and how much it took.
    ///
    /// # Errors
    /// A packed file; a text of no known form.
    pub(super) fn push(&mut self, input: &[u8]) -> Result<(usize, Option<Found>), DumpError> {
        let taken = input.len().min(WINDOW.saturating_sub(self.held.len()));
        self.held
            .extend_from_slice(input.get(..taken).unwrap_or_default());
        while let Some(length) = self.next_look() {
            let begin = self.held.get(..length).unwrap_or_default();
            let extent = if length == WINDOW {
                Extent::Window
            } else {
                Extent::Begin
            };
            if let Some(found) = self.look(begin, extent)? {
                return Ok((taken, Some(found)));
            }
        }
        Ok((taken, None))
    }

    /// Decides on all there is.
    ///
    /// # Errors
    /// A packed file; a text of no known form.
    pub(super) fn finish(&self) -> Result<Found, DumpError> {
        let found = self.look(&self.held, Extent::All)?;
        Ok(found.unwrap_or_else(|| bare(if self.text { Form::Text } else { Form::Bin })))
    }

    fn look(&self, begin: &[u8], extent: Extent) -> Result<Option<Found>, DumpError> {
        if !self.text {
            return look(begin, extent);
        }
        let lines = memchr::memrchr(b'\n', begin).map_or(0, |end| end + 1);
        let lines = begin.get(
            ..if extent == Extent::All {
                begin.len()
            } else {
                lines
            },
        );
        let lines = lines.unwrap_or_default();
        if holds_telegram(lines) {
            return Ok(Some(bare(Form::Text)));
        }
        let inside = |text: &[u8], _| holds_telegram(text).then(|| bare(Form::Text));
        let search = Search {
            inside: &inside,
            is_hex: &|_, _| false,
            depth: 0,
        };
        let all = (extent != Extent::Begin).then(|| bare(Form::Text));
        Ok(search.prefix(lines, false).or(all))
    }

    /// The bytes that wait for their form.
    pub(super) fn into_held(self) -> Vec<u8> {
        self.held
    }

    fn next_look(&mut self) -> Option<usize> {
        let line_end = match self.lines_seen {
            ..MOST_LINES => self
                .held
                .get(self.line..)
                .and_then(|rest| memchr::memchr(b'\n', rest)),
            _ => None,
        };
        let line_end = line_end.map(|index| self.line + index + 1);
        match line_end {
            Some(end) if end <= self.power => {
                self.line = end;
                self.lines_seen += 1;
                Some(end)
            }
            _ if self.power <= self.held.len() => {
                let power = self.power;
                self.power *= 2;
                Some(power)
            }
            _ => None,
        }
    }
}

/// True if the bytes hold the begin of an encrypted frame or of a telegram.
pub(super) fn holds_start(bytes: &[u8]) -> bool {
    let begin = |byte: &u8| matches!(*byte, 0xDB | 0xDC | b'/' | FLAG | mbus::START | 0x0F | 0xE6);
    let mut places = (0..).zip(bytes).filter(|(_, byte)| begin(byte));
    places.any(|(index, _)| bytes.get(index..).is_some_and(starts))
}

/// True if the bytes hold the begin of a frame: a slash and a few letters are no proof among bytes that are no text.
fn holds_frame(bytes: &[u8]) -> bool {
    let rests = (0..bytes.len()).filter_map(|index| bytes.get(index..));
    let mut rests = rests.filter(|rest| rest.first() != Some(&b'/'));
    rests.any(starts)
}

/// True if the bytes begin with an encrypted frame or a telegram.
fn starts(bytes: &[u8]) -> bool {
    match bytes {
        [0xDB | 0xDC, 8, _, _, _, _, _, _, _, _, rest @ ..] => {
            let (length, rest) = match *rest {
                [0x81, a, ref rest @ ..] => ([0, 0, 0, a], rest),
                [0x82, a, b, ref rest @ ..] => ([0, 0, a, b], rest),
                [0x83, a, b, c, ref rest @ ..] => ([0, a, b, c], rest),
                [0x84, a, b, c, d, ref rest @ ..] => ([a, b, c, d], rest),
                [a @ ..=0x7F, ref rest @ ..] => ([0, 0, 0, a], rest),
                _ => return false,
            };
            // Suite 0 or 1, and at least one of authentication and encryption.
            let control = rest
                .first()
                .is_some_and(|control| control & 0x0F <= 1 && control & 0x30 != 0);
            control && u32::from_be_bytes(length) >= 17
        }
        [0xDB | 0xDC, 0, ..] => {
            matches!(
                GeneralGloCiphering::decode_untitled(bytes),
                Header::Legal(_)
            )
        }
        // Link frames prove themselves by the check sum of their header, or by saying their length twice.
        [FLAG, 0xA0..=0xAF, ..] => bytes.len() >= 14 && hdlc::read(bytes, false) != Link::Not,
        [mbus::START, ..] => bytes.len() >= 9 && mbus::read(bytes, false) != Link::Not,
        [0xE6, 0xE6 | 0xE7, 0, 0x0F | 0xDB | 0xDC | 0xE0, ..] => true,
        [0x0F, ..] => bare_begins(bytes) == Some(true),
        [b'/', rest @ ..] => {
            let named = text::is_named(rest);
            let is_shown = |byte: &u8| (0x20..0x7F).contains(byte) || named && *byte > 0x7F;
            let shown = rest.iter().take_while(|byte| is_shown(byte)).count();
            shown >= 3 && matches!(rest.get(shown), Some(b'\r' | b'\n'))
        }
        _ => false,
    }
}

/// A form with nothing around it.
fn bare(form: Form) -> Found {
    (Wraps::default(), form)
}

fn look(begin: &[u8], extent: Extent) -> Result<Option<Found>, DumpError> {
    if begin.is_empty() {
        return Ok(None);
    }
    magic::refuse_packed(begin)?;
    if begin.starts_with(MARK.as_bytes()) {
        return Ok(Some(bare(Form::Log)));
    }
    if !is_text(begin, extent) {
        if matches!(extent, Extent::Begin) && magic::may_be_tar(begin) {
            return Ok(None);
        }
        let may_be_key = begin.len() <= KEY_LENGTH && !holds_start(begin);
        return match extent {
            Extent::Begin if may_be_key => Ok(None),
            Extent::All if may_be_key => refuse_secret(begin).map(|()| Some(bare(Form::Bin))),
            _ => Ok(Some(bare(Form::Bin))),
        };
    }
    // A line that is not whole yet is of no form; one that is longer than all else may be of hex digits.
    let lines = match memchr::memrchr(b'\n', begin) {
        Some(end) if extent != Extent::All => begin.get(..=end).unwrap_or_default(),
        None if extent == Extent::Begin && begin.len() < LONG_LINE => return Ok(None),
        _ => begin,
    };
    let first = lines
        .trim_ascii_start()
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    if first.starts_with(b"{") && (ndjson::is_ours(first) || ndjson::begins_ours(lines)) {
        return Ok(Some(bare(Form::Ndjson)));
    }
    if let Some(found) = find(lines, begin, extent, DEEPEST) {
        return Ok(Some(found));
    }
    if extent == Extent::Begin {
        return Ok(None);
    }
    let resort = last_resort(lines, begin, extent);
    // A long text that goes on may mention a key and be a log all the same.
    if extent == Extent::All || resort.is_none() {
        refuse_secret(begin)?;
    }
    match resort {
        Some(form) => Ok(Some(bare(form))),
        None => Err(DumpError::Unknown {
            first: begin.iter().copied().take(16).collect(),
        }),
    }
}

/// The first form whose bytes hold a start, where it may be wrapped so many times.
fn find(lines: &[u8], begin: &[u8], extent: Extent, depth: usize) -> Option<Found> {
    let inside = |text: &[u8], depth| find_inside(text, extent, depth);
    let search = Search {
        inside: &inside,
        is_hex: &|text, others| {
            let digits = Probe::new(Form::Hex, text, Extent::All);
            digits.error.is_none() && Probe::new(Form::Log, others, Extent::All).bytes.is_empty()
        },
        depth: depth.saturating_sub(1),
    };
    let wrapped = |search: &dyn Fn() -> Option<Found>| if depth > 0 { search() } else { None };
    // The first lines of a telegram may stand as they are in a page, and others with entities in them.
    if let Some(found) = wrapped(&|| search.html(lines)) {
        return Some(found);
    }
    if holds_telegram(lines) {
        return Some(bare(Form::Text));
    }
    // Quotes in a telegram are no quotes around one.
    let begins = lines.trim_ascii_start().strip_prefix(b"/");
    if begins.is_some_and(text::is_named)
        && let Some(found) = wrapped(&|| search.escapes(lines))
    {
        return Some(found);
    }
    // Strings with escapes in a list would be read from the first one with `\x` on.
    let escapes = memchr::memchr(b'\\', lines).is_some();
    let literals = || {
        wrapped(&|| {
            search.literals(if extent == Extent::Window {
                begin
            } else {
                lines
            })
        })
    };
    if let Some(found) = Some(()).filter(|()| escapes).and_then(|()| literals()) {
        return Some(found);
    }
    if let Some(form) = certain(lines, begin, extent) {
        return Some(bare(form));
    }
    if let Some(found) = Some(()).filter(|()| !escapes).and_then(|()| literals()) {
        return Some(found);
    }
    // Offsets before the bytes would be read as bytes of a log.
    if let Some(found) = wrapped(&|| search.prefix(lines, true)) {
        return Some(found);
    }
    if let Some(form) = certain_in_talk(lines, begin, extent) {
        return Some(bare(form));
    }
    wrapped(&|| search.prefix(lines, false)).or_else(|| wrapped(&|| search.escapes(lines)))
}

/// The form of what was taken out of something, if it is certain.
fn find_inside(text: &[u8], extent: Extent, depth: usize) -> Option<Found> {
    if !is_text(text, extent) {
        // Letters beyond ASCII may be of another encoding than UTF-8.
        let form = match holds_telegram(text) && !text.contains(&0) {
            true => Form::Text,
            false => Form::Bin,
        };
        return Some(bare(form)).filter(|_| form == Form::Text || holds_frame(text));
    }
    find(text, text, Extent::All, depth)
}

/// Refuses a file of keys: nothing of it is shown, and no fault of a line is looked for in it.
fn refuse_secret(begin: &[u8]) -> Result<(), DumpError> {
    match KeyFile::of(begin) {
        Some(key_file) => Err(DumpError::KeyFile { key_file }),
        None => Ok(()),
    }
}

/// The first form whose rows hold a start, or whose bytes begin with one.
fn certain(lines: &[u8], begin: &[u8], extent: Extent) -> Option<Form> {
    let cut = memchr::memchr(b'\n', lines).is_none() && extent != Extent::All;
    // A single line that goes on may be anything at its end.
    let by_line = |form| {
        if cut {
            None
        } else {
            Some(Probe::new(form, lines, extent))
        }
    };
    for form in [Form::Xxd, Form::Hexdump, Form::CArray] {
        let probe = by_line(form).filter(|probe| probe.tally.marks > 0);
        let holds = |bytes: &[u8]| match form {
            // A string that goes on may be one with other escapes than these.
            Form::CArray if extent == Extent::Begin => holds_frame(bytes) || holds_telegram(bytes),
            _ => holds_start(bytes),
        };
        if probe.is_some_and(|probe| holds(&probe.bytes)) {
            return Some(form);
        }
    }
    let running = if extent == Extent::Window {
        begin
    } else {
        lines
    };
    for form in [Form::Hex, Form::Unpadded, Form::Decimal] {
        let probe = Probe::new(form, running, extent);
        let sure = form == Form::Hex || holds_numbers(&probe, extent);
        if sure
            && probe.error.is_none()
            && (starts(&probe.bytes) || bare_begins(&probe.bytes) == Some(true))
        {
            return Some(form);
        }
    }
    None
}

/// True for numbers that hold a frame or a telegram. While more may come, a first line alone is no telegram: numbers
/// of another radix may look like one.
fn holds_numbers(probe: &Probe, extent: Extent) -> bool {
    let bytes = &probe.bytes;
    let holds = holds_frame(bytes) || holds_telegram(bytes);
    let sure = holds || extent != Extent::Begin && holds_start(bytes);
    sure && probe.error.is_none() && probe.tally.marks > 0
}

/// The first form whose bytes hold a start, with other things around it.
fn certain_in_talk(lines: &[u8], begin: &[u8], extent: Extent) -> Option<Form> {
    let cut = memchr::memchr(b'\n', lines).is_none() && extent != Extent::All;
    let by_line = |form| (!cut).then(|| Probe::new(form, lines, extent));
    let running = if extent == Extent::Window {
        begin
    } else {
        lines
    };
    let hex = Probe::new(Form::Hex, running, extent);
    if by_line(Form::Log).is_some_and(|probe| probe.tally.marks > 0 && holds_start(&probe.bytes)) {
        return Some(Form::Log);
    }
    if !cut && holds_start(&hex.bytes) {
        return Some(Form::Hex);
    }
    for form in [Form::Unpadded, Form::Decimal] {
        if holds_numbers(&Probe::new(form, running, extent), extent) {
            return Some(form);
        }
    }
    // Somebody talks first, and then come lines of hex digits.
    if hex.bytes.len() < TALK_MAX
        && by_line(Form::Log).is_some_and(|probe| probe.error.is_none() && starts(&probe.bytes))
    {
        return Some(Form::Log);
    }
    let base64 = Probe::new(Form::Base64, running, extent);
    let base64_begins = base64.error.is_none() && starts(&base64.bytes);
    if base64_begins {
        return Some(Form::Base64);
    }
    // Numbers of an array may all stand in one long line.
    let array = cut.then(|| Probe::new(Form::CArray, running, extent));
    array
        .filter(|probe| probe.tally.marks > 0 && starts(&probe.bytes))
        .map(|_| Form::CArray)
}

/// The first form that all of a text fits, though its bytes hold no start: damage is for diagnosis to explain.
/// After that, one that nearly all fits: its error says where it does not.
fn last_resort(lines: &[u8], begin: &[u8], extent: Extent) -> Option<Form> {
    let objects = lines
        .split(|byte| *byte == b'\n')
        .filter(|line| text::is_object(text::unquoted(line).0));
    if objects.count() >= 2 {
        return Some(Form::Text);
    }
    let running = if extent == Extent::Window {
        begin
    } else {
        lines
    };
    let rows = [Form::Xxd, Form::Hexdump, Form::CArray]
        .map(|form| (form, Probe::new(form, lines, extent)));
    let fits = |(_, probe): &&(Form, Probe)| probe.tally.marks > 0 && probe.fits(lines.len());
    if let Some((form, _)) = rows.iter().find(fits) {
        return Some(*form);
    }
    if Probe::new(Form::Hex, running, extent).fits(running.len()) {
        return Some(Form::Hex);
    }
    let breaks = |(form, probe): &&(Form, Probe)| {
        let shaped = probe.tally.marks > 0 && probe.tally.passed_over * 2 < lines.len();
        probe.error.is_some() && (shaped || begins_as_row(lines, *form))
    };
    if let Some((form, _)) = rows.iter().find(breaks) {
        return Some(*form);
    }
    let log = Probe::new(Form::Log, lines, extent);
    if log.tally.marks > 0 && (log.error.is_some() || log.fits(lines.len())) {
        return Some(Form::Log);
    }
    let digits = running
        .iter()
        .filter(|byte| byte.is_ascii_hexdigit())
        .count();
    let others = running
        .iter()
        .filter(|byte| byte.is_ascii_graphic() && !byte.is_ascii_hexdigit())
        .count();
    (digits >= 16 && others * 10 <= digits).then_some(Form::Hex)
}

/// True for a text whose first line begins with the offset 0 of a hex dump.
fn begins_as_row(lines: &[u8], form: Form) -> bool {
    let behind = match form {
        Form::Xxd => b':',
        Form::Hexdump => b' ',
        _ => return false,
    };
    let line = lines.trim_ascii_start();
    let zeros = line.iter().take_while(|byte| **byte == b'0').count();
    (4..=16).contains(&zeros) && line.get(zeros) == Some(&behind)
}

/// True if all bytes are those of UTF-8 text; a character may be cut at the end.
fn is_text(bytes: &[u8], extent: Extent) -> bool {
    let whole = match str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none() && extent != Extent::All,
    };
    whole
        && bytes
            .iter()
            .all(|byte| !matches!(byte, 0..=6 | 14..=26 | 28..=31))
}

/// True for the first line of a telegram with a line of its data or its end somewhere behind it.
fn holds_telegram(text: &[u8]) -> bool {
    let mut lines = text
        .split(|byte| *byte == b'\n')
        .map(|line| text::unquoted(line).0);
    lines.any(text::is_header) && lines.any(|line| text::is_object(line) || text::is_end(line))
}

/// So many wraps are looked for in one another.
const DEEPEST: usize = 3;

/// Words of prose hold fewer hex digits in pairs before a letter that is none.
const TALK_MAX: usize = 8;

/// So many bytes are looked at.
const WINDOW: usize = 64 << 10;

/// The first look, unless a line ends before.
const SHORTEST: usize = 16;

/// So many lines are each looked at as soon as they end.
const MOST_LINES: usize = 8;

/// No row of a hex dump is as long as this.
const LONG_LINE: usize = 1 << 10;

#[cfg(test)]
mod tests;
