//! Files that are packed while they are written, or once they are whole.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use crate::source::packed::Packing;
use crate::store::out::OutFile;
use crate::store::target::{Existing, sync_folder};
use crate::sys::file_error::FileError;

/// A file that is packed as it is written, and made whole or not at all.
pub struct PackedFile {
    path: PathBuf,
    encoder: Encoder,
}

enum Encoder {
    Gzip(GzEncoder<OutFile>),
    Zstd(zstd::stream::write::Encoder<'static, OutFile>),
}

/// Packs files on a thread of its own, one after the other, and removes what it has packed.
#[derive(Debug)]
pub(crate) struct Packer {
    files: Option<Sender<PathBuf>>,
    thread: Option<JoinHandle<()>>,
    trouble: Arc<Mutex<Vec<FileError>>>,
}

/// What the name of a file asks for.
pub fn packing_of(path: &Path) -> Option<Packing> {
    match path.extension()?.to_str()? {
        "gz" => Some(Packing::Gzip),
        "zst" => Some(Packing::Zstd),
        _ => None,
    }
}

/// The name of a file once it is packed: `house-2026-11-23.log.zst`.
pub(crate) fn packed_name(path: &Path, packing: Packing) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(match packing {
        Packing::Gzip => ".gz",
        Packing::Zstd => ".zst",
        Packing::Xz => ".xz",
        Packing::Bzip2 => ".bz2",
    });
    name.into()
}

impl PackedFile {
    /// Packs what is written to a file, as gzip or zstd.
    ///
    /// # Errors
    /// Where there is no memory, or the packing is only read.
    pub fn new(file: OutFile, packing: Packing) -> Result<Self, FileError> {
        let path = file.path().to_path_buf();
        let encoder = Encoder::new(file, packing);
        let encoder = encoder.map_err(|cause| FileError::writing(&path, None, cause))?;
        Ok(Self { path, encoder })
    }

    /// Takes bytes.
    ///
    /// # Errors
    /// Where the disk is full or fails.
    pub fn write_all(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        let written = match &mut self.encoder {
            Encoder::Gzip(encoder) => encoder.write_all(bytes),
            Encoder::Zstd(encoder) => encoder.write_all(bytes),
        };
        written.map_err(|cause| FileError::writing(&self.path, None, cause))
    }

    /// The file that is made.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the file real.
    ///
    /// # Errors
    /// As [`OutFile::finish`].
    pub fn finish(self) -> Result<(), FileError> {
        let file = match self.encoder {
            Encoder::Gzip(encoder) => encoder.finish(),
            Encoder::Zstd(encoder) => encoder.finish(),
        };
        let file = file.map_err(|cause| FileError::writing(&self.path, None, cause))?;
        file.finish()
    }
}

