//! DLMS pushes: the binary telegrams of customer ports, read into the same text that P1 ports send.
//!
//! ```text
//! 7E A. … 7E HDLC | 68 L L 68 … 16 wired M-Bus | bare        link frames, one or several
//!         E0 blocks of general block transfer                 where the meter uses it
//!         DB or DC title SC counter ciphertext [tag]          where it encrypts
//!         0F invoke-id date-time body                         data-notification
//!         A-XDR tree -> list -> readings -> readout with CRC
//! ```
//! IEC 62056-46 (HDLC), EN 13757-2 and -3 (M-Bus), IEC 62056-5-3 (application layer), IEC 62056-6-2 (classes).
//!
//! Not supported: general-ciphering and signing, suite 2, compressed text.

pub mod apdu;

pub mod assembly;

pub mod axdr;

pub mod encode;

pub mod hdlc;

pub mod lists;

pub mod mbus;

mod mold;

pub mod profile;

pub mod rewrite;

pub mod transcode;

pub mod unit;

#[cfg(test)]
mod tests;

/// What carried a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// HDLC frames of type 3.
    Hdlc,
    /// Frames of the wired M-Bus.
    Mbus,
    /// Nothing: the application layer as it is.
    Bare,
}

/// How a list tells what its values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A structure of code, value and scaler with unit for each reading.
    Rows,
    /// A list of objects first, then their values.
    ObjectList,
    /// Codes, values, and scalers with units, all in one structure.
    FlatScaler,
    /// Codes and values in one structure.
    Flat,
    /// Descriptors without tags, then their values.
    Descriptors,
    /// Values alone.
    Bare,
}

/// Where the unit and scale of a reading come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitFrom {
    /// The frame has them.
    Frame,
    /// They are those of the maker.
    Profile,
    /// They follow from the other values.
    Derived,
    /// Neither is known, or there is none.
    Nothing,
}

/// What is known of a push besides its readings.
#[derive(Clone, Copy, Debug)]
pub struct Push<'a> {
    /// What carried it.
    pub framing: Framing,
    /// How its list tells what the values are.
    pub form: Form,
    /// Name of its list, as far as it has one.
    pub list: Option<&'a str>,
    /// Link frames or blocks that it came in.
    pub parts: u16,
    /// Where each link frame lies in the stream; the spaces between them are flags or noise.
    pub spans: &'a [super::span::Span],
    /// Whether the check sums of the link frames fit; `None` for a push without frames.
    pub checksum: Option<bool>,
    /// Where the unit of each line comes from, in the order of the lines.
    pub units: &'a [UnitFrom],
    /// Which lines are of earlier pushes, where such were put together; empty where all are of this one.
    pub earlier: &'a [Option<Earlier>],
}

/// That a reading came with an earlier push of its meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// How many seconds before this one, where that is known.
    pub seconds: Option<u64>,
}

impl Push<'_> {
    /// How many readings are of earlier pushes, and the age of the oldest in seconds, as far as it is known.
    pub fn oldest(&self) -> Option<(usize, Option<u64>)> {
        let earlier = || self.earlier.iter().flatten();
        let count = earlier().count();
        (count > 0).then(|| (count, earlier().filter_map(|age| age.seconds).max()))
    }
}

impl Framing {
    /// The word for it in every output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Hdlc => "hdlc",
            Self::Mbus => "mbus",
            Self::Bare => "bare",
        }
    }
}

impl Form {
    /// The word for it in every output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Rows => "rows",
            Self::ObjectList => "object list",
            Self::FlatScaler => "flat+scaler",
            Self::Flat => "flat",
            Self::Descriptors => "descriptors",
            Self::Bare => "bare",
        }
    }
}

impl UnitFrom {
    /// The word for it in every output.
    pub fn word(self) -> Option<&'static str> {
        match self {
            Self::Frame => Some("frame"),
            Self::Profile => Some("profile"),
            Self::Derived => Some("derived"),
            Self::Nothing => None,
        }
    }
}
