//! The rows of a block that are tables: energy, phases, devices.

use super::energy::Counter;
use super::line::{BOLD, FAINT, LABEL, Line, PLAIN, flow};
use super::meter::{Device, Meter, PHASE_COLUMNS, PhaseColumn};
use super::words;

/// Totals, energy since the start, and below them that of today.
pub(super) fn energy(meter: &Meter, today: bool, width: usize) -> Vec<Line> {
    let counters = [
        ("import", meter.energy.import),
        ("export", meter.energy.export),
    ];
    let counters: Vec<(&str, Counter)> = counters
        .into_iter()
        .filter_map(|(word, counter)| Some((word, counter?)))
        .collect();
    if counters.is_empty() {
        return Vec::new();
    }
    let cell = |place: usize, word: &str, value: String, behind: &str| {
        let mut cell = Line::of(PLAIN, &format!("{word:<6}"));
        cell.put(BOLD, &format!("{value:>13}"));
        cell.say(" kWh");
        if !behind.is_empty() {
            cell.say(&format!("  {behind}"));
        }
        if place + 1 < counters.len() {
            cell.to(ENERGY_CELL);
        }
        cell
    };
    let totals = counters.iter().enumerate().map(|(place, (word, counter))| {
        let since = words::signed(counter.since_start());
        cell(place, word, counter.total.to_string(), &since)
    });
    let mut lines = flow("ENERGY", &totals.collect::<Vec<_>>(), 0, width);
    let Some(day) = meter.energy.day.filter(|_| today) else {
        return lines;
    };
    let todays = counters.iter().enumerate().map(|(place, (_, counter))| {
        let since = match (place, day.since) {
            (0, Some(time)) => format!("from {:02}:{:02}", time.hour, time.minute),
            _ => String::new(),
        };
        cell(place, "today", words::signed(counter.today()), &since)
    });
    lines.extend(flow("", &todays.collect::<Vec<_>>(), 0, width));
    lines
}

/// The phases, a row each; columns only where there is a value.
pub(super) fn phase_table(meter: &Meter) -> Vec<Line> {
    let columns: Vec<usize> = meter.latest.phase_columns().collect();
    if columns.is_empty() {
        return Vec::new();
    }
    let columns: Vec<(usize, &PhaseColumn)> = columns
        .iter()
        .filter_map(|&at| Some((at, PHASE_COLUMNS.get(at)?)))
        .collect();
    // The first column begins where voltage does, also where there is none.
    let ends: Vec<usize> = columns
        .iter()
        .scan(PHASES_AT, |end, (_, column)| {
            *end = (*end + column.width).max(PHASES_FIRST);
            Some(*end)
        })
        .collect();
    let mut head = Line::of(LABEL, " PHASE");
    for ((_, column), end) in columns.iter().zip(&ends) {
        head.to(end - column.title.len());
        head.put(FAINT, column.title);
    }
    let mut lines = vec![head];
    for (number, phase) in (1..).zip(&meter.latest.phases) {
        if phase.iter().all(Option::is_none) {
            continue;
        }
        let mut row = Line::of(PLAIN, &format!("   L{number}"));
        for ((index, _), end) in columns.iter().zip(&ends) {
            let value = phase.get(*index).copied().flatten();
            let value = value.map(|value| value.to_string()).unwrap_or_default();
            row.to((row.width() + 1).max(end.saturating_sub(value.len())));
            row.say(&value);
        }
        lines.push(row);
    }
    lines
}

/// Voltage and current of all phases.
pub(super) fn phase_row(meter: &Meter, width: usize) -> Vec<Line> {
    let mut cells = Vec::new();
    for (number, [voltage, current, ..]) in (1..).zip(&meter.latest.phases) {
        let values = [(voltage, "V"), (current, "A")];
        let words = values
            .into_iter()
            .filter_map(|(value, unit)| Some(format!(" {:>5} {unit}", (*value)?.to_string())));
        let words: String = words.collect();
        if !words.is_empty() {
            cells.push(Line::of(PLAIN, &format!("L{number}{words}")));
        }
    }
    match cells.is_empty() {
        true => Vec::new(),
        false => flow("PHASES", &cells, 3, width),
    }
}

/// Readings of the meters on the M-Bus.
pub(super) fn devices(meter: &Meter, width: usize) -> Vec<Line> {
    let devices = &meter.latest.devices;
    let wide = |text: fn(&Device) -> usize| devices.iter().map(text).max();
    let medium = wide(|device| device.medium.len()).unwrap_or(0);
    let value = wide(|device| device.value.to_string().len()).unwrap_or(0);
    let cells = devices.iter().map(|device| {
        let name = device.medium.replace('_', " ");
        let mut cell = Line::of(PLAIN, &format!("{} {name:<medium$}  ", device.channel));
        cell.put(BOLD, &format!("{:>value$}", device.value.to_string()));
        cell.say(&format!(" {}", device.unit));
        if let Some(time) = &device.time {
            let time = words::time(time, meter.latest.clock);
            cell.put(FAINT, &format!("  {time}"));
        }
        cell
    });
    let mut cells: Vec<Line> = cells.collect();
    let widest = cells.iter().map(Line::width).max().unwrap_or(0);
    for cell in &mut cells {
        cell.to(widest);
    }
    match cells.is_empty() {
        true => Vec::new(),
        false => flow("DEVICES", &cells, 4, width),
    }
}

/// Columns of a cell of energy.
const ENERGY_CELL: usize = 36;
/// Where the columns of the table of phases begin.
const PHASES_AT: usize = 5;
/// Where the first of them ends at least.
const PHASES_FIRST: usize = 15;
