//! One message on its way to the broker.

use std::sync::Arc;

/// What is published, and how it is kept while the broker is away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Where.
    pub topic: Arc<str>,
    /// What.
    pub text: Arc<[u8]>,
    /// Whether the broker keeps it for those who come later.
    pub retain: bool,
    /// How it is kept here.
    pub kind: Kind,
}

/// How a message is kept while the broker is away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Each one counts: counters, whole telegrams. They wait in order, up to a bound.
    Each,
    /// Only the newest of its topic counts: powers, voltages, states.
    Newest,
    /// Whether somebody is there, and how it fares: goes out before all values.
    Status,
    /// Says to home automation what there is: goes out behind the status, before all values.
    Discovery,
    /// The broker is to forget what it keeps of a topic, where it has anything.
    Gone,
}

impl Message {
    /// Makes a message.
    pub fn new(topic: impl Into<Arc<str>>, text: &[u8], retain: bool, kind: Kind) -> Self {
        Self {
            topic: topic.into(),
            text: text.into(),
            retain,
            kind,
        }
    }

    /// Bytes that it takes, roughly as on the line.
    pub fn size(&self) -> usize {
        self.topic.len() + self.text.len()
    }
}

impl Kind {
    /// How a value with this key is kept: counters each, all else the newest.
    pub fn of_value(key: &str) -> Self {
        // The second of a medium ends in its number: gas_m3_2.
        let stem = key.trim_end_matches(|letter: char| letter.is_ascii_digit());
        let stem = stem.strip_suffix('_').unwrap_or(key);
        let counts = |key: &str| COUNTERS.iter().any(|unit| key.ends_with(unit));
        match counts(key) || counts(stem) {
            true => Self::Each,
            false => Self::Newest,
        }
    }
}

/// Endings of keys whose values are counters.
const COUNTERS: [&str; 5] = ["_kwh", "_kvarh", "_kvah", "_m3", "_gj"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_kept_each() {
        for key in ["active_energy_import_kwh", "gas_m3", "gas_m3_2", "heat_gj"] {
            assert_eq!(Kind::of_value(key), Kind::Each, "{key}");
        }
        for key in [
            "active_power_import_kw",
            "voltage_l1_v",
            "power_failure_count",
        ] {
            assert_eq!(Kind::of_value(key), Kind::Newest, "{key}");
        }
    }
}
