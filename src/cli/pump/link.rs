//! Links: whether a source is there, how long it may be silent, and what is said when it is.

use std::time::{Duration, Instant};

use super::super::lane::Lane;
use crate::source::LineSettings;

/// State of the link of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// Open for the first time.
    Opened,
    /// Gone.
    Lost,
    /// Back.
    Reopened,
    /// Open, but no bytes come.
    Silent,
}

/// What the pump knows of the link of a lane.
pub(super) struct State {
    pub(super) open: bool,
    pub(super) over: bool,
    /// When bytes came, or the link was opened.
    pub(super) bytes: Instant,
    /// The decoder was told of the silence.
    pub(super) settled: bool,
    /// The user was told of the silence.
    pub(super) silent: bool,
}

impl State {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            open: false,
            over: false,
            bytes: now,
            settled: true,
            silent: false,
        }
    }
}

impl Link {
    /// The word for it in every output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Lost => "lost",
            Self::Reopened => "reopened",
            Self::Silent => "silent",
        }
    }
}

/// How long a source may pause in mid frame.
///
/// Longer than the line needs: bytes are delayed by USB adapters, networks and busy machines, and a frame
/// that was cut is found out by the start of the next one as well.
pub(super) fn patience(kind: &str) -> Duration {
    match kind {
        "serial" => Duration::from_millis(1000),
        "tcp" => Duration::from_millis(2000),
        _ => Duration::from_millis(5000),
    }
}

/// What is said of a link that is open and silent.
pub(super) fn silence(lane: &Lane, pause: Duration, line: LineSettings) -> (String, String) {
    let seconds = pause.as_secs();
    let what = match lane.kind {
        "serial" => {
            let line = lane.device_line().unwrap_or(line);
            format!("{}: no bytes for {seconds} s at {line}", lane.title())
        }
        _ => format!("{}: connected, but no bytes for {seconds} s", lane.title()),
    };
    let hint = match lane.device_line() {
        Some(_) => "is the sensor powered, and its output on the RX line of the adapter?",
        None => {
            "pins 2 and 3 of the P1 plug: data request (pin 2) needs 5 V against ground (pin 3)\n\
             some operators open the port only on request: ask yours whether P1 of this meter is open"
        }
    };
    (what, hint.to_owned())
}

/// Nothing of a link for so long is worth a word: meters send every 10 s or more often.
pub(super) const SILENCE: Duration = Duration::from_secs(12);
