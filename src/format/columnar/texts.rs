//! Texts that are made once and shared by all rows that have them.

use std::collections::HashMap;

use parquet::data_type::ByteArray;

/// The texts of late.
#[derive(Debug, Default)]
pub(super) struct Texts {
    known: HashMap<Box<[u8]>, ByteArray>,
}

impl Texts {
    /// The text of these bytes, which are UTF-8.
    pub(super) fn text(&mut self, bytes: &[u8]) -> ByteArray {
        if let Some(known) = self.known.get(bytes) {
            return known.clone();
        }
        // Those that never come again would pile up.
        if self.known.len() >= KNOWN_MAX {
            self.known.clear();
        }
        let text = ByteArray::from(bytes.to_vec());
        self.known.insert(bytes.into(), text.clone());
        text
    }

    /// Puts the text of these bytes into the place of another, which often is the same.
    pub(super) fn renew(&mut self, text: &mut ByteArray, bytes: &[u8]) {
        if text.data() != bytes {
            *text = self.text(bytes);
        }
    }
}

/// Texts that are kept: those of some hundred meters.
const KNOWN_MAX: usize = 4096;
