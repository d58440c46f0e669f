//! Pages over HTTP: axum over hyper, one answer a connection.
//!
//! ```text
//! listener --> connections ---> TLS --> request --> guard ---> page --> closed
//!              limits    5 s in all          421, 401   10 s
//! ```
//!
//! One thread serves all; who asks slowly, reads slowly or asks nothing holds up nobody. It ends with the handle.

mod connections;
mod guard;

use std::io::{self, ErrorKind};
use std::net::{IpAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use axum::middleware::from_fn_with_state;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::unix::pipe;
use tokio::runtime::{Builder, Runtime};
use tokio::task::{JoinSet, yield_now};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

use self::connections::{Connection, Connections};
use self::guard::{CameTo, Guard};
pub use self::guard::{Login, Names};
use crate::sys::counter::Counter;
use crate::sys::peer::share;
use crate::sys::stop::Stop;

/// Who is answered, and how.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// The names that the server answers to.
    pub names: Names,
    /// What has to be known.
    pub login: Option<Login>,
    /// Certificate and key; `None`: without TLS.
    pub tls: Option<Arc<ServerConfig>>,
    /// How many, and how long.
    pub limits: Limits,
}

/// How many connections there may be, and how long they may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// All connections at one time.
    pub total: usize,
    /// Those of one address.
    pub per_address: usize,
    /// Those of this machine itself.
    pub local: usize,
    /// From the begin of a connection until it has asked.
    pub ask: Duration,
    /// From there until it has read the answer.
    pub answer: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let total = share(VISITORS_SHARE, VISITORS_MAX);
        Self {
            total,
            per_address: total.div_ceil(2).min(PER_ADDRESS_MAX),
            local: total.div_ceil(2),
            ask: Duration::from_secs(5),
            answer: Duration::from_secs(10),
        }
    }
}

/// Serves pages at a listener until the handle is rung.
///
/// # Errors
/// Where the system gives no thread, or nothing to wait by.
pub fn serve(
    listener: TcpListener,
    stop: &Stop,
    router: Router,
    rules: Rules,
    turned_away: Counter,
) -> io::Result<JoinHandle<()>> {
    listener.set_nonblocking(true)?;
    let guard = Guard {
        names: rules.names,
        login: rules.login,
    };
    let router = router.layer(from_fn_with_state(Arc::new(guard), guard::guard));
    let site = Arc::new(HttpServer {
        tls: rules.tls.map(TlsAcceptor::from),
        limits: rules.limits,
        connections: Mutex::new(Connections::new(rules.limits, turned_away)),
        pages: TowerToHyperService::new(router),
    });
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let (listener, ear) = {
        let _inside = runtime.enter();
        let ear = pipe::Receiver::from_owned_fd(stop.wake_rx()?)?;
        (tokio::net::TcpListener::from_std(listener)?, ear)
    };
    let thread = thread::Builder::new().name("pages".to_owned());
    thread.spawn(move || run(&runtime, &site, &listener, &ear))
}

/// How long a connection may take yet: an answer that has no end prolongs it as long as it is read.
#[derive(Clone, Debug)]
pub struct Patience(Arc<Connection>);

impl Patience {
    /// Gives the connection so much time from now on.
    pub fn extend(&self, time: Duration) {
        self.0.extend(time);
    }
}

struct HttpServer {
    tls: Option<TlsAcceptor>,
    limits: Limits,
    connections: Mutex<Connections>,
    pages: TowerToHyperService<Router>,
}

fn run(
    runtime: &Runtime,
    site: &Arc<HttpServer>,
    listener: &tokio::net::TcpListener,
    ear: &pipe::Receiver,
) {
    runtime.block_on(async {
        let mut visits = JoinSet::new();
        loop {
            let came = tokio::select! {
                biased;
                _ = ear.readable() => break,
                Some(_) = visits.join_next(), if !visits.is_empty() => continue,
                came = listener.accept() => came,
            };
            match came {
                Ok((stream, from)) => {
                    let connection = site.connections().enter(from.ip());
                    if let (Some(connection), Ok(to)) = (connection, stream.local_addr()) {
                        visits.spawn(visit(Arc::clone(site), stream, to.ip(), connection));
                    }
                    // A connection that had to leave takes its descriptor along.
                    yield_now().await;
                }
                // It was gone before it was taken.
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
                Err(_) => {
                    // There are no descriptors left.
                    site.connections().make_room();
                    tokio::select! {
                        _ = ear.readable() => break,
                        () = sleep(PAUSE) => {}
                    }
                }
            }
        }
        site.connections().close();
        // Answers that are on their way may arrive.
        let rest = async { while visits.join_next().await.is_some() {} };
        let _ = timeout(FAREWELL, rest).await;
    });
}

/// A connection from its begin to its end.
async fn visit(site: Arc<HttpServer>, stream: TcpStream, to: IpAddr, connection: Arc<Connection>) {
    let work = async {
        match &site.tls {
            Some(tls) => {
                if let Ok(stream) = tls.accept(stream).await {
                    answer(&site, stream, to, &connection).await;
                }
            }
            None => answer(&site, stream, to, &connection).await,
        }
    };
    tokio::pin!(work);
    loop {
        tokio::select! {
            () = &mut work => break,
            () = connection.leave.notified() => break,
            // It may have been put off meanwhile.
            () = sleep_until(connection.until()) => if Instant::now() >= connection.until() {
                break;
            },
        }
    }
    site.connections().left(&connection);
}

async fn answer<S>(site: &HttpServer, mut stream: S, to: IpAddr, connection: &Arc<Connection>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let pages = service_fn(|mut request: Request<Incoming>| {
        connection.asks(site.limits.answer);
        request.extensions_mut().insert(CameTo(to));
        request
            .extensions_mut()
            .insert(Patience(Arc::clone(connection)));
        site.pages.call(request)
    });
    let talk = http1::Builder::new()
        .keep_alive(false)
        .half_close(true)
        .title_case_headers(true)
        .max_buf_size(REQUEST_MAX)
        .max_headers(HEADERS_MAX)
        .header_read_timeout(None)
        .serve_connection(TokioIo::new(&mut stream), pages);
    // Who talks something else has been told so.
    let _ = talk.await;
    connection.is_answered(LEAVE);
    // To close before all was read would take the answer back.
    let mut rest = [0; 1024];
    while let Ok(1..) = read(&mut stream, &mut rest).await {}
}

/// Reads some bytes, none at the end.
async fn read<S: AsyncRead + Unpin>(stream: &mut S, bytes: &mut [u8]) -> io::Result<usize> {
    std::future::poll_fn(|context| {
        let mut buffer = ReadBuf::new(bytes);
        let read = std::pin::Pin::new(&mut *stream).poll_read(context, &mut buffer);
        read.map_ok(|()| buffer.filled().len())
    })
    .await
}

impl HttpServer {
    fn connections(&self) -> MutexGuard<'_, Connections> {
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Connections at one time, however many open files there may be.
const VISITORS_MAX: usize = 512;
/// Connections take one part in so many of the open files.
const VISITORS_SHARE: usize = 8;
/// Connections of one address.
const PER_ADDRESS_MAX: usize = 32;
/// The longest request, in bytes.
const REQUEST_MAX: usize = 8 << 10;
/// Lines of the longest request.
const HEADERS_MAX: usize = 64;
/// How long the other side may take to leave.
const LEAVE: Duration = Duration::from_secs(1);
/// How long answers may take when all ends.
const FAREWELL: Duration = Duration::from_millis(300);
/// After a failure.
const PAUSE: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests;
