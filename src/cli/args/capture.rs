//! `capture`: what is stored, and how.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::SourceArgs;
use super::examples::exits;
use crate::cli::completion::{sources, words};
use crate::source::packed::Packing;
use crate::store::rotation::Rotation;

/// Options of `capture`.
#[derive(Clone, Debug, Args)]
pub struct Capture {
    /// Ports or addresses: auto, /dev/ttyUSB0, tcp://HOST:PORT, - (stdin) [default: smarty.toml, else auto]
    ///
    /// Several are read at once. Also http://HOST/PATH, mqtt://HOST/TOPIC and pulse:LINE (the LED of a meter); auto is the only USB port. A label may come first: house=/dev/ttyUSB0.
    #[arg(value_name = "SOURCE", add = sources())]
    pub sources: Vec<OsString>,
    /// File to write to; %l stands for the label, for one file per source
    #[arg(short, long, value_name = "FILE")]
    pub out: PathBuf,
    /// How bytes are stored
    #[arg(short, long, value_name = "FORMAT", default_value = "raw")]
    pub format: CaptureFormat,
    /// Stop after N whole frames
    #[arg(short = 'n', long = "count", value_name = "N")]
    pub count: Option<u64>,
    /// Replace an existing file
    #[arg(long)]
    pub force: bool,
    /// Append to an existing file
    #[arg(long, conflicts_with = "force")]
    pub append: bool,
    /// Start a new file each day (daily) or at a size (100MB, 1GiB): a-2026-11-23.bin, a.1.bin
    #[arg(long, value_name = "WHEN", add = words(&["daily"]))]
    pub rotate: Option<Rotation>,
    /// With --rotate: compress each file once the next begins: a-2026-11-23.bin.zst
    #[arg(long, value_name = "HOW", requires = "rotate")]
    pub compress: Option<Compress>,
    /// Serial ports and servers.
    #[command(flatten)]
    pub source: SourceArgs,
}

/// How files are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Compress {
    /// By zstd.
    Zstd,
    /// By gzip.
    Gzip,
}

impl From<Compress> for Packing {
    fn from(compress: Compress) -> Self {
        match compress {
            Compress::Zstd => Self::Zstd,
            Compress::Gzip => Self::Gzip,
        }
    }
}

/// How captured bytes are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CaptureFormat {
    /// The bytes as they came, nothing else.
    Raw,
    /// A line a frame: time, label, kind, length, hex.
    Log,
}

pub(super) const EXAMPLES: &str = concat!(
    "Examples:
  smarty capture /dev/ttyUSB0 -o house.bin           until Ctrl-C
  smarty capture auto -o house.bin --duration 10m    ten minutes
  smarty capture auto -o house.bin -n 100 --append   a hundred frames more
  smarty capture auto -o house.bin --rotate daily    house-2026-11-23.bin, ...
  smarty capture auto -o all.log --format log --rotate daily --compress zstd
  smarty capture house=/dev/ttyUSB0 pv=/dev/ttyUSB1 -o all.log --format log
  smarty capture house=/dev/ttyUSB0 pv=/dev/ttyUSB1 -o %l.bin

Needs no key. Each burst is written at once, and is safe on the disk within
10 s. Read it with: smarty parse house.bin --key",
    exits!()
);
