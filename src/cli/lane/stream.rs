//! The bytes of one source on their way: decoded, looked into, told.

use jiff::Timestamp;

use super::super::words::is_said_elsewhere;
use super::Desk;
use crate::p1::event::Event;
use crate::p1::session::{Arrivals, Report, Session, Settings};
use crate::sink::context::Source;
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

/// What events are told with.
#[derive(Clone, Copy)]
pub(super) struct Front<'a> {
    pub(super) lane: usize,
    /// Its label is that of streams that have none of their own.
    pub(super) source: Source<'a>,
    /// A frame whose counter does not grow is a replay, and refused; else it is only marked.
    pub(super) live: bool,
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

    /// Takes bytes, a silence or the end.
    pub(super) fn turn(&mut self, turn: Turn<'_>, front: Front<'_>, desk: &mut dyn Desk) -> Told {
        if let Turn::Bytes(bytes, _) = turn {
            self.pushed += bytes.len() as u64;
        }
        let mut front = front;
        front.source.label = self.label.as_deref().or(front.source.label);
        let mut told = Told::default();
        match &mut self.reader {
            Reader::Meter(session) => {
                let before = session.frames();
                let tell = |report: Report<'_>| front.tell(report, desk, &mut told);
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
                let Front { lane, source, .. } = front;
                if let Turn::Bytes(bytes, at) = turn {
                    arrivals.push(bytes.len(), at);
                }
                let tell = |heard: Heard<'_>| match heard {
                    Heard::Level(level) => {
                        told.frames += 1;
                        desk.level(lane, source, &level);
                    }
                    Heard::Wrong(junk) => {
                        let at = arrivals.at(junk.span.start);
                        desk.event(lane, source, at, &Event::Junk(junk));
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

impl Front<'_> {
    fn tell(&self, report: Report<'_>, desk: &mut dyn Desk, told: &mut Told) {
        let Self { lane, source, .. } = *self;
        match report {
            Report::Event(event, at) => match self.marked(event, desk) {
                Some(marked) => desk.event(lane, source, at, &marked),
                None => desk.event(lane, source, at, event),
            },
            Report::Repaired => desk.withdrawn(lane),
            Report::Heard(title, record) => desk.remember(title, record),
            Report::Finding(finding) => {
                told.found |= !is_said_elsewhere(finding, source);
                desk.finding(lane, source, finding);
            }
            Report::Grown(finding) => desk.grown(lane, source, finding),
            Report::Settled => desk.settled(lane, source),
            Report::Ended(summary) => desk.ended(lane, source, summary),
        }
    }

    /// A telegram of a recording whose counter came before in this run.
    fn marked<'e>(&self, event: &Event<'e>, desk: &mut dyn Desk) -> Option<Event<'e>> {
        let Event::Telegram(decoded) = event else {
            return None;
        };
        let security = decoded.security.filter(|_| !self.live)?;
        let frame = (security.title(), security.counter().0);
        desk.came_before(self.source, frame).then(|| {
            let mut marked = decoded.clone();
            marked.replayed = true;
            Event::Telegram(marked)
        })
    }
}

/// How long the line was silent where a silence is told of, in milliseconds.
const SILENCE_MS: u64 = 1000;
