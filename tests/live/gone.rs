//! Sources that are gone, and ports that another program holds: what it costs to wait for them, and who is named.

use std::fs::{self, File};
use std::io::Write;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::bench::{Bench, Plug, Run, frames, terminal};

/// Processor time of a run, once it has done nothing but wait for a second and a half.
fn cost_of_waiting(run: &Run) -> Duration {
    // What comes at the loss itself is over by then.
    thread::sleep(Duration::from_millis(300));
    let before = run.processor_time();
    thread::sleep(Duration::from_millis(1500));
    run.processor_time() - before
}

#[test]
fn no_source_that_is_gone_keeps_the_processor_busy() {
    let bench = Bench::new();
    let frame = frames("lu", 1).remove(0);
    let keys = ["--json", "--keyring", "keys.toml"];
    let start = |source: &str, more: &[&str]| {
        Run::start(&bench, &[&["watch", source], &keys[..], more].concat())
    };
    let idle = |run: &mut Run, what: &str| {
        let cost = cost_of_waiting(run);
        assert!(cost < Duration::from_millis(200), "{what}: {cost:?}");
        run.terminate();
        assert_eq!(run.end_by_signal(), Some(15), "{what}");
    };
    // A port that was pulled out.
    let mut plug = Plug::new(bench.path("ttyUSB0"));
    let mut run = start("ttyUSB0", &[]);
    plug.wait_until_read();
    plug.send(&frame);
    run.lines(1);
    plug.pull_out();
    idle(&mut run, "port");
    // A server that closes each connection at once, after a byte, and one that only stops to send.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = format!("tcp://{}", listener.local_addr().unwrap());
    let taken = thread::spawn(move || {
        let mut taken = 0;
        let started = Instant::now();
        listener.set_nonblocking(true).unwrap();
        while started.elapsed() < Duration::from_secs(3) {
            if let Ok((mut client, _)) = listener.accept() {
                client.write_all(b"/").unwrap();
                taken += 1;
            }
            thread::sleep(Duration::from_millis(5));
        }
        taken
    });
    idle(&mut start(&server, &[]), "server");
    let taken = taken.join().unwrap();
    assert!((1..20).contains(&taken), "{taken} connections in 3 s");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = format!("tcp://{}", listener.local_addr().unwrap());
    let mut run = start(&server, &[]);
    let (mut client, _) = listener.accept().unwrap();
    client.write_all(&frame).unwrap();
    run.lines(1);
    idle(&mut run, "silent server");
    // A FIFO that nobody writes into.
    bench.fifo("pipe");
    idle(&mut start("pipe", &[]), "FIFO");
    // A file that is followed: at its end, emptied, gone.
    for what in ["end", "emptied", "gone"] {
        fs::write(bench.path("grows"), &frame).unwrap();
        let mut run = start("grows", &["--follow"]);
        run.lines(1);
        match what {
            "emptied" => drop(File::create(bench.path("grows")).unwrap()),
            "gone" => fs::remove_file(bench.path("grows")).unwrap(),
            _ => {}
        }
        idle(&mut run, what);
    }
}

#[test]
fn the_end_of_standard_input_ends_the_run_whatever_it_is() {
    let bench = Bench::new();
    let keys = ["--json", "--keyring", "keys.toml"];
    for command in ["watch", "parse"] {
        let (near, far) = terminal();
        let mut run = Run::on_terminal(&bench, far, &[&[command, "-"], &keys[..]].concat());
        thread::sleep(Duration::from_millis(300));
        drop(near);
        // By HUP, which comes with it, or by the end of what is read.
        let _ = run.end();
        let cost = run.errors().lines().count();
        assert!(cost < 10, "{}", run.errors());
    }
}

fn held(mut holder: Child, look: impl Fn(u32)) {
    look(holder.id());
    holder.kill().unwrap();
    holder.wait().unwrap();
}

#[test]
fn a_busy_port_is_said_to_be_held_by_who_holds_it_and_by_no_bystander() {
    let bench = Bench::new();
    let plug = Plug::new(bench.path("ttyUSB0"));
    let port = fs::canonicalize(bench.path("ttyUSB0")).unwrap();
    let asked = || {
        let (_, error, code) = bench.output(&["watch", "ttyUSB0", "--no-reconnect"]);
        assert_eq!(code, Some(3), "{error}");
        error
    };
    // Two that only have it open, the shell before the one that locks it.
    let open = || File::options().read(true).write(true).open(&port).unwrap();
    let bystander = Command::new("sleep")
        .arg("60")
        .stdin(Stdio::from(open()))
        .spawn()
        .unwrap();
    held(bystander, |by| {
        let locks = [
            "--no-fork".as_ref(),
            port.as_os_str(),
            "sleep".as_ref(),
            "61".as_ref(),
        ];
        let holder = Command::new("flock").args(locks).spawn().unwrap();
        held(holder, |pid| {
            let started = Instant::now();
            let named = format!("ttyUSB0: sleep (process {pid}) holds the port");
            let mut error = asked();
            while !error.contains(&named) && started.elapsed() < Duration::from_secs(5) {
                error = asked();
            }
            assert!(error.contains(&named), "{error}");
            assert!(error.contains(&format!("kill {pid}")), "{error}");
            assert!(!error.contains(&by.to_string()), "{error}");
        });
    });
    // Held by this run itself, which names it twice.
    let (_, error, _) = bench.output(&["watch", "a=ttyUSB0", "b=ttyUSB0", "--duration", "1s"]);
    assert!(error.contains("this run itself holds the port"), "{error}");
    assert!(error.contains("name each port once"), "{error}");
    drop(plug);
}
