//! Generated pushes: every form of list in every framing under every protection gives exactly its values.

pub mod carry;
pub mod generate;

use std::sync::Arc;

use carry::{Carrier, Guard};
use generate::{Body, KINDS};
use smarty::p1::cipher::{AuthenticationKey, Key, Keys, MeterKeys};
use smarty::p1::decoder::{Decoder, Policy};
use smarty::p1::event::{Event, Tag};
use smarty::p1::line::Rng;
use smarty::p1::push::transcode::Transcoder;
use smarty::p1::readout::Readout;
use smarty::p1::telegram::Value;
use smarty::p1::unit::Unit;
use smarty::p1::value::Zone;

/// What came out of a stream.
#[derive(Debug, Default)]
struct Outcome {
    pushes: Vec<Out>,
    refused: Vec<&'static str>,
    junk: u64,
}

#[derive(Debug)]
struct Out {
    form: &'static str,
    framing: &'static str,
    tag: Option<Tag>,
    parts: u16,
    readings: Vec<(String, String, String)>,
}

fn ring(key: [u8; 16]) -> Arc<Keys> {
    let mut keys = Keys::default();
    keys.set_default(MeterKeys::new(
        Key::new(key),
        AuthenticationKey::new(carry::AUTHENTICATION),
    ));
    Arc::new(keys)
}

fn decode_with(keys: &Arc<Keys>, pieces: &[&[u8]]) -> Outcome {
    let mut decoder = Decoder::new(Arc::clone(keys), Policy::default(), Zone::luxembourg());
    let mut outcome = Outcome::default();
    let mut end = 0;
    let mut take = |event: &Event<'_>| {
        assert_eq!(event.span().start, end, "events tile the stream");
        end = event.span().end;
        match event {
            Event::Telegram(decoded) => {
                let Some(push) = decoded.push.as_ref() else {
                    panic!("no push: {decoded:?}");
                };
                let readings = decoded.telegram.readings().filter_map(|reading| {
                    match reading.values().next() {
                        Some(Value::Number(number)) => {
                            let unit = reading.units().next().unwrap_or_default().to_string();
                            Some((reading.obis().to_string(), number.to_string(), unit))
                        }
                        _ => None,
                    }
                });
                outcome.pushes.push(Out {
                    form: push.form.word(),
                    framing: push.framing.word(),
                    tag: decoded.security.map(|security| security.tag),
                    parts: push.parts,
                    readings: readings.collect(),
                });
            }
            Event::Refused(refused) => outcome.refused.push(refused.reason.code()),
            Event::Junk(junk) => outcome.junk += junk.span.len(),
        }
    };
    for piece in pieces {
        decoder.push(piece, &mut take);
    }
    decoder.finish(&mut take);
    assert_eq!(
        end,
        pieces.iter().map(|piece| piece.len() as u64).sum::<u64>()
    );
    outcome
}

fn decode(stream: &[u8]) -> Outcome {
    decode_with(&ring(carry::KEY), &[stream])
}

/// Tells whether a reading is exactly a value, maybe in another power of ten of its unit.
fn agrees(sent: &str, unit: &str, expected: &str, expected_unit: &str) -> bool {
    let scaled = |text: &str, shift: i32| {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits: i128 = format!("{whole}{fraction}").parse().unwrap();
        digits * 10i128.pow((12 + shift - fraction.len() as i32) as u32)
    };
    match (
        Unit::of_sent(unit.as_bytes()),
        Unit::of_sent(expected_unit.as_bytes()),
    ) {
        (Some((unit, shift)), Some((other, other_shift))) => {
            unit == other && scaled(sent, shift.into()) == scaled(expected, other_shift.into())
        }
        (None, None) => scaled(sent, 0) == scaled(expected, 0),
        _ => false,
    }
}

