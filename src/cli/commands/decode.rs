//! `smarty decrypt`, `smarty parse` and the stream of `smarty watch`: the same pipeline with different defaults.

use std::cell::RefCell;
use std::io::IsTerminal;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::tz::TimeZone;

use crate::cli::args::{Format, Global, InputArgs, KeyArgs, Run, TagWhen};
use crate::cli::caution::say_who_sees_keys;
use crate::cli::commands::explain;
use crate::cli::commands::inspect::{self, Wanted};
use crate::cli::config::Config;
use crate::cli::inputs::{self, Common, Named};
use crate::cli::keys::Ring;
use crate::cli::keys::reload::{Reload, SharedRing};
use crate::cli::messages::{Messages, Talk};
use crate::cli::naming::Naming;
use crate::cli::output::writer::{WriteEnd, Writer};
use crate::cli::output::{Output, OutputOptions, terminal_width};
use crate::cli::services::{Deriving, Keep, store};
use crate::cli::signals::Signals;
use crate::observe::observer::Observer;
use crate::observe::sampling::Sampling;
use crate::p1::decoder::{Policy, TagPolicy};
use crate::p1::derive::Extent;
use crate::p1::nearest::nearest;
use crate::p1::replay::Records;
use crate::p1::value::Zone;
use crate::run::failure::{Exit, Failure, Level, say};
use crate::run::input::{BATCH, Reading};
use crate::run::stdio;
use crate::run::{self, Counts, End, Ended, Filter, Input, Limits, Observers, Pool, Reader};
use crate::source::Losses;
use crate::source::Place;
use crate::source::Reconnecting;
use crate::source::pulse::Counters;
use crate::sys::stop::Stop;

/// What a command prints when nothing else is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// `decrypt`: telegrams.
    Decrypt,
    /// `parse`: tables.
    Parse,
}

/// Decodes the inputs of `decrypt` and `parse`.
///
/// # Errors
/// What ends the run as a whole; an input that cannot be read ends only itself.
pub fn run(args: &Run, global: &Global, preset: Preset) -> Result<Exit, Failure> {
    if args.output.fields.as_deref() == Some("help") {
        return list_fields();
    }
    let mut args = args.clone();
    if let Some(config) = Config::find(global)? {
        config.fill_keys(&mut args);
    }
    let named = inputs::named_or_piped(&args.inputs)?;
    let format = args.output.format().unwrap_or(match preset {
        Preset::Decrypt => Format::Raw,
        Preset::Parse => Format::Table,
    });
    let deriving = Deriving::open(&args.derive, &named, Keep::WhereNamed)?;
    let extent = extent(deriving.as_ref());
    if extent != Extent::Nothing && matches!(format, Format::Raw | Format::Hex) {
        let what = "raw and hex show the telegram as it is, without what is computed";
        return Err(Failure::new(Exit::Usage, what).hint("add --json, or leave out --derive"));
    }
    let options = OutputOptions {
        extent,
        sampling: Sampling {
            last: args.input.last,
            ..Sampling::default()
        },
        durable: args.input.follow || inputs::any_live(&named),
        ..OutputOptions::default()
    };
    let kept = store::open(&args.store, &named)?;
    let options = OutputOptions {
        // Whoever imports a recording did not ask for tables.
        silent: kept.is_some() && args.output.format().is_none() && args.output.out.is_none(),
        ..options
    };
    if kept.is_some() && args.output.redact {
        let what = "--redact hides nothing from the store: it gets everything as the meter sent it";
        return Err(Failure::new(Exit::Usage, what).hint("leave out one of them"));
    }
    let beside = Beside {
        deriving,
        services: kept
            .map(|kept| Box::new(kept) as Box<dyn Observer>)
            .into_iter()
            .collect(),
    };
    stream(&args, &named, beside, global, format, options, None)
}

/// How much is computed.
pub fn extent(deriving: Option<&Deriving>) -> Extent {
    deriving.map(Deriving::extent).unwrap_or_default()
}

