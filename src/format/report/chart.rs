//! Pictures of statements as SVG, drawn by plotters.
//!
//! Colours are those of the page that a picture stands in: each is written as a colour that nobody uses and then
//! replaced by a variable of CSS, so that a page can be light or dark.

use std::error::Error;
use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, ValueFormatter};
use plotters::prelude::*;

use crate::p1::value::Zone;

/// A picture, or nothing where there is nothing to draw.
pub(crate) type Drawn = Result<String, Box<dyn Error>>;

/// Mean powers of a quarter of an hour, kW.
#[derive(Clone, Copy, Debug)]
pub struct Mean {
    /// Begin, seconds since 1970.
    pub second: i64,
    /// kW.
    pub import: f64,
    /// kW.
    pub export: f64,
}

/// A bar for each period: what came in upwards, what went out downwards.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bar {
    pub(super) period: (i64, i64),
    pub(super) up: f64,
    pub(super) down: f64,
}

/// Lowest and highest of a period.
#[derive(Clone, Copy, Debug)]
pub(super) struct Band {
    pub(super) period: (i64, i64),
    pub(super) low: f64,
    pub(super) high: f64,
}

/// Power over time.
pub fn curve(means: &[Mean], zone: &Zone) -> Drawn {
    let times = Times::of(
        means.first().map_or(0, |mean| mean.second),
        means.last().map_or(0, |mean| mean.second + 900),
        zone,
    );
    let most = means.iter().map(|mean| mean.import).fold(0.1, f64::max);
    let least = means.iter().map(|mean| mean.export).fold(0.0, f64::max);
    picture(|area| {
        let mut chart = frame(area, times, -least..most)?;
        let imported = means.iter().map(|mean| (mean.second as f64, mean.import));
        chart.draw_series(LineSeries::new(imported, &UP))?;
        if least > 0.0 {
            let exported = means.iter().map(|mean| (mean.second as f64, -mean.export));
            chart.draw_series(LineSeries::new(exported, &DOWN))?;
        }
        Ok(())
    })
}

/// Sums of periods.
pub(super) fn bars(bars: &[Bar], zone: &Zone) -> Drawn {
    let times = Times::of(
        bars.first().map_or(0, |bar| bar.period.0),
        bars.last().map_or(0, |bar| bar.period.1),
        zone,
    );
    let most = bars.iter().map(|bar| bar.up).fold(0.0, f64::max);
    let least = bars.iter().map(|bar| bar.down).fold(0.0, f64::max);
    let most = if most + least > 0.0 { most } else { 1.0 };
    picture(|area| {
        let mut chart = frame(area, times, -least..most)?;
        chart.draw_series(bars.iter().flat_map(|bar| {
            let (start, end) = (bar.period.0 as f64, bar.period.1 as f64);
            let gap = (end - start) * 0.1;
            let one = |height: f64, color: RGBColor| {
                let corners = [(start + gap, 0.0), (end - gap, height)];
                (height != 0.0).then(|| Rectangle::new(corners, color.filled()))
            };
            [one(bar.up, UP), one(-bar.down, DOWN)]
                .into_iter()
                .flatten()
        }))?;
        Ok(())
    })
}

/// What lies between the lowest and the highest of each period, of up to three phases in one picture: side by side within
/// each period, or as two lines a phase where the periods are too many for that.
pub(super) fn band(phases: &[Vec<Band>], zone: &Zone) -> Drawn {
    let all = || phases.iter().flatten();
    let times = Times::of(
        all().map(|band| band.period.0).min().unwrap_or(0),
        all().map(|band| band.period.1).max().unwrap_or(0),
        zone,
    );
    let low = all().map(|band| band.low).fold(f64::MAX, f64::min);
    let high = all().map(|band| band.high).fold(f64::MIN, f64::max);
    let room = ((high - low) * 0.1).max(0.5);
    let count = phases.len().max(1) as f64;
    picture(|area| {
        let mut chart = frame(area, times, low - room..high + room)?;
        for ((at, bands), color) in phases.iter().enumerate().zip(PHASES) {
            if phases.len() > 1 && bands.len() > STRIPS_MAX {
                for end in [|band: &Band| band.low, |band: &Band| band.high] {
                    let points = bands.iter().map(|band| {
                        let middle = band.period.0 + (band.period.1 - band.period.0) / 2;
                        (middle as f64, end(band))
                    });
                    chart.draw_series(LineSeries::new(points, &color))?;
                }
                continue;
            }
            chart.draw_series(bands.iter().map(|band| {
                let (start, end) = (band.period.0 as f64, band.period.1 as f64);
                let strip = (end - start) / count;
                let start = start + strip * at as f64;
                let thin = (room * 0.1).max(0.02);
                let corners = [(start, band.low - thin), (start + strip, band.high + thin)];
                Rectangle::new(corners, color.filled())
            }))?;
        }
        Ok(())
    })
}