fn holds(out: &Out, body: &Body, what: &str) {
    assert_eq!(out.form, body.form, "{what}");
    for expected in &body.expected {
        let found = out
            .readings
            .iter()
            .find(|(code, ..)| *code == expected.code);
        let Some((_, value, unit)) = found else {
            panic!("{what}: {} is missing in {out:?}", expected.code);
        };
        assert!(
            agrees(value, unit, &expected.value, expected.unit),
            "{what}: {} is {value} {unit}, not {} {}",
            expected.code,
            expected.value,
            expected.unit
        );
    }
}

#[test]
fn every_form_in_every_framing_under_every_protection_gives_its_values() {
    let mut rng = Rng::new(0xD1A5);
    let mut failed = Vec::new();
    for kind in KINDS {
        for carrier in Carrier::ALL {
            for guard in Guard::ALL {
                let body = kind(&mut rng);
                let what = format!("{} {carrier:?} {guard:?}", body.like);
                let tried = std::panic::catch_unwind(|| {
                    let mut rng = Rng::new(7);
                    let mut stream = carry::push(&body, carrier, guard, &mut rng, 1);
                    stream.extend(carry::push(&body, carrier, guard, &mut rng, 2));
                    let outcome = decode(&stream);
                    assert_eq!(
                        (outcome.pushes.len(), outcome.refused.len()),
                        (2, 0),
                        "{what}: {outcome:?} {}",
                        hex::encode(&stream)
                    );
                    for out in &outcome.pushes {
                        holds(out, &body, &what);
                        assert_eq!(out.framing, carrier.word(), "{what}");
                        assert_eq!(out.tag, guard.tag(), "{what}");
                        assert!(carrier.parts(out.parts), "{what}: {} parts", out.parts);
                    }
                });
                if tried.is_err() {
                    failed.push(what);
                }
            }
        }
    }
    assert!(failed.is_empty(), "{} fail: {failed:#?}", failed.len());
}

fn push_of(kind: usize, carrier: Carrier, guard: Guard, number: u32) -> (Body, Vec<u8>) {
    let mut rng = Rng::new(u64::from(number) * 977 + 3);
    let body = KINDS[kind](&mut rng);
    let stream = carry::push(&body, carrier, guard, &mut rng, number);
    (body, stream)
}

#[test]
fn pushes_cut_anywhere_give_the_same() {
    let mut rng = Rng::new(5);
    let mut stream = Vec::new();
    for (index, carrier) in Carrier::ALL.into_iter().enumerate() {
        for turn in 0..3 {
            let guard = Guard::ALL[(index * 3 + turn) % Guard::ALL.len()];
            let kind = (index + turn * 5) % KINDS.len();
            stream.extend(push_of(kind, carrier, guard, (index * 3 + turn) as u32 + 2).1);
        }
    }
    let whole = decode(&stream);
    assert!(
        whole.refused.is_empty() && whole.pushes.len() == Carrier::ALL.len() * 3,
        "{whole:?}"
    );
    for size in [1, 5, 61, 300] {
        let pieces: Vec<&[u8]> = stream.chunks(size).collect();
        assert_eq!(
            format!("{:?}", decode_with(&ring(carry::KEY), &pieces)),
            format!("{whole:?}"),
            "{size}"
        );
    }
    for _ in 0..20 {
        let cut = rng.below(stream.len());
        let pieces = [&stream[..cut], &stream[cut..]];
        assert_eq!(
            format!("{:?}", decode_with(&ring(carry::KEY), &pieces)),
            format!("{whole:?}"),
            "{cut}"
        );
    }
}

