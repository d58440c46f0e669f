//! Captures of the third model: one fault, two faults at once, none.

use std::sync::Arc;

use smarty::p1::cipher::Keys;
use smarty::p1::ciphering::SystemTitle;

use super::foreign::{Country, Dice, Foreigner, MODERN, arc, crc, pair};
use super::host;
use super::scope::{Ear, Errors, PLAIN_8N1, Sender, hear};

pub struct Shot {
    pub bytes: Vec<u8>,
    pub keys: Arc<Keys>,
}

/// A kind of capture.
pub struct Blind {
    pub name: &'static str,
    /// Verdicts of which one must come first; for two faults any of either may. None for a healthy line.
    pub first: &'static [&'static str],
    /// Verdicts of the second fault.
    pub second: &'static [&'static str],
    pub make: fn(&mut Dice) -> Shot,
}

type List = Vec<Vec<u8>>;

fn shot(list: List, keys: Arc<Keys>) -> Shot {
    Shot {
        bytes: list.concat(),
        keys,
    }
}

fn none() -> Arc<Keys> {
    Arc::default()
}

fn meter(dice: &mut Dice) -> Foreigner {
    let country = dice.pick(MODERN);
    Foreigner::new(dice, country)
}

fn count(dice: &mut Dice, least: usize) -> usize {
    dice.pick(&[1, 2, 3, 4, 6, 10, 18, 30]).max(least)
}

/// Frames of a meter with the right key.
fn sealed(dice: &mut Dice, least: usize, change: impl Fn(&[u8], &mut Dice) -> Vec<u8>) -> Shot {
    let meter = meter(dice);
    let count = count(dice, least);
    let list = meter.frames(count, dice);
    let list = list.iter().map(|frame| change(frame, dice)).collect();
    shot(list, meter.ring())
}

/// The same without any key.
fn keyless(dice: &mut Dice, least: usize, change: impl Fn(&[u8], &mut Dice) -> Vec<u8>) -> Shot {
    Shot {
        keys: none(),
        ..sealed(dice, least, change)
    }
}

fn plain(dice: &mut Dice, least: usize, change: impl Fn(&[u8], &mut Dice) -> Vec<u8>) -> Shot {
    let meter = meter(dice);
    let count = count(dice, least);
    let list = meter.texts(count, dice);
    shot(list.iter().map(|text| change(text, dice)).collect(), none())
}

fn old(dice: &mut Dice, least: usize, change: impl Fn(&[u8], &mut Dice) -> Vec<u8>) -> Shot {
    let meter = Foreigner::new(dice, Country::Old);
    let count = count(dice, least);
    let list = meter.texts(count, dice);
    shot(list.iter().map(|text| change(text, dice)).collect(), none())
}

/// One frame of several is changed.
fn one_sealed(dice: &mut Dice, least: usize, change: impl Fn(&mut Vec<u8>, &mut Dice)) -> Shot {
    let meter = meter(dice);
    let count = count(dice, least);
    let mut list = meter.frames(count, dice);
    let which = dice.below(count);
    change(&mut list[which], dice);
    shot(list, meter.ring())
}

fn keyed(dice: &mut Dice, change: fn([u8; 16], &mut Dice) -> [u8; 16]) -> Shot {
    let meter = meter(dice);
    let count = count(dice, 1);
    let keys = meter.ring_of(change(meter.key, dice), meter.authentication);
    shot(meter.frames(count, dice), keys)
}

fn as_sent(bytes: &[u8], _: &mut Dice) -> Vec<u8> {
    bytes.to_vec()
}

fn ear(dice: &mut Dice) -> Ear {
    Ear {
        bit: 0.985 + 0.03 * dice.share(),
        data_bits: 8,
        even_parity: false,
        errors: dice.pick(&[Errors::Kept, Errors::Kept, Errors::Kept, Errors::Dropped]),
        eager: dice.below(3) == 0,
    }
}

fn sender(dice: &mut Dice) -> Sender {
    Sender {
        pause: dice.pick(&[0.0, 0.0, 0.0, 1.0, 4.0]),
        ..PLAIN_8N1
    }
}

fn inverted(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    let how = Sender {
        inverted: true,
        ..sender(dice)
    };
    let ear = ear(dice);
    hear(bytes, how, ear, dice)
}

