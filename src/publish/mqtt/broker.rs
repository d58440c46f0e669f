//! Where the broker is: `mqtt://user@host:1883/prefix`.
//!
//! ```text
//! mqtts://  anna  :  secret  @  broker.lan  :  8883  /  home/meters
//! scheme    user     password   host           port     prefix of the topics
//! ```
//! `mqtt` is plain TCP and port 1883, `mqtts` is TLS and port 8883. A user or password with `@`, `:`, `/` or `%` writes
//! them as `%40`, `%3A`, `%2F`, `%25`.

use std::fmt;

use zeroize::Zeroizing;

use super::topic::{self, PrefixError};

/// Address of a broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broker {
    /// Whether the connection is TLS.
    pub tls: bool,
    /// Name or address, without the brackets of IPv6.
    pub host: String,
    /// Port, 1 to 65535.
    pub port: u16,
    /// Who connects.
    pub user: Option<String>,
    /// Its password, where it stands in the address.
    pub password: Option<Password>,
    /// What all topics begin with; none was named.
    pub prefix: Option<String>,
}

/// A password; it is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<String>);

/// An address that was not understood. What stands in it is not shown: it may hold a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BrokerError {
    /// No `mqtt://` or `mqtts://`.
    #[error("the address of the broker begins with mqtt:// or mqtts://")]
    Scheme,
    /// Nothing behind the scheme.
    #[error("the address of the broker has no host")]
    NoHost,
    /// A port that is no number from 1 to 65535.
    #[error("the port of the broker is no number from 1 to 65535")]
    BadPort,
    /// An IPv6 address without brackets.
    #[error("an IPv6 address of a broker stands in brackets")]
    NoBrackets,
    /// A `%` without two hexadecimal digits, or bytes that are no text.
    #[error("a % in the user or password of the broker is not followed by two hexadecimal digits")]
    Percent,
    /// A password without a user.
    #[error("the address of the broker has a password and no user")]
    NoUser,
    /// The rest cannot be the prefix of topics.
    #[error("{0}")]
    Prefix(#[from] PrefixError),
}

impl Broker {
    /// Reads an address.
    ///
    /// # Errors
    /// Where it names no broker.
    pub fn parse(text: &str) -> Result<Self, BrokerError> {
        let (scheme, rest) = text.split_once("://").ok_or(BrokerError::Scheme)?;
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "mqtt" => false,
            "mqtts" => true,
            _ => return Err(BrokerError::Scheme),
        };
        // The last @ before the path ends the password, so that one with an @ in it is not taken for a host.
        let at = rest.rfind('@').map_or(0, |at| at + 1);
        let (authority, prefix) = match rest.get(at..).and_then(|host| host.find('/')) {
            Some(slash) => (rest.get(..at + slash), rest.get(at + slash + 1..)),
            None => (Some(rest), None),
        };
        let authority = authority.unwrap_or_default();
        let prefix = prefix.map(|prefix| prefix.trim_end_matches('/'));
        let prefix = prefix.filter(|prefix| !prefix.is_empty());
        if let Some(prefix) = prefix {
            topic::check_prefix(prefix)?;
        }
        let (login, place) = match authority.rsplit_once('@') {
            Some((login, place)) => (login, place),
            None => ("", authority),
        };
        let (user, password) = match login.split_once(':') {
            Some((user, password)) => (decoded(user)?, Some(decoded(password)?)),
            None => (decoded(login)?, None),
        };
        let (host, port) = place_of(place, if tls { 8883 } else { 1883 })?;
        if user.is_empty() && password.as_ref().is_some_and(|text| !text.is_empty()) {
            return Err(BrokerError::NoUser);
        }
        Ok(Self {
            tls,
            host,
            port,
            user: Some(user).filter(|user| !user.is_empty()),
            password: password.map(Password::new),
            prefix: prefix.map(str::to_owned),
        })
    }
}

