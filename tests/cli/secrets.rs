//! No output of any command shows a key, wherever it was given and whatever goes wrong.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use memchr::memmem;

use super::run::{AT_KEYS, Done, Folder, KEY, Run, sample, smarty, words};

/// The halves of the key in every spelling that somebody could read it from.
fn spellings() -> Vec<Vec<u8>> {
    let bytes: Vec<u8> = (0..16)
        .map(|i| u8::from_str_radix(&KEY[2 * i..2 * i + 2], 16).unwrap())
        .collect();
    let mut spellings = vec![BASE64_STANDARD.encode(&bytes)[..20].into()];
    for half in bytes.chunks(8) {
        let back: Vec<u8> = half.iter().rev().copied().collect();
        for order in [half, &back] {
            let hex: String = order.iter().map(|byte| format!("{byte:02X}")).collect();
            let decimal: Vec<String> = order.iter().map(|byte| byte.to_string()).collect();
            spellings.extend([
                order.to_vec(),
                hex.clone().into_bytes(),
                hex.to_lowercase().into_bytes(),
                decimal.join(",").into_bytes(),
                BASE64_STANDARD.encode(order)[..10].into(),
            ]);
        }
    }
    spellings
}

/// Looks for the key in both streams, as they are and without what may stand between digits.
fn assert_silent(done: &Done) {
    for stream in [&done.stdout, done.stderr.as_bytes()] {
        let close: Vec<u8> = stream
            .iter()
            .copied()
            .filter(|byte| !b" :-.x\t\r\n".contains(byte))
            .collect();
        for spelling in spellings() {
            let shows = |text: &[u8]| memmem::find(text, &spelling).is_some();
            assert!(!shows(stream) && !shows(&close), "{done}");
        }
    }
}

/// A folder with the key in files of all kinds.
fn folder() -> Folder {
    let folder = Folder::new();
    let spaced: Vec<_> = (0..16).map(|i| &KEY[2 * i..2 * i + 2]).collect();
    let raw: Vec<u8> = spaced
        .iter()
        .map(|pair| u8::from_str_radix(pair, 16).unwrap())
        .collect();
    folder.file("my.key", KEY);
    folder.file("raw.key", &raw);
    folder.file("spaced.key", spaced.join(" "));
    folder.file("long.key", format!("{KEY}0\n"));
    folder.file("smarty.key", format!("{KEY}\n"));
    folder.file(
        "ring.toml",
        format!("default = \"{KEY}\"\n[house]\nkey = \"{KEY}\"\n"),
    );
    folder.file(
        "bad-ring.toml",
        format!("[{KEY}]\nkey = \"{KEY}\"\nkeys = \"{KEY}\"\n"),
    );
    let source = "[[source]]\naddress = \"lu.bin\"\n";
    folder.file("key-file.toml", format!("key_file = \"my.key\"\n{source}"));
    folder.file("with-key.toml", format!("key = \"{KEY}\"\n{source}"));
    folder.file("path.toml", format!("keyring = \"{KEY}\"\n{source}"));
    folder.file(
        "address.toml",
        format!("[[source]]\nlabel = \"a`\"\naddress = \"sim:?key={KEY}\"\n"),
    );
    for name in [
        "lu.bin",
        "two-meters.log",
        "damaged/wrong-key.bin",
        "damaged/wrong-auth-key.bin",
    ] {
        let bytes = super::run::sample(name);
        folder.file(name.rsplit('/').next().unwrap(), bytes);
    }
    folder
}

fn run(folder: &Folder, arguments: &[&str]) -> Run {
    words(arguments).within(folder)
}

