//! `smarty.toml`: the sources of a household, and options, so that `smarty watch` alone is enough.
//!
//! ```toml
//! keyring = "keys.toml"            # paths are relative to the folder of this file
//! format = "csv"
//! every = "60s"
//!
//! [[source]]
//! label = "house"
//! address = "/dev/ttyUSB0"
//! ```
//! What the command line says wins. No key stands in this file, and no message shows what does.

use std::fs;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;
use etcetera::BaseStrategy;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use toml::Spanned;

use super::args::{Format, Global, Run, SourceArgs, ThinArgs, parse_duration};
use super::failure::{Exit, Failure};
use super::inputs::Named;
use crate::sink::fields::distance;
use crate::sink::rotation::Rotation;
use crate::source::{Address, Device, Mode};

/// A `smarty.toml` that was read.
#[derive(Clone, Debug)]
pub struct Config {
    folder: PathBuf,
    file: File,
    sources: Vec<Named>,
}

/// The options that the file can fill where the command line is silent.
pub struct Settings<'a> {
    /// Those of all commands that decode.
    pub run: &'a mut Run,
    /// Those of the stream.
    pub thin: &'a mut ThinArgs,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    keyring: Option<PathBuf>,
    key_file: Option<PathBuf>,
    tz: Option<String>,
    baud: Option<u32>,
    #[serde(default, deserialize_with = "word")]
    mode: Option<Mode>,
    #[serde(default)]
    no_reconnect: bool,
    #[serde(default, deserialize_with = "time")]
    timeout: Option<Duration>,
    #[serde(default, deserialize_with = "time")]
    duration: Option<Duration>,
    #[serde(default, deserialize_with = "format")]
    format: Option<Format>,
    fields: Option<String>,
    #[serde(default)]
    events: bool,
    #[serde(default, deserialize_with = "time")]
    every: Option<Duration>,
    #[serde(default)]
    on_change: bool,
    out: Option<PathBuf>,
    #[serde(default)]
    append: bool,
    #[serde(default, deserialize_with = "word")]
    rotate: Option<Rotation>,
    #[serde(default)]
    source: Vec<Spanned<Entry>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    label: Option<String>,
    address: String,
    #[serde(default, deserialize_with = "device")]
    device: Option<Device>,
    baud: Option<u32>,
    #[serde(default, deserialize_with = "word")]
    mode: Option<Mode>,
    key_file: Option<PathBuf>,
    keyring: Option<PathBuf>,
}

impl Config {
    /// Reads the file that was named, else the one in the configuration folder where there is one.
    ///
    /// # Errors
    /// A file that cannot be read, with the line.
    pub fn find(global: &Global) -> Result<Option<Self>, Failure> {
        let (path, wanted) = match &global.config {
            Some(path) => (path.clone(), true),
            None => match etcetera::choose_base_strategy() {
                Ok(folders) => (
                    folders.config_dir().join("smarty").join("smarty.toml"),
                    false,
                ),
                Err(_) => return Ok(None),
            },
        };
        match fs::read_to_string(&path) {
            Ok(text) => Self::parse(&path, &text).map(Some),
            Err(error) if !wanted && error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::new(
                Exit::Usage,
                format!("{}: {error}", path.display()),
            )),
        }
    }

    /// Reads the text of such a file; the path is for messages and for what is relative to its folder.
    ///
    /// # Errors
    /// What is malformed, with its line; never with what stands there.
    pub fn parse(path: &Path, text: &str) -> Result<Self, Failure> {
        let file: File = toml::from_str(text)
            .map_err(|error| refused(path, text, error.span(), error.message()))?;
        let mut config = Self {
            folder: path.parent().unwrap_or(Path::new("")).to_path_buf(),
            sources: Vec::new(),
            file,
        };
        for entry in &config.file.source {
            let named = config
                .named(entry.get_ref())
                .map_err(|what| refused(path, text, Some(entry.span()), &what))?;
            let label = &named.address.label;
            if label.is_some()
                && config
                    .sources
                    .iter()
                    .any(|other| other.address.label == *label)
            {
                let what = "another source has the same label";
                return Err(refused(path, text, Some(entry.span()), what));
            }
            config.sources.push(named);
        }
        Ok(config)
    }

    /// The sources in their order.
    pub fn sources(&self) -> Vec<Named> {
        self.sources.clone()
    }

    /// Fills in where keys are, and the zone.
    pub fn fill_keys(&self, run: &mut Run) {
        let keys = &mut run.keys;
        fill(&mut keys.keyring, self.path(&self.file.keyring));
        if keys.key.is_none() {
            fill(&mut keys.key_file, self.path(&self.file.key_file));
        }
        fill(&mut run.input.tz, self.file.tz.clone());
    }

    /// Fills in all that the command line does not say.
    pub fn fill(&self, settings: &mut Settings<'_>) {
        let Settings { run, thin } = settings;
        self.fill_keys(run);
        self.fill_line(&mut run.source, !run.inputs.is_empty());
        fill(&mut run.source.timeout, self.file.timeout);
        fill(&mut run.source.duration, self.file.duration);
        let output = &mut run.output;
        if output.format().is_none() {
            output.format = self.file.format;
        }
        fill(&mut output.fields, self.file.fields.clone());
        output.events |= self.file.events && output.format() == Some(Format::Json);
        fill(&mut thin.every, self.file.every);
        thin.on_change |= self.file.on_change;
        if output.out.is_none() {
            output.out = self.path(&self.file.out);
            output.append |= self.file.append && !output.force;
            fill(&mut thin.rotate, self.file.rotate);
        }
    }

    /// Fills in how ports are opened, for sources of the command line or those of this file.
    pub fn fill_line(&self, source: &mut SourceArgs, named: bool) {
        if named {
            // Sources of this file have them already, or their own.
            fill(&mut source.baud, self.file.baud);
            fill(&mut source.mode, self.file.mode);
        }
        source.no_reconnect |= self.file.no_reconnect;
    }

    fn named(&self, entry: &Entry) -> Result<Named, String> {
        let text = match &entry.label {
            Some(label) => format!("{label}={}", entry.address),
            None => entry.address.clone(),
        };
        let mut address: Address = text.parse().map_err(|error| format!("{error}"))?;
        if let Some(label) = &entry.label
            && address.label.as_ref() != Some(label)
        {
            return Err("a label has letters, digits, - and _ only".to_owned());
        }
        if let Some(device) = entry.device {
            address.device = device;
        }
        Ok(Named {
            address,
            baud: entry.baud.or(self.file.baud),
            mode: entry.mode.or(self.file.mode),
            key_file: self.path(&entry.key_file),
            keyring: self.path(&entry.keyring),
        })
    }

    fn path(&self, path: &Option<PathBuf>) -> Option<PathBuf> {
        path.as_ref().map(|path| self.folder.join(path))
    }
}

