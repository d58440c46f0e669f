//! Pushes on their way: what each fault of line, reader and key is called.

use std::sync::Arc;

use jiff::civil::date;
use smarty::p1::cipher::Keys;
use smarty::p1::diagnosis::Measure;
use smarty::p1::push::encode::{self, Data, Hdlc, Time};
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
fn the_share_of_lost_parts_is_said_of_all_and_of_an_hour() {
    // A push each five seconds, an hour and a minute long; each tenth one lacks its second part.
    for (bursts, hourly) in [(720, Some(72)), (20, None)] {
        let profile = Profile::named("at-noe").unwrap();
        let start = date(2026, 2, 3).at(18, 40, 0, 0);
        let mut meter = VirtualMeter::new(Setup::new(profile, 1, 7, start));
        let mut bytes = Vec::new();
        for burst in 0..bursts {
            let begin = bytes.len();
            meter.next_frame(&mut bytes);
            if burst % 10 == 5 {
                bytes.truncate(begin + usize::from(bytes[begin + 1]) + 6);
            }
        }
        let mut keys = Keys::default();
        keys.insert(meter.title(), meter.keys());
        let found = diagnose(&bytes, &Arc::new(keys));
        assert_eq!(codes(&found), ["parts_lost"]);
        let evidence = &found[0].evidence;
        assert_eq!(evidence.get(Measure::Seen), Some(bursts / 10));
        assert_eq!(evidence.get(Measure::Frames), Some(bursts));
        let often = evidence.get(Measure::PerHour);
        assert!(
            often.is_some() == hourly.is_some()
                && often.unwrap_or(0).abs_diff(hourly.unwrap_or(0)) <= 1,
            "{often:?}"
        );
    }
}

#[test]
fn a_scale_that_nothing_tells_is_named_with_its_line() {
    let list = |volts: u16, scaled: bool| {
        let mut elements = vec![Data::Octets(b"XYZ_001".to_vec())];
        let mut add = |code: [u8; 6], tag: u8, value: i128, scale: (i8, u8)| {
            elements.extend([Data::code(code), Data::Number(tag, value)]);
            if scaled {
                elements.push(Data::scale(scale.0, scale.1));
            }
        };
        add([1, 0, 1, 7, 0, 255], 6, 1200, (0, 27));
        add([1, 0, 32, 7, 0, 255], 0x12, volts.into(), (-1, 35));
        add([1, 0, 52, 7, 0, 255], 0x12, volts.into(), (-1, 35));
        let push = encode::notification(1, Time::None, &Data::Structure(elements).bytes());
        let hdlc = Hdlc {
            target: &[0x41],
            source: &[0x03],
            control: 0x13,
            part: 1000,
        };
        diagnose(&hdlc.frames(&push).concat(), &Arc::default())
    };
    // No voltage of a house at any power of ten; one that is; none.
    let found = list(7, false);
    assert_eq!(codes(&found), ["scale_unknown"]);
    assert_eq!(found[0].evidence.get(Measure::Seen), Some(2));
    assert_eq!(
        found[0]
            .evidence
            .code
            .map(|code| code.to_string())
            .as_deref(),
        Some("1-0:32.7.0")
    );
    for (volts, scaled) in [(2301, false), (0, false), (7, true)] {
        assert_eq!(codes(&list(volts, scaled)), [""; 0], "{volts} {scaled}");
    }
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
