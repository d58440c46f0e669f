//! Something for each of many meters. Where there are too many, whoever ranks lowest makes room, and among equals
//! whoever was heard longest ago.
//!
//! Names can be as long as a telegram, so only sums of them are kept, under keys that nobody outside knows: no two
//! names can be made up that have the same. Each step takes time in the logarithm of the number of meters.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;

/// What is kept of meters.
#[derive(Clone, Debug)]
pub struct BoundedMap<V> {
    sums: Sums,
    meters: HashMap<Sum, Known<V>>,
    /// Who makes room first.
    order: BTreeMap<Place, Sum>,
    heard: u64,
}

/// The sum of bytes under keys of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sum([u64; 2]);

/// Keys of sums, made anew for each run.
#[derive(Clone, Debug, Default)]
pub struct Sums([RandomState; 2]);

/// Rank, and number of what was heard last.
type Place = (u8, u64);

#[derive(Clone, Debug)]
struct Known<V> {
    place: Place,
    value: V,
}

impl Sums {
    /// The sum of bytes.
    pub fn of(&self, bytes: &[u8]) -> Sum {
        let [first, second] = &self.0;
        Sum([first.hash_one(bytes), second.hash_one(bytes)])
    }
}

impl<V> Default for BoundedMap<V> {
    fn default() -> Self {
        Self {
            sums: Sums::default(),
            meters: HashMap::new(),
            order: BTreeMap::new(),
            heard: 0,
        }
    }
}

impl<V> BoundedMap<V> {
    /// What a name is known by here.
    pub fn name(&self, name: &str) -> Sum {
        self.sums.of(name.as_bytes())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.meters.len()
    }

    /// Tells whether there is none.
    pub fn is_empty(&self) -> bool {
        self.meters.is_empty()
    }

    /// What is kept of a meter.
    pub fn get(&self, name: Sum) -> Option<&V> {
        self.meters.get(&name).map(|known| &known.value)
    }

    /// The same, to change it.
    pub fn get_mut(&mut self, name: Sum) -> Option<&mut V> {
        self.meters.get_mut(&name).map(|known| &mut known.value)
    }

    /// What is kept of a meter that was just heard, and its rank from now on.
    pub fn hear(&mut self, name: Sum, rank: u8) -> Option<&mut V> {
        let known = self.meters.get_mut(&name)?;
        // Whoever was heard last has its place.
        if known.place.0 != rank || known.place.1 + 1 != self.heard {
            self.order.remove(&known.place);
            known.place = (rank, self.heard);
            self.heard += 1;
            self.order.insert(known.place, name);
        }
        Some(&mut known.value)
    }

    /// Keeps something of a meter that was just heard; gives what was kept before.
    pub fn put(&mut self, name: Sum, rank: u8, value: V) -> Option<V> {
        if let Some(known) = self.hear(name, rank) {
            return Some(std::mem::replace(known, value));
        }
        let place = (rank, self.heard);
        self.heard += 1;
        self.order.insert(place, name);
        self.meters.insert(name, Known { place, value });
        None
    }

    /// Forgets a meter; gives what was kept of it.
    pub fn remove(&mut self, name: Sum) -> Option<V> {
        let known = self.meters.remove(&name)?;
        self.order.remove(&known.place);
        Some(known.value)
    }

    /// Forgets whoever makes room first; gives what was kept of it.
    pub fn pop(&mut self) -> Option<(Sum, V)> {
        let (_, name) = self.order.pop_first()?;
        let known = self.meters.remove(&name)?;
        Some((name, known.value))
    }

    /// Everybody with their ranks, those who make room last first.
    pub fn iter(&self) -> impl Iterator<Item = (u8, &V)> {
        let known = |name| self.meters.get(name);
        let last_first = self.order.iter().rev();
        last_first.filter_map(move |((rank, _), name)| Some((*rank, &known(name)?.value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_heard_longest_ago_makes_room() {
        let mut roster = BoundedMap::default();
        for name in ["a", "b", "c"] {
            assert_eq!(roster.put(roster.name(name), 0, name), None);
        }
        assert_eq!(roster.hear(roster.name("a"), 0), Some(&mut "a"));
        assert_eq!(roster.put(roster.name("b"), 0, "B"), Some("b"));
        let all: Vec<_> = roster.iter().collect();
        assert_eq!(all, [(0, &"B"), (0, &"a"), (0, &"c")]);
        let order = std::iter::from_fn(|| roster.pop()).map(|(_, value)| value);
        assert_eq!(order.collect::<Vec<_>>(), ["c", "a", "B"]);
        assert!(roster.is_empty() && roster.order.is_empty());
    }

    #[test]
    fn rank_goes_before_time() {
        let mut roster = BoundedMap::default();
        roster.put(roster.name("high"), 1, "high");
        for name in ["low", "other"] {
            roster.put(roster.name(name), 0, name);
        }
        assert_eq!(roster.remove(roster.name("other")), Some("other"));
        assert_eq!(roster.pop().map(|(_, value)| value), Some("low"));
        roster.hear(roster.name("high"), 0);
        assert_eq!(roster.iter().next(), Some((0, &"high")));
        assert_eq!((roster.len(), roster.order.len()), (1, 1));
    }
}
