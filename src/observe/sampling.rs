//! Less than every telegram: the last of each period, what changed, the last of all.
//!
//! ```text
//! --every 60s     08:00:10 08:00:20 .. 08:00:50 | 08:01:00 ..    the one of 08:00:50, when 08:01 begins
//! --on-change     a telegram with a value that differs from the one printed before
//! ```
//! Each meter for itself, by its own clock: `--every 15m` ends at each quarter of an hour, `--every 1d` at midnight.
//! Periods of an hour and more follow the clock of the place, so that a day has 23 or 25 hours where the clock is
//! changed; of the hour that comes twice, `--every 1h` prints both.
//!
//! What waits is bounded: where rows take more than `HELD_MAX` bytes, those that wait longest are printed before
//! their period is over, and of more than `PRINTED_MAX` meters it is forgotten what those said that were heard
//! longest ago. Then more is printed than was asked for, which is said; nothing is lost.

mod period;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::observe::bounded_map::{BoundedMap, Sum, Sums};
use crate::observe::fields::Fields;
use crate::observe::observer::Notice;
use crate::p1::derive::Derived;
use crate::p1::event::Decoded;
use crate::p1::value::Zone;

/// What is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sampling {
    /// All but the last of each period.
    pub every: Option<Duration>,
    /// What says nothing new.
    pub on_change: bool,
    /// All but the last telegram of all.
    pub last: bool,
}

/// Holds rows back until it is known whether they go out: bytes to be printed, or whatever a sink makes of a telegram.
#[derive(Debug)]
pub struct Sampler<T = Vec<u8>> {
    sampling: Sampling,
    /// Where the meters stand.
    zone: Zone,
    /// When the run began: what was received before was read from a log.
    began: Timestamp,
    /// A row of each meter, those that wait longest first.
    held: BoundedMap<Held<T>>,
    /// When periods are over, by our clock.
    ends: BTreeMap<(Timestamp, u64), Sum>,
    /// Rows that came so far.
    offered: u64,
    /// Bytes of the rows that are held.
    bytes: usize,
    /// What was printed last of each meter.
    printed: BoundedMap<Option<Sum>>,
    /// The last meter, and what it is known by.
    latest: Option<(String, Sum)>,
    /// Meters of rows that came since they were settled.
    unsettled: Vec<Sum>,
    sums: Sums,
    limits: Limits,
    /// The last row that another one has replaced.
    replaced: Option<T>,
    /// There was more than that, which was said.
    is_said: [bool; 2],
    notices: Vec<Notice>,
}

/// A telegram, formatted.
#[derive(Debug)]
pub struct Row<T = Vec<u8>> {
    /// Who sent it.
    pub meter: String,
    /// Values by which it is compared.
    pub values: Vec<u8>,
    /// When it was measured by the clock of the meter, or received where it has none.
    pub at: Option<Timestamp>,
    /// When it was received, where that is known.
    pub received_at: Option<Timestamp>,
    /// What is to be printed.
    pub bytes: T,
}

/// What is held back has a size.
pub trait Weight {
    /// Bytes that it takes.
    fn weight(&self) -> usize;

    /// Lets go what it was lent for a short time: it waits for long.
    fn settle(&mut self) {}
}

/// A row that waits.
#[derive(Debug)]
struct Held<T> {
    number: u64,
    meter: Sum,
    /// Where rows are compared.
    values: Option<Sum>,
    period: Option<i64>,
    /// When its period is over, by our clock.
    end: Option<Timestamp>,
    bytes: T,
}

/// How much is remembered.
#[derive(Clone, Copy, Debug)]
struct Limits {
    bytes: usize,
    meters: usize,
}

impl Weight for Vec<u8> {
    fn weight(&self) -> usize {
        self.capacity()
    }
}

