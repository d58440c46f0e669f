//! Frames and telegrams as people paste them: a table of forms, each with an encrypted frame and a plain telegram.

mod table;
mod wrap;

use proptest::prelude::*;
use smarty::source::dump::{DumpDecoder, Note, Piece};
use table::{FORMS, Of};

/// What comes of a paste, cut at the given lengths in turn.
fn undump(paste: &[u8], cuts: &[usize]) -> Result<(Vec<u8>, Vec<Note>), String> {
    let (mut bytes, mut notes) = (Vec::new(), Vec::new());
    let mut undump = DumpDecoder::new(None);
    let mut out = |piece: Piece<'_>| match piece {
        Piece::Bytes(part) => bytes.extend_from_slice(part),
        Piece::Note(note) => notes.push(note),
        _ => {}
    };
    let mut result = Ok(());
    let (mut rest, mut cuts) = (paste, cuts.iter().cycle());
    while !rest.is_empty() && result.is_ok() {
        let cut = cuts.next().copied().unwrap_or(usize::MAX);
        let (part, behind) = rest.split_at(cut.clamp(1, rest.len()));
        result = undump.push(part, &mut out);
        rest = behind;
    }
    let result = result.and_then(|()| undump.finish(&mut out));
    result.map_err(|error| error.to_string())?;
    Ok((bytes, notes))
}

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/samples/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// What is wrong with what a form gives; the line ends around a telegram are not part of it.
fn wrong(of: Of, bytes: &[u8], paste: &str, cuts: &[usize]) -> Option<String> {
    let shown = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let begin: String = text.chars().take(1500).collect();
        begin.escape_debug().to_string()
    };
    match undump(paste.as_bytes(), cuts) {
        Ok((found, _)) if found == bytes => None,
        Ok((found, _)) if of != Of::Bytes && found.trim_ascii() == bytes.trim_ascii() => None,
        Ok((found, notes)) => Some(format!("{notes:?}\n{}", shown(&found))),
        Err(error) => Some(error),
    }
}

#[test]
fn each_form_gives_the_bytes_that_were_put_into_it() {
    let frame = sample("lu.bin");
    let telegram = sample("lu-plain.txt");
    let end = telegram.iter().position(|byte| *byte == b'!').unwrap() + 7;
    let telegram = &telegram[..end];
    let mut faults = String::new();
    for (name, of, write) in FORMS {
        let inputs = match of {
            Of::Telegrams => vec![telegram],
            _ => vec![&frame[..], telegram],
        };
        for bytes in inputs {
            for (count, bytes) in [(1, bytes.to_vec()), (2, bytes.repeat(2))] {
                let paste = write(&bytes);
                for cuts in [&[][..], &[61, 7, 230]] {
                    if let Some(wrong) = wrong(of, &bytes, &paste, cuts) {
                        let what = if bytes[0] == b'/' {
                            "telegram"
                        } else {
                            "frame"
                        };
                        let begin: String = paste.chars().take(300).collect();
                        faults += &format!("== {name}, {count} {what}:\n{begin}\n--> {wrong}\n\n");
                        break;
                    }
                }
            }
        }
    }
    assert!(faults.is_empty(), "{faults}");
}

#[test]
fn what_was_undone_is_said() {
    let telegram = sample("lu-plain.txt");
    for (name, words) in [
        ("JSON under a key", "taken out of quotes"),
        ("HTML with br", "HTML was undone"),
        ("syslog", "put before its lines"),
        ("caret M", "^M at line ends"),
        ("CR CR LF", "CR CR LF"),
    ] {
        let (_, _, write) = FORMS.iter().find(|(known, ..)| *known == name).unwrap();
        let (_, notes) = undump(write(&telegram).as_bytes(), &[]).unwrap();
        let said = notes.iter().any(|note| note.to_string().contains(words));
        assert!(said, "{name}: {notes:?}");
    }
}

