//! Mends what a host has done to a frame, where a tag or a CRC proves the result.
//!
//! What cannot be proved stays refused. Nothing is guessed: a mended frame is the frame that was sent.

use crate::p1::cipher::{Keys, MeterKeys};
use crate::p1::ciphering::{GeneralGloCiphering, Header, SystemTitle};
use crate::p1::diagnosis::finding::Verdict;
use crate::p1::diagnosis::text;
use crate::p1::framer::PLAIN_MAX;
use crate::p1::line::recover;
use crate::p1::readout::{Readout, SentCrc, crc16};

/// A frame as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repaired {
    /// The bytes that the meter sent.
    pub frame: Vec<u8>,
    /// What had happened to them.
    pub verdict: Verdict,
}

/// Mends a burst: an encrypted frame with what follows it, or a plain telegram.
pub fn repair(burst: &[u8], keys: &Keys) -> Option<Repaired> {
    let mended = |verdict: Verdict| move |frame: Vec<u8>| Repaired { frame, verdict };
    let sealed = |bytes: &[u8]| match GeneralGloCiphering::decode(bytes) {
        Header::Legal(header) => keys.of(header.title).map(|keys| (header, keys)),
        _ => None,
    };
    if let Some(frame) = icrnl(burst, |title| keys.of(title)) {
        return Some(mended(Verdict::Icrnl)(frame));
    }
    for (verdict, frame) in [
        (Verdict::Telnet, undouble(burst)),
        (Verdict::Utf8, from_latin1(burst)),
    ] {
        let Some(frame) = frame else { continue };
        if let Some((header, keys)) = sealed(&frame)
            && opens(&header, &frame, keys)
        {
            return Some(mended(verdict)(
                frame.get(..header.frame_length())?.to_vec(),
            ));
        }
    }
    plain(burst)
}

/// Mends a plain telegram; its CRC is the proof.
pub fn plain(burst: &[u8]) -> Option<Repaired> {
    let mended = |verdict: Verdict| move |frame: Vec<u8>| Repaired { frame, verdict };
    undone(burst)
        .or_else(|| {
            recover::strip_parity(burst)
                .filter(|text| is_proven(text))
                .map(mended(Verdict::SevenEven))
        })
        .or_else(|| {
            let end = burst.len().min(PLAIN_MAX);
            recover::uninvert_burst(burst.get(..end)?, fits).map(mended(Verdict::InvertedPlain))
        })
}

/// Undoes what a host has done to a plain telegram; its CRC is the proof.
pub fn undone(burst: &[u8]) -> Option<Repaired> {
    REMEDIES.iter().find_map(|&(verdict, undo)| {
        let frame = undo(burst).filter(|text| is_proven(text))?;
        Some(Repaired { frame, verdict })
    })
}

/// Puts CRs back that a tty has turned into LFs; the tag is the proof.
pub fn icrnl<'a>(
    frame: &[u8],
    keys: impl Fn(SystemTitle) -> Option<&'a MeterKeys>,
) -> Option<Vec<u8>> {
    let lines: Vec<usize> = memchr::memchr_iter(b'\n', frame).collect();
    // The header first: without the right title there is no key, without the right counter the text is noise.
    let (in_header, _): (Vec<usize>, Vec<usize>) = lines.iter().partition(|&&at| at < HEADER);
    if in_header.len() > 4 || memchr::memchr(b'\r', frame).is_some() {
        return None;
    }
    (0..1usize << in_header.len()).find_map(|choice| {
        let mut mended = frame.to_vec();
        put_back(&mut mended, &in_header, choice);
        let Header::Legal(header) = GeneralGloCiphering::decode(&mended) else {
            return None;
        };
        icrnl_body(mended, &header, keys(header.title)?)
    })
}

