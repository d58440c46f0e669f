//! Bad input of every kind: one sentence, one hint, the right exit code.

use std::time::{Duration, Instant};

use super::run::{Done, Folder, KEY, sample, smarty, words};
use insta::assert_snapshot;

/// Runs in a folder with one file.
fn on(name: &str, bytes: impl AsRef<[u8]>, line: &str) -> Done {
    let folder = Folder::new();
    folder.file(name, bytes);
    smarty(line).within(&folder).done()
}

/// Noise that is the same each time.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..length).map(|_| next()).collect()
}

#[test]
fn a_file_that_cannot_be_read() {
    assert_snapshot!(smarty("parse nothing.bin").done(), @r"
    $ smarty parse nothing.bin
    --- stderr
    smarty: error: nothing.bin: no such file
    --- exit 3
    ");
    assert_snapshot!(smarty("parse .").done(), @r"
    $ smarty parse .
    --- stderr
    smarty: error: .: is a directory
      hint: name a file or a port in it
    --- exit 3
    ");
    let port = smarty("parse /dev/ttyUSB77").done();
    assert!(
        port.stderr
            .starts_with("smarty: error: /dev/ttyUSB77: no such port\n  hint: there ")
    );
    assert_eq!(port.exit, Some(3));
    assert_snapshot!(smarty("parse 10.0.0.7:2001").done(), @r"
    $ smarty parse 10.0.0.7:2001
    --- stderr
    smarty: error: 10.0.0.7:2001: no such file
      hint: for a server, write tcp://10.0.0.7:2001
    --- exit 3
    ");
}

#[cfg(unix)]
#[test]
fn a_file_without_the_right_to_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let file = folder.file("closed.bin", "x");
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o000)).unwrap();
    if std::fs::read(&file).is_ok() {
        eprintln!("skipped: this user may read everything");
        return;
    }
    let done = smarty("parse closed.bin").within(&folder).done();
    assert_eq!(done.exit, Some(3), "{done}");
    assert!(
        done.stderr
            .starts_with("smarty: error: closed.bin: permission denied")
    );
}

