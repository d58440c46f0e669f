//! Who is told what the meter says: a broker, a page of numbers; and the service that does it.

use std::net::TcpListener;
use std::path::{Path, PathBuf};

use clap::Parser as _;
use zeroize::Zeroizing;

use super::questions::Questions;
use super::settings::{SettingsFile, write};
use crate::cli::args::{BrokerUrl, Cli, Command, Global, MqttArgs, Setup};
use crate::cli::commands::doctor::machine::unwritable;
use crate::cli::commands::generate::systemd;
use crate::cli::config::Settings;
use crate::cli::output::writer::quoted;
use crate::cli::services::listen;
use crate::cli::services::mqtt;
use crate::publish::forward_target::Listen;
use crate::run::failure::{Exit, Failure, Level, say};
use crate::source::database::Database;
use crate::store::out::Access;
use crate::sys::bounded::{self, SETTINGS_MAX};

/// A broker that has let us in.
pub struct Broker {
    /// The file of its password, and what is to be in it, where it is new.
    password: Option<(PathBuf, Zeroizing<String>)>,
}

impl Broker {
    /// Whether another password is in the file.
    pub fn replaces(&self) -> bool {
        self.password.as_ref().is_some_and(|(path, password)| {
            let before = bounded::read_text(path, SETTINGS_MAX).map(Zeroizing::new);
            before.is_ok_and(|before| before.trim_end_matches(['\r', '\n']) != password.as_str())
        })
    }

    /// Writes its password, for the owner alone.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn write(&self) -> Result<(), Failure> {
        match &self.password {
            None => Ok(()),
            Some((path, password)) => {
                let line = Zeroizing::new(format!("{}\n", password.as_str()));
                write(path, line.as_bytes(), Access::Owner)
            }
        }
    }
}

/// Finds the broker: asks for it and its password, and logs in there.
///
/// # Errors
/// One that does not let us in, where nobody can be asked for another.
pub fn broker(
    args: &Setup,
    global: &Global,
    questions: &Questions,
    file: &mut SettingsFile,
) -> Result<Option<Broker>, Failure> {
    let mut given = args.mqtt.clone();
    loop {
        let url = match given.take() {
            Some(url) => url.0,
            None => questions.line(
                "MQTT broker, for Home Assistant and others (mqtt://USER@HOST; Enter: none)",
                "",
            )?,
        };
        if url.is_empty() {
            return Ok(None);
        }
        match login(args, global, questions, file, &url) {
            Ok(broker) => return Ok(Some(broker)),
            Err(failure) if questions.are_asked() => {
                failure.report(global.quiet);
            }
            Err(failure) => return Err(failure),
        }
    }
}

fn login(
    args: &Setup,
    global: &Global,
    questions: &Questions,
    file: &mut SettingsFile,
    url: &str,
) -> Result<Broker, Failure> {
    let user = mqtt::user(&BrokerUrl(url.to_owned()))?;
    let mut options = before(file)?;
    let same_broker = options.mqtt.as_ref().is_some_and(|before| before.0 == url);
    if let Some(path) = &args.mqtt_password_file {
        options.mqtt_password_file = Some(std::path::absolute(path).unwrap_or(path.clone()));
    } else if !same_broker {
        // The password of one broker is never sent to another.
        options.mqtt_password_file = None;
    }
    let variable = std::env::var("SMARTY_MQTT_PASSWORD").ok();
    let mut new = None;
    if let (Some(name), None) = (&user.name, &options.mqtt_password_file) {
        let typed = match (user.password, variable) {
            (Some(password), _) => Some(password),
            (None, Some(text)) if !text.is_empty() => Some(Zeroizing::new(text)),
            (None, _) => questions.secret(&format!("Password of {name} at the broker")),
        };
        let Some(typed) = typed else {
            let what = format!("there is no password for {name} at the broker");
            return Err(Failure::new(Exit::Usage, what).hint(
                "use --mqtt-password-file FILE, or the environment variable SMARTY_MQTT_PASSWORD",
            ));
        };
        new = Some((file.folder().join("mqtt.password"), typed));
    }
    let address = BrokerUrl(without_password(url));
    let password = new.as_ref().map(|(_, text)| text.as_str());
    let broker = mqtt::login(&options, &address, password, global)?;
    if !global.quiet {
        let what = format!("{broker}: connected and logged in");
        say(Level::Note, &what, None);
    }
    file.set_in("mqtt", "url", &address.0);
    match (&new, &options.mqtt_password_file) {
        (Some((path, _)), _) => {
            let path = file.relative(path);
            file.set_in("mqtt", "password_file", &path);
        }
        (None, Some(path)) if args.mqtt_password_file.is_some() => {
            let path = file.relative(path);
            file.set_in("mqtt", "password_file", &path);
        }
        (None, Some(_)) => {}
        (None, None) => file.remove_in("mqtt", "password_file"),
    }
    Ok(Broker { password: new })
}

/// The options of MQTT that the file has already.
fn before(file: &SettingsFile) -> Result<MqttArgs, Failure> {
    let cli = Cli::try_parse_from(["smarty", "watch"]);
    let Ok(Command::Watch(watch)) = cli.map(|cli| cli.command) else {
        return Ok(MqttArgs::default());
    };
    let mut run = crate::cli::listening::options(&["parse"])?;
    let (mut sampling, mut services) = (watch.sampling, watch.services);
    file.config()?.fill(&mut Settings {
        run: &mut run,
        sampling: &mut sampling,
        services: &mut services,
    });
    Ok(services.mqtt)
}

