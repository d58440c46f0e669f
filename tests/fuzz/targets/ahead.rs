//! Opening ahead: a stream in chunks whose frames were opened apart says what one decoder says.

use std::sync::Arc;

use smarty::p1::decoder::{Decoder, FrameOpener, Opened};

use super::decoder::say;

/// Decodes a stream in chunks of up to `size` bytes, each opened before, and whole.
pub fn changes_nothing(fresh: &Decoder, bytes: &[u8], size: usize) {
    let whole = super::decoder::decode(fresh, bytes, &[0, bytes.len()], None);
    let mut opener = FrameOpener::new(Arc::clone(fresh.keys()), None);
    let mut decoder = fresh.clone();
    let mut said = Vec::new();
    for piece in bytes.chunks(size) {
        let opened = Arc::new(opener.open(piece.to_vec(), Opened::default()));
        let piece = opened.piece(0..piece.len());
        decoder.push_opened(piece, |event| said.push(say(bytes, event)));
    }
    decoder.finish(|event| said.push(say(bytes, event)));
    assert_eq!(said, whole, "opened in chunks of {size}");
}
