//! What holds for all services of a run.

use super::args::{Global, Run};
use crate::observe::sampling::Thinning;
use crate::p1::value::Zone;

/// The options that services share with the output.
pub struct Publishing<'a> {
    /// Options of all commands that decode.
    pub run: &'a Run,
    /// What is left out.
    pub thinning: Thinning,
    /// Zone of the meters' clocks.
    pub zone: Zone,
    /// How much is said.
    pub global: &'a Global,
}
