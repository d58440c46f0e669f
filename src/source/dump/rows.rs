//! Rows of hex dumps: an offset, groups of digits, perhaps the characters at the right.
//!
//! ```text
//! 00000000: db08 5341 4767 7001 bd54 8202 7a30 0005  ..SAGgp..T..z0..      xxd
//! 00000000  db 08 53 41 47 67 70 01  bd 54 82 02 7a 30 00 05  |..SAG..|   hexdump -C, od -t x1z (in >..<)
//! 0000000 08db 4153 6747 0170 54bd 0282 307a 0500                         hexdump, od -x: little-endian words
//! │00000000│ db 08 53 41 47 67 70 01 ┊ bd 54 82 02 7a 30 00 05 │×•SAGgp•┊×T×•z0⋄•│   hexyl
//! 0000000 333  \b   S   A   G   g   p 001 275   T 202 002   z   0  \0 005    od -c, od -b, od -t u1: cells
//! 0000000 004333 040523 063507 000560 052275 001202 030172 002400         od: little-endian words in octal
//! 00000000: 11011011 00001000 01010011 01000001 01000111 01100111  ..SAGg xxd -b
//! *                                                                       the row above again, up to the next offset
//! 0000020                                                                 the end
//! ```

use super::columns::Columns;
use super::hexdump_row::{self, Groups, Style};
use super::lines::{Line, Lines};
use super::{DumpError, Note, Piece};

/// Turns rows to bytes, each checked by its offset.
pub(super) struct Rows {
    lines: Lines,
    dump: Dump,
}

struct Dump {
    /// An offset ends with a colon, as `xxd` writes it.
    colon: bool,
    /// What the offsets may be written in: 16, 8 or 10, fewer as rows show which.
    radixes: Vec<u32>,
    /// Offset that the next row should have; none before the first row.
    expected: Option<u64>,
    latest: Vec<u8>,
    /// The last bytes of a row of words: filler, as far as the next offset says so.
    last: Vec<u8>,
    /// A `*` stood here: its rows go up to the next offset.
    star: bool,
    /// Bytes that are not given yet: what takes them is asked once for many rows.
    bytes: Vec<u8>,
    /// How bytes are written, once a row has shown it.
    style: Option<Style>,
    /// Where in a row its bytes stand, as in the one before.
    columns: Option<Columns>,
    rows: usize,
    passed_over: usize,
}

impl Rows {
    pub(super) fn xxd() -> Self {
        Self::new(true)
    }

    pub(super) fn hexdump() -> Self {
        Self::new(false)
    }

    fn new(colon: bool) -> Self {
        let dump = Dump {
            colon,
            radixes: RADIXES.to_vec(),
            expected: None,
            latest: Vec::new(),
            last: Vec::new(),
            star: false,
            bytes: Vec::new(),
            style: None,
            columns: None,
            rows: 0,
            passed_over: 0,
        };
        Self {
            lines: Lines::new(),
            dump,
        }
    }

    pub(super) fn push(
        &mut self,
        input: &[u8],
        out: &mut dyn FnMut(Piece<'_>),
    ) -> Result<(), DumpError> {
        let Self { lines, dump } = self;
        let result = lines.push(input, &mut |line| dump.line(&line, out));
        dump.flush(out);
        result
    }

    pub(super) fn finish(&mut self, out: &mut dyn FnMut(Piece<'_>)) -> Result<(), DumpError> {
        let Self { lines, dump } = self;
        let result = lines.finish(&mut |line| dump.line(&line, out));
        // Blanks that no offset has proven are none.
        if dump.style != Some(Style::Cells) && result.is_ok() {
            dump.give_last();
        }
        dump.flush(out);
        result
    }

    /// Rows read, and characters of lines that were none.
    pub(super) fn tally(&self) -> (usize, usize) {
        (self.dump.rows, self.dump.passed_over)
    }
}

impl Dump {
    fn line(&mut self, line: &Line<'_>, out: &mut dyn FnMut(Piece<'_>)) -> Result<(), DumpError> {
        if let Some(text) = hexdump_row::unboxed(line.text) {
            return self.row(&line.reading(&text), out);
        }
        self.row(line, out)
    }

    fn row(&mut self, line: &Line<'_>, out: &mut dyn FnMut(Piece<'_>)) -> Result<(), DumpError> {
        if self.row_as_before(line.text) {
            return Ok(());
        }
        let trimmed = line.text.trim();
        if trimmed.is_empty() {
            return Ok(());
        }
        if trimmed == "*" && self.expected.is_some() {
            self.star = true;
            return Ok(());
        }
        if let Some((digits, style, groups)) = self.styled(line) {
            let offset = self.place_row(line, digits, out)?;
            self.style = Some(style);
            self.take(offset, &groups);
            return Ok(());
        }
        let Some((digits, rest)) = hexdump_row::offset(line, self.colon) else {
            return self.no_row(line);
        };
        let offset = self.place_row(line, digits, out)?;
        let groups = hexdump_row::groups(line, rest, self.colon, self.latest.len())?;
        if let Some(groups) = &groups {
            self.take(offset, groups);
            self.style = Some(Style::Hex);
            self.columns = Columns::of(line.text, groups);
        }
        Ok(())
    }

