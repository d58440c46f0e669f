//! What keys do.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Block as Frame, Clear, Widget};

use super::line::{Words, wrapped};
use super::links::scrolled;
use super::look::{BOLD, FAINT, PLAIN};

/// Draws the keys over what is there.
pub(super) fn draw_help(is_recording: bool, scroll: usize, area: Rect, buffer: &mut Buffer) {
    let keys = KEYS.iter().filter(|(_, _, when)| match when {
        When::Always => true,
        When::Live => !is_recording,
        When::Recording => is_recording,
    });
    let width = area.width.min(64);
    let inner = usize::from(width.saturating_sub(4));
    let mut lines = Vec::new();
    for (key, words, _) in keys {
        let mut parts = wrapped(PLAIN, words, (0, 0), inner.saturating_sub(14)).into_iter();
        let mut line = Line::of(BOLD, &format!("{key:<14}"));
        if let Some(first) = parts.next() {
            line.join(&first);
        }
        lines.push(line);
        for part in parts {
            let mut line = Line::default();
            line.to(14);
            line.join(&part);
            lines.push(line);
        }
    }
    let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX);
    let bounds = area.centered(
        ratatui::layout::Constraint::Length(width),
        ratatui::layout::Constraint::Length(height.min(area.height)),
    );
    Clear.render(bounds, buffer);
    // On a small window the frame is the first to go.
    if bounds.height < 8 || bounds.width < 30 {
        return scrolled(&lines, scroll, bounds, buffer);
    }
    let frame = Frame::bordered().title(" keys ").border_style(FAINT);
    let inside = frame.inner(bounds);
    frame.render(bounds, buffer);
    let inside = Rect {
        x: inside.x + 1,
        width: inside.width.saturating_sub(2),
        ..inside
    };
    scrolled(&lines, scroll, inside, buffer);
}

#[derive(Clone, Copy)]
enum When {
    Always,
    Live,
    Recording,
}

const KEYS: [(&str, &str, When); 18] = [
    (
        "1",
        "now: power, energy, phases of one meter or all",
        When::Always,
    ),
    ("2", "a day by quarters of an hour", When::Always),
    ("3", "the phases, with their limits", When::Always),
    (
        "4",
        "days; - for weeks, months, years, + back",
        When::Always,
    ),
    (
        "5",
        "links, services, findings and what to do",
        When::Always,
    ),
    (
        "left, right",
        "back and on in time; Page Up and Page Down go farther",
        When::Always,
    ),
    (
        "+ -",
        "less time and more of it; up and down as well",
        When::Always,
    ),
    (
        "Home, End",
        "the earliest that is known, and the latest",
        When::Always,
    ),
    ("space", "holds the picture; again: the present", When::Live),
    ("space", "plays and pauses", When::Recording),
    ("< >", "slower and faster", When::Recording),
    (
        "n N",
        "to the next finding, and to the one before",
        When::Recording,
    ),
    (
        "Tab",
        "the next meter; Shift-Tab the one before; 0 all",
        When::Always,
    ),
    ("m 1-9", "the meter of this number", When::Always),
    ("b", "big digits", When::Always),
    ("Escape", "back to where the screen began", When::Always),
    ("?", "shows and hides this", When::Always),
    ("q", "ends", When::Always),
];
