//! Archives of `parse --format parquet`, read: their rows as telegrams again.
//!
//! ```text
//! file --row group--> columns, 1024 rows at once --> rows --> telegrams made anew --> JSON lines of ours
//! ```
//! What computes with telegrams finds in them what it found in those that were sent: numbers with the digits behind the
//! point that they had, readings of the M-Bus with their times. A line that no column and no value names is not in them.

mod batch;
mod row;

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use parquet::basic::{LogicalType, TimeUnit, Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;

use self::batch::{Cells, Reader};
use self::row::Row;
use crate::p1::value::Zone;
use crate::sys::bounded::begins_with;

/// An archive that is read.
pub struct Archive {
    file: SerializedFileReader<File>,
    path: PathBuf,
    zone: Zone,
    columns: Vec<Column>,
    /// The next row group.
    group: usize,
    /// Columns of the row group that is read, and rows of it that are left.
    open: Option<(Vec<Option<Reader>>, usize)>,
    ready: VecDeque<u8>,
}

/// A column that says something of telegrams.
struct Column {
    /// Its place among all columns of the file.
    place: usize,
    holds: Holds,
}

/// What a column says.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Holds {
    MeasuredAt,
    ReceivedAt,
    Meter,
    MeterName,
    Label,
    Tag,
    CrcValid,
    Header,
    /// A value of this name; of a number digits behind the point as they are kept, and as they were sent where all were
    /// alike.
    Value {
        key: String,
        scale: u8,
        sent: Option<u8>,
    },
    OtherKeys,
    OtherValues,
}

/// Why an archive cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It is a table of something else.
    #[error("{}: is a Parquet file, but none of telegrams", .0.display())]
    Foreign(PathBuf),
    /// It is damaged, or packed in a way that is not read.
    #[error("{}: {cause}", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        cause: ParquetError,
    },
}

impl ArchiveError {
    /// What the user can do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Foreign(_) => "read are archives of smarty parse --format parquet",
            Self::Parquet { .. } => {
                "make it once more of the recording: smarty parse RECORDING --format parquet -o FILE"
            }
        }
    }
}

impl std::fmt::Debug for Archive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Archive")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Archive {
    /// Tells whether a file is one of Parquet, by its first bytes.
    pub fn is_one(path: &Path) -> bool {
        begins_with(path, MAGIC)
    }

    /// Opens an archive; the zone is that of the clocks of the meters.
    ///
    /// # Errors
    /// What is none; what cannot be read.
    pub fn open(path: &Path, zone: Zone) -> Result<Self, ArchiveError> {
        let failed = |cause| ArchiveError::Parquet {
            path: path.to_path_buf(),
            cause,
        };
        let file = File::open(path).map_err(|error| failed(error.into()))?;
        let file = SerializedFileReader::new(file).map_err(failed)?;
        let columns = columns(&file).ok_or_else(|| ArchiveError::Foreign(path.to_path_buf()))?;
        Ok(Self {
            file,
            path: path.to_path_buf(),
            zone,
            columns,
            group: 0,
            open: None,
            ready: VecDeque::new(),
        })
    }

    /// Reads what comes next; 0 at the end.
    ///
    /// # Errors
    /// What cannot be read.
    pub fn read(&mut self, buf: &mut [u8]) -> Result<usize, ArchiveError> {
        while self.ready.is_empty() {
            let filled = self.fill().map_err(|cause| ArchiveError::Parquet {
                path: self.path.clone(),
                cause,
            })?;
            if !filled {
                return Ok(0);
            }
        }
        // Reading from memory does not fail.
        Ok(self.ready.read(buf).unwrap_or_default())
    }

    /// Makes the telegrams of the next rows; false at the end.
    fn fill(&mut self) -> Result<bool, ParquetError> {
        let Some((mut readers, left)) = self.open.take() else {
            if self.group >= self.file.num_row_groups() {
                return Ok(false);
            }
            let group = self.file.get_row_group(self.group)?;
            self.group += 1;
            let of = |column: &Column| open(&*group, column);
            let readers = self.columns.iter().map(of).collect::<Result<Vec<_>, _>>()?;
            let rows = usize::try_from(group.metadata().num_rows()).unwrap_or_default();
            self.open = Some((readers, rows));
            return Ok(true);
        };
        if left == 0 {
            return Ok(true);
        }
        let count = left.min(ROWS);
        let mut cells = Vec::with_capacity(readers.len());
        for reader in &mut readers {
            cells.push(match reader {
                Some(reader) => Some(reader.read(count)?),
                None => None,
            });
        }
        let mut out = Vec::new();
        for at in 0..count {
            let mut row = Row::default();
            for (column, cells) in self.columns.iter().zip(&cells) {
                if let Some(cells) = cells {
                    row.take(&column.holds, cells, at);
                }
            }
            row.write(&mut out, &self.zone);
        }
        self.ready = out.into();
        self.open = Some((readers, left - count));
        Ok(true)
    }
}

