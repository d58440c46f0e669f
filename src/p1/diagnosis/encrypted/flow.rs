//! Puts back the bytes 11 and 13 that a tty with flow control has swallowed; the tag is the proof.
//!
//! ```text
//! sent      c0 c1 11 c3 c4 13 c6      key stream  k0 k1 k2 k3 k4 k5 k6
//! received  c0 c1 c3 c4 c6            from the first gap on the text is noise, until a 11 or 13 is put back
//! ```
//! A search goes along the text, character by character: each is the next byte received, or one that was
//! swallowed. Ways that read like a telegram are kept, a bounded number; in the end each is sealed again, and
//! the one that gives exactly the bytes received, once the same bytes are taken away, is the frame. CRs that were
//! turned into LFs on the way (ICRNL) are put back as well.

use crate::p1::cipher::{Keys, MeterKeys};
use crate::p1::ciphering::{GeneralGloCiphering, Header};
use crate::p1::diagnosis::text;
use crate::p1::readout::{Crc, Readout, SentCrc, crc16};

/// The frame that was sent, from a burst that lacks its 11 and 13.
pub fn ixon(burst: &[u8], keys: &Keys) -> Option<Vec<u8>> {
    if burst.len() > BURST_MAX || memchr::memchr2(XON, XOFF, burst).is_some() {
        return None;
    }
    let cr_lost = memchr::memchr(b'\r', burst).is_none();
    heads(burst).find_map(|head| {
        let Header::Legal(header) = GeneralGloCiphering::decode(&head) else {
            return None;
        };
        let keys = keys.of(header.title)?;
        let control = header.control;
        let tagged = control.authenticated() && control.encrypted();
        if !tagged || control.unsupported().is_some() || header.text_length() > BURST_MAX {
            return None;
        }
        let kept = head.get(..header.header_length)?;
        let taken = kept.iter().filter(|byte| !is_flow(**byte)).count();
        let search = Search {
            header,
            keys,
            received: burst.get(taken..)?,
            cr_lost,
        };
        search.run(burst)
    })
}

/// The burst with none, one or two bytes put back into its head, which must stay legal to be of use.
fn heads(burst: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    let start = burst.get(..HEAD.min(burst.len())).unwrap_or_default();
    let once = move |head: &[u8]| {
        let head = head.to_vec();
        (TITLE..HEAD).flat_map(move |at| {
            let head = head.clone();
            [XON, XOFF].into_iter().filter_map(move |byte| {
                let mut head = head.clone();
                (at <= head.len()).then(|| head.insert(at, byte))?;
                Some(head)
            })
        })
    };
    let one = once(start);
    let two = once(start).flat_map(move |head| once(&head));
    [start.to_vec()].into_iter().chain(one).chain(two)
}

/// The search for one header.
struct Search<'a> {
    header: GeneralGloCiphering,
    keys: &'a MeterKeys,
    /// What came behind the header.
    received: &'a [u8],
    cr_lost: bool,
}

/// A way to read the text so far.
#[derive(Clone, Copy)]
struct Way {
    cost: u32,
    last: u8,
    /// Index of the last byte that was put back, in the list of all.
    put_back: Option<usize>,
}

/// A byte that is put back, or an LF that was a CR.
struct Change {
    at: usize,
    byte: u8,
    /// Bits in which the byte may differ as well: a digit stays a digit.
    doubt: u8,
    /// The byte came, perhaps as another one.
    came: bool,
    before: Option<usize>,
}

