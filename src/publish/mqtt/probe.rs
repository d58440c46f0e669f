//! Whether a broker lets us in: one connection, and goodbye.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use super::settings::Settings;
use crate::sys::mqtt::fault::Fault;
use crate::sys::mqtt::wire::{ConnectionEvent, Protocol, Wire};

/// Why a broker does not let us in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong, with the address of the broker.
    pub what: String,
    /// What to do.
    pub hint: String,
}

/// Connects as the settings say, logs in and says goodbye; nothing is published. Gives the version that the broker
/// speaks.
///
/// # Errors
/// Where it does not let us in within the time.
pub fn probe(settings: &Settings, patience: Duration) -> Result<Protocol, Refusal> {
    let (answer, answered) = channel();
    let trying = settings.clone();
    // A connection that is just being made cannot be called back: the thread ends with it, or with the program.
    let thread = thread::Builder::new().name("mqtt".to_owned());
    let started = thread.spawn(move || drop(answer.send(connect(&trying))));
    let outcome = match started {
        Err(error) => Err(Fault::Other(error.to_string())),
        Ok(_) => match answered.recv_timeout(patience) {
            Ok(outcome) => outcome,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Err(Fault::TimedOut),
        },
    };
    outcome.map_err(|fault| {
        let (what, hint) = fault.words(&settings.broker);
        Refusal { what, hint }
    })
}

fn connect(settings: &Settings) -> Result<Protocol, Fault> {
    let first = settings.protocol.unwrap_or(Protocol::Five);
    match converse(settings, first) {
        Err(fault) if settings.protocol.is_none() && fault.may_be_version() => {
            // Where neither is understood, what the first one met says more.
            converse(settings, Protocol::Three).map_err(|_| fault)
        }
        outcome => outcome,
    }
}

fn converse(settings: &Settings, protocol: Protocol) -> Result<Protocol, Fault> {
    let mut wire = Wire::open(&settings.access(), protocol);
    let mut connected = false;
    loop {
        match wire.wait() {
            ConnectionEvent::Connected => {
                connected = true;
                wire.client().leave();
            }
            ConnectionEvent::Ended => return Ok(protocol),
            ConnectionEvent::Broke(_) if connected => return Ok(protocol),
            ConnectionEvent::Broke(fault) => return Err(fault),
            _ => {}
        }
    }
}
