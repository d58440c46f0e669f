//! Generated pushes: every form of list in every framing under every protection gives exactly its values.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "push/carry.rs"]
mod carry;
#[path = "push/generate.rs"]
mod generate;

use std::sync::Arc;

use carry::{Carrier, Guard};
use generate::{Body, KINDS};
use smarty::p1::cipher::{AuthenticationKey, Key, Keys, MeterKeys};
use smarty::p1::decoder::{Decoder, Policy};
use smarty::p1::event::{Event, Tag};
use smarty::p1::line::Rng;
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
