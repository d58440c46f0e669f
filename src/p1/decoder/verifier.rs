//! The verifier: which frames may be used, and why others are refused.

use std::ops::Range;
use std::sync::Arc;

use super::super::cipher::{Keys, MeterKeys, OpenError, Opener, Tags};
use super::super::ciphering::{GeneralGloCiphering, SystemTitle, TitleSet};
use super::super::event::{Reason, Tag};
use super::super::framer::{Candidate, Embedded, FIRST_BLOCK, Framer, Kind, PLAIN_MAX, WholePlain};
use super::super::push::assembly::Fault;
use super::super::push::transcode::Transcoder;
use super::super::push::{Form, apdu};
use super::super::readout::{Algorithm, Crc, End, Readout, SentCrc, crc16};
use super::super::shard::Shard;
use super::super::telegram::{LayoutCache, Shape, Telegram};
use super::super::value::Zone;
use super::hold::{Doubt, Habit, Habits, Sender};
use super::opened::{Ahead, Frame, FrameText};

/// What is let through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// What the tag decides.
    pub tag: TagPolicy,
    /// Let telegrams through whose CRC does not fit; they stay marked.
    pub ignore_crc: bool,
    /// Let telegrams in clear through that name a meter with a key, or one that has sent tags.
    pub allow_plain: bool,
}

/// What the tag of a frame decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TagPolicy {
    /// A frame whose tag does not fit is refused.
    #[default]
    Verify,
    /// It is let through where its CRC fits, and marked.
    Warn,
    /// The tag is not looked at; the CRC must fit.
    Skip,
}

/// Decides which frames may be used.
#[derive(Clone)]
pub(super) struct Verifier {
    pub(super) keys: Arc<Keys>,
    policy: Policy,
    pub(super) shard: Option<Shard>,
    /// Text of the frame that was opened last here.
    pub(super) text: Vec<u8>,
    /// Bytes of it.
    pub(super) length: usize,
    /// Writes the readouts of pushes.
    pub(super) transcoder: Transcoder,
    /// Header of the push that was judged last, inside its link frames.
    pub(super) inner: Option<GeneralGloCiphering>,
    /// Meters that have sent a valid tag.
    tagged: TitleSet,
    /// The one of them that sent last.
    tagged_last: Option<SystemTitle>,
    /// Grows with each change of what proves that a meter is spoken for.
    pub(super) proofs: u64,
    /// What meters do in another way than the standard.
    pub(super) habits: Habits,
    /// What is in doubt of the frame that was judged last.
    pub(super) doubt: Option<Doubt>,
    /// For the names in telegrams with such check sums.
    names: (LayoutCache, Zone),
    /// For the meter whose frame was opened last.
    opener: Option<(SystemTitle, Opener)>,
    /// Frames that were opened ahead.
    pub(super) ahead: Option<Ahead>,
    /// What was found ahead of the frame that was judged last.
    pub(super) lent: Option<Lent>,
}

/// What was found ahead of a telegram.
#[derive(Clone)]
pub(super) struct Lent {
    /// Where the text of the frame lies, and the telegram in that; `None` for a telegram in clear.
    text: Option<(Range<usize>, Inside)>,
    /// Number of its shape.
    shape: usize,
}

/// A telegram in a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Inside {
    /// Bytes of the text before it.
    pub(super) start: usize,
    pub(super) readout: Readout,
    crc: Crc,
}

/// What becomes of a candidate.
#[derive(Clone, Copy, Debug)]
pub(super) enum Decision {
    Accept {
        tag: Option<Tag>,
        start: usize,
        readout: Readout,
        crc: Crc,
    },
    /// A push, whose readout the transcoder holds.
    Push {
        tag: Option<Tag>,
        readout: Readout,
        crc: Crc,
        form: Form,
    },
    Refuse {
        end: usize,
        reason: Reason,
    },
}

impl Inside {
    /// The telegram that a text begins with.
    fn at_start(readout: Readout, crc: Crc) -> Self {
        Self {
            start: 0,
            readout,
            crc,
        }
    }

