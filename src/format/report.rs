//! What meters counted by periods, as lines of JSON, CSV and a table.
//!
//! ```text
//! statement  counted  active_energy_import_kwh, …, gas_m3, excess_energy_kwh
//!            highest, lowest quarter   quarter_power_import_max_kw, quarter_power_import_max_at, …
//!            measured  voltage_l1_min_v, voltage_l1_max_v, …
//! ```
//!
//! The same values under the same names in every format; numbers keep all digits.

mod accounts;
mod chart;
pub mod html;
pub mod table;

use std::io::Write;

use crate::format::json::write_text_or_null;
use crate::format::number::write_json_text;
use crate::p1::period::{Row, Statement};
use crate::p1::value::{Decimal, Zone};

pub use self::accounts::{Accounts, Finding, Stated};
pub use self::chart::{Mean, curve, shades};

/// The statement of a meter.
#[derive(Clone, Copy, Debug)]
pub struct Account<'a> {
    /// What the meter is called by itself.
    pub id: &'a str,
    /// What the user calls it.
    pub name: Option<&'a str>,
    /// What it counted.
    pub statement: &'a Statement,
}

/// A value by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) value: Option<String>,
    /// A time, which stands between quotes.
    pub(super) is_text: bool,
}

/// Appends a line of JSON for each period.
pub fn json(out: &mut Vec<u8>, account: &Account<'_>, zone: &Zone) {
    let Account {
        id,
        name,
        statement,
    } = *account;
    for row in &statement.rows {
        // Writing into memory cannot fail.
        drop(write!(
            out,
            "{{\"schema\":\"smarty/1\",\"type\":\"period\",\"by\":\"{}\",\"start\":\"{}\",\"end\":\"{}\"",
            statement.by,
            start(row, zone),
            end(row, zone),
        ));
        out.extend_from_slice(b",\"meter\":{\"id\":");
        write_json_text(out, id);
        out.extend_from_slice(b",\"name\":");
        write_text_or_null(out, name);
        out.extend_from_slice(b"},\"values\":{");
        let values = values(statement, row, zone).into_iter();
        let known = values.filter_map(|named| Some((named.value?, named.name, named.is_text)));
        for (at, (value, name, is_text)) in known.enumerate() {
            let comma = if at > 0 { "," } else { "" };
            let quote = if is_text { "\"" } else { "" };
            drop(write!(out, "{comma}\"{name}\":{quote}{value}{quote}"));
        }
        drop(writeln!(
            out,
            "}},\"telegrams\":{},\"missed\":{},\"sure\":{}}}",
            row.telegrams, row.missed, row.sure
        ));
    }
}

/// Appends a line of JSON with what each reference power would have cost, where that is known.
pub fn levels_json(out: &mut Vec<u8>, account: &Account<'_>, zone: &Zone) {
    let Account {
        id,
        name,
        statement,
    } = *account;
    if statement.levels.is_empty() {
        return;
    }
    let currency = table::currency(statement).to_ascii_lowercase();
    let period = &statement.total;
    drop(write!(
        out,
        "{{\"schema\":\"smarty/1\",\"type\":\"reference_power\",\"start\":\"{}\",\"end\":\"{}\",\"meter\":{{\"id\":",
        start(period, zone),
        end(period, zone),
    ));
    write_json_text(out, id);
    out.extend_from_slice(b",\"name\":");
    write_text_or_null(out, name);
    out.extend_from_slice(b"},\"levels\":[");
    for (at, level) in statement.levels.iter().enumerate() {
        let comma = if at > 0 { "," } else { "" };
        drop(write!(
            out,
            "{comma}{{\"reference_power_kw\":{},\"excess_energy_kwh\":{},\"excess_quarters\":{},\"cost_standing_{currency}\":{},\"cost_excess_{currency}\":{},\"cost_{currency}\":{}}}",
            level.power.kilowatts(),
            level.excess,
            level.quarters,
            level.months,
            level.beyond,
            level.cost,
        ));
    }
    out.extend_from_slice(b"]}\n");
}

