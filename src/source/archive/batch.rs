//! Columns, some rows at once.

use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, Int64Type};
use parquet::errors::ParquetError;
use parquet::schema::types::ColumnDescriptor;

/// Cells of a column, one a row.
pub enum Cells {
    /// Whole numbers, times, digits of decimals.
    Integers(Vec<Option<i64>>),
    /// Yes or no.
    Flags(Vec<Option<bool>>),
    /// Texts.
    Texts(Vec<Option<String>>),
    /// Texts, any number a row.
    Lists(Vec<Vec<String>>),
}

/// Reads a column of a row group.
pub struct Reader {
    column: Typed,
    /// The level at which there is a value.
    full: i16,
    /// It has any number of values a row.
    repeats: bool,
}

enum Typed {
    Integers(ColumnReaderImpl<Int64Type>),
    Flags(ColumnReaderImpl<BoolType>),
    Texts(ColumnReaderImpl<ByteArrayType>),
}

/// Values as they are kept, and the levels that say which rows have them.
struct Values<T> {
    levels: Vec<i16>,
    repeats: Vec<i16>,
    values: Vec<T>,
}

impl Reader {
    /// Takes a column.
    ///
    /// # Errors
    /// Where it is of another type than its name says.
    pub fn new(column: ColumnReader, description: &ColumnDescriptor) -> Result<Self, ParquetError> {
        let column = match column {
            ColumnReader::Int64ColumnReader(column) => Typed::Integers(column),
            ColumnReader::BoolColumnReader(column) => Typed::Flags(column),
            ColumnReader::ByteArrayColumnReader(column) => Typed::Texts(column),
            _ => return Err(damaged()),
        };
        Ok(Self {
            column,
            full: description.max_def_level(),
            repeats: description.max_rep_level() > 0,
        })
    }

    /// Reads some rows.
    ///
    /// # Errors
    /// Where there are fewer, or they cannot be read.
    pub fn read(&mut self, rows: usize) -> Result<Cells, ParquetError> {
        let full = self.full;
        Ok(match &mut self.column {
            Typed::Integers(column) => Cells::Integers(read(column, rows)?.cells(full, rows)?),
            Typed::Flags(column) => Cells::Flags(read(column, rows)?.cells(full, rows)?),
            Typed::Texts(column) => {
                let Values {
                    levels,
                    repeats,
                    values,
                } = read(column, rows)?;
                let values = values.iter().map(text).collect::<Result<Vec<_>, _>>()?;
                let values = Values {
                    levels,
                    repeats,
                    values,
                };
                match self.repeats {
                    true => Cells::Lists(values.lists(full, rows)?),
                    false => Cells::Texts(values.cells(full, rows)?),
                }
            }
        })
    }
}

impl<T> Values<T> {
    /// A cell a row.
    fn cells(self, full: i16, rows: usize) -> Result<Vec<Option<T>>, ParquetError> {
        let mut values = self.values.into_iter();
        if full == 0 {
            let cells: Vec<Option<T>> = values.map(Some).collect();
            return Some(cells)
                .filter(|cells| cells.len() == rows)
                .ok_or_else(damaged);
        }
        let cell = |level: &i16| match *level == full {
            true => values.next().map(Some).ok_or_else(damaged),
            false => Ok(None),
        };
        let cells = self
            .levels
            .iter()
            .map(cell)
            .collect::<Result<Vec<_>, _>>()?;
        Some(cells)
            .filter(|cells| cells.len() == rows)
            .ok_or_else(damaged)
    }
}

impl Values<String> {
    /// A list a row; an entry without a text has an empty one.
    fn lists(self, full: i16, rows: usize) -> Result<Vec<Vec<String>>, ParquetError> {
        let mut values = self.values.into_iter();
        let mut lists: Vec<Vec<String>> = Vec::with_capacity(rows);
        for (level, repeats) in self.levels.iter().zip(&self.repeats) {
            if *repeats == 0 {
                lists.push(Vec::new());
            }
            let text = match level {
                level if *level == full => values.next().ok_or_else(damaged)?,
                // An entry whose text is null, below which there is no entry at all.
                2.. => String::new(),
                _ => continue,
            };
            if let Some(list) = lists.last_mut() {
                list.push(text);
            }
        }
        Some(lists)
            .filter(|lists| lists.len() == rows)
            .ok_or_else(damaged)
    }
}

fn read<T: DataType>(
    column: &mut ColumnReaderImpl<T>,
    rows: usize,
) -> Result<Values<T::T>, ParquetError> {
    let mut read = Values {
        levels: Vec::new(),
        repeats: Vec::new(),
        values: Vec::new(),
    };
    let mut left = rows;
    while left > 0 {
        let Values {
            levels,
            repeats,
            values,
        } = &mut read;
        let (records, ..) = column.read_records(left, Some(levels), Some(repeats), values)?;
        if records == 0 {
            return Err(damaged());
        }
        left = left.saturating_sub(records);
    }
    Ok(read)
}

fn text(bytes: &ByteArray) -> Result<String, ParquetError> {
    let text = std::str::from_utf8(bytes.data());
    text.map(str::to_owned).map_err(|_| damaged())
}

fn damaged() -> ParquetError {
    ParquetError::General("is damaged: its columns do not fit together".to_owned())
}
