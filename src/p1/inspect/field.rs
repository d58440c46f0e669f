//! What bytes can be: a field of a layer, with what it says.

use crate::p1::ciphering::{FrameCounter, SecurityControl, SystemTitle, Unsupported};
use crate::p1::obis::Obis;
use crate::p1::push::UnitFrom;
use crate::p1::push::axdr::TreeFault;
use crate::p1::value::Timestamp;

/// What bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// They belong to nothing.
    Noise,
    /// They are of a push whose begin did not come.
    Fragment,
    /// The flag of HDLC.
    Flag,
    /// Type, S bit and length of an HDLC frame.
    Format {
        /// Another part follows.
        segmented: bool,
        /// Bytes between the flags.
        length: u16,
    },
    /// Where an HDLC frame goes, and where it comes from.
    Addresses {
        /// Client: upper address, and lower where it has two.
        to: [Option<u16>; 2],
        /// Server.
        from: [Option<u16>; 2],
    },
    /// Control byte of HDLC.
    HdlcControl(u8),
    /// A check sum.
    Check(Check),
    /// Logical link control.
    Llc,
    /// Start and length of an M-Bus frame.
    MbusStart {
        /// Bytes that follow up to the sum.
        length: u16,
        /// It is sent as one byte, and 256 more.
        wrapped: bool,
    },
    /// Control field of the M-Bus.
    MbusControl(u8),
    /// Address of the M-Bus.
    MbusAddress(u8),
    /// Number of a part, and whether it is the last one.
    MbusPart {
        /// From 0.
        number: u8,
        /// No other follows.
        last: bool,
    },
    /// Transport selectors of source and target.
    MbusSelectors {
        /// Of the source.
        source: u8,
        /// Of the target.
        target: u8,
    },
    /// The byte 16 at the end.
    MbusStop,
    /// A short frame of the M-Bus: no data, a master that searches.
    MbusShort {
        /// Control field.
        control: u8,
        /// Address.
        address: u8,
    },
    /// Header of a block of general block transfer.
    Block {
        /// From 1.
        number: u16,
        /// No other follows.
        last: bool,
        /// Bytes in it.
        length: u32,
    },
    /// Service with the keys of all (global), or of this connection (dedicated).
    Ciphering {
        /// The keys are those of this connection.
        dedicated: bool,
    },
    /// Who sent it.
    Title(SystemTitle),
    /// Bytes that follow.
    Length(u32),
    /// How it is protected.
    Control(SecurityControl),
    /// Counts the frames under one key.
    Counter(FrameCounter),
    /// What was encrypted, or only authenticated.
    Ciphertext {
        /// Bytes of it.
        length: u32,
        /// What became of it.
        opened: Opened,
    },
    /// The proof of origin.
    Tag(Proof),
    /// Tag and number of a data-notification.
    Notification {
        /// Number and priority, as sent.
        invoke: u32,
    },
    /// When it was made.
    Time(Option<[u8; 12]>),
    /// An element of the tree.
    Data(Data),
    /// Scaler and unit of the value before.
    Scale {
        /// Power of ten.
        power: i8,
        /// Number of the unit.
        unit: u8,
    },
    /// A row of a list of objects.
    Object {
        /// Class of the object.
        class: u16,
        /// Its code.
        obis: [u8; 6],
        /// Attribute whose value follows.
        attribute: i8,
        /// Part of the attribute; 0 for all.
        index: u16,
    },
    /// A descriptor without tags: class, code and attribute.
    Descriptor {
        /// Class of the object.
        class: u16,
        /// Its code.
        obis: [u8; 6],
        /// Attribute whose value follows.
        attribute: i8,
    },
    /// What stands before descriptors without tags.
    Descriptors {
        /// How many.
        count: u32,
    },
    /// First line of a telegram.
    Identification,
    /// An empty line.
    Blank,
    /// A data line of a telegram.
    Line(Line),
    /// The end of a telegram that has no check sum.
    End,
    /// Something is wrong here.
    Damage(Damage),
}

