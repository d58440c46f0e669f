//! Keys, and what they change: the view, the time looked at, the meter.

use jiff::tz::TimeZone;

use crate::p1::period::By;
use crate::p1::value::Zone;

/// A key that was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A letter, a digit or a sign.
    Letter(char),
    /// An arrow.
    Left,
    /// An arrow.
    Right,
    /// An arrow.
    Up,
    /// An arrow.
    Down,
    /// To the beginning.
    Home,
    /// To the end.
    End,
    /// A screen back.
    PageUp,
    /// A screen on.
    PageDown,
    /// The next meter.
    Tab,
    /// The meter before.
    BackTab,
    /// Back to where everything began.
    Escape,
    /// Ctrl-C.
    Interrupt,
}

/// What is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum View {
    /// The present, and the power of the last minutes.
    #[default]
    Now,
    /// A day by quarters of an hour.
    Day,
    /// The phases.
    Phases,
    /// Days, weeks, months or years.
    Periods,
    /// Links, services and findings.
    Links,
}

/// How the screen is looked at.
#[derive(Clone, Debug)]
pub(super) struct Ui {
    pub(super) view: View,
    /// Which of the blocks; none: all.
    pub(super) meter: Option<usize>,
    /// The time looked at, seconds since 1970; none: the newest.
    pub(super) at: Option<i64>,
    /// Place of the window among [`WINDOWS`]; none: as suits the width.
    pub(super) zoom: Option<usize>,
    /// Length of the periods.
    pub(super) by: By,
    /// Lines that are above the top.
    pub(super) scroll: usize,
    pub(super) is_big: bool,
    pub(super) is_helping: bool,
    /// A number is awaited: that of a meter.
    pub(super) is_numbering: bool,
}

/// What keys need to know of what is there.
#[derive(Clone, Debug)]
pub(super) struct Bounds {
    /// Blocks on the screen.
    pub(super) blocks: usize,
    /// First and last second of which something is known.
    pub(super) extent: Option<(i64, i64)>,
    /// The present.
    pub(super) now: i64,
    /// The window that suits the width.
    pub(super) window: i64,
    /// Seconds of marks, in order.
    pub(super) marks: Vec<i64>,
    pub(super) zone: Zone,
    pub(super) is_recording: bool,
}

impl Default for Ui {
    fn default() -> Self {
        Self {
            view: View::Now,
            meter: None,
            at: None,
            zoom: None,
            by: By::Day,
            scroll: 0,
            is_big: false,
            is_helping: false,
            is_numbering: false,
        }
    }
}

impl View {
    /// All, by their numbers from 1 on.
    pub(super) const ALL: [(Self, &'static str); 5] = [
        (Self::Now, "now"),
        (Self::Day, "day"),
        (Self::Phases, "phases"),
        (Self::Periods, "days"),
        (Self::Links, "link"),
    ];
}

impl Ui {
    /// Takes a key that is not about playing or ending.
    pub(super) fn key(&mut self, key: Key, bounds: &Bounds) {
        if std::mem::take(&mut self.is_numbering)
            && let Key::Letter(digit) = key
            && let Some(number) = digit.to_digit(10)
        {
            let chosen = (number as usize).checked_sub(1);
            self.meter = chosen.filter(|chosen| *chosen < bounds.blocks);
            return;
        }
        match key {
            Key::Letter('?' | 'h') => self.help(),
            Key::Escape if self.is_helping => self.help(),
            Key::Escape => {
                *self = Self {
                    at: self.at.filter(|_| bounds.is_recording),
                    ..Self::default()
                };
            }
            Key::Letter(digit @ '1'..='5') => {
                let number = digit.to_digit(10).unwrap_or(1) as usize;
                if let Some((view, _)) = View::ALL.get(number - 1) {
                    (self.view, self.scroll) = (*view, 0);
                    (self.is_big, self.is_helping) = (false, false);
                }
            }
            Key::Letter('0') => self.meter = None,
            Key::Letter('m') => self.is_numbering = bounds.blocks > 1,
            Key::Letter('b') => self.is_big = !self.is_big,
            Key::Tab => self.turn(1, bounds.blocks),
            Key::BackTab => self.turn(bounds.blocks, bounds.blocks),
            Key::Up | Key::PageUp if self.scrolls() => {
                let lines = if key == Key::Up { 1 } else { PAGE };
                self.scroll = self.scroll.saturating_sub(lines);
            }
            Key::Down | Key::PageDown if self.scrolls() => {
                let lines = if key == Key::Down { 1 } else { PAGE };
                // What is drawn bounds it.
                self.scroll = self.scroll.saturating_add(lines);
            }
            Key::Letter('+' | '=') | Key::Up => self.zoom(false, bounds),
            Key::Letter('-' | '_') | Key::Down => self.zoom(true, bounds),
            Key::Left => self.go(-1, false, bounds),
            Key::Right => self.go(1, false, bounds),
            Key::PageUp => self.go(-1, true, bounds),
            Key::PageDown => self.go(1, true, bounds),
            Key::Home => self.look_at(bounds.extent.map(|(first, _)| first), bounds),
            Key::End => self.look_at(None, bounds),
            Key::Letter('n') => self.jump(true, bounds),
            Key::Letter('N' | 'p') => self.jump(false, bounds),
            Key::Letter(' ') => {
                self.at = match self.at {
                    Some(_) => None,
                    None => Some(bounds.now),
                };
            }
            Key::Letter(_) | Key::Interrupt => {}
        }
    }

