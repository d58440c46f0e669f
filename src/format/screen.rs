//! The live screen: what is known of all meters, and its drawing in any size and view.
//!
//! ```text
//! telegram, refused, junk, link, finding, notice, service --> Screen { links, meters, marks } --draw--> cells
//!                                                      keys --> Ui { view, meter, time, zoom }
//! ```
//!
//! It asks no clock and knows no terminal. Memory is bounded whatever comes in: for each of at most 64 meters powers of a
//! week, values of some minutes, an account by quarters of an hour; of a recording, as much of all of it as there is room
//! for. What does not fit the window is shortened, in the end left out and counted.

mod big;
mod block;
mod control;
mod energy;
mod frame;
mod graph;
mod help;
mod history;
mod line;
mod links;
mod look;
mod meter;
mod now;
mod periods;
mod phases;
mod playback;
mod several;
mod sums;
mod tape;
#[cfg(test)]
mod tests;
mod told;
mod words;

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub use self::control::Key;
use self::control::{Bounds, Ui, View};
pub use self::look::{Colours, Look};
use self::meter::{Meter, sender};
use self::playback::{Mark, Playback};
use crate::observe::context::{Context, Senders, Source};
use crate::p1::ciphering::SystemTitle;
use crate::p1::diagnosis::Finding;
use crate::p1::event::{Decoded, Refused};
use crate::p1::period::Ledger;
use crate::p1::value::Zone;

/// What is known of all links and the meters on them, and how it is looked at.
#[derive(Clone, Debug)]
pub struct Screen {
    links: Vec<Link>,
    meters: Vec<Meter>,
    /// The last words of the program, and what to do about them.
    notices: Vec<(String, Option<String>)>,
    /// Services and how they are.
    services: Vec<Service>,
    senders: Senders,
    look: Look,
    zone: Zone,
    ui: Ui,
    /// A recording is looked at, not the present.
    playback: Option<Playback>,
    /// The window that suits the width that was drawn last, seconds.
    window: i64,
    /// Telegrams since the size of the accounts was last looked at.
    since: u32,
}

/// A source and how it is.
#[derive(Clone, Debug)]
struct Link {
    /// Which of the inputs it is.
    input: usize,
    kind: String,
    name: String,
    label: Option<String>,
    /// How it was opened.
    settings: String,
    /// `opened`, `lost`, `reopened`, `silent` or another word of the caller.
    state: String,
    message: String,
    started: Timestamp,
    changed: Timestamp,
    junk: u64,
    /// Refused frames of which no meter is known.
    refused: u64,
    /// The last frame was refused.
    is_refusing: bool,
    /// What diagnosis has found out, the latest of each verdict.
    findings: Vec<Finding>,
}

/// A service beside the screen.
#[derive(Clone, Debug)]
struct Service {
    name: String,
    state: String,
    is_trouble: bool,
}

/// What becomes of the program after a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// It goes on.
    GoOn,
    /// It ends.
    Quit,
}

impl Default for Screen {
    fn default() -> Self {
        Self::new()
    }
}

impl Screen {
    /// A screen of nothing.
    pub fn new() -> Self {
        Self {
            links: Vec::new(),
            meters: Vec::new(),
            notices: Vec::new(),
            services: Vec::new(),
            senders: Senders::default(),
            look: Look::default(),
            zone: Zone::luxembourg(),
            ui: Ui::default(),
            playback: None,
            window: 600,
            since: 0,
        }
    }

    /// On a terminal that looks like this.
    pub fn with_look(self, look: Look) -> Self {
        Self { look, ..self }
    }

    /// For meters that stand there.
    pub fn in_zone(self, zone: Zone) -> Self {
        Self { zone, ..self }
    }

    /// Of a recording: time is that of its telegrams, and stands still until it is played.
    pub fn of_recording(self) -> Self {
        Self {
            playback: Some(Playback::default()),
            ..self
        }
    }

