//! From what the user named to sources that can be read.

use std::collections::HashSet;
use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::cli::args::{KeyArgs, OnOff, ServerArgs, SourceArgs, is_misplaced_key};
#[cfg(any(feature = "http", feature = "mqtt"))]
use crate::cli::credentials::{Credentials, secret_of};
use crate::cli::keys::Ring;
use crate::format::csv::Sources;
use crate::p1::cipher::Keys;
use crate::p1::decoder::Policy;
use crate::p1::derive::ReferencePower;
use crate::p1::replay::Records;
use crate::p1::session::Settings;
use crate::p1::shard::Shard;
use crate::p1::value::Zone;
use crate::run::failure::{Exit, Failure};
#[cfg(any(feature = "http", feature = "mqtt"))]
use crate::run::failure::{Level, say};
use crate::run::input::Reading;
use crate::run::reader::is_live;
use crate::run::{End, Ended, Input};
use crate::source;
use crate::source::Address;
use crate::source::Backoff;
use crate::source::Baud;
use crate::source::Device;
use crate::source::LineSettings;
use crate::source::Losses;
use crate::source::Mode;
use crate::source::Place;
use crate::source::Reconnect;
use crate::source::Reconnecting;
use crate::source::ServerAccess;
use crate::source::SourceOptions;
use crate::source::database::Database;
use crate::source::pulse::BESIDE;
use crate::sys::stop::Stop;

/// A source as it was named, with what holds for it alone.
#[derive(Clone, Debug)]
pub struct Named {
    /// Where it is.
    pub address: Address,
    /// Speed of its line, in baud.
    pub baud: Option<Baud>,
    /// Mode of its line.
    pub mode: Option<Mode>,
    /// File with its key.
    pub key_file: Option<PathBuf>,
    /// Key ring with its keys.
    pub keyring: Option<PathBuf>,
    /// Reference power of its meters.
    pub reference_power: Option<ReferencePower>,
    /// What lets us in, where it is a server.
    pub server: ServerArgs,
}

/// What all inputs are decoded with, beside their keys.
pub struct Common<'a> {
    /// Keys of the run.
    pub keys: &'a KeyArgs,
    /// All keys of the run.
    pub ring: &'a Ring,
    /// What is let through.
    pub policy: Policy,
    /// The part of all meters that is decoded.
    pub shard: Option<Shard>,
    /// Zone of the meter's clock.
    pub zone: Zone,
    /// How they are read.
    pub reading: Reading,
    /// Whether what a tty or an editor has done is undone.
    pub repair: bool,
    /// What is remembered of meters, where that is kept.
    pub before: Option<Arc<Records>>,
}

impl Named {
    /// What the user calls it, and where it is.
    pub fn label_and_place(&self) -> (Option<String>, String) {
        (self.address.label.clone(), self.address.place.to_string())
    }

    /// A source with nothing of its own.
    pub fn new(address: Address) -> Self {
        Self {
            address,
            baud: None,
            mode: None,
            key_file: None,
            keyring: None,
            reference_power: None,
            server: ServerArgs::default(),
        }
    }

    /// The source, not open yet.
    ///
    /// # Errors
    /// What lets us in at a server, and cannot be had.
    pub fn source(
        &self,
        options: &SourceOptions,
        args: &SourceArgs,
        quiet: bool,
    ) -> Result<Reconnecting, Failure> {
        let mut options = options.clone();
        let live = is_live(&self.address.place);
        if options.follow && !live {
            options.backoff = ROTATION;
        }
        if !live && options.reconnect == Reconnect::FromStart {
            options.reconnect = Reconnect::AfterLoss;
        }
        let (baud, mode) = (args.baud.or(self.baud), args.mode.or(self.mode));
        options.line = LineSettings {
            baud: match baud {
                Some(Baud::At(baud)) => baud,
                Some(Baud::Auto) | None => LineSettings::P1.baud,
            },
            mode: mode.unwrap_or(LineSettings::P1.mode),
        };
        if baud == Some(Baud::Auto) {
            options.candidates = LineSettings::candidates(mode);
        }
        options.access = self.access(&args.server, quiet)?;
        Ok(Reconnecting::new(self.address.clone(), options))
    }

