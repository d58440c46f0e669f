//! Those who are told over the network: MQTT, metrics, telegrams forwarded.

pub mod pty;

pub mod server;

pub mod forward_target;

pub mod forward;

pub mod hooks;

#[cfg(feature = "http")]
pub mod pages;

#[cfg(feature = "http")]
mod page;

#[cfg(feature = "http")]
pub mod metrics;

#[cfg(feature = "mqtt")]
pub mod mqtt;
