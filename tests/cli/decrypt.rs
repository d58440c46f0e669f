//! `smarty decrypt` on the samples.

use super::run::{KEY, sample, smarty, words};
use insta::assert_snapshot;

#[test]
fn the_telegram_comes_out_byte_for_byte() {
    assert_snapshot!(
        "decrypt_lu",
        words(["decrypt", "lu.bin", "--key", KEY])
            .done()
            .with(KEY, "KEY")
    );
    let done = smarty("decrypt lu-full.bin --keyring keys.toml -n 1").done();
    assert_eq!(done.stdout, sample("lu-plain.txt"));
}

#[test]
fn plain_telegrams_go_through_as_they_are() {
    for name in ["lu-plain.txt", "nl5.txt", "nl22.txt", "oddities.txt"] {
        let done = words(["decrypt", name]).done();
        assert_eq!(done.stdout, sample(name), "{name}");
        assert_eq!(done.exit, Some(0), "{name}");
        // What is odd in the text is said, and changes nothing.
        assert_eq!(done.stderr.is_empty(), name != "oddities.txt", "{name}");
    }
}

#[test]
fn meters_with_keys_of_their_own_in_one_run() {
    let done = smarty("decrypt lu.bin at.bin lu-full.bin --keyring keys.toml").done();
    assert_eq!(done.text().matches("0-0:42.0.0(").count(), 6);
    assert_eq!(done.exit, Some(0));
}

#[test]
fn what_parse_can_print_decrypt_can_too() {
    for format in ["--json", "--csv", "-ftable", "-finflux"] {
        let run = |command| {
            words([command, "lu.bin", "--keyring", "keys.toml", format])
                .done()
                .stdout
        };
        assert_eq!(run("decrypt"), run("parse"), "{format}");
    }
}

#[test]
fn stdin_is_the_default_where_something_is_piped_in() {
    for arguments in [vec!["decrypt"], vec!["decrypt", "-"]] {
        let done = words([arguments, vec!["--keyring", "keys.toml"]].concat())
            .pipe(sample("lu-full.bin"))
            .done();
        assert_eq!(done.text().matches("\r\n!").count(), 3, "{done}");
    }
}