    /// Seconds of the window.
    pub(super) fn window(&self, suiting: i64) -> i64 {
        let chosen = self.zoom.and_then(|zoom| WINDOWS.get(zoom));
        chosen.copied().unwrap_or(suiting)
    }

    /// The window that shows no telegram wider than a column if it can be helped.
    pub(super) fn suiting(width: usize, period: i64) -> i64 {
        let wanted = i64::try_from(width).unwrap_or(0).saturating_mul(period) / 3;
        let windows = WINDOWS.into_iter().filter(|window| *window >= SHORTEST);
        windows
            .take_while(|window| *window <= LONGEST)
            .find(|window| *window >= wanted)
            .unwrap_or(LONGEST)
    }

    fn help(&mut self) {
        self.is_helping = !self.is_helping;
        self.scroll = 0;
    }

    fn scrolls(&self) -> bool {
        self.is_helping || self.view == View::Links
    }

    fn turn(&mut self, by: usize, blocks: usize) {
        if blocks < 2 {
            self.meter = None;
            return;
        }
        // All of them stand before the first.
        let place = self.meter.map_or(0, |meter| meter + 1);
        self.meter = ((place + by) % (blocks + 1)).checked_sub(1);
    }

    fn zoom(&mut self, out: bool, bounds: &Bounds) {
        match self.view {
            View::Periods => {
                let place = By::ALL.iter().position(|by| *by == self.by).unwrap_or(2);
                let place = if out { place + 1 } else { place.max(2) - 1 };
                if let Some(by) = By::ALL.get(place) {
                    self.by = *by;
                }
            }
            _ => {
                let window = self.window(bounds.window);
                let place = match out {
                    true => WINDOWS.iter().position(|other| *other > window),
                    false => WINDOWS.iter().rposition(|other| *other < window),
                };
                self.zoom = place.or(self.zoom);
            }
        }
    }

    fn go(&mut self, direction: i64, far: bool, bounds: &Bounds) {
        let at = self.at.unwrap_or(bounds.now);
        let step = |by: By| {
            let mut at = at;
            for _ in 0..if far { 10 } else { 1 } {
                let Some(period) = by.period(at, &bounds.zone) else {
                    break;
                };
                at = match direction {
                    1 => period.end,
                    _ => period.start - 1,
                };
            }
            at
        };
        let to = match self.view {
            View::Day => step(By::Day),
            View::Periods => step(self.by),
            View::Links => return self.jump(direction > 0, bounds),
            View::Now | View::Phases => {
                let window = self.window(bounds.window);
                let step = if far { window } else { (window / 20).max(1) };
                at.saturating_add(direction * step)
            }
        };
        self.look_at(Some(to), bounds);
    }

    fn jump(&mut self, on: bool, bounds: &Bounds) {
        let at = self.at.unwrap_or(bounds.now);
        let to = match on {
            true => bounds.marks.iter().find(|mark| **mark > at),
            false => bounds.marks.iter().rev().find(|mark| **mark < at),
        };
        if let Some(to) = to {
            self.look_at(Some(*to), bounds);
        }
    }

    /// Looks at a time within what is known; the newest is that of the present.
    fn look_at(&mut self, at: Option<i64>, bounds: &Bounds) {
        let end = match (bounds.is_recording, bounds.extent) {
            (true, Some((_, last))) => last,
            _ => bounds.now,
        };
        let first = bounds.extent.map_or(end, |(first, _)| first.min(end));
        self.at = match at {
            Some(at) if at < end => Some(at.max(first)),
            _ if bounds.is_recording => Some(end),
            _ => None,
        };
    }
}

/// A time by the clock on the wall, with its day where that is another than that of the present.
pub(super) fn clock(second: i64, now: i64, rules: &TimeZone) -> String {
    let local = |second: i64| {
        let at = jiff::Timestamp::from_second(second).ok()?;
        Some(at.to_zoned(rules.clone()))
    };
    match (local(second), local(now)) {
        (Some(at), Some(now)) if at.date() == now.date() => at.strftime("%H:%M:%S").to_string(),
        (Some(at), _) => at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        (None, _) => String::new(),
    }
}

/// Spans of time that are drawn, seconds.
pub(super) const WINDOWS: [i64; 12] = [
    60,
    300,
    600,
    900,
    1800,
    3600,
    10_800,
    21_600,
    43_200,
    86_400,
    2 * 86_400,
    7 * 86_400,
];
/// The shortest and the longest that are chosen by width.
const SHORTEST: i64 = 600;
const LONGEST: i64 = 3600;
/// Lines of a page.
const PAGE: usize = 10;
