//! `--merge`: the pushes of a meter that sends several lists, put together.

use super::run::{Done, Folder, smarty, words};
use crc_fast::{CrcAlgorithm, checksum};
use serde_json::Value;

/// A push in clear of some rows, as Aidon sends them.
fn push(codes: &[(u8, u8)], value: u8) -> Vec<u8> {
    let mut text = vec![0x0F, 0x40, 0, 0, 0, 0, 0x01, codes.len() as u8 + 1];
    text.extend([0x02, 0x02, 0x09, 6, 0, 0, 96, 1, 0, 255, 0x0A, 4]);
    text.extend(b"4711");
    for (c, d) in codes {
        text.extend([
            0x02, 0x03, 0x09, 6, 1, 0, *c, *d, 0, 255, 0x06, 0, 0, 1, value,
        ]);
        // Watt hours for counters, watts for powers, tenths of volts.
        let (power, unit) = match (c, d) {
            (_, 8) => (0, 30),
            (32, _) => (0xFF, 35),
            _ => (0, 27),
        };
        text.extend([0x02, 0x02, 0x0F, power, 0x16, unit]);
    }
    let sum = |bytes: &[u8]| (checksum(CrcAlgorithm::Crc16IbmSdlc, bytes) as u16).to_le_bytes();
    let length = 12 + text.len();
    let mut frame = vec![0xA0 | (length >> 8) as u8, length as u8, 0x41, 0x03, 0x13];
    frame.extend(sum(&frame.clone()));
    frame.extend([0xE6, 0xE7, 0]);
    frame.extend(text);
    frame.extend(sum(&frame.clone()));
    [&[0x7E][..], &frame, &[0x7E]].concat()
}

const POWER: (u8, u8) = (1, 7);
const VOLTAGE: (u8, u8) = (32, 7);
const ENERGY: (u8, u8) = (1, 8);

/// Lists of 2 s, 10 s and an hour, in a capture log with the time of each.
fn log(folder: &Folder) -> String {
    let mut log = "# smarty-log 1  started=2026-11-23T08:00:00.000Z\n".to_owned();
    let pushes = [
        (2, push(&[POWER], 1)),
        (4, push(&[POWER], 2)),
        (10, push(&[POWER, VOLTAGE], 3)),
        (12, push(&[POWER], 4)),
        (20, push(&[POWER, ENERGY], 5)),
        (22, push(&[POWER], 6)),
    ];
    for (second, push) in pushes {
        let digits: String = push.iter().map(|byte| format!("{byte:02X}")).collect();
        let length = push.len();
        log += &format!("2026-11-23T08:00:{second:02}.000000Z house part {length} {digits}\n");
    }
    let path = folder.file("log", log);
    path.to_str().unwrap().to_owned()
}

fn parse(options: &str) -> Done {
    let folder = Folder::new();
    let done = smarty(&format!("parse {} {options}", log(&folder))).done();
    assert_eq!(done.exit, Some(0), "{}", done.stderr);
    done
}

#[test]
fn each_row_has_the_newest_of_all_values_and_their_age() {
    let done = parse("--merge --csv");
    let rows: Vec<_> = done.text().lines().collect();
    assert_eq!(
        rows,
        [
            "measured_at,received_at,meter,label,oldest_s,device_id_1,active_power_import_kw,voltage_l1_v,active_energy_import_kwh",
            ",2026-11-23T08:00:02.000000Z,4711,house,0,4711,0.257,,",
            ",2026-11-23T08:00:04.000000Z,4711,house,0,4711,0.258,,",
            ",2026-11-23T08:00:10.000000Z,4711,house,0,4711,0.259,25.9,",
            ",2026-11-23T08:00:12.000000Z,4711,house,2,4711,0.260,25.9,",
            ",2026-11-23T08:00:20.000000Z,4711,house,10,4711,0.261,25.9,0.261",
            ",2026-11-23T08:00:22.000000Z,4711,house,12,4711,0.262,25.9,0.261",
        ]
    );
    assert_eq!(done.stderr, "");
}

#[test]
fn objects_name_what_came_earlier() {
    let done = parse("--merge --json");
    let last: Value = serde_json::from_str(done.text().lines().last().unwrap()).unwrap();
    let earlier = &last["push"]["earlier"];
    assert_eq!(earlier["1-0:32.7.0"], 12);
    assert_eq!(earlier["1-0:1.8.0"], 2);
    assert_eq!(earlier.get("1-0:1.7.0"), None);
    assert_eq!(last["telegram"]["crc"]["valid"], Value::Null);
    assert_eq!(last["push"]["checksum"], "valid");
    assert!(last["values"]["voltage_l1_v"].is_number());
    let first: Value = serde_json::from_str(done.text().lines().next().unwrap()).unwrap();
    assert_eq!(first["push"].get("earlier"), None);
    let table = parse("--merge --last");
    assert!(
        table
            .text()
            .contains("2 values of earlier pushes, up to 12 s old"),
        "{}",
        table.text()
    );
}

#[test]
fn without_it_each_push_stands_alone_and_values_without_a_column_are_named() {
    let done = parse("--csv");
    let rows: Vec<_> = done.text().lines().collect();
    assert_eq!(
        rows[0],
        "measured_at,received_at,meter,label,device_id_1,active_power_import_kw"
    );
    let said = "begun without columns for active_energy_import_kwh, voltage_l1_v";
    assert!(done.stderr.contains(said), "{}", done.stderr);
    let done = parse("--json");
    assert!(!done.text().contains("earlier"));
}

#[test]
fn a_raw_readout_is_whole_for_other_software() {
    let done = parse("--merge --raw --last");
    let text = done.text().replace("\r\n", "\n");
    for code in ["1-0:1.7.0(", "1-0:32.7.0(", "1-0:1.8.0("] {
        assert_eq!(text.matches(code).count(), 1, "{code}: {text}");
    }
}

#[test]
fn telegrams_come_out_byte_for_byte_as_without() {
    for format in [
        "--csv",
        "--json",
        "--raw",
        "--format=influx",
        "--format=table",
    ] {
        for input in [
            "nl5.txt",
            "two-meters.log",
            "lu.bin",
            "../tests/push/no-rows.hex",
        ] {
            let line = ["parse", input, format, "--keyring", "keys.toml"];
            let plain = words(line).done();
            let merged = words(line.into_iter().chain(["--merge"])).done();
            if !(input.ends_with("hex") && format == "--csv") {
                assert_eq!(plain.stdout, merged.stdout, "{input} {format}");
            }
            assert_eq!(plain.exit, merged.exit);
        }
    }
}
