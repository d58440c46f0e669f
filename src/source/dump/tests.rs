//! Laws that all forms share, and what the tests of the forms need.

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;

/// What an input came to, with the bytes of neighbouring pieces joined.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Outcome {
    pub form: Option<Form>,
    pub pieces: Vec<String>,
    pub bytes: Vec<u8>,
    pub notes: Vec<Note>,
    pub error: Option<DumpError>,
}

/// Decodes an input cut at the given lengths, in turn.
pub(super) fn outcome(form: Option<Form>, input: &[u8], cuts: &[usize]) -> Outcome {
    let mut undump = DumpDecoder::new(form);
    let mut outcome = Outcome::default();
    let mut out = |piece: Piece<'_>| match piece {
        Piece::Bytes(bytes) => outcome.bytes.extend_from_slice(bytes),
        Piece::Note(note) => outcome.notes.push(note),
        Piece::Quiet => outcome
            .pieces
            .push(format!("quiet at {}", outcome.bytes.len())),
        Piece::Lost => outcome
            .pieces
            .push(format!("lost at {}", outcome.bytes.len())),
        // What an archive says is looked at where it is used.
        Piece::Archived(_) | Piece::Object(_) => {}
        Piece::Record { time, label, kind } => {
            outcome.pieces.push(format!(
                "{time} {label:?} {kind} at {}",
                outcome.bytes.len()
            ));
        }
    };
    let mut result = Ok(());
    let (mut rest, mut cuts) = (input, cuts.iter().cycle());
    while !rest.is_empty() && result.is_ok() {
        let (part, behind) =
            rest.split_at((*cuts.next().unwrap_or(&usize::MAX)).clamp(1, rest.len()));
        result = undump.push(part, &mut out);
        rest = behind;
    }
    outcome.error = result.and_then(|()| undump.finish(&mut out)).err();
    outcome.form = undump.form();
    outcome
}

/// The bytes of an input, the same whether it is pushed at once or byte by byte.
pub(super) fn decoded(form: Form, input: &[u8]) -> Vec<u8> {
    let whole = outcome(Some(form), input, &[]);
    assert_eq!(whole, outcome(Some(form), input, &[1]));
    assert_eq!(whole.error, None, "{}", String::from_utf8_lossy(input));
    whole.bytes
}

/// The notes on an input.
pub(super) fn notes(form: Form, input: &[u8]) -> Vec<Note> {
    outcome(Some(form), input, &[7]).notes
}

/// What is wrong with an input.
pub(super) fn error(form: Form, input: &[u8]) -> DumpError {
    let whole = outcome(Some(form), input, &[]);
    assert_eq!(whole, outcome(Some(form), input, &[1]));
    whole.error.unwrap()
}

/// An encrypted frame of an invented meter; the rest of it is noise.
pub(super) fn frame() -> Vec<u8> {
    let mut frame = b"\xDB\x08MMM\x67\x70\x00\x00\x07\x82\x00\x41\x30\x00\x00\x01\x2C".to_vec();
    frame.extend((0..60u8).map(|index| index.wrapping_mul(151) ^ 0x5A));
    frame
}

/// Writes bytes in a form.
type Encoder = fn(&[u8]) -> String;

/// Each encoder with the form it writes.
pub(super) fn encoders() -> [(Form, Encoder); 7] {
    [
        (Form::Hex, encode_hex),
        (Form::Xxd, encode_xxd),
        (Form::Hexdump, encode_hexdump),
        (Form::Hexdump, encode_words),
        (Form::CArray, encode_carray),
        (Form::Base64, encode_base64),
        (Form::Log, |bytes| {
            let mut log = Vec::new();
            write_header(&mut log, Timestamp::UNIX_EPOCH);
            write_record(&mut log, Timestamp::UNIX_EPOCH, "house", "gcm", bytes);
            String::from_utf8(log).unwrap()
        }),
    ]
}

#[test]
fn names_of_forms_are_read_back() {
    for form in Form::ALL {
        assert_eq!(form.to_string().parse(), Ok(form));
    }
    assert_eq!(
        "auto".parse::<Form>().unwrap_err().to_string(),
        "\"auto\" is not a form of input"
    );
}

#[test]
fn bytes_as_they_are_are_borrowed() {
    let input = frame();
    let mut undump = DumpDecoder::new(Some(Form::Bin));
    let mut out = |piece: Piece<'_>| {
        assert!(matches!(piece, Piece::Bytes(bytes) if std::ptr::eq(bytes, input.as_slice())));
    };
    undump.push(&input, &mut out).unwrap();
}

#[test]
fn a_form_that_is_given_is_not_looked_for() {
    let outcome = outcome(Some(Form::Bin), b"\xEF\xBB\xBFDB08", &[]);
    assert_eq!(
        (outcome.bytes.as_slice(), outcome.notes.len()),
        (&b"\xEF\xBB\xBFDB08"[..], 0)
    );
}

#[test]
fn nothing_more_comes_after_an_error() {
    let mut undump = DumpDecoder::new(Some(Form::Hex));
    let mut bytes = Vec::new();
    let mut out = |piece: Piece<'_>| {
        if let Piece::Bytes(part) = piece {
            bytes.extend_from_slice(part);
        }
    };
    undump.push(b"DBx", &mut out).unwrap_err();
    assert_eq!(undump.push(b"08", &mut out), Ok(()));
    assert_eq!(undump.finish(&mut out), Ok(()));
    assert_eq!(bytes, b"\xDB");
}

