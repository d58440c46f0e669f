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

mod hook;
mod metrics;
mod mqtt;
mod prices;
mod store;

mod file;

use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use self::file::{Entry, File};
use self::hook::HookTable;
use crate::cli::args::{Format, Global, Run, SamplingArgs, ServerArgs, ServiceArgs, SourceArgs};
use crate::cli::inputs::Named;
use crate::p1::derive::ReferencePower;
use crate::p1::nearest::distance;
use crate::p1::period::Prices;
use crate::p1::value::Zone;
use crate::publish::forward_target::{ForwardPlace, ForwardTarget};
use crate::run::failure::{Exit, Failure};
use crate::run::secrets::without_grouped_keys;
use crate::source::Address;
use crate::source::error::plain;
use crate::source::near::near_path;
use crate::sys::bounded::{self, SETTINGS_MAX};

/// A `smarty.toml` that was read.
#[derive(Clone, Debug)]
pub struct Config {
    folder: PathBuf,
    file: File,
    sources: Vec<Named>,
    /// All that stands in it, but for where keys are.
    rest: toml::Table,
}

/// The options that the file can fill where the command line is silent.
pub struct Settings<'a> {
    /// Those of all commands that decode.
    pub run: &'a mut Run,
    /// Those of the stream.
    pub sampling: &'a mut SamplingArgs,
    /// Those of services.
    pub services: &'a mut ServiceArgs,
}

impl Config {
    /// Reads the file that was named, else the one in the configuration folder where there is one.
    ///
    /// # Errors
    /// A file that cannot be read, with the line.
    pub fn find(global: &Global) -> Result<Option<Self>, Failure> {
        let Some((path, wanted)) = Self::place(global) else {
            return Ok(None);
        };
        match bounded::read_text(&path, SETTINGS_MAX) {
            Ok(text) => Self::parse(&path, &text).map(Some),
            Err(error) if !wanted && error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => {
                let error = plain(&error);
                let failure = Failure::new(Exit::Usage, format!("{}: {error}", path.display()));
                Err(match near_path(&path) {
                    Some(near) => failure.hint(format!("nearest: {}", near.display())),
                    None => failure,
                })
            }
        }
    }

