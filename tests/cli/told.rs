//! What is said of files and of virtual meters: what holds for links is not said of them.

use super::run::{Done, Folder, smarty};

/// Telegrams of virtual meters, one after another, with the key ring beside them.
fn archive(folder: &Folder, options: &str) -> Vec<Vec<u8>> {
    let line = format!("simulate {options} -o all.bin");
    let made = smarty(&line).within(folder).done();
    assert_eq!(made.exit, Some(0), "{made}");
    let all = folder.read("all.bin");
    let start = match all.first() {
        Some(b'/') => &b"/SMY5"[..],
        _ => &all[..10],
    };
    let mut starts: Vec<_> = memchr::memmem::find_iter(&all, start).collect();
    starts.push(all.len());
    let telegrams = starts.windows(2);
    telegrams
        .map(|ends| all[ends[0]..ends[1]].to_vec())
        .collect()
}

#[test]
fn nothing_of_links_is_said_of_archives() {
    // Every sixth telegram of a meter that sends all 10 s, and one a minute of one that sends each second.
    let encrypted = "--count 300 --keyring keys.toml";
    for (options, nth) in [(encrypted, 6), ("--profile nl5 --count 600", 60)] {
        let folder = Folder::new();
        let telegrams = archive(&folder, options);
        assert!(telegrams.len() >= 300, "{}", telegrams.len());
        let kept: Vec<_> = telegrams.iter().step_by(nth).cloned().collect();
        folder.file("sampler.bin", kept.concat());
        let ring = if nth == 6 { " --keyring keys.toml" } else { "" };
        for input in ["all.bin", "sampler.bin"] {
            for more in ["--csv", "--csv -v", "--csv -n 1 -v", "-n 1 --json --events"] {
                let line = format!("parse {input}{ring} {more}");
                let done = smarty(&line).within(&folder).done();
                assert_eq!(done.exit, Some(0), "{done}");
                for words in [
                    "silent",
                    "the link",
                    "seldom",
                    "too often",
                    "never arrived",
                    "sends no values of single",
                    "warning",
                ] {
                    assert!(!done.to_string().contains(words), "{words}: {done}");
                }
            }
        }
    }
}

#[test]
fn a_gap_in_a_file_is_still_said() {
    let folder = Folder::new();
    let mut telegrams = archive(&folder, "--count 30 --keyring keys.toml");
    telegrams.drain(10..12);
    folder.file("gap.bin", telegrams.concat());
    let done = smarty("parse gap.bin --csv --keyring keys.toml")
        .within(&folder)
        .done();
    assert!(
        done.stderr
            .contains("telegrams were sent that never arrived"),
        "{done}"
    );
    assert!(
        done.stderr
            .contains("28 of 28 telegrams good, 0 refused, 2 missed"),
        "{done}"
    );
}

#[test]
fn a_virtual_meter_has_no_pins_and_one_colon() {
    for line in [
        "watch sim:?fault=silence --duration 1s --csv",
        "watch sim:?fault=silence --timeout 300ms --csv",
        "watch sim:?fault=silence --duration 1s --json --events",
        "parse sim:?count=1 --meter SAG1030700114004 --csv -v",
        "parse sim:?count=2&fault=wrong-key --csv -v",
        "parse house=sim:?count=2&fault=wrong-key --csv -v",
    ] {
        let done = smarty(line).done();
        let all = format!("{}{}", done.stderr, String::from_utf8_lossy(&done.stdout));
        assert!(!all.contains("sim::"), "{done}");
        assert!(!all.contains("pin 2") && !all.contains("5 V"), "{done}");
        assert_eq!(
            all.contains("a virtual meter is silent"),
            line.contains("silence"),
            "{done}"
        );
        assert_ne!(done.exit, Some(0), "{done}");
    }
}

/// A recording with a fault on the line, and the key ring beside it.
fn faulty(folder: &Folder, profile: &str, fault: &str) -> Done {
    let ring = match profile.starts_with("lu") {
        true => " --keyring keys.toml",
        false => "",
    };
    let line = format!("simulate --profile {profile} --fault {fault} --count 4{ring} -o x.bin");
    let made = smarty(&line).within(folder).done();
    assert_eq!(made.exit, Some(0), "{made}");
    smarty(&format!("parse x.bin --csv{ring}"))
        .within(folder)
        .done()
}

