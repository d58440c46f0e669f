//! A text of the manual for `man`.

use clap_mangen::roff::{Inline, Roff, bold, roman};

use super::manual::{Block, Kind, Run, blocks};

/// Adds the text to a page: its first heading is that of the page and left out, code keeps its lines.
pub fn to_roff(page: &mut Roff, markdown: &str) {
    for (index, block) in blocks(markdown).into_iter().enumerate() {
        match block {
            Block::Heading(_) if index == 0 => {}
            Block::Heading(heading) => {
                page.control("SH", [heading.to_uppercase().as_str()]);
            }
            Block::Paragraph(runs) => {
                page.control("PP", []);
                page.text(inlines(&runs));
            }
            Block::List(items) => {
                for runs in items {
                    page.control("IP", ["\\(bu", "2"]);
                    page.text(inlines(&runs));
                }
            }
            Block::Code(code) => code_lines(page, &code),
            Block::Table(table) => {
                for mut row in table.rows {
                    page.control("TP", []);
                    let rest = row.split_off(row.len().min(1));
                    page.text(row.first().map(|runs| inlines(runs)).unwrap_or_default());
                    let cells: Vec<_> = rest.iter().filter(|cell| !cell.is_empty()).collect();
                    for (index, cell) in cells.iter().enumerate() {
                        if index > 0 {
                            page.control("br", []);
                        }
                        page.text(inlines(cell));
                    }
                }
            }
        }
    }
}

/// Lines that are not to be filled.
pub fn code_lines(page: &mut Roff, code: &str) {
    page.control("PP", []);
    page.control("RS", ["4"]);
    page.control("nf", []);
    for line in code.lines() {
        page.text([roman(line)]);
    }
    page.control("fi", []);
    page.control("RE", []);
}

fn inlines(runs: &[Run]) -> Vec<Inline> {
    let inline = |run: &Run| match run.kind {
        Kind::Plain => roman(run.text.as_str()),
        Kind::Code | Kind::Strong => bold(run.text.as_str()),
    };
    runs.iter().map(inline).collect()
}
