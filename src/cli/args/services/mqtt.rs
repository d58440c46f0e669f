//! Options of publishing over MQTT.

use clap::Args;

/// Options of publishing over MQTT.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "MQTT")]
pub struct MqttArgs {}
