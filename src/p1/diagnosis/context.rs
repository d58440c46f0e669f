//! What a judgement may know beside the trouble itself.

use crate::p1::cipher::Keys;
use crate::p1::diagnosis::stream::Stream;

/// What the judgement may know beside the trouble.
pub struct Context<'a> {
    /// Keys of the meters.
    pub keys: &'a Keys,
    /// Memory over the good frames.
    pub stream: &'a Stream,
    /// Good telegrams.
    pub good: u64,
    /// The input has ended.
    pub ended: bool,
    /// Offset behind the last byte.
    pub end: u64,
    /// Take the time for the long searches.
    pub patient: bool,
    /// The length field that most of the refused frames have.
    pub usual_length: Option<u32>,
}
