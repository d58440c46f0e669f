//! `smarty inspect`: the tree of each kind of frame.

use super::run::{Done, Folder, sample, smarty, words};
use insta::assert_snapshot;

/// Keys of the captures in `tests/push`.
const KEYS: [&str; 2] = [
    "--key=000102030405060708090A0B0C0D0E0F",
    "--auth-key=D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF",
];

fn push(name: &str, options: &[&str]) -> Done {
    let path = format!("../tests/push/{name}.hex");
    let words_of = ["inspect", "-q", &path];
    words(words_of.iter().chain(options)).done()
}

fn bytes_of(name: &str) -> Vec<u8> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path.join("tests/push").join(format!("{name}.hex")));
    let digits: String = text.unwrap().split_whitespace().collect();
    hex::decode(digits).unwrap()
}

#[test]
fn the_tree_of_a_push_of_each_kind() {
    for name in [
        "at-mbus",
        "ch-blocks",
        "ch-blocks-clear",
        "ch-segments",
        "dk-authenticated",
        "no-bare",
        "no-bare-apdu",
        "no-flat",
        "no-rows",
    ] {
        let done = push(name, &["-n", "1", KEYS[0], KEYS[1]]);
        assert_eq!(done.exit, Some(0), "{name}");
        let wide = done.text().lines().find(|line| line.chars().count() > 100);
        assert_eq!(wide, None, "{name}");
        assert_snapshot!(format!("tree_{name}"), done.text());
    }
}

#[test]
fn the_tree_of_a_telegram_encrypted_and_in_clear() {
    assert_snapshot!(
        "tree_lu",
        smarty("inspect lu.bin --keyring keys.toml -q").done()
    );
    assert_snapshot!("tree_nl22", smarty("inspect nl22.txt -q").done());
}

#[test]
fn without_a_key_it_says_what_is_missing() {
    let done = words(["inspect", "-n1", "../tests/push/at-mbus.hex"]).done();
    assert_snapshot!("tree_no_key", done);
    let done = push("no-rows", &["-n1"]);
    assert_eq!(done.exit, Some(0));
}

#[test]
fn what_is_wrong_stands_where_it_is_with_what_would_be_right() {
    let shown = |bytes: Vec<u8>| {
        let options = ["inspect", "-", "-i", "bin", "-q", KEYS[0], KEYS[1]];
        let done = words(options).pipe(bytes).done();
        let wrong = |line: &&str| {
            [
                "WRONG",
                "LOST",
                "CUT",
                "DAMAGED",
                "behind the end",
                "refused",
            ]
            .iter()
            .any(|word| line.contains(word))
        };
        let lines: Vec<_> = done.text().lines().filter(wrong).collect();
        lines.join("\n")
    };
    let mut all = String::new();
    let mut show = |what: &str, name: &str, damage: fn(&mut Vec<u8>)| {
        let mut bytes = bytes_of(name);
        damage(&mut bytes);
        let shown = shown(bytes);
        all.push_str(&format!("{what}\n{shown}\n\n"));
    };
    show("a byte of the text", "no-rows", |bytes| bytes[0x55] ^= 1);
    show("the check sum of the header", "no-rows", |bytes| {
        bytes[7] ^= 1;
    });
    show("a byte on the M-Bus", "at-mbus", |bytes| bytes[0x80] ^= 1);
    show("the first block", "ch-blocks", |bytes| {
        bytes.drain(..0x86);
    });
    show("the second segment", "ch-segments", |bytes| {
        bytes.drain(0x85..0x109);
    });
    show("the rest", "ch-blocks-clear", |bytes| bytes.truncate(0xC0));
    show("one byte more", "dk-flat", |bytes| bytes.insert(0x50, 0x55));
    assert_snapshot!("tree_wrong", all);
    let mut bytes = sample("lu.bin");
    bytes[0x98] ^= 0x80;
    let done = words(["inspect", "-", "-q", "--keyring", "keys.toml"])
        .pipe(bytes)
        .done();
    let wrong = |line: &&str| line.contains("DAMAGED") || line.contains("WRONG");
    let wrong: Vec<_> = done.text().lines().filter(wrong).collect();
    assert_snapshot!("tree_wrong_lu", wrong.join("\n"));
    assert_eq!(done.exit, Some(4));
}

