//! A body that was drawn once and is kept up to date: of the next telegram only values that changed are written.
//!
//! ```text
//! telegram   1-0:1.8.0(000025.653*kWh)   1-0:1.7.0(00.005*kW)     compared with the last one
//!                      |-watched-|                 |watch|
//! body       energy imported    25.653 kWh                        the point stays where it is
//!                            |- room -|
//! ```
//! What is between the watched places has to be the same, as has all that the columns are wide by. Else the body is
//! no use, and another one has to be drawn.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::marks::{self, Marks, Origin};
use super::rows::{FIGURE_MAX, Sheet};
use super::words::write_local;
use crate::p1::derive::Derived;
use crate::p1::telegram::{Telegram, Value};
use crate::p1::value::Number;

/// A body, and what stands where in it.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    body: Vec<u8>,
    /// The telegram that it shows.
    text: Vec<u8>,
    /// What was computed with it, and whether that is in the body.
    derived: Vec<(Derived, bool)>,
    timed: bool,
    watched: Vec<Watched>,
    values: Vec<Sent>,
    columns: Vec<Column>,
    changes: Changes,
}

/// Some bytes of the telegram, in its order; what is in none of them is shown nowhere.
#[derive(Clone, Debug)]
struct Watched {
    range: Range<usize>,
    /// The value there; without one they have to stay as they are.
    value: Option<usize>,
}

/// A value that may change.
#[derive(Clone, Debug)]
struct Sent {
    origin: Origin,
    length: usize,
    /// Characters from the point on.
    behind: usize,
    places: Vec<Place>,
}

/// A place where a value is shown.
#[derive(Clone, Debug)]
struct Place {
    /// What is shown of it, if that is not all: of a time the date or the clock.
    part: Option<Range<usize>>,
    /// Where it ends in the body.
    end: usize,
    /// Bytes up to there that it may take; what it does not take are blanks.
    room: usize,
}

/// A column of numbers, which is as wide as the widest before the point.
#[derive(Clone, Debug)]
struct Column {
    before: usize,
    /// Width of what does not change.
    fixed: usize,
    values: Vec<usize>,
}

/// What is to be written, as ranges of bytes.
#[derive(Clone, Debug, Default)]
struct Changes {
    bytes: Vec<u8>,
    values: Vec<(usize, Range<usize>)>,
}

impl Kept {
    /// Keeps a body that was drawn with marks; what could not be kept so is given back.
    pub fn of(
        drawn: &str,
        sheet: &Sheet,
        marks: &Marks,
        telegram: &Telegram<'_>,
        derived: &[Derived],
        ignored: &[Range<usize>],
    ) -> Result<Self, BTreeSet<Origin>> {
        let mut kept = Self {
            body: Vec::new(),
            text: telegram.text().to_vec(),
            derived: (0..)
                .zip(derived)
                .map(|(index, one)| {
                    let origin = Origin::Derived(index);
                    (*one, sheet.texts().any(|text| text.origin == origin))
                })
                .collect(),
            timed: telegram.measured_at().is_some(),
            watched: Vec::new(),
            values: Vec::new(),
            columns: Vec::new(),
            changes: Changes::default(),
        };
        kept.fill(drawn, sheet, marks)?;
        kept.watch(telegram, ignored);
        kept.align(sheet);
        Ok(kept)
    }

    /// The body.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Brings the body up to date; gives `false`, and leaves it as it is, where another one has to be drawn.
    pub fn show(&mut self, telegram: &Telegram<'_>, derived: &[Derived]) -> bool {
        let mut changes = std::mem::take(&mut self.changes);
        changes.bytes.clear();
        changes.values.clear();
        let shows = self.note(&mut changes, telegram, derived).is_some();
        if shows {
            for (value, range) in &changes.values {
                let new = changes.bytes.get(range.clone()).unwrap_or_default();
                self.put(*value, new);
            }
            self.text.clear();
            self.text.extend_from_slice(telegram.text());
            for ((old, _), new) in self.derived.iter_mut().zip(derived) {
                old.value = new.value;
            }
        }
        self.changes = changes;
        shows
    }

