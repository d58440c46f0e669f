//! `smarty parse` on the samples.

use super::run::{smarty, words};
use insta::assert_snapshot;

#[test]
fn tables_of_the_samples() {
    for name in [
        "lu-plain", "nl22", "nl30", "nl42", "nl5", "be", "se", "hu", "lt", "oddities",
    ] {
        let done = words(["parse", &format!("{name}.txt")]).done();
        assert_snapshot!(format!("table_{name}"), done);
    }
    assert_snapshot!(
        "table_at",
        smarty("parse at.bin -n 1 --keyring keys.toml").done()
    );
}

#[test]
fn json_of_the_samples() {
    for name in ["nl22", "nl5", "be", "oddities"] {
        let done = words(["parse", &format!("{name}.txt"), "--json", "--pretty"]).done();
        assert_snapshot!(format!("json_{name}"), done);
    }
    assert_snapshot!(
        "json_lu",
        smarty("parse lu.bin --json --pretty --keyring keys.toml").done()
    );
}

#[test]
fn text_in_clear_under_the_name_of_a_meter_with_a_key_is_refused() {
    for command in [
        "parse lu-plain.txt --json --keyring keys.toml",
        "decrypt lu-plain.txt --keyring keys.toml",
    ] {
        let done = smarty(command).done();
        assert_eq!((done.exit, done.stdout.len()), (Some(4), 0), "{done}");
        assert!(done.stderr.contains("--allow-plain"), "{done}");
    }
    // Asked for by its name, it is not let through either, and told.
    let command = "parse lu-plain.txt --raw --keyring keys.toml --meter SMY1030726916932";
    let done = smarty(command).done();
    assert_eq!((done.exit, done.stdout.len()), (Some(4), 0), "{done}");
    assert!(done.stderr.contains("--allow-plain"), "{done}");
    let refused = smarty("parse lu-plain.txt --json --events --keyring keys.toml")
        .done()
        .json();
    assert_eq!(refused[0]["code"], "downgrade");
    // Nothing in it is damaged: that it is refused is all there is to say, beside good frames too.
    let command = "parse lu.bin lu-plain.txt --json --events --keyring keys.toml";
    let findings = |line: &serde_json::Value| line["type"] == "finding";
    for lines in [refused, smarty(command).done().json()] {
        assert!(!lines.iter().any(findings), "{lines:?}");
    }
}

#[test]
fn several_files_are_one_run() {
    let done =
        smarty("parse nl5.txt lu.bin house=lu-plain.txt --json --allow-plain --keyring keys.toml")
            .done();
    let seen: Vec<_> = done
        .json()
        .iter()
        .map(|o| {
            format!(
                "{} {} {} {}",
                o["seq"], o["source"]["name"], o["source"]["label"], o["meter"]["id"]
            )
        })
        .collect();
    assert_snapshot!(seen.join("\n"), @r#"
    1 "nl5.txt" null "SMYE0000026916942"
    2 "lu.bin" null "SMY1030726916931"
    3 "lu-plain.txt" "house" "SMY1030726916932"
    "#);
}

#[test]
fn the_zone_counts_for_times_without_a_letter_only() {
    let time = |name: &str, zone: &str| {
        let done = words(["parse", name, "--json", "--tz", zone]).done();
        done.telegram()["measured_at"].to_string()
    };
    assert_eq!(
        time("oddities.txt", "Europe/Luxembourg"),
        "\"2024-01-11T09:35:00+01:00\""
    );
    assert_eq!(
        time("oddities.txt", "Europe/Vilnius"),
        "\"2024-01-11T09:35:00+02:00\""
    );
    assert_eq!(
        time("oddities.txt", "EET-2EEST,M3.5.0/3,M10.5.0/4"),
        "\"2024-01-11T09:35:00+02:00\""
    );
    assert_eq!(
        time("nl5.txt", "Europe/Vilnius"),
        "\"2026-01-15T18:30:00+02:00\""
    );
}
