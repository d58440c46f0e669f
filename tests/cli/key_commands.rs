//! `smarty keys`: the ring is kept, keys are checked, and none is ever shown.

use std::os::unix::fs::PermissionsExt;

use super::run::{AT_KEYS, Done, Folder, KEY, smarty, words};
use insta::assert_snapshot;
use serde_json::Value;

/// Keys of the captures in `tests/push`.
const PUSH_KEYS: [&str; 2] = [
    "000102030405060708090A0B0C0D0E0F",
    "D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF",
];

/// Pushes that are encrypted and have tags.
const BLOCKS: &str = "../tests/push/ch-blocks.hex";
/// Pushes in clear that have tags.
const SEALED: &str = "../tests/push/dk-authenticated.hex";

fn check(input: &str, key: &str, auth: Option<&str>) -> Done {
    let mut line = vec!["keys".to_owned(), "check".to_owned(), input.to_owned()];
    line.push(format!("--key={key}"));
    line.extend(auth.map(|auth| format!("--auth-key={auth}")));
    hidden(words(line).done())
}

/// The run, in which no key may be, nor a larger part of one.
fn hidden(done: Done) -> Done {
    let said = done.text().to_owned() + &done.stderr;
    let digits: String = said.chars().filter(char::is_ascii_hexdigit).collect();
    for key in [KEY, AT_KEYS[0], AT_KEYS[1], PUSH_KEYS[1]] {
        for part in key.as_bytes().chunks(8) {
            let part = std::str::from_utf8(part).unwrap();
            assert!(!digits.to_uppercase().contains(part), "{part} in {said}");
        }
    }
    done
}

/// What is written, without the line that was typed, and what is said of that.
fn told(done: &Done) -> String {
    let about_line =
        |line: &&str| line.contains("the command line can be") || line.contains("--key alone asks");
    let said: String = done
        .stderr
        .lines()
        .filter(|line| !about_line(line))
        .map(|line| format!("{line}\n"))
        .collect();
    format!("{}{said}exit {:?}", done.text(), done.exit)
}

#[test]
fn right_keys_fit_with_tags_and_without() {
    let mut all = String::new();
    for (input, key, auth) in [
        ("lu.bin", KEY, None),
        ("at.bin", AT_KEYS[0], Some(AT_KEYS[1])),
        ("../tests/push/at-mbus.hex", PUSH_KEYS[0], None),
        (
            "../tests/push/at-mbus-suite-1.hex",
            PUSH_KEYS[0],
            Some(PUSH_KEYS[1]),
        ),
        (
            "../tests/push/ch-blocks.hex",
            PUSH_KEYS[0],
            Some(PUSH_KEYS[1]),
        ),
        (
            "../tests/push/dk-authenticated.hex",
            PUSH_KEYS[0],
            Some(PUSH_KEYS[1]),
        ),
    ] {
        let done = check(input, key, auth);
        assert_eq!(done.exit, Some(0), "{}", done.stderr);
        all.push_str(&format!("{input}\n{}\n\n", told(&done)));
    }
    assert_snapshot!("keys_fit", all);
}

#[test]
fn what_was_made_of_a_right_key_is_named_with_tags_and_without() {
    let reversed: String = hex::encode_upper({
        let mut bytes = hex::decode(PUSH_KEYS[0]).unwrap();
        bytes.reverse();
        bytes
    });
    let typo = PUSH_KEYS[0].replace("0D", "0E");
    let auth_typo = PUSH_KEYS[1].replace("D3", "C3");
    let strange = "11".repeat(16);
    let mut all = String::new();
    for (input, key, auth) in [
        ("../tests/push/at-mbus.hex", reversed.as_str(), None),
        ("../tests/push/at-mbus.hex", &typo, None),
        (
            "../tests/push/at-mbus.hex",
            PUSH_KEYS[1],
            Some(PUSH_KEYS[0]),
        ),
        ("../tests/push/at-mbus.hex", &strange, None),
        (BLOCKS, &typo, Some(PUSH_KEYS[1])),
        (BLOCKS, PUSH_KEYS[1], Some(PUSH_KEYS[0])),
        (BLOCKS, PUSH_KEYS[0], Some(&auth_typo)),
        (BLOCKS, PUSH_KEYS[0], None),
        (BLOCKS, &typo, Some(&auth_typo)),
        (SEALED, PUSH_KEYS[1], Some(PUSH_KEYS[0])),
        (SEALED, PUSH_KEYS[0], Some(&auth_typo)),
        ("at.bin", AT_KEYS[1], Some(AT_KEYS[0])),
        ("lu.bin", &KEY.replacen("8F", "F8", 1), None),
    ] {
        let done = check(input, key, auth);
        assert_eq!(done.exit, Some(4), "{input}: {}", told(&done));
        all.push_str(&format!("{input}\n{}\n\n", told(&done)));
    }
    assert_snapshot!("keys_slips", all);
}

