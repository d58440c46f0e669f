//! A meter or sensor as it stands at the broker: its topics, whether it is there, how it fares.

mod farewell;

mod health;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use self::health::{GOOD_AGAIN, Trouble};
use self::health::{Health, Said};
use super::claims::Claims;
use super::discovery::{self, About, Places};
use super::entity::Entity;
use super::message::{Kind, Message};
use super::settings::{Layout, OFFLINE, ONLINE, Settings};
use super::topic;
use super::values::{MEASURED_AT, PublishedValue};
use crate::observe::standing::Standing;
use crate::p1::event::{Decoded, Tag};

/// A device.
#[derive(Debug)]
pub struct Device {
    /// What tells it from all others, those before it too.
    pub number: u64,
    /// How sure it is that it is the meter.
    pub standing: Standing,
    /// The source that it is on, by label or name.
    pub source: String,
    /// Who it is; empty where nothing said so.
    pub meter: String,
    /// Its level in topics.
    level: String,
    /// What its values' topics begin with.
    base: String,
    about: About,
    online: bool,
    heard: Option<Instant>,
    /// The longest pause between two telegrams lately.
    gap: Duration,
    health: Health,
    /// The trouble that was said last, and is not over.
    said: Option<Said>,
    /// The word for the tags of its frames, once they did not prove their origin.
    tag: Option<&'static str>,
    /// Its own sensors, then those of the meters behind it.
    parts: Vec<Part>,
    /// What was published last, by topic, where only changes are.
    published: HashMap<Arc<str>, Arc<[u8]>>,
    /// Topics that the broker keeps something of.
    topics: HashSet<Arc<str>>,
}

/// What one document of discovery tells.
#[derive(Debug)]
struct Part {
    about: About,
    entities: Vec<Entity>,
    changed: bool,
}

impl Device {
    /// Makes a device; `plain` says that the SmartyReader's topics have no level for it.
    pub fn new(
        settings: &Settings,
        source: String,
        meter: String,
        name: &str,
        plain: bool,
        model: &'static str,
    ) -> Self {
        let level = topic::level(name);
        let base = match settings.layout {
            Layout::Smartyreader if plain => settings.prefix.clone(),
            _ => format!("{}/{level}", settings.prefix),
        };
        let id = if meter.is_empty() { &level } else { &meter };
        let about = About {
            identifier: format!("smarty_{}", topic::identifier(id)),
            name: name.to_owned(),
            model,
            serial: Some(meter.clone()).filter(|meter| !meter.is_empty()),
            via: None,
        };
        Self {
            number: 0,
            standing: Standing::Anyone,
            source,
            meter,
            level,
            base,
            about,
            online: false,
            heard: None,
            gap: Duration::ZERO,
            health: Health::Unknown,
            said: None,
            tag: None,
            parts: Vec::new(),
            published: HashMap::new(),
            topics: HashSet::new(),
        }
    }

    /// Its level in topics.
    pub fn level(&self) -> &str {
        &self.level
    }

    /// When something last came of it.
    pub fn heard(&self) -> Option<Instant> {
        self.heard
    }

    /// Tells whether it was made when no telegram had come, and may be of this meter.
    pub fn awaits(&self, meter: &str, labelled: bool) -> bool {
        let own = labelled || self.level == topic::level(meter);
        own && self.meter.is_empty() && self.parts.is_empty() && self.heard.is_none()
    }

    /// The first telegram says who it is.
    pub fn adopt(&mut self, meter: &str) {
        if meter.is_empty() {
            return;
        }
        self.meter = meter.to_owned();
        self.about.identifier = format!("smarty_{}", topic::identifier(meter));
        self.about.serial = Some(meter.to_owned());
    }

    /// Gives it the name that people use.
    pub fn call(&mut self, name: &str) {
        self.about.name = name.to_owned();
    }

