//! One stream of an input: that of a meter, or of a level sensor.

use std::collections::VecDeque;
use std::sync::Arc;

use super::observers::{Observers, Origin};
use crate::format::words::is_said_elsewhere;
use crate::observe::context::Source;
use crate::p1::event::Event;
use crate::p1::session::{Arrivals, Input as Step, Report, Session, Settings};
use crate::source::Device;
use crate::source::dump::Archived;
use crate::source::maxsonar::{Heard, Maxsonar};

/// The bytes of one source; a capture log can hold several.
pub(super) struct Stream {
    pub(super) label: Option<String>,
    pub(super) decoder: Decoder,
    /// Bytes so far.
    pub(super) pushed: u64,
    /// Diagnosis has said what is wrong.
    pub(super) found: bool,
    /// What an archive says of telegrams that are under way, and where their bytes begin.
    archived: VecDeque<(u64, Arc<Said>)>,
}

/// What an archive says of a telegram, apart from its time and label.
pub(super) struct Said {
    meter: Option<String>,
    name: Option<String>,
    doubtful: bool,
}

/// What makes reports of bytes.
pub(super) enum Decoder {
    Meter(Box<Session>),
    Sensor(Sensor),
}

/// A level sensor.
#[derive(Default)]
pub(super) struct Sensor {
    sensor: Maxsonar,
    arrivals: Arrivals,
    /// Readings so far.
    readings: u64,
}

impl Decoder {
    pub(super) fn new(device: Device, settings: &Settings) -> Self {
        match device {
            Device::P1 => Self::Meter(Box::new(Session::new(settings))),
            Device::Maxsonar => Self::Sensor(Sensor::default()),
        }
    }
}

impl Stream {
    pub(super) fn new(label: Option<String>, decoder: Decoder) -> Self {
        Self {
            label,
            decoder,
            pushed: 0,
            found: false,
            archived: VecDeque::new(),
        }
    }

    /// Takes what an archive says of the telegram whose bytes come next.
    pub(super) fn expect(&mut self, said: Arc<Said>) {
        self.archived.push_back((self.pushed, said));
    }

    /// Frames, accepted or not, or readings so far.
    pub(super) fn frames(&self) -> u64 {
        match &self.decoder {
            Decoder::Meter(session) => session.frames(),
            Decoder::Sensor(sensor) => sensor.readings,
        }
    }

    /// Takes what the source does; the origin has the label of streams that have none of their own.
    pub(super) fn take(
        &mut self,
        step: Step<'_>,
        origin: Origin<'_>,
        observers: &mut Observers<'_>,
    ) {
        if let Some((bytes, _)) = step.bytes() {
            self.pushed += bytes.len() as u64;
        }
        let source = Source {
            label: self.label.as_deref().or(origin.source.label),
            ..origin.source
        };
        let opened = match step {
            Step::Opened(piece, _) => Some(piece.opened()),
            _ => None,
        };
        let origin = Origin {
            source,
            opened,
            ..origin
        };
        match &mut self.decoder {
            Decoder::Meter(session) => session.take(step, |report| {
                let mut origin = origin;
                if let Report::Event(event, _) = report {
                    let start = event.span().start;
                    let begun =
                        |of: Option<&(u64, Arc<Said>)>| of.is_some_and(|(at, _)| *at <= start);
                    while begun(self.archived.get(1)) {
                        self.archived.pop_front();
                    }
                    let said = self.archived.front().filter(|said| begun(Some(said)));
                    origin.archived = said.map(|(_, said)| said.archived());
                }
                if let Report::Finding(finding) = report {
                    self.found |= !is_said_elsewhere(finding, source);
                }
                observers.session(origin, report);
            }),
            Decoder::Sensor(sensor) => sensor.take(step, origin, observers),
        }
    }
}

impl Said {
    /// What an archive says, which it mostly has said of the telegram before.
    pub(super) fn of(archived: &Archived<'_>, last: &mut Option<Arc<Self>>) -> Arc<Self> {
        let archived = Archived {
            received_at: None,
            label: None,
            ..*archived
        };
        match last {
            Some(last) if last.archived() == archived => Arc::clone(last),
            _ => Arc::clone(last.insert(Arc::new(Self {
                meter: archived.meter.map(str::to_owned),
                name: archived.name.map(str::to_owned),
                doubtful: archived.doubtful,
            }))),
        }
    }

    fn archived(&self) -> Archived<'_> {
        Archived {
            meter: self.meter.as_deref(),
            name: self.name.as_deref(),
            doubtful: self.doubtful,
            ..Archived::default()
        }
    }
}

impl Sensor {
    fn take(&mut self, step: Step<'_>, origin: Origin<'_>, observers: &mut Observers<'_>) {
        let Self {
            sensor,
            arrivals,
            readings,
        } = self;
        if let Some((bytes, at)) = step.bytes() {
            arrivals.push(bytes.len(), at);
        }
        let tell = |heard: Heard<'_>| match heard {
            Heard::Level(level) => {
                *readings += 1;
                observers.level(origin, &level);
            }
            Heard::Wrong(junk) => {
                let at = arrivals.at(junk.span.start);
                observers.event(origin, at, &Event::Junk(junk));
            }
        };
        match (step, step.bytes()) {
            (_, Some((bytes, at))) => sensor.push(bytes, at, tell),
            (Step::Left | Step::Enough, None) => {}
            _ => sensor.quiet(tell),
        }
        arrivals.forget(sensor.offset());
    }
}
