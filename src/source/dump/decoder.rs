//! One decoder for each form, behind one name.

use super::base64::Base64;
use super::carray::CArray;
use super::hex::Hex;
use super::log::Log;
use super::ndjson::Ndjson;
use super::numbers::Numbers;
use super::rows::Rows;
use super::text::Text;
use super::{DumpError, Form, Piece};

/// Turns an input of a known form to bytes.
pub(super) enum Decoder {
    Bin,
    Text(Text),
    Hex(Hex),
    Numbers(Box<Numbers>),
    Rows(Box<Rows>),
    CArray(Box<CArray>),
    Base64(Box<Base64>),
    Log(Log),
    Ndjson(Ndjson),
}

/// What a decoder made of an input.
#[derive(Default)]
pub(super) struct Tally {
    /// Things seen that belong to this form only: rows, numbers, lines of a log.
    pub marks: usize,
    /// Characters that were neither data nor something that belongs to the form.
    pub passed_over: usize,
}

impl Decoder {
    pub(super) fn new(form: Form) -> Self {
        match form {
            Form::Bin => Self::Bin,
            Form::Hex => Self::Hex(Hex::new()),
            Form::Unpadded => Self::Numbers(Box::new(Numbers::new(16))),
            Form::Decimal => Self::Numbers(Box::new(Numbers::new(10))),
            Form::Xxd => Self::Rows(Box::new(Rows::xxd())),
            Form::Hexdump => Self::Rows(Box::new(Rows::hexdump())),
            Form::CArray => Self::CArray(Box::new(CArray::new())),
            Form::Base64 => Self::Base64(Box::new(Base64::new())),
            Form::Log => Self::Log(Log::new()),
            Form::Text => Self::Text(Text::new()),
            Form::Ndjson => Self::Ndjson(Ndjson::new()),
        }
    }

    /// Tells whether bytes come out just as they go in from now on.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Bin => true,
            Self::Text(text) => text.is_passing(),
            _ => false,
        }
    }

    pub(super) fn push(
        &mut self,
        input: &[u8],
        out: &mut dyn FnMut(Piece<'_>),
    ) -> Result<(), DumpError> {
        match self {
            Self::Bin => out(Piece::Bytes(input)),
            Self::Text(text) => text.push(input, out),
            other => {
                // Decoded bytes are gathered before they are given: a huge push must not make them pile up.
                for part in input.chunks(LONGEST_PART) {
                    other.push_part(part, out)?;
                }
            }
        }
        Ok(())
    }

    fn push_part(&mut self, part: &[u8], out: &mut dyn FnMut(Piece<'_>)) -> Result<(), DumpError> {
        match self {
            Self::Bin | Self::Text(_) => Ok(()),
            Self::Hex(hex) => hex.push(part, out),
            Self::Numbers(numbers) => numbers.push(part, out),
            Self::Rows(rows) => rows.push(part, out),
            Self::CArray(array) => array.push(part, out),
            Self::Base64(base64) => base64.push(part, out),
            Self::Log(log) => log.push(part, out),
            Self::Ndjson(ndjson) => ndjson.push(part, out),
        }
    }

    pub(super) fn finish(&mut self, out: &mut dyn FnMut(Piece<'_>)) -> Result<(), DumpError> {
        match self {
            Self::Bin => Ok(()),
            Self::Text(text) => {
                text.finish(out);
                Ok(())
            }
            Self::Hex(hex) => hex.finish(out),
            Self::Numbers(numbers) => numbers.finish(out),
            Self::Rows(rows) => rows.finish(out),
            Self::CArray(array) => array.finish(out),
            Self::Base64(base64) => base64.finish(out),
            Self::Log(log) => log.finish(out),
            Self::Ndjson(ndjson) => ndjson.finish(out),
        }
    }

    pub(super) fn tally(&self) -> Tally {
        let (marks, passed_over) = match self {
            Self::Bin | Self::Text(_) | Self::Hex(_) | Self::Base64(_) => (0, 0),
            Self::Rows(rows) => rows.tally(),
            Self::Numbers(numbers) => numbers.tally(),
            Self::CArray(array) => array.tally(),
            Self::Log(log) => log.tally(),
            Self::Ndjson(ndjson) => (ndjson.tally(), 0),
        };
        Tally { marks, passed_over }
    }
}

const LONGEST_PART: usize = 64 << 10;