impl<T: Weight> Sampler<T> {
    /// Leaves out what is asked for, in a run that began at a time.
    pub fn new(sampling: Sampling, zone: Zone, began: Timestamp) -> Self {
        Self {
            sampling,
            zone,
            began,
            held: BoundedMap::default(),
            ends: BTreeMap::new(),
            offered: 0,
            bytes: 0,
            printed: BoundedMap::default(),
            latest: None,
            unsettled: Vec::new(),
            sums: Sums::default(),
            limits: Limits {
                bytes: HELD_MAX,
                meters: PRINTED_MAX,
            },
            replaced: None,
            is_said: [false; 2],
            notices: Vec::new(),
        }
    }

    /// The values by which a telegram is compared, where that is asked for.
    pub fn values(
        &self,
        decoded: &Decoded<'_>,
        derived: &[Derived],
        fields: Option<&Fields>,
    ) -> Vec<u8> {
        match self.sampling.on_change {
            true => values(decoded, derived, fields),
            false => Vec::new(),
        }
    }

    /// The last row that was left out, in whose memory another one can be put.
    pub fn replaced(&mut self) -> Option<T> {
        self.replaced.take()
    }

    /// Tells whether anything is left out.
    pub fn is_active(&self) -> bool {
        self.sampling != Sampling::default()
    }

    /// Takes a row; gives what is to be printed now.
    pub fn offer(&mut self, row: Row<T>) -> Vec<T> {
        let row = self.weighed(row);
        self.offered += 1;
        if !self.sampling.last && self.sampling.every.is_none() {
            return self.print(row).into_iter().collect();
        }
        let (name, period) = (row.meter, row.period);
        if self.unsettled.last() != Some(&name) {
            self.unsettled.push(name);
        }
        self.bytes += row.size();
        self.ends
            .extend(row.end.map(|end| ((end, row.number), name)));
        let mut out = Vec::new();
        if let Some(before) = self.held.put(name, 0, row) {
            self.let_go(&before);
            match !self.sampling.last && before.period != period {
                true => out.extend(self.print(before)),
                false => self.replaced = Some(before.bytes),
            }
        }
        while self.bytes > self.limits.bytes
            && self.held.len() > 1
            && let Some((_, row)) = self.held.pop()
        {
            self.say(0, |limits| {
                format!(
                    "the telegrams that wait for the end of their period take more than {} MiB: \
                     those that wait longest are printed before it",
                    limits.bytes >> 20
                )
            });
            self.let_go(&row);
            out.extend(self.print(row));
        }
        out
    }

    /// Gives one row whose period is over. To be asked now and then: the rows of others let go then what they were lent.
    pub fn due(&mut self, now: Timestamp) -> Option<T> {
        self.settle();
        while let Some(first) = self.ends.first_entry()
            && first.key().0 <= now
        {
            let name = first.remove();
            if let Some(row) = self.held.remove(name) {
                self.let_go(&row);
                if let Some(bytes) = self.print(row) {
                    return Some(bytes);
                }
            }
        }
        None
    }

    /// Gives one row that is still held.
    pub fn rest(&mut self) -> Option<T> {
        // Nothing waits for the end of a period any more.
        self.ends.clear();
        while let Some((_, row)) = self.held.pop() {
            self.let_go(&row);
            if let Some(bytes) = self.print(row) {
                return Some(bytes);
            }
        }
        None
    }

    /// Gives what is to be said since the last call.
    pub fn notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    fn weighed(&mut self, row: Row<T>) -> Held<T> {
        // The clock of the meter may be wrong; it goes on as ours does. A row that was not received in this run
        // waits for the next.
        let received_at = row.received_at.filter(|at| *at >= self.began);
        let every = self.sampling.every.filter(|_| !self.sampling.last);
        let end = || {
            let (at, received_at) = (row.at?, received_at?);
            let left = period::end(at, every?, &self.zone)?.duration_since(at);
            received_at.checked_add(left).ok()
        };
        Held {
            number: self.offered,
            period: self.period(row.at),
            end: end(),
            meter: match self.sampling.last {
                true => self.name(String::new()),
                false => self.name(row.meter),
            },
            values: self.sampling.on_change.then(|| self.sums.of(&row.values)),
            bytes: row.bytes,
        }
    }

