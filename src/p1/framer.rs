//! The byte stream to frames, and every byte accounted for.
//!
//! ```text
//! noise  DB 08 title 82 05 DD 30 counter … tag   noise   /XXX5… ! CRC CR LF
//! |junk| |-------------- ciphered ------------| | junk | |----- plain ----|
//! ```
//! The framer needs no key. A body ends early where a credible start lies in it: `DB 08` with the title of
//! this frame or of the last whole one, or, where it is shorter than it says, a whole legal header whose title begins
//! with three letters. What it takes for a frame may still turn out false; [`Framer::find_embedded_start`] then says
//! where to go on.
//!
//! ```text
//! DB 08 title 82 05 DD …cut  DB 08 title 82 05 DD … tag
//! |------- claimed length ------------|
//! |------ refused ----------||-------- the next frame -|
//! ```

mod headless;

use std::cell::Cell;
use std::ops::{Range, RangeInclusive};

use memchr::memmem::Finder;
use memchr::{memchr2, memchr3};

use super::ciphering::{DEDICATED, GLOBAL, GeneralGloCiphering, Header, START, SystemTitle};
use super::push::assembly::{Fault, Parts, Scan};
use super::push::axdr::TreeFault;
use super::push::hdlc::{self, FLAG};
use super::push::transcode::{NoPush, Transcoder};
use super::push::{Form, Framing, mbus};
use super::readout::{End, Readout};
use headless::Headless;

pub use super::push::assembly::Embedded;
pub use headless::is_rest;

/// Finds frames in a stream, of any number of meters, ciphered and plain mixed.
///
/// Invariant: bytes before `resume` hold no start that is still to be looked at; the body of the frame that
/// begins where `searched` does holds no credible start before its end. What is credible depends on the frame, so
/// that this says nothing of any other.
#[derive(Clone)]
pub struct Framer {
    known: [Option<SystemTitle>; 2],
    resume: u64,
    searched: Range<u64>,
    start: Finder<'static>,
    dedicated: Finder<'static>,
    headless: Headless,
    /// The push that was put together last, and the readout of one without frames.
    pub(super) parts: Parts,
    transcoder: Transcoder,
    /// Whether the ciphered frame that was found last lies in a link frame whose header is damaged.
    pub(super) torn: bool,
    /// Where a link frame was cut behind a header that is damaged or of another length.
    torn_at: Option<u64>,
}

/// A stretch of the data that is taken for a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Index of its first byte in the data.
    pub start: usize,
    /// Index behind its last byte.
    pub end: usize,
    /// What it is taken for.
    pub kind: Kind,
}

/// What a stretch is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A ciphered frame, as long as it says.
    Ciphered(GeneralGloCiphering),
    /// A ciphered frame that another start or the end of the burst cut short.
    CipheredCut(GeneralGloCiphering),
    /// A header whose length no frame can have.
    BadLength {
        /// The title in it.
        title: SystemTitle,
        /// The length as claimed, in bytes.
        length: u64,
    },
    /// A plain telegram up to its line end.
    Plain(Readout),
    /// A plain telegram that another start or the end of the burst cut short.
    PlainCut,
    /// Data lines with an end, whose first line cannot be read.
    Headless,
    /// A push in link frames or blocks, as far as it came.
    Push {
        /// What carries it.
        framing: Framing,
        /// What is missing or wrong.
        fault: Option<Fault>,
    },
    /// A push in clear without any frame.
    BarePush,
}

/// Whether another frame begins in the body of one; places are indices in that.
enum Credible {
    /// One of the same meter or of one that is known does here, or before it one that may be.
    Sure(usize),
    /// A whole header with a title that begins with letters, and nothing that is sure.
    Maybe { start: usize },
    /// None does; up to here bytes that follow change nothing.
    None { searched: usize },
}

impl Default for Framer {
    fn default() -> Self {
        Self {
            known: [None; 2],
            resume: 0,
            searched: 0..0,
            start: Finder::new(&START),
            dedicated: Finder::new(&[DEDICATED, 8]),
            headless: Headless::default(),
            parts: Parts::default(),
            transcoder: Transcoder::default(),
            torn: false,
            torn_at: None,
        }
    }
}

impl Framer {
    /// Finds the next frame in `data[from..]`; `base` is the stream offset of `data[0]`.
    ///
    /// `closed` says that the burst ends with the data: what is half stays half.
    /// `None`: no frame that is complete enough to be judged.
    ///
    /// A header behind other bytes whose title says nothing counts only where `opens` finds that the first
    /// block of its text reads like a telegram: noise is full of such headers.
    ///
    /// `found` tells what [`whole_plain`] has found at an index before, where it was asked.
    pub fn next(
        &mut self,
        data: &[u8],
        base: u64,
        from: usize,
        closed: bool,
        opens: impl Fn(&GeneralGloCiphering, Option<&[u8; FIRST_BLOCK]>) -> bool,
        found: impl Fn(usize) -> Option<WholePlain>,
    ) -> Option<Candidate> {
        let mut at = from.max(self.resume.saturating_sub(base) as usize);
        while let Some(start) = self.begins(data, at, from) {
            let found = match data.get(start) {
                Some(b'(') => self.headless(data, base, from, start, closed),
                Some(&(GLOBAL | DEDICATED))
                    if start == from || is_behind_llc(data, from, start) =>
                {
                    self.ciphered(data, base, start, closed, |_, _| true)
                }
                Some(&(GLOBAL | DEDICATED)) => self.ciphered(data, base, start, closed, &opens),
                Some(b'/') => match found(start).and_then(|whole| whole.at(start, data)) {
                    Some(candidate) => Found::Candidate(candidate),
                    None => self.plain(data, base, from, start, closed),
                },
                _ => self.push(data, base, from, start, closed, &opens),
            };
            match found {
                Found::Candidate(candidate) => {
                    self.torn = self.is_torn(data, base, from, start);
                    self.resume = base + candidate.end as u64;
                    return Some(candidate);
                }
                Found::More => {
                    self.resume = base + start as u64;
                    return None;
                }
                Found::Not => at = start + 1,
            }
        }
        self.resume = base + data.len() as u64;
        if closed && !data.is_empty() {
            self.headless.silence();
        }
        None
    }