    /// Finds the telegram in a text that was decrypted, and computes its CRC.
    pub(super) fn find(text: &[u8]) -> Option<Self> {
        let lead = text.get(..LEAD_MAX).unwrap_or(text);
        let start = memchr::memchr(b'/', lead)?;
        let readable = text.get(start..)?;
        let readout = Readout::find(readable)?;
        Some(Self {
            start,
            readout,
            crc: readout.check(readable),
        })
    }
}

impl Verifier {
    pub(super) fn new(keys: Arc<Keys>, policy: Policy) -> Self {
        Self {
            keys,
            policy,
            shard: None,
            text: Vec::new(),
            length: 0,
            transcoder: Transcoder::default(),
            inner: None,
            tagged: TitleSet::default(),
            tagged_last: None,
            proofs: 0,
            habits: Habits::default(),
            doubt: None,
            names: (LayoutCache::default(), Zone::luxembourg()),
            opener: None,
            ahead: None,
            lent: None,
        }
    }

    /// Uses other keys.
    pub(super) fn set_keys(&mut self, keys: Arc<Keys>) {
        self.keys = keys;
        self.opener = None;
        self.proofs += 1;
    }

    /// Marks a meter as having sent a valid tag.
    pub(super) fn authenticated(&mut self, title: SystemTitle) {
        if self.tagged_last != Some(title) {
            self.tagged_last = Some(title);
            self.proofs += u64::from(self.tagged.insert(title));
        }
    }

    /// The text of the frame that was judged last.
    pub(super) fn decrypted(&self) -> &[u8] {
        let lent = self.lent.as_ref().and_then(|lent| lent.text.as_ref());
        match (lent, &self.ahead) {
            (Some((range, _)), Some(ahead)) => ahead.text(range.clone()),
            _ => self.text.get(..self.length).unwrap_or_default(),
        }
    }

    /// The shape of the telegram that was judged last, where it was found ahead.
    pub(super) fn shape(&self) -> Option<&Arc<Shape>> {
        self.ahead.as_ref()?.shape(self.lent.as_ref()?.shape)
    }

    /// Decides what becomes of a candidate; `None`: that depends on bytes still to come.
    pub(super) fn decide(
        &mut self,
        framer: &Framer,
        data: &[u8],
        base: u64,
        candidate: &Candidate,
        closed: bool,
    ) -> Option<Decision> {
        let frame = data.get(candidate.start..candidate.end).unwrap_or_default();
        (self.inner, self.doubt, self.lent) = (None, None, None);
        let judged = match candidate.kind {
            Kind::Push { fault, .. } => {
                return self.push_or_another(framer, data, candidate, fault, closed);
            }
            Kind::BarePush => {
                let end = candidate.end;
                let decision = self.transcode(None, None, frame);
                return Some(decision.unwrap_or_else(|reason| Decision::Refuse { end, reason }));
            }
            // Its check sum is lost: only a tag can say that it is whole.
            Kind::Ciphered(header) if framer.torn => {
                match self.ciphered(&header, frame, Some(base + candidate.start as u64)) {
                    Ok(Decision::Accept { tag, .. } | Decision::Push { tag, .. })
                        if tag != Some(Tag::Valid) =>
                    {
                        Err(Reason::ChecksumMismatch)
                    }
                    Err(Reason::TagMismatch | Reason::BadStructure) => {
                        Err(Reason::ChecksumMismatch)
                    }
                    judged => judged,
                }
            }
            Kind::Ciphered(header) if frame.first() == Some(&b'/') => {
                self.sealed_behind(&header, frame)
            }
            Kind::Ciphered(header) => {
                match self.ciphered(&header, frame, Some(base + candidate.start as u64)) {
                    Err(Reason::TagMismatch | Reason::NoKey | Reason::NoEnd)
                        if self.opened_in_place(&header, frame) =>
                    {
                        Err(Reason::OpenedInPlace)
                    }
                    judged => judged,
                }
            }
            Kind::Plain(readout) => {
                let ahead = self.ahead.as_ref();
                let found = ahead.and_then(|ahead| ahead.plain(base + candidate.start as u64));
                let whole = WholePlain {
                    length: frame.len(),
                    readout,
                };
                let crc = match found.filter(|plain| plain.whole == whole) {
                    Some(plain) => {
                        self.lent = Some(Lent {
                            text: None,
                            shape: plain.shape,
                        });
                        plain.crc
                    }
                    None => readout.check(frame),
                };
                self.accept(None, frame, Inside::at_start(readout, crc))
            }
            Kind::CipheredCut(header) => {
                let need = header.frame_length() as u64;
                Err(Reason::Truncated {
                    have: frame.len() as u64,
                    need,
                })
            }
            Kind::PlainCut => self.unended(frame),
            Kind::Headless => Err(Reason::NoStart),
            Kind::BadLength { title, length } => Err(Reason::BadLength { title, length }),
        };
        let (accepted, reason) = match judged {
            // Without a CRC nothing but a look inside tells whether a text has swallowed a frame.
            Ok(decision @ Decision::Accept { tag: None, crc, .. }) if crc.valid() != Some(true) => {
                (Some(decision), Reason::NoEnd)
            }
            Ok(decision) => return Some(decision),
            Err(reason) => (None, reason),
        };
        let end = candidate.end;
        let verified = matches!(
            (candidate.kind, reason),
            (Kind::Ciphered(_), Reason::CrcMismatch(_))
        );
        if verified || matches!(candidate.kind, Kind::BadLength { .. }) {
            return Some(Decision::Refuse { end, reason });
        }
        match framer.find_embedded_start(data, candidate, closed, |header, block| {
            self.opens(header, block)
        }) {
            Embedded::More => None,
            Embedded::Stands => Some(accepted.unwrap_or(Decision::Refuse { end, reason })),
            Embedded::Cut(end) => {
                let have = (end - candidate.start) as u64;
                let reason = match candidate.kind.header() {
                    Some(header) => Reason::Truncated {
                        have,
                        need: header.frame_length() as u64,
                    },
                    None => Reason::NoEnd,
                };
                Some(Decision::Refuse { end, reason })
            }
        }
    }

