use std::sync::Arc;

use proptest::prelude::*;

use super::axdr::{self, TreeFault};
use super::lists::List;
use crate::p1::cipher::{AuthenticationKey, Key, Keys, MeterKeys};
use crate::p1::decoder::{Decoder, Policy};
use crate::p1::event::{Event, Tag};
use crate::p1::telegram::Value;
use crate::p1::unit::Unit;
use crate::p1::value::Zone;

macro_rules! sample {
    ($name:literal) => {
        (
            $name,
            include_str!(concat!("../../../tests/push/", $name, ".hex")),
            include_str!(concat!("../../../tests/push/", $name, ".json")),
        )
    };
}

const SAMPLES: [(&str, &str, &str); 11] = [
    sample!("at-mbus"),
    sample!("at-mbus-suite-1"),
    sample!("ch-blocks"),
    sample!("ch-blocks-clear"),
    sample!("ch-segments"),
    sample!("dk-authenticated"),
    sample!("dk-flat"),
    sample!("no-bare"),
    sample!("no-bare-apdu"),
    sample!("no-flat"),
    sample!("no-rows"),
];

fn key(n: u8) -> Key {
    let mut key = [0; 16];
    for (slot, byte) in key.iter_mut().zip(n..) {
        *slot = byte;
    }
    Key::new(key)
}

fn keys() -> Arc<Keys> {
    let mut keys = Keys::default();
    let authentication = *key(0xD0).bytes();
    keys.set_default(MeterKeys::new(
        key(0),
        AuthenticationKey::new(authentication),
    ));
    Arc::new(keys)
}

fn bytes(hex_text: &str) -> Vec<u8> {
    hex::decode(hex_text.split_whitespace().collect::<String>()).unwrap()
}

fn events(keys: &Arc<Keys>, pieces: &[&[u8]]) -> Vec<String> {
    let mut decoder = Decoder::new(Arc::clone(keys), Policy::default(), Zone::luxembourg());
    let mut events = Vec::new();
    let mut end = 0;
    let mut take = |event: &Event<'_>| {
        assert_eq!(event.span().start, end);
        end = event.span().end;
        events.push(match event {
            Event::Telegram(decoded) => {
                let push = decoded
                    .push
                    .as_ref()
                    .map(|p| (p.framing, p.form, p.parts, p.list));
                let tag = decoded.security.map(|security| security.tag);
                format!(
                    "{} {push:?} {tag:?} {}",
                    decoded.span,
                    String::from_utf8_lossy(decoded.text)
                )
            }
            Event::Refused(refused) => format!("{} {}", refused.span, refused.reason.code()),
            Event::Junk(junk) => format!("{} junk", junk.span),
        });
    };
    for piece in pieces {
        decoder.push(piece, &mut take);
    }
    decoder.finish(&mut take);
    assert_eq!(
        end,
        pieces.iter().map(|piece| piece.len() as u64).sum::<u64>()
    );
    events
}

/// Tells whether a number of a reading is the value expected, in another power of ten.
fn agrees(sent: &str, unit: &str, expected: &str, expected_unit: &str) -> bool {
    let scaled = |text: &str, shift: i32| {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits: i128 = format!("{whole}{fraction}").parse().unwrap();
        digits * 10i128.pow((12 + shift - fraction.len() as i32) as u32)
    };
    let (a, b) = (
        Unit::of_sent(unit.as_bytes()),
        Unit::of_sent(expected_unit.as_bytes()),
    );
    let ((unit, shift), (other, other_shift)) = (a.unwrap(), b.unwrap());
    unit == other && scaled(sent, shift.into()) == scaled(expected, other_shift.into())
}

