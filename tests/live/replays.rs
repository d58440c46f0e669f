//! Frames that were recorded and are sent once more: refused where they are heard, kept and marked in recordings.

use std::fs;
use std::io::Write;
use std::net::{TcpListener, TcpStream};

use serde_json::Value;

use super::bench::{Bench, Run, frames, sealed, title_and_keys};

/// A server that waits for the program, and its address.
fn server() -> (TcpListener, String) {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("tcp://{}", server.local_addr().unwrap());
    (server, address)
}

fn watch<'a>(sources: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    let common = ["--json", "--events", "--keyring", "keys.toml"];
    [&["watch"], sources, &common, more].concat()
}

/// The next lines with a type of interest: `telegram`, or the code of the refusal or finding.
fn next(run: &mut Run, count: usize) -> Vec<(String, Value)> {
    let mut seen = Vec::new();
    while seen.len() < count {
        let line = run.lines(1).remove(0);
        let what = match line["type"].as_str().unwrap() {
            "telegram" => "telegram".to_owned(),
            "link" => continue,
            kind => format!("{kind} {}", line["code"].as_str().unwrap()),
        };
        seen.push((what, line));
    }
    seen
}

fn whats(seen: &[(String, Value)]) -> Vec<&str> {
    seen.iter().map(|(what, _)| what.as_str()).collect()
}

fn send(stream: &mut TcpStream, frames: &[&[u8]]) {
    frames
        .iter()
        .for_each(|frame| stream.write_all(frame).unwrap());
}

#[test]
fn what_is_heard_twice_is_refused_and_told() {
    let bench = Bench::new();
    let (server, address) = server();
    let frames = frames("lu", 4);
    let mut run = Run::start(&bench, &watch(&[&address], &["-n", "4"]));
    let (mut meter, _) = server.accept().unwrap();
    let [a, b, c, d] = [0, 1, 2, 3].map(|index| frames[index].as_slice());
    send(&mut meter, &[a, b, a, b, c, c]);
    let seen = next(&mut run, 6);
    let replayed = "refused replayed";
    let expected = [
        "telegram", "telegram", replayed, replayed, "telegram", replayed,
    ];
    let refused: Vec<_> = seen
        .iter()
        .filter(|(what, _)| !what.starts_with("finding"))
        .collect();
    assert_eq!(refused.len(), 6, "{seen:?}");
    assert_eq!(whats(&seen), expected);
    let told = &seen[2].1;
    assert!(
        told["hint"].as_str().unwrap().contains("play back"),
        "{told}"
    );
    assert_eq!(
        told["security"]["frame_counter"],
        seen[0].1["security"]["frame_counter"]
    );
    // The line falls silent: what was found is told.
    let found = next(&mut run, 1);
    assert_eq!(whats(&found), ["finding replayed"], "{found:?}");
    send(&mut meter, &[d]);
    assert_eq!(whats(&next(&mut run, 1)), ["telegram"]);
    assert_eq!(run.end(), Some(1));
    let said = run.errors().matches("was sent before").count();
    assert_eq!(said, 1, "{}", run.errors());
}

