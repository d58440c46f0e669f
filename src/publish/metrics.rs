//! Numbers for Prometheus: the values of the last telegrams, and how the sources do.
//!
//! ```text
//! the loop --> numbers <-- a thread --> GET /metrics   OpenMetrics text
//!                                   \-> GET /healthz   200, or 503 with the reason
//! ```
//!
//! Values keep their names and units (`smarty_active_energy_import_kwh`). Prometheus keeps doubles: only there, in the
//! page itself, a value becomes one.

mod numbers;
mod open_metrics;

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use self::numbers::{Heard, values};
pub(super) use self::numbers::{Meter, Numbers};
use crate::format::clean::clean;
use crate::format::words::is_said_elsewhere;
use crate::observe::context::{Context, Senders, Source};
use crate::observe::observer::{Flow, Link, Notice, Observer, Report};
use crate::observe::standing::{Lost, Places, Standing};
use crate::p1::diagnosis::Finding;
use crate::p1::event::{Decoded, Event, Reason, Refused};
use crate::p1::value::Zone;
use crate::publish::page::Page;
use crate::publish::pages::{self, Rules};
use crate::source::database::Past;
use crate::source::maxsonar::Level;
use crate::sys::counter::Counter;
use crate::sys::stop::Stop;

/// Serves numbers.
pub struct Metrics {
    numbers: Shared,
    page: Page,
    senders: Senders,
    stop: Stop,
    thread: Option<JoinHandle<()>>,
    notices: Vec<Notice>,
    /// Where nothing was said of it yet.
    turned_away: Option<Counter>,
}

/// The numbers, shared with the thread that serves them.
#[derive(Clone, Debug)]
pub(super) struct Shared(Arc<Mutex<Numbers>>);

impl Metrics {
    /// Begins to serve at a listener by rules; `expected` are label and name of the sources, `patience` how long each
    /// may be silent, `places` those of meters.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start(
        listener: TcpListener,
        rules: Rules,
        expected: Vec<(Option<String>, String)>,
        patience: Duration,
        places: Places,
        zone: Zone,
    ) -> io::Result<Self> {
        let notices = places_of(listener.local_addr()?, &rules);
        let turned_away = Counter::default();
        let numbers = Numbers {
            started: Instant::now(),
            patience,
            servers: vec![("metrics", turned_away.clone())],
            lost: vec![("metrics", places.lost())],
            places,
            sources: BTreeMap::new(),
            meters: BTreeMap::new(),
            last: None,
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
        let page = Page::new(zone);
        let router = router(numbers.clone()).merge(page.router(&numbers));
        Ok(Self {
            numbers,
            page,
            senders: Senders::default(),
            thread: Some(pages::serve(
                listener,
                &stop,
                router,
                rules,
                turned_away.clone(),
            )?),
            stop,
            notices,
            turned_away: Some(turned_away),
        })
    }

    /// Shows on the page what a store knows of before.
    pub fn remember(&self, past: &[Past]) {
        self.page.remember(past);
    }

    /// Counts on the page what comes of meters that have no place in another service.
    pub fn count_lost(&mut self, service: &'static str, lost: Lost) {
        self.numbers.lock().lost.push((service, lost));
    }

    /// Counts on the page whom another server turns away.
    pub fn count(&mut self, server: &'static str, turned_away: Counter) {
        self.numbers.lock().servers.push((server, turned_away));
    }
}

impl Observer for Metrics {
    fn observe(&mut self, context: &Context<'_>, report: &Report<'_>) -> Flow {
        match *report {
            Report::Event { event, .. } => match event {
                Event::Telegram(decoded) => self.telegram(context, decoded),
                Event::Refused(refused) => self.refused(context, refused),
                Event::Junk(_) => {}
            },
            Report::Level(level) => self.level(context, level),
            Report::Finding(finding) if !is_said_elsewhere(finding, context.source) => {
                self.finding(context, finding);
            }
            Report::Link { link, .. } => self.link(context, link),
            Report::Bytes { bytes, .. } => self.bytes(context, bytes.len()),
            Report::Tick(_) => return Flow::say(self.notices()),
            Report::End { .. } => {
                self.finish();
                return Flow::say(self.notices());
            }
            _ => {}
        }
        self.page.observe(&self.numbers, context, report);
        Flow::Continue
    }
}

