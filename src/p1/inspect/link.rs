//! Frames of HDLC and the wired M-Bus, segments and blocks: their ends and headers, and what they carry put together.

use std::ops::Range;

use super::{Check, Damage, Field, Gathered, Inspector, Nodes, Sum};
use crate::p1::push::hdlc::{self, FLAG, Frame, Link};
use crate::p1::push::{Framing, apdu, mbus};
use crate::p1::readout::Algorithm;

/// What the frames have carried so far.
#[derive(Default)]
struct Carried {
    /// Segments of the unit that is not complete yet.
    unit: Gathered,
    /// Segments in it.
    segments: u16,
    /// Text of the blocks that came.
    text: Gathered,
    /// Number of the last block, if one came; 0 in a block that is damaged.
    block: Option<u16>,
    /// The first block did not come.
    headless: bool,
}

/// Takes bytes apart that begin with link frames or blocks; false where they do not.
pub(super) fn walk(inspector: &mut Inspector, nodes: &mut Nodes, data: &[u8], start: u64) -> bool {
    let Some(framing) = framing(data) else {
        return false;
    };
    let mut carried = Carried::default();
    let (mut at, mut noise) = (0, 0);
    while at < data.len() {
        let rest = data.get(at..).unwrap_or_default();
        let Some(frame) = frame(framing, rest) else {
            at += 1;
            continue;
        };
        between(nodes, data, noise..at, start);
        match framing {
            Framing::Hdlc => hdlc(nodes, rest, &frame, start + at as u64),
            Framing::Mbus => mbus(nodes, rest, &frame, start + at as u64),
            Framing::Bare => {
                let llc = Gathered::of(
                    rest.get(..frame.info.start).unwrap_or_default(),
                    start + at as u64,
                );
                nodes.put(&llc, 0..llc.bytes.len(), 0, Field::Llc);
            }
        }
        let end = frame.info.end.min(frame.length).max(frame.info.start);
        let info = Gathered::of(
            rest.get(frame.info.start..end).unwrap_or_default(),
            start + (at + frame.info.start) as u64,
        );
        carried.take(inspector, nodes, info, &frame);
        at += frame.length.max(1);
        noise = at;
    }
    carried.end(inspector, nodes);
    between(nodes, data, noise..data.len(), start);
    true
}

/// Looks for frames whose header is damaged, in bytes that belong to no frame.
pub(super) fn search(inspector: &mut Inspector, nodes: &mut Nodes, data: &[u8], start: u64) {
    let (mut at, mut noise) = (0, 0);
    while at < data.len() {
        let rest = data.get(at..).unwrap_or_default();
        let Some(length) = headless(rest) else {
            at += 1;
            continue;
        };
        between(nodes, data, noise..at, start);
        let frame = shape(rest, length);
        hdlc(nodes, rest, &frame, start + at as u64);
        let info = Gathered::of(
            rest.get(frame.info.clone()).unwrap_or_default(),
            start + (at + frame.info.start) as u64,
        );
        let mut carried = Carried::default();
        carried.take(inspector, nodes, info, &frame);
        carried.end(inspector, nodes);
        at += frame.length;
        noise = at;
    }
    between(nodes, data, noise..data.len(), start);
}

impl Carried {
    /// Takes what a frame carries.
    fn take(
        &mut self,
        inspector: &mut Inspector,
        nodes: &mut Nodes,
        info: Gathered,
        frame: &Frame,
    ) {
        let llc = match info.bytes.as_slice() {
            [0xE6, 0xE6 | 0xE7, 0, ..] => LLC,
            _ => 0,
        };
        // Within an application unit no frame begins with the LLC: that is the next push.
        if self.segments > 0 && (llc > 0 || frame.number == Some(0)) {
            self.end(inspector, nodes);
        }
        if let Some(number) = frame.number {
            let wanted = self.segments & 0x0F;
            if u16::from(number) != wanted {
                let came = u16::from(number);
                nodes.note(
                    info.at(0),
                    0,
                    Field::Damage(Damage::PartMissing { wanted, came }),
                );
            }
        }
        if llc > 0 {
            nodes.put(&info, 0..llc, 1, Field::Llc);
        }
        self.unit.add_part(&info, llc..info.bytes.len());
        self.segments += 1;
        if frame.more {
            return;
        }
        let unit = std::mem::take(&mut self.unit);
        self.segments = 0;
        match unit.bytes.first() {
            Some(0xE0) => self.block(inspector, nodes, &unit),
            _ => {
                self.end(inspector, nodes);
                inspector.application(nodes, &unit, 1);
            }
        }
    }

