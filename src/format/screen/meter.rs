//! What is known of one meter: its last values, its counts and its history.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use jiff::Timestamp;

use super::history::Powers;
use super::sums::{Sums, wanted};
use super::tape::Tape;
use crate::p1::ciphering::{FrameCounter, SystemTitle};
use crate::p1::derive::{Derived, Deriver};
use crate::p1::event::{Decoded, Reason, Refused, Tag};
use crate::p1::period::{By, Ledger, Period, QUARTER, Statement};
use crate::p1::telegram::{Telegram, Value};
use crate::p1::unit::Unit;
use crate::p1::value::{self, Decimal};

/// One meter.
#[derive(Clone, Debug)]
pub(super) struct Meter {
    /// Place of its link among the links.
    pub(super) link: usize,
    /// System title, where it encrypts.
    pub(super) title: Option<SystemTitle>,
    /// Device id, else what the telegram says, else the title.
    pub(super) id: String,
    /// Name in the key ring.
    pub(super) name: Option<String>,
    /// Good telegrams.
    pub(super) good: u64,
    /// Refused frames.
    pub(super) refused: u64,
    /// Frames that never came, by the frame counter; none where it has none.
    pub(super) missed: Option<u64>,
    /// When the last good telegram came.
    pub(super) heard: Option<Timestamp>,
    /// Why frames are refused, since the last good one.
    pub(super) trouble: Option<Reason>,
    /// Powers over time, and those of the phases.
    pub(super) powers: Powers,
    pub(super) phase_powers: [Powers; 3],
    /// What its counters have said, by quarters of an hour.
    pub(super) ledger: Ledger,
    /// What was used today, yesterday and this month.
    pub(super) sums: Sums,
    /// The statement that was drawn last: the next drawing mostly needs it again.
    stated: RefCell<Option<Stated>>,
    /// Values of the last telegram.
    pub(super) latest: Latest,
    /// Values of those before.
    pub(super) tape: Tape,
    /// Verdict on the tag of the last telegram, where it proves nothing.
    pub(super) unproven: Option<Tag>,
    counter: Option<FrameCounter>,
    refused_since: u64,
    intervals: VecDeque<i64>,
    /// Time between two telegrams, ms, as it mostly is.
    period: i64,
    /// Seconds of the first telegram and the last, by which powers are kept.
    first: Option<i64>,
    second: Option<i64>,
    /// Where what is known of before it was heard ends.
    recalled: Option<i64>,
    /// Computes where nobody else does.
    deriver: Deriver,
    most_amperes: Option<Decimal>,
}

/// A statement, and what it was made for: periods of a length within a period, as known in a quarter of an hour.
#[derive(Clone, Debug)]
struct Stated {
    of: (By, Period, i64),
    statement: Option<Rc<Statement>>,
}

/// Values of the last telegram.
#[derive(Clone, Debug, Default)]
pub(super) struct Latest {
    /// Power taken from the grid, kW.
    pub(super) import: Option<Decimal>,
    /// Power given to the grid, kW.
    pub(super) export: Option<Decimal>,
    /// Their difference, kW.
    pub(super) net: Option<Decimal>,
    /// For each phase the values of [`PHASE_COLUMNS`].
    pub(super) phases: [[Option<Decimal>; PHASE_COLUMNS.len()]; 3],
    /// Meters on the M-Bus.
    pub(super) devices: Arc<[Device]>,
    /// Time of the telegram by the meter's clock.
    pub(super) clock: Option<value::Timestamp>,
    /// Current that may be taken on a phase, A.
    pub(super) current_limit: Option<Decimal>,
    /// Power that may be taken, with its unit as the meter says it.
    pub(super) power_limit: Option<(Decimal, &'static str)>,
    /// Counters, kWh: import and export.
    pub(super) counters: [Option<Decimal>; 2],
    /// The running quarter of an hour.
    pub(super) quarter: Quarter,
}

/// The running quarter of an hour; what depends on a reference power only where one is given.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Quarter {
    /// Mean power so far, kW.
    pub(super) mean: Option<Decimal>,
    /// Energy so far, kWh.
    pub(super) used: Option<Decimal>,
    /// Energy up to the reference power, kWh.
    pub(super) left: Option<Decimal>,
    /// Power that may be taken until its end, kW.
    pub(super) up_to: Option<Decimal>,
    /// Energy above the reference power today, kWh.
    pub(super) above_today: Option<Decimal>,
    /// The same of this month, kWh.
    pub(super) above_month: Option<Decimal>,
}

/// A reading of a meter on the M-Bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Device {
    /// M-Bus channel.
    pub(super) channel: u8,
    /// Medium in words.
    pub(super) medium: &'static str,
    /// Last reading.
    pub(super) value: Decimal,
    /// Its unit in print.
    pub(super) unit: String,
    /// When it was read.
    pub(super) time: Option<value::Timestamp>,
}

