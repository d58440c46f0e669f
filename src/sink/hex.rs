//! The frame as a hex dump, each field in a colour, and a row a field.
//!
//! ```text
//! 000000  db 08 53 4d 59 67 70 00  00 01 82 05 dd 30 00 00  |..SMYgp......0..|
//!
//! 0x00..0x00    1  db           start           general-glo-ciphering
//! ```

use std::fmt::Write;
use std::ops::Range;

use anstyle::{AnsiColor, Style};

use crate::p1::ciphering::GeneralGloCiphering;
use crate::p1::count::count;
use crate::p1::event::{Decoded, Tag};
use crate::p1::readout::{Readout, SentCrc};
use crate::sink::clean::clean;

/// A field of a frame.
struct Field {
    range: Range<usize>,
    name: &'static str,
    meaning: String,
    colour: AnsiColor,
}

/// Writes the frame of a telegram.
pub fn write(out: &mut Vec<u8>, decoded: &Decoded<'_>) {
    let fields = match &decoded.security {
        _ if decoded.push.is_some() => Vec::new(),
        Some(security) => ciphered(&security.header, decoded, security.tag),
        None => plain(decoded),
    };
    let mut text = String::new();
    dump(
        &mut text,
        decoded.frame,
        |at| style_at(&fields, at),
        |_| false,
    );
    text.push('\n');
    rows(&mut text, decoded.frame, &fields);
    text.push('\n');
    out.extend_from_slice(text.as_bytes());
}

fn ciphered(header: &GeneralGloCiphering, decoded: &Decoded<'_>, tag: Tag) -> Vec<Field> {
    let length_end = header.header_length - 5;
    let tag_start = header.frame_length() - header.control.tag_length();
    let title = header.title;
    let meter = title
        .device_id()
        .map_or(title.to_string(), |id| format!("meter {id}"));
    let kind = match (header.control.authenticated(), header.control.encrypted()) {
        (true, true) => "authenticated and encrypted, suite 0",
        (true, false) => "authenticated, in clear, suite 0",
        (false, _) => "encrypted, without tag, suite 0",
    };
    let field = |range, name, meaning: String, colour| Field {
        range,
        name,
        meaning,
        colour,
    };
    let mut fields = vec![
        field(
            0..1,
            "start",
            "general-glo-ciphering".to_owned(),
            AnsiColor::Cyan,
        ),
        field(1..2, "title length", "8 bytes".to_owned(), AnsiColor::Cyan),
        field(2..10, "system title", meter, AnsiColor::Green),
        field(
            10..length_end,
            "length",
            count(header.length as u64, "byte")
                .verb("follows", "follow")
                .to_string(),
            AnsiColor::Yellow,
        ),
        field(
            length_end..length_end + 1,
            "security control",
            kind.to_owned(),
            AnsiColor::Magenta,
        ),
        field(
            length_end + 1..header.header_length,
            "frame counter",
            header.counter.to_string(),
            AnsiColor::Blue,
        ),
        field(
            header.header_length..tag_start,
            "ciphertext",
            format!("telegram of {} bytes, {}", decoded.text.len(), crc(decoded)),
            AnsiColor::White,
        ),
    ];
    if header.control.authenticated() {
        let verdict = match tag {
            Tag::Valid => "fits",
            Tag::Invalid => "DOES NOT FIT",
            Tag::Skipped | Tag::None => "not looked at",
        };
        fields.push(field(
            tag_start..header.frame_length(),
            "tag",
            verdict.to_owned(),
            AnsiColor::Red,
        ));
    }
    fields
}