/// The reader of a column; none where no row of the group has a value.
fn open(group: &dyn RowGroupReader, column: &Column) -> Result<Option<Reader>, ParquetError> {
    let metadata: &RowGroupMetaData = group.metadata();
    let chunk = metadata.column(column.place);
    let nulls = chunk.statistics().and_then(|known| known.null_count_opt());
    let rows = u64::try_from(metadata.num_rows()).unwrap_or_default();
    if nulls == Some(rows) && chunk.column_descr().max_rep_level() == 0 {
        return Ok(None);
    }
    Reader::new(group.get_column_reader(column.place)?, chunk.column_descr()).map(Some)
}

/// The columns that say something of telegrams; none where there is neither a time nor a meter.
fn columns(file: &SerializedFileReader<File>) -> Option<Vec<Column>> {
    let metadata = file.metadata().file_metadata();
    let sent = metadata.key_value_metadata().into_iter().flatten();
    let sent = sent
        .filter(|pair| pair.key == DIGITS)
        .find_map(|pair| pair.value.as_deref());
    let sent: BTreeMap<String, u8> = sent
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    let all = metadata.schema_descr().columns().iter().enumerate();
    let columns = all.filter_map(|(place, column)| {
        let holds = holds(column, &sent)?;
        Some(Column { place, holds })
    });
    let columns: Vec<Column> = columns.collect();
    let has = |wanted: Holds| columns.iter().any(|column| column.holds == wanted);
    let is_timed = has(Holds::MeasuredAt) || has(Holds::ReceivedAt);
    (is_timed && has(Holds::Meter)).then_some(columns)
}

/// What a column says; none where it says nothing that is needed, or is of a type that is not written.
fn holds(column: &ColumnDescriptor, sent: &BTreeMap<String, u8>) -> Option<Holds> {
    let path = column.path().parts();
    let kind = column.physical_type();
    match path.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["other", _, "key"] if kind == Type::BYTE_ARRAY => return Some(Holds::OtherKeys),
        ["other", _, "value"] if kind == Type::BYTE_ARRAY => return Some(Holds::OtherValues),
        [_] => {}
        _ => return None,
    }
    let is_time = || {
        let unit = |kind: &LogicalType| match kind {
            LogicalType::Timestamp(kind) => kind.unit == TimeUnit::MICROS,
            _ => false,
        };
        kind == Type::INT64 && column.logical_type_ref().is_some_and(unit)
    };
    let found = match (column.name(), kind) {
        ("measured_at", _) => is_time().then_some(Holds::MeasuredAt)?,
        ("received_at", _) => is_time().then_some(Holds::ReceivedAt)?,
        ("meter", Type::BYTE_ARRAY) => Holds::Meter,
        ("meter_name", Type::BYTE_ARRAY) => Holds::MeterName,
        ("label", Type::BYTE_ARRAY) => Holds::Label,
        ("tag", Type::BYTE_ARRAY) => Holds::Tag,
        ("crc_valid", Type::BOOLEAN) => Holds::CrcValid,
        ("header", Type::BYTE_ARRAY) => Holds::Header,
        (
            "source"
            | "source_offset"
            | "system_title"
            | "frame_counter"
            | "mended"
            | "logical_device_name",
            _,
        ) => return None,
        (key, Type::INT64 | Type::BYTE_ARRAY) => Holds::Value {
            key: key.to_owned(),
            scale: u8::try_from(column.type_scale()).unwrap_or_default(),
            sent: sent.get(key).copied(),
        },
        _ => return None,
    };
    Some(found)
}

/// Cells of a column, one a row.
impl Cells {
    fn text(&self, row: usize) -> Option<&str> {
        match self {
            Self::Texts(cells) => cells.get(row)?.as_deref(),
            _ => None,
        }
    }

    fn integer(&self, row: usize) -> Option<i64> {
        match self {
            Self::Integers(cells) => *cells.get(row)?,
            _ => None,
        }
    }

    fn flag(&self, row: usize) -> Option<bool> {
        match self {
            Self::Flags(cells) => *cells.get(row)?,
            _ => None,
        }
    }

    fn list(&self, row: usize) -> &[String] {
        match self {
            Self::Lists(cells) => cells.get(row).map(Vec::as_slice).unwrap_or_default(),
            _ => &[],
        }
    }
}

/// What a file of Parquet begins with.
const MAGIC: &[u8; 4] = b"PAR1";
/// Under which name the file says how many digits behind the point its numbers were sent with.
pub const DIGITS: &str = "smarty.digits";
/// Rows that are read at once.
const ROWS: usize = 1024;
