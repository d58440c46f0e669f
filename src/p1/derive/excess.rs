//! Energy above a reference power: of quarters, and their sums over days and months.

use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

use super::quarter::power;
use super::reference::ReferencePower;
use super::written::{date, text, text_or_null};
use super::{
    EXCESS_DAY, EXCESS_LAST_DAY, EXCESS_LAST_MONTH, EXCESS_LAST_QUARTER, EXCESS_MONTH,
    EXCESS_QUARTER, QUARTER_LEFT, QUARTER_LEFT_POWER, UNSURE_QUARTERS,
};
use crate::p1::value::Decimal;

/// Sums of whole quarters above a reference power.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Excess {
    /// The reference power, kW.
    #[serde(with = "text")]
    reference_kw: Decimal,
    /// The day of the running quarter.
    #[serde(with = "date")]
    day: Date,
    #[serde(with = "text")]
    day_kwh: Decimal,
    #[serde(with = "text")]
    month_kwh: Decimal,
    /// Quarters of the month that are not sure, or were not seen.
    unsure_quarters: u32,
    #[serde(with = "text_or_null")]
    last_quarter_kwh: Option<Decimal>,
    #[serde(with = "text_or_null")]
    last_day_kwh: Option<Decimal>,
    #[serde(with = "text_or_null")]
    last_month_kwh: Option<Decimal>,
}

impl Excess {
    /// Begins with the quarter that begins then; of those before it in its month nothing is known.
    pub(super) fn begin(reference: ReferencePower, at: DateTime) -> Self {
        Self {
            reference_kw: reference.kilowatts(),
            day: at.date(),
            day_kwh: ZERO,
            month_kwh: ZERO,
            unsure_quarters: quarters_before(at),
            last_quarter_kwh: None,
            last_day_kwh: None,
            last_month_kwh: None,
        }
    }

    /// The reference power, kW.
    pub(super) fn reference(&self) -> Decimal {
        self.reference_kw
    }

    /// Ends the running quarter with its energy, kWh.
    pub(super) fn close(&mut self, energy: Option<Decimal>, sure: bool) {
        let above = energy.and_then(|energy| self.above(energy));
        let sums = above.and_then(|above| {
            let day = self.day_kwh.checked_add(above)?;
            Some((day, self.month_kwh.checked_add(above)?))
        });
        if let Some(sums) = sums {
            (self.day_kwh, self.month_kwh) = sums;
        }
        if sums.is_none() || !sure {
            self.unsure_quarters = self.unsure_quarters.saturating_add(1);
        }
        self.last_quarter_kwh = above;
    }

    /// Begins the quarter that begins then by the clock on the wall.
    pub(super) fn enter(&mut self, at: DateTime) {
        let day = at.date();
        // A clock that is set back a little over midnight must not end the day a second time.
        if day == self.day || day.tomorrow().is_ok_and(|next| next == self.day) {
            return;
        }
        if day.first_of_month() != self.day.first_of_month() {
            self.last_month_kwh = Some(self.month_kwh);
            self.month_kwh = ZERO;
            self.unsure_quarters = 0;
        }
        self.last_day_kwh = Some(self.day_kwh);
        self.day_kwh = ZERO;
        self.day = day;
    }

    /// Leaves the running quarter unfinished, and begins another, so many quarters on.
    pub(super) fn skip(&mut self, quarters: i64, at: DateTime) {
        let month = self.day.first_of_month();
        // Behind a clock that was set back the unfinished one is missed.
        let quarters = u32::try_from(quarters).unwrap_or(1);
        self.unsure_quarters = self.unsure_quarters.saturating_add(quarters);
        self.last_quarter_kwh = None;
        self.enter(at);
        if self.day.first_of_month() != month {
            self.unsure_quarters = quarters_before(at);
        }
    }

    /// Gives what is left in the running quarter, and the sums with what it is above so far.
    pub(super) fn tell(
        &self,
        energy: Option<Decimal>,
        seconds_left: i64,
        tell: &mut impl FnMut(&'static str, Decimal),
    ) {
        let left = energy.and_then(|energy| self.allowed()?.checked_sub(energy));
        if let Some(left) = left.map(not_below_zero) {
            tell(QUARTER_LEFT, left);
            // Rounded down: what is said to be allowed is.
            if let Some(power) = power(left, seconds_left, 0) {
                tell(QUARTER_LEFT_POWER, power);
            }
        }
        let running = energy.and_then(|energy| self.above(energy));
        if let Some(running) = running {
            tell(EXCESS_QUARTER, running);
        }
        for (key, sum) in [(EXCESS_DAY, self.day_kwh), (EXCESS_MONTH, self.month_kwh)] {
            if let Some(sum) = sum.checked_add(running.unwrap_or(ZERO)) {
                tell(key, sum);
            }
        }
        for (key, last) in [
            (EXCESS_LAST_QUARTER, self.last_quarter_kwh),
            (EXCESS_LAST_DAY, self.last_day_kwh),
            (EXCESS_LAST_MONTH, self.last_month_kwh),
        ] {
            if let Some(last) = last {
                tell(key, last);
            }
        }
        tell(
            UNSURE_QUARTERS,
            Decimal::new(self.unsure_quarters.into(), 0),
        );
    }

    fn allowed(&self) -> Option<Decimal> {
        ReferencePower::new(self.reference_kw).map(|reference| reference.energy())
    }

    /// What an energy of one quarter is above the reference, kWh.
    fn above(&self, energy: Decimal) -> Option<Decimal> {
        energy.checked_sub(self.allowed()?).map(not_below_zero)
    }
}

fn not_below_zero(value: Decimal) -> Decimal {
    Decimal {
        digits: value.digits.max(0),
        ..value
    }
}

/// Quarters between the beginning of the month and a time, by the clock on the wall.
fn quarters_before(at: DateTime) -> u32 {
    let days = u32::from(at.day().unsigned_abs()).saturating_sub(1);
    let minutes = u32::from(at.hour().unsigned_abs()) * 60 + u32::from(at.minute().unsigned_abs());
    days * 96 + minutes / 15
}

/// No energy, to the Wh.
const ZERO: Decimal = Decimal {
    digits: 0,
    scale: 3,
};
