//! Where the bytes of a row of a hex dump stand, so that rows laid out alike need no second thought.

use std::ops::Range;

use super::hex::value_of;
use super::rowline::Groups;

/// The layout of a row with all its characters accounted for.
pub(super) struct Columns {
    /// The row it was learnt from: what stands between its groups stands there in each.
    model: Vec<u8>,
    offset: Range<usize>,
    groups: Vec<Range<usize>>,
    /// Where the characters stand; empty if there are none.
    characters: Range<usize>,
    /// Bytes of a little-endian word; 1 for plain bytes.
    pub size: usize,
    /// The bytes of the row read last.
    pub bytes: Vec<u8>,
}

impl Columns {
    /// The layout of a row of which these groups were read; none if anything in it is not explained by them.
    pub(super) fn of(text: &str, groups: &Groups) -> Option<Self> {
        let is_digit = |byte: &u8| byte.is_ascii_hexdigit();
        let model = text.as_bytes();
        let begin = model.len() - text.trim_start().len();
        let begin = match model.get(begin..)? {
            [b'0', b'x', ..] => begin + 2,
            _ => begin,
        };
        let offset = begin
            ..begin
                + model
                    .get(begin..)?
                    .iter()
                    .take_while(|byte| is_digit(byte))
                    .count();
        let mut ranges = Vec::new();
        let (mut at, mut count) = (offset.end, 0);
        while count < groups.bytes.len() {
            at += model
                .get(at..)?
                .iter()
                .take_while(|byte| !is_digit(byte))
                .count();
            let length = model
                .get(at..)?
                .iter()
                .take_while(|byte| is_digit(byte))
                .count();
            if length == 0 || length % 2 == 1 {
                return None;
            }
            ranges.push(at..at + length);
            at += length;
            count += length / 2;
        }
        let behind = text.get(at..)?;
        let shown = behind.trim_start_matches([' ', '\t']);
        let length = groups.bytes.len();
        let begin = at + (behind.len() - shown.len());
        let characters = match shown.as_bytes() {
            [] => model.len()..model.len(),
            [b'|' | b'>', inside @ ..] if inside.len() == length + 1 => {
                begin + 1..begin + 1 + length
            }
            inside if inside.len() == length => begin..begin + length,
            _ => return None,
        };
        let mut columns = Self {
            model: model.to_vec(),
            offset,
            groups: ranges,
            characters,
            size: groups.size,
            bytes: Vec::new(),
        };
        (columns.read(model) && columns.bytes == groups.bytes).then_some(columns)
    }

    /// The digits of the offset.
    pub(super) fn digits<'a>(&self, text: &'a str) -> &'a str {
        text.get(self.offset.clone()).unwrap_or_default()
    }

    /// Reads the bytes of another row; false if it is laid out in any other way.
    pub(super) fn read(&mut self, text: &[u8]) -> bool {
        let Self {
            model,
            offset,
            groups,
            characters,
            size,
            bytes,
        } = self;
        if text.len() != model.len() || text.get(..offset.start) != model.get(..offset.start) {
            return false;
        }
        bytes.clear();
        let mut at = offset.end;
        let mut digits = 0;
        for group in groups.iter() {
            if text.get(at..group.start) != model.get(at..group.start) {
                return false;
            }
            at = group.end;
            let begin = bytes.len();
            let (pairs, _) = text.get(group.clone()).unwrap_or_default().as_chunks::<2>();
            for [high, low] in pairs {
                let (high, low) = (value_of(*high), value_of(*low));
                digits |= high | low;
                bytes.push(high << 4 | low & 0x0F);
            }
            if let Some(word) = bytes.get_mut(begin..).filter(|_| *size > 1) {
                word.reverse();
            }
        }
        let between = text.get(at..characters.start) == model.get(at..characters.start);
        let behind = text.get(characters.end..) == model.get(characters.end..);
        let shown = text.get(characters.clone()).unwrap_or_default();
        let alike = shown
            .iter()
            .zip(bytes.iter())
            .all(|(shown, byte)| match byte {
                b' '..=b'~' => shown == byte,
                _ => *shown == b'.',
            });
        digits < 16 && between && behind && alike
    }
}
