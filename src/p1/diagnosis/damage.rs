//! Damaged characters: which way their bits went.
//!
//! A weak pull-up lets bits fall from 1 to 0, noise turns them both ways, and a receiver that samples late
//! reads `(c >> 1) | 80`. Where the text says what a character should have been, the bit is known.

use crate::p1::diagnosis::finding::{Evidence, Finding, Measure, Verdict};
use crate::p1::diagnosis::text;
use crate::p1::span::Span;

/// Counts over damaged characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Damage {
    /// Bytes that cannot be right.
    pub bytes: usize,
    /// Bits that fell from 1 to 0 on the line.
    pub fallen: usize,
    /// Bits that rose from 0 to 1.
    pub risen: usize,
    /// Bytes that are a plausible character shifted by one bit.
    pub shifted: usize,
    /// Bytes in which one bit explains it.
    pub single: usize,
}

impl Damage {
    /// Looks at one damaged character: `seen` as the text shows it, `wire` as the line brought it.
    ///
    /// They differ by the key stream of an encrypted frame, and are the same in plain text.
    pub fn look(&mut self, text: &[u8], at: usize, wire: u8) {
        let Some(&seen) = text.get(at) else {
            return;
        };
        self.look_for(seen, wire, |byte| text::plausible(text, at, byte));
    }

    /// The same where it is known what may stand there.
    fn look_for(&mut self, seen: u8, wire: u8, plausible: impl Fn(u8) -> bool) {
        self.bytes += 1;
        let key = seen ^ wire;
        let sent = |byte: u8| plausible(byte ^ key);
        if wire >= 0x80 && [0, 1].iter().any(|low| sent(wire << 1 | low)) {
            self.shifted += 1;
        }
        let bits = || (0..8).filter(|bit| sent(wire ^ 1 << bit));
        let fell = bits().any(|bit| wire >> bit & 1 == 0);
        let rose = bits().any(|bit| wire >> bit & 1 == 1);
        match (fell, rose) {
            (true, false) => self.fallen += 1,
            (false, true) => self.risen += 1,
            (true, true) => self.single += 1,
            (false, false) => {
                // Two bits in one character: rare, and still one way or both.
                let pairs = |up: bool| {
                    (0..8).any(|a| {
                        (0..a).any(|b| {
                            let mask = 1 << a | 1 << b;
                            let all = if up { mask } else { 0 };
                            wire & mask == all && sent(wire ^ mask)
                        })
                    })
                };
                match (pairs(false), pairs(true)) {
                    (true, false) => self.fallen += 2,
                    (false, true) => self.risen += 2,
                    _ => {}
                }
                return;
            }
        }
        if fell != rose {
            self.single += 1;
        }
    }

    /// Counts a byte whose right value is known.
    pub fn exact(&mut self, sent: u8, wire: u8) {
        self.bytes += 1;
        self.fallen += (sent & !wire).count_ones() as usize;
        self.risen += (wire & !sent).count_ones() as usize;
        if wire == sent >> 1 | 0x80 {
            self.shifted += 1;
        }
        if (sent ^ wire).count_ones() == 1 {
            self.single += 1;
        }
    }
}

impl Damage {
    /// The finding about damaged characters of some frames.
    pub fn finding(&self, span: Span, frames: usize, mut offsets: Vec<u64>) -> Finding {
        let (verdict, alternatives) = self.verdict();
        let mut evidence = Evidence::default()
            .with(Measure::Damaged, self.bytes as u64)
            .with(Measure::Fallen, self.fallen as u64)
            .with(Measure::Risen, self.risen as u64)
            .with(Measure::Shifted, self.shifted as u64);
        offsets.truncate(OFFSETS_MAX);
        evidence.damaged = offsets;
        Finding::new(verdict, span, frames, evidence).or(alternatives)
    }

    /// What the directions say, and what else they leave open.
    pub fn verdict(&self) -> (Verdict, &'static [Verdict]) {
        use Verdict::{DamagedFrame, Noise, SampledLate, WeakPullUp};
        let (fallen, risen) = (self.fallen, self.risen);
        if self.shifted >= 2 && self.shifted * 2 >= self.bytes {
            return (SampledLate, &[]);
        }
        match (fallen, risen) {
            (6.., 0) => (WeakPullUp, &[]),
            (3.., 0) => (WeakPullUp, &[Noise]),
            _ if fallen >= 10 && fallen >= 9 * risen => (WeakPullUp, &[]),
            (_, 1..) if fallen + risen >= 2 => (Noise, &[]),
            (2, 0) => (DamagedFrame, &[WeakPullUp, Noise]),
            _ => (DamagedFrame, &[Noise]),
        }
    }
}

