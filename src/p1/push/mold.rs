//! The molds of the last pushes: a meter sends the same lists again and again, with other values.
//!
//! ```text
//! push     02 03 09 06 01 00 01 07 00 FF 06 00 00 0B 33 02 02 0F 00 16 1B
//!          |---------- as it was ----------| |- value -| |-- as it was --|
//! readout  1-0:1.7.0(02.867*kW)
//!          |- as it was |----| as it was
//! ```
//! Tree, codes and scales follow from what is as it was; they are worked out once, and then only values are written.

use super::axdr::{Node, OCTETS, STRUCTURE};
use super::lists::List;
use super::transcode::{
    NoPush, scaled, write_code, write_decimal, write_header, write_time, write_value,
};
use super::{Form, UnitFrom, apdu::Notification};
use crate::p1::ciphering::SystemTitle;
use crate::p1::obis::{self, Kind, Obis};

/// The molds of the last pushes, and the one that is being made.
#[derive(Clone, Debug, Default)]
pub(super) struct Molds {
    kept: Vec<Mold>,
    draft: Mold,
    /// The one used last; the draft where it is none of those kept.
    latest: Option<usize>,
    /// The one that makes room next.
    oldest: usize,
}

/// What pushes with the same list have in common.
#[derive(Clone, Debug)]
pub(super) struct Mold {
    title: Option<SystemTitle>,
    form: Form,
    /// The push that it was made from.
    push: Vec<u8>,
    /// `FF` for each byte of it that must be the same in another.
    same: Vec<u8>,
    /// Where its body begins, and whether it has a time before that.
    body: usize,
    timed: bool,
    /// What is read of the body; its values lie where they lay.
    pub list: List,
    /// Where the unit of each line comes from.
    pub units: Vec<UnitFrom>,
    /// The readout without its values.
    text: Vec<u8>,
    values: Vec<Place>,
}

/// A value in the readout.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// Where it stands in the text without values.
    at: usize,
    what: What,
}

#[derive(Clone, Copy, Debug)]
enum What {
    /// The time before the body.
    Time,
    /// A clock in the body as the time of the telegram.
    Clock(Node),
    /// A whole number, with its power of ten and the digits before the point that are always written.
    Number(Node, i8, usize),
    /// Another value, with what is known of its code.
    Value(Node, Option<Kind>),
}

impl Default for Mold {
    fn default() -> Self {
        Self {
            title: None,
            form: Form::Bare,
            push: Vec::new(),
            same: Vec::new(),
            body: 0,
            timed: false,
            list: List::default(),
            units: Vec::new(),
            text: Vec::new(),
            values: Vec::new(),
        }
    }
}

impl Molds {
    /// The mold that a push fits into, where there is one.
    pub fn fitting(
        &mut self,
        title: Option<SystemTitle>,
        push: &[u8],
        notification: &Notification,
    ) -> Option<&Mold> {
        let fits = |mold: &Mold| mold.fits(title, push, notification);
        let latest = self.latest.and_then(|at| self.kept.get(at));
        if !latest.is_some_and(fits) {
            self.latest = Some(self.kept.iter().position(fits)?);
        }
        self.kept.get(self.latest?)
    }

    /// The one to be made anew.
    pub fn draft(&mut self) -> &mut Mold {
        self.latest = None;
        &mut self.draft
    }

    /// Keeps what was made last, if it can serve again.
    pub fn keep(&mut self) {
        if self.draft.same.is_empty() {
            return;
        }
        let at = if self.kept.len() < KEPT {
            self.kept.push(Mold::default());
            self.kept.len() - 1
        } else {
            self.oldest
        };
        self.oldest = (at + 1) % KEPT;
        if let Some(kept) = self.kept.get_mut(at) {
            std::mem::swap(kept, &mut self.draft);
            self.latest = Some(at);
        }
    }

    /// The one used last.
    pub fn latest(&self) -> &Mold {
        let kept = self.latest.and_then(|at| self.kept.get(at));
        kept.unwrap_or(&self.draft)
    }
}

