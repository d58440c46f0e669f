//! What the quarters of a statement cost.

use super::super::calendar::By;
use super::super::prices::{Price, Prices, shared_out};
use super::{
    Column, Decimal, EXCESS, EXPORT, EXPORT_TOTAL, Grid, IMPORT, IMPORT_TOTAL, Level, Means, Note,
    Wanted, excess,
};
use crate::p1::value::Zone;

/// Adds a column for each part of the cost, and one for all of it.
pub(super) fn add(
    columns: &mut Vec<Column>,
    grid: &Grid,
    prices: &Prices,
    wanted: &Wanted,
    notes: &mut Vec<Note>,
) {
    let named = |part: &str| format!("{part}_{}", prices.currency);
    let mut parts: Vec<(i64, Column)> = Vec::new();
    for (price, of, total, prefix, name, sign) in [
        (
            &prices.import,
            "import",
            IMPORT_TOTAL,
            IMPORT,
            "cost_import",
            1,
        ),
        (
            &prices.export,
            "export",
            EXPORT_TOTAL,
            EXPORT,
            "credit_export",
            -1,
        ),
    ] {
        let Some(price) = price else { continue };
        let (name, zone) = (named(name), &wanted.zone);
        let Some(column) = priced(columns, grid, price, total, prefix, &name, zone) else {
            // What is not counted costs nothing.
            if is_counted(columns, price, total, prefix) {
                notes.push(Note::CostTooLong { key: name });
            }
            continue;
        };
        if let Some(first) = column.unknown.first() {
            notes.push(Note::NoPrice {
                of,
                quarters: column.unknown.len() as u64,
                second: grid.second(*first),
            });
        }
        parts.push((sign, column));
    }
    let mut add = |key: String, column: Option<Column>| match column {
        Some(column) => parts.push((1, column)),
        None => notes.push(Note::CostTooLong { key }),
    };
    if is_standing(prices, wanted) {
        let key = named("cost_standing");
        let column = standing(grid, prices, wanted, &key);
        add(key, column);
    }
    let beyond = columns.iter().find(|column| column.key == EXCESS);
    if let (Some(price), Some(beyond)) = (prices.excess, beyond) {
        let key = named("cost_excess");
        let column = times(beyond, &|_| Some(price), price.scale, &key);
        add(key, column);
    }
    // The sum of some of the parts would be taken for that of all.
    let is_whole = !notes
        .iter()
        .any(|note| matches!(note, Note::CostTooLong { .. }));
    let key = named("cost");
    let all = sum(&parts, &key, grid.count).filter(|_| is_whole);
    if all.is_none() && !parts.is_empty() {
        notes.push(Note::CostTooLong { key });
    }
    columns.extend(parts.into_iter().map(|(_, column)| column));
    columns.extend(all);
}

/// What each reference power would have cost in the time wanted.
pub(super) fn levels(
    columns: &[Column],
    grid: &Grid,
    prices: &Prices,
    wanted: &Wanted,
    notes: &mut Vec<Note>,
) -> Vec<Level> {
    let within = grid.within(wanted.from, wanted.to);
    let quarters = within.clone().map(|quarter| grid.second(quarter));
    let import = columns.iter().find(|column| column.key == IMPORT_TOTAL);
    let Some(import) = import.filter(|_| !within.is_empty()) else {
        return Vec::new();
    };
    let means = Means { import, grid };
    let of = |(power, month): &(crate::p1::derive::ReferencePower, Decimal)| {
        let beyond = excess(columns, grid, power)?;
        let above = beyond.quarters.get(within.clone())?;
        let known = |at: usize| means.is_known(at, false);
        let count = (within.clone())
            .zip(above)
            .filter(|(at, more)| known(*at) && **more > 0);
        let excess = beyond.sum(&within)?;
        let scale = month.scale.max(SHARED);
        let shares = shared_out(*month, By::Month, quarters.clone(), scale, &wanted.zone)?;
        let months = Decimal::new(shares.iter().sum(), scale);
        let price = prices.excess.unwrap_or_default();
        let digits = excess.digits.checked_mul(price.digits)?;
        let beyond = Decimal::new(digits, excess.scale.checked_add(price.scale)?);
        Some(Level {
            power: *power,
            excess,
            quarters: count.count() as u64,
            months,
            beyond,
            cost: months.checked_add(beyond)?,
        })
    };
    let levels: Vec<Level> = prices.levels.iter().filter_map(of).collect();
    if levels.len() < prices.levels.len() {
        let key = format!("reference_power_{}", prices.currency);
        notes.push(Note::CostTooLong { key });
    }
    levels
}

/// Tells whether the energy is counted that a price is of.
fn is_counted(columns: &[Column], price: &Price, total: &str, prefix: &str) -> bool {
    let has = |key: &str| columns.iter().any(|column| column.key == key);
    has(total)
        && match price {
            Price::Tariffs(tariffs) => {
                let mut tariffs = tariffs.keys();
                tariffs.any(|tariff| has(&format!("{prefix}tariff_{tariff}_kwh")))
            }
            _ => true,
        }
}

/// Tells whether anything is paid for months or days.
fn is_standing(prices: &Prices, wanted: &Wanted) -> bool {
    prices.month.is_some() || prices.day.is_some() || level(prices, wanted).is_some()
}