    /// A row whose bytes are not in hex, with its offset.
    fn styled<'a>(&self, line: &Line<'a>) -> Option<(&'a str, Style, Groups)> {
        let styles = match self.style {
            Some(Style::Hex) => &[][..],
            Some(ref known) => std::slice::from_ref(known),
            None if self.colon => &[Style::Binary],
            None => &[Style::Cells, Style::DecimalCells, Style::OctalWords],
        };
        let width = self.latest.len();
        styles.iter().find_map(|style| {
            let (digits, groups) = style.read(line.text, width)?;
            Some((digits, *style, groups))
        })
    }

    /// Reads a row that is laid out as the one before it and follows on it; false if it is not.
    fn row_as_before(&mut self, text: &str) -> bool {
        let (Some(columns), [radix], Some(expected), false) = (
            &mut self.columns,
            self.radixes.as_slice(),
            self.expected,
            self.star,
        ) else {
            return false;
        };
        let row = text.as_bytes();
        if columns.offset(row, *radix) != Some(expected) || !columns.read(row) {
            return false;
        }
        self.bytes.append(&mut self.last);
        self.rows += 1;
        self.latest.clone_from(&columns.bytes);
        self.expected = Some(expected.saturating_add(columns.bytes.len() as u64));
        let sure = columns.bytes.len().saturating_sub(columns.size - 1);
        let (sure, last) = columns.bytes.split_at(sure);
        self.last.extend_from_slice(last);
        self.bytes.extend_from_slice(sure);
        true
    }

    /// A line without offset: plain digits as of `xxd -p`, a broken row, or no row at all.
    fn no_row(&mut self, line: &Line<'_>) -> Result<(), DumpError> {
        let text = line.text.trim();
        let plain = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if self.colon && self.expected.is_none() && plain {
            if text.len() % 2 == 1 {
                let place = line.place(line.text.find(text).unwrap_or(0));
                return Err(DumpError::OddRun {
                    place,
                    digits: text.len() as u64,
                });
            }
            self.bytes.extend(hex::decode(text).unwrap_or_default());
            return Ok(());
        }
        if self.expected.is_some() {
            hexdump_row::refuse_broken_offset(line, self.colon)?;
        }
        self.passed_over += text.len();
        Ok(())
    }

    /// Compares a row's offset with the bytes so far, and gives what only it decides: the rows of a `*` and the
    /// last bytes of a row of words.
    fn place_row(
        &mut self,
        line: &Line<'_>,
        digits: &str,
        out: &mut dyn FnMut(Piece<'_>),
    ) -> Result<u64, DumpError> {
        let star = std::mem::take(&mut self.star);
        let Some(expected) = self.expected else {
            let offset = self.read_offset(digits, |_| true);
            if offset != 0 {
                self.flush(out);
                out(Piece::Note(Note::StartsAt { offset }));
            }
            return Ok(offset);
        };
        let held = self.last.len() as u64;
        let fits = |offset: u64| {
            expected
                .checked_sub(offset)
                .is_some_and(|filler| filler <= held)
        };
        let width = self.latest.len() as u64;
        let repeats = |offset: u64| {
            offset > expected && width > 0 && (offset - expected).is_multiple_of(width)
        };
        let offset = self.read_offset(
            digits,
            |offset| if star { repeats(offset) } else { fits(offset) },
        );
        let place = line.place(0);
        if star && repeats(offset) && offset - expected <= LONGEST_REPEAT {
            self.give_last();
            self.flush(out);
            self.repeat(offset - expected, out);
        } else if fits(offset) && !star {
            self.last
                .truncate(usize::try_from(held - (expected - offset)).unwrap_or(0));
            self.give_last();
        } else if offset == 0 {
            // Another dump begins; half a frame of the one before stays half.
            self.give_last();
            self.flush(out);
            out(Piece::Quiet);
            self.radixes = RADIXES.to_vec();
        } else if offset > expected && !star {
            self.give_last();
            self.flush(out);
            out(Piece::Note(Note::Gap {
                place,
                expected,
                found: offset,
            }));
            out(Piece::Quiet);
        } else {
            return Err(DumpError::Offset {
                place,
                expected,
                found: offset,
            });
        }
        Ok(offset)
    }

    /// Reads an offset in the first radix that makes it fit, and forgets those that do not.
    fn read_offset(&mut self, digits: &str, fits: impl Fn(u64) -> bool) -> u64 {
        let read = |radix: u32| u64::from_str_radix(digits, radix).ok();
        let is_fitting = |radix: &u32| read(*radix).is_some_and(&fits);
        if self.radixes.iter().any(is_fitting) {
            self.radixes.retain(is_fitting);
        }
        let offset = self.radixes.iter().find_map(|radix| read(*radix));
        offset.or_else(|| read(16)).unwrap_or(u64::MAX)
    }

    fn take(&mut self, offset: u64, groups: &Groups) {
        self.rows += 1;
        self.latest.clone_from(&groups.bytes);
        self.expected = Some(offset.saturating_add(groups.bytes.len() as u64));
        let sure = groups
            .bytes
            .len()
            .saturating_sub(groups.size.saturating_sub(1));
        let (sure, last) = groups.bytes.split_at(sure);
        self.last.extend_from_slice(last);
        self.bytes.extend_from_slice(sure);
    }

    /// Gives the row above until it makes so many bytes, many rows at a time.
    fn repeat(&self, length: u64, out: &mut dyn FnMut(Piece<'_>)) {
        let block = self.latest.repeat(4096 / self.latest.len().max(1) + 1);
        let mut left = usize::try_from(length).unwrap_or(0);
        while left > 0 && !block.is_empty() {
            let part = block.get(..left).unwrap_or(&block);
            out(Piece::Bytes(part));
            left -= part.len();
        }
    }

    fn give_last(&mut self) {
        self.bytes.append(&mut self.last);
    }

    /// Gives what has gathered: before anything else is given, and at the end of a push.
    fn flush(&mut self, out: &mut dyn FnMut(Piece<'_>)) {
        if !self.bytes.is_empty() {
            out(Piece::Bytes(&self.bytes));
            self.bytes.clear();
        }
    }
}

/// Formats bytes as `xxd` does.
pub fn encode_xxd(bytes: &[u8]) -> String {
    let rows = bytes.chunks(16).enumerate().map(|(index, row)| {
        let groups: Vec<String> = row.chunks(2).map(hex::encode).collect();
        let groups = groups.join(" ");
        format!(
            "{:08x}: {groups:39}  {}\n",
            index * 16,
            hexdump_row::characters(row)
        )
    });
    rows.collect()
}

/// Formats bytes as `hexdump -C` does, rows that repeat as `*`.
pub fn encode_hexdump(bytes: &[u8]) -> String {
    let format = |row: &[u8]| {
        let halves: Vec<String> = row
            .chunks(8)
            .map(|half| hexdump_row::spaced(half.chunks(1)))
            .collect();
        format!(
            "  {:48}  |{}|",
            halves.join("  "),
            hexdump_row::characters(row)
        )
    };
    encode_rows(bytes, 8, format)
}

/// Formats bytes as plain `hexdump` does on a little-endian machine, rows that repeat as `*`.
pub fn encode_words(bytes: &[u8]) -> String {
    let format = |row: &[u8]| {
        let words: Vec<[u8; 2]> = row
            .chunks(2)
            .map(|word| match *word {
                [low, high, ..] => [high, low],
                [low] => [0, low],
                [] => [0, 0],
            })
            .collect();
        format!(
            " {:39}",
            hexdump_row::spaced(words.iter().map(<[u8; 2]>::as_slice))
        )
    };
    encode_rows(bytes, 7, format)
}

fn encode_rows(bytes: &[u8], digits: usize, format: impl Fn(&[u8]) -> String) -> String {
    let mut text = String::new();
    let (mut above, mut starred) = (&[][..], false);
    for (index, row) in bytes.chunks(16).enumerate() {
        if row == above {
            if !starred {
                text.push_str("*\n");
            }
            starred = true;
            continue;
        }
        starred = false;
        above = row;
        text.push_str(&format!("{:0digits$x}{}\n", index * 16, format(row)));
    }
    if !bytes.is_empty() {
        text.push_str(&format!("{:0digits$x}\n", bytes.len()));
    }
    text
}

/// What an offset may be written in, likeliest first: `hexdump` and `xxd`, then `od`, then `od -A d`.
const RADIXES: [u32; 3] = [16, 8, 10];

/// A `*` never stands for more bytes than this: a wrong digit must not fill the disk.
const LONGEST_REPEAT: u64 = 64 << 20;

#[cfg(test)]
mod tests;
