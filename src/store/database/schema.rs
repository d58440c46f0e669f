//! Tables of the store, and how those of earlier versions become those of this one.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::source::database::{
    APPLICATION, DatabaseError, METER_MASK, Quantity, VERSION, check, quantities,
};

/// Makes the tables in a new database, and brings those of an earlier version up to this one.
///
/// # Errors
/// A database of another program, or of a later version; those of SQLite.
pub fn prepare(connection: &mut Connection, path: &Path) -> Result<(), DatabaseError> {
    let failed = |cause| DatabaseError::Sql {
        path: path.to_path_buf(),
        cause,
    };
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(failed)?;
    let version = match tables {
        0 => 0,
        _ => check(connection, path)?,
    };
    if version == VERSION {
        return Ok(());
    }
    if version == 0 {
        // Of a new database only, and outside of transactions.
        let mode = "PRAGMA journal_mode = WAL";
        connection.query_row(mode, [], |_| Ok(())).map_err(failed)?;
    }
    migrate(connection, version).map_err(failed)
}

/// All steps from a version to this one, or none.
fn migrate(connection: &mut Connection, from: i64) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let from = usize::try_from(from).unwrap_or_default();
    for step in STEPS.iter().skip(from) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    let known = quantities(&transaction)?;
    make_view(&transaction, &known)?;
    transaction.commit()
}

/// Makes the view of periods anew, with these quantities.
///
/// # Errors
/// Those of SQLite.
pub fn make_view(connection: &Connection, quantities: &[Quantity]) -> rusqlite::Result<()> {
    let mut sql =
        "DROP VIEW IF EXISTS periods; CREATE VIEW periods AS SELECT meter.name AS meter, \
                   meter.label AS label, (period.id >> 16) * 60 AS start"
            .to_owned();
    for Quantity { key, counts, scale } in quantities {
        let scaled = |column: &str| match scale {
            0 => format!("\"{column}\""),
            scale => format!("\"{column}\" / 1e{scale}"),
        };
        if *counts {
            sql.push_str(&format!(", {} AS \"{key}\"", scaled(key)));
            continue;
        }
        let (stem, unit) = key.rsplit_once('_').unwrap_or((key, ""));
        for (column, word) in [("low", "min"), ("high", "max")] {
            let value = scaled(&format!("{key}:{column}"));
            sql.push_str(&format!(", {value} AS \"{stem}_{word}_{unit}\""));
        }
    }
    sql.push_str(&format!(
        " FROM period JOIN meter ON meter.id = period.id & {METER_MASK}"
    ));
    connection.execute_batch(&sql)
}

/// What makes each version out of the one before.
const STEPS: [&str; VERSION as usize] = [
    "CREATE TABLE setting (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
     CREATE TABLE meter (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, label TEXT) STRICT;
     CREATE TABLE quantity (name TEXT NOT NULL UNIQUE, counts INTEGER NOT NULL, scale INTEGER NOT NULL) STRICT;
     CREATE TABLE period (id INTEGER PRIMARY KEY, heard BLOB, falls TEXT) STRICT;
     CREATE TABLE telegram (id INTEGER PRIMARY KEY, meter INTEGER NOT NULL, measured INTEGER, received INTEGER,
                            base INTEGER, text BLOB NOT NULL) STRICT;
     CREATE TABLE event (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, source TEXT, meter TEXT, start INTEGER,
                         until INTEGER, count INTEGER NOT NULL, what TEXT NOT NULL, hint TEXT) STRICT;",
    // The latest telegram of each of a thousand meters is looked for when a store is opened.
    "CREATE INDEX telegram_of_meter ON telegram (meter, measured);",
];
