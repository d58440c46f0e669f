//! Where the broker is: `mqtt://user@host:1883/topics`.
//!
//! ```text
//! mqtts://  anna  :  secret  @  broker.lan  :  8883  /  home/meters
//! scheme    user     password   host           port     what topics begin with, or which are listened to
//! ```
//! `mqtt` is plain TCP and port 1883, `mqtts` is TLS and port 8883. A user or password with `@`, `:`, `/` or `%` writes
//! them as `%40`, `%3A`, `%2F`, `%25`.

use std::fmt;

use zeroize::Zeroizing;

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
    /// What stands behind the host: what topics begin with, or which are listened to.
    pub topics: Option<String>,
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
    #[error("the port of the broker is not a number from 1 to 65535")]
    BadPort,
    /// An IPv6 address without brackets.
    #[error("the IPv6 address of a broker goes in brackets")]
    NoBrackets,
    /// A `%` without two hexadecimal digits, or bytes that are no text.
    #[error("a % in the user or password of the broker is not followed by two hexadecimal digits")]
    Percent,
    /// A password without a user.
    #[error("the address of the broker has a password and no user")]
    NoUser,
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
        let (authority, topics) = match rest.get(at..).and_then(|host| host.find('/')) {
            Some(slash) => (rest.get(..at + slash), rest.get(at + slash + 1..)),
            None => (Some(rest), None),
        };
        let authority = authority.unwrap_or_default();
        let topics = topics.map(|topics| topics.trim_end_matches('/'));
        let topics = topics.filter(|topics| !topics.is_empty());
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
            topics: topics.map(str::to_owned),
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

/// Tells what is wrong with a filter of topics, where something is.
pub fn filter_fault(filter: &str) -> Option<&'static str> {
    let levels: Vec<&str> = filter.split('/').collect();
    let last = levels.len().saturating_sub(1);
    for (place, level) in levels.iter().enumerate() {
        match *level {
            "+" => {}
            "#" if place == last => {}
            "#" => return Some("# stands at the end of the topic only"),
            level if level.contains(['+', '#']) => {
                return Some("+ and # stand for whole levels of the topic");
            }
            level if level.contains(char::is_control) => {
                return Some("the topic has a sign that cannot be printed");
            }
            _ => {}
        }
    }
    filter
        .is_empty()
        .then_some("the topic is missing: mqtt://HOST/TOPIC")
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
        assert_eq!(broker.topics.as_deref(), Some("home/meters"));
        assert_eq!(broker.to_string(), "mqtts://broker.lan:8884");
        let plain = Broker::parse("mqtt://10.0.0.7").unwrap();
        assert_eq!((plain.port, plain.user, plain.topics), (1883, None, None));
        let six = Broker::parse("mqtts://[fd00::7]").unwrap();
        assert_eq!((six.host.as_str(), six.port), ("fd00::7", 8883));
        assert_eq!(six.to_string(), "mqtts://[fd00::7]:8883");
    }

    #[test]
    fn a_password_with_signs_that_are_not_encoded_is_not_taken_for_a_host() {
        let broker = Broker::parse("mqtt://anna:a@b/c@host/p").unwrap();
        assert_eq!(broker.host, "host");
        assert_eq!(broker.password.unwrap().reveal(), "a@b/c");
        assert_eq!(broker.topics.as_deref(), Some("p"));
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
    }

    #[test]
    fn a_password_is_never_shown() {
        let broker = Broker::parse("mqtt://anna:topsecret@host").unwrap();
        assert!(!format!("{broker:?} {broker}").contains("topsecret"));
    }

    #[test]
    fn a_filter_that_no_broker_takes_is_told() {
        for filter in ["a/#/b", "a+/b", "a/b#", ""] {
            assert!(filter_fault(filter).is_some(), "{filter}");
        }
        for filter in ["a", "a/+/b", "#", "+/#"] {
            assert_eq!(filter_fault(filter), None, "{filter}");
        }
    }
}
