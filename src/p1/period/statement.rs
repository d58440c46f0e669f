//! The statement of one meter: a row a period, and a total.

mod cost;

use std::collections::BTreeMap;
use std::ops::Range as Span;

use super::calendar::{By, Period};
use super::ledger::{EXPORT, IMPORT, LONG_POWER_FAILURES, Ledger, POWER_FAILURES};
use super::measured::Measured;
use super::prices::Prices;
use super::seconds::Seconds;
use super::{QUARTER, SURE};
use crate::p1::derive::ReferencePower;
use crate::p1::value::{Decimal, Zone};

/// What a statement is to be of.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Length of the periods; none: as suits the time between the first telegram and the last.
    pub by: Option<By>,
    /// Where the meter stands.
    pub zone: Zone,
    /// First quarter of an hour, seconds since 1970.
    pub from: Option<i64>,
    /// End of the last quarter of an hour, seconds since 1970.
    pub to: Option<i64>,
    /// What was imported beyond it is summed up.
    pub reference: Option<ReferencePower>,
    /// What it costs.
    pub prices: Option<Prices>,
    /// What was measured is in it, lowest and highest of each period.
    pub measured: bool,
    /// Telegrams that were measured later than this come from a wrong clock; seconds since 1970.
    pub latest: i64,
}

impl Wanted {
    /// All that was heard up to now, seconds since 1970, by the clock of a place.
    pub fn new(zone: Zone, now: i64) -> Self {
        Self {
            by: None,
            zone,
            from: None,
            to: None,
            reference: None,
            prices: None,
            measured: true,
            // Clocks of meters may be some hours ahead.
            latest: now.saturating_add(DAY),
        }
    }
}

/// What a meter counted, by periods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Length of the periods.
    pub by: By,
    /// Names with units of what was counted, in the order of [`Row::counted`].
    pub counted: Vec<String>,
    /// Names with units of what was measured, in the order of [`Row::measured`].
    pub measured: Vec<String>,
    /// A row a period, by time, without gaps.
    pub rows: Vec<Row>,
    /// All periods in one.
    pub total: Row,
    /// Seconds between most telegrams, where there are enough to tell.
    pub interval: Option<i64>,
    /// What does not fit.
    pub notes: Vec<Note>,
    /// In which currency costs are, in capitals, where there are prices.
    pub currency: Option<String>,
    /// What each reference power would have cost.
    pub levels: Vec<Level>,
}

/// What a reference power would have cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Level {
    /// The power.
    pub power: ReferencePower,
    /// Imported beyond it, kWh.
    pub excess: Decimal,
    /// Quarters of an hour whose mean lies above it.
    pub quarters: u64,
    /// What was to be paid for the months, as far as they are in the statement.
    pub months: Decimal,
    /// What was to be paid for the excess.
    pub beyond: Decimal,
    /// Both.
    pub cost: Decimal,
}

/// One period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// When it was; that of a total ends where the last row does.
    pub period: Period,
    /// What was counted; none before a counter was first heard and after it was last heard.
    pub counted: Vec<Option<Decimal>>,
    /// Lowest and highest of what was measured.
    pub measured: Vec<Option<(Decimal, Decimal)>>,
    /// The quarter with the highest mean of imported power.
    pub highest: Option<Extreme>,
    /// The quarter with the lowest mean of imported power.
    pub lowest: Option<Extreme>,
    /// Telegrams received, each once.
    pub telegrams: u64,
    /// Telegrams that lack by the rhythm of the others.
    pub missed: u64,
    /// Both bounds are as exact as the telegrams are frequent.
    pub sure: bool,
}

/// The mean power of a quarter of an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extreme {
    /// Mean power, kW.
    pub power: Decimal,
    /// When the quarter began, seconds since 1970.
    pub second: i64,
    /// Both bounds of the quarter are sure.
    pub sure: bool,
}

