//! A stream of Arrow (IPC streaming format): a schema, record batches, an end.
//!
//! Buffers are packed (zstd), since most columns are empty in most streams and would take sixteen bytes a row.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Decimal128Array, Int64Array, MapArray, RecordBatch, StringArray,
    StructArray, TimestampMicrosecondArray,
};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{IpcWriteOptions, StreamWriter};
use arrow_schema::{ArrowError, DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use parquet::data_type::ByteArray;

use super::columns::{Columns, Kind, PRECISION, SCALE};
use super::rows::{Column, Other, Rows, Values};

/// The stream.
pub(super) struct Stream {
    schema: SchemaRef,
    writer: StreamWriter<Vec<u8>>,
}

impl Stream {
    /// Begins a stream with these columns.
    ///
    /// # Errors
    /// Where they make none.
    pub(super) fn new(columns: &Columns) -> Result<Self, ArrowError> {
        let mut fields: Vec<Field> = columns
            .iter()
            .map(|(name, kind)| Field::new(name, data_type(kind), true))
            .collect();
        if columns.has_other() {
            fields.push(Field::new("other", other_type(), true));
        }
        let schema = Arc::new(Schema::new(fields));
        let options =
            IpcWriteOptions::default().try_with_compression(Some(CompressionType::ZSTD))?;
        let writer = StreamWriter::try_new_with_options(Vec::new(), &schema, options)?;
        Ok(Self { schema, writer })
    }

    /// Encodes rows as a record batch, and appends its bytes.
    ///
    /// # Errors
    /// Where the rows cannot be encoded; the stream is of no use then.
    pub(super) fn take(&mut self, rows: &mut Rows, out: &mut Vec<u8>) -> Result<(), ArrowError> {
        let count = rows.count();
        if count > 0 {
            let mut arrays = Vec::with_capacity(self.schema.fields().len());
            for (column, field) in rows.columns().iter().zip(self.schema.fields()) {
                arrays.push(array(column, field.data_type(), count)?);
            }
            if arrays.len() < self.schema.fields().len() {
                arrays.push(other(rows.others(), count)?);
            }
            let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays)?;
            self.writer.write(&batch)?;
            rows.clear();
        }
        out.append(self.writer.get_mut());
        Ok(())
    }

    /// Appends what is left, and the end.
    ///
    /// # Errors
    /// As `take`.
    pub(super) fn finish(&mut self, rows: &mut Rows, out: &mut Vec<u8>) -> Result<(), ArrowError> {
        self.take(rows, out)?;
        self.writer.finish()?;
        out.append(self.writer.get_mut());
        Ok(())
    }
}

fn data_type(kind: Kind) -> DataType {
    match kind {
        Kind::Time => DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())),
        Kind::Integer => DataType::Int64,
        Kind::Number => DataType::Decimal128(PRECISION as u8, SCALE as i8),
        Kind::Exact(scale) => DataType::Decimal128(PRECISION as u8, scale as i8),
        Kind::Flag => DataType::Boolean,
        Kind::Text => DataType::Utf8,
    }
}

/// The type of the map.
fn other_type() -> DataType {
    DataType::Map(Arc::new(entries()), false)
}

fn entries() -> Field {
    Field::new("key_value", DataType::Struct(pair()), false)
}

fn pair() -> Fields {
    let text = |name| Field::new(name, DataType::Utf8, false);
    vec![text("key"), text("value")].into()
}

/// A column of so many rows.
fn array(column: &Column, kind: &DataType, count: usize) -> Result<ArrayRef, ArrowError> {
    let Column { levels, values } = column;
    let length = values.count();
    let has = |row: usize| match levels.get(row) {
        Some(level) => *level == 1,
        // No row was without a value as long as none is written down.
        None => levels.is_empty() && row < length,
    };
    let nulls = match length {
        0 => Some(NullBuffer::new_null(count)),
        length if length == count => None,
        _ => Some((0..count).map(has).collect()),
    };
    Ok(match (values, kind) {
        (Values::Integers(values), DataType::Timestamp(..)) => {
            let values = spread(values, count, has, |value| *value);
            let array = TimestampMicrosecondArray::try_new(values.into(), nulls)?;
            Arc::new(array.with_timezone(UTC))
        }
        (Values::Integers(values), DataType::Decimal128(precision, scale)) => {
            let values = spread(values, count, has, |value| i128::from(*value));
            let array = Decimal128Array::try_new(values.into(), nulls)?;
            Arc::new(array.with_precision_and_scale(*precision, *scale)?)
        }
        (Values::Integers(values), _) => {
            let values = spread(values, count, has, |value| *value);
            Arc::new(Int64Array::try_new(values.into(), nulls)?)
        }
        (Values::Flags(values), _) => {
            let values = spread(values, count, has, |value| *value);
            Arc::new(BooleanArray::new(values.into(), nulls))
        }
        (Values::Texts(values), _) => {
            let mut values = values.iter();
            let text = |row| has(row).then(|| values.next().map(utf8)).flatten();
            Arc::new((0..count).map(text).collect::<StringArray>())
        }
    })
}

/// The values of all rows; those of rows without one are of no account.
fn spread<T, V: Clone + Default>(
    values: &[T],
    count: usize,
    has: impl Fn(usize) -> bool,
    value: impl Fn(&T) -> V,
) -> Vec<V> {
    let mut all = vec![V::default(); count];
    if values.is_empty() {
        return all;
    }
    let places = all.iter_mut().enumerate().filter(|(row, _)| has(*row));
    for ((_, place), known) in places.zip(values) {
        *place = value(known);
    }
    all
}

/// The map of all rows.
fn other(other: &Other, count: usize) -> Result<ArrayRef, ArrowError> {
    let texts = |all: &[ByteArray]| all.iter().map(|text| Some(utf8(text))).collect();
    let (keys, values): (StringArray, StringArray) = (texts(&other.keys), texts(&other.values));
    let mut lengths = Vec::with_capacity(count);
    for (level, repeats) in other.levels.iter().zip(&other.repeat) {
        let entry = usize::from(*level == FULL);
        match lengths.last_mut() {
            Some(length) if *repeats == 1 => *length += entry,
            _ => lengths.push(entry),
        }
    }
    let nulls: NullBuffer = lengths.iter().map(|length| *length > 0).collect();
    let columns: Vec<ArrayRef> = vec![Arc::new(keys), Arc::new(values)];
    let pairs = StructArray::try_new(pair(), columns, None)?;
    let offsets: OffsetBuffer<i32> = OffsetBuffer::from_lengths(lengths);
    let map = MapArray::try_new(Arc::new(entries()), offsets, pairs, Some(nulls), false)?;
    Ok(Arc::new(map))
}

/// All texts were made of UTF-8.
fn utf8(text: &ByteArray) -> &str {
    std::str::from_utf8(text.data()).unwrap_or_default()
}

/// The zone of all times.
const UTC: &str = "UTC";
/// The level of an entry of the map.
const FULL: i16 = 2;
