//! Decoding ahead: several threads read, decode and format runs of a file, which are taken over in their order.
//!
//! ```text
//! thread   read run 4 | decode 4          | read 6 | decode 6
//! thread     decode 3     | read run 5 | decode 5         | read 7
//! pump             take over 2 |   3       |  4              |   5     -> counts, diagnosis, output
//! ```
//! What a thread made of a run counts only where nothing had come that it could not know ([`Stretch`]); else the
//! run is decoded again where it stands, and where only its telegrams are numbered otherwise, they are formatted
//! again. So output, messages and exit code are those of one thread.

mod order;

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::args::Format;
use super::formatter::Formatter;
use super::keys::Ring;
use super::runs::{Run, Runs};
use crate::p1::decoder::{Decoder, Standing, Stretch};
use crate::sink::context::{Context, Source};
use order::{First, Order, Place};

/// Threads that decode ahead, and what they are at.
pub struct Ahead {
    threads: Vec<JoinHandle<()>>,
    shared: Arc<Shared>,
    /// Runs under way, while a file is read.
    order: Option<Arc<Order<Pending>>>,
}

/// What formats on a thread, and the names of the meters.
#[derive(Clone)]
pub struct Hand {
    /// Formats telegrams.
    pub formatter: Formatter,
    /// Knows the names of meters.
    pub ring: Arc<Ring>,
}

/// A source by name, for threads.
#[derive(Debug)]
pub struct SourceName {
    /// `file` or `stdin`.
    pub kind: &'static str,
    /// Path.
    pub name: String,
    /// Label before the path.
    pub label: Option<String>,
}

/// What comes of the file that is read ahead.
pub enum Next {
    /// The next run.
    Done(Done),
    /// Nothing within the time.
    Idle,
    /// Nothing more: the file is to be read on from here.
    Over(Box<Runs>),
}

/// A run that was decoded ahead.
pub struct Done {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What was found in them, where a thread came to an end with it.
    pub found: Option<Box<Found>>,
}

/// What a thread made of a run.
pub struct Found {
    /// The frames.
    pub stretch: Stretch,
    /// Number of the telegram before the first one, as was presumed, where numbers are part of the output.
    before: Option<u64>,
    /// Telegrams, as was presumed.
    frames: u64,
    /// The telegrams are printed as they are: the texts of the stretch are the output.
    is_raw: bool,
    output: Vec<u8>,
}

impl Found {
    /// Tells whether the output is right behind so many telegrams.
    pub fn follows(&self, telegrams: u64) -> bool {
        self.before.is_none_or(|before| before == telegrams)
    }

    /// How many telegrams more there are than was presumed, if so many came of the run; negative for fewer.
    pub fn surplus(&self, telegrams: u64) -> i64 {
        telegrams as i64 - self.frames as i64
    }

    /// The telegrams in the format asked for.
    pub fn output(&mut self) -> &mut Vec<u8> {
        match self.is_raw {
            true => self.stretch.texts(),
            false => &mut self.output,
        }
    }
}

/// What all threads know.
#[derive(Default)]
struct Shared {
    /// Held while a run is read: they are read one after another.
    desk: Mutex<Desk>,
    /// There is a file to be read, or it is all over.
    work: Condvar,
    /// No more runs are to be read for now.
    halted: AtomicBool,
    /// Telegrams that came beside those that were presumed, not yet known to who reads.
    surplus: AtomicI64,
    /// Memory of runs that are done: memory that is new is slow.
    spare: Mutex<Vec<Buffers>>,
}

#[derive(Default)]
struct Desk {
    job: Option<Job>,
    /// The file, when no more runs of it are read.
    back: Option<Box<Runs>>,
    over: bool,
}

/// A file that is read ahead.
struct Job {
    runs: Box<Runs>,
    decoder: Decoder,
    /// Where the next run stands, and the number of the telegram before it, presumed that all frames verify.
    next: Option<(Standing, u64)>,
    source: Arc<SourceName>,
    order: Arc<Order<Pending>>,
}

/// What a run is read and written to.
#[derive(Default)]
struct Buffers {
    bytes: Vec<u8>,
    texts: Vec<u8>,
    output: Vec<u8>,
}

/// A run under way.
struct Pending {
    bytes: Arc<Vec<u8>>,
    found: Option<Box<Found>>,
}

struct Work {
    bytes: Arc<Vec<u8>>,
    decoder: Decoder,
    before: u64,
    frames: u64,
    source: Arc<SourceName>,
    buffers: Buffers,
    place: Place<Pending>,
}

impl Ahead {
    /// Starts threads: all, or none.
    ///
    /// # Errors
    /// Where the system gives not so many.
    pub fn start(jobs: usize, hand: &Hand) -> std::io::Result<Self> {
        // Dropped where one cannot be started, this ends those that were.
        let mut ahead = Self {
            threads: Vec::new(),
            shared: Arc::new(Shared::default()),
            order: None,
        };
        for _ in 0..jobs {
            let (shared, hand) = (Arc::clone(&ahead.shared), hand.clone());
            let thread = thread::Builder::new().spawn(move || hand.work(&shared))?;
            ahead.threads.push(thread);
        }
        Ok(ahead)
    }

    /// Reads a file ahead, from where its decoder stands behind so many telegrams.
    pub fn begin(
        &mut self,
        runs: Box<Runs>,
        decoder: &Decoder,
        standing: Standing,
        before: u64,
        source: Arc<SourceName>,
    ) {
        let order = Order::new(2 * self.threads.len() + WAITING);
        self.order = Some(Arc::clone(&order));
        self.shared.halted.store(false, Ordering::Relaxed);
        self.shared.surplus.store(0, Ordering::Relaxed);
        self.shared.desk().job = Some(Job {
            runs,
            decoder: decoder.elsewhere(&standing),
            next: Some((standing, before)),
            source,
            order,
        });
        self.shared.work.notify_all();
    }

