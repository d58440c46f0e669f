//! The cases: a fault, what it makes of the frames, and the verdicts that may come first.

use std::cell::Cell;
use std::sync::Arc;

use smarty::p1::cipher::Keys;
use smarty::p1::ciphering::SystemTitle;
use smarty::p1::line::{ErrorBytes, Fault, Framing, Rng, Wire, layer};

use super::captures::{Capture, Meter};
use super::uart::{self, Receiver};

pub struct Case {
    pub name: &'static str,
    /// Verdicts that may come first; none for a healthy stream.
    pub expected: &'static [&'static str],
    /// Fewest frames that show it.
    pub frames: usize,
    make: Make,
}

type Frames = Vec<Vec<u8>>;

enum Make {
    /// Each frame is changed.
    Each(Kind, fn(&[u8], &mut Rng) -> Vec<u8>),
    /// The frames, as a list, are changed.
    List(Kind, fn(Frames, &mut Rng) -> Frames),
    /// The key is changed.
    Key(fn([u8; 16], &mut Rng) -> [u8; 16]),
    /// Anything else.
    Whole(fn(Meter, usize, &mut Rng) -> Capture),
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Sealed,
    /// Encrypted, and no key is there.
    Blind,
    Plain,
}
use Kind::{Blind, Plain, Sealed};
use Make::{Each, Key, List, Whole};

impl Case {
    pub fn build(&self, meter: &Meter, frames: usize, rng: &mut Rng) -> Option<Capture> {
        let errors = [ErrorBytes::AsRead, ErrorBytes::AsRead, ErrorBytes::Dropped][rng.below(3)];
        RECEIVER.set(([0, 0, 0, 1, 2][rng.below(5)], errors));
        let clone = || meter.clone();
        let joined = |kind: Kind, list: Vec<Vec<u8>>| Capture {
            bytes: list.concat(),
            keys: match kind {
                Sealed => meter.keys(),
                _ => Arc::new(Keys::default()),
            },
        };
        let sent = |kind: Kind, rng: &mut Rng| {
            let meter = if kind == Plain {
                clone().plain()
            } else {
                clone()
            };
            meter.frames(frames, rng)
        };
        let capture = match self.make {
            Each(kind, change) => {
                let list = sent(kind, rng);
                let list: Vec<_> = list.iter().map(|frame| change(frame, rng)).collect();
                joined(kind, list)
            }
            List(kind, change) => {
                let list = sent(kind, rng);
                joined(kind, change(list, rng))
            }
            Key(change) => Capture {
                bytes: sent(Sealed, rng).concat(),
                keys: meter.ring(change(meter.key, rng), meter.authentication),
            },
            Whole(make) => make(clone(), frames, rng),
        };
        (!capture.bytes.is_empty()).then_some(capture)
    }
}

thread_local! {
    /// Idle bits between characters, and what the receiver makes of framing errors.
    static RECEIVER: Cell<(usize, ErrorBytes)> = const { Cell::new((0, ErrorBytes::AsRead)) };
}

/// What a program makes of CR LF that puts a CR before each LF.
fn doubled_returns(burst: &[u8]) -> Vec<u8> {
    let doubled = |&byte: &u8| match byte {
        b'\n' => vec![b'\r', b'\n'],
        _ => vec![byte],
    };
    burst.iter().flat_map(doubled).collect()
}

fn with_nuls(burst: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut bytes = burst.to_vec();
    for _ in 0..1 + rng.below(6) {
        bytes.insert(1 + rng.below(burst.len() - 20), 0);
    }
    bytes
}

fn uart(burst: &[u8], inverted: bool, sent: Framing, read: Framing, rng: &mut Rng) -> Vec<u8> {
    let _ = rng;
    let (gap, errors) = RECEIVER.get();
    let wire = Wire::transmit_with_gaps(burst, sent, gap);
    let wire = if inverted { wire.inverted() } else { wire };
    wire.receive(read, errors)
}

