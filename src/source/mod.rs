//! Where bytes come from.

pub mod dump;