#[test]
fn a_replay_after_a_restart_is_refused_too() {
    let bench = Bench::new();
    let frames = frames("lu", 3);
    let run = |send_now: &[&[u8]], more: &[&str]| {
        let (server, address) = server();
        let mut run = Run::start(&bench, &watch(&[&address], more));
        let (mut meter, _) = server.accept().unwrap();
        send(&mut meter, send_now);
        let seen = next(&mut run, send_now.len());
        assert!(run.end().is_some());
        seen
    };
    let [a, b, c] = [0, 1, 2].map(|index| frames[index].as_slice());
    let kept = ["--state", "s.json", "-n", "2"];
    assert_eq!(whats(&run(&[a, b], &kept)), ["telegram", "telegram"]);
    let kept = ["--state", "s.json", "-n", "1"];
    let seen = run(&[a, b, c], &kept);
    assert_eq!(
        whats(&seen),
        ["refused replayed", "refused replayed", "telegram"]
    );
    let state = fs::read_to_string(bench.path("s.json")).unwrap();
    let state: Value = serde_json::from_str(&state).unwrap();
    let sealed = state["sealed"].as_object().unwrap();
    let counter = &seen[2].1["security"]["frame_counter"];
    assert_eq!(sealed.len(), 1);
    assert_eq!(&sealed.values().next().unwrap()["counter"], counter);
    // The key ring tells when that was: not of a replay, nor of another key.
    let listed = |ring: &str| {
        let list = [
            "keys",
            "list",
            "--json",
            "--state",
            "s.json",
            "--keyring",
            ring,
        ];
        let (output, errors, code) = bench.output(&list);
        assert_eq!(code, Some(0), "{errors}");
        let line: Value = serde_json::from_str(output.lines().next().unwrap()).unwrap();
        line["last_opened_at"].clone()
    };
    let opened = state["opened"]
        .as_object()
        .unwrap()
        .values()
        .next()
        .unwrap();
    assert_eq!(&listed("keys.toml"), opened);
    let other = "default = \"0102030405060708090A0B0C0D0E0F10\"\n";
    fs::write(bench.path("other.toml"), other).unwrap();
    assert_eq!(listed("other.toml"), Value::Null);
    let earlier = state
        .to_string()
        .replace(opened.as_str().unwrap(), "2026-02-03T09:17:05Z");
    fs::write(bench.path("s.json"), earlier).unwrap();
    assert_eq!(
        whats(&run(&[a, b], &["--state", "s.json", "--timeout", "1s"])),
        ["refused replayed", "refused replayed"]
    );
    assert_eq!(listed("keys.toml"), "2026-02-03T09:17:05Z");
    // Without a file nothing is remembered.
    assert_eq!(whats(&run(&[a], &["-n", "1"])), ["telegram"]);
}

#[test]
fn a_meter_that_has_sent_tags_sends_them_after_a_restart_too() {
    let bench = Bench::new();
    let text = smarty::p1::telegram::format("/ABC5x", [("1-0:1.8.0", ["000001.653*kWh"])], true);
    let write = |name: &str, control| {
        fs::write(bench.path(name), sealed(control, 7, &text)).unwrap();
    };
    write("tagged.bin", 0x30);
    write("cut.bin", 0x20);
    let run = |name: &str, more: &[&str]| {
        let mut arguments = watch(&[name], more);
        arguments.extend(["-n", "1"]);
        let (output, _, code) = bench.output(&arguments);
        let lines = output
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        let found = lines.filter(|line| line["type"] != "finding");
        let codes: Vec<_> = found
            .map(|line| line["code"].as_str().unwrap_or("telegram").to_owned())
            .collect();
        (codes.concat(), code)
    };
    let state = ["--state", "s.json"];
    assert_eq!(run("cut.bin", &state), ("telegram".to_owned(), Some(0)));
    assert_eq!(run("tagged.bin", &state), ("telegram".to_owned(), Some(0)));
    assert_eq!(run("cut.bin", &state), ("downgrade".to_owned(), Some(4)));
    assert_eq!(run("cut.bin", &[]), ("telegram".to_owned(), Some(0)));
}

#[test]
fn with_a_key_alone_what_is_remembered_refuses_telegrams_in_clear_from_the_start() {
    let bench = Bench::new();
    let (title, key) = title_and_keys();
    fs::write(bench.path("lu.key"), key).unwrap();
    let id = hex::encode_upper(&title);
    let lines = [("0-0:42.0.0", [&*id]), ("1-0:1.8.0", ["999999.000*kWh"])];
    let forged = smarty::p1::telegram::format("/Lux5\\253694471_M", lines, true);
    let own = &frames("lu", 2);
    let run = |frames: &[&[u8]], more: &[&str]| {
        let (server, address) = server();
        let common = [
            "watch",
            &address,
            "--json",
            "--events",
            "--key-file",
            "lu.key",
        ];
        let mut run = Run::start(&bench, &[&common, more].concat());
        let (mut meter, _) = server.accept().unwrap();
        send(&mut meter, frames);
        let seen = next(&mut run, frames.len());
        drop(meter);
        run.end();
        seen
    };
    let state = ["--state", "s.json", "--no-reconnect"];
    // Nobody knows the meter yet, and then it is known.
    let seen = run(&[&forged, &own[0], &forged], &state);
    assert_eq!(whats(&seen), ["telegram", "telegram", "refused downgrade"]);
    assert!(seen[0].1["security"].is_null());
    assert_eq!(seen[0].1["meter"]["id"], title);
    let seen = run(&[&forged, &own[1], &forged], &state);
    assert_eq!(
        whats(&seen),
        ["refused downgrade", "telegram", "refused downgrade"]
    );
    let allowed = [&state[..], &["--allow-plain"]].concat();
    assert_eq!(whats(&run(&[&forged], &allowed)), ["telegram"]);
    // Without a state file each start forgets.
    assert_eq!(whats(&run(&[&forged], &["--no-reconnect"])), ["telegram"]);
}

