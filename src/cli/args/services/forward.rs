//! Options of passing telegrams on to other software.

use clap::Args;

use crate::publish::forward_target::ForwardTarget;

/// Options of passing telegrams on to other software.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Forwarding")]
pub struct ForwardArgs {
    /// Serve the telegrams, decrypted and byte for byte, to other software: tcp://HOST:PORT, a port alone (this machine only), or pty:PATH (a serial port); a label before it takes one source (house=tcp://:2001); repeatable
    #[arg(long, value_name = "WHERE")]
    pub forward: Vec<ForwardTarget>,
    /// Serve the frames as received instead: encrypted ones stay so
    #[arg(long)]
    pub forward_raw: bool,
}
