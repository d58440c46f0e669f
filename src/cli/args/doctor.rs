//! `doctor`: what is looked at of a set-up.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::parse_duration;

/// Options of `doctor`.
#[derive(Clone, Debug, Args)]
pub struct Doctor {
    /// The smarty.toml to check [default: the one smarty watch reads]
    #[arg(value_name = "CONFIG")]
    pub settings: Option<PathBuf>,
    /// Longest time to listen to each source
    #[arg(
        long,
        value_name = "TIME",
        value_parser = parse_duration,
        default_value = "25s",
        help_heading = "Sources"
    )]
    pub timeout: Duration,
    /// One object per check
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}

pub(super) const EXAMPLES: &str = "Examples:
  smarty doctor                            the set-up of smarty watch
  smarty doctor /etc/smarty/smarty.toml    that of the service
  smarty doctor --json | jq -r 'select(.outcome == \"failed\").hint'

Looks at settings, keys, and then of each source at port, bytes, speed, frames,
key and clock; at the broker, the web page, files, the store and the service. A
line each: ok, failed or skipped. The last line says what to fix first. It
ends with 0 where nothing failed, else with the code of what did: 2 settings,
3 port, broker or files, 4 key, 5 nothing comes, 1 anything less.";
