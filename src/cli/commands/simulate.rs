//! `smarty simulate`: a virtual meter, or a capture played again, on pseudo-terminals, TCP, a file or stdout.

mod invitation;
mod outlets;

use std::io::IsTerminal;
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::civil::DateTime;

use self::outlets::{Outlets, Sent};
use crate::cli::args::{Global, Simulate};
use crate::cli::output::writer::WriteEnd;
use crate::cli::signals::Signals;
use crate::run::failure::{Exit, Failure, Level, say};
use crate::simulate::virtual_meter::{Due, MeterGroup, Plan, Speed};
use crate::source::replay::{LANES_MAX, Replay, ReplayError};
use crate::sys::stop::Stop;

/// Sends telegrams until they are all sent, the time is over, or a signal comes.
///
/// # Errors
/// Where an output or a capture cannot be had, or stops working.
pub fn run(args: &Simulate, global: &Global) -> Result<Exit, Failure> {
    let target = Target::of(args)?;
    let stop = Stop::new().map_err(|error| Failure::new(Exit::Io, error.to_string()))?;
    let signals = Signals::watch(&stop)?;
    let mut play = Play::open(args, target, &stop, global)?;
    let mut outlets = Outlets::open(args, target, play.lanes(), global)?;
    invitation::say_how_to_read(args, target, &play, &outlets, global)?;
    let pace = Pace {
        speed: args.pace.speed.or(target.is_live().then_some(Speed::REAL)),
        duration: args.pace.duration,
        started: Instant::now(),
    };
    let sent = send_all(&mut play, &mut outlets, &pace, &stop);
    let finished = match sent {
        Ok(Sent::Taken) => outlets.finish(&stop),
        Ok(Sent::ReaderGone) => Ok(()),
        Err(failure) => Err(failure),
    };
    signals.pass_on();
    finished.map(|()| Exit::Success)
}

/// Where telegrams go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target<'a> {
    Pty,
    Tcp,
    File(&'a Path),
    Stdout,
}

/// What is sent.
enum Play {
    MeterGroup(Box<MeterGroup>),
    Replay { replay: Box<Replay>, left: u64 },
}

/// When it is sent.
struct Pace {
    /// As fast as possible where `None`.
    speed: Option<Speed>,
    duration: Option<Duration>,
    started: Instant,
}

fn send_all(
    play: &mut Play,
    outlets: &mut Outlets,
    pace: &Pace,
    stop: &Stop,
) -> Result<Sent, Failure> {
    let mut burst = Vec::new();
    while let Some(due) = play.next(&mut burst)? {
        let at = pace.speed.map_or(due.at, |speed| speed.real(due.at));
        let end = pace.duration.filter(|duration| at >= *duration);
        if pace.speed.is_some() {
            let until = pace.started.checked_add(end.unwrap_or(at));
            if outlets.wait(stop, until)? {
                break;
            }
        }
        if end.is_some() {
            break;
        }
        let sent = outlets.send(due.lane, &burst, pace.speed.is_none())?;
        if matches!(sent, Sent::ReaderGone) || stop.is_woken() {
            return Ok(sent);
        }
        burst.clear();
    }
    Ok(Sent::Taken)
}

impl<'a> Target<'a> {
    fn of(args: &'a Simulate) -> Result<Self, Failure> {
        let target = &args.target;
        let found = match (&target.out, &target.tcp) {
            (Some(path), _) if path.as_os_str() == "-" => Self::Stdout,
            (Some(path), _) => Self::File(path),
            (None, Some(_)) => Self::Tcp,
            (None, None) if target.pty || target.link.is_some() => Self::Pty,
            (None, None) if std::io::stdout().is_terminal() => Self::Pty,
            (None, None) => Self::Stdout,
        };
        let ends = args.pace.count.is_some() || args.pace.duration.is_some();
        match found {
            Self::File(path) if !ends && args.meters.replay.is_none() && !is_stream(path) => {
                let what = format!("{}: would never end", path.display());
                Err(Failure::new(Exit::Usage, what)
                    .hint("say how much: --count 100000, or --duration 30d of the meter's time"))
            }
            _ => Ok(found),
        }
    }

    /// Whether someone reads along.
    fn is_live(self) -> bool {
        matches!(self, Self::Pty | Self::Tcp)
    }
}

impl Play {
    fn open(
        args: &Simulate,
        target: Target<'_>,
        stop: &Stop,
        global: &Global,
    ) -> Result<Self, Failure> {
        let Some(path) = &args.meters.replay else {
            let mut plan = args.plan();
            if !target.is_live() {
                // The same command gives the same bytes.
                plan.start.get_or_insert(START);
            }
            return Ok(Self::MeterGroup(Box::new(MeterGroup::new(&plan))));
        };
        let period = args.pace.period.unwrap_or(Plan::default().period());
        let replay = Replay::open(path, Duration::from_secs(period.into()), stop)?;
        for note in replay.notes().iter().filter(|_| global.verbose > 0) {
            say(Level::Note, &format!("{}: {note}", path.display()), None);
        }
        if replay.is_full() {
            let what = format!(
                "{}: more than {LANES_MAX} labels: what the others sent is played as the first one's",
                path.display()
            );
            say(Level::Warning, &what, None);
        }
        Ok(Self::Replay {
            replay: Box::new(replay),
            left: args.pace.count.unwrap_or(u64::MAX),
        })
    }

    fn lanes(&self) -> usize {
        match self {
            Self::MeterGroup(street) => street.meters().len(),
            Self::Replay { replay, .. } => replay.labels().len(),
        }
    }

    fn next(&mut self, burst: &mut Vec<u8>) -> Result<Option<Due>, Failure> {
        match self {
            Self::MeterGroup(street) => Ok(street.next(burst)),
            Self::Replay { left: 0, .. } => Ok(None),
            Self::Replay { replay, left } => {
                *left -= 1;
                Ok(replay.next(burst)?)
            }
        }
    }
}

impl From<ReplayError> for Failure {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::Source(error) => error.into(),
            ReplayError::NoFile(_) => Self::new(Exit::Io, error.to_string()),
            ReplayError::Dump { .. } => Self::new(Exit::NoTelegram, error.to_string()),
        }
    }
}

fn is_stream(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|meta| !meta.is_file())
}

/// What clocks show first where nobody reads along.
const START: DateTime = DateTime::constant(2026, 1, 1, 0, 0, 0, 0);
