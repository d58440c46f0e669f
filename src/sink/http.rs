//! A small HTTP server for pages that are made when they are asked for: GET and HEAD, one answer a connection.
//!
//! ```text
//! accept --> request, up to 8 kB within 5 s --> answer --> closed
//! ```
//!
//! One thread serves all; who asks slowly or reads slowly holds up nobody. Not supported: bodies, keep-alive, ranges,
//! compression, TLS.

use std::io::{self, ErrorKind};
use std::net::TcpListener;
use std::os::fd::AsFd;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;
use rustix::net::Shutdown;

use super::outlet::Outlet;
use crate::source::Stop;
use crate::source::stop::Wake;

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Status code and its words: `200 OK`.
    pub status: &'static str,
    /// What the body is.
    pub kind: &'static str,
    /// The page.
    pub body: String,
}

/// Makes the page of a path.
pub type Pages = Box<dyn Fn(&str) -> Answer + Send>;

/// Serves pages at a listener until the handle is rung.
///
/// # Errors
/// Where the system gives no thread.
pub fn serve(listener: TcpListener, stop: Stop, pages: Pages) -> io::Result<JoinHandle<()>> {
    listener.set_nonblocking(true)?;
    let site = Site {
        listener,
        visitors: Vec::new(),
        pages,
    };
    let thread = thread::Builder::new().name("http".to_owned());
    thread.spawn(move || site.run(&stop))
}

impl Answer {
    /// A page of plain text.
    pub fn text(status: &'static str, body: impl Into<String>) -> Self {
        Self {
            status,
            kind: "text/plain; charset=utf-8",
            body: body.into(),
        }
    }
}

struct Site {
    listener: TcpListener,
    visitors: Vec<Visitor>,
    pages: Pages,
}

/// A connection.
struct Visitor {
    outlet: Outlet,
    request: Vec<u8>,
    stage: Stage,
    until: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Asking,
    Answered,
    /// The end was sent: to close before all was read would take the answer back.
    Leaving,
}

impl Site {
    fn run(mut self, stop: &Stop) {
        loop {
            match self.wait(stop) {
                Ok(Wake::Stopped) => return,
                Ok(_) => {}
                Err(_) if stop.wait(PAUSE) => return,
                Err(_) => {}
            }
            let now = Instant::now();
            let Self {
                visitors, pages, ..
            } = &mut self;
            visitors.retain_mut(|visitor| now < visitor.until && visitor.step(pages));
            // Without descriptors left, it is tried again when someone has gone.
            if self.accept().is_err() && stop.wait(PAUSE) {
                return;
            }
        }
    }

    fn wait(&self, stop: &Stop) -> io::Result<Wake> {
        let mut fds = vec![stop.bell()];
        if self.visitors.len() < VISITORS_MAX {
            fds.push(PollFd::new(&self.listener, PollFlags::IN));
        }
        let visitors = self.visitors.iter();
        fds.extend(visitors.map(|visitor| match visitor.stage {
            Stage::Answered => visitor.outlet.poll(PollFlags::empty()),
            Stage::Asking | Stage::Leaving => visitor.outlet.poll(PollFlags::IN),
        }));
        let until = self.visitors.iter().map(|visitor| visitor.until).min();
        stop.poll(&mut fds, until)
    }

