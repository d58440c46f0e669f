//! `setup`: the answers to its questions, as options.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{BrokerUrl, parse_duration};
use crate::publish::forward_target::Listen;

/// Options of `setup`.
#[derive(Clone, Debug, Args)]
pub struct Setup {
    /// Ask nothing: what is not given stays as it is, or becomes what the question proposes
    #[arg(short, long, help_heading = "Setup")]
    pub yes: bool,
    /// Where the meter is: a port, tcp://HOST:PORT, or auto [default: the only USB port]
    #[arg(long, value_name = "ADDRESS", help_heading = "Setup")]
    pub input: Option<OsString>,
    /// Name of the meter: the label of its source, and its name in outputs [default: house]
    #[arg(long, value_name = "NAME", help_heading = "Setup")]
    pub name: Option<String>,
    /// Meter to set up, if several send: device id or system title
    #[arg(long, value_name = "ID", help_heading = "Setup")]
    pub meter: Option<String>,
    /// Key of the meter, 32 hexadecimal digits; without a value: ask for it
    #[arg(short, long, value_name = "KEY", num_args = 0..=1, require_equals = true, default_missing_value = "", help_heading = "Setup")]
    pub key: Option<OsString>,
    /// File with the key; a second key in it is the authentication key
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "key",
        help_heading = "Setup"
    )]
    pub key_file: Option<PathBuf>,
    /// Authentication key, for meters with one of their own (GAK, GPK61)
    #[arg(long, value_name = "HEX", help_heading = "Setup")]
    pub auth_key: Option<OsString>,
    /// Set up without the key; a second run adds it
    #[arg(long, conflicts_with_all = ["key", "key_file", "auth_key"], help_heading = "Setup")]
    pub no_key: bool,
    /// Publish to this broker, and so to Home Assistant: mqtt://USER@HOST; tested by connecting
    #[arg(long, value_name = "URL", help_heading = "Setup")]
    pub mqtt: Option<BrokerUrl>,
    /// File with the password of the broker's user [default: SMARTY_MQTT_PASSWORD, else it is asked for]
    #[arg(long, value_name = "FILE", requires = "mqtt", help_heading = "Setup")]
    pub mqtt_password_file: Option<PathBuf>,
    /// Keep years of consumption in this SQLite database
    #[arg(long, value_name = "FILE", help_heading = "Setup")]
    pub store: Option<PathBuf>,
    /// Serve a web page, and Prometheus metrics: HOST:PORT, or a port number (this machine only)
    #[arg(long, value_name = "HOST:PORT", help_heading = "Setup")]
    pub metrics: Option<Listen>,
    /// Write a systemd unit beside smarty.toml, and say how to install it
    #[arg(long, help_heading = "Setup")]
    pub service: bool,
    /// Key ring to write to [default: keys.toml beside smarty.toml]
    #[arg(long, value_name = "FILE", help_heading = "Files")]
    pub keyring: Option<PathBuf>,
    /// Replace what smarty.toml and the key ring already hold
    #[arg(long, help_heading = "Files")]
    pub force: bool,
    /// Speed of the port, in baud [default: detected]
    #[arg(long, value_name = "BAUD", help_heading = "Port")]
    pub baud: Option<crate::source::Baud>,
    /// Data bits, parity and stop bits of the port [default: detected]
    #[arg(long, value_name = "MODE", help_heading = "Port")]
    pub mode: Option<crate::source::Mode>,
    /// Longest time to listen; each speed takes about 13 s
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "100s", help_heading = "Port")]
    pub timeout: Duration,
}

pub(super) const EXAMPLES: &str = "Examples:
  smarty setup                                   asks, and writes smarty.toml
  smarty setup --input tcp://10.0.0.7:2001       a meter in the network
  smarty setup --mqtt mqtt://anna@broker.lan     a second run changes one thing
  smarty setup --yes --input /dev/ttyUSB0 --key-file letter.txt --metrics 9100

What it writes is smarty.toml, in the folder of configuration or where --config
says, and keys.toml beside it. Nothing is written before all is checked, and
nothing is replaced without a yes or --force. Then `smarty watch` is enough.";