/// Something that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// A counter fell: another one goes on.
    Fell {
        /// Its name with unit.
        key: String,
        /// When its new value was measured, seconds since 1970.
        second: i64,
        /// Last value before.
        before: Decimal,
        /// First value after.
        after: Decimal,
    },
    /// Values fit neither those before them nor those after, and are left out.
    Outliers {
        /// Name of the counter with unit.
        key: String,
        /// How many values.
        count: u64,
    },
    /// Some values have more digits than can be counted with, or fall too often.
    NotCounted {
        /// Name of the counter with unit.
        key: String,
    },
    /// The meter counts and measures more than there is room for.
    Beyond {
        /// Name with unit of the first quantity that is left out.
        key: String,
        /// How many there is room for.
        most: usize,
    },
    /// A cost has more digits than can be counted with, and is left out.
    CostTooLong {
        /// Its name with currency.
        key: String,
    },
    /// For some quarters there is no price.
    NoPrice {
        /// What they have a price of: `import` or `export`.
        of: &'static str,
        /// How many.
        quarters: u64,
        /// The first of them, seconds since 1970.
        second: i64,
    },
    /// Telegrams of a clock that was not set are left out.
    WrongClock {
        /// How many telegrams.
        telegrams: u64,
        /// About the time they gave, seconds since 1970.
        second: i64,
    },
}

/// The quarters of a statement: `first` and as many behind it as `sure` has bounds, less one.
struct Grid {
    first: i64,
    count: usize,
    /// For each bound, whether it is sure.
    sure: Vec<bool>,
    telegrams: Vec<u64>,
    missed: Vec<u64>,
    interval: Option<i64>,
    earliest: i64,
    latest: i64,
    /// The last telegram stands on the last bound; it has a quarter of its own in no row.
    is_ended: bool,
}

/// A counter, shared out over the quarters of a grid.
struct Column {
    key: String,
    scale: u8,
    quarters: Vec<i64>,
    /// The quarters from its first value to its last.
    known: Span<usize>,
    /// Quarters of which it is not known, by number.
    unknown: Vec<usize>,
}

impl Statement {
    /// Where a counter stands among those that are counted.
    pub fn place(&self, key: &str) -> Option<usize> {
        self.counted.iter().position(|known| known == key)
    }

    /// What a counter has counted in a period.
    pub fn energy(&self, row: &Row, key: &str) -> Option<Decimal> {
        *row.counted.get(self.place(key)?)?
    }
}

impl Ledger {
    /// Makes the statement; none where no telegram with a time lies in the time wanted.
    pub fn statement(&self, wanted: &Wanted) -> Option<Statement> {
        let mut notes = Vec::new();
        let right = self.without_wrong_clocks(wanted.latest, &mut notes);
        let right = right.as_ref().unwrap_or(self);
        right.tell_beyond(&mut notes);
        let grid = Grid::of(&right.heard)?;
        let mut columns = Vec::new();
        for (key, counter) in &right.counters {
            let Some((from, to)) = counter.span() else {
                continue;
            };
            let quarters = counter.shared_out(grid.first, grid.count, key, &mut notes);
            columns.push(Column {
                key: key.clone(),
                scale: counter.scale(),
                quarters,
                known: grid.index(from)..grid.index(to) + 1,
                unknown: Vec::new(),
            });
        }
        for prefix in [IMPORT, EXPORT] {
            add_total(&mut columns, prefix);
        }
        columns.sort_by_cached_key(|column| order(&column.key));
        if let Some(reference) = &wanted.reference
            && let Some(excess) = excess(&columns, &grid, reference)
        {
            columns.push(excess);
        }
        if let Some(prices) = &wanted.prices {
            cost::add(&mut columns, &grid, prices, wanted, &mut notes);
        }
        Some(right.sum_up(&grid, &columns, wanted, notes)).filter(|made| !made.rows.is_empty())
    }

