//! Files that grow, are renamed and are emptied while they are followed.

use std::fs::{self, File};
use std::io::Write;
use std::thread;
use std::time::Duration;

use super::bench::{Bench, Run, frames};

/// The file that is followed, opened as its writer has it.
fn open(bench: &Bench) -> File {
    let path = bench.path("grows");
    File::options()
        .create(true)
        .append(true)
        .open(path)
        .unwrap()
}

fn follow(bench: &Bench, more: &[&str]) -> Run {
    let follow = [
        "parse",
        "--follow",
        "grows",
        "--json",
        "--keyring",
        "keys.toml",
    ];
    Run::start(bench, &[&follow[..], more].concat())
}

fn counters(run: &mut Run, count: usize) -> Vec<u64> {
    let lines = run.lines(count);
    let counter = |line: &serde_json::Value| line["security"]["frame_counter"].as_u64();
    let counters: Vec<_> = lines.iter().filter_map(counter).collect();
    assert_eq!(counters.len(), count);
    let first = counters[0];
    counters.iter().map(|counter| counter - first).collect()
}

fn digits(frame: &[u8]) -> String {
    frame.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn half_a_frame_at_the_end_waits_for_its_rest_however_long() {
    let bench = Bench::new();
    let frames = frames("lu", 3);
    let mut file = open(&bench);
    file.write_all(&frames[0]).unwrap();
    file.write_all(&frames[1][..400]).unwrap();
    let mut run = follow(&bench, &["-n", "3"]);
    let first = run.lines(1).remove(0);
    assert!(first["received_at"].is_null(), "it was there before");
    // Longer than any source may pause in mid frame.
    thread::sleep(Duration::from_millis(5600));
    file.write_all(&frames[1][400..]).unwrap();
    file.write_all(&frames[2]).unwrap();
    let lines = run.lines(2);
    assert_eq!(lines[0]["source"]["offset"], frames[0].len());
    assert!(lines[1]["received_at"].is_string());
    assert_eq!(run.end(), Some(0));
    assert_eq!(run.errors(), "");
}

#[test]
fn a_file_that_is_renamed_is_read_to_its_end_and_then_the_new_one() {
    let bench = Bench::new();
    let frames = frames("lu", 5);
    let mut file = open(&bench);
    file.write_all(&frames[0]).unwrap();
    let mut run = follow(&bench, &["-o", "out.json", "--duration", "60s"]);
    let written = |count: usize| {
        let lines = || fs::read_to_string(bench.path("out.json")).map_or(0, |t| t.lines().count());
        for _ in 0..2000 {
            if lines() >= count {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
        panic!("{} of {count} telegrams", lines());
    };
    written(1);
    fs::rename(bench.path("grows"), bench.path("grows.1")).unwrap();
    thread::sleep(Duration::from_millis(300));
    // Whoever writes goes on in the old one for a while.
    file.write_all(&frames[1]).unwrap();
    written(2);
    file.write_all(&frames[2][..100]).unwrap();
    let mut file = open(&bench);
    file.write_all(&frames[3]).unwrap();
    written(3);
    // Emptied by whoever writes it.
    file.set_len(0).unwrap();
    thread::sleep(Duration::from_millis(500));
    file.write_all(&frames[4]).unwrap();
    written(4);
    run.interrupt();
    assert_eq!(run.end(), None, "ended by the signal");
    assert!(
        run.errors().contains("there is a new file of this name"),
        "{}",
        run.errors()
    );
    assert!(
        run.errors().contains("the file was emptied or cut"),
        "{}",
        run.errors()
    );
    let text = fs::read_to_string(bench.path("out.json")).unwrap();
    assert_eq!(text.lines().count(), 4);
}

#[test]
fn dumps_and_logs_are_followed_line_by_line() {
    let frames = frames("lu", 3);
    let log = |number: usize| {
        let frame = &frames[number];
        let (length, digits) = (frame.len(), digits(frame));
        format!("2026-11-23T08:15:0{number}.000000Z house gcm {length} {digits}\n")
    };
    let dump = |number: usize| format!("{}\n", digits(&frames[number]));
    for lines in [
        (0..3).map(log).collect::<Vec<_>>(),
        (0..3).map(dump).collect(),
    ] {
        let bench = Bench::new();
        let mut file = open(&bench);
        if lines[0].starts_with('2') {
            file.write_all(b"# smarty-log 1\n").unwrap();
        }
        file.write_all(lines[0].as_bytes()).unwrap();
        let (half, rest) = lines[1].split_at(lines[1].len() / 2);
        file.write_all(half.as_bytes()).unwrap();
        let mut run = follow(&bench, &["-n", "3"]);
        assert_eq!(counters(&mut run, 1), [0]);
        thread::sleep(Duration::from_millis(500));
        file.write_all(rest.as_bytes()).unwrap();
        file.write_all(lines[2].as_bytes()).unwrap();
        assert_eq!(counters(&mut run, 2), [0, 1]);
        assert_eq!(run.end(), Some(0));
        assert_eq!(run.errors(), "");
    }
}

#[test]
fn standard_input_has_no_name_to_follow() {
    let bench = Bench::new();
    let (_, said, exit) = bench.output(&["parse", "--follow", "-"]);
    assert_eq!(exit, Some(2), "{said}");
    assert!(said.contains("hint: name the file"), "{said}");
}
