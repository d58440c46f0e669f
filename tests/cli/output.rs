//! What is written, and where to.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::run::{Folder, KEY, sample, smarty, words};
use insta::assert_snapshot;

#[test]
fn a_file_is_made_whole_or_not_at_all() {
    let folder = Folder::new();
    folder.file("lu-plain.txt", sample("lu-plain.txt"));
    let run = |line: &str| smarty(line).within(&folder).done();
    assert_snapshot!(run("parse lu-plain.txt -o out.txt"), @r"
    $ smarty parse lu-plain.txt -o out.txt
    --- exit 0
    ");
    assert!(folder.read("out.txt") == run("parse lu-plain.txt").stdout);
    assert_snapshot!(run("parse lu-plain.txt -o out.txt"), @r"
    $ smarty parse lu-plain.txt -o out.txt
    --- stderr
    smarty: error: out.txt: exists already, with 2527 bytes
      hint: --append goes on at its end, --force replaces it; or take another name
    --- exit 3
    ");
    assert_snapshot!(run("decrypt lu-plain.txt -o out.txt --force"), @r"
    $ smarty decrypt lu-plain.txt -o out.txt --force
    --- exit 0
    ");
    assert_eq!(folder.read("out.txt"), sample("lu-plain.txt"));
    assert_snapshot!(run("parse lu-plain.txt -o none/out.txt"), @r"
    $ smarty parse lu-plain.txt -o none/out.txt
    --- stderr
    smarty: error: none/out.txt: there is no folder none
      hint: mkdir -p none
    --- exit 3
    ");
    assert_snapshot!(run("parse nothing.txt -o new.txt"), @r"
    $ smarty parse nothing.txt -o new.txt
    --- stderr
    smarty: error: nothing.txt: no such file
    --- exit 3
    ");
}

#[test]
fn a_dash_is_standard_output() {
    let folder = Folder::new();
    folder.file("lu-plain.txt", sample("lu-plain.txt"));
    for line in ["parse lu-plain.txt", "decrypt lu-plain.txt --json"] {
        let run = |line: &str| smarty(line).within(&folder).done();
        let (dash, none) = (run(&format!("{line} -o -")), run(line));
        assert_eq!((dash.stdout, dash.exit), (none.stdout, Some(0)), "{line}");
        assert!(!folder.0.join("-").exists(), "{line}");
    }
}

#[test]
fn appended_csv_has_one_header() {
    let folder = Folder::new();
    folder.file("nl5.txt", sample("nl5.txt"));
    for _ in 0..2 {
        let line = "parse nl5.txt --csv -F active_power_import,gas -o day.csv --append";
        assert_eq!(smarty(line).within(&folder).done().exit, Some(0));
    }
    let text = String::from_utf8(folder.read("day.csv")).unwrap();
    assert_snapshot!(text.replace('\r', "␍"), @r"
    measured_at,received_at,meter,label,active_power_import_kw,gas_m3␍
    2026-01-15T18:30:00+01:00,,SMYE0000026916942,,3.252,2952.055␍
    2026-01-15T18:30:00+01:00,,SMYE0000026916942,,3.252,2952.055␍
    ");
}

#[test]
fn csv_of_values_lists_and_texts() {
    assert_snapshot!(smarty("parse lu-full.bin --keyring keys.toml --csv -F active_power_import,gas,clock,1-1:31.4.0,1-0:99.99.9").done(), @r"
    $ smarty parse lu-full.bin --keyring keys.toml --csv -F active_power_import,gas,clock,1-1:31.4.0,1-0:99.99.9
    measured_at,received_at,meter,label,active_power_import_kw,gas_m3,clock,current_limit_import_export_a,1-0:99.99.9␍
    2026-01-15T18:30:00+01:00,,SMY1030726916932,,0.691,3253.720,2026-01-15T18:30:00+01:00,100 -63,␍
    2026-01-15T18:30:10+01:00,,SMY1030726916932,,0.694,3253.720,2026-01-15T18:30:10+01:00,100 -63,␍
    2026-01-15T18:30:20+01:00,,SMY1030726916932,,0.698,3253.720,2026-01-15T18:30:20+01:00,100 -63,␍
    --- exit 0
    ");
}

#[test]
fn the_last_telegram_only() {
    let fields = "--keyring keys.toml -F active_power_import";
    assert_snapshot!(smarty(&format!("parse lu-full.bin --csv --last {fields}")).done(), @r"
    $ smarty parse lu-full.bin --csv --last --keyring keys.toml -F active_power_import
    measured_at,received_at,meter,label,active_power_import_kw␍
    2026-01-15T18:30:20+01:00,,SMY1030726916932,,0.698␍
    --- exit 0
    ");
    let done = smarty(&format!("parse lu-full.bin lu.bin --json --last {fields}")).done();
    assert_eq!(done.telegram()["seq"], 4);
    let done = smarty("parse lu-full.bin --keyring keys.toml --last").done();
    assert_eq!(done.text().matches("telegram 3 of").count(), 1, "{done}");
    assert!(!done.text().contains("telegram 2 of"));
}

#[test]
fn so_many_telegrams_and_no_more() {
    let done = smarty("parse lu-full.bin lu.bin --json -n 2 --keyring keys.toml").done();
    assert_eq!(done.json().len(), 2);
    assert_eq!(done.exit, Some(0));
    let done = smarty("parse lu-full.bin --json --limit 9 --keyring keys.toml").done();
    assert_eq!(done.json().len(), 3);
}

#[test]
fn one_meter_of_several() {
    for id in ["SMY1030726916932", "534D5967719AB844", "smy1030726916932"] {
        let done = smarty("parse two-meters.log --json --keyring keys.toml --meter")
            .into_command()
            .arg(id)
            .output()
            .unwrap();
        let text = String::from_utf8(done.stdout).unwrap();
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(
            text.lines()
                .all(|line| line.contains("\"id\":\"SMY1030726916932\""))
        );
    }
}

#[test]
fn pretty_json_is_the_same_json() {
    let lines = smarty("parse lu-plain.txt --json").done();
    let pretty = smarty("parse lu-plain.txt --json --pretty").done();
    let value: serde_json::Value = serde_json::from_str(pretty.text()).unwrap();
    assert_eq!(value, lines.telegram());
    assert_snapshot!(
        "pretty",
        smarty("parse oddities.txt --json --pretty -F 1-0:1.8.0,1-1:31.4.0,gas").done()
    );
}

#[test]
fn fields_choose_by_name_key_and_code() {
    let values = |fields: &str| {
        let done = words(["parse", "lu-plain.txt", "--json", "-F", fields]).done();
        done.telegram()["values"].to_string()
    };
    assert_snapshot!(values("active_power_import"), @r#"{"active_power_import_kw":0.691}"#);
    assert_snapshot!(values("voltage_l2_v,1-0:1.8.0,gas,water_m3"), @r#"{"active_energy_import_kwh":11733.804,"gas_m3":3253.72,"voltage_l2_v":232.3,"water_m3":325.868}"#);
    assert_snapshot!(values("heat"), @r#"{"heat_gj":117.13}"#);
    assert_snapshot!(values("1-0:99.99.9"), @"{}");
}

#[test]
fn events_tell_of_refused_frames_in_their_place() {
    let frame = sample("lu.bin");
    let mut flipped = frame.clone();
    flipped[100] ^= 1;
    let bytes = [&frame[..], &flipped, &frame[..300], &frame].concat();
    let done = words(["parse", "-", "--json", "--events", "-q", "--key", KEY])
        .pipe(bytes)
        .done();
    let kinds: Vec<_> = done
        .json()
        .iter()
        .map(|o| format!("{} {}", o["type"], o["code"]))
        .collect();
    assert_snapshot!(kinds.join("\n"), @r#"
    "telegram" null
    "refused" "tag_mismatch"
    "refused" "truncated"
    "telegram" null
    "finding" "cut_short"
    "finding" "damaged_frame"
    "#);
    assert_eq!(done.exit, Some(1));
    let refused = &done.json()[1];
    assert_eq!(refused["source"]["offset"], 692);
    assert_eq!(refused["security"]["frame_counter"], 214_241);
    assert_eq!(refused["meter"]["id"], "SMY1030726916931");
}

#[test]
fn a_redacted_telegram_names_nobody() {
    for format in ["--json", "--csv", "--raw", "-ftable", "-fhex", "-finflux"] {
        let done = words([
            "parse",
            "lu-full.bin",
            "--redact",
            "--keyring",
            "keys.toml",
            format,
        ])
        .done();
        assert_eq!(done.exit, Some(0));
        let text = String::from_utf8_lossy(&done.stdout);
        for secret in ["26916932", "meter 2", "SMG20261003845277", "193356"] {
            assert!(!text.contains(secret), "{format}: {secret}\n{text}");
        }
    }
}

#[test]
fn a_redacted_time_keeps_its_zone() {
    let done = smarty("parse oddities.txt --json --redact --tz Europe/Helsinki").done();
    assert_eq!(done.telegram()["measured_at"], "2024-01-11T09:35:00+02:00");
}

#[test]
fn influx_line_protocol() {
    assert_snapshot!(smarty("parse nl5.txt -f influx -F active_power_import,voltage_l1,gas").done(), @r"
    $ smarty parse nl5.txt -f influx -F active_power_import,voltage_l1,gas
    p1,meter=SMYE0000026916942 active_power_import_kw=3.252,voltage_l1_v=231.2,gas_m3=2952.055 1768498200000000000
    --- exit 0
    ");
}

#[test]
fn influx_tags_and_texts_are_escaped() {
    let folder = Folder::new();
    let telegram = String::from_utf8(sample("oddities.txt")).unwrap();
    let hex: String = telegram.bytes().map(|byte| format!("{byte:02X}")).collect();
    let log = format!(
        "# smarty-log 1  started=2026-11-23T08:15:01.002Z\n\
         2026-11-23T08:15:04.123456Z my,house=1 p1 {} {hex}\n\
         2026-11-23T08:15:05.123456Z tank,2 level 5 523132330D\n",
        telegram.len()
    );
    let log = folder.file("odd.log", log);
    let done = words(["parse".as_ref(), log.as_os_str(), "-finflux".as_ref()]).done();
    let path = folder.path().to_owned();
    assert_snapshot!(done.with(&path, "…"));
}

/// A telegram whose texts would steer a terminal, or be computed by a spreadsheet.
const HOSTILE: &[u8] = b"/ABC5me\x1b]0;x\x07ter\r\n\r\n\
    0-0:96.1.1(=HYPERLINK(\"http://x\"\x1b[2J)\r\n\
    1-0:1.8.0(000025.653*kWh)\r\n\
    0-0:96.13.0(@a\xc2\x9b31mb\xe2\x80\xaec\x7f)\r\n\
    1-1:31.4.0(-063*A)\r\n\
    0-0:94.98.99(-2+3)\r\n!\r\n";

#[test]
fn what_a_meter_sends_steers_no_terminal_in_any_format() {
    for format in ["table", "json", "csv", "influx", "hex"] {
        for line in ["parse -", "parse - --events", "parse - --pretty", "watch -"] {
            if line.contains("--") && format != "json" {
                continue;
            }
            let done = smarty(&format!("{line} -f {format}")).pipe(HOSTILE).done();
            assert!(!done.stdout.is_empty(), "{done}");
            for text in [done.text(), &done.stderr] {
                let steers =
                    |c: char| c.is_control() && !matches!(c, '\n' | '\r') || c == '\u{202E}';
                assert!(!text.contains(steers), "{text:?}");
            }
        }
    }
    let done = smarty("parse - --json").pipe(HOSTILE).done();
    let text = &done.json()[0]["values"]["text_message"];
    assert_eq!(text, "@a\u{9b}31mb\u{202e}c\u{7f}");
    let done = words(["parse", "a\x1b[2J\u{9b}b", "--no\x07such"].map(OsStr::new)).done();
    assert!(
        !done.stderr.contains(|c: char| c.is_control() && c != '\n'),
        "{done}"
    );
    let done = words(["parse", "a\x1b[2J\u{9b}b"].map(OsStr::new)).done();
    assert!(
        done.stderr
            .contains("a\u{FFFD}[2J\u{FFFD}b: no such file\n"),
        "{done}"
    );
}

#[test]
fn csv_gives_a_spreadsheet_nothing_to_compute_unless_asked_to() {
    let folder = Folder::new();
    folder.file("odd.txt", HOSTILE);
    let row = |option: &str| {
        let fields = "-F equipment_identifier,text_message,1-1:31.4.0,0-0:94.98.99";
        let done = smarty(&format!("parse odd.txt --csv {option} {fields}"))
            .within(&folder)
            .done();
        let row = done.text().lines().nth(1).unwrap_or_default().to_owned();
        row.trim_end().to_owned()
    };
    let id = "=HYPERLINK(\"\"http://x\"\"\u{FFFD}[2J)";
    assert_eq!(
        row(""),
        format!(",,\"'{id}\",,\"'{id}\",\"'@a\u{FFFD}31mb\u{FFFD}c\u{FFFD}\",-63,\"'-2+3\"")
    );
    assert_eq!(
        row("--csv-formulas"),
        format!(",,\"{id}\",,\"{id}\",@a\u{FFFD}31mb\u{FFFD}c\u{FFFD},-63,-2+3")
    );
}

#[test]
fn a_reader_that_goes_away_ends_the_run_quietly_and_at_once() {
    let folder = Folder::new();
    let telegram = sample("lu-plain.txt");
    let big = folder.file("big.txt", telegram.repeat((20 << 20) / telegram.len()));
    let mut command = words(["parse".as_ref(), big.as_os_str(), "--json".as_ref()]).into_command();
    let start = Instant::now();
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(line.starts_with("{\"schema\""));
    let mut stderr = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut stderr)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(stderr, "");
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_of_its_own() {
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let mut command = smarty("parse lu-plain.txt").into_command();
    let done = command.stdout(full).output().unwrap();
    assert_snapshot!(String::from_utf8(done.stderr).unwrap(), @"smarty: error: standard output: the disk is full");
    assert_eq!(done.status.code(), Some(3));
}

#[cfg(unix)]
#[test]
fn a_closed_stdout_is_no_panic() {
    let line = format!("{} parse lu-plain.txt >&-", env!("CARGO_BIN_EXE_smarty"));
    let mut command = std::process::Command::new("sh");
    let done = command
        .args(["-c", &line])
        .current_dir(super::run::samples())
        .output()
        .unwrap();
    let stderr = String::from_utf8(done.stderr).unwrap();
    assert!(!stderr.contains("panicked"), "{stderr}");
    assert!(matches!(done.status.code(), Some(0 | 3)), "{stderr}");
}

#[cfg(not(feature = "parquet"))]
#[test]
fn what_is_absent_in_the_build_says_how_to_make_one_with_it() {
    assert_snapshot!(smarty("parse lu-plain.txt -f parquet -o x.parquet").done(), @r"
    $ smarty parse lu-plain.txt -f parquet -o x.parquet
    --- stderr
    smarty: error: this build of smarty has neither Parquet nor Arrow
      hint: build one: cargo install --path . --features parquet
    --- exit 2
    ");
}
