//! JSON: one object a line, `smarty/1`, or flat ones of the values alone.
//!
//! The envelope is written here; what follows from `p1_version` on is planned once for each shape of telegram.

mod parts;
mod plan;
mod pretty;

use crate::format::level;
use crate::format::number::{write_json, write_json_bytes, write_json_text};
use crate::format::words::{self, Depth};
use crate::observe::context::{Context, Senders};
use crate::observe::fields::Fields;
use crate::p1::ciphering::{SecurityControl, SystemTitle};
use crate::p1::derive::{Derived, Extent};
use crate::p1::diagnosis::Finding;
use crate::p1::event::{Decoded, Refused, Tag};
use crate::p1::layout::{Form, Item, TextRange};
use crate::p1::telegram::{ByShape, Telegram};
use crate::source::maxsonar::Level;
use parts::{
    Kept, begin_security, begin_source, write_checksums, write_control, write_crc, write_integer,
    write_push, write_span,
};
use plan::Plan;

pub(crate) use parts::write_text_or_null;
pub(crate) use parts::{begin, write_instant, write_source};
pub use pretty::pretty;

/// Writes JSON lines.
#[derive(Clone, Debug, Default)]
pub struct Json {
    fields: Option<Fields>,
    /// Whether what is computed has a place.
    derived: bool,
    /// Whether a telegram is its meter, its time and its values.
    flat: bool,
    plans: ByShape<Plan>,
    senders: Senders,
    header: Kept<Vec<u8>>,
    source: Kept<(String, String, Option<String>)>,
    title: Kept<SystemTitle>,
    protection: Kept<(SecurityControl, Tag)>,
}

impl Json {
    /// Writes all values, or those of the fields given.
    pub fn new(fields: Option<Fields>) -> Self {
        Self {
            fields,
            ..Self::default()
        }
    }

    /// Writes what is computed, an object in each line whatever is known.
    pub fn derive(&mut self, extent: Extent) {
        self.derived = extent != Extent::Nothing;
    }

    /// Writes of each telegram the meter, the time and the values, in one flat object.
    pub fn flatten(&mut self) {
        self.flat = true;
    }

    /// Appends a telegram and a line end.
    pub fn telegram(&mut self, out: &mut Vec<u8>, context: &Context<'_>, decoded: &Decoded<'_>) {
        match self.flat {
            true => self.flat_telegram(out, context, decoded),
            false => self.full_telegram(out, context, decoded),
        }
    }

    /// Appends a reading of a level sensor and a line end.
    pub fn level(&self, out: &mut Vec<u8>, context: &Context<'_>, level: &Level) {
        match self.flat {
            true => level::flat_json(out, context, level),
            false => level::json(out, context, level),
        }
    }

    fn flat_telegram(&mut self, out: &mut Vec<u8>, context: &Context<'_>, decoded: &Decoded<'_>) {
        let telegram = &decoded.telegram;
        out.extend_from_slice(b"{\"meter\":");
        let sender = self.senders.name(decoded);
        write_text_or_null(out, Some(&*sender).filter(|name| !name.is_empty()));
        out.extend_from_slice(b",\"measured_at\":");
        write_measured_at(out, telegram);
        let fields = self.fields.as_ref();
        let plan = self
            .plans
            .of(telegram.shape(), || Plan::flat(telegram, fields));
        plan.write_flat(out, telegram);
        for derived in wanted(fields, context.derived) {
            out.push(b',');
            write_computed(out, derived);
        }
        out.extend_from_slice(b"}\n");
    }

