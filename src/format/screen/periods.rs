//! Days by quarters of an hour, and days, weeks, months or years one beside the other, from the account of the meter.

use std::rc::Rc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;

use super::block::Block;
use super::graph::{Bar, Graph, times};
use super::line::{Words, draw, flow};
use super::look::{BOLD, CHOSEN, FAINT, LABEL, PLAIN, WARNING};
use super::meter::thousandths;
use super::sums::energies;
use super::words;
use crate::p1::count::count;
use crate::p1::period::{By, Extreme, Period, Row, Statement};
use crate::p1::value::Decimal;

impl Block<'_> {
    /// Draws the day that is looked at: its quarters, and what they come to.
    pub(super) fn draw_day(&self, second: i64, area: Rect, buffer: &mut Buffer) {
        let day = By::Day.period(second, self.zone);
        let quarters = day.and_then(|day| self.statement(By::Quarter, day));
        let (Some(day), Some(quarters)) = (day, quarters) else {
            let day = day.map_or(second, |day| day.start);
            let words = self.date(day, "nothing is known of %A, %-d %B %Y");
            return draw(&[Line::of(FAINT, &format!(" {words}"))], area, buffer);
        };
        let width = usize::from(area.width);
        let below = self.totals(&quarters, width);
        let [graph, bottom] =
            Layout::vertical([Constraint::Min(0), Constraint::Length(below.len() as u16)])
                .areas(area);
        let room = Graph::room(graph);
        let count = room.max(1) as i64;
        let length = day.end - day.start;
        let seconds: Vec<i64> = (0..count)
            .map(|at| day.start + at * length / count)
            .collect();
        let ends = seconds.iter().skip(1).copied().chain([day.end]);
        let columns = seconds.iter().zip(ends).map(|(&start, end)| {
            // Where a column has more than one quarter, the highest of them is seen.
            let within = quarters
                .rows
                .iter()
                .filter(|row| row.period.start < end && row.period.end > start);
            // The mean of a quarter is four times its energy an hour.
            let bars = within.map(|row| bar(&quarters, row, 4));
            bars.fold(Bar::default(), |highest, bar| Bar {
                up: highest.up.max(bar.up),
                down: highest.down.max(bar.down),
            })
        });
        Graph {
            title: "import and export".to_owned(),
            when: format!("quarters of {}", self.date(day.start, "%A, %-d %B %Y")),
            beside: String::new(),
            columns: columns.collect(),
            units: ["kW", "W"],
            marks: times(&seconds, self.zone.rules()),
            is_old: false,
            cursor: None,
        }
        .draw(graph, buffer);
        draw(&below, bottom, buffer);
    }

    /// Draws periods of a length, up to the one that is looked at: a graph, and a table.
    pub(super) fn draw_periods(&self, by: By, second: i64, area: Rect, buffer: &mut Buffer) {
        let nothing = [Line::of(FAINT, " nothing is known yet")];
        let Some(chosen) = by.period(second, self.zone) else {
            return draw(&nothing, area, buffer);
        };
        // No more than what there is room for: years of quarters are many.
        let most = Graph::room(area).max(1) / NARROWEST;
        let before = most.max(usize::from(area.height)).saturating_sub(1);
        let all = Period {
            start: by.back(chosen.start, before, self.zone),
            end: chosen.end,
        };
        let Some(statement) = self.statement(by, all) else {
            return draw(&nothing, area, buffer);
        };
        let rows = &statement.rows[..];
        let width = usize::from(area.width);
        let height = usize::from(area.height);
        let listed = match height {
            ..10 => height / 3,
            _ => (height / 2).saturating_sub(2),
        };
        let listed = listed.min(rows.len());
        let mut table = vec![self.head(by, width)];
        let shown = rows.get(rows.len() - listed..).unwrap_or_default();
        for row in shown.iter().rev() {
            table.push(self.line(&statement, by, row, row.period == chosen, width));
        }
        let [graph, bottom] =
            Layout::vertical([Constraint::Min(0), Constraint::Length(table.len() as u16)])
                .areas(area);
        self.draw_bars(&statement, by, rows, graph, buffer);
        draw(&table, bottom, buffer);
    }

    fn draw_bars(
        &self,
        statement: &Statement,
        by: By,
        rows: &[Row],
        area: Rect,
        buffer: &mut Buffer,
    ) {
        let room = Graph::room(area).max(1);
        // Bars stay narrow enough that a few of them look like what they are.
        let wide = (room / rows.len().max(1)).clamp(NARROWEST, 12);
        let count = (room / wide).min(rows.len());
        let shown = rows.get(rows.len() - count..).unwrap_or_default();
        let mut columns = Vec::new();
        let mut marks: Vec<(usize, String)> = Vec::new();
        let mut free = 0;
        for row in shown {
            let place = columns.len() + (wide - 1) / 2;
            let name = self.date(row.period.start, short(by));
            if place >= free {
                free = place + name.len() + 3;
                marks.push((place, name));
            }
            let bar = bar(statement, row, 1);
            columns.extend(std::iter::repeat_n(bar, wide - 1));
            columns.push(Bar::default());
        }
        Graph {
            title: "import and export".to_owned(),
            when: format!("{by}s").replace("days", "day by day"),
            beside: String::new(),
            columns,
            units: ["kWh", "Wh"],
            marks,
            is_old: false,
            cursor: None,
        }
        .draw(area, buffer);
    }

    fn head(&self, by: By, width: usize) -> Line<'static> {
        let mut head = Line::of(LABEL, &format!(" {:<18}", by.word().to_uppercase()));
        head.put(FAINT, &format!("{:>12}", "import kWh"));
        head.put(FAINT, &format!("{:>12}", "export kWh"));
        if width >= 66 {
            head.put(FAINT, &format!("{:>12}", "peak kW"));
        }
        if width >= 80 {
            head.put(FAINT, "  when");
        }
        head
    }

    fn line(
        &self,
        statement: &Statement,
        by: By,
        row: &Row,
        is_chosen: bool,
        width: usize,
    ) -> Line<'static> {
        let name = self.date(row.period.start, long(by));
        let style = if is_chosen { CHOSEN } else { PLAIN };
        let mut line = Line::of(PLAIN, " ");
        line.put(style, &format!("{name:<18}"));
        for value in energies(statement, row) {
            let value = value.map(|value| value.to_string()).unwrap_or_default();
            line.put(BOLD, &format!("{value:>12}"));
        }
        let peak = row.highest;
        if width >= 66 {
            let peak = peak.map(|peak| peak.power.to_string()).unwrap_or_default();
            line.say(&format!("{peak:>12}"));
        }
        if width >= 80
            && let Some(peak) = peak
        {
            line.put(
                FAINT,
                &format!("  {}", self.date(peak.second, "%-d %b %H:%M")),
            );
        }
        if row.missed > 0 && width >= 100 {
            line.put(
                FAINT,
                &format!("  {} missed", count(row.missed, "telegram")),
            );
        }
        line
    }

    /// What a day comes to.
    fn totals(&self, statement: &Statement, width: usize) -> Vec<Line<'static>> {
        let total = &statement.total;
        let mut cells = Vec::new();
        for (word, value) in ["import", "export"]
            .into_iter()
            .zip(energies(statement, total))
        {
            let Some(value) = value else { continue };
            let mut cell = Line::of(PLAIN, &format!("{word} "));
            cell.put(BOLD, &value.to_string());
            cell.say(" kWh");
            cells.push(cell);
        }
        let extreme = |word: &str, extreme: Option<Extreme>| {
            let extreme = extreme?;
            let (digits, unit) = words::power(extreme.power);
            let at = self.date(extreme.second, "%H:%M");
            Some(Line::of(PLAIN, &format!("{word} {digits} {unit} at {at}")))
        };
        cells.extend(extreme("peak", total.highest));
        cells.extend(extreme("least", total.lowest));
        if total.missed > 0 {
            let missed = format!("{} missed", count(total.missed, "telegram"));
            cells.push(Line::of(WARNING, &missed));
        }
        flow("DAY", &cells, 3, width)
    }

    fn statement(&self, by: By, period: Period) -> Option<Rc<Statement>> {
        let meter = self.meter?;
        meter.statement(self.zone, by, period, self.now.as_second())
    }
}

/// So many times the energies of a period.
fn bar(statement: &Statement, row: &Row, times: i64) -> Bar {
    let [import, export] = energies(statement, row);
    let of = |value: Option<Decimal>| {
        let value = thousandths(value?)?.saturating_mul(times);
        Some(value.max(0))
    };
    Bar {
        up: of(import),
        // What was not given needs no mark.
        down: of(export).filter(|export| *export > 0),
    }
}

/// Columns of a bar with the gap behind it, at least.
const NARROWEST: usize = 2;

fn short(by: By) -> &'static str {
    match by {
        By::Quarter | By::Hour => "%H:%M",
        By::Day | By::Week => "%-d %b",
        By::Month => "%b %Y",
        By::Year => "%Y",
    }
}

fn long(by: By) -> &'static str {
    match by {
        By::Quarter | By::Hour => "%a %-d %b %H:%M",
        By::Day => "%a %-d %b %Y",
        By::Week => "from %-d %b %Y",
        By::Month => "%B %Y",
        By::Year => "%Y",
    }
}
