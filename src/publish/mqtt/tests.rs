//! What is told to home automation, against what Home Assistant lists; names of the SmartyReader.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::claims::Claims;
use super::device::{Device, discovery_entity};
use super::settings::{Layout, Quality, Settings, Topics};
use super::{smartyreader, values};
use crate::observe::context::{Context, Source};
use crate::observe::fields::Fields;
use crate::p1::decoder::{Decoder, Policy};
use crate::p1::derive::Derived;
use crate::p1::event::{Decoded, Event};
use crate::p1::value::{Decimal, Zone};
use crate::simulate::virtual_meter::{Profile, Setup, VirtualMeter};
use crate::sys::mqtt::broker::Broker;

/// Classes of sensors with the units and state classes that Home Assistant takes, none as `""`.
const CLASSES: [(&str, &[&str], &[&str]); 12] = [
    ("energy", &["kWh", "GJ"], &["total", "total_increasing"]),
    ("power", &["kW"], &["measurement", ""]),
    ("voltage", &["V"], &["measurement", ""]),
    ("current", &["A"], &["measurement", ""]),
    ("frequency", &["Hz"], &["measurement", ""]),
    ("gas", &["m³"], &["total", "total_increasing"]),
    ("water", &["m³"], &["total", "total_increasing"]),
    ("volume", &["m³"], &["total", "total_increasing"]),
    ("power_factor", &["", "%"], &["measurement", ""]),
    (
        "duration",
        &["s"],
        &["measurement", "total", "total_increasing", ""],
    ),
    ("temperature", &["°C"], &["measurement", ""]),
    ("timestamp", &[""], &[""]),
];

/// Names that a document may have.
const DOCUMENT: [&str; 6] = [
    "device",
    "origin",
    "components",
    "availability",
    "availability_mode",
    "qos",
];
const DEVICE: [&str; 5] = [
    "identifiers",
    "name",
    "model",
    "serial_number",
    "via_device",
];
const SENSOR: [&str; 11] = [
    "platform",
    "unique_id",
    "name",
    "state_topic",
    "value_template",
    "device_class",
    "state_class",
    "unit_of_measurement",
    "suggested_display_precision",
    "entity_category",
    "enabled_by_default",
];
const PROBLEM: [&str; 8] = [
    "platform",
    "unique_id",
    "name",
    "device_class",
    "entity_category",
    "state_topic",
    "value_template",
    "json_attributes_topic",
];

pub fn settings() -> Settings {
    Settings {
        broker: Broker::parse("mqtt://127.0.0.1").unwrap(),
        tls: None,
        protocol: None,
        client_id: "test".to_owned(),
        prefix: "smarty".to_owned(),
        topics: Topics::Values,
        quality: Quality::AtLeastOnce,
        retain: true,
        layout: Layout::Smarty,
        discovery: Some("homeassistant".to_owned()),
        verbose: false,
    }
}

/// Hands over each telegram of a stream.
fn each_telegram(stream: &[u8], mut see: impl FnMut(&Decoded<'_>)) {
    let mut decoder = Decoder::new(Arc::default(), Policy::default(), Zone::luxembourg());
    let mut take = |event: &Event<'_>| {
        if let Event::Telegram(decoded) = event {
            see(decoded);
        }
    };
    decoder.push(stream, &mut take);
    decoder.finish(&mut take);
}

