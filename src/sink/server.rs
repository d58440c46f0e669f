//! A TCP server that gives telegrams to whoever connects.
//!
//! Clients come and go; one that reads too slowly misses whole telegrams or is sent away, and never holds up the
//! others. What clients send is read and forgotten.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags};
use rustix::net::sockopt;

use super::outlet::Outlet;
use crate::source::stop::{Stop, Wake};

/// A server with one or several ports.
#[derive(Debug)]
pub struct Server {
    ports: Vec<Port>,
    clients: Vec<Client>,
    /// Bytes that may wait for a client before it is sent away; `None`: it misses telegrams instead.
    patience: Option<usize>,
    news: Vec<News>,
}

#[derive(Debug)]
struct Port {
    listener: TcpListener,
    /// What a client gets first.
    welcome: Vec<u8>,
}

/// What happened with a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// It connected.
    Came(SocketAddr),
    /// It left, having missed so many telegrams.
    Left(SocketAddr, u64),
    /// It begins to miss telegrams.
    Slow(SocketAddr),
    /// It read too slowly, and was disconnected.
    SentAway(SocketAddr),
    /// It came when there were too many already.
    TurnedAway(SocketAddr),
}

#[derive(Debug)]
struct Client {
    peer: SocketAddr,
    /// Which of the ports it is connected to.
    port: usize,
    outlet: Outlet,
    gone: bool,
}

impl Server {
    /// Listens at each of the addresses.
    ///
    /// # Errors
    /// The address that cannot be had, and why.
    pub fn listen(addresses: &[SocketAddr]) -> Result<Self, (SocketAddr, io::Error)> {
        let listen = |address: &SocketAddr| {
            let listener = TcpListener::bind(address)?;
            listener.set_nonblocking(true)?;
            Ok(listener)
        };
        let port = |address: &SocketAddr| match listen(address) {
            Ok(listener) => Ok(Port {
                listener,
                welcome: Vec::new(),
            }),
            Err(error) => Err((*address, error)),
        };
        Ok(Self {
            ports: addresses.iter().map(port).collect::<Result<_, _>>()?,
            clients: Vec::new(),
            patience: None,
            news: Vec::new(),
        })
    }

    /// Sends clients away for whom more than so many bytes wait, rather than letting them miss telegrams.
    pub fn with_patience(mut self, bytes: usize) -> Self {
        self.patience = Some(bytes);
        self
    }

    /// Sets what a client of a port gets as soon as it comes.
    pub fn welcome(&mut self, port: usize, bytes: Vec<u8>) {
        if let Some(port) = self.ports.get_mut(port) {
            port.welcome = bytes;
        }
    }

