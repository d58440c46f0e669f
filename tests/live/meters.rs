//! Meters without number on one line: what is kept of each, and what comes out when the run is ended.

use std::fs;
use std::io::Write;
use std::thread;

use super::bench::{Bench, Run};

/// A telegram in clear.
fn plain(id: &str, time: &str) -> String {
    let id = hex::encode_upper(id);
    format!(
        "/ABC5meter\r\n\r\n0-0:1.0.0({time})\r\n0-0:96.1.1({id})\r\n1-0:1.8.0(1.5*kWh)\r\n!\r\n"
    )
}

#[test]
fn rows_of_all_meters_are_let_go_when_the_run_is_ended() {
    let bench = Bench::new();
    bench.fifo("meter");
    let every = ["watch", "meter", "--json", "--every", "1h", "--derive"];
    let mut run = Run::start(&bench, &every);
    // Open for reading too, so that writing does not wait for the program to be there.
    let mut meter = fs::File::options()
        .read(true)
        .write(true)
        .open(bench.path("meter"))
        .unwrap();
    let meters: Vec<_> = (0..3000).map(|number| format!("M{number}")).collect();
    let once: String = meters.iter().map(|id| plain(id, "260203100000W")).collect();
    // Once this comes out, all before it has come in.
    let last = ["260203100000W", "260203110000W"].map(|time| plain("LAST", time));
    let all = once.repeat(2) + &last.concat();
    let writer = thread::spawn(move || {
        meter.write_all(all.as_bytes()).unwrap();
        meter
    });
    assert_eq!(run.lines(1)[0]["meter"]["id"], "LAST");
    let _meter = writer.join().unwrap();
    run.interrupt();
    let rows = run.lines(meters.len() + 1);
    let named = rows.iter().map(|row| row["meter"]["id"].as_str().unwrap());
    assert!(named.eq(meters.iter().map(String::as_str).chain(["LAST"])));
    assert_eq!(run.end_by_signal(), Some(2));
    let warned = "more than 256 meters: of the others, sums are not kept over a restart";
    assert_eq!(run.errors().matches(warned).count(), 1, "{}", run.errors());
}
