//! The formats of the output, read by their rules: panics where these are broken.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

/// A line of JSON, as far as it is looked at.
#[derive(Deserialize)]
pub struct Line {
    schema: String,
    /// Names of the values.
    pub values: Option<Names>,
    /// Lines of the telegram.
    pub readings: Option<Vec<IgnoredAny>>,
}

/// The names of an object, each of which may stand there once.
#[derive(Debug, PartialEq)]
pub struct Names(Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Names;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Names, A::Error> {
                let mut names = Vec::new();
                while let Some((name, IgnoredAny)) = map.next_entry::<String, IgnoredAny>()? {
                    assert!(!names.contains(&name), "{name} stands there twice");
                    names.push(name);
                }
                Ok(Names(names))
            }
        }
        input.deserialize_map(Each)
    }
}

/// Reads a line of JSON.
pub fn parse_json(line: &[u8]) -> Line {
    let text = std::str::from_utf8(line).unwrap();
    let said: Line = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(said.schema, "smarty/1");
    said
}

/// Reads a table by the rules of RFC 4180, to its last line end.
pub fn read_csv(text: &str) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let mut row = Vec::new();
        loop {
            let (cell, behind) = match rest.strip_prefix('"') {
                Some(quoted) => read_quoted(quoted),
                None => {
                    let end = rest.find([',', '\r', '\n']).expect("a cell has an end");
                    assert!(!rest[..end].contains('"'), "{rest}");
                    (rest[..end].to_owned(), &rest[end..])
                }
            };
            row.push(cell);
            match behind.strip_prefix(',') {
                Some(next) => rest = next,
                None => {
                    rest = behind.strip_prefix("\r\n").expect("a row has an end");
                    break;
                }
            }
        }
        rows.push(row);
    }
    rows
}

fn read_quoted(mut rest: &str) -> (String, &str) {
    let mut cell = String::new();
    loop {
        let end = rest.find('"').expect("a quotation has an end");
        cell.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(next) => {
                cell.push('"');
                rest = next;
            }
            None => return (cell, rest),
        }
    }
}

/// Checks a line of InfluxDB: measurement and tags, fields, perhaps a time; blanks part them.
pub fn line_protocol(line: &[u8]) {
    let line = std::str::from_utf8(line).unwrap();
    let line = line.strip_suffix('\n').expect("a line has an end");
    // Quotation marks mean something in fields only.
    let tags = split(line, ' ', false)[0];
    let sections = split(&line[tags.len() + 1..], ' ', true);
    assert!((1..=2).contains(&sections.len()), "{line}");
    let tags = split(tags, ',', false);
    let fields = split(sections[0], ',', true);
    assert_eq!(tags[0], "p1");
    for (pair, quotes) in tags[1..]
        .iter()
        .map(|tag| (tag, false))
        .chain(fields.iter().map(|field| (field, true)))
    {
        let parts = split(pair, '=', quotes);
        assert_eq!(parts.len(), 2, "{pair} in {line}");
        assert!(
            parts.iter().all(|part| !part.is_empty()),
            "{pair} in {line}"
        );
    }
    for tag in &tags[1..] {
        assert!(!tag.contains(['\n', '\r']), "{line:?}");
    }
    for field in fields {
        let value = split(field, '=', true)[1];
        let is_text = value.starts_with('"') && value.len() > 1 && value.ends_with('"');
        assert!(is_text || value.parse::<f64>().is_ok(), "{field} in {line}");
    }
    assert!(
        sections
            .get(2)
            .is_none_or(|time| time.parse::<i64>().is_ok()),
        "{line}"
    );
}

/// Splits where no backslash stands before a separator, nor quotation marks around it where those count.
fn split(text: &str, separator: char, quotes: bool) -> Vec<&str> {
    let (mut parts, mut start) = (Vec::new(), 0);
    let (mut escaped, mut quoted) = (false, false);
    for (at, found) in text.char_indices() {
        if found == separator && !escaped && !quoted {
            parts.push(&text[start..at]);
            start = at + found.len_utf8();
        }
        quoted ^= quotes && found == '"' && !escaped;
        // Only between quotation marks is a backslash written as two.
        escaped = found == '\\' && !(quoted && escaped);
    }
    parts.push(&text[start..]);
    parts
}

/// What goes to a terminal holds no control character but line ends and the colours we set; gives the rest.
pub fn printable(text: &[u8]) -> String {
    let text = std::str::from_utf8(text).unwrap();
    let (mut plain, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(|c: char| c.is_control() && c != '\n') {
        plain.push_str(&rest[..at]);
        let colour = rest[at..].strip_prefix("\u{1b}[").and_then(|code| {
            let end = code.find('m')?;
            code[..end]
                .bytes()
                .all(|b| b.is_ascii_digit() || b == b';')
                .then(|| &code[end + 1..])
        });
        rest = colour.unwrap_or_else(|| panic!("a control character in {text:?}"));
    }
    plain + rest
}
