//! The whole series at once: bounds are looked up, quarters are listed, sums are made by filtering.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{TimeZone, offset};

/// A telegram: seconds behind the start, and the counter in Wh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) second: i64,
    pub(super) wh: i64,
}

/// All quarters of a series.
pub(super) struct Model {
    /// Begin in seconds since 1970, energy in Wh, whether both bounds are sure.
    pub(super) quarters: Vec<(i64, Option<i64>, bool)>,
    /// Counter at the bound of the running quarter, Wh.
    start: Option<i64>,
    first: Point,
    last: Point,
    base: i64,
    allowed: i64,
}

impl Model {
    /// Quarters above so many Wh.
    pub(super) fn of(points: &[Point], base: i64, allowed: i64) -> Self {
        let (first, last) = (points[0], points[points.len() - 1]);
        let mut model = Self {
            quarters: Vec::new(),
            start: None,
            first,
            last,
            base,
            allowed,
        };
        let begin = (base + first.second).div_euclid(900);
        let end = (base + last.second).div_euclid(900);
        let bound = |quarter: i64| bound(points, quarter * 900 - base);
        for quarter in begin..end {
            let (low, high) = (bound(quarter), bound(quarter + 1).unwrap());
            let energy = low.map(|low| high.0 - low.0);
            let sure = low.is_some_and(|low| low.1) && high.1;
            model.quarters.push((quarter * 900, energy, sure));
        }
        model.start = bound(end).map(|bound| bound.0);
        model
    }

    /// Energy from the first telegram to the last, as bounds and ends give it, Wh.
    pub(super) fn all(&self) -> Option<i64> {
        let quarters: i64 = self.quarters.iter().filter_map(|quarter| quarter.1).sum();
        let before = match self.quarters.iter().find(|quarter| quarter.1.is_some()) {
            Some(_) => self.start? - quarters - self.first.wh,
            None => return Some(self.last.wh - self.first.wh),
        };
        Some(before + quarters + self.last.wh - self.start?)
    }

    pub(super) fn told(&self) -> Vec<(&'static str, String)> {
        let mut told = Vec::new();
        let now = self.base + self.last.second;
        let passed = now.rem_euclid(900);
        let mut put = |key, wh: i64| told.push((key, format!("{}.{:03}", wh / 1000, wh % 1000)));
        let energy = self.start.map(|start| self.last.wh - start);
        if let Some(energy) = energy {
            put("quarter_energy_kwh", energy);
            if passed > 0 {
                // Rounded half up: twice the energy, and one more half.
                let mean = (2 * energy * 3600 + passed) / (2 * passed);
                put("quarter_mean_power_kw", mean);
            }
        }
        let last = self.quarters.last().and_then(|quarter| quarter.1);
        if let Some(last) = last {
            put("last_quarter_energy_kwh", last);
        }
        let above = |wh: i64| (wh - self.allowed).max(0);
        let running = energy.map_or(0, above);
        if let Some(energy) = energy {
            let left = (self.allowed - energy).max(0);
            put("quarter_left_kwh", left);
            put("quarter_left_kw", left * 3600 / (900 - passed));
            put("excess_quarter_kwh", running);
        }
        let day = date(now.div_euclid(900) * 900);
        let sum = |of: &dyn Fn(Date) -> bool| -> i64 {
            let chosen = self.quarters.iter().filter(|quarter| of(date(quarter.0)));
            chosen.filter_map(|quarter| quarter.1).map(above).sum()
        };
        put("excess_day_kwh", sum(&|other| other == day) + running);
        let month = day.first_of_month();
        put(
            "excess_month_kwh",
            sum(&|other| other.first_of_month() == month) + running,
        );
        if let Some(last) = last {
            put("excess_last_quarter_kwh", above(last));
        }
        let first = date((self.base + self.first.second).div_euclid(900) * 900);
        if day != first {
            // The last day that was, of which there may be no telegram.
            let yesterday = day.yesterday().unwrap();
            put("excess_last_day_kwh", sum(&|other| other == yesterday));
        }
        if month != first.first_of_month() {
            let before = month.yesterday().unwrap().first_of_month();
            put(
                "excess_last_month_kwh",
                sum(&|other| other.first_of_month() == before),
            );
        }
        let of_month = self
            .quarters
            .iter()
            .filter(|quarter| date(quarter.0).first_of_month() == month);
        let unsure = of_month.filter(|quarter| !quarter.2).count() as i64;
        let begin = (self.base + self.first.second).div_euclid(900) * 900;
        let unseen = match month == first.first_of_month() {
            true => (begin - midnight(month)) / 900,
            false => 0,
        };
        told.push(("unsure_quarters_month", (unsure + unseen).to_string()));
        told
    }
}

/// The counter at a time, and whether it is sure; none before the first telegram.
fn bound(points: &[Point], second: i64) -> Option<(i64, bool)> {
    let next = points.iter().position(|point| point.second >= second)?;
    if points[next].second == second {
        return Some((points[next].wh, true));
    }
    let (low, high) = (points[next.checked_sub(1)?], points[next]);
    let apart = high.second - low.second;
    let wh = high.wh - low.wh;
    let share = (2 * wh * (second - low.second) + apart) / (2 * apart);
    Some((low.wh + share, apart <= 60))
}

/// Whether a bound rests on a telegram: the last before one or the first at or behind it; or the ends of the series.
pub(super) fn is_next_to_a_bound(points: &[Point], base: i64, index: usize) -> bool {
    let quarter = |index: usize| Some((base + points.get(index)?.second).div_euclid(900));
    let own = quarter(index);
    let Some(before) = index.checked_sub(1) else {
        return true;
    };
    quarter(before) != own || quarter(index + 1) != own
}

/// The day in winter.
fn date(second: i64) -> Date {
    let zone = TimeZone::fixed(offset(1));
    let at = Timestamp::from_second(second).unwrap();
    at.to_zoned(zone).date()
}

fn midnight(date: Date) -> i64 {
    let zoned = date.to_zoned(TimeZone::fixed(offset(1))).unwrap();
    zoned.timestamp().as_second()
}
