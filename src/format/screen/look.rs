//! How things look: what a colour means, and what it becomes on the terminal that there is.
//!
//! ```text
//! drawing with meanings --settle--> 256 fixed colours | the 16 of the terminal | none;   ASCII where nothing else is shown
//! ```
//! Numbers have the colour of the terminal's own text, so that they are readable on any ground. What is coloured besides
//! has colours that differ enough from black and from white.

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier, Style};

/// What a terminal can show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Its colours.
    pub colours: Colours,
    /// Only ASCII, as where the locale is C.
    pub ascii: bool,
}

/// Colours of a terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colours {
    /// The 256 of xterm, of which 240 are the same everywhere.
    #[default]
    Fixed,
    /// The 16 that each terminal has its own of.
    Sixteen,
    /// None, nor anything bold or dim.
    None,
}

impl Look {
    /// Gives all cells what the terminal can show.
    pub(super) fn settle(self, buffer: &mut Buffer) {
        for cell in &mut buffer.content {
            self.settle_cell(cell);
        }
    }

    fn settle_cell(self, cell: &mut Cell) {
        if self.ascii && !cell.symbol().is_ascii() {
            let plain = cell.symbol().chars().next().map_or(" ", ascii);
            cell.set_symbol(plain);
        }
        match self.colours {
            Colours::Fixed => cell.fg = fixed(cell.fg),
            Colours::Sixteen => cell.fg = sixteen(cell.fg),
            Colours::None => {
                cell.fg = Color::Reset;
                cell.modifier = Modifier::empty();
            }
        }
    }
}

/// Meanings as entries of the 256, which are the same on all terminals.
fn fixed(meaning: Color) -> Color {
    match meaning {
        GIVEN => Color::Indexed(28),
        TAKEN_COLOUR => Color::Indexed(31),
        ATTENTION => Color::Indexed(130),
        BROKEN => Color::Indexed(160),
        NAMES => Color::Indexed(30),
        STALE => Color::Indexed(244),
        other => other,
    }
}

/// Meanings as those of the 16 that can be read on black and on white.
fn sixteen(meaning: Color) -> Color {
    match meaning {
        GIVEN | ATTENTION => Color::Magenta,
        BROKEN => Color::Red,
        STALE => Color::DarkGray,
        TAKEN_COLOUR | NAMES => Color::Reset,
        other => other,
    }
}

/// What stands for a letter where only ASCII is shown.
fn ascii(letter: char) -> &'static str {
    match letter {
        '▁' | '▂' | '▔' | '·' | '…' => ".",
        '▃' | '▄' | '▅' | '▀' | '░' | '▒' => ":",
        '▆' | '▇' | '█' | '▓' | '▪' | '●' => "#",
        '│' | '┤' | '├' | '┃' | '▕' | '▏' => "|",
        '─' | '━' | '╌' | '–' => "-",
        '┼' | '┴' | '┬' | '┌' | '┐' | '└' | '┘' | '╭' | '╮' | '╰' | '╯' => {
            "+"
        }
        '←' | '◀' => "<",
        '→' | '▶' => ">",
        '↑' => "^",
        '↓' => "v",
        '³' => "3",
        '°' => "o",
        _ => "?",
    }
}

const GIVEN: Color = Color::Green;
const TAKEN_COLOUR: Color = Color::Blue;
const ATTENTION: Color = Color::Yellow;
const BROKEN: Color = Color::Red;
const NAMES: Color = Color::Cyan;
const STALE: Color = Color::DarkGray;

pub(super) const PLAIN: Style = Style::new();
pub(super) const BOLD: Style = Style::new().add_modifier(Modifier::BOLD);
/// What is old, or only explains.
pub(super) const FAINT: Style = Style::new().fg(STALE);
/// What a row holds.
pub(super) const LABEL: Style = Style::new().fg(NAMES);
/// All is well; power given to the grid.
pub(super) const GOOD: Style = Style::new().fg(GIVEN);
/// Power taken from the grid.
pub(super) const TAKEN: Style = Style::new().fg(TAKEN_COLOUR);
/// Something to look at.
pub(super) const WARNING: Style = Style::new().fg(ATTENTION).add_modifier(Modifier::BOLD);
/// Something does not work.
pub(super) const BAD: Style = Style::new().fg(BROKEN).add_modifier(Modifier::BOLD);
/// What is chosen.
pub(super) const CHOSEN: Style = Style::new().add_modifier(Modifier::REVERSED);

#[cfg(test)]
mod tests {
    use super::*;

    const MEANINGS: [Color; 6] = [GIVEN, TAKEN_COLOUR, ATTENTION, BROKEN, NAMES, STALE];

    /// Red, green and blue: of the 16 those of xterm, of the 256 those of its cube and its greys.
    fn shade(colour: Color) -> Option<[u32; 3]> {
        match colour {
            Color::Reset => None,
            Color::Red => Some([205, 0, 0]),
            Color::Magenta => Some([205, 0, 205]),
            Color::DarkGray => Some([127; 3]),
            Color::Indexed(index @ 16..=231) => {
                let cube = u32::from(index) - 16;
                let level = |step: u32| if step == 0 { 0 } else { 55 + 40 * step };
                Some([level(cube / 36), level(cube / 6 % 6), level(cube % 6)])
            }
            Color::Indexed(index @ 232..) => Some([8 + 10 * (u32::from(index) - 232); 3]),
            other => panic!("{other:?} differs from terminal to terminal"),
        }
    }

    /// Contrast as of WCAG 2, in hundredths, of a colour against black and against white.
    fn contrasts([red, green, blue]: [u32; 3]) -> [f64; 2] {
        let linear = |level: u32| {
            let level = f64::from(level) / 255.0;
            match level <= 0.04045 {
                true => level / 12.92,
                false => ((level + 0.055) / 1.055).powf(2.4),
            }
        };
        let luminance = 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
        [(luminance + 0.05) / 0.05, 1.05 / (luminance + 0.05)]
    }

    #[test]
    fn all_colours_can_be_read_on_black_and_on_white() {
        for meaning in MEANINGS {
            for colour in [fixed(meaning), sixteen(meaning)] {
                let Some(shade) = shade(colour) else { continue };
                for contrast in contrasts(shade) {
                    // Large letters and graphs need 3:1 (WCAG 2.2, 1.4.3 and 1.4.11).
                    assert!(contrast >= 3.0, "{meaning:?} {colour:?}: {contrast}");
                }
            }
        }
        assert_eq!(BOLD.fg, None, "numbers have the colour of text");
    }

    #[test]
    fn ascii_is_all_that_is_left_of_a_graph_where_nothing_else_is_shown() {
        let look = Look {
            colours: Colours::None,
            ascii: true,
        };
        let mut buffer = Buffer::with_lines(["▁▃▆█ ▔▀ 5 m³ ┤┼─ 電 é"]);
        buffer.set_style(buffer.area, BAD);
        look.settle(&mut buffer);
        let text: String = buffer.content.iter().map(Cell::symbol).collect();
        assert_eq!(text, ".:## .: 5 m3 |+- ?  ?");
        assert!(buffer.content.iter().all(|cell| cell.fg == Color::Reset));
        assert!(buffer.content.iter().all(|cell| cell.modifier.is_empty()));
    }
}
