//! Where keys come from, and which applies.
//!
//! First of: `--key`, `--key-file`, `SMARTY_KEY`, `SMARTY_KEY_FILE`, `$CREDENTIALS_DIRECTORY/smarty.key`; beside
//! it, for each meter of its own, the key ring. Keys are read by hand so that no help text, error or log shows one.

mod entry;
pub mod reload;
mod ring_file;

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use etcetera::BaseStrategy;
use zeroize::Zeroizing;

use ring_file::RingFile;

pub use entry::{entered_keys, entries, read_ring_text, ring_place};

use crate::cli::args::{KeyArgs, is_misplaced_key};
use crate::p1::cipher::{AuthenticationKey, Key, KeyError, Keys, MeterKeys, Tags};
use crate::p1::ciphering::{SystemTitle, TitleMap};
use crate::run::failure::{Exit, Failure, Level, say};
use crate::run::secrets::without_grouped_keys;
use crate::source::Address;
use crate::source::near::near_path;
use crate::source::virtual_keys;
use crate::sys::bounded;

/// All keys of a run, with the names that the ring gives to meters.
#[derive(Clone, Debug, Default)]
pub struct Ring {
    keys: Arc<Keys>,
    names: TitleMap<Arc<str>>,
    labels: HashMap<Arc<str>, MeterKeys>,
    /// What was typed in on the terminal: that is not asked for again.
    typed: Option<MeterKeys>,
    /// Where the key for all meters came from, and its check value.
    pub origin: Option<String>,
}

impl Ring {
    /// Gathers the keys of the command line, the environment and the key ring.
    ///
    /// # Errors
    /// A key that is malformed, two keys for one purpose, a file that cannot be read.
    pub fn gather(args: &KeyArgs) -> Result<Self, Failure> {
        let authentication = match &args.auth_key {
            Some(text) => parse(text, "--auth-key", AuthenticationKey::parse)?,
            None => AuthenticationKey::default(),
        };
        let mut ring = match ring_path(args) {
            Some((path, wanted)) => Self::read(&path, wanted, &authentication)?,
            None => Self::default(),
        };
        if let Some((path, true)) = args.key_file.as_ref().map(|path| (path, args.pair))
            && let Some((key, second)) = entry::read_pair(path)?
        {
            let second = match args.auth_key {
                Some(_) => authentication,
                None => second,
            };
            let origin = format!("from {}", path.display());
            ring.origin = Some(format!("{origin}, {}", check_value(&key)));
            Arc::make_mut(&mut ring.keys).set_default(MeterKeys::new(key, second));
            return Ok(ring);
        }
        if let Some((key, origin)) = single_key(args)? {
            ring.origin = Some(format!("{origin}, {}", check_value(&key)));
            let keys = MeterKeys::new(key, authentication);
            if is_asked_for(args) {
                ring.typed = Some(keys.clone());
            }
            Arc::make_mut(&mut ring.keys).set_default(keys);
        }
        Ok(ring)
    }

    /// Gathers them anew; what was typed in stays.
    ///
    /// # Errors
    /// As [`Self::gather`].
    pub fn gather_again(&self, args: &KeyArgs) -> Result<Self, Failure> {
        let Some(typed) = self.typed.clone().filter(|_| is_asked_for(args)) else {
            return Self::gather(args);
        };
        let mut ring = Self::gather(&KeyArgs {
            key: None,
            ..args.clone()
        })?;
        Arc::make_mut(&mut ring.keys).set_default(typed.clone());
        ring.typed = Some(typed);
        ring.origin.clone_from(&self.origin);
        Ok(ring)
    }

    /// The keys for a source: the one of its label where the ring has such, for meters without their own;
    /// those of a virtual meter are known.
    pub fn keys_for(&self, address: &Address) -> Arc<Keys> {
        let mut keys = Arc::clone(&self.keys);
        let label = address.label.as_ref();
        if let Some(own) = label.and_then(|label| self.labels.get(label.as_str())) {
            Arc::make_mut(&mut keys).set_default(own.clone());
        }
        for (title, own) in virtual_keys(address) {
            Arc::make_mut(&mut keys).insert(title, own);
        }
        keys
    }