    /// Takes what a store knows of the past of a meter, by the id that its telegrams are known under.
    pub fn recall(&mut self, now: Timestamp, context: &Context<'_>, id: &str, ledger: Ledger) {
        let Some(extent) = ledger.extent() else {
            return;
        };
        let link = self.link_of(now, context);
        if let Some(meter) = self.meter_of(link, None, id) {
            meter.recall(ledger, extent);
        }
    }

    /// Takes a good telegram.
    pub fn telegram(&mut self, now: Timestamp, context: &Context<'_>, decoded: &Decoded<'_>) {
        let now = self.time_of(now, context, Some(decoded));
        let link = self.link_of(now, context);
        if let Some(link) = self.links.get_mut(link) {
            link.is_refusing = false;
            if !link.is_well() {
                link.state = "reopened".to_owned();
            }
        }
        let shots = self.shots();
        let id = self.senders.name(decoded).into_owned();
        let title = decoded.security.map(|security| security.title());
        let Some(meter) = self.meter_of(link, title, &id) else {
            return;
        };
        meter.id = id;
        if meter.name.as_deref() != context.meter_name {
            meter.name = context.meter_name.map(str::to_owned);
        }
        let before = meter.second().map(|second| (second, meter.period() / 1000));
        meter.telegram(now, decoded, context.derived, shots);
        if let (Some(playback), Some((before, period))) = (&mut self.playback, before) {
            playback.gap(link, before, now.as_second(), period);
        }
        self.look_at_size();
    }

    /// Takes a refused frame.
    pub fn refused(&mut self, now: Timestamp, context: &Context<'_>, refused: &Refused<'_>) {
        let now = self.time_of(now, context, None);
        let link = self.link_of(now, context);
        if let Some(known) = self.links.get_mut(link)
            && !std::mem::replace(&mut known.is_refusing, true)
            && let Some(playback) = &mut self.playback
        {
            let id = refused.title().map(sender).unwrap_or_default();
            playback.mark(Mark {
                second: now.as_second(),
                link,
                what: words::trouble(refused.reason, &id),
            });
        }
        let meter = match refused.title() {
            Some(title) => self.meter_of(link, Some(title), &sender(title)),
            None => self.only_meter(link),
        };
        if let Some(meter) = meter {
            meter.refused(refused);
        } else if let Some(link) = self.links.get_mut(link) {
            link.refused += 1;
        }
    }

    /// Takes the number of bytes that belong to no frame.
    pub fn junk(&mut self, now: Timestamp, context: &Context<'_>, bytes: u64) {
        let link = self.link_of(now, context);
        if let Some(link) = self.links.get_mut(link) {
            link.junk += bytes;
        }
    }

    /// Takes a change of a link: `opened` with its settings, `lost`, `reopened` and `silent` with words about it.
    pub fn link(&mut self, now: Timestamp, context: &Context<'_>, state: &str, message: &str) {
        let link = self.link_of(now, context);
        let Some(link) = self.links.get_mut(link) else {
            return;
        };
        if state == OPENED {
            link.settings = message.to_owned();
        }
        if link.state != state {
            link.changed = now;
        }
        link.state = state.to_owned();
        link.message = message.to_owned();
    }

    /// Takes how a service is; it has one line.
    pub fn service(&mut self, name: &str, state: &str, is_trouble: bool) {
        let known = self.services.iter().position(|known| known.name == name);
        let fresh = Service {
            name: name.to_owned(),
            state: state.to_owned(),
            is_trouble,
        };
        if let Some(known) = known {
            self.services[known] = fresh;
        } else if self.services.len() < SERVICES {
            self.services.push(fresh);
        }
    }

    /// Takes a key.
    pub fn key(&mut self, now: Timestamp, key: Key) -> After {
        match key {
            Key::Letter('q' | 'Q') | Key::Interrupt => return After::Quit,
            Key::Letter(' ' | '<' | '>') if self.playback.is_some() => self.play(key),
            _ => {
                let bounds = self.bounds(now);
                let was = self.ui.at;
                self.ui.key(key, &bounds);
                if self.ui.at != was {
                    self.stop_playing();
                }
            }
        }
        After::GoOn
    }

