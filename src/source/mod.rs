//! Where bytes come from.

pub mod dump;
pub mod household;
pub mod virtual_meter;
