//! What stands from `p1_version` to `issues`, and values alone, planned once for a shape of telegram.

use super::parts::{write_integer, write_text_or_null};
use crate::format::incremental::{Rendering, Template};
use crate::format::number::{is_clean, part_of, write_json, write_json_bytes, write_json_text};
use crate::observe::fields::Fields;
use crate::p1::layout::{Form, Item, TextRange};
use crate::p1::push::UnitFrom;
use crate::p1::telegram::Telegram;

/// What depends on the shape of a telegram, for one shape.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    template: Template<Then>,
    /// Where the units come from, for a push.
    units: Vec<UnitFrom>,
}

/// Something of the telegram.
#[derive(Clone, Copy, Debug)]
enum Then {
    Value(Item, i8),
    /// The version of the standard.
    Version,
    /// A text that may need escapes.
    Raw(TextRange),
    /// A text that never needs escapes: only its digits change.
    Clean(TextRange),
    /// One of the issues that there can be, with a comma behind it.
    Issue(u32),
}

impl Plan {
    /// Plans for all telegrams that have the shape of this one.
    pub(super) fn new(
        telegram: &Telegram<'_>,
        fields: Option<&Fields>,
        units: &[UnitFrom],
    ) -> Self {
        let mut planner = Planner {
            telegram: *telegram,
            draft: Rendering::new(telegram.text()),
            fields,
            units,
        };
        planner.say(",\"p1_version\":");
        planner.version();
        planner.say("},\"values\":{");
        planner.values(true);
        planner.say("},\"devices\":[");
        planner.devices();
        planner.say("],\"readings\":[");
        planner.readings();
        planner.say("],\"issues\":[");
        planner.issues();
        Self {
            template: planner.draft.finish(),
            units: units.to_vec(),
        }
    }

    /// Plans the values alone, each with a comma before it.
    pub(super) fn flat(telegram: &Telegram<'_>, fields: Option<&Fields>) -> Self {
        let mut planner = Planner {
            telegram: *telegram,
            draft: Rendering::new(telegram.text()),
            fields,
            units: &[],
        };
        planner.values(false);
        Self {
            template: planner.draft.finish(),
            units: Vec::new(),
        }
    }

    /// Tells whether it was made for units that come from there.
    pub(super) fn is_for(&self, units: &[UnitFrom]) -> bool {
        self.units == units
    }

    /// Appends what the plan says of a telegram of its shape.
    pub(super) fn write(&mut self, out: &mut Vec<u8>, telegram: &Telegram<'_>) {
        let text = telegram.text();
        let bytes = self.template.show(
            text,
            |then| then.part(text),
            |out, then| then.write(out, telegram),
        );
        out.extend_from_slice(bytes.strip_suffix(b",").unwrap_or(bytes));
        out.push(b']');
    }

    /// Appends the values of a telegram of its shape, each with a comma before it.
    pub(super) fn write_flat(&mut self, out: &mut Vec<u8>, telegram: &Telegram<'_>) {
        let text = telegram.text();
        out.extend_from_slice(self.template.show(
            text,
            |then| then.part(text),
            |out, then| then.write(out, telegram),
        ));
    }
}

impl Then {
    /// What is written, where it is a part of the text.
    fn part<'t>(&self, text: &'t [u8]) -> Option<&'t [u8]> {
        match self {
            Self::Value(item, shift) => part_of(text, item, *shift),
            Self::Clean(place) => Some(place.of(text)),
            Self::Version | Self::Raw(_) | Self::Issue(_) => None,
        }
    }

    fn write(&self, out: &mut Vec<u8>, telegram: &Telegram<'_>) {
        match self {
            Self::Value(item, shift) => write_json(out, telegram, item, *shift),
            Self::Version => write_text_or_null(out, telegram.p1_version().as_deref()),
            Self::Raw(place) => write_json_bytes(out, place.of(telegram.text())),
            Self::Clean(place) => out.extend_from_slice(place.of(telegram.text())),
            Self::Issue(index) => {
                if let Some(issue) = telegram.issue(*index as usize) {
                    out.extend_from_slice(b"{\"code\":\"");
                    out.extend_from_slice(issue.code().as_bytes());
                    out.extend_from_slice(b"\",\"obis\":");
                    write_text_or_null(out, issue.obis().as_deref());
                    out.extend_from_slice(b",\"offset\":");
                    write_integer(out, u64::from(issue.offset()));
                    out.extend_from_slice(b",\"message\":");
                    write_json_text(out, &issue.to_string());
                    out.extend_from_slice(b"},");
                }
            }
        }
    }
}

