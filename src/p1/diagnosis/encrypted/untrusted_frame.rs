//! One encrypted frame that is refused, seen without trust: what the key makes of it says what happened.
//!
//! | text without trust | tag, CRC | cause |
//! | --- | --- | --- |
//! | readable to the end | CRC fits | authentication key, or a damaged tag |
//! | readable but for some characters | neither | bytes damaged |
//! | readable up to k | neither | bytes lost or inserted at k, or cut |
//! | readable under another counter or title | | header damaged |
//! | random from the first byte | neither | another key |

use crate::p1::cipher::{AuthenticationKey, Key, Keys, MeterKeys};
use crate::p1::ciphering::{FrameCounter, GeneralGloCiphering, SystemTitle, TAG_LENGTH};
use crate::p1::diagnosis::encrypted::align::{Alignment, SHIFT_MAX};
use crate::p1::diagnosis::keys::miscopied::{FirstBlock, MiscopiedKey};
use crate::p1::diagnosis::text;
use crate::p1::readout::Readout;

/// An encrypted frame with what followed it, up to the next start.
#[derive(Clone, Copy, Debug)]
pub struct UntrustedFrame<'a> {
    /// The header as received.
    pub header: GeneralGloCiphering,
    /// All bytes from `DB` on.
    pub bytes: &'a [u8],
}

/// What is known from good frames.
#[derive(Clone, Copy, Debug, Default)]
pub struct LastGood {
    /// Title of the last good frame.
    pub title: Option<SystemTitle>,
    /// Its counter.
    pub counter: Option<u32>,
    /// Its length field.
    pub length: Option<u32>,
}

/// What happened to a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Nothing: it opens now.
    Good,
    /// Text and CRC are right, the tag is not.
    TagOnly {
        /// The public authentication key fits.
        public_fits: bool,
    },
    /// Bytes were damaged at these indices in the frame.
    Damaged {
        /// Indices in the frame.
        at: Vec<usize>,
        /// The text without trust, as long as the ciphertext.
        text: Vec<u8>,
    },
    /// The text ends before the frame does.
    Cut,
    /// Bytes are missing (inserted where negative) at indices in the frame.
    Shifted {
        /// Index in the frame and bytes lost there.
        changes: Vec<(usize, i64)>,
    },
    /// The header was damaged; this is the right one.
    Header(GeneralGloCiphering),
    /// The key is wrong, this one is right.
    Key(MiscopiedKey),
    /// Nothing fits.
    Random,
}

