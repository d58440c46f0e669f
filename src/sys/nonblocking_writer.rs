//! A descriptor that telegrams are written to without ever waiting: whole, or not at all.
//!
//! ```text
//! there is room        the telegram goes out
//! there is some        a part goes out, the rest is kept and goes first as soon as there is room
//! a rest is kept       the telegram is kept behind it where the writer may keep so much, else dropped and counted
//! ```

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{PollFd, PollFlags};
use rustix::io::{Errno, ioctl_fionbio};

/// Where telegrams go that must not wait.
#[derive(Debug)]
pub struct NonblockingWriter {
    fd: OwnedFd,
    rest: Vec<u8>,
    /// Bytes that may be kept, beside the rest of a telegram that was begun.
    room: usize,
    dropped: u64,
}

impl NonblockingWriter {
    /// Takes a descriptor, which does not wait from now on.
    ///
    /// # Errors
    /// Where the system cannot do that.
    pub fn new(fd: OwnedFd) -> io::Result<Self> {
        Self::with_room(fd, 0)
    }

    /// As [`Self::new`], and keeps whole telegrams up to so many bytes until they can be written.
    ///
    /// # Errors
    /// Where the system cannot do that.
    pub fn with_room(fd: OwnedFd, room: usize) -> io::Result<Self> {
        ioctl_fionbio(&fd, true)?;
        Ok(Self {
            fd,
            rest: Vec::new(),
            room,
            dropped: 0,
        })
    }

    /// Writes a telegram, or drops it; says whether it was taken.
    ///
    /// # Errors
    /// Where the other side is gone.
    pub fn send(&mut self, telegram: &[u8]) -> io::Result<bool> {
        self.flush()?;
        let written = match self.rest.is_empty() {
            true => write(self.fd.as_fd(), telegram)?,
            false => 0,
        };
        let fits = self.rest.len() + telegram.len() <= self.room;
        if written == 0 && !telegram.is_empty() && !fits {
            self.dropped += 1;
            return Ok(false);
        }
        let rest = telegram.get(written..).unwrap_or_default();
        self.rest.extend_from_slice(rest);
        Ok(true)
    }

    /// Writes what is kept, as far as there is room.
    ///
    /// # Errors
    /// Where the other side is gone.
    pub fn flush(&mut self) -> io::Result<()> {
        let written = write(self.fd.as_fd(), &self.rest)?;
        self.rest.drain(..written.min(self.rest.len()));
        Ok(())
    }

    /// Reads and forgets what the other side has sent; says whether it is still there.
    pub fn forget_input(&self) -> bool {
        let mut buf = [0; 1024];
        loop {
            match rustix::io::read(&self.fd, &mut buf) {
                Ok(0) => return false,
                Ok(_) | Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return true,
                Err(_) => return false,
            }
        }
    }

    /// Bytes that are kept.
    pub fn kept(&self) -> usize {
        self.rest.len()
    }

    /// Telegrams that were dropped.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// What to wait for: room, where something is kept; and `more`.
    pub(crate) fn poll(&self, more: PollFlags) -> PollFd<'_> {
        let room = match self.rest.is_empty() {
            true => PollFlags::empty(),
            false => PollFlags::OUT,
        };
        PollFd::from_borrowed_fd(self.fd.as_fd(), room | more)
    }
}

impl AsFd for NonblockingWriter {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

fn write(fd: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<usize> {
    let mut written = 0;
    while let Some(rest @ [_, ..]) = bytes.get(written..) {
        match rustix::io::write(fd, rest) {
            Ok(count) => written += count,
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn what_has_no_room_yet_is_kept_in_order_up_to_a_bound() {
        let (mut reader, writer) = io::pipe().unwrap();
        let mut writer = NonblockingWriter::with_room(writer.into(), 10_000).unwrap();
        let mut taken = Vec::new();
        for n in 0..100 {
            if writer.send(&[n; 1519]).unwrap() {
                taken.extend_from_slice(&[n; 1519]);
            }
        }
        assert!((5000..=10_000).contains(&writer.kept()));
        assert!(writer.dropped() > 0);
        let mut read = vec![0; taken.len()];
        reader.read_exact(&mut read[..40_000]).unwrap();
        writer.flush().unwrap();
        assert_eq!(writer.kept(), 0);
        reader.read_exact(&mut read[40_000..]).unwrap();
        assert!(read == taken, "each telegram is whole, and in its place");
    }

    #[test]
    fn what_has_no_room_is_dropped_whole() {
        let (mut reader, writer) = io::pipe().unwrap();
        let mut writer = NonblockingWriter::new(writer.into()).unwrap();
        let telegrams: Vec<Vec<u8>> = (0..100).map(|n| vec![n; 1519]).collect();
        let mut taken = Vec::new();
        for telegram in &telegrams {
            if writer.send(telegram).unwrap() {
                taken.extend_from_slice(telegram);
            }
        }
        // A pipe takes 64 KiB.
        assert!((40..90).contains(&writer.dropped()));
        let mut read = vec![0; taken.len()];
        reader.read_exact(&mut read[..4096]).unwrap();
        writer.flush().unwrap();
        assert_eq!(writer.kept(), 0);
        reader.read_exact(&mut read[4096..]).unwrap();
        assert!(read == taken, "each telegram is whole");
        assert!(writer.send(b"later").unwrap());
        drop(reader);
        assert!(writer.send(b"gone").is_err());
    }
}
