//! When to ask again: as often as there is something new, not more often than the server likes.

use std::time::{Duration, Instant};

/// How often the answer changes, as far as was seen.
#[derive(Debug, Default)]
pub(super) struct Pace {
    changed: Option<Instant>,
    /// The last times between two changes, the newest last.
    between: Vec<Duration>,
    /// Answers in a row that were the same.
    same: u32,
}

impl Pace {
    /// How long to wait before asking again, after an answer that was new or not.
    pub(super) fn next(&mut self, is_new: bool, now: Instant) -> Duration {
        if is_new {
            if let Some(before) = self.changed.replace(now) {
                self.between.push(now.saturating_duration_since(before));
                if self.between.len() > KEPT {
                    self.between.remove(0);
                }
            }
            self.same = 0;
            // The shortest: what was seen late makes a time between longer.
            let period = self.between.iter().min().copied().unwrap_or(LEAST);
            return period.clamp(LEAST, PERIOD_MAX);
        }
        self.same += 1;
        let doubled = LEAST * 2u32.saturating_pow(self.same.saturating_sub(PATIENCE));
        doubled.min(MOST)
    }
}

/// Answers are asked for a second apart at the least.
const LEAST: Duration = Duration::from_secs(1);
/// How long it is waited for the next new answer at the most.
const PERIOD_MAX: Duration = Duration::from_secs(60);
/// How long it is waited where nothing is new for long.
const MOST: Duration = Duration::from_secs(10);
/// Answers that may be the same in a row before it is asked less often.
const PATIENCE: u32 = 12;
/// Times between changes that are remembered.
const KEPT: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    /// Asks a meter with a period for so long; how often was asked, and how many telegrams were missed.
    fn ask(period: f64, seconds: f64) -> (usize, i64) {
        let start = Instant::now();
        let (mut at, mut pace) = (0.0, Pace::default());
        let (mut asked, mut missed, mut last) = (0, 0, -1);
        while at < seconds {
            let telegram = (at / period) as i64;
            asked += 1;
            let is_new = telegram != last;
            missed += (telegram - last - 1).max(0);
            last = telegram;
            let now = start + Duration::from_secs_f64(at);
            at += pace.next(is_new, now).as_secs_f64();
        }
        (asked, missed)
    }

    #[test]
    fn it_is_asked_about_as_often_as_there_is_something_new() {
        // One each 10 s: no more than twice a telegram, and none is missed.
        let (asked, missed) = ask(10.0, 1000.0);
        assert_eq!(missed, 0);
        assert!(asked <= 220, "{asked}");
        assert_eq!(ask(1.0, 100.0).1, 0);
        assert_eq!(ask(5.0, 500.0).1, 0);
    }

    #[test]
    fn where_nothing_is_new_it_is_asked_less_often() {
        let (asked, _) = ask(1e9, 1000.0);
        assert!(asked < 130, "{asked}");
    }
}