    /// Tells whether a file is read ahead.
    pub fn is_busy(&self) -> bool {
        self.order.is_some()
    }

    /// Waits for the next run up to a time.
    pub fn next(&mut self, time: Duration) -> Next {
        let Some(order) = &self.order else {
            return Next::Idle;
        };
        match order.take(time) {
            First::Taken(Pending { bytes, found }) => {
                let bytes = Arc::try_unwrap(bytes).unwrap_or_else(|shared| shared.to_vec());
                Next::Done(Done { bytes, found })
            }
            First::Waiting => Next::Idle,
            First::None => {
                self.order = None;
                let back = self.shared.desk().back.take();
                back.map_or(Next::Idle, Next::Over)
            }
        }
    }

    /// Lets no more runs be read; what is under way still comes.
    pub fn halt(&self) {
        self.shared.halted.store(true, Ordering::Relaxed);
    }

    /// Lets the runs that are read from now on begin with other numbers.
    pub fn renumber(&self, surplus: i64) {
        // Whoever reads a run may wait for room, and has the desk meanwhile.
        self.shared.surplus.fetch_add(surplus, Ordering::Relaxed);
    }

    /// Tells whether no more runs are to be read.
    pub fn is_halted(&self) -> bool {
        self.shared.halted.load(Ordering::Relaxed)
    }

    /// Takes back the buffers of a run.
    pub fn recycle(&mut self, bytes: Vec<u8>, found: Option<Box<Found>>) {
        let (output, texts) = match found {
            Some(found) => (found.output, found.stretch.into_texts()),
            None => Default::default(),
        };
        let mut spare = lock(&self.shared.spare);
        if spare.len() < 2 * self.threads.len() + WAITING + 1 {
            spare.push(Buffers {
                bytes,
                texts,
                output,
            });
        }
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.halt();
        // Whoever waits for room waits no more.
        if let Some(order) = self.order.take() {
            order.close();
        }
        self.shared.desk().over = true;
        self.shared.work.notify_all();
        for thread in self.threads.drain(..) {
            // It has nothing to say any more.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        lock(&self.desk)
    }

    /// Reads the next run; waits while there is no file. `None` when it is all over.
    fn take_work(&self) -> Option<Work> {
        let mut desk = self.desk();
        loop {
            if desk.over {
                return None;
            }
            if let Some(mut job) = desk.job.take() {
                if let Some(work) = job.next(self) {
                    desk.job = Some(job);
                    return Some(work);
                }
                desk.back = Some(job.runs);
                job.order.close();
            }
            desk = self.work.wait(desk).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Job {
    /// Reads a run; `None` where none is left, or what is known behind the last one is not foreseen.
    fn next(&mut self, shared: &Shared) -> Option<Work> {
        if shared.halted.load(Ordering::Relaxed) {
            return None;
        }
        let (standing, before) = self.next.take()?;
        let surplus = shared.surplus.swap(0, Ordering::Relaxed);
        let before = before.saturating_add_signed(surplus);
        let mut buffers = lock(&shared.spare).pop().unwrap_or_default();
        let Run {
            bytes,
            frames,
            last,
        } = self.runs.next(std::mem::take(&mut buffers.bytes))?;
        let bytes = Arc::new(bytes);
        let pending = Pending {
            bytes: Arc::clone(&bytes),
            found: None,
        };
        let place = self.order.begin(pending)?;
        let work = Work {
            decoder: self.decoder.elsewhere(&standing),
            before,
            frames,
            source: Arc::clone(&self.source),
            buffers,
            place,
            bytes,
        };
        // Bytes of no frame are not decoded ahead, nor is what comes behind them.
        let last = last?;
        self.next = Some((standing.behind(work.bytes.len(), last), before + frames));
        Some(work)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Whoever panicked has left nothing half.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hand {
    fn work(mut self, shared: &Shared) {
        while let Some(work) = shared.take_work() {
            let (place, found) = self.decode(work);
            place.change(|run| run.found = found);
        }
    }

    fn decode(&mut self, work: Work) -> (Place<Pending>, Option<Box<Found>>) {
        let Work {
            bytes,
            decoder,
            before,
            frames,
            source,
            buffers,
            place,
        } = work;
        let Buffers {
            texts, mut output, ..
        } = buffers;
        output.clear();
        let source = Source {
            kind: source.kind,
            name: &source.name,
            label: source.label.as_deref(),
        };
        let mut seq = before;
        let is_raw = self.formatter.format == Format::Raw;
        let stretch = Stretch::decode(decoder, &bytes, texts, |decoded| {
            seq += 1;
            if is_raw {
                return;
            }
            let title = decoded.security.map(|security| security.title());
            let context = Context {
                seq,
                received_at: None,
                source,
                meter_name: title.and_then(|title| self.ring.name(title)),
                derived: &[],
                ..Context::default()
            };
            self.formatter.separate(&mut output);
            self.formatter.telegram(&mut output, &context, decoded);
        });
        let found = stretch.map(|stretch| {
            Box::new(Found {
                stretch,
                before: self.formatter.is_numbered().then_some(before),
                frames,
                is_raw,
                output,
            })
        });
        (place, found)
    }
}

/// Runs that are decoded and wait to be taken over, so that no thread waits for that.
const WAITING: usize = 1;
