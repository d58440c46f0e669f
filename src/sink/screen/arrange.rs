//! How blocks share the screen: all in the same detail, the richest that fits.

use jiff::Timestamp;

use super::Screen;
use super::block::{Block, Detail, Phases, QUIT};
use super::line::{BOLD, FAINT, Line, PLAIN, WARNING};
use crate::p1::count::count;

/// Draws all meters.
pub(super) fn draw(screen: &Screen, now: Timestamp, width: usize, height: usize) -> Vec<String> {
    let blocks = blocks(screen, now);
    let mut lines = match &blocks[..] {
        [] => vec![Line::of(BOLD, " smarty")],
        [only] => alone(only, width, height.saturating_sub(screen.findings.len())),
        _ => {
            let room = height.saturating_sub(screen.findings.len());
            together(&blocks, width, room)
        }
    };
    let room = height.saturating_sub(lines.len());
    let hidden = screen.findings.len().saturating_sub(room);
    let gap = room > screen.findings.len() && blocks.len() < 2 && !screen.findings.is_empty();
    if gap {
        lines.push(Line::default());
    }
    for finding in screen.findings.iter().skip(hidden) {
        lines.push(Line::of(WARNING, &format!(" {finding}")));
    }
    lines.truncate(height);
    lines.iter().map(|line| line.render(width)).collect()
}

/// The blocks in order: links as they came, and on each its meters.
fn blocks(screen: &Screen, now: Timestamp) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    for (index, link) in screen.links.iter().enumerate() {
        let all = || {
            screen
                .meters
                .iter()
                .filter(move |meter| meter.link == index)
        };
        let alone = all().count() == 1;
        // A title that came once and never right is a damaged one.
        let is_shown = |meter: &&super::Meter| alone || meter.good > 0 || meter.refused > 1;
        let hidden = all().filter(|meter| !is_shown(meter));
        let stray = link.refused + hidden.map(|meter| meter.refused).sum::<u64>();
        let mut meters = all().filter(is_shown).map(Some).collect::<Vec<_>>();
        if meters.is_empty() {
            meters.push(None);
        }
        for (place, meter) in meters.into_iter().enumerate() {
            blocks.push(Block {
                link,
                meter,
                first: place == 0,
                stray: if place == 0 { stray } else { 0 },
                now,
            });
        }
    }
    blocks
}

/// One block has the screen for itself.
fn alone(block: &Block<'_>, width: usize, height: usize) -> Vec<Line> {
    let alone = DETAILS.map(|detail| Detail {
        alone: true,
        ..detail
    });
    for detail in alone {
        let lines = block.draw(detail, width);
        if lines.len() > height {
            continue;
        }
        if height < TALL {
            return lines;
        }
        let curve = (height - lines.len() + 1).min(2 * CURVE_MAX);
        return block.draw(Detail { curve, ..detail }, width);
    }
    match height {
        0 | 1 => vec![block.one_line(width)],
        _ => block.two_lines(width),
    }
}

/// Several blocks, under a line of their own.
fn together(blocks: &[Block<'_>], width: usize, height: usize) -> Vec<Line> {
    let columns = (width / COLUMN_MIN).clamp(1, blocks.len());
    let column = (width - (columns - 1) * GAP) / columns;
    let room = height.saturating_sub(1);
    let shares = |lines: &dyn Fn(&Block<'_>) -> Vec<Line>| -> Vec<Vec<Vec<Line>>> {
        (0..columns)
            .map(|start| {
                blocks
                    .iter()
                    .skip(start)
                    .step_by(columns)
                    .map(lines)
                    .collect()
            })
            .collect()
    };
    let tallest = |shares: &[Vec<Vec<Line>>], between: usize| {
        let of = |share: &Vec<Vec<Line>>| -> usize {
            let lines: usize = share.iter().map(Vec::len).sum();
            lines + share.len().saturating_sub(1) * between
        };
        shares.iter().map(of).max().unwrap_or(0)
    };
    for detail in DETAILS {
        let drawn = shares(&|block| block.draw(detail, column));
        let needed = tallest(&drawn, 1);
        if needed > room {
            continue;
        }
        let most = blocks.len().div_ceil(columns);
        let curve = (1 + (room - needed) / most).min(CURVE_MAX);
        let curve = if height < TALL { 1 } else { curve };
        let drawn = shares(&|block| block.draw(Detail { curve, ..detail }, column));
        return side_by_side(head(blocks, width), drawn, 1, column);
    }
    let drawn = shares(&|block| block.two_lines(column));
    for between in [1, 0] {
        if tallest(&drawn, between) <= room {
            return side_by_side(head(blocks, width), drawn, between, column);
        }
    }
    let drawn = shares(&|block| vec![block.one_line(column)]);
    let needed = tallest(&drawn, 0);
    if needed <= height {
        let head = (needed <= room).then(|| head(blocks, width)).flatten();
        return side_by_side(head, drawn, 0, column);
    }
    let shown = height.saturating_sub(1);
    let mut lines = side_by_side(None, drawn, 0, column);
    lines.truncate(shown);
    let left = blocks.len().saturating_sub(shown * columns);
    lines.push(Line::of(
        FAINT,
        &format!(" and {left} more, for which there is no room"),
    ));
    lines
}

/// The line above several blocks.
fn head(blocks: &[Block<'_>], width: usize) -> Option<Line> {
    let meters = blocks.iter().filter(|block| block.meter.is_some()).count();
    let mut line = Line::of(BOLD, " smarty");
    line.put(PLAIN, &format!("   {}", count(meters as u64, "meter")));
    let late = blocks.iter().filter(|block| block.is_late()).count();
    if late > 0 {
        line.put(WARNING, &format!("   {late} late"));
    }
    if line.width() + QUIT.len() + 3 < width {
        line.to(width - QUIT.len() - 1);
        line.put(FAINT, QUIT);
    }
    Some(line)
}

/// Sets columns of blocks beside each other.
fn side_by_side(
    head: Option<Line>,
    columns: Vec<Vec<Vec<Line>>>,
    between: usize,
    width: usize,
) -> Vec<Line> {
    let mut rows: Vec<Line> = Vec::new();
    let above = usize::from(head.is_some());
    rows.extend(head);
    for (index, column) in columns.into_iter().enumerate() {
        let mut at = above;
        for (place, block) in column.into_iter().enumerate() {
            at += if place > 0 { between } else { 0 };
            for line in block {
                while rows.len() <= at {
                    rows.push(Line::default());
                }
                if let Some(row) = rows.get_mut(at) {
                    row.to(index * (width + GAP));
                    row.join(&line.cut(width));
                }
                at += 1;
            }
        }
    }
    rows
}

/// From rich to poor.
const DETAILS: [Detail; 6] = [
    detail(true, Phases::Table, true),
    detail(false, Phases::Table, true),
    detail(true, Phases::Row, true),
    detail(false, Phases::Row, true),
    detail(false, Phases::None, true),
    detail(false, Phases::None, false),
];

const fn detail(today: bool, phases: Phases, devices: bool) -> Detail {
    Detail {
        alone: false,
        curve: 1,
        today,
        phases,
        devices,
    }
}

/// From this height on the curve grows into the room there is.
const TALL: usize = 30;
/// Most rows of a curve beside others; one alone has twice as many.
const CURVE_MAX: usize = 4;
/// Least width of a column of blocks.
const COLUMN_MIN: usize = 90;
/// Columns between two of them.
const GAP: usize = 2;
