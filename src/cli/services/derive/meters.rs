//! The meters of a run: who is kept, in memory and in the state file, where there are too many.
//!
//! ```text
//! 2  its telegrams prove where they come from, its key is in the ring, or it is one of the first of a label
//! 1  it stood in the state file, or has sent for a quarter of an hour
//! 0  all others
//! ```
//! The lowest make room first, and among equals whoever was heard longest ago by our clock: what a telegram says of the
//! time has no part in it, since anybody who can write to the line can make up meters of any date.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use crate::observe::bounded_map::{BoundedMap, Sum};
use crate::p1::derive::Deriver;
use crate::store::state::{self, Kept as File};

/// All of them.
#[derive(Debug)]
pub(super) struct Meters {
    roster: BoundedMap<Box<Kept>>,
    /// The first meters of each label.
    labels: HashMap<String, Vec<Sum>>,
    /// Most of them.
    limit: usize,
}

/// What is kept of a meter.
#[derive(Debug)]
pub(super) struct Kept {
    /// Its id; none where that is too long to be written down.
    id: Option<Box<str>>,
    pub(super) deriver: Deriver,
    /// When it came first in this run; none while it was not heard yet.
    met: Option<Instant>,
    /// It stood in the state file.
    is_old: bool,
}

impl Default for Meters {
    fn default() -> Self {
        Self {
            roster: BoundedMap::default(),
            labels: HashMap::new(),
            limit: METERS_MAX,
        }
    }
}

impl Meters {
    /// Those of a state file.
    pub(super) fn of(remembered: state::Meters, heard: &BTreeMap<String, i64>) -> Self {
        let mut meters = Self::default();
        let mut all: Vec<_> = remembered
            .into_iter()
            .map(|(id, memory)| (heard.get(&id).copied(), id, memory))
            .collect();
        all.sort_by_key(|(heard, ..)| *heard);
        for (heard, id, memory) in all {
            let kept = Kept {
                id: Some(id.as_str().into()),
                deriver: Deriver::new(None, Some(memory)).heard_at(heard),
                met: None,
                is_old: true,
            };
            meters
                .roster
                .put(meters.roster.name(&id), OLD, Box::new(kept));
        }
        meters
    }

    /// A meter that was just heard; `proven` says that nobody else can have sent it, and `begin` makes what computes for
    /// it where it is new, or goes on from what was remembered.
    pub(super) fn hear(
        &mut self,
        id: &str,
        label: Option<&str>,
        proven: bool,
        begin: impl FnOnce(Option<Deriver>) -> Deriver,
    ) -> Option<&mut Kept> {
        let name = self.roster.name(id);
        let is_first = label.is_some_and(|label| self.is_first_of(label, name));
        let known = self.roster.get(name);
        let is_old = known.is_some_and(|kept| kept.is_established());
        let rank = match (proven || is_first, is_old) {
            (true, _) => OWN,
            (false, true) => OLD,
            (false, false) => NEW,
        };
        if known.is_none_or(|kept| kept.met.is_none()) {
            let before = self.roster.remove(name);
            let is_old = before.is_some();
            let kept = Kept {
                id: (id.len() <= ID_MAX).then(|| id.into()),
                deriver: begin(before.map(|kept| kept.deriver)),
                met: Some(Instant::now()),
                is_old,
            };
            self.roster.put(name, rank, Box::new(kept));
        }
        self.roster.hear(name, rank).map(Box::as_mut)
    }

    /// Makes room where there are too many; tells whether there were.
    pub(super) fn make_room(&mut self) -> bool {
        let is_full = self.roster.len() > self.limit;
        if is_full {
            self.roster.pop();
        }
        is_full
    }

    /// Writes down so many meters; tells whether there are more.
    pub(super) fn write(&self, file: &mut File, most: usize) -> bool {
        for (_, kept) in self.roster.iter() {
            let (Some(id), Some(memory)) = (&kept.id, kept.deriver.memory()) else {
                continue;
            };
            if file.meters.len() >= most {
                return true;
            }
            file.meters.insert(id.to_string(), memory.clone());
            let heard = kept.deriver.heard();
            file.heard
                .extend(heard.map(|heard| (id.to_string(), heard)));
        }
        false
    }

