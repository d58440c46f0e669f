//! How often a meter sends, by its own clock.

use crate::p1::diagnosis::finding::Verdict;

/// The last steps of the clock from one telegram to the next.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    clock: Option<i64>,
    steps: [i64; STEPS],
    step: usize,
    /// Clocks of the host and of the meter at an earlier telegram.
    anchor: Option<(i64, i64)>,
}

impl Pace {
    /// Tells whether more steps are wanted: what stays the same is looked at seldom.
    pub fn wants(&self, number: u64) -> bool {
        self.step < 2 * STEPS || number % 64 < 6
    }

    /// Takes the clock of a telegram, in seconds; `follows` where no telegram is missing before it.
    ///
    /// `slow` meters send every ten seconds (DSMR 4 and older, Luxembourg), others every second.
    pub fn take(
        &mut self,
        clock: Option<i64>,
        follows: bool,
        slow: bool,
    ) -> Option<(Verdict, u64)> {
        let before = std::mem::replace(&mut self.clock, clock);
        let step = clock? - before?;
        if !follows {
            return None;
        }
        *self.steps.get_mut(self.step % STEPS)? = step;
        self.step += 1;
        self.step
            .is_multiple_of(STEPS)
            .then(|| self.conclude(slow))?
    }

    /// Holds the clock of the meter against that of the host; both in seconds since 1970.
    ///
    /// Only where both went on alike did the telegram come when it was made: a recording says nothing of clocks.
    pub fn off(&mut self, clock: Option<i64>, host: Option<i64>) -> Option<(Verdict, u64)> {
        let now = (host?, clock?);
        let (host, clock) = *self.anchor.get_or_insert(now);
        let (passed, shown) = (now.0 - host, now.1 - clock);
        if passed < ALIKE_AFTER {
            return None;
        }
        self.anchor = Some(now);
        let off = now.0.abs_diff(now.1);
        let alike = passed.abs_diff(shown) <= ALIKE;
        (alike && off > CLOCK_OFF).then_some((Verdict::ClockOff, off))
    }

    fn conclude(&self, slow: bool) -> Option<(Verdict, u64)> {
        let least = *self.steps.iter().min()?;
        let most = *self.steps.iter().max()?;
        match (least, most) {
            (LONGEST.., _) => Some((Verdict::PeriodLong, least.unsigned_abs())),
            // A clock that stands still says nothing of the pace.
            (0.., 1..=SHORTEST) if slow => Some((Verdict::PeriodShort, most.unsigned_abs())),
            _ => None,
        }
    }
}

/// Seconds by which clocks may differ: meters are set once a day.
const CLOCK_OFF: u64 = 120;
/// Seconds after which two clocks show whether they go on alike, and by how much they may not.
const ALIKE_AFTER: i64 = 5;
const ALIKE: u64 = 3;
/// Steps that are looked at together.
const STEPS: usize = 4;
/// From here on telegrams come too seldom, in seconds (Luxembourg P1 1.1.3: every ten).
const LONGEST: i64 = 13;
/// So often, in seconds, no meter sends that is to send every ten.
const SHORTEST: i64 = 7;

#[cfg(test)]
mod tests {
    use super::*;

    fn said(step: i64, slow: bool) -> Option<Verdict> {
        let mut pace = Pace::default();
        (0..9)
            .find_map(|n| pace.take(Some(n * step), true, slow))
            .map(|(verdict, _)| verdict)
    }

    #[test]
    fn a_clock_is_wrong_only_where_both_go_on_alike() {
        let said = |host_step: i64| {
            let mut pace = Pace::default();
            (0..4).find_map(|n| pace.off(Some(5000 + 10 * n), Some(90_000 + host_step * n)))
        };
        assert_eq!(said(10), Some((Verdict::ClockOff, 85_000)));
        assert_eq!(said(0), None, "a recording read at once");
        assert_eq!(said(100), None);
    }

    #[test]
    fn too_seldom_and_too_often_are_told() {
        assert_eq!(said(60, true), Some(Verdict::PeriodLong));
        assert_eq!(said(60, false), Some(Verdict::PeriodLong));
        assert_eq!(said(2, true), Some(Verdict::PeriodShort));
        for (step, slow) in [(10, true), (9, true), (1, false), (10, false), (0, true)] {
            assert_eq!(said(step, slow), None, "{step}");
        }
    }
}
