//! What a meter said when: the values of its telegrams, as far back as there is room.
//!
//! Live, the oldest are forgotten. Of a recording, which is wanted as a whole, one telegram in two, four, eight is kept.

use std::collections::VecDeque;

use super::meter::Latest;

/// Values over time.
#[derive(Clone, Debug, Default)]
pub(super) struct Tape {
    shots: VecDeque<Shot>,
    /// Keeps all of a recording; else the newest.
    is_whole: bool,
    /// Of so many telegrams one is kept.
    stride: u64,
    count: u64,
    is_mixed: bool,
}

#[derive(Clone, Debug)]
struct Shot {
    second: i64,
    latest: Latest,
}

impl Tape {
    /// Of a recording, which is wanted as a whole, or of the present.
    pub(super) fn new(is_whole: bool) -> Self {
        Self {
            is_whole,
            ..Self::default()
        }
    }

    /// Takes the values of a telegram; keeps so many at the most.
    pub(super) fn push(&mut self, second: i64, latest: &Latest, room: usize) {
        let number = self.count;
        self.count += 1;
        if !self.is_whole {
            // A clock that was set back begins another past.
            if self.shots.back().is_some_and(|last| last.second > second) {
                self.shots.clear();
            }
            while self.shots.len() >= room.max(1) {
                self.shots.pop_front();
            }
        } else {
            while self.shots.len() >= room.max(2) {
                self.thin_out();
            }
            if !number.is_multiple_of(self.stride.max(1)) {
                return;
            }
            let last = self.shots.back();
            self.is_mixed |= last.is_some_and(|last| last.second > second);
        }
        self.shots.push_back(Shot {
            second,
            latest: latest.clone(),
        });
    }

    /// Puts in order what came out of it.
    pub(super) fn settle(&mut self) {
        if std::mem::take(&mut self.is_mixed) {
            self.shots.make_contiguous().sort_by_key(|shot| shot.second);
        }
    }

    /// The values at a second: those of the last telegram by then, and when that came.
    pub(super) fn at(&self, second: i64) -> Option<(i64, &Latest)> {
        let after = self.shots.partition_point(|shot| shot.second <= second);
        let shot = self.shots.get(after.checked_sub(1)?)?;
        Some((shot.second, &shot.latest))
    }

    /// Of so many telegrams one is kept.
    pub(super) fn stride(&self) -> u64 {
        self.stride.max(1)
    }

    fn thin_out(&mut self) {
        self.settle();
        self.stride = self.stride.max(1).saturating_mul(2);
        let mut number = 0u64;
        self.shots.retain(|_| {
            number += 1;
            number % 2 == 1
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_is_thinned_out_and_the_present_forgets_the_oldest() {
        let (mut whole, mut live) = (Tape::new(true), Tape::default());
        for second in 0..100_000 {
            whole.push(second, &Latest::default(), 1000);
            live.push(second, &Latest::default(), 1000);
        }
        assert!((500..=1000).contains(&whole.shots.len()));
        assert_eq!(whole.stride(), 128);
        assert_eq!(whole.at(1000).unwrap().0, 896);
        assert!(whole.at(-1).is_none());
        assert_eq!(live.shots.len(), 1000);
        assert_eq!(live.at(99_500).unwrap().0, 99_500);
        assert!(live.at(98_000).is_none());
    }

    #[test]
    fn telegrams_out_of_order_are_found_by_their_time() {
        let mut tape = Tape::new(true);
        for second in [50, 10, 30] {
            tape.push(second, &Latest::default(), 10);
        }
        tape.settle();
        assert_eq!(tape.at(29).unwrap().0, 10);
        assert_eq!(tape.at(60).unwrap().0, 50);
    }
}
