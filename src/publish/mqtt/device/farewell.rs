//! What the broker keeps of a device, and how it is forgotten where the device has lost its place.

use std::sync::Arc;

use super::super::claims::Claims;
use super::super::discovery;
use super::super::message::{Kind, Message};
use super::super::settings::Settings;
use super::Device;

impl Device {
    /// Notes the topics of messages that the broker keeps.
    pub fn note(&mut self, messages: &[Message]) {
        let kept = |message: &&Message| message.retain && message.kind != Kind::Discovery;
        for message in messages.iter().filter(kept) {
            if self.topics.len() < TOPICS_MAX && !self.topics.contains(&message.topic) {
                self.topics.insert(Arc::clone(&message.topic));
            }
        }
    }

    /// What makes the broker forget it, home automation first; topics that are `shared` with another device stay.
    pub fn farewell(self, settings: &Settings, shared: bool, claims: &mut Claims) -> Vec<Message> {
        let own = self
            .parts
            .iter()
            .filter(|part| claims.owns(&part.about.identifier, self.number));
        let documents = settings.discovery.iter().flat_map(|prefix| {
            own.clone()
                .map(move |part| discovery::topic(prefix, &part.about))
        });
        let topics = self.topics.iter().filter(|_| !shared);
        let topics = documents.map(Arc::from).chain(topics.map(Arc::clone));
        let messages = topics
            .map(|topic: Arc<str>| Message::new(topic, b"", true, Kind::Gone))
            .collect();
        claims.release(self.number);
        messages
    }
}

/// Topics of a device that are noted.
const TOPICS_MAX: usize = 1024;
