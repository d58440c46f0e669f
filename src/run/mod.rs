//! The loop: what the sources have is decoded by the sessions of the inputs, and the observers are told of it.
//!
//! ```text
//! Reader --SourceEvent--> Input --> Session --Report--> Observers
//!            un-dump, streams of a log   p1        counts, output, screen, services
//! ```

mod ahead;
pub mod counts;
pub mod failure;
pub mod filter;
pub mod input;
mod link;
pub mod observers;
pub mod pool;
pub mod progress;
pub mod reader;
pub mod recorded;
pub mod repeats;
pub mod secrets;
pub mod stdio;
mod stream;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::format::words::SILENT_BY_WISH;
use crate::observe::observer::{Link, Report};
use crate::p1::cipher::Keys;
use crate::source::Arrival;
use crate::source::LineNews;
use crate::source::SourceEvent;
use crate::sys::stop::Stop;
use failure::{Exit, Failure, Level};
use link::{SILENCE, State, line_news, patience, shared, silence};
use progress::Progress;
use reader::Bytes;

pub use counts::Counts;
pub use filter::Filter;
pub use input::Input;
pub use observers::Observers;
pub use pool::Pool;
pub use reader::Reader;

/// When reading ends, beside the end of the input.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// After so long.
    pub duration: Option<Duration>,
    /// After so long without a telegram of any source.
    pub timeout: Option<Duration>,
    /// Whether the progress of files may be shown.
    pub progress: bool,
    /// Whether a frame that lacks only its key counts as a telegram.
    pub without_keys: bool,
}

/// Why a run has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The input is at its end.
    Input,
    /// Nothing more is wanted, or nobody reads the output.
    Enough,
    /// The time is over.
    Duration,
    /// By a signal.
    Stopped,
    /// An observer cannot go on.
    Failed,
}

/// Looks whether there are new keys, and gives those of each input.
pub type NewKeys<'a> = dyn FnMut(&mut Observers<'_>) -> Option<Vec<Arc<Keys>>> + 'a;

/// How a run went.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// Why it has ended.
    pub end: End,
    /// The worst that befell an input; each was said.
    pub worst: Exit,
}