    /// Takes a block of general block transfer.
    fn block(&mut self, inspector: &mut Inspector, nodes: &mut Nodes, unit: &Gathered) {
        let &[_, control, high, low, _, _, ref rest @ ..] = unit.bytes.as_slice() else {
            nodes.put(unit, 0..unit.bytes.len(), 1, Field::Damage(Damage::Unknown));
            return;
        };
        let number = u16::from_be_bytes([high, low]);
        if number == 1 && self.block.is_some() {
            self.end(inspector, nodes);
        }
        let (length, text) = apdu::length(rest).unwrap_or((rest.len(), rest));
        let begin = unit.bytes.len() - text.len();
        let last = control & 0x80 != 0;
        let wanted = self.block.unwrap_or(0).saturating_add(1);
        if number != wanted {
            let damage = Damage::BlockMissing {
                wanted,
                came: number,
            };
            nodes.note(unit.at(0), 1, Field::Damage(damage));
        }
        let field = Field::Block {
            number,
            last,
            length: u32::try_from(length).unwrap_or(u32::MAX),
        };
        nodes.put(unit, 0..begin, 1, field);
        let end = begin.saturating_add(length).min(unit.bytes.len());
        // What follows a hole is not what was to follow: the text goes on there, and is said to be broken.
        self.text.add_part(unit, begin..end);
        self.headless |= self.block.is_none() && number != 1;
        self.block = Some(number);
        if end < unit.bytes.len() {
            let behind = Field::Damage(Damage::Behind);
            nodes.put(unit, end..unit.bytes.len(), 1, behind);
        }
        if last {
            self.text(inspector, nodes);
        }
    }

    /// Takes the text of all blocks.
    fn text(&mut self, inspector: &mut Inspector, nodes: &mut Nodes) -> Gathered {
        let text = std::mem::take(&mut self.text);
        match self.headless {
            true => nodes.put(&text, 0..text.bytes.len(), 2, Field::Fragment),
            false => inspector.application(nodes, &text, 2),
        }
        (self.block, self.headless) = (None, false);
        text
    }

    /// Takes the end: what is not complete is taken apart as far as it goes.
    fn end(&mut self, inspector: &mut Inspector, nodes: &mut Nodes) {
        let unit = std::mem::take(&mut self.unit);
        if self.segments > 0 {
            inspector.application(nodes, &unit, 1);
            nodes.note_behind(&unit, Field::Damage(Damage::NoLast));
        }
        if self.block.is_some() {
            let text = self.text(inspector, nodes);
            nodes.note_behind(&text, Field::Damage(Damage::NoLast));
        }
        self.segments = 0;
    }
}

/// What carries the bytes.
fn framing(data: &[u8]) -> Option<Framing> {
    let framing = match data {
        [FLAG | 0xA0..=0xAF, ..] => Framing::Hdlc,
        [mbus::START, ..] => Framing::Mbus,
        [0xE0, ..] | [0xE6, 0xE6 | 0xE7, 0, 0xE0, ..] => Framing::Bare,
        _ => return None,
    };
    frame(framing, data).map(|_| framing)
}

/// The link frame at the beginning, or a block that stands in none.
fn frame(framing: Framing, data: &[u8]) -> Option<Frame> {
    let link = match (framing, data) {
        (Framing::Hdlc, [FLAG, FLAG, ..]) => return None,
        (Framing::Hdlc, _) => hdlc::read(data, true),
        (Framing::Mbus, _) => mbus::read(data, true),
        (Framing::Bare, _) => crate::p1::push::assembly::block(data, true),
    };
    match link {
        Link::Frame(frame) => Some(frame),
        Link::Not | Link::More => None,
    }
}

