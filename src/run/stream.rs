//! One stream of an input: that of a meter, or of a level sensor.

use super::observers::{Observers, Origin};
use crate::format::words::is_said_elsewhere;
use crate::observe::context::Source;
use crate::p1::event::Event;
use crate::p1::session::{Arrivals, Input as Step, Report, Session, Settings};
use crate::source::Device;
use crate::source::maxsonar::{Heard, Maxsonar};

/// The bytes of one source; a capture log can hold several.
pub(super) struct Stream {
    pub(super) label: Option<String>,
    pub(super) decoder: Decoder,
    /// Bytes so far.
    pub(super) pushed: u64,
    /// Diagnosis has said what is wrong.
    pub(super) found: bool,
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
        }
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
        if let Step::Bytes(bytes, _) | Step::Opened(bytes, _) = step {
            self.pushed += bytes.len() as u64;
        }
        let source = Source {
            label: self.label.as_deref().or(origin.source.label),
            ..origin.source
        };
        let origin = Origin { source, ..origin };
        match &mut self.decoder {
            Decoder::Meter(session) => session.take(step, |report| {
                if let Report::Finding(finding) = report {
                    self.found |= !is_said_elsewhere(finding, source);
                }
                observers.session(origin, report);
            }),
            Decoder::Sensor(sensor) => sensor.take(step, origin, observers),
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
        if let Step::Bytes(bytes, at) = step {
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
        match step {
            Step::Bytes(bytes, at) => sensor.push(bytes, at, tell),
            Step::Silence(_) | Step::Lost | Step::End | Step::Broken => sensor.quiet(tell),
            // Its bytes are those of no frames.
            Step::Opened(..) | Step::Left | Step::Enough => {}
        }
        arrivals.forget(sensor.offset());
    }
}
