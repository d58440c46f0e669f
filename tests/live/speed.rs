//! A port whose speed is found by what comes: the far side sends what a UART at the speed of the port would read.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use smarty::p1::line::{DataBits, ErrorBytes, Framing, Parity, Wire};

use super::bench::{Bench, Plug, Run, frames};

/// Pushes of Norway in clear.
fn push() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/push/no-rows.hex");
    let text = fs::read_to_string(path).unwrap();
    let digits: String = text.split_whitespace().collect();
    let bytes = (0..digits.len()).step_by(2);
    bytes
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap())
        .collect()
}

/// A pseudo-terminal keeps the speed that is set, and no parity: at each speed it has the one that is tried first.
fn framing(baud: u32) -> Framing {
    let (data_bits, parity) = match baud {
        9_600 => (DataBits::Seven, Parity::Even),
        2_400 => (DataBits::Eight, Parity::Even),
        _ => (DataBits::Eight, Parity::None),
    };
    Framing {
        baud,
        data_bits,
        parity,
        stop_bits: 1,
    }
}

/// Sends a burst each 0.6 s, as the port reads it at its speed, until the run has ended or a time is over.
fn send(plug: &mut Plug, sent: Framing, burst: &[u8], run: &mut Run, limit: Duration) {
    let started = Instant::now();
    plug.wait_until_read();
    while started.elapsed() < limit && !run.is_over() {
        let read = framing(plug.speed());
        let wire = Wire::transmit(burst, sent);
        plug.send(&wire.receive(read, ErrorBytes::AsRead));
        thread::sleep(Duration::from_millis(600));
    }
}

#[test]
fn a_slow_meter_is_found_and_it_is_said_how_to_begin_with_its_speed() {
    for (baud, burst, said) in [
        (
            2_400,
            push(),
            "found 2400 8E1; to start with it: --baud 2400 --mode 8E1",
        ),
        (
            38_400,
            push(),
            "found 38400 8N1; to start with it: --baud 38400 --mode 8N1",
        ),
    ] {
        let bench = Bench::new();
        let mut plug = Plug::new(bench.path("port"));
        let mut run = Run::start(&bench, &["watch", "port", "--json", "-n", "1"]);
        let limit = Duration::from_secs(40);
        send(&mut plug, framing(baud), &burst, &mut run, limit);
        let lines = run.lines(1);
        assert_eq!(run.end(), Some(0));
        assert_eq!(lines[0]["push"]["framing"], "hdlc");
        let errors = run.errors();
        assert!(errors.contains("looking for the speed"), "{errors}");
        assert!(errors.contains(said), "{errors}");
        assert!(!errors.contains("wrong speed"), "{errors}");
    }
}

#[test]
fn a_good_port_is_not_touched_and_nothing_is_said() {
    let bench = Bench::new();
    let mut plug = Plug::new(bench.path("port"));
    let args = [
        "watch",
        "port",
        "--json",
        "-n",
        "2",
        "--keyring",
        "keys.toml",
    ];
    let mut run = Run::start(&bench, &args);
    plug.wait_until_read();
    for frame in frames("lu", 3) {
        plug.send(&frame);
        thread::sleep(Duration::from_millis(400));
    }
    assert_eq!(run.lines(2).len(), 2);
    assert_eq!(plug.speed(), 115_200);
    assert_eq!(run.end(), Some(0));
    assert_eq!(run.errors(), "");
}

#[test]
fn a_speed_that_is_given_is_kept() {
    for option in [["--baud", "115200"], ["--mode", "8N1"]] {
        let bench = Bench::new();
        let mut plug = Plug::new(bench.path("port"));
        let args = ["watch", "port", "--json", "--duration", "5s"];
        let mut run = Run::start(&bench, &[&args[..], &option].concat());
        let limit = Duration::from_secs(4);
        send(&mut plug, framing(2_400), &push(), &mut run, limit);
        assert_eq!(plug.speed(), 115_200);
        run.end();
        assert!(!run.errors().contains("looking"), "{}", run.errors());
    }
}

#[test]
fn setup_finds_the_speed_and_writes_it() {
    let bench = Bench::new();
    let mut plug = Plug::new(bench.path("port"));
    let line = [
        "setup",
        "--config",
        "smarty.toml",
        "--yes",
        "--input",
        "port",
    ];
    let mut run = Run::start(&bench, &line);
    let limit = Duration::from_secs(40);
    send(&mut plug, framing(2_400), &push(), &mut run, limit);
    assert_eq!(run.end(), Some(0), "{}", run.errors());
    let errors = run.errors();
    assert!(errors.contains("sends DLMS pushes, in clear"), "{errors}");
    let text = fs::read_to_string(bench.path("smarty.toml")).unwrap();
    assert!(text.contains("baud = 2400\nmode = \"8E1\"\n"), "{text}");
}
