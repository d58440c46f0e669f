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

#[test]
fn a_program_that_the_service_cannot_come_to_is_told_with_where_to_install_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = std::env::temp_dir().join(format!("smarty-unit-{}", std::process::id()));
    let bin = folder.join("bin");
    let program = bin.join("smarty");
    let set = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    fs::create_dir_all(&bin).unwrap();
    fs::write(&program, "").unwrap();
    let install = format!(
        "sudo install -m 755 {} /usr/local/bin/, and add --program /usr/local/bin/smarty",
        program.display()
    );
    for (above, own, words) in [
        (0o700, 0o755, format!("may not enter {}", folder.display())),
        (0o755, 0o700, "may not run it".to_owned()),
    ] {
        set(&folder, above);
        set(&program, own);
        let shut = unreachable(&program).unwrap();
        assert!(shut.what.ends_with(&words), "{}", shut.what);
        assert_eq!(shut.hint, install);
        let unit = unit(&["auto".into()], &program).unwrap();
        let comments = format!("# {}\n# {}\nExecStart=", shut.what, shut.hint);
        assert!(unit.contains(&comments), "{unit}");
    }
    set(&folder, 0o755);
    set(&program, 0o755);
    assert!(unreachable(&program).is_none());
    fs::remove_dir_all(&folder).unwrap();
    // After `cargo install`, also where nothing can be seen of it.
    let home = unreachable(Path::new("/home/anna b/.cargo/bin/smarty")).unwrap();
    assert!(home.what.contains("home"), "{}", home.what);
    assert!(
        home.hint
            .contains("install -m 755 '/home/anna b/.cargo/bin/smarty' /usr/local/bin/")
    );
    assert!(
        !of("auto").unwrap().contains("install -m"),
        "/usr/bin is for all"
    );
}

#[test]
fn a_service_leaves_no_core_dump() {
    assert_eq!(lines(&of("auto").unwrap(), "LimitCORE="), ["0"]);
}
