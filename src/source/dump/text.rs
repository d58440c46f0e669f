//! Telegrams as plain text, whose line ends may have suffered: the CRC is over CR LF.
//!
//! ```text
//! /Lux5\1_M CR LF  CR LF        1-0:1.8.0(..) CR LF      as sent
//! /Lux5\1_M LF     LF           1-0:1.8.0(..) LF         saved by an editor: CR put before each LF
//! /Lux5\1_M LF LF  LF LF        1-0:1.8.0(..) LF LF      through a tty with ICRNL: each LF LF is CR LF
//! /Lux5\1_M CR CR LF                                     copied by a program that puts CR before LF: one taken off
//! /Lux5\1_M ^M LF                                        as editors and cat -v show CR: made CR
//! > /Lux5\1_M                                            quoted or indented: the marks are taken off
//! ```
//! The first two lines of a telegram decide; where one has a CR, all line ends stay as they are.

use super::{Note, Piece};

/// Gives the text of telegrams with the line ends they were sent with.
pub(super) struct Text {
    mode: Mode,
    quoted: bool,
    /// What came before the line ends were decided on.
    held: Vec<u8>,
    at_line_start: bool,
    last: u8,
    /// An LF, which may be the first of LF LF.
    half: bool,
    bytes: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Undecided,
    AsIs,
    /// CR was lost before each LF.
    Lost,
    /// CR was turned to LF.
    Turned,
    /// CR CR stands before each LF.
    Doubled,
    /// CR is shown as `^M`, or line ends as `^M$`.
    Shown,
}

impl Text {
    pub(super) fn new() -> Self {
        Self {
            mode: Mode::Undecided,
            quoted: false,
            held: Vec::new(),
            at_line_start: true,
            last: 0,
            half: false,
            bytes: Vec::new(),
        }
    }

    /// Tells whether lines come out just as they go in from now on.
    pub(super) fn is_passing(&self) -> bool {
        self.mode == Mode::AsIs && !self.quoted
    }