    /// Tells whether a telegram in clear speaks for a meter that proves its origin: one with a key of its own, or
    /// one that has sent a valid tag. Each name in it counts, not only the one that is shown.
    pub(super) fn speaks_for_another(&self, telegram: &Telegram<'_>) -> bool {
        !self.policy.allow_plain
            && telegram
                .ids()
                .filter_map(|id| {
                    let id = id.trim();
                    // The bytes of a title may be text as they are.
                    let bytes = || <[u8; 8]>::try_from(id.as_bytes()).map(SystemTitle);
                    SystemTitle::parse(id).or_else(|| bytes().ok())
                })
                .any(|title| {
                    let proves = self.keys.has(title) || self.tagged.contains(&title);
                    proves && !self.keys.allows_plain(title)
                })
    }

    /// Decides what becomes of a push in link frames or blocks, or where another frame begins in one that is refused;
    /// `None`: that depends on bytes still to come.
    fn push_or_another(
        &mut self,
        framer: &Framer,
        data: &[u8],
        candidate: &Candidate,
        fault: Option<Fault>,
        closed: bool,
    ) -> Option<Decision> {
        let parts = &framer.parts;
        let reason = match self.push(&parts.apdu, fault) {
            Ok(decision) => return Some(decision),
            Err(reason) => reason,
        };
        // A tag proves the text, whatever it holds.
        let proven = reason == Reason::BadStructure && self.inner.is_some();
        let reason = match reason {
            // Segments have no numbers: that the tree does not end is all that shows.
            Reason::BadStructure if parts.spans.len() > 1 => Reason::SegmentMissing,
            // The key is right where the text begins as it must: another push goes on with it.
            Reason::TagMismatch if parts.spans.len() > 1 && self.begins_right(&parts.apdu) => {
                Reason::SegmentMissing
            }
            reason => reason,
        };
        let end = candidate.end;
        if proven {
            return Some(Decision::Refuse { end, reason });
        }
        let opens = |header: &_, block: Option<&_>| self.opens(header, block);
        match framer.find_embedded_in_parts(data, closed, opens) {
            (Embedded::More, _) => None,
            (Embedded::Stands, _) => Some(Decision::Refuse { end, reason }),
            (Embedded::Cut(end), [have, need]) => {
                let reason = Reason::Truncated {
                    have: have as u64,
                    need: need as u64,
                };
                Some(Decision::Refuse { end, reason })
            }
        }
    }

