//! The durable recorder: bytes to disk as they come, none lost that can be kept.
//!
//! Each write goes to the system at once, so that `kill -9` takes nothing that was written; every 10 s what is new is
//! put on the disk itself, so that a power cut takes no more than that. A file that exists is refused unless asked
//! for otherwise, and is locked against a second recording. The clock is the caller's: every call says what time it is.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp, Zoned};

use crate::store::packed::Packer;
use crate::store::recording_file::Part;
pub use crate::store::recording_file::RecordOptions;
use crate::store::rotation::{Rotation, dated, days, numbered, numbers};
use crate::store::target::open_stream;
use crate::sys::file_error::FileError;

/// Records bytes in a file, or in a row of files.
#[derive(Debug)]
pub struct Recorder {
    base: PathBuf,
    options: RecordOptions,
    part: Part,
    /// Bytes of this recording that the system has.
    written: u64,
    /// Bytes of this recording that are on disk.
    safe: u64,
    dirty_since: Option<Timestamp>,
    /// Bytes written since a rotation was due.
    late: u64,
    packer: Option<Packer>,
}

impl Recorder {
    /// Opens the file, or the first of a row; nothing is written but the header.
    ///
    /// With a rotation, [`Existing::Refuse`](crate::store::target::Existing::Refuse) looks at the files that the rotation would make,
    /// `Append` goes on in the newest, and `Replace` removes all with numbers,
    /// or replaces the one of the day.
    ///
    /// # Errors
    /// Where the file cannot be had; it is left as it was then.
    pub fn open(path: &Path, options: RecordOptions, at: &Zoned) -> Result<Self, FileError> {
        let part = if let Some(file) = open_stream(path)? {
            if options.rotation != Rotation::Never {
                return Err(FileError::CannotRotate { path: path.into() });
            }
            Part::stream(path, file, at.date())
        } else {
            Part::first(path, &options, at.date())?
        };
        let mut recorder = Self {
            base: path.into(),
            options,
            part,
            written: 0,
            safe: 0,
            dirty_since: None,
            late: 0,
            packer: None,
        };
        if let Some(packing) = recorder.options.compress {
            let packer = Packer::start(packing).map_err(|cause| recorder.failed(cause))?;
            // What a run before has left, or a power cut.
            recorder
                .others()
                .into_iter()
                .for_each(|path| packer.pack(path));
            recorder.packer = Some(packer);
        }
        recorder.begin_part(at)?;
        Ok(recorder)
    }

    /// Records a burst: the system has it when this returns.
    ///
    /// # Errors
    /// Where the disk is full or fails; the error says how many bytes are safe. Nothing more can be recorded then.
    pub fn write(&mut self, bytes: &[u8], at: &Zoned) -> Result<(), FileError> {
        if self.is_due(at) {
            if self.late >= SLACK {
                self.rotate(at)?;
            } else {
                self.late += bytes.len() as u64;
            }
        }
        self.append(bytes, true, at)?;
        self.sync_if_old(at)
    }

    /// To be called between bursts, where a file can end without cutting a frame, and now and then in silence:
    /// puts on disk what waits too long, and goes on in a new file where that is due. Says whether it did.
    ///
    /// # Errors
    /// As `write`.
    pub fn pause(&mut self, at: &Zoned) -> Result<bool, FileError> {
        if self.is_due(at) {
            self.rotate(at)?;
            return Ok(true);
        }
        self.sync_if_old(at)?;
        Ok(false)
    }

    /// Sets what each new file begins with, the one that is written to now too where it is still empty.
    ///
    /// # Errors
    /// As `write`.
    pub fn set_header(&mut self, header: Vec<u8>, at: &Zoned) -> Result<(), FileError> {
        self.options.header = header;
        if self.part.bytes == 0 {
            return self.begin_part(at);
        }
        Ok(())
    }

    /// Puts all on disk; gives the number of bytes recorded.
    ///
    /// # Errors
    /// As `write`.
    pub fn finish(mut self) -> Result<u64, FileError> {
        self.sync()?;
        if let Some(packer) = &mut self.packer {
            packer.finish();
        }
        Ok(self.written)
    }

    /// Puts all on disk now.
    ///
    /// # Errors
    /// As `write`.
    pub fn sync(&mut self) -> Result<(), FileError> {
        if !self.part.is_stream {
            self.part
                .file
                .sync_data()
                .map_err(|cause| self.failed(cause))?;
        }
        self.safe = self.written;
        self.dirty_since = None;
        Ok(())
    }

    /// What could not be packed since the last call; it stays as it is.
    pub fn trouble(&self) -> Vec<FileError> {
        self.packer
            .as_ref()
            .map(Packer::trouble)
            .unwrap_or_default()
    }

    /// Files of this recording that are not written any more.
    fn others(&self) -> Vec<PathBuf> {
        let base = &self.base;
        let all: Vec<PathBuf> = match self.options.rotation {
            Rotation::Never => Vec::new(),
            Rotation::Daily => days(base).into_iter().map(|day| dated(base, day)).collect(),
            Rotation::Size(_) => {
                let numbers = numbers(base).into_iter();
                numbers.map(|number| numbered(base, number)).collect()
            }
        };
        let others = all.into_iter();
        others
            .filter(|path| *path != self.part.path && path.exists())
            .collect()
    }

