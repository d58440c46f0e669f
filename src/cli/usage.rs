//! What was meant by a command line that is not understood: the option of another command, a word with a slip in it.

use std::ffi::OsString;
use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory};

use crate::cli::args::{Cli, is_misplaced_key};
use crate::p1::nearest::nearest;
use crate::run::failure::{Exit, Failure};

/// What clap has to say, and the best there is to do about it.
pub fn failure(error: &clap::Error, arguments: &[OsString]) -> Failure {
    let failure = Failure::from(error);
    let commands = Cli::command();
    let command = |before: &str| {
        let given = arguments.iter().skip(1).filter_map(|word| word.to_str());
        given
            .take_while(|word| before.is_empty() || word.split('=').next() != Some(before))
            .find_map(|word| commands.find_subcommand(word))
            .map(Command::get_name)
    };
    let word = |kind| match error.get(kind) {
        Some(ContextValue::String(word)) => Some(word.as_str()),
        _ => None,
    };
    let hint = match error.kind() {
        ErrorKind::UnknownArgument => {
            let option = word(ContextKind::InvalidArg).unwrap_or_default();
            let option = option.split('=').next().unwrap_or(option);
            elsewhere(&commands, command(option), option)
        }
        ErrorKind::InvalidSubcommand => {
            word(ContextKind::InvalidSubcommand).and_then(|word| meant(&commands, word))
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation
            if error.get(ContextKind::SuggestedValue).is_none() =>
        {
            let value = word(ContextKind::InvalidValue).unwrap_or_default();
            let near = near_value(value, &failure.what);
            near.map(|near| format!("nearest: {near}")).or_else(|| {
                command("").map(|command| format!("smarty {command} --help lists the options"))
            })
        }
        _ => None,
    };
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// Which commands have an option that this one has not.
fn elsewhere(commands: &Command, command: Option<&str>, name: &str) -> Option<String> {
    let has = |of: &&Command| {
        of.get_arguments()
            .any(|argument| match name.strip_prefix("--") {
                Some(long) => {
                    let aliases = argument.get_all_aliases().unwrap_or_default();
                    argument.get_long() == Some(long) || aliases.contains(&long)
                }
                None => {
                    let mut letters = name.chars().skip(1);
                    let letter = letters.next();
                    letter.is_some() && argument.get_short() == letter && letters.next().is_none()
                }
            })
    };
    let having: Vec<&str> = commands
        .get_subcommands()
        .filter(has)
        .map(Command::get_name)
        .collect();
    match (command, having.split_last()?) {
        (None, _) => {
            let first = having
                .iter()
                .find(|name| **name == "parse")
                .or(having.first())?;
            Some(format!(
                "{name} stands behind the command: smarty {first} {name}"
            ))
        }
        (Some(_), (one, [])) => Some(format!("smarty {one} has {name}")),
        (Some(_), (last, others)) => Some(format!(
            "smarty {} and {last} have {name}",
            others.join(", ")
        )),
    }
}

/// What was meant by a word in the place of a command.
fn meant(commands: &Command, word: &str) -> Option<String> {
    if let Some(near) = nearest(word, commands.get_subcommands().map(Command::get_name)) {
        return Some(format!("nearest: smarty {near}"));
    }
    let live = word.starts_with("/dev/") || word.starts_with("tcp://") || word.starts_with("sim:");
    match live {
        true => Some(format!("smarty watch {word} reads it")),
        false if Path::new(word).is_file() && !is_misplaced_key(word.as_ref()) => {
            Some(format!("smarty parse {word} reads it"))
        }
        false => None,
    }
}

/// The word behind the value in a message that is nearly the value.
fn near_value<'a>(value: &str, message: &'a str) -> Option<&'a str> {
    let known = message.split_once("': ")?.1;
    let words = known.split([' ', ',', '`', '\'', '"', '|', ';', '(', ')', '[', ']']);
    let words = words.map(|word| word.trim_end_matches(['.', ':']));
    // The amount of a fault.
    let words = words.map(|word| word.split_once('=').map_or(word, |(name, _)| name));
    let long = |word: &&str| word.len() > 2 && *word != value;
    (value.len() > 2).then(|| nearest(value, words.filter(long)))?
}

impl From<&clap::Error> for Failure {
    /// What clap has to say, in our shape: its first sentence, and its tips or where the options are listed.
    fn from(error: &clap::Error) -> Self {
        let mut text = error.render().to_string();
        for (_, value) in error.context() {
            if let ContextValue::String(word) = value
                && is_misplaced_key(word.as_ref())
            {
                text = text.replace(word, "(a key, not shown)");
            }
        }
        let mut paragraphs = text.split("\n\n");
        let what = paragraphs.next().unwrap_or_default();
        let what = what.strip_prefix("error: ").unwrap_or(what).trim();
        let lines: Vec<_> = what.lines().map(str::trim).collect();
        let what = match error.get(ContextKind::InvalidArg) {
            Some(ContextValue::Strings(missing))
                if error.kind() == ErrorKind::MissingRequiredArgument =>
            {
                format!("{} is missing", missing.join(", "))
            }
            _ => lines.join(" "),
        };
        // How a value that begins with a dash is written helps nobody who mistyped an option.
        let tips: Vec<_> = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("tip: "))
            .filter(|tip| !tip.starts_with("to pass "))
            .collect();
        let command = text
            .lines()
            .find_map(|line| line.strip_prefix("Usage: smarty "))
            .and_then(|usage| usage.split(' ').next())
            .filter(|word| word.bytes().all(|b| b.is_ascii_lowercase()));
        let hint = match (tips.as_slice(), command) {
            ([], Some(command)) => format!("smarty {command} --help lists the options"),
            ([], None) => {
                "smarty --help lists the commands, smarty COMMAND --help the options".to_owned()
            }
            (tips, _) => tips.join("\n"),
        };
        Self::new(Exit::Usage, what).hint(hint)
    }
}