#[test]
fn each_capture_gives_exactly_the_readings_expected() {
    for (name, hex_text, json) in SAMPLES {
        let expected: serde_json::Value = serde_json::from_str(json).unwrap();
        let mut decoder = Decoder::new(keys(), Policy::default(), Zone::luxembourg());
        let mut pushes = 0;
        let mut take = |event: &Event<'_>| {
            let Event::Telegram(decoded) = event else {
                panic!("{name}: {event:?}");
            };
            let push = decoded.push.as_ref().unwrap();
            assert_eq!(push.form.word(), expected["form"], "{name}");
            assert_eq!(decoded.crc.valid(), Some(true));
            let control = decoded.security.map(|s| s.control().to_string());
            assert_eq!(
                control.as_deref(),
                expected["security_control"].as_str(),
                "{name}"
            );
            if let Some(security) = decoded.security {
                assert_eq!(
                    security.tag == Tag::Valid,
                    security.control().authenticated()
                );
            }
            let mut wanted = expected["pushes"][pushes].as_object().unwrap().clone();
            for reading in decoded.telegram.readings() {
                let Some(value) = wanted.remove(&*reading.obis()) else {
                    assert!(
                        !reading.units().any(|unit| !unit.is_empty()),
                        "{name}: {}",
                        reading.obis()
                    );
                    continue;
                };
                let (Some(Value::Number(number)), Some(unit)) =
                    (reading.values().next(), reading.units().next())
                else {
                    panic!("{name}: {}", reading.obis());
                };
                let (value, of) = (
                    value["value"].as_str().unwrap(),
                    value["unit"].as_str().unwrap(),
                );
                assert!(
                    agrees(&number.to_string(), &unit, value, of),
                    "{name}: {} {number} {unit}, not {value} {of}",
                    reading.obis()
                );
            }
            assert!(wanted.is_empty(), "{name}: {wanted:?}");
            // The list of Aidon has no time of its own.
            let hour = decoded.telegram.measured_at().map(|time| time.hour);
            let timed = name != "no-rows" && name != "ch-segments";
            assert_eq!(hour, timed.then_some(9), "{name}");
            pushes += 1;
        };
        decoder.push(&bytes(hex_text), &mut take);
        decoder.finish(&mut take);
        assert_eq!(pushes, 2, "{name}");
    }
}

#[test]
fn cutting_the_bytes_changes_nothing() {
    let all: Vec<u8> = SAMPLES
        .iter()
        .flat_map(|(_, hex_text, _)| bytes(hex_text))
        .collect();
    let whole = events(&keys(), &[&all]);
    assert_eq!(whole.len(), 22, "{whole:#?}");
    for size in [1, 7, 64, 300] {
        let pieces: Vec<&[u8]> = all.chunks(size).collect();
        assert_eq!(events(&keys(), &pieces), whole, "{size}");
    }
}

#[test]
fn another_key_is_never_accepted_without_a_tag() {
    let bytes = bytes(SAMPLES[0].1);
    for n in 0..400u32 {
        let mut other = [7; 16];
        other[..4].copy_from_slice(&n.to_le_bytes());
        let mut keys = Keys::default();
        keys.set_default(MeterKeys::new(
            Key::new(other),
            AuthenticationKey::default(),
        ));
        let events = events(&Arc::new(keys), &[&bytes]);
        assert!(
            events.iter().all(|event| event.ends_with("tag_mismatch")),
            "{events:?}"
        );
    }
}

#[test]
fn a_part_that_is_missing_costs_that_push_only() {
    for (name, start, reason) in [
        ("ch-segments", 132, "segment_missing"),
        ("ch-blocks", 0, "block_missing"),
    ] {
        let (_, hex_text, _) = SAMPLES.iter().find(|(sample, ..)| *sample == name).unwrap();
        let mut bytes = bytes(hex_text);
        // A frame is as long as its header says, and has two flags.
        let length = usize::from(bytes[start + 1] & 7) << 8 | usize::from(bytes[start + 2]);
        bytes.drain(start..start + length + 2);
        let events = events(&keys(), &[&bytes]);
        assert!(events[0].ends_with(reason), "{name}: {events:?}");
        assert!(
            events.last().unwrap().contains("1.7.0"),
            "{name}: {events:?}"
        );
    }
}

