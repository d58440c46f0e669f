//! Numbers for Prometheus: the values of the last telegrams, and how the sources do.
//!
//! ```text
//! the pump --> numbers <-- a thread --> GET /metrics   OpenMetrics text
//!                                   \-> GET /healthz   200, or 503 with the reason
//! ```
//!
//! Values keep their names and units (`smarty_active_energy_import_kwh`). Prometheus keeps doubles: only there, in the
//! page itself, a value becomes one.

mod page;

use std::collections::BTreeMap;
use std::io;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::context::{Context, Senders, Source};
use super::http::{self, Answer};
use super::number::write_plain;
use super::service::{Notice, Service};
use crate::p1::ciphering::SystemTitle;
use crate::p1::diagnosis::Finding;
use crate::p1::event::{Decoded, Refused};
use crate::p1::layout::Form;
use crate::source::Stop;
use crate::source::maxsonar::Level;

/// Serves numbers.
pub struct Metrics {
    numbers: Shared,
    senders: Senders,
    stop: Stop,
    thread: Option<JoinHandle<()>>,
    notices: Vec<Notice>,
}

/// The numbers, shared with the thread that serves them.
#[derive(Clone, Debug)]
struct Shared(Arc<Mutex<Numbers>>);

/// All that is known.
#[derive(Debug)]
struct Numbers {
    started: Instant,
    /// How long a meter may be silent.
    patience: Duration,
    sources: BTreeMap<String, Numbered>,
    meters: BTreeMap<(String, String), Meter>,
}

/// How a source does.
#[derive(Debug, Default)]
struct Numbered {
    label: String,
    name: String,
    up: bool,
    bytes: u64,
    reconnects: u64,
    telegrams: u64,
    missed: u64,
    refused: BTreeMap<&'static str, u64>,
    findings: BTreeMap<&'static str, u64>,
    /// The last telegram or level.
    heard: Option<Heard>,
    /// In centimetres, as a level sensor says it.
    level: Option<u32>,
    counters: Vec<(SystemTitle, u32)>,
    /// Refused frames since the last good one.
    between: u64,
}

/// When something came.
#[derive(Clone, Copy, Debug)]
struct Heard {
    at: Timestamp,
    instant: Instant,
}

/// The last telegram of a meter.
#[derive(Debug)]
struct Meter {
    heard: Heard,
    values: Vec<Value>,
}

/// A number of a telegram.
#[derive(Debug)]
struct Value {
    key: String,
    /// Its exact digits.
    digits: String,
    /// What it is, for people.
    words: &'static str,
}

impl Metrics {
    /// Begins to serve at a listener; `expected` are label and name of the sources, `patience` how long each may be
    /// silent.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start(
        listener: TcpListener,
        expected: Vec<(Option<String>, String)>,
        patience: Duration,
    ) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let numbers = Numbers {
            started: Instant::now(),
            patience,
            sources: BTreeMap::new(),
            meters: BTreeMap::new(),
        };
        let numbers = Shared(Arc::new(Mutex::new(numbers)));
        for (label, name) in &expected {
            numbers.lock().source(&Source {
                label: label.as_deref(),
                name,
                ..Source::default()
            });
        }
        let stop = Stop::new()?;
        let shared = numbers.clone();
        let pages = move |path: &str| shared.page(path);
        let hint = "whoever reaches this machine over a network can read them";
        Ok(Self {
            numbers,
            senders: Senders::default(),
            thread: Some(http::serve(listener, stop.clone(), Box::new(pages))?),
            stop,
            notices: vec![Notice {
                trouble: false,
                what: format!("numbers for Prometheus at http://{address}/metrics"),
                hint: address.ip().is_unspecified().then(|| hint.to_owned()),
            }],
        })
    }
}

impl Service for Metrics {
    fn telegram(&mut self, context: &Context<'_>, decoded: &Decoded<'_>) {
        let meter = self.senders.name(decoded).into_owned();
        let values = values(context, decoded);
        let heard = Heard::now(context);
        let mut numbers = self.numbers.lock();
        let source = numbers.source(&context.source);
        source.telegrams += 1;
        source.heard = Some(heard);
        if let Some(security) = decoded.security {
            source.count(security.title(), security.counter().0);
        }
        source.between = 0;
        let key = (meter, source.label.clone());
        if numbers.meters.len() < METERS_MAX || numbers.meters.contains_key(&key) {
            numbers.meters.insert(key, Meter { heard, values });
        }
    }

    fn level(&mut self, context: &Context<'_>, level: &Level) {
        let mut numbers = self.numbers.lock();
        let source = numbers.source(&context.source);
        source.heard = Some(Heard::now(context));
        source.level = Some(level.centimetres.into());
    }

    fn refused(&mut self, context: &Context<'_>, refused: &Refused<'_>) {
        let mut numbers = self.numbers.lock();
        let source = numbers.source(&context.source);
        *source.refused.entry(refused.reason.code()).or_default() += 1;
        source.between += 1;
    }

    fn finding(&mut self, context: &Context<'_>, finding: &Finding) {
        let mut numbers = self.numbers.lock();
        let source = numbers.source(&context.source);
        *source.findings.entry(finding.verdict.code()).or_default() += 1;
    }

