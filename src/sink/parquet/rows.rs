//! Rows that wait for their row group to be full, column by column.
//!
//! ```text
//! levels  1 0 0 1 1        1 where the row has a value; those after the last value are not written down yet
//! values  a     b c
//! texts   0     1 0        numbers of texts: most come again and again
//!
//! other   levels 2 2 0 2   2 an entry, 0 a row without any
//!         repeat 0 1 0 0   0 begins a row
//! ```

use std::collections::HashMap;

use parquet::column::writer::ColumnWriterImpl;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, Int64Type};
use parquet::errors::ParquetError;

use super::columns::{Columns, Kind};
use super::texts::{Texts, write_pieces};

/// Rows that wait.
#[derive(Debug)]
pub(super) struct Rows {
    columns: Vec<Column>,
    other: Other,
    count: usize,
    /// Bytes held, about.
    held: usize,
}

#[derive(Debug)]
struct Column {
    levels: Vec<i16>,
    values: Values,
}

#[derive(Debug)]
enum Values {
    Integers(Vec<i64>),
    Flags(Vec<bool>),
    Texts(Texts),
}

/// The map of all rows. Its keys are few and stay from one row group to the next.
#[derive(Debug, Default)]
struct Other {
    levels: Vec<i16>,
    repeat: Vec<i16>,
    keys: Vec<u32>,
    values: Texts,
    known: Vec<ByteArray>,
    places: HashMap<String, u32>,
    /// Entries of the row that is not ended yet.
    entries: usize,
}

impl Rows {
    /// No row of these columns.
    pub(super) fn new(columns: &Columns) -> Self {
        let column = |(_, kind): (&str, Kind)| Column {
            levels: Vec::new(),
            values: match kind {
                Kind::Time | Kind::Integer | Kind::Number => Values::Integers(Vec::new()),
                Kind::Flag => Values::Flags(Vec::new()),
                Kind::Text => Values::Texts(Texts::default()),
            },
        };
        Self {
            columns: columns.iter().map(column).collect(),
            other: Other::default(),
            count: 0,
            held: 0,
        }
    }

    /// Puts a whole number, a time or a decimal into the row.
    #[inline]
    pub(super) fn integer(&mut self, place: usize, value: i64) {
        if let Some(column) = self.columns.get_mut(place)
            && let Values::Integers(values) = &mut column.values
        {
            values.push(value);
            self.held += 10;
            column.mark(self.count);
        }
    }

    /// Puts yes or no into the row.
    pub(super) fn flag(&mut self, place: usize, value: bool) {
        if let Some(column) = self.columns.get_mut(place)
            && let Values::Flags(values) = &mut column.values
        {
            values.push(value);
            self.held += 3;
            column.mark(self.count);
        }
    }

    /// Puts a text into the row, unless it is empty.
    pub(super) fn text(&mut self, place: usize, value: &[u8]) {
        if let Some(column) = self.columns.get_mut(place).filter(|_| !value.is_empty())
            && let Values::Texts(texts) = &mut column.values
        {
            self.held += 2 + texts.push(value);
            column.mark(self.count);
        }
    }

    /// The number of a key of the map.
    pub(super) fn key(&mut self, key: &str) -> u32 {
        let Other { known, places, .. } = &mut self.other;
        if let Some(place) = places.get(key) {
            return *place;
        }
        let place = u32::try_from(known.len()).unwrap_or(u32::MAX);
        known.push(ByteArray::from(key.as_bytes().to_vec()));
        places.insert(key.to_owned(), place);
        place
    }

    /// Puts an entry into the map of the row; a key stands once in a row.
    pub(super) fn other(&mut self, key: u32, value: &[u8]) {
        let other = &mut self.other;
        other.levels.push(2);
        other.repeat.push(i16::from(other.entries > 0));
        other.entries += 1;
        other.keys.push(key);
        self.held += 8 + other.values.push(value);
    }

