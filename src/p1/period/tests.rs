//! Statements of made-up meters.

use proptest::prelude::*;

use super::*;
use crate::p1::telegram::{LayoutCache, format};
use crate::p1::value::{Decimal, Zone};

/// A telegram with an imported energy in Wh, and more lines.
fn take(ledger: &mut Ledger, second: i64, watt_hours: i64, more: &[(&str, String)]) {
    let zone = Zone::luxembourg();
    let at = jiff::Timestamp::from_second(second).unwrap();
    let at = at.to_zoned(zone.rules().clone());
    let season = if at.offset().seconds() == 7200 {
        "S"
    } else {
        "W"
    };
    let clock = format!("{}{season}", at.strftime("%y%m%d%H%M%S"));
    let import = Decimal::new(watt_hours, 3);
    let mut lines = vec![("0-0:1.0.0", clock), ("1-0:1.8.0", format!("{import}*kWh"))];
    lines.extend(more.iter().map(|(code, value)| (*code, value.clone())));
    let lines = lines
        .iter()
        .map(|(code, value)| (*code, value.split(")(").collect::<Vec<_>>()));
    let text = format("/SMY5\\meter", lines, true);
    let mark = text.iter().position(|byte| *byte == b'!').unwrap();
    let mut memory = LayoutCache::default();
    ledger.take(&memory.parse(&text, mark, &zone), None);
}

fn wanted(by: By) -> Wanted {
    Wanted {
        by: Some(by),
        zone: Zone::luxembourg(),
        from: None,
        to: None,
        reference: None,
        prices: None,
        measured: true,
        latest: second("2030-01-01T00:00:00Z"),
    }
}

fn second(at: &str) -> i64 {
    at.parse::<jiff::Timestamp>().unwrap().as_second()
}

fn import(row: &Row) -> i64 {
    row.counted[0].unwrap().digits
}

#[test]
fn days_are_local_and_their_bounds_are_between_two_telegrams() {
    let mut ledger = Ledger::default();
    // Every ten seconds over the change of clock in spring, a watt-hour each.
    let start = second("2026-03-28T00:00:00+01:00");
    for step in 0..=(3 * 8640 - 360) {
        take(&mut ledger, start + step * 10, step, &[]);
    }
    let statement = ledger.statement(&wanted(By::Day)).unwrap();
    let rows: Vec<_> = statement
        .rows
        .iter()
        .map(|row| (import(row), row.telegrams, row.missed, row.sure))
        .collect();
    assert_eq!(
        rows,
        [
            (8640, 8640, 0, true),
            (8280, 8280, 0, true),
            (8640, 8640, 0, true)
        ]
    );
    assert_eq!(statement.interval, Some(10));
    assert_eq!(statement.notes, []);
    let peak = statement.total.highest.unwrap();
    assert_eq!(
        (peak.power.to_string().as_str(), peak.second, peak.sure),
        ("0.360", start, true)
    );
}

#[test]
fn a_gap_is_shared_out_and_told() {
    let mut ledger = Ledger::default();
    let start = second("2026-01-10T00:00:00+01:00");
    for step in 0..360 {
        take(&mut ledger, start + step * 10, step, &[]);
    }
    let back = start + 5 * 3600;
    for step in 0..=360 {
        take(&mut ledger, back + step * 10, 1000 + step, &[]);
    }
    let statement = ledger.statement(&wanted(By::Hour)).unwrap();
    let rows: Vec<_> = statement
        .rows
        .iter()
        .map(|row| (import(row), row.telegrams, row.missed, row.sure))
        .collect();
    let missed: u64 = rows.iter().map(|row| row.2).sum();
    assert_eq!(missed, 4 * 360);
    assert_eq!(rows.iter().map(|row| row.0).sum::<i64>(), 1360);
    assert_eq!(rows[0], (359, 360, 0, false));
    assert_eq!(rows[1].1, 0);
    assert!(rows[1..5].iter().all(|row| row.0 > 155 && !row.3));
    assert_eq!(rows[5], (360, 360, 0, true));
}

