//! How blocks share the screen: all in the same detail, the richest that fits.

use jiff::Timestamp;

use super::Screen;
use super::block::{Block, Detail, Phases, QUIT};
use super::line::{BOLD, FAINT, Line, PLAIN, WARNING};
use super::told::items;
use crate::p1::count::count;

/// Draws all meters.
pub(super) fn draw(screen: &Screen, now: Timestamp, width: usize, height: usize) -> Vec<String> {
    let blocks = blocks(screen, now);
    let items = items(screen, width);
    let heads: usize = items.iter().map(|item| item.head.len()).sum();
    let rests: usize = items.iter().map(|item| item.rest.len()).sum();
    // What is wrong has a third of a small screen; what to do about it stands where the blocks leave rows free.
    let room = height - heads.min(height / 3);
    let gap = usize::from(!items.is_empty());
    let left = height.saturating_sub(heads + rests + gap);
    let mut lines = match &blocks[..] {
        [] => vec![Line::of(BOLD, " smarty")],
        [only] => alone(only, width, room, left),
        _ => together(&blocks, width, room, left),
    };
    let free = height.saturating_sub(lines.len());
    if gap == 1 && free > heads + rests {
        lines.push(Line::default());
    }
    let mut free = height.saturating_sub(lines.len() + heads);
    for item in items {
        lines.extend(item.head);
        let shown = item.rest.len().min(free);
        free -= shown;
        lines.extend(item.rest.into_iter().take(shown));
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
        // A title that never came right is a damaged one, unless there is nothing else.
        let heard = all().any(|meter| meter.good > 0);
        let most = all().rev().max_by_key(|meter| meter.refused);
        let is_shown = |meter: &&super::Meter| match heard {
            true => meter.good > 0,
            false => most.is_some_and(|most| std::ptr::eq(most, *meter)),
        };
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

/// One block has the screen for itself; its curve grows up to `left` rows of the block.
fn alone(block: &Block<'_>, width: usize, height: usize, left: usize) -> Vec<Line> {
    let alone = DETAILS.map(|detail| Detail {
        alone: true,
        ..detail
    });
    for detail in alone {
        let lines = block.draw(detail, width);
        if lines.len() > height {
            continue;
        }
        if left < TALL {
            return lines;
        }
        let curve = (left.saturating_sub(lines.len()) + 1).min(2 * CURVE_MAX);
        return block.draw(Detail { curve, ..detail }, width);
    }
    match height {
        0 | 1 => vec![block.one_line(width)],
        _ => block.two_lines(width),
    }
}

/// Several blocks, under a line of their own; their curves grow up to `left` rows in all.
fn together(blocks: &[Block<'_>], width: usize, height: usize, left: usize) -> Vec<Line> {
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
        let spare = left.saturating_sub(needed + 1);
        let curve = (1 + spare / most).min(CURVE_MAX);
        let curve = if left < TALL { 1 } else { curve };
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
