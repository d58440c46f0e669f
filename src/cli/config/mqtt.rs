//! The table `[mqtt]` of `smarty.toml`.
//!
//! ```toml
//! [mqtt]
//! url = "mqtts://smarty@broker.lan/home"
//! password_file = "mqtt.password"
//! ca_file = "ca.crt"
//! topics = "both"
//! ```
//! It holds for the sources of the same file: others are published where the command line names a broker.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use crate::cli::args::{BrokerUrl, LayoutNames, MqttArgs, OnOff, TopicsWhat, parse_version};

/// The table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MqttTable {
    #[serde(deserialize_with = "url")]
    url: BrokerUrl,
    password_file: Option<PathBuf>,
    #[serde(default, deserialize_with = "topics")]
    topics: Option<TopicsWhat>,
    #[serde(default, deserialize_with = "qos")]
    qos: Option<u8>,
    retain: Option<bool>,
    #[serde(default, deserialize_with = "layout")]
    layout: Option<LayoutNames>,
    #[serde(default, deserialize_with = "version")]
    version: Option<u8>,
    ca_file: Option<PathBuf>,
    cert_file: Option<PathBuf>,
    cert_key_file: Option<PathBuf>,
    client_id: Option<String>,
    discovery: Option<bool>,
    discovery_prefix: Option<String>,
}

impl MqttTable {
    /// The file of the password.
    pub fn password_file(&self, folder: &Path) -> Option<PathBuf> {
        self.password_file.as_ref().map(|path| folder.join(path))
    }

    /// Fills in what the command line does not say; `own` tells that the sources are those of the file.
    pub fn fill(&self, args: &mut MqttArgs, folder: &Path, own: bool) {
        if args.no_mqtt {
            return;
        }
        match args.mqtt {
            // The password of one broker is never sent to another.
            Some(_) => {}
            None if own => {
                let path = |path: &Option<PathBuf>| path.as_ref().map(|path| folder.join(path));
                args.mqtt = Some(self.url.clone());
                fill(&mut args.mqtt_password_file, path(&self.password_file));
                fill(&mut args.mqtt_ca, path(&self.ca_file));
                fill(&mut args.mqtt_cert, path(&self.cert_file));
                fill(&mut args.mqtt_cert_key, path(&self.cert_key_file));
                fill(&mut args.mqtt_client_id, self.client_id.clone());
            }
            None => return,
        }
        fill(&mut args.mqtt_topics, self.topics);
        fill(&mut args.mqtt_qos, self.qos);
        let state = |on: bool| if on { OnOff::On } else { OnOff::Off };
        fill(&mut args.mqtt_retain, self.retain.map(state));
        fill(&mut args.mqtt_layout, self.layout);
        fill(&mut args.mqtt_version, self.version);
        args.no_discovery |= self.discovery == Some(false);
        fill(&mut args.discovery_prefix, self.discovery_prefix.clone());
    }
}

fn fill<T>(option: &mut Option<T>, value: Option<T>) {
    if option.is_none() {
        *option = value;
    }
}

fn url<'de, D: Deserializer<'de>>(input: D) -> Result<BrokerUrl, D::Error> {
    String::deserialize(input).map(BrokerUrl)
}

fn topics<'de, D: Deserializer<'de>>(input: D) -> Result<Option<TopicsWhat>, D::Error> {
    let text = String::deserialize(input)?;
    let wrong = |_| D::Error::custom("expected values, json or both");
    TopicsWhat::from_str(&text, false).map(Some).map_err(wrong)
}

fn layout<'de, D: Deserializer<'de>>(input: D) -> Result<Option<LayoutNames>, D::Error> {
    let text = String::deserialize(input)?;
    let wrong = |_| D::Error::custom("expected smarty or smartyreader");
    LayoutNames::from_str(&text, false).map(Some).map_err(wrong)
}

fn qos<'de, D: Deserializer<'de>>(input: D) -> Result<Option<u8>, D::Error> {
    match u8::deserialize(input)? {
        qos @ 0..=2 => Ok(Some(qos)),
        _ => Err(D::Error::custom("expected 0, 1 or 2")),
    }
}

fn version<'de, D: Deserializer<'de>>(input: D) -> Result<Option<u8>, D::Error> {
    let number = u8::deserialize(input)?;
    parse_version(&number.to_string())
        .map(Some)
        .map_err(D::Error::custom)
}
