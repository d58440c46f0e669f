//! What is kept of sources and meters, and whether all is well with them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::format::number::write_plain;
use crate::observe::context::{Context, Source};
use crate::observe::standing::{Lost, Places, Room, Standing};
use crate::p1::ciphering::SystemTitle;
use crate::p1::event::Decoded;
use crate::p1::layout::Form;
use crate::sys::counter::Counter;

/// All that is known.
#[derive(Debug)]
pub(in crate::publish) struct Numbers {
    pub(super) started: Instant,
    /// How long a meter may be silent.
    pub(super) patience: Duration,
    /// Servers, and whom each has turned away.
    pub(super) servers: Vec<(&'static str, Counter)>,
    /// Who has a place among the meters.
    pub(super) places: Places,
    /// Services, and what came of meters that have no place there.
    pub(super) lost: Vec<(&'static str, Lost)>,
    pub(super) sources: BTreeMap<String, Numbered>,
    pub(in crate::publish) meters: BTreeMap<(String, String), Meter>,
    /// Whose telegram came last.
    pub(super) last: Option<(String, String)>,
}

/// How a source does.
#[derive(Debug, Default)]
pub(super) struct Numbered {
    pub(super) label: String,
    pub(super) name: String,
    pub(super) up: bool,
    pub(super) bytes: u64,
    pub(super) reconnects: u64,
    pub(super) telegrams: u64,
    pub(super) missed: u64,
    pub(super) refused: BTreeMap<&'static str, u64>,
    /// Good telegrams whose tag did not prove their origin, by the verdict on it.
    pub(super) unproven: BTreeMap<&'static str, u64>,
    pub(super) findings: BTreeMap<&'static str, u64>,
    /// The last telegram or level.
    pub(super) heard: Option<Heard>,
    /// In centimetres, as a level sensor says it.
    pub(super) level: Option<u32>,
    pub(super) counters: Vec<(SystemTitle, u32)>,
    /// Refused frames since the last good one.
    pub(super) between: u64,
}

/// When something came.
#[derive(Clone, Copy, Debug)]
pub(in crate::publish) struct Heard {
    pub(in crate::publish) at: Timestamp,
    pub(in crate::publish) instant: Instant,
}

/// The last telegram of a meter.
#[derive(Debug)]
pub(in crate::publish) struct Meter {
    pub(in crate::publish) heard: Heard,
    pub(in crate::publish) values: Vec<Value>,
    pub(super) standing: Standing,
    /// Whether it has sent more than one telegram.
    pub(super) comes_again: bool,
}

/// A number of a telegram.
#[derive(Debug)]
pub(in crate::publish) struct Value {
    pub(in crate::publish) key: String,
    /// Its exact digits.
    pub(in crate::publish) digits: String,
    /// What it is, for people.
    pub(in crate::publish) words: &'static str,
}

impl Numbers {
    /// The numbers of a source, which has its label for a name where there is one.
    pub(super) fn source(&mut self, source: &Source<'_>) -> &mut Numbered {
        let key = source.label.unwrap_or(source.name);
        // Which port `auto` is, is known only when it is open.
        if !self.sources.contains_key(key)
            && source.kind == "serial"
            && let Some(found) = self.sources.remove("auto")
        {
            self.sources.insert(key.to_owned(), found);
        }
        let numbered = self.sources.entry(key.to_owned()).or_default();
        if numbered.name != source.name {
            source.name.clone_into(&mut numbered.name);
            source
                .label
                .unwrap_or_default()
                .clone_into(&mut numbered.label);
        }
        numbered
    }

    /// The meter whose telegram came last, where it has a place.
    pub(in crate::publish) fn last_heard(&self) -> Option<(&(String, String), &Meter)> {
        let key = self.last.as_ref()?;
        self.meters.get_key_value(key)
    }

    /// Takes the last telegram of a meter, where it has a place.
    pub(super) fn hear(&mut self, key: (String, String), meter: Meter) {
        self.last = Some(key.clone());
        if let Some(known) = self.meters.get_mut(&key) {
            *known = Meter {
                standing: meter.standing.max(known.standing),
                comes_again: true,
                ..meter
            };
            return;
        }
        let (_, label) = &key;
        let standing = match label.is_empty() || self.of_label(label) > 0 {
            true => meter.standing,
            false => meter.standing.max(Standing::Labelled),
        };
        let taken = self.meters.values();
        let taken = taken.map(|meter| (meter.standing, Some(meter.heard.instant)));
        match self.places.room(taken, standing, meter.heard.instant) {
            Room::Free => {}
            Room::At(at) => {
                if let Some(leaves) = self.meters.keys().nth(at).cloned() {
                    self.meters.remove(&leaves);
                }
            }
            Room::None => {
                self.places.lost().left_out.count();
                return;
            }
        }
        self.meters.insert(key, Meter { standing, ..meter });
    }

    /// What is wrong, a line each; empty where all is well.
    pub(super) fn ills(&self, now: Instant) -> String {
        let silent = |since: Instant| {
            let silence = now.saturating_duration_since(since);
            (silence > self.patience).then_some(silence.as_secs())
        };
        let mut ills = String::new();
        for (name, source) in &self.sources {
            let since = source.heard.map_or(self.started, |heard| heard.instant);
            if let Some(seconds) = silent(since) {
                let what = match source.level {
                    Some(_) => "level",
                    None => "telegram",
                };
                ills.push_str(&format!("{name}: no {what} for {seconds} s\n"));
            }
        }
        for ((meter, label), of) in &self.meters {
            if let Some(seconds) = silent(of.heard.instant)
                && self.of_label(label) > 1
                && self.is_missed(label, of)
            {
                ills.push_str(&format!("meter {meter}: no telegram for {seconds} s\n"));
            }
        }
        ills
    }

    /// Whether a silent meter is missed: names that anybody can write, and that came once, or beside a meter that
    /// proves its origin, are none.
    fn is_missed(&self, label: &str, meter: &Meter) -> bool {
        let proven = || {
            let mut meters = self.meters.iter().filter(|((_, own), _)| own == label);
            meters.any(|(_, meter)| meter.standing == Standing::Proven)
        };
        meter.standing == Standing::Proven || meter.comes_again && !proven()
    }

    /// How many meters send under a label.
    pub(super) fn of_label(&self, label: &str) -> usize {
        self.meters.keys().filter(|(_, own)| own == label).count()
    }
}

impl Meter {
    /// A number of the last telegram as a double.
    pub(in crate::publish) fn number(&self, key: &str) -> Option<f64> {
        let value = self.values.iter().find(|value| value.key == key)?;
        value.digits.parse().ok()
    }
}

impl Numbered {
    /// Takes the frame counter of a good frame: what lies between it and the last one was missed.
    pub(super) fn count(&mut self, title: SystemTitle, counter: u32) {
        let Some((_, last)) = self.counters.iter_mut().find(|(known, _)| *known == title) else {
            if self.counters.len() < TITLES_MAX {
                self.counters.push((title, counter));
            }
            return;
        };
        let jump = counter.wrapping_sub(std::mem::replace(last, counter));
        if (1..JUMP_MAX).contains(&jump) {
            self.missed += u64::from(jump - 1).saturating_sub(self.between);
        }
    }
}

impl Heard {
    pub(super) fn now(context: &Context<'_>) -> Self {
        Self {
            at: context.received_at.unwrap_or_else(Timestamp::now),
            instant: Instant::now(),
        }
    }
}

/// All numbers of a telegram, with what was computed from it.
pub(super) fn values(context: &Context<'_>, decoded: &Decoded<'_>) -> Vec<Value> {
    let telegram = &decoded.telegram;
    let shape = telegram.shape();
    let sent = shape.meaning.values.iter().filter_map(|at| {
        let item = shape.layout.items.get(at.item as usize)?;
        let line = shape.layout.lines.get(at.line as usize)?;
        if item.form != Form::Number {
            return None;
        }
        let mut digits = Vec::new();
        write_plain(&mut digits, telegram, item, at.shift);
        Some(Value {
            key: at.key.to_string(),
            digits: String::from_utf8(digits).ok()?,
            words: line.entry.map_or("as sent", |entry| entry.words),
        })
    });
    let derived = context.derived.iter().map(|derived| Value {
        key: derived.key.to_owned(),
        digits: derived.value.to_string(),
        words: "computed",
    });
    sent.chain(derived).collect()
}

/// Frame counters that are kept of a source.
const TITLES_MAX: usize = 256;
/// A frame counter that goes so far was set anew.
const JUMP_MAX: u32 = 1 << 24;
