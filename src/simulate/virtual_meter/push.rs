//! Pushes of a virtual meter: the list that is due, filled from its household, in the framing of its make.

use super::identity::Identity;
use crate::p1::cipher::MeterKeys;
use crate::p1::ciphering::{FrameCounter, GLOBAL, SecurityControl, SystemTitle};
use crate::p1::push::Form;
use crate::p1::push::encode::{self, Data, Hdlc, Mbus, Protection, Time};
use crate::simulate::load_profile::LoadProfile;
use crate::simulate::load_profile::clock::Moment;

/// How meters of a make push.
#[derive(Debug)]
pub(super) struct Sender {
    /// How lists tell what their values are.
    pub form: Form,
    /// What carries them.
    pub carrier: Carrier,
    /// Date and time before the list.
    pub header: Header,
    /// Security control of those that encrypt.
    pub control: u8,
    /// The lists, the rarest first: of those that are due the first one is sent.
    pub lists: &'static [List],
}

/// What carries a push.
#[derive(Clone, Copy, Debug)]
pub(super) enum Carrier {
    /// HDLC, in segments where it is longer than a part.
    Hdlc {
        target: &'static [u8],
        source: &'static [u8],
        control: u8,
        part: usize,
    },
    /// Blocks of general block transfer, each in a frame of HDLC.
    Blocks {
        target: &'static [u8],
        source: &'static [u8],
        part: usize,
    },
    /// Wired M-Bus.
    Mbus { part: usize },
}

/// How the date and time of a notification is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Header {
    /// Not at all.
    None,
    /// As the standard has it.
    Standard,
    /// As the standard has it, without the deviation from UTC.
    NoZone,
    /// With a tag that the standard does not have.
    Tagged,
}

/// A list, sent so often.
#[derive(Debug)]
pub(super) struct List {
    /// In seconds.
    pub every: u32,
    /// Its name, in the forms that have one.
    pub name: &'static str,
    /// Its values, in groups.
    pub lines: &'static [&'static [Line]],
}

/// A code and its value.
pub(super) type Line = ([u8; 6], Cell);

/// Where a value comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cell {
    /// Name of the list.
    Name,
    /// Name of the meter.
    Meter,
    /// A text.
    Word(&'static str),
    /// The time of the push.
    Clock,
    /// The same, with its code beside it in the list and not in a row.
    LooseClock,
    /// A number: its power of ten in the household and on the wire, its unit and type.
    Number {
        of: fn(&LoadProfile) -> i64,
        here: i8,
        sent: i8,
        unit: u8,
        tag: u8,
    },
}

/// What seals a push.
pub(super) struct Seal<'a> {
    pub keys: &'a MeterKeys,
    pub counter: FrameCounter,
}

impl Sender {
    /// The list that is due, `period` seconds behind the push before.
    pub fn due(&self, now: Moment, period: u32) -> Option<&'static List> {
        let turns = |list: &&List| {
            let every = i64::from(list.every);
            let before = now.unix - i64::from(period);
            now.unix.div_euclid(every) != before.div_euclid(every)
        };
        self.lists.iter().find(turns).or(self.lists.last())
    }

    /// Appends a push.
    pub fn write(
        &self,
        list: &List,
        house: &LoadProfile,
        identity: &Identity,
        number: u32,
        seal: Option<Seal<'_>>,
        out: &mut Vec<u8>,
    ) {
        let body = self.body(list, house, identity).bytes();
        let time = date_time(house.now(), self.header == Header::NoZone);
        let time = match self.header {
            Header::None => Time::None,
            Header::Standard | Header::NoZone => Time::Standard(time),
            Header::Tagged => Time::Tagged(time),
        };
        let text = encode::notification(number & 0x00FF_FFFF, time, &body);
        let unit = match seal {
            None => text,
            Some(seal) => Protection {
                tag: GLOBAL,
                titled: true,
                title: identity.title,
                control: SecurityControl(self.control),
                counter: seal.counter,
                length_width: 0,
            }
            .seal(seal.keys, &text),
        };
        let frames = match self.carrier {
            Carrier::Hdlc {
                target,
                source,
                control,
                part,
            } => Hdlc {
                target,
                source,
                control,
                part,
            }
            .frames(&unit),
            Carrier::Blocks {
                target,
                source,
                part,
            } => {
                let frame = Hdlc {
                    target,
                    source,
                    control: 0x13,
                    part: usize::MAX,
                };
                let blocks = encode::blocks(&unit, part);
                blocks
                    .iter()
                    .flat_map(|block| frame.frames(block))
                    .collect()
            }
            Carrier::Mbus { part } => Mbus {
                control: 0x53,
                points: [0x01, 0x67],
                part,
            }
            .frames(&unit),
        };
        frames.iter().for_each(|frame| out.extend_from_slice(frame));
    }

    fn body(&self, list: &List, house: &LoadProfile, identity: &Identity) -> Data {
        let value = |cell: Cell| cell.data(list, house, identity);
        let lines = || list.lines.iter().copied().flatten().copied();
        let mut all = Vec::new();
        match self.form {
            Form::Rows => {
                for (code, cell) in lines() {
                    if matches!(cell, Cell::LooseClock) {
                        all.extend([Data::code(code), value(cell)]);
                        continue;
                    }
                    let mut row = vec![Data::code(code), value(cell)];
                    row.extend(cell.scale());
                    all.push(Data::Structure(row));
                }
                let is_mixed = matches!(all.first(), Some(Data::Octets(_)));
                return match is_mixed {
                    true => Data::Structure(all),
                    false => Data::Array(all),
                };
            }
            Form::FlatScaler => {
                for (code, cell) in lines() {
                    all.extend([Data::code(code), value(cell)]);
                    all.extend(cell.scale());
                }
            }
            Form::ObjectList => {
                let setup = setup_code(list.name);
                let object = |class: u8, code: [u8; 6], attribute: u8| {
                    Data::Structure(vec![
                        Data::Number(0x12, class.into()),
                        Data::code(code),
                        Data::Number(0x0F, attribute.into()),
                        Data::Number(0x12, 0),
                    ])
                };
                let mut objects = vec![object(40, setup, 2), object(40, setup, 1)];
                objects.extend(lines().map(|(code, cell)| {
                    let class = if cell.scale().is_some() { 3 } else { 1 };
                    object(class, code, 2)
                }));
                all.extend([Data::Array(objects), Data::code(setup)]);
                all.extend(lines().map(|(_, cell)| value(cell)));
            }
            Form::Flat | Form::Descriptors => {
                all.push(Data::Visible(list.name.to_owned()));
                all.extend(lines().flat_map(|(code, cell)| [Data::code(code), value(cell)]));
            }
            Form::Bare => all.extend(lines().map(|(_, cell)| value(cell))),
        }
        Data::Structure(all)
    }
}

