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
