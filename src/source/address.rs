//! What the user types to name a source.
//!
//! ```text
//! house=/dev/ttyUSB0?device=maxsonar
//! ----- ------------ ---------------
//! label place        options
//! ```
//!
//! A label is letters, digits, `-` and `_` before the first `=`; options are `name=value` pairs joined by `&` after
//! the last `?`; the virtual meter `sim:` has some without a value. The text alone decides, never the file system: the same words mean the same thing on every machine.
//! A file in the current folder that is called `house=x` or `x?a=b` is named by `./house=x` and `./x?a=b?`.

use std::ffi::OsStr;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::p1::nearest::nearest;
use crate::simulate::virtual_meter::{Plan, PlanError};
use crate::source::http::url::{HttpUrl, UrlError};
use crate::source::line_settings::LineSettings;
use crate::source::pulse::place::Pulses;
use crate::sys::mqtt::broker::{Broker, BrokerError, filter_fault};

/// A source as the user names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Name of the user's own for it.
    pub label: Option<String>,
    /// Where the bytes are.
    pub place: Place,
    /// What sends them.
    pub device: Device,
}

/// Where bytes come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// `-`: standard input.
    Stdin,
    /// A file, a FIFO or a serial port: opening tells which.
    Path(PathBuf),
    /// `tcp://HOST:PORT`.
    Tcp {
        /// Name or address, without the brackets of IPv6.
        host: String,
        /// Port, 1 to 65535.
        port: u16,
    },
    /// `http://HOST/PATH` or `https://`.
    Http(HttpUrl),
    /// `mqtt://HOST/TOPIC` or `mqtts://`.
    Mqtt(Broker),
    /// `pulse:`: the LED of a meter.
    Pulse(Pulses),
    /// `sim:`: the virtual meter inside, with its options as they were typed; an empty value was not typed.
    Sim(Vec<(String, String)>),
    /// `auto`: the only USB serial port.
    Auto,
}

/// What stands at the other end of the line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Device {
    /// A meter with a P1 port.
    #[default]
    P1,
    /// A MaxBotix level sensor: `R`, three or four digits of centimetres, CR.
    Maxsonar,
}

/// An address that was not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Nothing was typed, or nothing behind the label.
    #[error(
        "`{0}` names no source: a path, -, tcp://HOST:PORT, http://HOST/PATH, mqtt://HOST/TOPIC, sim: or auto"
    )]
    Empty(String),
    /// `tcp://` without a host.
    #[error("`{0}` has no host: tcp://HOST:PORT, for example tcp://10.0.0.7:2001")]
    NoHost(String),
    /// `tcp://` without a port.
    #[error("`{0}` has no port: tcp://HOST:PORT, for example tcp://10.0.0.7:2001")]
    NoPort(String),
    /// A port that is no number from 1 to 65535.
    #[error("`{0}`: `{1}` is not a port number (1 to 65535)")]
    BadPort(String, String),
    /// An IPv6 address without brackets.
    #[error("`{0}`: an IPv6 address goes in brackets, as in tcp://[fd00::7]:2001")]
    NoBrackets(String),
    /// Something behind the port, or a blank in the host.
    #[error("`{0}`: tcp://HOST:PORT and nothing else")]
    BadTcp(String),
    /// `udp://`, `ftp://` and the like.
    #[error("`{0}://` is unknown; tcp://, http://, https://, mqtt://, mqtts:// and sim: are known")]
    UnknownScheme(String),
    /// `rfc2217://`: the line of a remote port is set there, not from here.
    #[error(
        "`{0}://` is not spoken: let ser2net offer the port raw (accepter: tcp,2001) and name it tcp://HOST:2001"
    )]
    Rfc2217(String),
    /// An address of a page that names none.
    #[error("{0}")]
    Url(#[from] UrlError),
    /// An address of a broker that names none; what stands in it is not shown: it may hold a password.
    #[error("{0}")]
    Broker(#[from] BrokerError),
    /// Something that gives no pulses.
    #[error(
        "`{0}`: pulses come from pulse:gpiochip0/17, pulse:/dev/ttyUSB0/cts, pulse:tcp://HOST:PORT, pulse:- or a FIFO"
    )]
    BadPulse(String),
    /// An option of pulses that does not exist.
    #[error("the option `{0}` is unknown; pulses have per_kwh, shortest, active and start")]
    UnknownPulseOption(String),
    /// An option of pulses with a value that it does not take.
    #[error("`{name}` takes {expected}")]
    PulseOption {
        /// The option.
        name: String,
        /// What it takes.
        expected: &'static str,
    },
    /// Topics that no broker takes.
    #[error("{0}: {1}")]
    Topics(String, &'static str),
    /// Something between `sim:` and `?`.
    #[error("`{0}`: the virtual meter is `sim:`, with options as sim:?name=value")]
    BadSim(String),
    /// An option of the virtual meter that it does not have or take.
    #[error("`{0}`: {1}")]
    SimOption(String, PlanError),
    /// An option that does not exist.
    #[error("`{0}`: the option `{1}` is unknown, `device` is known")]
    UnknownOption(String, String),
    /// A device that does not exist.
    #[error("`{0}`: the device `{1}` is unknown, p1 and maxsonar are known")]
    UnknownDevice(String, String),
}

