use std::sync::Arc;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};

use super::*;
use crate::p1::decoder::{Decoder, Policy};
use crate::p1::event::Event;
use crate::p1::span::Span;
use crate::p1::telegram;
use crate::p1::value::Zone;
use crate::sink::context::Source;

/// The file of telegrams of one line each, as a reader sees it.
fn read(lines: &[&[(&str, &[&str])]]) -> Vec<Row> {
    let mut file = Vec::new();
    let mut parquet = Parquet::new(None).unwrap();
    let policy = Policy {
        ignore_crc: true,
        ..Policy::default()
    };
    let mut decoder = Decoder::new(Arc::default(), policy, Zone::luxembourg());
    for lines in lines {
        let lines = lines
            .iter()
            .map(|(code, groups)| (*code, groups.iter().copied()));
        decoder.push(&telegram::format("/Lux5\\1", lines, true), |event| {
            if let Event::Telegram(decoded) = event {
                parquet.telegram(&Context::default(), decoded);
            }
        });
        parquet.encode(&mut file).unwrap();
    }
    parquet.finish(&mut file).unwrap();
    rows(file)
}

fn rows(file: Vec<u8>) -> Vec<Row> {
    let reader = SerializedFileReader::new(bytes(file)).unwrap();
    let rows = reader.get_row_iter(None).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

/// The crate reads from files and from what its byte arrays are made of.
fn bytes(file: Vec<u8>) -> std::fs::File {
    use std::io::{Seek, Write};
    let folder = crate::source::testing::Folder::new();
    let path = folder.path("x.parquet");
    let mut open = std::fs::File::options()
        .create_new(true)
        .read(true)
        .write(true)
        .open(path)
        .unwrap();
    open.write_all(&file).unwrap();
    open.rewind().unwrap();
    open
}

fn column(row: &Row, name: &str) -> Option<String> {
    let (_, field) = row.get_column_iter().find(|(column, _)| *column == name)?;
    match field {
        Field::Null => None,
        Field::Decimal(decimal) => {
            let digits = i64::from_be_bytes(decimal.data().try_into().unwrap());
            Some(Decimal::new(digits, columns::SCALE).to_string())
        }
        field => Some(field.to_string().trim_matches('"').to_owned()),
    }
}

fn other(row: &Row) -> Vec<(String, String)> {
    let Some((_, Field::MapInternal(map))) = row.get_column_iter().last() else {
        return Vec::new();
    };
    let text = |field: &Field| field.to_string().trim_matches('"').to_owned();
    let entries = map.entries().iter();
    entries
        .map(|(key, value)| (text(key), text(value)))
        .collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    expected.iter().map(owned).collect()
}

#[test]
fn a_number_that_its_column_does_not_hold_exactly_stands_in_the_map_as_sent() {
    let rows = read(&[
        &[
            ("1-0:1.8.0", &["000025.653*kWh"]),
            ("1-0:2.8.0", &["-1*Wh"]),
        ],
        &[
            ("1-0:1.8.0", &["0.1234567*kWh"]),
            ("1-0:2.8.0", &["999999999999.999999*kWh"]),
        ],
        &[
            ("1-0:1.8.0", &["1000000000000*kWh"]),
            ("1-0:2.8.0", &["000.040*MWh"]),
        ],
        &[("1-0:1.8.0", &["99999999999999999999999*kWh"])],
    ]);
    let both = |row: &Row| {
        let column = |name| column(row, name);
        (
            column("active_energy_import_kwh"),
            column("active_energy_export_kwh"),
        )
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(both(&rows[0]), (some("25.653000"), some("-0.001000")));
    assert_eq!(other(&rows[0]), []);
    assert_eq!(both(&rows[1]), (None, some("999999999999.999999")));
    assert_eq!(other(&rows[1]), pairs(&[("1-0:1.8.0", "0.1234567 kWh")]));
    assert_eq!(both(&rows[2]), (None, some("40.000000")));
    assert_eq!(
        other(&rows[2]),
        pairs(&[("1-0:1.8.0", "1000000000000 kWh")])
    );
    assert_eq!(
        other(&rows[3]),
        pairs(&[("1-0:1.8.0", "99999999999999999999999 kWh")])
    );
}

#[test]
fn what_has_no_column_is_in_the_map_once_under_each_code() {
    let rows = read(&[&[
        ("0-0:1.0.0", &["632525252525S"]),
        ("1-0:1.8.0", &["1*kWh"]),
        ("1-0:1.8.0", &["2*kWh"]),
        ("1-0:99.99.9", &["(7)", ""]),
        ("0-0:96.13.0", &[""]),
        ("1-1:31.4.0", &["100*A", "-063*A"]),
        ("0-1:24.1.0", &["003"]),
        ("0-1:96.1.0", &["534D47"]),
        ("0-1:24.2.1", &["200706103140S", "00000.006*m3"]),
    ]]);
    assert_eq!(column(&rows[0], "measured_at"), None);
    assert_eq!(column(&rows[0], "gas_m3").as_deref(), Some("0.006000"));
    assert_eq!(
        other(&rows[0]),
        pairs(&[
            ("0-0:1.0.0", "632525252525S"),
            ("1-0:1.8.0#2", "2 kWh"),
            ("1-0:99.99.9", "7"),
            ("1-1:31.4.0", "100 A -63 A"),
            ("0-1:24.1.0", "3"),
            ("0-1:96.1.0", "SMG"),
            ("0-1:24.2.1", "2020-07-06T10:31:40+02:00 0.006 m3"),
        ])
    );
}

#[test]
fn a_file_of_several_row_groups_has_all_rows() {
    let mut file = Vec::new();
    let mut parquet = Parquet::new(Fields::parse("1-0:99.99.9").ok()).unwrap();
    let context = Context {
        source: Source {
            label: Some("tank"),
            ..Source::default()
        },
        ..Context::default()
    };
    let reading = Level {
        span: Span::new(0, 5),
        centimetres: 0,
        received_at: None,
    };
    for number in 0..ROWS {
        let level = Level {
            centimetres: (number % 1000) as u16,
            ..reading
        };
        parquet.level(&context, &level);
        if number % 100 == 0 {
            parquet.encode(&mut file).unwrap();
        }
    }
    parquet.finish(&mut file).unwrap();
    let reader = SerializedFileReader::new(bytes(file)).unwrap();
    assert_eq!(reader.metadata().file_metadata().num_rows(), ROWS);
    assert_eq!(reader.num_row_groups(), 2);
    let group = reader.get_row_group(1).unwrap();
    let first = ROWS - group.metadata().num_rows();
    for (number, row) in (first..).zip(group.get_row_iter(None).unwrap().take(50)) {
        let row = row.unwrap();
        let level = format!("{}.000000", number % 1000);
        assert_eq!(column(&row, "level_cm"), Some(level));
        assert_eq!(column(&row, "label").as_deref(), Some("tank"));
    }
}

/// More than one row group holds.
const ROWS: i64 = 70_000;
