//! The program on live sources: ports that split, pause, vanish and come back, servers, FIFOs.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr
)]

mod bench;
mod browser;
mod certificates;
mod derive;
mod doctor;
mod follow;
mod gone;
mod hooks;
mod http;
mod meters;
mod mqtt;
mod pulses;
mod reload;
mod replays;
mod report_page;
mod screen;
mod services;
mod setup;
mod speed;

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::OpenOptionsExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::net::sockopt::set_socket_linger;

use bench::{Bench, Plug, Run, frames, title_and_keys};

#[test]
fn every_frame_of_a_port_comes_out_once_however_it_was_cut() {
    let bench = Bench::new();
    let mut plug = Plug::new(bench.path("ttyUSB0"));
    let frames = frames("lu", 6);
    let mut run = Run::start(
        &bench,
        &[
            "watch",
            "house=ttyUSB0",
            "--json",
            "--keyring",
            "keys.toml",
            "-n",
            "6",
        ],
    );
    plug.wait_until_read();
    // Whole, byte by byte, in pieces that split the header, with a pause in mid frame, two at once.
    plug.send(&frames[0]);
    frames[1].chunks(1).for_each(|byte| plug.send(byte));
    for piece in frames[2].chunks(7) {
        plug.send(piece);
        thread::sleep(Duration::from_micros(300));
    }
    let (begin, rest) = frames[3].split_at(400);
    plug.send(begin);
    thread::sleep(Duration::from_millis(600));
    plug.send(rest);
    plug.send(&[&frames[4][..], &frames[5][..]].concat());
    let lines = run.lines(6);
    let counters: Vec<u64> = lines
        .iter()
        .map(|line| line["security"]["frame_counter"].as_u64().unwrap())
        .collect();
    let first = counters[0];
    assert_eq!(counters, (first..first + 6).collect::<Vec<_>>());
    for line in &lines {
        assert_eq!(line["source"]["label"], "house");
        assert_eq!(line["source"]["kind"], "serial");
        assert!(line["received_at"].is_string());
    }
    assert_eq!(run.end(), Some(0));
}

#[test]
fn a_line_is_out_soon_after_the_last_byte_of_its_frame() {
    let bench = Bench::new();
    let mut plug = Plug::new(bench.path("ttyUSB0"));
    let frames = frames("lu", 11);
    let mut run = Run::start(
        &bench,
        &["watch", "ttyUSB0", "--json", "--keyring", "keys.toml"],
    );
    plug.wait_until_read();
    let mut waits = Vec::new();
    for frame in &frames {
        plug.send(frame);
        let sent = Instant::now();
        run.lines(1);
        waits.push(sent.elapsed());
    }
    waits.sort();
    // The median: a busy machine may hold one up.
    assert!(waits[5] < Duration::from_millis(20), "{waits:?}");
}

#[test]
fn a_port_that_vanishes_and_comes_back_goes_on() {
    let bench = Bench::new();
    let mut plug = Plug::new(bench.path("ttyUSB0"));
    let frames = frames("lu", 3);
    let mut run = Run::start(
        &bench,
        &[
            "watch",
            "house=ttyUSB0",
            "--json",
            "--events",
            "--keyring",
            "keys.toml",
        ],
    );
    plug.wait_until_read();
    for (round, frame) in frames.iter().enumerate() {
        plug.send(frame);
        let codes = if round == 0 {
            vec!["opened"]
        } else {
            vec!["lost", "reopened"]
        };
        for code in codes {
            let line = &run.lines(1)[0];
            assert_eq!(
                (line["type"].as_str(), line["code"].as_str()),
                (Some("link"), Some(code))
            );
        }
        assert_eq!(run.lines(1)[0]["type"], "telegram");
        if round < 2 {
            plug.pull_out();
            thread::sleep(Duration::from_millis(100));
            plug.plug_in();
            plug.wait_until_read();
        }
    }
    run.interrupt();
    // As the shell sees it: ended by the signal.
    assert_eq!(run.end(), None);
}

