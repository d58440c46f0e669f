//! What was looked at in a set-up, and what came of it: in words and as an object a line.

use anstyle::{AnsiColor, Style};

use crate::format::clean::clean;
use crate::format::json::{begin, write_source};
use crate::format::number::write_json_text;
use crate::observe::context::{Context, Source};

/// Something that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What it is about: `settings`, `port`, `key`.
    pub name: &'static str,
    /// What came of it.
    pub outcome: Outcome,
    /// What was found.
    pub what: String,
    /// What to do, where it is not as it should be.
    pub hint: Option<String>,
}

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All is as it should be.
    Ok,
    /// It is not.
    Failed,
    /// There is nothing to look at, or something else must be put right before.
    Skipped,
}

impl Outcome {
    /// The word for it in every output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// Writes a check, and below it what to do.
pub fn write(out: &mut Vec<u8>, check: &Check) {
    let colour = match check.outcome {
        Outcome::Ok => AnsiColor::Green,
        Outcome::Failed => AnsiColor::Red,
        Outcome::Skipped => AnsiColor::BrightBlack,
    };
    let style = Style::new().fg_color(Some(colour.into()));
    let word = check.outcome.word();
    let mut lines = check.what.lines();
    let first = clean(lines.next().unwrap_or_default());
    let mut text = format!("{style}{word:<8}{style:#}{:<10}{first}\n", check.name);
    let hint = check
        .hint
        .as_deref()
        .filter(|_| check.outcome == Outcome::Failed);
    for line in lines.chain(hint.unwrap_or_default().lines()) {
        text.push_str(&format!("{:18}{}\n", "", clean(line.trim_start())));
    }
    out.extend_from_slice(text.as_bytes());
}

/// Writes a check as an object, and a line end; the source is what was looked at.
pub fn write_json(out: &mut Vec<u8>, seq: u64, source: Source<'_>, check: &Check) {
    let context = Context {
        seq,
        source,
        ..Context::default()
    };
    begin(out, "check", seq);
    out.extend_from_slice(b",\"received_at\":null");
    write_source(out, &context, 0, 0);
    let members = [
        ("check", Some(check.name)),
        ("outcome", Some(check.outcome.word())),
        ("message", Some(check.what.as_str())),
        ("hint", check.hint.as_deref()),
    ];
    for (name, text) in members {
        out.extend_from_slice(format!(",\"{name}\":").as_bytes());
        match text {
            Some(text) => write_json_text(out, &text.replace('\n', " ")),
            None => out.extend_from_slice(b"null"),
        }
    }
    out.extend_from_slice(b"}\n");
}
