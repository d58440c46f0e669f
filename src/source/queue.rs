//! The queue between the threads of the sources and the one that takes.
//!
//! Arrivals stand in it in the order in which they came. Each source has a share of it; one whose share is full waits,
//! and it alone, so that what others send never waits behind more than the shares of the rest. The shares bound the
//! memory, and buffers are used again.

use std::collections::VecDeque;
use std::ops::Deref;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::access::Holder;
use super::error::SourceError;
use super::line_settings::LineSettings;
use super::open::{Kind, Source};
use super::read::GoneReason;
use super::speed::LineNews;
use super::stop::Stop;

/// One thing that came from a source.
#[derive(Debug)]
pub struct Arrival {
    /// Which source, by its place in the list the hub was made of.
    pub source: usize,
    /// When, by the clock on the wall.
    pub at: SystemTime,
    /// When, by a clock that only goes forward.
    pub instant: Instant,
    /// What.
    pub what: What,
}

/// What came from a source.
#[derive(Debug)]
pub enum What {
    /// The source is open, for the first time.
    Opened(Found),
    /// Bytes as received.
    Bytes(Chunk),
    /// The settings of the line are looked for, or were found.
    Line(LineNews),
    /// Nothing came within the time-out of the source; also while it is away.
    Quiet,
    /// Nobody has opened the FIFO for writing yet; said once.
    NoWriter,
    /// The source went away.
    Lost(GoneReason),
    /// The source cannot be opened yet, for another reason than before.
    Refused(SourceError),
    /// The source is back.
    Reopened {
        /// How long it was away.
        after: Duration,
    },
    /// The source is at its end; nothing more comes of it.
    End,
    /// The source cannot be opened or read; nothing more comes of it.
    Failed(SourceError),
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

/// What [`Hub::next`](super::hub::Hub::next) found.
#[derive(Debug)]
pub enum Next {
    /// Something came.
    Arrival(Arrival),
    /// Nothing came within the time.
    Idle,
    /// All sources are at their end or stopped, and everything was given out.
    Done,
}

/// Received bytes, in a buffer that is used again.
#[derive(Debug)]
pub struct Chunk {
    bytes: Vec<u8>,
    broken: Vec<usize>,
    queue: Arc<Queue>,
}

/// The queue itself.
#[derive(Debug)]
pub(crate) struct Queue {
    inside: Mutex<Inside>,
    /// Something came, or a thread ended.
    came: Condvar,
    /// A share has room again, or the queue is closed.
    room: Condvar,
    spare: Mutex<Vec<Vec<u8>>>,
}

/// Counts a thread as running until it ends, however it ends.
pub(crate) struct Running(Arc<Queue>);

#[derive(Debug)]
struct Inside {
    arrivals: VecDeque<Arrival>,
    shares: Vec<Share>,
    running: usize,
    closed: bool,
}

/// What one source has in the queue.
#[derive(Clone, Copy, Debug, Default)]
struct Share {
    arrivals: usize,
    bytes: usize,
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

impl Queue {
    /// Makes a queue for so many sources.
    pub(crate) fn new(sources: usize) -> Self {
        Self {
            inside: Mutex::new(Inside {
                arrivals: VecDeque::new(),
                shares: vec![Share::default(); sources],
                running: 0,
                closed: false,
            }),
            came: Condvar::new(),
            room: Condvar::new(),
            spare: Mutex::new(Vec::new()),
        }
    }

    /// Counts one thread more.
    pub(crate) fn running(self: &Arc<Self>) -> Running {
        lock(&self.inside).running += 1;
        Running(Arc::clone(self))
    }

    /// Takes the next arrival, waiting for it up to `time`.
    pub(crate) fn next(&self, time: Duration) -> Next {
        let until = Instant::now() + time;
        let mut inside = lock(&self.inside);
        loop {
            if let Some(arrival) = inside.arrivals.pop_front() {
                let share = &mut inside.shares[arrival.source];
                let was_full = share.is_full();
                share.arrivals -= 1;
                share.bytes -= arrival.weight();
                if was_full {
                    self.room.notify_all();
                }
                return Next::Arrival(arrival);
            }
            if inside.running == 0 {
                return Next::Done;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Next::Idle;
            }
            inside = self
                .came
                .wait_timeout(inside, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Puts an arrival in when its source has room; false when nobody wants it any more.
    pub(crate) fn push(&self, arrival: Arrival, stop: &Stop) -> bool {
        let mut inside = lock(&self.inside);
        while inside.shares[arrival.source].is_full() {
            if inside.closed || stop.is_stopped() {
                return false;
            }
            // A signal handler cannot notify.
            inside = self
                .room
                .wait_timeout(inside, Duration::from_millis(100))
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        let share = &mut inside.shares[arrival.source];
        share.arrivals += 1;
        share.bytes += arrival.weight();
        inside.arrivals.push_back(arrival);
        self.came.notify_one();
        true
    }

    /// Copies received bytes into a buffer of the queue.
    pub(crate) fn chunk(self: &Arc<Self>, received: &[u8], broken: &[usize]) -> Chunk {
        let mut bytes = lock(&self.spare).pop().unwrap_or_default();
        bytes.extend_from_slice(received);
        Chunk {
            bytes,
            broken: broken.to_vec(),
            queue: Arc::clone(self),
        }
    }

    /// Sends all away who wait for room.
    pub(crate) fn close(&self) {
        lock(&self.inside).closed = true;
        self.room.notify_all();
    }

    /// Bytes of one source in the queue.
    #[cfg(test)]
    pub(crate) fn bytes(&self, source: usize) -> usize {
        lock(&self.inside).shares[source].bytes
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        lock(&self.0.inside).running -= 1;
        self.0.came.notify_all();
    }
}

impl Arrival {
    fn weight(&self) -> usize {
        match &self.what {
            What::Bytes(chunk) => chunk.len(),
            _ => 0,
        }
    }
}

impl Chunk {
    /// Where bytes had parity or framing errors, as far as the source tells.
    pub fn broken(&self) -> &[usize] {
        &self.broken
    }
}

impl Deref for Chunk {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.clear();
        let mut spare = lock(&self.queue.spare);
        if spare.len() < SPARE {
            spare.push(bytes);
        }
    }
}

impl Share {
    fn is_full(self) -> bool {
        self.arrivals >= SHARE_ARRIVALS || self.bytes >= SHARE_BYTES
    }
}

/// No thread panics while it holds a lock; if one did, the queue would still be whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// 5 s of a line at 115200 baud.
pub(crate) const SHARE_BYTES: usize = 64 * 1024;
const SHARE_ARRIVALS: usize = 1024;

/// Buffers kept for use again.
const SPARE: usize = 64;
