//! Frames that are opened, and telegrams in clear that are found, before the decoder comes to them, on other threads.
//!
//! ```text
//! thread    open frames of chunk 4 |           6
//! thread            chunk 3 |         5
//! decoder   2 |        3     |     4     |      5          in order, with what was opened
//! ```
//! What is in a frame depends on nothing but its bytes and the key, and where most telegrams in clear end on nothing but
//! theirs: to look ahead presumes nothing. Whether there is a frame at a place, the decoder decides as ever; one that was
//! not opened it opens itself.
//!
//! The decoder lends the texts as they lie here: from core to core a text costs more than what is done with it.

use std::cell::Cell;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use memchr::memchr2;

use super::super::cipher::{Keys, Opener};
use super::super::ciphering::{GeneralGloCiphering, Header, START, SystemTitle};
use super::super::framer::{WholePlain, whole_plain};
use super::super::readout::Crc;
use super::super::shard::Shard;
use super::super::telegram::{LayoutCache, Shape};
use super::verifier::Inside;

/// Opens frames for a decoder.
#[derive(Clone)]
pub struct FrameOpener {
    keys: Arc<Keys>,
    shard: Option<Shard>,
    /// For the meter whose frame was opened last.
    opener: Option<(SystemTitle, Opener)>,
    layouts: LayoutCache,
}

/// Pieces of streams, and the frames and telegrams in clear that they hold.
#[derive(Default)]
pub struct Opened {
    keys: Arc<Keys>,
    /// The pieces, one behind the other.
    bytes: Vec<u8>,
    /// In the order of the bytes; they do not overlap.
    frames: Vec<Frame>,
    /// The same of telegrams in clear.
    plain: Vec<Plain>,
    /// The texts of the frames, one behind the other.
    texts: Vec<u8>,
    /// The shapes of the telegrams, each once in a row.
    shapes: Vec<Arc<Shape>>,
}

/// One piece of a stream.
#[derive(Clone, Copy, Debug)]
pub struct OpenedPiece<'a> {
    opened: &'a Arc<Opened>,
    from: usize,
    to: usize,
}

/// Where something lies in what was opened.
#[derive(Clone, Debug)]
pub struct Place {
    /// In the text of a frame; else in a piece as it came.
    decrypted: bool,
    range: Range<usize>,
}

pub(super) struct Frame {
    /// Index of its first byte.
    start: usize,
    header: GeneralGloCiphering,
    /// `None` where the tag does not fit.
    pub(super) text: Option<FrameText>,
}

/// The text of a frame, which verified.
pub(super) struct FrameText {
    pub(super) range: Range<usize>,
    /// The telegram in it, and the number of its shape; `None` where there is none, as in a push.
    pub(super) telegram: Option<(Inside, usize)>,
}

/// A telegram in clear.
pub(super) struct Plain {
    /// Index of its first byte.
    start: usize,
    pub(super) whole: WholePlain,
    pub(super) crc: Crc,
    /// Number of its shape.
    pub(super) shape: usize,
}

/// What a decoder knows of the piece that it decodes.
#[derive(Clone)]
pub(super) struct Ahead {
    opened: Arc<Opened>,
    /// Where the piece begins among those that were opened with it.
    from: usize,
    /// Offset of the piece in the stream.
    base: u64,
    /// Where the last one was found: it is asked for again, then the one behind it.
    last: Cell<usize>,
}

impl FrameOpener {
    /// Opens frames with these keys, of the meters in a shard where one is given.
    pub fn new(keys: Arc<Keys>, shard: Option<Shard>) -> Self {
        Self {
            keys,
            shard,
            opener: None,
            layouts: LayoutCache::shared(),
        }
    }

    /// Opens the frames in a piece of a stream, in the memory of another piece that is done with.
    pub fn open(&mut self, piece: Vec<u8>, done: Opened) -> Opened {
        let all = 0..piece.len();
        self.open_pieces(piece, std::iter::once(all), done)
    }

    /// Opens the frames in pieces that stand behind each other, each of which may be of another stream.
    pub fn open_pieces(
        &mut self,
        bytes: Vec<u8>,
        pieces: impl IntoIterator<Item = Range<usize>>,
        done: Opened,
    ) -> Opened {
        let mut opened = Opened {
            keys: Arc::clone(&self.keys),
            ..done
        };
        opened.frames.clear();
        opened.plain.clear();
        opened.texts.clear();
        opened.shapes.clear();
        for piece in pieces {
            let bytes = bytes.get(..piece.end).unwrap_or_default();
            let mut at = piece.start;
            while let Some((start, next)) = Next::find(bytes, at) {
                let rest = bytes.get(start..).unwrap_or_default();
                at = start + next.length();
                let found = rest.get(..next.length()).unwrap_or_default();
                match next {
                    Next::Frame(header) => self.open_frame(start, header, found, &mut opened),
                    Next::Plain(whole) => {
                        let shape = self.layouts.shape_of(found, whole.readout.mark);
                        opened.plain.push(Plain {
                            start,
                            whole,
                            crc: whole.readout.check(found),
                            shape: number_of(shape, &mut opened.shapes),
                        });
                    }
                }
            }
        }
        opened.bytes = bytes;
        opened
    }

