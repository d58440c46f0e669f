//! What a person has blotted out before a telegram was shown to others: the CRC cannot fit any more, and nothing on
//! the line is wrong.

use crate::p1::layout::{Layout, Line};
use crate::p1::obis::{Kind, Obis, Section};
use crate::p1::readout::Readout;

/// What was blotted out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blotted {
    /// Index of the first of it.
    pub place: usize,
    /// Code of its line; `None` for the first line of the telegram.
    pub code: Option<Obis>,
    /// Lines with something blotted out in them.
    pub lines: usize,
}

/// Finds what was blotted out of a telegram.
pub fn blotted(text: &[u8]) -> Option<Blotted> {
    let mark = Readout::find(text).map_or(text.len(), |readout| readout.mark);
    let layout = Layout::read(text, mark);
    let header = layout.identification;
    let in_header = longest_run(header.of(text), is_mask) >= HEADER_RUN;
    let header = in_header.then_some((header.start as usize, None));
    let lines = layout.lines.iter().filter_map(|line| {
        let groups = layout.groups_of(line).iter();
        let mut masked = groups.filter(|group| is_blotted(group.place.of(text), names(line)));
        let place = masked.next()?.place;
        Some((place.start as usize, Some(line.code)))
    });
    let found: Vec<(usize, Option<Obis>)> = header.into_iter().chain(lines).collect();
    found.first().map(|&(place, code)| Blotted {
        place,
        code,
        lines: found.len(),
    })
}

/// Tells whether a line names a meter.
fn names(line: &Line) -> bool {
    line.entry
        .is_some_and(|entry| entry.kind == Kind::OctetText && entry.section != Section::Text)
}

fn is_blotted(value: &[u8], names: bool) -> bool {
    let bracketed = |open, close| {
        let open = memchr::memchr(open, value);
        open.is_some_and(|open| memchr::memrchr(close, value) > Some(open + 1))
    };
    if longest_run(value, is_mask) >= RUN || bracketed(b'<', b'>') {
        return true;
    }
    let word = String::from_utf8_lossy(value).to_ascii_lowercase();
    let said = WORDS.iter().any(|said| word.contains(said));
    let nothing = !word.is_empty() && word.chars().all(|c| is_mask(c) || is_filler(c));
    names
        && (said
            || nothing
            || bracketed(b'[', b']')
            || bracketed(b'{', b'}')
            || longest_run(value, is_filler) >= RUN
            || !word.is_ascii())
}

/// Longest run of one character of a kind.
fn longest_run(value: &[u8], kind: impl Fn(char) -> bool) -> usize {
    let (mut longest, mut run, mut last) = (0, 0, None);
    for character in String::from_utf8_lossy(value).chars() {
        let character = character.to_ascii_lowercase();
        run = match kind(character) {
            true if last == Some(character) => run + 1,
            true => 1,
            false => 0,
        };
        last = Some(character);
        longest = longest.max(run);
    }
    longest
}

/// What nothing else that a meter sends has several of in a row.
fn is_mask(character: char) -> bool {
    matches!(character, 'x' | 'X' | '*' | '_' | '#' | '?') || !character.is_ascii()
}

/// The same in the name of a meter.
fn is_filler(character: char) -> bool {
    matches!(character, '.' | '-' | '=' | '~' | '/' | ' ')
}

/// So many in a row are no accident.
const RUN: usize = 3;
/// The same in the first line of a telegram, which may begin with XXX.
const HEADER_RUN: usize = 4;
/// What people write in place of a serial number.
const WORDS: [&str; 14] = [
    "redact",
    "remove",
    "hidden",
    "delete",
    "serial",
    "secret",
    "private",
    "anonym",
    "censor",
    "masked",
    "number",
    "n/a",
    "geheim",
    "verwijder",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn found(lines: &[&str]) -> Option<(String, Option<String>, usize)> {
        let text = format!(
            "/KFM5KAIFA-METER\r\n\r\n{}\r\n!1234\r\n",
            lines.join("\r\n")
        );
        let found = blotted(text.as_bytes())?;
        let rest = text.get(found.place..).unwrap();
        let value = rest.split(')').next().unwrap().to_owned();
        Some((value, found.code.map(|code| code.to_string()), found.lines))
    }

    #[test]
    fn what_people_write_in_place_of_a_number_is_found() {
        for mask in [
            "XXXXXXXXXXXXXXXX",
            "xxxx",
            "****************",
            "________",
            "▇▇▇▇▇▇",
            "<redacted>",
            "[redacted]",
            "REDACTED",
            "...",
            "…",
            "######",
            "<id>",
            "4530303XXXXXXXX",
            "••••",
            "?????",
            "----",
            "serial",
            "hidden",
            "█████",
            "4B38*****",
            "XX",
            "{removed}",
            "000XXX",
            "n/a",
            "<my serial>",
            "??",
            "DELETED",
        ] {
            for code in ["0-0:96.1.1", "0-1:96.1.0", "0-0:42.0.0"] {
                let line = format!("{code}({mask})");
                let found = found(&["1-0:1.8.0(000123.456*kWh)", &line]);
                assert_eq!(found, Some((mask.to_owned(), Some(code.to_owned()), 1)));
            }
        }
        let values = [
            "1-0:1.8.0(XXXXXX.XXX*kWh)",
            "0-0:96.1.1(4B384547)",
            "1-0:2.8.0(***)",
        ];
        let expected = ("XXXXXX.XXX*kWh".to_owned(), Some("1-0:1.8.0".to_owned()), 2);
        assert_eq!(found(&values), Some(expected));
    }

    #[test]
    fn what_meters_send_is_not_blotted_out() {
        let lines = [
            "1-3:0.2.8(50)",
            "0-0:1.0.0(101209113020W)",
            "0-0:96.1.1(4B384547303034303436333935353037)",
            "1-0:1.8.1(123456.789*kWh)",
            "1-0:99.97.0(2)(0-0:96.7.19)(101208152415W)(0000000240*s)",
            "0-0:96.13.1()",
            "0-0:96.13.0(303132333435363738393A3B3C3D3E3F)",
            "0-1:24.2.1(101209110000W)(12785.123*m3)",
            "0-0:96.1.1(LGZ1030655933512)",
            "0-0:96.1.0(KA6U001585575011)",
            "0-0:42.0.0(ACME-MT.382/10)",
            "0-0:98.1.0(2)(1-0:1.6.0)(1-0:1.6.0)(230201000000W)(230117224500W)(04.329*kW)",
            "0-1:24.3.0(121030140000)(00)(60)(1)(0-1:24.2.1)(m3)",
            "(00024.123)",
            "1-0:0.2.0((ER11))",
            "0-0:96.14.0(0002)",
            "0-0:96.1.4(50217)",
            "0-1:96.1.1()",
            "0-0:96.1.1(0000000000000000)",
        ];
        assert_eq!(found(&lines), None);
    }

    #[test]
    fn the_first_line_counts_as_well() {
        let text = b"/KFM5XXXXXX\r\n\r\n1-0:1.8.0(000123.456*kWh)\r\n!1234\r\n";
        let found = blotted(text).unwrap();
        assert_eq!((found.place, found.code, found.lines), (1, None, 1));
        assert_eq!(
            blotted(b"/XXX5x\r\n\r\n1-0:1.8.0(000123.456*kWh)\r\n!1234\r\n"),
            None
        );
    }
}
