//! Numbers for Prometheus: the values of the last telegrams, and how the sources do.
//!
//! ```text
//! the pump --> numbers <-- a thread --> GET /metrics   OpenMetrics text
//!                                   \-> GET /healthz   200, or 503 with the reason
//! ```
//!
//! Values keep their names and units (`smarty_active_energy_import_kwh`). Prometheus keeps doubles: only there, in the
//! page itself, a value becomes one.

mod numbers;
mod page;

use std::collections::BTreeMap;
use std::io;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use self::numbers::{Heard, METERS_MAX, Meter, Numbers, values};
use super::clean::clean;
use super::context::{Context, Senders, Source};
use super::http::{self, Answer};
use super::service::{Notice, Service};
use crate::p1::diagnosis::Finding;
use crate::p1::event::{Decoded, Refused};
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
        let meter = clean(&self.senders.name(decoded));
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

#[cfg(test)]
mod tests;
