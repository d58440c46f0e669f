//! Where bytes come from.
//!
//! ```text
//! address --open--> serial | tcp | file | sim --reopen--> bytes, silence, lost, back --hub--> one queue of many sources
//! ```

pub mod dump;

pub mod stop;

pub mod line_settings;

pub mod speed;

pub mod household;

pub mod virtual_meter;

pub mod address;

pub mod access;

pub mod whole;

pub mod near;

pub mod ports;

pub mod error;

pub mod read;

mod marks;

mod tty;

pub mod serial;

pub mod tcp;

pub mod packed;

pub mod file;

pub mod sim;

pub mod open;

mod adapter;

pub mod replay;

pub mod reopen;

pub mod queue;

pub mod hub;

pub mod maxsonar;

pub use address::{Address, AddressError, Device, Place};
pub use error::SourceError;
pub use hub::Hub;
pub use line_settings::{Baud, LineSettings, Mode};
pub use open::{Kind, Source};
pub use queue::{Arrival, Chunk, Found, Next, What};
pub use read::{Backoff, GoneReason, Level, Losses, Read, Reconnect, SourceOptions};
pub use reopen::{Lasting, Step};
pub use sim::virtual_keys;
pub use speed::LineNews;
pub use stop::Stop;

#[cfg(test)]
pub(crate) mod testing;
