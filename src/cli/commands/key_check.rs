//! `smarty keys check`: how many frames keys open, and what was made of the right ones.

use std::collections::BTreeMap;

use crate::cli::args::{Global, KeysCheck, Run};
use crate::cli::commands::decode::{Prepared, Remembered, meters};
use crate::cli::config::Config;
use crate::cli::inputs::{self, Named};
use crate::cli::keys::{Ring, check_value};
use crate::cli::messages::refusals;
use crate::cli::messages::talk;
use crate::cli::output::writer::{WriteEnd, Writer};
use crate::cli::signals::Signals;
use crate::format::keys::{Tried, advice, write, write_json};
use crate::format::words::Depth;
use crate::observe::context::{Context, Source};
use crate::observe::observer::{Flow, Observer, Report};
use crate::p1::ciphering::SystemTitle;
use crate::p1::diagnosis::Finding;
use crate::p1::diagnosis::keys::{KeyCheck, Meter};
use crate::p1::event::Event;
use crate::p1::examine::Stage;
use crate::run::counts::exit_of;
use crate::run::failure::{Exit, Failure, Level, say};
use crate::run::{Counts, Filter, Observers};

/// Tries the keys on all frames of the inputs.
///
/// # Errors
/// What ends the run as a whole; an input that cannot be read ends only itself.
pub fn run(args: &KeysCheck, global: &Global) -> Result<Exit, Failure> {
    let mut run = args.run();
    if let Some(config) = Config::find(global)? {
        config.fill_keys(&mut run);
    }
    let mut named = inputs::named_or_piped(&run.inputs)?;
    inputs::with_speed_found(&mut named, &run.source);
    if run.input.count.is_none() && run.source.duration.is_none() && inputs::any_live(&named) {
        run.input.count = Some(LIVE_COUNT);
    }
    check(&run, &named, args.json, global)
}

fn check(args: &Run, named: &[Named], json: bool, global: &Global) -> Result<Exit, Failure> {
    let run = Prepared::new(args, named, global, None, Remembered::default())?.with_any_key();
    let ring = run.ring.get();
    let inputs = named.iter().map(|named| {
        let keys = named.keys(&args.keys, &ring)?;
        Ok(InputCheck {
            check: KeyCheck::new(keys),
            kind: String::new(),
            name: named.address.to_string(),
            label: named.address.label.clone(),
            findings: Vec::new(),
        })
    });
    let mut checks = Checks {
        inputs: inputs.collect::<Result<_, Failure>>()?,
        meters: meters(&args.input.meter)?,
        left: args.input.count,
        quiet: global.quiet,
    };
    let signals = Signals::watch(&run.stop)?;
    let list: Vec<&mut dyn Observer> = vec![&mut checks];
    let mut observers = Observers::new(Counts::default(), Filter::default(), list);
    if args.input.count == Some(0) {
        observers.want_nothing();
    }
    let ended = run.run(&mut observers, &signals, None);
    drop(observers);
    let worst = match ended {
        Ok(ended) => ended.worst,
        Err(failure) => failure.report(global.quiet),
    };
    let told = checks.tell(&ring, json);
    signals.pass_on();
    // That an input holds no frame was said already.
    let told = match told? {
        Exit::NoTelegram if worst != Exit::Success => worst,
        told => told,
    };
    Ok(worst.min(told))
}

/// Tries keys on what the inputs bring.
struct Checks {
    inputs: Vec<InputCheck>,
    meters: Vec<String>,
    left: Option<u64>,
    quiet: bool,
}

/// One input.
struct InputCheck {
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
        let several = self.inputs.len() > 1;
        let mut worst = Exit::Success;
        let mut seq = 0;
        for input in &mut self.inputs {
            let source = Source {
                kind: &input.kind,
                name: &input.name,
                label: input.label.as_deref(),
            };
            let name = source.label.unwrap_or(source.said()).to_owned();
            let found: Vec<Meter> = input.check.meters().to_vec();
            let mut advised = BTreeMap::new();
            let mut out = Vec::new();
            for meter in &found {
                let cause = input.check.cause(meter);
                let tried = tried(ring, input.check.keys(), meter.title);
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
                Err(WriteEnd::ReaderGone) => return Ok(Exit::Success),
                Err(WriteEnd::Failed(failure)) => return Err(failure),
            }
            let (mut fit, mut rest) = (0, 0);
            for meter in &found {
                fit += meter.fits();
                rest += meter.frames - meter.fits();
            }
            let exit = match exit_of(fit, rest) {
                Exit::NoTelegram if !found.is_empty() => Exit::Key,
                exit => exit,
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
                let what = format!("{name}: {who}: {what}");
                talk(self.quiet, level, &what, Some(&hint));
            }
            if input.check.uncounted > 0 && !self.quiet {
                let what = format!(
                    "{name}: {} frames of meters beyond the first {} are not counted",
                    input.check.uncounted,
                    found.len()
                );
                say(Level::Warning, &what, Some("name meters with --meter"));
            }
            if exit == Exit::NoTelegram {
                input.say_nothing(&name, self.quiet);
            }
            worst = worst.min(exit);
        }
        Ok(worst)
    }
}

impl InputCheck {
    /// Says why there was nothing to try keys on; an input without any frame was told of before.
    fn say_nothing(&self, name: &str, quiet: bool) {
        let source = Source {
            kind: &self.kind,
            name: &self.name,
            label: self.label.as_deref(),
        };
        for finding in &self.findings {
            let (what, hint) = refusals::finding(finding, source, Depth::Plain);
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
            let value = check_value(used.key());
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

impl Checks {
    fn event(&mut self, context: &Context<'_>, event: &Event<'_>) {
        let title = match event {
            Event::Telegram(decoded) => decoded.security.map(|security| security.title()),
            Event::Refused(refused) => refused.title(),
            Event::Junk(_) => return,
        };
        if title.is_some() && !self.wants(title) {
            return;
        }
        let Some(input) = self.inputs.get_mut(context.input) else {
            return;
        };
        if input.kind.is_empty() {
            input.kind = context.source.kind.to_owned();
            input.name = context.source.name.to_owned();
        }
        if input.check.event(event) {
            self.left = self.left.map(|left| left.saturating_sub(1));
        }
    }

    fn finding(&mut self, input: usize, finding: &Finding) {
        let about_keys = matches!(finding.verdict.stage(), Stage::Key | Stage::Tag);
        if let Some(input) = self.inputs.get_mut(input)
            && !about_keys
            && finding.verdict.explains_refusals()
            && input.findings.len() < FINDINGS_MAX
        {
            input.findings.push(finding.clone());
        }
    }
}

impl Observer for Checks {
    fn observe(&mut self, context: &Context<'_>, report: &Report<'_>) -> Flow {
        match *report {
            Report::Event { event, .. } => self.event(context, event),
            Report::Finding(finding) => self.finding(context.input, finding),
            Report::Message {
                gravity,
                what,
                hint,
            } => talk(self.quiet, gravity, what, hint),
            _ => {}
        }
        match self.left {
            Some(0) => Flow::Enough,
            _ => Flow::Continue,
        }
    }
}

/// Frames of a source that sends at its own time that are enough to tell.
const LIVE_COUNT: u64 = 3;
/// Findings kept of an input.
const FINDINGS_MAX: usize = 8;
