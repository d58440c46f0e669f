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
//! A meter sends the same lines again and again: what was drawn is kept, and only values that changed are put in.

mod draw;
mod marks;
mod words;

mod head;

mod mbus;
mod rows;

mod computed;

mod fields;
mod parts;

mod kept;

use std::ops::Range;

use crate::format::clean::clean;
use crate::format::words::behind;
use crate::observe::context::Context;
use crate::observe::fields::Fields;
use crate::p1::derive::Derived;
use crate::p1::event::Decoded;
use crate::p1::layout::Line;
use crate::p1::telegram::{ByShape, Issue, Telegram};
use draw::WARN;
pub use fields::write_fields_help;
use head::Head;
use kept::Kept;
use marks::Marks;
use mbus::is_connected;
use parts::Frame;
use rows::Sheet;

/// How a table is made.
#[derive(Clone, Debug, Default)]
pub struct TableOptions {
    /// Columns of the terminal; at least 60 are taken. `None` lets lines be as long as they are.
    pub width: Option<usize>,
    /// What to print: names, names with unit, or OBIS codes; `None` prints all.
    pub fields: Option<Fields>,
    /// Without styles.
    pub plain: bool,
}

/// Writes telegrams as tables; between two of them the caller puts an empty line.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    options: TableOptions,
    head: Head,
    /// What was drawn last, for each of the shapes seen lately; the latest first.
    bodies: ByShape<Vec<Kept>>,
    notes: Notes,
}

/// The notes that were drawn last.
#[derive(Clone, Debug, Default)]
struct Notes {
    texts: Vec<String>,
    drawn: Vec<u8>,
}

/// Writes one telegram as a table.
pub fn write(
    out: &mut Vec<u8>,
    decoded: &Decoded<'_>,
    context: &Context<'_>,
    options: &TableOptions,
) {
    Tables::new(options.clone()).write(out, decoded, context);
}

impl Tables {
    /// Writes tables in one way.
    pub fn new(options: TableOptions) -> Self {
        Self {
            options,
            ..Self::default()
        }
    }

    /// Appends a telegram.
    pub fn write(&mut self, out: &mut Vec<u8>, decoded: &Decoded<'_>, context: &Context<'_>) {
        let limit = draw::limit(self.options.width);
        let telegram = &decoded.telegram;
        let plain = self.options.plain;
        self.head.write(out, decoded, context, limit, plain);
        let bodies = self.bodies.of(telegram.shape(), Vec::new);
        let mut known = bodies.iter_mut();
        match known.position(|kept| kept.show(telegram, context.derived)) {
            Some(at) => {
                if let Some(newer) = bodies.get_mut(..=at) {
                    newer.rotate_right(1);
                }
            }
            None => {
                bodies.truncate(BODIES_KEPT - 1);
                let marks = Marks::default();
                bodies.insert(0, drawn(telegram, context.derived, &self.options, marks));
            }
        }
        if let Some(kept) = bodies.first() {
            out.extend_from_slice(kept.body());
        }
        if self.options.fields.is_none() {
            self.notes.write(out, decoded, limit, plain);
        }
    }
}

