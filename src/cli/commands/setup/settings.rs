//! `smarty.toml`, changed without losing what else stands in it.

use std::fs::DirBuilder;
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, Value, value};

use crate::cli::config::Config;
use crate::run::failure::{Exit, Failure};
use crate::source::LineSettings;
use crate::store::out::{Access, OutFile};
use crate::store::target::Existing;
use crate::sys::bounded::{self, SETTINGS_MAX};
use crate::sys::file_error::FileError;

/// The file while it is changed.
pub struct SettingsFile {
    path: PathBuf,
    before: String,
    document: DocumentMut,
    replaced: Vec<String>,
}

impl SettingsFile {
    /// Reads the file, which need not be there yet.
    ///
    /// # Errors
    /// One that cannot be read, or is wrong.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let before = read(path)?;
        Config::parse(path, &before)?;
        let document = before
            .parse()
            .map_err(|_| Failure::new(Exit::Usage, format!("{}: is no TOML", path.display())))?;
        Ok(Self {
            path: path.to_path_buf(),
            before,
            document,
            replaced: Vec::new(),
        })
    }

    /// The folder that paths in it are relative to.
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// What it holds now.
    ///
    /// # Errors
    /// What `smarty watch` would not take.
    pub fn config(&self) -> Result<Config, Failure> {
        Config::parse(&self.path, &self.document.to_string())
    }

    /// A path as it is written there: one beside the file by its name alone.
    pub fn relative(&self, path: &Path) -> String {
        let folder = self.folder();
        match path.strip_prefix(folder) {
            Ok(inside) if path.parent() == Some(folder) => inside.display().to_string(),
            _ => path.display().to_string(),
        }
    }

    /// Sets something outside of all tables.
    pub fn set(&mut self, name: &str, text: &str) {
        set(
            self.document.as_table_mut(),
            name,
            value(text),
            name,
            &mut self.replaced,
        );
    }

    /// Sets something in a table.
    pub fn set_in(&mut self, table: &str, name: &str, text: &str) {
        let shown = format!("{name} of [{table}]");
        // `metrics = "9100"`: an address alone.
        let alone = self.document.get(table).and_then(Item::as_str);
        if let Some(before) = alone {
            if before != text {
                self.replaced.push(table.to_owned());
            }
            self.document.remove(table);
        }
        let item = self
            .document
            .entry(table)
            .or_insert_with(|| Item::Table(Table::new()));
        match item {
            Item::Table(inside) => set(inside, name, value(text), &shown, &mut self.replaced),
            Item::Value(Value::InlineTable(inside)) => {
                let before = inside.insert(name, text.into());
                note(before.as_ref(), text, &shown, &mut self.replaced);
            }
            // The settings were read: it is neither.
            Item::None | Item::Value(_) | Item::ArrayOfTables(_) => {}
        }
    }

    /// Takes something out of a table.
    pub fn remove_in(&mut self, table: &str, name: &str) {
        if let Some(inside) = self
            .document
            .get_mut(table)
            .and_then(Item::as_table_like_mut)
        {
            inside.remove(name);
        }
    }

    /// Sets where the source of a label is, and the settings of its line where they are not the usual ones.
    ///
    /// # Errors
    /// Sources that are written in a way that cannot be changed here.
    pub fn set_source(
        &mut self,
        label: &str,
        address: &str,
        line: Option<LineSettings>,
    ) -> Result<(), Failure> {
        let item = self
            .document
            .entry("source")
            .or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
        let Item::ArrayOfTables(sources) = item else {
            let what = format!("{}: its sources are written as a list", self.path.display());
            return Err(Failure::new(Exit::Usage, what)
                .hint("write each as a part of its own, [[source]], and run it again"));
        };
        let is_it = |source: &Table| source.get("label").and_then(Item::as_str) == Some(label);
        let at = sources.iter().position(is_it);
        let at = at.unwrap_or_else(|| {
            sources.push(Table::new());
            sources.len() - 1
        });
        let Some(source) = sources.get_mut(at) else {
            return Ok(());
        };
        let replaced = &mut self.replaced;
        let shown = |name: &str| format!("{name} of the source {label}");
        set(source, "label", value(label), "label", replaced);
        set(
            source,
            "address",
            value(address),
            &shown("address"),
            replaced,
        );
        let Some(line) = line.filter(|line| *line != LineSettings::P1) else {
            return Ok(());
        };
        let baud = value(i64::from(line.baud));
        set(source, "baud", baud, &shown("baud"), replaced);
        let mode = value(line.mode.to_string());
        set(source, "mode", mode, &shown("mode"), replaced);
        Ok(())
    }

    /// What of it is not as it was before, a word or two each.
    pub fn replaced(&self) -> &[String] {
        &self.replaced
    }

    /// Whether anything is new.
    pub fn is_changed(&self) -> bool {
        self.document.to_string() != self.before
    }

    /// Puts it on disk, whole or not at all; nothing is lost that another has written meanwhile.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn save(&self) -> Result<(), Failure> {
        self.config()?;
        if read(&self.path)? != self.before {
            let what = format!(
                "{}: was changed by another program just now",
                self.path.display()
            );
            return Err(Failure::new(Exit::Io, what).hint("run the command again"));
        }
        write(
            &self.path,
            self.document.to_string().as_bytes(),
            Access::default(),
        )
    }
}

