//! What is said of files and of virtual meters: what holds for links is not said of them.

use super::run::{Folder, smarty};

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
        folder.file("thin.bin", kept.concat());
        let ring = if nth == 6 { " --keyring keys.toml" } else { "" };
        for input in ["all.bin", "thin.bin"] {
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
        done.stderr.contains("frames were sent that never arrived"),
        "{done}"
    );
    assert!(
        done.stderr
            .contains("28 of 28 frames good, 0 refused, 2 missed"),
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
