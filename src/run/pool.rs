//! Threads for work whose results are taken in the order in which it was given.

use std::cell::OnceCell;
use std::fs;
use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use rustix::param::page_size;
use rustix::process::{Resource, getrlimit};

/// Threads that work; they are started by the first work.
pub struct Pool {
    size: usize,
    /// `None`: the system gives no threads.
    threads: OnceCell<Option<Threads>>,
}

/// Work under way.
pub struct Ticket<R>(Receiver<R>);

struct Threads {
    work: Option<Sender<Work>>,
    handles: Vec<JoinHandle<()>>,
}

type Work = Box<dyn FnOnce() + Send>;

impl Pool {
    /// A pool of so many threads; with one or none, work is done where it is given.
    pub fn new(size: usize) -> Self {
        Self {
            size,
            threads: OnceCell::new(),
        }
    }

    /// Threads that work at once.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Whether work is done beside that of this thread.
    pub fn is_parallel(&self) -> bool {
        self.size > 1
    }

    /// Gives work to the threads.
    pub fn run<R: Send + 'static>(&self, work: impl FnOnce() -> R + Send + 'static) -> Ticket<R> {
        let (give, take) = mpsc::sync_channel(1);
        // Nobody may wait for the result any more.
        let work: Work = Box::new(move || drop(give.send(work())));
        match self.work() {
            Some(threads) => {
                if let Err(mpsc::SendError(work)) = threads.send(work) {
                    work();
                }
            }
            None => work(),
        }
        Ticket(take)
    }

    fn work(&self) -> Option<&Sender<Work>> {
        if !self.is_parallel() {
            return None;
        }
        let threads = self.threads.get_or_init(|| match affordable(self.size) {
            0 | 1 => None,
            size => Threads::start(size).ok(),
        });
        threads.as_ref()?.work.as_ref()
    }
}

impl<R> Ticket<R> {
    /// For what is done already.
    pub fn ready(result: R) -> Self {
        let (give, take) = mpsc::sync_channel(1);
        drop(give.send(result));
        Self(take)
    }

    /// Waits for the result.
    pub fn take(self) -> R {
        match self.0.recv() {
            Ok(result) => result,
            Err(_) => lost(),
        }
    }

    /// The result, where it is there.
    pub fn try_take(&self) -> Option<R> {
        match self.0.try_recv() {
            Ok(result) => Some(result),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => lost(),
        }
    }
}

impl Threads {
    /// Starts all, or none.
    fn start(size: usize) -> std::io::Result<Self> {
        let (work, given) = mpsc::channel::<Work>();
        let given = Arc::new(Mutex::new(given));
        // Dropped where one cannot be started, this ends those that were.
        let mut threads = Self {
            work: Some(work),
            handles: Vec::new(),
        };
        for _ in 0..size {
            let given = Arc::clone(&given);
            let thread = thread::Builder::new().name("decode".to_owned());
            threads.handles.push(thread.spawn(move || serve(&given))?);
        }
        Ok(threads)
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.work = None;
        for handle in self.handles.drain(..) {
            // One that panicked has said so itself.
            let _ = handle.join();
        }
    }
}

/// How many threads the address space has room for, where it is limited (`ulimit -v`): one that starts in the last bit
/// of it would end the program.
fn affordable(size: usize) -> usize {
    let Some(limit) = getrlimit(Resource::As).current else {
        return size;
    };
    let status = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = status
        .split(' ')
        .next()
        .and_then(|pages| pages.parse().ok());
    let taken = pages.unwrap_or(0u64).saturating_mul(page_size() as u64);
    let room = limit.saturating_sub(taken.saturating_add(ROOM_LEFT));
    size.min(usize::try_from(room / ROOM_OF_THREAD).unwrap_or(usize::MAX))
}

/// Address space that a thread takes at the most, in bytes: its stack, and the heap that glibc keeps for it.
const ROOM_OF_THREAD: u64 = 66 << 20;
/// Address space that is left to the rest of the program, in bytes.
const ROOM_LEFT: u64 = 32 << 20;

fn serve(given: &Mutex<Receiver<Work>>) {
    loop {
        let work = given.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match work {
            Ok(work) => work(),
            Err(_) => return,
        }
    }
}

/// A thread has panicked, and said so: without its result nothing can go on.
fn lost() -> ! {
    std::panic::resume_unwind(Box::new("a thread has ended"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_work_whoever_did_it() {
        for size in [0, 1, 2, 4] {
            let pool = Pool::new(size);
            let tickets: Vec<_> = (0..100u64)
                .map(|number| {
                    pool.run(move || {
                        // The first ones take longest.
                        let rounds = 100 * (100 - number);
                        let sum: u64 = std::hint::black_box(0..rounds).sum();
                        (number, sum)
                    })
                })
                .collect();
            let numbers: Vec<_> = tickets.into_iter().map(|ticket| ticket.take().0).collect();
            assert_eq!(numbers, (0..100).collect::<Vec<_>>(), "{size} threads");
        }
    }

    #[test]
    fn a_result_that_nobody_takes_holds_nothing_up() {
        let pool = Pool::new(2);
        for _ in 0..1000 {
            drop(pool.run(|| vec![0u8; 1000]));
        }
        assert_eq!(pool.run(|| 7).take(), 7);
    }
}
