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

/// The output for telegrams of one shape; `T` says what a step writes.
#[derive(Clone, Debug, Default)]
pub struct Template<T> {
    /// Text of the telegram that `bytes` shows.
    shown: Vec<u8>,
    bytes: Vec<u8>,
    steps: Vec<Step<T>>,
    /// Blocks of the text, each with a step whose place reaches into it; in order once `ordered` says so.
    reached: Vec<(usize, u32)>,
    ordered: bool,
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

impl<T> Template<T> {
    /// Begins the output for a text.
    pub fn new(text: &[u8]) -> Self {
        Self {
            shown: text.to_vec(),
            bytes: Vec::new(),
            steps: Vec::new(),
            reached: Vec::new(),
            ordered: false,
            resized: Vec::new(),
            written: Vec::new(),
            spare: Vec::new(),
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
        self.reached.extend(blocks.map(|block| (block, index)));
        self.ordered = false;
        self.steps.push(Step {
            what,
            range: start..self.bytes.len(),
            first_block: from / BLOCK,
        });
    }

    /// The output for another text of the same shape.
    pub fn show(&mut self, text: &[u8], write: impl Fn(&mut Vec<u8>, &T)) -> &[u8] {
        let mut changed_before = None;
        if !std::mem::replace(&mut self.ordered, true) {
            self.reached.sort_unstable();
        }
        for steps in self.reached.chunk_by(|(a, _), (b, _)| a == b) {
            let index = steps.first().map_or(0, |(block, _)| *block);
            let range = index * BLOCK..((index + 1) * BLOCK).min(text.len());
            let (Some(new), Some(old)) = (text.get(range.clone()), self.shown.get_mut(range))
            else {
                break;
            };
            let same = match (new.first_chunk::<BLOCK>(), old.first_chunk::<BLOCK>()) {
                (Some(new), Some(old)) => *new == *old,
                _ => new == old,
            };
            if same {
                continue;
            }
            old.copy_from_slice(new);
            for &(_, step_index) in steps {
                let Some(step) = self.steps.get(step_index as usize) else {
                    continue;
                };
                // A place that reaches in from a block that changed too was written with that one.
                if step.first_block < index && changed_before == index.checked_sub(1) {
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
                    _ => self.resized.push((step_index, start..self.written.len())),
                }
            }
            changed_before = Some(index);
        }
        if !self.resized.is_empty() {
            self.rebuild();
            self.resized.clear();
            self.written.clear();
        }
        &self.bytes
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
        let mut template = Template::new(text);
        for &place in places {
            template.constant().extend_from_slice(b"<");
            template.step(place, place, |out, place| write(text, out, place));
        }
        template.constant().extend_from_slice(b">");
        template
    }

    proptest! {
        #[test]
        fn what_is_kept_up_to_date_is_what_would_be_written_anew(
            texts in prop::collection::vec("[0-2]{70}", 1..8),
            places in prop::collection::vec((0u32..70, 0u32..40), 0..12),
        ) {
            let places: Vec<_> = places
                .into_iter()
                .map(|(start, length)| Place { start, end: (start + length).min(70) })
                .collect();
            let mut kept = whole(texts[0].as_bytes(), &places);
            for text in &texts {
                let text = text.as_bytes();
                let shown = kept.show(text, |out, place| write(text, out, place)).to_vec();
                prop_assert_eq!(shown, whole(text, &places).bytes);
            }
        }
    }
}
