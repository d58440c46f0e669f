//! What is computed from telegrams rather than sent: net power, the running quarter hour, energy above a reference.
//!
//! ```text
//!            telegram by telegram                        from telegram to telegram
//! import - export = net power                 counter ----+----+----+----+----> time
//! what goes out on a phase = surplus                  10:00     10:15     10:30      quarters of the clock
//!                                                       |<-mean->|<- running ->|
//! ```
//!
//! All is exact: decimals are added and subtracted, and where one is divided the rule of rounding is stated. Time is
//! that of the meter's clock; a telegram without one has powers only. How quarters are cut stands in [`quarter`].
//!
//! Not supported: energy that a community or a neighbour shares, which no meter knows.

pub mod quarter;

pub mod reference;

mod course;
mod excess;
mod sent;
#[cfg(test)]
mod tests;
mod written;

use self::course::Course;
pub use self::course::Heard;
use self::quarter::{Memory, Now, Sample};
pub use self::reference::ReferencePower;
use self::sent::Sent;
use super::telegram::Telegram;
use super::unit::Unit;
use super::value::Decimal;

/// A value that was computed; its key ends in the unit, as those of the telegram do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Derived {
    /// Name with unit: `net_power_kw`.
    pub key: &'static str,
    /// The value, exactly.
    pub value: Decimal,
}

/// A quantity that can be computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantity {
    /// Name with unit.
    pub key: &'static str,
    /// The name for people.
    pub words: &'static str,
    /// The unit; none for counts.
    pub unit: Option<Unit>,
}

/// How much is computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// Nothing.
    #[default]
    Nothing,
    /// Powers and the running quarter.
    Computed,
    /// Also what depends on a reference power.
    WithReference,
}

/// Computes for one meter.
#[derive(Clone, Debug, Default)]
pub struct Deriver {
    course: Option<Course>,
    /// What comes from another time, until it has proved itself.
    trial: Option<Box<Course>>,
    reference: Option<ReferencePower>,
}

impl Derived {
    /// What the value is.
    pub fn quantity(&self) -> Option<&'static Quantity> {
        QUANTITIES.iter().find(|quantity| quantity.key == self.key)
    }
}

impl Quantity {
    /// Tells whether a name is that of the quantity, with its unit or without.
    pub fn is_called(&self, name: &str) -> bool {
        let suffix = self.unit.map_or("", Unit::suffix);
        self.key == name || self.key.strip_suffix(suffix) == Some(name)
    }
}

impl Extent {
    /// What can be there, in the order in which it is given; the less is computed, the fewer there are.
    pub fn quantities(self) -> &'static [Quantity] {
        let count = match self {
            Self::Nothing => 0,
            Self::Computed => QUANTITIES
                .iter()
                .position(|quantity| quantity.key == QUARTER_LEFT)
                .unwrap_or(QUANTITIES.len()),
            Self::WithReference => QUANTITIES.len(),
        };
        QUANTITIES.get(..count).unwrap_or_default()
    }
}

impl Deriver {
    /// Computes with a reference power, or without; goes on from what is remembered of the meter.
    ///
    /// Sums above another reference power begin anew; without one, those that are remembered go on unseen.
    pub fn new(reference: Option<ReferencePower>, memory: Option<Memory>) -> Self {
        Self {
            course: memory.map(|memory| Course::remembered(memory, None)),
            ..Self::default()
        }
        .referring_to(reference)
    }

    /// When the meter was heard last, seconds since 1970 by the clock of the host.
    pub fn heard_at(mut self, second: Option<i64>) -> Self {
        if let Some(course) = &mut self.course {
            course.heard = second;
        }
        self
    }

    /// Computes with another reference power.
    pub fn referring_to(mut self, reference: Option<ReferencePower>) -> Self {
        self.reference = reference;
        if let (Some(course), Some(_)) = (&mut self.course, reference) {
            course.memory.refer(reference);
        }
        self
    }

    /// Computes all that can be known at a telegram, in the order of [`Extent::quantities`].
    ///
    /// The counters of a telegram that is not `trusted`, since its tag or CRC is wrong, are not looked at. When it was
    /// `heard` tells clocks that jump from those that were right all the time.
    pub fn derive(
        &mut self,
        telegram: &Telegram<'_>,
        trusted: bool,
        heard: Option<Heard>,
    ) -> Vec<Derived> {
        let sent = Sent::of(telegram);
        let mut all = Vec::with_capacity(QUANTITIES.len());
        sent.powers(&mut |key, value| all.push(Derived { key, value }));
        let sample = sent.sample(telegram).filter(|_| trusted);
        if let Some(now) = sample.and_then(|sample| self.take(sample, heard)) {
            now.tell(&mut |key, value| all.push(Derived { key, value }));
        }
        all
    }

