//! Which wrong setting of the receiver makes bytes of this kind: compared with what the line model makes.
//!
//! A receiver at the wrong speed, or on an inverted line, reads bytes in which some bits are always set and
//! some never. The model of the line is fed with text and with noise, and its bytes are counted; the setting
//! under which the bytes at hand are the least surprising is the likely one.

use std::sync::OnceLock;

use crate::p1::diagnosis::finding::Verdict;
use crate::p1::diagnosis::receiver::makes::{ERRORS, Gap, MAKES, Receiver, levels};
use crate::p1::diagnosis::receiver::sample;
use crate::p1::line::{ErrorBytes, Framing, Parity, Rng, Wire};

/// A way in which a line was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// What is wrong, `None` for bytes read as they were sent.
    pub verdict: Option<Verdict>,
    /// Speed at which it was sent, in baud.
    pub sent: u32,
    /// Speed at which it was read, in baud.
    pub read: u32,
    /// Text, not noise.
    pub plain: bool,
}

/// How surprising each byte is under a setting.
struct Shape {
    setting: Setting,
    /// Bits times 256.
    cost: Vec<u32>,
    /// Bytes that were counted.
    bytes: usize,
    /// What every burst begins with.
    start: Vec<u8>,
}

/// The likeliest setting, and the likeliest with another verdict that fits about as well.
pub fn likeliest(bytes: &[u8]) -> (Setting, Option<Setting>) {
    let mut counts = [0u64; 256];
    for &byte in bytes {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
    }
    let mut ranked: Vec<(u64, Setting)> = shapes()
        .iter()
        .map(|shape| {
            let costs = counts.iter().zip(&shape.cost);
            let cost: u64 = costs.map(|(&n, &cost)| n * u64::from(cost)).sum();
            (cost.saturating_sub(shape.bonus(bytes)), shape.setting)
        })
        .collect();
    if !is_even(&counts) {
        // Bytes that differ so much in number are no noise, whatever else they are.
        ranked.retain(|(_, setting)| setting.verdict.is_some() || setting.plain);
    }
    ranked.sort_by_key(|(cost, _)| *cost);
    let Some(&(least, best)) = ranked.first() else {
        return (AS_SENT, None);
    };
    let near = ranked.iter().find(|(cost, setting)| {
        setting.verdict != best.verdict && *cost < least + DOUBT_BITS * 256
    });
    (best, near.map(|(_, setting)| *setting))
}

/// Tells whether all bytes come equally often, as far as chance allows (chi-squared, 255 degrees).
fn is_even(counts: &[u64; 256]) -> bool {
    let total: u64 = counts.iter().sum();
    let squares: u64 = counts.iter().map(|count| count * count).sum();
    // The sum of (n - e)^2 / e is 256 / total * squares - total.
    let spread = (256 * squares / total.max(1)).saturating_sub(total);
    spread < EVEN_MAX
}

