use std::sync::Arc;

use arrow_array::{
    Array, BooleanArray, Decimal128Array, Int64Array, MapArray, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow_ipc::reader::StreamReader;
use bytes::Bytes;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};

use super::*;
use crate::observe::context::Source;
use crate::p1::decoder::{Decoder, Policy};
use crate::p1::event::Event;
use crate::p1::span::Span;
use crate::p1::telegram;
use crate::p1::value::Zone;

/// Encodes rows as two threads do: others can come meanwhile.
fn encode(columnar: &mut Columnar, file: &mut Vec<u8>) {
    if let Some(encoding) = columnar.encoding() {
        assert!(columnar.encoding().is_none());
        columnar.encoded(encoding.run(), file).unwrap();
    }
}

/// The file of telegrams of some lines each, as a reader sees it.
fn read(telegrams: &[&[(&str, &[&str])]]) -> Vec<Row> {
    rows(file(telegrams))
}

fn file(telegrams: &[&[(&str, &[&str])]]) -> Vec<u8> {
    table(Container::Parquet, telegrams)
}

fn table(container: Container, telegrams: &[&[(&str, &[&str])]]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut parquet = Columnar::new(container, None, Extent::Nothing).unwrap();
    let policy = Policy {
        ignore_crc: true,
        ..Policy::default()
    };
    let mut decoder = Decoder::new(Arc::default(), policy, Zone::luxembourg());
    for lines in telegrams {
        let lines = lines
            .iter()
            .map(|(code, groups)| (*code, groups.iter().copied()));
        decoder.push(&telegram::format("/Lux5\\1", lines, true), |event| {
            if let Event::Telegram(decoded) = event {
                parquet.telegram(&Context::default(), decoded);
            }
        });
        encode(&mut parquet, &mut file);
    }
    parquet.finish(&mut file).unwrap();
    file
}

