//! What a meter remembers: registers that only grow, what sub-meters said, the highest quarters.

use std::collections::VecDeque;

use super::clock::{Clock, Moment};
use super::curves::chance;

/// The energy registers, Wh and varh.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Energy {
    /// Import of tariff 1 (low) and 2 (high), Wh.
    pub import: [Counter; 2],
    /// Export of tariff 1 and 2, Wh.
    pub export: [Counter; 2],
    /// Reactive energy of the quadrants I to IV, varh.
    pub quadrants: [Counter; 4],
}

/// A register that only grows: whole units, and the part of the next one in unit seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counter {
    pub(super) units: i64,
    rest: i64,
}

/// What the sub-meters had counted when they were last asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capture {
    /// When that was.
    pub at: Moment,
    /// Gas, litres.
    pub gas: i64,
    /// Water, litres.
    pub water: i64,
}

/// The quarter-hour demand, and the highest of each month.
#[derive(Clone, Debug)]
pub struct Demand {
    quarter: i64,
    /// The demand of the running quarter of an hour so far, W.
    pub current: i64,
    /// The demand of the last whole quarter, W.
    pub last: i64,
    /// The highest quarter of this month, W, and when it ended.
    pub month: (Moment, i64),
    /// The months before, oldest first: when the month ended, when its highest quarter did, and that one, W.
    pub months: VecDeque<(Moment, Moment, i64)>,
}

impl Energy {
    /// Active energy imported in all tariffs, Wh.
    pub fn imported(&self) -> i64 {
        self.import.iter().map(Counter::units).sum()
    }

    /// Active energy exported in all tariffs, Wh.
    pub fn exported(&self) -> i64 {
        self.export.iter().map(Counter::units).sum()
    }

    /// Reactive energy imported, quadrants I and II, varh.
    pub fn reactive_imported(&self) -> i64 {
        self.quadrants[0].units + self.quadrants[1].units
    }

    /// Reactive energy exported, quadrants III and IV, varh.
    pub fn reactive_exported(&self) -> i64 {
        self.quadrants[2].units + self.quadrants[3].units
    }
}

impl Counter {
    /// What the register shows.
    pub fn units(&self) -> i64 {
        self.units
    }

    pub(super) fn starting_at(units: i64) -> Counter {
        Counter { units, rest: 0 }
    }

    pub(super) fn add(&mut self, unit_seconds: i64) {
        self.rest += unit_seconds.max(0);
        self.units += self.rest / 3600;
        self.rest %= 3600;
    }
}

impl Demand {
    pub(super) fn new(seed: u64, clock: &Clock, now: Moment) -> Demand {
        let mut months = VecDeque::new();
        let mut end = clock.when(now.month_start());
        for back in 0..3 {
            let quarters = (chance(seed, 80, back) % 2000) as i64;
            let peak = clock.at(end.unix - end.unix.rem_euclid(QUARTER) - quarters * QUARTER);
            months.push_front((end, peak, 2500 + (chance(seed, 81, back) % 4000) as i64));
            end = clock.when(clock.at(end.unix - 1).month_start());
        }
        let start = clock.when(now.month_start()).unix;
        let quarters = chance(seed, 82, 1) % ((now.unix - start) / QUARTER + 1).unsigned_abs();
        let peak = clock.at(start + quarters as i64 * QUARTER);
        let month = (peak, 800 + (chance(seed, 82, 0) % 900) as i64);
        Demand {
            quarter: 0,
            current: 0,
            last: month.1 / 2,
            month,
            months,
        }
    }

    /// Counts an import of so many W between two moments.
    pub(super) fn add(&mut self, clock: &Clock, before: Moment, now: Moment, import: i64) {
        let end = before.unix - before.unix.rem_euclid(QUARTER) + QUARTER;
        self.quarter += import * (now.unix.min(end) - before.unix);
        self.current = self.quarter / QUARTER;
        if now.unix < end {
            return;
        }
        self.last = self.current;
        let ended = clock.at(end);
        if self.last > self.month.1 {
            self.month = (ended, self.last);
        }
        let month_start = now.month_start();
        if month_start != before.month_start() {
            let (at, most) = self.month;
            self.months.push_back((clock.when(month_start), at, most));
            if self.months.len() > MONTHS {
                self.months.pop_front();
            }
            self.month = (now, 0);
        }
        self.quarter = import * now.unix.rem_euclid(QUARTER).min(now.unix - end);
        self.current = self.quarter / QUARTER;
    }
}

/// A quarter of an hour, seconds.
const QUARTER: i64 = 900;
/// How many months a meter remembers.
const MONTHS: usize = 13;
