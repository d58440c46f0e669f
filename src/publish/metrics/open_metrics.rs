//! The page of numbers, in OpenMetrics text: written by the crate `prometheus-client` from what is known at that moment.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Instant;

use jiff::Timestamp;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeGaugeValue, MetricEncoder, NoLabelSet, text,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use super::Shared;
use super::numbers::{Heard, Meter, Numbered, Numbers};
use crate::observe::standing::Lost;

/// What the page is.
pub const KIND: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Writes the page.
///
/// # Errors
/// Where the crate cannot write a number.
pub fn of(numbers: &Shared) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix("smarty");
    registry.register_collector(Box::new(numbers.clone()));
    let mut page = String::new();
    text::encode(&mut page, &registry)?;
    Ok(page)
}

impl Collector for Shared {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let numbers = self.lock();
        encoder
            .encode_descriptor("build", "version of smarty", None, MetricType::Info)?
            .encode_info(&[("version", env!("CARGO_PKG_VERSION"))])?;
        numbers.encode_values(&mut encoder)?;
        numbers.encode_meters(&mut encoder)?;
        numbers.encode_servers(&mut encoder)?;
        numbers.encode_lost(&mut encoder)?;
        numbers.encode_sources(&mut encoder)
    }
}

impl Numbers {
    /// A family for each name of a value, in it a line for each meter that has it.
    fn encode_values(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let mut families = BTreeMap::<&str, Vec<_>>::new();
        for (labels, meter) in &self.meters {
            for value in &meter.values {
                families
                    .entry(&value.key)
                    .or_default()
                    .push((labels, value));
            }
        }
        for (key, lines) in families {
            let words = lines.first().map_or("", |(_, value)| value.words);
            if !is_name(key) || OWN.contains(&key) {
                continue;
            }
            let mut family = encoder.encode_descriptor(key, words, None, MetricType::Gauge)?;
            for ((meter, label), value) in lines {
                // Digits as sent are a number always.
                let Ok(number) = value.digits.parse::<f64>() else {
                    continue;
                };
                gauge(&mut family, &of_meter(meter, label), &number)?;
            }
        }
        Ok(())
    }

    fn encode_meters(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let (now, instant) = (Timestamp::now(), Instant::now());
        let lines =
            |encoder: &mut DescriptorEncoder<'_>, name, help, number: &dyn Fn(&Meter) -> f64| {
                let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
                for ((meter, label), of) in &self.meters {
                    gauge(&mut family, &of_meter(meter, label), &number(of))?;
                }
                Ok(())
            };
        lines(
            encoder,
            "telegram_timestamp_seconds",
            "when the last telegram was received",
            &|meter| seconds(meter.heard.at),
        )?;
        lines(
            encoder,
            "telegram_age_seconds",
            "time since the last telegram",
            &|meter| age(&meter.heard, instant),
        )?;
        encoder
            .encode_descriptor(
                "clock_seconds",
                "time of this page",
                None,
                MetricType::Gauge,
            )?
            .encode_gauge(&seconds(now))
    }

    fn encode_servers(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let (name, help) = (
            "turned_away",
            "connections that were one too many, by server",
        );
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        for (server, turned_away) in &self.servers {
            let labels = [("server", *server)];
            let mut line = family.encode_family(&labels)?;
            line.encode_counter::<NoLabelSet, _, u64>(&turned_away.total(), None)?;
        }
        Ok(())
    }

    fn encode_lost(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        for (name, help, number) in LOST {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            for (service, lost) in &self.lost {
                let labels = [("service", *service)];
                let mut line = family.encode_family(&labels)?;
                line.encode_counter::<NoLabelSet, _, u64>(&number(lost), None)?;
            }
        }
        Ok(())
    }

    fn encode_sources(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        for (name, help, number) in COUNTS {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            for source in self.sources.values() {
                let labels = source.labels();
                let mut line = family.encode_family(&labels)?;
                line.encode_counter::<NoLabelSet, _, u64>(&number(source), None)?;
            }
        }
        for (name, help, counts) in KINDS {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            for source in self.sources.values() {
                for (code, count) in counts(source) {
                    let [label, name] = source.labels();
                    let labels = [label, name, ("code", code)];
                    let mut line = family.encode_family(&labels)?;
                    line.encode_counter::<NoLabelSet, _, u64>(count, None)?;
                }
            }
        }
        let mut family = encoder.encode_descriptor(
            "source_up",
            "the source is open",
            None,
            MetricType::Gauge,
        )?;
        for source in self.sources.values() {
            gauge(&mut family, &source.labels(), &i64::from(source.up))?;
        }
        let mut family = encoder.encode_descriptor(
            "level_cm",
            "what a level sensor says",
            None,
            MetricType::Gauge,
        )?;
        for source in self.sources.values() {
            if let Some(level) = source.level {
                gauge(&mut family, &source.labels(), &i64::from(level))?;
            }
        }
        Ok(())
    }
}