#[test]
fn an_exchanged_meter_goes_on_and_is_told() {
    let mut ledger = Ledger::default();
    let start = second("2026-01-10T10:00:00+01:00");
    for (step, value) in [5000, 5010, 5020, 0, 3, 7].into_iter().enumerate() {
        take(&mut ledger, start + step as i64 * 300, value, &[]);
    }
    let statement = ledger.statement(&wanted(By::Quarter)).unwrap();
    assert_eq!(import(&statement.total), 27);
    assert_eq!(
        statement.notes,
        [Note::Fell {
            key: "active_energy_import_kwh".to_owned(),
            second: start + 900,
            before: Decimal::new(5020, 3),
            after: Decimal::new(0, 3),
        }]
    );
}

#[test]
fn a_clock_that_was_not_set_costs_nothing() {
    let start = second("2026-01-10T10:00:00+01:00");
    for odd in [
        "2013-01-01T00:00:20Z",
        "2029-06-01T00:00:00Z",
        "2099-01-01T00:00:00Z",
    ] {
        let mut ledger = Ledger::default();
        for step in 0..400 {
            take(&mut ledger, start + step * 10, 5000 + step, &[]);
        }
        take(&mut ledger, second(odd), 5100, &[]);
        let statement = ledger.statement(&wanted(By::Day)).unwrap();
        assert_eq!(statement.rows.len(), 1, "{odd}");
        assert_eq!(import(&statement.total), 399);
        assert!(
            matches!(statement.notes[..], [Note::WrongClock { telegrams: 1, .. }]),
            "{odd}"
        );
    }
}

#[test]
fn gas_belongs_to_the_time_of_its_capture() {
    let mut ledger = Ledger::default();
    let start = second("2026-01-10T10:00:00+01:00");
    for step in 0..=24 {
        let at = start + step * 300;
        let captured = at - at.rem_euclid(3600);
        let hour = (captured - start) / 3600;
        let clock = jiff::Timestamp::from_second(captured + 3600).unwrap();
        let gas = format!(
            "{}W)({:.3}*m3",
            clock.strftime("%y%m%d%H%M%S"),
            7.0 + hour as f64
        );
        take(
            &mut ledger,
            at,
            step,
            &[("0-1:24.1.0", "003".to_owned()), ("0-1:24.2.1", gas)],
        );
    }
    let statement = ledger.statement(&wanted(By::Hour)).unwrap();
    let at = statement
        .counted
        .iter()
        .position(|key| key == "gas_m3")
        .unwrap();
    let gas: Vec<_> = statement
        .rows
        .iter()
        .map(|row| row.counted[at].unwrap().to_string())
        .collect();
    assert_eq!(gas, ["1.000", "1.000"]);
}

#[test]
fn tariffs_make_the_total_where_none_is_sent() {
    let mut ledger = Ledger::default();
    let zone = Zone::luxembourg();
    for (clock, one, two) in [
        ("260110100000W", "1.0", "2.500"),
        ("260110101500W", "1.5", "2.501"),
        ("260110103000W", "1.5", "3.000"),
    ] {
        let lines = [
            ("0-0:1.0.0", clock.to_owned()),
            ("1-0:1.8.1", format!("{one}*kWh")),
            ("1-0:1.8.2", format!("{two}*kWh")),
        ];
        let lines = lines.iter().map(|(code, value)| (*code, [value.as_str()]));
        let text = format("/SMY5\\meter", lines, true);
        let mark = text.iter().position(|byte| *byte == b'!').unwrap();
        ledger.take(&LayoutCache::default().parse(&text, mark, &zone), None);
    }
    let reference = "1kW".parse().unwrap();
    let statement = ledger
        .statement(&Wanted {
            reference: Some(reference),
            prices: None,
            ..wanted(By::Quarter)
        })
        .unwrap();
    assert_eq!(
        statement.counted,
        [
            "active_energy_import_kwh",
            "active_energy_import_tariff_1_kwh",
            "active_energy_import_tariff_2_kwh",
            "excess_energy_kwh"
        ]
    );
    let rows: Vec<Vec<String>> = statement
        .rows
        .iter()
        .map(|row| {
            row.counted
                .iter()
                .map(|value| value.unwrap().to_string())
                .collect()
        })
        .collect();
    assert_eq!(
        rows,
        [
            ["0.501", "0.5", "0.001", "0.251"],
            ["0.499", "0.0", "0.499", "0.249"]
        ]
    );
    let peak = statement.total.highest.unwrap();
    assert_eq!(
        (peak.power.to_string().as_str(), peak.sure),
        ("2.004", true)
    );
}