impl AddressError {
    /// What was meant, where that is nearly what was typed.
    pub fn nearest(&self) -> Option<&'static str> {
        match self {
            Self::UnknownScheme(scheme) => {
                let near = nearest(scheme, ["tcp", "http", "https", "mqtt", "mqtts"])?;
                let known = ["tcp://", "http://", "https://", "mqtt://", "mqtts://"];
                known
                    .into_iter()
                    .find(|known| known.strip_suffix("://") == Some(near))
            }
            Self::SimOption(_, error) => error.nearest(),
            Self::UnknownPulseOption(option) => {
                nearest(option, ["per_kwh", "shortest", "active", "start"])
            }
            Self::UnknownOption(_, option) => nearest(option, ["device"]),
            Self::UnknownDevice(_, device) => nearest(device, ["p1", "maxsonar"]),
            _ => None,
        }
    }
}

impl Address {
    /// Reads an address as it comes from the command line; a path need not be UTF-8.
    ///
    /// # Errors
    /// Where the text names no source.
    pub fn parse(text: &OsStr) -> Result<Self, AddressError> {
        match text.to_str() {
            Some(text) => text.parse(),
            // Labels, schemes and options are plain text: what is not is a path.
            None => Ok(Self {
                label: None,
                place: Place::Path(PathBuf::from(text)),
                device: Device::default(),
            }),
        }
    }

