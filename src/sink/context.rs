//! What a sink is told beside the telegram itself.

use jiff::Timestamp;

/// Where a telegram came from, and when.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context<'a> {
    /// Number of the telegram in this run, from 1.
    pub seq: u64,
    /// When its first byte was received, where that is known.
    pub received_at: Option<Timestamp>,
    /// Where it was received.
    pub source: Source<'a>,
    /// Name of the meter in the key ring.
    pub meter_name: Option<&'a str>,
}

/// A source as outputs name it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Source<'a> {
    /// `file`, `stdin`, `serial`, `tcp`, `sim`.
    pub kind: &'a str,
    /// Path or address as the user gave it.
    pub name: &'a str,
    /// Label before the address.
    pub label: Option<&'a str>,
}
