//! What pulses add up to: a counter, the power, and the telegram that says both.

use std::collections::BTreeMap;
use std::io::Write;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::place::Pulses;
use crate::p1::readout::crc16;
use crate::p1::value::Zone;

/// Pulses that were counted, ever since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// How many.
    pub pulses: u64,
    /// How many are a kilowatt hour.
    pub per_kwh: NonZeroU32,
}

/// The counts of all meters with pulses, by label; clones share them.
#[derive(Clone, Debug, Default)]
pub struct Counters(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    counts: BTreeMap<String, Count>,
    is_fresh: bool,
}

/// What is known of the pulses of a meter.
#[derive(Debug)]
pub(super) struct Counted {
    count: Count,
    shortest: Duration,
    /// Whether it is known when they come.
    is_timed: bool,
    last: Option<Duration>,
    /// The last one before the last telegram, and how many came since.
    told: Option<Duration>,
    since: u32,
    /// Time between two, the last that is known.
    between: Option<Duration>,
    /// When the last telegram was made.
    sent: Option<Duration>,
    /// Pulses that no telegram tells of.
    untold: bool,
}

impl Counters {
    /// What was counted of a meter.
    pub fn get(&self, id: &str) -> Option<Count> {
        self.lock().counts.get(id).copied()
    }

    /// Remembers what was counted of a meter.
    pub fn set(&self, id: &str, count: Count) {
        let mut kept = self.lock();
        if kept.counts.get(id) != Some(&count) {
            kept.counts.insert(id.to_owned(), count);
            kept.is_fresh = true;
        }
    }

    /// All counts.
    pub fn all(&self) -> BTreeMap<String, Count> {
        self.lock().counts.clone()
    }

    /// Takes counts that were kept.
    pub fn fill(&self, counts: BTreeMap<String, Count>) {
        self.lock().counts = counts;
    }