    /// What lets us in at a server: a build without servers needs nothing.
    #[cfg(not(any(feature = "http", feature = "mqtt")))]
    fn access(&self, _run: &ServerArgs, _quiet: bool) -> Result<ServerAccess, Failure> {
        Ok(ServerAccess::default())
    }

    /// What lets us in at the server that it is: its own files, else those of the run.
    #[cfg(any(feature = "http", feature = "mqtt"))]
    fn access(&self, run: &ServerArgs, quiet: bool) -> Result<ServerAccess, Failure> {
        let own = &self.server;
        let has_own = own.server_token_file.is_some()
            || own.server_password_file.is_some()
            || own.server_ca.is_some()
            || own.server_cert.is_some();
        // The secrets of one server are never sent to another.
        let files = if has_own { own } else { run };
        let credentials = Credentials {
            option: "--server",
            password: files.server_password_file.as_deref(),
            authority: files.server_ca.as_deref(),
            certificate: files.server_cert.as_deref(),
            key: files.server_cert_key.as_deref(),
            any_name: files.server_any_name,
        };
        let mut access = ServerAccess::default();
        let is_secured = match &self.address.place {
            Place::Http(url) => {
                let token = files.server_token_file.as_deref();
                let token = token.map(|path| secret_of(path, "a token", quiet));
                access.token = token.transpose()?;
                if access.token.is_some() && !url.tls && !quiet {
                    let what = format!("{url}: anyone on the way can read the token");
                    say(
                        Level::Warning,
                        &what,
                        Some("https:// hides it, where the server has it"),
                    );
                }
                url.tls
            }
            Place::Mqtt(broker) => {
                let mut broker = broker.clone();
                credentials.find_password(&mut broker, quiet)?;
                access.password = broker.password;
                broker.tls
            }
            _ => false,
        };
        if is_secured && credentials.has_certificates() {
            access.tls = Some(credentials.tls(quiet)?);
        }
        Ok(access)
    }

    /// Files of keys of its own.
    pub fn key_files(&self) -> impl Iterator<Item = PathBuf> {
        [self.key_file.clone(), self.keyring.clone()]
            .into_iter()
            .flatten()
    }

    /// The keys of what it sends: its own, else those of the run.
    ///
    /// # Errors
    /// A key of its own that cannot be read.
    pub fn keys(&self, args: &KeyArgs, ring: &Ring) -> Result<Arc<Keys>, Failure> {
        if self.key_file.is_none() && self.keyring.is_none() {
            return Ok(ring.keys_for(&self.address));
        }
        let own = Ring::gather(&KeyArgs {
            key: None,
            key_file: self.key_file.clone(),
            keyring: self.keyring.clone().or_else(|| args.keyring.clone()),
            ..args.clone()
        })?;
        Ok(own.keys_for(&self.address))
    }

    /// The input that decodes what it sends.
    ///
    /// # Errors
    /// A key of its own that cannot be read.
    pub fn input(&self, common: &Common<'_>) -> Result<Input, Failure> {
        let keys = self.keys(common.keys, common.ring)?;
        let mut settings = Settings::new(keys, common.zone.clone());
        settings.policy = common.policy;
        if let Place::Path(path) = &self.address.place {
            // What a store keeps was proven before it was stored.
            settings.policy.allow_plain |= Database::is_one(path);
        }
        settings.shard = common.shard;
        settings.repair = common.repair;
        settings.before = common.before.clone();
        Ok(Input::new(&self.address, &settings, common.reading))
    }
}

/// Lets the speed be found out where nothing is said of it.
pub fn with_speed_found(named: &mut [Named], args: &SourceArgs) {
    for named in named {
        let said = args.baud.is_some() || args.mode.is_some();
        if !said && named.baud.is_none() && named.mode.is_none() {
            named.baud = Some(Baud::Auto);
        }
    }
}

