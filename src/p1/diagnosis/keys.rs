//! How many frames of each meter keys fit, which of two keys is which, and what was made of the right one.

pub(super) mod miscopied;
pub(super) mod sealed;

use std::sync::Arc;

use crate::p1::cipher::{AuthenticationKey, Key, Keys, MeterKeys};
use crate::p1::ciphering::{SystemTitle, TitleMap};
use crate::p1::diagnosis::finding::Verdict;
use crate::p1::diagnosis::keys::miscopied::MiscopiedKey;
use crate::p1::diagnosis::keys::sealed::{Proof, Sealed};
use crate::p1::event::{Event, Reason, Refused, Tag};
use crate::p1::push::transcode::Transcoder;
use crate::p1::span::Span;

pub use crate::p1::diagnosis::keys::sealed::AuthKeyFault;

/// Tries keys on the frames of a stream.
pub struct KeyCheck {
    keys: Arc<Keys>,
    places: TitleMap<usize>,
    meters: Vec<Meter>,
    /// The meter that sent last.
    latest: usize,
    /// Telegrams that were sent in clear.
    pub clear: u64,
    /// Frames of meters beyond those that are counted one by one.
    pub uncounted: u64,
    /// Bytes of frames that are kept.
    kept: usize,
    transcoder: Transcoder,
}

/// What became of the frames of a meter.
#[derive(Clone, Debug)]
pub struct Meter {
    /// Its title.
    pub title: SystemTitle,
    /// From its first frame to its last.
    pub span: Span,
    /// Frames that are whole, and encrypted or authenticated.
    pub frames: u64,
    /// How many of them have a tag.
    pub tagged: u64,
    /// How many of them are pushes.
    pub pushes: u64,
    /// Frames that the tag proves the keys by.
    pub by_tag: u64,
    /// Frames without a tag that the text proves the key by.
    pub by_text: u64,
    /// Frames with a right text and a tag that does not fit.
    pub text_only: u64,
    /// Frames that the key opens, damaged further on.
    pub damaged: u64,
    /// Frames that the key does not open.
    pub closed: u64,
    /// Frames for which there is no key.
    pub no_key: u64,
    /// Frames that are protected in a way that is not read.
    pub unsupported: u64,
    /// Frames that were cut or damaged on the way, so that nothing can be tried on them.
    pub unusable: u64,
    /// Some of those that the keys do not fit.
    samples: Vec<Sealed>,
}

/// What is wrong with the keys of a meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// There is no key.
    NoKey,
    /// The encryption key is wrong, and nothing like it is right.
    Strange,
    /// The encryption key is wrong, and this is how it differs from the right one.
    Key {
        /// The right one.
        miscopied: MiscopiedKey,
        /// Kept frames that it opens, of all that are kept.
        opens: (usize, usize),
        /// What is wrong with the authentication key besides.
        authentication: Option<Authentication>,
    },
    /// The encryption key is right, the authentication key is not.
    Authentication(Authentication),
}

/// What is wrong with an authentication key: nothing like it is right, or this is how it differs.
pub type Authentication = Option<AuthKeyFault>;

impl KeyCheck {
    /// Makes one that tries these keys.
    pub fn new(keys: Arc<Keys>) -> Self {
        Self {
            keys,
            places: TitleMap::default(),
            meters: Vec::new(),
            latest: 0,
            clear: 0,
            uncounted: 0,
            kept: 0,
            transcoder: Transcoder::default(),
        }
    }

    /// The keys that are tried.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Takes an event of a decoder, whatever keys that has; tells whether it was an encrypted frame.
    pub fn event(&mut self, event: &Event<'_>) -> bool {
        match event {
            Event::Telegram(decoded) => {
                let Some(security) = decoded.security else {
                    self.clear += 1;
                    return false;
                };
                let tagged = security.header.control.authenticated();
                let proof = match security.tag {
                    Tag::Valid => Some(Proof::Tag),
                    Tag::None => Some(Proof::Text),
                    Tag::Invalid | Tag::Skipped => Some(Proof::TextOnly),
                };
                let push = decoded.push.is_some();
                let sealed = |proof| match proof {
                    Some(Proof::TextOnly) => Sealed::of(decoded.frame),
                    _ => None,
                };
                let keep = sealed(proof);
                self.count(security.title(), decoded.span, |meter| {
                    meter.take(proof, tagged, push);
                });
                self.keep(security.title(), keep);
                true
            }
            Event::Refused(refused) => self.refused(refused),
            Event::Junk(_) => false,
        }
    }

