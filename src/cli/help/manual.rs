//! A text of the manual as blocks, from Markdown.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// A block of text.
pub(super) enum Block {
    Heading(String),
    Paragraph(Vec<Run>),
    /// A list; each item on its own.
    List(Vec<Vec<Run>>),
    /// What is typed, and what comes.
    Code(String),
    Table(Table),
}

/// Rows of cells; the head may be empty.
#[derive(Default)]
pub(super) struct Table {
    pub head: Vec<Vec<Run>>,
    pub rows: Vec<Vec<Vec<Run>>>,
}

/// Letters of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub text: String,
    pub kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Plain,
    Code,
    Strong,
}

/// The blocks of a text.
pub(super) fn blocks(markdown: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut runs: Vec<Run> = Vec::new();
    let mut items: Vec<Vec<Run>> = Vec::new();
    let mut table = Table::default();
    let mut cells: Vec<Vec<Run>> = Vec::new();
    let (mut code, mut strong, mut in_item) = (None::<String>, false, false);
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        match event {
            Event::Text(text) => match &mut code {
                Some(code) => code.push_str(&text),
                None => {
                    let kind = if strong { Kind::Strong } else { Kind::Plain };
                    push(&mut runs, &text, kind);
                }
            },
            Event::Code(text) => push(&mut runs, &text, Kind::Code),
            Event::SoftBreak | Event::HardBreak => push(&mut runs, " ", Kind::Plain),
            Event::Start(Tag::Strong | Tag::Emphasis) => strong = true,
            Event::End(TagEnd::Strong | TagEnd::Emphasis) => strong = false,
            Event::Start(Tag::CodeBlock(_)) => code = Some(String::new()),
            Event::End(TagEnd::CodeBlock) => blocks.extend(code.take().map(Block::Code)),
            Event::End(TagEnd::Heading(_)) => {
                let text = std::mem::take(&mut runs).into_iter().map(|run| run.text);
                blocks.push(Block::Heading(text.collect()));
            }
            Event::End(TagEnd::Paragraph) if !in_item => {
                blocks.push(Block::Paragraph(std::mem::take(&mut runs)));
            }
            Event::Start(Tag::Item) => in_item = true,
            Event::End(TagEnd::Item) => {
                in_item = false;
                items.push(std::mem::take(&mut runs));
            }
            Event::End(TagEnd::List(_)) => blocks.push(Block::List(std::mem::take(&mut items))),
            Event::End(TagEnd::TableCell) => cells.push(std::mem::take(&mut runs)),
            Event::End(TagEnd::TableHead) => table.head = std::mem::take(&mut cells),
            Event::End(TagEnd::TableRow) => table.rows.push(std::mem::take(&mut cells)),
            Event::End(TagEnd::Table) => blocks.push(Block::Table(std::mem::take(&mut table))),
            Event::End(TagEnd::Link) => {}
            _ => {}
        }
    }
    blocks
}

fn push(runs: &mut Vec<Run>, text: &str, kind: Kind) {
    match runs.last_mut() {
        Some(last) if last.kind == kind && kind != Kind::Code => last.text.push_str(text),
        _ => runs.push(Run {
            text: text.to_owned(),
            kind,
        }),
    }
}
