//! Which frames of recordings came before.

use super::METERS_MAX;
use crate::p1::ciphering::{SystemTitle, TitleMap};

/// The counters that came, of each meter.
#[derive(Clone, Debug)]
pub struct Seen {
    places: TitleMap<usize>,
    meters: Vec<(SystemTitle, Ranges)>,
    /// The meter that sent last.
    latest: usize,
    /// Meters that are remembered, at the most.
    most: usize,
    is_full: bool,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            places: TitleMap::default(),
            meters: Vec::new(),
            latest: 0,
            most: METERS_MAX,
            is_full: false,
        }
    }
}

/// Counters as ranges, both ends included.
#[derive(Clone, Debug)]
struct Ranges {
    /// The one that grew last.
    last: (u32, u32),
    /// The others, in their order.
    rest: Vec<(u32, u32)>,
}

impl Seen {
    /// Takes a frame; tells whether it is the first one of this meter with this counter.
    pub fn takes(&mut self, title: SystemTitle, counter: u32) -> bool {
        self.takes_range(title, (counter, counter))
    }

    /// Tells whether more meters came than are remembered: of those that are not, all seem to come first.
    pub fn is_full(&self) -> bool {
        self.is_full
    }

    fn takes_range(&mut self, title: SystemTitle, range: (u32, u32)) -> bool {
        let is_there = |place: &usize| self.meters.get(*place).is_some_and(|it| it.0 == title);
        if !is_there(&self.latest) {
            // Meters mostly send one after another, in the same order each time.
            let next = Some(self.latest + 1).filter(is_there);
            match next.or_else(|| self.places.get(&title).copied()) {
                Some(place) => self.latest = place,
                None if self.meters.len() >= self.most => {
                    self.is_full = true;
                    return true;
                }
                None => {
                    self.latest = self.meters.len();
                    self.places.insert(title, self.latest);
                    let (last, rest) = (range, Vec::new());
                    self.meters.push((title, Ranges { last, rest }));
                    return true;
                }
            }
        }
        match self.meters.get_mut(self.latest) {
            Some((_, ranges)) => ranges.takes(range),
            None => true,
        }
    }
}

impl Ranges {
    fn takes(&mut self, range: (u32, u32)) -> bool {
        if self.meets(range) {
            return false;
        }
        if self.last.1.checked_add(1) == Some(range.0) {
            self.last.1 = range.1;
            return true;
        }
        let last = std::mem::replace(&mut self.last, range);
        self.put(last);
        // What it goes on from, where that came before.
        let before = self.rest.partition_point(|(begin, _)| *begin < range.0);
        if let Some(index) = before.checked_sub(1)
            && let Some(&(begin, end)) = self.rest.get(index)
            && end.checked_add(1) == Some(range.0)
        {
            self.rest.remove(index);
            self.last.0 = begin;
        }
        true
    }

    /// Tells whether one of these came before.
    fn meets(&self, (begin, end): (u32, u32)) -> bool {
        let meet = |range: &(u32, u32)| range.0 <= end && begin <= range.1;
        if meet(&self.last) {
            return true;
        }
        if self.rest.last().is_none_or(|last| last.1 < begin) {
            return false;
        }
        let behind = self.rest.partition_point(|(from, _)| *from <= end);
        let before = behind.checked_sub(1);
        before
            .and_then(|index| self.rest.get(index))
            .is_some_and(meet)
    }

    /// Puts a range among the others, joined to those it touches.
    fn put(&mut self, (mut begin, mut end): (u32, u32)) {
        let mut at = self.rest.partition_point(|(from, _)| *from < begin);
        if let Some(next) = self.rest.get(at)
            && end.checked_add(1) == Some(next.0)
        {
            end = next.1;
            self.rest.remove(at);
        }
        if let Some(index) = at.checked_sub(1)
            && let Some(before) = self.rest.get(index)
            && before.1.checked_add(1) == Some(begin)
        {
            begin = before.0;
            self.rest.remove(index);
            at = index;
        }
        if self.rest.len() >= RANGES_MAX {
            // Those of the lowest counters are the oldest, mostly.
            self.rest.drain(..RANGES_MAX / 2);
            at = at.saturating_sub(RANGES_MAX / 2);
        }
        self.rest.insert(at, (begin, end));
    }
}

/// Ranges of counters that are remembered of a meter.
const RANGES_MAX: usize = 1 << 14;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn title(meter: u8) -> SystemTitle {
        SystemTitle([b'S', b'M', b'Y', 0x67, 0x70, 0, 0, meter])
    }

    proptest! {
        #[test]
        fn each_counter_is_new_once(
            frames in prop::collection::vec((0u8..2, prop_oneof![0u32..40, u32::MAX - 3..=u32::MAX]), 0..80),
        ) {
            let (mut seen, mut known) = (Seen::default(), HashSet::new());
            for (meter, counter) in frames {
                let new = known.insert((meter, counter));
                prop_assert_eq!(seen.takes(title(meter), counter), new);
            }
        }
    }

    #[test]
    fn memory_is_bounded_whatever_comes() {
        let mut full = Seen {
            most: 2,
            ..Seen::default()
        };
        assert!(full.takes(title(1), 7) && full.takes(title(2), 7) && !full.takes(title(1), 7));
        assert!(!full.is_full() && full.takes(title(3), 7) && full.is_full());
        let mut seen = Seen::default();
        for step in 0..100_000 {
            assert!(seen.takes(title(1), 2 * step));
        }
        let ranges = &seen.meters[0].1;
        assert!(ranges.rest.len() <= RANGES_MAX);
        assert!(!seen.takes(title(1), 199_998) && !seen.takes(title(1), 199_000));
    }
}
