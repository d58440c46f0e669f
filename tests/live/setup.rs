//! `smarty setup`: from a port to the files that `smarty watch` then reads.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::bench::{Bench, Plug, Run, frames, keys_of, terminal};

/// Options that write into the folder of the test.
const SETUP: [&str; 6] = [
    "setup",
    "--config",
    "smarty.toml",
    "--yes",
    "--input",
    "ttyUSB0",
];

/// Runs setup at a port whose meter sends so many frames, one after another.
fn set_up(bench: &Bench, profile: &str, options: &[&str]) -> (Option<i32>, String) {
    let mut plug = Plug::new(bench.path("ttyUSB0"));
    let arguments: Vec<&str> = SETUP.iter().chain(options).copied().collect();
    let mut run = Run::start(bench, &arguments);
    plug.wait_until_read();
    for frame in frames(profile, 2) {
        plug.send(&frame);
    }
    (run.end(), run.errors().to_owned())
}

/// The text of a file of the test, empty where there is none.
fn text(bench: &Bench, name: &str) -> String {
    fs::read_to_string(bench.path(name)).unwrap_or_default()
}

/// A folder without the key ring that others begin with.
fn bare() -> Bench {
    let bench = Bench::new();
    fs::remove_file(bench.path("keys.toml")).unwrap();
    bench
}

