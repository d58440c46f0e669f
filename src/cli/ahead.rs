//! Decoding ahead: several threads decode and format runs of a file, which are taken over in their order.
//!
//! ```text
//! feed -> run 7 -> | run 6 | run 5 | run 4 |  -> taken over in order -> counts, diagnosis, output
//!                    thread  thread  done
//! ```
//! What a thread made of a run counts only where nothing had come that it could not know ([`Stretch`]); else the
//! run is decoded again where it stands. So output, messages and exit code are those of one thread.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use super::args::Format;
use super::formatter::Formatter;
use super::keys::Ring;
use super::runs::Run;
use crate::p1::decoder::{Decoder, Standing, Stretch};
use crate::sink::context::{Context, Source};

/// Threads that decode ahead, and what they are at.
pub struct Ahead {
    threads: Vec<JoinHandle<()>>,
    work: Option<Sender<Work>>,
    pending: VecDeque<Pending>,
    /// Buffers of runs that are done: memory that is new is slow.
    spare: Vec<Buffers>,
    /// Where the next run stands, and the number of its first telegram.
    next: Option<(Standing, u64)>,
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

/// A run that was decoded ahead.
pub struct Done {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What was found in them, where a thread came to an end with it.
    pub found: Option<Found>,
}

/// What a thread made of a run.
pub struct Found {
    /// The frames.
    pub stretch: Stretch,
    /// Number of the telegram before the first one.
    pub before: u64,
    /// The telegrams are printed as they are: the texts of the stretch are the output.
    is_raw: bool,
    output: Vec<u8>,
}

impl Found {
    /// The telegrams in the format asked for.
    pub fn output(&mut self) -> &mut Vec<u8> {
        match self.is_raw {
            true => self.stretch.texts(),
            false => &mut self.output,
        }
    }
}

/// What a thread writes to.
#[derive(Default)]
struct Buffers {
    texts: Vec<u8>,
    output: Vec<u8>,
}

struct Pending {
    bytes: Arc<Vec<u8>>,
    found: Receiver<Option<Found>>,
}

struct Work {
    bytes: Arc<Vec<u8>>,
    decoder: Decoder,
    before: u64,
    source: Arc<SourceName>,
    buffers: Buffers,
    reply: SyncSender<Option<Found>>,
}

impl Ahead {
    /// Starts threads.
    ///
    /// # Errors
    /// Where the system gives none.
    pub fn start(jobs: usize, hand: &Hand) -> std::io::Result<Self> {
        let (work, queue) = channel();
        let queue = Arc::new(Mutex::new(queue));
        let thread = |_| {
            let (queue, hand) = (Arc::clone(&queue), hand.clone());
            thread::Builder::new().spawn(move || hand.work(&queue))
        };
        let threads = (0..jobs).map(thread).collect::<Result<_, _>>()?;
        Ok(Self {
            threads,
            work: Some(work),
            pending: VecDeque::new(),
            spare: Vec::new(),
            next: None,
        })
    }

    /// Tells whether nothing is under way.
    pub fn is_idle(&self) -> bool {
        self.pending.is_empty()
    }

    /// Tells whether so many runs are under way that one should be taken over first.
    pub fn is_full(&self) -> bool {
        self.pending.len() >= self.threads.len() + WAITING
    }

    /// Gives a run to the threads. `here` is where its decoder stands while nothing is under way, with the
    /// telegrams before; behind other runs it is presumed that these verify.
    pub fn give(
        &mut self,
        run: Run,
        decoder: &Decoder,
        source: &Arc<SourceName>,
        here: (Standing, u64),
    ) {
        let (standing, before) = match self.next.take() {
            Some(next) if !self.pending.is_empty() => next,
            _ => here,
        };
        let (reply, found) = sync_channel(1);
        let bytes = Arc::new(run.bytes);
        if let Some(last) = run.last {
            self.next = Some((standing.behind(bytes.len(), last), before + run.frames));
        }
        let work = Work {
            bytes: Arc::clone(&bytes),
            decoder: decoder.elsewhere(&standing),
            before,
            source: Arc::clone(source),
            buffers: self.spare.pop().unwrap_or_default(),
            reply,
        };
        // A thread that is gone leaves the run to be decoded where it stands.
        if let Some(queue) = &self.work {
            let _ = queue.send(work);
        }
        self.pending.push_back(Pending { bytes, found });
    }

    /// Takes back the buffers of a run.
    pub fn recycle(&mut self, found: Found) {
        self.spare.push(Buffers {
            output: found.output,
            texts: found.stretch.into_texts(),
        });
    }

    /// Waits for the first run that is under way.
    pub fn take(&mut self) -> Option<Done> {
        let Pending { bytes, found } = self.pending.pop_front()?;
        let found = found.recv().ok().flatten();
        let bytes = Arc::try_unwrap(bytes).unwrap_or_else(|shared| shared.to_vec());
        Some(Done { bytes, found })
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.work = None;
        for thread in self.threads.drain(..) {
            // It has nothing to say any more.
            let _ = thread.join();
        }
    }
}

impl Hand {
    fn work(mut self, queue: &Mutex<Receiver<Work>>) {
        loop {
            let next = match queue.lock() {
                Ok(queue) => queue.recv(),
                Err(_) => return,
            };
            let Ok(Work {
                bytes,
                decoder,
                before,
                source,
                buffers,
                reply,
            }) = next
            else {
                return;
            };
            let found = self.decode(&bytes, decoder, before, &source, buffers);
            drop(bytes);
            // Whoever waited may have given up.
            let _ = reply.send(found);
        }
    }

    fn decode(
        &mut self,
        bytes: &[u8],
        decoder: Decoder,
        before: u64,
        source: &SourceName,
        buffers: Buffers,
    ) -> Option<Found> {
        let Buffers { texts, mut output } = buffers;
        output.clear();
        let source = Source {
            kind: source.kind,
            name: &source.name,
            label: source.label.as_deref(),
        };
        let mut seq = before;
        let is_raw = self.formatter.format == Format::Raw;
        let stretch = Stretch::decode(decoder, bytes, texts, |decoded| {
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
            };
            self.formatter.separate(&mut output);
            self.formatter.telegram(&mut output, &context, decoded);
        })?;
        Some(Found {
            stretch,
            before,
            is_raw,
            output,
        })
    }
}

/// Runs that wait for a thread, so that none waits for a run.
const WAITING: usize = 2;
