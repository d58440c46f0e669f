//! What is decoded: the frames of virtual meters, and all that is known of them.

use std::ops::Range;
use std::sync::Arc;

use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::aes::Aes128;
use aes_gcm::aes::cipher::consts::{U12, U12 as TagSize};
use aes_gcm::{AesGcm, Nonce, Tag};
use jiff::civil::date;
use smarty::p1::cipher::{AuthenticationKey, Keys, MeterKeys};
use smarty::p1::ciphering::{GeneralGloCiphering, Header};
use smarty::simulate::virtual_meter::{Profile, Setup, VirtualMeter, keyring_toml};

/// The frames of some meters, in turn.
pub struct Stream {
    pub bytes: Vec<u8>,
    /// Where each frame stands.
    pub places: Vec<Range<usize>>,
    /// The texts in them.
    pub texts: Vec<Vec<u8>>,
    pub keys: Arc<Keys>,
    /// The key ring, as it is read.
    pub ring: String,
    /// The cipher of the first meter, without anything around it.
    cipher: AesGcm<Aes128, U12, TagSize>,
}

impl Stream {
    /// So many frames of each of so many meters.
    pub fn of(meters: u32, rounds: usize) -> Self {
        let start = date(2026, 1, 15).at(18, 30, 0, 0);
        let setup = |number| Setup::new(Profile::LuFull, number, 1, start);
        let mut meters: Vec<_> = (1..=meters)
            .map(|number| VirtualMeter::new(setup(number)))
            .collect();
        let mut keys = Keys::default();
        for meter in &meters {
            keys.insert(meter.title(), meter.keys());
        }
        let (mut bytes, mut places, mut texts) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rounds {
            for meter in &mut meters {
                let begin = bytes.len();
                meter.next_frame(&mut bytes);
                places.push(begin..bytes.len());
                let frame = &bytes[begin..];
                let header = header(frame);
                let mut text = vec![0; header.text_length()];
                meter.keys().open(&header, frame, &mut text).unwrap();
                texts.push(text);
            }
        }
        let ring = keyring_toml(&meters);
        let cipher = KeyInit::new(&meters[0].key().into());
        let keys = Arc::new(keys);
        Self {
            bytes,
            places,
            texts,
            keys,
            ring,
            cipher,
        }
    }

    /// Bytes and frames.
    pub fn size(&self) -> (usize, usize) {
        (self.bytes.len(), self.places.len())
    }

    pub fn frames(&self) -> impl Iterator<Item = &[u8]> {
        self.places.iter().map(|place| &self.bytes[place.clone()])
    }

    pub fn keys_and_header(&self, frame: &[u8]) -> (&MeterKeys, GeneralGloCiphering) {
        let header = header(frame);
        (self.keys.of(header.title).unwrap(), header)
    }

    /// Verifies and decrypts a frame whose fields are where they always are, and does nothing else.
    pub fn decrypt_alone(&self, frame: &[u8], text: &mut Vec<u8>) {
        let (head, body) = frame.split_at(18);
        let (body, tag) = body.split_at(body.len() - 12);
        let mut nonce = [0; 12];
        nonce[..8].copy_from_slice(&head[2..10]);
        nonce[8..].copy_from_slice(&head[14..]);
        let mut aad = [0x30; 17];
        aad[1..].copy_from_slice(&AuthenticationKey::LUXEMBOURG);
        text.resize(body.len(), 0);
        let tag = <&Tag<TagSize>>::try_from(tag).unwrap();
        let buffer = InOutBuf::new(body, text).unwrap();
        self.cipher
            .decrypt_inout_detached(&Nonce::<U12>::from(nonce), &aad, buffer, tag)
            .unwrap();
    }
}

fn header(frame: &[u8]) -> GeneralGloCiphering {
    match GeneralGloCiphering::decode(frame) {
        Header::Legal(header) => header,
        other => panic!("{other:?}"),
    }
}