/// A column of the table of phases.
pub(super) struct PhaseColumn {
    /// What stands above it.
    pub(super) title: &'static str,
    before: &'static str,
    behind: &'static str,
}

impl Meter {
    /// A meter of which nothing is known but its id.
    pub(super) fn new(link: usize, title: Option<SystemTitle>, id: &str, recorded: bool) -> Self {
        Self {
            link,
            title,
            id: id.to_owned(),
            name: None,
            good: 0,
            refused: 0,
            missed: None,
            heard: None,
            trouble: None,
            powers: match recorded {
                true => Powers::of_recording(RECORDED),
                false => Powers::live(),
            },
            phase_powers: std::array::from_fn(|_| match recorded {
                true => Powers::of_recording(RECORDED_PHASE),
                false => Powers::of_phase(),
            }),
            ledger: Ledger::default(),
            sums: Sums::default(),
            stated: RefCell::default(),
            latest: Latest::default(),
            tape: Tape::new(recorded),
            unproven: None,
            counter: None,
            refused_since: 0,
            intervals: VecDeque::new(),
            period: PERIOD,
            first: None,
            second: None,
            recalled: None,
            deriver: Deriver::default(),
            most_amperes: None,
        }
    }

    /// Takes a good telegram; keeps the values of so many.
    pub(super) fn telegram(
        &mut self,
        now: Timestamp,
        decoded: &Decoded<'_>,
        derived: &[Derived],
        shots: usize,
    ) {
        if let Some(before) = self.heard.replace(now) {
            let apart = now.duration_since(before).as_millis();
            if self.intervals.len() == INTERVALS {
                self.intervals.pop_front();
            }
            self.intervals.push_back(i64::try_from(apart).unwrap_or(0));
            self.period = median(&self.intervals).clamp(1_000, 3_600_000);
        }
        self.good += 1;
        self.trouble = None;
        self.unproven = decoded.unproven();
        if let Some(security) = &decoded.security {
            self.count(security.counter());
        }
        let telegram = &decoded.telegram;
        let mut latest = Latest::of(telegram, &self.latest.devices);
        let own;
        let derived = match derived {
            [] => {
                own = self.deriver.derive(telegram, true, None);
                &own
            }
            derived => derived,
        };
        latest.quarter = Quarter::of(derived);
        let second = now.as_second();
        self.second = Some(second);
        let clock = latest.clock.and_then(|clock| clock.instant());
        let measured = clock.map_or(second, |at| at.as_second());
        self.first = Some(self.first.map_or(measured, |first| first.min(measured)));
        self.ledger.take(telegram, Some(second));
        *self.stated.get_mut() = None;
        if let Some(watts) = latest.net.and_then(watts) {
            self.powers.push(second, watts);
        }
        for (powers, watts) in self.phase_powers.iter_mut().zip(latest.phase_watts()) {
            if let Some(watts) = watts {
                powers.push(second, watts);
            }
        }
        let amperes = latest.phases.iter().filter_map(|[_, current, ..]| *current);
        let most = amperes.chain(self.most_amperes);
        self.most_amperes = most.max_by_key(|value| thousandths(*value));
        self.tape.push(second, &latest, shots);
        self.latest = latest;
    }

    /// The highest current of a phase so far, A.
    pub(super) fn most_amperes(&self) -> Option<Decimal> {
        self.most_amperes
    }

    /// Takes what is known of its past.
    pub(super) fn recall(&mut self, ledger: Ledger, (first, last): (i64, i64)) {
        self.ledger = ledger;
        self.first = Some(self.first.map_or(first, |known| known.min(first)));
        self.recalled = Some(last);
        self.forget_sums();
    }

    /// Brings the sums up to a time.
    pub(super) fn sum_up(&mut self, zone: &value::Zone, at: Option<i64>) {
        match at {
            Some(second) => self
                .sums
                .update(&self.ledger, zone, second, self.first, None),
            None => {
                let clock = self.latest.clock.and_then(|clock| clock.instant());
                let second = clock.map(|at| at.as_second()).or(self.second);
                if let Some(second) = second.or(self.recalled) {
                    let latest = Some(&self.latest);
                    self.sums
                        .update(&self.ledger, zone, second, self.first, latest);
                }
            }
        }
    }

    /// Whether it was never heard, and only its past is known.
    pub(super) fn is_only_past(&self) -> bool {
        self.good == 0 && self.first.is_some()
    }

    /// Forgets the older half of its past.
    pub(super) fn forget_half(&mut self) {
        if let Some((first, last)) = self.known() {
            let middle = first.midpoint(last);
            self.ledger.forget_before(middle);
            self.first = Some(middle);
            self.forget_sums();
        }
    }

    fn forget_sums(&mut self) {
        self.sums.forget();
        *self.stated.get_mut() = None;
    }

