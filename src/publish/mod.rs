//! Those who are told over the network: MQTT, metrics, telegrams forwarded.

pub mod pty;

pub mod server;

pub mod forward_target;

pub mod forward;

pub mod pages;

pub mod metrics;

pub mod mqtt;
