//! Output that is written in full once and then kept up to date.
//!
//! ```text
//! telegram   1-0:1.8.0(000025.653*kWh)  1-0:1.7.0(00.005*kW)     blocks of 16 bytes, compared with the last ones
//!                      |--place--|                |place|
//! output     "active_energy_import_kwh":25.653,"active_power_import_kw":0.005
//!                                       |step|                          |step|
//! ```
//! Ten seconds later most bytes of a meter's telegram are the same: only steps whose place lies in a block
//! that changed are written anew, into the output of the last telegram, which is then copied as a whole.

use std::ops::Range;
use std::sync::Arc;

use crate::p1::layout::Place;
use crate::p1::telegram::Shape;

/// What was planned for each of the shapes seen lately.
#[derive(Clone, Debug)]
pub struct ByShape<P> {
    plans: Vec<(Arc<Shape>, P)>,
    latest: usize,
}

/// A template in the making: constant parts and steps in the order of the output.
#[derive(Clone, Debug)]
pub struct Draft<T> {
    text: Vec<u8>,
    bytes: Vec<u8>,
    steps: Vec<Step<T>>,
    /// Blocks of the text, each with a step whose place reaches into it.
    reaches: Vec<(usize, u32)>,
}

/// The output for telegrams of one shape; `T` says what a step writes.
#[derive(Clone, Debug)]
pub struct Template<T> {
    /// Text of the telegram that `bytes` shows.
    shown: Vec<u8>,
    bytes: Vec<u8>,
    steps: Vec<Step<T>>,
    /// For each block of the text, where in `steps_of` the steps are whose place reaches into it.
    blocks: Vec<Range<usize>>,
    steps_of: Vec<u32>,
    /// A bit for each block that a place reaches into.
    reached: Vec<u64>,
    /// A bit for each block that differs from the one shown before.
    changed: Vec<u64>,
    /// Steps of another length than before, and what they write, as ranges of `written`.
    resized: Vec<(u32, Range<usize>)>,
    written: Vec<u8>,
    spare: Vec<u8>,
}

/// A part of the output that follows a place of the text.
#[derive(Clone, Debug)]
struct Step<T> {
    what: T,
    range: Range<usize>,
    first_block: usize,
}

impl<P> Default for ByShape<P> {
    fn default() -> Self {
        Self {
            plans: Vec::new(),
            latest: 0,
        }
    }
}

impl<P> ByShape<P> {
    /// The plan for a shape, made where there is none.
    pub fn of(&mut self, shape: &Arc<Shape>, make: impl FnOnce() -> P) -> &mut P {
        let fits = |(known, _): &(Arc<Shape>, P)| Arc::ptr_eq(known, shape);
        if !self.plans.get(self.latest).is_some_and(fits) {
            self.latest = self.plans.iter().position(fits).unwrap_or_else(|| {
                if self.plans.len() >= PLANS_KEPT {
                    self.plans.remove(0);
                }
                self.plans.push((Arc::clone(shape), make()));
                self.plans.len() - 1
            });
        }
        &mut self.plans[self.latest].1
    }

    /// Forgets all plans.
    pub fn clear(&mut self) {
        self.plans.clear();
    }
}

impl<T> Draft<T> {
    /// Begins the output for a text.
    pub fn new(text: &[u8]) -> Self {
        Self {
            text: text.to_vec(),
            bytes: Vec::new(),
            steps: Vec::new(),
            reaches: Vec::new(),
        }
    }

    /// The output so far, to write constant parts to.
    pub fn constant(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Adds a part that depends on the bytes of a place, and on nothing else that changes.
    pub fn step(&mut self, place: Place, what: T, write: impl FnOnce(&mut Vec<u8>, &T)) {
        let start = self.bytes.len();
        write(&mut self.bytes, &what);
        let (from, to) = (place.start as usize, place.end as usize);
        let index = self.steps.len() as u32;
        let blocks = (from / BLOCK..to.div_ceil(BLOCK)).filter(|_| from < to);
        self.reaches.extend(blocks.map(|block| (block, index)));
        self.steps.push(Step {
            what,
            range: start..self.bytes.len(),
            first_block: from / BLOCK,
        });
    }

    /// The template.
    pub fn finish(mut self) -> Template<T> {
        self.reaches.sort_unstable();
        let count = self.text.len().div_ceil(BLOCK);
        let mut reached = vec![0; count.div_ceil(64)];
        let mut blocks = vec![0..0; count];
        let mut end = 0;
        for steps in self.reaches.chunk_by(|(a, _), (b, _)| a == b) {
            let block = steps.first().map_or(0, |(block, _)| *block);
            let range = end..end + steps.len();
            end = range.end;
            if let (Some(of), Some(word)) = (blocks.get_mut(block), reached.get_mut(block / 64)) {
                *of = range;
                *word |= 1 << (block % 64);
            }
        }
        Template {
            shown: self.text,
            bytes: self.bytes,
            steps: self.steps,
            blocks,
            steps_of: self.reaches.into_iter().map(|(_, step)| step).collect(),
            reached,
            changed: Vec::new(),
            resized: Vec::new(),
            written: Vec::new(),
            spare: Vec::new(),
        }
    }
}

impl<T> Template<T> {
    /// The output for another text of the same shape.
    pub fn show(&mut self, text: &[u8], write: impl Fn(&mut Vec<u8>, &T)) -> &[u8] {
        self.compare(text);
        let mut before = 0;
        for word in 0..self.changed.len() {
            let changed = self.changed.get(word).copied().unwrap_or_default();
            // Blocks behind one that changed too: what reaches in from that one was written with it.
            let behind = changed << 1 | before >> 63;
            before = changed;
            let mut left = changed & self.reached.get(word).copied().unwrap_or_default();
            while left != 0 {
                let bit = left.trailing_zeros() as usize;
                left &= left - 1;
                let follows = behind >> bit & 1 != 0;
                self.update(word * 64 + bit, follows, &write);
            }
        }
        if !self.resized.is_empty() {
            self.rebuild();
            self.resized.clear();
            self.written.clear();
        }
        &self.bytes
    }

