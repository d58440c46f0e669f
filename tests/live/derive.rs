//! What is computed over a night, with the program killed in its middle; state files and options.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::bench::{Bench, Run, frames};
use serde_json::Value;

/// What a state file remembers of meters; when they were heard, and frames opened, is the time of the test.
fn state(bench: &Bench, name: &str) -> Option<Value> {
    let mut state: Value = serde_json::from_slice(&fs::read(bench.path(name)).ok()?).ok()?;
    state.as_object_mut().unwrap().remove("heard");
    state.as_object_mut().unwrap().remove("opened");
    Some(state)
}

/// A telegram in clear.
fn plain(id: &str, time: &str, kwh: &str) -> String {
    let id = hex::encode_upper(id);
    format!(
        "/ABC5meter\r\n\r\n0-0:1.0.0({time})\r\n0-0:96.1.1({id})\r\n1-0:1.8.0({kwh}*kWh)\r\n!\r\n"
    )
}

/// Waits until the state says that its last telegram was that one.
fn wait_for_state(bench: &Bench, name: &str, measured_at: &str) {
    let wanted: jiff::Timestamp = measured_at.parse().unwrap();
    let started = Instant::now();
    loop {
        let state = state(bench, name);
        let meters = state
            .as_ref()
            .map(|state| state["meters"].as_object().unwrap());
        let at = meters.and_then(|meters| meters.values().next()?["latest"]["at"].as_str());
        if at.is_some_and(|at| at.parse().ok() == Some(wanted)) {
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(10), "{state:?}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn sample(name: &str) -> String {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    samples.join(name).to_str().unwrap().to_owned()
}

#[test]
fn a_night_with_a_kill_in_its_middle_is_the_night_without() {
    let bench = Bench::new();
    let frames = frames("lu", 4320);
    fs::write(bench.path("night.bin"), frames.concat()).unwrap();
    let common = [
        "--json",
        "--keyring",
        "keys.toml",
        "--reference-power",
        "0.5kW",
        "--state",
    ];
    let whole = [
        &["parse", "night.bin"],
        &common[..],
        &["whole.json", "--last"],
    ]
    .concat();
    let (output, errors, code) = bench.output(&whole);
    assert_eq!((errors.as_str(), code), ("", Some(0)));
    let whole: Value = serde_json::from_str(&output).unwrap();
    let number = |derived: &Value, key: &str| derived[key].as_f64().unwrap();
    // Something lay above, on both days.
    assert!(number(&whole["derived"], "excess_last_day_kwh") > 0.0);
    assert!(
        number(&whole["derived"], "excess_month_kwh") > number(&whole["derived"], "excess_day_kwh")
    );

    bench.fifo("meter");
    // Open for reading too, so that it outlives the program.
    let both = fs::File::options().read(true).write(true).clone();
    let meter = both.open(bench.path("meter")).unwrap();
    let watch = [&["watch", "meter"], &common[..], &["cut.json"]].concat();
    let feed = |run: &mut Run, from: usize, to: usize| {
        let mut fifo = meter.try_clone().unwrap();
        let bytes = frames[from..to].concat();
        let writer = thread::spawn(move || fifo.write_all(&bytes).unwrap());
        let last = run.lines(to - from).pop().unwrap();
        writer.join().unwrap();
        last
    };
    let mut run = Run::start(&bench, &watch);
    let last = feed(&mut run, 0, 1540);
    wait_for_state(&bench, "cut.json", last["measured_at"].as_str().unwrap());
    // More of the same quarter, which the file does not know; then ten that nobody hears.
    feed(&mut run, 1540, 1560);
    run.kill();
    let mut run = Run::start(&bench, &watch);
    let last = feed(&mut run, 1570, 4320);
    run.interrupt();
    run.end();
    assert_eq!(last["measured_at"], whole["measured_at"]);
    assert_eq!(last["derived"], whole["derived"]);
    assert_eq!(state(&bench, "cut.json"), state(&bench, "whole.json"));
    assert!(state(&bench, "cut.json").is_some());
}

#[test]
fn a_second_process_reads_the_state_and_leaves_it_alone() {
    let bench = Bench::new();
    bench.fifo("meter");
    let arguments = [
        "watch",
        "meter",
        "--json",
        "--derive",
        "--state",
        "s.json",
        "--keyring",
        "keys.toml",
    ];
    let mut first = Run::start(&bench, &arguments);
    let path = bench.path("meter");
    let frames = frames("lu", 2);
    let mut fifo = fs::OpenOptions::new().write(true).open(path).unwrap();
    fifo.write_all(&frames[0]).unwrap();
    first.lines(1);
    wait_for_state(&bench, "s.json", "2026-01-15T18:30:00+01:00");
    let before = fs::read(bench.path("s.json")).unwrap();
    fs::write(bench.path("two.bin"), frames.concat()).unwrap();
    let arguments = [
        "parse",
        "two.bin",
        "--csv",
        "-F",
        "quarter_energy",
        "--derive",
        "--state",
        "s.json",
        "--keyring",
        "keys.toml",
    ];
    let (_, errors, code) = bench.output(&arguments);
    assert_eq!(
        errors,
        "smarty: warning: s.json: another smarty keeps it; what is computed here goes on from it, \
         and is not kept\n  hint: --state names a file of its own\n"
    );
    assert_eq!(code, Some(0));
    assert_eq!(fs::read(bench.path("s.json")).unwrap(), before);
}

#[test]
fn watch_keeps_its_state_in_the_folder_of_the_user_or_the_service() {
    let bench = Bench::new();
    fs::write(bench.path("one.bin"), &frames("lu", 1)[0]).unwrap();
    let arguments = [
        "watch",
        "one.bin",
        "--csv",
        "--derive",
        "--keyring",
        "keys.toml",
    ];
    let (_, errors, code) = bench.output(&arguments);
    assert_eq!((errors.as_str(), code), ("", Some(0)));
    assert!(state(&bench, ".local/state/smarty/derive.json").is_some());
    // A recording says all there is.
    fs::remove_dir_all(bench.path(".local")).unwrap();
    let arguments = [
        "parse",
        "one.bin",
        "--csv",
        "--derive",
        "--keyring",
        "keys.toml",
    ];
    assert_eq!(bench.output(&arguments).2, Some(0));
    assert!(!bench.path(".local").exists());
}

#[test]
fn columns_are_those_of_the_options_whatever_a_meter_sends() {
    let bench = Bench::new();
    let header = |name: &str, more: &[&str]| {
        let sample = sample(name);
        let arguments = [
            &["parse", &sample, "--csv", "-F", "gas,net_power,surplus_l1"],
            more,
        ];
        let (output, _, code) = bench.output(&arguments.concat());
        assert_eq!(code, Some(0));
        let mut lines = output.lines().map(str::to_owned);
        (lines.next().unwrap(), lines.next().unwrap())
    };
    let (first, row) = header("nl22.txt", &["--derive"]);
    assert_eq!(
        first,
        "measured_at,received_at,meter,label,gas_m3,net_power_kw,surplus_l1_kw"
    );
    // One phase: nothing of L1 is known.
    assert!(row.ends_with(','), "{row}");
    let all = |name: &str| {
        let sample = sample(name);
        let arguments = ["parse", &sample, "--csv", "--reference-power", "7kW"];
        let (output, ..) = bench.output(&arguments);
        let columns: Vec<_> = output.lines().next().unwrap().split(',').collect();
        let computed = columns[columns.len() - 20..].iter();
        let row = output.lines().nth(1).unwrap();
        assert_eq!(row.split(',').count(), columns.len());
        computed
            .map(|column| column.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(all("nl22.txt"), all("lu-plain.txt"));
    assert_eq!(
        all("be.txt").first().map(String::as_str),
        Some("net_power_kw")
    );
}

#[test]
fn options_that_do_not_fit_together_are_said() {
    let bench = Bench::new();
    let sample = sample("lu-plain.txt");
    for (more, what) in [
        (
            &["-F", "net_power"][..],
            "smarty: error: net_power is computed, which was not asked for\n  hint: add --derive\n",
        ),
        (
            &["-F", "excess_day", "--derive"],
            "smarty: error: excess_day is computed, which was not asked for\n  \
             hint: add --reference-power, as --reference-power 7kW\n",
        ),
        (
            &["-f", "raw", "--derive"],
            "smarty: error: raw and hex show the telegram as it is, without what is computed\n  \
             hint: add --json, or leave out --derive\n",
        ),
        (
            &["--state", "s.json"],
            "smarty: error: --state keeps what is computed, and nothing is\n  hint: add --derive\n",
        ),
        (
            &["--derive", "--state", "no/s.json"],
            "smarty: error: no/s.json: there is no folder no\n  hint: mkdir -p no\n",
        ),
    ] {
        let arguments = [&["parse", &sample], more].concat();
        let (_, errors, code) = bench.output(&arguments);
        assert_eq!(errors, what);
        let exit = if more.contains(&"no/s.json") { 3 } else { 2 };
        assert_eq!(code, Some(exit), "{more:?}");
    }
}

#[test]
fn smarty_toml_names_a_reference_power_for_each_source() {
    let bench = Bench::new();
    fs::write(bench.path("a.bin"), &frames("lu", 1)[0]).unwrap();
    fs::copy(sample("nl5.txt"), bench.path("b.txt")).unwrap();
    let run = |head: &str, own: &str, more: &[&str]| {
        let text = format!(
            "{head}\nkeyring = \"keys.toml\"\nformat = \"json\"\nfields = \"quarter_left_kwh\"\n\
             [[source]]\nlabel = \"a\"\naddress = \"a.bin\"\n{own}\n\
             [[source]]\nlabel = \"b\"\naddress = \"b.txt\"\n"
        );
        fs::write(bench.path("smarty.toml"), text).unwrap();
        let arguments = [&["watch", "--config", "smarty.toml"], more].concat();
        bench.output(&arguments)
    };
    let left = |output: &str| {
        let lines = output.lines().map(|line| {
            let value: Value = serde_json::from_str(line).unwrap();
            let left = &value["derived"]["quarter_left_kwh"];
            (value["source"]["label"].to_string(), left.to_string())
        });
        let mut lines: Vec<_> = lines.collect();
        lines.sort();
        lines.dedup();
        lines
    };
    let own = "reference_power = \"12kW\"";
    // The first telegram of a.bin stands on a bound, those of b.txt do not.
    let (output, errors, _) = run("derive = true\nstate = \"s.json\"", own, &[]);
    assert_eq!(
        left(&output)[0],
        ("\"a\"".to_owned(), "3.0".to_owned()),
        "{errors}"
    );
    assert_eq!(left(&output)[1].1, "null");
    assert!(bench.path("s.json").exists());
    let (output, ..) = run("reference_power = \"7kW\"", "", &[]);
    assert_eq!(left(&output)[0].1, "1.75");
    let (output, ..) = run(
        "reference_power = \"7kW\"",
        own,
        &["--reference-power", "3kW"],
    );
    assert_eq!(left(&output)[0].1, "0.75");
    let (_, errors, code) = run("reference_power = \"7 A\"", "", &[]);
    assert_eq!(code, Some(2));
    assert_eq!(
        errors,
        "smarty: error: smarty.toml: line 1: expected a power such as 7kW, 3.5kW or 3500W\n"
    );
}

/// What is computed of the last telegram of an input, with 1 kW to be had.
fn computed(bench: &Bench, input: &str, more: &[&str]) -> (Value, String) {
    fs::write(bench.path("input.txt"), input).unwrap();
    let arguments = ["parse", "input.txt", "--json", "--reference-power", "1kW"];
    let (output, errors, code) = bench.output(&[&arguments, more].concat());
    assert_eq!(code, Some(0), "{errors}");
    let last: Value = serde_json::from_str(output.lines().last().unwrap()).unwrap();
    (last["derived"].clone(), errors)
}

#[test]
fn meters_that_were_made_up_cost_the_real_one_nothing() {
    let before: String = ["00", "05", "10", "15", "20"]
        .iter()
        .zip(["100", "100.5", "101", "101.5", "102"])
        .map(|(minute, kwh)| plain("REAL", &format!("26020310{minute}00W"), kwh))
        .collect();
    let behind = plain("REAL", "260203103000W", "102.5");
    let honest = Bench::new();
    let state_file = ["--state", "s.json"];
    computed(&honest, &before, &state_file);
    let (wanted, errors) = computed(&honest, &behind, &state_file);
    assert_eq!(errors, "");
    assert_eq!(wanted["excess_month_kwh"].to_string(), "2.0");

    let bench = Bench::new();
    computed(&bench, &before, &state_file);
    // Others of another century, and the meter itself in it.
    let mut flood: String = (0..300)
        .map(|number| plain(&format!("FAKE{number}"), "990101000000W", "1"))
        .collect();
    for time in ["990101000000W", "990101000010W", "980101000000W"] {
        flood += &plain("REAL", time, "9999");
    }
    let (_, errors) = computed(&bench, &flood, &state_file);
    let told = "smarty: warning: more than 256 meters: of the others, sums are not kept over a restart; \
                those with a key or a label go first, then those heard last\n  \
                hint: --meters-max sets how many are kept\n";
    assert_eq!(errors.matches(told).count(), 1, "{errors}");
    let meters = state(&bench, "s.json").unwrap()["meters"].clone();
    assert_eq!(meters.as_object().unwrap().len(), 256);
    assert!(meters["REAL"]["latest"]["at"] == "2026-02-03T09:20:00Z");
    let (got, _) = computed(&bench, &(flood + &behind), &state_file);
    assert_eq!(got, wanted);

    // As many as are asked for.
    let (_, errors) = computed(&bench, &behind, &["--state", "s.json", "--meters-max", "1"]);
    assert!(errors.contains("more than 1 meter:"), "{errors}");
    let meters = state(&bench, "s.json").unwrap()["meters"].clone();
    assert!(meters.as_object().unwrap().keys().eq(["REAL"]), "{meters}");
    for wrong in ["0", "x", "4294967296"] {
        let arguments = ["parse", "input.txt", "--derive", "--meters-max", wrong];
        let (_, errors, code) = bench.output(&arguments);
        assert_eq!(code, Some(2), "{errors}");
    }
}
