//! Files that are read whole: keys, settings, passwords. One that never ends is not read on.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// The bytes of a file of up to so many.
///
/// # Errors
/// Where it cannot be read; [`ErrorKind::FileTooLarge`] where it is longer.
pub fn read(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = most as u64 + 1;
    File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    if bytes.len() > most {
        let what = format!("longer than {most} bytes");
        return Err(io::Error::new(ErrorKind::FileTooLarge, what));
    }
    Ok(bytes)
}

/// The text of a file of up to so many bytes.
///
/// # Errors
/// As [`read`]; [`ErrorKind::InvalidData`] where it is no UTF-8.
pub fn read_text(path: &Path, most: usize) -> io::Result<String> {
    String::from_utf8(read(path, most)?)
        .map_err(|_| io::Error::new(ErrorKind::InvalidData, "is no text"))
}

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
}
