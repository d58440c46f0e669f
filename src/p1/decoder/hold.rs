//! Telegrams of a meter with a habit of its own, held back until the next one of the meter tells whether it is a
//! habit: a check sum of another kind than the standard's, or no end line.
//!
//! ```text
//! A, sum fits as X-25     B     junk     A, sum fits as X-25 again
//! |-------------- held ---------------|  all of it comes out, in order
//! ```
//! A single sum of that many kinds may fit by chance; the same kind twice proves it. So do two telegrams in a row
//! that stop behind the same lines, with no end line between them. Where none follows soon, the telegram is refused.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::mem;

use super::verifier::Decision;
use super::{Decoder, JUNK_MAX};
use crate::p1::ciphering::SystemTitle;
use crate::p1::event::{Event, Junk};
use crate::p1::framer::{Candidate, Kind};
use crate::p1::readout::{Algorithm, End, Readout};
use crate::p1::span::Span;

/// A telegram that counts once the habit it shows is proven.
#[derive(Clone, Debug)]
pub(super) struct Doubt {
    pub(super) sender: Sender,
    pub(super) habit: Habit,
    /// What becomes of it then.
    pub(super) decision: Decision,
}

/// What a meter does in another way than the standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Habit {
    /// Its check sums are of this kind.
    Sum(Algorithm),
    /// Its telegrams stop behind their last line.
    NoEnd {
        /// Stands for the lines that they have, values aside.
        lines: u64,
    },
}

/// Who sent a telegram, as far as the telegram says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    /// Title of an encrypted frame.
    Title(SystemTitle),
    /// Name in a telegram, or its first line.
    Name(String),
    /// First line of a telegram.
    Line(Vec<u8>),
}

/// Habits that meters were seen to have.
#[derive(Clone, Debug, Default)]
pub(super) struct Habits(VecDeque<Seen>);

#[derive(Clone, Debug)]
struct Seen {
    sender: Sender,
    habit: Habit,
    /// It was seen twice.
    proven: bool,
}

/// What waits behind a telegram in doubt, that telegram first.
#[derive(Clone, Default)]
pub(super) struct Hold {
    bytes: Vec<u8>,
    items: VecDeque<Item>,
    frames: usize,
}

#[derive(Clone)]
struct Item {
    span: Span,
    /// `None`: junk.
    frame: Option<Frame>,
}

#[derive(Clone)]
struct Frame {
    kind: Kind,
    decision: Decision,
    /// The text of an encrypted frame.
    text: Vec<u8>,
    doubt: Option<Doubt>,
}

impl Sender {
    pub(super) fn first_line(telegram: &[u8]) -> Self {
        let end = memchr::memchr2(b'\r', b'\n', telegram).unwrap_or(telegram.len());
        Self::Line(telegram.get(..end).unwrap_or_default().to_vec())
    }
}

impl Habit {
    /// What a telegram that stopped without an end shows; `None` where it stopped inside a line.
    pub(super) fn no_end(telegram: &[u8]) -> Option<Self> {
        let lines = telegram.trim_ascii_end();
        lines.strip_suffix(b")")?;
        let mut hasher = DefaultHasher::new();
        for line in lines.split(|byte| matches!(byte, b'\r' | b'\n')) {
            let code = line.split(|byte| *byte == b'(').next();
            let groups = memchr::memchr_iter(b'(', line).count();
            (code, groups).hash(&mut hasher);
        }
        Some(Self::NoEnd {
            lines: hasher.finish(),
        })
    }

    fn is_no_end(self) -> bool {
        matches!(self, Self::NoEnd { .. })
    }
}

impl Habits {
    /// Tells whether a meter has a habit.
    pub(super) fn has(&self, sender: &Sender, habit: Habit) -> bool {
        let mut seen = self.0.iter();
        seen.any(|seen| seen.proven && seen.sender == *sender && seen.habit == habit)
    }

