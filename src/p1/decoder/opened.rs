//! Frames that are opened before the decoder comes to them, on other threads.
//!
//! ```text
//! thread    open frames of chunk 4 |           6
//! thread            chunk 3 |         5
//! decoder   2 |        3     |     4     |      5          in order, with what was opened
//! ```
//! What is in a frame depends on nothing but its bytes and the key: to open it ahead presumes nothing. Whether there is
//! a frame at a place, the decoder decides as ever; one that was not opened it opens itself.

use std::ops::Range;
use std::sync::Arc;

use memchr::memmem;

use super::super::cipher::{Keys, Opener};
use super::super::ciphering::{GeneralGloCiphering, Header, START, SystemTitle};
use super::super::shard::Shard;

/// Opens frames for a decoder.
#[derive(Clone)]
pub struct FrameOpener {
    keys: Arc<Keys>,
    shard: Option<Shard>,
    /// For the meter whose frame was opened last.
    opener: Option<(SystemTitle, Opener)>,
}

/// Frames in pieces of streams, opened.
#[derive(Default)]
pub struct Opened {
    keys: Arc<Keys>,
    /// In the order of the bytes; they do not overlap.
    frames: Vec<Frame>,
    /// Their texts, one behind the other.
    texts: Vec<u8>,
}

struct Frame {
    /// Index of its first byte.
    start: usize,
    header: GeneralGloCiphering,
    /// Its text; `None` where the tag does not fit.
    text: Option<Range<usize>>,
}

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
        opened.texts.clear();
        opened.texts.reserve(bytes.len());
        for piece in pieces {
            let bytes = bytes.get(..piece.end).unwrap_or_default();
            let mut at = piece.start;
            while let Some((start, header)) = next_frame(bytes, at) {
                at = start + header.frame_length();
                let frame = bytes.get(start..at).unwrap_or_default();
                self.open_frame(start, header, frame, &mut opened);
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
            text: fits.then_some(from..from + header.text_length()),
        });
    }
}

impl Ahead {
    /// Frames of a piece that begins at an offset.
    pub(super) fn new(opened: Arc<Opened>, from: usize, base: u64) -> Self {
        Self { opened, from, base }
    }

    /// The text of the frame at an offset, `Err` where its tag does not fit; `None` where it was not opened.
    pub(super) fn text(
        &self,
        offset: u64,
        header: &GeneralGloCiphering,
        keys: &Arc<Keys>,
    ) -> Option<Result<&[u8], ()>> {
        if !Arc::ptr_eq(&self.opened.keys, keys) {
            return None;
        }
        let start = usize::try_from(offset.checked_sub(self.base)?).ok()?;
        let start = start.checked_add(self.from)?;
        let frames = &self.opened.frames;
        let place = frames.binary_search_by_key(&start, |frame| frame.start);
        let frame = frames.get(place.ok()?)?;
        if frame.header != *header {
            return None;
        }
        Some(match &frame.text {
            Some(text) => Ok(self.opened.texts.get(text.clone()).unwrap_or_default()),
            None => Err(()),
        })
    }
}

/// The next header with as many bytes behind it as it claims.
fn next_frame(piece: &[u8], mut at: usize) -> Option<(usize, GeneralGloCiphering)> {
    loop {
        let rest = piece.get(at..)?;
        if let Header::Legal(header) = GeneralGloCiphering::decode(rest)
            && header.frame_length() <= rest.len()
        {
            return Some((at, header));
        }
        at += 1;
        at += memmem::find(piece.get(at..)?, &START)?;
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
