//! Options of computing values.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::Args;

use crate::p1::derive::{Extent, ReferencePower};

/// Options of computing values.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Computed values")]
pub struct DeriveArgs {
    /// Compute net power, surplus of each phase, and the mean power of the running quarter hour
    #[arg(long)]
    pub derive: bool,
    /// Compute what is left in the quarter hour, and what lies above this power each quarter, day and month (7kW, 3500W); means --derive too
    #[arg(long, value_name = "POWER")]
    pub reference_power: Option<ReferencePower>,
    /// Keep sums, and the frame counters of meters, over a restart in this file [default in watch with --derive: derive.json in the state folder]
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// Keep so many meters apart, in --state and, where they are, --mqtt and --metrics [default: 256]; those with a key come first
    #[arg(long, value_name = "N", alias = "state-meters")]
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
