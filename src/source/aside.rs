//! A thread that fetches what has no descriptor to wait at, and what it has fetched.
//!
//! ```text
//! thread: server --News--> channel, a byte each in the pipe --> read, woken by the pipe or by the handle that stops
//! ```

use std::io::{self, PipeReader, PipeWriter, Read as _, Write};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use crate::source::error::SourceError;
use crate::source::read::{GoneReason, Read, SourceOptions};
use crate::sys::stop::{Stop, Wake};

/// What a thread fetches.
#[derive(Debug)]
pub(super) struct Aside {
    name: String,
    bell: PipeReader,
    news: Receiver<News>,
    stop: Stop,
    rest: Vec<u8>,
    given: usize,
    label: Option<Arc<str>>,
}

/// What the thread tells.
#[derive(Debug)]
pub(super) enum News {
    /// The source is open.
    Open,
    /// It cannot be opened; nothing follows.
    Refused(SourceError),
    /// Bytes, under a label where the source has several streams.
    Bytes(Option<Arc<str>>, Vec<u8>),
    /// It went away; nothing follows.
    Gone(GoneReason),
}

/// What the thread tells by.
pub(super) struct Teller {
    news: SyncSender<News>,
    bell: PipeWriter,
}

impl Aside {
    /// Starts a thread, and waits until the source is open, for so long at the most.
    ///
    /// # Errors
    /// Where it cannot be opened, or not in time.
    pub(super) fn start(
        name: &str,
        options: &SourceOptions,
        most: Duration,
        work: impl FnOnce(Teller) + Send + 'static,
    ) -> Result<Self, SourceError> {
        let failed = |error: io::Error| SourceError::io(name, error);
        let (bell, rope) = io::pipe().map_err(failed)?;
        let (give, news) = sync_channel(WAITING_MAX);
        let teller = Teller {
            news: give,
            bell: rope,
        };
        thread::Builder::new()
            .name("fetch".to_owned())
            .spawn(move || work(teller))
            .map_err(failed)?;
        let mut aside = Self {
            name: name.to_owned(),
            bell,
            news,
            stop: options.stop.clone(),
            rest: Vec::new(),
            given: 0,
            label: None,
        };
        match aside.next(most).map_err(failed)? {
            Some(Ok(News::Open)) => Ok(aside),
            Some(Ok(News::Refused(error))) => Err(error),
            Some(Err(())) => Err(SourceError::Stopped),
            _ => Err(SourceError::ConnectFailed {
                server: name.to_owned(),
                cause: io::Error::new(io::ErrorKind::TimedOut, "no answer"),
            }),
        }
    }

    /// What the source is called.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The label of the bytes that were read last.
    #[cfg(feature = "mqtt")]
    pub(super) fn label(&self) -> Option<&Arc<str>> {
        self.label.as_ref()
    }

    /// Reads what has come, of one label, waiting up to 250 ms.
    ///
    /// # Errors
    /// Where waiting fails; a source that goes away is no error.
    pub(super) fn read(&mut self, buf: &mut [u8]) -> Result<Read, SourceError> {
        loop {
            let rest = self.rest.get(self.given..).unwrap_or_default();
            if !rest.is_empty() {
                let count = rest.len().min(buf.len());
                for (to, from) in buf.iter_mut().zip(rest) {
                    *to = *from;
                }
                self.given += count;
                return Ok(Read::Bytes(count));
            }
            let news = self
                .next(TIMEOUT)
                .map_err(|error| SourceError::io(&self.name, error))?;
            match news {
                None => return Ok(Read::Quiet),
                Some(Err(())) => return Ok(Read::Stopped),
                Some(Ok(News::Bytes(label, bytes))) => {
                    (self.rest, self.given, self.label) = (bytes, 0, label);
                }
                Some(Ok(News::Gone(reason))) => return Ok(Read::Gone(reason)),
                Some(Ok(News::Refused(error))) => return Err(error),
                Some(Ok(News::Open)) => {}
            }
        }
    }

    /// The next that is told; `Err` where reading is to end.
    fn next(&mut self, most: Duration) -> io::Result<Option<Result<News, ()>>> {
        match self.stop.wait_readable(self.bell.as_fd(), Some(most))? {
            Wake::TimedOut => Ok(None),
            Wake::Stopped => Ok(Some(Err(()))),
            Wake::Ready => {
                // At the end of the thread nothing is in the pipe any more.
                let _ = self.bell.read(&mut [0; 1])?;
                let ended = || News::Gone(GoneReason::Fault("reading has ended".to_owned()));
                Ok(Some(Ok(self.news.recv().unwrap_or_else(|_| ended()))))
            }
        }
    }
}

impl Teller {
    /// Tells something; false where nobody listens any more.
    pub(super) fn tell(&mut self, news: News) -> bool {
        self.news.send(news).is_ok() && self.bell.write_all(&[1]).is_ok()
    }
}

/// News that wait to be read, at the most; less than the bytes that a pipe holds.
const WAITING_MAX: usize = 16;
/// How long a read waits.
const TIMEOUT: Duration = Duration::from_millis(250);
