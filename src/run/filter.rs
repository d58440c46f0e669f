//! `--meter`: which events the observers are told of.

use std::collections::BTreeSet;

use crate::observe::context::Senders;
use crate::p1::event::{Event, Reason, Refused};

/// Takes events of the meters that are asked for.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Ids or titles; all meters where there is none.
    meters: Vec<String>,
    /// Bytes of no frame are of no meter.
    drops_junk: bool,
    /// Meters that were not asked for are not named.
    redacts: bool,
    senders: Senders,
    /// Meters that sent frames, and were not asked for.
    others: BTreeSet<String>,
}

impl Filter {
    /// Takes events of these meters, or all where none is named, and junk.
    pub fn new(meters: Vec<String>) -> Self {
        Self {
            meters,
            ..Self::default()
        }
    }

    /// Takes no junk where meters are asked for.
    pub fn without_junk(mut self) -> Self {
        self.drops_junk = true;
        self
    }

    /// Names no meter that was not asked for.
    pub fn redacted(mut self, redacts: bool) -> Self {
        self.redacts = redacts;
        self
    }

    /// Meters that sent frames, and were not asked for.
    pub fn others(&self) -> impl Iterator<Item = &str> {
        self.others.iter().map(String::as_str)
    }

    /// Tells whether an event is of a meter that was asked for; remembers those that were not. An archive may say of
    /// which it is.
    pub fn takes(&mut self, event: &Event<'_>, archived: Option<&str>) -> bool {
        if self.meters.is_empty() {
            return true;
        }
        let (id, title) = match event {
            Event::Telegram(decoded) => (
                match archived {
                    Some(id) => id.to_owned(),
                    None => self.senders.name(decoded).into_owned(),
                },
                decoded.security.map(|security| security.title()),
            ),
            Event::Refused(refused) if self.is_named_in(refused) => return true,
            Event::Refused(refused) => {
                let title = refused.title();
                let id = title.and_then(|title| title.device_id());
                (id.unwrap_or_default(), title)
            }
            Event::Junk(_) => return !self.drops_junk,
        };
        let title = title.map(|title| title.to_string()).unwrap_or_default();
        let is = |wanted: &String| {
            wanted.eq_ignore_ascii_case(&id) || wanted.eq_ignore_ascii_case(&title)
        };
        let wanted = self.meters.iter().any(is);
        if !wanted && self.others.len() < OTHERS_MAX {
            let shown = [id, title].into_iter().find(|name| !name.is_empty());
            let shown = shown.filter(|_| !self.redacts);
            let shown = shown.unwrap_or_else(|| "a meter without an id".to_owned());
            self.others.insert(shown);
        }
        wanted
    }

    /// Tells whether the text of a refused telegram names a meter that was asked for, in letters or as octets.
    fn is_named_in(&self, refused: &Refused<'_>) -> bool {
        refused.header.is_none()
            && refused.reason == Reason::Downgrade
            && self.meters.iter().any(|wanted| {
                let octets = hex::encode_upper(wanted.to_ascii_uppercase());
                let names = [wanted.as_bytes(), octets.as_bytes()];
                let text = refused.frame.to_ascii_uppercase();
                names
                    .iter()
                    .any(|name| memchr::memmem::find(&text, &name.to_ascii_uppercase()).is_some())
            })
    }
}

/// Other meters that are named when the one asked for is not there.
const OTHERS_MAX: usize = 8;
