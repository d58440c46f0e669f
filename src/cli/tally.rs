//! Counts of a run, and the exit code that follows from them.

use std::collections::{BTreeMap, HashMap};

use super::failure::Exit;
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
    /// Good and refused frames of each lane.
    lanes: BTreeMap<usize, (u64, u64)>,
}

impl Tally {
    /// Counts an event of a lane; tells how often one of its kind has been refused, where it was.
    pub fn count(&mut self, lane: usize, event: &Event<'_>) -> Option<u64> {
        let (good, refused_here) = self.lanes.entry(lane).or_default();
        match event {
            Event::Telegram(_) => {
                self.good += 1;
                *good += 1;
            }
            Event::Junk(junk) => self.junk += junk.span.len(),
            Event::Refused(refused) => {
                self.refused += 1;
                *refused_here += 1;
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

    /// Takes back that a frame of a lane was refused: it was mended.
    pub fn withdrawn(&mut self, lane: usize) {
        self.refused = self.refused.saturating_sub(1);
        let refused = &mut self.lanes.entry(lane).or_default().1;
        *refused = refused.saturating_sub(1);
    }

    /// Counts frames of a lane that came without a start that can be read.
    pub fn headless(&mut self, lane: usize, count: u64) {
        self.lanes.entry(lane).or_default().1 += count;
    }

    /// How the run ended as far as its frames go: as the worst of its lanes, so that a good input hides no other.
    pub fn exit(&self) -> Exit {
        let exits = self.lanes.values().map(|counts| match counts {
            (0, 0) => Exit::Nothing,
            // Nothing of what came could be verified.
            (0, _) => Exit::Key,
            (_, 0) => Exit::Good,
            _ => Exit::Some,
        });
        let worst = exits.filter(|exit| *exit != Exit::Nothing).min();
        worst.unwrap_or(match self.good {
            0 => Exit::Nothing,
            _ => Exit::Good,
        })
    }
}

/// Kinds of refusal that are counted apart.
const KINDS_MAX: usize = 1000;
