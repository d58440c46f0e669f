//! Periods of the clock on the wall.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::QUARTER;
use crate::p1::value::Zone;

/// How long periods are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum By {
    /// A quarter of an hour.
    Quarter,
    /// An hour; of the hour that comes twice in autumn, there are two.
    Hour,
    /// A day of 23, 24 or 25 hours.
    Day,
    /// From Monday to Sunday (ISO 8601).
    Week,
    /// A calendar month.
    Month,
    /// A calendar year.
    Year,
}

/// A stretch of time; seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period {
    /// First second.
    pub start: i64,
    /// First second behind it.
    pub end: i64,
}

/// A word that names no length of periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected quarter, hour, day, week, month or year")]
pub struct NoPeriod;

impl By {
    /// All, from short to long.
    pub const ALL: [Self; 6] = [
        Self::Quarter,
        Self::Hour,
        Self::Day,
        Self::Week,
        Self::Month,
        Self::Year,
    ];

    /// The word for it in options and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Quarter => "quarter",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// What gives about a screen of rows for so many seconds.
    pub fn suiting(seconds: i64) -> Self {
        let hours = seconds.div_euclid(HOUR);
        match hours {
            ..6 => Self::Quarter,
            6..48 => Self::Hour,
            48..960 => Self::Day,
            960..35_064 => Self::Month,
            35_064.. => Self::Year,
        }
    }

    /// The period that a second is in; none outside of the years 1 to 9998.
    pub fn period(self, second: i64, zone: &Zone) -> Option<Period> {
        match self {
            Self::Quarter => Some(Period {
                start: second.div_euclid(QUARTER) * QUARTER,
                end: (second.div_euclid(QUARTER) + 1) * QUARTER,
            }),
            Self::Hour => {
                // Clocks are changed by whole hours: the offset holds for the hour.
                let east = zone.offset_at(Timestamp::from_second(second).ok()?);
                let start = (second + east).div_euclid(HOUR) * HOUR - east;
                Some(Period {
                    start,
                    end: start + HOUR,
                })
            }
            Self::Day | Self::Week | Self::Month | Self::Year => {
                let rules = zone.rules();
                let at = Timestamp::from_second(second).ok()?;
                let date = at.to_zoned(rules.clone()).date();
                let (first, next) = self.dates(date)?;
                Some(Period {
                    start: midnight(first, rules)?,
                    end: midnight(next, rules)?,
                })
            }
        }
    }

    /// Where so many periods before a second begin.
    pub fn back(self, second: i64, periods: usize, zone: &Zone) -> i64 {
        (0..periods).fold(second, |start, _| {
            let before = self.period(start - 1, zone);
            before.map_or(start, |before| before.start)
        })
    }

    /// The first day of the period that a day is in, and that of the next.
    fn dates(self, date: Date) -> Option<(Date, Date)> {
        let (first, length) = match self {
            Self::Week => {
                let monday = i64::from(date.weekday().to_monday_zero_offset());
                (date.checked_sub(monday.days()).ok()?, 1.week())
            }
            Self::Month => (date.first_of_month(), 1.month()),
            Self::Year => (date.first_of_year(), 1.year()),
            Self::Quarter | Self::Hour | Self::Day => (date, 1.day()),
        };
        Some((first, first.checked_add(length).ok()?))
    }
}

impl FromStr for By {
    type Err = NoPeriod;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let by = Self::ALL.into_iter().find(|by| by.word() == text);
        by.ok_or(NoPeriod)
    }
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

fn midnight(date: Date, rules: &TimeZone) -> Option<i64> {
    Some(date.to_zoned(rules.clone()).ok()?.timestamp().as_second())
}

/// Seconds.
const HOUR: i64 = 3600;
