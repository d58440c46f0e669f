//! Rows that wait to be encoded, column by column.
//!
//! ```text
//! values  a     b c
//! levels  1 0 0 1 1        1 where the row has a value; written down from the first row without one on
//!
//! other   levels 2 2 0 2   2 an entry, 0 a row without any
//!         repeat 0 1 0 0   0 begins a row
//! ```

use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;

use super::columns::{Columns, Kind};
use super::texts::Texts;

/// Rows that wait.
#[derive(Debug)]
pub(super) struct Rows {
    columns: Vec<Column>,
    /// Digits behind the point of the numbers of each column, as they were sent.
    sent: Vec<Sent>,
    other: Other,
    texts: Texts,
    count: usize,
    /// Bytes held, about.
    held: usize,
    /// As many levels as there are rows, of columns with a value in each row and in none.
    all: Vec<i16>,
    none: Vec<i16>,
}

/// How many digits behind the point were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sent {
    Nothing,
    Always(u8),
    Mixed,
}

/// Cells of a column: values, and which rows have them.
#[derive(Debug)]
pub(super) struct Column {
    /// None as long as each row has a value.
    pub(super) levels: Vec<i16>,
    pub(super) values: Values,
}

#[derive(Debug)]
pub(super) enum Values {
    Integers(Vec<i64>),
    Flags(Vec<bool>),
    Texts(Vec<ByteArray>),
}

/// The map of all rows.
#[derive(Debug, Default)]
pub(super) struct Other {
    pub(super) levels: Vec<i16>,
    pub(super) repeat: Vec<i16>,
    pub(super) keys: Vec<ByteArray>,
    pub(super) values: Vec<ByteArray>,
    /// Entries of the row that is not ended yet.
    entries: usize,
}

impl Rows {
    /// No row of these columns.
    pub(super) fn new(columns: &Columns) -> Self {
        let mut rows = Self::of(columns.iter().map(|(_, kind)| match kind {
            Kind::Time | Kind::Integer | Kind::Number | Kind::Exact(_) => {
                Values::Integers(Vec::new())
            }
            Kind::Flag => Values::Flags(Vec::new()),
            Kind::Text => Values::Texts(Vec::new()),
        }));
        rows.sent = vec![Sent::Nothing; rows.columns.len()];
        rows
    }

    /// No row of columns with these values, of which none were sent.
    fn of(values: impl Iterator<Item = Values>) -> Self {
        let column = |values| Column {
            levels: Vec::new(),
            values,
        };
        Self {
            sent: Vec::new(),
            columns: values.map(column).collect(),
            other: Other::default(),
            texts: Texts::default(),
            count: 0,
            held: 0,
            all: Vec::new(),
            none: Vec::new(),
        }
    }

    /// Puts a whole number, a time or a decimal into the row.
    #[inline]
    pub(super) fn integer(&mut self, place: usize, value: i64) {
        if let Some(Column { levels, values }) = self.columns.get_mut(place)
            && let Values::Integers(values) = values
        {
            mark(levels, values.len(), self.count);
            values.push(value);
        }
    }

    /// Takes with how many digits behind the point a number was sent, since it last changed.
    #[inline]
    pub(super) fn sent(&mut self, place: usize, scale: u8) {
        if let Some(sent) = self.sent.get_mut(place) {
            *sent = match *sent {
                Sent::Nothing => Sent::Always(scale),
                Sent::Always(before) if before == scale => return,
                _ => Sent::Mixed,
            };
        }
    }

    /// With how many digits behind the point all numbers of a column were sent, where these are as many in all rows.
    pub(super) fn digits(&self, place: usize) -> Option<u8> {
        match self.sent.get(place)? {
            Sent::Always(scale) => Some(*scale),
            Sent::Nothing | Sent::Mixed => None,
        }
    }

    /// Puts yes or no into the row.
    pub(super) fn flag(&mut self, place: usize, value: bool) {
        if let Some(Column { levels, values }) = self.columns.get_mut(place)
            && let Values::Flags(values) = values
        {
            mark(levels, values.len(), self.count);
            values.push(value);
        }
    }

    /// Puts a text into the row, unless it is empty.
    pub(super) fn text(&mut self, place: usize, value: &[u8]) {
        let Some(Column { levels, values }) = self.columns.get_mut(place) else {
            return;
        };
        if let Values::Texts(values) = values
            && !value.is_empty()
        {
            mark(levels, values.len(), self.count);
            let text = match values.last() {
                Some(last) if last.data() == value => last.clone(),
                _ => self.texts.text(value),
            };
            self.held += size_of::<ByteArray>() + text.len();
            values.push(text);
        }
    }

    /// Puts a text that is made already into the row, unless it is empty.
    pub(super) fn share(&mut self, place: usize, text: &ByteArray) {
        if let Some(Column { levels, values }) = self.columns.get_mut(place)
            && let Values::Texts(values) = values
            && !text.is_empty()
        {
            mark(levels, values.len(), self.count);
            self.held += size_of::<ByteArray>() + text.len();
            values.push(text.clone());
        }
    }

