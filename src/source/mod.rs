//! Where bytes come from.
//!
//! ```text
//! address --open--> serial | tcp | http | mqtt | file | sim --reconnect--> SourceEvent --threads--> one channel of many
//! ```

pub mod dump;

pub mod line_settings;

pub mod speed;

pub mod address;

pub mod near;

pub mod ports;

pub mod error;

pub mod read;

mod parmrk;

mod tty;

pub mod serial;

pub mod tcp;

mod greeting;

#[cfg(any(feature = "http", feature = "mqtt"))]
mod aside;

#[cfg(any(feature = "http", feature = "mqtt"))]
mod payload;

#[cfg(feature = "http")]
pub mod http;
#[cfg(not(feature = "http"))]
#[path = "http/absent.rs"]
pub mod http;

#[cfg(feature = "mqtt")]
pub mod mqtt;
#[cfg(not(feature = "mqtt"))]
#[path = "mqtt/absent.rs"]
pub mod mqtt;

pub mod seen;

pub mod pulse;

pub mod packed;

pub mod file;

pub mod database;

mod rebuilt;

#[cfg(feature = "parquet")]
pub mod archive;
#[cfg(not(feature = "parquet"))]
#[path = "archive/absent.rs"]
pub mod archive;

pub mod sim;

pub mod open;

mod usb_lookup;

pub mod replay;

pub mod event;

pub mod reconnect;

pub mod threads;

pub mod maxsonar;

pub use address::{Address, AddressError, Device, Place};
pub use error::SourceError;
pub use event::{Arrival, Found, Received, SourceEvent};
pub use line_settings::{Baud, LineSettings, Mode};
pub use open::{Kind, Source};
pub use read::{Backoff, GoneReason, Level, Losses, Read, Reconnect, ServerAccess, SourceOptions};
pub use reconnect::Reconnecting;
pub use sim::virtual_keys;
pub use speed::LineNews;
pub use threads::ReaderThreads;

#[cfg(test)]
pub(crate) mod testing;
