//! Decoding ahead: a stretch of the stream decoded apart, from what is presumed to be known by then.
//!
//! ```text
//! known at A      A |---- stretch ----| B |---- stretch ----| C      each on a thread of its own
//! presumed at B                       B
//! presumed at C                                             C
//! ```
//! A stretch is taken over where all that matters to it was as presumed and each frame in it verified: then the
//! decoder would have found the same. Else its bytes are decoded again, by the decoder itself.

use std::collections::HashSet;

use memchr::memmem;

use super::{Decoder, Framer, Hold};
use crate::p1::ciphering::{GeneralGloCiphering, START, SystemTitle};
use crate::p1::event::{Decoded, Event, Security, Tag};
use crate::p1::readout::Crc;
use crate::p1::span::Span;
use crate::p1::telegram::{Memory, Telegram};
use crate::p1::value::Zone;

/// All that decides how a decoder goes on between two frames.
#[derive(Clone)]
pub struct Standing {
    offset: u64,
    known: [Option<SystemTitle>; 2],
    memory: Memory,
}

/// Frames that were decoded apart.
pub struct Stretch {
    start: Standing,
    end: Standing,
    frames: Vec<Frame>,
    texts: Vec<u8>,
    titles: HashSet<SystemTitle>,
    /// Each byte belongs to a frame that verified, and none has a new shape.
    clean: bool,
}

/// A frame that verified; its bytes are not kept, its text is.
struct Frame {
    span: Span,
    header: GeneralGloCiphering,
    crc: Crc,
    /// Bytes of text.
    length: usize,
    /// Bytes before the `/`.
    lead: usize,
    /// Place of its shape in the memory.
    shape: usize,
}

impl Standing {
    /// What is known behind so many bytes, if all frames in them verify and the last one is of this meter.
    pub fn behind(&self, length: usize, last: SystemTitle) -> Self {
        Self {
            offset: self.offset + length as u64,
            known: [Some(last), self.known[1]],
            memory: self.memory.clone(),
        }
    }
}

impl Decoder {
    /// Where the decoder stands; `None` in the middle of a frame, or where one is in doubt.
    pub fn standing(&self) -> Option<Standing> {
        (self.held.is_empty() && self.hold.is_empty()).then(|| Standing {
            offset: self.offset,
            known: self.framer.known(),
            memory: self.memory.clone(),
        })
    }

    /// A decoder with the same keys that stands somewhere else.
    pub fn elsewhere(&self, standing: &Standing) -> Self {
        let mut framer = Framer::default();
        framer.jump(standing.offset, standing.known);
        Self {
            framer,
            judge: self.judge.fresh(),
            memory: standing.memory.clone(),
            zone: self.zone.clone(),
            held: Vec::new(),
            offset: standing.offset,
            spans: Vec::new(),
            hold: Hold::default(),
        }
    }

    /// Goes on behind a stretch, as if the bytes it was made of had been pushed; false where they have to be.
    pub fn adopt(&mut self, stretch: &Stretch, bytes: &[u8]) -> bool {
        if !self.suits(stretch, bytes) {
            return false;
        }
        self.take_over(stretch);
        true
    }

    /// Tells whether a stretch could be adopted.
    pub fn suits(&self, stretch: &Stretch, bytes: &[u8]) -> bool {
        let here = self.standing();
        here.is_some_and(|here| stretch.clean && stretch.follows(&here, bytes))
    }

    /// Goes on behind a stretch that suits.
    pub fn take_over(&mut self, stretch: &Stretch) {
        self.offset = stretch.end.offset;
        // None of its frames was refused.
        let known = [stretch.end.known[0], self.framer.known()[1]];
        self.framer.jump(self.offset, known);
        self.memory = stretch.end.memory.clone();
        self.judge.believe(&stretch.titles);
    }
}