#[test]
fn a_source_that_stalls_or_fails_does_not_delay_another() {
    let bench = Bench::new();
    let mut plug = Plug::new(bench.path("ttyUSB0"));
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("tcp://{}", silent.local_addr().unwrap());
    let flood = TcpListener::bind("127.0.0.1:0").unwrap();
    let noisy = format!("tcp://{}", flood.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _) = flood.accept().unwrap();
        let noise: Vec<u8> = (0..10_000u32).map(|n| (n * n % 251) as u8).collect();
        while stream.write_all(&noise).is_ok() {
            thread::sleep(Duration::from_millis(10));
        }
    });
    let mut run = Run::start(
        &bench,
        &[
            "watch",
            "gone=nowhere",
            &silent,
            &noisy,
            "ttyUSB0",
            "--json",
            "--keyring",
            "keys.toml",
            "-n",
            "3",
        ],
    );
    plug.wait_until_read();
    for frame in frames("lu", 3) {
        plug.send(&frame);
        let sent = Instant::now();
        run.lines(1);
        assert!(
            sent.elapsed() < Duration::from_millis(500),
            "{:?}",
            sent.elapsed()
        );
    }
    // The source that could not be opened decides.
    assert_eq!(run.end(), Some(3));
    assert!(run.errors().contains("nowhere"), "{}", run.errors());
}

#[test]
fn a_fifo_and_a_server_are_sources_too() {
    let bench = Bench::new();
    bench.fifo("pipe");
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("pv=tcp://{}", server.local_addr().unwrap());
    let mut run = Run::start(
        &bench,
        &[
            "watch",
            "house=pipe",
            &address,
            "--json",
            "--keyring",
            "keys.toml",
            "-n",
            "4",
        ],
    );
    let mut pipe = fs::File::options()
        .write(true)
        .open(bench.path("pipe"))
        .unwrap();
    let (mut stream, _) = server.accept().unwrap();
    for frame in frames("lu", 2) {
        pipe.write_all(&frame).unwrap();
        assert_eq!(run.lines(1)[0]["source"]["label"], "house");
        frame
            .chunks(100)
            .for_each(|piece| stream.write_all(piece).unwrap());
        let line = &run.lines(1)[0];
        assert_eq!(line["source"]["label"], "pv");
        assert_eq!(line["source"]["kind"], "tcp");
    }
    assert_eq!(run.end(), Some(0));
}

#[test]
fn on_change_prints_what_changed_and_every_the_last_of_each_period() {
    let bench = Bench::new();
    let frames = frames("lu", 30);
    let twice: Vec<u8> = frames
        .iter()
        .flat_map(|frame| [&frame[..], &frame[..]].concat())
        .collect();
    fs::write(bench.path("dump.bin"), twice).unwrap();
    let count = |arguments: &[&str]| {
        let common = ["watch", "dump.bin", "--json", "--keyring", "keys.toml"];
        bench
            .output(&[&common, arguments].concat())
            .0
            .lines()
            .count()
    };
    assert_eq!(count(&[]), 60);
    assert_eq!(count(&["--on-change"]), 30);
    assert!(count(&["--on-change", "-F", "device_id"]) <= 1);
    // Thirty telegrams, one every ten seconds, from a full minute on.
    assert_eq!(count(&["--every", "60s"]), 5);
    assert_eq!(count(&["--every", "60s", "-n", "2"]), 2);
    assert_eq!(count(&["--last"]), 1);
}

#[test]
fn a_table_grows_below_its_header_for_years() {
    let bench = Bench::new();
    fs::write(bench.path("dump.bin"), frames("lu", 2).concat()).unwrap();
    let arguments = [
        "watch",
        "dump.bin",
        "--keyring",
        "keys.toml",
        "--csv",
        "-o",
        "house.csv",
    ];
    let fields = ["-F", "active_power_import"];
    assert_eq!(bench.output(&[&arguments[..], &fields].concat()).2, Some(0));
    assert_eq!(
        bench.output(&[&arguments[..], &fields].concat()).2,
        Some(3),
        "it exists"
    );
    let append = [&arguments[..], &["--append"]].concat();
    assert_eq!(bench.output(&append).2, Some(0));
    let table = fs::read_to_string(bench.path("house.csv")).unwrap();
    let lines: Vec<_> = table.lines().collect();
    assert_eq!(lines.len(), 5, "{table}");
    assert_eq!(
        lines[0],
        "measured_at,received_at,meter,label,active_power_import_kw"
    );
    assert_eq!(lines[1], lines[3]);
    let rotated = [&arguments[..], &fields, &["--append", "--rotate", "1kB"]].concat();
    assert_eq!(bench.output(&rotated).2, Some(0));
    let first = fs::read_to_string(bench.path("house.1.csv")).unwrap();
    assert!(first.starts_with("measured_at,"), "{first}");
    fs::write(bench.path("other.csv"), "a,b\n1,2\n").unwrap();
    let other = ["watch", "dump.bin", "--csv", "-o", "other.csv", "--append"];
    let (_, error, code) = bench.output(&other);
    assert_eq!(code, Some(2), "{error}");
}

