//! Inputs as people have them, and what they are taken for.

use super::super::tests::{encoders, frame, outcome};
use super::super::{
    DumpDecoder, DumpError, Encoding, Form, Note, Piece, Place, encode_hex, encode_xxd,
};
use super::*;

fn form(input: &[u8]) -> Result<Form, DumpError> {
    let found = outcome(None, input, &[]);
    assert_eq!(found, outcome(None, input, &[1]));
    match found.error {
        Some(error) if found.form.is_none() => Err(error),
        _ => Ok(found.form.unwrap()),
    }
}

#[test]
fn an_empty_input_is_no_error() {
    let found = outcome(None, b"", &[]);
    assert_eq!(
        (found.form, found.error, found.bytes.len()),
        (Some(Form::Bin), None, 0)
    );
}

#[test]
fn bytes_that_are_no_text_are_taken_as_they_are() {
    assert_eq!(form(&frame()), Ok(Form::Bin));
    assert_eq!(form(b"\0\0\0\0\0\0"), Ok(Form::Bin));
    assert_eq!(form(b"\x5B\x08SAG\x67\x70\x01\x3D\x54"), Ok(Form::Bin));
    assert_eq!(
        form(&[b"/Lux5\r\n\r\n".as_slice(), &frame()].concat()),
        Ok(Form::Bin)
    );
}

#[test]
fn a_live_source_is_not_delayed() {
    let pieces = |input: &[u8]| {
        let mut bytes = 0;
        let mut undump = DumpDecoder::new(None);
        let mut out = |piece: Piece<'_>| {
            if let Piece::Bytes(part) = piece {
                bytes += part.len();
            }
        };
        undump.push(input, &mut out).unwrap();
        bytes
    };
    assert_eq!(pieces(&frame()), frame().len());
    let telegram = b"/Lux5\\1_M\r\n\r\n1-0:1.8.0(1*kWh)\r\n!8B52\r\n";
    assert_eq!(pieces(telegram), telegram.len());
    for (form, encode) in encoders() {
        // The last byte of words and the last group of a number wait for what follows.
        let missing = frame().len() - pieces(encode(&frame()).as_bytes());
        assert!(missing <= 1, "{form}: {missing}");
    }
}

#[test]
fn telegrams_as_text_are_text() {
    let text = "/Lux5\\1_M\n\n1-0:1.8.0(1*kWh)\n!8B52\n";
    for (input, returns) in [
        (text.to_owned(), 1),
        (text.replace('\n', "\r\n"), 0),
        (format!("Here it is:\n```\n{text}```"), 1),
    ] {
        let found = outcome(None, input.as_bytes(), &[]);
        assert_eq!(
            (found.form, found.error),
            (Some(Form::Text), None),
            "{input}"
        );
        assert_eq!(found.notes.len(), 1 + returns, "{input}");
    }
    assert_eq!(form(b"/ABC5\r\n\r\n!\r\n"), Ok(Form::Text));
    assert_eq!(
        form(b"1-0:1.8.0(1*kWh)\n1-0:2.8.0(1*kWh)\n"),
        Ok(Form::Text)
    );
}

#[test]
fn our_own_lines_are_ndjson() {
    let line = r#"{"schema":"smarty/1","type":"telegram","telegram":{"header":"/A5","crc":null},"readings":[]}"#;
    assert_eq!(form(line.as_bytes()), Ok(Form::Ndjson));
    assert_eq!(
        form(b"{\"schema\":\"smarty/1\",\"type\":\"link\"}\n"),
        Ok(Form::Ndjson)
    );
    assert_eq!(
        form(b"{0xDB, 0x08, 0x53, 0x41, 0x47, 1}").unwrap_err(),
        DumpError::Unknown {
            first: b"{0xDB, 0x08, 0x5".to_vec()
        }
    );
}

#[test]
fn log_lines_are_not_taken_for_hex() {
    let digits = encode_hex(&frame()).replace('\n', "");
    for line in [
        format!("12:34:56 {digits}"),
        format!("[12:34:56][D][dsmr:123]: {digits}"),
        format!("RX: {digits}\n"),
    ] {
        let found = outcome(None, line.as_bytes(), &[]);
        assert_eq!(
            (found.form, found.error, found.bytes),
            (Some(Form::Log), None, frame()),
            "{line}"
        );
    }
}

