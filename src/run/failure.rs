//! Errors as the user sees them: what, and what to do; and the exit code that goes with them.

use std::io::IsTerminal;
use std::process::ExitCode;

use anstream::adapter::strip_str;
use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

use super::secrets::mask;
use super::stdio;
use crate::format::clean::{clean, clean_lines};
pub use crate::observe::observer::Gravity as Level;
use crate::source::SourceError;
use crate::source::database::DatabaseError;
use crate::source::dump::{DumpError, Form, KeyFile};
use crate::sys::file_error::FileError;

/// How a run ended. Where several apply, the one that stands first here wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Usage or configuration.
    Usage,
    /// A source or an output cannot be opened, read or written.
    Io,
    /// A key is missing or malformed, or no frame verified.
    Key,
    /// No frame, unknown format, time-out.
    NoTelegram,
    /// Some frames were refused, the good ones printed.
    Partial,
    /// All good.
    Success,
}

/// An error that ends the run, or one of its inputs.
#[derive(Clone, Debug)]
pub struct Failure {
    /// How the run ends because of it.
    pub exit: Exit,
    /// What is wrong, with the file or port.
    pub what: String,
    /// One thing to do.
    pub hint: Option<String>,
}

impl Exit {
    /// The number for the shell.
    pub fn code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Success => 0,
            Self::Partial => 1,
            Self::Usage => 2,
            Self::Io => 3,
            Self::Key => 4,
            Self::NoTelegram => 5,
        })
    }
}

impl Failure {
    /// An error of the given kind without a hint.
    pub fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self {
            exit,
            what: what.into(),
            hint: None,
        }
    }

    /// The same with something to do.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says it on stderr.
    pub fn report(&self, quiet: bool) -> Exit {
        say(
            Level::Error,
            &self.what,
            self.hint.as_deref().filter(|_| !quiet),
        );
        self.exit
    }
}

/// Says a note on stderr as it is, with the keys of virtual meters: those are invented, and meant to be typed.
pub fn say_openly(what: &str) {
    let style = Style::new().bold().fg_color(Some(AnsiColor::Cyan.into()));
    let what = clean_lines(what);
    let text = format!("smarty: {style}note:{style:#} {what}\n");
    talk(&text);
}

/// Says something on stderr: `smarty: error: WHAT`, and `  hint: DO THIS`.
pub fn say(level: Level, what: &str, hint: Option<&str>) {
    let (word, colour) = match level {
        Level::Error => ("error", AnsiColor::Red),
        Level::Warning => ("warning", AnsiColor::Yellow),
        Level::Note => ("note", AnsiColor::Cyan),
    };
    let style = Style::new().bold().fg_color(Some(colour.into()));
    let width = terminal_width();
    let lead = "smarty: : ".len() + word.len();
    let what = wrapped(&mask(&clean_lines(what)), lead, width);
    let mut text = format!("smarty: {style}{word}:{style:#} {what}\n");
    for (number, line) in hint.iter().flat_map(|hint| hint.lines()).enumerate() {
        let line = wrapped(&mask(&clean(line)), "  hint: ".len(), width);
        match number {
            0 => text.push_str(&format!("  {style}hint:{style:#} {line}\n")),
            _ => text.push_str(&format!("        {line}\n")),
        }
    }
    talk(&text);
}

/// Writes a message to stderr, with colours where it can show them.
fn talk(text: &str) {
    let written = match AutoStream::choice(&std::io::stderr()) {
        ColorChoice::Never => stdio::error().write_all(strip_str(text).to_string().as_bytes()),
        _ => stdio::error().write_all(text.as_bytes()),
    };
    // With stderr gone there is no one to tell.
    drop(written);
}

/// Columns of the terminal that standard error is.
fn terminal_width() -> Option<usize> {
    let wide = || crossterm::terminal::size().map_or(80, |(width, _)| width.into());
    std::io::stderr().is_terminal().then(wide)
}

/// The text with line ends between words where it would pass the width, behind what leads it in.
fn wrapped(text: &str, lead: usize, width: Option<usize>) -> String {
    let Some(width) = width.filter(|width| *width >= WIDTH_MIN) else {
        return text.to_owned();
    };
    let mut out = String::new();
    for (number, line) in text.split('\n').enumerate() {
        let mut column = if number == 0 { lead } else { 0 };
        if number > 0 {
            out.push('\n');
        }
        for (place, word) in line.split(' ').enumerate() {
            let length = word.chars().count();
            if place > 0 && column + 1 + length > width {
                out.push_str("\n        ");
                column = "        ".len();
            } else if place > 0 {
                out.push(' ');
                column += 1;
            }
            out.push_str(word);
            column += length;
        }
    }
    out
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        Self {
            exit: Exit::Io,
            hint: error.hint(),
            what: error.to_string(),
        }
    }
}

/// A fault of the system, told with what was being done: one line, no stack.
impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::new(Exit::Io, format!("{error:#}"))
    }
}

impl From<DatabaseError> for Failure {
    fn from(error: DatabaseError) -> Self {
        Self {
            exit: Exit::Io,
            hint: error.hint(),
            what: error.to_string(),
        }
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        Self {
            exit: Exit::Io,
            hint: error.hint(),
            what: error.to_string(),
        }
    }
}

impl Failure {
    /// An input whose text cannot be read.
    pub fn of_dump(name: &str, error: &DumpError) -> Self {
        let failure = Self::new(Exit::NoTelegram, format!("{name}: {error}"));
        match error {
            DumpError::Unknown { .. } => {
                let forms: Vec<_> = Form::ALL.iter().map(|form| form.name()).collect();
                failure.hint(format!(
                    "if it is a dump all the same, name its form: -i {}",
                    forms.join("|")
                ))
            }
            DumpError::KeyFile { key_file } => {
                let file = if name == "-" { "FILE" } else { name };
                failure.hint(match key_file {
                    KeyFile::Key => format!("a key goes beside an input: --key-file {file}"),
                    KeyFile::Ring => format!("a key ring goes beside an input: --keyring {file}"),
                    KeyFile::Mention => {
                        "--key-file takes a file with the 32 digits of the key alone, beside an input".to_owned()
                    }
                })
            }
            DumpError::Packed { command, .. } => {
                let command = command.replace("FILE", name);
                failure.hint(format!("{command} | smarty parse"))
            }
            _ => failure,
        }
    }
}

/// In a narrower terminal lines stay as they are; in columns.
const WIDTH_MIN: usize = 30;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_messages_break_between_words() {
        let text = "a frame is cut short: 400 of 692 bytes came";
        assert_eq!(wrapped(text, 10, None), text);
        assert_eq!(wrapped(text, 10, Some(80)), text);
        assert_eq!(
            wrapped(text, 10, Some(32)),
            "a frame is cut short:\n        400 of 692 bytes came"
        );
        let lines = "one digit of the key is\n  with another digit it opens";
        assert_eq!(wrapped(lines, 9, Some(32)), lines);
        let long = "x".repeat(40);
        assert_eq!(wrapped(&long, 10, Some(32)), long);
    }
}
