//! A meter at a point in time, or a link of which no meter is known yet: its lines.

use jiff::Timestamp;
use ratatui::style::Style;
use ratatui::text::Line;

use super::Link;
use super::graph::Bar;
use super::history::{Curve, Span};
use super::line::{Words, flow, indent};
use super::look::{BAD, BOLD, FAINT, GOOD, PLAIN, WARNING};
use super::meter::{Latest, Meter, Quarter, thousandths};
use super::words;
use crate::format::words as said;
use crate::p1::count::count;
use crate::p1::event::Reason;
use crate::p1::value::{Decimal, Zone};

/// A meter, or a link of which no meter is known yet, at a point in time.
#[derive(Clone, Copy)]
pub(super) struct Block<'a> {
    pub(super) link: &'a Link,
    pub(super) meter: Option<&'a Meter>,
    /// Whether the block speaks for its link: the first of them.
    pub(super) first: bool,
    /// Refused frames that are no meter's, for the first block of the link.
    pub(super) stray: u64,
    /// The present, or the time that is looked at.
    pub(super) now: Timestamp,
    /// What the meter said last by then.
    pub(super) latest: Option<&'a Latest>,
    /// When it said that.
    pub(super) heard: Option<Timestamp>,
    /// The present is looked at.
    pub(super) is_live: bool,
    /// The first second of a recording and the last; none: it is no recording.
    pub(super) extent: Option<(i64, i64)>,
    pub(super) zone: &'a Zone,
}

impl<'a> Block<'a> {
    /// Seconds between telegrams.
    pub(super) fn period(&self) -> i64 {
        self.meter.map_or(10, |meter| (meter.period() + 500) / 1000)
    }

    /// Whether what is shown is old.
    pub(super) fn is_late(&self) -> bool {
        let silent = self
            .heard
            .map(|heard| self.now.duration_since(heard).as_secs());
        silent.is_some_and(|silent| silent > self.period() * 3)
    }

