//! A frame as an annotated tree: offset, bytes and meaning, a line a field, indented by layer.
//!
//! ```text
//! 0000  7E                       flag
//! 0001  A0 84                    HDLC frame of 132 bytes
//! 000C    E0 40 00 01 00 00 70     block 1, more follow: 112 bytes
//! 0013 *0F 00 00 CB C2               data-notification 52162
//! ```
//! An asterisk marks what came encrypted and is shown decrypted, at the place of its ciphertext.

mod json;
mod mask;
mod words;

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use crate::format::clean::clean;
use crate::p1::count::count;
use crate::p1::event::{Event, Reason};
use crate::p1::inspect::{Field, Node, Sum};
use crate::p1::value::text;

pub use json::write as write_json;
pub use mask::mask;

/// How a tree is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drawing {
    /// Columns that there are.
    pub width: Option<usize>,
    /// All bytes of long fields, over several lines.
    pub whole: bool,
    /// Without the name of the list, which may be that of the meter.
    pub masked: bool,
}

/// Writes an event as a tree; styles are in it.
pub fn write(out: &mut Vec<u8>, number: u64, event: &Event<'_>, nodes: &[Node], drawing: Drawing) {
    let mut drawn = format!("{BOLD}{}{BOLD:#}\n", heading(number, event, drawing.masked));
    let digits = format!("{:X}", event.span().end).len().max(4);
    let page = Page {
        digits,
        begin: digits + " *".len() + COLUMN + "  ".len(),
        width: drawing.width.unwrap_or(WIDTH).max(WIDTH_MIN),
        whole: drawing.whole,
    };
    let mut before = None;
    for node in nodes {
        page.row(&mut drawn, node, &words::meaning_behind(node, before));
        before = Some(node);
    }
    out.extend_from_slice(drawn.as_bytes());
}

/// What it is as a whole.
fn heading(number: u64, event: &Event<'_>, masked: bool) -> String {
    let span = event.span();
    let place = format!("{} at 0x{:x}", count(span.len(), "byte"), span.start);
    match event {
        Event::Junk(_) => format!("{place} that belong to no frame"),
        Event::Refused(refused) => {
            let what = if refused.is_push() { "push" } else { "frame" };
            let reason = reason(&refused.reason);
            format!("{what} {number}, {place}: {reason}")
        }
        Event::Telegram(decoded) => {
            let mut parts = Vec::new();
            let what = match &decoded.push {
                Some(push) => {
                    let framing = match push.framing.word() {
                        "hdlc" => "HDLC",
                        "mbus" => "M-Bus",
                        _ => "without frames",
                    };
                    parts.push(match push.parts {
                        0 | 1 => framing.to_owned(),
                        parts => format!("{framing} in {parts} parts"),
                    });
                    let list = push
                        .list
                        .filter(|_| !masked)
                        .map(|name| format!(" {}", clean(name)));
                    let list = list.unwrap_or_default();
                    parts.push(format!("list{list} ({})", push.form.word()));
                    "push"
                }
                None => "telegram",
            };
            match decoded.security {
                Some(security) => parts.push(format!("tag {}", security.tag.word())),
                None => parts.push("in clear".to_owned()),
            }
            format!("{what} {number}, {place}: {}", parts.join(", "))
        }
    }
}

/// Why a frame is refused, in few words.
fn reason(reason: &Reason) -> &'static str {
    match reason {
        Reason::Truncated { .. } => "cut short",
        Reason::BadLength { .. } => "a length that no frame can have",
        Reason::Unsupported(_) => "protected in a way that is not read",
        Reason::NoKey => "encrypted, and there is no key for it",
        Reason::TagMismatch => "refused: the key does not fit, or it is damaged",
        Reason::CrcMismatch(_) => "refused: the CRC does not fit",
        Reason::NoEnd => "refused: it has no end",
        Reason::NoStart => "refused: its begin cannot be read",
        Reason::Replayed => "refused: its counter did not grow",
        Reason::Downgrade => "refused: without the proof that its meter sends",
        Reason::SegmentMissing => "refused: a segment is missing",
        Reason::BlockMissing => "refused: a block is missing",
        Reason::ChecksumMismatch => "refused: a check sum does not fit",
        Reason::OpenedInPlace => "refused: it was decrypted where it lay",
        Reason::BadStructure => "refused: its tree does not end with its data",
        Reason::OtherShard => "of another shard",
    }
}