fn other_uart(burst: &[u8], inverted: bool, ratio: f64) -> Vec<u8> {
    let (gap, errors) = RECEIVER.get();
    let with = Receiver {
        bit: 16.0 * ratio * (1.0 + (gap as f64 - 1.0) / 120.0),
        hasty: gap == 0,
        drops: errors == ErrorBytes::Dropped,
        gap: [0, 5, 24][gap],
        inverted,
    };
    uart::receive(burst, with)
}

fn other_inverted(burst: &[u8], _: &mut Rng) -> Vec<u8> {
    other_uart(burst, true, 1.0)
}

fn other_speed<const BAUD: u32>(burst: &[u8], _: &mut Rng) -> Vec<u8> {
    other_uart(burst, false, 115_200.0 / f64::from(BAUD))
}

fn modelled(frame: &[u8], fault: &str, rng: &mut Rng) -> Vec<u8> {
    fault.parse::<Fault>().unwrap().apply(frame, rng)
}

fn length_bit(mut list: Vec<Vec<u8>>, rng: &mut Rng) -> Vec<Vec<u8>> {
    let which = rng.below(list.len());
    let at = 11 + rng.below(2);
    list[which][at] ^= 1 << rng.below(8);
    list
}

fn start_bit(mut list: Vec<Vec<u8>>, rng: &mut Rng) -> Vec<Vec<u8>> {
    let which = 1 + rng.below(list.len() - 1);
    list[which][rng.below(2)] ^= 1 << rng.below(8);
    list
}

fn inverted(burst: &[u8], rng: &mut Rng) -> Vec<u8> {
    uart(burst, true, Framing::P1, Framing::P1, rng)
}

fn inverted_tight(burst: &[u8], _: &mut Rng) -> Vec<u8> {
    Wire::transmit(burst, Framing::P1)
        .inverted()
        .receive(Framing::P1, ErrorBytes::AsRead)
}

fn speed<const BAUD: u32>(burst: &[u8], rng: &mut Rng) -> Vec<u8> {
    uart(burst, false, Framing::P1, Framing::n81(BAUD), rng)
}

fn seven_even(burst: &[u8], rng: &mut Rng) -> Vec<u8> {
    uart(burst, false, Framing::DSMR2, Framing::n81(9600), rng)
}

fn zeros(burst: &[u8], rng: &mut Rng) -> Vec<u8> {
    uart(burst, false, Framing::DSMR2, Framing::P1, rng)
}

fn chance(rng: &mut Rng, one_in: usize) -> bool {
    rng.below(one_in) == 0
}

/// Each bit that is 1 may fall, likelier late in the character.
fn weak<const ONE_IN: usize>(frame: &[u8], rng: &mut Rng) -> Vec<u8> {
    let fall = |byte: u8, rng: &mut Rng| {
        (0..8).fold(byte, |byte, bit| {
            match chance(rng, ONE_IN * 8 / (bit + 4)) {
                true => byte & !(1 << bit),
                false => byte,
            }
        })
    };
    frame.iter().map(|&byte| fall(byte, rng)).collect()
}

fn flips<const ONE_IN: usize>(frame: &[u8], rng: &mut Rng) -> Vec<u8> {
    let flip = |byte: u8, rng: &mut Rng| {
        (0..8).fold(byte, |byte, bit| match chance(rng, ONE_IN) {
            true => byte ^ 1 << bit,
            false => byte,
        })
    };
    frame.iter().map(|&byte| flip(byte, rng)).collect()
}

fn late<const ONE_IN: usize>(frame: &[u8], rng: &mut Rng) -> Vec<u8> {
    let read = |byte: u8, rng: &mut Rng| match chance(rng, ONE_IN) {
        true => byte >> 1 | 0x80,
        false => byte,
    };
    frame.iter().map(|&byte| read(byte, rng)).collect()
}

