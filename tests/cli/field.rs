//! What meters in the field send beside the standard, each with its right answer.

use serde_json::{Value, json};

use smarty::p1::readout::{Algorithm, crc16};

use super::run::{Folder, sample, smarty};

/// The one telegram of a text with these lines, as JSON.
fn read(header: &str, lines: &[&str]) -> Value {
    let text = format!("{header}\r\n\r\n{}\r\n!\r\n", lines.join("\r\n"));
    smarty("parse - --json").pipe(text).done().telegram()
}

fn codes(telegram: &Value) -> Vec<&str> {
    let issues = telegram["issues"].as_array().unwrap();
    issues.iter().map(|i| i["code"].as_str().unwrap()).collect()
}

const CLOCK: &str = "0-0:1.0.0(240701192959S)";
const GAS: &str = "0-1:24.1.0(003)";

#[test]
fn the_letter_of_a_reading_may_be_small() {
    let t = read(
        "/XMX5A1",
        &[CLOCK, GAS, "0-1:24.2.1(240701190000s)(00845.206*m3)"],
    );
    assert_eq!(t["values"]["gas_m3"].to_string(), "845.206");
    assert_eq!(t["devices"][0]["unit"], "m3");
    assert_eq!(t["devices"][0]["measured_at"], "2024-07-01T19:00:00+02:00");
    assert!(codes(&t).is_empty());
}

#[test]
fn a_text_in_place_of_a_time_is_no_unit() {
    let t = read("/XMX5A1", &[CLOCK, GAS, "0-1:24.2.1(ABCDEF)(00845.206*m3)"]);
    assert_eq!(t["values"]["gas_m3"].to_string(), "845.206");
    assert_eq!(t["devices"][0]["measured_at"], Value::Null);
    assert_eq!(codes(&t), ["bad_timestamp"]);
}

#[test]
fn where_clocks_begin_is_never() {
    for time in ["700101010000W", "000101000000W", "991332000000S"] {
        let line = format!("0-1:24.2.1({time})(00000.000*m3)");
        let t = read("/XMX5A1", &[CLOCK, GAS, &line]);
        assert_eq!(t["devices"][0]["measured_at"], Value::Null, "{time}");
        assert_eq!(codes(&t), ["bad_timestamp"], "{time}");
    }
}

#[test]
fn an_offset_with_the_wrong_sign_is_turned_and_said() {
    let t = read(
        "/MCS5A1",
        &[
            "0-0:1.0.0(07EA080B0208151900007880)",
            "1-0:1.7.0(0.0000*kW)",
        ],
    );
    assert_eq!(t["measured_at"], "2026-08-11T08:21:25+02:00");
    assert_eq!(codes(&t), ["turned_offset"]);
}

#[test]
fn codes_of_the_printed_standard_are_codes() {
    let lines = [
        "1-0:31.7.0.255(001*A)",
        "1-0:21.7.0.255(01.111*kW)",
        "1-0:72:32.0(00003)",
    ];
    let t = read("/XMX5A1", &lines);
    let values = json!({"current_l1_a": 1, "active_power_import_l1_kw": 1.111,
        "voltage_sag_count_l3": 3});
    for (key, value) in values.as_object().unwrap() {
        assert_eq!(
            t["values"][key].to_string().trim_start_matches('0'),
            value.to_string()
        );
    }
}

#[test]
fn a_unit_without_its_asterisk_is_a_unit() {
    let lines = [
        "1-0:1.8.0(00010117.368kWh)",
        "1-0:1.7.0(0004.251kW)",
        "1-0:32.7.0(234.3V)",
    ];
    let t = read("/ADN9 6534", &lines);
    assert_eq!(
        t["values"]["active_energy_import_kwh"].to_string(),
        "10117.368"
    );
    assert_eq!(t["values"]["active_power_import_kw"].to_string(), "4.251");
    assert_eq!(t["values"]["voltage_l1_v"].to_string(), "234.3");
    assert_eq!(codes(&t), ["no_asterisk"; 3]);
    // What only ends like a unit is none.
    let t = read(
        "/ADN9 6534",
        &["0-0:97.97.0(0000005A)", "1-0:99.9.9(240701192959S)"],
    );
    assert!(codes(&t).is_empty());
}

