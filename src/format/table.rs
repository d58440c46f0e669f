//! The printed table of a telegram.
//!
//! ```text
//! SAG1030700114004  house   2020-07-06 10:41:57 +02:00   telegram 1 of dump.bin     head: who, when, whence
//! frame 42, 1519 bytes   tag valid   CRC 8B52 right                                 head: the verdicts
//!
//! Energy                                                                            a part of its own for
//!   1-0:1.8.0         energy imported      25.653 kWh                               each section
//! ```
//!
//! Styles are always in it; print it through `anstream`, which takes them out where they are not wanted.

mod draw;
mod words;

mod mbus;
mod rows;

mod computed;

mod fields;
mod parts;

use anstyle::Style;
use jiff::tz::{Offset, TimeZone};

use crate::format::clean::clean;
use crate::format::words::behind;
use crate::observe::context::Context;
use crate::observe::fields::Fields;
use crate::p1::count::count;
use crate::p1::event::{Decoded, Tag};
use crate::p1::layout::Line;
use crate::p1::push::Push;
use crate::p1::readout::SentCrc;
use crate::p1::telegram::Issue;
use draw::{BAD, BOLD, DIM, GOOD, WARN};
pub use fields::write_fields_help;
use mbus::is_connected;
use parts::Frame;
use rows::Sheet;
use words::with_offset;

/// How a table is made.
#[derive(Clone, Debug, Default)]
pub struct TableOptions {
    /// Columns of the terminal; at least 60 are taken. `None` lets lines be as long as they are.
    pub width: Option<usize>,
    /// What to print: names, names with unit, or OBIS codes; `None` prints all.
    pub fields: Option<Fields>,
}

/// Writes one telegram as a table; between two tables the caller puts an empty line.
pub fn write(
    out: &mut Vec<u8>,
    decoded: &Decoded<'_>,
    context: &Context<'_>,
    options: &TableOptions,
) {
    let limit = draw::limit(options.width);
    let telegram = &decoded.telegram;
    let chosen = options
        .fields
        .as_ref()
        .map(|fields| fields::wanted(fields, telegram));
    let meaning = &telegram.shape().meaning;
    let timed = telegram.measured_at().is_some();
    let wanted = |line: usize| match &chosen {
        Some(chosen) => chosen.get(line) == Some(&true),
        // The clock is in the head.
        None => {
            let lines = &telegram.shape().layout.lines;
            let is_clock = |line: &Line| meaning.is_clock(line.items.start);
            !timed || !lines.get(line).is_some_and(is_clock)
        }
    };
    let mut sheet = Sheet::of(telegram, wanted);
    let fields = options.fields.as_ref();
    let asked = |key: &str| fields.is_none_or(|fields| fields.wants_derived(key));
    let computed = computed::part(context.derived.iter().filter(|one| asked(&one.key)));
    sheet
        .parts
        .extend(Some(computed).filter(|part| !part.is_empty()));
    let mut lines = draw::flow(&who(decoded, context), limit);
    lines.extend(draw::flow(&verdicts(decoded), limit));
    if !sheet.parts.is_empty() {
        lines.push(String::new());
    }
    lines.extend(body(&sheet, limit, options.width.is_some()));
    if chosen.is_none() {
        lines.extend(notes(decoded, limit));
    }
    draw::write(out, lines, limit);
}

/// Meter, time and place of the telegram.
fn who(decoded: &Decoded<'_>, context: &Context<'_>) -> Vec<(String, Style)> {
    let telegram = &decoded.telegram;
    let title = decoded.security.map(|security| security.title());
    let id = title
        .and_then(|title| title.device_id())
        .or_else(|| telegram.meter_id().map(|id| clean(&id)))
        .or_else(|| title.map(|title| title.to_string()))
        .unwrap_or_else(|| clean(&telegram.header()));
    let measured = telegram.measured_at();
    let mut parts = vec![(id, BOLD)];
    parts.extend(context.meter_name.map(|name| (clean(name), BOLD)));
    parts.push(match measured {
        Some(time) => (with_offset(&time), Style::new()),
        None => ("no time".to_owned(), WARN),
    });
    let source = context.source.label.unwrap_or(context.source.name);
    let place = format!("telegram {} of {}", context.seq, clean(source));
    parts.push((place, DIM));
    if let Some(received) = context.received_at {
        let minutes = measured.map_or(0, |time| i32::from(time.offset));
        let offset = Offset::from_seconds(minutes * 60).unwrap_or(Offset::UTC);
        let received = received.to_zoned(TimeZone::fixed(offset));
        let received = received.strftime("received %Y-%m-%d %H:%M:%S %:z");
        parts.push((received.to_string(), DIM));
    }
    parts
}

