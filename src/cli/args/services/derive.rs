//! Options of computing values.

use clap::Args;

/// Options of computing values.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Computed values")]
pub struct DeriveArgs {}
