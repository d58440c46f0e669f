//! Files, standard input, FIFOs and pipes: read to their end, or followed when they grow.
//!
//! A regular file is never quiet, unless it is followed. A FIFO is opened without waiting for a writer, which is then
//! waited for by reading.
//!
//! ```text
//! followed, at the end     grown      read on
//!                          the same   quiet, and looked at again
//!                          shorter    gone: emptied by whoever writes it (copytruncate)
//!                          another    gone: renamed, and a new one made (rotation); what was left is read first
//!                          none       quiet: whoever renamed it may still write
//! ```
//! It is followed by its name, as `tail -F` does; what is gone is opened again and read from its beginning.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Read as _;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FileType, fstat, stat};
use rustix::io::Errno;

use crate::source::archive::Archive;
use crate::source::database::Telegrams;
use crate::source::error::SourceError;
use crate::source::packed::{Begin, Packing, Unpacked, Unpacker};
use crate::source::read::{GoneReason, Read, SourceOptions};
use crate::sys::stop::{Stop, Wake};

/// An open file, FIFO or pipe.
#[derive(Debug)]
pub struct Input {
    name: String,
    file: File,
    size: Option<u64>,
    writer: Writer,
    followed: Option<Followed>,
    stop: Stop,
    way: Way,
}

/// How bytes come out of it.
#[derive(Debug)]
enum Way {
    /// Its first bytes tell; these came.
    Unknown(Vec<u8>),
    /// These come first, then all as they are.
    Plain(VecDeque<u8>),
    /// Unpacked.
    Packed(Box<Unpacker>),
    /// The telegrams of a store.
    Stored(Box<Telegrams>),
    /// The telegrams of an archive.
    Archived(Box<Archive>),
    /// Nothing more comes.
    Over,
}

