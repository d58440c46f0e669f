//! The connection to a server of pages: kept between two answers where the server keeps it.

use std::io;
use std::net::ToSocketAddrs;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue, LOCATION, USER_AGENT};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{CertificateError, ClientConfig, Error as RustlsError};

use super::SILENT_MAX;
use super::url::HttpUrl;
use crate::source::error::SourceError;
use crate::source::read::ServerAccess;
use crate::source::tcp::{connect_error, resolver_words};
use crate::sys::tls::{self, Pem};

/// Asks one page again and again.
pub(super) struct Client {
    url: HttpUrl,
    authorization: Option<HeaderValue>,
    tls: Option<Arc<ClientConfig>>,
    connect_time: Duration,
    /// There while the server keeps the connection.
    kept: Option<SendRequest<Body>>,
}

/// An answer whose body comes.
pub(super) struct Answer {
    server: String,
    body: Incoming,
    is_document: bool,
}

/// Why there is no answer.
pub(super) struct Trouble(pub(super) SourceError);

impl Client {
    /// Makes a client; nothing is sent before [`Client::ask`].
    ///
    /// # Errors
    /// A token that cannot stand in a request; where TLS does not work.
    pub(super) fn new(
        url: &HttpUrl,
        access: &ServerAccess,
        connect_time: Duration,
    ) -> Result<Self, SourceError> {
        let unfit = |what: &str| SourceError::Answer {
            server: url.to_string(),
            status: 0,
            what: what.to_owned(),
        };
        let authorization = match &access.token {
            Some(token) => {
                let header = HeaderValue::from_str(&format!("Bearer {}", token.reveal()));
                let mut header =
                    header.map_err(|_| unfit("the token has signs that no token has"))?;
                header.set_sensitive(true);
                Some(header)
            }
            None => None,
        };
        let tls = match (url.tls, &access.tls) {
            (false, _) => None,
            (true, Some(config)) => Some(Arc::clone(config)),
            (true, None) => {
                let config = tls::connecting(Pem::default());
                Some(config.map_err(|_| unfit("TLS does not work here"))?)
            }
        };
        Ok(Self {
            url: url.clone(),
            authorization,
            tls,
            connect_time,
            kept: None,
        })
    }

    /// Asks, and waits for the beginning of an answer.
    pub(super) async fn ask(&mut self) -> Result<Answer, Trouble> {
        if let Some(mut sender) = self.kept.take()
            && sender.ready().await.is_ok()
        {
            // A server may close what it kept at any time: then it is asked on a new connection.
            if let Ok(Ok(response)) =
                timeout(ANSWER_TIME, sender.send_request(self.request()?)).await
            {
                return self.take(sender, response);
            }
        }
        let mut sender = self.connect().await?;
        match timeout(ANSWER_TIME, sender.send_request(self.request()?)).await {
            Ok(Ok(response)) => self.take(sender, response),
            Ok(Err(error)) => Err(self.trouble(&body_words(&error))),
            Err(_) => Err(self.trouble("the server does not answer")),
        }
    }

    fn request(&self) -> Result<Request<Body>, Trouble> {
        let mut request = Request::get(&self.url.path)
            .header(HOST, self.url.authority())
            .header(USER_AGENT, concat!("smarty/", env!("CARGO_PKG_VERSION")))
            .header(ACCEPT, "text/plain, */*");
        if let Some(token) = &self.authorization {
            // HomeWizard tells its second interface by this.
            request = request
                .header(AUTHORIZATION, token.clone())
                .header("X-Api-Version", "2");
        }
        let request = request.body(Body::empty());
        request.map_err(|_| self.trouble("the address cannot stand in a request"))
    }

