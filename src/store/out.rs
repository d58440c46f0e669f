//! An output file that is made whole or not at all.
//!
//! ```text
//! new, replaced   written beside it as .NAME.PID-RANDOM.part, put on disk, then renamed
//! appended        written behind what it holds, cut back to that when it is not finished
//! device, FIFO    written directly
//! ```
//!
//! A program that is killed leaves the `.part` file, which the next one removes, and nothing under the name itself;
//! one that appends and is killed leaves what it had written. A half line that was left so is ended before more is
//! appended.
//!
//! New files have the rights that the umask leaves, as those of other programs, unless they hold keys: then they are
//! the owner's alone. One that replaces another has the rights of that.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read as _, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use crate::store::beside;
use crate::store::target::{Existing, open_stream, sync_folder};
use crate::sys::file_error::FileError;

pub use crate::store::beside::{Access, keep_to_owner};

/// A file that is being made; [`OutFile::finish`] makes it real.
#[derive(Debug)]
pub struct OutFile {
    path: PathBuf,
    /// None only while it is dropped.
    file: Option<BufWriter<File>>,
    way: Way,
    access: Access,
    /// A write has failed: whatever follows, the file is not whole.
    failed: Option<io::ErrorKind>,
}

#[derive(Debug)]
enum Way {
    /// Nothing is left to be done or undone.
    Direct,
    /// Written beside the target.
    Beside { part: PathBuf, existing: Existing },
    /// Written behind so many bytes.
    Behind(u64),
}

impl OutFile {
    /// Begins a file. One that exists stays as it is until `finish`.
    ///
    /// # Errors
    /// Where it cannot be made, or exists and is to be left alone.
    pub fn create(path: &Path, existing: Existing) -> Result<Self, FileError> {
        if let Some(file) = open_stream(path)? {
            return Ok(Self {
                path: path.into(),
                file: Some(BufWriter::new(file)),
                way: Way::Direct,
                access: Access::default(),
                failed: None,
            });
        }
        if existing == Existing::Refuse && fs::symlink_metadata(path).is_ok() {
            let exists = io::ErrorKind::AlreadyExists.into();
            return Err(FileError::opening(path, exists));
        }
        // A link is followed: what it points to is replaced, not the link.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        let opening = |cause| FileError::opening(&path, cause);
        let existing = match existing {
            Existing::Append if !path.exists() => Existing::Refuse,
            other => other,
        };
        if existing == Existing::Append {
            let mut file = File::options()
                .read(true)
                .write(true)
                .open(&path)
                .map_err(opening)?;
            let end = file.seek(SeekFrom::End(0)).map_err(opening)?;
            return Ok(Self {
                file: Some(BufWriter::new(file)),
                way: Way::Behind(end),
                access: Access::default(),
                failed: None,
                path,
            });
        }
        let (part, file) = beside::create(&path).map_err(opening)?;
        Ok(Self {
            file: Some(BufWriter::new(file)),
            way: Way::Beside { part, existing },
            access: Access::default(),
            failed: None,
            path,
        })
    }

