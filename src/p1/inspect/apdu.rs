//! The application layer: ciphering, data-notification, the text inside.

use super::{Damage, Field, Gathered, Inspector, Nodes, Opened, Proof, readout};
use crate::p1::ciphering::{FrameCounter, GeneralGloCiphering, SecurityControl, SystemTitle};
use crate::p1::push::apdu;

impl Inspector {
    /// Takes an application unit apart, or a telegram.
    pub(super) fn application(&mut self, nodes: &mut Nodes, unit: &Gathered, depth: u8) {
        match unit.bytes.as_slice() {
            [] => {}
            [0xE6, 0xE6 | 0xE7, 0, ..] => {
                nodes.put(unit, 0..3, depth, Field::Llc);
                let rest = unit.part(3..unit.bytes.len());
                self.application(nodes, &rest, depth);
            }
            [0xDB | 0xDC, ..] => self.ciphered(nodes, unit, depth),
            _ => self.content(nodes, unit, depth),
        }
    }

    /// A data-notification, a body that stands alone, or a telegram.
    fn content(&mut self, nodes: &mut Nodes, unit: &Gathered, depth: u8) {
        match unit.bytes.as_slice() {
            [] => {}
            [0x0F, ..] => self.notification(nodes, unit, depth),
            [0x01 | 0x02, ..] => self.body(nodes, unit, 0, depth),
            bytes if begins_telegram(bytes) || is_lines(bytes) => {
                readout::telegram(nodes, unit, &mut self.memory, &self.zone, depth);
            }
            bytes => {
                let field = Field::Damage(Damage::Unknown);
                nodes.put(unit, 0..bytes.len(), depth, field);
            }
        }
    }

    /// The tag 0F, number, date-time and body.
    fn notification(&mut self, nodes: &mut Nodes, unit: &Gathered, depth: u8) {
        let bytes = unit.bytes.as_slice();
        let invoke = bytes.get(1..5).unwrap_or_default();
        let invoke = invoke.iter().fold(0, |v, &b| v << 8 | u32::from(b));
        nodes.put(unit, 0..5, depth, Field::Notification { invoke });
        // The tag 09 before the length is not standard, but sent.
        let (width, time) = match bytes.get(5..).unwrap_or_default() {
            [0x00, ..] => (1, None),
            [0x0C, time @ ..] => (13, time.first_chunk::<12>()),
            [0x09, 0x0C, time @ ..] => (14, time.first_chunk::<12>()),
            _ => (0, None),
        };
        if width > 0 {
            nodes.put(unit, 5..5 + width, depth, Field::Time(time.copied()));
        }
        if bytes.len() > 5 + width {
            self.body(nodes, unit, 5 + width, depth);
        }
    }

    /// The header of ciphering, and what is in it.
    fn ciphered(&mut self, nodes: &mut Nodes, unit: &Gathered, depth: u8) {
        let bytes = unit.bytes.as_slice();
        let Some(shape) = Shape::of(bytes) else {
            let field = Field::Damage(Damage::Header);
            return nodes.put(unit, 0..bytes.len(), depth, field);
        };
        let header = shape.header;
        let [title, length, control] = [shape.title, shape.length, shape.control];
        let dedicated = bytes.first() == Some(&0xDC);
        nodes.put(unit, 0..2, depth, Field::Ciphering { dedicated });
        if title > 2 {
            nodes.put(unit, 2..title, depth, Field::Title(header.title));
        }
        nodes.put(unit, title..length, depth, Field::Length(header.length));
        nodes.put(unit, length..control, depth, Field::Control(header.control));
        let begin = header.header_length;
        nodes.put(unit, control..begin, depth, Field::Counter(header.counter));
        let end = begin + header.text_length();
        let whole = bytes.len() >= header.frame_length();
        let sealed = unit.part(begin..end.min(bytes.len()));
        let (opened, proof) = self.open(&header, bytes, &sealed);
        let length = sealed.bytes.len() as u32;
        let field = Field::Ciphertext { length, opened };
        match opened {
            Opened::Decrypted | Opened::Clear => {
                let mut text = sealed.clone();
                if opened == Opened::Decrypted {
                    text.decrypted = true;
                    if let Some(keys) = self.keys.of(header.title) {
                        keys.apply_key_stream(header.title, header.counter, &mut text.bytes);
                    }
                }
                nodes.note(sealed.at(0), depth, field);
                self.content(nodes, &text, depth + 1);
            }
            _ => nodes.put(unit, begin..begin + sealed.bytes.len(), depth, field),
        }
        if !whole {
            let damage = Damage::Cut {
                have: bytes.len() as u64,
                need: header.frame_length() as u64,
            };
            nodes.put(unit, end..bytes.len(), depth, Field::Damage(damage));
            return;
        }
        nodes_of_tag(nodes, unit, &header, end, depth, proof);
        let behind = header.frame_length();
        if behind < bytes.len() {
            let field = Field::Damage(Damage::Behind);
            nodes.put(unit, behind..bytes.len(), depth, field);
        }
    }

