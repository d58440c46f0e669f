//! Parquet against JSON, value by value, read back by the reader of the crate.
#![cfg(feature = "parquet")]
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

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
        ("header", text(&json["telegram"]["header"])),
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
    // So does what is computed; the only number without a unit is a count.
    let derived = json["derived"].as_object().cloned().unwrap_or_default();
    for (key, value) in &derived {
        let expected = match &**key {
            "unsure_quarters_month" => value.to_string(),
            _ => fixed_json(value),
        };
        assert_eq!(row.text(key), expected, "{name}: {key}");
    }
    // No column holds what is no value.
    for column in row.columns.keys().filter(|name| !FIXED.contains(&&***name)) {
        let known = values.contains_key(column) || derived.contains_key(column);
        assert!(known, "{name}: {column}");
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

/// Both formats of the same inputs; gives the rows.
fn compare_all(name: &str, folder: &Folder, arguments: &[&str]) -> Vec<Row> {
    let parse = [&["parse", "-q"], arguments].concat();
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
        return Vec::new();
    }
    let rows = read(&path);
    assert_eq!(rows.len(), objects.len(), "{name}");
    for (row, json) in rows.iter().zip(&objects) {
        compare(name, row, json);
    }
    rows
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
        let arguments = [&name, "--keyring", "keys.toml", "--ignore-crc"];
        telegrams += compare_all(&name, &folder, &arguments).len();
    }
    assert!(telegrams > 20, "{telegrams}");
}

#[test]
fn meters_in_turns_over_the_hour_that_comes_twice_say_the_same_as_in_json() {
    let folder = Folder::new("turns");
    let keyring = folder.path("lu-full.toml");
    let mut inputs = Vec::new();
    // The first send for two hours; those of one file come in turns.
    for (meters, count, options) in [
        (
            "3",
            "121",
            &["--profile=lu-full", "--period=1m", "--keyring", &keyring][..],
        ),
        ("2", "150", &["--profile=nl5"]),
    ] {
        let path = folder.path(count);
        let simulate = ["simulate", "-q", "--start=2026-10-25T01:50:00+02:00"];
        let these = [
            "--meters", meters, "--count", count, "--seed=1", "-o", &path,
        ];
        let output = smarty(&[&simulate, &these[..], options].concat());
        assert!(output.status.success(), "{output:?}");
        inputs.push(path);
    }
    let computed = ["--keyring", &keyring, "--reference-power", "0.3kW"];
    let arguments = [&[&*inputs[0], &inputs[1]], &computed[..]].concat();
    let rows = compare_all("turns", &folder, &arguments);
    assert_eq!(rows.len(), 3 * 121 + 2 * 150);
    // All of it was computed somewhere, and the hour is there twice.
    let few = |column: &str| rows.iter().all(|row| row.text(column).is_empty());
    for column in COMPUTED {
        let month = column == "excess_last_month_kwh" || column == "excess_last_day_kwh";
        assert_eq!(few(column), month, "{column}");
    }
    let hours = rows.iter().map(|row| {
        let time = row.text("measured_at").parse::<i64>().unwrap();
        time / 3_600_000_000
    });
    let hours: std::collections::BTreeSet<_> = hours.collect();
    assert_eq!(hours.len(), 3, "{hours:?}");
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
    for (option, count) in [("--derive", 11), ("--reference-power=7kW", 20)] {
        let more = columns("lu.bin", &[option]);
        let other = all.len() - 1;
        assert_eq!(more[..other], all[..other]);
        assert_eq!(more[other..more.len() - 1], COMPUTED[..count]);
    }
    let chosen = ["--derive", "-F", "net_power,quarter_energy_kwh"];
    let chosen = columns("lu.bin", &chosen);
    assert_eq!(
        chosen[FIXED.len() - 1..],
        ["level_cm", "net_power_kw", "quarter_energy_kwh", "other"]
    );
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
fn a_run_that_is_killed_leaves_no_file() {
    let folder = Folder::new("killed");
    let path = folder.path("x.parquet");
    let mut run = Command::new(env!("CARGO_BIN_EXE_smarty"))
        .env_clear()
        .current_dir(samples())
        .args([
            "parse",
            "-",
            "--keyring",
            "keys.toml",
            "-f",
            "parquet",
            "-o",
        ])
        .arg(&path)
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = run.stdin.take().unwrap();
    input
        .write_all(&std::fs::read(samples().join("lu.bin")).unwrap())
        .unwrap();
    let begun = format!(".x.parquet.{}-", run.id());
    let is_part = |name: &str| name.starts_with(&begun) && name.ends_with(".part");
    let has_part = || {
        let mut files = std::fs::read_dir(&folder.0).unwrap();
        files.any(|file| is_part(&file.unwrap().file_name().to_string_lossy()))
    };
    let started = Instant::now();
    while !has_part() {
        assert!(started.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(10));
    }
    run.kill().unwrap();
    run.wait().unwrap();
    assert!(!Path::new(&path).exists());
}

#[test]
fn a_pipe_gets_the_same_bytes_and_a_full_disk_is_said() {
    let folder = Folder::new("pipe");
    let path = folder.path("x.parquet");
    let parse = ["parse", "lu.bin", "--keyring", "keys.toml", "-f", "parquet"];
    let output = smarty(&[&parse[..], &["-o", &path]].concat());
    assert!(output.status.success(), "{output:?}");
    let piped = smarty(&[&parse[..], &["-o", "/dev/stdout"]].concat());
    assert!(piped.status.success());
    assert!(piped.stdout == std::fs::read(&path).unwrap());
    let full = smarty(&[&parse[..], &["-o", "/dev/full"]].concat());
    let said = String::from_utf8(full.stderr).unwrap();
    assert_eq!(full.status.code(), Some(3), "{said}");
    assert!(
        said.contains("/dev/full: the disk is full\n  hint: "),
        "{said}"
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
            "write every telegram",
        ),
        (
            &["watch", "lu-plain.txt", "-o", "x"],
            "watch writes neither Parquet nor Arrow",
        ),
    ] {
        let output = smarty(&[arguments, &["--format", "parquet"]].concat());
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(words), "{said}");
        assert!(said.contains("hint: "), "{said}");
    }
}

/// Columns of what is computed, of which all behind the first eleven need a reference power.
const COMPUTED: [&str; 20] = [
    "net_power_kw",
    "net_power_l1_kw",
    "net_power_l2_kw",
    "net_power_l3_kw",
    "surplus_kw",
    "surplus_l1_kw",
    "surplus_l2_kw",
    "surplus_l3_kw",
    "quarter_energy_kwh",
    "quarter_mean_power_kw",
    "last_quarter_energy_kwh",
    "quarter_left_kwh",
    "quarter_left_kw",
    "excess_quarter_kwh",
    "excess_day_kwh",
    "excess_month_kwh",
    "excess_last_quarter_kwh",
    "excess_last_day_kwh",
    "excess_last_month_kwh",
    "unsure_quarters_month",
];
/// Columns that are no values, of which `level_cm` stands last.
const FIXED: [&str; 14] = [
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
    "header",
    "level_cm",
];
