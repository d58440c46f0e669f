//! From a telegram to the rows of its table.

use std::collections::BTreeSet;

use super::marks::{Origin, Text, has_mark};
use super::mbus::{DeviceRow, belongs, channel, is_connected};
use super::words::{Sent, has_states, printed_unit, spell, state};
use crate::format::clean::clean;
use crate::p1::layout::Column;
use crate::p1::obis::{Entry, Kind, Obis, Section, lookup};
use crate::p1::telegram::{Device, Reading, Telegram, Value};

/// All that is printed of a telegram below its head, in order of print.
pub(super) struct Sheet {
    pub parts: Vec<Part>,
}

/// What stands under one title.
pub(super) struct Part {
    pub section: Section,
    pub rows: Vec<Row>,
    pub phases: Vec<Phases>,
    pub devices: Vec<DeviceRow>,
    /// Codes or channels with nothing in them.
    pub silent: Vec<String>,
}

/// One line: a code, what it is, and its value.
pub(super) struct Row {
    pub code: String,
    pub words: String,
    pub shown: Shown,
}

/// How a value is printed.
pub(super) enum Shown {
    /// Digits, aligned at the point, and what stands behind them.
    Figure { digits: Text, unit: String },
    /// A text, wrapped where it is long.
    Text(Text),
    /// A remark in place of a value.
    Remark(&'static str),
}

/// One quantity of the three phases.
pub(super) struct Phases {
    pub codes: [Option<Obis>; 3],
    pub words: &'static str,
    pub digits: [Text; 3],
    pub unit: String,
    /// The same as rows, for meters of one phase and for narrow terminals.
    pub rows: Vec<Row>,
}

/// The sections in order of print: the meter itself is in the head, so the rest of it comes last.
pub(super) const ORDER: [Section; 9] = [
    Section::Energy,
    Section::Power,
    Section::Phases,
    Section::Quality,
    Section::Limits,
    Section::Mbus,
    Section::Text,
    Section::Other,
    Section::Meter,
];

impl Sheet {
    /// Sorts the lines of a telegram into sections; `wanted` tells which lines to print.
    pub fn of(telegram: &Telegram<'_>, wanted: impl Fn(usize) -> bool) -> Self {
        let mut parts = ORDER.map(Part::new);
        let lines = &telegram.shape().layout.lines;
        let mut channels = BTreeSet::new();
        let mut shown_twice = Vec::new();
        for (index, (line, reading)) in lines.iter().zip(telegram.readings()).enumerate() {
            if !wanted(index) {
                continue;
            }
            let section = reading
                .entry()
                .map_or(Section::Other, |entry| entry.section);
            let Some(part) = parts.iter_mut().find(|part| part.section == section) else {
                continue;
            };
            let device = telegram
                .devices()
                .find(|device| belongs(line, index, device.at()));
            match device {
                Some(device) => {
                    channels.insert(device.at().channel);
                    // The row of the device has room for one reading.
                    if let Some(heads) = telegram.shape().layout.heads(line)
                        && line.items.end > heads.end + 1
                    {
                        part.take(&reading, None);
                        shown_twice.push(line.items.clone());
                    }
                }
                None => part.take(&reading, Some(line.items.start)),
            }
        }
        for part in &mut parts {
            part.settle();
            if part.section == Section::Mbus {
                let chosen = |device: &Device<'_>| channels.contains(&device.at().channel);
                let (connected, silent): (Vec<_>, Vec<_>) =
                    telegram.devices().filter(chosen).partition(is_connected);
                let twice = |item: u32| shown_twice.iter().any(|items| items.contains(&item));
                let devices = connected.iter();
                part.devices = devices.map(|device| DeviceRow::of(device, twice)).collect();
                part.silent = silent.iter().map(channel).collect();
            }
        }
        let parts = parts.into_iter().filter(|part| !part.is_empty()).collect();
        Self { parts }
    }