#[test]
fn a_service_remembers_without_being_asked() {
    let bench = Bench::new();
    fs::create_dir(bench.path("state")).unwrap();
    fs::write(bench.path("one.bin"), &frames("lu", 1)[0]).unwrap();
    for (folder, is_kept) in [("", false), ("state", true)] {
        let mut command = bench.command(&["watch", "one.bin", "--csv", "--keyring", "keys.toml"]);
        let folder = if folder.is_empty() {
            folder.into()
        } else {
            bench.path(folder)
        };
        let done = command.env("STATE_DIRECTORY", folder).output().unwrap();
        assert_eq!(done.status.code(), Some(0));
        assert_eq!(bench.path("state/derive.json").exists(), is_kept);
        assert!(!bench.path(".local").exists());
    }
    let state = fs::read_to_string(bench.path("state/derive.json")).unwrap();
    assert!(state.contains("\"counter\":"), "{state}");
}

#[test]
fn what_does_not_prove_its_origin_is_marked_in_every_output() {
    let bench = Bench::new();
    let text = smarty::p1::telegram::format("/ABC5x", [("1-0:1.8.0", ["000001.653*kWh"])], true);
    fs::write(bench.path("none.bin"), sealed(0x20, 7, &text)).unwrap();
    fs::write(bench.path("valid.bin"), sealed(0x30, 7, &text)).unwrap();
    let parse = |name: &str, more: &[&str]| {
        let common = ["parse", name, "--keyring", "keys.toml"];
        let (output, errors, code) = bench.output(&[&common, more].concat());
        assert_eq!(code, Some(0), "{errors}");
        (output, errors)
    };
    for (more, marked, unmarked) in [
        (&["--json"][..], "\"tag\":\"none\"", "\"tag\":\"valid\""),
        (&["--csv"], "1.653,none\r\n", "1.653\r\n"),
        (
            &["--csv", "-F", "tag,active_energy_import"],
            ",none,1.653\r\n",
            ",valid,1.653\r\n",
        ),
        (
            &["--format", "influx"],
            ",tag=none active_energy",
            "SMY1030726916931 active_energy",
        ),
        (&["--format", "table"], "NO TAG - unverified", "tag valid"),
        (&["--raw"], "/ABC5x", "/ABC5x"),
    ] {
        let (output, errors) = parse("none.bin", more);
        assert!(output.contains(marked), "{more:?}: {output}");
        assert!(
            errors.contains("nothing proves which meter sent it"),
            "{more:?}: {errors}"
        );
        let (output, errors) = parse("valid.bin", more);
        assert!(output.contains(unmarked), "{more:?}: {output}");
        assert_eq!(errors, "");
    }
    let (output, _) = parse("valid.bin", &["--csv", "--tag", "skip"]);
    assert!(
        output.contains(",tag\r\n") && output.contains(",skipped\r\n"),
        "{output}"
    );
}

#[test]
fn bytes_behind_the_telegram_in_its_frame_are_said() {
    let bench = Bench::new();
    let text = smarty::p1::telegram::format("/ABC5x", [("1-0:1.8.0", ["000001.653*kWh"])], true);
    let parse = |behind: &[u8], more: &[&str]| {
        fs::write(
            bench.path("in.bin"),
            sealed(0x30, 7, &[&text, behind].concat()),
        )
        .unwrap();
        let common = ["parse", "in.bin", "--keyring", "keys.toml"];
        bench.output(&[&common, more].concat())
    };
    let (output, errors, code) = parse(b"1-0:2.8.0(7)\r\n", &["--json"]);
    let line: Value = serde_json::from_str(&output).unwrap();
    let said = "14 bytes stand behind a telegram, in what was encrypted with it";
    assert_eq!(code, Some(0));
    assert_eq!(line["issues"][0]["code"], "extra_bytes");
    assert_eq!(line["issues"][0]["offset"], text.len());
    assert_eq!(line["issues"][0]["message"], said);
    assert!(errors.contains(&format!("in.bin: {said}")), "{errors}");
    assert!(parse(b"xyz", &[]).0.contains("note: 3 bytes stand behind"));
    assert!(parse(b"xyz", &["--raw"]).1.contains("3 bytes stand behind"));
    // The end of a text in C, or one line end more.
    for end in [&b"\0"[..], b"\r\n", b"\n\0\0"] {
        let (output, errors, _) = parse(end, &["--json"]);
        assert!(output.contains("\"issues\":[]"), "{output}");
        assert_eq!(errors, "");
    }
}

