//! Pushes as meters write them: data, data-notifications, ciphering, blocks and link frames.
//!
//! ```text
//! data -> notification -> [ciphering] -> [blocks] -> HDLC | wired M-Bus | nothing
//! ```
//! For virtual meters and for tests; what is unusual and legal can be asked for as well.

use crc_fast::{CrcAlgorithm, checksum};

use super::hdlc::FLAG;
use super::mbus::START;
use crate::p1::cipher::MeterKeys;
use crate::p1::ciphering::{FrameCounter, GeneralGloCiphering, SecurityControl, SystemTitle};

/// A value of A-XDR (IEC 61334-6).
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// Null data.
    Null,
    /// Elements of one type.
    Array(Vec<Data>),
    /// Elements of any types.
    Structure(Vec<Data>),
    /// A flag.
    Boolean(bool),
    /// So many bits, the first one highest.
    Bits(usize, Vec<u8>),
    /// Bytes.
    Octets(Vec<u8>),
    /// A text.
    Visible(String),
    /// A text of any letters.
    Utf8(String),
    /// Whole numbers: the tag of the type and the value.
    Number(u8, i128),
    /// A number of 32 bits with a floating point.
    Float(f32),
    /// A date-time with a tag of its own.
    DateTime([u8; 12]),
}

/// How the date-time of a data-notification is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// Not at all: a length of 0.
    None,
    /// As the standard has it: a length and twelve bytes.
    Standard([u8; 12]),
    /// With the tag of an octet string before the length.
    Tagged([u8; 12]),
}

/// How a push is protected.
#[derive(Clone, Copy, Debug)]
pub struct Protection {
    /// `DB` general-glo-ciphering or `DC` general-ded-ciphering.
    pub tag: u8,
    /// Whether the title is in the header; the nonce has it in any case.
    pub titled: bool,
    /// Who sends it.
    pub title: SystemTitle,
    /// Security control.
    pub control: SecurityControl,
    /// Its number under the key.
    pub counter: FrameCounter,
    /// Bytes of its length behind `81` to `84`; 0 for the shortest field.
    pub length_width: usize,
}

/// Header of HDLC frames.
#[derive(Clone, Copy, Debug)]
pub struct Hdlc<'a> {
    /// Address of the receiver, 1, 2 or 4 bytes.
    pub target: &'a [u8],
    /// Address of the sender.
    pub source: &'a [u8],
    /// Control of the last frame.
    pub control: u8,
    /// Most bytes of information in a frame, the LLC counted.
    pub part: usize,
}

/// Header of frames of the wired M-Bus.
#[derive(Clone, Copy, Debug)]
pub struct Mbus {
    /// Control: `53` or `73`.
    pub control: u8,
    /// Sending and receiving service access point.
    pub points: [u8; 2],
    /// Most bytes of the push in a frame.
    pub part: usize,
}

impl Data {
    /// A code as an octet string.
    pub fn code(code: [u8; 6]) -> Self {
        Self::Octets(code.to_vec())
    }

    /// Power of ten and number of the unit.
    pub fn scale(power: i8, unit: u8) -> Self {
        Self::Structure(vec![
            Self::Number(0x0F, power.into()),
            Self::Number(0x16, unit.into()),
        ])
    }

    /// Appends its bytes.
    pub fn write(&self, out: &mut Vec<u8>) {
        let counted = |out: &mut Vec<u8>, tag: u8, elements: &[Data]| {
            out.push(tag);
            length(out, elements.len(), 0);
            elements.iter().for_each(|element| element.write(out));
        };
        let sized = |out: &mut Vec<u8>, tag: u8, length_as_sent: usize, bytes: &[u8]| {
            out.push(tag);
            length(out, length_as_sent, 0);
            out.extend_from_slice(bytes);
        };
        match self {
            Self::Null => out.push(0x00),
            Self::Array(elements) => counted(out, 0x01, elements),
            Self::Structure(elements) => counted(out, 0x02, elements),
            Self::Boolean(value) => out.extend([0x03, u8::from(*value)]),
            Self::Bits(bits, bytes) => sized(out, 0x04, *bits, bytes),
            Self::Octets(bytes) => sized(out, 0x09, bytes.len(), bytes),
            Self::Visible(text) => sized(out, 0x0A, text.len(), text.as_bytes()),
            Self::Utf8(text) => sized(out, 0x0C, text.len(), text.as_bytes()),
            Self::Number(tag, value) => {
                let width = match tag {
                    0x10 | 0x12 => 2,
                    0x05 | 0x06 => 4,
                    0x14 | 0x15 => 8,
                    _ => 1,
                };
                let bytes = value.to_be_bytes();
                out.push(*tag);
                out.extend_from_slice(bytes.get(16 - width..).unwrap_or_default());
            }
            Self::Float(value) => {
                out.push(0x17);
                out.extend(value.to_be_bytes());
            }
            Self::DateTime(time) => {
                out.push(0x19);
                out.extend(time);
            }
        }
    }

    /// Its bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }
}

