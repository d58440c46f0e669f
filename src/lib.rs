//! Decodes the P1 port of smart meters.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod p1;

pub mod source;

pub mod sink;

pub mod cli;
