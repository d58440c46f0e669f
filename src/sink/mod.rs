//! Where results go.

pub mod file_error;

pub mod target;

pub mod rotation;

mod part;

pub mod record;

pub mod out;
