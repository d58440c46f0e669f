//! Clocks that jump, and telegrams that were made up.

use super::*;
use crate::p1::derive::course::Course;

/// What computes for a meter, and what it said last.
struct Meter {
    course: Course,
    trial: Option<Box<Course>>,
    told: Vec<(&'static str, String)>,
}

impl Meter {
    fn begin(sample: Sample, heard: Option<Heard>) -> Self {
        let (course, now) = Course::begin(sample, reference(REFERENCE), heard);
        Self {
            course,
            trial: None,
            told: told(now),
        }
    }

    /// Two quarters of 1 kWh each, 250 Wh above, heard by the clock of the meter where `live` says so.
    fn settled(live: bool) -> Self {
        let heard = |second| {
            live.then_some(Heard {
                second: START + second,
                live,
            })
        };
        let mut meter = Self::begin(sample(0, 1_000), heard(0));
        for step in 1..=180 {
            let second = step * 10;
            meter.take(sample(second, 1_000 + second * 1000 / 900), heard(second));
        }
        assert_eq!(meter.value("excess_month_kwh"), Some("0.500"));
        meter
    }

    fn take(&mut self, sample: Sample, heard: Option<Heard>) {
        self.told = told(self.course.take(&mut self.trial, sample, heard));
    }

    fn value(&self, key: &str) -> Option<&str> {
        value(&self.told, key)
    }
}

fn live(second: i64) -> Option<Heard> {
    Some(Heard {
        second: START + second,
        live: true,
    })
}

/// 2099.
const FAR: i64 = 73 * 366 * 86_400;

#[test]
fn telegrams_of_another_century_cost_no_sums() {
    for known in [false, true] {
        let heard = |second| live(second).filter(|_| known);
        for forged in [1, 2, 60] {
            let mut meter = Meter::settled(known);
            for number in 0..forged {
                // Each by itself, and in a row.
                meter.take(sample(FAR + number, 9_000_000), heard(1_800));
                assert_eq!(meter.course.memory.second(), START + 1_800);
                // Where our clock says that it is wrong, nothing is told.
                assert_eq!(meter.told.is_empty(), known);
            }
            meter.take(sample(1_810, 3_010), heard(1_810));
            assert_eq!(meter.value("excess_month_kwh"), Some("0.500"));
            assert_eq!(meter.value("quarter_energy_kwh"), Some("0.010"));
            assert!(meter.trial.is_none());
        }
    }
}

#[test]
fn a_time_of_every_telegram_its_own_is_none() {
    let mut meter = Meter::settled(false);
    for number in 1..300 {
        meter.take(sample(FAR + number * 50 * 86_400, 9_000_000), None);
        meter.take(sample(-number * 50 * 86_400, 9_000_000), None);
    }
    meter.take(sample(1_810, 3_010), None);
    assert_eq!(meter.value("excess_month_kwh"), Some("0.500"));
}

#[test]
fn a_clock_that_was_made_up_needs_time_that_cannot_be_made_up() {
    let mut meter = Meter::settled(true);
    for number in 0..500 {
        meter.take(sample(FAR + number * 60, 9_000_000), live(1_805));
        assert!(meter.told.is_empty());
    }
    meter.take(sample(1_810, 3_010), live(1_810));
    assert_eq!(meter.value("excess_month_kwh"), Some("0.500"));
}

#[test]
fn a_clock_that_was_set_is_believed_after_a_quarter_of_an_hour() {
    let mut meter = Meter::settled(true);
    let heard = |step: i64| live(1_800 + step * 10);
    for step in 1..=90 {
        meter.take(sample(FAR + step * 10, 3_000 + step), heard(step));
    }
    assert!(meter.told.is_empty());
    meter.take(sample(FAR + 910, 3_091), heard(91));
    assert_eq!(meter.course.memory.second(), START + FAR + 910);
    // The bound was seen at 900 s.
    assert_eq!(meter.value("quarter_energy_kwh"), Some("0.001"));
    assert_eq!(meter.value("excess_month_kwh"), Some("0.000"));
    // And back: right is right at once.
    meter.take(sample(2_720, 3_100), live(2_720));
    assert_eq!(meter.course.memory.second(), START + 2_720);
}

#[test]
fn after_a_gap_of_months_all_is_told_at_once() {
    let mut meter = Meter::settled(false);
    let later = GAP_MAX + 900;
    meter.take(sample(1_800 + later, 5_000), None);
    assert_eq!(meter.value("quarter_energy_kwh"), Some("0.000"));
    meter.take(sample(1_810 + later, 5_020), None);
    assert_eq!(meter.value("quarter_energy_kwh"), Some("0.020"));
    for step in 2..=90 {
        meter.take(sample(1_800 + later + step * 10, 5_000 + step * 20), None);
    }
    assert!(meter.trial.is_none());
    assert_eq!(meter.value("last_quarter_energy_kwh"), Some("1.800"));
    // A gap that the clock of the host knows of is none of its business.
    let mut meter = Meter::settled(true);
    meter.take(sample(1_800 + later, 5_000), live(1_800 + later));
    assert_eq!(meter.course.memory.second(), START + 1_800 + later);
}

#[test]
fn a_first_telegram_that_was_made_up_holds_the_meter_up_for_one_more() {
    let mut meter = Meter::begin(sample(FAR, 9_000_000), None);
    meter.take(sample(0, 1_000), None);
    assert_eq!(meter.value("quarter_energy_kwh"), Some("0.000"));
    meter.take(sample(10, 1_010), None);
    assert_eq!(meter.course.memory.second(), START + 10);
    assert_eq!(meter.value("quarter_energy_kwh"), Some("0.010"));
}

#[test]
fn what_comes_late_by_days_changes_nothing() {
    let mut meter = Meter::settled(false);
    for number in 0..200 {
        meter.take(sample(number * 10 - 3 * 86_400, number), None);
        assert!(meter.told.is_empty());
    }
    meter.take(sample(1_810, 3_010), None);
    assert_eq!(meter.value("excess_month_kwh"), Some("0.500"));
}
