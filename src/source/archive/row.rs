//! A row, and the telegram that is made of it.

use jiff::Timestamp;
use serde::Serialize;

use super::{Cells, Holds};
use crate::p1::obis::{self, Kind, Obis};
use crate::p1::readout::crc16;
use crate::p1::unit::Unit;
use crate::p1::value::{Decimal, Number, Zone};
use crate::source::rebuilt::{Reading, Rebuilt, is_plain, kind};

/// What the columns say of a telegram.
#[derive(Default)]
pub struct Row<'a> {
    measured_at: Option<Timestamp>,
    received_at: Option<Timestamp>,
    meter: Option<&'a str>,
    name: Option<&'a str>,
    label: Option<&'a str>,
    tag: Option<&'a str>,
    header: Option<&'a str>,
    wrong_crc: bool,
    numbers: Vec<(&'a str, Decimal)>,
    texts: Vec<(&'a str, &'a str)>,
    other_keys: &'a [String],
    other_values: &'a [String],
}

#[derive(Serialize)]
struct Line<'a> {
    schema: &'static str,
    r#type: &'static str,
    received_at: Option<String>,
    source: Source<'a>,
    security: Option<Security<'a>>,
    telegram: Telegram<'a>,
    meter: Meter<'a>,
    readings: &'a [Reading],
}

#[derive(Serialize)]
struct Source<'a> {
    label: Option<&'a str>,
}

#[derive(Serialize)]
struct Security<'a> {
    tag: &'a str,
}

#[derive(Serialize)]
struct Telegram<'a> {
    header: &'a str,
    crc: Option<Crc>,
}

#[derive(Serialize)]
struct Crc {
    received: String,
    valid: bool,
}

#[derive(Serialize)]
struct Meter<'a> {
    id: Option<&'a str>,
    name: Option<&'a str>,
}

impl<'a> Row<'a> {
    /// Takes the cell of a column.
    pub fn take(&mut self, holds: &'a Holds, cells: &'a Cells, row: usize) {
        let time = || Timestamp::from_microsecond(cells.integer(row)?).ok();
        match holds {
            Holds::MeasuredAt => self.measured_at = time(),
            Holds::ReceivedAt => self.received_at = time(),
            Holds::Meter => self.meter = cells.text(row),
            Holds::MeterName => self.name = cells.text(row),
            Holds::Label => self.label = cells.text(row),
            Holds::Tag => self.tag = cells.text(row),
            Holds::Header => self.header = cells.text(row),
            Holds::CrcValid => self.wrong_crc = cells.flag(row) == Some(false),
            Holds::Value { key, scale, sent } => {
                if let Some(digits) = cells.integer(row) {
                    self.numbers.push((
                        key,
                        Decimal::new(digits, *scale).trimmed(sent.unwrap_or_default()),
                    ));
                } else if let Some(text) = cells.text(row) {
                    self.texts.push((key, text));
                }
            }
            Holds::OtherKeys => self.other_keys = cells.list(row),
            Holds::OtherValues => self.other_values = cells.list(row),
        }
    }

    /// Tells whether a line that stands in the map has a number.
    fn is_among_others(&self, number: Decimal) -> bool {
        let is = |word: &str| {
            let found = Number::parse(word.as_bytes()).and_then(Number::decimal);
            found.is_some_and(|found| found.trimmed(0) == number.trimmed(0))
        };
        let mut lines = self.other_values.iter();
        lines.any(|value| value.split(' ').any(is))
    }