    /// What is remembered of the meter.
    pub fn memory(&self) -> Option<&Memory> {
        self.course.as_ref().map(|course| &course.memory)
    }

    /// When the meter was heard last, seconds since 1970 by the clock of the host.
    pub fn heard(&self) -> Option<i64> {
        self.course.as_ref()?.heard
    }

    fn take(&mut self, sample: Sample, heard: Option<Heard>) -> Option<Now> {
        let now = match &mut self.course {
            Some(course) => course.take(&mut self.trial, sample, heard),
            None => {
                let (course, now) = Course::begin(sample, self.reference, heard);
                self.course = Some(course);
                now
            }
        };
        match self.reference {
            Some(_) => now,
            None => now.map(Now::without_excess),
        }
    }
}

/// Tells whether a name is one of something computed, with its unit or without.
pub fn is_known(name: &str) -> bool {
    QUANTITIES.iter().any(|quantity| quantity.is_called(name))
}

const fn power(key: &'static str, words: &'static str) -> Quantity {
    Quantity {
        key,
        words,
        unit: Some(Unit::Kilowatt),
    }
}

const fn energy(key: &'static str, words: &'static str) -> Quantity {
    Quantity {
        key,
        words,
        unit: Some(Unit::KilowattHour),
    }
}

/// All that can be computed; what depends on a reference power comes last.
pub const QUANTITIES: [Quantity; 20] = [
    power(NET[0], "net power"),
    power(NET[1], "net power L1"),
    power(NET[2], "net power L2"),
    power(NET[3], "net power L3"),
    power(SURPLUS[0], "surplus"),
    power(SURPLUS[1], "surplus L1"),
    power(SURPLUS[2], "surplus L2"),
    power(SURPLUS[3], "surplus L3"),
    energy(QUARTER_ENERGY, "energy in this quarter"),
    power(QUARTER_MEAN, "mean power in this quarter"),
    energy(LAST_QUARTER_ENERGY, "energy in the last quarter"),
    energy(QUARTER_LEFT, "energy left in this quarter"),
    power(QUARTER_LEFT_POWER, "power left in this quarter"),
    energy(EXCESS_QUARTER, "energy above, this quarter"),
    energy(EXCESS_DAY, "energy above, today"),
    energy(EXCESS_MONTH, "energy above, this month"),
    energy(EXCESS_LAST_QUARTER, "energy above, last quarter"),
    energy(EXCESS_LAST_DAY, "energy above, last day"),
    energy(EXCESS_LAST_MONTH, "energy above, last month"),
    Quantity {
        key: UNSURE_QUARTERS,
        words: "unsure quarters, this month",
        unit: None,
    },
];

/// Import less export, in total and on each phase.
const NET: [&str; 4] = [
    "net_power_kw",
    "net_power_l1_kw",
    "net_power_l2_kw",
    "net_power_l3_kw",
];
/// What goes out, in total and on each phase.
const SURPLUS: [&str; 4] = [
    "surplus_kw",
    "surplus_l1_kw",
    "surplus_l2_kw",
    "surplus_l3_kw",
];
const QUARTER_ENERGY: &str = "quarter_energy_kwh";
const QUARTER_MEAN: &str = "quarter_mean_power_kw";
const LAST_QUARTER_ENERGY: &str = "last_quarter_energy_kwh";
const QUARTER_LEFT: &str = "quarter_left_kwh";
const QUARTER_LEFT_POWER: &str = "quarter_left_kw";
const EXCESS_QUARTER: &str = "excess_quarter_kwh";
const EXCESS_DAY: &str = "excess_day_kwh";
const EXCESS_MONTH: &str = "excess_month_kwh";
const EXCESS_LAST_QUARTER: &str = "excess_last_quarter_kwh";
const EXCESS_LAST_DAY: &str = "excess_last_day_kwh";
const EXCESS_LAST_MONTH: &str = "excess_last_month_kwh";
const UNSURE_QUARTERS: &str = "unsure_quarters_month";
