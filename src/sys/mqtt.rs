//! Connections to a broker of MQTT: where it is, how it is spoken to, why it does not answer.

pub mod broker;

#[cfg(feature = "mqtt")]
pub mod fault;

#[cfg(feature = "mqtt")]
pub mod wire;