#[test]
fn a_verdict_is_said_alone_and_in_plain_words() {
    for (profile, fault, verdict) in [
        ("lu", "wrong-key", "the key does not fit this meter"),
        (
            "lu",
            "wrong-auth-key",
            "the authentication key is not the one",
        ),
        ("lu", "weak", "the signal is too weak"),
        ("lu", "icrnl", "the serial port turns each CR"),
        ("lu", "ixon", "the serial port swallows"),
        ("lu", "lost=62", "bytes are missing inside the telegrams"),
        ("lu", "limit=512", "telegrams end at a size limit"),
        ("lu", "inverted", "the line is upside down"),
        ("nl5", "limit=512", "telegrams end at a size limit"),
        ("nl5", "bad-crc", "the check sum (CRC) is wrong"),
    ] {
        let folder = Folder::new();
        let done = faulty(&folder, profile, fault);
        let said = &done.stderr;
        let first = said.lines().find(|line| line.starts_with("smarty: "));
        let first = first.unwrap_or_default();
        assert!(first.contains(&format!("x.bin: {verdict}")), "{done}");
        assert!(
            !said.contains("was refused") && !said.contains("0x"),
            "{done}"
        );
        let words: Vec<_> = said.split(|c: char| !c.is_alphanumeric()).collect();
        for word in ["frame", "frames", "tag", "tags", "counter"] {
            let option = word == "tag" && said.contains("--tag");
            assert!(option || !words.contains(&word), "{word}: {done}");
        }
        let hints = said.matches("  hint: ").count();
        let messages =
            said.matches("smarty: error").count() + said.matches("smarty: warning").count();
        assert!(hints <= messages, "{done}");
        // Who wants to know more asks for it.
        let ring = if profile == "lu" {
            " --keyring keys.toml"
        } else {
            ""
        };
        let done = smarty(&format!("parse x.bin --csv -v{ring}"))
            .within(&folder)
            .done();
        if fault != "inverted" {
            assert!(done.stderr.contains("x.bin: frame at 0x"), "{done}");
        }
    }
}

#[test]
fn a_title_that_was_damaged_is_no_meter_without_a_key() {
    let folder = Folder::new();
    let line = "simulate --fault weak --count 40 --keyring keys.toml -o x.bin";
    assert_eq!(smarty(line).within(&folder).done().exit, Some(0));
    let done = smarty("parse x.bin --csv --keyring keys.toml")
        .within(&folder)
        .done();
    assert!(done.stderr.contains("the signal is too weak"), "{done}");
    assert!(!done.stderr.contains("no key"), "{done}");
    // Meters that really have none are all named, with one hint.
    let line = "simulate --meters 3 --count 2 --keyring street.toml -o street.bin";
    assert_eq!(smarty(line).within(&folder).done().exit, Some(0));
    let done = smarty("parse street.bin --csv").within(&folder).done();
    assert_eq!(
        done.stderr.matches("there is no key for it").count(),
        3,
        "{done}"
    );
    assert_eq!(done.stderr.matches("  hint: ").count(), 1, "{done}");
}

#[test]
fn where_diagnosis_has_no_verdict_the_refusal_is_said() {
    let folder = Folder::new();
    let telegrams = archive(&folder, "--count 3 --keyring keys.toml");
    // What a count leaves unread is not judged.
    let mut broken = telegrams[0].clone();
    broken[200] ^= 0xFF;
    folder.file(
        "x.bin",
        [broken, telegrams[1].clone(), telegrams[2].clone()].concat(),
    );
    let done = smarty("parse x.bin --csv --keyring keys.toml -n 1")
        .within(&folder)
        .done();
    assert!(done.stderr.contains("it does not fit the key"), "{done}");
    assert!(!done.stderr.contains("frame"), "{done}");
    let done = smarty("parse x.bin --csv --keyring keys.toml -q")
        .within(&folder)
        .done();
    assert!(!done.stderr.contains("hint"), "{done}");
    assert!(
        done.stderr.contains("error: x.bin: the line is noisy"),
        "{done}"
    );
}

#[test]
fn half_a_telegram_where_reading_stops_is_no_fault_of_a_file() {
    let folder = Folder::new();
    let telegrams = archive(&folder, "--count 40 --keyring keys.toml");
    // As long as it takes: what is left of it is not known.
    for repeats in [1, 300] {
        folder.file("long.bin", telegrams.concat().repeat(repeats));
        let line = "parse long.bin --csv --keyring keys.toml --duration 1ms";
        let done = smarty(line).within(&folder).done();
        assert!(!done.stderr.contains("cut short"), "{done}");
        assert!(!done.stderr.contains("end early"), "{done}");
    }
}
