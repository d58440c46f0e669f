//! A site with one long page, asked well, badly, slowly and by too many.

use std::io::{Read, Write};
use std::net::{SocketAddr, SocketAddrV4, TcpStream};
use std::time::Instant;

use axum::http::StatusCode;
use axum::routing::get;
use base64::prelude::{BASE64_STANDARD, Engine};
use rcgen::{CertificateParams, KeyPair};
use rustix::net::{AddressFamily, SocketType, bind, connect, socket};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::*;
use crate::sys::tls::{TlsProblem, serving};

struct Open {
    address: SocketAddr,
    stop: Stop,
    thread: Option<JoinHandle<()>>,
    turned_away: Counter,
}

fn open(rules: Rules) -> Open {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let stop = Stop::new().unwrap();
    let router = Router::new()
        .route("/long", get(async || "x".repeat(LONG)))
        .route("/huge", get(async || "x".repeat(HUGE)))
        .fallback(async || (StatusCode::NOT_FOUND, "no\n"));
    let turned_away = Counter::default();
    let thread = serve(listener, &stop, router, rules, turned_away.clone()).unwrap();
    Open {
        address,
        stop,
        thread: Some(thread),
        turned_away,
    }
}

impl Drop for Open {
    /// It ends within a second, whoever is there.
    fn drop(&mut self) {
        let start = Instant::now();
        self.stop.stop();
        self.thread.take().unwrap().join().unwrap();
        assert!(start.elapsed() < Duration::from_secs(1));
    }
}

/// Connects from an address of loopback.
fn connected(from: [u8; 4], to: SocketAddr) -> TcpStream {
    let client = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&client, &SocketAddrV4::new(from.into(), 0)).unwrap();
    connect(&client, &to).unwrap();
    let client = TcpStream::from(client);
    let patience = Some(Duration::from_secs(20));
    client.set_read_timeout(patience).unwrap();
    client
}

/// The answer to a question that comes in parts.
fn ask(site: &Open, parts: &[&str]) -> String {
    ask_from([127, 0, 0, 1], site, parts)
}

fn ask_from(from: [u8; 4], site: &Open, parts: &[&str]) -> String {
    let mut client = connected(from, site.address);
    for part in parts {
        client.write_all(part.as_bytes()).unwrap();
        thread::sleep(Duration::from_millis(5));
    }
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_page_comes_whole_however_it_is_asked_for() {
    let site = open(Rules::default());
    let whole = ask(
        &site,
        &["GET /long?x=1 HTTP/1.1\r\nHost: localhost\r\n\r\n"],
    );
    assert!(whole.starts_with("HTTP/1.1 200 OK\r\n"));
    assert!(whole.ends_with(&"x".repeat(LONG)));
    let parts = ask(&site, &["GE", "T /long", " HTTP/1.1\r\n", "\r\n"]);
    assert!(parts.ends_with(&"x".repeat(LONG)));
    assert!(ask(&site, &["GET /long HTTP/1.0\r\n\r\n"]).ends_with(&"x".repeat(LONG)));
    let head = ask(&site, &["HEAD /long HTTP/1.1\r\n\r\n"]);
    assert!(head.contains("Content-Length: 3145728") && head.ends_with("\r\n\r\n"));
    // Who has said all may still listen.
    let mut client = connected([127, 0, 0, 1], site.address);
    client.write_all(b"GET /long HTTP/1.1\r\n\r\n").unwrap();
    client.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with(&"x".repeat(LONG)));
}

#[test]
fn what_is_no_question_is_answered_with_what_is_wrong() {
    let site = open(Rules::default());
    let long = format!("GET / HTTP/1.1\r\nA: {}", "a".repeat(9000));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(100));
    let body = format!(
        "POST /long HTTP/1.1\r\nContent-Length: 100000\r\n\r\n{}",
        "b".repeat(100_000)
    );
    for (request, status) in [
        ("GET /nowhere HTTP/1.1\r\n\r\n", "404"),
        ("POST /long HTTP/1.1\r\n\r\n", "405"),
        (body.as_str(), "405"),
        ("/SMY5\\2SM324927-1003\r\n\r\n", "400"),
        (long.as_str(), "431"),
        (many.as_str(), "431"),
    ] {
        let answer = ask(&site, &[request]);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{answer}"
        );
    }
}

#[test]
fn who_asks_nothing_shuts_nobody_out() {
    let site = open(Rules {
        limits: Limits {
            total: 256,
            per_address: 32,
            local: 32,
            ..Limits::default()
        },
        ..Rules::default()
    });
    let question = "GET /long HTTP/1.1\r\n\r\n";
    let mut idle: Vec<_> = (0..40)
        .map(|_| connected([127, 0, 0, 1], site.address))
        .collect();
    assert!(ask(&site, &[question]).ends_with("xxx"));
    idle.extend((0..210).map(|_| connected([127, 0, 0, 1], site.address)));
    for from in [1, 2, 3] {
        assert!(ask_from([127, 0, 0, from], &site, &[question]).ends_with("xxx"));
    }
    // From nine addresses it is full in all, too.
    for from in 10..19 {
        idle.extend((0..40).map(|_| connected([127, 0, 0, from], site.address)));
    }
    assert!(ask_from([127, 0, 0, 4], &site, &[question]).ends_with("xxx"));
    assert!(
        site.turned_away.total() >= 219 + 9 * 8,
        "{}",
        site.turned_away.total()
    );
    let mut first = idle.remove(0);
    assert_eq!(first.read(&mut [0]).unwrap(), 0, "it had to leave");
}

