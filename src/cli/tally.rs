//! Counts of a run, and the exit code that follows from them.

use std::collections::HashMap;

use crate::p1::ciphering::SystemTitle;
use crate::p1::event::Event;

/// What became of the frames.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Telegrams that were good.
    pub good: u64,
    /// Frames that were refused.
    pub refused: u64,
    /// Bytes that belong to no frame.
    pub junk: u64,
    /// Bytes in all.
    pub bytes: u64,
    kinds: HashMap<(&'static str, Option<SystemTitle>), u64>,
}

impl Tally {
    /// Counts an event; tells how often one of its kind has been refused, where it was.
    pub fn count(&mut self, event: &Event<'_>) -> Option<u64> {
        match event {
            Event::Telegram(_) => self.good += 1,
            Event::Junk(junk) => self.junk += junk.span.len(),
            Event::Refused(refused) => {
                self.refused += 1;
                let kind = (refused.reason.code(), refused.title());
                // A stream of noise can make up titles without end.
                let kind = if self.kinds.len() < KINDS_MAX {
                    kind
                } else {
                    (kind.0, None)
                };
                let count = self.kinds.entry(kind).or_default();
                *count += 1;
                return Some(*count);
            }
        }
        None
    }
}

/// Kinds of refusal that are counted apart.
const KINDS_MAX: usize = 1000;
