//! MQTT: what meters say, published to a broker.
//!
//! ```text
//! smarty/status                          online | offline (last will)
//! smarty/house/status                    online | offline
//! smarty/house/health                    {"state":"ok",…}
//! smarty/house/active_power_import_kw    0.005
//! smarty/house/telegram                  {"schema":"smarty/1",…}
//! homeassistant/device/smarty_ID/config  what there is, for Home Assistant
//! ```
//! Nothing here waits for the broker: messages go into a bounded outbox, a thread of its own empties it.

pub mod topic;

pub mod broker;

pub mod message;

pub mod settings;

pub mod tls;

mod fault;

mod outbox;

mod wire;

mod link;

pub mod values;

mod board;

mod entity;

mod discovery;

mod device;

#[cfg(test)]
mod tests;

use std::time::Duration;

use jiff::Timestamp;

use self::device::{Device, GOOD_AGAIN, Trouble, described};
use self::entity::Entity;
use self::link::Link;
use self::message::{Kind, Message};
use self::settings::{Layout, OFFLINE, Settings};
use super::context::{Context, Senders};
use super::fields::Fields;
use super::json::Json;
use super::level;
use super::service::{Notice, Service};
use super::thin::{self, Row, Thin, Thinning};
use super::words;
use crate::p1::diagnosis::Finding;
use crate::p1::event::{Decoded, Reason, Refused};
use crate::source::maxsonar::Level;

/// Publishes to a broker.
pub struct Mqtt {
    settings: Settings,
    fields: Option<Fields>,
    json: Json,
    senders: Senders,
    devices: Vec<Device>,
    /// Whether there is one source only, whose first meter needs no level of its own on the board's topics.
    single: bool,
    thin: Thin<Held>,
    on_change: bool,
    link: Link,
}

/// What is published of a telegram, while it is held back.
struct Held {
    device: usize,
    messages: Vec<Message>,
}

/// What is left out, beside the settings of the broker.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// Only these values.
    pub fields: Option<Fields>,
    /// Only some telegrams.
    pub thinning: Thinning,
    /// Sources of the run.
    pub sources: usize,
}

