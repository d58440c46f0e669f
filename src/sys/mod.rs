//! What the machine gives: signals to stop, rights, descriptors, connections.

pub mod stop;

pub mod access;

pub mod counter;

pub mod file_error;

pub mod nonblocking_writer;

pub mod peer;

pub mod bounded;

#[cfg(any(feature = "http", feature = "mqtt"))]
pub mod tls;

pub mod mqtt;
