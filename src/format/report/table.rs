//! Statements as tables with bars, for people.
//!
//! ```text
//! SMY1030726916932  house
//! 2026-01-10 00:00 to 2026-01-17 00:00, by day
//!
//! day           import   export   gas    highest
//!                  kWh      kWh    m³         kW
//! 2026-01-10    19.332    0.000  4.213  3.180 18:15  ████████▌
//! 2026-01-11  ~ 12.001    0.310  3.700  2.212 07:30  ▏█████
//! ```

use comfy_table::presets::NOTHING;
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table};

use super::{Account, cents, money};
use crate::format::clean::clean;
use crate::p1::count::count;
use crate::p1::meaning::unnumbered;
use crate::p1::obis;
use crate::p1::period::{By, EXCESS, EXPORT_TOTAL, Extreme, IMPORT_TOTAL, Note, Row, Statement};
use crate::p1::unit::Unit;
use crate::p1::value::{Decimal, Zone};

/// Appends the table of a meter: a row a period, then totals and what does not fit.
pub fn write(out: &mut Vec<u8>, account: &Account<'_>, zone: &Zone, width: Option<usize>) {
    let width = width.unwrap_or(WIDTH).clamp(NARROWEST, WIDEST);
    let mut lines = head(account, zone);
    lines.push(String::new());
    lines.extend(rows(account.statement, zone, width));
    lines.push(String::new());
    for line in totals(account.statement, zone) {
        lines.extend(wrapped(&line, width));
    }
    lines.extend(levels(account.statement, currency(account.statement)));
    for note in &account.statement.notes {
        lines.extend(wrapped(&format!("note: {}", words(note, zone)), width));
    }
    for line in lines {
        out.extend_from_slice(line.trim_end().as_bytes());
        out.push(b'\n');
    }
}

fn head(account: &Account<'_>, zone: &Zone) -> Vec<String> {
    let name = account.name.map(clean);
    let names = [Some(clean(account.id)), name];
    let statement = account.statement;
    let period = statement.total.period;
    vec![
        names.into_iter().flatten().collect::<Vec<_>>().join("  "),
        format!(
            "{} to {}, by {}",
            minute(period.start, zone),
            minute(period.end, zone),
            statement.by
        ),
    ]
}

/// A column of the table.
struct Column {
    head: String,
    unit: String,
    cells: Vec<String>,
}

impl Column {
    fn width(&self) -> usize {
        let cells = self.cells.iter().map(|cell| cell.chars().count());
        let heads = [self.head.chars().count(), self.unit.chars().count()];
        cells.chain(heads).max().unwrap_or_default()
    }
}

fn rows(statement: &Statement, zone: &Zone, width: usize) -> Vec<String> {
    let mut columns = vec![Column {
        head: statement.by.to_string(),
        unit: String::new(),
        cells: statement
            .rows
            .iter()
            .map(|row| {
                let mark = if row.sure { ' ' } else { UNSURE };
                format!("{} {mark}", label(statement.by, row, zone))
            })
            .collect(),
    }];
    // What has no room stands among the totals; a picture does not.
    let label = columns.iter().map(Column::width).sum::<usize>();
    let mut room = width.saturating_sub(label + GAP + BARS_MIN);
    for column in candidates(statement, zone) {
        let wide = column.width() + GAP;
        if wide <= room {
            room -= wide;
            columns.push(column);
        }
    }
    let bars = bars(statement, (BARS_MIN + room).min(BARS_MAX));
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    let row = |cells: &mut dyn Iterator<Item = &str>, bar: &str| -> Vec<Cell> {
        let aligned = cells.enumerate().map(|(at, cell)| {
            let alignment = match at {
                0 => CellAlignment::Left,
                _ => CellAlignment::Right,
            };
            Cell::new(cell).set_alignment(alignment)
        });
        aligned.chain([Cell::new(bar)]).collect()
    };
    table.add_row(row(&mut columns.iter().map(|column| &*column.head), ""));
    table.add_row(row(&mut columns.iter().map(|column| &*column.unit), ""));
    for at in 0..statement.rows.len() {
        let mut cells = columns
            .iter()
            .map(|column| column.cells.get(at).map_or("", |cell| cell));
        table.add_row(row(&mut cells, bars.get(at).map_or("", |bar| bar)));
    }
    let count = columns.len();
    for (at, column) in table.column_iter_mut().enumerate() {
        let left = if at == 0 { 0 } else { GAP as u16 };
        column.set_padding((if at == count { GAP as u16 } else { left }, 0));
    }
    table.lines().collect()
}

