//! What the lines of a layout mean together: who sent it, when, its values and the meters behind it.
//!
//! Worked out once for a layout; the values themselves are read from each text anew.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use super::layout::{Form, Item, Layout, Line, OLD_READING};
use super::obis::{Entry, Kind};
use super::unit::Unit;
use super::value::{Number, Timestamp, Zone};

/// Which items of a layout say what; items are given as indices.
#[derive(Clone, Debug, Default)]
pub struct Meaning {
    /// Time of the telegram (0-0:1.0.0).
    pub clock: Option<u32>,
    /// Date and time of day in lines of their own (1-0:0.9.2 and 1-0:0.9.1).
    pub date_and_time: Option<(u32, u32)>,
    /// Version of the P1 standard (1-3:0.2.8).
    pub version: Option<u32>,
    /// What names the meter, best first.
    pub ids: Vec<u32>,
    /// Named values in their canonical units, in order; a key occurs once.
    pub values: Vec<ValueAt>,
    /// Meters on the M-Bus, in order of their channels.
    pub devices: Vec<DeviceAt>,
}

/// A named value.
#[derive(Clone, Debug)]
pub struct ValueAt {
    /// Name and canonical unit: `active_energy_import_kwh`.
    pub key: Cow<'static, str>,
    /// Where it stands.
    pub item: u32,
    /// Index of its line.
    pub line: u32,
    /// Power of ten from the sent unit to the canonical one.
    pub shift: i8,
}

/// A meter on the M-Bus, joined from the lines of its channel.
#[derive(Clone, Debug, Default)]
pub struct DeviceAt {
    /// M-Bus channel.
    pub channel: u8,
    /// Medium as number (EN 13757-3), as sent.
    pub kind: Option<u32>,
    /// Medium in words.
    pub medium: Option<&'static str>,
    /// Equipment identifier.
    pub id: Option<u32>,
    /// Time of the last reading.
    pub time: Option<u32>,
    /// Last reading.
    pub reading: Option<u32>,
    /// Line of the last reading.
    pub line: Option<u32>,
    /// Item that holds its unit, where that is an item of its own (DSMR 2.2 and 3.0).
    pub unit: Option<u32>,
    /// Valve or switch position.
    pub valve: Option<u32>,
}

impl Meaning {
    /// Works out what a layout means; `text` is the text it was read from.
    pub fn of(layout: &Layout, text: &[u8]) -> Self {
        let mut meaning = Self::default();
        let mut taken = HashSet::new();
        let (mut date, mut time, mut clock_is_local) = (None, None, false);
        let mut channels: BTreeMap<u8, DeviceAt> = BTreeMap::new();
        let mut ids: [Option<u32>; ID_NAMES.len()] = [None; ID_NAMES.len()];
        for (index, line) in (0u32..).zip(&layout.lines) {
            let Some(entry) = line.entry else { continue };
            if entry.channel {
                let device = channels.entry(line.code.channel()).or_default();
                device.channel = line.code.channel();
                device.take(layout, text, index, line, entry);
                continue;
            }
            let first = line.items.start;
            match entry.name {
                CLOCK => {
                    let local = (line.code.c, line.code.d) == LOCAL_CLOCK;
                    if meaning.clock.is_none() || clock_is_local && !local {
                        (meaning.clock, clock_is_local) = (Some(first), local);
                    }
                }
                LOCAL_DATE => date = date.or(Some(first)),
                LOCAL_TIME => time = time.or(Some(first)),
                VERSION => meaning.version = meaning.version.or(Some(first)),
                _ => {}
            }
            if let Some(at) = ID_NAMES.iter().position(|name| *name == entry.name)
                && let Some(slot) = ids.get_mut(at)
                && layout
                    .items
                    .get(first as usize)
                    .is_some_and(|item| item.form != Form::Empty)
            {
                slot.get_or_insert(first);
            }
            if let Some(value) = value_of(layout, text, index, line, entry) {
                if taken.insert(value.key.clone()) {
                    meaning.values.push(value);
                } else if entry.kind == Kind::Mbus
                    && let Some(known) = meaning.values.iter_mut().find(|v| v.key == value.key)
                    && let Some(before) = layout.lines.get(known.line as usize)
                    && before.code == line.code
                    && layout.time_in(line, text) > layout.time_in(before, text)
                {
                    *known = value;
                }
            }
        }
        meaning.date_and_time = date.zip(time);
        meaning.name_main_channel(layout, &mut taken);
        meaning.ids = ids.into_iter().flatten().collect();
        meaning.devices = channels.into_values().collect();
        meaning.name_devices(layout, text, &mut taken);
        meaning
    }

