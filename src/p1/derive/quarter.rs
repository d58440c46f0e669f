//! Quarters of the clock, cut out of the counter of imported energy.
//!
//! ```text
//!    telegram   telegram               telegram        counter known at the telegrams only
//! -----o-----------o----------|-----------o-----> time
//!      |           |<---- gap | --------->|
//!                             bound: counter there = that of the last telegram before
//!                                    + the gap's energy x its part before the bound, rounded half up to a Wh
//! ```
//!
//! A quarter's energy is the difference of the counter at its two bounds. A bound is settled by the first telegram at or
//! behind it and never touched again, so:
//!
//! - Telegrams that are not the last before a bound or the first behind it can be lost: nothing changes.
//! - Where one of these two is lost, the gap is longer and energy may move between the quarters that meet there, at most
//!   that of the gap; the sum of the quarters stays, for each bound ends one quarter and begins the next.
//! - Quarters that lie in a gap as a whole get equal shares of its energy. No other distribution has less excess: what
//!   is said then is the least that fits the counter.
//!
//! A bound is *sure* when a telegram stands on it or its gap is no longer than [`SURE`] seconds; a quarter is sure when
//! both of its bounds are. A restart of the program is a gap like any other.
//!
//! The quarter in which the first telegram comes is not known, since its beginning was not seen. It is the same after a
//! counter that fell or changed its registers (another meter, another sum), after a gap of more than [`GAP_MAX`] seconds,
//! and when the clock is set back behind a bound. A telegram that is older than the latest and whose counter is not higher
//! came late, or twice: it changes nothing.
//!
//! Bounds are the same in UTC and in every zone. A quarter belongs to the day and month in which it begins by the meter's
//! clock; in a gap over which the clock changes between summer and winter, the offset before it holds.

use jiff::civil::DateTime;
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};

use super::excess::Excess;
use super::reference::ReferencePower;
use super::written::{instant, text, text_or_null};
use super::{LAST_QUARTER_ENERGY, QUARTER_ENERGY, QUARTER_MEAN};
use crate::p1::value::{Decimal, Timestamp};

/// The counter of imported energy at a point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// Time by the meter's clock, seconds since 1970 UTC.
    #[serde(with = "instant")]
    at: i64,
    /// Minutes east of UTC.
    offset: i16,
    /// The counter, kWh.
    #[serde(with = "text")]
    import: Decimal,
    /// How many tariffs were summed; 0 is the total of the meter.
    registers: u8,
}

/// What has to be remembered of a meter from telegram to telegram, and over a restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    latest: Sample,
    /// The bound at which the running quarter began; none where it was not seen.
    start: Option<Bound>,
    /// Energy of the last whole quarter, kWh.
    #[serde(with = "text_or_null")]
    last_quarter_kwh: Option<Decimal>,
    excess: Option<Excess>,
}

/// The counter where two quarters meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bound {
    #[serde(with = "text")]
    import: Decimal,
    sure: bool,
}

/// What is known at a telegram.
#[derive(Clone, Debug)]
pub(super) struct Now {
    /// Energy of the running quarter so far, kWh.
    energy: Option<Decimal>,
    /// Seconds since the running quarter began.
    passed: i64,
    last_quarter: Option<Decimal>,
    excess: Option<Excess>,
}

impl Sample {
    /// Takes a counter in kWh, the time it was read, and the number of its registers.
    pub(super) fn new(time: &Timestamp, import: Decimal, registers: u8) -> Option<Self> {
        Some(Self {
            at: time.instant()?.as_second(),
            offset: time.offset,
            import: import.rescale(import.scale.max(SCALE))?,
            registers,
        })
    }

    /// When it was measured, seconds since 1970.
    pub(super) fn second(&self) -> i64 {
        self.at
    }

    fn quarter(&self) -> i64 {
        self.at.div_euclid(QUARTER)
    }

    fn passed(&self) -> i64 {
        self.at.rem_euclid(QUARTER)
    }
}

