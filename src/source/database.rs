//! The store of `watch --store`, read: an SQLite database of periods, telegrams and findings.
//!
//! ```text
//! meter      id, name, label
//! period     id = minutes since 1970 * 65536 + meter; heard; falls; columns for each quantity:
//!              K, K:risen, K:at        last value of a counter, what it rose from the first to the last, when they were
//!              K:low, K:high           what is measured
//! quantity   name K with unit, whether it counts, digits behind the point of its columns
//! telegram   id, meter, measured (s), received (ms), base, text (zstd; with the text of base as dictionary)
//! event      findings, gaps, what befell the link
//! periods    a view: numbers with their points, under the names of JSON
//! ```
//! All numbers are integers, so that they are exact. A period keeps the first value and the last of each counter, with
//! their seconds, and each second at which a telegram was measured: statements are the same to the last digit as those
//! of all telegrams.

mod past;

use std::collections::{BTreeMap, VecDeque};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags, Row};

pub use self::past::Past;
use crate::p1::period::Seconds;
use crate::p1::value::Decimal;
use crate::source::dump::{write_header, write_record};
use crate::sys::bounded::begins_with;

/// A store that is read.
#[derive(Debug)]
pub struct Database {
    connection: Connection,
    path: PathBuf,
}

/// Why a store cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// It is a database of another program.
    #[error("{}: is a database, but not one of smarty's", .0.display())]
    Foreign(PathBuf),
    /// A later version has made it.
    #[error("{}: was made by a later version of smarty (schema {version}; this one knows up to {VERSION})", path.display())]
    Later {
        /// The file.
        path: PathBuf,
        /// Version of its schema.
        version: i64,
    },
    /// What SQLite says.
    #[error("{}: {}", path.display(), plain(cause))]
    Sql {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        cause: rusqlite::Error,
    },
    /// Something in it is not what it should be.
    #[error("{}: {what} is damaged", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What.
        what: String,
    },
}

/// A meter of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMeter {
    /// Its number in the store.
    pub number: i64,
    /// Its name, as it has it itself.
    pub name: String,
    /// What the user calls it.
    pub label: Option<String>,
}

/// A quantity that has columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quantity {
    /// Name with unit.
    pub key: String,
    /// It counts; else it is measured.
    pub counts: bool,
    /// Digits behind the point.
    pub scale: u8,
}

/// Something that a period holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored<'a> {
    /// When telegrams were measured.
    Heard {
        /// Begin of the period, seconds since 1970.
        start: i64,
        /// Seconds since then.
        seconds: Seconds,
    },
    /// A value of a counter.
    Counted {
        /// Name with unit.
        key: &'a str,
        /// When it was measured, seconds since 1970.
        second: i64,
        /// The value.
        value: Decimal,
    },
    /// The lowest or highest of what was measured.
    Measured {
        /// Name with unit.
        key: &'a str,
        /// Begin of the period, seconds since 1970.
        second: i64,
        /// The value.
        value: Decimal,
    },
}

/// A period as it stands in its row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeriodRow {
    /// Seconds of the period at which telegrams were measured.
    pub heard: Seconds,
    /// Counters by their place among the quantities: first and last value, with their seconds since 1970.
    pub counted: BTreeMap<usize, [(i64, i64); 2]>,
    /// Lowest and highest, likewise.
    pub measured: BTreeMap<usize, (i64, i64)>,
    /// Where a counter fell: its name, the value before and the value after.
    pub falls: Vec<(String, [(i64, Decimal); 2])>,
}

impl Database {
    /// Tells whether a file is an SQLite database, by its first bytes.
    pub fn is_one(path: &Path) -> bool {
        begins_with(path, MAGIC)
    }

