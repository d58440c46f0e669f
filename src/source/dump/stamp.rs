//! Times that a terminal program has put before each line it received.
//!
//! ```text
//! 12:00:01.123 1-0:1.8.0(000025.653*kWh)
//! [2026-11-24 12:00:01] 1-0:1.8.0(000025.653*kWh)         tio, minicom
//! [12:00:01][D][dsmr:086]: 1-0:1.8.0(000025.653*kWh)      ESPHome
//! 12:00:01.123 -> 1-0:1.8.0(000025.653*kWh)               Arduino
//! |---- stamp ---|
//! ```

/// Bytes of the stamp at the start of a line, the blanks before and behind it included; 0 where there is none.
pub(super) fn length(line: &[u8]) -> usize {
    let mut at = blanks(line, 0);
    // A date may stand before the time, joined to it by a T or a blank.
    for _ in 0..2 {
        let (word, end) = word(line, at);
        let timed = is_time(word.rsplit(|byte| *byte == b'T').next().unwrap_or_default());
        if !timed && !is_date(word) {
            return 0;
        }
        at = blanks(line, end);
        if timed {
            return behind(line, at);
        }
    }
    0
}

/// Passes over what stands between a time and what was received: tags in brackets, a colon, an arrow.
fn behind(line: &[u8], mut at: usize) -> usize {
    let rest = |at: usize| line.get(at..).unwrap_or_default();
    while rest(at).first() == Some(&b'[')
        && let Some(end) = memchr::memchr(b']', rest(at))
    {
        at = blanks(line, at + end + 1);
    }
    for mark in [&b":"[..], b"->", b"<<<", b"|"] {
        if rest(at).starts_with(mark) {
            at = blanks(line, at + mark.len());
        }
    }
    at
}

/// The word at a place without its brackets, and where it ends.
fn word(line: &[u8], at: usize) -> (&[u8], usize) {
    let rest = line.get(at..).unwrap_or_default();
    let open = usize::from(rest.first() == Some(&b'['));
    let inside = rest.get(open..).unwrap_or_default();
    let end = inside
        .iter()
        .position(|byte| matches!(byte, b' ' | b'\t' | b']'))
        .unwrap_or(inside.len());
    let close = usize::from(inside.get(end) == Some(&b']'));
    (
        inside.get(..end).unwrap_or_default(),
        at + open + end + close,
    )
}

fn blanks(line: &[u8], at: usize) -> usize {
    let rest = line.get(at..).unwrap_or_default();
    at + rest
        .iter()
        .take_while(|byte| matches!(byte, b' ' | b'\t'))
        .count()
}

/// `12:00:01`, perhaps with parts of a second and a zone behind it.
fn is_time(word: &[u8]) -> bool {
    let Some((clock, rest)) = word.split_at_checked(8) else {
        return false;
    };
    let shape = |(index, byte): (usize, &u8)| match index {
        2 | 5 => *byte == b':',
        _ => byte.is_ascii_digit(),
    };
    clock.iter().enumerate().all(shape)
        && rest.iter().all(|byte| {
            byte.is_ascii_digit() || matches!(byte, b'.' | b',' | b':' | b'+' | b'-' | b'Z')
        })
}

/// `2026-11-24`, `24.11.2026`.
fn is_date(word: &[u8]) -> bool {
    word.len() >= 8
        && word
            .iter()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b'/'))
        && word.iter().filter(|byte| !byte.is_ascii_digit()).count() == 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_ends_where_the_line_of_the_meter_begins() {
        for stamp in [
            "12:00:01 ",
            "12:00:01.123 ",
            "12:00:01,123\t",
            "[12:00:01.123] ",
            "[2026-11-24 12:00:01] ",
            "2026-11-24T12:00:01.123Z ",
            "[2026-11-24T12:00:01.123+01:00] ",
            "24.11.2026 12:00:01 ",
            "[12:00:01][D][dsmr:086]: ",
            "  12:00:01.123 -> ",
        ] {
            for line in ["1-0:1.8.0(000025.653*kWh)", "/Lux5\\1_M", "!8B52", ""] {
                let whole = format!("{stamp}{line}");
                assert_eq!(length(whole.as_bytes()), stamp.len(), "{whole:?}");
            }
        }
    }

    #[test]
    fn lines_of_a_meter_have_no_stamp() {
        for line in [
            "1-0:1.8.0(000025.653*kWh)",
            "0-0:1.0.0(200706104157S)",
            "/12:00:01",
            "!8B52",
            "",
            "1.8.0(1)",
            "12:00 1-0:1.8.0(1)",
        ] {
            assert_eq!(length(line.as_bytes()), 0, "{line:?}");
        }
    }
}
