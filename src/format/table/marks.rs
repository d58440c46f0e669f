//! Marks that stand for values while a table is drawn, so that their places in it are known afterwards.
//!
//! ```text
//! drawn    1-0:1.8.0   energy imported   ######## kWh     one mark for each character of 1234.567
//! filled   1-0:1.8.0   energy imported   1234.567 kWh
//! ```

use std::collections::BTreeSet;

/// A text to be drawn, and what it was made of.
#[derive(Clone, Debug, Default)]
pub(super) struct Text {
    pub shown: String,
    pub origin: Origin,
}

/// The one thing that a text shows, if it is one and nothing else depends on it: another value of the same form
/// would be drawn in the same place. Items are those of the layout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    /// Several things, or one that decides on more than this text.
    #[default]
    Mixed,
    /// A number.
    Number(u32),
    /// A text without blanks and of ASCII alone.
    Word(u32),
    /// A time that exists.
    Time(u32),
    /// A number that was computed, by its place among them.
    Derived(u32),
}

/// Says which texts are drawn as marks.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// None at all.
    pub none: bool,
    /// Those that came out in a way that does not let others be put in their place.
    pub without: BTreeSet<Origin>,
}

impl Text {
    /// A text made of several things.
    pub fn mixed(text: impl Into<String>) -> Self {
        Self {
            shown: text.into(),
            origin: Origin::Mixed,
        }
    }

    /// A text that may be made of one thing.
    pub fn of(shown: String, origin: impl FnOnce(&str) -> Option<Origin>) -> Self {
        let origin = origin(&shown).unwrap_or_default();
        Self { shown, origin }
    }
}

impl Origin {
    /// A number, if it fits a column of numbers.
    pub fn number(item: u32, shown: &str) -> Option<Self> {
        (shown.len() <= super::rows::FIGURE_MAX).then_some(Self::Number(item))
    }

    /// A word, if it is one.
    pub fn word(item: u32, shown: &str) -> Option<Self> {
        is_word(shown.as_bytes()).then_some(Self::Word(item))
    }

    /// The mark of each character; in times that of the clock is another one, since lines may end between them.
    pub fn marks(self) -> Option<[char; 2]> {
        let (index, below, base) = match self {
            Self::Mixed => return None,
            Self::Number(item) | Self::Word(item) | Self::Time(item) => (item, ITEMS, FIRST),
            Self::Derived(index) => (index, DERIVED, FIRST + ITEMS),
        };
        let mark = |base: u32| char::from_u32(base + index).filter(|_| index < below);
        Some([mark(base)?, mark(base + SECOND - FIRST)?])
    }
}

impl Marks {
    /// The text, or marks in its place.
    pub fn marked(&self, text: &Text) -> String {
        match text.origin.marks() {
            Some([first, second]) if self.has(text.origin) => {
                let (mut mark, mut out) = (first, String::new());
                for letter in text.shown.chars() {
                    match letter {
                        ' ' => {
                            mark = second;
                            out.push(' ');
                        }
                        _ => out.push(mark),
                    }
                }
                out
            }
            _ => text.shown.clone(),
        }
    }

    /// Tells whether a text is drawn as marks.
    pub fn has(&self, origin: Origin) -> bool {
        !self.none && !self.without.contains(&origin)
    }
}

/// Tells whether a text is one word in print, whose characters are bytes.
pub(super) fn is_word(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_graphic)
}

/// Tells whether a text has a character that may be a mark.
pub(super) fn has_mark(text: &str) -> bool {
    text.chars().any(is_mark)
}

/// Tells whether a character may be a mark.
pub(super) fn is_mark(letter: char) -> bool {
    u32::from(letter) >= FIRST
}

/// The characters that mean nothing of their own, each one column wide, begin here: planes 15 and 16.
const FIRST: u32 = 0xF_0000;
const SECOND: u32 = 0x10_0000;
/// Items that have marks, at most.
const ITEMS: u32 = 0xF000;
/// Computed values that have marks, at most.
const DERIVED: u32 = 0x0F00;