    /// Index of the next byte that a frame can begin with.
    fn begins(&self, data: &[u8], at: usize, from: usize) -> Option<usize> {
        // Some bytes begin a frame at a border alone: inside of other bytes they say nothing.
        if at == from && data.get(at).copied().is_some_and(may_start_at_border) {
            return Some(at);
        }
        let start = find(data, at, next_start)?;
        let rest = data.get(start..).unwrap_or_default();
        // Of flags in a row only the last one can begin a frame.
        Some(start + flags(rest).saturating_sub(1))
    }

    /// Looks for a push: link frames, whose header or sum is right, before what stands alone.
    fn push(
        &mut self,
        data: &[u8],
        base: u64,
        from: usize,
        start: usize,
        closed: bool,
        opens: &impl Fn(&GeneralGloCiphering, Option<&[u8; FIRST_BLOCK]>) -> bool,
    ) -> Found {
        let rest = data.get(start..).unwrap_or_default();
        let border = start == from;
        let framing = match rest {
            // Behind a frame its flag may be shared.
            [FLAG, ..] => Framing::Hdlc,
            [0xA0..=0xAF, ..] if border => Framing::Hdlc,
            [mbus::START, ..] => Framing::Mbus,
            // Any byte may be E0: at a border the head of a block counts, elsewhere that of a first one before
            // what blocks are made of.
            [0xE0, head @ ..] => match block_begins(head, border) {
                Some(true) => Framing::Bare,
                None if !closed => return Found::More,
                _ => return Found::Not,
            },
            [0xE6] | [0xE6, 0xE6 | 0xE7] | [0xE6, 0xE6 | 0xE7, 0] if !closed => return Found::More,
            [0xE6, 0xE6 | 0xE7, 0, 0xE0, ..] => Framing::Bare,
            [0x0F, ..] => return self.bare(data, base, from, start, closed),
            [0x01 | 0x02, ..] if border => return self.bare(data, base, from, start, closed),
            _ => return Found::Not,
        };
        let mut parts = std::mem::take(&mut self.parts);
        // What begins inside a frame that is damaged ends it; its own ciphering does not.
        let inside = |range: Range<usize>, header: Range<usize>| {
            let own = OwnText {
                header,
                ..OwnText::default()
            };
            self.inside(data, range, own, closed, opens)
        };
        let scan = parts.scan(data, start, framing, closed, inside);
        self.parts = parts;
        match scan {
            Scan::Push { end, fault } => Found::Candidate(Candidate {
                start,
                end,
                kind: Kind::Push { framing, fault },
            }),
            Scan::More => Found::More,
            Scan::Not => Found::Not,
        }
    }

    /// A push in clear that nothing carries: its tree says where it ends.
    fn bare(&mut self, data: &[u8], base: u64, from: usize, start: usize, closed: bool) -> Found {
        let rest = data.get(start..).unwrap_or_default();
        let window = rest.get(..BARE_MAX).unwrap_or(rest);
        let wait = rest.len() < BARE_MAX && !closed;
        if self.is_torn(data, base, from, start) || is_behind_title(data, from, start) {
            return Found::Not;
        }
        match bare_begins(window) {
            Some(true) => {}
            None if wait => return Found::More,
            _ => return Found::Not,
        }
        match self.transcoder.write_begin(None, window) {
            Ok((form, end))
                if form != Form::Bare
                    || is_timed(window)
                    || self
                        .transcoder
                        .list()
                        .rows
                        .iter()
                        .any(|row| row.obis.is_some()) =>
            {
                Found::Candidate(Candidate {
                    start,
                    end: start + end,
                    kind: Kind::BarePush,
                })
            }
            Err(NoPush::Tree(TreeFault::Short)) if wait => Found::More,
            _ => Found::Not,
        }
    }

    /// Index up to which the data are known to hold nothing, after [`Framer::next`] gave `None`.
    pub fn passed(&self, base: u64) -> usize {
        self.resume.saturating_sub(base) as usize
    }

    /// Looks into a frame that did not verify for the start of another one.
    ///
    /// Here a start counts too whose title says nothing, when `opens` finds that the first block of its text
    /// reads like a telegram; and the header line of a plain telegram.
    ///
    /// A telegram in clear where the text of a whole frame begins, or behind another such one, belongs to the
    /// frame and shares its verdict; in a frame that was cut short it must end where the text of the frame does.
    /// Else anybody could have text believed by putting a header in front of it.
    pub fn find_embedded_start(
        &self,
        data: &[u8],
        frame: &Candidate,
        closed: bool,
        opens: impl Fn(&GeneralGloCiphering, Option<&[u8; FIRST_BLOCK]>) -> bool,
    ) -> Embedded {
        let range = frame.start + 1..frame.end;
        self.inside(data, range, OwnText::of(frame), closed, &opens)
    }

