//! The household over hours, days and months.

use super::*;
use jiff::civil::date;

fn household(seed: u64, month: i8, hour: i8) -> LoadProfile {
    let clock = Clock::luxembourg();
    let start = clock.when(date(2026, month, 15).at(hour, 0, 0, 0)).unix;
    LoadProfile::new(seed, clock, start, 3600)
}

#[test]
fn the_phases_add_up() {
    let mut house = household(3, 5, 0);
    for _ in 0..2000 {
        house.advance(47);
        let phases = [0, 1, 2].map(|phase| house.phase(phase));
        assert_eq!(
            house.active(),
            phases.iter().map(|phase| phase.active).sum::<i64>()
        );
        for phase in phases {
            assert!((2150..2450).contains(&phase.voltage), "{phase:?}");
            let difference = phase.current * phase.voltage / 10_000 - phase.apparent;
            assert!(difference.abs() <= 1, "{phase:?}");
        }
        assert!((4995..5005).contains(&house.frequency()));
    }
}

#[test]
fn counters_only_grow_and_meet_the_powers() {
    let mut house = household(4, 2, 18);
    let totals = |house: &LoadProfile| {
        let energy = house.energy();
        let both = |counters: [Counter; 2]| counters[0].units() + counters[1].units();
        [
            both(energy.import),
            both(energy.export),
            house.captured().gas,
            house.captured().water,
        ]
    };
    let start = totals(&house);
    let (mut before, mut watt_seconds) = (start, 0);
    for _ in 0..8640 {
        watt_seconds += house.active().max(0) * 10;
        house.advance(10);
        let now = totals(&house);
        assert!(now.iter().zip(&before).all(|(now, before)| now >= before));
        before = now;
    }
    assert!((before[0] - start[0] - watt_seconds / 3600).abs() <= 2);
    let day = before[0] - start[0];
    assert!((4_000..30_000).contains(&day), "{day} Wh a day");
}

#[test]
fn noon_in_summer_exports_and_a_winter_evening_imports() {
    let mean = |month, hour| {
        let mut house = household(5, month, hour);
        (0..360)
            .map(|_| {
                house.advance(10);
                house.active()
            })
            .sum::<i64>()
            / 360
    };
    assert!(mean(6, 13) < 0, "{}", mean(6, 13));
    assert!(mean(12, 19) > 300, "{}", mean(12, 19));
    assert!(mean(6, 3) > 0 && mean(6, 3) < mean(12, 19));
}

#[test]
fn gas_burns_in_winter() {
    let day = |month| {
        let mut house = household(6, month, 0);
        let start = house.captured().gas;
        (0..24).for_each(|_| house.advance(3600));
        house.captured().gas - start
    };
    let (winter, summer) = (day(1), day(7));
    assert!(
        (5_000..30_000).contains(&winter) && summer < 1_500,
        "{winter} {summer} litres a day"
    );
}

#[test]
fn sub_meters_are_read_on_the_hour() {
    let mut house = household(7, 1, 7);
    house.advance(1799);
    assert_eq!(house.captured().at.civil, date(2026, 1, 15).at(7, 0, 0, 0));
    house.advance(1801 + 30);
    assert_eq!(house.captured().at.civil, date(2026, 1, 15).at(8, 0, 0, 0));
}

#[test]
fn the_highest_quarter_of_a_month_is_kept() {
    let mut house = household(8, 1, 0);
    let known = house.demand().months.len();
    let mut most = house.demand().month.1;
    let mut quarters = Vec::new();
    for _ in 0..96 * 40 {
        let month = house.now().civil.month();
        house.advance(450);
        house.advance(450);
        let demand = house.demand();
        if house.now().civil.month() == month {
            most = most.max(demand.last);
            assert_eq!(demand.month.1, most);
        } else {
            quarters.push(most.max(demand.last));
            most = 0;
        }
    }
    let months = &house.demand().months;
    assert_eq!(months.len(), known + 1);
    assert_eq!(months[known].0.civil, date(2026, 2, 1).at(0, 0, 0, 0));
    assert_eq!(months[known].2, quarters[0]);
    assert!(months[known].1.unix <= months[known].0.unix);
}

#[test]
fn a_seed_is_a_life() {
    let lived = |seed| {
        let mut house = household(seed, 3, 6);
        (0..100).for_each(|_| house.advance(10));
        (house.active(), house.energy)
    };
    assert_eq!(lived(1), lived(1));
    assert_ne!(lived(1), lived(2));
}
