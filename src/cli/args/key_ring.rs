//! `keys`: the key ring, and which frames a key opens.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{FormChoice, InputArgs, KeyArgs, OutputArgs, Run, SourceArgs, TagWhen};

/// Options of `keys`.
#[derive(Clone, Debug, Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub struct KeysArgs {
    /// What is to be done.
    #[command(subcommand)]
    pub what: Keys,
}

/// The commands of `keys`.
#[derive(Clone, Debug, Subcommand)]
pub enum Keys {
    /// Add the key of a meter to the key ring
    #[command(after_long_help = ADD)]
    Add(KeysAdd),
    /// List the key ring, with check values instead of keys
    #[command(after_long_help = LIST)]
    List(KeysList),
    /// Tell how many frames a key opens, and what is wrong with it if it opens none
    #[command(after_long_help = CHECK)]
    Check(Box<KeysCheck>),
    /// Remove the keys of meters from the key ring
    #[command(after_long_help = REMOVE)]
    Remove(KeysRemove),
}

/// Options of `keys add`.
#[derive(Clone, Debug, Args)]
pub struct KeysAdd {
    /// Whose key it is: device id, system title, label of a source, or default (for meters without their own)
    #[arg(value_name = "METER")]
    pub meter: String,
    /// Key of the meter, 32 hexadecimal digits; without it: ask, or read what is piped in
    #[arg(short, long, value_name = "KEY", num_args = 0..=1, require_equals = true, default_missing_value = "", help_heading = "Keys")]
    pub key: Option<OsString>,
    /// File with the key: 32 hexadecimal digits or 16 bytes; a second key is the authentication key
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "key",
        help_heading = "Keys"
    )]
    pub key_file: Option<PathBuf>,
    /// Authentication key, for meters with one of their own (GAK, GPK61)
    #[arg(long, value_name = "HEX", help_heading = "Keys")]
    pub auth_key: Option<OsString>,
    /// Key ring to add to [default: keys.toml in the configuration folder]
    #[arg(long, value_name = "FILE", help_heading = "Keys")]
    pub keyring: Option<PathBuf>,
    /// Name of the meter: the label of its source, and its name in outputs
    #[arg(long, value_name = "NAME", help_heading = "Entry")]
    pub name: Option<String>,
    /// Whether every frame of the meter ends in a tag, the proof of origin
    #[arg(long, value_name = "WHEN", help_heading = "Entry")]
    pub tag: Option<TagDue>,
    /// Accept unencrypted telegrams of this meter as well
    #[arg(long, help_heading = "Entry")]
    pub allow_plain: bool,
    /// Replace the entry of the meter
    #[arg(long, help_heading = "Entry")]
    pub force: bool,
}

/// Whether frames of a meter have tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TagDue {
    /// Frames without are refused.
    Required,
    /// Frames without are taken.
    Optional,
}

/// Options of `keys list`.
#[derive(Clone, Debug, Args)]
pub struct KeysList {
    /// Key ring to list [default: keys.toml in the configuration folder]
    #[arg(long, value_name = "FILE", help_heading = "Keys")]
    pub keyring: Option<PathBuf>,
    /// State file of a run, which holds when each key last opened a frame [default: derive.json in the state folder]
    #[arg(long, value_name = "FILE", help_heading = "Keys")]
    pub state: Option<PathBuf>,
    /// One object per entry
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

/// Options of `keys check`.
#[derive(Clone, Debug, Args)]
pub struct KeysCheck {
    /// Files, ports or addresses: dump.bin, - (stdin), /dev/ttyUSB0, tcp://HOST:PORT, sim:
    ///
    /// Also http://HOST/PATH, mqtt://HOST/TOPIC and pulse:LINE (the LED of a meter); auto is the only USB port, sim: the virtual meter. A label may come first: house=/dev/ttyUSB0.
    #[arg(value_name = "INPUT")]
    pub inputs: Vec<OsString>,
    /// Key of the meter, 32 hexadecimal digits; without a value: ask for it
    #[arg(short, long, value_name = "KEY", num_args = 0..=1, require_equals = true, default_missing_value = "", help_heading = "Keys")]
    pub key: Option<OsString>,
    /// File with the key, or both keys of the meter, one per line
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "key",
        help_heading = "Keys"
    )]
    pub key_file: Option<PathBuf>,
    /// Key ring: a TOML file with a key for each meter
    #[arg(long, value_name = "FILE", help_heading = "Keys")]
    pub keyring: Option<PathBuf>,
    /// Authentication key, for meters with one of their own (GAK, GPK61); Luxembourg's is built in
    #[arg(long, value_name = "HEX", help_heading = "Keys")]
    pub auth_key: Option<OsString>,
    /// Form of the input: auto, bin, hex, unpadded, decimal, xxd, hexdump, carray, base64, log, text, ndjson
    #[arg(short, long, value_name = "FORM", default_value = "auto", value_parser = super::input::parse_form, help_heading = "Input")]
    pub input: FormChoice,
    /// Only frames of this meter: device id or system title; repeatable
    #[arg(long, value_name = "ID", help_heading = "Input")]
    pub meter: Vec<String>,
    /// Stop after N frames [default for ports and servers: 3]
    #[arg(short = 'n', long = "count", value_name = "N", help_heading = "Input")]
    pub count: Option<u64>,
    /// Serial ports and servers.
    #[command(flatten)]
    pub source: SourceArgs,
    /// One object per meter
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