#[test]
fn the_end_mark_may_follow_the_last_line() {
    let text = "/ADN9 6534\r\n\r\n1-0:71.7.0(0001.4*A)!\r\n";
    let t = smarty("parse - --json").pipe(text).done().telegram();
    assert_eq!(t["values"]["current_l3_a"].to_string(), "1.4");
}

#[test]
fn digits_that_hold_no_name_stand_as_they_are() {
    let lines = [
        "0-0:C.1.0*255(63555750)",
        "0-2:96.1.0(22222222)",
        "0-1:96.1.0(63555750)",
    ];
    let t = read("/ISk5MT174-0001", &lines);
    assert_eq!(t["meter"]["id"], "63555750");
    assert_eq!(t["devices"][0]["id"], "63555750");
    assert_eq!(t["devices"][1]["id"], "22222222");
    let t = read("/ISk5MT174-0001", &["0-0:C.1.0*255(53414731)"]);
    assert_eq!(t["meter"]["id"], "53414731");
}

#[test]
fn octets_hold_text_where_the_standard_has_one() {
    let lines = [
        "0-0:96.1.4(3231313130)",
        "0-0:96.1.1(205A414246303030303031)",
    ];
    let t = read("/KMP5 ZABF", &lines);
    assert_eq!(t["values"]["version_information"], "21110");
    assert_eq!(t["values"]["equipment_identifier"], "ZABF000001");
    assert_eq!(t["meter"]["id"], "ZABF000001");
    assert_eq!(
        read("/KMP5 Z", &["0-0:96.1.4(50213)"])["readings"][0]["value"],
        "50213"
    );
}

#[test]
fn a_text_over_two_lines_is_one_text() {
    let half = "303132333435363738393A3B3C3D3E3F";
    let wrapped = format!("0-0:96.13.0({half}\r\n{half})");
    let t = read("/KMP5 ZABF", &[&wrapped, "1-0:1.7.0(0001.01*kW)"]);
    assert_eq!(
        t["values"]["text_message"],
        "0123456789:;<=>?0123456789:;<=>?"
    );
    assert_eq!(t["values"]["active_power_import_kw"].to_string(), "1.01");
    assert!(codes(&t).is_empty());
}

#[test]
fn a_long_text_is_a_value() {
    for length in [32, 33, 1024] {
        let line = format!("0-0:96.13.0({})", "41".repeat(length));
        let t = read("/XMX5A1", &[&line]);
        assert_eq!(t["values"]["text_message"], "A".repeat(length));
    }
}

#[test]
fn without_its_end_a_telegram_is_read_where_that_is_asked_for() {
    let text = "/ISk5\\2MT382-1003\r\n\r\n1-0:1.8.1(39837.604*kWh)\r\n1-0:1.7.0(0000.00*kW)\r\n";
    let done = smarty("parse - --json").pipe(text).done();
    assert_eq!((done.exit, done.stdout.len()), (Some(4), 0));
    let t = smarty("parse - --json --ignore-crc")
        .pipe(text)
        .done()
        .telegram();
    assert_eq!(
        t["values"]["active_energy_import_tariff_1_kwh"].to_string(),
        "39837.604"
    );
    assert_eq!(t["readings"].as_array().unwrap().len(), 2);
    assert_eq!(t["telegram"]["crc"]["valid"], Value::Null);
    assert_eq!(codes(&t), ["no_end"]);
}

