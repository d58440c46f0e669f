//! What lies between the loop, which only puts telegrams in, and the thread that passes them on.

use std::collections::VecDeque;
use std::io::{self, PipeReader, PipeWriter, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::io::ioctl_fionbio;

use crate::observe::observer::Notice;
use crate::observe::standing::Standing;

/// Between the loop and the thread.
#[derive(Debug)]
pub(super) struct ForwardQueue {
    queued: Mutex<Queued>,
    /// Written to when there is something new.
    wake_tx: PipeWriter,
}

#[derive(Debug, Default)]
pub(super) struct Queued {
    pub(super) telegrams: VecDeque<Telegram>,
    bytes: usize,
    pub(super) notices: Vec<Notice>,
}

/// A telegram on its way.
#[derive(Clone, Debug)]
pub(super) struct Telegram {
    pub(super) label: Option<String>,
    /// Source and meter.
    pub(super) sender: String,
    pub(super) bytes: Arc<[u8]>,
    /// How sure it is who sent it.
    pub(super) standing: Standing,
}

impl ForwardQueue {
    /// Makes one with something to say already, and the end that is read when there is something new.
    pub(super) fn new(notices: Vec<Notice>) -> io::Result<(Self, PipeReader)> {
        let (wake_rx, wake_tx) = io::pipe()?;
        ioctl_fionbio(&wake_tx, true)?;
        ioctl_fionbio(&wake_rx, true)?;
        let queued = Queued {
            notices,
            ..Queued::default()
        };
        let queued = Mutex::new(queued);
        Ok((Self { queued, wake_tx }, wake_rx))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Queued> {
        self.queued.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a telegram in; the oldest are forgotten should nobody take them.
    pub(super) fn push(&self, telegram: Telegram) {
        let mut queued = self.lock();
        queued.bytes += telegram.bytes.len();
        queued.telegrams.push_back(telegram);
        while queued.bytes > INBOX_MAX
            && let Some(oldest) = queued.telegrams.pop_front()
        {
            queued.bytes -= oldest.bytes.len();
        }
        drop(queued);
        // A full pipe rings as well.
        let _ = (&self.wake_tx).write(&[1]);
    }

    pub(super) fn take(&self) -> VecDeque<Telegram> {
        let mut queued = self.lock();
        queued.bytes = 0;
        std::mem::take(&mut queued.telegrams)
    }

    pub(super) fn note(&self, notice: Notice) {
        let mut queued = self.lock();
        if queued.notices.len() < NOTICES_MAX {
            queued.notices.push(notice);
        }
    }
}

/// Bytes that may wait for the thread.
const INBOX_MAX: usize = 4 << 20;
/// Notices that are kept until they are asked for.
const NOTICES_MAX: usize = 100;
