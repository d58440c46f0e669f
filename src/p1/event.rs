//! What the decoder says: each byte of the stream is in exactly one event.

use super::ciphering::{
    FrameCounter, GeneralGloCiphering, SecurityControl, SystemTitle, Unsupported,
};
use super::framer::PLAIN_MAX;
use super::push::{Framing, Push};
use super::readout::{Crc, SentCrc};
use super::span::Span;
use super::telegram::Telegram;

/// One stretch of the stream and what it turned out to be.
#[derive(Clone, Debug)]
pub enum Event<'a> {
    /// A telegram that may be used, as far as its verdicts go.
    Telegram(Decoded<'a>),
    /// A frame that may not be used: evidence, never data.
    Refused(Refused<'a>),
    /// Bytes that belong to no frame.
    Junk(Junk<'a>),
}

/// A telegram with its three verdicts: tag, CRC and text.
#[derive(Clone, Debug)]
pub struct Decoded<'a> {
    /// Place of the frame in the stream.
    pub span: Span,
    /// The frame as received.
    pub frame: &'a [u8],
    /// Header and tag; `None` for a telegram sent in clear.
    pub security: Option<Security>,
    /// The whole text as the meter made it, line end after the CRC included.
    pub text: &'a [u8],
    /// CRC as sent and as computed.
    pub crc: Crc,
    /// The text parsed.
    pub telegram: Telegram<'a>,
    /// What else is known of a DLMS push, whose text is the readout made of it.
    pub push: Option<Push<'a>>,
    /// What had to be undone before the bytes could be read; `None` for bytes as received.
    pub mended: Option<&'static str>,
    /// Its counter came before: recordings that were joined overlap. Of a live source such frames are refused.
    pub replayed: bool,
    /// Bytes at the end of the text that stand behind the telegram; line ends and NULs alone are none.
    pub behind: usize,
}

/// How a ciphered frame was protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Security {
    /// Header as received.
    pub header: GeneralGloCiphering,
    /// Verdict on the tag.
    pub tag: Tag,
}

/// Verdict on the tag of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tag {
    /// It fits key, header and ciphertext.
    Valid,
    /// It does not fit; let through because the user asked for it.
    Invalid,
    /// It was not looked at.
    Skipped,
    /// The frame has none (security control `20`).
    None,
}

/// A frame that is not used.
#[derive(Clone, Copy, Debug)]
pub struct Refused<'a> {
    /// Place in the stream.
    pub span: Span,
    /// The bytes as received.
    pub frame: &'a [u8],
    /// Header, where it was legal.
    pub header: Option<GeneralGloCiphering>,
    /// Header of a push inside link frames, or made of parts; it does not lie at the begin of the bytes.
    pub inner: Option<GeneralGloCiphering>,
    /// What carries it, where it is a push in link frames or blocks.
    pub framing: Option<Framing>,
    /// Why it is not used.
    pub reason: Reason,
}

/// Why a frame is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// It ended early.
    Truncated {
        /// Bytes that came.
        have: u64,
        /// Bytes that its length field claims, the header included.
        need: u64,
    },
    /// No frame can have the length that it claims.
    BadLength {
        /// Title in the header.
        title: SystemTitle,
        /// Length as claimed, in bytes.
        length: u64,
    },
    /// It is protected in a way that is not read.
    Unsupported(Unsupported),
    /// There is no key for the meter.
    NoKey,
    /// Key, header, ciphertext and tag do not fit together.
    TagMismatch,
    /// The CRC does not fit the text.
    CrcMismatch(Crc),
    /// A plain telegram without its end, or a text that is no telegram.
    NoEnd,
    /// Data lines with an end, whose first line cannot be read.
    NoStart,
    /// A frame without a tag from a meter that has sent tagged ones; or a telegram in clear under the name of such
    /// a meter, or of one with a key.
    Downgrade,
    /// Its counter does not grow: it was recorded, and is sent once more.
    Replayed,
    /// A segment of a push is missing.
    SegmentMissing,
    /// A block of a push is missing.
    BlockMissing,
    /// The check sum of a link frame does not fit.
    ChecksumMismatch,
    /// A header of ciphering before text in clear: a program has decrypted it where it lay, and logged it then.
    OpenedInPlace,
    /// The tree of a push does not end with its data, or is none.
    BadStructure,
    /// Its meter is in another shard: it is left to another process.
    OtherShard,
}

