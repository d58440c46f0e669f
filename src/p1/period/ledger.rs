//! What a meter has said, in as little room as statements by any period need.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::QUARTER;
use super::measured::Measured;
use super::seconds::Seconds;
use super::series::Counter;
use super::statement::Note;
use crate::p1::meaning::ValueAt;
use crate::p1::meaning::unnumbered;
use crate::p1::obis::Kind;
use crate::p1::telegram::{Shape, Telegram, Value};
use crate::p1::value::{Decimal, Number};

/// The account of one meter: takes its telegrams in any order.
///
/// A year of a meter that counts eight quantities and measures twelve takes about 40 MB, however many telegrams it has.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// Seconds of each quarter at which telegrams were measured.
    pub(super) heard: BTreeMap<i64, Seconds>,
    /// Counters by their names with units.
    pub(super) counters: Vec<(String, Counter)>,
    /// Lowest and highest of what is measured, by quarter.
    pub(super) measured: Vec<(String, Measured)>,
    /// What the shape of the latest telegrams says.
    plan: Option<(Arc<Shape>, Plan)>,
    /// Telegrams that have no time.
    timeless: u64,
    /// The first quantity that there was no room for.
    beyond: Option<String>,
}

/// A value of telegrams of one shape that is accounted for.
#[derive(Clone, Debug)]
pub struct Accounted {
    /// Its name with unit.
    pub key: Cow<'static, str>,
    /// It is a counter; else it is measured.
    pub counts: bool,
    item: u32,
    shift: i8,
    /// The line, where it has a time of its own.
    line: Option<u32>,
}

/// What is accounted for in telegrams of a shape, and where.
type Plan = Arc<[(Accounted, Place)]>;

/// Where a value is accounted for.
#[derive(Clone, Copy, Debug)]
enum Place {
    Counter(usize),
    Measured(usize),
}

impl Ledger {
    /// Takes a telegram that can be trusted; one without a time of the meter belongs to the second at which it was
    /// received, since 1970, where that is known.
    pub fn take(&mut self, telegram: &Telegram<'_>, received: Option<i64>) {
        let Some(second) = second_of(telegram, received) else {
            self.timeless += 1;
            return;
        };
        self.hear(second);
        let plan = self.plan(telegram.shape());
        for (accounted, place) in plan.iter() {
            let Some((at, value)) = accounted.of(telegram, second) else {
                if accounted.too_long(telegram).is_some() {
                    self.leave_out(*place);
                }
                continue;
            };
            match *place {
                Place::Counter(index) => {
                    if let Some((_, counter)) = self.counters.get_mut(index) {
                        counter.take(at, value);
                    }
                }
                Place::Measured(index) => {
                    if let Some((_, measured)) = self.measured.get_mut(index) {
                        measured.take(at, value);
                    }
                }
            }
        }
    }

    /// Takes that a value has more digits than can be counted with.
    fn leave_out(&mut self, place: Place) {
        match place {
            Place::Counter(index) => {
                let counter = self.counters.get_mut(index);
                counter
                    .into_iter()
                    .for_each(|(_, counter)| counter.leave_out());
            }
            Place::Measured(index) => {
                let measured = self.measured.get_mut(index);
                measured
                    .into_iter()
                    .for_each(|(_, measured)| measured.leave_out());
            }
        }
    }

    /// Takes that a telegram was measured at a second since 1970, without its values.
    fn hear(&mut self, second: i64) {
        let heard = self.heard.entry(second.div_euclid(QUARTER)).or_default();
        heard.set(second.rem_euclid(QUARTER) as u16);
    }

    /// Takes that telegrams were measured at some seconds from one since 1970 on, without their values.
    pub fn hear_all(&mut self, start: i64, seconds: Seconds) {
        seconds
            .iter()
            .for_each(|second| self.hear(start + i64::from(second)));
    }

    /// Takes a value of a counter, by its name with unit, that was measured at a second since 1970.
    pub fn count(&mut self, key: &str, second: i64, value: Decimal) {
        if let Some(index) = index(&mut self.counters, key)
            && let Some((_, counter)) = self.counters.get_mut(index)
        {
            counter.take(second, value);
        }
    }

    /// Takes a value that was measured, by its name with unit, at a second since 1970.
    pub fn measure(&mut self, key: &str, second: i64, value: Decimal) {
        if let Some(index) = index(&mut self.measured, key)
            && let Some((_, measured)) = self.measured.get_mut(index)
        {
            measured.take(second, value);
        }
    }

    /// Quarters that are remembered of all quantities together: what the account takes of memory grows with them.
    pub fn size(&self) -> usize {
        let counters = self.counters.iter().map(|(_, counter)| counter.len());
        let measured = self.measured.iter().map(|(_, measured)| measured.len());
        2 * self.heard.len() + counters.sum::<usize>() + measured.sum::<usize>()
    }

    /// Telegrams with a time, each second once.
    pub fn telegrams(&self) -> u64 {
        self.heard.values().map(Seconds::count).sum()
    }

    /// Forgets all that is known of quarters that began before a second since 1970.
    pub fn forget_before(&mut self, second: i64) {
        self.retain(&|quarter| quarter >= second.div_euclid(QUARTER));
    }