/// Hours of all days: each column a day, each row an hour, the more power the darker.
pub(super) fn heat(hours: &[(i64, u8, f64)], zone: &Zone) -> Drawn {
    let first = hours.iter().map(|(day, ..)| *day).min().unwrap_or(0);
    let last = hours.iter().map(|(day, ..)| *day).max().unwrap_or(0);
    let times = Times::of(first, last + DAY, zone);
    let most = hours.iter().map(|(.., power)| *power).fold(0.001, f64::max);
    picture(|area| {
        let mut chart = frame(area, times, 24.0..0.0)?;
        chart.draw_series(hours.iter().map(|(day, hour, power)| {
            let corners = [
                (*day as f64, f64::from(*hour)),
                ((day + DAY) as f64, f64::from(hour + 1)),
            ];
            // Shades of one colour, told apart by their last byte.
            let shade = (power / most * f64::from(SHADES - 1)).clamp(0.0, 255.0) as u8;
            let color = RGBColor(SHADE.0, SHADE.1, shade);
            Rectangle::new(corners, color.filled())
        }))?;
        Ok(())
    })
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type Chart<'a, 'b> =
    ChartContext<'a, SVGBackend<'b>, Cartesian2d<Times, plotters::coord::types::RangedCoordf64>>;

fn picture(draw: impl FnOnce(&Area<'_>) -> Result<(), Box<dyn Error>>) -> Drawn {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        draw(&area)?;
        area.present().map_err(|error| error.to_string())?;
    }
    Ok(themed(&svg))
}

fn frame<'a, 'b>(
    area: &'a Area<'b>,
    times: Times,
    values: Range<f64>,
) -> Result<Chart<'a, 'b>, Box<dyn Error>> {
    let mut chart = ChartBuilder::on(area)
        .margin(6)
        .margin_right(16)
        .x_label_area_size(26)
        .y_label_area_size(52)
        .build_cartesian_2d(times, values)
        .map_err(|error| error.to_string())?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID)
        .axis_style(GRID)
        .y_labels(6)
        .y_label_formatter(&|value| match value.fract().abs() < 1e-6 {
            true => format!("{value:.0}"),
            false => format!("{value:.1}"),
        })
        .label_style(("sans-serif", 13).into_font().color(&INK))
        .draw()
        .map_err(|error| error.to_string())?;
    Ok(chart)
}

/// Puts variables of CSS in the place of colours.
fn themed(svg: &str) -> String {
    let mut text = svg.to_owned();
    let [one, two, three] = PHASES;
    let phases = [(one, "l1"), (two, "l2"), (three, "l3")];
    let others = [(UP, "up"), (DOWN, "down"), (GRID, "grid"), (INK, "ink")];
    for (color, name) in others.into_iter().chain(phases) {
        text = text.replace(&code(color), &format!("var(--{name})"));
    }
    for shade in 0..SHADES {
        let color = RGBColor(SHADE.0, SHADE.1, shade);
        text = text.replace(&code(color), &format!("var(--h{shade})"));
    }
    // The page says what it is, and how wide.
    text.replace(
        "<svg ",
        "<svg aria-hidden=\"true\" preserveAspectRatio=\"xMinYMin\" ",
    )
}

