//! What the user can type.

mod services;
mod simulate;

pub use self::services::{
    BrokerUrl, DeriveArgs, ForwardArgs, LayoutNames, MetricsArgs, MqttArgs, ServiceArgs,
    TopicsWhat, parse_version,
};
pub use self::simulate::{Listen, Simulate};

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use crate::p1::shard::Shard;
use crate::sink::rotation::Rotation;
use crate::source::dump::Form;

/// Captures, decrypts, parses and watches the P1 port of smart meters.
#[derive(Debug, Parser)]
#[command(name = "smarty", version, styles = STYLES, max_term_width = 100)]
#[command(subcommand_required = true, arg_required_else_help = true)]
#[command(after_help = "Examples:
  smarty watch sim:                      try it without a meter: q ends
  smarty ports                           is the cable there?
  smarty watch /dev/ttyUSB0 --key        a meter of your own; asks for its key
  smarty parse dump.bin --key            what a file holds, as a table
  smarty parse dump.bin --key-file my.key --json | jq .values

When it does not work: the README, section \"It does not work\".")]
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
    /// Store what meters send, exactly as it came
    #[command(after_long_help = CAPTURE_EXAMPLES)]
    Capture(Capture),
    /// Decrypt frames and print the telegrams, byte for byte
    #[command(after_long_help = DECRYPT_EXAMPLES)]
    Decrypt(Run),
    /// Parse telegrams and print tables, JSON or CSV
    #[command(after_long_help = PARSE_EXAMPLES)]
    Parse(Run),
    /// Show meters live, on a screen or line by line
    #[command(after_long_help = WATCH_EXAMPLES)]
    Watch(Box<Watch>),
    /// Be a virtual meter, on a pseudo-terminal, TCP, a file or stdout
    #[command(after_long_help = simulate::EXAMPLES)]
    Simulate(Box<Simulate>),
    /// List serial ports and what is known of them
    Ports(Ports),
    /// Print completions for shells, man pages, the JSON Schema, a unit of systemd
    #[command(after_long_help = GENERATE_EXAMPLES)]
    Generate(Generate),
}

/// Options that every command has.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// Say errors only, without hints
    #[arg(short, long, global = true, help_heading = "Talk")]
    pub quiet: bool,
    /// Say more: what an input looks like, which key is used; twice: each event
    #[arg(short, long, global = true, action = ArgAction::Count, conflicts_with = "quiet", help_heading = "Talk")]
    pub verbose: u8,
    /// When to use colours
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "Talk"
    )]
    pub color: ColorWhen,
    /// Sources and options in a file, instead of smarty.toml in the configuration folder
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        help_heading = "Configuration"
    )]
    pub config: Option<PathBuf>,
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
    /// Files, ports or addresses: a path, - (stdin), tcp://HOST:PORT, sim: (the virtual meter) or auto; a label may stand before it (house=/dev/ttyUSB0)
    #[arg(value_name = "INPUT")]
    pub inputs: Vec<OsString>,
    /// Keys and tags.
    #[command(flatten)]
    pub keys: KeyArgs,
    /// What is read, and how.
    #[command(flatten)]
    pub input: InputArgs,
    /// Serial ports and servers.
    #[command(flatten)]
    pub source: SourceArgs,
    /// What is written, and where to.
    #[command(flatten)]
    pub output: OutputArgs,
    /// Computed values.
    #[command(flatten)]
    pub derive: DeriveArgs,
}

