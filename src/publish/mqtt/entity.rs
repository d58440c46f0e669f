//! What home automation has to know of a value: class, unit, how it behaves, how it is shown.
//!
//! Classes, units and behaviour are those that Home Assistant lists for sensors. Reactive and apparent quantities
//! have no class: not every version takes kvar, kvarh, kVA and kVAh for theirs, and values keep the unit that was sent.

use super::values::{MEASURED_AT, PublishedValue};
use crate::p1::unit::Unit;

/// A sensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entity {
    /// What it is called in `values`.
    pub key: String,
    /// The last level of its topic.
    pub topic: String,
    /// Its name for people.
    pub name: String,
    /// Its kind of quantity.
    pub class: Option<&'static str>,
    /// How its values follow each other.
    pub behaviour: Option<&'static str>,
    /// Its unit.
    pub unit: Option<&'static str>,
    /// Digits behind the point.
    pub precision: Option<usize>,
    /// Whether it tells of the meter itself, rather than of what is measured.
    pub diagnostic: bool,
    /// Whether it is shown without being asked for.
    pub enabled: bool,
}

impl Entity {
    /// Describes a value.
    pub fn of(listed: &PublishedValue<'_>) -> Self {
        let key = &*listed.key;
        let stem = stem_of(key);
        let unit = unit_of(stem);
        let (class, behaviour) = match listed.number {
            true => quantity(stem, unit, listed.entry.is_none()),
            false if key == MEASURED_AT => (Some("timestamp"), None),
            false => (None, None),
        };
        let decimals = || {
            let point = listed.text.iter().position(|&byte| byte == b'.');
            point.map_or(0, |point| listed.text.len() - point - 1)
        };
        let name = match (listed.entry, listed.device) {
            // The words of an M-Bus reading are those of any: its key says more.
            (Some(entry), None) => entry.words.split(':').next().unwrap_or_default().to_owned(),
            _ => words_of(stem, unit),
        };
        Self {
            key: key.to_owned(),
            topic: listed.topic.to_string(),
            name: capital(&name),
            class,
            behaviour,
            unit: unit.filter(|_| listed.number).map(symbol),
            precision: (listed.number && behaviour.is_some()).then(decimals),
            diagnostic: unit.is_none() && class != Some("power_factor"),
            enabled: key != MEASURED_AT,
        }
    }

    /// The distance that a level sensor measures.
    pub fn level(key: &str) -> Self {
        Self {
            key: key.to_owned(),
            topic: key.to_owned(),
            name: "Level".to_owned(),
            class: Some("distance"),
            behaviour: Some(MEASUREMENT),
            unit: Some("cm"),
            precision: Some(0),
            diagnostic: false,
            enabled: true,
        }
    }
}

/// Class and behaviour of a number.
fn quantity(
    stem: &str,
    unit: Option<Unit>,
    computed: bool,
) -> (Option<&'static str>, Option<&'static str>) {
    let Some(unit) = unit else {
        return match stem {
            _ if stem.starts_with("power_factor") => (Some("power_factor"), Some(MEASUREMENT)),
            _ if stem.contains("_count") => (None, Some(INCREASING)),
            _ => (None, None),
        };
    };
    // Sums of a quarter, day or month begin again at 0; of those that are over, and what is left, nothing follows.
    let counter = match computed {
        true => Some(INCREASING).filter(|_| !stem.contains("last") && !stem.contains("left")),
        // What export is taken off may go down as well as up.
        false if stem.contains("_net") => Some(TOTAL),
        false => Some(INCREASING),
    };
    let limit = stem.contains("threshold") || stem.contains("limit");
    match unit {
        Unit::KilowattHour | Unit::Gigajoule => (Some("energy"), counter),
        Unit::Kilowatt => (Some("power"), Some(MEASUREMENT).filter(|_| !limit)),
        Unit::KilovarHour | Unit::KilovoltAmpereHour => (None, counter),
        Unit::Kilovar | Unit::KilovoltAmpere => (None, Some(MEASUREMENT).filter(|_| !limit)),
        Unit::Volt => (Some("voltage"), Some(MEASUREMENT)),
        Unit::Ampere => (Some("current"), Some(MEASUREMENT).filter(|_| !limit)),
        Unit::Hertz => (Some("frequency"), Some(MEASUREMENT)),
        Unit::CubicMetre if stem.starts_with("gas") => (Some("gas"), counter),
        Unit::CubicMetre if stem.contains("water") => (Some("water"), counter),
        Unit::CubicMetre => (Some("volume"), counter),
        Unit::Second => (Some("duration"), Some(MEASUREMENT)),
        Unit::Celsius => (Some("temperature"), Some(MEASUREMENT)),
        Unit::Degree | Unit::Percent => (None, Some(MEASUREMENT)),
    }
}

/// The key without the number of a second meter of its medium: `gas_m3` of `gas_m3_2`.
fn stem_of(key: &str) -> &str {
    let bare = key.trim_end_matches(|letter: char| letter.is_ascii_digit());
    match bare.strip_suffix('_') {
        Some(stem) if unit_of(stem).is_some() => stem,
        _ => key,
    }
}

fn unit_of(stem: &str) -> Option<Unit> {
    Unit::ALL
        .into_iter()
        .filter(|unit| stem.ends_with(unit.suffix()))
        .max_by_key(|unit| unit.suffix().len())
}

/// The unit as Home Assistant writes it.
fn symbol(unit: Unit) -> &'static str {
    unit.symbol()
}

fn words_of(stem: &str, unit: Option<Unit>) -> String {
    let bare = unit.and_then(|unit| stem.strip_suffix(unit.suffix()));
    bare.unwrap_or(stem).replace('_', " ")
}

fn capital(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters
        .next()
        .map(|letter| letter.to_uppercase().to_string());
    format!("{}{}", first.unwrap_or_default(), letters.as_str())
}

const MEASUREMENT: &str = "measurement";
const INCREASING: &str = "total_increasing";
const TOTAL: &str = "total";