/// What a value of money is called, and its currency in capitals; none where a name is not one of money.
fn money(key: &str) -> Option<(&'static str, String)> {
    let (stem, currency) = key.rsplit_once('_')?;
    let words = match stem {
        "cost" => "cost",
        "cost_import" => "cost of import",
        "credit_export" => "credit for export",
        "cost_standing" => "standing charges",
        "cost_excess" => "cost of excess",
        _ => return None,
    };
    Some((words, currency.to_ascii_uppercase()))
}

/// An amount to the cent, half of one up: what people read.
fn cents(amount: Decimal) -> Decimal {
    let Some(more) = amount.scale.checked_sub(2) else {
        return amount.rescale(2).unwrap_or(amount);
    };
    let unit = 10i128.pow(u32::from(more));
    let digits = (2 * i128::from(amount.digits) + unit).div_euclid(2 * unit);
    i64::try_from(digits).map_or(amount, |digits| Decimal::new(digits, 2))
}

/// Writes CSV (RFC 4180): a row a period and meter, under columns for all that any of them counts.
pub fn csv(out: &mut Vec<u8>, accounts: &[Account<'_>], zone: &Zone) {
    let mut columns: Vec<String> = Vec::new();
    for account in accounts {
        let names = values(account.statement, &account.statement.total, zone);
        for named in names {
            if !columns.contains(&named.name) {
                columns.push(named.name);
            }
        }
    }
    out.extend_from_slice(b"start,end,meter,label");
    for column in &columns {
        drop(write!(out, ",{column}"));
    }
    out.extend_from_slice(b",telegrams,missed,sure\r\n");
    for account in accounts {
        for row in &account.statement.rows {
            drop(write!(out, "{},{},", start(row, zone), end(row, zone)));
            crate::format::csv::write_text(out, account.id);
            out.push(b',');
            crate::format::csv::write_text(out, account.name.unwrap_or_default());
            let known = values(account.statement, row, zone);
            for column in &columns {
                let value = known.iter().find(|named| named.name == *column);
                let value = value.and_then(|named| named.value.as_deref());
                drop(write!(out, ",{}", value.unwrap_or_default()));
            }
            drop(write!(
                out,
                ",{},{},{}\r\n",
                row.telegrams, row.missed, row.sure
            ));
        }
    }
}

/// All values of a row, in the order in which every format has them.
pub(super) fn values(statement: &Statement, row: &Row, zone: &Zone) -> Vec<Named> {
    let number = |name: String, value: Option<String>| Named {
        name,
        value,
        is_text: false,
    };
    let mut all = Vec::new();
    for (name, value) in statement.counted.iter().zip(&row.counted) {
        all.push(number(name.clone(), value.map(|value| value.to_string())));
    }
    for (word, extreme) in [("max", row.highest), ("min", row.lowest)] {
        let power = extreme.map(|extreme| extreme.power.to_string());
        all.push(number(format!("{QUARTER_POWER}_{word}_kw"), power));
        all.push(Named {
            name: format!("{QUARTER_POWER}_{word}_at"),
            value: extreme.map(|extreme| time(extreme.second, zone)),
            is_text: true,
        });
    }
    for (name, range) in statement.measured.iter().zip(&row.measured) {
        let (stem, unit) = name.rsplit_once('_').unwrap_or((name, ""));
        let low = range.map(|(low, _)| low.to_string());
        let high = range.map(|(_, high)| high.to_string());
        all.push(number(format!("{stem}_min_{unit}"), low));
        all.push(number(format!("{stem}_max_{unit}"), high));
    }
    all
}

fn start(row: &Row, zone: &Zone) -> String {
    time(row.period.start, zone)
}

fn end(row: &Row, zone: &Zone) -> String {
    time(row.period.end, zone)
}

/// A time by the clock on the wall, with its offset (RFC 3339).
fn time(second: i64, zone: &Zone) -> String {
    zone.clock(second)
        .map_or(String::new(), |at| at.to_string())
}

/// Mean imported power of a quarter of an hour.
const QUARTER_POWER: &str = "quarter_power_import";

#[cfg(test)]
mod tests;
