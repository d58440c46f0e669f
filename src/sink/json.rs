//! JSON: one object a line, `smarty/1`.
//!
//! For each shape of telegram the constant parts are laid down once; a telegram then is a walk over them:
//!
//! ```text
//! ,"values":{"active_energy_import_kwh":  25.653  ,"active_power_import_kw":  0.005  …
//! |---------- constant ----------------| | item | |------- constant -------| | item |
//! ```

use std::io::Write;
use std::sync::Arc;

use super::context::Context;
use super::fields::Fields;
use super::number::{write_json, write_json_bytes, write_json_text};
use crate::p1::ciphering::SystemTitle;
use crate::p1::event::{Decoded, Refused};
use crate::p1::layout::{Form, Item, Place};
use crate::p1::readout::{Crc, SentCrc};
use crate::p1::telegram::{Shape, Telegram};

/// The name of the format.
pub const SCHEMA: &str = "smarty/1";

/// Writes JSON lines.
#[derive(Clone, Debug, Default)]
pub struct Json {
    fields: Option<Fields>,
    plans: Vec<Plan>,
    latest: usize,
    title: Option<(SystemTitle, String)>,
}

impl Json {
    /// Writes all values, or those of the fields given.
    pub fn new(fields: Option<Fields>) -> Self {
        Self {
            fields,
            ..Self::default()
        }
    }

    /// Appends a telegram and a line end.
    pub fn telegram(&mut self, out: &mut Vec<u8>, context: &Context<'_>, decoded: &Decoded<'_>) {
        let telegram = &decoded.telegram;
        let plan = self.plan(telegram);
        out.reserve(plan.size + 512);
        begin(out, "telegram", context.seq);
        out.extend_from_slice(b",\"received_at\":");
        write_instant(out, context);
        out.extend_from_slice(b",\"measured_at\":");
        match telegram
            .shape()
            .meaning
            .clock
            .and_then(|clock| item(telegram, clock))
        {
            Some(clock) if clock.form == Form::Time => write_json(out, telegram, clock, 0),
            _ => out.extend_from_slice(b"null"),
        }
        write_source(out, context, decoded.span.start, decoded.span.len());
        out.extend_from_slice(b",\"security\":");
        match &decoded.security {
            Some(security) => {
                write_security(
                    out,
                    security.title(),
                    security.counter().0,
                    security.control().0,
                );
                out.extend_from_slice(b",\"tag\":\"");
                out.extend_from_slice(security.tag.word().as_bytes());
                out.extend_from_slice(b"\"}");
            }
            None => out.extend_from_slice(b"null"),
        }
        out.extend_from_slice(b",\"telegram\":{\"header\":");
        let header = Place {
            start: 0,
            end: telegram.shape().layout.identification.end,
        };
        write_json_bytes(out, header.of(telegram.text()));
        out.extend_from_slice(b",\"length\":");
        write_integer(out, decoded.text.len() as u64);
        out.extend_from_slice(b",\"crc\":");
        write_crc(out, &decoded.crc);
        out.extend_from_slice(b"},\"meter\":{\"id\":");
        match decoded
            .security
            .as_ref()
            .and_then(|security| self.device_id(security.title()))
        {
            Some(id) => write_json_bytes(out, id.as_bytes()),
            None => write_text_or_null(out, telegram.meter_id().as_deref()),
        }
        out.extend_from_slice(b",\"name\":");
        write_text_or_null(out, context.meter_name);
        out.extend_from_slice(b",\"p1_version\":");
        write_text_or_null(out, telegram.p1_version().as_deref());
        self.plans[self.latest].write(out, telegram);
        out.extend_from_slice(b",\"issues\":[");
        for (index, issue) in telegram.issues().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            out.extend_from_slice(b"{\"code\":\"");
            out.extend_from_slice(issue.code().as_bytes());
            out.extend_from_slice(b"\",\"obis\":");
            write_text_or_null(out, issue.obis().as_deref());
            out.extend_from_slice(b",\"offset\":");
            write_integer(out, u64::from(issue.offset()));
            out.extend_from_slice(b",\"message\":");
            write_json_text(out, &issue.to_string());
            out.push(b'}');
        }
        out.extend_from_slice(b"]}\n");
    }

    /// Appends a refused frame and a line end; `message` and `hint` are the words of the report.
    pub fn refused(
        &mut self,
        out: &mut Vec<u8>,
        context: &Context<'_>,
        refused: &Refused<'_>,
        message: &str,
        hint: Option<&str>,
    ) {
        begin(out, "refused", context.seq);
        out.extend_from_slice(b",\"received_at\":");
        write_instant(out, context);
        out.extend_from_slice(b",\"code\":\"");
        out.extend_from_slice(refused.reason.code().as_bytes());
        out.push(b'"');
        write_source(out, context, refused.span.start, refused.span.len());
        out.extend_from_slice(b",\"security\":");
        match refused.header {
            Some(header) => {
                write_security(out, header.title, header.counter.0, header.control.0);
                out.push(b'}');
            }
            None => out.extend_from_slice(b"null"),
        }
        out.extend_from_slice(b",\"meter\":{\"id\":");
        let id = refused
            .title()
            .and_then(|title| self.device_id(title).map(str::to_owned));
        write_text_or_null(out, id.as_deref());
        out.extend_from_slice(b",\"name\":");
        write_text_or_null(out, context.meter_name);
        out.extend_from_slice(b"},\"message\":");
        write_json_text(out, message);
        out.extend_from_slice(b",\"hint\":");
        write_text_or_null(out, hint);
        out.extend_from_slice(b"}\n");
    }

    /// Appends a change of the link: `opened`, `lost`, `reopened` or `silent`.
    pub fn link(&self, out: &mut Vec<u8>, context: &Context<'_>, state: &str, message: &str) {
        begin(out, "link", context.seq);
        out.extend_from_slice(b",\"received_at\":");
        write_instant(out, context);
        out.extend_from_slice(b",\"code\":");
        write_json_text(out, state);
        write_source(out, context, 0, 0);
        out.extend_from_slice(b",\"security\":null,\"message\":");
        write_json_text(out, message);
        out.extend_from_slice(b",\"hint\":null}\n");
    }

    fn device_id(&mut self, title: SystemTitle) -> Option<&str> {
        if self.title.as_ref().is_none_or(|(known, _)| *known != title) {
            self.title = Some((title, title.device_id().unwrap_or_default()));
        }
        self.title
            .as_ref()
            .map(|(_, id)| id.as_str())
            .filter(|id| !id.is_empty())
    }

    fn plan(&mut self, telegram: &Telegram<'_>) -> &Plan {
        let shape = telegram.shape();
        let fits = |plan: &Plan| Arc::ptr_eq(&plan.shape, shape);
        if !self.plans.get(self.latest).is_some_and(fits) {
            self.latest = self.plans.iter().position(fits).unwrap_or_else(|| {
                if self.plans.len() >= PLANS_KEPT {
                    self.plans.remove(0);
                }
                self.plans.push(Plan::new(telegram, self.fields.as_ref()));
                self.plans.len() - 1
            });
        }
        &self.plans[self.latest]
    }
}