impl fmt::Display for Broker {
    /// Scheme, host and port; neither user nor password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "mqtts" } else { "mqtt" };
        match self.host.contains(':') {
            true => write!(f, "{scheme}://[{}]:{}", self.host, self.port),
            false => write!(f, "{scheme}://{}:{}", self.host, self.port),
        }
    }
}

impl Password {
    /// Takes a password.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The password itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

fn place_of(place: &str, usual: u16) -> Result<(String, u16), BrokerError> {
    let (host, port) = match place.strip_prefix('[') {
        Some(inside) => {
            let (host, rest) = inside.split_once(']').ok_or(BrokerError::NoBrackets)?;
            let port = match rest {
                "" => None,
                rest => Some(rest.strip_prefix(':').ok_or(BrokerError::BadPort)?),
            };
            (host, port)
        }
        None if place.matches(':').count() > 1 => return Err(BrokerError::NoBrackets),
        None => match place.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        },
    };
    if host.is_empty() {
        return Err(BrokerError::NoHost);
    }
    let port = match port {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().ok().filter(|port| *port > 0)
        }
        Some(_) => None,
        None => Some(usual),
    };
    Ok((host.to_owned(), port.ok_or(BrokerError::BadPort)?))
}

/// The text with `%40` and the like undone.
fn decoded(text: &str) -> Result<String, BrokerError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2).ok_or(BrokerError::Percent)?;
        bytes.extend(hex::decode(digits).map_err(|_| BrokerError::Percent)?);
        rest = after;
    }
    String::from_utf8(bytes).map_err(|_| BrokerError::Percent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_user_password_host_port_and_prefix() {
        let broker = Broker::parse("mqtts://anna:p%40ss%3a@broker.lan:8884/home/meters/").unwrap();
        assert!(broker.tls);
        assert_eq!((broker.host.as_str(), broker.port), ("broker.lan", 8884));
        assert_eq!(broker.user.as_deref(), Some("anna"));
        assert_eq!(broker.password.as_ref().unwrap().reveal(), "p@ss:");
        assert_eq!(broker.prefix.as_deref(), Some("home/meters"));
        assert_eq!(broker.to_string(), "mqtts://broker.lan:8884");
        let plain = Broker::parse("mqtt://10.0.0.7").unwrap();
        assert_eq!((plain.port, plain.user, plain.prefix), (1883, None, None));
        let six = Broker::parse("mqtts://[fd00::7]").unwrap();
        assert_eq!((six.host.as_str(), six.port), ("fd00::7", 8883));
        assert_eq!(six.to_string(), "mqtts://[fd00::7]:8883");
    }

    #[test]
    fn a_password_with_signs_that_are_not_encoded_is_not_taken_for_a_host() {
        let broker = Broker::parse("mqtt://anna:a@b/c@host/p").unwrap();
        assert_eq!(broker.host, "host");
        assert_eq!(broker.password.unwrap().reveal(), "a@b/c");
        assert_eq!(broker.prefix.as_deref(), Some("p"));
    }

    #[test]
    fn what_names_no_broker_says_why_and_shows_nothing() {
        for (text, error) in [
            ("host:1883", BrokerError::Scheme),
            ("http://host", BrokerError::Scheme),
            ("mqtt://", BrokerError::NoHost),
            ("mqtt://anna@:1883", BrokerError::NoHost),
            ("mqtt://host:0", BrokerError::BadPort),
            ("mqtt://host:70000", BrokerError::BadPort),
            ("mqtt://fd00::7", BrokerError::NoBrackets),
            ("mqtt://a%4:b@host", BrokerError::Percent),
            ("mqtt://:secret@host", BrokerError::NoUser),
        ] {
            assert_eq!(Broker::parse(text), Err(error), "{text}");
        }
        assert!(Broker::parse("mqtt://host/a/#").is_err());
    }

    #[test]
    fn a_password_is_never_shown() {
        let broker = Broker::parse("mqtt://anna:topsecret@host").unwrap();
        assert!(!format!("{broker:?} {broker}").contains("topsecret"));
    }
}
