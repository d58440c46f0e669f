//! What a run reads: inputs one after another, or sources all at once.
//!
//! ```text
//! in turn   a.bin b.bin -          each to its end, in the order given
//! at once   ttyUSB0 tcp:// fifo    a thread each, in order of arrival
//! ```

use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;
use std::vec::IntoIter;

use crate::run::failure::{Exit, Failure};
use crate::source::Arrival;
use crate::source::Place;
use crate::source::ReaderThreads;
use crate::source::Reconnecting;
use crate::source::SourceEvent;
use crate::sys::stop::Stop;

/// Reads the inputs of a run.
pub enum Reader {
    /// One after another.
    InTurn(Files),
    /// All at once.
    AtOnce(ReaderThreads),
}

/// Bytes of an input.
#[derive(Default)]
pub struct Bytes {
    /// As received.
    pub bytes: Vec<u8>,
    /// Places of those with parity or framing errors.
    pub broken: Vec<usize>,
    /// Label of the stream they belong to, where the input has several.
    pub label: Option<Arc<str>>,
}

/// Inputs that are read one after another.
pub struct Files {
    inputs: IntoIter<Reconnecting>,
    open: Option<Box<Reconnecting>>,
    /// Which of the inputs it is.
    input: usize,
    /// A buffer that is done with.
    spare: Vec<u8>,
    /// Most bytes that are read at once.
    size: usize,
}

impl Reader {
    /// Reads files in their order, and all at once where one of the inputs is live.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn new(inputs: Vec<Reconnecting>, stop: &Stop) -> Result<Self, Failure> {
        Self::in_pieces(inputs, stop, AT_ONCE)
    }

    /// Reads as `new`, of files so many bytes at once at the most.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn in_pieces(inputs: Vec<Reconnecting>, stop: &Stop, size: usize) -> Result<Self, Failure> {
        let live = |input: &Reconnecting| input.follows() || is_live(&input.address().place);
        if inputs.iter().any(live) {
            let threads = ReaderThreads::start(inputs, stop.clone());
            return threads
                .map(Self::AtOnce)
                .map_err(|error| Failure::new(Exit::Io, format!("threads: {error}")));
        }
        Ok(Self::InTurn(Files {
            inputs: inputs.into_iter(),
            open: None,
            input: 0,
            spare: Vec::new(),
            size,
        }))
    }

    /// Tells whether inputs are read one after another.
    pub fn is_in_turn(&self) -> bool {
        matches!(self, Self::InTurn(_))
    }

    /// What comes next, waiting for it up to `time`; a file never lets anyone wait.
    ///
    /// # Errors
    /// Nothing came within the time; or nothing more will.
    pub fn recv_timeout(&mut self, time: Duration) -> Result<Arrival<Bytes>, RecvTimeoutError> {
        match self {
            Self::InTurn(files) => files.next().ok_or(RecvTimeoutError::Disconnected),
            Self::AtOnce(threads) => {
                let Arrival {
                    source,
                    at,
                    instant,
                    event,
                } = threads.recv_timeout(time)?;
                Ok(Arrival {
                    source,
                    at,
                    instant,
                    event: event.map(|received| Bytes {
                        bytes: received.bytes,
                        broken: received.broken,
                        label: received.label,
                    }),
                })
            }
        }
    }

    /// Takes back bytes, to read others in their place: memory that is new is slow.
    pub fn recycle(&mut self, bytes: Bytes) {
        if let Self::InTurn(files) = self {
            files.spare = bytes.bytes;
        }
    }
}

impl Files {
    fn next(&mut self) -> Option<Arrival<Bytes>> {
        let mut input = match self.open.take() {
            Some(input) => input,
            None => Box::new(self.inputs.next()?),
        };
        let event = self.read(&mut input);
        self.open = Some(input);
        let arrival = Arrival::now(self.input, event);
        if matches!(arrival.event, SourceEvent::Stopped) {
            // Nothing more is read of any of them.
            self.inputs = Vec::new().into_iter();
            self.open = None;
            return None;
        }
        if arrival.event.is_last() {
            self.open = None;
            self.input += 1;
        }
        Some(arrival)
    }

    /// Reads once.
    fn read(&mut self, input: &mut Reconnecting) -> SourceEvent<Bytes> {
        let mut buffer = std::mem::take(&mut self.spare);
        buffer.resize(self.size, 0);
        let event = input.read(&mut buffer);
        let broken = input.source().map_or(&[][..], |open| open.broken());
        event.map(|count| {
            buffer.truncate(count);
            Bytes {
                bytes: buffer,
                broken: broken.to_vec(),
                label: None,
            }
        })
    }
}

/// Tells whether bytes come at their own time: a port, a server, a FIFO.
pub fn is_live(place: &Place) -> bool {
    match place {
        Place::Stdin => false,
        Place::Tcp { .. }
        | Place::Http(_)
        | Place::Mqtt(_)
        | Place::Pulse(_)
        | Place::Sim(_)
        | Place::Auto => true,
        Place::Path(path) => match fs::metadata(path) {
            Ok(meta) => {
                let kind = meta.file_type();
                kind.is_char_device() || kind.is_fifo()
            }
            Err(_) => is_absent_port(place),
        },
    }
}

/// Tells whether it names a port that is not plugged in.
pub fn is_absent_port(place: &Place) -> bool {
    match place {
        Place::Path(path) => path.starts_with("/dev") && !path.exists(),
        _ => false,
    }
}

/// Bytes read at once.
const AT_ONCE: usize = 128 << 10;
