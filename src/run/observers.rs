//! Those who are told what happens, and what of it they are told.

use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;

use super::counts::Counts;
use super::filter::Filter;
use super::recorded::Recorded;
use crate::format::words::forgets;
use crate::observe::context::{Context, Source};
use crate::observe::merge::Merger;
use crate::observe::observer::{Flow, Gravity, Notice, Observer, Report};
use crate::p1::decoder::Opened;
use crate::p1::diagnosis::pulses::PulseCheck;
use crate::p1::event::Event;
use crate::p1::session;
use crate::p1::value::Zone;
use crate::run::repeats::Repeats;
use crate::source::dump::Archived;
use crate::source::maxsonar::Level;
use crate::source::pulse::BESIDE;

/// All observers of a run.
pub struct Observers<'a> {
    /// Counts what the others are told.
    pub counts: Counts,
    /// What came before in this run.
    pub recorded: Recorded,
    /// Meters that are wanted.
    pub filter: Filter,
    /// Puts pushes together, where that is wanted.
    merger: Option<Merger>,
    list: Vec<&'a mut dyn Observer>,
    /// Compares meters with their pulses.
    pulses: PulseCheck,
    /// What was said by now.
    repeats: Repeats,
    /// It was said that counters of meters are forgotten.
    forgets: bool,
    /// Nothing more is wanted.
    enough: bool,
    /// One of them cannot go on.
    failed: bool,
}

/// Which input something comes from.
#[derive(Clone, Copy)]
pub struct Origin<'a> {
    /// From 0.
    pub input: usize,
    /// As outputs name it.
    pub source: Source<'a>,
    /// What an archive says of the telegram.
    pub archived: Option<Archived<'a>>,
    /// What the telegram may lie in.
    pub opened: Option<&'a Arc<Opened>>,
    /// Frames come as they are sent. Of recordings, those that came before are marked.
    pub live: bool,
}

impl<'a> Observers<'a> {
    /// Lets the observers be told in this order, after the counts.
    pub fn new(counts: Counts, filter: Filter, list: Vec<&'a mut dyn Observer>) -> Self {
        Self {
            counts,
            recorded: Recorded::default(),
            filter,
            merger: None,
            list,
            pulses: PulseCheck::default(),
            repeats: Repeats::default(),
            forgets: false,
            enough: false,
            failed: false,
        }
    }

    /// Puts the pushes of each meter together; the zone is that of their clocks.
    pub fn merge_pushes(&mut self, zone: Zone) {
        self.merger = Some(Merger::new(zone));
    }

    /// Lets the run end at once.
    pub fn want_nothing(&mut self) {
        self.enough = true;
    }

    /// Whether nothing more is wanted.
    pub fn have_enough(&self) -> bool {
        self.enough
    }

    /// Whether one of them cannot go on.
    pub fn have_failed(&self) -> bool {
        self.failed
    }

    /// Tells what a session reports.
    pub fn session(&mut self, origin: Origin<'_>, report: session::Report<'_>) {
        let report = match report {
            session::Report::Event(event, at) => return self.event(origin, at, event),
            session::Report::Repaired => Report::Repaired,
            session::Report::Heard(title, record) => Report::Heard(title, record),
            session::Report::Forgets if origin.live => return self.forgets(origin),
            // Of recordings it is known here what came before.
            session::Report::Forgets => return,
            session::Report::Finding(finding) => Report::Finding(finding),
            session::Report::Grown(finding) => Report::Grown(finding),
            session::Report::Settled => Report::Settled,
            session::Report::Ended(summary) => Report::Ended(summary),
        };
        self.tell(&self.context(origin, None), &report);
    }

    /// Tells an event, numbered; marks a telegram of a recording that came before.
    pub fn event(&mut self, origin: Origin<'_>, received_at: Option<Timestamp>, event: &Event<'_>) {
        let marked = match event {
            Event::Telegram(decoded) if !origin.live => decoded.security.and_then(|security| {
                let frame = (security.title(), security.counter().0);
                let before = self.recorded.came_before(origin.source, frame);
                if self.recorded.is_full() {
                    self.forgets(origin);
                }
                before.then(|| {
                    let mut marked = decoded.clone();
                    marked.replayed = true;
                    Event::Telegram(marked)
                })
            }),
            _ => None,
        };
        let event = marked.as_ref().unwrap_or(event);
        if self.enough {
            return;
        }
        let mut merger = self.merger.take();
        let merged = match (&mut merger, event) {
            (Some(merger), Event::Telegram(decoded)) => {
                merger.take(&self.context(origin, received_at), decoded)
            }
            _ => None,
        };
        let merged = merged.map(Event::Telegram);
        self.wanted(origin, received_at, merged.as_ref().unwrap_or(event));
        self.merger = merger;
    }

