//! Framings and protections around bodies, usual and unusual ones.

use smarty::p1::cipher::{AuthenticationKey, Key, MeterKeys};
use smarty::p1::ciphering::{FrameCounter, SecurityControl, SystemTitle};
use smarty::p1::event::Tag;
use smarty::p1::line::Rng;
use smarty::p1::push::encode::{self, Hdlc, Mbus, Protection, Time};

use super::generate::{self, Body};

pub const KEY: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
pub const AUTHENTICATION: [u8; 16] = [
    0xD0, 0xD1, 0xD2, 0xD3, 0xD4, 0xD5, 0xD6, 0xD7, 0xD8, 0xD9, 0xDA, 0xDB, 0xDC, 0xDD, 0xDE, 0xDF,
];
/// The meters: one that sends tags, one that does not, one that leaves its title out.
pub const TITLES: [SystemTitle; 3] = [
    SystemTitle(*b"SMY\x10\x20\x30\x40\x50"),
    SystemTitle(*b"SMY\x10\x20\x30\x40\x51"),
    SystemTitle::NONE,
];

/// What carries a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// One frame of HDLC; addresses of one, two and four bytes.
    Hdlc(u8),
    /// Frames that share a flag.
    SharedFlags,
    /// Frames with two flags between them, or noise.
    NoiseBetween,
    /// Segments.
    Segments,
    /// Segments that share flags.
    SegmentsShared,
    /// Blocks, each in a frame, the LLC before each.
    Blocks,
    /// Blocks in frames, the LLC before the first alone.
    BlocksOneLlc,
    /// Blocks in segments.
    BlocksSegmented,
    /// Wired M-Bus, one frame or two.
    Mbus,
    /// With the length 257 sent as 01.
    MbusLong,
    /// Many small parts.
    MbusSmall,
    /// A short frame before each push.
    MbusSearch,
    /// Blocks without frames.
    BareBlocks,
    /// Nothing, with and without the LLC.
    Bare,
    BareLlc,
}

/// What protects a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guard {
    /// Security control; 0 for none.
    pub control: u8,
    pub tag: u8,
    pub titled: bool,
    pub width: usize,
    /// Date-time: none, standard, tagged.
    pub time: u8,
}

const fn guard(control: u8, tag: u8, titled: bool, width: usize, time: u8) -> Guard {
    Guard {
        control,
        tag,
        titled,
        width,
        time,
    }
}

impl Carrier {
    pub const ALL: [Self; 17] = [
        Self::Hdlc(1),
        Self::Hdlc(2),
        Self::Hdlc(4),
        Self::SharedFlags,
        Self::NoiseBetween,
        Self::Segments,
        Self::SegmentsShared,
        Self::Blocks,
        Self::BlocksOneLlc,
        Self::BlocksSegmented,
        Self::Mbus,
        Self::MbusLong,
        Self::MbusSmall,
        Self::MbusSearch,
        Self::BareBlocks,
        Self::Bare,
        Self::BareLlc,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::Mbus | Self::MbusLong | Self::MbusSmall | Self::MbusSearch => "mbus",
            Self::Bare | Self::BareLlc | Self::BareBlocks => "bare",
            _ => "hdlc",
        }
    }

    pub fn parts(self, parts: u16) -> bool {
        match self {
            Self::Segments
            | Self::SegmentsShared
            | Self::Blocks
            | Self::BlocksOneLlc
            | Self::MbusSmall => parts >= 1,
            Self::Bare | Self::BareLlc | Self::Hdlc(_) | Self::SharedFlags | Self::NoiseBetween => {
                parts == 1
            }
            _ => parts >= 1,
        }
    }
}

impl Guard {
    pub const ALL: [Self; 17] = [
        guard(0, 0, true, 0, 1),
        guard(0, 0, true, 0, 0),
        guard(0, 0, true, 0, 2),
        guard(0x10, 0xDB, true, 0, 1),
        guard(0x20, 0xDB, true, 0, 1),
        guard(0x20, 0xDB, true, 2, 0),
        guard(0x20, 0xDC, true, 2, 2),
        guard(0x21, 0xDB, true, 0, 1),
        guard(0x21, 0xDC, true, 1, 1),
        guard(0x30, 0xDB, true, 0, 1),
        guard(0x30, 0xDB, true, 2, 2),
        guard(0x30, 0xDB, true, 3, 0),
        guard(0x30, 0xDB, true, 4, 1),
        guard(0x30, 0xDC, true, 0, 1),
        guard(0x31, 0xDB, true, 0, 1),
        guard(0x31, 0xDC, true, 2, 0),
        guard(0x30, 0xDB, false, 2, 1),
    ];

    pub fn tag(self) -> Option<Tag> {
        match self.control {
            0 => None,
            control if control & 0x10 != 0 => Some(Tag::Valid),
            _ => Some(Tag::None),
        }
    }
}