#[test]
fn an_empty_input() {
    assert_snapshot!(on("empty.bin", "", "parse empty.bin"), @r"
    $ smarty parse empty.bin
    --- stderr
    smarty: error: empty.bin: is empty
      hint: record again, and check whether any bytes arrive
    --- exit 5
    ");
    assert_snapshot!(smarty("decrypt -").pipe("").done(), @r"
    $ … | smarty decrypt -
    --- stderr
    smarty: error: -: is empty
      hint: record again, and check whether any bytes arrive
    --- exit 5
    ");
    assert_snapshot!(on("empty.hex", "", "parse -i hex empty.hex"), @r"
    $ smarty parse -i hex empty.hex
    --- stderr
    smarty: error: empty.hex: is empty
      hint: record again, and check whether any bytes arrive
    --- exit 5
    ");
}

#[test]
fn a_text_that_is_no_dump() {
    assert_snapshot!(on("letter.txt", "Dear customer,\nyour key is on page 2.\n", "parse letter.txt"), @r"
    $ smarty parse letter.txt
    --- stderr
    smarty: error: letter.txt: this is no dump of a P1 port that is known; it begins with 44 65 61 72 20 63 75 73 74 6F 6D 65 72 2C 0A 79 (Dear customer,.y)
      hint: if it is a dump all the same, name its form: -i bin|hex|unpadded|decimal|xxd|hexdump|carray|base64|log|text|ndjson
    --- exit 5
    ");
}

#[test]
fn noise_is_nothing_and_not_a_hundred_damaged_frames() {
    let noise = noise(5_000_000);
    assert_snapshot!(on("noise.bin", &noise, "parse noise.bin"), @r"
    $ smarty parse noise.bin
    --- stderr
    smarty: error: noise.bin: no telegram in 5000000 bytes
      hint: is this a dump of a P1 port? an encrypted telegram begins with DB 08, a plain one with /
    --- exit 5
    ");
    let done = smarty("parse -").env("SMARTY_KEY", KEY).pipe(noise).done();
    assert_eq!(done.exit, Some(5), "{done}");
    assert_eq!(done.stderr.lines().count(), 2, "{done}");
}

#[test]
fn frames_in_noise_come_out() {
    let mut bytes = noise(300_000);
    bytes.extend(sample("lu.bin"));
    bytes.extend(noise(300_000));
    let done = words(["parse", "--json", "--key", KEY, "-"])
        .pipe(bytes)
        .done();
    assert_eq!(done.json().len(), 1, "{done}");
    assert!(matches!(done.exit, Some(0 | 1)));
}

#[test]
fn a_length_field_of_four_gigabytes() {
    let mut bytes = b"\xDB\x08SMY\x67\x71\x9A\xB8\x43\x84\xFF\xFF\xFF\xFF\x30\0\0\0\x01".to_vec();
    assert_snapshot!(on("long.bin", &bytes, "parse long.bin"), @r"
    $ smarty parse long.bin
    --- stderr
    smarty: error: long.bin: the head of a telegram was damaged on the way
      hint: one telegram now and then is nothing; else check cable and pull-up
    --- exit 4
    ");
    bytes.extend(noise(5000));
    bytes.extend(sample("lu.bin"));
    let done = words(["parse", "--json", "--key", KEY, "-"])
        .pipe(bytes)
        .done();
    assert_eq!(done.json().len(), 1, "{done}");
    assert_eq!(done.exit, Some(1));
}

#[test]
fn a_frame_that_was_cut() {
    let frame = sample("lu.bin");
    assert_snapshot!(on("cut.bin", &frame[..400], "parse cut.bin"), @r"
    $ smarty parse cut.bin
    --- stderr
    smarty: error: cut.bin: bytes are missing inside the telegrams
      400 of 692 bytes came (SMY1030726916931)
      hint: the computer or bridge is too slow: raise its buffer, close other
            programs that read the port, use another adapter
            or: telegrams end early
            the key of the meter would show the place
    --- exit 4
    ");
    let two = [&frame[..400], &frame[..]].concat();
    let folder = Folder::new();
    let two = folder.file("two.bin", two);
    let run = words([
        "parse",
        "--json",
        "-F",
        "1-0:1.8.0",
        "--key",
        KEY,
        two.to_str().unwrap(),
    ]);
    assert_snapshot!(run.done().with(KEY, "KEY").with(folder.path(), "FOLDER").stderr, @r"
    smarty: warning: the key on the command line can be seen by all users of this machine
      hint: --key alone asks for it; --key-file FILE and --keyring FILE read it
    smarty: warning: FOLDER/two.bin: telegrams end early
      400 of 692 bytes came (SMY1030726916931)
      hint: record for some seconds longer; if it is always so, the reading program
            stops too early or the 5 V of the port break down
    smarty: note: 1 of 2 telegrams good, 1 refused, 0 missed, 0 bytes between them
    ");
    assert_snapshot!(on("cut.txt", &sample("nl5.txt")[..300], "parse cut.txt"), @r"
    $ smarty parse cut.txt
    --- stderr
    smarty: error: cut.txt: telegrams end early
      300 bytes came, and no end
      hint: record for some seconds longer; if it is always so, the reading program
            stops too early or the 5 V of the port break down
    --- exit 4
    ");
}

#[test]
fn a_telegram_whose_crc_does_not_fit() {
    let text = String::from_utf8(sample("nl5.txt")).unwrap();
    let changed = text.replacen("1-0:1.8.1(0", "1-0:1.8.1(9", 1);
    assert_ne!(text, changed);
    assert_snapshot!(on("changed.txt", &changed, "parse changed.txt"), @r"
    $ smarty parse changed.txt
    --- stderr
    smarty: error: changed.txt: the check sum (CRC) is wrong, the text looks whole
      sent 750F, computed 68AC
      hint: if all telegrams have it, the text was changed after it was sent;
            --ignore-crc prints them all the same
            or: a telegram was damaged on the way
            or: bytes are missing inside the telegrams
            more telegrams tell: record for a minute
    --- exit 4
    ");
    let done = on(
        "changed.txt",
        &changed,
        "parse changed.txt --ignore-crc --json",
    );
    assert_eq!(done.telegram()["telegram"]["crc"]["valid"], false);
    assert_snapshot!(done.stderr, @r"smarty: warning: changed.txt: a telegram is printed though its check sum (CRC) does not fit, sent 750F, computed 68AC");
    let no_number = format!("{}!12x4\r\n", text.split('!').next().unwrap());
    assert_snapshot!(on("x.txt", no_number, "parse x.txt"), @r"
    $ smarty parse x.txt
    --- stderr
    smarty: error: x.txt: bytes are missing inside the telegrams
      hint: the computer or bridge is too slow: raise its buffer, close other
            programs that read the port, use another adapter
            or: a telegram was damaged on the way
    --- exit 4
    ");
}

#[test]
fn archives_of_several_files_are_told_how_to_unpack() {
    assert_snapshot!(on("dump.zip", b"PK\x03\x04\0\0\0\0", "parse dump.zip").stderr, @r"
    smarty: error: dump.zip: this is a zip file, which must be unpacked first
      hint: unzip -p dump.zip | smarty parse
    ");
    let tar = [&b"a.bin"[..], &[0; 252], b"ustar\0", &[0; 300]].concat();
    assert_snapshot!(on("dump.tar", &tar, "parse dump.tar").stderr, @r"
    smarty: error: dump.tar: this is a tar archive, which must be unpacked first
      hint: tar -xOf dump.tar | smarty parse
    ");
}

#[test]
fn a_hex_dump_with_a_slip_is_told_line_and_column() {
    let text = String::from_utf8(sample("lu.hex")).unwrap();
    let letter = text.replacen("4", "O", 1);
    assert_snapshot!(on("dump.hex", letter, "parse dump.hex"), @r"
    $ smarty parse dump.hex
    --- stderr
    smarty: error: dump.hex: line 1, column 7: expected a hex digit, found the letter O (not the digit 0)
    --- exit 5
    ");
    assert_snapshot!(on("dump.hex", text.replacen("DB08", "DB8", 1), "parse dump.hex"), @r"
    $ smarty parse dump.hex
    --- stderr
    smarty: error: dump.hex: line 1, column 1: 63 hex digits in a row, an odd number: one is missing or one too many
    --- exit 5
    ");
}

#[test]
fn the_worst_of_several_inputs_is_the_exit_code() {
    let folder = Folder::new();
    let empty = folder.file("empty", "");
    let cut = folder.file(
        "cut",
        [&sample("nl5.txt")[..300], &sample("nl5.txt")].concat(),
    );
    let (empty, cut) = (empty.to_str().unwrap(), cut.to_str().unwrap());
    for (inputs, exit) in [
        (vec!["nl5.txt", "lu-plain.txt"], 0),
        (vec![cut], 1),
        (vec!["nl5.txt", cut], 1),
        (vec![cut, empty], 5),
        (vec!["nl5.txt", empty], 5),
        (vec![empty, "lu.bin"], 4),
        (vec!["nl5.txt", "lu.bin"], 4),
        (vec!["lu.bin", empty, "nothing", "nl5.txt"], 3),
    ] {
        let done = words([vec!["parse", "--csv"], inputs].concat()).done();
        assert_eq!(done.exit, Some(exit), "{done}");
    }
}

#[test]
fn usage_errors() {
    let mut shown = String::new();
    for line in [
        "",
        "parse --json --csv x",
        "parse --format csv --json x",
        "parse --frobnicate x",
        "parse --events x",
        "parse --events --json=flat x",
        "parse --json=deep x",
        "parse --tz Mars/Olympus x",
        "parse -i morse x",
        "parse -n some x",
        "parse --force x",
        "parse -o x --force --append x",
        "parse -F activ_energy_import x",
        "parse --meter= x",
        "parse -q -v x",
        "parse --timeout soon x",
        "pars x",
    ] {
        let done = smarty(line).done();
        if line.is_empty() {
            assert!(done.stderr.contains("Usage:"), "{done}");
            assert_eq!(done.exit, Some(2));
            continue;
        }
        shown += &format!(
            "$ smarty {line}\n{}--- exit {}\n",
            done.stderr,
            done.exit.unwrap()
        );
    }
    assert_snapshot!("usage_errors", shown);
}

#[test]
fn a_meter_that_is_not_there() {
    assert_snapshot!(smarty("parse lu-full.bin --keyring keys.toml --meter SMY1030726916931").done(), @r"
    $ smarty parse lu-full.bin --keyring keys.toml --meter SMY1030726916931
    --- stderr
    smarty: error: lu-full.bin: no telegram of SMY1030726916931
      hint: it has telegrams of SMY1030726916932
    --- exit 5
    ");
}

#[test]
fn quiet_says_errors_without_hints() {
    assert_snapshot!(smarty("parse -q lu.bin").done(), @r"
    $ smarty parse -q lu.bin
    --- stderr
    smarty: error: lu.bin: a telegram of SMY1030726916931 is encrypted, and there is no key for it
    --- exit 4
    ");
}

#[test]
fn a_live_source_that_is_silent_ends_by_its_timeout() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("tcp://{}", listener.local_addr().unwrap());
    let start = Instant::now();
    let done = words(["parse", &address, "--timeout", "1s", "--no-reconnect"]).done();
    assert!(start.elapsed() < Duration::from_secs(20));
    assert_snapshot!(done.with(&address, "tcp://HOST:PORT"), @r"
    $ smarty parse tcp://HOST:PORT --timeout 1s --no-reconnect
    --- stderr
    smarty: error: tcp://HOST:PORT: no telegram for 1s
      hint: is the cable in, has pin 2 (data request) 5 V, has the operator opened the port?
    --- exit 5
    ");
}

#[test]
fn a_file_of_keys_is_no_input_and_is_not_shown() {
    assert_snapshot!(smarty("parse keys.toml").done(), @r"
    $ smarty parse keys.toml
    --- stderr
    smarty: error: keys.toml: this is a key ring, not a dump of a P1 port
      hint: a key ring goes beside an input: --keyring keys.toml
    --- exit 5
    ");
    let key = "5F0BE3AAC07D9812B64E0195CC3347D1";
    let digits = |arguments: &str| smarty(arguments).pipe(key).done();
    assert_snapshot!(digits("parse -"), @r"
    $ … | smarty parse -
    --- stderr
    smarty: error: -: these 16 bytes look like a key, not like a dump of a P1 port
      hint: a key goes beside an input: --key-file FILE
    --- exit 5
    ");
    assert_snapshot!(digits("parse --explain -"), @r"
    $ … | smarty parse --explain -
    --- stderr
    smarty: error: -: these 16 bytes look like a key, not like a dump of a P1 port
      hint: a key goes beside an input: --key-file FILE
    --- exit 5
    ");
    let settings = format!("p1_key: \"{key}\"\nwifi_password: hello\n");
    assert_snapshot!(smarty("decrypt -").pipe(settings).done(), @r"
    $ … | smarty decrypt -
    --- stderr
    smarty: error: -: this text has a key in it, and nothing of a P1 port
      hint: --key-file takes a file with the 32 digits of the key alone, beside an input
    --- exit 5
    ");
}

#[test]
fn what_was_meant_by_a_slip_is_proposed() {
    let folder = Folder::new();
    folder.file("lu.bin", sample("lu.bin"));
    folder.file("my.key", KEY);
    folder.file("smarty.toml", "");
    let mut shown = String::new();
    for line in [
        "parse lu.bn",
        "parse ./lu.bni --json",
        "parse none/lu.bin",
        "parse lu.bin --key-file my.kye",
        "parse lu.bin --keyring my.ky",
        "watch --config smarty.tom",
        "watch sim:?profil=lu5",
        "watch sim:?profile=nl6",
        "watch house=sim:?fault=wek",
        "watch tpc://10.0.0.7:2001",
        "watch x?devise=p1",
        "watch x?device=maxsona",
        "simulate --fault wrongkey",
        "simulate --profile nl55",
        "parse -i hexx lu.bin",
        "parse --tz Europe/Luxemburg lu.bin",
        "watch --rotate dayly -o x.csv --csv sim:",
        "watch --mode 8N3 sim:",
        "pars lu.bin",
        "lu.bin",
        "sim:",
        "parse --every 60s lu.bin",
        "parse --mqtt mqtt://broker lu.bin",
        "capture --json -o x.bin",
        "capture -i hex -o x.bin",
        "ports --baud=9600",
        "--json parse lu.bin",
        "watch --reference-power 7 sim:",
        "watch --reference-power 7x sim:",
    ] {
        let done = smarty(line).within(&folder).done();
        let said = done.stderr.replace(folder.path(), "FOLDER");
        shown.push_str(&format!("$ smarty {line}\n{said}"));
    }
    assert_snapshot!("slips", shown);
}
