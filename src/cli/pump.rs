//! THE pump: takes what the feed has, hands it to the lanes, writes the output.

mod link;
mod takeover;

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::ahead::{Ahead, Hand};
use super::failure::{Exit, Failure, Level, say};
use super::feed::{Came, Feed, Piece, Turn};
use super::keys::Ring;
use super::lane::{Desk, Lane};
use super::progress::Progress;
use super::writer::WriteEnd;
use crate::p1::cipher::Keys;
use crate::sink::words::SILENT_BY_WISH;
use crate::source::LineSettings;
use link::{SILENCE, State, patience, silence};
use takeover::Alone;

pub use link::Link;

/// Where the pump puts events, and what it asks.
pub trait Sink: Desk {
    /// Writes what waits.
    ///
    /// # Errors
    /// [`WriteEnd`].
    fn flush(&mut self) -> Result<(), WriteEnd>;
    /// Nothing more is wanted.
    fn is_full(&self) -> bool;
    /// Telegrams that were good so far.
    fn good(&self) -> u64;
    /// The link of a lane changed.
    fn link(&mut self, lane: &Lane, link: Link, message: &str, hint: Option<&str>);
    /// Bytes as received, before they are decoded, and where some had parity or framing errors.
    fn bytes(&mut self, _lane: &Lane, _at: Timestamp, _bytes: &[u8], _broken: &[usize]) {}
    /// Nothing came of a lane for a while.
    fn quiet(&mut self, _lane: &Lane) {}
    /// What formats telegrams of files on other threads; `None` where they have to come one by one.
    fn hand(&self) -> Option<Hand> {
        None
    }
    /// Takes telegrams that were formatted on another thread, and counted.
    fn formatted(&mut self, _bytes: &mut Vec<u8>) {}
    /// Time goes on; some ten times a second.
    fn tick(&mut self, _now: Timestamp) {}
    /// Keys and names were read again.
    fn renew(&mut self, _ring: &Arc<Ring>) {}
    /// Says something to the user.
    fn talk(&mut self, level: Level, what: &str, hint: Option<&str>) {
        say(level, what, hint);
    }
}

/// When reading ends, beside the end of the input.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// After so long.
    pub duration: Option<Duration>,
    /// After so long without a telegram of any source.
    pub timeout: Option<Duration>,
    /// Whether the progress of files may be shown.
    pub progress: bool,
    /// Threads that decode files.
    pub jobs: usize,
    /// What serial ports are set to, for what is said of silent ones.
    pub line: LineSettings,
}

/// How pumping ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PumpEnd {
    /// At the end of the input.
    Input,
    /// The count is reached, or nobody reads the output.
    Enough,
    /// The time is over.
    Duration,
    /// By a signal.
    Stopped,
}

/// Looks whether there are new keys, and gives those of each lane.
pub type Renew<'a> = dyn FnMut(&mut dyn Sink) -> Option<Vec<Arc<Keys>>> + 'a;

/// How a run of the pump went.
pub struct Pumped {
    /// How it ended.
    pub end: PumpEnd,
    /// The worst that befell an input; each was said.
    pub worst: Exit,
}

/// Reads all inputs to their end, or until enough was read. A source that fails ends only itself.
///
/// # Errors
/// An output that cannot be written; a time-out.
pub fn pump(
    mut feed: Feed,
    mut lanes: Vec<Lane>,
    sink: &mut dyn Sink,
    limits: &Limits,
    renew: &mut Renew<'_>,
) -> Result<Pumped, Failure> {
    for (index, lane) in lanes.iter_mut().enumerate() {
        lane.index = index;
    }
    let started = Instant::now();
    let mut pump = Pump {
        links: lanes.iter().map(|_| State::new(started)).collect(),
        heard: (sink.good(), started),
        lanes,
        sink,
        limits,
        progress: Progress::default(),
        worst: Exit::Good,
        ahead: None,
        reading: 0,
        alone: Alone::default(),
    };
    let end = loop {
        let left = limits
            .duration
            .map_or(TICK, |time| time.saturating_sub(started.elapsed()));
        if !pump.take_ahead(&mut feed, left.min(TICK)) {
            match feed.next(left.min(TICK)) {
                Turn::Run(lane, run) => pump.run(&mut feed, lane, run),
                Turn::Came(came) => pump.take(came),
                Turn::Idle => {}
                Turn::End => break PumpEnd::Input,
                Turn::Stopped => break PumpEnd::Stopped,
            }
        }
        pump.sink.tick(Timestamp::now());
        let fresh = renew(pump.sink).unwrap_or_default();
        if !fresh.is_empty() {
            pump.settle(&mut feed);
            pump.ahead = None;
        }
        for (lane, keys) in pump.lanes.iter_mut().zip(&fresh) {
            lane.set_keys(keys);
        }
        if let Some(end) = pump.flush()? {
            break end;
        }
        let over = |time: Duration| started.elapsed() >= time;
        if limits.duration.is_some_and(over) {
            break PumpEnd::Duration;
        }
        pump.check_timeout()?;
    };
    if end != PumpEnd::Enough {
        pump.settle(&mut feed);
    }
    pump.end(end)
}