    fn link(&mut self, context: &Context<'_>, state: &str, _message: &str) {
        let mut numbers = self.numbers.lock();
        let source = numbers.source(&context.source);
        source.up = state != "lost";
        source.reconnects += u64::from(state == "reopened");
    }

    fn bytes(&mut self, context: &Context<'_>, count: usize) {
        self.numbers.lock().source(&context.source).bytes += count as u64;
    }

    fn notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    fn finish(&mut self) {
        self.stop.stop();
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has nothing more to say.
            let _ = thread.join();
        }
    }
}

impl Drop for Metrics {
    fn drop(&mut self) {
        self.finish();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Numbers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn page(&self, path: &str) -> Answer {
        match path {
            "/metrics" => match page::of(self) {
                Ok(body) => Answer {
                    status: "200 OK",
                    kind: page::KIND,
                    body,
                },
                Err(error) => Answer::text("500 Internal Server Error", format!("{error}\n")),
            },
            "/healthz" => match self.lock().ills(Instant::now()) {
                ills if ills.is_empty() => Answer::text("200 OK", "ok\n"),
                ills => Answer::text("503 Service Unavailable", ills),
            },
            _ => Answer::text("404 Not Found", "there is /metrics and /healthz\n"),
        }
    }
}

impl Numbers {
    /// The numbers of a source, which has its label for a name where there is one.
    fn source(&mut self, source: &Source<'_>) -> &mut Numbered {
        let key = source.label.unwrap_or(source.name);
        // Which port `auto` is, is known only when it is open.
        if !self.sources.contains_key(key)
            && source.kind == "serial"
            && let Some(found) = self.sources.remove("auto")
        {
            self.sources.insert(key.to_owned(), found);
        }
        let numbered = self.sources.entry(key.to_owned()).or_default();
        if numbered.name != source.name {
            source.name.clone_into(&mut numbered.name);
            source
                .label
                .unwrap_or_default()
                .clone_into(&mut numbered.label);
        }
        numbered
    }

    /// What is wrong, a line each; empty where all is well.
    fn ills(&self, now: Instant) -> String {
        let silent = |since: Instant| {
            let silence = now.saturating_duration_since(since);
            (silence > self.patience).then_some(silence.as_secs())
        };
        let mut ills = String::new();
        for (name, source) in &self.sources {
            let since = source.heard.map_or(self.started, |heard| heard.instant);
            if let Some(seconds) = silent(since) {
                let what = match source.level {
                    Some(_) => "level",
                    None => "telegram",
                };
                ills.push_str(&format!("{name}: no {what} for {seconds} s\n"));
            }
        }
        for ((meter, label), of) in &self.meters {
            if let Some(seconds) = silent(of.heard.instant)
                && self.of_label(label) > 1
            {
                ills.push_str(&format!("meter {meter}: no telegram for {seconds} s\n"));
            }
        }
        ills
    }

    /// How many meters send under a label.
    fn of_label(&self, label: &str) -> usize {
        self.meters.keys().filter(|(_, own)| own == label).count()
    }
}

impl Numbered {
    /// Takes the frame counter of a good frame: what lies between it and the last one was missed.
    fn count(&mut self, title: SystemTitle, counter: u32) {
        let Some((_, last)) = self.counters.iter_mut().find(|(known, _)| *known == title) else {
            if self.counters.len() < METERS_MAX {
                self.counters.push((title, counter));
            }
            return;
        };
        let jump = counter.wrapping_sub(std::mem::replace(last, counter));
        if (1..JUMP_MAX).contains(&jump) {
            self.missed += u64::from(jump - 1).saturating_sub(self.between);
        }
    }
}

impl Heard {
    fn now(context: &Context<'_>) -> Self {
        Self {
            at: context.received_at.unwrap_or_else(Timestamp::now),
            instant: Instant::now(),
        }
    }
}

/// All numbers of a telegram, with what was computed from it.
fn values(context: &Context<'_>, decoded: &Decoded<'_>) -> Vec<Value> {
    let telegram = &decoded.telegram;
    let shape = telegram.shape();
    let sent = shape.meaning.values.iter().filter_map(|at| {
        let item = shape.layout.items.get(at.item as usize)?;
        let line = shape.layout.lines.get(at.line as usize)?;
        if item.form != Form::Number {
            return None;
        }
        let mut digits = Vec::new();
        write_plain(&mut digits, telegram, item, at.shift);
        Some(Value {
            key: at.key.to_string(),
            digits: String::from_utf8(digits).ok()?,
            words: line.entry.map_or("as sent", |entry| entry.words),
        })
    });
    let derived = context.derived.iter().map(|derived| Value {
        key: derived.key.clone(),
        digits: derived.value.to_string(),
        words: "computed",
    });
    sent.chain(derived).collect()
}

/// Meters that are kept apart; noise can make up names without end.
const METERS_MAX: usize = 256;
/// A frame counter that goes so far was set anew.
const JUMP_MAX: u32 = 1 << 24;

#[cfg(test)]
mod tests;