impl Mold {
    /// Tells whether a push has the same list, and maybe other values.
    fn fits(&self, title: Option<SystemTitle>, push: &[u8], notification: &Notification) -> bool {
        let differs = |from: usize| {
            let to = (from + STRIDE).min(self.push.len());
            let parts = (
                push.get(from..to),
                self.push.get(from..to),
                self.same.get(from..to),
            );
            let (Some(push), Some(known), Some(same)) = parts else {
                return true;
            };
            let seen = push.iter().zip(known).zip(same);
            seen.fold(0, |seen, ((byte, known), same)| {
                seen | (byte ^ known) & same
            }) != 0
        };
        push.len() >= self.push.len()
            && (title, notification.body) == (self.title, self.body)
            && notification.time.is_some() == self.timed
            && !(0..self.push.len()).step_by(STRIDE).any(differs)
            && self
                .list
                .keeps_scales(push.get(self.body..).unwrap_or_default())
    }

    /// Writes the readout of a push that fits, up to its `!`; gives form and length of the push.
    pub fn write(
        &self,
        out: &mut Vec<u8>,
        push: &[u8],
        notification: &Notification,
    ) -> (Form, usize) {
        let body = push.get(self.body..).unwrap_or_default();
        let mut from = 0;
        out.clear();
        for place in &self.values {
            out.extend_from_slice(self.text.get(from..place.at).unwrap_or_default());
            place.what.write(out, body, notification);
            from = place.at;
        }
        out.extend_from_slice(self.text.get(from..).unwrap_or_default());
        (self.form, self.push.len())
    }

    /// Reads a push and writes its readout, and takes note of what others like it will share.
    ///
    /// # Errors
    /// [`NoPush`].
    pub fn make(
        &mut self,
        out: &mut Vec<u8>,
        title: Option<SystemTitle>,
        push: &[u8],
        notification: &Notification,
    ) -> Result<(Form, usize), NoPush> {
        self.same.clear();
        self.push.clear();
        self.text.clear();
        self.values.clear();
        self.units.clear();
        let body = push.get(notification.body..).unwrap_or_default();
        let (form, length) = self.list.read(body).map_err(NoPush::Tree)?;
        if self.list.rows.is_empty() {
            return Err(NoPush::Empty);
        }
        let length = notification.body + length;
        self.title = title;
        self.form = form;
        self.body = notification.body;
        self.timed = notification.time.is_some();
        self.lines(body);
        if length <= LENGTH_MAX {
            self.push
                .extend_from_slice(push.get(..length).unwrap_or_default());
            self.note_same();
        }
        let written = self.write(out, push, notification);
        Ok((written.0, length))
    }

    /// Makes the lines of the readout, without values.
    fn lines(&mut self, body: &[u8]) {
        let name = self.list.name.as_deref().unwrap_or_default();
        write_header(&mut self.text, self.title, name);
        let clock = |obis: [u8; 6]| obis[0] == 0 && obis[2..5] == [1, 0, 0];
        let mut rows = self.list.rows.iter();
        let sent = rows
            .clone()
            .any(|row| row.obis.is_some_and(|o| clock(o) && o[1] == 0));
        if !sent {
            let other = rows.find(|row| row.obis.is_some_and(clock));
            let other = other.and_then(|row| self.list.nodes.get(row.node));
            let other = other.filter(|node| node.of(body).len() == 12);
            let what = match (self.timed, other) {
                (true, _) => Some(What::Time),
                (false, Some(node)) => Some(What::Clock(*node)),
                (false, None) => None,
            };
            if let Some(what) = what {
                self.text.extend_from_slice(b"0-0:1.0.0(");
                let at = self.text.len();
                self.values.push(Place { at, what });
                self.text.extend_from_slice(b")\r\n");
                self.units.push(UnitFrom::Nothing);
            }
        }
        for row in &self.list.rows {
            let Some(&node) = self.list.nodes.get(row.node) else {
                continue;
            };
            let code = row
                .obis
                .unwrap_or([0, 0, UNKNOWN, node.tag, row.place.min(255) as u8, 255]);
            write_code(&mut self.text, code);
            self.text.push(b'(');
            let [a, b, c, d, e, f] = code;
            let obis = Obis {
                f: Some(f),
                ..Obis::new(a, b, c, d, e)
            };
            let kind = obis::lookup(obis).map(|entry| entry.kind);
            let at = self.text.len();
            if node.integer(body).is_some() {
                let (power, width, unit) = scaled(row.scale);
                let what = What::Number(node, power, width);
                self.values.push(Place { at, what });
                if !unit.is_empty() {
                    self.text.push(b'*');
                    self.text.extend_from_slice(unit.as_bytes());
                }
            } else if changes(&node, kind, body) {
                let what = What::Value(node, kind);
                self.values.push(Place { at, what });
            } else {
                write_value(&mut self.text, &node, body, kind);
            }
            self.text.extend_from_slice(b")\r\n");
            self.units.push(row.from);
        }
        self.text.push(b'!');
    }

