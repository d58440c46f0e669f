//! The window as a whole: the view, below it the time of a recording and the keys.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;

use super::Screen;
use super::block::{Block, bar};
use super::control::{Ui, View, WINDOWS, clock};
use super::graph::Graph;
use super::help::draw_help;
use super::line::{Words, draw as draw_lines};
use super::links::{draw_links, service_lines};
use super::look::{BOLD, CHOSEN, FAINT, LABEL, PLAIN, WARNING};
use super::several::draw_all;
use super::told::items;
use crate::p1::count::count;

/// Draws all of it.
pub(super) fn draw(screen: &mut Screen, now: Timestamp, area: Rect, buffer: &mut Buffer) {
    let width = usize::from(area.width);
    let bars = area.height >= 8 && width >= 30;
    let keys = u16::from(bars);
    let played = u16::from(screen.playback.is_some() && area.height >= 4);
    let [main, time, bottom] = Layout::vertical([
        Constraint::Min(0),
        Constraint::Length(played),
        Constraint::Length(keys),
    ])
    .areas(area);
    let at = screen.time(now);
    let all = blocks(screen, at);
    let count = all.len();
    let period = all.iter().map(Block::period).min().unwrap_or(10);
    if screen.ui.meter.is_some_and(|meter| meter >= count) {
        screen.ui.meter = None;
    }
    // A recording is seen as a whole; the present from when it began on, as far as suits the width.
    let known = screen.extent().map_or(0, |(first, last)| last - first);
    let most = match screen.playback {
        Some(_) => DAY,
        None => Ui::suiting(Graph::room(main), period),
    };
    let windows = WINDOWS.into_iter().take_while(|window| *window < most);
    screen.window = { windows }.find(|window| *window > known).unwrap_or(most);
    draw_view(screen, at, main, buffer);
    if played == 1 {
        draw_time(screen, time, buffer);
    }
    if bars {
        draw_keys(screen, count, bottom, buffer);
    }
    if screen.ui.is_helping {
        draw_help(screen.playback.is_some(), screen.ui.scroll, main, buffer);
    }
}

fn draw_view(screen: &Screen, at: Timestamp, area: Rect, buffer: &mut Buffer) {
    let blocks = blocks(screen, at);
    let window = screen.ui.window(screen.window);
    let width = usize::from(area.width);
    let chosen = match (screen.ui.meter, &blocks[..]) {
        (Some(meter), blocks) => blocks.get(meter),
        (None, [only]) => Some(only),
        (None, _) => None,
    };
    let second = at.as_second();
    match (screen.ui.view, chosen.or(blocks.first())) {
        (_, None) => draw_lines(&[Line::of(BOLD, " smarty")], area, buffer),
        (View::Links, _) => draw_links(screen, &blocks, screen.ui.scroll, area, buffer),
        (_, Some(block)) if screen.ui.is_big => block.draw_big(area, buffer),
        (View::Now, Some(_)) if chosen.is_none() => {
            several(screen, &blocks, window, area, buffer);
        }
        (View::Now, Some(block)) => {
            let height = usize::from(area.height);
            let told = told(screen, width, height);
            let services = service_lines(&screen.services, width);
            let (heads, hints) = told;
            block.draw_now(window, services, heads, hints, area, buffer);
        }
        (view, Some(block)) => {
            let mut title = block.title("", width);
            if let Some((style, ill)) = block.ill() {
                title = Line::of(style, &format!(" {}: {ill}", block.call()));
            }
            let [top, rest] =
                Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
            draw_lines(&[title], top, buffer);
            match view {
                View::Day => block.draw_day(second, rest, buffer),
                View::Phases => block.draw_phases(window, rest, buffer),
                _ => block.draw_periods(screen.ui.by, second, rest, buffer),
            }
        }
    }
}