impl Memory {
    /// Begins with the first sample of a meter.
    pub(super) fn begin(sample: Sample, reference: Option<ReferencePower>) -> Self {
        let mut memory = Self {
            latest: sample,
            start: bound_at(&sample),
            last_quarter_kwh: None,
            excess: None,
        };
        memory.refer(reference);
        memory
    }

    /// Sets the reference power. Where it is another one than before, sums above it begin anew.
    pub(super) fn refer(&mut self, reference: Option<ReferencePower>) {
        let known = self.excess.as_ref().map(Excess::reference);
        if known != reference.map(|reference| reference.kilowatts()) {
            let at = local(self.latest.quarter(), self.latest.offset);
            self.excess = reference
                .zip(at)
                .map(|(reference, at)| Excess::begin(reference, at));
        }
    }

    /// The reference power that the sums are above, kW.
    pub fn reference(&self) -> Option<Decimal> {
        self.excess.as_ref().map(Excess::reference)
    }

    /// When the latest telegram was measured, seconds since 1970.
    pub fn second(&self) -> i64 {
        self.latest.at
    }

    /// Number of the running quarter.
    pub fn quarter(&self) -> i64 {
        self.latest.quarter()
    }

    /// Takes a sample; gives what is known then, but nothing for one that is older than the running quarter.
    pub(super) fn take(&mut self, sample: Sample) -> Option<Now> {
        let latest = self.latest;
        let apart = sample.at.saturating_sub(latest.at);
        let risen = sample.import.checked_sub(latest.import);
        let lacking = (1..latest.registers).contains(&sample.registers);
        if lacking && (0..LACKING_MAX).contains(&apart) {
            // A line was damaged where no CRC shows it.
            return None;
        }
        match risen {
            Some(risen) if sample.registers == latest.registers => {
                if apart <= 0 && risen.digits <= 0 {
                    let is_running = sample.quarter() == latest.quarter();
                    return is_running.then(|| self.now(&sample)).flatten();
                }
                let forward = sample.quarter() >= latest.quarter() && apart <= GAP_MAX;
                if risen.digits < 0 || !forward || self.cross(&sample).is_none() {
                    self.restart(&sample);
                }
            }
            _ => self.restart(&sample),
        }
        self.latest = sample;
        self.now(&sample)
    }

    /// What is known at a sample of the running quarter.
    pub(super) fn now(&self, sample: &Sample) -> Option<Now> {
        let energy = self
            .start
            .and_then(|start| sample.import.checked_sub(start.import))
            .filter(|energy| energy.digits >= 0);
        Some(Now {
            energy,
            passed: sample.passed(),
            last_quarter: self.last_quarter_kwh,
            excess: self.excess.clone(),
        })
    }

    /// Settles the bounds between the latest sample and this one; none where numbers are too large.
    fn cross(&mut self, sample: &Sample) -> Option<()> {
        let latest = self.latest;
        let apart = sample.at - latest.at;
        for quarter in latest.quarter() + 1..=sample.quarter() {
            let at = quarter * QUARTER;
            let bound = Bound {
                import: share(&latest, sample, at)?,
                sure: at == sample.at || apart <= SURE,
            };
            let energy = match self.start {
                Some(start) => Some(bound.import.checked_sub(start.import)?),
                None => None,
            };
            let is_sure = bound.sure && self.start.is_some_and(|start| start.sure);
            let offset = match quarter == sample.quarter() {
                true => sample.offset,
                false => latest.offset,
            };
            if let Some(excess) = &mut self.excess {
                excess.close(energy, is_sure);
                excess.enter(local(quarter, offset)?);
            }
            self.last_quarter_kwh = energy;
            self.start = Some(bound);
        }
        Some(())
    }

    /// Goes on from a sample, whatever came before it.
    pub(super) fn jump(&mut self, sample: &Sample) {
        self.restart(sample);
        self.latest = *sample;
    }

