//! Words of the screen: ages, times, and what is wrong with a meter.

use jiff::Timestamp;

use super::meter::watts;
use crate::p1::count::count;
use crate::p1::event::Reason;
use crate::p1::value::{self, Decimal};

/// How long ago something was: `3 s ago`, `5 min ago`, `2 h ago`, `4 d ago`.
pub(super) fn ago(now: Timestamp, then: Timestamp) -> String {
    format!("{} ago", window(seconds_between(now, then)))
}

/// A span of time: `00:21:20`, with days `3 d 00:21:20`.
pub(super) fn span(now: Timestamp, then: Timestamp) -> String {
    let seconds = seconds_between(now, then);
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let clock = format!("{:02}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60);
    match days {
        0 => clock,
        _ => format!("{days} d {clock}"),
    }
}

/// A power with its unit: whole watts below a kilowatt.
pub(super) fn power(kilowatts: Decimal) -> (String, &'static str) {
    match watts(kilowatts) {
        Some(watts) if watts.abs() < 1000 => (watts.to_string(), "W"),
        _ => (kilowatts.to_string(), "kW"),
    }
}

/// A span of time in its greatest unit: `10 min`, `6 h`, `7 d`.
pub(super) fn window(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{seconds} s"),
        60..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// The time of a reading: with its day where that is not the day of the meter's clock.
pub(super) fn time(time: &value::Timestamp, clock: Option<value::Timestamp>) -> String {
    let day = |time: &value::Timestamp| (time.year, time.month, time.day);
    match clock {
        Some(clock) if day(&clock) != day(time) => format!(
            "{:04}-{:02}-{:02} {:02}:{:02}",
            time.year, time.month, time.day, time.hour, time.minute
        ),
        _ => format!("{:02}:{:02}:{:02}", time.hour, time.minute, time.second),
    }
}

/// Why nothing of a meter is shown.
pub(super) fn trouble(reason: Reason, id: &str) -> String {
    match reason {
        Reason::NoKey => format!("encrypted, no key for {id}"),
        Reason::TagMismatch => "refused: it does not fit the key".to_owned(),
        Reason::CrcMismatch(_) => "refused: the check sum (CRC) does not fit".to_owned(),
        Reason::Truncated { have, need } => format!("cut short: {have} of {need} bytes"),
        Reason::BadLength { length, .. } => {
            format!("refused: claims {}", count(length, "byte"))
        }
        Reason::Unsupported(what) => format!("protected with {what}, which is not supported"),
        Reason::NoEnd => "refused: the line with ! is missing".to_owned(),
        Reason::NoStart => "refused: the first line cannot be read".to_owned(),
        Reason::Downgrade => {
            "refused: no proof of origin, though it has given one before".to_owned()
        }
        Reason::Replayed => "refused: it was sent before".to_owned(),
        Reason::SegmentMissing => "refused: a segment of the push is missing".to_owned(),
        Reason::BlockMissing => "refused: a block of the push is missing".to_owned(),
        Reason::OpenedInPlace => "refused: decrypted before it was logged".to_owned(),
        Reason::ChecksumMismatch => "refused: the check sum does not fit".to_owned(),
        Reason::BadStructure => "refused: the push does not end with its data".to_owned(),
        Reason::OtherShard => "left to another shard".to_owned(),
    }
}

fn seconds_between(now: Timestamp, then: Timestamp) -> i64 {
    now.duration_since(then).as_secs().max(0)
}