impl Mqtt {
    /// Begins to publish; the connection is made in the background.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start(settings: Settings, choice: Choice) -> std::io::Result<Self> {
        Ok(Self {
            json: Json::new(choice.fields.clone()),
            fields: choice.fields,
            senders: Senders::default(),
            devices: Vec::new(),
            single: choice.sources == 1,
            on_change: choice.thinning.on_change,
            thin: Thin::new(choice.thinning, Timestamp::now()),
            link: Link::start(settings.clone())?,
            settings,
        })
    }

    /// The place of the device of a source; the first meter of a label has the label, others their id behind it.
    fn device(&mut self, context: &Context<'_>, meter: &str, model: &'static str) -> usize {
        let source = context.source.label.unwrap_or(context.source.name);
        let of = |device: &Device| device.source == source && device.meter == meter;
        if let Some(place) = self.devices.iter().position(of) {
            return place;
        }
        let labelled = context.source.label.is_some();
        let waits =
            |device: &&mut Device| device.source == source && device.awaits(meter, labelled);
        if let Some(device) = self.devices.iter_mut().find(waits) {
            device.adopt(meter);
            let of = |device: &Device| device.source == source && device.meter == meter;
            return self.devices.iter().position(of).unwrap_or_default();
        }
        let first = !self.devices.iter().any(|device| device.source == source);
        let name = match context.source.label {
            Some(label) if first => label.to_owned(),
            Some(label) => format!("{label}-{meter}"),
            None if meter.is_empty() => source.to_owned(),
            None => meter.to_owned(),
        };
        let plain = self.single && self.devices.is_empty();
        let mut device = Device::new(
            &self.settings,
            source.to_owned(),
            meter.to_owned(),
            &name,
            plain,
            model,
        );
        if let Some(name) = context.meter_name {
            device.call(name);
        }
        self.devices.push(device);
        self.devices.len() - 1
    }

    /// Devices that trouble of a source is about: the meter, where it is known, else all of the source.
    fn concerned(&self, context: &Context<'_>, meter: Option<&str>) -> Vec<usize> {
        let source = context.source.label.unwrap_or(context.source.name);
        let of_source = |(place, device): (usize, &Device)| {
            (device.source == source).then(|| (place, meter == Some(device.meter.as_str())))
        };
        let known: Vec<_> = self
            .devices
            .iter()
            .enumerate()
            .filter_map(of_source)
            .collect();
        let named = known.iter().any(|(_, named)| *named);
        let concerned = known.iter().filter(|(_, own)| *own || !named);
        concerned.map(|(place, _)| *place).collect()
    }

    /// Says what is wrong; where no telegram came yet, of a device that the first one makes its own.
    fn complain(&mut self, context: &Context<'_>, meter: Option<&str>, trouble: &Trouble<'_>) {
        let mut places = self.concerned(context, meter);
        if places.is_empty() {
            let source = context.source.label.unwrap_or(context.source.name);
            let name = context.source.label.or(meter).unwrap_or(source);
            let device = Device::new(
                &self.settings,
                source.to_owned(),
                String::new(),
                name,
                self.single && self.devices.is_empty(),
                ELECTRICITY,
            );
            places.push(self.devices.len());
            self.devices.push(device);
        }
        for place in places {
            if let Some(device) = self.devices.get_mut(place) {
                let ailing = device.ail(&self.settings, trouble, GOOD_AGAIN);
                self.link.publish([ailing]);
            }
        }
    }

    /// Publishes values of a device, or what of them is new.
    fn publish(&mut self, held: Held) {
        let messages = match self.devices.get_mut(held.device) {
            Some(device) if self.on_change => device.changed(held.messages),
            _ => held.messages,
        };
        self.link.publish(messages);
    }

    fn offer(&mut self, row: Row<Held>) {
        match self.thin.is_active() {
            true => {
                if let Some(held) = self.thin.offer(row) {
                    self.publish(held);
                }
            }
            false => self.publish(row.bytes),
        }
    }

    fn link_changed(&mut self, context: &Context<'_>, verdict: &str, message: &str) {
        for place in self.concerned(context, None) {
            if let Some(device) = self.devices.get_mut(place) {
                let trouble = Trouble {
                    verdict,
                    message,
                    hint: None,
                };
                let ailing = device.ail(&self.settings, &trouble, 0);
                let left = device.leave(&self.settings);
                self.link.publish(left.into_iter().chain([ailing]));
            }
        }
    }
}

impl Service for Mqtt {
    fn telegram(&mut self, context: &Context<'_>, decoded: &Decoded<'_>) {
        let meter = self.senders.name(decoded).into_owned();
        let place = self.device(context, &meter, ELECTRICITY);
        let fields = self.fields.as_ref();
        let listed = match self.settings.layout {
            Layout::Smarty => values::list(context, decoded, fields),
            Layout::Smartyreader => board::list(context, decoded, fields),
        };
        let topics = self.settings.topics;
        let Some(device) = self.devices.get_mut(place) else {
            return;
        };
        let announced = listed
            .iter()
            .filter_map(|value| described(value, !topics.has_values()));
        let first = device
            .hear(&self.settings)
            .into_iter()
            .chain(device.thrive(&self.settings))
            .chain(device.documents(&self.settings, Some(decoded), announced));
        self.link.publish(first.collect::<Vec<_>>());
        let mut messages = Vec::new();
        if topics.has_values() {
            messages = device.messages(&self.settings, &listed);
        }
        if topics.has_json() {
            let mut text = Vec::new();
            match self.settings.layout {
                Layout::Smarty => self.json.telegram(&mut text, context, decoded),
                Layout::Smartyreader => board::json(&mut text, decoded),
            }
            messages.push(device.telegram(&self.settings, &text));
        }
        let measured_at = decoded.telegram.measured_at();
        let row = Row {
            meter: format!("{place}"),
            values: match self.on_change {
                true => thin::values(decoded, fields),
                false => Vec::new(),
            },
            at: measured_at
                .and_then(|time| time.instant())
                .or(context.received_at),
            received_at: context.received_at,
            bytes: Held {
                device: place,
                messages,
            },
        };
        self.offer(row);
    }

