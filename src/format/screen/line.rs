//! Lines of words: built word by word, set at columns, wrapped.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::look::{FAINT, LABEL, PLAIN};
use crate::format::clean::clean;

/// What lines are built with; texts from outside lose what could steer the terminal.
pub(super) trait Words {
    /// A line of one word.
    fn of(style: Style, text: &str) -> Self;
    /// Appends words.
    fn put(&mut self, style: Style, text: &str);
    /// Appends words in no style.
    fn say(&mut self, text: &str);
    /// Appends spaces up to a column.
    fn to(&mut self, column: usize);
    /// Appends another line.
    fn join(&mut self, other: &Self);
    /// The same words, all of them grey, none bold or in colour: what they say is old.
    fn faded(self) -> Self;
    /// The style of its first words.
    fn first_style(&self) -> Style;
}

impl Words for Line<'static> {
    fn of(style: Style, text: &str) -> Self {
        let mut line = Self::default();
        line.put(style, text);
        line
    }

    fn put(&mut self, style: Style, text: &str) {
        self.spans.push(Span::styled(clean(text), style));
    }

    fn say(&mut self, text: &str) {
        self.put(PLAIN, text);
    }

    fn to(&mut self, column: usize) {
        let width = self.width();
        if column > width {
            self.say(&" ".repeat(column - width));
        }
    }

    fn join(&mut self, other: &Self) {
        self.spans.extend(other.spans.iter().cloned());
    }

    fn faded(mut self) -> Self {
        for span in &mut self.spans {
            span.style = FAINT;
        }
        self
    }

    fn first_style(&self) -> Style {
        self.spans.first().map_or(PLAIN, |span| span.style)
    }
}

/// The text in as many lines as it needs, the first and the others with so many spaces before them.
pub(super) fn wrapped(
    style: Style,
    text: &str,
    indents: (usize, usize),
    width: usize,
) -> Vec<Line<'static>> {
    let (first, others) = (" ".repeat(indents.0), " ".repeat(indents.1));
    let options = textwrap::Options::new(width.max(1))
        .initial_indent(&first)
        .subsequent_indent(&others)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    let text = clean(text);
    let text = text.trim();
    if text.is_empty() {
        return Vec::new();
    }
    let lines = textwrap::wrap(text, options);
    lines.iter().map(|line| Line::of(style, line)).collect()
}

/// Sets cells behind a label, in as many rows as they need.
pub(super) fn flow(
    label: &str,
    cells: &[Line<'static>],
    gap: usize,
    width: usize,
) -> Vec<Line<'static>> {
    let indent = indent(width);
    let mut rows = Vec::new();
    let mut row = Line::of(LABEL, &format!(" {label}"));
    for (index, cell) in cells.iter().enumerate() {
        let at = match row.width() <= indent {
            true => indent,
            false => row.width() + gap,
        };
        if index > 0 && at + cell.width() > width {
            rows.push(std::mem::take(&mut row));
            row.to(indent);
        } else {
            row.to(at);
        }
        row.join(cell);
    }
    rows.push(row);
    rows
}

/// Draws lines from the top of an area on, as far as they fit.
pub(super) fn draw(lines: &[Line<'static>], area: Rect, buffer: &mut Buffer) {
    for (row, line) in area.rows().zip(lines) {
        buffer.set_line(row.x, row.y, line, row.width);
    }
}

/// The column that the values behind a label begin at.
pub(super) fn indent(width: usize) -> usize {
    if width < 60 { 9 } else { 11 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(lines: &[Line<'static>]) -> Vec<String> {
        lines.iter().map(Line::to_string).collect()
    }

    #[test]
    fn what_could_steer_the_terminal_is_not_passed_on() {
        let line = Line::of(PLAIN, "a\u{1b}[2J\u{9b}2J\r\n\u{202e}e");
        let bad = |letter: char| letter.is_control() || letter == '\u{202e}';
        assert!(!line.to_string().contains(bad), "{line}");
        assert_eq!(line.width(), 12);
    }

    #[test]
    fn words_that_do_not_fit_go_on_below() {
        let rows = |width| text(&wrapped(PLAIN, "put a  stronger pull-up", (1, 3), width));
        assert_eq!(rows(25), [" put a  stronger pull-up"]);
        assert_eq!(rows(22), [" put a  stronger", "   pull-up"]);
        assert!(rows(6).iter().all(|row| row.chars().count() <= 6));
        assert!(wrapped(PLAIN, " ", (1, 3), 80).is_empty());
    }

    #[test]
    fn cells_that_do_not_fit_go_on_in_the_next_row() {
        let cells = ["one", "two", "three"].map(|word| Line::of(PLAIN, word));
        let rows = |width| text(&flow("X", &cells, 2, width));
        assert_eq!(rows(24), [" X       one  two  three"]);
        assert_eq!(rows(23), [" X       one  two", "         three"]);
        assert_eq!(rows(1).len(), 3);
    }
}