fn plain(decoded: &Decoded<'_>) -> Vec<Field> {
    let text = decoded.frame;
    let identification = decoded.telegram.shape().layout.identification.end as usize;
    let readout = Readout::find(text);
    let mark = readout.map_or(text.len(), |readout| readout.mark);
    let end = readout.map_or(text.len(), |readout| readout.end);
    let lines = decoded.telegram.readings().count();
    let field = |range, name, meaning: String, colour| Field {
        range,
        name,
        meaning,
        colour,
    };
    let mut fields = vec![
        field(
            0..identification,
            "header line",
            clean(&decoded.telegram.header()),
            AnsiColor::Green,
        ),
        field(
            identification..mark,
            "data lines",
            count(lines as u64, "line").to_string(),
            AnsiColor::White,
        ),
        field(
            mark..(mark + 1).min(text.len()),
            "end",
            "!".to_owned(),
            AnsiColor::Cyan,
        ),
        field(mark + 1..end, "CRC", crc(decoded), AnsiColor::Red),
        field(end..text.len(), "line end", String::new(), AnsiColor::Cyan),
    ];
    fields.retain(|field| field.range.start < field.range.end);
    fields
}

fn crc(decoded: &Decoded<'_>) -> String {
    let computed = decoded.crc.computed;
    match (decoded.crc.received, decoded.crc.valid()) {
        (SentCrc::Digits(sent), Some(true)) => format!("CRC {sent:04X} fits"),
        (SentCrc::Digits(sent), _) => {
            format!("CRC {sent:04X} DOES NOT FIT, computed {computed:04X}")
        }
        (SentCrc::Absent, _) => "no CRC".to_owned(),
        (SentCrc::Malformed, _) => format!("CRC is no number, computed {computed:04X}"),
    }
}

/// Writes rows of sixteen bytes with their characters; a row below marks bytes that need it.
pub(super) fn dump(
    text: &mut String,
    frame: &[u8],
    style: impl Fn(usize) -> Style,
    is_marked: impl Fn(usize) -> bool,
) {
    for (row, bytes) in frame.chunks(ROW).enumerate() {
        let _ = write!(text, "{:06x} ", row * ROW);
        let mut marks = String::new();
        for (index, byte) in bytes.iter().enumerate() {
            let at = row * ROW + index;
            let style = style(at);
            let gap = if index % 8 == 0 && index > 0 {
                "  "
            } else {
                " "
            };
            let _ = write!(text, "{gap}{style}{byte:02x}{style:#}");
            let _ = write!(marks, "{gap}{}", if is_marked(at) { "^^" } else { "  " });
        }
        let missing = ROW - bytes.len();
        let gap = if missing >= 8 { 1 } else { 0 };
        let _ = write!(text, "{:width$}  |", "", width = 3 * missing + gap);
        for (index, byte) in bytes.iter().enumerate() {
            let style = style(row * ROW + index);
            let shown = if matches!(byte, b' '..=b'~') {
                char::from(*byte)
            } else {
                '.'
            };
            let _ = write!(text, "{style}{shown}{style:#}");
        }
        text.push_str("|\n");
        if !marks.trim().is_empty() {
            let _ = writeln!(text, "       {}", marks.trim_end());
        }
    }
}

fn rows(text: &mut String, frame: &[u8], fields: &[Field]) {
    let digits = format!("{:x}", frame.len()).len().max(2);
    for field in fields {
        let Range { start, end } = field.range;
        let bytes = frame.get(start..end).unwrap_or_default();
        let mut shown = hex::encode(bytes.get(..SHOWN).unwrap_or(bytes));
        if bytes.len() > SHOWN {
            shown.push('…');
        }
        let style = Style::new().fg_color(Some(field.colour.into()));
        let _ = writeln!(
            text,
            "0x{start:0digits$x}..0x{:0digits$x} {:6}  {style}{shown:17}{style:#}  {:16}  {}",
            end - 1,
            bytes.len(),
            field.name,
            field.meaning,
        );
    }
}

fn style_at(fields: &[Field], at: usize) -> Style {
    let field = fields.iter().find(|field| field.range.contains(&at));
    Style::new().fg_color(field.map(|field| field.colour.into()))
}

/// Bytes a row of the dump.
const ROW: usize = 16;
/// Bytes of a field that its row shows.
const SHOWN: usize = 8;
