//! What a sink is told beside the telegram itself.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;

use crate::p1::ciphering::SystemTitle;
use crate::p1::decoder::Opened;
use crate::p1::derive::Derived;
use crate::p1::event::Decoded;
use crate::p1::telegram::SentIds;
use crate::source::dump::Archived;

/// Where a report came from, and when.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context<'a> {
    /// Which of the inputs of the run it came from, from 0.
    pub input: usize,
    /// Number of the telegram in this run, from 1; of other reports, how many came before.
    pub seq: u64,
    /// When its first byte was received, where that is known.
    pub received_at: Option<Timestamp>,
    /// Where it was received.
    pub source: Source<'a>,
    /// What an archive says of the telegram.
    pub archived: Option<Archived<'a>>,
    /// Name of the meter in the key ring.
    pub meter_name: Option<&'a str>,
    /// Whether the meter has a key of its own in the key ring; not looked up where the tag proves who has sent it.
    pub keyed: bool,
    /// What was computed from this telegram and those before it, where that is asked for.
    pub derived: &'a [Derived],
    /// What the telegram may lie in: there its text can be kept without a copy.
    pub opened: Option<&'a Arc<Opened>>,
    /// Nothing more is wanted: the run ends with what is reported now.
    pub enough: bool,
}

/// A source as outputs name it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Source<'a> {
    /// `file`, `stdin`, `serial`, `tcp`, `sim`.
    pub kind: &'a str,
    /// Path or address as the user gave it.
    pub name: &'a str,
    /// Label before the address.
    pub label: Option<&'a str>,
}

impl<'a> Source<'a> {
    /// Its name as messages call it, which put a colon behind it: `sim`.
    pub fn said(&self) -> &'a str {
        self.name.strip_suffix(':').unwrap_or(self.name)
    }
}

/// Says who sent a telegram; the device id of a title is made once.
#[derive(Clone, Debug, Default)]
pub struct Senders {
    latest: Option<(SystemTitle, Option<String>)>,
    said: Option<(SentIds, Option<String>)>,
}

impl Senders {
    /// Device id of the system title, else what the telegram says, else the title; empty where nothing is known.
    pub fn name<'a>(&'a mut self, decoded: &Decoded<'a>) -> Cow<'a, str> {
        let title = decoded.security.map(|security| security.title());
        if let Some(title) = title {
            self.take_note_of(title);
            if let Some((_, Some(id))) = &self.latest {
                return Cow::Borrowed(id);
            }
        }
        let telegram = &decoded.telegram;
        if !(self.said.as_ref()).is_some_and(|(sent, _)| sent.are_of(telegram)) {
            let (sent, id) = self.said.get_or_insert_default();
            sent.take(telegram);
            *id = telegram.meter_id().map(Cow::into_owned);
        }
        match (&self.said, title) {
            (Some((_, Some(id))), _) => Cow::Borrowed(id),
            (_, Some(title)) => Cow::Owned(title.to_string()),
            (_, None) => Cow::default(),
        }
    }

    /// The device id of a title, where the title fits the rule.
    pub fn device_id(&mut self, title: SystemTitle) -> Option<&str> {
        self.take_note_of(title);
        self.latest.as_ref().and_then(|(_, id)| id.as_deref())
    }

    fn take_note_of(&mut self, title: SystemTitle) {
        let latest = self.latest.as_ref();
        if latest.is_none_or(|(known, _)| *known != title) {
            self.latest = Some((title, title.device_id()));
        }
    }
}
