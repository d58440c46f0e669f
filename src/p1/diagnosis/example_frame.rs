//! The frame that shows the trouble best, with its fields labelled.

use crate::p1::ciphering::{GeneralGloCiphering, Header, START, TAG_LENGTH};
use crate::p1::diagnosis::finding::{Finding, Measure};
use crate::p1::span::Span;

/// A frame with its fields and the places that were damaged.
#[derive(Clone, Debug)]
pub struct ExampleFrame {
    /// Place in the stream.
    pub span: Span,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Fields of the header, ciphertext and tag.
    pub fields: Vec<Field>,
    /// Indices of damaged bytes.
    pub damaged: Vec<usize>,
}

/// A labelled part of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// What it is.
    pub name: &'static str,
    /// Index of its first byte.
    pub start: usize,
    /// Index behind its last byte.
    pub end: usize,
}

impl ExampleFrame {
    /// The frame that a finding is about.
    pub fn of(capture: &[u8], finding: &Finding) -> Option<Self> {
        let start = usize::try_from(finding.span.start).ok()?;
        let end = usize::try_from(finding.span.end)
            .ok()?
            .min(start + EXAMPLE_MAX);
        let bytes = capture.get(start..end.min(capture.len()))?;
        let bytes = one_frame(bytes).to_vec();
        if bytes.is_empty() {
            return None;
        }
        let places = finding.evidence.damaged.iter().copied();
        let place = finding.evidence.get(Measure::Place);
        let damaged = places
            .chain(place)
            .filter_map(|offset| usize::try_from(offset).ok()?.checked_sub(start))
            .filter(|&index| index < bytes.len());
        Some(Self {
            span: Span::new(finding.span.start, bytes.len()),
            fields: fields(&bytes),
            damaged: damaged.collect(),
            bytes,
        })
    }
}

/// The first frame of a stretch, where one begins there.
fn one_frame(bytes: &[u8]) -> &[u8] {
    let Header::Legal(header) = GeneralGloCiphering::decode(bytes) else {
        return bytes;
    };
    let next = bytes.get(header.header_length..).and_then(|rest| {
        let start = bytes.get(..START.len() + 3)?;
        memchr::memmem::find(rest, start)
    });
    let end = next.map_or(bytes.len(), |next| header.header_length + next);
    let whole = bytes.get(..header.frame_length().min(end));
    whole.unwrap_or_else(|| bytes.get(..end).unwrap_or(bytes))
}

/// The parts of an encrypted frame, as far as they came.
pub fn fields(frame: &[u8]) -> Vec<Field> {
    let Header::Legal(header) = GeneralGloCiphering::decode(frame) else {
        return Vec::new();
    };
    let counter = header.header_length - 4;
    let text = header.header_length + header.text_length();
    let tag = if header.control.authenticated() {
        TAG_LENGTH
    } else {
        0
    };
    [
        ("tag of the frame", 0, 1),
        ("length of the title", 1, 2),
        ("system title", 2, 10),
        ("length", 10, counter - 1),
        ("security control", counter - 1, counter),
        ("frame counter", counter, counter + 4),
        ("ciphertext", counter + 4, text),
        ("tag", text, text + tag),
    ]
    .into_iter()
    .map(|(name, start, end)| Field {
        name,
        start,
        end: end.min(frame.len()),
    })
    .filter(|field| field.start < field.end)
    .collect()
}

/// Bytes of the frame that are shown.
const EXAMPLE_MAX: usize = 4096;
