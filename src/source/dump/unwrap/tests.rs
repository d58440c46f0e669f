//! What is taken off, and what is left alone.

use super::super::tests::{frame, outcome};
use super::super::{DumpError, Note, Place};
use super::*;

const TELEGRAM: &str = "/Lux5\\1_M\r\n\r\n1-0:1.8.0(000025.653*kWh)\r\n!8B52\r\n";

/// The text of a paste, however it is cut, and what was taken off.
fn unwrapped(paste: &str) -> (String, Vec<Wrapping>) {
    let found = outcome(None, paste.as_bytes(), &[]);
    assert_eq!(found, outcome(None, paste.as_bytes(), &[1]), "{paste}");
    assert_eq!(found.error, None, "{paste}");
    let wrappings = found.notes.into_iter().find_map(|note| match note {
        Note::Unwrapped(wrappings) => Some(wrappings),
        _ => None,
    });
    let text = String::from_utf8_lossy(&found.bytes).into_owned();
    (text, wrappings.unwrap_or_default())
}

fn gives(paste: &str, wrappings: &[Wrapping]) {
    let (text, found) = unwrapped(paste);
    assert_eq!(
        (text.trim(), &*found),
        (TELEGRAM.trim(), wrappings),
        "{paste}"
    );
}

#[test]
fn strings_of_other_slots_are_passed_over() {
    use Wrapping::Literals;
    for paste in [
        r#"{"note":"it's /mine\n","telegram":"/Lux5\\1_M\r\n\r\n1-0:1.8.0(000025.653*kWh)\r\n!8B52\r\n"}"#,
        r#"{'a': 'b', 't': '/Lux5\\1_M\r\n\r\n1-0:1.8.0(000025.653*kWh)\r\n!8B52\r\n', 'c': None}"#,
        "[18:30:00][D] >>> \"AT\\r\\n\"\n[18:30:01][D] <<< \"/Lux5\\\\1_M\\r\\n\\r\\n1-0:1.8.0(00\"\n\
         [18:30:02][D] >>> \"OK\"\n[18:30:02][D] <<< \"0025.653*kWh)\\r\\n!8B52\\r\\n\"\n",
        r#"print("hello")
telegram = (
    '/Lux5\1_M\r\n'
    '\r\n'
    '1-0:1.8.0(000025.653*kWh)\r\n' +
    "!8B52\r\n"
)"#,
        "raw = b\"\"\"/Lux5\\x5c1_M\\r\n\\r\n1-0:1.8.0(000025.653*kWh)\\r\n!8B52\\r\n\"\"\"\n",
        r#"{"telegram":"\u002fLux5\u{5c}1_M\15\12\r\n1-0:1.8.0(000025.653*kWh)\r\n!8B52"}"#,
    ] {
        gives(paste, &[Literals]);
    }
}

#[test]
fn a_telegram_without_its_line_end_is_kept_from_the_next() {
    let line = r#"{"t":"/Lux5\\1_M\r\n\r\n1-0:1.8.0(000025.653*kWh)\r\n!8B52"}"#;
    let (text, _) = unwrapped(&format!("{line}\n{line}\n"));
    assert_eq!(text, TELEGRAM.to_owned() + TELEGRAM.trim_end());
}

#[test]
fn letters_beyond_ascii_come_out_as_utf8_or_as_bytes() {
    let paste = r#"{"t":"/Lux5\\1_M\r\n\r\n0-0:96.13.0(\u00e9\ud83d\ude00\xE9ß)\r\n!8B52\r\n"}"#;
    let found = outcome(None, paste.as_bytes(), &[3]);
    let middle = "é😀".as_bytes();
    let expected = [b"(", middle, b"\xE9", "ß)".as_bytes()].concat();
    assert!(
        found
            .bytes
            .windows(expected.len())
            .any(|part| part == expected)
    );
    let latin: String = frame().into_iter().map(char::from).collect();
    let paste = serde_json::to_string(&latin).unwrap();
    assert_eq!(outcome(None, paste.as_bytes(), &[7]).bytes, frame());
}

#[test]
fn lines_of_others_in_a_log_are_passed_over() {
    use Wrapping::Prefix;
    let plain = TELEGRAM.replace('\r', "");
    let log = |prefix: fn(usize) -> String, other: &str| {
        let lines = plain.lines().enumerate();
        let lines = lines.map(|(number, line)| format!("{}{line}\n{other}\n", prefix(number)));
        lines.collect::<String>()
    };
    for (prefix, other) in [
        (
            (|n| format!("Jan 15 18:30:0{n} pi p1[77]: ")) as fn(usize) -> String,
            "Jan 15 18:30:07 pi cron[12]: 1-0 up",
        ),
        (
            |n| format!("[18:30:0{n}][D][dsmr:086]: "),
            "[18:30:01][D][sensor:094]: 'Power': 0.005 kW",
        ),
        (|n| format!("2026-01-15T18:30:0{n}Z "), "wifi is lost"),
        (|n| format!("{}\t", n + 9), ""),
        (|n| format!("p1_1  | {n:04}: "), "db_1  | 0001: ready"),
        (|n| format!("(a1b{n}f) rx> "), "(a1b2c) tx> 1-0"),
        // Two times beside a word of hex digits are not eight bytes in a row.
        (|n| format!("18:00:0{n}(aa(18:00:0{n}@18:00:0{n}: "), ""),
    ] {
        gives(&log(prefix, other), &[Prefix]);
    }
}

