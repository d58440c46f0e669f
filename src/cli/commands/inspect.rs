//! `smarty inspect`: frames as annotated trees.

use anstream::ColorChoice;
use anstream::adapter::strip_bytes;

use crate::cli::args::{Global, Inspect, Run};
use crate::cli::commands::decode::{Prepared, Remembered, meters};
use crate::cli::config::Config;
use crate::cli::inputs::{self, Named};
use crate::cli::keys::reload::Reload;
use crate::cli::messages::refusals;
use crate::cli::messages::talk;
use crate::cli::output::writer::{WriteEnd, Writer};
use crate::cli::output::{existing, terminal_width};
use crate::cli::signals::Signals;
use crate::format::inspect::{self, Drawing};
use crate::format::json;
use crate::format::words::{Depth, is_said_elsewhere};
use crate::observe::context::{Context, Source};
use crate::observe::observer::{Flow, Observer, Report};
use crate::observe::redact::Redactor;
use crate::p1::diagnosis::Finding;
use crate::p1::event::{Event, Reason, Refused};
use crate::p1::inspect::{Inspector, Node};
use crate::run::failure::{Exit, Failure, Level};
use crate::run::{Counts, Filter, Observers};
use crate::store::out::OutFile;

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
    let named = inputs::named_or_piped(&run.inputs)?;
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
/// As [`run()`].
pub fn stream(
    args: &Run,
    named: &[Named],
    wanted: &Wanted,
    global: &Global,
    reload: Option<&Reload<'_>>,
) -> Result<Exit, Failure> {
    let run = Prepared::new(args, named, global, reload, Remembered::default())?;
    let inspectors = named.iter().map(|named| {
        let keys = named.keys(&args.keys, &run.ring.get())?;
        Ok(Inspector::new(keys, run.zone.clone()))
    });
    let existing = existing(args.output.force, false);
    let writer = match args.output.file() {
        Some(path) => Writer::file(OutFile::create(path, existing)?)?,
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
            masked: args.output.redact,
        },
        redactor: args.output.redact.then(|| Redactor::new(run.zone.clone())),
        left: args.input.count,
        last: args.input.last.then(Vec::new),
        number: 0,
        quiet: global.quiet,
        gone: false,
        failure: None,
    };
    let signals = Signals::watch(&run.stop)?;
    let filter = Filter::new(meters(&args.input.meter)?).without_junk();
    let list: Vec<&mut dyn Observer> = vec![&mut inspection];
    let mut observers = Observers::new(Counts::default(), filter, list);
    if args.input.count == Some(0) {
        observers.want_nothing();
    }
    let ended = run.run(&mut observers, &signals, reload);
    let counts = observers.counts.clone();
    drop(observers);
    let worst = match (ended, inspection.failure.take()) {
        (Err(failure), _) | (_, Some(failure)) => failure.report(global.quiet),
        (Ok(ended), None) => ended.worst,
    };
    let finished = inspection.finish(&counts);
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
    left: Option<u64>,
    /// What was drawn last, where nothing else is wanted.
    last: Option<Vec<u8>>,
    /// Frames so far.
    number: u64,
    quiet: bool,
    /// Nobody reads the output.
    gone: bool,
    /// Why nothing more can be written.
    failure: Option<Failure>,
}

impl Inspection {
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
    fn finish(mut self, counts: &Counts) -> Result<Exit, Failure> {
        self.buffer
            .append(&mut self.last.take().unwrap_or_default());
        match self.flush() {
            Err(WriteEnd::Failed(failure)) => return Err(failure),
            Err(WriteEnd::ReaderGone) => return Ok(Exit::Success),
            Ok(()) if self.gone => return Ok(Exit::Success),
            Ok(()) => {}
        }
        self.writer.finish()?;
        Ok(match counts.exit() {
            // Readings of a level sensor are no frames.
            Exit::Success if self.number == 0 => Exit::NoTelegram,
            exit => exit,
        })
    }
}

impl Inspection {
    fn event(&mut self, context: &Context<'_>, event: &Event<'_>, refusals: u64) -> Flow {
        if !matches!(event, Event::Junk(_)) {
            self.number += 1;
            self.left = self.left.map(|left| left - 1);
        }
        if let Some(inspector) = self.inspectors.get_mut(context.input) {
            let mut nodes: Vec<_> = inspector.event(event).collect();
            if let Some(redactor) = &mut self.redactor {
                inspect::mask(&mut nodes, redactor);
            }
            let context = Context {
                seq: self.number,
                ..*context
            };
            self.write_event(&context, event, &nodes);
            if let Event::Refused(refused) = event
                && refusals == 1
            {
                self.refused(context.source, refused);
            }
        }
        match self.left {
            Some(0) => Flow::Enough,
            _ => Flow::Continue,
        }
    }

    fn refused(&mut self, source: Source<'_>, refused: &Refused<'_>) {
        let told = matches!(
            refused.reason,
            Reason::NoKey | Reason::Unsupported(_) | Reason::Downgrade
        );
        if told {
            let (what, hint) = match &mut self.redactor {
                Some(redactor) => refusals::refused(&redactor.refused(refused), Depth::Full),
                None => refusals::refused(refused, Depth::Full),
            };
            let what = format!("{}: {what}", source.said());
            talk(self.quiet, Level::Error, &what, Some(&hint));
        }
    }

    fn finding(&mut self, context: &Context<'_>, finding: &Finding) {
        let source = context.source;
        if is_said_elsewhere(finding, source) || context.enough {
            return;
        }
        let mut shown = finding.clone();
        if let Some(redactor) = &mut self.redactor {
            redactor.finding(&mut shown);
        }
        let (what, hint) = refusals::finding(&shown, source, Depth::Full);
        let level = match context.seq {
            0 => Level::Error,
            _ => Level::Warning,
        };
        let name = source.label.unwrap_or(source.said());
        talk(self.quiet, level, &format!("{name}: {what}"), Some(&hint));
    }

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
}

impl Observer for Inspection {
    fn observe(&mut self, context: &Context<'_>, report: &Report<'_>) -> Flow {
        match *report {
            Report::Event { event, refusals } => return self.event(context, event, refusals),
            Report::Finding(finding) => self.finding(context, finding),
            Report::Level(_) => {
                let what = format!("{}: a level sensor sends no frames", context.source.said());
                talk(self.quiet, Level::Note, &what, None);
                return Flow::Enough;
            }
            Report::Message {
                gravity,
                what,
                hint,
            } => talk(self.quiet, gravity, what, hint),
            Report::Tick(_) => match self.flush() {
                Err(WriteEnd::ReaderGone) => return Flow::Enough,
                Err(WriteEnd::Failed(failure)) => {
                    self.failure = Some(failure);
                    return Flow::Failed;
                }
                Ok(()) => {}
            },
            _ => {}
        }
        Flow::Continue
    }
}
