//! Replaces what names a meter, so that an output can be posted: the same meter always by the same stand-in.
//!
//! Replaced are serial numbers in titles, device ids, equipment identifiers and header lines, and the high half of
//! the frame counter. Stand-ins are numbers in the order of first sight, so nothing can be computed back; beyond
//! `NAMES_MAX` of them there is one for all others. A CRC that fitted is made to fit again, and so are the check sums
//! of link frames. In damaged lines runs of digits are replaced; all else stays as it is. A push in clear that cannot be
//! read is left out.

use std::collections::HashMap;
use std::sync::Arc;

use crate::observe::bounded_map::{Sum, Sums};
use crate::observe::observer::Notice;
use crate::p1::ciphering::{
    DEDICATED, FrameCounter, GLOBAL, GeneralGloCiphering, Header, START, SystemTitle,
};
use crate::p1::diagnosis::{Finding, Measure};
use crate::p1::event::{Decoded, Refused, Security};
use crate::p1::examine::Examination;
use crate::p1::layout::{Fault, FaultKind, Form, Item, Layout, Line, TextRange};
use crate::p1::obis::{Kind, Obis, lookup};
use crate::p1::push::axdr::{ARRAY, OCTETS, STRUCTURE};
use crate::p1::push::hdlc::FLAG;
use crate::p1::push::lists::List;
use crate::p1::push::mbus::START as MBUS;
use crate::p1::push::rewrite::rewrite;
use crate::p1::push::{Earlier, Framing, Push, UnitFrom, apdu};
use crate::p1::readout::{Crc, Readout, SentCrc};
use crate::p1::telegram::{ByShape, LayoutCache, Telegram};
use crate::p1::value::{Timestamp, Zone};

/// Remembers which stand-in belongs to whom.
pub struct Redactor {
    stand_ins: HashMap<Sum, u32>,
    sums: Sums,
    /// The last title, and the stand-in for it.
    latest: Option<(SystemTitle, SystemTitle)>,
    names_max: usize,
    /// There were more names than that.
    is_full: bool,
    notices: Vec<Notice>,
    memory: LayoutCache,
    plans: ByShape<Arc<Plan>>,
    zone: Zone,
    text: Vec<u8>,
    frame: Vec<u8>,
    units: Vec<UnitFrom>,
    earlier: Vec<Option<Earlier>>,
}

/// Where names can stand in telegrams of a shape.
#[derive(Default)]
struct Plan {
    /// Values that say which meter it is, and whether they are octets.
    names: Vec<(TextRange, bool)>,
    odd: Vec<Odd>,
}

/// A place of which the layout does not say what it holds, as in a damaged line: a name could stand there.
struct Odd {
    place: TextRange,
    when: When,
}

/// When a place is odd.
#[derive(Clone, Copy)]
enum When {
    Always,
    /// Where it is no time that exists.
    NoTime,
    /// Where it is nothing but digits.
    Digits,
}

impl Redactor {
    /// Makes a redactor; the zone is that of the meter's clock.
    pub fn new(zone: Zone) -> Self {
        Self {
            stand_ins: HashMap::new(),
            sums: Sums::default(),
            latest: None,
            names_max: NAMES_MAX,
            is_full: false,
            notices: Vec::new(),
            memory: LayoutCache::default(),
            plans: ByShape::default(),
            zone,
            text: Vec::new(),
            frame: Vec::new(),
            units: Vec::new(),
            earlier: Vec::new(),
        }
    }

