//! The columns of a table of telegrams: the same in every one, whatever its meters send.
//!
//! ```text
//! measured_at .. header | every value of the table of names, in its unit | M-Bus, up to four of a medium |
//!     level_cm | what is computed, where it is | other
//! ```
//! A column that no telegram fills costs a few bytes a row group. A new version of smarty may add columns and
//! never changes one. `-F` takes columns of values away, none of the others.

use std::collections::HashMap;

use crate::format::level;
use crate::observe::fields::Fields;
use crate::p1::derive::Extent;
use crate::p1::obis::{self, Entry, Kind as Holds};

/// The columns of a file, but for `other`.
#[derive(Debug)]
pub(super) struct Columns {
    columns: Vec<(String, Kind)>,
    places: HashMap<String, usize>,
    /// What has no column stands in a map.
    has_other: bool,
}

/// What a column holds; each may be null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Microseconds since 1970, UTC.
    Time,
    /// A whole number.
    Integer,
    /// An exact decimal of 18 digits, [`SCALE`] of them behind the point.
    Number,
    /// An exact decimal of as many digits, so many of them behind the point.
    Exact(u8),
    /// Yes or no.
    Flag,
    /// UTF-8.
    Text,
}

impl Columns {
    /// All columns, or those of the fields given, with what can be computed.
    pub(super) fn new(fields: Option<&Fields>, extent: Extent) -> Self {
        let mut all = Self {
            has_other: true,
            ..Self::of(FIXED)
        };
        let wanted = |entry: Option<&Entry>, key: &str| {
            fields.is_none_or(|fields| fields.wants_key(entry, key))
        };
        for entry in obis::entries() {
            let kind = match entry.kind {
                _ if entry.channel => continue,
                Holds::Number | Holds::Timed | Holds::Mbus => Kind::Number,
                Holds::Text | Holds::OctetText | Holds::Hex | Holds::Date | Holds::TimeOfDay => {
                    Kind::Text
                }
                Holds::Time | Holds::Log => continue,
            };
            let keys = entry.units().map(|(_, key)| key);
            for key in std::iter::once(entry.key).chain(keys) {
                if wanted(Some(entry), key) {
                    all.add(key, kind);
                }
            }
        }
        for stem in MBUS {
            for number in 1..=MBUS_MAX {
                let key = match number {
                    1 => stem.to_owned(),
                    _ => format!("{stem}_{number}"),
                };
                if wanted(None, &key) {
                    all.add(&key, Kind::Number);
                }
            }
        }
        all.add(level::KEY, Kind::Number);
        for quantity in extent.quantities() {
            if fields.is_none_or(|fields| fields.wants_derived(quantity.key)) {
                // What has no unit is counted.
                let kind = quantity.unit.map_or(Kind::Integer, |_| Kind::Number);
                all.add(quantity.key, kind);
            }
        }
        all
    }

    /// Other columns, without a map.
    pub(super) fn of<'a>(columns: impl IntoIterator<Item = (&'a str, Kind)>) -> Self {
        let mut all = Self {
            columns: Vec::new(),
            places: HashMap::new(),
            has_other: false,
        };
        for (name, kind) in columns {
            all.add(name, kind);
        }
        all
    }

    /// Whether what has no column stands in a map.
    pub(super) fn has_other(&self) -> bool {
        self.has_other
    }

    /// Names and kinds in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, Kind)> {
        self.columns.iter().map(|(name, kind)| (&**name, *kind))
    }

    /// The place of the column of a value, sent or computed.
    pub(super) fn place(&self, key: &str) -> Option<usize> {
        self.places.get(key).copied()
    }

    /// The kind of the column at a place.
    pub(super) fn kind(&self, place: usize) -> Option<Kind> {
        self.columns.get(place).map(|(_, kind)| *kind)
    }

    /// The columns in the schema language of Parquet, `other` with them.
    pub(super) fn message(&self) -> String {
        let mut message = String::from("message smarty {\n");
        for (name, kind) in self.iter() {
            let kind = match kind {
                Kind::Time => format!("int64 {name} (TIMESTAMP(MICROS,true))"),
                Kind::Integer => format!("int64 {name}"),
                Kind::Number => format!("int64 {name} (DECIMAL({PRECISION},{SCALE}))"),
                Kind::Exact(scale) => format!("int64 {name} (DECIMAL({PRECISION},{scale}))"),
                Kind::Flag => format!("boolean {name}"),
                Kind::Text => format!("binary {name} (STRING)"),
            };
            message.push_str(&format!("  optional {kind};\n"));
        }
        message.push_str(if self.has_other { OTHER } else { "" });
        message.push('}');
        message
    }

    fn add(&mut self, name: &str, kind: Kind) {
        if !self.places.contains_key(name) {
            self.places.insert(name.to_owned(), self.columns.len());
            self.columns.push((name.to_owned(), kind));
        }
    }
}

/// Digits of a decimal: as many as eight bytes hold.
pub(super) const PRECISION: u32 = 18;
/// Digits behind its point: a thousandth of a watt-hour, or of a volt.
pub(super) const SCALE: u8 = 6;
/// Ten to the power of [`PRECISION`], which is more than a decimal holds.
pub(super) const DIGITS_MAX: u64 = 1_000_000_000_000_000_000;

/// Places of the columns that are no values.
pub(super) const MEASURED_AT: usize = 0;
pub(super) const RECEIVED_AT: usize = 1;
pub(super) const METER: usize = 2;
pub(super) const METER_NAME: usize = 3;
pub(super) const LABEL: usize = 4;
pub(super) const SOURCE: usize = 5;
pub(super) const SOURCE_OFFSET: usize = 6;
pub(super) const TITLE: usize = 7;
pub(super) const COUNTER: usize = 8;
pub(super) const TAG: usize = 9;
pub(super) const CRC_VALID: usize = 10;
pub(super) const MENDED: usize = 11;
pub(super) const HEADER: usize = 12;

const FIXED: [(&str, Kind); 13] = [
    ("measured_at", Kind::Time),
    ("received_at", Kind::Time),
    ("meter", Kind::Text),
    ("meter_name", Kind::Text),
    ("label", Kind::Text),
    ("source", Kind::Text),
    ("source_offset", Kind::Integer),
    ("system_title", Kind::Text),
    ("frame_counter", Kind::Integer),
    ("tag", Kind::Text),
    ("crc_valid", Kind::Flag),
    ("mended", Kind::Text),
    ("header", Kind::Text),
];

/// Readings of meters on the M-Bus, as the first of a medium is called.
const MBUS: [&str; 13] = [
    "gas_m3",
    "water_m3",
    "warm_water_m3",
    "hot_water_m3",
    "cold_water_m3",
    "waste_water_m3",
    "heat_gj",
    "heat_kwh",
    "cooling_gj",
    "cooling_kwh",
    "electricity_kwh",
    "oil_m3",
    "compressed_air_m3",
];
/// M-Bus channels of a meter (DSMR P1 5.0.2 section 6.12).
const MBUS_MAX: usize = 4;

const OTHER: &str = "  optional group other (MAP) {
    repeated group key_value {
      required binary key (STRING);
      required binary value (STRING);
    }
  }
";
