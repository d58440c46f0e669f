//! Many meters and long files: threads and shards change nothing of what comes out.

use super::run::{Done, Folder, sample, smarty, words};

/// A file of so many meters, with a key ring.
fn street(folder: &Folder, meters: u32, telegrams: u32, profile: &str) -> (Vec<u8>, String) {
    let (file, ring) = (
        folder.path().to_owned() + "/street.bin",
        folder.path().to_owned() + "/keys.toml",
    );
    let made = smarty(&format!(
        "simulate --profile {profile} --meters {meters} --count {telegrams} -o {file} --keyring {ring} --force"
    ))
    .done();
    assert_eq!(made.exit, Some(0), "{made}");
    (folder.read("street.bin"), ring)
}

/// The stream with damage of each kind at places that follow from the seed.
fn damaged(stream: &[u8], seed: u64) -> Vec<u8> {
    let mut stream = stream.to_vec();
    let mut state = seed;
    let mut chance = |below: usize| {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 33) as usize % below
    };
    for kind in 0..5 {
        let at = chance(stream.len());
        let some = 1 + chance(2500);
        match kind {
            0 => stream[at] ^= 0x10,
            1 => drop(stream.drain(at..(at + some).min(stream.len()))),
            2 => drop(stream.splice(at..at, vec![0x5A; some])),
            3 => drop(stream.splice(
                at..at,
                b"\xDB\x08SMYxxxxx\x84\x00\x20\x00\x00\x30\0\0\0\x01".to_vec(),
            )),
            _ => drop(stream.splice(
                at..at,
                b"/ABC5 in clear\r\n\r\n1-0:1.8.0(000001.000*kWh)\r\n!\r\n".to_vec(),
            )),
        }
    }
    stream
}

#[test]
fn several_threads_print_what_one_prints() {
    let folder = Folder::new();
    // The ring of the first street is that of the last call.
    let other = street(&folder, 1, 150, "at").0;
    let (clean, ring) = street(&folder, 3, 110, "lu-full");
    let mixed: Vec<u8> = clean
        .chunks(clean.len() / 5)
        .zip(other.chunks(other.len() / 5))
        .flat_map(|(a, b)| [a, b].concat())
        .collect();
    let all = ["decrypt", "parse --json", "parse --csv", "parse -v"];
    for (name, stream, commands) in [
        ("clean.bin", clean.clone(), &all[..]),
        ("mixed.bin", mixed, &["parse --json --events"]),
        (
            "damaged.bin",
            damaged(&clean, 1),
            &["parse --json --events"],
        ),
    ] {
        let path = folder.file(name, &stream);
        for command in commands {
            let run = |jobs: &str| {
                let arguments = command
                    .split(' ')
                    .chain(["--jobs", jobs, "--keyring", &ring]);
                let arguments = arguments.chain([path.to_str().unwrap()]);
                words(arguments).done()
            };
            let (one, several) = (run("1"), run("3"));
            assert!(!one.stdout.is_empty(), "{one}");
            assert!(one.stdout == several.stdout, "{name} {command}");
            assert_eq!(
                (one.stderr, one.exit),
                (several.stderr, several.exit),
                "{name} {command}"
            );
        }
    }
}

/// A log of two sources whose frames come by turns, some of them damaged.
fn log_of(stream: &[u8]) -> Vec<u8> {
    let mut log = b"# smarty-log 1  started=2026-01-15T17:30:00.000Z\n".to_vec();
    let mut rest = stream;
    let mut number = 0;
    while let [0xDB, 8, _, _, _, _, _, _, _, _, 0x82, high, low, ..] = rest {
        let (frame, behind) = rest.split_at(13 + usize::from(u16::from_be_bytes([*high, *low])));
        rest = behind;
        let label = ["house", "flat"][number / 3 % 2];
        let (minute, second) = (number / 60, number % 60);
        let time = format!("2026-01-15T17:{minute:02}:{second:02}.000000Z");
        let mut frame = frame.to_vec();
        match number % 17 {
            5 => frame[400] ^= 8,
            7 => frame.truncate(300),
            _ => {}
        }
        number += 1;
        // What a record ends in the middle of, the next one of its label goes on with.
        let (one, two) = frame.split_at(if number % 5 == 0 { 100 } else { frame.len() });
        for part in [one, two].into_iter().filter(|part| !part.is_empty()) {
            let line = format!("{time} {label} gcm {} {}\n", part.len(), hex::encode(part));
            log.extend(line.into_bytes());
        }
    }
    assert!(number > 100, "{number}");
    log
}

