//! `--store`: what households look at, for years, in an SQLite database; see [`crate::source::database`] for its tables.
//!
//! ```text
//! telegram --> its period in memory --+
//!          \-> packed row ------------+--> one transaction for what came at once --> WAL --> database
//! ```
//! A transaction is over before anything more is received: who kills the process takes no more than the telegram that
//! was under way. A period is written anew with each of its telegrams, as all that is known of it, so that there is
//! nothing to repair.
//!
//! A lock on a file beside it, `.lock` behind its name, says who writes; SQLite lets any number read meanwhile. Where
//! the database cannot be written, periods wait in memory as far as there is room, telegrams are lost, and it is tried
//! again every ten seconds.

mod packer;
mod schema;
mod slot;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};

use self::packer::{Base, Packed, Packer};
use self::slot::{Slot, Slots};
use crate::format::words;
use crate::observe::context::{Context, Senders};
use crate::observe::observer::{Flow, Link, Notice, Observer, Report};
use crate::observe::standing::Standing;
use crate::p1::count::count;
use crate::p1::diagnosis::Finding;
use crate::p1::event::{Decoded, Event};
use crate::p1::period::{Accounted, QUARTER, second_of};
use crate::p1::telegram::Shape;
use crate::p1::value::Decimal;
use crate::source::database::{DatabaseError, Quantity, meters, quantities};
use crate::store::beside;
use crate::sys::file_error::FileError;

/// A store that is written.
pub struct Store {
    connection: Connection,
    /// Holds the lock.
    _lock: File,
    path: PathBuf,
    options: StoreOptions,
    quantities: Vec<Quantity>,
    /// Those that have columns, as these are written.
    written: Vec<Quantity>,
    places: HashMap<String, usize>,
    meters: HashMap<String, Meter>,
    senders: Senders,
    packer: Packer,
    /// Telegrams of the transaction that is open.
    pending: u64,
    in_transaction: bool,
    /// Rows of findings, by input and verdict.
    findings: HashMap<(usize, &'static str), i64>,
    failing: Option<Failing>,
    pruned: Instant,
    since_pruned: u64,
    is_full: bool,
    /// Meters and names of what was left out, as that was said.
    left_out: HashSet<(String, String)>,
    notices: Vec<Notice>,
}

/// How a store is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreOptions {
    /// How long telegrams are kept; zero: they are not.
    pub keep: Duration,
    /// Seconds of a period, a part of a quarter of an hour; none: those of the store, of a new one a quarter of an hour.
    pub step: Option<i64>,
}

/// Why a store cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process writes it.
    #[error("{}: another smarty is writing to it", .0.display())]
    InUse(PathBuf),
    /// The lock beside it cannot be had.
    #[error(transparent)]
    File(#[from] FileError),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// Its periods have another length.
    #[error("{}: its periods have {there} s", path.display())]
    OtherStep {
        /// The file.
        path: PathBuf,
        /// Their length.
        there: i64,
    },
}

#[derive(Default)]
struct Meter {
    /// Its number in the store, where it is written.
    number: Option<i64>,
    label: Option<String>,
    slots: Slots,
    plan: Option<(Arc<Shape>, Plan)>,
    /// The last value of each quantity: readings of the M-Bus are sent many times.
    latest: HashMap<usize, (i64, i64)>,
    base: Option<Base>,
    /// The second of the latest telegram.
    heard: Option<i64>,
    /// Seconds from the one before to it.
    interval: Option<i64>,
}

/// What is accounted for in telegrams of a shape, with the places among the quantities.
type Plan = Arc<[(Accounted, usize)]>;

/// Since when it cannot be written.
struct Failing {
    tried: Instant,
    lost: u64,
}

impl StoreError {
    /// What the user can do about it, one sentence.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::InUse(_) => {
                Some("a store each has a file of its own; any number may read it".to_owned())
            }
            Self::File(error) => error.hint(),
            Self::Database(error) => error.hint(),
            Self::OtherStep { .. } => {
                Some("leave --store-step out, or name another file".to_owned())
            }
        }
    }
}

