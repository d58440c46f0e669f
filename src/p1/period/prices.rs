//! What energy costs: prices by kilowatt-hour, and what is paid whether any is used or not.
//!
//! ```text
//! energy of a quarter   * price of that quarter         exact: the digits of both behind the point
//! month, day            shared out over its quarters    so that a whole month costs what a month costs
//! ```
//! A quarter whose price is not known makes the cost of its period unknown, unless nothing was used in it.

use std::collections::BTreeMap;

use jiff::civil::Weekday;

use super::calendar::By;
use crate::p1::derive::ReferencePower;
use crate::p1::value::{Decimal, Zone};

/// All prices of a household.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prices {
    /// Small letters, as names of values end with them: `eur`.
    pub currency: String,
    /// Of a kilowatt-hour from the grid.
    pub import: Option<Price>,
    /// Of a kilowatt-hour to the grid, which is paid to the household.
    pub export: Option<Price>,
    /// What a month costs.
    pub month: Option<Decimal>,
    /// What a day costs.
    pub day: Option<Decimal>,
    /// What each kilowatt-hour beyond the reference power costs besides.
    pub excess: Option<Decimal>,
    /// What a month costs with each reference power that can be chosen.
    pub levels: Vec<(ReferencePower, Decimal)>,
}

/// The price of a kilowatt-hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Price {
    /// Always the same.
    Flat(Decimal),
    /// By the counters of the tariffs of the meter.
    Tariffs(BTreeMap<u8, Decimal>),
    /// By the clock on the wall: the first that holds, else the other one.
    Hours(Vec<(Hours, Decimal)>, Option<Decimal>),
    /// From each second since 1970 to the next of them, at most for an hour.
    List(BTreeMap<i64, Decimal>),
}

/// Hours of some days of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    /// The first day and the last, from Monday as 0.
    days: (u8, u8),
    /// The first minute of the day and the first behind them; over midnight where that is not later.
    minutes: (u16, u16),
}

/// A text that names no hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected hours as 06:00-22:00 or mon-fri 06:00-22:00, by whole quarters")]
pub struct NoHours;

impl Price {
    /// The price in the quarter that begins at a second; none where it is not known. Tariffs have none by time.
    pub(super) fn at(&self, second: i64, zone: &Zone) -> Option<Decimal> {
        match self {
            Self::Flat(price) => Some(*price),
            Self::Tariffs(_) => None,
            Self::Hours(all, other) => {
                let found = all.iter().find(|(hours, _)| hours.hold(second, zone));
                found.map(|(_, price)| *price).or(*other)
            }
            Self::List(all) => {
                let (since, price) = all.range(..=second).next_back()?;
                (second - since < LISTED_MAX).then_some(*price)
            }
        }
    }

    /// The most digits behind the point.
    pub(super) fn scale(&self) -> u8 {
        let most = |all: &mut dyn Iterator<Item = &Decimal>| all.map(|price| price.scale).max();
        let scale = match self {
            Self::Flat(price) => Some(price.scale),
            Self::Tariffs(all) => most(&mut all.values()),
            Self::Hours(all, other) => most(&mut all.iter().map(|(_, price)| price).chain(other)),
            Self::List(all) => most(&mut all.values()),
        };
        scale.unwrap_or_default()
    }
}

impl Hours {
    /// Quarters of an hour in a week that it holds for.
    pub fn quarters(self) -> u16 {
        let days = (u16::from(self.days.1) + 7 - u16::from(self.days.0)) % 7 + 1;
        let (from, to) = self.minutes;
        let minutes = if from < to {
            to - from
        } else {
            to + 1440 - from
        };
        days * minutes / 15
    }

    fn hold(self, second: i64, zone: &Zone) -> bool {
        let Some(at) = zone.clock(second) else {
            return false;
        };
        let date = jiff::civil::Date::new(
            i16::try_from(at.year).unwrap_or_default(),
            at.month as i8,
            at.day as i8,
        );
        let day = date.map_or(Weekday::Monday, |date| date.weekday());
        let day = day.to_monday_zero_offset() as u8;
        let minute = u16::from(at.hour) * 60 + u16::from(at.minute);
        let within = |(first, last): (u8, u8), day: u8| match first <= last {
            true => (first..=last).contains(&day),
            false => day >= first || day <= last,
        };
        let (from, to) = self.minutes;
        match from < to {
            true => within(self.days, day) && (from..to).contains(&minute),
            // What begins before midnight belongs to the day before.
            false => {
                within(self.days, day) && minute >= from
                    || within(self.days, (day + 6) % 7) && minute < to
            }
        }
    }
}