    /// How long ago the last telegram came and when the next is due, and how that looks.
    pub(super) fn age(&self, long: bool) -> Line<'static> {
        let Some(heard) = self.heard else {
            return Line::default();
        };
        let age = words::ago(self.now, heard);
        if self.is_late() {
            let style = match self.link.is_well() {
                true => WARNING,
                false => BAD,
            };
            let lead = if long { "values " } else { "" };
            return Line::of(style, &format!("{lead}{}", age.replace(" ago", " old")));
        }
        let mut line = Line::of(PLAIN, &age);
        let passed = self.now.duration_since(heard).as_secs();
        let left = self.period() - passed;
        if long && self.is_live && self.extent.is_none() && self.period() > 2 {
            line.put(FAINT, &format!(", next in {} s", left.max(0)));
        }
        line
    }

    /// What the user calls the meter: label and name in the key ring, else what the meter calls itself.
    pub(super) fn call(&self) -> &'a str {
        let name = self.meter.and_then(|meter| meter.name.as_deref());
        let id = self.meter.map(|meter| &*meter.id);
        let id = id.filter(|id| !id.is_empty());
        let label = self.link.label.as_deref();
        label.or(name).or(id).unwrap_or(&self.link.name)
    }

    /// The title, with as much as fits: what it is called, where it hangs, how old it is.
    pub(super) fn title(&self, lead: &str, width: usize) -> Line<'static> {
        let id = self.meter.map_or("", |meter| &*meter.id);
        let source = &*self.link.name;
        let call = self.call();
        let others: Vec<&str> = [id, source]
            .into_iter()
            .filter(|other| !other.is_empty() && *other != call)
            .collect();
        let age = self.age(true);
        let short = self.age(false);
        let build = |others: &[&str], age: &Line<'static>| {
            let mut line = Line::default();
            if !lead.is_empty() {
                line.put(FAINT, &format!(" {lead}"));
            }
            line.put(BOLD, &format!(" {call}"));
            for other in others {
                line.put(FAINT, &format!("  {other}"));
            }
            let at = width.saturating_sub(age.width() + 1);
            line.to(at.max(line.width() + 1));
            line.join(age);
            line
        };
        // What is dropped must not come and go with each second.
        let room = width.saturating_sub(1);
        let mut lines = (0..=others.len())
            .rev()
            .map(|count| build(others.get(..count).unwrap_or_default(), &age))
            .chain([build(&[], &short)]);
        lines
            .find(|line| line.width() <= room + 1)
            .unwrap_or_else(|| {
                let mut line = Line::of(BOLD, &format!(" {call} "));
                line.join(&short);
                line
            })
    }

    /// Import, export and net.
    pub(super) fn power(&self, width: usize) -> Vec<Line<'static>> {
        let Some(latest) = self.latest else {
            return Vec::new();
        };
        let cell = |word: &str, value: Option<Decimal>| {
            let (digits, unit) = words::power(value?);
            let mut cell = Line::of(PLAIN, &format!("{word:<6}"));
            cell.put(BOLD, &format!("{digits:>9}"));
            cell.say(&format!(" {unit:<2}"));
            Some(cell)
        };
        let mut cells = [
            cell("import", latest.import),
            cell("export", latest.export),
            cell("net", latest.net),
        ];
        // Where one row may be all there is room for, it is that of what flows.
        if width < ONE_BESIDE && latest.net.is_some_and(|net| net.digits < 0) {
            cells.swap(0, 1);
        }
        let cells: Vec<Line<'static>> = cells.into_iter().flatten().collect();
        match cells.is_empty() {
            true => Vec::new(),
            false => self.fade(flow("POWER", &cells, 4, width)),
        }
    }

    /// The running quarter of an hour: its mean, a gauge against the reference power, what is left and above.
    pub(super) fn quarter(&self, width: usize) -> Vec<Line<'static>> {
        let Some(quarter) = self.latest.map(|latest| latest.quarter) else {
            return Vec::new();
        };
        let Some(mean) = quarter.mean else {
            return Vec::new();
        };
        let power = |value: Decimal| {
            let (digits, unit) = words::power(value);
            format!("{digits} {unit}")
        };
        let mut first = Line::of(PLAIN, "mean ");
        first.put(BOLD, &power(mean));
        let Quarter {
            used,
            left,
            up_to,
            above_today,
            above_month,
            ..
        } = quarter;
        let is_over = left.is_some_and(|left| left.digits <= 0);
        let style = if is_over { BAD } else { PLAIN };
        let mut cells = vec![first];
        if let (Some(used), Some(left)) = (used, left) {
            let all = used.checked_add(left);
            let part = |value: Option<Decimal>| value.and_then(thousandths).unwrap_or(0);
            let mut gauge = Line::of(PLAIN, "used ");
            let room = if width < 60 { 10 } else { 20 };
            gauge.join(&bar(part(Some(used)), part(all), room, is_over));
            gauge.say(&format!(" {used}"));
            if let Some(all) = all.filter(|_| !is_over) {
                gauge.say(&format!(" of {all}"));
            }
            gauge.say(" kWh");
            cells.push(gauge);
        } else if let Some(used) = used {
            cells.push(Line::of(PLAIN, &format!("used {used} kWh")));
        }
        if let Some(up_to) = up_to {
            cells.push(Line::of(style, &format!("up to {}", power(up_to))));
        }
        let above: Vec<String> = [(above_today, "today"), (above_month, "this month")]
            .into_iter()
            .filter_map(|(value, word)| {
                Some(format!(
                    "{} {word}",
                    value.filter(|value| value.digits > 0)?
                ))
            })
            .collect();
        if !above.is_empty() {
            let above = format!("above {} kWh", above.join(", "));
            cells.push(Line::of(WARNING, &above));
        }
        self.fade(flow("QUARTER", &cells, 3, width))
    }

    /// Readings of the meters on the M-Bus.
    pub(super) fn devices(&self, width: usize) -> Vec<Line<'static>> {
        let Some(latest) = self.latest else {
            return Vec::new();
        };
        let cells = latest.devices.iter().map(|device| {
            let name = device.medium.replace('_', " ");
            let mut cell = Line::of(PLAIN, &format!("{} {name} ", device.channel));
            cell.put(BOLD, &device.value.to_string());
            cell.say(&format!(" {}", device.unit));
            if let Some(time) = &device.time {
                cell.put(FAINT, &format!(" {}", words::time(time, latest.clock)));
            }
            cell
        });
        let cells: Vec<Line<'static>> = cells.collect();
        match cells.is_empty() {
            true => Vec::new(),
            false => self.fade(flow("DEVICES", &cells, 3, width)),
        }
    }

    /// Grey, where it is old.
    pub(super) fn fade(&self, lines: Vec<Line<'static>>) -> Vec<Line<'static>> {
        match self.is_late() {
            true => lines.into_iter().map(Words::faded).collect(),
            false => lines,
        }
    }

    /// What is wrong with the link, where something is.
    pub(super) fn ill(&self) -> Option<(Style, String)> {
        if self.link.is_well() {
            return None;
        }
        let Link { state, message, .. } = self.link;
        let style = if state == "lost" { BAD } else { WARNING };
        let mut text = format!("{state} {}", words::ago(self.now, self.link.changed));
        if !message.is_empty() {
            text.push_str(&format!(": {message}"));
        }
        Some((style, text))
    }

    /// Good, refused and missed frames.
    pub(super) fn counts(&self) -> Vec<Line<'static>> {
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
    pub(super) fn unproven(&self) -> Option<Line<'static>> {
        let tag = self.meter.and_then(|meter| meter.unproven)?;
        Some(Line::of(WARNING, said::unproven(tag)))
    }

    /// The link in a line, and what is wrong with it.
    pub(super) fn link_line(&self, width: usize) -> Vec<Line<'static>> {
        let mut cells = self.counts();
        if self.first && self.link.junk > 0 {
            let junk = format!("{} outside frames", count(self.link.junk, "byte"));
            cells.push(Line::of(WARNING, &junk));
        }
        if self.extent.is_none() {
            let up = words::span(self.now, self.link.started);
            cells.push(Line::of(PLAIN, &format!("up {up}")));
        }
        if !self.link.settings.is_empty() && width >= 90 {
            cells.push(Line::of(FAINT, &self.link.settings));
        }
        let mut lines = flow("LINK", &cells, 2, width);
        if let Some((style, ill)) = self.ill() {
            let at = indent(width);
            lines.extend(super::line::wrapped(style, &ill, (at, at), width));
        }
        lines
    }

    /// Why there are no values; what diagnosis has found out stands below, alone.
    pub(super) fn nothing(&self) -> Line<'static> {
        let trouble = self.meter.and_then(|meter| Some((meter, meter.trouble?)));
        match trouble {
            _ if self.meter.is_some_and(|meter| meter.heard.is_some()) => {
                Line::of(FAINT, "nothing is kept of this time")
            }
            Some((meter, reason)) if self.link.findings.is_empty() || reason == Reason::NoKey => {
                Line::of(WARNING, &words::trouble(reason, &meter.id))
            }
            Some(_) => Line::of(FAINT, "no telegram was good yet"),
            None => Line::of(FAINT, "waiting for the first telegram"),
        }
    }

    /// The powers of a stretch of time that ends now, in columns.
    pub(super) fn curve(&self, span: Span) -> Curve {
        match self.meter {
            Some(meter) => meter.powers.curve(span, 2 * self.period()),
            None => Curve {
                columns: Vec::new(),
                range: None,
            },
        }
    }

    /// What the curve is called.
    pub(super) fn directions(&self) -> &'static str {
        match self.latest {
            Some(latest) if latest.import.is_some() && latest.export.is_none() => "import",
            Some(latest) if latest.import.is_none() && latest.export.is_some() => "export",
            _ => "import and export",
        }
    }

    /// Name, net power and age in one line, for where there is room for no more.
    pub(super) fn one_line(&self, width: usize) -> Line<'static> {
        let room = match width {
            ..30 => 8,
            30..76 => 12,
            76.. => 20,
        };
        let mut line = Line::default();
        line.put(BOLD, &cut(&format!(" {}", self.call()), room - 1));
        line.to(room);
        match (self.latest, self.ill()) {
            (_, Some((style, ill))) => line.put(style, &ill),
            (None, None) => line.join(&self.nothing()),
            (Some(latest), None) => {
                let mut values = Line::default();
                let mut cell = |word: &str, value: Option<Decimal>| {
                    let Some(value) = value else { return };
                    let (digits, unit) = words::power(value);
                    if values.width() > 0 {
                        values.say("  ");
                    }
                    values.say(word);
                    let digits = match width {
                        ..30 => digits,
                        30.. => format!("{digits:>7}"),
                    };
                    values.put(BOLD, &digits);
                    values.say(&format!(" {unit:<2}"));
                };
                if width >= 76 {
                    cell("import", latest.import);
                    cell("export", latest.export);
                }
                cell(if width < 30 { "" } else { "net" }, latest.net);
                match self.is_late() {
                    true => line.join(&values.faded()),
                    false => line.join(&values),
                }
                if let Some(unproven) = self.unproven() {
                    line.say("  ");
                    line.join(&unproven);
                }
            }
        }
        let age = self.age(false);
        let at = width.saturating_sub(age.width() + 1);
        if age.width() > 0 && line.width() <= at {
            line.to(at);
            line.join(&age);
        }
        line
    }
}

