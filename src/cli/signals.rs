//! Signals: INT, TERM and HUP end reading, what was decoded is written, then the signal does what it always does.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::low_level::{emulate_default_handler, pipe};

use super::failure::Failure;
use crate::source::Stop;

/// The signals that end the program.
pub struct Signals {
    received: Arc<AtomicUsize>,
}

impl Signals {
    /// Lets signals ring the handle; a second one of them ends the program at once.
    ///
    /// # Errors
    /// When the system gives no handler.
    pub fn watch(stop: &Stop) -> Result<Self, Failure> {
        Ok(Self::register(stop).context("signals")?)
    }

    fn register(stop: &Stop) -> io::Result<Self> {
        let received = Arc::new(AtomicUsize::new(0));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            let again = Arc::new(std::sync::atomic::AtomicBool::new(false));
            flag::register_conditional_default(signal, Arc::clone(&again))?;
            flag::register(signal, again)?;
            flag::register_usize(signal, Arc::clone(&received), signal as usize)?;
            let rope = stop.rope()?;
            pipe::register(signal, rope)?;
        }
        Ok(Self { received })
    }

    /// Does what the signal does by default, so that the shell sees it.
    pub fn pass_on(&self) {
        match self.received.load(Ordering::Relaxed) {
            0 => {}
            signal => drop(emulate_default_handler(signal as i32)),
        }
    }
}