impl Store {
    /// Opens the database, or makes it.
    ///
    /// # Errors
    /// Where another process writes it; where it is none of smarty, or cannot be written.
    pub fn open(path: &Path, options: StoreOptions) -> Result<Self, StoreError> {
        let lock = lock(path)?;
        let failed = |cause| DatabaseError::Sql {
            path: path.to_path_buf(),
            cause,
        };
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_NOFOLLOW;
        let resolved = resolved(path);
        let path = path.to_path_buf();
        let mut connection = Connection::open_with_flags(resolved, flags).map_err(failed)?;
        connection.busy_timeout(PATIENCE).map_err(failed)?;
        schema::prepare(&mut connection, &path)?;
        let set = |connection: &Connection| -> rusqlite::Result<()> {
            connection.pragma_update(None, "synchronous", "NORMAL")?;
            connection.pragma_update(None, "journal_size_limit", JOURNAL_MAX)?;
            connection.set_prepared_statement_cache_capacity(STATEMENTS);
            Ok(())
        };
        set(&connection).map_err(failed)?;
        let step = step(&connection, options.step).map_err(failed)?;
        if let Some(wanted) = options.step
            && wanted != step
        {
            return Err(StoreError::OtherStep { path, there: step });
        }
        let mut store = Self {
            connection,
            _lock: lock,
            path,
            options: StoreOptions {
                step: Some(step),
                ..options
            },
            quantities: Vec::new(),
            written: Vec::new(),
            places: HashMap::new(),
            meters: HashMap::new(),
            senders: Senders::default(),
            packer: Packer::new(),
            pending: 0,
            in_transaction: false,
            findings: HashMap::new(),
            failing: None,
            pruned: Instant::now(),
            since_pruned: 0,
            is_full: false,
            left_out: HashSet::new(),
            notices: Vec::new(),
        };
        store.read().map_err(failed)?;
        Ok(store)
    }

    /// Reads which meters and quantities there are.
    fn read(&mut self) -> rusqlite::Result<()> {
        self.quantities = quantities(&self.connection)?;
        self.written.clone_from(&self.quantities);
        let keys = self.quantities.iter().map(|quantity| quantity.key.clone());
        self.places = keys.zip(0..).collect();
        for stored in meters(&self.connection)? {
            let meter = self.meters.entry(stored.name).or_default();
            meter.number = Some(stored.number);
            meter.label = stored.label;
            let sql = "SELECT max(measured) FROM telegram WHERE meter = ?1";
            meter.heard = self
                .connection
                .query_row(sql, [stored.number], |row| row.get(0))?;
        }
        Ok(())
    }

    fn take(&mut self, context: &Context<'_>, decoded: &Decoded<'_>) {
        // Digits that may be wrong are not counted with, though they were asked for.
        let received = context.received_at;
        let second = second_of(&decoded.telegram, received.map(|at| at.as_second()));
        let Some(second) = second.filter(|second| *second >= 0 && !decoded.is_doubtful()) else {
            return;
        };
        let id = self.senders.name(decoded).into_owned();
        let most = Standing::of(context, decoded).share(METERS_MAX);
        if !self.meters.contains_key(&id) && self.meters.len() >= most {
            if !std::mem::replace(&mut self.is_full, true) {
                self.notices.push(Notice {
                    trouble: true,
                    what: format!(
                        "{}: keeps {most} meters; others are left out",
                        self.path.display()
                    ),
                    hint: Some("choose some with --meter".to_owned()),
                });
            }
            return;
        }
        let mut meter = self.meters.remove(&id).unwrap_or_default();
        if meter.label.is_none() {
            let name = context.meter_name.or(context.source.label);
            meter.label = name.map(str::to_owned);
        }
        let done = self.keep(&id, &mut meter, second, received, decoded);
        self.meters.insert(id, meter);
        if let Err(error) = done {
            self.fail(&error);
        }
    }

