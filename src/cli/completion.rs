//! What a shell offers while somebody types: options, and the values that fit.
//!
//! The shell runs the program with `SMARTY_COMPLETE` set and the words so far; so it offers the ports that are there
//! now, and the scripts in `completions/` never grow old.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::engine::{
    ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter,
};
use clap_complete::env::{CompleteEnv, Shells};

use super::args::Cli;
use crate::p1::derive::QUANTITIES;
use crate::p1::line::Fault;
use crate::p1::obis;
use crate::run::failure::Exit;
use crate::source::dump::Form;
use crate::source::ports;

/// Answers a shell that asks what may come next; `None` where none does.
pub fn answer(arguments: &[OsString]) -> Option<ExitCode> {
    let folder = std::env::current_dir().ok();
    let environment = CompleteEnv::with_factory(Cli::command)
        .var(VARIABLE)
        .bin(NAME)
        .completer(NAME);
    match environment.try_complete(arguments, folder.as_deref()) {
        Ok(false) => None,
        Ok(true) => Some(Exit::Success.code()),
        // Nobody reads what is said while a line is typed.
        Err(_) => Some(Exit::Usage.code()),
    }
}

/// The script that makes a shell ask.
pub fn script(shell: &str) -> Vec<u8> {
    let mut text = Vec::new();
    let shells = Shells::builtins();
    if let Some(completer) = shells.completer(shell) {
        // A vector takes all that is written.
        drop(completer.write_registration(VARIABLE, NAME, NAME, NAME, &mut text));
    }
    if shell == "zsh" {
        // As a file of `fpath` the script is read at the first Tab, which it then has to answer.
        text.extend_from_slice(
            b"if [ \"$funcstack[1]\" = \"_smarty\" ]; then\n    _clap_dynamic_completer_smarty \"$@\"\nfi\n",
        );
    }
    text
}

/// Names of values, with commas between them.
pub(super) fn fields() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let text = current.to_string_lossy();
        let (before, begun) = match text.rfind(',') {
            Some(comma) => text.split_at(comma + 1),
            None => ("", text.as_ref()),
        };
        let known = obis::entries().iter().map(|entry| (entry.key, entry.words));
        let computed = QUANTITIES
            .iter()
            .map(|quantity| (quantity.key, quantity.words));
        let chosen: Vec<&str> = before.split(',').collect();
        let left = known
            .chain(computed)
            .filter(|(key, _)| !chosen.contains(key));
        offer(begun, left)
            .into_iter()
            .map(|candidate| candidate.add_prefix(before))
            .collect()
    })
}

/// Ports that are there, what else can be read, and files; behind the label of a source too.
pub(super) fn sources() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let text = current.to_string_lossy();
        let (label, begun) = match text.split_once('=') {
            Some((label, _)) if !label.contains(['/', '?', ':']) => text.split_at(label.len() + 1),
            _ => ("", text.as_ref()),
        };
        let ports = ports::list();
        let paths: Vec<String> = ports
            .iter()
            .map(|port| port.path.display().to_string())
            .collect();
        let shown = paths.iter().map(|path| (path.as_str(), "serial port"));
        let mut found = offer(begun, shown.chain(OTHER_SOURCES));
        found.extend(PathCompleter::any().complete(OsStr::new(begun)));
        found
            .into_iter()
            .map(|candidate| candidate.add_prefix(label))
            .collect()
    })
}

/// Zones of the system.
pub(super) fn zones() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let names: Vec<String> = jiff::tz::db()
            .available()
            .map(|name| name.to_string())
            .collect();
        offer(
            &current.to_string_lossy(),
            names.iter().map(|name| (name.as_str(), "")),
        )
    })
}

/// Forms of inputs.
pub(super) fn forms() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let forms = Form::ALL.iter().map(|form| (form.name(), ""));
        offer(
            &current.to_string_lossy(),
            [("auto", "find it out")].into_iter().chain(forms),
        )
    })
}