    /// Opens a store to be read, while another process may write it.
    ///
    /// # Errors
    /// What is none; what cannot be read.
    pub fn open(path: &Path) -> Result<Self, DatabaseError> {
        let failed = |cause| DatabaseError::Sql {
            path: path.to_path_buf(),
            cause,
        };
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let open = Connection::open_with_flags(path, flags).and_then(|connection| {
            connection.busy_timeout(PATIENCE)?;
            connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
            Ok(connection)
        });
        let connection = match open {
            // In a folder that cannot be written there is no room for what readers and writers share: nobody writes.
            Err(error)
                if matches!(
                    error.sqlite_error_code(),
                    Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly)
                ) =>
            {
                let uri = format!("file:{}?immutable=1", escaped(path));
                Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)
            }
            other => other,
        };
        let connection = connection.map_err(failed)?;
        let database = Self {
            connection,
            path: path.to_path_buf(),
        };
        check(&database.connection, path)?;
        Ok(database)
    }

    /// All meters.
    ///
    /// # Errors
    /// What cannot be read.
    pub fn meters(&self) -> Result<Vec<StoredMeter>, DatabaseError> {
        meters(&self.connection).map_err(|cause| self.failed(cause))
    }

    /// Begin of the last period that holds something, in seconds since 1970; `None` in a store that holds nothing yet.
    ///
    /// # Errors
    /// What cannot be read.
    pub fn last_period(&self) -> Result<Option<i64>, DatabaseError> {
        let last: Option<i64> = self
            .connection
            .query_row("SELECT max(id) FROM period", [], |row| row.get(0))
            .map_err(|cause| self.failed(cause))?;
        Ok(last.map(start_of))
    }

    /// Gives all that the periods hold, by time; first and last value of a counter are given as they follow.
    ///
    /// # Errors
    /// What cannot be read.
    pub fn periods(
        &self,
        each: &mut dyn FnMut(&StoredMeter, Stored<'_>),
    ) -> Result<(), DatabaseError> {
        let failed = |cause| self.failed(cause);
        let meters = self.meters()?;
        let meters: BTreeMap<i64, &StoredMeter> =
            meters.iter().map(|meter| (meter.number, meter)).collect();
        let quantities = quantities(&self.connection).map_err(failed)?;
        let sql = select(&quantities);
        let mut statement = self.connection.prepare(&sql).map_err(failed)?;
        let mut rows = statement.query([]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            let id: i64 = row.get(0).map_err(failed)?;
            let Some(meter) = meters.get(&(id & METER_MASK)) else {
                continue;
            };
            let start = start_of(id);
            let damaged = || DatabaseError::Damaged {
                path: self.path.clone(),
                what: format!("the period {id}"),
            };
            let period = period_row(row, start, &quantities)
                .map_err(failed)?
                .ok_or_else(damaged)?;
            give(&period, start, &quantities, &mut |stored| {
                each(meter, stored)
            });
        }
        Ok(())
    }

    /// The telegrams that are kept, as bytes.
    ///
    /// # Errors
    /// What cannot be read.
    pub fn telegrams(self) -> Result<Telegrams, DatabaseError> {
        let count = |condition: &str| {
            let sql = format!("SELECT count(*) FROM telegram {condition}");
            self.connection.query_row(&sql, [], |row| row.get(0))
        };
        // What is read is of one moment, whoever writes meanwhile.
        let begun = self.connection.execute_batch("BEGIN");
        let timeless: Result<i64, _> = begun.and_then(|()| count("WHERE received IS NULL"));
        let timeless = timeless.map_err(|cause| self.failed(cause))?;
        let labels = self.meters()?;
        let labels = labels
            .into_iter()
            .map(|meter| (meter.number, meter.label.unwrap_or_default()));
        let mut first = Vec::new();
        if timeless == 0 {
            write_header(&mut first, Timestamp::UNIX_EPOCH);
        }
        Ok(Telegrams {
            labels: labels.collect(),
            is_log: timeless == 0,
            after: 0,
            bases: VecDeque::new(),
            ready: first.into(),
            database: self,
        })
    }

    fn failed(&self, cause: rusqlite::Error) -> DatabaseError {
        DatabaseError::Sql {
            path: self.path.clone(),
            cause,
        }
    }
}