#[test]
fn a_long_line_of_hex_streams() {
    let line = encode_hex(&frame().repeat(20_000)).replace('\n', "");
    let mut longest = 0;
    let mut undump = DumpDecoder::new(None);
    let mut out = |piece: Piece<'_>| {
        if let Piece::Bytes(bytes) = piece {
            longest = longest.max(bytes.len());
        }
    };
    undump.push(line.as_bytes(), &mut out).unwrap();
    undump.finish(&mut out).unwrap();
    assert_eq!((undump.form(), longest), (Some(Form::Hex), 32 << 10));
}

#[test]
fn pasted_marks_and_encodings_change_nothing() {
    let bytes = frame();
    for (form, encode) in encoders()
        .into_iter()
        .filter(|(form, _)| *form != Form::Log)
    {
        let text = encode(&bytes);
        let quoted = text
            .lines()
            .map(|line| format!("> {line}\r\n"))
            .collect::<String>();
        for pasted in [
            text.replace('\n', "\r\n"),
            format!("\n\n```text\n{text}```\n"),
            text.replace(' ', "\u{A0}"),
            quoted,
            format!("\u{FEFF}{text}"),
        ] {
            let found = outcome(None, pasted.as_bytes(), &[]);
            assert_eq!(
                (found.error, found.form, found.bytes),
                (None, Some(form), bytes.clone()),
                "{pasted}"
            );
            let pasted = pasted.trim_start_matches('\u{FEFF}');
            let wide: Vec<u8> = format!("\u{FEFF}{pasted}")
                .encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect();
            let found = outcome(None, &wide, &[5]);
            assert_eq!(
                (found.error, found.form, found.bytes),
                (None, Some(form), bytes.clone()),
                "{pasted}"
            );
        }
    }
}

#[test]
fn a_time_behind_the_line_that_decides_is_seen_or_not_wherever_the_input_is_cut() {
    let input = b"A0 aa 0a\nAA a0 aa\r\n2026-11-23T08:15:00Z a gcm 1 00\n";
    for cut in 1..input.len() {
        let (whole, parts) = (outcome(Some(Form::Text), input, &[]), [cut, input.len()]);
        assert_eq!(outcome(Some(Form::Text), input, &parts), whole, "{cut}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_encoded_is_decoded(
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(0), 0x20u8..0x7F], 0..300),
        repeat in 1usize..4,
        cuts in prop::collection::vec(1usize..80, 1..8),
    ) {
        let bytes = bytes.repeat(repeat);
        for (form, encode) in encoders() {
            let found = outcome(Some(form), encode(&bytes).as_bytes(), &cuts);
            prop_assert_eq!((found.error, found.bytes, found.notes), (None, bytes.clone(), vec![]));
        }
    }

    #[test]
    fn a_frame_is_found_in_every_form(
        noise in prop::collection::vec(any::<u8>(), 0..400),
        cuts in prop::collection::vec(1usize..200, 1..8),
    ) {
        let bytes = [frame(), noise].concat();
        for (form, encode) in encoders() {
            let found = outcome(None, encode(&bytes).as_bytes(), &cuts);
            prop_assert_eq!((found.error, found.form, found.bytes), (None, Some(form), bytes.clone()));
        }
    }

    #[test]
    fn cutting_an_input_changes_nothing(
        pieces in prop::collection::vec(prop_oneof![
            "[0-9A-F]{2}( [0-9a-f]{2}){0,20}\r?\n",
            "[ -~]{0,40}\n",
            "(00000000|00000010|0000000|0000010)[: ]( [0-9a-f]{2,4}){1,8}  ?[ -~]{0,8}\n",
            "/[A-Z]{3}5[a-z]{1,4}\r?\n\r?\n",
            "1-0:1\\.8\\.0\\([0-9]{3}\\)\r?\n\n?",
            "\\[12:34:5[0-9]\\] <<< (\"[ -~]{0,20}\"|[0-9,]{1,20})\n",
            "\\{\"k\":\"/ABC5(\\\\r\\\\n){2}1-0:1\\.8\\.0\\(1\\)\\\\r\\\\n!\"\\}\n|<br>|<pre>|&lt;|'|\\^M\n|\r\r\n",
            "([0-9]{1,3}[ ,]){1,20}\n|0000000( [0-7]{3}| {3}[a-z]){1,4}\n",
            "\\*\n|```\n|> |\u{A0}|\u{FEFF}|\\[12:34:56\\] |0x|\\\\x|\"|\\{",
            "2026-11-23T08:15:0[0-9]Z [a-z]{1,2} gcm [12] [0-9A-F]{2,4}\n",
        ], 0..12),
        rest in prop::collection::vec(any::<u8>(), 0..6),
        which in prop::option::of(0usize..11),
        cuts in prop::collection::vec(1usize..60, 1..8),
    ) {
        let input = [pieces.concat().into_bytes(), rest].concat();
        let form = which.and_then(|which| Form::ALL.get(which).copied());
        prop_assert_eq!(outcome(form, &input, &[]), outcome(form, &input, &cuts));
    }
}
