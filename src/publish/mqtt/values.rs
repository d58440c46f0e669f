//! What a telegram says, one value after another, as it is published.

use std::borrow::Cow;
use std::io::Write;

use crate::format::number::write_plain;
use crate::observe::context::Context;
use crate::observe::fields::Fields;
use crate::p1::derive::Derived;
use crate::p1::event::Decoded;
use crate::p1::layout::Form;
use crate::p1::obis::Entry;

/// One value.
#[derive(Clone, Debug)]
pub struct PublishedValue<'a> {
    /// What it is called in `values`.
    pub key: Cow<'a, str>,
    /// The last level of its topic.
    pub topic: Cow<'a, str>,
    /// The value alone, without its unit.
    pub text: Vec<u8>,
    /// Whether it is a number.
    pub number: bool,
    /// What is known of its quantity; nothing of what was computed.
    pub entry: Option<&'static Entry>,
    /// Place among the meters on the M-Bus, where it is the reading of one.
    pub device: Option<usize>,
    /// Whether home automation is told of it.
    pub announced: bool,
}

/// All values of a telegram, or those of the fields given; then what was computed, then the time.
pub fn list<'a>(
    context: &Context<'a>,
    decoded: &Decoded<'a>,
    fields: Option<&Fields>,
) -> Vec<PublishedValue<'a>> {
    let telegram = &decoded.telegram;
    let shape = telegram.shape();
    let mut listed = Vec::with_capacity(shape.meaning.values.len() + context.derived.len() + 1);
    for value in &shape.meaning.values {
        let Some((line, item)) = shape
            .layout
            .lines
            .get(value.line as usize)
            .zip(shape.layout.items.get(value.item as usize))
        else {
            continue;
        };
        if fields.is_some_and(|fields| !fields.wants(line, Some(&value.key))) {
            continue;
        }
        let mut text = Vec::new();
        write_plain(&mut text, telegram, item, value.shift);
        let mut devices = shape.meaning.devices.iter();
        listed.push(PublishedValue {
            key: Cow::Borrowed(&*value.key),
            topic: Cow::Borrowed(&*value.key),
            text,
            number: item.form == Form::Number,
            entry: line.entry,
            device: devices.position(|device| device.reading == Some(value.item)),
            announced: true,
        });
    }
    listed.extend(derived(context, fields));
    if fields.is_none()
        && let Some(time) = telegram.measured_at()
    {
        let mut text = Vec::new();
        time.write(&mut text);
        listed.push(PublishedValue {
            key: Cow::Borrowed(MEASURED_AT),
            topic: Cow::Borrowed(MEASURED_AT),
            text,
            number: false,
            entry: None,
            device: None,
            announced: true,
        });
    }
    listed
}

/// The values that were computed, those of `fields` only.
pub fn derived<'a>(
    context: &Context<'a>,
    fields: Option<&Fields>,
) -> impl Iterator<Item = PublishedValue<'a>> {
    let wanted =
        move |derived: &&Derived| fields.is_none_or(|fields| fields.wants_derived(derived.key));
    context.derived.iter().filter(wanted).map(computed)
}

fn computed(derived: &Derived) -> PublishedValue<'_> {
    let mut text = Vec::new();
    // Writing into memory cannot fail.
    drop(write!(text, "{}", derived.value));
    PublishedValue {
        key: Cow::Borrowed(derived.key),
        topic: Cow::Borrowed(derived.key),
        text,
        number: true,
        entry: None,
        device: None,
        announced: true,
    }
}

/// Key of the time of the telegram, as in the JSON.
pub const MEASURED_AT: &str = "measured_at";