#[test]
fn a_level_sensor_is_a_source() {
    let bench = Bench::new();
    let mut plug = Plug::new(bench.path("ttyUSB5"));
    let mut run = Run::start(
        &bench,
        &["watch", "tank=ttyUSB5?device=maxsonar", "--json", "-n", "2"],
    );
    plug.wait_until_read();
    plug.send(b"23\rR12");
    plug.send(b"3\rR124\r");
    let lines = run.lines(2);
    assert_eq!(lines[0]["type"], "level");
    assert_eq!(lines[0]["source"]["label"], "tank");
    assert_eq!(lines[0]["values"]["level_cm"], 123);
    assert_eq!(lines[1]["values"]["level_cm"], 124);
    assert_eq!(run.end(), Some(0));
    fs::write(bench.path("levels"), b"R123\rR123\rR130\r").unwrap();
    let (table, _, _) = bench.output(&[
        "watch",
        "tank=levels?device=maxsonar",
        "--csv",
        "--on-change",
    ]);
    assert_eq!(
        table,
        "measured_at,received_at,meter,label,level_cm\r\n,,,tank,123\r\n,,,tank,130\r\n"
    );
}

#[test]
fn smarty_toml_starts_a_household() {
    let bench = Bench::new();
    fs::write(bench.path("dump.bin"), frames("lu", 2).concat()).unwrap();
    let write = |text: &str| fs::write(bench.path("smarty.toml"), text).unwrap();
    write(
        "keyring = \"keys.toml\"\nformat = \"json\"\n[[source]]\nlabel = \"house\"\naddress = \"dump.bin\"\n",
    );
    let watch = ["watch", "--config", "smarty.toml"];
    let (lines, error, code) = bench.output(&watch);
    assert_eq!(code, Some(0), "{error}");
    assert_eq!(lines.matches("\"label\":\"house\"").count(), 2, "{lines}");
    let (table, ..) = bench.output(&[&watch[..], &["--csv"]].concat());
    assert!(table.starts_with("measured_at,"), "{table}");
    let key = &title_and_keys().1;
    for (text, said) in [
        (
            "formt = \"json\"\n",
            "smarty.toml: line 1: formt is not known here\n  hint: nearest: format",
        ),
        (
            "\n\n[[source]]\nadress = \"x\"\n",
            "line 4: adress is not known here\n  hint: nearest: address",
        ),
        (
            &format!("key = \"{key}\"\n"),
            "line 1: key is not known here\n  hint: keys stand in a file",
        ),
        (
            &format!("\n{key} = 1\n"),
            "line 2: a name that is not known",
        ),
        (
            &format!("mode = \"{key}\"\n"),
            "line 1: the value is no line mode",
        ),
        ("every = \"soon\"\n", "line 1: expected a time such as 30s"),
        (
            "\n[[source]]\nlabel = \"a\"\n",
            "line 2: address is missing",
        ),
        (
            "[[source]]\naddress = \"udp://x\"\n",
            "line 1: `udp://` is unknown",
        ),
    ] {
        write(text);
        let (_, error, code) = bench.output(&watch);
        assert_eq!(code, Some(2), "{error}");
        assert!(error.contains(said), "{said}\n{error}");
        assert!(!error.contains(key.as_str()), "{error}");
    }
}