#[test]
fn periods_follow_the_clock_on_the_wall() {
    let zone = Zone::luxembourg();
    for (by, at, start, end) in [
        (
            By::Hour,
            "2026-10-25T02:30:00+02:00",
            "2026-10-25T02:00:00+02:00",
            "2026-10-25T02:00:00+01:00",
        ),
        (
            By::Hour,
            "2026-10-25T02:30:00+01:00",
            "2026-10-25T02:00:00+01:00",
            "2026-10-25T03:00:00+01:00",
        ),
        (
            By::Day,
            "2026-10-25T23:59:59+01:00",
            "2026-10-25T00:00:00+02:00",
            "2026-10-26T00:00:00+01:00",
        ),
        (
            By::Week,
            "2026-11-01T12:00:00+01:00",
            "2026-10-26T00:00:00+01:00",
            "2026-11-02T00:00:00+01:00",
        ),
        (
            By::Month,
            "2026-03-01T00:00:00+01:00",
            "2026-03-01T00:00:00+01:00",
            "2026-04-01T00:00:00+02:00",
        ),
        (
            By::Year,
            "2026-12-31T23:59:59+01:00",
            "2026-01-01T00:00:00+01:00",
            "2027-01-01T00:00:00+01:00",
        ),
        (
            By::Quarter,
            "2026-03-29T01:59:59+01:00",
            "2026-03-29T01:45:00+01:00",
            "2026-03-29T03:00:00+02:00",
        ),
    ] {
        let period = by.period(second(at), &zone).unwrap();
        assert_eq!(
            period,
            Period {
                start: second(start),
                end: second(end)
            },
            "{by} {at}"
        );
    }
}

#[test]
fn from_and_to_cut_at_bounds() {
    let start = second("2026-01-10T10:00:00+01:00");
    let mut ledger = Ledger::default();
    for step in 0..=720 {
        take(&mut ledger, start + step * 10, step, &[]);
    }
    let statement = ledger
        .statement(&Wanted {
            from: Some(start + 1800),
            to: Some(start + 5400),
            ..wanted(By::Quarter)
        })
        .unwrap();
    let rows: Vec<i64> = statement.rows.iter().map(import).collect();
    assert_eq!(rows, [90; 4]);
}

proptest! {
    #[test]
    fn all_periods_add_up_to_the_counter(
        begin in 1_700_000_000i64..1_760_000_000,
        steps in prop::collection::vec((1i64..30_000, 0i64..5_000), 2..40),
        swap in any::<prop::sample::Index>(),
    ) {
        let mut samples = Vec::new();
        let (mut at, mut value) = (begin, 1_000_000);
        for (apart, more) in steps {
            samples.push((at, value));
            at += apart;
            value += more;
        }
        let (first, last) = (samples[0].1, samples[samples.len() - 1].1);
        let all = |samples: &[(i64, i64)]| {
            let mut ledger = Ledger::default();
            for (at, value) in samples {
                take(&mut ledger, *at, *value, &[]);
            }
            ledger
        };
        let ledger = all(&samples);
        for by in By::ALL {
            let statement = ledger.clone().statement(&wanted(by)).unwrap();
            let rows: i64 = statement.rows.iter().map(import).sum();
            prop_assert_eq!(rows, last - first, "{}", by);
            prop_assert_eq!(import(&statement.total), last - first);
            for pair in statement.rows.windows(2) {
                prop_assert_eq!(pair[0].period.end, pair[1].period.start);
            }
            prop_assert_eq!(&statement.notes, &[]);
        }
        // Recordings can be given in any order.
        let middle = swap.index(samples.len());
        let mut turned = samples[middle..].to_vec();
        turned.extend(&samples[..middle]);
        turned.extend(&samples);
        prop_assert_eq!(
            all(&turned).statement(&wanted(By::Day)),
            ledger.statement(&wanted(By::Day))
        );
    }
}