impl Search<'_> {
    fn run(&self, burst: &[u8]) -> Option<Vec<u8>> {
        let length = self.header.text_length();
        let frame = length + TAG;
        let missing = frame.checked_sub(self.received.len())?;
        if missing > frame / 40 + 6 {
            return None;
        }
        let mut stream = vec![0; length];
        self.keys
            .apply_key_stream(self.header.title, self.header.counter, &mut stream);
        let mut changes: Vec<Change> = Vec::new();
        // By how many bytes were put back: the ways that are left.
        let mut ways: Vec<Vec<Way>> = vec![Vec::new(); missing + 1];
        ways.first_mut()?.push(Way {
            cost: 0,
            last: b'\n',
            put_back: None,
        });
        for (at, &key) in stream.iter().enumerate() {
            let mut next: Vec<Vec<Way>> = vec![Vec::new(); missing + 1];
            let least = ways.iter().flatten().map(|way| way.cost).min()?;
            for (back, ways) in ways.iter().enumerate() {
                for way in ways.iter().filter(|way| way.cost <= least + SLACK) {
                    self.step(*way, (at, back), key, &mut next, &mut changes);
                }
            }
            for ways in &mut next {
                ways.sort_by_key(|way| way.cost);
                ways.truncate(WAYS);
            }
            if changes.len() > CHANGES_MAX {
                return None;
            }
            ways = next;
        }
        let mut ends: Vec<(usize, Way)> = ways
            .into_iter()
            .enumerate()
            .flat_map(|(back, ways)| ways.into_iter().map(move |way| (back, way)))
            .collect();
        ends.sort_by_key(|(_, way)| way.cost);
        ends.iter()
            .find_map(|(_, way)| self.prove(*way, &stream, &changes, burst))
    }

    /// Reads one more character in each way there is.
    fn step(
        &self,
        way: Way,
        (at, back): (usize, usize),
        key: u8,
        next: &mut [Vec<Way>],
        changes: &mut Vec<Change>,
    ) {
        let cost = |seen: u8| match at {
            0 if seen == b'/' => Some(0),
            0 => None,
            _ if !text::is_readable(seen) => Some(NOISE),
            // What the header line holds is anybody's guess.
            _ if at < HEADER_LINE || text::may_follow(way.last, seen) => Some(0),
            _ => Some(ODD),
        };
        let mut push = |back: usize, byte: u8, doubt: u8, more: u32, change: Option<bool>| {
            let seen = byte ^ key;
            let (Some(cost), Some(ways)) = (cost(seen), next.get_mut(back)) else {
                return;
            };
            let put_back = match change {
                Some(came) => {
                    changes.push(Change {
                        at,
                        byte,
                        doubt,
                        came,
                        before: way.put_back,
                    });
                    Some(changes.len() - 1)
                }
                None => way.put_back,
            };
            ways.push(Way {
                cost: way.cost + cost + more,
                last: seen,
                put_back,
            });
        };
        let is_digit = |byte: u8| at >= HEADER_LINE && (byte ^ key).is_ascii_digit();
        if let Some(&byte) = at.checked_sub(back).and_then(|at| self.received.get(at)) {
            match byte == b'\n' && self.cr_lost {
                true if is_digit(b'\n') && is_digit(b'\r') => {
                    push(back, byte, b'\n' ^ b'\r', 0, Some(true));
                }
                true => {
                    push(back, byte, 0, 0, None);
                    push(back, b'\r', 0, 0, Some(true));
                }
                false => push(back, byte, 0, 0, None),
            }
        }
        if is_digit(XON) && is_digit(XOFF) {
            return push(back + 1, XON, XON ^ XOFF, RARE, Some(false));
        }
        for byte in [XON, XOFF] {
            if text::is_readable(byte ^ key) {
                push(back + 1, byte, 0, RARE, Some(false));
            }
        }
    }

    /// Settles the doubts of a way by the CRC and proves the text by its seal.
    fn prove(&self, way: Way, stream: &[u8], changes: &[Change], burst: &[u8]) -> Option<Vec<u8>> {
        let mut made = Vec::new();
        let mut at = way.put_back;
        while let Some(change) = at.and_then(|at| changes.get(at)) {
            made.push(change);
            at = change.before;
        }
        made.reverse();
        let mut pending = made.iter().peekable();
        let mut received = self.received.iter();
        let mut text = Vec::with_capacity(stream.len());
        for (at, key) in stream.iter().enumerate() {
            let change = pending.next_if(|change| change.at == at);
            let came = match change {
                Some(change) if !change.came => None,
                _ => Some(*received.next()?),
            };
            text.push(change.map(|change| change.byte).or(came)? ^ key);
        }
        let doubts: Vec<(usize, u8)> = made
            .iter()
            .filter(|change| change.doubt != 0)
            .map(|change| (change.at, change.doubt))
            .collect();
        settle(&mut text, &doubts, |text| {
            let frame = self.sealed(text);
            self.gives(&frame, burst).then_some(frame)
        })
    }

    fn sealed(&self, text: &[u8]) -> Vec<u8> {
        let header = &self.header;
        let mut frame = Vec::with_capacity(header.frame_length());
        self.keys.seal(
            header.title,
            header.control,
            header.counter,
            text,
            &mut frame,
        );
        frame
    }

    /// Tells whether a frame is what came once the same is done to it.
    fn gives(&self, frame: &[u8], burst: &[u8]) -> bool {
        let came = frame.iter().filter(|byte| !is_flow(**byte));
        let came = came.map(|&byte| match byte {
            b'\r' if self.cr_lost => b'\n',
            byte => byte,
        });
        came.eq(burst.iter().copied())
    }
}