/// Writes the plan while the first telegram is written.
struct Planner<'a> {
    telegram: Telegram<'a>,
    draft: Rendering<Then>,
    fields: Option<&'a Fields>,
    units: &'a [UnitFrom],
}

impl<'a> Planner<'a> {
    fn version(&mut self) {
        let layout = &self.telegram.shape().layout;
        let version = self.telegram.shape().meaning.version;
        match version.and_then(|version| layout.items.get(version as usize)) {
            Some(item) => self.step(item.value, Then::Version),
            None => self.say("null"),
        }
    }

    fn issues(&mut self) {
        let layout = &self.telegram.shape().layout;
        let times = layout.times.iter();
        let times = times.filter_map(|&(_, item)| layout.items.get(item as usize));
        let places = layout.faults.iter().map(|fault| fault.place);
        let places = places.chain(times.map(|item| item.value));
        for (index, place) in (0u32..).zip(places) {
            self.step(place, Then::Issue(index));
        }
    }

    /// The values; the first one without a comma before it where it is the first of its object.
    fn values(&mut self, mut first: bool) {
        let shape = self.telegram.shape();
        for value in &shape.meaning.values {
            let line = shape.layout.lines.get(value.line as usize);
            let wanted =
                |fields: &Fields| line.is_some_and(|line| fields.wants(line, Some(&value.key)));
            if !self.fields.is_none_or(wanted) {
                continue;
            }
            self.separate(&mut first);
            self.string(&value.key);
            self.say(":");
            self.item(Some(value.item), value.shift);
        }
    }

    fn devices(&mut self) {
        let (shape, text) = (self.telegram.shape(), self.telegram.text());
        let mut first = true;
        for device in &shape.meaning.devices {
            let line = device
                .line
                .and_then(|line| shape.layout.lines.get(line as usize));
            let key = shape
                .meaning
                .values
                .iter()
                .find(|v| Some(v.item) == device.reading);
            let wanted = |fields: &Fields| {
                line.is_some_and(|line| fields.wants(line, key.map(|value| &*value.key)))
            };
            if !self.fields.is_none_or(wanted) {
                continue;
            }
            self.separate(&mut first);
            self.say(&format!("{{\"channel\":{},\"type\":", device.channel));
            self.item(device.kind, 0);
            self.say(",\"medium\":");
            match device.medium {
                Some(medium) => self.string(medium),
                None => self.say("null"),
            }
            self.say(",\"id\":");
            self.item(device.id, 0);
            self.say(",\"measured_at\":");
            self.item(device.time, 0);
            self.say(",\"value\":");
            self.item(device.reading, 0);
            self.say(",\"unit\":");
            let item = |index: u32| shape.layout.items.get(index as usize);
            match (device.unit, device.reading.and_then(item)) {
                (Some(unit), _) => self.item(Some(unit), 0),
                (None, Some(reading)) if reading.unit.start < reading.unit.end => {
                    write_json_bytes(self.draft.constant(), reading.unit.of(text));
                }
                _ => self.say("null"),
            }
            self.say(",\"valve\":");
            self.item(device.valve, 0);
            self.say("}");
        }
    }