    /// Says who may read it, where it is new.
    pub fn readable_by(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// Goes on with a new line where the file that is appended to ends in half a one.
    ///
    /// # Errors
    /// Where it cannot be looked at or written.
    pub fn on_a_line_of_its_own(mut self) -> Result<Self, FileError> {
        let Way::Behind(end @ 1..) = self.way else {
            return Ok(self);
        };
        let writing = |path: &Path, cause| FileError::writing(path, None, cause);
        let Some(file) = &mut self.file else {
            return Ok(self);
        };
        let mut last = [b'\n'];
        let inner = file.get_mut();
        let looked = inner
            .seek(SeekFrom::Start(end - 1))
            .and_then(|_| inner.read_exact(&mut last))
            .and_then(|()| inner.seek(SeekFrom::Start(end)));
        looked.map_err(|cause| FileError::opening(&self.path, cause))?;
        if last != [b'\n'] {
            file.write_all(b"\n")
                .map_err(|cause| writing(&self.path, cause))?;
        }
        Ok(self)
    }

    /// Makes the file real, on disk and under its name.
    ///
    /// # Errors
    /// Where the disk is full or fails, or someone made such a file meanwhile; there is none then.
    pub fn finish(mut self) -> Result<(), FileError> {
        let writing = |cause| FileError::writing(&self.path, None, cause);
        if let Some(kind) = self.failed {
            return Err(writing(kind.into()));
        }
        if let Some(file) = &mut self.file {
            file.flush().map_err(writing)?;
            if let Way::Beside { .. } | Way::Behind(_) = self.way {
                file.get_ref().sync_all().map_err(writing)?;
            }
        }
        if let (Way::Beside { part, existing }, Some(file)) = (&self.way, &self.file) {
            let before = fs::metadata(&self.path).ok();
            beside::open_up(file.get_ref(), before.as_ref(), self.access).map_err(writing)?;
            put_in_place(part, &self.path, *existing)
                .map_err(|cause| FileError::opening(&self.path, cause))?;
        }
        if !matches!(self.way, Way::Direct) {
            sync_folder(&self.path);
        }
        self.way = Way::Direct;
        Ok(())
    }

    /// The file that is made.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn noted<T>(&mut self, done: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &done
            && error.kind() != io::ErrorKind::Interrupted
        {
            self.failed = Some(error.kind());
        }
        done
    }
}

impl Write for OutFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match &mut self.file {
            Some(file) => file.write(bytes),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        };
        self.noted(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.file.as_mut().map_or(Ok(()), BufWriter::flush);
        self.noted(flushed)
    }
}

/// Undoes what was not finished.
impl Drop for OutFile {
    fn drop(&mut self) {
        match &self.way {
            Way::Direct => {}
            Way::Beside { part, .. } => {
                let _ = fs::remove_file(part);
            }
            Way::Behind(end) => {
                // Without its buffer, which would be written behind the cut.
                if let Some(file) = self.file.take() {
                    let _ = file.into_parts().0.set_len(*end);
                }
            }
        }
    }
}

