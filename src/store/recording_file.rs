//! One file of a recording.

use std::fs::{self, File, TryLockError};
use std::io::{Read as _, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use jiff::civil::Date;

use crate::source::packed::Packing;
use crate::store::packed::packed_name;
use crate::store::rotation::{Rotation, dated, numbered, numbers};
use crate::store::target::{Existing, sync_folder};
use crate::sys::file_error::FileError;

/// How to record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordOptions {
    /// What is done with a file that exists.
    pub existing: Existing,
    /// When to go on in a new file.
    pub rotation: Rotation,
    /// What each new file begins with; not counted as recorded.
    pub header: Vec<u8>,
    /// How files are packed that are not written any more.
    pub compress: Option<Packing>,
    /// Whether the file is made of lines: one that was cut short is ended before more is appended.
    pub lines: bool,
}

/// Ways in which files of a recording may be packed.
const PACKED: [Packing; 2] = [Packing::Zstd, Packing::Gzip];

/// One file of a recording, open at its end.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) path: PathBuf,
    pub(crate) file: File,
    pub(crate) bytes: u64,
    pub(crate) is_stream: bool,
    number: u32,
    pub(crate) day: Date,
}

impl Part {
    /// Takes a device or FIFO.
    pub(crate) fn stream(path: &Path, file: File, day: Date) -> Self {
        Self {
            path: path.into(),
            file,
            bytes: 0,
            is_stream: true,
            number: 0,
            day,
        }
    }

    /// The file that a recording begins or goes on with.
    pub(crate) fn first(
        base: &Path,
        options: &RecordOptions,
        day: Date,
    ) -> Result<Self, FileError> {
        let existing = options.existing;
        match options.rotation {
            Rotation::Never => Self::open(base.into(), existing, 0, day),
            Rotation::Daily => Self::open(dated(base, day), existing, 0, day),
            Rotation::Size(_) => {
                let numbers = numbers(base);
                let last = numbers.last().copied().unwrap_or(1);
                if existing == Existing::Replace {
                    let first = Self::open(numbered(base, 1), existing, 1, day)?;
                    for number in numbers {
                        let path = numbered(base, number);
                        let plain = Some(path.clone()).filter(|_| number != 1);
                        let packed = PACKED.map(|packing| Some(packed_name(&path, packing)));
                        for path in packed.into_iter().chain([plain]).flatten() {
                            if path.exists() {
                                fs::remove_file(&path)
                                    .map_err(|cause| FileError::opening(&path, cause))?;
                            }
                        }
                    }
                    return Ok(first);
                }
                let path = numbered(base, last);
                let packed = PACKED.map(|packing| packed_name(&path, packing));
                let is_packed = packed.iter().find(|packed| packed.exists());
                match is_packed {
                    Some(_) if existing == Existing::Append => {
                        let next = last.saturating_add(1);
                        Self::open(numbered(base, next), existing, next, day)
                    }
                    Some(packed) => Err(FileError::opening(
                        packed,
                        std::io::ErrorKind::AlreadyExists.into(),
                    )),
                    None => Self::open(path, existing, last, day),
                }
            }
        }
    }

    /// The file after this one. It is new, but that a day can come twice when the clock is set.
    pub(crate) fn next(
        &self,
        base: &Path,
        options: &RecordOptions,
        day: Date,
    ) -> Result<Self, FileError> {
        if options.rotation == Rotation::Daily {
            return Self::open(dated(base, day), Existing::Append, 0, day);
        }
        let mut number = self.number;
        loop {
            number = number.saturating_add(1);
            match Self::open(numbered(base, number), Existing::Refuse, number, day) {
                Err(FileError::Exists { .. }) if number < u32::MAX => {}
                other => return other,
            }
        }
    }

    fn open(path: PathBuf, existing: Existing, number: u32, day: Date) -> Result<Self, FileError> {
        let mut how = File::options();
        how.read(true).write(true);
        match existing {
            Existing::Refuse => how.create_new(true),
            // Not cut before it is known that nobody writes to it.
            Existing::Append | Existing::Replace => how.create(true).truncate(false),
        };
        let opening = |cause| FileError::opening(&path, cause);
        let mut file = how.open(&path).map_err(opening)?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(FileError::InUse { path }),
            // Some network file systems have no locks.
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        if existing == Existing::Replace {
            file.set_len(0).map_err(opening)?;
        }
        let bytes = file.seek(SeekFrom::End(0)).map_err(opening)?;
        sync_folder(&path);
        Ok(Self {
            path,
            file,
            bytes,
            is_stream: false,
            number,
            day,
        })
    }

    /// Whether the last byte ends a line.
    pub(crate) fn ends_line(&mut self) -> bool {
        let mut last = [b'\n'];
        let looked = self
            .file
            .seek(SeekFrom::End(-1))
            .and_then(|_| self.file.read_exact(&mut last))
            .and_then(|()| self.file.seek(SeekFrom::End(0)));
        looked.is_err() || last == [b'\n']
    }
}
