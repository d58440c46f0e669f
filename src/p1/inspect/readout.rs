//! A telegram line by line: what each says, and characters that cannot be.

use super::{Check, Damage, Field, Gathered, Line, Nodes, Said, Sum, Written};
use crate::p1::readout::{Readout, SentCrc};
use crate::p1::telegram::{LayoutCache, Telegram, Value};
use crate::p1::value::Zone;

/// Takes a telegram apart.
pub(super) fn telegram(
    nodes: &mut Nodes,
    unit: &Gathered,
    memory: &mut LayoutCache,
    zone: &Zone,
    depth: u8,
) {
    let bytes = unit.bytes.as_slice();
    let lead = bytes.get(..LEAD_MAX).unwrap_or(bytes);
    // Without it the first line is what is left of it.
    let begin = memchr::memchr(b'/', lead).unwrap_or(0);
    if begin > 0 {
        nodes.put(unit, 0..begin, depth, Field::Noise);
    }
    let text = bytes.get(begin..).unwrap_or_default();
    let readout = Readout::find(text);
    let mark = readout.map_or(text.len(), |readout| readout.mark);
    let telegram = memory.parse(text, mark, zone);
    let mut at = 0;
    while at < mark {
        let rest = text.get(at..mark).unwrap_or_default();
        let end = at + memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        let field = match text.get(at..end).unwrap_or_default() {
            _ if at == 0 => Field::Identification,
            [b'\r', b'\n'] | [b'\n'] => Field::Blank,
            line => Field::Line(read(&telegram, at, line)),
        };
        nodes.put(unit, begin + at..begin + end, depth, field);
        at = end;
    }
    let Some(readout) = readout else {
        let field = Field::Damage(Damage::NoLast);
        return nodes.note(unit.at(bytes.len()), depth, field);
    };
    let crc = readout.check(text);
    let end = readout.behind_line_end(text, true).unwrap_or(readout.end);
    let field = match crc.received {
        SentCrc::Absent | SentCrc::NoEnd => Field::End,
        SentCrc::Malformed => Field::Check(Check {
            of: Sum::Telegram(crc.algorithm.name()),
            sent: None,
            right: crc.computed,
        }),
        SentCrc::Digits(sent) => Field::Check(match crc.fits {
            Some(other) => Check {
                of: Sum::Telegram(other.name()),
                sent: Some(sent),
                right: sent,
            },
            None => Check {
                of: Sum::Telegram(crc.algorithm.name()),
                sent: Some(sent),
                right: crc.computed,
            },
        }),
    };
    nodes.put(unit, begin + mark..begin + end, depth, field);
    if begin + end < bytes.len() {
        let field = Field::Damage(Damage::Behind);
        nodes.put(unit, begin + end..bytes.len(), depth, field);
    }
}

/// What stands in a line that begins at an index.
fn read(telegram: &Telegram<'_>, at: usize, line: &[u8]) -> Line {
    let within = |start: u32| (at..at + line.len()).contains(&(start as usize));
    let lines = telegram.shape().layout.lines.iter();
    let readings = lines
        .zip(telegram.readings())
        .filter(|(line, _)| within(line.place.start))
        .map(|(_, reading)| Written {
            obis: reading.code(),
            values: reading
                .values()
                .map(said)
                .zip(reading.units().map(|unit| unit.into_owned()))
                .collect(),
        });
    let odd = line
        .iter()
        .filter(|byte| !matches!(byte, b' '..=b'~' | b'\r' | b'\n'))
        .count();
    let mut groups = telegram.shape().layout.groups.iter();
    Line {
        readings: readings.collect(),
        continued: line.first() == Some(&b'(') && groups.any(|group| within(group.place.start)),
        odd: odd as u32,
        issue: telegram
            .issues()
            .find(|issue| within(issue.offset()))
            .map(|issue| issue.code()),
    }
}

fn said(value: Value<'_>) -> Said {
    match value {
        Value::Empty => Said::Nothing,
        Value::Number(number) => Said::Number(number.to_string()),
        Value::Time(time) => Said::Time(time),
        Value::NoTime => Said::NoTime,
        Value::Text(text) => Said::Text(text.into_owned()),
    }
}

/// Bytes that may stand before the `/` of a telegram.
pub(super) const LEAD_MAX: usize = 16;