    fn open_frame(
        &mut self,
        start: usize,
        header: GeneralGloCiphering,
        frame: &[u8],
        opened: &mut Opened,
    ) {
        let title = header.title;
        let left = self.shard.is_some_and(|shard| !shard.has(title));
        // Of others the decoder decides what is done with them.
        if left || header.control.unsupported().is_some() || !header.control.authenticated() {
            return;
        }
        let opener = match &self.opener {
            Some((known, opener)) if *known == title => opener,
            _ => match self.keys.of(title) {
                Some(keys) => &self.opener.insert((title, Opener::new(keys))).1,
                None => return,
            },
        };
        let from = opened.texts.len();
        opened.texts.resize(from + header.text_length(), 0);
        let text = opened.texts.get_mut(from..).unwrap_or_default();
        let fits = opener.open(&header, frame, text).is_ok();
        if !fits {
            opened.texts.truncate(from);
        }
        let text = fits.then(|| {
            let range = from..from + header.text_length();
            let text = opened.texts.get(range.clone()).unwrap_or_default();
            let telegram = Inside::find(text).map(|inside| {
                let readable = text.get(inside.start..).unwrap_or_default();
                let shape = self.layouts.shape_of(readable, inside.readout.mark);
                (inside, number_of(shape, &mut opened.shapes))
            });
            FrameText { range, telegram }
        });
        opened.frames.push(Frame {
            start,
            header,
            text,
        });
    }
}

/// Puts one behind others where it is not the last of them already; gives its number.
pub(crate) fn number_of<T>(one: &Arc<T>, all: &mut Vec<Arc<T>>) -> usize {
    if !all.last().is_some_and(|last| Arc::ptr_eq(last, one)) {
        all.push(Arc::clone(one));
    }
    all.len() - 1
}

impl Opened {
    /// The piece that lies in a range of the bytes, which can be decoded in place of them.
    pub fn piece(self: &Arc<Self>, range: Range<usize>) -> OpenedPiece<'_> {
        OpenedPiece {
            opened: self,
            from: range.start,
            to: range.end,
        }
    }

    /// Gives the bytes back, to put others there.
    pub fn take_bytes(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// Where bytes lie that were lent from here; `None` for all others.
    pub fn place_of(&self, bytes: &[u8]) -> Option<Place> {
        let range_in = |all: &[u8]| {
            let from = bytes.as_ptr().addr().checked_sub(all.as_ptr().addr())?;
            let to = from.checked_add(bytes.len())?;
            (to <= all.len()).then_some(from..to)
        };
        let place = |decrypted| move |range| Place { decrypted, range };
        let decrypted = range_in(&self.texts).map(place(true));
        decrypted.or_else(|| range_in(&self.bytes).map(place(false)))
    }

    /// What lies at a place.
    pub fn at(&self, place: &Place) -> &[u8] {
        let all = match place.decrypted {
            true => &self.texts,
            false => &self.bytes,
        };
        all.get(place.range.clone()).unwrap_or_default()
    }
}

/// Keys and texts are none of a log.
impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened").finish_non_exhaustive()
    }
}

impl<'a> OpenedPiece<'a> {
    /// What it lies in, which can be kept.
    pub fn opened(&self) -> &'a Arc<Opened> {
        self.opened
    }

    /// Its bytes.
    pub fn bytes(&self) -> &'a [u8] {
        self.opened
            .bytes
            .get(self.from..self.to)
            .unwrap_or_default()
    }
}

impl Ahead {
    /// Frames of a piece that begins at an offset.
    pub(super) fn new(piece: OpenedPiece<'_>, base: u64) -> Self {
        Self {
            opened: Arc::clone(piece.opened),
            from: piece.from,
            base,
            last: Cell::default(),
        }
    }

    /// Where an offset lies among what was opened.
    fn index(&self, offset: u64) -> Option<usize> {
        let start = usize::try_from(offset.checked_sub(self.base)?).ok()?;
        start.checked_add(self.from)
    }

    /// The telegram in clear that was found at an offset.
    pub(super) fn plain(&self, offset: u64) -> Option<&Plain> {
        let start = self.index(offset)?;
        self.find(&self.opened.plain, |plain| plain.start, start)
    }

