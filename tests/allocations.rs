//! What is decoded at steady state takes no memory: from bytes to a line of JSON, nothing is allocated.
#![allow(missing_docs, clippy::unwrap_used)]

#[path = "bench/speed/pushes.rs"]
mod pushes;

use pushes::{Form, Pushes};
use smarty::format::json::Json;
use smarty::observe::context::Context;
use smarty::p1::decoder::{Decoder, Policy};
use smarty::p1::event::Event;
use smarty::p1::value::Zone;

/// Allocations for the last quarter of a stream, and the telegrams that come out of all of it.
fn allocations(bytes: &[u8], pushes: &Pushes) -> (u64, u32) {
    let keys = std::sync::Arc::clone(&pushes.keys);
    let mut decoder = Decoder::new(keys, Policy::default(), Zone::luxembourg());
    let mut json = Json::new(None);
    let mut out = Vec::with_capacity(1 << 20);
    let mut context = Context::default();
    let mut good = 0;
    let mut take = |event: &Event<'_>| {
        if let Event::Telegram(decoded) = event {
            good += 1;
            context.seq += 1;
            out.clear();
            json.telegram(&mut out, &context, decoded);
        }
    };
    let (first, second) = bytes.split_at(bytes.len() / 4 * 3);
    // As a port gives them.
    let pieces = |bytes: &[u8], take: &mut dyn FnMut(&Event<'_>), decoder: &mut Decoder| {
        bytes
            .chunks(500)
            .for_each(|piece| decoder.push(piece, &mut *take));
    };
    pieces(first, &mut take, &mut decoder);
    let counted = allocation_counter::measure(|| pieces(second, &mut take, &mut decoder));
    decoder.finish(take);
    (counted.count_total, good)
}

#[test]
fn pushes_and_telegrams_take_no_memory_at_steady_state() {
    let mut found = Vec::new();
    for form in [Form::Rows, Form::Flat] {
        let pushes = Pushes::of(form, 800);
        for (name, bytes) in [
            ("telegrams", &pushes.telegrams),
            ("frames", &pushes.bytes),
            ("blocks", &pushes.blocks),
            ("encrypted", &pushes.sealed),
        ] {
            let (count, good) = allocations(bytes, &pushes);
            assert_eq!(good, 800, "{name} {form:?}");
            found.extend((count > 0).then(|| format!("{count} for {name} {form:?}")));
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}