    /// Takes a telegram of a meter.
    fn keep(
        &mut self,
        id: &str,
        meter: &mut Meter,
        second: i64,
        received: Option<Timestamp>,
        decoded: &Decoded<'_>,
    ) -> rusqlite::Result<()> {
        let begun = match self.failing {
            None => self.begin().and_then(|()| self.number(id, meter)),
            Some(_) => Ok(()),
        };
        // What cannot be written waits.
        self.account(id, meter, second, decoded);
        let since = meter.heard.map(|before| second - before);
        let gap = since.filter(|apart| {
            let usual = meter.interval.unwrap_or(QUARTER);
            *apart > GAP && *apart > 3 * usual
        });
        if since.is_none_or(|apart| apart > 0) {
            meter.heard = Some(second);
            meter.interval = since.filter(|_| gap.is_none()).or(meter.interval);
        }
        if let Some(failing) = &mut self.failing {
            failing.lost += 1;
            return Ok(());
        }
        self.pending += 1;
        begun?;
        if let Some(apart) = gap {
            let missed = meter
                .interval
                .map_or(1, |interval| (apart / interval.max(1) - 1).max(1));
            self.connection.execute(
                "INSERT INTO event (kind, meter, start, until, count, what) VALUES ('gap', ?1, ?2, ?3, ?4, 'no telegram')",
                params![id, second - apart, second, missed],
            )?;
        }
        let keep = i64::try_from(self.options.keep.as_secs()).unwrap_or(i64::MAX);
        let is_old = meter
            .heard
            .is_some_and(|newest| second < newest.saturating_sub(keep));
        if keep > 0 && !is_old && !decoded.replayed {
            self.keep_text(meter, second, received, decoded.text)?;
        }
        Ok(())
    }

    /// Puts the text of a telegram into the store, packed.
    fn keep_text(
        &mut self,
        meter: &mut Meter,
        second: i64,
        received: Option<Timestamp>,
        text: &[u8],
    ) -> rusqlite::Result<()> {
        let Some(Packed { base, bytes }) = self.packer.pack(meter.base.as_ref(), text) else {
            return Ok(());
        };
        let sql = "INSERT INTO telegram (meter, measured, received, base, text) VALUES (?1, ?2, ?3, ?4, ?5)";
        let mut statement = self.connection.prepare_cached(sql)?;
        let received = received.map(|at| at.as_millisecond());
        let row = statement.insert(params![meter.number, second, received, base, bytes])?;
        match (&mut meter.base, base) {
            (Some(known), Some(_)) => known.members += 1,
            _ => {
                meter.base = Some(Base {
                    id: row,
                    text: text.to_vec(),
                    members: 0,
                });
            }
        }
        self.since_pruned += 1;
        Ok(())
    }

    /// Takes the values of a telegram into the periods that they belong to.
    fn account(&mut self, id: &str, meter: &mut Meter, second: i64, decoded: &Decoded<'_>) {
        let step = self.options.step.unwrap_or(QUARTER);
        let start = |second: i64| second - second.rem_euclid(step);
        let offset = (second - start(second)) as u16;
        self.slot(meter, start(second)).hear(offset);
        let plan = self.plan(id, meter, decoded.telegram.shape());
        for (accounted, place) in plan.iter() {
            let Some((at, value)) = accounted.of(&decoded.telegram, second) else {
                if let Some(number) = accounted.too_long(&decoded.telegram) {
                    self.leave_out(id, &accounted.key, &number.to_string());
                }
                continue;
            };
            if at < 0 {
                continue;
            }
            let Some(digits) = self.digits(meter, *place, value) else {
                self.leave_out(id, &accounted.key, &value.to_string());
                continue;
            };
            if accounted.counts && meter.latest.insert(*place, (at, digits)) == Some((at, digits)) {
                continue;
            }
            let Some(quantity) = self.quantities.get(*place) else {
                continue;
            };
            let slot = self.slot(meter, start(at));
            match accounted.counts {
                true => slot.count(*place, quantity, at, digits),
                false => slot.measure(*place, digits),
            }
        }
    }

