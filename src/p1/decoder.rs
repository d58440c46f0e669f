//! Framer, cipher and telegram in one: bytes and silence in, events out.

mod hold;
mod judge;
mod layers;
mod opened;

use std::sync::Arc;

use super::cipher::Keys;
use super::ciphering::{GeneralGloCiphering, SystemTitle};
use super::event::{Decoded, Event, Junk, Reason, Refused, Security, Tag};
use super::framer::{Framer, Kind, LOOK_BEHIND};
use super::push::{Framing, Push};
use super::readout::Readout;
use super::shard::Shard;
use super::span::Span;
use super::telegram::{Memory, SentIds, Telegram};
use super::value::Zone;

use hold::Hold;
use judge::{Judge, Verdict};
use layers::Layers;
use opened::Ahead;

pub use judge::{Policy, TagPolicy};
pub use opened::{FrameOpener, Opened};

/// Decodes a stream.
///
/// The events tile the stream: each byte is in exactly one, in order, however the bytes were cut into pieces.
#[derive(Clone)]
pub struct Decoder {
    framer: Framer,
    judge: Judge,
    memory: Memory,
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
    fn speaks_for_another(&mut self, judge: &Judge, telegram: &Telegram<'_>) -> bool {
        if self.proofs == Some(judge.proofs) && self.ids.are_of(telegram) {
            return false;
        }
        let speaks = judge.speaks_for_another(telegram);
        self.proofs = (!speaks).then_some(judge.proofs);
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
            judge: Judge::new(keys, policy),
            memory: Memory::default(),
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
    pub fn push_opened(&mut self, bytes: &[u8], opened: Arc<Opened>, sink: impl FnMut(&Event<'_>)) {
        let base = self.offset + self.held.len() as u64;
        self.judge.ahead = Some(Ahead::new(opened, base));
        self.push(bytes, sink);
        self.judge.ahead = None;
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
        self.framer.anew();
    }

    /// Offset of the first byte that is in no event yet.
    pub fn offset(&self) -> u64 {
        self.hold.offset().unwrap_or(self.offset)
    }

    /// The keys in use.
    pub fn keys(&self) -> &Arc<Keys> {
        &self.judge.keys
    }

    /// Opens frames of the meters in a shard only; those of others are refused as
    /// [`Reason::OtherShard`].
    pub fn only(mut self, shard: Option<Shard>) -> Self {
        self.judge.shard = shard;
        self
    }

    /// Marks a meter as one that sends valid tags, as another decoder has seen.
    pub fn authenticated(&mut self, title: SystemTitle) {
        self.judge.authenticated(title);
    }

    /// Uses other keys from the next frame on.
    pub fn set_keys(&mut self, keys: Arc<Keys>) {
        self.judge.set_keys(keys);
    }

    /// Decodes what is complete in `data`, which begins at the offset of the decoder; gives the bytes used.
    fn run(&mut self, data: &[u8], closed: bool, sink: &mut impl FnMut(&Event<'_>)) -> usize {
        let base = self.offset;
        let mut from = 0;
        loop {
            let opens = |header: &_, block: Option<&_>| self.judge.opens(header, block);
            let Some(sighting) = self.framer.next(data, base, from, closed, opens) else {
                break;
            };
            let frame = data.get(sighting.start..sighting.end).unwrap_or_default();
            if self.layers.hold(&sighting, frame) {
                let end = sighting.end;
                self.framer.decided(sighting.kind, base + end as u64);
                self.junk(data, from, sighting.start, sink);
                sink(&Event::Junk(Junk {
                    span: Span::new(base + sighting.start as u64, frame.len()),
                    bytes: frame,
                    again: true,
                }));
                from = end;
                continue;
            }
            let Some(verdict) = self
                .judge
                .judge(&self.framer, data, base, &sighting, closed)
            else {
                self.framer.cut_back(base, sighting.start);
                break;
            };
            let end = match verdict {
                Verdict::Refuse { end, .. } if end < sighting.end => {
                    self.framer.cut_back(base, end);
                    end
                }
                _ => sighting.end,
            };
            self.layers
                .take(&self.framer, &self.judge, &sighting, &verdict);
            self.framer.decided(sighting.kind, base + end as u64);
            if let (Kind::Push { .. }, Verdict::Refuse { .. }) = (sighting.kind, verdict) {
                self.framer.refused(base, end);
            }
            if let Kind::Ciphered(header) = sighting.kind
                && end == sighting.end
                && header.title != SystemTitle::NONE
            {
                let verified = matches!(
                    verdict,
                    Verdict::Accept {
                        tag: Some(Tag::Valid),
                        ..
                    } | Verdict::Push {
                        tag: Some(Tag::Valid),
                        ..
                    }
                );
                self.framer.remember(header.title, verified);
            }
            self.junk(data, from, sighting.start, sink);
            let span = Span::new(base + sighting.start as u64, end - sighting.start);
            let frame = data.get(sighting.start..end).unwrap_or_default();
            self.pass(span, frame, &sighting, verdict, sink);
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
        verdict: Verdict,
        sink: &mut impl FnMut(&Event<'_>),
    ) {
        let header = kind.header();
        match verdict {
            Verdict::Refuse { reason, .. } => {
                let (inner, framing) = match kind {
                    Kind::Push { framing, .. } => (self.judge.inner, Some(framing)),
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
            Verdict::Accept {
                tag,
                start,
                readout,
                crc,
            } => {
                let text = match header {
                    Some(_) => self.judge.text.get(..self.judge.length).unwrap_or_default(),
                    None => frame,
                };
                let readable = text.get(start..).unwrap_or_default();
                let telegram = self.memory.parse(readable, readout.mark, &self.zone);
                if header.is_none() && self.honest.speaks_for_another(&self.judge, &telegram) {
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
            Verdict::Push {
                tag,
                readout,
                crc,
                form,
            } => {
                let judge = &self.judge;
                let header = header.or(judge.inner);
                let framing = match kind {
                    Kind::Push { framing, .. } => framing,
                    _ => Framing::Bare,
                };
                let text = judge.transcoder.text.as_slice();
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
                    list: judge.transcoder.list().name.as_deref(),
                    parts: self.spans.len() as u16,
                    spans: &self.spans,
                    checksum: (framing != Framing::Bare).then_some(true),
                    units: judge.transcoder.units(),
                    earlier: &[],
                };
                let telegram = self.memory.parse(text, readout.mark, &self.zone);
                if header.is_none() && self.honest.speaks_for_another(judge, &telegram) {
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
