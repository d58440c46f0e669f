//! A table of any columns: rows that wait, and the file or stream that they go to.

use super::arrow::Stream;
use super::columns::{Columns, Kind};
use super::file::File;
use super::rows::Rows;
use super::{ColumnarFault, Container};

/// A table that grows.
pub(crate) struct Table {
    pub(super) rows: Rows,
    /// So many rows are encoded at once, and bytes of their texts, about.
    many: (usize, usize),
    /// `None` while rows are encoded.
    sink: Option<Sink>,
    /// Rows that are encoded, and can be filled again.
    spare: Option<Rows>,
}

/// Rows that are to be encoded, on whichever thread.
pub struct Encoding {
    rows: Rows,
    sink: Sink,
    bytes: Vec<u8>,
    fault: Option<ColumnarFault>,
}

/// Where encoded rows go.
enum Sink {
    Parquet(Box<File>),
    Arrow(Box<Stream>),
}

/// A column of a table of one's own, and what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    /// Microseconds since 1970.
    Time,
    /// Whole numbers.
    Integer,
    /// Exact decimals, with so many digits behind the point.
    Exact(u8),
    /// Yes or no.
    Flag,
    /// Texts.
    Text,
}

/// What stands in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cell<'a> {
    /// Whole numbers, times, and digits of decimals.
    Integer(i64),
    /// Yes or no.
    Flag(bool),
    /// A text.
    Text(&'a str),
}

impl Table {
    /// Begins a table.
    ///
    /// # Errors
    /// Where the columns make none.
    pub(super) fn new(container: Container, columns: &Columns) -> Result<Self, ColumnarFault> {
        Ok(Self {
            rows: Rows::new(columns),
            many: match container {
                Container::Parquet => PARQUET,
                Container::Arrow => ARROW,
            },
            sink: Some(match container {
                Container::Parquet => Sink::Parquet(Box::new(File::new(columns)?)),
                Container::Arrow => Sink::Arrow(Box::new(Stream::new(columns)?)),
            }),
            spare: None,
        })
    }

    /// Begins a table of columns of one's own.
    ///
    /// # Errors
    /// Where they make none.
    pub(crate) fn of(
        container: Container,
        columns: &[(String, Holds)],
    ) -> Result<Self, ColumnarFault> {
        let columns = columns.iter().map(|(name, holds)| {
            let kind = match holds {
                Holds::Time => Kind::Time,
                Holds::Integer => Kind::Integer,
                Holds::Exact(scale) => Kind::Exact(*scale),
                Holds::Flag => Kind::Flag,
                Holds::Text => Kind::Text,
            };
            (name.as_str(), kind)
        });
        Self::new(container, &Columns::of(columns))
    }

    /// Adds a row of cells, some of which may be empty, and appends the bytes that are ready.
    ///
    /// # Errors
    /// Where the rows cannot be encoded; the table is of no use then.
    pub(crate) fn row<'a>(
        &mut self,
        cells: impl IntoIterator<Item = Option<Cell<'a>>>,
        out: &mut Vec<u8>,
    ) -> Result<(), ColumnarFault> {
        for (place, cell) in cells.into_iter().enumerate() {
            match cell {
                Some(Cell::Integer(value)) => self.rows.integer(place, value),
                Some(Cell::Flag(value)) => self.rows.flag(place, value),
                Some(Cell::Text(value)) => self.rows.text(place, value.as_bytes()),
                None => {}
            }
        }
        self.rows.end();
        self.encode(out)
    }

    /// Encodes rows that are many, and appends the bytes that are ready.
    ///
    /// # Errors
    /// As `row`.
    pub(crate) fn encode(&mut self, out: &mut Vec<u8>) -> Result<(), ColumnarFault> {
        match self.encoding() {
            Some(encoding) => self.encoded(encoding.run(), out),
            None => Ok(()),
        }
    }

    /// Gives rows to be encoded where they are many and no others are; they must come back.
    pub(crate) fn encoding(&mut self) -> Option<Encoding> {
        if !self.are_many() {
            return None;
        }
        Some(Encoding {
            sink: self.sink.take()?,
            rows: self.rows.give(self.spare.take()),
            bytes: Vec::new(),
            fault: None,
        })
    }

    /// Tells whether many rows wait.
    pub(crate) fn are_many(&self) -> bool {
        self.rows.are_many(self.many)
    }

    /// Takes back rows that are encoded, and appends the bytes that are ready.
    ///
    /// # Errors
    /// As `row`.
    pub(crate) fn encoded(
        &mut self,
        encoding: Encoding,
        out: &mut Vec<u8>,
    ) -> Result<(), ColumnarFault> {
        let Encoding {
            rows,
            sink,
            mut bytes,
            fault,
        } = encoding;
        (self.sink, self.spare) = (Some(sink), Some(rows));
        match out.is_empty() {
            true => std::mem::swap(out, &mut bytes),
            false => out.append(&mut bytes),
        }
        fault.map_or(Ok(()), Err)
    }

    /// Appends what is left, and the end; nothing can follow.
    ///
    /// # Errors
    /// As `row`.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), ColumnarFault> {
        match &mut self.sink {
            Some(Sink::Parquet(file)) => file.finish(&mut self.rows, out)?,
            Some(Sink::Arrow(stream)) => stream.finish(&mut self.rows, out)?,
            None => {}
        }
        Ok(())
    }
}

impl Encoding {
    /// Encodes the rows.
    #[must_use]
    pub fn run(mut self) -> Self {
        let Self {
            rows, sink, bytes, ..
        } = &mut self;
        let encoded = match sink {
            Sink::Parquet(file) => file.take(rows, bytes).map_err(ColumnarFault::from),
            Sink::Arrow(stream) => stream.take(rows, bytes).map_err(ColumnarFault::from),
        };
        self.fault = encoded.err();
        self
    }
}

/// Rows that are encoded at once, and bytes of their texts, about: few enough to be still at hand, and many enough to be
/// worth the call.
const PARQUET: (usize, usize) = (1024, 2 << 20);
/// Likewise: a record batch has a buffer for each column, whatever is in it; more rows take more memory.
const ARROW: (usize, usize) = (2048, 4 << 20);
