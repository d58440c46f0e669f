//! Every command line of the README and of the manual, run as it is written, with meters that are simulated.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

use smarty::cli::help::TOPICS;

use crate::run::{Folder, KEY, sample, smarty};

/// The lines that begin with `$ smarty`, those that go on in one, without what is said about them.
fn lines() -> Vec<String> {
    let readme = include_str!("../../README.md");
    let texts = TOPICS.iter().map(|topic| topic.text).chain([readme]);
    let mut found = Vec::new();
    for text in texts {
        let text = text.replace("\\\n", " ");
        for line in text.lines() {
            if let Some(line) = line.strip_prefix("$ smarty ") {
                let line = line.split(" # ").next().unwrap_or(line);
                let line = line.split(" | ").next().unwrap_or(line);
                found.push(line.trim().to_owned());
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

/// The line for a machine without a meter, a broker or free ports; `true` for a command that goes on until it is ended.
fn here(line: &str) -> (String, bool) {
    let mut line = line.to_owned();
    for (there, here) in [
        ("/dev/ttyUSB0", "'sim:?plain'"),
        ("/dev/ttyUSB1", "'sim:?plain&seed=2'"),
        ("tcp://10.0.0.7:2001", "'sim:?plain&seed=3'"),
        ("=auto", "='sim:?plain'"),
        (" auto", " 'sim:?plain'"),
        ("broker.lan", "127.0.0.1:9"),
        ("http://10.0.0.8", "http://127.0.0.1:9"),
        ("https://10.0.0.8", "https://127.0.0.1:9"),
        ("tcp://10.0.0.9:2001", "tcp://127.0.0.1:9"),
        ("127.0.0.1:2004", "127.0.0.1:0"),
        ("--forward 2001", "--forward 127.0.0.1:0"),
        ("--http 8080", "--http 127.0.0.1:0"),
        ("127.0.0.1:2001-2003", "127.0.0.1:0"),
        ("--duration 10m", "--duration 1s"),
        ("--duration 1m", "--duration 1s"),
    ] {
        // What a unit of systemd will run is not run now.
        if !line.starts_with("generate") {
            line = line.replace(there, here);
        }
    }
    let first = line.split(' ').next().unwrap_or_default();
    let stays = match first {
        "watch" => true,
        "simulate" => !line.contains("--count"),
        "capture" => !line.contains("--duration") && !line.contains(" -n "),
        _ => false,
    };
    (line, stays)
}

fn prepare(folder: &Path) {
    let ring = folder.join(".config/smarty/keys.toml");
    fs::create_dir_all(ring.parent().unwrap()).unwrap();
    fs::create_dir_all(folder.join("archive")).unwrap();
    let copy = |from: &str, to: &[&str]| {
        for to in to {
            fs::write(folder.join(to), sample(from)).unwrap();
            fs::set_permissions(folder.join(to), fs::Permissions::from_mode(0o600)).unwrap();
        }
    };
    copy(
        "lu-full.bin",
        &["house.bin", "house-1.bin", "year.bin", "country.bin"],
    );
    copy("lu.bin", &["dump.bin"]);
    copy("kamstrup.bin", &["push.bin"]);
    copy("two-meters.log", &["all.log", "january.log"]);
    copy("keys.toml", &["keys.toml", "country.toml"]);
    let own = format!("[house]\nkey = \"{KEY}\"\n");
    fs::write(&ring, [sample("keys.toml"), own.into_bytes()].concat()).unwrap();
    fs::set_permissions(&ring, fs::Permissions::from_mode(0o600)).unwrap();
    for name in ["my.key", "letter.txt"] {
        fs::write(folder.join(name), KEY).unwrap();
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o600)).unwrap();
    }
    let import = "parse house.bin --key-file my.key --store house.db";
    let done = smarty(import).env("HOME", folder).into_command();
    let done = { done }.current_dir(folder).output().unwrap();
    assert!(folder.join("house.db").exists(), "{done:?}");
    fs::write(folder.join("broker.password"), "secret").unwrap();
    let own = rcgen::generate_simple_self_signed(vec!["meter".to_owned()]).unwrap();
    fs::write(folder.join("homewizard.pem"), own.cert.pem()).unwrap();
    fs::write(folder.join("token"), "8A5F60F98C1DE3").unwrap();
    fs::set_permissions(folder.join("token"), fs::Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(
        folder.join("broker.password"),
        fs::Permissions::from_mode(0o600),
    )
    .unwrap();
}

#[test]
fn every_command_line_that_is_written_down_does_what_it_says() {
    let lines = lines();
    assert!(lines.len() > 40, "{lines:#?}");
    let (waiting, wrong) = (Mutex::new(lines), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let Some(line) = waiting.lock().unwrap().pop() else {
                        return;
                    };
                    if let Some(what) = fault(&line) {
                        wrong.lock().unwrap().push(what);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// What is wrong with a line, if anything is.
fn fault(line: &str) -> Option<String> {
    let folder = Folder::new();
    prepare(&folder.0);
    let (here, stays) = here(line);
    let columnar = ["--format parquet", "--format arrow"];
    if columnar.iter().any(|option| here.contains(option)) && !cfg!(feature = "parquet") {
        return None;
    }
    let inner = smarty("").within(&folder).into_command();
    let program = inner.get_program().to_string_lossy();
    // What the line makes is not there before.
    let words: Vec<&str> = here.split_whitespace().collect();
    let makes = match words.first() {
        Some(&"simulate") => &["-o", "--keyring"][..],
        Some(&"capture") => &["-o"],
        _ => &[],
    };
    for pair in words.windows(2).filter(|pair| makes.contains(&pair[0])) {
        let _ = fs::remove_file(folder.0.join(pair[1]));
    }
    // What it prints goes on to files as the line says; those that go on for ever are ended as by Ctrl-C.
    let before = if stays {
        "timeout -s INT 1.5"
    } else {
        "timeout 60"
    };
    let output = Command::new("sh")
        .arg("-c")
        .arg(format!("{before} {program} {here}"))
        .current_dir(&folder.0)
        .env_clear()
        .envs([("HOME", folder.0.as_os_str())])
        .envs([
            ("PATH", "/usr/bin:/bin"),
            ("TZ", "UTC"),
            ("LC_ALL", "C.UTF-8"),
        ])
        .env("SMARTY_MQTT_PASSWORD", "secret")
        .stdin(fs::File::open(folder.0.join("my.key")).unwrap())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let exit = output.status.code();
    let good = match exit {
        Some(0) => true,
        // Ended by `timeout`, or a broker that is not there.
        Some(124 | 130) => stays,
        // The days of the manual are not those of the recording.
        Some(5) if here.starts_with("report") => said.contains("in the time asked for"),
        Some(5) => here == "ports",
        // There is no set-up.
        Some(2) => here.starts_with("doctor"),
        Some(3) if here.starts_with("setup") => ["no USB serial port", "nobody listens on port"]
            .iter()
            .any(|why| said.contains(why)),
        _ => false,
    };
    (!good).then(|| format!("$ smarty {line}\n{exit:?}\n{said}"))
}
