//! Dumps in text forms, back to bytes: pushed in as they come, pieces out, in constant memory.
//!
//! ```text
//! input -> byte order mark -> which form, in what? (the first 64 KiB) -> unwrapped -> decoder of the form -> pieces
//! ```
//! What an input may be: hex with any separators, numbers in decimal or unpadded hex, `xxd`, `hexdump` and `od`, C
//! arrays and strings, base64, log lines, our own capture log and NDJSON, telegrams whose line ends suffered, and bytes
//! as they are; each of them in quotes with escapes, in a page, or in a log with something before each line. All are
//! strict: what is neither data nor part of the form is refused with its line and column.
//! Not supported: big-endian words, UTF-16 without a byte order mark.

mod base64;
mod byte_order_mark;
mod capture;
mod carray;
mod columns;
mod decoder;
mod error;
mod hex;
mod hexdump_row;
mod key_file;
mod lines;
mod log;
mod magic;
mod ndjson;
mod numbers;
mod paste_cleaner;
mod probe;
mod rows;
mod sniff;
mod text;
mod unwrap;

use std::fmt;
use std::mem;
use std::str::FromStr;

use jiff::Timestamp;

pub use self::base64::encode_base64;
use self::byte_order_mark::{Taken, TextDecoder};
pub use self::capture::{write_header, write_record, write_remark};
pub use self::carray::encode_carray;
use self::decoder::Decoder;
pub use self::error::{DumpError, Encoding, Note, Place};
pub use self::hex::encode_hex;
pub use self::key_file::KeyFile;
pub use self::ndjson::Object;
pub use self::rows::{encode_hexdump, encode_words, encode_xxd};
use self::sniff::Sniffer;
use self::unwrap::Found;
pub use self::unwrap::Wrapping;
use self::unwrap::Wraps;

/// Names how the bytes of an input are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// Bytes as they are.
    Bin,
    /// Hex digits with separators, also of `xxd -p`.
    Hex,
    /// Hex digits, one or two a byte: without a zero before a single one.
    Unpadded,
    /// Numbers in decimal, one a byte.
    Decimal,
    /// Rows of `xxd`: an offset and a colon, then hex or binary digits.
    Xxd,
    /// Rows of `hexdump` and `od`: bytes, or little-endian words, in hex, octal or decimal, or characters.
    Hexdump,
    /// Arrays of `0x..`, strings of `\x..`.
    CArray,
    /// Base64 of either alphabet.
    Base64,
    /// Our own capture log, or lines of ESPHome and terminal programs.
    Log,
    /// Telegrams as text, whose lost CRs are put back.
    Text,
    /// Our own JSON, a telegram a line.
    Ndjson,
}