/// Reads the addresses of a command line.
///
/// # Errors
/// An address that names no source; a label that stands twice.
pub fn addresses(inputs: &[OsString]) -> Result<Vec<Named>, Failure> {
    let parse = |input: &OsString| {
        if is_misplaced_key(input) {
            let failure = Failure::new(
                Exit::Usage,
                "this is a key, where a file or a port is expected",
            );
            return Err(failure.hint("put --key before it: smarty parse dump.bin --key KEY"));
        }
        Address::parse(input).map(Named::new).map_err(|error| {
            let failure = Failure::new(Exit::Usage, error.to_string());
            match error.nearest() {
                Some(nearest) => failure.hint(format!("nearest: {nearest}")),
                None => failure,
            }
        })
    };
    let mut named: Vec<Named> = inputs.iter().map(parse).collect::<Result<_, _>>()?;
    set_pulses_beside(&mut named);
    let mut labels = HashSet::new();
    let labelled = named
        .iter()
        .filter_map(|named| named.address.label.as_ref());
    for label in labelled {
        if !labels.insert(label) {
            let what = format!("two sources are called {label}");
            return Err(Failure::new(Exit::Usage, what).hint("give each a label of its own"));
        }
    }
    Ok(named)
}

/// Gives pulses that have the label of a meter one of their own: both stand side by side in all outputs.
pub fn set_pulses_beside(named: &mut [Named]) {
    let is_pulse = |named: &Named| matches!(named.address.place, Place::Pulse(_));
    let meters: HashSet<String> = named
        .iter()
        .filter(|named| !is_pulse(named))
        .filter_map(|named| named.address.label.clone())
        .collect();
    for named in named.iter_mut().filter(|named| is_pulse(named)) {
        let label = &mut named.address.label;
        if let Some(own) = label.as_mut().filter(|own| meters.contains(*own)) {
            own.push_str(BESIDE);
        }
    }
}

/// The inputs that are named, else standard input.
///
/// # Errors
/// An address that is none; nothing named where standard input is a terminal.
pub fn named_or_piped(words: &[OsString]) -> Result<Vec<Named>, Failure> {
    match words.is_empty() {
        true => standard_input(),
        false => addresses(words),
    }
}

/// Standard input, where something is piped in.
///
/// # Errors
/// Where it is a terminal.
fn standard_input() -> Result<Vec<Named>, Failure> {
    if std::io::stdin().is_terminal() {
        return Err(Failure::new(
            Exit::Usage,
            "no input: nothing is piped in and no file is named",
        )
        .hint("name a file or a port, for example: smarty parse dump.bin"));
    }
    Ok(vec![Named::new(Address {
        label: None,
        place: Place::Stdin,
        device: Device::P1,
    })])
}

/// The only USB port.
pub fn only_port() -> Vec<Named> {
    vec![Named::new(Address {
        label: None,
        place: Place::Auto,
        device: Device::P1,
    })]
}

/// Tells whether one of the inputs sends at its own time.
pub fn any_live(named: &[Named]) -> bool {
    named.iter().any(|named| is_live(&named.address.place))
}

/// What the inputs send.
pub fn sources(named: &[Named]) -> Sources {
    let sensors = named
        .iter()
        .filter(|named| named.address.device == Device::Maxsonar)
        .count();
    match sensors {
        0 => Sources::Meters,
        all if all == named.len() => Sources::Levels,
        _ => Sources::Both,
    }
}

/// How sources are opened, as the arguments say; `patient`: live ones that are not there yet are waited for.
pub fn source_options(args: &SourceArgs, stop: Stop, patient: bool) -> SourceOptions {
    let level = |state: Option<OnOff>| match state {
        Some(OnOff::On) => source::Level::On,
        Some(OnOff::Off) => source::Level::Off,
        None => source::Level::Untouched,
    };
    let mut options = SourceOptions::new(stop);
    options.rts = level(args.rts);
    options.dtr = level(args.dtr);
    options.reconnect = match (args.no_reconnect, patient) {
        (true, _) => Reconnect::Never,
        (false, true) => Reconnect::FromStart,
        (false, false) => Reconnect::AfterLoss,
    };
    options
}

/// How a run went: a source that was lost for good could not be read, unless enough had come before.
pub fn with_losses(ended: Ended, losses: &Losses) -> Ended {
    match ended.end {
        End::Input if losses.any() => Ended {
            worst: ended.worst.min(Exit::Io),
            ..ended
        },
        _ => ended,
    }
}

/// How soon a file that is followed and went away is looked for.
const ROTATION: Backoff = Backoff {
    first: Duration::from_millis(200),
    most: Duration::from_secs(1),
};
