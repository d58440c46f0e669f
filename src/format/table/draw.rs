//! Drawing: columns of fixed widths, made by comfy-table.

use std::io::Write as _;

use anstyle::{AnsiColor, Style};
use comfy_table::presets::NOTHING;
use comfy_table::{
    Attribute, Cell, CellAlignment, ColumnConstraint, ContentArrangement, Table, Width,
};
use unicode_width::UnicodeWidthStr;

/// Columns that codes stand in from the left edge.
pub(super) const INDENT: usize = 2;
/// Titles.
pub(super) const BOLD: Style = Style::new().bold();
/// What matters less.
pub(super) const DIM: Style = Style::new().dimmed();
/// Verdicts that are good.
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
/// What is to be looked at.
pub(super) const WARN: Style = AnsiColor::Yellow.on_default().bold();
/// What must not be missed.
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();

/// A column: blanks before it, width of its content, and where the content stands.
pub(super) struct Column {
    gap: usize,
    width: usize,
    alignment: CellAlignment,
}

/// Width of a column of numbers before and behind the point, the point included behind.
#[derive(Clone, Copy, Default)]
pub(super) struct Point {
    before: usize,
    behind: usize,
}

impl Column {
    pub fn new(gap: usize, width: usize, alignment: CellAlignment) -> Self {
        Self {
            gap,
            width,
            alignment,
        }
    }
}

impl Point {
    /// The point of all the numbers.
    pub fn of<'a>(numbers: impl IntoIterator<Item = &'a str>) -> Self {
        let mut point = Self::default();
        for number in numbers {
            let at = number.find('.').unwrap_or(number.len());
            point.before = point.before.max(at);
            point.behind = point.behind.max(number.len() - at);
        }
        point
    }

    pub fn width(self) -> usize {
        self.before + self.behind
    }

    /// Blanks behind a number, so that numbers flush right have their points in one line.
    pub fn blanks_behind(self, number: &str) -> usize {
        let behind = number.find('.').map_or(0, |at| number.len() - at);
        self.behind.saturating_sub(behind)
    }
}

/// The widest line to draw.
pub(super) fn limit(width: Option<usize>) -> usize {
    width.map_or(NO_TERMINAL, |width| width.clamp(NARROWEST, NO_TERMINAL))
}

/// A code, indented and dim.
pub(super) fn code(code: &str) -> Cell {
    dim(&format!("{:INDENT$}{code}", ""))
}

/// A cell in bold.
pub(super) fn bold(text: &str) -> Cell {
    styled(text, Attribute::Bold)
}

/// A dim cell.
pub(super) fn dim(text: &str) -> Cell {
    styled(text, Attribute::Dim)
}

/// Blanks get no style, which would keep them from being trimmed.
fn styled(text: &str, attribute: Attribute) -> Cell {
    match text.trim() {
        "" => Cell::new(""),
        _ => Cell::new(text).add_attribute(attribute),
    }
}

/// The title of a section as a line.
pub(super) fn title(title: &str) -> String {
    paint(title, BOLD)
}

/// A text in a style.
pub(super) fn paint(text: &str, style: Style) -> String {
    format!("{style}{text}{style:#}")
}

/// Draws rows into columns.
pub(super) fn lines(rows: impl IntoIterator<Item = Vec<Cell>>, columns: &[Column]) -> Vec<String> {
    trimmed(&fixed(table(rows), columns))
}

/// Draws rows into columns, one line each; what does not fit is cut.
pub(super) fn cut_lines(
    rows: impl IntoIterator<Item = Vec<Cell>>,
    columns: &[Column],
) -> Vec<String> {
    let mut table = table(rows);
    for row in table.row_iter_mut() {
        row.max_height(1);
    }
    trimmed(&fixed(table, columns))
}

fn fixed(mut table: Table, columns: &[Column]) -> Table {
    // Where there is no edge, the last column would be filled with blanks as far as a table can reach.
    let needed = table.column_max_content_widths();
    for (index, (column, spec)) in table.column_iter_mut().zip(columns).enumerate() {
        let is_last = index + 1 == columns.len() && spec.alignment == CellAlignment::Left;
        let needed = needed.get(index).filter(|_| is_last);
        let width = needed.map_or(spec.width, |needed| {
            spec.width.min(usize::from(*needed).max(1))
        });
        let width = Width::Fixed(narrow(spec.gap + width));
        column.set_padding((narrow(spec.gap), 0));
        column.set_constraint(ColumnConstraint::Absolute(width));
        column.set_cell_alignment(spec.alignment);
    }
    table
}

