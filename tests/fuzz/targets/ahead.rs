//! Opening ahead: a stream in chunks whose frames were opened apart says what one decoder says.

use std::sync::Arc;

use smarty::p1::decoder::{Decoder, FrameOpener, Opened};
use smarty::run::chunks::Cutter;

use super::decoder::say;

/// Decodes a stream in chunks of up to `size` bytes, each opened before, and whole.
pub fn changes_nothing(fresh: &Decoder, bytes: &[u8], size: usize) {
    let whole = super::decoder::decode(fresh, bytes, &[0, bytes.len()], None);
    let mut opener = FrameOpener::new(Arc::clone(fresh.keys()), None);
    let mut decoder = fresh.clone();
    let mut said = Vec::new();
    let mut cutter = Cutter::new(size);
    let mut rest = bytes;
    let mut read = |room: &mut [u8]| {
        let (now, later) = rest.split_at(room.len().min(rest.len()));
        room[..now.len()].copy_from_slice(now);
        rest = later;
        now.len()
    };
    let mut buffer = Vec::new();
    while let Some(chunk) = cutter.next(buffer, &mut read) {
        let opened = Arc::new(opener.open(&chunk.bytes, Opened::default()));
        decoder.push_opened(&chunk.bytes, opened, |event| said.push(say(bytes, event)));
        buffer = chunk.bytes;
    }
    decoder.finish(|event| said.push(say(bytes, event)));
    assert_eq!(said, whole, "opened in chunks of {size}");
}