    /// Something came of it: it is there.
    pub fn hear(&mut self, settings: &Settings) -> Option<Message> {
        let now = Instant::now();
        if let Some(heard) = self.heard.replace(now) {
            // A long pause is forgotten with time.
            self.gap = (now - heard).max(self.gap / 2).min(GAP_MAX);
        }
        let came = !std::mem::replace(&mut self.online, true);
        came.then(|| self.status(settings, ONLINE))
    }

    /// It is not there any more.
    pub fn leave(&mut self, settings: &Settings) -> Option<Message> {
        let left = std::mem::replace(&mut self.online, false);
        left.then(|| self.status(settings, OFFLINE))
    }

    /// Nothing has come for long: it is not there any more.
    pub fn check(&mut self, settings: &Settings) -> Option<Message> {
        let silent = self.heard?.elapsed();
        (silent > SILENT_MIN.max(self.gap * 3))
            .then(|| self.leave(settings))
            .flatten()
    }

    /// Takes the verdict on a tag; the message of it, where it is new: none while all prove their origin.
    pub fn tag(&mut self, settings: &Settings, tag: Tag) -> Option<Message> {
        let news = match self.tag {
            None => tag != Tag::Valid,
            Some(before) => before != tag.word(),
        };
        if !news {
            return None;
        }
        self.tag = Some(tag.word());
        let topic = self.topic(settings, "tag");
        Some(Message::new(
            topic,
            tag.word().as_bytes(),
            true,
            Kind::Status,
        ))
    }