fn one_byte(mut list: Vec<Vec<u8>>, rng: &mut Rng) -> Vec<Vec<u8>> {
    let which = rng.below(list.len());
    let length = list[which].len();
    let at = 20 + rng.below(length - 40);
    list[which][at] ^= 0x80 >> rng.below(4);
    list
}

fn lose(frame: &[u8], rng: &mut Rng) -> Vec<u8> {
    let count = [1, 2, 5, 16, 62, 64, 128][rng.below(7)];
    let at = 20 + rng.below(frame.len() - 40 - count);
    layer::lose(frame, at, count)
}

fn lose_one(mut list: Vec<Vec<u8>>, rng: &mut Rng) -> Vec<Vec<u8>> {
    let which = rng.below(list.len());
    list[which] = lose(&list[which], rng);
    list
}

fn insert_one(mut list: Vec<Vec<u8>>, rng: &mut Rng) -> Vec<Vec<u8>> {
    let which = rng.below(list.len());
    let at = 30 + rng.below(list[which].len() - 60);
    for _ in 0..1 + rng.below(20) {
        let byte = rng.next_byte();
        list[which].insert(at, byte);
    }
    list
}

fn limit(list: Vec<Vec<u8>>, rng: &mut Rng) -> Vec<Vec<u8>> {
    let shortest = list.iter().map(Vec::len).min().unwrap_or(0);
    let limits = [256, 512, 1024, 1500, 1800, 2048];
    let fit: Vec<_> = limits
        .into_iter()
        .filter(|&limit| limit < shortest)
        .collect();
    let limit = fit[rng.below(fit.len())];
    list.iter().map(|frame| frame[..limit].to_vec()).collect()
}

fn cut(frame: &[u8], rng: &mut Rng) -> Vec<u8> {
    frame[..60 + rng.below(frame.len() - 80)].to_vec()
}

fn icrnl(frame: &[u8], _: &mut Rng) -> Vec<u8> {
    frame
        .iter()
        .map(|&byte| if byte == b'\r' { b'\n' } else { byte })
        .collect()
}

fn ixon(frame: &[u8], _: &mut Rng) -> Vec<u8> {
    frame
        .iter()
        .copied()
        .filter(|byte| !matches!(byte, 0x11 | 0x13))
        .collect()
}

fn cooked(list: Vec<Vec<u8>>, _: &mut Rng) -> Vec<Vec<u8>> {
    use smarty::p1::line::{Tty, TtyMode};
    let mut tty = Tty::new(TtyMode::COOKED);
    let mut read = Vec::new();
    tty.feed(&list.concat(), &mut read);
    tty.finish(&mut read);
    vec![read]
}

fn strip(frame: &[u8], _: &mut Rng) -> Vec<u8> {
    frame.iter().map(|byte| byte & 0x7F).collect()
}

fn greeting(list: Vec<Vec<u8>>, _: &mut Rng) -> Vec<Vec<u8>> {
    let mut list: Vec<_> = list.iter().map(|frame| layer::telnet(frame)).collect();
    list.insert(0, layer::TELNET_GREETING.to_vec());
    list
}

fn hdlc(frame: &[u8], _: &mut Rng) -> Vec<u8> {
    let length = frame.len() + 9;
    let mut out = vec![
        0x7E,
        0xA0 | (length >> 8) as u8,
        length as u8,
        0xCE,
        0xFF,
        0x03,
        0x13,
        0x12,
        0x8B,
        0xE6,
        0xE7,
        0x00,
    ];
    out.extend(frame);
    out.extend([0x3A, 0x5B, 0x7E]);
    out
}

fn mbus(frame: &[u8], _: &mut Rng) -> Vec<u8> {
    let mut out = Vec::new();
    for (index, part) in frame.chunks(245).enumerate() {
        let length = (part.len() + 5) as u8;
        out.extend([
            0x68,
            length,
            length,
            0x68,
            0x53,
            0xFF,
            index as u8,
            0x01,
            0x67,
        ]);
        out.extend(part);
        out.extend([part.iter().fold(0u8, |a, b| a.wrapping_add(*b)), 0x16]);
    }
    out
}

