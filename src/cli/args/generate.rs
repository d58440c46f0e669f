//! `generate`: files for shells, systemd and udev.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Options of `generate`.
#[derive(Clone, Debug, Args)]
pub struct Generate {
    /// What to print
    pub what: Generated,
    /// Folder for man pages, one per command; without it the page smarty(1) is printed
    #[arg(value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
    /// Program that the systemd unit runs [default: this one]
    #[arg(long, value_name = "PATH")]
    pub program: Option<PathBuf>,
    /// What the systemd unit runs: a command line of smarty watch or smarty capture
    #[arg(last = true, value_name = "OPTIONS")]
    pub words: Vec<OsString>,
}

/// What can be generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Generated {
    /// Completions for bash.
    Bash,
    /// Completions for zsh.
    Zsh,
    /// Completions for fish.
    Fish,
    /// Completions for PowerShell.
    Powershell,
    /// Completions for elvish.
    Elvish,
    /// Man pages.
    Man,
    /// The JSON Schema of the output.
    Schema,
    /// A unit of systemd that runs smarty with the options behind --.
    Systemd,
    /// A rule of udev: stable names for USB adapters.
    Udev,
}

pub(super) const EXAMPLES: &str = "Examples:
  smarty generate bash > ~/.local/share/bash-completion/completions/smarty
  smarty generate man /usr/local/share/man/man1
  smarty generate systemd -- watch house=/dev/ttyUSB0 --key-file /etc/smarty/house.key --forward 2001
  smarty generate systemd        as /etc/smarty/smarty.toml says
  smarty generate udev           /dev/smarty-SERIAL for each USB adapter

The unit runs as a user of its own: it reads keys as credentials, writes in
/var/lib/smarty, and makes pseudo-terminals in /run/smarty.";