/// The telegrams of a store as a stream of bytes: a capture log where each has the time at which it was received, else
/// their texts.
#[derive(Debug)]
pub struct Telegrams {
    database: Database,
    labels: BTreeMap<i64, String>,
    is_log: bool,
    /// The last one that was read.
    after: i64,
    /// Texts of the bases that were read last.
    bases: VecDeque<(i64, Vec<u8>)>,
    ready: VecDeque<u8>,
}

/// A telegram as it stands in its row.
struct Kept {
    id: i64,
    meter: i64,
    received: Option<i64>,
    base: Option<i64>,
    packed: Vec<u8>,
}

impl Telegrams {
    /// Reads what comes next; 0 at the end.
    ///
    /// # Errors
    /// What cannot be read.
    pub fn read(&mut self, buf: &mut [u8]) -> Result<usize, DatabaseError> {
        if self.ready.is_empty() {
            self.fill()?;
        }
        // Reading from memory does not fail.
        Ok(self.ready.read(buf).unwrap_or_default())
    }

    fn fill(&mut self) -> Result<(), DatabaseError> {
        let kept = self.next_rows();
        let kept = kept.map_err(|cause| self.database.failed(cause))?;
        let mut out = Vec::new();
        for one in kept {
            self.after = one.id;
            let text = match self.text(&one)? {
                Some(text) => text,
                None => {
                    return Err(DatabaseError::Damaged {
                        path: self.database.path.clone(),
                        what: format!("telegram {}", one.id),
                    });
                }
            };
            let received = one.received.filter(|_| self.is_log);
            match received.and_then(|at| Timestamp::from_millisecond(at).ok()) {
                Some(at) => {
                    let label = self.labels.get(&one.meter).map_or("", |label| label);
                    write_record(&mut out, at, label, "p1", &text);
                }
                None => out.extend_from_slice(&text),
            }
        }
        self.ready = out.into();
        Ok(())
    }

    fn next_rows(&self) -> rusqlite::Result<Vec<Kept>> {
        let sql = "SELECT id, meter, received, base, text FROM telegram WHERE id > ?1 ORDER BY id LIMIT ?2";
        let mut statement = self.database.connection.prepare_cached(sql)?;
        let rows = statement.query_map([self.after, ROWS], |row| {
            Ok(Kept {
                id: row.get(0)?,
                meter: row.get(1)?,
                received: row.get(2)?,
                base: row.get(3)?,
                packed: row.get(4)?,
            })
        })?;
        rows.collect()
    }

    /// The text of a telegram; none where it cannot be unpacked.
    fn text(&mut self, kept: &Kept) -> Result<Option<Vec<u8>>, DatabaseError> {
        let Some(base) = kept.base else {
            let text = unpack(&kept.packed, &[]);
            if let Some(text) = &text {
                self.remember(kept.id, text.clone());
            }
            return Ok(text);
        };
        if !self.bases.iter().any(|(id, _)| *id == base) {
            let sql = "SELECT text FROM telegram WHERE id = ?1 AND base IS NULL";
            let found = self
                .database
                .connection
                .query_row(sql, [base], |row| row.get(0));
            let packed: Vec<u8> = match found {
                Err(rusqlite::Error::QueryReturnedNoRows) => return Ok(None),
                found => found.map_err(|cause| self.database.failed(cause))?,
            };
            let Some(text) = unpack(&packed, &[]) else {
                return Ok(None);
            };
            self.remember(base, text);
        }
        let base = self.bases.iter().find(|(id, _)| *id == base);
        Ok(base.and_then(|(_, base)| unpack(&kept.packed, base)))
    }

    fn remember(&mut self, id: i64, text: Vec<u8>) {
        if self.bases.len() >= BASES {
            self.bases.pop_front();
        }
        self.bases.push_back((id, text));
    }
}