#[test]
fn two_sources_that_hear_one_meter_do_not_call_each_other_replayed() {
    let bench = Bench::new();
    let servers = [server(), server()];
    let addresses = servers.each_ref().map(|(_, address)| address.as_str());
    let frames = frames("lu", 3);
    let mut run = Run::start(&bench, &watch(&addresses, &["-n", "6"]));
    let mut meters = servers
        .each_ref()
        .map(|(server, _)| server.accept().unwrap().0);
    for frame in &frames {
        for meter in &mut meters {
            send(meter, &[frame]);
            assert_eq!(whats(&next(&mut run, 1)), ["telegram"]);
        }
    }
    assert_eq!(run.end(), Some(0));
}

#[test]
fn recordings_that_overlap_are_kept_and_marked() {
    let bench = Bench::new();
    let frames = frames("lu", 400);
    fs::write(bench.path("mon.bin"), frames[..250].concat()).unwrap();
    fs::write(bench.path("tue.bin"), frames[200..].concat()).unwrap();
    fs::write(
        bench.path("both.bin"),
        [frames[..250].concat(), frames[200..].concat()].concat(),
    )
    .unwrap();
    let marked = |inputs: &[&str], more: &[&str]| {
        let common = ["--json", "--keyring", "keys.toml"];
        let (output, errors, code) = bench.output(&[inputs, &common, more].concat());
        assert_eq!(code, Some(0), "{errors}");
        assert_eq!(
            errors.matches("50 telegrams came before").count(),
            1,
            "{errors}"
        );
        let lines = output
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        let marked: Vec<_> = lines.map(|line| line["replayed"] == true).collect();
        assert_eq!(marked.len(), 450);
        let right = |(index, marked): (usize, &bool)| *marked == (250..300).contains(&index);
        assert!(marked.iter().enumerate().all(right));
        output
    };
    let one = marked(&["parse", "both.bin"], &["--jobs", "1"]);
    assert!(one == marked(&["parse", "both.bin"], &["--jobs", "3"]));
    marked(&["parse", "mon.bin", "tue.bin"], &[]);
    marked(&["watch", "both.bin"], &[]);
    // Two readers of one meter hear the same.
    let labelled = [
        "parse",
        "a=mon.bin",
        "b=tue.bin",
        "--json",
        "--keyring",
        "keys.toml",
    ];
    let (output, _, _) = bench.output(&labelled);
    assert!(!output.contains("\"replayed\""));
}

#[test]
fn what_is_piped_into_watch_is_heard() {
    let bench = Bench::new();
    bench.fifo("pipe");
    let frames = frames("lu", 2);
    let twice = [&frames[0][..], &frames[0], &frames[1]].concat();
    for (command, expected) in [
        ("watch", ["telegram", "refused replayed", "telegram"]),
        ("parse", ["telegram", "telegram", "telegram"]),
    ] {
        let arguments = [
            command,
            "pipe",
            "--json",
            "--events",
            "--keyring",
            "keys.toml",
        ];
        let mut run = Run::start(&bench, &arguments);
        fs::write(bench.path("pipe"), &twice).unwrap();
        let seen = next(&mut run, 3);
        assert_eq!(whats(&seen), expected, "{command}");
        let marked = seen[1].1["replayed"] == true;
        assert_eq!(marked, command == "parse");
    }
}

#[test]
fn a_meter_that_counts_anew_goes_on() {
    let bench = Bench::new();
    let done = bench.output(&[
        "watch",
        "sim:?fault=counter-reset&speed=1000",
        "--json",
        "-n",
        "12",
    ]);
    assert_eq!(
        (done.0.lines().count(), done.2),
        (12, Some(0)),
        "{}",
        done.1
    );
}
