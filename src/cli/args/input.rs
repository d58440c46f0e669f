//! What is read, and how: files, serial ports, servers.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::parse_duration;
use crate::cli::completion::{forms, words, zones};
use crate::p1::shard::Shard;
use crate::source::dump::Form;

/// Options of inputs.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Input")]
pub struct InputArgs {
    /// Form of the input: auto, bin, hex, unpadded, decimal, xxd, hexdump, carray, base64, log, text, ndjson
    #[arg(short, long, value_name = "FORM", default_value = "auto", value_parser = parse_form, hide_short_help = true, add = forms())]
    pub input: FormChoice,
    /// Only this meter: device id or system title; repeatable
    #[arg(long, value_name = "ID")]
    pub meter: Vec<String>,
    /// Only the K-th of N equal parts of all meters, to share a stream among N processes
    #[arg(long, value_name = "K/N", hide_short_help = true)]
    pub shard: Option<Shard>,
    /// Print telegrams with a wrong CRC too, and mark them
    #[arg(long, hide_short_help = true)]
    pub ignore_crc: bool,
    /// Keep reading as a file grows, like tail -F
    ///
    /// Also when it is replaced or emptied. Ctrl-C, -n or --duration ends it.
    #[arg(long, hide_short_help = true)]
    pub follow: bool,
    /// Undo what a misconfigured serial port or an editor has done, where a tag or CRC proves it
    #[arg(long, hide_short_help = true)]
    pub repair: bool,
    /// Time zone of the meter's clock, for times without S or W [default: Europe/Luxembourg]
    #[arg(long, value_name = "ZONE", hide_short_help = true, add = zones())]
    pub tz: Option<String>,
    /// Stop after N telegrams
    #[arg(short = 'n', long = "count", visible_alias = "limit", value_name = "N")]
    pub count: Option<u64>,
    /// Print the last telegram only
    #[arg(long, hide_short_help = true)]
    pub last: bool,
}

/// A form, or the wish that it be found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormChoice(pub Option<Form>);

/// Options of serial ports and servers.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Ports and servers")]
pub struct SourceArgs {
    /// Speed of serial ports, or auto to find it [default: auto in watch, else 115200]
    #[arg(long, value_name = "BAUD", add = words(&["auto", "115200", "9600", "2400", "38400"]))]
    pub baud: Option<crate::source::Baud>,
    /// Data bits, parity and stop bits of serial ports [default: 8N1]
    #[arg(long, value_name = "MODE", hide_short_help = true, add = words(&["8N1", "7E1", "8E1"]))]
    pub mode: Option<crate::source::Mode>,
    /// Set the control line RTS [default: as the system sets it]
    #[arg(long, value_name = "STATE", hide_short_help = true)]
    pub rts: Option<OnOff>,
    /// Set the control line DTR [default: as the system sets it]
    #[arg(long, value_name = "STATE", hide_short_help = true)]
    pub dtr: Option<OnOff>,
    /// What lets us in at servers.
    #[command(flatten)]
    pub server: ServerArgs,
    /// Exit when a port or server is missing or goes away
    #[arg(long, hide_short_help = true)]
    pub no_reconnect: bool,
    /// Exit with code 5 if no telegram comes for this long (30s, 5m)
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub timeout: Option<Duration>,
    /// Exit after this long (30s, 10m, 2h, 1d)
    #[arg(long, value_name = "TIME", value_parser = parse_duration, hide_short_help = true)]
    pub duration: Option<Duration>,
}

/// Options that let us in at servers that are read.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Ports and servers")]
pub struct ServerArgs {
    /// File with the bearer token for http:// and https:// sources
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub server_token_file: Option<PathBuf>,
    /// File with the password of the user in an mqtt:// source [default: SMARTY_MQTT_PASSWORD, else it is asked for]
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub server_password_file: Option<PathBuf>,
    /// Certificate authority (PEM) for https:// and mqtts:// sources, instead of those the system trusts
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub server_ca: Option<PathBuf>,
    /// Accept a certificate of that authority under any name, such as those of HomeWizard meters
    #[arg(long, requires = "server_ca", hide_short_help = true)]
    pub server_any_name: bool,
    /// Client certificate for the server (PEM)
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub server_cert: Option<PathBuf>,
    /// Private key of that certificate (PEM)
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub server_cert_key: Option<PathBuf>,
}

/// State of a control line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OnOff {
    /// Set.
    On,
    /// Cleared.
    Off,
}

pub(super) fn parse_form(name: &str) -> Result<FormChoice, String> {
    if name == "auto" {
        return Ok(FormChoice(None));
    }
    let form: Result<Form, _> = name.parse();
    form.map(|form| FormChoice(Some(form))).map_err(|_| {
        let names: Vec<_> = Form::ALL.iter().map(|form| form.name()).collect();
        format!("expected auto, {}", names.join(", "))
    })
}
