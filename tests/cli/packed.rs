//! Packed inputs and outputs.

use std::io::{Read, Write};
use std::process::Command;

use super::run::{Folder, KEY, sample, smarty, words};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 6);
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

/// Packs bytes.
type Pack = fn(&[u8]) -> Vec<u8>;

/// Each way of packing, with the ending of its files.
const WAYS: [(Pack, &str); 4] = [(gzip, "gz"), (zstd, "zst"), (xz, "xz"), (bzip2, "bz2")];

#[test]
fn packed_files_are_read_as_they_are_by_name_and_through_pipes() {
    let folder = Folder::new();
    for (input, options) in [
        ("lu.bin", &["--key", KEY][..]),
        ("nl5.txt", &[]),
        ("lu.hexdump", &["--key", KEY]),
        ("two-meters.log", &["--keyring", "keys.toml"]),
    ] {
        let parse = |input: &str, bytes: &[u8]| {
            let line = ["parse", input, "--raw", "-q"];
            let run = words(line.iter().chain(options));
            let done = match input {
                "-" => run.pipe(bytes.to_vec()).done(),
                _ => run.done(),
            };
            assert_eq!(done.exit, Some(0), "{}", done.stderr);
            done.stdout
        };
        let plain = parse("-", &sample(input));
        assert!(!plain.is_empty());
        for (pack, end) in WAYS {
            let packed = pack(&sample(input));
            // Its name says nothing.
            let path = folder.file(&format!("{end}-of-something"), &packed);
            let named = parse(path.to_str().unwrap(), &[]);
            assert!(named == plain, "{input} {end}");
            assert!(parse("-", &packed) == plain, "{input} {end} through a pipe");
        }
    }
}

#[test]
fn packed_files_behind_each_other_are_one_and_all_threads_read_them() {
    let folder = Folder::new();
    let frame = sample("lu.bin");
    for (pack, end) in WAYS {
        let packed: Vec<u8> = (0..300).flat_map(|_| pack(&frame)).collect();
        let path = folder.file(end, &packed);
        let count = |jobs: &str| {
            let line = [
                "parse",
                path.to_str().unwrap(),
                "--csv",
                "-q",
                "--jobs",
                jobs,
                "--key",
                KEY,
            ];
            let done = words(line).done();
            assert_eq!(done.exit, Some(0));
            done.stdout
        };
        let one = count("1");
        assert_eq!(
            one.iter().filter(|byte| **byte == b'\n').count(),
            301,
            "{end}"
        );
        assert_eq!(one, count("2"), "{end}");
    }
}

#[test]
fn of_a_file_that_was_cut_what_came_is_read_and_the_cut_is_said() {
    let folder = Folder::new();
    let text: Vec<u8> = (0..400).flat_map(|_| sample("nl5.txt")).collect();
    for (pack, end) in [(gzip as Pack, "gzip"), (zstd, "zstd")] {
        let mut packed = pack(&text);
        packed.truncate(packed.len() - 6);
        let path = folder.file("cut", &packed);
        let line = ["parse", path.to_str().unwrap(), "--csv"];
        let done = words(line).done();
        assert_eq!(done.exit, Some(3), "{}", done.stderr);
        let said = format!("the {end} data end early: what came before is read");
        assert!(done.stderr.contains(&said), "{}", done.stderr);
        assert!(
            done.text().lines().count() > 200,
            "{end}: {}",
            done.text().lines().count()
        );
    }
    let mut damaged = gzip(&text);
    let middle = damaged.len() / 2;
    damaged[middle..middle + 30].fill(0xAA);
    let path = folder.file("damaged", &damaged);
    let done = words(["parse", path.to_str().unwrap(), "--csv"]).done();
    assert_eq!(done.exit, Some(3));
    assert!(
        done.stderr.contains("the gzip data are damaged"),
        "{}",
        done.stderr
    );
}

#[test]
fn an_output_is_packed_where_its_name_says_so() {
    let folder = Folder::new();
    let plain = smarty("parse nl5.txt --json").done().stdout;
    for end in ["gz", "zst"] {
        let path = folder.0.join(format!("out.json.{end}"));
        let line = format!("parse nl5.txt --json -o {}", path.display());
        let done = smarty(&line).done();
        assert_eq!(done.exit, Some(0), "{}", done.stderr);
        let packed = std::fs::read(&path).unwrap();
        let mut unpacked = Vec::new();
        match end {
            "gz" => drop(flate2::read::MultiGzDecoder::new(&*packed).read_to_end(&mut unpacked)),
            _ => unpacked = zstd::decode_all(&*packed).unwrap(),
        }
        assert_eq!(unpacked, plain);
        // Its own output is an input.
        let again = smarty(&format!("parse {} --json", path.display())).done();
        assert_eq!(again.exit, Some(0), "{}", again.stderr);
        let again = smarty(&line).done();
        assert_eq!(again.exit, Some(3), "it is there already");
    }
    for line in [
        "parse nl5.txt --json --append -o a.json.gz",
        "watch sim: --json -n 1 -o a.json.zst",
    ] {
        let done = smarty(line).done();
        assert_eq!(done.exit, Some(2), "{line}: {}", done.stderr);
    }
}

#[test]
fn a_capture_packs_what_it_has_turned_over_and_what_was_left() {
    let folder = Folder::new();
    let out = folder.0.join("house.log");
    // A run before has left one behind.
    std::fs::write(
        folder.0.join("house.1.log"),
        "# smarty-log 1  started=2026-11-23T08:00:00.000Z\n",
    )
    .unwrap();
    let fifo = folder.0.join("fifo");
    assert!(
        Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    let frames: Vec<u8> = (0..12).flat_map(|_| sample("lu.bin")).collect();
    let writer = std::thread::spawn({
        let fifo = fifo.clone();
        move || {
            let mut file = std::fs::File::options().write(true).open(fifo).unwrap();
            for frame in frames.chunks(1000) {
                file.write_all(frame).unwrap();
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
        }
    });
    let line = format!(
        "capture {} -o {} --format log --rotate 4kB --compress zstd --append --duration 3s",
        fifo.display(),
        out.display()
    );
    let done = smarty(&line).done();
    writer.join().unwrap();
    assert_eq!(done.exit, Some(0), "{}", done.stderr);
    let mut names: Vec<_> = std::fs::read_dir(&folder.0)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("house"))
        .collect();
    names.sort();
    assert!(names.contains(&"house.1.log.zst".to_owned()), "{names:?}");
    let plain: Vec<_> = names.iter().filter(|name| name.ends_with(".log")).collect();
    assert_eq!(plain.len(), 1, "the one that is written: {names:?}");
    assert!(names.len() > 2, "{names:?}");
    let mut good = 0;
    for name in &names {
        let path = folder.0.join(name);
        let line = [
            "parse",
            path.to_str().unwrap(),
            "--json",
            "-q",
            "--key",
            KEY,
        ];
        good += words(line).done().text().lines().count();
    }
    assert_eq!(good, 12, "{names:?}");
    let refused = smarty("capture auto -o a.log --compress zstd").done();
    assert_eq!(refused.exit, Some(2));
}
