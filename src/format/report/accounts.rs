//! Accounts of all meters of a run.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::Account;
use crate::format::words;
use crate::observe::context::{Context, Senders};
use crate::observe::observer::{Flow, Observer, Report};
use crate::p1::diagnosis;
use crate::p1::event::{Decoded, Event};
use crate::p1::period::{Ledger, Statement, Wanted};

/// Keeps an account of each meter; bounded by the quarters of an hour that all of them together were heard in.
#[derive(Debug, Default)]
pub struct Accounts {
    meters: BTreeMap<String, (Option<String>, Ledger)>,
    findings: Vec<Finding>,
    refused: u64,
    senders: Senders,
    /// Telegrams since the size was last looked at.
    since: u32,
    is_full: bool,
}

/// Something that was found out about a recording, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What is wrong, and where.
    pub what: String,
    /// What to do.
    pub hint: String,
}

/// The statement of a meter, with what it is called.
#[derive(Clone, Debug)]
pub struct Stated {
    /// What the meter is called by itself.
    pub id: String,
    /// What the user calls it.
    pub name: Option<String>,
    /// What it counted.
    pub statement: Statement,
}

impl Accounts {
    /// Tells whether telegrams were left out since there were too many quarters.
    pub fn is_full(&self) -> bool {
        self.is_full
    }

    /// Telegrams without a time.
    pub fn timeless(&self) -> u64 {
        self.meters
            .values()
            .map(|(_, ledger)| ledger.timeless())
            .sum()
    }

    /// What was found out about the recordings.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Frames that were refused.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Meters of which there is one telegram alone: nothing can be said of what they counted. They have no statement.
    pub fn alone(&self) -> Vec<&str> {
        let alone = self.meters.iter();
        let alone = alone.filter(|(_, (_, ledger))| ledger.telegrams() == 1);
        alone.map(|(id, _)| id.as_str()).collect()
    }

    /// Makes the statements, by the ids of the meters.
    pub fn statements(&self, wanted: &Wanted) -> Vec<Stated> {
        let known = self.meters.iter();
        let known = known.filter(|(_, (_, ledger))| ledger.telegrams() > 1);
        let stated = known.filter_map(|(id, (name, ledger))| {
            Some(Stated {
                id: id.clone(),
                name: name.clone(),
                statement: ledger.statement(wanted)?,
            })
        });
        stated.collect()
    }

    fn find(&mut self, context: &Context<'_>, found: &diagnosis::Finding) {
        if self.findings.len() < FINDINGS_MAX {
            let source = context.source;
            let name = source.label.unwrap_or(source.said());
            self.findings.push(Finding {
                what: format!("{name}: {}", words::title(found)),
                hint: words::hint_of(found, source),
            });
        }
    }

    /// The account of a meter, by its id, to be filled from a store; the name is what the user calls it.
    pub fn account(&mut self, id: &str, name: Option<&str>) -> &mut Ledger {
        self.look_at_size();
        if !self.meters.contains_key(id) {
            let account = (name.map(str::to_owned), Ledger::default());
            self.meters.insert(id.to_owned(), account);
        }
        let (_, ledger) = self.meters.entry(id.to_owned()).or_default();
        ledger
    }

    /// Forgets the older half of what every meter said, so that there is room for more.
    pub fn make_room(&mut self) {
        if self.meters.len() > METERS_MAX {
            self.meters.clear();
        }
        for (_, ledger) in self.meters.values_mut() {
            ledger.forget_half();
        }
        self.is_full = false;
    }

    /// Looks now and then whether there is room for more.
    fn look_at_size(&mut self) {
        self.since += 1;
        if self.since >= LOOK_EVERY {
            self.since = 0;
            let sizes = self.meters.values().map(|(_, ledger)| ledger.size());
            self.is_full = sizes.sum::<usize>() > SIZE_MAX || self.meters.len() > METERS_MAX;
        }
    }

    fn take(&mut self, context: &Context<'_>, decoded: &Decoded<'_>) {
        // Digits that may be wrong are not counted with, though they were asked for.
        let archived = context.archived.unwrap_or_default();
        if decoded.is_doubtful() || archived.doubtful || self.is_full {
            return;
        }
        let id = match archived.meter {
            Some(meter) => Cow::Borrowed(meter),
            None => self.senders.name(decoded),
        };
        let (_, ledger) = match self.meters.get_mut(&*id) {
            Some(known) => known,
            None => {
                let name = context.meter_name.or(context.source.label);
                let account = (name.map(str::to_owned), Ledger::default());
                self.meters.entry(id.into_owned()).or_insert(account)
            }
        };
        let received = context.received_at.map(|at| at.as_second());
        ledger.take(&decoded.telegram, received);
        self.look_at_size();
    }
}

impl Stated {
    /// As the formats take it.
    pub fn account(&self) -> Account<'_> {
        Account {
            id: &self.id,
            name: self.name.as_deref(),
            statement: &self.statement,
        }
    }
}

impl Observer for Accounts {
    fn observe(&mut self, context: &Context<'_>, report: &Report<'_>) -> Flow {
        match *report {
            Report::Event { event, .. } => match event {
                Event::Telegram(decoded) => self.take(context, decoded),
                Event::Refused(_) => self.refused += 1,
                Event::Junk(_) => {}
            },
            Report::Repaired => self.refused = self.refused.saturating_sub(1),
            Report::Finding(found) => self.find(context, found),
            _ => {}
        }
        Flow::Continue
    }
}

/// Telegrams between two looks at the size.
const LOOK_EVERY: u32 = 8192;
/// Quarters of all quantities of all meters: about 400 MB, and 30 years of a meter of six counters.
const SIZE_MAX: usize = 8 << 20;
/// Findings that a page tells of.
const FINDINGS_MAX: usize = 100;
/// Meters of which statements are made.
const METERS_MAX: usize = 100_000;
