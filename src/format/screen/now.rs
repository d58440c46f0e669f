//! The view of the present: one meter has the window; what is left of it is the graph's.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;

use super::block::{Block, bars, range};
use super::control::clock;
use super::graph::{Graph, spark, times};
use super::history::Span;
use super::line::{Words, draw, indent};
use super::words;

/// Lines, and how soon they give way.
struct Part {
    lines: Vec<Line<'static>>,
    /// What is least wanted goes first.
    rank: u8,
}

impl Block<'_> {
    /// Draws the meter, with words of the services and of what is wrong below.
    pub(super) fn draw_now(
        &self,
        window: i64,
        services: Vec<Line<'static>>,
        told: Vec<Line<'static>>,
        hints: Vec<Line<'static>>,
        area: Rect,
        buffer: &mut Buffer,
    ) {
        let width = usize::from(area.width);
        let height = usize::from(area.height);
        let mut parts = vec![Part {
            lines: vec![self.title("", width)],
            rank: 0,
        }];
        let mut part = |lines: Vec<Line<'static>>, rank: u8| parts.push(Part { lines, rank });
        let has_graph = self
            .meter
            .is_some_and(|meter| meter.powers.extent().is_some());
        let least = match height {
            ..6 => 1,
            6..12 => 3,
            12..20 => 5,
            _ => 7,
        };
        let least = if has_graph { least } else { 0 };
        match self.latest {
            None => {
                let mut nothing = Line::default();
                nothing.to(indent(width));
                nothing.join(&self.nothing());
                part(vec![nothing], 0);
            }
            Some(_) if width < 40 || height < 6 => {
                let mut short = self.power(width);
                // The last of them is what matters.
                short.drain(..short.len().saturating_sub(1));
                part(vec![self.one_line(width)], 0);
            }
            Some(_) => part(self.power(width), 1),
        }
        let graph = parts.len();
        let mut part = |lines: Vec<Line<'static>>, rank: u8| {
            if !lines.is_empty() {
                parts.push(Part { lines, rank });
            }
        };
        let mut energy = self.energy(width);
        let more = energy.split_off(energy.len().min(1));
        part(self.quarter(width), 5);
        part(energy, 3);
        part(more, 6);
        let phases = self.phases(width);
        let few = height < 18;
        match few || phases.iter().any(|line| line.width() > width) {
            true => part(self.phase_row(width), 7),
            false => part(phases, 7),
        }
        part(self.devices(width), 8);
        part(services, 9);
        part(self.link_line(width), 4);
        part(told, 2);
        part(hints, 10);
        // The title goes where another line has all that it says.
        if self.latest.is_some() && (width < 40 || height < 6) {
            parts[0].lines.clear();
        }
        let needed = |parts: &[Part]| parts.iter().map(|part| part.lines.len()).sum::<usize>();
        while needed(&parts) + least > height {
            let Some(part) = parts
                .iter_mut()
                .filter(|part| part.rank > 0 && !part.lines.is_empty())
                .max_by_key(|part| part.rank)
            else {
                break;
            };
            part.lines.pop();
        }
        let below: Vec<Line<'static>> = parts
            .split_off(graph)
            .into_iter()
            .flat_map(|part| part.lines)
            .collect();
        let above: Vec<Line<'static>> = parts.into_iter().flat_map(|part| part.lines).collect();
        let rows = |lines: &[Line<'static>]| u16::try_from(lines.len()).unwrap_or(u16::MAX);
        let free = match has_graph {
            true => Constraint::Min(0),
            false => Constraint::Length(0),
        };
        let [top, middle, bottom] = Layout::vertical([
            Constraint::Length(rows(&above)),
            free,
            Constraint::Length(rows(&below)),
        ])
        .areas(area);
        draw(&above, top, buffer);
        if has_graph {
            self.draw_graph(window, middle, buffer);
        }
        let bottom = match has_graph {
            true => bottom,
            false => Rect {
                y: middle.y.min(area.bottom()),
                height: area.bottom().saturating_sub(middle.y),
                ..area
            },
        };
        draw(&below, bottom, buffer);
    }

    /// Draws the powers of a window that ends with the time that is looked at.
    pub(super) fn draw_graph(&self, window: i64, area: Rect, buffer: &mut Buffer) {
        if area.height < 3 {
            let width = usize::from(area.width.saturating_sub(1));
            let span = Span::new(self.now.as_second(), width, window);
            let mut line = Line::default();
            line.say(" ");
            line.join(&spark(&bars(&self.curve(span).columns)));
            let line = if self.is_late() { line.faded() } else { line };
            return draw(&[line], area, buffer);
        }
        let span = Span::new(self.end(window), Graph::room(area), window);
        let curve = self.curve(span);
        let seconds: Vec<i64> = span.seconds().collect();
        Graph {
            title: self.directions().to_owned(),
            when: window_words(window, self),
            beside: range(&curve),
            columns: bars(&curve.columns),
            units: ["kW", "W"],
            marks: times(&seconds, self.zone.rules()),
            is_old: self.is_late(),
            cursor: self.cursor(&seconds),
        }
        .draw(area, buffer);
    }

    /// The last second of a window: of a recording, as much of what follows is shown as of what was before.
    pub(super) fn end(&self, window: i64) -> i64 {
        let now = self.now.as_second();
        match self.extent {
            Some((first, last)) => (now + window / 2)
                .max(first + window - 1)
                .min(last.max(now)),
            None => now,
        }
    }

    /// The column of the time that is looked at, where others follow.
    pub(super) fn cursor(&self, seconds: &[i64]) -> Option<usize> {
        let now = self.now.as_second();
        self.extent.filter(|(_, last)| now < *last)?;
        seconds
            .partition_point(|second| *second <= now)
            .checked_sub(1)
    }
}

/// What stretch of time is drawn.
pub(super) fn window_words(window: i64, block: &Block<'_>) -> String {
    let span = words::window(window);
    match block.is_live && block.extent.is_none() {
        true => format!("last {span}"),
        false => {
            let end = block.end(window);
            format!(
                "{span} until {}",
                clock(end, block.now.as_second(), block.zone.rules())
            )
        }
    }
}