impl Metrics {
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
        if let Some(tag) = decoded.unproven() {
            *source.unproven.entry(tag.word()).or_default() += 1;
        }
        source.between = 0;
        let key = (meter, source.label.clone());
        let meter = Meter {
            heard,
            values,
            standing: Standing::of(context, decoded),
            comes_again: false,
        };
        numbers.hear(key, meter);
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
        // In the place of what was sent before nothing was sent.
        source.between += u64::from(refused.reason != Reason::Replayed);
    }

    fn finding(&mut self, context: &Context<'_>, finding: &Finding) {
        let mut numbers = self.numbers.lock();
        let source = numbers.source(&context.source);
        *source.findings.entry(finding.verdict.code()).or_default() += 1;
    }

    fn link(&mut self, context: &Context<'_>, link: Link) {
        let mut numbers = self.numbers.lock();
        let source = numbers.source(&context.source);
        source.up = link != Link::Lost;
        source.reconnects += u64::from(link == Link::Reopened);
    }

    fn bytes(&mut self, context: &Context<'_>, count: usize) {
        self.numbers.lock().source(&context.source).bytes += count as u64;
    }

    fn notices(&mut self) -> Vec<Notice> {
        // Said once: how many there are stands on the page.
        if self
            .turned_away
            .take_if(|turned_away| turned_away.total() > 0)
            .is_some()
        {
            self.notices.push(Notice {
                trouble: true,
                what: "metrics: there are too many connections, some are turned away".to_owned(),
                hint: Some("smarty_turned_away_total counts them".to_owned()),
            });
        }
        self.notices
            .extend(self.numbers.lock().places.notice("metrics"));
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
    pub(super) fn lock(&self) -> MutexGuard<'_, Numbers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The pages.
fn router(numbers: Shared) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(health))
        .method_not_allowed_fallback(async || {
            (StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n")
        })
        .fallback(async || {
            (
                StatusCode::NOT_FOUND,
                "there is /, /api/now, /api/periods, /api/events, /metrics and /healthz\n",
            )
        })
        .with_state(numbers)
}

async fn metrics(State(numbers): State<Shared>) -> Response {
    match open_metrics::of(&numbers) {
        Ok(body) => ([(CONTENT_TYPE, open_metrics::KIND)], body).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

async fn health(State(numbers): State<Shared>) -> (StatusCode, String) {
    match numbers.lock().ills(Instant::now()) {
        ills if ills.is_empty() => (StatusCode::OK, "ok\n".to_owned()),
        ills => (StatusCode::SERVICE_UNAVAILABLE, ills),
    }
}

/// What is said first: where numbers and page are, and who can read them.
fn places_of(address: SocketAddr, rules: &Rules) -> Vec<Notice> {
    let scheme = if rules.tls.is_some() { "https" } else { "http" };
    let hint = match (&rules.login, &rules.tls) {
        _ if address.ip().to_canonical().is_loopback() => None,
        (None, _) => Some(
            "whoever reaches this machine over a network can read them; --metrics-user asks for a password",
        ),
        (Some(_), None) => Some(
            "the password crosses the network in clear; --metrics-cert and --metrics-cert-key hide it",
        ),
        (Some(_), Some(_)) => None,
    };
    let notice = |what: String, hint: Option<&str>| Notice {
        trouble: false,
        what,
        hint: hint.map(str::to_owned),
    };
    vec![
        notice(
            format!("metrics for Prometheus at {scheme}://{address}/metrics"),
            hint,
        ),
        notice(format!("web page at {scheme}://{address}/"), None),
    ]
}

#[cfg(test)]
mod tests;