    /// What the key makes of a ciphertext, and what is known of its tag.
    fn open(
        &mut self,
        header: &GeneralGloCiphering,
        bytes: &[u8],
        sealed: &Gathered,
    ) -> (Opened, Proof) {
        if let Some(unsupported) = header.control.unsupported() {
            return (Opened::Unsupported(unsupported), Proof::Unknown);
        }
        let keys = self.keys.of(header.title);
        let whole = bytes.len() >= header.frame_length();
        // A length that is damaged claims gigabytes.
        let mut text = vec![0; if whole { header.text_length() } else { 0 }];
        let tagged = header.control.authenticated();
        let proof = match keys {
            Some(keys) if tagged && whole => match keys.open(header, bytes, &mut text) {
                Ok(()) => Proof::Right,
                Err(_) => Proof::Wrong,
            },
            _ => Proof::Unknown,
        };
        if !header.control.encrypted() {
            return (Opened::Clear, proof);
        }
        let Some(keys) = keys else {
            return (Opened::NoKey, proof);
        };
        text.clone_from(&sealed.bytes);
        keys.apply_key_stream(header.title, header.counter, &mut text);
        let opened = match proof == Proof::Right || self.makes_sense(&text) {
            true => Opened::Decrypted,
            false if whole => Opened::Senseless,
            false => Opened::Incomplete,
        };
        (opened, proof)
    }

    /// Tells whether a text can be what a meter sends: by chance it hardly ever begins so.
    fn makes_sense(&mut self, text: &[u8]) -> bool {
        match text {
            [0x0F, ..] => {
                let notification = apdu::notification(text);
                notification.is_some_and(|notification| {
                    let body = text.get(notification.body..).unwrap_or_default();
                    // Without a date and time the tree has to be the proof.
                    notification.time.is_some() || self.list.read(body).is_ok()
                })
            }
            [0x01 | 0x02, ..] => self.list.read(text).is_ok_and(|(_, end)| end == text.len()),
            text => begins_telegram(text),
        }
    }
}

/// The tag behind the text, where there is one.
fn nodes_of_tag(
    nodes: &mut Nodes,
    unit: &Gathered,
    header: &GeneralGloCiphering,
    end: usize,
    depth: u8,
    proof: Proof,
) {
    if header.control.authenticated() {
        let tag = end..end + header.control.tag_length();
        nodes.put(unit, tag, depth, Field::Tag(proof));
    }
}

/// Where the parts of a header end, even of one whose frame did not come as a whole.
struct Shape {
    header: GeneralGloCiphering,
    title: usize,
    length: usize,
    control: usize,
}

impl Shape {
    fn of(bytes: &[u8]) -> Option<Self> {
        let [_, width @ (0 | 8), rest @ ..] = bytes else {
            return None;
        };
        let (sent, rest) = rest.split_at_checked(usize::from(*width))?;
        let mut title = [0; 8];
        title.get_mut(..sent.len())?.copy_from_slice(sent);
        let (length, behind) = apdu::length(rest)?;
        let [control, c1, c2, c3, c4, ..] = *behind else {
            return None;
        };
        let control = SecurityControl(control);
        let length = u32::try_from(length).ok()?;
        let least = 5 + control.tag_length() as u32;
        let ends = bytes.len() - behind.len();
        (length >= least).then_some(Self {
            header: GeneralGloCiphering {
                title: SystemTitle(title),
                length,
                control,
                counter: FrameCounter(u32::from_be_bytes([c1, c2, c3, c4])),
                header_length: ends + 5,
            },
            title: 2 + sent.len(),
            length: ends,
            control: ends + 1,
        })
    }
}

/// Tells whether bytes begin as a telegram does: a slash within the first few, and letters behind it.
fn begins_telegram(bytes: &[u8]) -> bool {
    let lead = bytes.get(..readout::LEAD_MAX).unwrap_or(bytes);
    let begin = memchr::memchr(b'/', lead).and_then(|slash| bytes.get(slash + 1..));
    begin.is_some_and(|rest| {
        let line = rest.get(..8).unwrap_or(rest);
        line.len() >= 4
            && line
                .iter()
                .all(|byte| matches!(byte, b' '..=b'~' | b'\r' | b'\n'))
    })
}

/// Tells whether bytes that have lost their begin are lines of a telegram.
fn is_lines(bytes: &[u8]) -> bool {
    let lines = memchr::memmem::find(bytes, b")\r\n").or(memchr::memmem::find(bytes, b")\n"));
    let odd = bytes
        .iter()
        .filter(|byte| !matches!(byte, b' '..=b'~' | b'\r' | b'\n'));
    lines.is_some() && odd.count() * 16 <= bytes.len()
}