#[test]
fn blanks_before_a_group_do_no_harm() {
    let lines = [
        GAS,
        "0-1:24.2.1 (240701190000S)(00012.345*m3)",
        "1-0:1.7.0 (00.100*kW)",
    ];
    let t = read("/KMP5 ZABF", &lines);
    assert_eq!(t["values"]["gas_m3"].to_string(), "12.345");
    assert_eq!(t["values"]["active_power_import_kw"].to_string(), "0.1");
    assert!(codes(&t).is_empty());
}

#[test]
fn the_clock_may_have_another_code_or_two_lines() {
    let reading = "0-1:24.2.1(231207185435W)(4.421*GJ)";
    let lines = ["0-0:1.1.0(231207185435W)", "0-1:24.1.0(012)", reading];
    let t = read("/ISk5A1", &lines);
    assert_eq!(t["measured_at"], "2023-12-07T18:54:35+01:00");
    assert_eq!(t["values"]["heat_gj"].to_string(), "4.421");
    let lines = ["0-0:1.1.0(231207185435W)", CLOCK];
    assert_eq!(
        read("/ISk5A1", &lines)["measured_at"],
        "2024-07-01T19:29:59+02:00"
    );
    for (time, date) in [("192959", "240701"), ("19:29:59", "24-07-01")] {
        let (time, date) = (format!("1-0:0.9.1({time})"), format!("1-0:0.9.2({date})"));
        let t = read("/ISk5A1", &[&time, &date, "1-0:1.7.0(00.1*kW)"]);
        assert_eq!(t["measured_at"], "2024-07-01T19:29:59+02:00");
    }
}

#[test]
fn of_a_ring_of_readings_the_newest_is_the_value() {
    let lines = [
        "0-0:96.1.0*255(1234567890123456)",
        "7-0:23.1.0*255(01238.740*m3)(19-01-01 00:00:00)",
        "7-0:23.1.0*255(01240.690*m3)(19-01-01 13:00:00)",
        "7-0:23.1.0*255(01237.560*m3)(18-12-31 14:00:00)",
    ];
    let t = read("/ACE5ACE4KGPRS", &lines);
    assert_eq!(t["values"]["gas_24h_m3"].to_string(), "1240.69");
    assert_eq!(t["readings"][2]["value"][1], "2019-01-01T13:00:00+01:00");
    assert_eq!(t["readings"].as_array().unwrap().len(), 4);
    assert!(codes(&t).is_empty());
    // An hour later the same lines say something else.
    let text = |hours: [&str; 2]| {
        let line = |(value, hour): (u8, &&str)| {
            format!("7-0:23.1.0*255(0000{value}.000*m3)(19-01-01 {hour}:00:00)\r\n")
        };
        let lines: String = (1..).zip(&hours).map(line).collect();
        format!("/ACE5ACE4KGPRS\r\n\r\n{lines}!\r\n")
    };
    let both = text(["12", "11"]) + &text(["12", "13"]);
    let seen: Vec<_> = smarty("parse - --json").pipe(both).done().json();
    let gas = |t: &Value| t["values"]["gas_24h_m3"].to_string();
    assert_eq!(seen.iter().map(gas).collect::<Vec<_>>(), ["1.0", "2.0"]);
}

#[test]
fn totals_follow_channel_1_where_there_is_no_channel_0() {
    let lines = ["1-1:1.8.0(000012.345*kWh)", "1-1:3.8.0(000001.000*kvarh)"];
    let t = read("/KMP5A1", &lines);
    assert_eq!(
        t["values"]["active_energy_import_kwh"].to_string(),
        "12.345"
    );
    assert_eq!(
        t["values"]["active_energy_import_channel_1_kwh"].to_string(),
        "12.345"
    );
    assert_eq!(
        t["values"]["reactive_energy_import_kvarh"].to_string(),
        "1.0"
    );
    let t = read("/KMP5A1", &[lines[0], "1-0:1.7.0(00.100*kW)"]);
    assert_eq!(t["values"]["active_energy_import_kwh"], Value::Null);
}