    /// Works out which bytes may be other ones without changing anything but values.
    fn note_same(&mut self) {
        // A code whose tag is in the wrong place is told by the bytes of a number.
        let swaps = |pair: &[Node]| match pair {
            [open, first] => open.tag == STRUCTURE && matches!(open.count, 2 | 3) && first.tag == 6,
            _ => false,
        };
        if self.list.nodes.windows(2).any(swaps) {
            return;
        }
        self.same.resize(self.push.len(), 0xFF);
        let mut free = |from: usize, to: usize| {
            if let Some(bytes) = self.same.get_mut(from..to) {
                bytes.fill(0);
            }
        };
        if self.body > 0 {
            free(1, 5);
        }
        if self.timed {
            free(self.body - 12, self.body);
        }
        for place in &self.values {
            match &place.what {
                What::Number(node, ..) | What::Value(node, _) => {
                    let (from, to) = (node.start as usize, node.end as usize);
                    let whole = matches!(place.what, What::Number(..)) || is_real(node);
                    let kept = if whole { 0 } else { YEAR };
                    free(self.body + from + kept, self.body + to);
                }
                What::Time | What::Clock(_) => {}
            }
        }
    }
}

impl What {
    fn write(&self, out: &mut Vec<u8>, body: &[u8], notification: &Notification) {
        match self {
            Self::Time => {
                if let Some(time) = &notification.time {
                    write_time(out, time);
                }
            }
            Self::Clock(node) => {
                if let Ok(time) = node.of(body).try_into() {
                    write_time(out, time);
                }
            }
            Self::Number(node, power, width) => {
                if let Some(value) = node.integer(body) {
                    write_decimal(out, value, *power, *width);
                }
            }
            Self::Value(node, kind) => write_value(out, node, body, *kind),
        }
    }
}

/// Tells whether a value that is no whole number is one that changes: a number with a point, or a time.
fn changes(node: &Node, kind: Option<Kind>, body: &[u8]) -> bool {
    let timed = node.tag == 0x19 || node.tag == OCTETS && kind == Some(Kind::Time);
    let value = node.of(body);
    is_real(node) || timed && value.len() == 12 && value.first() == Some(&CENTURY)
}

fn is_real(node: &Node) -> bool {
    matches!(node.tag, 0x17 | 0x18)
}

/// Group C of the code that stands for a value without one: D is its type, E its place in the list.
const UNKNOWN: u8 = 199;
/// Molds kept: a meter has a few lists.
const KEPT: usize = 8;
/// Longest push that a mold is kept of, in bytes.
const LENGTH_MAX: usize = 4096;
/// Bytes compared before the first look at the result.
const STRIDE: usize = 256;
/// Bytes of the year, which begins a date-time. They stay: without them it could be a text.
const YEAR: usize = 2;
/// First byte of the years 1792 to 2047.
const CENTURY: u8 = 7;
