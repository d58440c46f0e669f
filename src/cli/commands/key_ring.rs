//! `smarty keys add`, `list` and `remove`: the key ring. A key is never shown.

use std::fs::DirBuilder;
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use toml_edit::{DocumentMut, Item, Table, value};
use zeroize::Zeroizing;

use crate::cli::args::{
    Global, KeyArgs, Keys as Command, KeysAdd, KeysArgs, KeysList, KeysRemove, TagDue,
    is_misplaced_key,
};
use crate::cli::commands::key_check;
use crate::cli::keys::{Ring, check_value, entered_keys, entries, read_ring_text, ring_place};
use crate::cli::output::writer::{WriteEnd, Writer};
use crate::cli::services::default_state;
use crate::format::keys::{Entry, write_entry, write_entry_json};
use crate::p1::cipher::{AuthenticationKey, Key};
use crate::p1::ciphering::SystemTitle;
use crate::p1::nearest::nearest;
use crate::run::failure::{Exit, Failure, Level, say};
use crate::run::secrets::without_grouped_keys;
use crate::store::out::{Access, OutFile};
use crate::store::state::{self, Kept};
use crate::store::target::Existing;
use crate::sys::file_error::FileError;

/// Runs a command of `keys`.
///
/// # Errors
/// What cannot be read, written or understood.
pub fn run(args: &KeysArgs, global: &Global) -> Result<Exit, Failure> {
    match &args.what {
        Command::Add(add) => self::add(add, global),
        Command::List(list) => self::list(list, global),
        Command::Check(check) => key_check::run(check, global),
        Command::Remove(remove) => self::remove(remove, global),
    }
}

fn add(args: &KeysAdd, global: &Global) -> Result<Exit, Failure> {
    let section = args.meter.trim();
    if is_misplaced_key(section.as_ref()) || section.is_empty() {
        let what = "the meter comes first: its device id, its title, or a label";
        return Err(Failure::new(Exit::Usage, what)
            .hint("smarty keys add SAG1030700114004 asks for its key"));
    }
    if let Some(name) = &args.name
        && is_misplaced_key(name.as_ref())
    {
        return Err(Failure::new(Exit::Usage, "--name: a key is not a name"));
    }
    let is_default = section == DEFAULT;
    let own = args.name.is_some() || args.tag.is_some() || args.allow_plain;
    if is_default && (own || args.auth_key.is_some()) {
        let what = "the default entry of a key ring is a key and nothing else";
        return Err(Failure::new(Exit::Usage, what)
            .hint("name the meter where more is to be said of it: smarty keys add METER"));
    }
    let path = ring_place(args.keyring.as_deref())?;
    let (_, document) = open(&path)?;
    let existing = sections_of(&document, section);
    if !existing.is_empty() && !args.force {
        return Err(taken(&path, section));
    }
    let (key, authentication) = entered_keys(&KeyArgs {
        key: args.key.clone(),
        key_file: args.key_file.clone(),
        auth_key: args.auth_key.clone(),
        ..KeyArgs::default()
    })?;
    let entry = NewEntry {
        section,
        key: &key,
        authentication: &authentication,
        name: args.name.as_deref(),
        tag: args.tag,
        allow_plain: args.allow_plain,
    };
    put(&path, &entry, args.force, global.quiet)?;
    Ok(Exit::Success)
}

/// What is to be put into a key ring.
pub struct NewEntry<'a> {
    /// Whose key it is: device id, title, label of a source, or `default`.
    pub section: &'a str,
    /// The one that decrypts.
    pub key: &'a Key,
    /// The one that proves origin.
    pub authentication: &'a AuthenticationKey,
    /// What the meter is called.
    pub name: Option<&'a str>,
    /// Whether its frames have tags.
    pub tag: Option<TagDue>,
    /// It may send in clear as well.
    pub allow_plain: bool,
}