    /// What was used in the periods of a length within a period, as far as it is known by a second.
    pub(super) fn statement(
        &self,
        zone: &value::Zone,
        by: By,
        period: Period,
        now: i64,
    ) -> Option<Rc<Statement>> {
        let (_, latest) = self.known()?;
        let latest = latest.max(now);
        // Within a quarter of an hour nothing else comes of the same account.
        let of = (by, period, latest.div_euclid(QUARTER));
        let mut stated = self.stated.borrow_mut();
        let known = stated.take_if(|stated| stated.of == of);
        let known = known.unwrap_or_else(|| Stated {
            of,
            statement: self
                .ledger
                .statement(&wanted(zone, Some(by), Some(period), latest))
                .map(Rc::new),
        });
        stated.insert(known).statement.clone()
    }

    /// When something of it is known for the first time and for the last, seconds since 1970.
    pub(super) fn known(&self) -> Option<(i64, i64)> {
        self.first.zip(self.second.max(self.recalled))
    }

    /// When the last telegram came, seconds since 1970.
    pub(super) fn second(&self) -> Option<i64> {
        self.second
    }

    /// Puts in order what came out of it.
    pub(super) fn settle(&mut self) {
        self.tape.settle();
        self.powers.settle();
        for powers in &mut self.phase_powers {
            powers.settle();
        }
    }

    /// Takes a refused frame.
    pub(super) fn refused(&mut self, refused: &Refused<'_>) {
        self.refused += 1;
        // In the place of what was sent before nothing was sent.
        self.refused_since += u64::from(refused.reason != Reason::Replayed);
        self.trouble = Some(refused.reason);
    }

    /// Time between two telegrams, ms, as it mostly is; ten seconds before that is known.
    pub(super) fn period(&self) -> i64 {
        self.period
    }

    fn count(&mut self, counter: FrameCounter) {
        let missed = self.missed.get_or_insert(0);
        if let Some(before) = self.counter.replace(counter) {
            let step = u64::from(counter.0.wrapping_sub(before.0));
            // A counter that went back, or leapt, counts from elsewhere.
            if (1..STEP_MAX).contains(&step) {
                *missed += (step - 1).saturating_sub(self.refused_since);
            }
        }
        self.refused_since = 0;
    }
}

impl Latest {
    /// The values of a telegram; its devices may be those of the one before.
    fn of(telegram: &Telegram<'_>, before: &Arc<[Device]>) -> Self {
        let mut latest = Self {
            clock: telegram.measured_at(),
            ..Self::default()
        };
        let mut net = None;
        let mut tariffs = [None::<Decimal>; 2];
        let add = |sum: &mut Option<Decimal>, value: Decimal| {
            *sum = match *sum {
                Some(sum) => sum.checked_add(value),
                None => Some(value),
            };
        };
        for (at, value) in telegram.values() {
            let Some(value) = value.decimal(at.shift) else {
                continue;
            };
            match &*at.key {
                "active_power_import_kw" => latest.import = Some(value),
                "active_power_export_kw" => latest.export = Some(value),
                "active_power_net_kw" => net = Some(value),
                "active_energy_import_kwh" => latest.counters[0] = Some(value),
                "active_energy_export_kwh" => latest.counters[1] = Some(value),
                "limiter_threshold_kva" => latest.power_limit = Some((value, "kVA")),
                "limiter_threshold_kw" => latest.power_limit = Some((value, "kW")),
                "limiter_threshold_a" | "fuse_threshold_l1_a" => {
                    latest.current_limit = Some(value);
                }
                key if is_tariff(key, "active_energy_import_tariff_") => {
                    add(&mut tariffs[0], value);
                }
                key if is_tariff(key, "active_energy_export_tariff_") => {
                    add(&mut tariffs[1], value);
                }
                key => latest.phase(key, value),
            }
        }
        latest.net = match (latest.import, latest.export) {
            (Some(import), Some(export)) => import.checked_sub(export),
            (Some(import), None) => Some(import),
            (None, Some(export)) => Decimal::default().checked_sub(export),
            (None, None) => net,
        };
        for (counter, tariffs) in latest.counters.iter_mut().zip(tariffs) {
            *counter = counter.or(tariffs);
        }
        let limit = telegram.readings().find(|reading| {
            let entry = reading.entry();
            entry.is_some_and(|entry| entry.name == "current_limit_import_export")
        });
        if let Some(Value::Number(limit)) = limit.and_then(|limit| limit.values().next()) {
            latest.current_limit = limit.decimal();
        }
        let devices = devices(telegram);
        latest.devices = match devices[..] == before[..] {
            true => Arc::clone(before),
            false => devices.into(),
        };
        latest
    }

