//! A server that passes on what a meter sends: ser2net, a Wi-Fi dongle.
//!
//! Nothing is ever written to it. A server that dies without a word is found by keep-alive probes after about a minute.

use std::io::{self, PipeReader};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::fd::AsFd;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::sockopt;

use crate::source::error::SourceError;
use crate::source::greeting::Greeting;
use crate::source::read::{GoneReason, Read, SourceOptions};
use crate::sys::stop::{Stop, Wake};

/// An open connection.
#[derive(Debug)]
pub struct Tcp {
    server: String,
    stream: TcpStream,
    stop: Stop,
    greeting: Greeting,
}

impl Tcp {
    /// Connects to a server.
    ///
    /// # Errors
    /// Where the name is unknown, nobody listens, or no answer comes within the time.
    pub fn connect(host: &str, port: u16, options: &SourceOptions) -> Result<Self, SourceError> {
        let server = if host.contains(':') {
            format!("tcp://[{host}]:{port}")
        } else {
            format!("tcp://{host}:{port}")
        };
        let (done, outcome) = connect_aside(host, port, options.connect_timeout)
            .map_err(|error| SourceError::io(&server, error))?;
        // Name resolution has a time-out of its own, and a long one.
        let most = options.connect_timeout * 2;
        let stream = match options.stop.wait_readable(done.as_fd(), Some(most)) {
            Ok(Wake::Stopped) => return Err(SourceError::Stopped),
            Ok(Wake::Ready) => match outcome.recv() {
                Ok(Attempt::Connected(stream)) => stream,
                Ok(Attempt::Unresolved(cause)) => {
                    return Err(SourceError::ResolveFailed { server, cause });
                }
                Ok(Attempt::Failed(cause)) => return Err(connect_error(server, cause)),
                Err(_) => return Err(connect_error(server, io::ErrorKind::TimedOut.into())),
            },
            Ok(Wake::TimedOut) => {
                return Err(connect_error(server, io::ErrorKind::TimedOut.into()));
            }
            Err(error) => return Err(SourceError::io(&server, error)),
        };
        keep_alive(&stream).map_err(|error| SourceError::io(&server, error))?;
        Ok(Self {
            server,
            stream,
            stop: options.stop.clone(),
            greeting: Greeting::new(options.raw),
        })
    }

    /// Reads what has come, waiting up to 1 s.
    ///
    /// # Errors
    /// Where waiting fails; a server that goes away is no error.
    pub fn read(&mut self, buf: &mut [u8]) -> Result<Read, SourceError> {
        loop {
            if let Some(count) = self.greeting.give(buf) {
                return Ok(Read::Bytes(count));
            }
            match self.stop.wait_readable(self.stream.as_fd(), Some(TIMEOUT)) {
                Ok(Wake::Ready) => {}
                Ok(Wake::TimedOut) if self.greeting.is_late() => {
                    self.greeting.release();
                    continue;
                }
                Ok(Wake::TimedOut) => return Ok(Read::Quiet),
                Ok(Wake::Stopped) => return Ok(Read::Stopped),
                Err(error) => return Err(SourceError::io(&self.server, error)),
            }
            match rustix::io::read(&self.stream, &mut *buf) {
                Ok(0) if self.greeting.is_held() => self.greeting.release(),
                Ok(0) => return Ok(Read::Gone(GoneReason::Closed)),
                Ok(count) if self.greeting.is_over() => return Ok(Read::Bytes(count)),
                Ok(count) => self.greeting.take(buf.get(..count).unwrap_or_default()),
                Err(Errno::AGAIN | Errno::INTR) => {}
                Err(error) => return Ok(Read::Gone(GoneReason::of(&error.into()))),
            }
        }
    }

    /// The server, as `tcp://HOST:PORT`.
    pub fn server(&self) -> &str {
        &self.server
    }
}

enum Attempt {
    Connected(TcpStream),
    Unresolved(io::Error),
    Failed(io::Error),
}

/// Resolves and connects in a thread, because neither can be interrupted; the pipe is closed when it is done.
/// A thread that nobody waits for any more ends by its own time-outs.
fn connect_aside(
    host: &str,
    port: u16,
    timeout: Duration,
) -> io::Result<(PipeReader, Receiver<Attempt>)> {
    let (ear, rope) = io::pipe()?;
    let (answer, outcome) = sync_channel(1);
    let host = host.to_owned();
    std::thread::Builder::new()
        .name("connect".to_owned())
        .spawn(move || {
            // Nobody listens any more when reading was stopped.
            let _ = answer.send(attempt(&host, port, timeout));
            drop(rope);
        })?;
    Ok((ear, outcome))
}

