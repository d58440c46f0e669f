//! The live screen: what is known of all meters, and its drawing in any size.
//!
//! ```text
//! telegram, refused, junk, link, finding, notice --> Screen { links, meters } --draw(now, width, height)--> lines
//! ```
//!
//! It asks no clock and knows no terminal. LayoutCache is bounded whatever comes in: an hour of powers for each of at
//! most 64 meters. Not supported: scrolling; what does not fit is shortened, in the end left out and counted.

mod arrange;
mod bars;
mod block;
mod compact;
mod energy;
mod line;
mod meter;
mod power;
mod quarter;
mod rows;
#[cfg(test)]
mod tests;
mod told;
mod words;

use jiff::Timestamp;

use self::meter::{Meter, sender};
use crate::observe::context::{Context, Senders, Source};
use crate::p1::ciphering::SystemTitle;
use crate::p1::diagnosis::Finding;
use crate::p1::event::{Decoded, Refused};

/// What is known of all links and the meters on them.
#[derive(Clone, Debug, Default)]
pub struct Screen {
    links: Vec<Link>,
    meters: Vec<Meter>,
    /// The last words of the program, and what to do about them.
    notices: Vec<(String, Option<String>)>,
    senders: Senders,
}

/// A source and how it is.
#[derive(Clone, Debug)]
struct Link {
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
    /// What diagnosis has found out, the latest of each verdict.
    findings: Vec<Finding>,
}

impl Screen {
    /// A screen of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a good telegram.
    pub fn telegram(&mut self, now: Timestamp, context: &Context<'_>, decoded: &Decoded<'_>) {
        let link = self.link_of(now, context.source);
        if let Some(link) = self.links.get_mut(link)
            && !link.is_well()
        {
            link.state = "reopened".to_owned();
        }
        let id = self.senders.name(decoded).into_owned();
        let title = decoded.security.map(|security| security.title());
        let Some(meter) = self.meter_of(link, title, &id) else {
            return;
        };
        meter.id = id;
        if meter.name.as_deref() != context.meter_name {
            meter.name = context.meter_name.map(str::to_owned);
        }
        meter.telegram(now, decoded);
        meter.computed = context.derived.to_vec();
    }

    /// Takes a refused frame.
    pub fn refused(&mut self, now: Timestamp, context: &Context<'_>, refused: &Refused<'_>) {
        let link = self.link_of(now, context.source);
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
    pub fn junk(&mut self, now: Timestamp, source: Source<'_>, bytes: u64) {
        let link = self.link_of(now, source);
        if let Some(link) = self.links.get_mut(link) {
            link.junk += bytes;
        }
    }

    /// Takes a change of a link: `opened` with its settings, `lost`, `reopened` and `silent` with words about it.
    pub fn link(&mut self, now: Timestamp, source: Source<'_>, state: &str, message: &str) {
        let link = self.link_of(now, source);
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

    /// Draws the screen: at most `height` lines of at most `width` columns, with styles.
    pub fn draw(&self, now: Timestamp, width: u16, height: u16) -> Vec<String> {
        arrange::draw(self, now, usize::from(width), usize::from(height))
    }

    fn link_of(&mut self, now: Timestamp, source: Source<'_>) -> usize {
        let known = self
            .links
            .iter()
            .position(|link| link.name == source.name && link.label.as_deref() == source.label);
        if let Some(index) = known {
            return index;
        }
        if self.links.len() < LINKS {
            self.links.push(Link {
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
        let known = self.meters.iter().position(is);
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
        self.meters.get_mut(index)
    }

    fn add_meter(&mut self, link: usize, title: Option<SystemTitle>, id: &str) -> usize {
        self.meters.push(Meter::new(link, title, id));
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

const OPENED: &str = "opened";
/// Links and meters kept.
const LINKS: usize = 64;
const METERS: usize = 64;