#[test]
fn what_it_writes_is_enough_to_watch() {
    let bench = bare();
    let [key, _] = keys_of("lu");
    let (exit, said) = set_up(&bench, "lu", &["--key", &key, "--name", "villa"]);
    assert_eq!(exit, Some(0), "{said}");
    assert!(said.contains("sends telegrams, encrypted"), "{said}");
    assert!(said.contains("a meter as in Luxembourg"), "{said}");
    assert!(!said.contains(&key));
    let rights = |name| fs::metadata(bench.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(rights("keys.toml"), 0o600);
    assert!(!text(&bench, "smarty.toml").contains(&key));
    let mut plug = Plug::new(bench.path("ttyUSB0"));
    let watch = ["watch", "--config", "smarty.toml", "--json", "-n", "1"];
    let mut run = Run::start(&bench, &watch);
    plug.wait_until_read();
    plug.send(&frames("lu", 1)[0]);
    let line = run.lines(1).remove(0);
    assert_eq!(line["security"]["tag"], "valid");
    assert_eq!(line["meter"]["name"], "villa");
    assert_eq!(line["source"]["label"], "villa");
    assert_eq!(run.end(), Some(0));
}

#[test]
fn slips_of_keys_are_named_and_put_right() {
    let [key, auth] = keys_of("at");
    let digit = |key: &str| {
        let other = if key.starts_with('0') { "1" } else { "0" };
        format!("{other}{}", &key[1..])
    };
    for (given, words) in [
        ([digit(&key), auth.clone()], "one digit of the key is wrong"),
        ([auth.clone(), key.clone()], "are exchanged"),
        (
            [key.clone(), digit(&auth)],
            "one digit of the authentication key is wrong",
        ),
    ] {
        let bench = bare();
        let [first, second] = given.map(|key| key);
        let options = ["--key", &first, "--auth-key", &second];
        let (exit, said) = set_up(&bench, "at", &options);
        assert_eq!(exit, Some(0), "{said}");
        assert!(said.contains(words), "{words}: {said}");
        let ring = text(&bench, "keys.toml");
        assert!(ring.contains(&format!("\nkey = \"{key}\"")), "{words}");
        assert!(
            ring.contains(&format!("\nauth_key = \"{auth}\"")),
            "{words}"
        );
        for secret in [&key, &auth, &first, &second] {
            assert!(!said.contains(secret.as_str()));
        }
    }
}

#[test]
fn a_key_that_does_not_fit_leaves_nothing_behind() {
    let bench = bare();
    let strange = "5A".repeat(16);
    let (exit, said) = set_up(&bench, "lu", &["--key", &strange]);
    assert_eq!(exit, Some(4), "{said}");
    assert!(said.contains("does not fit this meter"), "{said}");
    let (exit, said) = set_up(&bench, "lu", &[]);
    assert_eq!(exit, Some(4), "{said}");
    assert!(said.contains("--no-key"), "{said}");
    assert!(!bench.path("smarty.toml").exists() && !bench.path("keys.toml").exists());
}

#[test]
fn a_meter_in_clear_needs_no_key_and_a_key_may_come_later() {
    let bench = bare();
    let (exit, said) = set_up(&bench, "nl5", &["--name", "flat"]);
    assert_eq!(exit, Some(0), "{said}");
    assert!(said.contains("in clear, as in the Netherlands"), "{said}");
    assert!(!bench.path("keys.toml").exists());
    let bench = bare();
    let (exit, said) = set_up(&bench, "lu", &["--no-key"]);
    assert_eq!(exit, Some(0), "{said}");
    assert!(!bench.path("keys.toml").exists());
    let [key, _] = keys_of("lu");
    let (exit, said) = set_up(&bench, "lu", &["--key", &key]);
    assert_eq!(exit, Some(0), "{said}");
    assert!(text(&bench, "keys.toml").contains("name = \"house\""));
    assert!(text(&bench, "smarty.toml").contains("keyring = \"keys.toml\""));
}

#[test]
fn a_second_run_changes_one_thing_and_replaces_only_when_asked() {
    let bench = bare();
    let own = "# mine\nformat = \"csv\"   # rows\n\n[[source]]\nlabel = \"house\"\naddress = \"/dev/ttyUSB7\" # old\n";
    fs::write(bench.path("smarty.toml"), own).unwrap();
    let (exit, said) = set_up(&bench, "nl5", &["--name", "house"]);
    assert_eq!(exit, Some(2), "{said}");
    assert!(said.contains("address of the source house"), "{said}");
    assert_eq!(text(&bench, "smarty.toml"), own);
    let (exit, said) = set_up(&bench, "nl5", &["--name", "house", "--force"]);
    assert_eq!(exit, Some(0), "{said}");
    let port = bench.path("ttyUSB0").display().to_string();
    assert_eq!(
        text(&bench, "smarty.toml"),
        own.replace("/dev/ttyUSB7", &port)
    );
    // Without the meter, which sends nothing.
    let metrics = [
        "setup",
        "--config",
        "smarty.toml",
        "--yes",
        "--metrics",
        "127.0.0.1:1",
    ];
    let before = text(&bench, "smarty.toml");
    let (_, said, exit) = bench.output(&metrics);
    // Port 1 is for root, who may listen there.
    match exit {
        Some(0) => assert!(text(&bench, "smarty.toml").starts_with(&before)),
        _ => assert!(said.contains("port above 1023"), "{said}"),
    }
}

#[test]
fn a_port_that_another_program_holds_is_told_with_that_program() {
    let bench = bare();
    let plug = Plug::new(bench.path("ttyUSB0"));
    let holder = Command::new("flock")
        .args(["--no-fork".as_ref(), bench.path("ttyUSB0").as_os_str()])
        .args(["sleep", "60"])
        .stdout(Stdio::null())
        .spawn();
    let Ok(mut holder) = holder else { return };
    let started = Instant::now();
    let (exit, said) = loop {
        let arguments: Vec<&str> = SETUP
            .iter()
            .chain(&["--timeout", "300ms"])
            .copied()
            .collect();
        let (_, said, exit) = bench.output(&arguments);
        if exit == Some(3) || started.elapsed() > Duration::from_secs(8) {
            break (exit, said);
        }
    };
    holder.kill().unwrap();
    holder.wait().unwrap();
    drop(plug);
    assert_eq!(exit, Some(3), "{said}");
    assert!(
        said.contains("sleep (process") && said.contains("holds the port"),
        "{said}"
    );
    assert!(!bench.path("smarty.toml").exists());
}

#[test]
fn nothing_and_nonsense_are_told_apart() {
    let bench = bare();
    let plug = Plug::new(bench.path("ttyUSB0"));
    let arguments: Vec<&str> = SETUP.iter().chain(&["--timeout", "1s"]).copied().collect();
    let (_, said, exit) = bench.output(&arguments);
    assert_eq!(exit, Some(5), "{said}");
    assert!(
        said.contains("nothing") || said.contains("no bytes"),
        "{said}"
    );
    drop(plug);
    let (_, said, exit) = bench.output(&[
        "setup",
        "--config",
        "smarty.toml",
        "--yes",
        "--input",
        "tcp://127.0.0.1:1",
    ]);
    assert_eq!(exit, Some(3), "{said}");
    assert!(said.contains("connection refused"), "{said}");
}

/// Answers questions on a terminal as they come.
struct Person {
    near: fs::File,
    shown: Arc<Mutex<String>>,
}

impl Person {
    fn new(near: fs::File) -> Self {
        let shown = Arc::new(Mutex::new(String::new()));
        let (mut screen, into) = (near.try_clone().unwrap(), Arc::clone(&shown));
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = screen.read(&mut buffer) {
                *into.lock().unwrap() += &String::from_utf8_lossy(&buffer[..count]);
            }
        });
        Self { near, shown }
    }

    fn answer(&mut self, question: &str, answer: &str) {
        let started = Instant::now();
        while !self.shown.lock().unwrap().contains(question) {
            let shown = self.shown.lock().unwrap().clone();
            assert!(
                started.elapsed() < Duration::from_secs(10),
                "{question}: {shown}"
            );
            thread::sleep(Duration::from_millis(5));
        }
        // Of two questions that are the same, the second is waited for.
        self.shown.lock().unwrap().clear();
        // Echo is switched off behind the prompt.
        thread::sleep(Duration::from_millis(50));
        writeln!(self.near, "{answer}").unwrap();
    }
}

