//! `smarty inspect`: frames as annotated trees.

use anstream::ColorChoice;
use anstream::adapter::strip_bytes;
use jiff::Timestamp;

use super::args::{Global, Inspect, Run};
use super::config::Config;
use super::decode::{Prepared, meters};
use super::failure::{Exit, Failure, Level, say};
use super::inputs::{self, Named};
use super::lane::{Desk, Lane};
use super::output::terminal_width;
use super::pump::{Link, Sink};
use super::renewal::Renewal;
use super::signals::Signals;
use super::tally::Tally;
use super::words::{self, is_said_elsewhere};
use super::writer::{WriteEnd, Writer};
use crate::p1::diagnosis::Finding;
use crate::p1::event::{Event, Reason};
use crate::p1::inspect::{Inspector, Node};
use crate::sink::context::{Context, Senders, Source};
use crate::sink::inspect::{self, Drawing};
use crate::sink::json;
use crate::sink::out::OutFile;
use crate::sink::redact::Redactor;
use crate::sink::target::Existing;
use crate::sink::words::Depth;
use crate::source::maxsonar::Level as Reading;

/// How frames are shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// An object a frame.
    pub json: bool,
    /// Over several lines.
    pub pretty: bool,
    /// All bytes of long fields.
    pub all_bytes: bool,
}

/// Takes the frames of the inputs apart.
///
/// # Errors
/// What ends the run as a whole; an input that cannot be read ends only itself.
pub fn run(args: &Inspect, global: &Global) -> Result<Exit, Failure> {
    let mut run = args.run();
    if let Some(config) = Config::find(global)? {
        config.fill_keys(&mut run);
    }
    let named = match run.inputs.is_empty() {
        true => inputs::standard_input()?,
        false => inputs::addresses(&run.inputs)?,
    };
    let wanted = Wanted {
        json: args.json,
        pretty: args.pretty,
        all_bytes: args.all_bytes || global.verbose > 0,
    };
    stream(&run, &named, &wanted, global, None)
}

/// Takes the frames of inputs apart that are opened already.
///
/// # Errors
/// As [`run`].
pub fn stream(
    args: &Run,
    named: &[Named],
    wanted: &Wanted,
    global: &Global,
    renewal: Option<&Renewal<'_>>,
) -> Result<Exit, Failure> {
    let run = Prepared::new(args, named, global, renewal, None)?;
    let inspectors = named.iter().map(|named| {
        let keys = named.keys(&args.keys, &run.ring)?;
        Ok(Inspector::new(keys, run.zone.clone()))
    });
    let existing = match args.output.force {
        true => Existing::Replace,
        false => Existing::Refuse,
    };
    let writer = match args.output.file() {
        Some(path) => Writer::File(Box::new(OutFile::create(path, existing)?)),
        None if wanted.json => Writer::Stdout,
        None => Writer::Terminal,
    };
    let mut inspection = Inspection {
        inspectors: inspectors.collect::<Result<_, Failure>>()?,
        plain: args.output.file().is_some() && ColorChoice::global() != ColorChoice::Always,
        writer,
        buffer: Vec::new(),
        wanted: *wanted,
        drawing: Drawing {
            width: terminal_width().filter(|_| args.output.file().is_none()),
            whole: wanted.all_bytes,
            veiled: args.output.redact,
        },
        redactor: args.output.redact.then(|| Redactor::new(run.zone.clone())),
        senders: Senders::default(),
        tally: Tally::default(),
        meters: meters(&args.input.meter)?,
        left: args.input.count,
        last: args.input.last.then(Vec::new),
        number: 0,
        quiet: global.quiet,
        gone: false,
    };
    let signals = Signals::watch(&run.stop)?;
    let pumped = run.pump(&mut inspection, &signals, renewal);
    let worst = match pumped {
        Ok(pumped) => pumped.worst,
        Err(failure) => failure.report(global.quiet),
    };
    let finished = inspection.finish();
    signals.pass_on();
    Ok(worst.min(finished?))
}

/// Takes events apart and writes what is in them.
struct Inspection {
    inspectors: Vec<Inspector>,
    /// A file gets no colours unless they are asked for.
    plain: bool,
    writer: Writer,
    buffer: Vec<u8>,
    wanted: Wanted,
    drawing: Drawing,
    redactor: Option<Redactor>,
    senders: Senders,
    tally: Tally,
    meters: Vec<String>,
    left: Option<u64>,
    /// What was drawn last, where nothing else is wanted.
    last: Option<Vec<u8>>,
    /// Frames so far.
    number: u64,
    quiet: bool,
    /// Nobody reads the output.
    gone: bool,
}

