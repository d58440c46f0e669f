//! The view of links, services and all that was found out.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::block::Block;
use super::control::clock;
use super::line::{Words, draw, flow, indent, wrapped};
use super::look::{BOLD, FAINT, LABEL, PLAIN, WARNING};
use super::told::items;
use super::words;
use super::{Screen, Service};

/// Draws from a line on; gives the first line that is shown.
pub(super) fn draw_links(
    screen: &Screen,
    blocks: &[Block<'_>],
    scroll: usize,
    area: Rect,
    buffer: &mut Buffer,
) {
    let width = usize::from(area.width);
    let mut lines = Vec::new();
    for block in blocks {
        lines.push(block.title("", width));
        lines.extend(details(block, width));
        lines.extend(block.link_line(width));
    }
    lines.extend(service_lines(&screen.services, width));
    let items = items(screen, true, width);
    if items.is_empty() {
        lines.push(Line::default());
        lines.push(Line::of(FAINT, " nothing is wrong that could be found out"));
    }
    for item in items {
        lines.push(Line::default());
        lines.extend(item.head);
        lines.extend(item.rest);
    }
    if let Some(playback) = &screen.playback
        && !playback.marks().is_empty()
    {
        let now = screen.ui.at.unwrap_or(i64::MAX);
        lines.push(Line::default());
        lines.push(Line::of(LABEL, " RECORDING  n and N jump to these"));
        for mark in playback.marks() {
            let style = if mark.second == now { BOLD } else { PLAIN };
            let link = screen
                .links
                .get(mark.link)
                .filter(|_| screen.links.len() > 1);
            let link = link.map(|link| link.label.as_ref().unwrap_or(&link.name));
            let link = link.map_or_else(String::new, |link| format!("{link}: "));
            let at = clock(mark.second, 0, screen.zone.rules());
            let text = format!("{at}  {link}{}", mark.what);
            lines.extend(wrapped(style, &text, (3, 5), width));
        }
        if playback.unmarked > 0 {
            let more = format!("and {} more, which are not kept", playback.unmarked);
            lines.extend(wrapped(FAINT, &more, (3, 5), width));
        }
    }
    scrolled(&lines, scroll, area, buffer);
}

/// Draws lines from one on, but never beyond the last.
pub(super) fn scrolled(lines: &[Line<'static>], from: usize, area: Rect, buffer: &mut Buffer) {
    let height = usize::from(area.height);
    let from = from.min(lines.len().saturating_sub(height));
    draw(lines.get(from..).unwrap_or_default(), area, buffer);
    let left = lines.len().saturating_sub(from + height);
    if left > 0 && area.height > 1 {
        let more = Line::of(FAINT, &format!(" {left} more lines below "));
        let width = (more.width() as u16).min(area.width);
        let at = Rect {
            x: area.right() - width,
            y: area.bottom() - 1,
            width,
            height: 1,
        };
        draw(&[more], at, buffer);
    }
}

/// A line for each service.
pub(super) fn service_lines(services: &[Service], width: usize) -> Vec<Line<'static>> {
    let line = |service: &Service| {
        let mut line = Line::of(LABEL, &format!(" {}", service.name));
        line.to(indent(width));
        let style = if service.is_trouble { WARNING } else { PLAIN };
        line.put(style, &service.state);
        line
    };
    services.iter().map(line).collect()
}

fn details(block: &Block<'_>, width: usize) -> Vec<Line<'static>> {
    let mut cells = Vec::new();
    if !block.link.settings.is_empty() {
        cells.push(Line::of(PLAIN, &block.link.settings));
    }
    let state = match block.extent.is_some() {
        true => block.link.kind.clone(),
        false => format!(
            "{} {}",
            block.link.state,
            words::ago(block.now, block.link.changed)
        ),
    };
    cells.push(Line::of(PLAIN, &state));
    if let Some(meter) = block.meter.filter(|meter| meter.good > 1) {
        let tenths = (meter.period() + 50) / 100;
        let every = format!("a telegram each {}.{} s", tenths / 10, tenths % 10);
        cells.push(Line::of(PLAIN, &every));
        if meter.tape.stride() > 1 {
            let kept = format!("values of one telegram in {} kept", meter.tape.stride());
            cells.push(Line::of(FAINT, &kept));
        }
    }
    flow("", &cells, 3, width)
}
