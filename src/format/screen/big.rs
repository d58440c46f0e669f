//! The net power in digits that can be read across a room.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::block::Block;
use super::line::{Words, draw};
use super::look::{BOLD, FAINT, PLAIN};
use super::words;

impl Block<'_> {
    /// Draws the net power as large as the area allows, and one line about it.
    pub(super) fn draw_big(&self, area: Rect, buffer: &mut Buffer) {
        let width = usize::from(area.width);
        let mut title = self.title("", width);
        let Some(net) = self.latest.and_then(|latest| latest.net) else {
            title.say("   ");
            title.join(&self.nothing());
            return draw(&[title], area, buffer);
        };
        let (digits, unit) = words::power(net);
        let text = format!("{} {unit}", digits.trim_start_matches('-'));
        let height = usize::from(area.height.saturating_sub(2));
        let letters: Vec<[u8; 5]> = text.chars().map(pattern).collect();
        // A letter is three dots wide, with one between two.
        let wide = letters.len() * 4 - 1;
        // Cells are about twice as high as wide.
        let scale = (width.saturating_sub(2) / wide / 2).min(height / 5).max(1);
        let across = if width >= wide * scale * 2 { 2 } else { 1 };
        let style = if self.is_late() { FAINT } else { PLAIN };
        if height < 5 || width < wide {
            let mut line = Line::of(BOLD, &format!(" {digits} {unit} "));
            line.say(direction(net.digits));
            return draw(&[title, line], area, buffer);
        }
        draw(&[title], area, buffer);
        let left = area.x + ((width - wide * scale * across) / 2) as u16;
        let top = area.y + 1 + ((height - 5 * scale) / 2) as u16;
        for (place, letter) in letters.iter().enumerate() {
            for (row, bits) in letter.iter().enumerate() {
                for column in (0..3).filter(|column| bits >> (2 - column) & 1 == 1) {
                    let x = left + ((place * 4 + column) * scale * across) as u16;
                    let y = top + (row * scale) as u16;
                    let dot = Rect::new(x, y, (scale * across) as u16, scale as u16);
                    for at in dot.intersection(area).positions() {
                        if let Some(cell) = buffer.cell_mut(at) {
                            cell.set_char('█').set_style(style);
                        }
                    }
                }
            }
        }
        let mut below = Line::of(PLAIN, direction(net.digits));
        let today = self.meter.and_then(|meter| meter.sums.today);
        if let Some([Some(import), _]) = today.map(|today| today.energy) {
            below.put(FAINT, &format!("   today {import:+} kWh"));
        }
        let at = width.saturating_sub(below.width()) / 2;
        let mut centred = Line::default();
        centred.to(at);
        centred.join(&below);
        let bottom = Rect {
            y: area.bottom() - 1,
            height: 1,
            ..area
        };
        draw(&[centred], bottom, buffer);
    }
}

fn direction(net: i64) -> &'static str {
    match net {
        ..0 => "to the grid",
        0.. => "from the grid",
    }
}

/// Rows of three dots from above.
fn pattern(letter: char) -> [u8; 5] {
    match letter {
        '0' => [7, 5, 5, 5, 7],
        '1' => [2, 6, 2, 2, 7],
        '2' => [7, 1, 7, 4, 7],
        '3' => [7, 1, 7, 1, 7],
        '4' => [5, 5, 7, 1, 1],
        '5' => [7, 4, 7, 1, 7],
        '6' => [7, 4, 7, 5, 7],
        '7' => [7, 1, 1, 1, 1],
        '8' => [7, 5, 7, 5, 7],
        '9' => [7, 5, 7, 1, 7],
        '.' => [0, 0, 0, 0, 2],
        'k' => [4, 5, 6, 5, 5],
        'W' => [5, 5, 5, 7, 5],
        _ => [0; 5],
    }
}