/// What runs beside the output.
#[derive(Default)]
pub struct Beside {
    /// What is computed, and remembered.
    pub deriving: Option<Deriving>,
    /// Who publishes.
    pub services: Vec<Box<dyn Observer>>,
}

impl Beside {
    /// What is remembered of meters, where that is kept.
    pub fn remembered(&self) -> Remembered {
        let Some(deriving) = &self.deriving else {
            return Remembered::default();
        };
        Remembered {
            records: deriving.remembered(),
            pulses: deriving.pulses(),
        }
    }
}

/// What is remembered from runs before.
#[derive(Clone, Debug, Default)]
pub struct Remembered {
    /// Of meters that encrypt.
    pub records: Option<Arc<Records>>,
    /// Pulses.
    pub pulses: Counters,
}

/// A run that lacks only its observers.
pub struct Prepared {
    /// All keys.
    pub ring: SharedRing,
    /// Zone of the meters' clocks.
    pub zone: Zone,
    /// Ends the run.
    pub stop: Stop,
    sources: Vec<Reconnecting>,
    losses: Losses,
    inputs: Vec<Input>,
    limits: Limits,
    /// Threads that open frames and format telegrams.
    pub pool: Rc<Pool>,
}

impl Prepared {
    /// Gathers keys, sources and limits.
    ///
    /// # Errors
    /// A zone that does not exist; keys that cannot be had.
    pub fn new(
        args: &Run,
        named: &[Named],
        global: &Global,
        reload: Option<&Reload<'_>>,
        remembered: Remembered,
    ) -> Result<Self, Failure> {
        let zone = zone(&args.input)?;
        let ring_before = reload.and_then(|reload| reload.before.as_deref());
        let ring = Arc::new(match ring_before {
            Some(ring) => ring.gather_again(&args.keys)?,
            None => {
                let ring = Ring::gather(&args.keys)?;
                say_who_sees_keys(&args.keys, named, global.quiet);
                ring
            }
        });
        if let (1.., Some(origin)) = (global.verbose, &ring.origin) {
            say(Level::Note, &format!("key {origin}"), None);
        }
        let stop = Stop::new().map_err(|error| Failure::new(Exit::Io, error.to_string()))?;
        let mut options = inputs::source_options(&args.source, stop.clone(), reload.is_some());
        options.follow = args.input.follow;
        options.zone = zone.clone();
        options.counters = remembered.pulses;
        if options.follow
            && named
                .iter()
                .any(|named| named.address.place == Place::Stdin)
        {
            let failure = Failure::new(
                Exit::Usage,
                "--follow: standard input has no name to follow",
            );
            return Err(
                failure.hint("name the file; what is piped in is read until it ends anyway")
            );
        }
        let common = Common {
            keys: &args.keys,
            ring: &ring,
            policy: policy(&args.keys, args.input.ignore_crc),
            shard: args.input.shard,
            zone: zone.clone(),
            reading: Reading {
                form: args.input.input.0,
                live_pipes: reload.is_some(),
                verbose: global.verbose > 0,
            },
            repair: args.input.repair,
            before: remembered.records,
        };
        let inputs = named.iter().map(|named| named.input(&common));
        let inputs = inputs.collect::<Result<_, _>>()?;
        let sources = named
            .iter()
            .map(|named| named.source(&options, &args.source, global.quiet))
            .collect::<Result<_, _>>()?;
        let jobs = args.output.jobs.unwrap_or_else(cores);
        let to_file = args.output.file().is_some() || !std::io::stdout().is_terminal();
        let limits = Limits {
            duration: args.source.duration,
            timeout: args.source.timeout,
            progress: !global.quiet && to_file && !options.follow,
            without_keys: false,
        };
        Ok(Self {
            ring: SharedRing::new(ring),
            zone,
            stop,
            sources,
            losses: options.losses,
            inputs,
            pool: Rc::new(Pool::new(jobs)),
            limits,
        })
    }

    /// Lets frames that lack only their key count where the run waits for a telegram.
    pub fn with_any_key(mut self) -> Self {
        self.limits.without_keys = true;
        self
    }