    /// Looks into the parts of the push that was put together last, as [`Self::find_embedded_start`] does: a check sum of
    /// eight or sixteen bits fits by chance now and then, around what another frame brought.
    ///
    /// Gives with it how long the part is in which another frame begins, up to there and as a whole.
    pub fn find_embedded_in_parts(
        &self,
        data: &[u8],
        closed: bool,
        opens: impl Fn(&GeneralGloCiphering, Option<&[u8; FIRST_BLOCK]>) -> bool,
    ) -> (Embedded, [usize; 2]) {
        let (header, next) = self.parts.own(data);
        for &(start, end) in &self.parts.spans {
            let own = OwnText {
                header: header.clone(),
                next,
                ..OwnText::default()
            };
            // The flag at its end may be that of the next one as well.
            let flag = data.get(end.saturating_sub(1)) == Some(&FLAG);
            let look = self.inside(
                data,
                start + 1..end - usize::from(flag),
                own,
                closed,
                &opens,
            );
            match look {
                Embedded::Cut(at) => return (look, [at - start, end - start]),
                Embedded::More => return (look, [0; 2]),
                Embedded::Stands => {}
            }
        }
        (Embedded::Stands, [0; 2])
    }

    /// Looks for the start of another frame in a range of one that is damaged.
    fn inside(
        &self,
        data: &[u8],
        range: Range<usize>,
        mut own: OwnText,
        closed: bool,
        opens: &impl Fn(&GeneralGloCiphering, Option<&[u8; FIRST_BLOCK]>) -> bool,
    ) -> Embedded {
        let mut at = range.start;
        let body = data.get(..range.end).unwrap_or(data);
        while let Some(start) = find(body, at, next_start_inside) {
            let rest = data.get(start..).unwrap_or_default();
            let verdict = match rest.first() {
                Some(b'/') => match HeaderLine::read(rest, closed) {
                    HeaderLine::Strict => match looks_like_body(rest) {
                        Some(true) => match own.takes(data, body.len(), start, closed) {
                            Embedded::Cut(end) => {
                                at = end;
                                continue;
                            }
                            Embedded::Stands => Embedded::Cut(start),
                            Embedded::More => Embedded::More,
                        },
                        None if !closed => Embedded::More,
                        _ => Embedded::Stands,
                    },
                    HeaderLine::More => Embedded::More,
                    _ => Embedded::Stands,
                },
                Some(&(FLAG | mbus::START)) => {
                    let begins = match rest.first() {
                        Some(&FLAG) => hdlc::begins(rest),
                        _ => mbus::begins(rest),
                    };
                    match begins {
                        Some(true) => Embedded::Cut(start),
                        None if !closed => Embedded::More,
                        _ => Embedded::Stands,
                    }
                }
                _ if own.header.contains(&start) => Embedded::Stands,
                _ => match GeneralGloCiphering::decode(rest) {
                    Header::Legal(header) if self.is_known(&header) => Embedded::Cut(start),
                    Header::Legal(header) => {
                        let block = first_block(rest, &header);
                        match opens(&header, block) {
                            true if block.is_some() => Embedded::Cut(start),
                            true if !closed => Embedded::More,
                            _ => Embedded::Stands,
                        }
                    }
                    Header::More if !closed => Embedded::More,
                    _ => Embedded::Stands,
                },
            };
            if verdict != Embedded::Stands {
                return own.before(verdict);
            }
            at = start + 1;
        }
        Embedded::Stands
    }

    /// The stream begins anew, maybe in the middle of a telegram.
    pub fn reset(&mut self) {
        self.headless = Headless::default();
    }

    /// Goes back: the stretch ended earlier than it seemed.
    pub fn rewind_to(&mut self, base: u64, end: usize) {
        self.resume = base + end as u64;
        self.searched = self.resume..self.resume;
    }

    /// Takes the end of the push that was put together last, which was refused.
    pub fn refused(&mut self, base: u64, end: usize) {
        self.torn_at = self.parts.begins_at(end).then_some(base + end as u64);
    }

    /// Tells whether the check sum of what begins at an index is lost.
    fn is_torn(&self, data: &[u8], base: u64, from: usize, start: usize) -> bool {
        match start > from {
            true => is_torn(data, from, start),
            false => self.torn_at == Some(base + start as u64),
        }
    }

    /// Takes what was made of a candidate: a frame that ends here.
    pub fn decided(&mut self, kind: Kind, end: u64) {
        let cut = matches!(kind, Kind::PlainCut | Kind::CipheredCut(_));
        self.headless.frame(end, cut);
    }

    /// Remembers the title of a frame that came whole, verified or not.
    pub fn remember(&mut self, title: SystemTitle, verified: bool) {
        if let Some(slot) = self.known.get_mut(usize::from(!verified)) {
            *slot = Some(title);
        }
    }