    /// Puts values in the place of marks.
    fn fill(&mut self, drawn: &str, sheet: &Sheet, marks: &Marks) -> Result<(), BTreeSet<Origin>> {
        let mut marked: BTreeMap<char, (&str, usize, Range<usize>)> = BTreeMap::new();
        for text in sheet.texts().filter(|text| marks.has(text.origin)) {
            let Some([first, second]) = text.origin.marks() else {
                continue;
            };
            let known = self.values.iter().position(|v| v.origin == text.origin);
            let value = known.unwrap_or(self.values.len());
            if known.is_none() {
                self.values.push(Sent {
                    origin: text.origin,
                    length: text.shown.len(),
                    behind: behind(text.shown.as_bytes()),
                    places: Vec::new(),
                });
            }
            let all = text.shown.len();
            let end = text.shown.find(' ').unwrap_or(all);
            marked.insert(first, (&text.shown, value, 0..end));
            marked.insert(second, (&text.shown, value, (end + 1).min(all)..all));
        }
        let mut unfit = BTreeSet::new();
        let mut body = String::with_capacity(drawn.len());
        let mut letters = drawn.chars().peekable();
        while let Some(letter) = letters.next() {
            let known = marks::is_mark(letter).then(|| marked.get(&letter));
            let Some((text, index, part)) = known.flatten() else {
                body.push(letter);
                continue;
            };
            let mut length = 1;
            while letters.next_if_eq(&letter).is_some() {
                length += 1;
            }
            let Some(value) = self.values.get_mut(*index) else {
                continue;
            };
            if length != part.len() {
                unfit.insert(value.origin);
            }
            let blanks = match value.origin {
                Origin::Number(_) | Origin::Derived(_) => {
                    body.len() - body.trim_end_matches(' ').len()
                }
                _ => 0,
            };
            body.push_str(text.get(part.clone()).unwrap_or_default());
            value.places.push(Place {
                part: Some(part.clone()).filter(|part| part.len() < text.len()),
                end: body.len(),
                room: blanks + length,
            });
        }
        self.body = body.into_bytes();
        match unfit.is_empty() {
            true => Ok(()),
            false => Err(unfit),
        }
    }

    /// Finds out which bytes of the telegram are to be watched.
    fn watch(&mut self, telegram: &Telegram<'_>, ignored: &[Range<usize>]) {
        let items = &telegram.shape().layout.items;
        let range = |item: u32| {
            let place = items.get(item as usize)?.value;
            Some(place.start as usize..place.end as usize)
        };
        let shown = self.values.iter().enumerate().filter_map(|(index, value)| {
            if value.places.is_empty() {
                return None;
            }
            let item = match value.origin {
                Origin::Number(item) | Origin::Word(item) | Origin::Time(item) => item,
                Origin::Mixed | Origin::Derived(_) => return None,
            };
            Some((range(item)?, Some(index)))
        });
        let ignored = ignored.iter().map(|range| (range.clone(), None));
        let mut known: Vec<_> = shown.chain(ignored).collect();
        known.sort_by_key(|(range, _)| (range.start, range.end));
        let mut end = 0;
        for (range, value) in known {
            // What does not begin behind the last one is watched as a part of what is between.
            if range.start < end {
                continue;
            }
            if range.start > end {
                self.watched.push(Watched {
                    range: end..range.start,
                    value: None,
                });
            }
            end = range.end;
            if value.is_some() {
                self.watched.push(Watched { range, value });
            }
        }
        if end < self.text.len() {
            self.watched.push(Watched {
                range: end..self.text.len(),
                value: None,
            });
        }
    }

    /// Finds out which numbers stand in a column together.
    fn align(&mut self, sheet: &Sheet) {
        for column in sheet.columns() {
            let mut aligned = Column {
                before: 0,
                fixed: 0,
                values: Vec::new(),
            };
            for text in column {
                let before = text.shown.len() - behind(text.shown.as_bytes());
                aligned.before = aligned.before.max(before);
                match self.shown(text.origin) {
                    Some(value) => aligned.values.push(value),
                    None => aligned.fixed = aligned.fixed.max(before),
                }
            }
            self.columns.push(aligned);
        }
    }

    /// The value that is made of one thing, where it is shown.
    fn shown(&self, origin: Origin) -> Option<usize> {
        let is_shown = |value: &Sent| value.origin == origin && !value.places.is_empty();
        self.values.iter().position(is_shown)
    }

