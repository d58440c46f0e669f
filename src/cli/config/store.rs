//! The table `[store]` of `smarty.toml`.
//!
//! ```toml
//! [store]
//! file = "house.db"
//! keep = "7d"
//! step = "15m"
//! ```

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use crate::cli::args::{StoreArgs, parse_keep, parse_step};

/// The table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreTable {
    file: PathBuf,
    #[serde(default, deserialize_with = "keep")]
    keep: Option<Duration>,
    #[serde(default, deserialize_with = "step")]
    step: Option<Duration>,
}

impl StoreTable {
    /// Fills in what the command line does not say; a store of the command line has options of its own.
    pub fn fill(&self, args: &mut StoreArgs, folder: &Path) {
        if args.store.is_some() {
            return;
        }
        args.store = Some(folder.join(&self.file));
        args.keep = args.keep.or(self.keep);
        args.store_step = args.store_step.or(self.step);
    }
}

fn keep<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(input)?;
    parse_keep(&text).map(Some).map_err(D::Error::custom)
}

fn step<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(input)?;
    parse_step(&text).map(Some).map_err(D::Error::custom)
}
