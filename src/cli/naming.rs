//! Adds to telegrams what is known beside them: the name of the meter in the key ring, and what is computed.

use crate::cli::keys::Ring;
use crate::cli::keys::reload::SharedRing;
use crate::cli::services::Deriving;
use crate::observe::context::Context;
use crate::observe::observer::{Flow, Notice, Observer, Report};
use crate::p1::cipher::Keys;
use crate::p1::ciphering::SystemTitle;
use crate::p1::event::{Decoded, Event, Tag};
use crate::p1::telegram::SentIds;

/// Tells observers all that it is told itself, telegrams with names and computed values.
pub struct Naming<'a> {
    ring: SharedRing,
    /// What the last telegram in clear called its meter, and the title that this is.
    claimed: (SentIds, Option<SystemTitle>),
    /// Frames that were refused are named too.
    names_refused: bool,
    deriving: Option<Deriving>,
    observers: Vec<&'a mut dyn Observer>,
    /// What they have to say.
    unsaid: Vec<Notice>,
}

impl<'a> Naming<'a> {
    /// Names meters after a key ring, and computes where that is asked for, for services and what shows or writes.
    pub fn new(
        ring: SharedRing,
        deriving: Option<Deriving>,
        services: &'a mut [Box<dyn Observer>],
        output: &'a mut dyn Observer,
    ) -> Self {
        let services = services.iter_mut();
        let mut observers: Vec<&mut dyn Observer> = Vec::new();
        observers.extend(services.map(|service| service as &mut dyn Observer));
        observers.push(output);
        Self {
            ring,
            claimed: Default::default(),
            names_refused: false,
            deriving,
            observers,
            unsaid: Vec::new(),
        }
    }

    /// Names the meters of refused frames too.
    pub fn with_refused(mut self) -> Self {
        self.names_refused = true;
        self
    }

    fn tell(&mut self, context: &Context<'_>, report: &Report<'_>) -> Flow {
        let mut end = Flow::Continue;
        for observer in &mut self.observers {
            match observer.observe(context, report) {
                Flow::Continue => {}
                Flow::Say(notices) => self.unsaid.extend(notices),
                Flow::Enough if end == Flow::Failed => {}
                flow => end = flow,
            }
        }
        end
    }

    /// Tells whether the meter of a telegram has a key of its own, where that is not proven anyway.
    fn has_key(&mut self, keys: &Keys, decoded: &Decoded<'_>) -> bool {
        let tag = decoded.security.map(|security| security.tag);
        if tag == Some(Tag::Valid) {
            return false;
        }
        let telegram = &decoded.telegram;
        let (sent, title) = &mut self.claimed;
        let title = match decoded.security {
            Some(security) => Some(security.title()),
            None if sent.are_of(telegram) => *title,
            None => {
                sent.take(telegram);
                let id = telegram.meter_id();
                *title = id.and_then(|id| SystemTitle::parse(&id));
                *title
            }
        };
        title.is_some_and(|title| keys.has(title))
    }

    fn event(
        &mut self,
        ring: &Ring,
        context: &Context<'_>,
        event: &Event<'_>,
        report: &Report<'_>,
    ) -> Flow {
        let (decoded, title) = match event {
            Event::Telegram(decoded) => (
                Some(decoded),
                decoded.security.map(|security| security.title()),
            ),
            Event::Refused(refused) if self.names_refused => (None, refused.title()),
            _ => return self.tell(context, report),
        };
        let said = context.archived.and_then(|archived| archived.name);
        let mut context = Context {
            meter_name: title.and_then(|title| ring.name(title)).or(said),
            keyed: decoded.is_some_and(|decoded| self.has_key(ring.keys(), decoded)),
            ..*context
        };
        let derived = match (&mut self.deriving, decoded) {
            (Some(deriving), Some(decoded)) => deriving.derive(&context, decoded),
            _ => Vec::new(),
        };
        context.derived = &derived;
        self.tell(&context, report)
    }
}

impl Observer for Naming<'_> {
    fn observe(&mut self, context: &Context<'_>, report: &Report<'_>) -> Flow {
        let flow = match report {
            Report::Event { event, .. } => {
                let ring = self.ring.get();
                self.event(&ring, context, event, report)
            }
            _ => self.tell(context, report),
        };
        if let Some(deriving) = &mut self.deriving {
            match *report {
                Report::Heard(title, record) => deriving.remember(title, record),
                Report::Tick(_) => self.unsaid.extend(deriving.tick()),
                Report::End { .. } => self.unsaid.extend(deriving.finish()),
                _ => {}
            }
        }
        match flow {
            Flow::Continue => Flow::say(std::mem::take(&mut self.unsaid)),
            // What is to be said comes with the end of the run.
            flow => flow,
        }
    }
}
