//! The bytes of one source on their way: decoded, looked into, told.

use jiff::Timestamp;

use super::observers::{Observers, Origin};
use crate::p1::event::Event;
use crate::p1::session::{Arrivals, Report, Session, Settings};
use crate::sink::context::Source;
use crate::sink::words::is_said_elsewhere;
use crate::source::Device;
use crate::source::maxsonar::{Heard, Maxsonar};

/// The bytes of one source; a capture log can hold several.
pub(super) struct Stream {
    pub(super) label: Option<String>,
    pub(super) reader: Reader,
    pub(super) pushed: u64,
}

/// What makes events of bytes.
pub(super) enum Reader {
    Meter(Box<Session>),
    Sensor(Sensor),
}

/// A level sensor.
#[derive(Default)]
pub(super) struct Sensor {
    sensor: Maxsonar,
    arrivals: Arrivals,
}

/// What a stream takes.
#[derive(Clone, Copy)]
pub(super) enum Turn<'a> {
    Bytes(&'a [u8], Option<Timestamp>),
    Silence,
    Lost,
    End,
    Cut,
    /// No more is wanted; what follows is not known.
    Enough,
    /// No more is read, though there is more; what was read is judged.
    Left,
}

/// What was told of.
#[derive(Default)]
pub(super) struct Told {
    /// So many frames, good or not.
    pub(super) frames: u64,
    /// What is wrong.
    pub(super) found: bool,
}

impl Reader {
    pub(super) fn new(device: Device, settings: &Settings) -> Self {
        match device {
            Device::P1 => Self::Meter(Box::new(Session::new(settings))),
            Device::Maxsonar => Self::Sensor(Sensor::default()),
        }
    }
}

impl Stream {
    pub(super) fn new(label: Option<String>, reader: Reader) -> Self {
        Self {
            label,
            reader,
            pushed: 0,
        }
    }

    /// Takes bytes, a silence or the end; the origin has the label of streams that have none of their own.
    pub(super) fn turn(
        &mut self,
        turn: Turn<'_>,
        origin: Origin<'_>,
        observers: &mut Observers<'_>,
    ) -> Told {
        let label = self.label.as_deref().or(origin.source.label);
        let source = Source {
            label,
            ..origin.source
        };
        let origin = Origin { source, ..origin };
        if let Turn::Bytes(bytes, _) = turn {
            self.pushed += bytes.len() as u64;
        }
        let mut told = Told::default();
        match &mut self.reader {
            Reader::Meter(session) => {
                let before = session.frames();
                let tell = |report: Report<'_>| {
                    if let Report::Finding(finding) = report {
                        told.found |= !is_said_elsewhere(finding, origin.source);
                    }
                    observers.session(origin, report);
                };
                match turn {
                    Turn::Bytes(bytes, at) => session.push(bytes, at, tell),
                    Turn::Silence => session.silence(SILENCE_MS, tell),
                    Turn::Lost => session.lost(tell),
                    Turn::End => session.finish(tell),
                    Turn::Cut => session.break_off(tell),
                    Turn::Enough => session.stop(tell),
                    Turn::Left => session.leave(tell),
                }
                told.frames += session.frames() - before;
            }
            Reader::Sensor(Sensor { sensor, arrivals }) => {
                if let Turn::Bytes(bytes, at) = turn {
                    arrivals.push(bytes.len(), at);
                }
                let tell = |heard: Heard<'_>| match heard {
                    Heard::Level(level) => {
                        told.frames += 1;
                        observers.level(origin, &level);
                    }
                    Heard::Wrong(junk) => {
                        let at = arrivals.at(junk.span.start);
                        observers.event(origin, at, &Event::Junk(junk));
                    }
                };
                match turn {
                    Turn::Bytes(bytes, at) => sensor.push(bytes, at, tell),
                    Turn::Silence | Turn::Lost | Turn::End | Turn::Cut => sensor.quiet(tell),
                    Turn::Enough | Turn::Left => {}
                }
                arrivals.forget(sensor.offset());
            }
        }
        told
    }
}

/// How long the line was silent where a silence is told of, in milliseconds.
const SILENCE_MS: u64 = 1000;