    fn ciphered(
        &mut self,
        data: &[u8],
        base: u64,
        start: usize,
        closed: bool,
        opens: impl Fn(&GeneralGloCiphering, Option<&[u8; FIRST_BLOCK]>) -> bool,
    ) -> Found {
        let rest = data.get(start..).unwrap_or_default();
        let read = match rest {
            [_, 0, ..] => GeneralGloCiphering::decode_untitled(rest),
            _ => GeneralGloCiphering::decode(rest),
        };
        let header = match read {
            Header::Legal(header) => header,
            Header::BadLength {
                title,
                length,
                header_length,
            } => {
                let end = start + header_length;
                // Half a header may have the begin of the next frame for the rest of it.
                return match self.inside(data, start + 1..end, OwnText::default(), closed, &opens) {
                    Embedded::Cut(_) => Found::Not,
                    Embedded::More => Found::More,
                    Embedded::Stands => Found::Candidate(Candidate {
                        start,
                        end,
                        kind: Kind::BadLength { title, length },
                    }),
                };
            }
            Header::More if !closed => return Found::More,
            Header::More | Header::Not => return Found::Not,
        };
        if !self.is_known(&header) {
            let block = first_block(rest, &header);
            match opens(&header, block) {
                true if block.is_none() && !closed => return Found::More,
                true => {}
                false => return Found::Not,
            }
        }
        let claimed = rest.get(..header.frame_length());
        let body = claimed.unwrap_or(rest);
        let offset = base + start as u64;
        let searched = self.searched_of(offset);
        let found = self.credible_start(body, searched.max(header.header_length), &header);
        let end = match found {
            Credible::Sure(cut) => start + cut,
            // A start by chance lies in one of a million frames: the tag of a whole one tells.
            Credible::Maybe { .. } | Credible::None { .. } if claimed.is_some() => {
                return Found::Candidate(Candidate {
                    start,
                    end: start + body.len(),
                    kind: Kind::Ciphered(header),
                });
            }
            Credible::Maybe { start: cut } if closed => start + cut,
            Credible::None { .. } if closed => data.len(),
            Credible::Maybe { start: searched } | Credible::None { searched } => {
                self.searched = offset..offset + searched as u64;
                return Found::More;
            }
        };
        Found::Candidate(Candidate {
            start,
            end,
            kind: Kind::CipheredCut(header),
        })
    }

    /// Bytes of the frame that begins at an offset which hold no credible start.
    fn searched_of(&self, offset: u64) -> usize {
        match self.searched.start == offset {
            true => (self.searched.end - offset) as usize,
            false => 0,
        }
    }

    /// First credible start in a body, or how far the search is final.
    ///
    /// Its evidence must lie in the body as a whole, so that the answer is the same however the bytes came.
    fn credible_start(&self, body: &[u8], from: usize, header: &GeneralGloCiphering) -> Credible {
        let finder = match body.first() {
            Some(&DEDICATED) => &self.dedicated,
            _ => &self.start,
        };
        let mut at = from;
        let mut maybe = None;
        let end = loop {
            let Some(start) = find(body, at, |rest| finder.find(rest)) else {
                break body.len().saturating_sub(1).max(from);
            };
            let rest = body.get(start..).unwrap_or_default();
            let Some(title) = rest.get(2..10) else {
                break start;
            };
            if title == header.title.0 || self.known.iter().flatten().any(|known| known.0 == title)
            {
                return Credible::Sure(maybe.unwrap_or(start));
            }
            match GeneralGloCiphering::decode(rest) {
                Header::Legal(other) if other.title.has_letters() => {
                    maybe.get_or_insert(start);
                }
                Header::More => break start,
                _ => {}
            }
            at = start + 1;
        };
        match maybe {
            Some(start) => Credible::Maybe { start },
            None => Credible::None { searched: end },
        }
    }

    fn plain(&mut self, data: &[u8], base: u64, from: usize, start: usize, closed: bool) -> Found {
        let rest = data.get(start..).unwrap_or_default();
        let header = HeaderLine::read(rest, closed);
        match header {
            HeaderLine::Strict => {}
            HeaderLine::Loose if start == from || !is_printable_at(data, start - 1) => {}
            HeaderLine::Odd if start == from || !is_printable_at(data, start - 1) => {
                match looks_like_body(rest) {
                    Some(true) => {}
                    None if !closed => return Found::More,
                    _ => return Found::Not,
                }
            }
            HeaderLine::Endless if start == from || !is_printable_at(data, start - 1) => {}
            HeaderLine::More => return Found::More,
            _ => return Found::Not,
        }
        let endless = header == HeaderLine::Endless;
        let line = memchr2(b'\r', b'\n', rest).unwrap_or(1);
        if let Some(found) = sealed_behind(rest, line, start, closed) {
            return found;
        }
        let offset = base + start as u64;
        let searched = self.searched_of(offset);
        let is_known = |header: &_| self.is_known(header);
        let (end, kind) = match plain_end(rest, searched.max(line), closed, is_known) {
            PlainEnd::Whole(end, _) if endless => (end, Kind::Headless),
            PlainEnd::Whole(end, readout) => (end, Kind::Plain(readout)),
            PlainEnd::Cut(end) => (end, Kind::PlainCut),
            PlainEnd::More(searched) => {
                self.searched = offset..offset + searched as u64;
                return Found::More;
            }
        };
        // Without a single data line it is some other text with a slash in it.
        if !rest.get(..end).is_some_and(holds_data_line) {
            return Found::Not;
        }
        Found::Candidate(Candidate {
            start,
            end: start + end,
            kind,
        })
    }

    fn is_known(&self, header: &GeneralGloCiphering) -> bool {
        header.title.has_letters() || self.known.contains(&Some(header.title))
    }
}

