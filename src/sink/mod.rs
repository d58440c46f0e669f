//! Where telegrams go.

pub mod table;