/// Below this width powers stand one below the other.
const ONE_BESIDE: usize = 50;

/// Bars of powers.
pub(super) fn bars(columns: &[Option<i64>]) -> Vec<Bar> {
    columns.iter().map(|watts| Bar::of(*watts)).collect()
}

/// Lowest, mean and highest.
pub(super) fn range(curve: &Curve) -> String {
    let Some(range) = curve.range else {
        return String::new();
    };
    let small = range.iter().all(|watts| watts.abs() < 1000);
    let words = ["min", "mean", "max"].into_iter().zip(range);
    let words: Vec<String> = words
        .map(|(word, watts)| match small {
            true => format!("{word} {watts}"),
            false => format!("{word} {}", Decimal::new(watts, 3)),
        })
        .collect();
    words.join("  ")
}

/// A bar that is filled as far as a part is of a whole.
pub(super) fn bar(part: i64, whole: i64, room: usize, is_over: bool) -> Line<'static> {
    let whole = i128::from(whole.max(1));
    let filled = i128::from(part.max(0)) * room as i128;
    let filled = usize::try_from((filled + whole / 2) / whole).unwrap_or(room);
    let filled = filled.min(room);
    let style = if is_over { BAD } else { super::look::TAKEN };
    let mut line = Line::default();
    line.put(style, &"█".repeat(filled));
    line.put(FAINT, &"░".repeat(room - filled));
    line
}

/// The beginning of a text, in columns.
pub(super) fn cut(text: &str, width: usize) -> String {
    use unicode_width::UnicodeWidthChar;
    let mut left = width;
    let fits = |letter: &char| {
        let width = letter.width().unwrap_or(1);
        let fits = width <= left;
        left = left.saturating_sub(width);
        fits
    };
    text.chars().take_while(fits).collect()
}
