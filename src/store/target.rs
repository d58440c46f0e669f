//! What a file name to write to stands for.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use crate::sys::file_error::{FileError, folder};

/// What is done with a file that exists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Existing {
    /// It is left alone, and that is an error.
    #[default]
    Refuse,
    /// What is written comes behind what it holds.
    Append,
    /// It is replaced.
    Replace,
}

/// Opens `path` to be written directly where it is no regular file: a device, a FIFO, an output of this program.
pub(crate) fn open_stream(path: &Path) -> Result<Option<File>, FileError> {
    let opening = |cause| FileError::opening(path, cause);
    // These can lead to a regular file, whose place to write at is that of the descriptor.
    let own = match path.to_str() {
        Some("/dev/stdout" | "/dev/fd/1" | "/proc/self/fd/1") => {
            Some(io::stdout().as_fd().try_clone_to_owned())
        }
        Some("/dev/stderr" | "/dev/fd/2" | "/proc/self/fd/2") => {
            Some(io::stderr().as_fd().try_clone_to_owned())
        }
        _ => None,
    };
    if let Some(own) = own {
        return Ok(Some(own.map_err(opening)?.into()));
    }
    match fs::metadata(path) {
        Ok(meta) if meta.is_dir() => Err(FileError::IsDirectory { path: path.into() }),
        Ok(meta) if !meta.is_file() => {
            let file = File::options().write(true).open(path).map_err(opening)?;
            Ok(Some(file))
        }
        _ => Ok(None),
    }
}

/// Puts the name of a new or renamed file on disk; some file systems cannot, and need not.
pub(crate) fn sync_folder(path: &Path) {
    let _ = File::open(folder(path)).and_then(|folder| folder.sync_all());
}