fn fill<T>(option: &mut Option<T>, value: Option<T>) {
    if option.is_none() {
        *option = value;
    }
}

/// An error with its line; what stands in the file is not shown, for it may be a key.
fn refused(path: &Path, text: &str, span: Option<Range<usize>>, message: &str) -> Failure {
    let before = span.and_then(|span| text.get(..span.start));
    let line = before.map_or(1, |before| before.matches('\n').count() + 1);
    let place = format!("{}: line {line}", path.display());
    let failure = |what: String| Failure::new(Exit::Usage, format!("{place}: {what}"));
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    if let (true, Some((unknown, known))) =
        (message.starts_with("unknown field"), quoted.split_first())
    {
        if unknown.len() > LONGEST_NAME {
            return failure("a name that is not known".to_owned());
        }
        let nearest = known.iter().min_by_key(|name| distance(unknown, name));
        let failure = failure(format!("{unknown} is not known here"));
        return match (*unknown, nearest) {
            ("key" | "auth_key", _) => {
                failure.hint("keys stand in a file of their own: keyring = \"keys.toml\" or key_file = \"house.key\"")
            }
            (_, Some(nearest)) => failure.hint(format!("nearest: {nearest}; known: {}", known.join(", "))),
            (_, None) => failure,
        };
    }
    if message.starts_with("missing field") {
        return failure(format!(
            "{} is missing",
            quoted.first().unwrap_or(&"a name")
        ));
    }
    let plain = message.split(['"', '\n']).next().unwrap_or_default();
    let mut plain = plain.trim_end_matches([' ', ':', ',']).to_owned();
    for value in quoted.iter().filter(|value| value.len() > LONGEST_NAME) {
        plain = plain.replace(&format!("`{value}`"), "the value");
    }
    failure(plain)
}

fn time<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(input)?;
    parse_duration(&text).map(Some).map_err(D::Error::custom)
}

fn word<'de, D, T>(input: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    let text = String::deserialize(input)?;
    text.parse().map(Some).map_err(D::Error::custom)
}

fn format<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Format>, D::Error> {
    let text = String::deserialize(input)?;
    let wrong = |_| D::Error::custom("expected table, json, csv, raw, hex or influx");
    Format::from_str(&text, false).map(Some).map_err(wrong)
}

fn device<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Device>, D::Error> {
    match String::deserialize(input)?.as_str() {
        "p1" => Ok(Some(Device::P1)),
        "maxsonar" => Ok(Some(Device::Maxsonar)),
        _ => Err(D::Error::custom("expected p1 or maxsonar")),
    }
}

/// Longer than any name, shorter than a key.
const LONGEST_NAME: usize = 24;
