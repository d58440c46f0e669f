//! What the user can type.

mod capture;
mod doctor;
mod examples;
mod generate;
mod help;
mod input;
mod inspect;
mod key_ring;
mod keys;
mod output;
mod report;
mod services;
mod setup;
mod simulate;

pub use self::capture::{Capture, CaptureFormat};
pub use self::doctor::Doctor;
pub use self::generate::{Generate, Generated};
pub use self::help::{Help, command};
pub use self::input::{FormChoice, InputArgs, OnOff, ServerArgs, SourceArgs};
pub use self::inspect::Inspect;
pub use self::key_ring::{Keys, KeysAdd, KeysArgs, KeysCheck, KeysList, KeysRemove, TagDue};
pub use self::keys::{KeyArgs, TagWhen, is_misplaced_key, join_keys};
pub use self::output::{Format, OutputArgs};
pub use self::report::{PeriodArgs, PeriodFormat, Report};
pub use self::services::{
    BrokerUrl, DeriveArgs, ForwardArgs, HookArgs, HookSettings, LayoutNames, MetricsArgs, MqttArgs,
    NotifyUrl, ServiceArgs, StoreArgs, TopicsWhat, parse_keep, parse_step, parse_version,
};
pub use self::setup::Setup;
pub use self::simulate::{Listen, Simulate};

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use self::examples::exits;
use crate::cli::completion::{sources, words};
use crate::format::words::Language;
use crate::p1::condition::milliseconds;
use crate::store::rotation::Rotation;

macro_rules! first_steps {
    () => {
        "Examples:
  smarty watch sim:                      try it without a meter: q ends
  smarty setup                           a meter of your own, in a few questions
  smarty ports                           is the cable there?
  smarty watch /dev/ttyUSB0 --key        a meter of your own; asks for its key
  smarty parse dump.bin --key            what a file holds, as a table
  smarty parse dump.bin --key-file my.key --json | jq .values

When it does not work: smarty help faults. The whole manual: smarty help."
    };
}

/// Captures, decrypts, parses and watches the P1 port of smart meters.
#[derive(Debug, Parser)]
#[command(name = "smarty", version, styles = STYLES, max_term_width = 100)]
#[command(
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true
)]
#[command(after_help = first_steps!(), after_long_help = concat!(first_steps!(), exits!()))]
pub struct Cli {
    /// What is to be done.
    #[command(subcommand)]
    pub command: Command,
    /// Options that every command has.
    #[command(flatten)]
    pub global: Global,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Record what meters send, byte for byte
    #[command(after_long_help = capture::EXAMPLES)]
    Capture(Capture),
    /// Decrypt frames and print the telegrams as they are, byte for byte
    #[command(after_long_help = examples::DECRYPT)]
    Decrypt(Run),
    /// Read telegrams, encrypted or not, and print tables, JSON or CSV
    #[command(after_long_help = examples::PARSE)]
    Parse(Run),
    /// Show a frame byte by byte, layer by layer, and what is wrong with it
    #[command(after_long_help = inspect::EXAMPLES)]
    Inspect(Box<Inspect>),
    /// Sum up consumption by hour, day, month or year
    #[command(after_long_help = report::EXAMPLES)]
    Report(Box<Report>),
    /// Show meters live, on a screen or line by line
    #[command(after_long_help = examples::WATCH)]
    Watch(Box<Watch>),
    /// Simulate meters, on pseudo-terminals, TCP, in a file or on stdout
    #[command(after_long_help = simulate::EXAMPLES)]
    Simulate(Box<Simulate>),
    /// List serial ports and what is known about them
    Ports(Ports),
    /// Manage the keys of meters, and check which frames a key opens
    Keys(KeysArgs),
    /// Set up a meter in a few questions: find it, check its key, write smarty.toml
    #[command(after_long_help = setup::EXAMPLES)]
    Setup(Box<Setup>),
    /// Check a set-up that stopped working, and say what to fix
    #[command(after_long_help = doctor::EXAMPLES)]
    Doctor(Doctor),
    /// Print shell completions, man pages, the JSON Schema, a systemd unit
    #[command(after_long_help = generate::EXAMPLES)]
    Generate(Generate),
    /// Read the manual: a topic, a command, or what a finding means
    Help(Help),
}

impl Command {
    /// Whether keys come into its memory.
    pub fn has_keys(&self) -> bool {
        match self {
            Self::Decrypt(_)
            | Self::Parse(_)
            | Self::Inspect(_)
            | Self::Report(_)
            | Self::Watch(_)
            | Self::Simulate(_)
            | Self::Keys(_)
            | Self::Setup(_)
            | Self::Doctor(_) => true,
            Self::Capture(_) | Self::Ports(_) | Self::Generate(_) | Self::Help(_) => false,
        }
    }
}

