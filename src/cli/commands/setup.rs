//! `smarty setup`: from a cable to a verified reading.
//!
//! ```text
//! cable -> what comes, how fast -> meter, country, key -> MQTT, store, page, service -> files -> the first table
//! ```
//! All is checked before anything is written: the key on a frame, the broker by logging in, the address by listening.

mod cable;
mod key;
mod questions;
mod services;
mod settings;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::key::Outcome;
use self::questions::Questions;
use self::services::{Broker, Wanted};
use self::settings::SettingsFile;
use crate::cli::args::{Global, KeyArgs, Setup};
use crate::cli::commands::key_ring::{NewEntry, put};
use crate::cli::config::Config;
use crate::cli::inputs::Named;
use crate::cli::listening::{Heard, Patience, Sender, listen};
use crate::cli::output::terminal_width;
use crate::cli::output::writer::{WriteEnd, Writer};
use crate::format::table::{self, TableOptions};
use crate::format::words::{Depth, country, is_said_elsewhere};
use crate::observe::context::Context;
use crate::p1::cipher::{Keys, MeterKeys};
use crate::p1::ciphering::SystemTitle;
use crate::p1::count::count;
use crate::p1::diagnosis::Finding;
use crate::p1::event::Event;
use crate::run::failure::{Exit, Failure, Level, say};
use crate::source::{Address, Baud};

pub use self::key::{Judgement, judge};

/// Sets up a meter.
///
/// # Errors
/// What is missing or wrong; nothing was written then.
pub fn run(args: &Setup, global: &Global) -> Result<Exit, Failure> {
    let questions = Questions::new(args.yes);
    let Some((path, _)) = Config::place(global) else {
        let failure = Failure::new(Exit::Usage, "there is no configuration folder");
        return Err(failure.hint("name the file: --config FILE"));
    };
    let mut file = SettingsFile::open(&path)?;
    let before = file.config()?.sources();
    let topics = Topics::find(args, &questions, &path, &before)?;
    let mut plan = Plan::default();
    let meter = match topics.listens() {
        false => None,
        true => match meter(args, global, &questions, &topics, &before, &mut file)? {
            Found::Meter(meter) => Some(meter),
            Found::Nothing(exit) => return Ok(exit),
        },
    };
    if let Some(meter) = &meter {
        plan.key = new_key(args, &questions, meter, global.quiet)?;
        let uses_ring = matches!(plan.key, Some(Outcome::New { .. } | Outcome::Known(_)));
        if uses_ring && !meter.has_ring && (topics.meter || topics.key) {
            let ring = file.relative(&meter.ring);
            file.set("keyring", &ring);
        }
    }
    if topics.mqtt {
        plan.broker = services::broker(args, global, &questions, &mut file)?;
    }
    if topics.store {
        services::store(args, &questions, &mut file)?;
    }
    if topics.metrics {
        services::metrics(args, &questions, &mut file)?;
    }
    if topics.service {
        plan.service = args.service
            || questions.confirm("Start with the machine, as a service of systemd?", false)?;
    }
    ask_to_replace(args, &questions, &path, &file, &plan)?;
    write(&path, &file, &plan, meter.as_deref(), global)?;
    if let Some(meter) = &meter {
        meter.show(plan.keys(), global.quiet)?;
    }
    if !global.quiet {
        let config = match &global.config {
            Some(path) => format!(" --config {}", path.display()),
            None => String::new(),
        };
        let what = format!("set up; smarty watch{config} shows the meter live");
        say(Level::Note, &what, None);
    }
    Ok(Exit::Success)
}

/// What is asked about, or was given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Topics {
    meter: bool,
    key: bool,
    mqtt: bool,
    store: bool,
    metrics: bool,
    service: bool,
}

