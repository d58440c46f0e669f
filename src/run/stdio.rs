//! Standard output and standard error, which never keep the program from ending.
//!
//! ```text
//! opened anew    a terminal or a pipe, so that writing does not wait: the descriptor that was handed down must not
//!                be changed, since others write to it as well
//! as it is       a file; and what cannot be opened anew, in pieces that there should be room for
//! ```
//! Who reads slowly is waited for. Once the program is to end, who reads nothing at all is as good as gone.

use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::{FileType, Mode, OFlags, fstat, open};
use rustix::io::Errno;
use rustix::net::SendFlags;
use rustix::termios::{QueueSelector, isatty, tcflush, tcgetsid};

/// One of the two.
#[derive(Debug)]
pub struct Standard {
    handed: BorrowedFd<'static>,
    way: Way,
    /// Nobody read it when the program was to end.
    gone: AtomicBool,
    /// Messages are written whole, one after another.
    turn: Mutex<()>,
}

/// How it is written to.
#[derive(Debug)]
enum Way {
    /// Through a descriptor that does not wait.
    Anew(OwnedFd),
    Socket,
    /// So many bytes at once, where there is room for some.
    Pieces(usize),
    /// Never waits.
    File,
}

/// Standard output.
pub fn output() -> &'static Standard {
    static OUTPUT: LazyLock<Standard> = LazyLock::new(|| Standard::new(rustix::stdio::stdout()));
    &OUTPUT
}

/// Standard error.
pub fn error() -> &'static Standard {
    static ERROR: LazyLock<Standard> = LazyLock::new(|| Standard::new(rustix::stdio::stderr()));
    &ERROR
}

/// What is set once the program is to end, by a signal handler too.
pub fn ending() -> &'static Arc<AtomicBool> {
    static ENDING: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);
    &ENDING
}

impl Standard {
    fn new(handed: BorrowedFd<'static>) -> Self {
        Self {
            handed,
            way: Way::to(handed),
            gone: AtomicBool::new(false),
            turn: Mutex::new(()),
        }
    }

    /// Writes all, for which it waits; only not for somebody who reads nothing while the program is to end.
    ///
    /// # Errors
    /// Where nobody reads.
    pub fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut rest = bytes;
        let mut stuck = None;
        while !rest.is_empty() {
            let written = self.write_some(rest)?;
            rest = rest.get(written..).unwrap_or_default();
            if written > 0 {
                stuck = None;
                continue;
            }
            if ending().load(Ordering::Relaxed) {
                let since: Instant = *stuck.get_or_insert_with(Instant::now);
                if since.elapsed() >= GRACE || self.gone.load(Ordering::Relaxed) {
                    self.gone.store(true, Ordering::Relaxed);
                    return Err(ErrorKind::BrokenPipe.into());
                }
            }
            self.wait(TICK);
        }
        Ok(())
    }

    /// Writes what there is room for, waiting up to `time` for more; tells how much it was.
    ///
    /// # Errors
    /// Where nobody reads.
    pub fn write_within(&self, bytes: &[u8], time: Duration) -> io::Result<usize> {
        let until = Instant::now() + time;
        let mut written = 0;
        while let Some(rest @ [_, ..]) = bytes.get(written..) {
            match self.write_some(rest)? {
                0 => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() || !self.wait(left) {
                        break;
                    }
                }
                count => written += count,
            }
        }
        Ok(written)
    }

    /// Throws away what a terminal has not shown yet.
    pub fn discard(&self) {
        let _ = tcflush(self.fd(), QueueSelector::OFlush);
    }

    /// Writes what there is room for, which may be nothing.
    fn write_some(&self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            let written = match &self.way {
                Way::Anew(fd) => rustix::io::write(fd, bytes),
                Way::File => rustix::io::write(self.handed, bytes),
                Way::Socket => {
                    let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
                    rustix::net::send(self.handed, bytes, flags)
                }
                Way::Pieces(most) if self.wait(Duration::ZERO) => {
                    rustix::io::write(self.handed, bytes.get(..*most).unwrap_or(bytes))
                }
                Way::Pieces(_) => Ok(0),
            };
            match written {
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(0),
                written => return Ok(written?),
            }
        }
    }

    /// Waits for room; tells whether there is some, or nobody reads any more.
    fn wait(&self, time: Duration) -> bool {
        let time = Timespec::try_from(time).unwrap_or_default();
        let mut fds = [PollFd::from_borrowed_fd(self.fd(), PollFlags::OUT)];
        matches!(rustix::event::poll(&mut fds, Some(&time)), Ok(1..))
    }

    fn fd(&self) -> BorrowedFd<'_> {
        match &self.way {
            Way::Anew(fd) => fd.as_fd(),
            Way::Socket | Way::Pieces(_) | Way::File => self.handed,
        }
    }
}

