//! What runs beside the output, through the program: clients and pages while telegrams come and after.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::bench::{Bench, Plug, Run, frames, title_and_keys};

fn connect(address: &str) -> TcpStream {
    let client = TcpStream::connect(address).unwrap();
    client
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    client
}

fn page(address: &str, path: &str) -> String {
    let mut client = connect(address);
    write!(client, "GET {path} HTTP/1.1\r\n\r\n").unwrap();
    let mut text = String::new();
    client.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn clients_and_pages_are_served_while_the_meter_is_silent() {
    let bench = Bench::new();
    let mut plug = Plug::new(bench.path("ttyUSB0"));
    let frames = frames("lu", 2);
    let mut run = Run::start(
        &bench,
        &[
            "watch",
            "house=ttyUSB0",
            "--keyring",
            "keys.toml",
            "--json",
            "--forward",
            "house=0",
            "--metrics",
            "0",
            "--timeout",
            "60s",
        ],
    );
    let forward = run.heard("telegrams of house at tcp://");
    let metrics = run.heard("numbers for Prometheus at http://");
    let metrics = metrics.strip_suffix("/metrics").unwrap();
    plug.wait_until_read();
    let mut early = connect(&forward);
    plug.send(&frames[0]);
    run.lines(1);
    let mut text = [0; 1000];
    let whole = early.read(&mut text).unwrap();
    assert!(text.starts_with(b"/") && text[..whole].ends_with(b"\r\n"));
    // Nothing comes now, and still:
    let mut late = connect(&forward);
    let mut again = vec![0; whole];
    late.read_exact(&mut again).unwrap();
    assert_eq!(again, text[..whole]);
    let (title, _) = title_and_keys();
    let numbers = page(metrics, "/metrics");
    assert!(
        numbers.contains("smarty_telegrams_total{label=\"house\",source=\"ttyUSB0\"} 1\n"),
        "{title} {numbers}"
    );
    assert!(page(metrics, "/healthz").ends_with("\r\n\r\nok\n"));
    run.interrupt();
    assert_eq!(run.end(), None);
    assert_eq!(late.read(&mut again).unwrap(), 0, "closed, not reset");
}
