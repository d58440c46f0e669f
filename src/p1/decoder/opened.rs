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

use std::ops::Range;
use std::sync::Arc;

use memchr::memchr2;

use super::super::cipher::{Keys, Opener};
use super::super::ciphering::{GeneralGloCiphering, Header, START, SystemTitle};
use super::super::framer::{WholePlain, whole_plain};
use super::super::readout::Crc;
use super::super::shard::Shard;
use super::verifier::Inside;

/// Opens frames for a decoder.
#[derive(Clone)]
pub struct FrameOpener {
    keys: Arc<Keys>,
    shard: Option<Shard>,
    /// For the meter whose frame was opened last.
    opener: Option<(SystemTitle, Opener)>,
}

/// Frames in pieces of streams, opened, and telegrams in clear.
#[derive(Default)]
pub struct Opened {
    keys: Arc<Keys>,
    /// In the order of the bytes; they do not overlap.
    frames: Vec<Frame>,
    /// The same of telegrams in clear.
    plain: Vec<Plain>,
    /// Their texts, one behind the other.
    texts: Vec<u8>,
}

struct Frame {
    /// Index of its first byte.
    start: usize,
    header: GeneralGloCiphering,
    /// Its text, and the telegram in that; `None` where the tag does not fit.
    text: Option<(Range<usize>, Option<Inside>)>,
}

/// A telegram in clear.
pub(super) struct Plain {
    /// Index of its first byte.
    start: usize,
    pub(super) whole: WholePlain,
    pub(super) crc: Crc,
}

/// The text of a frame, and the telegram in it.
pub(super) type Text<'a> = (&'a [u8], Option<Inside>);

/// What a decoder knows of the piece that it decodes.
#[derive(Clone)]
pub(super) struct Ahead {
    opened: Arc<Opened>,
    /// Where the piece begins among those that were opened with it.
    from: usize,
    /// Offset of the piece in the stream.
    base: u64,
}

impl FrameOpener {
    /// Opens frames with these keys, of the meters in a shard where one is given.
    pub fn new(keys: Arc<Keys>, shard: Option<Shard>) -> Self {
        Self {
            keys,
            shard,
            opener: None,
        }
    }

    /// Opens the frames in a piece of a stream, in the memory of another piece that is done with.
    pub fn open(&mut self, piece: &[u8], done: Opened) -> Opened {
        self.open_pieces(piece, std::iter::once(0..piece.len()), done)
    }

    /// Opens the frames in pieces that stand behind each other, each of which may be of another stream.
    pub fn open_pieces(
        &mut self,
        bytes: &[u8],
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
        for piece in pieces {
            let bytes = bytes.get(..piece.end).unwrap_or_default();
            let mut at = piece.start;
            while let Some((start, next)) = Next::find(bytes, at) {
                let rest = bytes.get(start..).unwrap_or_default();
                at = start + next.length();
                match next {
                    Next::Frame(header) => {
                        let frame = rest.get(..header.frame_length()).unwrap_or_default();
                        self.open_frame(start, header, frame, &mut opened);
                    }
                    Next::Plain(whole) => opened.plain.push(Plain {
                        start,
                        whole,
                        crc: whole.readout.check(rest),
                    }),
                }
            }
        }
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
        opened.frames.push(Frame {
            start,
            header,
            text: fits.then(|| {
                let range = from..from + header.text_length();
                let text = opened.texts.get(range.clone()).unwrap_or_default();
                (range, Inside::find(text))
            }),
        });
    }
}

impl Ahead {
    /// Frames of a piece that begins at an offset.
    pub(super) fn new(opened: Arc<Opened>, from: usize, base: u64) -> Self {
        Self { opened, from, base }
    }

    /// Where an offset lies among what was opened.
    fn index(&self, offset: u64) -> Option<usize> {
        let start = usize::try_from(offset.checked_sub(self.base)?).ok()?;
        start.checked_add(self.from)
    }

    /// The telegram in clear that was found at an offset.
    pub(super) fn plain(&self, offset: u64) -> Option<&Plain> {
        let start = self.index(offset)?;
        let plain = &self.opened.plain;
        let place = plain.binary_search_by_key(&start, |plain| plain.start);
        plain.get(place.ok()?)
    }

    /// The text of the frame at an offset with what was found in it, `Err` where its tag does not fit; `None` where it
    /// was not opened.
    pub(super) fn text(
        &self,
        offset: u64,
        header: &GeneralGloCiphering,
        keys: &Arc<Keys>,
    ) -> Option<Result<Text<'_>, ()>> {
        if !Arc::ptr_eq(&self.opened.keys, keys) {
            return None;
        }
        let start = self.index(offset)?;
        let frames = &self.opened.frames;
        let place = frames.binary_search_by_key(&start, |frame| frame.start);
        let frame = frames.get(place.ok()?)?;
        if frame.header != *header {
            return None;
        }
        Some(match &frame.text {
            Some((text, found)) => {
                let text = self.opened.texts.get(text.clone()).unwrap_or_default();
                Ok((text, *found))
            }
            None => Err(()),
        })
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
        let opened = FrameOpener::new(ring(7), None).open(&piece, Opened::default());
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
        let opened = FrameOpener::new(ring(7), None).open(&piece, Opened::default());
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
        let opened = opener.open_pieces(&bytes, pieces.clone(), Opened::default());
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
            let (bytes, from) = (&bytes[piece.clone()], piece.start);
            streams[number % 2].push_opened(bytes, Arc::clone(&opened), from, |event| {
                telegrams.push((number, matches!(event, Event::Telegram(_))));
            });
        }
        assert_eq!(telegrams, [(1, true), (2, true), (2, true)]);
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
                let mut opened = opener.open(&piece, Opened::default());
                // What is taken shows by its text.
                opened.texts.fill(b'.');
                for (_, found) in opened.frames.iter_mut().flat_map(|frame| &mut frame.text) {
                    *found = None;
                }
                let mut telegrams = 0;
                decoder.push(before, |_| {});
                decoder.push_opened(&piece, Arc::new(opened), 0, |event| {
                    telegrams += usize::from(matches!(event, Event::Telegram(_)));
                });
                let expected = if taken { 0 } else { 2 };
                assert_eq!(telegrams, expected, "behind {} bytes", before.len());
            }
        }
    }
}
