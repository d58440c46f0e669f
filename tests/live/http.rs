//! Servers of pages that give telegrams, and misbehave.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::bench::{Bench, Run, frames};
use super::certificates::authority;

/// What the server does with a request.
enum Does {
    /// Answers with a body whose length is told.
    Document(Vec<u8>),
    /// The same in chunks, with a pause between them.
    Chunks(Vec<Vec<u8>>, Duration),
    /// Tells a length, gives the half, closes.
    Half(Vec<u8>),
    /// A line of status and a header.
    Refuses(&'static str),
    /// Anything.
    Raw(Vec<u8>),
    /// Says nothing.
    Hangs,
}

/// A server on loopback that does one thing after another, the last for ever.
struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(does: Vec<Does>) -> Self {
        Self::with(does, None)
    }

    fn with(does: Vec<Does>, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&requests);
        thread::spawn(move || {
            let mut does = VecDeque::from(does);
            while let Ok((stream, _)) = listener.accept() {
                let _ = match &tls {
                    None => serve(stream, &mut does, &heard),
                    Some(config) => {
                        let connection = ServerConnection::new(Arc::clone(config)).unwrap();
                        serve(StreamOwned::new(connection, stream), &mut does, &heard)
                    }
                };
            }
        });
        Self { address, requests }
    }

    fn url(&self) -> String {
        format!("http://{}/api/v1/telegram", self.address)
    }

    fn asked(&self) -> usize {
        self.requests.lock().unwrap().len()
    }
}

/// Answers the requests of a connection until it is closed.
fn serve<S: Read + Write>(
    mut stream: S,
    does: &mut VecDeque<Does>,
    heard: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    loop {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            if stream.read(&mut byte)? == 0 {
                return Ok(());
            }
            request.push(byte[0]);
        }
        heard
            .lock()
            .unwrap()
            .push(String::from_utf8(request).unwrap());
        let head = |body: &[u8]| {
            format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n",
                body.len()
            )
        };
        let now = if does.len() > 1 {
            does.pop_front()
        } else {
            None
        };
        match now.as_ref().or(does.front()).unwrap() {
            Does::Document(body) => {
                stream.write_all(&[head(body).as_bytes(), body].concat())?;
            }
            Does::Chunks(parts, pause) => {
                stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
                for part in parts {
                    stream.write_all(format!("{:x}\r\n", part.len()).as_bytes())?;
                    stream.write_all(part)?;
                    stream.write_all(b"\r\n")?;
                    stream.flush()?;
                    thread::sleep(*pause);
                }
                stream.write_all(b"0\r\n\r\n")?;
            }
            Does::Half(body) => {
                stream.write_all(head(body).as_bytes())?;
                stream.write_all(&body[..body.len() / 2])?;
                return stream.flush();
            }
            Does::Refuses(status) => {
                stream.write_all(
                    format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").as_bytes(),
                )?;
            }
            Does::Raw(bytes) => {
                stream.write_all(bytes)?;
                return stream.flush();
            }
            Does::Hangs => thread::sleep(Duration::from_secs(60)),
        }
        stream.flush()?;
    }
}

fn telegrams(count: usize) -> Vec<Vec<u8>> {
    frames("nl5", count)
}

#[test]
fn the_last_telegram_is_asked_for_again_and_one_that_came_before_is_skipped() {
    let bench = Bench::new();
    let t = telegrams(4);
    let whole = |n: usize| Does::Document(t[n].clone());
    let chunks = |n: usize| {
        let parts = t[n].chunks(300).map(<[u8]>::to_vec).collect();
        Does::Chunks(parts, Duration::from_millis(20))
    };
    // The same again, in one piece, in chunks, after an error, after half an answer.
    let server = Server::start(vec![
        whole(0),
        whole(0),
        whole(1),
        chunks(1),
        chunks(2),
        Does::Refuses("500 Internal Server Error"),
        chunks(2),
        Does::Half(t[3].clone()),
        whole(3),
    ]);
    let url = format!("house={}", server.url());
    let mut run = Run::start(&bench, &["parse", &url, "--json", "-n", "4"]);
    let lines = run.lines(4);
    assert_eq!(run.end(), Some(0), "{}", run.errors());
    for (line, expected) in lines.iter().zip(&t) {
        assert_eq!(line["source"]["kind"], "http");
        assert_eq!(line["source"]["label"], "house");
        assert_eq!(line["telegram"]["length"], expected.len());
    }
    let said = run.errors();
    assert!(said.contains("answers 500 Internal Server Error"), "{said}");
    assert!(said.contains("in the middle of its answer"), "{said}");
    assert_eq!(said.matches("back after").count(), 2, "{said}");
    assert!(server.asked() >= 9);
    let first = server.requests.lock().unwrap()[0].clone();
    assert!(
        first.starts_with("GET /api/v1/telegram HTTP/1.1\r\n"),
        "{first}"
    );
}