fn shapes() -> &'static [Shape] {
    static SHAPES: OnceLock<Vec<Shape>> = OnceLock::new();
    SHAPES.get_or_init(|| {
        let text = sample::text();
        let mut rng = Rng::new(1);
        let noise: Vec<u8> = (0..text.len()).map(|_| rng.next_byte()).collect();
        let mut shapes = Vec::new();
        for (plain, bytes) in [(true, &text), (false, &noise)] {
            let clean = Setting { plain, ..AS_SENT };
            shapes.push(Shape::of(clean, bytes));
            let cooked = Setting {
                verdict: Some(Verdict::Cooked),
                ..clean
            };
            if !plain {
                let eaten = |byte: &u8| !COOKED.contains(byte);
                shapes.push(Shape::of(
                    cooked,
                    &bytes.iter().copied().filter(eaten).collect::<Vec<_>>(),
                ));
                let strip = Setting {
                    verdict: Some(Verdict::Bit7Stripped),
                    ..clean
                };
                shapes.push(Shape::of(
                    strip,
                    &bytes.iter().map(|byte| byte & 0x7F).collect::<Vec<_>>(),
                ));
            }
            let starts = sample::starts(plain);
            for gap in GAPS {
                let straight = levels(bytes, gap, false);
                let turned = levels(bytes, gap, true);
                for (make, errors) in MAKES
                    .into_iter()
                    .flat_map(|make| ERRORS.map(|errors| (make, errors)))
                {
                    let receiver = |bit: u64| Receiver { bit, make, errors };
                    let begin = |inverted: bool, receiver: Receiver| {
                        let seen = starts
                            .iter()
                            .map(|start| receiver.read(&levels(start, gap, inverted)));
                        seen.reduce(|a, b| common(&a, &b)).unwrap_or_default()
                    };
                    let verdict = match plain {
                        true => Verdict::InvertedPlain,
                        false => Verdict::InvertedEncrypted,
                    };
                    let setting = Setting {
                        verdict: Some(verdict),
                        ..clean
                    };
                    let seen = receiver(1000).read(&turned);
                    let start = begin(true, receiver(1000));
                    shapes.push(Shape::of(setting, &seen).starting(start));
                    for read in SPEEDS {
                        let setting = Setting {
                            verdict: Some(Verdict::WrongSpeed),
                            read,
                            ..clean
                        };
                        let ratio = 115_200_000 / u64::from(read);
                        // The slower it is read, the more the clocks run apart.
                        let drifts: &[u64] = if ratio > 2500 {
                            &[985, 992, 1000, 1008, 1015]
                        } else {
                            &[1000]
                        };
                        for drift in drifts {
                            let receiver = receiver(ratio * drift / 1000);
                            let start = begin(false, receiver);
                            let seen = receiver.read(&straight);
                            shapes.push(Shape::of(setting, &seen).starting(start));
                        }
                    }
                }
                shapes.extend(drifting(clean, bytes, gap));
                let even = Framing {
                    parity: Parity::Even,
                    ..Framing::P1
                };
                let setting = Setting {
                    verdict: Some(Verdict::WrongParity),
                    ..clean
                };
                let Gap::Fixed(gap) = gap else {
                    continue;
                };
                let wire = Wire::transmit_with_gaps(bytes, Framing::P1, gap);
                shapes.push(Shape::of(setting, &wire.receive(even, ErrorBytes::AsZero)));
            }
        }
        let slow = Wire::transmit(text.get(..SLOW).unwrap_or_default(), Framing::DSMR2);
        for read in [2400, 4800, 19_200, 38_400, 57_600] {
            let setting = Setting {
                verdict: Some(Verdict::WrongSpeed),
                sent: 9600,
                read,
                plain: true,
            };
            shapes.push(Shape::of(
                setting,
                &slow.receive(Framing::n81(read), ErrorBytes::AsRead),
            ));
        }
        for gap in [0, 1, 2] {
            let wire =
                Wire::transmit_with_gaps(text.get(..SLOW).unwrap_or_default(), Framing::DSMR2, gap);
            let wire = wire.inverted();
            let setting = Setting {
                verdict: Some(Verdict::InvertedPlain),
                sent: 9600,
                read: 9600,
                plain: true,
            };
            for framing in [Framing::DSMR2, Framing::n81(9600)] {
                for errors in ERRORS {
                    shapes.push(Shape::of(setting, &wire.receive(framing, errors)));
                }
            }
        }
        // A receiver that locks on a gap between characters reads one byte only: that is not this.
        shapes.retain(|shape| {
            let parity = shape.setting.verdict == Some(Verdict::WrongParity);
            shape.bytes >= ENOUGH && (parity || !shape.cost.iter().any(|&cost| cost < 300))
        });
        shapes
    })
}

/// A line that is read much too slowly, by receivers whose clocks differ: what they read together.
///
/// One character as read spans many as sent, so the least difference between clocks moves what is sampled.
fn drifting(clean: Setting, bytes: &[u8], gap: Gap) -> Vec<Shape> {
    let mut shapes = Vec::new();
    let pieces: Vec<Vec<bool>> = bytes
        .chunks(DRIFT_PIECE)
        .map(|piece| levels(piece, gap, false))
        .collect();
    for read in SPEEDS {
        let ratio = 115_200_000 / u64::from(read);
        if ratio < 5000 {
            continue;
        }
        for errors in ERRORS {
            let mut seen = Vec::new();
            for (number, levels) in pieces.iter().cycle().take(DRIFTS).enumerate() {
                for make in MAKES {
                    let drift = 980 + 40 * number as u64 / DRIFTS as u64;
                    let bit = ratio * drift / 1000;
                    seen.extend(Receiver { bit, make, errors }.read(levels));
                }
            }
            let setting = Setting {
                verdict: Some(Verdict::WrongSpeed),
                read,
                ..clean
            };
            shapes.push(Shape::of(setting, &seen));
        }
    }
    shapes
}

