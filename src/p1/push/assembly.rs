//! The parts of a push put together: link frames, segments, and blocks of general block transfer.

use std::ops::Range;

use super::Framing;
use super::hdlc::{self, FLAG, Frame, Link};
use super::mbus;
use crate::p1::ciphering::{DEDICATED, GLOBAL, GeneralGloCiphering, Header};

/// Bytes of a push put together, with the place of each part.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    /// The application layer, without ends of frames and blocks.
    pub apdu: Vec<u8>,
    /// Ranges of the data that the link frames fill.
    pub spans: Vec<(usize, usize)>,
    /// Segments of the unit that is not complete yet.
    unit: Vec<u8>,
    /// What the first part carries.
    begin: Begin,
}

/// What the first part of a push carries.
#[derive(Clone, Debug, Default)]
struct Begin {
    /// Where it lies in the data.
    info: Range<usize>,
    /// Whether another part follows.
    more: bool,
    /// Whether the LLC must stand before it.
    llc: bool,
}

/// What a stretch of the data holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scan {
    /// A push that ends at an index, whole or not.
    Push {
        /// Index behind its last byte.
        end: usize,
        /// What is missing or wrong.
        fault: Option<Fault>,
    },
    /// No push.
    Not,
    /// Too few bytes to say.
    More,
}

/// What a second look into a frame that did not verify has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Embedded {
    /// Another frame begins inside, at this index: the first one ended there.
    Cut(usize),
    /// Nothing begins inside.
    Stands,
    /// That depends on bytes still to come.
    More,
}

/// Why a push could not be put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A link frame ended early.
    Truncated {
        /// Bytes that came.
        have: u64,
        /// Bytes that should have come.
        need: u64,
    },
    /// The check sum of a link frame does not fit.
    Checksum,
    /// A segment is missing.
    Segment,
    /// A block is missing.
    Block,
}

impl Parts {
    /// Puts together what begins at `start`.
    ///
    /// `inside` looks for other frames in a range of one that is damaged, whose own ciphering begins in another.
    pub fn scan(
        &mut self,
        data: &[u8],
        start: usize,
        framing: Framing,
        closed: bool,
        inside: impl Fn(Range<usize>, Range<usize>) -> Embedded,
    ) -> Scan {
        self.apdu.clear();
        self.unit.clear();
        self.spans.clear();
        let mut blocks = Blocks::default();
        let (mut at, mut end, mut first) = (start, start, None::<Frame>);
        let mut fault = None;
        let mut segments = 0u8;
        loop {
            let rest = data.get(at..).unwrap_or_default();
            let mut frame = match read(framing, rest, closed) {
                Link::Frame(frame) => frame,
                Link::More => return Scan::More,
                Link::Not if first.is_none() => return Scan::Not,
                // Flags and noise may stand between two frames of a push.
                Link::Not if at < end + GAP_MAX && at < data.len() => {
                    at += 1;
                    continue;
                }
                Link::Not if at >= data.len() && !closed => return Scan::More,
                Link::Not => break,
            };
            if first
                .as_ref()
                .is_some_and(|first| first.address != frame.address)
            {
                break;
            }
            // Blocks without frames have no check sum.
            if !frame.valid || framing == Framing::Bare {
                let own = match first {
                    None => Begin::of(framing, at, &frame).heads(data),
                    Some(_) => 0..0,
                };
                // The flag at its end may be that of the next one as well.
                let end = at + frame.length;
                let flag = end > at && data.get(end - 1) == Some(&FLAG);
                match inside(at + 1..end - usize::from(flag), own) {
                    Embedded::Cut(end) => (frame.length, frame.valid) = (end - at, false),
                    Embedded::More => return Scan::More,
                    Embedded::Stands => {}
                }
            }
            let info = rest.get(frame.info.clone()).unwrap_or_default();
            let (llc, info) = match info {
                [0xE6, 0xE6 | 0xE7, 0, info @ ..] => (true, info),
                info => (false, info),
            };
            // A body without the LLC goes on with a part that was lost: any few rows of a list are one.
            if first.is_none()
                && framing == Framing::Hdlc
                && !llc
                && matches!(info, [0x01 | 0x02, ..])
            {
                fault = Some(Fault::Segment);
            }
            // Within an application unit no frame begins with the LLC: that is the next push.
            let begins = llc || frame.number == Some(0);
            if segments > 0 && begins || blocks.ended_by(info, segments) {
                break;
            }
            if frame.number.is_some_and(|number| number != segments & 0x0F) {
                fault = fault.or(Some(Fault::Segment));
            }
            if !frame.valid {
                let (have, need) = (frame.length as u64, frame.need as u64);
                fault = fault.or(Some(match have + 1 < need {
                    true => Fault::Truncated { have, need },
                    false => Fault::Checksum,
                }));
            }
            end = at + frame.length;
            if first.is_none() {
                self.begin = Begin::of(framing, at, &frame);
            }
            self.spans.push((at, end));
            at = end;
            self.unit.extend_from_slice(info);
            segments = segments.saturating_add(1);
            let (more, cut) = (frame.more, matches!(fault, Some(Fault::Truncated { .. })));
            first.get_or_insert(frame);
            if cut || self.spans.len() >= PARTS_MAX {
                return Scan::Push {
                    end,
                    fault: fault.or(Some(Fault::Segment)),
                };
            }
            if more {
                continue;
            }
            segments = 0;
            let done = match self.unit.first() {
                Some(0xE0) => match blocks.take(&self.unit, &mut self.apdu) {
                    Ok(last) => last,
                    Err(last) => {
                        fault = fault.or(Some(Fault::Block));
                        last
                    }
                },
                _ if blocks.next > 0 => {
                    fault = fault.or(Some(Fault::Block));
                    true
                }
                _ => {
                    std::mem::swap(&mut self.apdu, &mut self.unit);
                    true
                }
            };
            self.unit.clear();
            if done {
                return Scan::Push { end, fault };
            }
        }
        let missing = if segments > 0 {
            Fault::Segment
        } else {
            Fault::Block
        };
        Scan::Push {
            end,
            fault: fault.or(Some(missing)),
        }
    }
}

