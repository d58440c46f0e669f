//! `smarty keys check`: how many frames keys open, and what was made of the right ones.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::args::{Global, KeysCheck, Run};
use super::config::Config;
use super::decode::{Prepared, meters};
use super::failure::{Exit, Failure, Level, say};
use super::inputs::{self, Named};
use super::keys::Ring;
use super::lane::{Desk, Lane};
use super::pump::{Link, Sink};
use super::signals::Signals;
use super::words;
use super::writer::{WriteEnd, Writer};
use crate::p1::ciphering::SystemTitle;
use crate::p1::diagnosis::Finding;
use crate::p1::diagnosis::key_check::{KeyCheck, Meter};
use crate::p1::event::Event;
use crate::p1::examine::Stage;
use crate::sink::context::{Context, Source};
use crate::sink::keys::{Tried, advice, write, write_json};
use crate::sink::words::Depth;
use crate::source::maxsonar::Level as Reading;

/// Tries the keys on all frames of the inputs.
///
/// # Errors
/// What ends the run as a whole; an input that cannot be read ends only itself.
pub fn run(args: &KeysCheck, global: &Global) -> Result<Exit, Failure> {
    let mut run = args.run();
    if let Some(config) = Config::find(global)? {
        config.fill_keys(&mut run);
    }
    let named = match run.inputs.is_empty() {
        true => inputs::standard_input()?,
        false => inputs::addresses(&run.inputs)?,
    };
    if run.input.count.is_none() && run.source.duration.is_none() && inputs::any_live(&named) {
        run.input.count = Some(LIVE_COUNT);
    }
    check(&run, &named, args.json, global)
}

fn check(args: &Run, named: &[Named], json: bool, global: &Global) -> Result<Exit, Failure> {
    let run = Prepared::new(args, named, global, None, None)?;
    let lanes = named.iter().map(|named| {
        let keys = named.keys(&args.keys, &run.ring)?;
        Ok(LaneCheck {
            check: KeyCheck::new(keys),
            kind: String::new(),
            name: named.address.to_string(),
            label: named.address.label.clone(),
            findings: Vec::new(),
        })
    });
    let ring = std::sync::Arc::clone(&run.ring);
    let mut checks = Checks {
        lanes: lanes.collect::<Result<_, Failure>>()?,
        meters: meters(&args.input.meter)?,
        left: args.input.count,
        frames: 0,
        quiet: global.quiet,
    };
    let signals = Signals::watch(&run.stop)?;
    let pumped = run.pump(&mut checks, &signals, None);
    let worst = match pumped {
        Ok(pumped) => pumped.worst,
        Err(failure) => failure.report(global.quiet),
    };
    let told = checks.tell(&ring, json);
    signals.pass_on();
    // That an input holds no frame was said already.
    let told = match told? {
        Exit::Nothing if worst != Exit::Good => worst,
        told => told,
    };
    Ok(worst.min(told))
}

/// Tries keys on what the lanes bring.
struct Checks {
    lanes: Vec<LaneCheck>,
    meters: Vec<String>,
    left: Option<u64>,
    /// Encrypted frames so far.
    frames: u64,
    quiet: bool,
}

/// One input.
struct LaneCheck {
    check: KeyCheck,
    kind: String,
    name: String,
    label: Option<String>,
    /// What is wrong with it besides keys.
    findings: Vec<Finding>,
}

impl Checks {
    fn wants(&self, title: Option<SystemTitle>) -> bool {
        self.meters.is_empty()
            || title.is_some_and(|title| {
                let names = [title.device_id(), Some(title.to_string())];
                self.meters.iter().any(|wanted| {
                    let mut names = names.iter().flatten();
                    names.any(|name| wanted.eq_ignore_ascii_case(name))
                })
            })
    }