#[test]
fn a_capture_is_what_was_sent_and_a_log_of_several_is_read_back() {
    let bench = Bench::new();
    let mut plugs = [
        Plug::new(bench.path("ttyUSB0")),
        Plug::new(bench.path("ttyUSB1")),
    ];
    let sources = ["house=ttyUSB0", "pv=ttyUSB1"];
    let mut run = Run::start(
        &bench,
        &[
            &["capture"],
            &sources[..],
            &["-o", "all.log", "--format", "log", "-n", "6"],
        ]
        .concat(),
    );
    plugs.iter().for_each(Plug::wait_until_read);
    let frames = frames("lu", 3);
    for frame in &frames {
        plugs[0].send(b"\0\0");
        plugs[0].send(&frame[..400]);
        plugs[1].send(frame);
        // Long enough for the first half to be in the log before the second comes.
        thread::sleep(Duration::from_millis(400));
        plugs[0].send(&frame[400..]);
    }
    assert_eq!(run.end(), Some(0), "{}", run.errors());
    assert!(
        run.errors().contains("house (ttyUSB0): 3 telegrams whole"),
        "{}",
        run.errors()
    );
    let log = fs::read_to_string(bench.path("all.log")).unwrap();
    assert!(log.starts_with("# smarty-log 1"), "{log}");
    assert_eq!(log.matches(" gcm ").count(), 3, "{log}");
    assert_eq!(log.matches(" part ").count(), 6, "{log}");
    let (lines, ..) = bench.output(&["parse", "all.log", "--keyring", "keys.toml", "--json"]);
    assert_eq!(lines.matches("\"label\":\"house\"").count(), 3, "{lines}");
    assert_eq!(lines.matches("\"label\":\"pv\"").count(), 3);
    let (_, error, code) = bench.output(&["capture", sources[0], sources[1], "-o", "two.bin"]);
    assert_eq!(code, Some(2), "{error}");
    assert!(!bench.path("two.bin").exists());
}

#[test]
fn a_capture_that_is_killed_leaves_a_prefix() {
    let bench = Bench::new();
    let frames = frames("lu", 40).concat();
    for round in 0..6u64 {
        let name = format!("cap{round}.bin");
        let mut plug = Plug::new(bench.path("ttyUSB0"));
        let mut run = Run::start(&bench, &["capture", "ttyUSB0", "-o", &name]);
        plug.wait_until_read();
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                for piece in frames.chunks(97) {
                    plug.send_until(piece, &over);
                    thread::sleep(Duration::from_micros(500));
                }
            });
            thread::sleep(Duration::from_millis(20 + round * 31));
            run.kill();
            over.store(true, Ordering::Relaxed);
        });
        let held = fs::read(bench.path(&name)).unwrap();
        assert!(!held.is_empty());
        assert!(frames.starts_with(&held), "{} bytes", held.len());
    }
}

#[test]
fn a_capture_refuses_an_existing_file_and_a_full_disk() {
    let bench = Bench::new();
    fs::write(bench.path("dump.bin"), frames("lu", 2).concat()).unwrap();
    fs::write(bench.path("old.bin"), b"old").unwrap();
    let capture =
        |arguments: &[&str]| bench.output(&[&["capture", "dump.bin", "-o"], arguments].concat());
    let (_, error, code) = capture(&["old.bin"]);
    assert_eq!(
        (code, error.contains("--append")),
        (Some(3), true),
        "{error}"
    );
    assert_eq!(capture(&["old.bin", "--append"]).2, Some(0));
    let whole = fs::read(bench.path("dump.bin")).unwrap();
    assert_eq!(
        fs::read(bench.path("old.bin")).unwrap(),
        [b"old", &whole[..]].concat()
    );
    assert_eq!(capture(&["old.bin", "--force"]).2, Some(0));
    assert_eq!(fs::read(bench.path("old.bin")).unwrap(), whole);
    let (_, error, code) = capture(&["/dev/full"]);
    assert_eq!(code, Some(3), "{error}");
    assert!(error.contains("the disk is full"), "{error}");
    let (_, _, code) = bench.output(&["capture", "nowhere", "-o", "none.bin"]);
    assert_eq!(code, Some(3));
    assert!(
        !bench.path("none.bin").exists(),
        "an empty file is in nobody's way"
    );
}

#[test]
fn silence_and_time_have_their_exit_codes() {
    let bench = Bench::new();
    bench.fifo("pipe");
    let keep = fs::File::options()
        .read(true)
        .write(true)
        .custom_flags(0)
        .open(bench.path("pipe"))
        .unwrap();
    let started = Instant::now();
    let (_, error, code) = bench.output(&["watch", "pipe", "--timeout", "300ms"]);
    assert_eq!(code, Some(5), "{error}");
    assert!(error.contains("no telegram for 300ms"), "{error}");
    let (_, _, code) = bench.output(&["watch", "pipe", "--duration", "300ms"]);
    assert_eq!(code, Some(5));
    assert!(started.elapsed() < Duration::from_secs(3));
    drop(keep);
}