    fn sum_up(
        &self,
        grid: &Grid,
        columns: &[Column],
        wanted: &Wanted,
        mut notes: Vec<Note>,
    ) -> Statement {
        let within = grid.within(wanted.from, wanted.to);
        let seconds = (within.len() as i64) * QUARTER;
        let by = wanted.by.unwrap_or_else(|| By::suiting(seconds));
        let import = columns.iter().find(|column| column.key == IMPORT_TOTAL);
        let means = import.map(|import| Means { import, grid });
        let mut rows: Vec<(Period, Span<usize>)> = Vec::new();
        for quarter in within.clone() {
            let start = grid.second(quarter);
            match rows.last_mut() {
                Some((period, quarters)) if start < period.end => quarters.end = quarter + 1,
                _ => {
                    let period = by.period(start, &wanted.zone).unwrap_or(Period {
                        start,
                        end: start + QUARTER,
                    });
                    rows.push((period, quarter..quarter + 1));
                }
            }
        }
        let measured = self.measured.iter().filter(|_| wanted.measured);
        let mut measured: Vec<&(String, Measured)> = measured.collect();
        measured.sort_by_key(|(key, _)| key);
        let row = |period: Period, quarters: Span<usize>| Row {
            period,
            counted: columns.iter().map(|c| c.sum(&quarters)).collect(),
            measured: measured
                .iter()
                .map(|(_, all)| all.within(grid.number(quarters.start)..grid.number(quarters.end)))
                .collect(),
            highest: means
                .as_ref()
                .and_then(|means| means.extreme(&quarters, true)),
            lowest: means
                .as_ref()
                .and_then(|means| means.extreme(&quarters, false)),
            telegrams: sum(&grid.telegrams, &quarters),
            missed: sum(&grid.missed, &quarters),
            sure: grid.is_sure(period),
        };
        let whole = Period {
            start: rows.first().map_or(0, |(period, _)| period.start),
            end: rows.last().map_or(0, |(period, _)| period.end),
        };
        let mut total = row(whole, within);
        let mut rows: Vec<Row> = rows
            .into_iter()
            .map(|(period, quarters)| row(period, quarters))
            .collect();
        total.sure = rows.iter().all(|row| row.sure);
        if let Some(row) = rows.last_mut()
            && grid.is_ended
            && (row.period.start..row.period.end).contains(&grid.latest)
        {
            row.telegrams += 1;
            total.telegrams += 1;
        }
        let levels = match &wanted.prices {
            Some(prices) => cost::levels(columns, grid, prices, wanted, &mut notes),
            None => Vec::new(),
        };
        Statement {
            by,
            counted: columns.iter().map(|column| column.key.clone()).collect(),
            measured: measured.iter().map(|(key, _)| key.clone()).collect(),
            rows,
            total,
            interval: grid.interval,
            notes,
            currency: wanted
                .prices
                .as_ref()
                .map(|prices| prices.currency.to_ascii_uppercase()),
            levels,
        }
    }
}

impl Grid {
    fn of(heard: &BTreeMap<i64, Seconds>) -> Option<Self> {
        let (&first, from) = heard.first_key_value()?;
        let (&last, to) = heard.last_key_value()?;
        let earliest = first * QUARTER + i64::from(from.iter().next()?);
        let latest = last * QUARTER + i64::from(to.ends()?.1);
        // A telegram on the last bound ends the quarter before it, and begins none.
        let is_ended = latest == last * QUARTER && last > first;
        let end = if is_ended { last } else { last + 1 };
        let count = usize::try_from(end - first).ok()?;
        let mut grid = Self {
            first,
            count,
            sure: vec![false; count + 1],
            telegrams: vec![0; count],
            missed: vec![0; count],
            interval: None,
            earliest,
            latest,
            is_ended,
        };
        grid.listen(heard);
        Some(grid)
    }

    /// Looks at the time between telegrams.
    fn listen(&mut self, heard: &BTreeMap<i64, Seconds>) {
        let mut gaps: BTreeMap<i64, u64> = BTreeMap::new();
        let mut before = None;
        let all = |heard: &BTreeMap<i64, Seconds>, each: &mut dyn FnMut(i64)| {
            for (quarter, seconds) in heard {
                for second in seconds.iter() {
                    each(quarter * QUARTER + i64::from(second));
                }
            }
        };
        all(heard, &mut |second| {
            if let Some(apart) = before.map(|before| second - before)
                && apart <= INTERVAL_MAX
            {
                *gaps.entry(apart).or_default() += 1;
            }
            before = Some(second);
        });
        let most = gaps.iter().max_by_key(|(apart, count)| (**count, -**apart));
        self.interval = most.map(|(apart, _)| *apart);
        for (quarter, seconds) in heard {
            let at = usize::try_from(quarter - self.first).unwrap_or(usize::MAX);
            if let Some(count) = self.telegrams.get_mut(at) {
                *count = seconds.count();
            }
        }
        self.set_sure(self.first * QUARTER, self.earliest);
        let mut before = None;
        all(heard, &mut |second| {
            if let Some(before) = before {
                self.bridge(before, second);
            }
            before = Some(second);
        });
        let end = self.second(self.count);
        self.set_sure(self.latest.min(end), end);
    }