/// Hands over the first telegram of a virtual meter.
fn with_telegram<T>(profile: &str, see: impl FnOnce(&Decoded<'_>) -> T) -> T {
    let start = jiff::civil::date(2026, 1, 15).at(18, 30, 0, 0);
    let mut setup = Setup::new(Profile::named(profile).unwrap(), 1, 20, start);
    setup.sealed = false;
    let mut stream = Vec::new();
    VirtualMeter::new(setup).next_frame(&mut stream);
    let (mut see, mut seen) = (Some(see), None);
    each_telegram(&stream, |decoded| {
        if let Some(see) = see.take() {
            seen = Some(see(decoded));
        }
    });
    seen.expect("a telegram")
}

fn device(settings: &Settings) -> Device {
    Device::new(
        settings,
        "house".to_owned(),
        "SMY1030755324927".to_owned(),
        "house",
        true,
        "Electricity meter",
    )
}

#[test]
fn a_tag_is_published_once_it_does_not_prove_the_origin() {
    use crate::p1::event::Tag;
    let settings = settings();
    let mut device = device(&settings);
    let mut published = Vec::new();
    for tag in [
        Tag::Valid,
        Tag::None,
        Tag::None,
        Tag::Skipped,
        Tag::Valid,
        Tag::Valid,
    ] {
        published.extend(device.tag(&settings, tag).map(|message| {
            (
                message.topic.to_string(),
                String::from_utf8_lossy(&message.text).into_owned(),
            )
        }));
    }
    let topic = || "smarty/house/tag".to_owned();
    let expected = ["none", "skipped", "valid"].map(|word| (topic(), word.to_owned()));
    assert_eq!(published, expected);
}

/// The documents of the meters of a profile by their topics.
fn documents(profile: &str, settings: &Settings) -> BTreeMap<String, Value> {
    with_telegram(profile, |decoded| {
        let source = Source {
            kind: "sim",
            name: "sim:",
            label: Some("house"),
        };
        let derived = [Derived {
            key: "net_power_kw",
            value: Decimal::new(-5, 3),
        }];
        let context = Context {
            source,
            derived: &derived,
            ..Context::default()
        };
        let mut device = device(settings);
        let listed = match settings.layout {
            Layout::Smarty => values::list(&context, decoded, None),
            Layout::Smartyreader => smartyreader::list(&context, decoded, None),
        };
        let told = |value| discovery_entity(value, !settings.topics.has_values());
        let entities: Vec<_> = listed.iter().filter_map(told).collect();
        let mut claims = Claims::default();
        let told = entities.clone().into_iter();
        let documents = device.documents(settings, Some(decoded), told, &mut claims);
        // The same once more is nothing new.
        assert!(
            device
                .documents(settings, Some(decoded), entities.into_iter(), &mut claims)
                .is_empty()
        );
        let parsed = documents.iter().map(|message| {
            assert!(message.retain);
            let document = serde_json::from_slice(&message.text).unwrap();
            (message.topic.to_string(), document)
        });
        parsed.collect()
    })
}

fn sensors(document: &Value) -> impl Iterator<Item = &Value> {
    document["components"].as_object().unwrap().values()
}

fn names(value: &Value) -> BTreeSet<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[test]
fn every_document_has_only_what_home_assistant_lists() {
    for (profile, _) in Profile::ALL {
        let mut ids = BTreeSet::new();
        for (topic, document) in documents(profile, &settings()) {
            assert!(names(&document).is_subset(&DOCUMENT.into()), "{document}");
            assert!(
                names(&document["device"]).is_subset(&DEVICE.into()),
                "{document}"
            );
            let id = document["device"]["identifiers"][0].as_str().unwrap();
            assert_eq!(topic, format!("homeassistant/device/{id}/config"));
            let plain = |id: &str| {
                id.bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
            };
            assert!(plain(id), "{id}");
            assert_eq!(document["origin"]["name"], "smarty");
            assert_eq!(document["availability_mode"], "all");
            assert_eq!(document["availability"][0]["topic"], "smarty/status");
            assert_eq!(document["availability"][1]["topic"], "smarty/house/status");
            for sensor in sensors(&document) {
                let unique = sensor["unique_id"].as_str().unwrap();
                assert!(plain(unique) && ids.insert(unique.to_owned()), "{unique}");
                if sensor["platform"] == "binary_sensor" {
                    assert!(names(sensor).is_subset(&PROBLEM.into()), "{sensor}");
                    continue;
                }
                assert_eq!(sensor["platform"], "sensor");
                assert!(names(sensor).is_subset(&SENSOR.into()), "{sensor}");
                let text = |name: &str| sensor[name].as_str().unwrap_or_default();
                if let Some(class) = sensor["device_class"].as_str() {
                    let row = CLASSES.iter().find(|row| row.0 == class);
                    let (_, units, behaviours) = row.unwrap_or_else(|| panic!("{class}"));
                    assert!(units.contains(&text("unit_of_measurement")), "{sensor}");
                    assert!(behaviours.contains(&text("state_class")), "{sensor}");
                }
                if !text("state_class").is_empty() {
                    assert!(sensor["suggested_display_precision"].is_u64(), "{sensor}");
                }
            }
        }
    }
}

/// The sensor whose topic ends so, with the document that it is in.
fn sensor(documents: &BTreeMap<String, Value>, key: &str) -> (Value, Value) {
    let mut found = documents.values().filter_map(|document| {
        let topic = |sensor: &&Value| sensor["state_topic"] == format!("smarty/house/{key}");
        Some((document.clone(), sensors(document).find(topic)?.clone()))
    });
    found.next().unwrap_or_else(|| panic!("no sensor of {key}"))
}

#[test]
fn the_energy_dashboard_takes_import_export_gas_water_and_heat_as_they_are() {
    let needs = [
        ("lu", "active_energy_import_kwh", "energy", "kWh"),
        ("lu", "active_energy_export_kwh", "energy", "kWh"),
        ("nl5", "active_energy_import_tariff_1_kwh", "energy", "kWh"),
        ("nl5", "active_energy_export_tariff_2_kwh", "energy", "kWh"),
        ("nl5", "gas_m3", "gas", "m³"),
        ("nl22", "gas_m3", "gas", "m³"),
        ("lu-full", "gas_m3", "gas", "m³"),
        ("lu-full", "water_m3", "water", "m³"),
        ("lu-full", "heat_gj", "energy", "GJ"),
        ("be", "gas_m3", "gas", "m³"),
    ];
    for (profile, key, class, unit) in needs {
        let documents = documents(profile, &settings());
        let (document, sensor) = sensor(&documents, key);
        assert_eq!(sensor["device_class"], class, "{profile} {key}");
        assert_eq!(sensor["unit_of_measurement"], unit, "{profile} {key}");
        assert_eq!(sensor["state_class"], "total_increasing", "{profile} {key}");
        assert!(sensor.get("entity_category").is_none(), "{profile} {key}");
        let via = document["device"].get("via_device").and_then(Value::as_str);
        let behind = !key.starts_with("active");
        assert_eq!(
            via,
            behind.then_some("smarty_SMY1030755324927"),
            "{profile} {key}"
        );
    }
}

#[test]
fn meters_on_the_mbus_are_devices_of_their_own() {
    let documents = documents("lu-full", &settings());
    let devices: Vec<_> = documents
        .values()
        .map(|document| &document["device"])
        .collect();
    let named: BTreeSet<_> = devices
        .iter()
        .map(|device| device["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        named,
        BTreeSet::from(["house", "house gas", "house heat", "house water"])
    );
    let gas = devices
        .iter()
        .find(|device| device["name"] == "house gas")
        .unwrap();
    assert_eq!(gas["model"], "Gas meter");
    assert_eq!(
        gas["identifiers"][0],
        format!("smarty_{}", gas["serial_number"].as_str().unwrap())
    );
}

#[test]
fn values_of_all_kinds_are_told_as_what_they_are() {
    let documents = documents("lu-full", &settings());
    let of = |key| sensor(&documents, key).1;
    let power = of("active_power_import_kw");
    assert_eq!(power["device_class"], "power");
    assert_eq!(power["state_class"], "measurement");
    assert_eq!(power["suggested_display_precision"], 3);
    assert_eq!(power["name"], "Power imported");
    // Not every version of Home Assistant takes kvar and kVA for the classes.
    assert!(
        of("reactive_power_import_kvar")
            .get("device_class")
            .is_none()
    );
    assert_eq!(
        of("reactive_energy_import_kvarh")["state_class"],
        "total_increasing"
    );
    let count = of("power_failure_count");
    assert_eq!(count["state_class"], "total_increasing");
    assert_eq!(count["entity_category"], "diagnostic");
    let text = of("p1_version");
    assert!(text.get("state_class").is_none() && text["entity_category"] == "diagnostic");
    let time = of("measured_at");
    assert_eq!(
        (&time["device_class"], &time["enabled_by_default"]),
        (&"timestamp".into(), &false.into())
    );
    assert_eq!(of("net_power_kw")["device_class"], "power");
}

#[test]
fn where_only_telegrams_are_published_values_are_taken_from_these() {
    let settings = Settings {
        topics: Topics::Json,
        ..settings()
    };
    let documents = documents("lu", &settings);
    let document = documents.values().next().unwrap();
    let energy = &document["components"]["smarty_SMY1030755324927_active_energy_import_kwh"];
    assert_eq!(energy["state_topic"], "smarty/house/telegram");
    assert_eq!(
        energy["value_template"],
        "{{ value_json['values']['active_energy_import_kwh'] }}"
    );
    assert!(
        document["components"]
            .get("smarty_SMY1030755324927_net_power_kw")
            .is_none()
    );
}

#[test]
fn values_are_published_with_the_digits_that_were_sent_and_only_those_wanted() {
    with_telegram("lu", |decoded| {
        let context = Context::default();
        let fields = Fields::parse("active_power_import,1-0:1.8.0").unwrap();
        let listed = values::list(&context, decoded, Some(&fields));
        let keys: Vec<_> = listed.iter().map(|value| &*value.key).collect();
        assert_eq!(keys, ["active_energy_import_kwh", "active_power_import_kw"]);
        let mut json = Vec::new();
        crate::format::json::Json::default().telegram(&mut json, &context, decoded);
        let json = String::from_utf8(json).unwrap();
        for value in values::list(&context, decoded, None) {
            let text = String::from_utf8(value.text).unwrap();
            let quoted = format!("\"{}\":\"{text}\"", value.key);
            let bare = format!("\"{}\":{text}", value.key);
            assert!(json.contains(&quoted) || json.contains(&bare), "{bare}");
        }
    });
}

#[test]
fn the_board_has_its_names_its_units_and_all_digits() {
    with_telegram("lu-full", |decoded| {
        let listed = smartyreader::list(&Context::default(), decoded, None);
        let of = |topic: &str| {
            let value = listed.iter().find(|value| value.topic == topic);
            let value = value.unwrap_or_else(|| panic!("{topic}"));
            String::from_utf8(value.text.clone()).unwrap()
        };
        assert_eq!(of("timestamp"), "2026-01-15T18:30:00");
        assert!(of("identification").starts_with("/Lux5\\253"));
        assert!(of("equipment_id").starts_with("SMY"));
        assert_eq!(of("p1_version"), "42");
        assert_eq!(
            of("act_energy_imported_p_plus_kWh")
                .split('.')
                .nth(1)
                .unwrap()
                .len(),
            3
        );
        assert_eq!(of("limiter_curr_monitor_A").parse::<u32>().unwrap() % 5, 0);
        let kilowatts = of("act_pwr_imported_p_plus_kW").replace('.', "");
        assert_eq!(
            of("power_consumption_calc_W"),
            kilowatts.parse::<u32>().unwrap().to_string()
        );
        assert_eq!(of("gas_index_m3"), of("gas_consumption_calc_m3"));
        let mut json = Vec::new();
        smartyreader::json(&mut json, decoded);
        let json: Value = serde_json::from_slice(&json).unwrap();
        assert_eq!(json["smarty_datetime"], "2026-01-15T18:30:00");
        assert_eq!(json["smarty_id"], of("equipment_id"));
        assert!(json["power_excess_solar_calc_W"].is_number());
    });
    let settings = Settings {
        layout: Layout::Smartyreader,
        prefix: "lamsmarty".to_owned(),
        ..settings()
    };
    let documents = documents("lu", &settings);
    let topics: BTreeSet<_> = documents
        .values()
        .flat_map(|document| {
            sensors(document).map(|sensor| sensor["state_topic"].as_str().unwrap())
        })
        .collect();
    assert!(topics.contains("lamsmarty/act_pwr_imported_p_plus_kW"));
    assert!(topics.contains("lamsmarty/house/health"));
}

mod laws;
