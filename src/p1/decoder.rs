//! Framer, cipher and telegram in one: bytes and silence in, events out.

mod hold;
mod layers;
mod opened;
mod verifier;

use std::sync::Arc;

use super::cipher::Keys;
use super::ciphering::{GeneralGloCiphering, SystemTitle};
use super::event::{Decoded, Event, Junk, Reason, Refused, Security, Tag};
use super::framer::{Framer, Kind, LOOK_BEHIND};
use super::push::{Framing, Push};
use super::readout::Readout;
use super::shard::Shard;
use super::span::Span;
use super::telegram::{LayoutCache, SentIds, Telegram};
use super::value::Zone;

use hold::Hold;
use layers::Layers;
use opened::Ahead;
use verifier::{Decision, Verifier};

pub(crate) use opened::number_of;
pub use opened::{FrameOpener, Opened, OpenedPiece, Place};
pub use verifier::{Policy, TagPolicy};

/// Decodes a stream.
///
/// The events tile the stream: each byte is in exactly one, in order, however the bytes were cut into pieces.
#[derive(Clone)]
pub struct Decoder {
    framer: Framer,
    verifier: Verifier,
    memory: LayoutCache,
    zone: Zone,
    held: Vec<u8>,
    offset: u64,
    /// Where the link frames of the last push lie.
    spans: Vec<Span>,
    hold: Hold,
    layers: Layers,
    honest: Honest,
}

/// The meter in clear that was last found to speak for no other one.
#[derive(Clone, Default)]
struct Honest {
    ids: SentIds,
    /// What was known of proofs then.
    proofs: Option<u64>,
}

impl Honest {
    fn speaks_for_another(&mut self, verifier: &Verifier, telegram: &Telegram<'_>) -> bool {
        if self.proofs == Some(verifier.proofs) && self.ids.are_of(telegram) {
            return false;
        }
        let speaks = verifier.speaks_for_another(telegram);
        self.proofs = (!speaks).then_some(verifier.proofs);
        if !speaks {
            self.ids.take(telegram);
        }
        speaks
    }
}

impl Decoder {
    /// Makes a decoder for a stream that begins at offset 0.
    pub fn new(keys: Arc<Keys>, policy: Policy, zone: Zone) -> Self {
        Self {
            framer: Framer::default(),
            verifier: Verifier::new(keys, policy),
            memory: LayoutCache::default(),
            zone,
            held: Vec::new(),
            offset: 0,
            spans: Vec::new(),
            hold: Hold::default(),
            layers: Layers::default(),
            honest: Honest::default(),
        }
    }

    /// Takes the next bytes of the stream.
    pub fn push(&mut self, mut bytes: &[u8], mut sink: impl FnMut(&Event<'_>)) {
        // A frame that was cut is put together from as few bytes as will do; the rest is not copied.
        let mut step = STEP;
        while !self.held.is_empty() && !bytes.is_empty() {
            let before = self.held.len();
            let (next, rest) = bytes.split_at(step.min(bytes.len()));
            let mut held = std::mem::take(&mut self.held);
            held.extend_from_slice(next);
            let used = self.run(&held, false, &mut sink);
            if used >= before {
                // What is left lies in the bytes as they came.
                bytes = bytes.get(used - before..).unwrap_or_default();
                held.clear();
            } else {
                bytes = rest;
                held.drain(..used);
            }
            // One long claim that came to nothing must not keep its memory for ever.
            if held.capacity() > HELD_KEPT && held.len() < HELD_KEPT / 2 {
                held.shrink_to(HELD_KEPT);
            }
            self.held = held;
            step *= 2;
        }
        if self.held.is_empty() {
            let used = self.run(bytes, false, &mut sink);
            self.held
                .extend_from_slice(bytes.get(used..).unwrap_or_default());
        }
    }

    /// Takes the next bytes of the stream, whose frames were opened by a [`FrameOpener`].
    pub fn push_opened(&mut self, piece: OpenedPiece<'_>, sink: impl FnMut(&Event<'_>)) {
        let base = self.offset + self.held.len() as u64;
        self.verifier.ahead = Some(Ahead::new(piece, base));
        self.push(piece.bytes(), sink);
        self.verifier.ahead = None;
    }

