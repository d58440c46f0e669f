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

pub mod message;

pub mod settings;

mod outbox;

mod link;

pub mod probe;

pub mod values;

mod smartyreader;

mod entity;

mod discovery;

mod claims;

mod device;

mod devices;

#[cfg(test)]
mod tests;

use std::time::Duration;

use jiff::Timestamp;

use self::claims::Claims;
use self::device::{GOOD_AGAIN, Trouble, discovery_entity};
use self::devices::{Devices, ELECTRICITY, SENSOR, Sender};
use self::entity::Entity;
use self::link::Link;
use self::message::{Kind, Message};
use self::settings::{Layout, OFFLINE, Settings};
use crate::format::json::Json;
use crate::format::level;
use crate::format::words;
use crate::observe::context::{Context, Senders};
use crate::observe::fields::Fields;
use crate::observe::observer::{self, Flow, Notice, Observer, Report};
use crate::observe::sampling::{Row, Sampler, Sampling, Weight};
use crate::observe::standing::{Lost, Places, Standing};
use crate::p1::derive::Extent;
use crate::p1::diagnosis::Finding;
use crate::p1::event::{Decoded, Event, Reason, Refused};
use crate::p1::value::Zone;
use crate::source::maxsonar::Level;

/// Publishes to a broker.
pub struct Mqtt {
    settings: Settings,
    fields: Option<Fields>,
    json: Json,
    senders: Senders,
    devices: Devices,
    claims: Claims,
    sampler: Sampler<Held>,
    on_change: bool,
    /// How long the end may take.
    patience: Duration,
    link: Link,
}

/// What is published of a telegram, while it is held back.
struct Held {
    device: u64,
    messages: Vec<Message>,
}

/// What is left out, beside the settings of the broker.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Only these values.
    pub fields: Option<Fields>,
    /// Only some telegrams.
    pub sampling: Sampling,
    /// Where the meters stand.
    pub zone: Zone,
    /// Sources of the run.
    pub sources: usize,
    /// Meters that are kept apart.
    pub meters: usize,
    /// How much is computed.
    pub extent: Extent,
}

impl Weight for Held {
    fn weight(&self) -> usize {
        self.messages.iter().map(Message::size).sum()
    }
}

impl Mqtt {
    /// Begins to publish; the connection is made in the background.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start(settings: Settings, choice: Choice) -> std::io::Result<Self> {
        let mut json = Json::new(choice.fields.clone());
        json.derive(choice.extent);
        Ok(Self {
            json,
            fields: choice.fields,
            senders: Senders::default(),
            devices: Devices::new(choice.sources == 1, Places::new(choice.meters)),
            claims: Claims::default(),
            on_change: choice.sampling.on_change,
            patience: FINISH_TIME,
            sampler: Sampler::new(choice.sampling, choice.zone, Timestamp::now()),
            link: Link::start(settings.clone())?,
            settings,
        })
    }

    /// What came of meters without a place.
    pub fn lost(&self) -> Lost {
        self.devices.lost()
    }

    /// The number of a meter or sensor, and room for it at the broker.
    fn find(&mut self, context: &Context<'_>, heard: Sender<'_>) -> Option<u64> {
        let found = self.devices.find(&self.settings, context, heard);
        self.let_go();
        found
    }

    /// Lets the broker forget devices that have lost their place.
    fn let_go(&mut self) {
        for device in self.devices.take_displaced() {
            let shared = self.devices.share_topics_of(&device);
            let farewell = device.farewell(&self.settings, shared, &mut self.claims);
            self.link.publish(farewell);
        }
    }

    /// Says what is wrong.
    fn complain(&mut self, context: &Context<'_>, meter: Option<&str>, trouble: &Trouble<'_>) {
        let for_fault_or_create = self
            .devices
            .for_fault_or_create(&self.settings, context, meter);
        self.let_go();
        for number in for_fault_or_create {
            if let Some(device) = self.devices.at(number) {
                let ailing = device.set_fault(&self.settings, trouble, GOOD_AGAIN);
                device.note(ailing.as_slice());
                self.link.publish(ailing);
            }
        }
    }

    /// Publishes values of a device, or what of them is new.
    fn publish(&mut self, held: Held) {
        // It may have lost its place meanwhile.
        let Some(device) = self.devices.at(held.device) else {
            return;
        };
        let messages = match self.on_change {
            true => device.changed(held.messages),
            false => held.messages,
        };
        device.note(&messages);
        self.link.publish(messages);
    }

    fn offer(&mut self, row: Row<Held>) {
        match self.sampler.is_active() {
            true => {
                for held in self.sampler.offer(row) {
                    self.publish(held);
                }
            }
            false => self.publish(row.bytes),
        }
    }

    fn link_changed(&mut self, context: &Context<'_>, verdict: &str, message: &str) {
        for number in self.devices.for_fault(context, None) {
            if let Some(device) = self.devices.at(number) {
                let trouble = Trouble {
                    verdict,
                    message,
                    hint: None,
                };
                let ailing = device.set_fault(&self.settings, &trouble, 0);
                let left = device.leave(&self.settings);
                let messages: Vec<_> = left.into_iter().chain(ailing).collect();
                device.note(&messages);
                self.link.publish(messages);
            }
        }
    }
}

