//! Refused frames and junk that may still be repaired: they are reported when that is known.
//!
//! ```text
//! refused   refused   junk   good        events of the decoder
//! |------- pending --------|             reported: repaired, refused, good
//! ```

use std::collections::VecDeque;

use jiff::Timestamp;

use super::{Arrivals, Report};
use crate::p1::event::{Event, Junk, Refused};
use crate::p1::span::Span;

/// Events that wait, in the order of the stream.
#[derive(Default)]
pub(super) struct Pending {
    items: VecDeque<Item>,
    /// Frames that were reported as refused, and may still be repaired.
    pub(super) refused: u64,
}

struct Item {
    span: Span,
    bytes: Vec<u8>,
    /// `None`: junk.
    refused: Option<Refused<'static>>,
    received_at: Option<Timestamp>,
    /// Junk that shows the push before once more.
    again: bool,
}

impl Pending {
    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Keeps a refused frame or junk; a telegram never waits.
    pub(super) fn push(&mut self, event: &Event<'_>, arrivals: &Arrivals) {
        let mut again = false;
        let (bytes, refused) = match event {
            Event::Telegram(_) => return,
            Event::Junk(junk) => {
                again = junk.again;
                (junk.bytes, None)
            }
            Event::Refused(refused) => {
                let kept = Refused {
                    frame: &[],
                    ..*refused
                };
                (refused.frame, Some(kept))
            }
        };
        self.items.push_back(Item {
            span: event.span(),
            bytes: bytes.to_vec(),
            refused,
            again,
            received_at: arrivals.at(event.span().start),
        });
    }

    /// Reports what ends before an offset.
    pub(super) fn release(&mut self, offset: u64, report: &mut dyn FnMut(Report<'_>)) {
        while let Some(item) = self.next_if(|item| item.span.end <= offset) {
            item.report(report);
        }
    }

    /// Drops the frames that begin in a span, from which a telegram was made, and reports the junk between them;
    /// gives the time of the first byte.
    pub(super) fn replace(
        &mut self,
        span: Span,
        report: &mut dyn FnMut(Report<'_>),
    ) -> Option<Timestamp> {
        let mut at = None;
        while let Some(item) = self.next_if(|item| item.span.start < span.end) {
            at = at.or(item.received_at);
            if item.refused.is_none() {
                item.report(report);
            }
        }
        at
    }

    fn next_if(&mut self, takes: impl Fn(&Item) -> bool) -> Option<Item> {
        self.items.front().filter(|item| takes(item))?;
        self.items.pop_front()
    }
}

impl Item {
    fn report(&self, report: &mut dyn FnMut(Report<'_>)) {
        let (span, bytes) = (self.span, self.bytes.as_slice());
        let event = match self.refused {
            Some(refused) => Event::Refused(Refused {
                frame: bytes,
                ..refused
            }),
            None => Event::Junk(Junk {
                span,
                bytes,
                again: self.again,
            }),
        };
        report(Report::Event(&event, self.received_at));
    }
}