    fn refused(&mut self, refused: &Refused<'_>) -> bool {
        let header = refused.header.or(refused.inner);
        let Some(title) = refused.title() else {
            self.clear += u64::from(matches!(refused.reason, Reason::Downgrade));
            return false;
        };
        let unusable = matches!(
            refused.reason,
            Reason::Truncated { .. }
                | Reason::BadLength { .. }
                | Reason::SegmentMissing
                | Reason::BlockMissing
                | Reason::ChecksumMismatch
                | Reason::OpenedInPlace
        );
        let sealed = Sealed::of(refused.frame).filter(|_| !unusable);
        let (Some(header), Some(sealed)) = (header, sealed) else {
            self.count(title, refused.span, |meter| meter.unusable += 1);
            return true;
        };
        if header.control.unsupported().is_some() {
            self.count(title, refused.span, |meter| {
                meter.frames += 1;
                meter.unsupported += 1;
            });
            return true;
        }
        let (tagged, push) = (header.control.authenticated(), refused.is_push());
        let Some(keys) = self.keys.of(title).cloned() else {
            self.count(title, refused.span, |meter| {
                meter.frames += 1;
                meter.tagged += u64::from(tagged);
                meter.pushes += u64::from(push);
                meter.no_key += 1;
            });
            self.keep(title, Some(sealed));
            return true;
        };
        let proof = sealed.under(&keys, &mut self.transcoder);
        self.count(title, refused.span, |meter| meter.take(proof, tagged, push));
        if matches!(proof, None | Some(Proof::TextOnly)) {
            self.keep(title, Some(sealed));
        }
        true
    }

    /// The meters in the order of their first frames.
    pub fn meters(&self) -> &[Meter] {
        &self.meters
    }

    /// What is wrong with the keys of a meter, where not all of its frames fit.
    ///
    /// Takes some hundred thousand AES blocks at the most.
    pub fn cause(&mut self, meter: &Meter) -> Option<Cause> {
        let title = meter.title;
        if meter.no_key > 0 {
            return Some(self.among_others(meter).unwrap_or(Cause::NoKey));
        }
        let given = self.keys.of(title)?.clone();
        if meter.closed > 0 {
            // The keys fit other frames of this meter: what these are, no bad copy of the key can say.
            if meter.fits() > 0 {
                return Some(Cause::Strange);
            }
            let samples: Vec<&Sealed> = meter.samples.iter().collect();
            let found = samples.iter().find_map(|sample| {
                let patient = true;
                sample.miscopied(&given, &self.keys, patient, &mut self.transcoder)
            });
            // Of what is not encrypted both keys make the tag: either may be the wrong one.
            let fault = match (found, samples.first()) {
                (None, Some(sample)) if !sample.header.control.encrypted() => {
                    sample.auth_key_fault(&given, &mut self.transcoder)
                }
                _ => None,
            };
            return Some(match found {
                None if fault.is_some() => Cause::Authentication(fault),
                None => Cause::Strange,
                Some(miscopied) => self.with_miscopied(&samples, miscopied, &given),
            });
        }
        (meter.text_only > 0).then(|| {
            let sample = meter.samples.first();
            let fault = sample.and_then(|s| s.auth_key_fault(&given, &mut self.transcoder));
            Cause::Authentication(fault)
        })
    }

    /// What is left to say once a key that was miscopied opens frames.
    fn with_miscopied(
        &mut self,
        samples: &[&Sealed],
        miscopied: MiscopiedKey,
        given: &MeterKeys,
    ) -> Cause {
        let exchanged = miscopied.verdict == Verdict::KeyIsAuthKey;
        let authentication = match exchanged {
            true => AuthenticationKey::new(*given.key().bytes()),
            false => given.authentication().clone(),
        };
        let right = MeterKeys::new(Key::new(*miscopied.bytes()), authentication);
        let mut opens = 0;
        let mut fault = None;
        for sample in samples {
            let proof = sample.under(&right, &mut self.transcoder);
            opens += usize::from(proof.is_some());
            if proof == Some(Proof::TextOnly) && fault.is_none() {
                fault = Some(sample.auth_key_fault(&right, &mut self.transcoder));
            }
        }
        Cause::Key {
            miscopied,
            opens: (opens, samples.len()),
            authentication: fault,
        }
    }

