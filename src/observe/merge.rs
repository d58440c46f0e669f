//! The pushes of a meter put together: it sends powers each few seconds, counters each hour.
//!
//! ```text
//! list 1, 2 s     power                              power
//! list 2, 10 s           power voltage                      power voltage
//! list 3, 1 h                          counters
//! merged          p      p v           p v c         p v c  p v c           with the age of what is older
//! ```
//! Each push brings its readings up to date; those of earlier pushes stand behind with their age. The time of the meter
//! is that of the push alone, and what has no code is not carried on: places in one list say nothing of another.
//!
//! Telegrams are whole by themselves and pass as they are, as do pushes that bring all that is known of their meter.
//! What does not prove its origin, or came before, is not carried on either: it passes as it is.
//! A push in clear without the name of its meter belongs to the one meter of its source; where a source has several,
//! such pushes are a meter of their own.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::observe::bounded_map::{BoundedMap, Sum};
use crate::observe::context::Context;
use crate::p1::event::{Decoded, Tag};
use crate::p1::push::{Earlier, Push, UnitFrom};
use crate::p1::readout::{Readout, SentCrc, crc16};
use crate::p1::telegram::LayoutCache;
use crate::p1::value::Zone;

/// Puts the pushes of each meter together.
pub struct Merger {
    zone: Zone,
    meters: BoundedMap<Meter>,
    /// Names that meters of a source have.
    sources: HashMap<Sum, Names>,
    memory: LayoutCache,
    text: Vec<u8>,
    units: Vec<UnitFrom>,
    earlier: Vec<Option<Earlier>>,
}

/// What meters of a source are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Names {
    /// None has said it yet.
    None,
    /// All so.
    One(Sum),
    /// Several names.
    Several,
}

/// What is known of a meter.
#[derive(Clone, Debug, Default)]
struct Meter {
    /// Pushes so far.
    pushes: u64,
    lines: Vec<Line>,
}

/// The newest reading of a code.
#[derive(Clone, Debug)]
struct Line {
    /// Bytes of the code.
    code: usize,
    /// Code, groups and line end.
    text: Vec<u8>,
    unit: UnitFrom,
    at: Option<Timestamp>,
    /// The push that brought it.
    push: u64,
}

impl Merger {
    /// Makes one; the zone is that of the clocks of meters.
    pub fn new(zone: Zone) -> Self {
        Self {
            zone,
            meters: BoundedMap::default(),
            sources: HashMap::new(),
            memory: LayoutCache::default(),
            text: Vec::new(),
            units: Vec::new(),
            earlier: Vec::new(),
        }
    }

