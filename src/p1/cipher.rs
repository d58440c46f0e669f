//! What keys do to a frame: open, seal, and the view without trust.
//!
//! AES-128-GCM with a tag of 96 bits. Nonce = system title || frame counter;
//! AAD = security control || authentication key (Luxembourg P1 1.1.3 section 3.2.5; DLMS Green Book, suite 0).
//! Authentication only (`10`): AAD = security control || authentication key || text, nothing encrypted.
//!
//! A ring can hold the keys of a country: [`MeterKeys`] are 32 bytes, and the key schedule is an [`Opener`] that
//! the decoder keeps while frames of one meter follow each other.

mod keys;
mod opener;

use std::fmt;

use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::aes::Aes128Enc;
use aes_gcm::aes::cipher::consts::U12;
use aes_gcm::aes::cipher::{KeyIvInit, StreamCipher};
use aes_gcm::{AesGcm, Nonce};

use super::ciphering::{FrameCounter, GeneralGloCiphering, SecurityControl, SystemTitle};

pub use self::keys::{AuthenticationKey, Key, KeyError, Keys};
pub use self::opener::Opener;

/// Encryption and authentication key of one meter.
#[derive(Clone)]
pub struct MeterKeys {
    key: Key,
    authentication: AuthenticationKey,
    tags: Option<Tags>,
}

/// What is known of the tags of a meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tags {
    /// Each of its frames has one.
    Required,
    /// It may send frames without.
    Optional,
}

/// Why a frame stays closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenError {
    /// The tag does not fit key, header and ciphertext.
    TagMismatch,
    /// The frame ends before its tag.
    Truncated,
}

impl fmt::Debug for MeterKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MeterKeys(…)")
    }
}

impl MeterKeys {
    /// Takes the keys of a meter.
    pub fn new(key: Key, authentication: AuthenticationKey) -> Self {
        Self {
            key,
            authentication,
            tags: None,
        }
    }

    /// The same keys of a meter of whose tags this is known.
    pub fn with_tags(self, tags: Option<Tags>) -> Self {
        Self { tags, ..self }
    }

    /// What is known of the tags of the meter.
    pub fn tags(&self) -> Option<Tags> {
        self.tags
    }

    /// The encryption key.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The authentication key.
    pub fn authentication(&self) -> &AuthenticationKey {
        &self.authentication
    }

    /// Verifies a whole frame and writes its text to `text`, which is exactly as long as the ciphertext.
    ///
    /// A frame without a tag is decrypted and nothing more.
    ///
    /// # Errors
    /// [`OpenError`]; `text` then holds nothing of use.
    pub fn open(
        &self,
        header: &GeneralGloCiphering,
        frame: &[u8],
        text: &mut [u8],
    ) -> Result<(), OpenError> {
        Opener::new(self).open(header, frame, text)
    }

    /// Decrypts without looking at the tag: evidence for diagnosis, never data.
    ///
    /// # Errors
    /// [`OpenError::Truncated`] when the frame is shorter than its header says.
    pub fn view(
        &self,
        header: &GeneralGloCiphering,
        frame: &[u8],
        text: &mut [u8],
    ) -> Result<(), OpenError> {
        let (body, _) = split(header, frame)?;
        text.copy_from_slice(body);
        if header.control.encrypted() {
            self.apply_key_stream(header.title, header.counter, text);
        }
        Ok(())
    }

    /// XORs the key stream of a frame onto bytes that begin at its first byte of ciphertext.
    pub fn apply_key_stream(&self, title: SystemTitle, counter: FrameCounter, bytes: &mut [u8]) {
        let mut block = [0; 16];
        block[..8].copy_from_slice(&title.0);
        block[8..12].copy_from_slice(&counter.0.to_be_bytes());
        block[15] = 2;
        Ctr::new(self.key.bytes().into(), &block.into()).apply_keystream(bytes);
    }

    /// Encrypts a text and appends the whole frame to `out`.
    pub fn seal(
        &self,
        title: SystemTitle,
        control: SecurityControl,
        counter: FrameCounter,
        text: &[u8],
        out: &mut Vec<u8>,
    ) {
        let header = GeneralGloCiphering::around(title, control, counter, text.len());
        header.encode(out);
        let start = out.len();
        out.extend(text);
        let body = out.get_mut(start..).unwrap_or_default();
        let mut aad = self.aad(control).to_vec();
        let gcm = Gcm::new(self.key.bytes().into());
        let nonce = Nonce::from(nonce(&header));
        let sealed = match (control.authenticated(), control.encrypted()) {
            (true, true) => gcm.encrypt_inout_detached(&nonce, &aad, body.into()),
            (true, false) => {
                aad.extend(&*body);
                gcm.encrypt_inout_detached(&nonce, &aad, InOutBuf::from(&mut [][..]))
            }
            (false, _) => {
                self.apply_key_stream(title, counter, body);
                return;
            }
        };
        // GCM refuses only texts of more than 64 GB.
        if let Ok(tag) = sealed {
            out.extend(tag);
        }
    }

