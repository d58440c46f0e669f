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
    let Timestamp {
        year,
        month,
        day,
        hour,
        minute,
        second,
        ..
    } = time;
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

/// The same with its offset from UTC: `2020-07-06 10:41:57 +02:00`.
pub(super) fn with_offset(time: &Timestamp) -> String {
    let (sign, minutes) = (
        if time.offset < 0 { '-' } else { '+' },
        time.offset.unsigned_abs(),
    );
    format!(
        "{} {sign}{:02}:{:02}",
        local(time),
        minutes / 60,
        minutes % 60
    )
}

/// A unit as sent, spelled for print where it was not scaled: `m³` for `m3`, `Wh` stays.
pub(super) fn printed_unit(sent: &str) -> String {
    match Unit::of_sent(sent.as_bytes()) {
        Some((unit, 0)) => unit.symbol().to_owned(),
        Some((Unit::CubicMetre, _)) => sent.replace('3', "³"),
        _ => clean(sent),
    }
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
