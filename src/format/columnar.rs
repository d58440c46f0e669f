//! Parquet and Arrow: tables for engines such as DuckDB, DataFusion, Polars and Spark, a row a telegram.
//!
//! ```text
//! telegram --plan--> rows that wait --1024 at once--> row group, encoded --131,072 rows--> file ... footer   Parquet
//!                                   \-2048 at once--> record batch --> stream ... end                      Arrow
//! ```
//! Columns are the same in both and in every file (`columns.rs`), so that a folder of files is one table. What stands in
//! no column is in the map `other`: of what could be read, nothing is lost but leading zeros and empty parentheses.
//!
//! Rows of a row group are many, which engines like, unless they take more than 6 MB: memory comes first.

mod arrow;

mod columns;

mod file;

mod periods;

mod texts;

mod table;

mod rows;

mod plan;

mod group;

#[cfg(test)]
mod tests;

use ::arrow_schema::ArrowError;
use parquet::errors::ParquetError;

use self::columns::{Columns, Kind};
pub use self::periods::periods;
use self::plan::Plan;
use self::rows::Rows;
pub use self::table::Encoding;
use self::table::Table;
use crate::format::level;
use crate::observe::context::{Context, Senders};
use crate::observe::fields::Fields;
use crate::p1::ciphering::SystemTitle;
use crate::p1::derive::{Derived, Extent};
use crate::p1::event::Decoded;
use crate::p1::layout::TextRange;
use crate::p1::telegram::ByShape;
use crate::p1::value::{Decimal, text};
use crate::source::maxsonar::Level;

/// How a table is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// A file of Parquet, which is of use when it is whole.
    Parquet,
    /// A stream of Arrow (IPC), which is read as it comes.
    Arrow,
}

/// Makes a table of telegrams, some rows at a time.
pub struct Columnar {
    fields: Option<Fields>,
    columns: Columns,
    plans: ByShape<Plan>,
    table: Table,
    senders: Senders,
    title: Option<(SystemTitle, String)>,
}

/// Why there is no table.
#[derive(Debug, thiserror::Error)]
pub enum ColumnarFault {
    /// Of Parquet.
    #[error("Parquet: {0}")]
    Parquet(#[from] ParquetError),
    /// Of Arrow.
    #[error("Arrow: {0}")]
    Arrow(#[from] ArrowError),
}

impl Columnar {
    /// Begins a table with all columns, or with those of the fields given, and columns for what is computed.
    ///
    /// # Errors
    /// Where the columns make no table.
    pub fn new(
        container: Container,
        fields: Option<Fields>,
        extent: Extent,
    ) -> Result<Self, ColumnarFault> {
        let columns = Columns::new(fields.as_ref(), extent);
        Ok(Self {
            table: Table::new(container, &columns)?,
            fields,
            columns,
            plans: ByShape::default(),
            senders: Senders::default(),
            title: None,
        })
    }

    /// Takes a telegram as a row.
    pub fn telegram(&mut self, context: &Context<'_>, decoded: &Decoded<'_>) {
        let telegram = &decoded.telegram;
        self.received(context, decoded.span.start);
        let rows = &mut self.table.rows;
        rows.text(columns::METER, self.senders.name(decoded).as_bytes());
        if let Some(name) = context.meter_name {
            rows.text(columns::METER_NAME, name.as_bytes());
        }
        if let Some(security) = &decoded.security {
            let title = security.title();
            if self.title.as_ref().is_none_or(|(known, _)| *known != title) {
                self.title = Some((title, title.to_string()));
            }
            if let Some((_, title)) = &self.title {
                rows.text(columns::TITLE, title.as_bytes());
            }
            rows.integer(columns::COUNTER, i64::from(security.counter().0));
            rows.text(columns::TAG, security.tag.word().as_bytes());
        }
        // A push has other check sums.
        let crc = decoded.crc.valid().filter(|_| decoded.push.is_none());
        if let Some(valid) = crc {
            rows.flag(columns::CRC_VALID, valid);
        }
        if let Some(mended) = decoded.mended {
            rows.text(columns::MENDED, mended.as_bytes());
        }
        let header = TextRange {
            start: 0,
            end: telegram.shape().layout.identification.end,
        };
        let header = text(header.of(telegram.text()));
        rows.text(columns::HEADER, header.as_bytes());
        let (columns, fields) = (&self.columns, self.fields.as_ref());
        self.plans
            .of(telegram.shape(), || Plan::new(telegram, columns, fields))
            .write(rows, telegram);
        for derived in context.derived {
            if let Some(place) = columns.place(derived.key) {
                compute(rows, place, columns.kind(place), derived);
            }
        }
        rows.end();
    }

    /// Takes a reading of a level sensor as a row.
    pub fn level(&mut self, context: &Context<'_>, level: &Level) {
        self.received(context, level.span.start);
        let place = self.columns.place(level::KEY);
        let centimetres = Decimal::new(i64::from(level.centimetres), 0);
        if let (Some(place), Some(number)) = (place, centimetres.rescale(columns::SCALE)) {
            self.table.rows.integer(place, number.digits);
        }
        self.table.rows.end();
    }

    /// Gives rows to be encoded where they are many and no others are; they must come back before the end.
    pub fn encoding(&mut self) -> Option<Encoding> {
        self.table.encoding()
    }

    /// Tells whether many rows wait.
    pub fn are_many(&self) -> bool {
        self.table.are_many()
    }

    /// Takes back rows that are encoded, and appends the bytes that are ready.
    ///
    /// # Errors
    /// Where the rows could not be encoded; the table is of no use then.
    pub fn encoded(&mut self, encoding: Encoding, out: &mut Vec<u8>) -> Result<(), ColumnarFault> {
        self.table.encoded(encoding, out)
    }

    /// Appends what is left, and the end; nothing can follow.
    ///
    /// # Errors
    /// As `encoded`.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), ColumnarFault> {
        self.table.finish(out)
    }

    fn received(&mut self, context: &Context<'_>, offset: u64) {
        let rows = &mut self.table.rows;
        if let Some(at) = context.received_at {
            rows.integer(columns::RECEIVED_AT, at.as_microsecond());
        }
        if let Some(label) = context.source.label {
            rows.text(columns::LABEL, label.as_bytes());
        }
        rows.text(columns::SOURCE, context.source.name.as_bytes());
        rows.integer(
            columns::SOURCE_OFFSET,
            i64::try_from(offset).unwrap_or(i64::MAX),
        );
    }
}

/// Puts something computed into its column, or into the map where the column does not hold it exactly.
fn compute(rows: &mut Rows, place: usize, kind: Option<Kind>, derived: &Derived) {
    let scale = match kind {
        Some(Kind::Number) => columns::SCALE,
        _ => 0,
    };
    match derived.value.rescale(scale) {
        Some(value) if value.digits.unsigned_abs() < columns::DIGITS_MAX => {
            rows.integer(place, value.digits);
        }
        _ => {
            let key = rows.texts().text(derived.key.as_bytes());
            let value = rows.texts().text(derived.value.to_string().as_bytes());
            rows.other(&key, &value);
        }
    }
}