/// An hour from half past five on: 1.000, 2.000, 0.500 and 0.000 kWh.
fn an_hour() -> Ledger {
    let mut ledger = Ledger::default();
    let start = second("2026-01-10T05:30:00+01:00");
    for (step, watt_hours) in (0..).zip([0, 1000, 3000, 3500, 3500]) {
        take(&mut ledger, start + step * 900, watt_hours, &[]);
    }
    ledger
}

/// What is counted under a name: each quarter, and the total.
fn costs(ledger: &Ledger, name: &str, prices: Prices, reference: Option<&str>) -> String {
    let statement = ledger.statement(&Wanted {
        prices: Some(prices),
        reference: reference.map(|reference| reference.parse().unwrap()),
        ..wanted(By::Quarter)
    });
    let statement = statement.unwrap();
    let at = statement
        .counted
        .iter()
        .position(|key| key == name)
        .unwrap();
    let rows = statement.rows.iter().chain([&statement.total]);
    let all = rows.map(|row| row.counted[at].map_or("?".to_owned(), |value| value.to_string()));
    all.collect::<Vec<_>>().join(" ")
}

fn prices(import: Price) -> Prices {
    Prices {
        currency: "eur".to_owned(),
        import: Some(import),
        ..Prices::default()
    }
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

#[test]
fn what_energy_costs_is_exact() {
    let ledger = an_hour();
    let flat = prices(Price::Flat(decimal("0.2135")));
    assert_eq!(
        costs(&ledger, "cost_import_eur", flat.clone(), None),
        "0.2135000 0.4270000 0.1067500 0.0000000 0.7472500"
    );
    let day = ("06:00-22:00".parse().unwrap(), decimal("0.30"));
    let by_hours = |other| prices(Price::Hours(vec![day], other));
    assert_eq!(
        costs(&ledger, "cost_eur", by_hours(Some(decimal("0.1"))), None),
        "0.10000 0.20000 0.15000 0.00000 0.45000"
    );
    // At night there is no price; where nothing is used, none is needed.
    assert_eq!(
        costs(&ledger, "cost_eur", by_hours(None), None),
        "? ? 0.15000 0.00000 ?"
    );
    let six = second("2026-01-10T06:00:00+01:00");
    let spot = [(six - 3600, decimal("-0.05")), (six, decimal("0.125"))];
    assert_eq!(
        costs(&ledger, "cost_eur", prices(Price::List(spot.into())), None),
        "-0.050000 -0.100000 0.062500 0.000000 -0.087500"
    );
    // January has 2976 quarters, a day 96.
    let standing = Prices {
        month: Some(decimal("29.76")),
        day: Some(decimal("0.96")),
        excess: Some(decimal("0.1139")),
        ..flat
    };
    assert_eq!(
        costs(&ledger, "cost_standing_eur", standing.clone(), None),
        "0.020000 0.020000 0.020000 0.020000 0.080000"
    );
    assert_eq!(
        costs(&ledger, "cost_excess_eur", standing.clone(), Some("4kW")),
        "0.0000000 0.1139000 0.0000000 0.0000000 0.1139000"
    );
    assert_eq!(
        costs(&ledger, "cost_eur", standing, Some("4kW")),
        "0.2335000 0.5609000 0.1267500 0.0200000 0.9411500"
    );
}

#[test]
fn what_another_reference_power_would_have_cost() {
    let statement = an_hour().statement(&Wanted {
        prices: Some(Prices {
            excess: Some(decimal("0.1139")),
            levels: vec![
                ("3kW".parse().unwrap(), decimal("29.76")),
                ("7kW".parse().unwrap(), decimal("59.52")),
                ("12kW".parse().unwrap(), decimal("89.28")),
            ],
            ..prices(Price::Flat(decimal("0.2")))
        }),
        ..wanted(By::Day)
    });
    let levels: Vec<String> = statement
        .unwrap()
        .levels
        .iter()
        .map(|level| {
            format!(
                "{}: {} kWh in {}; {} + {} = {}",
                level.power, level.excess, level.quarters, level.months, level.beyond, level.cost
            )
        })
        .collect();
    assert_eq!(
        levels,
        [
            "3 kW: 1.500 kWh in 2; 0.040000 + 0.1708500 = 0.2108500",
            "7 kW: 0.250 kWh in 1; 0.080000 + 0.0284750 = 0.1084750",
            "12 kW: 0.000 kWh in 0; 0.120000 + 0.0000000 = 0.1200000"
        ]
    );
}

#[test]
fn a_cost_that_is_too_long_is_named_and_its_sum_with_it() {
    let mut ledger = Ledger::default();
    let start = second("2026-01-10T05:30:00+01:00");
    for step in 0..3 {
        take(&mut ledger, start + step * 900, step * 10_000_000_000, &[]);
    }
    let prices = prices(Price::Flat(decimal("0.123456789012")));
    let wanted = Wanted {
        prices: Some(Prices {
            day: Some(decimal("0.1")),
            ..prices
        }),
        ..Wanted::new(Zone::luxembourg(), start + 86_400)
    };
    let statement = ledger.statement(&wanted).unwrap();
    let left_out = |key: &str| Note::CostTooLong {
        key: key.to_owned(),
    };
    assert_eq!(
        statement.notes,
        [left_out("cost_import_eur"), left_out("cost_eur")]
    );
    assert_eq!(statement.place("cost_import_eur"), None);
    assert_eq!(statement.place("cost_eur"), None);
    assert!(statement.place("cost_standing_eur").is_some());
}

#[test]
fn what_there_is_no_room_for_is_named() {
    let mut ledger = Ledger::default();
    let start = second("2026-01-10T05:30:00+01:00");
    let long = [("1-0:2.8.0", "12345678901234567890*kWh".to_owned())];
    take(&mut ledger, start, 1, &long);
    take(
        &mut ledger,
        start + 900,
        2,
        &[("1-0:2.8.0", "1*kWh".to_owned())],
    );
    take(
        &mut ledger,
        start + 960,
        3,
        &[("1-0:2.8.0", "2*kWh".to_owned())],
    );
    let statement = ledger
        .statement(&Wanted::new(Zone::luxembourg(), start + 86_400))
        .unwrap();
    let key = "active_energy_export_kwh".to_owned();
    assert_eq!(statement.notes, [Note::NotCounted { key }]);
}

#[test]
fn tariffs_have_prices_of_their_own() {
    let mut ledger = Ledger::default();
    let start = second("2026-01-10T05:30:00+01:00");
    for (step, one, two) in [(0, 0, 0), (1, 100, 0), (2, 100, 250)] {
        let line = |watt_hours| format!("{}*kWh", Decimal::new(watt_hours, 3));
        let more = [("1-0:1.8.1", line(one)), ("1-0:1.8.2", line(two))];
        take(&mut ledger, start + step * 900, one + two, &more);
    }
    let by_tariff = |all: &[(u8, &str)]| {
        let all = all.iter().map(|(tariff, price)| (*tariff, decimal(price)));
        prices(Price::Tariffs(all.collect()))
    };
    let both = by_tariff(&[(1, "0.24"), (2, "0.18")]);
    assert_eq!(
        costs(&ledger, "cost_import_eur", both, None),
        "0.02400 0.04500 0.06900"
    );
    let one = by_tariff(&[(1, "0.24")]);
    assert_eq!(costs(&ledger, "cost_import_eur", one, None), "0.02400 ? ?");
}