    /// The period of a meter that begins at a second, as it is written, or was since.
    fn slot<'m>(&self, meter: &'m mut Meter, start: i64) -> &'m mut Slot {
        if meter.slots.len() > SLOTS_MAX {
            // It cannot be written: the oldest are lost.
            meter.slots.pop_first();
        }
        let number = meter.number;
        meter.slots.entry(start).or_insert_with(|| {
            let written = &self.written;
            let load = number.map(|number| Slot::load(&self.connection, written, start, number));
            let mut slot = load.and_then(Result::ok).unwrap_or_default();
            for (place, (written, quantity)) in written.iter().zip(&self.quantities).enumerate() {
                slot.scale(place, factor(written, quantity));
            }
            slot
        })
    }

    /// What is accounted for in telegrams of a shape, with their places among the quantities.
    fn plan(&mut self, id: &str, meter: &mut Meter, shape: &Arc<Shape>) -> Plan {
        if let Some((known, plan)) = &meter.plan
            && Arc::ptr_eq(known, shape)
        {
            return Arc::clone(plan);
        }
        let all = Accounted::all(shape).into_iter().filter_map(|accounted| {
            let place = self.place(&accounted);
            if place.is_none() {
                self.leave_out_quantity(id, &accounted.key);
            }
            Some((accounted, place?))
        });
        let plan: Plan = all.collect();
        meter.plan = Some((Arc::clone(shape), Arc::clone(&plan)));
        plan
    }

    /// The place of a quantity; none where there is no room for more.
    fn place(&mut self, accounted: &Accounted) -> Option<usize> {
        if let Some(place) = self.places.get(&*accounted.key) {
            let known = self.quantities.get(*place)?;
            return (known.counts == accounted.counts).then_some(*place);
        }
        let key = accounted.key.to_string();
        let is_name = key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if self.quantities.len() >= QUANTITIES_MAX || !is_name {
            return None;
        }
        let place = self.quantities.len();
        self.places.insert(key.clone(), place);
        self.quantities.push(Quantity {
            key,
            counts: accounted.counts,
            scale: 0,
        });
        Some(place)
    }

    /// The digits of a value at the scale of its quantity, which grows where it must.
    fn digits(&mut self, meter: &mut Meter, place: usize, value: Decimal) -> Option<i64> {
        let quantity = self.quantities.get_mut(place)?;
        // So that columns have room for all digits behind the point, whatever comes.
        let whole = 10i64
            .pow(u32::from(value.scale.min(SCALE_MAX)))
            .checked_mul(WHOLE_MAX);
        if value.scale > SCALE_MAX || whole.is_none_or(|most| value.digits.abs() >= most) {
            return None;
        }
        if value.scale > quantity.scale {
            let factor = 10i64.checked_pow(u32::from(value.scale - quantity.scale))?;
            quantity.scale = value.scale;
            for meter in self.meters.values_mut().chain([meter]) {
                meter.latest.remove(&place);
                let slots = meter.slots.values_mut();
                slots.for_each(|slot| slot.scale(place, factor));
            }
        }
        Some(value.rescale(quantity.scale)?.digits)
    }

    /// Says, once for each meter and name, that a value is left out.
    fn leave_out(&mut self, id: &str, key: &str, value: &str) {
        if self.is_new(id, key) {
            self.notices.push(Notice {
                trouble: true,
                what: format!(
                    "{}: {key} {value} of {id} is left out: a store keeps {} digits before the point and {SCALE_MAX} behind it",
                    self.path.display(),
                    WHOLE_MAX.ilog10(),
                ),
                hint: Some("smarty capture keeps all as it was sent".to_owned()),
            });
        }
    }

    /// Says, once for each meter and name, that there is no room for more quantities.
    fn leave_out_quantity(&mut self, id: &str, key: &str) {
        if self.is_new(id, key) {
            self.notices.push(Notice {
                trouble: true,
                what: format!(
                    "{}: {key} of {id} is left out: a store keeps {QUANTITIES_MAX} quantities",
                    self.path.display(),
                ),
                hint: Some(
                    "meters of several kinds each in a store of their own leave room".to_owned(),
                ),
            });
        }
    }

    /// Takes note that something is left out; true where that is to be said.
    fn is_new(&mut self, id: &str, key: &str) -> bool {
        self.left_out.len() < LEFT_OUT_MAX && self.left_out.insert((id.to_owned(), key.to_owned()))
    }

    /// Begins a transaction where none is open.
    fn begin(&mut self) -> rusqlite::Result<()> {
        if !self.in_transaction {
            self.connection.execute_batch("BEGIN IMMEDIATE")?;
            self.in_transaction = true;
        }
        Ok(())
    }

    /// Gives a meter its number.
    fn number(&mut self, id: &str, meter: &mut Meter) -> rusqlite::Result<()> {
        if meter.number.is_none() {
            let sql = "INSERT INTO meter (name, label) VALUES (?1, ?2)";
            self.connection.execute(sql, params![id, meter.label])?;
            meter.number = Some(self.connection.last_insert_rowid());
        }
        Ok(())
    }

    /// Writes the periods that have changed, and ends the transaction.
    fn commit(&mut self) -> rusqlite::Result<()> {
        let has_grown = self.written != self.quantities;
        if has_grown {
            self.save_quantities()?;
        }
        for meter in self.meters.values_mut() {
            let Some(number) = meter.number else { continue };
            for (start, slot) in &mut meter.slots {
                if slot.is_dirty {
                    slot.save(&self.connection, &self.quantities, *start, number)?;
                }
            }
        }
        self.connection.execute_batch("COMMIT")?;
        self.in_transaction = false;
        self.pending = 0;
        if has_grown {
            self.written.clone_from(&self.quantities);
        }
        for meter in self.meters.values_mut() {
            // The latest is written to again and again.
            let latest = meter.slots.last_key_value().map(|(start, _)| *start);
            meter.slots.retain(|start, slot| {
                slot.is_dirty = false;
                Some(*start) == latest
            });
        }
        Ok(())
    }

    /// Gives columns to those that have none, and digits behind the point to those that need more.
    fn save_quantities(&self) -> rusqlite::Result<()> {
        for (written, quantity) in self.written.iter().zip(&self.quantities) {
            let factor = factor(written, quantity);
            if factor == 1 {
                continue;
            }
            let columns = quantity.columns();
            let numbers = columns.iter().filter(|column| !column.ends_with(":at"));
            let set = numbers.map(|column| format!("\"{column}\" = \"{column}\" * {factor}"));
            let set = set.collect::<Vec<_>>().join(", ");
            self.connection
                .execute(&format!("UPDATE period SET {set}"), [])?;
            let sql = "UPDATE quantity SET scale = ?1 WHERE name = ?2";
            self.connection
                .execute(sql, params![quantity.scale, quantity.key])?;
        }
        for quantity in self.quantities.iter().skip(self.written.len()) {
            for column in quantity.columns() {
                let sql = format!("ALTER TABLE period ADD COLUMN \"{column}\" INTEGER");
                self.connection.execute_batch(&sql)?;
            }
            let Quantity { key, counts, scale } = quantity;
            let sql = "INSERT INTO quantity (name, counts, scale) VALUES (?1, ?2, ?3)";
            self.connection.execute(sql, params![key, counts, scale])?;
        }
        schema::make_view(&self.connection, &self.quantities)
    }

    /// Writes what waits; tries again where it could not be written.
    fn settle(&mut self, now: bool) {
        if let Some(failing) = &mut self.failing {
            if !now && failing.tried.elapsed() < TRY_AGAIN {
                return;
            }
            failing.tried = Instant::now();
            let lost = failing.lost;
            if self.try_again().is_ok() {
                self.failing = None;
                self.notices.push(Notice {
                    trouble: false,
                    what: format!(
                        "{}: is written again; {} not kept in full",
                        self.path.display(),
                        count(lost, "telegram").verb("is", "are"),
                    ),
                    hint: None,
                });
            } else {
                self.roll_back();
            }
            return;
        }
        if self.in_transaction
            && let Err(error) = self.commit()
        {
            self.fail(&error);
        }
        let is_due = self.pruned.elapsed() >= PRUNE_EVERY || self.since_pruned >= PRUNE_AFTER;
        if is_due && self.failing.is_none() {
            self.prune();
        }
    }

    /// Writes all that waits in memory.
    fn try_again(&mut self) -> rusqlite::Result<()> {
        self.begin()?;
        let ids: Vec<String> = self.meters.keys().cloned().collect();
        for id in ids {
            let mut meter = self.meters.remove(&id).unwrap_or_default();
            let numbered = self.number(&id, &mut meter);
            self.meters.insert(id, meter);
            numbered?;
        }
        self.commit()
    }

    /// Forgets telegrams that are older than they are kept.
    fn prune(&mut self) {
        (self.pruned, self.since_pruned) = (Instant::now(), 0);
        let keep = i64::try_from(self.options.keep.as_secs()).unwrap_or(i64::MAX);
        let forgotten = self.begin().and_then(|()| {
            for meter in self.meters.values() {
                let (Some(number), Some(newest)) = (meter.number, meter.heard) else {
                    continue;
                };
                let before = newest.saturating_sub(keep);
                // A base goes with the last of those that are packed with it.
                let sql = "DELETE FROM telegram WHERE meter = ?1 AND coalesce(base, id) IN
                           (SELECT coalesce(base, id) AS first FROM telegram WHERE meter = ?1
                            GROUP BY first HAVING max(measured) < ?2 AND first IS NOT ?3)";
                let base = meter.base.as_ref().map(|base| base.id);
                self.connection
                    .prepare_cached(sql)?
                    .execute(params![number, before, base])?;
            }
            self.commit()
        });
        if let Err(error) = forgotten {
            self.fail(&error);
        }
    }

    /// Takes that it cannot be written.
    fn fail(&mut self, error: &rusqlite::Error) {
        let lost = self.pending;
        self.roll_back();
        if let Some(failing) = &mut self.failing {
            failing.lost += lost;
            return;
        }
        self.failing = Some(Failing {
            tried: Instant::now(),
            lost,
        });
        let why = DatabaseError::Sql {
            path: self.path.clone(),
            cause: copy(error),
        };
        self.notices.push(Notice {
            trouble: true,
            what: format!("{why}; decoding goes on; retrying every 10 s"),
            hint: Some("until then sums are kept in memory, telegrams are not".to_owned()),
        });
    }

    /// Undoes the transaction, and forgets what it had made.
    fn roll_back(&mut self) {
        if self.in_transaction {
            // Where SQLite has done so already, that is an error.
            drop(self.connection.execute_batch("ROLLBACK"));
            self.in_transaction = false;
        }
        self.pending = 0;
        self.findings.clear();
        let known = meters(&self.connection).unwrap_or_default();
        let known: BTreeMap<String, i64> = known
            .into_iter()
            .map(|meter| (meter.name, meter.number))
            .collect();
        for (id, meter) in &mut self.meters {
            meter.number = known.get(id).copied();
            meter.base = None;
        }
    }

    fn find(&mut self, context: &Context<'_>, finding: &Finding) -> rusqlite::Result<()> {
        if self.failing.is_some() {
            return Ok(());
        }
        self.begin()?;
        let source = context.source;
        let name = source.label.unwrap_or(source.said());
        let at = context.received_at.map(|at| at.as_second());
        let number = finding.count.max(1) as i64;
        let what = words::verdict_title(finding.verdict);
        let hint = words::hint_of(finding, source);
        let key = (context.input, finding.verdict.code());
        match self.findings.get(&key) {
            Some(row) => {
                let sql = "UPDATE event SET until = coalesce(?1, until), count = ?2 WHERE id = ?3";
                self.connection.execute(sql, params![at, number, row])?;
            }
            None => {
                let sql = "INSERT INTO event (kind, source, start, until, count, what, hint)
                           VALUES ('finding', ?1, ?2, ?2, ?3, ?4, ?5)";
                self.connection
                    .execute(sql, params![name, at, number, what, hint])?;
                self.findings
                    .insert(key, self.connection.last_insert_rowid());
            }
        }
        Ok(())
    }

    fn link(&mut self, context: &Context<'_>, link: Link, message: &str) -> rusqlite::Result<()> {
        let told = matches!(link, Link::Lost | Link::Reopened | Link::Silent);
        if self.failing.is_some() || !told {
            return Ok(());
        }
        self.begin()?;
        let source = context.source;
        let name = source.label.unwrap_or(source.said());
        let at = context.received_at.map(|at| at.as_second());
        let sql = "INSERT INTO event (kind, source, start, until, count, what) VALUES (?1, ?2, ?3, ?3, 1, ?4)";
        self.connection
            .execute(sql, params![link.word(), name, at, message])?;
        Ok(())
    }
}