/// A file that is read on when it grows.
#[derive(Debug)]
struct Followed {
    path: PathBuf,
    /// Bytes read so far.
    read: u64,
    /// Another file has its name; what is left is read first.
    replaced: bool,
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
        input.way = Way::Plain(VecDeque::new());
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
            followed: None,
            stop: options.stop.clone(),
            way: Way::Unknown(Vec::new()),
        })
    }

    /// Reads the telegrams of the store that the file is.
    pub(crate) fn set_stored(&mut self, telegrams: Telegrams) {
        self.way = Way::Stored(Box::new(telegrams));
    }

    /// Reads the telegrams of the archive that the file is.
    pub(crate) fn set_archived(&mut self, archive: Archive) {
        self.way = Way::Archived(Box::new(archive));
    }

    /// Follows the file under its name, where it is a regular one.
    pub(crate) fn follow(&mut self, path: &Path) {
        if self.size.is_some() {
            // What grows is not packed, or cannot be unpacked yet.
            self.way = Way::Plain(VecDeque::new());
            self.followed = Some(Followed {
                path: path.to_owned(),
                read: 0,
                replaced: false,
            });
        }
    }

    /// Reads what there is, unpacked where it is packed, waiting up to 250 ms.
    ///
    /// # Errors
    /// Where the system cannot read it; where packed data are damaged or end early.
    pub fn read(&mut self, buf: &mut [u8]) -> Result<Read, SourceError> {
        loop {
            match &mut self.way {
                Way::Plain(first) if first.is_empty() => return self.read_as_it_is(buf),
                Way::Plain(first) => {
                    let count = first.read(buf).unwrap_or_default();
                    return Ok(Read::Bytes(count));
                }
                Way::Over => return Ok(Read::End),
                Way::Stored(telegrams) => {
                    return Ok(match telegrams.read(buf)? {
                        0 => Read::End,
                        count => Read::Bytes(count),
                    });
                }
                Way::Archived(archive) => {
                    return Ok(match archive.read(buf)? {
                        0 => Read::End,
                        count => Read::Bytes(count),
                    });
                }
                Way::Unknown(first) => {
                    let mut first = std::mem::take(first);
                    let mut more = [0; 4096];
                    let read = self.read_as_it_is(&mut more)?;
                    if let Read::Bytes(count) = read {
                        first.extend_from_slice(more.get(..count).unwrap_or_default());
                    }
                    self.way = match (Packing::begin(&first), &read) {
                        (Begin::Packed(packing), _) => {
                            let unpacker = Unpacker::new(packing);
                            let mut unpacker =
                                unpacker.map_err(|error| SourceError::io(&self.name, error))?;
                            unpacker.put(&first);
                            Way::Packed(Box::new(unpacker))
                        }
                        // Whoever types or sends byte by byte does not pack.
                        (Begin::More, Read::Bytes(_)) => {
                            self.way = Way::Unknown(first);
                            continue;
                        }
                        (Begin::Plain | Begin::More, _) if first.is_empty() => {
                            self.way = Way::Unknown(first);
                            return Ok(read);
                        }
                        (Begin::Plain | Begin::More, _) => Way::Plain(first.into()),
                    };
                }
                Way::Packed(unpacker) => match unpacker.read(buf) {
                    Ok(Unpacked::Bytes(count)) => return Ok(Read::Bytes(count)),
                    Ok(Unpacked::End) => self.way = Way::Over,
                    Ok(Unpacked::Hungry) => {
                        let mut more = vec![0; PACKED];
                        let read = self.read_as_it_is(&mut more)?;
                        let Way::Packed(unpacker) = &mut self.way else {
                            return Ok(read);
                        };
                        match read {
                            Read::Bytes(count) => {
                                unpacker.put(more.get(..count).unwrap_or_default());
                            }
                            Read::End if !unpacker.is_closed() => unpacker.close(),
                            read => return Ok(read),
                        }
                    }
                    Err(error) => {
                        self.way = Way::Over;
                        let name = self.name.clone();
                        return Err(SourceError::Packed { name, error });
                    }
                },
            }
        }
    }

    /// Reads the bytes of the file itself.
    fn read_as_it_is(&mut self, buf: &mut [u8]) -> Result<Read, SourceError> {
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
                Ok(0) => return self.at_end(),
                Ok(count) => {
                    if let Some(followed) = &mut self.followed {
                        followed.read += count as u64;
                    }
                    return Ok(Read::Bytes(count));
                }
                Err(Errno::AGAIN | Errno::INTR) => {}
                Err(error) => return Err(SourceError::io(&self.name, error)),
            }
        }
    }

    /// The end, unless the file is followed and may grow.
    fn at_end(&mut self) -> Result<Read, SourceError> {
        let Some(followed) = &mut self.followed else {
            return Ok(Read::End);
        };
        if followed.replaced {
            return Ok(Read::Gone(GoneReason::Replaced));
        }
        let open = fstat(&self.file).map_err(|error| SourceError::io(&self.name, error))?;
        if u64::try_from(open.st_size).is_ok_and(|size| size < followed.read) {
            return Ok(Read::Gone(GoneReason::Shortened));
        }
        if let Ok(named) = stat(&followed.path)
            && (named.st_dev, named.st_ino) != (open.st_dev, open.st_ino)
        {
            // Something may have been written between the last read and the renaming.
            followed.replaced = true;
            return Ok(Read::Quiet);
        }
        Ok(match self.stop.wait(LOOK_AGAIN) {
            true => Read::Stopped,
            false => Read::Quiet,
        })
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
/// Packed bytes that are read at once.
const PACKED: usize = 64 << 10;
/// How often a file that is followed is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests {
    use super::super::address::Address;
    use super::super::event::SourceEvent;
    use super::super::reconnect::Reconnecting;
    use super::super::testing::{Folder, next_event, options};
    use super::*;
    use std::fs;
    use std::io::Write;

    fn bytes(source: &mut Reconnecting) -> Vec<u8> {
        let (step, bytes) = next_event(source);
        assert!(matches!(step, SourceEvent::Bytes(_)), "{step:?}");
        bytes
    }

    #[test]
    fn a_file_that_is_followed_goes_on_when_it_grows_is_replaced_or_emptied() {
        let folder = Folder::new();
        let path = folder.path("grows.bin");
        let mut file = fs::File::create(&path).unwrap();
        file.write_all(b"one").unwrap();
        let mut options = options();
        options.follow = true;
        let address: Address = path.to_str().unwrap().parse().unwrap();
        let mut source = Reconnecting::new(address, options.clone());
        assert!(matches!(next_event(&mut source).0, SourceEvent::Opened(_)));
        assert_eq!(bytes(&mut source), b"one");
        let mut buf = [0; 64];
        assert!(matches!(source.read(&mut buf), SourceEvent::Quiet));
        file.write_all(b"two").unwrap();
        assert_eq!(bytes(&mut source), b"two");
        // The name is gone, and the file still written; then there is a new one.
        fs::rename(&path, folder.path("old")).unwrap();
        assert!(matches!(source.read(&mut buf), SourceEvent::Quiet));
        file.write_all(b"three").unwrap();
        assert_eq!(bytes(&mut source), b"three");
        file.write_all(b"last").unwrap();
        fs::write(&path, b"new").unwrap();
        assert_eq!(bytes(&mut source), b"last");
        let step = next_event(&mut source).0;
        assert!(
            matches!(step, SourceEvent::Lost(GoneReason::Replaced)),
            "{step:?}"
        );
        assert!(matches!(
            next_event(&mut source).0,
            SourceEvent::Reopened(_)
        ));
        assert_eq!(bytes(&mut source), b"new");
        fs::write(&path, b"4").unwrap();
        let step = next_event(&mut source).0;
        assert!(
            matches!(step, SourceEvent::Lost(GoneReason::Shortened)),
            "{step:?}"
        );
        assert!(matches!(
            next_event(&mut source).0,
            SourceEvent::Reopened(_)
        ));
        assert_eq!(bytes(&mut source), b"4");
        options.stop.stop();
        assert!(matches!(next_event(&mut source).0, SourceEvent::Stopped));
    }
}
