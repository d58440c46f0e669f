//! What is written, and where to.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::cli::completion::fields;

/// Options of outputs.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// Output format
    #[arg(short, long, value_name = "FORMAT", group = "form")]
    pub format: Option<Format>,
    /// Short for --format json; --json=flat has only meter, time and values
    ///
    /// Flat objects are for archives: meter, measured_at and each value side by side.
    #[arg(
        long,
        group = "form",
        value_name = "FORM",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "full",
        value_parser = parse_json_form
    )]
    pub json: Option<JsonForm>,
    /// Short for --format csv
    #[arg(long, group = "form", hide_short_help = true)]
    pub csv: bool,
    /// Short for --format raw: telegrams byte for byte
    #[arg(long, group = "form", hide_short_help = true)]
    pub raw: bool,
    /// With --json: indent, over several lines
    #[arg(long, hide_short_help = true)]
    pub pretty: bool,
    /// With --csv: leave texts that begin with = + - @ alone
    ///
    /// Without this an apostrophe before them keeps spreadsheets from computing them.
    #[arg(long, hide_short_help = true)]
    pub csv_formulas: bool,
    /// Only these values: names or OBIS codes; -F help lists them
    #[arg(short = 'F', long, value_name = "A,B", add = fields())]
    pub fields: Option<String>,
    /// With --json: refused frames too, and when a port is lost or comes back
    #[arg(long, hide_short_help = true)]
    pub events: bool,
    /// Write to a file
    ///
    /// It is written whole or not at all; with live sources and in watch, line by line as they come.
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Replace an existing file
    #[arg(long, requires = "out", hide_short_help = true)]
    pub force: bool,
    /// Append to an existing file
    #[arg(
        long,
        requires = "out",
        conflicts_with = "force",
        hide_short_help = true
    )]
    pub append: bool,
    /// Examine the input step by step, to where it first fails
    #[arg(long, conflicts_with = "follow")]
    pub explain: bool,
    /// Replace everything that identifies a meter, so that the output can be posted in a forum
    #[arg(long, hide_short_help = true)]
    pub redact: bool,
    /// Merge the pushes of a meter that sends several lists
    ///
    /// Each row has the newest of all values, and how old they are. The default in watch.
    #[arg(long, overrides_with = "no_merge", hide_short_help = true)]
    pub merge: bool,
    /// Print each push by itself
    #[arg(long, overrides_with = "merge", hide_short_help = true)]
    pub no_merge: bool,
    /// Threads that open frames and format output [default: one per processor]
    #[arg(long, value_name = "N", value_parser = parse_jobs, hide_short_help = true)]
    pub jobs: Option<usize>,
}

/// What an object of JSON holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonForm {
    /// All that is known of a telegram.
    Full,
    /// The meter, the time and the values.
    Flat,
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
    /// The frame as an annotated tree: now `smarty inspect`.
    Hex,
    /// InfluxDB line protocol.
    Influx,
    /// A file for DuckDB, DataFusion, Polars or Spark; with -o only.
    Parquet,
    /// The same as a stream of Arrow, for a pipe or -o.
    Arrow,
}

impl OutputArgs {
    /// The file that is written to; `-` is standard output, as everywhere.
    pub fn file(&self) -> Option<&Path> {
        self.out.as_deref().filter(|path| *path != Path::new("-"))
    }

    /// Whether objects of JSON hold the values alone.
    pub fn is_flat(&self) -> bool {
        self.json == Some(JsonForm::Flat)
    }

    /// The format asked for, if any.
    pub fn format(&self) -> Option<Format> {
        match (self.json.is_some(), self.csv, self.raw) {
            (true, _, _) => Some(Format::Json),
            (_, true, _) => Some(Format::Csv),
            (_, _, true) => Some(Format::Raw),
            _ => self.format,
        }
    }
}

/// Reads the form of JSON; completions of words would stand in the way of the file behind a bare `--json`.
fn parse_json_form(text: &str) -> Result<JsonForm, String> {
    match text {
        "full" => Ok(JsonForm::Full),
        "flat" => Ok(JsonForm::Flat),
        _ => Err("expected full or flat".to_owned()),
    }
}

/// Reads a number of threads.
fn parse_jobs(text: &str) -> Result<usize, String> {
    let jobs = text.parse().ok();
    let jobs = jobs.filter(|jobs| (1..=JOBS_MAX).contains(jobs));
    jobs.ok_or_else(|| format!("expected a number from 1 to {JOBS_MAX}"))
}

/// Most threads that can be asked for.
const JOBS_MAX: usize = 256;
