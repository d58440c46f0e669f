//! Clients that read along, are slow, come late and leave.

use super::*;
use std::io::{Read, Write};
use std::time::Duration;

fn server(ports: usize) -> (Server, Vec<SocketAddr>, Stop) {
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let server = Server::listen(&vec![any; ports]).unwrap();
    let addresses = server.addresses().collect();
    (server, addresses, Stop::new().unwrap())
}

fn soon() -> Instant {
    Instant::now() + Duration::from_millis(50)
}

#[test]
fn each_client_of_a_port_gets_its_telegrams() {
    let (mut server, ports, stop) = server(2);
    let connect = |port: usize| TcpStream::connect(ports[port]).unwrap();
    let (mut house, mut other, mut pv) = (connect(0), connect(0), connect(1));
    house.write_all(b"hello").unwrap();
    assert!(!server.wait(&stop, soon()).unwrap());
    server.send(0, b"house");
    server.send(1, b"pv");
    drop(server);
    for (client, expected) in [
        (&mut house, "house"),
        (&mut other, "house"),
        (&mut pv, "pv"),
    ] {
        let mut text = String::new();
        client.read_to_string(&mut text).unwrap();
        assert_eq!(text, expected);
    }
}

#[test]
fn a_slow_client_misses_whole_telegrams_and_holds_nobody_up() {
    let (mut server, ports, stop) = server(1);
    let mut slow = TcpStream::connect(ports[0]).unwrap();
    server.wait(&stop, soon()).unwrap();
    let telegram: Vec<u8> = (0..1519).map(|n| n as u8).collect();
    for _ in 0..10_000 {
        server.send(0, &telegram);
    }
    let peer = slow.local_addr().unwrap();
    assert_eq!(server.news(), [News::Came(peer), News::Slow(peer)]);
    let reader = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        slow.read_to_end(&mut bytes).unwrap();
        bytes
    });
    let late = Instant::now() + Duration::from_secs(10);
    assert!(server.drain(&stop, late).unwrap());
    drop(server);
    let bytes = reader.join().unwrap();
    assert_eq!(bytes.len() % telegram.len(), 0);
    assert!(bytes.chunks(telegram.len()).all(|part| part == telegram));
}

#[test]
fn a_late_client_is_welcomed_and_a_slow_one_sent_away() {
    let (server, ports, stop) = server(1);
    let mut server = server.with_patience(10_000);
    server.welcome(0, b"last".to_vec());
    let mut late = TcpStream::connect(ports[0]).unwrap();
    let slow = TcpStream::connect(ports[0]).unwrap();
    server.wait(&stop, soon()).unwrap();
    let mut text = [0; 4];
    late.read_exact(&mut text).unwrap();
    assert_eq!(&text, b"last");
    let reader = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        late.read_to_end(&mut bytes).unwrap();
        bytes.len()
    });
    let peer = slow.local_addr().unwrap();
    let mut sent = 0;
    let mut news = Vec::new();
    while !news.contains(&News::SentAway(peer)) {
        server.send(0, &[b'x'; 1519]);
        sent += 1519;
        assert!(sent < 100 << 20, "it never was");
        // The other one reads, but needs its time.
        assert!(server.drain_all_but(peer, &stop));
        news.extend(server.news());
    }
    assert_eq!(news.len(), 3, "{news:?}");
    drop(server);
    assert_eq!(reader.join().unwrap(), sent);
}

impl Server {
    /// Lets all clients but one catch up.
    fn drain_all_but(&mut self, slow: SocketAddr, stop: &Stop) -> bool {
        let late = Instant::now() + Duration::from_secs(20);
        let waits = |client: &Client| client.peer != slow && client.outlet.kept() > 0;
        while self.clients.iter().any(waits) {
            if self.step(stop, late).unwrap() != Wake::Ready {
                return false;
            }
        }
        true
    }
}

#[test]
fn a_client_that_leaves_is_forgotten() {
    let (mut server, ports, stop) = server(1);
    let client = TcpStream::connect(ports[0]).unwrap();
    let peer = client.local_addr().unwrap();
    server.wait(&stop, soon()).unwrap();
    drop(client);
    server.wait(&stop, soon()).unwrap();
    assert_eq!(server.news(), [News::Came(peer), News::Left(peer, 0)]);
    stop.stop();
    let later = Instant::now() + Duration::from_secs(20);
    assert!(server.wait(&stop, later).unwrap());
}