    /// Takes note of a habit; tells whether it was seen the second time.
    fn shows(&mut self, sender: &Sender, habit: Habit) -> bool {
        let place = |seen: &&mut Seen| seen.sender == *sender && seen.habit == habit;
        if let Some(seen) = self.0.iter_mut().find(place) {
            seen.proven = true;
            return true;
        }
        if self.0.len() >= HABITS_MAX {
            let unproven = self.0.iter().position(|seen| !seen.proven);
            self.0.remove(unproven.unwrap_or(0));
        }
        self.0.push_back(Seen {
            sender: sender.clone(),
            habit,
            proven: false,
        });
        false
    }

    /// A meter does as the standard has it: what was seen once was chance.
    fn deny(&mut self, sender: &Sender) {
        self.0.retain(|seen| seen.proven || seen.sender != *sender);
    }

    /// Forgets what one telegram without end has shown.
    fn part(&mut self, sender: &Sender) {
        self.0
            .retain(|seen| seen.proven || seen.sender != *sender || !seen.habit.is_no_end());
    }

    /// End lines are sent: of one meter, or of whichever sends.
    fn ends(&mut self, sender: Option<&Sender>) {
        let is_of = |seen: &Seen| sender.is_none_or(|sender| seen.sender == *sender);
        self.0
            .retain(|seen| !seen.habit.is_no_end() || !is_of(seen));
    }

    fn has_no_end(&self) -> bool {
        self.0.iter().any(|seen| seen.habit.is_no_end())
    }
}

impl Hold {
    fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Offset of the first byte that is held.
    pub(super) fn offset(&self) -> Option<u64> {
        self.items.front().map(|item| item.span.start)
    }

    fn push(&mut self, span: Span, bytes: &[u8], frame: Option<Frame>) {
        self.bytes.extend_from_slice(bytes);
        self.frames += usize::from(frame.is_some());
        self.items.push_back(Item { span, frame });
    }

    fn frames(&mut self) -> impl Iterator<Item = &mut Frame> {
        self.items.iter_mut().filter_map(|item| item.frame.as_mut())
    }

    /// Lets a habit count.
    fn prove(&mut self, sender: &Sender, habit: Habit) {
        for frame in self.frames() {
            let this = |doubt: &mut Doubt| doubt.sender == *sender && doubt.habit == habit;
            if let Some(doubt) = frame.doubt.take_if(this) {
                frame.decision = doubt.decision;
            }
        }
    }

    /// Lets what is held of a meter be refused.
    fn deny(&mut self, sender: &Sender) {
        for frame in self.frames() {
            frame.doubt.take_if(|doubt| doubt.sender == *sender);
        }
    }

    /// Lets telegrams without end be refused: those of one meter, or of all.
    fn deny_no_end(&mut self, sender: Option<&Sender>) {
        for frame in self.frames() {
            frame.doubt.take_if(|doubt| {
                doubt.habit.is_no_end() && sender.is_none_or(|sender| doubt.sender == *sender)
            });
        }
    }

    /// The next item that is in no doubt, or has waited too long, with its bytes.
    fn next(&mut self) -> Option<(Item, Vec<u8>)> {
        let full = self.frames > FRAMES_MAX || self.bytes.len() > BYTES_MAX;
        let is_free = |item: &Item| {
            let doubt = item.frame.as_ref().and_then(|frame| frame.doubt.as_ref());
            full || doubt.is_none()
        };
        self.items.front().filter(|item| is_free(item))?;
        let item = self.items.pop_front()?;
        self.frames -= usize::from(item.frame.is_some());
        let length = (item.span.len() as usize).min(self.bytes.len());
        let bytes = self.bytes.drain(..length).collect();
        Some((item, bytes))
    }
}

