//! `smarty simulate` and `sim:` through the program itself.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use smarty::p1::line::Fault;
use smarty::simulate::virtual_meter::Profile;

/// A folder of its own for a test, gone at its end.
struct Folder(PathBuf);

/// A simulation that runs until it is dropped.
struct Simulation {
    child: Child,
    stdout: BufReader<Box<dyn Read>>,
}

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("smarty-sim-{}-{count}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Simulation {
    fn start(arguments: &[&str]) -> Self {
        let mut child = smarty(&[&["simulate", "-q"], arguments].concat())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout: Box<dyn Read> = Box::new(child.stdout.take().unwrap());
        let stdout = BufReader::new(stdout);
        Self { child, stdout }
    }

    /// The next path or address that it prints.
    fn place(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "a path was expected");
        line.trim_end().to_owned()
    }
}

impl Drop for Simulation {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn smarty(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_smarty"));
    command
        .args(arguments)
        .env_clear()
        .env("NO_COLOR", "1")
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> Output {
    smarty(arguments).output().unwrap()
}

/// The standard output of a run that went well.
fn good(arguments: &[&str]) -> Vec<u8> {
    let output = run(arguments);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {stderr}");
    output.stdout
}

fn objects(json: &[u8]) -> Vec<Value> {
    let lines = json.split(|&byte| byte == b'\n');
    let lines = lines.filter(|line| !line.is_empty());
    lines
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect()
}

fn simulated(arguments: &[&str]) -> Vec<u8> {
    let all = [&["simulate", "-q", "-o", "-"], arguments].concat();
    good(&all)
}

/// What `parse --json` says of a source, with the key ring of seed 1.
fn parsed(source: &str, more: &[&str]) -> Vec<Value> {
    let folder = Folder::new();
    let ring = folder.path("keys.toml");
    simulated(&["--meters", "3", "--count", "0", "--keyring", &ring]);
    let arguments = ["parse", "--json", source, "--keyring", &ring];
    objects(&good(&[&arguments, more].concat()))
}

#[test]
fn a_pseudo_terminal_is_read_like_a_port() {
    let mut simulation = Simulation::start(&["--pty", "--speed", "200"]);
    let telegrams = parsed(&simulation.place(), &["-n", "2"]);
    assert_eq!(telegrams.len(), 2);
    for telegram in telegrams {
        assert_eq!(telegram["source"]["kind"], "serial");
        assert_eq!(telegram["security"]["tag"], "valid");
    }
}

#[test]
fn what_was_sent_is_read_before_the_pseudo_terminal_closes() {
    let mut simulation = Simulation::start(&["--pty", "--speed", "10000", "--count", "9"]);
    let path = simulation.place();
    let telegrams = parsed(&path, &["-n", "9", "--no-reconnect"]);
    assert_eq!(telegrams.len(), 9);
    assert!(simulation.child.wait().unwrap().success());
}

#[test]
fn a_link_for_each_meter_goes_with_a_signal() {
    let folder = Folder::new();
    let link = folder.path("meter");
    let mut simulation = Simulation::start(&[
        "--link", &link, "--meters", "2", "--speed", "100", "--plain",
    ]);
    for number in [1, 2] {
        let path = simulation.place();
        assert_eq!(path, format!("{link}{number}"));
        let telegrams = objects(&good(&["parse", "--json", "-n", "1", &path]));
        let id = telegrams[0]["meter"]["id"].as_str().unwrap();
        assert!(id.ends_with(&format!("{}", 6 + number)), "{id}");
    }
    let pid = Pid::from_child(&simulation.child);
    kill_process(pid, Signal::TERM).unwrap();
    let status = simulation.child.wait().unwrap();
    assert_eq!(status.signal(), Some(15));
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 0);
}

#[test]
fn clients_of_tcp_get_all_meters_or_one_each() {
    let mut simulation =
        Simulation::start(&["--tcp", "127.0.0.1:0", "--meters", "3", "--speed", "100"]);
    let address = simulation.place();
    let telegrams = parsed(&address, &["-n", "6"]);
    let mut meters: Vec<_> = telegrams
        .iter()
        .map(|telegram| telegram["meter"]["id"].to_string())
        .collect();
    meters.sort();
    meters.dedup();
    assert_eq!(meters.len(), 3);
    assert_eq!(telegrams[0]["source"]["kind"], "tcp");
    assert_eq!(parsed(&address, &["-n", "1"]).len(), 1, "and come again");

    let refused = run(&["simulate", "--tcp", "127.0.0.1:2001-2002"]);
    assert_eq!(refused.status.code(), Some(2));
    let stderr = String::from_utf8_lossy(&refused.stderr);
    assert!(stderr.contains("2 ports for 1 meter\n"), "{stderr}");
}

#[test]
fn each_profile_is_parsed_without_a_refused_frame() {
    let folder = Folder::new();
    for (name, _) in Profile::ALL {
        for how in ["--plain", "--encrypted"] {
            let (file, ring) = (folder.path("a.bin"), folder.path("keys.toml"));
            let options = [
                "--profile",
                name,
                how,
                "--meters",
                "2",
                "-n",
                "30",
                "--force",
            ];
            let target = ["simulate", "-q", "-o", &file];
            let keys = ["--keyring", &ring];
            let keys = if how == "--plain" { &[][..] } else { &keys };
            assert_eq!(good(&[&target, &options[..], keys].concat()), b"");
            let arguments = ["parse", "--json", "--events", &file];
            let telegrams = objects(&good(&[&arguments, keys].concat()));
            let is_finding = |object: &&Value| object["type"] == "finding";
            // Two meters that send in clear on one line are worth a word.
            let findings: Vec<_> = telegrams.iter().filter(is_finding).collect();
            assert!(
                findings
                    .iter()
                    .all(|finding| finding["code"] == "two_meters"),
                "{findings:?}"
            );
            assert_eq!(telegrams.len() - findings.len(), 60, "{name} {how}");
            for telegram in telegrams.iter().filter(|object| !is_finding(object)) {
                assert_eq!(telegram["type"], "telegram", "{name} {how}");
                // The full telegram has a channel that was never read, as the specification shows it.
                let issues = telegram["issues"].as_array().unwrap();
                let expected = usize::from(name == "lu-full");
                assert_eq!(issues.len(), expected, "{name}: {issues:?}");
            }
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let of_seed = |seed| simulated(&["--seed", seed, "-n", "20", "--fault", "noise"]);
    assert!(of_seed("7") == of_seed("7"));
    assert!(of_seed("7") != of_seed("8"));
}

#[test]
fn each_fault_does_something() {
    let of = |profile: &str, how: &str, fault: &[&str]| {
        let options = [how, "--profile", profile, "-n", "8"];
        simulated(&[&options, fault].concat())
    };
    let bytes = |how: &str, fault: &[&str]| of("lu-full", how, fault);
    let healthy = ["--encrypted", "--plain"].map(|how| (how, bytes(how, &[])));
    for (kind, _) in Fault::KINDS {
        if kind == "part-lost" {
            let whole = of("at-noe", "--encrypted", &[]);
            assert!(of("at-noe", "--encrypted", &["--fault", kind]).len() < whole.len());
            continue;
        }
        let differs = |(how, healthy): &(&str, Vec<u8>)| bytes(how, &["--fault", kind]) != *healthy;
        assert!(healthy.iter().any(differs), "{kind}");
    }
    let refused = run(&["simulate", "--fault", "gremlin"]);
    assert_eq!(refused.status.code(), Some(2));
    let stderr = String::from_utf8_lossy(&refused.stderr);
    assert!(
        stderr.contains("there are inverted, speed=9600"),
        "{stderr}"
    );
}

#[test]
fn a_file_holds_the_meters_of_a_town() {
    let folder = Folder::new();
    let (file, ring) = (folder.path("town.bin"), folder.path("keys.toml"));
    let town = ["simulate", "--meters", "3000", "-n", "1", "-o", &file];
    let said = run(&town).stderr;
    let said = String::from_utf8_lossy(&said);
    assert!(
        said.contains("the keys of these 3000 meters: --keyring keys.toml"),
        "{said}"
    );
    assert!(said.lines().count() < 5, "{said}");
    good(&[&town[..], &["--force", "-q", "--keyring", &ring]].concat());
    let csv = good(&[
        "parse",
        &file,
        "--csv",
        "--keyring",
        &ring,
        "-F",
        "active_energy_import",
    ]);
    let csv = String::from_utf8(csv).unwrap();
    let meters: std::collections::HashSet<_> = csv
        .lines()
        .skip(1)
        .map(|line| line.split(',').nth(2))
        .collect();
    assert_eq!(meters.len(), 3000);
}

#[test]
fn a_capture_comes_again_byte_for_byte() {
    let folder = Folder::new();
    let dump = [&b"noise"[..], &simulated(&["-n", "3"]), b"\xDB\x08SMY"].concat();
    let file = folder.path("dump.bin");
    fs::write(&file, &dump).unwrap();
    assert!(simulated(&["--replay", &file]) == dump);
    let first = simulated(&["--replay", &file, "-n", "1"]);
    assert_eq!(first.len(), 5 + (dump.len() - 10) / 3);

    let log = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/two-meters.log");
    let text = fs::read_to_string(log).unwrap();
    let records = text.lines().filter(|line| !line.starts_with('#'));
    let held: Vec<u8> = records
        .flat_map(|line| hex::decode(line.split(' ').nth(4).unwrap()).unwrap())
        .collect();
    assert!(simulated(&["--replay", log]) == held);

    let clash = run(&["simulate", "--replay", log, "--seed", "2"]);
    assert_eq!(clash.status.code(), Some(2));
}

#[test]
fn a_log_is_played_on_a_line_for_each_label() {
    let log = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/two-meters.log");
    let mut simulation = Simulation::start(&["--pty", "--replay", log, "--speed", "10"]);
    let (first, second) = (simulation.place(), simulation.place());
    assert!(first != second && second.starts_with("/dev/pts/"));
}

#[test]
fn the_virtual_meter_is_a_source_that_needs_no_key() {
    let telegrams = objects(&good(&[
        "parse",
        "--json",
        "house=sim:?speed=1000&meters=2&count=3&seed=7",
    ]));
    assert_eq!(telegrams.len(), 6);
    let source = &telegrams[5]["source"];
    assert_eq!(source["kind"], "sim");
    assert_eq!(source["name"], "sim:");
    assert_eq!(source["label"], "house");
    assert_eq!(
        objects(&good(&["parse", "--json", "sim:", "-n", "1"])).len(),
        1
    );
    let wrong = run(&["parse", "sim:?speed=fast"]);
    assert_eq!(wrong.status.code(), Some(2));
}

#[test]
fn nothing_is_overwritten_and_nothing_endless_is_begun() {
    let folder = Folder::new();
    let file = folder.path("a.bin");
    let endless = run(&["simulate", "-o", &file]);
    assert_eq!(endless.status.code(), Some(2));
    assert!(fs::metadata(&file).is_err());
    let day = ["simulate", "-q", "--duration", "1h", "-o", &file];
    good(&day);
    let telegrams = good(&[
        "decrypt",
        &file,
        "--key",
        "31190E8BCB0298CD7DC5FE111BB866FC",
    ]);
    let ends = telegrams.iter().filter(|&&byte| byte == b'!').count();
    assert_eq!(ends, 360);
    assert_eq!(run(&day).status.code(), Some(3));
    let ring = folder.path("keys.toml");
    fs::write(&ring, "mine").unwrap();
    let clash = run(&["simulate", "-n", "1", "--keyring", &ring]);
    assert_eq!(clash.status.code(), Some(3));
    assert_eq!(fs::read(&ring).unwrap(), b"mine");
}

#[test]
fn standard_output_is_endless_until_its_reader_leaves() {
    let mut simulation = Simulation::start(&["--profile", "nl5"]);
    let mut bytes = vec![0; 1 << 20];
    simulation.stdout.read_exact(&mut bytes).unwrap();
    assert!(bytes.starts_with(b"/SMY5"));
    simulation.stdout = BufReader::new(Box::new(std::io::empty()));
    assert!(simulation.child.wait().unwrap().success());
}
