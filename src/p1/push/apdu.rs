//! The application layer: general ciphering and data-notification (IEC 62056-5-3).

pub use crate::p1::ciphering::length;

use crate::p1::ciphering::{
    DEDICATED, FrameCounter, GLOBAL, GeneralGloCiphering, SecurityControl, SystemTitle,
};

/// A data-notification taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notification {
    /// When it was made, as the twelve bytes of a date-time.
    pub time: Option<[u8; 12]>,
    /// Where its body begins.
    pub body: usize,
}

/// Reads the header of general-glo-ciphering or general-ded-ciphering; its title may be left out.
pub fn ciphering(apdu: &[u8]) -> Option<GeneralGloCiphering> {
    let [GLOBAL | DEDICATED, width @ (0 | 8), rest @ ..] = apdu else {
        return None;
    };
    let (sent, rest) = rest.split_at_checked(usize::from(*width))?;
    let mut title = [0; 8];
    title.get_mut(..sent.len())?.copy_from_slice(sent);
    let (length, rest) = length(rest)?;
    let control = SecurityControl(*rest.first()?);
    let counter = rest.get(1..5)?;
    let fits = length >= 5 + control.tag_length()
        && length <= rest.len()
        && (control.authenticated() || control.encrypted());
    fits.then_some(GeneralGloCiphering {
        title: SystemTitle(title),
        length: u32::try_from(length).ok()?,
        control,
        counter: FrameCounter(counter.iter().fold(0, |v, &b| v << 8 | u32::from(b))),
        header_length: apdu.len() - rest.len() + 5,
    })
}

/// Takes a data-notification apart, or a body that stands alone.
pub fn notification(text: &[u8]) -> Option<Notification> {
    if let [0x01 | 0x02, ..] = text {
        return Some(Notification {
            time: None,
            body: 0,
        });
    }
    let [0x0F, _, _, _, _, rest @ ..] = text else {
        return None;
    };
    // The tag 09 before the length is not standard, but sent.
    let (time, body) = match rest {
        [0x00, ..] => (None, 6),
        [0x0C, time @ ..] => (Some(time), 18),
        [0x09, 0x0C, time @ ..] => (Some(time), 19),
        _ => return None,
    };
    let time = match time {
        Some(time) => {
            Some(*time.first_chunk::<12>()?).filter(|time| time.iter().any(|b| *b != 0xFF))
        }
        None => None,
    };
    if time.is_some_and(|[y, _, month, day, ..]| {
        !matches!(y, 0 | 7 | 8 | 0xFF) || (13..0xFD).contains(&month) || (32..0xFD).contains(&day)
    }) {
        return None;
    }
    matches!(text.get(body), Some(0x01 | 0x02)).then_some(Notification { time, body })
}