    /// Takes a silence on the line: what is half stays half.
    pub fn quiet(&mut self, mut sink: impl FnMut(&Event<'_>)) {
        let mut held = std::mem::take(&mut self.held);
        self.run(&held, true, &mut sink);
        held.clear();
        self.held = held;
    }

    /// Takes the end of the stream.
    pub fn finish(&mut self, mut sink: impl FnMut(&Event<'_>)) {
        self.quiet(&mut sink);
        self.release(&mut sink);
    }

    /// Takes the loss of the source: what is half stays half, and what comes next may have begun before.
    pub fn lost(&mut self, sink: impl FnMut(&Event<'_>)) {
        self.quiet(sink);
        self.framer.reset();
    }

    /// Offset of the first byte that is in no event yet.
    pub fn offset(&self) -> u64 {
        self.hold.offset().unwrap_or(self.offset)
    }

    /// The keys in use.
    pub fn keys(&self) -> &Arc<Keys> {
        &self.verifier.keys
    }

    /// Opens frames of the meters in a shard only; those of others are refused as
    /// [`Reason::OtherShard`].
    pub fn only(mut self, shard: Option<Shard>) -> Self {
        self.verifier.shard = shard;
        self
    }

    /// Marks a meter as one that sends valid tags, as another decoder has seen.
    pub fn authenticated(&mut self, title: SystemTitle) {
        self.verifier.authenticated(title);
    }

    /// Uses other keys from the next frame on.
    pub fn set_keys(&mut self, keys: Arc<Keys>) {
        self.verifier.set_keys(keys);
    }

    /// Decodes what is complete in `data`, which begins at the offset of the decoder; gives the bytes used.
    fn run(&mut self, data: &[u8], closed: bool, sink: &mut impl FnMut(&Event<'_>)) -> usize {
        let base = self.offset;
        let mut from = 0;
        loop {
            let opens = |header: &_, block: Option<&_>| self.verifier.opens(header, block);
            let ahead = self.verifier.ahead.as_ref();
            let found = |start| Some(ahead?.plain(base + start as u64)?.whole);
            let Some(candidate) = self.framer.next(data, base, from, closed, opens, found) else {
                break;
            };
            let frame = data.get(candidate.start..candidate.end).unwrap_or_default();
            if self.layers.hold(&candidate, frame) {
                let end = candidate.end;
                self.framer.decided(candidate.kind, base + end as u64);
                self.junk(data, from, candidate.start, sink);
                sink(&Event::Junk(Junk {
                    span: Span::new(base + candidate.start as u64, frame.len()),
                    bytes: frame,
                    again: true,
                }));
                from = end;
                continue;
            }
            let Some(decision) = self
                .verifier
                .decide(&self.framer, data, base, &candidate, closed)
            else {
                self.framer.rewind_to(base, candidate.start);
                break;
            };
            let end = match decision {
                Decision::Refuse { end, .. } if end < candidate.end => {
                    self.framer.rewind_to(base, end);
                    end
                }
                _ => candidate.end,
            };
            self.layers
                .take(&self.framer, &self.verifier, &candidate, &decision);
            self.framer.decided(candidate.kind, base + end as u64);
            if let (Kind::Push { .. }, Decision::Refuse { .. }) = (candidate.kind, decision) {
                self.framer.refused(base, end);
            }
            if let Kind::Ciphered(header) = candidate.kind
                && end == candidate.end
                && header.title != SystemTitle::NONE
            {
                let verified = matches!(
                    decision,
                    Decision::Accept {
                        tag: Some(Tag::Valid),
                        ..
                    } | Decision::Push {
                        tag: Some(Tag::Valid),
                        ..
                    }
                );
                self.framer.remember(header.title, verified);
            }
            self.junk(data, from, candidate.start, sink);
            let span = Span::new(base + candidate.start as u64, end - candidate.start);
            let frame = data.get(candidate.start..end).unwrap_or_default();
            self.pass(span, frame, &candidate, decision, sink);
            from = end;
        }
        let passed = if closed {
            data.len()
        } else {
            self.framer.passed(base).max(from)
        };
        // The last bytes stay: what a start behind them counts for, and where it begins, depends on them.
        while passed - from > JUNK_MAX + LOOK_BEHIND {
            self.junk(data, from, from + JUNK_MAX, sink);
            from += JUNK_MAX;
        }
        if closed {
            self.junk(data, from, passed, sink);
            from = passed;
        }
        self.offset = base + from as u64;
        from
    }

    fn say(
        &mut self,
        span: Span,
        frame: &[u8],
        kind: Kind,
        decision: Decision,
        sink: &mut impl FnMut(&Event<'_>),
    ) {
        let header = kind.header();
        match decision {
            Decision::Refuse { reason, .. } => {
                let (inner, framing) = match kind {
                    Kind::Push { framing, .. } => (self.verifier.inner, Some(framing)),
                    _ => (None, None),
                };
                sink(&Event::Refused(Refused {
                    span,
                    frame,
                    header,
                    inner,
                    framing,
                    reason,
                }));
            }
            Decision::Accept {
                tag,
                start,
                readout,
                crc,
            } => {
                let text = match header {
                    Some(_) => self.verifier.decrypted(),
                    None => frame,
                };
                let readable = text.get(start..).unwrap_or_default();
                let telegram = match self.verifier.shape() {
                    Some(shape) => {
                        self.memory.adopt(shape);
                        Telegram::of(readable, shape, &self.zone)
                    }
                    None => self.memory.parse(readable, readout.mark, &self.zone),
                };
                if header.is_none() && self.honest.speaks_for_another(&self.verifier, &telegram) {
                    sink(&Event::Refused(Refused {
                        span,
                        frame,
                        header,
                        inner: None,
                        framing: None,
                        reason: Reason::Downgrade,
                    }));
                    return;
                }
                let security = header
                    .zip(tag)
                    .map(|(header, tag)| Security { header, tag });
                sink(&Event::Telegram(Decoded {
                    span,
                    frame,
                    security,
                    text,
                    crc,
                    telegram,
                    push: None,
                    mended: None,
                    replayed: false,
                    behind: behind(readable, &readout),
                }));
            }
            Decision::Push {
                tag,
                readout,
                crc,
                form,
            } => {
                let verifier = &self.verifier;
                let header = header.or(verifier.inner);
                let framing = match kind {
                    Kind::Push { framing, .. } => framing,
                    _ => Framing::Bare,
                };
                let text = verifier.transcoder.text.as_slice();
                let framed = matches!(kind, Kind::Push { .. });
                self.spans.clear();
                match framed {
                    true => {
                        let base = self.offset;
                        let parts = self.framer.parts.spans.iter();
                        let spans =
                            parts.map(|(from, to)| Span::new(base + *from as u64, to - from));
                        self.spans.extend(spans);
                    }
                    false => self.spans.push(span),
                }
                let push = Push {
                    framing,
                    form,
                    list: verifier.transcoder.list().name.as_deref(),
                    parts: self.spans.len() as u16,
                    spans: &self.spans,
                    checksum: (framing != Framing::Bare).then_some(true),
                    units: verifier.transcoder.units(),
                    earlier: &[],
                };
                let telegram = self.memory.parse(text, readout.mark, &self.zone);
                if header.is_none() && self.honest.speaks_for_another(verifier, &telegram) {
                    sink(&Event::Refused(Refused {
                        span,
                        frame,
                        header,
                        inner: None,
                        framing: None,
                        reason: Reason::Downgrade,
                    }));
                    return;
                }
                sink(&Event::Telegram(Decoded {
                    span,
                    frame,
                    security: header
                        .zip(tag)
                        .map(|(header, tag)| Security { header, tag }),
                    text,
                    crc,
                    telegram,
                    push: Some(push),
                    mended: None,
                    replayed: false,
                    behind: 0,
                }));
            }
        }
    }
}

/// Bytes that stand behind the telegram in the text of its frame, where there is more than an end of it.
fn behind(text: &[u8], readout: &Readout) -> usize {
    let end = readout.behind_line_end(text, true).unwrap_or(text.len());
    let rest = text.get(end..).unwrap_or_default();
    let is_end = |byte: &u8| matches!(byte, 0 | b'\r' | b'\n' | b' ' | b'\t');
    match rest.iter().all(is_end) {
        true => 0,
        false => rest.len(),
    }
}

impl Kind {
    fn header(self) -> Option<GeneralGloCiphering> {
        match self {
            Self::Ciphered(header) | Self::CipheredCut(header) => Some(header),
            _ => None,
        }
    }
}

/// Longest junk event, in bytes.
const JUNK_MAX: usize = 4096;
/// Bytes that are first added to a frame that was cut; then twice as many.
const STEP: usize = 2048;
/// Buffer that is kept between frames, in bytes.
const HELD_KEPT: usize = 512 << 10;
