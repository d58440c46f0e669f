//! What lies between the loop, which only puts telegrams in, and the thread that passes them on.

use std::collections::VecDeque;
use std::io::{self, PipeReader, PipeWriter, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::io::ioctl_fionbio;

use crate::observe::observer::Notice;
use crate::observe::standing::Standing;

/// Between the loop and the thread.
#[derive(Debug)]
pub(super) struct Inbox {
    letters: Mutex<Letters>,
    /// Written to when there is something new.
    rope: PipeWriter,
}

#[derive(Debug, Default)]
pub(super) struct Letters {
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

impl Inbox {
    /// Makes one with something to say already, and the end that is read when there is something new.
    pub(super) fn new(notices: Vec<Notice>) -> io::Result<(Self, PipeReader)> {
        let (ear, rope) = io::pipe()?;
        ioctl_fionbio(&rope, true)?;
        ioctl_fionbio(&ear, true)?;
        let letters = Letters {
            notices,
            ..Letters::default()
        };
        let letters = Mutex::new(letters);
        Ok((Self { letters, rope }, ear))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Letters> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a telegram in; the oldest are forgotten should nobody take them.
    pub(super) fn post(&self, telegram: Telegram) {
        let mut letters = self.lock();
        letters.bytes += telegram.bytes.len();
        letters.telegrams.push_back(telegram);
        while letters.bytes > INBOX_MAX
            && let Some(oldest) = letters.telegrams.pop_front()
        {
            letters.bytes -= oldest.bytes.len();
        }
        drop(letters);
        // A full pipe rings as well.
        let _ = (&self.rope).write(&[1]);
    }

    pub(super) fn take(&self) -> VecDeque<Telegram> {
        let mut letters = self.lock();
        letters.bytes = 0;
        std::mem::take(&mut letters.telegrams)
    }

    pub(super) fn note(&self, notice: Notice) {
        let mut letters = self.lock();
        if letters.notices.len() < NOTICES_MAX {
            letters.notices.push(notice);
        }
    }
}

/// Bytes that may wait for the thread.
const INBOX_MAX: usize = 4 << 20;
/// Notices that are kept until they are asked for.
const NOTICES_MAX: usize = 100;