/// Looks at a damaged text as a whole; gives the places of what cannot be right.
///
/// `wire` holds the bytes as received, as long as the text. A telegram of the same length from the same
/// meter says what stands where; without one, neighbours do.
pub fn weigh(
    damage: &mut Damage,
    text: &[u8],
    wire: &[u8],
    reference: Option<&[u8]>,
) -> Vec<usize> {
    let reference = reference.filter(|reference| {
        reference.len() == text.len() && {
            let differs = |(a, b): (&u8, &u8)| !same_kind(*a, *b);
            let differences = reference.iter().zip(text).filter(|&pair| differs(pair));
            differences.count() * 3 < text.len()
        }
    });
    let Some(reference) = reference else {
        let places = text::oddities(text);
        for &at in &places {
            damage.look(text, at, wire.get(at).copied().unwrap_or(0));
        }
        return places;
    };
    let mut places = Vec::new();
    for (at, (&right, &seen)) in reference.iter().zip(text).enumerate() {
        if same_kind(right, seen) {
            continue;
        }
        places.push(at);
        let wire = wire.get(at).copied().unwrap_or(0);
        match right {
            b'0'..=b'9' | b'A'..=b'F' => damage.look_for(seen, wire, |byte| byte.is_ascii_digit()),
            _ => damage.exact(right ^ seen ^ wire, wire),
        }
    }
    places
}

/// A text that most of several texts of one length agree on.
pub fn consensus(texts: &[&[u8]]) -> Option<Vec<u8>> {
    let length = texts
        .iter()
        .map(|text| text.len())
        .max_by_key(|&length| texts.iter().filter(|text| text.len() == length).count())?;
    let same: Vec<&[u8]> = texts
        .iter()
        .filter(|text| text.len() == length)
        .copied()
        .collect();
    if same.len() < 3 {
        return None;
    }
    let most = |at: usize| {
        let kinds = same.iter().filter_map(|text| text.get(at)).copied();
        kinds.clone().max_by_key(|&byte| {
            let alike = kinds
                .clone()
                .filter(|&other| same_kind(byte, other))
                .count();
            (alike, text::is_readable(byte))
        })
    };
    (0..length).map(most).collect()
}

/// The text that two of several came from where each lost as many bytes, but elsewhere; most of the others must
/// come from it as well.
pub fn rebuilt(texts: &[&[u8]]) -> Option<Vec<u8>> {
    let some = texts.get(..PAIRS_MAX.min(texts.len()))?;
    some.iter().find_map(|first| {
        some.iter().find_map(|second| {
            let whole = joined(first, second)?;
            let comes = texts.iter().filter(|text| {
                let (front, back) = alike(text, &whole);
                text.len() < whole.len() && front + back >= text.len()
            });
            (comes.count() * 3 >= texts.len() * 2).then_some(whole)
        })
    })
}

/// What stood there before the first text lost bytes at an earlier place than the second.
fn joined(first: &[u8], second: &[u8]) -> Option<Vec<u8>> {
    if first.len() != second.len() {
        return None;
    }
    let (front, back) = alike(first, second);
    let end = first.len().checked_sub(back).filter(|end| *end > front)?;
    let fits = |lost: usize| {
        let moved = first.get(front..end.checked_sub(lost)?)?;
        let kept = second.get(front + lost..end)?;
        let same = |(a, b): (&u8, &u8)| same_kind(*a, *b);
        let whole = moved.len() >= OVERLAP && moved.iter().zip(kept).all(same);
        whole.then_some([second.get(..end)?, first.get(end - lost..)?].concat())
    };
    (1..end - front).find_map(fits)
}

/// How many bytes two texts have in common at their beginning and at their end.
fn alike(a: &[u8], b: &[u8]) -> (usize, usize) {
    let same = |(a, b): &(&u8, &u8)| same_kind(**a, **b);
    let front = a.iter().zip(b).take_while(same).count();
    let back = a.iter().rev().zip(b.iter().rev()).take_while(same).count();
    (front, back)
}

/// Tells whether two characters may stand at the same place of two telegrams.
pub fn same_kind(a: u8, b: u8) -> bool {
    let value = |byte: u8| byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte);
    a == b || (value(a) && value(b)) || (matches!(a, b'S' | b'W') && matches!(b, b'S' | b'W'))
}

/// Texts of which each is held against each other.
const PAIRS_MAX: usize = 8;
/// Fewest bytes between two breaks that show how far they are moved.
const OVERLAP: usize = 16;
/// Damaged offsets that are kept as evidence.
const OFFSETS_MAX: usize = 64;