/// Options of `watch`.
#[derive(Clone, Debug, Args)]
pub struct Watch {
    /// Ports, servers or files, all at once: a path, tcp://HOST:PORT, sim: or auto; a label may stand before it (house=/dev/ttyUSB0); default: those of smarty.toml, else auto
    #[arg(value_name = "SOURCE")]
    pub sources: Vec<OsString>,
    /// What is left out.
    #[command(flatten)]
    pub thin: ThinArgs,
    /// Services beside the output.
    #[command(flatten)]
    pub services: ServiceArgs,
    /// Keys and tags.
    #[command(flatten)]
    pub keys: KeyArgs,
    /// What is read, and how.
    #[command(flatten)]
    pub input: InputArgs,
    /// Serial ports and servers.
    #[command(flatten)]
    pub source: SourceArgs,
    /// What is written, and where to.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Options that leave telegrams out.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Stream")]
pub struct ThinArgs {
    /// Only the last telegram of each period, for each meter (10s, 60s, 15m, 1d)
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub every: Option<Duration>,
    /// Only telegrams with a value that changed, the clock aside; with -F those values only
    #[arg(long)]
    pub on_change: bool,
    /// Begin a new file each day (daily) or at a size (100MB, 1GiB): a-2026-11-23.csv, a.1.csv
    #[arg(long, value_name = "WHEN", requires = "out")]
    pub rotate: Option<Rotation>,
}

/// Options of `capture`.
#[derive(Clone, Debug, Args)]
pub struct Capture {
    /// Ports, servers, FIFOs: a path, - (stdin), tcp://HOST:PORT or auto; a label may stand before it (house=/dev/ttyUSB0); default: those of smarty.toml, else auto
    #[arg(value_name = "SOURCE")]
    pub sources: Vec<OsString>,
    /// The file to store in; %l in it stands for the label, a file for each source
    #[arg(short, long, value_name = "FILE")]
    pub out: PathBuf,
    /// How the bytes are stored
    #[arg(short, long, value_name = "FORMAT", default_value = "raw")]
    pub format: CaptureFormat,
    /// Stop after so many whole frames
    #[arg(short = 'n', long = "count", value_name = "N")]
    pub count: Option<u64>,
    /// Replace an existing file
    #[arg(long)]
    pub force: bool,
    /// Append to an existing file
    #[arg(long, conflicts_with = "force")]
    pub append: bool,
    /// Begin a new file each day (daily) or at a size (100MB, 1GiB): a-2026-11-23.bin, a.1.bin
    #[arg(long, value_name = "WHEN")]
    pub rotate: Option<Rotation>,
    /// Serial ports and servers.
    #[command(flatten)]
    pub source: SourceArgs,
}

/// How captured bytes are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CaptureFormat {
    /// The bytes as they came, nothing else.
    Raw,
    /// A line a frame: time, label, kind, length, hex.
    Log,
}

/// Options of keys.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Keys")]
pub struct KeyArgs {
    /// Key of the meter, 32 hexadecimal digits; alone: ask for it
    #[arg(short, long, value_name = "KEY", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub key: Option<OsString>,
    /// File with the key: 32 hexadecimal digits or 16 bytes
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    pub key_file: Option<PathBuf>,
    /// Key ring: TOML with a key for each meter
    #[arg(long, value_name = "FILE")]
    pub keyring: Option<PathBuf>,
    /// Second key, for meters that have one of their own (Austria, Switzerland); Luxembourg's is built in
    #[arg(long, value_name = "HEX")]
    pub auth_key: Option<OsString>,
    /// When one digit of the key turns out to be mistyped, say which it should be
    #[arg(long)]
    pub show_key: bool,
    /// What to do with a frame whose tag, the proof of origin, is wrong
    #[arg(long, value_name = "HOW", default_value = "verify")]
    pub tag: TagWhen,
}

/// What a wrong tag does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum TagWhen {
    /// Refuse the frame.
    #[default]
    Verify,
    /// Let it through where its CRC is right, and mark it.
    Warn,
    /// Do not look at it.
    Skip,
}

/// Options of inputs.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Input")]
pub struct InputArgs {
    /// What a file looks like: auto finds it out, or bin, hex, xxd, hexdump, carray, base64, log, text, ndjson
    #[arg(short, long, value_name = "FORM", default_value = "auto", value_parser = parse_form)]
    pub input: FormChoice,
    /// Only frames of this meter: device id or system title; repeatable
    #[arg(long, value_name = "ID")]
    pub meter: Vec<String>,
    /// Only the K-th of N equal parts of all meters, to share a stream among N processes
    #[arg(long, value_name = "K/N")]
    pub shard: Option<Shard>,
    /// Print telegrams whose CRC does not fit, and mark them
    #[arg(long)]
    pub ignore_crc: bool,
    /// Read on when a file grows, as tail -F does, also when it is replaced or emptied; Ctrl-C, -n or --duration ends it
    #[arg(long, conflicts_with = "explain")]
    pub follow: bool,
    /// Undo what a serial port in the wrong mode or an editor has done, where a tag or CRC proves it
    #[arg(long)]
    pub repair: bool,
    /// Zone of the meter's clock, for times without S or W [default: Europe/Luxembourg]
    #[arg(long, value_name = "ZONE")]
    pub tz: Option<String>,
    /// Stop after so many telegrams
    #[arg(short = 'n', long = "count", visible_alias = "limit", value_name = "N")]
    pub count: Option<u64>,
    /// Print the last telegram only
    #[arg(long)]
    pub last: bool,
}

/// A form, or the wish that it be found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormChoice(pub Option<Form>);

