//! Whatever a meter says: what is published can be, and there is an end to it.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::Value;

use super::super::claims::Claims;
use super::super::device::discovery_entity;
use super::super::settings::{Layout, Settings, Topics};
use super::super::{smartyreader, values};
use super::{device, each_telegram, settings};
use crate::observe::context::Context;
use crate::p1::telegram::format;

#[test]
fn meters_without_end_make_no_documents_without_end() {
    let mut stream = Vec::new();
    for number in 0..100 {
        let id = hex::encode(format!("G{number:08}"));
        let lines = [
            ("0-1:24.1.0", vec!["003"]),
            ("0-1:96.1.0", vec![id.as_str()]),
            ("0-1:24.2.1", vec!["260115183000W", "00001.234*m3"]),
        ];
        stream.extend(format(r"/SMY5\253833635_A", lines, true));
    }
    let settings = settings();
    let mut device = device(&settings);
    let mut topics = BTreeSet::new();
    let mut claims = Claims::default();
    each_telegram(&stream, |decoded| {
        let listed = values::list(&Context::default(), decoded, None);
        let entities = listed
            .iter()
            .filter_map(|value| discovery_entity(value, false));
        let documents = device.documents(&settings, Some(decoded), entities, &mut claims);
        topics.extend(documents.into_iter().map(|message| message.topic));
    });
    assert_eq!(topics.len(), 32);
}

fn any_code() -> impl Strategy<Value = String> {
    let entries = crate::p1::obis::entries();
    (0..entries.len(), 1..5u8)
        .prop_map(move |(at, channel)| entries[at].code.replace("-n:", &format!("-{channel}:")))
}

fn any_group() -> impl Strategy<Value = String> {
    prop_oneof![
        "-?[0-9]{1,9}(\\.[0-9]{1,4})?(\\*(kWh|kW|V|A|m3|xyz))?",
        "2[0-9]0[1-9]1[0-9]1[0-9][0-5][0-9][0-5][0-9][SW]",
        "([0-9A-F]{2}){0,20}",
        "\\PC{0,20}",
        "[\u{0}-\u{ff}]{0,20}",
    ]
}

/// A topic that can be published to, each level of it with something in it.
fn check_topic(topic: &str) {
    assert!(
        !topic.contains(|c: char| matches!(c, '+' | '#') || c.is_control()),
        "{topic:?}"
    );
    assert!(topic.split('/').all(|level| !level.is_empty()), "{topic:?}");
}

proptest! {
    #[test]
    fn whatever_a_meter_says_is_published_as_text_and_documents_are_json(
        header in "[ -~]{4,20}",
        lines in prop::collection::vec(
            (any_code(), prop::collection::vec(any_group(), 1..3)),
            0..12,
        ),
        smartyreader in any::<bool>(),
    ) {
        let layout = if smartyreader { Layout::Smartyreader } else { Layout::Smarty };
        let settings = Settings { layout, topics: Topics::Both, ..settings() };
        let texts = lines.iter().map(|(code, groups)| (code.as_str(), groups.iter().map(String::as_str)));
        let text = format(&format!("/{header}"), texts, true);
        let mut device = device(&settings);
        each_telegram(&text, |decoded| {
            let listed = match layout {
                Layout::Smarty => values::list(&Context::default(), decoded, None),
                Layout::Smartyreader => smartyreader::list(&Context::default(), decoded, None),
            };
            for message in device.messages(&settings, &listed) {
                check_topic(&message.topic);
                std::str::from_utf8(&message.text).unwrap();
            }
            let entities = listed.iter().filter_map(|value| discovery_entity(value, false));
            let mut claims = Claims::default();
            let documents = device.documents(&settings, Some(decoded), entities, &mut claims);
            let mut whole = Vec::new();
            smartyreader::json(&mut whole, decoded);
            for message in documents.into_iter().chain([device.telegram(&settings, &whole)]) {
                check_topic(&message.topic);
                serde_json::from_slice::<Value>(&message.text).unwrap();
            }
        });
    }
}