    /// A push that was taken out of its link frames and blocks.
    fn push(&mut self, apdu: &[u8], fault: Option<Fault>) -> Result<Decision, Reason> {
        self.inner = apdu::ciphering(apdu);
        match fault {
            None => {}
            Some(Fault::Truncated { have, need }) => return Err(Reason::Truncated { have, need }),
            Some(Fault::Checksum) => {
                let inner = self.inner;
                return Err(match inner {
                    Some(header) if self.opened_in_place(&header, apdu) => Reason::OpenedInPlace,
                    _ => Reason::ChecksumMismatch,
                });
            }
            Some(Fault::Segment) => return Err(Reason::SegmentMissing),
            Some(Fault::Block) => return Err(Reason::BlockMissing),
        }
        let Some(header) = self.inner else {
            return self.transcode(None, None, apdu);
        };
        let tag = self.decrypt(&header, apdu, None)?;
        self.transcode_text(&header, tag)
    }

    /// Tells whether the text of an encrypted push begins as a notification under the key of its meter, and does not
    /// end as one.
    fn begins_right(&mut self, apdu: &[u8]) -> bool {
        let Some(header) = self.inner.filter(|header| header.control.encrypted()) else {
            return false;
        };
        let Some(keys) = self.keys.of(header.title) else {
            return false;
        };
        let mut text = vec![0; header.text_length()];
        keys.view(&header, apdu, &mut text).is_ok()
            && text.first() == Some(&0x0F)
            && apdu::notification(&text).is_some()
            && self.transcoder.write(None, &text).is_err()
    }

    /// Tells whether text in clear stands behind the header of an encrypted frame.
    fn opened_in_place(&mut self, header: &GeneralGloCiphering, frame: &[u8]) -> bool {
        let text = frame.get(header.header_length..).unwrap_or_default();
        header.control.encrypted()
            && matches!(text, [0x0F | 0x01 | 0x02, ..])
            && self.transcoder.write_begin(None, text).is_ok()
    }

    /// A decrypted push: without a tag that fits, its structure is the proof of the key.
    fn transcode_text(
        &mut self,
        header: &GeneralGloCiphering,
        tag: Tag,
    ) -> Result<Decision, Reason> {
        let text = std::mem::take(&mut self.text);
        let push = text.get(..header.text_length()).unwrap_or_default();
        let decision = self.transcode(Some(header.title), Some(tag), push);
        self.text = text;
        decision
    }

    fn transcode(
        &mut self,
        title: Option<SystemTitle>,
        tag: Option<Tag>,
        push: &[u8],
    ) -> Result<Decision, Reason> {
        let form = self.transcoder.write(title, push).map_err(|_| match tag {
            None | Some(Tag::Valid) => Reason::BadStructure,
            Some(_) => Reason::TagMismatch,
        })?;
        let (readout, crc) = self.transcoder.readout().ok_or(Reason::BadStructure)?;
        Ok(Decision::Push {
            tag,
            readout,
            crc,
            form,
        })
    }

    fn ciphered(
        &mut self,
        header: &GeneralGloCiphering,
        frame: &[u8],
        offset: Option<u64>,
    ) -> Result<Decision, Reason> {
        let tag = self.decrypt(header, frame, offset)?;
        if let Some(0x0F | 0x01 | 0x02) = self.decrypted().first() {
            match self.transcode_text(header, tag) {
                // Not a push either: the words for a text that cannot be read serve better.
                Err(_) if tag != Tag::Valid => {}
                decision => return decision,
            }
        }
        self.readable(header, tag)
    }

