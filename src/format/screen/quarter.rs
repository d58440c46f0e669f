//! The rows of the running quarter: its mean power, and what is left and above where a reference power is given.
//!
//! ```text
//!  QUARTER   mean      2.404 kW    used      0.312 kWh    left      0.438 kWh
//!            up to     3.210 kW    above today     0.000 kWh    month     1.250 kWh
//! ```

use anstyle::Style;

use super::line::{BAD, BOLD, Line, PLAIN, WARNING, flow};
use super::meter::Meter;
use crate::p1::value::Decimal;

/// The quarter, in one row or, where there is room, in two.
pub(super) fn quarter(meter: &Meter, roomy: bool, width: usize) -> Vec<Line> {
    let value = |key: &str| {
        let found = meter.computed.iter().find(|derived| derived.key == key);
        found.map(|derived| derived.value)
    };
    let left = value("quarter_left_kwh");
    let alarm = |value: Option<Decimal>, style: Style| match value {
        Some(value) if value.digits > 0 => style,
        _ => BOLD,
    };
    let left_style = match left {
        Some(left) if left.digits == 0 => BAD.bold(),
        _ => BOLD,
    };
    let first = [
        cell("mean  ", value("quarter_mean_power_kw"), "kW", BOLD),
        cell("used  ", value("quarter_energy_kwh"), "kWh", BOLD),
        cell("left  ", left, "kWh", left_style),
    ];
    let (day, month) = (value("excess_day_kwh"), value("excess_month_kwh"));
    let second = [
        cell("up to ", value("quarter_left_kw"), "kW", left_style),
        cell("above today", day, "kWh", alarm(day, WARNING)),
        cell("month", month, "kWh", alarm(month, WARNING)),
    ];
    let mut lines = Vec::new();
    for (label, cells, wanted) in [("QUARTER", first, true), ("", second, roomy)] {
        let cells: Vec<Line> = cells.into_iter().flatten().collect();
        if wanted && !cells.is_empty() {
            let label = if lines.is_empty() { "QUARTER" } else { label };
            lines.extend(flow(label, &cells, 4, width));
        }
    }
    lines
}

fn cell(word: &str, value: Option<Decimal>, unit: &str, style: Style) -> Option<Line> {
    let mut cell = Line::of(PLAIN, word);
    cell.put(style, &format!("{:>9}", value?.to_string()));
    cell.say(&format!(" {unit}"));
    Some(cell)
}
