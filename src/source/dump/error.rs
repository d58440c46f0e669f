//! What goes wrong in a dump, and what is worth a word though it went well.

use std::fmt;

use super::{Form, KeyFile, Wrapping};
use crate::p1::count::count;

/// A place in a text, both counted from one; a column is a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: u64,
    /// The character in the line.
    pub column: u64,
}

/// Tells why an input cannot be turned back to bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DumpError {
    /// A character that cannot stand where it stands.
    #[error("{place}: expected {expected}, found {}", named(*found))]
    Character {
        /// Where it stands.
        place: Place,
        /// The character.
        found: char,
        /// What could stand there.
        expected: &'static str,
    },
    /// A number that is no byte.
    #[error("{place}: expected {expected}")]
    Number {
        /// Where it begins.
        place: Place,
        /// What could stand there.
        expected: &'static str,
    },
    /// Hex digits that do not pair up.
    #[error(
        "{place}: {} in a row, an odd number: one is missing or one too many",
        count(*digits, "hex digit")
    )]
    OddRun {
        /// Where the run begins.
        place: Place,
        /// Number of digits.
        digits: u64,
    },
    /// A row of a hex dump whose offset cannot follow on the rows before it.
    #[error("{place}: expected offset {expected:#x}, found {found:#x}")]
    Offset {
        /// Where the offset stands.
        place: Place,
        /// Offset that would follow.
        expected: u64,
        /// Offset that stands there.
        found: u64,
    },
    /// A line too long for a form that is read line by line.
    #[error("line {line}: longer than {limit} bytes")]
    LongLine {
        /// The line.
        line: u64,
        /// Longest line taken, bytes.
        limit: usize,
    },
    /// A line of a capture log that is no record.
    #[error("{place}: expected {expected}")]
    Record {
        /// Where the field stands.
        place: Place,
        /// The field that is missing or malformed.
        expected: &'static str,
    },
    /// A record of a capture log that holds more or fewer bytes than it says.
    #[error(
        "line {line}: the record says {} and has {}",
        count(*said, "byte"),
        count(*held as u64, "hex digit")
    )]
    RecordLength {
        /// The line.
        line: u64,
        /// Bytes as the record says.
        said: u64,
        /// Hex digits it has.
        held: usize,
    },
    /// A capture log of a later version.
    #[error("line {line}: a capture log of version {version:?}, only 1 is known")]
    LogVersion {
        /// The line.
        line: u64,
        /// The version as written.
        version: String,
    },
    /// A line that is no JSON, or a telegram that lacks what it is rebuilt from.
    #[error("{place}: {what}")]
    Json {
        /// Where it is wrong.
        place: Place,
        /// What is wrong with it.
        what: String,
    },
    /// Base64 that ends within a group of four.
    #[error("{place}: base64 ends with one character left over: it was cut")]
    HalfGroup {
        /// Where the left-over character stands.
        place: Place,
    },
    /// A packed or foreign file.
    #[error("this is {what}, which must be unpacked first")]
    Packed {
        /// What the file is.
        what: &'static str,
        /// The command that writes its content to stdout.
        command: &'static str,
    },
    /// A file of keys in the place of an input.
    #[error("{key_file}")]
    KeyFile {
        /// What it is.
        key_file: KeyFile,
    },
    /// A fault of what was taken out of something: its place is counted there.
    #[error("{error} (counted in what is inside: {})", listed(.wrappings))]
    Inside {
        /// What was taken off, from the outside.
        wrappings: Vec<Wrapping>,
        /// The fault.
        error: Box<DumpError>,
    },
    /// An input of no form that is known.
    #[error(
        "this is no dump of a P1 port that is known; it begins with {}",
        spaced(first)
    )]
    Unknown {
        /// The first 16 bytes, or fewer.
        first: Vec<u8>,
    },
}

