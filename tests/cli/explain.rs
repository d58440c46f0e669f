//! `--explain`: each step with its answer, at 80 columns, and what `--repair` mends.

use super::run::{Folder, KEY, sample, smarty, words};
use insta::assert_snapshot;

/// A capture of the virtual meter, and the ring with its key.
fn faulty(folder: &Folder, profile: &str, fault: &str) {
    let path = |name: &str| format!("{}/{name}", folder.path());
    let (out, ring) = (path("x.bin"), path("keys.toml"));
    let mut line = vec!["simulate", "--profile", profile, "--fault", fault];
    line.extend(["--count", "4", "-q", "-o", &out]);
    if !profile.starts_with("nl") {
        line.extend(["--keyring", &ring]);
    }
    let made = words(line);
    assert_eq!(made.done().exit, Some(0));
}

#[test]
fn each_step_is_answered() {
    assert_snapshot!(
        "explain_lu",
        words(["parse", "--explain", "lu.bin", "--key", KEY])
            .done()
            .with(KEY, "KEY")
    );
    assert_snapshot!("explain_plain", smarty("parse --explain nl5.txt").done());
}

#[test]
fn nothing_is_wider_than_a_screen() {
    let cases = [
        ("lu", "icrnl"),
        ("lu", "ixon"),
        ("lu", "lost=62"),
        ("lu", "weak"),
        ("lu", "wrong-key"),
        ("lu", "wrong-auth-key"),
        ("lu", "inverted"),
        ("lu", "telnet"),
        ("nl5", "bad-crc"),
        ("nl5", "inverted"),
        ("nl5", "limit=512"),
        ("nl22", "7e1"),
    ];
    for (profile, fault) in cases {
        let folder = Folder::new();
        faulty(&folder, profile, fault);
        let line = match profile {
            "lu" => "parse --explain x.bin --keyring keys.toml",
            _ => "parse --explain x.bin",
        };
        let done = smarty(line).within(&folder).done();
        let text = done.text();
        assert!(text.contains(" no\n"), "{profile} {fault}: {text}");
        assert!(text.contains("  hint: "), "{profile} {fault}");
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{profile} {fault}: {line}");
        }
    }
}

#[test]
fn telegrams_that_are_read_all_the_same_are_counted() {
    let folder = Folder::new();
    faulty(&folder, "nl5", "inverted");
    let done = smarty("parse --explain x.bin").within(&folder).done();
    assert!(done.text().contains("4 telegrams are read all the same"));
    assert_eq!(done.exit, Some(0));
}

#[test]
fn swallowed_bytes_are_put_back_on_request() {
    for profile in ["lu", "lu-full", "at"] {
        let folder = Folder::new();
        faulty(&folder, profile, "ixon");
        let run = |line: &str| smarty(line).within(&folder).done();
        let mended = run("decrypt x.bin --keyring keys.toml --repair");
        assert_eq!(mended.text().matches("/").count(), 4, "{profile}");
        let plain = run("decrypt x.bin --keyring keys.toml");
        assert!(plain.text().matches("/").count() < 4, "{profile}");
    }
}

#[test]
fn a_short_crc_is_said_and_its_telegram_used() {
    let text = String::from_utf8(sample("nl5.txt")).unwrap();
    let mark = text.find('!').unwrap();
    // Digits of one value until the CRC begins with a zero.
    let short = (0..1000).find_map(|n| {
        let body = text[..=mark].replacen("(000", &format!("({n:03}"), 1);
        let sum = smarty::p1::readout::crc16(body.as_bytes());
        (sum < 0x1000).then(|| format!("{body}{sum:X}\r\n"))
    });
    let folder = Folder::new();
    folder.file("short.txt", short.unwrap());
    let done = smarty("parse short.txt --json").within(&folder).done();
    assert_eq!(done.telegram()["telegram"]["crc"]["valid"], true);
    assert!(done.stderr.contains("without its leading zeros"));
    assert_eq!(done.exit, Some(0));
}

#[test]
fn a_file_of_no_known_form_is_examined_as_far_as_that_goes() {
    let folder = Folder::new();
    folder.file("letter.txt", "hello world, this is a letter\nto nobody\n");
    let done = smarty("parse --explain letter.txt").within(&folder).done();
    let steps: Vec<_> = done
        .text()
        .lines()
        .filter(|line| line.contains('?'))
        .collect();
    assert_eq!(steps.len(), 11, "{done}");
    assert!(steps[0].ends_with("yes"), "{done}");
    assert!(steps[2].ends_with("no"), "{done}");
    assert!(steps[3].ends_with("an earlier step failed"), "{done}");
    assert!(
        done.stderr.contains("letter.txt: this is no dump"),
        "{done}"
    );
    assert_eq!(done.exit, Some(5), "{done}");
    // What looks like a key is not examined.
    folder.file("my.key", KEY);
    let done = smarty("parse --explain my.key").within(&folder).done();
    assert!(
        done.stdout.is_empty() && !done.to_string().contains(KEY),
        "{done}"
    );
}

#[test]
fn a_hint_begins_once_and_a_dump_without_a_mark_is_left_out() {
    for (fault, marked) in [("wrong-key", false), ("weak", true), ("limit=512", false)] {
        let folder = Folder::new();
        faulty(&folder, "lu", fault);
        let run = |line: &str| smarty(line).within(&folder).done();
        let done = run("parse --explain x.bin --keyring keys.toml");
        let text = done.text();
        assert_eq!(text.contains("The frame at 0x"), marked, "{fault}: {text}");
        assert_eq!(text.contains("^^ marks"), marked, "{fault}: {text}");
        let verbose = run("parse --explain x.bin --keyring keys.toml -v");
        assert!(verbose.text().contains("The frame at 0x"), "{fault}");
        let mut before = "";
        for line in text.lines() {
            let again = line.starts_with("  hint: ") && before.starts_with("  hint: ");
            assert!(!again, "{fault}: {text}");
            before = line;
        }
    }
}

#[test]
fn findings_are_told_in_the_language_of_the_reader() {
    let line = "parse damaged/wrong-key.bin --keyring keys.toml --json --events";
    for (name, value, title) in [
        (
            "LANG",
            "de_LU.UTF-8",
            "der Schlüssel passt nicht zu diesem Zähler",
        ),
        ("LANG", "fr_LU.UTF-8", "la clé ne va pas avec ce compteur"),
        (
            "LC_MESSAGES",
            "en_GB.UTF-8",
            "the key does not fit this meter",
        ),
    ] {
        // LC_ALL of the tests would go first.
        let done = smarty(line).env(name, value).env("LC_ALL", "").done();
        assert!(done.stderr.contains(title), "{}", done.stderr);
        assert!(String::from_utf8_lossy(&done.stdout).contains("\"wrong_key\""));
    }
    let done = smarty(&format!("{line} --lang fr")).done();
    assert!(done.stderr.contains("la clé ne va pas"), "{}", done.stderr);
}
