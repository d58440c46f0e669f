//! Parquet against JSON, value by value, read back by the reader of the crate.
#![cfg(feature = "parquet")]
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use serde_json::Value;

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")
}

fn smarty(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_smarty"))
        .env_clear()
        .current_dir(samples())
        .args(arguments)
        .output()
        .unwrap()
}

/// A folder of its own that goes away.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = format!("smarty-parquet-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(folder);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// A row: what is null is left out; `other` is apart.
struct Row {
    columns: BTreeMap<String, Field>,
    other: BTreeMap<String, String>,
}

impl Row {
    /// A column as text; empty where it is null.
    fn text(&self, column: &str) -> String {
        self.columns.get(column).map_or(String::new(), plain)
    }
}

fn plain(field: &Field) -> String {
    match field {
        Field::Str(text) => text.clone(),
        Field::Bool(flag) => flag.to_string(),
        Field::Long(number) | Field::TimestampMicros(number) => number.to_string(),
        Field::Decimal(decimal) => {
            assert_eq!((decimal.precision(), decimal.scale()), (18, 6));
            let mut bytes = [0; 8];
            bytes.copy_from_slice(decimal.data());
            fixed(i64::from_be_bytes(bytes))
        }
        other => panic!("a column holds {other:?}"),
    }
}

/// Millionths as a decimal.
fn fixed(millionths: i64) -> String {
    let sign = if millionths < 0 { "-" } else { "" };
    let digits = format!("{:07}", millionths.unsigned_abs());
    let (whole, fraction) = digits.split_at(digits.len() - 6);
    format!("{sign}{whole}.{fraction}")
}

/// The same of a number of JSON, of which samples have no more digits than a double holds.
fn fixed_json(number: &Value) -> String {
    format!("{:.6}", number.as_f64().unwrap())
}

fn read(path: &str) -> Vec<Row> {
    let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    let rows = reader.get_row_iter(None).unwrap();
    rows.map(|row| {
        let mut columns = BTreeMap::new();
        let mut other = BTreeMap::new();
        for (name, field) in row.unwrap().get_column_iter() {
            match field {
                Field::Null => {}
                Field::MapInternal(map) => {
                    for (key, value) in map.entries() {
                        let before = other.insert(plain(key), plain(value));
                        assert_eq!(before, None, "a key stands once");
                    }
                }
                field => drop(columns.insert(name.clone(), field.clone())),
            }
        }
        Row { columns, other }
    })
    .collect()
}

/// What the map says of a reading: values with their units.
fn words(reading: &Value) -> String {
    let list = |value: &Value| match value {
        Value::Array(values) => values.clone(),
        value => vec![value.clone()],
    };
    let values = list(&reading["value"]);
    let raw: Vec<_> = list(&reading["raw"]);
    let units = match &reading["unit"] {
        Value::Array(units) => units.clone(),
        unit => vec![unit.clone(); values.len()],
    };
    let mut words = Vec::new();
    for (index, value) in values.iter().enumerate() {
        // Two numbers may stand in one group.
        let sent = raw.get(index).or(raw.last());
        let sent = sent.and_then(Value::as_str).unwrap_or_default();
        match value {
            Value::Null if sent.is_empty() => {}
            Value::Null => words.push(sent.to_owned()),
            Value::String(text) if !text.is_empty() => words.push(text.clone()),
            Value::String(_) => {}
            number => words.push(number.to_string()),
        }
        if let Some(unit) = units[index].as_str()
            && sent.contains('*')
        {
            words.push(unit.to_owned());
        }
    }
    words.join(" ")
}

/// Numbers may differ in zeros at their end, which a double does not keep.
fn same_words(ours: &str, theirs: &str) -> bool {
    let number = |word: &str| word.parse::<f64>().map(|number| format!("{number:.6}"));
    let words = |text: &str| -> Vec<String> {
        let words = text.split_whitespace();
        words
            .map(|word| number(word).unwrap_or(word.to_owned()))
            .collect()
    };
    words(ours) == words(theirs)
}

fn micros(time: &Value) -> String {
    let Some(time) = time.as_str() else {
        return String::new();
    };
    let time: jiff::Timestamp = time.parse().unwrap();
    time.as_microsecond().to_string()
}

