//! What is known of one meter: its last values, its counts and its history.

use std::collections::VecDeque;

use jiff::Timestamp;

use super::energy::{Energy, Registers};
use super::power::Powers;
use crate::p1::ciphering::{FrameCounter, SystemTitle};
use crate::p1::derive::Derived;
use crate::p1::event::{Decoded, Reason, Refused, Tag};
use crate::p1::telegram::{Telegram, Value};
use crate::p1::unit::Unit;
use crate::p1::value::{self, Decimal};

/// One meter.
#[derive(Clone, Debug, Default)]
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
    /// Powers of the last hour.
    pub(super) powers: Powers,
    /// Energy counters.
    pub(super) energy: Energy,
    /// Values of the last telegram.
    pub(super) latest: Latest,
    /// What was computed at the last telegram.
    pub(super) computed: Vec<Derived>,
    /// Verdict on the tag of the last telegram, where it proves nothing.
    pub(super) unproven: Option<Tag>,
    counter: Option<FrameCounter>,
    refused_since: u64,
    intervals: VecDeque<i64>,
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
    pub(super) devices: Vec<Device>,
    /// Time of the telegram by the meter's clock.
    pub(super) clock: Option<value::Timestamp>,
}

/// A reading of a meter on the M-Bus.
#[derive(Clone, Debug)]
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
    /// Columns that it takes.
    pub(super) width: usize,
    before: &'static str,
    behind: &'static str,
}

impl Meter {
    /// A meter of which nothing is known but its id.
    pub(super) fn new(link: usize, title: Option<SystemTitle>, id: &str) -> Self {
        Self {
            link,
            title,
            id: id.to_owned(),
            ..Self::default()
        }
    }

    /// Takes a good telegram.
    pub(super) fn telegram(&mut self, now: Timestamp, decoded: &Decoded<'_>) {
        if let Some(before) = self.heard.replace(now) {
            let apart = now.duration_since(before).as_millis();
            if self.intervals.len() == INTERVALS {
                self.intervals.pop_front();
            }
            self.intervals.push_back(i64::try_from(apart).unwrap_or(0));
        }
        self.good += 1;
        self.trouble = None;
        self.unproven = decoded.unproven();
        if let Some(security) = &decoded.security {
            self.count(security.counter());
        }
        let (latest, import, export) = Latest::of(&decoded.telegram);
        self.latest = latest;
        self.energy.take(import, export, self.latest.clock);
        if let Some(watts) = self.latest.net.and_then(watts) {
            self.powers.push(now, watts);
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
        let mut sorted: Vec<i64> = self.intervals.iter().copied().collect();
        sorted.sort_unstable();
        let middle = sorted.get(sorted.len() / 2).copied();
        middle.unwrap_or(PERIOD).clamp(1_000, 3_600_000)
    }

    /// Whether the next telegram should long have come.
    pub(super) fn is_late(&self, now: Timestamp) -> bool {
        let silent = self
            .heard
            .map(|heard| now.duration_since(heard).as_millis());
        silent.is_some_and(|silent| silent > i128::from(self.period()) * 3)
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
    fn of(telegram: &Telegram<'_>) -> (Self, Registers, Registers) {
        let mut latest = Self {
            clock: telegram.measured_at(),
            ..Self::default()
        };
        let (mut import, mut export) = (Registers::default(), Registers::default());
        let mut net = None;
        for (at, value) in telegram.values() {
            let Some(value) = decimal(&value, at.shift) else {
                continue;
            };
            match &*at.key {
                "active_power_import_kw" => latest.import = Some(value),
                "active_power_export_kw" => latest.export = Some(value),
                "active_power_net_kw" => net = Some(value),
                "active_energy_import_kwh" => import.total(value),
                "active_energy_export_kwh" => export.total(value),
                key if is_tariff(key, "active_energy_import_tariff_") => import.tariff(value),
                key if is_tariff(key, "active_energy_export_tariff_") => export.tariff(value),
                key => latest.phase(key, value),
            }
        }
        latest.net = match (latest.import, latest.export) {
            (Some(import), Some(export)) => import.checked_sub(export),
            (Some(import), None) => Some(import),
            (None, Some(export)) => Decimal::default().checked_sub(export),
            (None, None) => net,
        };
        latest.devices = devices(telegram);
        (latest, import, export)
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

/// Who has a title.
pub(super) fn sender(title: SystemTitle) -> String {
    title.device_id().unwrap_or_else(|| title.to_string())
}

fn devices(telegram: &Telegram<'_>) -> Vec<Device> {
    let device = |device: crate::p1::telegram::Device<'_>| {
        let value = decimal(&device.reading(), 0)?;
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

fn decimal(value: &Value<'_>, shift: i8) -> Option<Decimal> {
    match value {
        Value::Number(number) => number.decimal()?.shifted(shift),
        _ => None,
    }
}

fn is_tariff(key: &str, before: &str) -> bool {
    let tariff = key.strip_prefix(before);
    let tariff = tariff.and_then(|rest| rest.strip_suffix("_kwh"));
    tariff.is_some_and(|tariff| tariff.parse::<u8>().is_ok())
}

/// Kilowatts as whole watts.
fn watts(kilowatts: Decimal) -> Option<i64> {
    match kilowatts.scale {
        0..=3 => Some(kilowatts.rescale(3)?.digits),
        scale => Some(kilowatts.digits / 10i64.checked_pow(u32::from(scale - 3))?),
    }
}

/// The table of phases.
pub(super) const PHASE_COLUMNS: [PhaseColumn; 6] = [
    column("U/V", 10, "voltage_l", "_v"),
    column("I/A", 6, "current_l", "_a"),
    column("P+/kW", 9, "active_power_import_l", "_kw"),
    column("P-/kW", 9, "active_power_export_l", "_kw"),
    column("Q+/kvar", 10, "reactive_power_import_l", "_kvar"),
    column("Q-/kvar", 10, "reactive_power_export_l", "_kvar"),
];

const fn column(
    title: &'static str,
    width: usize,
    before: &'static str,
    behind: &'static str,
) -> PhaseColumn {
    PhaseColumn {
        title,
        width,
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
/// M-Bus channels shown.
const DEVICES: usize = 16;
/// Longest unit shown, in characters.
const UNIT_MAX: usize = 8;
