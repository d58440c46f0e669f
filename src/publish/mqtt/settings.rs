//! What the user wants of a broker.

use std::fmt;

use std::sync::Arc;

use tokio_rustls::rustls::ClientConfig;

use crate::sys::mqtt::broker::Broker;
use crate::sys::mqtt::wire::{Access, Will};
pub use crate::sys::mqtt::wire::{Protocol, Quality};

/// All that holds for a run.
#[derive(Clone)]
pub struct Settings {
    /// Where, and who we are there.
    pub broker: Broker,
    /// TLS, where the connection is one.
    pub tls: Option<Arc<ClientConfig>>,
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

    /// How to get to the broker; it says that we are gone when we are without a word.
    pub fn access(&self) -> Access {
        Access {
            broker: self.broker.clone(),
            tls: self.tls.clone(),
            client_id: self.client_id.clone(),
            longest: HEARD_MAX,
            will: Some(Will {
                topic: self.status_topic().into(),
                text: OFFLINE.into(),
                quality: self.quality.at_least_once(),
            }),
        }
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

/// Longest message that is listened to, in bytes: the birth of home automation is a word.
const HEARD_MAX: usize = 10 * 1024;
/// What a status says of somebody who is there.
pub const ONLINE: &[u8] = b"online";
/// What a status says of somebody who is not.
pub const OFFLINE: &[u8] = b"offline";
