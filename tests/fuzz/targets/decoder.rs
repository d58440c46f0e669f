//! Laws 1 to 5 of the decoder on raw bytes: conservation, chunking, resync, silence, bounded memory; and opening
//! frames ahead changes nothing.

use std::sync::Arc;

use smarty::p1::cipher::{AuthenticationKey, Key, Keys, MeterKeys};
use smarty::p1::ciphering::LENGTH_MAX;
use smarty::p1::decoder::{Decoder, Policy, TagPolicy};
use smarty::p1::event::{Event, Reason};
use smarty::p1::span::Span;

use super::{ahead, choices, cuts, keys, zone};

/// What an event says, without its place in memory.
#[derive(Debug, PartialEq)]
pub struct Said {
    span: Span,
    what: String,
    is_telegram: bool,
    /// It is refused, and would count if its meter did so again.
    doubtful: bool,
}

/// Holds the laws against a stream.
pub fn laws(bytes: &[u8]) {
    let mut rng = choices(bytes);
    let tags = [TagPolicy::Verify, TagPolicy::Warn, TagPolicy::Skip];
    let policy = Policy {
        tag: tags[rng.below(tags.len())],
        ignore_crc: rng.below(4) == 0,
        allow_plain: rng.below(4) == 0,
    };
    let keys = match rng.below(3) {
        0 => with_default(keys()),
        _ => Arc::clone(keys()),
    };
    let decoder = Decoder::new(keys, policy, zone().clone());
    // Behind junk that is said in pieces, too.
    let junk = match rng.below(4) {
        0 => PIECE * (1 + rng.below(2)),
        _ => 0,
    };
    let bytes = &[&vec![b'.'; junk], bytes].concat()[..];
    let quiet = (rng.below(3) == 0).then(|| rng.below(bytes.len() + 1));
    let whole = decode(&decoder, bytes, &[0, bytes.len()], quiet);
    tile(&whole, bytes.len());
    let cuts = cuts(&mut rng, bytes.len());
    assert_eq!(
        decode(&decoder, bytes, &cuts, quiet),
        whole,
        "cut at {cuts:?}, silent at {quiet:?}"
    );
    if bytes.len() <= EACH_MAX {
        let each: Vec<usize> = (0..=bytes.len()).collect();
        assert_eq!(
            decode(&decoder, bytes, &each, quiet),
            whole,
            "byte by byte, silent at {quiet:?}"
        );
    }
    // A silence ends everything: what stands before it is decoded as if nothing followed. Only whole telegrams that
    // were in doubt may turn out good.
    if let Some(at) = quiet {
        let before = decode(&decoder, &bytes[..at], &[0, at], None);
        let split = whole.iter().position(|said| said.span.start >= at as u64);
        let held = held_over(&decoder, &bytes[..at]);
        let whole = &whole[..split.unwrap_or(whole.len())];
        assert_eq!(whole.len(), before.len(), "silent at {at}");
        for (said, before) in whole.iter().zip(&before) {
            let turned = said.span == before.span && said.span.start >= held && before.doubtful;
            let is_good = turned && said.is_telegram;
            assert!(
                said == before || is_good,
                "silent at {at}: {before:?} {said:?}"
            );
        }
        return;
    }
    ahead::changes_nothing(&decoder, bytes, 1 + rng.below(CHUNK_MAX));
}

/// Decodes a stream in pieces, with a silence at a place, and holds each event against its bytes.
pub fn decode(fresh: &Decoder, bytes: &[u8], cuts: &[usize], quiet: Option<usize>) -> Vec<Said> {
    let mut borders = cuts.to_vec();
    borders.extend(quiet);
    borders.sort_unstable();
    let mut decoder = fresh.clone();
    let mut said = Vec::new();
    let mut silent = false;
    for pair in borders.windows(2) {
        if quiet == Some(pair[0]) && !silent {
            decoder.quiet(|event| said.push(say(bytes, event)));
            leaves_nothing_half(&decoder, &bytes[..pair[0]]);
            silent = true;
        }
        decoder.push(&bytes[pair[0]..pair[1]], |event| {
            said.push(say(bytes, event))
        });
        let held = pair[1] as u64 - decoder.offset();
        assert!(
            held <= u64::from(LENGTH_MAX) + HELD_MAX,
            "{held} bytes are held"
        );
    }
    decoder.finish(|event| said.push(say(bytes, event)));
    assert_eq!(decoder.offset(), bytes.len() as u64);
    said
}