fn speed(bytes: &[u8], dice: &mut Dice, baud: f64) -> Vec<u8> {
    let ear = ear(dice);
    let how = sender(dice);
    hear(
        bytes,
        how,
        Ear {
            bit: ear.bit * 115_200.0 / baud,
            ..ear
        },
        dice,
    )
}

const SEVEN: Sender = Sender {
    data_bits: 7,
    even_parity: true,
    ..PLAIN_8N1
};

fn seven_even(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    let how = Sender {
        pause: sender(dice).pause,
        ..SEVEN
    };
    let ear = ear(dice);
    hear(bytes, how, ear, dice)
}

fn slow_read_fast(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    let ear = ear(dice);
    hear(
        bytes,
        SEVEN,
        Ear {
            bit: 9600.0 / 115_200.0,
            errors: Errors::Kept,
            ..ear
        },
        dice,
    )
}

fn with_parity(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    let ear = ear(dice);
    let how = sender(dice);
    hear(
        bytes,
        how,
        Ear {
            even_parity: true,
            errors: Errors::Zero,
            ..ear
        },
        dice,
    )
}

fn weak(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    let rate = dice.pick(&[0.001, 0.002, 0.004]);
    let mut fall = |byte: u8| {
        (0..8).fold(byte, |byte, bit| match dice.share() < rate {
            true => byte & !(1 << bit),
            false => byte,
        })
    };
    bytes.iter().map(|&byte| fall(byte)).collect()
}

fn noisy(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    let rate = dice.pick(&[0.0007, 0.0015, 0.003]);
    let mut flip = |byte: u8| {
        (0..8).fold(byte, |byte, bit| match dice.share() < rate {
            true => byte ^ 1 << bit,
            false => byte,
        })
    };
    bytes.iter().map(|&byte| flip(byte)).collect()
}

fn late(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    let rate = dice.pick(&[0.006, 0.015]);
    bytes
        .iter()
        .map(|&byte| match dice.share() < rate {
            true => byte >> 1 | 0x80,
            false => byte,
        })
        .collect()
}

/// Bytes lost: how many, and where.
pub fn gap(bytes: &mut Vec<u8>, dice: &mut Dice) -> (usize, usize) {
    let lost = match dice.below(3) {
        0 => dice.pick(&[62, 124]),
        1 => dice.pick(&[16, 32, 64, 128]),
        _ => dice.between(1, 150),
    };
    let at = dice.between(19, bytes.len() - lost - 20);
    bytes.drain(at..at + lost);
    (at, lost)
}

fn lose(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    gap(&mut bytes, dice);
    bytes
}

fn lose_lines(text: &[u8], dice: &mut Dice) -> Vec<u8> {
    let lines: Vec<&[u8]> = text.split_inclusive(|&byte| byte == b'\n').collect();
    let many = dice.between(1, 4);
    let at = dice.between(4, lines.len() - 2 - many);
    [&lines[..at], &lines[at + many..]].concat().concat()
}

fn cut(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    bytes[..dice.between(40, bytes.len() - 30)].to_vec()
}

fn limited(dice: &mut Dice, sealing: bool, keys: bool) -> Shot {
    let limit = dice.pick(&[256usize, 512, 1024, 1500, 1800]);
    let meter = meter(dice).with_length(limit + dice.between(200, 900));
    let count = count(dice, 1);
    let list = match sealing {
        true => meter.frames(count, dice),
        false => meter.texts(count, dice),
    };
    let list = list.iter().map(|bytes| bytes[..limit].to_vec()).collect();
    shot(list, if keys { meter.ring() } else { none() })
}

fn bad_crc(text: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut text = text.to_vec();
    let at = text.len() - 6;
    let wrong = arc(&text[..at]) ^ (dice.roll() as u16 | 0x0410);
    text[at..at + 4].copy_from_slice(format!("{wrong:04X}").as_bytes());
    text
}

