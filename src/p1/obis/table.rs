//! The table of names: `obis.tsv`, read once.
//!
//! A row is a code and what it means; `0-n:` stands for every M-Bus channel. Rows that share a
//! name are one quantity under several codes, as meters of different countries and ages send it.

use std::sync::LazyLock;

use super::Obis;
use crate::p1::unit::Unit;

/// What is known of a code.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The code as the table has it: `1-0:1.8.0`, `0-n:24.2.1`.
    pub code: &'static str,
    /// The name in data: `active_energy_import`.
    pub name: &'static str,
    /// The name with the canonical unit, for JSON and CSV: `active_energy_import_kwh`.
    pub key: &'static str,
    /// The name for people: `energy imported`.
    pub words: &'static str,
    /// The canonical unit; none for counts, states and texts.
    pub unit: Option<Unit>,
    /// What the groups of the line hold.
    pub kind: Kind,
    /// Where the reading stands in print.
    pub section: Section,
    /// Whether group B is the M-Bus channel (EN 13757-1).
    pub channel: bool,
    /// Further units that meters give the quantity in, with the keys of these.
    others: Vec<(Unit, &'static str)>,
}

/// What the groups of a line hold.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// One number or several, each with or without a unit.
    Number,
    /// Text as sent, leading zeros kept.
    Text,
    /// Text as hex, two digits a byte; some meters send it plain.
    OctetText,
    /// Bytes as hex that are no text: signatures, status words.
    Hex,
    /// Date and time, `YYMMDDhhmmssX` (DSMR §6.4).
    Time,
    /// Date, `YYMMDD`.
    Date,
    /// Time of day, `hhmmss`.
    TimeOfDay,
    /// A number and the time it belongs to, in either order; some meters leave out the time.
    Timed,
    /// A list of several records: failure log, history, profile.
    Log,
    /// M-Bus reading: `(TST)(value*unit)`; in DSMR 2.x `(value*unit)(TST)`; in DSMR 3.0 six groups,
    /// of which the last two are code and unit, and the value on a line of its own.
    Mbus,
}

/// The groups of the printed table, in their order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Section {
    /// The meter itself: clock, identifiers, versions.
    Meter,
    /// Energy of all phases.
    Energy,
    /// Power and demand of all phases.
    Power,
    /// Voltage, current, power and energy of each phase.
    Phases,
    /// Sags, swells, power failures, frequency.
    Quality,
    /// Thresholds and switches.
    Limits,
    /// Meters behind this one.
    Mbus,
    /// Messages to the customer.
    Text,
    /// All else.
    Other,
    /// What is computed rather than sent: no code stands here.
    Computed,
}

/// How a reading is given in its canonical unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Canonical {
    /// Key in JSON and CSV: `active_energy_import_kwh`.
    pub key: &'static str,
    /// Canonical unit, if any.
    pub unit: Option<Unit>,
    /// Power of ten from the sent number to the canonical one: -3 for `Wh`.
    pub shift: i8,
}

impl Entry {
    /// Resolves the unit as sent (empty if none was) against the units of the quantity.
    ///
    /// The quantity decides: reactive energy sent as `kVAr` is taken for kvarh, and a number
    /// without unit for the canonical one where there is only one. `None` is a unit that does not
    /// fit or does not scale by a power of ten: such a number has no place among the values.
    pub fn canonical(&self, sent: &[u8]) -> Option<Canonical> {
        let own = Canonical {
            key: self.key,
            unit: self.unit,
            shift: 0,
        };
        if sent.is_empty() {
            return self.others.is_empty().then_some(own);
        }
        let (unit, shift) = Unit::of_sent(sent)?;
        let fits = match self.unit {
            Some(Unit::KilovarHour) => matches!(unit, Unit::KilovarHour | Unit::Kilovar),
            known => known == Some(unit),
        };
        if fits {
            return Some(Canonical { shift, ..own });
        }
        let (unit, key) = *self.others.iter().find(|(other, _)| *other == unit)?;
        Some(Canonical {
            key,
            unit: Some(unit),
            shift,
        })
    }

    /// Gives the units the quantity comes in, the canonical one first, with their keys.
    pub fn units(&self) -> impl Iterator<Item = (Unit, &'static str)> + '_ {
        let own = self.unit.map(|unit| (unit, self.key));
        own.into_iter().chain(self.others.iter().copied())
    }
}

impl Section {
    /// All sections, in the order of print.
    pub const ALL: [Section; 10] = [
        Section::Meter,
        Section::Energy,
        Section::Power,
        Section::Phases,
        Section::Quality,
        Section::Limits,
        Section::Mbus,
        Section::Text,
        Section::Other,
        Section::Computed,
    ];

    /// The title in print.
    pub fn title(self) -> &'static str {
        match self {
            Section::Meter => "Meter",
            Section::Energy => "Energy",
            Section::Power => "Power",
            Section::Phases => "Phases",
            Section::Quality => "Quality",
            Section::Limits => "Limits",
            Section::Mbus => "M-Bus",
            Section::Text => "Text",
            Section::Other => "Other",
            Section::Computed => "Computed",
        }
    }
}

/// Finds what is known of a code.
///
/// Group F is passed over where it is 255, the current period; another billing period is another
/// quantity and not known. Without group A electricity is tried first, then abstract objects.
pub fn lookup(code: Obis) -> Option<&'static Entry> {
    if code.f.is_some_and(|period| period != 255) {
        return None;
    }
    let table = &*TABLE;
    let b = code.channel();
    match code.a {
        // Makers number the only channel of a meter 0 or 1.
        Some(1) if b == 1 => table.find(1, 1, &code).or_else(|| table.find(1, 0, &code)),
        Some(a) => table.find(a, b, &code),
        None => table.find(1, b, &code).or_else(|| table.find(0, b, &code)),
    }
}