    fn aad(&self, control: SecurityControl) -> [u8; 17] {
        let mut aad = [control.0; 17];
        aad[1..].copy_from_slice(self.authentication.bytes());
        aad
    }
}

type Gcm = AesGcm<Aes128Enc, U12, U12>;
type Ctr = ctr::Ctr32BE<Aes128Enc>;

/// Ciphertext and tag of a frame.
fn split<'a>(
    header: &GeneralGloCiphering,
    frame: &'a [u8],
) -> Result<(&'a [u8], &'a [u8]), OpenError> {
    frame
        .get(header.header_length..header.frame_length())
        .and_then(|rest| rest.split_at_checked(header.text_length()))
        .ok_or(OpenError::Truncated)
}

fn nonce(header: &GeneralGloCiphering) -> [u8; 12] {
    let mut nonce = [0; 12];
    nonce[..8].copy_from_slice(&header.title.0);
    nonce[8..].copy_from_slice(&header.counter.0.to_be_bytes());
    nonce
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::p1::ciphering::Header;

    const TITLE: SystemTitle = SystemTitle(*b"SMY\x67\x70\x00\x00\x01");

    fn keys() -> MeterKeys {
        MeterKeys::new(Key::new([7; 16]), AuthenticationKey::default())
    }

    fn seal(control: u8, text: &[u8]) -> (GeneralGloCiphering, Vec<u8>) {
        let mut frame = Vec::new();
        keys().seal(
            TITLE,
            SecurityControl(control),
            FrameCounter(9),
            text,
            &mut frame,
        );
        let Header::Legal(header) = GeneralGloCiphering::decode(&frame) else {
            panic!("a sealed frame has a header");
        };
        (header, frame)
    }

    #[test]
    fn a_published_gcm_vector_is_met() {
        // NIST SP 800-38D test case 4 with the tag cut to 96 bits; its AAD is longer than ours, so GCM is asked directly.
        let bytes = |text: &str| hex::decode(text).unwrap();
        let key: [u8; 16] = bytes("feffe9928665731c6d6a8f9467308308")
            .try_into()
            .unwrap();
        let nonce: [u8; 12] = bytes("cafebabefacedbaddecaf888").try_into().unwrap();
        let mut text = bytes(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
        );
        let aad = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let tag = Gcm::new(&key.into())
            .encrypt_inout_detached(&nonce.into(), &aad, text.as_mut_slice().into())
            .unwrap();
        assert_eq!(hex::encode(tag), "5bc94fbc3221a5db94fae95a");
        assert!(hex::encode(text).starts_with("42831ec2217774244b7221b784d0d49c"));
    }

    #[test]
    fn what_was_sealed_opens_in_each_kind_of_protection() {
        for control in [0x30, 0x20, 0x10] {
            let (header, frame) = seal(control, b"/ABC5 text\r\n");
            let mut text = vec![0; header.text_length()];
            assert_eq!(keys().open(&header, &frame, &mut text), Ok(()));
            assert_eq!(text, b"/ABC5 text\r\n", "{control:02X}");
        }
    }

    #[test]
    fn texts_of_any_length_open() {
        let text: Vec<u8> = (0..5000u32).map(|i| (i * i) as u8).collect();
        for length in (0..70).chain(1000..1060).chain([4096, 5000]) {
            let text = &text[..length];
            for control in [0x30, 0x10] {
                let (header, mut frame) = seal(control, text);
                let mut opened = vec![0; length];
                assert_eq!(keys().open(&header, &frame, &mut opened), Ok(()));
                assert_eq!(opened, text, "{length}");
                frame[header.header_length + length / 2] ^= 1;
                let opened = keys().open(&header, &frame, &mut opened);
                assert_eq!(opened, Err(OpenError::TagMismatch), "{length}");
            }
        }
    }

    #[test]
    fn each_flipped_bit_is_noticed() {
        for control in [0x30, 0x10] {
            let (header, frame) = seal(control, b"/ABC5 text\r\n");
            for bit in 8 * header.header_length..8 * frame.len() {
                let mut damaged = frame.clone();
                damaged[bit / 8] ^= 1 << (bit % 8);
                let mut text = vec![0; header.text_length()];
                let opened = keys().open(&header, &damaged, &mut text);
                assert_eq!(opened, Err(OpenError::TagMismatch), "bit {bit}");
            }
        }
    }

    #[test]
    fn the_view_shows_the_text_whatever_the_tag() {
        let (header, mut frame) = seal(0x30, b"/ABC5 text\r\n");
        *frame.last_mut().unwrap() ^= 1;
        let mut text = vec![0; header.text_length()];
        assert_eq!(keys().view(&header, &frame, &mut text), Ok(()));
        assert_eq!(text, b"/ABC5 text\r\n");
    }
}