    /// Reads all sources to their end, or until the observers have enough.
    ///
    /// # Errors
    /// As [`run::run`].
    pub fn run(
        self,
        observers: &mut Observers<'_>,
        signals: &Signals,
        reload: Option<&Reload<'_>>,
    ) -> Result<Ended, Failure> {
        let stop = &self.stop;
        let reader = Reader::new(self.sources, stop)?;
        let mut inputs = self.inputs;
        if reader.is_in_turn() {
            for input in &mut inputs {
                input.open_ahead(&self.pool, BATCH);
            }
        }
        let ring = self.ring;
        let mut new_keys =
            |observers: &mut Observers<'_>| reload?.new_keys(signals, &ring, observers);
        let ended = run::run(reader, stop, inputs, observers, &self.limits, &mut new_keys)?;
        Ok(inputs::with_losses(ended, &self.losses))
    }
}

/// Decodes inputs and writes what is in them.
///
/// # Errors
/// As [`run()`].
pub fn stream(
    args: &Run,
    named: &[Named],
    beside: Beside,
    global: &Global,
    format: Format,
    options: OutputOptions,
    reload: Option<&Reload<'_>>,
) -> Result<Exit, Failure> {
    if args.output.explain {
        let zone = zone(&args.input)?;
        return explain::run(args, named, &zone, global);
    }
    if format == Format::Hex {
        if !global.quiet {
            say(Level::Note, "--format hex is now smarty inspect", None);
        }
        return inspect::stream(args, named, &Wanted::default(), global, reload);
    }
    let run = Prepared::new(args, named, global, reload, beside.remembered())?;
    let by_telegrams = options.sampling.last;
    let options = OutputOptions {
        count: args.input.count.filter(|_| !by_telegrams),
        sources: inputs::sources(named),
        unproven: args.keys.tag != TagWhen::Verify,
        ..options
    };
    let output = Output::open(&args.output, format, &options, &run.zone)?;
    let output = RefCell::new(output.with(Rc::clone(&run.pool)));
    let redactor = output.borrow().redactor();
    let filter = Filter::new(meters(&args.input.meter)?).redacted(redactor.is_some());
    let talk = Talk {
        quiet: global.quiet,
        verbose: global.verbose,
        show_key: args.keys.show_key,
    };
    let mut messages = Messages::new(talk, run.ring.clone(), redactor);
    let Beside {
        deriving,
        mut services,
    } = beside;
    let mut written = &output;
    let mut naming = Naming::new(run.ring.clone(), deriving, &mut services, &mut written);
    let counts = Counts::up_to(args.input.count.filter(|_| by_telegrams));
    let mut observers = Observers::new(counts, filter, vec![&mut naming, &mut messages]);
    if args.input.count == Some(0) {
        observers.want_nothing();
    }
    if args.output.merge {
        output.borrow_mut().merging();
        observers.merge_pushes(run.zone.clone());
    }
    let signals = match reload {
        Some(_) => Signals::watch_and_reload(&run.stop)?,
        None => Signals::watch(&run.stop)?,
    };
    let ended = run.run(&mut observers, &signals, reload);
    let failure = output.borrow_mut().failure();
    let (worst, end) = match (ended, failure) {
        // What came before is good, and is put in its place.
        (Err(failure), _) | (_, Some(failure)) => (failure.report(global.quiet), End::Input),
        (Ok(ended), None) => (ended.worst, ended.end),
    };
    let counts = observers.counts.clone();
    let say = |what: Option<String>, hint: Option<&str>| {
        if let Some(what) = what.filter(|_| !global.quiet) {
            say(Level::Note, &what, hint);
        }
    };
    say(counts.summary(global.verbose > 0), None);
    say(observers.recorded.note(), None);
    output.borrow_mut().release();
    observers.end(stdio::ending().load(Ordering::Relaxed));
    if global.verbose > 0 {
        let hint = "the operator can switch them on, where the meter has them";
        say(counts.missing(), Some(hint));
    }
    let others: Vec<_> = observers.filter.others().map(str::to_owned).collect();
    drop(observers);
    drop(naming);
    let finished = finish(output.into_inner(), &counts);
    signals.pass_on();
    let exit = finished?;
    let nothing = counts.is_empty();
    if nothing && worst == Exit::Success && end == End::Input && !args.input.meter.is_empty() {
        let names: Vec<_> = named
            .iter()
            .map(|named| named.address.to_string())
            .map(|name| name.strip_suffix(':').unwrap_or(&name).to_owned())
            .collect();
        let what = format!(
            "{}: no telegram of {}",
            names.join(", "),
            args.input.meter.join(", ")
        );
        let failure = Failure::new(Exit::NoTelegram, what);
        return Err(match others.is_empty() {
            true => failure,
            false => failure.hint(format!("it has telegrams of {}", others.join(", "))),
        });
    }
    if let (Some(shard), true, Exit::Success, End::Input) = (args.input.shard, nothing, worst, end)
    {
        say(Some(format!("no telegram of shard {shard}")), None);
        return Ok(Exit::Success);
    }
    Ok(worst.min(exit))
}