    /// Gives the telegram with everything replaced that names the meter.
    pub fn redact<'a>(&'a mut self, decoded: &Decoded<'_>) -> Decoded<'a> {
        let telegram = &decoded.telegram;
        let lead = decoded.text.len() - telegram.text().len();
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        text.extend_from_slice(decoded.text);
        let readable = text.get_mut(lead..).unwrap_or_default();
        let layout = &telegram.shape().layout;
        let header = layout.identification.start as usize..layout.identification.end as usize;
        if let Some(identification) = readable.get_mut(header) {
            self.replace_runs(identification);
        }
        let plan = Arc::clone(
            self.plans
                .of(telegram.shape(), || Arc::new(Plan::of(layout))),
        );
        for (place, octets) in &plan.names {
            if let Some(value) = readable.get_mut(place.start as usize..place.end as usize) {
                self.replace_value(value, *octets);
            }
        }
        for odd in &plan.odd {
            let is_odd = odd.is_there(telegram, &self.zone);
            let place = odd.place.start as usize..odd.place.end as usize;
            if let (true, Some(odd)) = (is_odd, readable.get_mut(place)) {
                self.replace_runs(odd);
            }
        }
        // Of what stands behind the telegram nothing is known.
        let behind = readable.len() - decoded.behind.min(readable.len());
        for byte in readable.iter_mut().skip(behind) {
            if byte.is_ascii_alphanumeric() {
                *byte = b'0';
            }
        }
        let readout = Readout::find(readable);
        let mut crc = decoded.crc;
        if let Some(readout) = readout {
            let bytes = readable.get(..=readout.mark).unwrap_or_default();
            crc.computed = crc.algorithm.of(bytes);
            if let (SentCrc::Digits(_), Some(true)) = (crc.received, decoded.crc.valid()) {
                crc = Crc {
                    received: SentCrc::Digits(crc.computed),
                    ..crc
                };
                let digits = format!("{:04X}", crc.computed);
                if let Some(field) = readable.get_mut(readout.mark + 1..readout.mark + 5) {
                    field.copy_from_slice(digits.as_bytes());
                }
            }
        }
        let security = decoded.security.map(|security| Security {
            header: self.header(&security.header),
            ..security
        });
        let push = decoded.push.as_ref();
        self.units.clear();
        self.units
            .extend(push.into_iter().flat_map(|push| push.units));
        self.earlier.clear();
        self.earlier
            .extend(push.into_iter().flat_map(|push| push.earlier));
        let mut frame = std::mem::take(&mut self.frame);
        frame.clear();
        self.frame = match &security {
            header if let Some(push) = push => {
                let header = header.map(|security| security.header);
                self.push(decoded.frame, push.framing, header)
            }
            Some(security) => {
                frame.extend_from_slice(decoded.frame);
                patch(&mut frame, &security.header);
                // What was sent in clear, with a tag.
                let begin = security.header.header_length;
                let sent = frame.get_mut(begin..begin + text.len());
                if let (false, Some(sent)) = (security.control().encrypted(), sent) {
                    sent.copy_from_slice(&text);
                }
                frame
            }
            None => {
                frame.extend_from_slice(&text);
                frame
            }
        };
        self.text = text;
        let readable = self.text.get(lead..).unwrap_or_default();
        let mark = readout.map_or(readable.len(), |readout| readout.mark);
        Decoded {
            span: decoded.span,
            frame: &self.frame,
            security,
            text: &self.text,
            crc,
            telegram: self.memory.parse(readable, mark, &self.zone),
            push: push.map(|push| Push {
                framing: push.framing,
                form: push.form,
                list: None,
                parts: push.parts,
                spans: &[],
                checksum: push.checksum,
                units: &self.units,
                earlier: &self.earlier,
            }),
            mended: decoded.mended,
            replayed: decoded.replayed,
            behind: decoded.behind,
        }
    }

    /// Gives the refused frame with everything replaced that names the meter.
    pub fn refused<'a>(&'a mut self, refused: &Refused<'_>) -> Refused<'a> {
        let header = refused.header.map(|header| self.header(&header));
        let inner = refused.inner.map(|header| self.header(&header));
        self.frame = match (&header, refused.framing) {
            (Some(header), _) if header.control.encrypted() => patched(refused.frame, header),
            (Some(_), _) => Vec::new(),
            (None, Some(framing)) => self.push(refused.frame, framing, inner),
            (None, None) => Vec::new(),
        };
        Refused {
            span: refused.span,
            frame: &self.frame,
            header,
            inner,
            framing: refused.framing,
            reason: refused.reason,
        }
    }