/// Each push of a mixed stream, and the readouts that a transcoder which has read the others makes of it.
#[test]
fn a_readout_does_not_depend_on_the_pushes_before() {
    let mut rng = Rng::new(0x301D);
    let mut used = Transcoder::default();
    let mut taken = 0;
    let mut before: Vec<Vec<u8>> = Vec::new();
    for number in 1..3000 {
        let kind = match rng.below(3) {
            0 => rng.below(KINDS.len()),
            _ => number as usize / 50 % KINDS.len(),
        };
        let guard = Guard::ALL[rng.below(3)];
        let mut push = match before.get(rng.below(40)) {
            // The same push with a byte that is another one.
            Some(push) if rng.below(3) == 0 => {
                let mut push = push.clone();
                let at = rng.below(push.len());
                push[at] = rng.next_byte();
                push
            }
            _ => carry::apdu(&KINDS[kind](&mut rng), guard, &mut rng, number),
        };
        let at = rng.below(20);
        match before.get_mut(at) {
            Some(slot) => slot.clone_from(&push),
            None => before.push(push.clone()),
        }
        if rng.below(8) == 0 {
            push.truncate(rng.below(push.len() + 1));
        }
        let title = [None, Some(carry::TITLES[0])][rng.below(2)];
        let mut fresh = Transcoder::default();
        let expected = fresh.write_begin(title, &push);
        assert_eq!(used.write_begin(title, &push), expected, "{push:02X?}");
        if expected.is_ok() {
            taken += 1;
            assert_eq!(
                String::from_utf8_lossy(&used.text),
                String::from_utf8_lossy(&fresh.text)
            );
            assert_eq!(used.units(), fresh.units());
            assert_eq!(used.list().rows, fresh.list().rows);
            assert_eq!(used.list().name, fresh.list().name);
            let (readout, crc) = used.readout().unwrap();
            assert_eq!(Some(readout), Readout::find(&used.text));
            assert_eq!(crc, readout.check(&used.text));
        }
    }
    assert!(taken > 2000, "{taken}");
}

/// The link frames of a push, each alone.
fn frames_of(apdu: &[u8], carrier: Carrier) -> Vec<Vec<u8>> {
    let mut rng = Rng::new(1);
    let stream = carry::carry(apdu, carrier, &mut rng, 1);
    let mut frames = Vec::new();
    let mut at = 0;
    while at < stream.len() {
        let length = match stream[at] {
            0x7E => (usize::from(stream[at + 1] & 7) << 8 | usize::from(stream[at + 2])) + 2,
            0x68 => usize::from(stream[at + 1]) + 6,
            _ => 7 + usize::from(stream[at + 6]),
        };
        frames.push(stream[at..at + length].to_vec());
        at += length;
    }
    frames
}

#[test]
fn a_part_that_is_lost_costs_that_push_only_and_is_named() {
    let guards = [Guard::ALL[0], Guard::ALL[4], Guard::ALL[9]];
    for carrier in [
        Carrier::Segments,
        Carrier::Blocks,
        Carrier::BlocksOneLlc,
        Carrier::MbusSmall,
        Carrier::BareBlocks,
    ] {
        for guard in guards {
            for kind in [0, 2, 4, 5] {
                let mut rng = Rng::new(9);
                let body = KINDS[kind](&mut rng);
                let frames: Vec<Vec<Vec<u8>>> = (1..4)
                    .map(|number| frames_of(&carry::apdu(&body, guard, &mut rng, number), carrier))
                    .collect();
                let count = frames[1].len();
                assert!(count > 1);
                for lost in 0..count {
                    let what = format!("{} {carrier:?} {guard:?} {lost} of {count}", body.like);
                    let left: Vec<u8> = frames[1]
                        .iter()
                        .enumerate()
                        .filter(|(index, _)| *index != lost)
                        .flat_map(|(_, frame)| frame.clone())
                        .collect();
                    let stream = [frames[0].concat(), left, frames[2].concat()].concat();
                    let outcome = decode(&stream);
                    assert_eq!(outcome.pushes.len(), 2, "{what}: {outcome:?}");
                    for out in &outcome.pushes {
                        holds(out, &body, &what);
                    }
                    let expected = match carrier {
                        Carrier::Blocks | Carrier::BlocksOneLlc | Carrier::BareBlocks => {
                            "block_missing"
                        }
                        _ => "segment_missing",
                    };
                    let bare = carrier == Carrier::BareBlocks && lost == 0;
                    assert!(
                        bare || !outcome.refused.is_empty()
                            && outcome.refused.iter().all(|reason| *reason == expected),
                        "{what}: {:?}",
                        outcome.refused
                    );
                }
            }
        }
    }
}