    /// The file that was named, else the usual one; and whether it must be there. `None` where the system names no
    /// folder for configuration.
    pub fn place(global: &Global) -> Option<(PathBuf, bool)> {
        if let Some(path) = &global.config {
            return Some((path.clone(), true));
        }
        let folders = etcetera::choose_base_strategy().ok()?;
        let path = folders.config_dir().join("smarty").join("smarty.toml");
        Some((path, false))
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
            rest: without_keys(text),
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

    /// The key ring, where one is named.
    pub fn keyring(&self) -> Option<PathBuf> {
        self.path(&self.file.keyring)
    }

    /// The file of the password of the broker, where one is named.
    pub fn mqtt_password_file(&self) -> Option<PathBuf> {
        let mqtt = self.file.mqtt.as_ref()?;
        mqtt.password_file(&self.folder)
    }

    /// Tells whether another one has other sources or options, keys aside.
    pub fn differs_from(&self, other: &Self) -> bool {
        self.rest != other.rest
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

    /// What energy costs, with the reference power that is agreed on; times of lists without an offset are those of the
    /// zone.
    ///
    /// # Errors
    /// A list of prices that cannot be read.
    pub fn prices(&self, zone: &Zone) -> Result<Option<(Prices, Option<ReferencePower>)>, Failure> {
        let Some(prices) = &self.file.prices else {
            return Ok(None);
        };
        let prices = prices.prices(&self.folder, zone)?;
        Ok(Some((prices, self.file.reference_power)))
    }

    /// Fills in all that the command line does not say.
    pub fn fill(&self, settings: &mut Settings<'_>) {
        let Settings {
            run,
            sampling,
            services,
        } = settings;
        self.fill_keys(run);
        self.fill_forward(services, run.inputs.is_empty());
        if let Some(metrics) = &self.file.metrics {
            metrics.fill(&mut services.metrics, &self.folder);
        }
        if let Some(store) = &self.file.store
            && run.inputs.is_empty()
        {
            store.fill(&mut services.store, &self.folder);
        }
        fill(&mut services.derive.meters_max, self.file.meters_max);
        self.fill_line(&mut run.source, !run.inputs.is_empty());
        if let Some(mqtt) = &self.file.mqtt {
            mqtt.fill(&mut services.mqtt, &self.folder, run.inputs.is_empty());
        }
        if run.inputs.is_empty() && services.hooks.more.is_empty() {
            let hooks = self.file.hook.iter().map(HookTable::settings);
            services.hooks.more = hooks.collect();
        }
        fill(&mut run.source.timeout, self.file.timeout);
        fill(&mut run.source.duration, self.file.duration);
        let output = &mut run.output;
        if output.format().is_none() {
            output.format = self.file.format;
        }
        fill(&mut output.fields, self.file.fields.clone());
        output.events |=
            self.file.events && output.format() == Some(Format::Json) && !output.is_flat();
        output.csv_formulas |= self.file.csv_formulas;
        fill(&mut sampling.every, self.file.every);
        sampling.on_change |= self.file.on_change;
        if output.out.is_none() {
            output.out = self.path(&self.file.out);
            output.append |= self.file.append && !output.force;
            fill(&mut sampling.rotate, self.file.rotate);
        }
        self.fill_derive(run);
    }

    /// Fills in what is computed.
    fn fill_derive(&self, run: &mut Run) {
        let derive = &mut run.derive;
        fill(&mut derive.meters_max, self.file.meters_max);
        derive.derive |= self.file.derive;
        let mut any = derive.is_wanted();
        if run.inputs.is_empty() {
            // Sources of this file have it already, or their own.
            any |= self.sources.iter().any(|one| one.reference_power.is_some());
        } else {
            fill(&mut derive.reference_power, self.file.reference_power);
            any |= derive.is_wanted();
        }
        if any {
            fill(&mut derive.state, self.path(&self.file.state));
        }
    }

    /// Fills in where telegrams are passed on, those of single sources only where the sources are those of this file.
    fn fill_forward(&self, services: &mut ServiceArgs, own: bool) {
        let forward = &mut services.forward;
        if forward.forward.is_empty() {
            let all = self.file.forward.iter().cloned();
            let entries = self.file.source.iter().filter(|_| own);
            let own = entries.flat_map(|entry| {
                let Entry { forward, label, .. } = entry.get_ref();
                forward.iter().map(|tap| ForwardTarget {
                    label: label.clone(),
                    place: tap.place.clone(),
                })
            });
            forward.forward = all.chain(own).map(|tap| self.tap(tap)).collect();
            forward.forward_raw |= self.file.forward_raw && !forward.forward.is_empty();
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
        if entry.label.is_none() && !entry.forward.is_empty() {
            return Err("a source with forward needs a label".to_owned());
        }
        if let Some(tap) = entry.forward.iter().find(|tap| tap.label.is_some()) {
            return Err(format!(
                "forward of a source stands without a label: {}",
                tap.place
            ));
        }
        Ok(Named {
            address,
            baud: entry.baud.or(self.file.baud),
            mode: entry.mode.or(self.file.mode),
            key_file: self.path(&entry.key_file),
            keyring: self.path(&entry.keyring),
            reference_power: entry.reference_power.or(self.file.reference_power),
            server: ServerArgs {
                server_token_file: self.path(&entry.token_file),
                server_password_file: self.path(&entry.password_file),
                server_ca: self.path(&entry.ca_file),
                server_any_name: entry.any_name,
                server_cert: self.path(&entry.cert_file),
                server_cert_key: self.path(&entry.cert_key_file),
            },
        })
    }

    fn tap(&self, mut tap: ForwardTarget) -> ForwardTarget {
        if let ForwardPlace::Pty(path) = &mut tap.place {
            *path = self.folder.join(&*path);
        }
        tap
    }

    fn path(&self, path: &Option<PathBuf>) -> Option<PathBuf> {
        path.as_ref().map(|path| self.folder.join(path))
    }
}

/// What stands in a file that is good, but for where keys are.
fn without_keys(text: &str) -> toml::Table {
    fn strip(table: &mut toml::Table) {
        table.retain(|name, _| !matches!(name, "key_file" | "keyring"));
    }
    let mut table: toml::Table = toml::from_str(text).unwrap_or_default();
    strip(&mut table);
    let sources = table.get_mut("source").and_then(toml::Value::as_array_mut);
    for source in sources.into_iter().flatten() {
        source.as_table_mut().map(strip);
    }
    table
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
    failure(without_grouped_keys(&plain))
}

/// Longer than any name, shorter than a key.
const LONGEST_NAME: usize = 24;
