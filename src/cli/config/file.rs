//! What may stand in `smarty.toml`, and how it is written.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use toml::Spanned;

use super::hook::HookTable;
use super::metrics::MetricsTable;
use super::mqtt::MqttTable;
use super::prices::PricesTable;
use super::store::StoreTable;
use crate::cli::args::{Format, parse_duration};
use crate::p1::derive::ReferencePower;
use crate::publish::forward_target::ForwardTarget;
use crate::source::Baud;
use crate::source::Device;
use crate::source::Mode;
use crate::store::rotation::Rotation;

/// What may stand in the file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) keyring: Option<PathBuf>,
    pub(super) key_file: Option<PathBuf>,
    pub(super) tz: Option<String>,
    pub(super) baud: Option<Baud>,
    #[serde(default, deserialize_with = "word")]
    pub(super) mode: Option<Mode>,
    #[serde(default)]
    pub(super) no_reconnect: bool,
    #[serde(default, deserialize_with = "time")]
    pub(super) timeout: Option<Duration>,
    #[serde(default, deserialize_with = "time")]
    pub(super) duration: Option<Duration>,
    #[serde(default, deserialize_with = "format")]
    pub(super) format: Option<Format>,
    pub(super) fields: Option<String>,
    #[serde(default)]
    pub(super) events: bool,
    #[serde(default)]
    pub(super) csv_formulas: bool,
    #[serde(default, deserialize_with = "time")]
    pub(super) every: Option<Duration>,
    #[serde(default)]
    pub(super) on_change: bool,
    pub(super) out: Option<PathBuf>,
    #[serde(default)]
    pub(super) append: bool,
    #[serde(default, deserialize_with = "word")]
    pub(super) rotate: Option<Rotation>,
    #[serde(default, deserialize_with = "words")]
    pub(super) forward: Vec<ForwardTarget>,
    #[serde(default)]
    pub(super) forward_raw: bool,
    pub(super) metrics: Option<MetricsTable>,
    #[serde(alias = "state_meters")]
    pub(super) meters_max: Option<NonZeroU32>,
    #[serde(default)]
    pub(super) derive: bool,
    #[serde(default, deserialize_with = "word")]
    pub(super) reference_power: Option<ReferencePower>,
    pub(super) state: Option<PathBuf>,
    pub(super) mqtt: Option<MqttTable>,
    pub(super) store: Option<StoreTable>,
    pub(super) prices: Option<PricesTable>,
    #[serde(default)]
    pub(super) source: Vec<Spanned<Entry>>,
    #[serde(default)]
    pub(super) hook: Vec<HookTable>,
}

/// What may stand in it of a source.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub(super) label: Option<String>,
    pub(super) address: String,
    #[serde(default, deserialize_with = "device")]
    pub(super) device: Option<Device>,
    pub(super) baud: Option<Baud>,
    #[serde(default, deserialize_with = "word")]
    pub(super) mode: Option<Mode>,
    pub(super) key_file: Option<PathBuf>,
    pub(super) keyring: Option<PathBuf>,
    #[serde(default, deserialize_with = "word")]
    pub(super) reference_power: Option<ReferencePower>,
    #[serde(default, deserialize_with = "words")]
    pub(super) forward: Vec<ForwardTarget>,
    pub(super) token_file: Option<PathBuf>,
    pub(super) password_file: Option<PathBuf>,
    pub(super) ca_file: Option<PathBuf>,
    #[serde(default)]
    pub(super) any_name: bool,
    pub(super) cert_file: Option<PathBuf>,
    pub(super) cert_key_file: Option<PathBuf>,
}

pub(super) fn time<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(input)?;
    parse_duration(&text).map(Some).map_err(D::Error::custom)
}

pub(super) fn word<'de, D, T>(input: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    let text = String::deserialize(input)?;
    text.parse().map(Some).map_err(D::Error::custom)
}

/// One word, or a list of them.
pub(super) fn words<'de, D, T>(input: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected a word or a list of words")]
    enum Words {
        One(String),
        Many(Vec<String>),
    }
    let texts = match Words::deserialize(input)? {
        Words::One(text) => vec![text],
        Words::Many(texts) => texts,
    };
    let parse = |text: &String| text.parse().map_err(D::Error::custom);
    texts.iter().map(parse).collect()
}

fn format<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Format>, D::Error> {
    let text = String::deserialize(input)?;
    let wrong = |_| D::Error::custom("expected table, json, csv, raw, hex or influx");
    Format::from_str(&text, false).map(Some).map_err(wrong)
}

fn device<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Device>, D::Error> {
    match String::deserialize(input)?.as_str() {
        "p1" => Ok(Some(Device::P1)),
        "maxsonar" => Ok(Some(Device::Maxsonar)),
        _ => Err(D::Error::custom("expected p1 or maxsonar")),
    }
}
