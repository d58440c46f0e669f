//! The telegram: a readout parsed, and back.
//!
//! A telegram is its text and the layout of its lines. Layouts are remembered, since a meter sends the same
//! lines in the same order; nothing is copied and nothing allocated while the layout stays.
//!
//! Not supported: lines without parentheses, and values that run over a line end, except for the gas
//! reading of DSMR 2.2 and 3.0; they become faults.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::layout::{FaultKind, Form, Group, Item, Layout, Line, Place};
use super::meaning::{DeviceAt, Meaning, ValueAt};
use super::obis::{Entry, Obis};
use super::readout::crc16;
use super::value::{Number, Timestamp, Zone, octet_text, text};

/// A parsed readout.
#[derive(Clone, Copy, Debug)]
pub struct Telegram<'a> {
    text: &'a [u8],
    shape: &'a Arc<Shape>,
    zone: &'a Zone,
}

/// Layout and meaning of telegrams with the same lines.
#[derive(Debug)]
pub struct Shape {
    /// Where everything lies.
    pub layout: Layout,
    /// What it means together.
    pub meaning: Meaning,
}

/// The shapes of the last telegrams.
#[derive(Clone, Default)]
pub struct Memory {
    shapes: Vec<Arc<Shape>>,
    latest: usize,
}

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

/// One line with its typed values.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    telegram: Telegram<'a>,
    line: &'a Line,
}

/// A meter on the M-Bus.
#[derive(Clone, Copy, Debug)]
pub struct Device<'a> {
    telegram: Telegram<'a>,
    at: &'a DeviceAt,
}

/// Something in the text that is not as the standard has it; its `Display` says what, in words.
#[derive(Clone, Copy, Debug)]
pub struct Issue<'a> {
    telegram: Telegram<'a>,
    kind: IssueKind,
    place: Place,
    line: Option<u32>,
}

/// What is not as the standard has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssueKind {
    /// A fault of the layout.
    Fault(FaultKind),
    /// Something with the form of a time that is no date.
    BadTimestamp,
}

impl Memory {
    /// Parses a text that begins with `/`; `mark` is the offset of its `!`.
    pub fn parse<'a>(&'a mut self, text: &'a [u8], mark: usize, zone: &'a Zone) -> Telegram<'a> {
        let fits = |shape: &Arc<Shape>| shape.layout.fits(text, mark);
        if !self.shapes.get(self.latest).is_some_and(fits) {
            self.latest = match self.shapes.iter().position(fits) {
                Some(index) => index,
                None => self.learn(text, mark),
            };
        }
        // `learn` has put a shape there.
        let shape = &self.shapes[self.latest];
        Telegram { text, shape, zone }
    }

    /// Tells whether the same shapes are remembered.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.shapes.len() == other.shapes.len()
            && self
                .shapes
                .iter()
                .zip(&other.shapes)
                .all(|(a, b)| Arc::ptr_eq(a, b))
    }

    /// Place of a shape that is remembered.
    pub(crate) fn place(&self, shape: &Arc<Shape>) -> Option<usize> {
        self.shapes
            .iter()
            .position(|known| Arc::ptr_eq(known, shape))
    }

    /// The shape at a place.
    pub(crate) fn shape(&self, place: usize) -> Option<&Arc<Shape>> {
        self.shapes.get(place)
    }

    fn learn(&mut self, text: &[u8], mark: usize) -> usize {
        let layout = Layout::read(text, mark);
        let meaning = Meaning::of(&layout, text);
        let shape = Arc::new(Shape { layout, meaning });
        self.shapes
            .retain(|shape| shape.layout.length() <= REMEMBERED_LENGTH);
        if self.shapes.len() >= REMEMBERED {
            self.shapes.remove(0);
        }
        self.shapes.push(shape);
        self.shapes.len() - 1
    }
}

