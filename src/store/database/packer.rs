//! Telegrams packed: one whole, and those after it against it.

use crate::source::database::TEXT_MAX;

/// Packs telegrams, one after the other.
pub(super) struct Packer {
    /// Where the library has no memory for one, none is kept.
    compressor: Option<zstd::bulk::Compressor<'static>>,
    /// Whose text the compressor has as dictionary.
    dictionary: Option<i64>,
}

/// A telegram that others are packed with.
pub(super) struct Base {
    pub(super) id: i64,
    pub(super) text: Vec<u8>,
    pub(super) members: u32,
}

/// A telegram as it is kept, and the base that it is packed with.
pub(super) struct Packed {
    pub(super) base: Option<i64>,
    pub(super) bytes: Vec<u8>,
}

impl Packer {
    pub(super) fn new() -> Self {
        Self {
            compressor: zstd::bulk::Compressor::new(LEVEL).ok(),
            dictionary: None,
        }
    }

    /// Packs a text against a base where that helps; none where it is too long, or cannot be packed.
    pub(super) fn pack(&mut self, base: Option<&Base>, text: &[u8]) -> Option<Packed> {
        if text.len() > TEXT_MAX {
            return None;
        }
        let base = base.filter(|base| base.members < MEMBERS);
        let with_base = base.and_then(|base| {
            let bytes = self.compress(Some(base), text)?;
            let base = Some(base.id);
            Some(Packed { base, bytes })
        });
        // Another list is a base of its own.
        with_base
            .filter(|packed| packed.bytes.len() < text.len() / 3)
            .or_else(|| {
                let bytes = self.compress(None, text)?;
                Some(Packed { base: None, bytes })
            })
    }

    fn compress(&mut self, base: Option<&Base>, text: &[u8]) -> Option<Vec<u8>> {
        let compressor = self.compressor.as_mut()?;
        let wanted = base.map(|base| base.id);
        if self.dictionary != wanted {
            let dictionary = base.map_or(&[][..], |base| &base.text);
            compressor.set_dictionary(LEVEL, dictionary).ok()?;
            self.dictionary = wanted;
        }
        compressor.compress(text).ok()
    }
}

/// How hard telegrams are packed.
const LEVEL: i32 = 3;
/// Telegrams that are packed with the same base.
const MEMBERS: u32 = 720;
