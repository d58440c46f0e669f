//! What a server has given by now, remembered over losses of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The last answer; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Seen(Arc<Mutex<Vec<u8>>>);

impl Seen {
    /// Whether nothing was seen yet.
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Takes what was seen out.
    pub fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.lock())
    }

    /// Remembers what was seen.
    pub fn put(&self, answer: Vec<u8>) {
        *self.lock() = answer;
    }

    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
