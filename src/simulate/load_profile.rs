//! A believable household behind the virtual meter: what three phases, a roof and a boiler do in a day.
//!
//! ```text
//! load L1 L2 L3  -  solar L1 L2 L3  =  net of each phase  -> import or export, summed over the phases
//!   standby, bustle of the day, appliances      net of all three -> the energy registers
//! gas = hot water + heating by season and hour; water by the bustle
//! ```
//!
//! Whole numbers only: W, var, VA, mA, 0.1 V, 0.01 Hz, Wh, varh, litres. Powers are a function of seed and
//! time; counters add them up, step by step, and never fall.

pub mod clock;
mod counters;
mod curves;
#[cfg(test)]
mod tests;

use self::clock::{Clock, Moment};
pub use self::counters::{Capture, Counter, Demand, Energy};
use self::curves::{bustle, chance, heating, noise, solar, summer};

/// A household at one moment of its simulated life.
#[derive(Clone, Debug)]
pub struct LoadProfile {
    seed: u64,
    clock: Clock,
    now: Moment,
    habits: Habits,
    phases: [Phase; 3],
    energy: Energy,
    gas: Counter,
    water: Counter,
    capture_every: i64,
    captured: Capture,
    demand: Demand,
    billed: (Moment, Energy),
}

/// One phase at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Phase {
    /// Active power, W; below 0 is export.
    pub active: i64,
    /// Reactive power, var; below 0 is export.
    pub reactive: i64,
    /// Apparent power, VA.
    pub apparent: i64,
    /// Voltage, 0.1 V.
    pub voltage: i64,
    /// Current, mA.
    pub current: i64,
}

/// What the seed decides about the people and the house.
#[derive(Clone, Copy, Debug)]
struct Habits {
    standby: [i64; 3],
    bustle: [i64; 3],
    roof: i64,
    boiler: i64,
    voltage: [i64; 3],
}

impl LoadProfile {
    /// Builds the household of this seed at a time, its sub-meters read every `capture_every` seconds.
    pub fn new(seed: u64, clock: Clock, unix: i64, capture_every: u32) -> LoadProfile {
        let now = clock.at(unix);
        let share = |topic, slot| (chance(seed, topic, slot) % 1000) as i64;
        let each = |base: i64, more: i64, topic| {
            [0, 1, 2].map(|phase| base + more * share(topic, phase) / 1000)
        };
        let habits = Habits {
            standby: each(15, 60, 1),
            bustle: each(90, 260, 2),
            roof: 3000 + 5000 * share(3, 0) / 1000,
            boiler: 600 + 700 * share(3, 1) / 1000,
            voltage: each(2310, 40, 4),
        };
        let years = 1 + share(5, 0) / 250;
        let start = |yearly: i64, topic| {
            Counter::starting_at(years * yearly * (500 + share(topic, 0)) / 1000 + share(topic, 1))
        };
        let energy = Energy {
            import: [start(1_400_000, 10), start(2_100_000, 11)],
            export: [start(900_000, 12), start(2_400_000, 13)],
            quadrants: [
                start(200_000, 14),
                start(60_000, 15),
                start(400_000, 16),
                start(900_000, 17),
            ],
        };
        let (gas, water) = (start(1_500_000, 20), start(110_000, 21));
        let capture_every = i64::from(capture_every.max(1));
        let capture_at = clock.at(unix - unix.rem_euclid(capture_every));
        let captured = Capture {
            at: capture_at,
            gas: gas.units,
            water: water.units,
        };
        let demand = Demand::new(seed, &clock, now);
        let phases = [Phase::default(); 3];
        let mut household = LoadProfile {
            seed,
            clock,
            now,
            habits,
            phases,
            energy,
            gas,
            water,
            capture_every,
            captured,
            demand,
            billed: (now, energy),
        };
        household.billed.0 = household.clock.when(now.month_start());
        household.phases = [0, 1, 2].map(|phase| household.phase_at_now(phase));
        household
    }

    /// The time in the household.
    pub fn now(&self) -> Moment {
        self.now
    }

    /// One of the phases, 0 to 2; a phase that does not exist is dead.
    pub fn phase(&self, phase: usize) -> Phase {
        self.phases.get(phase).copied().unwrap_or_default()
    }

    /// The three phases.
    pub fn phases(&self) -> impl Iterator<Item = Phase> {
        self.phases.into_iter()
    }

    /// Active power of all phases, W; below 0 is export.
    pub fn active(&self) -> i64 {
        self.phases.iter().map(|phase| phase.active).sum()
    }

    /// Reactive power of all phases, var; below 0 is export.
    pub fn reactive(&self) -> i64 {
        self.phases.iter().map(|phase| phase.reactive).sum()
    }

    /// Apparent power of all phases together, VA.
    pub fn apparent(&self) -> i64 {
        apparent(self.active(), self.reactive())
    }

    /// The share of active in apparent power of all phases, thousandths.
    pub fn power_factor(&self) -> i64 {
        power_factor(self.active(), self.apparent())
    }

