//! Dumps as people paste them into forums.

use std::fmt::Write;

use super::run::{Done, KEY, sample, smarty, words};

/// What `decrypt` makes of a paste.
fn decrypt(paste: &str) -> Done {
    words(["decrypt", "-", "--key", KEY]).pipe(paste).done()
}

/// The paste gives exactly the telegrams of the frames of `lu.bin`, so many of them.
fn gives(count: usize, paste: &str) {
    let plain = smarty("decrypt lu.bin --keyring keys.toml").done().stdout;
    let done = decrypt(paste);
    let lines = paste.lines().take(4);
    let begin: String = lines
        .map(|l| l.chars().take(90).collect::<String>() + "\n")
        .collect();
    assert!(
        done.stdout == plain.repeat(count) && done.exit == Some(0),
        "{begin}…\n{} of {} bytes\n{}",
        done.stdout.len(),
        plain.len() * count,
        done.stderr
    );
}

fn digits(separator: &str, upper: bool) -> String {
    let pairs: Vec<_> = sample("lu.bin")
        .iter()
        .map(|byte| {
            if upper {
                format!("{byte:02X}")
            } else {
                format!("{byte:02x}")
            }
        })
        .collect();
    pairs.join(separator)
}

/// The bytes in rows, each made by `row` from its offset and its bytes.
fn rows(width: usize, mut row: impl FnMut(&mut String, usize, &[u8])) -> String {
    let mut out = String::new();
    for (index, chunk) in sample("lu.bin").chunks(width).enumerate() {
        row(&mut out, index * width, chunk);
    }
    out
}

fn hex(bytes: &[u8], separator: &str) -> String {
    let pairs: Vec<_> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(separator)
}

#[test]
fn digits_with_any_separator() {
    for separator in [
        "", " ", ":", "-", ", ", ",", ";", "  ", "\n", "\t", "\r\n", " - ", ".",
    ] {
        for upper in [true, false] {
            gives(1, &digits(separator, upper));
            gives(1, &format!("\n\n  {}\n", digits(separator, upper)));
        }
    }
}

#[test]
fn digits_with_a_prefix_each() {
    for separator in [" 0x", ", 0x", ",0x"] {
        gives(1, &format!("0x{}", digits(separator, true)));
        gives(1, &format!("[0x{}]", digits(separator, false)));
    }
    gives(1, &format!("\\x{}", digits("\\x", false)));
    gives(1, &format!("b'\\x{}'", digits("\\x", false)));
    gives(1, &format!("\"\\x{}\";", digits("\\x", true)));
}

#[test]
fn one_run_with_a_prefix() {
    gives(1, &format!("0x{}", digits("", true)));
    gives(1, &format!("hex: {}", digits("", true)));
    gives(1, &format!("Data: {}", digits(" ", true)));
    gives(1, &format!("RX: {}\n", digits(" ", true)));
    gives(1, &format!("Received 692 bytes: {}\n", digits(" ", false)));
    gives(1, &format!("frame = \"{}\"", digits("", false)));
    gives(
        1,
        &format!("frame = bytes.fromhex(\"{}\")", digits("", false)),
    );
}

#[test]
fn code_fences_quotes_and_talk_around_it() {
    gives(1, &format!("```\n{}\n```\n", digits(" ", true)));
    gives(1, &format!("```hex\n{}\n```\n", digits("", true)));
    gives(1, &format!("[code]\n{}\n[/code]\n", digits(" ", true)));
    gives(1, &format!("> {}\n", digits(" ", true)));
    let quoted = rows(16, |out, _, bytes| {
        writeln!(out, "> {}", hex(bytes, " ")).unwrap()
    });
    gives(1, &quoted);
    gives(1, &format!("    {}\n", digits(" ", true)));
    gives(
        1,
        &format!(
            "Hi all,\n\nthis is what my meter sends:\n\n{}\n\nAny idea?\nThanks\n",
            digits(" ", true)
        ),
    );
    let fenced = rows(16, |out, _, bytes| {
        writeln!(out, "{}", hex(bytes, " ")).unwrap()
    });
    gives(
        1,
        &format!("Hello, here is my dump:\n```\n{fenced}```\nregards\n"),
    );
    gives(
        1,
        &format!(
            "Hello, here is my dump:\n\n```text\n{}```\nregards\n",
            String::from_utf8(sample("lu.xxd")).unwrap()
        ),
    );
    let quoted: String = String::from_utf8(sample("lu.hexdump"))
        .unwrap()
        .lines()
        .map(|line| format!("> {line}\n"))
        .collect();
    gives(1, &quoted);
}