    /// Finds the one of a list that starts at an index.
    fn find<'a, T>(
        &self,
        all: &'a [T],
        start_of: impl Fn(&T) -> usize,
        start: usize,
    ) -> Option<&'a T> {
        let is_there = |place: &usize| all.get(*place).is_some_and(|it| start_of(it) == start);
        let last = self.last.get();
        let next = [last, last + 1].into_iter().find(is_there);
        let place = next.or_else(|| all.binary_search_by_key(&start, start_of).ok())?;
        self.last.set(place);
        all.get(place)
    }

    /// The frame at an offset; `None` where it was not opened.
    pub(super) fn frame(
        &self,
        offset: u64,
        header: &GeneralGloCiphering,
        keys: &Arc<Keys>,
    ) -> Option<&Frame> {
        if !Arc::ptr_eq(&self.opened.keys, keys) {
            return None;
        }
        let start = self.index(offset)?;
        let frame = self.find(&self.opened.frames, |frame| frame.start, start)?;
        (frame.header == *header).then_some(frame)
    }

    /// A text of a frame.
    pub(super) fn text(&self, range: Range<usize>) -> &[u8] {
        self.opened.texts.get(range).unwrap_or_default()
    }

    /// A shape by its number.
    pub(super) fn shape(&self, number: usize) -> Option<&Arc<Shape>> {
        self.opened.shapes.get(number)
    }
}

/// What is looked at ahead.
enum Next {
    /// A header with as many bytes behind it as it claims.
    Frame(GeneralGloCiphering),
    Plain(WholePlain),
}

impl Next {
    fn find(piece: &[u8], mut at: usize) -> Option<(usize, Self)> {
        loop {
            at += memchr2(START[0], b'/', piece.get(at..)?)?;
            let rest = piece.get(at..)?;
            match rest.first() {
                Some(b'/') => {
                    if let Some(whole) = whole_plain(rest) {
                        return Some((at, Self::Plain(whole)));
                    }
                }
                _ => {
                    if let Header::Legal(header) = GeneralGloCiphering::decode(rest)
                        && header.frame_length() <= rest.len()
                    {
                        return Some((at, Self::Frame(header)));
                    }
                }
            }
            at += 1;
        }
    }

