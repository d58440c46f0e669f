//! The fuzz targets on the samples and on bounded mutations of them; `tests/fuzz/README.md` tells of longer runs.

#[path = "../fuzz/targets/mod.rs"]
mod targets;

use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use smarty::p1::line::Rng;
use targets::Target;

/// Files of a folder and of its folders, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .flat_map(|path| {
            if path.is_dir() {
                self::files(&path)
            } else {
                vec![path]
            }
        })
        .collect();
    files.sort();
    files
}

/// The samples, and the seeds of the target itself.
fn seeds(name: &str) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut seeds = vec![Vec::new()];
    let own = root.join("tests/fuzz/seeds").join(name);
    assert!(own.is_dir(), "{name} has seeds");
    // An examination takes a tenth of a second where nothing is optimised.
    let step = if name == "diagnosis" { 5 } else { 1 };
    let samples = files(&root.join("samples")).into_iter().step_by(step);
    for path in samples.chain(files(&own)) {
        let bytes = std::fs::read(path).unwrap();
        // In a plan, the header of a link frame would say that it carries the frame behind it.
        if name == "ledger" && matches!(bytes.first(), Some(0x7E | 0x68)) {
            continue;
        }
        if name == "dump" {
            // The first byte chooses the form: found out, and each in turn.
            seeds.push([b"?", &bytes[..]].concat());
            seeds.push([&[b'0' + (seeds.len() % 11) as u8], &bytes[..]].concat());
        }
        seeds.push(bytes);
    }
    seeds
}

/// Changes a few bytes: other values, gaps, doubled stretches, pieces of another seed.
fn mutate(bytes: &mut Vec<u8>, other: &[u8], rng: &mut Rng) {
    for _ in 0..=rng.below(4) {
        let at = rng.below(bytes.len() + 1);
        let end = (at + 1 + rng.below(24)).min(bytes.len());
        match rng.below(7) {
            0 if at < bytes.len() => bytes[at] ^= 1 << rng.below(8),
            1 if at < bytes.len() => bytes[at] = INTERESTING[rng.below(INTERESTING.len())],
            2 => drop(bytes.drain(at..end)),
            3 => {
                let stretch = bytes[at..end].to_vec();
                bytes.splice(at..at, stretch);
            }
            4 => {
                let from = rng.below(other.len() + 1);
                let to = (from + 1 + rng.below(60)).min(other.len());
                bytes.splice(at..at, other[from..to].iter().copied());
            }
            5 => bytes.truncate(at),
            _ => bytes.insert(at, rng.next_byte()),
        }
    }
}

/// Runs a target on its seeds and on mutations of them, for a bounded time.
fn run(name: &str, least: Duration, target: Target) -> usize {
    let seeds = seeds(name);
    let check = |bytes: &[u8], what: &dyn Fn() -> String| {
        if catch_unwind(|| target(bytes)).is_err() {
            let path = std::env::temp_dir().join(format!("smarty-crash-{name}"));
            std::fs::write(&path, bytes).unwrap();
            panic!("{name} breaks a law on {}: {}", what(), path.display());
        }
    };
    for (index, seed) in seeds.iter().enumerate() {
        check(seed, &|| format!("seed {index}"));
    }
    let mut rng = Rng::new(0x5A11);
    let started = Instant::now();
    let mut runs = 0;
    while started.elapsed() < least {
        let mut bytes = seeds[rng.below(seeds.len())].clone();
        mutate(&mut bytes, &seeds[rng.below(seeds.len())], &mut rng);
        bytes.truncate(LONGEST);
        check(&bytes, &|| format!("mutation {runs}"));
        runs += 1;
    }
    runs
}

macro_rules! targets {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                let (_, target) = targets::ALL.into_iter().find(|(name, _)| *name == stringify!($name)).unwrap();
                assert!(run(stringify!($name), TIME, target) > 0);
            }
        )*

        #[test]
        fn every_target_is_run() {
            let names: Vec<_> = targets::ALL.iter().map(|(name, _)| *name).collect();
            assert_eq!(names, [$(stringify!($name)),*]);
        }

        /// Hundreds of thousands of mutations: `cargo test --release --test decoder fuzz -- --ignored`.
        #[test]
        #[ignore = "takes minutes"]
        fn long() {
            for (name, target) in targets::ALL {
                let runs = run(name, LONG, target);
                println!("{name}: {runs} mutations");
            }
        }
    };
}

targets!(decoder ledger telegram axdr link assembly dump output diagnosis keyring config);

/// How long the mutations of a target are tried.
const TIME: Duration = Duration::from_millis(500);
/// The same for the run that is asked for.
const LONG: Duration = Duration::from_secs(60);
/// Longest input that is tried, in bytes.
const LONGEST: usize = 16 << 10;
/// Bytes that mean something to one form or another.
const INTERESTING: &[u8] = b"\xDB\x08/!()*:.-\r\n\0\xFF\x7F\x80\x82\x84\x30\"\\{}[]=,# \x1B@~";