#[test]
fn a_wrong_check_sum_is_no_reading() {
    for (name, hex_text, _) in SAMPLES {
        if matches!(
            name,
            "no-bare-apdu" | "ch-segments" | "ch-blocks" | "ch-blocks-clear"
        ) {
            continue;
        }
        let mut bytes = bytes(hex_text);
        bytes[60] ^= 1;
        let events = events(&keys(), &[&bytes]);
        assert_eq!(events.len(), 2, "{name}: {events:?}");
        assert!(
            events[0].ends_with("checksum_mismatch"),
            "{name}: {events:?}"
        );
        assert!(events[1].contains("1.7.0"), "{name}: {events:?}");
    }
}

#[test]
fn a_length_of_257_may_be_sent_as_01() {
    let mut text = vec![0x0F, 0, 0, 0, 1, 0, 2, 4];
    text.extend([
        0x09, 6, 1, 0, 1, 7, 0, 255, 0x06, 0, 0, 1, 44, 0x09, 6, 0, 0, 96, 1, 0, 255,
    ]);
    text.extend([0x0A, 0x81, 220]);
    text.extend([b'A'; 220]);
    let mut frame = vec![0x53, 0xFF, 0x10, 0x01, 0x67];
    frame.extend(&text);
    assert_eq!(frame.len(), 257);
    let sum = frame.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
    let mut bytes = vec![0x68, 1, 1, 0x68];
    bytes.extend(frame);
    bytes.extend([sum, 0x16]);
    for size in [1, 50, 1000] {
        let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
        let events = events(&keys(), &pieces);
        assert_eq!(events.len(), 1, "{events:?}");
        assert!(events[0].contains("1-0:1.7.0(00.300*kW)"), "{events:?}");
    }
}

#[test]
fn trees_are_bounded_in_depth_and_number() {
    let mut nodes = Vec::new();
    let deep = [2u8, 1].repeat(1000);
    assert_eq!(axdr::read(&deep, &mut nodes), Err(TreeFault::Bad));
    assert_eq!(
        axdr::read(&[1, 0x84, 0xFF, 0xFF, 0xFF, 0xFF, 0], &mut nodes),
        Err(TreeFault::Bad)
    );
    assert_eq!(
        axdr::read(&[9, 0x84, 0xFF, 0xFF, 0xFF, 0xFF, 0], &mut nodes),
        Err(TreeFault::Bad)
    );
    assert_eq!(
        axdr::read(&[2, 2, 0x11, 1, 0x07], &mut nodes),
        Err(TreeFault::Bad)
    );
    assert_eq!(
        axdr::read(&[2, 2, 0x11, 1], &mut nodes),
        Err(TreeFault::Short)
    );
    assert_eq!(axdr::read(&[0x13, 0x12, 4, 0, 1, 0, 2], &mut nodes), Ok(7));
}

#[test]
fn a_list_without_tags_before_its_codes_is_read() {
    let body = bytes(
        "0202 1601 0102 0202 0003 0100010700FF 02 060000012C 0202 0003 0100020700FF 02 0600000000",
    );
    let mut list = List::default();
    let (form, end) = list.read(&body).unwrap();
    assert_eq!(
        (form.word(), end, list.rows.len()),
        ("descriptors", body.len(), 2)
    );
}

proptest! {
    #[test]
    fn decimals_are_written_as_they_are_spelled(
        value in prop_oneof![-2000i64..2000, any::<i64>()],
        power in prop_oneof![4 => -9i8..=9, 1 => any::<i8>()],
        width in 0usize..=8,
    ) {
        let mut out = Vec::new();
        super::transcode::write_decimal(&mut out, value.into(), power, width);
        let mut digits = value.unsigned_abs().to_string();
        if value != 0 && power > 0 {
            digits.push_str(&"0".repeat(power as usize));
        }
        let decimals = usize::from(power.min(0).unsigned_abs());
        let mut expected = format!("{digits:0>width$}", width = decimals + width.max(1));
        if decimals > 0 {
            expected.insert(expected.len() - decimals, '.');
        }
        if value < 0 {
            expected.insert(0, '-');
        }
        prop_assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