/// Output without the times at which it was received: of a pipe those are times of the clock.
fn timeless(done: &Done) -> String {
    let text = String::from_utf8_lossy(&done.stdout);
    let is_time = |word: &&str| word.len() == 27 && word.ends_with('Z') && word.contains('T');
    let words = text.split_inclusive([',', '"']);
    words
        .filter(|word| !is_time(&word.trim_end_matches([',', '"'])))
        .collect()
}

#[test]
fn whatever_form_an_input_has_threads_print_what_one_prints() {
    let folder = Folder::new();
    let (clean, ring) = street(&folder, 3, 50, "lu-full");
    let stream = damaged(&clean, 3);
    let keyring = ["--keyring", &ring];
    let made = |name: &str, options: &[&str]| {
        let path = folder.file(name, &clean);
        let file = [path.to_str().unwrap()];
        let words = options.iter().chain(&file).chain(&keyring);
        super::run::words(words).done().stdout
    };
    let digits: Vec<_> = stream.chunks(32).map(hex::encode).collect();
    let text = damaged(&made("text.bin", &["decrypt"]), 5);
    let objects = made("json.bin", &["parse", "--json"]);
    let flat = made("flat.bin", &["parse", "--json=flat"]);
    let pretty = made("pretty.bin", &["parse", "--json", "--pretty"]);
    let mut broken = objects.clone();
    let middle = broken.len() / 2;
    broken.drain(middle..middle + 100);
    let pushes = sample("no-aidon.bin").repeat(20);
    let inputs = [
        ("in.hex", digits.join("\n").into_bytes()),
        ("in.log", log_of(&clean)),
        ("in.txt", text),
        ("in.jsonl", objects),
        ("broken.jsonl", broken),
        ("flat.jsonl", flat),
        ("pretty.json", pretty),
        ("in.bin", stream),
        ("pushes.bin", damaged(&pushes, 6)),
    ];
    let meter = hex::encode(&clean[2..10]);
    let all: [&[&str]; 9] = [
        &["--json", "--events"],
        &["--csv", "-v"],
        &["--json", "--redact", "--events"],
        &["--csv", "--meter", &meter],
        &["--json", "--derive", "--reference-power", "3kW"],
        &["--json", "--shard", "1/2"],
        &["--json", "--last"],
        &["--csv", "-n", "40"],
        &["--csv", "--merge", "-v"],
    ];
    for (number, (name, input)) in inputs.iter().enumerate() {
        let path = folder.file(name, input);
        let file = path.to_str().unwrap();
        // Not each with each: that takes minutes.
        let some = all.iter().enumerate().skip(number % 3).step_by(3);
        for (at, options) in some {
            let run = |jobs: &str| {
                let fixed = ["parse", "--allow-plain", "--jobs", jobs];
                // How much of a pipe is read at once, nobody knows: nor what else there was where a count ends.
                let is_piped = at % 2 == 1 && at != 7;
                let place = [if is_piped { "-" } else { file }];
                let words = fixed.iter().chain(&keyring).chain(*options).chain(&place);
                let run = super::run::words(words);
                match is_piped {
                    true => run.pipe(input.clone()).done(),
                    false => run.done(),
                }
            };
            let one = run("1");
            for jobs in ["2", "16"] {
                let several = run(jobs);
                let same = timeless(&one) == timeless(&several);
                assert!(same, "{name} {options:?} {jobs}");
                let said = [&one, &several].map(|done| (&done.stderr, done.exit));
                assert_eq!(said[0], said[1], "{name} {options:?}");
            }
            let is_some = one.stdout.len() > 200 || at == 3 || at == 5;
            assert!(is_some, "{name} {options:?}: {}", one.stderr);
        }
    }
}

