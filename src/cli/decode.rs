//! `smarty decrypt` and `smarty parse`: the same pipeline with different defaults.

use std::collections::HashSet;
use std::ffi::OsString;
use std::io::IsTerminal;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::args::{Format, Global, KeyArgs, OnOff, Run, SourceArgs, TagWhen};
use super::failure::{Exit, Failure, Level, say};
use super::keys::Ring;
use super::lane::{Decoding, Desk, Lane};
use super::output::Output;
use super::pump::{Limits, PumpEnd, Sink, pump};
use super::tally::Tally;
use super::words;
use super::writer::{WriteEnd, Writer};
use crate::p1::ciphering::SystemTitle;
use crate::p1::decoder::{Policy, TagPolicy};
use crate::p1::event::{Decoded, Event, Refused};
use crate::p1::value::Zone;
use crate::sink::context::{Context, Source};
use crate::sink::csv::meter;
use crate::source::{self, Address, Lasting, LineSettings, Place, SourceOptions, Stop};

/// What a command prints when nothing else is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Default {
    /// `decrypt`: telegrams.
    Decrypt,
    /// `parse`: tables.
    Parse,
}

/// Decodes all inputs.
///
/// # Errors
/// What ends the run as a whole; an input that cannot be read ends only itself.
pub fn run(args: &Run, global: &Global, default: Default) -> Result<Exit, Failure> {
    if args.output.fields.as_deref() == Some("help") {
        return list_fields();
    }
    let format = args.output.format().unwrap_or(match default {
        Default::Decrypt => Format::Raw,
        Default::Parse => Format::Table,
    });
    let addresses = addresses(&args.inputs)?;
    let zone = zone(&args.input.tz)?;
    let ring = Ring::gather(&args.keys)?;
    if let (1.., Some(origin)) = (global.verbose, &ring.origin) {
        say(Level::Note, &format!("key {origin}"), None);
    }
    let stop = Stop::new().map_err(|error| Failure::new(Exit::Io, error.to_string()))?;
    let signals = super::signals::Signals::watch(&stop)?;
    let options = source_options(&args.source, stop);
    let policy = policy(&args.keys, args.input.ignore_crc);
    let mut clerk = Clerk {
        output: Output::open(&args.output, format, args.input.last)?,
        ring,
        tally: Tally::default(),
        meters: meters(&args.input.meter)?,
        left: args.input.count,
        quiet: global.quiet,
        verbose: global.verbose,
        said: HashSet::new(),
    };
    let limits = Limits {
        duration: args.source.duration,
        timeout: args.source.timeout,
        progress: !global.quiet && args.output.out.is_some() || !std::io::stdout().is_terminal(),
    };
    let mut worst = Exit::Good;
    for address in addresses {
        let decoding = Decoding {
            keys: clerk.ring.keys_for(address.label.as_deref()),
            policy,
            zone: zone.clone(),
        };
        match input(
            &address, &options, args, global, &decoding, &mut clerk, &limits,
        ) {
            Ok(PumpEnd::Input) => {}
            Ok(PumpEnd::Enough | PumpEnd::Stopped) => break,
            Err(failure) => worst = worst.min(failure.report(global.quiet)),
        }
    }
    let finished = clerk.finish();
    signals.pass_on();
    finished.map(|exit| match worst {
        // "Nothing found" is said of inputs one by one.
        Exit::Good => exit,
        _ => worst.min(exit),
    })
}

/// Decodes one input.
fn input(
    address: &Address,
    options: &SourceOptions,
    args: &Run,
    global: &Global,
    decoding: &Decoding,
    clerk: &mut Clerk,
    limits: &Limits,
) -> Result<PumpEnd, Failure> {
    let opened = source::Source::open(address, options)?;
    let kind = match (&address.place, opened.kind()) {
        (Place::Stdin, _) => "stdin",
        (_, source::Kind::Serial) => "serial",
        (_, source::Kind::Tcp) => "tcp",
        (_, source::Kind::File) => "file",
    };
    let form = match (args.input.input.0, kind) {
        // What a port sends is never a dump.
        (None, "serial" | "tcp") => Some(source::dump::Form::Bin),
        (form, _) => form,
    };
    let verbose = global.verbose > 0;
    let name = match &address.place {
        Place::Stdin => "-".to_owned(),
        _ => opened.name(),
    };
    let mut lane = Lane::new(kind, name, address.label.clone(), form, decoding, verbose);
    let before = clerk.tally.clone();
    let mut source = Lasting::opened(address.clone(), opened, options.clone());
    let end = pump(&mut source, &mut lane, clerk, limits)?;
    let found = clerk.tally.good + clerk.tally.refused - before.good - before.refused;
    if found == 0 && matches!(end, PumpEnd::Input) {
        let bytes = clerk.tally.bytes - before.bytes;
        return Err(nothing_found(&lane.name, bytes));
    }
    Ok(end)
}

