//! Telegrams: parse, format, parse again; and a remembered layout says what a fresh one says.

use smarty::p1::readout::Readout;
use smarty::p1::telegram::{LayoutCache, Telegram, format};

use super::{choices, zone};

/// Parses any text behind a `/`, formats what could be read, and parses that.
pub fn parse_format_parse(bytes: &[u8]) {
    let mut text = vec![b'/'];
    text.extend(bytes.strip_prefix(b"/").unwrap_or(bytes));
    let mark = mark_of(&text);
    let mut memory = LayoutCache::default();
    let telegram = memory.parse(&text, mark, zone());
    let first = said(&telegram);
    let is_clean = text.is_ascii() && telegram.issues().next().is_none();
    if is_clean {
        let once = formatted(&telegram);
        let mut other = LayoutCache::default();
        let again = other.parse(&once, mark_of(&once), zone());
        let lines = |telegram: &Telegram<'_>| -> Vec<(String, Vec<String>)> {
            let line = |reading: smarty::p1::telegram::Reading<'_>| {
                (
                    reading.obis().into_owned(),
                    reading.raw().map(|raw| raw.into_owned()).collect(),
                )
            };
            telegram.readings().map(line).collect()
        };
        assert_eq!(lines(&telegram), lines(&again));
        assert_eq!(formatted(&again), once);
        assert!(Readout::find(&once).unwrap().check(&once).valid() == Some(true));
    }
    // The next telegrams of the same meter: other digits, and now and then another byte.
    let mut rng = choices(bytes);
    for round in 0..4 {
        let mut next = text.clone();
        // Many, or a few: a code that changes makes another layout.
        let rate = [4, 40, 4, 200][round];
        for byte in next.iter_mut().skip(1) {
            if byte.is_ascii_digit() && rng.below(rate) == 0 {
                *byte = b'0' + rng.below(10) as u8;
            }
        }
        if round > 1 {
            let place = 1 + rng.below(next.len());
            if let Some(byte) = next.get_mut(place) {
                *byte = rng.next_byte();
            }
        }
        let mark = mark_of(&next);
        let remembered = said(&memory.parse(&next, mark, zone()));
        let fresh = said(&LayoutCache::default().parse(&next, mark, zone()));
        assert_eq!(remembered, fresh);
    }
    assert_eq!(said(&memory.parse(&text, mark, zone())), first);
}

fn mark_of(text: &[u8]) -> usize {
    Readout::find(text).map_or(text.len(), |readout| readout.mark)
}

/// All that a telegram says.
fn said(telegram: &Telegram<'_>) -> Vec<String> {
    let mut said = vec![
        telegram.header().into_owned(),
        format!("{:?} {:?}", telegram.measured_at(), telegram.p1_version()),
        format!("{:?}", telegram.meter_id()),
    ];
    for reading in telegram.readings() {
        let (values, units): (Vec<_>, Vec<_>) =
            (reading.values().collect(), reading.units().collect());
        let raw: Vec<_> = reading.raw().collect();
        said.push(format!(
            "{} {} {values:?} {units:?} {raw:?}",
            reading.obis(),
            reading.code()
        ));
    }
    for (at, value) in telegram.values() {
        said.push(format!("{} {value:?}", at.key));
    }
    for device in telegram.devices() {
        said.push(format!(
            "{:?} {:?} {:?} {:?} {:?} {:?}",
            device.id(),
            device.kind(),
            device.measured_at(),
            device.reading(),
            device.unit(),
            device.valve()
        ));
    }
    for issue in telegram.issues() {
        said.push(format!(
            "{} {:?} {} {issue}",
            issue.code(),
            issue.obis(),
            issue.offset()
        ));
    }
    said
}

fn formatted(telegram: &Telegram<'_>) -> Vec<u8> {
    let header = telegram.header();
    let lines: Vec<(String, Vec<String>)> = telegram
        .readings()
        .map(|reading| {
            (
                reading.obis().into_owned(),
                reading.raw().map(|raw| raw.into_owned()).collect(),
            )
        })
        .collect();
    let lines = lines
        .iter()
        .map(|(code, groups)| (code.as_str(), groups.iter().map(String::as_str)));
    format(&header, lines, true)
}
