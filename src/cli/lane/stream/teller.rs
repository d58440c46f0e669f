//! Tells of the events of a stream in order; where frames may be mended, what is refused waits until that is known.
//!
//! ```text
//! refused   refused   junk   good        events
//! |------- waiting --------|             mended, refused, good: told
//! ```

use std::collections::VecDeque;

use jiff::Timestamp;

use super::{Desk, Front, time_of};
use crate::p1::diagnosis::recovery::Recovery;
use crate::p1::event::{Decoded, Event, Junk, Refused};
use crate::p1::replay::{self, Witness};
use crate::p1::span::Span;

/// Tells of events.
pub(super) struct Teller<'a> {
    pub(super) front: Front<'a>,
    pub(super) times: &'a VecDeque<(u64, Timestamp)>,
    pub(super) waiting: &'a mut Waiting,
    pub(super) witness: &'a mut Witness,
    /// So many frames, good or not.
    pub(super) frames: u64,
    pub(super) desk: &'a mut dyn Desk,
}

/// What waits.
#[derive(Default)]
pub(super) struct Waiting {
    kept: VecDeque<Kept>,
    /// So many frames were told to be refused, and may still be mended.
    refused: u64,
}

struct Kept {
    span: Span,
    bytes: Vec<u8>,
    /// `None`: junk.
    refused: Option<Refused<'static>>,
    at: Option<Timestamp>,
}

impl Teller<'_> {
    /// Looks whether the counter of a telegram came before: then it is refused, or marked where it is of a recording.
    pub(super) fn vet(&mut self, event: &Event<'_>, then: impl FnOnce(&mut Self, &Event<'_>)) {
        let Event::Telegram(decoded) = event else {
            return then(self, event);
        };
        let Some(security) = decoded.security else {
            return then(self, event);
        };
        let (front, title) = (self.front, security.title());
        let mut new = true;
        if front.heard || front.remembers {
            new = self.witness.takes(decoded);
            let record = self.witness.record(title);
            if let Some(record) = record.filter(|_| front.remembers) {
                self.desk.remember(title, record);
            }
        }
        if front.heard {
            return match new {
                true => then(self, event),
                false => then(self, &replay::refusal(decoded)),
            };
        }
        let frame = (title, security.counter().0);
        match self.desk.came_before(front.source, frame) {
            true => {
                let marked = Decoded {
                    replayed: true,
                    ..decoded.clone()
                };
                then(self, &Event::Telegram(marked));
            }
            false => then(self, event),
        }
    }

    /// Tells of an event now.
    pub(super) fn say(&mut self, event: &Event<'_>) {
        if let Event::Refused(_) = event {
            self.waiting.refused += 1;
        }
        self.say_at(time_of(self.times, event), event);
    }

    /// Keeps what is no telegram.
    pub(super) fn keep(&mut self, event: &Event<'_>) {
        let (bytes, refused) = match event {
            Event::Telegram(_) => return,
            Event::Junk(junk) => (junk.bytes, None),
            Event::Refused(refused) => {
                let kept = Refused {
                    frame: &[],
                    ..*refused
                };
                (refused.frame, Some(kept))
            }
        };
        self.waiting.kept.push_back(Kept {
            span: event.span(),
            bytes: bytes.to_vec(),
            refused,
            at: time_of(self.times, event),
        });
    }

    /// Mends what can be mended, and tells of that and of what cannot.
    pub(super) fn settle(&mut self, recovery: &mut Recovery, ended: bool) {
        recovery.settle(ended, |event| {
            if self.front.others(event) {
                return;
            }
            self.vet(event, |teller, event| {
                // That it was refused is known, for the damage.
                if !matches!(event, Event::Refused(_)) {
                    teller.frames += 1;
                    teller.say_mended(event);
                }
            });
        });
        let open = recovery.start();
        self.say_before(open.unwrap_or(u64::MAX));
        if open.is_none() {
            self.waiting.refused = 0;
        }
    }

    fn say_at(&mut self, at: Option<Timestamp>, event: &Event<'_>) {
        self.desk
            .event(self.front.lane, self.front.source, at, event);
    }

    /// Tells of a mended telegram in the place of what it was made of.
    fn say_mended(&mut self, event: &Event<'_>) {
        let lane = self.front.lane;
        let span = event.span();
        if self.waiting.kept.is_empty() {
            if self.waiting.refused > 0 {
                self.waiting.refused -= 1;
                self.desk.withdrawn(lane);
            }
            return self.say_at(time_of(self.times, event), event);
        }
        self.say_before(span.start);
        let mut at = None;
        while let Some(kept) = self.next_kept(|kept| kept.span.start < span.end) {
            at = at.or(kept.at);
            if kept.refused.is_none() {
                self.say_kept(&kept);
            }
        }
        self.say_at(at, event);
    }

    /// Tells of what waits and ends before an offset.
    fn say_before(&mut self, offset: u64) {
        while let Some(kept) = self.next_kept(|kept| kept.span.end <= offset) {
            self.say_kept(&kept);
        }
    }

    /// Takes what waits first, where it lies as asked.
    fn next_kept(&mut self, lies: impl Fn(&Kept) -> bool) -> Option<Kept> {
        self.waiting.kept.front().filter(|kept| lies(kept))?;
        self.waiting.kept.pop_front()
    }

    fn say_kept(&mut self, kept: &Kept) {
        let (span, bytes) = (kept.span, kept.bytes.as_slice());
        let event = match kept.refused {
            Some(refused) => Event::Refused(Refused {
                frame: bytes,
                ..refused
            }),
            None => Event::Junk(Junk { span, bytes }),
        };
        self.say_at(kept.at, &event);
    }
}
