//! The block of one meter in two lines or in one.

use super::bars::blocks;
use super::block::{Block, cells, side};
use super::line::{BOLD, FAINT, Line, PLAIN, WARNING};
use super::meter::Meter;
use super::words;
use crate::p1::event::Reason;
use crate::p1::value::Decimal;

impl Block<'_> {
    /// Draws the block in two lines: power, and below it curve, energy of today and the link.
    ///
    /// ```text
    ///  house              import    0.005  export    0.000  net    0.005 kW    3 s ago
    ///  ▁▁▂▂▃▅▇█▇▅▃▂▁▁▁▁▂  today    +3.201            +0.000     kWh             128 ok
    /// ```
    pub(super) fn two_lines(&self, width: usize) -> Vec<Line> {
        let mut first = self.name(width);
        let name = first.width();
        let mut second = Line::default();
        second.say(" ");
        match self.heard_meter() {
            None => {
                first.join(&self.nothing_short());
                second.to(name);
            }
            Some(meter) => {
                first.join(&self.powers(meter, width));
                let curve = self.columns(meter, name - 3).columns;
                for row in blocks(&curve, 1) {
                    second.join(&cells(&row));
                }
                second.to(name);
                if width >= WIDE {
                    second.join(&energy(meter));
                }
            }
        }
        let mut counts = Line::default();
        let cells = self.counts();
        let short = cells.iter().enumerate().filter(|(index, cell)| {
            // What never happened needs no place.
            *index == 0 || *cell.first_style() != PLAIN
        });
        for (index, (_, cell)) in short.enumerate() {
            counts.say(if index > 0 { "  " } else { "" });
            counts.join(cell);
        }
        let right = self.ill().unwrap_or(counts);
        first = self.aged(first, width);
        let at = width
            .saturating_sub(right.width() + 1)
            .max(second.width() + 2);
        second.to(at);
        second.join(&right);
        match self.is_late() {
            true if self.link.is_well() => vec![first, second.faded()],
            _ => vec![first, second],
        }
    }

    /// Draws the block in one line.
    pub(super) fn one_line(&self, width: usize) -> Line {
        let mut line = self.name(width);
        match (self.heard_meter(), self.ill()) {
            (_, Some(ill)) => line.join(&ill),
            (None, None) => line.join(&self.nothing_short()),
            (Some(meter), None) => line.join(&self.powers(meter, width)),
        }
        if let Some(unproven) = self.unproven()
            && line.width() + unproven.width() + self.age().width() + 4 <= width
        {
            line.say("  ");
            line.join(&unproven);
        }
        self.aged(line, width)
    }

    fn name(&self, width: usize) -> Line {
        let room = if width < WIDE { NAME_SHORT } else { NAME };
        let mut line = Line::of(BOLD, &format!(" {}", self.call())).cut(room - 1);
        line.to(room);
        line
    }

    /// Why there are no values; what diagnosis has found out stands below, alone.
    pub(super) fn nothing_short(&self) -> Line {
        let trouble = self.meter.and_then(|meter| Some((meter, meter.trouble?)));
        match trouble {
            Some((meter, reason)) if self.link.findings.is_empty() || reason == Reason::NoKey => {
                Line::of(WARNING, &words::trouble(reason, &meter.id))
            }
            Some(_) => Line::of(FAINT, "no telegram was good yet"),
            None => Line::of(FAINT, "waiting for the first telegram"),
        }
    }

    fn powers(&self, meter: &Meter, width: usize) -> Line {
        let latest = &meter.latest;
        let mut line = Line::default();
        let mut cell = |word: &str, value: Option<Decimal>, style| {
            let digits = value.map(|value| value.to_string()).unwrap_or_default();
            line.put(PLAIN, if value.is_some() { word } else { "" });
            line.to(line.width() + usize::from(value.is_none()) * word.len());
            line.put(style, &format!("{digits:>9}"));
        };
        if width >= WIDE {
            cell("import", latest.import, BOLD);
            cell("  export", latest.export, BOLD);
            cell("  net", latest.net, side(latest.net).bold());
        } else {
            cell("net", latest.net, side(latest.net).bold());
        }
        if latest.net.is_some() {
            line.say(" kW");
        }
        match self.is_late() {
            true => line.faded(),
            false => line,
        }
    }

    /// The line with the age of the last telegram at its right end.
    fn aged(&self, mut line: Line, width: usize) -> Line {
        let age = self.age();
        let at = width.saturating_sub(age.width() + 1);
        if age.width() > 0 && at > line.width() {
            line.to(at);
            line.join(&age);
        }
        line
    }
}

/// Energy of today, or since the start where the meter has no clock, below the words of power.
fn energy(meter: &Meter) -> Line {
    let mut line = Line::default();
    let dated = meter.energy.day.is_some();
    let mut any = false;
    for (counter, width) in [(meter.energy.import, 9), (meter.energy.export, 17)] {
        let value = counter.and_then(|counter| match dated {
            true => counter.today(),
            false => counter.since_start(),
        });
        if !any && value.is_some() {
            line.say(if dated { "today " } else { "so far" });
        }
        any |= value.is_some();
        line.say(&format!("{:>width$}", words::signed(value)));
    }
    line.say(if any { " kWh" } else { "" });
    line
}

/// Columns of the name.
const NAME: usize = 20;
/// The same on a narrow screen.
const NAME_SHORT: usize = 12;
/// From this width on import and export have a place beside net.
const WIDE: usize = 76;
