//! Less than every telegram: the last of each period, what changed, the last of all.
//!
//! ```text
//! --every 60s     08:00:10 08:00:20 .. 08:00:50 | 08:01:00 ..    the one of 08:00:50, when 08:01 begins
//! --on-change     a telegram with a value that differs from the one printed before
//! ```
//! Each meter for itself, by its own clock: `--every 15m` ends at each quarter of an hour, `--every 1d` at midnight.
//! Periods of an hour and more follow the clock of the place, so that a day has 23 or 25 hours where the clock is
//! changed; of the hour that comes twice, `--every 1h` prints both.

use std::time::Duration;

use jiff::Timestamp;

use super::fields::Fields;
use crate::p1::derive::Derived;
use crate::p1::event::Decoded;
use crate::p1::value::Zone;

/// What is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Thinning {
    /// All but the last of each period.
    pub every: Option<Duration>,
    /// What says nothing new.
    pub on_change: bool,
    /// All but the last telegram of all.
    pub last: bool,
}

/// Holds rows back until it is known whether they go out: bytes to be printed, or whatever a sink makes of a telegram.
#[derive(Debug)]
pub struct Thin<T = Vec<u8>> {
    thinning: Thinning,
    /// Where the meters stand.
    zone: Zone,
    /// When the run began: what was received before was read from a log.
    began: Timestamp,
    held: Vec<Row<T>>,
    /// What was printed last of each meter.
    printed: Vec<(String, Vec<u8>)>,
}

/// A telegram, formatted.
#[derive(Debug)]
pub struct Row<T = Vec<u8>> {
    /// Who sent it.
    pub meter: String,
    /// Values by which it is compared.
    pub values: Vec<u8>,
    /// When it was measured by the clock of the meter, or received where it has none.
    pub at: Option<Timestamp>,
    /// When it was received, where that is known.
    pub received_at: Option<Timestamp>,
    /// What is to be printed.
    pub bytes: T,
}

impl<T> Thin<T> {
    /// Leaves out what is asked for, in a run that began at a time.
    pub fn new(thinning: Thinning, zone: Zone, began: Timestamp) -> Self {
        Self {
            thinning,
            zone,
            began,
            held: Vec::new(),
            printed: Vec::new(),
        }
    }

    /// Tells whether anything is left out.
    pub fn is_active(&self) -> bool {
        self.thinning != Thinning::default()
    }

    /// Takes a row; gives what is to be printed now.
    pub fn offer(&mut self, mut row: Row<T>) -> Option<T> {
        if self.thinning.last {
            row.meter.clear();
        } else if self.thinning.every.is_none() {
            return self.print(row);
        }
        let Some(place) = self.held.iter().position(|held| held.meter == row.meter) else {
            self.held.push(row);
            return None;
        };
        let over = !self.thinning.last && self.period(self.held.get(place)?) != self.period(&row);
        let before = std::mem::replace(self.held.get_mut(place)?, row);
        over.then(|| self.print(before)).flatten()
    }

    /// Gives one row whose period is over.
    pub fn due(&mut self, now: Timestamp) -> Option<T> {
        let every = self.thinning.every.filter(|_| !self.thinning.last)?;
        loop {
            let over = |row: &Row<T>| {
                // The clock of the meter may be wrong; it goes on as ours does. A row that was not
                // received in this run waits for the next.
                let received_at = row.received_at.filter(|at| *at >= self.began);
                let (Some(at), Some(received_at)) = (row.at, received_at) else {
                    return false;
                };
                let meter_now = at.checked_add(now.duration_since(received_at));
                meter_now.is_ok_and(|meter_now| {
                    index(meter_now, every, &self.zone) > index(at, every, &self.zone)
                })
            };
            let place = self.held.iter().position(over)?;
            let row = self.held.remove(place);
            if let Some(bytes) = self.print(row) {
                return Some(bytes);
            }
        }
    }

    /// Gives one row that is still held.
    pub fn rest(&mut self) -> Option<T> {
        while !self.held.is_empty() {
            let row = self.held.remove(0);
            if let Some(bytes) = self.print(row) {
                return Some(bytes);
            }
        }
        None
    }

    fn period(&self, row: &Row<T>) -> Option<i64> {
        Some(index(row.at?, self.thinning.every?, &self.zone))
    }

    fn print(&mut self, row: Row<T>) -> Option<T> {
        if !self.thinning.on_change {
            return Some(row.bytes);
        }
        let before = self
            .printed
            .iter_mut()
            .find(|(meter, _)| *meter == row.meter);
        match before {
            Some((_, values)) if *values == row.values => return None,
            Some((_, values)) => *values = row.values,
            None => self.printed.push((row.meter, row.values)),
        }
        Some(row.bytes)
    }
}