/// Columns that are shown as far as there is room, the most important first.
fn candidates(statement: &Statement, zone: &Zone) -> Vec<Column> {
    let mut all = Vec::new();
    let mut counted = |want: &dyn Fn(&str) -> bool, always: bool| {
        for (at, key) in statement.counted.iter().enumerate() {
            let value = |row: &Row| row.counted.get(at).copied().flatten();
            let is_zero = value(&statement.total).is_none_or(|total| total.digits == 0);
            if !want(key) || is_zero && !always {
                continue;
            }
            let (name, unit) = short(key);
            all.push(Column {
                head: name,
                unit,
                cells: statement
                    .rows
                    .iter()
                    .map(|row| value(row).map_or(String::new(), |value| amount(key, value)))
                    .collect(),
            });
        }
    };
    counted(&|key| key == IMPORT_TOTAL, true);
    counted(&|key| key == EXPORT_TOTAL, false);
    counted(&|key| key == EXCESS, true);
    counted(
        &|key| money(key).is_some_and(|(words, _)| words == "cost"),
        true,
    );
    counted(
        &|key| {
            let is_energy = key.starts_with("active_") || key.starts_with("reactive_");
            !is_energy && key != EXCESS && money(key).is_none()
        },
        false,
    );
    let with_day = !matches!(statement.by, By::Quarter | By::Hour | By::Day);
    if statement.by != By::Quarter && statement.total.highest.is_some() {
        let cells = statement
            .rows
            .iter()
            .map(|row| peak(row.highest, with_day, zone));
        all.insert(
            1.min(all.len()),
            Column {
                head: "highest quarter".to_owned(),
                unit: "kW        at".to_owned(),
                cells: cells.collect(),
            },
        );
    }
    if statement.total.missed > 0 {
        all.push(Column {
            head: "missed".to_owned(),
            unit: String::new(),
            cells: statement
                .rows
                .iter()
                .map(|row| row.missed.to_string())
                .collect(),
        });
    }
    all
}

/// Bars of import to the right of a line, and of export to the left of it.
fn bars(statement: &Statement, width: usize) -> Vec<String> {
    let of = |key: &str| {
        let at = statement.place(key);
        let value = move |row: &Row| -> f64 {
            let value = at.and_then(|at| row.counted.get(at).copied().flatten());
            // A picture needs no exact numbers.
            value.map_or(0.0, |value| {
                value.digits as f64 / 10f64.powi(value.scale.into())
            })
        };
        statement.rows.iter().map(value).collect::<Vec<_>>()
    };
    let (import, export) = (of(IMPORT_TOTAL), of(EXPORT_TOTAL));
    let most = |all: &[f64]| all.iter().copied().fold(0.0, f64::max);
    let (most_in, most_out) = (most(&import), most(&export));
    if most_in + most_out <= 0.0 {
        return Vec::new();
    }
    let left = match most_out > 0.0 {
        true => ((width as f64 * most_out / (most_in + most_out)) as usize).clamp(1, width - 1),
        false => 0,
    };
    let right = width - left;
    let one = |(import, export): (&f64, &f64)| {
        let out = match most_out > 0.0 {
            true => (export / most_out * left as f64).round() as usize,
            false => 0,
        };
        let eighths = match most_in > 0.0 {
            true => (import / most_in * right as f64 * 8.0).round() as usize,
            false => 0,
        };
        let mut bar = " ".repeat(left - out.min(left));
        bar.push_str(&EXPORTED.repeat(out.min(left)));
        bar.push_str(&"█".repeat(eighths / 8));
        bar.extend(EIGHTHS.get(eighths % 8).copied());
        bar
    };
    import.iter().zip(&export).map(one).collect()
}