/// Options that every command has.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// Print errors only, without hints
    #[arg(short, long, global = true, help_heading = "Messages")]
    pub quiet: bool,
    /// Print more: what an input looks like, which key is used; twice: every event
    #[arg(short, long, global = true, action = ArgAction::Count, conflicts_with = "quiet", help_heading = "Messages")]
    pub verbose: u8,
    /// When to use colours
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "Messages",
        hide_short_help = true
    )]
    pub color: ColorWhen,
    /// Language of findings and their hints [default: from LANG]
    #[arg(
        long,
        global = true,
        value_name = "LANGUAGE",
        help_heading = "Messages",
        hide_short_help = true
    )]
    pub lang: Option<Lang>,
    /// Read sources and options from this file instead of smarty.toml in the configuration folder
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        help_heading = "Configuration",
        hide_short_help = true
    )]
    pub config: Option<PathBuf>,
}

/// Language of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Lang {
    /// English.
    En,
    /// German.
    De,
    /// French.
    Fr,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Options of the commands that decode.
#[derive(Clone, Debug, Args)]
pub struct Run {
    /// Files, ports or addresses: dump.bin, - (stdin), /dev/ttyUSB0, tcp://HOST:PORT, sim:
    ///
    /// Also http://HOST/PATH, mqtt://HOST/TOPIC and pulse:LINE (the LED of a meter); auto is the only USB port, sim: the virtual meter. A label may come first: house=/dev/ttyUSB0.
    #[arg(value_name = "INPUT", add = sources())]
    pub inputs: Vec<OsString>,
    /// Keys and tags.
    #[command(flatten)]
    pub keys: KeyArgs,
    /// What is written, and where to.
    #[command(flatten)]
    pub output: OutputArgs,
    /// What is read, and how.
    #[command(flatten)]
    pub input: InputArgs,
    /// Serial ports and servers.
    #[command(flatten)]
    pub source: SourceArgs,
    /// Computed values.
    #[command(flatten)]
    pub derive: DeriveArgs,
    /// Years.
    #[command(flatten)]
    pub store: StoreArgs,
}

/// Options of `watch`.
#[derive(Clone, Debug, Args)]
pub struct Watch {
    /// Ports, addresses or files: auto, /dev/ttyUSB0, tcp://HOST:PORT, sim: [default: smarty.toml, else auto]
    ///
    /// Several are read at once. Also http://HOST/PATH, mqtt://HOST/TOPIC and pulse:LINE (the LED of a meter); auto is the only USB port, sim: the virtual meter. A label may come first: house=/dev/ttyUSB0.
    #[arg(value_name = "SOURCE", add = sources())]
    pub sources: Vec<OsString>,
    /// Keys and tags.
    #[command(flatten)]
    pub keys: KeyArgs,
    /// Serial ports and servers.
    #[command(flatten)]
    pub source: SourceArgs,
    /// What is written, and where to.
    #[command(flatten)]
    pub output: OutputArgs,
    /// What is left out.
    #[command(flatten)]
    pub sampling: SamplingArgs,
    /// Services beside the output.
    #[command(flatten)]
    pub services: ServiceArgs,
    /// What is read, and how.
    #[command(flatten)]
    pub input: InputArgs,
}

/// Options that leave telegrams out.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Sampling")]
pub struct SamplingArgs {
    /// Only the last telegram of each period, per meter (10s, 60s, 15m, 1d)
    ///
    /// Hours and days are those of --tz.
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub every: Option<Duration>,
    /// Only telegrams in which a value changed
    ///
    /// The clock does not count; with -F only the values named there count.
    #[arg(long, hide_short_help = true)]
    pub on_change: bool,
    /// Start a new file each day (daily) or at a size (100MB, 1GiB): a-2026-11-23.csv, a.1.csv
    #[arg(long, value_name = "WHEN", requires = "out", help_heading = "Output", hide_short_help = true, add = words(&["daily"]))]
    pub rotate: Option<Rotation>,
}

/// Options of `ports`.
#[derive(Clone, Debug, Args)]
pub struct Ports {}

impl Lang {
    /// The one that was chosen, or that of the environment.
    pub fn language(chosen: Option<Self>) -> Language {
        match chosen {
            Some(Self::En) => Language::English,
            Some(Self::De) => Language::German,
            Some(Self::Fr) => Language::French,
            None => {
                // The first that is set and not empty counts (POSIX, 8.2).
                let names = ["LC_ALL", "LC_MESSAGES", "LANG"];
                let locale = names
                    .iter()
                    .filter_map(std::env::var_os)
                    .find(|locale| !locale.is_empty());
                Language::of_locale(&locale.unwrap_or_default().to_string_lossy())
            }
        }
    }
}

impl ColorWhen {
    /// Makes the choice hold for all that is printed.
    pub fn write_global(self) {
        match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}

/// Reads `30s`, `10m`, `2h`, `1d`, `250ms`; a bare number is seconds.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let is_bare = text.bytes().all(|byte| byte.is_ascii_digit());
    let unit = if is_bare { "s" } else { "" };
    let time = milliseconds(&format!("{text}{unit}"))
        .map(Duration::from_millis)
        .filter(|time| !time.is_zero());
    time.ok_or_else(|| "expected a time such as 30s, 10m, 2h or 1d".to_owned())
}

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_of_the_arguments_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn times_are_read_with_their_unit() {
        assert_eq!(parse_duration("90"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_duration("10m"), Ok(Duration::from_secs(600)));
        assert_eq!(parse_duration("250ms"), Ok(Duration::from_millis(250)));
        for text in ["", "x", "10y", "0", "99999999999999999999d"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
