//! Reading a telegram for the first time: its lines, groups and items, what each value is, and what may change.

use std::collections::{HashMap, HashSet};

use super::{Fault, FaultKind, Form, Group, Item, Layout, Line, OLD_READING, TextRange};
use crate::p1::obis::{self, Entry, Kind, Obis, Section};
use crate::p1::unit::Unit;
use crate::p1::value::{Number, octet_text};

impl Layout {
    /// Reads a text from `/` on; `mark` is the offset of the `!`, or the end of what there is.
    pub fn read(text: &[u8], mark: usize) -> Self {
        let mut reader = Reader {
            text,
            seen: HashSet::new(),
            layout: Self {
                mark,
                lowest: text.to_vec(),
                span: vec![0; text.len()],
                identification: TextRange::default(),
                lines: Vec::new(),
                groups: Vec::new(),
                items: Vec::new(),
                times: Vec::new(),
                faults: Vec::new(),
            },
        };
        let mut at = 0;
        while at < mark {
            let rest = text.get(at..mark).unwrap_or_default();
            let mut length = line_length(rest);
            match at {
                0 => reader.header(length),
                _ if length > 0 => {
                    length = with_continuations(rest, length);
                    reader.line(at, at + length);
                }
                _ => {}
            }
            at += length + 1;
        }
        let crc = TextRange::new(mark + 1, (mark + 5).min(text.len()));
        if crc.of(text).iter().all(u8::is_ascii_hexdigit) {
            reader.allow(crc, b'0', b'f');
        }
        reader.hold_rings();
        reader.layout
    }
}

struct Reader<'a> {
    text: &'a [u8],
    seen: HashSet<Obis>,
    layout: Layout,
}

