//! What goes out, and when.

use super::*;

fn row(meter: &str, second: i64, values: &str) -> Row {
    Row {
        meter: meter.to_owned(),
        values: values.as_bytes().to_vec(),
        at: Timestamp::from_second(second).ok(),
        received_at: Timestamp::from_second(second + 7).ok(),
        bytes: format!("{meter}{second}").into_bytes(),
    }
}

fn sampler(every: Option<u64>, on_change: bool, last: bool) -> Sampler {
    let sampling = Sampling {
        every: every.map(Duration::from_secs),
        on_change,
        last,
    };
    Sampler::new(sampling, Zone::luxembourg(), Timestamp::UNIX_EPOCH)
}

fn text(bytes: Option<Vec<u8>>) -> Option<String> {
    bytes.map(|bytes| String::from_utf8(bytes).unwrap())
}

#[test]
fn the_last_of_each_period_is_printed_when_the_next_begins() {
    let mut sampler = sampler(Some(60), false, false);
    for second in [0, 10, 50] {
        assert!(sampler.offer(row("a", second, "")).is_empty());
        assert!(sampler.offer(row("b", second + 1, "")).is_empty());
    }
    assert_eq!(
        text(sampler.offer(row("a", 60, "")).pop()).as_deref(),
        Some("a50")
    );
    let at = |second| Timestamp::from_second(second).unwrap();
    assert_eq!(sampler.due(at(66)), None);
    assert_eq!(text(sampler.due(at(67))).as_deref(), Some("b51"));
    assert_eq!(sampler.due(at(67)), None);
    assert_eq!(text(sampler.rest()).as_deref(), Some("a60"));
}

/// Every half hour of UTC from a time on, and when the rows were measured that come out with a period.
fn printed(every: &str, from: &str, hours: i64, zone: &Zone) -> Vec<String> {
    let every = Duration::from_secs(every.parse::<u64>().unwrap());
    let sampling = Sampling {
        every: Some(every),
        ..Sampling::default()
    };
    let mut sampler = Sampler::new(sampling, zone.clone(), Timestamp::UNIX_EPOCH);
    let from: Timestamp = from.parse().unwrap();
    let mut out = Vec::new();
    for half in 0..=2 * hours {
        let second = from.as_second() + half * 1800;
        out.extend(sampler.offer(row("a", second, "")));
    }
    let second = |bytes: Vec<u8>| text(Some(bytes)).unwrap()[1..].parse().unwrap();
    out.into_iter()
        .map(|bytes| Timestamp::from_second(second(bytes)).unwrap().to_string())
        .collect()
}

#[test]
fn days_are_those_of_the_place_through_both_changes_of_the_clock() {
    let zone = Zone::luxembourg();
    // 23 hours on 29 March, 25 on 25 October: midnight is at 23:00 of UTC in winter, at 22:00 in summer.
    assert_eq!(
        printed("86400", "2026-03-27T23:00:00Z", 72, &zone),
        [
            "2026-03-28T22:30:00Z",
            "2026-03-29T21:30:00Z",
            "2026-03-30T21:30:00Z"
        ]
    );
    assert_eq!(
        printed("86400", "2026-10-23T22:00:00Z", 73, &zone),
        [
            "2026-10-24T21:30:00Z",
            "2026-10-25T22:30:00Z",
            "2026-10-26T22:30:00Z"
        ]
    );
    // A zone that is set otherwise has other days.
    let utc = Zone::new(jiff::tz::TimeZone::UTC);
    assert_eq!(
        printed("86400", "2026-10-23T22:00:00Z", 48, &utc),
        ["2026-10-23T23:30:00Z", "2026-10-24T23:30:00Z"]
    );
    // Six hours from midnight on, of which one part has seven.
    assert_eq!(
        printed("21600", "2026-10-24T20:00:00Z", 15, &zone),
        [
            "2026-10-24T21:30:00Z",
            "2026-10-25T04:30:00Z",
            "2026-10-25T10:30:00Z"
        ]
    );
    // A week ends on Sunday.
    assert_eq!(
        printed("604800", "2026-10-23T22:00:00Z", 100, &zone),
        ["2026-10-25T22:30:00Z"]
    );
}

