//! The decoder: pure, without input or output, clock or threads.

pub mod line;
pub mod obis;
