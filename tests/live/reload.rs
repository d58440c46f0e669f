//! `kill -HUP`: new keys without a lost byte; what is wrong changes nothing; a closed terminal ends the program.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::io::{ioctl_fionbio, ioctl_fionread};
use serde_json::Value;

use super::bench::{Bench, Run, frames, terminal, title_and_keys};

/// The next line that is a telegram.
fn telegram(run: &mut Run) -> Value {
    loop {
        let line = run.lines(1).remove(0);
        if line["type"] == "telegram" {
            return line;
        }
    }
}

#[test]
fn a_new_key_counts_from_the_next_frame_on_and_no_byte_is_lost() {
    let bench = Bench::new();
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let house = format!(
        "[[source]]\nlabel = \"house\"\naddress = \"tcp://{}\"\n",
        server.local_addr().unwrap()
    );
    let config = format!("keyring = \"keys.toml\"\n{house}");
    let (title, key) = title_and_keys();
    let wrong = key.replace('A', "B");
    let frames = frames("lu", 4);
    fs::write(
        bench.path("keys.toml"),
        format!("[{title}]\nkey = \"{wrong}\"\n"),
    )
    .unwrap();
    fs::write(bench.path("smarty.toml"), &config).unwrap();
    let arguments = ["watch", "--config", "smarty.toml", "--json", "--events"];
    let mut run = Run::start(&bench, &arguments);
    let (mut meter, _) = server.accept().unwrap();
    let mut send = |bytes: &[u8]| meter.write_all(bytes).unwrap();
    send(&frames[0]);
    let mut seen = run.lines(1);
    while seen.last().unwrap()["type"] != "refused" {
        seen.extend(run.lines(1));
    }
    // The frame that is under way belongs to the new key already.
    send(&frames[1][..400]);
    let ring = format!("[{title}]\nkey = \"{key}\"\nname = \"home\"\n");
    fs::write(bench.path("keys.toml"), &ring).unwrap();
    run.reload("are read again");
    send(&frames[1][400..]);
    let first = telegram(&mut run);
    assert_eq!(first["meter"]["name"], "home");
    assert_eq!(first["source"]["offset"], frames[0].len());
    // What is wrong changes nothing.
    fs::write(bench.path("keys.toml"), "[no\n").unwrap();
    run.reload("configuration in use stay");
    send(&frames[2]);
    telegram(&mut run);
    // A source more is opened, and the others anew.
    fs::write(bench.path("keys.toml"), &ring).unwrap();
    let more = format!("{config}[[source]]\nlabel = \"more\"\naddress = \"sim:?period=1\"\n");
    fs::write(bench.path("smarty.toml"), more).unwrap();
    run.reload("everything is opened again");
    let (mut meter, _) = server.accept().unwrap();
    meter.write_all(&frames[3]).unwrap();
    let mut labels = BTreeSet::new();
    while labels.len() < 2 {
        let telegram = telegram(&mut run);
        assert_eq!(telegram["security"]["tag"], "valid");
        labels.insert(telegram["source"]["label"].to_string());
    }
    run.interrupt();
    assert_eq!(run.end(), None);
    assert!(
        run.errors().contains("keys.toml: line 1:"),
        "{}",
        run.errors()
    );
    assert!(!run.errors().contains(&key[..16]), "{}", run.errors());
}

#[test]
fn a_terminal_that_is_closed_ends_the_program() {
    let bench = Bench::new();
    let (screen, terminal) = terminal();
    let mut run = Run::on_terminal(&bench, terminal, &["watch", "sim:?period=1", "--json"]);
    run.lines(1);
    run.reload("are read again");
    drop(screen);
    assert_eq!(run.end_by_signal(), Some(1));
}

/// Waits until something stands unread and grows no more.
fn wait_until_stuck(reader: impl AsFd) {
    let started = Instant::now();
    let (mut before, mut since) = (0, started);
    while before == 0 || since.elapsed() < Duration::from_millis(500) {
        assert!(started.elapsed() < Duration::from_secs(20), "nothing comes");
        std::thread::sleep(Duration::from_millis(10));
        let unread = ioctl_fionread(&reader).unwrap();
        if unread != before {
            (before, since) = (unread, Instant::now());
        }
    }
}

#[test]
fn output_that_nobody_reads_keeps_no_run_from_ending() {
    let bench = Bench::new();
    fs::write(bench.path("frames.bin"), frames("lu", 200).concat()).unwrap();
    let parse = ["parse", "frames.bin", "--keyring", "keys.toml", "--json"];
    let street = ["watch", "sim:?period=1&meters=9"];
    let end = |mut run: Run| {
        let asked = Instant::now();
        run.terminate();
        assert_eq!(run.end_by_signal(), Some(15));
        assert!(asked.elapsed() < Duration::from_secs(2));
    };
    for arguments in [&parse[..], &street] {
        for full in [false, true] {
            let (near, terminal) = terminal();
            if full {
                // Already before the program writes its first byte.
                ioctl_fionbio(&terminal, true).unwrap();
                while rustix::io::write(&terminal, &[b'x'; 64]).is_ok() {}
                ioctl_fionbio(&terminal, false).unwrap();
            }
            let run = Run::on_screen(&bench, terminal, arguments);
            if full {
                std::thread::sleep(Duration::from_secs(1));
            } else {
                wait_until_stuck(&near);
            }
            end(run);
        }
    }
    let (near, far) = std::io::pipe().unwrap();
    let run = Run::into(&bench, OwnedFd::from(far).into(), &parse);
    wait_until_stuck(&near);
    end(run);
}

#[test]
fn a_terminal_that_is_closed_under_the_screen_ends_the_program_at_once() {
    let six: Vec<String> = (1..=6)
        .map(|n| format!("m{n}=sim:?period=1&seed={n}"))
        .collect();
    let six: Vec<&str> = six.iter().map(String::as_str).collect();
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("tcp://{}", server.local_addr().unwrap());
    let runs: [&[&str]; 4] = [
        &["sim:?period=1"],
        &["sim:?fault=silence"],
        &six,
        &[&silent],
    ];
    for sources in runs {
        let bench = Bench::new();
        let (screen, terminal) = terminal();
        let arguments = [&["watch"], sources].concat();
        let mut run = Run::on_screen(&bench, terminal, &arguments);
        let mut seen = String::new();
        // Blanks are not written.
        while !seen.contains("ends") {
            let mut bytes = [0; 4096];
            let length = rustix::io::read(&screen, &mut bytes).unwrap();
            seen.push_str(&String::from_utf8_lossy(&bytes[..length]));
        }
        let closed = Instant::now();
        drop(screen);
        assert_eq!(run.end_by_signal(), Some(1), "{sources:?}");
        assert!(closed.elapsed() < Duration::from_secs(2), "{sources:?}");
    }
}
