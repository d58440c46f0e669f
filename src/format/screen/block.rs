//! The block of one meter: title, power, energy, phases, devices, link.

use anstyle::Style;
use jiff::Timestamp;

use super::Link;
use super::bars::blocks;
use super::line::{BAD, BOLD, FAINT, GOOD, INDENT, Line, PLAIN, TAKEN, WARNING, flow};
use super::meter::Meter;
use super::power::{Curve, kilowatts};
use super::quarter::quarter;
use super::rows::{devices, energy, phase_row, phase_table};
use super::words;
use crate::format::words as said;
use crate::p1::count::count;
use crate::p1::value::Decimal;

/// A meter, or a link of which no meter is known yet, at a point in time.
#[derive(Clone, Copy)]
pub(super) struct Block<'a> {
    pub(super) link: &'a Link,
    pub(super) meter: Option<&'a Meter>,
    /// Whether the block speaks for its link: the first of them.
    pub(super) first: bool,
    /// Refused frames that are no meter's, for the first block of the link.
    pub(super) stray: u64,
    pub(super) now: Timestamp,
}

/// How much of a meter is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Detail {
    /// Whether the block is the only one on the screen.
    pub(super) alone: bool,
    /// Rows of the curve of power.
    pub(super) curve: usize,
    /// Whether energy of today has a row.
    pub(super) today: bool,
    /// How the phases are shown.
    pub(super) phases: Phases,
    /// Whether meters on the M-Bus are shown.
    pub(super) devices: bool,
}

/// How the phases are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phases {
    /// A row each.
    Table,
    /// Voltage and current of all in one row.
    Row,
    /// Not at all.
    None,
}

impl<'a> Block<'a> {
    /// Draws the block.
    pub(super) fn draw(&self, detail: Detail, width: usize) -> Vec<Line> {
        let mut lines = vec![self.title(detail.alone, width)];
        match self.heard_meter() {
            None => lines.push(self.nothing()),
            Some(meter) => {
                let mut values = self.power(meter, width);
                values.extend(self.curve(meter, detail.curve, width));
                values.extend(quarter(meter, detail.today, width));
                values.extend(energy(meter, detail.today, width));
                match detail.phases {
                    Phases::Table => values.extend(phase_table(meter)),
                    Phases::Row => values.extend(phase_row(meter, width)),
                    Phases::None => {}
                }
                if detail.devices {
                    values.extend(devices(meter, width));
                }
                let late = self.is_late();
                lines.extend(values.into_iter().map(|line| match late {
                    true => line.faded(),
                    false => line,
                }));
            }
        }
        lines.extend(self.link_rows(detail.alone, width));
        lines
    }

