//! Every help text.

use super::run::{smarty, words};
use insta::assert_snapshot;

#[test]
fn help_of_the_program() {
    assert_snapshot!("help_short", smarty("-h").done());
    assert_snapshot!("help_long", smarty("--help").done());
}

#[test]
fn help_of_each_command() {
    for command in [
        "capture", "decrypt", "parse", "inspect", "watch", "simulate", "ports", "setup", "doctor",
        "generate",
    ] {
        assert_snapshot!(
            format!("help_{command}_short"),
            words([command, "-h"]).done()
        );
        assert_snapshot!(
            format!("help_{command}_long"),
            words([command, "--help"]).done()
        );
    }
}

#[test]
fn help_of_the_commands_of_keys() {
    assert_snapshot!("help_keys", smarty("keys --help").done());
    for command in ["add", "list", "check", "remove"] {
        let shown = words(["keys", command, "--help"]).done();
        assert_snapshot!(format!("help_keys_{command}"), shown);
    }
}

#[test]
fn the_version_is_one_line() {
    let done = smarty("--version").done();
    assert_eq!(
        done.text(),
        concat!("smarty ", env!("CARGO_PKG_VERSION"), "\n")
    );
    assert_eq!(done.exit, Some(0));
}

#[test]
fn the_list_of_fields_names_each_value_once() {
    let done = smarty("parse -F help").done();
    assert_eq!(done.exit, Some(0));
    for name in ["active_energy_import", "gas", "1-0:1.8.0", "voltage_l1"] {
        assert!(done.text().contains(name), "{name}");
    }
    assert!(done.text().lines().count() > 200);
    assert!(done.stderr.is_empty());
}