    /// Opens a telegram whose first line is in clear, and puts it together.
    ///
    /// Its CRC may be of what was sent or of the text in clear: both were seen or are told of.
    fn sealed_behind(
        &mut self,
        header: &GeneralGloCiphering,
        frame: &[u8],
    ) -> Result<Decision, Reason> {
        let tag = self.decrypt(header, frame, None)?;
        let text = self.decrypted();
        match text {
            [0x0F | 0x01 | 0x02, ..] => return self.transcode_text(header, tag),
            [b'/', ..] => return self.readable(header, tag),
            _ => {}
        }
        let end = header.frame_length();
        let line_ends = |byte: &u8| matches!(byte, b'\r' | b'\n');
        let line = frame.iter().position(line_ends).unwrap_or(0);
        let lines = match memchr::memrchr(b'!', text) {
            Some(mark) if text.len() - mark <= MARK_MAX => text.get(..mark).unwrap_or_default(),
            _ => text.trim_ascii_end(),
        };
        let readable = |byte: &u8| matches!(byte, b' '..=b'~' | b'\r' | b'\n' | b'\t');
        if lines.is_empty() || !lines.iter().all(readable) {
            return Err(match tag {
                Tag::Valid => Reason::NoEnd,
                _ => Reason::TagMismatch,
            });
        }
        let mut whole = frame.get(..line).unwrap_or_default().to_vec();
        whole.extend_from_slice(b"\r\n\r\n");
        whole.extend_from_slice(lines.trim_ascii_start());
        while whole.last().is_some_and(line_ends) {
            whole.pop();
        }
        whole.extend_from_slice(b"\r\n!");
        let crc = crc16(&whole);
        let sent = Readout::at(frame, end, true);
        let sent = match sent {
            End::Here(Readout {
                crc: SentCrc::Digits(sent),
                ..
            }) => Some(sent),
            _ => None,
        };
        let of_sent = frame.get(..=end).map(crc16);
        let fits = sent.is_some_and(|sent| sent == crc || Some(sent) == of_sent);
        // A tag proves more than a sum.
        if !fits && tag != Tag::Valid {
            let reason = Crc {
                received: sent.map_or(SentCrc::Absent, SentCrc::Digits),
                computed: crc,
                algorithm: Algorithm::Arc,
                fits: None,
            };
            return Err(Reason::CrcMismatch(reason));
        }
        whole.extend_from_slice(format!("{crc:04X}\r\n").as_bytes());
        self.length = whole.len();
        self.text = whole;
        let readout = Readout::find(&self.text).ok_or(Reason::NoEnd)?;
        let crc = readout.check(&self.text);
        Ok(Decision::Accept {
            tag: Some(tag),
            start: 0,
            readout,
            crc,
        })
    }

    /// Writes the text of a frame to the buffer; gives the verdict on its tag. The offset is that of a frame that may
    /// have been opened ahead.
    fn decrypt(
        &mut self,
        header: &GeneralGloCiphering,
        frame: &[u8],
        offset: Option<u64>,
    ) -> Result<Tag, Reason> {
        if self.shard.is_some_and(|shard| !shard.has(header.title)) {
            return Err(Reason::OtherShard);
        }
        if let Some(unsupported) = header.control.unsupported() {
            return Err(Reason::Unsupported(unsupported));
        }
        let keys = || self.keys.of(header.title).ok_or(Reason::NoKey);
        let length = header.text_length();
        self.length = length;
        if self.text.len() < length {
            self.text.resize(length, 0);
        }
        let text = self.text.get_mut(..length).unwrap_or_default();
        let tag = if !header.control.authenticated() {
            let due = match keys()?.tags() {
                Some(Tags::Required) => true,
                Some(Tags::Optional) => false,
                None => self.tagged.contains(&header.title),
            };
            if due && self.policy.tag == TagPolicy::Verify {
                return Err(Reason::Downgrade);
            }
            keys()?
                .view(header, frame, text)
                .map_err(|_| Reason::TagMismatch)?;
            Tag::None
        } else if self.policy.tag == TagPolicy::Skip {
            keys()?
                .view(header, frame, text)
                .map_err(|_| Reason::TagMismatch)?;
            Tag::Skipped
        } else {
            let ahead = self.ahead.as_ref().zip(offset);
            let found =
                ahead.and_then(|(ahead, at)| Some((ahead, ahead.frame(at, header, &self.keys)?)));
            let opened = match found {
                Some((
                    ahead,
                    Frame {
                        text: Some(found), ..
                    },
                )) => {
                    match found.lent() {
                        None => text.copy_from_slice(ahead.text(found.range.clone())),
                        lent => self.lent = lent,
                    }
                    Ok(())
                }
                Some((_, Frame { text: None, .. })) => Err(OpenError::TagMismatch),
                None => {
                    let opener = match &mut self.opener {
                        Some((title, opener)) if *title == header.title => opener,
                        other => &mut other.insert((header.title, Opener::new(keys()?))).1,
                    };
                    opener.open(header, frame, text)
                }
            };
            match opened {
                Ok(()) => Tag::Valid,
                Err(OpenError::TagMismatch) if self.policy.tag == TagPolicy::Warn => {
                    keys()?
                        .view(header, frame, text)
                        .map_err(|_| Reason::TagMismatch)?;
                    Tag::Invalid
                }
                Err(_) => return Err(Reason::TagMismatch),
            }
        };
        if tag == Tag::Valid {
            self.authenticated(header.title);
        }
        Ok(tag)
    }