fn nothing_found(name: &str, bytes: u64) -> Failure {
    match bytes {
        0 => Failure::new(Exit::Nothing, format!("{name}: is empty"))
            .hint("record again, and look whether any bytes come"),
        _ => Failure::new(Exit::Nothing, format!("{name}: no frame and no telegram in {bytes} bytes"))
            .hint("an encrypted frame begins with DB 08, a plain telegram with /; is this the dump of a P1 port?"),
    }
}

/// Takes events, keeps the counts, and talks about what goes wrong.
struct Clerk {
    output: Output,
    ring: Ring,
    tally: Tally,
    meters: Vec<String>,
    left: Option<u64>,
    quiet: bool,
    verbose: u8,
    said: HashSet<&'static str>,
}

impl Clerk {
    fn telegram(&mut self, source: Source<'_>, at: Option<Timestamp>, decoded: &Decoded<'_>) {
        let context = Context {
            seq: self.tally.good,
            received_at: at,
            source,
            meter_name: decoded
                .security
                .and_then(|security| self.ring.name(security.title())),
        };
        self.output.telegram(&context, decoded);
        if decoded.crc.valid() == Some(false) && self.said.insert("crc") {
            let what = format!(
                "{}: telegram at 0x{:x} is printed though its CRC does not fit, {}",
                source.name,
                decoded.span.start,
                words::crc_words(decoded.crc)
            );
            say(Level::Warning, &what, None);
        }
        if decoded
            .security
            .is_some_and(|security| security.tag == crate::p1::event::Tag::Invalid)
            && self.said.insert("tag")
        {
            let what = format!(
                "{}: telegram at 0x{:x} is printed though its tag does not fit; its CRC does",
                source.name, decoded.span.start
            );
            say(Level::Warning, &what, None);
        }
    }

    fn refused(
        &mut self,
        source: Source<'_>,
        at: Option<Timestamp>,
        refused: &Refused<'_>,
        count: u64,
    ) {
        let context = Context {
            seq: self.tally.good,
            received_at: at,
            source,
            meter_name: None,
        };
        self.output.refused(&context, refused);
        if count == 1 || self.verbose > 1 {
            let (what, hint) = words::refused(refused);
            let hint = Some(hint.as_str()).filter(|_| !self.quiet);
            say(Level::Error, &format!("{}: {what}", source.name), hint);
        }
    }

    fn wants(&self, event: &Event<'_>) -> bool {
        if self.meters.is_empty() {
            return true;
        }
        let matches = |id: &str| {
            self.meters
                .iter()
                .any(|wanted| wanted.eq_ignore_ascii_case(id))
        };
        let of_title = |title: SystemTitle| {
            matches(&title.to_string()) || title.device_id().is_some_and(|id| matches(&id))
        };
        match event {
            Event::Telegram(decoded) => match decoded.security {
                Some(security) => of_title(security.title()),
                None => matches(&meter(decoded)),
            },
            Event::Refused(refused) => refused.title().is_some_and(of_title),
            Event::Junk(_) => true,
        }
    }

    fn finish(self) -> Result<Exit, Failure> {
        let Tally {
            good,
            refused,
            junk,
            ..
        } = self.tally;
        if !self.quiet && (refused > 0 && good + refused > 1 || self.verbose > 0) {
            let frames = good + refused;
            let what = format!(
                "{good} of {frames} frames good, {refused} refused, {junk} bytes between them"
            );
            say(Level::Note, &what, None);
        }
        match self.output.finish() {
            Ok(()) => Ok(self.tally.exit()),
            Err(WriteEnd::ReaderGone) => Ok(Exit::Good),
            Err(WriteEnd::Failed(failure)) => Err(failure),
        }
    }
}