    /// Bytes recorded.
    #[cfg(test)]
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Bytes recorded that a power cut cannot take any more.
    #[cfg(test)]
    pub fn safe(&self) -> u64 {
        self.safe
    }

    /// The file that is written to now.
    pub fn path(&self) -> &Path {
        &self.part.path
    }

    fn is_due(&self, at: &Zoned) -> bool {
        match self.options.rotation {
            Rotation::Never => false,
            Rotation::Size(most) => self.part.bytes >= most,
            Rotation::Daily => self.part.day != at.date(),
        }
    }

    fn rotate(&mut self, at: &Zoned) -> Result<(), FileError> {
        self.sync()?;
        let next = self.part.next(&self.base, &self.options, at.date())?;
        let whole = std::mem::replace(&mut self.part, next);
        if let Some(packer) = &self.packer
            && whole.path != self.part.path
        {
            packer.pack(whole.path);
        }
        self.late = 0;
        self.begin_part(at)
    }

    /// Writes what stands before the first recorded byte.
    fn begin_part(&mut self, at: &Zoned) -> Result<(), FileError> {
        if self.part.bytes == 0 {
            let header = std::mem::take(&mut self.options.header);
            let outcome = self.append(&header, false, at);
            self.options.header = header;
            outcome
        } else if self.options.lines && !self.part.ends_line() {
            self.append(b"\n", false, at)
        } else {
            Ok(())
        }
    }

    fn append(&mut self, bytes: &[u8], counts: bool, at: &Zoned) -> Result<(), FileError> {
        let mut left = bytes;
        while !left.is_empty() {
            let error = match self.part.file.write(left) {
                Ok(0) => io::ErrorKind::WriteZero.into(),
                Ok(count) => {
                    left = &left[count..];
                    self.part.bytes += count as u64;
                    if counts {
                        self.written += count as u64;
                    }
                    self.dirty_since.get_or_insert(at.timestamp());
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => error,
            };
            // What the system has already can often still be saved.
            let _ = self.sync();
            return Err(self.failed(error));
        }
        Ok(())
    }

    fn failed(&self, cause: io::Error) -> FileError {
        // What went into a device is on no disk.
        let safe = (!self.part.is_stream).then_some(self.safe);
        FileError::writing(&self.part.path, safe, cause)
    }

    fn sync_if_old(&mut self, at: &Zoned) -> Result<(), FileError> {
        match self.dirty_since {
            // A clock that was set back must not put it off.
            Some(since)
                if !(SignedDuration::ZERO..SYNC_AFTER)
                    .contains(&at.timestamp().duration_since(since)) =>
            {
                self.sync()
            }
            _ => Ok(()),
        }
    }
}

/// What is new is put on disk no later than this.
const SYNC_AFTER: SignedDuration = SignedDuration::from_secs(10);

/// A source that never pauses is cut after so many bytes more than due.
const SLACK: u64 = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::super::target::Existing;
    use super::*;
    use crate::source::testing::Folder;
    use jiff::civil::date;
    use jiff::tz::TimeZone;
    use std::fs;

    /// So many seconds after 2026-11-23 23:59:30.
    fn at(seconds: i64) -> Zoned {
        let start = date(2026, 11, 23).at(23, 59, 30, 0);
        let start = start.to_zoned(TimeZone::UTC).unwrap();
        start + SignedDuration::from_secs(seconds)
    }

    fn options(existing: Existing, rotation: Rotation) -> RecordOptions {
        RecordOptions {
            existing,
            rotation,
            ..RecordOptions::default()
        }
    }

