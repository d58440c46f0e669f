//! What is said of frames that were refused: plain words, and one thing to do.
//!
//! A person reads of telegrams; frames, tags, counters and places in the stream are for `-v` and for programs.

use crate::format::words::{self, Depth, keys_of};
use crate::observe::context::Source;
use crate::p1::count::count;
use crate::p1::diagnosis::Finding;
use crate::p1::event::{Reason, Refused};
use crate::p1::framer::{FIRST_LINE_MAX, PLAIN_MAX};
use crate::p1::readout::{Crc, SentCrc};

/// What is wrong with a frame, and what to do about it.
pub fn refused(refused: &Refused<'_>, depth: Depth) -> (String, String) {
    let full = depth == Depth::Full;
    let place = match full {
        true => format!("frame at 0x{:x}{}", refused.span.start, sender(refused)),
        false => telegram(refused),
    };
    match refused.reason {
        Reason::Truncated { have, need } => (
            format!("{place} is cut short: {have} of {need} bytes"),
            "record for some seconds longer; if all of them end early, bytes are lost on the way".to_owned(),
        ),
        Reason::BadLength { length, .. } => (
            format!("{place} claims {}, which none can have", count(length, "byte")),
            "its head was damaged; those behind it are not touched by this".to_owned(),
        ),
        Reason::Unsupported(what) => (
            format!("{place} is protected with {what}, which is not supported"),
            "only security suites 0 and 1 with the key of the meter can be read".to_owned(),
        ),
        Reason::NoKey => (
            format!("{place} is encrypted, and there is no key for it"),
            {
                let how = "the network operator gives the key, 32 digits, to the owner of the meter\n\
                           give it with --key, --key-file FILE, SMARTY_KEY or --keyring FILE";
                match refused.title().and_then(keys_of) {
                    Some(maker) => format!("{maker}\n{how}"),
                    None => how.to_owned(),
                }
            },
        ),
        Reason::TagMismatch => (
            match full {
                true => format!("{place} was refused: its tag does not fit the key"),
                false => format!("{place} was refused: it does not fit the key"),
            },
            "check that the key belongs to this meter".to_owned(),
        ),
        Reason::CrcMismatch(crc) => (
            format!("{place}: its check sum (CRC) does not fit, {}", crc_words(crc)),
            "some characters were changed on the way; --ignore-crc prints the telegram all the same".to_owned(),
        ),
        Reason::NoEnd if refused.is_over_limit() => (
            format!("{place} has no end within {} KiB", PLAIN_MAX >> 10),
            "no meter sends so much: the bytes may be of something else, or lines with ! are lost".to_owned(),
        ),
        Reason::NoEnd => (
            format!("{place} has no end: the line with ! is missing"),
            "record for some seconds longer; if it is always so, bytes are lost on the way".to_owned(),
        ),
        Reason::NoStart if refused.is_over_limit() => (
            format!("{place}: its first line, /…, is over {FIRST_LINE_MAX} bytes"),
            "no meter sends so much: the bytes may be of something else".to_owned(),
        ),
        Reason::NoStart => (
            format!("{place} has no start: its first line, /…, cannot be read"),
            "if it happens again, bytes are changed or lost on the way".to_owned(),
        ),
        Reason::Downgrade if refused.header.is_none() => (
            format!("{place} was sent unencrypted under the name of a meter that encrypts"),
            "anybody on the line could have written it; where your meter really sends in clear, or\n\
             these are telegrams decrypted before, give --allow-plain (key ring: allow_plain = true)"
                .to_owned(),
        ),
        Reason::Downgrade => (
            match full {
                true => format!("{place} has no tag, though its meter proves its frames with one"),
                false => format!("{place} has no proof of origin, though its meter gives one"),
            },
            "somebody else may have written it; it is not used. Where your meter really sends\n\
             without, say tag = \"optional\" in its part of the key ring"
                .to_owned(),
        ),
        Reason::Replayed => (
            match full {
                true => format!("{place} was sent before: its counter does not grow"),
                false => format!("{place} was sent before, and is sent once more"),
            },
            "somebody may play back what was recorded; it is not used\n\
             a recording is read from its file: smarty parse FILE"
                .to_owned(),
        ),
        Reason::SegmentMissing => (
            format!("{place} is a part of a push: a segment is missing"),
            LOST.to_owned(),
        ),
        Reason::BlockMissing => (
            format!("{place} is a part of a push: a block is missing"),
            LOST.to_owned(),
        ),
        Reason::ChecksumMismatch => (
            format!("{place}: the check sum of its link layer does not fit"),
            LOST.to_owned(),
        ),
        Reason::OpenedInPlace => (
            format!("{place}: a program had decrypted it before it was logged"),
            "its check sum says nothing any more: record the bytes as they came".to_owned(),
        ),
        Reason::BadStructure => (
            format!("{place} is not a whole push: its list does not end with its data"),
            LOST.to_owned(),
        ),
        Reason::OtherShard => (
            format!("{place} is of another shard"),
            "a process with that shard decodes it".to_owned(),
        ),
    }
}

/// What to do about pushes that come damaged.
const LOST: &str =
    "if it is always so, bytes are lost on the way: look at the cable, the adapter and its buffer";

/// `a telegram of SAG1030700114004`, as far as it is known.
fn telegram(refused: &Refused<'_>) -> String {
    let what = if refused.is_push() {
        "push"
    } else {
        "telegram"
    };
    match refused.title() {
        Some(title) => format!(
            "a {what} of {}",
            title.device_id().unwrap_or_else(|| title.to_string())
        ),
        None => format!("a {what}"),
    }
}

/// What diagnosis has found and how that is known, and what to do about it.
pub fn finding(finding: &Finding, source: Source<'_>, depth: Depth) -> (String, String) {
    let (title, evidence) = (words::title(finding), words::evidence(finding, depth));
    let what = match evidence.is_empty() {
        true => title,
        false => format!("{title}\n  {evidence}"),
    };
    (what, words::hint_of(finding, source))
}

/// How much is said, as `-v` asks for it.
pub fn depth(verbose: u8) -> Depth {
    match verbose {
        0 => Depth::Plain,
        _ => Depth::Full,
    }
}

/// The CRC as sent and as computed, in words.
pub fn crc_words(crc: Crc) -> String {
    match crc.received {
        SentCrc::Digits(sent) => format!("sent {sent:04X}, computed {:04X}", crc.computed),
        SentCrc::Malformed => format!("sent no number, computed {:04X}", crc.computed),
        SentCrc::Absent | SentCrc::NoEnd => format!("none sent, computed {:04X}", crc.computed),
    }
}

/// ` (SAG1030700114004, counter 42)`, as far as it is known.
fn sender(refused: &Refused<'_>) -> String {
    let Some(title) = refused.title() else {
        return String::new();
    };
    let meter = title.device_id().unwrap_or_else(|| title.to_string());
    match refused.header {
        Some(header) => format!(" ({meter}, counter {})", header.counter),
        None => format!(" ({meter})"),
    }
}
