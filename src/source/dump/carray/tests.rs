//! Arrays and strings as programs and programmers write them.

use super::super::tests::{decoded, error};
use super::super::{DumpError, Form, Place};
use super::*;

#[test]
fn numbers_of_arrays_are_bytes() {
    for text in [
        "unsigned char f_0x12_bin[] = {\n  0xdb, 0x08, 0x53, 0x41\n};\nunsigned int f_0x12_bin_len = 4;\n",
        "{0xDB,0x8,0x53,0x41}",
        "0xDB 0x8 0x53 0x41",
        "0xDBu, 0x08U, 0x53, 0x41",
        "0xDB085341",
        "['0xdb', '0x8', '0x53', '0x41']",
        "\"0xDB, 0x8, 0x53, 0x41\"",
        "static const char pkt[] = { /* Packet 10 */\r\n0xdb, 0x08, // \"0\"\r\n0x53, 0x41 };",
        "> 0XDB,\n> 0X08,\n> 0X53,\n> 0X41",
    ] {
        assert_eq!(
            decoded(Form::CArray, text.as_bytes()),
            b"\xDB\x08SA",
            "{text}"
        );
    }
}

#[test]
fn escapes_of_strings_are_bytes() {
    for text in [
        r#""\xdb\x08\x53\x41""#,
        r"\xDB\x08\x53\x41",
        "\\xDB\\x08\r\n\\x53\\x41\r\n",
        "char s[] = \"\\xdb\\x08\" \\\n  \"SA\";\n",
        r"b'\xdb\x08SA'",
        "data: b'\\xdb\\x08'\nb'SA'",
        "'\\xdb\\x8S\\\nA'",
    ] {
        assert_eq!(
            decoded(Form::CArray, text.as_bytes()),
            b"\xDB\x08SA",
            "{text}"
        );
    }
    assert_eq!(
        decoded(Form::CArray, br"b'/Lux5\\1\r\n\r\n\x00\t\''"),
        b"/Lux5\\1\r\n\r\n\0\t'"
    );
}

#[test]
fn broken_numbers_are_refused_where_they_stand() {
    let wrong = |column, found| {
        let place = Place { line: 1, column };
        DumpError::Character {
            place,
            found,
            expected: "a hex digit",
        }
    };
    assert_eq!(error(Form::CArray, b"0xDB, 0xO8"), wrong(9, 'O'));
    assert_eq!(error(Form::CArray, b"0xDB, 0x0l"), wrong(10, 'l'));
    assert_eq!(error(Form::CArray, b"0xDB, 0x"), wrong(9, '\n'));
    assert_eq!(error(Form::CArray, br"'\xDB\xl8'"), wrong(8, 'l'));
    let place = Place { line: 1, column: 9 };
    assert_eq!(
        error(Form::CArray, b"0xDB, 0x085"),
        DumpError::OddRun { place, digits: 3 }
    );
}

#[test]
fn what_is_encoded_is_decoded() {
    let bytes: Vec<u8> = (0..=255).collect();
    assert_eq!(
        decoded(Form::CArray, encode_carray(&bytes).as_bytes()),
        bytes
    );
}
