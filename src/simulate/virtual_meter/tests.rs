//! The virtual meter: its texts, frames and faults.

use super::*;
use std::sync::Arc;

use crate::p1::cipher::{Keys, OpenError};
use crate::p1::ciphering::{GeneralGloCiphering, Header};
use crate::p1::decoder::{Decoder, Policy};
use crate::p1::event::Event;
use crate::p1::line::recover;
use crate::p1::readout::Readout;
use crate::p1::value::Zone;
use jiff::civil::date;

fn setup(profile: Profile) -> Setup {
    Setup::new(profile, 1, 2026, date(2026, 2, 3).at(18, 40, 0, 0))
}

fn meter(profile: Profile, faults: &[&str]) -> VirtualMeter {
    let faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
    VirtualMeter::new(Setup {
        faults,
        ..setup(profile)
    })
}

fn telegram(meter: &mut VirtualMeter) -> String {
    let mut out = Vec::new();
    meter.next_telegram(&mut out);
    String::from_utf8(out).unwrap()
}

fn frame(meter: &mut VirtualMeter) -> Vec<u8> {
    let mut out = Vec::new();
    meter.next_frame(&mut out);
    out
}

fn open(meter: &VirtualMeter, frame: &[u8]) -> (u32, Result<Vec<u8>, OpenError>) {
    let Header::Legal(header) = GeneralGloCiphering::decode(frame) else {
        panic!("no header in {frame:02X?}");
    };
    assert_eq!(header.title, meter.title());
    assert_eq!(header.frame_length(), frame.len());
    let keys = MeterKeys::new(
        Key::new(meter.key()),
        AuthenticationKey::new(meter.auth_key()),
    );
    let mut text = vec![0; header.text_length()];
    let opened = keys.open(&header, frame, &mut text);
    (header.counter.0, opened.map(|()| text))
}

fn crc_fits(text: &[u8]) -> Option<bool> {
    Readout::find(text).unwrap().check(text).valid()
}

/// The codes of a telegram, in order.
fn codes(text: &str) -> Vec<&str> {
    text.lines()
        .filter_map(|line| line.split_once('(').map(|(code, _)| code))
        .collect()
}

fn value<'a>(text: &'a str, code: &str) -> &'a str {
    let line = text.lines().find(|line| line.starts_with(code)).unwrap();
    line[code.len() + 1..].split(['*', ')']).next().unwrap()
}

#[test]
fn each_profile_ends_its_lines_and_its_crc_fits() {
    for (name, profile) in Profile::ALL {
        assert_eq!(Profile::named(name), Some(profile));
        if profile.sender().is_some() {
            continue;
        }
        let mut meter = meter(profile, &[]);
        for _ in 0..20 {
            let text = telegram(&mut meter);
            assert_eq!(text.matches('\r').count(), text.matches("\r\n").count());
            assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
            let header = text.split("\r\n\r\n").next().unwrap();
            assert!(
                header.starts_with('/') && header.as_bytes()[4] == b'5',
                "{header}"
            );
            let expected = (profile != Profile::Nl22).then_some(true);
            assert_eq!(crc_fits(text.as_bytes()), expected, "{name}");
        }
    }
    assert_eq!(Profile::named("LU"), None);
}