#[test]
fn hours_are_those_of_the_clock_and_the_one_that_comes_twice_is_two() {
    let hours: Vec<_> = (22..=23)
        .map(|hour| format!("2026-10-24T{hour}:30:00Z"))
        .chain((0..=2).map(|hour| format!("2026-10-25T{hour:02}:30:00Z")))
        .collect();
    let zone = Zone::luxembourg();
    assert_eq!(printed("3600", "2026-10-24T22:00:00Z", 5, &zone), hours);
    // Half an hour beside that of UTC.
    let offset = jiff::tz::Offset::from_seconds(19_800).unwrap();
    let kolkata = Zone::new(jiff::tz::TimeZone::fixed(offset));
    assert_eq!(
        printed("3600", "2026-10-24T22:00:00Z", 1, &kolkata),
        ["2026-10-24T22:00:00Z"]
    );
}

#[test]
fn steps_between_the_last_telegrams_of_days_add_up_to_the_whole() {
    // Half an hour is a unit of a counter: over a year, each day has as many as it has half hours.
    let rows = printed(
        "86400",
        "2025-12-31T23:00:00Z",
        365 * 24,
        &Zone::luxembourg(),
    );
    let halves: Vec<_> = rows
        .iter()
        .map(|at| at.parse::<Timestamp>().unwrap().as_second() / 1800)
        .collect();
    let steps: Vec<_> = halves.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let of = |halves| steps.iter().filter(|step| **step == halves).count();
    assert_eq!((rows.len(), of(48), of(46), of(50)), (365, 362, 1, 1));
}

#[test]
fn a_clock_that_jumps_hastens_or_delays_a_row_and_loses_none() {
    let at = |second| Timestamp::from_second(second).unwrap();
    let mut back = sampler(Some(60), false, false);
    back.offer(row("a", 6000, ""));
    assert_eq!(back.due(at(10)), None);
    // The clock of the meter goes on: what it sends next is a period later.
    assert_eq!(
        text(back.offer(row("a", 6060, "")).pop()).as_deref(),
        Some("a6000")
    );
    let mut forth = sampler(Some(60), false, false);
    forth.offer(row("a", 6000, ""));
    assert_eq!(text(forth.due(at(9000))).as_deref(), Some("a6000"));
    assert!(forth.offer(row("a", 6010, "")).is_empty());
    assert_eq!(text(forth.rest()).as_deref(), Some("a6010"));
}

#[test]
fn what_was_read_from_a_log_is_not_due_by_the_clock_of_today() {
    let mut sampler = sampler(Some(60), false, false);
    sampler.began = Timestamp::from_second(1_000_000).unwrap();
    sampler.offer(row("a", 0, ""));
    assert_eq!(sampler.due(sampler.began), None);
}

#[test]
fn what_says_nothing_new_is_left_out_for_each_meter() {
    let mut sampler = sampler(None, true, false);
    let mut offer = |meter, second, values| !sampler.offer(row(meter, second, values)).is_empty();
    assert!(offer("a", 0, "1"));
    assert!(offer("b", 0, "1"));
    assert!(!offer("a", 1, "1"));
    assert!(offer("a", 2, "2"));
    assert!(offer("a", 3, "1"));
}

#[test]
fn the_last_of_all_is_the_last_of_all_meters() {
    let mut sampler = sampler(None, false, true);
    assert!(sampler.offer(row("a", 0, "")).is_empty());
    assert!(sampler.offer(row("b", 99, "")).is_empty());
    assert_eq!(text(sampler.rest()).as_deref(), Some("b99"));
    assert_eq!(sampler.rest(), None);
}

#[test]
fn what_waits_is_printed_before_its_time_where_it_takes_too_much_room() {
    let mut sampler = sampler(Some(60), false, false);
    sampler.limits.bytes = 3 * OVERHEAD;
    let row = |meter: usize| Row {
        bytes: meter.to_string().into_bytes(),
        ..row(&format!("m{meter}"), 0, "")
    };
    let mut out = Vec::new();
    for meter in 0..10_000 {
        out.extend(sampler.offer(row(meter)));
        assert!(sampler.held.len() <= 2 && sampler.ends.len() == sampler.held.len());
    }
    assert!(sampler.bytes <= sampler.limits.bytes);
    let notices = sampler.notices();
    assert_eq!(notices.len(), 1, "{notices:?}");
    out.extend(std::iter::from_fn(|| sampler.rest()));
    let all: Vec<_> = (0..10_000).map(|meter| meter.to_string()).collect();
    let out = out.into_iter().map(|bytes| text(Some(bytes)).unwrap());
    assert_eq!(out.collect::<Vec<_>>(), all, "nothing is lost");
    assert_eq!((sampler.bytes, sampler.ends.len()), (0, 0));
}

