//! An encrypted frame without what carried it, to try keys on it.
//!
//! A tag proves both keys at once. Where there is none, or the authentication key is another, the text has to prove
//! the encryption key: the tree of a push ends exactly with it, the CRC of a telegram fits. Of 20,000 wrong keys on
//! a push of 300 bytes none makes such a tree.

use crate::p1::cipher::{AuthenticationKey, Key, Keys, MeterKeys};
use crate::p1::ciphering::{GeneralGloCiphering, SystemTitle};
use crate::p1::diagnosis::keys::miscopied::{FirstBlock, MiscopiedKey};
use crate::p1::diagnosis::text;
use crate::p1::framer::Embedded;
use crate::p1::push::assembly::{Parts, Scan};
use crate::p1::push::transcode::Transcoder;
use crate::p1::push::{Framing, apdu};
use crate::p1::readout::Readout;

/// The ciphered application unit of a frame.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// Its header.
    pub header: GeneralGloCiphering,
    unit: Vec<u8>,
}

/// What shows that keys are the right ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The tag fits: both keys are right.
    Tag,
    /// There is no tag, and the text is whole.
    Text,
    /// The text is whole, and the tag does not fit: the encryption key alone is right.
    TextOnly,
    /// The text begins as it must, and is damaged further on.
    Begin,
}

/// A mistake in the authentication key, by the right one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthKeyFault {
    /// The published key of Luxembourg fits.
    Public,
    /// A key fits that one operator has given to all its customers.
    Default,
    /// What people make of a right one.
    Miscopied(MiscopiedKey),
}

impl Sealed {
    /// Takes the unit out of link frames and blocks; `None` for a frame that is cut, damaged or in clear.
    pub fn of(frame: &[u8]) -> Option<Self> {
        let framing = match frame {
            [0x7E | 0xA0..=0xAF, ..] => Framing::Hdlc,
            [0x68, ..] => Framing::Mbus,
            [0xE0 | 0xE6, ..] => Framing::Bare,
            _ => return Self::bare(frame),
        };
        let mut parts = Parts::default();
        match parts.scan(frame, 0, framing, true, |_, _| Embedded::Stands) {
            Scan::Push { fault: None, .. } => Self::bare(&parts.apdu),
            Scan::Push { .. } | Scan::Not | Scan::More => None,
        }
    }

    fn bare(unit: &[u8]) -> Option<Self> {
        let header = apdu::ciphering(unit)?;
        let unit = unit.get(..header.frame_length())?.to_vec();
        Some(Self { header, unit })
    }

    /// Bytes that it takes.
    pub fn len(&self) -> usize {
        self.unit.len()
    }

    /// What shows that keys fit; `None` where they do not.
    pub fn under(&self, keys: &MeterKeys, transcoder: &mut Transcoder) -> Option<Proof> {
        let mut text = vec![0; self.header.text_length()];
        if self.header.control.authenticated()
            && keys.open(&self.header, &self.unit, &mut text).is_ok()
        {
            return Some(Proof::Tag);
        }
        // What was not encrypted is readable with any key.
        if !self.header.control.encrypted() {
            return None;
        }
        keys.view(&self.header, &self.unit, &mut text).ok()?;
        if !is_whole(self.header.title, &text, transcoder) {
            return text::begins(&text).then_some(Proof::Begin);
        }
        Some(match self.header.control.authenticated() {
            true => Proof::TextOnly,
            false => Proof::Text,
        })
    }

    /// Looks for the encryption key among what the given one may be a bad copy of.
    pub fn miscopied(
        &self,
        given: &MeterKeys,
        ring: &Keys,
        patient: bool,
        transcoder: &mut Transcoder,
    ) -> Option<MiscopiedKey> {
        let block = FirstBlock::of(&self.header, &self.unit)?;
        let encrypted = self.header.control.encrypted();
        let opens = |key: &[u8; 16]| {
            if encrypted && !block.may_open(key) {
                return false;
            }
            let authentication = match key == given.authentication().bytes() {
                true => AuthenticationKey::new(*given.key().bytes()),
                false => given.authentication().clone(),
            };
            let keys = MeterKeys::new(Key::new(*key), authentication);
            self.under(&keys, transcoder).is_some()
        };
        // Without a first block that sorts out, two wrong digits would take a hundred thousand whole frames.
        let patient = patient && encrypted;
        MiscopiedKey::find_by(opens, self.header.title, given, ring, patient)
    }

    /// Looks for the authentication key among what the given one may be a bad copy of, and among known ones; the
    /// encryption key is right.
    pub fn auth_key_fault(
        &self,
        given: &MeterKeys,
        transcoder: &mut Transcoder,
    ) -> Option<AuthKeyFault> {
        let mut opens = |key: &[u8; 16]| {
            let authentication = AuthenticationKey::new(*key);
            let keys = MeterKeys::new(given.key().clone(), authentication);
            self.under(&keys, transcoder) == Some(Proof::Tag)
        };
        if opens(&AuthenticationKey::LUXEMBOURG) {
            return Some(AuthKeyFault::Public);
        }
        if opens(&AuthenticationKey::BURGENLAND) {
            return Some(AuthKeyFault::Default);
        }
        let exchanged = MeterKeys::new(
            Key::new(*given.authentication().bytes()),
            AuthenticationKey::new(*given.key().bytes()),
        );
        let (title, none) = (self.header.title, Keys::default());
        MiscopiedKey::find_by(opens, title, &exchanged, &none, false).map(AuthKeyFault::Miscopied)
    }
}

/// Tells whether a text is a whole push or telegram.
fn is_whole(title: SystemTitle, text: &[u8], transcoder: &mut Transcoder) -> bool {
    if let Some(0x0F | 0x01 | 0x02) = text.first() {
        return transcoder.write(Some(title), text).is_ok();
    }
    let lead = text.get(..LEAD_MAX).unwrap_or(text);
    let start = memchr::memchr(b'/', lead).unwrap_or_default();
    let text = text.get(start..).unwrap_or_default();
    let sum = Readout::find(text).map(|readout| readout.check(text).valid());
    match sum {
        Some(Some(fits)) => fits,
        Some(None) => text::begins(text) && text::reads(text),
        None => false,
    }
}

/// Bytes that may stand before the `/` of a decrypted telegram.
const LEAD_MAX: usize = 16;