/// Bytes between the flags of what has the shape of an HDLC frame though its header check sum does not fit.
fn headless(data: &[u8]) -> Option<usize> {
    let [FLAG, format @ 0xA0..=0xAF, low, ..] = *data else {
        return None;
    };
    let length = usize::from(format & 7) << 8 | usize::from(low);
    let body = data.get(1..1 + length)?;
    let closed = data.get(1 + length) == Some(&FLAG);
    let ends = addresses(body)?;
    let fits = body
        .split_last_chunk::<2>()
        .is_some_and(|(body, sent)| Algorithm::X25.of(body) == u16::from_le_bytes(*sent));
    (length > ends + 4 && (closed || fits)).then_some(length)
}

/// A frame of so many bytes between the flags.
fn shape(data: &[u8], length: usize) -> Frame {
    let closed = data.get(1 + length) == Some(&FLAG);
    let header = data.get(1..).and_then(addresses).unwrap_or(4) + 3;
    Frame {
        length: 1 + length + usize::from(closed),
        need: length + 2,
        info: 1 + header..(length - 1).max(1 + header),
        number: None,
        more: false,
        address: [0; 8],
        valid: false,
    }
}

/// Where the addresses of an HDLC frame end, from its format on.
fn addresses(body: &[u8]) -> Option<usize> {
    let mut at = 2;
    for _ in 0..2 {
        let field = body.get(at..)?;
        let last = field.iter().take(4).position(|byte| byte & 1 == 1)?;
        at += last + 1;
    }
    Some(at)
}

/// Header, check sums and flags of an HDLC frame.
fn hdlc(nodes: &mut Nodes, data: &[u8], frame: &Frame, at: u64) {
    let data = data.get(..frame.length).unwrap_or(data);
    let whole = Gathered::of(data, at);
    let flag = usize::from(data.first() == Some(&FLAG));
    if flag > 0 {
        nodes.put(&whole, 0..1, 0, Field::Flag);
    }
    let body = data.get(flag..).unwrap_or_default();
    let [format, low, ..] = *body else { return };
    let header = frame.info.start - flag;
    let field = Field::Format {
        segmented: format & 8 != 0,
        length: u16::from(format & 7) << 8 | u16::from(low),
    };
    nodes.put(&whole, flag..flag + 2, 0, field);
    let control = header.saturating_sub(3);
    let middle = body.iter().skip(2).position(|byte| byte & 1 == 1);
    let middle = 3 + middle.unwrap_or(0);
    let field = Field::Addresses {
        to: address(body.get(2..middle).unwrap_or_default()),
        from: address(body.get(middle..control).unwrap_or_default()),
    };
    nodes.put(&whole, flag + 2..flag + control, 0, field);
    let byte = body.get(control).copied().unwrap_or(0);
    nodes.put(
        &whole,
        flag + control..flag + control + 1,
        0,
        Field::HdlcControl(byte),
    );
    let check = |of: Sum, end: usize| {
        let covered = body.get(..end).unwrap_or_default();
        let sent = body.get(end..).and_then(<[u8]>::first_chunk::<2>);
        Field::Check(Check {
            of,
            sent: sent.map(|sent| u16::from_le_bytes(*sent)),
            right: Algorithm::X25.of(covered),
        })
    };
    nodes.put(
        &whole,
        flag + control + 1..flag + header,
        0,
        check(Sum::HdlcHeader, header - 2),
    );
    let end = frame.info.end;
    if frame.length >= end + 2 {
        nodes.put(&whole, end..end + 2, 0, check(Sum::HdlcFrame, end - flag));
        if frame.length > end + 2 {
            nodes.put(&whole, end + 2..frame.length, 0, Field::Flag);
        }
    } else {
        cut(nodes, &whole, frame);
    }
}

/// An HDLC address without the bits that say where it ends.
fn address(bytes: &[u8]) -> [Option<u16>; 2] {
    let bits = |bytes: &[u8]| {
        bytes
            .iter()
            .fold(0u16, |value, byte| value << 7 | u16::from(byte >> 1))
    };
    match bytes.len() {
        2 | 4 => {
            let (upper, lower) = bytes.split_at(bytes.len() / 2);
            [Some(bits(upper)), Some(bits(lower))]
        }
        _ => [Some(bits(bytes)), None],
    }
}