#[test]
fn codes_of_the_field_have_names() {
    for code in [
        "0-0:1.1.0",
        "0-0:0.0.0",
        "1-0:0.3.0",
        "1-0:0.3.1",
        "1-1:1.6.0",
        "1-1:3.8.0",
        "1-1:4.8.0",
        "C.5.0",
        "C.6.3",
        "C.8.1",
        "C.8.2",
        "C.13.21",
        "C.13.22",
        "C.90",
        "0.2.1",
    ] {
        let t = read("/KMP5A1", &[&format!("{code}(1)"), "1-0:1.7.0(00.100*kW)"]);
        assert_ne!(t["readings"][0]["name"], Value::Null, "{code}");
    }
}

/// A telegram with the check sum that `sum` makes.
fn sealed(header: &[u8], power: &str, sum: impl Fn(&[u8]) -> u16) -> Vec<u8> {
    let mut text = header.to_vec();
    text.extend_from_slice(format!("\r\n\r\n1-0:1.7.0({power}*kW)\r\n!").as_bytes());
    let sum = sum(&text);
    text.extend_from_slice(format!("{sum:04X}\r\n").as_bytes());
    text
}

#[test]
fn a_first_line_with_odd_characters_begins_a_telegram() {
    for header in [
        &b"/HLY5/D545-METER"[..],
        b"/ABC5!D545",
        b"/ISk5\x02MT382-1000",
        b"/ISk5\xDCMT382",
        b"/ISk5\xC3\x9CMT382",
    ] {
        let done = smarty("parse - --json")
            .pipe(sealed(header, "00.100", crc16))
            .done();
        assert_eq!(done.exit, Some(0), "{header:?}");
        let t = done.telegram();
        assert_eq!(t["telegram"]["crc"]["valid"], true);
        assert_eq!(t["values"]["active_power_import_kw"].to_string(), "0.1");
        let odd = !header.iter().all(|b| matches!(b, b' '..=b'~'));
        assert_eq!(codes(&t).contains(&"bad_header"), odd, "{header:?}");
    }
}

#[test]
fn another_check_sum_that_fits_again_is_taken_and_named() {
    let both: Vec<u8> = ["00.100", "00.200", "00.300"]
        .iter()
        .flat_map(|power| sealed(b"/HLY5/D545-METER", power, |b| Algorithm::X25.of(b)))
        .collect();
    let done = smarty("parse - --json").pipe(both.clone()).done();
    let seen = done.json();
    assert_eq!((done.exit, seen.len()), (Some(0), 3));
    for telegram in &seen {
        assert_eq!(telegram["telegram"]["crc"]["algorithm"], "CRC-16/X-25");
        assert_eq!(telegram["telegram"]["crc"]["valid"], true);
    }
    let said = "the check sum (CRC) is of another kind than the standard's";
    assert_eq!(done.stderr.matches(said).count(), 1, "{}", done.stderr);
    let used = "nothing to do: the telegrams are used";
    assert!(done.stderr.contains(used), "{}", done.stderr);
    // A single one may fit by chance.
    let done = smarty("parse - --json")
        .pipe(&both[..both.len() / 3])
        .done();
    assert_eq!((done.exit, done.json().len()), (Some(4), 0));
    let hint = "--ignore-crc prints the telegrams all the same";
    assert!(done.stderr.contains(hint), "{}", done.stderr);
}

