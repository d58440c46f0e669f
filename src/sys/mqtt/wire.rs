//! The connection itself, MQTT 3.1.1 or 5: the same few words for both.
//!
//! Two crates, as each speaks one version of the protocol: it writes no other into its CONNECT, and its packets are laid
//! out by that one. What they do below that is one crate that both use.

use std::sync::Arc;

use tokio_rustls::rustls::ClientConfig;

use super::broker::Broker;
use super::fault::Fault;

/// Where a broker is, and who we are there.
#[derive(Clone)]
pub struct Access {
    /// Where, and as which user.
    pub broker: Broker,
    /// TLS, where the connection is one.
    pub tls: Option<Arc<ClientConfig>>,
    /// Our name at the broker.
    pub client_id: String,
    /// Longest message that is listened to, in bytes.
    pub longest: usize,
    /// What the broker publishes when we are gone without a word.
    pub will: Option<Will>,
}

/// What is published when we are gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Will {
    /// Where.
    pub topic: Arc<str>,
    /// What.
    pub text: Arc<[u8]>,
    /// How surely.
    pub quality: Quality,
}

/// Versions of MQTT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// MQTT 3.1.1.
    Three,
    /// MQTT 5.
    Five,
}

/// How surely a message arrives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quality {
    /// QoS 0: perhaps.
    AtMostOnce,
    /// QoS 1: surely, twice where a connection breaks.
    #[default]
    AtLeastOnce,
    /// QoS 2: surely, and once as long as the connection stays.
    ExactlyOnce,
}

/// A connection that is being made, or is made.
pub enum Wire {
    /// MQTT 3.1.1.
    Three(rumqttc_v4::Client, Box<rumqttc_v4::Connection>),
    /// MQTT 5.
    Five(rumqttc_v5::Client, Box<rumqttc_v5::Connection>),
}

/// What gives messages to a connection, from another thread.
#[derive(Clone)]
pub enum Client {
    /// MQTT 3.1.1.
    Three(rumqttc_v4::Client),
    /// MQTT 5.
    Five(rumqttc_v5::Client),
}

/// What happens on a connection.
#[derive(Debug)]
pub enum ConnectionEvent {
    /// The broker has let us in.
    Connected,
    /// A message was written, under a number where it is to be acknowledged.
    Sent(Option<u16>),
    /// The broker has the message of this number.
    Acknowledged(u16),
    /// The broker does not take the message of this number, and says why.
    Rejected(u16, String),
    /// The broker does not let us listen to what was asked for.
    Declined,
    /// A message came on a topic; `kept` says that it is an old one.
    Heard {
        /// Where.
        topic: String,
        /// What.
        text: Vec<u8>,
        /// Whether the broker had kept it.
        kept: bool,
    },
    /// Something else.
    Other,
    /// We have said goodbye.
    Ended,
    /// It broke.
    Broke(Fault),
}

impl Quality {
    /// The same, or better: for what must not be lost.
    pub fn at_least_once(self) -> Self {
        match self {
            Self::AtMostOnce => Self::AtLeastOnce,
            other => other,
        }
    }
}

impl Wire {
    /// Makes a connection; nothing is sent before [`Wire::wait`].
    pub fn open(access: &Access, protocol: Protocol) -> Self {
        match protocol {
            Protocol::Three => Self::three(access),
            Protocol::Five => Self::five(access),
        }
    }

    /// What speaks on it.
    pub fn client(&self) -> Client {
        match self {
            Self::Three(client, _) => Client::Three(client.clone()),
            Self::Five(client, _) => Client::Five(client.clone()),
        }
    }

    /// Waits for the next that happens.
    pub fn wait(&mut self) -> ConnectionEvent {
        match self {
            Self::Three(_, connection) => match connection.recv() {
                Ok(Ok(event)) => of_three(event),
                Ok(Err(error)) => ConnectionEvent::Broke(Fault::three(&error)),
                Err(_) => ConnectionEvent::Ended,
            },
            Self::Five(_, connection) => match connection.recv() {
                Ok(Ok(event)) => of_five(event),
                Ok(Err(error)) => ConnectionEvent::Broke(Fault::five(&error)),
                Err(_) => ConnectionEvent::Ended,
            },
        }
    }

