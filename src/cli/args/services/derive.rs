//! Options of computing values.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::Args;

use crate::p1::derive::{Extent, ReferencePower};

/// Options of computing values.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Computed values")]
pub struct DeriveArgs {
    /// Compute net power, surplus per phase, mean power of the running quarter hour
    #[arg(long)]
    pub derive: bool,
    /// Compute what is left in the quarter hour, and the energy above this power per quarter, day and month (7kW, 3500W)
    ///
    /// Implies --derive.
    #[arg(long, value_name = "POWER", hide_short_help = true)]
    pub reference_power: Option<ReferencePower>,
    /// Keep sums and frame counters across restarts in this file [default with --derive in watch: derive.json in the state folder]
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub state: Option<PathBuf>,
    /// Keep at most N meters apart in --state, --mqtt and --metrics [default: 256]
    ///
    /// Meters with a key come first.
    #[arg(long, value_name = "N", alias = "state-meters", hide_short_help = true)]
    pub meters_max: Option<NonZeroU32>,
}

impl DeriveArgs {
    /// Whether anything is computed.
    pub fn is_wanted(&self) -> bool {
        self.derive || self.reference_power.is_some()
    }

    /// How much is computed, where some source may have a reference power of its own.
    pub fn extent(&self, any_reference: bool) -> Extent {
        match self.reference_power.is_some() || any_reference {
            true => Extent::WithReference,
            false if self.derive => Extent::Computed,
            false => Extent::Nothing,
        }
    }
}