/// Writes a file, whole or not at all, and the folder that it is in.
///
/// # Errors
/// Where it cannot be written.
pub fn write(path: &Path, bytes: &[u8], access: Access) -> Result<(), Failure> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|cause| Failure::from(FileError::opening(folder, cause)))?;
    }
    let mut file = OutFile::create(path, Existing::Replace)?.readable_by(access);
    file.write_all(bytes)
        .map_err(|cause| FileError::writing(path, None, cause))?;
    file.finish()?;
    Ok(())
}

fn read(path: &Path) -> Result<String, Failure> {
    match bounded::read_text(path, SETTINGS_MAX) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => {
            let what = format!("{}: {error}", path.display());
            Err(Failure::new(Exit::Io, what))
        }
    }
}

fn set(table: &mut Table, name: &str, new: Item, shown: &str, replaced: &mut Vec<String>) {
    let text = |item: &Item| match item {
        Item::Value(Value::String(text)) => text.value().clone(),
        other => other.to_string().trim().to_owned(),
    };
    if let Some(before) = table.get_mut(name) {
        if text(before) == text(&new) {
            return;
        }
        replaced.push(shown.to_owned());
        // A comment behind the value stays.
        if let (Item::Value(before), Item::Value(mut new)) = (before, new) {
            *new.decor_mut() = before.decor().clone();
            *before = new;
        }
        return;
    }
    table.insert(name, new);
}

fn note(before: Option<&Value>, text: &str, shown: &str, replaced: &mut Vec<String>) {
    if before.is_some_and(|before| before.as_str() != Some(text)) {
        replaced.push(shown.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(before: &str, change: impl FnOnce(&mut SettingsFile)) -> (String, Vec<String>) {
        let mut file = SettingsFile {
            path: PathBuf::from("/etc/smarty/smarty.toml"),
            before: before.to_owned(),
            document: before.parse().unwrap(),
            replaced: Vec::new(),
        };
        change(&mut file);
        file.config().unwrap();
        (file.document.to_string(), file.replaced)
    }

    const FILE: &str = "# mine\nformat = \"csv\" # rows\n\n[[source]]\nlabel = \"house\" # here\naddress = \"/dev/ttyUSB0\" # the cable\nkey_file = \"house.key\"\n";

    #[test]
    fn what_else_stands_there_stays_word_for_word() {
        let (text, replaced) = edit(FILE, |file| {
            file.set("keyring", "keys.toml");
            file.set_source("pv", "tcp://10.0.0.7:2001", None).unwrap();
            file.set_in("mqtt", "url", "mqtt://broker.lan");
        });
        assert!(replaced.is_empty(), "{replaced:?}");
        let mut rest = text.as_str();
        for line in FILE.lines() {
            let at = rest.find(line).unwrap_or_else(|| panic!("{line}: {text}"));
            rest = &rest[at + line.len()..];
        }
        assert!(text.contains("keyring = \"keys.toml\"") && text.contains("label = \"pv\""));
    }

    #[test]
    fn what_is_replaced_is_named_and_keeps_its_comment() {
        let line = LineSettings {
            baud: 9600,
            ..LineSettings::P1
        };
        let (text, replaced) = edit(FILE, |file| {
            file.set_source("house", "/dev/ttyUSB1", Some(line))
                .unwrap();
        });
        assert_eq!(replaced, ["address of the source house"]);
        assert!(text.contains("\"/dev/ttyUSB1\" # the cable\n"), "{text}");
        assert!(text.contains("baud = 9600\nmode = \"8N1\"\n"), "{text}");
        let (text, replaced) = edit(FILE, |file| {
            file.set_source("house", "/dev/ttyUSB0", None).unwrap();
        });
        assert!(text == FILE && replaced.is_empty());
    }

    #[test]
    fn an_address_alone_becomes_a_table() {
        let (text, replaced) = edit("metrics = \"9100\"\n", |file| {
            file.set_in("metrics", "listen", "127.0.0.1:9200");
        });
        assert_eq!(replaced, ["metrics"]);
        assert!(
            text.contains("[metrics]\nlisten = \"127.0.0.1:9200\""),
            "{text}"
        );
    }

    #[test]
    fn paths_beside_the_file_are_written_by_name() {
        edit("", |file| {
            assert_eq!(
                file.relative(Path::new("/etc/smarty/keys.toml")),
                "keys.toml"
            );
            assert_eq!(
                file.relative(Path::new("/root/keys.toml")),
                "/root/keys.toml"
            );
        });
    }
}
