//! Files that threads read and decode ahead: when that begins, and how what they made is taken over.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::{Observers, Run, TICK};
use crate::cli::ahead::{Ahead, Done, Hand, Next};
use crate::cli::feed::Feed;
use crate::cli::runs::Run as Chunk;
use crate::sink::observer::Report;

/// How many runs are decoded where they stand before the next ones are decoded ahead.
#[derive(Default)]
pub(super) struct Alone {
    left: u32,
    /// After the next failure.
    then: u32,
    /// Runs that were taken over since the last one.
    good: usize,
    /// Grows with each damaged run, and shrinks with each that was taken over.
    damage: u32,
}

impl Run<'_, '_> {
    /// Takes bytes of a file, or lets threads read it on and decode it ahead.
    pub(super) fn run(&mut self, feed: &mut Feed, index: usize, run: Chunk) {
        let Some(input) = self.inputs.get(index) else {
            return;
        };
        if self.links.get(index).is_none_or(|state| state.over) {
            return;
        }
        if self.limits.jobs > 1
            && run.frames > 0
            && feed.goes_on()
            && self.alone.ends()
            && let Some((decoder, standing)) = input.ahead()
        {
            if self.ahead.is_none()
                && let Some(hand) = hand(self.observers)
            {
                self.ahead = Ahead::start(self.limits.jobs, &hand).ok();
                if self.ahead.is_none() {
                    self.alone.stays();
                }
            }
            if let Some(ahead) = &mut self.ahead
                && let Some(mut runs) = feed.lend()
            {
                runs.put_back(&run);
                feed.recycle(run.bytes);
                let source = input.source_name();
                ahead.begin(runs, decoder, standing, self.observers.counts.good, source);
                self.reading = index;
                return;
            }
        }
        self.receive(index, &run.bytes);
        self.push(index, &run.bytes);
        feed.recycle(run.bytes);
    }

    /// Counts bytes of a file, before they are decoded or what was decoded is taken over.
    fn receive(&mut self, index: usize, bytes: &[u8]) {
        let (Some(input), Some(state)) = (self.inputs.get(index), self.links.get_mut(index)) else {
            return;
        };
        (state.bytes, state.settled, state.silent) = (Instant::now(), false, false);
        self.progress.advance(bytes.len());
        let broken: &[usize] = &[];
        let report = Report::Bytes { bytes, broken };
        self.observers
            .input(input.origin(), Timestamp::now(), &report);
    }

    /// Takes over the next run that was decoded ahead; false where none is under way.
    pub(super) fn take_ahead(&mut self, feed: &mut Feed, time: Duration) -> bool {
        let Some(ahead) = self.ahead.as_mut().filter(|ahead| ahead.is_busy()) else {
            return false;
        };
        match ahead.next(time) {
            Next::Done(done) => self.take_over(done),
            Next::Idle => {}
            Next::Over(runs) => feed.take_back(runs),
        }
        true
    }

    /// Takes over all that is decoded ahead, and reads on no further.
    pub(super) fn settle(&mut self, feed: &mut Feed) {
        if let Some(ahead) = &self.ahead {
            ahead.halt();
        }
        while self.take_ahead(feed, TICK) {}
    }

    /// Takes over a run that was decoded ahead.
    fn take_over(&mut self, done: Done) {
        let Done { bytes, mut found } = done;
        let index = self.reading;
        self.receive(index, &bytes);
        let good = self.observers.counts.good;
        let adopted = found.as_mut().is_some_and(|found| {
            let formatted = found.follows(good);
            let adopted = self.inputs.get_mut(index).is_some_and(|input| {
                input.adopt(&bytes, &found.stretch, formatted, self.observers)
            });
            if adopted
                && formatted
                && let Some((output, _)) = &self.observers.ahead
            {
                output.borrow_mut().formatted(found.output());
            }
            adopted
        });
        if !adopted {
            self.push(index, &bytes);
        }
        let telegrams = self.observers.counts.good - good;
        if let Some(ahead) = &mut self.ahead {
            match &found {
                _ if adopted => self.alone.succeeded(self.limits.jobs),
                _ if ahead.is_halted() => {}
                Some(found) if !found.stretch.is_clean() && self.alone.bears_damage() => {
                    ahead.renumber(found.surplus(telegrams));
                }
                _ => {
                    // What follows was decoded from something else than what is known now.
                    ahead.halt();
                    self.alone.failed();
                }
            }
            ahead.recycle(bytes, found);
        }
    }
}