#[test]
fn the_full_telegram_has_the_lines_of_the_specification() {
    let mut expected: Vec<String> = [
        "1-3:0.2.8",
        "0-0:1.0.0",
        "0-0:42.0.0",
        "1-0:1.8.0",
        "1-0:2.8.0",
        "1-0:3.8.0",
        "1-0:4.8.0",
        "1-0:1.7.0",
        "1-0:2.7.0",
        "1-0:3.7.0",
        "1-0:4.7.0",
        "0-0:17.0.0",
        "1-0:9.7.0",
        "1-0:10.7.0",
        "1-1:31.4.0",
        "0-0:96.3.10",
        "0-1:96.3.10",
        "0-2:96.3.10",
        "0-0:96.7.21",
        "1-0:32.32.0",
        "1-0:52.32.0",
        "1-0:72.32.0",
        "1-0:32.36.0",
        "1-0:52.36.0",
        "1-0:72.36.0",
        "0-0:96.13.0",
        "0-0:96.13.2",
        "0-0:96.13.3",
        "0-0:96.13.4",
        "0-0:96.13.5",
        "1-0:32.7.0",
        "1-0:52.7.0",
        "1-0:72.7.0",
        "1-0:31.7.0",
        "1-0:51.7.0",
        "1-0:71.7.0",
        "1-0:21.7.0",
        "1-0:41.7.0",
        "1-0:61.7.0",
        "1-0:22.7.0",
        "1-0:42.7.0",
        "1-0:62.7.0",
        "1-0:23.7.0",
        "1-0:43.7.0",
        "1-0:63.7.0",
        "1-0:24.7.0",
        "1-0:44.7.0",
        "1-0:64.7.0",
    ]
    .map(str::to_owned)
    .to_vec();
    for channel in 1..=4 {
        expected.extend(
            ["24.1.0", "96.1.0", "24.2.1", "24.4.0"].map(|code| format!("0-{channel}:{code}")),
        );
    }
    let text = telegram(&mut meter(Profile::LuFull, &[]));
    assert_eq!(codes(&text), expected);
    assert!(
        (1480..1560).contains(&text.len()),
        "{} bytes, the example has 1489",
        text.len()
    );
    assert!(telegram(&mut meter(Profile::Lu, &[])).len() < 900);
}

#[test]
fn old_telegrams_have_gas_on_two_lines_and_no_crc() {
    let text = telegram(&mut meter(Profile::Nl22, &[]));
    let (_, gas) = text.split_once("0-1:24.3.0").unwrap();
    assert!(
        gas.starts_with("(260203180000)(00)(60)(1)(0-1:24.2.1)(m3)\r\n("),
        "{gas}"
    );
    assert!(text.ends_with("!\r\n") && text.is_ascii());
    assert_eq!(Profile::Nl22.framing(), crate::p1::line::Framing::DSMR2);
}

#[test]
fn printed_powers_add_up_and_counters_grow() {
    let number = |text: &str, code| value(text, code).replace('.', "").parse::<i64>().unwrap();
    let mut meter = meter(Profile::LuFull, &[]);
    let mut before = [0_i64; 5];
    for _ in 0..3000 {
        let text = telegram(&mut meter);
        let net = |import, export| number(&text, import) - number(&text, export);
        let phases = net("1-0:21.7.0", "1-0:22.7.0")
            + net("1-0:41.7.0", "1-0:42.7.0")
            + net("1-0:61.7.0", "1-0:62.7.0");
        assert_eq!(net("1-0:1.7.0", "1-0:2.7.0"), phases);
        let now = [
            "1-0:1.8.0",
            "1-0:2.8.0",
            "1-0:3.8.0",
            "1-0:4.8.0",
            "0-0:1.0.0",
        ]
        .map(|code| value(&text, code).replace(['.', 'W'], "").parse().unwrap());
        assert!(now.iter().zip(before).all(|(now, before)| *now >= before));
        before = now;
    }
    assert_eq!(before[4], 260_204_025_950, "3000 periods of 10 s later");
}

#[test]
fn the_clock_changes_in_spring_but_not_in_sweden() {
    let start = date(2026, 3, 29).at(1, 59, 50, 0);
    let times = |profile| {
        let mut meter = VirtualMeter::new(Setup {
            start,
            period: 10,
            ..setup(profile)
        });
        [0, 1].map(|_| value(&telegram(&mut meter), "0-0:1.0.0").to_owned())
    };
    assert_eq!(times(Profile::Nl5), ["260329015950W", "260329030000S"]);
    assert_eq!(times(Profile::Se), ["260329015950W", "260329020000W"]);
}

