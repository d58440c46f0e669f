//! Files that are read whole: keys, settings, passwords. One that never ends is not read on, and one that waits for
//! somebody to write, a FIFO or a device, is not waited for.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use rustix::fs::{Mode, OFlags, open};

/// Tells whether a regular file begins with these bytes.
pub fn begins_with<const N: usize>(path: &Path, magic: &[u8; N]) -> bool {
    // What is no regular file may wait for somebody who writes.
    let is_file = path.metadata().is_ok_and(|meta| meta.is_file());
    let mut begin = [0; N];
    is_file
        && File::open(path).is_ok_and(|mut file| file.read_exact(&mut begin).is_ok())
        && begin == *magic
}

/// The bytes of a file of up to so many.
///
/// A pipe that a shell hands over (`<(command)`) is read; it has a writer already.
///
/// # Errors
/// Where it cannot be read; [`ErrorKind::FileTooLarge`] where it is longer; [`ErrorKind::InvalidInput`] where it
/// is a FIFO with a name or a device.
pub fn read(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    let limit = most as u64 + 1;
    let file = match is_descriptor(path) {
        true => File::open(path)?,
        false => {
            // Opening a FIFO must not wait either.
            let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
            let file = File::from(open(path, flags, Mode::empty())?);
            let kind = file.metadata()?.file_type();
            if !kind.is_file() && !kind.is_dir() {
                let what = "is no regular file";
                return Err(io::Error::new(ErrorKind::InvalidInput, what));
            }
            file
        }
    };
    // As long as it will be: a vector that grows leaves copies behind that nobody wipes.
    let length = file.metadata().map_or(0, |meta| meta.len()).min(limit);
    let mut bytes = Vec::with_capacity(length as usize + SPARE);
    file.take(limit).read_to_end(&mut bytes)?;
    if bytes.len() > most {
        let what = format!("longer than {most} bytes");
        return Err(io::Error::new(ErrorKind::FileTooLarge, what));
    }
    Ok(bytes)
}

/// Whether a path names what this process has open already.
fn is_descriptor(path: &Path) -> bool {
    ["/dev/fd", "/proc/self/fd"]
        .iter()
        .any(|folder| path.starts_with(folder))
        || path == Path::new("/dev/stdin")
}

/// The text of a file of up to so many bytes.
///
/// # Errors
/// As [`read`]; [`ErrorKind::InvalidData`] where it is no UTF-8.
pub fn read_text(path: &Path, most: usize) -> io::Result<String> {
    String::from_utf8(read(path, most)?)
        .map_err(|_| io::Error::new(ErrorKind::InvalidData, "is no text"))
}

/// Room for a look at whether the file goes on.
const SPARE: usize = 64;

/// Longest file of settings, of a password or of a certificate, in bytes.
pub const SETTINGS_MAX: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_limit() {
        let path = std::env::temp_dir().join(format!("smarty-whole-{}", std::process::id()));
        std::fs::write(&path, b"four\xFF").unwrap();
        assert_eq!(read(&path, 5).unwrap(), b"four\xFF");
        assert_eq!(read(&path, 4).unwrap_err().kind(), ErrorKind::FileTooLarge);
        assert_eq!(
            read_text(&path, 9).unwrap_err().kind(),
            ErrorKind::InvalidData
        );
        std::fs::remove_file(&path).unwrap();
        assert_eq!(read(&path, 4).unwrap_err().kind(), ErrorKind::NotFound);
    }

    #[test]
    fn what_is_no_file_is_not_waited_for() {
        let path = std::env::temp_dir().join(format!("smarty-fifo-{}", std::process::id()));
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, Mode::RWXU).unwrap();
        let refused = read(&path, 5).unwrap_err().kind();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(refused, ErrorKind::InvalidInput);
        let device = read(Path::new("/dev/zero"), 5).unwrap_err();
        assert_eq!(device.kind(), ErrorKind::InvalidInput);
    }
}