fn attempt(host: &str, port: u16, timeout: Duration) -> Attempt {
    let addresses = match (host, port).to_socket_addrs() {
        Ok(addresses) => addresses,
        Err(error) => return Attempt::Unresolved(resolver_words(error)),
    };
    let mut last = io::Error::other("the name has no address");
    for address in addresses {
        match TcpStream::connect_timeout(&address, timeout) {
            Ok(stream) => return Attempt::Connected(stream),
            Err(error) => last = error,
        }
    }
    Attempt::Failed(last)
}

pub(super) fn connect_error(server: String, cause: io::Error) -> SourceError {
    match cause.kind() {
        io::ErrorKind::ConnectionRefused => SourceError::ConnectRefused { server },
        io::ErrorKind::TimedOut => SourceError::ConnectFailed {
            server,
            cause: io::Error::new(io::ErrorKind::TimedOut, "no answer"),
        },
        _ => SourceError::ConnectFailed { server, cause },
    }
}

pub(super) fn resolver_words(error: io::Error) -> io::Error {
    let text = error.to_string();
    match text.strip_prefix("failed to lookup address information: ") {
        Some(words) => io::Error::new(error.kind(), words.to_owned()),
        None => error,
    }
}

fn keep_alive(stream: &TcpStream) -> io::Result<()> {
    stream.set_nonblocking(true)?;
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, Duration::from_secs(30))?;
    sockopt::set_tcp_keepintvl(stream, Duration::from_secs(10))?;
    sockopt::set_tcp_keepcnt(stream, 3)?;
    Ok(())
}

const TIMEOUT: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::super::testing::{all_bytes, options, read_bytes};
    use super::*;
    use std::io::Write;
    use std::net::TcpListener;
    use std::time::Instant;

    fn pair() -> (Tcp, TcpStream, SourceOptions) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let options = options();
        let tcp = Tcp::connect("127.0.0.1", port, &options).unwrap();
        let (server, _) = listener.accept().unwrap();
        (tcp, server, options)
    }

    #[test]
    fn what_the_server_sends_comes_through() {
        let (mut tcp, mut server, _) = pair();
        server.write_all(&all_bytes()).unwrap();
        assert_eq!(read_bytes(1024, |buf| tcp.read(buf).unwrap()), all_bytes());
    }

    #[test]
    fn a_server_that_says_nothing_is_quiet_and_one_that_closes_is_gone() {
        let (mut tcp, server, _) = pair();
        let start = Instant::now();
        assert_eq!(tcp.read(&mut [0; 9]).unwrap(), Read::Quiet);
        assert!(start.elapsed() >= TIMEOUT);
        drop(server);
        assert_eq!(
            tcp.read(&mut [0; 9]).unwrap(),
            Read::Gone(GoneReason::Closed)
        );
    }

    #[test]
    fn nobody_at_the_port_is_refused() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let error = Tcp::connect("127.0.0.1", port, &options()).unwrap_err();
        assert!(
            matches!(error, SourceError::ConnectRefused { .. }),
            "{error}"
        );
        assert_eq!(
            error.to_string(),
            format!("tcp://127.0.0.1:{port}: connection refused")
        );
    }

    #[test]
    fn an_unknown_name_is_said_to_be_one() {
        let mut options = options();
        options.connect_timeout = Duration::from_secs(3);
        let error = Tcp::connect("no-such-host.invalid", 2001, &options).unwrap_err();
        // A resolver without a network may also just not answer.
        assert!(
            matches!(
                error,
                SourceError::ResolveFailed { .. } | SourceError::ConnectFailed { .. }
            ),
            "{error}"
        );
    }

    #[test]
    fn a_blocked_read_ends_at_once_when_stopped() {
        let (mut tcp, _server, options) = pair();
        let thread = std::thread::spawn(move || tcp.read(&mut [0; 9]).unwrap());
        std::thread::sleep(Duration::from_millis(20));
        let start = Instant::now();
        options.stop.stop();
        assert_eq!(thread.join().unwrap(), Read::Stopped);
        assert!(start.elapsed() < Duration::from_millis(300));
    }

    #[test]
    fn a_connect_that_hangs_ends_at_once_when_stopped() {
        // A listener whose queue is full takes no more connections and refuses none.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        rustix::net::listen(&listener, 0).unwrap();
        let address = listener.local_addr().unwrap();
        let _queue: Vec<_> = (0..4)
            .map(|_| TcpStream::connect_timeout(&address, Duration::from_millis(50)))
            .collect();
        let options = options();
        let stop = options.stop.clone();
        let thread = std::thread::spawn(move || {
            Tcp::connect("127.0.0.1", address.port(), &options).map(|_| ())
        });
        std::thread::sleep(Duration::from_millis(50));
        let start = Instant::now();
        stop.stop();
        let outcome = thread.join().unwrap();
        assert!(start.elapsed() < Duration::from_millis(300));
        assert!(matches!(outcome, Err(SourceError::Stopped)), "{outcome:?}");
    }
}