impl Topics {
    /// All of them in a first run; in a second those that are named, else the one that is chosen.
    fn find(
        args: &Setup,
        questions: &Questions,
        path: &Path,
        before: &[Named],
    ) -> Result<Self, Failure> {
        let given = Self {
            meter: args.input.is_some()
                || args.name.is_some()
                || args.meter.is_some()
                || args.baud.is_some()
                || args.mode.is_some(),
            key: args.key.is_some() || args.key_file.is_some() || args.no_key,
            mqtt: args.mqtt.is_some(),
            store: args.store.is_some(),
            metrics: args.metrics.is_some(),
            service: args.service,
        };
        let first = before.is_empty();
        if !questions.are_asked() {
            return Ok(Self {
                meter: given.meter || first,
                key: given.key || first,
                ..given
            });
        }
        if first {
            return Ok(Self {
                meter: true,
                key: true,
                mqtt: true,
                store: true,
                metrics: true,
                service: true,
            });
        }
        if given != Self::default() {
            return Ok(given);
        }
        let names: Vec<String> = before.iter().map(shown).collect();
        questions.show(&format!(
            "{} has {}. What is to be changed?",
            path.display(),
            names.join(", ")
        ));
        let choices = [
            "nothing: look whether all is well",
            "the meter: cable and name",
            "the key",
            "MQTT and Home Assistant",
            "the database that keeps years",
            "the web page",
            "the service",
        ];
        let at = questions.choose("Number", &choices.map(str::to_owned))?;
        Ok(Self {
            meter: at == 1,
            key: at == 2,
            mqtt: at == 3,
            store: at == 4,
            metrics: at == 5,
            service: at == 6,
        })
    }

    /// Whether the meter must be heard for it.
    fn listens(&self) -> bool {
        self.meter || self.key || !(self.mqtt || self.store || self.metrics || self.service)
    }
}

fn shown(named: &Named) -> String {
    match &named.address.label {
        Some(label) => format!("{label} ({})", named.address.place),
        None => named.address.place.to_string(),
    }
}

/// What is to be written beside `smarty.toml`.
#[derive(Default)]
struct Plan {
    key: Option<Outcome>,
    broker: Option<Broker>,
    service: bool,
}

impl Plan {
    /// The keys that fit.
    fn keys(&self) -> Option<&MeterKeys> {
        match &self.key {
            Some(Outcome::Known(keys) | Outcome::New { keys, .. }) => Some(keys),
            Some(Outcome::Later) | None => None,
        }
    }
}

/// Whether a meter was heard.
enum Found {
    Meter(Box<Meter>),
    /// Why not was said.
    Nothing(Exit),
}

/// The meter that is set up.
struct Meter {
    heard: Heard,
    sender: Sender,
    name: String,
    ring: PathBuf,
    /// Whether the settings name the key ring already.
    has_ring: bool,
}

/// Finds the cable, listens, and names the meter.
fn meter(
    args: &Setup,
    global: &Global,
    questions: &Questions,
    topics: &Topics,
    before: &[Named],
    file: &mut SettingsFile,
) -> Result<Found, Failure> {
    let known = match (&args.name, before) {
        (Some(name), all) => all
            .iter()
            .find(|named| named.address.label.as_deref() == Some(name)),
        (None, all) => all.first(),
    };
    let known = known.filter(|_| args.input.is_none() && !(topics.meter && questions.are_asked()));
    let (heard, address, named) = loop {
        let address = match (&args.input, known) {
            (Some(text), _) => cable::given(text)?,
            (None, Some(known)) => known.address.clone(),
            (None, None) => cable::find(questions)?,
        };
        let mut named = known.cloned().unwrap_or(Named::new(address.clone()));
        named.baud = args.baud.or(named.baud).or(Some(Baud::Auto));
        named.mode = args.mode.or(named.mode);
        if !global.quiet {
            let what = format!(
                "listening at {}, for {} s at the most",
                address.place,
                args.timeout.as_secs()
            );
            say(Level::Note, &what, None);
        }
        let patience = Patience {
            telegrams: TELEGRAMS,
            time: args.timeout,
            says: true,
        };
        let (heard, exit) = listen(&named, KeyArgs::default(), global, patience)?;
        if !heard.meters.is_empty() {
            break (heard, address, named);
        }
        let exit = tell_nothing(&heard, exit, global);
        if !questions.are_asked() || !questions.confirm("Try again?", true)? {
            return Ok(Found::Nothing(exit));
        }
    };
    let sender = choose(args, questions, &heard)?;
    describe(&heard, &sender, global);
    let label = args.name.clone().or(address.label.clone());
    let name = match label {
        Some(name) => name,
        None => questions.line("What is the meter called?", "house")?,
    };
    let labelled: Result<Address, _> = format!("{name}={}", address.place).parse();
    if labelled.is_ok_and(|labelled| labelled.label.as_deref() != Some(&name)) {
        let what = "a name has letters, digits, - and _ only";
        return Err(Failure::new(Exit::Usage, what).hint("--name house"));
    }
    if topics.meter {
        let line = heard
            .line
            .filter(|_| address.line().is_none())
            .filter(|_| args.baud.is_none() || named.baud != Some(Baud::Auto));
        file.set_source(&name, &address.place.to_string(), line)?;
    }
    let own = known.and_then(|known| known.keyring.clone());
    let of_all = file.config()?.keyring();
    let has_ring = args.keyring.is_none() && (own.is_some() || of_all.is_some());
    let ring = args.keyring.clone().or(own).or(of_all);
    let ring = ring.unwrap_or_else(|| file.folder().join("keys.toml"));
    Ok(Found::Meter(Box::new(Meter {
        heard,
        sender,
        name,
        ring,
        has_ring,
    })))
}