/// Sums of other kinds: name, and what it gives over a telegram up to its `!`.
fn other_sum(dice: &mut Dice) -> fn(&[u8]) -> u16 {
    dice.pick(&[
        (|t: &[u8]| crc(t, 0x1021, 0, false, 0)) as fn(&[u8]) -> u16,
        |t| crc(t, 0x1021, 0xFFFF, false, 0),
        |t| crc(t, 0x8005, 0xFFFF, true, 0),
        |t| crc(t, 0x1021, 0, true, 0),
        |t| crc(t, 0x1021, 0xFFFF, true, 0xFFFF),
        |t| arc(&t[1..]),
        |t| arc(&t[..t.len() - 1]),
        |t| arc(&t[1..t.len() - 1]),
        |t| arc(t).swap_bytes(),
        |t| !arc(t),
    ])
}

fn summed(dice: &mut Dice) -> Shot {
    let meter = meter(dice);
    let sum = other_sum(dice);
    let list = (0..count(dice, 1)).map(|n| {
        let body = meter.body(n, dice);
        format!("{body}{:04X}\r\n", sum(body.as_bytes())).into_bytes()
    });
    shot(list.collect(), none())
}

/// Telegrams whose CRC begins with 0, and drops it.
fn three_digits(dice: &mut Dice) -> Shot {
    let meter = meter(dice);
    let mut list = Vec::new();
    let mut short = 0;
    for n in 0..600 {
        let body = meter.body(n, dice);
        let sum = arc(body.as_bytes());
        short += usize::from(sum < 0x1000);
        list.push(format!("{body}{sum:X}\r\n").into_bytes());
        if short > 1 {
            break;
        }
    }
    shot(list, none())
}

fn wrapped_hdlc(frame: &[u8], _: &mut Dice) -> Vec<u8> {
    let mut out = vec![
        0x7E,
        0xA0 | ((frame.len() + 10) >> 8) as u8,
        frame.len() as u8,
        3,
        0x21,
        0x13,
        0x55,
        0xAA,
    ];
    out.extend([0xE6, 0xE7, 0x00]);
    out.extend(frame);
    out.extend([0x12, 0x34, 0x7E]);
    out
}

fn wrapped_mbus(frame: &[u8], _: &mut Dice) -> Vec<u8> {
    let mut out = Vec::new();
    for (at, part) in frame.chunks(230).enumerate() {
        let mut body = vec![0x53, 0xFF, at as u8, 0x01, 0x67];
        body.extend(part);
        let length = body.len() as u8;
        out.extend([0x68, length, length, 0x68]);
        let sum = body.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
        out.extend(body);
        out.extend([sum, 0x16]);
    }
    out
}

fn polish(dice: &mut Dice) -> Shot {
    let meter = meter(dice);
    let list = (0..count(dice, 1)).map(|n| {
        let frame = meter.frame(n, dice);
        let body = &frame[18..];
        let mut out = b"/EGM5\\253900123_A\r\n\r\n\x00\x82".to_vec();
        out.extend(((body.len() + 5) as u16).to_be_bytes());
        out.extend([0x30, 0, 0, 0, 0]);
        out.extend(body);
        out.extend(b"!77AF\r\n");
        out
    });
    shot(list.collect(), meter.ring())
}

fn ring_mixup(dice: &mut Dice) -> Shot {
    let (one, two) = (meter(dice), meter(dice));
    let mut keys = Keys::default();
    keys.insert(SystemTitle(one.title), pair(two.key, one.authentication));
    keys.insert(SystemTitle(two.title), pair(one.key, one.authentication));
    let count = count(dice, 1);
    shot(one.frames(count, dice), Arc::new(keys))
}

fn exchanged(dice: &mut Dice) -> Shot {
    let meter = Foreigner::new(dice, Country::Austria);
    let count = count(dice, 1);
    let keys = meter.ring_of(meter.authentication, meter.key);
    shot(meter.frames(count, dice), keys)
}

fn wrong_auth(dice: &mut Dice) -> Shot {
    let meter = meter(dice);
    let count = count(dice, 1);
    let keys = meter.ring_of(meter.key, dice.bytes());
    shot(meter.frames(count, dice), keys)
}

fn flip(frame: &mut [u8], at: usize, dice: &mut Dice) {
    frame[at] ^= 1 << dice.below(8);
}