    /// Keeps what is known of some quarters, and forgets the others.
    fn retain(&mut self, keep: &impl Fn(i64) -> bool) {
        self.heard.retain(|quarter, _| keep(*quarter));
        for (_, counter) in &mut self.counters {
            counter.retain(keep);
        }
        for (_, measured) in &mut self.measured {
            measured.retain(keep);
        }
    }

    /// Forgets the older half of the time that it knows of.
    pub fn forget_half(&mut self) {
        if let Some((first, last)) = self.extent() {
            self.forget_before(first.midpoint(last));
        }
    }

    /// When telegrams were measured first and last, seconds since 1970.
    pub fn extent(&self) -> Option<(i64, i64)> {
        let second = |quarter: &i64, within: u16| quarter * QUARTER + i64::from(within);
        let (quarter, seconds) = self.heard.first_key_value()?;
        let first = second(quarter, seconds.ends()?.0);
        let (quarter, seconds) = self.heard.last_key_value()?;
        let last = second(quarter, seconds.ends()?.1);
        Some((first, last))
    }

    /// Telegrams without a time, which belong to no period.
    pub fn timeless(&self) -> u64 {
        self.timeless
    }

    /// Tells of what is measured with too many digits, and of the first quantity that there was no room for.
    pub(super) fn tell_beyond(&self, notes: &mut Vec<Note>) {
        let cut = self
            .measured
            .iter()
            .filter(|(_, measured)| measured.is_cut());
        notes.extend(cut.map(|(key, _)| Note::NotCounted { key: key.clone() }));
        if let Some(key) = &self.beyond {
            let (key, most) = (key.clone(), SERIES_MAX);
            notes.push(Note::Beyond { key, most });
        }
    }

    /// The account without what a clock that was wrong has put into another year, and tells of that; none where all
    /// clocks were right.
    ///
    /// Telegrams that are after `latest` (seconds since 1970) cannot have been yet.
    pub(super) fn without_wrong_clocks(&self, latest: i64, notes: &mut Vec<Note>) -> Option<Self> {
        let groups = self.groups();
        let main = groups.iter().max_by_key(|group| group.telegrams).copied()?;
        let wrong: Vec<Group> = groups
            .into_iter()
            .filter(|group| {
                group.first > latest.div_euclid(QUARTER) || self.contradicts(group, &main)
            })
            .collect();
        if wrong.is_empty() {
            return None;
        }
        for group in &wrong {
            notes.push(Note::WrongClock {
                telegrams: group.telegrams,
                second: group.first * QUARTER,
            });
        }
        let keep = |quarter: i64| {
            let within = |group: &Group| (group.first..=group.last).contains(&quarter);
            !wrong.iter().any(within)
        };
        let mut right = self.clone();
        right.retain(&keep);
        Some(right)
    }

    /// Stretches of telegrams with more than [`APART`] quarters between them.
    fn groups(&self) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        for (&quarter, seconds) in &self.heard {
            let telegrams = seconds.count();
            match groups.last_mut() {
                Some(group) if quarter - group.last <= APART => {
                    group.last = quarter;
                    group.telegrams += telegrams;
                }
                _ => groups.push(Group {
                    first: quarter,
                    last: quarter,
                    telegrams,
                }),
            }
        }
        groups
    }

    /// Tells whether a few telegrams of another time have counters that were not those of the meter then.
    fn contradicts(&self, group: &Group, main: &Group) -> bool {
        if group == main || group.telegrams * FEW > main.telegrams {
            return false;
        }
        self.counters.iter().any(|(_, counter)| {
            let ends = |group: &Group| counter.ends(group.first..=group.last);
            match (ends(group), ends(main)) {
                (Some((_, last)), Some((first, _))) if group.first < main.first => last > first,
                (Some((first, _)), Some((_, last))) => first < last,
                _ => false,
            }
        })
    }

    /// What is accounted for in telegrams of a shape.
    fn plan(&mut self, shape: &Arc<Shape>) -> Plan {
        if let Some((known, plan)) = &self.plan
            && Arc::ptr_eq(known, shape)
        {
            return Arc::clone(plan);
        }
        let all = Accounted::all(shape).into_iter().filter_map(|accounted| {
            let place = match accounted.counts {
                true => index(&mut self.counters, &accounted.key).map(Place::Counter),
                false => index(&mut self.measured, &accounted.key).map(Place::Measured),
            };
            if place.is_none() && self.beyond.is_none() {
                self.beyond = Some(accounted.key.to_string());
            }
            Some((accounted, place?))
        });
        let plan: Plan = all.collect();
        self.plan = Some((Arc::clone(shape), Arc::clone(&plan)));
        plan
    }
}

