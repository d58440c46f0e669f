//! Pushes: trees of A-XDR, link frames of HDLC and wired M-Bus, and what is put together of them.

use smarty::p1::decoder::{Decoder, Policy};
use smarty::p1::event::Event;
use smarty::p1::line::Rng;
use smarty::p1::push::axdr::{self, Node};
use smarty::p1::push::encode;
use smarty::p1::push::hdlc::{self, Link};
use smarty::p1::push::mbus;
use smarty::p1::push::transcode::Transcoder;

use super::{choices, keys, zone};

/// Any bytes as a tree: nodes lie in the bytes, in order, and are no more than bytes can make.
pub fn axdr(bytes: &[u8]) {
    let mut nodes: Vec<Node> = Vec::new();
    let read = axdr::read(bytes, &mut nodes);
    assert!(nodes.len() <= bytes.len());
    let mut before = 0;
    for node in &nodes {
        assert!(before <= node.start && node.start <= node.end, "{nodes:?}");
        assert!(node.end as usize <= bytes.len(), "{nodes:?}");
        before = node.start;
        assert!(node.is_open() || node.of(bytes).len() == (node.end - node.start) as usize);
        node.integer(bytes);
    }
    if let Ok(end) = read {
        assert!(end <= bytes.len());
        // The tree is that of its own bytes, whatever stands behind it.
        let mut again = Vec::new();
        assert_eq!(axdr::read(&bytes[..end], &mut again), Ok(end));
        assert_eq!(again, nodes);
        assert!(axdr::read(&bytes[..end - 1], &mut again).is_err());
    }
    let mut transcoder = Transcoder::default();
    if let Ok((_, end)) = transcoder.write_begin(None, bytes) {
        assert!(end <= bytes.len());
        assert_eq!(
            transcoder.write(None, &bytes[..end]).is_ok(),
            transcoder.write_begin(None, &bytes[..end]).is_ok()
        );
    }
}

/// Any bytes as link frames; a frame of them, whole and damaged, keeps to its bounds.
pub fn link(bytes: &[u8]) {
    let bounded = |found: Link, length: usize| {
        if let Link::Frame(frame) = found {
            assert!(frame.length <= length && frame.length > 0, "{frame:?}");
            assert!(frame.info.start <= frame.info.end, "{frame:?}");
            // Of a frame that was cut, it lies where it should.
            assert!(frame.info.end <= frame.need.max(frame.length), "{frame:?}");
        }
    };
    for start in 0..bytes.len().min(64) {
        for closed in [false, true] {
            bounded(hdlc::read(&bytes[start..], closed), bytes.len() - start);
            bounded(mbus::read(&bytes[start..], closed), bytes.len() - start);
        }
    }
}

/// Bodies in frames of any kind, some of which are lost, turned or damaged: events tile the stream, and a whole push
/// behind them comes out.
pub fn assembly(bytes: &[u8]) {
    let mut rng = choices(bytes);
    let link = encode::Hdlc {
        target: &[0x41],
        source: &[0x08, 0x83],
        control: 0x13,
        part: 40,
    };
    let bus = encode::Mbus {
        control: 0x53,
        points: [0x01, 0x67],
        part: 40,
    };
    let mut stream = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (info, behind) = rest.split_at((1 + rng.below(120)).min(rest.len()));
        rest = behind;
        let start = stream.len();
        match rng.below(4) {
            0 => stream.extend_from_slice(info),
            1 | 2 => stream.extend(link.frames(info).concat()),
            _ => stream.extend(bus.frames(info).concat()),
        }
        damage(&mut stream, start, &mut rng);
    }
    let mut decoder = Decoder::new(keys().clone(), Policy::default(), zone().clone());
    let mut offset = 0;
    let mut tile = |event: &Event<'_>| {
        let span = event.span();
        assert_eq!(span.start, offset);
        offset = span.start + span.len();
    };
    let middle = rng.below(stream.len() + 1);
    decoder.push(&stream[..middle], &mut tile);
    decoder.push(&stream[middle..], &mut tile);
    decoder.quiet(&mut tile);
    let mut good = 0;
    decoder.push(PUSH, |event: &Event<'_>| {
        tile(event);
        good += usize::from(matches!(event, Event::Telegram(_)));
    });
    decoder.finish(|event| {
        tile(event);
        good += usize::from(matches!(event, Event::Telegram(_)));
    });
    assert_eq!(offset, (stream.len() + PUSH.len()) as u64);
    assert!(good > 0, "the push behind {stream:02X?} is lost");
}

/// Loses, doubles or flips something of what was written last.
fn damage(stream: &mut Vec<u8>, start: usize, rng: &mut Rng) {
    let length = stream.len() - start;
    if length == 0 {
        return;
    }
    let at = start + rng.below(length);
    match rng.below(12) {
        0 => drop(stream.drain(at..)),
        1 => stream[at] ^= 1 << rng.below(8),
        2 => {
            let twice = stream[start..].to_vec();
            stream.extend(twice);
        }
        _ => {}
    }
}

/// A push in clear, in one frame of HDLC.
const PUSH: &[u8] = include_bytes!("../../../samples/no-aidon.bin");