impl Decoder {
    /// Says a frame, or holds it back.
    pub(super) fn pass(
        &mut self,
        span: Span,
        frame: &[u8],
        candidate: &Candidate,
        mut decision: Decision,
        sink: &mut impl FnMut(&Event<'_>),
    ) {
        let whole = matches!(decision, Decision::Refuse { end, .. } if end == candidate.end);
        let mut doubt = self.verifier.doubt.take().filter(|_| whole);
        match candidate.kind {
            Kind::Plain(_) if self.verifier.habits.has_no_end() => {
                self.ends(Some(&Sender::first_line(frame)));
            }
            // It stopped inside a line: the one before and the next are not two in a row.
            Kind::PlainCut if doubt.is_none() && self.verifier.habits.has_no_end() => {
                self.part(&Sender::first_line(frame));
            }
            Kind::Headless => self.ends(None),
            _ => {}
        }
        if self.hold.is_empty() && doubt.is_none() {
            return self.say(span, frame, candidate.kind, decision, sink);
        }
        // Of pushes there is one readout, that of the last.
        let is_push = matches!(candidate.kind, Kind::Push { .. } | Kind::BarePush);
        if is_push || matches!(decision, Decision::Push { .. }) {
            self.release(sink);
            return self.say(span, frame, candidate.kind, decision, sink);
        }
        if let Some(Doubt { sender, habit, .. }) = &doubt {
            if self.verifier.habits.shows(sender, *habit) {
                self.hold.prove(sender, *habit);
                decision = doubt.take().map_or(decision, |doubt| doubt.decision);
            } else if habit.is_no_end() {
                // The one before stopped behind other lines.
                self.part(&sender.clone());
                self.verifier.habits.shows(sender, *habit);
            }
        } else if let Some(sender) = self
            .verifier
            .sender_of_standard(candidate, frame, &decision)
        {
            self.verifier.habits.deny(&sender);
            self.hold.deny(&sender);
        }
        let text = match candidate.kind {
            Kind::Ciphered(_) => self.verifier.decrypted().to_vec(),
            _ => Vec::new(),
        };
        let item = Frame {
            kind: candidate.kind,
            decision,
            text,
            doubt,
        };
        self.hold.push(span, frame, Some(item));
        self.say_held(sink);
    }

    /// Says the bytes between two frames, in pieces whose borders depend on nothing but the stream.
    pub(super) fn junk(
        &mut self,
        data: &[u8],
        mut from: usize,
        to: usize,
        sink: &mut impl FnMut(&Event<'_>),
    ) {
        while from < to {
            let end = to.min(from + JUNK_MAX);
            let bytes = data.get(from..end).unwrap_or_default();
            if self.verifier.habits.has_no_end() && holds_end_line(bytes) {
                self.ends(None);
            }
            let span = Span::new(self.offset + from as u64, end - from);
            if self.hold.is_empty() {
                sink(&Event::Junk(Junk {
                    span,
                    bytes,
                    again: false,
                }));
            } else {
                self.hold.push(span, bytes, None);
                self.say_held(sink);
            }
            from = end;
        }
    }

    /// Says all that is held; what is in doubt is refused.
    pub(super) fn release(&mut self, sink: &mut impl FnMut(&Event<'_>)) {
        for frame in self.hold.frames() {
            frame.doubt = None;
        }
        self.say_held(sink);
    }

    /// An end line was sent by a meter, or by whichever meter sends.
    fn ends(&mut self, sender: Option<&Sender>) {
        self.verifier.habits.ends(sender);
        self.hold.deny_no_end(sender);
    }

    /// A telegram without end is followed by one that does not agree with it.
    fn part(&mut self, sender: &Sender) {
        self.hold.deny_no_end(Some(sender));
        self.verifier.habits.part(sender);
    }

    fn say_held(&mut self, sink: &mut impl FnMut(&Event<'_>)) {
        while let Some((Item { span, frame }, bytes)) = self.hold.next() {
            let Some(frame) = frame else {
                let bytes = &bytes[..];
                sink(&Event::Junk(Junk {
                    span,
                    bytes,
                    again: false,
                }));
                continue;
            };
            // The one that was judged last may be waiting to be said as well.
            let lent = self.verifier.lent.take();
            let last = matches!(frame.kind, Kind::Ciphered(_)).then(|| {
                let length = mem::replace(&mut self.verifier.length, frame.text.len());
                (mem::replace(&mut self.verifier.text, frame.text), length)
            });
            self.say(span, &bytes, frame.kind, frame.decision, sink);
            if let Some(last) = last {
                (self.verifier.text, self.verifier.length) = last;
            }
            self.verifier.lent = lent;
        }
    }
}

/// Tells whether the end line of a telegram is among bytes that belong to no frame.
fn holds_end_line(junk: &[u8]) -> bool {
    memchr::memchr_iter(b'!', junk)
        .any(|mark| matches!(Readout::at(junk, mark, true), End::Here(_)))
}

/// Habits that are remembered, those of all meters together.
const HABITS_MAX: usize = 64;
/// Frames that are held: a meter that sends every 10 s sends so many in a minute and a half.
const FRAMES_MAX: usize = 8;
/// Bytes that are held.
const BYTES_MAX: usize = 128 << 10;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::p1::cipher::{AuthenticationKey, Key, Keys, MeterKeys};
    use crate::p1::ciphering::{FrameCounter, GLOBAL, SecurityControl};
    use crate::p1::decoder::Policy;
    use crate::p1::push::encode::{self, Data, Protection, Time};
    use crate::p1::telegram::format;
    use crate::p1::value::Zone;

    const TITLE: SystemTitle = SystemTitle(*b"SMY12345");
    const CONTROL: SecurityControl = SecurityControl(0x30);
    /// It may be all that its meter sends, until an end line shows that there are such.
    const IN_DOUBT: &[u8] = b"/ABC5x\r\n\r\n1-0:1.8.0(000009.000*kWh)\r\n";

    fn keys() -> MeterKeys {
        MeterKeys::new(Key::new([7; 16]), AuthenticationKey::default())
    }

    fn telegram(number: u32) -> Vec<u8> {
        let value = format!("{number:06}.000*kWh");
        let text = format("/SMY5x", [("1-0:1.8.0", [value.as_str()])], true);
        let mut frame = Vec::new();
        keys().seal(TITLE, CONTROL, FrameCounter(number), &text, &mut frame);
        frame
    }

    fn push(number: u32) -> Vec<u8> {
        let row = Data::Structure(vec![
            Data::code([1, 0, 1, 8, 0, 255]),
            Data::Number(0x06, i128::from(number) * 1000),
            Data::scale(0, 30),
        ]);
        let body = Data::Structure(vec![row]).bytes();
        let protection = Protection {
            tag: GLOBAL,
            titled: true,
            title: TITLE,
            control: CONTROL,
            counter: FrameCounter(number),
            length_width: 2,
        };
        protection.seal(&keys(), &encode::notification(number, Time::None, &body))
    }

    #[test]
    fn each_frame_that_waits_keeps_its_own_text() {
        let mut ring = Keys::default();
        ring.insert(TITLE, keys());
        let ring = Arc::new(ring);
        for frame in [telegram, push] {
            let stream = [
                IN_DOUBT,
                &frame(1),
                &frame(2),
                b"!\r\n",
                &frame(3),
                IN_DOUBT,
                &frame(4),
                b"!\r\n",
                &frame(5),
            ];
            let stream = stream.concat();
            let zone = Zone::luxembourg();
            let mut decoder = Decoder::new(Arc::clone(&ring), Policy::default(), zone);
            let mut said = Vec::new();
            let mut take = |event: &Event<'_>| {
                if let Event::Telegram(decoded) = event {
                    let security = decoded.security.unwrap();
                    let value = decoded.telegram.get("active_energy_import_kwh").unwrap();
                    said.push((security.counter().0, value.to_string()));
                }
            };
            decoder.push(&stream, &mut take);
            decoder.finish(&mut take);
            let expected: Vec<_> = (1..=5).map(|n| (n, format!("{n}.000"))).collect();
            assert_eq!(said, expected);
        }
    }
}
