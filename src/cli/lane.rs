//! One input on its way: un-dump, decode, and what the events are told with.

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::Timestamp;

use super::failure::{Failure, Level, say};
use crate::p1::cipher::Keys;
use crate::p1::decoder::{Decoder, Policy};
use crate::p1::event::Event;
use crate::p1::value::Zone;
use crate::sink::context::Source;
use crate::source::dump::{Form, Note, Piece, Undump};

/// What takes the events of all lanes.
pub trait Desk {
    /// Takes an event with the source it came from and the time of its first byte.
    fn event(&mut self, source: Source<'_>, received_at: Option<Timestamp>, event: &Event<'_>);
}

/// One input.
pub struct Lane {
    /// `file`, `stdin`, `serial`, `tcp` or `sim`.
    pub kind: &'static str,
    /// Path or address.
    pub name: String,
    /// Label before the address.
    pub label: Option<String>,
    undump: Undump,
    streams: Vec<Stream>,
    current: usize,
    verbose: bool,
}

/// What a lane decodes with.
#[derive(Clone)]
pub struct Decoding {
    /// Keys of the lane.
    pub keys: Arc<Keys>,
    /// What is let through.
    pub policy: Policy,
    /// Zone of the meter's clock.
    pub zone: Zone,
}

/// The bytes of one source; a capture log can hold several.
struct Stream {
    label: Option<String>,
    decoder: Decoder,
    /// Offsets from which on bytes were received at a time.
    times: VecDeque<(u64, Timestamp)>,
    pushed: u64,
}

impl Lane {
    /// Makes the lane of an input.
    pub fn new(
        kind: &'static str,
        name: String,
        label: Option<String>,
        form: Option<Form>,
        decoding: &Decoding,
        verbose: bool,
    ) -> Self {
        Self {
            kind,
            name,
            undump: Undump::new(form),
            streams: vec![Stream::new(label.clone(), decoding)],
            label,
            current: 0,
            verbose,
        }
    }

    /// Takes bytes of the input, received at a time if that is known.
    ///
    /// # Errors
    /// A dump that cannot be read; nothing more comes of the input then.
    pub fn push(
        &mut self,
        bytes: &[u8],
        at: Option<Timestamp>,
        desk: &mut dyn Desk,
    ) -> Result<(), Failure> {
        self.undump(at, desk, |undump, each| undump.push(bytes, each))
    }

    /// Takes a silence: what is half stays half.
    pub fn quiet(&mut self, desk: &mut dyn Desk) {
        for index in 0..self.streams.len() {
            self.current = index;
            self.silence(desk);
        }
    }

    /// Takes the end of the input.
    ///
    /// # Errors
    /// A dump that cannot end here.
    pub fn finish(&mut self, desk: &mut dyn Desk) -> Result<(), Failure> {
        let ended = self.undump(None, desk, |undump, each| undump.finish(each));
        self.quiet(desk);
        ended
    }

    fn undump(
        &mut self,
        at: Option<Timestamp>,
        desk: &mut dyn Desk,
        run: impl FnOnce(
            &mut Undump,
            &mut dyn FnMut(Piece<'_>),
        ) -> Result<(), crate::source::dump::DumpError>,
    ) -> Result<(), Failure> {
        let mut undump = std::mem::replace(&mut self.undump, Undump::new(Some(Form::Bin)));
        let mut record = at;
        let done = run(&mut undump, &mut |piece| match piece {
            Piece::Bytes(bytes) => self.decode(bytes, record, desk),
            Piece::Record { time, label, .. } => {
                record = Some(time);
                self.select(label);
            }
            Piece::Quiet => self.silence(desk),
            Piece::Note(Note::Form(_)) if !self.verbose => {}
            Piece::Note(note) => say(Level::Note, &format!("{}: {note}", self.name), None),
        });
        self.undump = undump;
        done.map_err(|error| Failure::of_dump(&self.name, &error))
    }

    fn decode(&mut self, bytes: &[u8], at: Option<Timestamp>, desk: &mut dyn Desk) {
        let Some(stream) = self.streams.get_mut(self.current) else {
            return;
        };
        if let Some(at) = at {
            stream.times.push_back((stream.pushed, at));
        }
        stream.pushed += bytes.len() as u64;
        let Stream {
            label,
            decoder,
            times,
            ..
        } = stream;
        let source = Source {
            kind: self.kind,
            name: &self.name,
            label: label.as_deref().or(self.label.as_deref()),
        };
        decoder.push(bytes, |event| {
            desk.event(source, time_of(times, event), event)
        });
        forget(times, decoder.offset());
    }

    fn silence(&mut self, desk: &mut dyn Desk) {
        let Some(stream) = self.streams.get_mut(self.current) else {
            return;
        };
        let Stream {
            label,
            decoder,
            times,
            ..
        } = stream;
        let source = Source {
            kind: self.kind,
            name: &self.name,
            label: label.as_deref().or(self.label.as_deref()),
        };
        decoder.quiet(|event| desk.event(source, time_of(times, event), event));
        forget(times, decoder.offset());
    }

    /// Goes on with the stream of a label in a capture log.
    fn select(&mut self, label: &str) {
        let wanted = (!label.is_empty()).then_some(label);
        let first = self.streams.len() == 1 && self.streams.first().is_some_and(|s| s.pushed == 0);
        let known = self
            .streams
            .iter()
            .position(|stream| stream.label.as_deref() == wanted);
        self.current = match known {
            Some(index) => index,
            None if first => {
                if let Some(stream) = self.streams.first_mut() {
                    stream.label = wanted.map(str::to_owned);
                }
                0
            }
            None if self.streams.len() < STREAMS_MAX => {
                let Some(like) = self.streams.first() else {
                    return;
                };
                let stream = like.sibling(wanted);
                self.streams.push(stream);
                self.streams.len() - 1
            }
            None => 0,
        };
    }
}

impl Stream {
    fn new(label: Option<String>, decoding: &Decoding) -> Self {
        let Decoding { keys, policy, zone } = decoding.clone();
        Self {
            label,
            decoder: Decoder::new(keys, policy, zone),
            times: VecDeque::new(),
            pushed: 0,
        }
    }

    fn sibling(&self, label: Option<&str>) -> Self {
        Self {
            label: label.map(str::to_owned),
            decoder: self.decoder.fresh(),
            times: VecDeque::new(),
            pushed: 0,
        }
    }
}

/// When the first byte of an event was received.
fn time_of(times: &VecDeque<(u64, Timestamp)>, event: &Event<'_>) -> Option<Timestamp> {
    let start = event.span().start;
    let behind = times.partition_point(|(offset, _)| *offset <= start);
    times.get(behind.checked_sub(1)?).map(|(_, at)| *at)
}

/// Drops times of bytes that are in an event already.
fn forget(times: &mut VecDeque<(u64, Timestamp)>, offset: u64) {
    while times.get(1).is_some_and(|(next, _)| *next <= offset) {
        times.pop_front();
    }
}

/// Labels of one capture log that are decoded apart.
const STREAMS_MAX: usize = 256;