    fn accept(&mut self) -> io::Result<()> {
        while self.visitors.len() < VISITORS_MAX {
            match self.listener.accept() {
                Ok((stream, _)) => self.visitors.push(Visitor {
                    outlet: Outlet::with_room(stream.into(), usize::MAX)?,
                    request: Vec::new(),
                    stage: Stage::Asking,
                    until: Instant::now() + PATIENCE,
                }),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Visitor {
    /// Reads and answers as far as it goes; false when it is over.
    fn step(&mut self, pages: &Pages) -> bool {
        if self.stage == Stage::Asking && !self.ask(pages) {
            return false;
        }
        if self.stage == Stage::Answered {
            if self.outlet.flush().is_err() {
                return false;
            }
            if self.outlet.kept() == 0 {
                self.stage = Stage::Leaving;
                self.until = Instant::now() + LEAVE;
                if rustix::net::shutdown(self.outlet.as_fd(), Shutdown::Write).is_err() {
                    return false;
                }
            }
        }
        self.stage != Stage::Leaving || self.read().is_some()
    }

    /// Reads the request, and answers it where it is whole; false where nobody asks any more.
    fn ask(&mut self, pages: &Pages) -> bool {
        while let Some(fresh) = self.read() {
            if fresh.is_empty() {
                return true;
            }
            self.request.extend_from_slice(&fresh);
            if let Some(answer) = answer(&self.request, pages) {
                self.stage = Stage::Answered;
                self.until = Instant::now() + PATIENCE;
                return self.outlet.send(&answer).is_ok();
            }
        }
        false
    }

    /// What has come, nothing yet, or `None` at the end.
    fn read(&mut self) -> Option<Vec<u8>> {
        let mut buf = vec![0; 2048];
        loop {
            match rustix::io::read(self.outlet.as_fd(), &mut buf) {
                Ok(0) => return None,
                Ok(count) => {
                    buf.truncate(count);
                    return Some(buf);
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Some(Vec::new()),
                Err(_) => return None,
            }
        }
    }
}

/// The answer to a request, where that is whole.
fn answer(request: &[u8], pages: &Pages) -> Option<Vec<u8>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut parsed = httparse::Request::new(&mut headers);
    let (page, head) = match parsed.parse(request) {
        Ok(httparse::Status::Complete(_)) => match (parsed.method, parsed.path) {
            (Some(method @ ("GET" | "HEAD")), Some(path)) => {
                let path = path.split('?').next().unwrap_or_default();
                (pages(path), method == "HEAD")
            }
            _ => {
                let body = "only GET and HEAD\n";
                (Answer::text("405 Method Not Allowed", body), false)
            }
        },
        Ok(httparse::Status::Partial) if request.len() < REQUEST_MAX => return None,
        Ok(httparse::Status::Partial) | Err(httparse::Error::TooManyHeaders) => {
            let status = "431 Request Header Fields Too Large";
            (Answer::text(status, "the request is too long\n"), false)
        }
        Err(_) => (Answer::text("400 Bad Request", "this is no HTTP\n"), false),
    };
    let Answer { status, kind, body } = page;
    let length = body.len();
    let mut answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\
         Allow: GET, HEAD\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
    )
    .into_bytes();
    if !head {
        answer.extend_from_slice(body.as_bytes());
    }
    Some(answer)
}

/// Connections at one time; others wait.
const VISITORS_MAX: usize = 32;
/// How long a request may take to come, and an answer to be read.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the other side may take to leave.
const LEAVE: Duration = Duration::from_secs(1);
/// After a failure.
const PAUSE: Duration = Duration::from_millis(200);
/// The longest request, in bytes.
const REQUEST_MAX: usize = 8 << 10;
/// Lines of the longest request.
const HEADERS_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::{SocketAddr, TcpStream};

    /// A site with one page of 3 MB.
    fn site() -> (SocketAddr, Stop, JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let stop = Stop::new().unwrap();
        let pages: Pages = Box::new(|path| match path {
            "/long" => Answer::text("200 OK", "x".repeat(3 << 20)),
            _ => Answer::text("404 Not Found", "no\n"),
        });
        let thread = serve(listener, stop.clone(), pages).unwrap();
        (address, stop, thread)
    }

    fn ask(address: SocketAddr, parts: &[&str]) -> String {
        let mut client = TcpStream::connect(address).unwrap();
        client
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
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
        let (address, stop, thread) = site();
        let whole = ask(address, &["GET /long?x=1 HTTP/1.1\r\nHost: a\r\n\r\n"]);
        assert!(whole.starts_with("HTTP/1.1 200 OK\r\n"));
        assert!(whole.ends_with(&"x".repeat(3 << 20)));
        assert_eq!(
            ask(address, &["GE", "T /long", " HTTP/1.0\r\n", "\r\n"]),
            whole
        );
        let head = ask(address, &["HEAD /long HTTP/1.1\r\n\r\n"]);
        assert!(head.contains("Content-Length: 3145728") && head.ends_with("\r\n\r\n"));
        stop.stop();
        thread.join().unwrap();
    }

    #[test]
    fn what_is_no_question_is_answered_with_what_is_wrong() {
        let (address, stop, thread) = site();
        let long = format!("GET / HTTP/1.1\r\nA: {}", "a".repeat(9000));
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(100));
        for (request, status) in [
            ("GET /nowhere HTTP/1.1\r\n\r\n", "404"),
            ("POST / HTTP/1.1\r\n\r\n", "405"),
            ("/SMY5\\2SM324927-1003\r\n\r\n", "400"),
            (long.as_str(), "431"),
            (many.as_str(), "431"),
        ] {
            let answer = ask(address, &[request]);
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {status} ")),
                "{answer}"
            );
        }
        stop.stop();
        thread.join().unwrap();
    }

    #[test]
    fn who_asks_slowly_holds_up_nobody() {
        let (address, stop, thread) = site();
        let slow: Vec<_> = (0..VISITORS_MAX - 1)
            .map(|_| TcpStream::connect(address).unwrap())
            .collect();
        assert!(ask(address, &["GET / HTTP/1.1\r\n\r\n"]).contains("404"));
        stop.stop();
        thread.join().unwrap();
        drop(slow);
    }
}