    /// Tells whether a meter is one of the first of its label, which has room for some.
    fn is_first_of(&mut self, label: &str, name: Sum) -> bool {
        if !self.labels.contains_key(label) {
            if self.labels.len() >= LABELS_MAX {
                return false;
            }
            self.labels.insert(label.to_owned(), Vec::new());
        }
        let Some(first) = self.labels.get_mut(label) else {
            return false;
        };
        if first.len() < FIRST_MAX && !first.contains(&name) {
            first.push(name);
        }
        first.contains(&name)
    }
}

impl Kept {
    fn is_established(&self) -> bool {
        self.is_old || self.met.is_some_and(|met| met.elapsed() >= ESTABLISHED)
    }
}

/// Ranks.
const NEW: u8 = 0;
const OLD: u8 = 1;
const OWN: u8 = 2;
/// Meters that are computed for at the same time.
pub(super) const METERS_MAX: usize = 1 << 17;
/// Bytes of an id that is written down.
const ID_MAX: usize = 256;
/// Meters that a label protects: what sends there, and what is read out with it.
const FIRST_MAX: usize = 4;
/// Labels whose first meters are known.
const LABELS_MAX: usize = 4096;
/// Since so long a meter has sent that is no longer new.
const ESTABLISHED: Duration = Duration::from_secs(900);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::p1::derive::quarter::Memory;

    const MEMORY: &str = r#"{"latest":{"at":"2026-02-03T09:17:00Z","offset":60,"import":"25.653","registers":0},"start":null,"last_quarter_kwh":null,"excess":null}"#;

    fn memory() -> Memory {
        serde_json::from_str(MEMORY).unwrap()
    }

    fn deriver(_: Option<Deriver>) -> Deriver {
        Deriver::new(None, Some(memory()))
    }

    /// What is written down of so many meters, and whether there are more.
    fn file(meters: &Meters, most: usize) -> (File, bool) {
        let mut file = File::default();
        let more = meters.write(&mut file, most);
        (file, more)
    }

    fn written(meters: &Meters, most: usize) -> Vec<String> {
        file(meters, most).0.meters.into_keys().collect()
    }

    #[test]
    fn made_up_meters_displace_none_that_prove_their_origin_have_a_label_or_were_there_before() {
        let heard = [("OLD".to_owned(), 1_764_000_000)].into();
        let mut meters = Meters::of([("OLD".to_owned(), memory())].into(), &heard);
        meters.limit = 100;
        meters.hear("KEYED", None, true, deriver);
        meters.hear("LABELLED", Some("house"), false, deriver);
        for fake in 0..10_000 {
            let label = (fake % 2 == 0).then_some("other");
            meters.hear(&format!("F{fake}"), label, false, deriver);
            meters.make_room();
        }
        assert_eq!(meters.roster.len(), 100);
        let kept = written(&meters, 100);
        for own in ["OLD", "KEYED", "LABELLED", "F9999", "F0"] {
            assert!(kept.iter().any(|id| id == own), "{own}: {kept:?}");
        }
        // The first four of the other label are as good as those of this one.
        assert_eq!(
            written(&meters, 7),
            ["F0", "F2", "F4", "F6", "KEYED", "LABELLED", "OLD"]
        );
        assert!(file(&meters, 7).1);
    }

    #[test]
    fn of_those_that_stood_in_the_file_whoever_was_heard_longest_ago_makes_room() {
        let ids = ["A", "B", "C"];
        let heard = [("A".to_owned(), 30), ("C".to_owned(), 20)].into();
        let mut meters = Meters::of(ids.map(|id| (id.to_owned(), memory())).into(), &heard);
        assert_eq!(written(&meters, 2), ["A", "C"]);
        assert_eq!(file(&meters, 2).0.heard.values().sum::<i64>(), 50);
        meters.hear("B", None, false, |before| before.unwrap());
        assert_eq!(written(&meters, 2), ["A", "B"]);
        assert_eq!(written(&meters, 9), ids);
        assert!(!file(&meters, 3).1);
    }

    #[test]
    fn an_id_without_end_is_not_written_down() {
        let mut meters = Meters::default();
        meters.hear(&"x".repeat(ID_MAX + 1), None, false, deriver);
        assert_eq!(written(&meters, 9), [""; 0]);
    }
}
