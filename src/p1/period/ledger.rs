//! What a meter has said, in as little room as statements by any period need.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::QUARTER;
use super::series::Counter;
use super::statement::Note;
use crate::p1::obis::Kind;
use crate::p1::telegram::{Shape, Telegram, Value};
use crate::p1::value::Decimal;

/// The account of one meter: takes its telegrams in any order.
///
/// A year takes about 8 MB, however many telegrams it has.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// Seconds of each quarter at which telegrams were measured.
    pub(super) heard: BTreeMap<i64, Seconds>,
    /// Counters by their names with units.
    pub(super) counters: Vec<(String, Counter)>,
    /// Lowest and highest of what is measured, by quarter.
    pub(super) measured: Vec<(String, BTreeMap<i64, Range>)>,
    /// What the shape of the latest telegrams says.
    plan: Option<(Arc<Shape>, Arc<[Entry]>)>,
    /// Telegrams that have no time.
    timeless: u64,
}

/// Seconds of a quarter of an hour, a bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seconds([u64; 15]);

/// The lowest value and the highest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) low: Decimal,
    pub(super) high: Decimal,
}

/// Where in a telegram a value stands that is accounted for.
#[derive(Clone, Copy, Debug)]
struct Entry {
    item: u32,
    shift: i8,
    /// The line, where it has a time of its own.
    line: Option<u32>,
    place: Place,
}

/// Where a value is accounted for.
#[derive(Clone, Copy, Debug)]
enum Place {
    Counter(usize),
    Measured(usize),
}

impl Seconds {
    const NONE: Self = Self([0; 15]);

    fn set(&mut self, second: u16) {
        if let Some(word) = self.0.get_mut(usize::from(second / 60)) {
            *word |= 1 << (second % 60);
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.0.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// All of them, in order.
    pub(super) fn iter(self) -> impl Iterator<Item = u16> {
        let of_word = |(minute, word): (u16, u64)| {
            let set = (0..60).filter(move |second| word >> second & 1 == 1);
            set.map(move |second| minute * 60 + second)
        };
        (0..).zip(self.0).flat_map(of_word)
    }
}

impl Range {
    fn with(self, value: Decimal) -> Self {
        Self {
            low: lower(self.low, value),
            high: higher(self.high, value),
        }
    }

    /// Both ranges in one.
    pub(super) fn and(self, other: Self) -> Self {
        self.with(other.low).with(other.high)
    }
}

impl Ledger {
    /// Takes a telegram that can be trusted; one without a time of the meter belongs to the second at which it was
    /// received, since 1970, where that is known.
    pub fn take(&mut self, telegram: &Telegram<'_>, received: Option<i64>) {
        let measured = telegram.measured_at().and_then(|time| time.instant());
        let Some(second) = measured.map(|at| at.as_second()).or(received) else {
            self.timeless += 1;
            return;
        };
        let heard = self.heard.entry(second.div_euclid(QUARTER));
        let heard = heard.or_insert(Seconds::NONE);
        heard.set(second.rem_euclid(QUARTER) as u16);
        let plan = self.plan(telegram.shape());
        for entry in plan.iter() {
            let Value::Number(number) = telegram.value(entry.item) else {
                continue;
            };
            let Some(value) = number.decimal().and_then(|v| v.shifted(entry.shift)) else {
                continue;
            };
            // Without a time of its own a reading is as old as the telegram.
            let captured = entry.line.and_then(|line| captured_at(telegram, line));
            match entry.place {
                Place::Counter(at) => {
                    if let Some((_, counter)) = self.counters.get_mut(at) {
                        counter.take(captured.unwrap_or(second), value);
                    }
                }
                Place::Measured(at) => {
                    if let Some((_, quarters)) = self.measured.get_mut(at) {
                        let range = Range {
                            low: value,
                            high: value,
                        };
                        let known = quarters.entry(second.div_euclid(QUARTER));
                        known
                            .and_modify(|known| *known = known.with(value))
                            .or_insert(range);
                    }
                }
            }
        }
    }

    /// Quarters that are remembered of all quantities together: what the account takes of memory grows with them.
    pub fn size(&self) -> usize {
        let counters = self.counters.iter().map(|(_, counter)| counter.len());
        let measured = self.measured.iter().map(|(_, quarters)| quarters.len());
        2 * self.heard.len() + counters.sum::<usize>() + measured.sum::<usize>()
    }

    /// Telegrams without a time, which belong to no period.
    pub fn timeless(&self) -> u64 {
        self.timeless
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
        right.heard.retain(|quarter, _| keep(*quarter));
        for (_, counter) in &mut right.counters {
            counter.retain(&keep);
        }
        for (_, quarters) in &mut right.measured {
            quarters.retain(|quarter, _| keep(*quarter));
        }
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
    fn plan(&mut self, shape: &Arc<Shape>) -> Arc<[Entry]> {
        if let Some((known, plan)) = &self.plan
            && Arc::ptr_eq(known, shape)
        {
            return Arc::clone(plan);
        }
        let mut plan = Vec::new();
        for at in &shape.meaning.values {
            let Some(line) = shape.layout.lines.get(at.line as usize) else {
                continue;
            };
            let of_bus = line.entry.is_some_and(|entry| entry.kind == Kind::Mbus);
            let place = match of_bus {
                true if is_volume_or_energy(&at.key) => {
                    index(&mut self.counters, &at.key).map(Place::Counter)
                }
                false if is_counter(&at.key) => {
                    index(&mut self.counters, &at.key).map(Place::Counter)
                }
                false if is_voltage(&at.key) => {
                    index(&mut self.measured, &at.key).map(Place::Measured)
                }
                _ => None,
            };
            plan.extend(place.map(|place| Entry {
                item: at.item,
                shift: at.shift,
                line: of_bus.then_some(at.line),
                place,
            }));
        }
        let plan: Arc<[Entry]> = plan.into();
        self.plan = Some((Arc::clone(shape), Arc::clone(&plan)));
        plan
    }
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
    ["_m3", "_gj", "_kwh", "_mwh"].iter().any(|unit| {
        let number = key
            .rsplit_once('_')
            .filter(|(_, n)| n.parse::<u8>().is_ok());
        key.ends_with(unit) || number.is_some_and(|(key, _)| key.ends_with(unit))
    })
}

fn is_voltage(key: &str) -> bool {
    matches!(key, "voltage_l1_v" | "voltage_l2_v" | "voltage_l3_v")
}

fn lower(one: Decimal, other: Decimal) -> Decimal {
    match one.checked_sub(other) {
        Some(apart) if apart.digits > 0 => other,
        _ => one,
    }
}

fn higher(one: Decimal, other: Decimal) -> Decimal {
    match other.checked_sub(one) {
        Some(apart) if apart.digits > 0 => other,
        _ => one,
    }
}

/// Names of counters, up to the unit or the tariff.
pub(super) const IMPORT: &str = "active_energy_import_";
pub(super) const EXPORT: &str = "active_energy_export_";
const REACTIVE_IMPORT: &str = "reactive_energy_import_";
const REACTIVE_EXPORT: &str = "reactive_energy_export_";
pub(super) const POWER_FAILURES: &str = "power_failure_count";
pub(super) const LONG_POWER_FAILURES: &str = "long_power_failure_count";
/// Quantities of one meter.
const SERIES_MAX: usize = 64;
/// Quarters without telegrams that part two stretches: 40 days.
const APART: i64 = 40 * 96;
/// A stretch with so many times fewer telegrams than the main one is only believed where it fits.
const FEW: u64 = 100;
