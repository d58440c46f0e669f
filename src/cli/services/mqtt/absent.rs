//! What stands for MQTT in a build without it.

use crate::cli::args::MqttArgs;
use crate::cli::services::Publishing;
use crate::cli::services::absent::{Service, refuse};
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
