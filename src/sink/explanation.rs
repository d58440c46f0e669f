//! The whole examination of a capture, step by step, and the frame that shows the trouble best.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use super::hex::dump;
use super::words;
use crate::p1::diagnosis::examine::{Examination, Outcome, Remark, Stage};
use crate::p1::diagnosis::worst::Worst;

/// Writes an examination; styles are in it.
pub fn write(out: &mut Vec<u8>, name: &str, examination: &Examination) {
    let mut text = format!("{BOLD}Examination of {name}{BOLD:#}\n\n");
    for (number, step) in (1..).zip(&examination.steps) {
        let (style, outcome) = match step.outcome {
            Outcome::Fine => (GOOD, "fine".to_owned()),
            Outcome::Failed(verdict) => (BAD, words::verdict_title(verdict).to_owned()),
            Outcome::Noted(remark) => (WARN, remark_words(remark, step.stage).to_owned()),
            Outcome::NotReached => (DIM, "not looked at: an earlier step failed".to_owned()),
        };
        let _ = writeln!(
            text,
            "{number:3}  {:36} {style}{outcome}{style:#}",
            question(step.stage)
        );
        let numbers = step
            .numbers
            .iter()
            .map(|(measure, number)| format!("{} {number}", measure.code().replace('_', " ")));
        let numbers: Vec<_> = numbers.collect();
        if !numbers.is_empty() {
            let _ = writeln!(text, "     {DIM}{}{DIM:#}", numbers.join(", "));
        }
    }
    for finding in &examination.findings {
        let _ = writeln!(text, "\n{BAD}{}{BAD:#}", words::title(finding));
        let evidence = words::evidence(finding);
        if !evidence.is_empty() {
            let _ = writeln!(text, "  {evidence}");
        }
        for line in words::hint(finding).lines() {
            let _ = writeln!(text, "  hint: {line}");
        }
    }
    if examination.findings.is_empty() {
        let _ = writeln!(text, "\n{GOOD}Nothing is wrong.{GOOD:#}");
    }
    if let Some(worst) = &examination.worst {
        frame(&mut text, worst);
    }
    let summary = &examination.summary;
    if examination.mended > 0 {
        let _ = writeln!(
            text,
            "\n{GOOD}{} telegrams are read all the same.{GOOD:#}",
            examination.mended
        );
    }
    let _ = writeln!(
        text,
        "\n{} good, {} refused, {} missed, {} bytes between frames; the link is {}",
        summary.good,
        summary.refused.iter().map(|(_, count)| count).sum::<u64>(),
        summary.missed,
        summary.junk,
        summary.state.code(),
    );
    out.extend_from_slice(text.as_bytes());
}

/// The frame as hex dump with its damaged bytes marked, and its fields.
fn frame(text: &mut String, worst: &Worst) {
    let _ = writeln!(
        text,
        "\n{BOLD}The frame at 0x{:x}{BOLD:#}",
        worst.span.start
    );
    let bytes = worst.bytes.get(..SHOWN).unwrap_or(&worst.bytes);
    let style = |at: usize| match worst.damaged.contains(&at) {
        true => BAD,
        false => Style::new(),
    };
    dump(text, bytes, style, |at| worst.damaged.contains(&at));
    if worst.bytes.len() > SHOWN {
        let _ = writeln!(
            text,
            "{DIM}… {} bytes more{DIM:#}",
            worst.bytes.len() - SHOWN
        );
    }
    for field in &worst.fields {
        let shown = worst
            .bytes
            .get(field.start..field.end.min(worst.bytes.len()))
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
    if !worst.damaged.is_empty() {
        let _ = writeln!(text, "^^ damaged: {} bytes", worst.damaged.len());
    }
}

fn question(stage: Stage) -> &'static str {
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
        Stage::Values => "are the values there?",
    }
}

fn remark_words(remark: Remark, stage: Stage) -> &'static str {
    match remark {
        Remark::NoPhases => "fine; the operator has not switched on values of single phases",
        Remark::NoMBus => "fine; no gas, water or heat meter is shown",
        Remark::NoPhasesNoMBus => "fine; no values of phases and no gas, water or heat meter",
        Remark::InClear if stage == Stage::Tag => "sent in clear: there is none",
        Remark::InClear => "sent in clear: no key is needed",
        Remark::NoTag => "the frames have none; the CRC must do",
        Remark::NoCrc => "fine; meters of this standard send none",
    }
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
