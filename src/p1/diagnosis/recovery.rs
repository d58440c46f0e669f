//! Telegrams out of bytes that a fault has changed, where nothing was lost and the text itself proves it.
//!
//! A line that is not inverted back and 7E1 read as 8N1 lose nothing: they are undone always. What a tty, an
//! editor or a network layer has done is undone on request. A tag or CRC that fits after the mending is the proof;
//! telegrams without a CRC count where parity fits on every byte.

use std::ops::Range;
use std::sync::Arc;

use crate::p1::cipher::Keys;
use crate::p1::ciphering::{GeneralGloCiphering, Header, START, SystemTitle};
use crate::p1::decoder::{Decoder, Policy};
use crate::p1::diagnosis::encrypted::flow;
use crate::p1::diagnosis::finding::Verdict;
use crate::p1::diagnosis::repair;
use crate::p1::event::{Decoded, Event, Reason, Security, Tag};
use crate::p1::line::recover;
use crate::p1::readout::Readout;
use crate::p1::span::Span;
use crate::p1::value::Zone;

/// Collects what the decoder could not use, and mends it.
#[derive(Clone)]
pub struct Recovery {
    keys: Arc<Keys>,
    /// Decodes what was mended.
    decoder: Decoder,
    /// Whether host faults are undone too.
    repair: bool,
    held: Vec<u8>,
    /// Where stretches of it begin, here and in the stream.
    places: Vec<(usize, u64)>,
    /// Bytes from which on what waits is looked at before the next silence.
    full: usize,
}

/// What was sent, and what had happened to it.
struct Mended {
    verdict: Verdict,
    bytes: Vec<u8>,
    /// Where it lies in what was held.
    at: Range<usize>,
    /// It is all there was, not a telegram.
    stream: bool,
}

impl Recovery {
    /// Mends with these keys; `repair` asks for more than the line faults that lose nothing.
    pub fn new(keys: Arc<Keys>, zone: Zone, repair: bool) -> Self {
        let decoder = Decoder::new(Arc::clone(&keys), Policy::default(), zone);
        Self {
            keys,
            decoder,
            repair,
            held: Vec::new(),
            places: Vec::new(),
            full: FULL,
        }
    }

    /// Uses other keys from now on.
    pub fn set_keys(&mut self, keys: Arc<Keys>) {
        self.decoder.set_keys(Arc::clone(&keys));
        self.keys = keys;
    }

    /// Tells whether more is mended than the line faults that lose nothing.
    pub fn repairs(&self) -> bool {
        self.repair
    }

    /// Marks a meter as one that sends valid tags.
    pub fn authenticated(&mut self, title: SystemTitle) {
        self.decoder.authenticated(title);
    }

