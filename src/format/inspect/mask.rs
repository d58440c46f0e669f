//! What names a meter taken out of a tree, so that it can be posted.

use crate::observe::redact::{Redactor, names};
use crate::p1::ciphering::FrameCounter;
use crate::p1::inspect::{Data, Field, Line, Node, Role, Said, Value};
use crate::p1::obis::{Obis, lookup};

/// Replaces the title, the high half of the counter, and all that may be a name: texts, long numbers without a code.
///
/// Check sums and tags stay as they came, so that what is wrong stays wrong.
pub fn mask(nodes: &mut [Node], redactor: &mut Redactor) {
    for node in nodes {
        match &mut node.field {
            Field::Title(title) => {
                *title = redactor.title(*title);
                node.bytes = title.0.to_vec();
            }
            Field::Counter(counter) => {
                *counter = FrameCounter(counter.0 & COUNTER_KEPT);
                node.bytes = counter.0.to_be_bytes().to_vec();
            }
            Field::Data(data) if is_name(data) => {
                data.value = Value::Text(LEFT_OUT.to_owned());
                if let Role::Reading { number, .. } = &mut data.role {
                    *number = None;
                }
                let head = head(&node.bytes);
                node.bytes.iter_mut().skip(head).for_each(|byte| *byte = 0);
            }
            Field::Identification | Field::Noise | Field::Fragment | Field::Damage(_) => {
                let kept = if node.field == Field::Identification {
                    4
                } else {
                    0
                };
                let bytes = node.bytes.iter_mut().skip(kept);
                bytes
                    .filter(|byte| byte.is_ascii_digit() || kept == 0)
                    .for_each(|byte| *byte = b'0' * u8::from(kept > 0));
            }
            Field::Line(line) => mask_line(line, &mut node.bytes),
            _ => {}
        }
    }
}

/// Tells whether an element may name the meter.
fn is_name(data: &Data) -> bool {
    match (&data.value, &data.role) {
        (_, Role::Code(_)) => false,
        (Value::Text(_) | Value::Octets, _) => true,
        (Value::Number(number), Role::Reading { obis: None, .. } | Role::Plain) => {
            number.unsigned_abs() >= LONG
        }
        (
            _,
            Role::Reading {
                obis: Some(code), ..
            },
        ) => {
            let [a, b, c, d, e, _] = *code;
            lookup(Obis::new(a, b, c, d, e)).is_some_and(|entry| names(entry.name))
        }
        _ => false,
    }
}

/// Bytes of type and length before a value.
fn head(bytes: &[u8]) -> usize {
    match *bytes {
        [0x09 | 0x0A | 0x0C, width @ 0x81..=0x84, ..] => 2 + usize::from(width & 0x7F),
        [0x09 | 0x0A | 0x0C, ..] => 2,
        _ => 1,
    }
}

/// A line keeps its code; its values go where they may name the meter.
fn mask_line(line: &mut Line, bytes: &mut [u8]) {
    let named = line.readings.is_empty()
        || line
            .readings
            .iter()
            .any(|reading| match lookup(reading.obis) {
                Some(entry) => {
                    names(entry.name)
                        || reading
                            .values
                            .iter()
                            .any(|(value, _)| matches!(value, Said::Text(_)))
                }
                None => true,
            });
    if !named {
        return;
    }
    let open = bytes.iter().position(|byte| *byte == b'(').unwrap_or(0);
    for byte in bytes.iter_mut().skip(open) {
        if byte.is_ascii_alphanumeric() || *byte > 0x7F {
            *byte = b'0';
        }
    }
    for (value, _) in line
        .readings
        .iter_mut()
        .flat_map(|reading| &mut reading.values)
    {
        *value = Said::Text(LEFT_OUT.to_owned());
    }
}

/// Stands for what is left out.
const LEFT_OUT: &str = "left out";
/// The half of a frame counter that stays.
const COUNTER_KEPT: u32 = 0xFFFF;
/// Numbers from here on may be the number of a meter.
const LONG: u128 = 100_000;
