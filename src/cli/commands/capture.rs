//! `smarty capture`: the bytes of meters to files, exactly as they came.
//!
//! ```text
//! source --bytes--> file                    at once, before anything is made of them
//!             \--> framer without a key --> counts, and the lines of a log
//! ```

mod count;
mod store;

use std::sync::Arc;

use jiff::Timestamp;

use crate::cli::args::{Capture, CaptureFormat, Global};
use crate::cli::commands::watch;
use crate::cli::config::Config;
use crate::cli::inputs::{self, Named};
use crate::cli::messages::refusals;
use crate::cli::messages::talk;
use crate::cli::output::existing;
use crate::cli::signals::Signals;
use crate::format::words::{Depth, is_said_elsewhere};
use crate::observe::context::Context;
use crate::observe::observer::{Flow, Notice, Observer, Report};
use crate::p1::count::count;
use crate::p1::session::Settings;
use crate::p1::value::Zone;
use crate::run::counts::exit_of;
use crate::run::failure::{Exit, Failure, Level, say};
use crate::run::input::{Reading, title_of};
use crate::run::{self, Counts, Filter, Input, Limits, Observers, Reader};
use crate::source::dump::Form;
use crate::sys::file_error::FileError;
use crate::sys::stop::Stop;
use count::{FrameCounts, ProgressLine};
use store::Store;

/// Captures all sources.
///
/// # Errors
/// A file that cannot be made or written; a source that cannot be read ends only itself.
pub fn run(args: &Capture, global: &Global) -> Result<Exit, Failure> {
    let config = Config::find(global)?;
    let named = watch::sources(&args.sources, config.as_ref())?;
    let mut source = args.source.clone();
    if let Some(config) = &config {
        config.fill_line(&mut source, !args.sources.is_empty());
    }
    let stop = Stop::new().map_err(|error| Failure::new(Exit::Io, error.to_string()))?;
    let signals = Signals::watch(&stop)?;
    let options = inputs::source_options(&source, stop.clone(), true);
    let mut files = Files::new(Store::open(
        args,
        &labels(&named, args.format),
        existing(args.force, args.append),
    )?);
    let settings = Settings::new(Arc::default(), Zone::luxembourg());
    let reading = Reading {
        form: Some(Form::Bin),
        ..Reading::default()
    };
    let inputs: Vec<Input> = named
        .iter()
        .map(|named| Input::new(&named.address, &settings, reading))
        .collect();
    let titles = inputs.iter().map(Input::title).collect();
    let line = ProgressLine::new(args.count, source.duration, !global.quiet);
    let mut progress = Progress::new(titles, line, args.count, global);
    let limits = Limits {
        duration: source.duration,
        timeout: source.timeout,
        progress: false,
        without_keys: true,
    };
    let sources = named
        .iter()
        .map(|named| named.source(&options, &source, global.quiet))
        .collect::<Result<_, _>>()?;
    let reader = Reader::new(sources, &stop)?;
    let list: Vec<&mut dyn Observer> = vec![&mut files, &mut progress];
    let mut observers = Observers::new(Counts::default(), Filter::default(), list);
    if args.count == Some(0) {
        observers.want_nothing();
    }
    let ended = run::run(reader, &stop, inputs, &mut observers, &limits, &mut |_| {
        None
    });
    let whole = observers.counts.whole;
    drop(observers);
    let worst = match (ended, files.failure.take()) {
        (Err(failure), _) => failure.report(global.quiet),
        (Ok(_), Some(error)) => Failure::from(error).report(global.quiet),
        (Ok(ended), None) => inputs::with_losses(ended, &options.losses).worst,
    };
    progress.finish();
    let stored = files.store.finish();
    if !global.quiet {
        progress.sum_up();
        for (path, bytes) in stored.iter().flatten() {
            let what = format!("{}: {} stored", path.display(), count(*bytes, "byte"));
            say(Level::Note, &what, None);
        }
    }
    signals.pass_on();
    stored?;
    Ok(worst.min(exit_of(whole, 0)))
}

/// The files that all bytes go to.
struct Files {
    store: Store,
    /// Why no more can be written.
    failure: Option<FileError>,
}

impl Files {
    fn new(store: Store) -> Self {
        Self {
            store,
            failure: None,
        }
    }
}