    /// Writes what was found out, and tells how the run went.
    fn tell(&mut self, ring: &Ring, json: bool) -> Result<Exit, Failure> {
        let several = self.lanes.len() > 1;
        let mut worst = Exit::Good;
        let mut seq = 0;
        for lane in &mut self.lanes {
            let source = Source {
                kind: &lane.kind,
                name: &lane.name,
                label: lane.label.as_deref(),
            };
            let name = source.label.unwrap_or(source.said()).to_owned();
            let found: Vec<Meter> = lane.check.meters().to_vec();
            let mut advised = BTreeMap::new();
            let mut out = Vec::new();
            for meter in &found {
                let cause = lane.check.cause(meter);
                let tried = tried(ring, lane.check.keys(), meter.title);
                seq += 1;
                match json {
                    true => {
                        let context = Context {
                            seq,
                            source,
                            ..Context::default()
                        };
                        write_json(&mut out, &context, meter, &tried, cause.as_ref());
                    }
                    false => {
                        if several {
                            out.extend_from_slice(format!("{name}: ").as_bytes());
                        }
                        write(&mut out, meter, &tried);
                    }
                }
                if let Some(cause) = cause {
                    let advice = advice(meter, &cause);
                    let who = meter.title.device_id();
                    let who = who.unwrap_or_else(|| meter.title.to_string());
                    advised
                        .entry((advice.what, advice.hint))
                        .or_insert_with(Vec::new)
                        .push(who);
                }
            }
            let writer = match json {
                true => &mut Writer::Stdout,
                false => &mut Writer::Terminal,
            };
            match writer.write(&out) {
                Ok(()) => {}
                Err(WriteEnd::ReaderGone) => return Ok(Exit::Good),
                Err(WriteEnd::Failed(failure)) => return Err(failure),
            }
            let (mut fit, mut rest) = (0, 0);
            for meter in &found {
                fit += meter.fits();
                rest += meter.frames - meter.fits();
            }
            let exit = match (fit, rest) {
                (0, 0) => match found.is_empty() {
                    true => Exit::Nothing,
                    false => Exit::Key,
                },
                (0, _) => Exit::Key,
                (_, 0) => Exit::Good,
                _ => Exit::Some,
            };
            for ((what, hint), who) in advised {
                let level = match exit {
                    Exit::Key => Level::Error,
                    _ => Level::Warning,
                };
                let who = match who.as_slice() {
                    [one] => one.clone(),
                    [first, rest @ ..] => format!("{first} and {} others", rest.len()),
                    [] => String::new(),
                };
                if !self.quiet || level == Level::Error {
                    let hint = Some(hint.as_str()).filter(|_| !self.quiet);
                    say(level, &format!("{name}: {who}: {what}"), hint);
                }
            }
            if lane.check.uncounted > 0 && !self.quiet {
                let what = format!(
                    "{name}: {} frames of meters beyond the first {} are not counted",
                    lane.check.uncounted,
                    found.len()
                );
                say(Level::Warning, &what, Some("name meters with --meter"));
            }
            if exit == Exit::Nothing {
                lane.say_nothing(&name, self.quiet);
            }
            worst = worst.min(exit);
        }
        Ok(worst)
    }
}

impl LaneCheck {
    /// Says why there was nothing to try keys on; an input without any frame was told of before.
    fn say_nothing(&self, name: &str, quiet: bool) {
        let source = Source {
            kind: &self.kind,
            name: &self.name,
            label: self.label.as_deref(),
        };
        for finding in &self.findings {
            let (what, hint) = words::finding(finding, source, Depth::Plain);
            let hint = Some(hint.as_str()).filter(|_| !quiet);
            say(Level::Error, &format!("{name}: {what}"), hint);
        }
        if self.check.clear > 0 {
            let what = format!("{name}: its telegrams are sent in clear, no key is needed");
            let hint = Some("smarty parse shows them").filter(|_| !quiet);
            say(Level::Error, &what, hint);
        }
    }
}

/// What was tried on a meter.
fn tried(ring: &Ring, keys: &crate::p1::cipher::Keys, title: SystemTitle) -> Tried {
    let used = keys.of(title);
    Tried {
        origin: used.map(|used| {
            let [a, b, c] = used.key().check_value();
            let value = format!("check value {a:02X}{b:02X}{c:02X}");
            let origin = ring.origin_for(Some(title));
            origin
                .filter(|origin| origin.ends_with(&value))
                .unwrap_or(value)
        }),
        check_values: used.map(|used| {
            [
                used.key().check_value(),
                used.authentication().check_value(),
            ]
        }),
        public: used.is_some_and(|used| *used.authentication() == Default::default()),
        name: ring.name(title).map(str::to_owned),
    }
}

impl Desk for Checks {
    fn event(
        &mut self,
        lane: usize,
        source: Source<'_>,
        _received_at: Option<Timestamp>,
        event: &Event<'_>,
    ) {
        let title = match event {
            Event::Telegram(decoded) => decoded.security.map(|security| security.title()),
            Event::Refused(refused) => refused.title(),
            Event::Junk(_) => return,
        };
        if self.left == Some(0) || title.is_some() && !self.wants(title) {
            return;
        }
        let Some(lane) = self.lanes.get_mut(lane) else {
            return;
        };
        if lane.kind.is_empty() {
            lane.kind = source.kind.to_owned();
            lane.name = source.name.to_owned();
        }
        if lane.check.event(event) {
            self.frames += 1;
            self.left = self.left.map(|left| left - 1);
        }
    }

    fn level(&mut self, _lane: usize, _source: Source<'_>, _level: &Reading) {}

    fn finding(&mut self, lane: usize, _source: Source<'_>, finding: &Finding) {
        let about_keys = matches!(finding.verdict.stage(), Stage::Key | Stage::Tag);
        if let Some(lane) = self.lanes.get_mut(lane)
            && !about_keys
            && finding.verdict.explains_refusals()
            && lane.findings.len() < FINDINGS_MAX
        {
            lane.findings.push(finding.clone());
        }
    }
}

impl Sink for Checks {
    fn flush(&mut self) -> Result<(), WriteEnd> {
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.left == Some(0)
    }

    fn good(&self) -> u64 {
        self.frames
    }

    fn link(&mut self, _lane: &Lane, _link: Link, _message: &str, _hint: Option<&str>) {}

    fn talk(&mut self, level: Level, what: &str, hint: Option<&str>) {
        if !self.quiet || level == Level::Error {
            say(level, what, hint.filter(|_| !self.quiet));
        }
    }
}

/// Frames of a source that sends at its own time that are enough to tell.
const LIVE_COUNT: u64 = 3;
/// Findings kept of an input.
const FINDINGS_MAX: usize = 8;