impl Inspection {
    /// Tells whether an event is of a meter that was asked for.
    fn wants(&mut self, event: &Event<'_>) -> bool {
        if self.meters.is_empty() {
            return true;
        }
        let (name, title) = match event {
            Event::Telegram(decoded) => (
                self.senders.name(decoded).into_owned(),
                decoded.security.map(|security| security.title()),
            ),
            Event::Refused(refused) => (String::new(), refused.title()),
            Event::Junk(_) => return false,
        };
        let id = title.and_then(|title| title.device_id());
        let title = title.map(|title| title.to_string());
        let names = [Some(name), id, title];
        self.meters.iter().any(|wanted| {
            let mut names = names.iter().flatten();
            names.any(|name| wanted.eq_ignore_ascii_case(name))
        })
    }

    fn write_event(&mut self, context: &Context<'_>, event: &Event<'_>, nodes: &[Node]) {
        let mut drawn = Vec::new();
        match self.wanted {
            Wanted { json: false, .. } => {
                inspect::write(&mut drawn, self.number, event, nodes, self.drawing);
                drawn.push(b'\n');
            }
            Wanted { pretty: false, .. } => inspect::write_json(&mut drawn, context, event, nodes),
            _ => {
                let mut line = Vec::new();
                inspect::write_json(&mut line, context, event, nodes);
                json::pretty(&line, &mut drawn);
            }
        }
        match &mut self.last {
            Some(last) if matches!(event, Event::Junk(_)) => drop(std::mem::take(last)),
            Some(last) => *last = drawn,
            None => self.buffer.append(&mut drawn),
        }
    }

    /// Writes the rest, and tells how the run went as far as its frames go.
    fn finish(mut self) -> Result<Exit, Failure> {
        self.buffer
            .append(&mut self.last.take().unwrap_or_default());
        match Sink::flush(&mut self) {
            Err(WriteEnd::Failed(failure)) => return Err(failure),
            Err(WriteEnd::ReaderGone) => return Ok(Exit::Good),
            Ok(()) if self.gone => return Ok(Exit::Good),
            Ok(()) => {}
        }
        self.writer.finish()?;
        Ok(self.tally.exit())
    }
}

impl Desk for Inspection {
    fn event(
        &mut self,
        lane: usize,
        source: Source<'_>,
        received_at: Option<Timestamp>,
        event: &Event<'_>,
    ) {
        if self.left == Some(0) || !self.wants(event) {
            return;
        }
        let count = self.tally.count(lane, event);
        if !matches!(event, Event::Junk(_)) {
            self.number += 1;
            self.left = self.left.map(|left| left - 1);
        }
        let Some(inspector) = self.inspectors.get_mut(lane) else {
            return;
        };
        let mut nodes: Vec<_> = inspector.event(event).collect();
        if let Some(redactor) = &mut self.redactor {
            inspect::veil(&mut nodes, redactor);
        }
        let context = Context {
            seq: self.number,
            received_at,
            source,
            ..Context::default()
        };
        self.write_event(&context, event, &nodes);
        if let Event::Refused(refused) = event
            && count == Some(1)
            && matches!(
                refused.reason,
                Reason::NoKey | Reason::Unsupported(_) | Reason::Downgrade
            )
        {
            let (what, hint) = match &mut self.redactor {
                Some(redactor) => words::refused(&redactor.refused(refused), Depth::Full),
                None => words::refused(refused, Depth::Full),
            };
            let what = format!("{}: {what}", source.said());
            self.talk(Level::Error, &what, Some(&hint));
        }
    }

    fn level(&mut self, _lane: usize, source: Source<'_>, _level: &Reading) {
        let what = format!("{}: a level sensor sends no frames", source.said());
        self.talk(Level::Note, &what, None);
        self.left = Some(0);
    }

    fn finding(&mut self, _lane: usize, source: Source<'_>, finding: &Finding) {
        if is_said_elsewhere(finding, source) || self.left == Some(0) {
            return;
        }
        let mut shown = finding.clone();
        if let Some(redactor) = &mut self.redactor {
            redactor.finding(&mut shown);
        }
        let (what, hint) = words::finding(&shown, source, Depth::Full);
        let level = match self.tally.good {
            0 => Level::Error,
            _ => Level::Warning,
        };
        let name = source.label.unwrap_or(source.said());
        self.talk(level, &format!("{name}: {what}"), Some(&hint));
    }
}

impl Sink for Inspection {
    fn flush(&mut self) -> Result<(), WriteEnd> {
        if self.buffer.is_empty() {
            return self.writer.pause();
        }
        let written = match self.plain {
            true => self.writer.write(&strip_bytes(&self.buffer).into_vec()),
            false => self.writer.write(&self.buffer),
        };
        self.buffer.clear();
        self.gone |= matches!(written, Err(WriteEnd::ReaderGone));
        written
    }

    fn is_full(&self) -> bool {
        self.left == Some(0)
    }

    fn good(&self) -> u64 {
        self.tally.good
    }

    fn link(&mut self, _lane: &Lane, _link: Link, _message: &str, _hint: Option<&str>) {}

    fn talk(&mut self, level: Level, what: &str, hint: Option<&str>) {
        if !self.quiet || level == Level::Error {
            say(level, what, hint.filter(|_| !self.quiet));
        }
    }
}