impl Parts {
    /// Tells whether an index is where the ciphering of the push may begin.
    pub fn begins_at(&self, index: usize) -> bool {
        let from = self.begin.info.start;
        (from..from + HEADS_MAX).contains(&index)
    }

    /// Where the ciphering of the push may begin in the data, and where the text behind its header does.
    pub fn own(&self, data: &[u8]) -> (Range<usize>, Option<usize>) {
        let heads = self.begin.heads(data);
        let text = heads.clone().find_map(|at| {
            let header = super::apdu::ciphering(data.get(at..self.begin.info.end)?)?;
            Some(at + header.header_length)
        });
        (heads, text)
    }
}

impl Begin {
    fn of(framing: Framing, at: usize, frame: &Frame) -> Self {
        Self {
            info: at + frame.info.start..at + frame.info.end,
            more: frame.more,
            llc: framing == Framing::Hdlc,
        }
    }

    /// Where the ciphering of the push may begin: behind the LLC and the head of a block, which may be damaged.
    fn heads(&self, data: &[u8]) -> Range<usize> {
        let carried = data.get(self.info.clone()).unwrap_or_default();
        if self.llc && !has_llc(carried) {
            return 0..0;
        }
        match self.more || fits(carried) {
            true => self.info.start..self.info.start + HEADS_MAX,
            false => 0..0,
        }
    }
}

/// Blocks of general block transfer that came (DLMS Green Book 9.4.6.13).
#[derive(Default)]
struct Blocks {
    /// Number of the last one; 0 before the first.
    next: u16,
}

impl Blocks {
    /// Tells whether a unit begins another transfer, or belongs to none.
    fn ended_by(&self, unit: &[u8], segments: u8) -> bool {
        self.next > 0
            && segments == 0
            && !matches!(unit, [0xE0, _, high, low, ..] if (*high, *low) != (0, 1))
    }

    /// Adds the text of a block; tells whether it is the last, as an error where it is not the next one.
    fn take(&mut self, unit: &[u8], out: &mut Vec<u8>) -> Result<bool, bool> {
        let &[_, control, high, low, _, _, ref rest @ ..] = unit else {
            return Err(true);
        };
        let last = control & 0x80 != 0;
        let number = u16::from_be_bytes([high, low]);
        let expected = self.next.checked_add(1) == Some(number);
        self.next = number.max(1);
        let text = super::apdu::length(rest).and_then(|(length, text)| text.get(..length));
        match text {
            Some(text) if expected => {
                out.extend_from_slice(text);
                Ok(last)
            }
            _ => Err(last),
        }
    }
}

/// Tells whether the LLC stands at the beginning, one of its bytes damaged or none.
fn has_llc(carried: &[u8]) -> bool {
    let &[first, second, third, ..] = carried else {
        return false;
    };
    let signs = [first == 0xE6, matches!(second, 0xE6 | 0xE7), third == 0];
    signs.into_iter().filter(|sign| *sign).count() >= 2
}

/// Tells whether the ciphering that a frame carries ends in it; that of a block may go on behind it.
fn fits(carried: &[u8]) -> bool {
    let heads = carried.get(..HEADS_MAX).unwrap_or(carried);
    let begin = heads
        .iter()
        .position(|tag| matches!(*tag, GLOBAL | DEDICATED));
    let (false, Some(begin)) = (heads.contains(&0xE0), begin) else {
        return true;
    };
    match GeneralGloCiphering::decode(carried.get(begin..).unwrap_or_default()) {
        Header::Legal(header) => begin + header.frame_length() <= carried.len(),
        _ => true,
    }
}

pub(super) fn read(framing: Framing, data: &[u8], closed: bool) -> Link {
    match framing {
        Framing::Hdlc => match data {
            // The first of two flags belongs to the frame before.
            [FLAG, FLAG, ..] => Link::Not,
            _ => hdlc::read(data, closed),
        },
        Framing::Mbus => mbus::read(data, closed),
        Framing::Bare => block(data, closed),
    }
}

/// A block that stands in no link frame.
pub(in crate::p1) fn block(data: &[u8], closed: bool) -> Link {
    let llc = match data {
        [0xE6, 0xE6 | 0xE7, 0, ..] => 3,
        _ => 0,
    };
    let rest = data.get(llc..).unwrap_or_default();
    let missing = if closed { Link::Not } else { Link::More };
    let &[0xE0, control, _, _, _, _, ref field @ ..] = rest else {
        return if rest.len() < 7 && rest.first().is_none_or(|tag| *tag == 0xE0) {
            missing
        } else {
            Link::Not
        };
    };
    if control & 0x40 == 0
        || field
            .first()
            .is_some_and(|&width| width > 0x82 || width == 0x80)
    {
        return Link::Not;
    }
    match super::apdu::length(field) {
        Some((length, text)) if text.len() >= length => {
            let whole = data.len() - text.len() + length;
            Link::Frame(Frame {
                length: whole,
                need: whole,
                info: llc..whole,
                number: None,
                more: false,
                address: [0; 8],
                valid: true,
            })
        }
        _ => missing,
    }
}

/// Most bytes of LLC and head of a block, and one of what they carry.
const HEADS_MAX: usize = 3 + 9 + 1;
/// Most bytes between two frames of a push.
const GAP_MAX: usize = 64;
/// Most link frames of a push.
const PARTS_MAX: usize = 64;
