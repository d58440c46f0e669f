//! Threads for work whose results are taken in the order in which it was given.
//!
//! Whoever waits for a result works meanwhile: two threads are this one and another.

use std::cell::OnceCell;
use std::collections::VecDeque;
use std::fs;
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
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
pub struct Ticket<R> {
    result: Receiver<R>,
    /// Where there may be work to do while the result is not there.
    queue: Option<Arc<Queue>>,
}

/// Something of which each work takes one of its own: those that nobody uses just now keep what they have learnt.
pub struct Idle<T> {
    like: Arc<T>,
    idle: Arc<Mutex<Vec<T>>>,
}

struct Threads {
    queue: Arc<Queue>,
    handles: Vec<JoinHandle<()>>,
}

/// Work that nobody has begun.
#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    given: Condvar,
}

#[derive(Default)]
struct State {
    works: VecDeque<Work>,
    /// Threads that wait for work: to wake nobody costs a system call too.
    idle: usize,
    is_over: bool,
}

type Work = Box<dyn FnOnce() + Send>;

impl Pool {
    /// A pool of so many threads, the one that takes the results among them; with one or none, work is done where it is
    /// given.
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
        let (give, result) = mpsc::sync_channel(1);
        // Nobody may wait for the result any more.
        let work: Work = Box::new(move || drop(give.send(work())));
        let queue = self.queue().map(Arc::clone);
        match &queue {
            Some(queue) => queue.give(work),
            None => work(),
        }
        Ticket { result, queue }
    }

    fn queue(&self) -> Option<&Arc<Queue>> {
        if !self.is_parallel() {
            return None;
        }
        let others = self.size - 1;
        let threads = self.threads.get_or_init(|| match affordable(others) {
            0 => None,
            others => Threads::start(others).ok(),
        });
        threads.as_ref().map(|threads| &threads.queue)
    }
}

impl<T: Clone> Idle<T> {
    /// All are like this one at first.
    pub fn new(like: T) -> Self {
        Self {
            like: Arc::new(like),
            idle: Arc::default(),
        }
    }

    /// Does something with one.
    pub fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = idle().pop();
        let mut one = taken.unwrap_or_else(|| (*self.like).clone());
        let result = work(&mut one);
        idle().push(one);
        result
    }
}

impl<T> Clone for Idle<T> {
    fn clone(&self) -> Self {
        Self {
            like: Arc::clone(&self.like),
            idle: Arc::clone(&self.idle),
        }
    }
}

impl<R> Ticket<R> {
    /// Waits for the result; works meanwhile.
    pub fn take(self) -> R {
        while let Some(queue) = &self.queue {
            if let Some(result) = self.try_take() {
                return result;
            }
            match queue.take() {
                Some(work) => work(),
                None => break,
            }
        }
        match self.result.recv() {
            Ok(result) => result,
            Err(_) => lost(),
        }
    }

    /// The result, where it is there.
    pub fn try_take(&self) -> Option<R> {
        match self.result.try_recv() {
            Ok(result) => Some(result),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => lost(),
        }
    }
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn give(&self, work: Work) {
        let mut state = self.state();
        state.works.push_back(work);
        if state.idle > 0 {
            self.given.notify_one();
        }
    }

    /// The oldest work, where there is any.
    fn take(&self) -> Option<Work> {
        self.state().works.pop_front()
    }

    /// Waits for work; `None` where no more will come.
    fn wait(&self) -> Option<Work> {
        let mut state = self.state();
        loop {
            if state.is_over {
                return None;
            }
            if let Some(work) = state.works.pop_front() {
                return Some(work);
            }
            state.idle += 1;
            state = self
                .given
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        }
    }
}

impl Threads {
    /// Starts all, or none.
    fn start(size: usize) -> std::io::Result<Self> {
        // Dropped where one cannot be started, this ends those that were.
        let mut threads = Self {
            queue: Arc::default(),
            handles: Vec::new(),
        };
        for _ in 0..size {
            let queue = Arc::clone(&threads.queue);
            let thread = thread::Builder::new().name("decode".to_owned());
            threads.handles.push(thread.spawn(move || {
                while let Some(work) = queue.wait() {
                    work();
                }
            })?);
        }
        Ok(threads)
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.queue.state().is_over = true;
        self.queue.given.notify_all();
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
    fn what_one_has_learnt_is_known_the_next_time() {
        let all = Idle::new(0);
        for round in 0..3 {
            let known = all.clone().with(|one| std::mem::replace(one, round + 1));
            assert_eq!(known, round);
        }
        all.with(|_| assert_eq!(all.with(|other| *other), 0, "one each"));
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