fn icrnl_body(
    mut frame: Vec<u8>,
    header: &GeneralGloCiphering,
    keys: &MeterKeys,
) -> Option<Vec<u8>> {
    frame.get(header.frame_length().checked_sub(1)?)?;
    frame.truncate(header.frame_length());
    let (start, end) = (
        header.header_length,
        header.header_length + header.text_length(),
    );
    let mut text = frame.get(start..end)?.to_vec();
    if header.control.encrypted() {
        keys.apply_key_stream(header.title, header.counter, &mut text);
    }
    if text::readable_permille(&text) < 900 {
        return None;
    }
    let mut open = Vec::new();
    for at in memchr::memchr_iter(b'\n', &frame.clone()) {
        if at < start {
            continue;
        }
        let place = at.wrapping_sub(start);
        let Some(&seen) = text.get(place).filter(|_| at < end) else {
            open.push(at);
            continue;
        };
        let (as_lf, as_cr) = (seen, seen ^ b'\n' ^ b'\r');
        match (
            text::plausible(&text, place, as_lf),
            text::plausible(&text, place, as_cr),
        ) {
            (true, false) => {}
            (false, true) => {
                *frame.get_mut(at)? = b'\r';
                *text.get_mut(place)? = as_cr;
            }
            _ => open.push(at),
        }
    }
    if open.len() > OPEN_MAX {
        return by_crc(&frame, header, &text, &open, keys);
    }
    any_choice(&frame, &open, |tried| opens(header, tried, keys))
}

/// Tries each way to put CRs back at some places.
fn any_choice(frame: &[u8], places: &[usize], proves: impl Fn(&[u8]) -> bool) -> Option<Vec<u8>> {
    (0..1usize << places.len()).find_map(|choice| {
        let mut tried = frame.to_vec();
        put_back(&mut tried, places, choice);
        proves(&tried).then_some(tried)
    })
}

/// The same for many places: the CRC of the text leaves few of all ways, and the tag decides between these.
///
/// A CRC is linear: what a changed byte adds to it does not depend on the others.
fn by_crc(
    frame: &[u8],
    header: &GeneralGloCiphering,
    text: &[u8],
    open: &[usize],
    keys: &MeterKeys,
) -> Option<Vec<u8>> {
    let readout = Readout::find(text)?;
    let mark = header.header_length + readout.mark;
    let (inside, behind): (Vec<usize>, Vec<usize>) = open.iter().partition(|&&at| at < mark);
    if inside.len() > CRC_OPEN_MAX || behind.len() > BEHIND_MAX {
        return None;
    }
    // A digit of the CRC that is open itself may be either.
    let (digits, behind): (Vec<usize>, Vec<usize>) = behind
        .into_iter()
        .partition(|&at| at < header.header_length + text.len());
    let sums = (0..1usize << digits.len()).filter_map(|choice| {
        let mut text = text.to_vec();
        for (bit, at) in digits.iter().enumerate() {
            if let Some(byte) = text.get_mut(at - header.header_length) {
                *byte ^= (choice >> bit & 1) as u8 * (b'\n' ^ b'\r');
            }
        }
        match Readout::find(&text)? {
            Readout {
                mark,
                crc: SentCrc::Digits(sent),
                ..
            } if mark == readout.mark => Some((choice, sent)),
            _ => None,
        }
    });
    let changes: Vec<u16> = inside
        .iter()
        .map(|&at| {
            let mut change = vec![0; mark + 1 - at];
            if let Some(first) = change.first_mut() {
                *first = b'\n' ^ b'\r';
            }
            crc16(&change)
        })
        .collect();
    let computed = crc16(text.get(..=readout.mark)?);
    let sums: Vec<(usize, u16)> = sums.map(|(digit, sent)| (digit, computed ^ sent)).collect();
    let (mut sum, mut choice) = (0, 0);
    // From one way to the next a single place changes.
    (0..1usize << inside.len()).find_map(|step| {
        if step > 0 {
            let place = step.trailing_zeros() as usize;
            choice ^= 1 << place;
            sum ^= changes.get(place).copied().unwrap_or(0);
        }
        let mut fitting = sums.iter().filter(|(_, wanted)| *wanted == sum);
        fitting.find_map(|(digit, _)| {
            let mut tried = frame.to_vec();
            put_back(&mut tried, &inside, choice);
            put_back(&mut tried, &digits, *digit);
            any_choice(&tried, &behind, |tried| opens(header, tried, keys))
        })
    })
}