/// What a month costs with the reference power that is agreed on.
fn level(prices: &Prices, wanted: &Wanted) -> Option<Decimal> {
    let reference = wanted.reference.as_ref()?;
    let level = prices.levels.iter().find(|(power, _)| power == reference);
    level.map(|(_, month)| *month)
}

/// What the energy of a direction costs; none where it is not counted.
fn priced(
    columns: &[Column],
    grid: &Grid,
    price: &Price,
    total: &str,
    prefix: &str,
    name: &str,
    zone: &Zone,
) -> Option<Column> {
    let of = |key: &str| columns.iter().find(|column| column.key == key);
    let Price::Tariffs(tariffs) = price else {
        let at = |quarter: usize| price.at(grid.second(quarter), zone);
        return times(of(total)?, &at, price.scale(), name);
    };
    let whole = of(total)?;
    let scale = price.scale();
    let parts = tariffs.iter().filter_map(|(tariff, price)| {
        let column = of(&format!("{prefix}tariff_{tariff}_kwh"))?;
        Some((1, times(column, &|_| Some(*price), scale, name)?))
    });
    let parts: Vec<(i64, Column)> = parts.collect();
    let mut cost = sum(&parts, name, grid.count)?;
    // What no tariff with a price has counted has none.
    let counted = tariffs
        .keys()
        .filter_map(|tariff| of(&format!("{prefix}tariff_{tariff}_kwh")));
    let counted: Vec<&Column> = counted.collect();
    let is_whole = |quarter: &usize| {
        let sum = counted.iter().try_fold(Decimal::default(), |sum, column| {
            let digits = *column.quarters.get(*quarter)?;
            sum.checked_add(Decimal::new(digits, column.scale))
        });
        let all = whole
            .quarters
            .get(*quarter)
            .map(|digits| Decimal::new(*digits, whole.scale));
        let apart = sum.zip(all).and_then(|(sum, all)| all.checked_sub(sum));
        // Bounds that lie between telegrams are rounded for each counter.
        apart.is_some_and(|apart| apart.digits.abs() <= counted.len() as i64)
    };
    cost.unknown = (0..grid.count)
        .filter(|quarter| !is_whole(quarter))
        .collect();
    cost.known = whole.known.clone();
    Some(cost)
}

/// What energy costs, quarter by quarter.
fn times(
    energy: &Column,
    price: &dyn Fn(usize) -> Option<Decimal>,
    scale: u8,
    name: &str,
) -> Option<Column> {
    let mut unknown = Vec::new();
    let cost = |(quarter, digits): (usize, &i64)| match price(quarter) {
        _ if *digits == 0 => Some(0),
        Some(price) => price.rescale(scale)?.digits.checked_mul(*digits),
        None => {
            unknown.push(quarter);
            Some(0)
        }
    };
    let quarters: Option<Vec<i64>> = energy.quarters.iter().enumerate().map(cost).collect();
    Some(Column {
        key: name.to_owned(),
        scale: energy.scale.checked_add(scale)?,
        quarters: quarters?,
        known: energy.known.clone(),
        unknown,
    })
}

/// What is paid for months and days, with that of the reference power where it has a price.
fn standing(grid: &Grid, prices: &Prices, wanted: &Wanted, name: &str) -> Option<Column> {
    let level = level(prices, wanted);
    let all = [
        (prices.month, By::Month),
        (level, By::Month),
        (prices.day, By::Day),
    ];
    let parts = all.into_iter().filter_map(|(price, by)| Some((price?, by)));
    let part = |(price, by): (Decimal, By)| {
        let scale = price.scale.max(SHARED);
        let quarters = (0..grid.count).map(|quarter| grid.second(quarter));
        let column = Column {
            key: name.to_owned(),
            scale,
            quarters: shared_out(price, by, quarters, scale, &wanted.zone)?,
            known: 0..grid.count,
            unknown: Vec::new(),
        };
        Some((1, column))
    };
    let parts: Option<Vec<_>> = parts.map(part).collect();
    sum(&parts?, name, grid.count)
}

/// The sum of columns, each times its sign.
fn sum(parts: &[(i64, Column)], name: &str, count: usize) -> Option<Column> {
    let scale = parts.iter().map(|(_, column)| column.scale).max()?;
    let mut quarters = vec![0i64; count];
    let mut unknown = Vec::new();
    for (sign, column) in parts {
        let factor = 10i64.checked_pow(u32::from(scale - column.scale))?;
        for (sum, digits) in quarters.iter_mut().zip(&column.quarters) {
            *sum = sum.checked_add(digits.checked_mul(factor)?.checked_mul(*sign)?)?;
        }
        unknown.extend(&column.unknown);
    }
    unknown.sort_unstable();
    unknown.dedup();
    let start = parts.iter().map(|(_, column)| column.known.start).min()?;
    let end = parts.iter().map(|(_, column)| column.known.end).max()?;
    Some(Column {
        key: name.to_owned(),
        scale,
        quarters,
        known: start..end,
        unknown,
    })
}

/// Digits behind the point of what is shared out over quarters.
const SHARED: u8 = 6;