/// Header, sum and stop of an M-Bus frame.
fn mbus(nodes: &mut Nodes, data: &[u8], frame: &Frame, at: u64) {
    let data = data.get(..frame.length).unwrap_or(data);
    let whole = Gathered::of(data, at);
    if data.len() < MBUS_HEADER {
        let damage = Damage::Cut {
            have: frame.length as u64,
            need: frame.need as u64,
        };
        return nodes.put(&whole, 0..data.len(), 0, Field::Damage(damage));
    }
    let byte = |index: usize| data.get(index).copied().unwrap_or(0);
    let length = frame.need.saturating_sub(6) as u16;
    let fields = [
        (
            0..4,
            Field::MbusStart {
                length,
                wrapped: length > 255,
            },
        ),
        (4..5, Field::MbusControl(byte(4))),
        (5..6, Field::MbusAddress(byte(5))),
        (
            6..7,
            Field::MbusPart {
                number: byte(6) & 0x0F,
                last: byte(6) & 0x10 != 0,
            },
        ),
        (
            7..9,
            Field::MbusSelectors {
                source: byte(7),
                target: byte(8),
            },
        ),
    ];
    for (range, field) in fields {
        nodes.put(&whole, range, 0, field);
    }
    let end = frame.info.end;
    if frame.length < end + 2 {
        return cut(nodes, &whole, frame);
    }
    let sum = data
        .get(4..end)
        .unwrap_or_default()
        .iter()
        .fold(0u8, |sum, byte| sum.wrapping_add(*byte));
    let check = Field::Check(Check {
        of: Sum::Mbus,
        sent: Some(byte(end).into()),
        right: sum.into(),
    });
    nodes.put(&whole, end..end + 1, 0, check);
    let stop = match byte(end + 1) {
        0x16 => Field::MbusStop,
        _ => Field::Damage(Damage::Header),
    };
    nodes.put(&whole, end + 1..end + 2, 0, stop);
}

/// The end of a frame that ends early; what is left of its check sum is no check sum.
fn cut(nodes: &mut Nodes, whole: &Gathered, frame: &Frame) {
    let damage = Field::Damage(Damage::Cut {
        have: frame.length as u64,
        need: frame.need as u64,
    });
    nodes.put(whole, frame.info.end..frame.length, 0, damage);
}

/// Bytes between two frames: flags, short frames of the M-Bus, noise.
fn between(nodes: &mut Nodes, data: &[u8], range: Range<usize>, start: u64) {
    let bytes = data.get(range.clone()).unwrap_or_default();
    let whole = Gathered::of(bytes, start + range.start as u64);
    let mut at = 0;
    while at < bytes.len() {
        let rest = bytes.get(at..).unwrap_or_default();
        let (length, field) = match *rest {
            [FLAG, ..] => {
                let flags = rest.iter().take_while(|byte| **byte == FLAG).count();
                (flags, Field::Flag)
            }
            [0x10, control, address, sum, 0x16, ..] if control.wrapping_add(address) == sum => {
                (5, Field::MbusShort { control, address })
            }
            _ => {
                let others = rest.iter().skip(1);
                let length = others
                    .take_while(|byte| !matches!(**byte, FLAG | 0x10))
                    .count();
                (length + 1, Field::Noise)
            }
        };
        let noise = matches!(field, Field::Noise);
        match nodes.0.last_mut() {
            // A byte that could have begun a short frame, and did not.
            Some(last) if noise && last.field == Field::Noise && last.span.end == whole.at(at) => {
                last.span.end += length as u64;
                last.bytes
                    .extend_from_slice(rest.get(..length).unwrap_or_default());
            }
            _ => nodes.put(&whole, at..at + length, 0, field),
        }
        at += length;
    }
}

/// Bytes of an M-Bus frame before what it carries.
const MBUS_HEADER: usize = 9;
/// Bytes of the LLC header.
const LLC: usize = 3;