/// Faults of a virtual meter.
pub(super) fn faults() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| offer(&current.to_string_lossy(), Fault::KINDS))
}

/// Words that may stand where many others may, too.
pub(super) fn words(words: &'static [&'static str]) -> ArgValueCompleter {
    ArgValueCompleter::new(move |current: &OsStr| {
        offer(
            &current.to_string_lossy(),
            words.iter().map(|word| (*word, "")),
        )
    })
}

fn offer<'a>(
    begun: &str,
    all: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Vec<CompletionCandidate> {
    let mut seen = HashSet::new();
    let all = all
        .into_iter()
        .filter(|(word, _)| word.starts_with(begun) && seen.insert(*word));
    all.map(|(word, about)| {
        let help = (!about.is_empty()).then(|| about.to_owned().into());
        CompletionCandidate::new(word).help(help)
    })
    .collect()
}

/// Sources that are no files.
const OTHER_SOURCES: [(&str, &str); 8] = [
    ("auto", "the only USB serial port"),
    ("sim:", "the virtual meter"),
    ("tcp://", "a serial port behind a network"),
    ("http://", "a page that gives a telegram"),
    ("https://", "a page that gives a telegram"),
    ("mqtt://", "payloads of a broker"),
    ("mqtts://", "payloads of a broker"),
    ("pulse:", "the LED of a meter"),
];

/// The variable of the environment in which a shell says which one it is.
const VARIABLE: &str = "SMARTY_COMPLETE";

/// What the program is called.
const NAME: &str = "smarty";

#[cfg(test)]
mod tests {
    use super::*;

    /// What is offered for the last word of a line.
    fn offered(line: &[&str]) -> Vec<String> {
        let words = line.iter().map(OsString::from).collect::<Vec<_>>();
        let mut command = Cli::command();
        let last = words.len() - 1;
        let found = clap_complete::engine::complete(&mut command, words, last, None).unwrap();
        let texts = found.iter().map(|candidate| candidate.get_value());
        texts
            .map(|text| text.to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn fields_are_offered_one_behind_the_other() {
        let line = ["smarty", "parse", "-F", "gas_m3,voltage_l"];
        let phases = [
            "gas_m3,voltage_l1_v",
            "gas_m3,voltage_l2_v",
            "gas_m3,voltage_l3_v",
        ];
        assert_eq!(offered(&line), phases);
        let line = ["smarty", "parse", "-F", "voltage_l1_v,voltage_l"];
        assert_eq!(offered(&line).len(), 2);
    }

    #[test]
    fn values_of_options_are_offered() {
        for (line, expected) in [
            (["parse", "--input", "hexd"], "hexdump"),
            (["simulate", "--profile", "no-ai"], "no-aidon"),
            (["simulate", "--fault", "icr"], "icrnl"),
            (["watch", "--rotate", "d"], "daily"),
            (["watch", "--baud", "a"], "auto"),
            (["parse", "--tag", "w"], "warn"),
        ] {
            assert_eq!(offered(&[&["smarty"], &line[..]].concat()), [expected]);
        }
        let zones = offered(&["smarty", "parse", "--tz", "Europe/Lux"]);
        assert!(zones.is_empty() || zones == ["Europe/Luxembourg"]);
    }

    #[test]
    fn sources_are_offered_behind_their_label() {
        assert!(offered(&["smarty", "watch", "si"]).contains(&"sim:".to_owned()));
        assert!(offered(&["smarty", "watch", "house=aut"]).contains(&"house=auto".to_owned()));
        let files = offered(&["smarty", "parse", "samples/lu-pl"]);
        assert!(
            files.contains(&"samples/lu-plain.txt".to_owned()),
            "{files:?}"
        );
    }

    #[test]
    fn a_topic_of_the_manual_is_offered() {
        assert!(offered(&["smarty", "help", "fau"]).contains(&"faults".to_owned()));
    }
}
