//! The choice of values: names, keys with unit, or OBIS codes.

use crate::p1::derive::{Extent, QUANTITIES, is_known};
use crate::p1::layout::Line;
use crate::p1::nearest::distance;
use crate::p1::obis::{self, Obis};

/// The verdict on the tag, a field of CSV.
pub const TAG: &str = "tag";

/// Fields in the order in which they were asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields(Vec<Field>);

/// One field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// A name of the catalogue or a key of `values`: `active_power_import`, `gas_m3`.
    Name(String),
    /// A code.
    Code(Obis),
}

impl Fields {
    /// Reads a list with commas.
    ///
    /// # Errors
    /// The first word that is neither a code nor a name that a value can have, with the nearest names.
    pub fn parse(list: &str) -> Result<Self, UnknownField> {
        let words = list
            .split(',')
            .map(str::trim)
            .filter(|word| !word.is_empty());
        words.map(Field::parse).collect::<Result<_, _>>().map(Self)
    }

    /// The fields in order.
    pub fn iter(&self) -> impl Iterator<Item = &Field> {
        self.0.iter()
    }

    /// Tells whether a line was asked for, or the value that has this key.
    pub fn wants(&self, line: &Line, key: Option<&str>) -> bool {
        self.0.iter().any(|field| field.is(line, key))
    }

    /// Tells whether something computed was asked for, by its key.
    pub fn wants_derived(&self, key: &str) -> bool {
        self.0.iter().any(|field| field.is_derived(key))
    }

    /// What was asked for and is computed when nothing but `extent` is.
    pub fn beyond(&self, extent: Extent) -> Option<&str> {
        let is_there = |name: &str| {
            let mut all = extent.quantities().iter();
            all.any(|quantity| quantity.is_called(name))
        };
        self.0.iter().find_map(|field| match field {
            Field::Name(name) if is_known(name) && !is_there(name) => Some(name.as_str()),
            Field::Name(_) | Field::Code(_) => None,
        })
    }

    /// Tells whether a telegram could have a value with this key that was asked for; `entry` is its row of the
    /// table, and none for the readings of meters on the M-Bus.
    #[cfg(feature = "parquet")]
    pub fn wants_key(&self, entry: Option<&obis::Entry>, key: &str) -> bool {
        self.0.iter().any(|field| match (field, entry) {
            (Field::Name(name), _) => {
                name == key
                    || is_mbus_stem(key, name)
                    || entry.is_some_and(|entry| entry.name == name)
            }
            (Field::Code(code), Some(entry)) => {
                obis::lookup(*code).is_some_and(|asked| asked.name == entry.name)
            }
            // Which medium is at the channel only a telegram says.
            (Field::Code(code), None) => obis::lookup(*code).is_some_and(|asked| asked.channel),
        })
    }
}

impl Field {
    /// Tells whether a line, or the value on it with this key, is the one that is meant.
    pub fn is(&self, line: &Line, key: Option<&str>) -> bool {
        match self {
            Self::Code(code) => {
                let bare = |code: Obis| Obis {
                    f: code.f.filter(|&f| f != 255),
                    ..code
                };
                bare(*code) == bare(line.code)
            }
            Self::Name(name) => {
                key == Some(name)
                    || key.is_some_and(|key| is_mbus_stem(key, name))
                    || line.entry.is_some_and(|entry| {
                        entry.name == name || entry.units().any(|(_, key)| key == name)
                    })
            }
        }
    }

    /// Tells whether something computed is meant, by its key.
    pub fn is_derived(&self, key: &str) -> bool {
        let Self::Name(name) = self else {
            return false;
        };
        let mut all = QUANTITIES.iter().filter(|quantity| quantity.key == key);
        all.any(|quantity| quantity.is_called(name))
    }

    /// The name of the field where no telegram says better.
    pub fn title(&self) -> String {
        match self {
            Self::Name(name) => {
                let known = obis::by_name(name).find(|entry| entry.name == name);
                known.map_or(name.clone(), |entry| entry.key.to_owned())
            }
            Self::Code(code) => {
                obis::lookup(*code).map_or(code.to_string(), |entry| entry.key.to_owned())
            }
        }
    }

    fn parse(word: &str) -> Result<Self, UnknownField> {
        if let Ok(code) = word.parse() {
            return Ok(Self::Code(code));
        }
        let known = obis::by_name(word).next().is_some()
            || is_known(word)
            || word == TAG
            || MEDIA
                .iter()
                .any(|medium| word == *medium || is_mbus_stem(word, medium));
        if known {
            return Ok(Self::Name(word.to_owned()));
        }
        let names = obis::entries().iter().map(|entry| entry.name);
        let computed = QUANTITIES.iter().map(|quantity| quantity.key);
        let mut near: Vec<_> = names
            .chain(computed)
            .map(|name| (distance(word, name), name))
            .collect();
        near.sort_unstable();
        near.dedup();
        Err(UnknownField {
            word: word.to_owned(),
            near: near.into_iter().take(3).map(|(_, name)| name).collect(),
        })
    }
}

/// A field that no value can have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no field is called {word:?}")]
pub struct UnknownField {
    /// As written.
    pub word: String,
    /// The names that are most like it.
    pub near: Vec<&'static str>,
}

/// `gas` is meant by `gas_m3` and `gas_m3_2` too.
fn is_mbus_stem(key: &str, stem: &str) -> bool {
    MEDIA.contains(&stem)
        && key.strip_prefix(stem).is_some_and(|rest| {
            rest.starts_with('_') && UNITS.iter().any(|unit| rest.starts_with(unit))
        })
}

const MEDIA: [&str; 12] = [
    "gas",
    "water",
    "heat",
    "warm_water",
    "hot_water",
    "cold_water",
    "cooling",
    "electricity",
    "steam",
    "oil",
    "compressed_air",
    "waste_water",
];
const UNITS: [&str; 4] = ["_m3", "_gj", "_kwh", "_wh"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keys_and_codes_are_fields() {
        for list in [
            "active_energy_import",
            "active_energy_import_kwh, voltage_l1",
            "1-0:1.8.0,1-0:99.99.9",
            "gas,gas_m3,gas_m3_2,water_m3,heat_gj",
        ] {
            assert!(Fields::parse(list).is_ok(), "{list}");
        }
    }

    #[test]
    fn what_is_computed_is_a_field_where_it_is_computed() {
        let fields = Fields::parse("net_power,excess_day_kwh,gas").unwrap();
        assert!(fields.wants_derived("net_power_kw") && fields.wants_derived("excess_day_kwh"));
        assert!(!fields.wants_derived("net_power_l1_kw"));
        assert_eq!(fields.beyond(Extent::Nothing), Some("net_power"));
        assert_eq!(fields.beyond(Extent::Computed), Some("excess_day_kwh"));
        assert_eq!(fields.beyond(Extent::WithReference), None);
        // One name, two units.
        let left = Fields::parse("quarter_left").unwrap();
        assert!(left.wants_derived("quarter_left_kwh") && left.wants_derived("quarter_left_kw"));
    }

    #[test]
    fn a_mistyped_name_brings_the_right_one() {
        let error = Fields::parse("active_powr_import").unwrap_err();
        assert_eq!(error.near[0], "active_power_import");
    }
}