#[test]
fn a_tree_in_json_has_readings_with_their_units() {
    let done = push("no-flat", &["-n1", "--json"]);
    let object = &done.json()[0];
    assert_eq!(object["type"], "inspection");
    assert_eq!(object["kind"], "push");
    let nodes = object["nodes"].as_array().unwrap();
    let current = nodes.iter().find(|node| {
        node["obis"] == "1-1:31.7.0" && node["field"] == "data" && node["type"] != "octets"
    });
    let current = current.unwrap();
    assert_eq!(current["name"], "current_l1");
    assert_eq!(current["value"].to_string(), "9.47");
    assert_eq!(
        (&current["unit"], &current["unit_from"]),
        (&"A".into(), &"profile".into())
    );
    let sums = nodes.iter().filter(|node| node["right"] == true);
    assert_eq!(sums.count(), 2);
    let pretty = push("no-flat", &["-n1", "--json", "--pretty"]);
    let value: serde_json::Value = serde_json::from_str(pretty.text()).unwrap();
    assert_eq!(&value, object);
}

#[test]
fn a_redacted_tree_names_nobody() {
    for (name, id) in [
        ("no-rows", "7359990000000001"),
        ("no-bare", "6970630000000001"),
        ("no-flat", "5706567000000001"),
        ("ch-blocks", "LGZ1030655933512"),
        ("at-mbus", "KFM"),
    ] {
        let hexed = hex::encode_upper(id);
        let plain = push(name, &["--json", KEYS[0], KEYS[1]]);
        if name != "at-mbus" {
            assert!(plain.text().contains(&hexed), "{name}");
        }
        for options in [&["--json", "--redact"][..], &["--redact", "--all-bytes"]] {
            let done = push(name, &[options, &KEYS].concat());
            let text = done.text().replace([' ', '\n', '*'], "");
            for word in [id, &hexed, "4B464D102030405", "4C475A102030405"] {
                assert!(
                    !text.contains(word) || word == "KFM" || word == hex::encode_upper("KFM"),
                    "{name}: {word}"
                );
            }
        }
    }
    let done = smarty("inspect lu-plain.txt --redact -q").done();
    assert!(!done.text().contains("26916"), "{done}");
}

#[test]
fn the_old_format_hex_says_what_it_is_now() {
    let old = smarty("parse lu.bin --keyring keys.toml -f hex").done();
    let new = smarty("inspect lu.bin --keyring keys.toml").done();
    assert_eq!(old.stdout, new.stdout);
    assert!(
        old.stderr.contains("--format hex is now smarty inspect"),
        "{old}"
    );
    assert!(!new.stderr.contains("smarty inspect"), "{new}");
}

#[test]
fn a_tree_goes_to_a_file_without_colours() {
    let folder = Folder::new();
    folder.file("lu-plain.txt", sample("lu-plain.txt"));
    let run = |line: &str| smarty(line).within(&folder).done();
    assert_eq!(run("inspect lu-plain.txt -o tree.txt").exit, Some(0));
    assert!(folder.read("tree.txt") == run("inspect lu-plain.txt").stdout);
    assert_eq!(run("inspect lu-plain.txt -o tree.txt").exit, Some(3));
}

#[test]
fn only_the_meters_and_frames_that_are_asked_for() {
    let line = "inspect two-meters.log --json --keyring keys.toml -q";
    let all = smarty(line).done().json();
    let frames = all.iter().filter(|object| object["kind"] != "junk");
    let one = smarty(&format!("{line} --meter SMY1030726916932")).done();
    assert_eq!((frames.count(), one.json().len()), (5, 2));
    let first = smarty(&format!("{line} -n 1")).done();
    assert_eq!(first.json().len(), 1);
    let last = smarty(&format!("{line} --last")).done();
    assert_eq!(last.json().len(), 1);
    assert_eq!(last.json()[0]["seq"], 5);
}
