//! The subcommands, one file each.

pub mod explain;

pub mod inspect;

pub mod key_check;

pub mod key_ring;

pub mod decode;

pub mod report;

pub mod setup;

pub mod doctor;

pub mod simulate;

pub mod watch;

pub mod capture;

pub mod ports;

pub mod generate;

pub mod help;