    #[test]
    fn a_burst_is_in_the_file_when_the_call_returns() {
        let folder = Folder::new();
        let path = folder.path("a.bin");
        let mut recorder = Recorder::open(&path, RecordOptions::default(), &at(0)).unwrap();
        recorder.write(b"/Lux5", &at(0)).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"/Lux5");
        recorder.write(b"\\25", &at(1)).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"/Lux5\\25");
        assert_eq!(recorder.finish().unwrap(), 8);
    }

    #[test]
    fn what_is_new_is_safe_after_ten_seconds_and_when_the_clock_goes_back() {
        let folder = Folder::new();
        let path = folder.path("a.bin");
        let mut recorder = Recorder::open(&path, RecordOptions::default(), &at(0)).unwrap();
        recorder.write(b"one", &at(100)).unwrap();
        recorder.pause(&at(109)).unwrap();
        assert_eq!(recorder.safe(), 0);
        recorder.pause(&at(110)).unwrap();
        assert_eq!(recorder.safe(), 3);
        recorder.write(b"two", &at(111)).unwrap();
        recorder.write(b"3", &at(121)).unwrap();
        assert_eq!(recorder.safe(), 7);
        recorder.write(b"four", &at(122)).unwrap();
        recorder.pause(&at(50)).unwrap();
        assert_eq!(recorder.safe(), 11);
    }

    #[test]
    fn a_file_that_exists_is_refused_appended_to_or_replaced_as_asked() {
        let folder = Folder::new();
        let path = folder.path("a.bin");
        fs::write(&path, b"old").unwrap();
        let open = |existing| Recorder::open(&path, options(existing, Rotation::Never), &at(0));
        let error = open(Existing::Refuse).unwrap_err();
        assert!(error.to_string().ends_with("exists already, with 3 bytes"));
        assert_eq!(fs::read(&path).unwrap(), b"old");
        let mut recorder = open(Existing::Append).unwrap();
        recorder.write(b"new", &at(0)).unwrap();
        assert!(matches!(
            open(Existing::Replace),
            Err(FileError::InUse { .. })
        ));
        assert_eq!(fs::read(&path).unwrap(), b"oldnew");
        drop(recorder);
        let mut recorder = open(Existing::Replace).unwrap();
        recorder.write(b"only", &at(0)).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"only");
    }

    #[test]
    fn a_full_device_is_an_error() {
        let mut recorder =
            Recorder::open(Path::new("/dev/full"), RecordOptions::default(), &at(0)).unwrap();
        let error = recorder.write(b"x", &at(0)).unwrap_err();
        assert_eq!(error.to_string(), "/dev/full: the disk is full");
    }

    #[test]
    fn a_file_over_its_size_goes_on_in_the_next_between_bursts() {
        let folder = Folder::new();
        let path = folder.path("a.bin");
        let by_size = |existing| options(existing, Rotation::Size(10));
        let mut recorder = Recorder::open(&path, by_size(Existing::Refuse), &at(0)).unwrap();
        recorder.write(b"12345678", &at(0)).unwrap();
        assert!(!recorder.pause(&at(0)).unwrap());
        recorder.write(b"90", &at(0)).unwrap();
        recorder.write(b"+", &at(0)).unwrap();
        assert!(recorder.pause(&at(0)).unwrap());
        recorder.write(b"second", &at(0)).unwrap();
        assert_eq!(recorder.written(), 17);
        assert_eq!(fs::read(folder.path("a.1.bin")).unwrap(), b"1234567890+");
        assert_eq!(fs::read(folder.path("a.2.bin")).unwrap(), b"second");
        drop(recorder);
        assert!(Recorder::open(&path, by_size(Existing::Refuse), &at(0)).is_err());
        let recorder = Recorder::open(&path, by_size(Existing::Append), &at(0)).unwrap();
        assert_eq!(recorder.path(), folder.path("a.2.bin"));
        drop(recorder);
        Recorder::open(&path, by_size(Existing::Replace), &at(0)).unwrap();
        assert_eq!(numbers(&path), [1]);
    }

    #[test]
    fn a_source_that_never_pauses_is_cut_in_the_end() {
        let folder = Folder::new();
        let options = options(Existing::Refuse, Rotation::Size(10));
        let mut recorder = Recorder::open(&folder.path("a.bin"), options, &at(0)).unwrap();
        for _ in 0..200 {
            recorder.write(&[0xDB; 1000], &at(0)).unwrap();
        }
        assert_eq!(numbers(&folder.path("a.bin")), [1, 2, 3]);
    }

    #[test]
    fn a_new_day_begins_a_new_file_with_its_header() {
        let folder = Folder::new();
        let path = folder.path("house.csv");
        let mut options = options(Existing::Append, Rotation::Daily);
        options.header = b"time\n".to_vec();
        options.lines = true;
        let mut recorder = Recorder::open(&path, options.clone(), &at(0)).unwrap();
        recorder.write(b"1\n", &at(0)).unwrap();
        recorder.write(b"2\n", &at(31)).unwrap();
        assert!(recorder.pause(&at(31)).unwrap());
        recorder.write(b"3\ncut", &at(31)).unwrap();
        drop(recorder);
        let mut recorder = Recorder::open(&path, options, &at(40)).unwrap();
        recorder.write(b"4\n", &at(40)).unwrap();
        let first = fs::read(folder.path("house-2026-11-23.csv")).unwrap();
        let second = fs::read(folder.path("house-2026-11-24.csv")).unwrap();
        assert_eq!(first, b"time\n1\n2\n");
        assert_eq!(second, b"time\n3\ncut\n4\n");
    }

    #[test]
    fn what_cannot_be_recorded_to_says_why() {
        let folder = Folder::new();
        let open = |path: &Path, rotation| {
            Recorder::open(path, options(Existing::Refuse, rotation), &at(0)).unwrap_err()
        };
        let error = open(&folder.0, Rotation::Never);
        assert!(matches!(error, FileError::IsDirectory { .. }), "{error}");
        let error = open(&folder.path("no/a.bin"), Rotation::Never);
        assert!(matches!(error, FileError::NoFolder { .. }), "{error}");
        let error = open(Path::new("/dev/null"), Rotation::Daily);
        assert!(matches!(error, FileError::CannotRotate { .. }), "{error}");
    }
}