    pub(super) fn push(&mut self, input: &[u8], out: &mut dyn FnMut(Piece<'_>)) {
        let mut input = input;
        // A line at a time and then the first byte behind it, which may decide: so nothing that is decided depends
        // on where the input is cut.
        while self.mode == Mode::Undecided && !input.is_empty() {
            let line = match self.held.last() {
                Some(b'\n') => 1,
                _ => memchr::memchr(b'\n', input).map_or(input.len(), |index| index + 1),
            };
            let part = line
                .max(1)
                .min(LONGEST_HELD.saturating_sub(self.held.len()).max(1));
            let (part, rest) = input.split_at_checked(part).unwrap_or((input, &[]));
            self.held.extend_from_slice(part);
            input = rest;
            let full = self.held.len() >= LONGEST_HELD;
            let (mode, quoted) = line_ends(&self.held);
            if mode != Mode::Undecided || full {
                self.decide(if full { Mode::AsIs } else { mode }, quoted, out);
            }
        }
        self.give(input, out);
    }

    pub(super) fn finish(&mut self, out: &mut dyn FnMut(Piece<'_>)) {
        if self.mode == Mode::Undecided {
            // A text of one line; what follows it is all that can be known of its line ends.
            self.held.extend_from_slice(b"!\n/\n");
            let (mode, quoted) = line_ends(&self.held);
            self.held.truncate(self.held.len().saturating_sub(4));
            self.decide(
                if mode == Mode::Undecided {
                    Mode::AsIs
                } else {
                    mode
                },
                quoted,
                out,
            );
        }
        if std::mem::take(&mut self.half) {
            out(Piece::Bytes(b"\r\n"));
        }
        if !self.bytes.is_empty() {
            let shown = SHOWN.iter().any(|shown| self.bytes == *shown);
            out(Piece::Bytes(if shown { b"\r" } else { &self.bytes }));
            self.bytes.clear();
        }
    }

    fn decide(&mut self, mode: Mode, quoted: bool, out: &mut dyn FnMut(Piece<'_>)) {
        self.mode = mode;
        self.quoted = quoted;
        match mode {
            Mode::Lost => out(Piece::Note(Note::ReturnsPutBack)),
            Mode::Turned => out(Piece::Note(Note::ReturnsWereLineFeeds)),
            Mode::Doubled => out(Piece::Note(Note::ReturnsWereDoubled)),
            Mode::Shown => out(Piece::Note(Note::ReturnsWereShown)),
            Mode::Undecided | Mode::AsIs => {}
        }
        let held = std::mem::take(&mut self.held);
        self.give(&held, out);
    }

    fn give(&mut self, input: &[u8], out: &mut dyn FnMut(Piece<'_>)) {
        if input.is_empty() || self.mode == Mode::Undecided {
            return;
        }
        if self.is_passing() {
            out(Piece::Bytes(input));
            return;
        }
        for &byte in input {
            self.byte(byte);
        }
        // What is shown of a CR waits for its line end.
        let waiting = match self.mode {
            Mode::Shown => unfinished(&self.bytes),
            _ => 0,
        };
        let ready = self.bytes.len() - waiting;
        if ready > 0 {
            out(Piece::Bytes(self.bytes.get(..ready).unwrap_or_default()));
            self.bytes.drain(..ready);
        }
    }

    fn byte(&mut self, byte: u8) {
        if self.quoted && self.at_line_start && is_mark(byte) {
            return;
        }
        self.at_line_start = byte == b'\n';
        match (self.mode, byte) {
            (Mode::Turned, b'\n') if !self.half => {
                self.half = true;
                return;
            }
            (Mode::Turned, _) if self.half => {
                self.half = false;
                self.bytes.extend_from_slice(b"\r\n");
                if byte != b'\n' {
                    self.bytes.push(byte);
                }
            }
            (Mode::Doubled, b'\r') if self.last == b'\r' => {}
            (Mode::Shown, b'\n') => {
                let shown = SHOWN.iter().find(|shown| self.bytes.ends_with(shown));
                if let Some(shown) = shown {
                    self.bytes.truncate(self.bytes.len() - shown.len());
                    self.bytes.push(b'\r');
                }
                self.bytes.push(byte);
            }
            (Mode::Lost, b'\n') if self.last != b'\r' => self.bytes.extend_from_slice(b"\r\n"),
            _ => self.bytes.push(byte),
        }
        self.last = byte;
    }
}

/// Bytes at the end that may be the begin of what is shown of a CR.
fn unfinished(bytes: &[u8]) -> usize {
    let begins = |length: &usize| {
        let end = bytes.get(bytes.len() - length..).unwrap_or_default();
        SHOWN.iter().any(|shown| shown.starts_with(end))
    };
    let longest = SHOWN
        .iter()
        .map(|shown| shown.len())
        .max()
        .unwrap_or_default();
    (1..=longest.min(bytes.len()))
        .rev()
        .find(begins)
        .unwrap_or(0)
}

/// A line without CR at its end, however it is written.
pub(super) fn without_return(line: &[u8]) -> &[u8] {
    let mut line = line;
    while let Some(before) = line.strip_suffix(b"\r") {
        line = before;
    }
    let shown = SHOWN.iter().find_map(|shown| line.strip_suffix(*shown));
    shown.unwrap_or(line)
}

/// True for `/` and at least three characters, as a telegram begins.
pub(super) fn is_header(line: &[u8]) -> bool {
    let line = without_return(line);
    line.first() == Some(&b'/')
        && line.len() > 3
        && (line.iter().all(|byte| (0x20..0x7F).contains(byte))
            || is_named(line.get(1..).unwrap_or_default())
                && line.iter().all(|byte| *byte >= 0x20 && *byte != 0x7F))
}

/// True for three letters and a digit, behind which a first line may hold letters beyond ASCII as well.
pub(super) fn is_named(identification: &[u8]) -> bool {
    match identification {
        [maker @ .., digit] if maker.len() == 3 => {
            maker.iter().all(u8::is_ascii_alphabetic) && digit.is_ascii_digit()
        }
        [_, _, _, _, ..] => is_named(identification.get(..4).unwrap_or_default()),
        _ => false,
    }
}

/// True for a code and a parenthesis: `1-0:1.8.0(`.
pub(super) fn is_object(line: &[u8]) -> bool {
    let Some(open) = memchr::memchr(b'(', line) else {
        return false;
    };
    let code = line.get(..open).unwrap_or_default();
    let digits = code
        .iter()
        .all(|byte| byte.is_ascii_digit() || b"-:.*".contains(byte));
    digits && code.first().is_some_and(u8::is_ascii_digit) && code.contains(&b'.')
}

/// True for `!` and a CRC or nothing, as a telegram ends.
pub(super) fn is_end(line: &[u8]) -> bool {
    let crc = without_return(line).strip_prefix(b"!");
    let crc = crc.map(<[u8]>::trim_ascii);
    crc.is_some_and(|crc| crc.len() <= 4 && crc.iter().all(u8::is_ascii_hexdigit))
}

/// A line without its quote marks and its indentation, and whether it had any. No line of a telegram begins so.
pub(super) fn unquoted(line: &[u8]) -> (&[u8], bool) {
    let marks = line.iter().take_while(|byte| is_mark(**byte)).count();
    (line.get(marks..).unwrap_or_default(), marks > 0)
}

fn is_mark(byte: u8) -> bool {
    matches!(byte, b'>' | b' ' | b'\t')
}

/// What became of the line ends of a text, by its first two lines that belong to a telegram; and whether these
/// are quoted.
fn line_ends(text: &[u8]) -> (Mode, bool) {
    let mut first: Option<Mode> = None;
    let mut quoted = false;
    let mut rest = text;
    while let Some(end) = memchr::memchr(b'\n', rest) {
        let (line, ends) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        let count = ends.iter().take_while(|byte| **byte == b'\n').count();
        if count == ends.len() {
            break;
        }
        let ending = match line {
            [.., b'\r', b'\r'] => Some(Mode::Doubled),
            [.., b'\r'] => Some(Mode::AsIs),
            _ => None,
        };
        if let Some(mode) = ending {
            return (mode, quoted || unquoted(line).1);
        }
        let shown = SHOWN.iter().any(|shown| line.ends_with(shown));
        let (line, marked) = unquoted(line);
        if shown && (is_header(line) || is_object(line) || is_end(line)) {
            return (Mode::Shown, quoted || marked);
        }
        let header = is_header(line);
        if header || is_object(line) || is_end(line) {
            quoted |= marked;
            if let Some(mode) = first {
                return (mode, quoted);
            }
            first = Some(if count > 1 + usize::from(header) {
                Mode::Turned
            } else {
                Mode::Lost
            });
        }
        rest = ends.get(count..).unwrap_or_default();
    }
    (Mode::Undecided, quoted)
}

/// How CR and the line end behind it are shown.
const SHOWN: [&[u8]; 2] = [b"^M", b"^M$"];

/// So much is held while the line ends are not decided on.
const LONGEST_HELD: usize = 16 << 10;

#[cfg(test)]
mod tests {
    use super::super::tests::{decoded, notes};
    use super::super::{Form, Note};

    const SENT: &str = "/Lux5\\1_M\r\n\r\n1-0:1.8.0(000025.653*kWh)\r\n0-0:96.13.0()\r\n!8B52\r\n";

    fn is_mended(text: &str, note: Option<Note>) {
        let sent = decoded(Form::Text, text.as_bytes());
        assert_eq!(String::from_utf8_lossy(&sent), SENT, "{text:?}");
        assert_eq!(
            notes(Form::Text, text.as_bytes()),
            Vec::from_iter(note),
            "{text:?}"
        );
    }

    #[test]
    fn line_ends_are_what_was_sent() {
        is_mended(SENT, None);
        is_mended(&SENT.replace('\r', ""), Some(Note::ReturnsPutBack));
        is_mended(&SENT.replace('\r', "\n"), Some(Note::ReturnsWereLineFeeds));
        is_mended(&SENT.replace('\r', "\r\r"), Some(Note::ReturnsWereDoubled));
        is_mended(&SENT.replace('\r', "^M"), Some(Note::ReturnsWereShown));
        is_mended(&SENT.replace("\r\n", "^M$\n"), Some(Note::ReturnsWereShown));
        let quoted = |text: &str| {
            text.split_inclusive('\n')
                .map(|line| format!("> {line}"))
                .collect::<String>()
        };
        is_mended(&quoted(SENT), None);
        is_mended(&quoted(SENT).replace("> ", "    "), None);
        is_mended(&quoted(&SENT.replace('\r', "")), Some(Note::ReturnsPutBack));
    }

    #[test]
    fn a_text_with_some_returns_stays_as_it_is() {
        for text in [
            SENT.replacen("\r\n", "\n", 1),
            SENT.replace(")\r\n", ")\n"),
            "hello\r\n/ABC5\n\n1.8.0(1)\n".into(),
        ] {
            assert_eq!(decoded(Form::Text, text.as_bytes()), text.as_bytes());
            assert_eq!(notes(Form::Text, text.as_bytes()), []);
        }
    }

    #[test]
    fn prose_before_a_telegram_decides_nothing() {
        let text = format!("My meter sends:\n\n{}", SENT.replace('\r', ""));
        let sent = decoded(Form::Text, text.as_bytes());
        assert!(
            sent.ends_with(SENT.as_bytes()),
            "{}",
            String::from_utf8_lossy(&sent)
        );
    }
}