impl Observer for Files {
    fn observe(&mut self, context: &Context<'_>, report: &Report<'_>) -> Flow {
        let input = context.input;
        let store = &mut self.store;
        match *report {
            Report::Bytes { bytes, broken } => {
                let at = context.received_at.unwrap_or_else(Timestamp::now);
                store.bytes(input, at, bytes, broken);
            }
            Report::Event { event, .. } => store.event(input, context.received_at, event),
            Report::Level(level) => store.level(input, level),
            Report::Pause => store.quiet(input),
            Report::Link { link, .. } => store.remark(input, Timestamp::now(), link.word()),
            Report::Tick(_) => {
                if let Err(error) = store.flush() {
                    self.failure = Some(error);
                    return Flow::Failed;
                }
                let trouble = store.trouble().into_iter();
                return Flow::say(trouble.map(unpacked).collect());
            }
            _ => {}
        }
        Flow::Continue
    }
}

/// What is said of a file that could not be packed.
fn unpacked(error: FileError) -> Notice {
    Notice {
        trouble: true,
        what: format!("{error}; it stays as it is, and is packed when the next run begins"),
        hint: error.hint(),
    }
}

/// Says how far the capture is, and what goes wrong.
struct Progress {
    counts: Vec<FrameCounts>,
    titles: Vec<String>,
    /// Whole frames that are still wanted, where that is limited.
    left: Option<u64>,
    quiet: bool,
    depth: Depth,
    line: ProgressLine,
}

impl Progress {
    fn new(titles: Vec<String>, line: ProgressLine, limit: Option<u64>, global: &Global) -> Self {
        Self {
            counts: titles.iter().map(|_| FrameCounts::default()).collect(),
            titles,
            left: limit,
            quiet: global.quiet,
            depth: refusals::depth(global.verbose),
            line,
        }
    }

    /// Takes the line on the terminal away.
    fn finish(&self) {
        self.line.finish();
    }

    fn sum_up(&self) {
        for (title, counts) in self.titles.iter().zip(&self.counts) {
            say(Level::Note, &format!("{title}: {counts}"), None);
        }
    }

    fn say(&self, level: Level, what: &str, hint: Option<&str>) {
        self.line.aside(|| talk(self.quiet, level, what, hint));
    }

    fn spend(&mut self) -> Flow {
        self.left = self.left.map(|left| left.saturating_sub(1));
        match self.left {
            Some(0) => Flow::Enough,
            _ => Flow::Continue,
        }
    }
}

impl Observer for Progress {
    fn observe(&mut self, context: &Context<'_>, report: &Report<'_>) -> Flow {
        let source = context.source;
        let counts = self.counts.get_mut(context.input);
        match *report {
            Report::Bytes { bytes, broken } => {
                if let Some(counts) = counts {
                    counts.bytes += bytes.len() as u64;
                    counts.broken += broken.len() as u64;
                }
            }
            Report::Event { event, .. } => {
                let whole = counts.is_some_and(|counts| counts.count(event));
                return if whole { self.spend() } else { Flow::Continue };
            }
            Report::Level(_) => {
                if let Some(counts) = counts {
                    counts.whole += 1;
                }
                return self.spend();
            }
            Report::Finding(finding) if !is_said_elsewhere(finding, source) => {
                let (what, hint) = refusals::finding(finding, source, self.depth);
                let name = source.label.unwrap_or(source.said());
                self.say(Level::Warning, &format!("{name}: {what}"), Some(&hint));
            }
            Report::Link { .. } => {
                if let Some(title) = self.titles.get_mut(context.input) {
                    *title = title_of(source);
                }
            }
            Report::Message {
                gravity,
                what,
                hint,
            } => self.say(gravity, what, hint),
            Report::Tick(_) => self.line.show(&self.counts),
            _ => {}
        }
        Flow::Continue
    }
}

/// What each source is called in the files.
fn labels(named: &[Named], format: CaptureFormat) -> Vec<String> {
    let label = |each: &Named| match (&each.address.label, format) {
        (Some(label), _) => label.clone(),
        (None, CaptureFormat::Log) if named.len() == 1 => String::new(),
        (None, _) => each.address.place.to_string(),
    };
    named.iter().map(label).collect()
}
