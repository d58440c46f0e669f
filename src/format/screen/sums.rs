//! What was used today, yesterday and this month, from the counters and their account by quarters of an hour.
//!
//! The account is summed up once in a quarter of an hour; what was counted since is added, so that each telegram shows.

use super::meter::Latest;
use crate::p1::period::{
    By, EXPORT_TOTAL, Extreme, IMPORT_TOTAL, Ledger, Period, QUARTER, Row, SURE, Statement, Wanted,
};
use crate::p1::value::{Decimal, Zone};

/// Sums of a meter.
#[derive(Clone, Debug, Default)]
pub(super) struct Sums {
    /// The day and those around it.
    pub(super) today: Option<Sum>,
    /// The day before.
    pub(super) yesterday: Option<Sum>,
    /// The calendar month.
    pub(super) month: Option<Sum>,
    /// The quarter of the month with the highest mean power.
    pub(super) peak: Option<Extreme>,
    made: Option<Made>,
}

/// What was counted in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sum {
    /// When it is.
    pub(super) period: Period,
    /// Import and export, kWh.
    pub(super) energy: [Option<Decimal>; 2],
    /// From when on something is known, where that is not from its beginning.
    pub(super) since: Option<i64>,
}

/// From what sums were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Made {
    quarter: i64,
    counters: [Option<Decimal>; 2],
}

impl Sums {
    /// Makes them for a second, which is that of the latest values or, looking back, another.
    pub(super) fn update(
        &mut self,
        ledger: &Ledger,
        zone: &Zone,
        second: i64,
        first: Option<i64>,
        latest: Option<&Latest>,
    ) {
        // Looking back, all of a day is shown at each of its quarters.
        let start = match latest {
            Some(_) => second,
            None => By::Day.period(second, zone).map_or(second, |day| day.start),
        };
        let quarter = start.div_euclid(QUARTER);
        let counters = latest.map(|latest| latest.counters).unwrap_or_default();
        if let Some(made) = self.made
            && made.quarter == quarter
            && made.counters.map(|known| known.is_some()) == counters.map(|known| known.is_some())
        {
            return self.add(counters);
        }
        *self = Self::of(ledger, zone, second, first);
        self.made = Some(Made { quarter, counters });
    }

    /// Forgets what they were made from.
    pub(super) fn forget(&mut self) {
        self.made = None;
    }

    fn of(ledger: &Ledger, zone: &Zone, second: i64, first: Option<i64>) -> Self {
        let Some(day) = By::Day.period(second, zone) else {
            return Self::default();
        };
        let month = By::Month.period(second, zone).unwrap_or(day);
        let before = By::Day.period(day.start - 1, zone).unwrap_or(day);
        let of = |by: By, period: Period| {
            ledger.statement(&wanted(zone, Some(by), Some(period), second))
        };
        let both = Period {
            start: before.start,
            end: day.end,
        };
        let (days, months) = (of(By::Day, both), of(By::Month, month));
        let sum = |statement: &Option<Statement>, period: Period| {
            Sum::of(statement.as_ref()?, period, first)
        };
        Self {
            today: sum(&days, day),
            yesterday: sum(&days, before),
            month: sum(&months, month),
            peak: months.and_then(|statement| statement.rows.first()?.highest),
            made: None,
        }
    }

    /// Adds what counters have gone up by since.
    fn add(&mut self, counters: [Option<Decimal>; 2]) {
        let Some(made) = &mut self.made else { return };
        for (index, counter) in counters.into_iter().enumerate() {
            let more = counter
                .zip(made.counters[index])
                .and_then(|(now, then)| now.checked_sub(then))
                // One that fell is that of another meter.
                .filter(|more| more.digits > 0);
            let Some(more) = more else { continue };
            for sum in [&mut self.today, &mut self.month].into_iter().flatten() {
                sum.energy[index] = sum.energy[index].and_then(|energy| energy.checked_add(more));
            }
        }
        made.counters = counters;
    }
}

impl Sum {
    fn of(statement: &Statement, period: Period, first: Option<i64>) -> Option<Self> {
        let row = statement.rows.iter().find(|row| row.period == period)?;
        let energy = energies(statement, row);
        Some(Self {
            period,
            energy,
            since: first.filter(|first| *first > period.start + SURE),
        })
        .filter(|sum| sum.energy.iter().any(Option::is_some))
    }
}

/// Import and export of a period, kWh.
pub(super) fn energies(statement: &Statement, row: &Row) -> [Option<Decimal>; 2] {
    [IMPORT_TOTAL, EXPORT_TOTAL].map(|key| statement.energy(row, key))
}

/// What statement is wanted of a period, or of all; what is measured is shown nowhere.
pub(super) fn wanted(zone: &Zone, by: Option<By>, period: Option<Period>, latest: i64) -> Wanted {
    Wanted {
        by,
        from: period.map(|period| period.start),
        to: period.map(|period| period.end),
        measured: false,
        ..Wanted::new(zone.clone(), latest)
    }
}
