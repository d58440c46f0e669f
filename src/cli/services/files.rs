//! Files that services need: certificates, keys, passwords.

use std::path::Path;

use zeroize::Zeroizing;

use crate::run::failure::{Exit, Failure};
use crate::sys::bounded::{self, SETTINGS_MAX};

/// The first line of a file of a password.
///
/// # Errors
/// As [`read`]; bytes that are no text.
pub fn text_of(path: &Path) -> Result<String, Failure> {
    let bytes = read(path)?;
    let bytes = Zeroizing::new(bytes);
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Failure::new(Exit::Usage, format!("{}: is no text", path.display())))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// All of a file.
///
/// # Errors
/// A file that cannot be read, or is larger than such files are.
pub fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    bounded::read(path, SETTINGS_MAX).map_err(|error| {
        let failure = Failure::new(Exit::Io, format!("{}: {error}", path.display()));
        failure.hint("look at the name and the rights of the file")
    })
}
