//! Telegrams whose check sum is of another kind than the standard's, held back until the next of the same meter
//! tells whether that is its kind.
//!
//! ```text
//! A, sum fits as X-25     B     junk     A, sum fits as X-25 again
//! |-------------- held ---------------|  all of it comes out, in order
//! ```
//! A single sum of that many kinds may fit by chance; the same kind twice proves it. Where none follows soon, the
//! telegram is refused.

use std::collections::VecDeque;

use super::judge::Verdict;
use super::{Decoder, JUNK_MAX};
use crate::p1::ciphering::SystemTitle;
use crate::p1::event::{Event, Junk};
use crate::p1::framer::{Kind, Sighting};
use crate::p1::readout::Algorithm;
use crate::p1::span::Span;

/// A telegram that counts once its kind of check sum is proven.
#[derive(Clone, Debug)]
pub(super) struct Doubt {
    pub(super) sender: Sender,
    pub(super) kind: Algorithm,
    /// What becomes of it then.
    pub(super) verdict: Verdict,
}

/// Who sent a telegram, as far as the telegram says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    /// Title of an encrypted frame.
    Title(SystemTitle),
    /// Name in a telegram, or its first line.
    Name(String),
}

/// Kinds of check sums that meters were seen to use.
#[derive(Clone, Debug, Default)]
pub(super) struct Kinds(VecDeque<Seen>);

#[derive(Clone, Debug)]
struct Seen {
    sender: Sender,
    kind: Algorithm,
    /// It has fitted twice.
    proven: bool,
}

/// What waits behind a telegram in doubt, that telegram first.
#[derive(Clone, Default)]
pub(super) struct Hold {
    bytes: Vec<u8>,
    items: VecDeque<Item>,
    frames: usize,
}

#[derive(Clone)]
struct Item {
    span: Span,
    /// `None`: junk.
    frame: Option<Frame>,
}

#[derive(Clone)]
struct Frame {
    kind: Kind,
    verdict: Verdict,
    /// The text of an encrypted frame.
    text: Vec<u8>,
    doubt: Option<Doubt>,
}

impl Kinds {
    /// Tells whether a meter uses a kind.
    pub(super) fn has(&self, sender: &Sender, kind: Algorithm) -> bool {
        self.place(sender, kind).is_some_and(|seen| seen.proven)
    }

    /// Takes note of a kind that fits; tells whether that was the second time.
    fn fits(&mut self, sender: &Sender, kind: Algorithm) -> bool {
        let place = |seen: &&mut Seen| seen.sender == *sender && seen.kind == kind;
        if let Some(seen) = self.0.iter_mut().find(place) {
            seen.proven = true;
            return true;
        }
        if self.0.len() >= KINDS_MAX {
            let unproven = self.0.iter().position(|seen| !seen.proven);
            self.0.remove(unproven.unwrap_or(0));
        }
        self.0.push_back(Seen {
            sender: sender.clone(),
            kind,
            proven: false,
        });
        false
    }

    /// A meter uses the kind of the standard: what fitted once did so by chance.
    fn deny(&mut self, sender: &Sender) {
        self.0.retain(|seen| seen.proven || seen.sender != *sender);
    }

    fn place(&self, sender: &Sender, kind: Algorithm) -> Option<&Seen> {
        let mut seen = self.0.iter();
        seen.find(|seen| seen.sender == *sender && seen.kind == kind)
    }
}

impl Hold {
    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Offset of the first byte that is held.
    pub(super) fn offset(&self) -> Option<u64> {
        self.items.front().map(|item| item.span.start)
    }

    fn push(&mut self, span: Span, bytes: &[u8], frame: Option<Frame>) {
        self.bytes.extend_from_slice(bytes);
        self.frames += usize::from(frame.is_some());
        self.items.push_back(Item { span, frame });
    }

    fn frames(&mut self) -> impl Iterator<Item = &mut Frame> {
        self.items.iter_mut().filter_map(|item| item.frame.as_mut())
    }

    /// Lets a kind of check sum count.
    fn prove(&mut self, sender: &Sender, kind: Algorithm) {
        for frame in self.frames() {
            let this = |doubt: &mut Doubt| doubt.sender == *sender && doubt.kind == kind;
            if let Some(doubt) = frame.doubt.take_if(this) {
                frame.verdict = doubt.verdict;
            }
        }
    }