impl Stretch {
    /// Decodes bytes from where a decoder stands, which was made for them alone; `texts` is a buffer to be used.
    pub fn decode(
        mut decoder: Decoder,
        bytes: &[u8],
        mut texts: Vec<u8>,
        mut sink: impl FnMut(&Decoded<'_>),
    ) -> Option<Self> {
        let start = decoder.standing()?;
        let known = start.memory.clone();
        texts.clear();
        texts.reserve(bytes.len());
        let mut stretch = Self {
            end: start.clone(),
            start,
            frames: Vec::new(),
            texts,
            titles: HashSet::new(),
            clean: true,
        };
        let mut last = None;
        decoder.push(bytes, |event| {
            let frame = Frame::of(event, &known);
            stretch.clean &= frame.is_some();
            if let (true, Some(frame), Event::Telegram(decoded)) = (stretch.clean, frame, event) {
                let title = frame.header.title;
                if last.replace(title) != Some(title) {
                    stretch.titles.insert(title);
                }
                stretch.frames.push(frame);
                stretch.texts.extend_from_slice(decoded.text);
                sink(decoded);
            }
        });
        stretch.end = decoder.standing()?;
        stretch.clean &= stretch.end.memory.is_same(&known);
        Some(stretch)
    }

    /// Tells whether a decoder that stands there would have found the same.
    fn follows(&self, here: &Standing, bytes: &[u8]) -> bool {
        let there = &self.start;
        let mut titles = there.known.iter().chain(&here.known).flatten();
        there.offset == here.offset
            && there.memory.is_same(&here.memory)
            && titles.all(|title| {
                let known = |standing: &Standing| standing.known.contains(&Some(*title));
                known(there) == known(here) || !self.depends_on(*title, bytes)
            })
    }

    /// Tells whether a framer that knows a title may find other frames than one that does not: their own title is
    /// it, and names no manufacturer; or one has a start with the title in it, and would end there.
    fn depends_on(&self, title: SystemTitle, bytes: &[u8]) -> bool {
        let start = [&START[..], &title.0].concat();
        let finder = memmem::Finder::new(&start);
        let mut frames = self.frames_in(bytes);
        frames.any(|(frame, bytes)| match frame.header.title == title {
            true => !title.has_letters(),
            false => {
                let body = bytes.get(frame.header.header_length..);
                body.is_some_and(|body| finder.find(body).is_some())
            }
        })
    }

    /// The frames, each with its bytes.
    fn frames_in<'a>(&'a self, bytes: &'a [u8]) -> impl Iterator<Item = (&'a Frame, &'a [u8])> {
        let mut rest = bytes;
        self.frames.iter().map(move |frame| {
            let length = frame.span.len() as usize;
            let (bytes, behind) = rest.split_at(length.min(rest.len()));
            rest = behind;
            (frame, bytes)
        })
    }

    /// Tells whether each byte belongs to a frame that verified, and none has a new shape.
    pub fn is_clean(&self) -> bool {
        self.clean
    }

    /// Title and counter of each frame.
    pub fn counters(&self) -> impl Iterator<Item = (SystemTitle, u32)> + '_ {
        let headers = self.frames.iter().map(|frame| &frame.header);
        headers.map(|header| (header.title, header.counter.0))
    }

    /// The texts of all frames in a row.
    pub fn texts(&mut self) -> &mut Vec<u8> {
        &mut self.texts
    }

    /// Gives back the buffer.
    pub fn into_texts(self) -> Vec<u8> {
        self.texts
    }

    /// Says the events again; `bytes` are those that were decoded.
    pub fn events(&self, bytes: &[u8], zone: &Zone, mut sink: impl FnMut(&Event<'_>)) {
        let mut texts = self.texts.as_slice();
        for (frame, bytes) in self.frames_in(bytes) {
            let (text, rest) = texts.split_at(frame.length.min(texts.len()));
            texts = rest;
            let readable = text.get(frame.lead..).unwrap_or_default();
            let Some(shape) = self.start.memory.shape(frame.shape) else {
                return;
            };
            sink(&Event::Telegram(Decoded {
                span: frame.span,
                frame: bytes,
                security: Some(Security {
                    header: frame.header,
                    tag: Tag::Valid,
                }),
                text,
                crc: frame.crc,
                telegram: Telegram::of(readable, shape, zone),
                push: None,
                mended: None,
                replayed: false,
                behind: 0,
            }));
        }
    }
}

impl Frame {
    /// `None` for all that does not verify in full, or whose shape is new.
    fn of(event: &Event<'_>, memory: &Memory) -> Option<Self> {
        let Event::Telegram(decoded) = event else {
            return None;
        };
        if decoded.push.is_some() || decoded.behind > 0 {
            return None;
        }
        let security = decoded.security.filter(|s| s.tag == Tag::Valid)?;
        let length = decoded.text.len();
        decoded.crc.valid().filter(|valid| *valid)?;
        Some(Self {
            span: decoded.span,
            header: security.header,
            crc: decoded.crc,
            length,
            lead: length.checked_sub(decoded.telegram.text().len())?,
            shape: memory.place(decoded.telegram.shape())?,
        })
    }
}
