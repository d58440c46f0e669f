//! What sinks write: every line valid in its format, whatever the telegram says and whatever came before it.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use smarty::cli::messages::refusals;
use smarty::format::csv::Csv;
use smarty::format::influx;
use smarty::format::inspect::{self, Drawing};
use smarty::format::json::{Json, pretty};
use smarty::format::screen::Screen;
use smarty::format::table::{self, TableOptions, Tables};
use smarty::format::words::Depth;
use smarty::observe::context::{Context, Source};
use smarty::observe::fields::Fields;
use smarty::observe::redact::Redactor;
use smarty::p1::cipher::{AuthenticationKey, Key, Keys, MeterKeys};
use smarty::p1::ciphering::{FrameCounter, SecurityControl, SystemTitle};
use smarty::p1::decoder::{Decoder, Policy, TagPolicy};
use smarty::p1::derive::{Derived, Deriver, Extent, ReferencePower};
use smarty::p1::event::{Decoded, Event, Refused};
use smarty::p1::inspect::Inspector;

use super::formats::{line_protocol, parse_json, printable, read_csv};
use super::{choices, keys, zone};

/// Decodes the bytes as they are, then as the text of sealed frames; nothing is refused that can be printed.
pub fn every_line_is_valid(bytes: &[u8]) {
    let policy = Policy {
        tag: TagPolicy::Warn,
        ignore_crc: true,
        allow_plain: true,
    };
    let mut page = Page::new(bytes);
    let mut decoder = Decoder::new(Arc::clone(keys()), policy, zone().clone());
    decoder.push(bytes, |event| page.event(event));
    decoder.finish(|event| page.event(event));
    let (ring, frames) = sealed(&[bytes, &later(bytes)]);
    let mut decoder = Decoder::new(ring, policy, zone().clone());
    decoder.push(&frames, |event| page.event(event));
    decoder.finish(|event| page.event(event));
    page.ended(bytes);
}

/// All that is written in one run.
struct Page {
    json: Json,
    chosen: Json,
    fields: Fields,
    table: Vec<u8>,
    kept: [(TableOptions, Tables); 2],
    csv: Csv,
    redactor: Redactor,
    deriver: Deriver,
    screen: Screen,
    now: Timestamp,
    label: String,
    seq: u64,
}

impl Page {
    fn new(bytes: &[u8]) -> Self {
        let fields = Fields::parse("active_energy_import,gas_m3,1-0:1.7.0,text_message").unwrap();
        let mut rng = choices(bytes);
        // What a capture log can give as a label.
        let place = rng.below(bytes.len() + 1);
        let label = bytes
            .get(place..(place + 8).min(bytes.len()))
            .unwrap_or_default();
        let mut csv = Csv::new((rng.below(2) == 0).then(|| fields.clone()));
        csv.derive(Extent::WithReference);
        Self {
            json: json(None),
            chosen: json(Some(&fields)),
            csv,
            fields,
            table: Vec::new(),
            kept: [None, Some(80)].map(|width| {
                let options = TableOptions {
                    width,
                    ..TableOptions::default()
                };
                (options.clone(), Tables::new(options))
            }),
            redactor: Redactor::new(zone().clone()),
            deriver: Deriver::new(reference(), None),
            screen: Screen::new(),
            now: Timestamp::UNIX_EPOCH,
            label: String::from_utf8_lossy(label).into_owned(),
            seq: 0,
        }
    }

    fn event(&mut self, event: &Event<'_>) {
        let label = self.label.clone();
        let context = context(&label, self.seq);
        let mut redactor = std::mem::replace(&mut self.redactor, Redactor::new(zone().clone()));
        self.now += SignedDuration::from_secs(10);
        self.inspect(event, &mut redactor);
        match event {
            Event::Telegram(decoded) => {
                let derived = self.derive(decoded);
                let context = Context {
                    derived: &derived,
                    ..context
                };
                self.screen.telegram(self.now, &context, decoded);
                self.telegram(decoded, &derived);
                self.telegram(&redactor.redact(decoded), &derived);
            }
            Event::Refused(refused) => {
                self.screen.refused(self.now, &context, refused);
                self.refused(refused);
                self.refused(&redactor.refused(refused));
            }
            Event::Junk(junk) => self.screen.junk(self.now, &context, junk.span.len()),
        }
        self.redactor = redactor;
    }

    /// Computes what can be; a restart before each telegram changes nothing of it.
    fn derive(&mut self, decoded: &Decoded<'_>) -> Vec<Derived> {
        let memory = serde_json::to_string(&self.deriver.memory()).unwrap();
        let memory = serde_json::from_str(&memory).unwrap_or_else(|e| panic!("{e}: {memory}"));
        let derived = self.deriver.derive(&decoded.telegram, true, None);
        let again = Deriver::new(reference(), memory).derive(&decoded.telegram, true, None);
        assert_eq!(derived, again, "after a restart");
        let mut places = Extent::WithReference.quantities().iter();
        for Derived { key, .. } in &derived {
            assert!(
                places.any(|known| known.key == *key),
                "{key} in {derived:?}"
            );
        }
        derived
    }

