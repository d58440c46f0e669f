//! Where data go: standard output or a file.

use std::io::{self, ErrorKind, Write};
use std::path::Path;

use anstream::adapter::strip_bytes;
use anstream::{AutoStream, ColorChoice};
use jiff::Zoned;

use crate::sys::file_error::FileError;

use crate::run::failure::{Exit, Failure};
use crate::run::stdio;
use crate::store::out::OutFile;
use crate::store::packed::{PackedFile, packing_of};
use crate::store::record::Recorder;

/// The end of the pipeline.
pub enum Writer {
    /// Standard output, bytes as they are.
    Stdout,
    /// Standard output, colours only where it can show them.
    Terminal,
    /// A file that is made whole or not at all, or grows.
    File(Box<OutFile>),
    /// Such a file, packed.
    Packed(Box<PackedFile>),
    /// A file, or a row of them, that grows by each line as it comes.
    Recorder(Box<Recorder>),
}

/// Why nothing more can be written.
pub enum WriteEnd {
    /// The reader of standard output has closed it.
    ReaderGone,
    /// Something else, which is an error.
    Failed(Failure),
}

impl Writer {
    /// Makes a file, packed where its name ends in `.gz` or `.zst`.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub fn file(file: OutFile) -> Result<Self, Failure> {
        Ok(match packing_of(file.path()) {
            Some(packing) => Self::Packed(Box::new(PackedFile::new(file, packing)?)),
            None => Self::File(Box::new(file)),
        })
    }

    /// Writes the bytes out.
    ///
    /// # Errors
    /// [`WriteEnd`].
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), WriteEnd> {
        let written = match self {
            Self::Stdout => stdio::output().write_all(bytes),
            Self::Terminal => match AutoStream::choice(&io::stdout()) {
                ColorChoice::Never => stdio::output().write_all(&strip_bytes(bytes).into_vec()),
                _ => stdio::output().write_all(bytes),
            },
            Self::File(file) => {
                let written = file.write_all(bytes);
                let error = |cause| FileError::writing(file.path(), None, cause).into();
                return written.map_err(|cause| WriteEnd::Failed(error(cause)));
            }
            Self::Packed(file) => {
                let written = file.write_all(bytes);
                return written.map_err(|error| WriteEnd::Failed(error.into()));
            }
            Self::Recorder(recorder) => {
                let now = Zoned::now();
                // Before the lines: those of a new day belong into its file.
                let written = recorder
                    .pause(&now)
                    .and_then(|_| recorder.write(bytes, &now));
                return written.map_err(|error| WriteEnd::Failed(error.into()));
            }
        };
        written.map_err(|error| match error.kind() {
            ErrorKind::BrokenPipe => WriteEnd::ReaderGone,
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                WriteEnd::Failed(failed("standard output", &"the disk is full"))
            }
            _ => WriteEnd::Failed(failed("standard output", &error)),
        })
    }

    /// Sets what each file of a recording begins with.
    ///
    /// # Errors
    /// [`WriteEnd`].
    pub fn set_header(&mut self, header: Vec<u8>) -> Result<(), WriteEnd> {
        match self {
            Self::Recorder(recorder) => recorder
                .set_header(header, &Zoned::now())
                .map_err(|error| WriteEnd::Failed(error.into())),
            Self::Stdout | Self::Terminal | Self::File(_) | Self::Packed(_) => Ok(()),
        }
    }

    /// To be called now and then in silence: puts on disk what waits too long.
    ///
    /// # Errors
    /// [`WriteEnd`].
    pub fn pause(&mut self) -> Result<(), WriteEnd> {
        match self {
            Self::Recorder(recorder) => match recorder.pause(&Zoned::now()) {
                Ok(_) => Ok(()),
                Err(error) => Err(WriteEnd::Failed(error.into())),
            },
            Self::Stdout | Self::Terminal | Self::File(_) | Self::Packed(_) => Ok(()),
        }
    }

    /// The file that is written to.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Stdout | Self::Terminal => None,
            Self::File(file) => Some(file.path()),
            Self::Packed(file) => Some(file.path()),
            Self::Recorder(recorder) => Some(recorder.path()),
        }
    }

    /// Puts a file in its place.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn finish(self) -> Result<(), Failure> {
        match self {
            Self::Stdout | Self::Terminal => Ok(()),
            Self::File(file) => file.finish().map_err(Failure::from),
            Self::Packed(file) => file.finish().map_err(Failure::from),
            Self::Recorder(recorder) => recorder.finish().map(drop).map_err(Failure::from),
        }
    }
}

/// An error of a file that is written.
pub fn failed(name: &str, error: &dyn std::fmt::Display) -> Failure {
    Failure::new(Exit::Io, format!("{name}: {error}"))
}

/// The path as messages show it.
pub fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// A word as a shell takes it.
pub fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-:=+,@%".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_a_shell_where_they_need_it() {
        assert_eq!(quoted("/dev/pts/3"), "/dev/pts/3");
        assert_eq!(quoted("tcp://[::1]:2001"), "'tcp://[::1]:2001'");
        assert_eq!(quoted("it's mine"), r"'it'\''s mine'");
    }
}