#[test]
fn damaged_bytes_are_taken_where_the_form_is_plain() {
    let damaged: Vec<u8> = frame().iter().map(|byte| byte & 0x7F).collect();
    for (form, encode) in encoders()
        .into_iter()
        .filter(|(form, _)| *form != Form::Base64)
    {
        assert_eq!(
            outcome(None, encode(&damaged).as_bytes(), &[]).form,
            Some(form)
        );
        assert_eq!(
            outcome(None, encode(&[0; 40]).as_bytes(), &[]).form,
            Some(form)
        );
    }
}

#[test]
fn a_mistake_is_named_though_no_start_stands_before_it() {
    let place = Place { line: 1, column: 3 };
    let wrong = DumpError::Character {
        place,
        found: 'O',
        expected: "a hex digit",
    };
    let text = encode_hex(&frame()).replacen("DB08", "DBO8", 1);
    assert_eq!(outcome(None, text.as_bytes(), &[]).error, Some(wrong));
    let place = Place {
        line: 1,
        column: 13,
    };
    let wrong = DumpError::Character {
        place,
        found: 'O',
        expected: "a hex digit",
    };
    let text = encode_xxd(&frame()).replacen("db08", "dbO8", 1);
    assert_eq!(outcome(None, text.as_bytes(), &[]).error, Some(wrong));
}

#[test]
fn a_mistake_in_hex_does_not_make_it_a_log() {
    let spaced = encode_hex(&frame())
        .as_bytes()
        .chunks(2)
        .map(|pair| String::from_utf8_lossy(pair).into_owned() + " ")
        .collect::<String>();
    let place = Place {
        line: 1,
        column: 43,
    };
    let wrong = DumpError::Character {
        place,
        found: 'O',
        expected: "a hex digit",
    };
    let text = spaced.replacen("30 00 00", "30 O0 00", 1);
    assert_eq!(outcome(None, text.as_bytes(), &[]).error, Some(wrong));
}

#[test]
fn prose_is_unknown() {
    for text in [
        "# smarty\n\nReads the P1 port of smart meters, e.g. `/dev/ttyUSB0`.\n\n- a bee fed a dad\n- 1200 baud, 0x08 and 0xDB\n/usr/bin/smarty\n![image](x)\n",
        "Hello world\n",
        "2024 was a good year\nAdded 0 things\n",
        "\n\n \n",
        "{\"a\": 1}\n",
    ] {
        let first = text.bytes().take(16).collect();
        assert_eq!(
            form(text.as_bytes()),
            Err(DumpError::Unknown { first }),
            "{text}"
        );
        let long = text.repeat(70_000 / text.len() + 1);
        assert!(form(long.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn packed_files_are_refused() {
    for (magic, what) in [
        (&b"\x1F\x8B\x08\0\0\0"[..], "a gzip file"),
        (b"PK\x03\x04\n", "a zip file"),
        (b"\n\r\r\n\x1C\0", "a pcapng file"),
    ] {
        assert!(matches!(form(magic), Err(DumpError::Packed { what: found, .. }) if found == what));
    }
}

#[test]
fn a_byte_order_mark_is_noted() {
    let found = outcome(
        None,
        format!("\u{FEFF}{}", encode_hex(&frame())).as_bytes(),
        &[3],
    );
    assert_eq!(
        found.notes,
        [Note::ByteOrderMark(Encoding::Utf8), Note::Form(Form::Hex)]
    );
}

#[test]
fn a_start_needs_all_its_parts() {
    let start = b"\xDB\x08MMM\x67\x70\0\0\x07";
    let with = |rest: &[u8]| holds_start(&[b"noise", &start[..], rest].concat());
    for good in [
        &b"\x11\x30"[..],
        b"\x81\x80\x20",
        b"\x82\x01\x00\x10",
        b"\x83\0\x01\0\x70",
        b"\x84\0\0\x01\0\xB0",
    ] {
        assert!(with(good), "{good:02X?}");
    }
    for bad in [
        &b"\x10\x30"[..],
        b"\x82\x01\x00\x32",
        b"\x82\x01\x00\x00",
        b"\x80\x30",
        b"\x85\x30",
        b"\x82\x01",
    ] {
        assert!(!with(bad), "{bad:02X?}");
    }
    assert!(holds_start(b"x/ABC\n") && !holds_start(b"/AB\r\n") && !holds_start(b"/ABC5"));
}