/// Appends a BER length, in `width` bytes behind `81` to `84`, or as short as can be where that is 0.
pub fn length(out: &mut Vec<u8>, length: usize, width: usize) {
    let bytes = (length as u32).to_be_bytes();
    let width = match width {
        0 if length < 0x80 => return out.push(length as u8),
        0 => 4 - bytes.iter().take_while(|byte| **byte == 0).count(),
        width => width,
    };
    out.push(0x80 | width as u8);
    out.extend_from_slice(bytes.get(4 - width.min(4)..).unwrap_or_default());
}

/// A data-notification around a body.
pub fn notification(invoke_id: u32, time: Time, body: &[u8]) -> Vec<u8> {
    let mut out = vec![0x0F];
    out.extend(invoke_id.to_be_bytes());
    match time {
        Time::None => out.push(0),
        Time::Standard(time) => {
            out.push(12);
            out.extend(time);
        }
        Time::Tagged(time) => {
            out.extend([0x09, 12]);
            out.extend(time);
        }
    }
    out.extend_from_slice(body);
    out
}

impl Protection {
    /// Encrypts, authenticates, or both.
    pub fn seal(&self, keys: &MeterKeys, text: &[u8]) -> Vec<u8> {
        let mut sealed = Vec::new();
        keys.seal(self.title, self.control, self.counter, text, &mut sealed);
        let header =
            GeneralGloCiphering::around(self.title, self.control, self.counter, text.len());
        let body = sealed.get(header.header_length - 5..).unwrap_or_default();
        let mut out = vec![self.tag, if self.titled { 8 } else { 0 }];
        if self.titled {
            out.extend(self.title.0);
        }
        length(&mut out, body.len(), self.length_width);
        out.extend_from_slice(body);
        out
    }
}

/// Cuts a push into blocks of general block transfer (DLMS Green Book 9.4.6.13), unconfirmed.
pub fn blocks(push: &[u8], part: usize) -> Vec<Vec<u8>> {
    let parts = push.chunks(part.max(1));
    let count = parts.len();
    let parts = parts.enumerate().map(|(index, part)| {
        let last = index + 1 == count;
        let [high, low] = (index as u16 + 1).to_be_bytes();
        let control = if last { 0xC0 } else { 0x40 };
        let mut block = vec![0xE0, control, high, low, 0, 0];
        length(&mut block, part.len(), 0);
        block.extend_from_slice(part);
        block
    });
    parts.collect()
}

impl Hdlc<'_> {
    /// The frames of a push, each with both flags; the LLC begins the first one.
    pub fn frames(&self, push: &[u8]) -> Vec<Vec<u8>> {
        let information = [&LLC[..], push].concat();
        let parts = information.chunks(self.part.max(1));
        let count = parts.len();
        let parts = parts.enumerate();
        parts
            .map(|(index, part)| self.frame(part, index + 1 < count))
            .collect()
    }

    /// A frame around information; `more` says that another one goes on with it.
    pub fn frame(&self, information: &[u8], more: bool) -> Vec<u8> {
        let header = 2 + self.target.len() + self.source.len() + 1;
        let length = header + 2 + information.len() + 2;
        let segmented = if more { 0x08 } else { 0 };
        let mut frame = vec![
            FLAG,
            0xA0 | segmented | (length >> 8) as u8 & 7,
            length as u8,
        ];
        frame.extend_from_slice(self.target);
        frame.extend_from_slice(self.source);
        // All frames of a push but the last go without the final bit.
        frame.push(if more { 0x03 } else { self.control });
        check_sum(&mut frame);
        frame.extend_from_slice(information);
        check_sum(&mut frame);
        frame.push(FLAG);
        frame
    }
}

impl Mbus {
    /// The frames of a push.
    pub fn frames(&self, push: &[u8]) -> Vec<Vec<u8>> {
        let parts = push.chunks(self.part.clamp(1, LONGEST_PART));
        let count = parts.len();
        let parts = parts.enumerate();
        parts
            .map(|(index, part)| self.frame(part, index, index + 1 == count))
            .collect()
    }

    /// The frame of one part; lengths from 256 on lose their high bit, as some meters send them.
    pub fn frame(&self, part: &[u8], index: usize, last: bool) -> Vec<u8> {
        let control = index as u8 & 0x0F | if last { 0x10 } else { 0 };
        let [from, to] = self.points;
        let body = [&[self.control, 0xFF, control, from, to], part].concat();
        let length = body.len() as u8;
        let sum = body.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
        [&[START, length, length, START], &body[..], &[sum, 0x16]].concat()
    }
}

/// Appends the check sum of what stands behind the flag, low byte first.
fn check_sum(frame: &mut Vec<u8>) {
    let checked = frame.get(1..).unwrap_or_default();
    let sum = checksum(CrcAlgorithm::Crc16IbmSdlc, checked) as u16;
    frame.extend(sum.to_le_bytes());
}

/// Logical link control before a response.
pub const LLC: [u8; 3] = [0xE6, 0xE7, 0x00];
/// Longest part in a frame of the wired M-Bus.
const LONGEST_PART: usize = 252;
