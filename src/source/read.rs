//! What one read of a source gives, and what it is opened with.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::io::Errno;
#[cfg(any(feature = "http", feature = "mqtt"))]
use tokio_rustls::rustls::ClientConfig;

use crate::p1::value::Zone;
use crate::source::line_settings::LineSettings;
use crate::source::pulse::Counters;
use crate::source::seen::Seen;
use crate::source::speed::LineNews;
use crate::sys::mqtt::broker::Password;
use crate::sys::stop::Stop;

/// What came of one read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// So many bytes are in the buffer, at least one.
    Bytes(usize),
    /// The settings of the line are looked for, or were found.
    Line(LineNews),
    /// Nothing came within the time-out of the source.
    Quiet,
    /// As `Quiet`, said once: nobody has opened the FIFO for writing yet.
    NoWriter,
    /// The input is at its end.
    End,
    /// The port or the server went away; it may come back.
    Gone(GoneReason),
    /// The handle that ends reading was rung.
    Stopped,
}

/// How a source went away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GoneReason {
    /// The adapter was unplugged, or the other side of the pseudo-terminal closed.
    HungUp,
    /// The server closed the connection.
    Closed,
    /// The connection was broken off.
    Reset,
    /// The server no longer answers.
    Silent,
    /// Another file has the name of the one that is followed.
    Replaced,
    /// The file that is followed is shorter than what was read of it.
    Shortened,
    /// The system says so, in these words.
    Fault(String),
}

/// How sources are opened.
#[derive(Clone, Debug)]
pub struct SourceOptions {
    /// Ends all that is opened with these options.
    pub stop: Stop,
    /// Settings of serial ports.
    pub line: LineSettings,
    /// Others that are tried where nothing fits at those; none where they are certain.
    pub candidates: Vec<LineSettings>,
    /// What the control line RTS is set to.
    pub rts: Level,
    /// What the control line DTR is set to.
    pub dtr: Level,
    /// What is done when a source goes away.
    pub reconnect: Reconnect,
    /// Whether one went away for good.
    pub losses: Losses,
    /// How long after each vain attempt.
    pub backoff: Backoff,
    /// How long a server may take to answer.
    pub connect_timeout: Duration,
    /// Whether a file that is read to its end is read on when it grows.
    pub follow: bool,
    /// Whether each byte counts, also those that a server says before the first of the meter.
    pub raw: bool,
    /// What lets us in at servers.
    pub access: ServerAccess,
    /// What a server has given before a loss; each source has its own.
    pub seen: Seen,
    /// What was counted of meters with pulses.
    pub counters: Counters,
    /// The clock of meters that have none of their own.
    pub zone: Zone,
}

/// What lets us in at servers.
#[derive(Clone, Default)]
pub struct ServerAccess {
    /// Sent to servers of pages.
    pub token: Option<Password>,
    /// Sent to brokers, with the user of the address.
    pub password: Option<Password>,
    /// Whom we trust, and who we are; `None`: whom the machine trusts.
    #[cfg(any(feature = "http", feature = "mqtt"))]
    pub tls: Option<Arc<ClientConfig>>,
}

/// What a control line is set to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Level {
    /// Left as the system sets it when a port is opened.
    #[default]
    Untouched,
    /// Set.
    On,
    /// Cleared.
    Off,
}

/// What is done when a source is not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reconnect {
    /// A source that goes away is at its end.
    Never,
    /// A source that was open is opened again; one that cannot be opened at first is an error.
    #[default]
    AfterLoss,
    /// As `AfterLoss`, and a source that is not there at first is waited for.
    FromStart,
}

/// Tells whether a source was lost and is not opened again; clones share one flag.
#[derive(Clone, Debug, Default)]
pub struct Losses(Arc<AtomicBool>);

/// How long to wait between attempts: doubling from `first` to `most`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// Before the first attempt.
    pub first: Duration,
    /// Never longer than this.
    pub most: Duration,
}

impl SourceOptions {
    /// What is usual for a meter: 115200 8N1, control lines untouched, opened again after a loss.
    pub fn new(stop: Stop) -> Self {
        Self {
            stop,
            line: LineSettings::P1,
            candidates: Vec::new(),
            rts: Level::default(),
            dtr: Level::default(),
            reconnect: Reconnect::default(),
            losses: Losses::default(),
            backoff: Backoff::default(),
            connect_timeout: Duration::from_secs(5),
            follow: false,
            raw: false,
            access: ServerAccess::default(),
            seen: Seen::default(),
            counters: Counters::default(),
            zone: Zone::luxembourg(),
        }
    }
}

impl fmt::Debug for ServerAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerAccess").finish_non_exhaustive()
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            most: Duration::from_secs(30),
        }
    }
}

impl Losses {
    /// Whether a source was lost.
    pub fn any(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    pub(crate) fn tell(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl GoneReason {
    /// Tells whether the source broke; a server that closes, and a file that is written anew, have ended in good order.
    pub fn is_fault(&self) -> bool {
        match self {
            Self::HungUp | Self::Reset | Self::Silent | Self::Fault(_) => true,
            Self::Closed | Self::Replaced | Self::Shortened => false,
        }
    }

    /// Reads the error of a port or a socket as a reason to be gone.
    pub(crate) fn of(error: &io::Error) -> Self {
        match error.raw_os_error().map(Errno::from_raw_os_error) {
            Some(Errno::IO | Errno::NXIO | Errno::NODEV | Errno::PIPE) => Self::HungUp,
            Some(Errno::CONNRESET | Errno::CONNABORTED) => Self::Reset,
            Some(Errno::TIMEDOUT | Errno::HOSTUNREACH | Errno::NETUNREACH) => Self::Silent,
            _ => Self::Fault(error.to_string()),
        }
    }
}

impl fmt::Display for GoneReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HungUp => "the port went away",
            Self::Closed => "the server closed the connection",
            Self::Reset => "the connection was broken off",
            Self::Silent => "the server no longer answers",
            Self::Replaced => "there is a new file of this name",
            Self::Shortened => "the file was emptied or cut",
            Self::Fault(words) => words,
        })
    }
}
