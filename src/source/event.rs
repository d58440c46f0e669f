//! What happens to a source, from the read that finds it out to the session that decodes it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::source::error::SourceError;
use crate::source::line_settings::LineSettings;
use crate::source::open::{Kind, Source};
use crate::source::read::GoneReason;
use crate::source::speed::LineNews;
use crate::sys::access::Holder;

/// Something that happened to a source; `B` is what holds the bytes.
#[derive(Debug)]
pub enum SourceEvent<B> {
    /// The source is open, for the first time.
    Opened(Found),
    /// Bytes as received, at least one.
    Bytes(B),
    /// The settings of the line are looked for, or were found.
    Line(LineNews),
    /// Nothing came within the time-out of the source; also while it is away.
    Quiet,
    /// As `Quiet`, said once: nobody has opened the FIFO for writing yet.
    NoWriter,
    /// The source went away. With [`Reconnect::Never`](super::Reconnect::Never) the end follows.
    Lost(GoneReason),
    /// The source cannot be opened yet, for another reason than before.
    Refused(SourceError),
    /// The source is back after so long.
    Reopened(Duration),
    /// The source is at its end; nothing more comes of it.
    End,
    /// The source cannot be opened or read; nothing more comes of it.
    Failed(SourceError),
    /// The handle that ends reading was rung.
    Stopped,
}

/// Something that happened to one of several sources, and when.
#[derive(Debug)]
pub struct Arrival<B> {
    /// Which source, by its place in the list of them.
    pub source: usize,
    /// When, by the clock on the wall.
    pub at: Timestamp,
    /// When, by a clock that only goes forward.
    pub instant: Instant,
    /// What.
    pub event: SourceEvent<B>,
}

/// Received bytes.
#[derive(Debug, Default)]
pub struct Received {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Places of those with parity or framing errors, as far as the source tells.
    pub broken: Vec<usize>,
    /// Label of the stream they belong to, where the source has several.
    pub label: Option<Arc<str>>,
}

/// What an open source turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub kind: Kind,
    /// Its path or server, or what it is called.
    pub name: String,
    /// Its size in bytes, where it is a regular file.
    pub size: Option<u64>,
    /// A program that has the serial port open as well.
    pub shared_with: Option<Holder>,
    /// Settings of its line, where it is a serial port.
    pub line: Option<LineSettings>,
}

impl<B> SourceEvent<B> {
    /// The same event with the bytes held by something else.
    pub fn map<C>(self, hold: impl FnOnce(B) -> C) -> SourceEvent<C> {
        match self {
            Self::Opened(found) => SourceEvent::Opened(found),
            Self::Bytes(bytes) => SourceEvent::Bytes(hold(bytes)),
            Self::Line(news) => SourceEvent::Line(news),
            Self::Quiet => SourceEvent::Quiet,
            Self::NoWriter => SourceEvent::NoWriter,
            Self::Lost(reason) => SourceEvent::Lost(reason),
            Self::Refused(error) => SourceEvent::Refused(error),
            Self::Reopened(after) => SourceEvent::Reopened(after),
            Self::End => SourceEvent::End,
            Self::Failed(error) => SourceEvent::Failed(error),
            Self::Stopped => SourceEvent::Stopped,
        }
    }

    /// Whether nothing more comes of the source.
    pub fn is_last(&self) -> bool {
        matches!(self, Self::End | Self::Failed(_) | Self::Stopped)
    }
}

impl<B> Arrival<B> {
    /// Something that happens now.
    pub fn now(source: usize, event: SourceEvent<B>) -> Self {
        Self {
            source,
            at: Timestamp::now(),
            instant: Instant::now(),
            event,
        }
    }
}

impl Found {
    /// Looks at an open source.
    pub fn of(source: &Source) -> Self {
        Self {
            kind: source.kind(),
            name: source.name(),
            size: match source {
                Source::Input(input) => input.size(),
                _ => None,
            },
            shared_with: match source {
                Source::Serial(serial) => serial.shared_with().cloned(),
                _ => None,
            },
            line: match source {
                Source::Serial(serial) => Some(serial.line()),
                _ => None,
            },
        }
    }
}
