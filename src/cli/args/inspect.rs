//! `inspect`: what is taken apart, and how it is shown.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use crate::cli::completion::sources;

use super::{InputArgs, KeyArgs, OutputArgs, Run, SourceArgs};

/// Options of `inspect`.
#[derive(Clone, Debug, Args)]
pub struct Inspect {
    /// Files, ports or addresses: dump.bin, - (stdin), /dev/ttyUSB0, tcp://HOST:PORT, sim:
    ///
    /// Also http://HOST/PATH, mqtt://HOST/TOPIC and pulse:LINE (the LED of a meter); auto is the only USB port, sim: the virtual meter. A label may come first: house=/dev/ttyUSB0.
    #[arg(value_name = "INPUT", add = sources())]
    pub inputs: Vec<OsString>,
    /// Keys and tags.
    #[command(flatten)]
    pub keys: KeyArgs,
    /// What is read, and how.
    #[command(flatten)]
    pub input: InputArgs,
    /// Serial ports and servers.
    #[command(flatten)]
    pub source: SourceArgs,
    /// Print one JSON object per frame, with an object for each field
    #[arg(long, help_heading = "Output")]
    pub json: bool,
    /// With --json: indent, over several lines
    #[arg(long, help_heading = "Output")]
    pub pretty: bool,
    /// Print all bytes of long fields, over several lines
    #[arg(long, help_heading = "Output")]
    pub all_bytes: bool,
    /// Write to a file, whole or not at all
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub out: Option<PathBuf>,
    /// Replace an existing file
    #[arg(long, requires = "out", help_heading = "Output")]
    pub force: bool,
    /// Replace everything that identifies a meter, so that the output can be posted in a forum
    #[arg(long, help_heading = "Output")]
    pub redact: bool,
}

impl Inspect {
    /// The options that it shares with the commands that decode.
    pub fn run(&self) -> Run {
        Run {
            inputs: self.inputs.clone(),
            keys: self.keys.clone(),
            input: self.input.clone(),
            source: self.source.clone(),
            output: OutputArgs {
                out: self.out.clone(),
                force: self.force,
                redact: self.redact,
                ..OutputArgs::default()
            },
            derive: Default::default(),
            store: Default::default(),
        }
    }
}

pub(super) const EXAMPLES: &str = "Examples:
  smarty inspect dump.bin                        the layers down to the ciphering
  smarty inspect dump.bin --key-file my.key -n 1 the first frame, decrypted
  smarty inspect /dev/ttyUSB0 --key -n 1         what a port sends
  smarty inspect forum.txt                       a hex dump, with or without frame
  smarty inspect dump.bin --json | jq '.nodes[] | select(.right == false)'

Each line: offset, bytes, meaning, indented by layer. An asterisk marks bytes
that came encrypted and are shown decrypted, at the place of their ciphertext.";