/// Draws rows into columns as wide as they need, narrower where that is too wide; a column with a width keeps it.
pub(super) fn arranged(
    rows: impl IntoIterator<Item = Vec<Cell>>,
    columns: &[(usize, Option<usize>, CellAlignment)],
    limit: usize,
) -> Vec<String> {
    let mut table = table(rows);
    table
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(narrow(limit));
    for (column, (gap, width, alignment)) in table.column_iter_mut().zip(columns) {
        column.set_padding((narrow(*gap), 0));
        column.set_cell_alignment(*alignment);
        if let Some(width) = width {
            let width = Width::Fixed(narrow(gap + width));
            column.set_constraint(ColumnConstraint::Absolute(width));
        }
    }
    trimmed(&table)
}

/// Wraps a text behind a label.
pub(super) fn paragraph(label: &str, text: &str, limit: usize) -> Vec<String> {
    let label_width = widest([label]);
    let gap = usize::from(label_width > 0);
    let width = limit.saturating_sub(label_width + gap).max(1);
    if label_width == 0 {
        let columns = [Column::new(0, width, CellAlignment::Left)];
        return lines([vec![Cell::new(text)]], &columns);
    }
    let columns = [
        Column::new(0, label_width, CellAlignment::Left),
        Column::new(gap, width, CellAlignment::Left),
    ];
    lines([vec![Cell::new(label), Cell::new(text)]], &columns)
}

/// Joins parts to lines, as many on each as fit.
pub(super) fn flow<'a>(
    parts: impl IntoIterator<Item = (&'a str, Style)>,
    limit: usize,
) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut used = 0;
    for (text, style) in parts {
        let width = widest([text]);
        let painted = paint(text, style);
        match lines.last_mut() {
            Some(line) if used + PART_GAP.len() + width <= limit => {
                line.push_str(PART_GAP);
                line.push_str(&painted);
                used += PART_GAP.len() + width;
            }
            _ => {
                lines.push(painted);
                used = width;
            }
        }
    }
    lines
}

/// Width of the widest text.
pub(super) fn widest<'a>(texts: impl IntoIterator<Item = &'a str>) -> usize {
    let widths = texts.into_iter().map(UnicodeWidthStr::width);
    widths.max().unwrap_or(0)
}

/// Width of a line without its styles.
pub(super) fn width(line: &str) -> usize {
    widest([anstream::adapter::strip_str(line).to_string().as_str()])
}

/// Appends a text in a style.
pub(super) fn write_painted(out: &mut Vec<u8>, text: &str, style: Style, plain: bool) {
    let style = if plain { Style::new() } else { style };
    // Writing into memory cannot fail.
    drop(style.write_to(out));
    out.extend_from_slice(text.as_bytes());
    drop(style.write_reset_to(out));
}

/// Writes lines, none of them wider than `limit`; without styles if they are to be plain.
pub(super) fn write(out: &mut Vec<u8>, lines: Vec<String>, limit: usize, plain: bool) {
    for line in lines {
        // No character is wider than it is long.
        let line = if line.len() > limit && width(&line) > limit {
            cut(&line, limit)
        } else {
            line
        };
        match line.trim_end() {
            line if plain => drop(write!(out, "{}", anstream::adapter::strip_str(line))),
            line => out.extend_from_slice(line.as_bytes()),
        }
        out.push(b'\n');
    }
}

/// Cuts a line, which loses its styles.
fn cut(line: &str, limit: usize) -> String {
    let plain = anstream::adapter::strip_str(line).to_string();
    let mut kept: String = plain.chars().take(limit.saturating_sub(1)).collect();
    while widest([kept.as_str()]) + 1 > limit {
        kept.pop();
    }
    kept.push('…');
    kept
}

fn table(rows: impl IntoIterator<Item = Vec<Cell>>) -> Table {
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .force_no_tty()
        .enforce_styling()
        .add_rows(rows);
    table.style_text_only();
    table
}

fn trimmed(table: &Table) -> Vec<String> {
    let lines = table.lines();
    lines.map(|line| line.trim_end().to_owned()).collect()
}

fn narrow(width: usize) -> u16 {
    u16::try_from(width).unwrap_or(u16::MAX)
}

/// Below this a table is no table; a narrower terminal is taken for one so wide.
const NARROWEST: usize = 60;
/// Width where there is no terminal.
const NO_TERMINAL: usize = u16::MAX as usize;
/// Between two parts of a line.
pub(super) const PART_GAP: &str = "   ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_column_has_no_more_blanks_than_it_needs() {
        let columns = [
            Column::new(0, 8, CellAlignment::Left),
            Column::new(2, NO_TERMINAL, CellAlignment::Left),
        ];
        let rows = ["1", "a text"].map(|text| vec![Cell::new("code"), Cell::new(text)]);
        let drawn: Vec<_> = fixed(table(rows), &columns).lines().collect();
        assert_eq!(drawn, ["code      1     ", "code      a text"]);
    }
}