#[test]
fn on_a_terminal_it_asks_and_shows_no_key() {
    let bench = bare();
    let [key, _] = keys_of("lu");
    let mut plug = Plug::new(bench.path("ttyUSB0"));
    let (near, far) = terminal();
    let mut person = Person::new(near.into());
    let whole = Arc::clone(&person.shown);
    let arguments = ["setup", "--config", "smarty.toml", "--input", "ttyUSB0"];
    let mut run = Run::on_terminal(&bench, far, &arguments);
    plug.wait_until_read();
    plug.send(&frames("lu", 1)[0]);
    person.answer("What is the meter called? [house]", "");
    person.answer("Is the key at hand?", "yes");
    person.answer("not shown", &"5A".repeat(16));
    person.answer("not shown", &key);
    assert!(!whole.lock().unwrap().contains(&key));
    person.answer("MQTT broker", "");
    person.answer("Database that keeps years", "house.db");
    person.answer("Web page", "");
    person.answer("service of systemd?", "yes");
    assert_eq!(run.end(), Some(0), "{}", run.errors());
    let said = run.errors();
    assert!(said.contains("does not fit this meter"), "{said}");
    assert!(!said.contains(&key));
    assert!(text(&bench, "keys.toml").contains(&key));
    let settings = text(&bench, "smarty.toml");
    assert!(
        settings.contains("[store]\nfile = \"house.db\""),
        "{settings}"
    );
    let unit = text(&bench, "smarty.service");
    assert!(
        unit.contains("--keyring ${CREDENTIALS_DIRECTORY}/keys.toml"),
        "{unit}"
    );
    assert!(
        unit.contains("LoadCredential=keys.toml:/etc/smarty/keys.toml"),
        "{unit}"
    );
    assert!(said.contains("sudo install -D -m 600"), "{said}");
}

#[test]
fn a_file_that_holds_nothing_is_named_and_said_once() {
    let bench = Bench::new();
    std::fs::write(bench.path("empty.bin"), "").unwrap();
    let (_, said, exit) = bench.output(&["setup", "--yes", "--input", "empty.bin"]);
    assert_eq!(exit, Some(5), "{said}");
    assert!(said.contains("empty.bin: is empty"), "{said}");
    assert_eq!(said.matches("error: ").count(), 1, "{said}");
}
