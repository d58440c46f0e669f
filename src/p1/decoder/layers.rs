//! What the last push carried: logs show it once more, layer by layer, without its frames.
//!
//! ```text
//! 7E A0 … DB … FCS 7E    E6 E7 00 DB …    DB …    0F …
//! |------ push ------|   |---- shown once more ------|
//! ```

use super::verifier::{Decision, Verifier};
use crate::p1::framer::{Candidate, Framer, Kind};
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
    pub(super) fn hold(&self, candidate: &Candidate, frame: &[u8]) -> bool {
        let bare = matches!(candidate.kind, Kind::Ciphered(_) | Kind::BarePush);
        bare && !frame.is_empty() && (frame == self.unit || frame == self.text)
    }

    /// Takes note of what was judged last.
    pub(super) fn take(
        &mut self,
        framer: &Framer,
        verifier: &Verifier,
        candidate: &Candidate,
        decision: &Decision,
    ) {
        self.unit.clear();
        self.text.clear();
        if let Kind::Push { framing, .. } = candidate.kind
            && framing != Framing::Bare
        {
            self.unit.extend_from_slice(&framer.parts.apdu);
        }
        let header = match candidate.kind {
            Kind::Ciphered(header) => Some(header),
            _ => verifier.inner,
        };
        if let (Some(header), Decision::Push { .. }) = (header, decision) {
            let text = verifier.text.get(..header.text_length());
            self.text.extend_from_slice(text.unwrap_or_default());
        }
    }
}