/// What formats telegrams of files on other threads; `None` where they have to come one by one.
fn hand(observers: &Observers<'_>) -> Option<Hand> {
    let (output, ring) = observers.ahead.as_ref()?;
    Some(Hand {
        formatter: output.borrow().formatter()?,
        ring: ring.get(),
    })
}

impl Alone {
    /// Tells whether decoding ahead is worth another try; to be asked for each run.
    fn ends(&mut self) -> bool {
        self.left = self.left.saturating_sub(1);
        self.left == 0
    }

    /// The system gives no threads: asking for them costs, and may take from others.
    fn stays(&mut self) {
        self.left = u32::MAX;
    }

    /// A run was taken over. Now and then one is of each file: only many in a row make good for the next failure,
    /// which is that of all runs under way.
    fn succeeded(&mut self, jobs: usize) {
        self.good += 1;
        self.damage = self.damage.saturating_sub(1);
        if self.good >= GOOD_FOR_EACH * jobs {
            self.then = 0;
        }
    }

    /// A run had to be decoded again, for which those behind it need not be: false where that is no exception.
    fn bears_damage(&mut self) -> bool {
        self.damage = (self.damage + DAMAGE).min(DAMAGE_MAX + 1);
        self.damage <= DAMAGE_MAX
    }

    /// All runs under way have to be decoded again: of a file that is damaged everywhere nothing is foreseen.
    fn failed(&mut self) {
        self.good = 0;
        self.then = (4 * self.then + 3).min(ALONE_MAX);
        self.left = self.then;
    }
}

/// Most runs that are decoded where they stand before the next try to decode ahead.
const ALONE_MAX: u32 = 127;
/// For one damaged run so many are to be taken over.
const DAMAGE: u32 = 2;
/// How far damage may run ahead of that.
const DAMAGE_MAX: u32 = 16;
/// Runs in a row that are taken over for each thread, until a failure counts as the first.
const GOOD_FOR_EACH: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs that are under way when one cannot be taken over.
    const UNDER_WAY: usize = 6;

    /// Of so many runs, those taken over and those decoded twice, where one in `every` is damaged, or has a layout
    /// that is new, which costs all that are under way.
    fn ahead(runs: usize, every: usize, damaged: bool) -> (usize, usize) {
        let mut alone = Alone::default();
        let (mut run, mut taken, mut lost) = (0, 0, 0);
        while run < runs {
            run += 1;
            if !alone.ends() {
                continue;
            }
            while run <= runs {
                if run % every != 0 {
                    alone.succeeded(2);
                    taken += 1;
                } else if damaged && alone.bears_damage() {
                    lost += 1;
                } else {
                    alone.failed();
                    (run, lost) = (run + UNDER_WAY - 1, lost + UNDER_WAY);
                    break;
                }
                run += 1;
            }
        }
        (taken, lost)
    }

    #[test]
    fn a_damaged_run_costs_itself_alone() {
        let (taken, lost) = ahead(10_000, 10, true);
        assert_eq!((taken, lost), (9_000, 1_000));
        // Where damage is the rule, hardly any is decoded twice.
        for every in [1, 2] {
            let (_, lost) = ahead(10_000, every, true);
            assert!(lost < 600, "{every}: {lost}");
        }
    }

    #[test]
    fn what_changes_now_and_then_is_hardly_decoded_twice() {
        for every in [1, 2, 6, 15] {
            let (_, lost) = ahead(10_000, every, false);
            assert!(lost < 600, "{every}: {lost}");
        }
        let (taken, lost) = ahead(10_000, 100, false);
        assert!(taken > 8_000 && lost < 700, "{taken} {lost}");
    }
}