fn missing(dice: &mut Dice) -> Shot {
    let meter = meter(dice);
    let count = count(dice, 4);
    let mut list = meter.frames(count, dice);
    let from = dice.between(1, count - 2);
    let to = (from + dice.between(1, 3)).min(count - 1);
    list.drain(from..to);
    shot(list, meter.ring())
}

fn reset(dice: &mut Dice) -> Shot {
    let mut meter = meter(dice);
    meter.counter = 5000 + dice.below(1 << 20) as u32;
    let count = count(dice, 2);
    let mut list = meter.frames(count, dice);
    let begun = meter.counter;
    for n in 0..count {
        let text = meter.text(count + n, dice);
        list.push(meter.seal(n as u32 % begun, &text));
    }
    shot(list, meter.ring())
}

fn same_nonce(dice: &mut Dice) -> Shot {
    let meter = meter(dice);
    let count = count(dice, 2);
    let list = (0..2 * count).map(|n| {
        let text = meter.text(n, dice);
        meter.seal(meter.counter.wrapping_add(n as u32 / 2), &text)
    });
    shot(list.collect(), meter.ring())
}

fn new_key(dice: &mut Dice) -> Shot {
    let old = meter(dice);
    let mut new = old.clone();
    (new.key, new.counter) = (dice.bytes(), 0);
    let count = count(dice, 4);
    let mut list = old.frames(count, dice);
    list.extend(new.frames(count, dice));
    shot(list, old.ring())
}

fn spaced(dice: &mut Dice, step: usize) -> Shot {
    let meter = Foreigner::new(dice, Country::Luxembourg);
    let count = count(dice, 8);
    let list = (0..count).map(|n| {
        let text = meter.text(n * step, dice);
        meter.seal(meter.counter.wrapping_add(n as u32), &text)
    });
    shot(list.collect(), meter.ring())
}

/// Half of the meters have no key.
fn second_without_key(dice: &mut Dice) -> Shot {
    let (one, two) = (meter(dice), meter(dice));
    let count = count(dice, 2);
    let (a, b) = (one.frames(count, dice), two.frames(count, dice));
    shot(
        a.into_iter().zip(b).flat_map(|(a, b)| [a, b]).collect(),
        one.ring(),
    )
}

fn two_rings(one: &Foreigner, two: &Foreigner) -> Keys {
    let mut keys = Keys::default();
    for meter in [one, two] {
        keys.insert(
            SystemTitle(meter.title),
            pair(meter.key, meter.authentication),
        );
    }
    keys
}

fn partial(mut list: List, dice: &mut Dice) -> List {
    let start = dice.between(1, list[0].len() - 2);
    list[0].drain(..start);
    let last = list.len() - 1;
    let end = dice.between(1, list[last].len() - 2);
    list[last].truncate(end);
    list
}

macro_rules! blind {
    ($name:literal, $first:expr, $make:expr) => {
        blind!($name, $first, &[], $make)
    };
    ($name:literal, $first:expr, $second:expr, $make:expr) => {
        Blind {
            name: $name,
            first: $first,
            second: $second,
            make: $make,
        }
    };
}

pub const HEALTHY: &[Blind] = &[
    blind!("sealed", &[], |dice| sealed(dice, 1, as_sent)),
    blind!("clear", &[], |dice| plain(dice, 1, as_sent)),
    blind!("without CRC", &[], |dice| old(dice, 1, as_sent)),
    blind!("without tag", &[], |dice| {
        let mut meter = meter(dice);
        meter.control = 0x20;
        let count = count(dice, 1);
        shot(meter.frames(count, dice), meter.ring())
    }),
    blind!("short lengths", &[], |dice| {
        let meter = Foreigner::new(dice, Country::Hungary).with_length(150);
        let count = count(dice, 1);
        shot(meter.frames(count, dice), meter.ring())
    }),
    blind!("two meters, two keys", &[], |dice| {
        let (one, two) = (meter(dice), meter(dice));
        let count = count(dice, 2);
        let (a, b) = (one.frames(count, dice), two.frames(count, dice));
        let list = a.into_iter().zip(b).flat_map(|(a, b)| [a, b]).collect();
        shot(list, Arc::new(two_rings(&one, &two)))
    }),
    blind!("sealed, begun in the middle", &[], |dice| {
        let meter = meter(dice);
        let count = count(dice, 4);
        let list = meter.frames(count, dice);
        shot(partial(list, dice), meter.ring())
    }),
    blind!("clear, begun in the middle", &[], |dice| {
        let meter = meter(dice);
        let count = count(dice, 4);
        let list = meter.texts(count, dice);
        shot(partial(list, dice), none())
    }),
    blind!("read by another clock", &[], |dice| sealed(
        dice,
        1,
        |frame, dice| {
            let (how, ear) = (sender(dice), ear(dice));
            hear(frame, how, ear, dice)
        }
    )),
];

