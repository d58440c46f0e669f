//! Pulses of an LED as a meter: streams, their counter over restarts, a modem line that is not there.

use std::io::Write;
use std::net::TcpListener;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use super::bench::{Bench, Run};

#[test]
fn pulses_of_a_server_are_a_meter_and_go_on_over_restarts() {
    let bench = Bench::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().unwrap();
            for _ in 0..8 {
                stream.write_all(b"\r\n").unwrap();
                thread::sleep(Duration::from_millis(360));
            }
        }
    });
    let source = format!("cellar=pulse:tcp://{address}?per_kwh=1000&start=7");
    let state = bench.path("state.json");
    let arguments = ["parse", &source, "--json", "--no-reconnect", "--state"];
    let mut counters = Vec::new();
    for _ in 0..2 {
        let arguments = [&arguments[..], &[state.to_str().unwrap()]].concat();
        let (out, said, exit) = bench.output(&arguments);
        assert_eq!(exit, Some(0), "{said}");
        let lines: Vec<serde_json::Value> = out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert!((3..=8).contains(&lines.len()), "{out}");
        for line in &lines {
            assert_eq!(line["meter"]["id"], "cellar");
            assert_eq!(line["source"]["kind"], "pulse");
            assert_eq!(line["telegram"]["crc"]["valid"], true);
            let power = line["values"]["active_power_import_kw"].as_f64().unwrap();
            assert!((5.0..=10.5).contains(&power), "{power}");
            assert!(!line["measured_at"].is_null());
        }
        let last = lines.last().unwrap();
        counters.push(last["values"]["active_energy_import_kwh"].to_string());
    }
    server.join().unwrap();
    assert_eq!(counters, ["7.008", "7.016"]);
}

#[test]
fn a_file_of_pulses_has_a_counter_and_no_power() {
    let bench = Bench::new();
    std::fs::write(bench.path("flashes"), "x\n".repeat(1234)).unwrap();
    let (out, said, exit) = bench.output(&["parse", "pulse:flashes?per_kwh=600", "--json=flat"]);
    assert_eq!(exit, Some(0), "{said}");
    let expected = "{\"meter\":\"pulses\",\"measured_at\":null,\"equipment_identifier\":\"pulses\",\"active_energy_import_kwh\":2.056666}\n";
    assert_eq!(out, expected);
}

#[test]
fn the_simulator_flashes_and_a_counter_that_disagrees_is_told() {
    let bench = Bench::new();
    // The meter of telegrams and the one that flashes are the same household.
    let meter = [
        "simulate",
        "-q",
        "--plain",
        "--tcp",
        "127.0.0.1:0",
        "--speed",
        "3000",
    ];
    let flashes = [&meter[..2], &meter[3..], &["--pulses", "1000"]].concat();
    let start = |arguments: &[&str]| {
        let mut child = bench
            .command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let out = child.stdout.take().unwrap();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line).unwrap();
        (child, line.trim().to_owned())
    };
    let (mut first, telegrams) = start(&meter);
    let (mut second, pulses) = start(&flashes);
    // Half as many for a kilowatt hour as there are: twice the energy.
    let beside = format!("house=pulse:{pulses}?per_kwh=500");
    let house = format!("house={telegrams}");
    let mut run = Run::start(&bench, &["watch", &house, &beside, "--json=flat"]);
    let said = run.heard("Wh by pulses");
    assert!(said.contains("Wh by the meter"), "{said}");
    run.terminate();
    run.end_by_signal();
    for child in [&mut first, &mut second] {
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

#[test]
fn lines_that_are_not_there_are_named() {
    let bench = Bench::new();
    for source in ["pulse:gpiochip77/3", "pulse:/dev/ttyUSB77/cts"] {
        let (_, said, exit) = bench.output(&["parse", source]);
        assert_eq!(exit, Some(3), "{said}");
        assert!(said.contains("no such port"), "{said}");
    }
    let (_, said, exit) = bench.output(&["parse", "pulse:auto"]);
    assert_eq!(exit, Some(2), "{said}");
}

#[test]
fn a_banner_before_the_meter_is_not_told() {
    let bench = Bench::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("tcp://{}", listener.local_addr().unwrap());
    let frame = super::bench::frames("nl5", 1).remove(0);
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let banner = b"ser2net port 2001 device /dev/ttyUSB0 [115200 N81]\r\n\r\n";
        stream.write_all(banner).unwrap();
        thread::sleep(Duration::from_secs(4));
        stream.write_all(&frame).unwrap();
    });
    let (out, said, exit) = bench.output(&["parse", &url, "--json", "-n", "1"]);
    assert_eq!(exit, Some(0), "{said}");
    assert_eq!((out.lines().count(), said.as_str()), (1, ""));
}
