//! Parquet: a file for engines such as DuckDB, DataFusion and Spark, a row a telegram.
//!
//! ```text
//! telegram --plan--> rows that wait --1024 at once--> row group, encoded --131,072 rows--> file ... footer
//! ```
//! Columns are the same in every file (`columns.rs`), so that a folder of files is one table. What stands in no
//! column is in the map `other`: of what could be read, nothing is lost but leading zeros and empty parentheses.
//!
//! Rows of a row group are many, which engines like, unless they take more than 6 MB: memory comes first.

mod columns;

mod texts;

mod rows;

mod plan;

mod group;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use parquet::basic::{Compression, Encoding};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;

use self::columns::{Columns, Kind};
use self::group::Group;
use self::plan::Plan;
use self::rows::Rows;
use crate::format::incremental::ByShape;
use crate::format::level;
use crate::observe::context::{Context, Senders};
use crate::observe::fields::Fields;
use crate::p1::ciphering::SystemTitle;
use crate::p1::derive::{Derived, Extent};
use crate::p1::event::Decoded;
use crate::p1::layout::TextRange;
use crate::p1::value::{Decimal, text};
use crate::source::archive::DIGITS;
use crate::source::maxsonar::Level;

/// Makes a Parquet file of telegrams, a row group at a time.
pub struct Parquet {
    fields: Option<Fields>,
    columns: Columns,
    plans: ByShape<Plan>,
    rows: Rows,
    group: Group,
    file: SerializedFileWriter<Vec<u8>>,
    senders: Senders,
    title: Option<(SystemTitle, String)>,
}

/// Why there is no Parquet.
#[derive(Debug, thiserror::Error)]
#[error("Parquet: {0}")]
pub struct ParquetFault(#[from] ParquetError);

impl Parquet {
    /// Begins a file with all columns, or with those of the fields given, and columns for what is computed.
    ///
    /// # Errors
    /// Where the columns make no file.
    pub fn new(fields: Option<Fields>, extent: Extent) -> Result<Self, ParquetFault> {
        let columns = Columns::new(fields.as_ref(), extent);
        let schema = parquet::schema::parser::parse_message_type(&columns.message())?;
        let properties = Arc::new(properties(&columns));
        let file =
            SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::clone(&properties))?;
        Ok(Self {
            rows: Rows::new(&columns),
            group: Group::new(file.schema_descr(), &properties),
            fields,
            columns,
            plans: ByShape::default(),
            file,
            senders: Senders::default(),
            title: None,
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
            if let Some(place) = columns.place_computed(&derived.key) {
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
            self.rows.integer(place, number.digits);
        }
        self.rows.end();
    }

    /// Encodes rows that are many, and appends the bytes of a row group that is full.
    ///
    /// # Errors
    /// Where the rows cannot be encoded; the file is of no use then.
    pub fn encode(&mut self, out: &mut Vec<u8>) -> Result<(), ParquetFault> {
        if !self.rows.are_many() {
            return Ok(());
        }
        self.group.take(&mut self.rows)?;
        if self.group.is_full() {
            self.group.close(&mut self.file)?;
        }
        self.drain(out)
    }

    /// Appends what is left, and the footer; nothing can follow.
    ///
    /// # Errors
    /// As `encode`.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), ParquetFault> {
        self.group.take(&mut self.rows)?;
        if !self.group.is_empty() {
            self.group.close(&mut self.file)?;
        }
        let digits = self.columns.iter().enumerate();
        let digits = digits.filter_map(|(place, (name, _))| Some((name, self.rows.digits(place)?)));
        let digits: BTreeMap<&str, u8> = digits.collect();
        if let Ok(digits) = serde_json::to_string(&digits) {
            let pair = KeyValue::new(DIGITS.to_owned(), digits);
            self.file.append_key_value_metadata(pair);
        }
        self.file.finish()?;
        self.drain(out)
    }

    fn drain(&mut self, out: &mut Vec<u8>) -> Result<(), ParquetFault> {
        self.file.flush().map_err(ParquetError::from)?;
        match out.is_empty() {
            true => std::mem::swap(out, self.file.inner_mut()),
            false => out.append(self.file.inner_mut()),
        }
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

/// Integers and decimals as differences, which counters that only grow make small; texts by a dictionary.
fn properties(columns: &Columns) -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_created_by(concat!("smarty version ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_dictionary_page_size_limit(DICTIONARY_MAX)
        .set_offset_index_disabled(true);
    for (name, kind) in columns.iter() {
        if matches!(kind, Kind::Time | Kind::Integer | Kind::Number) {
            let path = ColumnPath::from(name);
            properties = properties
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED);
        }
    }
    for part in ["key", "value"] {
        let path = ["other", "key_value", part].map(str::to_owned).to_vec();
        let path = ColumnPath::new(path);
        properties = properties
            // No engine looks for a row group by what is in the map.
            .set_column_statistics_enabled(path.clone(), EnabledStatistics::None)
            .set_column_data_page_row_count_limit(path, ROWS_OF_OTHER);
    }
    properties.build()
}

/// Bytes of a dictionary, each of which takes some six in memory: the names of 10,000 meters.
const DICTIONARY_MAX: usize = 256 << 10;
/// Rows of a page of the map, which has many entries a row.
const ROWS_OF_OTHER: usize = 4096;
