//! The lines above the parts: who, when and whence, and the verdicts.

use std::fmt::{Arguments, Write as _};

use anstyle::Style;
use jiff::tz::{Offset, TimeZone};

use super::draw::{self, BAD, BOLD, DIM, GOOD, WARN};
use super::words::write_local;
use crate::format::clean::{clean, steers};
use crate::observe::context::{Context, Senders};
use crate::p1::count::count;
use crate::p1::event::{Decoded, Tag};
use crate::p1::push::Push;
use crate::p1::readout::SentCrc;
use crate::p1::value::Timestamp;

/// Writes heads; who sends is spelled out once.
#[derive(Clone, Debug, Default)]
pub(super) struct Head {
    senders: Senders,
    parts: Parts,
}

/// The parts of a line, one behind the other, each with its end and its style.
#[derive(Clone, Debug, Default)]
struct Parts {
    text: String,
    ends: Vec<(usize, Style)>,
}

impl Head {
    /// Writes both lines, each as several where it is wider than `limit`.
    pub fn write(
        &mut self,
        out: &mut Vec<u8>,
        decoded: &Decoded<'_>,
        context: &Context<'_>,
        limit: usize,
        plain: bool,
    ) {
        self.who(decoded, context);
        self.parts.flow(out, limit, plain);
        self.verdicts(decoded);
        self.parts.flow(out, limit, plain);
    }

    /// Meter, time and place of the telegram.
    fn who(&mut self, decoded: &Decoded<'_>, context: &Context<'_>) {
        let parts = &mut self.parts;
        match &*self.senders.name(decoded) {
            "" => parts.clean(BOLD, &decoded.telegram.header()),
            id => parts.clean(BOLD, id),
        }
        if let Some(name) = context.meter_name {
            parts.clean(BOLD, name);
        }
        let measured = decoded.telegram.measured_at();
        match &measured {
            Some(time) => parts.time(time),
            None => parts.add(WARN, format_args!("no time")),
        }
        parts.begin(format_args!("telegram {} of ", context.seq));
        let source = context.source.label.unwrap_or(context.source.name);
        parts.clean(DIM, source);
        if let Some(received) = context.received_at {
            let minutes = measured.map_or(0, |time| i32::from(time.offset));
            let offset = Offset::from_seconds(minutes * 60).unwrap_or(Offset::UTC);
            let received = received.to_zoned(TimeZone::fixed(offset));
            let received = received.strftime("received %Y-%m-%d %H:%M:%S %:z");
            parts.add(DIM, format_args!("{received}"));
        }
    }

    /// Frame, tag and CRC.
    fn verdicts(&mut self, decoded: &Decoded<'_>) {
        let parts = &mut self.parts;
        let length = match decoded.mended {
            // What was repaired lies in another span.
            Some(_) => decoded.frame.len(),
            None => decoded.span.len() as usize,
        };
        match decoded.security {
            Some(security) => {
                let counter = security.counter().0;
                parts.add(
                    Style::new(),
                    format_args!("frame {counter}, {length} bytes"),
                );
                let (tag, style) = match security.tag {
                    Tag::Valid => ("tag valid", GOOD),
                    Tag::Invalid => ("TAG INVALID - unverified", BAD),
                    Tag::Skipped => ("TAG NOT CHECKED - unverified", WARN),
                    Tag::None => ("NO TAG - unverified", WARN),
                };
                parts.add(style, format_args!("{tag}"));
            }
            None => parts.add(Style::new(), format_args!("sent in clear, {length} bytes")),
        }
        if let Some((number, oldest)) = decoded.push.as_ref().and_then(Push::oldest) {
            let values = count(number as u64, "value");
            match oldest.map(span) {
                Some(age) => parts.add(
                    DIM,
                    format_args!("{values} of earlier pushes, up to {age} old"),
                ),
                None => parts.add(DIM, format_args!("{values} of earlier pushes")),
            }
        }
        if let Some(push) = &decoded.push {
            if push.checksum.is_some() {
                parts.add(GOOD, format_args!("check sums right"));
            }
            return parts.add(GOOD, format_args!("list whole"));
        }
        let computed = decoded.crc.computed;
        match decoded.crc.received {
            SentCrc::Absent => parts.add(Style::new(), format_args!("no CRC")),
            SentCrc::NoEnd => parts.add(WARN, format_args!("NO END LINE - unverified")),
            SentCrc::Digits(sent) if sent == computed => {
                parts.add(GOOD, format_args!("CRC {sent:04X} right"));
            }
            SentCrc::Digits(sent) => parts.add(
                BAD,
                format_args!("CRC WRONG sent {sent:04X} computed {computed:04X}"),
            ),
            SentCrc::Malformed => {
                parts.add(BAD, format_args!("CRC UNREADABLE computed {computed:04X}"));
            }
        }
    }
}

impl Parts {
    fn add(&mut self, style: Style, text: Arguments<'_>) {
        self.begin(text);
        self.end(style);
    }

    /// The beginning of a part.
    fn begin(&mut self, text: Arguments<'_>) {
        // Writing into memory cannot fail.
        let _ = self.text.write_fmt(text);
    }

    /// The end of a part, of what comes from outside.
    fn clean(&mut self, style: Style, text: &str) {
        match text.contains(steers) {
            true => self.text.push_str(&clean(text)),
            false => self.text.push_str(text),
        }
        self.end(style);
    }

    /// A time with its offset from UTC: `2020-07-06 10:41:57 +02:00`.
    fn time(&mut self, time: &Timestamp) {
        write_local(&mut self.text, time, true);
        self.end(Style::new());
    }

    fn end(&mut self, style: Style) {
        self.ends.push((self.text.len(), style));
    }

    fn each(&self) -> impl Iterator<Item = (&str, Style)> {
        let mut start = 0;
        self.ends.iter().map(move |&(end, style)| {
            let text = self.text.get(start..end).unwrap_or_default();
            start = end;
            (text, style)
        })
    }

    /// Writes the parts as lines, as many on each as fit, and forgets them.
    fn flow(&mut self, out: &mut Vec<u8>, limit: usize, plain: bool) {
        let gaps = self.ends.len().saturating_sub(1) * draw::PART_GAP.len();
        if self.text.is_ascii() && self.text.len() + gaps <= limit {
            self.line(out, plain);
        } else {
            let lines = draw::flow(self.each(), limit);
            draw::write(out, lines, limit, plain);
        }
        self.text.clear();
        self.ends.clear();
    }

    /// Writes the parts on one line, where each byte is a column.
    fn line(&self, out: &mut Vec<u8>, plain: bool) {
        for (index, (text, style)) in self.each().enumerate() {
            if index > 0 {
                out.extend_from_slice(draw::PART_GAP.as_bytes());
            }
            draw::write_painted(out, text, style, plain);
        }
        // Behind a style blanks stay.
        if self.ends.last().is_some_and(|(_, style)| style.is_plain()) {
            out.truncate(out.trim_ascii_end().len());
        }
        out.push(b'\n');
    }
}

/// A time in words: `42 s`, `12 min`, `3 h`.
fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3600),
    }
}
