//! Whose questions are answered: those that ask this machine by its name, and know the password where there is one.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, HOST, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::prelude::{BASE64_STANDARD, Engine};
use zeroize::Zeroizing;

/// Names that a server answers to where it is reached over loopback.
///
/// A page of the web can give its own name the address 127.0.0.1, and read what a browser fetches from there; it
/// cannot hide that name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    known: Vec<String>,
    everywhere: bool,
}

/// The address of this machine that a request came to.
#[derive(Clone, Copy, Debug)]
pub(super) struct CameTo(pub(super) IpAddr);

/// User and password that are asked for.
#[derive(Clone)]
pub struct Login(Zeroizing<Vec<u8>>);

/// What is asked of a request.
#[derive(Clone, Debug, Default)]
pub(super) struct Guard {
    pub(super) names: Names,
    pub(super) login: Option<Login>,
}

impl Names {
    /// Those of loopback, and more; `everywhere`: whoever comes over a network has to know them too.
    pub fn new(more: impl IntoIterator<Item = String>, everywhere: bool) -> Self {
        let known = more.into_iter().map(|name| plain(&name)).collect();
        Self { known, everywhere }
    }

    /// Tells whether they count for a request.
    fn count(&self, request: &Request) -> bool {
        let came = request.extensions().get();
        self.everywhere || came.is_none_or(|CameTo(address)| address.to_canonical().is_loopback())
    }

    /// Tells whether a `Host`, with or without a port, names this machine.
    fn hold(&self, host: &str) -> bool {
        let Some(name) = without_port(host).map(plain) else {
            return false;
        };
        let bare = name
            .strip_prefix('[')
            .and_then(|name| name.strip_suffix(']'));
        let bare = bare.unwrap_or(&name);
        let address = bare.parse::<IpAddr>();
        name == "localhost"
            || name.ends_with(".localhost")
            || address.is_ok_and(|address| address.to_canonical().is_loopback())
            || self
                .known
                .iter()
                .any(|known| known == bare || *known == name)
    }
}

impl Login {
    /// A user, whose name has no colon in it, and the password.
    pub fn new(user: &str, password: &str) -> Self {
        let mut both = Zeroizing::new(Vec::with_capacity(user.len() + 1 + password.len()));
        both.extend_from_slice(user.as_bytes());
        both.push(b':');
        both.extend_from_slice(password.as_bytes());
        Self(both)
    }

    /// Tells whether these are they, in the same time whatever they are.
    fn fits(&self, header: &HeaderValue) -> bool {
        let (scheme, digits) = header.as_bytes().split_at(header.len().min("basic ".len()));
        let Ok(given) = BASE64_STANDARD
            .decode(digits.trim_ascii())
            .map(Zeroizing::new)
        else {
            return false;
        };
        let mut differ = given.len() ^ self.0.len();
        for (at, byte) in self.0.iter().enumerate() {
            differ |= usize::from(byte ^ given.get(at).copied().unwrap_or_default());
        }
        scheme.eq_ignore_ascii_case(b"basic ") && differ == 0
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(…)")
    }
}

impl Guard {
    /// Tells whether a request names this machine. One that names nobody comes from no browser.
    fn knows(&self, request: &Request) -> bool {
        let names = &self.names;
        if !names.count(request) {
            return true;
        }
        let mut hosts = request.headers().get_all(HOST).iter();
        let host = match (hosts.next(), hosts.next()) {
            (None, _) => true,
            (Some(host), None) => host.to_str().is_ok_and(|host| names.hold(host)),
            (Some(_), Some(_)) => false,
        };
        let authority = request.uri().authority();
        host && authority.is_none_or(|authority| names.hold(authority.as_str()))
    }
}