    /// Looks for a key of another meter that opens the frames of one that has none.
    fn among_others(&mut self, meter: &Meter) -> Option<Cause> {
        let sample = meter.samples.first()?;
        let keys = Arc::clone(&self.keys);
        let (other, own) = keys
            .meters()
            .find(|(_, own)| sample.under(own, &mut self.transcoder).is_some())?;
        let samples: Vec<&Sealed> = meter.samples.iter().collect();
        Some(self.with_miscopied(&samples, MiscopiedKey::of_other(other, own), own))
    }

    fn count(&mut self, title: SystemTitle, span: Span, take: impl FnOnce(&mut Meter)) {
        // Meters mostly send one after another, in the same order each time.
        let is_there = |place: &usize| self.meters.get(*place).is_some_and(|it| it.title == title);
        let next = [self.latest, self.latest + 1].into_iter().find(is_there);
        let place = match next.or_else(|| self.places.get(&title).copied()) {
            Some(place) => place,
            None if self.meters.len() >= METERS_MAX => {
                self.uncounted += 1;
                return;
            }
            None => {
                self.places.insert(title, self.meters.len());
                self.meters.push(Meter::new(title, span));
                self.meters.len() - 1
            }
        };
        self.latest = place;
        if let Some(meter) = self.meters.get_mut(place) {
            meter.span.end = span.end;
            take(meter);
        }
    }

    fn keep(&mut self, title: SystemTitle, sealed: Option<Sealed>) {
        let Some(sealed) = sealed else { return };
        let place = self.places.get(&title).copied();
        let Some(meter) = place.and_then(|place| self.meters.get_mut(place)) else {
            return;
        };
        if meter.samples.len() < SAMPLES_MAX && self.kept + sealed.len() <= KEPT_MAX {
            self.kept += sealed.len();
            meter.samples.push(sealed);
        }
    }
}

impl Meter {
    fn new(title: SystemTitle, span: Span) -> Self {
        Self {
            title,
            span,
            frames: 0,
            tagged: 0,
            pushes: 0,
            by_tag: 0,
            by_text: 0,
            text_only: 0,
            damaged: 0,
            closed: 0,
            no_key: 0,
            unsupported: 0,
            unusable: 0,
            samples: Vec::new(),
        }
    }

    /// Frames that the keys fit.
    pub fn fits(&self) -> u64 {
        self.by_tag + self.by_text + self.damaged
    }

    fn take(&mut self, proof: Option<Proof>, tagged: bool, push: bool) {
        self.frames += 1;
        self.tagged += u64::from(tagged);
        self.pushes += u64::from(push);
        let counter = match proof {
            Some(Proof::Tag) => &mut self.by_tag,
            Some(Proof::Text) => &mut self.by_text,
            Some(Proof::TextOnly) => &mut self.text_only,
            Some(Proof::Begin) => &mut self.damaged,
            None => &mut self.closed,
        };
        *counter += 1;
    }
}