    /// The keys without those of labels.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Where the key for a meter came from, and its check value.
    pub fn origin_for(&self, title: Option<SystemTitle>) -> Option<String> {
        let own = title.filter(|title| self.keys.has(*title));
        match own.and_then(|title| self.keys.of(title)) {
            Some(keys) => Some(format!("from the key ring, {}", check_value(keys.key()))),
            None => self.origin.clone(),
        }
    }

    /// The name of a meter.
    pub fn name(&self, title: SystemTitle) -> Option<&str> {
        self.names.get(&title).map(|name| &**name)
    }

    /// Reads the text of a key ring; the path is for messages, the authentication key for meters without their own.
    ///
    /// # Errors
    /// What is malformed, with its line or its meter; never with what stands there.
    pub fn parse(
        path: &Path,
        text: &str,
        authentication: &AuthenticationKey,
    ) -> Result<Self, Failure> {
        let place = path.display();
        let text = text.trim_start_matches('\u{feff}');
        let file = RingFile::read(text).map_err(|error| {
            // The error of the parser would show the line, and with it a key.
            let at = error.span().map_or(String::new(), |span| {
                let line = text
                    .get(..span.start)
                    .map_or(0, |before| before.matches('\n').count());
                format!(" line {}:", line + 1)
            });
            Failure::new(
                Exit::Usage,
                format!("{place}:{at} {}", first_words(error.message())),
            )
            .hint("a key ring has lines such as  [SAG1030700114004]  and  key = \"…\"")
        })?;
        let mut ring = Self::default();
        let mut keys = Keys::default();
        // To grow is to move all of them.
        let named = file.meters.iter().filter(|(_, it)| it.name.is_some());
        let named = named.count();
        keys.reserve(file.meters.len());
        ring.names.reserve(named);
        ring.labels.reserve(named);
        let bad = |name: &str, error: KeyError| {
            let name = without_grouped_keys(name);
            Failure::new(Exit::Key, format!("{place}: [{name}]: {error}"))
        };
        if let Some(text) = &file.default {
            let key = Key::parse(text).map_err(|error| bad("default", error))?;
            keys.set_default(MeterKeys::new(key, authentication.clone()));
        }
        for (name, entry) in file.meters {
            let key = Key::parse(&entry.key).map_err(|error| bad(&name, error))?;
            let authentication = match &entry.auth_key {
                Some(text) => AuthenticationKey::parse(text).map_err(|error| bad(&name, error))?,
                None => authentication.clone(),
            };
            let tags = match entry.tag.as_deref() {
                None => None,
                Some("required") => Some(Tags::Required),
                Some("optional") => Some(Tags::Optional),
                Some(_) => {
                    let name = without_grouped_keys(&name);
                    let what = format!("{place}: [{name}]: tag is neither required nor optional");
                    return Err(Failure::new(Exit::Usage, what).hint(
                        "tag = \"required\": each frame of the meter ends in a tag; tag = \"optional\": it may not",
                    ));
                }
            };
            let own = MeterKeys::new(key, authentication).with_tags(tags);
            match SystemTitle::parse(&name) {
                Some(title) => {
                    if entry.allow_plain == Some(true) {
                        keys.allow_plain(title);
                    }
                    if let Some(name) = entry.name {
                        let name: Arc<str> = name.into();
                        ring.names.insert(title, Arc::clone(&name));
                        ring.labels.insert(name, own.clone());
                    }
                    keys.insert(title, own);
                }
                None => {
                    ring.labels.insert(name.into(), own);
                }
            }
        }
        ring.keys = Arc::new(keys);
        Ok(ring)
    }

    fn read(
        path: &Path,
        wanted: bool,
        authentication: &AuthenticationKey,
    ) -> Result<Self, Failure> {
        let text = match bounded::read_text(path, RING_MAX) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if !wanted && error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => {
                let hint = "--keyring takes a file with a section and a key for each meter";
                return Err(unreadable(path, &error, hint));
            }
        };
        Self::parse(path, &text, authentication)
    }
}

