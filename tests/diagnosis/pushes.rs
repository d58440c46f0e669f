//! Pushes on their way: what each fault of line, reader and key is called.

use std::sync::Arc;

use jiff::civil::date;
use smarty::p1::cipher::Keys;
use smarty::simulate::virtual_meter::{Profile, Setup, VirtualMeter};

use super::{codes, diagnose};

/// The bursts of a meter with a fault, and its keys.
fn sent(profile: &str, fault: &str, bursts: usize) -> (Vec<u8>, Arc<Keys>) {
    let profile = Profile::named(profile).unwrap();
    let faults = match fault {
        "" => Vec::new(),
        fault => vec![fault.parse().unwrap()],
    };
    let mut meter = VirtualMeter::new(Setup {
        faults,
        ..Setup::new(profile, 1, 7, date(2026, 2, 3).at(18, 40, 0, 0))
    });
    let mut bytes = Vec::new();
    for _ in 0..bursts {
        meter.next_frame(&mut bytes);
    }
    let mut keys = Keys::default();
    if meter.is_sealed() {
        keys.insert(meter.title(), meter.keys());
    }
    (bytes, Arc::new(keys))
}

const PROFILES: [&str; 9] = [
    "no-aidon",
    "no-kaifa",
    "kamstrup",
    "at-noe",
    "at-tinetz",
    "ch-lg",
    "ch-iskra",
    "si-iskra",
    "pl-stoen",
];

#[test]
fn healthy_pushes_are_worth_no_word() {
    for profile in PROFILES {
        let (bytes, keys) = sent(profile, "", 30);
        assert_eq!(codes(&diagnose(&bytes, &keys)), [""; 0], "{profile}");
    }
}

#[test]
fn what_happens_to_pushes_is_named() {
    let mut wrong = Vec::new();
    for (profile, fault, expected) in [
        ("at-noe", "part-lost", "parts_lost"),
        ("at-tinetz", "part-lost", "parts_lost"),
        ("ch-lg", "part-lost", "parts_lost"),
        ("ch-iskra", "part-lost", "parts_lost"),
        ("kamstrup", "limit=64", "buffer_limit"),
        ("kamstrup", "limit=128", "buffer_limit"),
        ("no-aidon", "limit=256", "buffer_limit"),
        ("at-noe", "limit=192", "buffer_limit"),
        ("ch-iskra", "limit=128", "buffer_limit"),
        ("kamstrup", "parity", "wrong_parity"),
        ("no-aidon", "flips=0.001", "link_damaged"),
        ("at-tinetz", "flips=0.0005", "link_damaged"),
        ("ch-lg", "flips=0.001", "link_damaged"),
        ("kamstrup", "wrong-key", "wrong_key"),
        ("at-noe", "wrong-key", "wrong_key"),
        ("at-tinetz", "wrong-key", "wrong_key"),
        ("ch-lg", "wrong-auth-key", "wrong_auth_key"),
    ] {
        let (bytes, keys) = sent(profile, fault, 30);
        let found = codes(&diagnose(&bytes, &keys));
        if found.first() != Some(&expected) {
            wrong.push(format!("{profile} {fault}: {found:?}, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_keys_that_are_lacking_are_asked_for() {
    for profile in ["kamstrup", "at-noe", "at-tinetz", "ch-lg", "pl-stoen"] {
        let (bytes, _) = sent(profile, "", 5);
        let found = diagnose(&bytes, &Arc::default());
        assert_eq!(codes(&found), ["no_key"], "{profile}");
    }
}

#[test]
fn other_ports_are_named() {
    let search = [0x10, 0x40, 0x01, 0x41, 0x16].repeat(20);
    let oms = [0x10, 0x40, 0xF0, 0x30, 0x16].repeat(20);
    let radio = [
        &[0x1E, 0x44, 0x2D, 0x2C, 0x78, 0x56, 0x34, 0x12, 0x1B, 0x04][..],
        &[0x7A; 21],
    ]
    .concat();
    let asked =
        b"/?!\r\n/KAM5KAM-METER\r\n\x0600\r\n\x021.8.0(00123.4*kWh)\r\n!\r\n\x03\x11".repeat(3);
    for (bytes, expected) in [
        (search, "mbus_searching"),
        (oms, "mbus_searching"),
        (radio, "wireless_mbus"),
        (asked, "request_port"),
    ] {
        let found = codes(&diagnose(&bytes, &Arc::default()));
        assert_eq!(found.first(), Some(&expected), "{found:?}");
    }
}
