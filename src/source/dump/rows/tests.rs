//! Rows as the tools of this world print them.

use super::super::tests::{decoded, error, frame, notes, outcome};
use super::super::{DumpError, Form, Note, Place};
use super::*;

const BYTES: &[u8] = b"\xDB\x08MMMgp\x00\x00\x07\x82\x01\xF40\x00\x00abcd";

#[test]
fn rows_of_xxd_and_its_kin_are_bytes() {
    for text in [
        "00000000: db08 4d4d 4d67 7000 0007 8201 f430 0000  ..MMMgp......0..\n00000010: 6162 6364                                abcd\n",
        "00000000: db 08 4d 4d 4d 67 70 00 00 07 82 01 f4 30 00 00  ..MMMgp......0..\n00000010: 61 62 63 64                                      abcd\n",
        "00000000: db084d4d4d677000 00078201f4300000  ..MMMgp......0..\n00000010: 61626364                           abcd\n",
        "00000000: DB08 4D4D 4D67 7000 0007 8201 F430 0000 ..MMMgp......0..\r\n00000010: 6162 6364 abcd\r\n",
        "00000000: db08 4d4d 4d67 7000 0007 8201 f430 0000\n00000010: 6162 6364\n",
        "00000000: db08 4d4d 4d67 7000 0007\t..MMMgp...\n0000000a: 8201 f430 0000 6162 6364\t...0..abcd\n",
        "\t0x0000:  db08 4d4d 4d67 7000 0007 8201 f430 0000  ..MMMgp......0..\n\t0x0010:  6162 6364                                abcd\n",
        "00000000: DB 08 4D 4D 4D 67 70 00  00 07 82 01 F4 30 00 00\n00000010: 61 62 63 64\n",
        "00000000: DB 08 4D 4D 4D 67 70 00  00 07 82 01 F4 30 00 00  |?\u{8}?|\n00000010: 61 62 63 64  |abcd|\n",
        "$ xxd -d dump.bin\n00000000: db08 4d4d 4d67 7000 0007 8201 f430 0000  ..MMMgp......0..\n00000016: 6162 6364  abcd\n$ \n",
        "db084d4d4d677000\n00078201f430000061626364\n",
    ] {
        assert_eq!(decoded(Form::Xxd, text.as_bytes()), BYTES, "{text}");
        assert_eq!(notes(Form::Xxd, text.as_bytes()), [], "{text}");
    }
}

#[test]
fn rows_of_hexdump_and_od_are_bytes() {
    for text in [
        "00000000  db 08 4d 4d 4d 67 70 00  00 07 82 01 f4 30 00 00  |..MMMgp......0..|\n00000010  61 62 63 64                                       |abcd|\n00000014\n",
        "0000000 08db 4d4d 674d 0070 0700 0182 30f4 0000\n0000010 6261 6463                              \n0000014\n",
        "0000000 08db 4d4d 674d 0070 0700 0182 30f4 0000\n0000020 6261 6463\n0000024\n",
        "0000000 db 08 4d 4d 4d 67 70 00 00 07 82 01 f4 30 00 00\n0000020 61 62 63 64\n0000024\n",
        "0000000 db 08 4d 4d 4d 67 70 00 00 07 82 01 f4 30 00 00  >..MMMgp......0..<\n0000020 61 62 63 64                                      >abcd<\n0000024\n",
        "000000 db 08 4d 4d 4d 67 70 00 00 07 82 01 f4 30 00 00\n000010 61 62 63 64\n000014\n",
        "0000000 db 08 4d 4d 4d 67 70 00 00 07 82 01 f4 30 00 00\n0000016 61 62 63 64\n0000020\n",
        "0000000 4d4d08db 0070674d 01820700 000030f4\n0000020 64636261\n0000024\n",
        "0000   db 08 4d 4d 4d 67 70 00 00 07 82 01 f4 30 00 00   ..MMMgp......0..\n0010   61 62 63 64                                       abcd\n",
        "    00000000  db 08 4d 4d 4d 67 70 00  00 07 82 01 f4 30 00 00   ..MMMgp. .....0..\n    00000010  61 62 63 64                                        abcd\n",
        "00000000 db 08 4d 4d 4d 67 70 00 00 07 82 01 f4 30 00 00 |..MMMgp......0..|\n00000010 61 62 63 64 |abcd|",
    ] {
        assert_eq!(decoded(Form::Hexdump, text.as_bytes()), BYTES, "{text}");
        assert_eq!(notes(Form::Hexdump, text.as_bytes()), [], "{text}");
    }
}

#[test]
fn characters_that_look_like_hex_are_no_data() {
    let bytes = b"dead beef cafe  0123 4567 89ab cdef0123deadbeef";
    for text in [encode_xxd(bytes), encode_xxd(bytes).replace("  ", " ")] {
        assert_eq!(decoded(Form::Xxd, text.as_bytes()), bytes, "{text}");
    }
    for text in [
        encode_hexdump(bytes),
        encode_hexdump(bytes).replace('|', "  "),
    ] {
        assert_eq!(decoded(Form::Hexdump, text.as_bytes()), bytes, "{text}");
    }
}

#[test]
fn words_that_spell_the_words_before_them_are_data() {
    // `hexdump` shows no characters, and 3333 is what four bytes of it look like in a column of such.
    for count in (2..=64).step_by(2) {
        let bytes = vec![b'3'; count];
        let text = encode_words(&bytes);
        assert_eq!(decoded(Form::Hexdump, text.as_bytes()), bytes, "{text}");
        assert_eq!(notes(Form::Hexdump, text.as_bytes()), [], "{text}");
    }
    let plain = "0000000 33 31 33 32 31 32\n0000006\n";
    assert_eq!(decoded(Form::Hexdump, plain.as_bytes()), b"313212");
    let shown = "0000   33 31 33 32   31 32\n";
    assert_eq!(decoded(Form::Hexdump, shown.as_bytes()), b"3132");
}

