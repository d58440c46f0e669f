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

use crate::p1::layout::TextRange;

/// A template in the making: constant parts and steps in the order of the output.
#[derive(Clone, Debug)]
pub struct Rendering<T> {
    text: Vec<u8>,
    bytes: Vec<u8>,
    steps: Vec<Step<T>>,
    /// Blocks of the text, each with a step whose place reaches into it.
    reaches: Vec<(usize, u32)>,
}

/// The output for telegrams of one shape; `T` says what a step writes.
#[derive(Clone, Debug)]
pub struct Template<T> {
    bytes: Vec<u8>,
    steps: Vec<Step<T>>,
    /// Blocks of the text that a place reaches into.
    blocks: Vec<Block>,
    /// Where they begin, and what they hold in the text that `bytes` shows.
    shown: Vec<(usize, [u8; BLOCK])>,
    /// Steps, in the order of the blocks that their places reach into.
    reaching: Vec<u32>,
    /// A bit for each of the blocks: whether it differs from what is shown.
    changed: Vec<u64>,
    /// Steps of another length than before, and what they write, as ranges of `written`.
    resized: Vec<(u32, Range<usize>)>,
    written: Vec<u8>,
    spare: Vec<u8>,
}

/// Some bytes of the text.
#[derive(Clone, Debug)]
struct Block {
    index: usize,
    /// The block before it is the one before it in the list.
    adjoins: bool,
    /// Where in `reaching` the steps are whose place reaches into it.
    steps: Range<usize>,
}

/// A part of the output that follows a place of the text.
#[derive(Clone, Debug)]
struct Step<T> {
    what: T,
    range: Range<usize>,
    first_block: usize,
}

impl<T> Rendering<T> {
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
    pub fn step(&mut self, place: TextRange, what: T, write: impl FnOnce(&mut Vec<u8>, &T)) {
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
        let mut blocks: Vec<Block> = Vec::new();
        let mut end = 0;
        for steps in self.reaches.chunk_by(|(a, _), (b, _)| a == b) {
            let index = steps.first().map_or(0, |(block, _)| *block);
            let range = end..end + steps.len();
            end = range.end;
            blocks.push(Block {
                index,
                adjoins: blocks.last().is_some_and(|last| last.index + 1 == index),
                steps: range,
            });
        }
        Template {
            bytes: self.bytes,
            steps: self.steps,
            shown: blocks
                .iter()
                .map(|block| block.index * BLOCK)
                .map(|start| (start, bytes_at(&self.text, start)))
                .collect(),
            blocks,
            reaching: self.reaches.into_iter().map(|(_, step)| step).collect(),
            changed: Vec::new(),
            resized: Vec::new(),
            written: Vec::new(),
            spare: Vec::new(),
        }
    }
}

impl<T> Template<T> {
    /// The output for another text of the same shape. Only where a step is no `part` of that text, it is written.
    pub fn show<'t>(
        &mut self,
        text: &'t [u8],
        part: impl Fn(&T) -> Option<&'t [u8]>,
        write: impl Fn(&mut Vec<u8>, &T),
    ) -> &[u8] {
        self.compare(text);
        let mut before = 0;
        for word in 0..self.changed.len() {
            let changed = self.changed.get(word).copied().unwrap_or_default();
            let behind = changed << 1 | before >> 63;
            before = changed;
            let mut left = changed;
            while left != 0 {
                let bit = left.trailing_zeros() as usize;
                left &= left - 1;
                self.update(word * 64 + bit, behind >> bit & 1 != 0, &part, &write);
            }
        }
        if !self.resized.is_empty() {
            self.rebuild();
            self.resized.clear();
            self.written.clear();
        }
        &self.bytes
    }

    /// Notes which blocks differ from what is shown.
    fn compare(&mut self, text: &[u8]) {
        self.changed.clear();
        self.changed.extend(self.shown.chunks_mut(64).map(|blocks| {
            // Without a branch: which blocks change is not foreseen by anyone.
            let bits = blocks.iter_mut().zip(0..);
            bits.fold(0, |bits, ((start, shown), bit)| {
                let new = bytes_at(text, *start);
                let old = std::mem::replace(shown, new);
                bits | u64::from(u128::from_ne_bytes(old) != u128::from_ne_bytes(new)) << bit
            })
        }));
    }

    /// Writes the steps anew that a block reaches; `follows` where the one before it in the list changed too.
    fn update<'t>(
        &mut self,
        block: usize,
        follows: bool,
        part: &impl Fn(&T) -> Option<&'t [u8]>,
        write: &impl Fn(&mut Vec<u8>, &T),
    ) {
        let Some(block) = self.blocks.get(block) else {
            return;
        };
        for &index in self.reaching.get(block.steps.clone()).unwrap_or_default() {
            let Some(step) = self.steps.get(index as usize) else {
                continue;
            };
            // A place that reaches in from a block that changed too was written with that one.
            if follows && block.adjoins && step.first_block < block.index {
                continue;
            }
            let start = self.written.len();
            let part = part(&step.what);
            if part.is_none() {
                write(&mut self.written, &step.what);
            }
            let new = part.unwrap_or_else(|| self.written.get(start..).unwrap_or_default());
            match self.bytes.get_mut(step.range.clone()) {
                Some(old) if old.len() == new.len() => {
                    old.copy_from_slice(new);
                    self.written.truncate(start);
                }
                _ => {
                    self.written.extend_from_slice(part.unwrap_or_default());
                    self.resized.push((index, start..self.written.len()));
                }
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

/// The block at an offset; behind the end of the text there are zeros.
#[inline]
fn bytes_at(text: &[u8], start: usize) -> [u8; BLOCK] {
    let rest = text.get(start..).unwrap_or_default();
    rest.first_chunk().copied().unwrap_or_else(|| {
        let mut bytes = [0; BLOCK];
        bytes
            .iter_mut()
            .zip(rest)
            .for_each(|(to, from)| *to = *from);
        bytes
    })
}

/// Bytes that are compared at once.
const BLOCK: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As numbers are written: without leading zeros, so that the length changes.
    fn digits<'t>(text: &'t [u8], place: &TextRange) -> &'t [u8] {
        let sent = place.of(text);
        let zeros = sent.iter().take_while(|&&digit| digit == b'0').count();
        &sent[zeros..]
    }

    fn whole(text: &[u8], places: &[TextRange]) -> Template<TextRange> {
        let mut template = Rendering::new(text);
        for &place in places {
            template.constant().extend_from_slice(b"<");
            template.step(place, place, |out, place| {
                out.extend_from_slice(digits(text, place));
            });
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
                .map(|(start, length)| TextRange { start, end: (start + length).min(1100) })
                .collect();
            let mut text = text.into_bytes();
            let mut kept = whole(&text, &places);
            for change in changes {
                change.into_iter().for_each(|(at, digit)| text[at] = digit);
                let part = |place: &TextRange| {
                    let part = digits(&text, place);
                    part.len().is_multiple_of(2).then_some(part)
                };
                let write = |out: &mut Vec<u8>, place: &TextRange| out.extend_from_slice(digits(&text, place));
                let shown = kept.show(&text, part, write).to_vec();
                prop_assert_eq!(shown, whole(&text, &places).bytes);
            }
        }
    }
}
