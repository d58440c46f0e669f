//! Our own output, back to telegrams: `parse --json` of an earlier day is an input like any other.
//!
//! `telegram.header`, the `readings` with their `raw` groups and `telegram.crc.received` are the text as sent; a
//! line end or a fault that the parser mended is not in them. Lines of other types are passed over.

use serde::Deserialize;

use super::lines::{Line, Lines};
use super::{DumpError, Piece, Place};

/// Turns lines of JSON to the telegrams they were made from.
pub(super) struct Ndjson {
    lines: Lines,
    telegrams: usize,
}

#[derive(Deserialize)]
struct Kind {
    schema: String,
    r#type: String,
}

#[derive(Deserialize)]
struct Output {
    telegram: Telegram,
    readings: Vec<Reading>,
}

#[derive(Deserialize)]
struct Telegram {
    header: String,
    crc: Option<Crc>,
}

#[derive(Deserialize)]
struct Crc {
    received: Option<String>,
}

#[derive(Deserialize)]
struct Reading {
    obis: Option<String>,
    raw: Vec<String>,
}

impl Ndjson {
    pub(super) fn new() -> Self {
        Self {
            lines: Lines::verbatim(),
            telegrams: 0,
        }
    }

    pub(super) fn push(
        &mut self,
        input: &[u8],
        out: &mut dyn FnMut(Piece<'_>),
    ) -> Result<(), DumpError> {
        let Self { lines, telegrams } = self;
        lines.push(input, &mut |line| read(&line, telegrams, out))
    }

    pub(super) fn finish(&mut self, out: &mut dyn FnMut(Piece<'_>)) -> Result<(), DumpError> {
        let Self { lines, telegrams } = self;
        lines.finish(&mut |line| read(&line, telegrams, out))
    }

    /// Telegrams rebuilt.
    pub(super) fn tally(&self) -> usize {
        self.telegrams
    }
}

/// True for a line of ours, of any type.
pub(super) fn is_ours(line: &[u8]) -> bool {
    serde_json::from_slice::<Kind>(line).is_ok_and(|kind| kind.schema.starts_with("smarty/"))
}

fn read(
    line: &Line<'_>,
    telegrams: &mut usize,
    out: &mut dyn FnMut(Piece<'_>),
) -> Result<(), DumpError> {
    if line.text.trim().is_empty() {
        return Ok(());
    }
    let wrong = |error: serde_json::Error| {
        // The parser sees one line only, and calls it the first.
        let what = error.to_string();
        let what = what
            .split(" at line ")
            .next()
            .unwrap_or_default()
            .to_owned();
        let place = Place {
            line: line.number,
            column: error.column() as u64,
        };
        DumpError::Json { place, what }
    };
    let kind: Kind = serde_json::from_str(line.text).map_err(wrong)?;
    if kind.r#type != "telegram" {
        return Ok(());
    }
    let output: Output = serde_json::from_str(line.text).map_err(wrong)?;
    *telegrams += 1;
    out(Piece::Bytes(output.rebuilt().as_bytes()));
    Ok(())
}

impl Output {
    fn rebuilt(&self) -> String {
        let mut text = format!("{}\r\n\r\n", self.telegram.header);
        for reading in &self.readings {
            text.push_str(reading.obis.as_deref().unwrap_or_default());
            for group in &reading.raw {
                text.push_str(&format!("({group})"));
            }
            text.push_str("\r\n");
        }
        let received = self
            .telegram
            .crc
            .as_ref()
            .and_then(|crc| crc.received.as_deref());
        text.push_str(&format!("!{}\r\n", received.unwrap_or_default()));
        text
    }
}

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