    /// The meter, once a telegram of it was good.
    pub(super) fn heard_meter(&self) -> Option<&'a Meter> {
        self.meter.filter(|meter| meter.heard.is_some())
    }

    /// Whether what is shown is old.
    pub(super) fn is_late(&self) -> bool {
        self.meter.is_some_and(|meter| meter.is_late(self.now))
    }

    /// How long ago the last telegram came, and how that looks.
    pub(super) fn age(&self) -> Line {
        let heard = self.meter.and_then(|meter| meter.heard);
        let Some(heard) = heard else {
            return Line::default();
        };
        let style = match (self.is_late(), self.link.is_well()) {
            (true, false) => BAD,
            (true, true) => WARNING,
            (false, _) => PLAIN,
        };
        let age = words::ago(self.now, heard);
        match self.is_late() {
            true => Line::of(style, &age.replace(" ago", " old")),
            false => Line::of(style, &age),
        }
    }

    /// What the user calls the meter: label and name in the key ring, else what the meter calls itself.
    pub(super) fn call(&self) -> &'a str {
        let name = self.meter.and_then(|meter| meter.name.as_deref());
        let id = self.meter.map(|meter| &*meter.id);
        let id = id.filter(|id| !id.is_empty());
        let label = self.link.label.as_deref();
        label.or(name).or(id).unwrap_or(&self.link.name)
    }

    /// What to say in place of values.
    pub(super) fn nothing(&self) -> Line {
        let mut line = Line::default();
        line.to(INDENT);
        line.join(&self.nothing_short());
        line
    }

    /// What is wrong with the link, where something is.
    pub(super) fn ill(&self) -> Option<Line> {
        if self.link.is_well() {
            return None;
        }
        let Link { state, message, .. } = self.link;
        let style = if state == "lost" { BAD } else { WARNING };
        let mut line = Line::of(style, state);
        line.say(&format!(" {}", words::ago(self.now, self.link.changed)));
        if !message.is_empty() {
            line.say(&format!(": {message}"));
        }
        Some(line)
    }

    /// Good, refused and missed frames.
    pub(super) fn counts(&self) -> Vec<Line> {
        let meter = self.meter;
        let mut cells = Vec::new();
        let mut cell = |style, number: u64, what: &str| {
            cells.push(Line::of(style, &format!("{number} {what}")));
        };
        let good = meter.map_or(0, |meter| meter.good);
        let well = good > 0 && !self.is_late() && self.link.is_well();
        cell(if well { GOOD } else { PLAIN }, good, "ok");
        let alarm = |number: u64| if number > 0 { WARNING } else { PLAIN };
        let refused = meter.map_or(0, |meter| meter.refused) + self.stray;
        cell(alarm(refused), refused, "refused");
        if let Some(missed) = meter.and_then(|meter| meter.missed) {
            cell(alarm(missed), missed, "missed");
        }
        cells.extend(self.unproven());
        cells
    }

    /// That the last telegram did not prove its origin.
    pub(super) fn unproven(&self) -> Option<Line> {
        let tag = self.meter.and_then(|meter| meter.unproven)?;
        Some(Line::of(WARNING, said::unproven(tag)))
    }

    /// The curve of power in the columns there are.
    pub(super) fn columns(&self, meter: &Meter, width: usize) -> Curve {
        let period = (meter.period() + 500) / 1000;
        meter.powers.curve(self.now, width, period)
    }

    /// The title, with as much as fits.
    fn title(&self, alone: bool, width: usize) -> Line {
        let id = self.meter.map_or("", |meter| &*meter.id);
        let name = self.meter.and_then(|meter| meter.name.as_deref());
        let source = &*self.link.name;
        let long = format!("{source} {}", self.link.settings);
        let call = self.call();
        let names = [self.link.label.as_deref(), name].into_iter().flatten();
        let mut names: Vec<&str> = names.collect();
        names.dedup();
        if !alone {
            names.retain(|name| *name != call);
        }
        let names = [&[id], &*names].concat().join(" ");
        let names = names.trim();
        let names = if names == call { "" } else { names };
        let telegrams = match self.heard_meter() {
            Some(meter) => format!("telegram {}", meter.good),
            None => String::new(),
        };
        let lead = if alone { "smarty" } else { call };
        let mut age = self.age();
        if self.is_late() {
            let mut long = Line::of(*age.first_style(), "values ");
            long.join(&age);
            age = long;
        }
        // What is dropped must not come and go with each second.
        let room = (width + age.width()).saturating_sub(age.width().max(AGE));
        let build = |gap: &str, parts: &[&str]| {
            let mut line = Line::of(BOLD, &format!(" {lead}"));
            let parts = parts.iter().map(|part| part.trim());
            for part in parts.filter(|part| !part.is_empty() && *part != lead) {
                line.say(gap);
                line.say(part);
            }
            line.say(gap);
            line.join(&age);
            line
        };
        let parts: [&[&str]; 5] = match alone {
            true => [
                &[&long, names, &telegrams],
                &[source, names, &telegrams],
                &[names, &telegrams],
                &[call, &telegrams],
                &[call],
            ],
            false => [
                &[names, &long, &telegrams],
                &[names, source, &telegrams],
                &[names, &telegrams],
                &[&telegrams],
                &[],
            ],
        };
        let variants = parts
            .iter()
            .flat_map(|parts| [("   ", *parts), ("  ", *parts)]);
        let mut lines = variants.map(|(gap, parts)| build(gap, parts));
        let shortest = build(" ", &[]);
        lines.find(|line| line.width() <= room).unwrap_or(shortest)
    }

    fn power(&self, meter: &Meter, width: usize) -> Vec<Line> {
        let latest = &meter.latest;
        let cell = |word: &str, value: Option<Decimal>, style: Style| {
            let mut cell = Line::of(PLAIN, word);
            cell.put(style, &format!("{:>9}", value?.to_string()));
            cell.say(" kW");
            Some(cell)
        };
        let cells = [
            cell("import", latest.import, BOLD),
            cell("export", latest.export, BOLD),
            cell("net", latest.net, side(latest.net).bold()),
        ];
        match cells.into_iter().flatten().collect::<Vec<_>>() {
            cells if cells.is_empty() => Vec::new(),
            cells => flow("POWER", &cells, 5, width),
        }
    }

    fn curve(&self, meter: &Meter, rows: usize, width: usize) -> Vec<Line> {
        let digits = meter.powers.widest();
        if digits == 0 || rows == 0 {
            return Vec::new();
        }
        let beside = STATISTICS + 3 * digits;
        let room = width.saturating_sub(INDENT + beside + 1);
        // On a narrow screen the numbers have a row of their own.
        let (room, apart) = match room < CURVE_MIN {
            true => (width.saturating_sub(INDENT + 1), true),
            false => (room, false),
        };
        let curve = self.columns(meter, room);
        let mut lines: Vec<Line> = blocks(&curve.columns, rows)
            .iter()
            .map(|row| {
                let mut line = Line::default();
                line.to(INDENT);
                line.join(&cells(row));
                line
            })
            .collect();
        let Some(range) = curve.range else {
            return lines;
        };
        let mut numbers = Line::of(FAINT, &format!("{:2} min", curve.minutes));
        for (word, watts) in ["min", "mean", "max"].into_iter().zip(range) {
            numbers.say(&format!("  {word} {:>digits$}", kilowatts(watts)));
        }
        match lines.last_mut() {
            Some(last) if !apart => {
                last.to(INDENT + curve.columns.len() + 2);
                last.join(&numbers);
            }
            _ => {
                let mut line = Line::default();
                line.to(INDENT);
                line.join(&numbers);
                lines.push(line);
            }
        }
        lines
    }

    fn link_rows(&self, alone: bool, width: usize) -> Vec<Line> {
        let mut cells = self.counts();
        if self.first && self.link.junk > 0 {
            let junk = count(self.link.junk, "junk byte").to_string();
            cells.push(Line::of(WARNING, &junk));
        } else if self.first {
            cells.push(Line::of(PLAIN, "0 junk bytes"));
        }
        let up = words::span(self.now, self.link.started);
        cells.push(Line::of(PLAIN, &format!("up {up}")));
        let mut rows = flow("LINK", &cells, 2, width);
        if let Some(row) = rows.last_mut()
            && alone
            && row.width() + QUIT.len() + 3 < width
        {
            row.to(width.min(80) - QUIT.len() - 1);
            row.put(FAINT, QUIT);
        }
        if let Some(ill) = self.ill() {
            rows.extend(ill.wrapped((INDENT, INDENT), width));
        }
        rows
    }
}

/// The style of a net power.
pub(super) fn side(net: Option<Decimal>) -> Style {
    match net {
        Some(net) if net.digits < 0 => GOOD,
        _ => TAKEN,
    }
}

/// A row of blocks in the colours of their directions.
pub(super) fn cells(row: &[(char, bool)]) -> Line {
    let mut line = Line::default();
    let mut letter = [0; 4];
    for (block, given) in row {
        let style = match (block, given) {
            (' ', _) => PLAIN,
            (_, true) => GOOD,
            (_, false) => TAKEN,
        };
        line.put(style, block.encode_utf8(&mut letter));
    }
    line
}

/// How to leave the screen.
pub(super) const QUIT: &str = "q ends";
/// Columns of `  10 min  min   mean   max ` without the digits.
const STATISTICS: usize = 8 + 6 + 7 + 6;
/// Columns of an age within the first hours.
const AGE: usize = "59 s ago".len();
/// Least columns of a curve beside its numbers.
const CURVE_MIN: usize = 12;
