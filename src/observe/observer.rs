//! What happens in a run, and those who are told of it.
//!
//! ```text
//! source --bytes, silence--> session --reports--> loop --Report--> Counts, Output, Screen, MQTT, metrics, …
//! ```
//! A command is a list of observers. None waits, none knows another; each is told all reports, in order.

use jiff::Timestamp;

use crate::observe::context::Context;
use crate::p1::ciphering::SystemTitle;
use crate::p1::diagnosis::{Finding, Summary};
use crate::p1::event::Event;
use crate::p1::replay::Record;
use crate::source::LineSettings;
use crate::source::maxsonar::Level;

/// Somebody who is told what happens.
pub trait Observer {
    /// Takes a report; the context says where it comes from, and when.
    fn observe(&mut self, context: &Context<'_>, report: &Report<'_>) -> Flow;
}

/// Something that has happened.
#[derive(Clone, Copy, Debug)]
pub enum Report<'a> {
    /// The link of a source has changed.
    Link {
        /// How it is now.
        link: Link,
        /// Settings of its line, where it is a serial port.
        line: Option<LineSettings>,
        /// The same in words.
        message: &'a str,
        /// What to do about it.
        hint: Option<&'a str>,
    },
    /// Bytes came, not decoded yet.
    Bytes {
        /// As received.
        bytes: &'a [u8],
        /// Places of those with parity or framing errors.
        broken: &'a [usize],
    },
    /// No bytes came of a source for a quarter of a second or so.
    Pause,
    /// Bytes were decoded, or belong to no frame.
    Event {
        /// What they are.
        event: &'a Event<'a>,
        /// How many frames were refused for the same reason so far, this one included; 0 where it was not refused.
        refusals: u64,
    },
    /// A frame that was reported as refused was repaired: its telegram follows.
    Repaired,
    /// The record of a meter that encrypts, to be remembered.
    Heard(SystemTitle, &'a Record),
    /// A level sensor has measured.
    Level(&'a Level),
    /// Something is wrong, for the first time.
    Finding(&'a Finding),
    /// A finding that was reported before has more to show for it.
    Grown(&'a Finding),
    /// All trouble of a source so far was judged; what no finding explains, none will.
    Settled,
    /// A stream of a source is at its end; its counts.
    Ended(&'a Summary),
    /// Something is to be said to the user.
    Message {
        /// How serious it is.
        gravity: Gravity,
        /// What happened.
        what: &'a str,
        /// What to do.
        hint: Option<&'a str>,
    },
    /// Time goes on, some ten times a second: what waits is written.
    Tick(Timestamp),
    /// The run is over: what is kept is passed on, within a second or two.
    End {
        /// It was ended from outside: half a second is all there is.
        hurried: bool,
    },
}

/// What becomes of the run after a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flow {
    /// It goes on.
    Continue,
    /// It goes on, and this is to be said to the user.
    Say(Vec<Notice>),
    /// It ends: nothing more is wanted.
    Enough,
    /// It ends: the observer cannot go on. It keeps the reason for whoever has started the run.
    Failed,
}

/// How the link of a source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// Open for the first time.
    Opened,
    /// Gone.
    Lost,
    /// Back.
    Reopened,
    /// The settings of its line were found.
    Line,
    /// Open, but no bytes come.
    Silent,
}

/// How serious a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gravity {
    /// Something does not work.
    Error,
    /// Something works, but not as it should.
    Warning,
    /// Something worth knowing.
    Note,
}

/// Something that an observer has to say to the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Something does not work; else it is only good to know.
    pub trouble: bool,
    /// What happened.
    pub what: String,
    /// What to do.
    pub hint: Option<String>,
}

impl Flow {
    /// Goes on, and says what there is to say.
    pub fn say(notices: Vec<Notice>) -> Self {
        match notices.is_empty() {
            true => Self::Continue,
            false => Self::Say(notices),
        }
    }
}

impl Link {
    /// The word for it in every output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Lost => "lost",
            Self::Reopened => "reopened",
            Self::Line => "line",
            Self::Silent => "silent",
        }
    }
}

impl Notice {
    /// How serious it is.
    pub fn gravity(&self) -> Gravity {
        match self.trouble {
            true => Gravity::Warning,
            false => Gravity::Note,
        }
    }
}

impl<T: Observer> Observer for &std::cell::RefCell<T> {
    fn observe(&mut self, context: &Context<'_>, report: &Report<'_>) -> Flow {
        self.borrow_mut().observe(context, report)
    }
}

impl<T: Observer> Observer for std::rc::Rc<std::cell::RefCell<T>> {
    fn observe(&mut self, context: &Context<'_>, report: &Report<'_>) -> Flow {
        self.borrow_mut().observe(context, report)
    }
}

impl<T: Observer + ?Sized> Observer for Box<T> {
    fn observe(&mut self, context: &Context<'_>, report: &Report<'_>) -> Flow {
        (**self).observe(context, report)
    }
}