pub const SINGLE: &[Blind] = &[
    blind!("silence", &["silence"], |_| shot(Vec::new(), none())),
    blind!("inverted, sealed", &["inverted_encrypted"], |d| sealed(
        d, 1, inverted
    )),
    blind!("inverted, no key", &["inverted_encrypted"], |d| keyless(
        d, 1, inverted
    )),
    blind!("inverted, clear", &["inverted_plain"], |d| plain(
        d, 1, inverted
    )),
    blind!("inverted, no CRC", &["inverted_plain"], |d| old(
        d,
        1,
        |t, d| {
            let how = Sender {
                inverted: true,
                pause: sender(d).pause,
                ..SEVEN
            };
            let ear = Ear {
                data_bits: 7,
                even_parity: true,
                ..ear(d)
            };
            hear(t, how, ear, d)
        }
    )),
    blind!("speed 9600, sealed", &["wrong_speed"], |d| sealed(
        d,
        2,
        |f, d| speed(f, d, 9600.0)
    )),
    blind!("speed 9600, clear", &["wrong_speed"], |d| plain(
        d,
        2,
        |f, d| speed(f, d, 9600.0)
    )),
    blind!("speed 19200, sealed", &["wrong_speed"], |d| sealed(
        d,
        1,
        |f, d| speed(f, d, 19_200.0)
    )),
    blind!("speed 38400, clear", &["wrong_speed"], |d| plain(
        d,
        1,
        |f, d| speed(f, d, 38_400.0)
    )),
    blind!("speed 38400, sealed", &["wrong_speed"], |d| sealed(
        d,
        1,
        |f, d| speed(f, d, 38_400.0)
    )),
    blind!("speed 57600, clear", &["wrong_speed"], |d| plain(
        d,
        1,
        |f, d| speed(f, d, 57_600.0)
    )),
    blind!("speed 57600, sealed", &["wrong_speed"], |d| sealed(
        d,
        1,
        |f, d| speed(f, d, 57_600.0)
    )),
    blind!("speed 230400, clear", &["wrong_speed"], |d| plain(
        d,
        1,
        |f, d| speed(f, d, 230_400.0)
    )),
    blind!("speed 230400, sealed", &["wrong_speed"], |d| sealed(
        d,
        1,
        |f, d| speed(f, d, 230_400.0)
    )),
    blind!("7E1, no CRC", &["seven_even"], |d| old(d, 1, seven_even)),
    blind!("7E1, clear", &["seven_even"], |d| plain(d, 1, seven_even)),
    blind!("7E1, sealed", &["seven_even", "bit7_stripped"], |d| sealed(
        d, 1, seven_even
    )),
    blind!("9600 read at 115200", &["only_zeros"], |d| old(
        d,
        1,
        slow_read_fast
    )),
    blind!("read with parity, sealed", &["wrong_parity"], |d| sealed(
        d,
        1,
        with_parity
    )),
    blind!("read with parity, clear", &["wrong_parity"], |d| plain(
        d,
        1,
        with_parity
    )),
    blind!("bit 7 stripped", &["bit7_stripped"], |d| sealed(
        d,
        1,
        |f, _| f.iter().map(|b| b & 0x7F).collect()
    )),
    blind!("late, sealed", &["sampled_late"], |d| sealed(d, 3, late)),
    blind!("late, clear", &["sampled_late"], |d| plain(d, 3, late)),
    blind!("weak, sealed", &["weak_pull_up"], |d| sealed(d, 3, weak)),
    blind!("weak, clear", &["weak_pull_up"], |d| plain(d, 3, weak)),
    blind!("noise, sealed", &["noise"], |d| sealed(d, 3, noisy)),
    blind!("noise, clear", &["noise"], |d| plain(d, 3, noisy)),
    blind!("noise, no CRC", &["noise"], |d| old(d, 3, noisy)),
    blind!("lost in each, sealed", &["lost_bytes"], |d| sealed(
        d, 1, lose
    )),
    blind!("lost in one, sealed", &["lost_bytes"], |d| one_sealed(
        d,
        2,
        |f, d| {
            gap(f, d);
        }
    )),
    blind!("lost, no key", &["lost_bytes"], |d| keyless(d, 3, lose)),
    blind!("lost in each, clear", &["lost_bytes"], |d| plain(
        d, 2, lose
    )),
    blind!("lost in each, no CRC", &["lost_bytes"], |d| old(d, 3, lose)),
    blind!("lost whole lines, clear", &["lost_bytes"], |d| plain(
        d, 1, lose_lines
    )),
    blind!("limit, sealed", &["buffer_limit"], |d| limited(
        d, true, true
    )),
    blind!("limit, no key", &["buffer_limit"], |d| limited(
        d, true, false
    )),
    blind!("limit, clear", &["buffer_limit"], |d| limited(
        d, false, false
    )),
    blind!("cut, sealed", &["cut_short"], |d| sealed(d, 2, cut)),
    blind!("cut, clear", &["cut_short"], |d| plain(d, 2, cut)),
    blind!("hdlc", &["link_damaged"], |d| sealed(d, 1, wrapped_hdlc)),
    blind!("m-bus", &["link_damaged"], |d| keyless(d, 1, wrapped_mbus)),
    blind!("polish", &["no_key"], polish),
    blind!("icrnl, sealed", &["icrnl"], |d| sealed(d, 1, host::icrnl)),
    blind!("icrnl, clear", &["icrnl", "cooked"], |d| plain(
        d,
        1,
        host::icrnl
    )),
    blind!("icrnl, no CRC", &["icrnl", "cooked"], |d| old(
        d,
        1,
        host::icrnl
    )),
    blind!("ixon, sealed", &["ixon"], |d| sealed(d, 2, host::ixon)),
    blind!("ixon, no key", &["ixon"], |d| keyless(d, 3, host::ixon)),
    blind!("cooked, sealed", &["cooked"], |d| sealed(
        d,
        2,
        host::cooked
    )),
    blind!("telnet, sealed", &["telnet"], |d| sealed(
        d,
        3,
        host::telnet
    )),
    blind!("utf-8, sealed", &["utf8"], |d| sealed(d, 1, |f, _| {
        String::from_utf8_lossy(f).into_owned().into_bytes()
    })),
    blind!("latin-1, sealed", &["utf8"], |d| sealed(d, 1, |f, _| f
        .iter()
        .map(|&b| b as char)
        .collect::<String>()
        .into_bytes())),
    blind!(
        "ascii only, sealed",
        &["utf8", "bit7_stripped"],
        |d| sealed(d, 2, |f, _| f
            .iter()
            .copied()
            .filter(u8::is_ascii)
            .collect())
    ),
    blind!("line ends, clear", &["line_ends"], |d| plain(
        d,
        1,
        host::line_ends
    )),
    blind!("line ends, no CRC", &["line_ends"], |d| old(
        d,
        1,
        host::line_ends
    )),
    blind!("no key", &["no_key"], |d| keyless(d, 1, as_sent)),
    blind!("wrong key", &["wrong_key"], |d| keyed(d, |_, d| d.bytes())),
    blind!("key reversed", &["key_reversed"], |d| keyed(
        d,
        |mut k, _| {
            k.reverse();
            k
        }
    )),
    blind!("key nibbles", &["key_nibbles_swapped"], |d| keyed(
        d,
        |k, _| k.map(|b| b.rotate_left(4))
    )),
    blind!(
        "hex of hex",
        &["key_hex_of_hex", "key_ascii_for_hex"],
        |d| keyed(d, |k, _| {
            *hex::encode_upper(k).as_bytes().first_chunk().unwrap()
        })
    ),
    blind!("key typo", &["key_typo"], |d| keyed(d, |mut k, d| {
        k[d.below(16)] ^= (1 + d.below(15) as u8) << (4 * d.below(2));
        k
    })),
    blind!(
        "key two typos",
        &["key_two_typos", "key_digits_swapped"],
        |d| keyed(d, |mut k, d| {
            k[d.below(5)] ^= 1 + d.below(15) as u8;
            k[5 + d.below(11)] ^= (1 + d.below(15) as u8) << 4;
            k
        })
    ),
    blind!("key of the other", &["key_of_other_meter"], ring_mixup),
    blind!("keys exchanged", &["key_is_auth_key"], exchanged),
    blind!("authentication key", &["wrong_auth_key"], wrong_auth),
    blind!("head damaged", &["damaged_header"], |d| one_sealed(
        d,
        2,
        |f, d| {
            let at = d.pick(&[3, 4, 5, 6, 7, 8, 9, 14, 15, 16, 17]);
            flip(f, at, d);
        }
    )),
    blind!("tag damaged", &["damaged_tag"], |d| one_sealed(
        d,
        3,
        |f, d| {
            let at = f.len() - 1 - d.below(12);
            flip(f, at, d);
        }
    )),
    blind!(
        "one byte damaged",
        &["damaged_frame", "noise", "weak_pull_up"],
        |d| one_sealed(d, 2, |f, d| {
            let at = d.between(40, f.len() - 40);
            flip(f, at, d);
        })
    ),
    blind!("CRC wrong", &["wrong_crc"], |d| plain(d, 2, bad_crc)),
    blind!("another CRC", &["other_crc"], summed),
    blind!("CRC of three digits", &["short_crc"], three_digits),
    blind!("frames missing", &["missed"], missing),
    blind!("counter reset", &["counter_reset"], reset),
    blind!("counter repeated", &["repeated_nonce"], same_nonce),
    blind!("key changed", &["key_changed"], new_key),
    blind!("too seldom", &["period_long"], |d| spaced(d, 6)),
    blind!(
        "two meters, one key",
        &["no_key", "two_meters"],
        second_without_key
    ),
];

