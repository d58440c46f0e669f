//! `smarty doctor`: each fault of a set-up is found, and the last line says what to touch.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::bench::{Bench, Plug, Run, frames, title_and_keys};

fn settings(bench: &Bench, text: &str) {
    fs::write(bench.path("smarty.toml"), text).unwrap();
}

const PORT: &str = "keyring = \"keys.toml\"\n[[source]]\nlabel = \"house\"\naddress = \"PORT\"\n";

fn port(bench: &Bench) -> String {
    PORT.replace("PORT", bench.path("ttyUSB0").to_str().unwrap())
}

/// The words of a check and what came of it.
fn outcome<'a>(text: &'a str, check: &str) -> &'a str {
    let is = |line: &&str| line.split_whitespace().nth(1) == Some(check);
    let line = text.lines().find(is);
    line.unwrap_or_else(|| panic!("{check}: {text}"))
}

fn last(text: &str) -> &str {
    text.lines().last().unwrap_or_default()
}

/// What it says at a port whose meter sends two telegrams.
fn at_port(bench: &Bench, profile: &str) -> (String, Option<i32>) {
    let mut plug = Plug::new(bench.path("ttyUSB0"));
    let out = fs::File::create(bench.path("out")).unwrap();
    let line = ["doctor", "smarty.toml", "--timeout", "8s"];
    let mut run = Run::into(bench, out, &line);
    plug.wait_until_read();
    for frame in frames(profile, 3) {
        plug.send(&frame);
    }
    let exit = run.end();
    (fs::read_to_string(bench.path("out")).unwrap(), exit)
}

#[test]
fn a_set_up_that_is_well_is_called_so() {
    let bench = Bench::new();
    settings(
        &bench,
        "[[source]]\nlabel = \"house\"\naddress = \"sim:?speed=20\"\n",
    );
    let (text, said, exit) = bench.output(&["doctor", "smarty.toml", "--timeout", "9s"]);
    assert_eq!(exit, Some(0), "{text}{said}");
    for check in [
        "settings", "port", "bytes", "frames", "key", "clock", "time",
    ] {
        assert!(outcome(&text, check).starts_with("ok"), "{check}: {text}");
    }
    for check in ["speed", "mqtt", "metrics", "files"] {
        assert!(
            outcome(&text, check).starts_with("skipped"),
            "{check}: {text}"
        );
    }
    assert!(last(&text).starts_with("all is well"), "{text}");
}

#[test]
fn settings_that_are_wrong_or_missing_are_the_first_thing_to_touch() {
    let bench = Bench::new();
    let (text, _, exit) = bench.output(&["doctor"]);
    assert_eq!(exit, Some(2), "{text}");
    assert!(last(&text).contains("smarty setup writes it"), "{text}");
    settings(&bench, "[[sorce]]\n");
    let (text, _, exit) = bench.output(&["doctor", "smarty.toml"]);
    assert_eq!(exit, Some(2), "{text}");
    assert!(last(&text).contains("nearest: source"), "{text}");
}

#[test]
fn a_wrong_key_is_told_from_all_else() {
    let bench = Bench::new();
    settings(&bench, &port(&bench));
    let (title, key) = title_and_keys();
    let wrong = format!(
        "[{title}]\nkey = \"{}{}\"\n",
        if key.starts_with('0') { '1' } else { '0' },
        &key[1..]
    );
    fs::write(bench.path("keys.toml"), wrong).unwrap();
    let (text, exit) = at_port(&bench, "lu");
    assert_eq!(exit, Some(4), "{text}");
    assert!(outcome(&text, "speed").starts_with("ok"), "{text}");
    let line = outcome(&text, "key");
    assert!(
        line.starts_with("failed") && line.contains("one digit"),
        "{text}"
    );
    assert!(
        last(&text).starts_with("what to fix first, the key of house"),
        "{text}"
    );
    assert!(!text.contains(&key));
}

