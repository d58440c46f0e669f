//! From the options of MQTT to a publisher: the broker, its password, the files of TLS.
//!
//! The password is the first of: `--mqtt-password-file`, the address, `SMARTY_MQTT_PASSWORD`,
//! `$CREDENTIALS_DIRECTORY/smarty.mqtt-password`; else it is asked for where a user is named and there is a terminal.

use std::hash::{BuildHasher, RandomState};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::cli::args::{BrokerUrl, Global, LayoutNames, MqttArgs, OnOff, TopicsWhat};
use crate::cli::caution::say_who_reads;
use crate::cli::services::Publishing;
use crate::cli::services::User;
use crate::cli::services::files::{read, text_of};
use crate::observe::fields::Fields;
use crate::p1::derive::Extent;
use crate::publish::mqtt::broker::{Broker, BrokerError, Password};
use crate::publish::mqtt::probe::probe;
use crate::publish::mqtt::settings::{Layout, Protocol, Quality, Settings, Topics};
use crate::publish::mqtt::tls::{self, Pem, TlsProblem};
use crate::publish::mqtt::{Choice, Mqtt, topic};
use crate::run::failure::{Exit, Failure, Level, say};

use zeroize::Zeroizing;

/// Starts the publisher that is asked for, for so many sources and meters; none where no broker is named.
///
/// # Errors
/// An address that names no broker, a file that does not hold what it should, a password that cannot be had.
pub fn open(
    args: &MqttArgs,
    sources: usize,
    meters: usize,
    extent: Extent,
    publishing: &Publishing<'_>,
) -> Result<Option<Mqtt>, Failure> {
    let Some(url) = &args.mqtt else {
        return match args.other() {
            Some(option) if !args.no_mqtt => {
                let failure = Failure::new(Exit::Usage, format!("{option} needs a broker"));
                Err(failure.hint("name it: --mqtt mqtt://HOST"))
            }
            _ => Ok(None),
        };
    };
    let settings = settings(args, url, None, publishing.global)?;
    let fields = publishing.run.output.fields.as_deref().map(Fields::parse);
    let choice = Choice {
        // A field that does not exist is said by the output.
        fields: fields.and_then(Result::ok),
        thinning: publishing.thinning,
        zone: publishing.zone.clone(),
        sources,
        meters,
        extent,
    };
    let mqtt = Mqtt::start(settings, choice)
        .map_err(|error| Failure::new(Exit::Io, format!("MQTT: {error}")))?;
    Ok(Some(mqtt))
}

/// Logs in at a broker and says goodbye; a password that is given is that of the user there. Gives the address of the
/// broker as it may be shown.
///
/// # Errors
/// As [`open`]; a broker that does not let us in.
pub fn login(
    args: &MqttArgs,
    url: &BrokerUrl,
    password: Option<&str>,
    global: &Global,
) -> Result<String, Failure> {
    let password = password.map(|text| Password::new(text.to_owned()));
    let settings = settings(args, url, password, global)?;
    match probe(&settings, PATIENCE) {
        Ok(_) => Ok(settings.broker.to_string()),
        Err(refusal) => Err(Failure::new(Exit::Io, refusal.what).hint(refusal.hint)),
    }
}

/// The user in the address of a broker, and the password where it stands there too.
///
/// # Errors
/// An address that names no broker.
pub fn user(url: &BrokerUrl) -> Result<User, Failure> {
    let broker = Broker::parse(&url.0).map_err(|error| misnamed(&error))?;
    let password = broker.password.as_ref();
    Ok(User {
        password: password.map(|password| Zeroizing::new(password.reveal().to_owned())),
        name: broker.user,
    })
}

