//! Telegrams made anew of values, for archives that keep these alone.
//!
//! ```text
//! active_energy_import_kwh 25.653    ->  1-0:1.8.0(25.653*kWh)
//! gas_m3 0.006                       ->  0-1:24.1.0(003)  0-1:24.2.1(0.006*m3)
//! ```
//! Decoded, they give the same values under the same names. They have no CRC: nobody has sent them so.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::p1::meaning::mbus_type;
use crate::p1::meaning::unnumbered;
use crate::p1::obis::{self, Kind};
use crate::p1::telegram;
use crate::p1::unit::Unit;

/// A telegram that grows line by line.
pub(super) struct Rebuilt {
    header: String,
    lines: Vec<Reading>,
    /// M-Bus channels that are taken.
    channels: u8,
}

/// A line: its code, and what stands between each pair of parentheses.
#[derive(serde::Serialize)]
pub(super) struct Reading {
    obis: String,
    raw: Vec<String>,
}

/// How a value is written.
struct Line {
    code: &'static str,
    unit: Option<Unit>,
    #[cfg_attr(not(feature = "parquet"), allow(dead_code))]
    kind: Kind,
}

impl Rebuilt {
    /// Begins with the first line of a telegram; an empty one stands for none that is known.
    pub fn new(header: &str) -> Self {
        let header = match header.starts_with('/') && !header.contains(['\r', '\n', '!']) {
            true => header,
            false => UNKNOWN,
        };
        Self {
            header: header.to_owned(),
            lines: Vec::new(),
            channels: 0,
        }
    }

    /// Says what the meter is called.
    pub fn name(&mut self, name: &str) {
        let octets = hex::encode_upper(name);
        self.line(NAME, vec![octets]);
    }

    /// Adds a number by its name with unit; false where nothing that a meter sends is called so.
    pub fn number(&mut self, key: &str, digits: &str) -> bool {
        if let Some(line) = LINES.get(key) {
            let value = match line.unit {
                Some(unit) => format!("{digits}*{}", unit.ascii()),
                None => digits.to_owned(),
            };
            self.line(line.code, vec![value]);
            return true;
        }
        self.mbus(key, digits).is_some()
    }

    /// Adds a text by its name, where some text of a meter is called so and it can stand in a telegram.
    #[cfg(feature = "parquet")]
    pub fn put(&mut self, key: &str, text: &str) {
        let Some(line) = LINES.get(key).filter(|line| line.unit.is_none()) else {
            return;
        };
        match line.kind {
            Kind::OctetText => self.line(line.code, vec![hex::encode_upper(text)]),
            Kind::Text | Kind::Hex if is_plain(text) => self.line(line.code, vec![text.to_owned()]),
            _ => {}
        }
    }

    /// Adds a line of any code and groups.
    pub fn line(&mut self, code: &str, raw: Vec<String>) {
        let obis = code.to_owned();
        self.lines.push(Reading { obis, raw });
    }

    /// Whether it has readings of meters on the M-Bus.
    pub fn has_mbus(&self) -> bool {
        self.channels > 0
    }

    /// The first line.
    #[cfg(feature = "parquet")]
    pub fn header(&self) -> &str {
        &self.header
    }

    /// All others.
    #[cfg(feature = "parquet")]
    pub fn lines(&self) -> &[Reading] {
        &self.lines
    }

    /// The text, ended.
    pub fn text(&self) -> Vec<u8> {
        let lines = self.lines.iter();
        let lines = lines.map(|line| (&*line.obis, line.raw.iter().map(String::as_str)));
        telegram::format(&self.header, lines, false)
    }

    /// Adds a reading of a meter on the M-Bus, on the next channel: `gas_m3`, `gas_m3_2`.
    fn mbus(&mut self, key: &str, digits: &str) -> Option<()> {
        let (plain, _) = unnumbered(key);
        let mut units = Unit::ALL.into_iter();
        let (stem, unit) =
            units.find_map(|unit| Some((plain.strip_suffix(unit.suffix())?, unit)))?;
        let number = mbus_type(stem)?;
        self.channels = self.channels.checked_add(1)?;
        let channel = self.channels;
        self.line(&format!("0-{channel}:24.1.0"), vec![format!("{number:03}")]);
        let value = format!("{digits}*{}", unit.ascii());
        self.line(&format!("0-{channel}:24.2.1"), vec![value]);
        Some(())
    }
}

/// What the line holds that a value is in, by the name of the value; none for a meter on the M-Bus.
#[cfg(feature = "parquet")]
pub(super) fn kind(key: &str) -> Option<Kind> {
    LINES.get(key).map(|line| line.kind)
}

#[cfg(feature = "parquet")]
/// Tells whether a text can stand between parentheses as it is.
pub(super) fn is_plain(text: &str) -> bool {
    text.bytes()
        .all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'(' | b')' | b'/' | b'!'))
}

/// All names with units, and the first code of each.
static LINES: LazyLock<HashMap<&'static str, Line>> = LazyLock::new(|| {
    let mut lines = HashMap::new();
    for entry in obis::entries().iter().filter(|entry| !entry.channel) {
        let units = entry.units().map(|(unit, key)| (key, Some(unit)));
        for (key, unit) in units.chain([(entry.key, None)]) {
            let line = Line {
                code: entry.code,
                unit,
                kind: entry.kind,
            };
            lines.entry(key).or_insert(line);
        }
    }
    lines
});

/// The line that names the meter.
const NAME: &str = "0-0:42.0.0";
/// The first line where none is known.
const UNKNOWN: &str = "/smarty";