    /// Replaces the meters that a finding names, and the high half of counters.
    pub fn finding(&mut self, finding: &mut Finding) {
        for title in [&mut finding.evidence.title, &mut finding.evidence.other] {
            *title = title.map(|title| self.title(title));
        }
        for measure in [Measure::Counter, Measure::RightCounter] {
            finding
                .evidence
                .change(measure, |counter| counter & COUNTER_KEPT);
        }
    }

    /// Replaces the meters that an examination names.
    ///
    /// A frame stays where nothing but its head can name the meter; else it is left out.
    pub fn examination(&mut self, examination: &mut Examination) {
        for finding in &mut examination.findings {
            self.finding(finding);
        }
        examination.example = examination.example.take().and_then(|mut example| {
            let framing = match example.bytes.first() {
                Some(&FLAG) => Some(Framing::Hdlc),
                Some(&MBUS) => Some(Framing::Mbus),
                _ => None,
            };
            if let Some(framing) = framing {
                let mut header = None;
                rewrite(&example.bytes, framing, |unit| {
                    header = apdu::ciphering(unit);
                    None
                });
                let header = header.map(|header| self.header(&header));
                example.bytes = self.push(&example.bytes, framing, header);
                return Some(example).filter(|example| !example.bytes.is_empty());
            }
            let Header::Legal(header) = GeneralGloCiphering::decode(&example.bytes) else {
                return None;
            };
            let rest = example.bytes.get(START.len()..)?;
            if example.bytes.len() > header.frame_length()
                || memchr::memmem::find(rest, &START).is_some()
            {
                return None;
            }
            example.bytes = patched(&example.bytes, &self.header(&header));
            Some(example)
        });
    }

    /// The bytes of a push, whose header is another one; nothing where they might name the meter in another place.
    fn push(
        &mut self,
        push: &[u8],
        framing: Framing,
        header: Option<GeneralGloCiphering>,
    ) -> Vec<u8> {
        let changed = rewrite(push, framing, |unit| match header {
            Some(header) => {
                let begin = apdu::ciphering(unit)?;
                if begin.frame_length() < unit.len() {
                    return None;
                }
                if !begin.control.encrypted() {
                    let text = begin.header_length..begin.header_length + begin.text_length();
                    self.list(unit.get_mut(text)?)?;
                }
                patch(unit, &header);
                Some(())
            }
            None => self.list(unit),
        });
        changed.unwrap_or_default()
    }

    /// Replaces what names the meter in a push in clear; `None` where its list cannot be read.
    fn list(&mut self, push: &mut [u8]) -> Option<()> {
        let begin = apdu::notification(push)?.body;
        let body = push.get_mut(begin..)?;
        let mut list = List::default();
        let (_, end) = list.read(body).ok()?;
        if end < body.len() {
            return None;
        }
        for (index, node) in list.nodes.iter().enumerate() {
            let row = list.rows.iter().find(|row| row.node == index);
            let entry = row.and_then(|row| {
                let [a, b, c, d, e, _] = row.obis?;
                lookup(Obis::new(a, b, c, d, e))
            });
            let value = body.get_mut(node.start as usize..node.end as usize)?;
            let named = match (node.tag, entry) {
                (STRUCTURE | ARRAY | DATE_TIME, _) => false,
                (_, Some(entry)) => names(entry.name) || entry.kind == Kind::OctetText,
                // A code, or a clock.
                (OCTETS, None)
                    if is_code(value) || value.len() == 12 && value.first() == Some(&CENTURY) =>
                {
                    false
                }
                (OCTETS | VISIBLE | UTF8, None) => true,
                // Without a code nothing tells that it is no serial number.
                (_, None) => row.is_some_and(|row| row.obis.is_none()) && value.len() >= 4,
            };
            match node.tag {
                _ if !named => {}
                OCTETS | VISIBLE | UTF8 => self.replace(value),
                _ => {
                    let number = u64::from(self.number(value)).to_be_bytes();
                    let width = value.len().min(number.len());
                    value.fill(0);
                    let from = value.len() - width;
                    value
                        .get_mut(from..)?
                        .copy_from_slice(number.get(8 - width..)?);
                }
            }
        }
        Some(())
    }