    /// Messages of values.
    pub fn messages(&self, settings: &Settings, listed: &[PublishedValue<'_>]) -> Vec<Message> {
        let message = |value: &PublishedValue<'_>| self.value(settings, &value.topic, &value.text);
        listed.iter().map(message).collect()
    }

    /// The message of a value that stands alone.
    pub fn value(&self, settings: &Settings, key: &str, text: &[u8]) -> Message {
        let topic = format!("{}/{key}", self.base);
        // Names of the SmartyReader end in the unit too, in its own spelling.
        let kind = Kind::of_value(&key.to_ascii_lowercase());
        Message::new(topic, text, settings.retain, kind)
    }

    /// The message of a whole telegram.
    pub fn telegram(&self, settings: &Settings, text: &[u8]) -> Message {
        let topic = match settings.layout {
            Layout::Smarty => self.telegram_topic(),
            Layout::Smartyreader => self.base.clone(),
        };
        Message::new(topic, text.trim_ascii_end(), settings.retain, Kind::Each)
    }

    /// Leaves out messages whose topic has the same already.
    pub fn changed(&mut self, messages: Vec<Message>) -> Vec<Message> {
        let changed = |message: &Message| match self.published.get_mut(&message.topic) {
            Some(text) if *text == message.text => false,
            Some(text) => {
                *text = Arc::clone(&message.text);
                true
            }
            None => {
                let text = Arc::clone(&message.text);
                self.published.insert(Arc::clone(&message.topic), text);
                true
            }
        };
        let mut messages = messages;
        messages.retain(changed);
        messages
    }

    /// Documents of discovery, where there is something new to tell that no other device has claimed.
    pub fn documents(
        &mut self,
        settings: &Settings,
        decoded: Option<&Decoded<'_>>,
        entities: impl Iterator<Item = (Entity, Option<usize>)>,
        claims: &mut Claims,
    ) -> Vec<Message> {
        let Some(prefix) = &settings.discovery else {
            return Vec::new();
        };
        for (entity, behind) in entities {
            let about = match (behind, decoded) {
                (Some(place), Some(decoded)) => self.behind(decoded, place, &entity),
                _ => self.about.clone(),
            };
            let of = |part: &Part| part.about.identifier == about.identifier;
            let place = match self.parts.iter().position(of) {
                Some(place) => place,
                None if self.parts.len() >= PARTS_MAX => continue,
                // Another device speaks for it.
                None if !claims.claim(&about.identifier, self.number, self.standing) => continue,
                None => {
                    self.parts.push(Part {
                        about,
                        entities: Vec::new(),
                        changed: false,
                    });
                    self.parts.len() - 1
                }
            };
            if let Some(part) = self.parts.get_mut(place)
                && !part.entities.iter().any(|known| known.key == entity.key)
            {
                part.entities.push(entity);
                part.changed = true;
            }
        }
        let (status, health) = (
            self.topic(settings, "status"),
            self.topic(settings, "health"),
        );
        let bridge = settings.status_topic();
        let json = (!settings.topics.has_values()).then(|| self.telegram_topic());
        let mut documents = Vec::new();
        for (number, part) in self.parts.iter_mut().enumerate() {
            let own = claims.owns(&part.about.identifier, self.number);
            if !std::mem::replace(&mut part.changed, false) || !own {
                continue;
            }
            let places = Places {
                base: &self.base,
                json: json.as_deref(),
                bridge: &bridge,
                status: &status,
                health: (number == 0).then_some(health.as_str()),
            };
            let qos = settings.quality as u8;
            let text = discovery::document(&part.about, &places, &part.entities, qos);
            let topic = discovery::topic(prefix, &part.about);
            documents.push(Message::new(topic, &text, true, Kind::Discovery));
        }
        documents
    }

    /// A meter on the M-Bus, behind this one.
    fn behind(&self, decoded: &Decoded<'_>, place: usize, entity: &Entity) -> About {
        let device = decoded.telegram.devices().nth(place);
        let id = device.and_then(|device| device.id());
        let id = id
            .map(|id| id.trim().to_owned())
            .filter(|id| !id.is_empty());
        let channel = device.map_or(0, |device| device.at().channel);
        let medium = device
            .and_then(|device| device.at().medium)
            .unwrap_or("other");
        let own = match &id {
            Some(id) => topic::identifier(id),
            None => format!(
                "{}_mbus{channel}",
                topic::identifier(&self.about.identifier)
            ),
        };
        About {
            identifier: match own.strip_prefix("smarty_") {
                Some(_) => own,
                None => format!("smarty_{own}"),
            },
            name: format!("{} {}", self.about.name, entity.name.to_lowercase()),
            model: model_of(medium),
            serial: id,
            via: Some(self.about.identifier.clone()),
        }
    }

    fn status(&self, settings: &Settings, text: &[u8]) -> Message {
        Message::new(self.topic(settings, "status"), text, true, Kind::Status)
    }

    /// A topic of the device itself: the same in both layouts, beside the values.
    fn topic(&self, settings: &Settings, last: &str) -> String {
        format!("{}/{}/{last}", settings.prefix, self.level)
    }

    fn telegram_topic(&self) -> String {
        format!("{}/telegram", self.base)
    }
}

/// The value as discovery knows it, with the meter behind that it is of.
pub fn discovery_entity(
    listed: &PublishedValue<'_>,
    only_json: bool,
) -> Option<(Entity, Option<usize>)> {
    // What was computed stands on topics only.
    let there = !only_json || listed.entry.is_some() || listed.key == MEASURED_AT;
    (listed.announced && there).then(|| (Entity::of(listed), listed.device))
}

fn model_of(medium: &str) -> &'static str {
    match medium {
        "gas" => "Gas meter",
        "heat" | "heat_cooling" => "Heat meter",
        "cooling" => "Cooling meter",
        "electricity" => "Electricity meter",
        medium if medium.contains("water") => "Water meter",
        _ => "M-Bus meter",
    }
}

/// Without a telegram for so long a device is not there any more; longer where it sends seldom.
const SILENT_MIN: Duration = Duration::from_secs(60);
/// The longest pause that is taken for usual.
const GAP_MAX: Duration = Duration::from_secs(3600);
/// Documents of one device; noise can make up meters on its M-Bus without end.
const PARTS_MAX: usize = 32;