/// Options of serial ports and servers.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Ports and servers")]
pub struct SourceArgs {
    /// Speed of serial ports, in baud [default: 115200]
    #[arg(long, value_name = "BAUD")]
    pub baud: Option<u32>,
    /// Data bits, parity and stop bits of serial ports [default: 8N1]
    #[arg(long, value_name = "MODE")]
    pub mode: Option<crate::source::Mode>,
    /// Set the control line RTS [default: as the system sets it]
    #[arg(long, value_name = "STATE")]
    pub rts: Option<OnOff>,
    /// Set the control line DTR [default: as the system sets it]
    #[arg(long, value_name = "STATE")]
    pub dtr: Option<OnOff>,
    /// End when a port or server goes away
    #[arg(long)]
    pub no_reconnect: bool,
    /// End with exit code 5 when no telegram comes for so long (30s, 5m)
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub timeout: Option<Duration>,
    /// End after so long (30s, 10m, 2h, 1d)
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub duration: Option<Duration>,
}

/// State of a control line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OnOff {
    /// Set.
    On,
    /// Cleared.
    Off,
}

/// Options of outputs.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// What is printed
    #[arg(short, long, value_name = "FORMAT", group = "form")]
    pub format: Option<Format>,
    /// Short for --format json
    #[arg(long, group = "form")]
    pub json: bool,
    /// Short for --format csv
    #[arg(long, group = "form")]
    pub csv: bool,
    /// Short for --format raw
    #[arg(long, group = "form")]
    pub raw: bool,
    /// With --json: over several lines, indented
    #[arg(long)]
    pub pretty: bool,
    /// Only these values: names or OBIS codes with commas; `-F help` lists them
    #[arg(short = 'F', long, value_name = "A,B")]
    pub fields: Option<String>,
    /// With --json: also refused frames, and when a port is lost or comes back
    #[arg(long)]
    pub events: bool,
    /// Write to a file: made whole or not at all; of live sources and in watch, line by line as they come
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Replace an existing file
    #[arg(long, requires = "out")]
    pub force: bool,
    /// Append to an existing file
    #[arg(long, requires = "out", conflicts_with = "force")]
    pub append: bool,
    /// Examine the input step by step: what was looked at, what was found, where it first fails
    #[arg(long)]
    pub explain: bool,
    /// Replace all that names a meter, so that the output can be posted in a forum
    #[arg(long)]
    pub redact: bool,
    /// Threads that decode files of encrypted frames [default: one a processor]
    #[arg(long, value_name = "N", value_parser = parse_jobs)]
    pub jobs: Option<usize>,
}

/// What is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A table a telegram.
    Table,
    /// An object a line.
    Json,
    /// A row a telegram.
    Csv,
    /// The telegram byte for byte.
    Raw,
    /// The frame as a hex dump with its fields.
    Hex,
    /// InfluxDB line protocol.
    Influx,
    /// A file for DuckDB, DataFusion or Spark; with -o only.
    Parquet,
}

/// Options of `ports`.
#[derive(Clone, Debug, Args)]
pub struct Ports {}

/// Options of `generate`.
#[derive(Clone, Debug, Args)]
pub struct Generate {
    /// What to print
    pub what: Generated,
    /// Folder for man pages, one a command; without it the page of smarty is printed
    #[arg(value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
    /// The program that the unit of systemd runs [default: this one]
    #[arg(long, value_name = "PATH")]
    pub program: Option<PathBuf>,
    /// What the unit of systemd runs: a command line of smarty watch or smarty capture
    #[arg(last = true, value_name = "OPTIONS")]
    pub words: Vec<OsString>,
}

/// What can be generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Generated {
    /// Completions for bash.
    Bash,
    /// Completions for zsh.
    Zsh,
    /// Completions for fish.
    Fish,
    /// Completions for PowerShell.
    Powershell,
    /// Completions for elvish.
    Elvish,
    /// Man pages.
    Man,
    /// The JSON Schema of the output.
    Schema,
    /// A unit of systemd that runs smarty with the options behind --.
    Systemd,
    /// A rule of udev: stable names for USB adapters.
    Udev,
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

impl OutputArgs {
    /// The format asked for, if any.
    pub fn format(&self) -> Option<Format> {
        match (self.json, self.csv, self.raw) {
            (true, _, _) => Some(Format::Json),
            (_, true, _) => Some(Format::Csv),
            (_, _, true) => Some(Format::Raw),
            _ => self.format,
        }
    }
}

