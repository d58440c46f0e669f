//! Where bytes come from.

pub mod dump;

pub mod line_settings;

pub mod address;

pub use address::{Address, AddressError, Device, Place};
pub use line_settings::{LineSettings, Mode};
