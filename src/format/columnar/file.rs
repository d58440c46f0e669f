//! A file of Parquet that grows.

use std::collections::BTreeMap;
use std::sync::Arc;

use parquet::basic::{Compression, Encoding};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::ColumnPath;

use super::columns::{Columns, Kind};
use super::group::Group;
use super::rows::Rows;
use crate::source::archive::DIGITS;

/// A file, a row group at a time.
pub(super) struct File {
    names: Vec<String>,
    group: Group,
    file: SerializedFileWriter<Vec<u8>>,
}

impl File {
    /// Begins a file with these columns.
    ///
    /// # Errors
    /// Where they make none.
    pub(super) fn new(columns: &Columns) -> Result<Self, ParquetError> {
        let schema = parse_message_type(&columns.message())?;
        let properties = Arc::new(properties(columns));
        let file =
            SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::clone(&properties))?;
        Ok(Self {
            names: columns.iter().map(|(name, _)| name.to_owned()).collect(),
            group: Group::new(file.schema_descr(), &properties),
            file,
        })
    }

    /// Encodes rows, and appends the bytes of a row group that is full.
    ///
    /// # Errors
    /// Where the rows cannot be encoded; the file is of no use then.
    pub(super) fn take(&mut self, rows: &mut Rows, out: &mut Vec<u8>) -> Result<(), ParquetError> {
        self.group.take(rows)?;
        if self.group.is_full() {
            self.group.close(&mut self.file)?;
        }
        self.drain(out)
    }

    /// Appends what is left, and the footer; nothing can follow.
    ///
    /// # Errors
    /// As `take`.
    pub(super) fn finish(
        &mut self,
        rows: &mut Rows,
        out: &mut Vec<u8>,
    ) -> Result<(), ParquetError> {
        self.group.take(rows)?;
        if !self.group.is_empty() {
            self.group.close(&mut self.file)?;
        }
        let digits = self.names.iter().enumerate();
        let digits = digits.filter_map(|(place, name)| Some((name.as_str(), rows.digits(place)?)));
        let digits: BTreeMap<&str, u8> = digits.collect();
        if let Ok(digits) = serde_json::to_string(&digits) {
            let pair = KeyValue::new(DIGITS.to_owned(), digits);
            self.file.append_key_value_metadata(pair);
        }
        self.file.finish()?;
        self.drain(out)
    }

    fn drain(&mut self, out: &mut Vec<u8>) -> Result<(), ParquetError> {
        self.file.flush().map_err(ParquetError::from)?;
        match out.is_empty() {
            true => std::mem::swap(out, self.file.inner_mut()),
            false => out.append(self.file.inner_mut()),
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
        .set_dictionary_page_size_limit(DICTIONARY_MAX)
        .set_offset_index_disabled(true);
    for (name, kind) in columns.iter() {
        if matches!(
            kind,
            Kind::Time | Kind::Integer | Kind::Number | Kind::Exact(_)
        ) {
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