    /// Lets what is held of a meter be refused.
    fn deny(&mut self, sender: &Sender) {
        for frame in self.frames() {
            frame.doubt.take_if(|doubt| doubt.sender == *sender);
        }
    }

    /// The next item that is in no doubt, or has waited too long, with its bytes.
    fn next(&mut self) -> Option<(Item, Vec<u8>)> {
        let full = self.frames > FRAMES_MAX || self.bytes.len() > BYTES_MAX;
        let is_free = |item: &Item| {
            let doubt = item.frame.as_ref().and_then(|frame| frame.doubt.as_ref());
            full || doubt.is_none()
        };
        self.items.front().filter(|item| is_free(item))?;
        let item = self.items.pop_front()?;
        self.frames -= usize::from(item.frame.is_some());
        let length = (item.span.len() as usize).min(self.bytes.len());
        let bytes = self.bytes.drain(..length).collect();
        Some((item, bytes))
    }
}

impl Decoder {
    /// Says a frame, or holds it back.
    pub(super) fn pass(
        &mut self,
        span: Span,
        frame: &[u8],
        sighting: &Sighting,
        mut verdict: Verdict,
        sink: &mut impl FnMut(&Event<'_>),
    ) {
        let whole = matches!(verdict, Verdict::Refuse { end, .. } if end == sighting.end);
        let mut doubt = self.judge.doubt.take().filter(|_| whole);
        if self.hold.is_empty() && doubt.is_none() {
            return self.say(span, frame, sighting.kind, verdict, sink);
        }
        if matches!(sighting.kind, Kind::Push { .. } | Kind::BarePush) {
            self.release(sink);
            return self.say(span, frame, sighting.kind, verdict, sink);
        }
        if let Some(Doubt { sender, kind, .. }) = &doubt {
            if self.judge.kinds.fits(sender, *kind) {
                self.hold.prove(sender, *kind);
                verdict = doubt.take().map_or(verdict, |doubt| doubt.verdict);
            }
        } else if let Some(sender) = self.judge.sender_of_standard(sighting, frame, &verdict) {
            self.judge.kinds.deny(&sender);
            self.hold.deny(&sender);
        }
        let text = match sighting.kind {
            Kind::Ciphered(header) => {
                let text = self.judge.text.get(..header.text_length());
                text.unwrap_or_default().to_vec()
            }
            _ => Vec::new(),
        };
        let item = Frame {
            kind: sighting.kind,
            verdict,
            text,
            doubt,
        };
        self.hold.push(span, frame, Some(item));
        self.say_held(sink);
    }

    /// Says the bytes between two frames, in pieces whose borders depend on nothing but the stream.
    pub(super) fn junk(
        &mut self,
        data: &[u8],
        mut from: usize,
        to: usize,
        sink: &mut impl FnMut(&Event<'_>),
    ) {
        while from < to {
            let end = to.min(from + JUNK_MAX);
            let bytes = data.get(from..end).unwrap_or_default();
            let span = Span::new(self.offset + from as u64, end - from);
            if self.hold.is_empty() {
                sink(&Event::Junk(Junk { span, bytes }));
            } else {
                self.hold.push(span, bytes, None);
                self.say_held(sink);
            }
            from = end;
        }
    }

    /// Says all that is held; what is in doubt is refused.
    pub(super) fn release(&mut self, sink: &mut impl FnMut(&Event<'_>)) {
        for frame in self.hold.frames() {
            frame.doubt = None;
        }
        self.say_held(sink);
    }

    fn say_held(&mut self, sink: &mut impl FnMut(&Event<'_>)) {
        while let Some((Item { span, frame }, bytes)) = self.hold.next() {
            let Some(frame) = frame else {
                let bytes = &bytes[..];
                sink(&Event::Junk(Junk { span, bytes }));
                continue;
            };
            if let Kind::Ciphered(_) = frame.kind {
                self.judge.text = frame.text;
            }
            self.say(span, &bytes, frame.kind, frame.verdict, sink);
        }
    }
}

/// Meters whose kind of check sum is remembered.
const KINDS_MAX: usize = 64;
/// Frames that are held: a meter that sends every 10 s sends so many in a minute and a half.
const FRAMES_MAX: usize = 8;
/// Bytes that are held.
const BYTES_MAX: usize = 128 << 10;