#[test]
fn a_line_that_a_log_cuts_is_put_together() {
    for cut in [2, 7, 30, 35, 41] {
        let plain = TELEGRAM.replace("\r\n", "\n");
        let (before, behind) = plain.split_at(cut);
        // A line that ends where it is cut is not cut.
        let parts = format!("{before}\n{}", behind.strip_prefix('\n').unwrap_or(behind));
        let paste: String = parts
            .lines()
            .map(|line| format!("18:30:00.1 -> {line}\n"))
            .collect();
        let (text, _) = unwrapped(&paste);
        match cut {
            // Nothing tells a first line of two letters from one that was cut.
            2 => assert!(
                text.contains("1-0:1.8.0(000025.653*kWh)\r\n!8B52"),
                "{text}"
            ),
            _ => assert_eq!(text, TELEGRAM, "{cut}"),
        }
    }
}

#[test]
fn a_message_of_a_log_may_run_over_lines() {
    use Wrapping::Prefix;
    let plain = TELEGRAM.replace('\r', "");
    let stamp = "2026-01-15 18:30:00 DEBUG (MainThread) [p1] ";
    gives(&format!("{stamp}got: {plain}\n{stamp}done\n"), &[Prefix]);
    gives(
        &format!(
            "{stamp}got: {}\n{stamp}done\n{stamp}got: {}\n",
            &plain[..30],
            &plain[30..]
        ),
        &[Prefix],
    );
}

#[test]
fn a_page_is_undone() {
    use Wrapping::{Html, Literals};
    let plain = TELEGRAM.replace("\r\n", "<br />\n");
    gives(&format!("<div class=\"x\">{plain}</div>"), &[Html]);
    gives(
        &format!(
            "<p>{}</p>",
            plain
                .replace('/', "&#x2f;")
                .replace("<br &#x2f;>\n", "<BR>")
        ),
        &[Html],
    );
    gives(
        "<pre><code class='json'>{&quot;t&quot;:&quot;/Lux5\\\\1_M\\r\\n\\r\\n1-0:1.8.0(000025.653*kWh)\\r\\n!8B52&quot;}</code></pre>",
        &[Html, Literals],
    );
}

#[test]
fn what_was_blotted_out_stays_where_it_stands() {
    let blotted = TELEGRAM.replace(
        "!8B52",
        "0-0:96.1.1(████)\r\n0-1:96.1.0(<redacted>)\r\n!8B52",
    );
    let quoted = serde_json::to_string(&blotted).unwrap();
    let log: String = blotted
        .lines()
        .map(|line| format!("18:30:00 rx: {line}\n"))
        .collect();
    for paste in [quoted, log] {
        assert_eq!(unwrapped(&paste).0, blotted, "{paste}");
    }
}

#[test]
fn a_fault_of_what_is_inside_says_so() {
    let digits = hex::encode(frame());
    let paste = format!("{{\"hex\":\"{digits}\"}}\n{{\"hex\":\"0x12\"}}\n");
    let error = outcome(None, paste.as_bytes(), &[]).error.unwrap();
    let place = Place {
        line: 1,
        column: digits.len() as u64 + 2,
    };
    let wrong = DumpError::Character {
        place,
        found: 'x',
        expected: "a hex digit",
    };
    let expected = DumpError::Inside {
        wrappings: vec![Wrapping::Literals],
        error: Box::new(wrong),
    };
    assert_eq!(error, expected);
    assert!(
        error
            .to_string()
            .ends_with("(counted in what is inside: it was taken out of quotes or brackets)")
    );
}

#[test]
fn prose_with_quotes_and_tags_is_unknown() {
    for text in [
        "He said \"hello\" and [1, 2, 3] and went <br> home: 1-0:1.8.0(1)\n",
        "{\"a\":\"/dev/ttyUSB0\\n\",\"b\":[219,8]}\n",
        "[219, 8, 83, 65, 71]\n",
        "12:00:01 /usr/bin/smarty\n12:00:02 /etc/passwd\n",
        "it's 5 o'clock, don't `go`\n",
    ] {
        let found = outcome(None, text.as_bytes(), &[]);
        assert!(
            matches!(found.error, Some(DumpError::Unknown { .. })),
            "{text}: {found:?}"
        );
    }
}