pub const MIXED: &[Blind] = &[
    blind!("lost + key of one", &["lost_bytes"], &["wrong_key"], |d| {
        let (one, two) = (meter(d), meter(d));
        let mut keys = two_rings(&one, &two);
        keys.insert(SystemTitle(two.title), pair(d.bytes(), two.authentication));
        let count = count(d, 3);
        let a: List = one.frames(count, d).iter().map(|f| lose(f, d)).collect();
        let b = two.frames(count, d);
        shot(
            a.into_iter().zip(b).flat_map(|(a, b)| [a, b]).collect(),
            Arc::new(keys),
        )
    }),
    blind!(
        "noise + icrnl, sealed",
        &["noise", "damaged_frame"],
        &["icrnl"],
        |d| sealed(d, 4, |f, d| host::icrnl(&noisy(f, d), d))
    ),
    blind!(
        "noise + icrnl, clear",
        &["noise", "damaged_frame"],
        &["icrnl", "cooked"],
        |d| plain(d, 4, |f, d| host::icrnl(&noisy(f, d), d))
    ),
    blind!(
        "inverted + 57600",
        &["inverted_encrypted"],
        &["wrong_speed"],
        |d| sealed(d, 2, |f, d| {
            let how = Sender {
                inverted: true,
                ..sender(d)
            };
            let ear = ear(d);
            hear(
                f,
                how,
                Ear {
                    bit: 2.0 * ear.bit,
                    ..ear
                },
                d,
            )
        })
    ),
    blind!(
        "inverted + 9600, clear",
        &["inverted_plain"],
        &["wrong_speed"],
        |d| plain(d, 4, |f, d| {
            let how = Sender {
                inverted: true,
                ..sender(d)
            };
            let ear = ear(d);
            hear(
                f,
                how,
                Ear {
                    bit: 12.0 * ear.bit,
                    ..ear
                },
                d,
            )
        })
    ),
    blind!(
        "meter + second without key",
        &["no_key"],
        &["two_meters", "no_key"],
        second_without_key
    ),
    blind!("icrnl + ixon, sealed", &["icrnl"], &["ixon"], |d| sealed(
        d,
        4,
        |f, d| host::ixon(&host::icrnl(f, d), d)
    )),
    blind!("icrnl + ixon, no key", &["icrnl"], &["ixon"], |d| keyless(
        d,
        6,
        |f, d| host::ixon(&host::icrnl(f, d), d)
    )),
    blind!(
        "bad key of ring + damage",
        &["wrong_key", "key_typo"],
        &["noise", "damaged_frame", "weak_pull_up"],
        |d| {
            let (one, two) = (meter(d), meter(d));
            let mut keys = two_rings(&one, &two);
            keys.insert(SystemTitle(one.title), pair(d.bytes(), one.authentication));
            let count = count(d, 3);
            let a = one.frames(count, d);
            let b: List = two.frames(count, d).iter().map(|f| noisy(f, d)).collect();
            shot(
                a.into_iter().zip(b).flat_map(|(a, b)| [a, b]).collect(),
                Arc::new(keys),
            )
        }
    ),
    blind!(
        "reset + CRC faults",
        &["counter_reset"],
        &["wrong_crc", "other_crc"],
        |d| {
            let mut meter = meter(d);
            meter.counter = 9000;
            let count = count(d, 4);
            let list = (0..2 * count).map(|n| {
                let text = meter.text(n, d);
                let text = if n % 3 == 2 { bad_crc(&text, d) } else { text };
                meter.seal(
                    if n < count {
                        9000 + n as u32
                    } else {
                        (n - count) as u32
                    },
                    &text,
                )
            });
            shot(list.collect(), meter.ring())
        }
    ),
    blind!("lost + typo", &["key_typo"], &["lost_bytes"], |d| {
        let meter = meter(d);
        let mut key = meter.key;
        key[d.below(16)] ^= 5;
        let count = count(d, 3);
        let list: List = meter.frames(count, d).iter().map(|f| lose(f, d)).collect();
        shot(list, meter.ring_of(key, meter.authentication))
    }),
    blind!(
        "typo + noise",
        &["key_typo"],
        &["noise", "damaged_frame"],
        |d| {
            let meter = meter(d);
            let mut key = meter.key;
            key[d.below(16)] ^= 0x90;
            let count = count(d, 4);
            let list: List = meter.frames(count, d).iter().map(|f| noisy(f, d)).collect();
            shot(list, meter.ring_of(key, meter.authentication))
        }
    ),
    blind!(
        "authentication key + lost",
        &["wrong_auth_key"],
        &["lost_bytes"],
        |d| {
            let meter = meter(d);
            let count = count(d, 4);
            let mut list = meter.frames(count, d);
            for frame in list.iter_mut().step_by(3) {
                gap(frame, d);
            }
            shot(list, meter.ring_of(meter.key, d.bytes()))
        }
    ),
    blind!(
        "missed + noise",
        &["missed"],
        &["noise", "damaged_frame"],
        |d| {
            let meter = meter(d);
            let mut list = meter.frames(12, d);
            list.drain(5..8);
            for frame in list.iter_mut().skip(2).step_by(2) {
                *frame = noisy(frame, d);
            }
            shot(list, meter.ring())
        }
    ),
    blind!(
        "lost + noise, clear",
        &["lost_bytes"],
        &["noise", "damaged_frame"],
        |d| plain(d, 6, |t, d| match d.below(2) {
            0 => lose(t, d),
            _ => noisy(t, d),
        })
    ),
    blind!("7E1 + noise", &["seven_even"], &["noise"], |d| old(
        d,
        3,
        |t, d| noisy(&seven_even(t, d), d)
    )),
    blind!("no key + lost", &["no_key"], &["lost_bytes"], |d| keyless(
        d,
        4,
        |f, d| match d.below(2) {
            0 => lose(f, d),
            _ => f.to_vec(),
        }
    )),
    blind!("telnet + lost", &["telnet"], &["lost_bytes"], |d| sealed(
        d,
        5,
        |f, d| lose(&host::telnet(f, d), d)
    )),
    blind!(
        "other CRC + line ends",
        &["line_ends"],
        &["other_crc", "wrong_crc"],
        |d| {
            let Shot { bytes, keys } = summed(d);
            Shot {
                bytes: host::line_ends(&bytes, d),
                keys,
            }
        }
    ),
];