impl Numbered {
    fn labels(&self) -> [(&'static str, &str); 2] {
        [("label", &self.label), ("source", &self.name)]
    }
}

fn of_meter<'a>(meter: &'a str, label: &'a str) -> [(&'static str, &'a str); 2] {
    [("label", label), ("meter", meter)]
}

fn gauge(
    family: &mut MetricEncoder<'_>,
    labels: &[(&str, &str); 2],
    number: &impl EncodeGaugeValue,
) -> fmt::Result {
    family.encode_family(labels)?.encode_gauge(number)
}

fn seconds(at: Timestamp) -> f64 {
    // To a millisecond: a double holds that for longer than anyone cares.
    at.as_millisecond() as f64 / 1000.0
}

fn age(heard: &Heard, now: Instant) -> f64 {
    now.saturating_duration_since(heard.instant).as_millis() as f64 / 1000.0
}

/// What Prometheus takes for a name.
fn is_name(key: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    !key.is_empty() && key.bytes().all(fits)
}

type Count = (&'static str, &'static str, fn(&Numbered) -> u64);

const COUNTS: [Count; 4] = [
    ("telegrams", "good telegrams", |source| source.telegrams),
    (
        "frames_missed",
        "frames that the counters of meters say were sent and never came",
        |source| source.missed,
    ),
    ("received_bytes", "bytes received", |source| source.bytes),
    ("reconnects", "times that the source came back", |source| {
        source.reconnects
    }),
];

type Kinds = (
    &'static str,
    &'static str,
    fn(&Numbered) -> &BTreeMap<&'static str, u64>,
);

const KINDS: [Kinds; 3] = [
    (
        "telegrams_unproven",
        "good telegrams whose tag does not prove their origin, by the verdict on it",
        |source| &source.unproven,
    ),
    (
        "frames_refused",
        "frames that may not be used, by reason",
        |source| &source.refused,
    ),
    (
        "findings",
        "what diagnosis has found, by verdict",
        |source| &source.findings,
    ),
];

type Losses = (&'static str, &'static str, fn(&Lost) -> u64);

/// What came of meters without a place.
const LOST: [Losses; 2] = [
    (
        "left_out",
        "telegrams of meters that got no place, by service",
        |lost| lost.left_out.total(),
    ),
    (
        "displaced",
        "meters that lost their place to others, by service",
        |lost| lost.displaced.total(),
    ),
];

/// Names that are no value of a telegram.
const OWN: [&str; 15] = [
    "telegrams_unproven",
    "build",
    "telegram_timestamp_seconds",
    "telegram_age_seconds",
    "clock_seconds",
    "telegrams",
    "frames_missed",
    "received_bytes",
    "reconnects",
    "frames_refused",
    "findings",
    "source_up",
    "turned_away",
    "left_out",
    "displaced",
];