    /// The quadrant of the powers: 0 for I (both imported) to 3 for IV (active imported, reactive exported).
    pub fn quadrant(&self) -> usize {
        match (self.active() >= 0, self.reactive() >= 0) {
            (true, true) => 0,
            (false, true) => 1,
            (false, false) => 2,
            (true, false) => 3,
        }
    }

    /// The energy registers.
    pub fn energy(&self) -> &Energy {
        &self.energy
    }

    /// What the sub-meters said last.
    pub fn captured(&self) -> Capture {
        self.captured
    }

    /// The registers at the turn of the month, and when that was.
    pub fn billed(&self) -> &(Moment, Energy) {
        &self.billed
    }

    /// How often something went wrong so far: 0 failures of the power, 1 to 3 sags and 4 to 6 swells of a phase.
    pub fn incidents(&self, kind: i64) -> i64 {
        let some = chance(self.seed, 90, kind) % 24 * (chance(self.seed, 91, kind) % 3);
        some as i64 + if kind == 0 { 2 } else { 0 }
    }

    /// The quarter-hour demand.
    pub fn demand(&self) -> &Demand {
        &self.demand
    }

    /// The frequency, 0.01 Hz.
    pub fn frequency(&self) -> i64 {
        4996 + 8 * noise(self.seed, 30, self.now.unix, 60) / 1000
    }

    /// The tariff in force: 0 at night and at the weekend, 1 on weekdays from 7 to 23 o'clock.
    pub fn tariff(&self) -> usize {
        let weekday = self.now.civil.weekday().to_monday_zero_offset() < 5;
        usize::from(weekday && (7..23).contains(&self.now.civil.hour()))
    }

    /// Lives on for so many seconds with the powers of now, then finds the new ones.
    pub fn advance(&mut self, seconds: u32) {
        let seconds = i64::from(seconds);
        let (active, reactive, tariff) = (self.active(), self.reactive(), self.tariff());
        self.energy.import[tariff].add(active.max(0) * seconds);
        self.energy.export[tariff].add((-active).max(0) * seconds);
        let quadrant = self.quadrant();
        self.energy.quadrants[quadrant].add(reactive.abs() * seconds);
        self.gas.add(self.gas_flow() * seconds);
        self.water.add(bustle(&self.now) / 40 * seconds);
        let before = self.now;
        self.now = self.clock.at(before.unix + seconds);
        if self.now.unix.div_euclid(self.capture_every)
            != before.unix.div_euclid(self.capture_every)
        {
            let at = self
                .clock
                .at(self.now.unix - self.now.unix.rem_euclid(self.capture_every));
            self.captured = Capture {
                at,
                gas: self.gas.units,
                water: self.water.units,
            };
        }
        if self.now.month_start() != before.month_start() {
            let turned = self.clock.when(self.now.month_start());
            self.billed = (turned, self.energy);
        }
        self.demand
            .add(&self.clock, before, self.now, active.max(0));
        self.phases = [0, 1, 2].map(|phase| self.phase_at_now(phase));
    }

    fn phase_at_now(&self, phase: usize) -> Phase {
        let (seed, unix, topic) = (self.seed, self.now.unix, phase as u64);
        let bustle = bustle(&self.now);
        let mut load = self.habits.standby[phase] + self.habits.bustle[phase] * bustle / 1000;
        load += (chance(seed, 40 + topic, unix) % 9) as i64;
        let run = chance(seed, 50 + topic, unix.div_euclid(APPLIANCE_RUN));
        let appliance = if (run >> 40) % 1000 < 30 + 150 * bustle as u64 / 1000 {
            300 + (run % 2300) as i64
        } else {
            0
        };
        load += appliance;
        let clouds = 150 + 850 * noise(seed, 60, unix, 1500) / 1000;
        let roof = self.habits.roof / 3 * solar(&self.now) / 1000 * clouds / 1000;
        let active = load - roof;
        let reactive = load / 9 + appliance / 12 - 55;
        let apparent = apparent(active, reactive);
        let swing = 40 * noise(seed, 70 + topic, unix, 400) / 1000 - 20;
        let voltage = self.habits.voltage[phase] + swing - active / 250;
        Phase {
            active,
            reactive,
            apparent,
            voltage,
            current: apparent * 10_000 / voltage.max(1),
        }
    }

    /// Gas, litres an hour: some hot water all year, heating when it is cold.
    fn gas_flow(&self) -> i64 {
        let cold = (300 - summer(&self.now)).max(0);
        let heating = self.habits.boiler * cold / 1000 * heating(&self.now) / 1000;
        heating + 60 * bustle(&self.now) / 1000
    }
}

impl Phase {
    /// The share of active in apparent power, thousandths.
    pub fn power_factor(&self) -> i64 {
        power_factor(self.active, self.apparent)
    }
}

fn power_factor(active: i64, apparent: i64) -> i64 {
    match apparent {
        0 => 1000,
        _ => 1000 * active.abs() / apparent,
    }
}

/// Apparent power of an active and a reactive one, VA.
fn apparent(active: i64, reactive: i64) -> i64 {
    (active * active + reactive * reactive).isqrt()
}

/// How long an appliance runs, seconds.
const APPLIANCE_RUN: i64 = 420;
