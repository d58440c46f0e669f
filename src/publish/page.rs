//! A page for a browser: what the meters say now, the curve of the day, days and months, findings.
//!
//! ```text
//! /              the page, with the numbers as of loading     /page.css /page.js /icon.svg /manifest.webmanifest
//! /api/now       an object for each meter
//! /api/periods   ?by=hour|quarter|day|week|month|year         as `smarty report --json`
//! /api/events    server-sent events: each telegram
//! ```
//!
//! It fetches nothing from elsewhere. Who looks on and does not read is left behind by the news, and after a minute
//! without having read any the connection is closed; nobody waits for them.

mod curve;
mod view;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Extension;
use axum::Router;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::Timestamp;
use tokio::sync::broadcast;
use tokio::time::interval;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::BroadcastStream;

use self::curve::Curve;
use super::metrics::Shared;
use super::pages::Patience;
use crate::format::json::write_text_or_null;
use crate::format::number::write_json_text;
use crate::format::report::{Accounts, Stated, json};
use crate::observe::context::Context;
use crate::observe::observer::{Observer, Report};
use crate::p1::event::Event;
use crate::p1::period::{By, Wanted};
use crate::p1::value::Zone;
use crate::source::database::Past;

/// What the page shows beside the numbers; its clones are the same one.
#[derive(Clone)]
pub(super) struct Page {
    known: Arc<Mutex<Known>>,
    news: broadcast::Sender<Arc<str>>,
}

struct Known {
    zone: Zone,
    accounts: Accounts,
    /// By meter and label, as the numbers are.
    curves: BTreeMap<(String, String), Curve>,
    /// The page as it was sent last, and when it was made.
    made: Option<(Instant, Arc<str>)>,
}

/// All that a request needs.
#[derive(Clone)]
struct Site {
    numbers: Shared,
    page: Page,
}

impl Page {
    /// A page of nothing yet; days are those of the zone.
    pub(super) fn new(zone: Zone) -> Self {
        let known = Known {
            zone,
            accounts: Accounts::default(),
            curves: BTreeMap::new(),
            made: None,
        };
        Self {
            known: Arc::new(Mutex::new(known)),
            news: broadcast::channel(NEWS_MAX).0,
        }
    }

    /// Takes what a store knows of before.
    pub(super) fn remember(&self, past: &[Past]) {
        let mut known = self.lock();
        for Past { meter, ledger } in past {
            let account = known.accounts.account(&meter.name, meter.label.as_deref());
            account.clone_from(ledger);
        }
    }

    /// Takes a report, behind the numbers.
    pub(super) fn observe(&self, numbers: &Shared, context: &Context<'_>, report: &Report<'_>) {
        if !matches!(
            report,
            Report::Event { .. } | Report::Finding(_) | Report::Repaired
        ) {
            return;
        }
        let telegram = matches!(
            report,
            Report::Event {
                event: Event::Telegram(_),
                ..
            }
        );
        let mut known = self.lock();
        let numbers = numbers.lock();
        let heard = numbers.last_heard();
        // Who has no place among the numbers has none here.
        if !telegram || heard.is_some() {
            known.accounts.observe(context, report);
        }
        if known.accounts.is_full() {
            // A store keeps all years; here the last of them have to do.
            known.accounts.make_room();
        }
        if telegram && let Some((key, meter)) = heard {
            if known.curves.len() >= CURVES_MAX && !known.curves.contains_key(key) {
                known
                    .curves
                    .retain(|known, _| numbers.meters.contains_key(known));
            }
            let curve = known.curves.entry(key.clone()).or_default();
            curve.take(meter.heard.at.as_second(), |name| meter.number(name));
            if self.news.receiver_count() > 0 {
                let mut news = Vec::new();
                now(&mut news, key, meter);
                // Nobody looks on any more.
                let _ = self.news.send(String::from_utf8_lossy(&news).into());
            }
        }
    }