    fn three(access: &Access) -> Self {
        use rumqttc_v4::{Client, LastWill, MqttOptions, TlsConfiguration, Transport};
        let place = (access.broker.host.as_str(), access.broker.port);
        let mut options = MqttOptions::new(access.client_id.clone(), place);
        options.set_keep_alive(KEEP_ALIVE);
        options.set_clean_session(true);
        options.set_max_packet_size(access.longest, SENT_MAX);
        if let Some(will) = &access.will {
            let quality = three(will.quality);
            options.set_last_will(LastWill::new(&*will.topic, &*will.text, quality, true));
        }
        match (&access.broker.user, &access.broker.password) {
            (Some(user), Some(password)) => {
                options.set_credentials(user.clone(), password.reveal().to_owned());
            }
            (Some(user), None) => {
                options.set_username(user.clone());
            }
            (None, _) => {}
        }
        if let Some(tls) = &access.tls {
            options.set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(
                Arc::clone(tls),
            )));
        }
        let (client, connection) = Client::builder(options).capacity(CAPACITY).build();
        Self::Three(client, Box::new(connection))
    }

    fn five(access: &Access) -> Self {
        use rumqttc_v5::{Client, LastWill, MqttOptions, TlsConfiguration, Transport};
        let place = (access.broker.host.as_str(), access.broker.port);
        let mut options = MqttOptions::new(access.client_id.clone(), place);
        options.set_keep_alive(KEEP_ALIVE);
        options.set_clean_start(true);
        if let Some(will) = &access.will {
            let quality = five(will.quality);
            let will = LastWill::new(&*will.topic, &*will.text, quality, true, None);
            options.set_last_will(will);
        }
        match (&access.broker.user, &access.broker.password) {
            (Some(user), Some(password)) => {
                options.set_credentials(user.clone(), password.reveal().to_owned());
            }
            (Some(user), None) => {
                options.set_username(user.clone());
            }
            (None, _) => {}
        }
        if let Some(tls) = &access.tls {
            options.set_transport(Transport::tls_with_config(TlsConfiguration::Rustls(
                Arc::clone(tls),
            )));
        }
        let (client, connection) = Client::builder(options).capacity(CAPACITY).build();
        Self::Five(client, Box::new(connection))
    }
}

impl Client {
    /// Gives a message to the connection; tells whether it took it.
    pub fn publish(&self, topic: &str, text: &[u8], retain: bool, quality: Quality) -> bool {
        let (topic, text) = (topic.to_owned(), text.to_vec());
        match self {
            Self::Three(client) => {
                let options = rumqttc_v4::PublishOptions::new(three(quality)).retain(retain);
                client.try_publish(topic, text, options).is_ok()
            }
            Self::Five(client) => {
                let options = rumqttc_v5::PublishOptions::new(five(quality)).retain(retain);
                client.try_publish(topic, text, options).is_ok()
            }
        }
    }

    /// Asks for what comes on a topic; where that fails it is asked for at the next connection.
    pub fn subscribe(&self, topic: &str) {
        match self {
            Self::Three(client) => drop(client.try_subscribe(topic, three(Quality::AtLeastOnce))),
            Self::Five(client) => drop(client.try_subscribe(topic, five(Quality::AtLeastOnce))),
        }
    }

    /// Says goodbye once all is acknowledged that was given before.
    pub fn leave(&self) {
        match self {
            Self::Three(client) => drop(client.try_disconnect()),
            Self::Five(client) => drop(client.try_disconnect()),
        }
    }
}

fn three(quality: Quality) -> rumqttc_v4::QoS {
    match quality {
        Quality::AtMostOnce => rumqttc_v4::QoS::AtMostOnce,
        Quality::AtLeastOnce => rumqttc_v4::QoS::AtLeastOnce,
        Quality::ExactlyOnce => rumqttc_v4::QoS::ExactlyOnce,
    }
}

