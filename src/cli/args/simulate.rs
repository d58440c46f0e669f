//! What the user can type behind `smarty simulate`.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use jiff::civil::DateTime;

use super::parse_duration;
use crate::cli::completion::faults;
use crate::p1::line::{Fault, FaultError};
use crate::publish::forward_target::bare_host;
use crate::simulate::virtual_meter::{self, Plan, Profile, Speed};

/// Options of `simulate`.
#[derive(Clone, Debug, Args)]
pub struct Simulate {
    /// What the meters are.
    #[command(flatten)]
    pub meters: MeterArgs,
    /// When they send.
    #[command(flatten)]
    pub pace: PaceArgs,
    /// Where the telegrams go.
    #[command(flatten)]
    pub target: TargetArgs,
}

/// Options of virtual meters.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Meter")]
pub struct MeterArgs {
    /// Meter to simulate: country and version
    #[arg(long, value_name = "NAME", default_value = "lu", value_parser = profile())]
    pub profile: Profile,
    /// Number of meters, each with a household and key of its own
    #[arg(long, value_name = "N", default_value = "1", value_parser = parse_meters)]
    pub meters: u32,
    /// Seed of everything random: the same seed gives the same households
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Send unencrypted, whatever the profile does
    #[arg(long, conflicts_with = "encrypted")]
    pub plain: bool,
    /// Encrypt, whatever the profile does
    #[arg(long)]
    pub encrypted: bool,
    /// First time on the meter's clock [default: now; 2026-01-01 for a file or stdout]
    #[arg(long, value_name = "TIME", value_parser = parse_start)]
    pub start: Option<DateTime>,
    /// What is wrong with the meter or the line, as KIND or KIND=AMOUNT; repeatable, see --help
    #[arg(long, value_name = "KIND", long_help = fault_help(), value_parser = parse_fault, add = faults())]
    pub fault: Vec<Fault>,
    /// Flash like an LED instead, N pulses per kilowatt hour: one line each, for pulse:tcp:// and pulse:-
    #[arg(long, value_name = "PER_KWH", conflicts_with_all = ["plain", "encrypted", "fault", "keyring"])]
    pub pulses: Option<NonZeroU32>,
    /// Replay a capture instead: by its times if it is a log, else one frame per period
    #[arg(long, value_name = "FILE", conflicts_with_all = ["profile", "meters", "seed", "plain", "encrypted", "start", "fault", "pulses", "keyring"])]
    pub replay: Option<PathBuf>,
}

/// Options of time.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Time")]
pub struct PaceArgs {
    /// Time between two telegrams of a meter (10s, 15m) [default: as the profile does]
    #[arg(long, value_name = "TIME", value_parser = parse_period)]
    pub period: Option<u32>,
    /// How much faster than real time [default: 1; as fast as possible into a file or stdout]
    #[arg(long, value_name = "FACTOR", value_parser = parse_speed)]
    pub speed: Option<Speed>,
    /// Stop after N telegrams of each meter
    #[arg(short = 'n', long, value_name = "N")]
    pub count: Option<u64>,
    /// Stop after this long (30s, 1d), by the meter's clock where it runs as fast as possible
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub duration: Option<Duration>,
}

/// Options of outputs.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct TargetArgs {
    /// Make a virtual serial port (a pseudo-terminal) per meter and print its path [default on a terminal]
    #[arg(long, group = "target")]
    pub pty: bool,
    /// Fixed path for the virtual serial port; for several meters, %n in it, or its end, is the number
    #[arg(long, value_name = "PATH", conflicts_with_all = ["tcp", "out"])]
    pub link: Option<PathBuf>,
    /// Serve TCP: all meters at HOST:PORT, or each at its own with HOST:FIRST-LAST
    #[arg(long, value_name = "HOST:PORT", group = "target", value_parser = parse_listen)]
    pub tcp: Option<Listen>,
    /// Write to a file, - is stdout, as fast as possible [default if stdout is not a terminal]
    #[arg(short, long, value_name = "FILE", group = "target")]
    pub out: Option<PathBuf>,
    /// Replace existing files
    #[arg(long)]
    pub force: bool,
    /// Write the key ring of the meters to a file, for --keyring of other commands
    #[arg(long, value_name = "FILE")]
    pub keyring: Option<PathBuf>,
}

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    /// Name or address, without the brackets of IPv6.
    pub host: String,
    /// The first port; 0 lets the system choose.
    pub first: u16,
    /// The last port.
    pub last: u16,
}

