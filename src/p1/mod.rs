//! The decoder: pure, without input or output, clock or threads.

pub mod span;

pub mod readout;

pub mod ciphering;

pub mod cipher;

pub mod line;

pub mod obis;