/// The one key for all meters, and where it came from in words.
fn single_key(args: &KeyArgs) -> Result<Option<(Key, String)>, Failure> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let environment = variable("SMARTY_KEY");
    let given = [args.key.is_some(), args.key_file.is_some()];
    if given == [true, true] {
        return Err(Failure::new(
            Exit::Usage,
            "--key and --key-file are both given, one is enough",
        ));
    }
    if let (true, Some(_)) = (given.contains(&true), &environment) {
        say(
            Level::Note,
            "the key of the command line is used, not SMARTY_KEY",
            None,
        );
    }
    if let Some(text) = &args.key {
        if text.is_empty() {
            return ask().map(|key| Some((key, "typed in".to_owned())));
        }
        return match parse(text, "--key", Key::parse) {
            Ok(key) => Ok(Some((key, "from --key".to_owned()))),
            Err(failure) if Path::new(text).is_file() => {
                let file = crate::cli::output::writer::shown(&Path::new(".").join(text));
                Err(failure.hint(format!("{file} is the name of a file, not a key")))
            }
            Err(failure) => Err(failure),
        };
    }
    if let Some(path) = &args.key_file {
        return read_key(path).map(Some);
    }
    if let Some(text) = environment {
        let key = parse(&text, "SMARTY_KEY", Key::in_text)?;
        return Ok(Some((key, "from SMARTY_KEY".to_owned())));
    }
    if let Some(path) = variable("SMARTY_KEY_FILE") {
        return read_key(Path::new(&path)).map(Some);
    }
    let credential =
        variable("CREDENTIALS_DIRECTORY").map(|folder| Path::new(&folder).join("smarty.key"));
    match credential.filter(|path| path.exists()) {
        Some(path) => read_key(&path).map(Some),
        None => Ok(None),
    }
}

/// Whether the key is to be typed in.
fn is_asked_for(args: &KeyArgs) -> bool {
    args.key.as_ref().is_some_and(|key| key.is_empty())
}

/// The check value of a key, in words.
pub(super) fn check_value(key: &Key) -> String {
    format!("check value {}", hex::encode_upper(key.check_value()))
}

/// Asks for the key on the terminal, unseen, three times at the most.
fn ask() -> Result<Key, Failure> {
    for attempt in 1..=TRIES {
        let typed = rpassword::prompt_password("Key of the meter (32 digits, not shown): ");
        let typed = typed.map_err(|_| {
            Failure::new(
                Exit::Key,
                "--key asks for the key, but there is no terminal to ask on",
            )
            .hint("use --key-file FILE, --keyring FILE, or the environment variable SMARTY_KEY")
        })?;
        let typed = Zeroizing::new(typed);
        match Key::in_text(&typed) {
            Ok(key) => return Ok(key),
            Err(error) if attempt == TRIES => return Err(malformed("the key typed in", error)),
            Err(error) => say(Level::Error, &format!("{error}; please try again"), None),
        }
    }
    Err(Failure::new(Exit::Key, "no key was typed in"))
}

fn read_key(path: &Path) -> Result<(Key, String), Failure> {
    let place = path.display();
    let hint = "a key file holds the 32 digits of the key, or its 16 bytes; a key ring is given by --keyring";
    let other = || {
        let what = format!("{place}: contains something other than a key");
        Failure::new(Exit::Key, what).hint(hint)
    };
    let bytes = match bounded::read(path, KEY_FILE_MAX) {
        Ok(bytes) => Zeroizing::new(bytes),
        Err(error) if error.kind() == ErrorKind::FileTooLarge => return Err(other()),
        Err(error) => return Err(unreadable(path, &error, hint)),
    };
    let origin = format!("from {place}");
    if let Ok(raw) = <[u8; 16]>::try_from(bytes.as_slice())
        && !raw.iter().all(u8::is_ascii_graphic)
    {
        return Ok((Key::new(raw), origin));
    }
    let text = decoded(&bytes).ok_or_else(other)?;
    // A section of a key ring.
    if text.lines().any(|line| line.trim_start().starts_with('[')) {
        return Err(other());
    }
    let key = Key::in_text(&text).map_err(|error| match text.len() {
        ..=KEY_TEXT_MAX => malformed(&place.to_string(), error),
        _ => other(),
    })?;
    Ok((key, origin))
}

