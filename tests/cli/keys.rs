//! Where a key comes from, and that none is ever shown.

use super::run::{AT_KEYS, Done, Folder, KEY, sample, smarty, words};
use insta::assert_snapshot;

/// The counter is in the telegram: the key was found.
fn opened(done: &Done) {
    let object = done.telegram();
    assert_eq!(object["security"]["tag"], "valid", "{done}");
    assert_eq!(object["security"]["frame_counter"], 214_241);
}

fn with(arguments: &[&str]) -> Done {
    words([&["parse", "lu.bin", "--json"], arguments].concat()).done()
}

#[test]
fn each_source_of_a_key_opens_the_frame() {
    let folder = Folder::new();
    let hex = folder.file("hex.key", format!("{KEY}\n"));
    let raw = folder.file("raw.key", hex::decode(KEY).unwrap());
    let padded = folder.file("padded.key", format!("{}{KEY}\r\n", "\n".repeat(1000)));
    folder.file("smarty.key", KEY);
    let ring = folder.file("ring.toml", format!("default = \"{KEY}\"\n"));
    opened(&with(&["--key", KEY]));
    opened(&with(&[&format!("--key={KEY}")]));
    opened(&with(&["-k", KEY]));
    opened(&with(&[&format!("-k{KEY}")]));
    for file in [&hex, &raw, &padded] {
        opened(&with(&["--key-file", file.to_str().unwrap()]));
        opened(
            &smarty("parse lu.bin --json")
                .env("SMARTY_KEY_FILE", file)
                .done(),
        );
    }
    opened(&smarty("parse lu.bin --json").env("SMARTY_KEY", KEY).done());
    opened(
        &smarty("parse lu.bin --json")
            .env("CREDENTIALS_DIRECTORY", &folder.0)
            .done(),
    );
    opened(&with(&["--keyring", ring.to_str().unwrap()]));
    opened(&with(&["--keyring", "keys.toml"]));
    let home = folder.0.join("config/smarty");
    std::fs::create_dir_all(&home).unwrap();
    std::fs::rename(&ring, home.join("keys.toml")).unwrap();
    let config = folder.0.join("config");
    opened(
        &smarty("parse lu.bin --json")
            .env("XDG_CONFIG_HOME", config)
            .done(),
    );
}

#[test]
fn a_key_may_be_spelled_as_letters_and_firmware_show_it() {
    let pairs: Vec<&str> = (0..16).map(|i| &KEY[2 * i..2 * i + 2]).collect();
    for separator in [" ", ":", "-", ", ", ",0x"] {
        opened(&with(&["--key", &pairs.join(separator)]));
    }
    opened(&with(&["--key", &KEY.to_lowercase()]));
    opened(&with(&["--key", &format!("0x{KEY}")]));
    opened(&with(&["--key", &format!("{{0x{}}}", pairs.join(", 0x"))]));
}

#[test]
fn the_ring_is_asked_by_device_id_title_and_label_before_its_default() {
    let folder = Folder::new();
    let wrong = "11".repeat(16);
    for (section, label) in [
        ("SMY1030726916931", ""),
        ("534D5967719AB843", ""),
        ("534d5967719ab843", ""),
        ("flat", "flat="),
    ] {
        let ring = format!("default = \"{wrong}\"\n[{section}]\nkey = \"{KEY}\"\n");
        let ring = folder.file("ring.toml", ring);
        let input = format!("{label}lu.bin");
        let run = words([
            "parse",
            &input,
            "--json",
            "--keyring",
            ring.to_str().unwrap(),
        ]);
        opened(&run.done());
    }
    let ring = format!("[SMY1030726916931]\nkey = \"{KEY}\"\nname = \"house\"\n");
    let ring = folder.file("ring.toml", ring);
    let done = with(&["--keyring", ring.to_str().unwrap()]);
    assert_eq!(done.telegram()["meter"]["name"], "house");
}

#[test]
fn a_key_of_its_own_wins_over_the_one_for_all() {
    let done = smarty("parse lu.bin --json --keyring keys.toml")
        .env("SMARTY_KEY", "11".repeat(16))
        .done();
    opened(&done);
}

