//! The LED of a meter without a port: pulses, counted and told of as a meter tells of itself.
//!
//! ```text
//! GPIO line     edges of the kernel      --\
//! modem line    CTS, DSR, DCD, RI        ---+--> pulses --> counter, power --> a telegram: at a pulse, at most each
//! stream        a byte or a line a pulse --/                                   second; without pulses each 10 s
//! ```
//! The telegram is one in clear, so that all that is done with telegrams is done with pulses. Its id is the label.

mod count;
mod edges;
pub mod place;

use std::time::Instant;

use jiff::Timestamp;

use crate::source::error::SourceError;
use crate::source::open::Source;
use crate::source::read::{GoneReason, Read, SourceOptions};
use crate::sys::stop::Stop;
use count::Counted;
pub use count::{Count, Counters};
use edges::{Gpio, Modem};
use place::{PulsePlace, Pulses};

/// Pulses.
#[derive(Debug)]
pub struct Pulse {
    name: String,
    inner: Inner,
    counted: Counted,
    counters: Counters,
    id: String,
    /// When it was opened: all times count from here.
    began: Instant,
    /// The telegram that is read, and how much of it was.
    telegram: (Vec<u8>, usize),
    zone: crate::p1::value::Zone,
    /// What ends it, once the last telegram was read.
    ends: Option<Read>,
    stop: Stop,
}

/// Where pulses come from.
#[derive(Debug)]
enum Inner {
    Gpio(Box<Gpio>),
    Modem(Box<Modem>),
    Stream(Box<Source>, Lines),
}

/// Whether each byte of a stream is a pulse, or each line.
#[derive(Clone, Copy, Debug, Default)]
struct Lines {
    /// A line end was seen: a line is a pulse from then on.
    are_pulses: bool,
    /// The pulse of this line was counted.
    counted: bool,
}

impl Pulse {
    /// Opens what gives pulses; the label names the meter.
    ///
    /// # Errors
    /// Where it cannot be had.
    pub fn open(
        pulses: &Pulses,
        label: Option<&str>,
        options: &SourceOptions,
    ) -> Result<Self, SourceError> {
        let name = pulses.to_string();
        let inner = match &pulses.place {
            PulsePlace::Gpio { chip, line } => {
                Inner::Gpio(Box::new(Gpio::open(&name, chip, *line, pulses)?))
            }
            PulsePlace::Modem { port, signal } => {
                Inner::Modem(Box::new(Modem::open(port, *signal, pulses)?))
            }
            PulsePlace::Stream(address) => {
                let options = SourceOptions {
                    raw: true,
                    ..options.clone()
                };
                Inner::Stream(Box::new(Source::open(address, &options)?), Lines::default())
            }
        };
        // When a file is read says nothing of when its pulses were.
        let is_timed = match &inner {
            Inner::Stream(source, _) => {
                !matches!(&**source, Source::Input(input) if input.size().is_some())
            }
            Inner::Gpio(_) | Inner::Modem(_) => true,
        };
        let id = label.unwrap_or("pulses").to_owned();
        let before = options.counters.get(&id);
        Ok(Self {
            name,
            inner,
            counted: Counted::new(pulses, before, is_timed),
            counters: options.counters.clone(),
            id,
            began: Instant::now(),
            telegram: (Vec::new(), 0),
            zone: options.zone.clone(),
            ends: None,
            stop: options.stop.clone(),
        })
    }

    /// Reads a telegram, as it becomes due.
    ///
    /// # Errors
    /// Where the system cannot read; what goes away is no error.
    pub fn read(&mut self, buf: &mut [u8]) -> Result<Read, SourceError> {
        let (telegram, given) = &mut self.telegram;
        let rest = telegram.get(*given..).unwrap_or_default();
        if !rest.is_empty() {
            let count = rest.len().min(buf.len());
            for (to, from) in buf.iter_mut().zip(rest) {
                *to = *from;
            }
            *given += count;
            return Ok(Read::Bytes(count));
        }
        if let Some(end) = self.ends.take() {
            return Ok(end);
        }
        let (began, counted) = (self.began, &mut self.counted);
        let end = match &mut self.inner {
            Inner::Gpio(gpio) => gpio.wait(began, &self.stop, |at| counted.pulse(at)),
            Inner::Modem(modem) => modem.wait(began, &self.stop, |at| counted.pulse(at)),
            Inner::Stream(source, lines) => match source.read(buf)? {
                Read::Bytes(count) => {
                    let at = began.elapsed();
                    lines.pulses(buf.get(..count).unwrap_or_default(), || counted.pulse(at));
                    None
                }
                Read::Quiet | Read::NoWriter | Read::Line(_) => None,
                end => Some(end),
            },
        };
        self.counters.set(&self.id, self.counted.count());
        let last = end.as_ref().is_some_and(|end| *end != Read::Stopped);
        if self.counted.is_due(began.elapsed(), last) {
            let now = Timestamp::now();
            let text = self
                .counted
                .telegram(&self.id, now, &self.zone, began.elapsed());
            self.telegram = (text, 0);
            self.ends = end;
            return self.read(buf);
        }
        Ok(end.unwrap_or(Read::Quiet))
    }

    /// What gives the pulses.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Lines {
    /// Finds pulses in what a stream gives, however it is cut.
    fn pulses(&mut self, bytes: &[u8], mut pulse: impl FnMut()) {
        self.are_pulses |= bytes.contains(&b'\n');
        for byte in bytes {
            match byte {
                b'\n' => {
                    if !std::mem::take(&mut self.counted) {
                        pulse();
                    }
                }
                b'\r' => {}
                _ if self.are_pulses && self.counted => {}
                _ => {
                    self.counted = true;
                    pulse();
                }
            }
        }
    }
}

/// Stands behind the label of pulses that are counted beside the meter of that label.
pub const BESIDE: &str = "-pulses";

/// What is read as gone where a device fails.
fn gone(error: &std::io::Error) -> Option<Read> {
    Some(Read::Gone(GoneReason::of(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(parts: &[&[u8]]) -> usize {
        let (mut lines, mut pulses) = (Lines::default(), 0);
        for part in parts {
            lines.pulses(part, || pulses += 1);
        }
        pulses
    }

    #[test]
    fn a_pulse_is_a_line_where_there_are_lines_and_else_a_byte() {
        assert_eq!(count(&[b"...", b"."]), 4);
        assert_eq!(count(&[b"\n\n", b"\n"]), 3);
        assert_eq!(count(&[b"1\n1\n", b"1", b"\r\n1\r\n"]), 4);
        assert_eq!(count(&[b"pulse 17\npul", b"se 18\n\n"]), 3);
        assert_eq!(count(&[b"1", b"\n", b"1", b"\n"]), 2);
    }
}