impl Reader<'_> {
    fn header(&mut self, length: usize) {
        self.layout.identification = TextRange::new(1.min(length), length);
        self.allow_digits(self.layout.identification);
        let line = self.layout.identification;
        if !line.of(self.text).iter().all(|b| matches!(b, b' '..=b'~')) {
            self.fault(FaultKind::BadHeader, line, None);
        }
    }

    fn line(&mut self, start: usize, end: usize) {
        let line = self.text.get(start..end).unwrap_or_default();
        let open = memchr::memchr(b'(', line).unwrap_or(line.len());
        let before = line.get(..open).unwrap_or_default();
        let code = before.trim_ascii();
        let code_start = start + before.len() - before.trim_ascii_start().len();
        let place = TextRange::new(code_start, code_start + code.len());
        // A group on a line of its own belongs to the line before (DSMR P1 3.0, gas).
        if code.is_empty() && open < line.len() && !self.layout.lines.is_empty() {
            return self.groups(start + open, end, true);
        }
        let parsed = Obis::parse(code);
        let Some(parsed) = parsed.filter(|_| open < line.len()) else {
            return self.fault(FaultKind::BadLine, TextRange::new(start, end), None);
        };
        let repeated = !self.seen.insert(parsed);
        let index = self.layout.lines.len() as u32;
        let (groups, items) = (
            self.layout.groups.len() as u32,
            self.layout.items.len() as u32,
        );
        self.layout.lines.push(Line {
            place,
            code: parsed,
            entry: obis::lookup(parsed),
            groups: groups..groups,
            items: items..items,
        });
        self.groups(start + open, end, false);
        // Readings of one meter at several times are a list of them.
        if repeated
            && !self
                .layout
                .lines
                .last()
                .is_some_and(|line| self.in_a_ring(line))
        {
            self.fault(FaultKind::Repeated, place, Some(index));
        }
    }

    /// Tells whether a line is a reading of a connected meter with its time.
    fn in_a_ring(&self, line: &Line) -> bool {
        let mut items = self.layout.items_in(&line.items).iter();
        line.entry.is_some_and(|entry| entry.kind == Kind::Mbus)
            && items.any(|item| item.form == Form::Time)
    }

    /// Keeps the times of repeated readings as they are: which of them is the newest decides which is the value.
    fn hold_rings(&mut self) {
        let mut codes = HashMap::<Obis, u32>::new();
        for line in &self.layout.lines {
            *codes.entry(line.code).or_default() += 1;
        }
        let mut places = Vec::new();
        for line in &self.layout.lines {
            if codes.get(&line.code).is_some_and(|count| *count > 1) && self.in_a_ring(line) {
                let items = self.layout.items_in(&line.items).iter();
                places.extend(items.filter(|i| i.form == Form::Time).map(|i| i.value));
            }
        }
        for place in places {
            for at in place.start..place.end {
                if let Some(&byte) = self.text.get(at as usize) {
                    self.allow(
                        TextRange {
                            start: at,
                            end: at + 1,
                        },
                        byte,
                        byte,
                    );
                }
            }
        }
    }

    fn groups(&mut self, start: usize, end: usize, continued: bool) {
        let mut at = start;
        while at < end {
            let rest = self.text.get(at..end).unwrap_or_default();
            match rest.first() {
                Some(b'(') => {
                    let close = closing(rest);
                    let content = TextRange::new(at + 1, at + close.unwrap_or(rest.len()));
                    self.group(content, continued);
                    if close.is_none() {
                        self.line_fault(FaultKind::BadGroup, content);
                    }
                    at = content.end as usize + 1;
                }
                Some(b' ') => at += 1,
                _ => {
                    self.line_fault(FaultKind::BadGroup, TextRange::new(at, end));
                    break;
                }
            }
        }
    }

    fn group(&mut self, place: TextRange, continued: bool) {
        let first = self.layout.items.len() as u32;
        let content = place.of(self.text);
        let base = place.start as usize;
        let commas = memchr::memchr_iter(b',', content).count();
        let parts = content.split(|&b| b == b',');
        if commas > 0 && parts.clone().all(|part| split_unit(part).is_some()) {
            let mut at = base;
            for part in parts {
                self.item(at, at + part.len(), continued);
                at += part.len() + 1;
            }
        } else {
            self.item(base, base + content.len(), continued);
        }
        let items = first..self.layout.items.len() as u32;
        self.layout.groups.push(Group { place, items });
        if let Some(line) = self.layout.lines.last_mut() {
            line.groups.end = self.layout.groups.len() as u32;
            line.items.end = self.layout.items.len() as u32;
        }
    }

    fn item(&mut self, mut start: usize, mut end: usize, continued: bool) {
        let byte = |at: usize| self.text.get(at).copied();
        while start < end && byte(start) == Some(b' ') {
            start += 1;
        }
        while start < end && byte(end - 1) == Some(b' ') {
            end -= 1;
        }
        // ((ER11)): the inner pair belongs to no value.
        if start + 1 < end && byte(start) == Some(b'(') && byte(end - 1) == Some(b')') {
            (start, end) = (start + 1, end - 1);
        }
        let content = self.text.get(start..end).unwrap_or_default();
        let star = content.iter().rposition(|&b| b == b'*');
        let line = self.layout.lines.last();
        let entry = line.and_then(|line| line.entry);
        let starred = star.and_then(|star| {
            let number = content.get(..star)?.trim_ascii_end();
            Number::parse(number).map(|_| (number.len(), star + 1))
        });
        let bare = match star {
            None => without_asterisk(content, entry),
            Some(_) => None,
        };
        let number = starred.or(bare);
        let (value, unit) = match number {
            Some((length, behind)) => (
                TextRange::new(start, start + length),
                TextRange::new(start + behind, end),
            ),
            None => (TextRange::new(start, end), TextRange::new(end, end)),
        };
        if bare.is_some() {
            self.line_fault(FaultKind::NoAsterisk, TextRange::new(start, end));
        }
        let line = self.layout.lines.last();
        let first = line.is_some_and(|line| line.groups.is_empty());
        // Where a time has to stand, and nothing else can.
        let when = first
            && !continued
            && self.layout.items.len() as u32 == line.map_or(0, |line| line.items.start)
            && line.is_some_and(|line| (line.code.c, line.code.d) != OLD_READING);
        let code = line.map_or(&[][..], |line| line.place.of(self.text));
        let lettered = code.contains(&b'C') && value.of(self.text).iter().all(u8::is_ascii_digit);
        let form = match form(value.of(self.text), unit.of(self.text), entry) {
            Form::Text if when && entry.is_some_and(|entry| entry.kind == Kind::Mbus) => Form::Time,
            // The short codes are of a standard that sends texts as they are (IEC 62056-21).
            Form::Octets if lettered => Form::Text,
            form => form,
        };
        let lettered = code.contains(&b'C');
        if form == Form::Time {
            let line = self.layout.lines.len().saturating_sub(1) as u32;
            self.layout
                .times
                .push((line, self.layout.items.len() as u32));
        }
        self.layout.items.push(Item { value, unit, form });
        match form {
            // With other digits the text may be none, or a number may be one.
            Form::Octets | Form::Number
                if entry.is_none() && may_be_octets(value.of(self.text)) => {}
            // With a letter in it, a number before an asterisk is none, and no unit stands behind.
            Form::Octets | Form::Message if number.is_some() => self.allow_digits(value),
            _ if lettered && entry.is_some_and(|entry| entry.kind == Kind::OctetText) => {}
            // It is none of the forms of a time: with other digits it may be another thing.
            Form::Time
                if record_form(value.of(self.text), &[]) != Form::Time
                    && entry.is_some_and(|entry| entry.kind == Kind::Mbus) => {}
            form => self.allow_values(value, form, entry),
        }
        match entry {
            Some(entry) if !continued => self.check_entry(entry, form, value, unit, first),
            _ => {}
        }
    }

    /// Names what does not fit the table.
    fn check_entry(
        &mut self,
        entry: &Entry,
        form: Form,
        value: TextRange,
        unit: TextRange,
        first: bool,
    ) {
        if entry.kind != Kind::Number && !(entry.kind == Kind::Timed && form == Form::Number) {
            return;
        }
        match form {
            Form::Empty => {}
            Form::Number if !unit.of(self.text).is_empty() => {
                if entry.unit.is_some() && entry.canonical(unit.of(self.text)).is_none() {
                    self.line_fault(FaultKind::OtherUnit, unit);
                }
            }
            Form::Number if entry.unit.is_some() && first => {
                self.line_fault(FaultKind::MissingUnit, value);
            }
            Form::Number => {}
            _ => self.line_fault(FaultKind::BadNumber, value),
        }
    }

    /// Lets the bytes of a value change where that changes neither its form nor anything behind it.
    fn allow_values(&mut self, value: TextRange, form: Form, entry: Option<&Entry>) {
        match form {
            // The device type decides what the readings of the channel are called.
            Form::Number if entry.is_some_and(|entry| entry.name == DEVICE_TYPE) => {}
            Form::Number | Form::Time => self.allow_digits(value),
            // It may be the unit of the reading behind it, of which the key is made: m3.
            Form::Text if entry.is_some_and(|entry| entry.kind == Kind::Mbus) => {}
            Form::Text if entry.is_some() => self.allow_digits(value),
            // Of capital digits only: lower case would let characters in that need escapes in data formats.
            Form::Octets | Form::Message if entry.is_some() && is_capital(value.of(self.text)) => {
                self.allow(value, b'0', b'F');
            }
            _ => {}
        }
    }

    fn allow_digits(&mut self, place: TextRange) {
        for at in place.start as usize..place.end as usize {
            if self.text.get(at).is_some_and(u8::is_ascii_digit) {
                self.allow(TextRange::new(at, at + 1), b'0', b'9');
            }
        }
    }

    fn allow(&mut self, place: TextRange, lowest: u8, high: u8) {
        let range = place.start as usize..place.end as usize;
        if let Some(bytes) = self.layout.lowest.get_mut(range.clone()) {
            bytes.fill(lowest);
        }
        if let Some(widths) = self.layout.span.get_mut(range) {
            widths.fill(high - lowest);
        }
    }

    fn line_fault(&mut self, kind: FaultKind, place: TextRange) {
        let line = (self.layout.lines.len() as u32).checked_sub(1);
        self.fault(kind, place, line);
    }

    fn fault(&mut self, kind: FaultKind, place: TextRange, line: Option<u32>) {
        self.layout.faults.push(Fault { kind, place, line });
    }
}

