//! A graph of powers over time that fills its area: what is taken from the grid stands on the zero line, what is given
//! to it hangs from there.
//!
//! ```text
//!  import and export, kW, last 10 min             min 0.412  max 2.310      title
//!   2 ┤        ▂█▇                                                          rows above zero
//!   1 ┤▁▁▂▂▃▅▇████▅▃▂▁
//!   0 ┼───────────┴──────▔▀█▀▔─────┴─                                       zero line, with a mark at each time named
//!     │                                                                     rows below zero, where there is any
//!              18:30             18:35                                      times
//! ```

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use super::line::Words;
use super::look::{BOLD, CHOSEN, FAINT, GOOD, PLAIN, TAKEN};
use crate::p1::value::Decimal;

/// What is drawn.
#[derive(Clone, Debug, Default)]
pub(super) struct Graph {
    /// What it shows; the unit is put behind it.
    pub(super) title: String,
    /// What it shows when, behind title and unit.
    pub(super) when: String,
    /// Behind the title, where there is room.
    pub(super) beside: String,
    /// From left to right.
    pub(super) columns: Vec<Bar>,
    /// Unit of thousands and of ones: of powers kW and W.
    pub(super) units: [&'static str; 2],
    /// What is named below: column and words, from left to right.
    pub(super) marks: Vec<(usize, String)>,
    /// What is known is old.
    pub(super) is_old: bool,
    /// The column that is looked at.
    pub(super) cursor: Option<usize>,
}

/// What is drawn in one column, thousandths of the greater unit; none where nothing is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Bar {
    /// What stands on the zero line, 0 or more.
    pub(super) up: Option<i64>,
    /// What hangs from it, 0 or more.
    pub(super) down: Option<i64>,
}

/// How rows are shared between both sides of zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Scale {
    up: usize,
    down: usize,
    /// Thousandths that a row stands for.
    row: i64,
}

impl Bar {
    /// A power of both directions: W, positive where it is taken from the grid.
    pub(super) fn of(watts: Option<i64>) -> Self {
        Self {
            up: watts.filter(|watts| *watts >= 0),
            down: watts.filter(|watts| *watts < 0).map(i64::saturating_neg),
        }
    }
}

impl Graph {
    /// Columns that are left for bars in an area.
    pub(super) fn room(area: Rect) -> usize {
        usize::from(area.width.saturating_sub(AXIS))
    }

    /// Draws it; rows of title and times only where there are enough.
    pub(super) fn draw(&self, area: Rect, buffer: &mut Buffer) {
        let rows = usize::from(area.height);
        if rows == 0 || Self::room(area) == 0 {
            return;
        }
        let titled = usize::from(rows >= 4);
        let timed = usize::from(rows >= 5 && !self.marks.is_empty());
        let lined = usize::from(rows >= 3);
        let scale = Scale::of(&self.columns, rows - titled - timed - lined);
        let unit = match scale.tallest() >= 1000 {
            true => self.units[0],
            false => self.units[1],
        };
        let top = area.y + titled as u16;
        if titled == 1 {
            self.draw_title(area, unit, buffer);
        }
        self.draw_bars(area, top, scale, lined == 1, buffer);
        if lined == 1 {
            self.draw_axis(area, top, scale, buffer);
        }
        if let Some(cursor) = self.cursor {
            let x = usize::from(area.x + AXIS).saturating_add(cursor);
            let tall = scale.up + scale.down + lined;
            for y in (top..).take(tall) {
                match buffer.cell_mut((u16::try_from(x).unwrap_or(u16::MAX), y)) {
                    Some(cell) if cell.symbol() == " " => {
                        cell.set_char('│').set_style(BOLD);
                    }
                    Some(cell) => {
                        cell.set_style(CHOSEN);
                    }
                    None => {}
                }
            }
        }
        if timed == 1 {
            self.draw_times(area, area.bottom() - 1, buffer);
        }
    }