    /// The stand-in for a title.
    pub fn title(&mut self, title: SystemTitle) -> SystemTitle {
        match self.latest {
            Some((latest, stand_in)) if latest == title => stand_in,
            _ => {
                let stand_in = self.stand_in(title);
                self.latest = Some((title, stand_in));
                stand_in
            }
        }
    }

    fn stand_in(&mut self, title: SystemTitle) -> SystemTitle {
        match title.device_id() {
            Some(id) => {
                let mut id = id.into_bytes();
                self.replace(&mut id);
                let text = String::from_utf8_lossy(&id);
                SystemTitle::parse(&text).unwrap_or(SystemTitle([0; 8]))
            }
            None => {
                let number = self.number(&title.0);
                SystemTitle(u64::from(number).to_be_bytes())
            }
        }
    }

    fn header(&mut self, header: &GeneralGloCiphering) -> GeneralGloCiphering {
        GeneralGloCiphering {
            title: self.title(header.title),
            counter: FrameCounter(header.counter.0 & COUNTER_KEPT as u32),
            ..*header
        }
    }

    fn replace_value(&mut self, value: &mut [u8], octets: bool) {
        let decoded = octets.then(|| hex::decode(&*value).ok()).flatten();
        match decoded {
            Some(mut bytes) => {
                self.replace(&mut bytes);
                let digits = hex::encode_upper(&bytes);
                if digits.len() == value.len() {
                    value.copy_from_slice(digits.as_bytes());
                }
            }
            None => self.replace(value),
        }
    }

    /// Replaces the digits of an id by a number; the type digits of a device id stay.
    fn replace(&mut self, id: &mut [u8]) {
        let mut number = self.number(id);
        // Sixteen digits alone are the number of a meter.
        let is_device_id = std::str::from_utf8(id).is_ok_and(|text| {
            let letters = text.bytes().take(3).all(|byte| byte.is_ascii_alphabetic());
            letters && text.len() == 16 && SystemTitle::parse(text).is_some()
        });
        let kept = if is_device_id { DEVICE_TYPE_END } else { 0 };
        for byte in id.iter_mut().skip(kept).rev() {
            match byte {
                b'0'..=b'9' => {
                    *byte = b'0' + (number % 10) as u8;
                    number /= 10;
                }
                b' '..=b'~' => {}
                _ => *byte = b'0',
            }
        }
    }

    /// Replaces runs of digits that are long enough for a serial number.
    fn replace_runs(&mut self, text: &mut [u8]) {
        let mut at = 0;
        while at < text.len() {
            let rest = text.get(at..).unwrap_or_default();
            let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
            if digits >= SERIAL_DIGITS
                && let Some(run) = text.get_mut(at..at + digits)
            {
                self.replace(run);
            }
            at += digits.max(1);
        }
    }

    /// Gives what is to be said since the last call.
    pub fn notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// The number of a name; that of all names beyond the limit is 0.
    fn number(&mut self, name: &[u8]) -> u32 {
        let next = self.stand_ins.len();
        let sum = self.sums.of(name);
        if let Some(number) = self.stand_ins.get(&sum) {
            return *number;
        }
        if next < self.names_max {
            let number = u32::try_from(next + 1).unwrap_or_default();
            self.stand_ins.insert(sum, number);
            return number;
        }
        if !std::mem::replace(&mut self.is_full, true) {
            self.notices.push(Notice {
                trouble: true,
                what: format!(
                    "more than {} names: all others have the same stand-in, which is 0",
                    self.names_max
                ),
                hint: Some("redact fewer meters in one run".to_owned()),
            });
        }
        0
    }
}

