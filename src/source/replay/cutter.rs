//! Cuts the pieces of a dump into the bursts that a meter would send.

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::Timestamp;

use crate::p1::cipher::Keys;
use crate::p1::decoder::{Decoder, Policy};
use crate::p1::event::Event;
use crate::p1::value::Zone;
use crate::source::dump::Piece;

/// Cuts pieces of a dump into bursts.
pub(super) struct Cutter {
    /// Time and label of the record that the next bytes belong to.
    record: Option<(Timestamp, String)>,
    decoder: Decoder,
    /// Bytes in no burst yet; the first of them has this offset.
    held: Vec<u8>,
    base: u64,
    ready: VecDeque<Burst>,
}

/// What is sent at once.
pub(super) struct Burst {
    /// Time and label, of a record of a log.
    pub record: Option<(Timestamp, String)>,
    /// Never empty.
    pub bytes: Vec<u8>,
}

impl Cutter {
    /// The next burst that is cut.
    pub fn next(&mut self) -> Option<Burst> {
        self.ready.pop_front()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ready.is_empty()
    }

    /// Drops what is cut.
    pub fn forget(&mut self) {
        self.ready.clear();
    }

    /// Takes the next piece.
    pub fn take(&mut self, piece: Piece<'_>) {
        match piece {
            Piece::Record { time, label, .. } => self.record = Some((time, label.to_owned())),
            Piece::Bytes(bytes) if self.record.is_some() => self.ready.push_back(Burst {
                record: self.record.clone(),
                bytes: bytes.to_vec(),
            }),
            Piece::Bytes(bytes) => {
                self.held.extend_from_slice(bytes);
                self.cut(|decoder, each| decoder.push(bytes, each));
            }
            Piece::Quiet | Piece::Lost if self.record.is_none() => {
                self.cut(|decoder, each| decoder.quiet(each));
            }
            Piece::Quiet | Piece::Lost | Piece::Archived(_) | Piece::Note(_) | Piece::Object(_) => {
            }
        }
    }

    /// Takes the end: what is left is a burst too.
    pub fn finish(&mut self) {
        self.cut(|decoder, each| decoder.finish(each));
        if !self.held.is_empty() {
            let bytes = std::mem::take(&mut self.held);
            let record = self.record.clone();
            self.ready.push_back(Burst { record, bytes });
        }
    }

    /// Cuts behind each frame, and now and then where there is none.
    fn cut(&mut self, run: impl FnOnce(&mut Decoder, &mut dyn FnMut(&Event<'_>))) {
        let Self {
            decoder,
            held,
            base,
            ready,
            ..
        } = self;
        let mut from = 0;
        run(decoder, &mut |event| {
            let end = event.span().end;
            let to = usize::try_from(end.saturating_sub(*base)).unwrap_or(usize::MAX);
            let is_frame = !matches!(event, Event::Junk(_));
            if let Some(bytes) = held
                .get(from..to)
                .filter(|b| is_frame || b.len() > JUNK_MAX)
            {
                let (record, bytes) = (None, bytes.to_vec());
                ready.push_back(Burst { record, bytes });
                from = to;
            }
        });
        held.drain(..from);
        *base += from as u64;
    }
}

/// Frames are found without their keys.
impl Default for Cutter {
    fn default() -> Self {
        let keys = Arc::new(Keys::default());
        Self {
            record: None,
            decoder: Decoder::new(keys, Policy::default(), Zone::luxembourg()),
            held: Vec::new(),
            base: 0,
            ready: VecDeque::new(),
        }
    }
}

/// So many bytes without a frame are a burst as well.
const JUNK_MAX: usize = 64 << 10;