/// What is wanted of the broker at an address; a password that is given is that of the user there.
///
/// # Errors
/// As [`open`].
fn settings(
    args: &MqttArgs,
    url: &BrokerUrl,
    password: Option<Password>,
    global: &Global,
) -> Result<Settings, Failure> {
    let mut broker = Broker::parse(&url.0).map_err(|error| misnamed(&error))?;
    let tls = secure(args, &broker)?;
    if let Some(path) = &args.mqtt_cert_key {
        say_who_reads(path, "a private key", global.quiet);
    }
    let layout = match args.mqtt_layout {
        Some(LayoutNames::Smartyreader) => Layout::Smartyreader,
        Some(LayoutNames::Smarty) | None => Layout::Smarty,
    };
    let prefix = match (&broker.prefix, layout) {
        (Some(prefix), _) => prefix.clone(),
        (None, Layout::Smarty) => "smarty".to_owned(),
        (None, Layout::Smartyreader) => "lamsmarty".to_owned(),
    };
    let discovery = args.discovery_prefix.as_deref().unwrap_or("homeassistant");
    topic::check_prefix(discovery)
        .map_err(|error| Failure::new(Exit::Usage, format!("--discovery-prefix: {error}")))?;
    match password {
        Some(password) => broker.password = Some(password),
        None => find_password(args, &mut broker, global.quiet)?,
    }
    let chance = RandomState::new().hash_one(std::process::id());
    Ok(Settings {
        tls,
        protocol: args.mqtt_version.map(|version| match version {
            3 => Protocol::Three,
            _ => Protocol::Five,
        }),
        client_id: match &args.mqtt_client_id {
            Some(name) => name.clone(),
            None => format!("smarty-{:08x}", chance as u32),
        },
        prefix,
        topics: match args.mqtt_topics {
            Some(TopicsWhat::Json) => Topics::Json,
            Some(TopicsWhat::Both) => Topics::Both,
            Some(TopicsWhat::Values) | None => Topics::Values,
        },
        quality: match args.mqtt_qos {
            Some(0) => Quality::AtMostOnce,
            Some(2) => Quality::ExactlyOnce,
            _ => Quality::AtLeastOnce,
        },
        retain: args.mqtt_retain != Some(OnOff::Off),
        layout,
        discovery: (!args.no_discovery).then(|| discovery.to_owned()),
        verbose: global.verbose > 0,
        broker,
    })
}

/// An address that names no broker.
fn misnamed(error: &BrokerError) -> Failure {
    let hint = match error {
        BrokerError::NoBrackets => "mqtt://[fd00::7]:1883",
        BrokerError::Percent => "write a % itself as %25, an @ as %40",
        BrokerError::NoUser => "mqtt://USER@HOST, and the password with --mqtt-password-file FILE",
        BrokerError::Prefix(_) => "behind the host stand plain levels: mqtt://HOST/home/meters",
        _ => "mqtt://USER@HOST:1883/PREFIX; HOST alone is enough: mqtt://broker.lan",
    };
    Failure::new(Exit::Usage, format!("--mqtt: {error}")).hint(hint)
}

