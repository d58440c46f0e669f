//! What stands for archives of Parquet in a build without them.

use std::path::{Path, PathBuf};

use crate::p1::value::Zone;
use crate::sys::bounded::begins_with;

/// An archive that is read, of which there is none in this build.
#[derive(Debug)]
pub enum Archive {}

/// Why an archive cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// This build has no Parquet.
    #[error("{}: is a Parquet file, and this build of smarty has no Parquet", .0.display())]
    NotBuilt(PathBuf),
}

impl ArchiveError {
    /// What the user can do about it.
    pub fn hint(&self) -> &'static str {
        "build one: cargo install --path . --features parquet"
    }
}

impl Archive {
    /// Tells whether a file is one of Parquet, by its first bytes.
    pub fn is_one(path: &Path) -> bool {
        begins_with(path, b"PAR1")
    }

    /// Says that there is none.
    ///
    /// # Errors
    /// Always.
    pub fn open(path: &Path, _zone: Zone) -> Result<Self, ArchiveError> {
        Err(ArchiveError::NotBuilt(path.to_path_buf()))
    }

    /// Reads nothing.
    ///
    /// # Errors
    /// Never.
    pub fn read(&mut self, _buf: &mut [u8]) -> Result<usize, ArchiveError> {
        match *self {}
    }
}