#[test]
fn meters_differ_and_the_same_meter_does_not() {
    let street: Vec<VirtualMeter> = (1..=5)
        .map(|number| {
            VirtualMeter::new(Setup {
                number,
                ..setup(Profile::At)
            })
        })
        .collect();
    for (index, one) in street.iter().enumerate() {
        for other in &street[index + 1..] {
            assert_ne!(one.title(), other.title());
            assert_ne!(one.key(), other.key());
            assert_ne!(one.auth_key(), other.auth_key());
            assert_ne!(one.household().active(), other.household().active());
        }
    }
    let stream = || {
        let mut meter = meter(Profile::LuFull, &["flips=0.001", "noise"]);
        (0..10).flat_map(|_| frame(&mut meter)).collect::<Vec<u8>>()
    };
    assert_eq!(stream(), stream());
}

#[test]
fn the_device_name_in_the_text_is_that_of_the_title() {
    let mut meter = meter(Profile::Lu, &[]);
    let name = hex::decode(value(&telegram(&mut meter), "0-0:42.0.0")).unwrap();
    assert_eq!(String::from_utf8(name).ok(), meter.title().device_id());
}

#[test]
fn frames_open_with_the_keys_of_the_ring() {
    for profile in [Profile::Lu, Profile::LuFull, Profile::At] {
        let mut meter = meter(profile, &[]);
        for _ in 0..8 {
            let counter = meter.counter().0;
            let sealed = frame(&mut meter);
            let (sent, text) = open(&meter, &sealed);
            assert_eq!(sent, counter);
            assert_eq!(crc_fits(&text.unwrap()), Some(true));
            assert_eq!(meter.counter().0, counter + 1);
        }
    }
    assert_eq!(
        frame(&mut meter(Profile::Nl5, &[])),
        telegram(&mut meter(Profile::Nl5, &[])).into_bytes()
    );
}

#[test]
fn a_meter_can_have_a_wrong_key() {
    for fault in ["wrong-key", "wrong-auth-key"] {
        let mut meter = meter(Profile::Lu, &[fault]);
        let sealed = frame(&mut meter);
        assert_eq!(open(&meter, &sealed).1, Err(OpenError::TagMismatch));
        let Header::Legal(header) = GeneralGloCiphering::decode(&sealed) else {
            panic!()
        };
        let keys = MeterKeys::new(Key::new(meter.key()), AuthenticationKey::default());
        let mut text = vec![0; header.text_length()];
        keys.view(&header, &sealed, &mut text).unwrap();
        assert_eq!(text.starts_with(b"/Lux5"), fault == "wrong-auth-key");
    }
}

#[test]
fn counters_repeat_or_start_again() {
    let counters = |fault: &str| {
        let mut meter = meter(Profile::Lu, &[fault]);
        let first = meter.counter().0;
        let sent = (0..8).map(|_| {
            let sealed = frame(&mut meter);
            open(&meter, &sealed).0
        });
        (first, sent.collect::<Vec<u32>>())
    };
    let (first, sent) = counters("counter-repeat");
    assert_eq!(sent, [0, 0, 1, 1, 2, 2, 3, 3].map(|count| first + count));
    let (first, sent) = counters("counter-reset");
    assert_eq!(
        sent,
        [first, first + 1, first + 2, first + 3, first + 4, 0, 1, 2]
    );
}

