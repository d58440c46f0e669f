//! The whole examination of a capture, step by step, and the frame that shows the trouble best.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use crate::format::clean::clean;
use crate::format::hex::dump;
use crate::format::words::{self, Depth};
use crate::p1::count::count;
use crate::p1::diagnosis::Measure;
use crate::p1::diagnosis::example_frame::ExampleFrame;
use crate::p1::examine::{Examination, Outcome, Remark, Stage};

/// Writes an examination; styles are in it.
pub fn write(out: &mut Vec<u8>, name: &str, examination: &Examination, verbose: bool) {
    let name = clean(name);
    let mut text = format!("{BOLD}Examination of {name}{BOLD:#}\n\n");
    for (number, step) in (1..).zip(&examination.steps) {
        let (style, outcome) = match step.outcome {
            Outcome::Fine | Outcome::Noted(_) => (GOOD, "yes"),
            Outcome::Failed(_) => (BAD, "no"),
            Outcome::NotReached => (DIM, "not looked at: an earlier step failed"),
        };
        let (style, outcome) = match step.outcome {
            Outcome::Noted(remark) if !remark_is_yes(remark) => (WARN, "there is none"),
            _ => (style, outcome),
        };
        let _ = writeln!(
            text,
            "{number:3}  {:36} {style}{outcome}{style:#}",
            question(step.stage)
        );
        let numbers: Vec<_> = step.numbers.iter().filter_map(number_words).collect();
        if !numbers.is_empty() {
            let _ = writeln!(text, "     {DIM}{}{DIM:#}", numbers.join(", "));
        }
        match step.outcome {
            Outcome::Noted(remark) => {
                let _ = writeln!(text, "     {WARN}{}{WARN:#}", remark_words(remark));
            }
            Outcome::Failed(verdict) => {
                let title = words::verdict_title(verdict);
                let _ = writeln!(text, "     {BAD}{title}{BAD:#}");
            }
            Outcome::Fine | Outcome::NotReached => {}
        }
    }
    for finding in &examination.findings {
        let _ = writeln!(text, "\n{BAD}{}{BAD:#}", words::title(finding));
        let evidence = words::evidence(finding, Depth::Full);
        if !evidence.is_empty() {
            let _ = writeln!(text, "  {evidence}");
        }
        for (number, line) in words::hint(finding).lines().enumerate() {
            let lead = if number == 0 { "hint: " } else { "      " };
            let _ = writeln!(text, "  {lead}{line}");
        }
    }
    if examination.findings.is_empty() {
        let _ = writeln!(text, "\n{GOOD}Nothing is wrong.{GOOD:#}");
    }
    let example = examination.example.as_ref();
    if let Some(example) = example.filter(|example| is_shown(example, verbose)) {
        frame(&mut text, example);
    }
    let summary = &examination.summary;
    if examination.mended > 0 {
        let _ = writeln!(
            text,
            "\n{GOOD}{} read all the same.{GOOD:#}",
            count(examination.mended, "telegram").verb("is", "are")
        );
    }
    let _ = writeln!(
        text,
        "\n{} good, {} refused, {} missed, {} between frames; the link is {}",
        summary.good,
        summary.refused.iter().map(|(_, count)| count).sum::<u64>(),
        summary.missed,
        count(summary.junk, "byte"),
        summary.state.code(),
    );
    out.extend_from_slice(text.as_bytes());
}

/// Whether the frame is shown: without a mark in it a dump says nothing.
pub fn is_shown(example: &ExampleFrame, verbose: bool) -> bool {
    verbose || !example.damaged.is_empty()
}

/// The frame as hex dump with its damaged bytes marked, and its fields.
fn frame(text: &mut String, example: &ExampleFrame) {
    let _ = writeln!(
        text,
        "\n{BOLD}The frame at 0x{:x}{BOLD:#}",
        example.span.start
    );
    let bytes = example.bytes.get(..SHOWN).unwrap_or(&example.bytes);
    let style = |at: usize| match example.damaged.contains(&at) {
        true => BAD,
        false => Style::new(),
    };
    dump(text, bytes, style, |at| example.damaged.contains(&at));
    if example.bytes.len() > SHOWN {
        let _ = writeln!(
            text,
            "{DIM}… {} more{DIM:#}",
            count((example.bytes.len() - SHOWN) as u64, "byte")
        );
    }
    for field in &example.fields {
        let shown = example
            .bytes
            .get(field.start..field.end.min(example.bytes.len()))
            .unwrap_or_default();
        let mut digits = hex::encode(shown.get(..8).unwrap_or(shown));
        if shown.len() > 8 {
            digits.push('…');
        }
        let last = field.end.saturating_sub(1);
        let _ = writeln!(
            text,
            "0x{:03x}..0x{last:03x}  {digits:17}  {}",
            field.start, field.name
        );
    }
    if !example.damaged.is_empty() {
        let _ = writeln!(text, "^^ marks {} in it", plural(example.damaged.len()));
    }
}

fn plural(places: usize) -> String {
    match places {
        1 => "one place".to_owned(),
        places => format!("{places} places"),
    }
}

/// `6 frames`, where it says something.
fn number_words(&(measure, number): &(Measure, u64)) -> Option<String> {
    Some(match (measure, number) {
        (Measure::Bytes, _) => count(number, "byte").to_string(),
        (Measure::Frames, 1) => "one frame or telegram".to_owned(),
        (Measure::Frames, _) => format!("{number} frames or telegrams"),
        (Measure::Good, _) => format!("{number} good"),
        (Measure::Junk, 1..) => {
            let bytes = count(number, "byte").verb("that belongs", "that belong");
            format!("{bytes} to no frame")
        }
        _ => return None,
    })
}

/// What a stage asks.
pub fn question(stage: Stage) -> &'static str {
    match stage {
        Stage::Bytes => "do bytes come?",
        Stage::Line => "are they read as they were sent?",
        Stage::Frame => "do they form frames?",
        Stage::Length => "are the frames as long as they say?",
        Stage::Header => "do title and counter make sense?",
        Stage::Key => "does the key fit?",
        Stage::Text => "is the text whole?",
        Stage::Crc => "does the check sum (CRC) fit?",
        Stage::Tag => "is the frame genuine (tag)?",
        Stage::Grammar => "are the lines as they should be?",
        Stage::Values => "do the values make sense?",
    }
}

fn remark_words(remark: Remark) -> &'static str {
    match remark {
        Remark::NoPhases => "no values of single phases: the operator has not switched them on",
        Remark::NoMBus => "no gas, water or heat meter is shown: none, or not switched on",
        Remark::NoPhasesNoMBus => {
            "no values of phases, no gas, water or heat meter: not switched on"
        }
        Remark::InClear => "sent in clear: neither key nor seal (tag) is needed",
        Remark::NoTag => "the frames have no seal: the CRC must do",
        Remark::NoCrc => "meters of this standard send no check sum",
    }
}

/// Whether the answer is yes all the same.
fn remark_is_yes(remark: Remark) -> bool {
    matches!(
        remark,
        Remark::NoPhases | Remark::NoMBus | Remark::NoPhasesNoMBus
    )
}

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GOOD: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Green)));
const WARN: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Yellow)));
const BAD: Style = Style::new()
    .bold()
    .fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red)));
/// Bytes of a frame that are shown.
const SHOWN: usize = 2048;
