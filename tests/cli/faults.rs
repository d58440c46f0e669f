//! The program when the system fails it: full disks, broken reads and pipes, signals, little memory, files that shrink.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

use crate::run::{Folder, smarty, words};
use jiff::civil::date;
use rustix::process::{Pid, Signal, kill_process};
use smarty::simulate::virtual_meter::{Profile, Setup, VirtualMeter, keyring_toml};

/// A folder with `long.bin`, so many frames of one meter, and `keys.toml`.
fn long(count: usize) -> (Folder, Vec<u8>) {
    static METER: LazyLock<(String, Vec<Vec<u8>>)> = LazyLock::new(|| {
        let start = date(2026, 1, 15).at(18, 30, 0, 0);
        let mut meter = VirtualMeter::new(Setup::new(Profile::Lu, 1, 20, start));
        let mut next = || {
            let mut frame = Vec::new();
            meter.next_frame(&mut frame);
            frame
        };
        let frames = (0..LONGEST).map(|_| next()).collect();
        (keyring_toml([&meter]), frames)
    });
    let (ring, frames) = &*METER;
    let stream = frames[..count].concat();
    let folder = Folder::new();
    folder.file("long.bin", &stream);
    folder.file("keys.toml", ring);
    (folder, stream)
}

fn start(command: Command, stdin: Stdio, stdout: Stdio) -> Child {
    let mut command = command;
    command
        .stdin(stdin)
        .stdout(stdout)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Starts a command that gets 128 MiB of addresses.
fn start_in_little_memory(line: &str, folder: &Folder) -> Child {
    let inner = smarty(line).within(folder).into_command();
    let mut command = Command::new("sh");
    command
        .args(["-c", r#"ulimit -v 131072 && exec "$0" "$@""#])
        .arg(inner.get_program())
        .args(inner.get_args())
        .env_clear()
        .current_dir(&folder.0);
    start(command, Stdio::null(), Stdio::piped())
}

/// Waits for the end, at most so long; the exit code and what stands on stderr.
fn end(mut child: Child) -> (Option<i32>, String) {
    let until = Instant::now() + Duration::from_secs(60);
    let mut stderr = child.stderr.take().unwrap();
    let said = thread::spawn(move || {
        let mut text = String::new();
        stderr.read_to_string(&mut text).map(|_| text).unwrap()
    });
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None if Instant::now() > until => {
                child.kill().unwrap();
                panic!("does not end: {}", said.join().unwrap());
            }
            None => thread::sleep(Duration::from_millis(5)),
        }
    };
    (status.code(), said.join().unwrap())
}

fn pid(child: &Child) -> Pid {
    Pid::from_child(child)
}

#[test]
fn a_full_disk_ends_every_output_with_a_word() {
    let (folder, _) = long(40);
    for format in ["json", "csv", "raw", "table", "hex", "influx"] {
        let line = format!("parse long.bin --keyring keys.toml -q -f {format}");
        let command = smarty(&line).within(&folder).into_command();
        let full = File::options().write(true).open("/dev/full").unwrap();
        let (exit, said) = end(start(command, Stdio::null(), full.into()));
        assert_eq!(exit, Some(3), "{format}: {said}");
        assert_eq!(said, "smarty: error: standard output: the disk is full\n");
        let done = smarty(&format!("{line} -o /dev/full"))
            .within(&folder)
            .done();
        assert_eq!(done.exit, Some(3), "{done}");
        assert!(done.stderr.contains("the disk is full"), "{done}");
    }
}

#[test]
fn a_disk_that_fills_up_leaves_no_half_file() {
    let (folder, stream) = long(200);
    folder.file("longer.bin", stream.repeat(10));
    let small = folder.0.join("small");
    fs::create_dir(&small).unwrap();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=96k", "tmpfs"])
        .arg(&small)
        .stderr(Stdio::null())
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        eprintln!("not tried: only root can mount a small disk");
        return;
    }
    let run = |line: &str| smarty(line).within(&folder).done();
    let whole = run("parse long.bin --keyring keys.toml --json -o small/out.json");
    let longer = run("parse longer.bin --keyring keys.toml --json -q -o small/out.json");
    let left = fs::read_dir(&small).unwrap().count();
    let captured = run("capture long.bin -o small/capture.bin");
    let held = fs::read(small.join("capture.bin")).unwrap_or_default();
    let unmounted = Command::new("umount").arg(&small).status().unwrap();
    assert!(unmounted.success());
    assert_eq!(whole.exit, Some(3), "{whole}");
    assert!(whole.stderr.contains("the disk is full"), "{whole}");
    // While telegrams come, and not only where the file is put in its place.
    assert_eq!(longer.exit, Some(3), "{longer}");
    assert_eq!(longer.stderr.matches("full").count(), 1, "{longer}");
    assert_eq!(left, 0, "a file is made whole or not at all");
    assert_eq!(captured.exit, Some(3), "{captured}");
    assert!(captured.stderr.contains("the disk is full"), "{captured}");
    // What a recording holds is a prefix of what was sent.
    assert!(
        fs::read(folder.0.join("long.bin"))
            .unwrap()
            .starts_with(&held)
    );
}

