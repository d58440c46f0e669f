//! Our own output, back to telegrams: `parse --json` of an earlier day is an input like any other.
//!
//! `telegram.header`, the `readings` with their `raw` groups and `telegram.crc.received` are the text as sent; a
//! line end or a fault that the parser mended is not in them. Lines of other types are passed over. Where `-F` has left
//! readings out, the CRC is that of another text, and left out too. Flat objects have no text: one is made of their values.
//!
//! An object may run over several lines, as `--pretty` and jq lay it out: from a line `{` to a line `}`.

mod flat;

use std::borrow::Cow;
use std::ops::Deref;

use jiff::Timestamp;
use memchr::memmem;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::lines::{Line, Lines};
use super::{Archived, DumpError, Piece, Place};

pub(super) use self::flat::is_flat;

/// Turns lines of JSON to the telegrams they were made from.
pub(super) struct Ndjson {
    lines: Lines,
    objects: Objects,
}

/// Objects as they come, line by line.
#[derive(Default)]
struct Objects {
    /// Lines of an object that is not whole yet.
    held: String,
    /// Number of the first of them.
    first: u64,
    /// Objects that hold telegrams, as far as they were read here.
    telegrams: usize,
    /// They are left to others.
    leaves: bool,
}

/// An object of JSON, as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Object<'a> {
    /// The text.
    pub text: &'a str,
    /// Number of its first line.
    pub line: u64,
}

#[derive(Deserialize)]
struct Kind {
    schema: String,
    r#type: String,
}

#[derive(Deserialize)]
struct Output<'a> {
    #[serde(rename = "schema")]
    _schema: Text<'a>,
    #[serde(borrow)]
    r#type: Text<'a>,
    #[serde(default, deserialize_with = "moment")]
    received_at: Option<Timestamp>,
    #[serde(borrow)]
    source: Option<Source<'a>>,
    #[serde(borrow)]
    security: Option<Security<'a>>,
    #[serde(borrow)]
    telegram: Telegram<'a>,
    #[serde(borrow)]
    meter: Option<Meter<'a>>,
    #[serde(borrow)]
    readings: Vec<Reading<'a>>,
}

/// A text, as it stands where nothing in it is escaped.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
struct Source<'a> {
    #[serde(borrow)]
    label: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Security<'a> {
    #[serde(borrow)]
    tag: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Meter<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Telegram<'a> {
    #[serde(borrow)]
    header: Text<'a>,
    length: Option<usize>,
    #[serde(borrow)]
    crc: Option<Crc<'a>>,
    /// Of a DLMS push: the CRC is that of the readout made of it.
    checksums: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Crc<'a> {
    #[serde(borrow)]
    received: Option<Text<'a>>,
    #[serde(borrow)]
    computed: Option<Text<'a>>,
    valid: Option<bool>,
}

