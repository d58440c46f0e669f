//! The one handle that ends reading, wherever a thread waits.
//!
//! Every wait of a source is a `poll` on two things: what it reads, and this handle.
//! The handle is a pipe that is written once and never emptied, so that all who wait on it wake at once
//! and all who come later do not begin to wait.

use std::io::{self, PipeReader, PipeWriter, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Ends sources; clones share one flag.
#[derive(Clone, Debug)]
pub struct Stop(Arc<WakePipe>);

/// Why a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wake {
    /// There is something to read, or the other side is gone.
    Ready,
    /// Nothing came within the time.
    TimedOut,
    /// The handle was woken.
    Stopped,
}

#[derive(Debug)]
struct WakePipe {
    flag: Arc<AtomicBool>,
    wake_rx: PipeReader,
    wake_tx: PipeWriter,
}

impl Stop {
    /// Makes a handle that has not been woken.
    ///
    /// # Errors
    /// Where the system gives no pipe.
    pub fn new() -> io::Result<Self> {
        let (wake_rx, wake_tx) = io::pipe()?;
        Ok(Self(Arc::new(WakePipe {
            flag: Arc::new(AtomicBool::new(false)),
            wake_rx,
            wake_tx,
        })))
    }

    /// Ends all that reads under this handle, now and later.
    pub fn stop(&self) {
        if !self.0.flag.swap(true, Ordering::SeqCst) {
            // A full pipe rings as well.
            let _ = (&self.0.wake_tx).write(&[1]);
        }
    }

    /// Whether the handle was woken.
    pub fn is_stopped(&self) -> bool {
        self.0.flag.load(Ordering::SeqCst)
    }

    /// As [`Self::is_stopped`], but looks at the pipe too: for those who never wait.
    pub fn is_woken(&self) -> bool {
        self.wait(Duration::ZERO)
    }

    /// The end of the pipe that a signal handler writes a byte to; any byte rings.
    ///
    /// # Errors
    /// Where the descriptor cannot be duplicated.
    pub fn wake_tx(&self) -> io::Result<PipeWriter> {
        self.0.wake_tx.try_clone()
    }

    /// Sleeps for `time`, or until the handle is woken; says whether it was.
    pub fn wait(&self, time: Duration) -> bool {
        !matches!(self.wait_for(None, Some(time)), Ok(Wake::TimedOut))
    }

    /// Waits until `fd` can be read, the time is over or the handle is woken, which goes first.
    pub(crate) fn wait_readable(
        &self,
        fd: BorrowedFd<'_>,
        time: Option<Duration>,
    ) -> io::Result<Wake> {
        self.wait_for(Some(fd), time)
    }

    /// Waits until one of `fds` is as its flags ask, a moment has come or the handle is woken.
    /// The first of them must be the [`Self::poll_fd`].
    pub(crate) fn poll(&self, fds: &mut [PollFd<'_>], until: Option<Instant>) -> io::Result<Wake> {
        loop {
            if self.is_stopped() {
                return Ok(Wake::Stopped);
            }
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            let left = match left.map(Timespec::try_from) {
                None => None,
                Some(Ok(left)) => Some(left),
                Some(Err(_)) => None,
            };
            match poll(fds, left.as_ref()) {
                Ok(0) => return Ok(Wake::TimedOut),
                Ok(_) => {}
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            }
            let mut events = fds.iter().map(PollFd::revents);
            if events.next().is_some_and(|poll_fd| !poll_fd.is_empty()) {
                // Rung by a signal handler, which can only write.
                self.0.flag.store(true, Ordering::SeqCst);
                return Ok(Wake::Stopped);
            }
            if events.any(|events| events.contains(PollFlags::NVAL)) {
                return Err(rustix::io::Errno::BADF.into());
            }
            return Ok(Wake::Ready);
        }
    }

    /// Another descriptor of the pipe, which can be read from once the handle is woken.
    #[cfg(feature = "http")]
    pub(crate) fn wake_rx(&self) -> io::Result<std::os::fd::OwnedFd> {
        self.0.wake_rx.as_fd().try_clone_to_owned()
    }

    /// What [`Self::poll`] hears the handle by.
    pub(crate) fn poll_fd(&self) -> PollFd<'_> {
        PollFd::from_borrowed_fd(self.0.wake_rx.as_fd(), PollFlags::IN)
    }

    fn wait_for(&self, fd: Option<BorrowedFd<'_>>, time: Option<Duration>) -> io::Result<Wake> {
        let until = time.map(|time| Instant::now() + time);
        match fd {
            Some(fd) => {
                let fd = PollFd::from_borrowed_fd(fd, PollFlags::IN);
                self.poll(&mut [self.poll_fd(), fd], until)
            }
            None => self.poll(&mut [self.poll_fd()], until),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_ends_at_once_when_the_handle_is_rung() {
        let stop = Stop::new().unwrap();
        let other = stop.clone();
        let start = Instant::now();
        let thread = std::thread::spawn(move || other.wait(Duration::from_secs(20)));
        std::thread::sleep(Duration::from_millis(20));
        stop.stop();
        assert!(thread.join().unwrap());
        assert!(start.elapsed() < Duration::from_secs(2));
        assert!(stop.wait(Duration::from_secs(20)), "and no wait begins");
    }

    #[test]
    fn a_wait_that_nobody_ends_takes_its_time() {
        let stop = Stop::new().unwrap();
        let start = Instant::now();
        assert!(!stop.wait(Duration::from_millis(30)));
        assert!(start.elapsed() >= Duration::from_millis(30));
    }

    #[test]
    fn a_byte_from_a_signal_handler_rings_too() {
        let stop = Stop::new().unwrap();
        assert!(!stop.is_woken());
        stop.wake_tx().unwrap().write_all(b"x").unwrap();
        assert!(stop.is_woken());
        assert!(stop.wait(Duration::from_secs(20)));
        assert!(stop.is_stopped());
    }
}
