//! Errors as the user sees them: what, and what to do; and the exit code that goes with them.

use std::io::Write;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};

use crate::sink::file_error::FileError;
use crate::source::SourceError;
use crate::source::dump::DumpError;

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
    Nothing,
    /// Some frames were refused, the good ones printed.
    Some,
    /// All good.
    Good,
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
            Self::Good => 0,
            Self::Some => 1,
            Self::Usage => 2,
            Self::Io => 3,
            Self::Key => 4,
            Self::Nothing => 5,
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

/// How serious a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Something does not work.
    Error,
    /// Something works, but not as it should.
    Warning,
    /// Something worth knowing.
    Note,
}

/// Says something on stderr: `smarty: error: WHAT`, and `  hint: DO THIS`.
pub fn say(level: Level, what: &str, hint: Option<&str>) {
    let (word, colour) = match level {
        Level::Error => ("error", AnsiColor::Red),
        Level::Warning => ("warning", AnsiColor::Yellow),
        Level::Note => ("note", AnsiColor::Cyan),
    };
    let style = Style::new().bold().fg_color(Some(colour.into()));
    let mut text = format!("smarty: {style}{word}:{style:#} {what}\n");
    for line in hint.iter().flat_map(|hint| hint.lines()) {
        text.push_str(&format!("  {style}hint:{style:#} {line}\n"));
    }
    // With stderr gone there is no one to tell.
    drop(anstream::stderr().lock().write_all(text.as_bytes()));
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
        Self::new(Exit::Nothing, format!("{name}: {error}"))
    }
}
