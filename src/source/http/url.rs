//! `http://HOST:PORT/PATH` and `https://`.

use std::fmt;

/// Where a page is.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpUrl {
    /// Whether the connection is TLS.
    pub tls: bool,
    /// Name or address, without the brackets of IPv6.
    pub host: String,
    /// Port, 1 to 65535.
    pub port: u16,
    /// What is asked for, from the first `/` on, with what stands behind a `?`.
    pub path: String,
}

/// An address of a page that was not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Nothing behind the scheme.
    #[error("the address has no host: http://HOST/api/v1/telegram")]
    NoHost,
    /// A port that is no number from 1 to 65535.
    #[error("the port is not a number from 1 to 65535")]
    BadPort,
    /// An IPv6 address without brackets.
    #[error("an IPv6 address goes in brackets, as in http://[fd00::7]/api/v1/telegram")]
    NoBrackets,
    /// A user before the host.
    #[error("a user in the address is not supported: --server-token-file FILE names a token")]
    User,
    /// A blank, or a sign that cannot be printed or is not ASCII.
    #[error("the address has a character that must be written as % and two hexadecimal digits")]
    BadSign,
}

impl HttpUrl {
    /// Reads what stands behind `http://` or `https://`.
    ///
    /// # Errors
    /// Where it names no page.
    pub fn parse(tls: bool, rest: &str) -> Result<Self, UrlError> {
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.contains('@') {
            return Err(UrlError::User);
        }
        if rest.bytes().any(|byte| !byte.is_ascii_graphic()) {
            return Err(UrlError::BadSign);
        }
        let (host, port) = match authority.strip_prefix('[') {
            Some(inside) => {
                let (host, rest) = inside.split_once(']').ok_or(UrlError::NoBrackets)?;
                (host, rest)
            }
            None => match authority.find(':') {
                Some(colon) => authority.split_at(colon),
                None => (authority, ""),
            },
        };
        if host.is_empty() {
            return Err(UrlError::NoHost);
        }
        if port.matches(':').count() > 1 {
            return Err(UrlError::NoBrackets);
        }
        let port = match port.strip_prefix(':') {
            Some(digits) => digits.parse().ok().filter(|port| *port > 0),
            None if port.is_empty() => Some(if tls { 443 } else { 80 }),
            None => None,
        };
        let path = path.split('#').next().unwrap_or_default();
        Ok(Self {
            tls,
            host: host.to_owned(),
            port: port.ok_or(UrlError::BadPort)?,
            path: match path.starts_with('/') {
                true => path.to_owned(),
                false => format!("/{path}"),
            },
        })
    }

    /// Host and port as they stand in an address and in a request.
    pub fn authority(&self) -> String {
        let usual = if self.tls { 443 } else { 80 };
        let host = match self.host.contains(':') {
            true => format!("[{}]", self.host),
            false => self.host.clone(),
        };
        match self.port == usual {
            true => host,
            false => format!("{host}:{}", self.port),
        }
    }
}

impl fmt::Display for HttpUrl {
    /// Without what stands behind a `?`: it may hold a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        let path = self.path.split('?').next().unwrap_or_default();
        write!(f, "{scheme}://{}{path}", self.authority())
    }
}

impl fmt::Debug for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_host_port_and_path() {
        let url = HttpUrl::parse(false, "10.0.0.7/api/v1/telegram?key=secret#x").unwrap();
        assert_eq!((url.host.as_str(), url.port), ("10.0.0.7", 80));
        assert_eq!(url.path, "/api/v1/telegram?key=secret");
        assert_eq!(url.to_string(), "http://10.0.0.7/api/v1/telegram");
        assert!(!format!("{url:?}").contains("secret"));
        let url = HttpUrl::parse(true, "[fd00::7]:8443").unwrap();
        assert_eq!(
            (url.host.as_str(), url.port, &*url.path),
            ("fd00::7", 8443, "/")
        );
        assert_eq!(url.to_string(), "https://[fd00::7]:8443/");
    }

    #[test]
    fn what_names_no_page_says_why() {
        for (text, error) in [
            ("", UrlError::NoHost),
            (":80/x", UrlError::NoHost),
            ("host:0/x", UrlError::BadPort),
            ("host:x/x", UrlError::BadPort),
            ("fd00::7/x", UrlError::NoBrackets),
            ("anna:secret@host/x", UrlError::User),
            ("host/a b", UrlError::BadSign),
        ] {
            assert_eq!(HttpUrl::parse(false, text), Err(error), "{text}");
        }
    }
}
