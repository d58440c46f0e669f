//! What a store knows of the past of its meters, as accounts.

use super::{Database, DatabaseError, Stored, StoredMeter};
use crate::p1::period::Ledger;

/// The past of a meter.
#[derive(Clone, Debug)]
pub struct Past {
    /// Whose it is.
    pub meter: StoredMeter,
    /// What its counters said.
    pub ledger: Ledger,
}

impl Stored<'_> {
    /// Puts it into the account of its meter.
    pub fn put_into(self, ledger: &mut Ledger) {
        match self {
            Self::Heard { start, seconds } => ledger.hear_all(start, seconds),
            Self::Counted { key, second, value } => ledger.count(key, second, value),
            Self::Measured { key, second, value } => ledger.measure(key, second, value),
        }
    }
}

impl Database {
    /// The accounts of all meters; where there are more years than there is room for, those that are longest ago are
    /// left out.
    ///
    /// # Errors
    /// What cannot be read.
    pub fn past(&self) -> Result<Vec<Past>, DatabaseError> {
        let mut all: Vec<Past> = Vec::new();
        let mut since = 0;
        self.periods(&mut |meter, stored| {
            since += 1;
            if since == LOOK_EVERY {
                since = 0;
                let sizes = all.iter().map(|past| past.ledger.size());
                if sizes.sum::<usize>() > SIZE_MAX {
                    all.iter_mut().for_each(|past| past.ledger.forget_half());
                }
            }
            let known = all.iter().position(|past| past.meter == *meter);
            let known = known.unwrap_or_else(|| {
                all.push(Past {
                    meter: meter.clone(),
                    ledger: Ledger::default(),
                });
                all.len() - 1
            });
            if let Some(past) = all.get_mut(known) {
                stored.put_into(&mut past.ledger);
            }
        })?;
        Ok(all)
    }
}

/// Values between two looks at the size.
const LOOK_EVERY: u32 = 1 << 16;
/// Quarters of all quantities of all meters: about 200 MB, and 15 years of a meter of six counters.
const SIZE_MAX: usize = 4 << 20;