#[test]
fn blocks_in_disorder_are_no_push() {
    let mut rng = Rng::new(4);
    let body = KINDS[3](&mut rng);
    let apdu = carry::apdu(&body, Guard::ALL[9], &mut rng, 7);
    for carrier in [Carrier::Blocks, Carrier::BareBlocks] {
        let frames = frames_of(&apdu, carrier);
        let last = frames.len() - 1;
        assert!(last >= 3);
        let next = carry::apdu(&body, Guard::ALL[9], &mut rng, 8);
        let next = frames_of(&next, carrier).concat();
        let all = || 0..=last;
        for (order, whole) in [
            ([0].into_iter().chain(all()).collect::<Vec<_>>(), 1),
            ([0, 1, 1, 3, 2].into(), 0),
            ([0, 2, 1].into_iter().chain(3..=last).collect(), 0),
            (all().rev().collect(), 0),
            (all().skip(1).collect(), 0),
            (all().filter(|index| *index != 1).collect(), 0),
        ] {
            let stream: Vec<u8> = order
                .iter()
                .flat_map(|index| frames[*index].clone())
                .chain(next.clone())
                .collect();
            let outcome = decode(&stream);
            assert_eq!(
                outcome.pushes.len(),
                1 + whole,
                "{carrier:?} {order:?} {outcome:?}"
            );
            assert!(
                !outcome.refused.is_empty()
                    && outcome
                        .refused
                        .iter()
                        .all(|reason| *reason == "block_missing"),
                "{carrier:?} {order:?} {outcome:?}"
            );
        }
    }
}

/// Keys that are not the meter's, none of which may open a push without a tag.
fn wrong_keys(count: u32) {
    for (kind, carrier, guard) in [
        (4, Carrier::Mbus, Guard::ALL[4]),
        (13, Carrier::Hdlc(1), Guard::ALL[5]),
        (0, Carrier::Bare, Guard::ALL[7]),
    ] {
        let (body, stream) = push_of(kind, carrier, guard, 77);
        for n in 0..count {
            let mut key = [0xA5; 16];
            key[..4].copy_from_slice(&n.to_le_bytes());
            let outcome = decode_with(&ring(key), &[&stream]);
            assert!(outcome.pushes.is_empty(), "{} {n}: {outcome:?}", body.like);
        }
    }
}

#[test]
fn two_thousand_wrong_keys_open_nothing_without_a_tag() {
    wrong_keys(700);
}

#[test]
#[ignore = "takes a minute where nothing is optimised"]
fn twenty_thousand_wrong_keys_open_nothing_without_a_tag() {
    wrong_keys(20_000);
}

#[test]
fn segments_that_never_end_are_bounded_and_the_next_push_comes_out() {
    let (body, good) = push_of(0, Carrier::Hdlc(2), Guard::ALL[0], 5);
    for carrier in [Carrier::Segments, Carrier::MbusSmall, Carrier::Blocks] {
        let apdu = carry::apdu(
            &KINDS[0](&mut Rng::new(8)),
            Guard::ALL[0],
            &mut Rng::new(8),
            1,
        );
        let frame = frames_of(&apdu, carrier).remove(0);
        let mut decoder = Decoder::new(ring(carry::KEY), Policy::default(), Zone::luxembourg());
        let (mut refused, mut pushes, mut pushed) = (0, 0, 0);
        let mut take = |event: &Event<'_>| match event {
            Event::Refused(_) => refused += 1,
            Event::Telegram(_) => pushes += 1,
            Event::Junk(_) => {}
        };
        for _ in 0..2000 {
            decoder.push(&frame, &mut take);
            pushed += frame.len() as u64;
            assert!(
                pushed - decoder.offset() <= 64 << 10,
                "{} bytes are held",
                pushed - decoder.offset()
            );
        }
        decoder.push(&good, &mut take);
        decoder.finish(&mut take);
        assert_eq!(pushes, 1, "{carrier:?} {}", body.like);
        assert!(refused >= 1, "{carrier:?}");
    }
}

