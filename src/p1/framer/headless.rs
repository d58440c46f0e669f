//! Telegrams whose first line cannot be read: data lines, and an end.
//!
//! ```text
//! telegram …!1F2C CR LF   oISk5\x CR LF CR LF  1-0:1.8.0( … ) CR LF … !8B52 CR LF   /ISk5\x …
//!                         |---------------------- headless ---------------------|
//! ```
//! A stream that begins with the rest of a telegram was begun too late, and nothing is wrong with it; the rest of
//! a telegram that a silence cut in two was counted with its first part.

use memchr::{memchr2, memrchr2};

use super::{
    Candidate, End, Found, Framer, HEADER_LINE_MAX, Kind, OBIS_MAX, PlainEnd, Readout, plain_end,
};

/// What is remembered of data lines without a first line.
#[derive(Clone, Copy, Default)]
pub(super) struct Headless {
    /// The stream has had a frame, an end or a silence: what comes now did not begin before the recording.
    begun: bool,
    /// Data lines before this offset belong to no headless telegram.
    barren: u64,
    /// Where a frame was cut that may go on behind a silence.
    cut: Option<u64>,
}

impl Headless {
    /// Takes the end of a frame; `cut` where it may go on behind it.
    pub(super) fn frame(&mut self, end: u64, cut: bool) {
        self.begun = true;
        self.cut = cut.then_some(end);
    }

    /// Takes a silence behind bytes.
    pub(super) fn silence(&mut self) {
        self.begun = true;
    }
}

impl Framer {
    /// Looks for a telegram without a first line, at the `(` of what may be its first data line.
    pub(super) fn headless(
        &mut self,
        data: &[u8],
        base: u64,
        from: usize,
        open: usize,
        closed: bool,
    ) -> Found {
        if base + (open as u64) < self.headless.barren {
            return Found::Not;
        }
        let Some(code) = code_before(data, from, open) else {
            return Found::Not;
        };
        let offset = base + code as u64;
        let rest = data.get(code..).unwrap_or_default();
        let is_known = |header: &_| self.is_known(header);
        let end = match plain_end(rest, self.searched_of(offset).max(1), closed, is_known) {
            PlainEnd::Whole(end, _) => code + end,
            PlainEnd::Cut(end) => {
                self.headless.barren = offset + end as u64;
                return Found::Not;
            }
            PlainEnd::More(searched) => {
                self.searched = offset..offset + searched as u64;
                return Found::More;
            }
        };
        let start = begin(data, from, code);
        let before = data.get(start..code).unwrap_or_default();
        let looks_like_body = self.headless.cut == Some(base + from as u64)
            && start == from
            && !holds_empty_line(before);
        let first = !std::mem::replace(&mut self.headless.begun, true);
        if first || looks_like_body {
            self.headless.barren = base + end as u64;
            return Found::Not;
        }
        Found::Candidate(Candidate {
            start,
            end,
            kind: Kind::Headless,
        })
    }
}

/// Tells whether bytes that belong to no frame are the rest of a telegram: data lines, and an end.
pub fn is_rest(junk: &[u8]) -> bool {
    let mut marks = memchr::memrchr_iter(b'!', junk);
    super::holds_data_line(junk)
        && marks.any(|mark| matches!(Readout::at(junk, mark, true), End::Here(_)))
}

/// Where the code before a `(` begins, like `1-0:1.8.0`.
fn code_before(data: &[u8], from: usize, open: usize) -> Option<usize> {
    let before = data.get(from..open)?;
    let code = before
        .iter()
        .rev()
        .take(OBIS_MAX)
        .take_while(|b| matches!(b, b'0'..=b'9' | b'.' | b':' | b'-' | b'*'));
    let (length, dots) = code.fold((0, 0), |(n, dots), &b| (n + 1, dots + u8::from(b == b'.')));
    (length >= 5 && dots >= 1).then(|| open - length)
}

/// Where a headless telegram begins whose first code is found: with what is left of its first line.
fn begin(data: &[u8], from: usize, code: usize) -> usize {
    let lowest = from.max(code.saturating_sub(HEADER_LINE_MAX));
    // Where the begin of a line is out of sight, the line is left out.
    let line_start = |end: usize| {
        let line_end = memrchr2(b'\r', b'\n', data.get(lowest..end)?);
        match line_end {
            Some(index) => Some(lowest + index + 1),
            None => (lowest == from).then_some(from),
        }
    };
    let Some(own) = line_start(code) else {
        return code;
    };
    let before = data.get(lowest..own).unwrap_or_default();
    let blank = before
        .iter()
        .rev()
        .take_while(|b| matches!(b, b'\r' | b'\n'));
    line_start(own - blank.count()).unwrap_or(own)
}

/// Tells whether an empty line is in a text, as it stands behind the first line of a telegram.
fn holds_empty_line(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some(index) = memchr2(b'\r', b'\n', rest) {
        rest = rest.get(index + 1..).unwrap_or_default();
        let next = rest.strip_prefix(b"\n").unwrap_or(rest);
        if matches!(next.first(), Some(b'\r' | b'\n')) {
            return true;
        }
    }
    false
}