#[test]
fn faults_of_text_and_line_reach_the_reader() {
    let mut bad = meter(Profile::Lu, &["bad-crc"]);
    let sealed = frame(&mut bad);
    assert_eq!(crc_fits(&open(&bad, &sealed).1.unwrap()), Some(false));
    assert_eq!(frame(&mut meter(Profile::Nl5, &["silence"])), b"");
    let old = meter(Profile::Nl22, &[]);
    let plain = telegram(&mut VirtualMeter::new(old.setup().clone()));
    assert_eq!(
        recover::strip_parity(&frame(&mut meter(Profile::Nl22, &["7e1"]))),
        Some(plain.into_bytes())
    );
    assert!(
        frame(&mut meter(Profile::Nl22, &["speed=115200"]))
            .iter()
            .all(|&byte| byte == 0)
    );
    let inverted = frame(&mut meter(Profile::Nl5, &["inverted"]));
    let text = recover::uninvert_burst(&inverted, |text| crc_fits(text) == Some(true)).unwrap();
    assert_eq!(text, telegram(&mut meter(Profile::Nl5, &[])).into_bytes());
    let mut behind_telnet = meter(Profile::Lu, &["telnet"]);
    let burst = frame(&mut behind_telnet);
    assert!(burst.starts_with(&[0xFF, 0xFB, 0x01]));
    assert!(frame(&mut behind_telnet).starts_with(&[0xDB, 0x08]));
    let short = frame(&mut meter(Profile::Lu, &["lost=62", "noise"]));
    let whole = frame(&mut meter(Profile::Lu, &[])).len();
    assert!(short.len() > whole - 62 && short.len() <= whole - 30);
}

#[test]
fn the_key_ring_names_who_encrypts() {
    let meters = [
        meter(Profile::Lu, &[]),
        meter(Profile::Nl5, &[]),
        meter(Profile::At, &[]),
    ];
    let id = meters[0].title().device_id().unwrap();
    let ring = keyring_toml(&meters[..2]);
    assert!(ring.parse::<toml::Table>().is_ok());
    assert_eq!(
        ring,
        format!(
            "[{id}]\nkey = \"{}\"\nname = \"meter 1\"\n",
            hex::encode_upper(meters[0].key())
        )
    );
    let own = keyring_toml(&meters[2..]);
    assert!(own.contains(&format!(
        "auth_key = \"{}\"",
        hex::encode_upper(meters[2].auth_key())
    )));
}

#[test]
fn the_decoder_complains_of_nothing_but_the_unused_channel() {
    for (name, profile) in Profile::ALL {
        let mut meter = meter(profile, &[]);
        let mut stream = Vec::new();
        for _ in 0..20 {
            meter.next_frame(&mut stream);
        }
        let mut keys = Keys::default();
        if meter.is_sealed() {
            keys.insert(meter.title(), meter.keys());
        }
        let mut decoder = Decoder::new(Arc::new(keys), Policy::default(), Zone::luxembourg());
        let mut telegrams = 0;
        let mut sink = |event: &Event<'_>| {
            let Event::Telegram(decoded) = event else {
                panic!("{name}: {event:?}");
            };
            let complaints: Vec<_> = decoded
                .telegram
                .issues()
                .map(|issue| issue.code())
                .collect();
            let expected = match profile {
                Profile::LuFull => vec!["bad_timestamp"],
                _ => vec![],
            };
            assert_eq!(complaints, expected, "{name}");
            for reading in decoded.telegram.readings() {
                assert!(reading.entry().is_some(), "{name}: {}", reading.obis());
            }
            telegrams += 1;
        };
        decoder.push(&stream, &mut sink);
        decoder.finish(&mut sink);
        assert_eq!(telegrams, 20, "{name}");
    }
}

/// Code, number and unit of a reading.
type Shown = (String, String, String);