    /// Takes the time between two telegrams.
    fn bridge(&mut self, before: i64, after: i64) {
        let apart = after - before;
        if apart <= SURE {
            self.set_sure(before + 1, after);
        } else {
            self.set_sure(after, after);
        }
        let Some(interval) = self.interval.filter(|interval| 2 * apart >= 3 * interval) else {
            return;
        };
        let missed = (apart + interval / 2) / interval - 1;
        let (from, to) = (before.div_euclid(QUARTER), after.div_euclid(QUARTER));
        for quarter in from..=to {
            let until = |second: i64| ((second - 1 - before).max(0) / interval).clamp(0, missed);
            let count = until((quarter + 1) * QUARTER) - until((quarter * QUARTER).max(before + 1));
            let at = usize::try_from(quarter - self.first).unwrap_or(usize::MAX);
            if let Some(slot) = self.missed.get_mut(at) {
                *slot += count.unsigned_abs();
            }
        }
    }

    /// The bounds from a second to another are sure, if no more than [`SURE`] lie between them.
    fn set_sure(&mut self, from: i64, to: i64) {
        if to - from > SURE {
            return;
        }
        // The first bound at or behind `from`.
        let bound = (from + QUARTER - 1).div_euclid(QUARTER);
        if bound * QUARTER <= to
            && let Ok(at) = usize::try_from(bound - self.first)
            && let Some(sure) = self.sure.get_mut(at)
        {
            *sure = true;
        }
    }

    /// When a quarter begins.
    fn second(&self, quarter: usize) -> i64 {
        self.number(quarter) * QUARTER
    }

    /// The number of a quarter since 1970.
    fn number(&self, quarter: usize) -> i64 {
        self.first + quarter as i64
    }

    /// The quarter of the grid that a second is in, or the one next to it.
    fn index(&self, second: i64) -> usize {
        let at = second.div_euclid(QUARTER) - self.first;
        usize::try_from(at).unwrap_or(0).min(self.count - 1)
    }

    /// The quarters between two times.
    fn within(&self, from: Option<i64>, to: Option<i64>) -> Span<usize> {
        let bound = |second: i64| {
            let at = second.div_euclid(QUARTER) - self.first;
            usize::try_from(at).unwrap_or(0).min(self.count)
        };
        let start = from.map_or(0, bound);
        start..to.map_or(self.count, bound).max(start)
    }

    fn is_sure(&self, period: Period) -> bool {
        [period.start, period.end].into_iter().all(|second| {
            let at = usize::try_from(second.div_euclid(QUARTER) - self.first);
            at.ok()
                .and_then(|at| self.sure.get(at))
                .is_some_and(|sure| *sure)
        })
    }
}

impl Column {
    fn sum(&self, quarters: &Span<usize>) -> Option<Decimal> {
        let known = quarters.start < self.known.end && self.known.start < quarters.end;
        let counted = self.quarters.get(quarters.clone())?;
        let sum = counted
            .iter()
            .fold(0i64, |sum, more| sum.saturating_add(*more));
        let next = self
            .unknown
            .partition_point(|quarter| *quarter < quarters.start);
        let is_whole = self.unknown.get(next).is_none_or(|at| *at >= quarters.end);
        (known && is_whole).then_some(Decimal::new(sum, self.scale))
    }
}

/// Mean powers of quarters.
struct Means<'a> {
    import: &'a Column,
    grid: &'a Grid,
}

