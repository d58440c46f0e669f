//! The capture log: a line a record, which may be cut anywhere.
//!
//! ```text
//! # smarty-log 1  started=2026-11-23T08:15:01.002Z
//! 2026-11-23T08:15:04.123456Z house gcm 1519 DB0853...     time of the first byte, label, kind, length, hex
//! # 2026-11-23T08:15:22.000000Z house lost
//! ```

use jiff::{SignedDuration, Timestamp};
use memchr::{memchr3, memmem};

use super::hex::decode_pairs;
use super::lines::Line;
use super::{DumpError, Note, Piece};

/// Turns the lines of a capture log to bytes.
#[derive(Default)]
pub(super) struct Capture {
    /// A line that does not fit: cut, if it is the last one or if a good one follows.
    doubted: Option<(u64, DumpError)>,
    /// When each label was last heard, the latest last.
    heard: Vec<Heard>,
    records: usize,
    /// Bytes of the last record.
    bytes: Vec<u8>,
}

struct Heard {
    label: String,
    time: Timestamp,
    /// A `lost` remark stood since.
    lost: bool,
}

/// A record as it stands in its line.
struct Record<'a> {
    time: Timestamp,
    label: &'a str,
    kind: &'a str,
}

impl Capture {
    /// True if a line shows that a text is a capture log.
    pub(super) fn begins(line: &Line<'_>) -> bool {
        let text = line.text;
        text.starts_with(MARK)
            || remark(text).is_some()
            || fields(text)
                .is_some_and(|(time, _, kind, ..)| time.is_some() && KINDS.contains(&kind))
    }

