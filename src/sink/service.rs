//! What runs beside the output of a stream: publishers that are told all that happens.
//!
//! ```text
//!                 +-> output: screen, table, JSON, CSV …
//! lanes --events--+
//!                 +-> services: each takes telegrams, findings, states of links; none waits, none fails the run
//! ```

use jiff::Timestamp;

use super::context::Context;
use crate::p1::diagnosis::Finding;
use crate::p1::event::{Decoded, Refused};
use crate::source::maxsonar::Level;

/// A publisher. It never blocks: what it cannot pass on at once it keeps within bounds, or drops.
pub trait Service {
    /// Takes a telegram.
    fn telegram(&mut self, context: &Context<'_>, decoded: &Decoded<'_>);
    /// Takes a reading of a level sensor.
    fn level(&mut self, _context: &Context<'_>, _level: &Level) {}
    /// Takes a frame that may not be used; nothing of it is published as data.
    fn refused(&mut self, _context: &Context<'_>, _refused: &Refused<'_>) {}
    /// Takes something that diagnosis has found out.
    fn finding(&mut self, _context: &Context<'_>, _finding: &Finding) {}
    /// The link of a source changed: `opened`, `lost`, `reopened`, `silent`.
    fn link(&mut self, _context: &Context<'_>, _state: &str, _message: &str) {}
    /// Takes the count of bytes that a source has sent.
    fn bytes(&mut self, _context: &Context<'_>, _count: usize) {}
    /// Time goes on; some ten times a second.
    fn tick(&mut self, _now: Timestamp) {}
    /// Gives what is to be said to the user since the last call.
    fn notices(&mut self) -> Vec<Notice> {
        Vec::new()
    }
    /// The run was ended from outside: what is kept is passed on as far as half a second suffices.
    fn hurry(&mut self) {}
    /// Passes on what is kept, within a second or two, and says goodbye.
    fn finish(&mut self) {}
}

/// Something that a service says to the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Something does not work; else it is only good to know.
    pub trouble: bool,
    /// What happened.
    pub what: String,
    /// What to do.
    pub hint: Option<String>,
}
