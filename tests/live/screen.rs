//! The live screen on a terminal, with what a store knows.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::thread;
use std::time::{Duration, Instant};

use super::bench::{Bench, Run, terminal};

/// A store of a meter over 52 days from one on, with the telegrams of the last day; it has the seed of `sim:`.
pub fn store(bench: &Bench, start: &str) {
    let arguments = [
        "simulate",
        "--profile",
        "lu-full",
        "--plain",
        "--start",
        start,
        "--period",
        "900s",
        "--count",
        "5000",
        "-o",
        "past.txt",
    ];
    let (_, said, exit) = bench.output(&arguments);
    assert_eq!(exit, Some(0), "{said}");
    let arguments = ["parse", "past.txt", "--store", "house.db", "--keep", "1d"];
    let (_, said, exit) = bench.output(&arguments);
    assert_eq!(exit, Some(0), "{said}");
}

/// Reads what is written to a terminal until some words were; blanks are not written.
fn wait(screen: &mut File, words: &str) {
    let mut seen = String::new();
    let started = Instant::now();
    while !seen.contains(words) {
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "{words}: {seen:?}"
        );
        let mut bytes = [0; 4096];
        match screen.read(&mut bytes) {
            Ok(length) => seen.push_str(&String::from_utf8_lossy(&bytes[..length])),
            Err(_) => thread::sleep(Duration::from_millis(5)),
        }
    }
}

fn opened(bench: &Bench, arguments: &[&str]) -> (File, Run) {
    let (near, far): (OwnedFd, File) = terminal();
    rustix::io::ioctl_fionbio(&near, true).unwrap();
    let run = Run::on_screen(bench, far, arguments);
    (near.into(), run)
}

#[test]
fn a_store_is_looked_at_as_a_recording_is() {
    let bench = Bench::new();
    store(&bench, "2025-01-20");
    let (mut screen, mut run) = opened(&bench, &["watch", "house.db"]);
    wait(&mut screen, "paused");
    screen.write_all(b"4").unwrap();
    wait(&mut screen, "kWh");
    screen.write_all(b"--").unwrap();
    wait(&mut screen, "MONTH");
    // The first of three months.
    screen.write_all(b"\x1b[H").unwrap();
    wait(&mut screen, "Jan");
    screen.write_all(b"q").unwrap();
    assert_eq!(run.end(), Some(0), "{}", run.errors());
}

#[test]
fn what_the_store_knows_is_there_while_it_is_written() {
    let bench = Bench::new();
    store(&bench, "2025-01-20");
    let arguments = ["watch", "sim:?fault=silence", "--store", "house.db"];
    let (mut screen, mut run) = opened(&bench, &arguments);
    wait(&mut screen, "STORE");
    screen.write_all(b"4---").unwrap();
    wait(&mut screen, "2025");
    screen.write_all(b"q").unwrap();
    run.end();
}

#[test]
fn the_running_quarter_stands_against_the_reference_power() {
    let bench = Bench::new();
    let arguments = "simulate --profile lu-full --plain --count 400 -o morning.txt";
    let (_, said, exit) = bench.output(&arguments.split(' ').collect::<Vec<_>>());
    assert_eq!(exit, Some(0), "{said}");
    let arguments = ["watch", "morning.txt", "--reference-power", "3kW"];
    let (mut screen, mut run) = opened(&bench, &arguments);
    wait(&mut screen, "QUARTER");
    screen.write_all(b"q").unwrap();
    assert_eq!(run.end(), Some(0), "{}", run.errors());
}