/// What belongs to a frame, and begins none inside it.
#[derive(Default)]
struct OwnText {
    /// Where its ciphering begins, in a link frame.
    header: Range<usize>,
    /// Where it begins, or goes on behind a telegram; `None` in a plain frame.
    next: Option<usize>,
    /// Where it must end in a frame that was cut short: before the tag, or with the body.
    ends: Option<[usize; 2]>,
    /// Whether the frame was cut short.
    cut: bool,
    /// The first telegram that ends elsewhere.
    odd: Option<usize>,
}

impl OwnText {
    fn of(frame: &Candidate) -> Self {
        let (header, cut) = match frame.kind {
            Kind::Ciphered(header) => (header, false),
            Kind::CipheredCut(header) => (header, true),
            _ => return Self::default(),
        };
        let start = frame.start + header.header_length;
        let tag = start + header.text_length();
        Self {
            next: Some(start),
            ends: Some([tag, tag + header.control.tag_length()]),
            cut,
            ..Self::default()
        }
    }

    /// What a look into the frame has found: where another one begins inside, it was cut short, and a telegram that
    /// ends elsewhere than its text is none of its own.
    fn before(&self, look: Embedded) -> Embedded {
        match (look, self.odd) {
            (Embedded::Cut(_), Some(odd)) => Embedded::Cut(odd),
            _ => look,
        }
    }

    /// Where the telegram that begins at `start` ends, if it belongs to the frame whose body ends at `body`: one that
    /// runs out of it was there before somebody, or chance, put a header in front of it.
    fn takes(&mut self, data: &[u8], body: usize, start: usize, closed: bool) -> Embedded {
        if self.next != Some(start) {
            return Embedded::Stands;
        }
        let text = data.get(start..).unwrap_or_default();
        let within = text.get(..body.saturating_sub(start)).unwrap_or(text);
        // Where it ends, bytes behind the body say too.
        let end = memchr::memchr_iter(b'!', within).find_map(|mark| {
            match Readout::at(text, mark, closed) {
                End::Here(readout) => Some(readout.behind_line_end(text, closed)),
                End::More => Some(None),
                End::Not => None,
            }
        });
        let end = match end {
            None => return Embedded::Stands,
            Some(None) => return Embedded::More,
            Some(Some(end)) => start + end,
        };
        self.next = Some(end);
        let fits = self.ends.is_some_and(|ends| ends.contains(&end));
        if end > body || self.cut && !fits {
            return Embedded::Stands;
        }
        if !fits {
            self.odd = self.odd.or(Some(start));
        }
        Embedded::Cut(end)
    }
}

/// Bytes that a frame can begin with anywhere.
fn may_start(byte: u8) -> bool {
    matches!(
        byte,
        b'/' | b'(' | GLOBAL | DEDICATED | FLAG | mbus::START | 0x0F | 0xE0 | 0xE6
    )
}

/// Bytes that a frame can begin with where one ended, or at the begin of the stream.
fn may_start_at_border(byte: u8) -> bool {
    may_start(byte) || matches!(byte, 0x01 | 0x02 | 0xA0..=0xAF)
}

/// Index of the first byte that a frame can begin with anywhere.
fn next_start(bytes: &[u8]) -> Option<usize> {
    // Whole chunks are compared at once.
    let chunks = bytes.chunks_exact(CHUNK);
    let none =
        chunks.take_while(|chunk| !chunk.iter().fold(false, |any, byte| any | may_start(*byte)));
    let at = none.count() * CHUNK;
    find(bytes, at, |rest| {
        rest.iter().position(|byte| may_start(*byte))
    })
}

/// Flags that stand in a row at the beginning.
fn flags(bytes: &[u8]) -> usize {
    let chunks = bytes.chunks_exact(CHUNK);
    let whole = CHUNK * chunks.take_while(|chunk| **chunk == [FLAG; CHUNK]).count();
    let rest = bytes.get(whole..).unwrap_or_default();
    whole + rest.iter().take_while(|byte| **byte == FLAG).count()
}

/// Tells whether the head of a block stands behind its tag; `None` where too few bytes are there.
fn block_begins(head: &[u8], border: bool) -> Option<bool> {
    let known = [0x40, 0, 1, 0, 0];
    let sent = |at: usize| head.get(at).copied();
    for (at, known) in known.into_iter().enumerate() {
        let fits = match (at, sent(at)?) {
            // The last one, streaming, a window.
            (0, control) => control & 0x40 != 0,
            (2, number) if border => (1..=BLOCKS_MAX).contains(&number),
            (_, byte) => byte == known,
        };
        if !fits {
            return Some(false);
        }
    }
    let field = match sent(5)? {
        0..=0x7F => 1,
        0x81 => 2,
        0x82 => 3,
        _ => return Some(false),
    };
    Some(border || matches!(sent(5 + field)?, 0x0F | GLOBAL | DEDICATED))
}

/// Index of the first byte that a frame can begin with inside one that is damaged.
fn next_start_inside(bytes: &[u8]) -> Option<usize> {
    let begins = |byte: &u8| matches!(*byte, b'/' | GLOBAL | DEDICATED | FLAG | mbus::START);
    bytes.iter().position(begins)
}