impl Observer for Store {
    fn observe(&mut self, context: &Context<'_>, report: &Report<'_>) -> Flow {
        let done = match *report {
            Report::Event {
                event: Event::Telegram(decoded),
                ..
            } => {
                self.take(context, decoded);
                Ok(())
            }
            Report::Finding(finding) | Report::Grown(finding) => self.find(context, finding),
            Report::Link { link, message, .. } => self.link(context, link, message),
            Report::Tick(_) => {
                self.settle(false);
                Ok(())
            }
            Report::End { .. } => {
                self.settle(true);
                if self.failing.is_none() {
                    self.prune();
                    // The database alone is all there is then; where somebody reads it, that is left to the next one.
                    let shorten = "PRAGMA wal_checkpoint(TRUNCATE)";
                    drop(self.connection.query_row(shorten, [], |_| Ok(())));
                }
                Ok(())
            }
            _ => Ok(()),
        };
        if let Err(error) = done {
            self.fail(&error);
        }
        Flow::say(std::mem::take(&mut self.notices))
    }
}

/// Takes the lock.
fn lock(path: &Path) -> Result<File, StoreError> {
    let file = beside::lock_file(path)?;
    let until = Instant::now() + LOCK_WAITS;
    loop {
        match file.try_lock() {
            // A run that has just ended, or a program that is just being started, may hold it for a moment yet.
            Err(TryLockError::WouldBlock) if Instant::now() < until => {
                std::thread::sleep(LOCK_LOOKS);
            }
            Err(TryLockError::WouldBlock) => return Err(StoreError::InUse(path.to_path_buf())),
            // Some network file systems have no locks.
            Ok(()) | Err(TryLockError::Error(_)) => return Ok(file),
        }
    }
}

