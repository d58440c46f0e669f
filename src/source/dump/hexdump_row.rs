//! One row of a hex dump: where its offset ends, and where its data ends and the characters at the right begin.

use super::DumpError;
use super::lines::Line;

/// The data of a row.
pub(super) struct Groups {
    pub bytes: Vec<u8>,
    /// Bytes of a little-endian word, the last of which may be filled up; 1 for plain bytes.
    pub size: usize,
}

/// How the bytes of a row are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Hex digits.
    Hex,
    /// Eight binary digits each, behind an offset with a colon.
    Binary,
    /// Little-endian words of two bytes, six octal digits each.
    OctalWords,
    /// Four columns each: three octal digits, a character, or its escape.
    Cells,
    /// Four columns each: a number in decimal.
    DecimalCells,
}

impl Style {
    /// The offset and the bytes of a row written so; none if it is not.
    pub(super) fn read(self, text: &str, width: usize) -> Option<(&str, Groups)> {
        let text = text.trim_start();
        let length = text.bytes().take_while(u8::is_ascii_hexdigit).count();
        let (digits, rest) = text.split_at_checked(length)?;
        if !(4..=16).contains(&length) {
            return None;
        }
        let (bytes, size) = match self {
            Self::Hex => return None,
            Self::Binary => (binary(rest.strip_prefix(':')?, width)?, 1),
            Self::OctalWords => (octal_words(rest)?, 2),
            Self::Cells => cells(rest, width)?,
            Self::DecimalCells => {
                let numbers = rest.as_bytes().chunks(4).map(decimal_cell);
                (numbers.collect::<Option<Vec<u8>>>()?, 1)
            }
        };
        (!bytes.is_empty()).then_some((digits, Groups { bytes, size }))
    }
}

/// Words of eight binary digits; what follows them are characters. The first row is not one of a few groups in hex.
fn binary(rest: &str, width: usize) -> Option<Vec<u8>> {
    let is_byte =
        |word: &&str| word.len() == 8 && word.bytes().all(|bit| matches!(bit, b'0' | b'1'));
    let most = if width > 0 { width } else { usize::MAX };
    let words = rest.split_ascii_whitespace();
    let bytes: Vec<u8> = words
        .take_while(is_byte)
        .take(most)
        .filter_map(|word| u8::from_str_radix(word, 2).ok())
        .collect();
    let shown = rest.split("  ").last().unwrap_or_default();
    let sure = width > 0 || bytes.len() > MOST_LONG_GROUPS;
    (sure || solid(shown).eq(solid(&characters(&bytes)))).then_some(bytes)
}

fn octal_words(rest: &str) -> Option<Vec<u8>> {
    let word = |word: &str| {
        u16::from_str_radix(word, 8)
            .ok()
            .filter(|_| word.len() == 6)
    };
    let words: Option<Vec<u16>> = rest.split_ascii_whitespace().map(word).collect();
    words.map(|words| words.into_iter().flat_map(u16::to_le_bytes).collect())
}

/// Cells of four columns. Blanks at the end of a row may be lost: the next offset tells.
fn cells(rest: &str, width: usize) -> Option<(Vec<u8>, usize)> {
    let cell = |cell: &[u8]| match *cell {
        [b' ', digits @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7'] => {
            Some((digits - b'0') << 6 | (b - b'0') << 3 | (c - b'0'))
        }
        [b' ', b' ', b'\\', letter] => {
            let at = b"0abtnvfr".iter().position(|known| *known == letter)?;
            u8::try_from(at)
                .ok()
                .map(|at| if at == 0 { 0 } else { at + 6 })
        }
        [b' ', b' ', b' ', shown @ b' '..=b'~'] => Some(shown),
        _ => None,
    };
    let rest = rest.as_bytes();
    let mut bytes: Vec<u8> = rest
        .chunks(4)
        .filter(|part| part.len() == 4)
        .map(cell)
        .collect::<Option<_>>()?;
    if !rest.len().is_multiple_of(4) && rest.chunks(4).next_back()?.iter().any(|byte| *byte != b' ')
    {
        return None;
    }
    let lost = width.saturating_sub(bytes.len());
    if bytes.is_empty() {
        return None;
    }
    bytes.resize(bytes.len() + lost, b' ');
    Some((bytes, lost + 1))
}

fn decimal_cell(cell: &[u8]) -> Option<u8> {
    let digits = cell.strip_prefix(b" ").filter(|_| cell.len() == 4)?;
    str::from_utf8(digits.trim_ascii_start()).ok()?.parse().ok()
}

/// A group of digits: where it begins and ends in the line.
struct Group {
    start: usize,
    end: usize,
}

/// A row of `hexyl` without its borders and its characters, which are blanks then; none where there are no borders.
pub(super) fn unboxed(text: &str) -> Option<String> {
    if !text.trim_start().starts_with(['│', '┌', '└']) {
        return None;
    }
    let mut borders = 0;
    let plain = |found: char| {
        borders += usize::from(found == '│');
        match found {
            '─'..='╿' => ' ',
            // Behind the offset and the digits.
            _ if borders > 2 => ' ',
            other => other,
        }
    };
    Some(text.chars().map(plain).collect())
}

