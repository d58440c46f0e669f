//! Options of passing telegrams on to other software.

use clap::Args;

/// Options of passing telegrams on to other software.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Forwarding")]
pub struct ForwardArgs {}