/// How long another writer may take to go.
const LOCK_WAITS: Duration = Duration::from_millis(500);
/// Between two looks.
const LOCK_LOOKS: Duration = Duration::from_millis(20);

/// The path without links in its folders: SQLite follows none where it is told so.
fn resolved(path: &Path) -> PathBuf {
    let folder = std::path::absolute(path).ok();
    let folder = folder.and_then(|path| path.parent()?.canonicalize().ok());
    match (folder, path.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => path.to_path_buf(),
    }
}

/// Seconds of the periods: those of the store, else those wanted, which it has from now on.
fn step(connection: &Connection, wanted: Option<i64>) -> rusqlite::Result<i64> {
    let sql = "SELECT value FROM setting WHERE name = 'step'";
    let known = connection.query_row(sql, [], |row| row.get(0)).optional()?;
    if let Some(known) = known {
        return Ok(known);
    }
    let step = wanted.unwrap_or(QUARTER);
    connection.execute("INSERT INTO setting VALUES ('step', ?1)", [step])?;
    Ok(step)
}

/// What digits are multiplied with that have the point of one, to have that of the other.
fn factor(written: &Quantity, quantity: &Quantity) -> i64 {
    let more = quantity.scale.saturating_sub(written.scale);
    10i64.saturating_pow(u32::from(more))
}