    /// The line settings of the device where it has some of its own.
    pub fn line(&self) -> Option<LineSettings> {
        match self.device {
            Device::P1 => None,
            Device::Maxsonar => Some(LineSettings::MAXSONAR),
        }
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (label, rest) = split_label(text);
        if let Some(rest) = rest.strip_prefix("sim:") {
            return Ok(Self {
                label: label.map(str::to_owned),
                place: parse_sim(text, rest)?,
                device: Device::P1,
            });
        }
        if let Some(rest) = rest.strip_prefix("pulse:") {
            return Ok(Self {
                label: label.map(str::to_owned),
                place: Place::Pulse(Pulses::parse(text, rest)?),
                device: Device::P1,
            });
        }
        if let Some(place) = parse_server(rest)? {
            return Ok(Self {
                label: label.map(str::to_owned),
                place,
                device: Device::P1,
            });
        }
        let (rest, options) = split_options(rest);
        let place = if rest.is_empty() {
            return Err(AddressError::Empty(text.to_owned()));
        } else if rest == "-" {
            Place::Stdin
        } else if rest == "auto" {
            Place::Auto
        } else if let Some(rest) = rest.strip_prefix("tcp://") {
            parse_tcp(text, rest)?
        } else if let Some(scheme) = scheme(rest) {
            let scheme = scheme.to_owned();
            return Err(match scheme.to_ascii_lowercase().as_str() {
                "rfc2217" | "telnet" => AddressError::Rfc2217(scheme),
                _ => AddressError::UnknownScheme(scheme),
            });
        } else {
            Place::Path(PathBuf::from(rest))
        };
        let mut device = Device::default();
        for (name, value) in options {
            device = match (name.as_str(), value.as_str()) {
                ("device", "p1") => Device::P1,
                ("device", "maxsonar") => Device::Maxsonar,
                ("device", _) => return Err(AddressError::UnknownDevice(text.to_owned(), value)),
                _ => return Err(AddressError::UnknownOption(text.to_owned(), name)),
            };
        }
        Ok(Self {
            label: label.map(str::to_owned),
            place,
            device,
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(label) = &self.label {
            write!(f, "{label}=")?;
        }
        write!(f, "{}", self.place)?;
        match self.device {
            Device::P1 => Ok(()),
            Device::Maxsonar => f.write_str("?device=maxsonar"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdin => f.write_str("-"),
            Self::Auto => f.write_str("auto"),
            Self::Path(path) => write!(f, "{}", path.display()),
            Self::Tcp { host, port } if host.contains(':') => write!(f, "tcp://[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "tcp://{host}:{port}"),
            Self::Http(url) => write!(f, "{url}"),
            Self::Pulse(pulses) => write!(f, "{pulses}"),
            Self::Mqtt(broker) => {
                write!(
                    f,
                    "{broker}/{}",
                    broker.topics.as_deref().unwrap_or_default()
                )
            }
            Self::Sim(options) => {
                f.write_str("sim:")?;
                for (index, (name, value)) in options.iter().enumerate() {
                    let mark = if index == 0 { '?' } else { '&' };
                    write!(f, "{mark}{name}")?;
                    if !value.is_empty() {
                        write!(f, "={value}")?;
                    }
                }
                Ok(())
            }
        }
    }
}

fn split_label(text: &str) -> (Option<&str>, &str) {
    match text.split_once('=') {
        Some((label, rest)) if is_name(label) => (Some(label), rest),
        _ => (None, text),
    }
}

/// Options only where everything behind the last `?` looks like them; else the `?` belongs to the path.
/// An empty list (`name?`) ends a path that looks as if it had options.
fn split_options(text: &str) -> (&str, Vec<(String, String)>) {
    let Some((place, tail)) = text.rsplit_once('?') else {
        return (text, Vec::new());
    };
    if tail.is_empty() && !split_options(place).1.is_empty() {
        return (place, Vec::new());
    }
    let pairs: Option<Vec<_>> = tail
        .split('&')
        .map(|pair| {
            let (name, value) = pair.split_once('=')?;
            let fits = is_name(name) && !value.contains('/');
            fits.then(|| (name.to_owned(), value.to_owned()))
        })
        .collect();
    match pairs {
        Some(pairs) => (place, pairs),
        None => (text, Vec::new()),
    }
}

/// What stands behind `sim:`; the options are looked at here, so that a wrong one is said before anything is opened.
fn parse_sim(text: &str, rest: &str) -> Result<Place, AddressError> {
    let options = match rest.strip_prefix('?') {
        Some(options) => options,
        None if rest.is_empty() => rest,
        None => return Err(AddressError::BadSim(text.to_owned())),
    };
    let options: Vec<_> = options
        .split('&')
        .filter(|option| !option.is_empty())
        .map(|option| option.split_once('=').unwrap_or((option, "")))
        .collect();
    Plan::of_options(options.iter().copied())
        .map_err(|error| AddressError::SimOption(text.to_owned(), error))?;
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    Ok(Place::Sim(options.into_iter().map(owned).collect()))
}

/// What a server of pages or a broker has; `None` where the text names neither.
fn parse_server(text: &str) -> Result<Option<Place>, AddressError> {
    let Some((scheme, rest)) = text.split_once("://") else {
        return Ok(None);
    };
    Ok(match scheme.to_ascii_lowercase().as_str() {
        "http" => Some(Place::Http(HttpUrl::parse(false, rest)?)),
        "https" => Some(Place::Http(HttpUrl::parse(true, rest)?)),
        "mqtt" | "mqtts" => {
            let broker = Broker::parse(text)?;
            let filter = broker.topics.as_deref().unwrap_or_default();
            if let Some(fault) = filter_fault(filter) {
                return Err(AddressError::Topics(broker.to_string(), fault));
            }
            Some(Place::Mqtt(broker))
        }
        _ => None,
    })
}

fn parse_tcp(text: &str, rest: &str) -> Result<Place, AddressError> {
    let whole = || text.to_owned();
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (host, port) = if let Some(rest) = rest.strip_prefix('[') {
        let (host, tail) = rest
            .split_once(']')
            .ok_or_else(|| AddressError::BadTcp(whole()))?;
        match tail.strip_prefix(':') {
            Some(port) => (host, port),
            None if tail.is_empty() => return Err(AddressError::NoPort(whole())),
            None => return Err(AddressError::BadTcp(whole())),
        }
    } else {
        match rest.rsplit_once(':') {
            Some((host, _)) if host.contains(':') => {
                return Err(AddressError::NoBrackets(whole()));
            }
            Some(pair) => pair,
            None if rest.is_empty() => return Err(AddressError::NoHost(whole())),
            None => return Err(AddressError::NoPort(whole())),
        }
    };
    if host.is_empty() {
        return Err(AddressError::NoHost(whole()));
    }
    if host.contains(|c: char| c == '/' || c == '@' || c.is_whitespace()) || port.contains('/') {
        return Err(AddressError::BadTcp(whole()));
    }
    if port.is_empty() {
        return Err(AddressError::NoPort(whole()));
    }
    match port.parse() {
        Ok(port) if port > 0 => Ok(Place::Tcp {
            host: host.to_owned(),
            port,
        }),
        _ => Err(AddressError::BadPort(whole(), port.to_owned())),
    }
}

fn scheme(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once("://")?;
    (!scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        .then_some(scheme)
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Place {
        Place::Path(PathBuf::from(text))
    }

    #[test]
    fn each_kind_of_place_is_told_by_its_text() {
        let tcp = |host: &str| Place::Tcp {
            host: host.to_owned(),
            port: 2001,
        };
        for (text, label, place) in [
            ("/dev/ttyUSB0", None, path("/dev/ttyUSB0")),
            ("house=/dev/ttyUSB0", Some("house"), path("/dev/ttyUSB0")),
            ("heat-pump_2=-", Some("heat-pump_2"), Place::Stdin),
            ("-", None, Place::Stdin),
            ("auto", None, Place::Auto),
            ("sim:", None, Place::Sim(vec![])),
            ("pv=sim:?", Some("pv"), Place::Sim(vec![])),
            ("tcp://10.0.0.7:2001", None, tcp("10.0.0.7")),
            ("pv=tcp://ser2net.lan:2001", Some("pv"), tcp("ser2net.lan")),
            ("tcp://[fd00::7]:2001", None, tcp("fd00::7")),
            ("a/b=c.bin", None, path("a/b=c.bin")),
            ("./house=x", None, path("./house=x")),
            ("my house=x", None, path("my house=x")),
            ("what?.bin", None, path("what?.bin")),
            ("./x?a=b?", None, path("./x?a=b")),
            ("./x??", None, path("./x??")),
            ("a=b=c", Some("a"), path("b=c")),
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!((address.label.as_deref(), address.place), (label, place));
        }
    }

    #[test]
    fn an_address_comes_back_as_it_was_typed() {
        for text in [
            "tank=/dev/ttyUSB5?device=maxsonar",
            "tcp://[fd00::7]:2001",
            "sim:?seed=4&speed=100",
            "house=sim:?plain&fault=lost=62@700",
            "house=-",
            "house=http://10.0.0.7/api/v1/telegram",
            "https://[fd00::7]:8443/x",
            "street=mqtts://broker.lan:8883/meters/+/raw",
        ] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
        let tank: Address = "tank=/dev/ttyUSB5?device=maxsonar".parse().unwrap();
        assert_eq!(tank.device, Device::Maxsonar);
        assert_eq!(tank.line(), Some(LineSettings::MAXSONAR));
    }

    #[test]
    fn what_names_no_source_is_refused_with_what_would() {
        for (text, words) in [
            ("", "names no source"),
            ("house=", "names no source"),
            ("tcp://", "no host"),
            ("tcp://:2001", "no host"),
            ("tcp://host", "no port"),
            ("tcp://host:", "no port"),
            ("tcp://[::1]", "no port"),
            ("tcp://host:0", "`0` is not a port"),
            ("tcp://host:70000", "`70000` is not a port"),
            ("tcp://fd00::7:2001", "in brackets"),
            ("tcp://host:2001/x", "nothing else"),
            ("udp://host:1", "`udp://` is unknown"),
            ("rfc2217://host:1", "offer the port raw"),
            ("http://", "has no host"),
            ("http://host:0/", "from 1 to 65535"),
            ("mqtt://host", "the topic is missing"),
            ("mqtt://host/a/#/b", "at the end"),
            ("mqtt://:secret@host/a", "no user"),
            ("sim:lu", "sim:?name=value"),
            ("sim:?baud=9600", "`baud` is unknown, profile, meters"),
            ("sim:?profile=xx", "`profile` takes one of lu,"),
            ("/dev/x?baud=9600", "`baud` is unknown"),
            ("/dev/x?device=dsmr", "`dsmr` is unknown"),
        ] {
            let error = text.parse::<Address>().unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
    }

    #[test]
    fn a_path_that_is_no_utf_8_is_still_a_path() {
        use std::os::unix::ffi::OsStrExt;
        let text = OsStr::from_bytes(b"house=\xFF");
        assert_eq!(
            Address::parse(text).unwrap().place,
            Place::Path(PathBuf::from(text))
        );
    }
}