/// The address without its password: that stands in a file of its own.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    match rest.rsplit_once('@') {
        Some((login, place)) => {
            let user = login.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}@{place}")
        }
        None => url.to_owned(),
    }
}

/// The store: asks for its file, and looks whether it can be written.
///
/// # Errors
/// A file that cannot be written or holds something else, where nobody can be asked for another.
pub fn store(args: &Setup, questions: &Questions, file: &mut SettingsFile) -> Result<(), Failure> {
    let mut given = args.store.clone();
    loop {
        let path = match given.take() {
            Some(path) => std::path::absolute(&path).unwrap_or(path),
            None => match questions
                .line(
                    "Database that keeps years of consumption: file (Enter: none)",
                    "",
                )?
                .as_str()
            {
                "" => return Ok(()),
                // As in the file, a name stands for one beside it.
                name => file.folder().join(name),
            },
        };
        match unwritable(&path).map_or_else(|| is_store(&path), Err) {
            Ok(()) => {
                let name = file.relative(&path);
                file.set_in("store", "file", &name);
                return Ok(());
            }
            Err(failure) if questions.are_asked() => {
                failure.report(false);
            }
            Err(failure) => return Err(failure),
        }
    }
}

/// Whether a file is free to be a store, or is one.
fn is_store(path: &Path) -> Result<(), Failure> {
    if !path.exists() {
        return Ok(());
    }
    let opened = Database::open(path);
    opened.map(|_| ()).map_err(|error| {
        Failure::new(Exit::Usage, error.to_string()).hint("name another file: --store house.db")
    })
}

/// The page of numbers: asks for its address, and listens there for a moment.
///
/// # Errors
/// An address that cannot be had, where nobody can be asked for another.
pub fn metrics(
    args: &Setup,
    questions: &Questions,
    file: &mut SettingsFile,
) -> Result<(), Failure> {
    if !cfg!(feature = "http") {
        return match &args.metrics {
            None => Ok(()),
            Some(_) => {
                let what = "--metrics: this build of smarty lacks the feature http";
                let failure = Failure::new(Exit::Usage, what);
                Err(failure.hint("build one: cargo install --path . --features http"))
            }
        };
    }
    let mut given = args.metrics.clone();
    loop {
        let place = match given.take() {
            Some(place) => place,
            None => {
                let question = "Web page, and metrics for Prometheus: port (Enter: none)";
                match questions.line(question, "")?.as_str() {
                    "" => return Ok(()),
                    text => match text.parse::<Listen>() {
                        Ok(place) => place,
                        Err(error) => {
                            questions.show(error);
                            continue;
                        }
                    },
                }
            }
        };
        let listening = listen::resolve(&place.host, place.port).and_then(|address| {
            TcpListener::bind(address).map_err(|error| listen::refused(address, &error))
        });
        match listening {
            Ok(_) => {
                file.set_in("metrics", "listen", &place.to_string());
                return Ok(());
            }
            Err(failure) if questions.are_asked() => {
                failure.report(false);
            }
            Err(failure) => return Err(failure),
        }
    }
}

/// What a service reads.
pub struct Wanted<'a> {
    /// `smarty.toml`.
    pub settings: &'a Path,
    /// The key ring.
    pub ring: Option<&'a Path>,
    /// The password of the broker.
    pub password: Option<&'a Path>,
}

/// Writes the unit beside the settings, and says how it is installed: a service has files of its own, in `/etc/smarty`.
///
/// # Errors
/// Where it cannot be written.
pub fn unit(wanted: &Wanted<'_>, global: &Global) -> Result<(), Failure> {
    let program = std::env::current_exe()
        .map_err(|error| Failure::new(Exit::Io, format!("the path of this program: {error}")))?;
    let installed = |path: &Path| Path::new(FOLDER).join(path.file_name().unwrap_or_default());
    let mut words = vec!["watch".into()];
    let mut copies = vec![(wanted.settings, "644")];
    for (option, path) in [
        ("--keyring", wanted.ring),
        ("--mqtt-password-file", wanted.password),
    ] {
        if let Some(path) = path.filter(|path| path.exists()) {
            words.push(option.into());
            words.push(installed(path).into_os_string());
            copies.push((path, "600"));
        }
    }
    let unit = systemd::unit(&words, &program)?;
    let folder = wanted.settings.parent().unwrap_or(Path::new(""));
    let path = folder.join("smarty.service");
    write(&path, unit.as_bytes(), Access::Umask)?;
    if let Some(shut) = systemd::unreachable(&program) {
        say(Level::Warning, &shut.what, Some(&shut.hint));
    }
    let word = |path: &Path| quoted(&path.display().to_string());
    let mut steps = Vec::new();
    for (path, mode) in copies {
        if path.parent() != Some(Path::new(FOLDER)) {
            let there = word(&installed(path));
            steps.push(format!("sudo install -D -m {mode} {} {there}", word(path)));
        }
    }
    steps.push(format!(
        "sudo install -m 644 {} /etc/systemd/system/smarty.service",
        word(&path)
    ));
    steps.push("sudo systemctl daemon-reload".to_owned());
    steps.push("sudo systemctl enable --now smarty".to_owned());
    if !global.quiet {
        let what = format!("{} is written; to install it:", path.display());
        say(Level::Note, &what, Some(&steps.join("\n")));
    }
    Ok(())
}

/// Where the files of a service are.
const FOLDER: &str = "/etc/smarty";
