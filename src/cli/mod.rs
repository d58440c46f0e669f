//! The command line: arguments, opening of sources and keys, the loop, what is said.

pub mod args;

pub mod completion;

pub mod help;

pub mod usage;

pub mod keys;

pub mod signals;

pub mod config;

#[cfg(any(feature = "http", feature = "mqtt"))]
mod credentials;

pub mod inputs;

pub mod listening;

pub mod caution;

pub mod naming;

pub mod messages;

pub mod output;

pub mod services;

pub mod commands;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use crate::run::failure::{Exit, Failure};
use args::{Cli, Command};
use commands::{
    capture, decode, doctor, generate, help as manual, inspect, key_ring, ports, report, setup,
    simulate, watch,
};

/// Runs the program with its arguments, the first of which is its own name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    if let Some(exit) = completion::answer(&arguments) {
        return exit;
    }
    let arguments = args::join_keys(arguments);
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => return misuse(&error, &arguments),
    };
    cli.global.color.write_global();
    args::Lang::language(cli.global.lang).speak();
    if cli.command.has_keys() {
        caution::without_dumps();
    }
    let done = match &cli.command {
        Command::Decrypt(run) => decode::run(run, &cli.global, decode::Preset::Decrypt),
        Command::Parse(run) => decode::run(run, &cli.global, decode::Preset::Parse),
        Command::Inspect(what) => inspect::run(what, &cli.global),
        Command::Report(what) => report::run(what, &cli.global),
        Command::Simulate(what) => simulate::run(what, &cli.global),
        Command::Watch(watch) => watch::run(watch, &cli.global),
        Command::Capture(capture) => capture::run(capture, &cli.global),
        Command::Ports(_) => ports::run(),
        Command::Keys(keys) => key_ring::run(keys, &cli.global),
        Command::Setup(what) => setup::run(what, &cli.global),
        Command::Doctor(what) => doctor::run(what, &cli.global),
        Command::Generate(what) => generate::run(what, cli.global.quiet),
        Command::Help(what) => manual::run(what),
    };
    let exit = done.unwrap_or_else(|failure: Failure| failure.report(cli.global.quiet));
    exit.code()
}

/// Says what clap has to say; a broken pipe of the help is silent.
fn misuse(error: &clap::Error, arguments: &[OsString]) -> ExitCode {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            drop(error.print());
            Exit::Success.code()
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            drop(error.print());
            Exit::Usage.code()
        }
        _ => usage::failure(error, arguments).report(false).code(),
    }
}
