//! Telegrams out of bytes that a fault has changed, where nothing was lost and the text itself proves it.
//!
//! A line that is not inverted back and 7E1 read as 8N1 lose nothing: they are undone always. What a tty, an
//! editor or a network layer has done is undone on request. A tag or CRC that fits after the mending is the proof;
//! telegrams without a CRC count where parity fits on every byte.

use std::sync::Arc;

use super::finding::Verdict;
use super::flow;
use super::repair;
use crate::p1::cipher::Keys;
use crate::p1::ciphering::{GeneralGloCiphering, Header, START, SystemTitle};
use crate::p1::decoder::{Decoder, Policy};
use crate::p1::event::{Decoded, Event, Reason, Security, Tag};
use crate::p1::line::recover;
use crate::p1::readout::Readout;
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
    start: u64,
    /// Bytes from which on what waits is looked at before the next silence.
    full: usize,
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
            start: 0,
            full: FULL,
        }
    }

    /// Uses other keys from now on.
    pub fn set_keys(&mut self, keys: Arc<Keys>) {
        self.decoder.set_keys(Arc::clone(&keys));
        self.keys = keys;
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
        if self.held.is_empty() {
            self.start = span.start;
        }
        let room = HELD_MAX.saturating_sub(self.held.len());
        self.held
            .extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    /// Tells whether so much waits that it should be looked at before the next silence; to be asked for each event,
    /// so that what is mended has its place in the stream however that was cut.
    pub fn is_full(&self) -> bool {
        self.held.len() >= self.full
    }

    /// Mends what was collected; `ended` says that the burst or the input ends here.
    pub fn settle(&mut self, ended: bool, mut sink: impl FnMut(&Event<'_>)) {
        if self.held.len() >= LEAST {
            let held = std::mem::take(&mut self.held);
            match self.mend(&held, ended) {
                Some((verdict, stream, used)) => {
                    self.tell(verdict, &stream, ended, &mut sink);
                    self.held
                        .extend_from_slice(held.get(used..).unwrap_or_default());
                    self.start += used as u64;
                }
                None if ended || self.held.len() >= HELD_MAX => {}
                None => self.held = held,
            }
        }
        if ended || self.held.len() >= HELD_MAX {
            self.held.clear();
        }
        // What cannot be mended yet is not looked at for each event.
        self.full = match self.held.len() {
            ..FULL => FULL,
            length => (length + FULL / 2).min(HELD_MAX),
        };
    }

    /// What was sent, what had happened to it, and how many bytes that accounts for.
    fn mend(&self, held: &[u8], ended: bool) -> Option<(Verdict, Vec<u8>, usize)> {
        if let Some(text) = recover::strip_parity(held).filter(|text| is_text(text)) {
            return Some((Verdict::SevenEven, text, held.len()));
        }
        if let Some((text, used)) = uninvert(held, ended) {
            return Some((Verdict::InvertedPlain, text, used));
        }
        if !self.repair || !ended {
            return None;
        }
        let whole = |verdict, text: Vec<u8>| (verdict, text, held.len());
        if is_text(held) {
            return repair::REMEDIES.iter().find_map(|(verdict, undo)| {
                let text = undo(held).filter(|text| holds_crc(text))?;
                Some(whole(*verdict, text))
            });
        }
        let frames = self.frames(held);
        // A title with FF in it leaves no frame at all.
        let single = || Some((Verdict::Telnet, repair::undouble(held)?));
        frames
            .or_else(single)
            .map(|(verdict, frames)| whole(verdict, frames))
    }

    /// Encrypted frames, each mended by itself.
    fn frames(&self, held: &[u8]) -> Option<(Verdict, Vec<u8>)> {
        let mut mended = Vec::new();
        let mut verdict = None;
        let mut at = 0;
        while let Some(next) = memchr::memmem::find(held.get(at..)?, &START) {
            let rest = held.get(at + next..)?;
            at += next + 1;
            if let Some(frame) = self.swallowed(rest) {
                mended.extend_from_slice(&frame);
                verdict = Some(Verdict::Ixon);
                at += START.len();
                continue;
            }
            // What stood in the header was changed with the rest: its length is a hint, not a border.
            let Header::Legal(header) = GeneralGloCiphering::decode(rest) else {
                continue;
            };
            let wide = (2 * header.frame_length()).min(rest.len());
            let bursts = [rest.get(..header.frame_length()), rest.get(..wide)];
            let found = bursts
                .into_iter()
                .flatten()
                .find_map(|burst| repair::repair(burst, &self.keys));
            if let Some(found) = found {
                mended.extend_from_slice(&found.frame);
                verdict = Some(found.verdict);
                at += START.len();
            }
        }
        verdict.map(|verdict| (verdict, mended))
    }

    /// A frame that lacks its 11 and 13, up to where the next one begins.
    fn swallowed(&self, rest: &[u8]) -> Option<Vec<u8>> {
        let ends = memchr::memmem::find_iter(rest, &START).skip(1).take(ENDS);
        let mut ends = ends.filter(|end| *end >= LEAST).chain([rest.len()]);
        ends.find_map(|end| flow::ixon(rest.get(..end)?, &self.keys))
    }

    fn tell(
        &mut self,
        verdict: Verdict,
        stream: &[u8],
        ended: bool,
        sink: &mut impl FnMut(&Event<'_>),
    ) {
        let mut tell = |event: &Event<'_>| {
            let Event::Telegram(decoded) = event else {
                return;
            };
            let proven = decoded.crc.valid().unwrap_or(verdict == Verdict::SevenEven);
            if proven {
                let mended = Some(verdict.code());
                sink(&Event::Telegram(Decoded {
                    mended,
                    ..decoded.clone()
                }));
            }
        };
        self.decoder.push(stream, &mut tell);
        if ended {
            self.decoder.quiet(tell);
        }
    }
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

fn holds_crc(text: &[u8]) -> bool {
    memchr::memchr_iter(b'/', text).take(TRIES).any(|start| {
        let rest = text.get(start..).unwrap_or_default();
        let mark = memchr::memchr(b'!', rest);
        let end = mark.map_or(rest.len(), |mark| (mark + 7).min(rest.len()));
        let readout = rest.get(..end).unwrap_or_default();
        Readout::find(readout).is_some_and(|found| found.check(readout).valid() == Some(true))
    })
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
/// Places where a telegram may begin, at the most.
const TRIES: usize = 64;
