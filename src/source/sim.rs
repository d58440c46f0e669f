//! The virtual meter inside: a thread that lives and sends, and a pipe that is read like any other.
//!
//! ```text
//! street --bursts, when they are due--> pipe --> read
//! ```
//!
//! What it is comes from the options of its address, see [`Plan`]. It ends with its count, with the handle that
//! ends reading, or when nobody reads it any more.

use std::io::{self, PipeWriter, Write};
use std::os::fd::AsFd;
use std::thread;
use std::time::Instant;

use crate::p1::cipher::MeterKeys;
use crate::p1::ciphering::SystemTitle;
use crate::simulate::virtual_meter::{MeterGroup, Plan, PlanError};
use crate::source::address::{Address, Place};
use crate::source::error::SourceError;
use crate::source::file::Input;
use crate::source::read::{Read, SourceOptions};
use crate::sys::stop::{Stop, Wake};

/// A virtual meter, or several on one line.
#[derive(Debug)]
pub struct Sim {
    input: Input,
}

impl Sim {
    /// Switches it on.
    ///
    /// # Errors
    /// An option that it does not have or take; where the system gives no pipe or no thread.
    pub fn start(
        options: &[(String, String)],
        source: &SourceOptions,
    ) -> Result<Self, SourceError> {
        let plan = plan(options)?;
        let failed = |error| SourceError::io(NAME, error);
        let (end, writer) = io::pipe().map_err(failed)?;
        let stop = source.stop.clone();
        thread::Builder::new()
            .name("virtual meter".to_owned())
            .spawn(move || live(&plan, writer, &stop))
            .map_err(failed)?;
        let input = Input::pipe(end.into(), NAME, source)?;
        Ok(Self { input })
    }

    /// Reads what it has sent, waiting up to 250 ms.
    ///
    /// # Errors
    /// Where the system cannot read the pipe.
    pub fn read(&mut self, buf: &mut [u8]) -> Result<Read, SourceError> {
        self.input.read(buf)
    }

    /// What it is called: `sim:`.
    pub fn name(&self) -> &str {
        self.input.name()
    }
}

/// The keys of the virtual meters that an address names: they are invented, so the program may know them.
pub fn virtual_keys(address: &Address) -> Vec<(SystemTitle, MeterKeys)> {
    let Place::Sim(options) = &address.place else {
        return Vec::new();
    };
    // What is wrong with the options is said when the source is opened.
    let Ok(plan) = plan(options) else {
        return Vec::new();
    };
    let street = MeterGroup::new(&plan);
    let meters = street.meters().iter();
    // A key says that a meter encrypts: those in clear have none.
    meters
        .filter(|meter| meter.is_sealed())
        .map(|meter| (meter.title(), meter.keys()))
        .collect()
}

/// The plan of the options; whoever names no profile sees a meter that sends all there is.
fn plan(options: &[(String, String)]) -> Result<Plan, PlanError> {
    let pairs = options
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    Plan::of_options([("profile", FULL)].into_iter().chain(pairs))
}

/// The life of the thread.
fn live(plan: &Plan, mut line: PipeWriter, stop: &Stop) {
    let speed = plan.speed.unwrap_or_default();
    let mut street = MeterGroup::new(plan);
    let started = Instant::now();
    let mut burst = Vec::new();
    while let Some(due) = street.next(&mut burst) {
        let wait = speed.real(due.at).saturating_sub(started.elapsed());
        // The writing end of a pipe wakes when its reader is gone.
        let awake = stop.wait_readable(line.as_fd(), Some(wait));
        if !matches!(awake, Ok(Wake::TimedOut)) || line.write_all(&burst).is_err() {
            return;
        }
        burst.clear();
    }
}

const NAME: &str = "sim:";
/// The profile with the most values.
const FULL: &str = "lu-full";

#[cfg(test)]
mod tests {
    use super::super::testing::{options, read_bytes};
    use super::super::{Kind, Source};
    use super::*;
    use crate::p1::cipher::Keys;
    use crate::p1::decoder::{Decoder, Policy};
    use crate::p1::event::Event;
    use crate::p1::value::Zone;
    use std::sync::Arc;
    use std::time::Duration;

    fn address(text: &str) -> Address {
        text.parse().unwrap()
    }

    /// The telegrams of an address, and what else came.
    fn decoded(text: &str) -> (usize, usize) {
        let address = address(text);
        let mut keys = Keys::default();
        for (title, own) in virtual_keys(&address) {
            keys.insert(title, own);
        }
        let mut decoder = Decoder::new(Arc::new(keys), Policy::default(), Zone::luxembourg());
        let mut source = Source::open(&address, &options()).unwrap();
        assert_eq!((source.kind(), source.name().as_str()), (Kind::Sim, "sim:"));
        let (mut good, mut other) = (0, 0);
        let mut count = |event: &Event<'_>| match event {
            Event::Telegram(_) => good += 1,
            Event::Refused(_) | Event::Junk(_) => other += 1,
        };
        let mut buf = [0; 4096];
        loop {
            match source.read(&mut buf).unwrap() {
                Read::Bytes(read) => decoder.push(&buf[..read], &mut count),
                Read::Quiet => {}
                Read::End => break,
                unexpected => panic!("{unexpected:?}"),
            }
        }
        decoder.finish(&mut count);
        (good, other)
    }

    #[test]
    fn its_telegrams_open_with_keys_that_nobody_gave() {
        assert_eq!(decoded("sim:?count=5&speed=100000"), (5, 0));
        assert_eq!(decoded("sim:?count=5&speed=100000&meters=3"), (15, 0));
        assert_eq!(decoded("sim:?count=3&speed=100000&profile=at"), (3, 0));
        assert_eq!(decoded("sim:?count=3&speed=100000&plain"), (3, 0));
        assert_eq!(decoded("sim:?count=3&speed=100000&fault=wrong-key"), (0, 3));
    }

    #[test]
    fn it_keeps_its_time() {
        let start = Instant::now();
        assert_eq!(decoded("sim:?count=3&speed=100"), (3, 0));
        let took = start.elapsed();
        assert!(took >= Duration::from_millis(200), "{took:?}");
    }

    #[test]
    fn the_first_telegram_comes_at_once_and_the_handle_ends_it() {
        let options = options();
        let mut source = Source::open(&address("sim:?plain"), &options).unwrap();
        let start = Instant::now();
        read_bytes(300, |buf| source.read(buf).unwrap());
        assert!(start.elapsed() < Duration::from_secs(5));
        options.stop.stop();
        assert_eq!(source.read(&mut [0; 9]).unwrap(), Read::Stopped);
    }
}