/// Offset of the parenthesis that closes the first one.
fn closing(text: &[u8]) -> Option<usize> {
    let mut depth = 0;
    memchr::memchr2_iter(b'(', b')', text).find(|&at| {
        match text.get(at) {
            Some(b'(') => depth += 1,
            _ => depth -= 1,
        }
        depth == 0
    })
}

/// A number with its unit: what stands on both sides of a comma.
fn split_unit(part: &[u8]) -> Option<(&[u8], &[u8])> {
    let star = memchr::memchr(b'*', part)?;
    let (number, unit) = (part.get(..star)?, part.get(star + 1..)?);
    Number::parse(number.trim_ascii()).map(|_| (number, unit))
}

fn form(value: &[u8], unit: &[u8], entry: Option<&Entry>) -> Form {
    if value.is_empty() {
        return Form::Empty;
    }
    match entry.map(|entry| entry.kind) {
        Some(Kind::Number) if Number::parse(value).is_some() => Form::Number,
        Some(Kind::Number | Kind::Text | Kind::Hex | Kind::Date | Kind::TimeOfDay) => Form::Text,
        Some(Kind::OctetText) if is_octets(value) => match entry.map(|entry| entry.section) {
            Some(Section::Text) => Form::Message,
            _ => Form::Octets,
        },
        Some(Kind::OctetText) => Form::Text,
        Some(Kind::Time) => Form::Time,
        Some(Kind::Timed | Kind::Log | Kind::Mbus) => record_form(value, unit),
        None => {
            let form = record_form(value, unit);
            let fits = matches!(form, Form::Number | Form::Text);
            match form {
                _ if fits && may_be_octets(value) && octet_text(value, true).is_some() => {
                    Form::Octets
                }
                Form::Time if Number::parse(value).is_some() => Form::Number,
                form => form,
            }
        }
    }
}