struct Pump<'a> {
    lanes: Vec<Lane>,
    links: Vec<State>,
    sink: &'a mut dyn Sink,
    limits: &'a Limits,
    /// Telegrams so far, and when there were less.
    heard: (u64, Instant),
    progress: Progress,
    worst: Exit,
    /// Threads that decode ahead, once there is work for them.
    ahead: Option<Ahead>,
    /// The lane whose file is read ahead.
    reading: usize,
    alone: Alone,
}

impl Pump<'_> {
    fn take(&mut self, came: Came<'_>) {
        let Came {
            lane: index,
            at,
            instant,
            what,
        } = came;
        let Some(state) = self.links.get_mut(index) else {
            return;
        };
        if state.over {
            return;
        }
        let Some(lane) = self.lanes.get_mut(index) else {
            return;
        };
        let sink = &mut *self.sink;
        match what {
            Piece::Opened(found) => {
                self.progress = Progress::of(&found, self.limits.progress);
                lane.open(found);
                (state.open, state.known, state.bytes) = (true, true, instant);
                if lane.is_live() {
                    let what = format!("{} is open", lane.title());
                    if std::mem::take(&mut state.refused) {
                        sink.talk(Level::Note, &what, None);
                    }
                    sink.link(lane, Link::Opened, &what, None);
                }
            }
            Piece::Bytes(bytes, broken) => {
                (state.bytes, state.settled, state.silent) = (instant, false, false);
                self.progress.advance(bytes.len());
                sink.bytes(lane, at, bytes, broken);
                let pushed = self.progress.aside(|| lane.push(bytes, Some(at), sink));
                if let Err(failure) = pushed {
                    self.fail(index, &failure);
                }
            }
            Piece::Quiet => {
                let pause = instant.saturating_duration_since(state.bytes);
                let followed = lane.catch_up();
                if !followed
                    && pause >= patience(lane.kind)
                    && !std::mem::replace(&mut state.settled, true)
                {
                    lane.quiet(sink);
                }
                sink.quiet(lane);
                let tells = lane.is_live() && state.open;
                if tells && pause >= SILENCE && !std::mem::replace(&mut state.silent, true) {
                    let (what, hint) = silence(lane, pause, self.limits.line);
                    if let Some(words) = state.repeats.take("silence", instant).words(&what) {
                        sink.talk(Level::Warning, &words, Some(&hint));
                    }
                    sink.link(lane, Link::Silent, &what, Some(&hint));
                }
                if let Some((level, what)) = state.change(&lane.title(), instant) {
                    sink.talk(level, &what, None);
                }
            }
            Piece::NoWriter => {
                let what = format!("{}: waiting for someone to write", lane.title());
                sink.talk(Level::Note, &what, None);
            }
            Piece::Lost(reason) => {
                lane.lose(sink);
                let what = format!("{}: {reason}", lane.title());
                let level = match lane.is_live() {
                    true => Level::Warning,
                    false => Level::Note,
                };
                if let Some(words) = state.lose(&what, instant) {
                    sink.talk(level, &words, None);
                }
                sink.link(lane, Link::Lost, &what, None);
            }
            Piece::Refused(error) => {
                let what = format!("{error}; it is tried again");
                let hint = error.hint();
                if let Some(words) = state.repeats.take(&what, instant).words(&what) {
                    sink.talk(Level::Warning, &words, hint.as_deref());
                    state.refused = true;
                }
                if !state.known {
                    sink.link(lane, Link::Lost, &what, hint.as_deref());
                }
            }
            Piece::Reopened(after) => {
                let said = state.come_back(instant);
                let what = match lane.is_live() {
                    true => format!("{}: back after {} s", lane.title(), after.as_secs()),
                    false => format!("{}: read from its beginning", lane.title()),
                };
                if said {
                    sink.talk(Level::Note, &what, None);
                }
                sink.link(lane, Link::Reopened, &what, None);
            }
            Piece::End => {
                self.progress.finish();
                match lane.finish(sink) {
                    Err(failure) => self.fail(index, &failure),
                    Ok(()) => {
                        state.over = true;
                        self.look_for_nothing(index);
                    }
                }
            }
            Piece::Failed(error) => {
                // What came before it counts, and what is half is told of.
                lane.lose(sink);
                self.fail(index, &error.into());
            }
        }
    }

    /// Takes bytes of a file, one by one.
    fn push(&mut self, index: usize, bytes: &[u8]) {
        let Some(lane) = self.lanes.get_mut(index) else {
            return;
        };
        let sink = &mut *self.sink;
        let pushed = self.progress.aside(|| lane.push(bytes, None, sink));
        if let Err(failure) = pushed {
            self.fail(index, &failure);
        }
    }

    /// Ends an input that cannot be read.
    fn fail(&mut self, index: usize, failure: &Failure) {
        if let Some(state) = self.links.get_mut(index) {
            state.over = true;
        }
        self.progress.finish();
        self.worst = self.worst.min(failure.exit);
        self.sink
            .talk(Level::Error, &failure.what, failure.hint.as_deref());
    }

    /// Says it where an input held nothing that could be read.
    fn look_for_nothing(&mut self, index: usize) {
        let known = self.links.get(index).is_some_and(|state| state.known);
        let empty = self.lanes.get(index).and_then(|lane| match known {
            true => lane.nothing_found(),
            false => Some(Failure::new(
                Exit::Io,
                format!("{}: was not there", lane.title()),
            )),
        });
        if let Some(failure) = empty {
            self.fail(index, &failure);
        }
    }

    /// Writes what waits; tells whether pumping ends with it.
    fn flush(&mut self) -> Result<Option<PumpEnd>, Failure> {
        match self.sink.flush() {
            Err(WriteEnd::ReaderGone) => Ok(Some(PumpEnd::Enough)),
            Err(WriteEnd::Failed(failure)) => Err(failure),
            Ok(()) => Ok(self.sink.is_full().then_some(PumpEnd::Enough)),
        }
    }

    fn check_timeout(&mut self) -> Result<(), Failure> {
        let good = self.sink.good();
        if good != self.heard.0 {
            self.heard = (good, Instant::now());
        }
        match self.limits.timeout {
            Some(timeout) if self.heard.1.elapsed() >= timeout => {
                self.conclude(PumpEnd::Stopped);
                let names: Vec<_> = self.lanes.iter().map(Lane::title).collect();
                let what = format!("{}: no telegram for {timeout:?}", names.join(", "));
                let virtual_only = self.lanes.iter().all(|lane| lane.kind == "sim");
                Err(Failure::new(Exit::Nothing, what).hint(match virtual_only {
                    true => SILENT_BY_WISH,
                    false => {
                        "is the cable in, has pin 2 (data request) 5 V, has the operator opened the port?"
                    }
                }))
            }
            _ => Ok(()),
        }
    }

    /// Ends the lanes that go on.
    fn conclude(&mut self, end: PumpEnd) {
        for index in 0..self.lanes.len() {
            let over = self.links.get(index).is_none_or(|state| state.over);
            let Some(lane) = self.lanes.get_mut(index).filter(|_| !over) else {
                continue;
            };
            lane.leave(self.sink);
            if end == PumpEnd::Duration {
                self.look_for_nothing(index);
            }
        }
    }

    /// Ends all lanes that have not ended yet.
    fn end(mut self, end: PumpEnd) -> Result<Pumped, Failure> {
        self.progress.finish();
        if end != PumpEnd::Enough {
            self.conclude(end);
            self.flush()?;
        } else {
            for lane in &mut self.lanes {
                lane.sum_up(self.sink);
            }
        }
        Ok(Pumped {
            end,
            worst: self.worst,
        })
    }
}

/// How long the pump waits for anything.
const TICK: Duration = Duration::from_millis(100);