#[test]
fn what_cannot_be_read_is_named() {
    for (input, said) in [
        ("/proc/self/mem", "/proc/self/mem: "),
        (".", ".: is a directory"),
    ] {
        for command in ["parse", "decrypt", "watch"] {
            let done = words([command, input]).done();
            assert_eq!(done.exit, Some(3), "{done}");
            assert!(done.stderr.contains(said), "{done}");
        }
        let done = words(["capture", input, "-o", "/dev/null"]).done();
        assert_eq!(done.exit, Some(3), "{done}");
    }
}

#[test]
fn a_read_error_in_mid_input_keeps_what_came_before() {
    let (folder, stream) = long(30);
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let input = TcpStream::connect(server.local_addr().unwrap()).unwrap();
    let (mut far, _) = server.accept().unwrap();
    let command = smarty("parse - -i bin --keyring keys.toml --json")
        .within(&folder)
        .into_command();
    let mut child = start(command, OwnedFd::from(input).into(), Stdio::piped());
    far.write_all(&stream[..stream.len() / 2 - 100]).unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    assert!(
        first.starts_with(r#"{"schema":"smarty/1","type":"telegram""#),
        "{first}"
    );
    // The other end resets the connection: reading fails instead of ending.
    rustix::net::sockopt::set_socket_linger(&far, Some(Duration::ZERO)).unwrap();
    drop(far);
    let rest = lines.map_while(Result::ok).count();
    let (exit, said) = end(child);
    assert_eq!(exit, Some(3), "{said}");
    assert!(said.contains("reset"), "{said}");
    assert!(said.contains("telegrams end early"), "{said}");
    assert!((10..=15).contains(&rest), "{rest} lines behind the first");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let (folder, _) = long(400);
    for format in ["json", "csv", "raw", "table", "hex", "influx"] {
        let line = format!("parse long.bin --keyring keys.toml -q -f {format}");
        let command = smarty(&line).within(&folder).into_command();
        let mut child = start(command, Stdio::null(), Stdio::piped());
        let mut first = [0; 64];
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_exact(&mut first).unwrap();
        drop(stdout);
        assert_eq!(end(child), (Some(0), String::new()), "{format}");
    }
    // Errors that nobody reads are no reason to stop.
    let command = smarty("parse long.bin --json")
        .within(&folder)
        .into_command();
    let mut child = start(command, Stdio::null(), Stdio::null());
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(4));
}

#[test]
fn a_server_that_resets_is_a_lost_port_and_no_broken_pipe() {
    let (folder, stream) = long(4);
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("tcp://{}", server.local_addr().unwrap());
    let arguments = [
        "watch",
        &address,
        "--no-reconnect",
        "--json",
        "--keyring",
        "keys.toml",
    ];
    let command = words(arguments).within(&folder).into_command();
    let mut child = start(command, Stdio::null(), Stdio::piped());
    let (mut far, _) = server.accept().unwrap();
    far.write_all(&stream[..stream.len() - 100]).unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    (0..3).for_each(|_| drop(lines.next().unwrap().unwrap()));
    rustix::net::sockopt::set_socket_linger(&far, Some(Duration::ZERO)).unwrap();
    drop(far.shutdown(Shutdown::Read));
    drop(far);
    assert_eq!(lines.count(), 0);
    let (exit, said) = end(child);
    // The frame that was under way did not come whole, and no other will.
    assert_eq!(exit, Some(3), "{said}");
    let lost = format!("warning: {address}: the connection was broken off");
    assert!(said.contains(&lost), "{said}");
}

