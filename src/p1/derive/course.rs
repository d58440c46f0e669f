//! Clocks that jump: what comes from another time than it should is kept apart, until it has proved itself.
//!
//! ```text
//! settled   o--o--o--o-----------o--o--o-->   goes on with the first telegram that fits it; the trial is forgotten then
//! trial                o--o--o                takes its place once it has gone on for a quarter of an hour
//! ```
//!
//! So a telegram that somebody made up, or that a clock without power sent, costs no sums, and a clock that was really set
//! or a gap of months costs nothing either: what is computed of the trial is what a restart at the jump gives. It is not
//! told where the clock of the meter was that of the host until then: whoever is a day or more beside it now is wrong.

use super::quarter::{GAP_MAX, Memory, Now, Sample};
use super::reference::ReferencePower;

/// The time of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Seconds since 1970.
    pub second: i64,
    /// Whether the telegram came then; else it was read from a recording.
    pub live: bool,
}

/// A row of telegrams in which time goes on.
#[derive(Clone, Debug)]
pub(super) struct Course {
    pub(super) memory: Memory,
    /// When the latest telegram was heard.
    pub(super) heard: Option<i64>,
    /// The first telegram by the clock of the meter, and when it was heard.
    began: (i64, Option<i64>),
    /// Telegrams so far.
    count: u32,
}

impl Course {
    /// Begins with a sample; gives what is known at it.
    pub(super) fn begin(
        sample: Sample,
        reference: Option<ReferencePower>,
        heard: Option<Heard>,
    ) -> (Self, Option<Now>) {
        let memory = Memory::begin(sample, reference);
        let now = memory.now(&sample);
        let second = heard.map(|heard| heard.second);
        let course = Self {
            began: (memory.second(), second),
            memory,
            heard: second,
            count: 1,
        };
        (course, now)
    }

    /// Goes on from what is remembered of a meter, and when it was heard last.
    pub(super) fn remembered(memory: Memory, heard: Option<i64>) -> Self {
        Self {
            began: (i64::MIN, None),
            memory,
            heard,
            count: u32::MAX,
        }
    }

    /// Takes a sample, which may begin a trial, end it or make it the course; gives what is known then.
    pub(super) fn take(
        &mut self,
        trial: &mut Option<Box<Self>>,
        sample: Sample,
        heard: Option<Heard>,
    ) -> Option<Now> {
        if !self.is_left_by(&sample, heard) {
            *trial = None;
            let live = heard.filter(|heard| heard.live);
            if live.is_some_and(|heard| self.memory.second() > heard.second.saturating_add(DAY)) {
                // What is remembered has not been yet; its counter is worth as little.
                self.memory.jump(&sample);
            }
            return self.go_on(sample, heard);
        }
        let doubted = self.was_right() && !is_near(sample.second(), heard.map(|h| h.second));
        let doubted = doubted && heard.is_some_and(|heard| heard.live);
        let mut course = trial
            .take()
            .filter(|trial| !trial.is_left_by(&sample, heard))
            .unwrap_or_else(|| Box::new(self.branch(&sample, heard)));
        let now = course.go_on(sample, heard);
        if course.is_settled(&sample, self.count, doubted) {
            *self = *course;
            return now;
        }
        *trial = Some(course);
        now.filter(|_| !doubted)
    }

    /// A course that leaves this one at a sample.
    fn branch(&self, sample: &Sample, heard: Option<Heard>) -> Self {
        let mut memory = self.memory.clone();
        if self.count < WEAK {
            // Neither is worth more than the other: what is older may be right.
            memory.jump(sample);
        }
        Self {
            memory,
            heard: None,
            began: (sample.second(), heard.map(|heard| heard.second)),
            count: 0,
        }
    }

    fn go_on(&mut self, sample: Sample, heard: Option<Heard>) -> Option<Now> {
        self.heard = heard.map(|heard| heard.second);
        self.count = self.count.saturating_add(1);
        self.memory.take(sample)
    }

    /// Tells whether a sample is from another time than it should be.
    fn is_left_by(&self, sample: &Sample, heard: Option<Heard>) -> bool {
        let live = heard.filter(|heard| heard.live).map(|heard| heard.second);
        match (live, is_near(sample.second(), live)) {
            // Whatever it was before, it is right now.
            (Some(_), true) => false,
            (Some(_), false) if self.was_right() => true,
            _ => {
                let apart = sample.second().saturating_sub(self.memory.second());
                !(-DAY..=GAP_MAX).contains(&apart)
            }
        }
    }

    /// Tells whether the clock of the meter was that of the host.
    fn was_right(&self) -> bool {
        is_near(self.memory.second(), self.heard)
    }

    /// Tells whether a trial takes the place of a course of so many telegrams.
    fn is_settled(&self, sample: &Sample, before: u32, doubted: bool) -> bool {
        let apart = |from: i64, to: i64| to.saturating_sub(from) >= SETTLED;
        let (began, heard) = self.began;
        let long = apart(began, sample.second());
        match doubted {
            // Anybody can make up a clock, but not ours.
            true => long && heard.zip(self.heard).is_some_and(|(a, b)| apart(a, b)),
            false => long || self.count > before,
        }
    }
}

/// Tells whether a clock is that of the host, about.
fn is_near(second: i64, heard: Option<i64>) -> bool {
    heard.is_some_and(|heard| second.abs_diff(heard) <= DAY.unsigned_abs())
}

/// Seconds.
const DAY: i64 = 86_400;
/// So long a trial goes on, in seconds, before it takes the place of the course before it.
const SETTLED: i64 = 900;
/// A course of fewer telegrams is not worth more than a trial.
const WEAK: u32 = 16;