/// Writes the rest, and tells how the run went as far as its frames go.
///
/// # Errors
/// When the output cannot be written.
fn finish(output: Output, counts: &Counts) -> Result<Exit, Failure> {
    let reader_gone = output.is_reader_gone();
    match output.finish() {
        Ok(()) if !reader_gone => Ok(counts.exit()),
        Ok(()) | Err(WriteEnd::ReaderGone) => Ok(Exit::Success),
        Err(WriteEnd::Failed(failure)) => Err(failure),
    }
}

/// The meters that are asked for.
///
/// # Errors
/// One without a name.
pub fn meters(ids: &[String]) -> Result<Vec<String>, Failure> {
    ids.iter().try_for_each(|id| match id.trim().is_empty() {
        true => Err(Failure::new(Exit::Usage, "--meter: the id is empty")),
        false => Ok(()),
    })?;
    Ok(ids.iter().map(|id| id.trim().to_owned()).collect())
}

/// The zone of the meters' clocks.
///
/// # Errors
/// One that does not exist.
pub fn zone(args: &InputArgs) -> Result<Zone, Failure> {
    let name = args.tz.as_deref().unwrap_or(LUXEMBOURG);
    if name == LUXEMBOURG {
        return Ok(Zone::luxembourg());
    }
    TimeZone::get(name)
        .or_else(|_| TimeZone::posix(name))
        .map(Zone::new)
        .map_err(|_| {
            let names: Vec<String> = jiff::tz::db().available().map(|zone| zone.to_string()).collect();
            let hint = match nearest(name, names.iter().map(String::as_str)) {
                Some(near) => format!("nearest: {near}"),
                None => "use a name such as Europe/Vilnius, or a rule such as EET-2EEST,M3.5.0/3,M10.5.0/4".to_owned(),
            };
            Failure::new(Exit::Usage, format!("--tz: there is no zone {name:?}")).hint(hint)
        })
}

fn policy(args: &KeyArgs, ignore_crc: bool) -> Policy {
    let tag = match args.tag {
        TagWhen::Verify => TagPolicy::Verify,
        TagWhen::Warn => TagPolicy::Warn,
        TagWhen::Skip => TagPolicy::Skip,
    };
    Policy {
        tag,
        ignore_crc,
        allow_plain: args.allow_plain,
    }
}

/// Processors that the system lets this program use.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Prints the names of all values.
///
/// # Errors
/// When standard output cannot be written.
pub fn list_fields() -> Result<Exit, Failure> {
    let mut text = Vec::new();
    crate::format::table::write_fields_help(&mut text, terminal_width());
    match Writer::Terminal.write(&text) {
        Err(WriteEnd::Failed(failure)) => Err(failure),
        Ok(()) | Err(WriteEnd::ReaderGone) => Ok(Exit::Success),
    }
}

const LUXEMBOURG: &str = "Europe/Luxembourg";

#[cfg(test)]
mod tests;