/// A piece of what an input holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Decoded bytes; of [`Form::Bin`] a borrow of what was pushed.
    Bytes(&'a [u8]),
    /// A record of a capture log: stands before its bytes.
    Record {
        /// When its first byte came.
        time: Timestamp,
        /// The label of its source; empty for none.
        label: &'a str,
        /// What the bytes were taken for: `gcm`, `p1`, `junk`, `part`.
        kind: &'a str,
    },
    /// What an archive says of a telegram: stands before its bytes, which are whole.
    Archived(Archived<'a>),
    /// A silence: half a frame before it stays half.
    ///
    /// In a capture log it concerns the label of the last record, and stands behind that record where the one
    /// before it under the same label is more than 2 s away.
    Quiet,
    /// The link was lost: half a frame before it stays half, and what comes next may have begun before.
    ///
    /// It concerns a label as `Quiet` does, and stands at once where its record was the last.
    Lost,
    /// Something worth a word; each kind once an input.
    Note(Note),
    /// An object that is not read yet, where that is asked for; see [`DumpDecoder::leave_objects`].
    Object(Object<'a>),
}

/// What an archive of ours says of a telegram beside its text. Whoever can write the archive can say that: it proves
/// nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Archived<'a> {
    /// When it was received; of an archive of values, when it was measured.
    pub received_at: Option<Timestamp>,
    /// The label of its source.
    pub label: Option<&'a str>,
    /// What the meter is called by itself.
    pub meter: Option<&'a str>,
    /// What the user calls it.
    pub name: Option<&'a str>,
    /// Its digits may be wrong: the tag did not fit.
    pub doubtful: bool,
}

/// Turns an input of a form, given or found out, to bytes.
///
/// After an error nothing more comes of it.
pub struct DumpDecoder {
    intake: TextDecoder,
    stage: Stage,
    form: Option<Form>,
    noted: Vec<mem::Discriminant<Note>>,
    leaves_objects: bool,
}

enum Stage {
    Looking(Sniffer),
    Decoding(Decoder),
    Unwrapping(Box<Wrapped>),
    Failed,
}

/// A decoder, and what is taken off its input first.
struct Wrapped {
    wraps: Wraps,
    decoder: Decoder,
    /// What was taken out and waits to be decoded.
    inside: Vec<u8>,
}

impl Form {
    /// All forms, in the order in which they are listed for people.
    pub const ALL: [Self; 11] = [
        Self::Bin,
        Self::Hex,
        Self::Unpadded,
        Self::Decimal,
        Self::Xxd,
        Self::Hexdump,
        Self::CArray,
        Self::Base64,
        Self::Log,
        Self::Text,
        Self::Ndjson,
    ];

    /// The name, as it is typed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bin => "bin",
            Self::Hex => "hex",
            Self::Unpadded => "unpadded",
            Self::Decimal => "decimal",
            Self::Xxd => "xxd",
            Self::Hexdump => "hexdump",
            Self::CArray => "carray",
            Self::Base64 => "base64",
            Self::Log => "log",
            Self::Text => "text",
            Self::Ndjson => "ndjson",
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Form {
    type Err = UnknownForm;

    fn from_str(name: &str) -> Result<Self, UnknownForm> {
        let form = Self::ALL.into_iter().find(|form| form.name() == name);
        form.ok_or_else(|| UnknownForm {
            name: name.to_owned(),
        })
    }
}

/// Tells that a name is none of a form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is not a form of input")]
pub struct UnknownForm {
    /// The name.
    pub name: String,
}

impl DumpDecoder {
    /// Begins an input of the given form; of none, it is found out by looking.
    pub fn new(form: Option<Form>) -> Self {
        let stage = match form {
            // Lines of a log may stand around a telegram all the same.
            Some(Form::Text) => Stage::Looking(Sniffer::of_text()),
            Some(form) => Stage::Decoding(Decoder::new(form)),
            None => Stage::Looking(Sniffer::new()),
        };
        let intake = if form == Some(Form::Bin) {
            TextDecoder::plain()
        } else {
            TextDecoder::new()
        };
        Self {
            intake,
            stage,
            form,
            noted: Vec::new(),
            leaves_objects: false,
        }
    }

    /// Leaves it to whoever takes the pieces to read objects of [`Form::Ndjson`], as they are large and each stands for
    /// itself.
    pub fn leave_objects(&mut self) {
        self.leaves_objects = true;
    }

    /// Tells whether an object that was left is the first of the input to give a note of this kind.
    pub fn is_first(&mut self, note: &Note) -> bool {
        is_first(&mut self.noted, note)
    }

    /// Takes it that an object that was left could not be read.
    pub fn fail(&mut self) {
        self.stage = Stage::Failed;
    }

    /// The form, once it is known.
    pub fn form(&self) -> Option<Form> {
        self.form
    }

    /// Tells whether bytes come out just as they go in from now on.
    pub fn is_passing(&self) -> bool {
        match &self.stage {
            Stage::Decoding(decoder) => decoder.is_passing() && self.intake.is_passing(),
            _ => false,
        }
    }

    /// Takes the next bytes of the input, however it is cut.
    ///
    /// # Errors
    /// What cannot be read, with its place; a packed file; a form that cannot be found out.
    pub fn push(&mut self, input: &[u8], out: &mut dyn FnMut(Piece<'_>)) -> Result<(), DumpError> {
        if self.leaves_objects
            && let Stage::Decoding(Decoder::Ndjson(ndjson)) = &mut self.stage
        {
            ndjson.leave_objects();
        }
        self.run(out, |intake, each| intake.push(input, each))
    }

    /// Ends the input: gives what was held back.
    ///
    /// # Errors
    /// As [`Self::push`]; and what cannot end here.
    pub fn finish(&mut self, out: &mut dyn FnMut(Piece<'_>)) -> Result<(), DumpError> {
        self.run(out, |intake, each| intake.finish(each))?;
        let Self {
            stage, form, noted, ..
        } = self;
        let mut out = once(noted, out);
        let result = stage.finish(form, &mut out);
        *stage = Stage::Failed;
        result
    }

    fn run(
        &mut self,
        out: &mut dyn FnMut(Piece<'_>),
        take: impl FnOnce(
            &mut TextDecoder,
            &mut dyn FnMut(Taken<'_>) -> Result<(), DumpError>,
        ) -> Result<(), DumpError>,
    ) -> Result<(), DumpError> {
        let Self {
            intake,
            stage,
            form,
            noted,
            ..
        } = self;
        let mut out = once(noted, out);
        take(intake, &mut |taken| match taken {
            Taken::Mark(encoding) => {
                out(Piece::Note(Note::ByteOrderMark(encoding)));
                Ok(())
            }
            Taken::Bytes(part) => {
                let result = stage.take(part, form, &mut out);
                if result.is_err() {
                    *stage = Stage::Failed;
                }
                result
            }
        })
    }
}

impl Stage {
    fn take(
        &mut self,
        part: &[u8],
        form: &mut Option<Form>,
        out: &mut dyn FnMut(Piece<'_>),
    ) -> Result<(), DumpError> {
        match self {
            Self::Looking(sniffer) => {
                let (taken, found) = sniffer.push(part)?;
                let Some(found) = found else { return Ok(()) };
                self.begin(found, form, out)?;
                self.take(part.get(taken..).unwrap_or_default(), form, out)
            }
            Self::Decoding(decoder) if !part.is_empty() => decoder.push(part, out),
            Self::Unwrapping(wrapped) => wrapped.push(part, out),
            Self::Decoding(_) | Self::Failed => Ok(()),
        }
    }

    /// Decodes what was looked at.
    fn begin(
        &mut self,
        (wraps, found): Found,
        form: &mut Option<Form>,
        out: &mut dyn FnMut(Piece<'_>),
    ) -> Result<(), DumpError> {
        let decoder = Decoder::new(found);
        let wrappings = wraps.wrappings();
        let stage = match wraps.is_empty() {
            true => Self::Decoding(decoder),
            false => Self::Unwrapping(Box::new(Wrapped {
                wraps,
                decoder,
                inside: Vec::new(),
            })),
        };
        let Self::Looking(sniffer) = mem::replace(self, stage) else {
            return Ok(());
        };
        if form.replace(found).is_none() {
            out(Piece::Note(Note::Form(found)));
        }
        if !wrappings.is_empty() {
            out(Piece::Note(Note::Unwrapped(wrappings)));
        }
        self.take(&sniffer.into_held(), form, out)
    }

    fn finish(
        &mut self,
        form: &mut Option<Form>,
        out: &mut dyn FnMut(Piece<'_>),
    ) -> Result<(), DumpError> {
        if let Self::Looking(sniffer) = self {
            let found = sniffer.finish()?;
            self.begin(found, form, out)?;
        }
        match self {
            Self::Decoding(decoder) => decoder.finish(out),
            Self::Unwrapping(wrapped) => wrapped.finish(out),
            Self::Looking(_) | Self::Failed => Ok(()),
        }
    }
}

impl Wrapped {
    fn push(&mut self, input: &[u8], out: &mut dyn FnMut(Piece<'_>)) -> Result<(), DumpError> {
        // What is taken out of a huge push must not pile up.
        for part in input.chunks(LONGEST_PART) {
            self.wraps.push(part, &mut self.inside)?;
            self.decode(out)?;
        }
        Ok(())
    }

    fn decode(&mut self, out: &mut dyn FnMut(Piece<'_>)) -> Result<(), DumpError> {
        let result = self.decoder.push(&self.inside, out);
        self.inside.clear();
        result.map_err(|error| self.within(error))
    }

    fn finish(&mut self, out: &mut dyn FnMut(Piece<'_>)) -> Result<(), DumpError> {
        self.wraps.finish(&mut self.inside)?;
        self.decode(out)?;
        let result = self.decoder.finish(out);
        result.map_err(|error| self.within(error))
    }

    /// A fault of what is inside.
    fn within(&self, error: DumpError) -> DumpError {
        let wrappings = self.wraps.wrappings();
        let error = Box::new(error);
        DumpError::Inside { wrappings, error }
    }
}

/// Lets each kind of note through once.
fn once<'a>(
    noted: &'a mut Vec<mem::Discriminant<Note>>,
    out: &'a mut dyn FnMut(Piece<'_>),
) -> impl FnMut(Piece<'_>) + 'a {
    move |piece| match &piece {
        Piece::Note(note) if !is_first(noted, note) => {}
        _ => out(piece),
    }
}

/// Tells whether no note of this kind was noted before, and notes it.
fn is_first(noted: &mut Vec<mem::Discriminant<Note>>, note: &Note) -> bool {
    let kind = mem::discriminant(note);
    let is_first = !noted.contains(&kind);
    if is_first {
        noted.push(kind);
    }
    is_first
}

/// So much is taken out of its wraps in one go, in bytes.
const LONGEST_PART: usize = 64 << 10;

#[cfg(test)]
mod tests;