    fn take(
        &mut self,
        sender: SendRequest<Body>,
        response: Response<Incoming>,
    ) -> Result<Answer, Trouble> {
        let status = response.status();
        if status != StatusCode::OK {
            return Err(self.refused(&response));
        }
        let kind = response.headers().get(CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if kind.starts_with("text/html") {
            return Err(self.trouble("answers with a page for people, not with a telegram"));
        }
        let body = response.into_body();
        let length = body.size_hint().exact();
        self.kept = Some(sender);
        Ok(Answer {
            server: self.url.to_string(),
            is_document: length.is_some_and(|length| length <= DOCUMENT_MAX as u64),
            body,
        })
    }

    fn refused(&self, response: &Response<Incoming>) -> Trouble {
        let status = response.status();
        let place = response.headers().get(LOCATION);
        let what = match place.and_then(|place| place.to_str().ok()) {
            Some(place) if status.is_redirection() => {
                let place = place.split('?').next().unwrap_or_default();
                format!("is now at {place}")
            }
            _ => format!("answers {status}"),
        };
        Trouble(SourceError::Answer {
            server: self.url.to_string(),
            status: status.as_u16(),
            what,
        })
    }

    async fn connect(&self) -> Result<SendRequest<Body>, Trouble> {
        let stream = self.stream().await?;
        // Its own failures are those of the requests.
        match &self.tls {
            None => shake(TokioIo::new(stream)).await,
            Some(config) => {
                let connector = TlsConnector::from(Arc::clone(config));
                let name = ServerName::try_from(self.url.host.clone())
                    .map_err(|_| self.trouble("TLS needs a host name or an address"))?;
                let secured = timeout(self.connect_time, connector.connect(name, stream)).await;
                match secured {
                    Ok(Ok(stream)) => shake(TokioIo::new(stream)).await,
                    Ok(Err(error)) => return Err(self.trouble(&tls_words(&error))),
                    Err(_) => return Err(self.trouble("TLS is not answered")),
                }
            }
        }
        .map_err(|error| self.trouble(&body_words(&error)))
    }

    async fn stream(&self) -> Result<TcpStream, Trouble> {
        let server = self.url.to_string();
        let (host, port) = (self.url.host.clone(), self.url.port);
        // The thread is ours alone: nothing else waits while the name is looked up.
        let addresses = (host.as_str(), port).to_socket_addrs().map_err(|error| {
            Trouble(SourceError::ResolveFailed {
                server: server.clone(),
                cause: resolver_words(error),
            })
        })?;
        let mut last = io::Error::other("the name has no address");
        for address in addresses {
            match timeout(self.connect_time, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => last = error,
                Err(_) => last = io::ErrorKind::TimedOut.into(),
            }
        }
        Err(Trouble(connect_error(server, last)))
    }

    fn trouble(&self, what: &str) -> Trouble {
        Trouble(SourceError::Answer {
            server: self.url.to_string(),
            status: 0,
            what: what.to_owned(),
        })
    }
}

impl Answer {
    /// Whether it is short and its length is known: it is looked at as a whole.
    pub(super) fn is_document(&self) -> bool {
        self.is_document
    }

    /// The next bytes of the body; `None` at its end.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<u8>>, Trouble> {
        let most = match self.is_document {
            true => ANSWER_TIME,
            false => SILENT_MAX,
        };
        loop {
            let body = &mut self.body;
            let frame = std::future::poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx));
            match timeout(most, frame).await {
                Ok(None) => return Ok(None),
                Ok(Some(Ok(frame))) => {
                    if let Ok(data) = frame.into_data()
                        && !data.is_empty()
                    {
                        return Ok(Some(data.to_vec()));
                    }
                }
                Ok(Some(Err(_))) => return Err(self.trouble(CUT)),
                Err(_) => {
                    return Err(self.trouble("the server stopped in the middle of its answer"));
                }
            }
        }
    }

    fn trouble(&self, what: &str) -> Trouble {
        Trouble(SourceError::Answer {
            server: self.server.clone(),
            status: 0,
            what: what.to_owned(),
        })
    }
}

/// Begins to speak on a connection.
async fn shake<S>(stream: TokioIo<S>) -> Result<SendRequest<Body>, hyper::Error>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = http1::handshake(stream).await?;
    // What befalls it is seen by whoever has sent a request.
    tokio::spawn(async move { drop(connection.await) });
    Ok(sender)
}

fn body_words(error: &hyper::Error) -> String {
    if error.is_incomplete_message() || error.is_canceled() {
        return CUT.to_owned();
    }
    if error.is_parse() {
        return "what answers is no server of pages".to_owned();
    }
    "the connection was broken off".to_owned()
}

fn tls_words(error: &io::Error) -> String {
    let inner = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<RustlsError>());
    match inner {
        Some(RustlsError::InvalidCertificate(CertificateError::UnknownIssuer)) => {
            "its certificate is signed by nobody this machine trusts".to_owned()
        }
        Some(RustlsError::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        )) => "its certificate is for another name".to_owned(),
        Some(RustlsError::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        )) => "its certificate has expired".to_owned(),
        Some(RustlsError::InvalidMessage(_)) => "does not speak TLS".to_owned(),
        Some(error) => format!("TLS fails: {error}"),
        None => "the connection was broken off".to_owned(),
    }
}

/// What is said of an answer that is not whole.
const CUT: &str = "the server closed the connection in the middle of its answer";
/// How long a server may take to begin its answer, or to go on with a short one.
pub(super) const ANSWER_TIME: Duration = Duration::from_secs(10);
/// Longest answer that is looked at as a whole, in bytes.
pub(super) const DOCUMENT_MAX: usize = 64 * 1024;