impl<'a> Telegram<'a> {
    /// A text that has the shape, as was found before.
    pub(crate) fn of(text: &'a [u8], shape: &'a Arc<Shape>, zone: &'a Zone) -> Self {
        Self { text, shape, zone }
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
            Place {
                start: 0,
                end: place.end,
            }
            .of(self.text),
        )
    }

    /// Time of the telegram (0-0:1.0.0), where it was sent and exists.
    pub fn measured_at(&self) -> Option<Timestamp> {
        match self.value(self.shape.meaning.clock?) {
            Value::Time(time) => Some(time),
            _ => None,
        }
    }

    /// Version of the P1 standard (1-3:0.2.8).
    pub fn p1_version(&self) -> Option<Cow<'a, str>> {
        self.value(self.shape.meaning.version?).text()
    }

    /// What the telegram says the meter is called, without blanks that fill the field.
    pub fn meter_id(&self) -> Option<Cow<'a, str>> {
        self.shape
            .meaning
            .ids
            .iter()
            .filter_map(|&item| self.value(item).text())
            .map(|id| match id.trim() {
                trimmed if trimmed.len() < id.len() => Cow::Owned(trimmed.to_owned()),
                _ => id,
            })
            .find(|id| !id.is_empty())
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

    /// What is not as the standard has it: first what the layout shows, then times that do not exist.
    pub fn issues(&self) -> impl Iterator<Item = Issue<'a>> + use<'a> {
        let telegram = *self;
        let layout = &telegram.shape.layout;
        let possible = layout.faults.len() + layout.times.len();
        (0..possible).filter_map(move |index| telegram.issue(index))
    }

    /// One of the faults of the layout, or behind them of the times, where that one does not exist.
    pub fn issue(&self, index: usize) -> Option<Issue<'a>> {
        let layout = &self.shape.layout;
        if let Some(fault) = layout.faults.get(index) {
            return Some(Issue {
                telegram: *self,
                kind: IssueKind::Fault(fault.kind),
                place: fault.place,
                line: fault.line,
            });
        }
        let &(line, item) = layout.times.get(index - layout.faults.len())?;
        let item = layout.items.get(item as usize)?;
        self.time(item).is_none().then_some(Issue {
            telegram: *self,
            kind: IssueKind::BadTimestamp,
            place: item.value,
            line: Some(line),
        })
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
            Form::Octets => match octet_text(sent) {
                Some(decoded) => Value::Text(decoded.into()),
                None => Value::Text(text(sent)),
            },
            Form::Code | Form::Text => Value::Text(text(sent)),
        }
    }
}

impl<'a> Issue<'a> {
    /// The word for it in every output.
    pub fn code(&self) -> &'static str {
        match self.kind {
            IssueKind::Fault(FaultKind::BadLine) => "bad_line",
            IssueKind::Fault(FaultKind::BadGroup) => "bad_group",
            IssueKind::Fault(FaultKind::BadNumber) => "bad_number",
            IssueKind::Fault(FaultKind::MissingUnit) => "missing_unit",
            IssueKind::Fault(FaultKind::OtherUnit) => "other_unit",
            IssueKind::Fault(FaultKind::Repeated) => "repeated",
            IssueKind::BadTimestamp => "bad_timestamp",
        }
    }

    /// What it is.
    pub fn kind(&self) -> IssueKind {
        self.kind
    }

    /// The code of the line as sent, where the line has one.
    pub fn obis(&self) -> Option<Cow<'a, str>> {
        let line = self.telegram.shape.layout.lines.get(self.line? as usize)?;
        Some(text(line.place.of(self.telegram.text)))
    }

    /// Index of the line in the layout, where it was read.
    pub fn line(&self) -> Option<u32> {
        self.line
    }

    /// Offset in the text.
    pub fn offset(&self) -> u32 {
        self.place.start
    }
}

impl fmt::Display for Issue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sent = text(self.place.of(self.telegram.text));
        match self.kind {
            IssueKind::Fault(FaultKind::BadLine) => write!(f, "{sent:?} is not a data line"),
            IssueKind::Fault(FaultKind::BadGroup) => {
                write!(f, "the parentheses around {sent:?} do not match")
            }
            IssueKind::Fault(FaultKind::BadNumber) => write!(f, "{sent:?} is not a number"),
            IssueKind::Fault(FaultKind::MissingUnit) => write!(f, "{sent} came without its unit"),
            IssueKind::Fault(FaultKind::OtherUnit) => {
                write!(f, "{sent:?} is not a unit of this quantity")
            }
            IssueKind::Fault(FaultKind::Repeated) => write!(f, "{sent} was sent before"),
            IssueKind::BadTimestamp => write!(f, "{sent} is not a date"),
        }
    }
}

impl<'a> Value<'a> {
    /// The value where it is a text or can stand as one.
    pub fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(number) => Some(number.to_string().into()),
            Self::Empty | Self::Time(_) | Self::NoTime => None,
        }
    }
}

