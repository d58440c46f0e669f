//! Options of the store.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::cli::args::parse_duration;
use crate::cli::completion::words;

/// Options of the store.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Store")]
pub struct StoreArgs {
    /// Keep years of consumption in this SQLite database
    ///
    /// smarty report and parse read it. It holds counters and extremes of every quarter hour, findings and gaps.
    #[arg(long, value_name = "FILE")]
    pub store: Option<PathBuf>,
    /// How long to keep whole telegrams in it (7d, 12h), or none [default: 7d]
    #[arg(long, value_name = "TIME", value_parser = parse_keep, hide_short_help = true, add = words(&["none", "7d", "31d"]))]
    pub keep: Option<Duration>,
    /// Period length of a new database: 1m, 5m or 15m [default: 15m]
    #[arg(long, value_name = "TIME", value_parser = parse_step, hide_short_help = true, add = words(&["1m", "3m", "5m", "15m"]))]
    pub store_step: Option<Duration>,
}

impl StoreArgs {
    /// An option that is given, where there is one beside the store itself.
    pub fn other(&self) -> Option<&'static str> {
        match (self.keep, self.store_step) {
            (Some(_), _) => Some("--keep"),
            (None, Some(_)) => Some("--store-step"),
            (None, None) => None,
        }
    }
}

/// Reads how long telegrams are kept.
///
/// # Errors
/// What is no time.
pub fn parse_keep(text: &str) -> Result<Duration, String> {
    match text {
        "none" | "0" => Ok(Duration::ZERO),
        _ => parse_duration(text).map_err(|error| format!("{error}, or none")),
    }
}

/// Reads the length of a period.
///
/// # Errors
/// What divides no quarter of an hour into whole minutes.
pub fn parse_step(text: &str) -> Result<Duration, String> {
    let step = parse_duration(text)?;
    match step.as_millis() {
        60_000 | 180_000 | 300_000 | 900_000 => Ok(step),
        _ => Err("expected 1m, 3m, 5m or 15m".to_owned()),
    }
}
