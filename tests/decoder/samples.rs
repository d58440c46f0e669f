//! The samples, made by our own encoders; fails when a committed file differs (`SMARTY_BLESS=1` rewrites them).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::civil::{DateTime, date};
use smarty::p1::cipher::{AuthenticationKey, Key, MeterKeys};
use smarty::p1::ciphering::{FrameCounter, SecurityControl};
use smarty::p1::line::Fault;
use smarty::p1::telegram::format;
use smarty::simulate::virtual_meter::{Profile, Setup, VirtualMeter, keyring_toml};
use smarty::source::dump::{
    encode_base64, encode_carray, encode_hex, encode_hexdump, encode_words, encode_xxd,
};
use smarty::source::dump::{write_header, write_record, write_remark};

const SEED: u64 = 20;
/// The meters that push, and their numbers.
const PUSHES: [(&str, u32); 9] = [
    ("no-aidon", 20),
    ("no-kaifa", 21),
    ("kamstrup", 22),
    ("at-noe", 23),
    ("at-tinetz", 24),
    ("ch-lg", 25),
    ("ch-iskra", 26),
    ("si-iskra", 27),
    ("pl-stoen", 28),
];

fn start() -> DateTime {
    date(2026, 1, 15).at(18, 30, 0, 0)
}

fn meter(profile: &str, number: u32) -> VirtualMeter {
    let profile = Profile::named(profile).unwrap_or_else(|| panic!("profile {profile}"));
    VirtualMeter::new(Setup::new(profile, number, SEED, start()))
}

fn faulty(profile: &str, number: u32, fault: &str) -> VirtualMeter {
    let profile = Profile::named(profile).unwrap();
    let fault: Fault = fault.parse().unwrap();
    VirtualMeter::new(Setup {
        faults: vec![fault],
        ..Setup::new(profile, number, SEED, start())
    })
}

fn frames(meter: &mut VirtualMeter, count: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for _ in 0..count {
        meter.next_frame(&mut out);
    }
    out
}

fn telegram(profile: &str, number: u32) -> Vec<u8> {
    let mut out = Vec::new();
    meter(profile, number).next_telegram(&mut out);
    out
}

/// A gas reading on two lines, values without decimals, no CRC (DSMR P1 3.0).
fn dsmr30() -> Vec<u8> {
    let lines = [
        ("0-0:96.1.1", vec!["53414D504C453030303030303033"]),
        ("1-0:1.8.1", vec!["00608.400*kWh"]),
        ("1-0:1.8.2", vec!["00490.342*kWh"]),
        ("1-0:2.8.1", vec!["00000.001*kWh"]),
        ("1-0:2.8.2", vec!["00000.000*kWh"]),
        ("0-0:96.14.0", vec!["0001"]),
        ("1-0:1.7.0", vec!["0001.51*kW"]),
        ("1-0:2.7.0", vec!["0000.00*kW"]),
        ("0-0:17.0.0", vec!["0999.00*kW"]),
        ("0-0:96.3.10", vec!["1"]),
        ("0-0:96.13.1", vec![""]),
        ("0-0:96.13.0", vec![""]),
        ("0-1:24.1.0", vec!["3"]),
        ("0-1:96.1.0", vec!["53414D504C453030303030303034"]),
        (
            "0-1:24.3.0",
            vec!["121030140000", "00", "60", "1", "0-1:24.2.1", "m3"],
        ),
        ("", vec!["00024.123"]),
        ("0-1:24.4.0", vec!["1"]),
    ];
    format(r"/SMP5 DSMR30", lines, false)
}

/// What meters send beside the standard; none of it costs a line.
fn oddities() -> Vec<u8> {
    let lines = [
        ("0-0:1.0.0", vec!["20240111 09:35:00"]),
        ("0-0:96.1.1", vec!["PLAIN TEXT ID"]),
        ("1-0:1.8.0*255", vec!["001234567*Wh"]),
        ("1-0:2.8.0", vec!["000.040"]),
        ("1.7.0", vec!["00.512*KW"]),
        ("1-0:32.7.0", vec!["0230.1*V "]),
        ("1-0:31.4.0", vec!["100.0*A,-100.0*A"]),
        ("1-1:31.4.0", vec!["100*A", "-063*A"]),
        ("0-0:97.97.0", vec!["(ER11)"]),
        ("0-0:96.13.0", vec![""]),
        ("0-0:96.13.0", vec!["48656C6C6F"]),
        (
            "1-0:99.97.0",
            vec![
                "2",
                "0-0:96.7.19",
                "101208152415W",
                "0000000240*s",
                "101208151004W",
                "0000000301*s",
            ],
        ),
        (
            "0-0:98.1.0",
            vec![
                "1",
                "1-0:1.6.0",
                "1-0:1.6.0",
                "230201000000W",
                "230117224500W",
                "04.329*kW",
            ],
        ),
        ("0-1:24.1.0", vec!["003"]),
        ("0-1:96.1.0", vec![""]),
        ("0-1:24.2.1", vec!["632525252525S", "00000.000"]),
        ("1-0:250.9.9", vec!["17"]),
        ("this is no data line", vec![]),
        ("1-0:52.7.0", vec!["230.x*V"]),
    ];
    format(r"/SMP5\oddities 1", lines, true)
}

/// A key that its meter shares with nobody: made from the number alone.
fn keys(number: u8) -> MeterKeys {
    MeterKeys::new(Key::new([number; 16]), AuthenticationKey::default())
}

