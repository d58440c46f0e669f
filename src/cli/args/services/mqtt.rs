//! Options of publishing over MQTT.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};

use crate::cli::args::OnOff;
use crate::cli::completion::words;

/// Options of publishing over MQTT.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "MQTT")]
pub struct MqttArgs {
    /// Publish to a broker, and so to Home Assistant: mqtt://USER@HOST
    ///
    /// In full: mqtt://USER@HOST:1883/PREFIX, or mqtts:// for TLS. PREFIX is smarty unless given.
    #[arg(long, value_name = "URL")]
    pub mqtt: Option<BrokerUrl>,
    /// Do not publish, whatever smarty.toml says
    #[arg(long, conflicts_with = "mqtt", hide_short_help = true)]
    pub no_mqtt: bool,
    /// File with the password of the user [default: SMARTY_MQTT_PASSWORD, else it is asked for]
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub mqtt_password_file: Option<PathBuf>,
    /// What to publish: a topic per value, the whole telegram as JSON, or both [default: values]
    #[arg(long, value_name = "WHAT", hide_short_help = true)]
    pub mqtt_topics: Option<TopicsWhat>,
    /// Quality of service: at most once (0), at least once (1), exactly once (2) [default: 1]
    #[arg(long, value_name = "QOS", value_parser = clap::value_parser!(u8).range(0..=2), hide_short_help = true)]
    pub mqtt_qos: Option<u8>,
    /// Have the broker retain values for later subscribers [default: on]
    #[arg(long, value_name = "STATE", hide_short_help = true)]
    pub mqtt_retain: Option<OnOff>,
    /// Topic names: smarty's, or those of the SmartyReader board (PREFIX is then lamsmarty) [default: smarty]
    #[arg(long, value_name = "NAMES", hide_short_help = true)]
    pub mqtt_layout: Option<LayoutNames>,
    /// MQTT version: 3 (3.1.1) or 5 [default: 5, else 3]
    #[arg(long, value_name = "VERSION", value_parser = parse_version, hide_short_help = true, add = words(&["3", "5"]))]
    pub mqtt_version: Option<u8>,
    /// Certificate authority (PEM), instead of those the system trusts
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub mqtt_ca: Option<PathBuf>,
    /// Client certificate for the broker (PEM)
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub mqtt_cert: Option<PathBuf>,
    /// Private key of that certificate (PEM)
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub mqtt_cert_key: Option<PathBuf>,
    /// Client name at the broker [default: smarty- and a random number]
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    pub mqtt_client_id: Option<String>,
    /// Turn Home Assistant discovery off
    #[arg(long, hide_short_help = true)]
    pub no_discovery: bool,
    /// Topic prefix of Home Assistant discovery [default: homeassistant]
    #[arg(long, value_name = "PREFIX", hide_short_help = true)]
    pub discovery_prefix: Option<String>,
}

/// The address of a broker as typed; it may hold a password, and is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct BrokerUrl(pub String);

/// What is published of a telegram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TopicsWhat {
    /// A topic for each value.
    Values,
    /// The whole telegram as JSON.
    Json,
    /// Both.
    Both,
}

/// How topics are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LayoutNames {
    /// Names of the values: house/active_power_import_kw.
    Smarty,
    /// Names of the SmartyReader board: act_pwr_imported_p_plus_kW.
    Smartyreader,
}

impl MqttArgs {
    /// An option of MQTT that is given, where there is one beside the broker itself.
    pub fn other(&self) -> Option<&'static str> {
        let given = [
            ("--mqtt-password-file", self.mqtt_password_file.is_some()),
            ("--mqtt-topics", self.mqtt_topics.is_some()),
            ("--mqtt-qos", self.mqtt_qos.is_some()),
            ("--mqtt-retain", self.mqtt_retain.is_some()),
            ("--mqtt-layout", self.mqtt_layout.is_some()),
            ("--mqtt-version", self.mqtt_version.is_some()),
            ("--mqtt-ca", self.mqtt_ca.is_some()),
            ("--mqtt-cert", self.mqtt_cert.is_some()),
            ("--mqtt-cert-key", self.mqtt_cert_key.is_some()),
            ("--mqtt-client-id", self.mqtt_client_id.is_some()),
            ("--no-discovery", self.no_discovery),
            ("--discovery-prefix", self.discovery_prefix.is_some()),
        ];
        given
            .iter()
            .find(|(_, given)| *given)
            .map(|(name, _)| *name)
    }
}

impl FromStr for BrokerUrl {
    type Err = std::convert::Infallible;

    /// Takes any text: what is wrong with it is said later, without showing it.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for BrokerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BrokerUrl(…)")
    }
}

/// Reads a version of MQTT, as people call it.
///
/// # Errors
/// What is no version.
pub fn parse_version(text: &str) -> Result<u8, String> {
    match text {
        "3" | "3.1.1" | "4" => Ok(3),
        "5" | "5.0" => Ok(5),
        _ => Err("3 (for 3.1.1) and 5 are known".to_owned()),
    }
}