fn polish(meter: Meter, frames: usize, rng: &mut Rng) -> Capture {
    let mut bytes = Vec::new();
    for n in 0..frames as u32 {
        let sealed = meter.frame(n, rng);
        let body = &sealed[18..];
        bytes.extend(b"/EGM5\\2\\1234\r\n\r\n\x00\x82");
        bytes.extend(((body.len() + 5) as u16).to_be_bytes());
        bytes.extend([0x30, 0, 0, 0, 0]);
        bytes.extend(body);
        bytes.extend(b"!1A2B\r\n");
    }
    Capture {
        bytes,
        keys: meter.keys(),
    }
}

fn bad_crc(meter: Meter, frames: usize, rng: &mut Rng) -> Capture {
    let meter = meter.plain();
    let list = meter.frames(frames, rng).into_iter().map(|mut text| {
        let at = text.len() - 6;
        let digits = format!("{:04X}", rng.next_u64() as u16 | 1);
        text[at..at + 4].copy_from_slice(digits.as_bytes());
        text
    });
    Capture {
        bytes: list.collect::<Vec<_>>().concat(),
        keys: Arc::default(),
    }
}

fn header_bit(mut list: Vec<Vec<u8>>, rng: &mut Rng) -> Vec<Vec<u8>> {
    let which = rng.below(list.len());
    let at = [5, 6, 7, 8, 9, 14, 15, 16, 17][rng.below(9)];
    list[which][at] ^= 1 << rng.below(8);
    list
}

fn tag_bit(mut list: Vec<Vec<u8>>, rng: &mut Rng) -> Vec<Vec<u8>> {
    let which = rng.below(list.len());
    let at = list[which].len() - 1 - rng.below(12);
    list[which][at] ^= 1 << rng.below(8);
    list
}

fn wrong_auth(meter: Meter, frames: usize, rng: &mut Rng) -> Capture {
    let mut other = meter.authentication;
    other[3] ^= 0x5A;
    Capture {
        bytes: meter.frames(frames, rng).concat(),
        keys: meter.ring(meter.key, other),
    }
}

fn auth_as_key(meter: Meter, frames: usize, rng: &mut Rng) -> Capture {
    let authentication = [7, 1, 99, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6, 200];
    let sealing = meter.keys_of(meter.key, authentication);
    let list = (0..frames as u32).map(|n| meter.frame_under(&sealing, n, rng));
    let bytes = list.collect::<Vec<_>>().concat();
    Capture {
        bytes,
        keys: meter.ring(authentication, meter.key),
    }
}

fn other_meters_key(meter: Meter, frames: usize, rng: &mut Rng) -> Capture {
    let mut keys = Keys::default();
    let wrong = meter.keys_of([77; 16], meter.authentication);
    keys.insert(meter.title, wrong);
    let right = meter.keys_of(meter.key, meter.authentication);
    keys.insert(SystemTitle(*b"OTH\x67\x70\x00\x00\x07"), right);
    Capture {
        bytes: meter.frames(frames, rng).concat(),
        keys: Arc::new(keys),
    }
}

fn missed(mut list: Vec<Vec<u8>>, rng: &mut Rng) -> Vec<Vec<u8>> {
    let which = 1 + rng.below(list.len() - 2);
    list.remove(which);
    list
}

fn reset(meter: Meter, frames: usize, rng: &mut Rng) -> Capture {
    let mut list: Vec<_> = (1000..1000 + frames as u32)
        .map(|n| meter.frame(n, rng))
        .collect();
    list.extend((0..2).map(|n| meter.frame(n, rng)));
    Capture {
        bytes: list.concat(),
        keys: meter.keys(),
    }
}

fn repeated(meter: Meter, frames: usize, rng: &mut Rng) -> Capture {
    let list = (0..frames as u32).flat_map(|n| [meter.frame(n, rng), meter.frame(n, rng)]);
    let bytes = list.collect::<Vec<_>>().concat();
    Capture {
        bytes,
        keys: meter.keys(),
    }
}