#[test]
fn lines_with_a_time_before_them() {
    for stamp in [
        "[10:21:22]",
        "10:21:22.123 ->",
        "[10:21:22.123][D][uart:123]: <<<",
        "2026-01-15 18:30:00.123 RX:",
        "2026-01-15T18:30:00Z",
        "[2026-01-15 18:30:00]",
        "[I][dsmr:042]:",
        "Jan 15 18:30:00 pi meter[77]:",
        "18:30:00.123456 <",
        "INFO:root:",
        "DEBUG:",
    ] {
        gives(1, &format!("{stamp} {}\n", digits(" ", true)));
        let many = rows(32, |out, _, bytes| {
            writeln!(out, "{stamp} {}", hex(bytes, " ")).unwrap()
        });
        gives(1, &many);
        let many = rows(32, |out, _, bytes| {
            writeln!(out, "{stamp} {}", hex(bytes, ":")).unwrap()
        });
        gives(1, &many);
        let many = rows(32, |out, _, bytes| {
            writeln!(out, "{stamp} {}", hex(bytes, "")).unwrap()
        });
        gives(1, &many);
    }
}

#[test]
fn rows_of_dump_programs() {
    let text = |bytes: &[u8]| -> String {
        bytes
            .iter()
            .map(|b| {
                if b.is_ascii_graphic() {
                    char::from(*b)
                } else {
                    '.'
                }
            })
            .collect()
    };
    // HxD and other editors.
    gives(
        1,
        &rows(16, |out, at, bytes| {
            writeln!(out, "{at:08X}  {}  {}", hex(bytes, " "), text(bytes)).unwrap()
        }),
    );
    // HTerm, RealTerm, Docklight.
    gives(
        1,
        &rows(16, |out, at, bytes| {
            writeln!(out, "{at:04X}: {}", hex(bytes, " ")).unwrap()
        }),
    );
    gives(
        1,
        &rows(16, |out, at, bytes| {
            writeln!(out, "0x{at:04x}:  {}  {}", hex(bytes, " "), text(bytes)).unwrap()
        }),
    );
    // Wireshark.
    gives(
        1,
        &rows(16, |out, at, bytes| {
            writeln!(
                out,
                "{at:04x}   {}   {}",
                hex(bytes, " ").to_lowercase(),
                text(bytes)
            )
            .unwrap()
        }),
    );
    // tcpdump -X
    gives(
        1,
        &rows(16, |out, at, bytes| {
            let words: Vec<_> = bytes
                .chunks(2)
                .map(|two| hex(two, "").to_lowercase())
                .collect();
            writeln!(out, "\t0x{at:04x}:  {}  {}", words.join(" "), text(bytes)).unwrap();
        }),
    );
    // ESP-IDF
    gives(
        1,
        &rows(16, |out, at, bytes| {
            writeln!(
                out,
                "I (1234) meter: 0x3ffb{at:04x}   {}  |{}|",
                hex(bytes, " ").to_lowercase(),
                text(bytes)
            )
            .unwrap()
        }),
    );
    // Python, a list and a bytes literal.
    let decimal: Vec<_> = sample("lu.bin")
        .iter()
        .map(|b| format!("0x{b:x}"))
        .collect();
    gives(1, &format!("[{}]", decimal.join(", ")));
    gives(
        1,
        &format!(
            "const uint8_t frame[] PROGMEM = {{{}}};",
            decimal.join(", ")
        ),
    );
    gives(
        1,
        &format!(
            "uint8_t frame[692] = {{\n  {}\n}}; // one frame",
            decimal
                .chunks(12)
                .map(|row| row.join(", "))
                .collect::<Vec<_>>()
                .join(",\n  ")
        ),
    );
}

#[test]
fn several_frames_in_one_paste() {
    let one = digits(" ", true);
    gives(2, &format!("{one}\n{one}\n"));
    gives(2, &format!("first:\n{one}\n\nsecond:\n{one}\n"));
    gives(2, &format!("[10:21:22] {one}\n[10:21:32] {one}\n"));
    gives(3, &format!("{one} {one} {one}"));
}

#[test]
fn telegrams_as_text_with_things_around_them() {
    let text = String::from_utf8(sample("nl5.txt")).unwrap();
    let whole = |paste: &str| {
        let done = smarty("decrypt -").pipe(paste).done();
        assert!(done.text() == text, "{}", done);
        assert_eq!(done.exit, Some(0));
    };
    let lf = text.replace("\r\n", "\n");
    whole(&format!("```\n{lf}```\n"));
    whole(&format!("Hello, this is it:\n\n{lf}\nThanks!\n"));
    whole(
        &lf.lines()
            .map(|line| format!("> {line}\n"))
            .collect::<String>(),
    );
    whole(
        &lf.lines()
            .map(|line| format!("    {line}\n"))
            .collect::<String>(),
    );
}