/// The values of a telegram as sent, but for the clock; only those of the fields given.
///
/// What is computed counts where it was asked for by name: it changes with the time of each telegram.
pub fn values(decoded: &Decoded<'_>, derived: &[Derived], fields: Option<&Fields>) -> Vec<u8> {
    let telegram = &decoded.telegram;
    let shape = telegram.shape();
    let mut out = Vec::new();
    for value in &shape.meaning.values {
        let line = shape.layout.lines.get(value.line as usize);
        let wanted = fields
            .is_none_or(|fields| line.is_some_and(|line| fields.wants(line, Some(&value.key))));
        if !wanted || shape.meaning.clock == Some(value.item) {
            continue;
        }
        if let Some(item) = shape.layout.items.get(value.item as usize) {
            out.extend_from_slice(value.key.as_bytes());
            out.push(b'=');
            out.extend_from_slice(item.value.of(telegram.text()));
            out.push(b'\n');
        }
    }
    let named = |derived: &&Derived| fields.is_some_and(|f| f.wants_derived(&derived.key));
    for derived in derived.iter().filter(named) {
        out.extend_from_slice(format!("{}={}\n", derived.key, derived.value).as_bytes());
    }
    out
}

/// Number of the period that a time is in.
fn index(at: Timestamp, every: Duration, zone: &Zone) -> i64 {
    let every = i64::try_from(every.as_millis()).unwrap_or(i64::MAX).max(1);
    let east = match every {
        ..HOUR => 0,
        // The hour that comes twice is two.
        HOUR => zone.offset_at(at).saturating_mul(1000).rem_euclid(HOUR),
        _ => zone.offset_at(at).saturating_mul(1000),
    };
    // Day 0 was a Thursday; weeks begin on Mondays.
    let weekday = if every % WEEK == 0 { 3 * DAY } else { 0 };
    (at.as_millisecond() + east + weekday).div_euclid(every)
}

/// Milliseconds.
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
const WEEK: i64 = 7 * DAY;

#[cfg(test)]
mod tests {
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

    fn thin(every: Option<u64>, on_change: bool, last: bool) -> Thin {
        let thinning = Thinning {
            every: every.map(Duration::from_secs),
            on_change,
            last,
        };
        Thin::new(thinning, Zone::luxembourg(), Timestamp::UNIX_EPOCH)
    }

    fn text(bytes: Option<Vec<u8>>) -> Option<String> {
        bytes.map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn the_last_of_each_period_is_printed_when_the_next_begins() {
        let mut thin = thin(Some(60), false, false);
        for second in [0, 10, 50] {
            assert_eq!(thin.offer(row("a", second, "")), None);
            assert_eq!(thin.offer(row("b", second + 1, "")), None);
        }
        assert_eq!(text(thin.offer(row("a", 60, ""))).as_deref(), Some("a50"));
        let at = |second| Timestamp::from_second(second).unwrap();
        assert_eq!(thin.due(at(66)), None);
        assert_eq!(text(thin.due(at(67))).as_deref(), Some("b51"));
        assert_eq!(thin.due(at(67)), None);
        assert_eq!(text(thin.rest()).as_deref(), Some("a60"));
    }

    /// Every half hour of UTC from a time on, and when the rows were measured that come out with a period.
    fn printed(every: &str, from: &str, hours: i64, zone: &Zone) -> Vec<String> {
        let every = Duration::from_secs(every.parse::<u64>().unwrap());
        let thinning = Thinning {
            every: Some(every),
            ..Thinning::default()
        };
        let mut thin = Thin::new(thinning, zone.clone(), Timestamp::UNIX_EPOCH);
        let from: Timestamp = from.parse().unwrap();
        let mut out = Vec::new();
        for half in 0..=2 * hours {
            let second = from.as_second() + half * 1800;
            out.extend(thin.offer(row("a", second, "")));
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
        let mut back = thin(Some(60), false, false);
        back.offer(row("a", 6000, ""));
        assert_eq!(back.due(at(10)), None);
        // The clock of the meter goes on: what it sends next is a period later.
        assert_eq!(
            text(back.offer(row("a", 6060, ""))).as_deref(),
            Some("a6000")
        );
        let mut forth = thin(Some(60), false, false);
        forth.offer(row("a", 6000, ""));
        assert_eq!(text(forth.due(at(9000))).as_deref(), Some("a6000"));
        assert_eq!(forth.offer(row("a", 6010, "")), None);
        assert_eq!(text(forth.rest()).as_deref(), Some("a6010"));
    }

    #[test]
    fn what_was_read_from_a_log_is_not_due_by_the_clock_of_today() {
        let mut thin = thin(Some(60), false, false);
        thin.began = Timestamp::from_second(1_000_000).unwrap();
        thin.offer(row("a", 0, ""));
        assert_eq!(thin.due(thin.began), None);
    }

    #[test]
    fn what_says_nothing_new_is_left_out_for_each_meter() {
        let mut thin = thin(None, true, false);
        let mut offer = |meter, second, values| thin.offer(row(meter, second, values)).is_some();
        assert!(offer("a", 0, "1"));
        assert!(offer("b", 0, "1"));
        assert!(!offer("a", 1, "1"));
        assert!(offer("a", 2, "2"));
        assert!(offer("a", 3, "1"));
    }

    #[test]
    fn the_last_of_all_is_the_last_of_all_meters() {
        let mut thin = thin(None, false, true);
        assert_eq!(thin.offer(row("a", 0, "")), None);
        assert_eq!(thin.offer(row("b", 99, "")), None);
        assert_eq!(text(thin.rest()).as_deref(), Some("b99"));
        assert_eq!(thin.rest(), None);
    }
}