#[test]
fn histories_name_their_values() {
    let column = |t: &Value, at: usize| t["readings"][0]["columns"][at].clone();
    let line = "0-0:98.1.0(2)(1-0:1.6.0)(1-0:1.6.0)(230201000000W)(230117224500W)(04.329*kW)\
                (230301000000W)(230202001500W)(04.529*kW)";
    let t = read("/FLU5A1", &[line]);
    for at in 0..9 {
        let wanted = match at {
            5 | 8 => json!("active_demand_import_maximum"),
            _ => Value::Null,
        };
        assert_eq!(column(&t, at), wanted, "{at}");
    }
    let units = [("kWh", 11), ("kvarh", 6), ("kW", 2)];
    let groups: String = units
        .iter()
        .map(|(unit, count)| format!("(000001.500*{unit})").repeat(*count))
        .collect();
    let t = read("/SAG5A1", &[&format!("0-0:98.1.0(260101000000W){groups}")]);
    assert_eq!(column(&t, 0), Value::Null);
    assert_eq!(column(&t, 1), "active_energy_import");
    assert_eq!(column(&t, 6), "active_energy_export");
    assert_eq!(column(&t, 11), "active_energy_absolute_sum");
    assert_eq!(column(&t, 17), "reactive_energy_quadrant_4");
    assert_eq!(column(&t, 18), "active_demand_import_maximum");
    // Another list has no names that could be false.
    let t = read("/SAG5A1", &["0-0:98.1.0(260101000000W)(000001.500*kWh)"]);
    assert_eq!(t["readings"][0]["columns"], Value::Null);
}

#[test]
fn data_lines_without_a_start_are_a_refused_telegram() {
    let good = sample("nl5.txt");
    let said = |parts: &[&[u8]]| {
        let ran = smarty("parse - --json --events")
            .pipe(parts.concat())
            .done();
        let kinds: Vec<String> = ran
            .json()
            .iter()
            .filter(|line| line["type"] != "finding")
            .map(|line| line["code"].as_str().unwrap_or("telegram").to_owned())
            .collect();
        (ran.exit, kinds.join(" "), ran.stderr)
    };
    let (code, kinds, err) = said(&[&good, &good[1..], &good]);
    assert_eq!((code, &*kinds), (Some(1), "telegram no_start telegram"));
    assert!(err.contains("2 of 3 telegrams good, 1 refused"), "{err}");
    // Only what a recording begins with is no fault.
    let (code, kinds, err) = said(&[&good[300..], &good]);
    assert_eq!((code, &*kinds), (Some(0), "telegram"));
    assert!(
        err.contains("note: -: begins with the rest of a telegram"),
        "{err}"
    );
    let (code, kinds, _) = said(&[&good[300..], &good[1..], &good]);
    assert_eq!((code, &*kinds), (Some(1), "no_start telegram"));
}

#[test]
fn an_encrypted_frame_without_a_start_is_missed() {
    let frames = sample("lu-full.bin");
    let start = frames[1..]
        .windows(10)
        .position(|ten| ten == &frames[..10])
        .unwrap()
        + 1;
    let parse = "parse - --json --keyring keys.toml";
    for bit in (0..19 * 8).step_by(3) {
        let mut frames = frames.clone();
        frames[start + bit / 8] ^= 1 << (bit % 8);
        let ran = smarty(parse).pipe(frames).done();
        assert_eq!(
            (ran.exit, ran.text().lines().count()),
            (Some(1), 2),
            "{bit}"
        );
        let (one, all) = (", 0 refused, 1 missed", "1 refused, 0 missed");
        assert!(
            [one, all].iter().any(|said| ran.stderr.contains(said)),
            "{bit} {}",
            ran.stderr
        );
    }
    // Two in a row are two.
    let folder = Folder::new();
    let made = smarty("simulate -q --encrypted -n 4 --seed 7 --keyring ring.toml -o four.bin");
    assert_eq!(made.within(&folder).done().exit, Some(0));
    let mut frames = folder.read("four.bin");
    let starts: Vec<usize> = (0..frames.len() - 10)
        .filter(|&start| frames[start..start + 10] == frames[..10])
        .collect();
    for start in &starts[1..3] {
        frames[*start] = 0;
    }
    let ran = smarty("parse - -f csv --keyring ring.toml").within(&folder);
    let ran = ran.pipe(frames).done();
    assert_eq!(ran.exit, Some(1));
    let said = "2 of 2 telegrams good, 0 refused, 2 missed";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
    let said: Vec<&str> = ran
        .stderr
        .lines()
        .filter(|line| line.contains("warning"))
        .collect();
    let head = "smarty: warning: -: the head of a telegram was damaged on the way";
    assert_eq!(said, [head]);
}