/// The pushes of a meter, decoded with its keys: number of readings and what else came, for each burst.
fn decoded(meter: &mut VirtualMeter, bursts: usize) -> Vec<(Vec<Shown>, usize)> {
    let mut keys = Keys::default();
    if meter.is_sealed() {
        keys.insert(meter.title(), meter.keys());
    }
    let mut decoder = Decoder::new(Arc::new(keys), Policy::default(), Zone::luxembourg());
    let mut all = Vec::new();
    for _ in 0..bursts {
        let burst = frame(meter);
        let (mut readings, mut other) = (Vec::new(), 0);
        let mut take = |event: &Event<'_>| match event {
            Event::Telegram(decoded) => {
                let parts = decoded.telegram.readings().map(|reading| {
                    let value = reading.values().next();
                    let number = match value {
                        Some(crate::p1::telegram::Value::Number(number)) => number.to_string(),
                        _ => String::new(),
                    };
                    let unit = reading.units().next().unwrap_or_default().to_string();
                    (reading.obis().to_string(), number, unit)
                });
                readings.extend(parts);
            }
            Event::Refused(_) | Event::Junk(_) => other += 1,
        };
        decoder.push(&burst, &mut take);
        decoder.quiet(&mut take);
        all.push((readings, other));
    }
    all
}

/// A number with a unit, in thousandths of thousandths of the basic unit.
fn micro(number: &str, unit: &str) -> i128 {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits: i128 = format!("{whole}{fraction:0<9}").parse().unwrap();
    let kilo = if unit.starts_with('k') { 1000 } else { 1 };
    digits * kilo
}

#[test]
fn each_push_decodes_to_what_the_household_measures() {
    for (name, profile) in Profile::ALL {
        let Some(sender) = profile.sender() else {
            continue;
        };
        let mut meter = meter(profile, &[]);
        let mut lists = std::collections::HashSet::new();
        for _ in 0..700 {
            let list = sender
                .due(meter.household().now(), profile.period())
                .unwrap();
            lists.insert(list.every);
            let expected: Vec<(String, i128, u8)> = list
                .lines
                .iter()
                .copied()
                .flatten()
                .filter(|([group, ..], _)| *group == 1)
                .filter_map(|([a, b, c, d, e, _], cell)| {
                    let push::Cell::Number { sent, unit, .. } = cell else {
                        return None;
                    };
                    let power = u32::try_from(9 + i32::from(*sent)).unwrap();
                    let value = cell.sent(meter.household()).unwrap() * 10i128.pow(power);
                    Some((format!("{a}-{b}:{c}.{d}.{e}"), value, *unit))
                })
                .collect();
            let (readings, other) = decoded(&mut meter, 1).remove(0);
            assert_eq!(other, 0, "{name}");
            for (code, value, unit) in expected {
                let found = readings.iter().find(|(known, ..)| *known == code);
                let Some((_, number, of)) = found else {
                    panic!("{name}: {code} is missing in {readings:?}");
                };
                assert_eq!(micro(number, of), value, "{name}: {code} {number} {of}");
                assert_eq!(of.is_empty(), unit == 255, "{name}: {code} {number} {of}");
            }
        }
        assert_eq!(lists.len(), sender.lists.len(), "{name}: {lists:?}");
    }
}

#[test]
fn the_lines_behind_a_first_line_in_clear_are_read() {
    let mut sealed = meter(Profile::PlStoen, &[]);
    let mut clear = VirtualMeter::new(Setup {
        sealed: false,
        ..setup(Profile::PlStoen)
    });
    let burst = frame(&mut meter(Profile::PlStoen, &[]));
    assert!(burst.starts_with(b"/SMY5") && !String::from_utf8_lossy(&burst).contains("1-0:1.8.0"));
    assert_eq!(decoded(&mut sealed, 3), decoded(&mut clear, 3));
    let wrong = decoded(&mut meter(Profile::PlStoen, &["wrong-key"]), 2);
    assert!(
        wrong
            .iter()
            .all(|(readings, other)| readings.is_empty() && *other == 1)
    );
}

#[test]
fn a_part_that_is_lost_costs_a_push() {
    for profile in [
        Profile::AtNoe,
        Profile::AtTinetz,
        Profile::ChLg,
        Profile::ChIskra,
    ] {
        let lost = decoded(&mut meter(profile, &["part-lost"]), 6);
        for (readings, other) in lost {
            assert!(
                readings.is_empty() && other >= 1,
                "{profile:?} {readings:?}"
            );
        }
    }
}
