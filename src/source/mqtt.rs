//! Topics of a broker on which dongles publish what a meter sends: frames, hex digits or telegrams, a message each.
//!
//! ```text
//! mqtt://broker/meters/house/raw      one stream
//! mqtt://broker/meters/+/raw          a stream a topic, labelled by what the wildcard stands for
//! ```
//! Nothing is published. What the broker had kept is taken when the connection is made for the first time: later it came
//! before.

use std::fmt::Write as _;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use crate::source::aside::{Aside, News, Teller};
use crate::source::error::SourceError;
use crate::source::payload;
use crate::source::read::{GoneReason, Read, SourceOptions};
use crate::sys::mqtt::broker::Broker;
use crate::sys::mqtt::fault::Fault;
use crate::sys::mqtt::wire::{Access, Client, ConnectionEvent, Protocol, Wire};
use crate::sys::tls::{self, Pem};

/// Topics of a broker.
#[derive(Debug)]
pub struct Mqtt {
    fetched: Aside,
}

/// What the thread works with.
struct Listener {
    access: Access,
    filter: String,
    /// Label of the source; those of topics stand behind it.
    label: Option<String>,
    kept_wanted: bool,
}

impl Mqtt {
    /// Connects to a broker and asks for topics.
    ///
    /// # Errors
    /// Where the broker is not there, or does not let us in.
    pub fn open(
        broker: &Broker,
        label: Option<&str>,
        options: &SourceOptions,
    ) -> Result<Self, SourceError> {
        let filter = broker.topics.clone().unwrap_or_default();
        let name = name(broker);
        let given = &options.access;
        let tls =
            match (broker.tls, &given.tls) {
                (false, _) => None,
                (true, Some(config)) => Some(Arc::clone(config)),
                (true, None) => Some(tls::connecting(Pem::default()).map_err(|_| {
                    refused(broker, &Fault::Tls("it does not work here".to_owned()))
                })?),
            };
        let mut broker = broker.clone();
        if broker.password.is_none() {
            broker.password = given.password.clone();
        }
        let chance = RandomState::new().hash_one(std::process::id());
        let listener = Listener {
            access: Access {
                broker,
                tls,
                client_id: format!("smarty-{:08x}", chance as u32),
                longest: PAYLOAD_MAX,
                will: None,
            },
            filter,
            label: label.map(str::to_owned),
            kept_wanted: options.seen.is_empty(),
        };
        options.seen.put(vec![0]);
        let most = options.connect_timeout * 2 + CONNECT_TIME;
        let fetched = Aside::start(&name, options, most, move |teller| listener.live(teller))?;
        Ok(Self { fetched })
    }

    /// Reads what has come of one topic, waiting up to 250 ms.
    ///
    /// # Errors
    /// Where waiting fails; a broker that goes away is no error.
    pub fn read(&mut self, buf: &mut [u8]) -> Result<Read, SourceError> {
        self.fetched.read(buf)
    }

    /// Broker and topics, without user and password.
    pub fn name(&self) -> &str {
        self.fetched.name()
    }

    /// The label of what was read last, where wildcards give labels.
    pub fn label(&self) -> Option<&Arc<str>> {
        self.fetched.label()
    }
}

impl Listener {
    /// The life of the thread: the version of MQTT that the broker speaks, then what comes.
    fn live(self, mut teller: Teller) {
        let mut fault = match self.listen(Protocol::Five, &mut teller) {
            Some((fault, false)) if fault.may_be_version() => fault,
            Some((fault, open)) => return self.part(fault, open, &mut teller),
            None => return,
        };
        if let Some((second, open)) = self.listen(Protocol::Three, &mut teller) {
            // What answers neither version is told of by the first.
            if open || !second.may_be_version() {
                fault = second;
            }
            self.part(fault, open, &mut teller);
        }
    }

