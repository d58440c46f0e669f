//! Where the bytes of a row of a hex dump stand, so that rows laid out alike need no second thought.

use std::ops::Range;

use super::hex::value_of;
use super::hexdump_row::Groups;

/// The layout of a row with all its characters accounted for.
pub(super) struct Columns {
    /// The row it was learnt from, zero where rows differ.
    model: Vec<u8>,
    /// 0xFF where a row is like the model, 0 where it is its own.
    mask: Vec<u8>,
    offset: Range<usize>,
    /// Where the first digit of each byte stands, in the order of the bytes.
    digits: Vec<usize>,
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
        let row = text.as_bytes();
        let run = |from: usize, digits: bool| {
            let rest = row.get(from..).unwrap_or_default().iter();
            rest.take_while(|byte| byte.is_ascii_hexdigit() == digits)
                .count()
        };
        let begin = row.len() - text.trim_start().len();
        let prefixed = row.get(begin..).is_some_and(|rest| rest.starts_with(b"0x"));
        let begin = begin + if prefixed { 2 } else { 0 };
        let offset = begin..begin + run(begin, true);
        let mut mask = vec![0xFF; row.len()];
        mask.get_mut(offset.clone())?.fill(0);
        let (mut digits, mut at) = (Vec::new(), offset.end);
        while digits.len() < groups.bytes.len() {
            at += run(at, false);
            let length = run(at, true);
            if length == 0 || length % 2 == 1 {
                return None;
            }
            mask.get_mut(at..at + length)?.fill(0);
            let mut word: Vec<usize> = (at..at + length).step_by(2).collect();
            if groups.size > 1 {
                word.reverse();
            }
            digits.append(&mut word);
            at += length;
        }
        let behind = text.get(at..)?;
        let shown = behind.trim_start_matches([' ', '\t']);
        let length = groups.bytes.len();
        let begin = at + (behind.len() - shown.len());
        let characters = match shown.as_bytes() {
            [] => row.len()..row.len(),
            [b'|' | b'>', inside @ ..] if inside.len() == length + 1 => {
                begin + 1..begin + 1 + length
            }
            inside if inside.len() == length => begin..begin + length,
            _ => return None,
        };
        mask.get_mut(characters.clone())?.fill(0);
        let mut columns = Self {
            model: row
                .iter()
                .zip(&mask)
                .map(|(byte, mask)| byte & mask)
                .collect(),
            mask,
            offset,
            digits,
            characters,
            size: groups.size,
            bytes: Vec::new(),
        };
        (columns.read(row) && columns.bytes == groups.bytes).then_some(columns)
    }

    /// The offset of a row of the same length.
    pub(super) fn offset(&self, row: &[u8], radix: u32) -> Option<u64> {
        let digits = row.get(self.offset.clone())?.iter();
        digits.copied().try_fold(0_u64, |offset, digit| {
            let digit = u32::from(value_of(digit));
            let offset = offset.checked_mul(radix.into())?;
            offset.checked_add(digit.into()).filter(|_| digit < radix)
        })
    }

    /// Reads the bytes of another row; false if it is laid out in any other way.
    pub(super) fn read(&mut self, row: &[u8]) -> bool {
        let Self {
            model,
            mask,
            digits,
            characters,
            bytes,
            ..
        } = self;
        if row.len() != model.len() {
            return false;
        }
        // Rows are alike: all is read before anything is decided.
        let pairs = row.iter().zip(mask.iter()).zip(model.iter());
        let mut wrong = pairs.fold(0, |wrong, ((byte, mask), model)| {
            wrong | (byte & mask ^ model)
        });
        bytes.clear();
        bytes.extend(digits.iter().map(|at| {
            let pair = row.get(*at..at + 2).unwrap_or_default();
            let [high, low] = *pair else { return 0 };
            let (high, low) = (value_of(high), value_of(low));
            wrong |= (high | low) & 0xF0;
            high << 4 | low & 0x0F
        }));
        let shown = row.get(characters.clone()).unwrap_or_default();
        for (shown, byte) in shown.iter().zip(bytes.iter()) {
            let character = if matches!(byte, b' '..=b'~') {
                *byte
            } else {
                b'.'
            };
            wrong |= shown ^ character;
        }
        wrong == 0
    }
}