    fn draw_title(&self, area: Rect, unit: &str, buffer: &mut Buffer) {
        let mut title = Line::default();
        title.say(&format!(" {}, {unit}", self.title));
        if !self.when.is_empty() {
            title.put(PLAIN, &format!(", {}", self.when));
        }
        let width = usize::from(area.width);
        let beside = Line::of(FAINT, &self.beside);
        if title.width() + beside.width() + 3 <= width {
            title.to(width - beside.width() - 1);
            title.join(&beside);
        }
        buffer.set_line(area.x, area.y, &title, area.width);
    }

    fn draw_bars(&self, area: Rect, top: u16, scale: Scale, lined: bool, buffer: &mut Buffer) {
        let (given, taken) = match self.is_old {
            true => (FAINT, FAINT),
            false => (GOOD, TAKEN),
        };
        let zero = top + scale.up as u16;
        let below = zero + u16::from(lined);
        for (x, bar) in (area.x + AXIS..area.right()).zip(&self.columns) {
            for row in 0..scale.up {
                let eighths = scale.eighths(bar.up, row);
                let y = zero - 1 - row as u16;
                put(buffer, x, y, standing(eighths), taken);
            }
            for row in 0..scale.down {
                let eighths = scale.eighths(bar.down, row);
                put(buffer, x, below + row as u16, hanging(eighths), given);
            }
        }
    }

    fn draw_axis(&self, area: Rect, top: u16, scale: Scale, buffer: &mut Buffer) {
        let zero = top + scale.up as u16;
        let bars = area.x + AXIS;
        let edge = bars.saturating_sub(1);
        let tall = (scale.up + scale.down) as u16;
        for y in top..=top + tall {
            put(buffer, edge, y, '│', FAINT);
        }
        for x in bars..area.right() {
            put(buffer, x, zero, '─', FAINT);
        }
        for (column, _) in &self.marks {
            if let Ok(column) = u16::try_from(*column) {
                put(buffer, bars.saturating_add(column), zero, '┴', FAINT);
            }
        }
        put(buffer, edge, zero, '┼', FAINT);
        label(buffer, area.x, zero, "0");
        let step = scale.step();
        let thousands = scale.tallest() >= 1000;
        for (count, up) in [(scale.up, true), (scale.down, false)] {
            let mut value = step;
            while value <= scale.row.saturating_mul(count as i64) {
                // The row in which the value is reached.
                let row = ((value - 1) / scale.row) as u16;
                let y = match up {
                    true => zero - 1 - row,
                    false => zero + 1 + row,
                };
                put(buffer, edge, y, '┤', FAINT);
                label(buffer, area.x, y, &written(value, step, thousands));
                let Some(next) = value.checked_add(step) else {
                    break;
                };
                value = next;
            }
        }
    }

    fn draw_times(&self, area: Rect, y: u16, buffer: &mut Buffer) {
        let mut free = usize::from(area.x);
        let end = usize::from(area.right());
        for (column, words) in &self.marks {
            let width = words.chars().count();
            let at = usize::from(area.x + AXIS) + column;
            let at = at.saturating_sub(width / 2).max(free);
            if at + width > end {
                continue;
            }
            buffer.set_stringn(at as u16, y, words, width, FAINT);
            free = at + width + 2;
        }
    }
}

impl Scale {
    fn of(columns: &[Bar], rows: usize) -> Self {
        let most = |side: fn(&Bar) -> Option<i64>| columns.iter().filter_map(side).max();
        let (high, low) = (most(|bar| bar.up), most(|bar| bar.down));
        let (high, low) = (high.unwrap_or(0).max(0), low.unwrap_or(0).max(0));
        let share = |rows: usize| i64::try_from(rows).unwrap_or(1).max(1);
        let down = match (high, low) {
            (_, 0) => 0,
            (0, _) => rows,
            _ if rows < 2 => 0,
            _ => {
                let part =
                    i128::from(low) * rows as i128 * 2 / (i128::from(high) + i128::from(low));
                usize::try_from((part + 1) / 2)
                    .unwrap_or(1)
                    .clamp(1, rows - 1)
            }
        };
        let up = rows - down;
        let of = |value: i64, rows: usize| div_ceil(round(value), share(rows));
        let row = match (up, down) {
            (_, 0) => of(high, up),
            (0, _) => of(low, down),
            _ => of(high, up).max(of(low, down)),
        };
        Self {
            up,
            down,
            row: row.max(1),
        }
    }

