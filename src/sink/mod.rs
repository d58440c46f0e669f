//! Where telegrams go: formats that write into a buffer, and files that hold what they wrote.

pub mod clean;

pub mod words;

pub mod explanation;

pub mod fields;

pub mod roster;

pub mod thin;

pub mod context;

pub mod merge;

pub mod number;

mod template;

pub mod json;

pub mod keys;

pub mod influx;

pub mod level;

pub mod csv;

#[cfg(feature = "parquet")]
pub mod parquet;
#[cfg(not(feature = "parquet"))]
#[path = "parquet/absent.rs"]
pub mod parquet;

mod hex;

pub mod redact;

pub mod inspect;

pub mod table;

pub mod report;

pub mod port_list;

pub mod file_error;

pub mod target;

pub mod rotation;

mod part;

pub mod record;

pub mod beside;

pub mod out;

pub mod packed;

pub mod outlet;

pub mod pty;

pub mod counter;

pub mod peer;

pub mod standing;

pub mod server;

pub mod screen;

pub mod observer;

pub mod state;

pub mod tap;

pub mod forward;

pub mod tls;

pub mod pages;

pub mod metrics;

pub mod mqtt;
