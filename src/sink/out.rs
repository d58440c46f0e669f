//! An output file that is made whole or not at all.
//!
//! ```text
//! new, replaced   written beside it as .NAME.PID.part, put on disk, then renamed
//! appended        written behind what it holds, cut back to that when it is not finished
//! device, FIFO    written directly
//! ```
//!
//! A program that is killed leaves the `.part` file, and nothing under the name itself; one that appends and is
//! killed leaves what it had written.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use super::file_error::FileError;
use super::target::{Existing, open_stream, sync_folder};

/// A file that is being made; [`OutFile::finish`] makes it real.
#[derive(Debug)]
pub struct OutFile {
    path: PathBuf,
    /// None only while it is dropped.
    file: Option<BufWriter<File>>,
    way: Way,
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
            let mut file = File::options().write(true).open(&path).map_err(opening)?;
            let end = file.seek(SeekFrom::End(0)).map_err(opening)?;
            return Ok(Self {
                file: Some(BufWriter::new(file)),
                way: Way::Behind(end),
                failed: None,
                path,
            });
        }
        let part = beside(&path);
        let file = File::create(&part).map_err(opening)?;
        if let Ok(meta) = fs::metadata(&path) {
            // Whoever could read the old one can read the new one.
            let _ = file.set_permissions(meta.permissions());
        }
        Ok(Self {
            file: Some(BufWriter::new(file)),
            way: Way::Beside { part, existing },
            failed: None,
            path,
        })
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
        if let Way::Beside { part, existing } = &self.way {
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

fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.part", std::process::id()));
    path.with_file_name(name)
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
