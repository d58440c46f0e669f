//! Units with options of every kind, and what is refused.

use super::*;

fn of(line: &str) -> Result<String, Failure> {
    let words: Vec<_> = line.split('|').filter(|word| !word.is_empty()).collect();
    let words: Vec<_> = words.iter().map(OsString::from).collect();
    unit(&words, Path::new("/usr/bin/smarty"))
}

/// The lines of a unit that begin with a word.
fn lines<'a>(unit: &'a str, begin: &str) -> Vec<&'a str> {
    unit.lines()
        .filter_map(|line| line.strip_prefix(begin))
        .collect()
}

#[test]
fn the_options_stand_in_the_unit_and_files_of_keys_become_credentials() {
    let unit = of("house=/dev/ttyUSB0|--key-file|/etc/smarty/house.key|--forward|2001|-v").unwrap();
    let start = ["/usr/bin/smarty watch house=/dev/ttyUSB0 --forward 2001 -v"];
    assert_eq!(lines(&unit, "ExecStart="), start);
    assert_eq!(
        lines(&unit, "LoadCredential="),
        ["smarty.key:/etc/smarty/house.key"]
    );
    assert_eq!(lines(&unit, "ExecReload="), ["kill -HUP $MAINPID"]);
    assert!(lines(&unit, "ConditionPathExists=").is_empty());
    let unit = of("watch|--keyring=/root/a b%$.toml|--config|/etc/x.toml").unwrap();
    let start =
        "/usr/bin/smarty watch --keyring ${CREDENTIALS_DIRECTORY}/keys.toml --config /etc/x.toml";
    assert_eq!(lines(&unit, "ExecStart="), [start]);
    assert_eq!(
        lines(&unit, "LoadCredential="),
        ["keys.toml:/root/a b%%$.toml"]
    );
    let unit = of("capture|auto|-o|house.bin|--append").unwrap();
    assert_eq!(
        lines(&unit, "ExecStart="),
        ["/usr/bin/smarty capture auto -o house.bin --append"]
    );
    assert!(lines(&unit, "ExecReload=").is_empty(), "HUP ends it");
}

#[test]
fn without_options_the_configuration_says_all() {
    let unit = of("").unwrap();
    assert_eq!(
        lines(&unit, "ConditionPathExists="),
        ["/etc/smarty/smarty.toml"]
    );
    assert_eq!(
        lines(&unit, "LoadCredential="),
        ["keys.toml:/etc/smarty/keys.toml"]
    );
}

#[test]
fn words_are_quoted_as_systemd_reads_them() {
    for (word, expected) in [
        ("sim:?a=b&c=d", "sim:?a=b&c=d"),
        ("100%$HOME", "100%%$$HOME"),
        ("a b", "\"a b\""),
        ("it's", "\"it's\""),
        (r#"a"b\c"#, r#""a\"b\\c""#),
        ("", "\"\""),
        (";", "\";\""),
        ("\u{7}\n", "\"\\x07\\n\""),
        ("Küche", "\"Küche\""),
    ] {
        assert_eq!(quoted(OsStr::new(word)), expected);
    }
    assert_eq!(quoted(OsStr::from_bytes(b"a\xFFb")), "\"a\\xffb\"");
}

#[test]
fn secrets_and_what_a_service_cannot_do_are_refused() {
    const KEY: &str = "0A1B2C3D4E5F60718293A4B5C6D7E8F9";
    for (line, words) in [
        (format!("watch|auto|--key={KEY}"), "--key: everyone"),
        (format!("watch|auto|--key|{KEY}"), "--key: everyone"),
        ("watch|auto|-k".to_owned(), "nobody answers"),
        (
            format!("watch|auto|--auth-key|{KEY}"),
            "--auth-key: everyone",
        ),
        (format!("watch|{KEY}"), "a secret"),
        ("watch|tcp://me:secret@host:1".to_owned(), "a secret"),
        ("auto|--nonsense".to_owned(), "--nonsense"),
        ("parse|x.bin".to_owned(), "only watch and capture"),
        ("watch|-o|/srv/x.csv|--append".to_owned(), "/var/lib/smarty"),
        ("watch|-o|x.csv".to_owned(), "started again"),
        ("watch|--forward|pty:/tmp/x".to_owned(), "/run/smarty"),
    ] {
        let failure = of(&line).unwrap_err();
        assert!(failure.what.contains(words), "{line}: {}", failure.what);
        assert!(!format!("{failure:?}").contains(KEY));
    }
}
