//! The connection itself, MQTT 3.1.1 or 5: the same few words for both.
//!
//! Two crates, as each speaks one version of the protocol: it writes no other into its CONNECT, and its packets are laid
//! out by that one. What they do below that is one crate that both use.

use super::fault::Fault;
use super::message::Message;
use super::settings::{Protocol, Quality, Settings};

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
    /// A message came on a topic; `kept` says that it is an old one.
    Heard {
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

impl Wire {
    /// Makes a connection; nothing is sent before [`Wire::next`].
    pub fn open(settings: &Settings, protocol: Protocol) -> Self {
        match protocol {
            Protocol::Three => Self::three(settings),
            Protocol::Five => Self::five(settings),
        }
    }

    /// What speaks on it.
    pub fn speaker(&self) -> Client {
        match self {
            Self::Three(client, _) => Client::Three(client.clone()),
            Self::Five(client, _) => Client::Five(client.clone()),
        }
    }

    /// Waits for the next that happens.
    pub fn next(&mut self) -> ConnectionEvent {
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

    fn three(settings: &Settings) -> Self {
        use rumqttc_v4::{Client, LastWill, MqttOptions, Transport};
        let place = (settings.broker.host.as_str(), settings.broker.port);
        let mut options = MqttOptions::new(settings.client_id.clone(), place);
        options.set_keep_alive(KEEP_ALIVE);
        options.set_clean_session(true);
        options.set_max_packet_size(HEARD_MAX, SENT_MAX);
        let will = settings.will();
        options.set_last_will(LastWill::new(
            &*will.topic,
            &*will.text,
            three(settings.quality.at_least_once()),
            true,
        ));
        match (&settings.broker.user, &settings.broker.password) {
            (Some(user), Some(password)) => {
                options.set_credentials(user.clone(), password.reveal().to_owned());
            }
            (Some(user), None) => {
                options.set_username(user.clone());
            }
            (None, _) => {}
        }
        if let Some(tls) = &settings.tls {
            options.set_transport(Transport::tls_with_config(tls.clone()));
        }
        let (client, connection) = Client::builder(options).capacity(CAPACITY).build();
        Self::Three(client, Box::new(connection))
    }

    fn five(settings: &Settings) -> Self {
        use rumqttc_v5::{Client, LastWill, MqttOptions, Transport};
        let place = (settings.broker.host.as_str(), settings.broker.port);
        let mut options = MqttOptions::new(settings.client_id.clone(), place);
        options.set_keep_alive(KEEP_ALIVE);
        options.set_clean_start(true);
        let will = settings.will();
        let quality = five(settings.quality.at_least_once());
        options.set_last_will(LastWill::new(
            &*will.topic,
            &*will.text,
            quality,
            true,
            None,
        ));
        match (&settings.broker.user, &settings.broker.password) {
            (Some(user), Some(password)) => {
                options.set_credentials(user.clone(), password.reveal().to_owned());
            }
            (Some(user), None) => {
                options.set_username(user.clone());
            }
            (None, _) => {}
        }
        if let Some(tls) = &settings.tls {
            options.set_transport(Transport::tls_with_config(tls.clone()));
        }
        let (client, connection) = Client::builder(options).capacity(CAPACITY).build();
        Self::Five(client, Box::new(connection))
    }
}

impl Client {
    /// Gives a message to the connection; tells whether it took it.
    pub fn publish(&self, message: &Message, quality: Quality) -> bool {
        let topic = message.topic.to_string();
        let text = message.text.to_vec();
        match self {
            Self::Three(client) => {
                let options =
                    rumqttc_v4::PublishOptions::new(three(quality)).retain(message.retain);
                client.try_publish(topic, text, options).is_ok()
            }
            Self::Five(client) => {
                let options = rumqttc_v5::PublishOptions::new(five(quality)).retain(message.retain);
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
        Event::Incoming(Packet::PubAck(ack)) => ConnectionEvent::Acknowledged(ack.pkid),
        Event::Incoming(Packet::PubComp(ack)) => ConnectionEvent::Acknowledged(ack.pkid),
        Event::Incoming(Packet::Publish(publish)) => ConnectionEvent::Heard {
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
            text: publish.payload.to_vec(),
            kept: publish.retain,
        },
        _ => ConnectionEvent::Other,
    }
}

/// Seconds of silence after which the other side is asked whether it is there.
const KEEP_ALIVE: u16 = 30;
/// Longest message that is listened to, in bytes: the birth of home automation is a word.
const HEARD_MAX: usize = 10 * 1024;
/// Longest message that MQTT can have, in bytes.
const SENT_MAX: usize = 268_435_455;
/// Requests that wait in the connection: all messages under way, and what is said beside them.
const CAPACITY: usize = super::outbox::UNDER_WAY_MAX + 8;
