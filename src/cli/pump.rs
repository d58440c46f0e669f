//! The pump: reads the sources, feeds the lanes, writes the output.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;

use super::failure::{Exit, Failure, Level, say};
use super::lane::{Desk, Lane};
use super::writer::WriteEnd;
use crate::source::{Lasting, Source, Step};

/// Where the pump puts events, and what it asks.
pub trait Sink: Desk {
    /// Writes what waits.
    ///
    /// # Errors
    /// [`WriteEnd`].
    fn flush(&mut self) -> Result<(), WriteEnd>;
    /// Bytes that wait to be written.
    fn pending(&self) -> usize;
    /// Nothing more is wanted.
    fn is_full(&self) -> bool;
    /// Telegrams that were good so far.
    fn good(&self) -> u64;
    /// The link of a lane changed.
    fn link(&mut self, lane: &Lane, state: &str, message: &str);
}

/// When reading ends, beside the end of the input.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// After so long.
    pub duration: Option<Duration>,
    /// After so long without a telegram.
    pub timeout: Option<Duration>,
    /// Whether the progress of files may be shown.
    pub progress: bool,
}

/// How pumping ended.
pub enum PumpEnd {
    /// At the end of the input.
    Input,
    /// Nothing more is wanted: the count or the duration is reached, or nobody reads the output.
    Enough,
    /// By a signal.
    Stopped,
}

/// Reads one source to its end.
///
/// # Errors
/// A source that cannot be opened or read, a dump that cannot be read, an output that cannot be written.
pub fn pump(
    source: &mut Lasting,
    lane: &mut Lane,
    sink: &mut dyn Sink,
    limits: &Limits,
) -> Result<PumpEnd, Failure> {
    let started = Instant::now();
    let mut heard = Heard {
        good: sink.good(),
        at: started,
    };
    let mut buffer = vec![0; BUFFER];
    let mut quiet = Duration::ZERO;
    let mut progress = Progress::default();
    loop {
        match source.read(&mut buffer)? {
            Step::Opened => progress = Progress::of(source, limits.progress),
            Step::Bytes(count) => {
                quiet = Duration::ZERO;
                progress.bar.inc(count as u64);
                let at = (lane.kind != "file").then(Timestamp::now);
                let pushed = lane.push(buffer.get(..count).unwrap_or_default(), at, sink);
                if let Some(end) = progress.aside(|| flush(sink)) {
                    return end;
                }
                pushed?;
            }
            Step::Quiet => {
                quiet += QUIET_STEP;
                if quiet == patience(lane.kind) {
                    lane.quiet(sink);
                }
                if let Some(end) = flush(sink) {
                    return end;
                }
            }
            Step::NoWriter => {
                say(
                    Level::Note,
                    &format!("{}: waiting for someone to write", lane.name),
                    None,
                );
            }
            Step::Lost(reason) => {
                lane.quiet(sink);
                say(Level::Warning, &format!("{}: {reason}", lane.name), None);
                sink.link(lane, "lost", &reason.to_string());
            }
            Step::Refused(error) => {
                say(Level::Warning, &error.to_string(), error.hint().as_deref());
            }
            Step::Reopened { after } => {
                let message = format!("back after {} s", after.as_secs());
                say(Level::Note, &format!("{}: {message}", lane.name), None);
                sink.link(lane, "reopened", &message);
            }
            Step::End | Step::Stopped => {
                let stopped = matches!(source.read(&mut [0; 1]), Ok(Step::Stopped));
                progress.bar.finish_and_clear();
                let finished = lane.finish(sink);
                return match (flush(sink), stopped) {
                    (Some(end), _) => end,
                    (None, true) => Ok(PumpEnd::Stopped),
                    (None, false) => finished.map(|()| PumpEnd::Input),
                };
            }
        }
        if limits
            .duration
            .is_some_and(|duration| started.elapsed() >= duration)
        {
            let finished = lane.finish(sink);
            return flush(sink).unwrap_or(finished.map(|()| PumpEnd::Enough));
        }
        heard.check(sink.good(), limits.timeout, &lane.name)?;
    }
}

/// When the last telegram came.
struct Heard {
    good: u64,
    at: Instant,
}

impl Heard {
    fn check(&mut self, good: u64, timeout: Option<Duration>, name: &str) -> Result<(), Failure> {
        if good != self.good {
            (self.good, self.at) = (good, Instant::now());
        }
        match timeout {
            Some(timeout) if self.at.elapsed() >= timeout => Err(Failure::new(
                Exit::Nothing,
                format!("{name}: no telegram for {timeout:?}"),
            )),
            _ => Ok(()),
        }
    }
}

/// Writes what waits; `Some` when pumping ends with it.
fn flush(sink: &mut dyn Sink) -> Option<Result<PumpEnd, Failure>> {
    match sink.flush() {
        Err(WriteEnd::ReaderGone) => Some(Ok(PumpEnd::Enough)),
        Err(WriteEnd::Failed(failure)) => Some(Err(failure)),
        Ok(()) => sink.is_full().then_some(Ok(PumpEnd::Enough)),
    }
}

/// How long a source may pause in mid frame.
///
/// Longer than the line needs: bytes are delayed by USB adapters, networks and busy machines, and a frame
/// that was cut is found out by the start of the next one as well.
fn patience(kind: &str) -> Duration {
    match kind {
        "serial" => Duration::from_millis(1000),
        "tcp" => Duration::from_millis(2000),
        _ => Duration::from_millis(5000),
    }
}

/// A bar on stderr for long files.
struct Progress {
    bar: ProgressBar,
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            bar: ProgressBar::hidden(),
        }
    }
}

impl Progress {
    fn of(source: &Lasting, wanted: bool) -> Self {
        let size = match source.source() {
            Some(Source::Input(input)) => input.size(),
            _ => None,
        };
        match size {
            Some(size) if wanted && size >= LONG && std::io::stderr().is_terminal() => {
                let bar = ProgressBar::with_draw_target(
                    Some(size),
                    ProgressDrawTarget::stderr_with_hz(5),
                );
                let style = ProgressStyle::with_template(
                    "{bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta}",
                );
                Self {
                    bar: bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())),
                }
            }
            _ => Self::default(),
        }
    }

    fn aside<T>(&self, run: impl FnOnce() -> T) -> T {
        if self.bar.is_hidden() {
            run()
        } else {
            self.bar.suspend(run)
        }
    }
}

/// Bytes read at once.
const BUFFER: usize = 256 << 10;
/// What one `Quiet` of a source stands for.
const QUIET_STEP: Duration = Duration::from_millis(250);
/// From this size on a file is long enough for a progress bar, in bytes.
const LONG: u64 = 50 << 20;