fn secure(
    args: &MqttArgs,
    broker: &Broker,
) -> Result<Option<rumqttc_v5::TlsConfiguration>, Failure> {
    let files = [&args.mqtt_ca, &args.mqtt_cert, &args.mqtt_cert_key];
    if !broker.tls {
        return match files.iter().any(|file| file.is_some()) {
            false => Ok(None),
            true => {
                let what = "certificates are for TLS, and the address of the broker is a plain one";
                Err(Failure::new(Exit::Usage, what).hint("it begins with mqtts:// then"))
            }
        };
    }
    if args.mqtt_cert.is_some() != args.mqtt_cert_key.is_some() {
        let what = "--mqtt-cert and --mqtt-cert-key belong together";
        return Err(Failure::new(Exit::Usage, what).hint("give both, or none"));
    }
    let read = |path: &Option<PathBuf>| path.as_deref().map(read).transpose();
    let (authority, certificate, key) = (
        read(&args.mqtt_ca)?,
        read(&args.mqtt_cert)?,
        read(&args.mqtt_cert_key)?,
    );
    let pem = Pem {
        authority: authority.as_deref(),
        certificate: certificate.as_deref(),
        key: key.as_deref(),
    };
    tls::configure(pem).map(Some).map_err(|problem| {
        let named = |file: &Option<PathBuf>| match file {
            Some(path) => path.display().to_string(),
            None => "TLS".to_owned(),
        };
        let (what, hint) = match problem {
            TlsProblem::Authority => (
                format!("{}: holds no certificate", named(&args.mqtt_ca)),
                "a PEM file begins with -----BEGIN CERTIFICATE-----",
            ),
            TlsProblem::Certificate => (
                format!("{}: holds no certificate", named(&args.mqtt_cert)),
                "a PEM file begins with -----BEGIN CERTIFICATE-----",
            ),
            TlsProblem::Key => (
                format!("{}: holds no private key", named(&args.mqtt_cert_key)),
                "a PEM file begins with -----BEGIN PRIVATE KEY-----",
            ),
            TlsProblem::Pair => (
                format!(
                    "{}: is not the key of the certificate",
                    named(&args.mqtt_cert_key)
                ),
                "give the two that were made together",
            ),
            TlsProblem::Library => ("TLS does not work here".to_owned(), "try mqtt://"),
        };
        Failure::new(Exit::Usage, what).hint(hint)
    })
}

/// Finds the password of the user, where one is named.
fn find_password(args: &MqttArgs, broker: &mut Broker, quiet: bool) -> Result<(), Failure> {
    if broker.password.is_some() {
        if args.mqtt_password_file.is_some() {
            let what =
                "the address of the broker has a password, and --mqtt-password-file is given";
            return Err(Failure::new(Exit::Usage, what).hint("leave it out of the address"));
        }
        if !quiet {
            let what = "the password in the address of the broker can be seen by all users of this machine";
            let hint = "--mqtt-password-file FILE or the environment variable SMARTY_MQTT_PASSWORD hide it";
            say(Level::Warning, what, Some(hint));
        }
        return Ok(());
    }
    let Some(user) = broker.user.clone() else {
        return match args.mqtt_password_file.is_some() {
            false => Ok(()),
            true => {
                let what =
                    "--mqtt-password-file is given, and the address of the broker names no user";
                Err(Failure::new(Exit::Usage, what).hint("mqtt://USER@HOST"))
            }
        };
    };
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let credential = variable("CREDENTIALS_DIRECTORY")
        .map(|folder| Path::new(&folder).join("smarty.mqtt-password"))
        .filter(|path| path.exists());
    let password = if let Some(path) = &args.mqtt_password_file {
        let text = text_of(path)?;
        say_who_reads(path, "a password", quiet);
        text
    } else if let Some(text) = variable("SMARTY_MQTT_PASSWORD") {
        text.into_string()
            .map_err(|_| Failure::new(Exit::Usage, "SMARTY_MQTT_PASSWORD is no text"))?
    } else if let Some(path) = credential {
        text_of(&path)?
    } else {
        ask(&user)?
    };
    broker.password = Some(Password::new(password));
    Ok(())
}

/// Asks for the password on the terminal, unseen.
fn ask(user: &str) -> Result<String, Failure> {
    let ways = "use --mqtt-password-file FILE, or the environment variable SMARTY_MQTT_PASSWORD";
    let failed = || {
        let what =
            format!("there is no password for {user} at the broker, and no terminal to ask on");
        Failure::new(Exit::Usage, what).hint(ways)
    };
    // Standard input may hold data; a prompt that nobody sees would wait for ever.
    if !std::io::stderr().is_terminal() {
        return Err(failed());
    }
    rpassword::prompt_password(format!("Password of {user} at the broker (not shown): "))
        .map_err(|_| failed())
}

/// How long a broker may take to let us in.
const PATIENCE: Duration = Duration::from_secs(10);
