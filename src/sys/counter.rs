//! A count that one part of the program keeps, and others look at.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A count; its clones are the same one.
#[derive(Clone, Debug, Default)]
pub struct Counter(Arc<AtomicU64>);

impl Counter {
    /// One more.
    pub fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