#[test]
fn who_blots_out_a_serial_number_is_told_so() {
    let text = String::from_utf8(sample("nl5.txt")).unwrap();
    let id = text.split("0-0:96.1.1(").nth(1).unwrap();
    let id = id.split(')').next().unwrap();
    for mask in [
        "XXXXXXXX",
        "********",
        "____",
        "▇▇▇▇▇",
        "<redacted>",
        "4530XXXX",
    ] {
        let text = text.replace(id, mask);
        let ran = smarty("parse -").pipe(text.clone()).done();
        let said = "something was blotted out, like a serial number\n  line 0-0:96.1.1 is not as it was sent";
        assert!(ran.stderr.contains(said), "{mask} {}", ran.stderr);
        assert!(ran.stderr.contains("--ignore-crc prints the telegram"));
        assert!(!ran.stderr.contains("damaged"), "{mask} {}", ran.stderr);
        let ran = smarty("parse - --ignore-crc --json").pipe(text).done();
        assert_eq!(ran.json().len(), 1, "{mask}");
    }
}

#[test]
fn the_values_of_a_reading_of_the_old_standard_have_names() {
    let line = "0-1:24.3.0(121030140000)(00)(60)(1)(0-1:24.2.1)(m3)\r\n(00024.123)";
    let names = [
        Value::Null,
        json!("profile_status"),
        json!("recording_period_minutes"),
        json!("value_count"),
        Value::Null,
        Value::Null,
        json!("mbus_meter_reading"),
    ];
    let t = read("/KMP5 ZABF001587315111", &["0-1:24.1.0(3)", line]);
    assert_eq!(t["readings"][1]["columns"], json!(names));
    assert_eq!(t["values"]["gas_m3"].to_string(), "24.123");
    // More values come hour by hour: the first is the one of the time.
    let t = read(
        "/KMP5 ZABF001587315111",
        &["0-1:24.1.0(3)", line, "(00024.124)", "(00024.125)"],
    );
    assert_eq!(t["readings"][1]["unit"], "m3");
    assert_eq!(t["readings"][1]["columns"][8], "mbus_meter_reading");
    assert_eq!(t["values"]["gas_m3"].to_string(), "24.123");
    assert_eq!(t["devices"][0]["unit"], "m3");
    let text = format!("/KMP5 Z\r\n\r\n0-1:24.1.0(3)\r\n{line}\r\n(00024.124)\r\n!\r\n");
    let ran = smarty("parse -").pipe(text).done();
    for shown in [
        "last reading",
        "24.124 m³",
        "status of the values",
        "minutes between values",
    ] {
        assert!(ran.text().contains(shown), "{shown} {}", ran.text());
    }
}

/// What a virtual meter sends, and what a tty makes of it that turns each CR into LF; the keys are in `ring.toml`.
fn through_icrnl(folder: &Folder, how: &str) -> [Vec<u8>; 2] {
    ["", " --fault icrnl"].map(|fault| {
        let line = format!("simulate -q --force {how}{fault} -o made.bin");
        assert_eq!(smarty(&line).within(folder).done().exit, Some(0));
        folder.read("made.bin")
    })
}