/// Splits a line behind its offset: its digits, and the index where the rest begins.
pub(super) fn offset<'a>(line: &Line<'a>, colon: bool) -> Option<(&'a str, usize)> {
    let text = line.text.trim_start();
    let text = text.strip_prefix("0x").unwrap_or(text);
    let length = text.bytes().take_while(u8::is_ascii_hexdigit).count();
    let (digits, rest) = text.split_at_checked(length)?;
    // Words of prose are now and then made of the letters of hex digits.
    if !(4..=16).contains(&length) || !digits.contains(|found: char| found.is_ascii_digit()) {
        return None;
    }
    let rest = if colon { rest.strip_prefix(':')? } else { rest };
    let data = rest.trim_start();
    if data.len() == rest.len() && !rest.is_empty()
        || data.starts_with(|found: char| !found.is_ascii_hexdigit())
    {
        return None;
    }
    Some((digits, line.text.len() - rest.len()))
}

/// Refuses a line that begins as a row does and then has a wrong character in its offset.
///
/// # Errors
/// The wrong character and its place.
pub(super) fn refuse_broken_offset(line: &Line<'_>, colon: bool) -> Result<(), DumpError> {
    let text = line.text.trim_start();
    let length = text.bytes().take_while(u8::is_ascii_hexdigit).count();
    let (digits, rest) = text.split_at_checked(length).unwrap_or_default();
    if length < 4 || !digits.contains(|found: char| found.is_ascii_digit()) {
        return Ok(());
    }
    let (rest, expected) = match rest.strip_prefix(if colon { ": " } else { " " }) {
        Some(data) => (data.trim_start(), HEX_DIGIT),
        None if colon => (rest, "a colon behind the offset"),
        None => (rest, "a blank behind the offset"),
    };
    match rest.chars().next() {
        Some(found) => {
            let place = line.place(line.text.len() - rest.len());
            Err(DumpError::Character {
                place,
                found,
                expected,
            })
        }
        None => Ok(()),
    }
}

/// Reads the data behind the offset; none if there is nothing, as in the last line of a dump.
///
/// # Errors
/// A character that is no hex digit, where the data cannot have ended yet; a group of an odd length.
pub(super) fn groups(
    line: &Line<'_>,
    start: usize,
    colon: bool,
    width: usize,
) -> Result<Option<Groups>, DumpError> {
    let (mut found, rest) = tokens(line.text, start);
    let digits = found.first().map_or(0, |group| group.end - group.start);
    if digits == 0 {
        return match line.text.get(rest..).and_then(wrong_digit) {
            Some((index, wrong)) => Err(DumpError::Character {
                place: line.place(rest + index),
                found: wrong,
                expected: HEX_DIGIT,
            }),
            None => Ok(None),
        };
    }
    let wide = if width > 0 { width } else { 16 };
    let size = if colon { 1 } else { digits / 2 };
    let plain = !colon && is_plain(line.text, &found, rest, wide);
    let data_end = characters_begin(line.text, &found, rest, size)
        .filter(|_| !plain)
        .or_else(|| gap(line.text, &found, rest, colon, wide));
    match data_end {
        Some(count) => found.truncate(count),
        None => {
            if let Some(wrong) = wrong_character(line, &found, rest, colon, wide) {
                return Err(wrong);
            }
            // Characters that look like hex, their blanks lost: a row is as wide as those before it.
            if rest < line.text.trim_end().len()
                && digits % 2 == 0
                && found.len() * digits / 2 > wide
            {
                found.truncate(wide.div_ceil(digits / 2));
            }
        }
    }
    let mut bytes = Vec::with_capacity(found.len() * digits / 2);
    for group in &found {
        let length = group.end - group.start;
        if length % 2 == 1 || (!colon && length != digits) {
            return Err(DumpError::OddRun {
                place: line.place(group.start),
                digits: length as u64,
            });
        }
        bytes.extend(decode(line.text, group, size));
    }
    Ok(Some(Groups { bytes, size }))
}

/// The characters that stand for bytes at the right of a row.
pub(super) fn characters(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| {
            if (0x20..0x7F).contains(byte) {
                char::from(*byte)
            } else {
                '.'
            }
        })
        .collect()
}

/// Hex groups with a blank between them.
pub(super) fn spaced<'a>(groups: impl Iterator<Item = &'a [u8]>) -> String {
    let groups: Vec<String> = groups.map(hex::encode).collect();
    groups.join(" ")
}

/// The groups of digits from an index on, and the index of the first word that is none.
fn tokens(text: &str, start: usize) -> (Vec<Group>, usize) {
    let mut groups = Vec::new();
    let mut at = start;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let begin = at + (rest.len() - rest.trim_start().len());
        let word = text.get(begin..).unwrap_or_default();
        let digits = word.bytes().take_while(u8::is_ascii_hexdigit).count();
        let behind = word.as_bytes().get(digits).copied();
        if digits == 0
            || !behind.is_none_or(|byte| byte.is_ascii_whitespace() || matches!(byte, b'|' | b'>'))
        {
            return (groups, begin);
        }
        at = begin + digits;
        groups.push(Group {
            start: begin,
            end: at,
        });
    }
}