    /// Net power of each phase, W.
    pub(super) fn phase_watts(&self) -> [Option<i64>; 3] {
        self.phases.map(|[_, _, import, export, ..]| {
            let side = |value: Option<Decimal>| value.and_then(watts);
            match (side(import), side(export)) {
                (None, None) => None,
                (import, export) => import.unwrap_or(0).checked_sub(export.unwrap_or(0)),
            }
        })
    }

    /// Columns of the table of phases for which there is a value.
    pub(super) fn phase_columns(&self) -> impl Iterator<Item = usize> + '_ {
        let any = |column: &usize| {
            let mut phases = self.phases.iter();
            phases.any(|phase| phase.get(*column).is_some_and(Option::is_some))
        };
        (0..PHASE_COLUMNS.len()).filter(any)
    }

    fn phase(&mut self, key: &str, value: Decimal) {
        for (index, column) in PHASE_COLUMNS.iter().enumerate() {
            let phase = key
                .strip_prefix(column.before)
                .and_then(|rest| rest.strip_suffix(column.behind))
                .and_then(|phase| phase.parse::<usize>().ok()?.checked_sub(1));
            let cell = phase.and_then(|phase| self.phases.get_mut(phase)?.get_mut(index));
            if let Some(cell) = cell {
                *cell = Some(value);
            }
        }
    }
}

impl Quarter {
    fn of(derived: &[Derived]) -> Self {
        let value = |key: &str| {
            let found = derived.iter().find(|derived| derived.key == key);
            found.map(|derived| derived.value)
        };
        Self {
            mean: value("quarter_mean_power_kw"),
            used: value("quarter_energy_kwh"),
            left: value("quarter_left_kwh"),
            up_to: value("quarter_left_kw"),
            above_today: value("excess_day_kwh"),
            above_month: value("excess_month_kwh"),
        }
    }
}

/// Who has a title.
pub(super) fn sender(title: SystemTitle) -> String {
    title.device_id().unwrap_or_else(|| title.to_string())
}

fn devices(telegram: &Telegram<'_>) -> Vec<Device> {
    let device = |device: crate::p1::telegram::Device<'_>| {
        let value = device.reading().decimal(0)?;
        // A channel without a unit is one where no meter was ever connected.
        let sent = device.unit()?;
        let unit = match Unit::of_sent(sent.as_bytes()) {
            Some((unit, 0)) => unit.symbol().to_owned(),
            _ => sent.chars().take(UNIT_MAX).collect(),
        };
        Some(Device {
            channel: device.at().channel,
            medium: device.at().medium.unwrap_or("?"),
            value,
            unit,
            time: device.measured_at(),
        })
    };
    telegram
        .devices()
        .take(DEVICES)
        .filter_map(device)
        .collect()
}

fn is_tariff(key: &str, before: &str) -> bool {
    let tariff = key.strip_prefix(before);
    let tariff = tariff.and_then(|rest| rest.strip_suffix("_kwh"));
    tariff.is_some_and(|tariff| tariff.parse::<u8>().is_ok())
}

/// The middle one of intervals, ms.
fn median(intervals: &VecDeque<i64>) -> i64 {
    let mut sorted: Vec<i64> = intervals.iter().copied().collect();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or(PERIOD)
}

/// Kilowatts as whole watts.
pub(super) fn watts(kilowatts: Decimal) -> Option<i64> {
    thousandths(kilowatts)
}

/// Whole thousandths.
pub(super) fn thousandths(value: Decimal) -> Option<i64> {
    match value.scale {
        0..=3 => Some(value.rescale(3)?.digits),
        scale => Some(value.digits / 10i64.checked_pow(u32::from(scale - 3))?),
    }
}

/// The table of phases.
pub(super) const PHASE_COLUMNS: [PhaseColumn; 6] = [
    column("U/V", "voltage_l", "_v"),
    column("I/A", "current_l", "_a"),
    column("P+/kW", "active_power_import_l", "_kw"),
    column("P-/kW", "active_power_export_l", "_kw"),
    column("Q+/kvar", "reactive_power_import_l", "_kvar"),
    column("Q-/kvar", "reactive_power_export_l", "_kvar"),
];

const fn column(title: &'static str, before: &'static str, behind: &'static str) -> PhaseColumn {
    PhaseColumn {
        title,
        before,
        behind,
    }
}

/// Intervals that the period is the median of.
const INTERVALS: usize = 9;
/// Period of a meter of which nothing is known, ms.
const PERIOD: i64 = 10_000;
/// A larger step of the frame counter is no row of missed frames.
const STEP_MAX: u64 = 10_000_000;
/// Powers of a recording that are kept, and those of a phase.
const RECORDED: usize = 1 << 16;
const RECORDED_PHASE: usize = 1 << 13;
/// M-Bus channels shown.
const DEVICES: usize = 16;
/// Longest unit shown, in characters.
const UNIT_MAX: usize = 8;