#[derive(Deserialize)]
struct Reading<'a> {
    #[serde(borrow)]
    obis: Option<Text<'a>>,
    #[serde(borrow)]
    raw: Vec<Text<'a>>,
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Ndjson {
    pub(super) fn new() -> Self {
        Self {
            lines: Lines::verbatim(),
            objects: Objects::default(),
        }
    }

    /// Gives objects as they are from now on.
    pub(super) fn leave_objects(&mut self) {
        self.objects.leaves = true;
    }

    pub(super) fn push(
        &mut self,
        input: &[u8],
        out: &mut dyn FnMut(Piece<'_>),
    ) -> Result<(), DumpError> {
        let Self { lines, objects } = self;
        lines.push(input, &mut |line| objects.line(&line, out))
    }

    pub(super) fn finish(&mut self, out: &mut dyn FnMut(Piece<'_>)) -> Result<(), DumpError> {
        let Self { lines, objects } = self;
        lines.finish(&mut |line| objects.line(&line, out))?;
        objects.finish(out)
    }

    /// Telegrams rebuilt.
    pub(super) fn tally(&self) -> usize {
        self.objects.telegrams
    }
}

/// True for a line of ours, of any type.
pub(super) fn is_ours(line: &[u8]) -> bool {
    let kind = serde_json::from_slice::<Kind>(line);
    kind.is_ok_and(|kind| kind.schema.starts_with("smarty/")) || is_flat(line)
}

/// True for the first lines of an object of ours that runs over several.
pub(super) fn begins_ours(lines: &[u8]) -> bool {
    let inside = lines.trim_ascii_start().strip_prefix(b"{");
    let Some(inside) = inside.filter(|inside| matches!(inside.first(), Some(b'\r' | b'\n'))) else {
        return false;
    };
    let inside = inside.trim_ascii_start();
    let value = inside.strip_prefix(b"\"schema\":");
    value.is_some_and(|value| value.trim_ascii_start().starts_with(b"\"smarty/"))
        || inside.starts_with(b"\"meter\":") && memmem::find(inside, flat::TIME).is_some()
}

impl Objects {
    fn line(&mut self, line: &Line<'_>, out: &mut dyn FnMut(Piece<'_>)) -> Result<(), DumpError> {
        let text = line.text.trim_end();
        if self.held.is_empty() {
            if text != "{" {
                return self.read(line.text, line.number, out);
            }
            self.first = line.number;
        }
        if self.held.len() + text.len() > LONGEST {
            return Err(DumpError::LongLine {
                line: self.first,
                limit: LONGEST,
            });
        }
        self.held.push_str(text);
        self.held.push('\n');
        match text {
            "}" => self.finish(out),
            _ => Ok(()),
        }
    }

    /// Reads what is held, which is whole or was cut.
    fn finish(&mut self, out: &mut dyn FnMut(Piece<'_>)) -> Result<(), DumpError> {
        let held = std::mem::take(&mut self.held);
        self.read(&held, self.first, out)
    }

    fn read(
        &mut self,
        text: &str,
        line: u64,
        out: &mut dyn FnMut(Piece<'_>),
    ) -> Result<(), DumpError> {
        let object = Object { text, line };
        match self.leaves {
            _ if text.trim().is_empty() => {}
            true => out(Piece::Object(object)),
            false => self.telegrams += usize::from(object.read(out)?),
        }
        Ok(())
    }
}

impl Object<'_> {
    /// Gives the telegram in the object; false where there is none.
    ///
    /// # Errors
    /// What is no object of ours, with its place.
    pub fn read(self, out: &mut dyn FnMut(Piece<'_>)) -> Result<bool, DumpError> {
        let Self { text, line } = self;
        let wrong = |error| wrong(line, &error);
        if flat::begins(text) {
            return flat::read(text, out).map_err(wrong);
        }
        // Most are telegrams: others are looked at once more.
        let output: Output<'_> = match serde_json::from_str(text) {
            Ok(output) => output,
            Err(_) => {
                let kind: Kind = serde_json::from_str(text).map_err(wrong)?;
                if kind.r#type != TELEGRAM {
                    return Ok(false);
                }
                serde_json::from_str(text).map_err(wrong)?
            }
        };
        if &*output.r#type != TELEGRAM {
            return Ok(false);
        }
        out(Piece::Archived(output.archived()));
        out(Piece::Bytes(output.rebuilt().as_bytes()));
        Ok(true)
    }
}

/// An error of an object, in words; the parser counts lines from the first of it.
fn wrong(first: u64, error: &serde_json::Error) -> DumpError {
    let what = error.to_string();
    let what = what
        .split(" at line ")
        .next()
        .unwrap_or_default()
        .to_owned();
    let place = Place {
        line: first + (error.line() as u64).saturating_sub(1),
        column: error.column() as u64,
    };
    DumpError::Json { place, what }
}

