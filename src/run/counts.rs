//! Counts of a run, and the exit code that follows from them.

use std::collections::{BTreeMap, HashMap};

use crate::observe::context::{Context, Source};
use crate::observe::observer::{Flow, Observer, Report};
use crate::p1::ciphering::SystemTitle;
use crate::p1::count::count;
use crate::p1::diagnosis::{Contents, State, Summary};
use crate::p1::event::{Event, Reason};
use crate::run::failure::Exit;

/// What became of the frames.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Telegrams that were good, and readings of level sensors.
    pub good: u64,
    /// Frames that were refused.
    pub refused: u64,
    /// Frames that are whole as far as that shows without a key.
    pub whole: u64,
    /// Bytes that belong to no frame.
    pub junk: u64,
    /// Frames that the counters say were sent and never came.
    pub missed: u64,
    /// What the meters send.
    pub contents: Contents,
    /// The worst state of a link, where one of the sources has one.
    state: Option<State>,
    kinds: HashMap<(&'static str, Option<SystemTitle>), u64>,
    /// How many of the kind of the last frame were refused so far; 0 where it was not refused.
    refusals: u64,
    /// Good and refused frames of each input.
    inputs: BTreeMap<usize, (u64, u64)>,
    /// So many good ones are wanted.
    limit: Option<u64>,
}

impl Counts {
    /// Counts up to so many telegrams, which is enough then.
    pub fn up_to(limit: Option<u64>) -> Self {
        Self {
            limit,
            ..Self::default()
        }
    }

    /// How many frames were refused for the same reason as the last one, itself included; 0 where it was good.
    pub fn refusals(&self) -> u64 {
        self.refusals
    }

    /// Whether there was no frame at all.
    pub fn is_empty(&self) -> bool {
        self.good + self.refused == 0
    }

    /// How the run ended as far as its frames go: as the worst of its inputs, so that a good one hides no other.
    pub fn exit(&self) -> Exit {
        let exits = self.inputs.values();
        let exits = exits.map(|(good, refused)| exit_of(*good, *refused));
        let worst = exits.filter(|exit| *exit != Exit::NoTelegram).min();
        worst.unwrap_or(exit_of(self.good, 0))
    }

    /// The counts in words; none where all is well, unless it is wanted all the same.
    pub fn summary(&self, wanted: bool) -> Option<String> {
        let frames = self.good + self.refused;
        let troubled = self.refused > 0 && frames > 1 || self.missed > 0;
        if !troubled && !wanted {
            return None;
        }
        let state = self.state.map(|state| state.code());
        let state = state.map_or(String::new(), |state| format!("; the link is {state}"));
        Some(format!(
            "{} of {} good, {} refused, {} missed, {} between them{state}",
            self.good,
            count(frames, "telegram"),
            self.refused,
            self.missed,
            count(self.junk, "byte"),
        ))
    }

    /// What the meters could send, and do not; none where there is no telegram to tell.
    pub fn missing(&self) -> Option<String> {
        let missing = match (self.contents.phases, self.contents.devices) {
            _ if self.good == 0 => return None,
            (true, true) => return None,
            (false, true) => "values of single phases",
            (true, false) => "values of gas, water or heat",
            (false, false) => "values of single phases, of gas, of water or of heat",
        };
        Some(format!("the meter sends no {missing}"))
    }

    fn event(&mut self, input: usize, event: &Event<'_>) {
        let (good, refused_here) = self.inputs.entry(input).or_default();
        self.refusals = 0;
        match event {
            Event::Telegram(_) => {
                self.good += 1;
                self.whole += 1;
                *good += 1;
            }
            Event::Junk(junk) => self.junk += junk.span.len(),
            Event::Refused(refused) => {
                self.refused += 1;
                *refused_here += 1;
                self.whole += u64::from(lacks_a_key_only(refused.reason));
                let kind = (refused.reason.code(), refused.title());
                // A stream of noise can make up titles without end.
                let kind = if self.kinds.len() < KINDS_MAX {
                    kind
                } else {
                    (kind.0, None)
                };
                let count = self.kinds.entry(kind).or_default();
                *count += 1;
                self.refusals = *count;
            }
        }
    }

    /// Takes back that a frame of an input was refused.
    fn repaired(&mut self, input: usize) {
        self.refused = self.refused.saturating_sub(1);
        let refused = &mut self.inputs.entry(input).or_default().1;
        *refused = refused.saturating_sub(1);
    }

    fn ended(&mut self, input: usize, source: Source<'_>, summary: &Summary) {
        // Frames that came without a start that can be read.
        self.inputs.entry(input).or_default().1 += summary.headless;
        self.missed += summary.missed;
        if !matches!(source.kind, "file" | "stdin") {
            self.state = self.state.max(Some(summary.state));
        }
        self.contents.phases |= summary.contents.phases;
        self.contents.devices |= summary.contents.devices;
    }
}

impl Observer for Counts {
    fn observe(&mut self, context: &Context<'_>, report: &Report<'_>) -> Flow {
        match *report {
            Report::Event { event, .. } => self.event(context.input, event),
            Report::Repaired => self.repaired(context.input),
            Report::Ended(summary) => self.ended(context.input, context.source, summary),
            Report::Level(_) => {
                self.good += 1;
                self.whole += 1;
            }
            _ => {}
        }
        match self.limit {
            Some(limit) if self.good >= limit => Flow::Enough,
            _ => Flow::Continue,
        }
    }
}

/// How a run ended in which so many frames were good, and so many were not.
pub fn exit_of(good: u64, refused: u64) -> Exit {
    match (good, refused) {
        (0, 0) => Exit::NoTelegram,
        // Nothing of what came could be verified.
        (0, _) => Exit::Key,
        (_, 0) => Exit::Success,
        _ => Exit::Partial,
    }
}

/// Whether a frame that was refused is whole, as far as that shows without its key.
pub fn lacks_a_key_only(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::NoKey
            | Reason::TagMismatch
            | Reason::Unsupported(_)
            | Reason::Downgrade
            | Reason::Replayed
            | Reason::OtherShard
    )
}

/// Kinds of refusal that are counted apart.
const KINDS_MAX: usize = 1000;
