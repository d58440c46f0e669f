//! The telegram: a readout parsed, and back.
//!
//! A telegram is its text and the layout of its lines. Layouts are remembered, since a meter sends the same
//! lines in the same order; nothing is copied and nothing allocated while the layout stays.
//!
//! Not supported: lines without parentheses, and values that run over a line end, except for the gas
//! reading of DSMR 2.2 and 3.0; they become faults.

mod by_shape;
mod issue;
mod layout_cache;
mod reading;

use std::borrow::Cow;
use std::sync::Arc;

use super::layout::{Form, Item, TextRange};
use super::meaning::ValueAt;
use super::readout::crc16;
use super::value::{Decimal, Number, Timestamp, Zone, octet_text, text};

pub use self::by_shape::ByShape;
pub use self::issue::{Issue, IssueKind};
pub use self::layout_cache::{LayoutCache, Shape};
pub use self::reading::{Device, Reading};

/// A parsed readout.
#[derive(Clone, Copy, Debug)]
pub struct Telegram<'a> {
    text: &'a [u8],
    shape: &'a Arc<Shape>,
    zone: &'a Zone,
}

/// What a telegram has called its meter, as sent: what follows from that need not be worked out for the next one.
#[derive(Clone, Debug, Default)]
pub struct SentIds(Vec<u8>);

impl SentIds {
    /// Tells whether a telegram calls its meter the same.
    pub fn are_of(&self, telegram: &Telegram<'_>) -> bool {
        let mut rest = self.0.as_slice();
        let same = telegram.ids_as_sent().all(|(form, sent)| {
            let Some((known, behind)) = rest.split_at_checked(ID_HEAD + sent.len()) else {
                return false;
            };
            rest = behind;
            let (head, known) = known.split_at(ID_HEAD);
            head == Self::head(form, sent) && known == sent
        });
        same && rest.is_empty()
    }

    /// Takes note of what a telegram calls its meter.
    pub fn take(&mut self, telegram: &Telegram<'_>) {
        self.0.clear();
        for (form, sent) in telegram.ids_as_sent() {
            self.0.extend(Self::head(form, sent));
            self.0.extend_from_slice(sent);
        }
    }

    fn head(form: Form, sent: &[u8]) -> [u8; ID_HEAD] {
        let [.., a, b, c] = sent.len().to_be_bytes();
        [form as u8, a, b, c]
    }
}

/// Bytes before each id: its form and length.
const ID_HEAD: usize = 4;

