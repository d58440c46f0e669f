//! Several meters beside and below each other, each with as much as its share of the window holds.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;

use super::block::{Block, bars};
use super::graph::spark;
use super::history::Span;
use super::line::{Words, draw};
use super::look::{FAINT, PLAIN};

/// Draws all of them, in order from left to right and down.
pub(super) fn draw_all(blocks: &[Block<'_>], window: i64, area: Rect, buffer: &mut Buffer) {
    let (columns, rows, height) = grid(blocks.len(), area);
    let shown = columns * rows;
    let cut = blocks.len() > shown && rows > 0;
    let shown = if cut { shown - columns } else { shown };
    let shares = vec![Constraint::Length(height); rows];
    let areas = match height {
        1..=2 => Layout::vertical(shares).split(area),
        _ => Layout::vertical(vec![Constraint::Fill(1); rows]).split(area),
    };
    for (place, block) in blocks.iter().take(shown).enumerate() {
        let Some(row) = areas.get(place / columns) else {
            continue;
        };
        let shares = vec![Constraint::Fill(1); columns];
        let tiles = Layout::horizontal(shares).spacing(1).split(*row);
        if let Some(tile) = tiles.get(place % columns) {
            block.draw_tile(&format!("{}", place + 1), window, *tile, buffer);
        }
    }
    if cut && let Some(row) = areas.last() {
        let left = blocks.len() - shown;
        let words = format!(" and {left} more; Tab shows each, or a larger window");
        draw(&[Line::of(FAINT, &words)], *row, buffer);
    }
}

/// Columns, rows and the height of each: graphs where there is room, else two lines, else one.
fn grid(count: usize, area: Rect) -> (usize, usize, u16) {
    let (width, height) = (usize::from(area.width), usize::from(area.height));
    let count = count.max(1);
    let most = |least: usize| (width / least).clamp(1, count);
    for (least, rows) in [(60, 12), (48, 8), (40, 6), (40, 2)] {
        // As few columns as give each its rows.
        for columns in 1..=most(least) {
            let high = height / count.div_ceil(columns);
            if high >= rows {
                let high = if rows == 2 && high < 5 { 2 } else { high };
                return (columns, count.div_ceil(columns), high as u16);
            }
        }
    }
    let columns = most(40);
    (columns, count.div_ceil(columns).min(height), 1)
}

impl Block<'_> {
    /// Draws the meter in its share of the window.
    fn draw_tile(&self, number: &str, window: i64, area: Rect, buffer: &mut Buffer) {
        let width = usize::from(area.width);
        match area.height {
            0 => {}
            1 => draw(&[self.one_line(width)], area, buffer),
            2..=4 => {
                let first = self.one_line(width);
                draw(&[first, self.second_line(window, width)], area, buffer);
            }
            _ => {
                let mut above = vec![self.title(number, width)];
                match self.latest {
                    None => {
                        let mut nothing = Line::default();
                        nothing.say("   ");
                        nothing.join(&self.nothing());
                        above.push(nothing);
                    }
                    Some(_) => above.extend(self.power(width).into_iter().take(1)),
                }
                let mut below = Vec::new();
                if area.height >= 10 {
                    below.extend(self.energy(width).into_iter().take(1));
                }
                if area.height >= 14 {
                    below.extend(self.phase_row(width));
                }
                below.extend(self.link_line(width).into_iter().take(2));
                let [top, middle, bottom] = Layout::vertical([
                    Constraint::Length(above.len() as u16),
                    Constraint::Min(0),
                    Constraint::Length(below.len() as u16),
                ])
                .areas(area);
                draw(&above, top, buffer);
                if self.latest.is_some() {
                    self.draw_graph(window, middle, buffer);
                }
                draw(&below, bottom, buffer);
            }
        }
    }

    /// The curve of power, energy of today and the counts, below the line of the powers.
    fn second_line(&self, window: i64, width: usize) -> Line<'static> {
        let room = if width < 76 { 12 } else { 20 };
        let span = Span::new(self.end(window), room - 2, window);
        let mut line = Line::of(PLAIN, " ");
        if self.latest.is_some() {
            line.join(&spark(&bars(&self.curve(span).columns)));
        }
        line.to(room);
        let today = self.meter.and_then(|meter| meter.sums.today);
        if let Some([import, export]) = today.map(|today| today.energy) {
            let mut words = String::from("today ");
            for value in [import, export].into_iter().flatten() {
                words.push_str(&format!(" {value:+}"));
            }
            words.push_str(" kWh");
            if line.width() + words.len() + 12 <= width {
                line.say(&words);
            }
        }
        let line = if self.is_late() { line.faded() } else { line };
        let mut right = Line::default();
        match self.ill() {
            Some((style, ill)) => right.put(style, &ill),
            None => {
                for (index, cell) in self.counts().iter().enumerate() {
                    // What never happened needs no place.
                    if index == 0 || cell.first_style() != PLAIN {
                        right.say(if index > 0 { "  " } else { "" });
                        right.join(cell);
                    }
                }
            }
        }
        let mut line = line;
        line.to(width
            .saturating_sub(right.width() + 1)
            .max(line.width() + 1));
        line.join(&right);
        line
    }
}
