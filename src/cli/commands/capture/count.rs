//! What a capture has counted, and how it shows on a terminal.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanDuration, ProgressBar, ProgressStyle};

use crate::p1::ciphering::SystemTitle;
use crate::p1::count::count;
use crate::p1::event::{Event, Reason};
use crate::run::progress;

/// What came of one source.
#[derive(Clone, Debug, Default)]
pub(super) struct FrameCounts {
    /// Frames, or readings of a level sensor, that are whole as far as can be seen without a key.
    pub(super) whole: u64,
    /// Bytes received.
    pub(super) bytes: u64,
    /// Bytes that the port has marked: parity or framing errors.
    pub(super) broken: u64,
    cut: u64,
    damaged: u64,
    junk: u64,
    /// Times that a frame counter jumped, and the frames that are missing by it.
    gaps: u64,
    missing: u64,
    /// Times that a frame counter went back.
    resets: u64,
    counters: HashMap<SystemTitle, u32>,
}

impl FrameCounts {
    /// Counts an event; tells whether it is a whole frame.
    pub(super) fn count(&mut self, event: &Event<'_>) -> bool {
        let refused = match event {
            Event::Junk(junk) => {
                self.junk += junk.span.len();
                return false;
            }
            Event::Telegram(_) => {
                self.whole += 1;
                return true;
            }
            Event::Refused(refused) => refused,
        };
        match refused.reason {
            Reason::Truncated { .. }
            | Reason::NoEnd
            | Reason::SegmentMissing
            | Reason::BlockMissing => self.cut += 1,
            Reason::BadLength { .. }
            | Reason::CrcMismatch(_)
            | Reason::NoStart
            | Reason::ChecksumMismatch
            | Reason::OpenedInPlace
            | Reason::BadStructure => self.damaged += 1,
            _ => {
                self.whole += 1;
                if let Some(header) = refused.header {
                    self.follow(header.title, header.counter.0);
                }
                return true;
            }
        }
        false
    }

    fn follow(&mut self, title: SystemTitle, counter: u32) {
        // Noise can make up titles without end.
        if self.counters.len() >= TITLES_MAX && !self.counters.contains_key(&title) {
            return;
        }
        let Some(before) = self.counters.insert(title, counter) else {
            return;
        };
        match counter.checked_sub(before) {
            Some(1) => {}
            Some(step @ 2..) => {
                self.gaps += 1;
                self.missing += u64::from(step - 1);
            }
            Some(0) | None => self.resets += 1,
        }
    }
}

impl fmt::Display for FrameCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} whole", count(self.whole, "telegram"))?;
        for (frames, words) in [
            (self.cut, "cut"),
            (self.damaged, "damaged"),
            (self.missing, "missing by their numbers"),
        ] {
            if frames > 0 {
                write!(f, ", {frames} {words}")?;
            }
        }
        if self.resets > 0 {
            let times = count(self.resets, "time");
            write!(f, ", {times} the number did not grow")?;
        }
        if self.broken > 0 {
            let bytes = count(self.broken, "byte");
            write!(f, ", {bytes} with parity or framing errors")?;
        }
        let bytes = count(self.bytes, "byte");
        write!(f, ", {} of {bytes} in no telegram", self.junk)
    }
}

/// The line on a terminal that says how far the capture is.
pub(super) struct ProgressLine {
    bar: ProgressBar,
    started: Instant,
    shown: Instant,
    count: Option<u64>,
    duration: Option<Duration>,
    /// Bytes at points in time, for the rate.
    past: VecDeque<(Instant, u64)>,
}

impl ProgressLine {
    /// A line on stderr where that is a terminal and it is wanted.
    pub(super) fn new(count: Option<u64>, duration: Option<Duration>, wanted: bool) -> Self {
        let now = Instant::now();
        let bar = if wanted && std::io::stderr().is_terminal() {
            let style = ProgressStyle::with_template("{spinner} {msg}");
            ProgressBar::with_draw_target(None, progress::target())
                .with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
        } else {
            ProgressBar::hidden()
        };
        Self {
            bar,
            started: now,
            shown: now,
            count,
            duration,
            past: VecDeque::from([(now, 0)]),
        }
    }

    /// Brings the line up to date.
    pub(super) fn show(&mut self, counts: &[FrameCounts]) {
        if self.bar.is_hidden() || self.shown.elapsed() < REDRAW {
            return;
        }
        self.shown = Instant::now();
        let sum = |of: fn(&FrameCounts) -> u64| counts.iter().map(of).sum::<u64>();
        let (whole, bytes) = (sum(|counts| counts.whole), sum(|counts| counts.bytes));
        self.past.push_back((self.shown, bytes));
        while self.past.len() > PAST_MAX {
            self.past.pop_front();
        }
        let rate = self.past.front().map_or(0, |(at, before)| {
            let millis = at.elapsed().as_millis().max(1);
            u64::try_from(u128::from(bytes - before) * 1000 / millis).unwrap_or(u64::MAX)
        });
        let gaps = sum(|counts| counts.gaps);
        let mut line = format!(
            "{}  telegrams {whole}  gaps {gaps}  {}/s",
            HumanBytes(bytes),
            HumanBytes(rate)
        );
        if let Some(left) = self.left(whole) {
            line.push_str(&format!("  {} left", HumanDuration(left)));
        }
        self.bar.set_message(line);
        self.bar.tick();
    }

    /// Runs something that prints.
    pub(super) fn aside(&self, run: impl FnOnce()) {
        self.bar.suspend(run);
    }

    /// Takes the line away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// Time to the end, by the duration or by how fast frames came so far.
    fn left(&self, whole: u64) -> Option<Duration> {
        let elapsed = self.started.elapsed();
        let by_time = self.duration.map(|time| time.saturating_sub(elapsed));
        let by_count = self.count.filter(|_| whole > 0).and_then(|count| {
            let each = elapsed / u32::try_from(whole).ok()?;
            each.checked_mul(u32::try_from(count.saturating_sub(whole)).ok()?)
        });
        match (by_time, by_count) {
            (Some(time), Some(count)) => Some(time.min(count)),
            (time, count) => time.or(count),
        }
    }
}

/// Titles whose counters are followed.
const TITLES_MAX: usize = 1000;
const REDRAW: Duration = Duration::from_millis(200);
/// Points in time for the rate: some ten seconds.
const PAST_MAX: usize = 50;
