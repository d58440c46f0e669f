//! The house rules of the layout: who may import whom, and what the core never does.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Layers from the top of the way of the bytes; each may use those before it.
const LAYERS: [&str; 10] = [
    "p1", "sys", "simulate", "source", "observe", "format", "store", "publish", "run", "cli",
];

fn source_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(source_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The code of a file, its unit tests included, without comments.
fn code(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| {
        let part = part.as_os_str().to_string_lossy();
        matches!(&*part, "tests" | "tests.rs" | "testing.rs" | "trial.rs")
    })
}

/// Layers that a file imports by `crate::LAYER`.
fn imports(code: &str) -> Vec<&'static str> {
    LAYERS
        .into_iter()
        .filter(|layer| code.contains(&format!("crate::{layer}")))
        .collect()
}

#[test]
fn a_layer_uses_only_those_before_it() {
    for (depth, layer) in LAYERS.iter().enumerate() {
        for file in source_files(&src().join(layer)) {
            for imported in imports(&code(&file)) {
                let above = LAYERS.iter().position(|name| *name == imported).unwrap();
                // The recorder names owner and group of a file with what sources know of rights.
                assert!(above <= depth, "{}: uses {imported}", file.display());
            }
        }
    }
}

#[test]
fn the_core_does_nothing_but_decode() {
    const FORBIDDEN: [&str; 9] = [
        "std::io",
        "std::fs",
        "std::net",
        "std::env",
        "std::process",
        "std::thread",
        "std::time",
        "println!",
        "Timestamp::now",
    ];
    for file in source_files(&src().join("p1")) {
        let code = code(&file);
        for word in FORBIDDEN {
            assert!(!code.contains(word), "{} uses {word}", file.display());
        }
    }
}

/// A file of the core imports only files whose `pub mod` stands before its own in `p1/mod.rs`.
#[test]
fn the_modules_of_the_core_stand_in_the_order_of_the_way_of_the_bytes() {
    let list = std::fs::read_to_string(src().join("p1/mod.rs")).unwrap();
    let order: BTreeMap<&str, usize> = list
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .enumerate()
        .map(|(place, name)| (name, place))
        .collect();
    for file in source_files(&src().join("p1")) {
        if is_test(&file) {
            continue;
        }
        let inside = file.strip_prefix(src().join("p1")).unwrap();
        let name = inside
            .components()
            .next()
            .unwrap()
            .as_os_str()
            .to_string_lossy();
        let name = name.trim_end_matches(".rs");
        let Some(own) = order.get(name) else { continue };
        let code = code(&file);
        for (other, place) in &order {
            let used = code.contains(&format!("crate::p1::{other}::"))
                || code.contains(&format!("use super::{other}::"))
                    && inside.components().count() == 1;
            assert!(
                !used || place <= own,
                "{}: uses {other}, which stands below it",
                file.display()
            );
        }
    }
}
