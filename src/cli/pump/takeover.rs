//! Files that threads read and decode ahead: when that begins, and how what they made is taken over.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::super::ahead::{Ahead, Done, Next};
use super::super::feed::Feed;
use super::super::runs::Run;
use super::{Pump, TICK};

/// How many runs are decoded where they stand before the next ones are decoded ahead.
#[derive(Default)]
pub(super) struct Alone {
    left: u32,
    /// After the next failure.
    then: u32,
    /// Runs that were taken over since the last one.
    good: usize,
}

impl Pump<'_> {
    /// Takes bytes of a file, or lets threads read it on and decode it ahead.
    pub(super) fn run(&mut self, feed: &mut Feed, index: usize, run: Run) {
        let Some(lane) = self.lanes.get(index) else {
            return;
        };
        if self.links.get(index).is_none_or(|state| state.over) {
            return;
        }
        if self.limits.jobs > 1
            && run.frames > 0
            && feed.goes_on()
            && self.alone.ends()
            && let Some((decoder, standing)) = lane.ahead()
        {
            if self.ahead.is_none()
                && let Some(hand) = self.sink.hand()
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
                let source = lane.source_name();
                ahead.begin(runs, decoder, standing, self.sink.good(), source);
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
        let (Some(lane), Some(state)) = (self.lanes.get(index), self.links.get_mut(index)) else {
            return;
        };
        (state.bytes, state.settled, state.silent) = (Instant::now(), false, false);
        self.progress.advance(bytes.len());
        self.sink.bytes(lane, Timestamp::now(), bytes, &[]);
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
        let Done { bytes, found } = done;
        let index = self.reading;
        self.receive(index, &bytes);
        let Some(lane) = self.lanes.get_mut(index) else {
            return;
        };
        let good = self.sink.good();
        let mut found = found
            .filter(|found| found.before == good && lane.adopt(&bytes, &found.stretch, self.sink));
        match &mut found {
            Some(found) => self.sink.formatted(found.output()),
            None => self.push(index, &bytes),
        }
        match &self.ahead {
            _ if found.is_some() => self.alone.succeeded(self.limits.jobs),
            Some(ahead) if !ahead.is_halted() => {
                // What follows was decoded from something else than what is known now.
                ahead.halt();
                self.alone.failed();
            }
            _ => {}
        }
        if let Some(ahead) = &mut self.ahead {
            ahead.recycle(bytes, found);
        }
    }
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
        if self.good >= GOOD_FOR_EACH * jobs {
            self.then = 0;
        }
    }

    /// A run had to be decoded again: of a file that is damaged everywhere nothing is foreseen.
    fn failed(&mut self) {
        self.good = 0;
        self.then = (4 * self.then + 3).min(ALONE_MAX);
        self.left = self.then;
    }
}

/// Most runs that are decoded where they stand before the next try to decode ahead.
const ALONE_MAX: u32 = 127;
/// Runs in a row that are taken over for each thread, until a failure counts as the first.
const GOOD_FOR_EACH: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    /// Of so many runs, those taken over and those decoded twice, where one in `damaged` is damaged and costs all
    /// that are `under_way`.
    fn ahead(runs: usize, damaged: usize, under_way: usize) -> (usize, usize) {
        let mut alone = Alone::default();
        let (mut run, mut taken, mut lost) = (0, 0, 0);
        while run < runs {
            if !alone.ends() {
                run += 1;
                continue;
            }
            while run < runs && (run + 1) % damaged != 0 {
                alone.succeeded(2);
                (run, taken) = (run + 1, taken + 1);
            }
            alone.failed();
            (run, lost) = (run + under_way, lost + under_way);
        }
        (taken, lost)
    }

    #[test]
    fn what_is_damaged_now_and_then_is_hardly_decoded_twice() {
        for damaged in [1, 2, 6, 15] {
            let (_, lost) = ahead(10_000, damaged, 6);
            assert!(lost < 600, "{damaged}: {lost}");
        }
        let (taken, lost) = ahead(10_000, 100, 6);
        assert!(taken > 8_000 && lost < 700, "{taken} {lost}");
    }
}
