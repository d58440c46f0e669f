//! Several virtual meters that send in turn.

use std::collections::VecDeque;
use std::time::Duration;

use super::{Plan, VirtualMeter};

/// The meters of a plan, each with its household.
pub struct MeterGroup {
    meters: Vec<VirtualMeter>,
    period: Duration,
    count: u64,
    sent: u64,
    turn: usize,
    flashes: Option<Flashes>,
}

/// LEDs of the meters.
struct Flashes {
    per_kwh: u64,
    /// Those of the period, in order.
    waiting: VecDeque<Due>,
    /// What is left to the next pulse of each meter, in thousandths of a pulse.
    left: Vec<u64>,
}

/// When a burst is due, and on which line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Which meter or line, from 0 on.
    pub lane: usize,
    /// After so much time of the meter.
    pub at: Duration,
}

impl MeterGroup {
    /// Switches the meters on.
    pub fn new(plan: &Plan) -> Self {
        let (mut plan, numbers) = (plan.started(), 1..=plan.meters.max(1));
        if plan.pulses.is_some() {
            plan.sealed = Some(false);
        }
        Self {
            meters: numbers
                .map(|number| VirtualMeter::new(plan.setup(number)))
                .collect(),
            period: Duration::from_secs(plan.period().into()),
            count: plan.count.unwrap_or(u64::MAX),
            sent: 0,
            turn: 0,
            flashes: plan.pulses.map(|per_kwh| Flashes {
                per_kwh: u64::from(per_kwh.get()),
                waiting: VecDeque::new(),
                left: vec![0; plan.meters.max(1) as usize],
            }),
        }
    }

    /// The meters, in the order of their lanes.
    pub fn meters(&self) -> &[VirtualMeter] {
        &self.meters
    }

    /// Appends the next burst, as a reader gets it; `None` when each meter has sent all it should.
    pub fn next(&mut self, out: &mut Vec<u8>) -> Option<Due> {
        if self.flashes.is_some() {
            return self.next_flash(out);
        }
        if self.sent >= self.count {
            return None;
        }
        let lane = self.turn;
        let shift = u32::try_from(lane).map_or(self.period, |lane| self.period * lane);
        let shift = shift / u32::try_from(self.meters.len()).unwrap_or(1).max(1);
        let passed = u64::try_from(self.period.as_nanos())
            .unwrap_or(u64::MAX)
            .checked_mul(self.sent)
            .map_or(Duration::MAX, Duration::from_nanos);
        self.meters.get_mut(lane)?.next_frame(out);
        self.turn += 1;
        if self.turn >= self.meters.len() {
            self.turn = 0;
            self.sent += 1;
        }
        Some(Due {
            lane,
            at: passed.saturating_add(shift),
        })
    }
}

impl MeterGroup {
    /// Appends the next pulse of any meter.
    fn next_flash(&mut self, out: &mut Vec<u8>) -> Option<Due> {
        let flashes = self.flashes.as_mut()?;
        while flashes.waiting.is_empty() {
            if self.sent >= self.count {
                return None;
            }
            let began = nanoseconds(self.period).saturating_mul(self.sent);
            let mut period = Vec::new();
            for (lane, meter) in self.meters.iter_mut().enumerate() {
                let before = meter.household().energy().imported();
                meter.next_telegram(&mut Vec::new());
                let used = meter.household().energy().imported() - before;
                let left = flashes.left.get_mut(lane)?;
                *left += u64::try_from(used).unwrap_or_default() * flashes.per_kwh;
                let pulses = *left / 1000;
                *left %= 1000;
                // As even as the power was.
                let apart = nanoseconds(self.period) / pulses.max(1);
                period.extend((0..pulses).map(|pulse| Due {
                    lane,
                    at: Duration::from_nanos(began.saturating_add(apart.saturating_mul(pulse))),
                }));
            }
            period.sort_by_key(|due| due.at);
            flashes.waiting.extend(period);
            self.sent += 1;
        }
        out.push(b'\n');
        flashes.waiting.pop_front()
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn sent(options: &[(&str, &str)]) -> (Vec<Due>, Vec<u8>) {
        let plan = Plan::of_options(options.iter().copied()).unwrap();
        let mut street = MeterGroup::new(&plan);
        let mut bytes = Vec::new();
        let dues = std::iter::from_fn(|| street.next(&mut bytes)).collect();
        (dues, bytes)
    }

    #[test]
    fn each_meter_sends_its_telegrams_in_turn() {
        let (dues, _) = sent(&[("meters", "2"), ("count", "2"), ("start", "2026-01-31")]);
        let seconds: Vec<_> = dues
            .iter()
            .map(|due| (due.lane, due.at.as_secs()))
            .collect();
        assert_eq!(seconds, [(0, 0), (1, 5), (0, 10), (1, 15)]);
    }

    #[test]
    fn an_led_flashes_for_what_its_meter_counts() {
        let options = [
            ("pulses", "800"),
            ("count", "361"),
            ("start", "2026-01-31T18:00"),
        ];
        let (dues, bytes) = sent(&options);
        assert_eq!(bytes, vec![b'\n'; dues.len()]);
        assert!(dues.is_sorted_by_key(|due| due.at));
        let plan = Plan::of_options(options).unwrap();
        let mut meter = VirtualMeter::new(plan.setup(1));
        let before = meter.household().energy().imported();
        for _ in 0..361 {
            meter.next_telegram(&mut Vec::new());
        }
        let used = meter.household().energy().imported() - before;
        assert!(used > 100, "{used}");
        assert_eq!(dues.len() as i64, used * 800 / 1000);
    }

    #[test]
    fn the_meters_of_a_town_are_all_different_and_set_their_clocks_at_one_moment() {
        let plan = Plan::of_options([("meters", "2000"), ("profile", "lu")]).unwrap();
        let street = MeterGroup::new(&plan);
        let distinct = |all: Vec<String>| all.into_iter().collect::<HashSet<_>>().len();
        let meters = || street.meters().iter();
        assert_eq!(distinct(meters().map(VirtualMeter::id).collect()), 2000);
        assert_eq!(
            distinct(meters().map(|meter| hex::encode(meter.key())).collect()),
            2000
        );
        let starts: Vec<_> = meters().map(|meter| meter.setup().start).collect();
        assert!(starts.is_sorted());
        let apart = starts[1999].duration_since(starts[0]);
        assert!(apart.as_secs() < 10, "{apart:?}");
    }

    #[test]
    fn a_seed_and_a_start_decide_every_byte() {
        let options = |seed| {
            [
                ("meters", "3"),
                ("count", "4"),
                ("seed", seed),
                ("start", "2026-01-31T18:00"),
                ("fault", "flips"),
                ("fault", "noise"),
            ]
        };
        assert_eq!(sent(&options("7")), sent(&options("7")));
        assert_ne!(sent(&options("7")), sent(&options("8")));
    }
}
