//! What is computed, against a model that looks at the whole series at once; and what breaks a series.

mod course;
mod model;
mod telegrams;

use jiff::civil::date;
use jiff::tz::{Offset, TimeZone};
use proptest::prelude::*;

use self::model::{Model, Point};
use super::quarter::{GAP_MAX, Memory, Now, Sample};
use super::*;
use crate::p1::value::{Decimal, Timestamp, Zone};

/// Seconds since 1970 of 2026-02-27 08:00:00 UTC: a month ends within two days.
const START: i64 = 1_772_179_200;
const REFERENCE: &str = "3kW";

fn reference(text: &str) -> Option<ReferencePower> {
    Some(text.parse().unwrap())
}

/// A sample in winter: seconds behind the start, and the counter in Wh.
fn sample(second: i64, wh: i64) -> Sample {
    at(START + second, 60, Decimal::new(wh, 3), 0)
}

fn at(second: i64, offset: i16, import: Decimal, registers: u8) -> Sample {
    let instant = jiff::Timestamp::from_second(second).unwrap();
    let local = Offset::from_seconds(i32::from(offset) * 60)
        .unwrap()
        .to_datetime(instant);
    let time = Timestamp {
        year: local.year().unsigned_abs(),
        month: local.month().unsigned_abs(),
        day: local.day().unsigned_abs(),
        hour: local.hour().unsigned_abs(),
        minute: local.minute().unsigned_abs(),
        second: local.second().unsigned_abs(),
        offset,
    };
    Sample::new(&time, import, registers).unwrap()
}

fn told(now: Option<Now>) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    if let Some(now) = now {
        now.tell(&mut |key, value| all.push((key, value.to_string())));
    }
    all
}