/// Bytes between frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Junk<'a> {
    /// Place in the stream.
    pub span: Span,
    /// The bytes as received.
    pub bytes: &'a [u8],
    /// They show the push before once more, taken out of its frames, as some logs do.
    pub again: bool,
}

impl Event<'_> {
    /// Place of the event in the stream.
    pub fn span(&self) -> Span {
        match self {
            Self::Telegram(decoded) => decoded.span,
            Self::Refused(refused) => refused.span,
            Self::Junk(junk) => junk.span,
        }
    }
}

impl Decoded<'_> {
    /// Tells whether it stops behind its last line, without an end line.
    pub fn lacks_end(&self) -> bool {
        self.crc.received == SentCrc::NoEnd
    }

    /// The verdict on the tag of a frame that does not prove its origin; `None` where it does, and for a telegram that
    /// was sent in clear.
    pub fn unproven(&self) -> Option<Tag> {
        let tag = self.security.map(|security| security.tag);
        tag.filter(|tag| *tag != Tag::Valid)
    }

    /// Whether its digits may be wrong: its CRC or its tag does not fit, and it was let through all the same.
    pub fn is_doubtful(&self) -> bool {
        self.crc.valid() == Some(false) || self.unproven() == Some(Tag::Invalid)
    }
}

impl Security {
    /// Who sent the frame.
    pub fn title(&self) -> SystemTitle {
        self.header.title
    }

    /// Frame counter (DLMS: invocation counter).
    pub fn counter(&self) -> FrameCounter {
        self.header.counter
    }

    /// Security control byte.
    pub fn control(&self) -> SecurityControl {
        self.header.control
    }
}

impl Tag {
    /// The word for it in every output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Invalid => "invalid",
            Self::Skipped => "skipped",
            Self::None => "none",
        }
    }
}

impl Refused<'_> {
    /// Tells whether it is a DLMS push in link frames or blocks.
    pub fn is_push(&self) -> bool {
        let reason = matches!(
            self.reason,
            Reason::SegmentMissing
                | Reason::BlockMissing
                | Reason::ChecksumMismatch
                | Reason::OpenedInPlace
                | Reason::BadStructure
        );
        reason || self.inner.is_some() || self.framing.is_some()
    }

    /// Tells whether it is, in clear, longer than any meter's telegram or first line is.
    pub fn is_over_limit(&self) -> bool {
        self.header.is_none()
            && match self.reason {
                Reason::NoEnd => self.frame.len() >= PLAIN_MAX,
                Reason::NoStart => self.frame.starts_with(b"/"),
                _ => false,
            }
    }

    /// Title in the header, where one could be read.
    pub fn title(&self) -> Option<SystemTitle> {
        match (self.header, self.reason) {
            (Some(header), _) => Some(header.title),
            (None, _) if self.inner.is_some() => self.inner.map(|header| header.title),
            (None, Reason::BadLength { title, .. }) => Some(title),
            (None, _) => None,
        }
    }
}

impl Reason {
    /// The word for it in every output.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Truncated { .. } => "truncated",
            Self::BadLength { .. } => "bad_length",
            Self::Unsupported(_) => "unsupported",
            Self::NoKey => "no_key",
            Self::TagMismatch => "tag_mismatch",
            Self::CrcMismatch(_) => "crc_mismatch",
            Self::NoEnd => "no_end",
            Self::NoStart => "no_start",
            Self::Downgrade => "downgrade",
            Self::Replayed => "replayed",
            Self::SegmentMissing => "segment_missing",
            Self::BlockMissing => "block_missing",
            Self::ChecksumMismatch => "checksum_mismatch",
            Self::OpenedInPlace => "opened_in_place",
            Self::BadStructure => "bad_structure",
            Self::OtherShard => "other_shard",
        }
    }
}