#[test]
fn no_command_shows_a_key_that_fits() {
    let folder = folder();
    let commands: [&[&str]; 7] = [
        &["parse", "lu.bin", "-vv"],
        &["parse", "lu.bin", "--json", "--events", "-v"],
        &["parse", "lu.bin", "-f", "hex"],
        &["decrypt", "lu.bin", "-vv"],
        &["parse", "lu.bin", "--explain"],
        &["parse", "lu.bin", "--redact", "--csv"],
        &["watch", "lu.bin", "--json", "-vv"],
    ];
    let given: [&[&str]; 4] = [
        &["--key", KEY],
        &["--key-file", "raw.key"],
        &["--keyring", "ring.toml"],
        &["--auth-key", KEY],
    ];
    for command in commands {
        for key in given {
            assert_silent(&run(&folder, &[command, key].concat()).done());
        }
        assert_silent(&run(&folder, command).env("SMARTY_KEY", KEY).done());
        assert_silent(
            &run(&folder, command)
                .env("SMARTY_KEY_FILE", "spaced.key")
                .done(),
        );
        assert_silent(
            &run(&folder, command)
                .env("CREDENTIALS_DIRECTORY", &folder.0)
                .done(),
        );
    }
    // Relatives of the key are tried here.
    for input in ["wrong-auth-key.bin", "two-meters.log"] {
        let other = ["parse", input, "-vv", "--events", "--json"];
        assert_silent(&run(&folder, &other).env("SMARTY_KEY", KEY).done());
    }
}

#[test]
fn no_help_and_no_error_shows_a_key() {
    let folder = folder();
    let mut errors: Vec<Vec<&str>> = vec![
        vec!["--help"],
        vec!["-V"],
        vec!["ports"],
        vec!["generate", "man"],
        vec!["generate", "bash"],
        vec!["generate", "schema"],
        vec!["generate", KEY],
        vec!["parse"],
        vec!["parse", "nowhere.bin", "-vv"],
        vec!["parse", "lu.bin", "-o", "/dev/full"],
        vec![
            "parse",
            "lu.bin",
            "--key",
            "0123456789ABCDEF0123456789ABCDEF",
            "-vv",
            "--events",
        ],
        vec!["parse", "wrong-key.bin", "-vv", "--explain"],
        vec!["parse", "lu.bin", "--key-file", "long.key"],
        vec!["parse", "lu.bin", "--keyring", "bad-ring.toml"],
        vec!["parse", "lu.bin", "--keyring", "my.key"],
        vec!["parse", "lu.bin", "--keyring", "raw.key"],
        vec!["capture", "lu.bin", "-o", "made.log", "--format", "log"],
        vec!["simulate", "-n", "1", "--keyring", "ring.toml"],
    ];
    for command in [
        "capture", "decrypt", "parse", "watch", "simulate", "ports", "generate",
    ] {
        errors.extend([
            vec![command, "--help"],
            vec![command, "-h"],
            vec![command, "--nonsense"],
            vec![command, KEY],
        ]);
    }
    // A key where the input should be.
    for file in ["my.key", "raw.key", "ring.toml"] {
        errors.push(vec!["parse", file, "--explain"]);
    }
    errors.push(vec!["parse", "spaced.key", "-vv", "--events"]);
    errors.push(vec!["decrypt", "long.key"]);
    for config in [
        "key-file.toml",
        "with-key.toml",
        "path.toml",
        "address.toml",
        "my.key",
    ] {
        errors.push(vec!["watch", "--config", config, "-n", "1", "-vv"]);
    }
    for arguments in &errors {
        // A help text would show the variable, if clap knew of it.
        assert_silent(&run(&folder, arguments).env("SMARTY_KEY", KEY).done());
    }
}

/// What is said of secrets that others can see.
fn cautions(done: &Done) -> Vec<&str> {
    let mut lines = done.stderr.lines().peekable();
    let mut said = Vec::new();
    while let Some(line) = lines.next() {
        if line.contains("all users of this machine") {
            said.push(line.trim_start_matches("smarty: warning: "));
            said.extend(lines.next_if(|line| line.starts_with("  hint: ")));
        }
    }
    said
}

