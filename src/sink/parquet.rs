//! Parquet: a file for engines such as DuckDB, DataFusion and Spark, a row a telegram.
//!
//! ```text
//! telegram --plan--> rows that wait --row group of 24 MB--> bytes ... --at the end--> footer
//! ```
//! Columns are the same in every file (`columns.rs`), so that a folder of files is one table. What stands in no
//! column is in the map `other`: nothing that was sent is lost but leading zeros and empty parentheses.

mod columns;

mod texts;

mod rows;

mod plan;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use parquet::basic::{Compression, Encoding};
use parquet::column::writer::ColumnWriter;
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;

use self::columns::{Columns, Kind};
use self::plan::Plan;
use self::rows::Rows;
use super::context::{Context, Senders};
use super::fields::Fields;
use super::level;
use crate::p1::event::Decoded;
use crate::p1::value::Decimal;
use crate::source::maxsonar::Level;

/// Makes a Parquet file of telegrams, a row group at a time.
pub struct Parquet {
    fields: Option<Fields>,
    columns: Columns,
    plans: Vec<Plan>,
    rows: Rows,
    file: SerializedFileWriter<Vec<u8>>,
    senders: Senders,
    text: Vec<u8>,
}

/// Why there is no Parquet.
#[derive(Debug, thiserror::Error)]
#[error("Parquet: {0}")]
pub struct ParquetFault(#[from] ParquetError);

impl Parquet {
    /// Begins a file with all columns, or with those of the fields given.
    ///
    /// # Errors
    /// Where the columns make no file.
    pub fn new(fields: Option<Fields>) -> Result<Self, ParquetFault> {
        let columns = Columns::new(fields.as_ref());
        let schema = parquet::schema::parser::parse_message_type(&columns.message())?;
        let file = SerializedFileWriter::new(
            Vec::new(),
            Arc::new(schema),
            Arc::new(properties(&columns)),
        )?;
        Ok(Self {
            rows: Rows::new(&columns),
            fields,
            columns,
            plans: Vec::new(),
            file,
            senders: Senders::default(),
            text: Vec::new(),
        })
    }

    /// Takes a telegram as a row.
    pub fn telegram(&mut self, context: &Context<'_>, decoded: &Decoded<'_>) {
        let telegram = &decoded.telegram;
        self.received(context, decoded.span.start);
        let rows = &mut self.rows;
        rows.text(columns::METER, self.senders.name(decoded).as_bytes());
        if let Some(name) = context.meter_name {
            rows.text(columns::METER_NAME, name.as_bytes());
        }
        if let Some(security) = &decoded.security {
            rows.text(columns::TITLE, security.title().to_string().as_bytes());
            rows.integer(columns::COUNTER, i64::from(security.counter().0));
            rows.text(columns::TAG, security.tag.word().as_bytes());
        }
        if let Some(valid) = decoded.crc.valid() {
            rows.flag(columns::CRC_VALID, valid);
        }
        if let Some(mended) = decoded.mended {
            rows.text(columns::MENDED, mended.as_bytes());
        }
        let fits = |plan: &Plan| Arc::ptr_eq(plan.shape(), telegram.shape());
        let place = self.plans.iter().position(fits).unwrap_or_else(|| {
            if self.plans.len() >= PLANS_KEPT {
                self.plans.remove(0);
            }
            let fields = self.fields.as_ref();
            self.plans
                .push(Plan::new(telegram, &self.columns, fields, rows));
            self.plans.len() - 1
        });
        if let Some(plan) = self.plans.get(place) {
            plan.write(rows, telegram, &mut self.text);
        }
        rows.end();
    }

    /// Takes a reading of a level sensor as a row.
    pub fn level(&mut self, context: &Context<'_>, level: &Level) {
        self.received(context, level.span.start);
        let place = self.columns.place(level::KEY);
        let centimetres = Decimal::new(i64::from(level.centimetres), 0);
        if let (Some(place), Some(number)) = (place, centimetres.rescale(columns::SCALE)) {
            self.rows.integer(place, number.digits);
        }
        self.rows.end();
    }

    /// Appends the bytes of row groups that are full.
    ///
    /// # Errors
    /// Where the rows cannot be encoded; the file is of no use then.
    pub fn encode(&mut self, out: &mut Vec<u8>) -> Result<(), ParquetFault> {
        if self.rows.is_full() {
            self.encode_rows()?;
        }
        out.append(self.file.inner_mut());
        Ok(())
    }

    /// Appends what is left, and the footer; nothing can follow.
    ///
    /// # Errors
    /// As `encode`.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), ParquetFault> {
        if !self.rows.is_empty() {
            self.encode_rows()?;
        }
        self.file.finish()?;
        out.append(self.file.inner_mut());
        Ok(())
    }

    fn received(&mut self, context: &Context<'_>, offset: u64) {
        let rows = &mut self.rows;
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

    fn encode_rows(&mut self) -> Result<(), ParquetFault> {
        let mut group = self.file.next_row_group()?;
        let mut place = 0;
        while let Some(mut column) = group.next_column()? {
            match column.untyped() {
                ColumnWriter::Int64ColumnWriter(writer) => self.rows.write_integers(place, writer),
                ColumnWriter::BoolColumnWriter(writer) => self.rows.write_flags(place, writer),
                ColumnWriter::ByteArrayColumnWriter(writer) => self.rows.write_texts(place, writer),
                _ => Err(ParquetError::General("a column of another type".to_owned())),
            }?;
            column.close()?;
            place += 1;
        }
        group.close()?;
        self.file.flush().map_err(ParquetError::from)?;
        if self.rows.clear() {
            self.plans.clear();
        }
        Ok(())
    }
}

/// Integers and decimals as differences, which counters that only grow make small; texts by a dictionary.
fn properties(columns: &Columns) -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_created_by(concat!("smarty version ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true);
    for (name, kind) in columns.iter() {
        if matches!(kind, Kind::Time | Kind::Integer | Kind::Number) {
            let path = ColumnPath::from(name);
            properties = properties
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED);
        }
    }
    properties.build()
}

/// Plans kept, one for each shape of telegram seen lately.
const PLANS_KEPT: usize = 16;