impl Observer for Mqtt {
    fn observe(&mut self, context: &Context<'_>, report: &Report<'_>) -> Flow {
        match *report {
            Report::Event { event, .. } => match event {
                Event::Telegram(decoded) => self.telegram(context, decoded),
                Event::Refused(refused) => self.refused(context, refused),
                Event::Junk(_) => {}
            },
            Report::Level(level) => self.level(context, level),
            Report::Finding(finding) if !words::is_said_elsewhere(finding, context.source) => {
                self.finding(context, finding);
            }
            Report::Link {
                link: link @ (observer::Link::Lost | observer::Link::Silent),
                message,
                ..
            } => self.link_changed(context, link.word(), message),
            Report::Tick(now) => {
                self.tick(now);
                return Flow::say(self.notices());
            }
            Report::End { hurried } => {
                if hurried {
                    self.patience = HURRY_TIME;
                }
                self.finish();
                return Flow::say(self.notices());
            }
            _ => {}
        }
        Flow::Continue
    }
}

impl Mqtt {
    fn telegram(&mut self, context: &Context<'_>, decoded: &Decoded<'_>) {
        let meter = self.senders.name(decoded).into_owned();
        let heard = Sender {
            meter: &meter,
            model: ELECTRICITY,
            standing: Standing::of(context, decoded),
        };
        let Some(number) = self.find(context, heard) else {
            return;
        };
        let fields = self.fields.as_ref();
        let listed = match self.settings.layout {
            Layout::Smarty => values::list(context, decoded, fields),
            Layout::Smartyreader => smartyreader::list(context, decoded, fields),
        };
        let topics = self.settings.topics;
        let Some(device) = self.devices.at(number) else {
            return;
        };
        let announced = listed
            .iter()
            .filter_map(|value| discovery_entity(value, !topics.has_values()));
        let first = device
            .hear(&self.settings)
            .into_iter()
            .chain(device.note_good_telegram(&self.settings))
            .chain(
                decoded
                    .security
                    .and_then(|security| device.tag(&self.settings, security.tag)),
            )
            .chain(device.documents(&self.settings, Some(decoded), announced, &mut self.claims));
        let first: Vec<_> = first.collect();
        device.note(&first);
        self.link.publish(first);
        let mut messages = Vec::new();
        if topics.has_values() {
            messages = device.messages(&self.settings, &listed);
        }
        if topics.has_json() {
            let mut text = Vec::new();
            match self.settings.layout {
                Layout::Smarty => self.json.telegram(&mut text, context, decoded),
                Layout::Smartyreader => smartyreader::json(&mut text, decoded),
            }
            messages.push(device.telegram(&self.settings, &text));
        }
        let measured_at = decoded.telegram.measured_at();
        let row = Row {
            meter: number.to_string(),
            values: self.sampler.values(decoded, context.derived, fields),
            at: measured_at
                .and_then(|time| time.instant())
                .or(context.received_at),
            received_at: context.received_at,
            bytes: Held {
                device: number,
                messages,
            },
        };
        self.offer(row);
    }

    fn level(&mut self, context: &Context<'_>, level: &Level) {
        let heard = Sender {
            meter: "",
            model: SENSOR,
            standing: Standing::Anyone,
        };
        let found = self.find(context, heard);
        let Some((number, device)) =
            found.and_then(|number| Some((number, self.devices.at(number)?)))
        else {
            return;
        };
        let entity = [(Entity::level(level::KEY), None)].into_iter();
        let first = device
            .hear(&self.settings)
            .into_iter()
            .chain(device.note_good_telegram(&self.settings))
            .chain(device.documents(&self.settings, None, entity, &mut self.claims));
        let first: Vec<_> = first.collect();
        device.note(&first);
        self.link.publish(first);
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
            meter: number.to_string(),
            values: text,
            at: context.received_at,
            received_at: context.received_at,
            bytes: Held {
                device: number,
                messages,
            },
        });
    }

    fn refused(&mut self, context: &Context<'_>, refused: &Refused<'_>) {
        let message = match refused.reason {
            Reason::NoKey => "there is no key for the frames of the meter",
            Reason::Unsupported(_) => "frames are protected in a way that is not read",
            Reason::Downgrade => "frames come without the tag that proves their origin",
            Reason::Replayed => "frames come that were sent before: their counter does not grow",
            _ => {
                // What damages frames diagnosis finds out.
                for number in self.devices.for_fault(context, None) {
                    if let Some(device) = self.devices.at(number) {
                        device.note_refused();
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
            hint: Some(&words::hint_of(finding, context.source)),
        };
        self.complain(context, meter.as_deref(), &trouble);
    }

    fn tick(&mut self, now: Timestamp) {
        while let Some(held) = self.sampler.due(now) {
            self.publish(held);
        }
        for device in self.devices.all() {
            if let Some(left) = device.check(&self.settings) {
                self.link.publish([left]);
            }
        }
    }

    fn notices(&mut self) -> Vec<Notice> {
        let mut notices = self.link.notices();
        notices.extend(self.devices.notice());
        notices.extend(self.sampler.notices());
        notices
    }

    fn finish(&mut self) {
        while let Some(held) = self.sampler.rest() {
            self.publish(held);
        }
        let left = self
            .devices
            .all()
            .filter_map(|device| device.leave(&self.settings));
        let gone = Message::new(self.settings.status_topic(), OFFLINE, true, Kind::Status);
        self.link.publish(left.chain([gone]).collect::<Vec<_>>());
        self.link.finish(self.patience);
    }
}

/// How long the end may take.
const FINISH_TIME: Duration = Duration::from_millis(1750);
/// The same when a signal has ended the run.
const HURRY_TIME: Duration = Duration::from_millis(500);