fn value<'a>(told: &'a [(&'static str, String)], key: &str) -> Option<&'a str> {
    told.iter()
        .find(|(known, _)| *known == key)
        .map(|(_, value)| value.as_str())
}

/// What is told at the last of some samples.
fn run(samples: &[Sample]) -> Vec<(&'static str, String)> {
    let mut memory: Option<Memory> = None;
    let mut last = None;
    for sample in samples {
        last = match &mut memory {
            Some(memory) => memory.take(*sample),
            None => memory
                .insert(Memory::begin(*sample, reference(REFERENCE)))
                .now(sample),
        };
    }
    told(last)
}

/// What is told of a row of points, with the memory written down and read again where `cut` says so.
fn run_points(points: &[Point], cut: impl Fn(usize) -> bool) -> Vec<(&'static str, String)> {
    let mut memory: Option<Memory> = None;
    let mut last = None;
    for (index, point) in points.iter().enumerate() {
        let sample = sample(point.second, point.wh);
        if let Some(known) = &memory
            && cut(index)
        {
            let text = serde_json::to_string(known).unwrap();
            memory = Some(serde_json::from_str(&text).unwrap());
        }
        last = match &mut memory {
            Some(memory) => memory.take(sample),
            None => memory
                .insert(Memory::begin(sample, reference(REFERENCE)))
                .now(&sample),
        };
    }
    told(last)
}

/// Telegrams some seconds apart, mostly close to each other, with the energy between them.
fn series() -> impl Strategy<Value = Vec<Point>> {
    let step = prop_oneof![
        8 => 1i64..=90,
        4 => Just(10i64),
        2 => 91i64..=1_000,
        1 => 1_000i64..=40_000,
        1 => Just(900i64),
    ];
    let begin = prop_oneof![Just(0i64), 0i64..1800];
    (begin, prop::collection::vec((step, 0i64..=30_000), 1..200)).prop_map(|(begin, steps)| {
        let mut point = Point {
            second: begin,
            wh: 25_653_000,
        };
        let mut points = vec![point];
        for (step, power) in steps {
            point.second += step;
            point.wh += power * step / 3600;
            points.push(point);
        }
        points
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn it_is_what_the_model_says_of_the_whole_series(points in series()) {
        let model = Model::of(&points, START, 750);
        prop_assert_eq!(run_points(&points, |_| false), model.told());
    }

    #[test]
    fn telegrams_that_are_not_next_to_a_bound_can_be_lost(points in series(), chance in any::<u64>()) {
        let kept: Vec<Point> = points
            .iter()
            .enumerate()
            .filter(|(index, _)| {
                let lost = chance.rotate_left(*index as u32 * 7) & 1 == 1;
                !lost || model::is_next_to_a_bound(&points, START, *index)
            })
            .map(|(_, point)| *point)
            .collect();
        prop_assert_eq!(run_points(&kept, |_| false), run_points(&points, |_| false));
    }

    #[test]
    fn telegrams_next_to_a_bound_move_energy_between_quarters_and_lose_none(points in series(), chance in any::<u64>()) {
        let last = points.len() - 1;
        let kept: Vec<Point> = points
            .iter()
            .enumerate()
            .filter(|(index, _)| *index == 0 || *index == last || chance.rotate_left(*index as u32 * 5) & 1 == 1)
            .map(|(_, point)| *point)
            .collect();
        let full = Model::of(&points, START, 750);
        let fewer = Model::of(&kept, START, 750);
        prop_assert_eq!(run_points(&kept, |_| false), fewer.told());
        // From the first telegram to the last, whatever became of the bounds between.
        prop_assert_eq!(full.all(), fewer.all());
        prop_assert_eq!(full.quarters.len(), fewer.quarters.len());
    }

    #[test]
    fn a_restart_anywhere_changes_nothing(points in series(), chance in any::<u64>()) {
        let cut = |index: usize| chance.rotate_left(index as u32) & 1 == 1;
        prop_assert_eq!(run_points(&points, cut), run_points(&points, |_| false));
    }

    #[test]
    fn nothing_that_comes_in_is_too_large_or_too_strange(
        samples in prop::collection::vec(
            (-5_000_000_000i64..200_000_000_000, prop_oneof![Just(60i16), Just(-720), Just(840)], any::<i64>(), 0u8..20, 0u8..4),
            1..40,
        ),
    ) {
        let mut memory: Option<Memory> = None;
        for (second, offset, digits, scale, registers) in samples {
            let Ok(instant) = jiff::Timestamp::from_second(second) else { continue };
            let local = instant.to_zoned(TimeZone::UTC).datetime();
            let time = Timestamp {
                year: local.year().unsigned_abs(),
                month: local.month().unsigned_abs(),
                day: local.day().unsigned_abs(),
                hour: local.hour().unsigned_abs(),
                minute: local.minute().unsigned_abs(),
                second: local.second().unsigned_abs(),
                offset,
            };
            let Some(sample) = Sample::new(&time, Decimal::new(digits, scale), registers) else { continue };
            let now = match &mut memory {
                Some(memory) => memory.take(sample),
                None => memory.insert(Memory::begin(sample, reference("0.000001kW"))).now(&sample),
            };
            told(now);
            let text = serde_json::to_string(&memory).unwrap();
            let read: Option<Memory> = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(&read, &memory);
        }
    }
}

#[test]
fn a_quarter_by_hand() {
    // 10 s before the bound, 20 s behind it: a third of 30 Wh belongs to the quarter before.
    let steps = [sample(0, 1_000), sample(890, 1_800), sample(920, 1_830)];
    let told = run(&steps);
    assert_eq!(value(&told, "quarter_energy_kwh"), Some("0.020"));
    assert_eq!(value(&told, "quarter_mean_power_kw"), Some("3.600"));
    assert_eq!(value(&told, "last_quarter_energy_kwh"), Some("0.810"));
    assert_eq!(value(&told, "quarter_left_kwh"), Some("0.730"));
    // 0.730 kWh in the 880 s left are 2.9863… kW.
    assert_eq!(value(&told, "quarter_left_kw"), Some("2.986"));
    assert_eq!(value(&told, "excess_quarter_kwh"), Some("0.000"));
    assert_eq!(value(&told, "excess_last_quarter_kwh"), Some("0.060"));
    assert_eq!(value(&told, "excess_day_kwh"), Some("0.060"));
    // 26 days, and from 00:00 to 09:00.
    let before = (26 * 96 + 36).to_string();
    assert_eq!(value(&told, "unsure_quarters_month"), Some(&*before));
}

#[test]
fn the_quarter_of_the_first_telegram_is_not_known() {
    let told = run(&[sample(5, 1_000), sample(600, 9_000)]);
    assert_eq!(value(&told, "quarter_energy_kwh"), None);
    assert_eq!(value(&told, "excess_quarter_kwh"), None);
    assert_eq!(value(&told, "excess_day_kwh"), Some("0.000"));
}

#[test]
fn at_the_bound_itself_there_is_energy_and_no_power() {
    let told = run(&[sample(0, 1_000)]);
    assert_eq!(value(&told, "quarter_energy_kwh"), Some("0.000"));
    assert_eq!(value(&told, "quarter_mean_power_kw"), None);
    assert_eq!(value(&told, "quarter_left_kwh"), Some("0.750"));
    assert_eq!(value(&told, "quarter_left_kw"), Some("3.000"));
}

#[test]
fn a_telegram_that_comes_twice_or_late_changes_nothing() {
    let steps = [sample(0, 1_000), sample(900, 1_500), sample(910, 1_600)];
    let once = run(&steps);
    let [first, second, third] = steps;
    assert_eq!(run(&[first, second, third, third]), once);
    assert_eq!(run(&[first, second, third, second, third]), once);
    // One of an earlier quarter tells nothing.
    assert_eq!(run(&[first, second, third, first]), []);
    assert_eq!(run(&[first, second, third, first, second, third]), once);
}

#[test]
fn a_counter_that_falls_begins_anew() {
    let steps = [
        sample(0, 9_000_000),
        sample(900, 9_001_000),
        sample(1_000, 500),
        sample(1_790, 600),
    ];
    let cut = run(&steps);
    assert_eq!(value(&cut, "quarter_energy_kwh"), None);
    assert_eq!(value(&cut, "last_quarter_energy_kwh"), None);
    assert_eq!(value(&cut, "excess_day_kwh"), Some("0.250"));
    let [first, second, third, fourth] = steps;
    let later = run(&[
        first,
        second,
        third,
        fourth,
        sample(1_800, 700),
        sample(1_900, 800),
    ]);
    assert_eq!(value(&later, "quarter_energy_kwh"), Some("0.100"));
    assert_eq!(value(&later, "excess_day_kwh"), Some("0.250"));
    let unsure = (26 * 96 + 36 + 1).to_string();
    assert_eq!(value(&later, "unsure_quarters_month"), Some(&*unsure));
}

#[test]
fn a_clock_that_is_set_back_a_little_within_a_quarter_goes_on() {
    let told = run(&[sample(0, 1_000), sample(910, 1_500), sample(905, 1_505)]);
    assert_eq!(value(&told, "last_quarter_energy_kwh"), Some("0.495"));
    assert_eq!(value(&told, "quarter_energy_kwh"), Some("0.010"));
    assert_eq!(value(&told, "quarter_mean_power_kw"), Some("7.200"));
}

#[test]
fn a_clock_that_is_set_back_over_midnight_ends_no_day_twice() {
    // The month ends at 40 h 0 min 0 s - 1 h: 2026-02-28 23:00 UTC.
    let midnight = 39 * 3600;
    let told = run(&[
        sample(midnight - 900, 1_000),
        sample(midnight + 5, 2_000),
        sample(midnight - 3, 2_001),
        sample(midnight + 10, 2_010),
    ]);
    assert_eq!(value(&told, "excess_last_day_kwh"), Some("0.244"));
    assert_eq!(value(&told, "excess_last_month_kwh"), Some("0.244"));
    assert_eq!(value(&told, "excess_month_kwh"), Some("0.000"));
    // The one that was cut, and the three seconds before midnight that came again.
    assert_eq!(value(&told, "unsure_quarters_month"), Some("2"));
}

#[test]
fn a_time_far_ahead_and_back_costs_what_it_covers_and_no_more() {
    let far = 60 * GAP_MAX;
    let told = run(&[
        sample(0, 1_000),
        sample(900, 2_000),
        sample(far, 2_001),
        sample(1_000, 2_002),
        sample(1_800, 2_100),
        sample(1_810, 2_200),
    ]);
    assert_eq!(value(&told, "quarter_energy_kwh"), Some("0.100"));
}

#[test]
fn a_long_gap_is_shared_out_evenly_and_said_to_be_unsure() {
    let before = run(&[sample(0, 1_000), sample(900, 2_000)]);
    let told = run(&[sample(0, 1_000), sample(900, 2_000), sample(900 * 5, 7_200)]);
    assert_eq!(value(&told, "last_quarter_energy_kwh"), Some("1.300"));
    assert_eq!(value(&told, "excess_last_quarter_kwh"), Some("0.550"));
    assert_eq!(value(&told, "excess_day_kwh"), Some("2.450"));
    let unsure = |told: &[(&'static str, String)]| -> u32 {
        value(told, "unsure_quarters_month")
            .unwrap()
            .parse()
            .unwrap()
    };
    assert_eq!(unsure(&told) - unsure(&before), 4);
}

#[test]
fn days_and_months_are_those_of_the_meters_clock_over_a_change_of_it() {
    let zone = Zone::luxembourg();
    let at = |text: &str, wh| {
        let time = Timestamp::parse(text.as_bytes(), &zone).unwrap();
        Sample::new(&time, Decimal::new(wh, 3), 0).unwrap()
    };
    // The night in which 02:00 to 03:00 comes twice: 25 hours, 100 quarters, each 0.050 kWh above.
    let mut samples = vec![at("261025000000S", 0)];
    let mut wh = 0;
    for quarter in 1..=100 {
        wh += 800;
        let start = samples[0];
        let second = 1_792_879_200 + quarter * 900;
        let offset = if second >= 1_792_890_000 { 60 } else { 120 };
        assert_ne!(start, self::at(second, offset, Decimal::new(wh, 3), 0));
        samples.push(self::at(second, offset, Decimal::new(wh, 3), 0));
    }
    let last = *samples.last().unwrap();
    assert_eq!(last, at("261026000000W", 80_000));
    let told = run(&samples);
    assert_eq!(value(&told, "excess_last_day_kwh"), Some("5.000"));
    assert_eq!(value(&told, "excess_day_kwh"), Some("0.000"));
    assert_eq!(value(&told, "excess_month_kwh"), Some("5.000"));
    // With nothing in between the same day gets all of it.
    let gap = run(&[at("261025000000S", 0), at("261026000000W", 80_000)]);
    assert_eq!(value(&gap, "excess_month_kwh"), Some("5.000"));
}

#[test]
fn a_telegram_without_one_of_its_tariffs_is_not_counted() {
    let tariffs = |second, wh, registers| at(START + second, 60, Decimal::new(wh, 3), registers);
    let told = run(&[
        tariffs(0, 3_000, 2),
        tariffs(10, 2_000, 1),
        tariffs(20, 3_020, 2),
    ]);
    assert_eq!(value(&told, "quarter_energy_kwh"), Some("0.020"));
    // After an hour it is not damaged but so.
    let told = run(&[
        tariffs(0, 3_000, 2),
        tariffs(3_600, 2_000, 1),
        tariffs(3_610, 2_010, 1),
    ]);
    assert_eq!(value(&told, "quarter_energy_kwh"), Some("0.010"));
}

#[test]
fn another_reference_power_begins_its_sums_anew() {
    let first = sample(0, 1_000);
    let mut memory = Memory::begin(first, reference("3kW"));
    memory.take(sample(900, 2_000));
    memory.take(sample(1_000, 2_100));
    let sum = |memory: &Memory| {
        let told = told(memory.now(&sample(1_000, 2_100)));
        value(&told, "excess_month_kwh").map(str::to_owned)
    };
    assert_eq!(sum(&memory).as_deref(), Some("0.250"));
    memory.refer(reference("3000W"));
    assert_eq!(sum(&memory).as_deref(), Some("0.250"));
    memory.refer(reference("3.1kW"));
    assert_eq!(sum(&memory).as_deref(), Some("0.000"));
    memory.refer(None);
    assert_eq!(sum(&memory), None);
}

#[test]
fn the_names_are_those_of_the_list_in_its_order() {
    let all = Extent::WithReference.quantities();
    let told = run(&[sample(0, 1_000), sample(890, 1_800), sample(920, 1_830)]);
    let places = told.iter().map(|(key, _)| {
        all.iter()
            .position(|quantity| quantity.key == *key)
            .unwrap_or_else(|| panic!("{key}"))
    });
    assert!(places.is_sorted());
    assert_eq!(Extent::Computed.quantities().len(), 11);
    assert!(Extent::Nothing.quantities().is_empty());
    assert!(is_known("net_power") && is_known("net_power_kw") && !is_known("net"));
    for quantity in all {
        let suffix = quantity.unit.map_or("", Unit::suffix);
        assert!(quantity.key.ends_with(suffix), "{}", quantity.key);
    }
    assert_eq!(date(2026, 2, 27).at(8, 0, 0, 0), {
        let start = jiff::Timestamp::from_second(START).unwrap();
        start.to_zoned(TimeZone::UTC).datetime()
    });
}
