//! `smarty decrypt`, `smarty parse` and the stream of `smarty watch`: the same pipeline with different defaults.

use std::io::IsTerminal;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::args::{Format, Global, InputArgs, KeyArgs, OutputArgs, Run, TagWhen};
use super::caution::say_who_sees_keys;
use super::clerk::{Clerk, Wishes};
use super::config::Config;
use super::explain;
use super::failure::{Exit, Failure, Level, say};
use super::feed::Feed;
use super::inputs::{self, Common, Named};
use super::inspect::{self, Wanted};
use super::keys::Ring;
use super::lane::{Lane, Reading};
use super::output::{Flow, Output, terminal_width};
use super::pump::{Limits, PumpEnd, Pumped, Sink, pump};
use super::renewal::Renewal;
use super::runs::size_for;
use super::services::{Keep, Services};
use super::signals::Signals;
use super::writer::{WriteEnd, Writer};
use crate::p1::decoder::{Policy, TagPolicy};
use crate::p1::derive::Extent;
use crate::p1::nearest::nearest;
use crate::p1::replay::Records;
use crate::p1::value::Zone;
use crate::sink::thin::Thinning;
use crate::source::{Lasting, LineSettings, Losses, Place, Stop};

/// What a command prints when nothing else is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Default {
    /// `decrypt`: telegrams.
    Decrypt,
    /// `parse`: tables.
    Parse,
}

/// Decodes the inputs of `decrypt` and `parse`.
///
/// # Errors
/// What ends the run as a whole; an input that cannot be read ends only itself.
pub fn run(args: &Run, global: &Global, default: Default) -> Result<Exit, Failure> {
    if args.output.fields.as_deref() == Some("help") {
        return list_fields();
    }
    let mut args = args.clone();
    if let Some(config) = Config::find(global)? {
        config.fill_keys(&mut args);
    }
    let named = match args.inputs.is_empty() {
        true => inputs::standard_input()?,
        false => inputs::addresses(&args.inputs)?,
    };
    let format = args.output.format().unwrap_or(match default {
        Default::Decrypt => Format::Raw,
        Default::Parse => Format::Table,
    });
    let services = Services::default().computing(&args.derive, &named, Keep::WhereNamed)?;
    if services.extent() != Extent::Nothing && matches!(format, Format::Raw | Format::Hex) {
        let what = "raw and hex show the telegram as it is, without what is computed";
        return Err(Failure::new(Exit::Usage, what).hint("add --json, or leave out --derive"));
    }
    let flow = Flow {
        extent: services.extent(),
        thinning: Thinning {
            last: args.input.last,
            ..Thinning::default()
        },
        durable: args.input.follow || inputs::any_live(&named),
        ..Flow::default()
    };
    stream(&args, &named, services, global, format, flow, None)
}

/// A run of the pump that lacks only its sink.
pub struct Prepared {
    /// All keys.
    pub ring: Arc<Ring>,
    /// Zone of the meters' clocks.
    pub zone: Zone,
    /// Ends the run.
    pub stop: Stop,
    sources: Vec<Lasting>,
    losses: Losses,
    lanes: Vec<Lane>,
    limits: Limits,
    /// Most bytes of a file that are decoded in one go.
    run: usize,
}