fn two_meters(meter: Meter, frames: usize, rng: &mut Rng) -> Capture {
    let other = Meter::new(rng);
    let mut keys = Keys::default();
    for meter in [&meter, &other] {
        keys.insert(meter.title, meter.keys_of(meter.key, meter.authentication));
    }
    let list = (0..frames as u32).flat_map(|n| [meter.frame(n, rng), other.frame(n, rng)]);
    let bytes = list.collect::<Vec<_>>().concat();
    Capture {
        bytes,
        keys: Arc::new(keys),
    }
}

fn key_change(meter: Meter, frames: usize, rng: &mut Rng) -> Capture {
    let new = meter.keys_of([0x5E; 16], meter.authentication);
    let mut list: Vec<_> = (1000..1000 + frames as u32)
        .map(|n| meter.frame(n, rng))
        .collect();
    list.extend(
        (0..frames as u32).map(|n| meter.frame_under(&new, n.wrapping_sub(meter.counter), rng)),
    );
    Capture {
        bytes: list.concat(),
        keys: meter.keys(),
    }
}

fn partial(list: Vec<Vec<u8>>, rng: &mut Rng) -> Vec<Vec<u8>> {
    let mut list = list;
    let start = 1 + rng.below(list[0].len() - 2);
    list[0].drain(..start);
    let last = list.len() - 1;
    let end = 20 + rng.below(list[last].len() - 21);
    list[last].truncate(end);
    list
}

fn filler(frame: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut frame = frame.to_vec();
    frame.extend([&b"\0"[..], b"\r\n", b""][rng.below(3)]);
    frame
}

fn same(frame: &[u8], _: &mut Rng) -> Vec<u8> {
    frame.to_vec()
}

fn old(meter: Meter, frames: usize, rng: &mut Rng) -> Capture {
    let list = (0..frames as u32).map(|n| meter.text(n, rng, false));
    Capture {
        bytes: list.collect::<Vec<_>>().concat(),
        keys: Arc::default(),
    }
}

fn old_seven(meter: Meter, frames: usize, rng: &mut Rng) -> Capture {
    let list = (0..frames as u32).map(|n| {
        let text = meter.text(n, rng, false);
        seven_even(&text, rng)
    });
    Capture {
        bytes: list.collect::<Vec<_>>().concat(),
        keys: Arc::default(),
    }
}

const DAMAGE_WEAK: &[&str] = &["weak_pull_up"];

macro_rules! case {
    ($name:literal, $expected:expr, $frames:literal, $make:expr) => {
        Case {
            name: $name,
            expected: $expected,
            frames: $frames,
            make: $make,
        }
    };
}