/// Tries the doubtful characters in each way that the CRC allows, until `accept` takes one.
///
/// A CRC is linear: each doubt turns the same bits of it, whatever the others are. Going from one choice to
/// the next turns one doubt, so a million choices cost a million XORs.
fn settle(
    text: &mut [u8],
    doubts: &[(usize, u8)],
    mut accept: impl FnMut(&[u8]) -> Option<Vec<u8>>,
) -> Option<Vec<u8>> {
    let readout = Readout::find(text)?;
    let difference = |text: &[u8]| match readout.check(text) {
        Crc {
            received: SentCrc::Digits(sent),
            computed,
            ..
        } => Some(sent ^ computed),
        _ => None,
    };
    let at_first = difference(text);
    let mut turns = Vec::with_capacity(doubts.len());
    for &(at, bits) in doubts {
        *text.get_mut(at)? ^= bits;
        let digits = text.get(readout.mark + 1..readout.end)?;
        let sent = std::str::from_utf8(digits)
            .ok()
            .and_then(|digits| u16::from_str_radix(digits, 16).ok());
        let turned = sent.map(|sent| sent ^ crc16(text.get(..=readout.mark).unwrap_or_default()));
        turns.push(at_first.zip(turned).map_or(0, |(a, b)| a ^ b));
        *text.get_mut(at)? ^= bits;
    }
    let most = match at_first {
        Some(_) => DOUBTS_MAX,
        None => DOUBTS_WITHOUT_CRC,
    };
    if doubts.len() > most {
        return None;
    }
    let mut now = at_first.unwrap_or(0);
    let mut choice = 0u32;
    for step in 1..=1u32 << doubts.len() {
        if now == 0 {
            for (bit, &(at, bits)) in doubts.iter().enumerate() {
                *text.get_mut(at)? ^= bits * u8::from(choice >> bit & 1 == 1);
            }
            let found = accept(text);
            if found.is_some() {
                return found;
            }
            for (bit, &(at, bits)) in doubts.iter().enumerate() {
                *text.get_mut(at)? ^= bits * u8::from(choice >> bit & 1 == 1);
            }
        }
        let turned = step.trailing_zeros();
        choice ^= 1 << turned;
        now ^= turns.get(turned as usize).copied().unwrap_or(0);
    }
    None
}

fn is_flow(byte: u8) -> bool {
    matches!(byte, XON | XOFF)
}

const XON: u8 = 0x11;
const XOFF: u8 = 0x13;
/// Bytes of a tag.
const TAG: usize = 12;
/// Index of the title in a frame; before it stands nothing that could be swallowed.
const TITLE: usize = 2;
/// Bytes in which a head lies.
const HEAD: usize = 18;
/// Longest burst that is mended, in bytes.
const BURST_MAX: usize = 16 << 10;
/// Characters in which the header line lies.
const HEADER_LINE: usize = 24;
/// Ways that are kept, for each number of bytes put back.
const WAYS: usize = 96;
/// Doubtful digits that a CRC settles, and that the seal alone must.
const DOUBTS_MAX: usize = 22;
const DOUBTS_WITHOUT_CRC: usize = 10;
/// Changes that are tried in one frame, at the most.
const CHANGES_MAX: usize = 4 << 20;
/// Cost of a character that no telegram holds, of one that does not follow the last, and of a swallowed byte.
const NOISE: u32 = 12;
const ODD: u32 = 5;
const RARE: u32 = 7;
/// Ways that cost so much more than the best are given up.
const SLACK: u32 = 48;

#[cfg(test)]
mod tests;
