//! Flat objects: the meter, the time and the values of a telegram, and nothing else.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::super::{Archived, Note, Piece};
use crate::p1::value::Number;
use crate::source::rebuilt::Rebuilt;

/// True for a line that is such an object.
pub fn is_flat(line: &[u8]) -> bool {
    let text = std::str::from_utf8(line).unwrap_or_default();
    begins(text) && serde_json::from_str::<Flat<'_>>(text).is_ok_and(|flat| flat.is_whole())
}

/// True for a text that begins as such an object does.
pub fn begins(text: &str) -> bool {
    let inside = text.trim_start().strip_prefix('{');
    inside.is_some_and(|inside| inside.trim_start().starts_with("\"meter\""))
}

/// Gives the telegram that is made of an object; false where it has no values of one.
pub fn read(text: &str, out: &mut dyn FnMut(Piece<'_>)) -> Result<bool, serde_json::Error> {
    let flat: Flat<'_> = serde_json::from_str(text)?;
    let mut rebuilt = Rebuilt::new("");
    let meter = flat.text(METER)?;
    if let Some(meter) = &meter {
        rebuilt.name(meter);
    }
    let measured_at = flat.text(TIME_KEY)?;
    let measured_at: Option<Timestamp> = match measured_at {
        Some(text) => Some(text.parse().map_err(serde_json::Error::custom)?),
        None => None,
    };
    let mut is_filled = false;
    for (key, value) in &flat.0 {
        if matches!(&**key, METER | TIME_KEY) {
            continue;
        }
        is_filled |= match value.get() {
            // Texts say nothing that is computed with; names of the meter are there already.
            text if text.starts_with('"') || text == "null" => false,
            number if Number::parse(number.as_bytes()).is_some() => rebuilt.number(key, number),
            _ => {
                return Err(serde_json::Error::custom(format!(
                    "{key} is no plain number"
                )));
            }
        };
    }
    if !is_filled {
        return Ok(false);
    }
    if rebuilt.has_mbus() {
        out(Piece::Note(Note::ReadingsWithoutTime));
    }
    out(Piece::Archived(Archived {
        received_at: measured_at,
        meter: meter.as_deref(),
        ..Archived::default()
    }));
    out(Piece::Bytes(&rebuilt.text()));
    Ok(true)
}

/// Keys and values in their order.
struct Flat<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl Flat<'_> {
    /// Tells whether it has what each of these objects has.
    fn is_whole(&self) -> bool {
        let has = |wanted: &str| self.0.iter().any(|(key, _)| key == wanted);
        has(METER) && has(TIME_KEY)
    }

    /// A text under a key; none where it is null or not there.
    fn text(&self, wanted: &str) -> Result<Option<String>, serde_json::Error> {
        match self.0.iter().find(|(key, _)| key == wanted) {
            Some((_, value)) => serde_json::from_str(value.get()),
            None => Ok(None),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Flat<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;

        impl<'de> Visitor<'de> for Pairs {
            type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some((key, value)) = map.next_entry::<Cow<'de, str>, &'de RawValue>()? {
                    pairs.push((key, value));
                }
                Ok(pairs)
            }
        }

        deserializer.deserialize_map(Pairs).map(Flat)
    }
}

/// What shows, with the key of the meter, that an object over several lines is one of these.
pub const TIME: &[u8] = b"\"measured_at\":";
const METER: &str = "meter";
const TIME_KEY: &str = "measured_at";

#[cfg(test)]
mod tests {
    use super::super::super::Form;
    use super::super::super::tests::{decoded, error};

    const LINE: &str = r#"{"meter":"SMY1","measured_at":"2026-03-29T03:00:00+02:00","p1_version":"42","active_energy_import_kwh":25.650,"tariff_indicator":2,"voltage_l1_v":-233.0,"gas_m3":0.006,"gas_m3_2":7,"heat_gj":1.5,"net_power_kw":1.2}"#;

    #[test]
    fn a_telegram_is_made_of_the_values() {
        let text = decoded(Form::Ndjson, format!("{LINE}\n").as_bytes());
        let text = String::from_utf8(text).unwrap();
        assert_eq!(
            text.replace("\r\n", "\n"),
            "/smarty\n\n0-0:42.0.0(534D5931)\n1-0:1.8.0(25.650*kWh)\n0-0:96.14.0(2)\n1-0:32.7.0(-233.0*V)\n\
             0-1:24.1.0(003)\n0-1:24.2.1(0.006*m3)\n0-2:24.1.0(003)\n0-2:24.2.1(7*m3)\n\
             5-0:1.0.0(1.5*GJ)\n!\n"
        );
    }

    #[test]
    fn an_object_without_values_gives_nothing_and_bad_ones_are_refused() {
        let line = r#"{"meter":"tank","measured_at":null,"level_cm":12}"#;
        assert_eq!(decoded(Form::Ndjson, line.as_bytes()), b"");
        for (sent, wrong) in [
            ("2026-03", "2026-13"),
            ("25.650", "[\")(\"]"),
            ("25.650", "2e9"),
        ] {
            let line = LINE.replace(sent, wrong);
            error(Form::Ndjson, format!("{LINE}\n{line}\n").as_bytes());
        }
    }
}