    /// Takes a telegram; gives all that is known of its meter, where that is more than it says itself.
    pub fn take<'a>(
        &'a mut self,
        context: &Context<'_>,
        decoded: &'a Decoded<'a>,
    ) -> Option<Decoded<'a>> {
        let push = decoded.push.as_ref()?;
        let doubtful = matches!(decoded.unproven(), Some(Tag::Invalid | Tag::Skipped));
        if doubtful || decoded.replayed || decoded.crc.valid() == Some(false) {
            return None;
        }
        let (head, body) = parts(decoded.text)?;
        let name = self.name(context, decoded);
        let at = context.received_at.or_else(|| {
            let time = decoded.telegram.measured_at()?;
            time.instant()
        });
        if self.meters.get(name).is_none() {
            while self.meters.len() >= METERS_MAX {
                self.meters.pop();
            }
            self.meters.put(name, 0, Meter::default());
        }
        let meter = self.meters.hear(name, 0)?;
        meter.take(body, push.units, at);
        if meter.lines.iter().all(|line| line.push == meter.pushes) {
            return None;
        }
        self.text.clear();
        self.units.clear();
        self.earlier.clear();
        self.text.extend_from_slice(head);
        for line in &meter.lines {
            self.text.extend_from_slice(&line.text);
            self.units.push(line.unit);
            self.earlier.push((line.push != meter.pushes).then(|| {
                let age = at.zip(line.at);
                let age = age.map(|(now, then)| now.as_second() - then.as_second());
                Earlier {
                    seconds: age.and_then(|age| u64::try_from(age).ok()),
                }
            }));
        }
        let mark = self.text.len();
        self.text.push(b'!');
        let crc = crc16(&self.text);
        self.text.extend(format!("{crc:04X}\r\n").into_bytes());
        let readout = Readout {
            mark,
            end: mark + 5,
            crc: SentCrc::Digits(crc),
        };
        Some(Decoded {
            text: &self.text,
            crc: readout.check(&self.text),
            telegram: self.memory.parse(&self.text, mark, &self.zone),
            push: Some(Push {
                units: &self.units,
                earlier: &self.earlier,
                ..*push
            }),
            ..decoded.clone()
        })
    }

    /// What the meter of a push is known by.
    fn name(&mut self, context: &Context<'_>, decoded: &Decoded<'_>) -> Sum {
        let source = &context.source;
        // Nobody on the line speaks for a meter that encrypts.
        let clear = decoded.security.is_none();
        let place = format!(
            "{}\n{}\n{clear}",
            source.label.unwrap_or_default(),
            source.name
        );
        let title = decoded
            .security
            .map(|security| security.title().to_string());
        let said = title.or_else(|| decoded.telegram.meter_id().map(|id| id.into_owned()));
        let unnamed = self.meters.name(&place);
        let own = said.map(|name| self.meters.name(&format!("{place}\n{name}")));
        if self.sources.len() >= METERS_MAX && !self.sources.contains_key(&unnamed) {
            self.sources.clear();
        }
        let names = self.sources.entry(unnamed).or_insert(Names::None);
        match (own, *names) {
            (None, Names::One(only)) => only,
            (None, Names::None | Names::Several) => unnamed,
            (Some(own), Names::None) => {
                *names = Names::One(own);
                // What came before its name did is of this meter.
                if let Some(meter) = self.meters.remove(unnamed) {
                    self.meters.put(own, 0, meter);
                }
                own
            }
            (Some(own), Names::One(only)) => {
                if own != only {
                    *names = Names::Several;
                }
                own
            }
            (Some(own), Names::Several) => own,
        }
    }
}

impl Meter {
    /// Brings the readings of a push up to date.
    fn take(&mut self, body: &[u8], units: &[UnitFrom], at: Option<Timestamp>) {
        self.pushes += 1;
        let push = self.pushes;
        let units = units
            .iter()
            .copied()
            .chain(std::iter::repeat(UnitFrom::Nothing));
        for (text, unit) in body.split_inclusive(|byte| *byte == b'\n').zip(units) {
            let code = memchr::memchr(b'(', text).unwrap_or(text.len());
            let same = |line: &&mut Line| {
                line.push != push && line.text.get(..line.code) == text.get(..code)
            };
            match self.lines.iter_mut().find(same) {
                Some(line) => {
                    line.text.clear();
                    line.text.extend_from_slice(text);
                    (line.unit, line.at, line.push) = (unit, at, push);
                }
                None => self.lines.push(Line {
                    code,
                    text: text.to_vec(),
                    unit,
                    at,
                    push,
                }),
            }
        }
        self.lines
            .retain(|line| line.push == push || !is_of_one_push(line.text.get(..line.code)));
        // Lists that change with each push have no end.
        let over = self.lines.len().saturating_sub(LINES_MAX);
        let mut drop = over;
        self.lines.retain(|line| {
            let old = drop > 0 && line.push != push;
            drop -= usize::from(old);
            !old
        });
    }
}

/// Head of a readout with its empty line, and the lines of data.
fn parts(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mark = memchr::memrchr(b'!', text)?;
    let text = text.get(..mark)?;
    let head = memchr::memmem::find(text, b"\r\n\r\n")? + 4;
    text.split_at_checked(head)
}