    fn full_telegram(&mut self, out: &mut Vec<u8>, context: &Context<'_>, decoded: &Decoded<'_>) {
        let telegram = &decoded.telegram;
        begin(out, "telegram", context.seq);
        out.extend_from_slice(b",\"received_at\":");
        write_instant(out, context);
        out.extend_from_slice(b",\"measured_at\":");
        write_measured_at(out, telegram);
        let source = context.source;
        out.extend_from_slice(self.source.of(
            |(kind, name, label)| {
                (&**kind, &**name, label.as_deref()) == (source.kind, source.name, source.label)
            },
            || {
                let label = source.label.map(str::to_owned);
                (source.kind.to_owned(), source.name.to_owned(), label)
            },
            |part| begin_source(part, source),
        ));
        write_span(out, decoded.span.start, decoded.span.len());
        out.extend_from_slice(b",\"security\":");
        match &decoded.security {
            Some(security) => {
                let (title, control, tag) = (security.title(), security.control(), security.tag);
                let begin = |part: &mut Vec<u8>| begin_security(part, title);
                out.extend_from_slice(self.title.of(|known| *known == title, || title, begin));
                write_integer(out, u64::from(security.counter().0));
                let protection = (control, tag);
                out.extend_from_slice(self.protection.of(
                    |known| *known == protection,
                    || protection,
                    |part| {
                        write_control(part, control);
                        part.extend_from_slice(b",\"tag\":\"");
                        part.extend_from_slice(tag.word().as_bytes());
                        part.extend_from_slice(b"\"}");
                    },
                ));
            }
            None => out.extend_from_slice(b"null"),
        }
        out.extend_from_slice(b",\"telegram\":{\"header\":");
        let header = TextRange {
            start: 0,
            end: telegram.shape().layout.identification.end,
        };
        let header = header.of(telegram.text());
        out.extend_from_slice(self.header.of(
            |known| known == header,
            || header.to_vec(),
            |part| write_json_bytes(part, header),
        ));
        out.extend_from_slice(b",\"length\":");
        write_integer(out, decoded.text.len() as u64);
        out.extend_from_slice(b",\"crc\":");
        match &decoded.push {
            Some(push) => write_checksums(out, push, decoded.crc.computed),
            None => write_crc(out, &decoded.crc),
        }
        out.extend_from_slice(b"},\"meter\":{\"id\":");
        let sender = self.senders.name(decoded);
        write_text_or_null(out, Some(&*sender).filter(|name| !name.is_empty()));
        out.extend_from_slice(b",\"name\":");
        write_text_or_null(out, context.meter_name);
        let fields = self.fields.as_ref();
        let units = decoded.push.as_ref().map_or(&[][..], |push| push.units);
        let plan = self
            .plans
            .of(telegram.shape(), || Plan::new(telegram, fields, units));
        if !plan.is_for(units) {
            *plan = Plan::new(telegram, fields, units);
        }
        plan.write(out, telegram);
        let length = telegram.text().len();
        if decoded.lacks_end() {
            write_issue(out, "no_end", length, words::NO_END);
        }
        if decoded.behind > 0 {
            let message = words::behind(decoded.behind);
            write_issue(out, "extra_bytes", length - decoded.behind, &message);
        }
        if let Some(push) = &decoded.push {
            write_push(out, telegram, push);
        }
        if self.derived {
            self.write_derived(out, context.derived);
        }
        if let Some(mended) = decoded.mended {
            out.extend_from_slice(b",\"mended\":");
            write_json_text(out, mended);
        }
        if decoded.replayed {
            out.extend_from_slice(b",\"replayed\":true");
        }
        out.extend_from_slice(b"}\n");
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
        match refused.header.or(refused.inner) {
            Some(header) => {
                begin_security(out, header.title);
                write_integer(out, u64::from(header.counter.0));
                write_control(out, header.control);
                out.push(b'}');
            }
            None => out.extend_from_slice(b"null"),
        }
        out.extend_from_slice(b",\"meter\":{\"id\":");
        let id = refused
            .title()
            .and_then(|title| self.senders.device_id(title));
        write_text_or_null(out, id);
        out.extend_from_slice(b",\"name\":");
        write_text_or_null(out, context.meter_name);
        out.extend_from_slice(b"},\"message\":");
        write_json_text(out, message);
        out.extend_from_slice(b",\"hint\":");
        write_text_or_null(out, hint);
        out.extend_from_slice(b"}\n");
    }

    /// Appends what diagnosis has found and a line end.
    pub fn finding(&mut self, out: &mut Vec<u8>, context: &Context<'_>, finding: &Finding) {
        begin(out, "finding", context.seq);
        out.extend_from_slice(b",\"received_at\":");
        write_instant(out, context);
        out.extend_from_slice(b",\"code\":");
        write_json_text(out, finding.verdict.code());
        write_source(out, context, finding.span.start, finding.span.len());
        out.extend_from_slice(b",\"security\":null,\"meter\":{\"id\":");
        let id = finding
            .evidence
            .title
            .and_then(|title| self.senders.device_id(title));
        write_text_or_null(out, id);
        out.extend_from_slice(b"},\"count\":");
        write_integer(out, finding.count as u64);
        out.extend_from_slice(b",\"evidence\":{");
        for (index, (measure, number)) in finding.evidence.numbers().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            write_json_text(out, measure.code());
            out.push(b':');
            write_integer(out, number);
        }
        out.extend_from_slice(b"},\"alternatives\":[");
        for (index, other) in finding.alternatives.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            write_json_text(out, other.code());
        }
        out.extend_from_slice(b"],\"message\":");
        let message = format!(
            "{}; {}",
            words::title(finding),
            words::evidence(finding, Depth::Full)
        );
        write_json_text(out, message.trim_end_matches("; "));
        out.extend_from_slice(b",\"hint\":");
        write_json_text(out, &words::hint_of(finding, context.source));
        out.extend_from_slice(b"}\n");
    }

    /// Appends a change of the link: `opened`, `lost`, `reopened` or `silent`.
    pub fn link(
        &self,
        out: &mut Vec<u8>,
        context: &Context<'_>,
        state: &str,
        message: &str,
        hint: Option<&str>,
    ) {
        begin(out, "link", context.seq);
        out.extend_from_slice(b",\"received_at\":");
        write_instant(out, context);
        out.extend_from_slice(b",\"code\":");
        write_json_text(out, state);
        write_source(out, context, 0, 0);
        out.extend_from_slice(b",\"security\":null,\"message\":");
        write_json_text(out, message);
        out.extend_from_slice(b",\"hint\":");
        write_text_or_null(out, hint);
        out.extend_from_slice(b"}\n");
    }

    fn write_derived(&self, out: &mut Vec<u8>, derived: &[Derived]) {
        out.extend_from_slice(b",\"derived\":{");
        for (index, derived) in wanted(self.fields.as_ref(), derived).enumerate() {
            if index > 0 {
                out.push(b',');
            }
            write_computed(out, derived);
        }
        out.push(b'}');
    }
}