impl Plan {
    fn of(layout: &Layout) -> Self {
        let is_read = |fault: &Fault| layout.groups.iter().any(|group| group.place == fault.place);
        let faults = layout.faults.iter().filter(|fault| match fault.kind {
            FaultKind::BadLine | FaultKind::BadNumber => true,
            FaultKind::BadGroup => !is_read(fault),
            FaultKind::MissingUnit
            | FaultKind::OtherUnit
            | FaultKind::Repeated
            | FaultKind::NoAsterisk
            | FaultKind::BadHeader => false,
        });
        let odd = |place, when| Odd { place, when };
        let mut plan = Self {
            names: Vec::new(),
            odd: faults.map(|fault| odd(fault.place, When::Always)).collect(),
        };
        for line in &layout.lines {
            for item in layout.items_in(&line.items) {
                if names_a_meter(line, item) {
                    let octets = matches!(item.form, Form::Octets | Form::Message);
                    plan.names.push((item.value, octets));
                }
                let when = match (item.form, line.entry) {
                    (Form::Time, _) => Some(When::NoTime),
                    (Form::Number, None) => Some(When::Digits),
                    (Form::Text | Form::Octets | Form::Message, Some(entry)) => {
                        (entry.kind == Kind::Number).then_some(When::Always)
                    }
                    _ => None,
                };
                plan.odd.extend(when.map(|when| odd(item.value, when)));
                plan.odd.push(odd(item.unit, When::Always));
            }
        }
        // In what is shorter no serial number has room.
        plan.odd
            .retain(|odd| (odd.place.end - odd.place.start) as usize >= SERIAL_DIGITS);
        plan
    }
}

impl Odd {
    fn is_there(&self, telegram: &Telegram<'_>, zone: &Zone) -> bool {
        let value = self.place.of(telegram.text());
        match self.when {
            When::Always => true,
            When::NoTime => Timestamp::parse(value, zone).is_none(),
            When::Digits => value.iter().all(u8::is_ascii_digit),
        }
    }
}

fn names_a_meter(line: &Line, item: &Item) -> bool {
    if matches!(item.form, Form::Empty | Form::Time | Form::Code) {
        return false;
    }
    match line.entry {
        Some(entry) => names(entry.name),
        None => matches!(item.form, Form::Octets | Form::Text),
    }
}

/// Tells whether values under a name of the table say which meter it is.
pub(crate) fn names(name: &str) -> bool {
    IDENTIFYING.iter().any(|part| name.contains(part))
}

/// The frame with another header; its ciphertext tells nothing without the key.
fn patched(frame: &[u8], header: &GeneralGloCiphering) -> Vec<u8> {
    let mut frame = frame.to_vec();
    patch(&mut frame, header);
    frame
}

/// Puts another title and counter into the header of a frame; a title that is left out stays so.
fn patch(frame: &mut [u8], header: &GeneralGloCiphering) {
    if let [GLOBAL | DEDICATED, 8, rest @ ..] = frame
        && let Some(title) = rest.get_mut(..8)
    {
        title.copy_from_slice(&header.title.0);
    }
    if let Some(counter) = frame.get_mut(header.header_length - 4..header.header_length) {
        counter.copy_from_slice(&header.counter.0.to_be_bytes());
    }
}

/// Tells whether bytes are the code of an object.
fn is_code(bytes: &[u8]) -> bool {
    matches!(*bytes, [a, _, _, _, _, f] if a < 16 && (f == 255 || f < 2))
}

