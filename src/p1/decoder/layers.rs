//! What the last push carried: logs show it once more, layer by layer, without its frames.
//!
//! ```text
//! 7E A0 … DB … FCS 7E    E6 E7 00 DB …    DB …    0F …
//! |------ push ------|   |---- shown once more ------|
//! ```

use super::judge::{Judge, Verdict};
use crate::p1::framer::{Framer, Kind, Sighting};
use crate::p1::push::Framing;

/// The layers inside the last push.
#[derive(Clone, Default)]
pub(super) struct Layers {
    /// What its frames carried.
    unit: Vec<u8>,
    /// What was decrypted of that.
    text: Vec<u8>,
}

impl Layers {
    /// Tells whether a frame is a layer of the push before it.
    pub(super) fn hold(&self, sighting: &Sighting, frame: &[u8]) -> bool {
        let bare = matches!(sighting.kind, Kind::Ciphered(_) | Kind::BarePush);
        bare && !frame.is_empty() && (frame == self.unit || frame == self.text)
    }

    /// Takes note of what was judged last.
    pub(super) fn take(
        &mut self,
        framer: &Framer,
        judge: &Judge,
        sighting: &Sighting,
        verdict: &Verdict,
    ) {
        self.unit.clear();
        self.text.clear();
        if let Kind::Push { framing, .. } = sighting.kind
            && framing != Framing::Bare
        {
            self.unit.extend_from_slice(&framer.parts.apdu);
        }
        let header = match sighting.kind {
            Kind::Ciphered(header) => Some(header),
            _ => judge.inner,
        };
        if let (Some(header), Verdict::Push { .. }) = (header, verdict) {
            let text = judge.text.get(..header.text_length());
            self.text.extend_from_slice(text.unwrap_or_default());
        }
    }
}
