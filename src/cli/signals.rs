//! Signals: INT and TERM end reading, what was decoded is written, then the signal does what it always does.
//!
//! HUP has two meanings: the terminal was closed, which ends the program too; or, from `kill -HUP` and services,
//! keys and configuration are to be read again. They are told apart by the terminal, which is gone in the first case.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use anyhow::Context;
use rustix::fs::{Mode, OFlags};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::low_level::{emulate_default_handler, pipe};

use crate::run::failure::Failure;
use crate::run::stdio;
use crate::sys::stop::Stop;

/// The signals that the program takes.
pub struct Signals {
    received: Arc<AtomicUsize>,
    hangup: Arc<AtomicBool>,
    /// Whether there was a terminal in the beginning.
    terminal: bool,
    stop: Stop,
}

impl Signals {
    /// Lets signals ring the handle; a second one of them ends the program at once.
    ///
    /// # Errors
    /// When the system gives no handler.
    pub fn watch(stop: &Stop) -> Result<Self, Failure> {
        let signals = Self::new(stop);
        signals.end_at(&[SIGINT, SIGTERM]).context("signals")?;
        if !is_ignored(HANGUP_BIT) {
            signals.end_at(&[SIGHUP]).context("signals")?;
        }
        Ok(signals)
    }

    /// Takes none: each does what it always does, at once.
    pub fn left_alone(stop: &Stop) -> Self {
        Self::new(stop)
    }

    /// As [`Self::watch`], but HUP asks for keys and configuration to be read again.
    ///
    /// # Errors
    /// When the system gives no handler.
    pub fn watch_and_reload(stop: &Stop) -> Result<Self, Failure> {
        let signals = Self::new(stop);
        signals.end_at(&[SIGINT, SIGTERM]).context("signals")?;
        if !is_ignored(HANGUP_BIT) {
            flag::register(SIGHUP, Arc::clone(&signals.hangup)).context("signals")?;
        }
        Ok(signals)
    }

    /// Tells whether HUP has come and asks for a reload; where it says that the terminal is gone, reading ends.
    pub fn asks_for_reload(&self) -> bool {
        if !self.hangup.swap(false, Ordering::Relaxed) {
            return false;
        }
        if self.terminal && !has_terminal() {
            self.hang_up();
            return false;
        }
        true
    }

    /// Ends reading as HUP does where it means that the terminal was closed.
    pub fn hang_up(&self) {
        self.received.store(SIGHUP as usize, Ordering::Relaxed);
        stdio::ending().store(true, Ordering::Relaxed);
        self.stop.stop();
    }

    /// Ends reading, as a signal would.
    pub fn end_reading(&self) {
        self.stop.stop();
    }

    /// Does what the signal does by default, so that the shell sees it.
    pub fn pass_on(&self) {
        match self.received.load(Ordering::Relaxed) {
            0 => {}
            signal => drop(emulate_default_handler(signal as i32)),
        }
    }

    fn new(stop: &Stop) -> Self {
        Self {
            received: Arc::default(),
            hangup: Arc::default(),
            terminal: has_terminal(),
            stop: stop.clone(),
        }
    }

    fn end_at(&self, signals: &[i32]) -> io::Result<()> {
        for &signal in signals {
            let again = Arc::new(AtomicBool::new(false));
            flag::register_conditional_default(signal, Arc::clone(&again))?;
            flag::register(signal, again)?;
            flag::register(signal, Arc::clone(stdio::ending()))?;
            flag::register_usize(signal, Arc::clone(&self.received), signal as usize)?;
            let rope = self.stop.wake_tx()?;
            pipe::register(signal, rope)?;
        }
        Ok(())
    }
}

/// Whether this program belongs to a terminal that is there.
fn has_terminal() -> bool {
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    rustix::fs::open("/dev/tty", flags, Mode::empty()).is_ok()
}

/// Whether whoever started this program wants a signal to do nothing, as `nohup` does.
fn is_ignored(bit: u64) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & bit != 0)
}

/// Place of HUP in the masks of `/proc`.
const HANGUP_BIT: u64 = 1 << (SIGHUP - 1);
