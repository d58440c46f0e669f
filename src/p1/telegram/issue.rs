//! What in a telegram is not as the standard has it.

use std::borrow::Cow;
use std::fmt;

use super::Telegram;
use crate::p1::layout::{FaultKind, TextRange};
use crate::p1::value::{Timestamp, text};

/// Something in the text that is not as the standard has it; its `Display` says what, in words.
#[derive(Clone, Copy, Debug)]
pub struct Issue<'a> {
    telegram: Telegram<'a>,
    kind: IssueKind,
    place: TextRange,
    line: Option<u32>,
}

/// What is not as the standard has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IssueKind {
    /// A fault of the layout.
    Fault(FaultKind),
    /// Something with the form of a time that is no date.
    BadTimestamp,
    /// A time whose offset from UTC has the other sign than the standard asks for.
    TurnedOffset,
}

impl<'a> Telegram<'a> {
    /// What is not as the standard has it: first what the layout shows, then times that do not exist.
    pub fn issues(&self) -> impl Iterator<Item = Issue<'a>> + use<'a> {
        let telegram = *self;
        let layout = &telegram.shape.layout;
        let possible = layout.faults.len() + layout.times.len();
        (0..possible).filter_map(move |index| telegram.issue(index))
    }

    /// One of the faults of the layout, or behind them of the times, where that one does not exist.
    pub fn issue(&self, index: usize) -> Option<Issue<'a>> {
        let layout = &self.shape.layout;
        if let Some(fault) = layout.faults.get(index) {
            return Some(Issue {
                telegram: *self,
                kind: IssueKind::Fault(fault.kind),
                place: fault.place,
                line: fault.line,
            });
        }
        let &(line, item) = layout.times.get(index - layout.faults.len())?;
        let item = layout.items.get(item as usize)?;
        let kind = match self.time(item) {
            None => IssueKind::BadTimestamp,
            Some(_) if Timestamp::is_turned(item.value.of(self.text), self.zone) => {
                IssueKind::TurnedOffset
            }
            Some(_) => return None,
        };
        Some(Issue {
            telegram: *self,
            kind,
            place: item.value,
            line: Some(line),
        })
    }
}

impl<'a> Issue<'a> {
    /// The word for it in every output.
    pub fn code(&self) -> &'static str {
        match self.kind {
            IssueKind::Fault(FaultKind::BadLine) => "bad_line",
            IssueKind::Fault(FaultKind::BadGroup) => "bad_group",
            IssueKind::Fault(FaultKind::BadNumber) => "bad_number",
            IssueKind::Fault(FaultKind::MissingUnit) => "missing_unit",
            IssueKind::Fault(FaultKind::OtherUnit) => "other_unit",
            IssueKind::Fault(FaultKind::Repeated) => "repeated",
            IssueKind::Fault(FaultKind::NoAsterisk) => "no_asterisk",
            IssueKind::Fault(FaultKind::BadHeader) => "bad_header",
            IssueKind::BadTimestamp => "bad_timestamp",
            IssueKind::TurnedOffset => "turned_offset",
        }
    }

    /// What it is.
    pub fn kind(&self) -> IssueKind {
        self.kind
    }

    /// The code of the line as sent, where the line has one.
    pub fn obis(&self) -> Option<Cow<'a, str>> {
        let line = self.telegram.shape.layout.lines.get(self.line? as usize)?;
        Some(text(line.place.of(self.telegram.text)))
    }

    /// Index of the line in the layout, where it was read.
    pub fn line(&self) -> Option<u32> {
        self.line
    }

    /// Offset in the text.
    pub fn offset(&self) -> u32 {
        self.place.start
    }
}

impl fmt::Display for Issue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sent = text(self.place.of(self.telegram.text));
        match self.kind {
            IssueKind::Fault(FaultKind::BadLine) => write!(f, "{sent:?} is not a data line"),
            IssueKind::Fault(FaultKind::BadGroup) => {
                write!(f, "the parentheses around {sent:?} do not match")
            }
            IssueKind::Fault(FaultKind::BadNumber) => write!(f, "{sent:?} is not a number"),
            IssueKind::Fault(FaultKind::MissingUnit) => write!(f, "{sent} came without its unit"),
            IssueKind::Fault(FaultKind::OtherUnit) => {
                write!(f, "{sent:?} is not a unit of this quantity")
            }
            IssueKind::Fault(FaultKind::Repeated) => write!(f, "{sent} was sent before"),
            IssueKind::Fault(FaultKind::NoAsterisk) => {
                write!(f, "{sent:?} has no asterisk between number and unit")
            }
            IssueKind::Fault(FaultKind::BadHeader) => {
                write!(f, "{sent:?} is not a first line of the standard")
            }
            IssueKind::BadTimestamp => write!(f, "{sent} is not a date"),
            IssueKind::TurnedOffset => {
                write!(f, "{sent} gives its offset from UTC with the other sign")
            }
        }
    }
}
