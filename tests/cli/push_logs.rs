//! Pushes in logs: lines with prefixes, frames that were decrypted where they lay, and a push shown layer by layer.

use std::fmt::Write;

use smarty::p1::cipher::{AuthenticationKey, Key, MeterKeys};
use smarty::p1::ciphering::{FrameCounter, GLOBAL, SecurityControl, SystemTitle};
use smarty::p1::push::encode::{self, Data, Hdlc, LLC, Protection, Time};

use super::run::{Done, KEY, sample, smarty, words};

const TITLE: SystemTitle = SystemTitle(*b"SMY\x10\x20\x30\x40\x50");

/// The layers of a push, the outermost first: HDLC, behind the LLC, encrypted, in clear.
fn layers(counter: u32) -> [Vec<u8>; 4] {
    let row = |c: u8, d: u8, value: i128, unit: u8| {
        let code = Data::code([1, 0, c, d, 0, 255]);
        Data::Structure(vec![code, Data::Number(6, value), Data::scale(0, unit)])
    };
    let rows = Data::Structure(vec![
        row(1, 7, 2867, 27),
        row(2, 7, 0, 27),
        row(1, 8, i128::from(1_000 + counter), 30),
    ]);
    let clear = encode::notification(counter, Time::None, &rows.bytes());
    let protection = Protection {
        tag: GLOBAL,
        titled: true,
        title: TITLE,
        control: SecurityControl(0x30),
        counter: FrameCounter(counter),
        length_width: 0,
    };
    let mut key = [0; 16];
    hex::decode_to_slice(KEY, &mut key).unwrap();
    let keys = MeterKeys::new(Key::new(key), AuthenticationKey::default());
    let sealed = protection.seal(&keys, &clear);
    let behind_llc = [&LLC, &sealed[..]].concat();
    [framed(&sealed), behind_llc, sealed, clear]
}

fn framed(unit: &[u8]) -> Vec<u8> {
    let hdlc = Hdlc {
        target: &[0x41],
        source: &[0x03],
        control: 0x13,
        part: 1000,
    };
    hdlc.frames(unit).concat()
}

fn hex(bytes: &[u8], separator: &str) -> String {
    let pairs: Vec<_> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(separator)
}

fn parse(log: &str) -> Done {
    words(["parse", "-", "--json", "--events", "--key", KEY])
        .pipe(log)
        .done()
}

fn of_type(done: &Done, wanted: &str) -> Vec<serde_json::Value> {
    let all = done.json().into_iter();
    all.filter(|line| line["type"] == wanted).collect()
}

/// Splits a stream of whole HDLC frames.
fn frames(mut stream: &[u8]) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    while let [0x7E, high, low, ..] = *stream {
        let (frame, rest) = stream.split_at((usize::from(high & 7) << 8 | usize::from(low)) + 2);
        frames.push(frame.to_vec());
        stream = rest;
    }
    assert!(stream.is_empty());
    frames
}

#[test]
fn frames_behind_any_prefix_are_those_of_the_port() {
    let prefixes: [fn(usize) -> String; 10] = [
        |_| String::new(),
        |_| ">> ".to_owned(),
        |_| "<< ".to_owned(),
        |_| "RX: ".to_owned(),
        |_| "(V) ".to_owned(),
        |at| format!("I ({}) dlms: ", 1234 + at),
        |at| format!("[12:34:{:02}][D][uart:158]: <<< ", at % 60),
        |at| format!("2026-02-03 18:40:{:02}.123 ", at % 60),
        |at| format!("2026-02-03T18:40:{:02}.123456Z house ", at % 60),
        |at| format!("[{at}] (D) "),
    ];
    let options = "--keyring keys.toml --json -q";
    for name in [
        "no-aidon.bin",
        "kamstrup.bin",
        "no-kaifa.bin",
        "ch-lg.bin",
        "ch-iskra.bin",
    ] {
        let values = |done: &Done| -> Vec<_> {
            let all = done.json().into_iter();
            all.map(|line| line["readings"].clone()).collect()
        };
        let plain = values(&smarty(&format!("parse {name} {options}")).done());
        assert!(!plain.is_empty(), "{name}");
        for prefix in prefixes {
            for separator in [" ", ""] {
                let mut log = String::new();
                for (at, frame) in frames(&sample(name)).iter().enumerate() {
                    writeln!(log, "{}{}", prefix(at), hex(frame, separator)).unwrap();
                }
                let done = smarty(&format!("parse - {options}"))
                    .pipe(log.as_str())
                    .done();
                let begin: String = log.chars().take(90).collect();
                assert!(values(&done) == plain, "{name} {begin}\n{}", done.stderr);
            }
        }
    }
}

#[test]
fn what_was_decrypted_where_it_lay_is_named_and_the_next_push_comes_out() {
    let [logged, _, sealed, clear] = layers(1);
    // The program wrote the text over the ciphertext; the check sum of the frame is that of before.
    let mut opened = logged.clone();
    let begin = opened.len() - 3 - sealed.len();
    let text = begin + sealed.len() - 12 - clear.len();
    opened[text..text + clear.len()].copy_from_slice(&clear);
    let good = layers(2)[0].clone();
    let log = [&opened, &good]
        .map(|frame| format!("(V) {}\n", hex(frame, " ")))
        .concat();
    let done = parse(&log);
    let codes: Vec<_> = of_type(&done, "refused")
        .iter()
        .map(|line| line["code"].clone())
        .collect();
    assert_eq!(codes, ["opened_in_place"], "{done}");
    assert_eq!(of_type(&done, "telegram").len(), 1, "{done}");
    let findings = of_type(&done, "finding");
    assert_eq!(findings[0]["code"], "opened_in_place", "{done}");
    let message = findings[0]["message"].as_str().unwrap();
    assert!(message.contains("decrypted where they lay"), "{message}");
}

#[test]
fn a_push_shown_layer_by_layer_is_one_push() {
    let names = ["HDLC frame", "LLC", "GCM", "DLMS"];
    for prefix in ["", "I (1234) dlms: ", "2026-02-03 18:40:00.123 "] {
        let mut log = String::new();
        for counter in 1..=3 {
            for (name, layer) in names.iter().zip(layers(counter)) {
                writeln!(log, "{prefix}{name}:\n{prefix}{}", hex(&layer, " ")).unwrap();
            }
        }
        let done = parse(&log);
        let telegrams = of_type(&done, "telegram");
        let counters: Vec<_> = telegrams
            .iter()
            .map(|line| line["security"]["frame_counter"].clone())
            .collect();
        assert_eq!(counters, [1, 2, 3], "{log}{done}");
        assert!(of_type(&done, "refused").is_empty(), "{done}");
    }
}