    /// The texts of all columns, to make others.
    pub(super) fn texts(&mut self) -> &mut Texts {
        &mut self.texts
    }

    /// Puts an entry into the map of the row; a key stands once in a row.
    pub(super) fn other(&mut self, key: &ByteArray, value: &ByteArray) {
        let other = &mut self.other;
        other.levels.push(2);
        other.repeat.push(i16::from(other.entries > 0));
        other.entries += 1;
        other.keys.push(key.clone());
        other.values.push(value.clone());
        self.held += 2 * size_of::<ByteArray>() + value.len();
    }

    /// Ends the row.
    pub(super) fn end(&mut self) {
        if std::mem::take(&mut self.other.entries) == 0 {
            self.other.levels.push(0);
            self.other.repeat.push(0);
        }
        self.count += 1;
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// There are so many, or their texts take so many bytes.
    pub(super) fn are_many(&self, (rows, bytes): (usize, usize)) -> bool {
        self.count >= rows || self.held >= bytes
    }

    /// All columns but the map.
    pub(super) fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The map.
    pub(super) fn others(&self) -> &Other {
        &self.other
    }

    /// Tells whether some row has a value in a column; behind the last come keys and values of the map.
    pub(super) fn fill(&self, place: usize) -> bool {
        match self.columns.get(place) {
            Some(column) => column.values.count() > 0,
            None => !self.other.keys.is_empty(),
        }
    }

    /// Encodes a column, which must be one that they fill or that is none of the map.
    ///
    /// # Errors
    /// Where the writer is one of another type.
    pub(super) fn write(
        &mut self,
        place: usize,
        writer: &mut ColumnWriter<'_>,
    ) -> Result<(), ParquetError> {
        let count = self.count;
        self.all.resize(count, 1);
        self.none.resize(count, 0);
        let Some(Column { levels, values }) = self.columns.get_mut(place) else {
            let other = &self.other;
            let texts = match place - self.columns.len() {
                0 => &other.keys,
                _ => &other.values,
            };
            let ColumnWriter::ByteArrayColumnWriter(writer) = writer else {
                return Err(mixed());
            };
            writer.write_batch(texts, Some(&other.levels), Some(&other.repeat))?;
            return Ok(());
        };
        let length = values.count();
        let levels = if length == count {
            &self.all
        } else if length == 0 {
            &self.none
        } else {
            if levels.is_empty() {
                levels.resize(length, 1);
            }
            levels.resize(count, 0);
            levels
        };
        let levels = Some(levels.as_slice());
        match (values, writer) {
            (Values::Integers(values), ColumnWriter::Int64ColumnWriter(writer)) => {
                writer.write_batch(values, levels, None)
            }
            (Values::Flags(values), ColumnWriter::BoolColumnWriter(writer)) => {
                writer.write_batch(values, levels, None)
            }
            (Values::Texts(values), ColumnWriter::ByteArrayColumnWriter(writer)) => {
                writer.write_batch(values, levels, None)
            }
            _ => Err(mixed()),
        }?;
        Ok(())
    }

    /// Gives the rows, and goes on with others of the same columns, which are empty.
    pub(super) fn give(&mut self, next: Option<Self>) -> Self {
        let mut next = next.unwrap_or_else(|| self.alike());
        // What was sent is known of all rows together.
        std::mem::swap(&mut self.sent, &mut next.sent);
        std::mem::replace(self, next)
    }

    /// No row of the same columns.
    fn alike(&self) -> Self {
        Self::of(self.columns.iter().map(|column| match column.values {
            Values::Integers(_) => Values::Integers(Vec::new()),
            Values::Flags(_) => Values::Flags(Vec::new()),
            Values::Texts(_) => Values::Texts(Vec::new()),
        }))
    }

    /// Forgets the rows and keeps what they stood in.
    pub(super) fn clear(&mut self) {
        for column in &mut self.columns {
            column.levels.clear();
            match &mut column.values {
                Values::Integers(values) => values.clear(),
                Values::Flags(values) => values.clear(),
                Values::Texts(values) => values.clear(),
            }
        }
        self.other.levels.clear();
        self.other.repeat.clear();
        self.other.keys.clear();
        self.other.values.clear();
        (self.count, self.held) = (0, 0);
    }
}

impl Values {
    /// How many there are.
    pub(super) fn count(&self) -> usize {
        match self {
            Self::Integers(values) => values.len(),
            Self::Flags(values) => values.len(),
            Self::Texts(values) => values.len(),
        }
    }
}

/// Says that the row of this number has the value that follows `length` others.
#[inline]
fn mark(levels: &mut Vec<i16>, length: usize, row: usize) {
    if !levels.is_empty() || length != row {
        mark_behind_gap(levels, length, row);
    }
}

#[cold]
fn mark_behind_gap(levels: &mut Vec<i16>, length: usize, row: usize) {
    if levels.is_empty() {
        levels.resize(length, 1);
    }
    levels.resize(row, 0);
    levels.push(1);
}

fn mixed() -> ParquetError {
    ParquetError::General("a column is not what its schema says".to_owned())
}