/// Several meters, below them what is wrong and how services are.
fn several(screen: &Screen, blocks: &[Block<'_>], window: i64, area: Rect, buffer: &mut Buffer) {
    let (width, height) = (usize::from(area.width), usize::from(area.height));
    let (heads, hints) = told(screen, width, height);
    let mut below = service_lines(&screen.services, width);
    below.truncate(height / 8);
    let free = (height / 4).max(1).saturating_sub(1);
    below.extend(heads.into_iter().chain(hints).take(free));
    let late = blocks.iter().filter(|block| block.is_late()).count();
    let mut head = Line::of(BOLD, " smarty");
    let meters = blocks.iter().filter(|block| block.meter.is_some()).count();
    head.say(&format!("   {}", count(meters as u64, "meter")));
    if late > 0 {
        head.put(WARNING, &format!("   {late} late"));
    }
    let headed = u16::from(height > blocks.len() + below.len());
    let [top, middle, bottom] = Layout::vertical([
        Constraint::Length(headed),
        Constraint::Min(0),
        Constraint::Length(below.len() as u16),
    ])
    .areas(area);
    draw_lines(&[head], top, buffer);
    draw_all(blocks, window, middle, buffer);
    draw_lines(&below, bottom, buffer);
}

/// What is wrong, a third of the window at the most, and what to do about it.
fn told(screen: &Screen, width: usize, height: usize) -> (Vec<Line<'static>>, Vec<Line<'static>>) {
    let items = items(screen, false, width);
    let mut heads: Vec<Line<'static>> = Vec::new();
    let mut hints = Vec::new();
    for item in items {
        heads.extend(item.head);
        hints.extend(item.rest);
    }
    heads.truncate((height / 3).max(1));
    (heads, hints)
}

/// Where in the recording the picture is.
fn draw_time(screen: &Screen, area: Rect, buffer: &mut Buffer) {
    let Some(playback) = &screen.playback else {
        return;
    };
    let rules = screen.zone.rules();
    let width = usize::from(area.width);
    let Some((first, last)) = screen.extent() else {
        let words = match playback.is_loading {
            true => " reading the recording",
            false => " no telegram of the recording was good",
        };
        return draw_lines(&[Line::of(PLAIN, words)], area, buffer);
    };
    let at = screen.ui.at.unwrap_or(last);
    let state = match (playback.is_loading, playback.is_playing) {
        (true, _) => "reading".to_owned(),
        (_, true) => format!("▶ {}x", playback.speed()),
        (_, false) => "paused".to_owned(),
    };
    let mut line = Line::of(LABEL, &format!(" {state:<8}"));
    line.put(BOLD, &clock(at, 0, rules));
    let mut right = Line::default();
    if width >= 70 {
        right.put(FAINT, &format!(" {}", clock(last, at, rules)));
    }
    match playback.marks().len() as u64 + playback.unmarked {
        0 => {}
        marks => right.put(WARNING, &format!("  {}", count(marks, "finding"))),
    }
    let room = width.saturating_sub(line.width() + right.width() + 3);
    if room >= 8 {
        line.say(" ");
        let (part, whole) = (at - first, (last - first).max(1));
        line.join(&bar(part, whole, room, false));
        line.join(&right);
    }
    draw_lines(&[line], area, buffer);
}

/// Views and the keys that matter most.
fn draw_keys(screen: &Screen, blocks: usize, area: Rect, buffer: &mut Buffer) {
    let width = usize::from(area.width);
    let ui = &screen.ui;
    let mut line = Line::of(PLAIN, " ");
    if ui.is_numbering {
        line.put(BOLD, &format!("meter 1 to {}: which?", blocks.min(9)));
        return draw_lines(&[line], area, buffer);
    }
    let end = "? help  q ends";
    for (number, (view, name)) in (1..).zip(View::ALL) {
        let style = if view == ui.view { CHOSEN } else { FAINT };
        let name = if width < 60 && view != ui.view {
            ""
        } else {
            name
        };
        let words = format!("{number} {name}");
        if line.width() + words.len() + end.len() + 5 > width {
            break;
        }
        line.put(style, words.trim_end());
        line.say("  ");
    }
    let mut more = Vec::new();
    if blocks > 1 {
        more.push(match ui.meter {
            Some(meter) => format!("Tab {} of {blocks}", meter + 1),
            None => format!("Tab of {blocks}"),
        });
    }
    match (&screen.playback, ui.at) {
        (Some(_), _) => more.push("space plays  n next finding".to_owned()),
        (None, Some(_)) => more.push("held: space goes on".to_owned()),
        (None, None) => more.push("space holds  ← → + - time".to_owned()),
    }
    for words in more {
        let is_told = matches!((&screen.playback, ui.at), (None, Some(_)));
        if line.width() + words.chars().count() + end.len() + 4 <= width {
            line.put(if is_told { WARNING } else { FAINT }, &words);
            line.say("  ");
        }
    }
    line.to(width.saturating_sub(end.len() + 1));
    line.put(FAINT, end);
    draw_lines(&[line], area, buffer);
}

/// The blocks in order: links as they were named, and on each its meters.
pub(super) fn blocks(screen: &Screen, now: Timestamp) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let extent = screen.extent().or(Some((0, 0)));
    let looked_at = screen.looked_at();
    let mut links: Vec<(usize, &super::Link)> = screen.links.iter().enumerate().collect();
    // In the order of the command line, whichever was heard first.
    links.sort_by_key(|(_, link)| link.input);
    for (index, link) in links {
        let all = || {
            let meters = screen.meters.iter();
            meters.filter(move |meter| meter.link == index)
        };
        // A title that never came right is a damaged one, unless there is nothing else.
        let is_good = |meter: &super::Meter| meter.good > 0 || meter.is_only_past();
        let heard = all().any(is_good);
        let most = all().rev().max_by_key(|meter| meter.refused);
        let is_shown = |meter: &&super::Meter| match heard {
            true => is_good(meter),
            false => most.is_some_and(|most| std::ptr::eq(most, *meter)),
        };
        let hidden = all().filter(|meter| !is_shown(meter));
        let stray = link.refused + hidden.map(|meter| meter.refused).sum::<u64>();
        let mut meters = all().filter(is_shown).map(Some).collect::<Vec<_>>();
        if meters.is_empty() {
            meters.push(None);
        }
        for (place, meter) in meters.into_iter().enumerate() {
            let (latest, heard) = match (meter, looked_at) {
                (Some(meter), None) => (meter.heard.map(|_| &meter.latest), meter.heard),
                (Some(meter), Some(second)) => match meter.tape.at(second) {
                    Some((at, latest)) => (Some(latest), Timestamp::from_second(at).ok()),
                    None => (None, None),
                },
                (None, _) => (None, None),
            };
            blocks.push(Block {
                link,
                meter,
                first: place == 0,
                stray: if place == 0 { stray } else { 0 },
                now,
                latest,
                heard,
                is_live: looked_at.is_none(),
                extent: screen.playback.as_ref().and(extent),
                zone: &screen.zone,
            });
        }
    }
    blocks
}

impl Screen {
    /// The second that is looked at, where that is not the present.
    pub(super) fn looked_at(&self) -> Option<i64> {
        match (&self.playback, self.ui.at) {
            (Some(_), None) => self.extent().map(|(_, last)| last),
            (_, at) => at,
        }
    }

    /// The time that is looked at.
    fn time(&self, now: Timestamp) -> Timestamp {
        let looked = self.looked_at();
        looked
            .and_then(|second| Timestamp::from_second(second).ok())
            .unwrap_or(now)
    }
}

/// Seconds.
const DAY: i64 = 86_400;