/// Draws what stands below the head, with marks that are filled in.
fn drawn(
    telegram: &Telegram<'_>,
    derived: &[Derived],
    options: &TableOptions,
    mut marks: Marks,
) -> Kept {
    let limit = draw::limit(options.width);
    let fields = options.fields.as_ref();
    let chosen = fields.map(|fields| fields::wanted(fields, telegram));
    let shape = telegram.shape();
    let timed = telegram.measured_at().is_some();
    let wanted = |line: usize| match &chosen {
        Some(chosen) => chosen.get(line) == Some(&true),
        // The clock is in the head.
        None => {
            let is_clock = |line: &Line| shape.meaning.is_clock(line.items.start);
            !timed || !shape.layout.lines.get(line).is_some_and(is_clock)
        }
    };
    let mut sheet = Sheet::of(telegram, wanted);
    let asked = |key: &str| fields.is_none_or(|fields| fields.wants_derived(key));
    let computed = (0..).zip(derived).filter(|(_, one)| asked(one.key));
    let computed = computed::part(computed);
    sheet
        .parts
        .extend(Some(computed).filter(|part| !part.is_empty()));
    let ignored = ignored(telegram, wanted);
    marks.none |= sheet.has_marks();
    loop {
        let mut lines = Vec::new();
        if !sheet.parts.is_empty() {
            lines.push(String::new());
        }
        lines.extend(body(&sheet, &marks, limit, options.width.is_some()));
        let mut bytes = Vec::new();
        draw::write(&mut bytes, lines, limit, options.plain);
        let drawn = String::from_utf8_lossy(&bytes);
        match Kept::of(&drawn, &sheet, &marks, telegram, derived, &ignored) {
            Ok(kept) => return kept,
            Err(unfit) => {
                // Without those that came out broken the others mostly come out whole.
                marks.none = !marks.without.is_empty();
                marks.without = unfit;
            }
        }
    }
}

/// The bytes of a telegram that nothing depends on but its head and its notes.
fn ignored(telegram: &Telegram<'_>, wanted: impl Fn(usize) -> bool) -> Vec<Range<usize>> {
    let layout = &telegram.shape().layout;
    let mut ignored = Vec::new();
    ignored.push(0..layout.identification.end as usize);
    for (index, line) in layout.lines.iter().enumerate() {
        // The row of a device is made of several lines.
        if !wanted(index) && !line.entry.is_some_and(|entry| entry.channel) {
            let next = layout.lines.get(index + 1);
            let end = next.map_or(layout.mark(), |next| next.place.start as usize);
            ignored.push(line.place.start as usize..end);
        }
    }
    ignored.push(layout.mark()..telegram.text().len());
    ignored
}

/// The parts below each other, or side by side where all of them fit into half the width.
fn body(sheet: &Sheet, marks: &Marks, limit: usize, terminal: bool) -> Vec<String> {
    let drawn = |limit| {
        let frame = Frame::of(sheet, marks, limit);
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

impl Notes {
    /// Writes what is not as the standard has it; an M-Bus channel where nothing is connected is none of it.
    fn write(&mut self, out: &mut Vec<u8>, decoded: &Decoded<'_>, limit: usize, plain: bool) {
        let telegram = &decoded.telegram;
        if decoded.behind == 0 && telegram.issues().next().is_none() {
            return;
        }
        let texts = notes(decoded);
        if texts != self.texts {
            let mut lines = Vec::new();
            for text in &texts {
                if lines.is_empty() {
                    lines.push(String::new());
                }
                let paragraph = draw::paragraph("note:", text, limit);
                lines.extend(paragraph.iter().map(|line| draw::paint(line, WARN)));
            }
            self.drawn.clear();
            draw::write(&mut self.drawn, lines, limit, plain);
            self.texts = texts;
        }
        out.extend_from_slice(&self.drawn);
    }
}

/// What is not as the standard has it, in words.
fn notes(decoded: &Decoded<'_>) -> Vec<String> {
    let telegram = &decoded.telegram;
    let alarms = |issue: &Issue<'_>| {
        let code = issue.obis().unwrap_or_default();
        let channel = code.split_once(':').map_or("", |(channel, _)| channel);
        let mut devices = telegram.devices();
        !devices.any(|device| mbus::channel(&device) == channel && !is_connected(&device))
    };
    let issues: Vec<_> = telegram.issues().filter(alarms).collect();
    let mut texts: Vec<String> = issues.iter().take(NOTES_MAX).map(note).collect();
    if issues.len() > NOTES_MAX {
        texts.push(format!("{} more of the like", issues.len() - NOTES_MAX));
    }
    texts.extend((decoded.behind > 0).then(|| behind(decoded.behind)));
    texts
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
/// Bodies kept for each shape: meters of one kind that take turns have values of other lengths.
const BODIES_KEPT: usize = 4;
/// Notes that are printed, at most.
const NOTES_MAX: usize = 12;

#[cfg(test)]
mod tests;