/// Where things stand on a line.
struct Page {
    /// Digits of an offset.
    digits: usize,
    /// Column of the words of the first layer.
    begin: usize,
    width: usize,
    whole: bool,
}

impl Page {
    /// Draws a field on a line, or on several.
    fn row(&self, out: &mut String, node: &Node, meaning: &str) {
        let digits = self.digits;
        let deep = 2 * usize::from(node.depth);
        let room = self.width.saturating_sub(self.begin + deep);
        let meaning = wrapped(meaning, room.max(ROOM_MIN));
        let shown = shown(node, self.whole);
        let colour = colour(node);
        let verdict = match node.field.is_right() {
            Some(true) => RIGHT,
            Some(false) => WRONG,
            None => Style::new(),
        };
        for line in 0..shown.len().max(meaning.len()) {
            let bytes = shown.get(line).map_or("", String::as_str);
            let mark = match node.decrypted && !bytes.is_empty() {
                true => '*',
                false => ' ',
            };
            let _ = match line {
                0 => write!(out, "{DIM}{:0digits$X}{DIM:#} {mark}", node.span.start),
                _ => write!(out, "{:digits$} {mark}", ""),
            };
            let _ = write!(out, "{colour}{bytes}{colour:#}");
            if let Some(words) = meaning.get(line) {
                let gap = COLUMN.saturating_sub(bytes.chars().count()) + "  ".len() + deep;
                let _ = write!(out, "{:gap$}{verdict}{words}{verdict:#}", "");
            }
            out.push('\n');
        }
    }
}

/// The bytes of a node, eight a line, or its characters.
fn shown(node: &Node, whole: bool) -> Vec<String> {
    let is_text = matches!(
        node.field,
        Field::Identification | Field::Line(_) | Field::End
    ) || matches!(&node.field, Field::Check(check) if matches!(check.of, Sum::Telegram(_)));
    if is_text {
        let line = clean(text(&node.bytes).trim_end_matches(['\r', '\n']));
        let letters: Vec<char> = line.chars().collect();
        if letters.len() <= COLUMN || whole {
            return letters.chunks(COLUMN).map(String::from_iter).collect();
        }
        let kept = letters.iter().take(COLUMN - 1);
        return vec![kept.chain(['…'].iter()).collect()];
    }
    let pairs = |bytes: &[u8]| {
        let pairs: Vec<_> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
        pairs.join(" ")
    };
    let chunks = || node.bytes.chunks(ROW).map(pairs).collect();
    if node.bytes.len() <= 2 * ROW || whole {
        return chunks();
    }
    let begin = node.bytes.get(..ROW - 1).unwrap_or_default();
    vec![format!("{} …", pairs(begin))]
}

/// The colour of a layer.
fn colour(node: &Node) -> Style {
    let colour = match node.field.layer() {
        "hdlc" | "mbus" => AnsiColor::Cyan,
        "block" => AnsiColor::Blue,
        "ciphering" => AnsiColor::Magenta,
        "noise" | "damage" => AnsiColor::Red,
        _ if node.decrypted => AnsiColor::Yellow,
        _ => return Style::new(),
    };
    Style::new().fg_color(Some(colour.into()))
}

/// The words in lines of so many columns.
fn wrapped(words: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words.split(' ') {
        let length = word.chars().count();
        let begun = lines.last().map_or(0, |line| line.chars().count());
        if begun > 0 && begun + 1 + length > width {
            lines.push(word.to_owned());
        } else if let Some(line) = lines.last_mut() {
            if begun > 0 {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const RIGHT: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Green)));
const WRONG: Style = Style::new()
    .bold()
    .fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red)));
/// Bytes a line.
const ROW: usize = 8;
/// Columns of the bytes.
const COLUMN: usize = 3 * ROW - 1;
/// Columns where the output says of none.
const WIDTH: usize = 80;
/// In a narrower terminal lines are as if it were so wide.
const WIDTH_MIN: usize = 60;
/// Columns that words have at the least.
const ROOM_MIN: usize = 16;