impl Means<'_> {
    /// The quarter with the highest or lowest mean; one that is not sure only where none is.
    fn extreme(&self, quarters: &Span<usize>, highest: bool) -> Option<Extreme> {
        let known =
            quarters.start.max(self.import.known.start)..quarters.end.min(self.import.known.end);
        let of = |surely: bool| {
            let all = known.clone().filter(move |at| self.is_known(*at, surely));
            let energy = |at: &usize| self.import.quarters.get(*at).copied().unwrap_or_default();
            // Of several, the first.
            let found = match highest {
                true => all.rev().max_by_key(energy),
                false => all.min_by_key(energy),
            }?;
            Some(Extreme {
                power: Decimal::new(energy(&found).saturating_mul(4), self.import.scale),
                second: self.grid.second(found),
                sure: surely,
            })
        };
        of(true).or_else(|| of(false))
    }

    /// Tells whether both bounds of a quarter are known, or sure.
    fn is_known(&self, quarter: usize, surely: bool) -> bool {
        let bound = |at: usize, outer: bool| {
            let sure = self.grid.sure.get(at).is_some_and(|sure| *sure);
            sure || !surely && !outer
        };
        bound(quarter, quarter == 0) && bound(quarter + 1, quarter + 1 == self.grid.count)
    }
}

/// Adds the sum of the tariffs where a meter sends no total.
fn add_total(columns: &mut Vec<Column>, prefix: &str) {
    let total = format!("{prefix}kwh");
    let is_tariff = |column: &&Column| column.key.starts_with(prefix);
    if columns.iter().any(|column| column.key == total) || !columns.iter().any(|c| is_tariff(&c)) {
        return;
    }
    let tariffs: Vec<&Column> = columns.iter().filter(is_tariff).collect();
    let scale = tariffs
        .iter()
        .map(|column| column.scale)
        .max()
        .unwrap_or_default();
    let count = tariffs.iter().map(|column| column.quarters.len()).max();
    let mut quarters = vec![0i64; count.unwrap_or_default()];
    for column in &tariffs {
        let factor = 10i64.saturating_pow(u32::from(scale - column.scale));
        for (sum, counted) in quarters.iter_mut().zip(&column.quarters) {
            *sum = sum.saturating_add(counted.saturating_mul(factor));
        }
    }
    let start = tariffs.iter().map(|column| column.known.start).min();
    let end = tariffs.iter().map(|column| column.known.end).max();
    columns.push(Column {
        key: total,
        scale,
        quarters,
        known: start.unwrap_or_default()..end.unwrap_or_default(),
        unknown: Vec::new(),
    });
}

/// What was imported beyond a reference power, quarter by quarter.
fn excess(columns: &[Column], grid: &Grid, reference: &ReferencePower) -> Option<Column> {
    let import = columns.iter().find(|column| column.key == IMPORT_TOTAL)?;
    let allowed = reference.energy();
    let scale = import.scale.max(allowed.scale);
    let allowed = allowed.rescale(scale)?.digits;
    let factor = 10i64.checked_pow(u32::from(scale - import.scale))?;
    let means = Means { import, grid };
    let beyond = |(quarter, energy): (usize, &i64)| match means.is_known(quarter, false) {
        true => energy.saturating_mul(factor).saturating_sub(allowed).max(0),
        false => 0,
    };
    Some(Column {
        key: EXCESS.to_owned(),
        scale,
        quarters: import.quarters.iter().enumerate().map(beyond).collect(),
        known: import.known.clone(),
        unknown: Vec::new(),
    })
}

/// Import before export, totals before tariffs, electricity before what is on the M-Bus, counts last.
fn order(key: &str) -> (u8, String) {
    let group = match key {
        POWER_FAILURES | LONG_POWER_FAILURES => 5,
        IMPORT_TOTAL => 0,
        _ if key.starts_with(IMPORT) => 1,
        _ if key.starts_with(EXPORT) => 2,
        _ if key.starts_with("reactive_") => 4,
        _ => 3,
    };
    // The total of a direction is the shortest of its names.
    (group, format!("{:02}{key}", key.len().min(99)))
}

fn sum(all: &[u64], quarters: &Span<usize>) -> u64 {
    all.get(quarters.clone()).unwrap_or_default().iter().sum()
}

/// Imported energy in total.
pub const IMPORT_TOTAL: &str = "active_energy_import_kwh";
/// Exported energy in total.
pub const EXPORT_TOTAL: &str = "active_energy_export_kwh";
/// Imported energy beyond the reference power.
pub const EXCESS: &str = "excess_energy_kwh";
/// Longest time between telegrams that can be their rhythm, seconds: a day.
const INTERVAL_MAX: i64 = DAY;
/// Seconds.
const DAY: i64 = 86_400;
