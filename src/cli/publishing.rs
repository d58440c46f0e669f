//! What holds for all services of a run.

use super::args::{Global, Run};
use crate::sink::thin::Thinning;

/// The options that services share with the output.
pub struct Publishing<'a> {
    /// Options of all commands that decode.
    pub run: &'a Run,
    /// What is left out.
    pub thinning: Thinning,
    /// How much is said.
    pub global: &'a Global,
}