    /// The routes of the page.
    pub(super) fn router(&self, numbers: &Shared) -> Router {
        Router::new()
            .route("/", get(page))
            .route("/page.css", get(async || file("text/css", &view::style())))
            .route("/page.js", get(async || file("text/javascript", SCRIPT)))
            .route("/icon.svg", get(async || file("image/svg+xml", ICON)))
            .route(
                "/manifest.webmanifest",
                get(async || file("application/manifest+json", MANIFEST)),
            )
            .route("/api/now", get(api_now))
            .route("/api/periods", get(api_periods))
            .route("/api/events", get(api_events))
            .with_state(Site {
                numbers: numbers.clone(),
                page: self.clone(),
            })
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn statements(&self, by: By) -> Vec<Stated> {
        self.accounts.statements(&Wanted {
            by: Some(by),
            ..Wanted::new(self.zone.clone(), Timestamp::now().as_second())
        })
    }

    /// The last periods that the page has room for.
    fn latest(&self, by: By) -> Vec<Stated> {
        let now = Timestamp::now().as_second();
        self.accounts.statements(&Wanted {
            by: Some(by),
            from: Some(by.back(now, view::PERIODS_MAX + 1, &self.zone)),
            // The page does not show what is measured.
            measured: false,
            ..Wanted::new(self.zone.clone(), now)
        })
    }
}

/// The page itself, made anew at most every few seconds however many ask for it.
async fn page(State(site): State<Site>) -> Response {
    let mut known = site.page.lock();
    let made = match &known.made {
        Some((at, made)) if at.elapsed() < MADE_FOR => Arc::clone(made),
        _ => {
            let (days, months) = (known.latest(By::Day), known.latest(By::Month));
            let made: Arc<str> = view::page(&site.numbers.lock(), &known, &days, &months).into();
            known.made = Some((Instant::now(), Arc::clone(&made)));
            made
        }
    };
    drop(known);
    file("text/html", &made)
}

fn file(kind: &str, text: &str) -> Response {
    let headers = [
        (CONTENT_TYPE, format!("{kind}; charset=utf-8")),
        (CONTENT_SECURITY_POLICY, POLICY.to_owned()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
    ];
    (headers, text.to_owned()).into_response()
}

async fn api_now(State(site): State<Site>) -> Response {
    let numbers = site.numbers.lock();
    let mut text = Vec::new();
    for (key, meter) in &numbers.meters {
        now(&mut text, key, meter);
        text.push(b'\n');
    }
    ([(CONTENT_TYPE, LINES)], text).into_response()
}

async fn api_periods(
    State(site): State<Site>,
    Query(asked): Query<BTreeMap<String, String>>,
) -> Response {
    let by = asked.get("by").map_or(Ok(By::Day), |by| by.parse());
    let by = match by {
        Ok(by) => by,
        Err(error) => return (StatusCode::BAD_REQUEST, format!("by: {error}\n")).into_response(),
    };
    let known = site.page.lock();
    let mut text = Vec::new();
    for stated in known.statements(by) {
        json(&mut text, &stated.account(), &known.zone);
    }
    ([(CONTENT_TYPE, LINES)], text).into_response()
}

async fn api_events(State(site): State<Site>, patience: Option<Extension<Patience>>) -> Response {
    let Some(Extension(patience)) = patience else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    patience.extend(LOOKER_WAITS);
    let news = BroadcastStream::new(site.page.news.subscribe());
    // Whoever missed some goes on with the next; a line now and then shows that the connection is there.
    let news = news.timeout_repeating(interval(ALIVE)).map(move |news| {
        patience.extend(LOOKER_WAITS);
        Ok::<_, std::convert::Infallible>(match news {
            Ok(Ok(news)) => format!("event: telegram\ndata: {news}\n\n"),
            Ok(Err(_)) | Err(_) => ":\n\n".to_owned(),
        })
    });
    (
        [(CONTENT_TYPE, "text/event-stream")],
        Body::from_stream(news),
    )
        .into_response()
}

/// Appends what a meter says now, as an object without a line end.
fn now(out: &mut Vec<u8>, (id, label): &(String, String), meter: &super::metrics::Meter) {
    out.extend_from_slice(b"{\"schema\":\"smarty/1\",\"type\":\"now\",\"meter\":{\"id\":");
    write_json_text(out, id);
    out.extend_from_slice(b",\"name\":");
    write_text_or_null(out, Some(label.as_str()).filter(|label| !label.is_empty()));
    let age = meter.heard.instant.elapsed().as_secs();
    out.extend_from_slice(
        format!(
            "}},\"received_at\":\"{}\",\"age_s\":{age},\"values\":{{",
            meter.heard.at
        )
        .as_bytes(),
    );
    for (at, value) in meter.values.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write_json_text(out, &value.key);
        out.push(b':');
        out.extend_from_slice(value.digits.as_bytes());
    }
    out.extend_from_slice(b"}}");
}

/// Nothing from elsewhere, and nothing that stands within the page itself.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// An object in each line.
const LINES: &str = "application/x-ndjson";
const SCRIPT: &str = include_str!("page/page.js");
const ICON: &str = include_str!("page/icon.svg");
const MANIFEST: &str = include_str!("page/manifest.json");
/// Telegrams that a slow looker may be behind.
const NEWS_MAX: usize = 16;
/// How long a page that was made is sent again.
pub(super) const MADE_FOR: Duration = Duration::from_secs(2);
/// How long somebody may look on without reading.
const LOOKER_WAITS: Duration = Duration::from_secs(60);
/// Between two lines to somebody to whom there is nothing to say.
const ALIVE: Duration = Duration::from_secs(15);
/// Curves that are kept, beyond which those of meters that are gone leave.
const CURVES_MAX: usize = 256;