    /// The addresses that it listens at.
    pub fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.ports
            .iter()
            .filter_map(|port| port.listener.local_addr().ok())
    }

    /// Gives a telegram to all clients of a port; where there is one port only, to all.
    pub fn send(&mut self, port: usize, telegram: &[u8]) {
        let port = port.min(self.ports.len().saturating_sub(1));
        for client in self.clients.iter_mut().filter(|client| client.port == port) {
            let before = client.outlet.dropped();
            match client.outlet.send(telegram) {
                Ok(true) => {}
                Ok(false) if self.patience.is_some() => client.gone = true,
                Ok(false) if before == 0 => self.news.push(News::Slow(client.peer)),
                Ok(false) => {}
                Err(_) => client.gone = true,
            }
        }
        self.forget();
    }

    /// Lets clients come, go and catch up until a moment has come or the handle is rung; says whether it was.
    ///
    /// # Errors
    /// Where the system cannot wait.
    pub fn wait(&mut self, stop: &Stop, until: Instant) -> io::Result<bool> {
        loop {
            match self.step(stop, until)? {
                Wake::Ready => {}
                Wake::TimedOut => return Ok(false),
                Wake::Stopped => return Ok(true),
            }
        }
    }

    /// Waits until clients have taken what is theirs, no longer than until a moment; says whether they have.
    ///
    /// # Errors
    /// Where the system cannot wait.
    pub fn drain(&mut self, stop: &Stop, until: Instant) -> io::Result<bool> {
        while self.clients.iter().any(|client| client.outlet.kept() > 0) {
            if self.step(stop, until)? != Wake::Ready {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What happened with clients since this was last asked.
    pub fn news(&mut self) -> Vec<News> {
        std::mem::take(&mut self.news)
    }

    /// Adds what to wait for: clients that come or leave, and room for those who have something to catch up.
    pub(crate) fn watch<'a>(&'a self, fds: &mut Vec<PollFd<'a>>) {
        let ports = self.ports.iter();
        fds.extend(ports.map(|port| PollFd::new(&port.listener, PollFlags::IN)));
        let clients = self.clients.iter();
        fds.extend(clients.map(|client| client.outlet.poll(PollFlags::IN)));
    }

    /// Lets clients come, go and catch up, without waiting.
    ///
    /// # Errors
    /// Where the system takes no more connections.
    pub fn serve(&mut self) -> io::Result<()> {
        for client in &mut self.clients {
            client.gone |= client.outlet.flush().is_err() || !client.outlet.forget_input();
        }
        self.forget();
        self.accept()
    }

    fn step(&mut self, stop: &Stop, until: Instant) -> io::Result<Wake> {
        let mut fds = vec![stop.bell()];
        self.watch(&mut fds);
        let wake = stop.poll(&mut fds, Some(until))?;
        drop(fds);
        if wake == Wake::Ready {
            self.serve()?;
        }
        Ok(wake)
    }

    fn accept(&mut self) -> io::Result<()> {
        for (number, port) in self.ports.iter().enumerate() {
            loop {
                let (stream, peer) = match port.listener.accept() {
                    Ok(came) => came,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    // It was gone before it was taken.
                    Err(error) if error.kind() == ErrorKind::ConnectionAborted => continue,
                    Err(error) => return Err(error),
                };
                if self.clients.len() >= CLIENTS_MAX {
                    self.news.push(News::TurnedAway(peer));
                    continue;
                }
                let Ok(mut outlet) = outlet(stream, self.patience.unwrap_or(0)) else {
                    continue;
                };
                self.news.push(News::Came(peer));
                let gone = outlet.send(&port.welcome).is_err();
                self.clients.push(Client {
                    peer,
                    port: number,
                    outlet,
                    gone,
                });
            }
        }
        Ok(())
    }

    fn forget(&mut self) {
        let left = self.clients.iter().filter(|client| client.gone);
        let left = left.map(|client| match (self.patience, client.outlet.dropped()) {
            (Some(_), 1..) => News::SentAway(client.peer),
            (_, missed) => News::Left(client.peer, missed),
        });
        self.news.extend(left);
        self.clients.retain(|client| !client.gone);
    }
}

impl fmt::Display for News {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Came(peer) => write!(f, "{peer} connected"),
            Self::Left(peer, 0) => write!(f, "{peer} left"),
            Self::Left(peer, missed) => write!(f, "{peer} left, {missed} telegrams were dropped"),
            Self::Slow(peer) => write!(f, "{peer} reads too slowly, telegrams are dropped"),
            Self::SentAway(peer) => write!(f, "{peer} reads too slowly, and was disconnected"),
            Self::TurnedAway(peer) => {
                write!(
                    f,
                    "{peer} was turned away: {CLIENTS_MAX} clients are there already"
                )
            }
        }
    }
}

fn outlet(stream: TcpStream, room: usize) -> io::Result<Outlet> {
    stream.set_nodelay(true)?;
    // What a slow client has not read is old: not too much of that.
    sockopt::set_socket_send_buffer_size(&stream, SEND_BUFFER)?;
    // A machine that lost its power says no goodbye.
    sockopt::set_tcp_user_timeout(&stream, SILENT_MS)?;
    sockopt::set_socket_keepalive(&stream, true)?;
    Outlet::with_room(stream.into(), room)
}

/// In bytes; the system takes double.
const SEND_BUFFER: usize = 32 << 10;
/// How long a client may leave what it was sent without an acknowledgement, in milliseconds.
const SILENT_MS: u32 = 60_000;
/// Clients at one time.
const CLIENTS_MAX: usize = 250;

#[cfg(test)]
mod tests {
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
}