#[test]
fn flags_without_end_cost_no_more_than_their_length() {
    let (_, good) = push_of(0, Carrier::Hdlc(1), Guard::ALL[0], 5);
    for filler in [
        &[0x7E][..],
        &[0x7E, 0xA0],
        &[0x7E, 0xA8, 0x20],
        &[0x68],
        &[0x68, 0x20, 0x20, 0x68],
        &[0xE0],
        &[0xE6, 0xE7, 0],
        &[0xDB, 0x08],
        &[0x0F],
        &[0x02, 0x02],
    ] {
        let mut decoder = Decoder::new(ring(carry::KEY), Policy::default(), Zone::luxembourg());
        let piece = filler.repeat(4096 / filler.len());
        let (mut pushes, mut pushed) = (0, 0);
        let started = std::time::Instant::now();
        let mut take =
            |event: &Event<'_>| pushes += usize::from(matches!(event, Event::Telegram(_)));
        for _ in 0..128 {
            decoder.push(&piece, &mut take);
            pushed += piece.len() as u64;
            assert!(pushed - decoder.offset() <= 128 << 10);
        }
        decoder.push(&good, &mut take);
        decoder.finish(&mut take);
        assert_eq!(pushes, 1, "{filler:02X?}");
        assert!(
            started.elapsed() < std::time::Duration::from_secs(20),
            "{filler:02X?}: {:?}",
            started.elapsed()
        );
    }
}

#[test]
fn a_hundred_megabytes_of_flags_take_no_memory_and_no_time() {
    let (body, good) = push_of(0, Carrier::Hdlc(1), Guard::ALL[0], 5);
    let mut decoder = Decoder::new(ring(carry::KEY), Policy::default(), Zone::luxembourg());
    let flags = vec![0x7E; 64 << 10];
    let (mut pushes, mut junk, mut pushed) = (0, 0, 0);
    let started = std::time::Instant::now();
    let mut take = |event: &Event<'_>| match event {
        Event::Telegram(_) => pushes += 1,
        Event::Junk(bytes) => junk += bytes.span.len(),
        Event::Refused(refused) => panic!("{refused:?}"),
    };
    while pushed < 100_000_000 {
        decoder.push(&flags, &mut take);
        pushed += flags.len() as u64;
        assert!(pushed - decoder.offset() <= 8 << 10);
    }
    decoder.push(&good, &mut take);
    decoder.finish(take);
    assert_eq!(pushes, 1, "{}", body.like);
    assert!(junk + 1 >= pushed, "{junk} of {pushed}");
    assert!(started.elapsed() < std::time::Duration::from_secs(60));
}

#[test]
fn nonsense_in_frames_with_right_check_sums_is_refused() {
    let (body, good) = push_of(4, Carrier::Hdlc(1), Guard::ALL[0], 5);
    let mut rng = Rng::new(12);
    let deep = [&[0x0F, 0, 0, 0, 0, 0][..], &[2, 1].repeat(1000)].concat();
    let counts = [0x0F, 0, 0, 0, 0, 0, 1, 0x84, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0];
    let string = [
        0x0F, 0, 0, 0, 0, 0, 2, 2, 9, 0x84, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3,
    ];
    let ciphered = [
        0xDB, 8, b'S', b'M', b'Y', 1, 2, 3, 4, 5, 0x84, 0xFF, 0xFF, 0xFF, 0xFF, 0x30, 0, 0, 0, 1,
        9, 9,
    ];
    let noise: Vec<u8> = (0..200).map(|_| rng.next_byte()).collect();
    let missing = [0x0F, 0, 0, 0, 0, 0, 2, 9, 0x12, 1, 2, 0x12, 3, 4];
    let longer = [
        &carry::apdu(&body, Guard::ALL[0], &mut rng, 4)[..],
        &[0, 0, 0],
    ]
    .concat();
    for apdu in [
        &deep[..900],
        &counts,
        &string,
        &ciphered,
        &noise,
        &missing,
        &longer,
        &[0x0F],
        &[0xE0],
        &[0xDB],
        &[0xDB, 8],
    ] {
        for carrier in [Carrier::Hdlc(1), Carrier::Mbus] {
            let stream = [&good[..], &carry::carry(apdu, carrier, &mut rng, 1), &good].concat();
            let outcome = decode(&stream);
            assert_eq!(outcome.pushes.len(), 2, "{apdu:02X?} {outcome:?}");
            assert!(!outcome.refused.is_empty(), "{apdu:02X?} {outcome:?}");
            holds(&outcome.pushes[1], &body, "behind nonsense");
        }
    }
}

