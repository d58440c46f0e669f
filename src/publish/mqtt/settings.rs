//! What the user wants of a broker.

use std::fmt;

use rumqttc_v5::TlsConfiguration;

use super::broker::Broker;
use super::message::{Kind, Message};

/// All that holds for a run.
#[derive(Clone)]
pub struct Settings {
    /// Where, and who we are there.
    pub broker: Broker,
    /// TLS, where the connection is one.
    pub tls: Option<TlsConfiguration>,
    /// The version of MQTT; none: 5, and 3.1.1 where the broker does not speak it.
    pub protocol: Option<Protocol>,
    /// Our name at the broker.
    pub client_id: String,
    /// What all topics begin with.
    pub prefix: String,
    /// What is published.
    pub topics: Topics,
    /// How surely it arrives.
    pub quality: Quality,
    /// Whether the broker keeps values for those who come later.
    pub retain: bool,
    /// How topics are called.
    pub layout: Layout,
    /// Where home automation looks for what there is; none: it is not told.
    pub discovery: Option<String>,
    /// Whether to say when all is well.
    pub verbose: bool,
}

/// Versions of MQTT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// MQTT 3.1.1.
    Three,
    /// MQTT 5.
    Five,
}

/// What is published of a telegram.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Topics {
    /// Each value on a topic of its own.
    #[default]
    Values,
    /// The whole telegram as JSON on one topic.
    Json,
    /// Both.
    Both,
}

/// How surely a message arrives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quality {
    /// QoS 0: perhaps.
    AtMostOnce,
    /// QoS 1: surely, twice where a connection breaks.
    #[default]
    AtLeastOnce,
    /// QoS 2: surely, and once as long as the connection stays.
    ExactlyOnce,
}

/// How topics are called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// Names of the values: `PREFIX/house/active_power_import_kw`.
    #[default]
    Smarty,
    /// Names of the SmartyReader board: `PREFIX/act_pwr_imported_p_plus_kW`.
    Smartyreader,
}

impl Settings {
    /// The topic that says whether we are there.
    pub fn status_topic(&self) -> String {
        format!("{}/status", self.prefix)
    }

    /// What the broker publishes when we are gone without a word.
    pub fn will(&self) -> Message {
        Message::new(self.status_topic(), OFFLINE, true, Kind::Status)
    }

    /// The topic on which home automation says that it has started.
    pub fn birth_topic(&self) -> Option<String> {
        self.discovery
            .as_ref()
            .map(|prefix| format!("{prefix}/status"))
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("broker", &self.broker)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

impl Topics {
    /// Tells whether each value has a topic.
    pub fn has_values(self) -> bool {
        self != Self::Json
    }

    /// Tells whether the whole telegram has one.
    pub fn has_json(self) -> bool {
        self != Self::Values
    }
}

impl Quality {
    /// The same, or better: for what must not be lost.
    pub fn at_least_once(self) -> Self {
        match self {
            Self::AtMostOnce => Self::AtLeastOnce,
            other => other,
        }
    }
}

/// What a status says of somebody who is there.
pub const ONLINE: &[u8] = b"online";
/// What a status says of somebody who is not.
pub const OFFLINE: &[u8] = b"offline";