impl Way {
    fn to(handed: BorrowedFd<'static>) -> Self {
        let Ok(stat) = fstat(handed) else {
            return Self::File;
        };
        let terminal = isatty(handed);
        let anew = |path: &str| {
            let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
            open(path, flags, Mode::empty()).ok()
        };
        let number = std::os::fd::AsRawFd::as_raw_fd(&handed);
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Socket => Self::Socket,
            FileType::Fifo => anew(&format!("/proc/self/fd/{number}"))
                .map_or(Self::Pieces(PIECE_OF_PIPE), Self::Anew),
            _ if !terminal => Self::File,
            // That of another user can be opened where it is the one this program belongs to.
            _ => anew(&format!("/proc/self/fd/{number}"))
                .or_else(|| anew("/dev/tty").filter(|_| tcgetsid(handed).is_ok()))
                .map_or(Self::Pieces(PIECE_OF_TERMINAL), Self::Anew),
        }
    }
}

/// How long somebody may read nothing while the program is to end.
const GRACE: Duration = Duration::from_millis(300);
/// Between two looks at whether the program is to end.
const TICK: Duration = Duration::from_millis(100);
/// What a pipe that has room takes without waiting.
const PIECE_OF_PIPE: usize = 4096;
/// What a terminal that has room most likely takes without waiting.
const PIECE_OF_TERMINAL: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    /// The writing end of a pipe, open as long as the program.
    fn leaked(fd: OwnedFd) -> BorrowedFd<'static> {
        let kept: &'static OwnedFd = Box::leak(Box::new(fd));
        kept.as_fd()
    }

    #[test]
    fn what_has_no_room_is_not_waited_for() {
        let (mut reader, writer) = io::pipe().unwrap();
        let standard = Standard::new(leaked(writer.into()));
        let much = vec![7; 1 << 20];
        let started = Instant::now();
        let written = standard
            .write_within(&much, Duration::from_millis(20))
            .unwrap();
        assert!(written > 0 && written < much.len(), "{written}");
        assert!(started.elapsed() < Duration::from_secs(1));
        assert_eq!(standard.write_within(b"x", Duration::ZERO).unwrap(), 0);
        let mut taken = vec![0; written];
        reader.read_exact(&mut taken).unwrap();
        assert_eq!(standard.write_within(b"x", Duration::ZERO).unwrap(), 1);
    }

    #[test]
    fn a_slow_reader_gets_all() {
        let (mut reader, writer) = io::pipe().unwrap();
        let standard = Standard::new(leaked(writer.into()));
        let reads = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(150));
            let mut taken = vec![0; 1 << 20];
            reader.read_exact(&mut taken).unwrap();
            taken
        });
        let much: Vec<u8> = (0..1 << 20).map(|n: u32| (n % 251) as u8).collect();
        standard.write_all(&much).unwrap();
        assert!(reads.join().unwrap() == much);
    }

    #[test]
    fn sockets_and_what_cannot_be_opened_anew_are_not_waited_for_either() {
        let (near, _far) = std::os::unix::net::UnixStream::pair().unwrap();
        let socket = Standard::new(leaked(near.into()));
        let (_reader, writer) = io::pipe().unwrap();
        let pieces = Standard {
            way: Way::Pieces(PIECE_OF_PIPE),
            ..Standard::new(leaked(writer.into()))
        };
        let much = vec![7; 4 << 20];
        for standard in [&socket, &pieces] {
            let written = standard.write_within(&much, Duration::ZERO).unwrap();
            assert!(written > 0 && written < much.len(), "{written}");
        }
    }
}
