//! A row group that grows: its columns are encoded side by side as their rows come, and wait as pages in memory.
//!
//! ```text
//! rows --1024 at once--> column 1: pages ...  \
//!                        column 2: (none yet)  > one behind the other into the file, once there is enough
//!                        column 3: pages ...  /
//! ```
//! Encoded rows take a tenth of the memory of rows as they are, so that a group of many rows is cheap to hold.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use parquet::column::page::{CompressedPage, PageWriteSpec, PageWriter};
use parquet::column::writer::{ColumnCloseResult, ColumnWriter, get_column_writer};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterPropertiesPtr;
use parquet::file::writer::{SerializedFileWriter, SerializedPageWriter, TrackedWrite};
use parquet::schema::types::{ColumnDescPtr, SchemaDescriptor};

use super::rows::Rows;

/// The row group that is being filled.
pub(super) struct Group {
    columns: Vec<Column>,
    properties: WriterPropertiesPtr,
    rows: usize,
}

/// A column; nothing is made of one that no row fills.
struct Column {
    description: ColumnDescPtr,
    chunk: Option<Chunk>,
}

/// What is encoded of a column.
struct Chunk {
    writer: ColumnWriter<'static>,
    pages: Pages,
}

/// The pages of a column, which the writer fills; each by itself, so that none moves when another comes.
#[derive(Clone, Default)]
struct Pages(Arc<Mutex<Vec<Vec<u8>>>>);

impl Group {
    /// No row yet.
    pub(super) fn new(schema: &SchemaDescriptor, properties: &WriterPropertiesPtr) -> Self {
        let column = |description: &ColumnDescPtr| Column {
            description: Arc::clone(description),
            chunk: None,
        };
        Self {
            columns: schema.columns().iter().map(column).collect(),
            properties: Arc::clone(properties),
            rows: 0,
        }
    }

    /// Encodes rows that waited.
    ///
    /// # Errors
    /// Where they cannot be encoded; the file is of no use then.
    pub(super) fn take(&mut self, rows: &mut Rows) -> Result<(), ParquetError> {
        for (place, column) in self.columns.iter_mut().enumerate() {
            if column.chunk.is_some() || rows.fill(place) {
                let chunk = column.open(&self.properties, self.rows)?;
                rows.write(place, &mut chunk.writer)?;
            }
        }
        self.rows += rows.count();
        rows.clear();
        Ok(())
    }

    /// There is no row.
    pub(super) fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// There is enough for a row group.
    pub(super) fn is_full(&self) -> bool {
        let chunks = self
            .columns
            .iter()
            .filter_map(|column| column.chunk.as_ref());
        self.rows >= ROWS_MAX
            || chunks.map(|chunk| chunk.pages.length()).sum::<usize>() >= BYTES_MAX
    }

    /// Puts the row group into the file and begins the next.
    ///
    /// # Errors
    /// As `take`.
    pub(super) fn close(
        &mut self,
        file: &mut SerializedFileWriter<Vec<u8>>,
    ) -> Result<(), ParquetError> {
        let mut closed = Vec::with_capacity(self.columns.len());
        for column in &mut self.columns {
            column.open(&self.properties, self.rows)?;
            if let Some(chunk) = column.chunk.take() {
                closed.push(chunk.close()?);
            }
        }
        // So that it need not move while it grows, which would take twice the memory.
        let length = closed.iter().map(|(pages, _)| pages.length()).sum();
        file.inner_mut().reserve(length);
        let mut group = file.next_row_group()?;
        for (pages, result) in closed {
            group.append_column(&Bytes::from(pages.lock().concat()), result)?;
        }
        group.close()?;
        self.rows = 0;
        Ok(())
    }
}

impl Column {
    /// What is encoded, which begins with so many rows without a value where nothing was.
    fn open(
        &mut self,
        properties: &WriterPropertiesPtr,
        rows: usize,
    ) -> Result<&mut Chunk, ParquetError> {
        let chunk = match self.chunk.take() {
            Some(chunk) => chunk,
            None => {
                let description = Arc::clone(&self.description);
                let repeated = description.max_rep_level() > 0;
                let mut chunk = Chunk::new(description, Arc::clone(properties));
                chunk.skip(rows, repeated)?;
                chunk
            }
        };
        Ok(self.chunk.insert(chunk))
    }
}

impl Chunk {
    fn new(description: ColumnDescPtr, properties: WriterPropertiesPtr) -> Self {
        let pages = Pages::default();
        Self {
            writer: get_column_writer(description, properties, Box::new(pages.clone())),
            pages,
        }
    }

    /// Encodes rows without a value.
    fn skip(&mut self, mut rows: usize, repeated: bool) -> Result<(), ParquetError> {
        while let Some(levels) = NONE.get(..rows.min(NONE.len())).filter(|_| rows > 0) {
            let (levels, repeat) = (Some(levels), repeated.then_some(levels));
            match &mut self.writer {
                ColumnWriter::Int64ColumnWriter(writer) => writer.write_batch(&[], levels, repeat),
                ColumnWriter::BoolColumnWriter(writer) => writer.write_batch(&[], levels, repeat),
                ColumnWriter::ByteArrayColumnWriter(writer) => {
                    writer.write_batch(&[], levels, repeat)
                }
                _ => Err(ParquetError::General("a column of another type".to_owned())),
            }?;
            rows -= rows.min(NONE.len());
        }
        Ok(())
    }

    fn close(self) -> Result<(Pages, ColumnCloseResult), ParquetError> {
        Ok((self.pages, self.writer.close()?))
    }
}

impl Pages {
    fn length(&self) -> usize {
        self.lock().iter().map(Vec::len).sum()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PageWriter for Pages {
    fn write_page(&mut self, page: CompressedPage) -> Result<PageWriteSpec, ParquetError> {
        let bytes = Vec::with_capacity(page.compressed_size() + HEADER_MAX);
        let mut bytes = TrackedWrite::new(bytes);
        let mut written = SerializedPageWriter::new(&mut bytes).write_page(page)?;
        written.offset += self.length() as u64;
        self.lock().push(bytes.into_inner()?);
        Ok(written)
    }

    fn close(&mut self) -> Result<(), ParquetError> {
        Ok(())
    }
}

/// Rows of a row group: what engines like best, since each thread of theirs reads one.
const ROWS_MAX: usize = 1 << 17;
/// Bytes of a row group, about, where its values are less alike than those of a meter are.
const BYTES_MAX: usize = 6 << 20;
/// Bytes before a page, mostly.
const HEADER_MAX: usize = 64;
/// Levels of rows without a value.
const NONE: [i16; 4096] = [0; 4096];
