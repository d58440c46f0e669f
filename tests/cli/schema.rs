//! The JSON output against its schema, for every sample.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use smarty::p1::derive::Extent;

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")
}

fn smarty(arguments: &[&str], input: &Path) -> Vec<Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_smarty"))
        .env_clear()
        .args(arguments)
        .arg(input)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
    text.lines().map(parse).collect()
}

#[test]
fn every_line_of_every_sample_fits_the_schema() {
    let schema = std::fs::read_to_string(samples().join("smarty-1.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let ring = samples().join("keys.toml");
    let mut seen = 0;
    for folder in [samples(), samples().join("damaged")] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let arguments = [
                "parse",
                "--json",
                "--events",
                "--ignore-crc",
                "--keyring",
                ring.to_str().unwrap(),
            ];
            if !path.is_file() {
                continue;
            }
            for object in smarty(&arguments, &path) {
                seen += 1;
                if let Err(error) = validator.validate(&object) {
                    panic!(
                        "{}: {error} at {}: {object}",
                        path.display(),
                        error.instance_path()
                    );
                }
            }
        }
    }
    assert!(seen > 60, "{seen} objects");
}

#[test]
fn a_flat_object_is_meter_time_and_the_values_as_they_stand_in_the_full_one() {
    let schema = std::fs::read_to_string(samples().join("smarty-1.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let ring = samples().join("keys.toml");
    let lines = |form: &str, path: &Path| -> Vec<String> {
        let output = Command::new(env!("CARGO_BIN_EXE_smarty"))
            .env_clear()
            .args(["parse", form, "--ignore-crc", "--jobs", "2", "--keyring"])
            .args([&ring, path])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(str::to_owned).collect()
    };
    let between = |line: &str, begin: &str, end: &str| -> String {
        let from = line.find(begin).unwrap() + begin.len();
        let length = line[from..].find(end).unwrap();
        line[from..from + length].to_owned()
    };
    let mut seen = 0;
    for folder in [samples(), samples().join("damaged")] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if !path.is_file() {
                continue;
            }
            let (full, flat) = (lines("--json", &path), lines("--json=flat", &path));
            assert_eq!(full.len(), flat.len(), "{}", path.display());
            for (full, flat) in full.iter().zip(&flat) {
                validator
                    .validate(&serde_json::from_str(flat).unwrap())
                    .unwrap_or_else(|error| panic!("{}: {error}: {flat}", path.display()));
                if !full.contains("\"type\":\"telegram\"") {
                    continue;
                }
                // Digit by digit: what is written is compared, not what a parser makes of it.
                let id = between(full, "\"meter\":{\"id\":", ",\"name\":");
                let time = between(full, "\"measured_at\":", ",\"source\":");
                let values = between(full, "\"values\":{", "},\"devices\":");
                let comma = if values.is_empty() { "" } else { "," };
                let expected = format!("{{\"meter\":{id},\"measured_at\":{time}{comma}{values}}}");
                assert_eq!(*flat, expected, "{}", path.display());
                seen += 1;
            }
        }
    }
    assert!(seen > 50, "{seen} objects");
}

#[test]
fn every_tree_of_every_sample_fits_the_schema_and_has_each_byte_once() {
    let schema = std::fs::read_to_string(samples().join("smarty-1.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let folder = std::env::temp_dir().join(format!("smarty-trees-{}", std::process::id()));
    let ring = folder.with_extension("toml");
    let keys = "default = \"000102030405060708090A0B0C0D0E0F\"\n";
    let own = std::fs::read_to_string(samples().join("keys.toml")).unwrap();
    std::fs::write(&ring, format!("{keys}{own}")).unwrap();
    let pushes = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/push");
    let mut seen = 0;
    for folder in [samples(), pushes] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if !path.is_file() || path.extension().is_some_and(|end| end == "json") {
                continue;
            }
            let auth = "--auth-key=D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF";
            let arguments = [
                "inspect",
                "--json",
                auth,
                "--keyring",
                ring.to_str().unwrap(),
            ];
            for object in smarty(&arguments, &path) {
                seen += 1;
                if let Err(error) = validator.validate(&object) {
                    let place = error.instance_path();
                    panic!("{}: {error} at {place}: {object}", path.display());
                }
                let mut at = object["source"]["offset"].as_u64().unwrap();
                let end = at + object["source"]["length"].as_u64().unwrap();
                for node in object["nodes"].as_array().unwrap() {
                    assert_eq!(node["offset"], at, "{}: {node}", path.display());
                    at += node["length"].as_u64().unwrap();
                }
                assert_eq!(at, end, "{}", path.display());
            }
        }
    }
    std::fs::remove_file(ring).unwrap();
    assert!(seen > 40, "{seen} objects");
}

#[test]
fn the_keys_of_a_telegram_stand_in_the_order_of_the_contract() {
    let output = Command::new(env!("CARGO_BIN_EXE_smarty"))
        .env_clear()
        .args(["parse", "--json"])
        .arg(samples().join("lu-plain.txt"))
        .output()
        .unwrap();
    let line = String::from_utf8(output.stdout).unwrap();
    let order = [
        "schema",
        "type",
        "seq",
        "received_at",
        "measured_at",
        "source",
        "security",
        "telegram",
        "meter",
        "values",
        "devices",
        "readings",
        "issues",
    ];
    let places: Vec<_> = order
        .iter()
        .map(|key| line.find(&format!("\"{key}\":")).unwrap())
        .collect();
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn a_reading_of_a_level_sensor_fits_the_schema() {
    let schema = std::fs::read_to_string(samples().join("smarty-1.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let path = std::env::temp_dir().join(format!("smarty-level-{}", std::process::id()));
    std::fs::write(&path, b"R123\r").unwrap();
    let source = format!("tank={}?device=maxsonar", path.display());
    let objects = smarty(&["parse", "--json"], Path::new(&source));
    std::fs::remove_file(&path).unwrap();
    assert_eq!(objects.len(), 1);
    assert!(validator.is_valid(&objects[0]), "{}", objects[0]);
}

#[test]
fn what_is_computed_fits_the_schema() {
    let schema = std::fs::read_to_string(samples().join("smarty-1.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let known = &schema["$defs"]["telegram"]["properties"]["derived"]["properties"];
    let quantities = Extent::WithReference.quantities().iter();
    let keys: Vec<_> = quantities.map(|quantity| quantity.key).collect();
    let mut described: Vec<_> = known.as_object().unwrap().keys().collect();
    described.sort();
    let mut sorted = keys.clone();
    sorted.sort_unstable();
    assert_eq!(described, sorted);
    let validator = jsonschema::validator_for(&schema).unwrap();
    for sample in ["lu-plain.txt", "nl5.txt", "nl22.txt", "be.txt"] {
        let arguments = ["parse", "--json", "--reference-power", "7kW"];
        for object in smarty(&arguments, &samples().join(sample)) {
            let derived = object["derived"].as_object().unwrap();
            assert!(derived.keys().all(|key| keys.contains(&key.as_str())));
            assert!(!derived.is_empty());
            assert!(validator.is_valid(&object), "{object}");
        }
    }
}

#[test]
fn what_was_counted_in_a_period_fits_the_schema() {
    let schema = std::fs::read_to_string(samples().join("smarty-1.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let ring = samples().join("keys.toml");
    for sample in ["lu-full.bin", "two-meters.log"] {
        let arguments = ["report", "--json", "--keyring", ring.to_str().unwrap()];
        let objects = smarty(&arguments, &samples().join(sample));
        assert!(!objects.is_empty(), "{sample}");
        for object in objects {
            assert!(validator.is_valid(&object), "{object}");
        }
    }
}
