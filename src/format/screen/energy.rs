//! Energy since the start and today, as exact differences of the counters.

use crate::p1::value::{Decimal, Timestamp};

/// The counters of both directions, and the day that they are in.
#[derive(Clone, Debug, Default)]
pub(super) struct Energy {
    /// Energy taken from the grid.
    pub(super) import: Option<Counter>,
    /// Energy given to the grid.
    pub(super) export: Option<Counter>,
    /// The day by the meter's clock, where it has one.
    pub(super) day: Option<Day>,
}

/// A counter, kWh.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counter {
    /// What it shows.
    pub(super) total: Decimal,
    /// How many registers were summed.
    registers: usize,
    start: Decimal,
    midnight: Decimal,
}

/// A day of the meter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Day {
    /// Time of the last telegram.
    latest: Timestamp,
    /// From when on the day was seen, where that is not midnight.
    pub(super) since: Option<Timestamp>,
}

/// The registers of one direction in one telegram: the total, or tariffs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Registers {
    total: Option<Decimal>,
    tariffs: Option<Decimal>,
    count: usize,
}

impl Energy {
    /// Takes the registers of a telegram and its time.
    pub(super) fn take(&mut self, import: Registers, export: Registers, time: Option<Timestamp>) {
        let turn = time.map_or(Turn::None, |time| self.turn(time));
        take(&mut self.import, import, turn);
        take(&mut self.export, export, turn);
    }

    fn turn(&mut self, time: Timestamp) -> Turn {
        let before = self.day.map(|day| day.latest);
        let turn = match before {
            Some(before) if date(&before) == date(&time) => Turn::None,
            // Consumption up to the telegram that is nearer to midnight is that of the day before.
            Some(before) if passed(&time) <= NEAR.min(left(&before)) => Turn::Now,
            Some(before) if left(&before) <= NEAR && follows(&before, &time) => Turn::Before,
            Some(_) => Turn::Unseen,
            None if passed(&time) <= NEAR => Turn::Now,
            None => Turn::Unseen,
        };
        let since = match turn {
            Turn::None => self.day.and_then(|day| day.since),
            Turn::Now | Turn::Before => None,
            Turn::Unseen => Some(time),
        };
        self.day = Some(Day {
            latest: time,
            since,
        });
        turn
    }
}

impl Counter {
    /// Energy since the start, kWh.
    pub(super) fn since_start(&self) -> Option<Decimal> {
        self.total.checked_sub(self.start)
    }

    /// Energy since midnight, or since the day was first seen, kWh.
    pub(super) fn today(&self) -> Option<Decimal> {
        self.total.checked_sub(self.midnight)
    }
}

impl Registers {
    /// Takes the counter of all tariffs.
    pub(super) fn total(&mut self, value: Decimal) {
        self.total.get_or_insert(value);
    }

    /// Takes the counter of one tariff.
    pub(super) fn tariff(&mut self, value: Decimal) {
        self.tariffs = match self.tariffs {
            Some(sum) => sum.checked_add(value),
            None => Some(value),
        };
        self.count += 1;
    }
}

/// How a telegram stands to the day.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// In the same day as the last.
    None,
    /// The day begins with it.
    Now,
    /// The day began with the last one.
    Before,
    /// The day began some time before it.
    Unseen,
}

fn take(counter: &mut Option<Counter>, registers: Registers, turn: Turn) {
    let (total, registers) = match (registers.total, registers.tariffs) {
        (Some(total), _) => (total, 0),
        (None, Some(sum)) => (sum, registers.count),
        (None, None) => return,
    };
    let fresh = Counter {
        total,
        registers,
        start: total,
        midnight: total,
    };
    let Some(known) = counter else {
        *counter = Some(fresh);
        return;
    };
    let grown = total.checked_sub(known.total);
    if known.registers != registers || grown.is_none_or(|grown| grown.digits < 0) {
        // Another meter, or other registers: no difference means anything.
        *counter = Some(fresh);
        return;
    }
    match turn {
        Turn::None => {}
        Turn::Before => known.midnight = known.total,
        Turn::Now | Turn::Unseen => known.midnight = total,
    }
    known.total = total;
}