#[test]
fn carriage_returns_come_back_in_every_frame_and_in_order() {
    let title = |sent: &[u8]| sent[2..10].contains(&b'\r');
    // Those of the CRC stand before the line end and the tag.
    let digits = |sent: &[u8]| {
        let mut frames = sent.chunks(1564);
        frames.any(|frame| frame[1546..1550].contains(&b'\r'))
    };
    let unchanged = |sent: &[u8]| sent.chunks(692).any(|frame| !frame.contains(&b'\r'));
    type Case<'a> = (&'a str, usize, &'a dyn Fn(&[u8]) -> bool);
    let cases: [Case<'_>; 4] = [
        (
            "--keyring ring.toml --profile lu --seed 122 -n 3",
            3,
            &title,
        ),
        (
            "--keyring ring.toml --profile lu-full --seed 157 -n 4",
            4,
            &digits,
        ),
        (
            "--keyring ring.toml --profile lu --seed 5 -n 850",
            850,
            &unchanged,
        ),
        ("--plain --profile nl5 --seed 5 -n 700", 700, &|_| true),
    ];
    let folder = Folder::new();
    for (how, count, holds) in cases {
        let [sent, seen] = through_icrnl(&folder, how);
        assert!(sent != seen && holds(&sent), "{how}");
        let parse = smarty("parse - --json --repair --keyring ring.toml").within(&folder);
        let ran = parse.pipe(seen).done();
        assert_eq!(ran.exit, Some(0), "{how} {}", ran.stderr);
        assert!(!ran.stderr.contains("refused"), "{how} {}", ran.stderr);
        let telegrams = ran.json();
        assert_eq!(telegrams.len(), count, "{how}");
        let counters = telegrams.iter().map(|t| match how.contains("plain") {
            true => t["source"]["offset"].as_u64(),
            false => t["security"]["frame_counter"].as_u64(),
        });
        assert!(counters.is_sorted_by(|a, b| a < b), "{how}");
        if !how.contains("plain") {
            let length = sent.len() / count;
            let place = |t: &Value| t["source"]["offset"].as_u64().unwrap() as usize;
            assert!(
                telegrams
                    .iter()
                    .enumerate()
                    .all(|(at, t)| place(t) == at * length)
            );
        }
    }
}

#[test]
fn what_cannot_be_mended_is_refused_in_its_place() {
    let folder = Folder::new();
    let [_, mut seen] = through_icrnl(&folder, "--keyring ring.toml --profile lu --seed 5 -n 3");
    let length = seen.len() / 3;
    seen[length + 100] ^= 0x40;
    let parse = smarty("parse - --json --events --repair --keyring ring.toml").within(&folder);
    let ran = parse.pipe(seen).done();
    assert_eq!(ran.exit, Some(1));
    let lines = ran.json();
    let kinds: Vec<&str> = lines.iter().map(|l| l["type"].as_str().unwrap()).collect();
    assert_eq!(kinds[..3], ["telegram", "refused", "telegram"]);
    assert!(
        ran.stderr.contains("2 of 3 telegrams good, 1 refused"),
        "{}",
        ran.stderr
    );
}

/// Three telegrams in a row of a meter that sends no end line.
fn unended() -> Vec<u8> {
    ["0000.10", "0000.20", "0000.30"]
        .iter()
        .map(|power| {
            format!(
                "/ISk5\\2MT382-1003\r\n\r\n0-0:96.1.1(00112233445566778899aabbccddeeff)\r\n\
                 1-0:1.8.1(39837.604*kWh)\r\n1-0:1.7.0({power}*kW)\r\n"
            )
        })
        .collect::<String>()
        .into_bytes()
}

