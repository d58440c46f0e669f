//! The command line: arguments, opening of sources and keys, the pump, the report.

pub mod args;

pub mod failure;

pub mod keys;

pub mod words;

pub mod writer;

pub mod output;

pub mod tally;

pub mod lane;

pub mod signals;

pub mod pump;

pub mod decode;

pub mod ports;

pub mod generate;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use args::{Cli, Command};
use failure::{Exit, Failure};

/// Runs the program with its arguments, the first of which is its own name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = args::join_keys(arguments);
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    cli.global.color.write_global();
    let done = match &cli.command {
        Command::Decrypt(run) => decode::run(run, &cli.global, decode::Default::Decrypt),
        Command::Parse(run) => decode::run(run, &cli.global, decode::Default::Parse),
        Command::Ports(_) => ports::run(),
        Command::Generate(what) => generate::run(what),
    };
    let exit = done.unwrap_or_else(|failure: Failure| failure.report(cli.global.quiet));
    exit.code()
}

/// Says what clap has to say; a broken pipe of the help is silent.
fn usage(error: &clap::Error) -> ExitCode {
    // Nobody reads any more: nothing is to be said.
    drop(error.print());
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Good.code(),
        _ => Exit::Usage.code(),
    }
}