/// The form of a value whose neighbours say nothing of it.
fn record_form(value: &[u8], unit: &[u8]) -> Form {
    let digits = value.iter().take_while(|b| b.is_ascii_digit()).count();
    match value.get(digits..) {
        Some([b'S' | b'W' | b'T' | b's' | b'w' | b't']) if digits == 12 => Form::Time,
        Some([b'-', ..]) if digits == 2 && is_dashed_time(value) => Form::Time,
        Some([]) if digits == 12 && unit.is_empty() => Form::Time,
        _ if Number::parse(value).is_some() => Form::Number,
        _ if memchr::memchr(b':', value).is_some() && Obis::parse(value).is_some() => Form::Code,
        _ => Form::Text,
    }
}

/// Tells whether a value is like `19-01-01 13:00:00`.
fn is_dashed_time(value: &[u8]) -> bool {
    let form = b"00-00-00 00:00:00";
    let same = |(byte, form): (&u8, &u8)| byte == form || *form == b'0' && byte.is_ascii_digit();
    value.len() == form.len() && value.iter().zip(form).all(same)
}

/// Length of the number in a value like `0004.251kW`, and where its unit begins.
///
/// The unit must be one of the quantity; of an unknown code, one that hexadecimal digits and times never end in.
fn without_asterisk(content: &[u8], entry: Option<&Entry>) -> Option<(usize, usize)> {
    let number = |b: &u8| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+');
    let length = content.iter().take_while(|b| number(b)).count();
    // The letter of a time is no watt and no second, but where a length of time is due.
    let due = entry.is_some_and(|entry| entry.kind == Kind::Number);
    if !due && record_form(content, &[]) == Form::Time {
        return None;
    }
    Number::parse(content.get(..length)?)?;
    let rest = content.get(length..)?;
    let behind = length + rest.len() - rest.trim_ascii_start().len();
    let unit = content.get(behind..)?;
    let known = match entry.map(|entry| entry.kind) {
        Some(Kind::Number | Kind::Timed | Kind::Mbus) => {
            !unit.is_empty() && entry?.unit.is_some() && entry?.canonical(unit).is_some()
        }
        Some(_) => false,
        None => {
            let hexadecimal = unit.iter().all(u8::is_ascii_hexdigit);
            unit.len() > 1 && !hexadecimal && Unit::of_sent(unit).is_some()
        }
    };
    known.then_some((length, behind))
}

/// Bytes up to the line end.
fn line_length(text: &[u8]) -> usize {
    memchr::memchr2(b'\r', b'\n', text).unwrap_or(text.len())
}

/// Length of a line with those that go on with its last value: a text that is too long for one line.
fn with_continuations(text: &[u8], mut length: usize) -> usize {
    loop {
        let line = text.get(..length).unwrap_or_default();
        let opened = memchr::memrchr(b'(', line);
        if opened
            .is_none_or(|open| memchr::memchr(b')', line.get(open..).unwrap_or(line)).is_some())
        {
            return length;
        }
        let behind = text.get(length..).unwrap_or_default();
        let ends = behind
            .iter()
            .take_while(|b| matches!(b, b'\r' | b'\n'))
            .count();
        let next = behind.get(ends..).unwrap_or_default();
        let next = next.get(..line_length(next)).unwrap_or_default();
        let goes_on = match memchr::memchr2(b'(', b')', next) {
            Some(at) => next.get(at) == Some(&b')'),
            None => !next.is_empty() && next.iter().all(u8::is_ascii_hexdigit),
        };
        // An empty line between them is none of a value.
        if !goes_on || ends > 2 {
            return length;
        }
        length += ends + next.len();
    }
}

fn is_capital(digits: &[u8]) -> bool {
    !digits
        .iter()
        .any(|b| b.is_ascii_lowercase() || matches!(b, b'\r' | b'\n'))
}

/// True for a value of an unknown code that is long enough to hold a text.
fn may_be_octets(value: &[u8]) -> bool {
    let least = match Number::parse(value) {
        Some(_) => UNKNOWN_DIGITS_OCTETS,
        None => UNKNOWN_OCTETS,
    };
    value.len() >= least && is_octets(value)
}

fn is_octets(value: &[u8]) -> bool {
    // It may run over line ends.
    let ends = value.iter().filter(|b| matches!(b, b'\r' | b'\n')).count();
    let digits = value.iter().filter(|b| b.is_ascii_hexdigit()).count();
    digits + ends == value.len() && digits.is_multiple_of(2) && digits >= 4
}

/// Hexadecimal digits from which on a value of an unknown code may be a text.
const UNKNOWN_OCTETS: usize = 8;
/// The same, where all of them are decimal digits and could be a number as well.
const UNKNOWN_DIGITS_OCTETS: usize = 16;
/// The line whose value names the medium of an M-Bus channel.
const DEVICE_TYPE: &str = "mbus_device_type";