    /// Ends the row.
    pub(super) fn end(&mut self) {
        if std::mem::take(&mut self.other.entries) == 0 {
            self.other.levels.push(0);
            self.other.repeat.push(0);
        }
        self.count += 1;
    }

    /// There is none.
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// There are enough for a row group.
    pub(super) fn is_full(&self) -> bool {
        self.count >= ROWS_MAX || self.held >= HELD_MAX
    }

    /// Forgets the rows and keeps what they stood in; says whether the numbers of the keys are forgotten too.
    pub(super) fn clear(&mut self) -> bool {
        for column in &mut self.columns {
            column.levels.clear();
            match &mut column.values {
                Values::Integers(values) => values.clear(),
                Values::Flags(values) => values.clear(),
                Values::Texts(texts) => texts.clear(),
            }
        }
        let Other {
            levels,
            repeat,
            keys,
            values,
            ..
        } = &mut self.other;
        levels.clear();
        repeat.clear();
        keys.clear();
        values.clear();
        (self.count, self.held) = (0, 0);
        let crowded = self.other.known.len() > KEYS_KEPT;
        if crowded {
            self.other = Other::default();
        }
        crowded
    }

    /// Writes a column of whole numbers, times or decimals.
    pub(super) fn write_integers(
        &mut self,
        place: usize,
        writer: &mut ColumnWriterImpl<'_, Int64Type>,
    ) -> Result<(), ParquetError> {
        match self.columns.get_mut(place) {
            Some(Column {
                levels,
                values: Values::Integers(values),
            }) => {
                levels.resize(self.count, 0);
                writer.write_batch(values, Some(levels), None).map(drop)
            }
            _ => Err(mixed()),
        }
    }

    /// Writes a column of yes and no.
    pub(super) fn write_flags(
        &mut self,
        place: usize,
        writer: &mut ColumnWriterImpl<'_, BoolType>,
    ) -> Result<(), ParquetError> {
        match self.columns.get_mut(place) {
            Some(Column {
                levels,
                values: Values::Flags(values),
            }) => {
                levels.resize(self.count, 0);
                writer.write_batch(values, Some(levels), None).map(drop)
            }
            _ => Err(mixed()),
        }
    }

    /// Writes a column of texts; behind the last come keys and values of the map.
    pub(super) fn write_texts(
        &mut self,
        place: usize,
        writer: &mut ColumnWriterImpl<'_, ByteArrayType>,
    ) -> Result<(), ParquetError> {
        let Other {
            levels,
            repeat,
            keys,
            values,
            known,
            ..
        } = &self.other;
        let behind = place.checked_sub(self.columns.len());
        match (behind, self.columns.get_mut(place)) {
            (Some(0), _) => {
                let keys = keys.iter().filter_map(|key| known.get(*key as usize));
                write_pieces(writer, levels, Some(repeat), 2, keys)
            }
            (Some(1), _) => {
                let values = values.iter();
                write_pieces(writer, levels, Some(repeat), 2, values)
            }
            (
                None,
                Some(Column {
                    levels,
                    values: Values::Texts(texts),
                }),
            ) => {
                levels.resize(self.count, 0);
                let texts = texts.iter();
                write_pieces(writer, levels, None, 1, texts)
            }
            _ => Err(mixed()),
        }
    }
}

impl Column {
    /// Says that the row of this number has a value.
    #[inline]
    fn mark(&mut self, row: usize) {
        self.levels.resize(row, 0);
        self.levels.push(1);
    }
}

fn mixed() -> ParquetError {
    ParquetError::General("a column is not what its schema says".to_owned())
}

/// Keys of the map that are kept from one row group to the next: noise can have any.
const KEYS_KEPT: usize = 4096;
/// Rows of a row group, at most.
const ROWS_MAX: usize = 1 << 16;
/// Bytes of a row group before they are encoded, about.
const HELD_MAX: usize = 24 << 20;