impl UntrustedFrame<'_> {
    /// Bytes that the length field claims.
    pub fn need(&self) -> usize {
        self.header.frame_length()
    }

    /// Finds out what happened, with the keys of the meter and the ring that they are from.
    pub fn examine(&self, keys: &MeterKeys, ring: &Keys, known: &LastGood, patient: bool) -> Cause {
        let cause = self.under(keys);
        if cause != Cause::Random {
            return cause;
        }
        let Some(block) = FirstBlock::of(&self.header, self.bytes) else {
            return Cause::Random;
        };
        if let Some(header) = self.other_header(&block, keys, known) {
            return Cause::Header(header);
        }
        match MiscopiedKey::find(&block, self.header.title, keys, ring, patient) {
            Some(miscopied) if self.under(&miscopied.keys(keys)) != Cause::Random => {
                Cause::Key(miscopied)
            }
            _ => Cause::Random,
        }
    }

    /// What happened if the key and the nonce are right; `Random` if they are not.
    pub fn under(&self, keys: &MeterKeys) -> Cause {
        let header = self.header;
        let body = self.bytes.get(header.header_length..).unwrap_or_default();
        let claimed = header.text_length();
        // A length field that is damaged claims megabytes.
        let reached = claimed.clamp(body.len(), body.len() + SHIFT_MAX);
        let mut stream = vec![0; reached + SLACK];
        if header.control.encrypted() {
            keys.apply_key_stream(header.title, header.counter, &mut stream);
        }
        let tag = header.control.tag_length();
        let whole = self.bytes.len() >= self.need();
        let behind = if whole {
            self.bytes.len() - self.need()
        } else {
            0
        };
        let missing = match whole {
            true if behind > 0 => Some(-(behind as i64)),
            true => None,
            false => Some((self.need() - self.bytes.len()) as i64),
        };
        let textual = match whole && behind == 0 {
            true => body.len().saturating_sub(tag),
            false => body.len(),
        };
        let body = body.get(..textual).unwrap_or_default();
        let aligned = Alignment::find(body, &stream, missing);
        let text = aligned.text(body, &stream);
        if text.len() < body.len().min(PROOF_MIN) || !text::reads(&text) {
            return Cause::Random;
        }
        let changes = aligned.changes();
        let offset = header.header_length;
        if !changes.is_empty() {
            let changes = changes.iter().map(|&(at, lost)| (at + offset, lost));
            return Cause::Shifted {
                changes: changes.collect(),
            };
        }
        if let Some(cause) = self.text_is_whole(keys, &text) {
            return cause;
        }
        match whole {
            true if behind == 0 && aligned.readable_to == body.len() => {}
            true if text.len() + CUT_MARGIN < claimed => {
                // Noise to the end: what came behind the border is not of this frame.
                return Cause::Shifted {
                    changes: vec![(aligned.readable_to + offset, missing.unwrap_or(0))],
                };
            }
            true => {}
            false if aligned.readable_to + 4 > body.len() => return Cause::Cut,
            false => {
                return Cause::Shifted {
                    changes: vec![(aligned.readable_to + offset, missing.unwrap_or(0))],
                };
            }
        }
        let mut view = body.to_vec();
        for (byte, key) in view.iter_mut().zip(&stream) {
            *byte ^= key;
        }
        let at = text::oddities(&view).into_iter().map(|at| at + offset);
        Cause::Damaged {
            at: at.collect(),
            text: view,
        }
    }

    /// Text and CRC are right; the trouble is in the tag, the keys or the length field.
    fn text_is_whole(&self, keys: &MeterKeys, text: &[u8]) -> Option<Cause> {
        let readout = Readout::find(text)?;
        if readout.check(text).valid() == Some(false) {
            return None;
        }
        let end = readout.behind_line_end(text, true)?;
        let header = self.header;
        if end == header.text_length() {
            let Some(frame) = self.bytes.get(..self.need()) else {
                return Some(self.tag_is_short(keys, text.get(..end)?));
            };
            let mut opened = vec![0; end];
            if keys.open(&header, frame, &mut opened).is_ok() {
                return Some(Cause::Good);
            }
            readout.check(text).valid()?;
            let public = AuthenticationKey::default();
            let public_fits = *keys.authentication() != public && {
                let keys = MeterKeys::new(Key::new(*keys.key().bytes()), public);
                keys.open(&header, frame, &mut opened).is_ok()
            };
            return Some(Cause::TagOnly { public_fits });
        }
        if header.control.authenticated() {
            let length = (5 + end + TAG_LENGTH) as u32;
            let right = GeneralGloCiphering { length, ..header };
            let mut opened = vec![0; end];
            if keys.open(&right, self.bytes, &mut opened).is_ok() {
                return Some(Cause::Header(right));
            }
        }
        None
    }

    /// The text is whole and some bytes of the tag are missing: at its end, or inside.
    fn tag_is_short(&self, keys: &MeterKeys, text: &[u8]) -> Cause {
        let header = self.header;
        let mut sealed = Vec::new();
        keys.seal(
            header.title,
            header.control,
            header.counter,
            text,
            &mut sealed,
        );
        let right = sealed
            .get(sealed.len().saturating_sub(TAG_LENGTH)..)
            .unwrap_or_default();
        let start = header.header_length + text.len();
        let came = self.bytes.get(start..).unwrap_or_default();
        let same = right.iter().zip(came).take_while(|(a, b)| a == b).count();
        match same == came.len() {
            true => Cause::Cut,
            false => Cause::Shifted {
                changes: vec![(start + same, (self.need() - self.bytes.len()) as i64)],
            },
        }
    }

    /// A title and counter near those of the header under which the frame can be read.
    fn other_header(
        &self,
        block: &FirstBlock,
        keys: &MeterKeys,
        known: &LastGood,
    ) -> Option<GeneralGloCiphering> {
        let key = keys.key().bytes();
        let (title, counter) = (self.header.title, self.header.counter.0);
        let last = known.counter.map(|last| last.wrapping_add(1));
        let near = [Some(counter), last].into_iter().flatten();
        let near: Vec<u32> = near
            .flat_map(|counter| {
                (0..=NEAR)
                    .flat_map(move |step| [counter.wrapping_add(step), counter.wrapping_sub(step)])
            })
            .chain((0..32).map(|bit| counter ^ 1 << bit))
            .chain((0..4).flat_map(|byte| (1..=255u32).map(move |b| counter ^ b << (8 * byte))))
            .collect();
        let titles = known.title.filter(|known| *known != title);
        let flipped =
            (0..64).map(|bit| SystemTitle((u64::from_be_bytes(title.0) ^ 1 << bit).to_be_bytes()));
        let both = (0..96u32).flat_map(|a| (0..a).map(move |b| (a, b)));
        let both = both.map(|(a, b)| {
            let mask = 1u128 << a | 1 << b;
            let (title_mask, counter_mask) = ((mask >> 32) as u64, mask as u32);
            let title = u64::from_be_bytes(title.0) ^ title_mask;
            (SystemTitle(title.to_be_bytes()), counter ^ counter_mask)
        });
        let found = near
            .iter()
            .map(|&counter| (title, counter))
            .chain(
                titles
                    .into_iter()
                    .flat_map(|title| near.iter().map(move |&counter| (title, counter))),
            )
            .chain(flipped.map(|title| (title, counter)))
            .chain(both)
            .find(|&(title, counter)| block.under(title, counter).opens(key))?;
        let header = GeneralGloCiphering {
            title: found.0,
            counter: FrameCounter(found.1),
            ..self.header
        };
        let right = UntrustedFrame { header, ..*self };
        (right.under(keys) != Cause::Random).then_some(header)
    }
}

/// Bytes of key stream beyond the claimed text, for frames that are longer.
const SLACK: usize = 300;
/// Characters that must be readable before the key counts as right.
const PROOF_MIN: usize = 24;
/// Bytes at the end of a frame in which text and noise cannot be told apart.
const CUT_MARGIN: usize = 14;
/// Steps that a damaged counter is tried in each direction.
const NEAR: u32 = 16;

#[cfg(test)]
mod tests;