/// All that was counted and measured, a line each.
fn totals(statement: &Statement, zone: &Zone) -> Vec<String> {
    let total = &statement.total;
    let mut lines: Vec<(String, String)> = Vec::new();
    for (key, value) in statement.counted.iter().zip(&total.counted) {
        let Some(value) = value else { continue };
        let (name, unit) = long(key);
        let value = amount(key, *value);
        lines.push((name, format!("{value} {unit}").trim_end().to_owned()));
    }
    for (name, extreme) in [
        ("highest quarter", total.highest),
        ("lowest quarter", total.lowest),
    ] {
        if let Some(extreme) = extreme {
            let at = minute(extreme.second, zone);
            lines.push((name.to_owned(), format!("{} kW  {at}", extreme.power)));
        }
    }
    for (key, range) in statement.measured.iter().zip(&total.measured) {
        let Some((low, high)) = range else { continue };
        let (name, unit) = long(key);
        lines.push((name, format!("{low} to {high} {unit}")));
    }
    let mut heard = format!("{} received", total.telegrams);
    if total.missed > 0 {
        heard.push_str(&format!(", {} missed", total.missed));
    }
    if let Some(interval) = statement.interval {
        heard.push_str(&format!(", one every {interval} s"));
    }
    lines.push(("telegrams".to_owned(), heard));
    let widest = lines.iter().map(|(name, _)| name.chars().count()).max();
    let widest = widest.unwrap_or_default();
    let mut lines: Vec<String> = lines
        .into_iter()
        .map(|(name, value)| format!("{name:widest$}  {value}"))
        .collect();
    if statement.rows.iter().any(|row| !row.sure) {
        lines.push(format!(
            "{UNSURE} a bound lies between telegrams more than a minute apart, or was not seen"
        ));
    }
    lines
}

/// What each reference power would have cost.
fn levels(statement: &Statement, currency: &str) -> Vec<String> {
    if statement.levels.is_empty() {
        return Vec::new();
    }
    let head = [
        "reference power",
        "quarters above",
        "excess kWh",
        "standing",
        "excess",
        currency,
    ];
    let mut rows = vec![head.map(str::to_owned)];
    rows.extend(statement.levels.iter().map(|level| {
        [
            level.power.to_string(),
            level.quarters.to_string(),
            level.excess.to_string(),
            cents(level.months).to_string(),
            cents(level.beyond).to_string(),
            cents(level.cost).to_string(),
        ]
    }));
    let widths: Vec<usize> = (0..head.len())
        .map(|at| {
            let cells = rows.iter().filter_map(|row| row.get(at));
            cells
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or_default()
        })
        .collect();
    let line = |row: &[String; 6]| {
        let cells = row.iter().zip(&widths);
        let cells = cells.map(|(cell, &width)| format!("{cell:>width$}"));
        cells.collect::<Vec<_>>().join("  ")
    };
    let rows = rows.iter().map(line);
    [String::new()].into_iter().chain(rows).collect()
}

/// The currency in which the costs of a statement are.
pub(super) fn currency(statement: &Statement) -> &str {
    statement.currency.as_deref().unwrap_or("cost")
}

/// When a row begins, as short as its length allows.
pub(super) fn label(by: By, row: &Row, zone: &Zone) -> String {
    let Some(at) = zone.clock(row.period.start) else {
        return String::new();
    };
    let text = at.to_string();
    let part = |end: usize| text.get(..end).unwrap_or_default().replace('T', " ");
    match by {
        By::Year => part(4),
        By::Month => part(7),
        By::Week | By::Day => part(10),
        By::Quarter | By::Hour => {
            // Of the hour that comes twice, the offset tells which one it is.
            let twin = |seconds: i64| {
                let other = zone.clock(row.period.start + seconds);
                other.is_some_and(|other| other.to_string().get(..16) == text.get(..16))
            };
            match twin(3600) || twin(-3600) {
                true => format!("{} {}", part(16), text.get(19..).unwrap_or_default()),
                false => part(16),
            }
        }
    }
}

fn peak(extreme: Option<Extreme>, with_day: bool, zone: &Zone) -> String {
    let Some(extreme) = extreme else {
        return String::new();
    };
    let at = minute(extreme.second, zone);
    let at = match with_day {
        true => at.get(5..),
        false => at.get(11..),
    };
    format!("{} {}", extreme.power, at.unwrap_or_default())
}

