//! What a source sends: listened to until there is enough to tell, or for a time.
//!
//! Frames are kept as they came, so that keys can be tried on them afterwards without waiting for more.

use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use jiff::Timestamp;

use crate::cli::args::{Cli, Command, Global, KeyArgs, Run};
use crate::cli::commands::decode::{Prepared, Remembered};
use crate::cli::inputs::Named;
use crate::cli::messages::talk;
use crate::cli::signals::Signals;
use crate::format::words::{country, country_of_title};
use crate::observe::context::{Context, Source};
use crate::observe::observer::{Flow, Gravity, Link, Observer, Report};
use crate::p1::cipher::Keys;
use crate::p1::ciphering::SystemTitle;
use crate::p1::decoder::{Decoder, Policy};
use crate::p1::diagnosis::Finding;
use crate::p1::diagnosis::keys::KeyCheck;
use crate::p1::event::{Event, Reason};
use crate::p1::value::Zone;
use crate::run::failure::{Exit, Failure};
use crate::run::{Counts, Filter, Observers};
use crate::source::LineSettings;

/// How a source is listened to.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Whole telegrams that are enough, encrypted ones that nothing opens among them.
    pub telegrams: u64,
    /// How long it is listened at the most.
    pub time: Duration,
    /// Whether what happens meanwhile is said.
    pub says: bool,
}

/// What was heard.
#[derive(Debug, Default)]
pub struct Heard {
    /// `serial`, `tcp` and so on; empty where the source was never open.
    pub kind: String,
    /// Its path or address.
    pub name: String,
    /// Settings of the line, where it is a serial port.
    pub line: Option<LineSettings>,
    /// Bytes that came.
    pub bytes: u64,
    /// Telegrams that can be read.
    pub good: u64,
    /// Frames that were refused for another reason than a missing or wrong key.
    pub damaged: u64,
    /// Who sends, in the order of their first frames.
    pub meters: Vec<Sender>,
    /// What is wrong with what comes.
    pub findings: Vec<Finding>,
    /// Errors, and what to do about each.
    pub errors: Vec<(String, Option<String>)>,
    /// The clock of the meter and ours, at the last telegram that has both.
    pub clocks: Option<(Timestamp, Timestamp)>,
    /// Whole frames as they came.
    frames: Vec<u8>,
}

/// A meter that sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// Title in its frames, where they have one.
    pub title: Option<SystemTitle>,
    /// What it is called: device id, what its telegrams say, or the title.
    pub id: String,
    /// Whether its frames are encrypted or authenticated.
    pub sealed: bool,
    /// Whether it sends DLMS pushes, no telegrams.
    pub pushes: bool,
    /// Where such meters stand.
    pub country: Option<&'static str>,
}

/// Listens to a source.
///
/// # Errors
/// Keys that cannot be read; what cannot be opened is among the errors that were heard.
pub fn listen(
    named: &Named,
    keys: KeyArgs,
    global: &Global,
    patience: Patience,
) -> Result<(Heard, Exit), Failure> {
    let mut args = options(&["parse"])?;
    args.keys = keys;
    args.source.duration = Some(patience.time);
    args.output.jobs = Some(1);
    let named = std::slice::from_ref(named);
    let quiet = Global {
        // No progress of files.
        quiet: true,
        ..global.clone()
    };
    let run = Prepared::new(&args, named, &quiet, None, Remembered::default())?.with_any_key();
    let mut listener = Listener {
        heard: Heard::default(),
        patience,
        whole: 0,
        quiet: global.quiet,
    };
    let signals = Signals::left_alone(&run.stop);
    let list: Vec<&mut dyn Observer> = vec![&mut listener];
    let mut observers = Observers::new(Counts::default(), Filter::default(), list);
    let ended = run.run(&mut observers, &signals, None)?;
    drop(observers);
    Ok((listener.heard, ended.worst))
}

/// Options of a command that decodes, as they are where none is given.
///
/// # Errors
/// Words that are no such command.
pub fn options(words: &[&str]) -> Result<Run, Failure> {
    let line = ["smarty"].iter().chain(words);
    let cli = Cli::try_parse_from(line).map_err(|error| Failure::from(&error))?;
    match cli.command {
        Command::Parse(run) | Command::Decrypt(run) => Ok(run),
        _ => Err(Failure::new(Exit::Usage, "not a command that decodes")),
    }
}