    fn level(&mut self, context: &Context<'_>, level: &Level) {
        let place = self.device(context, "", SENSOR);
        let Some(device) = self.devices.get_mut(place) else {
            return;
        };
        let entity = Entity::level(level::KEY);
        let first = device
            .hear(&self.settings)
            .into_iter()
            .chain(device.thrive(&self.settings))
            .chain(device.documents(&self.settings, None, [(entity, None)].into_iter()));
        self.link.publish(first.collect::<Vec<_>>());
        let text = level.centimetres.to_string().into_bytes();
        let mut messages = Vec::new();
        if self.settings.topics.has_values() {
            messages.push(device.value(&self.settings, level::KEY, &text));
        }
        if self.settings.topics.has_json() {
            let mut text = Vec::new();
            level::json(&mut text, context, level);
            messages.push(device.telegram(&self.settings, &text));
        }
        self.offer(Row {
            meter: format!("{place}"),
            values: text,
            at: context.received_at,
            received_at: context.received_at,
            bytes: Held {
                device: place,
                messages,
            },
        });
    }

    fn refused(&mut self, context: &Context<'_>, refused: &Refused<'_>) {
        let message = match refused.reason {
            Reason::NoKey => "there is no key for the frames of the meter",
            Reason::Unsupported(_) => "frames are protected in a way that is not read",
            Reason::Downgrade => "frames come without the tag that proves their origin",
            _ => {
                // What damages frames diagnosis finds out.
                for place in self.concerned(context, None) {
                    if let Some(device) = self.devices.get_mut(place) {
                        device.stumble();
                    }
                }
                return;
            }
        };
        let meter = refused
            .title()
            .and_then(|title| self.senders.device_id(title).map(str::to_owned));
        let trouble = Trouble {
            verdict: refused.reason.code(),
            message,
            hint: None,
        };
        self.complain(context, meter.as_deref(), &trouble);
    }

    fn finding(&mut self, context: &Context<'_>, finding: &Finding) {
        let meter = finding
            .evidence
            .title
            .and_then(|title| self.senders.device_id(title).map(str::to_owned));
        let trouble = Trouble {
            verdict: finding.verdict.code(),
            message: &words::title(finding),
            hint: Some(&words::hint(finding)),
        };
        self.complain(context, meter.as_deref(), &trouble);
    }

    fn link(&mut self, context: &Context<'_>, state: &str, message: &str) {
        if matches!(state, "lost" | "silent") {
            self.link_changed(context, state, message);
        }
    }

    fn tick(&mut self, now: Timestamp) {
        while let Some(held) = self.thin.due(now) {
            self.publish(held);
        }
        for device in &mut self.devices {
            if let Some(left) = device.check(&self.settings) {
                self.link.publish([left]);
            }
        }
    }

    fn notices(&mut self) -> Vec<Notice> {
        self.link.notices()
    }

    fn finish(&mut self) {
        while let Some(held) = self.thin.rest() {
            self.publish(held);
        }
        let devices = self.devices.iter_mut();
        let left = devices.filter_map(|device| device.leave(&self.settings));
        let gone = Message::new(self.settings.status_topic(), OFFLINE, true, Kind::Status);
        self.link.publish(left.chain([gone]).collect::<Vec<_>>());
        self.link.finish(FINISH_TIME);
    }
}

/// What an electricity meter is called.
const ELECTRICITY: &str = "Electricity meter";
/// What a level sensor is called.
const SENSOR: &str = "Level sensor";
/// How long the end may take.
const FINISH_TIME: Duration = Duration::from_millis(1750);