#[test]
fn a_file_of_secrets_that_others_can_read_is_told_with_what_closes_it() {
    let folder = Folder::new();
    let ring = format!("default = \"{KEY}\"\n");
    std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    for (option, content) in [("--key-file", KEY), ("--keyring", &ring)] {
        for (mode, told) in [(0o644, true), (0o604, true), (0o640, false), (0o600, false)] {
            folder.file_of_mode("a b.key", content, mode);
            folder.file("lu.bin", sample("lu.bin"));
            let run = |more: &[&str]| {
                let line = ["parse", "lu.bin", "--json", option, "a b.key"];
                words(line.iter().chain(more)).within(&folder).done()
            };
            let done = run(&[]);
            assert_eq!(done.telegram()["security"]["tag"], "valid");
            let expected = [
                "a b.key: holds a key, and all users of this machine can read it",
                "  hint: chmod 600 'a b.key'",
            ];
            assert_eq!(cautions(&done), expected[..2 * usize::from(told)], "{done}");
            assert_eq!(run(&["-q"]).stderr, "");
        }
    }
    // Nobody comes to a file in a folder that is shut.
    folder.file_of_mode("my.key", KEY, 0o644);
    std::fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
    let done = smarty("parse lu.bin --json --key-file my.key")
        .within(&folder)
        .done();
    assert_eq!((done.exit, &*done.stderr), (Some(0), ""), "{done}");
}

#[test]
fn a_key_on_the_command_line_is_told_with_the_better_way_and_changes_nothing_else() {
    const HINT: &str =
        "  hint: --key alone asks for it; --key-file FILE and --keyring FILE read it";
    let hidden = smarty("parse lu.bin --json").env("SMARTY_KEY", KEY).done();
    assert!(cautions(&hidden).is_empty(), "{hidden}");
    for key in [format!("--key={KEY}"), format!("-k{KEY}")] {
        let done = words(["parse", "lu.bin", "--json", &key]).done();
        assert_eq!((done.exit, &done.stdout), (Some(0), &hidden.stdout));
        let what = "the key on the command line can be seen by all users of this machine";
        assert_eq!(cautions(&done), [what, HINT], "{done}");
        assert_silent(&done);
        let done = words(["parse", "lu.bin", "--json", "-q", &key]).done();
        assert_eq!((done.exit, &*done.stderr), (Some(0), ""), "{done}");
    }
    let wrong = words(["parse", "lu.bin", "--json", "--key", &"12".repeat(16)]).done();
    assert_eq!((wrong.exit, wrong.stdout.len()), (Some(4), 0), "{wrong}");
    // An authentication key is one as well, but for Luxembourg's, which is published.
    for (key, told) in [
        (AT_KEYS[1], 2),
        ("D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF", 2),
        (PUBLISHED, 0),
    ] {
        let done = words(["parse", "at.bin", "--json", "-n1", "--auth-key", key])
            .env("SMARTY_KEY", AT_KEYS[0])
            .done();
        assert_eq!(cautions(&done).len(), told, "{done}");
    }
}

/// Authentication key of Luxembourg.
const PUBLISHED: &str = "00112233445566778899AABBCCDDEEFF";