    /// Thousandths of the taller side.
    fn tallest(self) -> i64 {
        self.row.saturating_mul(self.up.max(self.down) as i64)
    }

    /// Thousandths between two values that are named, at least two rows.
    fn step(self) -> i64 {
        let few = (self.tallest() / 5).max(self.row.saturating_mul(2));
        let mut step = 1i64;
        for factor in [2, 5, 10].into_iter().cycle().take(54) {
            if step >= few {
                break;
            }
            let decade = 10i64.saturating_pow(step.ilog10());
            step = decade.saturating_mul(factor);
        }
        step
    }

    /// How many eighths of a row are filled, counted from zero outwards.
    fn eighths(self, value: Option<i64>, row: usize) -> Option<i64> {
        let value = i128::from(value?);
        let eighths = (value * 8 + i128::from(self.row) / 2) / i128::from(self.row);
        let least = i128::from(row == 0);
        let left = eighths.max(least) - 8 * row as i128;
        i64::try_from(left.clamp(0, 8)).ok()
    }
}

fn div_ceil(value: i64, by: i64) -> i64 {
    value / by + i64::from(value % by != 0)
}

/// The least round number that is not below, so that the scale does not change with each telegram.
fn round(value: i64) -> i64 {
    let decade = 10i64.saturating_pow(value.max(1).ilog10());
    let steps = [10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100];
    let tenths = |step: i64| i64::try_from(i128::from(decade) * i128::from(step) / 10);
    let all = steps.into_iter().filter_map(|step| tenths(step).ok());
    all.filter(|round| *round >= value)
        .min()
        .unwrap_or(value)
        .max(1)
}

/// Thousandths in the unit of the axis, with no more digits than tell two steps apart.
fn written(value: i64, step: i64, thousands: bool) -> String {
    if !thousands {
        return value.to_string();
    }
    let scale = match step {
        step if step % 1000 == 0 => 0,
        step if step % 100 == 0 => 1,
        step if step % 10 == 0 => 2,
        _ => 3,
    };
    let divisor = 10i64.pow(3 - u32::from(scale));
    Decimal::new(value / divisor, scale).to_string()
}

fn label(buffer: &mut Buffer, x: u16, y: u16, text: &str) {
    let width = usize::from(AXIS) - 2;
    buffer.set_stringn(x, y, format!("{text:>width$}"), width, FAINT);
}

fn put(buffer: &mut Buffer, x: u16, y: u16, letter: char, style: Style) {
    if let Some(cell) = buffer.cell_mut((x, y))
        && letter != ' '
    {
        cell.set_char(letter).set_style(style);
    }
}

/// A block that fills so many eighths of its cell from below.
fn standing(eighths: Option<i64>) -> char {
    let blocks = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let eighths = eighths.and_then(|eighths| usize::try_from(eighths).ok());
    eighths
        .and_then(|eighths| blocks.get(eighths))
        .copied()
        .unwrap_or(' ')
}

/// A block that fills about so many eighths of its cell from above, as far as there are such blocks.
fn hanging(eighths: Option<i64>) -> char {
    match eighths.unwrap_or(0) {
        ..1 => ' ',
        1..3 => '▔',
        3..7 => '▀',
        7.. => '█',
    }
}

/// One row of bars, for where there is no room for a graph.
pub(super) fn spark(columns: &[Bar]) -> Line<'static> {
    let scale = Scale::of(columns, 1);
    let mut line = Line::default();
    for bar in columns {
        let (value, style) = match (bar.up, bar.down) {
            (_, Some(down)) => (Some(down), GOOD),
            (up, None) => (up, TAKEN),
        };
        line.put(style, &standing(scale.eighths(value, 0)).to_string());
    }
    line
}