/// Puts an entry into a key ring, which need not be there yet, and says so.
///
/// # Errors
/// Where there is an entry for the meter that is not to be replaced; a ring that cannot be read or written.
pub fn put(path: &Path, entry: &NewEntry<'_>, replace: bool, quiet: bool) -> Result<(), Failure> {
    let section = entry.section;
    let (text, mut document) = open(path)?;
    let same = sections_of(&document, section);
    if !same.is_empty() && !replace {
        return Err(taken(path, section));
    }
    for known in &same {
        document.remove(known);
    }
    let digits = |bytes: &[u8; 16]| Zeroizing::new(hex::encode_upper(bytes));
    let secret = digits(entry.key.bytes());
    if section == DEFAULT {
        document.insert(DEFAULT, value(secret.as_str()));
    } else {
        let mut table = Table::new();
        table.insert("key", value(secret.as_str()));
        if *entry.authentication != AuthenticationKey::default() {
            table.insert(
                "auth_key",
                value(digits(entry.authentication.bytes()).as_str()),
            );
        }
        if let Some(name) = entry.name {
            table.insert("name", value(name));
        }
        if let Some(tag) = entry.tag {
            table.insert("tag", value(tag.word()));
        }
        if entry.allow_plain {
            table.insert("allow_plain", value(true));
        }
        // A section stands apart from what is before it, comments at the end too.
        let before = document.trailing().as_str().unwrap_or_default().to_owned();
        let apart = if document.is_empty() && before.is_empty() {
            ""
        } else {
            "\n"
        };
        table.decor_mut().set_prefix(format!("{before}{apart}"));
        document.set_trailing("");
        document.insert(section, Item::Table(table));
    }
    save(path, &text, &document)?;
    if !quiet {
        let verb = if same.is_empty() {
            "added to"
        } else {
            "replaced in"
        };
        let what = format!(
            "the key of {} is {verb} {}, {}",
            without_grouped_keys(section),
            path.display(),
            check_value(entry.key)
        );
        say(Level::Note, &what, None);
    }
    Ok(())
}

fn taken(path: &Path, section: &str) -> Failure {
    let what = format!(
        "{}: there is a key for {} already",
        path.display(),
        without_grouped_keys(section)
    );
    Failure::new(Exit::Usage, what).hint("--force replaces it")
}

fn list(args: &KeysList, global: &Global) -> Result<Exit, Failure> {
    let path = ring_place(args.keyring.as_deref())?;
    let text = read_ring_text(&path)?;
    let mut entries = entries(&path, &text)?;
    if entries.is_empty() {
        let failure = Failure::new(
            Exit::NoTelegram,
            format!("{}: holds no key", path.display()),
        );
        return Err(failure.hint("add one with: smarty keys add METER"));
    }
    let kept = kept(args.state.as_deref(), global)?;
    for entry in &mut entries {
        entry.opened_at = opened_at(entry, &kept).map(|at| at.to_zoned(TimeZone::system()));
    }
    let mut out = Vec::new();
    for (seq, entry) in (1..).zip(&entries) {
        match args.json {
            true => write_entry_json(&mut out, seq, &path.to_string_lossy(), entry),
            false => write_entry(&mut out, entry, &without_grouped_keys(&entry.section)),
        }
    }
    let mut writer = match args.json {
        true => Writer::Stdout,
        false => Writer::Terminal,
    };
    match writer.write(&out) {
        Ok(()) | Err(WriteEnd::ReaderGone) => Ok(Exit::Success),
        Err(WriteEnd::Failed(failure)) => Err(failure),
    }
}

/// What runs have kept: in the file that is named, else in the usual one, which need not be there.
fn kept(named: Option<&Path>, global: &Global) -> Result<Kept, Failure> {
    let usual = default_state().filter(|_| named.is_none());
    let Some(path) = named.or(usual.as_deref()) else {
        return Ok(Kept::default());
    };
    if let Some(path) = named {
        path.metadata()
            .map_err(|cause| FileError::opening(path, cause))?;
    }
    let unknown = "when keys opened frames is not known";
    let (what, hint) = match state::read(path) {
        Ok(Ok(kept)) => return Ok(kept),
        Ok(Err(fault)) => (format!("{}: {fault}, so {unknown}", path.display()), None),
        Err(error) if named.is_some() => return Err(error.into()),
        Err(error) => (format!("{error}; {unknown}"), error.hint()),
    };
    if !global.quiet {
        say(Level::Warning, &what, hint.as_deref());
    }
    Ok(Kept::default())
}