    /// The texts that are drawn, some of them in one of two ways.
    pub fn texts(&self) -> impl Iterator<Item = &Text> {
        self.parts.iter().flat_map(|part| {
            let folded = part.phases.iter();
            let folded = folded.flat_map(|phases| phases.digits.iter().chain(texts(&phases.rows)));
            let devices = part.devices.iter();
            let devices = devices.flat_map(|device| [&device.digits, &device.time, &device.id]);
            texts(&part.rows).chain(folded).chain(devices)
        })
    }

    /// The columns of numbers: rows share one, phases and devices have theirs.
    pub fn columns(&self) -> impl Iterator<Item = Vec<&Text>> {
        let rows = self.parts.iter().flat_map(|part| &part.rows);
        let figures = rows.filter_map(|row| match &row.shown {
            Shown::Figure { digits, .. } => Some(digits),
            Shown::Text(_) | Shown::Remark(_) => None,
        });
        let parts = self.parts.iter().flat_map(|part| {
            let phases = part.phases.iter().flat_map(|phases| &phases.digits);
            let devices = part.devices.iter().map(|device| &device.digits);
            [phases.collect(), devices.collect()]
        });
        std::iter::once(figures.collect()).chain(parts)
    }

    /// Tells whether something of it looks like the mark of a value.
    pub fn has_marks(&self) -> bool {
        self.parts.iter().any(|part| {
            let folded = part.phases.iter().flat_map(|phases| &phases.rows);
            let rows = part.rows.iter().chain(folded).flat_map(Row::strings);
            let devices = part.devices.iter().flat_map(DeviceRow::strings);
            let silent = part.silent.iter().map(String::as_str);
            rows.chain(devices).chain(silent).any(has_mark)
        })
    }
}

impl Row {
    fn strings(&self) -> [&str; 4] {
        let [shown, unit] = match &self.shown {
            Shown::Figure { digits, unit } => [&digits.shown, unit.as_str()],
            Shown::Text(text) => [text.shown.as_str(), ""],
            Shown::Remark(remark) => [*remark, ""],
        };
        [&self.code, &self.words, shown, unit]
    }
}

impl Part {
    /// A part with nothing in it.
    pub fn new(section: Section) -> Self {
        Self {
            section,
            rows: Vec::new(),
            phases: Vec::new(),
            devices: Vec::new(),
            silent: Vec::new(),
        }
    }

    /// Tells whether there is nothing to print.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
            && self.phases.is_empty()
            && self.devices.is_empty()
            && self.silent.is_empty()
    }

    /// Takes a line; its items begin at `first`, if what it shows of them is shown nowhere else.
    fn take(&mut self, reading: &Reading<'_>, first: Option<u32>) {
        let code = clean(&reading.obis());
        let Some(entry) = reading.entry() else {
            let raw: Vec<_> = reading.raw().collect();
            let text = match raw.as_slice() {
                [one] => one.clone().into_owned(),
                several => several.iter().map(|raw| format!("({raw})")).collect(),
            };
            return self.push(code, "unknown code", Shown::Text(Text::mixed(clean(&text))));
        };
        let values: Vec<_> = reading.values().zip(reading.units()).collect();
        if values.iter().all(|(value, _)| *value == Value::Empty) {
            match self.section {
                Section::Text => self.silent.push(code),
                _ => self.push(code, entry.words, Shown::Remark("empty")),
            }
            return;
        }
        let before = self.rows.len();
        match entry.kind {
            Kind::Mbus if reading.columns().iter().any(Option::is_some) => {
                self.intervals(code, &values, &reading.columns());
            }
            Kind::Timed | Kind::Mbus => self.timed(code, entry, &values, first),
            Kind::Log => self.log(code, entry, &values, &reading.columns()),
            _ => {
                let mut head = (code, entry.words);
                for ((value, unit), index) in values.iter().zip(0..) {
                    let item = first.map(|first| first + index);
                    self.value(head.0, head.1, value, unit, item);
                    head = (String::new(), "");
                }
            }
        }
        if let [(Value::Number(_), _)] = values[..]
            && self.rows.len() == before + 1
        {
            self.fold(reading.code(), entry);
        }
    }