/// Meters that are counted one by one.
const METERS_MAX: usize = 100_000;
/// Frames kept of a meter.
const SAMPLES_MAX: usize = 4;
/// Bytes kept of all frames.
const KEPT_MAX: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::p1::ciphering::{FrameCounter, SecurityControl};
    use crate::p1::decoder::{Decoder, Policy};
    use crate::p1::diagnosis::testing::{KEY, miscopied};
    use crate::p1::readout::crc16;
    use crate::p1::value::Zone;

    const TITLE: SystemTitle = SystemTitle(*b"KFM\x67\x70\x00\x00\x01");
    const AUTH: [u8; 16] = *b"\x12\x34\x47\x0F\x57\x12\x63\x32\xB0\x7D\x29\x23\xB3\x50\x41\x99";

    fn keys(key: [u8; 16], authentication: [u8; 16]) -> MeterKeys {
        MeterKeys::new(Key::new(key), AuthenticationKey::new(authentication))
    }

    /// Two rows as Kaifa sends them: clock and energy.
    fn push() -> Vec<u8> {
        let mut text =
            b"\x0F\x80\x00\x00\x01\x0C\x07\xE5\x09\x1B\x01\x0A\x0F\x1B\x00\xFF\x88\x80".to_vec();
        text.extend(b"\x02\x02\x09\x0C\x07\xE5\x09\x1B\x01\x0A\x0F\x1B\x00\xFF\x88\x80");
        let rows: Vec<u8> = [1u8, 2, 3, 4]
            .iter()
            .flat_map(|c| {
                let mut row = vec![0x02, 0x03, 0x09, 0x06, 1, 0, *c, 8, 0, 255];
                row.extend([0x06, 0, 1, 2, *c, 0x02, 0x02, 0x0F, 0, 0x16, 30]);
                row
            })
            .collect();
        text.truncate(18);
        text.extend([0x02, 0x04]);
        text.extend(rows);
        text
    }

    fn telegram() -> Vec<u8> {
        let mut text = b"/Lux5\\253694471_M\r\n\r\n1-0:1.8.0(000025.653*kWh)\r\n!".to_vec();
        let crc = crc16(&text);
        text.extend(format!("{crc:04X}\r\n").bytes());
        text
    }

    /// What a check with some keys says of five frames.
    fn check(control: u8, text: &[u8], given: &MeterKeys) -> (Meter, Option<Cause>) {
        let mut stream = Vec::new();
        for counter in 1..6 {
            keys(KEY, AUTH).seal(
                TITLE,
                SecurityControl(control),
                FrameCounter(counter),
                text,
                &mut stream,
            );
        }
        let mut ring = Keys::default();
        ring.set_default(given.clone());
        let ring = Arc::new(ring);
        let mut check = KeyCheck::new(Arc::clone(&ring));
        let mut decoder = Decoder::new(ring, Policy::default(), Zone::luxembourg());
        decoder.push(&stream, &mut |event: &Event<'_>| {
            check.event(event);
        });
        decoder.finish(&mut |event: &Event<'_>| {
            check.event(event);
        });
        assert_eq!(check.meters().len(), 1);
        let meter = check.meters()[0].clone();
        assert_eq!(meter.frames, 5);
        let cause = check.cause(&meter);
        (meter, cause)
    }

    #[test]
    fn right_keys_fit_all_frames_with_tags_and_without() {
        for (control, tagged) in [(0x30, 5), (0x20, 0), (0x21, 0)] {
            for text in [push(), telegram()] {
                let (meter, cause) = check(control, &text, &keys(KEY, AUTH));
                assert_eq!((meter.fits(), meter.tagged), (5, tagged), "{control:02X}");
                assert_eq!(cause, None);
            }
        }
    }

    #[test]
    fn each_miscopied_key_is_found_with_tags_and_without() {
        for control in [0x30, 0x20] {
            for text in [push(), telegram()] {
                for (given, verdict, digits) in miscopied() {
                    let (meter, cause) = check(control, &text, &keys(given, AUTH));
                    assert_eq!((meter.fits(), meter.closed), (0, 5));
                    let Some(Cause::Key {
                        miscopied,
                        opens,
                        authentication: None,
                    }) = cause
                    else {
                        panic!("{verdict}: {cause:?}");
                    };
                    assert_eq!((miscopied.verdict, miscopied.digits), (verdict, digits));
                    assert_eq!(opens, (4, 4));
                }
            }
        }
    }

    #[test]
    fn exchanged_keys_are_told_from_wrong_ones() {
        for control in [0x30, 0x20] {
            let (_, cause) = check(control, &push(), &keys(AUTH, KEY));
            let Some(Cause::Key {
                miscopied,
                authentication: None,
                ..
            }) = cause
            else {
                panic!("{cause:?}");
            };
            assert_eq!(miscopied.verdict, Verdict::KeyIsAuthKey);
        }
        let (_, cause) = check(0x20, &push(), &keys([9; 16], [8; 16]));
        assert_eq!(cause, Some(Cause::Strange));
    }

    #[test]
    fn a_slip_in_the_authentication_key_is_named() {
        let mut typo = AUTH;
        typo[0] ^= 0x10;
        let (meter, cause) = check(0x30, &push(), &keys(KEY, typo));
        assert_eq!((meter.text_only, meter.closed), (5, 0));
        let Some(Cause::Authentication(Some(AuthKeyFault::Miscopied(fault)))) = cause else {
            panic!("{cause:?}");
        };
        assert_eq!(
            (fault.verdict, fault.digits),
            (Verdict::KeyTypo, [Some(1), None])
        );
        let (_, cause) = check(0x30, &push(), &keys(KEY, [7; 16]));
        assert_eq!(cause, Some(Cause::Authentication(None)));
        let mut both = KEY;
        both[5] ^= 1;
        let (_, cause) = check(0x30, &push(), &keys(both, typo));
        let Some(Cause::Key {
            authentication: Some(Some(_)),
            ..
        }) = cause
        else {
            panic!("{cause:?}");
        };
    }
}