#[test]
fn a_star_repeats_the_row_above() {
    let zeros = "0000000 0000 0000 0000 0000 0000 0000 0000 0000\n*\n";
    assert_eq!(
        decoded(
            Form::Hexdump,
            format!("{zeros}0000030 4241\n0000032\n").as_bytes()
        ),
        [&[0; 48][..], b"AB"].concat()
    );
    assert_eq!(
        decoded(Form::Hexdump, format!("{zeros}0000040\n").as_bytes()),
        [0; 64]
    );
    let long = decoded(Form::Xxd, b"00000000: 414243\n*\n00003003: 44\n");
    assert_eq!(long, [b"ABC".repeat(0x1001), b"D".to_vec()].concat());
    let place = Place { line: 3, column: 1 };
    let expected = DumpError::Offset {
        place,
        expected: 16,
        found: 0x2A,
    };
    assert_eq!(
        error(Form::Hexdump, format!("{zeros}000002a\n").as_bytes()),
        expected
    );
    assert!(matches!(
        error(Form::Hexdump, format!("{zeros}fffff0000\n").as_bytes()),
        DumpError::Offset { .. }
    ));
}

#[test]
fn the_last_byte_of_an_odd_dump_of_words_is_no_filler() {
    assert_eq!(
        decoded(Form::Hexdump, b"0000000 08db 0017\n0000003\n"),
        b"\xDB\x08\x17"
    );
    assert_eq!(
        decoded(Form::Hexdump, b"0000000 08db 0017\n0000004\n"),
        b"\xDB\x08\x17\0"
    );
    assert_eq!(
        decoded(Form::Hexdump, b"0000000 08db 0017"),
        b"\xDB\x08\x17\0"
    );
    assert_eq!(
        decoded(Form::Hexdump, b"0000000 014d08db 00000017\n0000005\n"),
        b"\xDB\x08\x4D\x01\x17"
    );
}

#[test]
fn missing_rows_are_noted_and_keep_what_is_around_them_apart() {
    let text = encode_xxd(&frame());
    let cut: String = text
        .lines()
        .enumerate()
        .filter(|(index, _)| *index != 2)
        .map(|(_, line)| format!("{line}\n"))
        .collect();
    let found = outcome(Some(Form::Xxd), cut.as_bytes(), &[]);
    let place = Place { line: 3, column: 1 };
    assert_eq!(
        found.notes,
        [Note::Gap {
            place,
            expected: 0x20,
            found: 0x30
        }]
    );
    assert_eq!(
        (found.error, found.pieces),
        (None, vec!["quiet at 32".to_owned()])
    );
}

#[test]
fn an_excerpt_is_noted_and_a_second_dump_begins_anew() {
    let found = outcome(Some(Form::Xxd), b"00000040: 4142\n00000000: 4344\n", &[]);
    assert_eq!(
        (found.notes, found.bytes),
        (vec![Note::StartsAt { offset: 0x40 }], b"ABCD".to_vec())
    );
    assert_eq!(found.pieces, ["quiet at 2"]);
}

#[test]
fn a_wrong_offset_is_refused() {
    let place = Place { line: 2, column: 1 };
    let expected = DumpError::Offset {
        place,
        expected: 4,
        found: 2,
    };
    assert_eq!(
        error(Form::Xxd, b"00000000: 4142 4344\n00000002: 4344\n"),
        expected
    );
}

#[test]
fn a_wrong_letter_is_refused_where_it_stands() {
    let wrong = |column, found| {
        let place = Place { line: 2, column };
        DumpError::Character {
            place,
            found,
            expected: "a hex digit",
        }
    };
    let dump = |row: &str| {
        format!("00000000: db08 4d4d 4d67 7000 0007 8201 f430 0000  ..MMMgp......0..\n{row}\n")
    };
    let row = "00000010: 6162 63O4 6162 6364 6162 6364 6162 6364  abcdabcdabcdabcd";
    assert_eq!(error(Form::Xxd, dump(row).as_bytes()), wrong(18, 'O'));
    let place = Place {
        line: 2,
        column: 16,
    };
    let row = "00000010: 6162 634 6162 6364 6162 6364 6162 6364  abcdabcdabcdabcd";
    assert_eq!(
        error(Form::Xxd, dump(row).as_bytes()),
        DumpError::OddRun { place, digits: 3 }
    );
    let place = Place { line: 2, column: 7 };
    let expected = DumpError::Character {
        place,
        found: 'O',
        expected: "a colon behind the offset",
    };
    assert_eq!(
        error(Form::Xxd, dump("000000O0: 6162").as_bytes()),
        expected
    );
    let row = "00000010  6l 62 63 64 65 66 67 68  61 62 63 64 65 66 67 68  |abcdefghabcdefgh|";
    let dump = "00000000  db 08 4d 4d 4d 67 70 00  00 07 82 01 f4 30 00 00  |..MMMgp......0..|\n";
    assert_eq!(
        error(Form::Hexdump, format!("{dump}{row}\n").as_bytes()),
        wrong(12, 'l')
    );
    let row = "00000010  61 62 63 64 65 66 67 68  6l 62 63 64 65 66 67 68  |abcdefghabcdefgh|";
    assert_eq!(
        error(Form::Hexdump, format!("{dump}{row}\n").as_bytes()),
        wrong(37, 'l')
    );
}
