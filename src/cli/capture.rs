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

use super::args::{Capture, CaptureFormat, Global};
use super::config::Config;
use super::failure::{Exit, Failure, Level, say};
use super::feed::Feed;
use super::inputs::{self, Named};
use super::lane::{Desk, Lane, Reading};
use super::output::existing;
use super::pump::{Limits, Link, Sink, pump};
use super::signals::Signals;
use super::watch;
use super::words::{self, is_said_elsewhere};
use super::writer::WriteEnd;
use crate::p1::count::count;
use crate::p1::diagnosis::Finding;
use crate::p1::event::Event;
use crate::p1::session::Settings;
use crate::p1::value::Zone;
use crate::sink::context::Source;
use crate::sink::words::Depth;
use crate::source::dump::Form;
use crate::source::maxsonar::Level as Filling;
use crate::source::{LineSettings, Stop};
use count::{Counts, Meter};
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
    let mut captor = Captor {
        store: Store::open(
            args,
            &labels(&named, args.format),
            existing(args.force, args.append),
        )?,
        counts: named.iter().map(|_| Counts::default()).collect(),
        titles: Vec::new(),
        left: args.count,
        quiet: global.quiet,
        depth: words::depth(global.verbose),
        meter: Meter::new(args.count, source.duration, !global.quiet),
    };
    let settings = Settings::new(Arc::default(), Zone::luxembourg());
    let reading = Reading {
        form: Some(Form::Bin),
        ..Reading::default()
    };
    let lanes: Vec<Lane> = named
        .iter()
        .map(|named| Lane::new(&named.address, &settings, reading))
        .collect();
    captor.titles = lanes.iter().map(Lane::title).collect();
    let limits = Limits {
        duration: source.duration,
        timeout: source.timeout,
        progress: false,
        jobs: 1,
        line: LineSettings {
            baud: source.baud.unwrap_or(LineSettings::P1.baud),
            mode: source.mode.unwrap_or(LineSettings::P1.mode),
        },
    };
    let sources = named
        .iter()
        .map(|named| named.lasting(&options, &source))
        .collect();
    let feed = Feed::new(sources, &stop)?;
    let pumped = pump(feed, lanes, &mut captor, &limits, &mut |_| None);
    let worst = match pumped {
        Ok(pumped) => inputs::with_losses(pumped, &options.losses).worst,
        Err(failure) => failure.report(global.quiet),
    };
    let finished = captor.finish();
    signals.pass_on();
    Ok(worst.min(finished?))
}

/// Takes bytes to the files, and counts what is in them.
struct Captor {
    store: Store,
    counts: Vec<Counts>,
    titles: Vec<String>,
    left: Option<u64>,
    quiet: bool,
    depth: Depth,
    meter: Meter,
}

impl Captor {
    fn finish(self) -> Result<Exit, Failure> {
        self.meter.finish();
        let stored = self.store.finish();
        if !self.quiet {
            for (title, counts) in self.titles.iter().zip(&self.counts) {
                say(Level::Note, &format!("{title}: {counts}"), None);
            }
            for (path, bytes) in stored.iter().flatten() {
                say(
                    Level::Note,
                    &format!("{}: {} stored", path.display(), count(*bytes, "byte")),
                    None,
                );
            }
        }
        stored?;
        Ok(match self.counts.iter().map(|counts| counts.whole).sum() {
            0u64 => Exit::Nothing,
            _ => Exit::Good,
        })
    }

    fn spend(&mut self) {
        self.left = self.left.map(|left| left.saturating_sub(1));
    }
}

impl Desk for Captor {
    fn event(
        &mut self,
        lane: usize,
        _source: Source<'_>,
        received_at: Option<Timestamp>,
        event: &Event<'_>,
    ) {
        self.store.event(lane, received_at, event);
        if self
            .counts
            .get_mut(lane)
            .is_some_and(|counts| counts.count(event))
        {
            self.spend();
        }
    }

    fn finding(&mut self, _lane: usize, source: Source<'_>, finding: &Finding) {
        self.found(source, finding);
    }

    fn level(&mut self, lane: usize, _source: Source<'_>, level: &Filling) {
        self.store.level(lane, level);
        if let Some(counts) = self.counts.get_mut(lane) {
            counts.whole += 1;
        }
        self.spend();
    }
}

impl Captor {
    fn found(&mut self, source: Source<'_>, finding: &Finding) {
        if is_said_elsewhere(finding, source) {
            return;
        }
        let (what, hint) = words::finding(finding, source, self.depth);
        let name = source.label.unwrap_or(source.said());
        self.talk(Level::Warning, &format!("{name}: {what}"), Some(&hint));
    }
}

impl Sink for Captor {
    fn flush(&mut self) -> Result<(), WriteEnd> {
        self.store
            .flush()
            .map_err(|error| WriteEnd::Failed(error.into()))
    }

    fn is_full(&self) -> bool {
        self.left == Some(0)
    }

    fn good(&self) -> u64 {
        self.counts.iter().map(|counts| counts.whole).sum()
    }

    fn link(&mut self, lane: &Lane, link: Link, _message: &str, _hint: Option<&str>) {
        if let Some(title) = self.titles.get_mut(lane.index) {
            *title = lane.title();
        }
        self.store.remark(lane.index, Timestamp::now(), link.word());
    }

    fn bytes(&mut self, lane: &Lane, at: Timestamp, bytes: &[u8], broken: &[usize]) {
        if let Some(counts) = self.counts.get_mut(lane.index) {
            counts.bytes += bytes.len() as u64;
            counts.broken += broken.len() as u64;
        }
        self.store.bytes(lane.index, at, bytes, broken);
    }

    fn quiet(&mut self, lane: &Lane) {
        self.store.quiet(lane.index);
    }

    fn tick(&mut self, _now: Timestamp) {
        self.meter.show(&self.counts);
    }

    fn talk(&mut self, level: Level, what: &str, hint: Option<&str>) {
        if !self.quiet || level == Level::Error {
            let hint = hint.filter(|_| !self.quiet);
            self.meter.aside(|| say(level, what, hint));
        }
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
