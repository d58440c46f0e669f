//! The cipher of one meter, ready to open frames.

use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::aes::cipher::consts::U12;
use aes_gcm::{Nonce, Tag};

use super::{Gcm, MeterKeys, OpenError, nonce, split};
use crate::p1::ciphering::GeneralGloCiphering;

/// The keys of one meter with their key schedule.
#[derive(Clone)]
pub struct Opener {
    keys: MeterKeys,
    gcm: Gcm,
}

impl Opener {
    /// Computes the key schedule.
    pub fn new(keys: &MeterKeys) -> Self {
        Self {
            keys: keys.clone(),
            gcm: Gcm::new(keys.key.bytes().into()),
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
        let Ok(tag) = <&Tag<U12>>::try_from(tag) else {
            return self.keys.view(header, frame, text);
        };
        let aad = self.keys.aad(header.control);
        let nonce = Nonce::from(nonce(header));
        let open = |aad: &[u8], buffer: InOutBuf<'_, '_, u8>| {
            let opened = self.gcm.decrypt_inout_detached(&nonce, aad, buffer, tag);
            opened.map_err(|_| OpenError::TagMismatch)
        };
        if header.control.encrypted() {
            let buffer = InOutBuf::new(body, text).map_err(|_| OpenError::Truncated)?;
            return open(&aad, buffer);
        }
        open(&[&aad, body].concat(), InOutBuf::from(&mut [][..]))?;
        text.copy_from_slice(body);
        Ok(())
    }
}
