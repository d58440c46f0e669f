//! Files that are written: outputs made whole or not at all, recordings, states.

pub mod target;

pub mod rotation;

mod recording_file;

pub mod record;

pub mod beside;

pub mod out;

pub mod packed;

pub mod state;

pub mod database;