    /// Leaves the running quarter unfinished, and begins with another of which the beginning was not seen.
    fn restart(&mut self, sample: &Sample) {
        self.start = bound_at(sample);
        self.last_quarter_kwh = None;
        let skipped = sample.quarter().saturating_sub(self.latest.quarter());
        if let (Some(excess), Some(at)) = (&mut self.excess, local(sample.quarter(), sample.offset))
        {
            excess.skip(skipped, at);
        }
    }
}

impl Now {
    /// The same without what lies above a reference power.
    pub(super) fn without_excess(self) -> Self {
        Self {
            excess: None,
            ..self
        }
    }

    /// Gives each value that is known.
    pub(super) fn tell(&self, tell: &mut impl FnMut(&'static str, Decimal)) {
        if let Some(energy) = self.energy {
            tell(QUARTER_ENERGY, energy);
            // Rounded half up to a watt.
            if let Some(mean) = power(energy, self.passed, self.passed / 2) {
                tell(QUARTER_MEAN, mean);
            }
        }
        if let Some(energy) = self.last_quarter {
            tell(LAST_QUARTER_ENERGY, energy);
        }
        if let Some(excess) = &self.excess {
            excess.tell(self.energy, QUARTER - self.passed, tell);
        }
    }
}

/// Energy over so many seconds as power, kW with three digits; `rounding` is added before the division.
pub(super) fn power(energy: Decimal, seconds: i64, rounding: i64) -> Option<Decimal> {
    if seconds <= 0 {
        return None;
    }
    // Watts are kWh x 1000 x 3600 / seconds; a scale above three divides as well.
    let (factor, divisor) = match energy.scale.checked_sub(SCALE) {
        Some(more) => (1, 10i128.checked_pow(more.into())?),
        None => (10i128.checked_pow((SCALE - energy.scale).into())?, 1),
    };
    let divisor = divisor.checked_mul(seconds.into())?;
    let rounding = i128::from(rounding) * (divisor / i128::from(seconds));
    let watts = i128::from(energy.digits)
        .checked_mul(factor * 3600)?
        .checked_add(rounding)?
        .div_euclid(divisor);
    Some(Decimal::new(i64::try_from(watts).ok()?, SCALE))
}

/// The counter at a time between two samples.
fn share(before: &Sample, behind: &Sample, at: i64) -> Option<Decimal> {
    let scale = before.import.scale.max(behind.import.scale);
    let low = i128::from(before.import.rescale(scale)?.digits);
    let high = i128::from(behind.import.rescale(scale)?.digits);
    let whole = i128::from(behind.at - before.at);
    let part = i128::from(at - before.at);
    let digits = low + ((high - low) * part + whole / 2).div_euclid(whole.max(1));
    Some(Decimal::new(i64::try_from(digits).ok()?, scale))
}

/// The bound that a sample stands on.
fn bound_at(sample: &Sample) -> Option<Bound> {
    (sample.passed() == 0).then_some(Bound {
        import: sample.import,
        sure: true,
    })
}

/// When a quarter begins by the clock on the wall.
fn local(quarter: i64, offset: i16) -> Option<DateTime> {
    let at = jiff::Timestamp::from_second(quarter.checked_mul(QUARTER)?).ok()?;
    let offset = Offset::from_seconds(i32::from(offset) * 60).ok()?;
    Some(offset.to_datetime(at))
}

/// A quarter of an hour, seconds.
const QUARTER: i64 = 900;
/// Digits behind the point of energy and power: Wh and W.
const SCALE: u8 = 3;
/// A gap around a bound that is no longer leaves it sure, seconds: meters send every 1, 10 or 60 seconds.
pub const SURE: i64 = 60;
/// Energy of a longer gap is not shared out, seconds: 40 days, so that a month without telegrams still is.
pub const GAP_MAX: i64 = 40 * 86_400;
/// So long a telegram without some of the tariffs is taken for a damaged one, seconds.
const LACKING_MAX: i64 = 3600;