    /// Notes which blocks differ from the text that was shown last, and keeps the new text.
    fn compare(&mut self, text: &[u8]) {
        if self.shown.len() != text.len() {
            self.shown = text.iter().map(|byte| !byte).collect();
        }
        self.changed.clear();
        let words = text
            .chunks(64 * BLOCK)
            .zip(self.shown.chunks_mut(64 * BLOCK));
        self.changed.extend(words.map(|(new, old)| {
            let (blocks, rest) = new.as_chunks::<BLOCK>();
            let (old_blocks, old_rest) = old.as_chunks::<BLOCK>();
            // Without a branch: which blocks change is not foreseen by anyone.
            let bits = blocks.iter().zip(old_blocks).rev();
            let bits = bits.fold(u64::from(rest != old_rest), |bits, (new, old)| {
                bits << 1 | u64::from(u128::from_ne_bytes(*new) != u128::from_ne_bytes(*old))
            });
            old.copy_from_slice(new);
            bits
        }));
    }

    /// Writes the steps anew that a block reaches; `follows` where the block before it changed too.
    fn update(&mut self, block: usize, follows: bool, write: &impl Fn(&mut Vec<u8>, &T)) {
        let range = self.blocks.get(block).cloned().unwrap_or_default();
        for &index in self.steps_of.get(range).unwrap_or_default() {
            let Some(step) = self.steps.get(index as usize) else {
                continue;
            };
            if follows && step.first_block < block {
                continue;
            }
            let start = self.written.len();
            write(&mut self.written, &step.what);
            let new = self.written.get(start..).unwrap_or_default();
            match self.bytes.get_mut(step.range.clone()) {
                Some(old) if old.len() == new.len() => {
                    old.copy_from_slice(new);
                    self.written.truncate(start);
                }
                _ => self.resized.push((index, start..self.written.len())),
            }
        }
    }

    /// Puts steps in that are longer or shorter than before.
    fn rebuild(&mut self) {
        self.resized.sort_by_key(|(index, _)| *index);
        let mut changed = self.resized.iter().peekable();
        let (mut copied, mut shift) = (0, 0);
        self.spare.clear();
        for (index, step) in (0u32..).zip(&mut self.steps) {
            let old = step.range.clone();
            step.range.start = old.start.wrapping_add(shift);
            // A step may have been written twice, to the same effect.
            let mut written = None;
            while let Some((_, range)) = changed.next_if(|(changed, _)| *changed == index) {
                written = Some(range.clone());
            }
            if let Some(written) = written {
                let constant = self.bytes.get(copied..old.start).unwrap_or_default();
                self.spare.extend_from_slice(constant);
                let new = self.written.get(written).unwrap_or_default();
                self.spare.extend_from_slice(new);
                copied = old.end;
                shift = self.spare.len().wrapping_sub(old.end);
            }
            step.range.end = old.end.wrapping_add(shift);
        }
        let rest = self.bytes.get(copied..).unwrap_or_default();
        self.spare.extend_from_slice(rest);
        std::mem::swap(&mut self.bytes, &mut self.spare);
    }
}

/// Plans kept, one for each shape of telegram seen lately.
const PLANS_KEPT: usize = 16;
/// Bytes that are compared at once.
const BLOCK: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn write(text: &[u8], out: &mut Vec<u8>, place: &Place) {
        // As numbers do: without leading zeros, so that the length changes.
        let sent = place.of(text);
        let zeros = sent.iter().take_while(|&&digit| digit == b'0').count();
        out.extend_from_slice(&sent[zeros..]);
    }

    fn whole(text: &[u8], places: &[Place]) -> Template<Place> {
        let mut template = Draft::new(text);
        for &place in places {
            template.constant().extend_from_slice(b"<");
            template.step(place, place, |out, place| write(text, out, place));
        }
        template.constant().extend_from_slice(b">");
        template.finish()
    }

    proptest! {
        #[test]
        fn what_is_kept_up_to_date_is_what_would_be_written_anew(
            text in "[0-2]{1100}",
            changes in prop::collection::vec(
                prop::collection::vec((0usize..1100, b'0'..b'3'), 0..20),
                1..8,
            ),
            places in prop::collection::vec((0u32..1100, 0u32..40), 0..60),
        ) {
            let places: Vec<_> = places
                .into_iter()
                .map(|(start, length)| Place { start, end: (start + length).min(1100) })
                .collect();
            let mut text = text.into_bytes();
            let mut kept = whole(&text, &places);
            for change in changes {
                change.into_iter().for_each(|(at, digit)| text[at] = digit);
                let shown = kept.show(&text, |out, place| write(&text, out, place)).to_vec();
                prop_assert_eq!(shown, whole(&text, &places).bytes);
            }
        }
    }
}
