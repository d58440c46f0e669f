//! The layout of a telegram: where its lines, groups and items lie, and what may change without moving them.
//!
//! ```text
//! 0-1:24.2.1(200706103140S)(00000.006*m3)     a line: code and groups
//!            |- group ---|  |- group ---|
//!            |- item ----|  |item---| unit    an item: one value; seldom two in one group
//! ```
//! A meter sends the same lines in the same order, so the layout of the last telegram mostly serves for the
//! next: [`Layout::fits`] compares all bytes at once, where digits of values may be any digits.
//!
//! Reading is total: a line that cannot be read becomes a [`Fault`] and costs no other line
//! (IEC 62056-21 mode D; DSMR P1 5.0.2 section 6).

mod profile;
mod reader;

use std::ops::Range;

use super::obis::{Entry, Obis};

pub use profile::{Column, OLD_READING};

/// A stretch of the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TextRange {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset behind the last byte.
    pub end: u32,
}

/// Where everything lies in a telegram.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Offset of the `!`.
    mark: usize,
    lowest: Vec<u8>,
    span: Vec<u8>,
    /// Header line without the slash.
    pub identification: TextRange,
    /// The lines that could be read, in order.
    pub lines: Vec<Line>,
    /// Groups of all lines, in order.
    pub groups: Vec<Group>,
    /// Items of all groups, in order.
    pub items: Vec<Item>,
    /// Items with the form of a time, each with the index of its line.
    pub times: Vec<(u32, u32)>,
    /// What could not be read, in order.
    pub faults: Vec<Fault>,
}

/// One COSEM object.
#[derive(Clone, Debug)]
pub struct Line {
    /// The code as text.
    pub place: TextRange,
    /// The code.
    pub code: Obis,
    /// What the table knows of it.
    pub entry: Option<&'static Entry>,
    /// Its groups, as indices.
    pub groups: Range<u32>,
    /// Its items, as indices.
    pub items: Range<u32>,
}

/// What stands between two parentheses.
#[derive(Clone, Debug)]
pub struct Group {
    /// The text between them.
    pub place: TextRange,
    /// Its items, as indices.
    pub items: Range<u32>,
}

/// One value.
#[derive(Clone, Copy, Debug)]
pub struct Item {
    /// The value without its unit.
    pub value: TextRange,
    /// The unit behind `*`; empty where there is none.
    pub unit: TextRange,
    /// What the value is read as.
    pub form: Form,
}

/// What a value is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Nothing between the parentheses.
    Empty,
    /// A number.
    Number,
    /// A time, perhaps one that does not exist.
    Time,
    /// Hexadecimal digits that may hold a text which names something.
    Octets,
    /// Hexadecimal digits that hold a text for people.
    Message,
    /// An OBIS code.
    Code,
    /// Any other text.
    Text,
}

/// Something in the text that is not as the standard has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub kind: FaultKind,
    /// Where.
    pub place: TextRange,
    /// Index of the line, where it was read.
    pub line: Option<u32>,
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// It does not begin with an OBIS code.
    BadLine,
    /// A parenthesis is missing, or something stands behind the last.
    BadGroup,
    /// A number was expected.
    BadNumber,
    /// A quantity with a unit came without.
    MissingUnit,
    /// The unit is not one of the quantity.
    OtherUnit,
    /// The code came before.
    Repeated,
    /// The unit follows the number without an asterisk.
    NoAsterisk,
    /// The first line holds what no first line may.
    BadHeader,
}

impl TextRange {
    /// The bytes of the place.
    #[inline]
    pub fn of<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        text.get(self.start as usize..self.end as usize)
            .unwrap_or_default()
    }

    fn new(start: usize, end: usize) -> Self {
        Self {
            start: start as u32,
            end: end as u32,
        }
    }
}

impl Layout {
    /// Tells whether a text whose `!` is at `mark` has this layout: same lines, other digits.
    #[inline]
    pub fn fits(&self, text: &[u8], mark: usize) -> bool {
        let mismatch = |from: usize, to: usize| -> Option<bool> {
            let (text, lowest, span) = (
                text.get(from..to)?,
                self.lowest.get(from..to)?,
                self.span.get(from..to)?,
            );
            let outside = text
                .iter()
                .zip(lowest)
                .zip(span)
                .fold(0u8, |seen, ((&byte, &lowest), &span)| {
                    seen | u8::from(byte.wrapping_sub(lowest) > span)
                });
            Some(outside != 0)
        };
        let length = self.lowest.len();
        text.len() == length
            && mark == self.mark
            && (0..length)
                .step_by(STRIDE)
                .all(|from| mismatch(from, (from + STRIDE).min(length)) == Some(false))
    }

    /// Offset of the `!`, or of the end where there is none.
    pub fn mark(&self) -> usize {
        self.mark
    }

    /// Bytes of the telegrams that have this layout.
    pub fn length(&self) -> usize {
        self.lowest.len()
    }

    /// Groups of a line.
    pub fn groups_of(&self, line: &Line) -> &[Group] {
        self.groups
            .get(line.groups.start as usize..line.groups.end as usize)
            .unwrap_or_default()
    }

    /// Items of a line or group.
    pub fn items_in(&self, items: &Range<u32>) -> &[Item] {
        self.items
            .get(items.start as usize..items.end as usize)
            .unwrap_or_default()
    }
}

/// Bytes compared before the first look at the result.
const STRIDE: usize = 256;