/// The variables of the shades, from nothing to the most.
pub fn shades() -> String {
    let shade = |shade: u8| {
        let part = u16::from(shade) * 100 / u16::from(SHADES - 1);
        format!("--h{shade}:color-mix(in srgb,var(--up) {part}%,var(--none));")
    };
    let all: String = (0..SHADES).map(shade).collect();
    format!(":root{{{all}}}")
}

fn code(color: RGBColor) -> String {
    format!("#{:02X}{:02X}{:02X}", color.0, color.1, color.2)
}

/// Time by the clock on the wall, with ticks where days, months or years begin.
struct Times {
    range: Range<f64>,
    ticks: Vec<(f64, String)>,
}

impl Times {
    fn of(start: i64, end: i64, zone: &Zone) -> Self {
        let end = end.max(start + 1);
        let days = (end - start) / DAY;
        let mut ticks = Vec::new();
        // At noon of each day, whatever the clock does at night.
        let mut at = start - start.rem_euclid(DAY) - DAY / 2;
        let step = match days {
            0..=2 => 3600,
            _ => DAY,
        };
        while at < end + DAY {
            if let Some(tick) = tick(at, days, step, zone)
                && (start..end).contains(&tick.0)
                && ticks
                    .last()
                    .is_none_or(|(last, _): &(f64, String)| *last < tick.0 as f64)
            {
                ticks.push((tick.0 as f64, tick.1));
            }
            at += step;
        }
        // As many as there is room for.
        let every = ticks.len().div_ceil(TICKS_MAX).max(1);
        let ticks = ticks.into_iter().step_by(every).collect();
        Self {
            range: start as f64..end as f64,
            ticks,
        }
    }
}

/// The tick of the hour, day, month or year that a second is in.
fn tick(second: i64, days: i64, step: i64, zone: &Zone) -> Option<(i64, String)> {
    let clock = zone.clock(second)?;
    let text = clock.to_string();
    if step < DAY {
        let start = second - i64::from(clock.minute) * 60 - i64::from(clock.second);
        let name = text.get(11..16)?.to_owned();
        return (clock.hour % 3 == 0).then_some((start, name));
    }
    let within = i64::from(clock.hour) * 3600 + i64::from(clock.minute) * 60;
    let midnight = second - within - i64::from(clock.second);
    match days {
        ..60 => Some((midnight, text.get(5..10)?.to_owned())),
        60..1500 => (clock.day == 1).then_some((midnight, text.get(..7)?.to_owned())),
        1500.. => {
            (clock.day == 1 && clock.month == 1).then_some((midnight, text.get(..4)?.to_owned()))
        }
    }
}

impl Ranged for Times {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let share = (value - self.range.start) / (self.range.end - self.range.start);
        limit.0 + (share * f64::from(limit.1 - limit.0)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _hint: Hint) -> Vec<f64> {
        self.ticks.iter().map(|(at, _)| *at).collect()
    }

    fn range(&self) -> Range<f64> {
        self.range.clone()
    }
}

impl ValueFormatter<f64> for Times {
    fn format_ext(&self, value: &f64) -> String {
        let found = self.ticks.iter().find(|(at, _)| at == value);
        found.map_or(String::new(), |(_, name)| name.clone())
    }
}

/// Width and height.
const SIZE: (u32, u32) = (960, 240);
/// Stand for variables of CSS.
const UP: RGBColor = RGBColor(1, 2, 3);
const DOWN: RGBColor = RGBColor(1, 2, 4);
const GRID: RGBColor = RGBColor(1, 2, 5);
const INK: RGBColor = RGBColor(1, 2, 6);
/// The phases, likewise.
const PHASES: [RGBColor; 3] = [RGBColor(1, 2, 7), RGBColor(1, 2, 8), RGBColor(1, 2, 9)];
/// Periods in which strips side by side can still be told apart.
const STRIPS_MAX: usize = 100;
/// Shades of the heat map have these two bytes before their own.
const SHADE: (u8, u8) = (1, 3);
const SHADES: u8 = 33;
/// Ticks that there is room for.
const TICKS_MAX: usize = 14;
/// Seconds.
const DAY: i64 = 86_400;