    fn length(&self) -> usize {
        match self {
            Self::Frame(header) => header.frame_length(),
            Self::Plain(whole) => whole.length,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Decoder, Policy};
    use super::*;
    use crate::p1::cipher::{AuthenticationKey, Key, MeterKeys};
    use crate::p1::ciphering::{FrameCounter, SecurityControl};
    use crate::p1::event::Event;
    use crate::p1::telegram::format;
    use crate::p1::value::Zone;

    const TITLE: SystemTitle = SystemTitle(*b"SMY12345");

    fn frame(counter: u32) -> Vec<u8> {
        let keys = MeterKeys::new(Key::new([7; 16]), AuthenticationKey::default());
        let text = format("/Lux5meter", [("1-0:1.8.0", ["000025.653*kWh"])], true);
        let (control, counter) = (SecurityControl(0x30), FrameCounter(counter));
        let mut frame = Vec::new();
        keys.seal(TITLE, control, counter, &text, &mut frame);
        frame
    }

    fn ring(key: u8) -> Arc<Keys> {
        let mut keys = Keys::default();
        keys.set_default(MeterKeys::new(
            Key::new([key; 16]),
            AuthenticationKey::default(),
        ));
        Arc::new(keys)
    }

    #[test]
    fn frames_are_found_from_header_to_header_and_behind_noise() {
        let mut piece = [&frame(1)[..], &frame(2), b"noise", &frame(3)].concat();
        let length = frame(1).len();
        piece[40] ^= 1;
        let opened = FrameOpener::new(ring(7), None).open(piece, Opened::default());
        let found: Vec<_> = opened
            .frames
            .iter()
            .map(|frame| (frame.start, frame.text.is_some()))
            .collect();
        let expected = [(0, false), (length, true), (2 * length + 5, true)];
        assert_eq!(found, expected);
    }

    #[test]
    fn telegrams_in_clear_are_found_unless_what_came_before_may_end_them() {
        let text = format("/Lux5meter", [("1-0:1.8.0", ["000025.653*kWh"])], true);
        let mut torn = text.clone();
        torn.splice(20..20, START);
        let odd = [&b"/Lux5meter\r\n"[..], &text].concat();
        let piece = [
            &text[..],
            b"\r\n",
            &torn,
            &odd,
            &text[..30],
            &text,
            &text[..40],
        ]
        .concat();
        let opened = FrameOpener::new(ring(7), None).open(piece, Opened::default());
        let found: Vec<_> = opened
            .plain
            .iter()
            .map(|plain| (plain.start, plain.whole.length, plain.crc.valid()))
            .collect();
        let (one, behind) = (text.len(), text.len() + 2 + torn.len());
        let expected = [0, behind + odd.len() - one, behind + odd.len() + 30]
            .map(|start| (start, one, Some(true)));
        assert_eq!(found, expected);
    }

    #[test]
    fn frames_of_other_streams_between_are_none_of_its_own() {
        let whole = frame(1);
        let (begin, end) = whole.split_at(40);
        // Two records of one stream hold a frame, and one between them the same of another.
        let bytes = [begin, &whole, end, &frame(2)].concat();
        let borders = [0, 40, 40 + whole.len(), bytes.len()];
        let pieces: Vec<_> = borders.windows(2).map(|two| two[0]..two[1]).collect();
        let mut opener = FrameOpener::new(ring(7), None);
        let opened = opener.open_pieces(bytes, pieces.clone(), Opened::default());
        let starts: Vec<_> = opened.frames.iter().map(|frame| frame.start).collect();
        assert_eq!(starts, [40, 2 * whole.len()]);
        let opened = Arc::new(opened);
        let decoder = || {
            let keys = Arc::clone(&opener.keys);
            Decoder::new(keys, Policy::default(), Zone::luxembourg())
        };
        let mut streams = [decoder(), decoder()];
        let mut telegrams = Vec::new();
        for (number, piece) in pieces.into_iter().enumerate() {
            streams[number % 2].push_opened(opened.piece(piece), |event| {
                telegrams.push((number, matches!(event, Event::Telegram(_))));
            });
        }
        assert_eq!(telegrams, [(1, true), (2, true), (2, true)]);
    }

    #[test]
    fn texts_are_lent_as_they_lie_unless_they_are_on_both_sides_of_a_border() {
        let plain = format("/KFM5meter", [("1-0:1.8.0", ["000025.653*kWh"])], true);
        let all = [&frame(1)[..], &plain, &plain, &frame(2)].concat();
        let mut opener = FrameOpener::new(ring(7), None);
        let keys = Arc::clone(&opener.keys);
        let mut decoder = Decoder::new(keys, Policy::default(), Zone::luxembourg());
        let mut lent = Vec::new();
        let mut shapes = Vec::new();
        // The border lies in the second telegram in clear.
        let (first, second) = all.split_at(frame(1).len() + plain.len() + 9);
        for piece in [first, second] {
            let opened = Arc::new(opener.open(piece.to_vec(), Opened::default()));
            decoder.push_opened(opened.piece(0..piece.len()), |event| {
                let Event::Telegram(decoded) = event else {
                    panic!("{event:?}");
                };
                let place = opened.place_of(decoded.text);
                assert!(place.iter().all(|place| opened.at(place) == decoded.text));
                let copy = decoded.text.to_vec();
                assert!(opened.place_of(&copy).is_none());
                lent.push(place.is_some());
                number_of(decoded.telegram.shape(), &mut shapes);
            });
        }
        assert_eq!(lent, [true, true, false, true]);
        assert_eq!(shapes.len(), 3, "one for each kind in a row");
        assert!(Arc::ptr_eq(&shapes[0], &shapes[2]));
    }

    #[test]
    fn a_decoder_takes_what_was_opened_with_its_keys_alone() {
        let (own, alike, other) = (ring(7), ring(7), ring(8));
        let piece = [frame(1), frame(2)].concat();
        // Half a frame before moves what was opened, not where it lies in the piece.
        for before in [&b""[..], &piece[..20]] {
            for (ahead, taken) in [(&own, true), (&alike, false), (&other, false)] {
                let zone = Zone::luxembourg();
                let mut decoder = Decoder::new(Arc::clone(&own), Policy::default(), zone);
                let mut opener = FrameOpener::new(Arc::clone(ahead), None);
                let mut opened = opener.open(piece.clone(), Opened::default());
                // What is taken shows by its text.
                opened.texts.fill(b'.');
                for text in opened.frames.iter_mut().flat_map(|frame| &mut frame.text) {
                    text.telegram = None;
                }
                let mut telegrams = 0;
                decoder.push(before, |_| {});
                let opened = Arc::new(opened);
                decoder.push_opened(opened.piece(0..piece.len()), |event| {
                    telegrams += usize::from(matches!(event, Event::Telegram(_)));
                });
                let expected = if taken { 0 } else { 2 };
                assert_eq!(telegrams, expected, "behind {} bytes", before.len());
            }
        }
    }
}