/// What is computed and belongs to the fields.
fn wanted<'a>(
    fields: Option<&Fields>,
    derived: &'a [Derived],
) -> impl Iterator<Item = &'a Derived> {
    let wants =
        move |derived: &&Derived| fields.is_none_or(|fields| fields.wants_derived(derived.key));
    derived.iter().filter(wants)
}

/// Writes a value that is computed, as a member of an object.
fn write_computed(out: &mut Vec<u8>, derived: &Derived) {
    out.push(b'"');
    out.extend_from_slice(derived.key.as_bytes());
    out.extend_from_slice(b"\":");
    derived.value.write(out);
}

/// Writes when a telegram was measured, by its own clock.
fn write_measured_at(out: &mut Vec<u8>, telegram: &Telegram<'_>) {
    let clock = telegram.shape().meaning.clock;
    match clock.and_then(|clock| item(telegram, clock)) {
        Some(clock) if clock.form == Form::Time => write_json(out, telegram, clock, 0),
        Some(_) => out.extend_from_slice(b"null"),
        None => match telegram.measured_at() {
            Some(time) => {
                out.push(b'"');
                time.write(out);
                out.push(b'"');
            }
            None => out.extend_from_slice(b"null"),
        },
    }
}

/// Adds one that is of no line to the issues, which end the output so far.
fn write_issue(out: &mut Vec<u8>, code: &str, offset: usize, message: &str) {
    if out.pop_if(|byte| *byte == b']').is_none() {
        return;
    }
    if out.last() != Some(&b'[') {
        out.push(b',');
    }
    out.extend_from_slice(b"{\"code\":\"");
    out.extend_from_slice(code.as_bytes());
    out.extend_from_slice(b"\",\"obis\":null,\"offset\":");
    write_integer(out, offset as u64);
    out.extend_from_slice(b",\"message\":");
    write_json_text(out, message);
    out.extend_from_slice(b"}]");
}

fn item<'a>(telegram: &Telegram<'a>, index: u32) -> Option<&'a Item> {
    telegram.shape().layout.items.get(index as usize)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::p1::decoder::{Decoder, Policy};
    use crate::p1::event::Event;
    use crate::p1::value::Zone;
    use crate::simulate::virtual_meter::{Profile, Setup, VirtualMeter};

    fn lines(stream: &[u8], mut json: impl FnMut() -> Json, keep: bool) -> Vec<u8> {
        let mut out = Vec::new();
        let mut writer = json();
        let mut decoder = Decoder::new(Arc::default(), Policy::default(), Zone::luxembourg());
        decoder.push(stream, |event| {
            if let Event::Telegram(decoded) = event {
                if !keep {
                    writer = json();
                }
                writer.telegram(&mut out, &Context::default(), decoded);
            }
        });
        out
    }

    #[test]
    fn what_is_copied_from_the_last_telegram_is_what_would_be_written() {
        let start = jiff::civil::date(2026, 3, 28).at(23, 59, 0, 0);
        let mut stream = Vec::new();
        let meters = ["lu-full", "nl5", "be", "nl22"].iter().zip(1..);
        let mut meters: Vec<_> = meters
            .map(|(name, number)| {
                let profile = Profile::named(name).unwrap();
                VirtualMeter::new(Setup::new(profile, number, 7, start))
            })
            .collect();
        for _ in 0..40 {
            for meter in &mut meters {
                meter.next_telegram(&mut stream);
            }
        }
        let fields = || Fields::parse("active_power_import,gas,voltage_l1,1-0:1.8.1").ok();
        for fields in [None, fields()] {
            for flat in [false, true] {
                let json = || {
                    let mut json = Json::new(fields.clone());
                    json.flat = flat;
                    json
                };
                let kept = lines(&stream, json, true);
                let fresh = lines(&stream, json, false);
                assert_eq!(kept.iter().filter(|&&byte| byte == b'\n').count(), 160);
                assert!(kept == fresh);
            }
        }
    }
}
