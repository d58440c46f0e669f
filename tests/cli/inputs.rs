//! Every form an input can have, found out and forced.

use super::run::{Folder, KEY, sample, smarty, words};
use insta::assert_snapshot;

#[test]
fn each_form_is_found_out_and_said() {
    let mut shown = String::new();
    let plain = smarty("decrypt lu.bin --keyring keys.toml").done().stdout;
    for name in [
        "lu.bin",
        "lu.hex",
        "lu.xxd",
        "lu.hexdump",
        "lu.words",
        "lu.c",
        "lu.base64",
    ] {
        let done = words(["decrypt", name, "-v", "--keyring", "keys.toml"]).done();
        assert_eq!(done.stdout, plain, "{name}");
        shown += &done.stderr;
        let done = words(["decrypt", "-", "--keyring", "keys.toml"])
            .pipe(sample(name))
            .done();
        assert_eq!(done.stdout, plain, "{name} on stdin");
    }
    assert_snapshot!("forms", shown);
}

#[test]
fn each_form_can_be_forced() {
    for (name, form) in [
        ("lu.bin", "bin"),
        ("lu.hex", "hex"),
        ("lu.xxd", "xxd"),
        ("lu.hexdump", "hexdump"),
        ("lu.words", "hexdump"),
        ("lu.c", "carray"),
        ("lu.base64", "base64"),
        ("two-meters.log", "log"),
        ("lu-plain.txt", "text"),
    ] {
        let command = [
            "parse",
            name,
            "--csv",
            "-i",
            form,
            "--allow-plain",
            "--keyring",
            "keys.toml",
        ];
        let done = words(command).done();
        assert_eq!(done.exit, Some(0), "{done}");
    }
}

#[test]
fn a_wrong_form_is_told_where_it_does_not_fit() {
    assert_snapshot!(smarty("parse lu-plain.txt -i hex").done(), @r"
    $ smarty parse lu-plain.txt -i hex
    --- stderr
    smarty: error: lu-plain.txt: line 1, column 1: expected a hex digit, found '/'
    --- exit 5
    ");
    assert_snapshot!(smarty("parse lu.bin -i hex").done(), @r"
    $ smarty parse lu.bin -i hex
    --- stderr
    smarty: error: lu.bin: line 1, column 1: expected a hex digit, found U+FFFD
    --- exit 5
    ");
    assert_snapshot!(smarty("parse lu.hex -i bin").done(), @r"
    $ smarty parse lu.hex -i bin
    --- stderr
    smarty: error: lu.hex: no telegram in 1406 bytes
      hint: is this a dump of a P1 port? an encrypted telegram begins with DB 08, a plain one with /
    --- exit 5
    ");
    assert_snapshot!(smarty("parse lu.hex -i base64").done(), @r"
    $ smarty parse lu.hex -i base64
    --- stderr
    smarty: error: lu.hex: the port is read at the wrong speed
      the bytes are as if sent at 115200 and read at 9600 baud
      hint: use --baud auto, which finds it; or set --baud 115200 --mode 8N1 (meters
            before DSMR 4: 9600 7E1; DLMS pushes: 2400 8E1)
    smarty: error: lu.hex: no telegram in 1406 bytes
    --- exit 5
    ");
}

#[test]
fn our_own_json_is_an_input() {
    let json = smarty("parse lu-plain.txt nl5.txt --json").done();
    let again = smarty("decrypt -").pipe(json.stdout).done();
    assert_eq!(
        again.stdout,
        [sample("lu-plain.txt"), sample("nl5.txt")].concat(),
        "{again}"
    );
}

#[test]
fn a_capture_log_keeps_times_and_labels_apart() {
    let done =
        smarty("parse two-meters.log --csv -F active_power_import --keyring keys.toml").done();
    assert_snapshot!(done, @r"
    $ smarty parse two-meters.log --csv -F active_power_import --keyring keys.toml
    measured_at,received_at,meter,label,active_power_import_kw␍
    2026-01-15T18:30:00+01:00,2026-01-15T17:30:00.000000Z,SMY1030726916931,house,2.055␍
    2026-01-15T18:30:00+01:00,2026-01-15T17:30:04.000000Z,SMY1030726916932,flat,0.691␍
    2026-01-15T18:30:10+01:00,2026-01-15T17:30:10.000000Z,SMY1030726916931,house,2.067␍
    2026-01-15T18:30:20+01:00,2026-01-15T17:30:20.000000Z,SMY1030726916931,house,2.059␍
    2026-01-15T18:30:10+01:00,2026-01-15T17:30:24.000000Z,SMY1030726916932,flat,0.694␍
    --- exit 0
    ");
}

#[test]
fn a_capture_log_that_was_cut_is_read_as_far_as_it_goes() {
    let log = sample("two-meters.log");
    let done = words([
        "parse",
        "-",
        "--csv",
        "-F",
        "active_power_import",
        "--key",
        KEY,
        "--meter",
        "SMY1030726916931",
    ])
    .pipe(&log[..log.len() - 1000])
    .done();
    assert_eq!(done.text().lines().count(), 4, "{done}");
    assert!(done.stderr.contains("cut"), "{done}");
}

#[test]
fn lost_line_ends_are_put_back_and_said() {
    let text = String::from_utf8(sample("nl5.txt")).unwrap();
    let folder = Folder::new();
    for (name, bytes) in [
        ("lf.txt", text.replace("\r\n", "\n").into_bytes()),
        ("lflf.txt", text.replace('\r', "\n").into_bytes()),
        ("bom.txt", [b"\xEF\xBB\xBF", text.as_bytes()].concat()),
        (
            "utf16.txt",
            [0xFEFF]
                .into_iter()
                .chain(text.encode_utf16())
                .flat_map(u16::to_le_bytes)
                .collect(),
        ),
    ] {
        folder.file(name, bytes);
        let done = words(["decrypt", name]).within(&folder).done();
        assert_eq!(done.text(), text, "{name}: {}", done.stderr);
        assert_eq!(done.exit, Some(0));
    }
    assert_snapshot!(smarty("parse lf.txt --csv -F 1-0:1.7.0").within(&folder).done(), @r"
    $ smarty parse lf.txt --csv -F 1-0:1.7.0
    measured_at,received_at,meter,label,active_power_import_kw␍
    2026-01-15T18:30:00+01:00,,SMYE0000026916942,,3.252␍
    --- stderr
    smarty: note: lf.txt: line ends are LF only: CR put back before each, for the CRC
    --- exit 0
    ");
}