/// The text of a file: UTF-8, or UTF-16 as some editors and shells write it.
fn decoded(bytes: &[u8]) -> Option<Zeroizing<String>> {
    let units = |pair: fn([u8; 2]) -> u16| {
        let (pairs, _) = bytes.as_chunks::<2>();
        let units = pairs.iter().skip(1).map(|bytes| pair(*bytes));
        let text: Result<String, _> = char::decode_utf16(units).collect();
        text.ok().map(Zeroizing::new)
    };
    match bytes {
        [0xFF, 0xFE, ..] => units(u16::from_le_bytes),
        [0xFE, 0xFF, ..] => units(u16::from_be_bytes),
        _ => Some(Zeroizing::new(std::str::from_utf8(bytes).ok()?.to_owned())),
    }
}

/// A file of keys that cannot be read.
fn unreadable(path: &Path, error: &std::io::Error, hint: &str) -> Failure {
    if is_misplaced_key(path.as_os_str()) {
        let what = "this is a key, where the file that holds it is expected";
        return Failure::new(Exit::Usage, what).hint("--key KEY takes the key itself");
    }
    let failure = match error.kind() {
        ErrorKind::NotFound => "no such file".to_owned(),
        ErrorKind::PermissionDenied => "no right to read it".to_owned(),
        ErrorKind::IsADirectory => "is a directory".to_owned(),
        ErrorKind::InvalidData => "is no text".to_owned(),
        ErrorKind::FileTooLarge => format!("{error}, too long for what it should hold"),
        _ => error.to_string(),
    };
    let near = (error.kind() == ErrorKind::NotFound).then(|| near_path(path));
    let hint = match near.flatten() {
        Some(near) => format!("nearest: {}", near.display()),
        None => hint.to_owned(),
    };
    Failure::new(Exit::Io, format!("{}: {failure}", path.display())).hint(hint)
}

fn parse<K>(
    text: &OsStr,
    origin: &str,
    read: impl Fn(&str) -> Result<K, KeyError>,
) -> Result<K, Failure> {
    read(&text.to_string_lossy()).map_err(|error| malformed(origin, error))
}

fn malformed(origin: &str, error: KeyError) -> Failure {
    let hint = match error {
        KeyError::AuthenticationKey => {
            "ask the network operator for the key of your meter; it belongs to this meter alone"
        }
        KeyError::Several { .. } => {
            "keep the one that decrypts (GUEK, encryption key); --auth-key takes the other"
        }
        KeyError::Twice => "give the key as in the operator's letter: 32 digits, not converted",
        _ => "a key has 32 digits 0-9, A-F; copy it again from the operator's letter",
    };
    Failure::new(Exit::Key, format!("{origin}: {error}")).hint(hint)
}

/// Files of keys that are read, where they are there.
pub fn key_files(args: &KeyArgs) -> Vec<PathBuf> {
    let variable = || std::env::var_os("SMARTY_KEY_FILE").filter(|value| !value.is_empty());
    let given = args.key.is_some() || args.key_file.is_some();
    let own = args.key_file.clone();
    let own = own.or_else(|| variable().filter(|_| !given).map(PathBuf::from));
    own.into_iter()
        .chain(ring_path(args).map(|(path, _)| path))
        .collect()
}

/// The key ring asked for, or the usual one; and whether it must be there.
fn ring_path(args: &KeyArgs) -> Option<(PathBuf, bool)> {
    if let Some(path) = &args.keyring {
        return Some((path.clone(), true));
    }
    let folders = etcetera::choose_base_strategy().ok()?;
    Some((folders.config_dir().join("smarty").join("keys.toml"), false))
}

/// Longest file of one key, in bytes, however much is blank in it.
const KEY_FILE_MAX: usize = 4096;
/// Longest text that may be a key with a slip in it: in C each byte takes six, and a label may stand before it.
const KEY_TEXT_MAX: usize = 240;
/// Longest key ring, in bytes: that of three million meters.
const RING_MAX: usize = 256 << 20;

/// A message of the parser without what it quotes; a field that is missing is one of ours.
fn first_words(message: &str) -> &str {
    if message.starts_with("missing field") {
        return message.lines().next().unwrap_or_default();
    }
    let words = message.split(['`', '"', '\n', ',']).next();
    words.unwrap_or_default().trim_end_matches([' ', ':'])
}

/// How often a key is asked for.
const TRIES: usize = 3;