/// Holds a decoder behind a silence to what it may keep: telegrams that came whole and are in doubt, and what came
/// between them; few.
fn leaves_nothing_half(decoder: &Decoder, bytes: &[u8]) {
    let from = decoder.offset();
    let mut held = Vec::new();
    decoder.clone().finish(|event| held.push(say(bytes, event)));
    let mut at = from;
    for said in &held {
        assert_eq!(said.span.start, at, "{said:?} is kept");
        at = said.span.end;
    }
    assert_eq!(at, bytes.len() as u64, "a silence leaves nothing half");
    if let Some(first) = held.first() {
        assert!(first.doubtful, "{first:?} is kept without a doubt");
    }
    let frames = held.iter().filter(|said| said.what != "junk").count();
    assert!(frames <= FRAMES_MAX, "{frames} frames are kept");
    assert!(at - from <= HELD_MAX, "{} bytes are kept", at - from);
}

/// Where that begins which a silence behind these bytes leaves in doubt.
fn held_over(fresh: &Decoder, bytes: &[u8]) -> u64 {
    let mut decoder = fresh.clone();
    decoder.push(bytes, |_| {});
    decoder.quiet(|_| {});
    decoder.offset()
}

/// What an event says; `bytes` are the stream that it is of.
pub fn say(bytes: &[u8], event: &Event<'_>) -> Said {
    let span = event.span();
    let (held, what) = match event {
        Event::Telegram(decoded) => {
            let values: Vec<_> = decoded.telegram.values().map(|(_, value)| value).collect();
            let text = String::from_utf8_lossy(decoded.text);
            (
                decoded.frame,
                format!("{:?} {:?} {values:?} {text}", decoded.security, decoded.crc),
            )
        }
        Event::Refused(refused) => (
            refused.frame,
            format!("{:?} {:?}", refused.header, refused.reason),
        ),
        Event::Junk(junk) => (junk.bytes, "junk".to_owned()),
    };
    assert_eq!(
        held,
        &bytes[span.start as usize..span.end as usize],
        "the bytes of {span:?}"
    );
    let doubtful = match event {
        Event::Refused(refused) => match refused.reason {
            Reason::NoEnd => refused.frame.trim_ascii_end().ends_with(b")"),
            Reason::CrcMismatch(crc) => crc.fits.is_some(),
            _ => false,
        },
        _ => false,
    };
    Said {
        span,
        what,
        is_telegram: matches!(event, Event::Telegram(_)),
        doubtful,
    }
}

/// Each byte is in exactly one event, in order.
fn tile(said: &[Said], length: usize) {
    let mut at = 0;
    for said in said {
        assert_eq!(said.span.start, at, "{said:?}");
        assert!(!said.span.is_empty(), "{said:?}");
        at = said.span.end;
    }
    assert_eq!(at, length as u64);
}

/// With a key for every meter, a title that says nothing can begin a frame.
fn with_default(ring: &Keys) -> Arc<Keys> {
    let mut keys = ring.clone();
    keys.set_default(MeterKeys::new(
        Key::new([7; 16]),
        AuthenticationKey::default(),
    ));
    Arc::new(keys)
}

/// Longest stream that is pushed byte by byte too, in bytes.
const EACH_MAX: usize = 800;
/// Bytes of a piece of junk.
const PIECE: usize = 4096;
/// Most bytes of a chunk whose frames are opened ahead.
const CHUNK_MAX: usize = 4000;
/// Frames that wait behind a telegram in doubt, that one included.
const FRAMES_MAX: usize = 8;
/// Bytes that are held beside a frame.
const HELD_MAX: u64 = 128 << 10;