/// Lays JSON out over several lines, two blanks a level; numbers and strings stay as they are.
pub fn pretty(line: &[u8], out: &mut Vec<u8>) {
    let mut depth = 0usize;
    let mut in_string = false;
    let mut escaped = false;
    let new_line = |out: &mut Vec<u8>, depth: usize| {
        out.push(b'\n');
        out.resize(out.len() + 2 * depth, b' ');
    };
    for (index, &byte) in line.iter().enumerate() {
        if in_string {
            out.push(byte);
            in_string = escaped || byte != b'"';
            escaped = byte == b'\\' && !escaped;
            continue;
        }
        match byte {
            b'{' | b'[' => {
                out.push(byte);
                depth += 1;
                if !matches!(line.get(index + 1), Some(b'}' | b']')) {
                    new_line(out, depth);
                }
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if !matches!(
                    index.checked_sub(1).and_then(|i| line.get(i)),
                    Some(b'{' | b'[')
                ) {
                    new_line(out, depth);
                }
                out.push(byte);
            }
            b',' => {
                out.push(byte);
                new_line(out, depth);
            }
            b':' => out.extend_from_slice(b": "),
            b'"' => {
                out.push(byte);
                in_string = true;
            }
            _ => out.push(byte),
        }
    }
}

/// The parts of an object from `p1_version` to `issues`, for one shape.
#[derive(Clone, Debug)]
struct Plan {
    shape: Arc<Shape>,
    constants: Vec<u8>,
    steps: Vec<Step>,
    size: usize,
}

/// Constant bytes up to an offset, then something of the telegram.
#[derive(Clone, Copy, Debug)]
struct Step {
    until: u32,
    then: Then,
}

#[derive(Clone, Copy, Debug)]
enum Then {
    Value(Item, i8),
    Raw(Place),
    End,
}

impl Plan {
    fn new(telegram: &Telegram<'_>, fields: Option<&Fields>) -> Self {
        let shape = telegram.shape();
        let mut plan = Self {
            shape: Arc::clone(shape),
            constants: Vec::new(),
            steps: Vec::new(),
            size: 0,
        };
        plan.say("},\"values\":{");
        plan.values(fields);
        plan.say("},\"devices\":[");
        plan.devices(fields);
        plan.say("],\"readings\":[");
        plan.readings(fields, telegram.text());
        plan.say("]");
        plan.step(Then::End);
        plan.size = plan.constants.len() + 2 * shape.layout.length();
        plan
    }

