//! HDLC frames of type 3 (IEC 62056-46): no stuffing, the length alone says where a frame ends.

use std::ops::Range;

use crc_fast::{CrcAlgorithm, checksum};

/// What stands at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// A frame, whole or damaged, whose header is right.
    Frame(Frame),
    /// No frame.
    Not,
    /// Too few bytes to say.
    More,
}

/// A frame of the link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Bytes of it that are there, flags included.
    pub length: usize,
    /// Bytes that it should have.
    pub need: usize,
    /// Where its information lies.
    pub info: Range<usize>,
    /// Place among its parts, where it says so.
    pub number: Option<u8>,
    /// Whether another part follows.
    pub more: bool,
    /// Who sent it to whom.
    pub address: [u8; 8],
    /// Whether its check sum fits.
    pub valid: bool,
}

/// The flag at both ends of a frame.
pub const FLAG: u8 = 0x7E;

/// Header of a frame behind its flag.
struct Header {
    /// Bytes between the flags.
    length: usize,
    /// Bytes of it, its check sum included.
    header: usize,
    /// The S bit.
    more: bool,
    address: [u8; 8],
    /// Whether its check sum fits.
    fits: bool,
}

/// Tells whether a flag and a header with the right check sum stand at the beginning; `None` where bytes are missing.
pub fn begins(data: &[u8]) -> Option<bool> {
    match data {
        [FLAG, rest @ ..] => header(rest).ok().map(|found| found.is_some_and(|h| h.fits)),
        [] => None,
        _ => Some(false),
    }
}

/// Tells whether bytes are a header and nothing else, and its check sum fits.
pub fn is_header(rest: &[u8]) -> bool {
    matches!(header(rest), Ok(Some(Header { header, fits: true, .. })) if header == rest.len())
}

/// Bytes of the header behind a flag, its check sum included, right or not.
pub fn header_length(rest: &[u8]) -> Option<usize> {
    header(rest).ok().flatten().map(|header| header.header)
}

/// Reads the frame at the beginning of `data`, with its flag or behind one that it shares.
///
/// A header whose check sum does not fit counts where the LLC follows it and a flag ends the frame where it says.
/// `closed` says that no byte follows.
pub fn read(data: &[u8], closed: bool) -> Link {
    let flag = usize::from(data.first() == Some(&FLAG));
    let rest = data.get(flag..).unwrap_or_default();
    let header = match header(rest) {
        Ok(Some(header)) => header,
        Ok(None) => return Link::Not,
        Err(()) if closed => return Link::Not,
        Err(()) => return Link::More,
    };
    let need = flag + header.length + 1;
    let frame = |length: usize, valid: bool| {
        Link::Frame(Frame {
            length,
            need,
            info: flag + header.header..flag + header.length - 2,
            number: None,
            more: header.more,
            address: header.address,
            valid,
        })
    };
    if !header.fits {
        let llc = rest.get(header.header..header.header + 3);
        let is_llc = matches!(llc, Some([0xE6, 0xE6 | 0xE7, 0]));
        return match rest.get(header.length) {
            _ if llc.is_none() && !closed => Link::More,
            Some(&FLAG) if is_llc && flag > 0 => frame(need, false),
            None if is_llc && flag > 0 && !closed => Link::More,
            _ => Link::Not,
        };
    }
    let Some(body) = rest.get(..header.length) else {
        return match closed {
            true => frame(cut(rest).map_or(data.len(), |at| at + flag), false),
            false => Link::More,
        };
    };
    let fits = fcs(body);
    match rest.get(header.length) {
        Some(&FLAG) if fits => frame(need, true),
        None if !closed => Link::More,
        _ if fits => frame(need - 1, true),
        // A byte was lost or the text is damaged: another frame inside says which.
        behind => match cut(body) {
            Some(at) => frame(at + flag, false),
            None => frame(need - usize::from(behind != Some(&FLAG)), false),
        },
    }
}

/// Reads the header behind the flag; `Err` where bytes are missing.
fn header(rest: &[u8]) -> Result<Option<Header>, ()> {
    let &format = rest.first().ok_or(())?;
    if format & 0xF0 != 0xA0 {
        return Ok(None);
    }
    let &low = rest.get(1).ok_or(())?;
    let length = usize::from(format & 7) << 8 | usize::from(low);
    let mut at = 2;
    let mut address = [0; 8];
    for half in 0..2 {
        let field = rest.get(at..).unwrap_or_default();
        let last = field.iter().take(4).position(|byte| byte & 1 == 1);
        match last {
            Some(2) => return Ok(None),
            Some(last) => {
                for (slot, byte) in address
                    .iter_mut()
                    .skip(4 * half)
                    .zip(field.iter().take(last + 1))
                {
                    *slot = *byte;
                }
                at += last + 1;
            }
            None if field.len() >= 4 => return Ok(None),
            None => return Err(()),
        }
    }
    // Control, then the check sum of the header.
    let header = at + 3;
    if length < header + 3 {
        return Ok(None);
    }
    let fits = fcs(rest.get(..header).ok_or(())?);
    Ok(Some(Header {
        length,
        header,
        more: format & 8 != 0,
        address,
        fits,
    }))
}

/// Where another frame begins inside one that is damaged.
fn cut(body: &[u8]) -> Option<usize> {
    memchr::memchr_iter(FLAG, body)
        .find(|&at| at > 0 && body.get(at..).and_then(begins) == Some(true))
}

/// Tells whether bytes end in their own check sum, low byte first (CRC-16/X-25).
fn fcs(bytes: &[u8]) -> bool {
    bytes
        .split_last_chunk::<2>()
        .is_some_and(|(body, sent)| x25(body) == u16::from_le_bytes(*sent))
}

/// The check sum. A header is so short that to choose the fastest way takes longer than to go byte by byte.
fn x25(bytes: &[u8]) -> u16 {
    match bytes.len() {
        ..=HEADER_MAX => !bytes.iter().fold(u16::MAX, |sum, byte| {
            (sum >> 8) ^ STEPS[usize::from(sum as u8 ^ byte)]
        }),
        _ => checksum(CrcAlgorithm::Crc16IbmSdlc, bytes) as u16,
    }
}

/// What each byte does to the check sum.
const STEPS: [u16; 256] = {
    let mut steps = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut sum = byte as u16;
        let mut bit = 0;
        while bit < 8 {
            // The polynomial of CRC-16/X-25, reflected.
            sum = (sum >> 1) ^ (0x8408 * (sum & 1));
            bit += 1;
        }
        steps[byte] = sum;
        byte += 1;
    }
    steps
};
/// Bytes of the longest header before its check sum.
const HEADER_MAX: usize = 11;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_check_sums_are_the_same() {
        let bytes: Vec<u8> = (0u8..40).map(|n| n.wrapping_mul(37)).collect();
        for length in 0..bytes.len() {
            let part = &bytes[..length];
            let expected = checksum(CrcAlgorithm::Crc16IbmSdlc, part) as u16;
            assert_eq!(x25(part), expected, "{length} bytes");
        }
    }
}
