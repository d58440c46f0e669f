//! The decoder without the program: its laws as properties, what comes out of pushes and pastes, what diagnosis says.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

mod cuts;
mod diagnosis;
mod forms;
mod fuzz;
mod laws;
mod push;
mod samples;