    pub(super) fn line(
        &mut self,
        line: &Line<'_>,
        out: &mut dyn FnMut(Piece<'_>),
    ) -> Result<(), DumpError> {
        let text = line.text.trim();
        // What was written after a power cut may stand in the line that the cut left.
        let begin = memmem::find(text.as_bytes(), MARK.as_bytes()).filter(|index| *index > 0);
        if let Some((_, header)) = begin.and_then(|index| text.split_at_checked(index)) {
            out(Piece::Note(Note::TornLine { line: line.number }));
            return header_version(header, line.number);
        }
        if text.is_empty() {
            return Ok(());
        }
        if text.starts_with('#') {
            self.settle(out);
            header_version(text, line.number)?;
            if let Some((_, label)) = remark(text).filter(|(what, _)| *what == "lost") {
                self.lose(label, out);
            }
            return Ok(());
        }
        self.bytes.clear();
        match record(line, &mut self.bytes) {
            Ok(record) => {
                self.settle(out);
                self.give(&record, out);
                Ok(())
            }
            Err(error @ DumpError::Character { .. }) => Err(error),
            Err(error) => match self.doubted.replace((line.number, error)) {
                Some((_, error)) => Err(error),
                None => Ok(()),
            },
        }
    }

    /// Leaves a last line out that was cut.
    pub(super) fn finish(&mut self, out: &mut dyn FnMut(Piece<'_>)) {
        if let Some((line, _)) = self.doubted.take() {
            out(Piece::Note(Note::LastLineCut { line }));
        }
    }

    /// Records read.
    pub(super) fn records(&self) -> usize {
        self.records
    }

    /// A good line stands behind a doubted one: that one was cut.
    fn settle(&mut self, out: &mut dyn FnMut(Piece<'_>)) {
        if let Some((line, _)) = self.doubted.take() {
            out(Piece::Note(Note::TornLine { line }));
        }
    }

    fn give(&mut self, record: &Record<'_>, out: &mut dyn FnMut(Piece<'_>)) {
        self.records += 1;
        let Record { time, label, kind } = *record;
        let before = self.heard.iter().position(|heard| heard.label == label);
        let before = before.map(|index| self.heard.remove(index));
        out(Piece::Record { time, label, kind });
        match &before {
            Some(Heard { lost: true, .. }) => out(Piece::Lost),
            Some(heard) if time.duration_since(heard.time).abs() > QUIET => out(Piece::Quiet),
            _ => {}
        }
        out(Piece::Bytes(&self.bytes));
        if self.heard.len() >= MOST_LABELS {
            self.heard.remove(0);
        }
        self.heard.push(Heard {
            label: before.map_or_else(|| label.to_owned(), |before| before.label),
            time,
            lost: false,
        });
    }

    /// At once for the label whose bytes came last, for another one before its next record.
    fn lose(&mut self, label: &str, out: &mut dyn FnMut(Piece<'_>)) {
        let last = self.heard.len().saturating_sub(1);
        for (index, heard) in self
            .heard
            .iter_mut()
            .enumerate()
            .filter(|(_, heard)| heard.label == label)
        {
            if index == last {
                out(Piece::Lost);
            } else {
                heard.lost = true;
            }
        }
    }
}

/// Writes the first line of a capture log.
pub fn write_header(out: &mut Vec<u8>, started: Timestamp) {
    out.extend_from_slice(format!("{MARK} 1  started={started:.3}\n").as_bytes());
}

/// Writes bytes as a record, or as several where they are more than a line takes; no bytes, no record.
///
/// The time is cut to microseconds; blanks and control characters in label and kind become `_`, an empty one `-`.
pub fn write_record(out: &mut Vec<u8>, time: Timestamp, label: &str, kind: &str, bytes: &[u8]) {
    for part in bytes.chunks(LONGEST_RECORD) {
        let (label, kind, length) = (word(label), word(kind), part.len());
        let line = format!(
            "{time:.6} {label} {kind} {length} {}\n",
            hex::encode_upper(part)
        );
        out.extend_from_slice(line.as_bytes());
    }
}

/// Writes a remark: `lost`, `reopened` and the like.
pub fn write_remark(out: &mut Vec<u8>, time: Timestamp, label: &str, remark: &str) {
    out.extend_from_slice(format!("# {time:.6} {} {}\n", word(label), word(remark)).as_bytes());
}

fn word(text: &str) -> String {
    let word: String = text
        .chars()
        .map(|found| {
            if found.is_whitespace() || found.is_control() {
                '_'
            } else {
                found
            }
        })
        .collect();
    if word.is_empty() {
        "-".to_owned()
    } else {
        word
    }
}

/// The label as it was before it was written.
fn label(word: &str) -> &str {
    if word == "-" { "" } else { word }
}

fn header_version(text: &str, line: u64) -> Result<(), DumpError> {
    let Some(rest) = text.strip_prefix(MARK) else {
        return Ok(());
    };
    match rest.split_whitespace().next() {
        Some("1") | None => Ok(()),
        Some(version) => Err(DumpError::LogVersion {
            line,
            version: version.to_owned(),
        }),
    }
}

/// The remark of a `# TIME LABEL remark` line, and its label.
fn remark(text: &str) -> Option<(&str, &str)> {
    let mut words = text.strip_prefix('#')?.split_whitespace();
    let _: Timestamp = words.next()?.parse().ok()?;
    let label = label(words.next()?);
    Some((words.next()?, label))
}

/// What the bytes of a record were taken for. Other programs write a time before bytes, too.
const KINDS: [&str; 4] = ["gcm", "p1", "junk", "part"];

/// Time (none if it is no time), label, kind, length and hex digits of a record.
fn fields(text: &str) -> Option<(Option<Timestamp>, &str, &str, u64, &str)> {
    let mut rest = text;
    let time = first_word(&mut rest)?.parse().ok();
    let (label, kind) = (label(first_word(&mut rest)?), first_word(&mut rest)?);
    let length = first_word(&mut rest)?.parse().ok()?;
    let digits = first_word(&mut rest).unwrap_or_default();
    Some((time, label, kind, length, digits))
}

/// Takes a word off; it may be long.
fn first_word<'a>(text: &mut &'a str) -> Option<&'a str> {
    let rest = text.trim_ascii_start();
    let end = memchr3(b' ', b'\t', b'\r', rest.as_bytes()).unwrap_or(rest.len());
    let (word, behind) = rest.split_at_checked(end)?;
    *text = behind;
    (!word.is_empty()).then_some(word)
}

fn record<'a>(line: &Line<'a>, bytes: &mut Vec<u8>) -> Result<Record<'a>, DumpError> {
    let expected = "a time, label, kind, length and hex digits";
    let malformed = DumpError::Record {
        place: line.place(0),
        expected,
    };
    let Some((Some(time), label, kind, said, digits)) = fields(line.text) else {
        return Err(malformed);
    };
    if u64::try_from(digits.len()).ok() != said.checked_mul(2) {
        return Err(DumpError::RecordLength {
            line: line.number,
            said,
            held: digits.len(),
        });
    }
    let whole = 2 * decode_pairs(digits.as_bytes(), bytes) == digits.len();
    if !whole
        && let Some((index, found)) = digits
            .char_indices()
            .find(|(_, found)| !found.is_ascii_hexdigit())
    {
        let begin = line.text.trim_end().len().saturating_sub(digits.len());
        return Err(DumpError::Character {
            place: line.place(begin + index),
            found,
            expected: "a hex digit",
        });
    }
    Ok(Record { time, label, kind })
}

/// How a capture log begins.
pub(super) const MARK: &str = "# smarty-log";

/// Between the first bytes of two records lies a silence when they are further apart: as long as a live source may
/// pause in mid frame.
const QUIET: SignedDuration = SignedDuration::from_secs(2);

/// Bytes a record; as hex well below the longest line.
const LONGEST_RECORD: usize = 256 << 10;

/// So many meters share a log; a damaged label must not fill the memory.
const MOST_LABELS: usize = 256;

#[cfg(test)]
mod tests;
