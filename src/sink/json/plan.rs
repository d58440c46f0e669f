//! What stands in `values`, `devices` and `readings`, planned once for a shape of telegram.
//!
//! ```text
//! ,"values":{"active_energy_import_kwh":  25.653  ,"active_power_import_kw":  0.005  …
//! |---------- constant ----------------| | item | |------- constant -------| | item |
//! |----------------- piece --------------------| |------------- piece -------------|
//! ```
//! Of one meter's telegrams most lines are the same ten seconds later: pieces whose lines did not change are
//! copied from what was written last.

use std::ops::Range;
use std::sync::Arc;

use crate::p1::layout::{Form, Item, Layout, Place};
use crate::p1::telegram::{Shape, Telegram};
use crate::sink::fields::Fields;
use crate::sink::number::{is_clean, write_json, write_json_bytes, write_json_text};

/// The parts of an object from `p1_version` to `issues`, for one shape.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    shape: Arc<Shape>,
    constants: Vec<u8>,
    steps: Vec<Step>,
    pieces: Vec<Piece>,
    last: Written,
    changed: Vec<bool>,
}

/// A run of steps that shows the same few lines.
#[derive(Clone, Debug)]
struct Piece {
    constants: Range<usize>,
    steps: Range<usize>,
    lines: Range<usize>,
}

/// What was written for the last telegram of the shape, and where each piece of it ends.
#[derive(Clone, Debug, Default)]
struct Written {
    text: Vec<u8>,
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

/// Constant bytes up to an offset, then something of the telegram.
#[derive(Clone, Copy, Debug)]
struct Step {
    until: u32,
    then: Then,
}

#[derive(Clone, Copy, Debug)]
enum Then {
    Value(Item, i8),
    /// A text that may need escapes.
    Raw(Place),
    /// A text that never needs escapes: only its digits change.
    Clean(Place),
}

impl Plan {
    /// Plans for all telegrams that have the shape of this one.
    pub(super) fn new(telegram: &Telegram<'_>, fields: Option<&Fields>) -> Self {
        let shape = telegram.shape();
        let mut plan = Self {
            shape: Arc::clone(shape),
            constants: Vec::new(),
            steps: Vec::new(),
            pieces: Vec::new(),
            last: Written::default(),
            changed: Vec::new(),
        };
        plan.say("},\"values\":{");
        plan.values(fields);
        plan.say("},\"devices\":[");
        plan.devices(fields, telegram.text());
        plan.say("],\"readings\":[");
        plan.readings(fields, telegram.text());
        plan.say("]");
        plan.end_piece(0..0);
        plan
    }

    /// The shape it was made for.
    pub(super) fn shape(&self) -> &Arc<Shape> {
        &self.shape
    }

    /// Bytes that are enough for a telegram.
    pub(super) fn size(&self) -> usize {
        self.constants.len() + 2 * self.shape.layout.length()
    }

    /// Appends what the plan says of a telegram of its shape.
    pub(super) fn write(&mut self, out: &mut Vec<u8>, telegram: &Telegram<'_>) {
        self.compare(telegram.text());
        let base = out.len();
        // Pieces that did not change are copied together: `copied..old_end` of the last bytes are still due.
        let mut copied = 0;
        let mut old_end = 0;
        let mut ends = std::mem::take(&mut self.last.ends);
        ends.resize(self.pieces.len(), 0);
        for (piece, end) in self.pieces.iter().zip(&mut ends) {
            let changed = self.changed.get(piece.lines.clone());
            if changed.is_none_or(|lines| lines.contains(&true)) || self.last.bytes.is_empty() {
                out.extend_from_slice(self.last.bytes.get(copied..old_end).unwrap_or_default());
                self.write_piece(piece, out, telegram);
                copied = *end;
            }
            old_end = *end;
            *end = out.len() - base + (old_end - copied);
        }
        out.extend_from_slice(self.last.bytes.get(copied..old_end).unwrap_or_default());
        self.last.ends = ends;
        self.last.bytes.clear();
        self.last
            .bytes
            .extend_from_slice(out.get(base..).unwrap_or_default());
    }

    /// Finds the lines that differ from those of the last telegram.
    fn compare(&mut self, text: &[u8]) {
        let last = &self.last.text;
        let layout = &self.shape.layout;
        self.changed.clear();
        self.changed.extend(layout.lines.iter().map(|line| {
            let end = layout
                .groups_of(line)
                .last()
                .map_or(line.place.end, |group| group.place.end);
            let place = Place {
                start: line.place.start,
                end,
            };
            place.of(last) != place.of(text)
        }));
        self.last.text.clear();
        self.last.text.extend_from_slice(text);
    }

    fn write_piece(&self, piece: &Piece, out: &mut Vec<u8>, telegram: &Telegram<'_>) {
        let mut from = piece.constants.start;
        for step in self.steps.get(piece.steps.clone()).unwrap_or_default() {
            let until = step.until as usize;
            out.extend_from_slice(self.constants.get(from..until).unwrap_or_default());
            from = until;
            match step.then {
                Then::Value(item, shift) => write_json(out, telegram, &item, shift),
                Then::Raw(place) => write_json_bytes(out, place.of(telegram.text())),
                Then::Clean(place) => out.extend_from_slice(place.of(telegram.text())),
            }
        }
        let rest = self.constants.get(from..piece.constants.end);
        out.extend_from_slice(rest.unwrap_or_default());
    }