#[test]
fn telegrams_without_an_end_line_are_taken_once_they_follow_each_other() {
    let all = unended();
    let done = smarty("parse - --json").pipe(all.clone()).done();
    let seen = done.json();
    assert_eq!((done.exit, seen.len()), (Some(0), 3), "{}", done.stderr);
    let powers: Vec<String> = seen
        .iter()
        .map(|t| t["values"]["active_power_import_kw"].to_string())
        .collect();
    assert_eq!(powers, ["0.1", "0.2", "0.3"]);
    for telegram in &seen {
        assert_eq!(codes(telegram), ["no_end"]);
        assert_eq!(telegram["telegram"]["crc"]["valid"], Value::Null);
        assert_eq!(
            telegram["values"]["energy_import_tariff_1_kwh"],
            Value::Null
        );
        assert_eq!(telegram["readings"].as_array().map(Vec::len), Some(3));
    }
    let said = "telegrams stop without an end line, the one with !";
    assert_eq!(done.stderr.matches(said).count(), 1, "{}", done.stderr);
    let table = smarty("parse -").pipe(all.clone()).done();
    let table = String::from_utf8_lossy(&table.stdout);
    assert_eq!(table.matches("NO END LINE").count(), 3, "{table}");
    // A single one may be half of what was sent.
    let one = &all[..all.len() / 3];
    let done = smarty("parse - --json").pipe(one).done();
    assert_eq!(
        (done.exit, done.json().len()),
        (Some(4), 0),
        "{}",
        done.stderr
    );
    assert!(done.stderr.contains("and no end"), "{}", done.stderr);
    let done = smarty("parse - --json --ignore-crc").pipe(one).done();
    assert_eq!(done.exit, Some(0), "{}", done.stderr);
    assert_eq!(codes(&done.telegram()), ["no_end"]);
}

#[test]
fn what_is_over_a_limit_is_said() {
    let lines = b"1-0:1.8.0(1*kWh)\r\n".repeat(4000);
    let endless = [&b"/ABC5\r\n\r\n"[..], &lines].concat();
    let done = smarty("parse - -i text").pipe(endless).done();
    assert_eq!(done.exit, Some(4), "{}", done.stderr);
    assert!(
        done.stderr.contains("no end within 64 KiB"),
        "{}",
        done.stderr
    );
    let name = [b"/ABC5".to_vec(), vec![b'x'; 2000]].concat();
    let done = smarty("parse - -i text")
        .pipe(sealed(&name, "00.100", crc16))
        .done();
    assert_eq!(done.exit, Some(4), "{}", done.stderr);
    assert!(
        done.stderr
            .contains("its first line, /…, is over 1024 bytes"),
        "{}",
        done.stderr
    );
    let name = &name[..900];
    let done = smarty("parse - -i text --json")
        .pipe(sealed(name, "00.100", crc16))
        .done();
    assert_eq!(done.exit, Some(0), "{}", done.stderr);
    assert_eq!(done.telegram()["telegram"]["crc"]["valid"], true);
}

#[test]
fn more_labels_than_are_kept_apart_are_said() {
    let folder = Folder::new();
    let hex = |bytes: &[u8]| {
        bytes
            .iter()
            .map(|byte| format!("{byte:02X}"))
            .collect::<String>()
    };
    let log = |labels: usize| {
        let telegram = sealed(b"/ABC5", "00.100", crc16);
        let mut log = "# smarty-log 1  started=2026-11-23T08:15:01.002Z\n".to_owned();
        for label in 0..labels {
            log += &format!(
                "2026-11-23T08:15:04.{label:06}Z m{label} p1 {} {}\n",
                telegram.len(),
                hex(&telegram)
            );
        }
        log
    };
    for (labels, read, played) in [(250, false, false), (256, false, true), (300, true, true)] {
        folder.file("street.log", log(labels));
        let done = smarty("parse street.log --json").within(&folder).done();
        assert_eq!(
            (done.exit, done.json().len()),
            (Some(0), labels),
            "{}",
            done.stderr
        );
        assert_eq!(
            done.stderr.contains("more than 256 labels"),
            read,
            "{}",
            done.stderr
        );
        let done = smarty("simulate --replay street.log -o out.bin --force")
            .within(&folder)
            .done();
        assert_eq!(done.exit, Some(0), "{}", done.stderr);
        assert_eq!(
            done.stderr.contains("more than 250 labels"),
            played,
            "{}",
            done.stderr
        );
    }
}