/// Joins `--key` or `-k` with a next word that looks like a key, and parts `-kHEX`.
///
/// So `--key HEX` works beside `--key=HEX`, and `--key /dev/ttyUSB0` asks for the key and opens the port.
/// It never looks at the file system.
pub fn join_keys(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut joined: Vec<OsString> = Vec::new();
    let mut arguments = arguments.into_iter().peekable();
    let mut words = false;
    while let Some(mut argument) = arguments.next() {
        words |= argument == "--";
        if !words
            && (argument == "--key" || argument == "-k")
            && let Some(key) = arguments.next_if(|next| looks_like_key(next))
        {
            argument.push("=");
            argument.push(key);
        }
        let attached = argument.to_str().and_then(|word| word.strip_prefix("-k"));
        if let Some(key) = attached.filter(|key| !words && looks_like_key(OsStr::new(key))) {
            argument = format!("-k={}", key.trim_start_matches('=')).into();
        }
        joined.push(argument);
    }
    joined
}

/// At least 16 hexadecimal digits and separators; a few letters that people take for digits.
fn looks_like_key(word: &OsStr) -> bool {
    has_key_digits(word, JOINED_MIN)
}

/// Tells whether a word that should be a file is a key in the wrong place; such a word is never shown.
pub fn is_misplaced_key(word: &OsStr) -> bool {
    has_key_digits(word, MISPLACED_MIN) && !Path::new(word).exists()
}

fn has_key_digits(word: &OsStr, least: usize) -> bool {
    let Some(word) = word.to_str() else {
        return false;
    };
    let digits = word.chars().filter(char::is_ascii_hexdigit).count();
    let others = word
        .chars()
        .filter(|c| !c.is_ascii_hexdigit() && !" :-,{}xX\\".contains(*c));
    let mistaken = others.clone().filter(|c| c.is_ascii_alphanumeric()).count();
    digits >= least && mistaken == others.count() && mistaken <= MISTAKEN_MAX
}

/// Reads a number of threads.
fn parse_jobs(text: &str) -> Result<usize, String> {
    let jobs = text.parse().ok();
    let jobs = jobs.filter(|jobs| (1..=JOBS_MAX).contains(jobs));
    jobs.ok_or_else(|| format!("expected a number from 1 to {JOBS_MAX}"))
}

/// Reads `30s`, `10m`, `2h`, `1d`, `250ms`; a bare number is seconds.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = match unit {
        "ms" => 1,
        "" | "s" => 1000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err("expected a time such as 30s, 10m, 2h or 1d".to_owned()),
    };
    let number: Option<u64> = number.parse().ok();
    let milliseconds = number.and_then(|number| number.checked_mul(factor));
    let time = milliseconds
        .map(Duration::from_millis)
        .filter(|time| !time.is_zero());
    time.ok_or_else(|| "expected a time such as 30s, 10m, 2h or 1d".to_owned())
}

fn parse_form(name: &str) -> Result<FormChoice, String> {
    if name == "auto" {
        return Ok(FormChoice(None));
    }
    let form: Result<Form, _> = name.parse();
    form.map(|form| FormChoice(Some(form))).map_err(|_| {
        let names: Vec<_> = Form::ALL.iter().map(|form| form.name()).collect();
        format!("expected auto, {}", names.join(", "))
    })
}

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Most threads that can be asked for.
const JOBS_MAX: usize = 256;
/// Digits of a word that is taken for a key behind `--key`.
const JOINED_MIN: usize = 16;
/// Digits of a word that is taken for a key where a file should be: times as names of files have fewer.
const MISPLACED_MIN: usize = 24;
/// Letters in a key that are no digits, at the most.
const MISTAKEN_MAX: usize = 4;

const DECRYPT_EXAMPLES: &str = "Examples:
  smarty decrypt dump.bin --key                  ask for the key
  smarty decrypt dump.bin --key-file my.key      the key from a file
  smarty decrypt --keyring keys.toml *.bin       each meter with its own key
  xclip -o | smarty decrypt --key-file my.key    a hex dump from a forum
  smarty decrypt dump.bin --key -f hex           the frame, field by field
  smarty decrypt dump.bin --key -o telegrams.txt";

const PARSE_EXAMPLES: &str = "Examples:
  smarty parse telegram.txt                      a table
  smarty parse dump.bin --key-file my.key        encrypted input too
  smarty parse dump.bin --json | jq .values.active_power_import_kw
  smarty parse year.bin --csv -F active_energy_import,gas -o year.csv
  smarty parse dump.bin --json --events          refused frames as well
  smarty parse year.bin --csv --reference-power 7kW -F excess_day,net_power
  smarty parse --explain dump.bin --key          why it does not work
  smarty parse -F help                           the names of all values";