/// Looks whether a database is a store that can be read.
///
/// # Errors
/// Where it is none, or of a later version.
pub fn check(connection: &Connection, path: &Path) -> Result<i64, DatabaseError> {
    let number = |name: &str| {
        let sql = format!("PRAGMA {name}");
        let number: rusqlite::Result<i64> = connection.query_row(&sql, [], |row| row.get(0));
        number.map_err(|cause| DatabaseError::Sql {
            path: path.to_path_buf(),
            cause,
        })
    };
    if number("application_id")? != APPLICATION {
        return Err(DatabaseError::Foreign(path.to_path_buf()));
    }
    let version = number("user_version")?;
    if version > VERSION {
        let path = path.to_path_buf();
        return Err(DatabaseError::Later { path, version });
    }
    Ok(version)
}

/// All meters.
///
/// # Errors
/// Those of SQLite.
pub fn meters(connection: &Connection) -> rusqlite::Result<Vec<StoredMeter>> {
    let mut statement = connection.prepare("SELECT id, name, label FROM meter ORDER BY id")?;
    let rows = statement.query_map([], |row| {
        Ok(StoredMeter {
            number: row.get(0)?,
            name: row.get(1)?,
            label: row.get(2)?,
        })
    })?;
    rows.collect()
}

/// All quantities that have columns.
///
/// # Errors
/// Those of SQLite.
pub fn quantities(connection: &Connection) -> rusqlite::Result<Vec<Quantity>> {
    let sql = "SELECT name, counts, scale FROM quantity ORDER BY rowid";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| {
        Ok(Quantity {
            key: row.get(0)?,
            counts: row.get(1)?,
            scale: row.get(2)?,
        })
    })?;
    rows.collect()
}

/// What reads periods with these quantities, all of them.
pub fn select(quantities: &[Quantity]) -> String {
    let mut sql = "SELECT id, heard, falls".to_owned();
    for quantity in quantities {
        for column in quantity.columns() {
            sql.push_str(&format!(", \"{column}\""));
        }
    }
    sql + " FROM period"
}

/// Reads the row of a period; none where it is damaged.
///
/// # Errors
/// Those of SQLite.
pub fn period_row(
    row: &Row<'_>,
    start: i64,
    quantities: &[Quantity],
) -> rusqlite::Result<Option<PeriodRow>> {
    let heard = match row.get_ref(1)? {
        ValueRef::Blob(bytes) => Seconds::decode(bytes),
        _ => Some(Seconds::default()),
    };
    let Some(heard) = heard else { return Ok(None) };
    let second = |within: u16| start + i64::from(within);
    let ends = heard.ends().map(|(a, b)| (second(a), second(b)));
    let mut period = PeriodRow {
        heard,
        ..PeriodRow::default()
    };
    let mut at = 3;
    for (index, quantity) in quantities.iter().enumerate() {
        let place = at;
        at += quantity.columns().len();
        let (Some(one), Some(two)) = (
            row.get::<_, Option<i64>>(place)?,
            row.get::<_, Option<i64>>(place + 1)?,
        ) else {
            continue;
        };
        if !quantity.counts {
            period.measured.insert(index, (one, two));
            continue;
        }
        let packed: Option<i64> = row.get(place + 2)?;
        let seconds = match packed {
            Some(packed) => Some((start + packed / AT, start + packed % AT)),
            None => ends,
        };
        let (Some((first, last)), Some(begin)) = (seconds, one.checked_sub(two)) else {
            return Ok(None);
        };
        period.counted.insert(index, [(first, begin), (last, one)]);
    }
    if let ValueRef::Text(text) = row.get_ref(2)? {
        let text = std::str::from_utf8(text).unwrap_or_default();
        let falls: Option<Vec<_>> = text.lines().map(fall).collect();
        let Some(falls) = falls else { return Ok(None) };
        period.falls = falls;
    }
    Ok(Some(period))
}