/// Types of A-XDR.
const VISIBLE: u8 = 0x0A;
const UTF8: u8 = 0x0C;
const DATE_TIME: u8 = 0x19;
/// First byte of a date and time.
const CENTURY: u8 = 7;
/// Names that have a stand-in of their own.
const NAMES_MAX: usize = 1 << 20;
/// Parts of names of lines that say which meter it is.
const IDENTIFYING: [&str; 6] = [
    "identifier",
    "device_id",
    "device_name",
    "serial_number",
    "electricity_id",
    "ean",
];
/// Letters, type and function of a device id.
const DEVICE_TYPE_END: usize = 8;
/// The half of a frame counter that stays.
const COUNTER_KEPT: u64 = 0xFFFF;
/// Digits in a row that may be a serial number.
const SERIAL_DIGITS: usize = 6;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::p1::cipher::Keys;
    use crate::p1::decoder::{Decoder, Policy};
    use crate::p1::diagnosis::{Evidence, Verdict};
    use crate::p1::event::Event;
    use crate::p1::span::Span;

    #[test]
    fn a_finding_keeps_neither_the_meter_nor_the_high_half_of_its_counter() {
        let title = SystemTitle(*b"SMY\x67\x73\x4C\x30\xFF");
        let evidence = Evidence::default()
            .of(Some(title))
            .with(Measure::Counter, 319_664)
            .with(Measure::RightCounter, 319_665);
        let mut finding = Finding::new(Verdict::WrongKey, Span::default(), 1, evidence);
        Redactor::new(Zone::luxembourg()).finding(&mut finding);
        let evidence = &finding.evidence;
        assert_ne!(evidence.title, Some(title));
        assert_eq!(evidence.get(Measure::Counter), Some(319_664 & 0xFFFF));
        assert_eq!(evidence.get(Measure::RightCounter), Some(319_665 & 0xFFFF));
    }

    /// Each event of a stream, redacted.
    fn redacted(keys: &Arc<Keys>, bytes: &[u8], mut see: impl FnMut(&Event<'_>, &Event<'_>)) {
        let mut redactor = Redactor::new(Zone::luxembourg());
        // Some samples have numbers that look like stand-ins.
        redactor.title(SystemTitle([0; 8]));
        let policy = Policy::default();
        let mut decoder = Decoder::new(Arc::clone(keys), policy, Zone::luxembourg());
        let mut take = |event: &Event<'_>| match event {
            Event::Telegram(decoded) => {
                see(event, &Event::Telegram(redactor.redact(decoded)));
            }
            Event::Refused(refused) => see(event, &Event::Refused(redactor.refused(refused))),
            Event::Junk(_) => {}
        };
        decoder.push(bytes, &mut take);
        decoder.finish(take);
    }

    #[test]
    fn a_push_that_is_redacted_says_the_same_of_nobody() {
        let samples = [
            include_str!("../../tests/push/no-rows.hex"),
            include_str!("../../tests/push/no-bare.hex"),
            include_str!("../../tests/push/no-bare-apdu.hex"),
            include_str!("../../tests/push/no-flat.hex"),
            include_str!("../../tests/push/ch-segments.hex"),
            include_str!("../../tests/push/ch-blocks-clear.hex"),
            include_str!("../../tests/push/dk-flat.hex"),
            include_str!("../../tests/push/dk-authenticated.hex"),
            include_str!("../../tests/push/at-mbus.hex"),
            include_str!("../../tests/push/ch-blocks.hex"),
        ];
        let mut clear = 0;
        for sample in samples {
            let digits: String = sample.split_ascii_whitespace().collect();
            let bytes = hex::decode(digits).unwrap();
            redacted(&Arc::default(), &bytes, |event, redacted| {
                let frame = match redacted {
                    Event::Telegram(decoded) => decoded.frame,
                    Event::Refused(refused) => refused.frame,
                    Event::Junk(_) => &[],
                };
                assert_eq!(frame.len() as u64, event.span().len(), "{sample}");
                let mut decoder =
                    Decoder::new(Arc::default(), Policy::default(), Zone::luxembourg());
                let mut seen = 0;
                let mut again = |again: &Event<'_>| {
                    seen += 1;
                    match (event, redacted, again) {
                        (
                            Event::Telegram(as_sent),
                            Event::Telegram(redacted),
                            Event::Telegram(again),
                        ) => {
                            clear += 1;
                            assert_eq!(
                                String::from_utf8_lossy(again.text),
                                String::from_utf8_lossy(redacted.text)
                            );
                            for id in as_sent.telegram.ids() {
                                let id = id.trim();
                                let runs = id.split(|letter: char| !letter.is_ascii_digit());
                                for run in runs.filter(|run| run.len() >= SERIAL_DIGITS) {
                                    let find = memchr::memmem::find(frame, run.as_bytes());
                                    assert_eq!(find, None, "{id}");
                                }
                            }
                        }
                        (
                            Event::Refused(as_sent),
                            Event::Refused(redacted),
                            Event::Refused(again),
                        ) => {
                            assert_eq!(again.reason, as_sent.reason);
                            assert_eq!(again.inner, redacted.inner);
                            assert_eq!(again.header, redacted.header);
                            let title = as_sent.title().unwrap();
                            assert_eq!(memchr::memmem::find(frame, &title.0), None);
                        }
                        _ => panic!("{event:?} {again:?}"),
                    }
                };
                decoder.push(frame, &mut again);
                decoder.finish(again);
                assert_eq!(seen, 1, "{sample}");
            });
        }
        assert!(clear >= 6, "{clear}");
    }

    #[test]
    fn names_beyond_the_limit_have_one_stand_in() {
        let mut redactor = Redactor::new(Zone::luxembourg());
        redactor.names_max = 2;
        let mut stand_in = |meter: u8| redactor.title(SystemTitle([0, 0, 0, 0, 9, 9, 9, meter]));
        let (first, second) = (stand_in(1), stand_in(2));
        assert_ne!(first, second);
        assert_eq!(stand_in(3), SystemTitle([0; 8]));
        assert_eq!(stand_in(4), SystemTitle([0; 8]));
        assert_eq!((stand_in(1), stand_in(2)), (first, second));
        assert_eq!(redactor.notices().len(), 1);
        assert_eq!(redactor.stand_ins.len(), 2);
    }

    #[test]
    fn a_damaged_line_does_not_give_its_meter_away() {
        let id = "534D594530303030303236393136393430";
        let damaged = [
            format!("0-0:96.1.1({id})"),
            format!("0-0:96.1.1({id}"),
            format!("0-0:96.1.1{id})"),
            format!("0-0:96.1.1({id}))26916940"),
            format!("0-0:9x.1.1({id})"),
            format!("0-0:96.1.1\r\n({id})"),
            format!("1-0:1.8.0({id})"),
            format!("1-0:1.8.0(1*kWh)\r\n({id})"),
            format!("1-0:1.8.0(1*{id})"),
            format!("0-0:1.0.0({id})"),
            format!("0-0:1.0.0(260115183000W)({id})"),
            "0-0:1.0.0(260115183000W)(26916940)".to_owned(),
            "7-7:7.7.7(26916940)".to_owned(),
        ];
        for line in damaged {
            let kept = "1-0:2.8.0(001234567.891*kWh)";
            let text = format!("/SMY5\\1\r\n\r\n{line}\r\n{kept}\r\n!\r\n");
            let mut redactor = Redactor::new(Zone::luxembourg());
            let mut decoder = Decoder::new(Arc::default(), Policy::default(), Zone::luxembourg());
            let mut seen = 0;
            let mut see = |event: &Event<'_>| {
                let Event::Telegram(decoded) = event else {
                    panic!("{line}: {event:?}");
                };
                let redacted = redactor.redact(decoded);
                let text = String::from_utf8_lossy(redacted.text);
                assert!(text.contains(kept), "{text}");
                for name in ["26916940", "3236393136393430"] {
                    assert!(!text.contains(name), "{text}");
                }
                seen += 1;
            };
            decoder.push(text.as_bytes(), &mut see);
            decoder.finish(&mut see);
            assert_eq!(seen, 1, "{line}");
        }
    }
}