impl Heard {
    /// Decodes the frames that were kept once more, with keys that may be others.
    pub fn decode(&self, keys: Arc<Keys>, mut each: impl FnMut(&Event<'_>)) {
        let mut decoder = Decoder::new(keys, Policy::default(), Zone::luxembourg());
        decoder.push(&self.frames, &mut each);
        decoder.finish(&mut each);
    }

    /// Tries keys on the frames that were kept.
    pub fn check(&self, keys: Arc<Keys>) -> KeyCheck {
        let mut check = KeyCheck::new(Arc::clone(&keys));
        self.decode(keys, |event| {
            check.event(event);
        });
        check
    }

    /// Where it came from, as outputs name it.
    pub fn source<'a>(&'a self, label: Option<&'a str>) -> Source<'a> {
        Source {
            kind: &self.kind,
            name: &self.name,
            label,
        }
    }
}

struct Listener {
    heard: Heard,
    patience: Patience,
    /// Whole frames so far.
    whole: u64,
    quiet: bool,
}

impl Listener {
    fn event(&mut self, context: &Context<'_>, event: &Event<'_>) {
        let heard = &mut self.heard;
        let (frame, sender) = match event {
            Event::Telegram(decoded) => {
                heard.good += 1;
                let measured = decoded.telegram.measured_at();
                let clocks = measured
                    .and_then(|time| time.instant())
                    .zip(context.received_at);
                heard.clocks = clocks.or(heard.clocks);
                let title = decoded.security.map(|security| security.title());
                let id = title
                    .and_then(|title| title.device_id())
                    .or_else(|| decoded.telegram.meter_id().map(|id| id.into_owned()));
                let sender = Sender {
                    title,
                    id: id
                        .or_else(|| title.map(|title| title.to_string()))
                        .unwrap_or_else(|| decoded.telegram.header().into_owned()),
                    sealed: title.is_some(),
                    pushes: decoded.push.is_some(),
                    country: country(decoded),
                };
                (decoded.frame, sender)
            }
            Event::Refused(refused) => {
                let key = matches!(refused.reason, Reason::NoKey | Reason::TagMismatch);
                let Some(title) = refused.title().filter(|_| key) else {
                    heard.damaged += 1;
                    return;
                };
                let sender = Sender {
                    title: Some(title),
                    id: title.device_id().unwrap_or_else(|| title.to_string()),
                    sealed: true,
                    pushes: refused.is_push(),
                    country: country_of_title(title),
                };
                (refused.frame, sender)
            }
            Event::Junk(_) => return,
        };
        self.whole += 1;
        if heard.frames.len() + frame.len() <= FRAMES_MAX {
            heard.frames.extend_from_slice(frame);
        }
        let same = |known: &&mut Sender| known.title == sender.title && known.id == sender.id;
        if let Some(known) = heard.meters.iter_mut().find(same) {
            known.country = sender.country.or(known.country);
        } else if heard.meters.len() < METERS_MAX {
            heard.meters.push(sender);
        }
    }

    fn link(&mut self, context: &Context<'_>, link: Link, line: Option<LineSettings>) {
        if matches!(link, Link::Opened | Link::Line) {
            self.heard.line = line.or(self.heard.line);
            context.source.kind.clone_into(&mut self.heard.kind);
            context.source.name.clone_into(&mut self.heard.name);
        }
    }
}

impl Observer for Listener {
    fn observe(&mut self, context: &Context<'_>, report: &Report<'_>) -> Flow {
        // A source that cannot be opened, or holds nothing, has its name all the same.
        if self.heard.name.is_empty() {
            context.source.name.clone_into(&mut self.heard.name);
        }
        match *report {
            Report::Link { link, line, .. } => self.link(context, link, line),
            Report::Bytes { bytes, .. } => {
                self.heard.bytes += bytes.len() as u64;
                if self.heard.kind.is_empty() {
                    context.source.kind.clone_into(&mut self.heard.kind);
                    context.source.name.clone_into(&mut self.heard.name);
                }
            }
            Report::Event { event, .. } => self.event(context, event),
            Report::Finding(finding) if self.heard.findings.len() < FINDINGS_MAX => {
                self.heard.findings.push(finding.clone());
            }
            Report::Message {
                gravity,
                what,
                hint,
            } => {
                if gravity == Gravity::Error {
                    let hint = hint.map(str::to_owned);
                    self.heard.errors.push((what.to_owned(), hint));
                }
                if self.patience.says {
                    talk(self.quiet, gravity, what, hint);
                }
            }
            _ => {}
        }
        match self.whole >= self.patience.telegrams {
            true => Flow::Enough,
            false => Flow::Continue,
        }
    }
}

/// Bytes of frames that are kept.
const FRAMES_MAX: usize = 1 << 20;
/// Meters that are told apart.
const METERS_MAX: usize = 64;
/// Findings that are kept.
const FINDINGS_MAX: usize = 8;
