//! Prefixes that a log may put before each line: random words, numbers and marks.

use proptest::prelude::*;

/// A part of a prefix: the same in each line, or a number that changes.
#[derive(Clone, Debug)]
pub enum Part {
    Same(String),
    Number(u32),
    Clock,
}

/// Prefixes that end with something no line of a telegram begins with.
pub fn prefixes() -> impl Strategy<Value = Vec<Part>> {
    let part = prop_oneof![
        "[a-zA-Z_]{2,8}".prop_map(Part::Same),
        any::<u16>().prop_map(|number| Part::Number(number.into())),
        Just(Part::Clock),
    ];
    let mark = prop_oneof!["[\\[\\](|:=#,.@ -]{1,2}", Just(" ".to_owned())].prop_map(Part::Same);
    let end = prop_oneof![
        Just(": "),
        Just("] "),
        Just(" -> "),
        Just(" | "),
        Just("\t"),
        Just(" > "),
        Just(" "),
    ];
    let parts = prop::collection::vec((part, mark), 0..4);
    (parts, Just(Part::Clock), end).prop_map(|(parts, clock, end)| {
        let pairs = parts.into_iter().flat_map(|(part, mark)| [part, mark]);
        let end = Part::Same(end.to_owned());
        pairs.chain([clock, end]).collect()
    })
}

/// The lines of a text, each with the prefix before it; long ones cut, other lines of the log between some.
pub fn log(bytes: &[u8], prefix: &[Part], cut: Option<usize>, other: bool) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut out = String::new();
    let mut number = 0;
    let mut line = |out: &mut String, text: &str| {
        number += 1;
        for part in prefix {
            match part {
                Part::Same(same) => out.push_str(same),
                Part::Number(start) => out.push_str(&(start + number).to_string()),
                Part::Clock => {
                    out.push_str(&format!("18:{:02}:{:02}", number / 60 % 60, number % 60))
                }
            }
        }
        out.push_str(text);
        out.push('\n');
    };
    for (index, whole) in text.lines().enumerate() {
        // A piece must be one that only its telegram explains: nothing but a part of a value.
        let open = whole.find('(').map_or(usize::MAX, |open| open + 1);
        let close = whole
            .get(open.min(whole.len())..)
            .and_then(|rest| rest.find(')'));
        let inside = open..open.saturating_add(close.unwrap_or(0));
        match cut.filter(|cut| inside.contains(cut) && whole.is_char_boundary(*cut)) {
            Some(cut)
                if cut > inside.start
                    && !whole[cut..].starts_with(['/', '!', ' '])
                    && !whole[..cut].ends_with(' ') =>
            {
                line(&mut out, &whole[..cut]);
                line(&mut out, &whole[cut..]);
            }
            _ => line(&mut out, whole),
        }
        if other && index % 7 == 3 {
            out.push_str("wifi: the signal is -67 dBm\n");
        }
    }
    out
}
