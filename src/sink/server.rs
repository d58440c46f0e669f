//! A TCP server that gives telegrams to whoever connects.
//!
//! Clients come and go; one that reads too slowly misses whole telegrams, and never holds up the others. What
//! clients send is read and forgotten.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::time::Instant;

use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::net::sockopt;

use super::outlet::Outlet;
use crate::source::stop::{Stop, Wake};

/// A server with one or several ports.
#[derive(Debug)]
pub struct Server {
    listeners: Vec<TcpListener>,
    clients: Vec<Client>,
    news: Vec<News>,
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
        let listeners = addresses
            .iter()
            .map(|address| listen(address).map_err(|error| (*address, error)))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            listeners,
            clients: Vec::new(),
            news: Vec::new(),
        })
    }

    /// The addresses that it listens at.
    pub fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.listeners
            .iter()
            .filter_map(|listener| listener.local_addr().ok())
    }

    /// Gives a telegram to all clients of a port; where there is one port only, to all.
    pub fn send(&mut self, port: usize, telegram: &[u8]) {
        let port = port.min(self.listeners.len().saturating_sub(1));
        for client in self.clients.iter_mut().filter(|client| client.port == port) {
            let before = client.outlet.dropped();
            match client.outlet.send(telegram) {
                Ok(true) => {}
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

    fn step(&mut self, stop: &Stop, until: Instant) -> io::Result<Wake> {
        let mut fds = vec![stop.bell()];
        fds.extend(
            self.listeners
                .iter()
                .map(|port| rustix::event::PollFd::new(port, PollFlags::IN)),
        );
        fds.extend(
            self.clients
                .iter()
                .map(|client| client.outlet.poll(PollFlags::IN)),
        );
        let wake = stop.poll(&mut fds, Some(until))?;
        if wake != Wake::Ready {
            return Ok(wake);
        }
        drop(fds);
        for client in &mut self.clients {
            client.gone |= client.outlet.flush().is_err() || !is_there(&client.outlet);
        }
        self.forget();
        self.accept()?;
        Ok(wake)
    }

    fn accept(&mut self) -> io::Result<()> {
        for (port, listener) in self.listeners.iter().enumerate() {
            loop {
                match listener.accept() {
                    Ok((stream, peer)) => {
                        if let Ok(outlet) = outlet(stream) {
                            let gone = false;
                            self.news.push(News::Came(peer));
                            self.clients.push(Client {
                                peer,
                                port,
                                outlet,
                                gone,
                            });
                        }
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    // It was gone before it was taken.
                    Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    fn forget(&mut self) {
        let left = self.clients.iter().filter(|client| client.gone);
        let left = left.map(|client| News::Left(client.peer, client.outlet.dropped()));
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
        }
    }
}

fn outlet(stream: TcpStream) -> io::Result<Outlet> {
    stream.set_nodelay(true)?;
    // What a slow client has not read is old: not too much of that.
    sockopt::set_socket_send_buffer_size(&stream, SEND_BUFFER)?;
    Outlet::new(stream.into())
}

/// Forgets what a client has sent; whether it is still there.
fn is_there(client: &Outlet) -> bool {
    let mut buf = [0; 1024];
    loop {
        match rustix::io::read(client.as_fd(), &mut buf) {
            Ok(0) => return false,
            Ok(_) | Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => return true,
            Err(_) => return false,
        }
    }
}

/// In bytes; the system takes double.
const SEND_BUFFER: usize = 32 << 10;

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