    /// Moves the last row to the phases, where it is one of three.
    fn fold(&mut self, code: Obis, entry: &'static Entry) {
        let Some((phase, words)) = phase(entry) else {
            return;
        };
        let Some(row) = self.rows.pop() else { return };
        let Shown::Figure { digits, unit } = &row.shown else {
            return self.rows.push(row);
        };
        let same = |known: &&mut Phases| known.words == words && known.unit == *unit;
        let known = match self.phases.iter_mut().find(same) {
            Some(known) => known,
            None => {
                self.phases.push(Phases {
                    codes: [None; 3],
                    words,
                    digits: Default::default(),
                    unit: unit.clone(),
                    rows: Vec::new(),
                });
                let Some(last) = self.phases.last_mut() else {
                    return;
                };
                last
            }
        };
        match (known.codes.get_mut(phase), known.digits.get_mut(phase)) {
            (Some(slot @ None), Some(place)) => {
                *slot = Some(code);
                *place = digits.clone();
                known.rows.push(row);
            }
            _ => self.rows.push(row),
        }
    }

    /// Takes the phases back as rows where there is only one phase.
    pub fn settle(&mut self) {
        if self.phases.iter().all(|phases| phases.rows.len() < 2) {
            let phases = std::mem::take(&mut self.phases);
            self.rows
                .extend(phases.into_iter().flat_map(|phases| phases.rows));
        }
    }