fn compare(name: &str, row: &Row, json: &Value) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let number = |value: &Value| value.as_u64().map_or(String::new(), |v| v.to_string());
    let security = &json["security"];
    for (column, expected) in [
        ("measured_at", micros(&json["measured_at"])),
        ("received_at", micros(&json["received_at"])),
        ("meter", text(&json["meter"]["id"])),
        ("meter_name", text(&json["meter"]["name"])),
        ("label", text(&json["source"]["label"])),
        ("source", text(&json["source"]["name"])),
        ("source_offset", number(&json["source"]["offset"])),
        ("system_title", text(&security["system_title"])),
        ("frame_counter", number(&security["frame_counter"])),
        ("tag", text(&security["tag"])),
        ("mended", text(&json["mended"])),
    ] {
        assert_eq!(row.text(column), expected, "{name}: {column}");
    }
    let valid = json["telegram"]["crc"]["valid"].as_bool();
    let expected = valid.map_or(String::new(), |valid| valid.to_string());
    assert_eq!(row.text("crc_valid"), expected, "{name}");

    // All values stand in their columns.
    let values = json["values"].as_object().unwrap();
    for (key, value) in values {
        let expected = match value {
            Value::Number(_) => fixed_json(value),
            value => text(value),
        };
        assert_eq!(row.text(key), expected, "{name}: {key}");
    }
    // No column holds what is no value.
    for column in row.columns.keys().filter(|name| !FIXED.contains(&&***name)) {
        assert!(values.contains_key(column), "{name}: {column}");
    }
    // What stands in no column is in the map.
    let mut seen = BTreeMap::new();
    for reading in json["readings"].as_array().unwrap() {
        let code = text(&reading["obis"]);
        let count = seen.entry(code.clone()).or_insert(0);
        *count += 1;
        let key = match *count {
            1 => code.clone(),
            count => format!("{code}#{count}"),
        };
        let expected = words(reading);
        let name_of = text(&reading["name"]);
        let column = row.columns.iter().find(|(key, _)| {
            key.strip_prefix(&*name_of)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
                || *key == "measured_at" && name_of == "clock"
        });
        match row.other.get(&key) {
            Some(found) => assert!(
                same_words(found, &expected),
                "{name}: {key}: {found:?} {expected:?}"
            ),
            None => assert!(
                expected.is_empty() || column.is_some(),
                "{name}: {key} {expected:?} is lost"
            ),
        }
    }
}

#[test]
fn all_samples_say_the_same_as_in_json() {
    let folder = Folder::new("samples");
    let mut telegrams = 0;
    for name in std::fs::read_dir(samples()).unwrap() {
        let name = name.unwrap().file_name().into_string().unwrap();
        if !samples().join(&name).is_file() || name.ends_with(".toml") || name.ends_with(".md") {
            continue;
        }
        let parse = [
            "parse",
            &name,
            "--keyring",
            "keys.toml",
            "--ignore-crc",
            "-q",
        ];
        let json = smarty(&[&parse[..], &["--json"]].concat());
        let objects: Vec<Value> = String::from_utf8(json.stdout)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let path = folder.path(&format!("{name}.parquet"));
        let output = smarty(&[&parse[..], &["-f", "parquet", "-o", &path]].concat());
        assert_eq!(output.status, json.status, "{name}");
        if !Path::new(&path).exists() {
            assert!(objects.is_empty(), "{name}");
            continue;
        }
        let rows = read(&path);
        assert_eq!(rows.len(), objects.len(), "{name}");
        for (row, json) in rows.iter().zip(&objects) {
            compare(&name, row, json);
        }
        telegrams += rows.len();
    }
    assert!(telegrams > 20, "{telegrams}");
}

#[test]
fn columns_are_the_same_whatever_a_meter_sends() {
    let folder = Folder::new("columns");
    let columns = |input: &str, more: &[&str]| {
        let path = folder.path("x.parquet");
        let parse = [
            "parse",
            input,
            "--force",
            "-o",
            &path,
            "--keyring",
            "keys.toml",
            "-q",
        ];
        let output = smarty(&[&parse[..], &["--format", "parquet"], more].concat());
        assert!(output.status.success(), "{output:?}");
        let reader = SerializedFileReader::new(File::open(&path).unwrap()).unwrap();
        let fields = reader
            .metadata()
            .file_metadata()
            .schema()
            .get_fields()
            .to_vec();
        let names = fields.iter().map(|field| field.name().to_owned());
        names.collect::<Vec<_>>()
    };
    let all = columns("nl5.txt", &[]);
    assert_eq!(all, columns("lu.bin", &[]));
    assert!(all.len() > 300, "{}", all.len());
    let few = columns("lu.bin", &["-F", "active_energy_import,gas,1-0:2.8.0"]);
    assert_eq!(few[..FIXED.len() - 1], all[..FIXED.len() - 1]);
    assert_eq!(
        few[FIXED.len() - 1..],
        [
            "active_energy_import_kwh",
            "active_energy_export_kwh",
            "gas_m3",
            "gas_m3_2",
            "gas_m3_3",
            "gas_m3_4",
            "level_cm",
            "other"
        ]
    );
}

#[test]
fn what_cannot_be_a_parquet_file_says_why() {
    for (arguments, words) in [
        (&["parse", "lu-plain.txt"][..], "needs a file to write to"),
        (
            &["parse", "lu-plain.txt", "-o", "x", "--append"],
            "nothing can stand behind",
        ),
        (
            &["parse", "lu-plain.txt", "-o", "x", "--last"],
            "writes every telegram",
        ),
        (
            &["watch", "lu-plain.txt", "-o", "x"],
            "watch writes no Parquet",
        ),
    ] {
        let output = smarty(&[arguments, &["--format", "parquet"]].concat());
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(words), "{said}");
        assert!(said.contains("hint: "), "{said}");
    }
}

/// Columns that are no values, of which `level_cm` stands last.
const FIXED: [&str; 13] = [
    "measured_at",
    "received_at",
    "meter",
    "meter_name",
    "label",
    "source",
    "source_offset",
    "system_title",
    "frame_counter",
    "tag",
    "crc_valid",
    "mended",
    "level_cm",
];