/// Tells whether the header of ciphering stands before an index, whose tag is damaged: title, length, control, counter.
fn is_behind_title(data: &[u8], from: usize, start: usize) -> bool {
    let before = look_back(data, from, start);
    (1..=5).any(|width| {
        let head = before.len().checked_sub(1 + 8 + width + 5);
        matches!(head.and_then(|at| before.get(at..)), Some([8, a, b, c, ..])
            if [a, b, c].iter().all(|letter| letter.is_ascii_uppercase()))
    })
}

/// The bytes before an index in which the header of a link frame would lie.
fn look_back(data: &[u8], from: usize, start: usize) -> &[u8] {
    let lowest = from.max(start.saturating_sub(LOOK_BACK));
    data.get(lowest..start).unwrap_or_default()
}

/// Tells whether what begins at an index is what a link frame carries whose header is damaged: its check sum is lost.
fn is_torn(data: &[u8], from: usize, start: usize) -> bool {
    let mut before = look_back(data, from, start);
    // The head of a first block, and the LLC.
    let mut heads = false;
    for width in 1..=3 {
        if let Some([rest @ .., 0xE0, control, 0, 1, 0, 0]) =
            before.get(..before.len().saturating_sub(width))
            && control & 0x40 != 0
        {
            (before, heads) = (rest, true);
            break;
        }
    }
    if let [rest @ .., 0xE6, 0xE6 | 0xE7, 0] = before {
        (before, heads) = (rest, true);
    }
    let mbus = match before {
        &[.., first, length, again, second, control, _, _, _, _] => {
            let signs = [
                first == mbus::START,
                length == again,
                second == mbus::START,
                control & 0xDF == 0x53,
            ];
            signs.into_iter().filter(|sign| *sign).count() >= 3
        }
        _ => false,
    };
    // The flag before a header may be lost.
    let whole = HDLC_HEADER.into_iter().any(|length| {
        let header = before.len().checked_sub(length);
        header
            .and_then(|at| before.get(at..))
            .is_some_and(hdlc::is_header)
    });
    let mut flags = memchr::memchr_iter(FLAG, before);
    mbus || whole
        || flags.any(|at| {
            let header = before.get(at + 1..).unwrap_or_default();
            // Before the LLC any byte of it may be damaged.
            heads && HDLC_HEADER.contains(&header.len())
                || hdlc::header_length(header) == Some(header.len())
        })
}

/// Tells whether the logical link control stands before an index, and nothing of it in a frame.
fn is_behind_llc(data: &[u8], from: usize, at: usize) -> bool {
    at >= from + 3 && matches!(data.get(at - 3..at), Some([0xE6, 0xE6 | 0xE7, 0]))
}

/// Tells whether bytes begin as a data-notification or a body with a list; `None` where too few are there.
pub fn bare_begins(bytes: &[u8]) -> Option<bool> {
    let mut timed = false;
    let body = match bytes {
        [0x01 | 0x02, ..] => bytes,
        [0x0F, _, _, _, _, 0x00, body @ ..] => body,
        [0x0F, _, _, _, _, 0x0C, rest @ ..] | [0x0F, _, _, _, _, 0x09, 0x0C, rest @ ..] => {
            match rest {
                [0x07, _, 1..=12 | 0xFF, 1..=31 | 0xFF, ..] => {
                    timed = true;
                    rest.get(12..)?
                }
                [_, _, _, _, ..] => return Some(false),
                _ => return None,
            }
        }
        [0x0F, _, _, _, _, 0x09, other, ..] if *other != 0x0C => return Some(false),
        [0x0F, _, _, _, _, other, ..] if *other != 0x09 => return Some(false),
        _ => return None,
    };
    match body {
        // A date says more than any pattern behind it.
        [0x01 | 0x02, 1..=0x7F | 0x81 | 0x82, ..] if timed => Some(true),
        [0x02, 2..=0x7F, 0x12, _, _, 0x12, ..] => Some(true),
        [0x01 | 0x02, 1..=0x7F, 0x02, 2..=4, 0x09 | 0x12 | 0x06, ..]
        | [0x02, 2..=0x7F, 0x01, 1..=0x7F, 0x02, 4, ..]
        | [0x02, 2..=0x7F, 0x09 | 0x0A, 3..=32, ..]
        | [0x02, 2, 0x16, _, 0x01, ..] => Some(true),
        [0x02, 1, 0x06, _, _, _, ..] => Some(bytes.len() > body.len() || body.len() == 7),
        [_, _, _, _, _, _, ..] => Some(false),
        _ => None,
    }
}

/// Tells whether a data-notification has a date and time.
fn is_timed(notification: &[u8]) -> bool {
    matches!(
        notification,
        [0x0F, _, _, _, _, 0x0C, 0x07, ..] | [0x0F, _, _, _, _, 0x09, 0x0C, 0x07, ..]
    )
}

enum Found {
    Candidate(Candidate),
    Not,
    More,
}

enum PlainEnd {
    Whole(usize, Readout),
    Cut(usize),
    More(usize),
}

/// What the bytes from a `/` to the end of the line look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HeaderLine {
    /// `/` three letters, a digit, and an identification (IEC 62056-21 section 6.3.2).
    Strict,
    /// `/` and some other identification.
    Loose,
    /// `/` and three letters, a digit, and something in the line that no first line may hold: a slash, `!`, a letter
    /// beyond ASCII, a control character, more bytes than any name has. It counts where data lines follow.
    Odd,
    /// `/` and three letters, a digit, and no end of the line in reach.
    Endless,
    Not,
    More,
}

