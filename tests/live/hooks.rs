//! Hooks: commands and messages when a condition begins to hold.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::bench::{Bench, Plug, Run, frames};

/// A script that writes its words and its environment down, a line a run.
fn script(bench: &Bench) -> String {
    let path = bench.path("hook.sh");
    let out = bench.path("ran");
    let text = format!(
        "echo \"$1|$SMARTY_METER|$SMARTY_LABEL|$SMARTY_ACTIVE_ENERGY_IMPORT_KWH|$SMARTY_HOOK|$SMARTY_KEY|$SMARTY_AGE\" >> '{}'\n",
        out.display()
    );
    fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn ran(bench: &Bench) -> Vec<String> {
    let text = fs::read_to_string(bench.path("ran")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

const SIM: &str = "house=sim:?plain&speed=20";

#[test]
fn a_command_has_the_values_and_no_shell_reads_it() {
    let bench = Bench::new();
    let line = format!("/bin/sh {} '$HOME; x'", script(&bench));
    let arguments = [
        "watch",
        SIM,
        "--json",
        "-n",
        "3",
        "--when",
        "active_energy_import_kwh > 0",
        "--run",
    ];
    let output = bench
        .command(&[&arguments[..], &[line.as_str()]].concat())
        .env("SMARTY_KEY", "88F644EABBCEE991E2961AE06E9376D4")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let ran = ran(&bench);
    assert_eq!(ran.len(), 1, "{ran:?} {said}");
    let words: Vec<&str> = ran[0].split('|').collect();
    let first = String::from_utf8(output.stdout).unwrap();
    let first: Value = serde_json::from_str(first.lines().next().unwrap()).unwrap();
    assert_eq!(words[0], "$HOME; x");
    assert_eq!(words[1], first["meter"]["id"]);
    assert_eq!(words[2], "house");
    assert_eq!(
        words[3],
        first["values"]["active_energy_import_kwh"].to_string()
    );
    assert_eq!(words[4..6], ["1", ""]);
}

#[test]
fn a_shell_reads_a_command_where_it_is_asked_to() {
    let bench = Bench::new();
    let line = format!("/bin/sh {} \"$SMARTY_LABEL and more\"", script(&bench));
    let (_, said, exit) = bench.output(&[
        "watch",
        SIM,
        "-n",
        "1",
        "--when",
        "age < 100",
        "--run",
        &line,
        "--shell",
    ]);
    assert_eq!(exit, Some(0), "{said}");
    assert!(ran(&bench)[0].starts_with("house and more|"));
}

#[test]
fn a_command_that_hangs_is_killed_with_all_it_has_started() {
    let bench = Bench::new();
    let path = bench.path("hang.sh");
    let pid = bench.path("pid");
    let text = format!("/bin/sleep 61 &\necho $! > '{}'\nwait\n", pid.display());
    fs::write(&path, text).unwrap();
    let line = format!("/bin/sh {}", path.display());
    let started = Instant::now();
    let (_, said, exit) = bench.output(&[
        "watch",
        SIM,
        "--duration",
        "2s",
        "--when",
        "age < 100",
        "--run",
        &line,
        "--hook-limit",
        "400ms",
    ]);
    assert_eq!(exit, Some(0), "{said}");
    assert!(started.elapsed() < Duration::from_secs(8));
    assert!(
        said.contains("did not end within 0.4 s, and was killed"),
        "{said}"
    );
    let pid = fs::read_to_string(pid).unwrap();
    let line = fs::read_to_string(format!("/proc/{}/cmdline", pid.trim())).unwrap_or_default();
    assert!(!line.contains("sleep"), "{line}");
}

#[test]
fn a_command_that_fails_or_is_not_there_is_told() {
    let bench = Bench::new();
    fs::write(bench.path("fail.sh"), "echo no boiler >&2\nexit 3\n").unwrap();
    let fail = format!("/bin/sh {}", bench.path("fail.sh").display());
    for (line, words) in [
        (fail.as_str(), "/bin/sh ended with 3: no boiler"),
        ("/nonexistent/program", "/nonexistent/program: "),
    ] {
        let (_, said, exit) = bench.output(&[
            "watch",
            SIM,
            "-n",
            "2",
            "--when",
            "age < 100",
            "--run",
            line,
        ]);
        assert_eq!(exit, Some(0), "{said}");
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn a_message_is_posted_as_json() {
    let bench = Bench::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/topic", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream);
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line.trim().is_empty() {
                break;
            }
            head += &line;
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let mut stream = reader.into_inner();
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            .unwrap();
        (head, body)
    });
    let (_, said, exit) = bench.output(&[
        "watch",
        SIM,
        "-n",
        "3",
        "--when",
        "active_energy_import_kwh > 0",
        "--notify",
        &url,
    ]);
    assert_eq!(exit, Some(0), "{said}");
    let (head, body) = server.join().unwrap();
    assert!(head.starts_with("POST /topic HTTP/1.1"), "{head}");
    let body: Value = serde_json::from_slice(&body).unwrap();
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/smarty-1.schema.json");
    let schema: Value = serde_json::from_str(&fs::read_to_string(schema).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    assert!(validator.is_valid(&body), "{body}");
    assert_eq!(body["type"], "hook");
    assert_eq!(body["source"]["label"], "house");
    assert!(body["values"]["active_energy_import_kwh"].is_number());
    // Nobody listens any more; the topic may be a secret.
    let (_, said, _) = bench.output(&[
        "watch",
        SIM,
        "-n",
        "2",
        "--when",
        "age < 100",
        "--notify",
        &url,
    ]);
    assert!(
        said.contains("hook 1: http://127.0.0.1") && !said.contains("topic"),
        "{said}"
    );
}

#[test]
fn a_meter_that_is_silent_fires_by_its_age() {
    let bench = Bench::new();
    let line = format!("/bin/sh {} silent", script(&bench));
    let mut plug = Plug::new(bench.path("ttyUSB0"));
    let mut run = Run::start(
        &bench,
        &[
            "watch",
            "house=ttyUSB0",
            "--duration",
            "5s",
            "--keyring",
            "keys.toml",
            "--when",
            "age >= 2",
            "--run",
            &line,
        ],
    );
    plug.wait_until_read();
    plug.send(&frames("lu", 1)[0]);
    assert_eq!(run.end(), Some(0), "{}", run.errors());
    let ran = ran(&bench);
    assert_eq!(ran.len(), 1, "{ran:?}");
    assert!(
        ran[0].starts_with("silent|SMY") && ran[0].ends_with("|2"),
        "{ran:?}"
    );
}

#[test]
fn several_hooks_stand_in_the_settings_and_faults_are_named() {
    let bench = Bench::new();
    let script = script(&bench);
    let hook = |name: &str, when: &str| {
        format!(
            "[[hook]]\nname = \"{name}\"\nwhen = \"{when}\"\nrun = [\"/bin/sh\", \"{script}\", \"{name}\"]\npause = \"1h\"\n"
        )
    };
    let source = "format = \"json\"\nderive = true\nstate = \"state.json\"\n[[source]]\nlabel = \"house\"\naddress = \"sim:?plain&speed=20\"\n";
    let write =
        |hooks: String| fs::write(bench.path("smarty.toml"), format!("{source}{hooks}")).unwrap();
    write(
        hook("first", "active_energy_import_kwh > 0")
            + &hook("second", "net_power_kw < 99 and age < 9")
            + &hook("never", "voltage_l1_v > 1000"),
    );
    let watch = ["watch", "--config", "smarty.toml", "-n", "2"];
    let (_, said, exit) = bench.output(&watch);
    assert_eq!(exit, Some(0), "{said}");
    let mut names: Vec<String> = ran(&bench)
        .iter()
        .map(|line| line.split('|').next().unwrap().to_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["first", "second"], "{said}");
    for (when, words) in [
        ("active_powr_import_kw > 1", "nearest: active_power_import"),
        ("active_power_import > 1", "write active_power_import_kw"),
        ("active_power_import_kw >", "at character"),
        ("excess_day_kwh > 1", "--reference-power"),
    ] {
        write(hook("wrong", when));
        let (_, said, exit) = bench.output(&watch);
        assert_eq!(exit, Some(2), "{when}: {said}");
        assert!(said.contains(words), "{when}: {said}");
    }
    let (_, said, exit) = bench.output(&["watch", SIM, "--when", "age > 1"]);
    assert_eq!(exit, Some(2), "{said}");
    assert!(said.contains("does nothing"), "{said}");
}