/// Gives what a period holds, the values of each counter by time.
fn give(period: &PeriodRow, start: i64, quantities: &[Quantity], each: &mut dyn FnMut(Stored<'_>)) {
    each(Stored::Heard {
        start,
        seconds: period.heard,
    });
    for (index, [first, last]) in &period.counted {
        let Some(Quantity { key, scale, .. }) = quantities.get(*index) else {
            continue;
        };
        let mut give = |second, value| each(Stored::Counted { key, second, value });
        give(first.0, Decimal::new(first.1, *scale));
        for (_, [before, after]) in period.falls.iter().filter(|(fallen, _)| fallen == key) {
            give(before.0, before.1);
            give(after.0, after.1);
        }
        give(last.0, Decimal::new(last.1, *scale));
    }
    for (index, (low, high)) in &period.measured {
        let Some(Quantity { key, scale, .. }) = quantities.get(*index) else {
            continue;
        };
        for digits in [low, high] {
            each(Stored::Measured {
                key,
                second: start,
                value: Decimal::new(*digits, *scale),
            });
        }
    }
}

/// Reads a line of falls: the name, and second and value before and after.
fn fall(line: &str) -> Option<(String, [(i64, Decimal); 2])> {
    let mut words = line.split(' ');
    let key = words.next()?.to_owned();
    let mut point = || Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?));
    Some((key, [point()?, point()?]))
}

impl DatabaseError {
    /// What the user can do about it, one sentence.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Foreign(_) => "a store is made by smarty watch --store FILE".to_owned(),
            Self::Later { .. } => "take that version, or a newer one".to_owned(),
            Self::Sql { path, .. } | Self::Damaged { path, .. } => {
                format!(
                    "sqlite3 {} .recover | sqlite3 saved.db saves what can be read",
                    path.display()
                )
            }
        })
    }
}

impl Quantity {
    /// Its columns.
    pub fn columns(&self) -> Vec<String> {
        let key = &self.key;
        match self.counts {
            true => vec![key.clone(), format!("{key}:risen"), format!("{key}:at")],
            false => vec![format!("{key}:low"), format!("{key}:high")],
        }
    }
}

/// The row of a period: when it begins, seconds since 1970, and the number of the meter.
pub fn period_id(start: i64, meter: i64) -> i64 {
    start.div_euclid(60) * (METER_MASK + 1) + meter
}

/// When the period of a row begins, seconds since 1970.
pub fn start_of(id: i64) -> i64 {
    id.div_euclid(METER_MASK + 1) * 60
}

/// Unpacks what was packed with a dictionary, or without one; none where it is damaged.
fn unpack(packed: &[u8], dictionary: &[u8]) -> Option<Vec<u8>> {
    let mut decompressor = zstd::bulk::Decompressor::with_dictionary(dictionary).ok()?;
    decompressor.decompress(packed, TEXT_MAX).ok()
}

/// The words of SQLite.
fn plain(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(code, text) => match code.code {
            ErrorCode::NotADatabase => "is not a database, or a damaged one".to_owned(),
            ErrorCode::DatabaseCorrupt => "the database is damaged".to_owned(),
            ErrorCode::DiskFull => "the disk is full".to_owned(),
            ErrorCode::ReadOnly => "cannot be written".to_owned(),
            ErrorCode::CannotOpen => "cannot be opened".to_owned(),
            _ => text.clone().unwrap_or_else(|| code.to_string()),
        },
        other => other.to_string(),
    }
}

/// A path in a URI of SQLite.
fn escaped(path: &Path) -> String {
    let path = path.to_string_lossy();
    path.replace('%', "%25")
        .replace('?', "%3f")
        .replace('#', "%23")
}

/// How an SQLite database begins.
pub const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// `SMTY`: whose database it is.
pub const APPLICATION: i64 = 0x534D_5459;
/// Version of the schema.
pub const VERSION: i64 = 2;
/// The bits of a row of a period that are the number of its meter.
pub const METER_MASK: i64 = 0xFFFF;
/// `K:at`: seconds of the first value times this, and of the last, within the period.
pub const AT: i64 = 1024;
/// Longest text of a telegram, bytes.
pub const TEXT_MAX: usize = 1 << 20;
/// How long a writer is waited for.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);
/// Telegrams that are read at once.
const ROWS: i64 = 256;
/// Texts of bases that are remembered.
const BASES: usize = 64;