/// Tells something about an input that is worth a word, once an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// The form was found out by looking.
    Form(Form),
    /// A byte order mark was decoded.
    ByteOrderMark(Encoding),
    /// What stood around the data was taken off, from the outside.
    Unwrapped(Vec<Wrapping>),
    /// The text had only LF at its line ends: CR was put before each.
    ReturnsPutBack,
    /// The text had LF LF at its line ends, as a tty with ICRNL leaves them: made CR LF.
    ReturnsWereLineFeeds,
    /// The text had CR CR LF at its line ends: made CR LF.
    ReturnsWereDoubled,
    /// The text had `^M` in the place of CR.
    ReturnsWereShown,
    /// The last line of a capture log was cut, and left out.
    LastLineCut {
        /// The line.
        line: u64,
    },
    /// A line in the middle of a capture log was cut, and left out.
    TornLine {
        /// The line.
        line: u64,
    },
    /// Rows of a hex dump are missing; the bytes before and behind are kept apart.
    Gap {
        /// Where the row behind the gap begins.
        place: Place,
        /// Offset that would follow.
        expected: u64,
        /// Offset that stands there.
        found: u64,
    },
    /// Flat JSON has readings of gas, water or heat meters, and not when these took them.
    ReadingsWithoutTime,
    /// A hex dump begins in the middle.
    StartsAt {
        /// The offset of its first row.
        offset: u64,
    },
}

/// Names the encoding that a byte order mark stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// UTF-16, little-endian.
    Utf16Le,
    /// UTF-16, big-endian.
    Utf16Be,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(form) => write!(f, "taken as {form}"),
            Self::ByteOrderMark(encoding) => write!(f, "decoded from {encoding}, by its byte order mark"),
            Self::ReturnsPutBack => f.write_str("line ends are LF only: CR put back before each, for the CRC"),
            Self::ReturnsWereLineFeeds => {
                f.write_str("line ends are LF LF, as a tty leaves them that turns CR to LF: made CR LF, for the CRC")
            }
            Self::Unwrapped(wrappings) => {
                f.write_str(&listed(wrappings))
            }
            Self::ReturnsWereDoubled => f.write_str("line ends are CR CR LF: made CR LF, for the CRC"),
            Self::ReturnsWereShown => f.write_str("^M at line ends stands for CR: made CR, for the CRC"),
            Self::LastLineCut { line } => write!(f, "line {line}, the last one, was cut: left out"),
            Self::TornLine { line } => write!(f, "line {line} was cut: left out"),
            Self::Gap { place, expected, found } => {
                let missing = count(found.saturating_sub(*expected), "byte").verb("is", "are");
                write!(f, "{place}: offset {found:#x} follows on {expected:#x}: {missing} missing")
            }
            Self::ReadingsWithoutTime => f.write_str(
                "flat JSON does not say when gas, water and heat meters took their readings: they are as old as the telegram",
            ),
            Self::StartsAt { offset } => write!(f, "the dump begins at offset {offset:#x}"),
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le => "UTF-16 (little-endian)",
            Self::Utf16Be => "UTF-16 (big-endian)",
        })
    }
}

/// The character, and the digit it is easily taken for.
fn named(found: char) -> String {
    match found {
        'O' | 'o' => format!("the letter {found} (not the digit 0)"),
        'l' | 'I' | 'i' => format!("the letter {found} (not the digit 1)"),
        '\n' => "the line end".to_owned(),
        _ if found.is_control() || found == char::REPLACEMENT_CHARACTER => {
            format!("U+{:04X}", u32::from(found))
        }
        _ => format!("{found:?}"),
    }
}

fn listed(wrappings: &[Wrapping]) -> String {
    let words: Vec<String> = wrappings.iter().map(ToString::to_string).collect();
    words.join("; ")
}

fn spaced(bytes: &[u8]) -> String {
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    let shown = bytes.iter().map(|&byte| match byte {
        b' '..=b'~' => char::from(byte),
        _ => '.',
    });
    format!("{} ({})", pairs.join(" "), shown.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_taken_for_digits_are_named() {
        let place = Place {
            line: 3,
            column: 17,
        };
        let error = |found| {
            DumpError::Character {
                place,
                found,
                expected: "a hex digit",
            }
            .to_string()
        };
        assert_eq!(
            error('O'),
            "line 3, column 17: expected a hex digit, found the letter O (not the digit 0)"
        );
        assert_eq!(
            error('l'),
            "line 3, column 17: expected a hex digit, found the letter l (not the digit 1)"
        );
        assert_eq!(
            error('g'),
            "line 3, column 17: expected a hex digit, found 'g'"
        );
        assert_eq!(
            error('\0'),
            "line 3, column 17: expected a hex digit, found U+0000"
        );
    }

    #[test]
    fn an_unknown_input_shows_its_first_bytes() {
        let error = DumpError::Unknown {
            first: b"# A\xFF".to_vec(),
        };
        assert_eq!(
            error.to_string(),
            "this is no dump of a P1 port that is known; it begins with 23 20 41 FF (# A.)"
        );
    }
}