impl<'a> Reading<'a> {
    /// The code as sent.
    pub fn obis(&self) -> Cow<'a, str> {
        text(self.line.place.of(self.telegram.text))
    }

    /// The code.
    pub fn code(&self) -> Obis {
        self.line.code
    }

    /// What the table knows of the code.
    pub fn entry(&self) -> Option<&'static Entry> {
        self.line.entry
    }

    /// The values of all groups, in order.
    pub fn values(&self) -> impl Iterator<Item = Value<'a>> + use<'a> {
        let telegram = self.telegram;
        let items = telegram.shape.layout.items_in(&self.line.items);
        items.iter().map(move |item| telegram.value_of(item))
    }

    /// The units of all values as sent, in order; empty where there is none.
    pub fn units(&self) -> impl Iterator<Item = Cow<'a, str>> + use<'a> {
        let telegram = self.telegram;
        let items = telegram.shape.layout.items_in(&self.line.items);
        items
            .iter()
            .map(move |item| text(item.unit.of(telegram.text)))
    }

    /// The text of each group.
    pub fn raw(&self) -> impl Iterator<Item = Cow<'a, str>> + use<'a> {
        let telegram = self.telegram;
        self.groups()
            .iter()
            .map(move |group| text(group.place.of(telegram.text)))
    }

    fn groups(&self) -> &'a [Group] {
        self.telegram.shape.layout.groups_of(self.line)
    }
}

impl<'a> Device<'a> {
    /// Where its parts stand.
    pub fn at(&self) -> &'a DeviceAt {
        self.at
    }

    /// Equipment identifier.
    pub fn id(&self) -> Option<Cow<'a, str>> {
        self.value(self.at.id).text()
    }

    /// Medium as number.
    pub fn kind(&self) -> Value<'a> {
        self.value(self.at.kind)
    }

    /// Time of the last reading.
    pub fn measured_at(&self) -> Option<Timestamp> {
        match self.value(self.at.time) {
            Value::Time(time) => Some(time),
            _ => None,
        }
    }

    /// Last reading.
    pub fn reading(&self) -> Value<'a> {
        self.value(self.at.reading)
    }

    /// Unit of the last reading as sent.
    pub fn unit(&self) -> Option<Cow<'a, str>> {
        let unit = self
            .at
            .sent_unit(&self.telegram.shape.layout, self.telegram.text);
        (!unit.is_empty()).then(|| text(unit))
    }

    /// Valve or switch position.
    pub fn valve(&self) -> Value<'a> {
        self.value(self.at.valve)
    }

    fn value(&self, item: Option<u32>) -> Value<'a> {
        item.map_or(Value::Empty, |item| self.telegram.value(item))
    }
}

/// Writes a telegram: header line, data lines, and the CRC where `crc` says so.
///
/// Each line is its code and the texts of its groups. The counterpart of [`Memory::parse`].
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

/// Shapes kept: a house has one, a line with several meters or firmware versions a few.
const REMEMBERED: usize = 16;
/// Longest telegram whose shape is kept for later, in bytes.
const REMEMBERED_LENGTH: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_unit_in_a_group_of_its_own_is_another_layout() {
        // As DSMR 2.2 has it; a telegram without a CRC can come with any of its digits damaged.
        let text = |unit: &str| {
            format!(
                "/SMY5\\1\r\n\r\n0-1:24.1.0(3)\r\n0-1:96.1.0(4712)\r\n0-1:24.3.0(121030140000)(00)(60)(1)(0-1:24.2.1)({unit})\r\n(00024.123)\r\n!\r\n"
            )
        };
        let zone = Zone::luxembourg();
        let mut memory = Memory::default();
        let mut keys = |unit: &str| -> Vec<String> {
            let text = text(unit);
            let mark = text.find('!').unwrap();
            let telegram = memory.parse(text.as_bytes(), mark, &zone);
            let keys = telegram.values().map(|(at, _)| at.key.to_string());
            keys.collect()
        };
        assert_eq!(keys("m3"), ["gas_m3"]);
        assert_eq!(keys("m2"), [""; 0]);
        assert_eq!(keys("m3"), ["gas_m3"]);
    }

    #[test]
    fn a_telegram_that_ends_elsewhere_is_another_layout() {
        // Behind the first `!` stands a CRC or not.
        let zone = Zone::luxembourg();
        let mut memory = Memory::default();
        for (text, raw) in [
            ("/SMY5\\1\r\n1-0:1.8.0(260!60FD\r\n!\r\n", "260"),
            ("/SMY5\\1\r\n1-0:1.8.0(260!6JFD\r\n!\r\n", "260!6JFD"),
        ] {
            let mark = match raw {
                "260" => text.find('!').unwrap(),
                _ => text.rfind('!').unwrap(),
            };
            let telegram = memory.parse(text.as_bytes(), mark, &zone);
            let reading = telegram.readings().next().unwrap();
            assert_eq!(reading.raw().collect::<Vec<_>>(), [raw]);
        }
    }
}