#[cfg(feature = "parquet")]
#[test]
fn tables_of_columns_are_the_same_however_many_threads_encode_them() {
    let folder = Folder::new();
    // More rows than are encoded at once.
    let (clean, ring) = street(&folder, 3, 1500, "lu-full");
    let path = folder.file("in.bin", damaged(&clean, 3));
    let table = |format: &str, jobs: &str| {
        let out = folder.path().to_owned() + "/out." + format;
        let fixed = ["parse", "-f", format, "-o", &out, "--force", "-q"];
        let more = ["--jobs", jobs, "--keyring", &ring, path.to_str().unwrap()];
        let done = words(fixed.iter().chain(&more)).done();
        assert_ne!(done.exit, Some(2), "{done}");
        folder.read(&("out.".to_owned() + format))
    };
    for format in ["parquet", "arrow"] {
        let one = table(format, "1");
        assert!(one.len() > 10_000, "{format}");
        for jobs in ["2", "16"] {
            assert!(table(format, jobs) == one, "{format} {jobs}");
        }
    }
}

#[test]
fn mended_telegrams_come_in_the_same_place_however_much_is_read_at_once() {
    let folder = Folder::new();
    let made = smarty(&format!(
        "simulate --profile nl22 --count 1500 --fault 7e1 -o {}/seven.bin",
        folder.path()
    ))
    .done();
    assert_eq!(made.exit, Some(0), "{made}");
    let (clean, ring) = street(&folder, 1, 30, "lu");
    let seven = folder.read("seven.bin");
    let stream: Vec<u8> = seven
        .chunks(seven.len() / 8)
        .flat_map(|piece| [piece, &clean].concat())
        .collect();
    let path = folder.file("mixed.bin", &stream);
    let arguments = ["parse", "-i", "bin", "--json", "--keyring", &ring];
    let run = |jobs: &str| {
        let file = ["--jobs", jobs, path.to_str().unwrap()];
        words(arguments.iter().chain(&file)).done()
    };
    let one = run("1");
    assert!(one.json().len() > 1000, "{one}");
    for other in ["4", "16"] {
        let other = run(other);
        assert!(one.stdout == other.stdout, "{other}");
        assert_eq!(one.stderr, other.stderr);
    }
}

#[test]
fn shards_together_are_the_whole() {
    let folder = Folder::new();
    let (mut stream, ring) = street(&folder, 20, 5, "lu");
    stream.extend(sample("nl5.txt"));
    folder.file("all.bin", damaged(&stream, 4));
    let run = |shard: &[&str]| {
        let path = folder.path().to_owned() + "/all.bin";
        let arguments = ["parse", "--json", "-i", "bin", "--keyring", &ring, &path];
        words(arguments.iter().chain(shard)).done()
    };
    let lines = |done: &Done| {
        done.json()
            .into_iter()
            .map(|mut object| {
                object["seq"].take();
                object.to_string()
            })
            .collect::<Vec<_>>()
    };
    let mut whole = lines(&run(&[]));
    let mut parts = Vec::new();
    for shard in ["1/3", "2/3", "3/3"] {
        let part = run(&["--shard", shard]);
        let lines = lines(&part);
        assert!((10..80).contains(&lines.len()), "{part}");
        parts.extend(lines);
    }
    assert!(whole.len() > 90);
    whole.sort_unstable();
    parts.sort_unstable();
    assert_eq!(whole, parts);
}

#[test]
fn a_shard_without_meters_is_no_error() {
    let folder = Folder::new();
    let (_, ring) = street(&folder, 1, 3, "lu");
    let path = folder.path().to_owned() + "/street.bin";
    let run = |shard: &str| words(["decrypt", &path, "--keyring", &ring, "--shard", shard]).done();
    let (first, second) = (run("1/2"), run("2/2"));
    let (full, empty) = match first.stdout.is_empty() {
        true => (second, first),
        false => (first, second),
    };
    assert_eq!((full.exit, full.stderr.as_str()), (Some(0), ""));
    assert_eq!((empty.exit, empty.stdout.len()), (Some(0), 0));
    assert!(
        empty
            .stderr
            .starts_with("smarty: note: no telegram of shard "),
        "{empty}"
    );
}

#[test]
fn a_shard_that_cannot_be_is_refused() {
    for shard in ["0/2", "3/2", "2", "a/b"] {
        let done = smarty(&format!("decrypt lu.bin --shard {shard}")).done();
        assert_eq!(done.exit, Some(2), "{done}");
        assert!(done.stderr.contains("expected K/N"), "{done}");
    }
}
