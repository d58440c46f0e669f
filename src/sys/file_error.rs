//! Why a file cannot be written, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use crate::p1::count::count;
use crate::sys::access::Rights;

/// A file that cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// There is one already.
    #[error("{}: exists already, with {}", path.display(), count(*bytes, "byte"))]
    Exists {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
    },
    /// A folder has that name.
    #[error("{}: is a directory", path.display())]
    IsDirectory {
        /// The folder.
        path: PathBuf,
    },
    /// The folder it should be in does not exist.
    #[error("{}: there is no folder {}", path.display(), folder.display())]
    NoFolder {
        /// The file.
        path: PathBuf,
        /// The folder.
        folder: PathBuf,
    },
    /// The user may not write there.
    #[error("{}: no permission to write it{}", path.display(), rights.as_ref().map_or(String::new(), |rights| format!(" (owner {}, group {})", rights.owner, rights.group)))]
    NoRight {
        /// The file.
        path: PathBuf,
        /// Whose the file or its folder is, where that can be seen.
        rights: Option<Rights>,
    },
    /// Another recording writes to it.
    #[error("{}: another recording writes to it", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// A device or FIFO cannot be rotated.
    #[error("{}: is not a regular file, so it cannot be rotated", path.display())]
    CannotRotate {
        /// The device.
        path: PathBuf,
    },
    /// The disk is full, or the user's part of it.
    #[error("{}: the disk is full{}", path.display(), safe_part(*safe))]
    DiskFull {
        /// The file.
        path: PathBuf,
        /// Bytes of a recording that a power cut cannot take any more.
        safe: Option<u64>,
    },
    /// Writing failed on the way.
    #[error("{}: {}{}", path.display(), plain(cause), safe_part(*safe))]
    Broken {
        /// The file.
        path: PathBuf,
        /// Bytes of a recording that a power cut cannot take any more.
        safe: Option<u64>,
        /// What the system said.
        cause: io::Error,
    },
    /// Any other fault of the system.
    #[error("{}: {}", path.display(), plain(cause))]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
}

impl FileError {
    /// What the user can do about it, one sentence.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Exists { .. } => {
                "--append goes on at its end, --force replaces it; or take another name".to_owned()
            }
            Self::IsDirectory { path } => {
                format!(
                    "name a file in it, as {}",
                    path.join("capture.bin").display()
                )
            }
            Self::NoFolder { folder, .. } => format!("mkdir -p {}", folder.display()),
            Self::NoRight { .. } => "take a folder of your own".to_owned(),
            Self::InUse { .. } => "a recording each to a file of its own".to_owned(),
            Self::CannotRotate { .. } => "leave out --rotate, or name a file".to_owned(),
            Self::DiskFull { safe: None, .. } => "make room, or write elsewhere".to_owned(),
            Self::DiskFull { .. } => {
                "make room, then go on with --append into the same file".to_owned()
            }
            Self::Broken { .. } | Self::Io { .. } => return None,
        })
    }

    /// Makes the error of the system while opening `path` one of this kind.
    pub(crate) fn opening(path: &Path, cause: io::Error) -> Self {
        let path = path.to_path_buf();
        match cause.kind() {
            io::ErrorKind::AlreadyExists => Self::Exists {
                bytes: std::fs::metadata(&path).map_or(0, |meta| meta.len()),
                path,
            },
            io::ErrorKind::IsADirectory => Self::IsDirectory { path },
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::NoFolder {
                folder: folder(&path).to_path_buf(),
                path,
            },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Self::NoRight {
                rights: Rights::of(&path).or_else(|| Rights::of(folder(&path))),
                path,
            },
            _ => Self::Io { path, cause },
        }
    }

    /// Makes the error of the system while writing `path` one of this kind.
    pub(crate) fn writing(path: &Path, safe: Option<u64>, cause: io::Error) -> Self {
        let path = path.to_path_buf();
        match cause.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::DiskFull { path, safe }
            }
            _ => Self::Broken { path, safe, cause },
        }
    }
}

fn safe_part(safe: Option<u64>) -> String {
    safe.map_or(String::new(), |safe| {
        let bytes = count(safe, "byte");
        let are = if safe == 1 { "is" } else { "are" };
        format!("; {bytes} of this recording {are} safe on disk")
    })
}

/// The words of the system without the number behind them.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error ") {
        Some((words, _)) => words.to_owned(),
        None => text,
    }
}

/// The folder that a file is in.
pub(crate) fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_says_how_many_bytes_of_a_recording_are_safe() {
        let full = |safe| {
            let cause = io::ErrorKind::StorageFull.into();
            FileError::writing(Path::new("house.bin"), safe, cause).to_string()
        };
        assert_eq!(
            full(Some(4096)),
            "house.bin: the disk is full; 4096 bytes of this recording are safe on disk"
        );
        assert_eq!(full(None), "house.bin: the disk is full");
    }
}