impl Encoder {
    fn new(file: OutFile, packing: Packing) -> io::Result<Self> {
        match packing {
            Packing::Gzip => Ok(Self::Gzip(GzEncoder::new(file, Compression::default()))),
            Packing::Zstd => {
                let mut encoder = zstd::stream::write::Encoder::new(file, ZSTD_LEVEL)?;
                encoder.include_checksum(true)?;
                Ok(Self::Zstd(encoder))
            }
            Packing::Xz | Packing::Bzip2 => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

impl Packer {
    /// Starts the thread.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub(crate) fn start(packing: Packing) -> io::Result<Self> {
        let (files, work): (Sender<PathBuf>, Receiver<PathBuf>) = channel();
        let trouble = Arc::new(Mutex::new(Vec::new()));
        let telling = Arc::clone(&trouble);
        let run = move || {
            for path in work {
                if let Err(error) = pack(&path, packing) {
                    let mut trouble = telling.lock().unwrap_or_else(PoisonError::into_inner);
                    trouble.push(error);
                }
            }
        };
        Ok(Self {
            files: Some(files),
            thread: Some(
                thread::Builder::new()
                    .name("packer".to_owned())
                    .spawn(run)?,
            ),
            trouble,
        })
    }

    /// Packs a file when those before it are done.
    pub(crate) fn pack(&self, path: PathBuf) {
        if let Some(files) = &self.files {
            // The thread ends no sooner than this does.
            let _ = files.send(path);
        }
    }

    /// What could not be packed since the last call; such files stay as they are.
    pub(crate) fn trouble(&self) -> Vec<FileError> {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut trouble)
    }

    /// Packs what waits.
    pub(crate) fn finish(&mut self) {
        self.files = None;
        if let Some(thread) = self.thread.take() {
            // One that panicked has said so itself.
            let _ = thread.join();
        }
    }
}

impl Drop for Packer {
    fn drop(&mut self) {
        self.finish();
    }
}

/// Packs a file, and removes it when what it is packed into is on disk under its name.
///
/// Where there is such a file already, it holds the same, as a power cut left both; or another part of the day, as the
/// clock was set back: that one stays, and this comes behind it.
fn pack(path: &Path, packing: Packing) -> Result<(), FileError> {
    let opening = |cause| FileError::opening(path, cause);
    let target = packed_name(path, packing);
    let before = match File::open(&target) {
        Ok(file) => Some(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(cause) => return Err(FileError::opening(&target, cause)),
    };
    let is_packed = match &before {
        Some(file) => holds_the_same(file, path, packing).map_err(opening)?,
        None => false,
    };
    if !is_packed {
        let mut out = OutFile::create(&target, Existing::Replace)?;
        let writing = |cause| FileError::writing(&target, None, cause);
        if before.is_some() {
            let mut before = File::open(&target).map_err(opening)?;
            io::copy(&mut before, &mut out).map_err(writing)?;
        }
        let mut packed = PackedFile::new(out, packing)?;
        let mut file = File::open(path).map_err(opening)?;
        let mut buffer = vec![0; 64 << 10];
        loop {
            match file.read(&mut buffer).map_err(opening)? {
                0 => break,
                count => packed.write_all(buffer.get(..count).unwrap_or_default())?,
            }
        }
        packed.finish()?;
    }
    fs::remove_file(path).map_err(opening)?;
    sync_folder(path);
    Ok(())
}

/// Tells whether a packed file holds what another does, and no more.
fn holds_the_same(packed: &File, path: &Path, packing: Packing) -> io::Result<bool> {
    let mut packed: Box<dyn Read + '_> = match packing {
        Packing::Gzip => Box::new(MultiGzDecoder::new(packed)),
        Packing::Zstd => Box::new(zstd::stream::read::Decoder::new(packed)?),
        Packing::Xz | Packing::Bzip2 => return Ok(false),
    };
    let mut plain = BufReader::new(File::open(path)?);
    let (mut one, mut other) = (vec![0; 64 << 10], vec![0; 64 << 10]);
    loop {
        let count = plain.read(&mut one)?;
        let Some(room) = other.get_mut(..count) else {
            return Ok(false);
        };
        if count == 0 {
            // One that is damaged is not the same.
            return Ok(matches!(packed.read(&mut [0]), Ok(0)));
        }
        if packed.read_exact(room).is_err() || one.get(..count) != Some(&*room) {
            return Ok(false);
        }
    }
}

/// The usual level of zstd.
const ZSTD_LEVEL: i32 = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::testing::Folder;

    fn unpacked(path: &Path) -> Vec<u8> {
        zstd::decode_all(File::open(path).unwrap()).unwrap()
    }

    #[test]
    fn a_file_is_packed_and_gone_and_one_of_the_same_name_stays() {
        let folder = Folder::new();
        let path = folder.path("a.log");
        let target = folder.path("a.log.zst");
        fs::write(&path, b"first\n").unwrap();
        pack(&path, Packing::Zstd).unwrap();
        assert_eq!(folder.names(), ["a.log.zst"]);
        assert_eq!(unpacked(&target), b"first\n");
        // As a power cut leaves it between the two steps.
        fs::write(&path, b"first\n").unwrap();
        pack(&path, Packing::Zstd).unwrap();
        assert_eq!(unpacked(&target), b"first\n");
        // The day came twice.
        fs::write(&path, b"second\n").unwrap();
        pack(&path, Packing::Zstd).unwrap();
        assert_eq!(unpacked(&target), b"first\nsecond\n");
        assert_eq!(folder.names(), ["a.log.zst"]);
    }

    #[test]
    fn what_cannot_be_packed_stays_and_is_told() {
        let folder = Folder::new();
        let mut packer = Packer::start(Packing::Gzip).unwrap();
        packer.pack(folder.path("missing"));
        fs::write(folder.path("there"), b"bytes").unwrap();
        packer.pack(folder.path("there"));
        packer.finish();
        assert_eq!(packer.trouble().len(), 1);
        assert_eq!(folder.names(), ["there.gz"]);
    }
}