impl Simulate {
    /// The plan of the meters.
    pub fn plan(&self) -> Plan {
        let MeterArgs {
            profile,
            meters,
            seed,
            plain,
            encrypted,
            start,
            pulses,
            ref fault,
            ..
        } = self.meters;
        Plan {
            profile,
            meters,
            seed,
            sealed: (plain || encrypted).then_some(encrypted),
            start,
            period: self.pace.period,
            speed: self.pace.speed,
            count: self.pace.count,
            faults: fault.clone(),
            pulses,
        }
    }
}

fn profile() -> impl TypedValueParser<Value = Profile> {
    let names = Profile::ALL.map(|(name, _)| name);
    PossibleValuesParser::new(names)
        .try_map(|name| Profile::named(&name).ok_or("there is no such profile"))
}

fn parse_meters(text: &str) -> Result<u32, String> {
    virtual_meter::parse_meters(text).ok_or_else(|| format!("expected {}", virtual_meter::METERS))
}

fn parse_start(text: &str) -> Result<DateTime, String> {
    let expected = |_| format!("expected {}", virtual_meter::START);
    text.parse().map_err(expected)
}

fn parse_period(text: &str) -> Result<u32, String> {
    let expected = || format!("expected {}", virtual_meter::PERIOD);
    virtual_meter::parse_period(text).ok_or_else(expected)
}

fn parse_speed(text: &str) -> Result<Speed, String> {
    text.parse()
        .map_err(|expected| format!("expected {expected}"))
}

fn parse_fault(text: &str) -> Result<Fault, String> {
    text.parse().map_err(|error| match error {
        FaultError::Unknown(_) => {
            let names: Vec<_> = Fault::KINDS.iter().map(|(name, _)| *name).collect();
            format!("{error}; there are {}", names.join(", "))
        }
        FaultError::Amount { .. } => error.to_string(),
    })
}

fn parse_listen(text: &str) -> Result<Listen, &'static str> {
    let expected = "expected HOST:PORT or HOST:FIRST-LAST, such as 127.0.0.1:2001";
    let rest = text.strip_prefix("tcp://").unwrap_or(text);
    let (host, ports) = rest.rsplit_once(':').ok_or(expected)?;
    let host = bare_host(host)?;
    let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
    let port = |text: &str| text.parse::<u16>().ok();
    match (port(first), port(last)) {
        (Some(first), Some(last)) if first <= last && !host.is_empty() => Ok(Listen {
            host: host.to_owned(),
            first,
            last,
        }),
        _ => Err(expected),
    }
}

fn fault_help() -> String {
    let mut help =
        "What is wrong with the meter or the line; repeatable, in this order:".to_owned();
    for (kind, what) in Fault::KINDS {
        help.push_str(&format!("\n  {kind:<15} {what}"));
    }
    help
}

/// Examples of `simulate`.
pub(super) const EXAMPLES: &str = "Examples:
  smarty simulate                                a meter on a virtual serial port
  smarty simulate --link /tmp/meter --speed 100  under a fixed path, 100 x faster
  smarty simulate --meters 5 --tcp 127.0.0.1:2001-2005 --keyring keys.toml
  smarty simulate --profile nl5 | smarty watch -
  smarty simulate --count 100000 -o year.bin     as fast as possible
  smarty simulate --fault icrnl --fault lost=62  what a bad line makes of it
  smarty simulate --replay capture.log --pty     a capture again, by its times";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_listens_at_one_port_or_at_a_row() {
        let listen = |host: &str, first, last| {
            Ok(Listen {
                host: host.to_owned(),
                first,
                last,
            })
        };
        assert_eq!(parse_listen("localhost:0"), listen("localhost", 0, 0));
        assert_eq!(parse_listen("[::1]:2001-2005"), listen("::1", 2001, 2005));
        assert_eq!(parse_listen("tcp://h:2001"), listen("h", 2001, 2001));
        for text in [
            "", "2001", ":2001", "h:", "h:x", "h:5-4", "h:70000", "::1:2001",
        ] {
            assert!(parse_listen(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_fault_that_does_not_exist_is_answered_with_those_that_do() {
        let error = parse_fault("gremlin").unwrap_err();
        assert!(error.contains("no fault is called `gremlin`; there are inverted"));
        assert!(parse_fault("lost=x").unwrap_err().contains("`lost` takes"));
        for (kind, _) in Fault::KINDS {
            assert!(parse_fault(kind).is_ok(), "{kind}");
        }
    }
}
