//! A server of pages that gives a telegram, or a stream of them: the local interface of a HomeWizard P1 meter and its like.
//!
//! ```text
//! GET --> /XXX5…!CRC      the last telegram: asked for again when the next is due; one that came before is skipped
//! GET --> /XXX5…!CRC /XXX5…!CRC /XX…      a stream: read as long as it lasts, then asked for again
//! ```
//! Which of both it is shows itself: what comes is passed on as soon as it differs from what came the last time.

mod client;
mod pace;
pub mod url;

use std::time::{Duration, Instant};

use crate::source::aside::{Aside, News, Teller};
use crate::source::error::SourceError;
use crate::source::payload;
use crate::source::read::{GoneReason, Read, SourceOptions};
use crate::source::seen::Seen;
use client::{Answer, Client, Trouble};
use pace::Pace;
use url::HttpUrl;

/// A server of pages.
#[derive(Debug)]
pub struct Http {
    fetched: Aside,
}

impl Http {
    /// Asks for the first time.
    ///
    /// # Errors
    /// Where there is no answer, or one that is none.
    pub fn open(url: &HttpUrl, options: &SourceOptions) -> Result<Self, SourceError> {
        let name = url.to_string();
        let client = Client::new(url, &options.access, options.connect_timeout)?;
        let seen = options.seen.clone();
        // To look a name up takes a time of its own.
        let most = options.connect_timeout * 2 + client::ANSWER_TIME;
        let fetched = Aside::start(&name, options, most, move |teller| {
            live(client, seen, teller)
        })?;
        Ok(Self { fetched })
    }

    /// Reads what has come, waiting up to 250 ms.
    ///
    /// # Errors
    /// Where waiting fails; a server that goes away is no error.
    pub fn read(&mut self, buf: &mut [u8]) -> Result<Read, SourceError> {
        self.fetched.read(buf)
    }

    /// The address, without what stands behind a `?`.
    pub fn name(&self) -> &str {
        self.fetched.name()
    }
}

/// The life of the thread.
fn live(client: Client, seen: Seen, mut teller: Teller) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => runtime.block_on(ask(client, &seen, &mut teller)),
        Err(error) => {
            let refused = SourceError::io("http", error);
            teller.tell(News::Refused(refused));
        }
    }
}

/// Asks again and again.
async fn ask(mut client: Client, seen: &Seen, teller: &mut Teller) {
    let mut pace = Pace::default();
    let mut open = false;
    loop {
        let answer = match client.ask().await {
            Ok(answer) => answer,
            Err(trouble) => {
                teller.tell(trouble.news(open));
                return;
            }
        };
        if !std::mem::replace(&mut open, true) && !teller.tell(News::Open) {
            return;
        }
        match take(answer, seen, teller).await {
            Ok(Some(is_new)) => tokio::time::sleep(pace.next(is_new, Instant::now())).await,
            Ok(None) => return,
            Err(trouble) => {
                teller.tell(trouble.news(true));
                return;
            }
        }
    }
}

/// Passes an answer on; tells whether it was another one than the last. `None`: nobody listens any more.
async fn take(
    mut answer: Answer,
    seen: &Seen,
    teller: &mut Teller,
) -> Result<Option<bool>, Trouble> {
    let whole = answer.is_document();
    let before = seen.take();
    // What came, as long as it may be a telegram.
    let mut all = Vec::new();
    let mut told = false;
    while let Some(bytes) = answer.next().await? {
        if all.len() <= client::DOCUMENT_MAX {
            all.extend_from_slice(&bytes);
        }
        let waits = whole || before.starts_with(&all);
        if !told && waits {
            continue;
        }
        let bytes = match std::mem::replace(&mut told, true) {
            true => bytes,
            false => all.clone(),
        };
        if !teller.tell(News::Bytes(None, bytes)) {
            return Ok(None);
        }
    }
    let is_new = told || all != before;
    if is_new && !told && !all.is_empty() {
        let bytes = match whole {
            true => payload::decoded(&all),
            false => all.clone(),
        };
        if !teller.tell(News::Bytes(None, bytes)) {
            return Ok(None);
        }
    }
    all.truncate(client::DOCUMENT_MAX);
    seen.put(all);
    Ok(Some(is_new))
}

impl Trouble {
    /// As what is told of a source that was open, or not yet.
    fn news(self, open: bool) -> News {
        match open {
            true => News::Gone(self.reason()),
            false => News::Refused(self.0),
        }
    }

    fn reason(self) -> GoneReason {
        match self.0 {
            SourceError::Answer { what, .. } => GoneReason::Fault(what),
            SourceError::ConnectRefused { .. } => {
                GoneReason::Fault("the server refuses connections".to_owned())
            }
            SourceError::ConnectFailed { .. } => GoneReason::Silent,
            error => GoneReason::Fault(error.to_string()),
        }
    }
}

/// How long a stream may be silent.
const SILENT_MAX: Duration = Duration::from_secs(120);