impl HeaderLine {
    fn read(text: &[u8], closed: bool) -> Self {
        let window = text
            .get(1..HEADER_LINE_MAX)
            .unwrap_or(text.get(1..).unwrap_or_default());
        let stop = window
            .iter()
            .position(|b| !matches!(b, b' '..=b'~') || matches!(b, b'(' | b')' | b'!' | b'/'));
        let line = match stop {
            Some(length) if matches!(window.get(length), Some(b'\r' | b'\n')) => {
                window.get(..length).unwrap_or_default()
            }
            None if text.len() < HEADER_LINE_MAX && !closed => return Self::More,
            None if text.len() >= HEADER_LINE_MAX => return Self::long(text, closed),
            _ => return Self::odd(window, text.len() < HEADER_LINE_MAX && !closed),
        };
        match line {
            [a, b, c, d, ..]
                if [a, b, c].iter().all(|x| x.is_ascii_alphabetic()) && d.is_ascii_digit() =>
            {
                Self::Strict
            }
            [_, _, _, ..] => Self::Loose,
            _ => Self::Not,
        }
    }
}

impl HeaderLine {
    /// Looks at a line that is longer than those of meters.
    fn long(text: &[u8], closed: bool) -> Self {
        let window = text.get(..FIRST_LINE_MAX).unwrap_or(text);
        let [_, a, b, c, d, rest @ ..] = window else {
            return Self::Not;
        };
        if ![a, b, c].iter().all(|byte| byte.is_ascii_alphabetic()) || !d.is_ascii_digit() {
            return Self::Not;
        }
        let stop = rest
            .iter()
            .find(|byte| !matches!(byte, b' '..=b'~') || matches!(byte, b'(' | b')' | b'!' | b'/'));
        match stop {
            Some(b'\r' | b'\n') => Self::Odd,
            Some(_) => Self::Not,
            None if text.len() < FIRST_LINE_MAX && !closed => Self::More,
            None if text.len() < FIRST_LINE_MAX => Self::Not,
            None => Self::Endless,
        }
    }

    /// Looks at a line with something odd in it; `short` says that more of it may come.
    fn odd(window: &[u8], short: bool) -> Self {
        let named = |text: &[u8]| {
            let (letters, digit) = (text.get(..3), text.get(3));
            letters
                .is_some_and(|letters| letters.iter().all(|&b| b.is_ascii_alphabetic() || b > 0x7F))
                && digit.is_some_and(u8::is_ascii_digit)
        };
        let end = window
            .iter()
            .position(|b| matches!(b, b'\r' | b'\n' | b'(' | b')'));
        let line = window
            .get(..end.unwrap_or(window.len()))
            .unwrap_or_default();
        let (lacks, ends) = match end {
            Some(end) => (false, matches!(window.get(end), Some(b'\r' | b'\n'))),
            None => (short, false),
        };
        let mut slashes = memchr::memchr_iter(b'/', line);
        // Two lines that lost what was between them, or a frame: what begins inside counts.
        let other = slashes.any(|at| line.get(at + 1..).is_some_and(named))
            || memchr::memmem::find(line, &START).is_some();
        match named(line) && !other {
            true if ends => Self::Odd,
            true if lacks => Self::More,
            _ if line.len() < 4 && lacks => Self::More,
            _ => Self::Not,
        }
    }
}

/// A telegram whose lines are encrypted, behind its first line in clear, as Poland's meters send it.
///
/// ```text
/// /EGM5\… CR LF CR LF 00 82 02 30 30 counter lines… tag ! CRC CR LF
///                     |------------ encrypted ------|
/// ```
/// The first byte is the length of a title that is left out. `None` for one in clear.
fn sealed_behind(text: &[u8], line: usize, start: usize, closed: bool) -> Option<Found> {
    let behind = text.get(line..).unwrap_or_default();
    let ends = behind
        .iter()
        .take(4)
        .take_while(|b| matches!(b, b'\r' | b'\n'));
    let begin = line + ends.count();
    let rest = text.get(begin..).unwrap_or_default();
    let (0, sealed) = rest.split_first().map(|(first, rest)| (*first, rest))? else {
        return None;
    };
    let header = match GeneralGloCiphering::behind_title(sealed, begin + 1) {
        Header::Legal(header) => header,
        Header::More if !closed => return Some(Found::More),
        _ => return None,
    };
    let end = header.frame_length();
    if text.len() < end {
        return Some(match closed {
            true => Found::Candidate(Candidate {
                start,
                end: start + text.len(),
                kind: Kind::CipheredCut(header),
            }),
            false => Found::More,
        });
    }
    let end = match Readout::at(text, end, closed) {
        End::Here(readout) => readout.behind_line_end(text, closed),
        End::More => None,
        End::Not => Some(end),
    };
    Some(match end {
        Some(end) => Found::Candidate(Candidate {
            start,
            end: start + end,
            kind: Kind::Ciphered(header),
        }),
        None => Found::More,
    })
}

/// Tells whether a header line is followed by an empty line, a code or the end; ciphertext seldom looks so.
///
/// `None`: that depends on bytes still to come.
fn looks_like_body(text: &[u8]) -> Option<bool> {
    let line_end = memchr2(b'\r', b'\n', text)?;
    let next = match text.get(line_end..)? {
        [b'\r', b'\n', next, ..] | [b'\n', next, ..] => next,
        [b'\r', other, ..] if *other != b'\n' => return Some(false),
        _ => return None,
    };
    Some(matches!(next, b'\r' | b'\n' | b'!' | b'0'..=b'9'))
}