/// Times worth a name at columns that begin at these seconds: by the clock of a zone, no closer than can be read.
pub(super) fn times(seconds: &[i64], rules: &TimeZone) -> Vec<(usize, String)> {
    let [first, .., last] = seconds else {
        return Vec::new();
    };
    let room = i64::try_from(seconds.len() / APART).unwrap_or(1).max(1);
    let apart = (last - first) / room;
    let Some(step) = STEPS.into_iter().find(|step| *step >= apart) else {
        return Vec::new();
    };
    let mut marks = Vec::new();
    let mut before = None;
    for (column, second) in seconds.iter().enumerate() {
        let Ok(at) = Timestamp::from_second(*second) else {
            continue;
        };
        let clock = second + i64::from(rules.to_offset(at).seconds());
        let number = clock.div_euclid(step);
        if before.is_some_and(|before| before < number) {
            // What begins within the column is what it is named after.
            let name = Timestamp::from_second(number * step).map(|at| {
                let format = match step {
                    86_400.. => "%-d %b",
                    60.. => "%H:%M",
                    _ => "%H:%M:%S",
                };
                at.strftime(format).to_string()
            });
            marks.extend(name.ok().map(|name| (column, name)));
        }
        before = Some(number);
    }
    marks
}

/// Columns of the numbers and the line on the left.
const AXIS: u16 = 8;
/// Least columns between two times.
const APART: usize = 14;
/// Seconds between two times.
const STEPS: [i64; 15] = [
    10,
    30,
    60,
    120,
    300,
    600,
    900,
    1800,
    3600,
    7200,
    10_800,
    21_600,
    43_200,
    86_400,
    7 * 86_400,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::p1::value::Zone;

    fn drawn(watts: &[i64], width: u16, height: u16) -> Vec<String> {
        let graph = Graph {
            title: "import and export".to_owned(),
            when: "last 10 min".to_owned(),
            columns: watts.iter().map(|watts| Bar::of(Some(*watts))).collect(),
            units: ["kW", "W"],
            marks: vec![(2, "18:30".to_owned()), (4, "18:31".to_owned())],
            ..Graph::default()
        };
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        graph.draw(area, &mut buffer);
        (0..height)
            .map(|y| {
                let row: String = (0..width).map(|x| buffer[(x, y)].symbol()).collect();
                row.trim_end().to_owned()
            })
            .collect()
    }

    #[test]
    fn both_sides_of_zero_have_the_same_scale() {
        assert_eq!(
            drawn(&[2000, 1000, 0, -500, -1000, -250], 30, 9),
            [
                " import and export, kW, last 1",
                "     2 ┤█",
                "       │█",
                "     1 ┤██",
                "       │██▁",
                "     0 ┼──┴─┴─────────────────",
                "       │   ██▀",
                "     1 ┤    █",
                "        18:30  18:31",
            ]
        );
    }

    #[test]
    fn no_size_and_no_value_is_too_large() {
        for watts in [[0, 0], [i64::MIN, i64::MAX], [-1, 1], [i64::MIN, 0], [7, 7]] {
            for width in [0, 1, 8, 9, 10, 40] {
                for height in 0..12 {
                    drawn(&watts, width, height);
                }
            }
        }
        drawn(&[], 40, 10);
    }

    #[test]
    fn times_are_round_ones_of_the_clock_and_far_enough_apart() {
        let zone = Zone::luxembourg();
        let start = "2026-03-28T22:00:00Z"
            .parse::<Timestamp>()
            .unwrap()
            .as_second();
        let names = |seconds: i64, columns: i64| {
            let seconds: Vec<i64> = (0..columns)
                .map(|at| start + at * seconds / columns)
                .collect();
            let marks = times(&seconds, zone.rules());
            let names: Vec<String> = marks.into_iter().map(|(_, name)| name).collect();
            names.join(" ")
        };
        assert_eq!(names(600, 60), "23:05");
        assert_eq!(names(600, 80), "23:02 23:04 23:06 23:08");
        // 02:00 does not come that night.
        assert_eq!(names(6 * 3600, 120), "00:00 01:00 03:00 04:00 05:00");
        assert_eq!(names(4 * 86_400, 80), "29 Mar 30 Mar 31 Mar 1 Apr");
        assert_eq!(names(0, 80), "");
    }
}
