//! Texts that wait to be written: most of them come again and again, and stand in memory once.

use std::collections::HashMap;

use parquet::column::writer::ColumnWriterImpl;
use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::errors::ParquetError;

/// Texts, each that comes again as the number of the first.
#[derive(Debug, Default)]
pub(super) struct Texts {
    numbers: Vec<u32>,
    known: Vec<ByteArray>,
    places: HashMap<Box<[u8]>, u32>,
}

impl Texts {
    /// Takes a text; gives how many bytes more are held with it, about.
    pub(super) fn push(&mut self, text: &[u8]) -> usize {
        let latest = self.numbers.last().copied();
        let known = |number: &u32| self.at(*number).is_some_and(|known| known.data() == text);
        let number = latest
            .filter(known)
            .or_else(|| self.places.get(text).copied());
        if let Some(number) = number {
            self.numbers.push(number);
            return size_of::<u32>();
        }
        let number = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
        self.numbers.push(number);
        self.known.push(ByteArray::from(text.to_vec()));
        self.places.insert(text.into(), number);
        TEXT_HELD + 2 * text.len()
    }

    /// All texts in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &ByteArray> {
        self.numbers.iter().filter_map(|number| self.at(*number))
    }

    /// Forgets them.
    pub(super) fn clear(&mut self) {
        self.numbers.clear();
        self.known.clear();
        self.places.clear();
    }

    fn at(&self, number: u32) -> Option<&ByteArray> {
        self.known.get(number as usize)
    }
}

/// Writes texts by and by, so that they do not all stand twice in memory; `full` is the level of one that is there.
pub(super) fn write_pieces<'a>(
    writer: &mut ColumnWriterImpl<'_, ByteArrayType>,
    levels: &[i16],
    repeat: Option<&[i16]>,
    full: i16,
    mut texts: impl Iterator<Item = &'a ByteArray>,
) -> Result<(), ParquetError> {
    let mut start = 0;
    while start < levels.len() {
        let mut end = levels.len().min(start + PIECE);
        // A row is never cut.
        while repeat.is_some_and(|repeat| repeat.get(end) == Some(&1)) {
            end += 1;
        }
        let piece = levels.get(start..end).unwrap_or_default();
        let count = piece.iter().filter(|level| **level == full).count();
        let texts: Vec<ByteArray> = texts.by_ref().take(count).cloned().collect();
        let repeat = repeat.map(|repeat| repeat.get(start..end).unwrap_or_default());
        writer.write_batch(&texts, Some(piece), repeat)?;
        start = end;
    }
    Ok(())
}

/// What a text that is new costs beside its bytes, which stand twice.
const TEXT_HELD: usize = 96;
/// Texts that are written at once, and the rest of their row.
const PIECE: usize = 4096;
