//! Counts of a run, and the exit code that follows from them.

use std::collections::HashMap;

use super::failure::Exit;
use crate::p1::ciphering::SystemTitle;
use crate::p1::event::{Event, Reason};

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
    unverified: bool,
    kinds: HashMap<(&'static str, Option<SystemTitle>), u64>,
}

impl Tally {
    /// Counts an event; tells how often one of its kind has been refused, where it was.
    pub fn count(&mut self, event: &Event<'_>) -> Option<u64> {
        self.bytes += event.span().len();
        match event {
            Event::Telegram(_) => self.good += 1,
            Event::Junk(junk) => self.junk += junk.span.len(),
            Event::Refused(refused) => {
                self.refused += 1;
                self.unverified |= matches!(refused.reason, Reason::NoKey | Reason::TagMismatch);
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

    /// Adds the counts of another input.
    pub fn add(&mut self, other: &Self) {
        self.good += other.good;
        self.refused += other.refused;
        self.junk += other.junk;
        self.bytes += other.bytes;
        self.unverified |= other.unverified;
    }

    /// How the run ends as far as its frames go.
    pub fn exit(&self) -> Exit {
        match (self.good, self.refused) {
            (0, 0) => Exit::Nothing,
            (0, _) if self.unverified => Exit::Key,
            (_, 0) => Exit::Good,
            _ => Exit::Some,
        }
    }
}

/// Kinds of refusal that are counted apart.
const KINDS_MAX: usize = 1000;