#[test]
fn a_clock_that_is_off_and_an_open_ring_are_lesser_faults() {
    let bench = Bench::new();
    settings(&bench, &port(&bench));
    let ring = bench.path("keys.toml");
    fs::set_permissions(&ring, fs::Permissions::from_mode(0o644)).unwrap();
    let folder = ring.parent().unwrap();
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    let (text, exit) = at_port(&bench, "lu");
    assert_eq!(exit, Some(1), "{text}");
    assert!(outcome(&text, "keys").starts_with("failed"), "{text}");
    assert!(outcome(&text, "key").starts_with("ok"), "{text}");
    // The meter stands in January.
    assert!(outcome(&text, "clock").starts_with("failed"), "{text}");
    assert!(last(&text).contains("chmod 600"), "{text}");
}

#[test]
fn ports_that_are_missing_held_or_silent_are_told_apart() {
    let bench = Bench::new();
    settings(&bench, &port(&bench));
    let line = ["doctor", "smarty.toml", "--timeout", "1s"];
    let (text, _, exit) = bench.output(&line);
    assert_eq!(exit, Some(3), "{text}");
    assert!(outcome(&text, "port").starts_with("failed"), "{text}");
    assert!(outcome(&text, "bytes").starts_with("skipped"), "{text}");
    let plug = Plug::new(bench.path("ttyUSB0"));
    let (text, _, exit) = bench.output(&line);
    assert_eq!(exit, Some(5), "{text}");
    assert!(
        outcome(&text, "bytes").contains("no bytes for 1 s at 115200 8N1"),
        "{text}"
    );
    assert!(last(&text).contains("pin 2"), "{text}");
    let holder = Command::new("flock")
        .args(["--no-fork".as_ref(), bench.path("ttyUSB0").as_os_str()])
        .args(["sleep", "60"])
        .stdout(Stdio::null())
        .spawn();
    let Ok(mut holder) = holder else { return };
    let started = Instant::now();
    let (text, exit) = loop {
        let (text, _, exit) = bench.output(&line);
        if exit == Some(3) || started.elapsed() > Duration::from_secs(9) {
            break (text, exit);
        }
    };
    holder.kill().unwrap();
    holder.wait().unwrap();
    drop(plug);
    assert_eq!(exit, Some(3), "{text}");
    assert!(outcome(&text, "port").contains("sleep (process"), "{text}");
}

#[test]
fn what_the_source_does_not_need_is_looked_at_all_the_same() {
    let bench = Bench::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let page = taken.local_addr().unwrap();
    let text = format!(
        "metrics = \"{page}\"\nout = \"none/rows.csv\"\nformat = \"csv\"\nappend = true\n[store]\nfile = \"rows.db\"\n[mqtt]\nurl = \"mqtt://127.0.0.1:1\"\n[[source]]\naddress = \"sim:?speed=20\"\n"
    );
    settings(&bench, &text);
    fs::write(bench.path("rows.db"), "time,power\n").unwrap();
    let (text, said, exit) = bench.output(&["doctor", "smarty.toml", "--timeout", "9s", "--json"]);
    assert_eq!(exit, Some(3), "{text}{said}");
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/smarty-1.schema.json");
    let schema: Value = serde_json::from_str(&fs::read_to_string(schema).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for line in &lines {
        assert!(validator.is_valid(line), "{line}");
    }
    let of = |check: &str| lines.iter().find(|line| line["check"] == check).unwrap();
    assert_eq!(of("metrics")["outcome"], "failed");
    assert_eq!(of("mqtt")["outcome"], "failed");
    assert_eq!(of("files")["outcome"], "ok");
    assert_eq!(of("store")["outcome"], "failed");
    assert!(
        of("store")["message"]
            .as_str()
            .unwrap()
            .contains("not a database"),
        "{text}"
    );
    assert_eq!(lines.last().unwrap()["check"], "all");
    let first = lines.last().unwrap()["message"].as_str().unwrap();
    assert!(first.starts_with("what to fix first, the mqtt"), "{first}");
}