fn telegrams() -> impl Strategy<Value = Vec<u8>> {
    let value = prop_oneof![
        3 => "[0-9]{1,6}\\.[0-9]{1,3}\\*kWh",
        1 => "[0-9A-F]{0,40}",
        1 => "[ -')-~]{0,30}",
        1 => "[a-zäöüéß\"'\\\\&<>]{0,12}",
    ];
    let code = "[01]-[0-4]:[0-9]{1,2}\\.[0-9]{1,2}\\.[0-9]{1,3}";
    let lines = prop::collection::vec((code, prop::collection::vec(value, 1..4)), 2..20);
    let header = "/[A-Z][a-z]{2}5[\\\\][0-9A-Za-z_ .\"'-]{2,16}";
    (header, lines, "[0-9A-F]{4}").prop_map(|(header, lines, crc)| {
        let mut text = format!("{}\r\n\r\n", header.trim_end());
        for (code, values) in lines {
            text += &code;
            for value in values {
                text += &format!("({})", value.replace(['(', ')'], "").trim());
            }
            text += "\r\n";
        }
        text += &format!("!{crc}\r\n");
        text.into_bytes()
    })
}

fn frames() -> impl Strategy<Value = Vec<u8>> {
    let noise = prop::collection::vec(any::<u8>(), 60..400);
    (prop::collection::vec(any::<u8>(), 3), noise).prop_map(|(number, noise)| {
        let mut frame = b"\xDB\x08SAG\x67\x70".to_vec();
        frame.extend(number);
        frame.push(0x82);
        frame.extend(u16::try_from(noise.len() + 5).unwrap().to_be_bytes());
        frame.extend(b"\x30\x00\x00\x01\x2C");
        frame.extend(noise);
        frame
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_frame_comes_back_from_any_form(
        frame in frames(),
        repeat in 1usize..3,
        which in any::<prop::sample::Index>(),
        cuts in prop::collection::vec(1usize..300, 1..6),
    ) {
        let forms: Vec<_> = FORMS.iter().filter(|(_, of, _)| *of != Of::Telegrams).collect();
        let (name, of, write) = forms[which.index(forms.len())];
        let bytes = frame.repeat(repeat);
        let wrong = wrong(*of, &bytes, &write(&bytes), &cuts);
        prop_assert!(wrong.is_none(), "{}: {}\n{}", name, wrong.unwrap(), write(&bytes));
    }

    #[test]
    fn any_telegram_comes_back_from_any_form(
        telegram in telegrams(),
        repeat in 1usize..3,
        which in any::<prop::sample::Index>(),
        cuts in prop::collection::vec(1usize..300, 1..6),
    ) {
        let (name, of, write) = FORMS[which.index(FORMS.len())];
        prop_assume!(of != Of::Latin || telegram.is_ascii());
        let quoted = telegram.iter().any(|byte| matches!(byte, b'"' | b'\'' | b'`'));
        prop_assume!(name != "escapes without quotes in a log" || !quoted);
        let bytes = telegram.repeat(repeat);
        let wrong = wrong(of, &bytes, &write(&bytes), &cuts);
        prop_assert!(wrong.is_none(), "{}: {}\n{}", name, wrong.unwrap(), write(&bytes));
    }

    #[test]
    fn any_prefix_before_rows_of_bytes_is_learnt(
        frame in frames(),
        prefix in wrap::prefixes(),
        width in 17usize..60,
        which in 0usize..6,
        other in any::<bool>(),
        cuts in prop::collection::vec(1usize..300, 1..6),
    ) {
        let row = |row: &[u8]| {
            let words = |separator: &str, write: fn(&u8) -> String| {
                row.iter().map(write).collect::<Vec<_>>().join(separator)
            };
            match which {
                0 => words(" ", |byte| format!("{byte:02X}")),
                1 => words("", |byte| format!("{byte:02x}")),
                2 => words(":", |byte| format!("{byte:02X}")),
                3 => words(" ", |byte| format!("{byte:X}")),
                4 => words(" ", u8::to_string),
                _ => words(",", u8::to_string),
            }
        };
        let rows: Vec<String> = frame.chunks(width).map(row).collect();
        let paste = wrap::log(rows.join("\n").as_bytes(), &prefix, None, other);
        let wrong = wrong(Of::Bytes, &frame, &paste, &cuts);
        prop_assert!(wrong.is_none(), "{}\n{}", wrong.unwrap(), paste);
    }

    #[test]
    fn any_prefix_of_a_log_is_learnt(
        telegram in telegrams(),
        prefix in wrap::prefixes(),
        cut in prop::option::of(20usize..60),
        other in any::<bool>(),
        cuts in prop::collection::vec(1usize..300, 1..6),
    ) {
        let paste = wrap::log(&telegram.repeat(2), &prefix, cut, other);
        let wrong = wrong(Of::Telegrams, &telegram.repeat(2), &paste, &cuts);
        prop_assert!(wrong.is_none(), "{}\n{}", wrong.unwrap(), paste);
    }
}