/// An error of SQLite once more.
fn copy(error: &rusqlite::Error) -> rusqlite::Error {
    match error {
        rusqlite::Error::SqliteFailure(code, text) => {
            rusqlite::Error::SqliteFailure(*code, text.clone())
        }
        other => rusqlite::Error::InvalidParameterName(other.to_string()),
    }
}

/// Meters of a store.
const METERS_MAX: usize = 4096;
/// Quantities of all meters.
const QUANTITIES_MAX: usize = 256;
/// Meters and names of what is left out that are said.
const LEFT_OUT_MAX: usize = 64;
/// Digits behind the point.
const SCALE_MAX: u8 = 6;
/// Values are less.
const WHOLE_MAX: i64 = 1_000_000_000_000;
/// Periods of a meter that wait in memory: six weeks of quarters of an hour.
const SLOTS_MAX: usize = 4096;
/// Statements that are kept prepared.
const STATEMENTS: usize = 64;
/// Bytes that the journal keeps on disk.
const JOURNAL_MAX: i64 = 8 << 20;
/// A pause from which on a gap is told of, where meters send more often, seconds.
const GAP: i64 = 60;
/// How long it is waited for a lock of SQLite.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often it is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(10);
/// How often old telegrams are forgotten.
const PRUNE_EVERY: Duration = Duration::from_secs(600);
const PRUNE_AFTER: u64 = 50_000;