    /// Finds the telegram in a text that was decrypted.
    fn readable(&mut self, header: &GeneralGloCiphering, tag: Tag) -> Result<Decision, Reason> {
        if let Some(Lent {
            text: Some((range, inside)),
            ..
        }) = self.lent.clone()
        {
            let ahead = self.ahead.take();
            let text = ahead.as_ref().map(|ahead| ahead.text(range));
            let decision = self.read(header, text.unwrap_or_default(), tag, Some(inside));
            self.ahead = ahead;
            return decision;
        }
        let text = std::mem::take(&mut self.text);
        let plain = text.get(..header.text_length()).unwrap_or_default();
        let decision = self.read(header, plain, tag, Inside::find(plain));
        self.text = text;
        decision
    }

    fn read(
        &mut self,
        header: &GeneralGloCiphering,
        text: &[u8],
        tag: Tag,
        found: Option<Inside>,
    ) -> Result<Decision, Reason> {
        let unreadable = match tag {
            Tag::Invalid | Tag::Skipped => Reason::TagMismatch,
            Tag::Valid | Tag::None => Reason::NoEnd,
        };
        let found = found.ok_or(unreadable)?;
        let start = found.start;
        let decision = self.accept(Some((tag, header.title)), text, found)?;
        let tags = || self.keys.of(header.title).and_then(MeterKeys::tags);
        if tag == Tag::None
            && tags().is_none()
            && self.policy.tag == TagPolicy::Verify
            && sends_tags(text.get(start..).unwrap_or_default())
        {
            return Err(Reason::Downgrade);
        }
        match decision {
            // Without a tag that fits, the CRC is all there is to go by.
            Decision::Accept { crc, .. }
                if tag != Tag::Valid && crc.valid().is_none() && !self.policy.ignore_crc =>
            {
                Err(unreadable)
            }
            decision => Ok(decision),
        }
    }

    fn accept(
        &mut self,
        proof: Option<(Tag, SystemTitle)>,
        text: &[u8],
        found: Inside,
    ) -> Result<Decision, Reason> {
        let Inside {
            start,
            readout,
            crc,
        } = found;
        let tag = proof.map(|(tag, _)| tag);
        let readable = text.get(start..).unwrap_or_default();
        let decision = |crc| Decision::Accept {
            tag,
            start,
            readout,
            crc,
        };
        if let (Some(kind), SentCrc::Digits(sent)) = (crc.fits, crc.received)
            && tag != Some(Tag::Invalid)
        {
            let right = Crc {
                computed: sent,
                algorithm: kind,
                fits: None,
                ..crc
            };
            let sender = match proof {
                Some((_, title)) => Sender::Title(title),
                None => self.sender(readable, readout),
            };
            // A tag proves the text; else a single sum may fit by chance.
            let habit = Habit::Sum(kind);
            if tag == Some(Tag::Valid) || self.habits.has(&sender, habit) {
                return Ok(decision(right));
            }
            let decision = decision(right);
            self.doubt = Some(Doubt {
                sender,
                habit,
                decision,
            });
        }
        match crc.valid() {
            Some(false) if !self.policy.ignore_crc => match tag {
                Some(Tag::Invalid) => Err(Reason::TagMismatch),
                _ => Err(Reason::CrcMismatch(crc)),
            },
            _ => Ok(decision(crc)),
        }
    }