fn rows(file: Vec<u8>) -> Vec<Row> {
    let reader = SerializedFileReader::new(Bytes::from(file)).unwrap();
    let rows = reader.get_row_iter(None).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
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
fn a_clock_in_two_lines_is_the_time() {
    let rows = read(&[
        &[("1-0:0.9.1", &["101500"]), ("1-0:0.9.2", &["240515"])],
        &[("1-0:0.9.1", &["101500"]), ("1-0:0.9.2", &["241315"])],
    ]);
    let time = |row: &Row| match row
        .get_column_iter()
        .find(|(name, _)| *name == "measured_at")
    {
        Some((_, Field::TimestampMicros(at))) => Some(*at),
        _ => None,
    };
    let at: jiff::Timestamp = "2024-05-15T08:15:00Z".parse().unwrap();
    assert_eq!(time(&rows[0]), Some(at.as_microsecond()));
    assert_eq!(time(&rows[1]), None);
    assert_eq!(column(&rows[1], "local_date").as_deref(), Some("241315"));
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
fn what_is_computed_has_columns_of_its_own() {
    let all = Columns::new(None, Extent::WithReference);
    let names: Vec<_> = all.iter().map(|(name, _)| name.to_owned()).collect();
    for quantity in Extent::WithReference.quantities() {
        let place = all.place(quantity.key).unwrap();
        assert_eq!(names[place], quantity.key, "a value has the same name");
    }
    let values = [
        ("net_power_kw", Decimal::new(1, 7)),
        ("quarter_left_kwh", Decimal::new(-15, 1)),
        ("excess_day_kwh", Decimal::new(i64::MAX, 0)),
        ("unsure_quarters_month", Decimal::new(3, 0)),
    ];
    let derived = values.map(|(key, value)| Derived { key, value });
    let context = Context {
        derived: &derived,
        ..Context::default()
    };
    let mut file = Vec::new();
    let mut parquet = Columnar::new(Container::Parquet, None, Extent::WithReference).unwrap();
    let mut decoder = Decoder::new(Arc::default(), Policy::default(), Zone::luxembourg());
    let lines = [("1-0:1.7.0", ["1*kW"].into_iter())];
    decoder.push(&telegram::format("/Lux5\\1", lines, true), |event| {
        if let Event::Telegram(decoded) = event {
            parquet.telegram(&context, decoded);
        }
    });
    parquet.finish(&mut file).unwrap();
    let row = &rows(file)[0];
    assert_eq!(column(row, "net_power_kw"), None);
    assert_eq!(
        column(row, "quarter_left_kwh").as_deref(),
        Some("-1.500000")
    );
    assert_eq!(column(row, "unsure_quarters_month").as_deref(), Some("3"));
    let kept = [
        ("net_power_kw", "0.0000001"),
        ("excess_day_kwh", "9223372036854775807"),
    ];
    assert_eq!(other(row), pairs(&kept));
    assert_eq!(column(row, "header").as_deref(), Some("/Lux5\\1"));
}

#[test]
fn what_comes_and_goes_stands_in_its_row() {
    // Of three shapes in turns, and none of one for long; numbers with ever other digits behind the point.
    let told: Vec<[String; 5]> = (0..3000)
        .map(|row: usize| {
            [
                format!("{}.{:0width$}*kWh", row / 7, row % 10, width = row % 6 + 1),
                format!("{}*V", 200 + row / 100),
                format!("message {}", row / 50),
                format!("\u{1}\t\u{7f}é{}", row % 3),
                format!("{row}"),
            ]
        })
        .collect();
    let groups: Vec<[[&str; 1]; 5]> = told
        .iter()
        .map(|row| row.each_ref().map(|t| [&**t]))
        .collect();
    let lines: Vec<Vec<(&str, &[&str])>> = (0..)
        .zip(&groups)
        .map(|(row, [energy, voltage, message, odd, number])| {
            let all: [(&str, &[&str]); 5] = [
                ("1-0:1.8.0", energy),
                ("1-0:32.7.0", voltage),
                ("0-0:96.13.0", message),
                ("1-0:99.99.8", odd),
                ("1-0:99.99.9", number),
            ];
            let mut lines = all.to_vec();
            match row % 3 {
                0 => drop(lines.drain(1..4)),
                1 => drop(lines.drain(..1)),
                _ if row > 1500 => lines.truncate(2),
                _ => {}
            }
            lines
        })
        .collect();
    let telegrams: Vec<_> = lines.iter().map(Vec::as_slice).collect();
    let rows = read(&telegrams);
    assert_eq!(rows.len(), 3000);
    for (number, row) in rows.iter().enumerate() {
        let [energy, voltage, message, odd, last] = &told[number];
        let there = |code| lines[number].iter().any(|(line, _)| *line == code);
        let as_column = |value: &str| {
            let (value, _) = value.split_once('*').unwrap();
            let decimal: Decimal = value.parse().unwrap();
            decimal.rescale(columns::SCALE).map(|d| d.to_string())
        };
        let energy = as_column(energy).filter(|_| there("1-0:1.8.0"));
        assert_eq!(column(row, "active_energy_import_kwh"), energy, "{number}");
        let voltage = as_column(voltage).filter(|_| there("1-0:32.7.0"));
        assert_eq!(column(row, "voltage_l1_v"), voltage, "{number}");
        let message = Some(message.clone()).filter(|_| there("0-0:96.13.0"));
        assert_eq!(column(row, "text_message"), message, "{number}");
        let all = [("1-0:99.99.8", &**odd), ("1-0:99.99.9", last)];
        let expected: Vec<_> = all.into_iter().filter(|(code, _)| there(code)).collect();
        assert_eq!(other(row), pairs(&expected), "{number}");
    }
}

#[test]
fn texts_that_never_come_again_do_not_pile_up() {
    let texts: Vec<String> = (1..=16_000u64)
        .map(|row| {
            let word = |part: u64| row.wrapping_mul(part).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            (1..40)
                .map(|part| format!("x{:016X}", word(part)))
                .collect()
        })
        .collect();
    let groups: Vec<[&str; 1]> = texts.iter().map(|text| [&**text]).collect();
    let lines: Vec<[(&str, &[&str]); 1]> = groups
        .iter()
        .map(|group| [("1-0:99.99.9", &group[..])])
        .collect();
    let telegrams: Vec<_> = lines.iter().map(<[_; 1]>::as_slice).collect();
    let reader = SerializedFileReader::new(Bytes::from(file(&telegrams))).unwrap();
    assert!(reader.num_row_groups() > 1);
    let mut first = 0;
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group).unwrap();
        let size = group.metadata().compressed_size();
        assert!(size < 14 << 20, "{size}");
        let rows = group.get_row_iter(None).unwrap();
        for (row, text) in rows.zip(&texts[first..]).take(50) {
            assert_eq!(other(&row.unwrap()), pairs(&[("1-0:99.99.9", text)]));
        }
        first += group.metadata().num_rows() as usize;
    }
    assert_eq!(first, texts.len());
}