/// Gives the whole table, in its order.
pub fn entries() -> &'static [Entry] {
    &TABLE.entries
}

/// Finds the rows of a name, with or without its unit: `voltage_l1`, `voltage_l1_v`.
///
/// Several rows are several codes of one quantity.
pub fn by_name(name: &str) -> impl Iterator<Item = &'static Entry> {
    entries().iter().filter(move |entry| {
        entry.name == name || entry.key == name || entry.others.iter().any(|(_, key)| *key == name)
    })
}

/// The rows, and an open-addressed hash of their codes, at most half full.
struct Table {
    entries: Vec<Entry>,
    /// Packed code in the upper 48 bits, place among the entries in the lower 16.
    slots: Vec<u64>,
}

impl Table {
    /// Reads the rows; those that are malformed are left out (a test holds that there are none).
    fn read(text: &'static str) -> Table {
        let rows: Vec<(u64, Entry)> = text.lines().skip(1).filter_map(row).collect();
        let mut slots = vec![EMPTY; (rows.len() * 2).next_power_of_two()];
        let mut entries = Vec::with_capacity(rows.len());
        for (index, (key, entry)) in (0..u64::from(u16::MAX)).zip(rows) {
            let free = probe(key, slots.len()).find(|slot| slots.get(*slot) == Some(&EMPTY));
            if let Some(slot) = free.and_then(|slot| slots.get_mut(slot)) {
                *slot = key << 16 | index;
            }
            entries.push(entry);
        }
        Table { entries, slots }
    }

    fn find(&self, a: u8, b: u8, code: &Obis) -> Option<&Entry> {
        let exact = self.get(pack(a, b, code));
        if exact.is_none() && a == 0 && CHANNELS.contains(&b) {
            return self.get(pack(a, 0, code) | ANY_CHANNEL);
        }
        exact
    }

    fn get(&self, key: u64) -> Option<&Entry> {
        for slot in probe(key, self.slots.len()) {
            let found = *self.slots.get(slot)?;
            if found >> 16 == key {
                return self.entries.get(usize::from(found as u16));
            }
            if found == EMPTY {
                return None;
            }
        }
        None
    }
}

/// A code as a number of 40 bits; `ANY_CHANNEL` stands above them.
fn pack(a: u8, b: u8, code: &Obis) -> u64 {
    u64::from_be_bytes([0, 0, 0, a, b, code.c, code.d, code.e])
}

/// The slots where a key may be, in order; `len` is a power of two.
fn probe(key: u64, len: usize) -> impl Iterator<Item = usize> {
    let mask = len - 1;
    let start = (key.wrapping_mul(MULTIPLIER) >> 40) as usize;
    (0..len).map(move |step| (start + step) & mask)
}

/// Reads a row: code, name, units, kind, section, where it is sent, words.
fn row(line: &'static str) -> Option<(u64, Entry)> {
    let columns: Vec<&'static str> = line.split('\t').collect();
    let [code, name, units, kind, section, _sent_in, words] = columns[..] else {
        return None;
    };
    let channel = code.starts_with("0-n:");
    let parsed = Obis::parse(code.replace("-n:", "-0:").as_bytes())?;
    let key = pack(parsed.a?, parsed.b?, &parsed) | if channel { ANY_CHANNEL } else { 0 };
    let mut keyed = Vec::new();
    if units != "-" {
        for sent in units.split('|') {
            let (unit, 0) = Unit::of_sent(sent.as_bytes())? else {
                return None;
            };
            keyed.push((unit, &*format!("{name}{}", unit.suffix()).leak()));
        }
    }
    let mut keyed = keyed.into_iter();
    let own = keyed.next();
    let entry = Entry {
        code,
        name,
        key: own.map_or(name, |(_, key)| key),
        words,
        unit: own.map(|(unit, _)| unit),
        kind: KINDS.iter().find(|(word, _)| *word == kind)?.1,
        section: SECTIONS.iter().find(|(word, _)| *word == section)?.1,
        channel,
        others: keyed.collect(),
    };
    Some((key, entry))
}

static TABLE: LazyLock<Table> = LazyLock::new(|| Table::read(TEXT));

const TEXT: &str = include_str!("../obis.tsv");

/// Numbers of channels (IEC 62056-6-1, value group B).
const CHANNELS: std::ops::RangeInclusive<u8> = 1..=64;
const ANY_CHANNEL: u64 = 1 << 40;
const EMPTY: u64 = u64::MAX;
const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;

const KINDS: [(&str, Kind); 10] = [
    ("number", Kind::Number),
    ("text", Kind::Text),
    ("octet_text", Kind::OctetText),
    ("hex", Kind::Hex),
    ("time", Kind::Time),
    ("date", Kind::Date),
    ("time_of_day", Kind::TimeOfDay),
    ("timed", Kind::Timed),
    ("log", Kind::Log),
    ("mbus", Kind::Mbus),
];

const SECTIONS: [(&str, Section); 9] = [
    ("meter", Section::Meter),
    ("energy", Section::Energy),
    ("power", Section::Power),
    ("phases", Section::Phases),
    ("quality", Section::Quality),
    ("limits", Section::Limits),
    ("mbus", Section::Mbus),
    ("text", Section::Text),
    ("other", Section::Other),
];

#[cfg(test)]
mod tests;