impl Accounted {
    /// All that telegrams of a shape have to be accounted for.
    pub fn all(shape: &Shape) -> Vec<Self> {
        let of = |at: &ValueAt| {
            let line = shape.layout.lines.get(at.line as usize)?;
            let of_bus = line.entry.is_some_and(|entry| entry.kind == Kind::Mbus);
            let counts = match of_bus {
                true => is_volume_or_energy(&at.key),
                false => is_counter(&at.key),
            };
            (counts || !of_bus && is_measured(&at.key)).then(|| Self {
                key: at.key.clone(),
                counts,
                item: at.item,
                shift: at.shift,
                line: of_bus.then_some(at.line),
            })
        };
        let mut all: Vec<Self> = shape.meaning.values.iter().filter_map(of).collect();
        // Where the power of the phases is known, their currents tell nothing more.
        let is_power = |one: &Self| one.key.starts_with("active_power_import_l");
        if all.iter().any(is_power) {
            all.retain(|one| !one.key.starts_with("current_"));
        }
        all
    }

    /// The value in a telegram of the second given, with the second at which it was measured.
    pub fn of(&self, telegram: &Telegram<'_>, second: i64) -> Option<(i64, Decimal)> {
        let value = telegram.value(self.item).decimal(self.shift)?;
        // Without a time of its own a reading is as old as the telegram.
        let captured = self.line.and_then(|line| captured_at(telegram, line));
        Some((captured.unwrap_or(second), value))
    }

    /// The number as sent, where it has more digits than can be counted with.
    pub fn too_long<'a>(&self, telegram: &Telegram<'a>) -> Option<Number<'a>> {
        match telegram.value(self.item) {
            Value::Number(number) => {
                let counted = number.decimal().and_then(|value| value.shifted(self.shift));
                counted.is_none().then_some(number)
            }
            _ => None,
        }
    }
}

/// When a telegram was measured, seconds since 1970; without a time of the meter, when it was received.
pub fn second_of(telegram: &Telegram<'_>, received: Option<i64>) -> Option<i64> {
    let measured = telegram.measured_at().and_then(|time| time.instant());
    measured.map(|at| at.as_second()).or(received)
}

/// Quarters with telegrams, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Group {
    first: i64,
    last: i64,
    telegrams: u64,
}

/// The place of a name in a list, where it is put if there is room for it.
fn index<T: Default>(all: &mut Vec<(String, T)>, key: &str) -> Option<usize> {
    if let Some(at) = all.iter().position(|(known, _)| known == key) {
        return Some(at);
    }
    (all.len() < SERIES_MAX).then(|| {
        all.push((key.to_owned(), T::default()));
        all.len() - 1
    })
}

/// When a reading of the M-Bus was captured, seconds since 1970.
fn captured_at(telegram: &Telegram<'_>, line: u32) -> Option<i64> {
    let layout = &telegram.shape().layout;
    let line = layout.lines.get(line as usize)?;
    let items = layout.items_in(&line.items);
    let time = items.iter().find_map(|item| telegram.time(item))?;
    Some(time.instant()?.as_second())
}

/// Energy counted in total or by tariff, and how often the supply failed.
fn is_counter(key: &str) -> bool {
    if matches!(key, POWER_FAILURES | LONG_POWER_FAILURES) {
        return true;
    }
    let energy = |prefix: &str| key.strip_prefix(prefix);
    let Some(rest) = energy(IMPORT)
        .or_else(|| energy(EXPORT))
        .or_else(|| energy(REACTIVE_IMPORT))
        .or_else(|| energy(REACTIVE_EXPORT))
    else {
        return false;
    };
    match rest.split_once('_') {
        None => matches!(rest, "kwh" | "kvarh"),
        Some(("tariff", rest)) => {
            let number = rest.split('_').next().unwrap_or_default();
            number.parse::<u8>().is_ok()
        }
        Some(_) => false,
    }
}

/// What gas, water and heat meters count.
fn is_volume_or_energy(key: &str) -> bool {
    let (key, _) = unnumbered(key);
    ["_m3", "_gj", "_kwh", "_mwh"]
        .iter()
        .any(|unit| key.ends_with(unit))
}

/// Voltage, power and current of a phase.
fn is_measured(key: &str) -> bool {
    PHASES.iter().any(|phase| {
        let stem = key.rsplit_once('_').map_or(key, |(stem, _)| stem);
        stem.strip_suffix(phase)
            .is_some_and(|quantity| MEASURED.contains(&quantity))
    })
}

/// Names of counters, up to the unit or the tariff.
pub(super) const IMPORT: &str = "active_energy_import_";
pub(super) const EXPORT: &str = "active_energy_export_";
const REACTIVE_IMPORT: &str = "reactive_energy_import_";
const REACTIVE_EXPORT: &str = "reactive_energy_export_";
pub(super) const POWER_FAILURES: &str = "power_failure_count";
pub(super) const LONG_POWER_FAILURES: &str = "long_power_failure_count";
/// What is measured of each phase.
const MEASURED: [&str; 4] = [
    "voltage_",
    "active_power_import_",
    "active_power_export_",
    "current_",
];
const PHASES: [&str; 3] = ["l1", "l2", "l3"];
/// Quantities of one meter.
const SERIES_MAX: usize = 64;
/// Quarters without telegrams that part two stretches: 40 days.
const APART: i64 = 40 * 96;
/// A stretch with so many times fewer telegrams than the main one is only believed where it fits.
const FEW: u64 = 100;