/// When the key of an entry last opened a frame: of its meter, else of any.
fn opened_at(entry: &Entry, kept: &Kept) -> Option<Timestamp> {
    let of = |(title, second): (&SystemTitle, &i64)| {
        let check_value = kept.sealed.get(title)?.check_value();
        let same = hex::encode_upper(check_value) == entry.check_value;
        let is_its = entry.title.is_none_or(|own| own == *title);
        (same && is_its).then_some(*second)
    };
    let latest = kept.opened.iter().filter_map(of).max()?;
    Timestamp::from_second(latest).ok()
}

fn remove(args: &KeysRemove, global: &Global) -> Result<Exit, Failure> {
    let path = ring_place(args.keyring.as_deref())?;
    let text = read_ring_text(&path)?;
    let mut document = parse(&path, &text)?;
    for meter in &args.meters {
        let meter = meter.trim();
        let mut sections = sections_of(&document, meter);
        if sections.is_empty() {
            sections = document
                .iter()
                .filter(|(_, entry)| name_of(entry) == Some(meter))
                .map(|(section, _)| section.to_owned())
                .collect();
        }
        if sections.is_empty() {
            let shown = without_grouped_keys(meter);
            let what = format!("{}: there is no key for {shown}", path.display());
            let names = document
                .iter()
                .flat_map(|(section, entry)| [Some(section), name_of(entry)])
                .flatten();
            let failure = Failure::new(Exit::Usage, what);
            return Err(match nearest(meter, names) {
                Some(near) => failure.hint(format!("nearest: {near}")),
                None => failure.hint("smarty keys list shows what it holds"),
            });
        }
        for section in &sections {
            document.remove(section);
        }
    }
    save(&path, &text, &document)?;
    if !global.quiet {
        for meter in &args.meters {
            let shown = without_grouped_keys(meter.trim());
            let what = format!("the key of {shown} is removed from {}", path.display());
            say(Level::Note, &what, None);
        }
    }
    Ok(Exit::Success)
}

/// The text of a key ring, which need not be there yet, and its document.
fn open(path: &Path) -> Result<(Zeroizing<String>, DocumentMut), Failure> {
    let text = match path.try_exists() {
        Ok(false) => Zeroizing::default(),
        Ok(true) | Err(_) => read_ring_text(path)?,
    };
    let document = parse(path, &text)?;
    Ok((text, document))
}

/// The document of a key ring, which must be a right one.
fn parse(path: &Path, text: &str) -> Result<DocumentMut, Failure> {
    Ring::parse(path, text, &AuthenticationKey::default())?;
    text.trim_start_matches('\u{feff}')
        .parse()
        .map_err(|_| Failure::new(Exit::Usage, format!("{}: is no TOML", path.display())))
}

/// Sections for the same meter, however it is spelled.
fn sections_of(document: &DocumentMut, meter: &str) -> Vec<String> {
    let title = SystemTitle::parse(meter);
    document
        .iter()
        .map(|(section, _)| section)
        .filter(|section| {
            *section == meter || title.is_some() && SystemTitle::parse(section) == title
        })
        .map(str::to_owned)
        .collect()
}

fn name_of(entry: &Item) -> Option<&str> {
    entry.get("name")?.as_str()
}

/// Puts a key ring on disk, whole or not at all, for the owner alone; nothing is lost that another has written
/// meanwhile.
fn save(path: &Path, before: &str, document: &DocumentMut) -> Result<(), Failure> {
    let text = Zeroizing::new(document.to_string());
    Ring::parse(path, &text, &AuthenticationKey::default())?;
    let now = match path.try_exists() {
        Ok(true) => read_ring_text(path)?,
        Ok(false) | Err(_) => Zeroizing::default(),
    };
    if *now != *before {
        let what = format!(
            "{}: was changed by another program just now",
            path.display()
        );
        return Err(Failure::new(Exit::Io, what).hint("run the command again"));
    }
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|cause| Failure::from(FileError::opening(folder, cause)))?;
    }
    let mut file = OutFile::create(path, Existing::Replace)?.readable_by(Access::Owner);
    file.write_all(text.as_bytes())
        .map_err(|cause| FileError::writing(path, None, cause))?;
    file.finish()?;
    Ok(())
}

/// The section of meters without their own.
const DEFAULT: &str = "default";