impl Shape {
    /// Bursts begin like this; one byte alone says too little.
    fn starting(mut self, start: Vec<u8>) -> Self {
        let tells = |byte: &&u8| !matches!(byte, 0 | 0xFF | 0x80);
        if start.iter().filter(tells).count() >= 2 {
            self.start = start;
        }
        self
    }

    /// Bits, times 256, that the starts of bursts are worth.
    fn bonus(&self, bytes: &[u8]) -> u64 {
        if self.start.is_empty() {
            return 0;
        }
        let bits = 8 * self.start.len() as u64;
        let first = bits * u64::from(bytes.starts_with(&self.start));
        let found = memchr::memmem::find_iter(bytes, &self.start).count() as u64;
        let doubt = u64::from(log2(bytes.len() as u64)) / 256;
        let more = found.min(8) * bits.saturating_sub(doubt + 1);
        256 * first.max(more)
    }

    fn of(setting: Setting, bytes: &[u8]) -> Self {
        let mut counts = vec![0u64; 256];
        for &byte in bytes {
            if let Some(count) = counts.get_mut(usize::from(byte)) {
                *count += 1;
            }
        }
        let total = bytes.len() as u64;
        // Other receivers differ a little: a fifth of all bytes may be anything.
        let weight = |count: u64| 4 * 256 * count + total + 256;
        let all = 5 * 256 * total + 256 * 256;
        let cost = counts
            .into_iter()
            .map(|count| log2(all) - log2(weight(count)));
        Self {
            setting,
            cost: cost.collect(),
            bytes: bytes.len(),
            start: Vec::new(),
        }
    }
}

fn common(a: &[u8], b: &[u8]) -> Vec<u8> {
    let same = a.iter().zip(b).take_while(|(a, b)| a == b);
    same.map(|(a, _)| *a).collect()
}

/// Logarithm to the base 2, times 256.
fn log2(number: u64) -> u32 {
    let whole = number.max(1).ilog2();
    // The mantissa, from 1 to 2, with 31 bits behind the point; each square shows one bit of the logarithm.
    let mut mantissa = (u128::from(number.max(1)) << 31) >> whole;
    let mut fraction = 0;
    for _ in 0..8 {
        mantissa = (mantissa * mantissa) >> 31;
        fraction = fraction << 1 | u32::from(mantissa >> 32 == 1);
        if mantissa >> 32 == 1 {
            mantissa >>= 1;
        }
    }
    (whole << 8) + fraction
}

/// Bytes that a tty in cooked mode takes for commands, and the CR that it turns into LF.
pub const COOKED: [u8; 11] = [
    0x03, 0x04, 0x0D, 0x11, 0x12, 0x13, 0x15, 0x17, 0x1A, 0x1C, 0x7F,
];
/// Clocks that are compared, and bytes that each listens to.
const DRIFTS: usize = 40;
const DRIFT_PIECE: usize = 800;
/// Pauses that senders make.
const GAPS: [Gap; 5] = [
    Gap::Fixed(0),
    Gap::Fixed(1),
    Gap::Fixed(2),
    Gap::UpTo(1),
    Gap::UpTo(4),
];
/// Speeds that people set, in baud.
const SPEEDS: [u32; 7] = [2400, 4800, 9600, 19_200, 38_400, 57_600, 230_400];
const AS_SENT: Setting = Setting {
    verdict: None,
    sent: 115_200,
    read: 115_200,
    plain: false,
};
/// Bits of surprise between two settings that leave doubt.
const DOUBT_BITS: u64 = 8;
/// Bytes that a setting must leave of them to be compared.
const ENOUGH: usize = 250;
/// Spread that noise hardly ever reaches.
const EVEN_MAX: u64 = 370;
/// The same for the slow line.
const SLOW: usize = 8000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_noise_are_themselves() {
        assert_eq!(likeliest(&sample::text()[300..700]).0.verdict, None);
        let mut rng = Rng::new(99);
        let noise: Vec<u8> = (0..400).map(|_| rng.next_byte()).collect();
        // A line that is read much too slowly gives noise as well, and is the likelier cause of it.
        let (best, _) = likeliest(&noise);
        let slow = best.verdict == Some(Verdict::WrongSpeed) && best.read < 20_000;
        assert!(best == AS_SENT || slow, "{best:?}");
    }

    #[test]
    fn a_logarithm_is_about_right() {
        assert_eq!((log2(1), log2(2), log2(1024)), (0, 256, 2560));
        assert!(log2(3).abs_diff(406) < 2);
    }
}
