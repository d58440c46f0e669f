//! The program as a user runs it: command, both streams and exit code in one snapshot.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::print_stderr)]

mod completions;
mod countries;
mod decrypt;
mod errors;
mod explain;
mod faults;
mod field;
mod help;
mod inputs;
mod inspect;
mod key_commands;
mod keys;
mod layers;
mod manual;
mod merge;
mod output;
mod packed;
mod parse;
mod pasted;
mod push_logs;
mod real;
mod report;
mod run;
mod scale;
mod schema;
mod secrets;
mod services;
mod simulate;
mod store;
mod told;