#[test]
fn a_storm_of_signals_loses_nothing() {
    let (folder, stream) = long(300);
    let command = smarty("parse - -i bin --keyring keys.toml --json -F 1-0:1.8.0")
        .within(&folder)
        .into_command();
    let mut child = start(command, Stdio::piped(), Stdio::piped());
    let mut stdin = child.stdin.take().unwrap();
    let writer = thread::spawn(move || {
        for piece in stream.chunks(997) {
            stdin.write_all(piece).unwrap();
            thread::sleep(Duration::from_micros(200));
        }
    });
    let (stdout, pid) = (child.stdout.take().unwrap(), pid(&child));
    let reader = thread::spawn(move || {
        let lines = BufReader::new(stdout).lines().map(|line| {
            thread::sleep(Duration::from_micros(100));
            line.unwrap()
        });
        lines.count()
    });
    // Stopping and going on interrupts calls; the others may be delivered at any time to any process.
    for round in 0.. {
        let signal = [
            Signal::STOP,
            Signal::CONT,
            Signal::WINCH,
            Signal::URG,
            Signal::CONT,
        ][round % 5];
        let _ = kill_process(pid, signal);
        thread::sleep(Duration::from_micros(300));
        if writer.is_finished() && round % 5 == 4 {
            break;
        }
    }
    writer.join().unwrap();
    let (exit, said) = end(child);
    assert_eq!(exit, Some(0), "{said}");
    assert_eq!(reader.join().unwrap(), 300);
}

#[test]
fn a_file_that_shrinks_or_grows_while_it_is_read() {
    let (folder, stream) = long(LONGEST);
    for shrinks in [true, false] {
        folder.file("long.bin", &stream);
        let line = "parse long.bin --keyring keys.toml --json";
        let command = smarty(line).within(&folder).into_command();
        let mut child = start(command, Stdio::null(), Stdio::piped());
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // With nobody reading, the program waits somewhere in the middle.
        lines.next().unwrap().unwrap();
        let file = File::options()
            .append(true)
            .open(folder.0.join("long.bin"))
            .unwrap();
        match shrinks {
            true => file.set_len(stream.len() as u64 / 3).unwrap(),
            false => (&file).write_all(&stream[..stream.len() / 3]).unwrap(),
        }
        let rest = lines.map_while(Result::ok).count() + 1;
        let (exit, said) = end(child);
        match shrinks {
            true => assert!(
                (100..LONGEST).contains(&rest) && exit < Some(2),
                "{rest} {said}"
            ),
            false => assert!(
                (LONGEST..=2 * LONGEST).contains(&rest) && exit < Some(2),
                "{rest} {said}"
            ),
        }
        assert!(!said.contains("panicked"), "{said}");
    }
}

#[test]
fn little_memory_is_enough() {
    let (folder, stream) = long(LONGEST);
    // A claim of 4 GB, one of 16 MB, and frames behind each.
    let mut claims = Vec::new();
    for length in [[0xFF; 4], [0x00, 0xFF, 0xFF, 0xF0]] {
        claims.extend([0xDB, 0x08]);
        claims.extend(b"SMY\x67\x70\0\0\x07");
        claims.push(0x84);
        claims.extend(length);
        claims.extend([0x30, 0, 0, 0, 1]);
        claims.extend(&stream[..20_000]);
    }
    folder.file("claims.bin", claims);
    for (input, least) in [("long.bin", LONGEST), ("claims.bin", 20)] {
        let line = format!("parse {input} --keyring keys.toml --json -F 1-0:1.8.0");
        let mut child = start_in_little_memory(&line, &folder);
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().count();
        let (exit, said) = end(child);
        assert!(exit < Some(2), "{input}: {exit:?} {said}");
        assert!(
            exit.is_some() && lines >= least,
            "{input}: {lines} lines, {said}"
        );
    }
}

#[test]
fn threads_that_cannot_all_be_started_are_given_back() {
    let (folder, _) = long(LONGEST);
    let line = "parse long.bin --keyring keys.toml --json --jobs 256";
    let mut child = start_in_little_memory(line, &folder);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // With nobody reading, the program waits somewhere in the middle.
    let first = (0..LONGEST / 4).map_while(|_| lines.next()).count();
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let threads = status.lines().find(|line| line.starts_with("Threads:"));
    assert!(
        threads.is_some_and(|line| line.ends_with("\t1") || line.ends_with("\t2")),
        "{threads:?}"
    );
    let all = first + lines.map_while(Result::ok).count();
    assert_eq!((end(child).0, all), (Some(0), LONGEST));
}

/// Frames of the longest input: more than all buffers between two programs hold.
const LONGEST: usize = 2000;
