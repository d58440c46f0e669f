//! Parts that the lines of all types have.

use std::io::Write;

use crate::format::number::write_json_bytes;
use crate::observe::context::{Context, Source};
use crate::p1::ciphering::{SecurityControl, SystemTitle};
use crate::p1::push::{Framing, Push};
use crate::p1::readout::{Algorithm, Crc, SentCrc};
use crate::p1::telegram::Telegram;

/// A part that is mostly the same as the last time, and what it follows from.
#[derive(Clone, Debug)]
pub(super) struct Kept<K> {
    key: Option<K>,
    written: Vec<u8>,
}

impl<K> Default for Kept<K> {
    fn default() -> Self {
        Self {
            key: None,
            written: Vec::new(),
        }
    }
}

impl<K> Kept<K> {
    /// What was written, or what is written now for another key.
    pub(super) fn of(
        &mut self,
        same: impl FnOnce(&K) -> bool,
        key: impl FnOnce() -> K,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> &[u8] {
        if !self.key.as_ref().is_some_and(same) {
            self.key = Some(key());
            self.written.clear();
            write(&mut self.written);
        }
        &self.written
    }
}

pub(crate) fn begin(out: &mut Vec<u8>, kind: &str, seq: u64) {
    out.extend_from_slice(b"{\"schema\":\"smarty/1\",\"type\":\"");
    out.extend_from_slice(kind.as_bytes());
    out.extend_from_slice(b"\",\"seq\":");
    write_integer(out, seq);
}

pub(crate) fn write_instant(out: &mut Vec<u8>, context: &Context<'_>) {
    match context.received_at {
        // Writing into memory cannot fail.
        Some(at) => drop(write!(out, "\"{at:.6}\"")),
        None => out.extend_from_slice(b"null"),
    }
}

pub(crate) fn write_source(out: &mut Vec<u8>, context: &Context<'_>, offset: u64, length: u64) {
    begin_source(out, context.source);
    write_span(out, offset, length);
}

pub(super) fn begin_source(out: &mut Vec<u8>, source: Source<'_>) {
    out.extend_from_slice(b",\"source\":{\"kind\":");
    write_json_bytes(out, source.kind.as_bytes());
    out.extend_from_slice(b",\"name\":");
    write_json_bytes(out, source.name.as_bytes());
    out.extend_from_slice(b",\"label\":");
    write_text_or_null(out, source.label);
    out.extend_from_slice(b",\"offset\":");
}

pub(super) fn write_span(out: &mut Vec<u8>, offset: u64, length: u64) {
    write_integer(out, offset);
    out.extend_from_slice(b",\"length\":");
    write_integer(out, length);
    out.push(b'}');
}

pub(super) fn begin_security(out: &mut Vec<u8>, title: SystemTitle) {
    out.extend_from_slice(b"{\"system_title\":\"");
    write_hex(out, &title.0);
    out.extend_from_slice(b"\",\"frame_counter\":");
}

/// Writes what is known of a push.
pub(super) fn write_push(out: &mut Vec<u8>, telegram: &Telegram<'_>, push: &Push<'_>) {
    out.extend_from_slice(b",\"push\":{\"framing\":");
    write_text_or_null(out, Some(push.framing.word()));
    out.extend_from_slice(b",\"form\":");
    write_text_or_null(out, Some(push.form.word()));
    out.extend_from_slice(b",\"list\":");
    write_text_or_null(out, push.list);
    out.extend_from_slice(b",\"parts\":");
    write_integer(out, u64::from(push.parts));
    out.extend_from_slice(b",\"checksum\":");
    let checksum = push
        .checksum
        .map(|valid| if valid { "valid" } else { "invalid" });
    write_text_or_null(out, Some(checksum.unwrap_or("none")));
    // A push whose tree does not end with its data is refused.
    out.extend_from_slice(b",\"structure\":\"whole\"");
    if push.oldest().is_some() {
        write_earlier(out, telegram, push);
    }
    out.push(b'}');
}

/// Writes the codes of readings that came before, each with its age in seconds.
fn write_earlier(out: &mut Vec<u8>, telegram: &Telegram<'_>, push: &Push<'_>) {
    out.extend_from_slice(b",\"earlier\":{");
    let mut first = true;
    for (reading, age) in telegram.readings().zip(push.earlier) {
        let Some(age) = age else {
            continue;
        };
        if !std::mem::replace(&mut first, false) {
            out.push(b',');
        }
        write_json_bytes(out, reading.obis().as_bytes());
        out.push(b':');
        match age.seconds {
            Some(seconds) => write_integer(out, seconds),
            None => out.extend_from_slice(b"null"),
        }
    }
    out.push(b'}');
}

pub(super) fn write_control(out: &mut Vec<u8>, control: SecurityControl) {
    out.extend_from_slice(b",\"control\":\"");
    write_hex(out, &[control.0]);
    out.push(b'"');
}

pub(super) fn write_crc(out: &mut Vec<u8>, crc: &Crc) {
    out.extend_from_slice(b"{\"received\":");
    match crc.received {
        SentCrc::Digits(sent) => {
            out.push(b'"');
            write_hex(out, &sent.to_be_bytes());
            out.push(b'"');
        }
        SentCrc::Absent | SentCrc::NoEnd | SentCrc::Malformed => out.extend_from_slice(b"null"),
    }
    out.extend_from_slice(b",\"computed\":\"");
    write_hex(out, &crc.computed.to_be_bytes());
    out.extend_from_slice(b"\",\"valid\":");
    out.extend_from_slice(match crc.valid() {
        Some(true) => b"true",
        Some(false) => b"false",
        None => b"null",
    });
    // The one of the standard is not named.
    if crc.algorithm != Algorithm::Arc {
        out.extend_from_slice(b",\"algorithm\":\"");
        out.extend_from_slice(crc.algorithm.name().as_bytes());
        out.push(b'"');
    }
    out.push(b'}');
}

/// Writes the check sums of a push: its meter has sent no CRC, that of the readout made of it is ours.
pub(super) fn write_checksums(out: &mut Vec<u8>, push: &Push<'_>, computed: u16) {
    out.extend_from_slice(b"{\"received\":null,\"computed\":\"");
    write_hex(out, &computed.to_be_bytes());
    out.extend_from_slice(b"\",\"valid\":null},\"checksums\":{");
    // Where one does not fit, the push is refused.
    out.extend_from_slice(match push.framing {
        Framing::Hdlc => b"\"header\":\"valid\",\"frame\":\"valid\"".as_slice(),
        Framing::Mbus => b"\"frame\":\"valid\"",
        Framing::Bare => b"",
    });
    out.push(b'}');
}

pub(crate) fn write_text_or_null(out: &mut Vec<u8>, value: Option<&str>) {
    match value {
        Some(value) => write_json_bytes(out, value.as_bytes()),
        None => out.extend_from_slice(b"null"),
    }
}

fn write_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    for byte in bytes {
        for nibble in [byte >> 4, byte & 0x0F] {
            out.push(if nibble < 10 {
                b'0' + nibble
            } else {
                b'A' + nibble - 10
            });
        }
    }
}

pub(super) fn write_integer(out: &mut Vec<u8>, value: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    let mut rest = value;
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}