    /// Tells an event of a meter that is wanted.
    fn wanted(&mut self, origin: Origin<'_>, received_at: Option<Timestamp>, event: &Event<'_>) {
        let archived = origin.archived.and_then(|archived| archived.meter);
        if !self.filter.takes(event, archived) {
            return;
        }
        self.count(origin, event);
        let report = Report::Event {
            event,
            refusals: self.counts.refusals(),
        };
        self.tell_all(&self.context(origin, received_at), &report);
        if let (Event::Telegram(decoded), Some(label)) = (event, origin.source.label) {
            let of_pulses = origin.source.kind == PULSES;
            let label = label.strip_suffix(BESIDE).unwrap_or(label);
            let telegram = &decoded.telegram;
            let found = self.pulses.take(label, of_pulses, telegram, decoded.span);
            if let Some(finding) = found {
                self.tell(&self.context(origin, None), &Report::Finding(&finding));
            }
        }
    }

    /// Says, once, that there are too many meters to remember the counters of all.
    fn forgets(&mut self, origin: Origin<'_>) {
        if !std::mem::replace(&mut self.forgets, true) {
            let (what, hint) = forgets(origin.source);
            self.message(Gravity::Warning, &what, Some(&hint));
        }
    }

    /// Counts an event.
    fn count(&mut self, origin: Origin<'_>, event: &Event<'_>) {
        let report = Report::Event { event, refusals: 0 };
        let flow = self.counts.observe(&self.context(origin, None), &report);
        self.enough |= flow == Flow::Enough;
    }

    /// Tells a reading of a level sensor.
    pub fn level(&mut self, origin: Origin<'_>, level: &Level) {
        if self.enough {
            return;
        }
        let report = Report::Level(level);
        let flow = self.counts.observe(&self.context(origin, None), &report);
        self.enough |= flow == Flow::Enough;
        self.tell_all(&self.context(origin, level.received_at), &report);
    }

    /// Tells something of an input that is no event of its stream.
    pub fn input(&mut self, origin: Origin<'_>, at: Timestamp, report: &Report<'_>) {
        self.tell_all(&self.context(origin, Some(at)), report);
    }

    /// Says something to the user.
    pub fn message(&mut self, gravity: Gravity, what: &str, hint: Option<&str>) {
        let report = Report::Message {
            gravity,
            what,
            hint,
        };
        self.tell_all(&Context::default(), &report);
    }

    /// Lets time go on.
    pub fn tick(&mut self, now: Timestamp) {
        self.tell_all(&Context::default(), &Report::Tick(now));
    }

    /// Ends all of them.
    pub fn end(&mut self, hurried: bool) {
        self.tell_all(&Context::default(), &Report::End { hurried });
    }

    /// Tells the counts first.
    fn tell(&mut self, context: &Context<'_>, report: &Report<'_>) {
        let flow = self.counts.observe(context, report);
        self.enough |= flow == Flow::Enough;
        self.tell_all(context, report);
    }

    fn tell_all(&mut self, context: &Context<'_>, report: &Report<'_>) {
        let mut notices = Vec::new();
        for observer in &mut self.list {
            match observer.observe(context, report) {
                Flow::Continue => {}
                Flow::Say(said) => notices.extend(said),
                Flow::Enough => self.enough = true,
                Flow::Failed => self.failed = true,
            }
        }
        let ends = matches!(report, Report::End { .. });
        for notice in notices {
            self.say(&notice, ends);
        }
    }

    /// Says a notice, less and less often where it is the same; always at the end.
    fn say(&mut self, notice: &Notice, always: bool) {
        let what = match always {
            true => Some(notice.what.clone()),
            false => {
                let say = self.repeats.take(&notice.what, Instant::now());
                say.words(&notice.what)
            }
        };
        if let Some(what) = what {
            self.message(notice.gravity(), &what, notice.hint.as_deref());
        }
    }

    fn context<'c>(&self, origin: Origin<'c>, received_at: Option<Timestamp>) -> Context<'c> {
        Context {
            input: origin.input,
            seq: self.counts.good,
            received_at,
            source: origin.source,
            archived: origin.archived,
            opened: origin.opened,
            enough: self.enough,
            ..Context::default()
        }
    }
}

/// What sources of pulses are called.
const PULSES: &str = "pulse";
