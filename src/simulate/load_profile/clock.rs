//! The wall clock of the household: Luxembourg's time, with its change in spring and autumn.

use jiff::civil::DateTime;
use jiff::tz::{self, Dst, TimeZone};
use jiff::{Timestamp, civil};

/// The rules of local time; they need no time zone database.
#[derive(Clone, Debug)]
pub struct Clock {
    zone: TimeZone,
}

/// A moment in the life of a meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Seconds since 1970 UTC.
    pub unix: i64,
    /// What the clock on the wall shows.
    pub civil: DateTime,
    /// Whether daylight saving time is on: S rather than W.
    pub daylight: bool,
}

impl Clock {
    /// Central European time, summer time from the last Sunday of March to the last of October.
    pub fn luxembourg() -> Clock {
        let rule = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3");
        Clock {
            zone: rule.unwrap_or_else(|_| TimeZone::fixed(tz::offset(1))),
        }
    }

    /// Central European time without a summer time, as Swedish meters keep it.
    pub fn normal_time() -> Clock {
        Clock {
            zone: TimeZone::fixed(tz::offset(1)),
        }
    }

    /// What the clock shows so many seconds after 1970 UTC; a time out of jiff's range shows 1970.
    pub fn at(&self, unix: i64) -> Moment {
        let stamp = Timestamp::from_second(unix).unwrap_or(Timestamp::UNIX_EPOCH);
        let local = self.zone.to_offset_info(stamp);
        Moment {
            unix,
            civil: local.offset().to_datetime(stamp),
            daylight: local.dst() == Dst::Yes,
        }
    }

    /// The moment when the clock shows this; the earlier one where it shows it twice.
    pub fn when(&self, shown: DateTime) -> Moment {
        let stamp = self.zone.to_ambiguous_timestamp(shown).compatible();
        self.at(stamp.map_or(0, Timestamp::as_second))
    }
}

impl Moment {
    /// Seconds since local midnight, by the clock on the wall.
    pub fn second_of_day(&self) -> i64 {
        let time = self.civil.time();
        i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second())
    }

    /// The time `YYMMDDhhmmssX` (DSMR P1 5.0.2 section 6.4, TST).
    pub fn write_tst(&self, out: &mut Vec<u8>) {
        self.write_date_time(out);
        out.push(if self.daylight { b'S' } else { b'W' });
    }

    /// The time `YYMMDDhhmmss`, as DSMR 3.0 and older write it.
    pub fn write_date_time(&self, out: &mut Vec<u8>) {
        let (date, time) = (self.civil.date(), self.civil.time());
        let year = date.year().rem_euclid(100) as i8;
        for two in [
            year,
            date.month(),
            date.day(),
            time.hour(),
            time.minute(),
            time.second(),
        ] {
            out.extend([b'0' + (two / 10) as u8, b'0' + (two % 10) as u8]);
        }
    }

    /// The first moment of the month as the clock shows it.
    pub fn month_start(&self) -> DateTime {
        self.civil
            .date()
            .first_of_month()
            .to_datetime(civil::Time::midnight())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tst(unix: i64) -> String {
        let mut out = Vec::new();
        Clock::luxembourg().at(unix).write_tst(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_clock_goes_forward_and_back() {
        assert_eq!(tst(1_594_024_917), "200706104157S");
        assert_eq!(tst(1_517_304_082), "180130102122W");
        assert_eq!(
            [tst(1_774_745_999), tst(1_774_746_000)],
            ["260329015959W", "260329030000S"]
        );
        assert_eq!(
            [tst(1_792_889_999), tst(1_792_890_000)],
            ["261025025959S", "261025020000W"]
        );
    }

    #[test]
    fn normal_time_stays() {
        assert!(!Clock::normal_time().at(1_594_024_917).daylight);
    }

    #[test]
    fn a_shown_time_is_found_again() {
        let clock = Clock::luxembourg();
        for unix in [1_594_024_917, 1_517_304_082, 1_774_746_000, 1_792_889_999] {
            let moment = clock.at(unix);
            assert_eq!(clock.when(moment.civil), moment);
        }
    }
}
