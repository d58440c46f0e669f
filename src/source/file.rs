//! Files, standard input, FIFOs and pipes: read to their end.
//!
//! A regular file is never quiet. A FIFO is opened without waiting for a writer, which is then waited for by reading.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::fs::{FileType, fstat};
use rustix::io::Errno;

use super::error::SourceError;
use super::read::{Read, SourceOptions};
use super::stop::{Stop, Wake};

/// An open file, FIFO or pipe.
#[derive(Debug)]
pub struct Input {
    name: String,
    file: File,
    size: Option<u64>,
    writer: Writer,
    stop: Stop,
}

/// Whether anybody writes into a FIFO.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writer {
    /// Nobody was seen, nor was that said.
    Unseen,
    /// Nobody was seen, and it was said.
    Missed,
    /// There is one, or was, or none is needed.
    Seen,
}

impl Input {
    /// Takes standard input.
    ///
    /// # Errors
    /// Where it is closed or a folder.
    pub fn stdin(options: &SourceOptions) -> Result<Self, SourceError> {
        let stdin = std::io::stdin()
            .as_fd()
            .try_clone_to_owned()
            .map_err(|error| SourceError::io("standard input", error))?;
        let mut input = Self::open(stdin.into(), "standard input", options)?;
        input.writer = Writer::Seen;
        Ok(input)
    }

    /// Takes the reading end of a pipe that another thread writes into, the virtual meter for one.
    ///
    /// # Errors
    /// Where it cannot be looked at.
    pub fn pipe(end: OwnedFd, name: &str, options: &SourceOptions) -> Result<Self, SourceError> {
        let mut input = Self::open(end.into(), name, options)?;
        input.writer = Writer::Seen;
        Ok(input)
    }

    /// Takes an open file; `name` is how errors call it.
    pub(crate) fn open(
        file: File,
        name: &str,
        options: &SourceOptions,
    ) -> Result<Self, SourceError> {
        let stat = fstat(&file).map_err(|error| SourceError::io(name, error))?;
        let kind = FileType::from_raw_mode(stat.st_mode);
        if kind == FileType::Directory {
            return Err(SourceError::IsDirectory { path: name.into() });
        }
        Ok(Self {
            name: name.to_owned(),
            file,
            size: (kind == FileType::RegularFile)
                .then(|| u64::try_from(stat.st_size).ok())
                .flatten(),
            writer: if kind == FileType::Fifo {
                Writer::Unseen
            } else {
                Writer::Seen
            },
            stop: options.stop.clone(),
        })
    }

    /// Reads what there is, waiting up to 250 ms.
    ///
    /// # Errors
    /// Where the system cannot read it.
    pub fn read(&mut self, buf: &mut [u8]) -> Result<Read, SourceError> {
        loop {
            match self.stop.wait_readable(self.file.as_fd(), Some(TIMEOUT)) {
                // Linux tells of a hang-up only where there was a writer before.
                Ok(Wake::Ready) => self.writer = Writer::Seen,
                Ok(Wake::TimedOut) if self.writer == Writer::Unseen => {
                    self.writer = Writer::Missed;
                    return Ok(Read::NoWriter);
                }
                Ok(Wake::TimedOut) => return Ok(Read::Quiet),
                Ok(Wake::Stopped) => return Ok(Read::Stopped),
                Err(error) => return Err(SourceError::io(&self.name, error)),
            }
            match rustix::io::read(&self.file, &mut *buf) {
                Ok(0) => return Ok(Read::End),
                Ok(count) => return Ok(Read::Bytes(count)),
                Err(Errno::AGAIN | Errno::INTR) => {}
                Err(error) => return Err(SourceError::io(&self.name, error)),
            }
        }
    }

    /// The path, or what it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Size in bytes, of a regular file.
    pub fn size(&self) -> Option<u64> {
        self.size
    }
}

const TIMEOUT: Duration = Duration::from_millis(250);