    #[inline]
    fn write(&self, out: &mut Vec<u8>, telegram: &Telegram<'_>) {
        let mut from = 0;
        for step in &self.steps {
            let until = step.until as usize;
            out.extend_from_slice(self.constants.get(from..until).unwrap_or_default());
            from = until;
            match step.then {
                Then::Value(item, shift) => write_json(out, telegram, &item, shift),
                Then::Raw(place) => write_json_bytes(out, place.of(telegram.text())),
                Then::End => {}
            }
        }
    }

    fn values(&mut self, fields: Option<&Fields>) {
        let shape = Arc::clone(&self.shape);
        let mut first = true;
        for value in &shape.meaning.values {
            let line = shape.layout.lines.get(value.line as usize);
            let wanted =
                |fields: &Fields| line.is_some_and(|line| fields.wants(line, Some(&value.key)));
            if !fields.is_none_or(wanted) {
                continue;
            }
            self.separate(&mut first);
            self.string(&value.key);
            self.say(":");
            self.item(Some(value.item), value.shift);
        }
    }

    fn devices(&mut self, fields: Option<&Fields>) {
        let shape = Arc::clone(&self.shape);
        let mut first = true;
        for device in &shape.meaning.devices {
            let line = device
                .line
                .and_then(|line| shape.layout.lines.get(line as usize));
            let key = shape
                .meaning
                .values
                .iter()
                .find(|v| Some(v.item) == device.reading);
            let wanted = |fields: &Fields| {
                line.is_some_and(|line| fields.wants(line, key.map(|value| &*value.key)))
            };
            if !fields.is_none_or(wanted) {
                continue;
            }
            self.separate(&mut first);
            self.say(&format!("{{\"channel\":{},\"type\":", device.channel));
            self.item(device.kind, 0);
            self.say(",\"medium\":");
            match device.medium {
                Some(medium) => self.string(medium),
                None => self.say("null"),
            }
            self.say(",\"id\":");
            self.item(device.id, 0);
            self.say(",\"measured_at\":");
            self.item(device.time, 0);
            self.say(",\"value\":");
            self.item(device.reading, 0);
            self.say(",\"unit\":");
            let item = |index: u32| shape.layout.items.get(index as usize);
            match (device.unit, device.reading.and_then(item)) {
                (Some(unit), _) => self.item(Some(unit), 0),
                (None, Some(reading)) if reading.unit.start < reading.unit.end => {
                    self.step(Then::Raw(reading.unit));
                }
                _ => self.say("null"),
            }
            self.say(",\"valve\":");
            self.item(device.valve, 0);
            self.say("}");
        }
    }

    fn readings(&mut self, fields: Option<&Fields>, text: &[u8]) {
        let shape = Arc::clone(&self.shape);
        let layout = &shape.layout;
        let mut first = true;
        for (index, line) in (0u32..).zip(&layout.lines) {
            let key = shape
                .meaning
                .values
                .iter()
                .find(|value| value.line == index);
            let wanted = |fields: &Fields| fields.wants(line, key.map(|value| &*value.key));
            if !fields.is_none_or(wanted) {
                continue;
            }
            self.separate(&mut first);
            self.say("{\"obis\":");
            self.step(Then::Raw(line.place));
            self.say(",\"name\":");
            match line.entry {
                Some(entry) => self.string(entry.name),
                None => self.say("null"),
            }
            let items = layout.items_in(&line.items);
            self.say(",\"value\":");
            self.list(items, items.len() != 1, |plan, item| {
                plan.step(Then::Value(*item, 0))
            });
            self.say(",\"unit\":");
            self.units(items, text);
            self.say(",\"raw\":");
            self.list(layout.groups_of(line), true, |plan, group| {
                plan.step(Then::Raw(group.place))
            });
            self.say("}");
        }
    }

    /// One unit where all values that have one have the same; null without; else one for each value.
    fn units(&mut self, items: &[Item], text: &[u8]) {
        let shape = Arc::clone(&self.shape);
        let sent = |item: &&Item| item.unit.start < item.unit.end;
        let old_style = shape.meaning.devices.iter().find_map(|device| {
            let unit = shape.layout.items.get(device.unit? as usize)?;
            items
                .iter()
                .any(|item| item.value == unit.value)
                .then_some(unit.value)
        });
        let mut with_unit = items.iter().filter(sent);
        match (old_style, with_unit.next()) {
            (Some(unit), _) => self.step(Then::Raw(unit)),
            (None, None) => self.say("null"),
            (None, Some(first)) => {
                // The layout keeps units as they are, so what holds for this text holds for the next.
                let same = with_unit.all(|item| item.unit.of(text) == first.unit.of(text));
                if same {
                    self.step(Then::Raw(first.unit));
                } else {
                    self.list(items, true, |plan, item| {
                        if sent(&item) {
                            plan.step(Then::Raw(item.unit));
                        } else {
                            plan.say("null");
                        }
                    });
                }
            }
        }
    }

