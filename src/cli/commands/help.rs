//! `smarty help`: the manual, read page by page on a terminal.

use std::io::{IsTerminal, Write as _};
use std::process::{Command, Stdio};

use crate::cli::args::{self, Help};
use crate::cli::help::{TOPICS, to_terminal, topic};
use crate::cli::output::writer::{WriteEnd, Writer};
use crate::format::explanation::question;
use crate::format::words::{hint, verdict_title};
use crate::p1::diagnosis::{Evidence, Finding, Verdict};
use crate::p1::span::Span;
use crate::run::failure::{Exit, Failure};

/// Prints what is asked for; without words what there is.
///
/// # Errors
/// When standard output cannot be written, or words name nothing.
pub fn run(args: &Help) -> Result<Exit, Failure> {
    let text = match args.words.as_slice() {
        [] => overview(),
        [word] => match (topic(word), finding(word)) {
            (Some(topic), _) => {
                let mut text = to_terminal(topic.text, width(), true);
                if args::command(&args.words).is_some() {
                    text.push_str(&format!("\nOptions: smarty {word} --help\n"));
                }
                text
            }
            (None, Some(text)) => text,
            (None, None) => command(&args.words)?,
        },
        words => command(words)?,
    };
    show(&text)
}

fn command(words: &[String]) -> Result<String, Failure> {
    match args::command(words) {
        Some(mut command) => Ok(command.render_long_help().ansi().to_string()),
        None => {
            let what = format!("there is no command {}", words.join(" "));
            Err(Failure::new(Exit::Usage, what).hint("smarty help lists topics and commands"))
        }
    }
}

/// What a finding means and what to do about it.
fn finding(code: &str) -> Option<String> {
    let verdict = Verdict::ALL.iter().find(|verdict| verdict.code() == code)?;
    let found = Finding::new(*verdict, Span::default(), 1, Evidence::default());
    let stage = verdict.stage();
    Some(format!(
        "{code}: {}\n\nStage {}: {}\n\n{}\n\nMore: smarty help faults\n",
        verdict_title(*verdict),
        stage as usize + 1,
        question(stage),
        hint(&found)
    ))
}

fn overview() -> String {
    let mut text = String::from("The manual. smarty help TOPIC shows one of these:\n\n");
    for topic in TOPICS {
        text.push_str(&format!("  {:<10} {}\n", topic.name, topic.about));
    }
    text.push_str(
        "\nsmarty help COMMAND shows the options of a command, smarty help CODE what a\nfinding means (smarty help wrong_key), smarty --help the commands.\n",
    );
    text
}

/// Prints a text; page by page where it is longer than the terminal.
fn show(text: &str) -> Result<Exit, Failure> {
    let screen = terminal_size();
    if let Some((_, rows)) = screen
        && text.lines().count() >= rows
        && page(text)
    {
        return Ok(Exit::Success);
    }
    match Writer::Terminal.write(text.as_bytes()) {
        Err(WriteEnd::Failed(failure)) => Err(failure),
        Ok(()) | Err(WriteEnd::ReaderGone) => Ok(Exit::Success),
    }
}

/// Gives a text to the pager of the user; false where there is none.
fn page(text: &str) -> bool {
    let chosen = std::env::var("PAGER").unwrap_or_default();
    let mut words = chosen.split_whitespace();
    let mut command = match words.next() {
        Some(program) => {
            let mut command = Command::new(program);
            command.args(words);
            command
        }
        None => Command::new("less"),
    };
    // Colours, and no page that is left behind: as git asks of it.
    if std::env::var_os("LESS").is_none() {
        command.env("LESS", "FRX");
    }
    let Ok(mut pager) = command.stdin(Stdio::piped()).spawn() else {
        return false;
    };
    if let Some(mut input) = pager.stdin.take() {
        let plain =
            anstream::AutoStream::choice(&std::io::stdout()) == anstream::ColorChoice::Never;
        let text = match plain {
            true => anstream::adapter::strip_str(text).to_string(),
            false => text.to_owned(),
        };
        // One that was left before the end of the text has shown enough.
        let _ = input.write_all(text.as_bytes());
    }
    pager.wait().is_ok()
}

/// Columns to fill.
fn width() -> usize {
    terminal_size().map_or(80, |(columns, _)| columns.clamp(40, 100))
}

/// Columns and rows of the terminal, if standard output is one.
fn terminal_size() -> Option<(usize, usize)> {
    let stdout = std::io::stdout();
    if !stdout.is_terminal() {
        return None;
    }
    let (columns, rows) = crossterm::terminal::size().ok()?;
    Some((columns.into(), rows.into()))
}