/// True if a row is nothing but groups. Those of plain `hexdump` show no characters: where the last groups look like
/// the characters of the first ones, that is chance.
fn is_plain(text: &str, found: &[Group], rest: usize, wide: usize) -> bool {
    let length = |group: &Group| group.end - group.start;
    let digits = found.first().map_or(0, length);
    text.get(rest..).is_some_and(str::is_empty)
        && found.len() * digits / 2 <= wide
        && found.iter().all(|group| length(group) == digits)
        && found.windows(2).all(|pair| match pair {
            [left, right] => !is_gap(text, left.end, right.start, false),
            _ => true,
        })
}

/// The number of groups behind which the rest of the line is what these groups look like as characters.
fn characters_begin(text: &str, found: &[Group], rest: usize, size: usize) -> Option<usize> {
    if found.len() > WIDEST_ROW {
        return None;
    }
    let mut bytes: Vec<u8> = found
        .iter()
        .flat_map(|group| decode(text, group, size))
        .collect();
    for count in (1..=found.len()).rev() {
        let begin = found.get(count).map_or(rest, |group| group.start);
        let shown = text.get(begin..)?.trim();
        let inside = [('|', '|'), ('>', '<')]
            .into_iter()
            .find_map(|(open, close)| shown.strip_prefix(open)?.strip_suffix(close));
        if !shown.is_empty() && solid(inside.unwrap_or(shown)).eq(solid(&characters(&bytes))) {
            return Some(count);
        }
        let length = found
            .get(count - 1)
            .map_or(0, |group| (group.end - group.start) / 2);
        bytes.truncate(bytes.len().saturating_sub(length));
    }
    None
}

/// The text without its blanks, which pasting changes.
fn solid(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().filter(|found| !found.is_whitespace())
}

/// The number of groups before the gap that ends the data; none where all groups are data.
///
/// `hexdump -C` and its like have a small gap in the middle of a row, too.
fn gap(text: &str, found: &[Group], rest: usize, colon: bool, wide: usize) -> Option<usize> {
    let first = found.first()?;
    let digits = first.end - first.start;
    let even = found.iter().all(|group| group.end - group.start == digits);
    let ends = text.get(rest..).is_some_and(str::is_empty);
    let last = found.last()?;
    if (even && ends) || (!ends && is_gap(text, last.end, rest, colon)) {
        return None;
    }
    let gaps = found
        .windows(2)
        .enumerate()
        .filter_map(|(index, pair)| match pair {
            [left, right] if is_gap(text, left.end, right.start, colon) => Some(index + 1),
            _ => None,
        });
    let gaps: Vec<usize> = gaps.collect();
    let full = gaps.iter().find(|count| *count * digits / 2 == wide);
    full.or(gaps.first()).copied()
}

/// True if so many blanks stand between two words that the second may be the begin of the characters.
fn is_gap(text: &str, from: usize, to: usize, colon: bool) -> bool {
    let between = text.get(from..to).unwrap_or_default();
    between.len() >= if colon { 2 } else { 3 } || between.contains('\t')
}

/// The first character behind the groups, if the data cannot have ended there.
fn wrong_character(
    line: &Line<'_>,
    found: &[Group],
    rest: usize,
    colon: bool,
    wide: usize,
) -> Option<DumpError> {
    let word = line.text.get(rest..)?;
    let last = found.last()?;
    let whole = found
        .iter()
        .map(|group| (group.end - group.start) / 2)
        .sum::<usize>()
        >= wide;
    if whole || is_gap(line.text, last.end, rest, colon) || word.starts_with(['|', '>']) {
        return None;
    }
    let (index, wrong) = wrong_digit(word)?;
    Some(DumpError::Character {
        place: line.place(rest + index),
        found: wrong,
        expected: HEX_DIGIT,
    })
}

fn wrong_digit(text: &str) -> Option<(usize, char)> {
    text.char_indices()
        .find(|(_, found)| !found.is_ascii_hexdigit())
}

/// The bytes of a group; in words of `size` bytes the last digits come first. An odd digit is left out.
fn decode(text: &str, group: &Group, size: usize) -> Vec<u8> {
    let digits = text
        .get(group.start..group.end - (group.end - group.start) % 2)
        .unwrap_or_default();
    let mut bytes = hex::decode(digits).unwrap_or_default();
    if size > 1 {
        bytes.reverse();
    }
    bytes
}

/// A row of so many groups of eight digits may be one in hex.
const MOST_LONG_GROUPS: usize = 4;

/// The column of characters is only looked for in rows of up to so many groups.
const WIDEST_ROW: usize = 256;

const HEX_DIGIT: &str = "a hex digit";