    fn list<T>(&mut self, parts: &[T], brackets: bool, mut write: impl FnMut(&mut Self, &T)) {
        if brackets {
            self.say("[");
        }
        let mut first = true;
        for part in parts {
            self.separate(&mut first);
            write(self, part);
        }
        if brackets {
            self.say("]");
        }
    }

    fn item(&mut self, index: Option<u32>, shift: i8) {
        let item = index.and_then(|index| self.shape.layout.items.get(index as usize).copied());
        match item {
            Some(item) => self.step(Then::Value(item, shift)),
            None => self.say("null"),
        }
    }

    fn separate(&mut self, first: &mut bool) {
        if !*first {
            self.say(",");
        }
        *first = false;
    }

    fn string(&mut self, text: &str) {
        write_json_text(&mut self.constants, text);
    }

    fn say(&mut self, text: &str) {
        self.constants.extend_from_slice(text.as_bytes());
    }

    fn step(&mut self, then: Then) {
        self.steps.push(Step {
            until: self.constants.len() as u32,
            then,
        });
    }
}

fn begin(out: &mut Vec<u8>, kind: &str, seq: u64) {
    out.extend_from_slice(b"{\"schema\":\"");
    out.extend_from_slice(SCHEMA.as_bytes());
    out.extend_from_slice(b"\",\"type\":\"");
    out.extend_from_slice(kind.as_bytes());
    out.extend_from_slice(b"\",\"seq\":");
    write_integer(out, seq);
}

fn item<'a>(telegram: &Telegram<'a>, index: u32) -> Option<&'a Item> {
    telegram.shape().layout.items.get(index as usize)
}

fn write_instant(out: &mut Vec<u8>, context: &Context<'_>) {
    match context.received_at {
        // Writing into memory cannot fail.
        Some(at) => drop(write!(out, "\"{at:.6}\"")),
        None => out.extend_from_slice(b"null"),
    }
}

fn write_source(out: &mut Vec<u8>, context: &Context<'_>, offset: u64, length: u64) {
    out.extend_from_slice(b",\"source\":{\"kind\":");
    write_json_bytes(out, context.source.kind.as_bytes());
    out.extend_from_slice(b",\"name\":");
    write_json_bytes(out, context.source.name.as_bytes());
    out.extend_from_slice(b",\"label\":");
    write_text_or_null(out, context.source.label);
    out.extend_from_slice(b",\"offset\":");
    write_integer(out, offset);
    out.extend_from_slice(b",\"length\":");
    write_integer(out, length);
    out.push(b'}');
}

fn write_security(out: &mut Vec<u8>, title: SystemTitle, counter: u32, control: u8) {
    out.extend_from_slice(b"{\"system_title\":\"");
    write_hex(out, &title.0);
    out.extend_from_slice(b"\",\"frame_counter\":");
    write_integer(out, u64::from(counter));
    out.extend_from_slice(b",\"control\":\"");
    write_hex(out, &[control]);
    out.push(b'"');
}

fn write_crc(out: &mut Vec<u8>, crc: &Crc) {
    out.extend_from_slice(b"{\"received\":");
    match crc.received {
        SentCrc::Digits(sent) => {
            out.push(b'"');
            write_hex(out, &sent.to_be_bytes());
            out.push(b'"');
        }
        SentCrc::Absent | SentCrc::Malformed => out.extend_from_slice(b"null"),
    }
    out.extend_from_slice(b",\"computed\":\"");
    write_hex(out, &crc.computed.to_be_bytes());
    out.extend_from_slice(b"\",\"valid\":");
    out.extend_from_slice(match crc.valid() {
        Some(true) => b"true}",
        Some(false) => b"false}",
        None => b"null}",
    });
}

fn write_text_or_null(out: &mut Vec<u8>, value: Option<&str>) {
    match value {
        Some(value) => write_json_bytes(out, value.as_bytes()),
        None => out.extend_from_slice(b"null"),
    }
}

fn write_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    for byte in bytes {
        for nibble in [byte >> 4, byte & 0x0F] {
            out.push(if nibble < 10 {
                b'0' + nibble
            } else {
                b'A' + nibble - 10
            });
        }
    }
}

fn write_integer(out: &mut Vec<u8>, value: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    let mut rest = value;
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Plans kept, one for each shape of telegram seen lately.
const PLANS_KEPT: usize = 16;