fn date(time: &Timestamp) -> (u16, u8, u8) {
    (time.year, time.month, time.day)
}

/// Seconds since midnight.
fn passed(time: &Timestamp) -> i64 {
    i64::from(time.hour) * 3600 + i64::from(time.minute) * 60 + i64::from(time.second)
}

/// Seconds until midnight.
fn left(time: &Timestamp) -> i64 {
    86_400 - passed(time)
}

/// Whether midnight is all that lies between two times.
fn follows(before: &Timestamp, time: &Timestamp) -> bool {
    let apart = before.instant().zip(time.instant());
    let apart = apart.map(|(before, time)| time.duration_since(before).as_secs());
    apart.is_some_and(|apart| (0..=left(before) + 90_000).contains(&apart))
}

/// A telegram so many seconds from midnight counts for midnight itself.
const NEAR: i64 = 300;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::p1::value::Zone;

    fn time(text: &str) -> Option<Timestamp> {
        Timestamp::parse(text.as_bytes(), &Zone::luxembourg())
    }

    fn total(digits: i64) -> Registers {
        let mut registers = Registers::default();
        registers.total(Decimal::new(digits, 3));
        registers
    }

    fn tariffs(values: &[(i64, u8)]) -> Registers {
        let mut registers = Registers::default();
        for &(digits, scale) in values {
            registers.tariff(Decimal::new(digits, scale));
        }
        registers
    }

    /// Total, since the start, today.
    fn import(energy: &Energy) -> [String; 3] {
        let counter = energy.import.unwrap();
        let text = |value: Option<Decimal>| value.unwrap().to_string();
        [
            counter.total.to_string(),
            text(counter.since_start()),
            text(counter.today()),
        ]
    }

    fn run(steps: &[(&str, i64)]) -> Energy {
        let mut energy = Energy::default();
        for &(at, digits) in steps {
            energy.take(total(digits), Registers::default(), time(at));
        }
        energy
    }

    #[test]
    fn a_day_begins_with_the_telegram_that_is_nearest_to_midnight() {
        let evening = ("260203184000W", 1_000);
        let energy = run(&[evening, ("260203235958W", 1_500), ("260204000008W", 1_530)]);
        assert_eq!(import(&energy), ["1.530", "0.530", "0.030"]);
        assert!(energy.day.unwrap().since.is_none());
        let energy = run(&[evening, ("260203235950W", 1_500), ("260204000000W", 1_530)]);
        assert_eq!(import(&energy), ["1.530", "0.530", "0.000"]);
        assert!(energy.export.is_none());
    }

    #[test]
    fn a_day_whose_midnight_was_not_seen_says_since_when() {
        let energy = run(&[("260203184000W", 1_000)]);
        assert_eq!(energy.day.unwrap().since, time("260203184000W"));
        let energy = run(&[
            ("260203184000W", 1_000),
            ("260205071500W", 9_000),
            ("260205071510W", 9_001),
        ]);
        assert_eq!(import(&energy), ["9.001", "8.001", "0.001"]);
        assert_eq!(energy.day.unwrap().since, time("260205071500W"));
    }

    #[test]
    fn tariffs_are_summed_exactly_and_a_missing_one_is_no_loss() {
        let mut energy = Energy::default();
        let mut step =
            |values: &[(i64, u8)]| energy.take(tariffs(values), Registers::default(), None);
        step(&[(1_000, 3), (20, 1)]);
        step(&[(1_001, 3), (21, 1)]);
        step(&[(1_002, 3)]);
        step(&[(1_003, 3), (22, 1)]);
        step(&[(1_004, 3), (22, 1)]);
        assert_eq!(import(&energy), ["3.204", "0.001", "0.001"]);
    }

    #[test]
    fn a_counter_that_falls_begins_anew() {
        let energy = run(&[("260203184000W", 9_000), ("260203184010W", 5)]);
        assert_eq!(import(&energy), ["0.005", "0.000", "0.000"]);
        let energy = run(&[("260203184000W", i64::MAX), ("260203184010W", i64::MIN)]);
        assert_eq!(energy.import.unwrap().total.digits, i64::MIN);
    }
}