    /// Listens on one connection; gives why it broke, and whether it was made. `None`: nobody listens to us.
    fn listen(&self, protocol: Protocol, teller: &mut Teller) -> Option<(Fault, bool)> {
        let mut wire = Wire::open(&self.access, protocol);
        let mut goodbye = None;
        loop {
            match wire.wait() {
                ConnectionEvent::Connected => {
                    let speaker = wire.client();
                    speaker.subscribe(&self.filter);
                    if !teller.tell(News::Open) {
                        return None;
                    }
                    goodbye = Some(Goodbye(speaker));
                }
                ConnectionEvent::Heard { topic, text, kept } => {
                    if kept && !self.kept_wanted {
                        continue;
                    }
                    let label = self.label_of(&topic);
                    let bytes = payload::decoded(&text);
                    if !bytes.is_empty() && !teller.tell(News::Bytes(label, bytes)) {
                        return None;
                    }
                }
                ConnectionEvent::Declined => {
                    let fault =
                        Fault::Other(format!("does not allow subscribing to {}", self.filter));
                    return Some((fault, goodbye.is_some()));
                }
                ConnectionEvent::Broke(fault) => return Some((fault, goodbye.is_some())),
                ConnectionEvent::Ended => return Some((Fault::Closed, goodbye.is_some())),
                _ => {}
            }
        }
    }

    fn part(&self, fault: Fault, open: bool, teller: &mut Teller) {
        let news = match open {
            true => {
                let (what, _) = fault.words(&self.access.broker);
                let whole = format!("{}: ", self.access.broker);
                News::Gone(GoneReason::Fault(
                    what.strip_prefix(&whole).unwrap_or(&what).to_owned(),
                ))
            }
            false => News::Refused(refused(&self.access.broker, &fault)),
        };
        teller.tell(news);
    }

    /// What the wildcards of the filter stand for in a topic; `None` where there are none.
    fn label_of(&self, topic: &str) -> Option<Arc<str>> {
        let wild = wild_part(&self.filter, topic)?;
        let mut label = self.label.clone().unwrap_or_default();
        if !label.is_empty() {
            label.push('-');
        }
        for letter in wild.chars() {
            match letter {
                letter if letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_') => {
                    label.push(letter);
                }
                '/' => label.push('-'),
                // Two topics never get the same label.
                letter => drop(write!(label, "_{:x}", u32::from(letter))),
            }
        }
        Some(label.into())
    }
}

/// Says goodbye when the connection is left.
struct Goodbye(Client);

impl Drop for Goodbye {
    fn drop(&mut self) {
        self.0.leave();
    }
}

/// What the wildcards of a filter stand for, levels joined by `/`; `None` where it has none.
fn wild_part(filter: &str, topic: &str) -> Option<String> {
    let mut levels = topic.split('/');
    let mut wild: Vec<&str> = Vec::new();
    let mut is_wild = false;
    for level in filter.split('/') {
        match level {
            "#" => {
                is_wild = true;
                wild.extend(levels.by_ref());
            }
            "+" => {
                is_wild = true;
                wild.extend(levels.next());
            }
            _ => {
                levels.next();
            }
        }
    }
    is_wild.then(|| wild.join("/"))
}

fn name(broker: &Broker) -> String {
    match &broker.topics {
        Some(topics) => format!("{broker}/{topics}"),
        None => broker.to_string(),
    }
}

fn refused(broker: &Broker, fault: &Fault) -> SourceError {
    let (what, hint) = fault.words(broker);
    SourceError::Broker {
        what,
        // The options of publishing have the same names but for their beginning.
        hint: hint.replace("--mqtt-", "--server-"),
        absent: !matches!(fault, Fault::Login | Fault::NotAllowed),
    }
}

/// Longest message that is taken, in bytes: some frames of the longest meter.
const PAYLOAD_MAX: usize = 256 * 1024;
/// How long a broker may take to let us in, both versions of MQTT tried.
const CONNECT_TIME: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_give_labels_and_plain_topics_none() {
        for (filter, topic, wild) in [
            ("meters/+/raw", "meters/house/raw", Some("house")),
            ("meters/#", "meters/house/raw", Some("house/raw")),
            ("+/+", "a/b", Some("a/b")),
            ("meters/house/raw", "meters/house/raw", None),
        ] {
            assert_eq!(wild_part(filter, topic).as_deref(), wild, "{filter}");
        }
    }
}
