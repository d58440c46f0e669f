//! A source that goes away and comes back.
//!
//! ```text
//!      it cannot be opened                      Gone
//! Fresh ----------------> error   Open ----------------------> Lost   said once
//!   |                              ^                            | 1 s, 2 s, 4 s ... 30 s
//!   +------------------------------+ <--------------------------+
//!             Opened                          Reopened
//! ```
//!
//! With [`Reconnect::FromStart`] a source that is not there at first is waited for like one that was lost.
//! The wait grows until bytes come again: a server that accepts and closes at once is not asked every second.
//! Where a USB adapter is looked for, see `adapter.rs`.

use std::time::{Duration, Instant};

use crate::source::address::{Address, Place};
use crate::source::error::SourceError;
use crate::source::event::{Found, SourceEvent};
use crate::source::open::Source;
use crate::source::ports::{self, Usb};
use crate::source::read::{Read, Reconnect, SourceOptions};
use crate::source::seen::Seen;
use crate::source::speed::LineNews;
use crate::source::usb_lookup::{find, is_stable};

/// A source that is opened again when it goes away.
#[derive(Debug)]
pub struct Reconnecting {
    address: Address,
    options: SourceOptions,
    state: State,
    wait: Duration,
    adapter: Option<Usb>,
}

#[derive(Debug)]
enum State {
    /// Not read yet.
    Fresh,
    Open(Box<Source>),
    Away(Away),
    Over,
}

#[derive(Debug)]
struct Away {
    since: Instant,
    retry: Instant,
    /// Whether it was ever open.
    known: bool,
    /// The kind of the last failure, to say each once.
    said: Option<std::mem::Discriminant<SourceError>>,
}

impl Reconnecting {
    /// Makes a source of an address; it is opened by the first read.
    pub fn new(address: Address, mut options: SourceOptions) -> Self {
        options.seen = Seen::default();
        Self {
            address,
            state: State::Fresh,
            wait: options.backoff.first,
            adapter: None,
            options,
        }
    }

    /// Reads what there is into `buf`, which is not empty; opens the source where it is not open.
    ///
    /// The event tells how many bytes there are.
    pub fn read(&mut self, buf: &mut [u8]) -> SourceEvent<usize> {
        match &mut self.state {
            State::Fresh => self.open_first(),
            State::Open(source) => match source.read(buf) {
                Ok(read) => self.follow(read),
                Err(error) => self.fail(error),
            },
            State::Away(_) => self.open_again(),
            State::Over => SourceEvent::End,
        }
    }

    /// The source, while it is open.
    pub fn source(&self) -> Option<&Source> {
        match &self.state {
            State::Open(source) => Some(source),
            State::Fresh | State::Away(_) | State::Over => None,
        }
    }

    /// The address it was made of.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Whether a file is read on when it grows.
    pub fn follows(&self) -> bool {
        self.options.follow
    }

    fn open_first(&mut self) -> SourceEvent<usize> {
        match Source::open(&self.address, &self.options) {
            Ok(source) => self.take(Box::new(source)),
            Err(SourceError::Stopped) => SourceEvent::Stopped,
            Err(error) if self.options.reconnect == Reconnect::FromStart && error.is_absence() => {
                let said = Some(std::mem::discriminant(&error));
                self.leave(false, said);
                SourceEvent::Refused(error)
            }
            Err(error) => self.fail(error),
        }
    }

    fn fail(&mut self, error: SourceError) -> SourceEvent<usize> {
        self.state = State::Over;
        SourceEvent::Failed(error)
    }

    fn take(&mut self, source: Box<Source>) -> SourceEvent<usize> {
        self.remember(&source);
        let found = Found::of(&source);
        self.state = State::Open(source);
        SourceEvent::Opened(found)
    }

    fn follow(&mut self, read: Read) -> SourceEvent<usize> {
        match read {
            Read::Bytes(count) => {
                self.wait = self.options.backoff.first;
                SourceEvent::Bytes(count)
            }
            Read::Line(news) => {
                // What was found holds when the port comes back.
                if let LineNews::Found(line) = news {
                    self.options.line = line;
                }
                SourceEvent::Line(news)
            }
            Read::Quiet => SourceEvent::Quiet,
            Read::NoWriter => SourceEvent::NoWriter,
            Read::Stopped => SourceEvent::Stopped,
            Read::End => {
                self.state = State::Over;
                SourceEvent::End
            }
            Read::Gone(reason) => {
                // Also closes the old descriptor, without which the port may not come back.
                match self.options.reconnect {
                    Reconnect::Never => {
                        self.state = State::Over;
                        if reason.is_fault() {
                            self.options.losses.tell();
                        }
                    }
                    Reconnect::AfterLoss | Reconnect::FromStart => self.leave(true, None),
                }
                SourceEvent::Lost(reason)
            }
        }
    }

    fn open_again(&mut self) -> SourceEvent<usize> {
        let State::Away(away) = &self.state else {
            return SourceEvent::Quiet;
        };
        let left = away.retry.saturating_duration_since(Instant::now());
        if self.options.stop.wait(left.min(TICK)) {
            return SourceEvent::Stopped;
        }
        if left > TICK {
            return SourceEvent::Quiet;
        }
        let (since, known) = (away.since, away.known);
        match self.find_and_open() {
            Ok(source) => {
                if self.adapter.is_none() {
                    self.remember(&source);
                }
                let found = Found::of(&source);
                self.state = State::Open(Box::new(source));
                match known {
                    true => SourceEvent::Reopened(since.elapsed()),
                    false => SourceEvent::Opened(found),
                }
            }
            Err(SourceError::Stopped) => SourceEvent::Stopped,
            Err(error) => self.refuse(error),
        }
    }

    fn refuse(&mut self, error: SourceError) -> SourceEvent<usize> {
        let retry = self.next_retry();
        let State::Away(away) = &mut self.state else {
            return SourceEvent::Quiet;
        };
        away.retry = retry;
        // That a lost port is not there, or a lost server not up, is what lost means.
        let gone = error.is_absence() || matches!(error, SourceError::NoHardware { .. });
        let expected = away.known && gone;
        let kind = Some(std::mem::discriminant(&error));
        if expected || away.said == kind {
            return SourceEvent::Quiet;
        }
        away.said = kind;
        SourceEvent::Refused(error)
    }

    fn find_and_open(&self) -> Result<Source, SourceError> {
        let path = match (&self.address.place, &self.adapter) {
            (Place::Path(path), Some(adapter)) if !is_stable(path) => {
                find(Some(path), adapter, &ports::list())?
            }
            (Place::Auto, Some(adapter)) => find(None, adapter, &ports::list())?,
            _ => return Source::open(&self.address, &self.options),
        };
        let place = Place::Path(path);
        let address = Address {
            place,
            ..self.address.clone()
        };
        Source::open(&address, &self.options)
    }

    fn leave(&mut self, known: bool, said: Option<std::mem::Discriminant<SourceError>>) {
        let retry = self.next_retry();
        self.state = State::Away(Away {
            since: Instant::now(),
            retry,
            known,
            said,
        });
    }

    /// The wait grows with each loss and each vain attempt; bytes take it back to the first.
    fn next_retry(&mut self) -> Instant {
        let retry = Instant::now() + self.wait;
        self.wait = (self.wait * 2).min(self.options.backoff.most);
        retry
    }

    fn remember(&mut self, source: &Source) {
        if let Source::Serial(serial) = source {
            self.adapter = serial.usb().filter(|usb| usb.serial.is_some()).cloned();
        }
    }
}

/// No read takes longer than this while a source is away.
const TICK: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests;
