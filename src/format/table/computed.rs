//! What is computed, as a part of the table: what the phases share stands in columns, the rest in rows.

use super::marks::{Origin, Text};
use super::rows::{Part, Phases, Row, Shown};
use crate::p1::derive::{Derived, Quantity};
use crate::p1::obis::Section;
use crate::p1::unit::Unit;

/// The part of what is computed; with each value comes its place among them all.
pub(super) fn part<'a>(all: impl Iterator<Item = (u32, &'a Derived)>) -> Part {
    let mut part = Part::new(Section::Computed);
    for (index, derived) in all {
        let Some(quantity) = derived.quantity() else {
            continue;
        };
        let unit = quantity.unit.map_or("", Unit::symbol);
        let digits = Text {
            shown: derived.value.to_string(),
            origin: Origin::Derived(index),
        };
        let row = Row {
            code: String::new(),
            words: quantity.words.to_owned(),
            shown: Shown::Figure {
                digits: digits.clone(),
                unit: unit.to_owned(),
            },
        };
        match phase(quantity) {
            Some((phase, words)) => take(&mut part, phase, words, row, digits),
            None => part.rows.push(row),
        }
    }
    part.settle();
    part
}

/// Puts a row among those of its quantity.
fn take(part: &mut Part, phase: usize, words: &'static str, row: Row, digits: Text) {
    let known = part.phases.iter().position(|known| known.words == words);
    let place = known.unwrap_or_else(|| {
        part.phases.push(Phases {
            codes: [None; 3],
            words,
            digits: Default::default(),
            unit: Unit::Kilowatt.symbol().to_owned(),
            rows: Vec::new(),
        });
        part.phases.len() - 1
    });
    if let Some(phases) = part.phases.get_mut(place) {
        if let Some(slot) = phases.digits.get_mut(phase) {
            *slot = digits;
        }
        phases.rows.push(row);
    }
}

/// Index of the phase, and what is computed of it: 0 and `net power` of `net power L1`.
fn phase(quantity: &'static Quantity) -> Option<(usize, &'static str)> {
    let places = [" L1", " L2", " L3"].iter().enumerate();
    places
        .filter_map(|(phase, end)| Some((phase, quantity.words.strip_suffix(end)?)))
        .next()
}
