//! The meters on the M-Bus as rows.

use super::marks::{Origin, Text};
use super::words::{local, printed_unit, spell, state};
use crate::format::clean::clean;
use crate::p1::layout::Line;
use crate::p1::meaning::DeviceAt;
use crate::p1::obis::by_name;
use crate::p1::telegram::{Device, Value};

/// A meter on the M-Bus.
pub(super) struct DeviceRow {
    pub channel: String,
    pub medium: String,
    pub digits: Text,
    pub unit: String,
    pub time: Text,
    pub id: Text,
    pub valve: String,
}

impl DeviceRow {
    /// Spells out a device; of the items that are `shown_twice` nothing is taken to stand alone.
    pub fn of(device: &Device<'_>, shown_twice: impl Fn(u32) -> bool) -> Self {
        let at = device.at();
        let item = |item: Option<u32>| item.filter(|item| !shown_twice(*item));
        let reading = device.reading();
        let digits = spell(&reading);
        let medium = match (at.medium, device.kind()) {
            (Some(medium), _) => medium.replace('_', " "),
            (None, Value::Empty) => String::new(),
            (None, kind) => format!("type {}", spell(&kind)),
        };
        let valve = spell(&device.valve());
        let words = by_name("mbus_valve_position").next();
        let state = words.and_then(|entry| state(entry.words, &valve));
        Self {
            channel: channel(device),
            medium,
            digits: Text::of(digits, |digits| match reading {
                Value::Number(_) => Origin::number(item(at.reading)?, digits),
                _ => None,
            }),
            unit: device
                .unit()
                .map_or_else(String::new, |unit| printed_unit(&unit)),
            time: match device.measured_at() {
                Some(time) => Text::of(local(&time), |_| item(at.time).map(Origin::Time)),
                None => Text::mixed("not set"),
            },
            id: Text::of(
                device.id().map_or_else(String::new, |id| clean(&id)),
                |id| Origin::word(item(at.id)?, id),
            ),
            valve: state.map_or_else(|| valve.clone(), |(_, state)| state.to_owned()),
        }
    }
}

impl DeviceRow {
    /// All that is drawn of it.
    pub fn strings(&self) -> [&str; 7] {
        [
            &self.channel,
            &self.medium,
            &self.digits.shown,
            &self.unit,
            &self.time.shown,
            &self.id.shown,
            &self.valve,
        ]
    }
}

/// The channel as codes begin with it: `0-1`.
pub(super) fn channel(device: &Device<'_>) -> String {
    format!("0-{}", device.at().channel)
}

/// Tells whether a meter is or was on a channel: one that never was has neither id, unit nor time.
pub(super) fn is_connected(device: &Device<'_>) -> bool {
    device.id().is_some() || device.unit().is_some() || device.measured_at().is_some()
}

/// Tells whether a line is shown in the row of the device.
pub(super) fn belongs(line: &Line, index: usize, device: &DeviceAt) -> bool {
    let first = Some(line.items.start);
    let parts = [device.kind, device.id, device.valve];
    line.entry.is_some_and(|entry| entry.channel)
        && !line.items.is_empty()
        && (device.line == u32::try_from(index).ok() || parts.contains(&first))
}