#[test]
fn our_own_json_laid_out_over_several_lines() {
    let plain = smarty("decrypt lu.bin --keyring keys.toml").done();
    let pretty = smarty("parse lu.bin --keyring keys.toml --json --pretty").done();
    let done = smarty("decrypt -").pipe(pretty.stdout).done();
    assert!(
        done.stdout == plain.stdout && done.exit == Some(0),
        "{done}"
    );
}

#[test]
fn a_telegram_with_a_time_before_each_line() {
    let text = String::from_utf8(sample("lu-plain.txt")).unwrap();
    let plain = smarty("decrypt lu-plain.txt").done();
    for stamp in [
        "12:00:01.123 ",
        "[12:00:01][D][dsmr:086]: ",
        "[2026-11-24 12:00:01] ",
    ] {
        let stamped: String = text
            .split_inclusive('\n')
            .map(|line| format!("{stamp}{line}"))
            .collect();
        let done = smarty("decrypt -").pipe(stamped).done();
        assert!(
            done.stdout == plain.stdout && done.exit == Some(0),
            "{done}"
        );
    }
}

#[test]
fn digits_as_assemblers_and_pascal_write_them() {
    let numbers = |write: fn(u8) -> String| {
        let numbers = sample("lu.bin").into_iter().map(write);
        numbers.collect::<Vec<_>>()
    };
    let masm = |byte: u8| match byte {
        0xA0.. => format!("0{byte:02X}h"),
        _ => format!("{byte:02X}h"),
    };
    for separator in [" ", ", ", ",", "\n"] {
        gives(1, &numbers(masm).join(separator));
        gives(1, &numbers(|byte| format!("{byte:02x}H")).join(separator));
        gives(1, &numbers(|byte| format!("${byte:02X}")).join(separator));
    }
}

#[test]
fn rows_of_hexyl_with_their_borders() {
    let panel = |bytes: &[u8]| format!("{:<24}", hex(bytes, " ").to_lowercase());
    let rows = rows(16, |out, offset, bytes| {
        let (left, right) = bytes.split_at(bytes.len().min(8));
        let (left, right) = (panel(left), panel(right));
        writeln!(out, "│{offset:08x}│ {left}┊ {right}│×•SM_0a1┊×D×•×0⋄•│").unwrap();
    });
    let lid = |left, middle, right| {
        let (digits, characters) = ("─".repeat(25), "─".repeat(8));
        format!(
            "{left}{characters}{middle}{digits}{middle}{digits}{middle}{characters}{middle}{characters}{right}\n"
        )
    };
    let paste = format!("{}{rows}{}", lid("┌", "┬", "┐"), lid("└", "┴", "┘"));
    gives(1, &paste);
    gives(1, &rows);
}

#[test]
fn what_was_blotted_out_is_named_in_every_form() {
    let text = String::from_utf8(sample("nl5.txt")).unwrap();
    let id = text.split("0-0:96.1.1(").nth(1).unwrap();
    let id = id.split(')').next().unwrap();
    for mask in ["XXXXXXXX", "█████████", "<removed>", "4530...", "••••••"]
    {
        let text = text.replace(id, mask);
        let lf = text.replace('\r', "");
        let log: String = lf
            .lines()
            .map(|line| format!("Jan 15 18:30:00 pi p1[77]: {line}\n"))
            .collect();
        let decimal: Vec<_> = text.bytes().map(|byte| byte.to_string()).collect();
        let html = text
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace("\r\n", "<br>");
        for paste in [
            format!(
                "{{\"telegram\":{}}}\n",
                serde_json::to_string(&text).unwrap()
            ),
            lf.clone(),
            text.replace('\r', "^M"),
            log,
            html,
            format!("[{}]", decimal.join(",")),
        ] {
            let begin: String = paste.chars().take(60).collect();
            let done = smarty("parse -").pipe(paste.clone()).done();
            let said = "something was blotted out, like a serial number\n  line 0-0:96.1.1 is not as it was sent";
            assert!(done.stderr.contains(said), "{mask} {begin} {}", done.stderr);
            let done = smarty("parse - --ignore-crc --json").pipe(paste).done();
            assert_eq!(done.json().len(), 1, "{mask} {begin} {}", done.stderr);
        }
    }
}

#[test]
fn what_was_undone_is_said() {
    let text = String::from_utf8(sample("nl5.txt")).unwrap();
    let folder = super::run::Folder::new();
    let quoted = serde_json::to_string(&text).unwrap();
    folder.file("paste.json", format!("{{\"telegram\":{quoted}}}\n"));
    let done = smarty("decrypt paste.json").within(&folder).done();
    assert_eq!(done.text(), text);
    let said = "smarty: note: paste.json: it was taken out of quotes or brackets\n";
    assert_eq!(done.stderr, said);
}
