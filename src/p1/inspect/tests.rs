use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::p1::cipher::{AuthenticationKey, Key, MeterKeys};
use crate::p1::decoder::{Decoder, Policy};
use crate::p1::push::UnitFrom;

const SAMPLES: [&str; 11] = [
    include_str!("../../../tests/push/at-mbus.hex"),
    include_str!("../../../tests/push/at-mbus-suite-1.hex"),
    include_str!("../../../tests/push/ch-blocks.hex"),
    include_str!("../../../tests/push/ch-blocks-clear.hex"),
    include_str!("../../../tests/push/ch-segments.hex"),
    include_str!("../../../tests/push/dk-authenticated.hex"),
    include_str!("../../../tests/push/dk-flat.hex"),
    include_str!("../../../tests/push/no-bare.hex"),
    include_str!("../../../tests/push/no-bare-apdu.hex"),
    include_str!("../../../tests/push/no-flat.hex"),
    include_str!("../../../tests/push/no-rows.hex"),
];

fn keys() -> Arc<Keys> {
    let key = |first: u8| std::array::from_fn(|n| first + n as u8);
    let mut keys = Keys::default();
    keys.set_default(MeterKeys::new(
        Key::new(key(0)),
        AuthenticationKey::new(key(0xD0)),
    ));
    Arc::new(keys)
}

fn bytes(hex_text: &str) -> Vec<u8> {
    hex::decode(hex_text.split_whitespace().collect::<String>()).unwrap()
}

/// The nodes of a stream, whose bytes must be those of the stream in order, each once.
fn inspect(keys: &Arc<Keys>, stream: &[u8]) -> Vec<Node> {
    let mut decoder = Decoder::new(Arc::clone(keys), Policy::default(), Zone::luxembourg());
    let mut inspector = Inspector::new(Arc::clone(keys), Zone::luxembourg());
    let mut all = Vec::new();
    let mut take = |event: &Event<'_>| {
        let mut at = event.span().start;
        for node in inspector.event(event) {
            assert_eq!(node.span.start, at, "{node:?}\n{all:#?}");
            assert_eq!(node.bytes.len() as u64, node.span.len(), "{node:?}");
            let sent = &stream[node.span.start as usize..node.span.end as usize];
            assert!(node.decrypted || node.bytes == sent, "{node:?}");
            at = node.span.end;
            all.push(node);
        }
        assert_eq!(at, event.span().end);
    };
    decoder.push(stream, &mut take);
    decoder.finish(&mut take);
    all
}

fn wrong(nodes: &[Node]) -> Vec<&Field> {
    let wrong = nodes.iter().filter(|n| n.field.is_right() == Some(false));
    wrong.map(|node| &node.field).collect()
}

#[test]
fn each_byte_of_each_capture_has_its_meaning_and_nothing_is_wrong() {
    for sample in SAMPLES {
        let nodes = inspect(&keys(), &bytes(sample));
        assert_eq!(wrong(&nodes), [] as [&Field; 0], "{sample}");
        assert!(nodes.iter().all(|node| node.field != Field::Noise));
        let readings = nodes.iter().filter(
            |node| matches!(&node.field, Field::Data(data) if matches!(data.role, Role::Reading { .. })),
        );
        assert!(readings.count() >= 10, "{sample}");
    }
}

#[test]
fn a_block_without_text_that_others_should_follow_has_its_place() {
    use crc_fast::{CrcAlgorithm, checksum};
    let sum = |bytes: &[u8]| (checksum(CrcAlgorithm::Crc16IbmSdlc, bytes) as u16).to_le_bytes();
    let mut frame = bytes("A0 13 41 03 13");
    frame.extend(sum(&frame.clone()));
    frame.extend(bytes("E6 E7 00 E0 40 00 01 00 00 00"));
    frame.extend(sum(&frame.clone()));
    let stream = [&[0; 40][..], &[0x7E], &frame, &[0x7E]].concat();
    let nodes = inspect(&keys(), &stream);
    let missing = nodes
        .iter()
        .find(|node| node.field == Field::Damage(Damage::NoLast));
    assert!(
        missing.is_some_and(|node| node.span.start > 50),
        "{nodes:#?}"
    );
}

#[test]
fn a_block_with_the_number_zero_has_its_place() {
    let mut stream = bytes(SAMPLES[2]);
    let block = stream.iter().position(|byte| *byte == 0xE0).unwrap();
    stream[block + 2..block + 4].fill(0);
    // The only frame, without the text of its block.
    stream.truncate(block + 6);
    inspect(&keys(), &stream);
    let nodes = inspect(&keys(), &[&[0; 9][..], &stream].concat());
    let zero = |node: &Node| matches!(node.field, Field::Block { number: 0, .. });
    assert!(nodes.iter().any(zero), "{nodes:#?}");
}

