//! Clues in a plain telegram whose CRC does not fit, when there is no other one to hold it against.

use crate::p1::diagnosis::text;
use crate::p1::layout::{FaultKind, Layout};
use crate::p1::readout::{Readout, SentCrc, crc16};

/// A text that seems to go on behind its end: the last line is a CRC with something else for `!`.
pub fn ends_like_one(bytes: &[u8]) -> bool {
    let line = bytes.trim_ascii_end();
    let start = memchr::memrchr(b'\n', line).map_or(0, |at| at + 1);
    let last = line.get(start..).unwrap_or_default();
    let digits = last.iter().filter(|byte| byte.is_ascii_hexdigit()).count();
    (4..=5).contains(&last.len()) && digits >= 3 && bytes.ends_with(b"\n")
}

/// The bit that makes the CRC fit: place and the byte as it was sent.
pub fn one_bit(bytes: &[u8]) -> Option<(usize, u8)> {
    let readout = Readout::find(bytes)?;
    let crc = readout.check(bytes);
    let SentCrc::Digits(sent) = crc.received else {
        return None;
    };
    let digits = format!("{:04X}", crc.computed);
    let field = bytes.get(readout.mark + 1..readout.end)?;
    if field.len() == 4 {
        let wrong = digits
            .bytes()
            .zip(field)
            .enumerate()
            .filter(|(_, (a, b))| !a.eq_ignore_ascii_case(b));
        let wrong: Vec<_> = wrong.collect();
        if let [(at, (right, seen))] = wrong[..]
            && (right ^ seen).count_ones() == 1
        {
            return Some((readout.mark + 1 + at, right));
        }
    }
    let odd = text::oddities(bytes);
    let mut tried = bytes.get(..=readout.mark)?.to_vec();
    (0..readout.mark).find_map(|at| {
        if !odd.is_empty() && !odd.iter().any(|&odd| odd.abs_diff(at) <= 1) {
            return None;
        }
        let seen = *bytes.get(at)?;
        (0..8).find_map(|bit| {
            let right = seen ^ 1 << bit;
            if !text::plausible(bytes, at, right) {
                return None;
            }
            *tried.get_mut(at)? = right;
            let fits = crc16(&tried) == sent;
            *tried.get_mut(at)? = seen;
            fits.then_some((at, right))
        })
    })
}

/// Where the first line begins that is none.
pub fn first_bad_line(bytes: &[u8]) -> Option<usize> {
    let mark = Readout::find(bytes).map_or(bytes.len(), |readout| readout.mark);
    let faults = Layout::read(bytes, mark).faults;
    let bad = faults.iter().find(|fault| {
        matches!(
            fault.kind,
            FaultKind::BadLine | FaultKind::BadGroup | FaultKind::BadNumber | FaultKind::Repeated
        )
    });
    bad.map(|fault| fault.place.start as usize)
}