#[test]
fn a_stream_is_read_as_long_as_it_lasts_and_digits_are_undone() {
    let bench = Bench::new();
    let sealed = frames("lu", 3);
    // Frames are cut anywhere, as networks do.
    let parts = sealed.concat().chunks(700).map(<[u8]>::to_vec).collect();
    let server = Server::start(vec![Does::Chunks(parts, Duration::from_millis(30))]);
    let arguments = ["parse", &server.url(), "--json", "--keyring", "keys.toml"];
    let mut run = Run::start(&bench, &[&arguments[..], &["-n", "3"]].concat());
    assert_eq!(run.lines(3).len(), 3);
    assert_eq!(run.end(), Some(0), "{}", run.errors());
    let hex: String = sealed[0]
        .iter()
        .map(|byte| format!("{byte:02X} "))
        .collect();
    let server = Server::start(vec![Does::Document(hex.into_bytes())]);
    let arguments = ["parse", &server.url(), "--json", "--keyring", "keys.toml"];
    let mut run = Run::start(&bench, &[&arguments[..], &["-n", "1"]].concat());
    assert_eq!(run.lines(1)[0]["security"]["tag"], "valid");
    assert_eq!(run.end(), Some(0), "{}", run.errors());
}

#[test]
fn what_gives_no_telegram_is_named_with_what_to_do() {
    let bench = Bench::new();
    let page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>";
    for (does, words) in [
        (
            Does::Refuses("404 Not Found"),
            ["answers 404 Not Found", "/api/v1/telegram"],
        ),
        (
            Does::Refuses("401 Unauthorized"),
            ["answers 401", "--server-token-file"],
        ),
        (
            Does::Refuses("403 Forbidden"),
            ["answers 403", "in its app"],
        ),
        (
            Does::Refuses("301 Moved Permanently\r\nLocation: https://x/y?key=1"),
            ["is now at https://x/y\n", "name it there"],
        ),
        (
            Does::Raw(page.to_vec()),
            ["page for people", "/api/v1/telegram"],
        ),
        (
            Does::Raw(b"ser2net port\r\n\r\n".to_vec()),
            ["no server of pages", "tcp://"],
        ),
        (Does::Raw(Vec::new()), ["closed the connection", ""]),
    ] {
        let server = Server::start(vec![does]);
        let (out, said, exit) = bench.output(&["parse", &server.url()]);
        assert_eq!((out.as_str(), exit), ("", Some(3)), "{said}");
        for words in words {
            assert!(said.contains(words), "{words}: {said}");
        }
    }
    let (_, said, exit) = bench.output(&["parse", "http://127.0.0.1:1/x"]);
    assert_eq!(exit, Some(3));
    assert!(said.contains("connection refused"), "{said}");
    let (_, said, exit) = bench.output(&["parse", "rfc2217://127.0.0.1:1"]);
    assert_eq!(exit, Some(2));
    assert!(said.contains("tcp://HOST:2001"), "{said}");
}

#[test]
fn a_server_that_says_nothing_is_left_at_once_when_asked() {
    let bench = Bench::new();
    let server = Server::start(vec![Does::Hangs]);
    let mut run = Run::start(&bench, &["parse", &server.url()]);
    let started = Instant::now();
    while server.asked() == 0 {
        assert!(started.elapsed() < Duration::from_secs(10));
        thread::sleep(Duration::from_millis(5));
    }
    let asked = Instant::now();
    run.terminate();
    run.end_by_signal();
    assert!(asked.elapsed() < Duration::from_secs(2));
}

#[test]
fn over_tls_with_a_token_from_a_file() {
    let bench = Bench::new();
    let authority = authority();
    let (certificate, key) = authority.sign("appliance.example", false);
    let chain: Vec<_> = CertificateDer::pem_slice_iter(certificate.as_bytes())
        .collect::<Result<_, _>>()
        .unwrap();
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let body = Does::Document(telegrams(1).remove(0));
    let server = Server::with(vec![body], Some(Arc::new(config)));
    let url = format!("https://{}/api/telegram", server.address);
    std::fs::write(bench.path("token"), "8A5F60F98C1DE3\n").unwrap();
    std::fs::write(bench.path("ca.pem"), &authority.pem).unwrap();
    let fails = |more: &[&str]| {
        let (out, said, exit) = bench.output(&[&["parse", &url][..], more].concat());
        assert_eq!((out.as_str(), exit), ("", Some(3)), "{said}");
        assert!(!said.contains("8A5F60"), "{said}");
        said
    };
    assert!(fails(&[]).contains("--server-ca FILE"));
    assert!(fails(&["--server-ca", "ca.pem"]).contains("--server-any-name"));
    assert_eq!(
        server.asked(),
        0,
        "nothing is sent to a server that is not trusted"
    );
    let trusted = ["--server-ca", "ca.pem", "--server-any-name"];
    let arguments = [&["parse", &url, "--json", "-n", "1"][..], &trusted].concat();
    let mut run = Run::start(
        &bench,
        &[&arguments[..], &["--server-token-file", "token"]].concat(),
    );
    assert_eq!(run.lines(1)[0]["source"]["name"], url);
    assert_eq!(run.end(), Some(0), "{}", run.errors());
    let asked = server.requests.lock().unwrap()[0].to_ascii_lowercase();
    assert!(
        asked.contains("authorization: bearer 8a5f60f98c1de3\r\n"),
        "{asked}"
    );
}

#[test]
fn a_plain_server_is_not_asked_over_tls() {
    let bench = Bench::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream: TcpStream = stream.unwrap();
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let (_, said, exit) = bench.output(&["parse", &format!("https://{address}/")]);
    assert_eq!(exit, Some(3));
    assert!(said.contains("does not speak TLS"), "{said}");
    assert!(said.contains("http://"), "{said}");
}