/// Says why no meter was heard.
fn tell_nothing(heard: &Heard, exit: Exit, global: &Global) -> Exit {
    if exit == Exit::Io {
        return exit;
    }
    let source = heard.source(None);
    let is_new =
        |finding: &&Finding| heard.errors.is_empty() || !is_said_elsewhere(finding, source);
    let told = heard
        .findings
        .iter()
        .filter(is_new)
        .map(|finding| crate::cli::messages::refusals::finding(finding, source, Depth::Plain));
    let mut told: Vec<_> = told.collect();
    if told.is_empty() && heard.errors.is_empty() {
        let what = match heard.bytes {
            0 => "no bytes came".to_owned(),
            bytes => format!("{} came, and no telegram", count(bytes, "byte")),
        };
        let hint = "some operators open the port only on request; smarty parse --explain looks into what comes";
        told.push((what, hint.to_owned()));
    }
    for (what, hint) in told {
        let what = format!("{}: {what}", source.said());
        say(Level::Error, &what, Some(&*hint).filter(|_| !global.quiet));
    }
    Exit::NoTelegram
}

/// The meter that is meant, of all that were heard.
fn choose(args: &Setup, questions: &Questions, heard: &Heard) -> Result<Sender, Failure> {
    let meters = &heard.meters;
    if let Some(wanted) = &args.meter {
        let title = SystemTitle::parse(wanted.trim());
        let is_it = |sender: &&Sender| {
            sender.id.eq_ignore_ascii_case(wanted.trim())
                || title.is_some() && sender.title == title
        };
        return meters.iter().find(is_it).cloned().ok_or_else(|| {
            let ids: Vec<&str> = meters.iter().map(|sender| sender.id.as_str()).collect();
            Failure::new(Exit::NoTelegram, format!("{wanted} was not heard"))
                .hint(format!("heard: {}", ids.join(", ")))
        });
    }
    let at = match meters.len() {
        0 | 1 => 0,
        _ => {
            let ids: Vec<String> = meters.iter().map(|sender| sender.id.clone()).collect();
            if !questions.are_asked() {
                let what = format!(
                    "several meters send: {}; the first is set up",
                    ids.join(", ")
                );
                say(Level::Warning, &what, Some("--meter ID names another"));
            } else {
                questions.show("Several meters send.");
            }
            match questions.are_asked() {
                true => questions.choose("Which of them is yours?", &ids)?,
                false => 0,
            }
        }
    };
    meters
        .get(at)
        .cloned()
        .ok_or_else(|| Failure::new(Exit::NoTelegram, "no meter was heard"))
}

/// Says which meter it is, where such stand, and how it sends.
fn describe(heard: &Heard, sender: &Sender, global: &Global) {
    if global.quiet {
        return;
    }
    let mut words = vec![
        match sender.pushes {
            true => "sends DLMS pushes",
            false => "sends telegrams",
        }
        .to_owned(),
    ];
    words.push(
        match sender.sealed {
            true => "encrypted",
            false => "in clear",
        }
        .to_owned(),
    );
    words.extend(sender.country.map(|country| format!("as in {country}")));
    words.extend(heard.line.map(|line| format!("at {line}")));
    let what = format!("found the meter {}: it {}", sender.id, words.join(", "));
    say(Level::Note, &what, None);
}