    /// What a meter is known by, which mostly is the one before.
    fn name(&mut self, meter: String) -> Sum {
        match &self.latest {
            Some((latest, name)) if *latest == meter => *name,
            _ => {
                let name = self.held.name(&meter);
                self.latest = Some((meter, name));
                name
            }
        }
    }

    /// Lets rows that came since the last call and are still held let go what they were lent.
    fn settle(&mut self) {
        for name in self.unsettled.drain(..) {
            if let Some(row) = self.held.get_mut(name) {
                self.bytes = self.bytes.saturating_sub(row.size());
                row.bytes.settle();
                self.bytes += row.size();
            }
        }
    }

    /// Takes note that a row is held no longer.
    fn let_go(&mut self, row: &Held<T>) {
        self.bytes = self.bytes.saturating_sub(row.size());
        if let Some(end) = row.end {
            self.ends.remove(&(end, row.number));
        }
    }

    fn period(&self, at: Option<Timestamp>) -> Option<i64> {
        Some(period::index(at?, self.sampling.every?, &self.zone))
    }

    fn print(&mut self, row: Held<T>) -> Option<T> {
        if !self.sampling.on_change {
            return Some(row.bytes);
        }
        if self.printed.put(row.meter, 0, row.values) == Some(row.values) {
            return None;
        }
        if self.printed.len() > self.limits.meters {
            self.printed.pop();
            self.say(1, |limits| {
                format!(
                    "more than {} meters: what those sent that were heard longest ago is forgotten, \
                     and printed again though it did not change",
                    limits.meters
                )
            });
        }
        Some(row.bytes)
    }

    /// Says something once.
    fn say(&mut self, which: usize, what: impl FnOnce(Limits) -> String) {
        let is_said = self.is_said.get_mut(which);
        if !is_said.is_none_or(|said| std::mem::replace(said, true)) {
            self.notices.push(Notice {
                trouble: true,
                what: what(self.limits),
                hint: None,
            });
        }
    }
}

impl<T: Weight> Held<T> {
    fn size(&self) -> usize {
        self.bytes.weight() + OVERHEAD
    }
}

/// The values of a telegram as sent, but for the clock; only those of the fields given.
///
/// What is computed counts where it was asked for by name: it changes with the time of each telegram.
fn values(decoded: &Decoded<'_>, derived: &[Derived], fields: Option<&Fields>) -> Vec<u8> {
    let telegram = &decoded.telegram;
    let shape = telegram.shape();
    let mut out = Vec::new();
    for value in &shape.meaning.values {
        let line = shape.layout.lines.get(value.line as usize);
        let wanted = fields
            .is_none_or(|fields| line.is_some_and(|line| fields.wants(line, Some(&value.key))));
        if !wanted || shape.meaning.is_clock(value.item) {
            continue;
        }
        if let Some(item) = shape.layout.items.get(value.item as usize) {
            out.extend_from_slice(value.key.as_bytes());
            out.push(b'=');
            out.extend_from_slice(item.value.of(telegram.text()));
            out.push(b'\n');
        }
    }
    let named = |derived: &&Derived| fields.is_some_and(|f| f.wants_derived(derived.key));
    for derived in derived.iter().filter(named) {
        out.extend_from_slice(format!("{}={}\n", derived.key, derived.value).as_bytes());
    }
    out
}

/// Bytes of rows that are held.
const HELD_MAX: usize = 128 << 20;
/// What holding a row takes beside its bytes, about.
const OVERHEAD: usize = 256;
/// Meters of which it is known what was printed last.
const PRINTED_MAX: usize = 1 << 20;

#[cfg(test)]
mod tests;
