//! Edges of lines: of a GPIO chip, told by the kernel; of a serial port, looked at each millisecond.

use std::io;
use std::os::fd::AsFd;
use std::path::Path;
use std::time::{Duration, Instant};

use gpiocdev::Request;
use gpiocdev::line::EdgeDetection;
use serialport::{SerialPort, TTYPort};

use super::gone;
use super::place::{Pulses, Signal};
use crate::source::error::SourceError;
use crate::source::open::open_error;
use crate::source::read::{GoneReason, Read};
use crate::sys::stop::{Stop, Wake};

/// A line of a GPIO chip; the kernel takes bounces out.
#[derive(Debug)]
pub(super) struct Gpio {
    request: Request,
    /// The clock of the kernel at the beginning.
    base: Option<u64>,
}

/// A modem line of a serial port.
pub(super) struct Modem {
    port: TTYPort,
    signal: Signal,
    active_low: bool,
    shortest: Duration,
    /// Since when it is active; none where it is not, or where the pulse was counted.
    since: Option<Instant>,
    counted: bool,
}

impl Gpio {
    pub(super) fn open(
        name: &str,
        chip: &Path,
        line: u32,
        pulses: &Pulses,
    ) -> Result<Self, SourceError> {
        // What the system says of the device itself is said first.
        std::fs::File::open(chip).map_err(|error| match error.raw_os_error() {
            Some(code) => open_error(chip, rustix::io::Errno::from_raw_os_error(code)),
            None => SourceError::io(name, error),
        })?;
        let mut builder = Request::builder();
        builder
            .on_chip(chip)
            .with_consumer("smarty")
            .with_line(line)
            .as_input()
            .with_debounce_period(pulses.shortest)
            .with_edge_detection(EdgeDetection::RisingEdge);
        if pulses.active_low {
            builder.as_active_low();
        }
        let request = builder
            .request()
            .map_err(|error| SourceError::io(name, io::Error::other(error.to_string())))?;
        Ok(Self {
            request,
            base: None,
        })
    }

    /// Waits for an edge up to 250 ms; what ends it, where something does.
    pub(super) fn wait(
        &mut self,
        began: Instant,
        stop: &Stop,
        mut pulse: impl FnMut(Duration),
    ) -> Option<Read> {
        match stop.wait_readable(self.request.as_fd(), Some(TIMEOUT)) {
            Ok(Wake::Stopped) => return Some(Read::Stopped),
            Ok(Wake::TimedOut) => return None,
            Ok(Wake::Ready) => {}
            Err(error) => return gone(&error),
        }
        match self.request.read_edge_event() {
            Ok(edge) => {
                // Times of the kernel are exact; where they begin is found at the first edge.
                let now = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
                let base = *self
                    .base
                    .get_or_insert(edge.timestamp_ns.saturating_sub(now));
                pulse(Duration::from_nanos(edge.timestamp_ns.saturating_sub(base)));
                None
            }
            Err(error) => Some(Read::Gone(GoneReason::Fault(error.to_string()))),
        }
    }
}

impl Modem {
    pub(super) fn open(path: &Path, signal: Signal, pulses: &Pulses) -> Result<Self, SourceError> {
        // What the system says of the device itself is said first.
        std::fs::metadata(path).map_err(|error| match error.raw_os_error() {
            Some(code) => open_error(path, rustix::io::Errno::from_raw_os_error(code)),
            None => SourceError::io(path.display(), error),
        })?;
        let name = path.display().to_string();
        let port = TTYPort::open(&serialport::new(&name, 9600))
            .map_err(|error| SourceError::io(&name, io::Error::other(error.to_string())))?;
        let mut modem = Self {
            port,
            signal,
            active_low: pulses.active_low,
            shortest: pulses.shortest,
            since: None,
            counted: false,
        };
        // A port that has no such line says so now.
        let active = modem
            .is_active()
            .map_err(|error| SourceError::io(&name, error))?;
        // A pulse that has begun before is none of ours.
        (modem.since, modem.counted) = (active.then(Instant::now), active);
        Ok(modem)
    }

    /// Looks at the line for up to 250 ms; what ends it, where something does.
    pub(super) fn wait(
        &mut self,
        began: Instant,
        stop: &Stop,
        mut pulse: impl FnMut(Duration),
    ) -> Option<Read> {
        let until = Instant::now() + TIMEOUT;
        while Instant::now() < until {
            let active = match self.is_active() {
                Ok(active) => active,
                Err(error) => return gone(&error),
            };
            let now = Instant::now();
            match (active, self.since) {
                (true, None) => self.since = Some(now),
                (true, Some(since)) if !self.counted && now - since >= self.shortest => {
                    self.counted = true;
                    pulse(since.saturating_duration_since(began));
                }
                (true, Some(_)) => {}
                (false, _) => (self.since, self.counted) = (None, false),
            }
            if stop.wait(STEP) {
                return Some(Read::Stopped);
            }
        }
        None
    }

    fn is_active(&mut self) -> io::Result<bool> {
        let port = &mut self.port;
        let level = match self.signal {
            Signal::Cts => port.read_clear_to_send(),
            Signal::Dsr => port.read_data_set_ready(),
            Signal::Dcd => port.read_carrier_detect(),
            Signal::Ri => port.read_ring_indicator(),
        };
        Ok(level.map_err(io::Error::from)? != self.active_low)
    }
}

impl std::fmt::Debug for Modem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Modem")
            .field("signal", &self.signal)
            .finish_non_exhaustive()
    }
}

/// How long a read waits.
const TIMEOUT: Duration = Duration::from_millis(250);
/// How often a modem line is looked at.
const STEP: Duration = Duration::from_millis(1);