/// Turns the LFs at some places into CRs, by the bits of a choice.
fn put_back(frame: &mut [u8], places: &[usize], choice: usize) {
    for (bit, &at) in places.iter().enumerate() {
        if let Some(byte) = frame.get_mut(at)
            && choice >> bit & 1 == 1
        {
            *byte = b'\r';
        }
    }
}

fn opens(header: &GeneralGloCiphering, frame: &[u8], keys: &MeterKeys) -> bool {
    let Some(frame) = frame.get(..header.frame_length()) else {
        return false;
    };
    let mut text = vec![0; header.text_length()];
    header.control.authenticated() && keys.open(header, frame, &mut text).is_ok()
}

/// Each FF FF to one FF, without the offers of a telnet server; `None` where a FF stands alone.
pub fn undouble(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut single = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let [byte, behind @ ..] = rest {
        rest = match (byte, behind) {
            (0xFF, [0xFF, behind @ ..]) => {
                single.push(0xFF);
                behind
            }
            (0xFF, [0xFB..=0xFE, _, behind @ ..]) => behind,
            (0xFF, _) => return None,
            _ => {
                single.push(*byte);
                behind
            }
        };
    }
    Some(single)
}

/// UTF-8 pairs back to single bytes.
fn from_latin1(bytes: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(bytes).ok()?;
    text.chars()
        .map(|letter| u8::try_from(letter).ok())
        .collect()
}

/// Tells whether a text is a telegram with a CRC that fits.
fn is_proven(text: &[u8]) -> bool {
    text.first() == Some(&b'/') && fits(text)
}

fn fits(text: &[u8]) -> bool {
    Readout::find(text).is_some_and(|readout| readout.check(text).valid() == Some(true))
}

/// LF (LF LF where a tty made it) to CR LF; `None` where there is a CR.
fn line_ends(text: &[u8], doubled: bool) -> Option<Vec<u8>> {
    let mut mended = Vec::with_capacity(text.len() + 64);
    let mut rest = text.iter().peekable();
    while let Some(&byte) = rest.next() {
        match byte {
            b'\r' => return None,
            b'\n' => {
                // The second one of the last line may be missing.
                if doubled && rest.next_if_eq(&&b'\n').is_none() && rest.peek().is_some() {
                    return None;
                }
                mended.extend_from_slice(b"\r\n");
            }
            _ => mended.push(byte),
        }
    }
    Some(mended)
}

/// CR CR LF to CR LF; `None` where there is none.
fn single_returns(text: &[u8]) -> Option<Vec<u8>> {
    let mut single = Vec::with_capacity(text.len());
    let mut from = 0;
    for at in memchr::memmem::find_iter(text, b"\r\r\n") {
        single.extend_from_slice(text.get(from..at)?);
        from = at + 1;
    }
    single.extend_from_slice(text.get(from..)?);
    (from > 0).then_some(single)
}

/// Without its NULs; `None` where there is none.
fn without_nuls(text: &[u8]) -> Option<Vec<u8>> {
    memchr::memchr(0, text)?;
    Some(text.iter().copied().filter(|&byte| byte != 0).collect())
}

/// What a host has done to a text, and how it is undone; `None` of it where there is nothing to undo.
pub const REMEDIES: [Remedy; 4] = [
    (Verdict::Icrnl, |text| line_ends(text, true)),
    (Verdict::LineEnds, |text| line_ends(text, false)),
    (Verdict::LineEnds, single_returns),
    (Verdict::InsertedBytes, without_nuls),
];

/// A fault of a text, and what undoes it.
pub type Remedy = (Verdict, fn(&[u8]) -> Option<Vec<u8>>);

/// Bytes in which a header lies.
const HEADER: usize = 18;
/// LFs that may be left open before the tag tries all ways.
const OPEN_MAX: usize = 10;
/// The same where the CRC leaves one way of 65536: half of all LFs lie under digits, 12 in 3000 bytes.
const CRC_OPEN_MAX: usize = 20;
/// LFs in the tag at the most.
const BEHIND_MAX: usize = 4;

#[cfg(test)]
mod tests;
