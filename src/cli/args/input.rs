//! What is read, and how: files, serial ports, servers.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::parse_duration;
use crate::p1::shard::Shard;
use crate::source::dump::Form;

/// Options of inputs.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Input")]
pub struct InputArgs {
    /// What a file looks like: auto finds it out, or bin, hex, unpadded, decimal, xxd, hexdump, carray, base64, log, text, ndjson
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
    #[arg(long)]
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
    /// Speed of serial ports, in baud; auto: find it and the mode by what comes [default: watch auto, else 115200]
    #[arg(long, value_name = "BAUD")]
    pub baud: Option<crate::source::Baud>,
    /// Data bits, parity and stop bits of serial ports [default: 8N1]
    #[arg(long, value_name = "MODE")]
    pub mode: Option<crate::source::Mode>,
    /// Set the control line RTS [default: as the system sets it]
    #[arg(long, value_name = "STATE")]
    pub rts: Option<OnOff>,
    /// Set the control line DTR [default: as the system sets it]
    #[arg(long, value_name = "STATE")]
    pub dtr: Option<OnOff>,
    /// What lets us in at servers.
    #[command(flatten)]
    pub server: ServerArgs,
    /// End when a port or server is not there or goes away
    #[arg(long)]
    pub no_reconnect: bool,
    /// End with exit code 5 when no telegram comes for so long (30s, 5m)
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub timeout: Option<Duration>,
    /// End after so long (30s, 10m, 2h, 1d)
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub duration: Option<Duration>,
}

/// Options that let us in at servers that are read.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Ports and servers")]
pub struct ServerArgs {
    /// File with the token for http:// and https:// sources (Bearer)
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub server_token_file: Option<PathBuf>,
    /// File with the password of the user in an mqtt:// source; else SMARTY_MQTT_PASSWORD, else it is asked for
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub server_password_file: Option<PathBuf>,
    /// Certificate of the server's own authority for https:// and mqtts:// sources, PEM, instead of those that the machine trusts
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub server_ca: Option<PathBuf>,
    /// Take a certificate of that authority for any name, as those of HomeWizard meters
    #[arg(long, requires = "server_ca", hide_short_help = true)]
    pub server_any_name: bool,
    /// Certificate that the server wants to see, PEM
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub server_cert: Option<PathBuf>,
    /// Private key of that certificate, PEM
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