impl std::str::FromStr for Hours {
    type Err = NoHours;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let day = |name: &str| {
            let at = DAYS.iter().position(|known| *known == name);
            at.and_then(|at| u8::try_from(at).ok()).ok_or(NoHours)
        };
        let minute = |text: &str| {
            let (hour, minute) = text.split_once(':').ok_or(NoHours)?;
            let two = |text: &str| match text.len() {
                2 => text.parse::<u16>().map_err(|_| NoHours),
                _ => Err(NoHours),
            };
            let (hour, minute) = (two(hour)?, two(minute)?);
            let whole = hour < 24 && minute < 60 || hour == 24 && minute == 0;
            match whole && minute % 15 == 0 {
                true => Ok(hour * 60 + minute),
                false => Err(NoHours),
            }
        };
        let (days, hours) = match text.trim().rsplit_once(' ') {
            Some((days, hours)) => {
                let days = days.trim().to_lowercase();
                let (first, last) = days.split_once('-').unwrap_or((&days, &days));
                ((day(first)?, day(last)?), hours)
            }
            None => ((0, 6), text.trim()),
        };
        let (from, to) = hours.split_once('-').ok_or(NoHours)?;
        let minutes = (minute(from)?, minute(to)?);
        match minutes.0 < 1440 {
            true => Ok(Self { days, minutes }),
            false => Err(NoHours),
        }
    }
}

/// What each quarter has of the price of a period, from the first second on, in digits of `scale`; rounded half up, so
/// that the quarters of a whole period cost the price.
pub(super) fn shared_out(
    price: Decimal,
    by: By,
    quarters: impl Iterator<Item = i64>,
    scale: u8,
    zone: &Zone,
) -> Option<Vec<i64>> {
    let price = i128::from(price.rescale(scale)?.digits);
    let mut period = None;
    let of = |second: i64| {
        let known =
            period.filter(|known: &super::Period| (known.start..known.end).contains(&second));
        let known = known.or_else(|| by.period(second, zone))?;
        period = Some(known);
        let count = i128::from((known.end - known.start) / super::QUARTER).max(1);
        let before = i128::from((second - known.start) / super::QUARTER);
        let until = |quarters: i128| (2 * price * quarters + count).div_euclid(2 * count);
        i64::try_from(until(before + 1) - until(before)).ok()
    };
    quarters.map(of).collect()
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/// A listed price holds no longer, seconds.
const LISTED_MAX: i64 = 3600;

#[cfg(test)]
mod tests {
    use super::*;

    fn hold(text: &str, at: &str) -> bool {
        let second = at.parse::<jiff::Timestamp>().unwrap().as_second();
        text.parse::<Hours>()
            .unwrap()
            .hold(second, &Zone::luxembourg())
    }

    #[test]
    fn hours_are_those_of_the_clock_on_the_wall() {
        for (hours, at, holds) in [
            ("06:00-22:00", "2026-01-10T05:45:00+01:00", false),
            ("06:00-22:00", "2026-01-10T06:00:00+01:00", true),
            ("06:00-22:00", "2026-07-10T21:45:00+02:00", true),
            ("06:00-22:00", "2026-07-10T22:00:00+02:00", false),
            ("22:00-06:00", "2026-07-10T03:00:00+02:00", true),
            ("00:00-24:00", "2026-07-10T03:00:00+02:00", true),
            // A Saturday.
            ("mon-fri 06:00-22:00", "2026-01-10T12:00:00+01:00", false),
            ("sat-sun 06:00-22:00", "2026-01-10T12:00:00+01:00", true),
            ("sat 22:00-06:00", "2026-01-11T05:00:00+01:00", true),
            ("fri 22:00-06:00", "2026-01-11T05:00:00+01:00", false),
            ("sun-mon 00:00-24:00", "2026-01-12T05:00:00+01:00", true),
        ] {
            assert_eq!(hold(hours, at), holds, "{hours} {at}");
        }
        for text in [
            "",
            "6-22",
            "06:00",
            "06:10-22:00",
            "24:00-06:00",
            "day 06:00-22:00",
            "06:00-25:00",
        ] {
            assert_eq!(text.parse::<Hours>(), Err(NoHours), "{text}");
        }
    }

    #[test]
    fn the_quarters_of_a_month_cost_what_it_costs() {
        let zone = Zone::luxembourg();
        // March has an hour less.
        let month = By::Month.period(1_773_000_000, &zone).unwrap();
        let quarters = || (month.start..month.end).step_by(900);
        assert_eq!(quarters().count(), 31 * 96 - 4);
        let price = Decimal::new(1250, 2);
        let shares = shared_out(price, By::Month, quarters(), 6, &zone).unwrap();
        assert_eq!(shares.iter().sum::<i64>(), 12_500_000);
        assert!(shares.iter().all(|share| (4205..=4206).contains(share)));
        let days = shared_out(Decimal::new(1, 1), By::Day, quarters(), 6, &zone).unwrap();
        assert_eq!(days.iter().sum::<i64>(), 3_100_000);
    }
}