#[test]
fn the_first_source_of_the_order_wins() {
    let wrong = "11".repeat(16);
    let folder = Folder::new();
    let file = folder.file("key", KEY);
    let done = with(&["--key", KEY]);
    opened(&done);
    let done = words(["parse", "lu.bin", "--json", "--key", KEY])
        .env("SMARTY_KEY", &wrong)
        .done();
    opened(&done);
    assert_snapshot!(done.stderr, @"
    smarty: note: the key of the command line is used, not SMARTY_KEY
    smarty: warning: the key on the command line can be seen by all users of this machine
      hint: --key alone asks for it; --key-file FILE and --keyring FILE read it
    ");
    let done = smarty("parse lu.bin --json")
        .env("SMARTY_KEY", KEY)
        .env("SMARTY_KEY_FILE", "/nonexistent")
        .done();
    opened(&done);
    let done = smarty("parse lu.bin --json")
        .env("SMARTY_KEY_FILE", file)
        .env("CREDENTIALS_DIRECTORY", "/nonexistent")
        .done();
    opened(&done);
}

#[test]
fn an_authentication_key_of_its_own() {
    let run = |arguments: &[&str]| {
        words(
            [
                &["parse", "at.bin", "--json", "-n1", "--key", AT_KEYS[0]],
                arguments,
            ]
            .concat(),
        )
        .done()
    };
    let good = run(&["--auth-key", AT_KEYS[1]]);
    assert_eq!(good.telegram()["security"]["tag"], "valid");
    assert_eq!(run(&[]).exit, Some(4));
    let warned = run(&["--tag", "warn"]);
    assert_eq!(warned.telegram()["security"]["tag"], "invalid");
    assert_snapshot!(warned.stderr, @r"
    smarty: warning: the key on the command line can be seen by all users of this machine
      hint: --key alone asks for it; --key-file FILE and --keyring FILE read it
    smarty: warning: at.bin: a telegram is printed though its proof of origin does not fit; its check sum (CRC) does
    ");
    let skipped = run(&["--tag=skip"]);
    assert_eq!(skipped.telegram()["security"]["tag"], "skipped");
    assert_snapshot!(skipped.stderr, @"
    smarty: warning: the key on the command line can be seen by all users of this machine
      hint: --key alone asks for it; --key-file FILE and --keyring FILE read it
    ");
}

#[test]
fn no_key_names_the_meter_and_the_ways_to_give_one() {
    assert_snapshot!(smarty("parse lu.bin").done(), @r"
    $ smarty parse lu.bin
    --- stderr
    smarty: error: lu.bin: a telegram of SMY1030726916931 is encrypted, and there is no key for it
      hint: the network operator gives the key, 32 digits, to the owner of the meter
            give it with --key, --key-file FILE, SMARTY_KEY or --keyring FILE
    --- exit 4
    ");
    assert_snapshot!(smarty("decrypt lu.bin lu.bin").done(), @r"
    $ smarty decrypt lu.bin lu.bin
    --- stderr
    smarty: error: lu.bin: a telegram of SMY1030726916931 is encrypted, and there is no key for it
      hint: the network operator gives the key, 32 digits, to the owner of the meter
            give it with --key, --key-file FILE, SMARTY_KEY or --keyring FILE
    smarty: note: 0 of 2 telegrams good, 2 refused, 0 missed, 0 bytes between them
    --- exit 4
    ");
}

#[test]
fn two_keys_are_one_too_many() {
    assert_snapshot!(smarty("parse lu.bin --key --key-file x").done(), @r"
    $ smarty parse lu.bin --key --key-file x
    --- stderr
    smarty: error: the argument '--key[=<KEY>]' cannot be used with '--key-file <FILE>'
      hint: smarty parse --help lists the options
    --- exit 2
    ");
    assert_snapshot!(with(&["--key", KEY, "--key", KEY]).with(KEY, "KEY"), @r"
    $ smarty parse lu.bin --json --key KEY --key KEY
    --- stderr
    smarty: error: the argument '--key[=<KEY>]' cannot be used multiple times
      hint: smarty parse --help lists the options
    --- exit 2
    ");
}

#[test]
fn asking_needs_a_terminal() {
    assert_snapshot!(smarty("parse lu.bin --key").done(), @r"
    $ smarty parse lu.bin --key
    --- stderr
    smarty: error: --key asks for the key, but there is no terminal to ask on
      hint: use --key-file FILE, --keyring FILE, or the environment variable SMARTY_KEY
    --- exit 4
    ");
}

#[test]
fn keys_with_a_slip_are_told_what_it_is() {
    let folder = Folder::new();
    let file = folder.file("my.key", &KEY[..30]);
    let cases = [
        words(["parse", "lu.bin", "--key", &KEY[1..]]),
        words(["parse", "lu.bin", "--key", &format!("O{}", &KEY[1..])]),
        words([
            "parse",
            "lu.bin",
            &format!("--key={}l{}", &KEY[..6], &KEY[7..]),
        ]),
        words([
            "parse",
            "lu.bin",
            "--key",
            &format!("{}G{}", &KEY[..6], &KEY[7..]),
        ]),
        words([
            "parse",
            "lu.bin",
            "--key",
            "00112233445566778899aabbccddeeff",
        ]),
        words(["parse", "lu.bin", "--auth-key", &KEY[2..]]),
        smarty("parse lu.bin").env("SMARTY_KEY", &KEY[3..]),
        words([
            "parse".as_ref(),
            "lu.bin".as_ref(),
            "--key-file".as_ref(),
            file.as_os_str(),
        ]),
        words(["parse", KEY]),
        words(["parse", "lu.bin", "--key-file", KEY]),
    ];
    let shown: Vec<_> = cases
        .into_iter()
        .map(|run| {
            let done = run.done();
            format!(
                "{}--- exit {}\n",
                done.stderr.replace(folder.path(), "FOLDER"),
                done.exit.unwrap()
            )
        })
        .collect();
    assert_snapshot!("slips_in_keys", shown.concat());
}

#[test]
fn a_file_of_something_else_is_no_key() {
    for file in ["lu-full.bin", "lu-plain.txt", "keys.toml"] {
        let done = with(&["--key-file", file]);
        assert_eq!(
            done.stderr,
            format!(
                "smarty: error: {file}: contains something other than a key\n  \
                 hint: a key file holds the 32 digits of the key, or its 16 bytes; a key ring is given by --keyring\n"
            )
        );
        assert_eq!(done.exit, Some(4), "{done}");
    }
}

#[test]
fn a_ring_or_settings_without_an_end_are_not_read_on() {
    for arguments in [
        ["parse", "lu.bin", "--keyring", "/dev/zero"],
        ["watch", "sim:", "--config", "/dev/zero"],
        ["parse", "lu.bin", "--key-file", "/dev/zero"],
    ] {
        let done = words(arguments).done();
        assert!(
            done.stderr.contains("/dev/zero: is no regular file"),
            "{done}"
        );
        assert!(matches!(done.exit, Some(2 | 3)), "{done}");
    }
}

#[test]
fn a_ring_with_a_slip_is_told_where_it_is() {
    let folder = Folder::new();
    let mut shown = String::new();
    for ring in [
        format!("[SMY1030726916931\nkey = \"{KEY}\"\n"),
        format!("[SMY1030726916931]\nkey = {KEY}\n"),
        format!("[SMY1030726916931]\nkey = \"{}\"\n", &KEY[1..]),
        format!("[SMY1030726916931]\nkeys = \"{KEY}\"\n"),
        format!("[SMY1030726916931]\nkey = \"{KEY}\"\nkey = \"{KEY}\"\n"),
        format!("[SMY1030726916931]\nkey = \"{KEY}\nname = 7\n"),
        "[SMY1030726916931]\nname = \"house\"\n".to_owned(),
        format!("default = \"{}O\"\n", &KEY[1..]),
        format!("\"{KEY}\"\n"),
        format!("{KEY}\n"),
        format!("[{KEY}]\nkey = \"{KEY}0\"\n"),
    ] {
        folder.file("keys.toml", &ring);
        let run = smarty("parse --keyring keys.toml x.bin").within(&folder);
        let done = run.done();
        shown += &format!("{}--- exit {}\n", done.stderr, done.exit.unwrap());
    }
    assert_snapshot!("slips_in_rings", shown);
    assert_snapshot!(smarty("parse lu.bin --keyring nothing.toml").done(), @r"
    $ smarty parse lu.bin --keyring nothing.toml
    --- stderr
    smarty: error: nothing.toml: no such file
      hint: --keyring takes a file with a section and a key for each meter
    --- exit 3
    ");
}

#[test]
fn verbose_tells_where_the_key_came_from_by_its_check_value() {
    assert_snapshot!(words(["parse", "lu.bin", "--json", "-F", "1-0:1.8.0", "-v", "--key", KEY]).done().with(KEY, "KEY"), @r#"
    $ smarty parse lu.bin --json -F 1-0:1.8.0 -v --key KEY
    {"schema":"smarty/1","type":"telegram","seq":1,"received_at":null,"measured_at":"2026-01-15T18:30:00+01:00","source":{"kind":"file","name":"lu.bin","label":null,"offset":0,"length":692},"security":{"system_title":"534D5967719AB843","frame_counter":214241,"control":"30","tag":"valid"},"telegram":{"header":"/Lux5\\253916931_M","length":662,"crc":{"received":"8542","computed":"8542","valid":true}},"meter":{"id":"SMY1030726916931","name":null,"p1_version":"42"},"values":{"active_energy_import_kwh":3476.745},"devices":[],"readings":[{"obis":"1-0:1.8.0","name":"active_energy_import","value":3476.745,"unit":"kWh","raw":["003476.745*kWh"]}],"issues":[]}
    --- stderr
    smarty: warning: the key on the command line can be seen by all users of this machine
      hint: --key alone asks for it; --key-file FILE and --keyring FILE read it
    smarty: note: key from --key, check value 556E7D
    smarty: note: lu.bin: taken as bin
    smarty: note: 1 of 1 telegram good, 0 refused, 0 missed, 0 bytes between them
    smarty: note: the meter sends no values of gas, water or heat
      hint: the operator can switch them on, where the meter has them
    --- exit 0
    "#);
}

#[test]
fn no_output_shows_eight_digits_of_a_key() {
    let folder = Folder::new();
    let spaced: Vec<&str> = (0..8).map(|i| &KEY[4 * i..4 * i + 4]).collect();
    let file = folder.file("my.key", format!("{KEY}{KEY}"));
    let ring = folder.file("ring.toml", format!("[x]\nkey = {KEY}\n"));
    let (file, ring) = (file.to_str().unwrap(), ring.to_str().unwrap());
    let short = &KEY[1..];
    let odd = &format!("{}O{}", &KEY[..9], &KEY[10..]);
    for arguments in [
        vec!["--key", KEY],
        vec!["-vv", "--key", KEY],
        vec!["--key", short],
        vec!["--key", odd],
        vec![KEY],
        vec![short],
        vec![odd],
        vec!["-k", KEY, KEY],
        vec!["--key", &KEY[..14]],
        vec!["--keyy", KEY],
        vec![&format!("--keyy={KEY}")],
        vec![&format!("--ke={KEY}")],
        vec![&format!("--{KEY}")],
        vec![&format!("-x{KEY}")],
        vec![&format!("-K{KEY}")],
        vec![&format!("-k{short}")],
        vec![&format!("-k{odd}")],
        vec!["--key-file", KEY],
        vec!["--key-file", &spaced.join(" ")],
        vec!["--key-file", file],
        vec!["--keyring", KEY],
        vec!["--keyring", ring],
        vec!["--keyring", file],
        vec!["--auth-key", KEY],
        vec!["--auth-key", short],
        vec!["--tag", KEY],
        vec!["--tz", KEY],
        vec!["-F", KEY],
        vec!["-i", KEY],
        vec!["-n", KEY],
        vec!["--meter", KEY],
        vec!["--", "--key", KEY],
        vec![&spaced.join(" ")],
        vec![&spaced.join(":")],
        vec!["--key", &format!("{KEY}{KEY}")],
    ] {
        for command in [
            vec!["parse", "lu.bin"],
            vec!["decrypt", "lu.bin", "-f", "hex"],
            vec![],
        ] {
            let done = words([command, arguments.clone()].concat()).done();
            let output = format!("{}{}", String::from_utf8_lossy(&done.stdout), done.stderr);
            let output: String = output.chars().filter(|c| !" :-,".contains(*c)).collect();
            for at in 0..KEY.len() - 8 {
                let part = &KEY[at..at + 8];
                assert!(!output.to_uppercase().contains(part), "{part} in\n{done}");
            }
        }
    }
    for variable in ["SMARTY_KEY", "SMARTY_KEY_FILE", "CREDENTIALS_DIRECTORY"] {
        for value in [KEY, short, odd] {
            let done = smarty("parse lu.bin -vv").env(variable, value).done();
            assert!(!done.to_string().contains(&KEY[12..20]), "{done}");
        }
    }
}

#[test]
fn a_key_file_may_say_a_little_more_than_the_key() {
    let utf16 = |text: &str, big: bool| -> Vec<u8> {
        let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
        units
            .flat_map(|unit| {
                if big {
                    unit.to_be_bytes()
                } else {
                    unit.to_le_bytes()
                }
            })
            .collect()
    };
    let pairs: Vec<&str> = (0..16).map(|i| &KEY[2 * i..2 * i + 2]).collect();
    let folder = Folder::new();
    for (at, bytes) in [
        format!("\u{feff}{KEY}\r\n").into_bytes(),
        format!("GUEK: {KEY}\r\n").into_bytes(),
        format!("\u{feff}GUEK:\r\n{}\r\n", pairs.join(" ")).into_bytes(),
        format!("# of the house\nencryption key = \"{KEY}\"\n").into_bytes(),
        utf16(&format!("GUEK: {KEY}\r\n"), false),
        utf16(KEY, true),
    ]
    .into_iter()
    .enumerate()
    {
        let file = folder.file(&format!("{at}.key"), bytes);
        opened(&with(&["--key-file", file.to_str().unwrap()]));
    }
    let ring = folder.file("ring.toml", format!("\u{feff}default = \"{KEY}\"\r\n"));
    opened(&with(&["--keyring", ring.to_str().unwrap()]));
    let labelled = format!("GUEK: {KEY}");
    opened(
        &smarty("parse lu.bin --json")
            .env("SMARTY_KEY", labelled)
            .done(),
    );
    let other = KEY.replace('8', "9");
    for (text, said) in [
        (
            format!("GUEK: {KEY}\nGAK: {other}\n"),
            "there are 2 keys, one is needed",
        ),
        (
            format!("GUEK: {}", KEY.replace('8', "G")),
            "character 1 of the key is `G`, no hex",
        ),
        (
            format!("{}\u{2026}", &KEY[..20]),
            "character 21 of the key is `\u{2026}` (U+2026)",
        ),
        (
            format!("GUEK: {}", &KEY[1..]),
            "the key has 31 hexadecimal digits",
        ),
        (
            format!("[SAG1030700114004]\nkey = \"{KEY}\"\n"),
            "contains something other than a key",
        ),
        (
            "a letter to nobody\n".repeat(20),
            "contains something other than a key",
        ),
    ] {
        let file = folder.file("bad.key", text);
        let done = with(&["--key-file", file.to_str().unwrap()]);
        assert!(done.stderr.contains(said), "{said}: {done}");
        assert_eq!(done.exit, Some(4), "{done}");
        assert!(!done.stderr.contains(&KEY[4..12]), "{done}");
    }
}

#[test]
fn what_stands_behind_key_is_a_key_where_it_can_be_nothing_else() {
    for (key, digits) in [("123", 3), ("0A1B-2C", 6), ("0x12", 2)] {
        for option in ["--key", "-k"] {
            let done = words(["parse", option, key, "lu.bin"]).done();
            let said = format!("--key: the key has {digits} hexadecimal digits, 32 are needed");
            assert!(done.stderr.contains(&said), "{done}");
            assert!(!done.stderr.contains("no such file"), "{done}");
            assert_eq!(done.exit, Some(4), "{done}");
        }
    }
    let folder = Folder::new();
    folder.file("123", sample("lu.bin"));
    let done = smarty("parse --key 123").within(&folder).done();
    assert_eq!(done.exit, Some(4), "{done}");
    assert!(done.stderr.contains("the key has 3"), "{done}");
    assert!(
        done.stderr
            .contains("./123 is the name of a file, not a key"),
        "{done}"
    );
    let done = smarty("parse --key ./123").within(&folder).done();
    assert!(done.stderr.contains("no terminal to ask on"), "{done}");
}