#[test]
fn a_letter_with_both_keys_tells_which_is_which() {
    let folder = Folder::new();
    let [key, auth] = PUSH_KEYS;
    for (number, letter) in [
        format!("GUEK: {key}\nGAK: {auth}\n"),
        format!("GPK61: {auth}\nGPK60: {key}\n"),
        format!("{key}\n{auth}\n"),
    ]
    .into_iter()
    .enumerate()
    {
        let letter = folder.file(&format!("letter{number}.txt"), letter);
        let input = "../tests/push/dk-authenticated.hex";
        let line = ["keys", "check", input, "--key-file"];
        let done = hidden(words(line.into_iter().chain([letter.to_str().unwrap()])).done());
        assert_eq!(done.exit, Some(0), "{}", told(&done));
    }
    let letter = folder.file("turned.txt", format!("{auth}\n{key}\n"));
    let line = ["keys", "check", "../tests/push/dk-authenticated.hex"];
    let file = format!("--key-file={}", letter.display());
    let done = hidden(words(line.into_iter().chain([file.as_str()])).done());
    assert_eq!(done.exit, Some(4));
    assert!(done.stderr.contains("keys are exchanged") || done.stderr.contains("exchanged"));
}

#[test]
fn a_ring_without_the_meter_names_the_meter_whose_key_fits() {
    let folder = Folder::new();
    let ring = folder.file(
        "ring.toml",
        format!("[SMY1030700000009]\nkey = \"{KEY}\"\n"),
    );
    let line = format!("keys check lu.bin --keyring {}", ring.display());
    let done = hidden(smarty(&line).done());
    assert_eq!(done.exit, Some(4));
    assert!(
        done.stderr
            .contains("the key of SMY1030700000009 in the key ring opens it"),
        "{}",
        done.stderr
    );
    let done = smarty("keys check lu.bin").done();
    assert_eq!(done.exit, Some(4));
    assert!(done.stderr.contains("SMY1030726916931"), "{}", done.stderr);
}

#[test]
fn without_an_encrypted_frame_there_is_nothing_to_check() {
    let done = smarty("keys check nl5.txt").done();
    assert_eq!(done.exit, Some(5));
    assert!(done.stderr.contains("sent in clear"), "{}", done.stderr);
    let done = words(["keys", "check", "-"])
        .pipe(b"nothing".to_vec())
        .done();
    assert_eq!(done.exit, Some(5));
}