#[test]
fn a_row_that_takes_more_than_all_the_room_waits_as_the_others_do() {
    let mut sampler = sampler(Some(60), false, false);
    sampler.limits.bytes = 1;
    assert!(sampler.offer(row("a", 0, "")).is_empty());
    assert!(sampler.offer(row("a", 10, "")).is_empty());
    assert_eq!(
        text(sampler.offer(row("b", 10, "")).pop()).as_deref(),
        Some("a10")
    );
}

#[test]
fn of_too_many_meters_what_was_printed_longest_ago_is_forgotten() {
    let mut sampler = sampler(None, true, false);
    sampler.limits.meters = 100;
    let mut printed = |meter: usize| !sampler.offer(row(&format!("m{meter}"), 0, "1")).is_empty();
    assert!((0..100).all(&mut printed));
    assert!(!(0..100).any(&mut printed));
    assert!(printed(100));
    assert!(!printed(99) && !printed(1));
    assert!(printed(0), "it was forgotten");
    assert!(!printed(99) && !printed(1) && printed(2));
    assert_eq!(sampler.notices().len(), 1);
    assert_eq!(sampler.printed.len(), 100);
}

#[test]
fn a_hundred_thousand_meters_have_a_row_each() {
    let mut sampler = sampler(Some(60), true, false);
    for second in [0, 10, 60, 70] {
        let meters = 0..100_000;
        let out = meters.map(|meter| sampler.offer(row(&meter.to_string(), second, "1")).len());
        let out: usize = out.sum();
        assert_eq!(out, if second == 60 { 100_000 } else { 0 });
    }
    // All of them are due, and none says anything new.
    let now = Timestamp::from_second(127).unwrap();
    assert_eq!(sampler.due(now), None);
    assert_eq!(
        (sampler.held.len(), sampler.ends.len(), sampler.bytes),
        (0, 0, 0)
    );
    assert!(sampler.notices().is_empty());
}

#[test]
fn what_waits_for_long_lets_go_what_it_was_lent() {
    /// What it is worth, and bytes that it was lent.
    #[derive(Debug, PartialEq)]
    struct Lent(i64, usize);

    impl Weight for Lent {
        fn weight(&self) -> usize {
            10 - self.1
        }

        fn settle(&mut self) {
            self.1 = 0;
        }
    }

    let sampling = Sampling {
        every: Some(Duration::from_secs(60)),
        ..Sampling::default()
    };
    let mut sampler = Sampler::new(sampling, Zone::luxembourg(), Timestamp::UNIX_EPOCH);
    let offer = |sampler: &mut Sampler<Lent>, meter: &str, second| {
        let row = row(meter, second, "");
        let printed = sampler.offer(Row {
            meter: row.meter,
            values: row.values,
            at: row.at,
            received_at: None,
            bytes: Lent(second, 4),
        });
        assert_eq!(printed, []);
        sampler.replaced()
    };
    for (second, replaced) in [(0, None), (10, Some(Lent(0, 4)))] {
        assert_eq!(offer(&mut sampler, "a", second), replaced);
        assert_eq!(offer(&mut sampler, "b", second), replaced);
    }
    assert_eq!(sampler.due(Timestamp::UNIX_EPOCH), None);
    assert_eq!(sampler.bytes, 2 * (10 + OVERHEAD));
    assert_eq!(offer(&mut sampler, "a", 20), Some(Lent(10, 0)));
    assert_eq!(sampler.bytes, 16 + 2 * OVERHEAD);
    let rest: Vec<_> = std::iter::from_fn(|| sampler.rest()).collect();
    assert_eq!(rest, [Lent(10, 0), Lent(20, 4)]);
    assert_eq!(sampler.bytes, 0);
}
