//! The entries of a key ring one by one, and keys that are entered to become such.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::ring_file::RingFile;
use super::{RING_MAX, Ring, ask, decoded, malformed, parse, read_key, ring_path, unreadable};
use crate::cli::args::KeyArgs;
use crate::format::keys::Entry;
use crate::p1::cipher::{AuthenticationKey, Key};
use crate::p1::ciphering::SystemTitle;
use crate::run::failure::{Exit, Failure};
use crate::sys::bounded;
use std::io::{IsTerminal as _, Read as _};

/// The key ring that is meant.
///
/// # Errors
/// Where no path is given and the system names no folder for configuration.
pub fn ring_place(path: Option<&Path>) -> Result<PathBuf, Failure> {
    let args = KeyArgs {
        keyring: path.map(Path::to_path_buf),
        ..KeyArgs::default()
    };
    match ring_path(&args) {
        Some((path, _)) => Ok(path),
        None => Err(
            Failure::new(Exit::Usage, "there is no configuration folder")
                .hint("name the key ring: --keyring FILE"),
        ),
    }
}

/// The text of a key ring.
///
/// # Errors
/// A file that is not there or cannot be read.
pub fn read_ring_text(path: &Path) -> Result<Zeroizing<String>, Failure> {
    match bounded::read_text(path, RING_MAX) {
        Ok(text) => Ok(Zeroizing::new(text)),
        Err(error) => {
            let hint = "smarty keys add METER makes one; --keyring FILE names another";
            Err(unreadable(path, &error, hint))
        }
    }
}

/// All entries of a key ring, in the order of their sections.
///
/// # Errors
/// What is malformed, with its line or its meter.
pub fn entries(path: &Path, text: &str) -> Result<Vec<Entry>, Failure> {
    Ring::parse(path, text, &AuthenticationKey::default())?;
    // It was read just now.
    let Ok(file) = RingFile::read(text.trim_start_matches('\u{feff}')) else {
        return Ok(Vec::new());
    };
    let key = |text: &str| Some(hex::encode_upper(Key::parse(text).ok()?.check_value()));
    let default = file.default.as_ref().map(|text| Entry {
        section: "default".to_owned(),
        check_value: key(text).unwrap_or_default(),
        ..Entry::default()
    });
    let mut meters = file.meters;
    // Those that TOML has read have no order.
    let place = |section: &str| text.find(&format!("[{section}]"));
    meters.sort_by_cached_key(|(section, _)| (place(section), section.clone()));
    let meters = meters.into_iter().map(|(section, entry)| Entry {
        title: SystemTitle::parse(&section),
        name: entry.name.map(Cow::into_owned),
        check_value: key(&entry.key).unwrap_or_default(),
        auth_check_value: entry.auth_key.and_then(|text| {
            let key = AuthenticationKey::parse(&text).ok()?;
            Some(hex::encode_upper(key.check_value()))
        }),
        tag: entry.tag.map(|tag| tag.to_string()),
        allow_plain: entry.allow_plain == Some(true),
        section: section.into_owned(),
        opened_at: None,
    });
    Ok(default.into_iter().chain(meters).collect())
}

/// The keys of a meter as they are entered: on the command line, in a file, piped in, or typed. A file or pipe may
/// hold both.
///
/// # Errors
/// A key that is malformed, or none.
pub fn entered_keys(args: &KeyArgs) -> Result<(Key, AuthenticationKey), Failure> {
    let given = args.auth_key.as_ref();
    let given = given.map(|text| parse(text, "--auth-key", AuthenticationKey::parse));
    let given = given.transpose()?;
    let (key, second) = match (&args.key, &args.key_file) {
        (Some(text), _) if !text.is_empty() => (parse(text, "--key", Key::parse)?, None),
        (Some(_), _) => (ask()?, None),
        (None, Some(path)) => match read_pair(path)? {
            Some((key, second)) => (key, Some(second)),
            None => (read_key(path)?.0, None),
        },
        (None, None) => match piped()? {
            None => (ask()?, None),
            Some(text) => match pair(&text) {
                Some((key, second)) => (key, Some(second)),
                None => {
                    let key = Key::in_text(&text);
                    (
                        key.map_err(|error| malformed("standard input", error))?,
                        None,
                    )
                }
            },
        },
    };
    Ok((key, given.or(second).unwrap_or_default()))
}

/// Both keys of a meter, where a file holds two.
pub(super) fn read_pair(path: &Path) -> Result<Option<(Key, AuthenticationKey)>, Failure> {
    let Ok(bytes) = bounded::read(path, super::KEY_FILE_MAX).map(Zeroizing::new) else {
        return Ok(None);
    };
    let text = decoded(&bytes);
    let ring = |text: &str| text.lines().any(|line| line.trim_start().starts_with('['));
    Ok(text.filter(|text| !ring(text)).and_then(|text| pair(&text)))
}

/// The two keys of a text: where they are labelled, as their labels say, else the first is the one that encrypts.
fn pair(text: &str) -> Option<(Key, AuthenticationKey)> {
    let keys = Key::all_in_text(text);
    let [first, second] = keys.as_slice() else {
        return None;
    };
    let authentication = |key: &Key| AuthenticationKey::new(*key.bytes());
    let label = text
        .lines()
        .find(|line| !Key::all_in_text(line).is_empty())?;
    let label = label.to_uppercase();
    let second_encrypts = ["GAK", "GPK61", "AUTH"]
        .iter()
        .any(|word| label.contains(word));
    Some(match second_encrypts {
        true => (second.clone(), authentication(first)),
        false => (first.clone(), authentication(second)),
    })
}

/// What is piped in, as the text of a key.
fn piped() -> Result<Option<Zeroizing<String>>, Failure> {
    let mut input = std::io::stdin();
    if input.is_terminal() {
        return Ok(None);
    }
    let mut text = Zeroizing::new(String::new());
    input
        .by_ref()
        .take(PIPED_MAX)
        .read_to_string(&mut text)
        .map_err(|error| Failure::new(Exit::Io, format!("standard input: {error}")))?;
    Ok(Some(text))
}

/// Longest text of a key that is piped in, in bytes.
const PIPED_MAX: u64 = 4096;
