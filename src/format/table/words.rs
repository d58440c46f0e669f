//! Values and units as people read them.

use std::borrow::Cow;

use crate::format::clean::clean;
use crate::p1::telegram::Value;
use crate::p1::unit::Unit;
use crate::p1::value::Timestamp;

/// A value in print; numbers keep their digits.
pub(super) fn spell(value: &Value<'_>) -> String {
    match value {
        Value::Empty => String::new(),
        Value::Number(number) => number.to_string(),
        Value::Time(time) => local(time),
        Value::NoTime => "not set".to_owned(),
        Value::Text(text) => clean(text),
    }
}

/// The time on the clock of the meter: `2020-07-06 10:41:57`.
pub(super) fn local(time: &Timestamp) -> String {
    let mut out = String::new();
    write_local(&mut out, time, false);
    out
}

/// Appends the time, with its offset from UTC where that is wanted: `2020-07-06 10:41:57 +02:00`.
pub(super) fn write_local(out: &mut String, time: &Timestamp, with_offset: bool) {
    let mut written = Vec::with_capacity(25);
    time.write(&mut written);
    // As data formats have it: `2020-07-06T10:41:57+02:00`.
    let written = std::str::from_utf8(&written).unwrap_or_default();
    let (date, rest) = written.split_once('T').unwrap_or_default();
    let (clock, offset) = rest.split_at_checked(CLOCK).unwrap_or_default();
    out.extend([date, " ", clock]);
    if with_offset {
        out.extend([" ", offset]);
    }
}

/// A unit as sent, spelled for print where it was not scaled: `m³` for `m3`, `Wh` stays.
pub(super) fn printed_unit(sent: &str) -> String {
    match Unit::of_sent(sent.as_bytes()) {
        Some((unit, 0)) => unit.symbol().to_owned(),
        Some((Unit::CubicMetre, _)) => sent.replace('3', "³"),
        _ => clean(sent),
    }
}

/// Tells whether words list the states of a switch.
pub(super) fn has_states(words: &str) -> bool {
    words.contains(": ")
}

/// Splits words that list the states of a switch: `valve: 0 closed, 1 open`.
pub(super) fn state<'a>(words: &'a str, value: &str) -> Option<(&'a str, &'a str)> {
    let (name, states) = words.split_once(": ")?;
    let mut pairs = states.split(", ").filter_map(|state| state.split_once(' '));
    let (_, state) = pairs.find(|(number, _)| *number == value)?;
    Some((name, state))
}

/// Text as sent, borrowed where it could be.
pub(super) type Sent<'a> = Cow<'a, str>;

/// Characters of the time of day.
const CLOCK: usize = "10:41:57".len();