#[test]
fn an_object_per_meter_fits_the_schema() {
    let schema = std::fs::read_to_string(super::run::samples().join("smarty-1.schema.json"));
    let schema: Value = serde_json::from_str(&schema.unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let folder = Folder::new();
    let ring = folder.file("ring.toml", format!("default = \"{KEY}\"\n[SMY1030700000009]\nkey = \"{KEY}\"\nauth_key = \"{KEY}\"\nname = \"house\"\ntag = \"optional\"\n"));
    let typo = PUSH_KEYS[0].replace("0D", "0E");
    for line in [
        format!("keys check lu.bin --json --key={KEY}"),
        format!("keys check ../tests/push/at-mbus.hex --json --key={typo}"),
        format!(
            "keys check ../tests/push/dk-authenticated.hex --json --key={}",
            PUSH_KEYS[0]
        ),
        "keys check lu.bin --json".to_owned(),
        format!("keys list --json --keyring {}", ring.display()),
    ] {
        let done = hidden(smarty(&line).done());
        assert!(!done.text().is_empty(), "{line}");
        for object in done.text().lines() {
            let object: Value = serde_json::from_str(object).unwrap();
            if let Err(error) = validator.validate(&object) {
                panic!("{error} at {}: {object}", error.instance_path());
            }
        }
    }
    let line = format!("keys check ../tests/push/at-mbus.hex --json --key={typo}");
    let done = smarty(&line).done();
    let object: Value = serde_json::from_str(done.text()).unwrap();
    assert_eq!(object["cause"]["code"], "key_typo");
    assert_eq!(object["cause"]["digits"][0], 28);
    assert_eq!((&object["fits"], &object["tagged"]), (&0.into(), &0.into()));
}

#[test]
fn keys_are_added_listed_and_removed_and_nothing_is_overwritten_unasked() {
    let folder = Folder::new();
    let ring = folder.0.join("new/keys.toml");
    let path = ring.to_str().unwrap();
    let keys = |line: &str| {
        let line = format!("keys {line} --keyring {path}");
        hidden(smarty(&line).done())
    };
    let pipe = |line: &str, text: &str| {
        let line = format!("keys {line} --keyring {path}");
        hidden(smarty(&line).pipe(text.as_bytes().to_vec()).done())
    };
    assert_eq!(keys("list").exit, Some(3));
    let added = pipe("add SMY1030726916931 --name house --tag required", KEY);
    assert_eq!(added.exit, Some(0), "{}", added.stderr);
    let mode = std::fs::metadata(&ring).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = std::fs::read_to_string(&ring).unwrap();
    let comment = format!("# all mine\n{text}\n# the end\n");
    std::fs::write(&ring, comment).unwrap();
    assert_eq!(pipe("add default", AT_KEYS[0]).exit, Some(0));
    let both = format!("GUEK {}\nGAK {}\n", AT_KEYS[0], AT_KEYS[1]);
    assert_eq!(pipe("add barn", &both).exit, Some(0));
    let text = std::fs::read_to_string(&ring).unwrap();
    assert!(
        text.contains("# all mine\n") && text.contains("# the end\n"),
        "{text}"
    );
    // The same meter by its title.
    let again = pipe("add 534D5967719AB843", AT_KEYS[0]);
    assert_eq!(again.exit, Some(2));
    assert!(
        again.stderr.contains("--force replaces it"),
        "{}",
        again.stderr
    );
    assert_eq!(text, std::fs::read_to_string(&ring).unwrap());
    let listed = keys("list");
    assert_snapshot!("keys_list", listed.text());
    let state = |name: &str, text: &str| {
        let path = folder.file(name, text);
        keys(&format!("list --state {}", path.display()))
    };
    let check = listed.text().split_once("house: check value ").unwrap().1;
    let known = format!(
        r#"{{"version":1,"meters":{{}},"sealed":{{"534D5967719AB843":{{"counter":7,"check":"{}","tag":true}}}},"opened":{{"534D5967719AB843":"2026-02-03T09:17:05Z"}}}}"#,
        &check[..6]
    );
    let said = state("state.json", &known);
    let lines: Vec<_> = said.text().lines().collect();
    let since = "last opened a frame 2026-02-03";
    let with: Vec<_> = lines.iter().filter(|line| line.contains(since)).collect();
    assert!(
        with.len() == 1 && with[0].starts_with("SMY1030726916931 house"),
        "{lines:?}"
    );
    let damaged = state("damaged.json", &known[..99]);
    assert_eq!((damaged.exit, damaged.text()), (Some(0), listed.text()));
    assert!(
        damaged
            .stderr
            .contains("damaged.json: is damaged in line 1"),
        "{}",
        damaged.stderr
    );
    let absent = keys("list --state nowhere.json");
    assert_eq!(absent.exit, Some(3), "{}", absent.stderr);
    let opened = smarty(&format!("keys check lu.bin --keyring {path}")).done();
    assert_eq!(opened.exit, Some(0), "{}", told(&opened));
    assert!(opened.text().contains("house"), "{}", opened.text());
    assert_eq!(keys("remove nobody").exit, Some(2));
    assert_eq!(keys("remove house").exit, Some(0));
    assert_eq!(keys("remove barn default").exit, Some(0));
    assert_eq!(keys("list").exit, Some(5));
    assert_eq!(pipe("add x", "12345").exit, Some(4));
    assert_eq!(pipe(&format!("add {KEY}"), KEY).exit, Some(2));
    assert_eq!(
        pipe("add SMY1030726916931", "00112233445566778899AABBCCDDEEFF").exit,
        Some(4)
    );
}

#[test]
fn decoding_names_what_was_made_of_a_key_of_pushes_too() {
    let typo = PUSH_KEYS[0].replace("0D", "0E");
    for (input, auth) in [("at-mbus", None), ("ch-blocks", Some(PUSH_KEYS[1]))] {
        let mut line = vec!["parse".to_owned(), format!("../tests/push/{input}.hex")];
        line.push(format!("--key={typo}"));
        line.extend(auth.map(|auth| format!("--auth-key={auth}")));
        let done = hidden(words(line).done());
        assert_eq!(done.exit, Some(4), "{}", told(&done));
        let said = "one digit of the key is wrong";
        assert!(done.stderr.contains(said), "{input}: {}", done.stderr);
        assert!(
            done.stderr.contains("it is digit 28"),
            "{input}: {}",
            done.stderr
        );
    }
}
