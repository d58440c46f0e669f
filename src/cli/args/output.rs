//! What is written, and where to.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

/// Options of outputs.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// What is printed
    #[arg(short, long, value_name = "FORMAT", group = "form")]
    pub format: Option<Format>,
    /// Short for --format json; flat: meter, measured_at and the values in one object, for archives
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
    #[arg(long, group = "form")]
    pub csv: bool,
    /// Short for --format raw
    #[arg(long, group = "form")]
    pub raw: bool,
    /// With --json: over several lines, indented
    #[arg(long)]
    pub pretty: bool,
    /// With --csv: leave texts that begin with = + - @ as they are; else an apostrophe keeps spreadsheets from computing them
    #[arg(long)]
    pub csv_formulas: bool,
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
    #[arg(long, conflicts_with = "follow")]
    pub explain: bool,
    /// Replace all that names a meter, so that the output can be posted in a forum
    #[arg(long)]
    pub redact: bool,
    /// Put the pushes of a meter together that sends several lists: each row has the newest of all values, and how old
    /// they are (watch does so by itself)
    #[arg(long, overrides_with = "no_merge")]
    pub merge: bool,
    /// Each push by itself
    #[arg(long, overrides_with = "merge")]
    pub no_merge: bool,
    /// Threads that decode files of encrypted frames [default: one a processor]
    #[arg(long, value_name = "N", value_parser = parse_jobs)]
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
    /// A file for DuckDB, DataFusion or Spark; with -o only.
    Parquet,
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
