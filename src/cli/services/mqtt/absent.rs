//! What stands for MQTT in a build without it.

use crate::cli::args::{BrokerUrl, Global, MqttArgs};
use crate::cli::services::absent::{Service, refuse};
use crate::cli::services::{Publishing, User};
use crate::observe::standing::Lost;
use crate::p1::derive::Extent;
use crate::run::failure::Failure;

/// A publisher, of which there is none in this build.
pub type Mqtt = Service;

impl Service {
    /// What came of meters without a place.
    pub fn lost(&self) -> Lost {
        match *self {}
    }
}

/// Refuses the options of MQTT.
///
/// # Errors
/// Where there is one.
pub fn open(
    args: &MqttArgs,
    _sources: usize,
    _meters: usize,
    _extent: Extent,
    _publishing: &Publishing<'_>,
) -> Result<Option<Mqtt>, Failure> {
    let broker = args.mqtt.as_ref().map(|_| "--mqtt");
    refuse(broker.or(args.other().filter(|_| !args.no_mqtt)), "mqtt")
}

/// Logs in at no broker: this build knows none.
///
/// # Errors
/// Always.
pub fn login(
    _args: &MqttArgs,
    url: &BrokerUrl,
    _password: Option<&str>,
    _global: &Global,
) -> Result<String, Failure> {
    user(url).map(|user| user.name.unwrap_or_default())
}

/// The user in the address of a broker, which is not read.
///
/// # Errors
/// Always.
pub fn user(_url: &BrokerUrl) -> Result<User, Failure> {
    refuse(Some("--mqtt"), "mqtt").map(|_| User::default())
}

/// The broker that is asked for, which there never is.
pub fn broker(_args: &MqttArgs) -> Option<String> {
    None
}
