//! `help`: topics of the manual, commands and findings.

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, Command, CommandFactory};

use crate::cli::help::TOPICS;
use crate::p1::diagnosis::Verdict;

/// Options of `help`.
#[derive(Clone, Debug, Args)]
pub struct Help {
    /// A topic of the manual, a command, or the code of a finding (wrong_key)
    #[arg(value_name = "TOPIC", value_parser = PossibleValuesParser::new(words()), hide_possible_values = true)]
    pub words: Vec<String>,
}

/// All that can stand behind `smarty help`.
fn words() -> Vec<PossibleValue> {
    let topics = TOPICS
        .iter()
        .map(|topic| PossibleValue::new(topic.name).help(topic.about));
    let mut words: Vec<_> = topics.collect();
    let mut more = |name: &'static str, shown: bool| {
        if words.iter().all(|word| word.get_name() != name) {
            words.push(PossibleValue::new(name).hide(!shown));
        }
    };
    for command in COMMANDS {
        more(command, true);
    }
    for verdict in Verdict::ALL {
        more(verdict.code(), false);
    }
    words
}

/// The command that words name, one in the other.
pub fn command(words: &[String]) -> Option<Command> {
    let mut command = super::Cli::command();
    command.build();
    let mut found = &command;
    for word in words {
        found = found.find_subcommand(word)?;
    }
    Some(found.clone())
}

/// Commands, and those that stand within others.
const COMMANDS: &[&str] = &[
    "capture", "decrypt", "parse", "inspect", "report", "watch", "simulate", "ports", "keys",
    "setup", "doctor", "generate", "add", "list", "check", "remove",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_its_word() {
        fn look(command: &Command) {
            for inner in command.get_subcommands() {
                assert!(
                    COMMANDS.contains(&inner.get_name()) || inner.get_name() == "help",
                    "{}",
                    inner.get_name()
                );
                look(inner);
            }
        }
        look(&super::super::Cli::command());
    }
}