    /// Draws the screen in a window of so many columns and lines; of one that is larger than any, a part.
    pub fn draw(&mut self, now: Timestamp, width: u16, height: u16) -> Buffer {
        let area = Rect::new(0, 0, width.min(WIDTH_MAX), height.min(HEIGHT_MAX));
        let mut buffer = Buffer::empty(area);
        for meter in &mut self.meters {
            meter.settle();
        }
        self.go_on(now);
        self.sum_up();
        frame::draw(self, now, area, &mut buffer);
        self.look.settle(&mut buffer);
        buffer
    }

    /// The same as lines of text without styles.
    pub fn draw_text(&mut self, now: Timestamp, width: u16, height: u16) -> Vec<String> {
        let buffer = self.draw(now, width, height);
        let area = *buffer.area();
        let row = |y: u16| {
            let mut row = String::new();
            let mut covered = 0;
            for x in 0..area.width {
                let Some(cell) = buffer.cell((x, y)) else {
                    continue;
                };
                // What stands under a wide letter is not shown.
                if covered > 0 {
                    covered -= 1;
                    continue;
                }
                row.push_str(cell.symbol());
                covered = unicode_width::UnicodeWidthStr::width(cell.symbol()).saturating_sub(1);
            }
            row.truncate(row.trim_end().len());
            row
        };
        let mut rows: Vec<String> = (0..area.height).map(row).collect();
        let last = rows.iter().rposition(|row| !row.is_empty());
        rows.truncate(last.map_or(0, |last| last + 1));
        rows
    }

    fn sum_up(&mut self) {
        let at = self.looked_at();
        let grows = matches!(&self.playback, Some(playback) if playback.is_loading);
        for meter in &mut self.meters {
            if grows {
                meter.sums.forget();
            }
            meter.sum_up(&self.zone, at);
        }
    }

    fn bounds(&self, now: Timestamp) -> Bounds {
        let extent = self.extent();
        let now = match (&self.playback, extent) {
            (Some(_), Some((_, last))) => last,
            _ => now.as_second(),
        };
        // Days and longer periods are known from before there were telegrams.
        let reaches_back = matches!(self.ui.view, View::Day | View::Periods);
        let extent = extent.map(|(first, last)| match self.known() {
            Some((known, _)) if reaches_back => (first.min(known), last),
            _ => (first, last),
        });
        let marks = self.playback.as_ref().map(Playback::seconds);
        Bounds {
            blocks: frame::blocks(self, Timestamp::UNIX_EPOCH).len(),
            extent,
            now,
            window: self.window,
            marks: marks.unwrap_or_default(),
            zone: self.zone.clone(),
            is_recording: self.playback.is_some(),
        }
    }

    /// First and last second of which something is known.
    fn extent(&self) -> Option<(i64, i64)> {
        let powers = self.meters.iter().filter_map(|meter| meter.powers.extent());
        let powers = powers.reduce(both);
        match (&self.playback, powers) {
            // A recording is played as far as its telegrams go.
            (Some(_), Some(powers)) => Some(powers),
            _ => powers.into_iter().chain(self.known()).reduce(both),
        }
    }

    /// The same of the accounts.
    fn known(&self) -> Option<(i64, i64)> {
        self.meters.iter().filter_map(Meter::known).reduce(both)
    }

    /// Telegrams of each meter whose values are kept.
    fn shots(&self) -> usize {
        match self.playback {
            Some(_) => RECORDED / self.meters.len().max(1),
            None => SHOTS,
        }
    }

    /// Makes room where the accounts of all meters have grown large: the older half of each is forgotten.
    fn look_at_size(&mut self) {
        self.since += 1;
        if self.since < LOOK_EVERY {
            return;
        }
        self.since = 0;
        let size: usize = self.meters.iter().map(|meter| meter.ledger.size()).sum();
        if size > LEDGERS {
            for meter in &mut self.meters {
                meter.forget_half();
            }
        }
    }

