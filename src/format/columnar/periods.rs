//! What meters counted by periods, a row a period and meter.

use std::collections::HashMap;

use jiff::Timestamp;

use super::columns::{DIGITS_MAX, SCALE};
use super::table::{Cell, Holds, Table};
use super::{ColumnarFault, Container};
use crate::format::report::{Account, values};
use crate::p1::period::Row;
use crate::p1::value::{Decimal, Zone};

/// A table of statements: the values of JSON and CSV under the same names.
///
/// # Errors
/// Where it cannot be encoded.
pub fn periods(
    container: Container,
    accounts: &[Account<'_>],
    zone: &Zone,
) -> Result<Vec<u8>, ColumnarFault> {
    let columns = columns(accounts, zone);
    let before = FIRST
        .iter()
        .map(|(name, holds)| ((*name).to_owned(), *holds));
    let behind = LAST
        .iter()
        .map(|(name, holds)| ((*name).to_owned(), *holds));
    let all: Vec<(String, Holds)> = before
        .chain(columns.iter().cloned())
        .chain(behind)
        .collect();
    let mut table = Table::of(container, &all)?;
    let mut out = Vec::new();
    for account in accounts {
        let by = account.statement.by.to_string();
        for row in &account.statement.rows {
            let known = values(account.statement, row, zone);
            let known: HashMap<&str, &str> = known
                .iter()
                .filter_map(|named| Some((named.name.as_str(), named.value.as_deref()?)))
                .collect();
            let micros = |second: i64| Some(Cell::Integer(second.saturating_mul(1_000_000)));
            let first = [
                Some(Cell::Text(&by)),
                micros(row.period.start),
                micros(row.period.end),
                Some(Cell::Text(account.id)),
                account.name.map(Cell::Text),
            ];
            let cells = columns.iter().map(|(name, holds)| {
                let value = known.get(name.as_str())?;
                Some(Cell::Integer(match holds {
                    Holds::Exact(scale) => value.parse::<Decimal>().ok()?.rescale(*scale)?.digits,
                    _ => value.parse::<Timestamp>().ok()?.as_microsecond(),
                }))
            });
            let last = last(row).map(Some);
            table.row(first.into_iter().chain(cells).chain(last), &mut out)?;
        }
    }
    table.finish(&mut out)?;
    Ok(out)
}

fn last(row: &Row) -> [Cell<'static>; 3] {
    let whole = |count: u64| Cell::Integer(i64::try_from(count).unwrap_or(i64::MAX));
    [
        whole(row.telegrams),
        whole(row.missed),
        Cell::Flag(row.sure),
    ]
}

/// Columns for all that any of the meters counted; numbers have six digits behind the point, or as many as one of them
/// needs, or as few as the largest of them leaves room for.
fn columns(accounts: &[Account<'_>], zone: &Zone) -> Vec<(String, Holds)> {
    let mut columns: Vec<(String, Holds)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    // For each column, whether six digits behind the point are too many for one of its numbers.
    let mut large: Vec<(bool, u8)> = Vec::new();
    for account in accounts {
        for row in account
            .statement
            .rows
            .iter()
            .chain([&account.statement.total])
        {
            for named in values(account.statement, row, zone) {
                let place = *places.entry(named.name.clone()).or_insert_with(|| {
                    let holds = if named.is_text {
                        Holds::Time
                    } else {
                        Holds::Exact(SCALE)
                    };
                    columns.push((named.name.clone(), holds));
                    large.push((false, 0));
                    columns.len() - 1
                });
                let number = named.value.filter(|_| !named.is_text);
                let number = number.and_then(|value| value.parse::<Decimal>().ok());
                if let (Some(number), Some((is_large, scale))) = (number, large.get_mut(place)) {
                    let fits = number.rescale(SCALE.max(number.scale));
                    let fits = fits.is_some_and(|wide| wide.digits.unsigned_abs() < DIGITS_MAX);
                    *is_large |= !fits;
                    *scale = number.scale.max(*scale);
                }
            }
        }
    }
    for ((_, holds), (is_large, scale)) in columns.iter_mut().zip(large) {
        if let Holds::Exact(digits) = holds {
            *digits = if is_large { scale } else { scale.max(SCALE) };
        }
    }
    columns
}

const FIRST: [(&str, Holds); 5] = [
    ("by", Holds::Text),
    ("start", Holds::Time),
    ("end", Holds::Time),
    ("meter", Holds::Text),
    ("meter_name", Holds::Text),
];
const LAST: [(&str, Holds); 3] = [
    ("telegrams", Holds::Integer),
    ("missed", Holds::Integer),
    ("sure", Holds::Flag),
];
