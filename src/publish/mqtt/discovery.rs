//! What home automation is told: one document for each device, as Home Assistant documents it.
//!
//! ```text
//! homeassistant/device/smarty_SAG1030790002574/config   the electricity meter: its sensors, and how it fares
//! homeassistant/device/smarty_FLO18990000630355/config  the gas meter behind it, "via" the electricity meter
//! ```
//! Device-based discovery, as since 2024.11. Identifiers are those of the meters: another label or prefix keeps history.

use serde_json::{Map, Value, json};

use super::entity::Entity;
use crate::p1::derive::is_known;

/// A device as home automation knows it.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// What tells it from all others.
    pub identifier: String,
    /// Its name for people.
    pub name: String,
    /// What it is.
    pub model: &'static str,
    /// Number of its maker.
    pub serial: Option<String>,
    /// The device that speaks for it.
    pub via: Option<String>,
}

/// Where the values of a device are.
#[derive(Clone, Debug)]
pub struct Places<'a> {
    /// What topics of the device begin with, and no slash.
    pub base: &'a str,
    /// The topic of whole telegrams, where values are taken from these.
    pub json: Option<&'a str>,
    /// Status of the program.
    pub bridge: &'a str,
    /// Status of the device.
    pub status: &'a str,
    /// How the device fares; none for those behind another.
    pub health: Option<&'a str>,
}

/// The topic of the document of a device.
pub fn topic(prefix: &str, about: &About) -> String {
    format!("{prefix}/device/{}/config", about.identifier)
}

/// The document of a device.
pub fn document(about: &About, places: &Places<'_>, entities: &[Entity], qos: u8) -> Vec<u8> {
    let mut device = Map::new();
    device.insert("identifiers".into(), json!([about.identifier]));
    device.insert("name".into(), json!(about.name));
    device.insert("model".into(), json!(about.model));
    let optional = [("serial_number", &about.serial), ("via_device", &about.via)];
    for (name, text) in optional {
        if let Some(text) = text {
            device.insert(name.into(), json!(text));
        }
    }
    let mut components = Map::new();
    for entity in entities {
        let id = format!("{}_{}", about.identifier, entity.key);
        components.insert(id.clone(), sensor(&id, entity, places));
    }
    if let Some(health) = places.health {
        let id = format!("{}_health", about.identifier);
        let problem = json!({
            "platform": "binary_sensor",
            "unique_id": id,
            "name": "Reception",
            "device_class": "problem",
            "entity_category": "diagnostic",
            "state_topic": health,
            "value_template": "{{ 'OFF' if value_json.state == 'ok' else 'ON' }}",
            "json_attributes_topic": health,
        });
        components.insert(id, problem);
    }
    let document = json!({
        "device": device,
        "origin": {"name": "smarty", "sw_version": env!("CARGO_PKG_VERSION")},
        "availability": [{"topic": places.bridge}, {"topic": places.status}],
        "availability_mode": "all",
        "qos": qos,
        "components": components,
    });
    document.to_string().into_bytes()
}

fn sensor(id: &str, entity: &Entity, places: &Places<'_>) -> Value {
    let mut sensor = Map::new();
    let mut set = |name: &str, value: Value| sensor.insert(name.to_owned(), value);
    set("platform", json!("sensor"));
    set("unique_id", json!(id));
    set("name", json!(entity.name));
    match places.json {
        Some(topic) => {
            set("state_topic", json!(topic));
            let path = match entity.key.as_str() {
                super::values::MEASURED_AT => "value_json.measured_at".to_owned(),
                // What is not known yet is not in the object.
                key if is_known(key) => format!("value_json['derived'].get('{key}')"),
                key => format!("value_json['values']['{key}']"),
            };
            set("value_template", json!(format!("{{{{ {path} }}}}")));
        }
        None => {
            set(
                "state_topic",
                json!(format!("{}/{}", places.base, entity.topic)),
            );
        }
    }
    for (name, text) in [
        ("device_class", entity.class),
        ("state_class", entity.behaviour),
        ("unit_of_measurement", entity.unit),
    ] {
        if let Some(text) = text {
            set(name, json!(text));
        }
    }
    if let Some(precision) = entity.precision {
        set("suggested_display_precision", json!(precision));
    }
    if entity.diagnostic {
        set("entity_category", json!("diagnostic"));
    }
    if !entity.enabled {
        set("enabled_by_default", json!(false));
    }
    Value::Object(sensor)
}
