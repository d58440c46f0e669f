//! Periods of the clock on the wall: which one a time is in, and when it is over.

use std::time::Duration;

use jiff::Timestamp;

use crate::p1::value::Zone;

/// Number of the period that a time is in.
pub(super) fn index(at: Timestamp, every: Duration, zone: &Zone) -> i64 {
    let every = milliseconds(every);
    (at.as_millisecond() + shift(at, every, zone)).div_euclid(every)
}

/// When the period that a time is in is over; none behind the last year that can be written.
pub(super) fn end(at: Timestamp, every: Duration, zone: &Zone) -> Option<Timestamp> {
    let period = index(at, every, zone);
    let length = milliseconds(every);
    let begins = period.checked_add(1)?.checked_mul(length)?;
    let by = |clock: Timestamp| {
        let at = begins.checked_sub(shift(clock, length, zone))?;
        Timestamp::from_millisecond(at).ok()
    };
    let end = by(at)?;
    let other = by(end)?;
    if end == other {
        return Some(end);
    }
    // The clock is changed before that: the first moment of the next period lies between.
    let (mut within, mut behind) = (at.as_millisecond(), end.max(other).as_millisecond());
    while behind - within > 1 {
        let middle = within + (behind - within) / 2;
        let time = Timestamp::from_millisecond(middle).ok()?;
        match index(time, every, zone) > period {
            true => behind = middle,
            false => within = middle,
        }
    }
    Timestamp::from_millisecond(behind).ok()
}

/// What is added to a time of UTC, so that periods begin at multiples of their length.
fn shift(at: Timestamp, every: i64, zone: &Zone) -> i64 {
    let east = match every {
        ..HOUR => 0,
        // The hour that comes twice is two.
        HOUR => zone.offset_at(at).saturating_mul(1000).rem_euclid(HOUR),
        _ => zone.offset_at(at).saturating_mul(1000),
    };
    // Day 0 was a Thursday; weeks begin on Mondays.
    let weekday = if every % WEEK == 0 { 3 * DAY } else { 0 };
    east + weekday
}

fn milliseconds(every: Duration) -> i64 {
    i64::try_from(every.as_millis()).unwrap_or(i64::MAX).max(1)
}

/// Milliseconds.
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
const WEEK: i64 = 7 * DAY;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_ends_where_the_next_one_begins() {
        let zone = Zone::luxembourg();
        let minutes = [1, 15, 60, 90, 100, 120, 150, 360, 1440, 10_080];
        // Around both changes of the clock, and some days of no change.
        for from in ["2026-03-27", "2026-10-23", "2026-06-01"] {
            let from: Timestamp = format!("{from}T00:00:00Z").parse().unwrap();
            for (minutes, step) in minutes.into_iter().flat_map(|m| [(m, 0), (m, 1), (m, 2)]) {
                let every = Duration::from_secs(minutes * 60);
                for hour in 0..72 {
                    let at = from + Duration::from_millis(hour * 3_600_000 + step * 1_234_567);
                    let period = index(at, every, &zone);
                    let end = end(at, every, &zone).unwrap();
                    let before = end - Duration::from_millis(1);
                    assert!(end > at, "{minutes} {at}");
                    assert!(index(end, every, &zone) > period, "{minutes} {at} {end}");
                    assert_eq!(index(before, every, &zone), period, "{minutes} {at} {end}");
                }
            }
        }
    }

    #[test]
    fn a_period_without_an_end_is_none() {
        let zone = Zone::luxembourg();
        assert_eq!(end(Timestamp::UNIX_EPOCH, Duration::MAX, &zone), None);
        let last = Timestamp::MAX;
        assert_eq!(end(last, Duration::from_secs(60), &zone), None);
    }
}