    fn readings(&mut self) {
        let (shape, text) = (self.telegram.shape(), self.telegram.text());
        let layout = &shape.layout;
        let mut first = true;
        for (index, line) in (0u32..).zip(&layout.lines) {
            let key = shape
                .meaning
                .values
                .iter()
                .find(|value| value.line == index);
            let wanted = |fields: &Fields| fields.wants(line, key.map(|value| &*value.key));
            if !self.fields.is_none_or(wanted) {
                continue;
            }
            self.separate(&mut first);
            self.say("{\"obis\":");
            write_json_bytes(self.draft.constant(), line.place.of(text));
            self.say(",\"name\":");
            match line.entry {
                Some(entry) => self.string(entry.name),
                None => self.say("null"),
            }
            let items = layout.items_in(&line.items);
            self.say(",\"value\":");
            self.list(items, items.len() != 1, |plan, item| {
                plan.step(item.value, Then::Value(*item, 0))
            });
            self.say(",\"unit\":");
            self.units(items, text);
            self.say(",\"raw\":");
            self.list(layout.groups_of(line), true, |plan, group| {
                let safe = |item: &Item| item.form != Form::Text;
                if layout.items_in(&group.items).iter().all(safe) && is_clean(group.place.of(text))
                {
                    plan.say("\"");
                    plan.step(group.place, Then::Clean(group.place));
                    plan.say("\"");
                } else {
                    plan.step(group.place, Then::Raw(group.place));
                }
            });
            let columns = layout.columns(line, text);
            if columns.iter().any(Option::is_some) {
                self.say(",\"columns\":");
                self.list(&columns, true, |plan, column| match column {
                    Some(column) => plan.string(column.name),
                    None => plan.say("null"),
                });
            }
            if let Some(from) = self.units.get(index as usize) {
                self.say(",\"unit_from\":");
                match from.word() {
                    Some(word) => self.string(word),
                    None => self.say("null"),
                }
            }
            self.say("}");
        }
    }

    /// One unit where all values that have one have the same; null without; else one for each value.
    fn units(&mut self, items: &[Item], text: &[u8]) {
        let shape = self.telegram.shape();
        let sent = |item: &&Item| item.unit.start < item.unit.end;
        let old_style = shape.meaning.devices.iter().find_map(|device| {
            let unit = shape.layout.items.get(device.unit? as usize)?;
            items
                .iter()
                .any(|item| item.value == unit.value)
                .then_some(unit.value)
        });
        let mut with_unit = items.iter().filter(sent);
        match (old_style, with_unit.next()) {
            (Some(unit), _) => write_json_bytes(self.draft.constant(), unit.of(text)),
            (None, None) => self.say("null"),
            (None, Some(first)) => {
                // The layout keeps units as they are, so what holds for this text holds for the next.
                let same = with_unit.all(|item| item.unit.of(text) == first.unit.of(text));
                if same {
                    write_json_bytes(self.draft.constant(), first.unit.of(text));
                } else {
                    self.list(items, true, |plan, item| {
                        if sent(&item) {
                            write_json_bytes(plan.draft.constant(), item.unit.of(text));
                        } else {
                            plan.say("null");
                        }
                    });
                }
            }
        }
    }

    fn list<T>(&mut self, parts: &[T], brackets: bool, mut write: impl FnMut(&mut Self, &T)) {
        if brackets {
            self.say("[");
        }
        let mut first = true;
        for part in parts {
            self.separate(&mut first);
            write(self, part);
        }
        if brackets {
            self.say("]");
        }
    }

    fn item(&mut self, index: Option<u32>, shift: i8) {
        let items = &self.telegram.shape().layout.items;
        match index.and_then(|index| items.get(index as usize)) {
            Some(item) => self.step(item.value, Then::Value(*item, shift)),
            None => self.say("null"),
        }
    }

    fn separate(&mut self, first: &mut bool) {
        if !*first {
            self.say(",");
        }
        *first = false;
    }

    fn string(&mut self, text: &str) {
        write_json_text(self.draft.constant(), text);
    }

    fn say(&mut self, text: &str) {
        self.draft.constant().extend_from_slice(text.as_bytes());
    }

    fn step(&mut self, place: TextRange, then: Then) {
        let telegram = &self.telegram;
        self.draft
            .step(place, then, |out, then| then.write(out, telegram));
    }
}
