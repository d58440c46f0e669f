//! `report`: what is summed up, and how it is shown.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{InputArgs, KeyArgs, OutputArgs, Run, SourceArgs};
use crate::cli::completion::sources;
use crate::p1::derive::ReferencePower;
use crate::p1::period::By;

/// Options of `report`.
#[derive(Clone, Debug, Args)]
pub struct Report {
    /// Recordings, in any order: a path, - (stdin), tcp://HOST:PORT or sim:; a label may come first (house=2026.bin)
    #[arg(value_name = "INPUT", add = sources())]
    pub inputs: Vec<OsString>,
    /// Periods of the report.
    #[command(flatten)]
    pub periods: PeriodArgs,
    /// Keys and tags.
    #[command(flatten)]
    pub keys: KeyArgs,
    /// What is read, and how.
    #[command(flatten)]
    pub input: InputArgs,
    /// Serial ports and servers.
    #[command(flatten)]
    pub source: SourceArgs,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", conflicts_with_all = ["json", "csv", "html"], help_heading = "Output")]
    pub format: Option<PeriodFormat>,
    /// Print one JSON object per period and meter
    #[arg(long, conflicts_with_all = ["csv", "html"], help_heading = "Output")]
    pub json: bool,
    /// Print one CSV row per period and meter
    #[arg(long, conflicts_with = "html", help_heading = "Output")]
    pub csv: bool,
    /// Make a page with charts that opens in any browser, offline; the default if the name of --out ends in .html
    #[arg(long, help_heading = "Output")]
    pub html: bool,
    /// Write to a file, whole or not at all
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub out: Option<PathBuf>,
    /// Replace an existing file
    #[arg(long, requires = "out", help_heading = "Output")]
    pub force: bool,
}

/// What a report is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PeriodFormat {
    /// For people.
    Table,
    /// An object a line.
    Json,
    /// A row a period and meter.
    Csv,
    /// A page with pictures.
    Html,
    /// A file for DuckDB, DataFusion, Polars or Spark; with -o only.
    Parquet,
    /// The same as a stream of Arrow, for a pipe or -o.
    Arrow,
}

/// Options of periods.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Periods")]
pub struct PeriodArgs {
    /// Period: quarter, hour, day, week, month or year [default: chosen by the length of the recording]
    #[arg(long, value_name = "PERIOD")]
    pub by: Option<By>,
    /// Start at this time (2026-01-01, 2026-01-01T06:15), a whole quarter hour, in the zone of --tz
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// End before this time
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// Sum up what was imported above this power, quarter by quarter (7kW, 3500W)
    #[arg(long, value_name = "POWER")]
    pub reference_power: Option<ReferencePower>,
}

impl Report {
    /// The format that is asked for, else a table; a page where the name of the file is that of one.
    pub fn format(&self) -> PeriodFormat {
        let end = self.out.as_ref().and_then(|path| path.extension());
        let named = end.is_some_and(|end| end == "html" || end == "htm");
        match self.format {
            Some(format) => format,
            None if self.json => PeriodFormat::Json,
            None if self.csv => PeriodFormat::Csv,
            None if self.html || named => PeriodFormat::Html,
            None => PeriodFormat::Table,
        }
    }

    /// The options that it shares with the commands that decode.
    pub fn run(&self) -> Run {
        Run {
            inputs: self.inputs.clone(),
            keys: self.keys.clone(),
            input: self.input.clone(),
            source: self.source.clone(),
            output: OutputArgs::default(),
            derive: Default::default(),
            store: Default::default(),
        }
    }
}

pub(super) const EXAMPLES: &str = "Examples:
  smarty report house.bin --key-file my.key      what was used, by day or month
  smarty report house-*.bin --by month           recordings in any order
  smarty report house.bin --from 2026-11-27 --to 2026-11-28 --by hour
  smarty report house.bin --reference-power 7kW  what lies above it
  smarty report house.bin -o report.html         a page with pictures
  smarty report house.bin --by day --csv -o days.csv
  smarty report house.bin --by hour --format parquet -o hours.parquet
  smarty report house.bin --json | jq '[.start, .values.active_energy_import_kwh]'

Energy of a period is the difference of the counter at its bounds, so that all
rows together give the last counter less the first, whatever is missing.";