impl Prepared {
    /// Gathers keys, sources and limits; `before` is what is remembered of meters, where that is kept.
    ///
    /// # Errors
    /// A zone that does not exist; keys that cannot be had.
    pub fn new(
        args: &Run,
        named: &[Named],
        global: &Global,
        renewal: Option<&Renewal<'_>>,
        before: Option<Arc<Records>>,
    ) -> Result<Self, Failure> {
        let zone = zone(&args.input)?;
        let ring_before = renewal.and_then(|renewal| renewal.before.as_deref());
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
        let mut options = inputs::source_options(&args.source, stop.clone(), renewal.is_some());
        options.follow = args.input.follow;
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
                live_pipes: renewal.is_some(),
                verbose: global.verbose > 0,
            },
            repair: args.input.repair,
            before,
        };
        let lanes = named.iter().map(|named| named.lane(&common));
        let lanes = lanes.collect::<Result<_, _>>()?;
        let sources = named
            .iter()
            .map(|named| named.lasting(&options, &args.source))
            .collect();
        let to_file = args.output.file().is_some() || !std::io::stdout().is_terminal();
        let limits = Limits {
            duration: args.source.duration,
            timeout: args.source.timeout,
            progress: !global.quiet && to_file && !options.follow,
            jobs: args.output.jobs.unwrap_or_else(cores),
            line: LineSettings {
                baud: args.source.baud.unwrap_or(LineSettings::P1.baud),
                mode: args.source.mode.unwrap_or(LineSettings::P1.mode),
            },
        };
        Ok(Self {
            ring,
            zone,
            stop,
            sources,
            losses: options.losses,
            lanes,
            run: size_for(limits.jobs, growth(&args.output)),
            limits,
        })
    }

    /// What serial ports are set to.
    pub fn line(&self) -> LineSettings {
        self.limits.line
    }

    /// Reads all sources to their end, or until the sink has enough.
    ///
    /// # Errors
    /// As [`pump`].
    pub fn pump(
        self,
        sink: &mut dyn Sink,
        signals: &Signals,
        renewal: Option<&Renewal<'_>>,
    ) -> Result<Pumped, Failure> {
        let feed = Feed::in_runs(self.sources, &self.stop, self.run)?;
        let mut ring = self.ring;
        let mut renew = |sink: &mut dyn Sink| renewal?.look(signals, &mut ring, sink);
        let pumped = pump(feed, self.lanes, sink, &self.limits, &mut renew)?;
        Ok(inputs::with_losses(pumped, &self.losses))
    }
}

/// Decodes inputs and writes what is in them.
///
/// # Errors
/// As [`run`].
pub fn stream(
    args: &Run,
    named: &[Named],
    services: Services,
    global: &Global,
    format: Format,
    flow: Flow,
    renewal: Option<&Renewal<'_>>,
) -> Result<Exit, Failure> {
    if args.output.explain {
        let zone = zone(&args.input)?;
        return explain::run(args, named, &zone, global);
    }
    if format == Format::Hex {
        if !global.quiet {
            say(Level::Note, "--format hex is now smarty inspect", None);
        }
        return inspect::stream(args, named, &Wanted::default(), global, renewal);
    }
    let run = Prepared::new(args, named, global, renewal, services.remembered())?;
    let flow = Flow {
        sources: inputs::sources(named),
        unproven: args.keys.tag != TagWhen::Verify,
        ..flow
    };
    let output = Output::open(&args.output, format, &flow, &run.zone)?;
    let wishes = Wishes {
        meters: meters(&args.input.meter)?,
        count: args.input.count,
        by_telegrams: flow.thinning.last,
        quiet: global.quiet,
        verbose: global.verbose,
        show_key: args.keys.show_key,
    };
    let mut clerk = Clerk::new(output, services, Arc::clone(&run.ring), wishes);
    let signals = match renewal {
        Some(_) => Signals::watch_and_renew(&run.stop)?,
        None => Signals::watch(&run.stop)?,
    };
    let pumped = run.pump(&mut clerk, &signals, renewal);
    let (worst, end) = match pumped {
        Ok(pumped) => (pumped.worst, pumped.end),
        // What came before is good, and is put in its place.
        Err(failure) => (failure.report(global.quiet), PumpEnd::Input),
    };
    let tally = clerk.tally();
    let nothing = tally.good + tally.refused == 0;
    let others: Vec<_> = clerk.others().map(str::to_owned).collect();
    let finished = clerk.finish();
    signals.pass_on();
    let exit = finished?;
    if nothing && worst == Exit::Good && end == PumpEnd::Input && !args.input.meter.is_empty() {
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
        let failure = Failure::new(Exit::Nothing, what);
        return Err(match others.is_empty() {
            true => failure,
            false => failure.hint(format!("it has telegrams of {}", others.join(", "))),
        });
    }
    if let (Some(shard), true, Exit::Good, PumpEnd::Input) = (args.input.shard, nothing, worst, end)
    {
        if !global.quiet {
            say(Level::Note, &format!("no telegram of shard {shard}"), None);
        }
        return Ok(Exit::Good);
    }
    Ok(worst.min(exit))
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

/// How many times longer than elsewhere is what is written, about.
fn growth(output: &OutputArgs) -> usize {
    match output.format() {
        Some(Format::Json) if output.pretty => 2,
        _ => 1,
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
    crate::sink::table::write_fields_help(&mut text, terminal_width());
    match Writer::Terminal.write(&text) {
        Err(WriteEnd::Failed(failure)) => Err(failure),
        Ok(()) | Err(WriteEnd::ReaderGone) => Ok(Exit::Good),
    }
}

const LUXEMBOURG: &str = "Europe/Luxembourg";

#[cfg(test)]
mod tests;
