//! Rows of energy: today and yesterday, this month, the counters.

use jiff::Timestamp;
use ratatui::text::Line;

use super::block::Block;
use super::line::{Words, indent};
use super::look::{BOLD, FAINT, LABEL, PLAIN};
use super::sums::Sum;
use super::words;
use crate::p1::period::Period;
use crate::p1::value::Decimal;

impl Block<'_> {
    /// Import and export of today and yesterday, then of the month with its peak, then the counters.
    pub(super) fn energy(&self, width: usize) -> Vec<Line<'static>> {
        let Some(meter) = self.meter else {
            return Vec::new();
        };
        let sums = &meter.sums;
        let name = |period: Period, now: &str, format: &str| match self.is_live {
            true => now.to_owned(),
            false => self.date(period.start, format),
        };
        let since = |sum: Sum| match sum.since {
            Some(since) if sum.period.end - sum.period.start > 2 * 86_400 => {
                self.date(since, "from %-d %b")
            }
            Some(since) => self.date(since, "from %H:%M"),
            None => String::new(),
        };
        let mut rows = Vec::new();
        let mut row = |sum: Option<Sum>, now: &str, format: &str, behind: String| {
            let Some(sum) = sum else { return };
            rows.push(self.row(
                &name(sum.period, now, format),
                sum.energy,
                "+",
                &since(sum),
                &behind,
                width,
            ));
        };
        row(sums.today, "today", "%a %-d %b", String::new());
        row(sums.yesterday, "yesterday", "%a %-d %b", String::new());
        let peak = sums.peak.map_or_else(String::new, |peak| {
            let (digits, unit) = words::power(peak.power);
            let when = self.date(peak.second, "%-d %b %H:%M");
            format!("peak {digits} {unit} {when}")
        });
        row(sums.month, "month", "%b %Y", peak);
        if let Some(latest) = self.latest
            && latest.counters.iter().any(Option::is_some)
        {
            rows.push(self.row("counter", latest.counters, "", "", "", width));
        }
        if width >= 40
            && let Some(first) = rows.first_mut()
        {
            // The label stands before the first of them.
            let mut labelled = Line::of(LABEL, " ENERGY");
            labelled.to(indent(width));
            labelled.spans.extend(first.spans.drain(1..));
            *first = labelled;
        }
        match self.is_live {
            true => self.fade(rows),
            false => rows,
        }
    }

    fn row(
        &self,
        name: &str,
        energy: [Option<Decimal>; 2],
        sign: &str,
        since: &str,
        behind: &str,
        width: usize,
    ) -> Line<'static> {
        let at = indent(width);
        if width < 40 {
            // No more than what was taken, right behind its name.
            let mut line = Line::of(PLAIN, "");
            line.say(&format!(" {name} "));
            for value in energy.into_iter().take(1).flatten() {
                let value = match sign {
                    "+" => format!("{value:+}"),
                    _ => value.to_string(),
                };
                line.put(BOLD, &value);
            }
            line.say(" kWh");
            return line;
        }
        let mut line = Line::of(PLAIN, &" ".repeat(at));
        // The day of the week is the first to go.
        let short = name.split_once(' ').filter(|_| name.len() >= NAME);
        let name = short.map_or(name, |(_, day)| day);
        line.put(PLAIN, &format!("{name:<NAME$}"));
        let words = if width < 60 {
            ["", ""]
        } else {
            ["import ", "export "]
        };
        let digits = if width < 60 { 8 } else { 11 };
        for (word, value) in words.into_iter().zip(energy) {
            let Some(value) = value else { continue };
            let value = match sign {
                "+" => format!("{value:+}"),
                _ => value.to_string(),
            };
            line.say(word);
            line.put(BOLD, &format!("{value:>digits$}"));
            line.say(if width < 60 { " " } else { "  " });
        }
        line.say("kWh");
        for more in [behind, since] {
            if !more.is_empty() && line.width() + more.len() + 2 <= width {
                line.put(FAINT, &format!("  {more}"));
            }
        }
        line
    }

    /// A time by the clock of the meter.
    pub(super) fn date(&self, second: i64, format: &str) -> String {
        let Ok(at) = Timestamp::from_second(second) else {
            return String::new();
        };
        let at = at.to_zoned(self.zone.rules().clone());
        at.strftime(format).to_string()
    }
}

/// Columns of the name of a period, with a blank behind it.
const NAME: usize = 10;