pub fn keys() -> MeterKeys {
    MeterKeys::new(Key::new(KEY), AuthenticationKey::new(AUTHENTICATION))
}

/// The application layer of a push.
pub fn apdu(body: &Body, guard: Guard, rng: &mut Rng, number: u32) -> Vec<u8> {
    let time = generate::time(rng);
    let time = match guard.time {
        0 => Time::None,
        1 => Time::Standard(time),
        _ => Time::Tagged(time),
    };
    let text = encode::notification(number, time, &body.bytes);
    if guard.control == 0 {
        return text;
    }
    let title = match (guard.titled, guard.control & 0x10) {
        (false, _) => TITLES[2],
        // One that has sent tags may send nothing without.
        (true, 0) => TITLES[1],
        (true, _) => TITLES[0],
    };
    let protection = Protection {
        tag: guard.tag,
        titled: guard.titled,
        title,
        control: SecurityControl(guard.control),
        counter: FrameCounter(number),
        // One byte behind 81 holds lengths up to 255.
        length_width: if guard.width == 1 && text.len() > 200 {
            2
        } else {
            guard.width
        },
    };
    protection.seal(&keys(), &text)
}

/// The bytes of a push on the line.
pub fn push(body: &Body, carrier: Carrier, guard: Guard, rng: &mut Rng, number: u32) -> Vec<u8> {
    let apdu = apdu(body, guard, rng, number);
    carry(&apdu, carrier, rng, number)
}

pub fn carry(apdu: &[u8], carrier: Carrier, rng: &mut Rng, number: u32) -> Vec<u8> {
    let hdlc = |part| Hdlc {
        target: &[0x41],
        source: &[0x08, 0x83],
        control: 0x13,
        part,
    };
    let mbus = |part| Mbus {
        control: 0x53,
        points: [0x01, 0x67],
        part,
    };
    let long = apdu.len() + 3;
    match carrier {
        Carrier::Hdlc(1) => Hdlc {
            target: &[0x2B],
            source: &[0x21],
            control: 0x13,
            part: long,
        }
        .frames(apdu)
        .concat(),
        Carrier::Hdlc(2) => Hdlc {
            target: &[0x01],
            source: &[0x02, 0x01],
            control: 0x10,
            part: long,
        }
        .frames(apdu)
        .concat(),
        Carrier::Hdlc(_) => Hdlc {
            target: &[0xCF],
            source: &[0x00, 0x02, 0x00, 0x23],
            control: 0x13,
            part: long,
        }
        .frames(apdu)
        .concat(),
        Carrier::SharedFlags => {
            let mut frame = hdlc(long).frames(apdu).concat();
            if number > 1 {
                frame.remove(0);
            }
            frame
        }
        Carrier::NoiseBetween => {
            let noise: Vec<u8> = (0..rng.below(9))
                .map(|_| b"\x00\xFF\x55\x13\r\n"[rng.below(6)])
                .collect();
            [noise, hdlc(long).frames(apdu).concat()].concat()
        }
        Carrier::Segments => hdlc(60 + rng.below(70)).frames(apdu).concat(),
        Carrier::SegmentsShared => {
            let frames = hdlc(60 + rng.below(70)).frames(apdu);
            let first = frames[0].clone();
            [
                first,
                frames[1..]
                    .iter()
                    .flat_map(|frame| frame[1..].to_vec())
                    .collect(),
            ]
            .concat()
        }
        Carrier::Blocks => {
            let blocks = encode::blocks(apdu, 80 + rng.below(42));
            blocks
                .iter()
                .flat_map(|block| hdlc(200).frames(block).concat())
                .collect()
        }
        Carrier::BlocksOneLlc => {
            let blocks = encode::blocks(apdu, 80 + rng.below(42));
            let frames = blocks.iter().enumerate().map(|(index, block)| match index {
                0 => hdlc(200).frames(block).concat(),
                _ => hdlc(200).frame(block, false),
            });
            frames.flatten().collect()
        }
        Carrier::BlocksSegmented => {
            let blocks = encode::blocks(apdu, 100);
            blocks
                .iter()
                .flat_map(|block| hdlc(64).frames(block).concat())
                .collect()
        }
        Carrier::Mbus => mbus(245).frames(apdu).concat(),
        Carrier::MbusLong => mbus(252).frames(apdu).concat(),
        Carrier::MbusSmall => mbus(40 + rng.below(60)).frames(apdu).concat(),
        Carrier::MbusSearch => [
            &[0x10, 0x40, 0x01, 0x41, 0x16],
            &mbus(245).frames(apdu).concat()[..],
        ]
        .concat(),
        Carrier::BareBlocks => encode::blocks(apdu, 100).concat(),
        Carrier::Bare => apdu.to_vec(),
        Carrier::BareLlc => [&encode::LLC, apdu].concat(),
    }
}