/// Tells whether a code says nothing beyond its push: the clock, and values without a code.
fn is_of_one_push(code: Option<&[u8]>) -> bool {
    let code = code.unwrap_or_default();
    let rest = code.splitn(2, |byte| *byte == b':').nth(1);
    let rest = rest.unwrap_or_default();
    rest == b"1.0.0" || rest.starts_with(b"199.")
}

/// Meters that are remembered, and sources.
const METERS_MAX: usize = 10_000;
/// Readings of a meter that are remembered.
const LINES_MAX: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::context::Source;
    use crate::p1::decoder::{Decoder, Policy};
    use crate::p1::event::Event;
    use std::sync::Arc;

    fn capture(name: &str) -> Vec<u8> {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/push");
        let text = std::fs::read_to_string(path.join(name)).unwrap();
        let digits: String = text.split_whitespace().collect();
        hex::decode(digits).unwrap()
    }

    /// A push in clear: rows of power and counters in a bare notification, at a minute of the clock.
    fn rows(codes: &[[u8; 2]], value: u8, minute: Option<u8>, id: Option<&str>) -> Vec<u8> {
        let mut text = vec![0x0F, 0, 0, 0, 1];
        match minute {
            Some(minute) => text.extend([
                0x0C, 0x07, 0xE5, 9, 27, 1, 10, minute, 0, 0, 0xFF, 0x88, 0x80,
            ]),
            None => text.push(0),
        }
        text.extend([0x01, codes.len() as u8 + u8::from(id.is_some())]);
        if let Some(id) = id {
            text.extend([
                0x02,
                0x02,
                0x09,
                6,
                0,
                0,
                96,
                1,
                0,
                255,
                0x0A,
                id.len() as u8,
            ]);
            text.extend(id.bytes());
        }
        for [c, d] in codes {
            text.extend([0x02, 0x03, 0x09, 6, 1, 0, *c, *d, 0, 255]);
            text.extend([
                0x06,
                0,
                0,
                1,
                value,
                0x02,
                0x02,
                0x0F,
                0,
                0x16,
                30 - 3 * u8::from(*d == 7),
            ]);
        }
        framed(&text)
    }

    /// The push in an HDLC frame.
    fn framed(text: &[u8]) -> Vec<u8> {
        use crc_fast::{CrcAlgorithm, checksum};
        let sum = |bytes: &[u8]| (checksum(CrcAlgorithm::Crc16IbmSdlc, bytes) as u16).to_le_bytes();
        let length = 2 + 1 + 1 + 1 + 2 + 3 + text.len() + 2;
        let mut frame = vec![0xA0 | (length >> 8) as u8, length as u8, 0x41, 0x03, 0x13];
        frame.extend(sum(&frame.clone()));
        frame.extend([0xE6, 0xE7, 0]);
        frame.extend(text);
        frame.extend(sum(&frame.clone()));
        [&[0x7E][..], &frame, &[0x7E]].concat()
    }

    /// Lines, and the ages of those that came earlier.
    type Merged = (Vec<String>, Vec<(usize, Option<u64>)>);

    /// What comes of pushes at some seconds: values by name, and ages by code.
    fn merge(pushes: &[(i64, Vec<u8>)]) -> Vec<Merged> {
        let mut merger = Merger::new(Zone::luxembourg());
        let mut out = Vec::new();
        for (second, push) in pushes {
            let mut decoder = Decoder::new(Arc::default(), Policy::default(), Zone::luxembourg());
            let mut seen = 0;
            let mut take = |event: &Event<'_>| {
                let Event::Telegram(decoded) = event else {
                    return;
                };
                seen += 1;
                let context = Context {
                    received_at: Timestamp::from_second(*second).ok(),
                    source: Source {
                        name: "port",
                        ..Source::default()
                    },
                    ..Context::default()
                };
                let merged = merger.take(&context, decoded);
                let decoded = merged.as_ref().unwrap_or(decoded);
                assert_eq!(decoded.crc.valid(), Some(true));
                let push = decoded.push.unwrap();
                let readings = decoded.telegram.readings();
                let lines = readings
                    .map(|r| format!("{} {}", r.obis(), r.raw().collect::<Vec<_>>().join(" ")));
                let lines: Vec<_> = lines.collect();
                assert_eq!(push.units.len(), lines.len());
                let ages = push.earlier.iter().enumerate();
                let ages = ages.filter_map(|(at, age)| Some((at, (*age)?.seconds)));
                out.push((lines, ages.collect()));
            };
            decoder.push(push, &mut take);
            decoder.finish(&mut take);
            assert_eq!(seen, 1);
        }
        out
    }

    const POWER: [u8; 2] = [1, 7];
    const VOLTAGE: [u8; 2] = [2, 7];
    const ENERGY: [u8; 2] = [1, 8];

    #[test]
    fn the_newest_of_each_value_stands_with_its_age() {
        let merged = merge(&[
            (100, rows(&[POWER], 1, None, None)),
            (102, rows(&[POWER, VOLTAGE], 2, None, Some("4711"))),
            (104, rows(&[POWER], 3, None, None)),
            (110, rows(&[ENERGY], 4, Some(0), Some("4711"))),
            (112, rows(&[POWER, VOLTAGE], 5, None, Some("4711"))),
        ]);
        let lines: Vec<_> = merged.iter().map(|(lines, _)| lines.len()).collect();
        assert_eq!(lines, [1, 3, 3, 5, 4]);
        assert!(merged[0].1.is_empty() && merged[1].1.is_empty());
        assert_eq!(merged[2].0[0], "1-0:1.7.0 00.259*kW");
        assert_eq!(merged[2].1, [(1, Some(2)), (2, Some(2))]);
        assert_eq!(merged[3].0[3], "0-0:1.0.0 210927100000S");
        assert_eq!(merged[3].1, [(0, Some(6)), (2, Some(8))]);
        let energy = merged[4]
            .0
            .iter()
            .position(|line| line.starts_with("1-0:1.8.0"));
        assert_eq!(
            merged[4].1,
            [(energy.unwrap(), Some(2))],
            "the clock is gone, the counter stays"
        );
    }

    #[test]
    fn meters_of_one_source_are_kept_apart() {
        let merged = merge(&[
            (1, rows(&[POWER], 1, None, Some("1"))),
            (2, rows(&[ENERGY], 2, None, Some("2"))),
            (3, rows(&[POWER], 3, None, Some("2"))),
            (4, rows(&[POWER], 4, None, None)),
        ]);
        let lines: Vec<_> = merged.iter().map(|(lines, _)| lines.len()).collect();
        assert_eq!(lines, [2, 2, 3, 1]);
    }

    #[test]
    fn values_without_a_code_are_not_carried_on() {
        assert!(is_of_one_push(Some(b"0-0:199.6.1*255")));
        assert!(is_of_one_push(Some(b"0-1:1.0.0")));
        assert!(!is_of_one_push(Some(b"1-0:1.8.0")));
    }

    #[test]
    fn a_meter_with_one_list_passes_as_it_is() {
        let mut merger = Merger::new(Zone::luxembourg());
        for name in ["no-rows.hex", "no-flat.hex"] {
            let mut decoder = Decoder::new(Arc::default(), Policy::default(), Zone::luxembourg());
            let context = Context {
                source: Source {
                    name,
                    ..Source::default()
                },
                ..Context::default()
            };
            let mut take = |event: &Event<'_>| {
                if let Event::Telegram(decoded) = event {
                    assert!(merger.take(&context, decoded).is_none(), "{name}");
                }
            };
            decoder.push(&capture(name), &mut take);
            decoder.finish(&mut take);
        }
    }
}
