//! Views of a telegram: one line, and what belongs to one meter on the M-Bus.

use std::borrow::Cow;

use super::{Telegram, Value};
use crate::p1::layout::{Column, Group, Line};
use crate::p1::meaning::DeviceAt;
use crate::p1::obis::{Entry, Obis};
use crate::p1::value::{Timestamp, text};

/// One line with its typed values.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    pub(super) telegram: Telegram<'a>,
    pub(super) line: &'a Line,
}

/// A meter on the M-Bus.
#[derive(Clone, Copy, Debug)]
pub struct Device<'a> {
    pub(super) telegram: Telegram<'a>,
    pub(super) at: &'a DeviceAt,
}

impl<'a> Reading<'a> {
    /// The code as sent.
    pub fn obis(&self) -> Cow<'a, str> {
        text(self.line.place.of(self.telegram.text))
    }

    /// The code.
    pub fn code(&self) -> Obis {
        self.line.code
    }

    /// What the table knows of the code.
    pub fn entry(&self) -> Option<&'static Entry> {
        self.line.entry
    }

    /// The values of all groups, in order.
    pub fn values(&self) -> impl Iterator<Item = Value<'a>> + use<'a> {
        let telegram = self.telegram;
        let items = telegram.shape.layout.items_in(&self.line.items);
        items.iter().map(move |item| telegram.value_of(item))
    }

    /// The units of all values as sent, in order; empty where there is none.
    pub fn units(&self) -> impl Iterator<Item = Cow<'a, str>> + use<'a> {
        let telegram = self.telegram;
        let items = telegram.shape.layout.items_in(&self.line.items);
        items
            .iter()
            .map(move |item| text(item.unit.of(telegram.text)))
    }

    /// The text of each group.
    pub fn raw(&self) -> impl Iterator<Item = Cow<'a, str>> + use<'a> {
        let telegram = self.telegram;
        self.groups()
            .iter()
            .map(move |group| text(group.place.of(telegram.text)))
    }

    /// What each value of a list is, in order; empty for other lines.
    pub fn columns(&self) -> Vec<Option<Column>> {
        let layout = &self.telegram.shape.layout;
        layout.columns(self.line, self.telegram.text)
    }

    fn groups(&self) -> &'a [Group] {
        self.telegram.shape.layout.groups_of(self.line)
    }
}

impl<'a> Device<'a> {
    /// Where its parts stand.
    pub fn at(&self) -> &'a DeviceAt {
        self.at
    }

    /// Equipment identifier.
    pub fn id(&self) -> Option<Cow<'a, str>> {
        self.value(self.at.id).text()
    }

    /// Medium as number.
    pub fn kind(&self) -> Value<'a> {
        self.value(self.at.kind)
    }

    /// Time of the last reading.
    pub fn measured_at(&self) -> Option<Timestamp> {
        match self.value(self.at.time) {
            Value::Time(time) => Some(time),
            _ => None,
        }
    }

    /// Last reading.
    pub fn reading(&self) -> Value<'a> {
        self.value(self.at.reading)
    }

    /// Unit of the last reading as sent.
    pub fn unit(&self) -> Option<Cow<'a, str>> {
        let unit = self
            .at
            .sent_unit(&self.telegram.shape.layout, self.telegram.text);
        (!unit.is_empty()).then(|| text(unit))
    }

    /// Valve or switch position.
    pub fn valve(&self) -> Value<'a> {
        self.value(self.at.valve)
    }

    fn value(&self, item: Option<u32>) -> Value<'a> {
        item.map_or(Value::Empty, |item| self.telegram.value(item))
    }
}