    /// Notes what changed; `None` where that cannot be shown in this body.
    fn note(
        &self,
        changes: &mut Changes,
        telegram: &Telegram<'_>,
        derived: &[Derived],
    ) -> Option<()> {
        let text = telegram.text();
        let alike = text.len() == self.text.len()
            && derived.len() == self.derived.len()
            && self.timed == telegram.measured_at().is_some();
        if !alike {
            return None;
        }
        for watched in &self.watched {
            if text.get(watched.range.clone()) != self.text.get(watched.range.clone()) {
                self.change(changes, watched.value?, telegram, derived)?;
            }
        }
        for (((old, in_body), new), index) in self.derived.iter().zip(derived).zip(0..) {
            if old.key != new.key {
                return None;
            }
            let origin = Origin::Derived(index);
            if *in_body && old.value != new.value {
                let value = self.shown(origin)?;
                self.change(changes, value, telegram, derived)?;
            }
        }
        let resized = changes.values.iter().any(|(value, range)| {
            let old = self.values.get(*value);
            old.is_none_or(|old| old.length != range.len())
        });
        (!resized
            || self
                .columns
                .iter()
                .all(|column| self.holds(column, changes)))
        .then_some(())
    }

    /// Notes that a value changed.
    fn change(
        &self,
        changes: &mut Changes,
        index: usize,
        telegram: &Telegram<'_>,
        derived: &[Derived],
    ) -> Option<()> {
        let value = self.values.get(index)?;
        let start = changes.bytes.len();
        write(&mut changes.bytes, value.origin, telegram, derived)?;
        let new = changes.bytes.get(start..)?;
        let fits = match value.origin {
            Origin::Number(_) => new.len() <= FIGURE_MAX && behind(new) == value.behind,
            Origin::Derived(_) => behind(new) == value.behind,
            Origin::Word(_) => new.len() == value.length && marks::is_word(new),
            Origin::Time(_) => new.len() == value.length,
            Origin::Mixed => false,
        };
        let has_room = |place: &Place| place.part.is_some() || new.len() <= place.room;
        if !fits || !value.places.iter().all(has_room) {
            return None;
        }
        changes.values.push((index, start..changes.bytes.len()));
        Some(())
    }

    /// Tells whether a column stays as wide as it is.
    fn holds(&self, column: &Column, changes: &Changes) -> bool {
        let before = |index: &usize| {
            let changed = changes.values.iter().find(|(value, _)| value == index);
            let value = self.values.get(*index);
            value.map_or(0, |value| {
                changed.map_or(value.length, |(_, range)| range.len()) - value.behind
            })
        };
        let widest = column.values.iter().map(before).max().unwrap_or(0);
        widest.max(column.fixed) == column.before
    }

    /// Writes a value in all its places.
    fn put(&mut self, index: usize, new: &[u8]) {
        let Some(value) = self.values.get_mut(index) else {
            return;
        };
        for place in &value.places {
            let shown = match &place.part {
                Some(part) => new.get(part.clone()).unwrap_or_default(),
                None => new,
            };
            let used = match &place.part {
                Some(_) => shown.len(),
                None => shown.len().max(value.length),
            };
            let room = place.end.saturating_sub(used)..place.end;
            if let Some(room) = self.body.get_mut(room)
                && let Some((blanks, bytes)) = room.split_at_mut_checked(used - shown.len())
            {
                blanks.fill(b' ');
                bytes.copy_from_slice(shown);
            }
        }
        value.length = new.len();
    }
}

/// Writes a value as it is shown; `None` where it is of another kind than it was.
fn write(
    out: &mut Vec<u8>,
    origin: Origin,
    telegram: &Telegram<'_>,
    derived: &[Derived],
) -> Option<()> {
    let layout = &telegram.shape().layout;
    match origin {
        Origin::Number(item) => {
            let item = layout.items.get(item as usize)?;
            Number::at(item.value.of(telegram.text())).write(out);
        }
        Origin::Word(item) => match telegram.value(item) {
            Value::Text(text) => out.extend_from_slice(text.as_bytes()),
            _ => return None,
        },
        Origin::Time(item) => {
            let time = telegram.time(layout.items.get(item as usize)?)?;
            let mut text = String::new();
            write_local(&mut text, &time, false);
            out.extend_from_slice(text.as_bytes());
        }
        Origin::Derived(index) => {
            let value = derived.get(index as usize)?.value.to_string();
            out.extend_from_slice(value.as_bytes());
        }
        Origin::Mixed => return None,
    }
    Some(())
}

/// Characters of a number from the point on.
fn behind(number: &[u8]) -> usize {
    let point = memchr::memchr(b'.', number);
    point.map_or(0, |point| number.len() - point)
}
