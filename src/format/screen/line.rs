//! A line of the screen: styled words with a known width, cut to the width there is.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthChar;

use crate::format::clean::steers;

/// Words of a line, and the columns that they take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    words: Vec<(Style, String)>,
    width: usize,
}

impl Line {
    /// A line of one word.
    pub(super) fn of(style: Style, text: &str) -> Self {
        let mut line = Self::default();
        line.put(style, text);
        line
    }

    /// Columns taken.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Appends words; what could steer the terminal is shown as a question mark.
    pub(super) fn put(&mut self, style: Style, text: &str) {
        let mut clean = String::with_capacity(text.len());
        for letter in text.chars() {
            match letter.width() {
                // Marks without a width of their own could join letters to other widths.
                Some(0) => {}
                Some(width) if !steers(letter) => {
                    clean.push(letter);
                    self.width += width;
                }
                _ => {
                    clean.push('?');
                    self.width += 1;
                }
            }
        }
        match self.words.last_mut() {
            Some((last, words)) if *last == style => words.push_str(&clean),
            _ => self.words.push((style, clean)),
        }
    }

    /// Appends words in no style.
    pub(super) fn say(&mut self, text: &str) {
        self.put(PLAIN, text);
    }

    /// Appends spaces up to a column.
    pub(super) fn to(&mut self, column: usize) {
        if column > self.width {
            self.say(&" ".repeat(column - self.width));
        }
    }

    /// Appends another line.
    pub(super) fn join(&mut self, other: &Line) {
        for (style, text) in &other.words {
            self.put(*style, text);
        }
    }

    /// The same words, all of them grey, none bold or in colour: what they say is old.
    pub(super) fn faded(mut self) -> Self {
        for (style, _) in &mut self.words {
            *style = FAINT;
        }
        self
    }

    /// The style of its first words.
    pub(super) fn first_style(&self) -> &Style {
        self.words.first().map_or(&PLAIN, |(style, _)| style)
    }

    /// The same words, no wider than `width`.
    pub(super) fn cut(self, width: usize) -> Self {
        let mut left = width;
        let mut line = Self::default();
        for (style, text) in &self.words {
            let end = fitting(text, &mut left);
            line.put(*style, text.get(..end).unwrap_or_default());
            if end < text.len() {
                break;
            }
        }
        line
    }

    /// The same words in as many lines as they need, the first and the others with so many spaces before them.
    pub(super) fn wrapped(&self, indents: (usize, usize), width: usize) -> Vec<Self> {
        let start = |indent: usize| {
            let mut line = Self::default();
            line.to(indent);
            line
        };
        let mut lines = Vec::new();
        let (mut line, mut empty) = (start(indents.0), true);
        let words = self.words.iter().flat_map(|(style, text)| {
            let words = text.split_whitespace();
            words.map(|word| Self::of(*style, word))
        });
        for word in words {
            if !empty && line.width() + 1 + word.width() > width {
                lines.push(std::mem::replace(&mut line, start(indents.1)));
                empty = true;
            }
            if !empty {
                line.say(" ");
            }
            line.join(&word);
            empty = false;
        }
        lines.extend((!empty).then_some(line));
        lines
    }

    /// Gives the text with its styles, no wider than `width`.
    pub(super) fn render(&self, width: usize) -> String {
        let mut out = String::new();
        let mut left = width;
        for (style, text) in &self.words {
            let end = fitting(text, &mut left);
            let part = text.get(..end).unwrap_or_default();
            // Spaces show no style but a line or a ground, which none here has.
            match *style == PLAIN || part.trim().is_empty() {
                true => out.push_str(part),
                false => drop(write!(out, "{style}{part}{style:#}")),
            }
            if end < text.len() {
                break;
            }
        }
        out.truncate(out.trim_end_matches(' ').len());
        out
    }
}

/// Sets cells behind a label, in as many rows as they need.
pub(super) fn flow(label: &str, cells: &[Line], gap: usize, width: usize) -> Vec<Line> {
    let mut rows = Vec::new();
    let mut row = Line::of(LABEL, &format!(" {label}"));
    for (index, cell) in cells.iter().enumerate() {
        let at = match row.width() <= INDENT {
            true => INDENT,
            false => row.width() + gap,
        };
        if index > 0 && at + cell.width() > width {
            rows.push(std::mem::take(&mut row));
            row.to(INDENT);
        } else {
            row.to(at);
        }
        row.join(cell);
    }
    rows.push(row);
    rows
}

/// The end of what fits into the columns left, which it takes.
fn fitting(text: &str, left: &mut usize) -> usize {
    for (at, letter) in text.char_indices() {
        let width = letter.width().unwrap_or(1);
        if width > *left {
            return at;
        }
        *left -= width;
    }
    text.len()
}

/// The column that the values of a block begin at.
pub(super) const INDENT: usize = 11;

pub(super) const PLAIN: Style = Style::new();
pub(super) const BOLD: Style = Style::new().bold();
pub(super) const FAINT: Style = Style::new().dimmed();
/// What a row holds.
pub(super) const LABEL: Style = AnsiColor::Cyan.on_default();
/// All is well; power given to the grid.
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
/// Power taken from the grid.
pub(super) const TAKEN: Style = AnsiColor::Blue.on_default();
/// Something to look at.
pub(super) const WARNING: Style = AnsiColor::Yellow.on_default().bold();
/// Something does not work.
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_at_its_width_and_wide_letters_stay_whole() {
        let mut line = Line::of(BOLD, "ab");
        line.say("漢字");
        assert_eq!(line.width(), 6);
        let cut = |width| anstream::adapter::strip_str(&line.render(width)).to_string();
        assert_eq!(cut(6), "ab漢字");
        assert_eq!(cut(5), "ab漢");
        assert_eq!(cut(3), "ab");
        assert_eq!(cut(0), "");
    }

    #[test]
    fn what_could_steer_the_terminal_is_not_passed_on() {
        let line = Line::of(PLAIN, "a\u{1b}[2J\u{9b}2J\r\n\u{200d}e\u{301}");
        assert_eq!(line.render(80), "a?[2J?2J??e");
        assert_eq!(line.width(), 11);
    }

    #[test]
    fn words_that_do_not_fit_go_on_below() {
        let rows = |width| -> Vec<String> {
            let rows = Line::of(PLAIN, "put a  stronger pull-up").wrapped((1, 3), width);
            rows.iter().map(|row| row.render(width)).collect()
        };
        assert_eq!(rows(24), [" put a stronger pull-up"]);
        assert_eq!(rows(23), [" put a stronger pull-up"]);
        assert_eq!(rows(22), [" put a stronger", "   pull-up"]);
        assert_eq!(rows(6), [" put a", "   str", "   pul"]);
        assert!(Line::of(PLAIN, " ").wrapped((1, 3), 80).is_empty());
    }

    #[test]
    fn cells_that_do_not_fit_go_on_in_the_next_row() {
        let cells = ["one", "two", "three"].map(|word| Line::of(PLAIN, word));
        let rows = |width| -> Vec<String> {
            let rows = flow("X", &cells, 2, width);
            let text = |row: &Line| anstream::adapter::strip_str(&row.render(80)).to_string();
            rows.iter().map(text).collect()
        };
        assert_eq!(rows(26), [" X         one  two  three"]);
        assert_eq!(rows(25), [" X         one  two", "           three"]);
        assert_eq!(rows(1).len(), 3);
    }
}