    /// Takes an event of the decoder.
    pub fn event(&mut self, event: &Event<'_>) {
        let (span, bytes) = match event {
            Event::Telegram(decoded) => {
                // What is mended must not speak for this meter in clear either.
                let valid = |security: &Security| security.tag == Tag::Valid;
                if let Some(security) = decoded.security.filter(valid) {
                    self.decoder.authenticated(security.title());
                }
                return;
            }
            // It arrived as it was sent: there is nothing to mend.
            Event::Refused(refused)
                if refused.header.is_none() && refused.reason == Reason::Downgrade
                    || refused.reason == Reason::Replayed =>
            {
                return;
            }
            Event::Refused(refused) => (refused.span, refused.frame),
            Event::Junk(junk) => (junk.span, junk.bytes),
        };
        let length = self.held.len();
        if self.place(length) != Some(span.start) {
            self.places.push((length, span.start));
        }
        let room = HELD_MAX.saturating_sub(length);
        self.held
            .extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    /// Tells whether so much waits that it should be looked at before the next silence; to be asked for each event,
    /// so that what is mended has its place in the stream however that was cut.
    pub fn is_full(&self) -> bool {
        self.held.len() >= self.full
    }

    /// Offset of the first byte that may still be mended.
    pub fn start(&self) -> Option<u64> {
        self.place(0).filter(|_| !self.held.is_empty())
    }

    /// Mends what was collected; `ended` says that the burst or the input ends here.
    pub fn settle(&mut self, ended: bool, mut sink: impl FnMut(&Event<'_>)) {
        if self.held.len() >= LEAST {
            let held = std::mem::take(&mut self.held);
            let (mended, used) = self.mend(&held, ended);
            for mended in mended {
                self.tell(&mended, ended, &mut sink);
            }
            self.held = held;
            self.forget(used);
        }
        if ended || self.held.len() >= HELD_MAX {
            self.forget(self.held.len());
        }
        // What cannot be mended yet is not looked at for each event.
        self.full = match self.held.len() {
            ..FULL => FULL,
            length => (length + FULL / 2).min(HELD_MAX),
        };
    }

    /// Where a byte that is held lies in the stream.
    fn place(&self, at: usize) -> Option<u64> {
        let behind = self.places.partition_point(|(begin, _)| *begin <= at);
        let (begin, offset) = self.places.get(behind.checked_sub(1)?)?;
        Some(offset + (at - begin) as u64)
    }

    /// Drops the first bytes of what is held.
    fn forget(&mut self, used: usize) {
        let offset = self.place(used);
        self.held.drain(..used);
        self.places.retain(|(begin, _)| *begin > used);
        for (begin, _) in &mut self.places {
            *begin -= used;
        }
        if let Some(offset) = offset.filter(|_| !self.held.is_empty()) {
            self.places.insert(0, (0, offset));
        }
    }

    /// What was sent, and how many bytes that accounts for.
    fn mend(&self, held: &[u8], ended: bool) -> (Vec<Mended>, usize) {
        let stream = |verdict, bytes, used| {
            let mended = Mended {
                verdict,
                bytes,
                at: 0..used,
                stream: true,
            };
            (vec![mended], used)
        };
        if let Some(text) = recover::strip_parity(held).filter(|text| is_text(text)) {
            return stream(Verdict::SevenEven, text, held.len());
        }
        if let Some((text, used)) = uninvert(held, ended) {
            return stream(Verdict::InvertedPlain, text, used);
        }
        if !self.repair {
            return (Vec::new(), 0);
        }
        if is_text(held) {
            return texts(held, ended);
        }
        let (frames, used) = self.frames(held, ended);
        if frames.is_empty()
            && ended
            // A title with FF in it leaves no frame at all.
            && let Some(single) = repair::undouble(held)
        {
            return stream(Verdict::Telnet, single, used);
        }
        (frames, used)
    }

    /// Encrypted frames, each mended by itself.
    fn frames(&self, held: &[u8], ended: bool) -> (Vec<Mended>, usize) {
        let mut mended = Vec::new();
        let mut used = match ended {
            true => held.len(),
            false => held.len().saturating_sub(REACH),
        };
        let next = |from: usize| Some(from + memchr::memmem::find(held.get(from..)?, &START)?);
        let mut at = 0;
        while let Some(start) = next(at).filter(|start| *start < used || ended) {
            at = start + 1;
            let rest = held.get(start..).unwrap_or_default();
            let Some((verdict, bytes, length)) = self.frame(rest) else {
                continue;
            };
            at = start + length;
            used = used.max(at);
            mended.push(Mended {
                verdict,
                bytes,
                at: start..at,
                stream: false,
            });
        }
        (mended, used)
    }

    /// A frame where one begins, and how many bytes were left of it.
    fn frame(&self, rest: &[u8]) -> Option<(Verdict, Vec<u8>, usize)> {
        if let Some((frame, length)) = self.swallowed(rest) {
            return Some((Verdict::Ixon, frame, length));
        }
        // What stood in the header was changed with the rest: its length is a hint, not a border.
        let Header::Legal(header) = GeneralGloCiphering::decode(rest) else {
            return None;
        };
        let wide = (2 * header.frame_length()).min(rest.len());
        let bursts = [rest.get(..header.frame_length()), rest.get(..wide)];
        let mut bursts = bursts.into_iter().flatten();
        let found = bursts.find_map(|burst| repair::repair(burst, &self.keys))?;
        let length = match found.verdict {
            Verdict::Icrnl => found.frame.len(),
            _ => ends(rest).next().unwrap_or(wide).min(wide),
        };
        Some((found.verdict, found.frame, length))
    }

    /// A frame that lacks its 11 and 13, up to where the next one begins.
    fn swallowed(&self, rest: &[u8]) -> Option<(Vec<u8>, usize)> {
        let mut ends = ends(rest).chain([rest.len().min(REACH)]);
        ends.find_map(|end| Some((flow::ixon(rest.get(..end)?, &self.keys)?, end)))
    }

    fn tell(&mut self, mended: &Mended, ended: bool, sink: &mut impl FnMut(&Event<'_>)) {
        let verdict = mended.verdict;
        let last = mended.at.end.saturating_sub(1);
        let place = self.place(mended.at.start).zip(self.place(last));
        let place = place.map(|(start, last)| Span {
            start,
            end: last + 1,
        });
        // What is made of a stream as a whole has its place in what it is made of.
        let place = place.filter(|_| self.repair || !mended.stream);
        let mut tell = |event: &Event<'_>| {
            let Event::Telegram(decoded) = event else {
                return;
            };
            let proven = decoded.crc.valid().unwrap_or(verdict == Verdict::SevenEven);
            if proven {
                let mended = Some(verdict.code());
                sink(&Event::Telegram(Decoded {
                    mended,
                    span: place.unwrap_or(decoded.span),
                    ..decoded.clone()
                }));
            }
        };
        self.decoder.push(&mended.bytes, &mut tell);
        if ended || !mended.stream {
            self.decoder.finish(tell);
        }
    }
}

/// Telegrams in clear, each mended by itself.
fn texts(held: &[u8], ended: bool) -> (Vec<Mended>, usize) {
    let begins = |at: &usize| {
        let before = at.checked_sub(1).and_then(|before| held.get(before));
        before.is_none_or(|before| !matches!(before, b' '..=b'~'))
    };
    let mut starts: Vec<usize> = memchr::memchr_iter(b'/', held).filter(begins).collect();
    match ended {
        true => starts.push(held.len()),
        false if starts.is_empty() => return (Vec::new(), held.len().saturating_sub(REACH)),
        false => {}
    }
    let pieces = starts.windows(2).filter_map(|pair| {
        let &[start, end] = pair else { return None };
        let found = repair::undone(held.get(start..end)?)?;
        Some(Mended {
            verdict: found.verdict,
            bytes: found.frame,
            at: start..end,
            stream: false,
        })
    });
    (pieces.collect(), starts.last().copied().unwrap_or_default())
}

/// Where a frame may end of which bytes are missing: where others begin.
fn ends(rest: &[u8]) -> impl Iterator<Item = usize> {
    let reach = rest.get(..REACH).unwrap_or(rest);
    let starts = memchr::memmem::find_iter(reach, &START).skip(1).take(ENDS);
    starts.filter(|end| *end >= LEAST)
}

/// The text of an inverted line, burst by burst: each ends in the break that the idle line is.
fn uninvert(held: &[u8], ended: bool) -> Option<(Vec<u8>, usize)> {
    let odd = held.iter().filter(|&&byte| byte & 1 == 1).count();
    // Of text nearly every byte is odd, of noise every second.
    if odd * 10 < held.len() * 7 {
        return None;
    }
    let used = match ended {
        true => held.len(),
        false => memchr::memrchr(0, held)? + 1,
    };
    let fits =
        |text: &[u8]| Readout::find(text).is_some_and(|r| r.check(text).valid() == Some(true));
    let mut text = Vec::new();
    let bursts = held.get(..used)?.split(|&byte| byte == 0);
    for burst in bursts.filter(|burst| (LEAST..=BURST_MAX).contains(&burst.len())) {
        text.extend(recover::uninvert_burst(burst, fits).unwrap_or_default());
    }
    (!text.is_empty()).then_some((text, used))
}

fn is_text(bytes: &[u8]) -> bool {
    let odd = bytes
        .iter()
        .filter(|&&byte| !matches!(byte, b' '..=b'~' | b'\r' | b'\n'))
        .count();
    odd * 20 < bytes.len()
}

/// Fewest bytes that can hold a telegram.
const LEAST: usize = 40;
/// Longest burst that is turned round, in bytes.
const BURST_MAX: usize = 64 << 10;
/// From here on bytes are looked at before the next silence.
const FULL: usize = 256 << 10;
/// Bytes kept at the most.
const HELD_MAX: usize = 512 << 10;
/// Ends that a frame with swallowed bytes may have: noise holds a start once in 64 KiB.
const ENDS: usize = 2;
/// Bytes of a frame and what is behind it that tell where it ends.
const REACH: usize = 64 << 10;