/// Lets a request through, or answers it.
pub(super) async fn guard(
    State(guard): State<Arc<Guard>>,
    request: Request,
    next: Next,
) -> Response {
    let mut answer = if !guard.knows(&request) {
        let words = "this name is not known here: see --metrics-host\n";
        (StatusCode::MISDIRECTED_REQUEST, words).into_response()
    } else {
        let given = request.headers().get(AUTHORIZATION);
        match (&guard.login, given) {
            (Some(login), Some(given)) if login.fits(given) => next.run(request).await,
            (Some(_), given) => {
                if given.is_some() {
                    // Who tries many has to wait.
                    tokio::time::sleep(THOUGHT).await;
                }
                let realm = [(
                    WWW_AUTHENTICATE,
                    "Basic realm=\"smarty\", charset=\"UTF-8\"",
                )];
                let words = "user and password are needed\n";
                (StatusCode::UNAUTHORIZED, realm, words).into_response()
            }
            (None, _) => next.run(request).await,
        }
    };
    let headers = answer.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}

/// A name as it is compared.
fn plain(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

/// A host without its port.
fn without_port(host: &str) -> Option<&str> {
    let end = match host.strip_prefix('[') {
        Some(rest) => rest.find(']')? + 2,
        None => host.find(':').unwrap_or(host.len()),
    };
    let (name, port) = host.split_at_checked(end)?;
    let digits = port.strip_prefix(':').unwrap_or(port);
    digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some(name)
}

/// Before a wrong password is answered.
const THOUGHT: Duration = Duration::from_millis(300);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_its_names_and_no_others() {
        let names = Names::new(["Meter.LAN".to_owned(), "fd00::7".to_owned()], false);
        for host in [
            "localhost",
            "LocalHost:9100",
            "localhost.",
            "a.localhost:1",
            "127.0.0.1",
            "127.0.0.1:9100",
            "127.8.8.8:",
            "[::1]",
            "[::1]:9100",
            "[::ffff:127.0.0.1]:9100",
            "meter.lan:9100",
            "METER.lan.",
            "[fd00::7]:9100",
        ] {
            assert!(names.hold(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "evil.example:9100",
            "localhost.evil.example",
            "notlocalhost",
            "127.0.0.1.evil.example",
            "0.0.0.0:9100",
            "192.0.2.7",
            "[fd00::8]:9100",
            "localhost:9100:evil",
            "localhost:evil",
            "[::1]evil",
            "[::1",
            "user@localhost",
            "meter",
        ] {
            assert!(!names.hold(host), "{host}");
        }
    }

    #[test]
    fn over_a_network_names_count_where_it_is_asked_for() {
        let to = |address: &str| {
            let mut request = Request::default();
            let address = address.parse().unwrap();
            request.extensions_mut().insert(CameTo(address));
            request
        };
        for (address, everywhere, count) in [
            ("127.0.0.1", false, true),
            ("::ffff:127.0.1.1", false, true),
            ("::1", false, true),
            ("192.0.2.7", false, false),
            ("fd00::7", false, false),
            ("192.0.2.7", true, true),
        ] {
            let names = Names::new([], everywhere);
            assert_eq!(names.count(&to(address)), count, "{address}");
        }
    }

    #[test]
    fn a_login_is_both_of_its_words_and_nothing_else() {
        let login = Login::new("anna", "geheim:ß ");
        let fits = |scheme: &str, text: &str| {
            let header = format!("{scheme}{}", BASE64_STANDARD.encode(text));
            login.fits(&HeaderValue::from_str(&header).unwrap())
        };
        assert!(fits("Basic ", "anna:geheim:ß ") && fits("bAsIc  ", "anna:geheim:ß "));
        for text in [
            "",
            "anna",
            "anna:",
            "anna:geheim:ß",
            "anna:geheim:ß  ",
            "Anna:geheim:ß ",
            "anna:geheim:s ",
        ] {
            assert!(!fits("Basic ", text), "{text}");
        }
        assert!(!fits("Bearer ", "anna:geheim:ß ") && !fits("Basic %", "anna:geheim:ß "));
        assert!(!login.fits(&HeaderValue::from_static("Basic")));
        assert!(!format!("{login:?}").contains("geheim"));
    }
}