/// A time to the minute by the clock on the wall.
pub(super) fn minute(second: i64, zone: &Zone) -> String {
    let at = zone
        .clock(second)
        .map_or(String::new(), |at| at.to_string());
    at.get(..16).unwrap_or_default().replace('T', " ")
}

/// A value for people: money to the cent, all else to the last digit.
pub(super) fn amount(key: &str, value: Decimal) -> String {
    match money(key) {
        Some(_) => cents(value).to_string(),
        None => value.to_string(),
    }
}

/// The head of a column and its unit.
fn short(key: &str) -> (String, String) {
    let (name, unit) = long(key);
    let name = match key {
        IMPORT_TOTAL => "import".to_owned(),
        EXPORT_TOTAL => "export".to_owned(),
        EXCESS => "excess".to_owned(),
        "power_failure_count" => "failures".to_owned(),
        "long_power_failure_count" => "long failures".to_owned(),
        _ => name,
    };
    (name, unit)
}

/// The name of a value for people and the symbol of its unit, or nothing.
pub(super) fn long(key: &str) -> (String, String) {
    if let Some((words, currency)) = money(key) {
        return (words.to_owned(), currency);
    }
    let (key, number) = unnumbered(key);
    let units = Unit::ALL.into_iter();
    let unit = units
        .filter(|unit| key.ends_with(unit.suffix()))
        .max_by_key(|unit| unit.suffix().len());
    let stem = unit
        .and_then(|unit| key.strip_suffix(unit.suffix()))
        .unwrap_or(key);
    let known = match key == EXCESS {
        true => Some("excess energy"),
        false => obis::by_name(stem).next().map(|entry| entry.words),
    };
    let mut name = known.map_or_else(|| stem.replace('_', " "), str::to_owned);
    if let Some(number) = number {
        name.push_str(&format!(" {number}"));
    }
    (name, unit.map_or("", Unit::symbol).to_owned())
}

/// What does not fit, in words.
pub fn words(note: &Note, zone: &Zone) -> String {
    match note {
        Note::Fell {
            key,
            second,
            before,
            after,
        } => format!(
            "{}: {before} was followed by {after} at {}; the meter was exchanged, and both are added up",
            long(key).0,
            minute(*second, zone)
        ),
        Note::Outliers { key, count } => format!(
            "{}: {} between others, left out",
            long(key).0,
            match count {
                1 => "one value does not fit".to_owned(),
                count => format!("{count} values do not fit"),
            }
        ),
        Note::NoPrice {
            of,
            quarters,
            second,
        } => format!(
            "no price of {of} for {}, from {} on: their cost is not known",
            count(*quarters, "quarter"),
            minute(*second, zone)
        ),
        Note::Beyond { key, most } => format!(
            "the meter counts or measures more than {most} quantities: {key} and what follows it are left out"
        ),
        Note::CostTooLong { key } => {
            format!("{key} is left out: it has more digits than can be counted with")
        }
        Note::NotCounted { key } => format!(
            "{}: some values have too many digits or fall too often, and are left out",
            long(key).0
        ),
        Note::WrongClock { telegrams, second } => format!(
            "{} of {} left out: the clock of the meter was wrong",
            match telegrams {
                1 => "one telegram".to_owned(),
                count => format!("{count} telegrams"),
            },
            minute(*second, zone).get(..10).unwrap_or_default()
        ),
    }
}

/// Breaks a line between words where it is too long.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    if text.chars().count() <= width {
        return vec![text.to_owned()];
    }
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) => lines.push(format!("  {word}")),
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Stands beside periods whose bounds are not sure.
const UNSURE: char = '~';
/// Columns of a terminal that is none.
const WIDTH: usize = 80;
/// Narrower than this, lines are longer than the terminal.
const NARROWEST: usize = 40;
/// Wider than this nothing is drawn.
const WIDEST: usize = 160;
/// Blanks between columns.
const GAP: usize = 2;
/// The fewest and the most columns of bars.
const BARS_MIN: usize = 8;
const BARS_MAX: usize = 60;
/// Parts of a bar's last column, by eighths.
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
/// A column of exported energy.
const EXPORTED: &str = "░";
