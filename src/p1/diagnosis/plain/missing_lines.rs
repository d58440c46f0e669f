//! Lines that are missing as a whole: each line that is there is as it should be, and only the CRC tells.
//!
//! Another telegram of the same meter shows which lines there should be. With none, a line can be missed by
//! what belongs to it: the other phases, the other tariff, the other half of an M-Bus meter.

use memchr::memchr;

/// Lines that did not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Offset in the text at which they should stand.
    pub place: usize,
    /// Their bytes, as long as they are elsewhere.
    pub bytes: usize,
}

/// The lines of some other telegrams of the meter that this one lacks.
pub fn missing(text: &[u8], others: &[&[u8]]) -> Option<Lost> {
    let lines = lines(text);
    let lost = others
        .iter()
        .filter_map(|other| lacking(&lines, &self::lines(other)));
    // Others may have lost lines as well: what lacks the most is held against the fullest.
    lost.max_by_key(|lost| lost.bytes)
}

/// Where a line is missing that always comes with one that is there.
pub fn lacks_sibling(text: &[u8]) -> Option<usize> {
    let lines = lines(text);
    let has = |code: &str| lines.iter().any(|line| line.code == code.as_bytes());
    let behind = |code: &str| {
        let found = lines.iter().find(|line| line.code == code.as_bytes());
        found.map(|line| line.start + line.length)
    };
    let phases = FAMILIES.iter().filter_map(|(first, end)| {
        let code = |phase: usize| format!("1-0:{}.{end}", first + 20 * phase);
        let there = [0, 1, 2].map(|phase| has(&code(phase)));
        match there {
            [true, false, true] => behind(&code(0)),
            [true, true, false] => behind(&code(1)),
            [false, true, true] | [false, false, true] | [false, true, false] => {
                behind(&code(1)).or_else(|| behind(&code(2)))
            }
            _ => None,
        }
    });
    let pairs = PAIRS.iter().filter_map(|(a, b)| match (has(a), has(b)) {
        (true, false) => behind(a),
        (false, true) => behind(b),
        _ => None,
    });
    let devices = (1..=4).filter_map(|channel| {
        let (kind, value) = (format!("0-{channel}:24.1.0"), format!("0-{channel}:24.2.1"));
        (!has(&kind) && has(&value)).then(|| behind(&value))?
    });
    phases.chain(pairs).chain(devices).next()
}

/// A line of data.
struct Line<'a> {
    code: &'a [u8],
    start: usize,
    length: usize,
}

/// The lines that begin with a code, and the header line without one.
fn lines(text: &[u8]) -> Vec<Line<'_>> {
    let mut start = 0;
    let pieces = text.split_inclusive(|&byte| byte == b'\n').map(|line| {
        start += line.len();
        (start - line.len(), line)
    });
    pieces
        .filter_map(|(start, line)| {
            let code = match line.first() {
                Some(b'/') => line,
                _ => line.get(..memchr(b'(', line)?)?,
            };
            (!code.is_empty()).then_some(Line {
                code,
                start,
                length: line.len(),
            })
        })
        .collect()
}

/// The lines that only the second has, where it is of the same meter.
fn lacking(lines: &[Line<'_>], other: &[Line<'_>]) -> Option<Lost> {
    if lines.first()?.code != other.first()?.code {
        return None;
    }
    let (mut at, mut same) = (0, 0);
    let (mut place, mut bytes) = (None, 0);
    // Bytes that stand here instead: in a line whose code was changed, or behind a line whose end was.
    let mut instead = 0;
    for line in other {
        let here = lines.get(at);
        if let Some(here) = here.filter(|here| here.code == line.code) {
            instead += here.length.saturating_sub(line.length);
            at += 1;
            same += 1;
            continue;
        }
        let rest = lines.get(at..).unwrap_or_default();
        match rest.iter().position(|here| here.code == line.code) {
            // Lines that the other one lacks.
            Some(ahead) => {
                at += ahead + 1;
                same += 1;
            }
            None => {
                let end = lines.last().map_or(0, |last| last.start + last.length);
                place = place.or(Some(here.map_or(end, |here| here.start)));
                bytes += line.length;
                let strange = |here: &&Line<'_>| other.iter().all(|line| line.code != here.code);
                if let Some(here) = here.filter(strange) {
                    instead += here.length;
                    at += 1;
                }
            }
        }
    }
    let is_gone = instead + VARIES < bytes;
    let place = place.filter(|_| is_gone && same * 3 >= lines.len() * 2)?;
    Some(Lost { place, bytes })
}

/// Bytes by which values of one telegram are longer than those of the next.
const VARIES: usize = 8;
/// Codes of the first of three phases: C and the rest.
const FAMILIES: [(usize, &str); 10] = [
    (21, "7.0"),
    (22, "7.0"),
    (23, "7.0"),
    (24, "7.0"),
    (29, "7.0"),
    (30, "7.0"),
    (31, "7.0"),
    (32, "7.0"),
    (32, "32.0"),
    (32, "36.0"),
];
/// Codes that come together.
const PAIRS: [(&str, &str); 4] = [
    ("1-0:1.8.1", "1-0:1.8.2"),
    ("1-0:2.8.1", "1-0:2.8.2"),
    ("1-0:3.8.0", "1-0:4.8.0"),
    ("1-0:3.7.0", "1-0:4.7.0"),
];

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] =
        b"/ABC5x\r\n\r\n1-0:1.8.1(01*kWh)\r\n1-0:1.8.2(02*kWh)\r\n1-0:32.7.0(230.1*V)\r\n\
        1-0:52.7.0(230.2*V)\r\n1-0:72.7.0(230.3*V)\r\n!";

    fn without(code: &str) -> Vec<u8> {
        let lines = TEXT.split_inclusive(|&byte| byte == b'\n');
        lines
            .filter(|line| !line.starts_with(code.as_bytes()))
            .flatten()
            .copied()
            .collect()
    }

    #[test]
    fn a_line_is_missed_by_another_telegram() {
        let text = without("1-0:1.8.2");
        let lost = Lost {
            place: 29,
            bytes: 19,
        };
        assert_eq!(missing(&text, &[TEXT]), Some(lost));
        assert_eq!(missing(TEXT, &[&text, TEXT]), None);
        let stranger = without("/");
        assert_eq!(missing(&text, &[&stranger]), None);
    }

    #[test]
    fn a_line_with_another_code_or_end_is_not_missing() {
        let text = String::from_utf8(TEXT.to_vec()).unwrap();
        let changed = text.replace("1-0:1.8.2", "0-0:1.8.2");
        assert_eq!(missing(changed.as_bytes(), &[TEXT]), None);
        let joined = text.replace("kWh)\r\n1-0:1.8.2", "kWh)\r\x081-0:1.8.2");
        assert_eq!(missing(joined.as_bytes(), &[TEXT]), None);
    }

    #[test]
    fn a_line_is_missed_by_what_belongs_to_it() {
        assert_eq!(lacks_sibling(TEXT), None);
        for code in ["1-0:1.8.1", "1-0:1.8.2", "1-0:32", "1-0:52", "1-0:72"] {
            assert!(lacks_sibling(&without(code)).is_some(), "{code}");
        }
        let single: Vec<u8> = TEXT[..TEXT.len() - 43].to_vec();
        assert_eq!(lacks_sibling(&single), None);
    }
}
