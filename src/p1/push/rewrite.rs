//! A push with other bytes where it had its own: what its frames carry is changed, and their check sums fit again.

use super::hdlc::{FLAG, Frame, Link};
use super::{Framing, apdu, assembly};
use crate::p1::readout::Algorithm;

/// Changes what the link frames and blocks of a push carry, in place; `None` where they carry nothing.
///
/// `change` gets it put together, and may refuse. A check sum that fitted fits again, one that did not is left as it
/// is. Bytes between the frames are emptied, flags aside.
pub fn rewrite(
    push: &[u8],
    framing: Framing,
    change: impl FnOnce(&mut [u8]) -> Option<()>,
) -> Option<Vec<u8>> {
    let mut out = push.to_vec();
    let (mut frames, mut unit, mut places) = (Vec::new(), Vec::new(), Vec::new());
    let mut at = 0;
    while let Some(rest) = push.get(at..).filter(|rest| !rest.is_empty()) {
        let Link::Frame(frame) = assembly::read(framing, rest, true) else {
            let noise = out.get_mut(at).filter(|byte| **byte != FLAG);
            noise.into_iter().for_each(|byte| *byte = 0);
            at += 1;
            continue;
        };
        let end = frame.info.end.min(frame.length);
        let info = rest.get(frame.info.start..end).unwrap_or_default();
        let llc = match info {
            [0xE6, 0xE6 | 0xE7, 0, ..] => 3,
            _ => 0,
        };
        unit.extend(at + frame.info.start + llc..at + end.max(frame.info.start + llc));
        at += frame.length.max(1);
        let more = frame.more;
        frames.push((at - frame.length.max(1), frame));
        if !more {
            carried(push, &unit, &mut places);
            unit.clear();
        }
    }
    carried(push, &unit, &mut places);
    let byte = |place: &usize| push.get(*place).copied().unwrap_or_default();
    let mut bytes: Vec<u8> = places.iter().map(byte).collect();
    if bytes.is_empty() {
        return None;
    }
    change(&mut bytes)?;
    for (place, byte) in places.into_iter().zip(bytes) {
        if let Some(slot) = out.get_mut(place) {
            *slot = byte;
        }
    }
    for (at, frame) in frames.iter().filter(|(_, frame)| frame.valid) {
        mend(out.get_mut(*at..)?, framing, frame);
    }
    Some(out)
}

/// Adds the places of what a unit carries: all of it, or the text of a block.
fn carried(push: &[u8], unit: &[usize], places: &mut Vec<usize>) {
    let bytes: Vec<u8> = unit
        .iter()
        .filter_map(|place| push.get(*place).copied())
        .collect();
    let text = match bytes.as_slice() {
        [0xE0, _, _, _, _, _, field @ ..] => {
            let (length, text) = apdu::length(field).unwrap_or((field.len(), field));
            let begin = bytes.len() - text.len();
            begin..begin + length.min(text.len())
        }
        all => 0..all.len(),
    };
    places.extend_from_slice(unit.get(text).unwrap_or_default());
}

/// Makes the check sum of a frame fit.
fn mend(bytes: &mut [u8], framing: Framing, frame: &Frame) {
    let end = frame.info.end;
    let (from, sum, width) = match framing {
        Framing::Hdlc => {
            let from = usize::from(bytes.first() == Some(&FLAG));
            let body = bytes.get(from..end).unwrap_or_default();
            (from, Algorithm::X25.of(body).to_le_bytes(), 2)
        }
        Framing::Mbus => {
            let body = bytes.get(MBUS_HEAD..end).unwrap_or_default();
            let sum = body.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
            (MBUS_HEAD, [sum, 0], 1)
        }
        Framing::Bare => return,
    };
    if from < end
        && let Some(field) = bytes.get_mut(end..end + width)
    {
        field.copy_from_slice(sum.get(..width).unwrap_or_default());
    }
}

/// Bytes of a frame of the M-Bus that its sum does not cover.
const MBUS_HEAD: usize = 4;