impl Cell {
    fn data(self, list: &List, house: &LoadProfile, identity: &Identity) -> Data {
        let octets = |text: &str| Data::Octets(text.as_bytes().to_vec());
        match self {
            Self::Name => octets(list.name),
            Self::Meter => octets(&identity.name),
            Self::Word(word) => octets(word),
            Self::Clock | Self::LooseClock => Data::Octets(date_time(house.now(), false).to_vec()),
            Self::Number { tag, .. } => Data::Number(tag, self.sent(house).unwrap_or_default()),
        }
    }

    /// The number as it is sent.
    pub fn sent(self, house: &LoadProfile) -> Option<i128> {
        let Self::Number { of, here, sent, .. } = self else {
            return None;
        };
        let value = i128::from(of(house));
        let power = 10i128.pow(u32::from(here.abs_diff(sent)));
        Some(if sent > here {
            value / power
        } else {
            value * power
        })
    }

    fn scale(self) -> Option<Data> {
        match self {
            Self::Number { sent, unit, .. } => Some(Data::scale(sent, unit)),
            _ => None,
        }
    }
}

/// Appends a telegram whose lines are encrypted behind its first line in clear; the title is left out.
pub(super) fn seal_behind(text: &[u8], keys: &MeterKeys, counter: FrameCounter, out: &mut Vec<u8>) {
    let head = memchr::memmem::find(text, b"\r\n\r\n").map_or(0, |at| at + 4);
    let mark = memchr::memrchr(b'!', text).unwrap_or(text.len());
    let lines = text.get(head..mark).unwrap_or_default();
    let protection = Protection {
        tag: GLOBAL,
        titled: false,
        title: SystemTitle::NONE,
        control: SecurityControl::AUTHENTICATED_ENCRYPTION,
        counter,
        length_width: 2,
    };
    let sealed = protection.seal(keys, lines);
    out.extend_from_slice(text.get(..head).unwrap_or_default());
    // The tag of the ciphering is left out as well.
    out.extend_from_slice(sealed.get(1..).unwrap_or_default());
    out.extend_from_slice(text.get(mark..).unwrap_or_default());
}

/// The code of the push setup that a list is named by.
fn setup_code(name: &str) -> [u8; 6] {
    let digit = name.as_bytes().get(2);
    let channel = digit.map_or(0, |digit| digit.wrapping_sub(b'0'));
    [0, channel, 25, 9, 0, 255]
}

/// The twelve bytes of a date-time (DLMS Blue Book 4.1.6.1).
fn date_time(moment: Moment, no_zone: bool) -> [u8; 12] {
    let (date, time) = (moment.civil.date(), moment.civil.time());
    let [high, low] = date.year().to_be_bytes();
    // The deviation counts from local time to UTC.
    let deviation: i16 = match (no_zone, moment.daylight) {
        (true, _) => i16::MIN,
        (false, true) => -120,
        (false, false) => -60,
    };
    let [z1, z2] = deviation.to_be_bytes();
    let status = if moment.daylight { 0x80 } else { 0 };
    [
        high,
        low,
        date.month() as u8,
        date.day() as u8,
        date.weekday().to_monday_one_offset() as u8,
        time.hour() as u8,
        time.minute() as u8,
        time.second() as u8,
        0,
        z1,
        z2,
        status,
    ]
}
