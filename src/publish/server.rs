//! A TCP server that gives telegrams to whoever connects.
//!
//! Clients come and go; one that reads too slowly misses whole telegrams or is sent away, and never holds up the
//! others. What clients send is read and forgotten. However many come, others of this program have files to open.

mod room;

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;
use rustix::net::sockopt;

use self::room::{Limits, Room, Seat};
use crate::p1::count::count;
use crate::source::error::plain;
use crate::sys::counter::Counter;
use crate::sys::nonblocking_writer::NonblockingWriter;
use crate::sys::stop::{Stop, Wake};

/// A server with one or several ports.
#[derive(Debug)]
pub struct Server {
    ports: Vec<Port>,
    clients: Vec<Client>,
    /// Bytes that may wait for a client before it is sent away; `None`: it misses telegrams instead.
    patience: Option<usize>,
    limits: Limits,
    turned_away: Counter,
    /// Until when nobody is let in: the system had nothing to let in with.
    rests: Option<Instant>,
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
    /// It left for others who came.
    Displaced(SocketAddr),
    /// It came when there were too many already.
    TurnedAway(SocketAddr),
    /// Nobody can come.
    Shut(Errno),
}

#[derive(Debug)]
struct Client {
    peer: SocketAddr,
    /// Which of the ports it is connected to.
    port: usize,
    outlet: NonblockingWriter,
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
            limits: Limits::default(),
            turned_away: Counter::default(),
            rests: None,
            news: Vec::new(),
        })
    }

    /// Sends clients away for whom more than so many bytes wait, rather than letting them miss telegrams.
    pub fn with_patience(mut self, bytes: usize) -> Self {
        self.patience = Some(bytes);
        self
    }

    /// Clients that were turned away, or left for others.
    pub fn turned_away(&self) -> Counter {
        self.turned_away.clone()
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

    /// Until when it lets nobody in, and has to be served then whatever comes.
    pub(crate) fn rests(&self) -> Option<Instant> {
        self.rests.filter(|until| *until > Instant::now())
    }

    /// Adds what to wait for: clients that come or leave, and room for those who have something to catch up.
    pub(crate) fn watch<'a>(&'a self, fds: &mut Vec<PollFd<'a>>) {
        let ports = self.ports.iter().filter(|_| self.rests().is_none());
        fds.extend(ports.map(|port| PollFd::new(&port.listener, PollFlags::IN)));
        let clients = self.clients.iter();
        fds.extend(clients.map(|client| client.outlet.poll(PollFlags::IN)));
    }

    /// Lets clients come, go and catch up, without waiting.
    pub fn serve(&mut self) {
        for client in &mut self.clients {
            client.gone |= client.outlet.flush().is_err() || !client.outlet.forget_input();
        }
        self.forget();
        self.accept()
    }

    fn step(&mut self, stop: &Stop, until: Instant) -> io::Result<Wake> {
        let mut fds = vec![stop.poll_fd()];
        self.watch(&mut fds);
        let rests = self.rests().filter(|rests| *rests < until);
        let mut wake = stop.poll(&mut fds, Some(rests.unwrap_or(until)))?;
        drop(fds);
        if wake == Wake::TimedOut && rests.is_some() {
            wake = Wake::Ready;
        }
        if wake == Wake::Ready {
            self.serve();
        }
        Ok(wake)
    }

    fn accept(&mut self) {
        if self.rests().is_some() {
            return;
        }
        for number in 0..self.ports.len() {
            // Those who are here have their turn between those who come.
            for _ in 0..AT_ONCE {
                let Some(port) = self.ports.get(number) else {
                    break;
                };
                match port.listener.accept() {
                    Ok((stream, peer)) => self.take_in(number, stream, peer),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    // It was gone before it was taken.
                    Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) => {
                        // Who waits outside makes the port ready all the time.
                        let why = Errno::from_io_error(&error).unwrap_or(Errno::IO);
                        self.news.push(News::Shut(why));
                        self.rests = Some(Instant::now() + REST);
                        return;
                    }
                }
            }
        }
    }

    fn take_in(&mut self, number: usize, stream: TcpStream, peer: SocketAddr) {
        let seat = |client: &Client| Seat {
            peer: client.peer.ip().into(),
            kept: client.outlet.kept(),
        };
        let seats: Vec<_> = self.clients.iter().map(seat).collect();
        match self.limits.room(&seats, peer.ip().into()) {
            Room::Free => {}
            Room::At(at) => {
                self.turned_away.count();
                self.news
                    .push(News::Displaced(self.clients.remove(at).peer));
            }
            Room::None => {
                self.turned_away.count();
                self.news.push(News::TurnedAway(peer));
                return;
            }
        }
        let Ok(mut outlet) = outlet(stream, self.patience.unwrap_or(0)) else {
            return;
        };
        let welcome = self.ports.get(number).map(|port| port.welcome.as_slice());
        let gone = outlet.send(welcome.unwrap_or_default()).is_err();
        self.news.push(News::Came(peer));
        self.clients.push(Client {
            peer,
            port: number,
            outlet,
            gone,
        });
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
            Self::Left(peer, missed) => {
                let missed = count(*missed, "telegram").verb("was", "were");
                write!(f, "{peer} left, {missed} dropped")
            }
            Self::Slow(peer) => write!(f, "{peer} reads too slowly, telegrams are dropped"),
            Self::SentAway(peer) => write!(f, "{peer} reads too slowly, and was disconnected"),
            Self::Displaced(peer) => {
                write!(
                    f,
                    "{peer} was disconnected to make room: there are too many clients"
                )
            }
            Self::TurnedAway(peer) => {
                write!(f, "{peer} was turned away: there are too many clients")
            }
            Self::Shut(why) => write!(f, "no client can come: {}", plain(&(*why).into())),
        }
    }
}

fn outlet(stream: TcpStream, room: usize) -> io::Result<NonblockingWriter> {
    stream.set_nodelay(true)?;
    // What a slow client has not read is old: not too much of that.
    sockopt::set_socket_send_buffer_size(&stream, SEND_BUFFER)?;
    // A machine that lost its power says no goodbye.
    sockopt::set_tcp_user_timeout(&stream, SILENT_MS)?;
    sockopt::set_socket_keepalive(&stream, true)?;
    NonblockingWriter::with_room(stream.into(), room)
}

/// In bytes; the system takes double.
const SEND_BUFFER: usize = 32 << 10;
/// How long a client may leave what it was sent without an acknowledgement, in milliseconds.
const SILENT_MS: u32 = 60_000;
/// Clients of a port that are let in before those who are there are served.
const AT_ONCE: usize = 64;
/// After the system had nothing to let a client in with.
const REST: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