    /// A number, and the time it belongs to below.
    fn timed(
        &mut self,
        code: String,
        entry: &'static Entry,
        values: &[(Value<'_>, Sent<'_>)],
        first: Option<u32>,
    ) {
        let is_time = |value: &Value<'_>| matches!(value, Value::Time(_) | Value::NoTime);
        let number = |((value, _), _): &(&(Value<'_>, _), u32)| matches!(value, Value::Number(_));
        match values.iter().zip(0..).find(number) {
            Some(((value, unit), index)) => {
                let item = first.map(|first| first + index);
                self.value(code, entry.words, value, unit, item);
            }
            None => self.push(code, entry.words, Shown::NOTHING),
        }
        for (time, _) in values.iter().filter(|(value, _)| is_time(value)) {
            self.push(String::new(), &format!("  {}", spell(time)), Shown::NOTHING);
        }
    }

    /// A reading of DSMR 2.2 and 3.0: its values, the time of the first, and what is said of them.
    fn intervals(
        &mut self,
        mut code: String,
        values: &[(Value<'_>, Sent<'_>)],
        columns: &[Option<Column>],
    ) {
        let named = || values.iter().zip(columns);
        let last = values
            .iter()
            .rposition(|(value, _)| listed(value).is_some());
        let heads = last.unwrap_or_default();
        let unit = match values.get(heads + 1) {
            Some((Value::Text(unit), _)) => unit.as_ref(),
            _ => "",
        };
        for ((value, _), column) in named().skip(heads) {
            if let Some(column) = column {
                self.value(std::mem::take(&mut code), column.words, value, unit, None);
            }
        }
        for ((value, _), column) in named().take(heads) {
            match (value, column) {
                (Value::Time(_) | Value::NoTime, _) => {
                    self.push(
                        String::new(),
                        &format!("  {}", spell(value)),
                        Shown::NOTHING,
                    );
                }
                (_, Some(column)) => {
                    self.value(
                        String::new(),
                        &format!("  {}", column.words),
                        value,
                        "",
                        None,
                    );
                }
                _ => {}
            }
        }
    }

    /// A list: its count if it has one, then a row a value, with the time that goes before it.
    fn log(
        &mut self,
        code: String,
        entry: &'static Entry,
        values: &[(Value<'_>, Sent<'_>)],
        columns: &[Option<Column>],
    ) {
        // Where the order is fixed, each value has a name of its own.
        let named = |at: usize| match columns {
            [None, Some(_), ..] => columns.get(at).copied().flatten(),
            _ => None,
        };
        let before = values.len();
        let rest = match values {
            [(count @ Value::Number(_), unit), rest @ ..] if unit.is_empty() => {
                self.value(code, entry.words, count, unit, None);
                rest
            }
            _ => {
                self.push(code, entry.words, Shown::NOTHING);
                values
            }
        };
        let mut words = String::new();
        let mut column = None;
        let skipped = before - rest.len();
        for (at, (value, unit)) in rest.iter().enumerate() {
            match value {
                Value::Empty => {}
                Value::Time(_) | Value::NoTime => {
                    if !words.is_empty() {
                        self.push(String::new(), &words, Shown::NOTHING);
                    }
                    words = format!("  {}", spell(value));
                }
                Value::Number(_) | Value::Text(_) => match listed(value) {
                    Some(code) if column == Some(code) => {}
                    Some(code) => {
                        column = Some(code);
                        let words = lookup(code).map_or("", |entry| entry.words);
                        self.push(code.to_string(), words, Shown::NOTHING);
                    }
                    None => match named(skipped + at) {
                        Some(entry) => {
                            if !words.is_empty() {
                                let words = std::mem::take(&mut words);
                                self.push(String::new(), &words, Shown::NOTHING);
                            }
                            self.value(String::new(), entry.words, value, unit, None);
                        }
                        None => {
                            let words = std::mem::take(&mut words);
                            self.value(String::new(), &words, value, unit, None);
                        }
                    },
                },
            }
        }
        if !words.is_empty() {
            self.push(String::new(), &words, Shown::NOTHING);
        }
    }

    /// A value; `item` is its place, where what is shown here of it is all.
    fn value(
        &mut self,
        code: String,
        words: &str,
        value: &Value<'_>,
        unit: &str,
        item: Option<u32>,
    ) {
        let text = spell(value);
        let number = match value {
            Value::Number(_) => true,
            // Tariffs are sent as text: `0002`.
            _ => self.section == Section::Energy && text.bytes().all(|b| b.is_ascii_digit()),
        };
        let (words, shown) = match value {
            Value::Empty => (words, Shown::Remark("empty")),
            Value::NoTime => (words, Shown::Remark("not set")),
            _ if number && text.len() <= FIGURE_MAX => {
                let origin = |digits: &str| match value {
                    Value::Number(_) if !has_states(words) => Origin::number(item?, digits),
                    _ => None,
                };
                let digits = Text::of(text, origin);
                let (words, unit) = match state(words, &digits.shown) {
                    Some((words, state)) => (words, state.to_owned()),
                    None => (words, printed_unit(unit)),
                };
                (words, Shown::Figure { digits, unit })
            }
            _ if unit.is_empty() => {
                let origin = |text: &str| match value {
                    Value::Time(_) => item.map(Origin::Time),
                    // With other digits it may be a tariff.
                    Value::Text(_) if self.section != Section::Energy => Origin::word(item?, text),
                    _ => None,
                };
                (words, Shown::Text(Text::of(text, origin)))
            }
            _ => {
                let text = format!("{text} {}", printed_unit(unit));
                (words, Shown::Text(Text::mixed(text)))
            }
        };
        self.push(code, words, shown);
    }

    fn push(&mut self, code: String, words: &str, shown: Shown) {
        self.rows.push(Row {
            code,
            words: words.to_owned(),
            shown,
        });
    }
}

impl Shown {
    const NOTHING: Self = Self::Remark("");
}

fn texts(rows: &[Row]) -> impl Iterator<Item = &Text> {
    rows.iter().filter_map(|row| match &row.shown {
        Shown::Figure { digits, .. } => Some(digits),
        Shown::Text(text) => Some(text),
        Shown::Remark(_) => None,
    })
}

/// The code that a list names as what it holds.
fn listed(value: &Value<'_>) -> Option<Obis> {
    match value {
        Value::Text(text) if text.contains(':') => Obis::parse(text.as_bytes()),
        _ => None,
    }
}

/// Index of the phase, and what is measured: 0 and `voltage` of `voltage L1`.
fn phase(entry: &'static Entry) -> Option<(usize, &'static str)> {
    [("_l1", " L1"), ("_l2", " L2"), ("_l3", " L3")]
        .iter()
        .position(|(name, words)| entry.name.ends_with(name) && entry.words.ends_with(words))
        .and_then(|phase| Some((phase, entry.words.get(..entry.words.len() - 3)?)))
}

/// Longest number that is put in a column, in digits.
pub(super) const FIGURE_MAX: usize = 20;