    /// A telegram in clear that stopped before its end line: a half one, or all that the meter sends.
    fn unended(&mut self, frame: &[u8]) -> Result<Decision, Reason> {
        let readout = Readout {
            mark: frame.len(),
            end: frame.len(),
            crc: SentCrc::NoEnd,
        };
        let found = Inside::at_start(readout, readout.check(frame));
        let decision = self.accept(None, frame, found)?;
        if self.policy.ignore_crc {
            return Ok(decision);
        }
        // One that is over the limit goes on.
        let whole = frame.len() < PLAIN_MAX;
        let habit = Habit::no_end(frame)
            .filter(|_| whole)
            .ok_or(Reason::NoEnd)?;
        let sender = Sender::first_line(frame);
        if self.habits.has(&sender, habit) {
            return Ok(decision);
        }
        self.doubt = Some(Doubt {
            sender,
            habit,
            decision,
        });
        Err(Reason::NoEnd)
    }

    /// Who sent a telegram in clear: its name, or its first line.
    fn sender(&mut self, text: &[u8], readout: Readout) -> Sender {
        let (memory, zone) = &mut self.names;
        let telegram = memory.parse(text, readout.mark, zone);
        let name = telegram.meter_id().unwrap_or_else(|| telegram.header());
        Sender::Name(name.into_owned())
    }

    /// Who sent a telegram whose check sum is that of the standard.
    pub(super) fn sender_of_standard(
        &mut self,
        candidate: &Candidate,
        frame: &[u8],
        decision: &Decision,
    ) -> Option<Sender> {
        let Decision::Accept { readout, crc, .. } = decision else {
            return None;
        };
        if crc.valid() != Some(true) || crc.algorithm != Algorithm::Arc {
            return None;
        }
        match candidate.kind {
            Kind::Ciphered(header) => Some(Sender::Title(header.title)),
            _ => Some(self.sender(frame, *readout)),
        }
    }

    /// Tells whether a frame inside another reads like a telegram under the key of its meter.
    pub(super) fn opens(
        &self,
        header: &GeneralGloCiphering,
        block: Option<&[u8; FIRST_BLOCK]>,
    ) -> bool {
        let Some(keys) = self.keys.of(header.title) else {
            return false;
        };
        let encrypted = header.control.encrypted();
        if header.control.unsupported().is_some()
            // Text in clear is easily made up: only a meter of the ring is believed.
            || !encrypted && !self.keys.has(header.title)
        {
            return false;
        }
        block.is_none_or(|block| {
            let mut text = *block;
            if encrypted {
                keys.apply_key_stream(header.title, header.counter, &mut text);
            }
            let push = matches!(
                text,
                [0x0F, _, _, _, _, 0x0C, 0x07, ..]
                    | [0x0F, _, _, _, _, 0x09, 0x0C, 0x07, ..]
                    | [0x0F, _, _, _, _, 0x00, 0x01 | 0x02, ..]
            );
            push || text.first() == Some(&b'/')
                && text
                    .iter()
                    .all(|b| matches!(b, b' '..=b'~' | b'\r' | b'\n'))
        })
    }
}

impl FrameText {
    /// What the verifier may take as it is: a telegram, and no push that has one in it.
    fn lent(&self) -> Option<Lent> {
        let (inside, shape) = self.telegram?;
        Some(Lent {
            text: Some((self.range.clone(), inside)),
            shape,
        })
    }
}

/// Tells by its first line whether a telegram is of a country whose meters send tags.
fn sends_tags(text: &[u8]) -> bool {
    let first = text.get(..LUXEMBOURG.len()).unwrap_or_default();
    first.eq_ignore_ascii_case(LUXEMBOURG)
}

/// How first lines in Luxembourg begin.
const LUXEMBOURG: &[u8] = b"/Lux5";
/// Most bytes of the mark at the end of a text, its CRC and line end.
const MARK_MAX: usize = 8;
/// Bytes that may stand before the `/` of a decrypted telegram.
const LEAD_MAX: usize = 16;
