//! Decodes the P1 port of smart meters.

pub mod p1;
pub mod source;