#[test]
fn who_asks_or_reads_slowly_is_not_waited_for() {
    let site = open(Rules {
        limits: Limits {
            ask: Duration::from_millis(400),
            answer: Duration::from_millis(400),
            ..Limits::default()
        },
        ..Rules::default()
    });
    let start = Instant::now();
    let mut slow = connected([127, 0, 0, 1], site.address);
    let drop_by_drop = "GET /long HTTP/1.1\r\nHost: localhost\r\nA: ".bytes();
    let sent = drop_by_drop
        .chain(std::iter::repeat(b'a'))
        .position(|byte| {
            thread::sleep(Duration::from_millis(20));
            slow.write_all(&[byte]).is_err()
        });
    assert!(sent.is_some() && start.elapsed() < Duration::from_secs(5));
    let mut deaf = connected([127, 0, 0, 1], site.address);
    deaf.write_all(b"GET /huge HTTP/1.1\r\n\r\n").unwrap();
    thread::sleep(Duration::from_millis(1500));
    let mut answer = Vec::new();
    // Closed or reset: it is over.
    let _ = deaf.read_to_end(&mut answer);
    assert!(
        !answer.is_empty() && answer.len() < HUGE,
        "{}",
        answer.len()
    );
    let mut silent = connected([127, 0, 0, 1], site.address);
    assert_eq!(silent.read(&mut [0]).unwrap(), 0);
}

#[test]
fn another_name_is_not_answered() {
    let names = Names::new(["meter.lan".to_owned()], false);
    let site = open(Rules {
        names,
        ..Rules::default()
    });
    for (head, status) in [
        ("GET /long HTTP/1.1\r\nHost: localhost:9100\r\n", "200"),
        ("GET /long HTTP/1.1\r\nHost: meter.lan\r\n", "200"),
        ("GET /long HTTP/1.1\r\n", "200"),
        (
            "GET http://127.0.0.1/long HTTP/1.1\r\nHost: 127.0.0.1\r\n",
            "200",
        ),
        ("GET /long HTTP/1.1\r\nHost: evil.example\r\n", "421"),
        (
            "GET /nowhere HTTP/1.1\r\nHost: evil.example:9100\r\n",
            "421",
        ),
        ("POST /long HTTP/1.1\r\nHost: evil.example\r\n", "421"),
        (
            "GET /long HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n",
            "421",
        ),
        (
            "GET http://evil.example/long HTTP/1.1\r\nHost: localhost\r\n",
            "421",
        ),
        ("GET /long HTTP/1.1\r\nHost: \r\n", "421"),
        ("GET /long HTTP/1.1\r\nHost: \u{e9}\r\n", "421"),
    ] {
        let answer = ask(&site, &[head, "\r\n"]);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{head} {answer:.80}"
        );
        assert_eq!(answer.contains("xxx"), status == "200");
    }
}

#[test]
fn a_page_with_a_password_is_for_those_who_know_it() {
    let site = open(Rules {
        login: Some(Login::new("anna", "geheim")),
        ..Rules::default()
    });
    let with = |login: &str| {
        let login = BASE64_STANDARD.encode(login);
        let head = format!("GET /long HTTP/1.1\r\nAuthorization: Basic {login}\r\n\r\n");
        ask(&site, &[&head])
    };
    assert!(with("anna:geheim").ends_with("xxx"));
    let none = ask(&site, &["GET /long HTTP/1.1\r\n\r\n"]);
    for answer in [none, with("anna:falsch"), with("bert:geheim"), with("")] {
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
        assert!(answer.contains("Www-Authenticate: Basic realm=") && !answer.contains("xxx"));
    }
}

#[test]
fn with_tls_nothing_is_answered_in_clear() {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let other = KeyPair::generate().unwrap().serialize_pem();
    let (pem, key) = (certificate.pem(), key.serialize_pem());
    let problem = |pem: &str, key: &str| serving(pem.as_bytes(), key.as_bytes()).unwrap_err();
    assert_eq!(problem(&key, &key), TlsProblem::Certificate);
    assert_eq!(problem(&pem, &pem), TlsProblem::Key);
    assert_eq!(problem(&pem, &other), TlsProblem::Pair);
    let site = open(Rules {
        tls: Some(serving(pem.as_bytes(), key.as_bytes()).unwrap()),
        login: Some(Login::new("anna", "geheim")),
        ..Rules::default()
    });
    let mut roots = RootCertStore::empty();
    roots.add(certificate.der().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let config = Arc::new(config);
    let get = || {
        let session = ClientConnection::new(Arc::clone(&config), name.clone()).unwrap();
        let mut client = StreamOwned::new(session, connected([127, 0, 0, 1], site.address));
        let login = BASE64_STANDARD.encode("anna:geheim");
        write!(
            client,
            "GET /long HTTP/1.1\r\nAuthorization: Basic {login}\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        answer
    };
    // Idle ones are counted before the handshake, which they never begin.
    let idle: Vec<_> = (0..60)
        .map(|_| connected([127, 0, 0, 1], site.address))
        .collect();
    let answer = get();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with(&"x".repeat(LONG)));
    let mut client = connected([127, 0, 0, 1], site.address);
    client.write_all(b"GET /long HTTP/1.1\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let _ = client.read_to_end(&mut answer);
    assert!(!answer.windows(4).any(|part| part == b"HTTP"), "{answer:?}");
    drop(idle);
    assert!(get().ends_with("xxx"));
}

/// Bytes of the long page.
const LONG: usize = 3 << 20;
/// Bytes of a page of which the system never keeps all for a client.
const HUGE: usize = 64 << 20;