/// Reads all inputs to their end, or until enough was read. A source that fails ends only itself.
///
/// # Errors
/// A time-out.
pub fn run(
    mut reader: Reader,
    stop: &Stop,
    mut inputs: Vec<Input>,
    observers: &mut Observers<'_>,
    limits: &Limits,
    reload: &mut NewKeys<'_>,
) -> Result<Ended, Failure> {
    for (index, input) in inputs.iter_mut().enumerate() {
        input.index = index;
    }
    let started = Instant::now();
    let mut run = Run {
        links: inputs.iter().map(|_| State::new(started)).collect(),
        heard: (0, started),
        inputs,
        observers,
        limits,
        progress: Progress::default(),
        worst: Exit::Success,
    };
    let end = loop {
        let left = limits
            .duration
            .map_or(TICK, |time| time.saturating_sub(started.elapsed()));
        match reader.recv_timeout(left.min(TICK)) {
            Ok(arrival) => {
                if let Some(bytes) = run.take(arrival) {
                    reader.recycle(bytes);
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) if stop.is_stopped() => break End::Stopped,
            Err(RecvTimeoutError::Disconnected) => break End::Input,
        }
        let fresh = reload(run.observers).unwrap_or_default();
        for (input, keys) in run.inputs.iter_mut().zip(&fresh) {
            input.set_keys(keys);
        }
        run.observers.tick(Timestamp::now());
        if run.observers.have_failed() {
            return Ok(run.ended(End::Failed));
        }
        if run.observers.have_enough() {
            break End::Enough;
        }
        let over = |time: Duration| started.elapsed() >= time;
        if limits.duration.is_some_and(over) {
            break End::Duration;
        }
        run.check_timeout()?;
    };
    Ok(run.end(end))
}

struct Run<'a, 'o> {
    inputs: Vec<Input>,
    links: Vec<State>,
    observers: &'a mut Observers<'o>,
    limits: &'a Limits,
    /// Telegrams so far, and when there were less.
    heard: (u64, Instant),
    progress: Progress,
    worst: Exit,
}

impl Run<'_, '_> {
    /// Takes what came of an input; gives back the buffer of bytes.
    fn take(&mut self, arrival: Arrival<Bytes>) -> Option<Bytes> {
        let Arrival {
            source: index,
            at,
            instant,
            event,
        } = arrival;
        let state = self.links.get_mut(index).filter(|state| !state.over)?;
        let input = self.inputs.get_mut(index)?;
        let observers = &mut *self.observers;
        if !matches!(event, SourceEvent::Bytes(_)) {
            input.catch_up_with(observers);
            if input.is_over() {
                return None;
            }
        }
        match event {
            SourceEvent::Opened(found) => {
                self.progress = Progress::of(&found, self.limits.progress);
                if let Some((what, hint)) = shared(&found) {
                    observers.message(Level::Warning, &what, Some(&hint));
                }
                input.open(found);
                (state.open, state.known, state.bytes) = (true, true, instant);
                if input.is_live() {
                    let what = format!("{} is open", input.title());
                    if std::mem::take(&mut state.refused) {
                        observers.message(Level::Note, &what, None);
                    }
                    tell_link(observers, input, Link::Opened, &what, None);
                }
            }
            SourceEvent::Bytes(mut received) => {
                (state.bytes, state.settled, state.silent) = (instant, false, false);
                let Bytes {
                    bytes,
                    broken,
                    label,
                } = &mut received;
                self.progress.advance(bytes.len());
                if let Some(label) = label {
                    input.select(label, "");
                }
                let mut origin = input.origin();
                origin.source.label = label.as_deref().or(origin.source.label);
                observers.input(origin, at, &Report::Bytes { bytes, broken });
                let pushed = self
                    .progress
                    .aside(|| input.push(bytes, Some(at), observers));
                if let Err(failure) = pushed {
                    self.fail(index, &failure);
                }
                return Some(received);
            }
            SourceEvent::Quiet => {
                let pause = instant.saturating_duration_since(state.bytes);
                let followed = input.catch_up();
                if !followed
                    && pause >= patience(input.kind, input.line)
                    && !std::mem::replace(&mut state.settled, true)
                {
                    input.quiet(observers);
                }
                observers.input(input.origin(), at, &Report::Pause);
                let tells = input.is_live() && state.open && !state.looking;
                if tells && pause >= SILENCE && !std::mem::replace(&mut state.silent, true) {
                    let (what, hint) = silence(input, pause);
                    if let Some(words) = state.repeats.take("silence", instant).words(&what) {
                        observers.message(Level::Warning, &words, Some(&hint));
                    }
                    tell_link(observers, input, Link::Silent, &what, Some(&hint));
                }
                if let Some((level, what)) = state.change(&input.title(), instant) {
                    observers.message(level, &what, None);
                }
            }
            SourceEvent::Line(news) => {
                let (level, what, hint) = line_news(&input.title(), &news);
                state.looking = matches!(news, LineNews::Looking(_));
                // That nothing comes was said with it.
                state.silent |= news == LineNews::NotFound { heard: false };
                observers.message(level, &what, hint);
                if let LineNews::Found(line) = news {
                    input.line = Some(line);
                    tell_link(observers, input, Link::Line, &what, None);
                }
            }
            SourceEvent::NoWriter => {
                let what = format!("{}: waiting for someone to write", input.title());
                observers.message(Level::Note, &what, None);
            }
            SourceEvent::Lost(reason) => {
                input.lose(observers);
                let what = format!("{}: {reason}", input.title());
                let level = match input.is_live() {
                    true => Level::Warning,
                    false => Level::Note,
                };
                if let Some(words) = state.lose(&what, instant) {
                    observers.message(level, &words, None);
                }
                tell_link(observers, input, Link::Lost, &what, None);
            }
            SourceEvent::Refused(error) => {
                let what = format!("{error}; retrying");
                let hint = error.hint();
                if let Some(words) = state.repeats.take(&what, instant).words(&what) {
                    observers.message(Level::Warning, &words, hint.as_deref());
                    state.refused = true;
                }
                if !state.known {
                    tell_link(observers, input, Link::Lost, &what, hint.as_deref());
                }
            }
            SourceEvent::Reopened(after) => {
                let said = state.come_back(instant);
                let what = match input.is_live() {
                    true => format!("{}: back after {} s", input.title(), after.as_secs()),
                    false => format!("{}: read from its beginning", input.title()),
                };
                if said {
                    observers.message(Level::Note, &what, None);
                }
                tell_link(observers, input, Link::Reopened, &what, None);
            }
            SourceEvent::End => {
                self.progress.finish();
                match input.finish(observers) {
                    Err(failure) => self.fail(index, &failure),
                    Ok(()) => {
                        state.over = true;
                        self.look_for_nothing(index);
                    }
                }
            }
            SourceEvent::Failed(error) => {
                // What came before it counts, and what is half is told of.
                input.lose(observers);
                self.fail(index, &error.into());
            }
            SourceEvent::Stopped => {}
        }
        None
    }

    /// Ends an input that cannot be read.
    fn fail(&mut self, index: usize, failure: &Failure) {
        if let Some(state) = self.links.get_mut(index) {
            state.over = true;
        }
        self.progress.finish();
        self.worst = self.worst.min(failure.exit);
        self.observers
            .message(Level::Error, &failure.what, failure.hint.as_deref());
    }

    /// Says it where an input held nothing that could be read.
    fn look_for_nothing(&mut self, index: usize) {
        let known = self.links.get(index).is_some_and(|state| state.known);
        let empty = self.inputs.get(index).and_then(|input| match known {
            true => input.nothing_found(),
            false => Some(Failure::new(
                Exit::Io,
                format!("{}: was not there", input.title()),
            )),
        });
        if let Some(failure) = empty {
            self.fail(index, &failure);
        }
    }

    fn check_timeout(&mut self) -> Result<(), Failure> {
        let counts = &self.observers.counts;
        let heard = match self.limits.without_keys {
            true => counts.whole,
            false => counts.good,
        };
        if heard != self.heard.0 {
            self.heard = (heard, Instant::now());
        }
        match self.limits.timeout {
            Some(timeout) if self.heard.1.elapsed() >= timeout => {
                self.conclude(End::Stopped);
                let names: Vec<_> = self.inputs.iter().map(Input::title).collect();
                let what = format!("{}: no telegram for {timeout:?}", names.join(", "));
                let virtual_only = self.inputs.iter().all(|input| input.kind == "sim");
                Err(Failure::new(Exit::NoTelegram, what).hint(match virtual_only {
                    true => SILENT_BY_WISH,
                    false => {
                        "is the cable in, has pin 2 (data request) 5 V, has the operator opened the port?"
                    }
                }))
            }
            _ => Ok(()),
        }
    }

    /// Ends the inputs that go on.
    fn conclude(&mut self, end: End) {
        for index in 0..self.inputs.len() {
            let over = self.links.get(index).is_none_or(|state| state.over);
            let Some(input) = self.inputs.get_mut(index).filter(|_| !over) else {
                continue;
            };
            input.leave(self.observers);
            if end == End::Duration {
                self.look_for_nothing(index);
            }
        }
    }

    /// Ends all inputs that have not ended yet.
    fn end(mut self, end: End) -> Ended {
        self.progress.finish();
        if end != End::Enough {
            self.conclude(end);
            self.observers.tick(Timestamp::now());
        } else {
            for input in &mut self.inputs {
                input.sum_up(self.observers);
            }
        }
        let failed = self.observers.have_failed();
        self.ended(if failed { End::Failed } else { end })
    }

    fn ended(self, end: End) -> Ended {
        self.progress.finish();
        Ended {
            end,
            worst: self.worst,
        }
    }
}

/// Tells how the link of an input has changed.
fn tell_link(
    observers: &mut Observers<'_>,
    input: &Input,
    link: Link,
    message: &str,
    hint: Option<&str>,
) {
    let report = Report::Link {
        link,
        line: input.line,
        message,
        hint,
    };
    observers.input(input.origin(), Timestamp::now(), &report);
}

/// How long the loop waits for anything.
const TICK: Duration = Duration::from_millis(100);