impl Desk for Clerk {
    fn event(&mut self, source: Source<'_>, received_at: Option<Timestamp>, event: &Event<'_>) {
        if self.left == Some(0) || !self.wants(event) {
            return;
        }
        let refusals = self.tally.count(event);
        match event {
            Event::Telegram(decoded) => {
                self.telegram(source, received_at, decoded);
                self.left = self.left.map(|left| left - 1);
            }
            Event::Refused(refused) => {
                self.refused(source, received_at, refused, refusals.unwrap_or(1));
            }
            Event::Junk(_) => {}
        }
    }
}

impl Sink for Clerk {
    fn flush(&mut self) -> Result<(), WriteEnd> {
        self.output.flush()
    }

    fn pending(&self) -> usize {
        self.output.pending()
    }

    fn is_full(&self) -> bool {
        self.left == Some(0)
    }

    fn good(&self) -> u64 {
        self.tally.good
    }

    fn link(&mut self, lane: &Lane, state: &str, message: &str) {
        let source = Source {
            kind: lane.kind,
            name: &lane.name,
            label: lane.label.as_deref(),
        };
        let context = Context {
            seq: self.tally.good,
            received_at: Some(Timestamp::now()),
            source,
            meter_name: None,
        };
        self.output.link(&context, state, message);
    }
}

fn addresses(inputs: &[OsString]) -> Result<Vec<Address>, Failure> {
    if inputs.is_empty() {
        if std::io::stdin().is_terminal() {
            return Err(Failure::new(
                Exit::Usage,
                "no input: nothing is piped in and no file is named",
            )
            .hint("name a file or a port, for example: smarty parse dump.bin"));
        }
        return Ok(vec![Address {
            label: None,
            place: Place::Stdin,
            device: source::Device::P1,
        }]);
    }
    let parse = |input: &OsString| {
        Address::parse(input).map_err(|error| Failure::new(Exit::Usage, error.to_string()))
    };
    inputs.iter().map(parse).collect()
}

fn meters(ids: &[String]) -> Result<Vec<String>, Failure> {
    ids.iter().try_for_each(|id| match id.trim().is_empty() {
        true => Err(Failure::new(Exit::Usage, "--meter: the id is empty")),
        false => Ok(()),
    })?;
    Ok(ids.iter().map(|id| id.trim().to_owned()).collect())
}

fn zone(name: &str) -> Result<Zone, Failure> {
    if name == LUXEMBOURG {
        return Ok(Zone::luxembourg());
    }
    TimeZone::get(name)
        .or_else(|_| TimeZone::posix(name))
        .map(Zone::new)
        .map_err(|_| {
            Failure::new(Exit::Usage, format!("--tz: there is no zone {name:?}")).hint(
                "use a name such as Europe/Vilnius, or a rule such as EET-2EEST,M3.5.0/3,M10.5.0/4",
            )
        })
}

fn policy(args: &KeyArgs, ignore_crc: bool) -> Policy {
    let tag = match args.tag {
        TagWhen::Verify => TagPolicy::Verify,
        TagWhen::Warn => TagPolicy::Warn,
        TagWhen::Skip => TagPolicy::Skip,
    };
    Policy { tag, ignore_crc }
}

fn source_options(args: &SourceArgs, stop: Stop) -> SourceOptions {
    let level = |state: Option<OnOff>| match state {
        Some(OnOff::On) => source::Level::On,
        Some(OnOff::Off) => source::Level::Off,
        None => source::Level::Untouched,
    };
    let mut options = SourceOptions::new(stop);
    options.line = LineSettings {
        baud: args.baud,
        mode: args.mode,
    };
    options.rts = level(args.rts);
    options.dtr = level(args.dtr);
    if args.no_reconnect {
        options.reconnect = source::Reconnect::Never;
    }
    options
}

fn list_fields() -> Result<Exit, Failure> {
    let mut text = Vec::new();
    crate::sink::table::write_fields_help(&mut text);
    match Writer::Terminal.write(&text) {
        Err(WriteEnd::Failed(failure)) => Err(failure),
        Ok(()) | Err(WriteEnd::ReaderGone) => Ok(Exit::Good),
    }
}

const LUXEMBOURG: &str = "Europe/Luxembourg";
