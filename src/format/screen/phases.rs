//! The phases: a row each with a bar of the current against its limit, and, in a view of their own, their powers.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;

use super::block::{Block, bar, bars, range};
use super::graph::{Graph, times};
use super::history::Span;
use super::line::{Words, draw, flow, indent};
use super::look::{BAD, BOLD, FAINT, LABEL, PLAIN, WARNING};
use super::meter::{PHASE_COLUMNS, thousandths};
use super::now::window_words;
use super::words;
use crate::p1::value::Decimal;

impl Block<'_> {
    /// A row for each phase: voltage, current with a bar against its limit, power.
    pub(super) fn phases(&self, width: usize) -> Vec<Line<'static>> {
        let Some(latest) = self.latest else {
            return Vec::new();
        };
        let limit = latest.current_limit.filter(|limit| limit.digits > 0);
        let most = self.meter.and_then(|meter| meter.most_amperes());
        let whole = limit.or(most.filter(|most| most.digits > 0));
        let mut rows = Vec::new();
        for (number, phase) in (1..).zip(&latest.phases) {
            let [voltage, current, import, export, ..] = phase;
            if phase.iter().all(Option::is_none) {
                continue;
            }
            let label = if rows.is_empty() { " PHASES" } else { "" };
            let mut row = Line::of(LABEL, label);
            row.to(indent(width));
            row.say(&format!("L{number} "));
            if let Some(voltage) = voltage {
                let style = match is_voltage_right(*voltage) {
                    true => BOLD,
                    false => WARNING,
                };
                row.put(style, &format!(" {voltage:>5}"));
                row.say(" V");
            }
            if let Some(current) = current {
                let is_over = limit
                    .and_then(|limit| limit.checked_sub(*current))
                    .is_some_and(|left| left.digits < 0);
                let room = (width / 6).clamp(6, 40);
                let value = |value: Option<Decimal>| value.and_then(thousandths).unwrap_or(0);
                row.say("  ");
                row.join(&bar(value(Some(*current)), value(whole), room, is_over));
                row.put(if is_over { BAD } else { BOLD }, &format!(" {current:>4}"));
                row.say(" A");
                match (limit, most) {
                    (Some(limit), _) => row.put(FAINT, &format!(" of {limit}")),
                    (None, Some(most)) => row.put(FAINT, &format!(" most {most}")),
                    (None, None) => {}
                }
            }
            let net = match (import, export) {
                (Some(import), Some(export)) => import.checked_sub(*export),
                (Some(import), None) => Some(*import),
                (None, Some(export)) => Decimal::default().checked_sub(*export),
                (None, None) => None,
            };
            if let Some(net) = net {
                let (digits, unit) = words::power(net);
                let mut power = Line::of(PLAIN, "  ");
                power.put(BOLD, &format!("{digits:>7}"));
                power.say(&format!(" {unit}"));
                if row.width() + power.width() <= width {
                    row.join(&power);
                }
            }
            rows.push(row);
        }
        self.fade(rows)
    }

    /// Voltage and current of all in one row.
    pub(super) fn phase_row(&self, width: usize) -> Vec<Line<'static>> {
        let Some(latest) = self.latest else {
            return Vec::new();
        };
        let mut cells = Vec::new();
        for (number, [voltage, current, ..]) in (1..).zip(&latest.phases) {
            let values = [(voltage, "V"), (current, "A")];
            let words = values
                .into_iter()
                .filter_map(|(value, unit)| Some(format!(" {} {unit}", (*value)?)));
            let words: String = words.collect();
            if !words.is_empty() {
                cells.push(Line::of(PLAIN, &format!("L{number}{words}")));
            }
        }
        match cells.is_empty() {
            true => Vec::new(),
            false => self.fade(flow("PHASES", &cells, 2, width)),
        }
    }

    /// All that is known of the phases, in columns.
    fn table(&self) -> Vec<Line<'static>> {
        let Some(latest) = self.latest else {
            return Vec::new();
        };
        let columns: Vec<usize> = latest.phase_columns().collect();
        if columns.is_empty() {
            return Vec::new();
        }
        let mut head = Line::of(LABEL, " PHASE");
        for column in columns.iter().filter_map(|at| PHASE_COLUMNS.get(*at)) {
            head.put(FAINT, &format!("{:>10}", column.title));
        }
        let mut lines = vec![head];
        for (number, phase) in (1..).zip(&latest.phases) {
            if phase.iter().all(Option::is_none) {
                continue;
            }
            let mut row = Line::of(PLAIN, &format!("   L{number} "));
            for at in &columns {
                let value = phase.get(*at).copied().flatten();
                let value = value.map(|value| value.to_string()).unwrap_or_default();
                row.put(BOLD, &format!("{value:>10}"));
            }
            lines.push(row);
        }
        self.fade(lines)
    }

    /// The view of the phases: what is known of each, and their powers one below the other.
    pub(super) fn draw_phases(&self, window: i64, area: Rect, buffer: &mut Buffer) {
        let width = usize::from(area.width);
        let mut lines = self.phases(width);
        if lines.is_empty() {
            lines.push(Line::of(FAINT, " this meter says nothing of its phases"));
            return draw(&lines, area, buffer);
        }
        let table = self.table();
        let wide = table.iter().all(|line| line.width() <= width);
        if wide && usize::from(area.height) > lines.len() + table.len() + 4 {
            lines.push(Line::default());
            lines.extend(table);
        }
        if let Some(latest) = self.latest {
            let limits = [
                latest
                    .current_limit
                    .map(|limit| format!("up to {limit} A on a phase")),
                latest
                    .power_limit
                    .map(|(limit, unit)| format!("up to {limit} {unit} in all")),
                Some("207 to 253 V are right (EN 50160)".to_owned()),
            ];
            let cells = limits.into_iter().flatten();
            let cells: Vec<_> = cells.map(|limit| Line::of(FAINT, &limit)).collect();
            lines.extend(flow("LIMITS", &cells, 3, width));
        }
        let fixed = u16::try_from(lines.len() + 1).unwrap_or(u16::MAX);
        let [above, below] =
            Layout::vertical([Constraint::Max(fixed), Constraint::Min(0)]).areas(area);
        draw(&lines, above, buffer);
        let Some(meter) = self.meter else { return };
        let known: Vec<usize> = (0..3)
            .filter(|phase| meter.phase_powers[*phase].extent().is_some())
            .collect();
        // A phase needs a title and three rows.
        let shown = known.len().min(usize::from(below.height) / 4);
        let shares = vec![Constraint::Fill(1); shown];
        let areas = Layout::vertical(shares).split(below);
        for (place, (phase, area)) in known.iter().zip(areas.iter()).enumerate() {
            let span = Span::new(self.end(window), Graph::room(*area), window);
            let curve = meter.phase_powers[*phase].curve(span, 2 * self.period().max(10));
            let seconds: Vec<i64> = span.seconds().collect();
            let marks = match place + 1 == shown {
                true => times(&seconds, self.zone.rules()),
                false => Vec::new(),
            };
            Graph {
                title: format!("L{}", phase + 1),
                when: window_words(window, self),
                beside: range(&curve),
                columns: bars(&curve.columns),
                units: ["kW", "W"],
                marks,
                is_old: self.is_late(),
                cursor: self.cursor(&seconds),
            }
            .draw(*area, buffer);
        }
    }
}

/// Within a tenth of 230 V, as the voltage of 95 % of ten minutes of a week has to be (EN 50160, 4.2.2.2).
fn is_voltage_right(voltage: Decimal) -> bool {
    thousandths(voltage).is_none_or(|millivolts| (207_000..=253_000).contains(&millivolts))
}
