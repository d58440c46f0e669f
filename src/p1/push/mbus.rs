//! Frames of the wired M-Bus as Austria's meters send them (EN 13757-2 and -3).
//!
//! `68 L L 68 C A CI STSAP DTSAP part sum 16`; CI holds the number of the part, and bit 4 for the last one.

use super::hdlc::{Frame, Link};

/// First byte of a long frame.
pub const START: u8 = 0x68;

/// Reads the frame at the beginning of `data`; `closed` says that no byte follows.
pub fn read(data: &[u8], closed: bool) -> Link {
    let missing = if closed { Link::Not } else { Link::More };
    let &[start, length, again, second, ref rest @ ..] = data else {
        let begins = match *data {
            [start] => start == START,
            [start, _] => start == START,
            [start, a, b] => start == START && a == b,
            _ => false,
        };
        return if begins { missing } else { Link::Not };
    };
    if start != START || second != START || length != again {
        return Link::Not;
    }
    let &[control, address, ci, source, target, ..] = rest else {
        return missing;
    };
    // SND_UD, and the CI of a part of a COSEM message.
    if control & 0xDF != 0x53 || ci & 0xE0 != 0 {
        return Link::Not;
    }
    // Some send L = 257 as 01: what cannot hold its own head has lost the high bit of its length.
    let length = match usize::from(length) {
        short @ 0..=5 => short + 256,
        length => length,
    };
    let need = length + 6;
    let frame = |length: usize, valid: bool| {
        Link::Frame(Frame {
            length,
            need,
            info: 9..need - 2,
            number: Some(ci & 0x0F),
            more: ci & 0x10 == 0,
            address: [control, address, source, target, 0, 0, 0, 0],
            valid,
        })
    };
    match data.get(4..need) {
        Some(body) if right(body) => frame(need, true),
        None if !closed => Link::More,
        _ => {
            let came = data.get(..need).unwrap_or(data);
            frame(next(came).unwrap_or(came.len()), false)
        }
    }
}

/// Tells whether the body, its sum and the stop byte fit.
fn right(body: &[u8]) -> bool {
    body.split_last_chunk::<2>()
        .is_some_and(|(body, [sum, stop])| {
            *stop == 0x16 && body.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte)) == *sum
        })
}

/// Tells whether the head of a frame with a part of a COSEM message stands at the beginning; `None` where bytes are
/// missing.
pub fn begins(data: &[u8]) -> Option<bool> {
    let fits = |at: usize, byte: u8| match at {
        0 | 3 => byte == START,
        2 => data.get(1) == Some(&byte),
        4 => byte & 0xDF == 0x53,
        6 => byte & 0xE0 == 0,
        _ => true,
    };
    let mut head = (0..).zip(data.iter().take(HEAD));
    match head.all(|(at, byte)| fits(at, *byte)) {
        true if data.len() < HEAD => None,
        all => Some(all),
    }
}

/// Where another frame begins inside one that is damaged.
fn next(data: &[u8]) -> Option<usize> {
    memchr::memchr_iter(START, data)
        .find(|&at| at > 0 && data.get(at..).and_then(begins) == Some(true))
}

/// Bytes up to the CI, by which a frame is told.
const HEAD: usize = 7;
