//! Where other software draws telegrams: an address to listen at, or a pseudo-terminal; with a label, of one source.
//!
//! ```text
//! 2001   :2001   tcp://:2001         127.0.0.1, port 2001: this machine only
//! tcp://0.0.0.0:2001                 the network too
//! house=tcp://[::1]:2001             telegrams of the source called house
//! pty:/run/smarty/meter              a serial port under that name
//! ```

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// A place that others draw telegrams from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForwardTarget {
    /// Only telegrams of the source with this label.
    pub label: Option<String>,
    /// Where.
    pub place: ForwardPlace,
}

/// Where others draw telegrams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForwardPlace {
    /// A server.
    Tcp(Listen),
    /// A link to a pseudo-terminal.
    Pty(PathBuf),
}

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    /// Name or address, without the brackets of IPv6.
    pub host: String,
    /// The port; 0 lets the system choose.
    pub port: u16,
}

impl FromStr for ForwardTarget {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (label, rest) = match text.split_once('=') {
            Some((label, rest)) if is_label(label) => (Some(label.to_owned()), rest),
            _ => (None, text),
        };
        let place = match rest.strip_prefix("pty:") {
            Some("") => return Err("pty: needs a path, such as pty:/run/smarty/meter"),
            Some(path) => ForwardPlace::Pty(path.into()),
            None => match rest.strip_prefix("tcp://").unwrap_or(rest) {
                rest if rest.contains("://") => {
                    return Err("expected tcp://HOST:PORT, a port alone, or pty:PATH");
                }
                rest => ForwardPlace::Tcp(rest.parse()?),
            },
        };
        Ok(Self { label, place })
    }
}

impl FromStr for Listen {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "expected HOST:PORT or PORT, such as 127.0.0.1:2001";
        let (host, port) = text.rsplit_once(':').unwrap_or(("", text));
        let host = match bare_host(host)? {
            "" if !host.starts_with('[') => LOOPBACK,
            bare => bare,
        };
        if host.is_empty() || host.contains(|c: char| "/@=".contains(c) || c.is_whitespace()) {
            return Err(EXPECTED);
        }
        Ok(Self {
            host: host.to_owned(),
            port: port.parse().map_err(|_| EXPECTED)?,
        })
    }
}

/// A host without the brackets of an IPv6 address.
///
/// # Errors
/// An IPv6 address that has none.
pub fn bare_host(host: &str) -> Result<&str, &'static str> {
    let inner = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    match inner {
        Some(host) => Ok(host),
        None if host.contains(':') => Err("an IPv6 address stands in brackets, as [::1]:2001"),
        None => Ok(host),
    }
}

impl fmt::Display for ForwardTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(label) = &self.label {
            write!(f, "{label}=")?;
        }
        write!(f, "{}", self.place)
    }
}

impl fmt::Display for ForwardPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(listen) => write!(f, "tcp://{listen}"),
            Self::Pty(path) => write!(f, "pty:{}", path.display()),
        }
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

fn is_label(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !text.is_empty() && text.bytes().all(fits)
}

/// Nobody but this machine, unless something else is said.
const LOOPBACK: &str = "127.0.0.1";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tap_is_on_this_machine_only_unless_it_says_otherwise() {
        for (text, shown) in [
            ("2001", "tcp://127.0.0.1:2001"),
            (":2001", "tcp://127.0.0.1:2001"),
            ("tcp://:2001", "tcp://127.0.0.1:2001"),
            ("tcp://0.0.0.0:2001", "tcp://0.0.0.0:2001"),
            ("[::]:0", "tcp://[::]:0"),
            ("house=tcp://[::1]:2001", "house=tcp://[::1]:2001"),
            ("pv-2=localhost:2002", "pv-2=tcp://localhost:2002"),
            ("pty:/tmp/a=b", "pty:/tmp/a=b"),
            ("house=pty:meter", "house=pty:meter"),
        ] {
            let tap: ForwardTarget = text.parse().unwrap();
            assert_eq!(tap.to_string(), shown);
            assert_eq!(tap.to_string().parse(), Ok(tap));
        }
    }

    #[test]
    fn what_is_no_tap_is_refused() {
        for text in [
            "",
            "tcp://",
            "tcp://host",
            "host:",
            "host:70000",
            "::1:2001",
            "[::1]",
            "pty:",
            "house=",
            "udp://h:1",
            "my house=2001",
            "h:1/x",
            "[]:1",
            "-1",
        ] {
            assert!(text.parse::<ForwardTarget>().is_err(), "{text}");
        }
    }
}