    /// Ends a piece that shows these lines.
    fn end_piece(&mut self, lines: Range<usize>) {
        let before = self.pieces.last();
        self.pieces.push(Piece {
            constants: before.map_or(0, |piece| piece.constants.end)..self.constants.len(),
            steps: before.map_or(0, |piece| piece.steps.end)..self.steps.len(),
            lines,
        });
    }

    fn values(&mut self, fields: Option<&Fields>) {
        let shape = Arc::clone(&self.shape);
        let mut first = true;
        for value in &shape.meaning.values {
            let line = shape.layout.lines.get(value.line as usize);
            let wanted =
                |fields: &Fields| line.is_some_and(|line| fields.wants(line, Some(&value.key)));
            if !fields.is_none_or(wanted) {
                continue;
            }
            self.separate(&mut first);
            self.string(&value.key);
            self.say(":");
            self.item(Some(value.item), value.shift);
            self.end_piece(value.line as usize..value.line as usize + 1);
        }
    }

    fn devices(&mut self, fields: Option<&Fields>, text: &[u8]) {
        let shape = Arc::clone(&self.shape);
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
            if !fields.is_none_or(wanted) {
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
                    write_json_bytes(&mut self.constants, reading.unit.of(text));
                }
                _ => self.say("null"),
            }
            self.say(",\"valve\":");
            self.item(device.valve, 0);
            self.say("}");
            let items = [
                device.kind,
                device.id,
                device.time,
                device.reading,
                device.unit,
                device.valve,
            ];
            self.end_piece(lines_of(&shape.layout, &items));
        }
    }

    fn readings(&mut self, fields: Option<&Fields>, text: &[u8]) {
        let shape = Arc::clone(&self.shape);
        let layout = &shape.layout;
        let mut first = true;
        for (index, line) in (0u32..).zip(&layout.lines) {
            let key = shape
                .meaning
                .values
                .iter()
                .find(|value| value.line == index);
            let wanted = |fields: &Fields| fields.wants(line, key.map(|value| &*value.key));
            if !fields.is_none_or(wanted) {
                continue;
            }
            self.separate(&mut first);
            self.say("{\"obis\":");
            write_json_bytes(&mut self.constants, line.place.of(text));
            self.say(",\"name\":");
            match line.entry {
                Some(entry) => self.string(entry.name),
                None => self.say("null"),
            }
            let items = layout.items_in(&line.items);
            self.say(",\"value\":");
            self.list(items, items.len() != 1, |plan, item| {
                plan.step(Then::Value(*item, 0))
            });
            self.say(",\"unit\":");
            self.units(items, text);
            self.say(",\"raw\":");
            self.list(layout.groups_of(line), true, |plan, group| {
                let safe = |item: &Item| item.form != Form::Text;
                if layout.items_in(&group.items).iter().all(safe) && is_clean(group.place.of(text))
                {
                    plan.say("\"");
                    plan.step(Then::Clean(group.place));
                    plan.say("\"");
                } else {
                    plan.step(Then::Raw(group.place));
                }
            });
            self.say("}");
            self.end_piece(index as usize..index as usize + 1);
        }
    }

    /// One unit where all values that have one have the same; null without; else one for each value.
    fn units(&mut self, items: &[Item], text: &[u8]) {
        let shape = Arc::clone(&self.shape);
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
            (Some(unit), _) => write_json_bytes(&mut self.constants, unit.of(text)),
            (None, None) => self.say("null"),
            (None, Some(first)) => {
                // The layout keeps units as they are, so what holds for this text holds for the next.
                let same = with_unit.all(|item| item.unit.of(text) == first.unit.of(text));
                if same {
                    write_json_bytes(&mut self.constants, first.unit.of(text));
                } else {
                    self.list(items, true, |plan, item| {
                        if sent(&item) {
                            write_json_bytes(&mut plan.constants, item.unit.of(text));
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
        let item = index.and_then(|index| self.shape.layout.items.get(index as usize).copied());
        match item {
            Some(item) => self.step(Then::Value(item, shift)),
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
        write_json_text(&mut self.constants, text);
    }

    fn say(&mut self, text: &str) {
        self.constants.extend_from_slice(text.as_bytes());
    }

    fn step(&mut self, then: Then) {
        self.steps.push(Step {
            until: self.constants.len() as u32,
            then,
        });
    }
}

/// The lines from the first to the last on which one of the items stands.
fn lines_of(layout: &Layout, items: &[Option<u32>]) -> Range<usize> {
    let line_of = |item: u32| layout.lines.partition_point(|line| line.items.end <= item);
    let lines = items.iter().flatten().map(|&item| line_of(item));
    let (first, last) = lines.fold((usize::MAX, 0), |(first, last), line| {
        (first.min(line), last.max(line + 1))
    });
    first.min(last)..last
}