/// One value of a telegram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// Nothing between the parentheses.
    Empty,
    /// A number.
    Number(Number<'a>),
    /// A time that exists.
    Time(Timestamp),
    /// Something with the form of a time that is no date: an unset register.
    NoTime,
    /// A text, decoded where it was sent as octets.
    Text(Cow<'a, str>),
}

impl<'a> Telegram<'a> {
    /// A text that has the shape, as was found before.
    pub(crate) fn of(text: &'a [u8], shape: &'a Arc<Shape>, zone: &'a Zone) -> Self {
        Self { text, shape, zone }
    }

    /// Zone of the clock of the meter.
    pub fn zone(&self) -> &'a Zone {
        self.zone
    }

    /// The text from `/` on.
    pub fn text(&self) -> &'a [u8] {
        self.text
    }

    /// Layout and meaning; the same `Arc` for telegrams with the same lines, for sinks that prepare once.
    pub fn shape(&self) -> &'a Arc<Shape> {
        self.shape
    }

    /// The header line with its slash, without its line end.
    pub fn header(&self) -> Cow<'a, str> {
        let place = self.shape.layout.identification;
        text(
            TextRange {
                start: 0,
                end: place.end,
            }
            .of(self.text),
        )
    }

    /// Time of the telegram, where it was sent and exists: 0-0:1.0.0, or date and time of day in lines of their own.
    pub fn measured_at(&self) -> Option<Timestamp> {
        let meaning = &self.shape.meaning;
        if let Some(clock) = meaning.clock {
            return match self.value(clock) {
                Value::Time(time) => Some(time),
                _ => None,
            };
        }
        let (date, time) = meaning.date_and_time?;
        let sent = |item: u32| {
            let item = self.shape.layout.items.get(item as usize)?;
            Some(item.value.of(self.text))
        };
        Timestamp::of_parts(sent(date)?, sent(time)?, self.zone)
    }

    /// Version of the P1 standard (1-3:0.2.8).
    pub fn p1_version(&self) -> Option<Cow<'a, str>> {
        self.value(self.shape.meaning.version?).text()
    }

    /// What the telegram says the meter is called, without blanks that fill the field.
    pub fn meter_id(&self) -> Option<Cow<'a, str>> {
        self.ids()
            .map(|id| match id.trim() {
                trimmed if trimmed.len() < id.len() => Cow::Owned(trimmed.to_owned()),
                _ => id,
            })
            .find(|id| !id.is_empty())
    }

    /// All that the telegram says the meter is called, as sent.
    pub fn ids(&self) -> impl Iterator<Item = Cow<'a, str>> + use<'a> {
        let telegram = *self;
        let ids = telegram.shape.meaning.ids.iter();
        ids.filter_map(move |&item| telegram.value(item).text())
    }

    fn ids_as_sent(&self) -> impl Iterator<Item = (Form, &'a [u8])> + use<'a> {
        let telegram = *self;
        let items = &telegram.shape.layout.items;
        let ids = telegram.shape.meaning.ids.iter();
        ids.filter_map(move |&item| {
            let item = items.get(item as usize)?;
            Some((item.form, item.value.of(telegram.text)))
        })
    }

    /// All lines in order.
    pub fn readings(&self) -> impl Iterator<Item = Reading<'a>> + use<'a> {
        let telegram = *self;
        telegram
            .shape
            .layout
            .lines
            .iter()
            .map(move |line| Reading { telegram, line })
    }

    /// Named values: key with canonical unit, place and value.
    pub fn values(&self) -> impl Iterator<Item = (&'a ValueAt, Value<'a>)> + use<'a> {
        let telegram = *self;
        let values = telegram.shape.meaning.values.iter();
        values.map(move |at| (at, telegram.value(at.item)))
    }

    /// The number under a name, exact and in the unit that the name ends with: `get("active_energy_import_kwh")`.
    ///
    /// `None` where the telegram has no such value, or one that is no number of up to eighteen digits.
    pub fn get(&self, key: &str) -> Option<Decimal> {
        let (at, value) = self.values().find(|(at, _)| at.key == key)?;
        value.decimal(at.shift)
    }

    /// Meters on the M-Bus, by channel.
    pub fn devices(&self) -> impl Iterator<Item = Device<'a>> + use<'a> {
        let telegram = *self;
        telegram
            .shape
            .meaning
            .devices
            .iter()
            .map(move |at| Device { telegram, at })
    }

    /// The value of an item of the layout.
    pub fn value(&self, item: u32) -> Value<'a> {
        match self.shape.layout.items.get(item as usize) {
            Some(item) => self.value_of(item),
            None => Value::Empty,
        }
    }

    /// The time in an item, where it exists.
    #[inline]
    pub fn time(&self, item: &Item) -> Option<Timestamp> {
        Timestamp::parse(item.value.of(self.text), self.zone)
    }

    fn value_of(&self, item: &Item) -> Value<'a> {
        let sent = item.value.of(self.text);
        match item.form {
            Form::Empty => Value::Empty,
            Form::Number => Value::Number(Number::at(sent)),
            Form::Time => self.time(item).map_or(Value::NoTime, Value::Time),
            Form::Octets | Form::Message => match octet_text(sent, item.form == Form::Octets) {
                Some(decoded) => Value::Text(decoded.into()),
                None => Value::Text(text(sent)),
            },
            Form::Code | Form::Text => Value::Text(text(sent)),
        }
    }
}

impl<'a> Value<'a> {
    /// The value where it is a number of up to eighteen digits, so many powers of ten larger than sent.
    pub fn decimal(&self, shift: i8) -> Option<Decimal> {
        match self {
            Self::Number(number) => number.decimal()?.shifted(shift),
            Self::Empty | Self::Time(_) | Self::NoTime | Self::Text(_) => None,
        }
    }

    /// The value where it is a text or can stand as one.
    pub fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(number) => Some(number.to_string().into()),
            Self::Empty | Self::Time(_) | Self::NoTime => None,
        }
    }
}

/// Writes a telegram: header line, data lines, and the CRC where `crc` says so.
///
/// Each line is its code and the texts of its groups. The counterpart of [`LayoutCache::parse`].
pub fn format<'a, L, G>(header: &str, lines: L, crc: bool) -> Vec<u8>
where
    L: IntoIterator<Item = (&'a str, G)>,
    G: IntoIterator<Item = &'a str>,
{
    let mut out = Vec::with_capacity(1024);
    out.extend_from_slice(header.as_bytes());
    out.extend_from_slice(b"\r\n\r\n");
    for (code, groups) in lines {
        out.extend_from_slice(code.as_bytes());
        for group in groups {
            out.push(b'(');
            out.extend_from_slice(group.as_bytes());
            out.push(b')');
        }
        out.extend_from_slice(b"\r\n");
    }
    out.push(b'!');
    if crc {
        let crc = crc16(&out);
        out.extend_from_slice(format!("{crc:04X}").as_bytes());
    }
    out.extend_from_slice(b"\r\n");
    out
}