fn files() -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut add = |name: &str, bytes: Vec<u8>| {
        assert!(
            files.insert(name.to_owned(), bytes).is_none(),
            "{name} twice"
        );
    };
    let lu = frames(&mut meter("lu", 1), 1);
    add("lu-plain.txt", telegram("lu-full", 2));
    add("lu.bin", lu.clone());
    add("lu-full.bin", frames(&mut meter("lu-full", 2), 3));
    add("lu.hex", encode_hex(&lu).into_bytes());
    add("lu.xxd", encode_xxd(&lu).into_bytes());
    add("lu.hexdump", encode_hexdump(&lu).into_bytes());
    add("lu.words", encode_words(&lu).into_bytes());
    add("lu.c", encode_carray(&lu).into_bytes());
    add("lu.base64", encode_base64(&lu).into_bytes());
    add("at.bin", frames(&mut meter("at", 3), 2));
    for (profile, number) in [
        ("nl22", 10),
        ("nl42", 11),
        ("nl5", 12),
        ("be", 13),
        ("se", 14),
        ("hu", 15),
        ("lt", 16),
    ] {
        add(&format!("{profile}.txt"), telegram(profile, number));
    }
    for (profile, number) in PUSHES {
        add(
            &format!("{profile}.bin"),
            frames(&mut meter(profile, number), 3),
        );
    }
    add("nl30.txt", dsmr30());
    add("oddities.txt", oddities());
    add("two-meters.log", log());
    for (fault, _) in Fault::KINDS {
        let name = fault.split('=').next().unwrap();
        let count = match name {
            // Nothing is left of it; and ciphertext holds a CR LF only by chance.
            "silence" | "lf" => continue,
            "counter-reset" => 8,
            _ => 4,
        };
        let mut meter = match name {
            // Telegrams have no parts.
            "part-lost" => faulty("at-noe", 23, fault),
            _ => faulty("lu-full", 2, fault),
        };
        add(&format!("damaged/{name}.bin"), frames(&mut meter, count));
    }
    for (name, profile, number, fault) in [
        ("block-lost", "ch-lg", 25, "part-lost"),
        ("segment-lost", "ch-iskra", 26, "part-lost"),
        ("kamstrup-parity", "kamstrup", 22, "parity"),
        ("kamstrup-limit", "kamstrup", 22, "limit=128"),
        ("at-noe-wrong-key", "at-noe", 23, "wrong-key"),
    ] {
        let mut meter = faulty(profile, number, fault);
        add(&format!("damaged/{name}.bin"), frames(&mut meter, 4));
    }
    add(
        "damaged/inverted-plain.bin",
        frames(&mut faulty("nl5", 12, "inverted"), 3),
    );
    add(
        "damaged/7e1-plain.bin",
        frames(&mut faulty("nl22", 10, "7e1"), 3),
    );
    add(
        "damaged/weak-plain.bin",
        frames(&mut faulty("nl5", 12, "weak=0.002"), 3),
    );
    add(
        "damaged/icrnl-plain.bin",
        frames(&mut faulty("nl5", 12, "icrnl"), 3),
    );
    add(
        "damaged/lf-plain.txt",
        frames(&mut faulty("nl5", 12, "lf"), 2),
    );
    let mut untagged = Vec::new();
    let title = meter("lu", 1).title();
    keys(0x5A).seal(
        title,
        SecurityControl(0x20),
        FrameCounter(1),
        &telegram("lu", 1),
        &mut untagged,
    );
    add("damaged/other-key-no-tag.bin", untagged);
    let mut ring = vec![meter("lu", 1), meter("lu-full", 2), meter("at", 3)];
    ring.extend(PUSHES.map(|(profile, number)| meter(profile, number)));
    add("keys.toml", keyring_toml(&ring).into_bytes());
    files
}

/// Two meters in one capture log, one of which was lost for a while.
fn log() -> Vec<u8> {
    let (mut house, mut flat) = (meter("lu", 1), meter("lu-full", 2));
    let mut out = Vec::new();
    let time = |seconds: i64| jiff::Timestamp::from_second(1_768_498_200 + seconds).unwrap();
    write_header(&mut out, time(0));
    for round in 0..3 {
        write_record(
            &mut out,
            time(10 * round),
            "house",
            "gcm",
            &frames(&mut house, 1),
        );
        if round != 1 {
            write_record(
                &mut out,
                time(10 * round + 4),
                "flat",
                "gcm",
                &frames(&mut flat, 1),
            );
        } else {
            write_remark(&mut out, time(14), "flat", "lost");
            write_remark(&mut out, time(22), "flat", "reopened");
        }
    }
    out
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")
}

/// Files in the folder that are written by hand.
const BY_HAND: [&str; 6] = [
    "README.md",
    "spark.py",
    "smarty-1.schema.json",
    ".gitattributes",
    "damaged",
    "home-assistant-addon",
];

#[test]
fn the_samples_are_what_our_encoders_make() {
    let files = files();
    if std::env::var_os("SMARTY_BLESS").is_some() {
        std::fs::create_dir_all(folder().join("damaged")).unwrap();
        for (name, bytes) in &files {
            std::fs::write(folder().join(name), bytes).unwrap();
        }
    }
    for (name, bytes) in &files {
        let found = std::fs::read(folder().join(name)).unwrap_or_default();
        assert!(
            found == *bytes,
            "samples/{name} differs; SMARTY_BLESS=1 rewrites it"
        );
    }
    for (place, prefix) in [(folder(), ""), (folder().join("damaged"), "damaged/")] {
        for entry in std::fs::read_dir(place).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let known =
                files.contains_key(&format!("{prefix}{name}")) || BY_HAND.contains(&name.as_str());
            assert!(known, "samples/{prefix}{name} is made by nothing");
        }
    }
}
