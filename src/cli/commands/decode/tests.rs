//! Threads against one thread, with runs so short that every border is met.

use std::path::Path;

use clap::Parser;
use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::cli::args::{Cli, Command};
use crate::simulate::virtual_meter::{Profile, Setup, VirtualMeter};

/// A piece of a stream.
#[derive(Clone, Debug)]
enum Piece {
    /// So many frames of a meter.
    Frames(usize, usize),
    /// A frame with a flipped bit.
    Flipped(usize, usize),
    /// A frame that ends early.
    Cut(usize, usize),
    /// Bytes of no frame.
    Noise(Vec<u8>),
    /// A header that claims more than there is.
    FalseStart(u32),
}

fn piece() -> impl Strategy<Value = Piece> {
    prop_oneof![
        6 => (0usize..4, 1usize..8).prop_map(|(meter, count)| Piece::Frames(meter, count)),
        // Mostly in the text of one meter, so that all is known but the number of the next telegram.
        3 => (500usize..1000).prop_map(|at| Piece::Flipped(0, at)),
        1 => (0usize..4, any::<usize>()).prop_map(|(meter, at)| Piece::Flipped(meter, at)),
        1 => (0usize..4, any::<usize>()).prop_map(|(meter, at)| Piece::Cut(meter, at)),
        1 => prop::collection::vec(any::<u8>(), 1..400).prop_map(Piece::Noise),
        1 => (17u32..20_000).prop_map(Piece::FalseStart),
    ]
}

/// The stream, and the key ring of its meters; the last one sends in clear.
fn lay(pieces: &[Piece]) -> (Vec<u8>, String) {
    let profiles = [Profile::LuFull, Profile::Lu, Profile::Lu, Profile::Nl5];
    let mut meters: Vec<_> = (1..)
        .zip(profiles)
        .map(|(number, profile)| {
            let start = date(2026, 3, 28).at(23, 59, 0, 0);
            VirtualMeter::new(Setup::new(profile, number, 3, start))
        })
        .collect();
    let mut ring = String::new();
    for meter in meters.iter().filter(|meter| meter.is_sealed()) {
        let (id, key) = (meter.id(), hex::encode(meter.key()));
        ring.push_str(&format!(
            "[{id}]\nkey = \"{key}\"\nname = \"house of {id}\"\n"
        ));
    }
    let mut stream = Vec::new();
    for piece in pieces {
        let mut frame = Vec::new();
        match piece {
            Piece::Frames(meter, count) => {
                (0..*count).for_each(|_| meters[*meter].next_frame(&mut frame));
            }
            Piece::Flipped(meter, at) => {
                meters[*meter].next_frame(&mut frame);
                let at = at % frame.len();
                frame[at] ^= 4;
            }
            Piece::Cut(meter, at) => {
                meters[*meter].next_frame(&mut frame);
                frame.truncate(at % frame.len());
            }
            Piece::Noise(noise) => frame.extend(noise),
            Piece::FalseStart(length) => {
                frame.extend(b"\xDB\x08SMYxxxxx\x84");
                frame.extend(length.to_be_bytes());
                frame.extend([0x30, 0, 0, 0, 9]);
            }
        }
        stream.extend(frame);
    }
    (stream, ring)
}

/// What is written, the counts, and how it ended.
fn decoded(folder: &Path, options: &[&str], jobs: &str, chunk: usize) -> (Vec<u8>, [u64; 4], Exit) {
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (input, ring, out) = (path("in.bin"), path("keys.toml"), path("out"));
    let fixed = ["smarty", "parse", &input, "-i", "bin", "--keyring", &ring];
    let wishes = ["-o", &out, "--force", "-q", "--jobs", jobs];
    let words = fixed.iter().chain(&wishes).chain(options);
    let Cli { command, global } = Cli::try_parse_from(words).unwrap();
    let Command::Parse(args) = command else {
        panic!("parse was asked for");
    };
    let named = inputs::addresses(&args.inputs).unwrap();
    let prepared = Prepared::new(&args, &named, &global, None, Remembered::default()).unwrap();
    let format = args.output.format().unwrap();
    let options = OutputOptions::default();
    let output = Output::open(&args.output, format, &options, &prepared.zone).unwrap();
    let output = RefCell::new(output.with(Rc::clone(&prepared.pool)));
    let mut written = &output;
    let ring = prepared.ring.clone();
    let mut naming = Naming::new(ring, None, &mut [], &mut written);
    let list: Vec<&mut dyn Observer> = vec![&mut naming];
    let mut observers = Observers::new(Counts::default(), Filter::default(), list);
    let Prepared {
        sources,
        mut inputs,
        stop,
        limits,
        pool,
        ..
    } = prepared;
    let reader = Reader::in_pieces(sources, &stop, chunk).unwrap();
    for input in &mut inputs {
        input.open_ahead(&pool, chunk / 3);
    }
    let ended = run::run(reader, &stop, inputs, &mut observers, &limits, &mut |_| {
        None
    })
    .unwrap();
    let counts = observers.counts.clone();
    drop(observers);
    drop(naming);
    let exit = finish(output.into_inner(), &counts)
        .unwrap()
        .min(ended.worst);
    let counts = [counts.good, counts.refused, counts.junk, counts.missed];
    (std::fs::read(&out).unwrap(), counts, exit)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]

    #[test]
    fn threads_change_nothing_of_what_comes_out(
        pieces in prop::collection::vec(piece(), 1..20),
        run in 2_000usize..9_000,
        jobs in 2usize..6,
        format in 0usize..3,
    ) {
        let folder = std::env::temp_dir().join(format!("smarty-jobs-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let (stream, ring) = lay(&pieces);
        std::fs::write(folder.join("in.bin"), &stream).unwrap();
        std::fs::write(folder.join("keys.toml"), ring).unwrap();
        let options = [&["--json", "--events"][..], &["--csv"], &["--raw"]][format];
        let one = decoded(&folder, options, "1", run);
        let several = decoded(&folder, options, &jobs.to_string(), run);
        prop_assert_eq!(String::from_utf8_lossy(&one.0), String::from_utf8_lossy(&several.0));
        prop_assert_eq!((one.1, one.2), (several.1, several.2));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