pub const CASES: &[Case] = &[
    case!("healthy sealed", &[], 1, List(Sealed, |list, _| list)),
    case!("healthy plain", &[], 1, List(Plain, |list, _| list)),
    case!("healthy old", &[], 1, Whole(old)),
    case!(
        "healthy filler",
        &[],
        1,
        List(Sealed, |list, rng| list
            .iter()
            .map(|f| filler(f, rng))
            .collect())
    ),
    case!(
        "healthy filler plain",
        &[],
        1,
        List(Plain, |list, rng| list
            .iter()
            .map(|f| filler(f, rng))
            .collect())
    ),
    case!("healthy partial", &[], 3, List(Sealed, partial)),
    case!("healthy partial plain", &[], 3, List(Plain, partial)),
    case!("no key", &["no_key"], 1, List(Blind, |list, _| list)),
    case!(
        "inverted sealed",
        &["inverted_encrypted"],
        1,
        Each(Sealed, inverted)
    ),
    case!(
        "inverted blind",
        &["inverted_encrypted"],
        1,
        Each(Blind, inverted)
    ),
    case!(
        "inverted plain",
        &["inverted_plain"],
        1,
        Each(Plain, inverted_tight)
    ),
    case!(
        "inverted plain gaps",
        &["inverted_plain"],
        1,
        Each(Plain, inverted)
    ),
    case!(
        "speed 9600 sealed",
        &["wrong_speed"],
        1,
        Each(Sealed, speed::<9600>)
    ),
    case!(
        "speed 9600 plain",
        &["wrong_speed"],
        1,
        Each(Plain, speed::<9600>)
    ),
    case!(
        "speed 19200 sealed",
        &["wrong_speed"],
        1,
        Each(Sealed, speed::<19200>)
    ),
    case!(
        "speed 38400 sealed",
        &["wrong_speed"],
        1,
        Each(Sealed, speed::<38400>)
    ),
    case!(
        "speed 38400 plain",
        &["wrong_speed"],
        1,
        Each(Plain, speed::<38400>)
    ),
    case!(
        "speed 57600 sealed",
        &["wrong_speed"],
        1,
        Each(Sealed, speed::<57600>)
    ),
    case!(
        "speed 57600 plain",
        &["wrong_speed"],
        1,
        Each(Plain, speed::<57600>)
    ),
    case!(
        "speed 230400 sealed",
        &["wrong_speed"],
        1,
        Each(Sealed, speed::<230400>)
    ),
    case!(
        "speed 230400 plain",
        &["wrong_speed"],
        1,
        Each(Plain, speed::<230400>)
    ),
    case!("7e1", &["seven_even"], 1, Each(Plain, seven_even)),
    case!("7e1 old", &["seven_even"], 1, Whole(old_seven)),
    case!("zeros", &["only_zeros"], 1, Each(Plain, zeros)),
    case!("strip sealed", &["bit7_stripped"], 1, Each(Sealed, strip)),
    case!("strip blind", &["bit7_stripped"], 1, Each(Blind, strip)),
    case!(
        "late sealed",
        &["sampled_late"],
        2,
        Each(Sealed, late::<80>)
    ),
    case!("late plain", &["sampled_late"], 2, Each(Plain, late::<80>)),
    case!("weak sealed", DAMAGE_WEAK, 2, Each(Sealed, weak::<600>)),
    case!("weak plain", DAMAGE_WEAK, 2, Each(Plain, weak::<600>)),
    case!(
        "weak heavy sealed",
        DAMAGE_WEAK,
        1,
        Each(Sealed, weak::<150>)
    ),
    case!("weak heavy plain", DAMAGE_WEAK, 1, Each(Plain, weak::<100>)),
    case!("flips sealed", &["noise"], 2, Each(Sealed, flips::<1000>)),
    case!("flips plain", &["noise"], 2, Each(Plain, flips::<1000>)),
    case!(
        "flips heavy sealed",
        &["noise"],
        1,
        Each(Sealed, flips::<200>)
    ),
    case!(
        "one byte sealed",
        &["damaged_frame", "noise", "weak_pull_up"],
        1,
        List(Sealed, one_byte)
    ),
    case!(
        "one byte plain",
        &["damaged_frame", "noise", "weak_pull_up"],
        1,
        List(Plain, one_byte)
    ),
    case!("lost each sealed", &["lost_bytes"], 1, Each(Sealed, lose)),
    case!(
        "lost one sealed",
        &["lost_bytes"],
        1,
        List(Sealed, lose_one)
    ),
    case!("lost one plain", &["lost_bytes"], 1, List(Plain, lose_one)),
    case!("lost blind", &["lost_bytes"], 2, Each(Blind, lose)),
    case!(
        "inserted sealed",
        &["inserted_bytes"],
        1,
        List(Sealed, insert_one)
    ),
    case!("limit sealed", &["buffer_limit"], 1, List(Sealed, limit)),
    case!("limit blind", &["buffer_limit"], 1, List(Blind, limit)),
    case!("limit plain", &["buffer_limit"], 2, List(Plain, limit)),
    case!("cut sealed", &["cut_short"], 2, Each(Sealed, cut)),
    case!("cut plain", &["cut_short"], 2, Each(Plain, cut)),
    case!("icrnl sealed", &["icrnl"], 1, Each(Sealed, icrnl)),
    case!("icrnl plain", &["icrnl", "cooked"], 1, Each(Plain, icrnl)),
    case!("icrnl blind", &["icrnl"], 5, Each(Blind, icrnl)),
    case!("ixon sealed", &["ixon"], 1, Each(Sealed, ixon)),
    case!("ixon blind", &["ixon"], 2, Each(Blind, ixon)),
    case!("cooked sealed", &["cooked"], 1, List(Sealed, cooked)),
    case!("cooked blind", &["cooked"], 2, List(Blind, cooked)),
    case!(
        "telnet sealed",
        &["telnet"],
        1,
        Each(Sealed, |f, _| layer::telnet(f))
    ),
    case!("telnet greeting", &["telnet"], 1, List(Sealed, greeting)),
    case!(
        "telnet blind",
        &["telnet"],
        2,
        Each(Blind, |f, _| layer::telnet(f))
    ),
    case!("utf8", &["utf8"], 1, Each(Sealed, |f, _| layer::utf8(f))),
    case!(
        "latin1",
        &["utf8"],
        1,
        Each(Sealed, |f, _| layer::latin1(f))
    ),
    case!(
        "utf8 blind",
        &["utf8"],
        1,
        Each(Blind, |f, _| layer::utf8(f))
    ),
    case!(
        "line ends",
        &["line_ends"],
        1,
        Each(Plain, |f, _| layer::line_ends(f))
    ),
    case!(
        "line ends doubled",
        &["line_ends"],
        1,
        Each(Plain, |f, _| doubled_returns(f))
    ),
    case!("nuls", &["inserted_bytes"], 1, Each(Plain, with_nuls)),
    case!("hdlc", &["link_damaged", "no_key"], 1, Each(Sealed, hdlc)),
    case!("mbus", &["link_damaged"], 1, Each(Sealed, mbus)),
    case!("mbus blind", &["link_damaged"], 1, Each(Blind, mbus)),
    case!("polish", &["no_key"], 1, Whole(polish)),
    case!(
        "wrong key",
        &["wrong_key"],
        1,
        Key(|_, rng| std::array::from_fn(|_| rng.next_byte()))
    ),
    case!(
        "key reversed",
        &["key_reversed"],
        1,
        Key(|mut key, _| {
            key.reverse();
            key
        })
    ),
    case!(
        "key nibbles",
        &["key_nibbles_swapped"],
        1,
        Key(|key, _| key.map(|b| b.rotate_left(4)))
    ),
    case!(
        "key typo",
        &["key_typo"],
        1,
        Key(|mut key, rng| {
            key[rng.below(16)] ^= 1 + rng.below(15) as u8;
            key
        })
    ),
    case!(
        "key two typos",
        &["key_two_typos", "key_digits_swapped"],
        1,
        Key(|mut key, rng| {
            key[rng.below(8)] ^= 1 + rng.below(15) as u8;
            key[8 + rng.below(8)] ^= 0x10;
            key
        })
    ),
    case!(
        "hex of hex",
        &["key_hex_of_hex"],
        1,
        Key(|key, _| *hex::encode(key).as_bytes().first_chunk().unwrap())
    ),
    case!("auth as key", &["key_is_auth_key"], 1, Whole(auth_as_key)),
    case!(
        "other meter's key",
        &["key_of_other_meter"],
        1,
        Whole(other_meters_key)
    ),
    case!("wrong auth key", &["wrong_auth_key"], 1, Whole(wrong_auth)),
    case!(
        "header bit",
        &["damaged_header"],
        1,
        List(Sealed, header_bit)
    ),
    case!("tag bit", &["damaged_tag"], 2, List(Sealed, tag_bit)),
    case!("bad crc", &["wrong_crc"], 1, Whole(bad_crc)),
    case!("missed", &["missed"], 3, List(Sealed, missed)),
    case!("reset", &["counter_reset"], 1, Whole(reset)),
    case!("repeated nonce", &["repeated_nonce"], 1, Whole(repeated)),
    // Each has a key: that is meant.
    case!("two meters", &[], 1, Whole(two_meters)),
    case!("key change", &["key_changed"], 3, Whole(key_change)),
    case!(
        "other inverted sealed",
        &["inverted_encrypted"],
        1,
        Each(Sealed, other_inverted)
    ),
    case!(
        "other inverted plain",
        &["inverted_plain"],
        1,
        Each(Plain, other_inverted)
    ),
    case!(
        "other 9600 sealed",
        &["wrong_speed"],
        1,
        Each(Sealed, other_speed::<9600>)
    ),
    case!(
        "other 9600 plain",
        &["wrong_speed"],
        1,
        Each(Plain, other_speed::<9600>)
    ),
    case!(
        "other 38400 sealed",
        &["wrong_speed"],
        1,
        Each(Sealed, other_speed::<38400>)
    ),
    case!(
        "other 38400 plain",
        &["wrong_speed"],
        1,
        Each(Plain, other_speed::<38400>)
    ),
    case!(
        "other 57600 sealed",
        &["wrong_speed"],
        1,
        Each(Sealed, other_speed::<57600>)
    ),
    case!(
        "other 57600 plain",
        &["wrong_speed"],
        1,
        Each(Plain, other_speed::<57600>)
    ),
    case!(
        "other 230400 sealed",
        &["wrong_speed"],
        1,
        Each(Sealed, other_speed::<230400>)
    ),
    case!(
        "other 230400 plain",
        &["wrong_speed"],
        1,
        Each(Plain, other_speed::<230400>)
    ),
    case!(
        "model weak sealed",
        &["weak_pull_up"],
        2,
        Each(Sealed, |f, rng| modelled(f, "weak=0.002", rng))
    ),
    case!(
        "model weak plain",
        &["weak_pull_up"],
        2,
        Each(Plain, |f, rng| modelled(f, "weak=0.002", rng))
    ),
    case!(
        "model flips sealed",
        &["noise"],
        2,
        Each(Sealed, |f, rng| modelled(f, "flips=0.001", rng))
    ),
    case!(
        "model flips plain",
        &["noise"],
        2,
        Each(Plain, |f, rng| modelled(f, "flips=0.001", rng))
    ),
    case!(
        "model late sealed",
        &["sampled_late"],
        1,
        Each(Sealed, |f, rng| modelled(f, "late=0.01", rng))
    ),
    case!(
        "model late plain",
        &["sampled_late"],
        1,
        Each(Plain, |f, rng| modelled(f, "late=0.01", rng))
    ),
    case!(
        "model noise sealed",
        &["noise"],
        3,
        Each(Sealed, |f, rng| modelled(f, "noise=16", rng))
    ),
    case!(
        "model noise plain",
        &["noise"],
        3,
        Each(Plain, |f, rng| modelled(f, "noise=16", rng))
    ),
    case!(
        "model parity sealed",
        &["wrong_parity"],
        1,
        Each(Sealed, |f, rng| modelled(f, "parity", rng))
    ),
    case!(
        "model parity plain",
        &["wrong_parity"],
        1,
        Each(Plain, |f, rng| modelled(f, "parity", rng))
    ),
    case!(
        "model lost sealed",
        &["lost_bytes", "cut_short"],
        2,
        Each(Sealed, |f, rng| modelled(f, "lost=62", rng))
    ),
    case!(
        "length bit",
        &["damaged_header"],
        2,
        List(Sealed, length_bit)
    ),
    case!("start bit", &["damaged_header"], 3, List(Sealed, start_bit)),
    case!("same", &[], 1, Each(Sealed, same)),
];
