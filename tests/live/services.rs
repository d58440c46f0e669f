//! What runs beside the output, through the program: clients and pages while telegrams come and after.

use std::io::{Read, Write};
use std::net::{SocketAddr, SocketAddrV4, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rcgen::{CertificateParams, KeyPair};
use rustix::net::{AddressFamily, SocketType, bind, socket};
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

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
    let metrics = run.heard("metrics for Prometheus at http://");
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

/// The answer to a request with a host, and with a login where one is given.
fn ask(stream: impl Read + Write, host: &str, login: Option<&str>) -> String {
    let mut stream = stream;
    let login = login.map(|login| format!("Authorization: Basic {login}\r\n"));
    let login = login.unwrap_or_default();
    write!(
        stream,
        "GET /metrics HTTP/1.1\r\nHost: {host}\r\n{login}\r\n"
    )
    .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn numbers_are_for_those_who_know_name_and_password_however_many_stand_about() {
    let bench = Bench::new();
    std::fs::write(bench.path("password"), "geheim\n").unwrap();
    let mut run = Run::start(
        &bench,
        &[
            "watch",
            "house=sim:",
            "--json",
            "--metrics",
            "0.0.0.0:0",
            "--metrics-user",
            "anna",
            "--metrics-password-file",
            "password",
        ],
    );
    let address = run.heard("metrics for Prometheus at http://0.0.0.0");
    let address = address.strip_suffix("/metrics").unwrap();
    let address = format!("127.0.0.1{address}");
    run.lines(1);
    // anna:geheim
    let login = Some("YW5uYTpnZWhlaW0=");
    let idle: Vec<_> = (0..300).map(|_| connect(&address)).collect();
    let answer = ask(connect(&address), "localhost", login);
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer:.200}");
    assert!(answer.contains("smarty_turned_away_total{server=\"metrics\"} "));
    let refused = ask(connect(&address), "localhost", None);
    assert!(refused.starts_with("HTTP/1.1 401 "), "{refused:.200}");
    // Over loopback, whatever it listens at.
    let refused = ask(connect(&address), "evil.example", login);
    assert!(refused.starts_with("HTTP/1.1 421 "), "{refused:.200}");
    let begin = Instant::now();
    run.interrupt();
    assert_eq!(run.end(), None);
    assert!(
        begin.elapsed() < Duration::from_secs(2),
        "{:?}",
        begin.elapsed()
    );
    let said = run.errors();
    assert!(
        said.contains("password: holds a password, and all users of this machine can read it")
            && said.contains("some are turned away")
            && !said.contains("geheim"),
        "{said}"
    );
    drop(idle);
}

#[test]
fn numbers_come_over_tls_where_there_is_a_certificate() {
    let bench = Bench::new();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    std::fs::write(bench.path("cert.pem"), certificate.pem()).unwrap();
    std::fs::write(bench.path("key.pem"), key.serialize_pem()).unwrap();
    let mut run = Run::start(
        &bench,
        &[
            "watch",
            "sim:",
            "--json",
            "--metrics",
            "0",
            "--metrics-cert",
            "cert.pem",
            "--metrics-cert-key",
            "key.pem",
        ],
    );
    let address = run.heard("metrics for Prometheus at https://");
    let address = address.strip_suffix("/metrics").unwrap();
    run.lines(1);
    let mut roots = RootCertStore::empty();
    roots.add(certificate.der().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let session = ClientConnection::new(Arc::new(config), name).unwrap();
    let answer = ask(
        StreamOwned::new(session, connect(address)),
        "localhost",
        None,
    );
    assert!(
        answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("# EOF\n"),
        "{answer:.200}"
    );
    run.interrupt();
    assert_eq!(run.end(), None);
}

/// Connects from an address of loopback.
fn connect_from(last: u8, to: &str) -> TcpStream {
    let to: SocketAddr = to.parse().unwrap();
    let client = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&client, &SocketAddrV4::new([127, 0, 0, last].into(), 0)).unwrap();
    rustix::net::connect(&client, &to).unwrap();
    let client = TcpStream::from(client);
    let patience = Some(Duration::from_secs(20));
    client.set_read_timeout(patience).unwrap();
    client
}

#[test]
fn clients_leave_places_and_open_files_to_others() {
    let bench = Bench::new();
    let arguments = [
        "watch",
        "house=sim:",
        "--json",
        "--forward",
        "0",
        "--metrics",
        "0",
    ];
    let mut run = Run::with_files(&bench, 100, &arguments);
    let forward = run.heard("telegrams at tcp://");
    let metrics = run.heard("metrics for Prometheus at http://");
    let metrics = metrics.strip_suffix("/metrics").unwrap();
    run.lines(1);
    // A quarter of the files is 25 clients; an address has 13 of them.
    let mut crowd: Vec<_> = (0..150).map(|_| connect_from(1, &forward)).collect();
    crowd.extend((0..50).map(|_| connect_from(3, &forward)));
    let mut byte = [0];
    let mut late = connect_from(2, &forward);
    late.read_exact(&mut byte).unwrap();
    assert_eq!(&byte, b"/");
    let idle: Vec<_> = (0..60).map(|_| connect_from(1, metrics)).collect();
    let numbers = page(metrics, "/metrics");
    let away = numbers
        .lines()
        .find_map(|line| line.strip_prefix("smarty_turned_away_total{server=\"forward\"} "));
    let away: u32 = away.unwrap().parse().unwrap();
    assert!(
        (150 + 50 + 1 - 25..=150 + 50 + 1).contains(&away),
        "{numbers}"
    );
    let mut all = Vec::new();
    crowd[0].read_to_end(&mut all).unwrap();
    assert!(all.is_empty() || all.starts_with(b"/"), "it had to leave");
    run.interrupt();
    assert_eq!(run.end(), None);
    assert!(
        run.errors().contains("there are too many clients"),
        "{}",
        run.errors()
    );
    drop(idle);
}

/// Time of the processor that a process has taken, in hundredths of a second.
fn processor(pid: Pid) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap();
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    let fields: Vec<_> = fields.split(' ').collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

#[test]
fn without_open_files_servers_wait_for_some_and_serve_who_is_there() {
    let bench = Bench::new();
    let arguments = [
        "watch",
        "house=sim:?speed=20",
        "--json",
        "--forward",
        "0",
        "--metrics",
        "0",
    ];
    let mut run = Run::start(&bench, &arguments);
    let forward = run.heard("telegrams at tcp://");
    let metrics = run.heard("metrics for Prometheus at http://");
    let metrics = metrics.strip_suffix("/metrics").unwrap();
    run.lines(1);
    let mut there = connect(&forward);
    let mut byte = [0];
    there.read_exact(&mut byte).unwrap();
    let before = getrlimit(Resource::Nofile);
    let none = Rlimit {
        current: Some(8),
        ..before
    };
    prlimit(Some(run.pid()), Resource::Nofile, none).unwrap();
    let mut late = connect(&forward);
    let mut asks = connect(metrics);
    asks.write_all(b"GET /metrics HTTP/1.1\r\n\r\n").unwrap();
    let spent = processor(run.pid());
    std::thread::sleep(Duration::from_secs(3));
    let spent = processor(run.pid()) - spent;
    assert!(spent < 35, "{spent} hundredths of a second");
    let mut telegram = [0; 2000];
    there.read_exact(&mut telegram).unwrap();
    prlimit(Some(run.pid()), Resource::Nofile, before).unwrap();
    late.read_exact(&mut byte).unwrap();
    assert_eq!(&byte, b"/");
    let mut answer = String::new();
    asks.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer:.200}");
    run.interrupt();
    assert_eq!(run.end(), None);
    let said = run.errors();
    let shut = said
        .matches("no client can come: Too many open files")
        .count();
    assert_eq!(shut, 1, "{said}");
}
