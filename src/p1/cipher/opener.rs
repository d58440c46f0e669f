//! Opening frames fast: AES-GCM put together from AES, counter mode and POLYVAL.
//!
//! GHASH is POLYVAL over blocks turned end for end (RFC 8452 appendix A). Code for any x86-64 turns a block byte by
//! byte, which takes longer than hashing it; here it is turned as one number, and a frame opens in about
//! half the time. Frames are sealed by the crate `aes-gcm`, so that each test of both holds this against it.

use aes_gcm::aead::KeyInit;
use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::aes::Aes128Enc;
use aes_gcm::aes::cipher::{BlockCipherEncrypt, InnerIvInit, StreamCipherCore};
use ctr::CtrCore;
use ctr::flavors::Ctr32BE;
use ctutils::CtEq;
use polyval::hazmat::FieldElement;
use polyval::universal_hash::UniversalHash;
use polyval::{Block, Polyval};

use super::{MeterKeys, OpenError, nonce, split};
use crate::p1::ciphering::{GeneralGloCiphering, TAG_LENGTH};

/// The keys of one meter with their key schedule.
#[derive(Clone)]
pub struct Opener {
    keys: MeterKeys,
    aes: Aes128Enc,
    hash: Polyval,
}

impl Opener {
    /// Computes the key schedule.
    pub fn new(keys: &MeterKeys) -> Self {
        let aes = Aes128Enc::new(&keys.key.0.into());
        let mut zero = Default::default();
        aes.encrypt_block(&mut zero);
        let point = FieldElement::from(zero).reverse().mulx();
        Self {
            keys: keys.clone(),
            aes,
            hash: Polyval::new(&point.into()),
        }
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
        let (body, tag) = split(header, frame)?;
        if tag.is_empty() {
            return self.keys.view(header, frame, text);
        }
        let mut counter = [0; 16];
        counter[..12].copy_from_slice(&nonce(header));
        counter[15] = 1;
        let mut mask = counter.into();
        self.aes.encrypt_block(&mut mask);
        let aad = self.keys.aad(header.control);
        let hash = match header.control.encrypted() {
            true => self.hash(&aad, body),
            false => self.hash(&[&aad, body].concat(), &[]),
        };
        let mut fits = [0; 16];
        for ((fits, hash), mask) in fits.iter_mut().zip(hash).zip(mask) {
            *fits = hash ^ mask;
        }
        if !bool::from(fits[..TAG_LENGTH].ct_eq(tag)) {
            return Err(OpenError::TagMismatch);
        }
        if header.control.encrypted() {
            counter[15] = 2;
            let stream: CtrCore<_, Ctr32BE> = CtrCore::inner_iv_init(&self.aes, &counter.into());
            let buffer = InOutBuf::new(body, text).map_err(|_| OpenError::Truncated)?;
            stream.apply_keystream_partial(buffer);
        } else {
            text.copy_from_slice(body);
        }
        Ok(())
    }

    /// GHASH over both texts and their lengths.
    fn hash(&self, aad: &[u8], text: &[u8]) -> [u8; 16] {
        let blocks = aad.len().div_ceil(16) + text.len().div_ceil(16) + 1;
        let bits = |text: &[u8]| 8 * text.len() as u128;
        let mut hash = Hash {
            hash: self.hash.clone(),
            batch: [Block::default(); BATCH],
            // Zeros in front change nothing, and four blocks at once are faster than one.
            filled: blocks.next_multiple_of(4) - blocks,
        };
        hash.absorb(aad);
        hash.absorb(text);
        hash.absorb(&(bits(aad) << 64 | bits(text)).to_be_bytes());
        hash.flush();
        turned(&hash.hash.finalize().0)
    }
}

/// Hashes blocks, many at once.
struct Hash {
    hash: Polyval,
    batch: [Block; BATCH],
    filled: usize,
}

impl Hash {
    /// Takes a text; its last block is filled up with zeros.
    fn absorb(&mut self, text: &[u8]) {
        let (mut blocks, rest) = text.as_chunks();
        while !blocks.is_empty() {
            let room = self.batch.get_mut(self.filled..).unwrap_or_default();
            let (now, later) = blocks.split_at(room.len().min(blocks.len()));
            for (to, from) in room.iter_mut().zip(now) {
                to.0 = turned(from);
            }
            self.filled += now.len();
            blocks = later;
            if self.filled == BATCH {
                self.flush();
            }
        }
        if !rest.is_empty() {
            let mut last = [0; 16];
            last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
            self.absorb(&last);
        }
    }

    fn flush(&mut self) {
        let filled = self.batch.get(..self.filled);
        self.hash.update(filled.unwrap_or_default());
        self.filled = 0;
    }
}

fn turned(block: &[u8; 16]) -> [u8; 16] {
    u128::from_be_bytes(*block).to_le_bytes()
}

/// Blocks that are turned before they are hashed, a multiple of four.
const BATCH: usize = 64;