/// Tells whether a text holds at least one line like `1-0:1.8.0(`.
fn plain_end(
    text: &[u8],
    from: usize,
    closed: bool,
    is_known: impl Fn(&GeneralGloCiphering) -> bool,
) -> PlainEnd {
    let mut at = from;
    let window = text.get(..PLAIN_MAX).unwrap_or(text);
    while let Some(stop) = find(window, at, |rest| memchr3(b'!', b'/', START[0], rest)) {
        let rest = text.get(stop..).unwrap_or_default();
        match rest.first() {
            Some(b'!') => match Readout::at(text, stop, closed) {
                End::Here(readout) => match readout.behind_line_end(text, closed) {
                    Some(end) => return PlainEnd::Whole(end, readout),
                    None => return PlainEnd::More(stop),
                },
                End::More => return PlainEnd::More(stop),
                End::Not => {}
            },
            Some(b'/') => match HeaderLine::read(rest, closed) {
                HeaderLine::Strict => return PlainEnd::Cut(stop),
                HeaderLine::Loose if !is_printable_at(text, stop - 1) => {
                    return PlainEnd::Cut(stop);
                }
                HeaderLine::More => return PlainEnd::More(stop),
                _ => {}
            },
            _ => match GeneralGloCiphering::decode(rest) {
                Header::Legal(header) if is_known(&header) => return PlainEnd::Cut(stop),
                Header::More if !closed => return PlainEnd::More(stop),
                _ => {}
            },
        }
        at = stop + 1;
    }
    match window.len() {
        PLAIN_MAX => PlainEnd::Cut(PLAIN_MAX),
        length if closed => PlainEnd::Cut(length),
        length => PlainEnd::More(length),
    }
}

/// A telegram in clear that is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WholePlain {
    /// Bytes of it, with its line end.
    pub length: usize,
    /// Where its parts lie.
    pub readout: Readout,
}

impl WholePlain {
    /// The candidate that it is at an index of the data, where those hold it.
    fn at(self, start: usize, data: &[u8]) -> Option<Candidate> {
        let end = start.checked_add(self.length)?;
        (end <= data.len()).then_some(Candidate {
            start,
            end,
            kind: Kind::Plain(self.readout),
        })
    }
}

/// Finds the telegram in clear that a text begins with, where it is whole and every framer finds the same: nothing in it
/// depends on what came before.
pub fn whole_plain(text: &[u8]) -> Option<WholePlain> {
    if HeaderLine::read(text, false) != HeaderLine::Strict {
        return None;
    }
    let line = memchr2(b'\r', b'\n', text)?;
    if sealed_behind(text, line, 0, false).is_some() {
        return None;
    }
    // Whether a frame begins in it depends on the titles that are known.
    let has_header = Cell::new(false);
    let is_known = |_: &_| {
        has_header.set(true);
        false
    };
    let PlainEnd::Whole(length, readout) = plain_end(text, line, false, is_known) else {
        return None;
    };
    let is_sure = !has_header.get() && holds_data_line(text.get(..length)?);
    is_sure.then_some(WholePlain { length, readout })
}

fn holds_data_line(text: &[u8]) -> bool {
    memchr::memchr_iter(b'(', text).any(|open| {
        let before = text.get(..open).unwrap_or_default();
        let code = before
            .iter()
            .rev()
            .take(OBIS_MAX)
            .take_while(|b| matches!(b, b'0'..=b'9' | b'.' | b':' | b'-' | b'*'));
        let (length, dots) = code.fold((0, 0), |(n, dots), &b| (n + 1, dots + u8::from(b == b'.')));
        length >= 5 && dots >= 1
    })
}

fn first_block<'a>(frame: &'a [u8], header: &GeneralGloCiphering) -> Option<&'a [u8; FIRST_BLOCK]> {
    frame.get(header.header_length..)?.first_chunk()
}

fn is_printable_at(text: &[u8], index: usize) -> bool {
    matches!(text.get(index), Some(b' '..=b'~'))
}

fn find(data: &[u8], from: usize, search: impl Fn(&[u8]) -> Option<usize>) -> Option<usize> {
    search(data.get(from..)?).map(|index| from + index)
}

/// Longest push in clear without frames, in bytes.
const BARE_MAX: usize = 8 << 10;
/// Bytes before a push in clear in which the header of a link frame would lie.
const LOOK_BACK: usize = 24;
/// Bytes before a start that decide what it is, and where it begins.
pub const LOOK_BEHIND: usize = HEADER_LINE_MAX + OBIS_MAX + 8;
/// Bytes of the header of a link frame behind its flag.
const HDLC_HEADER: RangeInclusive<usize> = 7..=13;
/// Most blocks of a push.
const BLOCKS_MAX: u8 = 64;
/// Bytes that are searched for a start at once.
const CHUNK: usize = 32;
/// Bytes of text that a second look wants to see.
pub const FIRST_BLOCK: usize = 16;
/// Longest plain telegram that is waited for, in bytes.
pub const PLAIN_MAX: usize = 64 << 10;
/// Longest header line of a plain telegram, in bytes.
const HEADER_LINE_MAX: usize = 128;
/// Longest first line that is read, in bytes.
pub const FIRST_LINE_MAX: usize = 1024;
/// Longest OBIS code as text.
const OBIS_MAX: usize = 24;
