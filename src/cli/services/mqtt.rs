//! From the options of MQTT to a publisher.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use crate::cli::args::{BrokerUrl, Global, LayoutNames, MqttArgs, OnOff, TopicsWhat};
use crate::cli::credentials::Credentials;
use crate::cli::services::Publishing;
use crate::cli::services::User;
use crate::observe::fields::Fields;
use crate::p1::derive::Extent;
use crate::publish::mqtt::probe::probe;
use crate::publish::mqtt::settings::{Layout, Protocol, Quality, Settings, Topics};
use crate::publish::mqtt::{Choice, Mqtt, topic};
use crate::run::failure::{Exit, Failure};
use crate::sys::mqtt::broker::{Broker, BrokerError, Password};

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
        sampling: publishing.sampling,
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
    let credentials = Credentials {
        option: "--mqtt",
        password: args.mqtt_password_file.as_deref(),
        authority: args.mqtt_ca.as_deref(),
        certificate: args.mqtt_cert.as_deref(),
        key: args.mqtt_cert_key.as_deref(),
        any_name: false,
    };
    let quiet = global.quiet;
    let tls = match broker.tls {
        true => Some(credentials.tls(quiet)?),
        false if credentials.has_certificates() => {
            let what = "certificates are for TLS, and the address of the broker is a plain one";
            return Err(Failure::new(Exit::Usage, what).hint("it begins with mqtts:// then"));
        }
        false => None,
    };
    let layout = match args.mqtt_layout {
        Some(LayoutNames::Smartyreader) => Layout::Smartyreader,
        Some(LayoutNames::Smarty) | None => Layout::Smarty,
    };
    if let Some(prefix) = &broker.topics {
        topic::check_prefix(prefix).map_err(|error| {
            let hint = "behind the host stand plain levels: mqtt://HOST/home/meters";
            Failure::new(Exit::Usage, format!("--mqtt: {error}")).hint(hint)
        })?;
    }
    let prefix = match (&broker.topics, layout) {
        (Some(prefix), _) => prefix.clone(),
        (None, Layout::Smarty) => "smarty".to_owned(),
        (None, Layout::Smartyreader) => "lamsmarty".to_owned(),
    };
    let discovery = args.discovery_prefix.as_deref().unwrap_or("homeassistant");
    topic::check_prefix(discovery)
        .map_err(|error| Failure::new(Exit::Usage, format!("--discovery-prefix: {error}")))?;
    match password {
        Some(password) => broker.password = Some(password),
        None => credentials.find_password(&mut broker, quiet)?,
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

/// Scheme, host and port of the broker that is asked for, as messages about it begin.
pub fn broker(args: &MqttArgs) -> Option<String> {
    let broker = Broker::parse(&args.mqtt.as_ref()?.0).ok()?;
    Some(broker.to_string())
}

/// An address that names no broker.
fn misnamed(error: &BrokerError) -> Failure {
    let hint = match error {
        BrokerError::NoBrackets => "mqtt://[fd00::7]:1883",
        BrokerError::Percent => "write a % itself as %25, an @ as %40",
        BrokerError::NoUser => "mqtt://USER@HOST, and the password with --mqtt-password-file FILE",
        _ => "mqtt://USER@HOST:1883/PREFIX; HOST alone is enough: mqtt://broker.lan",
    };
    Failure::new(Exit::Usage, format!("--mqtt: {error}")).hint(hint)
}

/// How long a broker may take to let us in.
const PATIENCE: Duration = Duration::from_secs(10);