const WATCH_EXAMPLES: &str = "Examples:
  smarty watch sim:                                the virtual meter
  smarty watch /dev/ttyUSB0 --key                  asks for the key
  smarty watch house=/dev/ttyUSB0 pv=tcp://10.0.0.7:2001 --json
  smarty watch --csv -o house.csv --append --rotate daily --every 60s
  smarty watch --json --on-change -F active_power_import
  smarty watch /dev/ttyUSB0 -n 1 --timeout 30s     one telegram, or exit code 5
  smarty watch /dev/ttyUSB0 --reference-power 7kW  what the quarter hour leaves
  smarty watch 'tank=/dev/ttyUSB5?device=maxsonar' a MaxBotix level sensor
  smarty watch auto --key-file my.key --forward 2001 --metrics 9100
  smarty watch house=auto --keyring keys.toml --forward house=pty:/tmp/meter
  smarty watch house=/dev/ttyUSB0 --mqtt mqtt://anna@broker.lan   and Home Assistant

smarty.toml in the configuration folder, so that `smarty watch` is enough:
  keyring = \"keys.toml\"        # a path beside smarty.toml
  every = \"60s\"                # also: key_file tz baud mode timeout duration
  [[source]]                   #   no_reconnect format fields events on_change
  label = \"house\"              #   out append rotate derive reference_power state
  address = \"/dev/ttyUSB0\"     #   forward forward_raw metrics
                               # also: device baud mode key_file keyring
                               #   reference_power forward
  [mqtt]                       # for the sources of this file
  url = \"mqtt://anna@broker\"  # also: password_file topics qos retain layout
                               #   version ca_file cert_file cert_key_file
                               #   client_id discovery discovery_prefix

kill -HUP reads keys and smarty.toml again.";

const CAPTURE_EXAMPLES: &str = "Examples:
  smarty capture /dev/ttyUSB0 -o house.bin           until Ctrl-C
  smarty capture auto -o house.bin --duration 10m    ten minutes
  smarty capture auto -o house.bin -n 100 --append   a hundred frames more
  smarty capture auto -o house.bin --rotate daily    house-2026-11-23.bin, ...
  smarty capture house=/dev/ttyUSB0 pv=/dev/ttyUSB1 -o all.log --format log
  smarty capture house=/dev/ttyUSB0 pv=/dev/ttyUSB1 -o %l.bin

Needs no key. Each burst is written at once, and is safe on the disk within
10 s. Read it with: smarty parse house.bin --key";

const GENERATE_EXAMPLES: &str = "Examples:
  smarty generate bash > ~/.local/share/bash-completion/completions/smarty
  smarty generate man /usr/local/share/man/man1
  smarty generate systemd -- watch house=/dev/ttyUSB0 --key-file /etc/smarty/house.key --forward 2001
  smarty generate systemd        as /etc/smarty/smarty.toml says
  smarty generate udev           /dev/smarty-SERIAL for each USB adapter

The unit runs as a user of its own: it reads keys as credentials, writes in
/var/lib/smarty, and makes pseudo-terminals in /run/smarty.";

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn join(line: &str) -> Vec<String> {
        let words = line.split('|').map(OsString::from);
        join_keys(words)
            .into_iter()
            .map(|word| word.into_string().unwrap())
            .collect()
    }

    const KEY: &str = "0A1B2C3D4E5F60718293A4B5C6D7E8F9";

    #[test]
    fn the_definition_of_the_arguments_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_key_behind_its_option_is_joined_to_it() {
        assert_eq!(
            join(&format!("smarty|--key|{KEY}|f")),
            ["smarty", &format!("--key={KEY}"), "f"]
        );
        for short in [format!("-k|{KEY}"), format!("-k{KEY}"), format!("-k={KEY}")] {
            assert_eq!(
                join(&format!("smarty|{short}")),
                ["smarty", &format!("-k={KEY}")]
            );
        }
        let spaced = "0A 1B 2C 3D 4E 5F 60 71";
        assert_eq!(
            join(&format!("smarty|--key|{spaced}")),
            ["smarty", &format!("--key={spaced}")]
        );
    }

    #[test]
    fn a_key_with_a_mistaken_letter_is_still_a_key_and_not_a_file() {
        let mistaken = KEY.replace('0', "O");
        assert_eq!(join(&format!("smarty|--key|{mistaken}")).len(), 2);
    }

    #[test]
    fn what_is_no_key_stays_a_word_of_its_own() {
        for word in [
            "/dev/ttyUSB0",
            "dump.bin",
            "0A1B",
            "tcp://10.0.0.7:2001",
            "--json",
            "house=/dev/ttyUSB0",
        ] {
            assert_eq!(
                join(&format!("smarty|--key|{word}")),
                ["smarty", "--key", word]
            );
        }
        assert_eq!(join(&format!("smarty|--|--key|{KEY}")).len(), 4);
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
