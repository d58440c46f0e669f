//! Framer, cipher and telegram in one: bytes and silence in, events out.

mod stretch;

use std::collections::HashSet;
use std::sync::Arc;

use super::cipher::{Keys, OpenError, Opener};
use super::ciphering::{GeneralGloCiphering, SystemTitle};
use super::event::{Decoded, Event, Junk, Reason, Refused, Security, Tag};
use super::framer::{FIRST_BLOCK, Framer, Kind, Look, Sighting};
use super::readout::{Crc, Readout};
use super::shard::Shard;
use super::span::Span;
use super::telegram::Memory;
use super::value::Zone;

pub use stretch::{Standing, Stretch};

/// What is let through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// What the tag decides.
    pub tag: TagPolicy,
    /// Let telegrams through whose CRC does not fit; they stay marked.
    pub ignore_crc: bool,
}

/// What the tag of a frame decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TagPolicy {
    /// A frame whose tag does not fit is refused.
    #[default]
    Verify,
    /// It is let through where its CRC fits, and marked.
    Warn,
    /// The tag is not looked at; the CRC must fit.
    Skip,
}

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

    /// Takes a silence on the line: what is half stays half.
    pub fn quiet(&mut self, mut sink: impl FnMut(&Event<'_>)) {
        let mut held = std::mem::take(&mut self.held);
        self.run(&held, true, &mut sink);
        held.clear();
        self.held = held;
    }

    /// Takes the end of the stream.
    pub fn finish(&mut self, sink: impl FnMut(&Event<'_>)) {
        self.quiet(sink);
    }

    /// Offset of the first byte that is in no event yet.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The keys in use.
    pub fn keys(&self) -> &Arc<Keys> {
        &self.judge.keys
    }

    /// Opens frames of the meters in a shard only; those of others are refused as [`Reason::OtherShard`].
    pub fn only(mut self, shard: Option<Shard>) -> Self {
        self.judge.shard = shard;
        self
    }

    /// Uses other keys from the next frame on.
    pub fn set_keys(&mut self, keys: Arc<Keys>) {
        self.judge.keys = keys;
        self.judge.opener = None;
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
            let Some(verdict) = self.judge.judge(&self.framer, data, &sighting, closed) else {
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
            if let Kind::Ciphered(header) = sighting.kind
                && end == sighting.end
            {
                let verified = matches!(
                    verdict,
                    Verdict::Accept {
                        tag: Some(Tag::Valid),
                        ..
                    }
                );
                self.framer.remember(header.title, verified);
            }
            junk(data, base, from, sighting.start, sink);
            let span = Span::new(base + sighting.start as u64, end - sighting.start);
            let frame = data.get(sighting.start..end).unwrap_or_default();
            self.say(span, frame, &sighting, verdict, sink);
            from = end;
        }
        let passed = if closed {
            data.len()
        } else {
            self.framer.passed(base).max(from)
        };
        // The last byte stays: what a start behind it counts for depends on there being one.
        while passed - from > JUNK_MAX {
            junk(data, base, from, from + JUNK_MAX, sink);
            from += JUNK_MAX;
        }
        if closed {
            junk(data, base, from, passed, sink);
            from = passed;
        }
        self.offset = base + from as u64;
        from
    }

    fn say(
        &mut self,
        span: Span,
        frame: &[u8],
        sighting: &Sighting,
        verdict: Verdict,
        sink: &mut impl FnMut(&Event<'_>),
    ) {
        let header = sighting.header();
        match verdict {
            Verdict::Refuse { reason, .. } => {
                sink(&Event::Refused(Refused {
                    span,
                    frame,
                    header,
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
                    Some(header) => self
                        .judge
                        .text
                        .get(..header.text_length())
                        .unwrap_or_default(),
                    None => frame,
                };
                let readable = text.get(start..).unwrap_or_default();
                let telegram = self.memory.parse(readable, readout.mark, &self.zone);
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
                    mended: None,
                }));
            }
        }
    }
}

/// Decides which frames may be used.
#[derive(Clone)]
struct Judge {
    keys: Arc<Keys>,
    policy: Policy,
    shard: Option<Shard>,
    /// Text of the frame that was opened last.
    text: Vec<u8>,
    /// Meters that have sent a valid tag.
    tagged: HashSet<SystemTitle>,
    /// The one of them that sent last.
    tagged_last: Option<SystemTitle>,
    /// For the meter whose frame was opened last.
    opener: Option<(SystemTitle, Opener)>,
}

/// What becomes of a sighting.
#[derive(Clone, Copy)]
enum Verdict {
    Accept {
        tag: Option<Tag>,
        start: usize,
        readout: Readout,
        crc: Crc,
    },
    Refuse {
        end: usize,
        reason: Reason,
    },
}

impl Judge {
    fn new(keys: Arc<Keys>, policy: Policy) -> Self {
        Self {
            keys,
            policy,
            shard: None,
            text: Vec::new(),
            tagged: HashSet::new(),
            tagged_last: None,
            opener: None,
        }
    }

    /// `None`: that depends on bytes still to come.
    fn judge(
        &mut self,
        framer: &Framer,
        data: &[u8],
        sighting: &Sighting,
        closed: bool,
    ) -> Option<Verdict> {
        let frame = data.get(sighting.start..sighting.end).unwrap_or_default();
        let judged = match sighting.kind {
            Kind::Ciphered(header) => self.ciphered(&header, frame),
            Kind::Plain(readout) => self.accept(None, frame, 0, readout),
            Kind::CipheredCut(header) => {
                let need = header.frame_length() as u64;
                Err(Reason::Truncated {
                    have: frame.len() as u64,
                    need,
                })
            }
            Kind::PlainCut => Err(Reason::NoEnd),
            Kind::BadLength { title, length } => Err(Reason::BadLength { title, length }),
        };
        let (accepted, reason) = match judged {
            // Without a CRC nothing but a look inside tells whether a text has swallowed a frame.
            Ok(verdict @ Verdict::Accept { tag: None, crc, .. }) if crc.valid().is_none() => {
                (Some(verdict), Reason::NoEnd)
            }
            Ok(verdict) => return Some(verdict),
            Err(reason) => (None, reason),
        };
        let end = sighting.end;
        let verified = matches!(
            (sighting.kind, reason),
            (Kind::Ciphered(_), Reason::CrcMismatch(_))
        );
        if verified || matches!(sighting.kind, Kind::BadLength { .. }) {
            return Some(Verdict::Refuse { end, reason });
        }
        match framer.second_look(data, sighting, closed, |header, block| {
            self.opens(header, block)
        }) {
            Look::More => None,
            Look::Stands => Some(accepted.unwrap_or(Verdict::Refuse { end, reason })),
            Look::Cut(end) => {
                let have = (end - sighting.start) as u64;
                let reason = match sighting.header() {
                    Some(header) => Reason::Truncated {
                        have,
                        need: header.frame_length() as u64,
                    },
                    None => Reason::NoEnd,
                };
                Some(Verdict::Refuse { end, reason })
            }
        }
    }

    fn ciphered(&mut self, header: &GeneralGloCiphering, frame: &[u8]) -> Result<Verdict, Reason> {
        if self.shard.is_some_and(|shard| !shard.has(header.title)) {
            return Err(Reason::OtherShard);
        }
        if let Some(unsupported) = header.control.unsupported() {
            return Err(Reason::Unsupported(unsupported));
        }
        let keys = || self.keys.of(header.title).ok_or(Reason::NoKey);
        let opener = match &mut self.opener {
            Some((title, opener)) if *title == header.title => opener,
            other => &mut other.insert((header.title, Opener::new(keys()?))).1,
        };
        let length = header.text_length();
        if self.text.len() < length {
            self.text.resize(length, 0);
        }
        let text = self.text.get_mut(..length).unwrap_or_default();
        let tag = if !header.control.authenticated() {
            if self.tagged.contains(&header.title) {
                return Err(Reason::Downgrade);
            }
            keys()?
                .view(header, frame, text)
                .map_err(|_| Reason::TagMismatch)?;
            Tag::None
        } else if self.policy.tag == TagPolicy::Skip {
            keys()?
                .view(header, frame, text)
                .map_err(|_| Reason::TagMismatch)?;
            Tag::Skipped
        } else {
            match opener.open(header, frame, text) {
                Ok(()) => Tag::Valid,
                Err(OpenError::TagMismatch) if self.policy.tag == TagPolicy::Warn => {
                    keys()?
                        .view(header, frame, text)
                        .map_err(|_| Reason::TagMismatch)?;
                    Tag::Invalid
                }
                Err(_) => return Err(Reason::TagMismatch),
            }
        };
        if tag == Tag::Valid && self.tagged_last != Some(header.title) {
            self.tagged_last = Some(header.title);
            self.tagged.insert(header.title);
        }
        let text = self.text.get(..length).unwrap_or_default();
        let lead = text.get(..LEAD_MAX).unwrap_or(text);
        let found = memchr::memchr(b'/', lead)
            .and_then(|start| Readout::find(text.get(start..)?).map(|readout| (start, readout)));
        let unreadable = match tag {
            Tag::Invalid | Tag::Skipped => Reason::TagMismatch,
            Tag::Valid | Tag::None => Reason::NoEnd,
        };
        let (start, readout) = found.ok_or(unreadable)?;
        let verdict = self.accept(Some(tag), text, start, readout)?;
        match verdict {
            // Without a tag that fits, the CRC is all there is to go by.
            Verdict::Accept { crc, .. }
                if tag != Tag::Valid && crc.valid().is_none() && !self.policy.ignore_crc =>
            {
                Err(unreadable)
            }
            verdict => Ok(verdict),
        }
    }

    fn accept(
        &self,
        tag: Option<Tag>,
        text: &[u8],
        start: usize,
        readout: Readout,
    ) -> Result<Verdict, Reason> {
        let crc = readout.check(text.get(start..).unwrap_or_default());
        match crc.valid() {
            Some(false) if !self.policy.ignore_crc => match tag {
                Some(Tag::Invalid) => Err(Reason::TagMismatch),
                _ => Err(Reason::CrcMismatch(crc)),
            },
            _ => Ok(Verdict::Accept {
                tag,
                start,
                readout,
                crc,
            }),
        }
    }

    /// Tells whether a frame inside another reads like a telegram under the key of its meter.
    fn opens(&self, header: &GeneralGloCiphering, block: Option<&[u8; FIRST_BLOCK]>) -> bool {
        let Some(keys) = self.keys.of(header.title) else {
            return false;
        };
        let encrypted = header.control.encrypted();
        if header.control.unsupported().is_some()
            // Text in clear is easily made up: only a meter of the ring is believed.
            || !encrypted && !self.keys.has(header.title)
        {
            return false;
        }
        block.is_none_or(|block| {
            let mut text = *block;
            if encrypted {
                keys.apply_key_stream(header.title, header.counter, &mut text);
            }
            text.first() == Some(&b'/')
                && text
                    .iter()
                    .all(|b| matches!(b, b' '..=b'~' | b'\r' | b'\n'))
        })
    }
}

impl Sighting {
    fn header(&self) -> Option<GeneralGloCiphering> {
        match self.kind {
            Kind::Ciphered(header) | Kind::CipheredCut(header) => Some(header),
            _ => None,
        }
    }
}

/// Says the bytes between two frames, in pieces whose borders depend on nothing but the stream.
fn junk(data: &[u8], base: u64, mut from: usize, to: usize, sink: &mut impl FnMut(&Event<'_>)) {
    while from < to {
        let end = to.min(from + JUNK_MAX);
        let bytes = data.get(from..end).unwrap_or_default();
        let span = Span::new(base + from as u64, end - from);
        sink(&Event::Junk(Junk { span, bytes }));
        from = end;
    }
}

/// Longest junk event, in bytes.
const JUNK_MAX: usize = 4096;
/// Bytes that are first added to a frame that was cut; then twice as many.
const STEP: usize = 2048;
/// Buffer that is kept between frames, in bytes.
const HELD_KEPT: usize = 512 << 10;
/// Bytes that may stand before the `/` of a decrypted telegram.
const LEAD_MAX: usize = 16;
