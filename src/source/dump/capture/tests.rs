//! Logs whole, cut and appended to.

use proptest::prelude::*;

use super::super::tests::{decoded, error, outcome};
use super::super::{DumpError, Form, Note, Place};
use super::*;

const HEADER: &str = "# smarty-log 1  started=2026-11-23T08:15:01.002Z\n";

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn records_are_written_as_they_are_specified() {
    let mut log = Vec::new();
    write_header(&mut log, time("2026-11-23T08:15:01.002Z"));
    write_record(
        &mut log,
        time("2026-11-23T08:15:04.123456789Z"),
        "house",
        "gcm",
        b"\xDB\x08S",
    );
    write_record(&mut log, time("2026-11-23T08:15:04Z"), "", "my meter", b"");
    write_remark(&mut log, time("2026-11-23T08:15:22Z"), "my house", "lost");
    let expected = "2026-11-23T08:15:04.123456Z house gcm 3 DB0853\n# 2026-11-23T08:15:22.000000Z my_house lost\n";
    assert_eq!(
        String::from_utf8(log).unwrap(),
        format!("{HEADER}{expected}")
    );
}

#[test]
fn records_stand_before_their_bytes_and_silences_between_them() {
    let log = format!(
        "{HEADER}2026-11-23T08:15:04.000Z - part 1 DB\n\
         2026-11-23T08:15:06.000Z - part 1 08\n\
         2026-11-23T08:15:06.300Z barn p1 1 2F\n\
         2026-11-23T08:15:08.001Z - gcm 1 DB\n\
         # 2026-11-23T08:15:08.002Z - lost\n\
         # 2026-11-23T08:15:08.003Z barn lost\n\
         2026-11-23T08:15:08.004Z barn p1 1 2F\n"
    );
    let found = outcome(None, log.as_bytes(), &[11]);
    assert_eq!(found.error, None);
    assert_eq!(found.bytes, b"\xDB\x08/\xDB/");
    assert_eq!(
        found.pieces,
        [
            "2026-11-23T08:15:04Z \"\" part at 0",
            "2026-11-23T08:15:06Z \"\" part at 1",
            "2026-11-23T08:15:06.3Z \"barn\" p1 at 2",
            "2026-11-23T08:15:08.001Z \"\" gcm at 3",
            "quiet at 3",
            "lost at 4",
            "2026-11-23T08:15:08.004Z \"barn\" p1 at 4",
            "lost at 4",
        ]
    );
}

#[test]
fn a_log_cut_anywhere_loses_no_whole_record() {
    let log = format!(
        "{HEADER}2026-11-23T08:15:04Z a gcm 3 DB0853\n2026-11-23T08:15:04.1Z a gcm 2 4147\n"
    );
    let first = log.find("DB0853").unwrap() + 6;
    for cut in first..log.len() {
        let part = log.get(..cut).unwrap();
        let found = outcome(Some(Form::Log), part.as_bytes(), &[]);
        assert_eq!(found.error, None, "{part}");
        let whole = cut + 1 >= log.len();
        assert_eq!(
            found.bytes,
            if whole {
                b"\xDB\x08SAG".to_vec()
            } else {
                b"\xDB\x08S".to_vec()
            },
            "{part}"
        );
        let noted = !whole && cut > first + 1;
        assert_eq!(
            found.notes,
            Vec::from_iter(noted.then_some(Note::LastLineCut { line: 3 })),
            "{part}"
        );
    }
    let tail = outcome(None, log.get(first - 4..).unwrap().as_bytes(), &[]);
    assert_eq!(
        (tail.form, tail.error),
        (
            None,
            Some(DumpError::Unknown {
                first: b"0853\n2026-11-23T".to_vec()
            })
        )
    );
}

#[test]
fn a_torn_line_is_left_out_where_a_good_one_follows() {
    let good = "2026-11-23T08:15:05Z a gcm 2 DB08\n";
    for torn in [
        "2026-11-23T08:15:04Z a gcm 3 DB08\n",
        "2026-11-23T08:1\n",
        "2026-11-23T08:15:04Z a gcm 3 DB",
        "\0\0\0\n",
    ] {
        let log = format!("{HEADER}{torn}{HEADER}{good}");
        let found = outcome(None, log.as_bytes(), &[]);
        assert_eq!(
            (found.error, found.bytes),
            (None, b"\xDB\x08".to_vec()),
            "{torn}"
        );
        assert_eq!(
            found.notes,
            [Note::Form(Form::Log), Note::TornLine { line: 2 }],
            "{torn}"
        );
    }
}

#[test]
fn lines_that_do_not_fit_are_refused() {
    let bad = "2026-11-23T08:15:04Z a gcm 3 DB08\n";
    let expected = DumpError::RecordLength {
        line: 2,
        said: 3,
        held: 4,
    };
    assert_eq!(
        error(Form::Log, format!("{HEADER}{bad}{bad}").as_bytes()),
        expected
    );
    let place = Place {
        line: 2,
        column: 31,
    };
    let expected = DumpError::Character {
        place,
        found: 'O',
        expected: "a hex digit",
    };
    assert_eq!(
        error(
            Form::Log,
            format!("{HEADER}2026-11-23T08:15:04Z a gcm 2 DO08\n").as_bytes()
        ),
        expected
    );
    let expected = DumpError::LogVersion {
        line: 1,
        version: "2".to_owned(),
    };
    assert_eq!(error(Form::Log, b"# smarty-log 2\n"), expected);
}

#[test]
fn bytes_of_many_lines_are_split_and_come_back() {
    let bytes = vec![0x5A; LONGEST_RECORD * 2 + 1];
    let mut log = Vec::new();
    write_record(&mut log, Timestamp::UNIX_EPOCH, "a", "junk", &bytes);
    assert_eq!(decoded(Form::Log, &log), bytes);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_is_read(
        records in prop::collection::vec((0i64..2_000_000_000_000_000, "[a-zß0-9.:/]{0,6}", "gcm|p1", prop::collection::vec(any::<u8>(), 1..40)), 0..6),
        cuts in prop::collection::vec(1usize..90, 1..5),
    ) {
        let mut log = Vec::new();
        write_header(&mut log, Timestamp::UNIX_EPOCH);
        let (mut pieces, mut bytes) = (Vec::new(), Vec::new());
        for (micros, label, kind, data) in &records {
            let time = Timestamp::from_microsecond(*micros).unwrap();
            write_record(&mut log, time, label, kind, data);
            pieces.push(format!("{time} {label:?} {kind} at {}", bytes.len()));
            bytes.extend_from_slice(data);
        }
        let found = outcome(Some(Form::Log), &log, &cuts);
        let records: Vec<String> = found.pieces.into_iter().filter(|piece| !piece.starts_with("quiet")).collect();
        prop_assert_eq!((found.error, found.bytes, records), (None, bytes, pieces));
    }
}