/// A check sum as sent, and as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Check {
    /// Of what.
    pub of: Sum,
    /// As sent; `None` where it is no number.
    pub sent: Option<u16>,
    /// As computed.
    pub right: u16,
}

/// A kind of check sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sum {
    /// Of the header of an HDLC frame.
    HdlcHeader,
    /// Of an HDLC frame.
    HdlcFrame,
    /// Of an M-Bus frame, one byte.
    Mbus,
    /// Of a telegram; the name of the kind.
    Telegram(&'static str),
}

/// What became of a ciphertext.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opened {
    /// It was decrypted.
    Decrypted,
    /// It was never encrypted.
    Clear,
    /// There is no key.
    NoKey,
    /// The key makes nothing of it.
    Senseless,
    /// It is protected in a way that is not read.
    Unsupported(Unsupported),
    /// It begins, but not all of it came.
    Incomplete,
}

/// What is known of a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// It fits.
    Right,
    /// It does not.
    Wrong,
    /// There is no key to look at it, or not all of the frame.
    Unknown,
}

/// Something that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// A frame ends early.
    Cut {
        /// Bytes that came.
        have: u64,
        /// Bytes that it should have.
        need: u64,
    },
    /// A part of the push is not there.
    PartMissing {
        /// Number that should come.
        wanted: u16,
        /// Number that came.
        came: u16,
    },
    /// A block is not there.
    BlockMissing {
        /// Number that should come.
        wanted: u16,
        /// Number that came.
        came: u16,
    },
    /// More was to follow.
    NoLast,
    /// The tree ends here, before its elements do.
    Tree(TreeFault),
    /// Bytes that stand behind the end.
    Behind,
    /// A number that no header has.
    Header,
    /// It is no application unit that is known.
    Unknown,
}

/// An element of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data {
    /// Tag of its type.
    pub tag: u8,
    /// Its value.
    pub value: Value,
    /// What it is in its list.
    pub role: Role,
}

/// The value of an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Null data.
    Nothing,
    /// So many elements.
    Elements(u32),
    /// A whole number, a truth value or a choice.
    Number(i128),
    /// A number that is not whole, as it is written.
    Real(String),
    /// A text.
    Text(String),
    /// A date and time.
    Time([u8; 12]),
    /// Some other bytes.
    Octets,
}

/// What an element is in its list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// Nothing by itself.
    Plain,
    /// The code of what follows.
    Code([u8; 6]),
    /// A reading.
    Reading {
        /// Its code; `None` where neither the list nor a profile has one.
        obis: Option<[u8; 6]>,
        /// Place in the list, from 1.
        place: u32,
        /// The number scaled, where there is a scale.
        number: Option<String>,
        /// Number of its unit.
        unit: Option<u8>,
        /// Where scale and unit come from.
        from: UnitFrom,
    },
}

/// A line of a telegram.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// What stands in it; nothing where it could not be read.
    pub readings: Vec<Written>,
    /// It goes on with the line before.
    pub continued: bool,
    /// Characters that cannot stand in a telegram.
    pub odd: u32,
    /// Code of what is not as the standard has it.
    pub issue: Option<&'static str>,
}

/// A reading of a telegram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its code.
    pub obis: Obis,
    /// Its values with their units, in order.
    pub values: Vec<(Said, String)>,
}

/// A value of a telegram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Nothing.
    Nothing,
    /// A number, with its digits.
    Number(String),
    /// A time.
    Time(Timestamp),
    /// A time that does not exist.
    NoTime,
    /// A text.
    Text(String),
}