#[test]
fn a_server_that_breaks_off_for_good_could_not_be_read_to_its_end() {
    let bench = Bench::new();
    let frame = frames("lu", 1).remove(0);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = format!("tcp://{}", listener.local_addr().unwrap());
    let keys = ["--json", "--keyring", "keys.toml", "--no-reconnect"];
    for (breaks, code) in [(true, 3), (false, 0)] {
        let mut run = Run::start(&bench, &[&["parse", &server], &keys[..]].concat());
        let (mut client, _) = listener.accept().unwrap();
        client.write_all(&frame).unwrap();
        run.lines(1);
        if breaks {
            // What is closed without lingering is reset.
            set_socket_linger(&client, Some(Duration::ZERO)).unwrap();
        }
        drop(client);
        assert_eq!(run.end(), Some(code), "{}", run.errors());
        let said = run.errors().contains("the connection was broken off");
        assert_eq!(said, breaks, "{}", run.errors());
    }
}

#[test]
fn a_port_that_is_gone_for_good_could_not_be_read_to_its_end() {
    let bench = Bench::new();
    let frame = frames("lu", 1).remove(0);
    let parse = ["parse", "ttyUSB0", "--keyring", "keys.toml"];
    let capture = ["capture", "ttyUSB0", "-o", "stored.bin"];
    for command in [&parse[..], &capture] {
        let mut plug = Plug::new(bench.path("ttyUSB0"));
        let mut run = Run::start(&bench, &[command, &["--no-reconnect"]].concat());
        plug.wait_until_read();
        plug.send(&frame);
        plug.pull_out();
        assert_eq!(run.end(), Some(3), "{}", run.errors());
        assert!(run.errors().contains("the port went away"));
    }
}

#[test]
fn a_server_that_is_not_there_yet_is_waited_for_alone_and_beside_others() {
    let bench = Bench::new();
    let frame = frames("lu", 1).remove(0);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let server = format!("tcp://{address}");
    let keys = ["--json", "--events", "--keyring", "keys.toml"];
    let (alone, beside) = ([&*server], [&*server, "sim:?fault=silence"]);
    for sources in [&alone[..], &beside] {
        let mut run = Run::start(&bench, &[&["watch"], sources, &keys].concat());
        let lost = loop {
            let line = run.lines(1).remove(0);
            if line["source"]["name"] == server {
                break line;
            }
        };
        assert_eq!(
            (&lost["type"], &lost["code"]),
            (&"link".into(), &"lost".into())
        );
        assert_eq!(lost["source"]["kind"], "tcp");
        let listener = TcpListener::bind(address).unwrap();
        let (mut client, _) = listener.accept().unwrap();
        client.write_all(&frame).unwrap();
        // The other may have said by then that it is silent.
        let mut next = || loop {
            let line = run.lines(1).remove(0);
            if line["source"]["name"] == server {
                break line;
            }
        };
        let opened = next();
        assert_eq!(opened["code"], "opened", "{opened}");
        assert_eq!(next()["type"], "telegram");
        run.interrupt();
        assert_eq!(run.end_by_signal(), Some(2));
        let said = format!("warning: {server}: connection refused; retrying");
        assert!(run.errors().contains(&said), "{}", run.errors());
        assert!(run.errors().contains(&format!("{server} is open")));
    }
    for sources in [&alone[..], &beside] {
        let end = ["--no-reconnect", "--duration", "1s"];
        let (_, error, code) = bench.output(&[&["watch"], sources, &keys, &end].concat());
        assert_eq!(code, Some(3), "{error}");
        assert!(error.contains("error: tcp://"), "{error}");
    }
    let waits = ["/dev/ttyUSB77", &server];
    for source in waits {
        let (_, error, code) = bench.output(&["watch", source, "--duration", "300ms"]);
        assert_eq!(code, Some(3), "{error}");
        assert!(
            error.contains(&format!("error: {source}: was not there")),
            "{error}"
        );
        let capture = ["capture", source, "-o", "none.bin", "--duration", "300ms"];
        let (_, error, code) = bench.output(&capture);
        assert_eq!(code, Some(3), "{error}");
        assert!(error.contains("retrying"), "{error}");
        // What reads to the end of its input does not wait for the beginning.
        let (_, error, code) = bench.output(&["parse", source]);
        assert_eq!(code, Some(3), "{error}");
    }
}