#[test]
fn a_push_shown_layer_by_layer_is_one_push() {
    for guard in [Guard::ALL[0], Guard::ALL[4], Guard::ALL[9]] {
        let mut rng = Rng::new(3);
        let body = KINDS[4](&mut rng);
        let clear = carry::apdu(&body, Guard::ALL[0], &mut Rng::new(3), 1);
        let apdu = match guard.control {
            0 => clear.clone(),
            _ => carry::apdu(&body, guard, &mut Rng::new(3), 1),
        };
        for carrier in [Carrier::Hdlc(1), Carrier::Mbus, Carrier::Segments] {
            let framed = carry::carry(&apdu, carrier, &mut rng, 1);
            let llc = [&[0xE6, 0xE7, 0x00], &apdu[..]].concat();
            let stream = [&framed[..], &llc, &apdu, &clear, &framed].concat();
            let outcome = decode(&stream);
            assert_eq!(
                outcome.pushes.len(),
                2,
                "{guard:?} {carrier:?}: {outcome:?}"
            );
            assert!(
                outcome.refused.is_empty(),
                "{guard:?} {carrier:?}: {outcome:?}"
            );
        }
    }
}

#[test]
fn a_bare_push_that_comes_twice_is_two_pushes() {
    let (_, push) = push_of(4, Carrier::Bare, Guard::ALL[9], 5);
    assert_eq!(decode(&push.repeat(2)).pushes.len(), 2);
    let (_, push) = push_of(4, Carrier::Bare, Guard::ALL[0], 5);
    assert_eq!(decode(&push.repeat(2)).pushes.len(), 2);
}

#[test]
fn a_frame_that_was_decrypted_where_it_lay_is_named() {
    let mut rng = Rng::new(3);
    let body = KINDS[4](&mut rng);
    for guard in [Guard::ALL[4], Guard::ALL[9]] {
        let clear = carry::apdu(&body, Guard::ALL[0], &mut Rng::new(3), 1);
        let sealed = carry::apdu(&body, guard, &mut Rng::new(3), 1);
        let tag = if guard.control == 0x30 { 12 } else { 0 };
        let header = sealed.len() - tag - clear.len();
        let opened = [&sealed[..header], &clear, &sealed[sealed.len() - tag..]].concat();
        let framed = |apdu: &[u8]| carry::carry(apdu, Carrier::Hdlc(1), &mut Rng::new(1), 1);
        // The link layer is as it came.
        let (mut logged, inner) = (framed(&sealed), framed(&opened));
        let end = logged.len() - 3;
        logged[..end].copy_from_slice(&inner[..end]);
        let good = framed(&sealed);
        let outcome = decode(&[&logged[..], &good].concat());
        assert_eq!(
            outcome.refused,
            ["opened_in_place"],
            "{guard:?} {outcome:?}"
        );
        assert_eq!(outcome.pushes.len(), 1, "{guard:?} {outcome:?}");
        assert_eq!(decode(&opened).refused, ["opened_in_place"], "{guard:?}");
    }
}