fn five(quality: Quality) -> rumqttc_v5::QoS {
    use rumqttc_v5::QoS;
    match quality {
        Quality::AtMostOnce => QoS::AtMostOnce,
        Quality::AtLeastOnce => QoS::AtLeastOnce,
        Quality::ExactlyOnce => QoS::ExactlyOnce,
    }
}

fn of_three(event: rumqttc_v4::Event) -> ConnectionEvent {
    use rumqttc_v4::{Event, Outgoing, Packet};
    match event {
        Event::Outgoing(Outgoing::Publish(number)) => {
            ConnectionEvent::Sent(Some(number).filter(|n| *n > 0))
        }
        Event::Incoming(Packet::ConnAck(_)) => ConnectionEvent::Connected,
        Event::Incoming(Packet::SubAck(ack))
            if ack
                .return_codes
                .iter()
                .any(|code| matches!(code, rumqttc_v4::SubscribeReasonCode::Failure)) =>
        {
            ConnectionEvent::Declined
        }
        Event::Incoming(Packet::PubAck(ack)) => ConnectionEvent::Acknowledged(ack.pkid),
        Event::Incoming(Packet::PubComp(ack)) => ConnectionEvent::Acknowledged(ack.pkid),
        Event::Incoming(Packet::Publish(publish)) => ConnectionEvent::Heard {
            topic: String::from_utf8_lossy(publish.topic.as_ref()).into_owned(),
            text: publish.payload.to_vec(),
            kept: publish.retain,
        },
        _ => ConnectionEvent::Other,
    }
}

fn of_five(event: rumqttc_v5::Event) -> ConnectionEvent {
    use rumqttc_v5::{Event, Outgoing, Packet, PubAckReason, PubRecReason};
    match event {
        Event::Outgoing(Outgoing::Publish(number)) => {
            ConnectionEvent::Sent(Some(number).filter(|n| *n > 0))
        }
        Event::Incoming(Packet::ConnAck(_)) => ConnectionEvent::Connected,
        Event::Incoming(Packet::SubAck(ack))
            if ack
                .return_codes
                .iter()
                .any(|code| !matches!(code, rumqttc_v5::SubscribeReasonCode::Success(_))) =>
        {
            ConnectionEvent::Declined
        }
        Event::Incoming(Packet::PubAck(ack)) => match ack.reason {
            PubAckReason::Success | PubAckReason::NoMatchingSubscribers => {
                ConnectionEvent::Acknowledged(ack.pkid)
            }
            reason => ConnectionEvent::Rejected(ack.pkid, format!("{reason:?}")),
        },
        Event::Incoming(Packet::PubRec(ack)) => match ack.reason {
            PubRecReason::Success | PubRecReason::NoMatchingSubscribers => ConnectionEvent::Other,
            reason => ConnectionEvent::Rejected(ack.pkid, format!("{reason:?}")),
        },
        Event::Incoming(Packet::PubComp(ack)) => ConnectionEvent::Acknowledged(ack.pkid),
        Event::Incoming(Packet::Publish(publish)) => ConnectionEvent::Heard {
            topic: String::from_utf8_lossy(publish.topic.as_ref()).into_owned(),
            text: publish.payload.to_vec(),
            kept: publish.retain,
        },
        _ => ConnectionEvent::Other,
    }
}

/// Seconds of silence after which the other side is asked whether it is there.
const KEEP_ALIVE: u16 = 30;
/// Longest message that MQTT can have, in bytes.
const SENT_MAX: usize = 268_435_455;
/// Requests that wait in the connection: all messages under way, and what is said beside them.
const CAPACITY: usize = UNDER_WAY_MAX + 8;
/// Messages that the connection holds at a time: less than the 20 that mosquitto takes, which in MQTT 3.1.1 loses those
/// of QoS 2 above.
pub const UNDER_WAY_MAX: usize = 16;
