//! Clients that read along, stall, come late, leave.

use std::io::Read;
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::observe::context::Source;
use crate::p1::decoder::{Decoder, Policy};
use crate::p1::event::Event;
use crate::p1::value::Zone;
use crate::source::testing::{options, read_bytes};

const TELEGRAM: &[u8] = include_bytes!("../../../samples/nl5.txt");

/// A server at a port of its own for each label.
fn taps(labels: &[Option<&str>]) -> (Taps, Vec<SocketAddr>) {
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let server = Server::listen(&vec![any; labels.len()]).unwrap();
    let addresses = server.addresses().collect();
    let labels = labels
        .iter()
        .map(|label| label.map(str::to_owned))
        .collect();
    let taps = Taps {
        server,
        labels,
        ptys: Vec::new(),
    };
    (taps, addresses)
}

fn tell(forward: &mut Forward, label: &str, bytes: &[u8]) {
    let context = Context {
        source: Source {
            kind: "serial",
            name: label,
            label: Some(label),
        },
        ..Context::default()
    };
    let mut decoder = Decoder::new(Arc::default(), Policy::default(), Zone::luxembourg());
    let mut seen = 0;
    let mut tell = |event: &Event<'_>| {
        seen += 1;
        match event {
            Event::Telegram(decoded) => forward.telegram(&context, decoded),
            Event::Refused(refused) => forward.refused(&context, refused),
            Event::Junk(_) => panic!("no telegram"),
        }
    };
    decoder.push(bytes, &mut tell);
    decoder.finish(tell);
    assert_eq!(seen, 1);
}

fn connect(address: SocketAddr) -> TcpStream {
    let client = TcpStream::connect(address).unwrap();
    client
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    client
}

fn next(client: &mut TcpStream) -> Vec<u8> {
    let mut bytes = vec![0; TELEGRAM.len()];
    client.read_exact(&mut bytes).unwrap();
    bytes
}

#[test]
fn who_comes_late_has_the_last_telegram_at_once() {
    let (taps, ports) = taps(&[None, Some("house")]);
    let mut forward = Forward::start(taps, false).unwrap();
    tell(&mut forward, "house", TELEGRAM);
    tell(&mut forward, "house", TELEGRAM);
    tell(&mut forward, "pv", TELEGRAM);
    // Until the thread has them.
    while !forward.queue.lock().telegrams.is_empty() {
        thread::sleep(Duration::from_millis(1));
    }
    thread::sleep(Duration::from_millis(100));
    let (mut all, mut house) = (connect(ports[0]), connect(ports[1]));
    assert_eq!(next(&mut all), TELEGRAM);
    assert_eq!(next(&mut all), TELEGRAM, "one of each source");
    assert_eq!(next(&mut house), TELEGRAM);
    drop(connect(ports[0]));
    tell(&mut forward, "pv", TELEGRAM);
    assert_eq!(next(&mut all), TELEGRAM);
    forward.finish();
    for mut client in [all, house] {
        let mut rest = Vec::new();
        client.read_to_end(&mut rest).unwrap();
        assert!(rest.is_empty());
    }
}

#[test]
fn forty_clients_have_every_telegram_while_ten_do_not_read() {
    const TELEGRAMS: usize = 1500;
    let (taps, ports) = taps(&[None]);
    let mut forward = Forward::start(taps, false).unwrap();
    tell(&mut forward, "house", TELEGRAM);
    let stalled: Vec<_> = (0..10).map(|_| connect(ports[0])).collect();
    let progress: Arc<Vec<AtomicUsize>> = Arc::new((0..40).map(|_| AtomicUsize::new(0)).collect());
    let readers: Vec<_> = (0..40)
        .map(|number| {
            let mut client = connect(ports[0]);
            let progress = Arc::clone(&progress);
            thread::spawn(move || {
                for read in 1..=TELEGRAMS {
                    assert!(next(&mut client) == TELEGRAM);
                    progress[number].store(read, Ordering::Relaxed);
                }
            })
        })
        .collect();
    let slowest = || {
        progress
            .iter()
            .map(|read| read.load(Ordering::Relaxed))
            .min()
    };
    for sent in 1..TELEGRAMS {
        // A busy machine may hold up a reader: that is not what is looked at here.
        while slowest() < Some(sent.saturating_sub(50).max(1)) {
            thread::sleep(Duration::from_millis(1));
        }
        tell(&mut forward, "house", TELEGRAM);
    }
    for reader in readers {
        reader.join().unwrap();
    }
    let said = forward.notices();
    let away = said
        .iter()
        .filter(|notice| notice.what.contains("disconnected"));
    assert_eq!(away.count(), 1, "once a minute: {said:?}");
    for mut client in stalled {
        // Its end comes although the server goes on, and what it had before is whole as far as it goes.
        let mut bytes = Vec::new();
        client.read_to_end(&mut bytes).unwrap();
        assert!(bytes.len() < TELEGRAMS * TELEGRAM.len() / 2);
        let mut telegrams = bytes.chunks_exact(TELEGRAM.len());
        assert!(telegrams.all(|part| part == TELEGRAM));
    }
}

#[test]
fn frames_without_a_key_here_are_passed_on_raw() {
    let frame = include_bytes!("../../../samples/lu.bin");
    let (taps, ports) = taps(&[None]);
    let mut forward = Forward::start(taps, true).unwrap();
    let mut client = connect(ports[0]);
    tell(&mut forward, "house", frame);
    let mut bytes = vec![0; frame.len()];
    client.read_exact(&mut bytes).unwrap();
    assert!(bytes == frame);
    tell(&mut forward, "house", TELEGRAM);
    assert_eq!(next(&mut client), TELEGRAM);
}

#[test]
fn a_pseudo_terminal_has_the_telegrams_of_its_source() {
    let (mut taps, _) = taps(&[None]);
    let pty = Pty::open().unwrap();
    let path = pty.path().to_owned();
    taps.ptys.push((pty, Some("house".to_owned())));
    let mut forward = Forward::start(taps, false).unwrap();
    let mut port = crate::source::Source::open_path(&path, &options()).unwrap();
    tell(
        &mut forward,
        "pv",
        include_bytes!("../../../samples/lu-plain.txt"),
    );
    tell(&mut forward, "house", TELEGRAM);
    let bytes = read_bytes(TELEGRAM.len(), |buf| port.read(buf).unwrap());
    assert_eq!(bytes, TELEGRAM);
}