fn put_in_place(part: &Path, path: &Path, existing: Existing) -> io::Result<()> {
    if existing != Existing::Refuse {
        return fs::rename(part, path);
    }
    match renameat_with(CWD, part, CWD, path, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        // Not every file system can; a hard link refuses as well, where there are hard links.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => match fs::hard_link(part, path) {
            Ok(()) => fs::remove_file(part),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
            Err(_) => fs::rename(part, path),
        },
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::testing::{Folder, fifo};
    use std::io::Read;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn a_file_is_there_when_it_is_finished_and_not_before() {
        let folder = Folder::new();
        let path = folder.path("a.json");
        let mut out = OutFile::create(&path, Existing::Refuse).unwrap();
        out.write_all(b"whole").unwrap();
        out.flush().unwrap();
        assert!(!path.exists());
        out.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        assert_eq!(folder.names(), ["a.json"]);
    }

    #[test]
    fn a_file_that_is_not_finished_leaves_nothing() {
        let folder = Folder::new();
        let path = folder.path("a.json");
        let mut out = OutFile::create(&path, Existing::Refuse).unwrap();
        out.write_all(b"half").unwrap();
        drop(out);
        let mut out = OutFile::create(&path, Existing::Append).unwrap();
        out.write_all(b"half").unwrap();
        drop(out);
        assert_eq!(folder.names(), [""; 0]);
        fs::write(&path, b"old").unwrap();
        for existing in [Existing::Replace, Existing::Append] {
            let mut out = OutFile::create(&path, existing).unwrap();
            out.write_all(b"half").unwrap();
            drop(out);
            assert_eq!(fs::read(&path).unwrap(), b"old");
        }
        assert_eq!(folder.names(), ["a.json"]);
    }

    #[test]
    fn a_file_that_exists_is_refused_appended_to_or_replaced_as_asked() {
        let folder = Folder::new();
        let path = folder.path("a.json");
        fs::write(&path, b"old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(matches!(
            OutFile::create(&path, Existing::Refuse),
            Err(FileError::Exists { bytes: 3, .. })
        ));
        for (existing, content) in [
            (Existing::Append, &b"oldnew"[..]),
            (Existing::Replace, b"new"),
        ] {
            let mut out = OutFile::create(&path, existing).unwrap();
            out.write_all(b"new").unwrap();
            out.finish().unwrap();
            assert_eq!(fs::read(&path).unwrap(), content);
        }
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_file_that_someone_made_meanwhile_is_not_replaced() {
        let folder = Folder::new();
        let path = folder.path("a.json");
        let mut out = OutFile::create(&path, Existing::Refuse).unwrap();
        out.write_all(b"mine").unwrap();
        fs::write(&path, b"theirs").unwrap();
        assert!(matches!(out.finish(), Err(FileError::Exists { .. })));
        assert_eq!(fs::read(&path).unwrap(), b"theirs");
        assert_eq!(folder.names(), ["a.json"]);
    }

    #[test]
    fn half_a_line_is_ended_before_more_is_appended() {
        let folder = Folder::new();
        let path = folder.path("a.csv");
        for (before, after) in [
            ("a,b\n1,2\n3", "a,b\n1,2\n3\n5,6\n"),
            ("a,b\n1,2\n", "a,b\n1,2\n5,6\n"),
            ("", "5,6\n"),
        ] {
            fs::write(&path, before).unwrap();
            let open = || OutFile::create(&path, Existing::Append).unwrap();
            // What is not finished leaves the file as it was.
            let mut dropped = open().on_a_line_of_its_own().unwrap();
            dropped.write_all(b"5,6\n").unwrap();
            dropped.flush().unwrap();
            drop(dropped);
            assert_eq!(fs::read_to_string(&path).unwrap(), before);
            let mut out = open().on_a_line_of_its_own().unwrap();
            out.write_all(b"5,6\n").unwrap();
            out.finish().unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), after);
        }
    }

    #[test]
    fn a_file_is_the_owners_alone_until_it_is_whole_and_keys_stay_so() {
        let folder = Folder::new();
        let path = folder.path("keys.toml");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let out = OutFile::create(&path, Existing::Refuse).unwrap();
        assert_eq!(mode(&folder.path(&folder.names()[0])), 0o600);
        out.readable_by(Access::Owner).finish().unwrap();
        assert_eq!(mode(&path), 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let out = OutFile::create(&path, Existing::Replace).unwrap();
        assert_eq!(
            mode(&folder.path(&folder.names()[0])),
            0o600,
            "while it is written"
        );
        out.readable_by(Access::Owner).finish().unwrap();
        assert_eq!(mode(&path), 0o600);
    }

    #[test]
    fn a_link_stays_a_link() {
        let folder = Folder::new();
        fs::write(folder.path("real"), b"old").unwrap();
        symlink("real", folder.path("link")).unwrap();
        let mut out = OutFile::create(&folder.path("link"), Existing::Replace).unwrap();
        out.write_all(b"new").unwrap();
        out.finish().unwrap();
        assert!(folder.path("link").is_symlink());
        assert_eq!(fs::read(folder.path("real")).unwrap(), b"new");
    }

    #[test]
    fn devices_and_fifos_are_written_directly() {
        let mut out = OutFile::create(Path::new("/dev/null"), Existing::Refuse).unwrap();
        out.write_all(b"gone").unwrap();
        out.finish().unwrap();
        let folder = Folder::new();
        let path = folder.path("fifo");
        fifo(&path);
        let other = path.clone();
        let reader = std::thread::spawn(move || {
            let mut text = String::new();
            File::open(other)
                .unwrap()
                .read_to_string(&mut text)
                .unwrap();
            text
        });
        let mut out = OutFile::create(&path, Existing::Refuse).unwrap();
        out.write_all(b"through").unwrap();
        out.finish().unwrap();
        assert_eq!(reader.join().unwrap(), "through");
        let mut out = OutFile::create(Path::new("/dev/full"), Existing::Refuse).unwrap();
        out.write_all(b"x").unwrap();
        assert!(matches!(out.finish(), Err(FileError::DiskFull { .. })));
    }
}