    fn link_of(&mut self, now: Timestamp, context: &Context<'_>) -> usize {
        let source = context.source;
        let known = self
            .links
            .iter()
            .position(|link| link.name == source.name && link.label.as_deref() == source.label);
        if let Some(index) = known {
            if let Some(link) = self.links.get_mut(index)
                && link.kind.is_empty()
            {
                link.kind = source.kind.to_owned();
            }
            return index;
        }
        if self.links.len() < LINKS {
            self.links.push(Link {
                input: context.input,
                kind: source.kind.to_owned(),
                name: source.name.to_owned(),
                label: source.label.map(str::to_owned),
                settings: String::new(),
                state: OPENED.to_owned(),
                message: String::new(),
                started: now,
                changed: now,
                junk: 0,
                refused: 0,
                is_refusing: false,
                findings: Vec::new(),
            });
        }
        self.links.len() - 1
    }

    /// The meter with a title, or an id where it has none, on a link; none where there is no room for a new one.
    fn meter_of(
        &mut self,
        link: usize,
        title: Option<SystemTitle>,
        id: &str,
    ) -> Option<&mut Meter> {
        let is = |meter: &Meter| {
            meter.link == link && meter.title == title && (title.is_some() || meter.id == id)
        };
        // One of which only the past is known has no title yet.
        let past = |meter: &Meter| {
            meter.link == link && meter.is_only_past() && meter.id == id && !id.is_empty()
        };
        let known = self.meters.iter().position(is);
        let known = known.or_else(|| self.meters.iter().position(past));
        let index = match known {
            Some(index) => index,
            None if self.meters.len() < METERS => self.add_meter(link, title, id),
            // A damaged title makes a meter that was never there.
            None => {
                let idle = self.meters.iter().position(|meter| meter.good == 0)?;
                self.meters.remove(idle);
                self.add_meter(link, title, id)
            }
        };
        let meter = self.meters.get_mut(index)?;
        meter.title = title;
        Some(meter)
    }

    fn add_meter(&mut self, link: usize, title: Option<SystemTitle>, id: &str) -> usize {
        let recorded = self.playback.is_some();
        self.meters.push(Meter::new(link, title, id, recorded));
        self.meters.len() - 1
    }

    /// The meter of a link that has one only; those that were never right count where there is no other.
    fn only_meter(&mut self, link: usize) -> Option<&mut Meter> {
        let heard = |meter: &&mut Meter| meter.link == link && meter.good > 0;
        let any = self.meters.iter_mut().any(|meter| heard(&meter));
        let mut meters = self
            .meters
            .iter_mut()
            .filter(|meter| meter.link == link && (meter.good > 0 || !any));
        let first = meters.next();
        match meters.next() {
            None => first,
            Some(_) => None,
        }
    }
}

impl Link {
    fn source(&self) -> Source<'_> {
        Source {
            kind: &self.kind,
            name: &self.name,
            label: self.label.as_deref(),
        }
    }

    /// Whether bytes can come.
    fn is_well(&self) -> bool {
        matches!(&*self.state, OPENED | "reopened")
    }
}

/// From the earlier begin to the later end.
fn both(one: (i64, i64), other: (i64, i64)) -> (i64, i64) {
    (one.0.min(other.0), one.1.max(other.1))
}

const OPENED: &str = "opened";
/// Links and meters kept.
const LINKS: usize = 64;
const METERS: usize = 64;
/// Services that have a line.
const SERVICES: usize = 8;
/// Telegrams of a meter whose values are kept, live; of all meters of a recording together.
const SHOTS: usize = 720;
const RECORDED: usize = 1 << 16;
/// Quarters of an hour of all quantities that are accounted for: some years of a meter.
const LEDGERS: usize = 4 << 20;
/// The size is looked at each so many telegrams.
const LOOK_EVERY: u32 = 512;
/// No window is drawn larger.
const WIDTH_MAX: u16 = 1000;
const HEIGHT_MAX: u16 = 500;