/// Options of `keys remove`.
#[derive(Clone, Debug, Args)]
pub struct KeysRemove {
    /// Whose keys: device id, system title, label or name, or default
    #[arg(value_name = "METER", required = true)]
    pub meters: Vec<String>,
    /// Key ring to remove from [default: keys.toml in the configuration folder]
    #[arg(long, value_name = "FILE", help_heading = "Keys")]
    pub keyring: Option<PathBuf>,
}

impl KeysCheck {
    /// The options that it shares with the commands that decode.
    pub fn run(&self) -> Run {
        Run {
            inputs: self.inputs.clone(),
            keys: KeyArgs {
                key: self.key.clone(),
                key_file: self.key_file.clone(),
                keyring: self.keyring.clone(),
                auth_key: self.auth_key.clone(),
                show_key: false,
                allow_plain: true,
                tag: TagWhen::Verify,
                pair: true,
            },
            input: InputArgs {
                input: self.input,
                meter: self.meter.clone(),
                shard: None,
                ignore_crc: false,
                follow: false,
                repair: false,
                tz: None,
                count: self.count,
                last: false,
            },
            source: self.source.clone(),
            output: OutputArgs::default(),
            derive: Default::default(),
            store: Default::default(),
        }
    }
}

impl TagDue {
    /// The word for it in the key ring.
    pub fn word(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Optional => "optional",
        }
    }
}

const ADD: &str = "Examples:
  smarty keys add SAG1030700114004               asks for the key
  smarty keys add SAG1030700114004 --name house --key-file letter.txt
  pass show meter | smarty keys add house        what is piped in
  smarty keys add KFM1200200169986 --auth-key 0A1B…   a meter with two keys

Nothing is overwritten unless --force says so. The file is readable by its owner alone.";

const LIST: &str = "Examples:
  smarty keys list
  smarty keys list --json | jq -r .check_value

A check value is the begin of AES(key, zeros): it tells keys apart, and tells nothing of them.
When a key last opened a frame is known of runs that keep a state file: watch with --derive or --state.";

const CHECK: &str = "Examples:
  smarty keys check dump.bin --key               asks for the key
  smarty keys check dump.bin --key-file letter.txt   one key or both, which is which
  smarty keys check /dev/ttyUSB0 --key -n 5      what a port sends
  smarty keys check dump.bin --keyring keys.toml --json

Where a key fits no frame, what people make of a right one is tried: digits that are wrong or
exchanged, another order, two keys in each other's place, keys of other meters in the key ring.

Exit codes:
  0  each frame fits
  1  some frames do not
  2  the command line or a configuration file is wrong
  3  a source cannot be opened or read
  4  no frame fits, or a key is missing or malformed
  5  there is no encrypted frame";

const REMOVE: &str = "Examples:
  smarty keys remove SAG1030700114004
  smarty keys remove house --keyring keys.toml";
