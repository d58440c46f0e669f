//! `--store`: what is read out of a store against the recording that it was made of, and what a kill leaves.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use super::run::{Done, Folder, KEY, sample, smarty, words};
use insta::assert_snapshot;

fn recording(folder: &Folder, count: u32) {
    let count = format!("--count={count}");
    let recorded = words([
        "simulate",
        "--profile=lu-full",
        "--plain",
        "--start=2026-03-28T23:07:30+01:00",
        "--out=house.txt",
        "--seed=7",
        "--force",
        &count,
    ]);
    assert_eq!(recorded.within(folder).done().exit, Some(0));
}

fn run(folder: &Folder, line: &str) -> Done {
    smarty(line).within(folder).done()
}

#[test]
fn a_store_says_what_its_recording_says() {
    let folder = Folder::new();
    recording(&folder, 3000);
    let whole = folder.read("house.txt");
    let middle = memchr::memmem::find(&whole[whole.len() / 2..], b"/Lux5").unwrap();
    let (one, two) = whole.split_at(whole.len() / 2 + middle);
    folder.file("1.txt", one);
    folder.file("2.txt", two);
    for part in ["1.txt", "2.txt"] {
        let done = run(&folder, &format!("parse {part} --store house.db"));
        assert_eq!((done.exit, done.text()), (Some(0), ""), "{done}");
    }
    for by in ["quarter", "hour", "day"] {
        let line = |input: &str| format!("report {input} --json --by {by} --reference-power=1kW");
        let (of_store, of_text) = (
            run(&folder, &line("house.db")),
            run(&folder, &line("house.txt")),
        );
        assert_eq!(of_store.exit, Some(0), "{of_store}");
        assert_eq!(of_store.text(), of_text.text());
    }
    assert_eq!(run(&folder, "parse house.db --raw").stdout, whole);
    // What is in it already changes nothing.
    let line = "report house.db house.txt --json --by day";
    assert_eq!(
        run(&folder, line).text(),
        run(&folder, "report house.db --json --by day").text()
    );
}

#[test]
fn a_meter_with_a_key_is_read_from_a_store_without_it() {
    let folder = Folder::new();
    folder.file("lu.bin", sample("lu.bin"));
    let import = run(
        &folder,
        &format!("parse lu.bin --key={KEY} --store house.db"),
    );
    assert_eq!(import.exit, Some(0), "{import}");
    // As it is where the key of the meter is known: a plain telegram of it would be refused.
    for key in [String::new(), format!("--key={KEY}")] {
        let telegram = run(&folder, &format!("parse house.db --json {key}")).telegram();
        assert_eq!(telegram["meter"]["id"], "SMY1030726916931", "{telegram}");
    }
}

#[test]
fn options_that_do_not_fit() {
    let folder = Folder::new();
    recording(&folder, 3);
    folder.file("other.db", b"SQLite format 3\0 and no more");
    let mut all = String::new();
    for line in [
        "watch sim: --keep 7d",
        "parse house.txt --store-step 1m",
        "parse house.txt --store house.db --store-step 7m",
        "parse house.txt --store house.db --keep long",
        "parse house.txt --store house.db --redact",
        "parse house.txt --store none/house.db",
        "parse house.txt --store house.txt",
        "parse other.db",
        "report other.db",
        "parse house.txt --store house.db -q",
        "parse house.db --store house.db",
        "parse house.txt --store house.db --store-step 1m",
    ] {
        all.push_str(&format!("{}\n\n", run(&folder, line)));
    }
    assert_snapshot!(all);
}

#[test]
fn a_kill_takes_the_last_telegram_at_the_most() {
    let folder = Folder::new();
    let mut before = 0;
    for round in 0..KILLS {
        let watched = words([
            "watch",
            "sim:?plain&speed=1000&seed=5",
            "--store=house.db",
            "--json",
        ]);
        let mut child = watched
            .within(&folder)
            .into_command()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let seen = lines.take(1 + round % 7).count();
        child.kill().unwrap();
        child.wait().unwrap();
        let kept = run(&folder, "parse house.db --raw -q");
        let count = memchr::memmem::find_iter(&kept.stdout, b"/Lux5").count();
        assert!(
            count + 1 >= before + seen,
            "{before} and {seen}, then {count}"
        );
        before = count;
    }
    let periods = run(&folder, "report house.db --json --by day");
    assert_eq!(periods.exit, Some(0), "{periods}");
}

/// How often.
const KILLS: usize = 100;
