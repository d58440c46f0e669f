//! What sinks write: every line valid in its format, whatever the telegram says.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use smarty::cli::words;
use smarty::p1::cipher::{AuthenticationKey, Key, Keys, MeterKeys};
use smarty::p1::ciphering::{FrameCounter, SecurityControl, SystemTitle};
use smarty::p1::decoder::{Decoder, Policy, TagPolicy};
use smarty::p1::event::{Decoded, Event, Refused};
use smarty::sink::context::{Context, Source};
use smarty::sink::csv::Csv;
use smarty::sink::fields::Fields;
use smarty::sink::influx;
use smarty::sink::json::{Json, pretty};
use smarty::sink::redact::Redactor;
use smarty::sink::table::TableOptions;
use smarty::sink::{hex, table};

use super::{choices, keys, zone};

/// Decodes the bytes as they are, then as the text of a sealed frame; nothing is refused that can be printed.
pub fn every_line_is_valid(bytes: &[u8]) {
    let policy = Policy {
        tag: TagPolicy::Warn,
        ignore_crc: true,
    };
    let mut page = Page::new(bytes);
    let mut decoder = Decoder::new(Arc::clone(keys()), policy, zone().clone());
    decoder.push(bytes, |event| page.event(event));
    decoder.finish(|event| page.event(event));
    let (ring, frame) = sealed(bytes);
    let mut decoder = Decoder::new(ring, policy, zone().clone());
    decoder.push(&frame, |event| page.event(event));
    decoder.finish(|event| page.event(event));
    page.ended();
}

/// All that is written in one run.
struct Page {
    json: Json,
    chosen: Json,
    fields: Fields,
    table: Vec<u8>,
    csv: Csv,
    redactor: Redactor,
    label: String,
    seq: u64,
}

impl Page {
    fn new(bytes: &[u8]) -> Self {
        let fields = Fields::parse("active_energy_import,gas_m3,1-0:1.7.0,text_message").unwrap();
        let mut rng = choices(bytes);
        // What a capture log can give as a label.
        let place = rng.below(bytes.len() + 1);
        let label = bytes
            .get(place..(place + 8).min(bytes.len()))
            .unwrap_or_default();
        Self {
            json: Json::new(None),
            chosen: Json::new(Some(fields.clone())),
            csv: Csv::new((rng.below(2) == 0).then(|| fields.clone())),
            fields,
            table: Vec::new(),
            redactor: Redactor::new(zone().clone()),
            label: String::from_utf8_lossy(label).into_owned(),
            seq: 0,
        }
    }

    fn event(&mut self, event: &Event<'_>) {
        match event {
            Event::Telegram(decoded) => {
                self.telegram(decoded);
                let mut redactor =
                    std::mem::replace(&mut self.redactor, Redactor::new(zone().clone()));
                self.telegram(&redactor.redact(decoded));
                self.redactor = redactor;
            }
            Event::Refused(refused) => {
                self.refused(refused);
                let mut redactor =
                    std::mem::replace(&mut self.redactor, Redactor::new(zone().clone()));
                self.refused(&redactor.refused(refused));
                self.redactor = redactor;
            }
            Event::Junk(_) => {}
        }
    }

    fn telegram(&mut self, decoded: &Decoded<'_>) {
        self.seq += 1;
        let label = self.label.clone();
        let context = context(&label, self.seq);
        let line = line_of(|out| self.json.telegram(out, &context, decoded));
        let said = parse_json(&line);
        assert_eq!(
            said.readings.unwrap().len(),
            decoded.telegram.readings().count()
        );
        let mut wide = Vec::new();
        pretty(&line, &mut wide);
        assert_eq!(parse_json(&wide).values.unwrap().0, said.values.unwrap().0);
        parse_json(&line_of(|out| self.chosen.telegram(out, &context, decoded)));
        self.csv.begin(&mut self.table, decoded);
        self.csv.telegram(&mut self.table, &context, decoded);
        for fields in [None, Some(&self.fields)] {
            let mut out = Vec::new();
            influx::telegram(&mut out, fields, &context, decoded);
            if !out.is_empty() {
                line_protocol(&out);
            }
        }
        for width in [None, Some(80)] {
            let mut out = Vec::new();
            let options = TableOptions {
                width,
                fields: None,
            };
            table::write(&mut out, decoded, &context, &options);
            printable(&out);
        }
        let mut out = Vec::new();
        hex::write(&mut out, decoded);
        printable(&out);
    }

    fn refused(&mut self, refused: &Refused<'_>) {
        let (message, hint) = words::refused(refused);
        printable(format!("{message}\n{hint}").as_bytes());
        let label = self.label.clone();
        let context = context(&label, 0);
        parse_json(&line_of(|out| {
            self.json
                .refused(out, &context, refused, &message, Some(&hint))
        }));
    }

    fn ended(&self) {
        let rows = read_csv(std::str::from_utf8(&self.table).unwrap());
        let columns = rows.first().map_or(0, Vec::len);
        assert!(rows.iter().all(|row| row.len() == columns), "{rows:?}");
        assert_eq!(
            rows.len() as u64,
            if self.seq == 0 { 0 } else { self.seq + 1 }
        );
    }
}

/// A line of JSON, as far as it is looked at.
#[derive(Deserialize)]
struct Line {
    schema: String,
    values: Option<Names>,
    readings: Option<Vec<IgnoredAny>>,
}

/// The names of an object, each of which may stand there once.
struct Names(Vec<String>);

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

fn context(label: &str, seq: u64) -> Context<'_> {
    Context {
        seq,
        received_at: None,
        source: Source {
            kind: "file",
            name: label,
            label: (!label.is_empty()).then_some(label),
        },
        meter_name: Some(label),
        derived: &[],
    }
}

/// The text in a frame of a meter of its own, so that what stands around it is printed too.
fn sealed(text: &[u8]) -> (Arc<Keys>, Vec<u8>) {
    let title = SystemTitle(*b"SMY\x67\x70\0\0\x01");
    let own = MeterKeys::new(Key::new([9; 16]), AuthenticationKey::default());
    let mut frame = Vec::new();
    let control = SecurityControl::AUTHENTICATED_ENCRYPTION;
    own.seal(title, control, FrameCounter(7), text, &mut frame);
    let mut keys = Keys::default();
    keys.insert(title, own);
    (Arc::new(keys), frame)
}

fn line_of(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out);
    let end = out.pop();
    assert_eq!(end, Some(b'\n'));
    assert!(!out.contains(&b'\n'), "{}", String::from_utf8_lossy(&out));
    out
}

fn parse_json(line: &[u8]) -> Line {
    let text = std::str::from_utf8(line).unwrap();
    let said: Line = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(said.schema, "smarty/1");
    said
}

/// Reads a table by the rules of RFC 4180, to its last line end.
fn read_csv(text: &str) -> Vec<Vec<String>> {
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
fn line_protocol(line: &[u8]) {
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

/// What goes to a terminal holds no control character but line ends and the colours we set.
pub fn printable(text: &[u8]) {
    let text = std::str::from_utf8(text).unwrap();
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_control() && c != '\n') {
        let colour = rest[at..].strip_prefix("\u{1b}[").and_then(|code| {
            let end = code.find('m')?;
            code[..end]
                .bytes()
                .all(|b| b.is_ascii_digit() || b == b';')
                .then(|| &code[end + 1..])
        });
        rest = colour.unwrap_or_else(|| panic!("a control character in {text:?}"));
    }
}