    /// Gives the values of channel 1 the names of the meter's own where it has none in channel 0.
    fn name_main_channel(&mut self, layout: &Layout, taken: &mut HashSet<Cow<'static, str>>) {
        let measures = |line: &Line| line.entry.is_some_and(|entry| entry.unit.is_some());
        let own = |line: &Line| (line.code.a, line.code.b) == (Some(1), Some(0));
        if layout.lines.iter().any(|line| own(line) && measures(line)) {
            return;
        }
        for index in 0..self.values.len() {
            let Some(value) = self.values.get(index) else {
                continue;
            };
            let Some((stem, unit)) = value.key.split_once(CHANNEL_1) else {
                continue;
            };
            let key = Cow::from(format!("{stem}{unit}"));
            let value = ValueAt {
                key: key.clone(),
                ..value.clone()
            };
            if taken.insert(key) {
                self.values.push(value);
            }
        }
    }

    /// Adds the readings of the M-Bus: `gas_m3`, and `gas_m3_2` for the second gas meter.
    fn name_devices(
        &mut self,
        layout: &Layout,
        text: &[u8],
        taken: &mut HashSet<Cow<'static, str>>,
    ) {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for device in &self.devices {
            let item = |index: Option<u32>| layout.items.get(index? as usize);
            let unit = device.sent_unit(layout, text);
            let named = item(device.id).is_some_and(|id| id.form != Form::Empty);
            // A channel without id and unit is one where no meter was ever connected.
            if !named && unit.is_empty() {
                continue;
            }
            let Some(medium) = device.medium else {
                continue;
            };
            let count = counts.entry(medium).or_insert(0);
            *count += 1;
            let (Some(reading), Some(line)) = (device.reading, device.line) else {
                continue;
            };
            let Some((unit, shift)) = Unit::of_sent(unit) else {
                continue;
            };
            let stem = medium.strip_suffix("_cooling").unwrap_or(medium);
            let plain = format!("{stem}{}", unit.suffix());
            let key = match *count {
                1 => plain,
                n => format!("{plain}_{n}"),
            };
            let key = Cow::from(key);
            if taken.insert(key.clone()) {
                self.values.push(ValueAt {
                    key,
                    item: reading,
                    line,
                    shift,
                });
            }
        }
    }
}

/// The name of a value without the number that a second meter of its kind has, and that number: `gas_m3_2`.
pub fn unnumbered(key: &str) -> (&str, Option<&str>) {
    let numbered = key.rsplit_once('_');
    match numbered.filter(|(_, number)| number.parse::<u8>().is_ok()) {
        Some((key, number)) => (key, Some(number)),
        None => (key, None),
    }
}

impl Meaning {
    /// Tells whether an item is the clock of the telegram, or a part of it.
    pub fn is_clock(&self, item: u32) -> bool {
        match (self.clock, self.date_and_time) {
            (Some(clock), _) => clock == item,
            (None, Some((date, time))) => date == item || time == item,
            (None, None) => false,
        }
    }
}

impl DeviceAt {
    /// The unit of the reading as sent; empty where there is none.
    pub fn sent_unit<'a>(&self, layout: &Layout, text: &'a [u8]) -> &'a [u8] {
        let item = |index: Option<u32>| layout.items.get(index? as usize);
        match (item(self.unit), item(self.reading)) {
            (_, Some(reading)) if reading.unit.start < reading.unit.end => reading.unit.of(text),
            (Some(unit), _) => unit.value.of(text),
            _ => &[],
        }
    }

    fn take(&mut self, layout: &Layout, text: &[u8], index: u32, line: &Line, entry: &Entry) {
        let first = line.items.start;
        match entry.name {
            "mbus_device_type" => {
                self.kind = self.kind.or(Some(first));
                self.medium = layout.items.get(first as usize).and_then(|item| {
                    let number = Number::parse(item.value.of(text))?.decimal()?;
                    medium(number.digits)
                });
            }
            "mbus_equipment_identifier" => self.id = self.id.or(Some(first)),
            "mbus_valve_position" => self.valve = self.valve.or(Some(first)),
            _ if entry.kind == Kind::Mbus && self.is_newer(layout, text, line) => {
                let items = || (line.items.start..).zip(layout.items_in(&line.items));
                let of = |wanted: fn(&Item) -> bool| {
                    items()
                        .filter(move |(_, item)| wanted(item))
                        .map(|(index, _)| index)
                };
                let with_unit =
                    of(|item| item.form == Form::Number && item.unit.start < item.unit.end).last();
                let mut numbers = of(|item| item.form == Form::Number);
                self.time = of(|item| item.form == Form::Time).next();
                self.line = Some(index);
                if let (None, Some(heads)) = (with_unit, layout.heads(line)) {
                    // The first value is the one of the time.
                    self.reading = numbers.find(|at| *at >= heads.end);
                    self.unit = Some(heads.start + 1);
                    return;
                }
                self.reading = with_unit.or_else(|| numbers.last());
                self.unit = self.reading.and_then(|reading| {
                    let before = layout.items.get(reading.checked_sub(1)? as usize)?;
                    let old = (line.code.c, line.code.d) == OLD_READING;
                    let bare = layout.items.get(reading as usize)?;
                    let bare = bare.unit.start == bare.unit.end;
                    (old && bare && reading > first && before.form == Form::Text)
                        .then_some(reading - 1)
                });
            }
            _ => {}
        }
    }
}