#[test]
fn readings_have_their_number_their_unit_and_where_it_is_from() {
    let nodes = inspect(&keys(), &bytes(SAMPLES[10]));
    let reading = |obis: [u8; 6]| {
        nodes.iter().find_map(|node| match &node.field {
            Field::Data(Data {
                role:
                    Role::Reading {
                        obis: Some(code),
                        number,
                        unit,
                        from,
                        ..
                    },
                ..
            }) if *code == obis => Some((number.clone(), *unit, *from)),
            _ => None,
        })
    };
    let frame = |number: &str, unit| Some((Some(number.to_owned()), Some(unit), UnitFrom::Frame));
    assert_eq!(reading([1, 0, 32, 7, 0, 255]), frame("225.8", 35));
    assert_eq!(reading([1, 0, 1, 8, 0, 255]), frame("55221010", 30));
}

#[test]
fn without_a_key_the_layers_down_to_the_ciphering_are_shown() {
    for (sample, clear) in SAMPLES.iter().zip([
        false, false, false, true, false, true, false, true, false, true, true,
    ]) {
        let nodes = inspect(&Arc::default(), &bytes(sample));
        let sealed = nodes.iter().any(|node| {
            matches!(
                node.field,
                Field::Ciphertext {
                    opened: Opened::NoKey,
                    ..
                }
            )
        });
        assert_eq!(sealed, !clear);
        assert!(wrong(&nodes).is_empty());
    }
}

#[test]
fn a_check_sum_that_is_wrong_says_which_would_be_right() {
    // The check sum of the header, which makes it no frame at all.
    let mut stream = bytes(SAMPLES[10]);
    let sent = u16::from_le_bytes([stream[7], stream[8]]);
    stream[7] ^= 0x40;
    let nodes = inspect(&keys(), &stream);
    let header = Field::Check(Check {
        of: Sum::HdlcHeader,
        sent: Some(sent ^ 0x40),
        right: sent,
    });
    // The sum of the frame covers that of the header.
    let sums = wrong(&nodes);
    assert_eq!((sums.len(), sums[0]), (2, &header));
    // A byte of the text.
    let mut stream = bytes(SAMPLES[0]);
    let at = stream.iter().position(|b| *b == 0x16).unwrap();
    stream[at - 10] ^= 0x81;
    let nodes = inspect(&keys(), &stream);
    let sums = wrong(&nodes);
    assert!(
        matches!(sums[..], [Field::Check(Check { of: Sum::Mbus, .. }), ..]),
        "{sums:?}"
    );
}

#[test]
fn what_is_missing_is_said_where_it_is_missing() {
    let mut stream = bytes(SAMPLES[2]);
    let first = usize::from(stream[2]) + 2;
    let rest = stream.split_off(first);
    let nodes = inspect(&keys(), &rest);
    assert!(nodes.iter().any(|node| matches!(
        node.field,
        Field::Damage(Damage::BlockMissing { wanted: 1, came: 2 })
    )));
    let cut = &stream[..stream.len() - 30];
    let nodes = inspect(&keys(), cut);
    assert!(!wrong(&nodes).is_empty());
}

#[test]
fn a_telegram_is_taken_apart_line_by_line() {
    let text = b"/ABC5x\r\n\r\n1-0:1.7.0(00.5*kW)\r\n1-0:1.\xB00(1*kWh)\r\n!";
    let crc = crate::p1::readout::crc16(text);
    for (sent, right) in [(crc, true), (crc ^ 1, false)] {
        let stream = [text.as_slice(), format!("{sent:04X}\r\n").as_bytes()].concat();
        let nodes = inspect(&Arc::default(), &stream);
        let codes: Vec<_> = nodes.iter().map(|node| node.field.code()).collect();
        assert_eq!(
            codes,
            ["identification", "blank_line", "line", "line", "crc"]
        );
        let rights: Vec<_> = nodes.iter().map(|node| node.field.is_right()).collect();
        assert_eq!(rights, [None, None, None, Some(false), Some(right)]);
    }
}

proptest! {
    #[test]
    fn damage_costs_no_byte_its_place(
        sample in 0..SAMPLES.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..3), 0..6),
    ) {
        let mut stream = bytes(SAMPLES[sample]);
        for (at, byte, how) in changes {
            let at = at.index(stream.len());
            match how {
                0 => stream[at] = byte,
                1 => { stream.remove(at); }
                _ => stream.insert(at, byte),
            }
        }
        inspect(&keys(), &stream);
    }

    #[test]
    fn noise_has_a_place_too(noise in prop::collection::vec(
        prop_oneof![Just(0x7E), Just(0x68), Just(0xA0), Just(0xDB), Just(8), Just(0x0F), Just(2), any::<u8>()],
        0..400,
    ), block in any::<bool>()) {
        // A frame with a damaged header that carries a block without an end.
        let head: &[u8] = if block { &[0x7E, 0xA0, 0x7E, 3, 3, 0x13, 0, 0, 0xE0] } else { &[] };
        let noise = [head, &noise, &[0x7E; 130]].concat();
        inspect(&keys(), &noise);
    }
}