/// Frame, tag and CRC.
fn verdicts(decoded: &Decoded<'_>) -> Vec<(String, Style)> {
    let length = match decoded.mended {
        // What was repaired lies in another span.
        Some(_) => decoded.frame.len(),
        None => decoded.span.len() as usize,
    };
    let mut parts = Vec::new();
    match decoded.security {
        Some(security) => {
            let frame = format!("frame {}, {length} bytes", security.counter().0);
            parts.push((frame, Style::new()));
            let (tag, style) = match security.tag {
                Tag::Valid => ("tag valid", GOOD),
                Tag::Invalid => ("TAG INVALID - unverified", BAD),
                Tag::Skipped => ("TAG NOT CHECKED - unverified", WARN),
                Tag::None => ("NO TAG - unverified", WARN),
            };
            parts.push((tag.to_owned(), style));
        }
        None => parts.push((format!("sent in clear, {length} bytes"), Style::new())),
    }
    if let Some((number, oldest)) = decoded.push.as_ref().and_then(Push::oldest) {
        let values = count(number as u64, "value");
        let age = oldest.map_or(String::new(), |seconds| {
            format!(", up to {} old", span(seconds))
        });
        parts.push((format!("{values} of earlier pushes{age}"), DIM));
    }
    if let Some(push) = &decoded.push {
        if push.checksum.is_some() {
            parts.push(("check sums right".to_owned(), GOOD));
        }
        parts.push(("list whole".to_owned(), GOOD));
        return parts;
    }
    let computed = decoded.crc.computed;
    parts.push(match decoded.crc.received {
        SentCrc::Absent => ("no CRC".to_owned(), Style::new()),
        SentCrc::NoEnd => ("NO END LINE - unverified".to_owned(), WARN),
        SentCrc::Digits(sent) if sent == computed => (format!("CRC {sent:04X} right"), GOOD),
        SentCrc::Digits(sent) => (
            format!("CRC WRONG sent {sent:04X} computed {computed:04X}"),
            BAD,
        ),
        SentCrc::Malformed => (format!("CRC UNREADABLE computed {computed:04X}"), BAD),
    });
    parts
}

/// A time in words: `42 s`, `12 min`, `3 h`.
fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3600),
    }
}

/// The parts below each other, or side by side where all of them fit into half the width.
fn body(sheet: &Sheet, limit: usize, terminal: bool) -> Vec<String> {
    let drawn = |limit| {
        let frame = Frame::of(sheet, limit);
        let parts = sheet.parts.iter();
        parts.map(|part| frame.draw(part)).collect::<Vec<_>>()
    };
    let full = drawn(limit);
    let half = limit.saturating_sub(BETWEEN) / 2;
    if terminal && half >= HALF_MIN {
        let halves = drawn(half);
        let fits = |(narrow, wide): (&Vec<String>, &Vec<String>)| {
            narrow.len() <= wide.len() + WRAPPED
                && narrow.iter().all(|line| draw::width(line) <= half)
        };
        if halves.len() > 1 && halves.iter().zip(&full).all(fits) {
            return side_by_side(&halves);
        }
    }
    stacked(&full)
}

fn stacked(parts: &[Vec<String>]) -> Vec<String> {
    parts.join(&String::new())
}

/// Splits the parts where the columns come out most alike in height.
fn side_by_side(parts: &[Vec<String>]) -> Vec<String> {
    let best = (1..parts.len()).min_by_key(|&at| {
        let (left, right) = parts.split_at(at);
        stacked(left).len().max(stacked(right).len())
    });
    let (left, right) = parts.split_at(best.unwrap_or(parts.len()));
    let (left, right) = (stacked(left), stacked(right));
    let edge = left.iter().map(|line| draw::width(line)).max().unwrap_or(0) + BETWEEN;
    let nothing = String::new();
    (0..left.len().max(right.len()))
        .map(|row| {
            let left = left.get(row).unwrap_or(&nothing);
            match right.get(row) {
                Some(right) if !right.is_empty() => {
                    let blanks = edge.saturating_sub(draw::width(left));
                    format!("{left}{:blanks$}{right}", "")
                }
                _ => left.clone(),
            }
        })
        .collect()
}

/// What is not as the standard has it; an M-Bus channel where nothing is connected is none of it.
fn notes(decoded: &Decoded<'_>, limit: usize) -> Vec<String> {
    let telegram = &decoded.telegram;
    let unset: Vec<String> = telegram
        .devices()
        .filter(|device| !is_connected(device))
        .map(|device| format!("{}:", mbus::channel(&device)))
        .collect();
    let alarms = |issue: &Issue<'_>| {
        let code = issue.obis().unwrap_or_default();
        !unset.iter().any(|channel| code.starts_with(channel))
    };
    let issues: Vec<_> = telegram.issues().filter(alarms).collect();
    let mut texts: Vec<String> = issues.iter().take(NOTES_MAX).map(note).collect();
    if issues.len() > NOTES_MAX {
        texts.push(format!("{} more of the like", issues.len() - NOTES_MAX));
    }
    texts.extend((decoded.behind > 0).then(|| behind(decoded.behind)));
    let mut lines = Vec::new();
    for text in texts {
        if lines.is_empty() {
            lines.push(String::new());
        }
        let paragraph = draw::paragraph("note:", &text, limit);
        lines.extend(paragraph.iter().map(|line| draw::paint(line, WARN)));
    }
    lines
}

fn note(issue: &Issue<'_>) -> String {
    let message = clean(&issue.to_string());
    match issue.obis() {
        Some(code) if !message.starts_with(&*code) => format!("{} {message}", clean(&code)),
        _ => message,
    }
}

/// Blanks between two columns of parts.
const BETWEEN: usize = 4;
/// Narrowest half of a terminal that parts are put in, in columns.
const HALF_MIN: usize = 64;
/// Lines that a part may grow by when it is put in a half.
const WRAPPED: usize = 2;
/// Notes that are printed, at most.
const NOTES_MAX: usize = 12;

#[cfg(test)]
mod tests;
