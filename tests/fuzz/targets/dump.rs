//! Dumps: however the text is cut, the same comes out; and what we write down ourselves comes back.

use jiff::Timestamp;
use smarty::source::dump::{
    DumpDecoder, Form, Note, Piece, encode_base64, encode_carray, encode_hex, encode_hexdump,
    encode_words, encode_xxd, write_header, write_record,
};

use super::{choices, cuts};

/// What comes of a dump.
#[derive(Debug, Default, PartialEq)]
struct Outcome {
    parts: Vec<Part>,
    error: Option<String>,
}

/// A piece without its borders.
#[derive(Debug, PartialEq)]
enum Part {
    Bytes(Vec<u8>),
    Record(Timestamp, String, String),
    Quiet,
    Lost,
    Note(Note),
}

/// The first byte chooses the form: one of all, or the one that is found out.
pub fn pieces_and_whole_agree(bytes: &[u8]) {
    let Some((choice, text)) = bytes.split_first() else {
        return;
    };
    let form = match choice.checked_sub(b'0').map(usize::from) {
        Some(index) if index < Form::ALL.len() => Some(Form::ALL[index]),
        _ => None,
    };
    let whole = undump(form, text, &[0, text.len()]);
    let mut rng = choices(bytes);
    let cuts = cuts(&mut rng, text.len());
    assert_eq!(undump(form, text, &cuts), whole, "{form:?} cut at {cuts:?}");
    if text.len() <= EACH_MAX {
        let each: Vec<usize> = (0..=text.len()).collect();
        assert_eq!(undump(form, text, &each), whole, "{form:?} byte by byte");
    }
    come_back(text);
}

/// Each form that we write is read back to the same bytes.
fn come_back(bytes: &[u8]) {
    let bytes = &bytes[..bytes.len().min(ENCODED_MAX)];
    let mut log = Vec::new();
    write_header(&mut log, Timestamp::UNIX_EPOCH);
    write_record(&mut log, Timestamp::UNIX_EPOCH, "house", "part", bytes);
    let even = &bytes[..bytes.len() & !1];
    for (form, text, meant) in [
        (Form::Bin, bytes.to_vec(), bytes),
        (Form::Hex, encode_hex(bytes).into(), bytes),
        (Form::Xxd, encode_xxd(bytes).into(), bytes),
        (Form::Hexdump, encode_hexdump(bytes).into(), bytes),
        (Form::Hexdump, encode_words(even).into(), even),
        (Form::CArray, encode_carray(bytes).into(), bytes),
        (Form::Base64, encode_base64(bytes).into(), bytes),
        (Form::Log, log, bytes),
    ] {
        let outcome = undump(Some(form), &text, &[0, text.len()]);
        let text = String::from_utf8_lossy(&text);
        assert_eq!(outcome.error, None, "{form:?}: {text}");
        assert_eq!(outcome.bytes(), meant, "{form:?}: {text}");
    }
}

fn undump(form: Option<Form>, text: &[u8], cuts: &[usize]) -> Outcome {
    let mut outcome = Outcome::default();
    let mut undump = DumpDecoder::new(form);
    let mut result = Ok(());
    for pair in cuts.windows(2) {
        result = undump.push(&text[pair[0]..pair[1]], &mut |piece| outcome.take(piece));
        if result.is_err() {
            break;
        }
    }
    let result = result.and_then(|()| undump.finish(&mut |piece| outcome.take(piece)));
    outcome.error = result.err().map(|error| error.to_string());
    outcome
}

impl Outcome {
    fn take(&mut self, piece: Piece<'_>) {
        let part = match piece {
            Piece::Object(_) => unreachable!("nobody asked for it"),
            Piece::Bytes(bytes) => match self.parts.last_mut() {
                Some(Part::Bytes(before)) => return before.extend(bytes),
                _ if bytes.is_empty() => return,
                _ => Part::Bytes(bytes.to_vec()),
            },
            Piece::Record { time, label, kind } => {
                Part::Record(time, label.to_owned(), kind.to_owned())
            }
            // The bytes behind it say the same.
            Piece::Archived(_) => return,
            Piece::Quiet => Part::Quiet,
            Piece::Lost => Part::Lost,
            Piece::Note(note) => Part::Note(note),
        };
        self.parts.push(part);
    }

    fn bytes(&self) -> Vec<u8> {
        let bytes = |part: &Part| match part {
            Part::Bytes(bytes) => bytes.clone(),
            _ => Vec::new(),
        };
        self.parts.iter().flat_map(bytes).collect()
    }
}

/// Longest text that is pushed byte by byte too, in bytes.
const EACH_MAX: usize = 700;
/// Longest stretch that is written down in each form, in bytes.
const ENCODED_MAX: usize = 200;