fn mode(folder: &Folder, name: &str) -> u32 {
    let path = format!("{}/{name}", folder.path());
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_run_that_is_killed_leaves_nothing_that_others_can_read_and_the_next_removes_it() {
    let folder = Folder::new();
    folder.file("lu.bin", sample("lu.bin"));
    let names = || -> Vec<String> {
        let entries = std::fs::read_dir(folder.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(".part")).collect()
    };
    let mut command = smarty("parse - --json -o out.json")
        .within(&folder)
        .into_command();
    let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while names().is_empty() {
        assert!(std::time::Instant::now() < patience, "it begins no file");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"));
    let words: Vec<_> = core.unwrap().split_whitespace().skip(4).take(2).collect();
    assert_eq!(words, ["0", "0"], "no core dumps");
    let part = names().remove(0);
    assert_eq!(mode(&folder, &part), 0o600);
    // While it is written, it is left alone; whoever it belongs to.
    let other = || {
        let run = smarty("parse lu.bin --json -o other.json --force").env("SMARTY_KEY", KEY);
        run.within(&folder).done()
    };
    assert_eq!(other().exit, Some(0));
    assert_eq!(names(), [part]);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(names().len(), 1, "a run that is killed cleans nothing up");
    assert_eq!(other().exit, Some(0));
    assert_eq!(names(), [""; 0]);
}

#[test]
fn half_a_line_that_a_killed_run_left_is_ended_before_the_next() {
    let folder = Folder::new();
    folder.file("lu.bin", sample("lu.bin"));
    for format in ["--json", "--csv"] {
        let run = |more: &str| {
            let line = format!("parse lu.bin {format} -o out {more}");
            let done = smarty(&line).env("SMARTY_KEY", KEY).within(&folder).done();
            assert_eq!(done.exit, Some(0), "{done}");
            String::from_utf8(folder.read("out")).unwrap()
        };
        let whole = run("--force");
        let twice = run("--append");
        let lines = twice.lines().count();
        folder.file("out", &twice[..twice.len() - 20]);
        let mended = run("--append");
        assert_eq!(mended.lines().count(), lines + 1, "{mended}");
        assert_eq!(mended.lines().last(), whole.lines().last(), "{mended}");
        let cut = twice[..twice.len() - 20].lines().last();
        assert_eq!(mended.lines().rev().nth(1), cut, "{mended}");
    }
}

#[test]
fn key_rings_are_the_owners_alone_and_what_is_replaced_gets_no_wider() {
    let folder = Folder::new();
    let done = smarty("simulate -q --encrypted -n 1 --keyring ring.toml -o a.bin").within(&folder);
    assert_eq!(done.done().exit, Some(0));
    assert_eq!(mode(&folder, "ring.toml"), 0o600);
    folder.file_of_mode("ring.toml", "# mine\n", 0o644);
    folder.file_of_mode("a.bin", "x", 0o600);
    let again = smarty("simulate -q --encrypted -n 1 --keyring ring.toml -o a.bin --force");
    assert_eq!(again.within(&folder).done().exit, Some(0));
    assert_eq!(
        (mode(&folder, "ring.toml"), mode(&folder, "a.bin")),
        (0o600, 0o600)
    );
    assert!(folder.read("a.bin").len() > 100);
    // One that says the same already stays, and is closed to others as well.
    let ring = folder.read("ring.toml");
    for open in [0o644, 0o640, 0o666] {
        folder.file_of_mode("ring.toml", &ring, open);
        let again = smarty("simulate -q --encrypted -n 1 --keyring ring.toml -o b.bin --force");
        assert_eq!(again.within(&folder).done().exit, Some(0));
        assert_eq!(mode(&folder, "ring.toml"), 0o600, "{open:o}");
        assert_eq!(folder.read("ring.toml"), ring);
    }
}

#[test]
fn a_link_in_the_way_of_a_file_that_is_begun_is_not_followed() {
    let folder = Folder::new();
    folder.file("lu.bin", sample("lu.bin"));
    folder.file("victim", "precious");
    // As the file was called once, for every process that may come.
    let mut command = smarty("parse - --json -o out.json")
        .within(&folder)
        .into_command();
    let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
    let next = child.id() + 1;
    child.kill().unwrap();
    child.wait().unwrap();
    for pid in next..next + 200 {
        let link = format!("{}/.out.json.{pid}.part", folder.path());
        std::os::unix::fs::symlink("victim", link).unwrap();
    }
    let done = smarty("parse lu.bin --json -o out.json").env("SMARTY_KEY", KEY);
    assert_eq!(done.within(&folder).done().exit, Some(0));
    assert_eq!(folder.read("victim"), b"precious");
    assert!(!folder.read("out.json").is_empty());
}