impl DeviceAt {
    /// Tells whether a line has the first reading, or a later one under the same code.
    fn is_newer(&self, layout: &Layout, text: &[u8], line: &Line) -> bool {
        let before = self.line.and_then(|line| layout.lines.get(line as usize));
        match before {
            Some(before) if self.reading.is_some() => {
                before.code == line.code
                    && layout.time_in(line, text) > layout.time_in(before, text)
            }
            _ => self.reading.is_none(),
        }
    }
}

impl Layout {
    /// The time in a line, for comparison with those of its like.
    fn time_in(&self, line: &Line, text: &[u8]) -> Option<jiff::Timestamp> {
        let mut items = self.items_in(&line.items).iter();
        let item = items.find(|item| item.form == Form::Time)?;
        Timestamp::parse(item.value.of(text), &Zone::luxembourg())?.instant()
    }
}

fn value_of(
    layout: &Layout,
    text: &[u8],
    index: u32,
    line: &Line,
    entry: &'static Entry,
) -> Option<ValueAt> {
    let mut items = (line.items.start..).zip(layout.items_in(&line.items));
    let single = layout.items_in(&line.items).len() == 1;
    let (at, item) = match entry.kind {
        Kind::Number | Kind::Text | Kind::OctetText | Kind::Hex if single => items.next()?,
        Kind::Date | Kind::TimeOfDay if single => items.next()?,
        Kind::Timed | Kind::Mbus => items.find(|(_, item)| item.form == Form::Number)?,
        _ => return None,
    };
    let (key, shift) = match item.form {
        Form::Number => {
            let canonical = entry.canonical(item.unit.of(text))?;
            (canonical.key, canonical.shift)
        }
        Form::Octets | Form::Message | Form::Text if entry.kind != Kind::Number => (entry.key, 0),
        _ => return None,
    };
    Some(ValueAt {
        key: key.into(),
        item: at,
        line: index,
        shift,
    })
}

/// The number of a medium on the M-Bus (EN 13757-3 table 3), as names of values call it: `gas`.
pub(crate) fn mbus_type(stem: &str) -> Option<i64> {
    (1..=MEDIUM_MAX).find(|kind| medium(*kind) == Some(stem))
}

/// Medium of an M-Bus device (EN 13757-3 table 3).
fn medium(kind: i64) -> Option<&'static str> {
    Some(match kind {
        1 => "oil",
        2 => "electricity",
        3 => "gas",
        4 => "heat",
        5 => "steam",
        6 => "warm_water",
        7 => "water",
        8 => "heat_cost",
        9 => "compressed_air",
        10 | 11 => "cooling",
        12 | 13 => "heat_cooling",
        21 => "hot_water",
        22 => "cold_water",
        40 => "waste_water",
        _ => return None,
    })
}

/// The highest number of a medium that has a name.
const MEDIUM_MAX: i64 = 40;
const CLOCK: &str = "clock";
const LOCAL_DATE: &str = "local_date";
const LOCAL_TIME: &str = "local_time";
/// C and D of the local clock, which counts where the clock itself is not sent.
const LOCAL_CLOCK: (u8, u8) = (1, 1);
/// What stands in the names of channel 1.
const CHANNEL_1: &str = "_channel_1";
const VERSION: &str = "p1_version";
/// Names of the lines that say which meter it is, best first.
const ID_NAMES: [&str; 4] = [
    "logical_device_name",
    "equipment_identifier",
    "device_id_1",
    "device_serial_number",
];
