//! A text of the manual for a terminal.

use anstyle::{AnsiColor, Style};
use comfy_table::presets::NOTHING;
use comfy_table::{ColumnConstraint, ContentArrangement, Table as Grid, Width};
use textwrap::Options;

use super::manual::{Block, Kind, Run, Table, blocks};

const HEADING: Style = AnsiColor::Green.on_default().bold();
const TYPED: Style = AnsiColor::Cyan.on_default();
const STRONG: Style = Style::new().bold();

/// The text in lines of at most so many columns; code is indented and keeps its lines.
pub fn to_terminal(markdown: &str, width: usize, colours: bool) -> String {
    let style = |style: Style, text: &str| match colours {
        true => format!("{style}{text}{style:#}"),
        false => text.to_owned(),
    };
    let mut text = String::new();
    for block in blocks(markdown) {
        if !text.is_empty() {
            text.push('\n');
        }
        match block {
            Block::Heading(heading) => {
                let lines = textwrap::wrap(&heading, width);
                let lines = lines.iter().map(|line| style(HEADING, line));
                text.push_str(&lines.collect::<Vec<_>>().join("\n"));
            }
            Block::Paragraph(runs) => {
                text.push_str(&textwrap::fill(&line(&runs, colours), width));
            }
            Block::List(items) => {
                let options = Options::new(width)
                    .initial_indent("- ")
                    .subsequent_indent("  ");
                let items = items
                    .iter()
                    .map(|runs| textwrap::fill(&line(runs, colours), &options));
                text.push_str(&items.collect::<Vec<_>>().join("\n"));
            }
            Block::Code(code) => {
                let lines = code.lines().map(|line| match line.strip_prefix("$ ") {
                    Some(typed) => format!("  $ {}", style(TYPED, typed)),
                    None => format!("  {line}"),
                });
                text.push_str(&lines.collect::<Vec<_>>().join("\n"));
            }
            Block::Table(table) => text.push_str(&grid(&table, width)),
        }
        text.push('\n');
    }
    text
}

/// A line of text, not wrapped yet.
fn line(runs: &[Run], colours: bool) -> String {
    let styled = |run: &Run| match (run.kind, colours) {
        (Kind::Plain, _) | (Kind::Strong, false) => run.text.clone(),
        (Kind::Code, false) => format!("`{}`", run.text),
        // Each word for itself, so that a line may end between two.
        (Kind::Code, true) => words(&run.text, TYPED),
        (Kind::Strong, true) => words(&run.text, STRONG),
    };
    runs.iter().map(styled).collect()
}

fn words(text: &str, style: Style) -> String {
    let words = text
        .split(' ')
        .map(|word| format!("{style}{word}{style:#}"));
    words.collect::<Vec<_>>().join(" ")
}

fn grid(table: &Table, width: usize) -> String {
    let plain = |cells: &[Vec<Run>]| -> Vec<String> {
        let plain = |runs: &Vec<Run>| runs.iter().map(|run| run.text.as_str()).collect();
        cells.iter().map(plain).collect()
    };
    let mut grid = Grid::new();
    grid.load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(width).unwrap_or(u16::MAX));
    if table.head.iter().any(|cell| !cell.is_empty()) {
        grid.add_row(plain(&table.head));
    }
    for row in &table.rows {
        grid.add_row(plain(row));
    }
    // The words that are looked for stay on one line where there is room for them.
    let half = u16::try_from(width / 2).unwrap_or(u16::MAX);
    if let Some(column) = grid.column_mut(0) {
        column.set_padding((0, 1));
        column.set_constraint(ColumnConstraint::UpperBoundary(Width::Fixed(half)));
    }
    let lines = grid.lines().map(|line| line.trim_end().to_owned());
    lines.collect::<Vec<_>>().join("\n")
}