impl Output<'_> {
    fn archived(&self) -> Archived<'_> {
        let meter = self.meter.as_ref();
        let tag = self.security.as_ref().and_then(|it| it.tag.as_deref());
        Archived {
            received_at: self.received_at,
            label: self.source.as_ref().and_then(|it| it.label.as_deref()),
            meter: meter.and_then(|meter| meter.id.as_deref()),
            name: meter.and_then(|meter| meter.name.as_deref()),
            doubtful: tag == Some("invalid"),
        }
    }

    fn rebuilt(&self) -> String {
        let mut text =
            String::with_capacity(self.telegram.length.unwrap_or(0).min(TELEGRAM_LENGTH));
        text.push_str(&self.telegram.header);
        text.push_str("\r\n\r\n");
        for reading in &self.readings {
            text.push_str(reading.obis.as_deref().unwrap_or_default());
            for group in &reading.raw {
                text.push('(');
                text.push_str(group);
                text.push(')');
            }
            text.push_str("\r\n");
        }
        let is_push = self.telegram.checksums.is_some();
        // Behind the mark are four digits and a line end.
        let whole = text.len() + "!0000\r\n".len();
        let is_part = self.telegram.length.is_some_and(|length| whole < length);
        let crc = self.telegram.crc.as_ref();
        let crc = crc.filter(|crc| !is_part || crc.valid == Some(false));
        let received = crc.and_then(|crc| {
            let computed = crc.computed.as_deref().filter(|_| is_push);
            crc.received.as_deref().or(computed)
        });
        text.push('!');
        text.push_str(received.unwrap_or_default());
        text.push_str("\r\n");
        text
    }
}

/// A time, or null.
fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    let at = text.map(|text| text.parse().map_err(D::Error::custom));
    at.transpose()
}

const TELEGRAM: &str = "telegram";
/// What most telegrams take, in bytes.
const TELEGRAM_LENGTH: usize = 4096;
/// No object of ours is as long as this, in bytes.
const LONGEST: usize = 16 << 20;

#[cfg(test)]
mod tests {
    use super::super::tests::{decoded, error};
    use super::super::{DumpError, Form, Place};

    const TELEGRAM: &str = concat!(
        r#"{"schema":"smarty/1","type":"telegram","seq":1,"telegram":{"header":"/Lux5\\1_M","length":9,"#,
        r#""crc":{"received":"8B52","computed":"0000","valid":false}},"readings":["#,
        r#"{"obis":"1-0:1.8.0","name":null,"value":25.653,"unit":"kWh","raw":["000025.653*kWh"]},"#,
        r#"{"obis":"1-1:31.4.0","raw":["100*A","-063*A"]},{"obis":"0-0:96.13.0","value":null,"raw":[""]}]}"#,
    );

    #[test]
    fn a_telegram_is_rebuilt_as_it_was_sent() {
        let text = format!("{{\"schema\":\"smarty/1\",\"type\":\"link\"}}\r\n\n{TELEGRAM}\n");
        let expected = "/Lux5\\1_M\r\n\r\n1-0:1.8.0(000025.653*kWh)\r\n1-1:31.4.0(100*A)(-063*A)\r\n0-0:96.13.0()\r\n!8B52\r\n";
        assert_eq!(decoded(Form::Ndjson, text.as_bytes()), expected.as_bytes());
    }

    #[test]
    fn an_object_may_run_over_several_lines() {
        let once = decoded(Form::Ndjson, TELEGRAM.as_bytes());
        let value: serde_json::Value = serde_json::from_str(TELEGRAM).unwrap();
        let pretty = serde_json::to_string_pretty(&value).unwrap();
        let link = "{\n  \"schema\": \"smarty/1\",\n  \"type\": \"link\"\n}";
        let text = format!("{pretty}\r\n{link}\n{TELEGRAM}\n{pretty}");
        assert_eq!(decoded(Form::Ndjson, text.as_bytes()), once.repeat(3));
        let cut = text.strip_suffix('}').unwrap();
        let lines = text.lines().count() as u64;
        let found = error(Form::Ndjson, cut.as_bytes());
        assert!(
            matches!(found, DumpError::Json { place, .. } if place.line + 1 >= lines),
            "{found}"
        );
    }

    #[test]
    fn a_telegram_without_crc_ends_in_its_mark_alone() {
        let text = TELEGRAM.replace("\"8B52\"", "null");
        assert!(decoded(Form::Ndjson, text.as_bytes()).ends_with(b"()\r\n!\r\n"));
    }

    #[test]
    fn a_bad_line_is_refused_with_its_number() {
        for bad in [
            "{\"schema\":",
            "{}",
            "{\"schema\":\"smarty/1\",\"type\":\"telegram\"}",
        ] {
            let found = error(Form::Ndjson, format!("{TELEGRAM}\n{bad}\n").as_bytes());
            assert!(
                matches!(
                    found,
                    DumpError::Json {
                        place: Place { line: 2, .. },
                        ..
                    }
                ),
                "{found}"
            );
        }
    }
}