    /// Writes the telegram as a line of JSON.
    pub fn write(&self, out: &mut Vec<u8>, zone: &Zone) {
        let mut rebuilt = Rebuilt::new(self.header.unwrap_or_default());
        if let Some(at) = self.measured_at {
            rebuilt.line(CLOCK, vec![zone.written(at)]);
        }
        if let Some(meter) = self.meter {
            rebuilt.name(meter);
        }
        for (key, number) in &self.numbers {
            let is_there = match kind(key) {
                // Readings of the M-Bus stand with their times among the others.
                Some(Kind::Mbus) => self.is_among_others(*number),
                Some(_) => false,
                None => true,
            };
            if !is_there {
                rebuilt.number(key, &number.to_string());
            }
        }
        for (key, text) in &self.texts {
            rebuilt.put(key, text);
        }
        for (key, value) in self.other_keys.iter().zip(self.other_values) {
            other(&mut rebuilt, key, value, zone);
        }
        let crc = self.wrong_crc.then(|| {
            // One that cannot be right.
            let text = rebuilt.text();
            let begin = text.get(..text.len() - 2).unwrap_or_default();
            Crc {
                received: format!("{:04X}", !crc16(begin)),
                valid: false,
            }
        });
        let line = Line {
            schema: "smarty/1",
            r#type: "telegram",
            received_at: self.received_at.map(|at| at.to_string()),
            source: Source { label: self.label },
            security: self.tag.map(|tag| Security { tag }),
            telegram: Telegram {
                header: rebuilt.header(),
                crc,
            },
            meter: Meter {
                id: self.meter,
                name: self.name,
            },
            readings: rebuilt.lines(),
        };
        // Writing into memory cannot fail.
        drop(serde_json::to_writer(&mut *out, &line));
        out.push(b'\n');
    }
}

/// Adds a line that stands in the map: what was between its parentheses, with blanks between.
fn other(rebuilt: &mut Rebuilt, key: &str, value: &str, zone: &Zone) {
    // A second line of the same code.
    let code = key.split('#').next().unwrap_or_default();
    let Some(parsed) = Obis::parse(code.as_bytes()) else {
        return;
    };
    let entry = obis::lookup(parsed);
    if entry.is_some_and(|entry| entry.kind == Kind::OctetText) {
        return rebuilt.line(code, vec![hex::encode_upper(value)]);
    }
    if !is_plain(value) {
        return;
    }
    let is_number = entry.is_some_and(|entry| {
        matches!(
            entry.kind,
            Kind::Number | Kind::Timed | Kind::Mbus | Kind::Log
        )
    });
    if !is_number {
        return rebuilt.line(code, vec![value.to_owned()]);
    }
    let groups = groups(value, zone);
    if (parsed.c, parsed.d) == OLD_READING {
        // Its value stood in a line of its own, its unit among the groups.
        let words: Vec<&str> = value.split(' ').collect();
        let unit = words
            .iter()
            .find(|word| Unit::of_sent(word.as_bytes()).is_some());
        let number = words
            .iter()
            .rfind(|word| Number::parse(word.as_bytes()).is_some());
        if let (Some(time), Some(unit), Some(number)) = (groups.first(), unit, number) {
            let reading = vec![time.clone(), format!("{number}*{unit}")];
            return rebuilt.line(&format!("0-{}:24.2.1", parsed.channel()), reading);
        }
    }
    rebuilt.line(code, groups);
}

/// Words between blanks as groups: times as meters write them, numbers with the units behind them.
fn groups(value: &str, zone: &Zone) -> Vec<String> {
    let mut groups: Vec<String> = Vec::new();
    let mut bare = false;
    for word in value.split(' ') {
        let is_unit = Unit::of_sent(word.as_bytes()).is_some();
        match groups.last_mut() {
            Some(number) if bare && is_unit => {
                number.push('*');
                number.push_str(word);
                bare = false;
            }
            _ => {
                bare = Number::parse(word.as_bytes()).is_some();
                let time = word
                    .parse::<Timestamp>()
                    .ok()
                    .filter(|_| word.contains('T'));
                groups.push(time.map_or_else(|| word.to_owned(), |at| zone.written(at)));
            }
        }
    }
    groups
}

/// The clock of a telegram.
const CLOCK: &str = "0-0:1.0.0";
/// C and D of a reading of the M-Bus in DSMR 3.0.
const OLD_READING: (u8, u8) = (24, 3);