/// The key of the meter, where it needs one.
fn new_key(
    args: &Setup,
    questions: &Questions,
    meter: &Meter,
    quiet: bool,
) -> Result<Option<Outcome>, Failure> {
    if !meter.sender.sealed {
        if args.key.is_some() || args.key_file.is_some() {
            let what = format!("{} sends in clear: the key is not needed", meter.sender.id);
            say(Level::Note, &what, None);
        }
        return Ok(None);
    }
    let Meter {
        heard,
        sender,
        ring,
        ..
    } = meter;
    key::find(args, questions, heard, sender, ring, quiet).map(Some)
}

/// Asks whether what is there may be replaced.
fn ask_to_replace(
    args: &Setup,
    questions: &Questions,
    path: &Path,
    file: &SettingsFile,
    plan: &Plan,
) -> Result<(), Failure> {
    let mut replaced: Vec<String> = file.replaced().to_vec();
    if let Some(Outcome::New { replaces: true, .. }) = &plan.key {
        replaced.push("the key of this meter in the key ring".to_owned());
    }
    if plan.broker.as_ref().is_some_and(Broker::replaces) {
        replaced.push("the password of the broker".to_owned());
    }
    if replaced.is_empty() || args.force {
        return Ok(());
    }
    let what = replaced.join(", ");
    let question = format!("Replace what is there ({what})?");
    if questions.are_asked() && questions.confirm(&question, false)? {
        return Ok(());
    }
    let what = format!("{}: something else is there: {what}", path.display());
    Err(Failure::new(Exit::Usage, what).hint("--force replaces it; nothing was written"))
}

/// Writes all files, the settings last: what they name is there then.
fn write(
    path: &Path,
    file: &SettingsFile,
    plan: &Plan,
    meter: Option<&Meter>,
    global: &Global,
) -> Result<(), Failure> {
    file.config()?;
    if let (Some(Outcome::New { keys, .. }), Some(meter)) = (&plan.key, meter)
        && let Some(title) = meter.sender.title
    {
        let section = title.device_id().unwrap_or_else(|| title.to_string());
        let entry = NewEntry {
            section: &section,
            key: keys.key(),
            authentication: keys.authentication(),
            name: Some(&meter.name),
            tag: None,
            allow_plain: false,
        };
        put(&meter.ring, &entry, true, global.quiet)?;
    }
    if let Some(broker) = &plan.broker {
        broker.write()?;
    }
    if file.is_changed() {
        file.save()?;
        if !global.quiet {
            say(Level::Note, &format!("{} is written", path.display()), None);
        }
    } else if !global.quiet {
        let what = format!("{}: nothing is changed", path.display());
        say(Level::Note, &what, None);
    }
    if plan.service {
        let config = file.config()?;
        services::unit(
            &Wanted {
                settings: path,
                ring: config.keyring().as_deref(),
                password: config.mqtt_password_file().as_deref(),
            },
            global,
        )?;
    }
    Ok(())
}

impl Meter {
    /// Shows the first telegram that can be read, as it will be with what was set up.
    fn show(&self, own: Option<&MeterKeys>, quiet: bool) -> Result<(), Failure> {
        let mut keys = Keys::default();
        if let (Some(own), Some(title)) = (own, self.sender.title) {
            keys.insert(title, own.clone());
        }
        let mut out = Vec::new();
        let context = Context {
            seq: 1,
            source: self.heard.source(Some(&self.name)),
            meter_name: own.map(|_| self.name.as_str()),
            ..Context::default()
        };
        let options = TableOptions {
            width: terminal_width(),
            ..TableOptions::default()
        };
        let mut place = None;
        self.heard.decode(Arc::new(keys), |event| {
            if let Event::Telegram(decoded) = event
                && out.is_empty()
                && decoded.security.map(|security| security.title()) == self.sender.title
            {
                place = country(decoded);
                table::write(&mut out, decoded, &context, &options);
            }
        });
        if let Some(country) = place.filter(|_| self.sender.country.is_none() && !quiet) {
            let what = format!("{} is a meter as in {country}", self.sender.id);
            say(Level::Note, &what, None);
        }
        match Writer::Terminal.write(&out) {
            Ok(()) | Err(WriteEnd::ReaderGone) => Ok(()),
            Err(WriteEnd::Failed(failure)) => Err(failure),
        }
    }
}

/// Telegrams that are enough to know a meter by.
const TELEGRAMS: u64 = 1;