    fn telegram(&mut self, decoded: &Decoded<'_>, derived: &[Derived]) {
        self.seq += 1;
        let label = self.label.clone();
        let context = Context {
            derived,
            ..context(&label, self.seq)
        };
        let line = line_of(|out| self.json.telegram(out, &context, decoded));
        let anew = line_of(|out| json(None).telegram(out, &context, decoded));
        let text = String::from_utf8_lossy;
        assert!(line == anew, "{}\nanew: {}", text(&line), text(&anew));
        let said = parse_json(&line);
        assert_eq!(
            said.readings.unwrap().len(),
            decoded.telegram.readings().count()
        );
        let mut wide = Vec::new();
        pretty(&line, &mut wide);
        assert_eq!(parse_json(&wide).values, said.values);
        parse_json(&line_of(|out| self.chosen.telegram(out, &context, decoded)));
        self.csv.begin(&mut self.table, decoded);
        self.csv.telegram(&mut self.table, &context, decoded);
        for fields in [None, Some(&self.fields)] {
            let mut out = Vec::new();
            influx::telegram(&mut out, fields, &context, decoded);
            if !out.is_empty() {
                line_protocol(&out);
            }
        }
        for (options, kept) in &mut self.kept {
            let mut out = Vec::new();
            kept.write(&mut out, decoded, &context);
            printable(&out);
            let mut anew = Vec::new();
            table::write(&mut anew, decoded, &context, options);
            assert!(out == anew, "{}\nanew: {}", text(&out), text(&anew));
        }
    }

    /// Each byte is in one place of the tree, with the keys and without; so is each that is replaced.
    fn inspect(&self, event: &Event<'_>, redactor: &mut Redactor) {
        for keys in [Arc::clone(keys()), Arc::default()] {
            let mut inspector = Inspector::new(keys, zone().clone());
            let mut nodes: Vec<_> = inspector.event(event).collect();
            let mut at = event.span().start;
            for node in &nodes {
                assert_eq!(node.span.start, at, "{nodes:#?}");
                at = node.span.end;
            }
            assert_eq!(at, event.span().end, "{nodes:#?}");
            for whole in [false, true] {
                let drawing = Drawing {
                    whole,
                    ..Drawing::default()
                };
                let mut out = Vec::new();
                inspect::write(&mut out, 1, event, &nodes, drawing);
                printable(&out);
                let context = context(&self.label, self.seq);
                parse_json(&line_of(|out| {
                    inspect::write_json(out, &context, event, &nodes);
                }));
                inspect::mask(&mut nodes, redactor);
            }
        }
    }

    fn refused(&mut self, refused: &Refused<'_>) {
        let (message, hint) = refusals::refused(refused, Depth::Full);
        printable(format!("{message}\n{hint}").as_bytes());
        let label = self.label.clone();
        let context = context(&label, 0);
        parse_json(&line_of(|out| {
            self.json
                .refused(out, &context, refused, &message, Some(&hint))
        }));
    }

    fn ended(&mut self, bytes: &[u8]) {
        let mut rng = choices(bytes);
        for _ in 0..2 {
            let (width, height) = (rng.below(200) as u16, rng.below(60) as u16);
            let lines = self.screen.draw_text(self.now, width, height);
            assert!(lines.len() <= usize::from(height), "{width} x {height}");
            for line in lines {
                let shown = printable(line.as_bytes()).chars().count();
                assert!(shown <= usize::from(width), "{width} x {height}: {line:?}");
            }
        }
        let rows = read_csv(std::str::from_utf8(&self.table).unwrap());
        let columns = rows.first().map_or(0, Vec::len);
        assert!(rows.iter().all(|row| row.len() == columns), "{rows:?}");
        assert_eq!(
            rows.len() as u64,
            if self.seq == 0 { 0 } else { self.seq + 1 }
        );
    }
}

fn json(fields: Option<&Fields>) -> Json {
    let mut json = Json::new(fields.cloned());
    json.derive(Extent::WithReference);
    json
}

fn reference() -> Option<ReferencePower> {
    "3kW".parse().ok()
}

/// What the meter may send next: the same with other digits, so that what is kept of the last telegram counts.
fn later(bytes: &[u8]) -> Vec<u8> {
    let mut rng = choices(bytes);
    let mut later = bytes.to_vec();
    for digit in later.iter_mut().filter(|byte| byte.is_ascii_digit()) {
        if rng.below(8) == 0 {
            *digit = b'0' + rng.below(10) as u8;
        }
    }
    later
}

fn context(label: &str, seq: u64) -> Context<'_> {
    Context {
        archived: None,
        opened: None,
        input: 0,
        enough: false,
        seq,
        received_at: None,
        source: Source {
            kind: "file",
            name: label,
            label: (!label.is_empty()).then_some(label),
        },
        meter_name: Some(label),
        keyed: false,
        derived: &[],
    }
}

/// The texts in frames of a meter of its own, so that what stands around them is printed too.
fn sealed(texts: &[&[u8]]) -> (Arc<Keys>, Vec<u8>) {
    let title = SystemTitle(*b"SMY\x67\x70\0\0\x01");
    let own = MeterKeys::new(Key::new([9; 16]), AuthenticationKey::default());
    let mut frames = Vec::new();
    let control = SecurityControl::AUTHENTICATED_ENCRYPTION;
    for (text, counter) in texts.iter().zip(7..) {
        own.seal(title, control, FrameCounter(counter), text, &mut frames);
    }
    let mut keys = Keys::default();
    keys.insert(title, own);
    (Arc::new(keys), frames)
}

fn line_of(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out);
    let end = out.pop();
    assert_eq!(end, Some(b'\n'));
    assert!(!out.contains(&b'\n'), "{}", String::from_utf8_lossy(&out));
    out
}
