//! Options of passing telegrams on to other software.

use clap::Args;

use crate::publish::forward_target::ForwardTarget;

/// Options of passing telegrams on to other software.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Forwarding")]
pub struct ForwardArgs {
    /// Serve decrypted telegrams to other software: tcp://HOST:PORT or pty:PATH
    ///
    /// A port number alone serves this machine only.
    ///
    /// A label before it takes one source: house=tcp://:2001. Repeatable.
    #[arg(long, value_name = "WHERE")]
    pub forward: Vec<ForwardTarget>,
    /// Serve the frames as received; encrypted ones stay encrypted
    #[arg(long, hide_short_help = true)]
    pub forward_raw: bool,
}