    /// Whether something was counted since the last call.
    pub fn take_fresh(&self) -> bool {
        std::mem::take(&mut self.lock().is_fresh)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Count {
    /// As many kilowatt hours in pulses of another kind.
    fn in_pulses_of(self, per_kwh: NonZeroU32) -> Self {
        let pulses = u128::from(self.pulses) * u128::from(per_kwh.get());
        Self {
            pulses: u64::try_from(pulses / u128::from(self.per_kwh.get())).unwrap_or(u64::MAX),
            per_kwh,
        }
    }

    /// Energy in mWh; what is less than one is left out.
    fn milliwatt_hours(self) -> u128 {
        u128::from(self.pulses) * 1_000_000 / u128::from(self.per_kwh.get())
    }
}

impl Counted {
    /// Goes on from what was counted before.
    pub(super) fn new(pulses: &Pulses, before: Option<Count>, is_timed: bool) -> Self {
        let per_kwh = pulses.per_kwh;
        let start = Count {
            pulses: pulses.start_wh,
            per_kwh: NonZeroU32::MIN.saturating_add(999),
        };
        Self {
            count: before.unwrap_or(start).in_pulses_of(per_kwh),
            shortest: pulses.shortest,
            is_timed,
            last: None,
            told: None,
            since: 0,
            between: None,
            sent: None,
            untold: false,
        }
    }

    /// What was counted.
    pub(super) fn count(&self) -> Count {
        self.count
    }

    /// Takes a pulse, so long after the beginning; one too soon behind another is a bounce of it.
    pub(super) fn pulse(&mut self, at: Duration) {
        let gap = self.last.map(|last| at.saturating_sub(last));
        if !self.shortest.is_zero() && gap.is_some_and(|gap| gap < self.shortest) {
            return;
        }
        self.count.pulses = self.count.pulses.saturating_add(1);
        self.untold = true;
        match self.told {
            None => self.told = Some(at),
            Some(told) => {
                self.since += 1;
                self.between = Some(at.saturating_sub(told) / self.since);
            }
        }
        self.last = Some(at);
    }

    /// Whether a telegram is due; `last`: nothing more comes.
    pub(super) fn is_due(&self, now: Duration, last: bool) -> bool {
        let waited = now.saturating_sub(self.sent.unwrap_or_default());
        let is_known = self.sent.is_some() || self.between.is_some() || now >= FIRST;
        match () {
            () if last => self.untold || self.sent.is_none(),
            () if !self.is_timed || !is_known => false,
            () if self.untold => self.sent.is_none() || waited >= APART,
            () => waited >= PERIOD,
        }
    }

    /// Power in W: from the time between two pulses, less where the next one is late.
    fn watts(&self, now: Duration) -> Option<u64> {
        if !self.is_timed {
            return None;
        }
        // Without a pulse, there was less than one in all the time.
        let late = now.saturating_sub(self.last.unwrap_or_default());
        let between = match self.between {
            Some(between) => between.max(late),
            None if self.last.is_none() && now >= FIRST => late,
            None => return None,
        };
        let nanoseconds = between.as_nanos() * u128::from(self.count.per_kwh.get());
        let watts = WATT_NANOSECONDS.checked_div(nanoseconds)?;
        // Pulses that came at once were held up on their way.
        u64::try_from(watts)
            .ok()
            .filter(|watts| *watts <= WATTS_MAX)
    }

    /// The telegram of now.
    pub(super) fn telegram(
        &mut self,
        id: &str,
        at: Timestamp,
        zone: &Zone,
        now: Duration,
    ) -> Vec<u8> {
        let mut text = b"/SMY5pulses\r\n\r\n".to_vec();
        let energy = self.count.milliwatt_hours();
        let (kilo, milli) = (energy / 1_000_000, energy % 1_000_000);
        // Meters of up to 1000 imp/kWh count whole Wh.
        let decimals = match 1000 % self.count.per_kwh.get() {
            0 => format!("{:03}", milli / 1000),
            _ => format!("{milli:06}"),
        };
        // Writing into memory cannot fail.
        if self.is_timed {
            drop(write!(text, "0-0:1.0.0({})\r\n", zone.written(at)));
        }
        drop(write!(
            text,
            "0-0:96.1.1({})\r\n1-0:1.8.0({kilo:06}.{decimals}*kWh)\r\n",
            hex::encode_upper(id)
        ));
        if let Some(watts) = self.watts(now) {
            let (kilo, rest) = (watts / 1000, watts % 1000);
            drop(write!(text, "1-0:1.7.0({kilo:02}.{rest:03}*kW)\r\n"));
        }
        text.push(b'!');
        let crc = crc16(&text);
        drop(write!(text, "{crc:04X}\r\n"));
        self.sent = Some(now);
        self.untold = false;
        if self.since > 0 {
            (self.told, self.since) = (self.last, 0);
        }
        text
    }
}

/// Telegrams are so far apart at the least.
const APART: Duration = Duration::from_secs(1);
/// Where no pulse comes, a telegram comes so often.
const PERIOD: Duration = Duration::from_secs(10);
/// So long it is waited for two pulses before the first telegram.
const FIRST: Duration = Duration::from_secs(60);
/// A pulse a kilowatt hour and nanosecond, in W.
const WATT_NANOSECONDS: u128 = 3_600_000 * 1_000_000_000;
/// More than any meter with an LED measures.
const WATTS_MAX: u64 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::p1::decoder::{Decoder, Policy};
    use crate::p1::event::Event;
    use crate::p1::telegram::Value;

    fn counted(address: &str) -> Counted {
        let rest = address.strip_prefix("pulse:").unwrap();
        Counted::new(&Pulses::parse(address, rest).unwrap(), None, true)
    }

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    /// Energy and power as the decoder reads them of a telegram.
    fn read(counted: &mut Counted, now: f64) -> (String, Option<String>) {
        let zone = Zone::luxembourg();
        let at: Timestamp = "2026-07-15T12:00:00Z".parse().unwrap();
        let text = counted.telegram("cellar", at, &zone, seconds(now));
        let mut decoder = Decoder::new(Arc::default(), Policy::default(), zone);
        let mut found = None;
        decoder.push(&text, |event| {
            let Event::Telegram(decoded) = event else {
                panic!("{event:?}");
            };
            let telegram = &decoded.telegram;
            assert_eq!(telegram.meter_id().as_deref(), Some("cellar"));
            let time = telegram.measured_at().unwrap().to_string();
            assert_eq!(time, "2026-07-15T14:00:00+02:00");
            let value = |code: &str| {
                let mut readings = telegram.readings();
                let reading = readings.find(|reading| reading.obis() == code)?;
                match reading.values().next()? {
                    Value::Number(number) => Some(number.to_string()),
                    other => panic!("{other:?}"),
                }
            };
            found = Some((value("1-0:1.8.0").unwrap(), value("1-0:1.7.0")));
        });
        found.unwrap()
    }

    #[test]
    fn power_is_the_time_between_pulses_and_falls_while_none_comes() {
        let mut counted = counted("pulse:-");
        counted.pulse(seconds(1.0));
        assert!(
            !counted.is_due(seconds(1.0), false),
            "one pulse tells no power"
        );
        counted.pulse(seconds(2.0));
        assert!(counted.is_due(seconds(2.0), false));
        let (energy, power) = read(&mut counted, 2.0);
        assert_eq!(
            (energy.as_str(), power.as_deref()),
            ("0.002", Some("3.600"))
        );
        // Each second at the most, and of all that came since.
        counted.pulse(seconds(2.5));
        assert!(!counted.is_due(seconds(2.5), false));
        counted.pulse(seconds(3.0));
        assert!(counted.is_due(seconds(3.0), false));
        let (energy, power) = read(&mut counted, 3.0);
        assert_eq!(
            (energy.as_str(), power.as_deref()),
            ("0.004", Some("7.200"))
        );
        assert!(!counted.is_due(seconds(12.0), false));
        assert!(counted.is_due(seconds(13.0), false));
        assert_eq!(read(&mut counted, 13.0).1.as_deref(), Some("0.360"));
        assert_eq!(read(&mut counted, 363.0).1.as_deref(), Some("0.010"));
    }

    #[test]
    fn without_a_pulse_power_is_less_than_one_in_all_the_time() {
        let mut counted = counted("pulse:-?per_kwh=10000&start=1.5");
        assert!(!counted.is_due(seconds(59.0), false));
        assert!(counted.is_due(seconds(60.0), false));
        let (energy, power) = read(&mut counted, 60.0);
        assert_eq!(
            (energy.as_str(), power.as_deref()),
            ("1.500000", Some("0.006"))
        );
    }

    #[test]
    fn bounces_are_left_out_and_pulses_held_up_on_their_way_tell_no_power() {
        let mut bouncing = counted("pulse:gpiochip0/1?shortest=30ms");
        for at in [1.0, 1.01, 1.02, 2.0, 2.005] {
            bouncing.pulse(seconds(at));
        }
        assert_eq!(bouncing.count().pulses, 2);
        let mut held = counted("pulse:-");
        held.pulse(seconds(1.0));
        held.pulse(seconds(1.0));
        assert_eq!(read(&mut held, 1.0), ("0.002".to_owned(), None));
    }

    #[test]
    fn the_counter_goes_on_also_where_a_kilowatt_hour_has_another_number_of_pulses() {
        let before = Count {
            pulses: 1500,
            per_kwh: NonZeroU32::new(1000).unwrap(),
        };
        let pulses = Pulses::parse("", "-?per_kwh=800").unwrap();
        let counted = Counted::new(&pulses, Some(before), true);
        assert_eq!(counted.count().pulses, 1200);
    }
}