#[test]
fn a_file_of_several_row_groups_has_all_rows() {
    let mut file = Vec::new();
    let mut parquet = Columnar::new(
        Container::Parquet,
        Fields::parse("1-0:99.99.9").ok(),
        Extent::Nothing,
    )
    .unwrap();
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
            encode(&mut parquet, &mut file);
        }
    }
    parquet.finish(&mut file).unwrap();
    let reader = SerializedFileReader::new(Bytes::from(file)).unwrap();
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
const ROWS: i64 = 140_000;

/// Cells of a batch of Arrow as text; what is null is left out.
fn cells(batch: &RecordBatch, row: usize) -> Vec<(String, String)> {
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(batch.columns());
    let known = columns.filter(|(_, column)| column.is_valid(row));
    known
        .map(|(field, column)| {
            let any = column.as_any();
            let value = if let Some(column) = any.downcast_ref::<Decimal128Array>() {
                column.value_as_string(row)
            } else if let Some(column) = any.downcast_ref::<StringArray>() {
                column.value(row).to_owned()
            } else if let Some(column) = any.downcast_ref::<Int64Array>() {
                column.value(row).to_string()
            } else if let Some(column) = any.downcast_ref::<BooleanArray>() {
                column.value(row).to_string()
            } else if let Some(column) = any.downcast_ref::<TimestampMicrosecondArray>() {
                column.value(row).to_string()
            } else {
                let map = any.downcast_ref::<MapArray>().unwrap().value(row);
                let text = |at: usize| {
                    map.column(at)
                        .as_any()
                        .downcast_ref::<StringArray>()
                        .unwrap()
                        .clone()
                };
                let (keys, values) = (text(0), text(1));
                let pairs = keys.iter().zip(values.iter());
                pairs
                    .map(|(key, value)| format!("{}={};", key.unwrap(), value.unwrap()))
                    .collect()
            };
            (field.name().clone(), value)
        })
        .collect()
}

#[test]
fn a_stream_of_arrow_has_the_rows_of_the_file_of_parquet() {
    let telegrams: [&[(&str, &[&str])]; 4] = [
        &[
            ("0-0:1.0.0", &["260101000010W"]),
            ("1-0:1.8.0", &["000025.653*kWh"]),
            ("9-9:9.9.9", &["what"]),
        ],
        &[
            ("1-0:1.8.0", &["0.1234567*kWh"]),
            ("0-0:96.14.0", &["0002"]),
        ],
        &[("1-0:32.7.0", &["233.0*V"])],
        &[
            ("0-0:1.0.0", &["260101000040W"]),
            ("9-9:9.9.9", &["a"]),
            ("9-9:9.9.9", &["b"]),
        ],
    ];
    let stream = table(Container::Arrow, &telegrams);
    let mut reader = StreamReader::try_new(stream.as_slice(), None).unwrap();
    let batch = reader.next().unwrap().unwrap();
    assert!(reader.next().is_none());
    let of_parquet = read(&telegrams);
    assert_eq!(batch.num_rows(), of_parquet.len());
    let names: Vec<String> = batch
        .schema()
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .collect();
    let of_file = of_parquet[0]
        .get_column_iter()
        .map(|(name, _)| name.clone());
    assert_eq!(names, of_file.collect::<Vec<_>>());
    for (at, row) in of_parquet.iter().enumerate() {
        let pairs: String = other(row)
            .iter()
            .map(|(key, value)| format!("{key}={value};"))
            .collect();
        let mut expected: Vec<(String, String)> = Vec::new();
        for (name, field) in row.get_column_iter() {
            match (name.as_str(), field) {
                ("other", _) if pairs.is_empty() => {}
                ("other", _) => expected.push((name.clone(), pairs.clone())),
                (_, Field::TimestampMicros(micros)) => {
                    expected.push((name.clone(), micros.to_string()))
                }
                _ => expected.extend(column(row, name).map(|value| (name.clone(), value))),
            }
        }
        assert_eq!(cells(&batch, at), expected, "row {at}");
    }
    // Nothing but a schema and an end, where there is no telegram.
    let empty = table(Container::Arrow, &[]);
    assert_eq!(
        StreamReader::try_new(empty.as_slice(), None)
            .unwrap()
            .count(),
        0
    );
}