impl Field {
    /// The word for it in data.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Noise => "noise",
            Self::Fragment => "fragment",
            Self::Flag => "flag",
            Self::Format { .. } => "frame_format",
            Self::Addresses { .. } => "addresses",
            Self::HdlcControl(_) | Self::MbusControl(_) => "control",
            Self::Check(check) => match check.of {
                Sum::HdlcHeader => "header_check_sum",
                Sum::HdlcFrame => "frame_check_sum",
                Sum::Mbus => "check_sum",
                Sum::Telegram(_) => "crc",
            },
            Self::Llc => "llc",
            Self::MbusStart { .. } => "start",
            Self::MbusAddress(_) => "address",
            Self::MbusPart { .. } => "part",
            Self::MbusSelectors { .. } => "selectors",
            Self::MbusStop => "stop",
            Self::MbusShort { .. } => "short_frame",
            Self::Block { .. } => "block",
            Self::Ciphering { .. } => "ciphering",
            Self::Title(_) => "system_title",
            Self::Length(_) => "length",
            Self::Control(_) => "security_control",
            Self::Counter(_) => "frame_counter",
            Self::Ciphertext { .. } => "ciphertext",
            Self::Tag(_) => "tag",
            Self::Notification { .. } => "data_notification",
            Self::Time(_) => "date_time",
            Self::Data(_) => "data",
            Self::Scale { .. } => "scaler_unit",
            Self::Object { .. } => "object",
            Self::Descriptor { .. } => "descriptor",
            Self::Descriptors { .. } => "descriptors",
            Self::Identification => "identification",
            Self::Blank => "blank_line",
            Self::Line(_) => "line",
            Self::End => "end",
            Self::Damage(_) => "damage",
        }
    }

    /// The layer that it belongs to.
    pub fn layer(&self) -> &'static str {
        match self {
            Self::Noise | Self::Fragment => "noise",
            Self::Flag
            | Self::Format { .. }
            | Self::Addresses { .. }
            | Self::HdlcControl(_)
            | Self::Llc => "hdlc",
            Self::MbusStart { .. }
            | Self::MbusControl(_)
            | Self::MbusAddress(_)
            | Self::MbusPart { .. }
            | Self::MbusSelectors { .. }
            | Self::MbusStop
            | Self::MbusShort { .. } => "mbus",
            Self::Check(check) => match check.of {
                Sum::HdlcHeader | Sum::HdlcFrame => "hdlc",
                Sum::Mbus => "mbus",
                Sum::Telegram(_) => "telegram",
            },
            Self::Block { .. } => "block",
            Self::Ciphering { .. }
            | Self::Title(_)
            | Self::Length(_)
            | Self::Control(_)
            | Self::Counter(_)
            | Self::Ciphertext { .. }
            | Self::Tag(_) => "ciphering",
            Self::Notification { .. } | Self::Time(_) => "notification",
            Self::Data(_)
            | Self::Scale { .. }
            | Self::Object { .. }
            | Self::Descriptor { .. }
            | Self::Descriptors { .. } => "data",
            Self::Identification | Self::Blank | Self::Line(_) | Self::End => "telegram",
            Self::Damage(_) => "damage",
        }
    }

    /// Whether it is as it should be; `None` for what cannot be wrong.
    pub fn is_right(&self) -> Option<bool> {
        match self {
            Self::Check(check) => Some(check.sent == Some(check.right)),
            Self::Tag(Proof::Right) => Some(true),
            Self::Tag(Proof::Wrong) => Some(false),
            Self::Ciphertext {
                opened: Opened::Senseless,
                ..
            } => Some(false),
            Self::Line(line) => {
                let read = line.continued || !line.readings.is_empty();
                (line.odd > 0 || !read).then_some(false)
            }
            Self::Damage(_) => Some(false),
            _ => None,
        }
    }
}

impl Damage {
    /// The word for it in data.
    pub fn code(self) -> &'static str {
        match self {
            Self::Cut { .. } => "cut",
            Self::PartMissing { .. } => "part_missing",
            Self::BlockMissing { .. } => "block_missing",
            Self::NoLast => "no_last_part",
            Self::Tree(TreeFault::Short) => "tree_short",
            Self::Tree(TreeFault::Bad) => "tree_bad",
            Self::Behind => "bytes_behind",
            Self::Header => "bad_header",
            Self::Unknown => "unknown",
        }
    }
}
