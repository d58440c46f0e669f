//! What the meters of a stream send, and what they do not.

use crate::p1::event::Decoded;

/// What the meters send, as far as it came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// Telegrams in clear.
    pub clear: bool,
    /// Encrypted frames.
    pub encrypted: bool,
    /// Frames with a tag.
    pub tags: bool,
    /// Telegrams without a CRC (DSMR 2.2 and 3.0).
    pub no_crc: bool,
    /// Values of single phases.
    pub phases: bool,
    /// Meters on the M-Bus.
    pub devices: bool,
}

impl Contents {
    /// Takes note of a telegram of another shape.
    pub(super) fn note(&mut self, decoded: &Decoded<'_>) {
        let telegram = &decoded.telegram;
        match decoded.security {
            Some(security) => {
                self.encrypted = true;
                self.tags |= security.control().authenticated();
            }
            None => self.clear = true,
        }
        self.no_crc |= decoded.crc.valid().is_none();
        self.devices |= telegram.devices().next().is_some();
        self.phases |= telegram.readings().any(|reading| {
            let code = reading.code();
            code.d == 7 && matches!(code.c, 21 | 22 | 31 | 32 | 51 | 52 | 71 | 72)
        });
    }
}
